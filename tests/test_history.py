"""Operations and histories: what clients asked and were told, and nothing more."""

import json
import math
import pickle
import random

import pytest

from dslib import History, Operation

FIELDS = ["id", "process", "f", "key", "arg", "result", "result_known", "call", "return", "status"]


class Clock:
    """A time that a test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def row(**changes):
    good = {"id": 0, "process": "alice", "f": "write", "key": None, "arg": 1, "result": None, "result_known": True}
    return {**good, "call": 1.5, "return": 2.5, "status": "ok", **changes}


def text(*rows, **changes):
    return json.dumps({"model": "register", "initial": None, "ops": list(rows), **changes})


# -- an operation ------------------------------------------------------------------------------------------------------


def test_the_status_follows_from_whether_it_completed():
    assert Operation("alice", "read", invoked=1, completed=2).status == "ok"
    assert Operation("alice", "read", invoked=1).status == "info"


def test_an_operation_is_made_of_ten_fields():
    op = Operation("alice", "write", "x", 1, None, id=3, invoked=1, completed=2)
    fields = {"id": 3, "process": "alice", "f": "write", "key": "x", "arg": 1, "result": None}
    assert vars(op) == {**fields, "result_known": True, "invoked": 1, "completed": 2, "status": "ok"}
    assert op == eval(repr(op))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"invoked": -1}, ValueError, "invoked=-1 is not a time"),
        ({"invoked": math.nan}, ValueError, "invoked=nan is not a time"),
        ({"completed": math.inf}, ValueError, "completed=inf is not a time"),
        ({"invoked": "soon"}, TypeError, "invoked must be a number of milliseconds, not 'soon'"),
        ({"invoked": True}, TypeError, "invoked must be a number"),
        ({"invoked": 5, "completed": 4}, ValueError, r"completed at 4, before it was invoked at 5"),
        ({"status": "lost"}, ValueError, 'status \'lost\' is unknown; write "ok", "fail" or "info"'),
        ({"status": "ok"}, ValueError, 'an "ok" operation needs the time it completed'),
        ({"status": "info", "completed": 4}, ValueError, 'an "info" operation never completed'),
        ({"arg": [1, 2]}, TypeError, r"arg=\[1, 2\] can change .* use a tuple instead of a list"),
        ({"completed": 4, "result": {"a": 1}}, TypeError, "result=.* can change"),
        ({"key": math.nan}, ValueError, "key is not equal to itself"),
        ({"process": ""}, TypeError, "process must be a name"),
        ({"f": None}, TypeError, "f must be the name of what was asked"),
        ({"id": "7"}, TypeError, "id must be a whole number"),
        ({"result_known": 0}, TypeError, "result_known must be True or False"),
    ],
)
def test_a_wrong_field_is_an_error_that_names_the_operation_and_the_fix(changes, error, message):
    values = {"process": "alice", "f": "read", **changes}
    with pytest.raises(error, match=message) as caught:
        Operation(**values)
    assert "Operation" in str(caught.value)


# -- clients and their processes ---------------------------------------------------------------------------------------


def test_an_operation_is_settled_at_the_time_of_its_answer(clock):
    history = History()
    op = history.invoke("alice", "read", "x", now=clock)
    clock.now = 7.5
    assert op.ok("v")
    assert (op.invoked, op.completed, op.result, op.status) == (0.0, 7.5, "v", "ok")
    assert list(history) == [op]


def test_a_time_can_be_given_as_a_number_too():
    history = History()
    op = history.invoke("alice", "write", "x", 1, 3)
    with pytest.raises(ValueError, match=r"does not know the time: write op.ok\(\.\.\., now=sim.now\)"):
        op.ok()
    assert op.status == "info"
    assert history.settle(op, "ok", None, 5)
    assert (op.invoked, op.completed) == (3, 5)


def test_a_failed_operation_keeps_no_answer(clock):
    op = History().invoke("alice", "write", "x", 1, clock)
    assert op.fail()
    assert (op.status, op.completed, op.result) == ("fail", 0.0, None)


@pytest.mark.parametrize("first", ["ok", "fail"])
@pytest.mark.parametrize("second", ["ok", "fail", "info"])
def test_settling_twice_is_an_error_that_says_what_to_do(clock, first, second):
    op = History().invoke("alice", "write", "x", 1, clock)
    getattr(op, first)()
    with pytest.raises(RuntimeError, match="Settle each operation once: forget it when its answer arrives"):
        getattr(op, second)()
    assert op.status == first


def test_an_answer_that_comes_after_the_client_gave_up_changes_nothing(clock):
    op = History().invoke("alice", "read", "x", now=clock)
    assert op.info()
    before = repr(op)
    clock.now = 9.0
    assert not op.ok("late")
    assert not op.fail()
    assert not op.info()
    assert repr(op) == before


def test_a_client_that_goes_on_leaves_its_open_operation_unknown_for_ever(clock):
    history = History()
    first = history.invoke("alice", "write", "x", 1, clock)
    second = history.invoke("alice", "write", "x", 2, clock)
    assert not first.ok(), "an answer to an abandoned operation must not rewrite history"
    assert second.ok()
    assert [(op.process, op.status) for op in history] == [("alice", "info"), ("alice#2", "ok")]


def test_a_process_ends_with_an_operation_that_was_not_answered(clock):
    history = History()
    for how in ("ok", "info", "fail", "info", "ok"):
        getattr(history.invoke("alice", "read", now=clock), how)()
    history.invoke("bob", "read", now=clock)
    assert [op.process for op in history] == ["alice", "alice", "alice#2", "alice#2", "alice#3", "bob"]
    assert [op.id for op in history] == [0, 1, 2, 3, 4, 5]


def test_operations_of_a_client_that_stands_for_many_users_can_overlap(clock):
    history = History()
    first = history.invoke("users", "read", now=clock, overlapping=True)
    second = history.invoke("users", "read", now=clock, overlapping=True)
    assert second.ok(2)
    assert first.ok(1)
    assert [(op.process, op.result) for op in history] == [("users", 1), ("users#2", 2)]


def test_a_wrong_answer_leaves_the_operation_open(clock):
    op = History().invoke("alice", "read", now=clock)
    with pytest.raises(TypeError, match="use a tuple"):
        op.ok([1])
    assert op.status == "info"
    assert op.ok((1,)), "the mistake can be corrected"


def test_an_answer_from_the_past_is_refused(clock):
    clock.now = 5.0
    op = History().invoke("alice", "read", now=clock)
    clock.now = 4.0
    with pytest.raises(ValueError, match=r"completed at 4.0, before it was invoked at 5.0"):
        op.ok()
    assert op.completed is None


def test_a_lost_answer_is_known_to_be_lost(clock):
    op = History().invoke("alice", "read", now=clock)
    op.ok(result_known=False)
    assert (op.status, op.result_known) == ("ok", False)


@pytest.mark.parametrize("name", ["", "alice#2", None, 3])
def test_a_client_needs_a_name_that_leaves_room_for_its_processes(name):
    with pytest.raises(ValueError, match="give it a name, without '#'"):
        History().invoke(name, "read")


def test_an_unknown_status_is_refused(clock):
    history = History()
    with pytest.raises(ValueError, match="status 'done' is unknown"):
        history.settle(history.invoke("alice", "read", now=clock), "done")


# -- a history ---------------------------------------------------------------------------------------------------------


def test_a_history_is_a_sequence():
    ops = [Operation("alice", "read", invoked=n, completed=n + 1) for n in range(3)]
    history = History(ops)
    assert len(history) == 3
    assert history[1] is ops[1]
    assert history[-2:] == ops[1:]
    assert list(history) == ops
    assert ops[2] in history
    assert repr(history) == "<History of 3 operations: 3 ok, 0 fail, 0 info>"


def test_operations_without_ids_are_numbered_and_repeated_ids_are_refused():
    assert [op.id for op in History(Operation("alice", "read") for _ in range(3))] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"Operation 4 \('read' by 'bob'\): id 4 is taken"):
        History([Operation("alice", "read", id=4), Operation("bob", "read", id=4)])


def test_a_history_of_something_else_is_refused():
    with pytest.raises(TypeError, match="holds operations, not 'read'"):
        History(["read"])


def test_a_history_goes_on_after_the_operations_it_was_given(clock):
    history = History([Operation("alice", "read", id=7), Operation("alice#2", "read", id=2)])
    op = history.invoke("alice", "read", now=clock)
    assert (op.id, op.process) == (8, "alice#3")


def test_a_history_survives_pickling_with_its_open_operations(clock):
    history = History(model="kv", initial="")
    history.invoke("alice", "put", "x", "1", clock).ok()
    open_op = history.invoke("alice", "get", "x", now=clock)
    copy = pickle.loads(pickle.dumps(history))
    assert copy == history
    assert copy[1].ok("1", now=3.0), "the copy of an open operation is open"
    assert open_op.status == "info", "and settling the copy leaves the original alone"
    assert copy != history


# -- JSON --------------------------------------------------------------------------------------------------------------


def test_the_json_is_the_one_that_is_promised():
    history = History([Operation("alice", "cas", "x", (1, 2), True, invoked=1, completed=2.5)], initial=1)
    data = json.loads(history.to_json())
    assert list(data) == ["model", "initial", "ops"]
    assert (data["model"], data["initial"]) == ("cas-register", 1)
    assert list(data["ops"][0]) == FIELDS
    assert list(data["ops"][0].values()) == [0, "alice", "cas", "x", [1, 2], True, True, 1, 2.5, "ok"]


@pytest.mark.parametrize(
    ("fs", "model"),
    [("", "register"), ("read", "register"), ("cas read", "cas-register"), ("get cas", "kv"), ("release", "mutex")],
)
def test_an_unnamed_model_is_told_from_the_operations(fs, model):
    history = History(Operation("alice", f) for f in fs.split())
    assert json.loads(history.to_json())["model"] == model


def test_what_is_written_can_be_read_back():
    values = [None, True, 0, -1.5, 'ä\n"', "", (), (1, ("two", None))]
    for seed in range(200):
        r = random.Random(seed)
        ops = []
        for n in range(r.randrange(6)):
            status = r.choice(["ok", "fail", "info"])
            start = r.random() * 1e6
            ops.append(
                Operation(
                    r.choice(["alice", "bob#2", 7]),
                    r.choice(["read", "put"]),
                    *r.choices(values, k=3),
                    id=10 * n + 1,
                    result_known=r.random() < 0.5,
                    invoked=start,
                    completed=None if status == "info" else start + r.random(),
                    status=status,
                )
            )
        history = History(ops, model="kv", initial=r.choice([*values, {"x": (1, 2)}]))
        text = history.to_json()
        again = History.from_json(text)
        assert again == history, f"seed {seed}"
        assert again.to_json() == text, f"seed {seed}"
        pairs = zip(again, history, strict=True)
        assert all(type(a.arg) is type(b.arg) and type(a.result) is type(b.result) for a, b in pairs), f"seed {seed}"


def test_fields_with_an_obvious_value_may_be_left_out():
    short = {"process": "alice", "f": "read", "call": 1, "status": "info"}
    assert History.from_json(text(row(), short))[1] == Operation("alice", "read", id=1, invoked=1)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", "This is not JSON"),
        ("[]", '"ops" must be a list'),
        ('{"ops": {}}', '"ops" must be a list'),
        (text(model=3), '"model" must be a name'),
        (text(7), r"ops\[0\] must be an object"),
        (text(row(), {"process": "bob"}), r"ops\[1\] has no 'f'; its fields are id, process, f, key"),
        (text(row(**{"return": None})), r'ops\[0\]: Operation 0 .*"ok" operation needs the time'),
        (text(row(call=3)), r"ops\[0\]: .* completed at 2.5, before it was invoked at 3"),
        (text(row(call="1")), '"call" must be a number'),
        (text(row(call=math.nan)), '"call"=nan is not a time'),
        (text(row(status="maybe")), "status 'maybe' is unknown"),
        (text(row(status="info")), '"info" operation never completed'),
        (text(row(), row()), "id 0 is taken"),
        (text(row(arg={"a": 1})), r"ops\[0\]: 'arg' is an object; write a list of \[name, value\] pairs"),
        (text(row(process=None)), "process must be a name"),
        (text({k: v for k, v in row(resutl=1).items() if k != "result"}), "a field 'resutl' .* lacks result: misspelt"),
    ],
)
def test_malformed_json_is_an_error_that_names_the_operation_the_field_and_the_fix(bad, message):
    with pytest.raises(ValueError, match=message):
        History.from_json(bad)


@pytest.mark.parametrize("value", [b"bytes", math.inf, frozenset({1}), (1, (b"deep",))])
def test_a_value_that_json_cannot_carry_is_named(value):
    history = History([Operation("alice", "write", "x", value, id=5)])
    with pytest.raises(ValueError, match=r"Operation 5 \('write' by 'alice'\): arg=.* cannot be written as JSON"):
        history.to_json()
    with pytest.raises(ValueError, match=r"History: initial=.* cannot be written as JSON"):
        History(initial=value).to_json()
