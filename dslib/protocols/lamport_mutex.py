"""Mutual exclusion by timestamps: one order of all requests, which every process finds by itself.

Lamport 1978 ("Time, clocks, and the ordering of events in a distributed system", CACM 21(7), section "Ordering the
events totally", rules 1 to 5). There is no coordinator. Every process keeps a queue of all requests in the order ⇒, by
time and then by name, and enters when its own stands first and nobody can still send an earlier one. An entry costs
3 (n - 1) messages.

Assumed, as in the paper: messages from one process to another arrive in the order in which they were sent
(``Network(fifo=True)``), none is lost, and nobody crashes. One process that stops stops all the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from random import Random
from typing import Any

from ..clocks import Clock, LamportClock
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial


class Acquire(Message):
    """I request the resource, at that time of my clock."""

    time: int


class Seen(Message):
    """Your request stands in my queue, too."""

    time: int


class Release(Message):
    """I am done with the resource."""

    time: int


class LamportMutex(Node):
    """A process that now and then needs a resource which only one may use at a time.

    Args:
        peers: the other processes.
        wants: when it requests the resource, in ms. While it waits or uses it, further wishes wait.
        use_ms: how long it uses it.

    ``inside`` says whether it uses it now, and ``requested`` and ``entered`` list its requests ``(time, name)`` as they
    were made and granted.

    Raises:
        ValueError: no peers, the process itself among them, or a time of use that is not above 0.
    """

    wants: tuple[float, ...] = ()
    use_ms: float = 10.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.peers or name in self.peers:
            raise ValueError(f"process {name!r} has peers={self.peers!r}: write the names of all others, one at least")
        if not (isfinite(self.use_ms) and self.use_ms > 0):
            raise ValueError(f"process {name!r} has use_ms={self.use_ms!r}: write ms, above 0")

    def on_start(self) -> None:
        """No requests yet."""
        self.time = LamportClock()
        self.queue: list[tuple[int, str]] = []
        self.latest = dict.fromkeys(self.peers, 0)  # the time of the last message of each
        self.mine: tuple[int, str] | None = None
        self.inside = False
        self.wishes = 0
        self.requested: list[tuple[int, str]] = []
        self.entered: list[tuple[int, str]] = []
        for number, ms in enumerate(self.wants):
            self.set_timer("want", ms, key=number)

    def on_want_timeout(self) -> None:
        """One more wish."""
        self.wishes += 1
        self.request()

    def request(self) -> None:
        """Tell everybody, and put it into the own queue (rule 1)."""
        if self.wishes and self.mine is None:
            self.wishes -= 1
            self.mine = self.time.tick(), self.name
            self.requested.append(self.mine)
            self.queue.append(self.mine)
            self.broadcast(Acquire(self.mine[0]))

    def on_acquire(self, src: str, msg: Acquire) -> None:
        """Into the queue, and say so with a later time (rule 2)."""
        self.heard(src, msg.time)
        self.queue.append((msg.time, src))
        self.send(src, Seen(self.time.tick()))
        self.enter_if_granted()

    def on_seen(self, src: str, msg: Seen) -> None:
        """One less that could still send an earlier request."""
        self.heard(src, msg.time)
        self.enter_if_granted()

    def on_release(self, src: str, msg: Release) -> None:
        """Out of the queue (rule 4)."""
        self.heard(src, msg.time)
        self.queue = [request for request in self.queue if request[1] != src]
        self.enter_if_granted()

    def heard(self, src: str, time: int) -> None:
        """Every message carries a time, and the clock gets beyond it (IR2)."""
        self.time.receive(time)
        self.latest[src] = time

    def granted(self) -> bool:
        """It stands before all others in the queue, and everybody has sent something later since (rule 5)."""
        return self.mine is not None and self.mine == min(self.queue) and self.all_sent_later(self.mine)

    def all_sent_later(self, mine: tuple[int, str]) -> bool:
        """Channels keep the order: whoever sent a later message will send no earlier request (rule 5, ii)."""
        return all((time, peer) > mine for peer, time in self.latest.items())

    def enter_if_granted(self) -> None:
        """The resource is used for a while."""
        if not self.inside and self.granted():
            assert self.mine is not None
            self.inside = True
            self.entered.append(self.mine)
            self.log(f"enters, by its request of time {self.mine[0]}")
            self.set_timer("use", self.use_ms)

    def on_use_timeout(self) -> None:
        """Done: out of the own queue, and tell everybody (rule 3)."""
        self.inside = False
        self.queue = [request for request in self.queue if request != self.mine]
        self.mine = None
        self.broadcast(Release(self.time.tick()))
        self.request()


# -- the trial: conditions I, II and III of the paper ------------------------------------------------------------------


class AsksNobody(LamportMutex):
    """Enters when its request is the first that it knows of: an earlier one may be on its way."""

    def all_sent_later(self, mine: tuple[int, str]) -> bool:
        """Wrong: rule 5 without (ii)."""
        return True


class AnyMessageWillDo(LamportMutex):
    """Takes any message from everybody for consent, also one sent before its request was known."""

    def all_sent_later(self, mine: tuple[int, str]) -> bool:
        """Wrong: the times are not compared."""
        return all(time > 0 for time in self.latest.values())


class PrefersItself(LamportMutex):
    """Breaks ties for itself instead of by name: two with the same time both enter."""

    def granted(self) -> bool:
        """Wrong: not the same order for all."""
        if self.mine is None or self.mine[0] > min(self.queue)[0]:
            return False
        return self.all_sent_later((self.mine[0], ""))


def one_at_a_time(sim: Simulation) -> bool:
    """Condition I: whoever was granted the resource releases it before anybody else is granted it."""
    return len([node for node in sim.nodes.values() if getattr(node, "inside", False)]) < 2


def _build(seed: int, kind: type[LamportMutex]) -> Simulation:
    """Four processes, each of which wants the resource four times within half a second; some pause, or are slow."""
    dice = Random(f"{seed}/trial")
    names = ("p", "q", "r", "s")
    sim = Simulation(
        *(
            kind(
                name,
                [peer for peer in names if peer != name],
                wants=tuple(float(dice.randint(0, 500)) for _ in range(4)),
            )
            for name in names
        ),
        network=Network(latency=(1, 60), fifo=True),
        seed=seed,
        trace="off",
    )
    sim.set_faults(nemesis(sim, seed, until=1_000, kinds=("pause", "slow"), for_ms=(50, 200)))
    sim.always(one_at_a_time)
    return sim


def _judge(sim: Simulation) -> str:
    """Condition III, at the end: every request was granted."""
    for node in sim.nodes.values():
        if isinstance(node, LamportMutex) and len(node.entered) < len(node.wants):
            return f"{node.name} was granted {len(node.entered)} of {len(node.wants)} requests, and waits for ever"
    return ""


TRIAL = Trial(
    name="lamport_mutex",
    build=_build,
    until_ms=5_000,
    judge=_judge,
    right=LamportMutex,
    wrong=(AsksNobody, AnyMessageWillDo, PrefersItself),
)
