"""Leases and fencing tokens: to hold something for a time, and to be refused when that time is over.

A lease is a lock that runs out by itself, so that a holder which crashed blocks nobody for ever (Gray and Cheriton
1989, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency", SOSP). It is safe as long
as clocks run at about the same speed, and as long as its holder looks at the clock before every use. The last can fail
without anybody's fault: the process looked, and then stood still for a minute, and then wrote. So the thing that is
protected has to look as well. Each grant carries a number that only grows, and the storage refuses a number smaller
than one it has seen.

Such numbers are the lock generation number in Chubby's sequencers (Burrows 2006, "The Chubby Lock Service for
Loosely-Coupled Distributed Systems", OSDI, section 2.4), and "fencing tokens" in Kleppmann's article "How to do
distributed locking" (2016), whose example the tests play.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .node import Message, Node


class Lease(NamedTuple):
    """``holder`` may use the thing until ``until`` ms, by the clock of whoever keeps this record."""

    holder: str
    until: float
    token: int

    def held_at(self, now: float) -> bool:
        """Whether it has not run out at ``now``, by the same clock."""
        return now < self.until


class LeaseTable:
    """Who holds what. It has no clock and no network: whoever uses it says what time it is.

    Args:
        length_ms: how long a lease lasts.
        token: the last token that was granted, so that the next is larger.
        closed_until: grant nothing before that time: until the leases of a table that was lost have run out.
    """

    def __init__(self, length_ms: float, token: int = 0, closed_until: float = 0.0) -> None:
        if not 0 < length_ms < float("inf"):
            raise ValueError(f"a lease of {length_ms!r} ms: write a number above 0")
        self.length_ms, self.token, self.closed_until = length_ms, token, closed_until
        self._leases: dict[str, Lease] = {}

    def acquire(self, thing: str, holder: str, now: float) -> Lease | None:
        """A lease on ``thing``, or None while another has it. Who has it already gets it for longer: same token."""
        lease = self._leases.get(thing)
        if lease is not None and lease.held_at(now):
            if lease.holder != holder:
                return None
        elif now < self.closed_until:
            return None
        else:
            self.token += 1
            lease = Lease(holder, now, self.token)
        self._leases[thing] = lease = lease._replace(until=now + self.length_ms)
        return lease

    def release(self, thing: str, token: int) -> None:
        """Give it back early. One that was granted anew meanwhile stays."""
        if thing in self._leases and self._leases[thing].token == token:
            del self._leases[thing]


class Fence:
    """Stands before whatever is protected, and lets nobody through who comes with an old token.

    It knows only the tokens it has seen: a late write passes until the next holder has come by. Who reads before it
    writes should therefore show its token when it reads.
    """

    def __init__(self, highest: int = 0) -> None:
        self.highest = highest

    def admits(self, token: int) -> bool:
        """Whether no larger token was seen before. Remembers this one."""
        if token < self.highest:
            return False
        self.highest = token
        return True


class Acquire(Message):
    thing: str


class Granted(Message):
    """It lasts ``length_ms``, counted by the holder from when it *asked*: when it was granted, it cannot know."""

    thing: str
    length_ms: float
    token: int


class Denied(Message):
    thing: str


class Release(Message):
    thing: str
    token: int


class Put(Message):
    key: str
    value: Any
    token: int


class Stored(Message):
    key: str


class Fenced(Message):
    """A write was refused: its token was older than ``highest``."""

    key: str
    highest: int


class LockServer(Node):
    """Grants leases of ``lease_ms``, by its monotonic clock: nobody sets that one back.

    The table is lost in a crash, so afterwards it waits until every lease it may have granted has run out (Gray and
    Cheriton 1989). The last token is on the disk, so that tokens grow for ever.
    """

    lease_ms = 100.0

    def on_start(self) -> None:
        now = self.clock.monotonic()
        closed = now + self.lease_ms if "token" in self.disk else now
        self.table = LeaseTable(self.lease_ms, self.disk.get("token", 0), closed)

    def on_acquire(self, src: str, msg: Acquire) -> None:
        lease = self.table.acquire(msg.thing, src, self.clock.monotonic())
        if lease is None:
            self.send(src, Denied(msg.thing))
        else:
            self.disk["token"] = self.table.token
            self.send(src, Granted(msg.thing, self.lease_ms, lease.token))

    def on_release(self, src: str, msg: Release) -> None:
        self.table.release(msg.thing, msg.token)


class FencedStorage(Node):
    """Keeps values, and on its disk the highest token it has seen for each; ``fenced=False`` looks at no token."""

    fenced = True

    def on_put(self, src: str, msg: Put) -> None:
        highest, _ = self.disk.get(msg.key, (0, None))
        fence = Fence(highest)
        if self.fenced and not fence.admits(msg.token):
            self.send(src, Fenced(msg.key, highest))
            return
        self.disk[msg.key] = fence.highest, msg.value
        self.send(src, Stored(msg.key))
