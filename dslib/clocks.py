"""Clocks: what a node believes about time, and two ways to order events without believing any clock.

``Clock`` is a wall clock that may be wrong. ``LamportClock`` (Lamport 1978, section "Logical Clocks") gives every event
a number such that a cause always has a smaller one than its effect. ``VectorClock`` (Fidge 1988, Mattern 1989) also
tells when neither of two events can have caused the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .simulation import Simulation


#: A leap second is one second long.
LEAP_MS = 1000.0


class _Course(NamedTuple):
    """How a wall clock goes on while nobody touches it."""

    since: float
    shown: float
    rate: float
    smears: tuple[tuple[float, float], ...]

    def at(self, time: float) -> tuple[float, float]:
        """What it shows at that true time, and how many ms it gains in each ms from then on."""
        shown, rate = self.shown + (time - self.since) * self.rate, self.rate
        for start, length in self.smears:
            shown -= LEAP_MS * min(1.0, (time - start) / length)
            rate -= LEAP_MS / length if time < start + length else 0.0
        return shown, rate


class Clock:
    """A node's two clocks, both gaining ``drift`` ms every true ms: a quartz is one, and it is never quite right.

    ``read()`` is the wall clock, ``offset`` ms ahead of true time. People set it, NTP corrects it, and a leap second
    turns it back: it jumps, and two reads may come out in the wrong order. ``monotonic()`` counts on, whatever happens
    to the wall clock; it says how long something took, and nothing about the hour.

    A quartz drifts by some 50 parts in a million: ``Clock(drift=50e-6)`` gains about 4.3 s a day. The node's timers
    run by the monotonic clock: a fast one's are early, and no jump moves a timer that is running.

    Raises:
        ValueError: the offset is not finite, or the drift is -1 or less (time would stand still or run backwards).
    """

    # Slots, because every node has one: a third of the memory.
    __slots__ = ("_past", "_rate", "_shown", "_sim", "_since", "_smears", "drift", "offset", "pace")

    _past: list[tuple[float, _Course]] | None  # of a run that is recorded: until when it kept to which course

    def __init__(self, offset: float = 0.0, drift: float = 0.0) -> None:
        if not isfinite(offset):
            raise ValueError(f"a clock's offset is a finite number of ms, not {offset!r}")
        if not (isfinite(drift) and drift > -1):
            raise ValueError(f"a clock's drift is a number above -1 (50e-6 gains 50 parts in a million), not {drift!r}")
        self.offset = float(offset)
        self._run(drift)
        self._since = self._shown = 0.0  # when the drift last changed, by true time and by this clock
        self._smears: tuple[tuple[float, float], ...] = ()  # when each smeared leap second began, and how long it takes
        self._sim: Simulation | None = None
        self._past = None

    def read(self) -> float:
        """The time in ms that the node believes it is. Never use it to decide what happened first elsewhere."""
        try:  # monotonic() + offset, written out: a busy node reads its clock for every message
            time = self._shown + (self._sim.now - self._since) * self._rate + self.offset  # type: ignore[union-attr]
        except AttributeError:
            raise self._stopped() from None
        if self._smears:
            for start, length in self._smears:
                time -= LEAP_MS * min(1.0, (self._true() - start) / length)
        return time

    def monotonic(self) -> float:
        """The ms that have passed, by this clock, since the simulation began. It never jumps; it drifts."""
        try:
            return self._shown + (self._sim.now - self._since) * self._rate  # type: ignore[union-attr]
        except AttributeError:
            raise self._stopped() from None

    def jump(self, by: float) -> None:
        """Move the wall clock by that many ms, backwards if negative; as a fault: ``sim.jump_clock(node, by)``."""
        if not isfinite(by):
            raise ValueError(f"a clock jumps by a finite number of ms, not {by!r}")
        self._remember()
        self.offset += by

    def set_drift(self, drift: float) -> None:
        """Gain ``drift`` ms every ms from here on, without a jump; as a fault: ``sim.drift_clock(node, drift)``."""
        if not (isfinite(drift) and drift > -1):
            raise ValueError(f"a clock's drift is a number above -1 (50e-6 gains 50 parts in a million), not {drift!r}")
        self._remember()
        self._since, self._shown = self._true(), self.monotonic()
        self._run(drift)

    def leap(self, smear_ms: float = 0) -> None:
        """A leap second; as a fault: ``sim.leap_second(node, smear_ms=…)``.

        UTC inserts 23:59:60. A POSIX clock has no such second and shows the last one twice: it steps back. Smeared, it
        runs slower by 1000/smear_ms for that long instead (Google's public NTP smears over 24 hours).
        """
        if smear_ms:
            self._remember()
            self._smears += ((self._true(), smear_ms),)
        else:
            self.jump(-LEAP_MS)

    def readings(self, until: float) -> list[tuple[float, float, float]]:
        """What the wall clock shows from the beginning up to ``until`` ms, as ``(at, reads, rate)``.

        From true time ``at`` on, up to the next, it reads ``reads + (t - at) * rate``. What was changed in a run
        without a trace, or by setting ``offset`` from outside, is not remembered.
        """
        found: list[tuple[float, float, float]] = []
        begins = 0.0
        for ends, course in (*(self._past or ()), (inf, self._course())):
            bends = {begins, *(start + length for start, length in course.smears if begins < start + length < ends)}
            found += [(at, *course.at(at)) for at in sorted(bends) if at < ends and at <= until]
            begins = ends
        return found

    def _course(self) -> _Course:
        return _Course(self._since, self._shown + self.offset, self._rate, self._smears)

    def _remember(self) -> None:
        """Before a change: how it went until now."""
        if self._sim is not None and self._sim._record is not None:
            self._past = self._past or []
            self._past.append((self._sim.now, self._course()))

    def _run(self, drift: float) -> None:
        self.drift = float(drift)
        self._rate = 1 + self.drift if drift else 1.0  # ms this clock shows for each true ms; most share one 1.0
        self.pace = 1 / self._rate if drift else 1.0  # true ms for each ms this clock shows

    def _true(self) -> float:
        if self._sim is None:
            raise self._stopped()
        return self._sim.now

    def _stopped(self) -> RuntimeError:
        return RuntimeError("this clock is in no simulation: give it to a node, Node(…, clock=Clock(…))")

    def __repr__(self) -> str:
        return f"Clock(offset={self.offset!r}, drift={self.drift!r})"


class LamportClock:
    """A counter that respects causality: if ``a`` happened before ``b``, then ``a``'s time is smaller.

    Lamport 1978, rules IR1 and IR2.

    The converse does not hold: a smaller time is no proof of cause. Break ties by node name for a total order.
    """

    def __init__(self, time: int = 0) -> None:
        self.time = time

    def tick(self) -> int:
        """Rule IR1: a step of one's own, such as sending; the new time goes into the message."""
        self.time += 1
        return self.time

    def receive(self, time: int) -> int:
        """Rule IR2: on receipt, be later than both the message and one's own past."""
        self.time = max(self.time, time) + 1
        return self.time

    def __repr__(self) -> str:
        return f"LamportClock({self.time})"


class VectorClock:
    """One counter for every node, so that "caused" and "concurrent" can be told apart.

    >>> alice, bob = VectorClock("alice"), VectorClock("bob")
    >>> sent = alice.tick()
    >>> happened_before(sent, bob.tick()), happened_before(sent, bob.receive(sent))
    (False, True)
    """

    def __init__(self, node: str) -> None:
        self.node = node
        self._counts: dict[str, int] = {}

    def tick(self) -> tuple[tuple[str, int], ...]:
        """A step of one's own, such as sending; returns the timestamp to put into the message."""
        self._counts[self.node] = self._counts.get(self.node, 0) + 1
        return self.read()

    def receive(self, timestamp: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        """On receipt: know all that the sender knew, then take a step."""
        for node, count in timestamp:
            self._counts[node] = max(self._counts.get(node, 0), count)
        return self.tick()

    def read(self) -> tuple[tuple[str, int], ...]:
        """The current timestamp: ``(node, count)`` pairs sorted by node, immutable, ready for a message."""
        return tuple(sorted(self._counts.items()))

    def __repr__(self) -> str:
        return f"VectorClock({dict(self.read())})"


Timestamp = tuple[tuple[str, int], ...] | Mapping[str, int]


def happened_before(a: Timestamp, b: Timestamp) -> bool:
    """Whether the event stamped ``a`` could have caused the one stamped ``b`` (Mattern 1989, section 5).

    When neither happened before the other, and they differ, the two are concurrent.
    """
    first, second = dict(a), dict(b)
    return first != second and all(count <= second.get(node, 0) for node, count in first.items())
