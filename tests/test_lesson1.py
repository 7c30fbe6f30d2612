"""Lesson 1: what its demonstrations claim, on twenty seeds and more."""

from math import inf, isnan, nan
from statistics import median

import pytest

from dslib import good_share, slo
from dslib.scenarios import (
    SAVED_WHEN,
    TROUBLES,
    after_the_failure,
    answer_times,
    asking,
    document_seen,
    heard_until,
    laptop_burns,
    need,
    one_computer,
    served,
    several_machines,
    share_of_time,
    try_saved_when,
    watched_parts,
)
from dslib.scenarios.documents import REPAIR_MS
from dslib.sweeps import estimate

SEEDS = range(20)


# ---------------------------------------------------------------- D1.1 where did my document go?


def phone_after_the_fire(seed, machines):
    sim = laptop_burns(seed, machines, at=600).run(until=1_600)
    return [s for s in document_seen(sim) if s.operation.f == "read" and s.operation.invoked > 600]


def test_a_document_on_the_laptop_burns_with_it_and_one_elsewhere_can_still_be_opened():
    for seed in SEEDS:
        assert {s.outcome for s in phone_after_the_fire(seed, 0)} <= {"never", "open"}, seed
        for machines in (1, 3):
            reads = phone_after_the_fire(seed, machines)
            assert len(reads) >= 8, seed
            assert good_share(reads) == 1, (seed, machines)


@pytest.mark.parametrize("machines", [2, 3, 5])
def test_saved_after_one_copy_loses_pages_and_saved_after_a_majority_loses_none(machines):
    for seed in SEEDS:
        assert not after_the_failure(machines, "one", ms_after=0, seed=seed).survived, seed
        for policy in ("majority", "all"):
            for later in (0, 20, 60):
                assert after_the_failure(machines, policy, ms_after=later, seed=seed).away_ms == 0, (
                    seed,
                    policy,
                    later,
                )


def test_saved_after_one_copy_is_safe_as_soon_as_the_copies_are_on_their_way():
    assert all(after_the_failure(3, "one", ms_after=45, seed=seed).survived for seed in SEEDS)


def test_the_safer_the_later_saved_is_said():
    for seed in SEEDS:
        told = [after_the_failure(5, policy, seed=seed).told_ms for policy in ("one", "majority", "all")]
        assert told == sorted(told), seed
        assert told[1] > 4 * told[0], seed


def test_a_disk_that_survives_makes_it_a_question_of_when():
    for seed in SEEDS:
        alone = after_the_failure(1, "one", disk_survives=True, seed=seed)
        assert alone.survived, seed
        assert alone.away_ms == REPAIR_MS, seed
        burnt = after_the_failure(1, "one", seed=seed)
        assert not burnt.survived, seed
        assert isnan(burnt.away_ms), seed


def test_a_fate_is_said_in_a_sentence():
    assert str(after_the_failure(1, "one")).endswith("When m1 failed, 1 machine had the page. It is lost.")
    assert str(after_the_failure(1, "one", True)).endswith("It was away for 400 ms.")
    assert str(after_the_failure(3, "all")).endswith("3 machines had the page. It was there all the time.")
    assert set(SAVED_WHEN) == {"one", "majority", "all"}


# ---------------------------------------------------------------- D1.2 one user, many users


def test_one_computer_is_quicker_for_one_user_and_several_machines_for_many():
    for seed in SEEDS:
        assert served(one_computer(seed, 10)).p50_ms < served(several_machines(seed, 10)).p50_ms, seed
        assert served(one_computer(seed, 95)).p50_ms > served(several_machines(seed, 95)).p50_ms, seed
        assert served(one_computer(seed, 200)).p99_ms == inf, seed
        assert served(several_machines(seed, 200)).p99_ms < 120, seed


# ---------------------------------------------------------------- D1.3 more parts, more or less reliable?


@pytest.mark.parametrize("n", [1, 3, 5])
@pytest.mark.parametrize("word", ["all", "majority", "any"])
def test_what_is_made_of_parts_is_up_as_often_as_theory_says(n, word):
    """Statistical: the mean of 40 runs of 100 s lies within four standard errors of theory."""
    runs = [share_of_time(watched_parts(seed, n, 0.9, word)) for seed in range(40)]
    found, theory = estimate(runs), slo.k_of_n(need(word, n), *[0.9] * n)
    width = (found.high - found.low) / 2 / 1.96
    assert abs(found.mean - theory) <= 4 * max(width, 0.001), (found, theory)


# ---------------------------------------------------------------- D1.4 slow or dead?


def test_until_an_answer_comes_all_troubles_look_the_same():
    for seed in SEEDS:
        heard = [heard_until(asking(seed, trouble), 115.0) for trouble in TROUBLES if trouble != "nothing"]
        assert all(h == [] for h in heard), seed
        late = [heard_until(asking(seed, trouble), 9_000) for trouble in TROUBLES]
        assert [len(h) for h in late] == [1, 1, 0, 0, 0], seed


def test_a_slow_server_answers_later_than_a_healthy_one_mostly_and_no_limit_tells_them_apart():
    healthy, slow = answer_times("nothing"), answer_times("slow")
    assert median(slow) > 4 * median(healthy)
    assert min(slow) < max(healthy), "some slow answers come sooner than some healthy ones"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: laptop_burns(machines=9), "machines is 9: write a whole number from 0"),
        (lambda: one_computer(users=0), "users is 0"),
        (lambda: watched_parts(up=1), "up is 1"),
        (lambda: watched_parts(enough="most"), "the need is 'most'"),
        (lambda: watched_parts(n=0), "n is 0"),
        (lambda: asking(trouble="fire"), "the trouble is 'fire'"),
        (lambda: after_the_failure(saved_when="two"), "saved_when is 'two'"),
        (lambda: after_the_failure(ms_after=nan), "ms_after is nan"),
    ],
)
def test_what_a_scenario_cannot_do_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- your turn


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        (lambda copies, machines: copies > machines / 2, True),
        (lambda copies, machines: copies >= machines // 2 + 1, True),
        (lambda copies, machines: True, False),
        (lambda copies, machines: copies == machines, False),
        (lambda copies, machines: copies >= machines - 1, False),
        (lambda copies, machines: copies >= 2, False),
        (lambda copies, machines: copies >= 3, False),
        (lambda copies, machines: copies >= machines / 2 - 0.5, False),
    ],
)
def test_the_rule_of_more_than_half_alone_stands_the_test(rule, passes):
    assert [bool(try_saved_when(rule, seed)) for seed in range(5)] == [passes] * 5


def test_what_is_wrong_with_a_rule_is_said_and_which_way_to_go():
    assert "called saved with 1 of 3, and lost" in repr(try_saved_when(lambda copies, machines: True))
    assert "Ask for more" in try_saved_when(lambda copies, machines: copies >= 2).conclusion
    assert "Ask for less" in try_saved_when(lambda copies, machines: copies == machines).conclusion
    assert "gives None; return True (saved)" in try_saved_when(lambda copies, machines: None).conclusion
    assert "stops with NameError" in try_saved_when(lambda copies, machines: number).conclusion  # noqa: F821
    assert "hand over the function itself" in try_saved_when(True).conclusion
