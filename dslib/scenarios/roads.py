"""Congestion, wrong turns and long lines: what a network does between "it works" and "it is cut".

- ``busy_link``: senders who repeat what is late fill the queue with copies, and the link carries little else. This is
  congestion collapse. Who sends less when something is lost prevents it: Jacobson 1988 ("Congestion avoidance and
  control", SIGCOMM, section 1 for the collapse of October 1986).
- ``wrong_turn``: two routers that each hold the other for the way.
- ``years_abroad``: a line through many countries is long, and what is long is cut often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, inf, isfinite
from random import Random
from typing import Any, NamedTuple

from ..network import GRID, Network
from ..node import Message, Node
from ..places import distance_km
from ..simulation import Simulation

# -- congestion -------------------------------------------------------------------------------------------------------

#: The link sends a letter in 10 ms, so 100 a second. Who has no answer after 300 ms sends the letter again.
CAPACITY, LETTER_MS, AGAIN_MS = 100.0, 10.0, 300.0

#: Goodput is counted from then on, in ms: the first seconds are for getting into one's stride.
FROM_MS, UNTIL_MS = 3_000.0, 6_000.0


class Letter(Message):
    """One letter of so many bytes."""

    number: int
    size_bytes = 1_000


class Got(Message):
    """It has come."""

    number: int
    size_bytes = 40


class Sender(Node):
    """Has letters to send, ``rate`` a second, and repeats each until it is acknowledged."""

    rate: float = 50.0

    def on_start(self) -> None:
        """Nothing is on the way yet."""
        self.written = 0
        self.open: dict[int, None] = {}  # sent and not acknowledged
        self.sent = 0
        self.set_timer("write", self._gap_ms())

    def on_write_timeout(self) -> None:
        """One more letter."""
        self.written += 1
        self.post(self.written)
        self.set_timer("write", self._gap_ms())

    def post(self, number: int) -> None:
        """Send it at once."""
        self.put(number)

    def put(self, number: int) -> None:
        """Onto the link, and again if no answer comes."""
        self.open[number] = None
        self.sent += 1
        self.send("receiver", Letter(number))
        self.set_timer("again", AGAIN_MS, number, key=number)

    def on_again_timeout(self, number: int) -> None:
        """No answer: perhaps it was lost."""
        self.put(number)

    def on_got(self, src: str, msg: Got) -> None:
        """That one is done."""
        if msg.number in self.open:
            del self.open[msg.number]
            self.cancel_timer("again", key=msg.number)

    def _gap_ms(self) -> float:
        return self.random.expovariate(1.0) * 1_000 / self.rate + GRID - GRID


class CarefulSender(Sender):
    """Keeps no more than ``window`` letters on the way: one more for each round that goes well, half if one is late."""

    def on_start(self) -> None:
        """Begin with one."""
        self.window = 1.0
        self.backlog: list[int] = []
        self._halved_ms = 0.0
        super().on_start()

    def post(self, number: int) -> None:
        """It waits here until there is room, not in the network."""
        self.backlog.append(number)
        self._fill()

    def on_again_timeout(self, number: int) -> None:
        """Something is late, so there is too much on the way: halve the window, once for each round."""
        now = self.clock.monotonic()
        if now - self._halved_ms > AGAIN_MS:
            self.window, self._halved_ms = max(1.0, self.window / 2), now
        super().on_again_timeout(number)

    def on_got(self, src: str, msg: Got) -> None:
        """Room for another, and a little more than that."""
        if msg.number in self.open:
            self.window += 1 / self.window
        super().on_got(src, msg)
        self._fill()

    def _fill(self) -> None:
        while self.backlog and len(self.open) < self.window:
            self.put(self.backlog.pop(0))


class Receiver(Node):
    """Takes letters and acknowledges each, also a copy of one that it has."""

    def on_start(self) -> None:
        """Nothing has come."""
        self.arrived: dict[int, float] = {}  # when each came for the first time
        self.copies = 0

    def on_letter(self, src: str, msg: Letter) -> None:
        """One letter, or one more copy of it."""
        if msg.number in self.arrived:
            self.copies += 1
        else:
            self.arrived[msg.number] = self.clock.monotonic()
        self.send(src, Got(msg.number))


def busy_link(seed: int = 0, load: float = 1.2, careful: bool = False, buffer: int = 100) -> Simulation:
    """One link that can send 100 letters a second. ``load`` is how many are written, as a share of that.

    ``buffer`` letters may wait for the link; what finds no room is dropped. ``careful`` senders keep to a window.

    Raises:
        ValueError: a load that is not above 0 and at most 10, or no buffer.
    """
    if not (isinstance(load, int | float) and 0 < load <= 10):
        raise ValueError(f"load={load!r}: write a share of what the link can send, such as 0.8, at most 10")
    if isinstance(buffer, bool) or not isinstance(buffer, int) or buffer < 1:
        raise ValueError(f"buffer={buffer!r}: write how many letters may wait, a whole number from 1 on")
    kind = CarefulSender if careful else Sender
    size = Letter.size_bytes
    return Simulation(
        kind("sender", rate=CAPACITY * load),
        Receiver("receiver"),
        network=Network(latency=(5, 15), bandwidth=size / LETTER_MS, queue_bytes=float(size * (buffer + 1))),
        seed=seed,
        trace="off",
    )


class Traffic(NamedTuple):
    """What a link carried, a second.

    Fields:
        written: letters that were written.
        sent: letters and copies that were put on the link.
        goodput: letters that arrived, each counted once.
        copies: letters that arrived a second time, or a third.
    """

    written: float
    sent: float
    goodput: float
    copies: float

    def __str__(self) -> str:
        return (
            f"{self.written:.0f} letters a second: {self.sent:.0f} sent, {self.goodput:.0f} arrive, "
            f"and {self.copies:.0f} more copies"
        )


def traffic(seed: int = 0, load: float = 1.2, careful: bool = False, buffer: int = 100) -> Traffic:
    """Run ``busy_link`` for six seconds and count the last three."""
    sim = busy_link(seed, load, careful, buffer)
    sender: Any = sim.nodes["sender"]
    receiver: Any = sim.nodes["receiver"]
    sim.run(until=FROM_MS)
    before = sender.written, sender.sent, receiver.copies
    sim.run(until=UNTIL_MS)
    seconds = (UNTIL_MS - FROM_MS) / 1_000
    arrived = sum(at >= FROM_MS for at in receiver.arrived.values())
    after = sender.written, sender.sent, receiver.copies
    written, sent, copies = ((b - a) / seconds for a, b in zip(before, after, strict=True))
    return Traffic(written, sent, arrived / seconds, copies)


# -- a wrong turn -----------------------------------------------------------------------------------------------------


@dataclass
class Web:
    """A graph: nodes, and links between them, each with its settings."""

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str, dict[str, Any]], ...]


#: alice is connected to Madrid, bob and carol to Berlin; between the two lies Paris, and a longer way by Milan.
COUNTRIES = Web(
    ("alice", "Madrid", "Paris", "Milan", "Berlin", "bob", "carol"),
    (
        ("alice", "Madrid", {}),
        ("Madrid", "Paris", {}),
        ("Paris", "Berlin", {}),
        ("Madrid", "Milan", {"latency": (9, 11)}),
        ("Milan", "Berlin", {}),
        ("Berlin", "bob", {}),
        ("Berlin", "carol", {}),
    ),
)

#: From when to when Paris is wrong, in ms.
WRONG_MS, RIGHT_MS = 1_000.0, 3_000.0


class Post(Message):
    """A post on its way to somebody."""

    number: int
    size_bytes = 1_000


class Writer(Node):
    """Writes to bob and to carol in turn, ``rate`` posts a second in all."""

    rate: float = 50.0

    def on_start(self) -> None:
        """The first post."""
        self.number = 0
        self.set_timer("write", 1_000 / self.rate)

    def on_write_timeout(self) -> None:
        """bob, carol, bob, carol, …"""
        self.number += 1
        self.send("bob" if self.number % 2 else "carol", Post(self.number))
        self.set_timer("write", 1_000 / self.rate)


class Reader(Node):
    """Counts what comes."""

    def on_start(self) -> None:
        """Nothing yet."""
        self.has: tuple[int, ...] = ()

    def on_post(self, src: str, msg: Post) -> None:
        """One more."""
        self.has += (msg.number,)


def wrong_turn(seed: int = 0, wrong: bool = True, ttl: int = 16, rate: float = 50.0) -> Simulation:
    """alice writes to bob and carol by way of Paris. For two seconds Paris takes Madrid for the way to bob.

    What is for bob then goes to and fro between the two, until it has crossed ``ttl`` links. Each link can send 250
    posts a second, each way.

    Raises:
        ValueError: a ``ttl`` that is no whole number from 4 on: bob is four links away.
    """
    if isinstance(ttl, bool) or not isinstance(ttl, int) or ttl < 4:
        raise ValueError(f"ttl={ttl!r}: bob is four links away, so write a whole number from 4 on")
    sim = Simulation(
        Writer("alice", rate=rate),
        Reader("bob"),
        Reader("carol"),
        network=Network(
            latency=(4, 6), bandwidth=250.0, queue_bytes=20_000.0, topology=COUNTRIES, routes=True, ttl=ttl
        ),
        seed=seed,
    )
    if wrong:
        sim.at(WRONG_MS, sim.network.misroute, "Paris", "bob", "Madrid")
        sim.at(RIGHT_MS, sim.network.misroute, "Paris", "bob", None)
    return sim


class Astray(NamedTuple):
    """What became of the posts that were written while Paris was wrong.

    Fields:
        bob, carol: the share of each one's posts that arrived.
        hops: how many links a post for bob crossed, on average.
        lost: why posts were lost, and how many each.
    """

    bob: float
    carol: float
    hops: float
    lost: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        why = ", ".join(f"{many} {reason}" for reason, many in self.lost) or "none"
        came = f"bob's {self.bob:.0%} and carol's {self.carol:.0%} arrive"
        return f"{came}; one of bob's crosses {self.hops:.0f} links; lost: {why}"


def astray(seed: int = 0, wrong: bool = True, ttl: int = 16, rate: float = 50.0) -> Astray:
    """Run ``wrong_turn`` for 4.5 s."""
    sim = wrong_turn(seed, wrong, ttl, rate).run(until=4_500)
    sent = [row for row in sim.trace.where(kind="send") if WRONG_MS <= row.time < RIGHT_MS - 800]
    ids = {who: [row.id for row in sent if row.dest == who] for who in ("bob", "carol")}
    came = {row.id for row in sim.trace.where(kind="deliver")}
    shares = [sum(id in came for id in ids[who]) / len(ids[who]) for who in ("bob", "carol")]
    for_bob = set(ids["bob"])
    hops = sum(row.id in for_bob for row in sim.trace.where(kind="hop")) / len(for_bob)
    both = for_bob | set(ids["carol"])
    reasons: dict[str, int] = {}
    for row in sim.trace.where(kind="drop"):
        if row.id in both:
            reason = str(row.detail).partition(" at ")[0]
            reasons[reason] = reasons.get(reason, 0) + 1
    return Astray(shares[0], shares[1], hops, tuple(sorted(reasons.items())))


# -- long lines -------------------------------------------------------------------------------------------------------

#: Ways through more and more countries, in the order in which a cable connects them.
WAYS = (
    ("Paris", "Brussels", "Amsterdam"),
    ("Madrid", "Paris", "Brussels", "Amsterdam", "Berlin", "Warsaw"),
    ("Lagos", "Madrid", "Paris", "Brussels", "Amsterdam", "Berlin", "Warsaw", "Helsinki", "Stockholm", "London"),
)

HOURS_A_YEAR = 8_760.0


class Years(NamedTuple):
    """What happened to a cable in so many years.

    Fields:
        links, km: how many links it has, and how long they are together.
        cuts: cuts a year.
        line_h: hours a year in which a line is split: at least one link is down.
        ring_h: hours a year in which the ring is split, which has one more link, back to the start: at least two are.
    """

    links: int
    km: float
    cuts: float
    line_h: float
    ring_h: float

    def __str__(self) -> str:
        return (
            f"{self.links:2} links, {self.km:6,.0f} km: {self.cuts:5.1f} cuts a year; "
            f"a line is split {self.line_h:6.1f} h a year, a ring {self.ring_h:5.2f} h"
        )


def years_abroad(
    seed: int = 0, way: Sequence[str] = WAYS[1], cuts_1000_km: float = 1.0, repair_h: float = 12.0, years: int = 100
) -> Years:
    """Cables along great circles from city to city, cut at random: so many times a year for each 1,000 km.

    Cuts of different links are independent. Each takes ``repair_h`` to mend. Cities, and distances between them, are
    those of ``dslib.places``.

    Raises:
        ValueError: fewer than three cities or an unknown one, or a number that is negative or not finite.
    """
    if len(way) < 3:
        raise ValueError(f"way={way!r}: write three cities or more, or there is no ring")
    for name, value in (("cuts_1000_km", cuts_1000_km), ("repair_h", repair_h)):
        if not (isinstance(value, int | float) and isfinite(value) and value >= 0):
            raise ValueError(f"{name}={value!r}: write a number, 0 or more")
    if isinstance(years, bool) or not isinstance(years, int) or years < 1:
        raise ValueError(f"years={years!r}: write a whole number from 1 on")
    lengths = [distance_km(a, b) for a, b in pairwise((*way, way[0]))]
    dice, end = Random(f"{seed}/cables"), HOURS_A_YEAR * years
    downs = [_down(dice, cuts_1000_km * km / 1_000 / HOURS_A_YEAR, repair_h, end) for km in lengths]
    line = downs[:-1]
    return Years(
        links=len(line),
        km=fsum(lengths[:-1]),
        cuts=sum(map(len, line)) / years,
        line_h=_hours(line, 1) / years,
        ring_h=_hours(downs, 2) / years,
    )


def _down(dice: Random, rate: float, repair_h: float, end: float) -> list[tuple[float, float]]:
    """When one link is down: it works for an exponential time, then it is mended."""
    found: list[tuple[float, float]] = []
    now = 0.0
    while True:
        now += dice.expovariate(rate) if rate else inf
        if now >= end:
            return found
        found.append((now, min(end, now + repair_h)))
        now += repair_h


def _hours(downs: Sequence[Sequence[tuple[float, float]]], many: int) -> float:
    """For how long at least so many links are down at the same time."""
    turns = sorted((at, step) for link in downs for a, b in link for at, step in ((a, 1), (b, -1)))
    total, down, since = 0.0, 0, 0.0
    for at, step in turns:
        if down >= many:
            total += at - since
        down, since = down + step, at
    return total
