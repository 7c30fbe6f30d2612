"""The properties of Lab 4, on random counts, on published figures and on the learner's own month.

Everything here is computed with fractions and by other ways than a learner would go: a window is added up anew for each
minute, an outage is played minute by minute. Each property feeds the learner's function by itself, so that a wrong burn
rate costs nothing in the alerts, and a wrong alert costs nothing where alerts are scored.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from dslib.chatmonth import Minute, chat_month, read_minutes
from dslib.exercises import Lab
from grading.checks.asking import (
    SOLUTIONS,
    Known,
    NotTrue,
    Properties,
    Student,
    items,
    number,
    numbers,
    same,
    short,
    truth,
)

ROUNDS = 40
TARGETS = (0.9, 0.95, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
#: long and short window in minutes, share of the budget
ROWS = ((60, 5, 0.02), (360, 30, 0.05), (1_440, 120, 0.1), (4_320, 360, 0.1))


def exact(value: Any) -> Fraction:
    """The number as it prints."""
    return Fraction(str(value))


def burn_of(valid: int, bad: int, target: float) -> float:
    if not valid:
        return math.nan
    allowed = 1 - exact(target)
    if not allowed:
        return math.inf if bad else 0.0
    return float(Fraction(bad, valid) / allowed)


# -- task 1: how many times too fast -----------------------------------------------------------------------------------


def _burn(student: Student, valid: int, bad: int, target: float) -> float:
    return number(student.burn(valid, bad, target))


def _counts(dice: Random) -> tuple[int, int, float]:
    valid = dice.choice([dice.randint(1, 20), dice.randint(100, 5_000), 10 ** dice.randint(1, 6)])
    return valid, dice.randint(0, valid), dice.choice(TARGETS)


def times_too_fast(student: Student, dice: Random, learner: str) -> None:
    published = [(10_000, 144, 0.999), (10, 1, 0.999), (1_000, 1_000, 0.9), (720, 1, 0.99)]
    for valid, bad, target in [*published, *(_counts(dice) for _ in range(ROUNDS))]:
        found = _burn(student, valid, bad, target)
        if not same(found, burn_of(valid, bad, target)):
            raise NotTrue(f"for {bad:,} bad of {valid:,} valid requests and the target {target} it returned {found}.")


def exact_burn(student: Student, dice: Random, learner: str) -> None:
    for valid, bad, target in [(10_000, 72, 0.9995), (100, 60, 0.9), *(_counts(dice) for _ in range(ROUNDS))]:
        found = _burn(student, valid, bad, target)
        if found != burn_of(valid, bad, target):
            raise NotTrue(
                f"for {bad:,} bad of {valid:,} and the target {target} it returned {found!r}, and that is not exact."
            )


def no_traffic(student: Student, dice: Random, learner: str) -> None:
    for target in (*TARGETS, 1):
        found = _burn(student, 0, 0, target)
        if not math.isnan(found):
            raise NotTrue(f"without a request, and with the target {target}, it returned {found}.")


def no_budget(student: Student, dice: Random, learner: str) -> None:
    for valid, bad in [(10, 0), (10, 1), (10, 10), *((n, dice.choice([0, n // 2, n])) for n in range(2, 20))]:
        found = _burn(student, valid, bad, 1)
        if found != burn_of(valid, bad, 1):
            raise NotTrue(f"for {bad} bad of {valid} and the target 1 it returned {found}.")


# -- task 2: the burn rate of a window ---------------------------------------------------------------------------------


def _expect_windows(
    student: Student, rows: Sequence[Minute], window: int, minutes: int, target: float, since: int = 0
) -> None:
    """The learner's burn rates, from minute ``since`` on, against windows that are added up one by one."""
    found = numbers(student.window_burns(list(rows), window, minutes, target))
    if len(found) != minutes:
        raise NotTrue(f"for {_log(rows)} and {minutes} minutes it returned {len(found)} burn rates.")
    first: dict[int, Minute] = {}
    for row in rows:
        first.setdefault(row.minute, row)
    for minute in range(since, minutes):
        inside = [row for at, row in first.items() if minute - window < at <= minute]
        expected = burn_of(sum(row.valid for row in inside), sum(row.bad for row in inside), target)
        if not same(found[minute], expected):
            raise NotTrue(
                f"for {_log(rows)}, the target {target} and a window of {window} minutes, "
                f"the burn rate at the end of minute {minute} is {found[minute]}."
            )


def _log(rows: Sequence[Minute]) -> str:
    """A few rows in words, or only how many there are."""
    if len(rows) > 6:
        return f"{len(rows)} rows"
    return "the rows " + ", ".join(f"({row.minute}, {row.valid}, {row.bad})" for row in rows) if rows else "no rows"


def _even(dice: Random, minutes: Sequence[int]) -> list[Minute]:
    """A row for each minute, in order, with the same traffic in all of them."""
    return [Minute(minute, 10, dice.choice([0, 0, 1, 3, 10])) for minute in minutes]


def sum_over_sum(student: Student, dice: Random, learner: str) -> None:
    # One window that holds all there is, with little traffic in some minutes and much in others.
    logs = [[Minute(0, 1, 1), Minute(1, 99, 0)]]
    for size in [2, 3, 4, 6, 10, 30, 60] * 3:
        counts = [dice.choice([1, 2, 5, 40, 300]) for _ in range(size)]
        logs.append([Minute(i, valid, dice.randint(0, min(valid, 4))) for i, valid in enumerate(counts)])
    hour = [row for row in own_rows(learner) if row.minute // 60 == 24 * 4 + 6]  # when the day begins
    logs.append([row._replace(minute=i) for i, row in enumerate(sorted({row.minute: row for row in hour}.values()))])
    for rows in logs:
        _expect_windows(student, rows, len(rows), len(rows), dice.choice(TARGETS), since=len(rows) - 1)


def window_edges(student: Student, dice: Random, learner: str) -> None:
    _expect_windows(student, [Minute(0, 10, 10), Minute(1, 10, 0), Minute(2, 10, 0)], 2, 3, 0.9, since=1)
    for size in [4, 5, 6, 12, 40, 90] * 4:
        window = dice.randint(1, size - 1)
        rows = _even(dice, range(size))
        rows[0] = Minute(0, 10, 10)  # must leave the window in time
        _expect_windows(student, rows, window, size, dice.choice(TARGETS), since=window - 1)


def missing_start(student: Student, dice: Random, learner: str) -> None:
    _expect_windows(student, [Minute(2, 10, 1), Minute(3, 10, 0)], 3, 4, 0.9)
    for size in [4, 6, 12, 40, 90] * 4:
        begins = dice.randint(1, size - 2)
        _expect_windows(student, _even(dice, range(begins, size)), dice.randint(2, size), size, dice.choice(TARGETS))


def holes(student: Student, dice: Random, learner: str) -> None:
    _expect_windows(student, [Minute(0, 10, 1), Minute(3, 10, 0)], 2, 4, 0.9, since=1)
    _expect_windows(student, [Minute(0, 10, 1), Minute(1, 0, 0), Minute(2, 0, 0)], 2, 3, 0.9, since=1)
    for size in [6, 12, 40, 90] * 5:
        window = dice.randint(1, 5)
        rows = [row for row in _even(dice, range(size)) if row.minute == 0 or dice.random() < 0.6]
        rows = [row if row.minute == 0 or dice.random() < 0.6 else Minute(row.minute, 0, 0) for row in rows]
        _expect_windows(student, rows, window, size, dice.choice(TARGETS), since=window - 1)


def any_order_once(student: Student, dice: Random, learner: str) -> None:
    # The same minute, written again with other numbers: the first row counts.
    _expect_windows(student, [Minute(1, 10, 5), Minute(0, 10, 0), Minute(1, 10, 0)], 2, 2, 0.9, since=1)
    for size in [3, 5, 12, 40, 90] * 4:
        rows = _even(dice, range(size))
        dice.shuffle(rows)
        rows += [row._replace(bad=dice.choice([row.bad, 10])) for row in dice.sample(rows, size // 3)]
        window = dice.randint(2, size)
        _expect_windows(student, rows, window, size, dice.choice(TARGETS), since=window - 1)


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_month(learner: str) -> Known:
    seed = Lab("lab4", learner, folder=SOLUTIONS / "lab4").seed
    return Known(chat_month, ((seed,),), chat_month(seed))


def known(learner: str) -> list[Known]:
    return [own_month(learner)]


@lru_cache(maxsize=4)
def own_rows(learner: str) -> tuple[Minute, ...]:
    return tuple(read_minutes(own_month(learner).value.text)[0])


# -- task 3: one window, and its formulas ------------------------------------------------------------------------------


def factor_of_the_period(student: Student, dice: Random, learner: str) -> None:
    cases = [(share, long, days) for long, _, share in ROWS for days in (30, 28)]
    for _ in range(ROUNDS):
        share, long = dice.choice([0.01, 0.02, 0.05, 0.1, 0.25, 1]), dice.choice([10, 60, 90, 720])
        cases.append((share, long, dice.choice([7, 28, 30, 31, 90, 365])))
    for share, long, days in cases:
        found = number(student.factor_for(share, long, days))
        if not same(found, exact(share) * days * 1_440 / long):
            raise NotTrue(f"for {share:.0%} of the budget in {long} minutes, of {days} days, it returned {found}.")


def _flags(answer: Any, length: int) -> list[bool]:
    found = [truth(flag) for flag in items(answer)]
    if len(found) != length:
        raise NotTrue(f"for {length} minutes it returned {len(found)} answers.")
    return found


def strictly_greater(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        factor = dice.choice([14.4, 13.44, 6.0, 5.6, 1.0, 28 / 30, 36.0])
        usual = [0.0, factor, factor * 1.001, factor * 0.999, 1_000.0, math.nan, math.inf]
        burns = [dice.choice(usual) for _ in range(dice.randint(1, 8))]
        for i, found in enumerate(_flags(student.fires(list(burns), factor), len(burns))):
            if found != (burns[i] > factor):
                raise NotTrue(f"at a burn rate of {burns[i]} and a factor of {factor} it says {found}.")


def one_stretch(student: Student, dice: Random, learner: str) -> None:
    flags = [[True], [False], [], [False, True, True, False], [True, False, True], [True, True]]
    flags += [[dice.random() < 0.6 for _ in range(dice.randint(1, 30))] for _ in range(ROUNDS)]
    for case in flags:
        found = _pairs(student.episodes(list(case)))
        expected = []
        for i, flag in enumerate(case):
            if flag and (i == 0 or not case[i - 1]):
                ends = next((j for j in range(i, len(case)) if not case[j]), None)
                expected.append((i, ends))
        if found != expected:
            raise NotTrue(f"for {short([int(flag) for flag in case])} (1 for True) it returned {short(found)}.")


def _pairs(answer: Any) -> list[tuple[float, float | None]]:
    found = []
    for pair in items(answer):
        two = items(pair)
        if len(two) != 2:
            raise NotTrue(f"it returned a list with {short(pair)} in it, which is no pair.")
        found.append((number(two[0]), None if two[1] is None else number(two[1])))
    return found


#: error ratio, target, window in minutes, factor; the table of the lab, and the four strategies of the workbook
PUBLISHED = [
    (1, 0.999, 60, 14.4), (0.15, 0.999, 60, 14.4), (0.05, 0.999, 60, 14.4), (0.02, 0.999, 60, 14.4),
    (0.0144, 0.999, 360, 6), (0.01, 0.999, 360, 6), (0.006, 0.999, 4_320, 1),
    (1, 0.999, 10, 1), (1, 0.999, 2_160, 1), (1, 0.999, 60, 36),
]  # fmt: skip


def _fires_after(ratio: float, target: float, window: float, factor: float) -> Fraction | None:
    """Minutes until the share of errors in the window is above the threshold; None for never."""
    threshold = exact(factor) * (1 - exact(target))
    return threshold * exact(window) / exact(ratio) if exact(ratio) > threshold else None


def _outage(dice: Random) -> tuple[float, float, int, float]:
    target, factor = dice.choice(TARGETS[2:]), dice.choice([1, 3, 6, 5.6, 14.4, 13.44])
    least = float(exact(factor) * (1 - exact(target)))
    ratio = round(least + (1 - least) * dice.uniform(0.05, 1), 4)
    return ratio, target, dice.choice([5, 30, 60, 360, 1_440]), factor


def _as_words(ratio: float, target: float, window: float, factor: float) -> str:
    return f"{100 * ratio:g} % of errors, the target {target}, a window of {window} minutes and the factor {factor}"


def time_to_fire(student: Student, dice: Random, learner: str) -> None:
    for case in [*PUBLISHED, *(_outage(dice) for _ in range(ROUNDS))]:
        found, expected = number(student.minutes_to_fire(*case)), _fires_after(*case)
        if expected is not None and not same(found, expected):
            raise NotTrue(f"for {_as_words(*case)} it returned {found}.")


def never_fires(student: Student, dice: Random, learner: str) -> None:
    cases = [(0.0144, 0.999, 60, 14.4), (0.0072, 0.9995, 60, 14.4), (1, 0.9, 60, 14.4), (1, 0.9, 360, 10)]
    cases += [(0.001, 0.999, 4_320, 1), (0, 0.999, 60, 14.4), (0.006, 0.999, 360, 6)]
    for _ in range(ROUNDS):
        target, factor = dice.choice(TARGETS), dice.choice([1, 3, 6, 5.6, 14.4])
        threshold = min(1, float(exact(factor) * (1 - exact(target))))
        cases.append((dice.choice([threshold, round(threshold * 0.9, 6), 0]), target, dice.choice([60, 360]), factor))
    for case in cases:
        found = number(student.minutes_to_fire(*case))
        if _fires_after(*case) is None and not math.isnan(found):
            raise NotTrue(f"for {_as_words(*case)} it returned {found}.")


def time_to_reset(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[tuple[float, float, int, float], float]] = [
        ((0.15, 0.999, 5, 14.4), 10),
        ((0.15, 0.999, 60, 14.4), 10),
        ((1, 0.999, 60, 36), 30),
    ]
    cases += [((1, 0.999, 2_160, 1), 60), ((1, 0.999, 5, 14.4), 600), ((0.15, 0.999, 60, 14.4), 5)]
    for _ in range(ROUNDS):
        case = _outage(dice)
        fires = _fires_after(*case)
        assert fires is not None
        cases.append((case, dice.choice([float(fires) / 2, float(fires) + 1, case[2] / 2, 3 * case[2]])))
    cases.append(((0.144, 0.999, 60, 14.4), 6))  # the burn rate comes to 14.4, and not above it
    for case, lasted in cases:
        fires = _fires_after(*case)
        assert fires is not None
        found = number(student.minutes_to_reset(*case, lasted))
        fired = exact(lasted) > fires
        if not same(found, float(case[2] - fires) if fired else math.nan, rel=1e-8):
            raise NotTrue(f"for {_as_words(*case)}, over after {lasted:g} minutes, it returned {found}.")


#: What the claims of the lab should have said; None where they are right. Definition 9 has most of them.
CLAIMS: dict[str, Fraction | None] = {
    "a": Fraction(30 * 24 * 10, 144),  # hours until the budget of 30 days is gone at 14.4
    "b": exact("14.4") * 60 * 100 / (30 * 1_440),  # % of the budget that one hour at 14.4 spends
    "c": Fraction(1, 10) / Fraction(1, 1_000),  # the burn rate of one failure in ten requests
    "d": None,
    "e": Fraction(30 * 24, 35),  # hours at 35
    "f": Fraction(144, 10) * 60 * Fraction(1, 1_000) / Fraction(15, 100),  # minutes
    "g": exact("14.4") * 60 * 100 / (28 * 1_440),  # %
    "h": None,
}


def published_claims(student: Student, dice: Random, learner: str) -> None:
    for claim, expected in CLAIMS.items():
        found = student.correct(claim)
        if found is not None:
            found = number(found)
        right = found is None if expected is None else found is not None and same(found, expected, rel=0.002)
        if not right:
            raise NotTrue(
                f"of claim {claim} it says {found if found is not None else 'None, which means: it is right'}."
            )


# -- task 4: many windows, many rates ----------------------------------------------------------------------------------


def _rows_of(share: float, long: int, days: int) -> tuple[float, float, float]:
    return long, long / 12, float(exact(share) * days * 1_440 / long)


def rows_for_the_period(student: Student, dice: Random, learner: str) -> None:
    usual = [(share, long) for long, _, share in ROWS]
    cases = [(usual, 30), (usual, 28), (usual[:2], 28), (usual[:3], 30), (usual[:1], 7)]
    for _ in range(ROUNDS // 4):
        shares = [(dice.choice([0.01, 0.02, 0.05]), long) for long in dice.sample([24, 60, 120, 360, 720], 3)]
        cases.append((shares, dice.choice([7, 28, 30, 90])))
    for shares, days in cases:
        answer = items(student.rule_rows(list(shares), days))
        found = [numbers(row) for row in answer]
        expected = [_rows_of(share, long, days) for share, long in shares]
        if not _same_rows(found, expected):
            raise NotTrue(f"for the rows {short(shares)} and {days} days it returned {short(answer)}.")


def _same_rows(found: list[list[float]], expected: Sequence[tuple[float, ...]]) -> bool:
    return [len(row) for row in found] == [3] * len(expected) and all(
        same(one, other)
        for row, right in zip(found, expected, strict=True)
        for one, other in zip(row, right, strict=True)
    )


def out_of_reach(student: Student, dice: Random, learner: str) -> None:
    usual = [_rows_of(share, long, 30) for long, _, share in ROWS]
    edge = [(60, 5, 10.0), (60, 5, 9.99)]
    cases = [(usual, target) for target in (*TARGETS, 1)] + [(edge, 0.9), ([(60, 5, 20.0)], 0.95)]
    cases += [(dice.sample(usual, 3), dice.choice([0.5, 0.8, 0.9, 0.93])) for _ in range(ROUNDS)]
    for rules, target in cases:
        found = [tuple(numbers(row)) for row in items(student.out_of_reach(list(rules), target))]
        expected = [rule for rule in rules if target < 1 and exact(rule[2]) * (1 - exact(target)) >= 1]
        if found != [tuple(map(float, rule)) for rule in expected]:
            raise NotTrue(f"of the rules {short(rules)} and the target {target} it returned {short(found)}.")


def both_windows(student: Student, dice: Random, learner: str) -> None:
    # One row and one minute, so that there is nothing but the two windows.
    for long, short_, share in ROWS:
        factor = _rows_of(share, long, dice.choice([28, 30]))[2]
        for slow in (0.0, factor, factor * 1.01, 900.0, math.nan, math.inf):
            for fast in (0.0, factor, factor * 1.01, 900.0, math.nan, math.inf):
                burns = {long: [slow], short_: [fast]}
                found = _flags(student.multi_fires(burns, [(long, short_, factor)]), 1)[0]
                if found != (slow > factor and fast > factor):
                    raise NotTrue(
                        f"with the factor {factor:g}, a burn rate of {slow:g} over the long window and of {fast:g} "
                        f"over the short one it says {found}."
                    )
    # Two rows: the long window of the one and the short window of the other are no pair.
    rules = [(60, 5, 14.4), (360, 30, 6.0)]
    for above in ({60, 30}, {360, 5}, {60, 360}, {5, 30}):
        burns = {window: [20.0 if window in above else 0.5] for window in (60, 5, 360, 30)}
        if _flags(student.multi_fires(burns, list(rules)), 1)[0]:
            raise NotTrue(
                f"with the rules {rules} and the burn rates {burns}, no rule has both of its windows above its factor, "
                "and it fires."
            )


def any_row(student: Student, dice: Random, learner: str) -> None:
    rules = [(60, 5, 14.4), (360, 30, 6.0), (1_440, 120, 3.0), (2_880, 240, 1.0)]
    for _ in range(ROUNDS):
        some = dice.sample(rules, dice.randint(1, 4))
        minutes = dice.randint(1, 6)
        burns: dict[int, list[float]] = {}
        for long, short_, factor in rules:
            # Both windows of a row agree: whether they have to is another property.
            burns[long] = burns[short_] = [dice.choice([0.0, 0.0, factor * 2, math.nan]) for _ in range(minutes)]
        found = _flags(student.multi_fires(burns, list(some)), minutes)
        for minute, flag in enumerate(found):
            above = [rule for rule in some if burns[rule[0]][minute] > rule[2]]
            if flag != bool(above):
                raise NotTrue(
                    f"{len(above)} of the {len(some)} rules {short(some)} were above their factor, and it says {flag}."
                )


def quick_reset(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS // 4):
        long, short_, share = dice.choice(ROWS[:2])
        factor = _rows_of(share, long, dice.choice([28, 30]))[2]
        quiet, lasts, bad = dice.randint(3, 20), dice.randint(long // 4, long), dice.randint(30, 100)
        errors = [bad if quiet <= minute < quiet + lasts else 0 for minute in range(quiet + lasts + 2 * short_)]
        burns = {window: _played(errors, window) for window in (long, short_)}
        found = _flags(student.multi_fires(burns, [(long, short_, factor)]), len(errors))
        fires = [minute for minute, flag in enumerate(found) if flag]
        ends = quiet + lasts
        if not fires or not quiet <= fires[0] < ends:
            raise NotTrue(f"{bad} % of the requests fail for {lasts} minutes, and it does not fire in that time.")
        if fires[-1] >= ends + short_:
            raise NotTrue(
                f"{bad} % of the requests fail for {lasts} minutes, and {fires[-1] - ends + 1} minutes later it still "
                f"fires, with a short window of {short_} minutes."
            )


def _played(errors: Sequence[int], window: int) -> list[float]:
    """Burn rates at 99.9 % of an outage with 100 requests a minute."""
    return [
        burn_of(100 * len(inside), sum(inside), 0.999)
        for inside in (errors[max(0, minute - window + 1) : minute + 1] for minute in range(len(errors)))
    ]


# -- task 5: the score of a rule ---------------------------------------------------------------------------------------

Pages = list[tuple[int, int | None]]
Incidents = list[tuple[int, int]]


def _scored(dice: Random) -> tuple[Pages, Incidents]:
    """Some pages and some incidents within 200 minutes; often they touch."""

    def stretches(most: int) -> list[tuple[int, int]]:
        edges = sorted(dice.sample(range(0, 200, 4), 2 * dice.randint(0, most)))
        return list(zip(edges[::2], edges[1::2], strict=True))

    pages: Pages = [*stretches(6)]
    if pages and dice.random() < 0.3:
        pages[-1] = pages[-1][0], None
    return pages, stretches(5)


SCORED: list[tuple[Pages, Incidents]] = [
    ([], [(1, 2)]),
    ([(1, 2)], []),
    ([(10, 30), (50, 60), (90, 95)], [(5, 40), (45, 55), (200, 220)]),
    ([(10, 20), (20, 30), (30, 40)], [(10, 40)]),
    ([(40, 50)], [(20, 40), (50, 60)]),  # they only touch
    ([(10, 90)], [(20, 30), (40, 50)]),
    ([(10, None)], [(5, 20), (40, 50)]),
]


def _overlap(page: tuple[int, int | None], incident: tuple[int, int]) -> bool:
    ends = math.inf if page[1] is None else page[1]
    return max(page[0], incident[0]) < min(ends, incident[1])


def _told(pages: Pages, incidents: Incidents) -> str:
    return f"for the pages {short(pages)} and the incidents {short(incidents)}"


def precision(student: Student, dice: Random, learner: str) -> None:
    for pages, incidents in [*SCORED, *(_scored(dice) for _ in range(ROUNDS))]:
        found = student.precision(list(pages), list(incidents))
        right = sum(any(_overlap(page, one) for one in incidents) for page in pages)
        if not same(found, Fraction(right, len(pages)) if pages else math.nan):
            raise NotTrue(f"{_told(pages, incidents)} it returned {found}.")


def recall(student: Student, dice: Random, learner: str) -> None:
    for pages, incidents in [*SCORED, *(_scored(dice) for _ in range(ROUNDS))]:
        found = student.recall(list(pages), list(incidents))
        right = sum(any(_overlap(page, one) for page in pages) for one in incidents)
        if not same(found, Fraction(right, len(incidents)) if incidents else math.nan):
            raise NotTrue(f"{_told(pages, incidents)} it returned {found}.")


def first_page(student: Student, dice: Random, learner: str) -> None:
    for pages, incidents in [*SCORED, *(_scored(dice) for _ in range(ROUNDS))]:
        expected = []
        for one in incidents:
            begins = [page[0] for page in pages if _overlap(page, one)]
            expected.append(max(0, min(begins) - one[0]) if begins else math.nan)
        _expect_times(student.detected_after(list(pages), list(incidents)), expected, pages, incidents)


def last_reset(student: Student, dice: Random, learner: str) -> None:
    for pages, incidents in [*SCORED, *(_scored(dice) for _ in range(ROUNDS))]:
        expected = []
        for one in incidents:
            ends = [math.inf if page[1] is None else page[1] for page in pages if _overlap(page, one)]
            expected.append(max(0, max(ends) - one[1]) if ends else math.nan)
        _expect_times(student.reset_after(list(pages), list(incidents)), expected, pages, incidents)


def _expect_times(answer: Any, expected: Sequence[float], pages: Pages, incidents: Incidents) -> None:
    found = numbers(answer)
    if len(found) != len(expected) or not all(map(_alike, found, expected)):
        raise NotTrue(f"{_told(pages, incidents)} it returned {short(found)}.")


def _alike(found: float, expected: float) -> bool:
    return found == expected or (math.isnan(found) and math.isnan(expected))


# -- task 6: little traffic --------------------------------------------------------------------------------------------


def failures_that_fire(student: Student, dice: Random, learner: str) -> None:
    cases = [(10, 0.999, 14.4), (1_000, 0.999, 14.4), (20_000, 0.9995, 14.4), (10_000, 0.999, 14.4), (10, 0.9, 14.4)]
    cases += [(0, 0.999, 14.4), (1, 0.9, 9.0), (10, 0.9, 9.0), (100, 0.9, 10.0), (720, 0.99, 1.0)]
    for _ in range(ROUNDS):
        requests = dice.choice([dice.randint(0, 60), dice.randint(100, 5_000), 10 ** dice.randint(1, 5)])
        cases.append((requests, dice.choice(TARGETS), dice.choice([14.4, 13.44, 6.0, 5.6, 3.0, 1.0])))
    for requests, target, factor in cases:
        threshold = exact(factor) * (1 - exact(target)) * requests
        expected = next((n for n in range(int(threshold), int(threshold) + 3) if n > threshold), None)
        if expected is None or expected > requests:
            expected = None
        found = student.failures_to_fire(requests, target, factor)
        if (None if found is None else number(found)) != expected:
            raise NotTrue(
                f"for {requests:,} requests, the target {target} and the factor {factor:g} it returned {short(found)}."
            )


def enough_failures(student: Student, dice: Random, learner: str) -> None:
    rules = [(60, 5, 14.4), (360, 30, 6.0)]
    for _ in range(ROUNDS):
        minutes, at_least = dice.randint(1, 6), dice.choice([1, 2, 10])
        burns, failures = {}, {}
        for long, short_, factor in rules:
            burns[long] = [dice.choice([0.0, factor, factor * 2]) for _ in range(minutes)]
            burns[short_] = [dice.choice([0.0, factor * 2, factor * 2]) for _ in range(minutes)]
            failures[long] = [dice.choice([0, at_least - 1, at_least, 5 * at_least]) for _ in range(minutes)]
            failures[short_] = [dice.randint(0, count) for count in failures[long]]
        some = dice.choice([rules, rules, rules[:1], rules[1:]])
        found = _flags(student.careful_fires(burns, failures, list(some), at_least), minutes)
        for i, flag in enumerate(found):
            expected = any(
                min(burns[long][i], burns[short_][i]) > factor and failures[long][i] >= at_least
                for long, short_, factor in some
            )
            if flag != expected:
                now = {window: values[i] for window, values in burns.items()}
                count = {window: values[i] for window, values in failures.items()}
                raise NotTrue(
                    f"with the rules {short(some)}, the burn rates {now}, the failures {count} and at_least={at_least} "
                    f"it says {flag}."
                )


LAB = Properties("lab4", globals())
PROPERTIES, failures, broken, require = LAB.parts()
