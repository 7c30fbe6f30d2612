"""Rows, filters, digests and JSON."""

import json

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
