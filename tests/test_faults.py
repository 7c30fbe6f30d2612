"""Faults are values: listed, printed, replayed. What each does to a node, and that several at once stay sane."""

import itertools
import json

import pytest

from dslib import Fault, Message, Network, Node, Place, Places, Simulation
from dslib.testing import isolate


def three():
    return Simulation(*map(Node, "abc"))


def broken():
    sim = three()
    sim.at(100, sim.network.partition, {"c", "a"}, {"b"})
    sim.at(50.5, sim.crash, "b")
    sim.at(200, sim.network.heal)
    sim.at(60, sim.restart, "b")
    sim.at(70, sim.network.cut, "c", "a", one_way=True)
    sim.at(80, sim.network.cut, "c", "a")
    sim.at(90, sim.network.heal, "c", "a")
    sim.at(95, sim.jump_clock, "a", -30.5)
    sim.at(96, sim.burn, "c")
    sim.at(97, sim.slow, "a", 2.5)
    sim.at(98, sim.pause, "a")
    sim.at(99, sim.resume, "a")
    sim.at(110, sim.drift_clock, "a", 1e-3)
    sim.at(120, sim.leap_second, "b", "a", smear_ms=5_000)
    sim.at(121, sim.leap_second)
    sim.at(130, sim.corrupt_disk, "a", 0.5)
    sim.at(140, sim.tear_write, "a")
    sim.at(150, sim.network.lose, "c", "a", 3)
    return sim


def test_faults_are_listed_by_time_and_print_as_the_calls_that_made_them():
    assert [str(f) for f in broken().faults] == [
        "sim.at(50.5, sim.crash, 'b')",
        "sim.at(60, sim.restart, 'b')",
        "sim.at(70, sim.network.cut, 'c', 'a', True)",
        "sim.at(80, sim.network.cut, 'a', 'c')",
        "sim.at(90, sim.network.heal, 'a', 'c')",
        "sim.at(95, sim.jump_clock, 'a', -30.5)",
        "sim.at(96, sim.burn, 'c')",
        "sim.at(97, sim.slow, 'a', 2.5)",
        "sim.at(98, sim.pause, 'a')",
        "sim.at(99, sim.resume, 'a')",
        "sim.at(100, sim.network.partition, {'a', 'c'}, {'b'})",
        "sim.at(110, sim.drift_clock, 'a', 0.001)",
        "sim.at(120, sim.leap_second, 'a', 'b', smear_ms=5000)",
        "sim.at(121, sim.leap_second)",
        "sim.at(130, sim.corrupt_disk, 'a', 0.5)",
        "sim.at(140, sim.tear_write, 'a')",
        "sim.at(150, sim.network.lose, 'c', 'a', 3)",
        "sim.at(200, sim.network.heal)",
    ]


def test_what_a_fault_prints_makes_the_same_fault():
    original = broken()
    sim = three()
    for f in original.faults:
        eval(str(f), {"sim": sim})
    assert sim.faults == original.faults


def test_a_fault_survives_json_and_a_scenario_runs_under_another_list():
    original = broken().run(until=300)
    again = three()
    again.set_faults(Fault.from_json(json.loads(json.dumps(f.to_json()))) for f in original.faults)
    assert again.faults == original.faults
    assert again.run(until=300).trace.digest() == original.trace.digest()
    fewer = broken()
    fewer.set_faults(original.faults[:2])
    fewer.run(until=300)
    assert len(fewer.trace.where(kind="fault")) == 2


def test_a_fault_that_strikes_at_once_is_listed_too():
    sim = three().run(until=40)
    sim.crash("a")
    sim.network.partition({"a"}, {"b"})
    assert [(f.at, f.call) for f in sim.faults] == [(40, "crash"), (40, "network.partition")]
    assert not sim.network.connected("a", "b")


def test_set_faults_keeps_other_things_that_were_scheduled_and_comes_before_the_run():
    called = []
    sim = broken()
    sim.at(10, called.append, "kept")
    sim.set_faults([])
    sim.run(until=300)
    assert called == ["kept"]
    assert sim.faults == []
    with pytest.raises(RuntimeError, match="the run has begun"):
        sim.set_faults([])


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        (lambda sim: sim.at(1, sim.crash, "z"), "no node 'z'; the nodes are 'a', 'b', 'c'"),
        (lambda sim: sim.at(1, sim.crash, sim.nodes["a"]), "write 'a', not the node itself"),
        (lambda sim: sim.at(1, sim.network.partition, {"a"}), "needs two groups"),
        (lambda sim: sim.at(1, sim.network.partition, {"a"}, {"a", "b"}), "'a' stands in two groups"),
        (lambda sim: sim.at(1, sim.network.partition, ["a", "a"], ["b"]), "'a' stands twice"),
        (lambda sim: sim.at(1, sim.network.partition, {"a"}, set()), "group of nodes is empty"),
        (lambda sim: sim.at(1, sim.network.partition, "a", {"b"}), r"write \{'a'\}"),
        (lambda sim: sim.at(1, sim.network.partition, {"a"}, {"q"}), "no node 'q'"),
        (lambda sim: sim.at(1, sim.network.cut, "a", "a"), "names node 'a' twice"),
        (lambda sim: sim.at(1, sim.network.cut, "a", "b", "yes"), "one_way is 'yes'"),
        (lambda sim: sim.at(1, sim.network.heal, "a"), "no node .everything. or two"),
        (lambda sim: sim.at(1, sim.jump_clock, "a", float("nan")), "finite number of ms"),
        (lambda sim: sim.at(-1, sim.crash, "a"), "number of milliseconds"),
        (lambda sim: sim.at(1, sim.crash), r"wrong arguments for sim.crash\(node\): missing"),
        (lambda sim: sim.at(1, sim.leap_second, smear=5), r"sim.leap_second\(\*nodes, smear_ms=0\): .* 'smear'"),
        (lambda sim: sim.at(1, sim.burn, "z"), "no node 'z'"),
        (lambda sim: sim.at(1, sim.pause, "z"), "no node 'z'"),
        (lambda sim: sim.at(1, sim.resume, "z"), "no node 'z'"),
        (lambda sim: sim.at(1, sim.slow, "z", 2), "no node 'z'"),
        (lambda sim: sim.at(1, sim.slow, "a", 0), "the factor of slow is 0: write a number above 0"),
        (lambda sim: sim.at(1, sim.slow, "a", -2), "the factor of slow is -2"),
        (lambda sim: sim.at(1, sim.slow, "a", float("inf")), "the factor of slow is inf"),
        (lambda sim: sim.at(1, sim.slow, "a", True), "the factor of slow is True"),
        (lambda sim: sim.at(1, sim.drift_clock, "a", -1), "drifts by a number above -1"),
        (lambda sim: sim.at(1, sim.corrupt_disk, "a", 0), "a share is a number above 0"),
        (lambda sim: sim.at(1, sim.corrupt_disk, "a", 1.01), "a share is a number above 0"),
        (lambda sim: sim.at(1, sim.tear_write, "z"), "no node 'z'"),
        (lambda sim: sim.at(1, sim.remove, "zone", "A"), "no zone 'A': this network has no places"),
        (lambda sim: sim.at(1, sim.restore, "zone", "A"), "no zone 'A': this network has no places"),
        (lambda sim: sim.at(1, sim.remove, "zone", "A", burn=1), "burn is 1: write True"),
        (lambda sim: sim.at(1, sim.network.lose, "z", "a", 1), "no node 'z'"),
        (lambda sim: sim.at(1, sim.network.lose, "a", "z", 1), "no node 'z'"),
        (lambda sim: sim.at(1, sim.network.lose, "a", "b", 0), "number is 0: write which message from 'a' to 'b'"),
        (lambda sim: sim.at(1, sim.network.lose, "a", "b", True), "number is True"),
        (lambda sim: sim.at(1, sim.network.lose, "a", "b", 2.0), "number is 2.0"),
        (lambda sim: sim.at(1, sim.network.lose, "a", "b"), r"sim.network.lose\(src, dest, number\): missing"),
        (lambda sim: sim.at(1, sim.act, "z", "deploy"), "no node 'z'"),
        (lambda sim: sim.at(1, sim.act, "a", "deploy"), r"knows no act 'deploy': define act_deploy\(self\) in Node"),
        (lambda sim: sim.set_faults([Fault(1, "crash", ("a",), {"gently": True})]), "unexpected keyword .* 'gently'"),
        (lambda sim: sim.set_faults([Fault(1, "slow", ("a", 0))]), "the factor of slow is 0"),
        (lambda sim: sim.set_faults([Fault.from_json({"at": 1, "call": "crash", "args": "a"})]), "is not a fault"),
        (lambda sim: sim.set_faults([Fault.from_json({"at": 1, "call": "x", "args": [], "options": 3})]), "not a f"),
        (lambda sim: sim.set_faults([Fault.from_json(["crash"])]), "is not a fault"),
        (lambda sim: sim.set_faults([Fault(1, "explode", ("a",))]), "'explode' is not a fault: the faults are .*crash"),
        (lambda sim: sim.set_faults([Fault(1, "crash", ())]), r"wrong arguments for sim.crash.node.: missing"),
        (lambda sim: sim.set_faults([Fault(1, "_advance", ())]), "not a fault"),
        (lambda sim: sim.set_faults([Fault(float("nan"), "crash", ("a",))]), "number of milliseconds"),
        (lambda sim: sim.set_faults([Fault.from_json({"at": "x"})]), "is not a fault: write"),
    ],
)
def test_a_fault_that_cannot_happen_is_refused_when_it_is_scheduled_and_changes_nothing(schedule, says):
    sim = three()
    sim.at(10, sim.crash, "b")
    with pytest.raises(ValueError, match=says):
        schedule(sim)
    assert [str(f) for f in sim.faults] == ["sim.at(10, sim.crash, 'b')"]


def test_a_fault_at_a_time_already_past_is_refused():
    sim = three().run(until=50)
    with pytest.raises(ValueError, match=r"sim.at\(40, …\): that time has passed, it is 50 ms now"):
        sim.at(40, sim.pause, "a")


# ---------------------------------------------------------------- options


def test_options_are_sorted_by_name_and_stand_in_json_only_when_there_are_some():
    plain, rich = Fault(5, "crash", ("a",)), Fault(5, "x", ("a",), {"loss": 0.5, "delay": 3})
    assert plain.to_json() == {"at": 5, "call": "crash", "args": ["a"]}
    assert json.dumps(rich.to_json()) == ('{"at": 5, "call": "x", "args": ["a"], "options": {"delay": 3, "loss": 0.5}}')
    assert str(rich) == "sim.at(5, sim.x, 'a', delay=3, loss=0.5)"
    assert rich == Fault(5, "x", ("a",), {"delay": 3, "loss": 0.5}) != Fault(5, "x", ("a",), {"delay": 3})
    assert len({rich, Fault(5, "x", ("a",), {"delay": 3, "loss": 0.5})}) == 1
    assert Fault.from_json(rich.to_json()) == rich
    assert eval(repr(rich)) == rich
    assert repr(plain) == "Fault(at=5, call='crash', args=('a',))"


# ---------------------------------------------------------------- a world to break


class Job(Message):
    number: int


class Done(Message):
    number: int


class Worker(Node):
    """Serves one job after the other, 10 ms each; notes what it did and when, on its disk and in memory."""

    def on_start(self):
        self.waiting, self.diary = [], []
        self.disk["boots"] = self.disk.get("boots", 0) + 1

    def on_job(self, src, msg):
        self.diary.append((self._sim.now, "came", msg.number))
        self.waiting.append((src, msg.number))
        if len(self.waiting) == 1:
            self.set_timer("serve", 10)

    def on_serve_timeout(self):
        src, number = self.waiting.pop(0)
        self.diary.append((self._sim.now, "served", number))
        self.send(src, Done(number))
        if self.waiting:
            self.set_timer("serve", 10)

    def on_poison(self, src, msg):
        self.die("out of memory")

    def act_deploy(self, version, *flags, force=False):
        self.diary.append((self._sim.now, "deployed", version, flags))

    def act_oom(self):
        self.die("the OOM killer chose it")

    def on_doze_timeout(self):
        self.diary.append((self._sim.now, "woke"))


class Poison(Message):
    pass


class Boss(Node):
    """Sends one job every 20 ms, the first at 20."""

    def on_start(self):
        self.sent, self.done = 0, []
        self.set_timer("next", 20)

    def on_next_timeout(self):
        self.sent += 1
        self.send("worker", Job(self.sent))
        self.set_timer("next", 20)

    def on_done(self, src, msg):
        self.done.append((self._sim.now, msg.number))


def office(**settings):
    """Latency 2 ms: job n comes at 20n + 2 and is served at 20n + 12."""
    return Simulation(Worker("worker"), Boss("boss"), network=Network(latency=2, **settings))


# ---------------------------------------------------------------- pause and resume


def test_what_arrives_and_runs_out_in_a_pause_happens_at_its_end_in_the_order_in_which_it_would_have():
    sim = office()
    sim.at(25, sim.pause, "worker")
    sim.at(67, sim.resume, "worker")
    diary = sim.run(until=110).nodes["worker"].diary
    assert diary == [
        (22, "came", 1),
        (67, "served", 1),  # due at 32, before job 2 came at 42
        (67, "came", 2),
        (67, "came", 3),
        (77, "served", 2),
        (82, "came", 4),
        (87, "served", 3),
        (97, "served", 4),
        (102, "came", 5),
    ]


def test_timers_and_messages_of_a_pause_take_turns_as_they_would_have():
    class Dozing(Worker):
        def on_start(self):
            super().on_start()
            self.set_timer("doze", 50)

    sim = Simulation(Dozing("worker"), Boss("boss"), network=Network(latency=2))
    sim.at(35, sim.pause, "worker")
    sim.at(65, sim.resume, "worker")
    assert sim.run(until=65).nodes["worker"].diary[2:] == [(65, "came", 2), (65, "woke"), (65, "came", 3)]


def test_a_timer_that_runs_out_after_the_pause_runs_out_when_it_would_have():
    sim = office()
    sim.at(23, sim.pause, "worker")
    sim.at(29, sim.resume, "worker")
    assert (32, "served", 1) in sim.run(until=40).nodes["worker"].diary


def test_the_clock_goes_on_during_a_pause():
    sim = office()
    sim.at(25, sim.pause, "worker")
    sim.at(67, sim.resume, "worker")
    assert sim.run(until=67).nodes["worker"].clock.read() == 67


def test_messages_that_overtook_each_other_stay_overtaken_and_keep_their_numbers():
    """A burst on a network with spread latencies, received in a pause: as without one, only later."""

    class Burst(Node):
        def on_start(self):
            for number in range(30):
                self.send("worker", Job(number))

        def on_done(self, src, msg):
            pass

    def run(seed, *faults):
        sim = Simulation(Worker("worker"), Burst("burst"), network=Network(latency=(5, 60), duplication=0.3), seed=seed)
        sim.set_faults(faults)
        return sim.run(until=99)

    for seed in range(10):
        calm = run(seed)
        still = run(seed, Fault(3, "pause", ("worker",)), Fault(70, "resume", ("worker",)))
        told = [[(e.id, e.msg) for e in sim.trace.where(kind="deliver", dest="worker")] for sim in (calm, still)]
        assert told[0] == told[1], f"seed {seed}"
        assert len(told[0]) > 30, f"seed {seed}: no duplicates, so nothing about them was tested"
        assert {e.time for e in still.trace.where(kind="deliver", dest="worker")} == {70}, f"seed {seed}"


def test_a_cut_stops_a_message_on_its_way_and_not_one_that_has_arrived():
    sim = office()
    sim.at(25, sim.pause, "worker")
    sim.at(50, sim.network.cut, "boss", "worker")  # job 2 waits at the door; job 3 comes at 62
    sim.at(70, sim.resume, "worker")
    assert [line[2] for line in sim.run(until=75).nodes["worker"].diary if line[1] == "came"] == [1, 2]
    assert [(e.time, e.msg.number, e.detail) for e in sim.trace.where(kind="drop", msg=Job)] == [(60, 3, "cut")]


def test_a_pause_before_the_first_boot_delays_it():
    sim = office()
    sim.at(0, sim.pause, "worker")
    sim.at(30, sim.resume, "worker")
    assert sim.run(until=31).nodes["worker"].diary == [(30, "came", 1)]
    assert [e.time for e in sim.trace.where(kind="start", src="worker")] == [30]


def test_a_crash_ends_a_pause_and_loses_what_waited():
    sim = office()
    sim.at(25, sim.pause, "worker")
    sim.at(50, sim.crash, "worker")
    sim.at(55, sim.resume, "worker")  # nothing to resume
    sim.at(70, sim.restart, "worker")
    diary = sim.run(until=95).nodes["worker"].diary
    assert diary == [(82, "came", 4), (92, "served", 4)]
    drops = [(e.time, e.msg.number, e.detail) for e in sim.trace.where(kind="drop", dest="worker")]
    assert drops == [(50, 2, "down"), (62, 3, "down")]


def test_a_restart_ends_a_pause_like_a_crash():
    sim = office()
    sim.at(25, sim.pause, "worker")
    sim.at(50, sim.restart, "worker")
    worker = sim.run(until=75).nodes["worker"]
    assert worker.diary == [(62, "came", 3), (72, "served", 3)]
    assert [e.kind for e in sim.trace.where(src="worker", kind=("crash", "restart", "start"))] == [
        "start", "crash", "restart", "start",
    ]  # fmt: skip
    assert worker.disk["boots"] == 2


def test_pauses_do_not_add_up_and_a_resume_alone_changes_nothing():
    sim = office()
    for time, call in ((23, "resume"), (25, "pause"), (26, "pause"), (40, "resume"), (41, "resume")):
        sim.at(time, getattr(sim, call), "worker")
    assert sim.run(until=45).nodes["worker"].diary == [(22, "came", 1), (40, "served", 1), (42, "came", 2)]


def test_paused_again_at_the_moment_of_resuming_everything_waits_on():
    sim = office()
    for time, call in ((25, "pause"), (67, "resume"), (67, "pause"), (90, "resume")):
        sim.at(time, getattr(sim, call), "worker")
    diary = sim.run(until=90).nodes["worker"].diary
    assert diary == [(22, "came", 1), (90, "served", 1), (90, "came", 2), (90, "came", 3), (90, "came", 4)]


def test_a_paused_node_keeps_its_memory_in_the_trace_of_states():
    sim = Simulation(Worker("worker"), Boss("boss"), network=Network(latency=2), trace="state")
    sim.at(25, sim.pause, "worker")
    sim.run(until=60)
    assert "came" in sim.trace.where(kind="state", src="worker")[-1].detail["diary"]


# ---------------------------------------------------------------- slow


def test_a_slow_node_takes_factor_times_as_long_for_what_it_has_still_to_do():
    sim = office()
    sim.at(27, sim.slow, "worker", 3)  # half of job 1 is done: the other 5 ms take 15
    sim.at(66, sim.slow, "worker", 1)  # of job 2, which came at 42, 6 of its 30 ms are left: now they are 2
    worker = sim.run(until=95).nodes["worker"]
    assert [time for time, what, _ in worker.diary if what == "served"] == pytest.approx([42, 68, 78, 92])
    assert worker.clock.read() == 95


def test_slow_multiplies_every_timer_and_one_mends_it():
    def dozing(*faults):
        class Sleeper(Node):
            def on_start(self):
                self.woke = []
                self.set_timer("doze", 10)

            def on_doze_timeout(self):
                self.woke.append(self._sim.now)
                self.set_timer("doze", 10)

        sim = Simulation(Sleeper("s"))
        sim.set_faults(faults)
        return sim.run(until=100).nodes["s"].woke

    assert dozing() == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert dozing(Fault(25, "slow", ("s", 4))) == [10, 20, 45, 85]
    assert dozing(Fault(25, "slow", ("s", 4)), Fault(55, "slow", ("s", 1))) == [10, 20, 45, 62.5, 72.5, 82.5, 92.5]
    assert dozing(Fault(25, "slow", ("s", 0.5))) == [10, 20, *(27.5 + 5 * n for n in range(15))]
    pause, resume = Fault(22, "pause", ("s",)), Fault(26, "resume", ("s",))
    assert dozing(pause, Fault(24, "slow", ("s", 4)), resume) == [10, 20, 48, 88]


def test_a_restart_does_not_make_a_slow_machine_fast():
    sim = office()
    sim.at(5, sim.slow, "worker", 3)
    sim.at(10, sim.crash, "worker")
    sim.at(15, sim.restart, "worker")
    assert sim.run(until=60).nodes["worker"].diary[:3] == [(22, "came", 1), (42, "came", 2), (52, "served", 1)]


# ---------------------------------------------------------------- die


class Poisoner(Boss):
    def on_next_timeout(self):
        if self.sent == 1:
            self.send("worker", Poison())
        super().on_next_timeout()


def test_a_node_that_dies_stops_in_the_middle_of_its_handler_like_a_crash_and_says_why():
    class Careless(Worker):
        def on_poison(self, src, msg):
            try:
                self.send("boss", Done(-1))
                self.die("out of memory")
            except Exception:
                self.send("boss", Done(-2))
            self.send("boss", Done(-3))

    sim = Simulation(Careless("worker"), Poisoner("boss"), network=Network(latency=2))
    sim.at(75, sim.restart, "worker")
    sim.run(until=100)
    assert [(e.time, e.detail) for e in sim.trace.where(kind="crash")] == [(42, "out of memory")]
    assert [number for _, number in sim.nodes["boss"].done] == [1, -1, 4], "an except Exception does not catch it"
    assert [e.msg.number for e in sim.trace.where(kind="drop", dest="worker", msg=Job)] == [2, 3]


def test_a_run_goes_on_after_a_death_to_the_same_end_and_its_properties_are_checked():
    sim = Simulation(Worker("worker"), Poisoner("boss"), network=Network(latency=2))
    down = sim.sometimes(lambda sim: not sim.nodes["worker"]._up)
    assert sim.run(until=500).now == 500
    assert down.held_at == 42
    stepped = Simulation(Worker("worker"), Poisoner("boss"), network=Network(latency=2))
    while stepped.now < 500:
        stepped.step()
    assert [e for e in stepped.trace if e.time <= 500][: len(sim.trace)] == list(sim.trace)


def test_a_node_may_die_while_it_boots_each_time():
    class Looping(Node):
        def on_start(self):
            self.disk["boots"] = self.disk.get("boots", 0) + 1
            self.die("the configuration cannot be read")

    sim = Simulation(Looping("a"), Looping("b"))
    for time in (10, 20, 30):
        sim.at(time, sim.restart, "a")
    assert sim.run(until=40).nodes["a"].disk["boots"] == 4
    assert [e.kind for e in sim.trace.where(node="a", after=1)] == ["restart", "start", "crash"] * 3
    sim.restart("b")
    assert not sim.nodes["b"]._up


def test_a_node_alone_in_a_test_can_die():
    worker = isolate(Worker("w"))
    assert worker.receive("boss", Poison()) == []
    assert not worker.node._up
    worker.restart()
    assert worker.node.disk["boots"] == 2


# ---------------------------------------------------------------- act


def test_an_act_is_a_fault_like_any_other():
    sim = office()
    sim.at(50, sim.act, "worker", "deploy", "v2", ["b", "a"], {"y", "x"}, None, 1.5)
    (act,) = sim.faults
    assert str(act) == "sim.at(50, sim.act, 'worker', 'deploy', 'v2', ('b', 'a'), {'x', 'y'}, None, 1.5)"
    again = office()
    eval(str(act), {"sim": again})
    assert again.faults == sim.faults
    again.set_faults([Fault.from_json(json.loads(json.dumps(act.to_json())))])
    assert again.faults == sim.faults
    assert sim.run(until=50).nodes["worker"].diary[-1] == (50, "deployed", "v2", (("b", "a"), ("x", "y"), None, 1.5))
    assert again.run(until=50).trace.digest() == sim.trace.digest()


def test_an_act_needs_a_node_that_is_up_and_waits_for_one_that_is_paused_or_boots():
    def deployed(*faults):
        sim = office()
        sim.set_faults([*faults, Fault(30, "act", ("worker", "deploy", "v2")), Fault(50, "restart", ("worker",))])
        return [line[0] for line in sim.run(until=60).nodes["worker"].diary if line[1] == "deployed"]

    assert deployed() == [30]
    assert deployed(Fault(25, "crash", ("worker",)), Fault(35, "restart", ("worker",))) == []
    assert deployed(Fault(25, "pause", ("worker",)), Fault(45, "resume", ("worker",))) == [45]
    assert deployed(Fault(25, "pause", ("worker",)), Fault(45, "crash", ("worker",))) == []
    assert deployed(Fault(0, "act", ("worker", "deploy", "v1"))) == [0, 30], "at time 0 it comes after the boot"


def test_an_act_may_kill():
    sim = office()
    sim.at(30, sim.act, "worker", "oom")
    sim.run(until=40)
    assert sim.trace.where(kind="crash")[0].detail == "the OOM killer chose it"
    sim.restart("worker")
    sim.act("worker", "oom")
    assert not sim.nodes["worker"]._up


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("worker", "reboot"), r"knows no act 'reboot': define act_reboot\(self\) in Worker. It has deploy, oom"),
        (("worker", "deploy"), "act 'deploy' of node 'worker' cannot be called like this: missing .* 'version'"),
        (("worker", "oom", 1), "cannot be called like this: too many"),
        (("worker", "deploy", object()), "a fault goes to JSON and back"),
        (("worker", "deploy", float("nan")), "an argument of act 'deploy' is nan"),
        (("boss", 7), "knows no act 7"),
    ],
)
def test_an_act_that_cannot_be_is_refused_when_it_is_scheduled(args, says):
    sim = office()
    with pytest.raises(ValueError, match=says):
        sim.at(10, sim.act, *args)
    assert sim.faults == []


# ---------------------------------------------------------------- failure domains and routers


def placed():
    places = Places({"a": Place(rack="R1", zone="Z1"), "c": Place(rack="R1", zone="Z1"), "b": Place(rack="R2")})
    return Simulation(*map(Worker, "abc"), network=Network(places=places))


def boots(sim):
    return [sim.nodes[name].disk.get("boots") for name in "abc"]


def test_a_failure_domain_goes_and_comes_back_as_a_whole():
    sim = placed()
    sim.at(10, sim.crash, "c")
    sim.at(20, sim.remove, "rack", "R1")
    sim.at(30, sim.restore, "rack", "R1")
    sim.at(40, sim.restore, "zone", "Z1")  # all are up
    sim.at(50, sim.remove, "zone", "Z1", burn=True)
    sim.at(60, sim.restore, "zone", "Z1")
    assert [str(f) for f in sim.faults[1:4:2]] == [
        "sim.at(20, sim.remove, 'rack', 'R1')",
        "sim.at(40, sim.restore, 'zone', 'Z1')",
    ]
    assert str(sim.faults[4]) == "sim.at(50, sim.remove, 'zone', 'Z1', burn=True)"
    sim.run(until=25)
    assert [sim.nodes[name]._up for name in "abc"] == [False, True, False]
    assert boots(sim.run(until=45)) == [2, 1, 2]
    assert boots(sim.run(until=55)) == [None, 1, None]
    assert boots(sim.run(until=65)) == [1, 1, 1]
    assert [(e.time, e.src) for e in sim.trace.where(kind="crash")] == [
        (10, "c"), (20, "a"), (50, "a"), (50, "c"),
    ]  # fmt: skip
    again = placed()
    again.set_faults(Fault.from_json(json.loads(json.dumps(f.to_json()))) for f in sim.faults)
    assert again.run(until=65).trace.digest() == sim.trace.digest()


def test_one_that_cannot_boot_does_not_keep_the_others_of_its_domain_down():
    class Broken(Worker):
        def on_start(self):
            if self.disk.get("boots"):
                self.die("cannot boot")
            super().on_start()

    places = Places({name: Place(zone="Z") for name in "abc"})
    sim = Simulation(Broken("a"), Worker("b"), Worker("c"), network=Network(places=places))
    sim.at(10, sim.remove, "zone", "Z")
    sim.at(20, sim.restore, "zone", "Z")
    assert boots(sim.run(until=30)) == [1, 2, 2]


@pytest.mark.parametrize(
    ("call", "args", "says"),
    [
        ("remove", ("zone", "Z9"), "nothing stands in a zone 'Z9': the names are 'Z1'"),
        ("remove", ("planet", "Z1"), "no level 'planet': write one of 'rack', 'zone'"),
        ("restore", ("region", "Z1"), "no place has a region"),
    ],
)
def test_a_failure_domain_that_does_not_exist_is_refused_and_the_known_ones_are_listed(call, args, says):
    sim = placed()
    with pytest.raises(ValueError, match=says):
        sim.at(10, getattr(sim, call), *args)


def test_a_router_crashes_and_restarts_like_a_node_and_nothing_else_can_be_done_to_it():
    class Line:
        nodes = ("boss", "router", "worker")
        edges = (("boss", "router"), ("router", "worker"))

    sim = Simulation(Worker("worker"), Boss("boss"), network=Network(latency=1, topology=Line, routes=True))
    sim.at(35, sim.crash, "router")
    sim.at(70, sim.restart, "router")
    sim.run(until=120)
    served = [number for _, number in sim.nodes["boss"].done]
    assert 1 in served
    assert 5 in served
    assert not {2, 3} & {*served}, "sent while the router was down"
    with pytest.raises(ValueError, match="no node 'router'"):
        sim.at(130, sim.pause, "router")


# ---------------------------------------------------------------- one message is lost


class Bell(Message):
    number: int


class Ringer(Node):
    def on_start(self):
        self.number = 0
        self.set_timer("ring", 10)

    def on_ring_timeout(self):
        self.number += 1
        self.broadcast(Bell(self.number))
        self.set_timer("ring", 10)


class Listener(Node):
    def on_start(self):
        self.heard = []

    def on_bell(self, src, msg):
        self.heard.append(msg.number)


def bells(seed=0, trace="events", queue="heap", **settings):
    """Every 10 ms two ringers ring for two listeners, and a bell is heard 20 to 60 ms later."""
    names = ("x", "y")
    ringers = [Ringer(name, peers=names) for name in "ab"]
    network = Network(**{"latency": (20, 60), **settings})
    return Simulation(*ringers, *map(Listener, names), network=network, seed=seed, trace=trace, queue=queue)


def rows_but_for(trace, lost):
    """The rows of a trace without the faults and without those of one message; ids shown as they are."""
    return [e for e in trace if e.kind not in ("fault", "state") and e.id != lost]


SETTINGS = (
    {"loss": 0.2}, {"duplication": 0.5}, {"duplication": 0.5, "reordering": 0.3, "corruption": 0.2}, {"fifo": True},
    {"bandwidth": 100, "queue_bytes": 4_000}, {"streams": "shared"}, {"streams": "shared", "duplication": 0.3},
)  # fmt: skip


@pytest.mark.parametrize("queue", ["heap", "bucketed"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_that_message_is_lost_and_no_other_row_of_the_run_is_another_one(settings, queue):
    struck = 0
    for seed in range(30):
        plain = bells(seed, queue=queue, **settings).run(until=400)
        sent = plain.trace.where(kind="send", src="a", dest="y")
        sim = bells(seed, queue=queue, **settings)
        # The 7th is sent at 70 ms; when the fault strikes, some copies of it may have come, or it is lost already.
        at = 70 + 7 * (seed % 9 + 1)
        sim.at(at, sim.network.lose, "a", "y", 7)
        sim.run(until=400)
        seventh = sent[6].id
        assert sim.trace.where(kind="send", id=seventh)[0] == sent[6], f"seed {seed}"
        assert rows_but_for(sim.trace, seventh) == rows_but_for(plain.trace, seventh), f"seed {seed}: others changed"
        before = [e for e in plain.trace if e.id == seventh and e.time < at]
        after = plain.trace.where(kind="deliver", id=seventh, after=at)
        drops = [e for e in sim.trace if e.id == seventh and e.time >= at]
        assert [e for e in sim.trace if e.id == seventh and e.time < at] == before, f"seed {seed}: history changed"
        assert [(e.time, e.kind, e.src, e.dest, e.detail) for e in drops] == [(at, "drop", "a", "y", "loss")] * len(
            after
        )
        struck += len(after)
        again = bells(seed, queue=queue, **settings)
        again.set_faults(sim.faults)
        assert again.run(until=400).trace.digest() == sim.trace.digest(), f"seed {seed}"
        silent = bells(seed, "off", queue, **settings)
        silent.set_faults(sim.faults)
        silent.run(until=400)
        assert [n.heard for n in silent.nodes.values() if isinstance(n, Listener)] == [
            n.heard for n in sim.nodes.values() if isinstance(n, Listener)
        ], f"seed {seed}: without a trace another message was lost"
        assert silent.recorded == "off"
    assert struck >= 5


def test_all_copies_of_a_routed_message_are_lost_wherever_they_are():
    class Line:
        nodes = ("a", "b", "x", "y", "west", "east")
        edges = (("a", "west"), ("b", "west"), ("west", "east"), ("east", "x"), ("east", "y"))

    lost = set()
    for seed in range(40):
        routed = {"latency": (5, 15), "topology": Line, "routes": True, "duplication": 0.3}
        plain = bells(seed, **routed).run(until=300)
        sim = bells(seed, **routed)
        at = 71 + seed
        sim.at(at, sim.network.lose, "b", "x", 7)
        sim.run(until=300)
        seventh = plain.trace.where(kind="send", src="b", dest="x")[6].id
        later = [e for e in sim.trace if e.id == seventh and e.time >= at]
        assert {e.kind for e in later} <= {"drop"}, f"seed {seed}: a copy went on"
        assert bool(later) == any(e.id == seventh and e.time >= at for e in plain.trace), f"seed {seed}"
        lost |= {e.detail for e in later}
    assert lost == {"loss at b → west", "loss at west → east", "loss at east → x"}


def test_what_waits_for_a_paused_node_is_lost_and_what_was_heard_is_not():
    for seed in range(10):
        sim = bells(seed)
        sim.at(60, sim.pause, "x")
        sim.at(200, sim.resume, "x")
        sim.at(190, sim.network.lose, "a", "x", 5)  # sent at 50 ms: it came to the door at 110 ms at the latest
        sim.at(200, sim.network.lose, "b", "x", 6)  # faults strike first, but those of one time in their order
        sim.at(300, sim.network.lose, "a", "x", 1)  # long since heard
        sim.at(300, sim.network.lose, "a", "x", 31)  # sent after it
        sim.at(300, sim.network.lose, "a", "x", 3_000)
        sim.run(until=400)
        drops = [(e.time, e.src, e.msg.number, e.detail) for e in sim.trace.where(kind="drop")]
        assert drops == [(190, "a", 5, "loss"), (200, "b", 6, "loss")], f"seed {seed}"
        assert sim.nodes["x"].heard.count(5) == sim.nodes["x"].heard.count(6) == 1, f"seed {seed}: by the other ringer"
        assert sim.nodes["y"].heard.count(5) == 2


def test_without_a_trace_a_message_is_lost_only_if_it_was_known_from_the_start_that_it_would_be():
    sim = bells(trace="off").run(until=100)
    for lose in (
        lambda: sim.at(150, sim.network.lose, "a", "x", 12),
        lambda: sim.network.lose("a", "x", 9),
    ):
        with pytest.raises(
            RuntimeError, match=r"nobody counted what 'a' sent to 'x'.* schedule the fault before the run"
        ):
            lose()
    assert sim.faults == []
    traced = bells().run(until=100)
    traced.network.lose("a", "x", 9)
    assert [e.msg.number for e in traced.trace.where(kind="drop")] == [9]


# ---------------------------------------------------------------- several at once


def test_crashed_and_restarted_before_its_first_boot_a_node_boots_once():
    sim = office()
    sim.at(0, sim.crash, "worker")
    sim.at(0, sim.restart, "worker")
    assert sim.run(until=10).nodes["worker"].disk["boots"] == 1


CHAOS = ["crash", "restart", "burn", "pause", "resume", "tear_write"]


@pytest.mark.parametrize("first", CHAOS)
def test_any_three_faults_on_one_node_leave_it_up_after_a_restart_and_working(first):
    for second, third in itertools.product(CHAOS, repeat=2):
        for gap in (0, 7):
            sim = office()
            for number, call in enumerate((first, second, third)):
                sim.at(25 + gap * number, getattr(sim, call), "worker")
            sim.at(50, sim.resume, "worker")
            sim.at(51, sim.restart, "worker")
            sim.run(until=200)
            why = f"{first}, {second}, {third}, {gap} ms apart"
            assert [number for _, number in sim.nodes["boss"].done][-4:] == [6, 7, 8, 9], why
            lives = [e.kind for e in sim.trace.where(src="worker", kind=("crash", "restart"))]
            assert lives == ["crash", "restart"] * (len(lives) // 2), why
            again = office()
            again.set_faults(sim.faults)
            assert again.run(until=200).trace.digest() == sim.trace.digest(), why


def test_an_edited_list_of_faults_leaves_all_before_it_as_it_was():
    def rows(*faults):
        sim = Simulation(Worker("worker"), Boss("boss"), network=Network(latency=(2, 30), loss=0.2), seed=4)
        sim.set_faults([Fault(50, "pause", ("worker",)), Fault(90, "resume", ("worker",)), *faults])
        return [e for e in sim.run(until=500).trace if e.time < 300]

    for call in ("crash", "pause", "burn", "tear_write"):
        assert rows(Fault(300, call, ("worker",))) == rows()
    assert rows(Fault(300, "network.lose", ("boss", "worker", 9))) == rows()
    assert rows(Fault(300, "corrupt_disk", ("worker", 1))) == rows(Fault(300, "slow", ("worker", 9))) == rows()
