"""Flooding: the simplest way to reach everybody. Tell your neighbours; whoever hears it first does the same.

A rumour reaches exactly the nodes that are connected to its origin by a path of running nodes and uncut links, so it
shows where a network has come apart. On a graph with E links it costs at most 2E messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from ..network import Graph, Network
from ..node import Message, Node
from ..simulation import Simulation


class Rumour(Message):
    """``text``, first told by ``origin``."""

    origin: str
    text: str


class Gossip(Node):
    """Passes each rumour on once, to all its ``peers`` but the one it came from.

    ``starts`` says when this node starts a rumour of its own, in ms; None for never.
    """

    starts: float | None = None

    def on_start(self) -> None:
        """Nothing was heard yet."""
        self.heard: tuple[str, ...] = ()
        if self.starts is not None:
            self.set_timer("tell", self.starts)

    def on_tell_timeout(self) -> None:
        """Begin: the rumour is as new to us as to a neighbour."""
        self.on_rumour(self.name, Rumour(self.name, "are you there?"))

    def on_rumour(self, src: str, msg: Rumour) -> None:
        """New: remember it and pass it on. Known: ignore it, or it would go round for ever."""
        if msg.origin in self.heard:
            return
        self.heard += (msg.origin,)
        for peer in self.peers:
            if peer != src:
                self.send(peer, msg)


# -- what flooding tells about a graph ---------------------------------------------------------------------------------


def flood(
    graph: Graph,
    down: Iterable[str] = (),
    cut: Iterable[tuple[str, str]] = (),
    starts: Iterable[str] | None = None,
    seed: int = 0,
) -> Simulation:
    """Rumours on a graph with some nodes down and some links cut. ``starts``: who begins one; by default everybody.

    Raises:
        ValueError: a node that is down, or the end of a cut link, is not in the graph.
    """
    names = list(graph.nodes)
    begin = names if starts is None else list(starts)
    neighbours: dict[str, list[str]] = {name: [] for name in names}
    for a, b in graph.edges:
        neighbours[a].append(b)
        neighbours[b].append(a)
    sim = Simulation(
        *(Gossip(name, peers=neighbours[name], starts=0.0 if name in begin else None) for name in names),
        network=Network(latency=(5, 15), topology=graph, allow_unreachable=True),
        seed=seed,
    )
    for name in down:
        sim.at(0, sim.crash, name)
    for a, b in cut:
        sim.at(0, sim.network.cut, a, b)
    return sim


def parts(
    graph: Graph, down: Iterable[str] = (), cut: Iterable[tuple[str, str]] = (), seed: int = 0
) -> list[tuple[str, ...]]:
    """The groups of running nodes that still reach each other, found by letting everybody start a rumour."""
    gone = tuple(down)
    sim = flood(graph, gone, cut, seed=seed).run()
    heard = {name: node.heard for name, node in sim.nodes.items() if isinstance(node, Gossip) and name not in gone}
    groups = {tuple(name for name in heard if name in heard[here]): None for here in heard}
    return list(groups)


def splitting_nodes(graph: Graph) -> list[str]:
    """The nodes whose crash alone splits the others."""
    return [name for name in graph.nodes if len(parts(graph, down=[name])) > 1]


def splitting_links(graph: Graph) -> list[tuple[str, str]]:
    """The links whose cut alone splits the nodes."""
    return [(a, b) for a, b in graph.edges if len(parts(graph, cut=[(a, b)])) > 1]


def fewest_cuts(graph: Graph) -> list[tuple[str, str]]:
    """A smallest set of links that, cut together, split the nodes; found by trying. Empty if no set does."""
    links = list(graph.edges)
    for size in range(1, len(links) + 1):
        for some in combinations(links, size):
            if len(parts(graph, cut=some)) > 1:
                return list(some)
    return []
