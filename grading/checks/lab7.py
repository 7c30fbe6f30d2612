"""The properties of Lab 7, on small weeks made by hand, on random ones, and on weeks that are played here.

What a learner would do about the fault weeks is a dictionary of settings. The weeks in which it is tried are played by
this module, in the process of the grader, and counted here; of the learner's functions only ``mitigation`` is asked.
The seeds of those weeks come from the instructor's secret alone: they are the same for all learners of a course, and no
learner has seen them.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random
from statistics import fmean, stdev
from typing import Any, NamedTuple

from dslib.exercises import Lab
from dslib.faultweeks import (
    DORADO,
    PURSE,
    T_95,
    TENANTS,
    WITHIN_MS,
    AppRow,
    DoorRow,
    ServerRow,
    Week,
    asked,
    play,
    price,
    run_week,
    settings_of,
)
from grading.checks.asking import (
    SOLUTIONS,
    Known,
    NotTrue,
    Properties,
    Student,
    items,
    number,
    same,
    short,
    table,
    words,
)

ROUNDS = 30
#: So many unseen weeks of each kind in which a mitigation is tried, and so many calm ones.
WEEKS, CALM_WEEKS = 10, 6
#: What a mitigation has to bring, in percentage points on average: to all users, or to the tenant that fares worst.
POINTS, WORST_POINTS = 1.0, 10.0
#: In this share of the weeks, at least.
MOST = 0.8
#: What it may cost in a calm week, in per cent of the goodput.
MAY_COST = 0.5
KINDS_OF_TROUBLE = ("cut", "certificate")
TARGETS = (0.9, 0.95, 0.97, 0.99, 0.995, 0.999)


def exact(value: float) -> Fraction:
    """The number as it prints."""
    return Fraction(str(value))


# -- weeks to ask about ------------------------------------------------------------------------------------------------


def is_good(row: AppRow, within_ms: float) -> bool:
    return row.status == 200 and row.took_ms <= within_ms and row.complete


def users(week: Week, within_ms: float = WITHIN_MS) -> tuple[int, int]:
    """Good and valid, as the users had it."""
    known = [row for row in week.app if row.status != 0]
    return sum(is_good(row, within_ms) for row in known), len(known)


def tenants(week: Week, within_ms: float = WITHIN_MS) -> dict[str, tuple[int, int]]:
    """Good and valid of each tenant."""
    names = dict.fromkeys(row.tenant for row in week.app)
    return {name: users(Week([row for row in week.app if row.tenant == name], (), (), ()), within_ms) for name in names}


def fates(week: Week, within_ms: float) -> Counter[str]:
    """What became of each bad request of a user."""
    reached = {row.request for row in week.door}
    served = {row.request for row in week.servers if row.status == 200}
    found: Counter[str] = Counter()
    for row in week.app:
        if row.status == 0 or is_good(row, within_ms):
            continue
        if row.status == 200 and row.took_ms <= within_ms:
            found["wrong answer"] += 1
        elif row.request not in reached:
            found["before the door"] += 1
        else:
            found["too late" if row.request in served else "not served"] += 1
    return found


FATES = ("wrong answer", "before the door", "not served", "too late")


#: What may happen to a request of a random week.
FATES_OF_A_REQUEST = (
    *("fine", "fine", "fine", "edge", "late", "wrong", "stale"),
    *("lost", "hung", "refused", "cut", "unserved", "open"),
)


def some_week(dice: Random, size: int, within_ms: float) -> Week:
    """A week of ``size`` requests in which everything happens; the logs fit together."""
    app: list[AppRow] = []
    door: list[DoorRow] = []
    servers: list[ServerRow] = []
    for request in range(1, size + 1):
        hour, tenant = dice.randrange(168 * 4) / 4, dice.choice([*TENANTS, DORADO])
        asked = dice.choice(["post", "read", "read"])
        fate = dice.choice(FATES_OF_A_REQUEST)
        took = {
            "edge": within_ms,
            "late": within_ms + dice.choice([0.1, 1, 900]),
            "stale": within_ms + 40,
            "lost": 4_000.0,
            "hung": 4_000.0,
            "cut": 4_000.0,
        }.get(fate, dice.choice([12.0, 240.5, within_ms / 2]))
        status = {"refused": 503, "lost": 504, "hung": 504, "cut": 504, "unserved": 504, "open": 0}.get(fate, 200)
        app.append(AppRow(hour, request, tenant, asked, status, took, status == 200 and fate not in ("wrong", "stale")))
        if fate == "cut":
            continue
        for _ in range(dice.choice([1, 1, 2])):
            passed = {"refused": 503, "hung": 0, "unserved": 0, "open": 0}.get(fate, 200)
            waited = math.inf if passed == 0 else dice.choice([took, 30.0, within_ms, within_ms + 0.5])
            door.append(DoorRow(hour, request, tenant, passed, waited))
            if fate not in ("unserved", "open"):
                name, served = dice.choice(["s1", "s2"]), 503 if fate == "refused" else 200
                worked = 0.0 if served == 503 else dice.choice([90.0, 120.0, within_ms, within_ms + 0.5])
                servers.append(ServerRow(hour, request, tenant, name, served, worked))
    return Week(
        tuple(sorted(app, key=lambda row: row.hour)),
        tuple(sorted(door, key=lambda row: row.hour)),
        tuple(sorted(servers, key=lambda row: row.hour)),
        (),
    )


def in_words(week: Week) -> str:
    if len(week.app) > 3:
        return f"a week with {len(week.app):,}, {len(week.door):,} and {len(week.servers):,} rows"
    return short(week[:3])


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_seed(learner: str) -> int:
    return Lab("lab7", learner, folder=SOLUTIONS / "lab7").seed


@lru_cache(maxsize=256)
def played(kind: str, seed: int, changes: tuple[tuple[str, Any], ...] = ()) -> Week:
    return run_week(kind, seed, dict(changes))


def known(learner: str) -> list[Known]:
    """The learner's own weeks, without a change, which the cells say in two ways."""
    weeks = [(kind, own_seed(learner)) for kind in ("calm", *KINDS_OF_TROUBLE)]
    return [Known(run_week, (week, (*week, {})), played(*week)) for week in weeks]


def weeks_for(dice: Random, learner: str) -> list[tuple[Week, float]]:
    """Weeks from small to large, and two of the learner's own, each with a limit for the time."""
    made = []
    for size in [1, 1, 2, 3, 5, 8, 20, 60, 200]:
        within_ms = dice.choice([500.0, 1_000.0, 2_000.0])
        made.append((some_week(dice, size, within_ms), within_ms))
    return [*made, *((played(kind, own_seed(learner)), WITHIN_MS) for kind in KINDS_OF_TROUBLE)]


# -- task 1: the same week from three places ---------------------------------------------------------------------------


def _expect_counts(answer: Any, expected: tuple[int, int], week: Week, within_ms: float) -> None:
    found = items(answer)
    if len(found) != 2:
        raise NotTrue(f"it returned {short(answer)}, not the pair (good, valid).")
    for what, value, right in zip(("good", "valid"), found, expected, strict=True):
        if not same(value, right):
            raise NotTrue(f"of {in_words(week)}, within {within_ms:g} ms, it counted {number(value):g} {what} ones.")


def users_sli(student: Student, dice: Random, learner: str) -> None:
    for week, within_ms in weeks_for(dice, learner):
        _expect_counts(student.count_users(week, within_ms), users(week, within_ms), week, within_ms)


def door_sli(student: Student, dice: Random, learner: str) -> None:
    for week, within_ms in weeks_for(dice, learner):
        good = sum(row.status == 200 and row.took_ms <= within_ms for row in week.door)
        _expect_counts(student.count_door(week, within_ms), (good, len(week.door)), week, within_ms)


def server_sli(student: Student, dice: Random, learner: str) -> None:
    for week, within_ms in weeks_for(dice, learner):
        good = sum(row.status == 200 and row.took_ms <= within_ms for row in week.servers)
        _expect_counts(student.count_servers(week, within_ms), (good, len(week.servers)), week, within_ms)


def where_it_was_lost(student: Student, dice: Random, learner: str) -> None:
    for week, within_ms in weeks_for(dice, learner):
        answer = table(student.where_lost(week, within_ms))
        right = fates(week, within_ms)
        for fate in FATES:
            if fate not in answer:
                raise NotTrue(f"it returned {short(answer)}, without {fate!r}.")
            if not same(answer[fate], right[fate]):
                raise NotTrue(f"of {in_words(week)}, within {within_ms:g} ms, {short(answer[fate])} were {fate!r}.")
        if set(answer) - set(FATES):
            raise NotTrue(f"it returned {short(answer)}, with a fate that nobody asked for.")


def catches_the_vip_week(student: Student, dice: Random, learner: str) -> None:
    asked = [(*one, target) for one in weeks_for(dice, learner)[:-2] for target in (0.5, 0.9)]
    renewed = (("renew_at", 2 / 3),)  # so that nothing happens in it but the deletion
    for seed in week_seeds()[:3]:
        asked += [(played("certificate", seed, renewed), WITHIN_MS, 0.9), (played("calm", seed), WITHIN_MS, 0.9)]
    for week, within_ms, target in asked:
        counts = tenants(week, within_ms)
        right = {name for name, (good, valid) in counts.items() if valid and good < exact(target) * valid}
        found = [words(name) for name in items(student.tenants_below(week, within_ms, target))]
        if set(found) != right or len(found) != len(right):
            what = (
                "a week in which a room was deleted and nothing else happened"
                if len(week.app) > 500
                else in_words(week)
            )
            if len(week.app) > 500 and not right:
                what = "a calm week"
            raise NotTrue(f"of {what}, with the target {target}, it named {short(sorted(found))}.")


# -- task 2: targets from a calm week ----------------------------------------------------------------------------------

#: The SRE Workbook's example, chapter 2: good and valid requests of four weeks, for a target of 97 %.
WORKBOOK = 3_557_865, 3_663_253


def target_rounded_down(student: Student, dice: Random, learner: str) -> None:
    asked = [(1, 2, 0.01), (29, 100, 0.01), (*WORKBOOK, 0.01), (1_000, 1_000, 0.01), (999, 1_000, 0.001), (0, 0, 0.01)]
    for _ in range(3 * ROUNDS):
        step, valid = dice.choice([0.1, 0.05, 0.01, 0.005, 0.001]), dice.choice([100, 1_000, dice.randint(2, 5_000)])
        asked.append((dice.randint(0, valid), valid, step))
        asked.append((dice.randint(0, 1_000 // int(1_000 * step)) * int(1_000 * step), 1_000, step))  # on a step
    asked.append((*users(played("calm", own_seed(learner))), 0.01))
    for good, valid, step in asked:
        right = math.nan if not valid else Fraction(good, valid) // exact(step) * exact(step)
        found = student.availability_target(good, valid, step)
        if not same(found, right):
            raise NotTrue(
                f"for {good:,} good of {valid:,} valid requests and steps of {step} it returned {short(found)}."
            )


def _rows(dice: Random, times: Sequence[float], failed: int = 0, unknown: int = 0) -> list[AppRow]:
    """Answered requests that took so long, others that failed at once or late, and some of which nothing is known."""
    rows = [(200, time) for time in times]
    rows += [dice.choice([(503, 3.0), (504, 4_000.0)]) for _ in range(failed)] + [(0, 5.0)] * unknown
    dice.shuffle(rows)
    made = [AppRow(float(i), i, "acme", "read", status, took, status == 200) for i, (status, took) in enumerate(rows)]
    return [row._replace(complete=row.complete and dice.random() < 0.9) for row in made]


def _threshold(rows: Sequence[AppRow], share: float, step_ms: int) -> float:
    waits = sorted(row.took_ms if row.status == 200 else math.inf for row in rows if row.status != 0)
    if not waits:
        return math.nan
    wait = waits[max(1, math.ceil(exact(share) * len(waits))) - 1]
    return wait if wait == math.inf else float(math.ceil(exact(wait) / step_ms) * step_ms)


def _expect_threshold(student: Student, rows: list[AppRow], share: float, step_ms: int) -> None:
    found = student.latency_target(rows, share, step_ms)
    if not same(found, _threshold(rows, share, step_ms)):
        shown = [(row.status, row.took_ms) for row in rows]
        what = f"rows with (status, took_ms) {short(shown)}" if len(rows) <= 8 else f"{len(rows)} rows"
        raise NotTrue(f"for {what}, the share {share} and steps of {step_ms} ms it returned {short(found)}.")


def latency_rounded_up(student: Student, dice: Random, learner: str) -> None:
    workbook = [100.0] * 89 + [432.0] * 9 + [891.0] * 2  # its two percentiles: 432 ms and 891 ms
    for share in (0.9, 0.99):
        _expect_threshold(student, _rows(dice, workbook), share, 50)
    for size in [1, 2, 3, 4, 7, 10, 10, 20, 50, 99, 100, 101, 500]:
        times = [dice.choice([50.0, 100.0, 450.0, dice.randrange(1, 20_000) / 10]) for _ in range(size)]
        for share in (0.5, 0.9, 0.99, 1):
            _expect_threshold(student, _rows(dice, times), share, dice.choice([10, 25, 50, 100]))


def slow_or_failed(student: Student, dice: Random, learner: str) -> None:
    # Only whether there is a threshold at all: which one it is, the other property asks.
    asked = [(9, 1, 0), (8, 2, 0), (1, 0, 5), (0, 1, 0), (99, 1, 3), (98, 2, 1), (0, 0, 2), (0, 0, 0)]
    for answered, failed, unknown in [*asked, *((dice.randint(1, 300), dice.randint(0, 40), 9) for _ in range(ROUNDS))]:
        for share in (0.5, 0.9, 0.99, 1):
            rows = _rows(dice, [dice.randrange(10, 900) / 1 for _ in range(answered)], failed, unknown)
            found, right = number(student.latency_target(rows, share, 50)), _threshold(rows, share, 50)
            if math.isfinite(found) != math.isfinite(right) or math.isnan(found) != math.isnan(right):
                raise NotTrue(
                    f"for {answered} answered and {failed} failed rows, {unknown} with status 0, and the share {share} "
                    f"it returned {found:g}."
                )


# -- task 3: the budget of each week -----------------------------------------------------------------------------------


def _reported(student: Student, counts: Mapping[str, tuple[int, int]], target: float) -> Mapping[Any, Any]:
    answer = table(student.budget_report(dict(counts), target))
    if set(answer) != set(counts):
        raise NotTrue(f"for the weeks {', '.join(counts)} it reported on {short(list(answer))}.")
    for week in counts:
        lacking = [key for key in ("allowed", "bad", "spent", "met") if key not in table(answer[week])]
        if lacking:
            raise NotTrue(f"the report of one week is {short(answer[week])}, without {lacking[0]!r}.")
    return answer


def _some_counts(dice: Random) -> tuple[int, int]:
    valid = dice.choice([10, 100, 1_000, 7_200, 10_000, dice.randint(1, 30), dice.randint(500, 5_000)])
    return max(0, valid - dice.choice([0, 1, 5, valid // 100, valid // 10, dice.randint(0, valid)])), valid


def _several(dice: Random) -> list[tuple[dict[str, tuple[int, int]], float]]:
    asked: list[tuple[dict[str, tuple[int, int]], float]] = [
        ({"calm": (9, 10)}, 0.9), ({"calm": (9_998, 10_000)}, 0.9999), ({"calm": (7_192, 7_200)}, 0.999),
        ({"calm": WORKBOOK}, 0.97), ({"calm": (90, 100), "cut": (10, 100)}, 0.99),
    ]  # fmt: skip
    for _ in range(ROUNDS):
        names = dice.sample(["calm", "cut", "certificate", "week 4", "week 5"], dice.randint(1, 4))
        asked.append(({name: _some_counts(dice) for name in names}, dice.choice(TARGETS)))
    return asked


def allowed_and_spent(student: Student, dice: Random, learner: str) -> None:
    for counts, target in _several(dice):
        answer = _reported(student, counts, target)
        for week, (good, valid) in counts.items():
            budget = (1 - exact(target)) * valid
            for key, right in (("allowed", Fraction(math.floor(budget))), ("bad", Fraction(valid - good)),
                               ("spent", (valid - good) / budget)):  # fmt: skip
                if not same(answer[week][key], right):
                    found = short(answer[week][key])
                    raise NotTrue(f"for {good:,} good of {valid:,} and the target {target}, {key!r} is {found}.")


def met_or_missed(student: Student, dice: Random, learner: str) -> None:
    sure = {"calm": (999, 1_000), "cut": (998, 1_000), "certificate": (1_498, 1_500)}  # and 1.5 failures are no 2
    for counts, target in [(sure, 0.999), *_several(dice)]:
        answer = _reported(student, counts, target)
        for week, (good, valid) in counts.items():
            if _truth(answer[week]["met"]) is not (good >= exact(target) * valid):
                raise NotTrue(
                    f"for {good:,} good of {valid:,} and the target {target}, 'met' is {short(answer[week]['met'])}."
                )


def nothing_to_spend(student: Student, dice: Random, learner: str) -> None:
    for target in (*TARGETS, 1):
        one = _reported(student, {"calm": (0, 0)}, target)["calm"]
        if one["met"] is not None or not math.isnan(number(one["spent"])) or not same(one["allowed"], 0):
            raise NotTrue(
                f"for a week without a valid request, and the target {target}, it reported {short(dict(one))}."
            )
    for good, valid in [(10, 10), (9, 10), *(_some_counts(dice) for _ in range(10))]:
        one = _reported(student, {"calm": (good, valid)}, 1)["calm"]
        right = math.inf if good < valid else 0.0
        if not same(one["spent"], right) or not same(one["allowed"], 0):
            raise NotTrue(f"for {good} good of {valid} and the target 1 it reported {short(dict(one))}.")


def _truth(value: Any) -> bool:
    if value is None:
        raise NotTrue("'met' is None in a week that had valid requests.")
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise NotTrue(f"'met' is {short(value)}, which is neither True nor False.")


# -- task 4: when the pager rings --------------------------------------------------------------------------------------


def _timeline(
    hours: Sequence[tuple[int, int]], target: float, rows: Sequence[tuple[int, int, float]]
) -> list[tuple[int, int | None]]:
    """Each window is added up anew, with whole numbers."""

    def burns(end: int, window: int, factor: float) -> bool:
        inside = hours[max(0, end - window) : end]
        valid = sum(all_ for _, all_ in inside)
        bad = valid - sum(good for good, _ in inside)
        return bool(valid) and bad > exact(factor) * (1 - exact(target)) * valid

    rings: list[tuple[int, int | None]] = []
    since: int | None = None
    for end in range(1, len(hours) + 1):
        on = any(burns(end, long, factor) and burns(end, short_, factor) for long, short_, factor in rows)
        if on and since is None:
            since = end
        elif not on and since is not None:
            rings, since = [*rings, (since, end)], None
    return rings if since is None else [*rings, (since, None)]


def _rings(student: Student, hours: Sequence[tuple[int, int]], target: float, rows: Any) -> list[tuple[Any, Any]]:
    answer = items(student.pager(list(hours), target, list(rows)))
    pairs = [items(pair) for pair in answer]
    if not all(len(pair) == 2 for pair in pairs):
        raise NotTrue(f"it returned {short(answer)}, not a list of pairs (on, off).")
    return [(number(on), None if off is None else number(off)) for on, off in pairs]


def _scenarios(dice: Random) -> list[tuple[list[tuple[int, int]], float, list[tuple[int, int, float]]]]:
    def hour(bad: int, valid: int = 10) -> tuple[int, int]:
        return valid - bad, valid

    quiet = hour(0)
    made: list[tuple[list[tuple[int, int]], float, list[tuple[int, int, float]]]] = [
        ([quiet, hour(5), hour(5), quiet, quiet, quiet], 0.9, [(2, 1, 2.0)]),
        ([hour(2), hour(2), hour(2)], 0.9, [(2, 1, 2.0)]),  # exactly at the factor
        ([hour(5), quiet, hour(2), quiet, quiet], 0.9, [(3, 1, 2.0)]),  # the short window alone is exactly at it
        ([quiet, hour(4), quiet, quiet], 0.9, [(2, 1, 2.0)]),  # the long window alone
        ([quiet, hour(3), quiet, hour(3), quiet], 0.9, [(3, 1, 2.0)]),  # one window alone is above it
        ([quiet] * 5 + [hour(9)] + [quiet] * 8, 0.9, [(4, 1, 1.5), (8, 2, 1.0)]),  # the rows overlap
        ([(0, 0)] * 3 + [hour(10)] * 2 + [(0, 0)] * 4, 0.9, [(3, 1, 2.0)]),
    ]
    for _ in range(ROUNDS):
        size = dice.choice([5, 12, 40, 168])
        hours = [hour(0, dice.choice([0, 1, 4, 10, 25, 25])) for _ in range(size)]
        for _ in range(dice.randint(1, 3)):
            start, share = dice.randrange(size), dice.choice([0.1, 0.3, 1.0])
            for i in range(start, min(size, start + dice.randint(1, 9))):
                hours[i] = hour(round(share * hours[i][1]), hours[i][1])
        rows = dice.choice([[(6, 1, 5.6), (24, 6, 1.4)], [(3, 1, 2.0)], [(6, 2, 1.0), (12, 1, 2.5)]])
        made.append((hours, dice.choice([0.9, 0.95, 0.99]), rows))
    return made


def _story(hours: Sequence[tuple[int, int]], target: float, rows: Any) -> str:
    return f"for the hours {short(list(hours))}, the target {target} and the rows {short(list(rows))}"


def pager_rings(student: Student, dice: Random, learner: str) -> None:
    for hours, target, rows in _scenarios(dice):
        found = [on for on, _ in _rings(student, hours, target, rows)]
        if found != [on for on, _ in _timeline(hours, target, rows)]:
            raise NotTrue(f"{_story(hours, target, rows)} it rings at {short(found)}.")


def pager_stops(student: Student, dice: Random, learner: str) -> None:
    for hours, target, rows in _scenarios(dice):
        found = [off for _, off in _rings(student, hours, target, rows)]
        if found != [off for _, off in _timeline(hours, target, rows)]:
            raise NotTrue(f"{_story(hours, target, rows)} it stops at {short(found)}.")


# -- task 5: a mitigation, and its proof -------------------------------------------------------------------------------


def week_seeds() -> list[int]:
    """The seeds of the weeks that nobody has seen: from the instructor's secret, the same for all learners."""
    dice = Random(f"{LAB.dice()}/unseen weeks")
    return [dice.randrange(10**9, 10**12) for _ in range(WEEKS)]


def chosen(student: Student) -> dict[str, Any]:
    """The learner's settings as plain values: what stays as it usually is, is left out."""
    answer = dict(table(student.mitigation()))
    try:
        settings, usual = settings_of(answer), settings_of({})
    except (ValueError, TypeError) as problem:
        raise NotTrue(f"the settings cannot be used: {short(str(problem))}.") from None
    changes = {name: value for name, value in settings.items() if value != usual[name]}
    if not changes:
        raise NotTrue(f"the settings {short(answer)} change nothing.")
    return changes


class Score(NamedTuple):
    """One week in numbers: the SLI of all users and that of the tenant that fares worst, in per cent; good answers."""

    all_users: float
    worst: float
    good: int


@lru_cache(maxsize=256)
def score(kind: str, seed: int, changes: tuple[tuple[str, Any], ...] = ()) -> Score:
    sim, books = play(kind, seed, dict(changes))
    good: Counter[str] = Counter()
    valid: Counter[str] = Counter()
    for row in asked(sim, books.app):
        if row.status != 0:
            valid[row.tenant] += 1
            good[row.tenant] += is_good(row, WITHIN_MS)
    total = good.total()
    return Score(100 * total / valid.total(), min(100 * good[name] / valid[name] for name in valid), total)


def _pairs(kind: str, seeds: Iterable[int], changes: Mapping[str, Any]) -> Iterator[tuple[Score, Score]]:
    """Each week as usual, and with these changes."""
    for seed in seeds:
        yield score(kind, seed), score(kind, seed, tuple(sorted(changes.items())))


def _helps(kind: str, changes: Mapping[str, Any]) -> bool:
    """Whether all users, or the tenant that fares worst, are better off in weeks of this kind: on average, not by
    chance, and nearly always. It stops as soon as too many weeks are not better.
    """
    gains: dict[str, list[float]] = {"all_users": [], "worst": []}
    for before, after in _pairs(kind, week_seeds(), changes):
        for measure, gained in gains.items():
            gained.append(getattr(after, measure) - getattr(before, measure))
        if all(sum(gain <= 0 for gain in gained) > (1 - MOST) * WEEKS for gained in gains.values()):
            return False
    return _clear(gains["all_users"], POINTS) or _clear(gains["worst"], WORST_POINTS)


def _clear(gained: Sequence[float], least: float) -> bool:
    mean, half = fmean(gained), T_95[len(gained) - 1] * stdev(gained) / math.sqrt(len(gained))
    return mean >= least and mean - half > 0 and sum(gain > 0 for gain in gained) >= MOST * len(gained)


def helps_on_unseen_weeks(student: Student, dice: Random, learner: str) -> None:
    changes = chosen(student)
    if price(changes) > PURSE:
        raise NotTrue(f"{short(changes)} costs {price(changes)} coins, and there are {PURSE}.")
    if not any(_helps(kind, changes) for kind in KINDS_OF_TROUBLE):
        raise NotTrue(
            f"with {short(changes)}, users are not clearly better off in either kind of fault week, "
            f"over {WEEKS} weeks of each that you have not seen."
        )


def calm_goodput_kept(student: Student, dice: Random, learner: str) -> None:
    changes = chosen(student)
    pairs = _pairs("calm", week_seeds()[:CALM_WEEKS], changes)
    changed = [100 * (after.good / before.good - 1) for before, after in pairs]
    if fmean(changed) < -MAY_COST:
        raise NotTrue(
            f"with {short(changes)}, there are {-fmean(changed):.1f} % fewer good answers in a calm week, "
            f"on average over {CALM_WEEKS} weeks that you have not seen."
        )


def _expect_interval(student: Student, naive: list[float], mitigated: list[float]) -> None:
    answer = items(student.interval(naive, mitigated))
    if len(answer) != 3:
        raise NotTrue(f"it returned {short(answer)}, not three numbers (mean, low, high).")
    gained = [exact(after) - exact(before) for before, after in zip(naive, mitigated, strict=True)]
    mean, half = float(sum(gained) / len(gained)), math.inf
    if len(gained) > 1:
        half = T_95[len(gained) - 1] * stdev(map(float, gained)) / math.sqrt(len(gained))
    for what, found, right in zip(("mean", "low", "high"), answer, (mean, mean - half, mean + half), strict=True):
        if not same(found, right):
            raise NotTrue(f"for {short(naive)} and {short(mitigated)}, {what!r} is {short(found)}.")


def paired_interval(student: Student, dice: Random, learner: str) -> None:
    for size in [2, 2, 3, 3, 4, 5, 8, 12, 20, 20, 30]:
        naive = [dice.randrange(800, 960) / 10 for _ in range(size)]
        mitigated = [min(100.0, one + dice.randrange(-10, 60) / 10) for one in naive]
        if len(set(naive)) > 1:
            _expect_interval(student, naive, mitigated)
    _expect_interval(student, [90.0, 92.0, 94.0], [95.0, 97.0, 99.0])  # the same gain each time


def one_week_is_no_proof(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS // 3):
        before, gain = dice.randrange(800, 900) / 10, dice.randrange(1, 100) / 10
        _expect_interval(student, [before], [round(before + gain, 1)])


LAB = Properties("lab7", globals(), limit_s=60)
PROPERTIES, failures, broken, require = LAB.parts()
