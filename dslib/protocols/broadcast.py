"""Reliable broadcast: every node that stays up ends up with every message that a client was told is taken.

Flooding passes a message on once, and a cut swallows it. Here each node remembers what each neighbour has not confirmed
and sends it again: lazy reliable broadcast over links that lose (Cachin, Guerraoui and Rodrigues 2011, "Introduction to
Reliable and Secure Distributed Programming", sections 2.4 and 3.3; stubborn links under an eager broadcast).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ..clients import LoadClient, Refusal, Reply, Request, ScriptClient
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial


class Share(Message):
    """Messages you may not have."""

    items: tuple[Any, ...]


class Have(Message):
    """I have these now."""

    items: tuple[Any, ...]


class Broadcast(Node):
    """Takes ``broadcast`` with a message, answers ``read`` with all it has.

    Args:
        every_ms: ms between two attempts to pass on what a neighbour has not confirmed.

    Its neighbours are its peers until a request ``topology``, whose argument has ``(node, its neighbours)`` pairs.
    What it has is on disk before anybody is told.
    """

    every_ms: float = 200.0

    def on_start(self) -> None:
        """After a restart nobody is known to have anything."""
        if not self.every_ms > 0:
            raise ValueError(f"node {self.name!r} has every_ms={self.every_ms!r}: write ms above 0")
        self._have: dict[Any, None] = dict.fromkeys(self.disk.get("have", ()))
        self._listen_to(self.disk.get("neighbours", self.peers))
        self.set_timer("again", self.every_ms)

    def on_request(self, src: str, msg: Request) -> None:
        """The three requests of the workload."""
        if msg.f == "broadcast":
            self._learn((msg.arg,), self.name)
            self.send(src, Reply(msg.id))
        elif msg.f == "read":
            self.send(src, Reply(msg.id, tuple(self._have)))
        elif msg.f == "topology":
            self.disk["neighbours"] = dict(msg.arg).get(self.name, self.peers)
            self._listen_to(self.disk["neighbours"])
            self.send(src, Reply(msg.id))
        else:
            self.send(src, Refusal(msg.id, "not supported"))

    def on_share(self, src: str, msg: Share) -> None:
        """Keep them, confirm them, pass on what was new."""
        self._learn(msg.items, src)
        self.send(src, Have(msg.items))

    def on_have(self, src: str, msg: Have) -> None:
        """One neighbour less to tell."""
        for item in msg.items:
            self._missing.get(src, {}).pop(item, None)

    def on_again_timeout(self) -> None:
        """Whatever was not confirmed goes out once more."""
        for neighbour, items in self._missing.items():
            if items:
                self.send(neighbour, Share(tuple(items)))
        self.set_timer("again", self.every_ms)

    def _listen_to(self, neighbours: tuple[str, ...]) -> None:
        self._missing: dict[str, dict[Any, None]] = {name: dict(self._have) for name in neighbours}

    def _learn(self, items: tuple[Any, ...], src: str) -> None:
        new = tuple(item for item in dict.fromkeys(items) if item not in self._have)
        if not new:
            return
        self._have.update(dict.fromkeys(new))
        self.disk["have"] = tuple(self._have)
        for neighbour, missing in self._missing.items():
            if neighbour != src:
                missing.update(dict.fromkeys(new))
                self.send(neighbour, Share(new))


class TellsOnce(Broadcast):
    """Passes a message on once, as flooding does: what a cut swallows never arrives."""

    def on_again_timeout(self) -> None:
        """Whoever did not hear it has had its chance."""


# -- a trial -----------------------------------------------------------------------------------------------------------

NAMES = ("n1", "n2", "n3", "n4")
PEACE_MS, UNTIL_MS = 1_000.0, 2_500.0


def in_danger(seed: int, kind: type[Broadcast]) -> Simulation:
    """Four nodes in a line, a client at each end, a second of faults and then peace; then everybody is read."""
    nodes = [kind(name, peers=NAMES[max(0, i - 1) : i] + NAMES[i + 1 : i + 2]) for i, name in enumerate(NAMES)]
    users = [
        LoadClient(f"user{i}", service=name, rate=10, stop=PEACE_MS, timeout=100, operation=partial(_asked, name))
        for i, name in enumerate((NAMES[0], NAMES[-1]))
    ]
    readers = [
        ScriptClient(f"reader{i}", service=name, script=[("read",)] * 5, start=UNTIL_MS - 200, timeout=20)
        for i, name in enumerate(NAMES)
    ]
    sim = Simulation(*nodes, *users, *readers, network=Network(latency=(1, 5), loss=0.05), seed=seed, trace="off")
    kinds = ("crash", "partition", "pause")
    sim.set_faults(nemesis(sim, seed, PEACE_MS, kinds=kinds, every_ms=200, for_ms=200, quiet_ms=10, nodes=NAMES))
    return sim


def _asked(name: str, number: int, dice: Any) -> tuple[Any, ...]:
    return "broadcast", None, f"{name}-{number}"


def not_everywhere(sim: Simulation) -> str:
    """A message that was taken and is not everywhere in the end; the empty text if there is none."""
    taken = [op.arg for op in sim.history if op.f == "broadcast" and op.status == "ok"]
    asked = {op.arg for op in sim.history if op.f == "broadcast"}
    for op in sim.history:
        if op.f == "read" and op.status == "ok":
            for item in taken:
                if item not in op.result:
                    return f"{item} was taken, and {op.process} does not see it a second and a half after all faults"
            for item in op.result:
                if item not in asked or op.result.count(item) > 1:
                    return f"{op.process} sees {item}, which nobody sent or which it sees twice"
    return ""


TRIAL = Trial("broadcast", in_danger, UNTIL_MS, not_everywhere, Broadcast, (TellsOnce,))
