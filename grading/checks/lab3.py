"""The properties of Lab 3, on random weeks, on published numbers and on the learner's own reports.

Each property is fed by the checks. Where a learner's function may well call another one of theirs (a rolling budget
asks what was spent), the cases are such that the likely mistakes in the other one do not show.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random

from dslib.chatweeks import DAYS, MONTHS, Report, chat_weeks
from dslib.exercises import Lab

from .asking import SOLUTIONS, Known, NotTrue, Properties, Student, items, number, numbers, same, short, words

ROUNDS = 60
TARGETS = ("0.5", "0.9", "0.95", "0.99", "0.995", "0.999")
#: The example API of the SRE Workbook, chapter 2, over four weeks: valid requests, and what may fail by target.
WORKBOOK_VALID = 3_663_253
WORKBOOK = (("97 %", 109_897), ("90 %", 366_325), ("99 %", 36_632))
#: Further published budgets: the same book's 99.9 % of 3 million, the SRE book's 99.99 % of 2.5 million a day.
PUBLISHED = (("99.9 %", 3_000_000, 3_000), ("99.99 %", 2_500_000, 250), ("99.9 %", 7_200, 7))

Days = list[tuple[int, int]]


def some_days(dice: Random, count: int, error_ratio: float = 0.02) -> Days:
    """Days with very different traffic, the first of them with some; few failures."""
    days = []
    for day in range(count):
        valid = dice.choice([0, 40, 300, 2_000, 9_000] if day else [300, 2_000])
        days.append((valid, sum(dice.random() < error_ratio for _ in range(min(valid, 400)))))
    return days


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_days(learner: str) -> tuple[tuple[int, int], ...]:
    """The learner's own three months: (valid, bad) of each day, counted once more."""
    first: dict[tuple[int, str], Report] = {}
    for report in own_reports(learner):
        first.setdefault((report.hour, report.host), report)
    days = [[0, 0] for _ in range(DAYS)]
    for report in first.values():
        days[report.hour // 24][0] += report.requests - report.health_checks - report.aborted
        days[report.hour // 24][1] += report.failed
    return tuple((valid, bad) for valid, bad in days)


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_weeks(learner: str) -> Known:
    seed = Lab("lab3", learner, folder=SOLUTIONS / "lab3").seed
    return Known(chat_weeks, ((seed,),), chat_weeks(seed))


def known(learner: str) -> list[Known]:
    return [own_weeks(learner)]


def own_reports(learner: str) -> list[Report]:
    reports: list[Report] = own_weeks(learner).value
    return reports


def share_spent(days: Sequence[tuple[int, int]], target: str) -> Fraction:
    """Failures over what the target allows; some of the days must have traffic, and the target be below 1."""
    return Fraction(sum(bad for _, bad in days)) / ((1 - Fraction(target)) * sum(valid for valid, _ in days))


def _told(days: Sequence[tuple[int, int]]) -> str:
    return f"the days {short(list(days))}" if len(days) <= 8 else f"{len(days)} days"


# -- task 1: how much may fail -----------------------------------------------------------------------------------------


def whole_failures(student: Student, dice: Random, learner: str) -> None:
    cases = [(promise, WORKBOOK_VALID) for promise, _ in WORKBOOK] + [case[:2] for case in PUBLISHED]
    cases += [("100 %", 10_000), ("99.9 %", 0), ("99.9%", 999), ("99.9 %", 1_000)]
    for _ in range(ROUNDS):
        cases.append((_promise(dice), dice.choice([dice.randrange(200), dice.randrange(2_000_000)])))
    for promise, valid in cases:
        if _easy(promise, valid):
            _expect_budget(student, promise, valid)


def exact_budget(student: Student, dice: Random, learner: str) -> None:
    cases = [("90 %", 10), ("99.99 %", 10_000), ("99.9 %", 3_000), ("99.99 %", 2_500_000)]
    while len(cases) < 40:
        promise, valid = _promise(dice), 10 * dice.randrange(1, 2_000)
        if not _easy(promise, valid):
            cases.append((promise, valid))
    for promise, valid in cases:
        _expect_budget(student, promise, valid)


def minutes_of_a_window(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[str, float]] = [
        (promise, days)
        for promise in ("90 %", "99 %", "99.5 %", "99.9 %", "99.95 %", "99.99 %", "99.999 %", "100 %")
        for days in (1, 7, 28, 30, 31, 365, 365 / 12)
    ]
    cases += [(_promise(dice), dice.randrange(1, 400)) for _ in range(ROUNDS)]
    for promise, days in cases:
        value = student.budget_in_minutes(promise, days)
        if not same(value, (1 - _target(promise)) * 1_440 * Fraction(days)):
            raise NotTrue(f"for {promise!r} and {days:g} days it returned {short(value)}.")


def outage_by_traffic(student: Student, dice: Random, learner: str) -> None:
    for size in range(1, ROUNDS + 1):
        traffic = [dice.choice([0, 20, 60, 300, 900]) for _ in range(size)]
        traffic[dice.randrange(size)] = 120
        start = dice.choice([0, 60 * dice.randrange(size), dice.randrange(60 * size)])
        minutes = dice.randrange(1, 60 * size - start + 1)
        promise = dice.choice(["50 %", "90 %", "99 %", "99.9 %"])
        # Minute by minute, as nobody would write it.
        failed = sum(Fraction(traffic[minute // 60], 60) for minute in range(start, start + minutes))
        value = student.outage_share(promise, traffic, start, minutes)
        if not same(value, failed / ((1 - _target(promise)) * sum(traffic))):
            about = f"the traffic {short(traffic)}" if size <= 8 else f"{size} hours of traffic"
            raise NotTrue(f"for {promise!r}, {about}, start={start} and minutes={minutes} it returned {short(value)}.")


def _promise(dice: Random) -> str:
    figure = dice.choice(
        ["90", "95", "97", "99", "99.5", "99.9", "99.95", "99.99", f"{dice.randrange(801, 1000) / 10}"]
    )
    return figure + dice.choice(["%", " %"])


def _target(promise: str) -> Fraction:
    return Fraction(promise.removesuffix("%").strip()) / 100


def _budget(promise: str, valid: int) -> int:
    return math.floor((1 - _target(promise)) * valid)


def _easy(promise: str, valid: int) -> bool:
    """Whether floats find the same whole number, in whatever order they compute."""
    p = float(promise.removesuffix("%"))
    ways = ((1 - p / 100) * valid, (100 - p) / 100 * valid, (100 - p) * valid / 100, valid - p / 100 * valid)
    return all(math.floor(way) == _budget(promise, valid) for way in ways)


def _expect_budget(student: Student, promise: str, valid: int) -> None:
    value = student.budget_in_requests(promise, valid)
    if not same(value, _budget(promise, valid)):
        raise NotTrue(f"for {promise!r} of {valid:,} requests it returned {short(value)}.")


# -- task 2: how much is spent -----------------------------------------------------------------------------------------


def share_of_budget(student: Student, dice: Random, learner: str) -> None:
    cases = [(105_388, WORKBOOK_VALID, "0.97"), (14_066, WORKBOOK_VALID, "0.97"), (1_500, 3_000_000, "0.999")]
    for _ in range(ROUNDS):
        target, valid = dice.choice(TARGETS), dice.choice([50, 3_000, dice.randrange(10, 90_000)])
        cases.append((dice.randrange(1 + math.floor((1 - Fraction(target)) * valid)), valid, target))
    for bad, valid, target in cases:
        _expect_spent(student, bad, valid, target)


def overspent(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        target, valid = dice.choice(TARGETS), dice.randrange(20, 90_000)
        allowed = math.floor((1 - Fraction(target)) * valid)
        _expect_spent(student, dice.randrange(allowed + 1, valid + 1), valid, target)


def nothing_to_divide_by(student: Student, dice: Random, learner: str) -> None:
    for target in (*TARGETS, "1"):
        value = student.spent(0, 0, _plain(target))
        if not math.isnan(number(value)):
            raise NotTrue(f"for no valid requests and a target of {target} it returned {short(value)}.")
    for _ in range(ROUNDS // 4):
        valid = dice.randrange(1, 9_000)
        bad = dice.choice([0, 1, dice.randrange(1, valid + 1)])
        for one in (1, 1.0):
            value = student.spent(bad, valid, one)
            if not same(value, math.inf if bad else 0):
                raise NotTrue(f"for {bad} failures of {valid:,} and a target of {one} it returned {short(value)}.")


def running_balance(student: Student, dice: Random, learner: str) -> None:
    cases = [
        ([dice.choice([0, 0, 3, 11]) for _ in range(size)], 720 * size, dice.choice(TARGETS)) for size in range(1, 40)
    ]
    cases.append(([bad for _, bad in own_days(learner)], sum(valid for valid, _ in own_days(learner)), "0.999"))
    for bad_by_day, expected_valid, target in cases:
        left, balance = (1 - Fraction(target)) * expected_valid, []
        for bad in bad_by_day:
            left -= bad
            balance.append(left)
        value = student.balance(bad_by_day, expected_valid, float(target))
        about = f"for {short(bad_by_day)}, {expected_valid:,} expected requests and a target of {target}"
        _expect_list(value, balance, about)


def _expect_spent(student: Student, bad: int, valid: int, target: str) -> None:
    value = student.spent(bad, valid, float(target))
    if not same(value, share_spent([(valid, bad)], target)):
        raise NotTrue(f"for {bad:,} failures of {valid:,} and a target of {target} it returned {short(value)}.")


def _plain(target: str) -> float:
    return 1 if target == "1" else float(target)


def _expect_list(value: object, expected: Sequence[Fraction | float], about: str) -> None:
    found = numbers(value)
    if len(found) != len(expected):
        raise NotTrue(f"{about} it returned {short(value)}: {len(found)} numbers.")
    for day, (one, other) in enumerate(zip(found, expected, strict=True)):
        # A balance near 0 is the difference of two large numbers.
        if not (same(one, other) or abs(one - float(other)) < 1e-9):
            raise NotTrue(f"{about}, the number for day {day} is {one:g}.")


# -- task 3: whose four weeks ------------------------------------------------------------------------------------------


def users_requests(student: Student, dice: Random, learner: str) -> None:
    for size in range(1, ROUNDS + 1):
        hours = sorted(dice.sample(range(24 * 4), min(size, 90)))
        _expect_days(student, [_report(dice, hour, dice.choice(["gw-1", "gw-2"])) for hour in hours], 4)
    own = {report.hour: report for report in own_reports(learner) if report.host == "gw-1"}
    _expect_days(student, [own[hour] for hour in sorted(own)], DAYS)


def each_report_once(student: Student, dice: Random, learner: str) -> None:
    for size in range(1, ROUNDS + 1):
        # Nothing but users' requests: what is valid is another property's business.
        reports = [
            _report(dice, dice.choice([dice.randrange(24), 24 * 3 + dice.randrange(48)]), host)._replace(
                health_checks=0, aborted=0
            )
            for host in ("gw-1", "gw-2")
            for _ in range(size)
        ]
        again = dice.choice(reports)
        reports += [again, again._replace(requests=again.requests + 5, failed=again.failed + 1)]
        dice.shuffle(reports)
        _expect_days(student, reports, 6)


def _report(dice: Random, hour: int, host: str) -> Report:
    checks, aborted, valid = dice.choice([0, 12]), dice.choice([0, 0, 4]), dice.choice([0, 9, 300])
    return Report(hour, host, checks + aborted + valid, checks, aborted, dice.randrange(valid // 9 + 1))


def _expect_days(student: Student, reports: Sequence[Report], days: int) -> None:
    expected, seen = [(0, 0)] * days, set()
    for report in reports:
        if (report.hour, report.host) not in seen:
            seen.add((report.hour, report.host))
            valid, bad = expected[report.hour // 24]
            valid += report.requests - report.health_checks - report.aborted
            expected[report.hour // 24] = valid, bad + report.failed
    about = f"for the reports {short(list(reports))}" if len(reports) <= 4 else f"for {len(reports):,} reports"
    value = student.by_day(list(reports), days)
    found = [tuple(numbers(pair)) for pair in items(value)]
    if len(found) != days:
        raise NotTrue(f"{about} of {days} days it returned {len(found)} pairs.")
    for day, (pair, wanted) in enumerate(zip(found, expected, strict=True)):
        if pair != wanted:
            raise NotTrue(f"{about} the pair of day {day} is {short(tuple(items(items(value)[day])))}.")


def window_of_days(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        # The same traffic every day: how days are weighed is another property's business.
        count, window = dice.randrange(3, 40), dice.choice([1, 2, 7, dice.randrange(1, 30)])
        days = [(1_000, 0)] * count
        for day in dice.sample(range(count), 2):
            days[day] = (1_000, dice.randrange(1, 20))
        _expect_rolling(student, days, dice.choice(["0.5", "0.9"]), window)


def roll_off(student: Student, dice: Random, learner: str) -> None:
    for size in range(2, ROUNDS):
        window = dice.choice([2, 3, 7, 28, 30])
        days = some_days(dice, size)
        # No window without traffic: that is another property's business. And never more spent than there is.
        if all(sum(valid for valid, _ in days[max(0, end - window) : end]) for end in range(1, size + 1)):
            _expect_rolling(student, days, dice.choice(["0.5", "0.7"]), window)
    for window in (28, 30):
        _expect_rolling(student, list(own_days(learner)), "0.99", window)


def fresh_month(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[Days, tuple[int, ...], str]] = [(list(own_days(learner)), MONTHS, "0.99")]
    for size in range(3, ROUNDS):
        months = (*(dice.choice([1, 4, 10, 28, 31]) for _ in range(1 + size // 4)), size)
        days = [(valid or 20, min(bad, valid)) for valid, bad in some_days(dice, size)]
        cases.append((days, months, "0.5"))
    for days, months, target in cases:
        expected, start = [], 0
        for length in months:
            month = days[start : start + length]
            valid = sum(one for one, _ in month)
            expected += [
                share_spent([(valid, sum(bad for _, bad in month[: n + 1]))], target) for n in range(len(month))
            ]
            start += length
        value = student.calendar_spent(days, float(target), list(months))
        _expect_list(value, expected, f"for {_told(days)}, a target of {target} and the months {list(months)}")


def _expect_rolling(student: Student, days: Days, target: str, window: int) -> None:
    expected = [share_spent(days[max(0, end - window) : end], target) for end in range(1, len(days) + 1)]
    value = student.rolling_spent(days, float(target), window)
    _expect_list(value, expected, f"for {_told(days)}, a target of {target} and a window of {window} days")


# -- task 4: how long will it last -------------------------------------------------------------------------------------


def burn_of_the_last_days(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[Days, str, int]] = []
    for size in range(1, ROUNDS):
        last = dice.choice([1, 2, 3, 7, size, size + 5])
        cases.append((some_days(dice, size, error_ratio=0.2), dice.choice(TARGETS), last))
        cases.append(([*some_days(dice, size), *[(0, 0)] * last], "0.99", last))
    cases += [(list(own_days(learner)), "0.999", last) for last in (1, 3, 28)]
    for days, target, last in cases:
        recent = days[-last:]
        expected = share_spent(recent, target) if any(valid for valid, _ in recent) else math.nan
        value = student.current_burn(days, float(target), last)
        if not same(value, expected):
            raise NotTrue(f"for {_told(days)}, a target of {target} and last={last} it returned {short(value)}.")


def no_budget_to_burn(student: Student, dice: Random, learner: str) -> None:
    for size in range(1, ROUNDS // 2):
        last, bad = dice.randrange(1, 5), dice.choice([0, 1, 30])
        recent = [(dice.randrange(30, 900), 0) for _ in range(last)]
        recent[dice.randrange(last)] = (900, bad)
        for target in (1, 1.0):
            for days, expected in (
                ([*some_days(dice, size), *recent], math.inf if bad else 0),
                ([*some_days(dice, size), *[(0, 0)] * last], math.nan),
            ):
                value = student.current_burn(days, target, last)
                if not same(value, expected):
                    raise NotTrue(
                        f"for {_told(days)}, a target of {target} and last={last} it returned {short(value)}."
                    )


def time_to_empty(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[float, float, float]] = [(0, burn, 30) for burn in (1, 2, 10, 1_000)]
    for _ in range(ROUNDS):
        cases.append((dice.randrange(100) / 100, dice.choice([0.25, 1, 3.5, 14.4]), dice.choice([7, 28, 30, 90])))
    for spent_share, burn, period in cases:
        _expect_days_left(student, spent_share, burn, period, (1 - spent_share) * period / burn)


def already_empty(student: Student, dice: Random, learner: str) -> None:
    for spent_share in (1, 1.0, 1.5, 40, math.inf):
        for burn in (0, 0.5, 1, 1_000):
            _expect_days_left(student, spent_share, burn, dice.choice([28, 30]), 0)


def never_empty(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS // 4):
        spent_share, period = dice.randrange(100) / 100, dice.choice([28, 30])
        _expect_days_left(student, spent_share, dice.choice([0, 0.0]), period, math.inf)
        _expect_days_left(student, spent_share, math.nan, period, math.nan)


def _expect_days_left(student: Student, spent_share: float, burn: float, period: float, expected: float) -> None:
    value = student.days_left(spent_share, burn, period)
    if not same(value, expected):
        raise NotTrue(f"for spent_share={spent_share}, burn={burn} and period={period} it returned {short(value)}.")


# -- task 5: what now --------------------------------------------------------------------------------------------------


def policy_rows(student: Student, dice: Random, learner: str) -> None:
    for _ in range(4 * ROUNDS):
        change = dice.choice(["feature", "feature", "feature", "fix"])
        spent_share, worst = dice.choice([0.1, 0.7, 0.99, 1.01, 3.5]), dice.choice([0.05, 0.15, 0.21, 0.9])
        lasts, rest = dice.choice([0, 3, 6.5, 12.5, 19.5, 60, math.inf]), dice.choice([1, 7, 20])
        if spent_share > 1 and dice.random() < 0.3:
            lasts = math.nan  # row 3 has decided before anybody asks
        if change == "fix":
            expected = "ship"
        elif spent_share > 1:
            expected = "freeze"
        else:
            expected = "slow" if worst > 0.2 or lasts < rest else "ship"
        _expect_verdict(student, (change, spent_share, worst, lasts, rest), expected)


def exactly_at_the_limit(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        rest = dice.randrange(1, 28)
        spent_share, worst, lasts = dice.choice(
            [(1, 0.1, rest + 9), (0.4, 0.2, rest + 9), (0.4, 0.1, rest), (1, 0.2, rest)]
        )
        _expect_verdict(student, ("feature", spent_share, worst, lasts, rest), "ship")


def no_data_is_no_permission(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        spent_share, worst, rest = dice.choice([0.1, 0.9]), dice.choice([0, 0.15]), dice.randrange(1, 20)
        _expect_verdict(student, ("feature", math.nan, worst, rest + 5, rest), "slow")
        _expect_verdict(student, ("feature", spent_share, worst, math.nan, rest), "slow")
        _expect_verdict(student, ("fix", math.nan, worst, math.nan, rest), "ship")


def _expect_verdict(student: Student, case: tuple[str, float, float, float, float], expected: str) -> None:
    value = student.decide(*case)
    if words(value) != expected:
        told = ", ".join(f"{name}={one!r}" for name, one in zip(_CASE, case, strict=True))
        raise NotTrue(f"for {told} it returned {short(value)}.")


_CASE = ("change", "spent_share", "worst", "lasts", "rest")


LAB = Properties("lab3", globals())
PROPERTIES, failures, broken, require = LAB.parts()
