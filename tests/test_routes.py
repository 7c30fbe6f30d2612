"""Shortest routes, hop by hop; how late routers learn of a failure; loops, wrong turns, and where packets are lost."""

from itertools import pairwise
from math import fsum
from random import Random

import networkx
import pytest

from dslib import Exponential, Message, Network, Node, Simulation, Trace
from dslib.nemesis import nemesis
from dslib.places import Place, Places


class Item(Message):
    number: int


class Source(Node):
    """Sends ``count`` items to each peer, one every ``gap`` ms."""

    count = 1
    gap = 1.0

    def on_start(self):
        self.number = 0
        self.set_timer("next", 0)

    def on_next_timeout(self):
        self.broadcast(Item(self.number))
        self.number += 1
        if self.number < self.count:
            self.set_timer("next", self.gap)


class Sink(Node):
    def on_start(self):
        self.got = []

    def on_item(self, src, msg):
        self.got.append(msg.number)


def graph(edges, **defaults):
    """A graph of edges ``(a, b, settings)``."""
    g = networkx.Graph()
    for a, b, *settings in edges:
        g.add_edge(a, b, **{**defaults, **(settings[0] if settings else {})})
    return g


#: From a to b there is a short way by r1 and r2, and a long one by r3.
TWO_WAYS = [("a", "r1"), ("r1", "r2"), ("r2", "b"), ("r1", "r3", {"latency": 9}), ("r3", "b", {"latency": 9})]


def routed(edges=TWO_WAYS, count=1, gap=1.0, seed=0, faults=(), reroute_ms=50, latency=1, **settings):
    g = edges if isinstance(edges, networkx.Graph) else graph(edges, latency=latency)
    network = Network(topology=g, routes=True, reroute_ms=reroute_ms, latency=latency, **settings)
    sim = Simulation(Source("a", peers=["b"], count=count, gap=gap), Sink("b"), network=network, seed=seed)
    for time, name, *args in faults:
        owner = sim if name in ("crash", "restart", "pause", "resume") else sim.network
        sim.at(time, getattr(owner, name), *args)
    return sim


def path_of(sim, number):
    """The places that one item came by, from the rows of its hops."""
    hops = [(e.src, e.dest) for e in sim.trace.where(kind="hop") if e.msg.number == number]
    assert all(one[1] == other[0] for one, other in pairwise(hops))
    return [hops[0][0], *(dest for _, dest in hops)]


def lost(sim):
    return {e.msg.number: e.detail for e in sim.trace.where(kind="drop")}


def random_graph(seed):
    """Connected, with latencies of which many add up to the same."""
    dice = Random(seed)
    g = networkx.gnm_random_graph(14, dice.randint(14, 40), seed=seed)
    g = networkx.relabel_nodes(g, {i: f"p{i}" for i in g})
    names = list(g)
    for one, other in pairwise(dice.sample(names, len(names))):
        g.add_edge(one, other)
    for edge in g.edges:
        g.edges[edge]["latency"] = dice.choice((0, 1, 2, 2.5, (1, 4)))
    return g


def mean(latency):
    return fsum(latency) / 2 if isinstance(latency, tuple) else latency


def test_routes_are_the_shortest_by_mean_latency_then_by_hops():
    for seed in range(40):
        g = random_graph(seed)
        for edge in g.edges:
            g.edges[edge]["ms"] = mean(g.edges[edge]["latency"])
        network = Network(topology=g, routes=True)
        Simulation(*map(Node, g), network=network)
        hops = dict(networkx.all_pairs_dijkstra_path_length(g, weight=lambda a, b, d: 1_000 * d["ms"] + 1))
        for a in g:
            for b in g:
                path = network.route(a, b)
                assert path[0] == a
                assert path[-1] == b
                long = fsum(g.edges[edge]["ms"] for edge in pairwise(path))
                assert long == networkx.shortest_path_length(g, a, b, weight="ms"), f"seed {seed}: {path}"
                assert 1_000 * long + len(path) - 1 == hops[a][b], f"seed {seed}: {path} has too many hops"


def test_of_two_equally_long_routes_that_by_the_smaller_name_is_taken():
    diamond = [("a", "r2"), ("r2", "b"), ("a", "r1"), ("r1", "b")]
    for order in (diamond, diamond[::-1]):
        assert routed(order).network.route("a", "b") == ["a", "r1", "b"]


def test_a_message_crosses_each_link_of_its_route_in_turn():
    sim = routed().run()
    assert path_of(sim, 0) == ["a", "r1", "r2", "b"]
    assert [(e.kind, e.time, e.src, e.dest) for e in sim.trace if e.id is not None] == [
        ("send", 0, "a", "b"), ("hop", 0, "a", "r1"), ("hop", 1, "r1", "r2"), ("hop", 2, "r2", "b"),
        ("deliver", 3, "a", "b"),
    ]  # fmt: skip
    assert len({e.id for e in sim.trace if e.id is not None}) == 1


def test_each_link_has_its_own_loss_and_its_own_queue():
    edges = [("a", "r1"), ("r1", "b", {"loss": 0.5}), ("a", "c")]
    sim = routed(edges, count=2_000, seed=3).run()
    assert set(lost(sim).values()) == {"loss at r1 → b"}
    assert abs(len(lost(sim)) - 1_000) < 4 * (2_000 * 0.25) ** 0.5

    # 1,000 bytes each: 10 ms on the narrow link, and two wait there; the wide one has none of its drops.
    edges = [("a", "r1"), ("r1", "b", {"bandwidth": 100, "queue_bytes": 3_000})]
    sim = routed(edges, count=6, gap=0.0).run()
    assert lost(sim) == dict.fromkeys((3, 4, 5), "queue at r1 → b")
    assert [e.time for e in sim.trace.where(kind="deliver")] == [12, 22, 32]


def test_after_a_cut_packets_are_lost_until_the_routers_know_and_then_take_the_other_way():
    sim = routed(count=200, faults=[(20, "cut", "r1", "r2")]).run()
    # On that link at 20 ms, or sent onto it before r1 notices at 70 ms. Sent at n, an item comes to r1 at n + 1.
    assert lost(sim) == dict.fromkeys(range(18, 69), "cut at r1 → r2")
    assert path_of(sim, 69) == ["a", "r1", "r3", "b"]
    assert len(sim.nodes["b"].got) == 200 - 51


def test_after_it_heals_the_short_way_is_taken_again_reroute_ms_later():
    sim = routed(count=200, faults=[(20, "cut", "r1", "r2"), (100, "heal", "r1", "r2")]).run()
    assert path_of(sim, 148) == ["a", "r1", "r3", "b"]
    assert path_of(sim, 149) == ["a", "r1", "r2", "b"]


def test_a_router_that_crashes_loses_what_comes_to_it_and_is_avoided_until_it_is_back():
    sim = routed(count=300, faults=[(20, "crash", "r2"), (150, "restart", "r2")]).run()
    assert set(lost(sim).values()) == {"down at r2"}
    assert path_of(sim, 100) == ["a", "r1", "r3", "b"]
    assert path_of(sim, 250) == ["a", "r1", "r2", "b"]


def test_the_machine_of_a_node_passes_on_too_but_not_while_it_is_down():
    edges = [("a", "c"), ("c", "b"), ("a", "d", {"latency": 5}), ("d", "b")]
    network = Network(topology=graph(edges, latency=1), routes=True, reroute_ms=20)
    nodes = [Source("a", peers=["b"], count=100), *map(Sink, "bcd")]
    sim = Simulation(*nodes, network=network)
    sim.at(10, sim.pause, "c")
    sim.at(30, sim.resume, "c")
    sim.at(50, sim.crash, "c")
    sim.run()
    assert path_of(sim, 20) == ["a", "c", "b"], "a paused process does not stop its machine"
    assert set(lost(sim).values()) == {"down at c"}
    assert path_of(sim, 90) == ["a", "d", "b"]
    assert network.routers == []


def test_while_two_routers_disagree_packets_go_to_and_fro():
    # r2's link to b is cut. If r2 has its new map first, it turns back to r1, which still thinks that b is behind r2.
    edges = [("a", "r1"), ("r1", "r2"), ("r2", "b"), ("r1", "b", {"latency": 100})]
    looped = {}
    for seed in range(20):
        faults = [(20, "cut", "r2", "b")]
        sim = routed(edges, count=150, seed=seed, faults=faults, reroute_ms=(10, 100), ttl=8).run()
        looped[seed] = [number for number, why in lost(sim).items() if why.startswith("ttl")]
        for number in looped[seed]:
            assert path_of(sim, number) == ["a", *["r1", "r2"] * 4], f"seed {seed}"
        assert path_of(sim, 149) == ["a", "r1", "b"], f"seed {seed}: in the end they agree"
    assert 4 <= sum(map(bool, looped.values())) <= 16, "about half of the time r2 is first"


def test_if_all_routers_take_as_long_no_packet_is_caught_in_a_loop():
    for seed in range(20):
        g, dice = random_graph(seed), Random(f"same {seed}")
        sim = Simulation(
            Source("p0", peers=["p1", "p2"], count=200), Sink("p1"), Sink("p2"),
            network=Network(topology=g, routes=True, reroute_ms=30), seed=seed,
        )  # fmt: skip
        for a, b in dice.sample(list(g.edges), 4):
            sim.at(dice.randrange(200), sim.network.cut, a, b)
        sim.run()
        assert not [e for e in sim.trace.where(kind="drop") if "ttl" in e.detail], f"seed {seed}"


def test_a_cut_that_splits_the_graph_leaves_no_route_and_says_where():
    sim = routed([("a", "r1"), ("r1", "b")], count=100, faults=[(10, "cut", "r1", "b")], reroute_ms=20).run()
    assert lost(sim)[20] == "cut at r1 → b"
    assert lost(sim)[29] == "no route at r1"
    assert lost(sim)[31] == "no route at a", "a hears of it 1 ms after r1"
    assert sim.network.route("a", "b") == []
    assert not sim.network.connected("a", "b")


def test_a_degraded_link_is_not_routed_around():
    """A grey failure: the link is up, and loses."""
    sim = routed(count=500)
    sim.at(100, sim.network.degrade, "r2", "r1", loss=0.9)
    sim.at(400, sim.network.mend, "r1", "r2")
    sim.run()
    assert sim.network.route("a", "b") == ["a", "r1", "r2", "b"]
    assert set(lost(sim).values()) == {"loss at r1 → r2"}
    assert all(99 <= number < 399 for number in lost(sim))
    assert len(lost(sim)) > 240


def test_a_wrong_turn_sends_packets_round_in_circles_until_it_is_taken_back():
    sim = routed(count=100, faults=[(20, "misroute", "r2", "b", "r1"), (60, "misroute", "r2", "b", None)], ttl=10).run()
    assert path_of(sim, 30) == ["a", *["r1", "r2"] * 5]
    assert lost(sim)[30] == "ttl at r2"
    assert sorted(sim.nodes["b"].got)[:18] == list(range(18))
    assert path_of(sim, 70) == ["a", "r1", "r2", "b"]
    mid = routed(faults=[(0, "misroute", "r2", "b", "r1")])
    mid.run()
    assert mid.network.route("a", "b") == ["a", "r1", "r2", "r1"], "a loop ends with the place that stands twice"


def test_a_partition_cuts_the_links_between_the_groups_and_none_else():
    sim = routed(count=200, faults=[(50, "partition", {"r1", "r2"}, {"r3", "b"})]).run(until=190)
    assert sim.network.route("a", "b") == []
    assert sim.network.route("a", "r2") == ["a", "r1", "r2"]
    assert str(sim.faults[0]) == "sim.at(50, sim.network.partition, {'r1', 'r2'}, {'b', 'r3'})"


def test_two_nodes_are_connected_if_the_route_they_use_now_carries():
    sim = routed(faults=[(20, "cut", "r1", "r2")])
    assert sim.network.connected("a", "b"), "before the run begins"
    for time, whether in ((10, True), (30, False), (69, False), (80, True)):
        sim.run(until=time)
        assert sim.network.connected("a", "b") is whether, f"at {time} ms"


def test_a_directed_link_is_used_one_way():
    g = networkx.DiGraph([("a", "r1"), ("r1", "b"), ("b", "r2"), ("r2", "a")])
    sim = Simulation(Sink("a"), Sink("b"), network=Network(topology=g, routes=True))
    assert sim.network.route("a", "b") == ["a", "r1", "b"]
    assert sim.network.route("b", "a") == ["b", "r2", "a"]


def test_a_routed_message_is_corrupted_and_duplicated_on_the_link_that_does_so():
    edges = [("a", "r1", {"duplication": 1.0}), ("r1", "b", {"corruption": 1.0})]
    sim = routed(edges, count=50, seed=5).run()
    sent = {e.id: e.msg.number for e in sim.trace.where(kind="send")}
    arrived = sim.trace.where(kind="deliver")
    assert len(arrived) == 100
    for e in arrived:
        assert (e.msg.number ^ sent[e.id]).bit_count() == 1, f"{e} with seed 5"
    assert all(e.msg.number == sent[e.id] for e in sim.trace.where(kind="hop"))


def test_routers_stand_in_places_too():
    g = graph([("a", "r1"), ("r1", "b"), ("a", "r2"), ("r2", "b")])
    places = Places(
        {"a": Place("Zurich"), "b": Place("Geneva"), "r1": Place("New York", zone="us"), "r2": Place("Paris")}
    )
    sim = Simulation(
        Source("a", peers=["b"], count=100), Sink("b"), network=Network(topology=g, routes=True, places=places)
    )
    assert sim.network.route("a", "b") == ["a", "r2", "b"]
    sim.at(5, sim.network.cut, "a", "r2")
    sim.at(20_000, sim.remove, "zone", "us")
    sim.at(25_000, sim.restore, "zone", "us")
    sim.run(until=19_000)
    assert sim.network.route("a", "b") == ["a", "r1", "b"]
    sim.run(until=23_000)
    assert sim.network.route("a", "b") == []
    sim.run(until=28_000)
    assert sim.network.route("a", "b") == ["a", "r1", "b"]


def test_the_same_seed_gives_the_same_routed_trace():
    def digest(seed):
        faults = [(20, "cut", "r1", "r2"), (60, "crash", "r3"), (90, "heal"), (120, "restart", "r3")]
        edges = [(a, b, {"latency": Exponential(2), "loss": 0.05}) for a, b, *_ in TWO_WAYS]
        return routed(edges, count=200, seed=seed, faults=faults).run().trace.digest()

    assert digest(1) == digest(1)
    assert digest(1) != digest(2)


def test_every_message_is_delivered_or_its_loss_is_explained():
    """Nothing vanishes: a random graph under random cuts and crashes, 20 seeds."""
    for seed in range(20):
        dice, g = Random(f"chaos {seed}"), random_graph(seed)
        names = list(g)
        nodes = [Source(name, peers=[p for p in names[:5] if p != name], count=30, gap=7) for name in names[:5]]
        for node in nodes:
            type(node).on_item = lambda self, src, msg: None
        sim = Simulation(*nodes, network=Network(topology=g, routes=True, reroute_ms=30, ttl=20), seed=seed)
        for _ in range(12):
            a, b = dice.choice(list(g.edges))
            sim.at(dice.randrange(200), *dice.choice(((sim.network.cut, a, b), (sim.network.heal, a, b))))
            router = dice.choice(names[5:])
            sim.at(dice.randrange(200), dice.choice((sim.crash, sim.restart)), router)
        sim.run()
        sent = [e.id for e in sim.trace.where(kind="send")]
        ended = [e.id for e in sim.trace.where(kind=("deliver", "drop"))]
        assert sorted(sent) == sorted(ended), f"seed {seed}"


def test_when_all_is_quiet_again_the_routes_are_those_of_networkx():
    for seed in range(20):
        dice, g = Random(f"quiet {seed}"), random_graph(seed)
        network = Network(topology=g, routes=True, reroute_ms=30)
        sim = Simulation(Node("p0"), Node("p1"), network=network)
        left = g.copy()
        for a, b in dice.sample(list(g.edges), len(g.edges) // 3):
            sim.at(dice.randrange(100), network.cut, a, b)
            left.remove_edge(a, b)
        gone = dice.choice(list(g)[2:])
        sim.at(50, sim.crash, gone)
        left.remove_node(gone)
        sim.run()
        for edge in left.edges:
            left.edges[edge]["ms"] = mean(left.edges[edge]["latency"])
        for a in left:
            for b in left:
                path = network.route(a, b)
                if networkx.has_path(left, a, b):
                    long = fsum(left.edges[edge]["ms"] for edge in pairwise(path))
                    assert long == networkx.shortest_path_length(left, a, b, weight="ms"), f"seed {seed}: {path}"
                else:
                    # Who was cut off hears no news: its own side may still send towards the cut, and loses it there.
                    assert not path or not set(pairwise(path)) <= {*left.edges, *((y, x) for x, y in left.edges)}


def test_a_nemesis_breaks_the_links_of_routers_too():
    calls = set()
    for seed in range(20):
        sim = routed(count=50)
        faults = nemesis(sim, seed=seed, until=3_000, kinds=("crash", "cut", "degrade", "partition"))
        sim.set_faults(faults)
        sim.run(until=3_000)
        calls |= {f.call for f in faults}
        assert sim.network.route("a", "b")[-1:] == ["b"], f"seed {seed}: all was mended"
    assert {"network.cut", "network.degrade", "network.partition", "crash"} <= calls


def test_a_routed_trace_goes_to_json_and_back():
    trace = routed(count=30, faults=[(20, "crash", "r2")], reroute_ms=5).run().trace
    assert Trace.from_json(trace.to_json()).digest() == trace.digest()
    assert "hop      r1 → r2" in str(trace)


class NoMean:
    def __call__(self, random):
        return 1.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: routed([("a", "r1"), ("r2", "b")]), "no way from 'b' to 'a'.*allow_unreachable=True"),
        (lambda: Network(routes=True), "routes=True needs a graph"),
        (lambda: routed(ttl=0), "ttl is 0"),
        (lambda: routed(reroute_ms=-1), "reroute_ms is -1"),
        (lambda: routed([("a", "b", {"latency": NoMean()})]), "'a' – 'b' takes on average.*mean_ms"),
        (lambda: routed([("a", 1), (1, "b")]), "the topology has a node 1: the name of a router is a string, '1'"),
        (lambda: routed().network.cut("a", "b"), "'a' and 'b' have no link: 'a' has links to 'r1'"),
        (lambda: routed().network.degrade("a", "r9", loss=1), "no node 'r9'"),
        (lambda: routed().network.partition({"a"}, {"b"}), "cuts no link.*routers"),
        (lambda: routed().network.misroute("r1", "b", "b"), "'r1' and 'b' have no link"),
        (lambda: routed().network.misroute("r1", "r1", "a"), "for 'r1' itself"),
        (lambda: routed().network.misroute("r1", "b", "r1"), "cannot send to itself"),
        (lambda: Simulation(Node("a"), Node("b")).network.misroute("a", "b", "b"), "no routes to get wrong"),
        (lambda: Simulation(Node("a"), Node("b")).network.route("a", "b"), "this network has no routes"),
        (lambda: routed().network.route("a", "z"), "no node 'z'"),
        (lambda: routed().crash("r7"), "no node 'r7'"),
        (lambda: routed(networkx.MultiGraph([("a", "b"), ("a", "b")])), "two edges between 'a' and 'b'"),
    ],
)
def test_what_cannot_be_routed_is_refused_in_words(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


def test_a_graph_in_two_parts_is_allowed_when_it_is_meant():
    sim = routed([("a", "r1"), ("r2", "b")], allow_unreachable=True).run()
    assert lost(sim) == {0: "no route at a"}
