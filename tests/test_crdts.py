"""Shapiro et al. 2011: what makes a type conflict-free, for each of ours."""

import itertools
from random import Random

import pytest
from caught import caught

from dslib import Request
from dslib.protocols.crdts import TRIALS, GCounter, GSet, PnCounter, Replica, State
from dslib.testing import isolate

KINDS = (GSet, GCounter, PnCounter)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def states(kind, seed=0, n=3):
    """States that replicas n1, n2, n3 may be in: each has added something, and some have heard of others."""
    dice = Random(seed)
    replicas = [kind(f"n{i + 1}") for i in range(n)]
    for replica in replicas:
        replica.state = kind.bottom
    found = [kind.bottom]
    for _ in range(12):
        one, other = dice.sample(replicas, 2)
        if dice.random() < 0.6:
            amount = dice.randint(-4, 4) if kind is PnCounter else dice.randint(0, 4)
            one.state = one.added(amount)
        else:
            one.state = one.merged(one.state, other.state)
        found.append(one.state)
    return replicas[0], found


def test_merging_is_a_least_upper_bound(kind):
    """Section 2: commutative, associative and idempotent, so the order and the number of merges do not matter."""
    for seed in range(20):
        replica, some = states(kind, seed)
        join = replica.merged
        for a, b in itertools.product(some, repeat=2):
            assert join(a, b) == join(b, a)
            assert join(a, a) == a
            assert join(a, join(a, b)) == join(a, b)
        for a, b, c in Random(seed).sample(list(itertools.product(some, repeat=3)), 60):
            assert join(join(a, b), c) == join(a, join(b, c))


def test_every_update_makes_the_state_greater(kind):
    """Section 2: updates are inflations, so that merging never undoes one."""
    replica, some = states(kind)
    for state, amount in itertools.product(some, range(5)):
        replica.state = state
        assert replica.merged(state, replica.added(amount)) == replica.added(amount)


def test_the_wrong_variants_break_one_of_the_two_laws():
    for trial in TRIALS:
        for wrong in trial.wrong:
            replica, some = states(wrong, 3)
            join = replica.merged
            bound = all(join(a, b) == join(b, a) and join(a, a) == a for a, b in itertools.product(some, repeat=2))
            greater = True
            for state in some:
                replica.state = state
                changed = replica.added(-2 if wrong.__name__ == "OneCount" else 2)
                greater = greater and join(state, changed) == changed
            assert not (bound and greater), wrong.__name__


@pytest.mark.parametrize(
    ("kind", "adds", "shown"),
    [(GSet, ["a", "b", "a"], frozenset({"a", "b"})), (GCounter, [2, 0, 3], 5), (PnCounter, [2, -5, 1], -2)],
)
def test_what_was_added_is_shown(kind, adds, shown):
    alone = isolate(kind("n1", peers=["n2"]))
    for number, arg in enumerate(adds):
        alone.receive("u", Request(number, "add", None, arg))
    ((_, reply),) = alone.receive("u", Request(99, "read"))
    assert reply.result == shown


def test_a_request_that_comes_twice_is_one_update(kind):
    alone = isolate(kind("n1"))
    for _ in range(2):
        assert len(alone.receive("u", Request(1, "add", None, 3))) == 1
    assert alone.node.shown() in (3, frozenset({3}))


def test_what_was_taken_survives_a_crash(kind):
    alone = isolate(kind("n1"))
    alone.receive("u", Request(1, "add", None, 3))
    before = alone.node.shown()
    alone.crash()
    alone.restart()
    assert alone.node.shown() == before
    alone.receive("u", Request(1, "add", None, 3))
    assert alone.node.shown() == before, "and its repetition is still known"


def test_two_replicas_that_added_the_same_number_have_added_it_twice():
    """Why a counter needs a count for each replica (section 3.1.2): of 3 and 3 the maximum would be 3."""
    one, other = isolate(GCounter("n1")), isolate(GCounter("n2"))
    for number, alone in enumerate((one, other)):
        alone.receive("u", Request(number, "add", None, 3))
    one.receive("n2", State(other.node.state))
    assert one.node.shown() == 6


def test_what_cannot_be_added_is_refused():
    ((_, refusal),) = isolate(GCounter("n1")).receive("u", Request(1, "add", None, -1))
    assert refusal.reason == "cannot add -1"
    ((_, refusal),) = isolate(GSet("n1")).receive("u", Request(1, "remove", None, "a"))
    assert refusal.reason == "not supported"
    with pytest.raises(ValueError, match="every_ms=0"):
        isolate(GSet("n1", every_ms=0))
    with pytest.raises(NotImplementedError):
        isolate(Replica("n1")).receive("u", Request(1, "read"))


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_replicas_agree_in_the_end_and_the_wrong_ones_do_not(trial):
    assert caught(trial, trial.right, range(50)) == []
    for wrong in trial.wrong:
        assert caught(trial, wrong, range(20)), wrong.__name__
