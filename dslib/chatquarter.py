"""A quarter of the chat service as its three tenants paid for it: agreements, bills, counts, and claims.

Each tenant has an agreement of its own, with a formula of its own (definition 12 of the course): ``acme`` the mean of
five-minute ratios, as Amazon S3 counts; ``borealis`` the share of five minutes that were not a complete outage, as a
region of Amazon EC2 is judged; ``cedar`` good requests over valid ones.

The same things happen to all of them: in January everything fails for hours by night; in February a release fails a
good part of the requests for two days; in March everything fails for an hour in the evening, and a maintenance that was
announced twice takes the service down by night. Who is owed what is another matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import NamedTuple

from . import slo

#: How busy each hour of the day is, as a share of the busiest.
BUSY = (
    0.1, 0.02, 0.00125, 0.00125, 0.00125, 0.03, 0.2, 0.5, 0.7, 0.7, 0.6, 0.6,
    0.8, 0.7, 0.6, 0.6, 0.7, 0.8, 0.9, 1, 1, 0.9, 0.6, 0.3,
)  # fmt: skip
#: Requests of a tenant in its five busiest minutes, on average, and in its quietest: machines of acme ask all night.
TENANTS = {"acme": (600, 20), "borealis": (240, 0), "cedar": (40, 0)}
DAYS = {(2027, 1): 31, (2027, 2): 28, (2027, 3): 31}
DAY, HOUR = 1_440, 60  # minutes
CALM = 0.00002


class Tier(NamedTuple):
    """Below this uptime, and not below the next tier's, so large a share of the month's bill is credited. Exactly."""

    below: Fraction
    credit: Fraction


def as_printed(tiers: Iterable[slo.Tier]) -> tuple[Tier, ...]:
    """The tiers with exact fractions, read as they print: 0.999 is 999/1000, which no float is."""
    return tuple(Tier(*(Fraction(str(share)) for share in tier)) for tier in tiers)


class Slice(NamedTuple):
    """Five minutes, from ``minute`` of the month on: so many valid requests, and so many of them were bad."""

    minute: int
    valid: int
    bad: int


class Month(NamedTuple):
    """A month of one tenant. ``maintenance`` are announced windows, [start, end) in minutes of the month.

    ``claimed`` is the month in which a claim for this one arrived, as (year, month), or None: nobody claimed.
    """

    year: int
    month: int
    bill: int
    slices: tuple[Slice, ...]
    maintenance: tuple[tuple[int, int], ...]
    claimed: tuple[int, int] | None


class Agreement(NamedTuple):
    """``formula`` is "requests", "slices" or "mean". A claim must arrive in one of the ``window`` months after."""

    formula: str
    tiers: tuple[Tier, ...]
    window: int


class Account(NamedTuple):
    tenant: str
    agreement: Agreement
    months: tuple[Month, ...]


class Offer(NamedTuple):
    """Something that the service can buy: its cost in a year, and the minutes of outage that it saves in a year."""

    name: str
    cost: int
    minutes: int


class Quarter(NamedTuple):
    """What a learner gets: the accounts, what can be bought for how much in all, and the price of each further nine.

    ``nines[0]`` is what it costs in a year to get from 90 % to 99 %, ``nines[1]`` from there to 99.9 %, and so on.
    """

    accounts: tuple[Account, ...]
    offers: tuple[Offer, ...]
    budget: int
    nines: tuple[int, ...]


AGREEMENTS = {
    "acme": Agreement("mean", as_printed(slo.S3_STANDARD), 2),
    "borealis": Agreement("slices", as_printed(slo.EC2_REGION), 2),
    "cedar": Agreement("requests", as_printed(slo.S3_INFREQUENT_ACCESS), 2),
}


def chat_quarter(seed: int = 0) -> Quarter:
    """January to March 2027 of the service, for one learner."""
    dice = Random(f"{seed}/chat quarter")
    trouble, maintenance = _trouble(dice)
    bills = {
        "acme": 100 * dice.randrange(400, 600),
        "borealis": 50 * dice.randrange(160, 240),
        "cedar": 10 * dice.randrange(50, 90),
    }
    accounts = []
    for tenant, agreement in AGREEMENTS.items():
        months = []
        for (year, month), days in DAYS.items():
            slices = [
                _slice(tenant, minute, trouble[month].get(minute, CALM), dice) for minute in range(0, DAY * days, 5)
            ]
            # The busier the month, the higher the bill.
            bill = bills[tenant] + bills[tenant] * dice.randrange(-10, 11) // 200
            # cedar is small, and finds the time for paperwork in June.
            claimed = (year, month + 1) if tenant != "cedar" else (year, 6) if month == 2 else None
            months.append(Month(year, month, bill, _shuffled(slices, dice), maintenance.get(month, ()), claimed))
        accounts.append(Account(tenant, agreement, tuple(months)))
    return Quarter(tuple(accounts), *_shop(dice))


def _trouble(dice: Random) -> tuple[dict[int, dict[int, float]], dict[int, tuple[tuple[int, int], ...]]]:
    """For each month the share of requests that fails from a minute on, and the announced maintenance."""
    night = DAY * dice.randrange(3, 28) + HOUR + 5 * dice.randrange(0, 18)
    january = dict.fromkeys(range(night, night + 5 * dice.randrange(30, 43), 5), 1.0)

    release, failing = dice.randrange(3, 24), dice.randrange(36, 49) / 100
    hours = [range(DAY * day + 8 * HOUR, DAY * day + 22 * HOUR, 5) for day in (release, release + 1)]
    february = {minute: failing for day in hours for minute in day}

    evening = DAY * dice.randrange(3, 13) + 19 * HOUR + 5 * dice.randrange(0, 6)
    march = dict.fromkeys(range(evening, evening + 5 * dice.randrange(10, 14), 5), 1.0)
    begins = DAY * dice.randrange(15, 28) + HOUR
    march |= dict.fromkeys(range(begins + 15, begins + 15 + 5 * dice.randrange(8, 20), 5), 1.0)
    announced = (begins, begins + 2 * HOUR), (begins + HOUR, begins + 3 * HOUR)
    return {1: january, 2: february, 3: march}, {3: announced}


def _slice(tenant: str, minute: int, failing: float, dice: Random) -> Slice:
    most, least = TENANTS[tenant]
    mean = max(most * BUSY[minute % DAY // HOUR], least)
    valid = int(mean * (0.75 + 0.5 * dice.random()) + dice.random())
    if failing == 1.0:
        return Slice(minute, valid, valid)
    if failing == CALM:  # at most one: two in five minutes are rare
        return Slice(minute, valid, int(dice.random() < valid * failing))
    return Slice(minute, valid, min(valid, round(valid * failing + dice.uniform(-0.5, 0.5))))


def _shuffled(slices: list[Slice], dice: Random) -> tuple[Slice, ...]:
    """As they come out of a store that nobody sorts: by day, the days in no order."""
    days = [slices[start : start + DAY // 5] for start in range(0, len(slices), DAY // 5)]
    dice.shuffle(days)
    return tuple(one for day in days for one in day)


def _shop(dice: Random) -> tuple[tuple[Offer, ...], int, tuple[int, ...]]:
    """What helps for how much. Seeing a fault and undoing it sooner is cheap; a second site is not."""
    kinds = {
        "page on the burn rate": ((3, 6), (60, 110)),
        "undo a release with one button": ((4, 8), (90, 150)),
        "try a release on one host first": ((6, 11), (60, 120)),
        "a load test before each sale": ((5, 10), (15, 40)),
        "spare hosts": ((9, 15), (30, 60)),
        "better disks": ((12, 20), (5, 15)),
        "a second site": ((30, 45), (80, 140)),
        "somebody awake at night": ((20, 32), (70, 130)),
    }
    offers = [
        Offer(name, 1_000 * dice.randint(*cost), 5 * dice.randint(minutes[0] // 5, minutes[1] // 5))
        for name, (cost, minutes) in kinds.items()
    ]
    dice.shuffle(offers)
    nines = tuple(100 * dice.randint(*most) for most in ((150, 300), (25, 45), (60, 120), (500, 900)))
    return tuple(offers), 1_000 * dice.randrange(38, 52), nines
