"""Clocks: what a node believes about time, and two ways to order events without believing any clock.

``Clock`` is a wall clock that may be wrong. ``LamportClock`` (Lamport 1978, section "Logical Clocks") gives every event
a number such that a cause always has a smaller one than its effect. ``VectorClock`` (Fidge 1988, Mattern 1989) also
tells when neither of two events can have caused the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .simulation import Simulation


class Clock:
    """A node's wall clock: ``offset`` ms ahead of true time, and gaining ``drift`` ms every true ms.

    A quartz clock drifts by some 50 parts in a million: ``Clock(drift=50e-6)`` gains about 4.3 s a day. Timers of the
    node run by the same clock, so a fast clock's timers are early; a jump or an offset does not move a running timer.

    Raises:
        ValueError: the offset is not finite, or the drift is -1 or less (time would stand still or run backwards).
    """

    def __init__(self, offset: float = 0.0, drift: float = 0.0) -> None:
        if not isfinite(offset):
            raise ValueError(f"a clock's offset is a finite number of ms, not {offset!r}")
        if not (isfinite(drift) and drift > -1):
            raise ValueError(f"a clock's drift is a number above -1 (50e-6 gains 50 parts in a million), not {drift!r}")
        self.offset, self.drift = float(offset), float(drift)
        self.pace = 1 / (1 + drift)  # true ms for each ms this clock shows
        self._sim: Simulation | None = None

    def read(self) -> float:
        """The time in ms that the node believes it is. Never use it to decide what happened first elsewhere."""
        return self._true() * (1 + self.drift) + self.offset

    def jump(self, by: float) -> None:
        """Move the clock by that many ms, backwards if negative; as a fault: ``sim.jump_clock(node, by)``."""
        if not isfinite(by):
            raise ValueError(f"a clock jumps by a finite number of ms, not {by!r}")
        self.offset += by

    def _true(self) -> float:
        if self._sim is None:
            raise RuntimeError("this clock is in no simulation: give it to a node, Node(…, clock=Clock(…))")
        return self._sim.now

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
