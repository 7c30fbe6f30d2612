"""Those who run a service: supervisors, operators, automation and monitors, right and wrong."""

from itertools import pairwise

import pytest

from dslib import Network, Node, Simulation
from dslib.operations import Automation, Look, Monitor, Operator, Supervisor, View


class Worker(Node):
    """Does what it is told, and keeps it."""

    def on_start(self):
        self.told = []

    def on_do(self, src, msg):
        self.told.append((self._sim.now, msg.what, *msg.args))


class Doomed(Node):
    """Dies so many ms after each boot."""

    lives_ms = 10.0

    def on_start(self):
        if not self.disk.get("repaired"):
            self.set_timer("end", self.lives_ms)

    def on_end_timeout(self):
        self.die("again")


class Meter(Node):
    """Tells what it has been told to tell, and since when it collects."""

    facts = (("idle", "s"),)
    since = 0.0

    def on_look(self, src, msg):
        self.send(src, View(self.facts, self.since))


def instant(*nodes, seed=1):
    return Simulation(*nodes, network=Network(latency=0), seed=seed)


def starts(sim, node):
    return [event.time for event in sim.trace.where(kind="restart", src=node)]


# -- supervisor ----------------------------------------------------------------------------------------------------


def test_a_supervisor_starts_a_dead_process_again_after_its_delay():
    sim = instant(Worker("s"), Supervisor("sup", watches=("s",), delay_ms=100, check_ms=20))
    sim.at(50, sim.crash, "s")
    sim.run(until=1_000)
    assert starts(sim, "s") == [160]  # found out at 60
    assert sim.nodes["sup"].restarts == {"s": 1}


def test_a_supervisor_counts_for_each_node_and_leaves_alone_whom_it_does_not_watch():
    sim = instant(*map(Worker, "stu"), Supervisor("sup", watches=("s", "t"), delay_ms=10))
    for time, node in ((50, "s"), (200, "s"), (250, "t"), (300, "u")):
        sim.at(time, sim.crash, node)
    sim.run(until=1_000)
    assert sim.nodes["sup"].restarts == {"s": 2, "t": 1}
    assert starts(sim, "u") == []


def waits(**settings):
    """How long each death of a process that dies again and again lasted, to the interval of the checks."""
    sim = instant(Doomed("s"), Supervisor("sup", watches=("s",), check_ms=1, **settings))
    sim.run(until=10_000)
    died = [event.time for event in sim.trace.where(kind="crash", src="s")]
    return [round(back - gone) for gone, back in zip(died, starts(sim, "s"), strict=False)]


def test_each_further_death_makes_the_wait_longer_up_to_the_most():
    expected = [100, 200, 400, 800, 1_000, 1_000]
    found = waits(delay_ms=100, factor=2, most_ms=1_000)[:6]
    assert all(wait <= of <= wait + 1 for of, wait in zip(found, expected, strict=True)), found


def test_with_factor_1_every_wait_is_the_same():
    found = waits(delay_ms=100)
    assert len(found) > 50
    assert set(found) <= {100, 101}


def test_who_lived_long_enough_since_its_restart_begins_with_the_first_delay_again():
    sim = instant(Worker("s"), Supervisor("sup", watches=("s",), delay_ms=100, factor=10, calm_ms=2_000, check_ms=1))
    for time in (10, 500, 5_000):
        sim.at(time, sim.crash, "s")
    sim.run(until=8_000)
    back = [time - gone for gone, time in zip((10, 500, 5_000), starts(sim, "s"), strict=True)]
    assert [100 <= back[0] <= 102, 1_000 <= back[1] <= 1_002, 100 <= back[2] <= 102] == [True] * 3, back


def test_a_supervisor_does_not_take_the_paused_for_dead():
    sim = instant(Worker("s"), Supervisor("sup", watches=("s",), delay_ms=10))
    sim.at(50, sim.pause, "s")
    sim.run(until=1_000)
    assert starts(sim, "s") == []


def test_whom_somebody_else_has_started_meanwhile_is_left_alone_even_when_it_is_paused():
    sim = instant(Worker("s"), Supervisor("sup", watches=("s",), delay_ms=200))
    sim.at(50, sim.crash, "s")
    sim.at(100, sim.restart, "s")
    sim.at(150, sim.pause, "s")
    sim.run(until=1_000)
    assert starts(sim, "s") == [100]
    assert sim.nodes["sup"].restarts == {"s": 0}


def test_after_so_many_deaths_in_a_row_the_disk_is_put_right_before_the_restart():
    def repair(node):
        node.disk["repaired"] = True

    sim = instant(Doomed("s"), Supervisor("sup", watches=("s",), delay_ms=50, loop_after=3, on_loop=repair))
    sim.run(until=10_000)
    assert sim.nodes["sup"].restarts == {"s": 3}
    (log,) = sim.trace.where(kind="log", src="sup")
    assert "crash loop" in str(log)


def test_without_a_count_a_crash_loop_goes_on():
    sim = instant(Doomed("s"), Supervisor("sup", watches=("s",), delay_ms=50))
    sim.run(until=10_000)
    assert sim.nodes["sup"].restarts["s"] > 100


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"watches": ()}, r"watches=\(\): write names, watches=\('s1', 's2'\)"),
        ({"watches": "s"}, "watches='s': write names"),
        ({"delay_ms": -1}, "delay_ms=-1: write a number from 0 on"),
        ({"delay_ms": "1 s"}, "delay_ms='1 s': write a number from 0 on"),
        ({"factor": 0.5}, "factor=0.5: write a number from 1 on"),
        ({"most_ms": float("inf")}, "most_ms=inf: write a number"),
        ({"calm_ms": float("nan")}, "calm_ms=nan: write a number"),
        ({"check_ms": 0}, "check_ms=0: write a number from 0.001 on"),
        ({"loop_after": 0, "on_loop": print}, "loop_after=0: write a whole number from 1 on, or None"),
        ({"loop_after": 3}, "loop_after=3 and has no on_loop to call"),
    ],
)
def test_a_supervisor_with_an_impossible_setting_is_refused_by_name(settings, says):
    with pytest.raises(ValueError, match=f"supervisor 'sup'.*{says}"):
        Supervisor("sup", **{"watches": ("s",), **settings})


# -- operator ------------------------------------------------------------------------------------------------------

RUNBOOK = ((10, "s", "drain"), (100, "s", "set", "limit", 5), (0, "t", "drain"))


def test_an_operator_works_through_the_runbook_from_the_time_that_he_is_told_to():
    sim = instant(Worker("s"), Worker("t"), Operator("op", runbook=RUNBOOK))
    sim.at(1_000, sim.act, "op", "follow")
    sim.run()
    assert sim.nodes["s"].told == [(1_010, "drain"), (1_110, "set", "limit", 5)]
    assert sim.nodes["t"].told == [(1_110, "drain")]
    assert sim.nodes["op"].slipped == 0


def test_an_operator_who_is_not_told_to_does_nothing():
    sim = instant(Worker("s"), Worker("t"), Operator("op", runbook=RUNBOOK)).run(until=1e5)
    assert sim.nodes["s"].told == sim.nodes["t"].told == []


def test_a_slip_goes_to_another_peer_than_the_one_that_was_meant_and_is_counted():
    runbook = [(1, "s", "drain")] * 50
    sim = instant(*map(Worker, "stu"), Operator("op", peers=("s", "t", "u"), runbook=runbook, slips=1))
    sim.at(0, sim.act, "op", "follow")
    sim.run()
    hit = [len(sim.nodes[name].told) for name in "stu"]
    assert hit[0] == 0
    assert min(hit[1:]) > 10
    assert sum(hit) == sim.nodes["op"].slipped == 50
    assert len(sim.trace.where(kind="log", src="op")) == 50


def test_slips_have_their_probability():
    slipped = 0
    for seed in range(20):
        runbook = [(1, "s", "drain")] * 100
        sim = instant(*map(Worker, "st"), Operator("op", peers=("s", "t"), runbook=runbook, slips=0.1), seed=seed)
        sim.at(0, sim.act, "op", "follow")
        sim.run()
        assert len(sim.nodes["t"].told) == sim.nodes["op"].slipped
        slipped += sim.nodes["op"].slipped
    assert abs(slipped - 200) <= 54  # four standard deviations of 2000 steps


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"slips": 1.5, "peers": ("s",)}, "slips=1.5: write a probability"),
        ({"slips": "often", "peers": ("s",)}, "slips='often': write a probability"),
        ({"slips": 0.1}, "slips=0.1: write a probability, and peers whom a slip may hit"),
        ({"runbook": [(10, "s")]}, r"step \(10, 's'\): write \(ms to wait, 'node', 'what', …\)"),
        ({"runbook": [(-1, "s", "drain")]}, r"step \(-1, 's', 'drain'\): write"),
        ({"runbook": [("s", "drain", 10)]}, r"step \('s', 'drain', 10\): write"),
        ({"runbook": (10, "s", "drain")}, "step 10: write"),
        ({"runbook": ["drain"]}, "step 'drain': write"),
    ],
)
def test_an_operator_with_an_impossible_setting_is_refused_by_name(settings, says):
    with pytest.raises(ValueError, match=f"operator 'op'.*{says}"):
        Operator("op", **settings)


# -- automation ----------------------------------------------------------------------------------------------------


class Tidier(Automation):
    """Stops whatever is idle."""

    def decide(self, facts):
        return [(node, "stop", 7) for what, node in sorted(facts.items()) if what.startswith("idle")]


MANY = (("idle 1", "s"), ("idle 2", "t"), ("idle 3", "u"))


def tidy(facts=MANY, since=0.0, until=2_500, **settings):
    nodes = [*map(Worker, "stu"), Meter("meter", facts=facts, since=since)]
    return instant(*nodes, Tidier("tidier", source="meter", every_ms=1_000, **settings)).run(until=until)


def told(sim):
    return [[time for time, what, arg in sim.nodes[name].told if (what, arg) == ("stop", 7)] for name in "stu"]


def test_an_automation_looks_decides_and_acts_once_every_interval():
    sim = tidy()
    assert told(sim) == [[1_000, 2_000]] * 3
    assert sim.nodes["tidier"].acted == 6
    looks = [event.time for event in sim.trace.where(kind="send", src="tidier") if type(event.msg) is Look]
    assert looks == [1_000, 2_000]


def test_without_brakes_it_believes_whatever_it_is_told():
    assert told(tidy(facts=(("idle because the meter has just started", "u"),), since=999)) == [[], [], [1_000, 2_000]]


def test_a_brake_bounds_the_acts_of_a_round():
    sim = tidy(most=1)
    assert told(sim) == [[1_000, 2_000], [], []]
    assert "wants 3 acts and is allowed 1" in str(sim.trace.where(kind="log", src="tidier")[0])
    assert told(tidy(most=0)) == [[], [], []]


def test_a_brake_waits_for_a_view_that_covers_enough_time():
    sim = tidy(since=500.0, covers_ms=1_000)
    assert told(sim) == [[2_000]] * 3
    assert "does not cover 1000 ms" in str(sim.trace.where(kind="log", src="tidier")[0])


def test_a_dry_run_only_says_what_it_would_do():
    sim = tidy(dry_run=True)
    assert told(sim) == [[], [], []]
    assert sim.nodes["tidier"].acted == 0
    logs = [str(event) for event in sim.trace.where(kind="log", src="tidier")]
    assert len(logs) == 6
    assert "would tell s to stop" in logs[0]


def test_a_subclass_may_note_each_act():
    class Noting(Tidier):
        def on_start(self):
            super().on_start()
            self.noted = []

        def done(self, node):
            self.noted.append(node)

    nodes = [*map(Worker, "stu"), Meter("meter", facts=MANY)]
    sim = instant(*nodes, Noting("tidier", source="meter", every_ms=1_000, most=2)).run(until=1_500)
    assert sim.nodes["tidier"].noted == ["s", "t"]


def test_an_automation_that_was_told_no_rule_does_nothing():
    sim = instant(Meter("meter"), Automation("a", source="meter", every_ms=100)).run(until=1_000)
    assert sim.nodes["a"].acted == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"source": ""}, "no source to look at: write source='meter'"),
        ({"every_ms": 0}, "every_ms=0: write ms above 0"),
        ({"every_ms": "10 s"}, "every_ms='10 s': write ms above 0"),
        ({"covers_ms": -1}, "covers_ms=-1: write ms, 0 or more"),
        ({"most": -1}, "most=-1: write how many acts are allowed in a round, or None"),
        ({"most": 0.5}, "most=0.5: write how many acts"),
    ],
)
def test_an_automation_with_an_impossible_setting_is_refused_by_name(settings, says):
    with pytest.raises(ValueError, match=f"automation 'a'.*{says}"):
        Automation("a", **{"source": "meter", **settings})


# -- monitor -------------------------------------------------------------------------------------------------------


def test_a_monitor_reads_all_gauges_once_every_interval():
    gauges = {"time": lambda sim: sim.now, "nodes up": lambda sim: sum(node._up for node in sim.nodes.values())}
    sim = instant(Worker("s"), Monitor("m", gauges=gauges, every_ms=250))
    sim.at(600, sim.crash, "s")
    sim.run(until=1_000)
    assert sim.nodes["m"].samples == [
        (at, {"time": at, "nodes up": up}) for at, up in ((250, 2), (500, 2), (750, 1), (1_000, 1))
    ]


def test_a_monitor_changes_nothing_that_it_reads():
    def told_with(*more):
        nodes = [*map(Worker, "stu"), Meter("meter", facts=MANY), Tidier("tidier", source="meter", every_ms=1_000)]
        return told(Simulation(*nodes, *more, seed=4).run(until=5_000))

    assert told_with() == told_with(Monitor("m", gauges={"now": lambda sim: sim.now}, every_ms=7))


def test_readings_are_numbers_even_of_a_gauge_that_says_yes_or_no():
    sim = instant(Monitor("m", gauges={"well": lambda sim: True}, every_ms=100)).run(until=300)
    assert [(type(values["well"]), values["well"]) for _, values in sim.nodes["m"].samples] == [(float, 1.0)] * 3
    assert all(b - a == 100 for (a, _), (b, _) in pairwise(sim.nodes["m"].samples))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"every_ms": 0}, "every_ms=0: write ms above 0"),
        ({"every_ms": None}, "every_ms=None: write ms above 0"),
        ({"gauges": {"live": 3}}, "the gauge 'live': 3: write a function of the simulation"),
    ],
)
def test_a_monitor_with_an_impossible_setting_is_refused_by_name(settings, says):
    with pytest.raises(ValueError, match=f"monitor 'm'.*{says}"):
        Monitor("m", **settings)


# -- nodes that do not exist ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (lambda: Supervisor("sup", watches=("x",)), r"Supervisor\('sup'\) watches 'x'"),
        (lambda: Operator("op", runbook=[(1, "x", "drain")]), r"Operator\('op'\) has a step for 'x'"),
        (lambda: Operator("op", peers=("x",), slips=0.5), r"Operator\('op'\) may slip to 'x'"),
        (lambda: Tidier("a", source="x"), r"Tidier\('a'\) looks at 'x'"),
    ],
    ids=["supervisor", "step", "slip", "source"],
)
def test_a_node_that_does_not_exist_is_named_before_anything_happens(node, says):
    with pytest.raises(ValueError, match=rf"{says}, and there is no such node: there are s, "):
        instant(Worker("s"), node()).run(until=1)
