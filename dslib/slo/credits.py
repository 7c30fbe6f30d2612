"""What an agreement (SLA) pays back when it is broken: tiers of credit, capped, claimed, never cash (definition 22).

The tier table is an input, and so is the availability: measured by the contract's own formula, which is one of the
three in ``indicators``, over the contract's own window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from .exact import Number, count, exact, share, show


class Tier(NamedTuple):
    """Below this availability (and not below the next tier's), so large a share of the month's bill is credited."""

    below: Number
    credit: Number


#: Amazon S3's agreement: Standard, and Infrequent Access (text of July 2019). Its formula: 1 - the mean of the error
#: rates of all 5-minute intervals.
S3_STANDARD = (Tier(0.999, 0.10), Tier(0.99, 0.25), Tier(0.95, 1.0))
S3_INFREQUENT_ACCESS = (Tier(0.99, 0.10), Tier(0.98, 0.25), Tier(0.95, 1.0))
#: Amazon's compute agreement for a region (text of May 2022). Its formula: the share of minutes in which the
#: region was available.
EC2_REGION = (Tier(0.9999, 0.10), Tier(0.99, 0.30), Tier(0.95, 1.0))


class Credit(NamedTuple):
    """What is credited: an amount, the share of the bill that it is, and why it is not more. ``str()`` says it."""

    amount: float
    share: float
    why: str

    def __str__(self) -> str:
        if math.isnan(self.amount):
            return f"undefined: {self.why}"
        return f"{self.amount:,.2f} ({100 * self.share:g} % of the bill): {self.why}"


def credit_share(availability: Number, tiers: Sequence[Tier]) -> float:
    """The share of the month's bill that the tiers give back: the deepest tier whose bound is above the availability.

    Tiers are half-open, "less than X, at least Y": an availability of exactly 0.99 is not below 0.99. Only that one
    tier counts; tiers are not added up. ``nan`` for an availability of ``nan``: no traffic, and the contract must say.

    Raises ValueError for an availability that is no share, and for tiers whose bounds do not fall or whose credits do
    not rise.

    >>> [credit_share(a, S3_STANDARD) for a in (0.999, 0.9989, 0.99, 0.9899, 0.94)]
    [0.0, 0.1, 0.1, 0.25, 1.0]
    """
    table = _table(tiers)
    if math.isnan(availability):
        return math.nan
    reached = share(availability, "availability")
    deepest = Fraction(0)
    for tier in table:
        if reached < exact(tier.below, "below"):
            deepest = exact(tier.credit, "credit")
    return float(deepest)


def credit(
    availability: Number,
    bill: Number,
    tiers: Sequence[Tier],
    cap: Number = 1,
    claimed_after_days: float | None = 0,
    claim_within_days: float = math.inf,
) -> Credit:
    """What one customer is credited for one month.

    Args:
        availability: of that month, by the contract's own formula.
        bill: of that month, and of this service alone.
        tiers: the contract's table.
        cap: the most that is credited, as a share of the bill.
        claimed_after_days: when the customer claimed, in days after the month; None for never.
        claim_within_days: how long a claim may take.

    Raises:
        ValueError: the bill is negative, a share is none, or the tiers are no table.

    >>> print(credit(0.985, 2_000, S3_STANDARD))
    500.00 (25 % of the bill): 98.5 % is below 99 %
    """
    due, most, table = count(bill, "bill"), share(cap, "cap"), _table(tiers)
    part = credit_share(availability, tiers)
    if math.isnan(part):
        return Credit(math.nan, math.nan, "no traffic: what the availability is, the contract must say")
    if not part:
        return Credit(0.0, 0.0, f"{_percent(availability)} is not below {_percent(table[0].below)}")
    if claimed_after_days is None or claimed_after_days > claim_within_days:
        late = "nobody claimed it" if claimed_after_days is None else f"claimed after {claimed_after_days:g} days"
        return Credit(0.0, 0.0, late + ("" if claimed_after_days is None else f", allowed are {claim_within_days:g}"))
    reached = exact(availability, "availability")
    bound = min(exact(tier.below, "below") for tier in table if reached < exact(tier.below, "below"))
    why = f"{_percent(availability)} is below {_percent(bound)}"
    given = exact(part, "credit")
    if given > most:
        given, why = most, f"{why}, capped at {_percent(cap)}"
    return Credit(float(given * due), float(given), why)


def bills_after_credits(bills: Iterable[Number], credits: Iterable[Number]) -> list[float]:
    """What is to be paid each month: a month's credit lowers the bills that follow, never its own, and is never cash.

    What is larger than the next bill waits for the one after; what is left at the end was worth nothing.

    Raises ValueError for negative numbers, and lists of different lengths.

    >>> bills_after_credits([1_000, 200, 1_000], [500, 0, 0])
    [1000.0, 0.0, 700.0]
    """
    waiting, paid = Fraction(0), []
    for bill, earned in zip(bills, credits, strict=True):
        due = count(bill, "bill")
        used = min(due, waiting)
        paid.append(float(due - used))
        waiting += count(earned, "credit") - used
    return paid


def _table(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    return _checked(tuple(Tier(*tier) for tier in tiers))


@lru_cache(maxsize=64)
def _checked(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    if not tiers:
        raise ValueError("there is no tier: write [Tier(below=0.999, credit=0.10), …]")
    for tier in tiers:
        share(tier.below, "below")
        share(tier.credit, "credit")
    for one, other in pairwise(tiers):
        falls = exact(one.below, "below") > exact(other.below, "below")
        if not (falls and exact(one.credit, "credit") < exact(other.credit, "credit")):
            raise ValueError(
                f"tiers below {_percent(one.below)} and below {_percent(other.below)} are out of order: "
                "bounds fall and credits rise from one tier to the next"
            )
    return tiers


def _percent(value: Number) -> str:
    return f"{show(exact(value, 'a share') * 100)} %"
