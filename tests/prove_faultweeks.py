"""What lab 7 says about weeks in general, and how its checks judge remedies whatever weeks they happen to draw.

Each remedy is tried on many weeks, and then judged as the lab judges it, on thousands of draws of ten weeks from them.
``make prove`` runs it, some five minutes; pytest does not collect it by itself.
"""

from random import Random
from statistics import fmean

import pytest

from dslib.faultweeks import PURSE, price
from grading.checks import lab7

POOL = range(120)  # weeks of each kind
DRAWS = 5_000


def pairs(kind, changes):
    return list(lab7._pairs(kind, POOL, changes))


def clear(pool, dice):
    """How often ten weeks of the pool show a gain, for all users or for the tenant that fares worst."""
    shown = 0
    for _ in range(DRAWS):
        drawn = dice.sample(pool, lab7.WEEKS)
        shown += any(
            lab7._clear([getattr(after, measure) - getattr(before, measure) for before, after in drawn], least)
            for measure, least in (("all_users", lab7.POINTS), ("worst", lab7.WORST_POINTS))
        )
    return shown / DRAWS


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(
    ("kind", "changes", "helps"),
    [
        ("cut", {"queue_bound": 6}, True),
        ("certificate", {"renew_at": 2 / 3}, True),
        ("certificate", {"delete_delay_h": 24}, True),
        ("cut", {"restart_at_h": 41}, False),
        ("cut", {"queue_bound": 1_000}, False),
        ("certificate", {"delete_delay_h": 1, "mirror": True}, False),
    ],
    ids=str,
)
def test_ten_weeks_tell_whether_a_remedy_helps(kind, changes, helps):
    assert price(changes) <= PURSE
    rate = clear(pairs(kind, changes), Random(f"{kind} {changes}"))
    print(f"{kind} {changes}: shown by {rate:.2%} of the draws")
    assert rate > 0.9995 if helps else rate < 0.03


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"queue_bound": 6, "renew_at": 2 / 3}, True),
        ({"retry_budget": 0.1}, True),
        ({"queue_bound": 1}, False),
        ({"closed_hours": (12, 13)}, False),
    ],
    ids=str,
)
def test_six_calm_weeks_tell_what_a_remedy_costs(changes, kept):
    pool, dice = pairs("calm", changes), Random(f"calm {changes}")
    draws = [dice.sample(pool, lab7.CALM_WEEKS) for _ in range(DRAWS)]
    lost = [fmean(100 * (1 - after.good / before.good) for before, after in drawn) for drawn in draws]
    rate = sum(share <= lab7.MAY_COST for share in lost) / DRAWS
    print(f"{changes}: kept in {rate:.2%} of the draws, from {min(lost):.2f} to {max(lost):.2f} % lost")
    assert rate > 0.9995 if kept else rate < 0.0005


@pytest.mark.timeout(3_600)
def test_calm_weeks_meet_the_target_and_no_storm_is_among_them():
    assert min(lab7.score("calm", seed).all_users for seed in POOL) > 99


@pytest.mark.timeout(3_600)
def test_nearly_every_cut_week_has_its_storm():
    shares = [lab7.score("cut", seed).all_users for seed in POOL]
    print(f"{sum(share < 95 for share in shares)} of {len(shares)} cut weeks are below 95 %")
    assert sum(share < 95 for share in shares) >= 0.93 * len(shares)
