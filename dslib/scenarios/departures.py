"""Real requests: the flights that were to leave New York in February 2013, good, late or never.

A traveller asks to leave at a time. On time means: less than 15 minutes behind schedule, as the US government counts.
A flight that never left was not on time. 8 and 9 February were a blizzard. Source and licence: departures-2013-02.md.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from functools import cache
from math import inf
from pathlib import Path
from typing import NamedTuple

from .. import slo

TABLE = Path(__file__).with_name("departures-2013-02.csv.gz")
#: Less than so many minutes behind schedule is on time.
LATE_MIN = 15
#: February 2013 had so many days: four whole weeks.
DAYS = 28


class Departure(NamedTuple):
    """One flight: its day (1 to 28) and hour by the schedule, who flew it, and the delay in minutes.

    ``delay_min`` is negative when it left early, and ``inf`` when it never left.
    """

    day: int
    hour: int
    carrier: str
    delay_min: float

    @property
    def on_time(self) -> bool:
        """Whether its travellers call it good."""
        return self.delay_min < LATE_MIN


@cache
def departures() -> tuple[Departure, ...]:
    """All 24,951 of them, in the order of the schedule."""
    with gzip.open(TABLE, "rt", encoding="utf-8", newline="") as file:
        return tuple(
            Departure(int(day), int(hour), carrier, inf if delay == "NA" else float(delay))
            for day, hour, carrier, delay in list(csv.reader(file))[1:]
        )


def share_on_time(flights: Iterable[Departure], cancelled: str = "bad") -> float:
    """On time / flights that count. ``cancelled="left out"`` leaves out those that never left: a flattering SLI.

    Raises:
        ValueError: ``cancelled`` is something else.
    """
    if cancelled not in ("bad", "left out"):
        raise ValueError(f'cancelled is {cancelled!r}: write "bad" or "left out"')
    counted = [one for one in flights if cancelled == "bad" or one.delay_min < inf]
    return slo.sli(sum(one.on_time for one in counted), len(counted))


def bad_each_day(flights: Iterable[Departure]) -> tuple[list[int], list[int]]:
    """How many flights of each day were not on time, and how many there were: for the charts of budgets."""
    bad, valid = [0] * DAYS, [0] * DAYS
    for one in flights:
        valid[one.day - 1] += 1
        bad[one.day - 1] += not one.on_time
    return bad, valid


def by_carrier(flights: Iterable[Departure]) -> dict[str, list[Departure]]:
    """The flights of each airline, the largest first."""
    groups: dict[str, list[Departure]] = {}
    for one in flights:
        groups.setdefault(one.carrier, []).append(one)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))
