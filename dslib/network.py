"""The network: what may happen to a message between ``send`` and its handler.

Delivery semantics, in full:

- A message sent from ``a`` to ``b`` takes the link ``a → b`` and arrives after a delay drawn for it. Two messages on
  one link may overtake each other, unless the link has a bandwidth, behind which they queue, or is ``fifo``.
- It may be lost (``loss``), arrive twice (``duplication``), be held back until later ones have overtaken it
  (``reordering``), or have one of its bits flipped (``corruption``). ``src`` is never forged.
- A cut stops it. The cut is checked when the message is sent and again when it arrives.
- Whoever is up under the name ``b`` when it arrives receives it, even if ``b`` crashed and restarted meanwhile; if
  ``b`` is down, nobody does. The sender is told nothing in any of these cases.
- Delays and losses come from the simulation's seed, one stream of random numbers for each link. Loss is drawn even
  where a cut stops the message, so that editing a fault leaves everything before it as it was.
- With ``routes=True`` a message crosses several links, one after the other, and all of this holds for each of them: see
  ``routes.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Protocol

from .faults import Arguments, domain, fault, machine_name, node_group, node_name, time_ms
from .links import GRID, Exponential, Later, Law, Link, Quality, link_class
from .node import Node
from .places import Places
from .routes import Map, Routes, Way

if TYPE_CHECKING:
    from .simulation import Simulation

#: What an edge of the topology may say about its link.
SETTINGS = ("latency", "loss", "duplication", "reordering", "corruption", "bandwidth", "queue_bytes", "fifo")

__all__ = ["GRID", "Exponential", "Graph", "Later", "Law", "Network", "Quality"]


class Graph(Protocol):
    """Whatever has nodes and edges: a ``networkx.Graph``, for example.

    Edges are pairs of nodes; or triples, with a dict of attributes at the end, as ``edges(data=True)`` gives them.
    """

    nodes: Any
    edges: Any


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
        topology: a graph with ``.nodes`` and ``.edges``, as in networkx: only neighbours can talk. None: all can. An
            edge with an attribute called like one of these settings, such as ``loss``, has a value of its own.
        streams: ``"per link"``, or ``"shared"``: one stream of random numbers for all links, when there are very many;
            where nothing tells the links to one node apart, it also has one link for all senders.
        reordering: the probability that a message is held back for a second delay, and 1 ms at least, so that what is
            sent meanwhile overtakes it, also on a link with a bandwidth.
        corruption: the probability that one bit of one field is flipped on the way. The message is delivered all the
            same; the trace's row ``deliver`` shows what arrived.
        fifo: a link never reorders: what would overtake an earlier message arrives together with it.
        places: where the nodes stand. Between cities a message takes the time of light, see ``Places``, and ``latency``
            is that of all others.
        routes: messages go hop by hop along the shortest way through the topology, each hop with a delay, a loss and a
            queue of its own; those of its nodes that are no nodes of the simulation are routers. See ``routes.py``.
        reroute_ms: how long a router takes to have a new map after a change; with a pair ``(lowest, highest)`` each
            takes a time of its own, and until the last has it, they disagree.
        ttl: how many links a packet may cross before it is dropped.
        allow_unreachable: whether the topology may have no way from some nodes to others.

    Raises:
        ValueError: a probability outside 0..1, a negative or non-finite time, an unknown ``streams``; and, when the
            simulation is made, a topology that lacks a node, has one too many, or falls apart.
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
        *,
        reordering: float = 0.0,
        corruption: float = 0.0,
        fifo: bool = False,
        places: Places | None = None,
        routes: bool = False,
        reroute_ms: float | tuple[float, float] = 1_000,
        ttl: int = 64,
        allow_unreachable: bool = False,
    ) -> None:
        if routes and topology is None:
            raise ValueError("routes=True needs a graph to find them in: write Network(topology=g, routes=True)")
        if isinstance(ttl, bool) or not isinstance(ttl, int) or ttl < 1:
            raise ValueError(f"ttl is {ttl!r}: write how many links a packet may cross, a whole number from 1, as 64")
        if streams not in ("per link", "shared"):
            raise ValueError(f'streams is {streams!r}: write "per link" or "shared"')
        #: What may happen on a link that has no settings of its own.
        self.quality = Quality(latency, loss, duplication, reordering, corruption, bandwidth, queue_bytes, fifo)
        self.latency, self.topology, self.streams, self.places = latency, topology, streams, places
        self._edges: dict[tuple[str, str], Mapping[str, Any]] | None = None
        self._qualities: dict[tuple[tuple[str, Any], ...], Quality] = {(): self.quality}
        self._degraded: dict[tuple[str, str], Quality] = {}
        self._rules: list[tuple[bool, Callable[[str, str], bool]]] = []
        self._shared: Callable[[], float] | None = None
        self._for_all: dict[str, Link] | None = None
        self._routed, self._routes = routes, None
        self._reroute, self._ttl, self._allow_unreachable = _reroute(reroute_ms), ttl, allow_unreachable

    _sim: Simulation
    _routes: Routes | None

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

    @fault("network.isolate", lambda sim, level, name: domain(sim, level, name))
    def isolate(self, level: str, name: str) -> None:
        """Cut a failure domain off: every link between what stands in it and what does not.

        Raises:
            ValueError: nothing stands there.
        """
        inside = dict.fromkeys(self._members(level, name))
        self._add_rule(True, lambda src, dest: (src in inside) != (dest in inside))

    @fault("network.misroute", lambda sim, at, dest, via: _misroute_args(sim, at, dest, via))
    def misroute(self, at: str, dest: str, via: str | None) -> None:
        """A wrong turn: what is for ``dest``, the place ``at`` sends to its neighbour ``via``, whatever its map says.

        ``via=None`` takes it back. Somebody typed a static route, or believed an announcement (BGP knows both).

        Raises:
            ValueError: a network without routes, an unknown place, or no link from ``at`` to ``via``.
        """
        assert self._routes is not None
        if via is None:
            self._routes.routers[at].wrong.pop(dest, None)
        else:
            self._routes.routers[at].wrong[dest] = via

    @fault("network.degrade", lambda sim, a, b, **settings: _degrade_args(sim, a, b, settings))
    def degrade(
        self, a: str, b: str, *, delay: float = 0.0, loss: float | None = None, duplication: float | None = None,
        reordering: float | None = None, corruption: float | None = None, one_way: bool = False,
    ) -> None:  # fmt: skip
        """Make the link between two nodes worse, both ways or only ``a → b``: a grey failure, neither up nor down.

        ``delay`` ms are added to each message's; the probabilities take the place of the link's own. A second call for
        the same link takes the place of the first.

        Raises:
            ValueError: an unknown node, no setting, or one out of range.
        """
        given = {"loss": loss, "duplication": duplication, "reordering": reordering, "corruption": corruption}
        settings = {name: value for name, value in given.items() if value is not None}
        for src, dest in ((a, b),) if one_way else ((a, b), (b, a)):
            self._degraded[src, dest] = self._normal(src, dest).degraded(delay, **settings)
            self._renew(src, dest)

    @fault("network.mend", lambda sim, a, b: _pair_args(sim, a, b))
    def mend(self, a: str, b: str) -> None:
        """The link between two nodes is again as it was before ``degrade``, both ways. It does not heal a cut.

        Raises:
            ValueError: an unknown node, or the same node twice.
        """
        for pair in ((a, b), (b, a)):
            self._degraded.pop(pair, None)
            self._renew(*pair)

    @fault("network.lose", lambda sim, src, dest, number: _lose_args(sim, src, dest, number))
    def lose(self, src: str, dest: str, number: int) -> None:
        """One message is lost: what ``src`` sent to ``dest`` as its ``number``-th, 1 is the first, all copies of it.

        It strikes what is on its way at that time, or waits at the door of a paused node. If that message was not sent
        yet, or came or was lost before, nothing happens. It costs no dice: all others fare as they did.

        Raises:
            ValueError: an unknown node, nodes without a link, or a number that is not a whole one from 1.
            RuntimeError: it was called directly, in the middle of a run without a trace, so that nobody counted.
        """
        id = self._sim._number_sent(src, dest, number)
        if id is not None:
            self._sim._lose(id)

    # -- what is connected ----------------------------------------------------------------------------------------

    def connected(self, src: str, dest: str) -> bool:
        """Whether a message sent now from ``src`` to ``dest`` could get through: linked, and not cut.

        Where messages are routed: whether every link of its route carries, and whoever passes it on is up.

        Raises:
            ValueError: an unknown node.
        """
        node_name(self._sim, src), node_name(self._sim, dest)
        if self._routes is None:
            return self._linked(src, dest) and not self._is_cut(src, dest)
        path = self._routes.route(src, dest)
        up = not self._sim.started or all(self._routes.routers[place].works for place in path[1:-1])
        return path[-1:] == [dest] and up and not any(self._is_cut(a, b) for a, b in pairwise(path))

    def route(self, src: str, dest: str) -> list[str]:
        """The places that a message from ``src`` to ``dest`` would come by if it were sent now, both ends included.

        It is what the routers believe: they may not know yet that a link is cut. Empty if they know no way; a loop ends
        with the place that stands twice.

        Raises:
            ValueError: an unknown place, or a network without routes.
        """
        if self._routes is None:
            raise ValueError("this network has no routes: write Network(topology=g, routes=True)")
        return self._routes.route(machine_name(self._sim, src), machine_name(self._sim, dest))

    @property
    def routers(self) -> list[str]:
        """What passes messages on and is no node: the other nodes of the topology, if there are routes."""
        return [] if self._routes is None else [name for name in self._routes.routers if name not in self._sim.nodes]

    def links(self) -> list[tuple[str, str]]:
        """The pairs that have a link, each once: the topology's edges, or every pair of nodes when there is none."""
        names = list(self._sim.nodes if self._routes is None else self._routes.routers)
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
        """After a new rule: which links are cut now? One for all senders has to ask each time, once there are rules."""
        for link in self._used():
            link.cut = bool(self._rules) if link.src is None else self._is_cut(link.src, link.dest)
        self._look()

    def _look(self) -> None:
        """Something was cut or mended, went down or came back."""
        if self._routes is not None:
            self._routes.look()

    def _is_up(self, router: str) -> bool:
        assert self._routes is not None
        return self._sim.started and self._routes.routers[router].up

    def _set_router(self, name: str, up: bool) -> None:
        assert self._routes is not None
        self._routes.routers[name].up = up
        self._look()

    def _members(self, level: str, name: str) -> list[str]:
        assert self.places is not None  # the fault's arguments were checked
        return self.places.members(level, name)

    def _used(self) -> Iterable[Link]:
        """All links that were used so far."""
        if self._routes is not None:
            for router in self._routes.routers.values():
                yield from router.links.values()
            return
        if self._for_all is not None:
            yield from self._for_all.values()
        for node in self._sim.nodes.values():
            if node._links is not self._for_all:
                yield from node._links.values()

    # -- links ----------------------------------------------------------------------------------------------------

    def _attach(self, sim: Simulation) -> None:
        if hasattr(self, "_sim"):
            raise ValueError("this Network belongs to another Simulation: make a new Network(…) for each simulation")
        self._sim = sim
        if self.topology is not None:
            strangers = [name for name in sim.nodes if name not in self.topology.nodes]
            if strangers:
                raise ValueError(f"node {strangers[0]!r} is not in the topology: add it to the graph, with its edges")
            ghosts = [name for name in self.topology.nodes if name not in sim.nodes]
            if ghosts and not self._routed:
                raise ValueError(
                    f"the topology has a node {ghosts[0]!r} that the simulation does not have: take it out of the "
                    "graph, or, if it is to pass messages on, write routes=True"
                )
            self._edges = _edges_of(self.topology)
        if self.places is not None:
            for name in self.places.of:
                if name not in sim.nodes and (self.topology is None or name not in self.topology.nodes):
                    raise ValueError(f"{name!r} has a place, and there is no such node")
        if self._edges is not None:
            for (a, b), settings in self._edges.items():
                try:
                    self._normal(a, b)
                except (ValueError, TypeError) as error:
                    raise ValueError(f"the edge {a!r} – {b!r} of the topology, {dict(settings)}: {error}") from None
        if self._routed:
            self._routes = Routes(self, sim, self._reroute, self._ttl)
        if self._edges is not None and sim.nodes and not self._allow_unreachable:
            if self._routes is not None:
                ways = self._routes.map
            else:  # only neighbours talk, so a link of one direction holds a graph together, too
                ways = Map({way: 1.0 for a, b in self._edges for way in ((a, b), (b, a))}, 0)
            apart = ways.apart(list(sim.nodes))
            if apart is not None:
                raise ValueError(
                    f"the topology has no way from {apart[0]!r} to {apart[1]!r}: add an edge, or, if that is meant, "
                    "write allow_unreachable=True"
                )
        if self.streams == "shared":
            self._shared = sim._stream("network").random
            if self._edges is None and self.places is None and not self.quality.remembers:
                # Nothing tells the links to one node apart: one will do for all who send to it.
                self._for_all = {}
        for node in sim.nodes.values():
            node._links = {} if self._for_all is None else self._for_all

    def _normal(self, src: str, dest: str) -> Quality:
        """What may happen on a link while nothing is degraded."""
        own = self._edges.get((src, dest), {}) if self._edges is not None else {}
        if self.places is not None and "latency" not in own:
            by_light = self.places.latency(src, dest)
            if by_light is not None:
                own = {**own, "latency": by_light}
        key = tuple(sorted(own.items()))
        try:
            return self._qualities[key]
        except KeyError:
            return self._qualities.setdefault(key, self.quality.with_settings(**own))

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
        if self._routes is not None and dest != src:
            sender._links[dest] = Way(self._routes, receiver)  # type: ignore[assignment]
            return sender._links[dest]
        if not self._linked(src, dest):
            raise ValueError(
                f"node {src!r} sent to {dest!r}, but the topology has no edge between them: send to a neighbour, "
                "which can pass it on, or add the edge"
            ) from None
        if sender._links is self._for_all:
            link = self._link(None, dest)
        else:
            link = self._link(src, dest)
        sender._links[dest] = link
        return link

    def _link(self, src: str | None, dest: str) -> Link:
        if src is None:
            quality, cut = self.quality, bool(self._rules)
        else:
            quality = self._degraded.get((src, dest)) or self._normal(src, dest)
            cut = self._is_cut(src, dest)
        random = self._shared or self._sim._stream(f"link/{src}/{dest}").random
        return link_class(quality)(self._sim, src, dest, quality, random, cut)

    def _renew(self, src: str, dest: str) -> None:
        """A link has another quality now."""
        if self._routes is not None:
            link = self._routes.routers[src].links.get(dest)
            if link is not None:
                link.take_quality(self._degraded.get((src, dest)) or self._normal(src, dest))
            return
        sender = self._sim.nodes[src]
        if sender._links is self._for_all:
            sender._links = dict(self._for_all)
            sender._links[dest] = self._link(src, dest)
        elif dest in sender._links:
            sender._links[dest].take_quality(self._degraded.get((src, dest)) or self._normal(src, dest))


def _reroute(ms: float | tuple[float, float]) -> Quality:
    if callable(ms):
        raise ValueError(f"reroute_ms is {ms!r}: write a number of ms, or a pair (lowest, highest)")
    try:
        return Quality(latency=ms)
    except ValueError:
        raise ValueError(f"reroute_ms is {ms!r}: write a number of ms, or a pair (lowest, highest)") from None


def _partition_args(sim: Simulation, groups: tuple[Iterable[str], ...]) -> tuple[Any, ...]:
    named = tuple(node_group(sim, group, machine_name) for group in groups)
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
    network = sim.network
    if network._routes is not None and not any(
        network._linked(a, b) or network._linked(b, a)
        for one, other in combinations(named, 2)
        for a in one
        for b in other
    ):
        raise ValueError(
            "this partition cuts no link: where messages are routed, a group is all that stands on one side, "
            "routers included"
        )
    return named


def _cut_args(sim: Simulation, a: str, b: str, one_way: bool) -> tuple[Any, ...]:
    if machine_name(sim, a) == machine_name(sim, b):
        raise ValueError(f"a cut names node {a!r} twice: name the two ends of a link")
    if sim.network._routes is not None:
        _check_link(sim, a, b)
    if not isinstance(one_way, bool):
        raise ValueError(f"one_way is {one_way!r}: write True (only {a} → {b}) or False (both ways)")
    return (a, b, True) if one_way else (*sorted((a, b)),)


def _heal_args(sim: Simulation, pair: tuple[str, ...]) -> tuple[Any, ...]:
    if len(pair) not in (0, 2):
        raise ValueError(f"heal takes no node (everything) or two (the link between them), not {len(pair)}")
    return _cut_args(sim, pair[0], pair[1], False) if pair else ()


def _check_link(sim: Simulation, a: str, b: str) -> None:
    """Only a link that is there can break."""
    network = sim.network
    if not (network._linked(a, b) or network._linked(b, a)):
        places = sim.nodes if network._routes is None else network._routes.routers
        neighbours = [place for place in places if network._linked(a, place) and place != a]
        raise ValueError(f"{a!r} and {b!r} have no link: {a!r} has links to {', '.join(map(repr, neighbours[:12]))}")


def _misroute_args(sim: Simulation, at: str, dest: str, via: str | None) -> tuple[Any, ...]:
    if sim.network._routes is None:
        raise ValueError("this network has no routes to get wrong: write Network(topology=g, routes=True)")
    if machine_name(sim, at) == machine_name(sim, dest):
        raise ValueError(f"{at!r} sends nothing on that is for {at!r} itself")
    if via is not None:
        if machine_name(sim, via) == at:
            raise ValueError(f"{at!r} cannot send to itself: name one of its neighbours")
        _check_link(sim, at, via)
    return at, dest, via


def _pair_args(sim: Simulation, a: str, b: str) -> tuple[str, ...]:
    if machine_name(sim, a) == machine_name(sim, b):
        raise ValueError(f"the two ends of a link are two nodes, not {a!r} twice")
    _check_link(sim, a, b)
    return (*sorted((a, b)),)


def _lose_args(sim: Simulation, src: str, dest: str, number: int) -> tuple[Any, ...]:
    if node_name(sim, src) != node_name(sim, dest) and sim.network._routes is None:
        _check_link(sim, src, dest)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(
            f"number is {number!r}: write which message from {src!r} to {dest!r} is lost, a whole number from 1 (the "
            f"first), for example sim.network.lose({src!r}, {dest!r}, 3)"
        )
    return src, dest, number


def _degrade_args(sim: Simulation, a: str, b: str, settings: Mapping[str, Any]) -> Arguments:
    pair = _pair_args(sim, a, b)
    given = {name: value for name, value in settings.items() if value is not None and value is not False}
    one_way = given.pop("one_way", False)
    if one_way not in (True, False):
        raise ValueError(f"one_way is {one_way!r}: write True (only {a} → {b}) or False (both ways)")
    known = ("delay", "loss", "duplication", "reordering", "corruption")
    for name in given:
        if name not in known:
            raise ValueError(f"degrade has no {name!r}: a link gets worse by {', '.join(known)}")
    if not given:
        raise ValueError(f"degrade({a!r}, {b!r}) makes nothing worse: say how, for example loss=0.2 or delay=100")
    if "delay" in given:
        given["delay"] = time_ms(given["delay"], "the delay that degrade adds")
    for src, dest in (pair, pair[::-1]):
        sim.network._normal(src, dest).degraded(**given)
    return Arguments((a, b), {**given, "one_way": True}) if one_way else Arguments(pair, given)


def _edges_of(graph: Graph) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The links of a graph, in both directions unless it is directed, and the settings that each has of its own.

    Attributes that are no settings, such as a colour, are somebody else's; those that are nearly one are misspelt.

    Raises:
        ValueError: a misspelt setting, two edges between the same nodes.
    """
    edges = graph.edges(data=True) if callable(graph.edges) else graph.edges
    directed = getattr(graph, "is_directed", lambda: False)()
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for a, b, *rest in edges:
        attributes: Mapping[str, Any] = rest[-1] if rest and isinstance(rest[-1], Mapping) else {}
        settings = {}
        for name, value in attributes.items():
            if name in SETTINGS:
                # From a file, a pair comes as a list.
                settings[name] = tuple(value) if isinstance(value, list) else value
            elif near := get_close_matches(str(name), SETTINGS, 1, 0.75):
                raise ValueError(
                    f"the edge {a!r} – {b!r} of the topology has an attribute {name!r}: did you mean {near[0]!r}?"
                )
        for pair in ((a, b),) if directed else ((a, b), (b, a)):
            if pair in found and a != b:
                raise ValueError(f"the topology has two edges between {a!r} and {b!r}: two nodes have one link")
            found[pair] = settings
    return found
