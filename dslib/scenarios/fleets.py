"""How rare is rare? The same machine, once, a thousand times, ten thousand times; and how to order what may go wrong.

A machine that fails once in three years is a good machine. Failures are independent here, and each machine is as likely
to fail today as on any other day, so failures of a whole fleet come at random at machines / MTBF (a Poisson process).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import exp, isfinite
from random import Random

DAYS_A_YEAR = 365.0


def failures_a_day(machines: int, mtbf_years: float) -> float:
    """How many of the machines fail on a day, on average. ``mtbf_years``: mean time between failures of one of them.

    Raises:
        ValueError: there are no such machines, or no such time.
    """
    if isinstance(machines, bool) or not isinstance(machines, int) or not 1 <= machines <= 10_000_000:
        raise ValueError(f"machines is {machines!r}: write a whole number from 1 to 10,000,000")
    if isinstance(mtbf_years, bool) or not isinstance(mtbf_years, int | float) or not 0.01 <= mtbf_years < 1e6:
        raise ValueError(f"mtbf_years is {mtbf_years!r}: write years, from 0.01 on")
    return machines / (mtbf_years * DAYS_A_YEAR)


def chance_today(machines: int, mtbf_years: float) -> float:
    """How likely it is that at least one of the machines fails today."""
    return 1.0 - exp(-failures_a_day(machines, mtbf_years))


def failures_each_day(seed: int = 0, machines: int = 10_000, mtbf_years: float = 3.0, days: int = 30) -> list[int]:
    """How many machines failed on each of so many days: one fleet, by the seed's dice.

    Raises:
        ValueError: there are no such machines, no such time, or no such days; or more failures than one run can hold.
    """
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 3_650:
        raise ValueError(f"days is {days!r}: write a whole number from 1 to 3,650")
    rate = failures_a_day(machines, mtbf_years)
    if rate * days > 1_000_000:
        raise ValueError(f"that is about {rate * days:,.0f} failures: write fewer machines or days")
    random, found = Random(f"fleet {seed} {machines} {mtbf_years:g}"), [0] * days
    at = random.expovariate(rate)
    while at < days:
        found[int(at)] += 1
        at += random.expovariate(rate)
    return found


def disks_a_year(disks: int, rate: float) -> float:
    """How many disks fail in a year, if so large a share of them does (the annual failure rate, 0.02 for 2 %).

    Raises:
        ValueError: the share is none, or there are no disks.
    """
    if isinstance(disks, bool) or not isinstance(disks, int) or disks < 1:
        raise ValueError(f"disks is {disks!r}: write a whole number from 1 on")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not isfinite(rate) or not 0 <= rate <= 1:
        raise ValueError(f"the rate is {rate!r}: write a share from 0 to 1, such as 0.02 for 2 %")
    return disks * rate


def by_product(risks: Mapping[str, tuple[int, int]]) -> list[str]:
    """Risks by likelihood times impact, the worst first; of equals the one that was named first.

    Raises:
        ValueError: a risk has no two numbers from 1 to 5.
    """
    for name, steps in risks.items():
        if len(steps) != 2 or not all(type(step) is int and 1 <= step <= 5 for step in steps):
            raise ValueError(f"the risk {name!r} has {steps!r}: write two whole numbers from 1 to 5, likelihood first")
    return sorted(risks, key=lambda name: -risks[name][0] * risks[name][1])


def same_order(mine: Sequence[str], theirs: Sequence[str]) -> float:
    """The share of all pairs that stand in the same order in both: 1 the same order, 0 upside down, 0.5 no relation.

    Raises:
        ValueError: they do not name the same risks, each once, or fewer than two.
    """
    if sorted(mine) != sorted(theirs) or len(set(mine)) != len(mine) or len(mine) < 2:
        odd = sorted(set(mine) ^ set(theirs)) or sorted(mine)
        raise ValueError(f"both orders must name the same risks, each once, and two at least: look at {odd}")
    place = {name: at for at, name in enumerate(theirs)}
    pairs = list(combinations(mine, 2))
    return sum(place[first] < place[second] for first, second in pairs) / len(pairs)
