"""The properties of Lab 6, on random agreements, on published tables and on the learner's own quarter.

Some are asked as relations between two answers of the same function, so that another mistake in it does not count
twice: an uptime exactly on a bound gets what one just above it gets, whatever that is.
"""

import calendar
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from random import Random

from dslib.chatquarter import Offer, Quarter, Slice, Tier, as_printed, chat_quarter
from dslib.exercises import Lab
from dslib.slo import EC2_REGION, S3_INFREQUENT_ACCESS, S3_STANDARD

from .asking import SOLUTIONS, Known, NotTrue, Properties, Student, items, number, same, short, words

ROUNDS = 40
FORMULAS = ("requests", "slices", "mean")
PUBLISHED = tuple(map(as_printed, (S3_STANDARD, S3_INFREQUENT_ACCESS, EC2_REGION)))
DAY, HOUR = 1_440, 60  # minutes


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_data(learner: str) -> Known:
    seed = Lab("lab6", learner, folder=SOLUTIONS / "lab6").seed
    return Known(chat_quarter, ((seed,),), chat_quarter(seed))


def known(learner: str) -> list[Known]:
    return [own_data(learner)]


def own_quarter(learner: str) -> Quarter:
    quarter: Quarter = own_data(learner).value
    return quarter


# -- task 1: how much is credited --------------------------------------------------------------------------------------


def some_tiers(dice: Random) -> tuple[Tier, ...]:
    """A table as it is printed: bounds fall, credits rise."""
    count = dice.randrange(1, 5)
    bounds = sorted(dice.sample(range(900, 1_000), count), reverse=True)
    credits = sorted(dice.sample(range(5, 100, 5), count))
    return tuple(Tier(Fraction(b, 1_000), Fraction(c, 100)) for b, c in zip(bounds, credits, strict=True))


def percent(share: Fraction | float) -> str:
    return f"{100 * float(share):.6g} %"


def table_of(tiers: Sequence[Tier]) -> str:
    return ", ".join(f"below {percent(tier.below)}: {percent(tier.credit)}" for tier in tiers)


def tier_edges(student: Student, dice: Random, learner: str) -> None:
    little = Fraction(1, 10**9)
    for tiers in [*PUBLISHED, *(some_tiers(dice) for _ in range(ROUNDS))]:
        for tier in tiers:
            for rows in ([tier], list(tiers)):
                at, above = (number(student.credit_share(tier.below + step, rows)) for step in (Fraction(0), little))
                if not same(at, above):
                    raise NotTrue(
                        f"with the tiers {table_of(rows)}, an uptime of exactly {percent(tier.below)} gets another "
                        "credit than one that is a little higher."
                    )
            at, below = (number(student.credit_share(tier.below - step, [tier])) for step in (Fraction(0), little))
            if same(at, below):
                raise NotTrue(f"with the tier {table_of([tier])}, nothing changes just below {percent(tier.below)}.")


def one_tier(student: Student, dice: Random, learner: str) -> None:
    for tiers in [*PUBLISHED, *(some_tiers(dice) for _ in range(ROUNDS))]:
        bounds = [*(tier.below for tier in tiers), Fraction(0)]
        for number_, tier in enumerate(tiers):
            uptime = (bounds[number_] + bounds[number_ + 1]) / 2
            for order in (list(tiers), dice.sample(tiers, len(tiers)), list(reversed(tiers))):
                found = student.credit_share(uptime, order)
                if not same(found, tier.credit):
                    raise NotTrue(
                        f"with the tiers {table_of(order)}, an uptime of {percent(uptime)} gets {short(found)}."
                    )


def promise_kept(student: Student, dice: Random, learner: str) -> None:
    for tiers in [*PUBLISHED, *(some_tiers(dice) for _ in range(ROUNDS))]:
        promise = max(tier.below for tier in tiers)
        for uptime in (Fraction(1), (promise + 1) / 2, math.nan):
            order = dice.sample(tiers, len(tiers))
            found = student.credit_share(uptime, order)
            if not same(found, 0):
                what = (
                    "without a single request (nan)" if math.isnan(uptime) else f"with an uptime of {percent(uptime)}"
                )
                raise NotTrue(f"with the tiers {table_of(order)}, a month {what} gets {short(found)}.")


# -- task 2: what is owed ----------------------------------------------------------------------------------------------


def expected_uptime(slices: Sequence[Slice], formula: str) -> Fraction | float:
    if formula == "requests":
        valid, bad = sum(one.valid for one in slices), sum(one.bad for one in slices)
        return 1 - Fraction(bad, valid) if valid else math.nan
    if not slices:
        return math.nan
    if formula == "slices":
        return Fraction(sum(one.valid == 0 or one.bad < one.valid for one in slices), len(slices))
    return math.fsum(1 - one.bad / one.valid if one.valid else 1 for one in slices) / len(slices)


def some_slices(dice: Random, count: int) -> list[Slice]:
    found = []
    for number_ in range(count):
        valid = dice.choice([0, 1, 2, 10, 40, 200])
        found.append(Slice(5 * number_, valid, dice.choice([0, 0, valid, valid // 2])))
    dice.shuffle(found)
    return found


def story(slices: Sequence[Slice]) -> str:
    if len(slices) > 5:
        return f"{len(slices):,} slices"
    return "; ".join(f"{one.bad} bad of {one.valid} at minute {one.minute}" for one in slices) or "no slices"


def contract_formula(student: Student, dice: Random, learner: str) -> None:
    cases = [some_slices(dice, size) for size in [*range(1, 6)] * 4 + [50, 288]]
    cases += [list(month.slices) for account in own_quarter(learner).accounts for month in account.months[1:2]]
    for slices in cases:
        for formula in FORMULAS:
            expected = expected_uptime(slices, formula)
            if formula == "requests" and math.isnan(expected):
                continue  # nobody asked: the next property's business
            found = student.uptime(list(slices), formula, [])
            if not same(found, expected):
                raise NotTrue(f"for {story(slices)}, the uptime by {formula!r} is {short(found)}.")


def excluded_minutes(student: Student, dice: Random, learner: str) -> None:
    # Every slice has the same requests and is all good or all bad: here the three formulas agree.
    for round_ in range(ROUNDS):
        slices = [Slice(5 * n, 10, dice.choice([0, 0, 10])) for n in range(dice.choice([4, 12, 60]))]
        end = 5 * len(slices)
        start = 5 * dice.randrange(len(slices))
        windows = [(start, start + 5 * dice.randrange(1, 4))]
        if round_ % 2:  # announced again, and a little longer
            windows.append((start, windows[0][1] + 5))
        if round_ % 4 == 2:  # between the slices: what counts is where a slice begins
            windows = [(start + 2, windows[0][1] + 2)]
        if round_ % 5 == 4:
            windows = [(0, end)]
        kept = [one for one in slices if not any(a <= one.minute < b for a, b in windows)]
        dice.shuffle(slices)
        for formula in FORMULAS:
            found = student.uptime(list(slices), formula, list(windows))
            if not same(found, expected_uptime(kept, formula)):
                told = f"for {story(sorted(slices))}, with maintenance {windows}"
                raise NotTrue(f"{told}, the uptime by {formula!r} is {short(found)}.")
    # A month in which nobody asked for anything.
    found = student.uptime([Slice(0, 0, 0), Slice(5, 0, 0)], "requests", [])
    if not same(found, math.nan):
        raise NotTrue(f"without a valid request, the uptime by 'requests' is {short(found)}.")


def some_bills(dice: Random) -> dict[int, int]:
    return {month: 10 * dice.randrange(10, 5_000) for month in range(1, 13)}


def that_months_bill(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        bills, month, share = some_bills(dice), dice.randrange(1, 10), Fraction(dice.randrange(1, 20), 20)
        found = student.monthly_credit([share], bills, month, month + 1, 2)
        if not same(found, share * bills[month]):
            raise NotTrue(f"for a credit of {percent(share)} in month {month} of {bills}, it returned {short(found)}.")


def capped(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        month = dice.randrange(1, 10)
        bills = dict.fromkeys(range(1, 13), 0) | {month: 1_000}
        shares = [Fraction(dice.choice([5, 10, 25, 30, 100]), 100) for _ in range(dice.randrange(2, 5))]
        found = student.monthly_credit(list(shares), bills, month, month, 2)
        if not same(found, 1_000 * min(Fraction(1), sum(shares))):
            listed = ", ".join(map(percent, shares))
            raise NotTrue(f"for the credits {listed} of a bill of 1,000, it returned {short(found)}.")


def claim_window(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        bills, month, window = dict.fromkeys(range(1, 13), 1_000), dice.randrange(1, 7), dice.randrange(1, 4)
        for claimed in (None, *range(month, month + window + 3)):
            found = number(student.monthly_credit([Fraction(1, 10)], bills, month, claimed, window))
            in_time = claimed is not None and claimed - month <= window
            if (found != 0) != in_time:
                when = "never claimed" if claimed is None else f"claimed in month {claimed}"
                raise NotTrue(
                    f"a credit of month {month}, {when}, where the agreement asks for a claim within {window} months "
                    f"after it: it returned {short(found)}."
                )


def future_payments(student: Student, dice: Random, learner: str) -> None:
    for size in [*range(1, 7)] * 6:
        bills = [10 * dice.randrange(0, 100) for _ in range(size)]
        credits = [dice.choice([0, 0, 100, 300, 2_000]) for _ in range(size)]
        waiting, payments = 0, []
        for bill, credit in zip(bills, credits, strict=True):
            used = min(bill, waiting)
            payments.append(bill - used)
            waiting += credit - used
        found = items(student.settle(list(bills), list(credits)))
        if len(found) != 2:
            raise NotTrue(f"it returned {short(found)}, not the pair (payments, unused).")
        paid = items(found[0])
        if len(paid) != size or not all(same(one, other) for one, other in zip(paid, payments, strict=True)):
            raise NotTrue(f"for the bills {bills} and the credits {credits}, the payments are {short(paid)}.")
        if not same(found[1], waiting):
            raise NotTrue(f"for the bills {bills} and the credits {credits}, {short(found[1])} is unused in the end.")


# -- task 3: the promise and the aim -----------------------------------------------------------------------------------

TARGETS = (0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999)


def gap_in_minutes(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):  # months of 30 days: the others are another property's business
        (slo, sla), year, month = dice.sample(TARGETS, 2), dice.randrange(2_020, 2_040), dice.choice([4, 6, 9, 11])
        found = student.safety_gap(slo, sla, year, month)
        if not same(found, (Fraction(repr(slo)) - Fraction(repr(sla))) * 30 * DAY):
            raise NotTrue(
                f"for an SLO of {percent(slo)}, an SLA of {percent(sla)} and {calendar.month_name[month]} {year}, "
                f"the gap is {short(found)}."
            )


def month_length(student: Student, dice: Random, learner: str) -> None:
    years = [2_027, 2_028, 2_100, *(dice.randrange(2_001, 2_060) for _ in range(5))]
    for year, month in [(year, month) for year in years for month in range(1, 13)]:
        gap, of_april = (number(student.safety_gap(0.999, 0.99, *when)) for when in ((year, month), (year, 4)))
        days = calendar.monthrange(year, month)[1]
        if of_april == 0 or not same(gap / of_april, Fraction(days, 30)):
            raise NotTrue(
                f"an SLO of 99.9 % and an SLA of 99 %: the gap is {of_april:g} in April {year} and {gap:g} in "
                f"{calendar.month_name[month]} {year}."
            )


def slo_and_sla(student: Student, dice: Random, learner: str) -> None:
    pairs = [(0.999, 0.995), (0.995, 0.995), (0.99, 0.999), *(dice.sample(TARGETS, 2) for _ in range(ROUNDS))]
    for one, other in pairs:
        slo, sla = Fraction(repr(one)), Fraction(repr(other))
        near: list[Fraction | float] = [
            edge + step for edge in (slo, sla) for step in (Fraction(-1, 10**6), Fraction(0), Fraction(1, 10**6))
        ]
        for uptime in [*near, (slo + sla) / 2, Fraction(1), math.nan]:
            if math.isnan(uptime):
                expected = "no data"
            elif uptime < sla:
                expected = "credit due"
            else:
                expected = "met" if uptime >= slo else "missed"
            found = words(student.verdict(uptime, slo, sla))
            if found != expected:
                raise NotTrue(
                    f"an uptime of {percent(uptime)} with an SLO of {percent(slo)} and an SLA of {percent(sla)} "
                    f"is called {short(found)}."
                )


# -- task 4: the price of nines ----------------------------------------------------------------------------------------


def value_of_a_gain(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[int, float, float]] = [(1_000_000, 0.999, 0.9999)]  # the SRE Workbook's own example
    for _ in range(ROUNDS):
        before, after = dice.sample(TARGETS, 2)
        cases.append((1_000 * dice.randrange(1, 9_999), before, after))
    own = own_quarter(learner)
    cases.append((12 * sum(account.months[0].bill for account in own.accounts), 0.99, 0.999))
    for revenue, before, after in cases:
        found = student.value_of_gain(revenue, before, after)
        if not same(found, revenue * (Fraction(repr(after)) - Fraction(repr(before)))):
            raise NotTrue(
                f"from {percent(before)} to {percent(after)}, at {revenue:,} a year, is worth {short(found)}."
            )


def where_to_stop(student: Student, dice: Random, learner: str) -> None:
    # Costs end in 1 and values in 0, so that no two answers are equally good.
    cases = [(10**8 * dice.randrange(1, 9), [10 ** dice.randrange(3, 8) + 1 for _ in range(dice.randrange(6))])
             for _ in range(ROUNDS)]  # fmt: skip
    cases += [(10**8, []), (10**8, [10**9 + 1] * 3), (10**8, [1, 1, 1, 1]), (10**8, [1, 90_000_011, 1, 1])]
    cases += [
        (10**8, [8_000_001, 900_011, 1])
    ]  # the second further nine costs more than it brings; with the third, less
    # Here two numbers are equally good: the smaller one.
    cases += [(10**8, [9_000_000]), (10**8, [1_000_000, 900_000]), (10**8, [1_000_000, 900_001, 89_999])]
    for revenue, costs in cases:
        nets, best = 0, (0, 1)
        for step, cost in enumerate(costs, start=1):
            nets += revenue * 9 // 10 ** (step + 1) - cost
            best = (nets, step + 1) if nets > best[0] else best
        found = number(student.nines_worth_buying(revenue, list(costs)))
        if found != best[1]:
            raise NotTrue(f"with {revenue:,} a year and the costs {costs}, it returned {found:g}.")


# -- task 5: what to buy -----------------------------------------------------------------------------------------------


def some_offers(dice: Random) -> list[Offer]:
    return [Offer(f"offer {n}", dice.randrange(1, 30), dice.randrange(1, 60)) for n in range(dice.randrange(8))]


def shops(dice: Random, learner: str) -> list[tuple[list[Offer], int]]:
    own = own_quarter(learner)
    few = [Offer("cheap", 1, 2), Offer("dear", 10, 10)]  # the best for its price leaves no money for the best
    # The largest, the best for its price and the cheapest all lead away from the two that belong together.
    pair = [Offer("large", 6, 60), Offer("one", 5, 48), Offer("two", 5, 48), Offer("little", 1, 1)]
    return [(few, 10), (pair, 10), ([Offer("one", 5, 5)], 5), (list(own.offers), own.budget)] + [
        (some_offers(dice), dice.randrange(60)) for _ in range(ROUNDS)
    ]


def within_budget(student: Student, dice: Random, learner: str) -> None:
    for offers, budget in shops(dice, learner):
        cost = {offer.name: offer.cost for offer in offers}
        names = [words(name) for name in items(student.best_buys(list(offers), budget))]
        if strange := [name for name in names if name not in cost]:
            raise NotTrue(f"{short(strange)} is not the name of an offer.")
        if len(set(names)) != len(names):
            raise NotTrue(f"an offer is bought more than once: {short(names)}.")
        if sum(cost[name] for name in names) > budget:
            raise NotTrue(f"of {asked(offers)} with a budget of {budget:,} it bought {short(names)}.")
        if not names and any(one <= budget for one in cost.values()):
            raise NotTrue(f"of {asked(offers)} with a budget of {budget:,} it bought nothing.")


def best_buys(student: Student, dice: Random, learner: str) -> None:
    for offers, budget in shops(dice, learner):
        saves = {offer.name: offer.minutes for offer in offers}
        names = {words(name) for name in items(student.best_buys(list(offers), budget))}
        if sum(saves.get(name, 0) for name in names) < most_minutes(offers, budget):
            raise NotTrue(
                f"of {asked(offers)} with a budget of {budget:,} it bought {short(sorted(names))}; more can be saved."
            )


def most_minutes(offers: Sequence[Offer], budget: int) -> int:
    affordable = [
        chosen
        for count in range(len(offers) + 1)
        for chosen in combinations(offers, count)
        if sum(offer.cost for offer in chosen) <= budget
    ]
    return max(sum(offer.minutes for offer in chosen) for chosen in affordable)


def asked(offers: Sequence[Offer]) -> str:
    listed = ", ".join(f"{offer.name} ({offer.cost:,} for {offer.minutes} min)" for offer in offers[:8])
    return listed or "no offers"


LAB = Properties("lab6", globals())
PROPERTIES, failures, broken, require = LAB.parts()
