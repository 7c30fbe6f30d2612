"""Consistent hashing: who keeps which key, so that a node that joins or leaves moves hardly any.

Karger, Lehman, Leighton, Panigrahy, Levine and Lewin 1997, "Consistent hashing and random trees", STOC. Nodes and keys
are hashed to points on a circle; a key belongs to the first node clockwise from its own point. A node that joins takes
keys from its successors on the circle, and no key moves between two others: *monotonicity* (section 4). That is 1/(n+1)
of the keys, on average; with ``hash(key) % n`` it would be n/(n+1) of them, nearly all.

One point for each node leaves very unequal shares. So each node has many points, *virtual nodes* (Karger et al. have
some log n copies of each; Stoica et al. 2001, "Chord", SIGCOMM, section 4.2 and theorem 1; DeCandia et al. 2007,
"Dynamo", SOSP, section 4.2). With v points each, the shares differ by about 1/√v of their size. In Dynamo a key is kept
by the first N *different* nodes from its point on, its *preference list* (section 4.3).

Positions come from SHA-1, as in Chord, not from Python's ``hash``, which is another in every process.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from hashlib import sha1
from random import Random
from typing import Any

from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial

#: Points on the circle, 0 to CIRCLE - 1.
CIRCLE = 2**64


def position(text: str) -> int:
    """Where on the circle a name lies: the first 64 bits of its SHA-1."""
    return int.from_bytes(sha1(text.encode()).digest()[:8], "big")


class Ring:
    """Which node keeps which key.

    Args:
        nodes: their names.
        points: virtual nodes for each.

    Raises:
        ValueError: a node twice, or fewer than one point.
    """

    def __init__(self, nodes: Iterable[str] = (), points: int = 100) -> None:
        if isinstance(nodes, str):
            raise ValueError(f"nodes is the string {nodes!r}: write nodes=({nodes!r},)")
        if isinstance(points, bool) or not isinstance(points, int) or points < 1:
            raise ValueError(f"points={points!r}: write how many virtual nodes each node has, 1 or more")
        self.points = points
        self.nodes: tuple[str, ...] = ()
        self._owner: dict[int, str] = {}
        self._circle: list[int] = []
        for node in nodes:
            self._place(node)
        self._circle = sorted(self._owner)

    def add(self, node: str) -> None:
        """A node joins. It takes keys from others, and no key moves between those."""
        self._place(node)
        self._circle = sorted(self._owner)

    def remove(self, node: str) -> None:
        """A node leaves. Its keys go to the others, and no other key moves."""
        if node not in self.nodes:
            raise ValueError(f"node {node!r} is not on the ring: it has {', '.join(self.nodes) or 'no nodes'}")
        rest = tuple(name for name in self.nodes if name != node)
        self.nodes, self._owner = (), {}
        for name in rest:
            self._place(name)
        self._circle = sorted(self._owner)

    def _place(self, node: str) -> None:
        if node in self.nodes:
            raise ValueError(f"node {node!r} is on the ring already: give the new one a name of its own")
        self.nodes += (node,)
        for i in range(self.points):
            # Should two points ever fall together, the smaller name has it, whoever came first.
            at = position(f"{node}#{i}")
            self._owner[at] = min(node, self._owner.get(at, node))

    def owner(self, key: str) -> str:
        """The first node clockwise from the key's position."""
        return self.preference_list(key, 1)[0]

    def preference_list(self, key: str, n: int) -> tuple[str, ...]:
        """The first ``n`` different nodes clockwise from the key's position (Dynamo, section 4.3).

        Raises:
            ValueError: ``n`` is below 1, or the ring has fewer nodes.
        """
        if not 1 <= n <= len(self.nodes):
            raise ValueError(f"a preference list of {n!r} from {len(self.nodes)} nodes: write 1 to {len(self.nodes)}")
        start, found = bisect_right(self._circle, position(key)), dict[str, None]()
        for step in range(len(self._circle)):
            found[self._owner[self._circle[(start + step) % len(self._circle)]]] = None
            if len(found) == n:
                break
        return tuple(found)

    def shares(self) -> dict[str, float]:
        """The part of the circle that each node owns; together 1."""
        arcs = dict.fromkeys(self.nodes, 0)
        for before, at in zip([self._circle[-1] - CIRCLE, *self._circle], self._circle, strict=False):
            arcs[self._owner[at]] += at - before
        return {node: arc / CIRCLE for node, arc in arcs.items()}


def moved(before: Ring, after: Ring, keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The keys that have another owner now: ``{key: (old, new)}``."""
    owners = {key: (before.owner(key), after.owner(key)) for key in keys}
    return {key: pair for key, pair in owners.items() if pair[0] != pair[1]}


# -- known to be wrong -------------------------------------------------------------------------------------------------


class Modulo(Ring):
    """Takes the position modulo the number of nodes: when that changes, nearly every key moves."""

    def preference_list(self, key: str, n: int) -> tuple[str, ...]:
        """That node, and the next in the list."""
        first = position(key) % len(self.nodes)
        return tuple(self.nodes[(first + i) % len(self.nodes)] for i in range(n))


class OnePointEach(Ring):
    """Has no virtual nodes: some node owns several times its share."""

    def __init__(self, nodes: Iterable[str] = (), points: int = 1) -> None:
        super().__init__(nodes, 1)


class NextPoints(Ring):
    """Takes the next points, not the next different nodes: two copies of a key may be on one node."""

    def preference_list(self, key: str, n: int) -> tuple[str, ...]:
        """Whoever owns them."""
        start = bisect_right(self._circle, position(key))
        return tuple(self._owner[self._circle[(start + i) % len(self._circle)]] for i in range(n))


# -- in a simulation ---------------------------------------------------------------------------------------------------


class Keep(Message):
    """This key is yours, too."""

    key: str


class Shard(Node):
    """Keeps the keys for which the ring names it; ``copies`` nodes have each. ``kind`` is the class of the ring.

    ``sim.act(name, "join", newcomer)`` tells it of a new node: it hands over what is no longer its own.
    """

    members: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    copies: int = 2
    points: int = 40
    kind: type[Ring] = Ring

    def on_start(self) -> None:
        """Its keys, by a ring of all members, the same at every node."""
        self.ring = self.kind(self.members, self.points)
        self.kept = dict.fromkeys(key for key in self.keys if self.name in self.ring.preference_list(key, self.copies))

    def act_join(self, newcomer: str) -> None:
        """Give away what now belongs elsewhere. The first of the old list sends the new copies."""
        before, self.ring = self.ring, self.kind((*self.members, newcomer), self.points)
        for key in tuple(self.kept):
            old, new = before.preference_list(key, self.copies), self.ring.preference_list(key, self.copies)
            if old[0] == self.name:
                for node in new:
                    if node not in old:
                        self.send(node, Keep(key))
            if self.name not in new:
                del self.kept[key]

    def on_keep(self, src: str, msg: Keep) -> None:
        """One more key."""
        self.kept[msg.key] = None


class Joiner(Shard):
    """The new node: it has no keys before the others hand it some."""

    def act_join(self, newcomer: str) -> None:
        """Nothing to give away."""
        self.ring = self.kind((*self.members, newcomer), self.points)


NODES, KEYS, COPIES = 5, 100, 2


def _build(seed: int, kind: type[Ring]) -> Simulation:
    """Five nodes and 100 keys, each kept twice; a sixth node joins at 100 ms."""
    dice = Random(f"{seed}/consistent_hashing")
    *members, newcomer = (f"n{number}" for number in dice.sample(range(1_000), NODES + 1))
    keys = tuple(f"key{number}" for number in dice.sample(range(100_000), KEYS))
    shared: dict[str, Any] = {"members": tuple(members), "copies": COPIES, "kind": kind}
    shards = [Shard(name, keys=keys, **shared) for name in members]
    sim = Simulation(*shards, Joiner(newcomer, **shared), network=Network(), seed=seed, trace="off")
    for name in (*members, newcomer):
        sim.at(100, sim.act, name, "join", newcomer)
    return sim


def _judge(sim: Simulation) -> str:
    """All keys kept by two nodes, no more moved than had to, and no node with far more than its share."""
    shards: list[Any] = list(sim.nodes.values())
    keys, ring = shards[0].keys, shards[0].ring
    for key in keys:
        kept = [shard.name for shard in shards if key in shard.kept]
        if len(kept) != COPIES:
            return f"{key} is kept by {len(kept)} nodes instead of {COPIES}: {', '.join(kept) or 'nobody'}"
    before = shards[0].kind(shards[0].members, shards[0].points)
    strays = {key: pair for key, pair in moved(before, ring, keys).items() if pair[1] != shards[-1].name}
    if strays:
        return f"{len(strays)} of {len(keys)} keys moved between nodes that had been there before"
    largest = max(ring.shares().values()) * len(ring.nodes)
    return f"one node owns {largest:.2f} times its share" if largest > 2 else ""


TRIAL = Trial("consistent_hashing", _build, 200.0, _judge, Ring, (Modulo, OnePointEach, NextPoints))
