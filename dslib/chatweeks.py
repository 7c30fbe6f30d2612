"""Three months of the chat service, as its gateways report them: one line for each hour and each gateway.

An error budget is spent over weeks, so here nothing is kept of single requests but how many there were. The hours are
drawn from rates that the seed decides, not simulated message by message. Day 0 is Tuesday, 1 January 2013, so that the
chat has the same calendar as the flights of New York: 31, 28 and 31 days.

Four things go wrong. In January everything fails for some minutes of a busy hour. A bad deploy begins on the last
evening of January and is taken back on the first morning of February. In February the service is down for three hours
in which hardly anybody is up. And in the last days of March a few requests more than usual fail, and nobody has noticed
yet.

The reports arrive as such reports do: late and out of order, some of them twice, and some of them never. By night there
is no traffic at all, only health checks.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from .chatday import BUSY, GATEWAYS

MONTHS = (31, 28, 31)  # days
DAYS = sum(MONTHS)
HOURS = 24 * DAYS

BUSIEST = 400  # users' requests to one gateway in the busiest hour, on average
WEEKEND = 0.45  # of an ordinary day's traffic
CHECKS = 12  # health checks an hour, asked of each gateway
ABORTED = 0.004  # of the requests: the user left before the answer
CALM = 0.0001  # of the valid requests: failed, on a good day


class Report(NamedTuple):
    """What one gateway counted in one hour; hour 0 is the first of the three months.

    ``requests`` counts everything that came in: also ``health_checks``, and requests whose user left before the answer
    (``aborted``). ``failed`` counts those of the others that failed.
    """

    hour: int
    host: str
    requests: int
    health_checks: int
    aborted: int
    failed: int


def chat_weeks(seed: int = 0) -> list[Report]:
    """The reports in the order in which they arrived. ``seed`` decides what goes wrong, when, and how badly."""
    dice = Random(f"{seed}/chat weeks")
    failing = _what_goes_wrong(dice)
    reports = [_report(hour, host, failing.get(hour, CALM), dice) for hour in range(HOURS) for host in GATEWAYS]
    return _on_their_way(reports, dice)


def _what_goes_wrong(dice: Random) -> dict[int, float]:
    """The share of failed requests in each hour that is not a good one."""
    evening = dice.choice([day for day in range(8, 26) if not _weekend(day)]) * 24 + dice.choice((18, 19, 20))
    failing = {evening: dice.uniform(3.5, 4.5) / 60}  # some minutes of the hour
    deploy = dice.uniform(0.055, 0.06)
    failing |= dict.fromkeys(range(24 * MONTHS[0] - 4, 24 * MONTHS[0] + 10), deploy)
    night = 24 * dice.randrange(40, 51) + 3
    failing |= dict.fromkeys(range(night, night + 3), 1.0)
    leak = dice.uniform(0.003, 0.004)
    return failing | dict.fromkeys(range(24 * (DAYS - 4) + dice.randrange(6, 12), HOURS), leak)


def _weekend(day: int) -> bool:
    return (day + 1) % 7 in (5, 6)  # day 0 is a Tuesday


def _report(hour: int, host: str, failing: float, dice: Random) -> Report:
    mean = BUSIEST * BUSY[hour % 24] * (WEEKEND if _weekend(hour // 24) else 1)
    asked = int(mean * (0.9 + 0.2 * dice.random()) + dice.random())
    aborted = sum(dice.random() < ABORTED for _ in range(asked))
    failed = sum(dice.random() < failing for _ in range(asked - aborted))
    return Report(hour, host, asked + CHECKS, CHECKS, aborted, failed)


def _on_their_way(reports: list[Report], dice: Random) -> list[Report]:
    """What arrives of the reports, and when: late, twice, or not at all."""
    dead = 24 * dice.randrange(54, 66) + dice.randrange(8, 14)  # one gateway's reports are lost for some hours
    lost = {(hour, GATEWAYS[1]) for hour in range(dead, dead + dice.randrange(5, 9))}
    blind = 24 * dice.randrange(68, 80)  # and all of them for one whole day
    lost |= {(hour, host) for hour in range(blind, blind + 24) for host in GATEWAYS}
    arrivals = []
    for report in reports:
        if (report.hour, report.host) not in lost:
            late = dice.randrange(2, 40) if dice.random() < 0.05 else dice.random()
            arrivals.append((report.hour + late, report))
            if dice.random() < 0.03:  # no answer came, so it was sent again
                arrivals.append((report.hour + late + dice.random(), report))
    return [report for _, report in sorted(arrivals)]
