"""Clocks that are wrong, and clocks that only order."""

import itertools

import pytest

from dslib import Clock, LamportClock, Node, Simulation, VectorClock, happened_before


def test_a_clock_shows_true_time_plus_offset_plus_drift():
    sim = Simulation(Node("a", clock=Clock(offset=-50, drift=100e-6)), Node("b")).run(until=1_000_000)
    assert sim.nodes["a"].clock.read() == pytest.approx(1_000_000 - 50 + 100)
    assert sim.nodes["b"].clock.read() == 1_000_000


@pytest.mark.parametrize("wrong", [{"drift": -1}, {"drift": float("nan")}, {"offset": float("inf")}])
def test_an_impossible_clock_is_refused(wrong):
    with pytest.raises(ValueError, match=r"a clock's (drift|offset) is"):
        Clock(**wrong)


def test_a_clock_outside_a_simulation_says_so():
    for ask in (Clock().read, Clock().monotonic):
        with pytest.raises(RuntimeError, match="in no simulation"):
            ask()


@pytest.mark.parametrize("drift", [0, 1, 50e-6, -1 / 3, 1e-20])
def test_both_clocks_are_exact_to_the_last_bit(drift):
    clock = Simulation(Node("a", clock=Clock(offset=0.1, drift=drift))).run(until=1_000 / 3).nodes["a"].clock
    assert clock.monotonic() == 1_000 / 3 * (1 + drift)
    assert clock.read() == 1_000 / 3 * (1 + drift) + 0.1
    assert clock.pace == 1 / (1 + drift)


class Diary(Node):
    """Reads both of its clocks every ``every`` ms by its own timer: ``(true time, wall, monotonic)``."""

    every = 100.0

    def on_start(self):
        self.read = []
        self.on_tick_timeout()

    def on_tick_timeout(self):
        self.read.append((self._sim.now, self.clock.read(), self.clock.monotonic()))
        self.set_timer("tick", self.every)


def diary(clock, *faults, until=10_000, **settings):
    sim = Simulation(Diary("d", clock=clock, **settings))
    for time, name, *args in faults:
        *args, options = (*args, {}) if not (args and isinstance(args[-1], dict)) else args
        sim.at(time, getattr(sim, name), *args, **options)
    return sim.run(until=until).nodes["d"].read


def steps(numbers):
    return [b - a for a, b in itertools.pairwise(numbers)]


def test_the_monotonic_clock_never_jumps_whatever_happens_to_the_wall_clock():
    faults = [(1_050, "jump_clock", "d", -5_000), (3_050, "leap_second", "d"), (5_050, "jump_clock", "d", 60_000)]
    read = diary(Clock(offset=77), *faults)
    _, wall, monotonic = zip(*read, strict=True)
    assert set(steps(monotonic)) == {100.0}
    assert [step for step in steps(wall) if step != 100] == [100 - 5_000, 100 - 1_000, 100 + 60_000]
    assert (monotonic[0], wall[0]) == (0, 77)


def test_timers_run_by_the_monotonic_clock_and_no_jump_moves_them():
    read = diary(Clock(), (150, "jump_clock", "d", 1_000_000), (250, "leap_second"), until=500)
    assert [time for time, _, _ in read] == [0, 100, 200, 300, 400, 500]


def test_a_clock_that_begins_to_drift_reads_on_from_where_it_is():
    read = diary(Clock(offset=5), (1_050, "drift_clock", "d", 0.25), (2_050, "drift_clock", "d", 0))
    by_time = {time: (wall, monotonic) for time, wall, monotonic in read}
    assert by_time[1_000.0] == (1_005, 1_000)
    # Its timer, with 50 ms to go, is early from then on: 40 true ms are 50 of its own.
    assert by_time[1_090.0] == (1_105, 1_100)
    assert by_time[1_170.0] == (1_205, 1_200)
    last_time, last_wall, last_monotonic = read[-1]
    assert (last_wall - last_time, last_monotonic - last_time) == pytest.approx((5 + 250, 250))
    assert steps([monotonic for _, _, monotonic in read]) == pytest.approx([100] * (len(read) - 1))


def test_a_leap_second_is_shown_twice_and_only_by_those_it_strikes():
    sim = Simulation(Node("a"), Node("b"), Node("c"))
    sim.at(1_000, sim.leap_second, "b", "a")
    sim.run(until=1_500)
    assert [sim.nodes[name].clock.read() for name in "abc"] == [500, 500, 1_500]
    sim.leap_second()
    assert [sim.nodes[name].clock.read() for name in "abc"] == [-500, -500, 500]
    assert [str(f) for f in sim.faults] == ["sim.at(1000, sim.leap_second, 'a', 'b')", "sim.at(1500, sim.leap_second)"]


def test_a_smeared_leap_second_never_turns_back_and_is_over_in_its_time():
    read = diary(Clock(), (1_000, "leap_second", "d", {"smear_ms": 4_000}))
    wall = {time: wall for time, wall, _ in read}
    assert [wall[t] for t in (1_000, 2_000, 3_000, 4_000, 5_000, 6_000)] == [1_000, 1_750, 2_500, 3_250, 4_000, 5_000]
    assert min(steps([w for _, w, _ in read])) == pytest.approx(75), "a quarter slower: 1000 / 4000"
    stepped = diary(Clock(), (1_000, "leap_second", "d"))
    assert stepped[-1] == read[-1], "when it is over both ways have lost the same second"
    assert read == diary(Clock(), (1_000, "leap_second", "d", {"smear_ms": 4_000}))


def test_smears_and_jumps_add_up():
    sim = Simulation(Node("a"))
    sim.leap_second(smear_ms=2_000)
    sim.at(1_000, sim.leap_second, smear_ms=2_000)
    sim.at(1_500, sim.jump_clock, "a", 10_000)
    sim.run(until=2_000)
    assert sim.nodes["a"].clock.read() == 2_000 - 1_000 - 500 + 10_000
    assert sim.nodes["a"].clock.monotonic() == 2_000


def test_a_clock_survives_the_crash_of_its_node():
    sim = Simulation(Diary("d", clock=Clock(offset=9)))
    sim.at(100, sim.drift_clock, "d", 1)
    sim.at(200, sim.crash, "d")
    sim.at(300, sim.restart, "d")
    assert sim.run(until=300).nodes["d"].read == [(300, 509, 500)]


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        (lambda sim: sim.drift_clock("a", -1), "drifts by a number above -1"),
        (lambda sim: sim.drift_clock("a", float("inf")), "drifts by a number above -1"),
        (lambda sim: sim.leap_second("z"), "no node 'z'"),
        (lambda sim: sim.leap_second("a", "a"), "stands twice"),
        (lambda sim: sim.leap_second(smear_ms=1_000), "cannot be smeared over a second or less"),
        (lambda sim: sim.leap_second(smear_ms=-5), "smear_ms of a leap second is -5"),
        (lambda sim: sim.nodes["a"].clock.set_drift(-2), "a clock's drift is"),
    ],
)
def test_a_clock_fault_that_cannot_be_is_refused(schedule, says):
    with pytest.raises(ValueError, match=says):
        schedule(Simulation(Node("a")))


def history(seed):
    """Three processes that send messages at random; returns each event's stamps and its causes."""
    import random

    dice = random.Random(seed)
    names = "abc"
    lamport = {n: LamportClock() for n in names}
    vector = {n: VectorClock(n) for n in names}
    events, last, inbox = [], {}, []
    for _ in range(25):
        n = dice.choice(names)
        causes = {last[n]} if n in last else set()
        if inbox and dice.random() < 0.5:
            sender_event, lt, vt = inbox.pop(dice.randrange(len(inbox)))
            causes.add(sender_event)
            stamps = lamport[n].receive(lt), vector[n].receive(vt)
        else:
            stamps = lamport[n].tick(), vector[n].tick()
            inbox.append((len(events), *stamps))
        past = set().union(causes, *(events[c][2] for c in causes))
        last[n] = len(events)
        events.append((*stamps, past))
    return events


def test_a_cause_has_a_smaller_lamport_time_and_vector_clocks_decide_exactly():
    converse_fails = False
    for seed in range(50):
        events = history(seed)
        for (i, (lt_i, vt_i, _)), (j, (lt_j, vt_j, past)) in itertools.permutations(enumerate(events), 2):
            caused = i in past
            assert happened_before(vt_i, vt_j) == caused, f"seed {seed}, events {i} and {j}"
            if caused:
                assert lt_i < lt_j, f"seed {seed}, events {i} and {j}"
            elif lt_i < lt_j:
                converse_fails = True
    assert converse_fails, "a smaller Lamport time never came without a cause: the test proves too little"
