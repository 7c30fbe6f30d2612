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
    with pytest.raises(RuntimeError, match="in no simulation"):
        Clock().read()


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
