"""Sets and counters that need no agreement: conflict-free replicated data types.

Shapiro, Preguiça, Baquero and Zawirski 2011, "A comprehensive study of convergent and commutative replicated data
types" (INRIA RR-7506). Every replica takes updates without asking anybody, and now and then sends its whole state to
the others. ``merge`` is the least upper bound of two states: in whatever order, and however often, states are merged,
all replicas end up with the same. Each update only ever makes the state greater.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ..clients import LoadClient, Refusal, Reply, Request, ScriptClient
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node, show
from ..simulation import Simulation
from ..trials import Trial


class State(Message):
    """All that a replica knows."""

    value: Any


class Replica(Node):
    """Base of the types: answers ``add`` and ``read``, and sends its state to its peers every ``every_ms``.

    Args:
        every_ms: ms between two times at which it tells its peers what it knows.

    A type says what its state is at first (``bottom``), what an ``add`` makes of it, how two are merged, and what a
    ``read`` shows. The state is on disk before anybody is told that an update is taken.
    """

    every_ms: float = 100.0
    bottom: Any = ()

    def on_start(self) -> None:
        """Go on with what the disk has."""
        if not self.every_ms > 0:
            raise ValueError(f"node {self.name!r} has every_ms={self.every_ms!r}: write ms above 0")
        self.state = self.disk.get("state", self.bottom)
        self._taken: dict[int, None] = dict.fromkeys(self.disk.get("taken", ()))
        self.set_timer("tell", self.every_ms)

    def on_request(self, src: str, msg: Request) -> None:
        """Take an update, or show the value; a request is answered without asking anybody."""
        if msg.f == "read":
            self.send(src, Reply(msg.id, self.shown()))
        elif msg.f != "add":
            self.send(src, Refusal(msg.id, "not supported"))
        elif not self.can_add(msg.arg):
            self.send(src, Refusal(msg.id, f"cannot add {msg.arg!r}"))
        else:
            # A request that arrives twice is one update: merging is idempotent, counting is not.
            if msg.id not in self._taken:
                self._taken[msg.id] = None
                self.disk["taken"] = tuple(self._taken)
                self._become(self.added(msg.arg))
            self.send(src, Reply(msg.id))

    def on_tell_timeout(self) -> None:
        """Tell the others."""
        self.broadcast(State(self.state))
        self.set_timer("tell", self.every_ms)

    def on_state(self, src: str, msg: State) -> None:
        """Somebody else's state: from now on we know what both knew."""
        self._become(self.merged(self.state, msg.value))

    def _become(self, state: Any) -> None:
        if state != self.state:
            self.state = self.disk["state"] = state

    def can_add(self, arg: Any) -> bool:
        """Whether that can be added at all."""
        return True

    def added(self, arg: Any) -> Any:
        """The state after an update here."""
        raise NotImplementedError

    def merged(self, one: Any, other: Any) -> Any:
        """The least upper bound of two states."""
        raise NotImplementedError

    def shown(self) -> Any:
        """What a reader is told."""
        raise NotImplementedError


class GSet(Replica):
    """A set that only grows (section 3.3.1). Its state is the set, and merging is union."""

    bottom = frozenset()

    def added(self, arg: Any) -> Any:
        """One element more, or the same set."""
        return self.state | {arg}

    def merged(self, one: Any, other: Any) -> Any:
        """Union."""
        return one | other

    def shown(self) -> Any:
        """All elements."""
        return self.state


class GCounter(Replica):
    """A counter that only grows (section 3.1.2): each replica counts on its own, and the value is the sum.

    The state has ``(replica, its count)`` pairs, and merging takes the greater count of each replica. One number for
    all could not be merged: of 3 and 3, nobody knows whether they are the same three.
    """

    def can_add(self, arg: Any) -> bool:
        """Nothing below zero."""
        return isinstance(arg, int) and arg >= 0

    def added(self, arg: Any) -> Any:
        """Only the replica's own count grows."""
        counts = dict(self.state)
        counts[self.name] = counts.get(self.name, 0) + arg
        return tuple(sorted(counts.items()))

    def merged(self, one: Any, other: Any) -> Any:
        """The greater count of each."""
        counts = dict(one)
        for name, count in other:
            counts[name] = max(counts.get(name, 0), count)
        return tuple(sorted(counts.items()))

    def shown(self) -> Any:
        """The sum."""
        return sum(count for _, count in self.state)


class PnCounter(GCounter):
    """A counter that goes up and down (section 3.1.3): two that only grow, one for each direction.

    The state has ``((replica, direction), count)`` pairs.
    """

    def can_add(self, arg: Any) -> bool:
        """Any whole number."""
        return isinstance(arg, int)

    def added(self, arg: Any) -> Any:
        """Up and down are counted apart, because merging takes the greater."""
        counts = dict(self.state)
        mine = self.name, "up" if arg >= 0 else "down"
        counts[mine] = counts.get(mine, 0) + abs(arg)
        return tuple(sorted(counts.items()))

    def shown(self) -> Any:
        """What went up less what went down."""
        return sum(count if direction == "up" else -count for (_, direction), count in self.state)


# -- known to be wrong -------------------------------------------------------------------------------------------------


class AddsUpStates(GCounter):
    """Adds the counts when it merges: what it hears twice it counts twice."""

    def merged(self, one: Any, other: Any) -> Any:
        """No upper bound: merging a state with itself changes it."""
        counts = dict(one)
        for name, count in other:
            if name != self.name:
                counts[name] = counts.get(name, 0) + count
        return tuple(sorted(counts.items()))


class OneCount(PnCounter):
    """Keeps one count a replica for both directions: of a rise and a fall, merging takes the greater."""

    def added(self, arg: Any) -> Any:
        """Not every update makes the state greater."""
        counts = dict(self.state)
        counts[self.name, "up"] = counts.get((self.name, "up"), 0) + arg
        return tuple(sorted(counts.items()))


class Overwrites(GSet):
    """Takes over the state of whoever spoke last."""

    def merged(self, one: Any, other: Any) -> Any:
        """The other one's."""
        return other


# -- trials ------------------------------------------------------------------------------------------------------------

NAMES = ("n1", "n2", "n3")
PEACE_MS, UNTIL_MS = 1_000.0, 2_000.0


def in_danger(seed: int, kind: type[Replica]) -> Simulation:
    """Three replicas, a client at each, a second of faults and a second of peace; then everybody is read."""
    replicas = [kind(name, peers=[peer for peer in NAMES if peer != name]) for name in NAMES]
    users: list[Node] = []
    for i, name in enumerate(NAMES):
        ask = partial(_asked, i, issubclass(kind, PnCounter), issubclass(kind, GSet))
        users.append(LoadClient(f"user{i}", service=name, rate=15, stop=PEACE_MS, timeout=150, operation=ask))
        users.append(ScriptClient(f"reader{i}", service=name, script=[("read",)] * 5, start=1_900, timeout=20))
    network = Network(latency=(1, 20), loss=0.05, duplication=0.1)
    sim = Simulation(*replicas, *users, network=network, seed=seed, trace="off")
    kinds = ("crash", "partition", "pause")
    sim.set_faults(nemesis(sim, seed, PEACE_MS, kinds=kinds, every_ms=150, for_ms=200, quiet_ms=10, nodes=NAMES))
    return sim


def _asked(user: int, down: bool, unique: bool, number: int, dice: Any) -> tuple[Any, ...]:
    """Operation ``number`` of a user: an element that nobody else adds, or 1, 2, 3 and, where it may, down again."""
    amount = 100_000 * user + number if unique else number % 3 + 1
    return "add", None, -amount if down and number % 2 else amount


def differing(sim: Simulation) -> str:
    """What is wrong with what readers were told in the end; the empty text if nothing is."""
    added = [op for op in sim.history if op.f == "add" and op.status == "ok"]
    perhaps = [op for op in sim.history if op.f == "add" and op.status == "info"]
    told = {str(op.process): op.result for op in sim.history if op.f == "read" and op.status == "ok"}
    first = next(iter(told.values()), None)
    for reader, value in told.items():
        if value != first:
            return f"the replicas never agree: {reader} is told {show(value)}, and another {show(first)}"
        if isinstance(value, frozenset):
            missing = sorted({op.arg for op in added} - value)
            if missing:
                return f"{reader} is not shown {missing[0]!r}, which was taken"
            unasked = sorted(value - {op.arg for op in (*added, *perhaps)})
            if unasked:
                return f"{reader} is shown {unasked[0]!r}, which nobody added"
        else:
            least = sum(op.arg for op in added) + sum(min(op.arg, 0) for op in perhaps)
            most = sum(op.arg for op in added) + sum(max(op.arg, 0) for op in perhaps)
            if not least <= value <= most:
                return f"{reader} is told {value}; what was added makes {least} to {most}"
    return ""


TRIALS = (
    Trial("grow-only set", in_danger, UNTIL_MS, differing, GSet, (Overwrites,)),
    Trial("grow-only counter", in_danger, UNTIL_MS, differing, GCounter, (AddsUpStates,)),
    Trial("counter that goes up and down", in_danger, UNTIL_MS, differing, PnCounter, (OneCount,)),
)
