"""How often do you look? Outages of a month, and what a probe that asks every few minutes makes of them.

A claim such as "99.95 % a month" says little without three things: how often it is checked, from where, and what
counts as down.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, isfinite
from random import Random
from typing import NamedTuple

MONTH_MIN = 30 * 24 * 60.0
#: Minutes of outage that 99.95 % of 30 days allows: 21.6.
BUDGET_MIN = MONTH_MIN * 5 / 10_000

Outage = tuple[float, float]


def outages_of(seed: int = 0, count: int = 12, total_min: float = 22.0) -> list[Outage]:
    """The outages of a month, as (begins, lasts) in minutes: at random, of random lengths, so long in total.

    Raises:
        ValueError: a number is out of range.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 200:
        raise ValueError(f"count is {count!r}: write how many outages, from 1 to 200")
    if isinstance(total_min, bool) or not isinstance(total_min, int | float) or not 0 < total_min <= MONTH_MIN / 4:
        raise ValueError(f"total_min is {total_min!r}: write minutes, above 0 and at most {MONTH_MIN / 4:,.0f}")
    dice = Random(f"outages {seed} {count} {total_min:g}")
    lengths = [dice.random() for _ in range(count)]
    unit = total_min / sum(lengths)
    # Each one in a stretch of its own, so that no two meet.
    room = MONTH_MIN / count
    found = []
    for i, length in enumerate(lengths):
        lasts = length * unit
        found.append((i * room + dice.random() * max(0.0, room - lasts), lasts))
    return found


class Looked(NamedTuple):
    """What a probe made of a month. Prints as a sentence.

    Fields:
        true_min, measured_min: minutes down, in truth and by the probe.
        outages, seen: how many there were, and how many it noticed.
    """

    every_min: float
    in_a_row: int
    true_min: float
    measured_min: float
    outages: int
    seen: int

    @property
    def availability(self) -> float:
        """As the probe reports it."""
        return 1 - self.measured_min / MONTH_MIN

    def __str__(self) -> str:
        return (
            f"In truth {self.true_min:.1f} min down, {100 * (1 - self.true_min / MONTH_MIN):.3f} %. "
            f"The probe says {self.measured_min:.1f} min, {100 * self.availability:.3f} %: "
            f"it saw {self.seen} of {self.outages} outages."
        )


def looked(outages: Sequence[Outage], every_min: float = 5.0, in_a_row: int = 1, first_min: float = 0.0) -> Looked:
    """Ask every ``every_min`` minutes. Each probe that fails counts for one such stretch of time.

    With ``in_a_row`` above 1 only so many failures one after the other count, and then all of them.

    Raises:
        ValueError: a number is out of range.
    """
    if isinstance(every_min, bool) or not isinstance(every_min, int | float) or not isfinite(every_min):
        raise ValueError(f"every_min is {every_min!r}: write minutes, such as 5")
    if not 0.01 <= every_min <= MONTH_MIN:
        raise ValueError(f"every_min is {every_min!r}: write minutes, from 0.01 to a month")
    if isinstance(in_a_row, bool) or not isinstance(in_a_row, int) or in_a_row < 1:
        raise ValueError(f"in_a_row is {in_a_row!r}: write a whole number, 1 or more")
    if not 0 <= first_min < every_min:
        raise ValueError(f"first_min is {first_min!r}: the first probe comes within the first {every_min:g} minutes")
    failed, seen = 0, 0
    for begins, lasts in outages:
        first = ceil((begins - first_min) / every_min)
        last = ceil((begins + lasts - first_min) / every_min) - 1
        hits = last - first + 1
        if hits >= in_a_row:
            failed, seen = failed + hits, seen + 1
    return Looked(every_min, in_a_row, sum(lasts for _, lasts in outages), failed * every_min, len(outages), seen)


def reports(
    every_min: float = 5.0,
    in_a_row: int = 1,
    total_min: float = 22.0,
    count: int = 12,
    seed: int = 0,
    probes: int = 200,
) -> list[Looked]:
    """The same month, looked at by so many probes that all ask as often, and begin at different moments."""
    dice, month = Random(f"probes {seed}"), outages_of(seed, count, total_min)
    return [looked(month, every_min, in_a_row, dice.random() * every_min) for _ in range(probes)]
