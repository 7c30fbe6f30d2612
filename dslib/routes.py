"""Routes: messages go hop by hop over the links of a graph, and the routers learn late of what broke.

Every place in the graph passes on what is for others, the machines of nodes too. Each knows a map of the links and
sends along the shortest way: least mean latency, then fewest hops, then the names in order (Dijkstra 1959). The map is
that of the links that carry, not of how well they do: a link that only got worse is used as before.

When a link is cut, or a place goes down or comes back, the news spreads from there over the links that are left, as in
link-state routing (McQuillan, Richer and Rosen 1980, "The New Routing Algorithm for the ARPANET"; OSPF, RFC 2328), and
each router has its new map ``reroute_ms`` after that. Until then it sends the old way. So for a while packets are lost,
and where two routers disagree they may send one to and fro (Francois and Bonaventure 2005, "Avoiding Transient Loops
During IGP Convergence in IP Networks"): what has crossed ``ttl`` links is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from .links import GRID, Link, Quality
from .node import Message, Node, handler_of, show

if TYPE_CHECKING:
    from .network import Network
    from .simulation import Simulation


class Map:
    """Which links carry, as known at one moment, and the ways over them, worked out when somebody asks.

    All routers with the same map agree on every way to a place, so that no packet comes by the same router twice.
    """

    def __init__(self, links: Mapping[tuple[str, str], float], number: int) -> None:
        #: Each direction of each link that carries, and its mean latency in ms.
        self.links = links
        #: A newer map has a higher one.
        self.number = number
        self._into = _beside({(b, a): ms for (a, b), ms in links.items()})
        self._ways: dict[str, dict[str, str]] = {}

    def next_hop(self, at: str, dest: str) -> str | None:
        """Where a router sends what is for ``dest``; None if there is no way."""
        return self.ways_to(dest).get(at)

    def ways_to(self, dest: str) -> dict[str, str]:
        """The next hop to ``dest`` for each place from which it can be reached."""
        if dest not in self._ways:
            self._ways[dest] = {place: hop for place, hop, _ in spread([dest], self._into)}
        return self._ways[dest]

    def apart(self, names: Sequence[str]) -> tuple[str, str] | None:
        """Two of these places such that no message comes from the first to the second; None if there are no two."""
        first = names[0]
        to_it = self.ways_to(first)
        from_it = dict.fromkeys(place for place, _, _ in spread([first], self.out()))
        for name in names:
            if name not in to_it:
                return name, first
            if name not in from_it:
                return first, name
        return None

    def out(self) -> dict[str, list[tuple[str, float]]]:
        """For each place, where its links lead to, and how far it is."""
        return _beside(self.links)


def _beside(links: Mapping[tuple[str, str], float]) -> dict[str, list[tuple[str, float]]]:
    beside: dict[str, list[tuple[str, float]]] = {}
    for (a, b), ms in links.items():
        beside.setdefault(a, []).append((b, ms))
    return beside


def spread(
    sources: Iterable[str], neighbours: Mapping[str, list[tuple[str, float]]]
) -> Iterator[tuple[str, str, float]]:
    """Dijkstra's shortest paths from some places: each place that is reached, from which one, and how far it is in ms.

    The nearest first. Among ways of the same length that with fewer hops counts, then that from the smaller name.
    """
    found = set()
    reached = [(0.0, 0, place, place) for place in sources]
    reached.sort()
    while reached:
        far, hops, place, by = heappop(reached)
        if place not in found:
            found.add(place)
            yield place, by, far
            for neighbour, ms in neighbours.get(place, ()):
                if neighbour not in found:
                    heappush(reached, (far + ms, hops + 1, neighbour, place))


class Router:
    """A place that passes packets on: a router, or the machine that a node runs on."""

    __slots__ = ("links", "map", "name", "node", "up", "wrong")

    def __init__(self, name: str, node: Node | None, map: Map) -> None:
        self.name, self.node, self.map = name, node, map
        self.up = True  # of a router without a node
        self.links: dict[str, Link] = {}  # to its neighbours, made when first used
        self.wrong: dict[str, str] = {}  # wrong turns: for which destination, and where to

    @property
    def works(self) -> bool:
        """Whether it passes packets on. A paused process does not stop its machine from doing so."""
        return self.up if self.node is None else self.node._up or self.node._on_hold is not None

    def next_hop(self, dest: str) -> str | None:
        """Where it sends what is for ``dest``."""
        return self.wrong.get(dest) or self.map.next_hop(self.name, dest)


class Way:
    """What a node has instead of a link, when messages are routed: the way to another node, whichever that is now."""

    __slots__ = ("cut", "dest", "handlers", "receiver", "routes")

    def __init__(self, routes: Routes, receiver: Node) -> None:
        self.routes, self.receiver, self.dest, self.handlers = routes, receiver, receiver.name, receiver._handlers
        self.cut = False  # it is links that are cut

    def carry(self, src: str, msg: Message) -> None:
        """Send a message on its way."""
        sim = self.routes.sim
        act = self.handlers.get(type(msg)) or handler_of(type(self.receiver), type(msg))
        self.handlers[type(msg)] = act
        sim._order = order = sim._order + 1
        if sim._record is not None:
            sim._record((sim.now, (sim.now, order, self, msg, act, src)))
        packet = Packet(self, src, msg, act, order, self.routes.ttl)
        self.routes.pass_on(packet, self.routes.routers[src])


class Packet:
    """A message on its way through the routers."""

    __slots__ = ("act", "id", "link", "msg", "src", "ttl", "way")

    link: Link  # that it is on

    def __init__(self, way: Way, src: str, msg: Message, act: Callable[..., None], id: int, ttl: int) -> None:
        self.way, self.src, self.msg, self.act, self.id, self.ttl = way, src, msg, act, id, ttl

    def fire(self, time: float, order: int) -> None:
        """It comes to the end of the link it is on."""
        link, routes = self.link, self.way.routes
        router = routes.routers[link.dest]
        if link.cut:
            routes.drop(self, f"cut at {link.src} → {link.dest}")
        elif not router.works:
            routes.drop(self, f"down at {link.dest}")
        elif link.dest == self.way.dest:
            routes.sim._arrive((time, self.id, self.way, self.msg, self.act, self.src))
        else:
            routes.pass_on(self, router)

    def put_on(self, link: Link, msg: Message, delay: float) -> None:
        """It goes onto a link, and ``msg`` is what will come out at the other end."""
        self.link, self.msg = link, msg
        sim = link.sim
        sim._order += 1
        heappush(sim._queue, (sim.now + delay, sim._order, self, None, None, None))

    def __str__(self) -> str:
        return f"{self.way.dest!r} handling {show(self.msg)} from {self.src!r}"


class Routes:
    """The routers of a network, what each knows, and how news reaches them."""

    def __init__(self, network: Network, sim: Simulation, reroute: Quality, ttl: int) -> None:
        self.network, self.sim, self.reroute, self.ttl = network, sim, reroute, ttl
        assert network.topology is not None
        assert network._edges is not None
        self.costs: dict[tuple[str, str], float] = {}
        for a, b in network._edges:
            mean = network._normal(a, b).mean_ms
            if mean is None:
                raise ValueError(
                    f"how long the link {a!r} – {b!r} takes on average is not known, so no route can be found: "
                    "give its latency law an attribute mean_ms"
                )
            self.costs[a, b] = mean + GRID - GRID  # on the grid, so that equally long ways come out equal
        self.map = Map(self.costs, 0)
        self.routers = {name: Router(name, sim.nodes.get(name), self.map) for name in network.topology.nodes}
        for name in self.routers:
            if not isinstance(name, str):
                raise ValueError(f"the topology has a node {name!r}: the name of a router is a string, {str(name)!r}")

    # -- packets ------------------------------------------------------------------------------------------------------

    def pass_on(self, packet: Packet, router: Router) -> None:
        """Put a packet onto the link to the next place, if there is one and it has not come too far already."""
        if packet.ttl == 0:
            self.drop(packet, f"ttl at {router.name}")
            return
        hop = router.next_hop(packet.way.dest)
        if hop is None:
            self.drop(packet, f"no route at {router.name}")
            return
        packet.ttl -= 1
        sent = packet.msg
        self.sim._note("hop", router.name, hop, packet.id, sent)
        link = self.link(router, hop)
        delay, fate, arriving = link.cross(sent, router.name)
        if fate is None:
            packet.put_on(link, arriving, delay)
        else:
            self.drop(packet, f"{fate} at {router.name} → {hop}")
        if link.quality.duplication and link.random() < link.quality.duplication:
            copy = link.cross_again(sent, router.name)
            if copy is not None:
                second = Packet(packet.way, packet.src, sent, packet.act, packet.id, packet.ttl)
                second.put_on(link, copy[1], copy[0])

    def drop(self, packet: Packet, why: str) -> None:
        """A packet is lost; ``why`` names the reason and the place."""
        self.sim._note("drop", packet.src, packet.way.dest, packet.id, packet.msg, why)

    def link(self, router: Router, to: str) -> Link:
        """The link from one place to its neighbour."""
        if to not in router.links:
            router.links[to] = self.network._link(router.name, to)
        return router.links[to]

    def route(self, src: str, dest: str) -> list[str]:
        """The places that a message from ``src`` comes by, as the routers know it now.

        Empty if the way ends before ``dest``. A loop ends with the place that stands twice.
        """
        path = [src]
        while path[-1] != dest:
            hop = self.routers[path[-1]].next_hop(dest)
            if hop is None:
                return []
            path.append(hop)
            if path.count(hop) > 1:
                break
        return path

    # -- news ---------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Something was cut, went down or came back. The news spreads from those who are beside it."""
        network, routers, before = self.network, self.routers, self.map.links
        links = {
            (a, b): ms
            for (a, b), ms in self.costs.items()
            if routers[a].works and routers[b].works and not network._is_cut(a, b)
        }
        changed = [pair for pair in self.costs if (pair in links) != (pair in before)]
        if not changed:
            return
        self.map = Map(links, self.map.number + 1)
        beside = dict.fromkeys(place for pair in changed for place in pair if routers[place].works)
        heard: dict[float, list[Router]] = {}
        for place, _, far in spread(beside, self.map.out()):
            heard.setdefault(far + self.reroute.delay(self.dice(place)), []).append(routers[place])
        for later, those in heard.items():
            self.sim._order += 1
            news = News(those, self.map)
            heappush(self.sim._queue, (self.sim.now + later, self.sim._order, news, None, None, None))

    def dice(self, place: str) -> Callable[[], float]:
        """The dice for how long a router takes to have its new map; of its own for each change."""
        return self.sim._stream(f"routes/{place}/{self.map.number}").random


class News:
    """Some routers hear of a change at the same moment. Who is down does not listen."""

    def __init__(self, routers: list[Router], map: Map) -> None:
        self.routers, self.map = routers, map

    def fire(self, time: float, order: int) -> None:
        for router in self.routers:
            if router.works and router.map.number < self.map.number:
                router.map = self.map

    def __str__(self) -> str:
        return "the news of a changed network"
