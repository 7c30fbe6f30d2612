"""Rows, filters, digests and JSON."""

import json
import re

import pytest

from dslib import Message, Network, Node, Simulation, Trace


class Write(Message):
    key: str
    value: object = None


class Read(Message):
    key: str


class Talker(Node):
    def on_start(self):
        self.count = 0
        for number in range(5):
            self.send("b", Write("x", number))
        self.send("b", Write("odd", (1, ("t", None), frozenset({"p", "q"}), 2.5, b"raw")))
        self.send("b", Read("x"))
        self.set_timer("end", 5)

    def on_end_timeout(self):
        self.log("the end")


class Listener(Node):
    def on_start(self):
        self.count = 0

    def on_write(self, src, msg):
        self.count += 1

    on_read = on_write


def run(seed=1, trace="state"):
    sim = Simulation(Talker("a"), Listener("b"), network=Network(loss=0.3, duplication=0.3), seed=seed, trace=trace)
    sim.at(3, sim.network.partition, {"a"}, {"b"})
    sim.at(4, sim.network.heal)
    sim.at(20, sim.crash, "b")
    sim.at(30, sim.restart, "b")
    return sim.run(until=50)


def test_every_sent_message_is_delivered_or_dropped_under_its_id():
    for seed in range(30):
        trace = run(seed).trace
        sent = {e.id for e in trace.where(kind="send")}
        assert {e.id for e in trace.where(kind=("deliver", "drop"))} == sent, f"seed {seed}"


def test_where_filters_by_any_field():
    trace = run().trace
    assert {e.kind for e in trace.where(node="b")} >= {"start", "deliver", "crash", "restart", "state"}
    assert all(type(e.msg) is Read for e in trace.where(msg=Read))
    assert len(trace.where(msg=Read)) >= 2
    assert [e.time for e in trace.where(kind=("crash", "restart"))] == [20, 30]
    assert all(20 <= e.time < 30 for e in trace.where(after=20, before=30))
    assert len(trace.where(msg=Write("x", 3), kind="send")) == 1
    assert isinstance(trace.where(kind="drop"), Trace)


@pytest.mark.parametrize(("wanted", "error"), [({"knd": "drop"}, TypeError), ({"kind": "dropp"}, ValueError)])
def test_a_misspelt_filter_is_an_error_and_not_an_empty_answer(wanted, error):
    with pytest.raises(error, match=r"knd|dropp"):
        run().trace.where(**wanted)


def test_json_brings_back_the_same_trace():
    trace = run().trace
    again = Trace.from_json(trace.to_json())
    assert again.digest() == trace.digest()
    assert (again.nodes, again.seed, again.end) == (("a", "b"), 1, 50)
    assert str(again) == str(trace)
    assert again.to_json() == trace.to_json()
    assert again.where(kind="send", msg=Read)[0].msg.key == "x"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no json", "not JSON"),
        ("[]", "its schema is None"),
        ('{"schema": "dslib.trace/99"}', "its schema is 'dslib.trace/99'"),
        ('{"schema": "dslib.trace/1", "events": [[1, "send"]], "nodes": [], "seed": 0, "end": 0}', "event 0"),
        ('{"schema": "dslib.trace/1", "events": [[1,"x",0,0,0,null,0]], "nodes": [], "seed": 0, "end": 0}', "kind 'x'"),
    ],
)
def test_a_trace_that_cannot_be_read_says_why(text, says):
    with pytest.raises(ValueError, match=says):
        Trace.from_json(text)


def test_the_json_form_is_what_the_player_reads():
    data = json.loads(run().trace.to_json())
    assert data["schema"] == "dslib.trace/1"
    assert {len(row) for row in data["events"]} == {7}
    write = next(row for row in data["events"] if row[1] == "send")
    assert write[5] == {"type": "Write", "fields": {"key": "x", "value": 0}}
    fault = next(row for row in data["events"] if row[1] == "fault")
    assert fault[6] == {"at": 3.0, "call": "network.partition", "args": [["a"], ["b"]]}


def test_one_changed_row_changes_the_digest():
    trace = run().trace
    rows = list(trace)
    for i, e in enumerate(rows):
        changed = Trace([*rows[:i], e._replace(time=e.time + 2**-10), *rows[i + 1 :]])
        assert changed.digest() != trace.digest()
    assert Trace(rows[:-1]).digest() != trace.digest()
    assert Trace(rows).digest() == trace.digest()


def test_without_a_trace_every_use_says_how_to_get_one():
    trace = run(trace="off").trace
    for use in (
        trace.digest,
        trace.to_json,
        lambda: len(trace),
        lambda: trace[0],
        lambda: list(trace.where(kind="send")),
    ):
        with pytest.raises(RuntimeError, match=r'Simulation\(…, trace="events"\)'):
            use()


def damaged(change):
    """The JSON of a run after ``change(rows)``, which may also return other rows."""
    data = json.loads(run().trace.to_json())
    data["events"] = change(data["events"]) or data["events"]
    return json.dumps(data)


def first(rows, kind):
    return next(i for i, row in enumerate(rows) if row[1] == kind)


def put(kind, field, value):
    def change(rows):
        rows[first(rows, kind)][field] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda rows: rows.insert(3, [1, 2]),
            "event 3 of the trace should have seven fields.* It is \\[1, 2\\]. Record",
        ),
        (lambda rows: rows.insert(3, "send"), "event 3 of the trace should have seven fields"),
        (lambda rows: rows[2].pop(), "event 2 of the trace should have seven fields"),
        (put("send", 1, "sned"), r"event \d+ of the trace is of the kind 'sned', and 'send' may be meant"),
        (put("send", 1, None), "kind None, and kinds are start, send, hop"),
        (put("send", 1, {"no": "hash"}), r"of the kind \{'no': 'hash'\}"),
        (put("deliver", 0, "soon"), "has the time 'soon', and should have ms, 0 or more"),
        (put("deliver", 0, -1), "has the time -1"),
        (put("deliver", 0, True), "has the time True"),
        (put("deliver", 0, 0.25), r"is at 0.25 ms, and the row before it at [\d.]+: rows stand in the order"),
        (put("send", 2, "q"), r"\(send\) has the src 'q', and the nodes are a, b"),
        (put("send", 3, None), r"\(send\) has the dest None"),
        (put("start", 2, None), r"\(start\) has the src None"),
        (put("send", 4, None), r"\(send\) has the id None, and should have the number of its message"),
        (put("send", 4, "7"), r"has the id '7'"),
        (put("send", 5, None), r"\(send\) carries None, and should carry a message"),
        (put("send", 5, {"type": "Write"}), "carries no message that can be read"),
        (put("send", 5, {"fields": {}}), "carries no message that can be read"),
        (put("drop", 6, None), r"\(drop\) has the detail None, and should say why"),
        (put("state", 6, {"value": 7}), "should hold the node's attributes as text"),
        (put("fault", 6, {"call": "crash"}), r"\(fault\) has the detail .* is not a fault"),
        (lambda rows: [row for row in rows if row[1] != "send"], r"is about message \d+, which no row before it sends"),
        (put("deliver", 4, 9_999), "is about message 9999, which no row before it sends"),
    ],
)
def test_a_damaged_row_is_refused_with_its_number_and_what_belongs_there(change, says):
    with pytest.raises(ValueError, match=says) as refused:
        Trace.from_json(damaged(change))
    assert re.match(r"event \d+ of the trace ", str(refused.value))
    assert str(refused.value).endswith("Record it again by running the scenario with its seed")
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("nodes", None, "'nodes' is None, and should be a list of names, each once"),
        ("nodes", ["a", "b", "a"], "each once"),
        ("nodes", "ab", "'nodes' is 'ab'"),
        ("seed", 1.5, "'seed' is 1.5, and should be a whole number"),
        ("end", "late", "'end' is 'late', and should be the time in ms"),
        ("end", -1, "'end' is -1"),
        ("events", {"0": []}, "should be a list of rows"),
    ],
)
def test_a_trace_that_lacks_what_it_is_about_is_refused(name, value, says):
    data = json.loads(run().trace.to_json())
    for changed in ({**data, name: value}, {k: v for k, v in data.items() if k != name}):
        with pytest.raises(
            ValueError, match=says if changed.get(name) is not None or value is None else f"'{name}' is None"
        ):
            Trace.from_json(json.dumps(changed))


def test_a_filtered_trace_is_read_with_a_warning_if_a_picture_of_it_lacks_something():
    trace = run().trace
    whole = trace.where(kind=("send", "deliver", "drop"))
    assert Trace.from_json(whole.to_json()).digest() == whole.digest(), "nothing is missing: no warning"
    late = trace.where(kind="deliver")
    with pytest.warns(
        UserWarning,
        match=rf"this trace was filtered: {len({e.id for e in late})} messages arrive in it and are not sent",
    ):
        again = Trace.from_json(late.to_json())
    assert again.digest() == late.digest()
    assert again.filtered
    assert not Trace.from_json(trace.to_json()).filtered
