"""The event queue: order, time, restarts, properties."""

import gc

import pytest

from dslib import Clock, LoadClient, Message, Network, Node, PropertyBroken, Server, Simulation
from dslib.node import show, show_begin
from dslib.protocols import trials
from dslib.story import rerun


class Tick(Message):
    n: int


class Ticker(Node):
    """Sends itself a message every 10 ms."""

    def on_start(self):
        self.n = 0
        self.set_timer("tick", 10)

    def on_tick_timeout(self):
        self.n += 1
        self.set_timer("tick", 10)


class Chatter(Node):
    """Answers every message with one to a peer drawn from its own dice."""

    def on_start(self):
        self.send(self.peers[0], Tick(0))

    def on_tick(self, src, msg):
        if msg.n < 40:
            self.send(self.random.choice(self.peers), Tick(msg.n + 1))


def chatter(seed=0, **settings):
    names = ["a", "b", "c", "d"]
    nodes = [Chatter(name, peers=[p for p in names if p != name]) for name in names]
    return Simulation(*nodes, network=Network(loss=0.05, duplication=0.05), seed=seed, **settings)


def test_the_same_seed_gives_the_same_trace_and_another_seed_another():
    assert chatter(1).run().trace.digest() == chatter(1).run().trace.digest()
    assert len({chatter(seed).run().trace.digest() for seed in range(20)}) == 20


def test_running_in_pieces_or_step_by_step_changes_nothing():
    whole = chatter(2).run(until=200)
    pieces = chatter(2)
    for until in (0, 1, 50, 50, 123.4, 200):
        pieces.run(until=until)
    steps = chatter(2)
    while steps.now <= 200 and steps.step():
        pass
    rows = list(whole.trace)
    assert list(pieces.trace) == rows
    assert [e for e in steps.trace if e.time <= 200] == rows


def test_tracing_changes_nothing_but_the_trace():
    def seen(trace):
        sim = chatter(3, trace=trace).run()
        return [e for e in sim.trace if e.kind != "state"] if trace != "off" else sim.now

    assert seen("events") == seen("state")
    assert seen("off") == seen("events")[-1].time


def test_at_one_moment_faults_come_first_and_then_what_was_scheduled_first():
    order = []

    class Note(Node):
        def on_start(self):
            order.append("start")
            self.set_timer("b", 10)
            self.set_timer("a", 10)

        def on_a_timeout(self):
            order.append("a")

        def on_b_timeout(self):
            order.append("b")

    sim = Simulation(Note("n"))
    sim.at(10, order.append, "at 10")
    sim.at(0, order.append, "at 0")
    sim.run(until=20)
    assert order == ["at 0", "start", "at 10", "b", "a"]


def test_a_node_crashed_at_time_zero_never_starts():
    sim = Simulation(Ticker("t"))
    sim.at(0, sim.crash, "t")
    sim.run(until=50)
    assert not sim.trace.where(kind="start")
    sim.restart("t")
    sim.run(until=75)
    assert sim.nodes["t"].n == 2


def test_crash_and_restart_are_idempotent():
    sim = Simulation(Ticker("t"))
    for at in (15, 16):
        sim.at(at, sim.crash, "t")
    for at in (20, 26):
        sim.at(at, sim.restart, "t")
    sim.run(until=41)
    assert [e.kind for e in sim.trace.where(kind=("crash", "restart"))] == ["crash", "restart"]
    assert sim.nodes["t"].n == 2


def test_run_includes_its_last_moment_and_leaves_the_clock_there():
    sim = Simulation(Ticker("t")).run(until=30)
    assert (sim.nodes["t"].n, sim.now, sim.trace.end) == (3, 30, 30)
    assert Simulation(Node("quiet")).run(until=30).now == 30


def test_run_without_an_end_refuses_to_go_on_for_ever(monkeypatch):
    monkeypatch.setattr("dslib.simulation.ENDLESS", 100)
    with pytest.raises(RuntimeError, match=r"Say when to stop: run\(until=10_000\)"):
        Simulation(Ticker("t")).run()


def test_step_returns_the_rows_it_added_and_nothing_at_the_end():
    sim = Simulation(Ticker("t"))
    assert [e.kind for e in sim.step()] == ["start"]
    assert [e.kind for e in sim.step()] == ["timer"]
    assert Simulation().step() == []


@pytest.mark.parametrize("time", [-1, float("inf"), float("nan"), "soon", None])
def test_an_impossible_time_is_refused(time):
    sim = Simulation(Node("a"))
    with pytest.raises(ValueError, match="number of milliseconds"):
        sim.at(time, sim.crash, "a")
    assert sim.faults == []


def test_the_past_cannot_be_changed():
    sim = Simulation(Node("a")).run(until=100)
    with pytest.raises(ValueError, match="that time has passed, it is 100 ms now"):
        sim.at(50, sim.crash, "a")
    with pytest.raises(ValueError, match="that time has passed"):
        sim.run(until=50)


def test_at_wants_a_function_and_a_fault_of_this_simulation():
    sim, other = Simulation(Node("a")), Simulation(Node("a"))
    with pytest.raises(TypeError, match="write the function itself"):
        sim.at(5, "crash")
    with pytest.raises(ValueError, match="belongs to another simulation"):
        sim.at(5, other.crash, "a")


def test_always_stops_at_the_first_breach_and_names_it_with_the_seed():
    def few(sim):
        return sim.nodes["t"].__dict__.get("n", 0) < 3

    sim = Simulation(Ticker("t"), seed=42)
    sim.always(few)
    with pytest.raises(PropertyBroken, match=r"always few: it does not hold after 30.000 ms timer t tick, seed=42"):
        sim.run(until=100)
    assert sim.now == 30
    assert sim.trace[-1].kind == "timer"


@pytest.mark.parametrize(
    "declare", [Simulation.always, Simulation.sometimes, lambda sim, prop: sim.eventually(prop, by=50)]
)
def test_a_property_that_asks_a_node_for_what_it_lacks_is_told_why(declare):
    def few(sim):
        return (declare is Simulation.always and sim.nodes["t"].n >= 0) or sim.nodes["t"].n < 0

    crashing = Simulation(Ticker("t"))
    crashing.at(25, crashing.crash, "t")
    declare(crashing.run(until=20), few)
    with pytest.raises(AttributeError, match=r"node 't' is down, .* hasattr\(node, 'n'\)") as problem:
        crashing.run(until=100)
    assert problem.value.__notes__[0].startswith("raised by the property few, which was checked after this")
    early = Simulation(Node("a"), Ticker("t"))
    declare(early, few)
    with pytest.raises(AttributeError, match="node 't' has not started yet"):
        early.run(until=100)


def test_an_error_of_a_property_about_a_node_that_runs_stays_as_it_is():
    misspelt = Simulation(Ticker("t"))
    misspelt.always(lambda sim: sim.nodes["t"].m)
    with pytest.raises(AttributeError) as problem:
        misspelt.run(until=20)
    assert str(problem.value) == "'Ticker' object has no attribute 'm'"


def test_a_property_is_a_function():
    sim = Simulation(Node("a"))
    for declare in (sim.always, sim.sometimes, lambda prop: sim.eventually(prop, by=5)):
        with pytest.raises(TypeError, match="write a function of the simulation"):
            declare(True)


def test_what_is_no_fault_is_refused():
    with pytest.raises(TypeError, match="'crash' is no fault: write Fault"):
        Simulation(Node("a")).set_faults(["crash"])


def test_eventually_is_broken_only_when_its_time_is_up():
    def three(sim):
        return getattr(sim.nodes["t"], "n", 0) == 3

    sim = Simulation(Ticker("t"))
    sim.eventually(three, by=30)
    sim.run(until=100)  # it held at 30, and need not hold later
    late = Simulation(Ticker("t"))
    late.eventually(three, by=29)
    late.run(until=28)
    with pytest.raises(PropertyBroken, match="eventually three by 29 ms"):
        late.run(until=100)
    silent = Simulation(Node("t"))
    silent.eventually(three, by=29)
    with pytest.raises(PropertyBroken):
        silent.run(until=29)


def test_sometimes_tells_when_it_first_held():
    sim = Simulation(Ticker("t"))
    seen = sim.sometimes(lambda sim: sim.nodes["t"].n == 2 if hasattr(sim.nodes["t"], "n") else False)
    never = sim.sometimes(lambda sim: False)
    sim.run(until=100)
    assert (bool(seen), seen.held_at) == (True, 20)
    assert (bool(never), never.held_at) == (False, None)


def test_state_rows_show_each_change_and_nothing_between():
    sim = Simulation(Ticker("t"), Node("idle"), trace="state")
    sim.at(25, sim.crash, "t")
    sim.run(until=30)
    assert [(e.time, e.detail) for e in sim.trace.where(kind="state")] == [
        (0, {"n": "0"}), (10, {"n": "1"}), (20, {"n": "2"}), (25, {}),
    ]  # fmt: skip


def test_a_clock_that_jumps_does_not_move_a_running_timer():
    sim = Simulation(Ticker("t", clock=Clock(offset=5)))
    sim.at(12, sim.jump_clock, "t", -1_000)
    sim.run(until=40)
    assert sim.nodes["t"].clock.read() == 40 + 5 - 1_000
    assert [e.time for e in sim.trace.where(kind="timer")] == [10, 20, 30, 40]


def test_an_error_in_a_handler_keeps_its_type_and_says_when_where_and_with_which_seed():
    class Broken(Node):
        def on_start(self):
            self.set_timer("tick", 10)

        def on_tick_timeout(self):
            raise KeyError("oops")

    with pytest.raises(KeyError) as error:
        Simulation(Broken("b"), seed=8).run(until=100)
    assert error.value.__notes__ == ["at 10 ms, in timer 'tick' of node 'b', seed=8"]


def test_what_is_recorded_and_whether_the_run_has_begun_can_be_asked():
    sim = Simulation(Ticker("t"))
    assert (sim.recorded, sim.started) == ("events", False)
    sim.record_states()
    assert sim.recorded == "state"
    assert sim.run(until=25).started
    assert [e.detail for e in sim.trace.where(kind="state")] == [{"n": "0"}, {"n": "1"}, {"n": "2"}]
    off = Simulation(Ticker("t"), trace="off")
    assert off.recorded == "off"
    with pytest.raises(RuntimeError, match="records no trace"):
        off.record_states()


@pytest.mark.parametrize("until", [None, 77.7])
def test_a_bucketed_queue_takes_everything_in_the_same_order(until):
    """Messages that tie, timers, crashes and cuts; run in one go, and step by step."""

    class Hop(Message):
        left: int

    class Hopper(Node):
        def on_start(self):
            self.set_timer("tick", 1 + self.random.random())
            self.send(self.random.choice(self.peers), Hop(30))

        def on_tick_timeout(self):
            self.log("tick")
            if self.clock.read() < 60:
                self.set_timer("tick", 7 * self.random.random())

        def on_hop(self, src, msg):
            if msg.left:
                self.send(self.random.choice(self.peers), Hop(msg.left - 1))

    def rows(queue, seed, latency, steps=0):
        names = [f"n{i}" for i in range(8)]
        nodes = [Hopper(name, peers=[p for p in names if p != name]) for name in names]
        sim = Simulation(*nodes, network=Network(latency=latency, loss=0.01), seed=seed, queue=queue)
        sim.at(20, sim.crash, "n1")
        sim.at(20, sim.network.cut, "n2", "n3")
        sim.at(30.5, sim.restart, "n1")
        for _ in range(steps):
            sim.step()
        return sim.run(until).trace.digest()

    for seed in range(5):
        for latency in (0, 2, (0, 3), (5, 15), (1_000, 5_000)):
            bucketed, heap = (rows(queue, seed, latency) for queue in ("bucketed", "heap"))
            assert bucketed == heap, f"latency {latency}, seed {seed}"
            assert rows("bucketed", seed, latency, steps=100) == rows("heap", seed, latency, steps=100)
    with pytest.raises(ValueError, match="queue is 'calendar'"):
        Simulation(queue="calendar")


def test_python_s_garbage_collector_is_left_as_it_was_found():
    before = gc.get_threshold()
    seen = []
    sim = Simulation(Ticker("a"))
    sim.at(5, lambda: seen.append(gc.get_threshold()))
    sim.run(until=10)
    assert gc.get_threshold() == before
    assert seen[0][0] > before[0], "it looks less often during a run"

    sim = Simulation(Ticker("a"))
    sim.always(lambda s: s.now < 5)
    with pytest.raises(PropertyBroken):
        sim.run(until=100)
    assert gc.get_threshold() == before, "after a run that was stopped, too"
    try:
        gc.set_threshold(0)
        sim = Simulation(Ticker("a"))
        sim.at(5, lambda: seen.append(gc.get_threshold()))
        sim.run(until=10)
        assert seen[-1][0] == 0, "switched off stays off"
    finally:
        gc.set_threshold(*before)


# ---------------------------------------------------------------- what the trace of states shows


class Clerk(Server):
    """Writes down on its disk what it was asked."""

    def answer(self, src, msg):
        self.disk[msg.id] = msg.arg


def states_of(sim, node):
    return [(e.time, e.detail) for e in sim.trace.where(kind="state", src=node)]


def test_a_state_says_how_many_wait_at_a_server_and_what_its_disk_holds():
    for seed in range(5):
        load = LoadClient("users", service="clerk", rate=150, timeout=500, operation=("put", "x", 7))
        sim = Simulation(Clerk("clerk", service=9.0), load, seed=seed, trace="state")
        most = [0]

        def note(sim, most=most):
            most[0] = max(most[0], sim.nodes["clerk"].waiting if hasattr(sim.nodes["clerk"], "busy") else 0)
            return True

        sim.always(note)
        sim.run(until=300)
        rows = states_of(sim, "clerk")
        assert max(int(state["queue"]) for _, state in rows) == most[0] > 2, f"seed {seed}"
        assert rows[-1][1]["queue"] == str(sim.nodes["clerk"].waiting)
        assert rows[-1][1]["disk"].startswith(", ".join(f"{id}=7" for id in list(sim.nodes["clerk"].disk)[:5]))
        assert "disk" not in rows[0][1], "nothing is on it yet"
        assert states_of(sim, "users") == [], "nothing waits there"


class Worded(Node):
    def on_start(self):
        self.state = "follower"


class WithData(Node):
    def on_start(self):
        self.state = "x=1"
        self.queue = ["a", "b"]
        self.waiting = True


class Told(Node):
    @property
    def role(self):
        return "primary" if self.term > 2 else ""

    def on_start(self):
        self.term = 1
        self.set_timer("next", 5)

    def on_next_timeout(self):
        self.term += 1
        self.set_timer("next", 5)


def test_a_role_is_what_the_node_calls_its_role_or_else_its_state_if_that_is_a_word():
    sim = Simulation(Worded("a"), WithData("b"), Told("c"), trace="state").run(until=12)
    assert states_of(sim, "a") == [(0, {"role": "follower"})]
    assert states_of(sim, "b") == [(0, {"state": "'x=1'", "queue": "['a', 'b']", "waiting": "True"})]
    assert states_of(sim, "c") == [(0, {"term": "1"}), (5, {"term": "2"}), (10, {"term": "3", "role": "primary"})]


def test_the_protocols_say_who_leads():
    leads = {"raft": "leader", "primary_backup": "primary", "pbft": "primary", "leader_lease": "leader"}
    for name, word in leads.items():
        trial = trials()[name]
        rows = [row for row in rerun(trial, trial.right, 3, until_ms=600).trace if row.kind == "state"]
        roles = {row.detail["role"] for row in rows if "role" in row.detail}
        assert word in roles, f"{name}: {roles}"
        assert len(roles) > 1, f"{name}: somebody follows"


def test_states_are_noted_as_if_every_node_were_looked_at_after_every_event(monkeypatch):
    """Only the node that moved is looked at: no other one's state can have changed, unless it hangs on the time."""
    look = Simulation._note_states
    for name, trial in trials().items():
        if name == "leader_lease":  # a role there ends with the lease, and is asked for when its node moves next
            continue
        for seed in range(2):
            quick = rerun(trial, trial.right, seed, until_ms=300).trace.digest()
            monkeypatch.setattr(Simulation, "_note_states", lambda sim, moved: look(sim, None))
            assert rerun(trial, trial.right, seed, until_ms=300).trace.digest() == quick, f"{name}, {seed}"
            monkeypatch.undo()


def test_what_a_disk_holds_is_shown_from_its_beginning_whatever_is_on_it():
    values = [(), (1,), [1, "two"], ("a", ("b", ["c"] * 50)), {"k": (1, 2)}, tuple(range(400)), "text" * 90, {3, 1, 2}]
    for most in (0, 1, 7, 50, 161, 5_000):
        for value in values:
            begun, whole = show_begin(value, most), show(value)
            assert begun[:most] == whole[:most]
            assert len(begun) >= min(most, len(whole))


# ---------------------------------------------------------------- who is up


def test_a_simulation_says_who_is_up():
    sim = Simulation(Node("a"), Node("b"))
    assert not sim.is_up("a"), "the run has not begun"
    sim.at(10, sim.crash, "a")
    sim.at(20, sim.pause, "b")
    sim.run(until=5)
    assert (sim.is_up("a"), sim.is_up("b")) == (True, True)
    sim.run(until=30)
    assert (sim.is_up("a"), sim.is_up("b")) == (False, True)
    sim.restart("a")
    assert sim.is_up("a")
    with pytest.raises(ValueError, match="no node 'z'"):
        sim.is_up("z")


def test_a_router_is_up_until_it_crashes():
    class Line:
        nodes = ("a", "middle", "b")
        edges = (("a", "middle"), ("middle", "b"))

    sim = Simulation(Node("a"), Node("b"), network=Network(topology=Line, routes=True))
    assert not sim.is_up("middle")
    sim.at(10, sim.crash, "middle")
    assert sim.run(until=9).is_up("middle")
    assert not sim.run(until=11).is_up("middle")
