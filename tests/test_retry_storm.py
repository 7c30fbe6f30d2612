"""The stall that never ends, on a smaller scale than in ``prove_retry_storm.py``: it comes sooner, fewer seeds.

Users are 80 a second unless a test says otherwise, the server can do 100. The seeds are the first ones, not chosen.
"""

import pytest

from dslib.failures.retry_storm import CAPACITY, goodput, retry_storm

SEEDS = (0, 1)
STALL_AT_S, UNTIL_S = 10.0, 150.0


def later(seed, **settings):
    """Good answers a second at the end."""
    sim = retry_storm(seed=seed, stall_at_s=STALL_AT_S, until_s=UNTIL_S, **settings)
    return goodput(sim, UNTIL_S - 40, UNTIL_S)


def is_well(found, rate=80.0):
    return found == pytest.approx(rate, rel=0.1)  # 40 s of arrivals at 80 a second scatter by 2 %


@pytest.mark.parametrize("seed", SEEDS)
def test_without_repetitions_it_recovers_slowly(seed):
    sim = retry_storm(seed=seed, retries=0, stall_at_s=STALL_AT_S, until_s=UNTIL_S)
    assert is_well(goodput(sim, 0, STALL_AT_S))
    # 800 wait when the stall is over, 20 a second fewer from then on: it takes 35 s until nobody waits longer than 1 s.
    assert goodput(sim, STALL_AT_S + 10, STALL_AT_S + 30) == 0
    assert is_well(goodput(sim, UNTIL_S - 40, UNTIL_S))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "pause",
    [{}, {"backoff_ms": 100.0}, {"backoff_ms": 500.0, "jitter": True}],
    ids=["at once", "exponential backoff", "backoff with jitter"],
)
def test_three_repetitions_keep_it_down_however_they_are_spaced(seed, pause):
    assert later(seed, retries=3, **pause) < 1


@pytest.mark.parametrize("seed", SEEDS)
def test_three_repetitions_do_no_harm_without_a_stall(seed):
    sim = retry_storm(seed=seed, stall_s=0, until_s=60)
    assert is_well(goodput(sim, 0, 60))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("budget", [0.05, 0.1])
def test_a_budget_for_repetitions_lets_it_recover(seed, budget):
    assert is_well(later(seed, budget=budget))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_short_queue_lets_it_recover_at_once(seed):
    sim = retry_storm(seed=seed, queue_bound=50, stall_at_s=STALL_AT_S, until_s=UNTIL_S)
    resumed_s = STALL_AT_S + 10
    assert is_well(goodput(sim, resumed_s + 1, resumed_s + 21))
    assert is_well(goodput(sim, UNTIL_S - 40, UNTIL_S))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_queue_longer_than_users_are_patient_keeps_it_down(seed):
    # 150 wait 1.5 s, all of them are served, and all of them after the second that they had.
    assert later(seed, queue_bound=150) < 1


def test_after_a_stall_of_one_second_the_seed_decides():
    after_1_s = [later(seed, stall_s=1.0) for seed in range(8)]
    assert any(is_well(found) for found in after_1_s)
    assert any(found < 1 for found in after_1_s)
    assert all(later(seed, stall_s=1.5) < 1 for seed in SEEDS)


@pytest.mark.parametrize(("retries", "rate"), [(0, 80), (1, 40), (1, 60), (2, 30), (2, 37), (3, 20), (3, 30)])
def test_it_recovers_if_and_only_if_all_repetitions_together_are_within_its_capacity(retries, rate):
    sim = retry_storm(rate=rate, retries=retries, stall_at_s=STALL_AT_S, until_s=200)
    found = goodput(sim, 150, 200)
    if rate * (1 + retries) < CAPACITY:
        assert is_well(found, rate)
    else:
        assert found < 1


def test_the_same_seed_gives_the_same_storm():
    one, other = (retry_storm(seed=3, stall_at_s=2, stall_s=2, until_s=10) for _ in range(2))
    assert list(one.history) == list(other.history)
    assert list(one.history) != list(retry_storm(seed=4, stall_at_s=2, stall_s=2, until_s=10).history)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"stall_s": -1.0}, "stall_s"), ({"until_s": float("inf")}, "until_s"), ({"until_s": 60.0}, "later until_s")],
)
def test_a_run_that_cannot_be_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        retry_storm(**settings)


def test_goodput_of_a_time_that_was_not_simulated_is_refused():
    sim = retry_storm(stall_at_s=1, stall_s=1, until_s=3)
    for after_s, before_s in ((2, 2), (-1, 2), (2, 4)):
        with pytest.raises(ValueError, match="two times in it"):
            goodput(sim, after_s, before_s)
