"""Chang and Roberts 1979: who wins on a ring, and for how many messages, exactly."""

from collections import Counter
from fractions import Fraction
from itertools import permutations
from math import factorial

import pytest

from dslib import Network, Simulation
from dslib.protocols.ring_election import (
    TRIAL,
    ChangRoberts,
    CrownsItself,
    Elected,
    PassesAll,
    Probe,
    SleepsOn,
    probes_needed,
    ring,
)
from dslib.testing import isolate


def elect(numbers, kind=ChangRoberts, begins=None, latency=10, seed=0):
    return Simulation(*ring(numbers, kind, begins), network=Network(latency=latency), seed=seed).run()


def messages(sim):
    """How many there were of each kind: (probes, announcements)."""
    kinds = Counter(type(e.msg) for e in sim.trace if e.kind == "deliver")
    return kinds[Probe], kinds[Elected]


def alone(number=5, **settings):
    return isolate(ChangRoberts("p1", ("p2",), number=number, **settings))


# ---------------------------------------------------------------- rules


def test_a_process_sends_its_own_number_to_the_next_one():
    p1 = alone()
    assert p1.wait(0) == [("p2", Probe(5))]
    assert p1.wait(1_000) == []


def test_a_higher_number_goes_on_and_a_lower_one_is_thrown_away():
    p1 = alone()
    p1.wait(0)
    assert p1.receive("p0", Probe(6)) == [("p2", Probe(6))]
    assert p1.receive("p0", Probe(4)) == []


def test_whose_own_number_comes_back_has_won_and_tells_all():
    p1 = alone()
    p1.wait(0)
    assert p1.receive("p0", Probe(5)) == [("p2", Elected(5))]
    assert p1.node.leader == 5
    assert p1.receive("p0", Elected(5)) == [], "it has been round"


def test_an_announcement_is_believed_and_passed_on():
    p1 = alone()
    p1.wait(0)
    assert p1.receive("p0", Elected(9)) == [("p2", Elected(9))]
    assert p1.node.leader == 9


def test_who_slept_stands_for_election_when_a_lower_number_comes_by_and_only_then():
    p1 = alone(begins=None)
    assert p1.wait(1_000) == []
    assert p1.receive("p0", Probe(4)) == [("p2", Probe(5))]
    assert p1.receive("p0", Probe(3)) == []
    p1 = alone(begins=10)
    assert p1.receive("p0", Probe(6)) == [("p2", Probe(6))]
    assert p1.wait(1_000) == [], "it could not win any more"


# ---------------------------------------------------------------- what it costs


@pytest.mark.parametrize("n", [2, 3, 5, 8, 20])
def test_at_worst_it_takes_n_times_n_plus_1_halves_probes_and_n_announcements(n):
    assert messages(elect(range(n, 0, -1))) == (n * (n + 1) // 2, n)


@pytest.mark.parametrize("n", [2, 3, 5, 8, 20])
def test_at_best_it_takes_2n_minus_1_probes_and_n_announcements(n):
    assert messages(elect(range(n))) == (2 * n - 1, n)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_on_average_over_all_orders_it_takes_n_times_the_nth_harmonic_number(n):
    total = 0
    for numbers in permutations(range(n)):
        probes = sum(node.probes for node in elect(numbers).nodes.values())
        assert 2 * n - 1 <= probes <= n * (n + 1) // 2
        assert probes == probes_needed(numbers), numbers
        total += probes
    assert Fraction(total, factorial(n)) == n * sum(Fraction(1, k) for k in range(1, n + 1))


def test_how_long_messages_take_changes_nothing_about_how_many_there_are():
    numbers = (3, 9, 4, 1, 7, 2)
    for seed in range(30):
        assert messages(elect(numbers, latency=(1, 200), seed=seed)) == (probes_needed(numbers), 6), seed


def test_all_know_after_one_round_of_probes_and_one_of_announcements():
    assert elect(range(7)).now == 2 * 7 * 10
    assert elect(range(7, 0, -1)).now == 2 * 7 * 10


@pytest.mark.parametrize("n", [3, 8])
def test_if_nothing_is_thrown_away_each_number_takes_n_probes_in_any_order(n):
    for numbers in (range(n), range(n, 0, -1)):
        probes, announcements = messages(elect(numbers, PassesAll))
        assert (probes, announcements) == (n * n, n * n), "and everybody wins and tells all"


# ---------------------------------------------------------------- who wins


def test_the_highest_wins_whoever_begins():
    for numbers in permutations(range(4)):
        for first in range(4):
            sim = elect(numbers, begins=[0 if place == first else None for place in range(4)])
            assert {node.leader for node in sim.nodes.values()} == {3}, (numbers, first)


def test_the_right_one_is_never_caught():
    for seed in range(200):
        assert TRIAL.judge(TRIAL.build(seed, ChangRoberts).run(until=TRIAL.until_ms)) == "", seed


@pytest.mark.parametrize(("wrong", "words"), [(CrownsItself, "takes"), (SleepsOn, "takes None"), (PassesAll, "takes")])
def test_each_known_bad_variant_is_caught_for_what_it_gets_wrong(wrong, words):
    found = [TRIAL.judge(TRIAL.build(seed, wrong).run(until=TRIAL.until_ms)) for seed in range(60)]
    assert any(words in sentence for sentence in found)


# ---------------------------------------------------------------- what makes no sense


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        ((), {"number": 1}, "comes next"),
        ((("p1",),), {"number": 1}, "comes next"),
        ((("p2", "p3"),), {"number": 1}, "comes next"),
        ((("p2",),), {}, "number=None"),
        ((("p2",),), {"number": 1.5}, "whole number"),
        ((("p2",),), {"number": 1, "begins": -1}, "0 or more"),
    ],
)
def test_a_process_that_makes_no_sense_is_refused_when_it_is_built(arguments, settings, words):
    with pytest.raises(ValueError, match=words):
        ChangRoberts("p1", *arguments, **settings)


@pytest.mark.parametrize(
    ("numbers", "begins", "words"),
    [([1], None, "two or more"), ([1, 1], None, "only once"), ([1, 2], [0], "one for each")],
)
def test_a_ring_that_makes_no_sense_is_refused(numbers, begins, words):
    with pytest.raises(ValueError, match=words):
        ring(numbers, begins=begins)
