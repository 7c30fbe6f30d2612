"""The whole reference run of the stall that never ends, and the whole sweep for its threshold; minutes.

``make prove`` runs it; pytest does not collect it by itself. ``pytest -s`` prints what was measured.
"""

import pytest

from dslib.failures.retry_storm import CAPACITY, goodput, retry_storm

pytestmark = pytest.mark.timeout(1_800)

SEEDS = range(5)

# The stall is from 60 to 70 s, users are 80 a second, and goodput is that of 200 to 300 s.
WELL = {
    "no retries": {"retries": 0},
    "budget 5 %": {"budget": 0.05},
    "budget 10 %": {"budget": 0.1},
    "queue of 50": {"queue_bound": 50},
}
DOWN = {
    "3 immediate retries": {},
    "exponential backoff": {"backoff_ms": 100.0},
    "backoff with jitter": {"backoff_ms": 500.0, "jitter": True},
    "queue of 150": {"queue_bound": 150},
}


def measured(name, runs):
    print(f"{name}: " + " ".join(f"{one:.1f}" for one in runs))
    return runs


@pytest.mark.parametrize("variant", WELL)
def test_these_recover(variant):
    found = measured(variant, [goodput(retry_storm(seed=seed, **WELL[variant]), 200, 300) for seed in SEEDS])
    assert all(one == pytest.approx(80, rel=0.05) for one in found)


@pytest.mark.parametrize("variant", DOWN)
def test_these_do_not(variant):
    found = measured(variant, [goodput(retry_storm(seed=seed, **DOWN[variant]), 200, 300) for seed in SEEDS])
    assert all(one < 1 for one in found)


def test_a_queue_of_50_is_well_at_once():
    found = measured("queue of 50, 71-91 s", [goodput(retry_storm(seed=s, queue_bound=50), 71, 91) for s in SEEDS])
    assert all(one == pytest.approx(80, rel=0.1) for one in found)


def test_a_budget_of_20_percent_recovers_too_but_slowly():
    runs = [retry_storm(seed=seed, budget=0.2, until_s=700) for seed in SEEDS]
    soon = measured("budget 20 %, 100-150 s", [goodput(sim, 100, 150) for sim in runs])
    late = measured("budget 20 %, 600-700 s", [goodput(sim, 600, 700) for sim in runs])
    assert all(one < 1 for one in soon)
    assert all(one == pytest.approx(80, rel=0.05) for one in late)


def test_after_a_stall_of_one_second_the_seed_decides_and_after_1_5_it_never_recovers():
    after = {
        stall_s: measured(
            f"stall of {stall_s} s", [goodput(retry_storm(seed=seed, stall_s=stall_s), 200, 300) for seed in range(30)]
        )
        for stall_s in (1.0, 1.5)
    }
    recovered = sum(one > 70 for one in after[1.0])
    assert 0 < recovered < 30
    assert recovered + sum(one < 1 for one in after[1.0]) == 30
    assert all(one < 1 for one in after[1.5])


LOADS = [(3, rate) for rate in (15, 20, 24, 26, 30, 40, 50, 70)]
LOADS += [(2, rate) for rate in (30, 32, 35, 50)] + [(1, rate) for rate in (40, 48, 52, 60)] + [(0, 80), (0, 95)]


@pytest.mark.parametrize(("retries", "rate"), LOADS)
def test_it_recovers_if_and_only_if_all_repetitions_together_are_within_its_capacity(retries, rate):
    offered = rate * (1 + retries)
    assert abs(offered / CAPACITY - 1) > 0.03  # closer than that chance decides
    runs = [retry_storm(seed=seed, rate=rate, retries=retries, until_s=2_000) for seed in range(3)]
    found = measured(f"{retries} retries, {rate}/s", [goodput(sim, 1_900, 2_000) for sim in runs])
    if offered < CAPACITY:
        assert all(one == pytest.approx(rate, rel=0.12) for one in found)
    else:
        assert all(one < 1 for one in found)
