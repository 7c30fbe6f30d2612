"""Three kinds of weeks, as lab 7 relies on them: who is hurt, what the logs know of it, and what the remedies do."""

import copy
import math
import re
from itertools import pairwise

import pytest

from dslib.faultweeks import (
    DORADO,
    KINDS,
    MENU,
    PURSE,
    T_95,
    WEEK_H,
    WITHIN_MS,
    Logbook,
    price,
    run_week,
    settings_of,
    timetable,
)

SEEDS = (3, 4)


def good(row):
    return row.status == 200 and row.took_ms <= WITHIN_MS and row.complete


def share(rows):
    known = [row for row in rows if row.status != 0]
    return sum(map(good, known)) / len(known)


@pytest.fixture(scope="module")
def weeks():
    return {(kind, seed): run_week(kind, seed) for kind in KINDS for seed in SEEDS}


def test_a_week_comes_from_its_seed_and_from_nothing_else(weeks):
    assert run_week("cut", 3) == weeks["cut", 3]
    assert weeks["cut", 3] != weeks["cut", 4]


def test_the_same_users_ask_at_the_same_times_whatever_goes_wrong_and_whatever_is_done(weeks):
    asked = {kind: [(row.hour, row.tenant) for row in weeks[kind, 3].app] for kind in KINDS}
    assert asked["calm"] == asked["cut"] == asked["certificate"]
    retried = run_week("cut", 3, {"retry_budget": 0.1, "backoff_ms": 200, "queue_bound": 6})
    assert [(row.hour, row.tenant) for row in retried.app] == asked["calm"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_calm_week_is_calm(weeks, seed):
    assert 0.99 < share(weeks["calm", seed].app) < 1
    assert weeks["calm", seed].story == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_logs_speak_of_the_same_requests(weeks, seed):
    for kind in KINDS:
        week = weeks[kind, seed]
        requests = [row.request for row in week.app]
        assert len(set(requests)) == len(requests)
        assert {row.request for row in week.servers} <= {row.request for row in week.door} <= set(requests)
        for log in week[:3]:
            assert all(earlier.hour <= later.hour for earlier, later in pairwise(log))
            assert all(0 <= row.hour <= WEEK_H for row in log)
        assert all((row.took_ms == math.inf) == (row.status == 0) for row in week.door)
        assert not any(row.complete for row in week.app if row.status != 200)
        assert {row.status for row in week.servers} == {200}  # nobody refuses while queues are endless


@pytest.mark.parametrize("seed", SEEDS)
def test_when_the_rack_is_back_nothing_gets_better_until_somebody_restarts_the_servers(weeks, seed):
    times = timetable("cut", seed)
    app = weeks["cut", seed].app

    def between(start, end):
        return share([row for row in app if start <= row.hour < end])

    assert between(times.healed + 1, times.healed + 5) < 0.4
    assert between(times.restarted + 3, times.restarted + 20) > 0.97
    mended = run_week("cut", seed, {"queue_bound": 6})
    assert share([row for row in mended.app if times.healed + 1 <= row.hour < times.restarted]) > 0.97
    # The trigger alone: a queue with a bound refuses what two servers cannot do, and serves the others.
    assert share([row for row in mended.app if times.cut + 2 <= row.hour < times.healed]) > 0.6


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_in_the_house_sees_users_who_are_cut_off(weeks, seed):
    times, week = timetable("cut", seed), weeks["cut", seed]
    # Whoever asks less than two seconds before they are back has the second repetition answered, too late.
    off = [row for row in week.app if row.tenant == "cedar" and times.offline <= row.hour < times.online - 2]
    assert len(off) > 2
    assert not any(map(good, off))
    inside = [row for row in week.door if row.tenant == "cedar" and times.offline + 0.1 <= row.hour < times.online]
    assert inside == []


@pytest.mark.parametrize("seed", SEEDS)
def test_an_expired_certificate_refuses_everybody_and_stands_in_no_servers_log(weeks, seed):
    times, week = timetable("certificate", seed), weeks["certificate", seed]
    during = [row for row in week.app if times.expired < row.hour < times.replaced - 5]
    assert {row.status for row in during} <= {503, 504}
    assert not [row for row in week.servers if times.expired + 0.2 < row.hour < times.replaced - 0.1]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deleted_room_is_fast_and_empty_and_only_its_tenant_notices(weeks, seed):
    times = timetable("certificate", seed)
    renewed = run_week("certificate", seed, {"renew_at": 2 / 3})
    since = [row for row in renewed.app if row.tenant == DORADO and row.hour > times.deleted and row.asked == "read"]
    assert all(row.status == 200 for row in since if row.took_ms <= WITHIN_MS)
    assert sum(map(good, since)) < len(since) / 4
    others = [row for row in renewed.app if row.tenant != DORADO]
    assert share(others) > 0.99
    assert all(row.complete for row in others if row.status == 200)


@pytest.mark.parametrize(
    ("changes", "least"), [({"delete_delay_h": 24}, 0.9), ({"snapshots": True}, 0.8), ({"mirror": True}, 0)]
)
def test_what_brings_a_deleted_room_back(changes, least):
    week = run_week("certificate", 4, {"renew_at": 2 / 3, **changes})
    late = [row for row in week.app if row.tenant == DORADO and row.hour > timetable("certificate", 4).missed]
    assert share(late) >= least if least else share(late) < 0.5


# -- the menu ----------------------------------------------------------------------------------------------------------


def test_prices_add_up_and_what_stays_as_it_is_costs_nothing():
    assert price({}) == 0
    assert price({"queue_bound": 6, "renew_at": 0.5}) == 2 == PURSE
    assert price({"extra_servers": 2, "snapshots": True}) == 6
    assert price({name: item.usual for name, item in MENU.items()}) == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quue_bound": 6}, "'quue_bound' is not on the menu, which has queue_bound"),
        ({"queue_bound": 6.5}, "queue_bound is 6.5: write a whole number, 0 or more, or None"),
        ({"queue_bound": True}, "queue_bound is True"),
        ({"retry_budget": "10 %"}, "retry_budget is '10 %': write a share from 0 to 1"),
        ({"renew_at": 1}, "renew_at is 1: write a share of a life, between 0 and 1"),
        ({"backoff_ms": math.nan}, "backoff_ms is nan"),
        ({"backoff_ms": 1e308}, "backoff_ms is 1e+308: write ms, 0 to 60_000"),
        ({"extra_servers": None}, "extra_servers is None: write a whole number from 0 to 3"),
        ({"closed_hours": 13}, "closed_hours is 13: write two hours of the day"),
        ({"closed_hours": (14, 13)}, "closed_hours is"),
        ({"mirror": "yes"}, "mirror is 'yes': write True or False"),
        (["queue_bound"], "are no settings: write a dictionary"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_what_to_write(changes, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        settings_of(changes)


def test_a_number_of_any_kind_is_a_number():
    from decimal import Decimal
    from fractions import Fraction

    import numpy as np

    settings = settings_of(
        {"queue_bound": np.int64(6), "retry_budget": Fraction(1, 10), "renew_at": Decimal("0.5"), "mirror": np.True_}
    )
    assert [settings[name] for name in ("queue_bound", "retry_budget", "renew_at", "mirror")] == [6, 0.1, 0.5, True]
    assert [type(settings[name]) for name in ("queue_bound", "mirror")] == [int, bool]


def test_an_unknown_kind_of_week_is_refused():
    with pytest.raises(ValueError, match="there is no week 'bad': write one of 'calm', 'cut', 'certificate'"):
        run_week("bad", 1)


def test_a_logbook_survives_the_crash_of_who_writes_it():
    book = Logbook()
    assert copy.deepcopy({"book": book})["book"] is book


def test_the_table_of_students_t_is_right():
    """Simpson's rule over the density from 0 to t gives 0.475, to the three digits that are printed."""
    for degrees, t in T_95.items():
        factor = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)

        def below(x, degrees=degrees, factor=factor):
            steps = 2_000
            heights = [(1 + (x * i / steps) ** 2 / degrees) ** (-(degrees + 1) / 2) for i in range(steps + 1)]
            return (
                factor * x / steps / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1::2]) + 2 * sum(heights[2:-1:2]))
            )

        assert below(t - 0.0006) < 0.475 < below(t + 0.0006), degrees
    assert list(T_95) == list(range(1, 30))
