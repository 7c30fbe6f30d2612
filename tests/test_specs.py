"""Sequential models: what an object answers when one client uses it at a time."""

import itertools
import pickle

import pytest

from dslib import CasRegister, History, KeyValue, Mutex, Operation, Register, check_linearizable, specs
from dslib.specs import ILLEGAL, MODELS, Call, Spec, answered, model_of


def ok(f, arg=None, result=None, process="alice", **more):
    return Operation(process, f, None, arg, result, completed=0.0, **more)


def call(f, arg=None, result=None, known=True, client=None):
    return Call(ok(f, arg, result), result_known=known, client=client)


def run(model, *operations):
    """The states that the operations lead through, from the model's start to the first that is impossible."""
    states = [model.start(None)]
    for op in operations:
        states.append(model.step(states[-1], op))
    return states


# -- the four models ---------------------------------------------------------------------------------------------------


def test_a_register_answers_what_was_written_last():
    model = Register(initial=7)
    assert run(model, call("read", result=7), call("write", 8), call("read", result=8)) == [7, 7, 8, 8]
    assert run(model, call("read", result=8)) == [7, ILLEGAL]


def test_a_compare_and_set_writes_only_over_what_it_expected():
    model = CasRegister(initial=1)
    assert run(model, call("cas", (1, 2), True)) == [1, 2]
    assert run(model, call("cas", (3, 2), False)) == [1, 1]
    assert run(model, call("cas", (3, 2), True)) == [1, ILLEGAL]
    assert run(model, call("cas", (1, 2), False)) == [1, ILLEGAL]


def test_a_compare_and_set_without_an_answer_counts_as_done_and_with_a_lost_one_as_either():
    model = CasRegister(initial=1)
    assert run(model, call("cas", (1, 2))) == [1, 2]
    assert run(model, call("cas", (3, 2))) == [1, ILLEGAL]
    assert run(model, call("cas", (1, 2), known=False)) == [1, 2]
    assert run(model, call("cas", (3, 2), known=False)) == [1, 1]


def test_appending_starts_from_nothing_and_adds_at_the_end():
    assert run(KeyValue(), call("append", "a"), call("append", "b"), call("get", result="ab")) == [
        None,
        "a",
        "ab",
        "ab",
    ]
    assert run(KeyValue(()), call("append", (1,)), call("put", (2,)), call("append", (3, 4))) == [
        (),
        (1,),
        (2,),
        (2, 3, 4),
    ]
    assert run(KeyValue(), call("append", 1), call("append", 2), call("get", result=(1, 2))) == [
        None,
        (1,),
        (1, 2),
        (1, 2),
    ]


def test_a_key_value_store_also_reads_writes_and_compares():
    assert run(KeyValue(1), call("read", result=1), call("write", 2), call("cas", (2, 3), True)) == [1, 1, 2, 3]


def test_keys_can_start_at_values_of_their_own():
    model = KeyValue({"x": 1})
    assert (model.start("x"), model.start("y")) == (1, None)
    assert KeyValue("").start("x") == ""


def test_a_mutex_is_released_only_by_who_holds_it():
    acquire, release = call("acquire", client="alice"), call("release", client="alice")
    assert run(Mutex(), acquire, release, acquire) == [None, "alice", None, "alice"]
    assert run(Mutex(), acquire, acquire) == [None, "alice", ILLEGAL]
    assert run(Mutex(), release) == [None, ILLEGAL]
    assert run(Mutex(), acquire, call("release", client="bob")) == [None, "alice", ILLEGAL]
    assert run(Mutex("bob"), acquire) == ["bob", ILLEGAL]


def test_alice_may_release_her_lock_after_a_time_out():
    history = [
        Operation("alice", "acquire", invoked=0, completed=1),
        Operation("alice", "release", invoked=2),
        Operation("alice#2", "release", invoked=3, completed=4),
        Operation("bob", "acquire", invoked=5, completed=6),
    ]
    assert check_linearizable(history, Mutex())
    assert not check_linearizable(history[:1] + history[3:], Mutex())


def test_a_lost_answer_fits_every_state():
    op = ok("read", result_known=False)
    assert answered(op, 1)
    assert answered(op, 2)
    assert answered(Operation("alice", "read"), 1), "and so does one that never came"
    assert not answered(ok("read", result=1), 2)


# -- hints -------------------------------------------------------------------------------------------------------------

TEXTS = (None, "a", "b", "ab", "ba", "aab")


def calls_of(model):
    for f in model.operations:
        if f == "cas":
            args = itertools.product(TEXTS[:4], TEXTS[1:4])
        else:
            args = TEXTS[1:4] if f in ("write", "put", "append") else (None,)
        results = (None, True, False) if f == "cas" else TEXTS
        for arg, result, known in itertools.product(args, results, (True, False)):
            yield call(f, arg, result, known, client="alice")


def states_after_appends(state, depth=2):
    yield state
    if depth:
        for end in ("a", "b"):
            yield from states_after_appends(end if state is None else state + end, depth - 1)


@pytest.mark.parametrize("model", [Register(), CasRegister(), KeyValue()], ids=repr)
def test_what_a_model_tells_the_checker_to_make_it_faster_is_true(model):
    # The checker believes these hints. A false one would be a wrong verdict that no picture shows.
    calls = list(calls_of(model))
    for state, op in itertools.product(TEXTS, calls):
        about = (state, op.identity)
        after = model.step(state, op)
        if model.only_looks(op):
            assert after in (state, ILLEGAL), about
        if op.f in model.blind:
            assert after is not ILLEGAL, about
            assert after == model.step(state, call(op.f, op.arg, known=False)), f"its answer matters: {about}"
        if model.overwrites(op):
            assert after in (state, ILLEGAL, *model.overwrites(op)), about


def test_what_a_store_with_appends_tells_the_checker_is_true():
    model = KeyValue()
    calls = list(calls_of(model))
    for state, op in itertools.product(TEXTS, calls):
        if op.f in model.blind or model.cares(state, op):
            continue
        everywhere = all(model.step(other, op) is not ILLEGAL for other in TEXTS)
        for later in states_after_appends(state):
            after = model.step(later, op)
            assert after is ILLEGAL or (everywhere and after == later), (state, later, op.identity)
    for change, op, state in itertools.product(calls, calls, TEXTS):
        after = model.step(state, change)
        if after in (state, ILLEGAL) or op.f in model.blind or model.enables(change, op):
            continue
        assert model.step(after, op) is ILLEGAL, (state, change.identity, op.identity)


@pytest.mark.parametrize("status", ["ok", "info"])
def test_false_hints_are_found_out(status):
    class Lying(Register):
        looks = ("read", "write")

    class Choosy(Register):
        def step(self, state, op):
            return ILLEGAL if op.f == "write" else state

    completed = 1.0 if status == "ok" else None
    history = [
        Operation("alice", "write", arg=1, completed=completed),
        Operation("bob", "read", result=1, invoked=2, completed=4),
    ]
    with pytest.raises(ValueError, match="says that 'write' only looks, but step turned None into 1"):
        check_linearizable(history, Lying())
    with pytest.raises(ValueError, match="says that 'write' is blind, but step found it ILLEGAL in None"):
        check_linearizable(history, Choosy())


# -- a model of one's own ----------------------------------------------------------------------------------------------


def test_the_model_in_the_documentation_works_and_takes_at_most_ten_lines():
    block = specs.__doc__.split("Say which")[1]
    lines = [line[4:] for line in block.splitlines() if line.startswith("    ")]
    names = {"Spec": Spec, "answered": answered, "ILLEGAL": ILLEGAL}
    exec("\n".join(lines), names)
    assert len(list(filter(None, lines))) <= 10
    counter = names["Counter"]()
    history = [
        Operation("alice", "add", arg=2, invoked=0, completed=10),
        Operation("bob", "add", arg=3, invoked=5),
        Operation("carol", "read", result=5, invoked=20, completed=25),
        Operation("carol", "read", result=2, invoked=30, completed=35),
    ]
    assert check_linearizable(history[:3], counter)
    assert check_linearizable([history[0], history[1], history[3]], counter)
    verdict = check_linearizable(history, counter)
    assert not verdict
    assert "the state is 5, so" in verdict.explain()


def test_a_model_over_several_keys_sees_the_key():
    class Bank(Spec):
        operations = ("move", "total")
        by_key = False
        initial = (("a", 1), ("b", 0))

        def step(self, state, op):
            if op.f == "total":
                return state if answered(op, sum(amount for _, amount in state)) else ILLEGAL
            accounts = dict(state)
            accounts[op.key] -= op.arg
            accounts["b" if op.key == "a" else "a"] += op.arg
            return tuple(accounts.items())

    def total(result, t):
        return Operation("bob", "total", result=result, invoked=t, completed=t + 1)

    move = Operation("alice", "move", "a", 1, invoked=0, completed=10)
    assert check_linearizable([move, total(1, 2), total(1, 20)], Bank())
    assert not check_linearizable([move, total(0, 2)], Bank())


def test_a_model_sees_nothing_that_two_equal_operations_could_differ_in():
    class Peeking(Spec):
        look = "client"

        def step(self, state, op):
            return getattr(op, self.look)

    history = [Operation("alice#2", "read", invoked=0, completed=1)]
    with pytest.raises(AttributeError, match="write by_client = True"):
        check_linearizable(history, Peeking())
    Peeking.by_client = True
    assert check_linearizable(history, Peeking())
    for Peeking.look in ("process", "invoked", "id"):
        with pytest.raises(AttributeError, match=f"cannot look at op.{Peeking.look}: only at op.f, op.key"):
            check_linearizable(history, Peeking())


def test_mistakes_in_a_model_are_named():
    history = [Operation("alice", "add", arg=1, invoked=0, completed=1)]
    with pytest.raises(NotImplementedError, match=r"Spec has no step\(self, state, op\)"):
        check_linearizable(history, Spec())

    class Listing(Spec):
        def step(self, state, op):
            return [op.arg]

    with pytest.raises(TypeError, match=r"Listing\(\) has the state \[1\], which can change; use tuples"):
        check_linearizable(history, Listing())
    with pytest.raises(TypeError, match=r"operations is text, not a tuple of names: write operations = \('add',\)"):
        type("Wordy", (Spec,), {"operations": "add"})


# -- operations that a model does not know -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "op", "message"),
    [
        (
            Register(),
            ok("cas", (1, 2)),
            r"Operation 0 \('cas' by 'alice'\): Register knows no 'cas', only read, write; Cas",
        ),
        (CasRegister(), ok("put", 1), "CasRegister knows no 'put', only read, write, cas; KeyValue does"),
        (Mutex(), ok("lock"), "Mutex knows no 'lock', only acquire, release; a model of your own can"),
        (CasRegister(), ok("cas", 3), r"the arg of a cas is a pair \(expected, new\), not 3"),
        (KeyValue(), ok("cas", (1, 2, 3)), r"the arg of a cas is a pair"),
        (CasRegister(), ok("cas", (1, 2), "yes"), r"a cas answers True \(it wrote\) or False .* not 'yes'"),
        (Mutex(), ok("acquire", result=False), r'"ok" says that it happened, result False .* write op.fail\(\)'),
        (KeyValue(), ok("append"), "append needs something to add, not None"),
        (KeyValue(7), ok("append", "a"), "starts at 7, but is appended to as text"),
        (KeyValue("7"), ok("append", 3), "starts at '7', but is appended to as tuples"),
    ],
)
def test_an_operation_that_means_nothing_to_the_model_is_named(model, op, message):
    # Even if it failed: whoever records it should hear of the mistake.
    failed = Operation(op.process, op.f, op.key, op.arg, completed=0.0, status="fail")
    history = [op if op.result is not None else failed if op.f != "append" else op]
    with pytest.raises(ValueError, match=message):
        check_linearizable(history, model)


def test_values_of_two_kinds_cannot_be_appended_to_each_other():
    history = [ok("append", "a"), ok("put", 3)]
    with pytest.raises(ValueError, match=r"\('put' by 'alice'\) stores 3, but this key is appended to and holds text"):
        check_linearizable(history, KeyValue())
    with pytest.raises(
        ValueError, match=r"\('append' by 'alice'\) stores \(3,\), but this key is appended to and holds text"
    ):
        check_linearizable([ok("append", "a"), ok("append", 3)], KeyValue())
    history[1].key = "another"
    assert check_linearizable(history, KeyValue())


@pytest.mark.parametrize("model", [Register, CasRegister, KeyValue, Mutex])
def test_an_initial_value_that_can_change_is_refused(model):
    with pytest.raises(TypeError, match="use a tuple instead of a list"):
        model([1])


def test_a_register_points_whoever_gives_it_a_dict_to_the_key_value_store():
    with pytest.raises(TypeError, match="KeyValue takes a dict of initial values"):
        Register({"x": 1})


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "initial"), [("register", 1), ("cas-register", 2), ("kv", {"x": "1"}), ("mutex", None)]
)
def test_a_history_from_json_finds_its_model(name, initial):
    model = model_of(History.from_json(History(model=name, initial=initial).to_json()))
    assert type(model) is MODELS[name]
    assert model.initial == initial


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match="names the model 'queue'; known are register, cas-register, kv, mutex"):
        model_of(History(model="queue"))


def test_illegal_is_one_thing_in_every_process():
    assert pickle.loads(pickle.dumps(ILLEGAL)) is ILLEGAL
    assert repr(ILLEGAL) == "ILLEGAL"


def test_a_model_prints_as_what_made_it():
    for model in (Register(initial=3), KeyValue(initial={"x": ()}), CasRegister(initial="a")):
        assert eval(repr(model)).initial == model.initial
