"""Links: what may happen to a message on its way from one node to another.

A ``Quality`` says what may happen: how long it takes, how often it is lost. Links with the same settings share one. A
``Link`` is one direction between two nodes, with dice of its own, so that editing one part of a scenario leaves the
rest as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from math import inf, log
from typing import TYPE_CHECKING, Any

from .disk import bits, flip
from .node import Message, handler_of

if TYPE_CHECKING:
    from .simulation import Simulation

#: Every sampled delay is a multiple of 2^-10 ms. Sums of such delays are exact, and results of the C maths library that
#: differ in their last bit between platforms come out the same. A double of this size has a last bit worth 2^-10, so
#: adding it and taking it away again rounds to that grid, with nothing but IEEE addition.
GRID = 1.5 * 2.0**42

#: A latency law: given ``random()`` of the link's stream, a delay in ms. If messages are routed, it has a ``mean_ms``.
Law = Callable[[Callable[[], float]], float]


class Exponential:
    """A latency law: at least ``least`` ms, and ``mean`` ms more on average, exponentially distributed."""

    def __init__(self, mean: float, least: float = 0.0) -> None:
        if not (0 < mean < inf and 0 <= least < inf):
            raise ValueError(
                f"Exponential(mean={mean!r}, least={least!r}): the mean is above 0, the least 0 or more, in ms"
            )
        self.mean, self.least = mean, least
        self.mean_ms = least + mean

    def __call__(self, random: Callable[[], float]) -> float:
        return self.least - self.mean * log(1.0 - random())

    def __repr__(self) -> str:
        return f"Exponential(mean={self.mean!r}, least={self.least!r})"


class Later:
    """A latency law: what another latency gives, and ``by`` ms more."""

    def __init__(self, latency: float | tuple[float, float] | Law, by: float) -> None:
        self.latency, self.by = latency, by
        self._quality = Quality(latency)
        self.mean_ms = None if self._quality.mean_ms is None else self._quality.mean_ms + by

    def __call__(self, random: Callable[[], float]) -> float:
        return self._quality.delay(random) + self.by

    def __repr__(self) -> str:
        return f"{self.latency!r} and {self.by!r} ms more"


class Quality:
    """What may happen to a message on a link. ``Network`` describes the settings; a graph's edges may have their own.

    Raises:
        ValueError: a setting is out of range, or does not go together with another.
    """

    __slots__ = (
        "bandwidth", "corruption", "duplication", "fifo", "law", "loss", "low", "mean_ms", "queue_bytes", "reordering",
        "settings", "span",
    )  # fmt: skip

    def __init__(
        self,
        latency: float | tuple[float, float] | Law = (5, 15),
        loss: float = 0.0,
        duplication: float = 0.0,
        reordering: float = 0.0,
        corruption: float = 0.0,
        bandwidth: float | None = None,
        queue_bytes: float | None = None,
        fifo: bool = False,
    ) -> None:
        #: The arguments, as they were given.
        self.settings: dict[str, Any] = {
            "latency": latency, "loss": loss, "duplication": duplication, "reordering": reordering,
            "corruption": corruption, "bandwidth": bandwidth, "queue_bytes": queue_bytes, "fifo": fifo,
        }  # fmt: skip
        self.loss, self.duplication = probability("loss", loss), probability("duplication", duplication)
        self.reordering, self.corruption = probability("reordering", reordering), probability("corruption", corruption)
        if bandwidth is not None and not (_is_number(bandwidth) and 0 < bandwidth < inf):
            raise ValueError(f"bandwidth is {bandwidth!r}: write bytes per ms, above 0, or None for no limit")
        if queue_bytes is not None and not (bandwidth is not None and _is_number(queue_bytes) and queue_bytes > 0):
            raise ValueError(f"queue_bytes is {queue_bytes!r}: write a size above 0, together with a bandwidth")
        if fifo not in (True, False):
            raise ValueError(f"fifo is {fifo!r}: write True (a link never reorders) or False")
        if fifo and reordering:
            raise ValueError(f"reordering is {reordering!r} on a link with fifo=True, which never reorders: choose one")
        self.bandwidth, self.queue_bytes, self.fifo = bandwidth, queue_bytes, bool(fifo)
        self.low, self.span, self.law = parse_latency(latency)
        #: The mean delay in ms, without any queue; None if its law does not say.
        self.mean_ms: float | None = self.low + self.span / 2
        if self.law is not None:
            self.mean_ms = getattr(self.law, "mean_ms", None)

    def with_settings(self, **settings: Any) -> Quality:
        """The same, but for these settings."""
        return Quality(**{**self.settings, **settings})

    def degraded(self, delay: float = 0.0, **settings: Any) -> Quality:
        """The same, but for these settings, and every message takes ``delay`` ms longer."""
        if delay:
            settings["latency"] = Later(self.settings["latency"], delay)
        return self.with_settings(**settings)

    def delay(self, random: Callable[[], float]) -> float:
        """The delay of one message in ms, by these dice.

        Raises:
            ValueError: the latency law gave no delay.
        """
        if self.law is None:
            return self.low + random() * self.span + GRID - GRID
        delay = self.law(random)
        if not 0 <= delay < inf:
            raise ValueError(f"gave {delay!r} ms")
        return delay + GRID - GRID

    @property
    def is_simple(self) -> bool:
        """Whether nothing but a uniform delay, a loss and a wait for the wire can happen."""
        return self.law is None and not (self.duplication or self.reordering or self.corruption or self.fifo)

    @property
    def remembers(self) -> bool:
        """Whether what happens to a message depends on those before it on the same link."""
        return self.bandwidth is not None or self.fifo


class Link:
    """One direction between two nodes: its own dice, its quality, whether it is cut, and what is on it.

    ``src`` is None for a link from whoever sends: see ``Network``, ``streams``.
    """

    __slots__ = ("cut", "dest", "free_at", "handlers", "last_at", "quality", "random", "receiver", "sim", "src")

    def __init__(
        self, sim: Simulation, src: str | None, dest: str, quality: Quality, random: Callable[[], float], cut: bool
    ) -> None:
        self.sim, self.src, self.dest, self.quality, self.random, self.cut = sim, src, dest, quality, random, cut
        self.receiver: Any = sim.nodes.get(dest)  # None: a router
        self.handlers: Any = None if self.receiver is None else self.receiver._handlers
        self.free_at = 0.0  # when the wire has sent all that waits for it
        self.last_at = 0.0  # when the last of what is on the way arrives

    def carry(self, src: str, msg: Message) -> None:
        """Draw the fate of one message and put its arrival into the simulation's queue."""
        sim = self.sim
        try:
            act = self.handlers[type(msg)]
        except KeyError:
            act = self.find_handler(msg)
        delay, fate, arriving = self.cross(msg, src)
        sim._order = order = sim._order + 1
        # The trace keeps this very entry, so recording a send or a delivery costs one append.
        entry = (sim.now + delay, order, self, msg, act, src)
        if sim._record is not None:
            sim._record((sim.now, entry))
        if fate is not None:
            sim._note("drop", src, self.dest, order, msg, fate)
        elif arriving is msg:
            heappush(sim._queue, entry)
        else:
            heappush(sim._queue, (sim.now + delay, order, self, arriving, act, src))
        if self.quality.duplication and self.random() < self.quality.duplication:
            copy = self.cross_again(msg, src)
            if copy is not None:
                sim._order = sim._order + 1
                sim._copies[sim._order] = order  # a copy shares the first one's id
                heappush(sim._queue, (sim.now + copy[0], sim._order, self, copy[1], act, src))

    def find_handler(self, msg: Message) -> Callable[..., None]:
        """The function that handles such messages at the other end; the next time it is known."""
        act: Callable[..., None] = handler_of(type(self.receiver), type(msg))
        self.handlers[type(msg)] = act
        return act

    def cross(self, msg: Message, src: str) -> tuple[float, str | None, Message]:
        """What happens to one message on this link: its delay in ms, why it is lost if it is, and what arrives."""
        quality, random = self.quality, self.random
        if quality.law is None:
            delay = quality.low + random() * quality.span + GRID - GRID
        else:
            delay = self._delay(src)
        # Loss is drawn even where a cut stops the message, so that an edited fault leaves the dice as they were.
        fate = "loss" if quality.loss and random() < quality.loss else None
        if quality.reordering and random() < quality.reordering:
            # Held back for a second trip, and on a wire for as long as the next of its size takes.
            wire = msg.size_bytes / quality.bandwidth if quality.bandwidth is not None else 0.0
            delay += max(1.0, self._delay(src) + (wire + GRID - GRID))
        if quality.corruption and random() < quality.corruption:
            msg = corrupted(msg, random)
        if self.cut and self.stops(src):
            fate = "cut"
        elif quality.bandwidth is not None and fate is None:
            wait = self._onto_wire(msg)
            if wait is None:
                fate = "queue"
            else:
                delay += wait
        if quality.fifo and fate is None:
            delay = self._in_order(delay)
        return delay, fate, msg

    def cross_again(self, msg: Message, src: str) -> tuple[float, Message] | None:
        """What happens to the second copy of a message: its delay and what arrives, or nothing, by dice of its own."""
        quality, random = self.quality, self.random
        delay, lost = self._delay(src), random() < quality.loss
        if quality.corruption and random() < quality.corruption:
            msg = corrupted(msg, random)
        if lost or (self.cut and self.stops(src)):
            return None
        return self._in_order(delay) if quality.fifo else delay, msg

    def _onto_wire(self, msg: Message) -> float | None:
        """How long a message waits for the wire and is sent over it, in ms; None if it finds no room to wait in."""
        now, bandwidth, limit = self.sim.now, self.quality.bandwidth, self.quality.queue_bytes
        # One message at a time is on the wire; the others wait behind it.
        start = self.free_at if self.free_at > now else now
        size = msg.size_bytes
        if limit is not None and (start - now) * bandwidth + size > limit:  # type: ignore[operator]
            return None
        self.free_at = free_at = start + (size / bandwidth + GRID - GRID)  # type: ignore[operator]
        return free_at - now

    def _in_order(self, delay: float) -> float:
        """The delay of a message that may not overtake those before it."""
        now = self.sim.now
        self.last_at = max(self.last_at, now + delay)
        return self.last_at - now

    def _delay(self, src: str) -> float:
        try:
            return self.quality.delay(self.random)
        except ValueError as error:
            raise ValueError(f"the latency law {self.quality.law!r} of link {src} → {self.dest} {error}") from None

    def stops(self, src: str) -> bool:
        """Whether a cut stops what ``src`` sends. Ask only if ``cut``: a link from whoever sends has to look closer."""
        return self.src is not None or self.sim.network._is_cut(src, self.dest)

    def take_quality(self, quality: Quality) -> None:
        """Change what may happen on this link. It stays the same object, since messages on their way hold it."""
        self.quality = quality
        self.__class__ = link_class(quality)


class SimpleLink(Link):
    """A link without a law and without tricks: a uniform delay, a loss, a cut, a wire. The same in fewer steps."""

    __slots__ = ()

    def carry(self, src: str, msg: Message) -> None:
        try:
            act = self.handlers[type(msg)]
        except KeyError:
            act = self.find_handler(msg)
        sim, quality, random = self.sim, self.quality, self.random
        delay = quality.low + random() * quality.span + GRID - GRID
        fate = "loss" if quality.loss and random() < quality.loss else None
        if self.cut and self.stops(src):
            fate = "cut"
        elif quality.bandwidth is not None and fate is None:
            wait = self._onto_wire(msg)
            if wait is None:
                fate = "queue"
            else:
                delay += wait
        sim._order = order = sim._order + 1
        time = sim.now + delay
        entry = (time, order, self, msg, act, src)
        if sim._record is not None:
            sim._record((sim.now, entry))
        if fate is not None:
            sim._note("drop", src, self.dest, order, msg, fate)
        elif time < sim._horizon:
            heappush(sim._queue, entry)
        else:
            sim._buckets.put(entry)


def link_class(quality: Quality) -> type[Link]:
    """The class of a link of such a quality."""
    return SimpleLink if quality.is_simple else Link


def corrupted(msg: Message, random: Callable[[], float]) -> Message:
    """A copy of a message in which one bit of one field is the other way round; itself, if it has no bits."""
    return flip(msg, int(random() * bits(msg))) if bits(msg) else msg


def probability(name: str, value: object) -> float:
    """``value`` as a probability.

    Raises:
        ValueError: it is not between 0 and 1.
    """
    if not (_is_number(value) and 0 <= value <= 1):  # type: ignore[operator]
        percent = f", for example {value / 100:g}" if _is_number(value) and 1 < value <= 100 else ""  # type: ignore[operator]
        raise ValueError(f"{name} is {value!r}: a probability lies between 0 and 1{percent}")
    return float(value)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def parse_latency(latency: Any) -> tuple[float, float, Law | None]:
    """``(low, span, law)``: a uniform draw, or a law."""
    if callable(latency):
        return 0.0, 0.0, latency
    low, high = latency if isinstance(latency, tuple) and len(latency) == 2 else (latency, latency)
    for value in (low, high):
        if not (_is_number(value) and 0 <= value < inf):
            raise ValueError(
                f"latency is {latency!r}: write a number of ms, a pair (lowest, highest), or a law like Exponential(10)"
            )
    if low > high:
        raise ValueError(f"latency is {latency!r}: the lowest comes first, write ({high!r}, {low!r})")
    # As floats: Python is quicker when it need not convert them for each message.
    return float(low), float(high - low), None
