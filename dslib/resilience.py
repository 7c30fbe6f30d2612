"""Remedies against overload and failing parts, each in a few lines: they count, and say yes or no.

None of them knows a node or a clock: whoever uses one says what time it is, in ms. Handed to a node as a setting, each
node takes a copy of its own when it boots, so that nothing is remembered across a crash.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import inf
from typing import Any, NamedTuple


def is_number(value: Any, whole: bool = False) -> bool:
    """Whether it is a finite number. True and False are none."""
    return isinstance(value, int if whole else int | float) and not isinstance(value, bool) and -inf < value < inf


def _above_zero(owner: str, name: str, value: Any, whole: bool = False) -> None:
    if not is_number(value, whole) or value <= 0:
        raise ValueError(f"{owner}({name}={value!r}): write a {'whole ' if whole else ''}number above 0")


class RateLimit:
    """A token bucket for each key: ``rate`` requests a second, and ``burst`` at once after a quiet time.

    The bucket of Turner 1986 ("New directions in communications", IEEE Communications Magazine 24(10)): tokens drip in
    at the rate, no more than ``burst`` are kept, each request takes one or is refused.

    Raises:
        ValueError: the rate is not above 0, or the burst less than 1.
    """

    def __init__(self, rate: float, burst: float = 1.0) -> None:
        _above_zero("RateLimit", "rate", rate)
        if not is_number(burst) or burst < 1:
            raise ValueError(f"RateLimit(burst={burst!r}): write a number from 1 on; a smaller bucket holds no token")
        self.rate, self.burst = rate, burst
        self._buckets: dict[Hashable, tuple[float, float]] = {}  # tokens, and when they were counted

    def allows(self, key: Hashable, now: float) -> bool:
        """Whether a request of ``key`` may pass at ``now``; takes its token if so."""
        tokens, counted = self._buckets.get(key, (self.burst, now))
        tokens = min(self.burst, tokens + (now - counted) * self.rate / 1_000)
        if tokens < 1:
            return False  # Nothing to write down: many small sums would end up beside the one that they stand for.
        self._buckets[key] = tokens - 1, now
        return True


class CircuitBreaker:
    """Stops calls to something that fails anyway, and tries again later with a single one.

    *Closed*, calls pass. After ``failures`` in a row it is *open*: no call passes for ``open_ms``. Then it is *half
    open*: one call passes, and its fate decides between closed and open (Nygard 2007, "Release It!", section 5.2). What
    becomes of older calls decides nothing any more.

    Raises:
        ValueError: a setting is not above 0.
    """

    def __init__(self, failures: int = 5, open_ms: float = 1_000.0) -> None:
        _above_zero("CircuitBreaker", "failures", failures, whole=True)
        _above_zero("CircuitBreaker", "open_ms", open_ms)
        self.failures, self.open_ms = failures, open_ms
        self.failed = 0  # in a row
        self.opened: float | None = None
        self._trying = False

    def state(self, now: float) -> str:
        """``"closed"``, ``"open"`` or ``"half open"``."""
        if self.opened is None:
            return "closed"
        return "open" if now < self.opened + self.open_ms else "half open"

    def allows(self, now: float) -> bool:
        """Whether a call may be made. In the half-open state the first one may, and the others wait for its fate."""
        if not self.would_allow(now):
            return False
        self._trying = self.opened is not None
        return True

    def would_allow(self, now: float) -> bool:
        """The same, to choose among several: no call is made yet."""
        state = self.state(now)
        return state == "closed" or (state == "half open" and not self._trying)

    def succeeded(self, now: float) -> None:
        """A call was answered."""
        if self.opened is None or self._trying:
            self.failed, self.opened, self._trying = 0, None, False

    def did_fail(self, now: float) -> None:
        """A call failed or took too long."""
        if self.opened is None:
            self.failed += 1
        if self._trying or (self.opened is None and self.failed >= self.failures):
            self.opened, self._trying = now, False


class Bulkhead:
    """At most ``limit`` at once, so that one thing that hangs cannot take everybody who serves (Nygard 2007, 5.3).

    Raises:
        ValueError: the limit is not a whole number above 0.
    """

    def __init__(self, limit: int) -> None:
        _above_zero("Bulkhead", "limit", limit, whole=True)
        self.limit, self.inside = limit, 0

    def enter(self) -> bool:
        """One more, if there is room."""
        if self.inside >= self.limit:
            return False
        self.inside += 1
        return True

    def leave(self) -> None:
        """One less."""
        self.inside -= 1


class Cached(NamedTuple):
    """What a cache has: the value, and its age in ms."""

    value: Any
    age_ms: float


class Cache:
    """Answers of before: good for ``ttl_ms``, and as a stopgap for ``stale_ms`` if there is nothing better.

    Raises:
        ValueError: ``ttl_ms`` is not above 0, or ``stale_ms`` less than it.
    """

    def __init__(self, ttl_ms: float, stale_ms: float = inf) -> None:
        _above_zero("Cache", "ttl_ms", ttl_ms)
        if stale_ms != inf and (not is_number(stale_ms) or stale_ms < ttl_ms):
            raise ValueError(
                f"Cache(stale_ms={stale_ms!r}): a stopgap may be older than ttl_ms={ttl_ms!r}, not younger"
            )
        self.ttl_ms, self.stale_ms = ttl_ms, stale_ms
        self._kept: dict[Hashable, tuple[Any, float]] = {}

    def put(self, key: Hashable, value: Any, now: float) -> None:
        """Remember an answer."""
        self._kept[key] = value, now

    def fresh(self, key: Hashable, now: float) -> Cached | None:
        """An answer not older than ``ttl_ms``."""
        return self._get(key, now, self.ttl_ms)

    def stale(self, key: Hashable, now: float) -> Cached | None:
        """An answer not older than ``stale_ms``."""
        return self._get(key, now, self.stale_ms)

    def _get(self, key: Hashable, now: float, limit: float) -> Cached | None:
        if key not in self._kept:
            return None
        value, since = self._kept[key]
        return Cached(value, now - since) if now - since <= limit else None


class Quarantine:
    """Keeps back a request under which servers die: after ``deaths`` in a row, and no answer between them.

    Whoever was being served when a server died is a suspect, and most suspects are innocent. An answer clears them.

    Raises:
        ValueError: ``deaths`` is not a whole number above 0.
    """

    def __init__(self, deaths: int = 2) -> None:
        _above_zero("Quarantine", "deaths", deaths, whole=True)
        self.deaths = deaths
        self._suspects: dict[Hashable, int] = {}

    def holds(self, request: Hashable) -> bool:
        """Whether this request is kept back."""
        return self._suspects.get(request, 0) >= self.deaths

    def died(self, request: Hashable) -> None:
        """A server died while it had this request."""
        self._suspects[request] = self._suspects.get(request, 0) + 1

    def answered(self, request: Hashable) -> None:
        """A server lived to answer it."""
        self._suspects.pop(request, None)
