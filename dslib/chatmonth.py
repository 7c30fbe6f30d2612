"""A month of the chat service, counted by the minute, with the incidents that its people wrote down.

Counts are what alerts are made of: how many requests a minute had, and how many of them failed. The month is drawn from
its seed, and messy as such months are: nobody counted before the exporter was installed, it died twice and left holes,
and its lines came out of order, twice, or cut off. By night there is hardly any traffic, and now and then a request
fails by itself.

Some incidents are planted, each on a day of its own: everything fails for some minutes; a bad deploy; errors that come
and go; a replica that is slow for hours; a leak that nobody notices for a day; and the front door shut, so that not
even a failure arrives. ``Incident.wake`` says whether somebody should have been woken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

HOUR, DAY = 60, 1_440  # minutes

#: How busy each hour of the day is, as a share of the busiest; between 2 and 5 there are some ten requests an hour.
BUSY = (
    0.1, 0.02, 0.00125, 0.00125, 0.00125, 0.03, 0.2, 0.5, 0.7, 0.7, 0.6, 0.6,
    0.8, 0.7, 0.6, 0.6, 0.7, 0.8, 0.9, 1, 1, 0.9, 0.6, 0.3,
)  # fmt: skip
BUSIEST = 135  # requests in the busiest minute, on average

#: Of a quiet minute's requests: one in 10,000 fails by itself.
CALM = 0.0001


class Minute(NamedTuple):
    """What was counted in one minute: ``valid`` requests, ``bad`` of them. Minute 0 is the first of the month."""

    minute: int
    valid: int
    bad: int


class Incident(NamedTuple):
    """What people wrote down: from when to when ([start, end), minutes), what it was, and whether to wake somebody."""

    start: int
    end: int
    what: str
    wake: bool


class Month(NamedTuple):
    """A month of a learner's own. ``text`` is the log as it arrives: CSV, for :func:`read_minutes`."""

    days: int
    target: float
    text: str
    incidents: tuple[Incident, ...]


def chat_month(seed: int = 0) -> Month:
    """28 or 30 days of the service, as the seed decides, with a target of 99.9 % over as many days."""
    dice = Random(f"{seed}/chat month")
    days = dice.choice((28, 30))
    incidents, error_ratio = _incidents(dice, days)
    minutes = [_minute(minute, error_ratio.get(minute), dice) for minute in range(DAY * days)]
    # By night a request fails by itself now and then: of ten in an hour, that is one in ten.
    for night in dice.sample(sorted(set(range(2, days)) - {one.start // DAY for one in incidents}), 4):
        minute = DAY * night + HOUR * 3 + dice.randrange(100)
        minutes[minute] = Minute(minute, max(1, minutes[minute].valid), 1)
    return Month(days, 0.999, _on_its_way(minutes, incidents, dice), incidents)


def _incidents(dice: Random, days: int) -> tuple[tuple[Incident, ...], dict[int, float]]:
    """What goes wrong and when, and the share of requests that fails in each minute of it; 2 stands for no traffic."""
    free = list(range(4, days - 1))  # after three calm days, the length of the longest window
    dice.shuffle(free)
    leak_day = next(day for day in free if day + 1 in free)
    free = [day for day in free if day not in (leak_day, leak_day + 1)]
    found, ratio = [], {}

    def plant(what: str, wake: bool, day: int, hours: tuple[float, float], length: int, share: Sequence[float]) -> None:
        start = DAY * day + round(HOUR * dice.uniform(*hours))
        ratio.update({start + i: share[i % len(share)] for i in range(length)})
        found.append(Incident(start, start + length, what, wake))

    plant("the store is down", True, free.pop(), (9, 21), dice.randint(6, 12), [1.0])
    plant("a bad deploy", True, free.pop(), (9, 20), dice.randint(30, 60), [dice.choice((0.05, 0.08, 0.12))])
    # Four minutes bad, eight good.
    plant("errors come and go", True, free.pop(), (10, 20), 12 * dice.randint(4, 6), [0.25] * 4 + [CALM] * 8)
    slow = dice.choice((0.0082, 0.0088, 0.0094))
    plant("a replica is slow", True, free.pop(), (8, 10), HOUR * dice.randint(9, 11), [slow])
    leak = dice.choice((0.0032, 0.0038))
    plant("a worker leaks", False, leak_day, (7, 9), HOUR * dice.randint(26, 32), [leak])
    plant("the front door is shut", True, free.pop(), (11, 19), dice.randint(20, 45), [2])
    for _ in range(5):  # blips: over before anybody could look
        day = free.pop()
        start = DAY * day + round(HOUR * dice.uniform(8, 22))
        ratio.update({start + i: 0.15 for i in range(dice.randint(1, 2))})
    return tuple(sorted(found)), ratio


def _minute(minute: int, error_ratio: float | None, dice: Random) -> Minute:
    if error_ratio == 2:
        return Minute(minute, 0, 0)
    mean = BUSIEST * BUSY[minute % DAY // HOUR]
    valid = int(mean * (0.75 + 0.5 * dice.random()) + dice.random())
    ratio = CALM if error_ratio is None else error_ratio
    if ratio == CALM:  # at most one: two in a minute are one in 10,000 minutes
        return Minute(minute, valid, int(dice.random() < valid * ratio))
    return Minute(minute, valid, sum(dice.random() < ratio for _ in range(valid)))


def _on_its_way(minutes: Iterable[Minute], incidents: Iterable[Incident], dice: Random) -> str:
    """The file that arrives: without its beginning, with holes, and with lines out of order, twice or cut off."""
    begins = dice.randint(5 * HOUR, 9 * HOUR)
    used = {one.start // DAY for one in incidents} | {one.end // DAY for one in incidents}
    holes: list[int] = []
    for day in dice.sample(sorted(set(range(1, 27)) - used), 2):
        start = DAY * day + round(HOUR * dice.uniform(9, 18))
        holes += range(start, start + dice.randint(15, 50))
    lost = {*range(begins), *holes}
    lines = [f"{one.minute},{one.valid},{one.bad}" for one in minutes if one.minute not in lost]
    sent: list[str] = []
    while lines:
        block, lines = lines[:240], lines[240:]
        if dice.random() < 0.1 and sent:
            sent[-30:] = [*block[:20], *sent[-30:]]  # a block that overtook another
            block = block[20:]
        sent += block
        if dice.random() < 0.12:
            sent += block[-dice.randint(3, 12) :]  # the exporter heard no answer and sent the end of the block again
        if dice.random() < 0.08:
            again = sent[-1]
            sent += [again.partition(",")[0], again]  # cut off, and sent once more
    return "\n".join(["minute,valid,bad", *sent, ""])


def read_minutes(text: str) -> tuple[list[Minute], list[tuple[int, str]]]:
    """The rows of a file of counts as they stand there, and (line number, text) of each line that cannot be read.

    Nothing is sorted and nothing is dropped but what cannot be read: a minute may be there twice, late, or not at all.
    Raises ValueError when the header is another one.

    >>> read_minutes("minute,valid,bad\\n7,20,1\\n8,2\\n6,18,0\\n")
    ([Minute(minute=7, valid=20, bad=1), Minute(minute=6, valid=18, bad=0)], [(3, '8,2')])
    """
    header, *lines = text.splitlines() or [""]
    if header != "minute,valid,bad":
        raise ValueError(f"the first line is {header!r}, not minute,valid,bad: this is no file of counts")
    rows, set_aside = [], []
    for number, line in enumerate(lines, start=2):
        try:
            minute, valid, bad = map(int, line.split(","))
            if not (minute >= 0 and 0 <= bad <= valid):
                raise ValueError
        except ValueError:
            set_aside.append((number, line))
        else:
            rows.append(Minute(minute, valid, bad))
    return rows, set_aside


def failures_within(rows: Iterable[Minute], window: int, minutes: int) -> list[int]:
    """How many requests failed within the last ``window`` minutes, at the end of each of the first ``minutes``.

    A minute that stands in ``rows`` twice counts once, as it was written first; one that is missing counts nothing.

    >>> failures_within([Minute(0, 9, 1), Minute(2, 9, 4), Minute(2, 9, 4)], window=2, minutes=4)
    [1, 1, 4, 4]
    """
    bad: dict[int, int] = {}
    for row in rows:
        bad.setdefault(row.minute, row.bad)
    found, inside = [], 0
    for minute in range(minutes):
        inside += bad.get(minute, 0) - bad.get(minute - window, 0)
        found.append(inside)
    return found
