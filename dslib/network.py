"""The network: what may happen to a message between ``send`` and its handler.

Delivery semantics, in full:

- A message sent from ``a`` to ``b`` takes the link ``a → b`` and arrives after a delay drawn for it. Two messages on
  one link may overtake each other, unless the link has a bandwidth, behind which they queue.
- It may be lost (``loss``), or arrive twice (``duplication``); it is never altered, and ``src`` is never forged.
- A cut stops it. The cut is checked when the message is sent and again when it arrives.
- Whoever is up under the name ``b`` when it arrives receives it, even if ``b`` crashed and restarted meanwhile; if
  ``b`` is down, nobody does. The sender is told nothing in any of these cases.
- Delays and losses come from the simulation's seed, one stream of random numbers for each link. Loss is drawn even
  where a cut stops the message, so that editing a fault leaves everything before it as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappush
from math import inf, log
from typing import TYPE_CHECKING, Any, Protocol

from .faults import fault, node_group, node_name
from .node import Message, Node, handler_of

if TYPE_CHECKING:
    from .simulation import Simulation

#: Every sampled delay is a multiple of 2^-10 ms. Sums of such delays are exact, and results of the C maths library that
#: differ in their last bit between platforms come out the same. A double of this size has a last bit worth 2^-10, so
#: adding it and taking it away again rounds to that grid, with nothing but IEEE addition.
GRID = 1.5 * 2.0**42

#: A latency law: given ``random()`` of the link's stream, a delay in ms.
Law = Callable[[Callable[[], float]], float]


class Graph(Protocol):
    """Whatever has nodes and edges: a ``networkx.Graph``, for example."""

    nodes: Any
    edges: Any


class Exponential:
    """A latency law: at least ``least`` ms, and ``mean`` ms more on average, exponentially distributed."""

    def __init__(self, mean: float, least: float = 0.0) -> None:
        if not (0 < mean < inf and 0 <= least < inf):
            raise ValueError(
                f"Exponential(mean={mean!r}, least={least!r}): the mean is above 0, the least 0 or more, in ms"
            )
        self.mean, self.least = mean, least

    def __call__(self, random: Callable[[], float]) -> float:
        return self.least - self.mean * log(1.0 - random())

    def __repr__(self) -> str:
        return f"Exponential(mean={self.mean!r}, least={self.least!r})"


class Link:
    """One direction between two nodes: its own dice, whether it is cut, and when its wire is free.

    What all links share stays in the network: small links of a large system fit into the processor's cache.
    """

    __slots__ = ("cut", "dest", "free_at", "handlers", "network", "random", "receiver", "src")

    def __init__(self, network: Network, src: str, receiver: Node, random: Callable[[], float]) -> None:
        self.network, self.src, self.dest, self.receiver, self.random = network, src, receiver.name, receiver, random
        self.handlers = receiver._handlers
        self.free_at = 0.0
        self.cut = network._is_cut(src, receiver.name)

    def carry(self, msg: Message) -> None:
        """Draw the fate of one message and put its arrival into the simulation's queue."""
        network, random = self.network, self.random
        sim = network._sim
        try:
            act = self.handlers[type(msg)]
        except KeyError:
            act = self.handlers[type(msg)] = handler_of(type(self.receiver), type(msg))
        if network._law is None:
            delay = network._low + random() * network._span + GRID - GRID
        else:
            delay = network._drawn(self)
        # Loss is drawn even where a cut stops the message, so that an edited fault leaves the dice as they were.
        fate = "loss" if network.loss and random() < network.loss else None
        if self.cut:
            fate = "cut"
        elif network.bandwidth is not None and fate is None:
            # One message at a time is on the wire; those behind it wait, or find no room to wait in.
            start = self.free_at if self.free_at > sim.now else sim.now
            size, wait = msg.size_bytes, start - sim.now
            if network.queue_bytes is not None and wait * network.bandwidth + size > network.queue_bytes:
                fate = "queue"
            else:
                self.free_at = free_at = start + (size / network.bandwidth + GRID - GRID)
                delay += free_at - sim.now
        sim._order = order = sim._order + 1
        # The trace keeps this very entry, so recording a send or a delivery costs one append.
        entry = (sim.now + delay, order, self, msg, act)
        record = sim._record
        if record is not None:
            record((sim.now, entry))
        if fate is None:
            heappush(sim._queue, entry)
        else:
            sim._note("drop", self.src, self.dest, order, msg, fate)
        if network.duplication and random() < network.duplication:
            self._carry_copy(entry)

    def _carry_copy(self, entry: Any) -> None:
        """The network made a second copy. It has a delay and a fate of its own, and shares the first one's id."""
        _, original, _, msg, act = entry
        network = self.network
        delay, lost = network._drawn(self), self.random() < network.loss
        if not (lost or self.cut):
            sim = network._sim
            sim._order = order = sim._order + 1
            sim._copies[order] = original
            heappush(sim._queue, (sim.now + delay, order, self, msg, act))


class Network:
    """The links between all nodes of a simulation.

    Args:
        latency: the delay of a message in ms: a number, a pair ``(lowest, highest)`` for a uniform draw, or a law such
            as ``Exponential(mean=100)``.
        loss: the probability that a message is lost.
        duplication: the probability that a message arrives a second time.
        bandwidth: bytes per ms on each link and direction, ``None`` for unlimited. A message counts its class's
            ``size_bytes``.
        queue_bytes: how much may wait for a link with a bandwidth; what does not fit is dropped.
        topology: a graph with ``.nodes`` and ``.edges``, as in networkx: only neighbours can talk. None: all can.
        streams: ``"per link"``, or ``"shared"``: one stream of random numbers for all links, when there are very many.

    Raises:
        ValueError: a probability outside 0..1, a negative or non-finite time, an unknown ``streams``.
    """

    def __init__(
        self,
        latency: float | tuple[float, float] | Law = (5, 15),
        loss: float = 0.0,
        duplication: float = 0.0,
        bandwidth: float | None = None,
        queue_bytes: float | None = None,
        topology: Graph | None = None,
        streams: str = "per link",
    ) -> None:
        for name, value in (("loss", loss), ("duplication", duplication)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                percent = (
                    f", for example {value / 100:g}" if isinstance(value, int | float) and 1 < value <= 100 else ""
                )
                raise ValueError(f"{name} is {value!r}: a probability lies between 0 and 1{percent}")
        if bandwidth is not None and not 0 < bandwidth < inf:
            raise ValueError(f"bandwidth is {bandwidth!r}: write bytes per ms, above 0, or None for no limit")
        if queue_bytes is not None and not (bandwidth is not None and queue_bytes > 0):
            raise ValueError(f"queue_bytes is {queue_bytes!r}: write a size above 0, together with a bandwidth")
        if streams not in ("per link", "shared"):
            raise ValueError(f'streams is {streams!r}: write "per link" or "shared"')
        self._low, self._span, self._law = _parse_latency(latency)
        self.latency, self.loss, self.duplication = latency, float(loss), float(duplication)
        self.bandwidth, self.queue_bytes, self.topology, self.streams = bandwidth, queue_bytes, topology, streams
        self._edges: set[tuple[str, str]] | None = None
        self._rules: list[tuple[bool, Callable[[str, str], bool]]] = []
        self._shared: Callable[[], float] | None = None

    _sim: Simulation

    # -- faults ---------------------------------------------------------------------------------------------------

    @fault("network.partition", lambda sim, *groups: _partition_args(sim, groups))
    def partition(self, *groups: Iterable[str]) -> None:
        """Cut every link between nodes of different groups, both ways. A node in no group keeps all its links.

        Cuts add up until ``heal``. To isolate one node, name it alone in one group and the others in a second.

        Raises:
            ValueError: fewer than two groups, an unknown node, or a node in two groups.
        """
        side = {name: number for number, group in enumerate(groups) for name in group}
        self._add_rule(True, lambda a, b: a in side and b in side and side[a] != side[b])

    @fault("network.cut", lambda sim, a, b, one_way=False: _cut_args(sim, a, b, one_way))
    def cut(self, a: str, b: str, one_way: bool = False) -> None:
        """Cut the link between two nodes: both ways, or only ``a → b`` when ``one_way``.

        Cut A-C and leave A-B and B-C: reachability is no longer transitive.

        Raises:
            ValueError: an unknown node, or the same node twice.
        """
        self._add_rule(True, lambda src, dest: (src, dest) == (a, b) or (not one_way and (src, dest) == (b, a)))

    @fault("network.heal", lambda sim, *pair: _heal_args(sim, pair))
    def heal(self, *pair: str) -> None:
        """Undo all cuts, or those between two nodes. Messages get through again; none that was lost is sent again."""
        if pair:
            self._add_rule(False, lambda src, dest: {src, dest} == {*pair})
        else:
            self._rules.clear()
            self._recheck()

    # -- what is connected ----------------------------------------------------------------------------------------

    def connected(self, src: str, dest: str) -> bool:
        """Whether a message sent now from ``src`` to ``dest`` could get through: linked, and not cut.

        Raises:
            ValueError: an unknown node.
        """
        node_name(self._sim, src), node_name(self._sim, dest)
        return self._linked(src, dest) and not self._is_cut(src, dest)

    def links(self) -> list[tuple[str, str]]:
        """The pairs of nodes that have a link, each once: the topology's edges, or every pair when there is none."""
        names = list(self._sim.nodes)
        return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if self._linked(a, b) or self._linked(b, a)]

    def _linked(self, src: str, dest: str) -> bool:
        return self._edges is None or src == dest or (src, dest) in self._edges

    def _is_cut(self, src: str, dest: str) -> bool:
        """The newest rule that speaks of this direction decides."""
        for cuts, matches in reversed(self._rules):
            if matches(src, dest):
                return cuts
        return False

    def _add_rule(self, cuts: bool, matches: Callable[[str, str], bool]) -> None:
        self._rules.append((cuts, matches))
        self._recheck()

    def _recheck(self) -> None:
        for node in self._sim.nodes.values():
            for link in node._links.values():
                link.cut = self._is_cut(link.src, link.dest)

    # -- what the simulation calls --------------------------------------------------------------------------------

    def _attach(self, sim: Simulation) -> None:
        if hasattr(self, "_sim"):
            raise ValueError("this Network belongs to another Simulation: make a new Network(…) for each simulation")
        self._sim = sim
        if self.topology is not None:
            self._edges = set()
            strangers = [name for name in sim.nodes if name not in self.topology.nodes]
            if strangers:
                raise ValueError(f"node {strangers[0]!r} is not in the topology: add it to the graph, with its edges")
            directed = getattr(self.topology, "is_directed", lambda: False)()
            for edge in self.topology.edges:
                a, b = edge[0], edge[1]
                self._edges |= {(a, b)} if directed else {(a, b), (b, a)}
        if self.streams == "shared":
            self._shared = sim._stream("network").random
        for node in sim.nodes.values():
            node._links = {}

    def _drawn(self, link: Link) -> float:
        """The delay of one message in ms, by this link's dice."""
        if self._law is None:
            return self._low + link.random() * self._span + GRID - GRID
        latency = self._law(link.random)
        if not 0 <= latency < inf:
            raise ValueError(f"the latency law {self._law!r} of link {link.src} → {link.dest} gave {latency!r} ms")
        return latency + GRID - GRID

    def _make_link(self, sender: Node, dest: str) -> Link:
        """A link is made when it is first used, so that a large system pays only for what it uses."""
        sim, src = self._sim, sender.name
        receiver = sim.nodes.get(dest) if isinstance(dest, str) else None
        if receiver is None:
            given = (
                "the node itself, not its name" if isinstance(dest, Node) else f"{dest!r}, and there is no such node"
            )
            raise ValueError(
                f"node {src!r} sent to {given}; the nodes are {', '.join(map(repr, list(sim.nodes)[:12]))}"
            ) from None
        if not self._linked(src, dest):
            raise ValueError(
                f"node {src!r} sent to {dest!r}, but the topology has no edge between them: send to a neighbour, "
                "which can pass it on, or add the edge"
            ) from None
        random = self._shared or sim._stream(f"link/{src}/{dest}").random
        link = sender._links[dest] = Link(self, src, receiver, random)
        return link


def _parse_latency(latency: Any) -> tuple[float, float, Law | None]:
    """``(low, span, law)``: a uniform draw, or a law."""
    if callable(latency):
        return 0.0, 0.0, latency
    low, high = latency if isinstance(latency, tuple) and len(latency) == 2 else (latency, latency)
    for value in (low, high):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < inf:
            raise ValueError(
                f"latency is {latency!r}: write a number of ms, a pair (lowest, highest), or a law like Exponential(10)"
            )
    if low > high:
        raise ValueError(f"latency is {latency!r}: the lowest comes first, write ({high!r}, {low!r})")
    # As floats: Python is quicker when it need not convert them for each message.
    return float(low), float(high - low), None


def _partition_args(sim: Simulation, groups: tuple[Iterable[str], ...]) -> tuple[Any, ...]:
    named = tuple(node_group(sim, group) for group in groups)
    if len(named) < 2:
        raise ValueError(
            f"a partition needs two groups or more, and {len(named)} was given: write partition({{'a', 'b'}}, {{'c'}})"
        )
    placed: set[str] = set()
    for group in named:
        for name in group:
            if name in placed:
                raise ValueError(f"node {name!r} stands in two groups of one partition: a node is on one side only")
            placed.add(name)
    return named


def _cut_args(sim: Simulation, a: str, b: str, one_way: bool) -> tuple[Any, ...]:
    if node_name(sim, a) == node_name(sim, b):
        raise ValueError(f"a cut names node {a!r} twice: name the two ends of a link")
    if not isinstance(one_way, bool):
        raise ValueError(f"one_way is {one_way!r}: write True (only {a} → {b}) or False (both ways)")
    return (a, b, True) if one_way else (*sorted((a, b)),)


def _heal_args(sim: Simulation, pair: tuple[str, ...]) -> tuple[Any, ...]:
    if len(pair) not in (0, 2):
        raise ValueError(f"heal takes no node (everything) or two (the link between them), not {len(pair)}")
    return _cut_args(sim, pair[0], pair[1], False) if pair else ()
