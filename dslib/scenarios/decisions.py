"""Do you need it? A card that computes how many machines a wish takes, says why, and may well answer: one.

What one box can do is an assumption, and stands in ``Box``: measure yours, and write your own numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, inf
from typing import NamedTuple

from ..places import coordinates, light_ms

#: A month of 30 days, in minutes.
MONTH_MINUTES = 30 * 24 * 60
#: A queue is short as long as a box is at most this busy: at 70 % a request waits, by M/M/1, for 2.3 others.
BUSIEST = 0.7
#: Some room must be left on a disk.
FULLEST = 0.8
#: Nobody's failures are independent enough for more.
MOST_COPIES = 5


@dataclass(frozen=True)
class Box:
    """What one machine can do, and what it costs. These are assumptions, round numbers and no measurements.

    Args:
        requests_s: requests a second with nothing else to do.
        disk_gb: how much it can keep.
        failures_a_year, repair_hours: how often it fails, and how long it then takes.
        cost: a month, in the currency of your budget.

    Raises:
        ValueError: a number is not above 0, or it is down for more time than there is.
    """

    requests_s: float = 1_000.0
    disk_gb: float = 2_000.0
    failures_a_year: float = 2.0
    repair_hours: float = 6.0
    cost: float = 50.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"{name} of a box is {value!r}: write a number above 0")
        if self.down_minutes >= MONTH_MINUTES / 2:
            raise ValueError(f"this box is down for {self.down_minutes:,.0f} minutes a month: no number of them helps")

    @property
    def down_minutes(self) -> float:
        """How long it is down, in minutes a month on average."""
        return self.failures_a_year * self.repair_hours * 60 / 12


class Decision(NamedTuple):
    """What the card says.

    Fields:
        boxes: how many machines the wish takes.
        cost: what they cost a month.
        affordable: whether that is within the budget.
        reasons: a sentence for each question that was asked.
        advice: the last sentence.
    """

    boxes: int
    cost: float
    affordable: bool
    reasons: tuple[str, ...]
    advice: str

    @property
    def one_box(self) -> bool:
        """Whether one box is enough."""
        return self.boxes == 1

    def __repr__(self) -> str:
        head = "One box is enough." if self.one_box else f"{self.boxes} boxes."
        return "\n".join([head, *(f"  - {reason}" for reason in self.reasons), self.advice])

    def __str__(self) -> str:
        return repr(self)


def decide(
    requests_s: float = 5.0,
    data_gb: float = 10.0,
    down_minutes: float = 120.0,
    cities: Sequence[str] = ("Berlin",),
    budget: float = 100.0,
    wait_ms: float = 150.0,
    box: Box | None = None,
) -> Decision:
    """How many boxes does this take?

    Args:
        requests_s: requests a second, at the busiest time.
        data_gb: how much is to be kept, in GB.
        down_minutes: how many minutes a month it may be down.
        cities: where the users are.
        budget: a month, in the currency of ``box.cost``.
        wait_ms: how long the way there and back may take for a reader.
        box: what one machine can do.

    Copies are taken to fail independently and to stand in for each other at once: real ones do a little worse.

    Raises:
        ValueError: a number is out of its range, a city is not in the table, or there is none.
    """
    box = box or Box()
    wishes = {"requests_s": requests_s, "data_gb": data_gb, "down_minutes": down_minutes, "wait_ms": wait_ms}
    for name, value in wishes.items():
        if not value > 0:
            raise ValueError(f"{name} is {value!r}: write a number above 0")
    if not budget >= 0:
        raise ValueError(f"the budget is {budget!r}: write a number, 0 or more")
    where = [cities] if isinstance(cities, str) else list(dict.fromkeys(cities))
    if not 1 <= len(where) <= 8:
        raise ValueError(f"there are {len(where)} cities: write 1 to 8, as ['Berlin', 'Tokyo']")
    for city in where:
        coordinates(city)
    parts = _for_load_and_data(requests_s, data_gb, box)
    copies = _copies(down_minutes, box)
    sites = _sites(where, wait_ms)
    total = _total(parts, copies, len(sites))
    reasons = (
        _of_load(requests_s, box), _of_data(data_gb, box), _of_downtime(down_minutes, copies, box),
        _of_places(where, sites, wait_ms),
    )  # fmt: skip
    cost = total * box.cost
    return Decision(total, cost, cost <= budget, reasons, _advice(total, cost, budget, parts, copies, len(sites), box))


def _for_load_and_data(requests_s: float, data_gb: float, box: Box) -> int:
    return max(_for_load(requests_s, box), _for_data(data_gb, box))


def _for_load(requests_s: float, box: Box) -> int:
    return ceil(round(requests_s / (BUSIEST * box.requests_s), 9)) or 1


def _for_data(data_gb: float, box: Box) -> int:
    return ceil(round(data_gb / (FULLEST * box.disk_gb), 9)) or 1


def _down_with(copies: int, box: Box) -> float:
    """Minutes a month in which all copies are down."""
    return float((box.down_minutes / MONTH_MINUTES) ** copies * MONTH_MINUTES)


def _copies(down_minutes: float, box: Box) -> int:
    return next((n for n in range(1, MOST_COPIES) if _down_with(n, box) <= down_minutes), MOST_COPIES)


def _farthest(cities: Sequence[str], sites: Sequence[str]) -> tuple[float, str]:
    return max((min(2 * light_ms(city, site) for site in sites), city) for city in cities)


def _sites(cities: Sequence[str], wait_ms: float) -> tuple[str, ...]:
    """The fewest of these cities that are near enough to all; of those the set whose farthest user is nearest."""
    for n in range(1, len(cities) + 1):
        best = min(combinations(cities, n), key=lambda sites: _farthest(cities, sites))
        if _farthest(cities, best)[0] <= wait_ms or n == len(cities):
            return best
    return tuple(cities)


def _total(parts: int, copies: int, sites: int) -> int:
    """Each part of the load on as many boxes as there must be copies, or places: a plain design, not a cheap one."""
    return parts * max(copies, sites)


def _percent(share: float) -> str:
    return f"{100 * share:,.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def _of_load(requests_s: float, box: Box) -> str:
    busy = requests_s / box.requests_s
    n = _for_load(requests_s, box)
    words = f"Load: {requests_s:,.10g} requests a second keep one box busy {_percent(busy)} of the time"
    return f"{words}; {f'it takes {n}' if n > 1 else 'one is enough'}."


def _of_data(data_gb: float, box: Box) -> str:
    n = _for_data(data_gb, box)
    words = f"Data: {data_gb:,.10g} GB fill {_percent(data_gb / box.disk_gb)} of one disk"
    return f"{words}; {f'it takes {n}' if n > 1 else 'one is enough'}."


def _of_downtime(down_minutes: float, copies: int, box: Box) -> str:
    words = (
        f"Downtime: one box is down for about {box.down_minutes:.3g} minutes a month; you allow {down_minutes:,.10g}"
    )
    if copies == 1:
        return f"{words}. One is enough."
    left = _down_with(copies, box)
    if left > down_minutes:
        return f"{words}. Not even {copies} reach that."
    return f"{words}. With {copies} copies it is about {left:.2g}."


def _of_places(cities: Sequence[str], sites: Sequence[str], wait_ms: float) -> str:
    if len(cities) == 1:
        return f"Places: all users are in {cities[0]}. One place is enough."
    one = _sites(cities, inf)
    ms, city = _farthest(cities, one)
    words = f"Places: from {one[0]}, light takes {ms:.0f} ms to {city} and back; you allow {wait_ms:,.10g}"
    return f"{words}. " + (
        "One place is enough." if len(sites) == 1 else f"It takes {len(sites)} places: {' and '.join(sites)}."
    )


def _advice(total: int, cost: float, budget: float, parts: int, copies: int, sites: int, box: Box) -> str:
    if cost <= budget:
        if total == 1:
            return f"It costs {cost:,.10g} a month. Keep a backup elsewhere, and use the time you saved."
        return (
            f"Together they cost {cost:,.10g} a month of your {budget:,.10g}. Each of them is one more that can fail."
        )
    words = f"That costs {cost:,.10g} a month, and you have {budget:,.10g}."
    without = {
        "load and data": _total(1, copies, sites),
        "downtime": _total(parts, 1, sites),
        "distance": _total(parts, copies, 1),
    }
    wish = min(without, key=lambda name: without[name])
    if without[wish] == total:
        return f"{words} No single wish is to blame: give up two of them, or pay."
    return f"{words} The dearest wish is about {wish}: without it you would pay {without[wish] * box.cost:,.10g}."
