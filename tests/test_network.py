"""Delivery, loss, duplication, bandwidth and cuts."""

from math import sqrt

import networkx
import pytest

from dslib import Exponential, Message, Network, Node, Simulation


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
        self.got.append((src, msg.number, self._sim.now))


def stream(count=1, gap=1.0, seed=0, faults=(), **network):
    """One source, one sink."""
    sim = Simulation(Source("a", peers=["b"], count=count, gap=gap), Sink("b"), network=Network(**network), seed=seed)
    for time, name, *args in faults:
        owner = sim if name in ("crash", "restart") else sim.network
        sim.at(time, getattr(owner, name), *args)
    return sim


def numbers(sim):
    return [number for _, number, _ in sim.nodes["b"].got]


def test_every_message_of_a_lossless_network_arrives_within_its_latency():
    sim = stream(count=500, latency=(5, 15)).run()
    sent = {e.id: e.time for e in sim.trace.where(kind="send")}
    delays = [e.time - sent[e.id] for e in sim.trace.where(kind="deliver")]
    assert len(delays) == 500
    assert 5 <= min(delays) < 5.5
    assert 14.5 < max(delays) <= 15


def test_every_delay_is_a_multiple_of_two_to_the_minus_ten_ms():
    for latency in ((5, 15), (0.1, 0.3), Exponential(mean=7.7, least=1)):
        sim = stream(count=200, latency=latency).run()
        sent = {e.id: e.time for e in sim.trace.where(kind="send")}
        for e in sim.trace.where(kind="deliver"):
            assert ((e.time - sent[e.id]) * 1024).is_integer(), f"{latency}: {e}"


def test_messages_overtake_each_other_on_a_jittery_link_and_not_on_a_constant_one():
    assert numbers(stream(count=100, latency=10).run()) == list(range(100))
    jittery = numbers(stream(count=100, latency=(5, 15)).run())
    assert sorted(jittery) == list(range(100))
    assert jittery != list(range(100))


def test_losses_come_at_the_rate_asked_for():
    n, p = 20_000, 0.1
    sim = stream(count=n, loss=p, seed=11).run()
    lost = len(sim.trace.where(kind="drop", detail="loss"))
    assert lost + len(numbers(sim)) == n
    assert abs(lost - n * p) < 4 * sqrt(n * p * (1 - p)), f"{lost} of {n} lost with seed 11"


def test_a_duplicated_message_is_delivered_twice_under_one_id():
    n, p = 5_000, 0.2
    sim = stream(count=n, duplication=p, seed=2).run()
    ids = [e.id for e in sim.trace.where(kind="deliver")]
    twice = len(ids) - len(set(ids))
    assert len(set(ids)) == n
    assert abs(twice - n * p) < 4 * sqrt(n * p * (1 - p))


def test_an_exponential_law_has_its_mean_and_its_least():
    sim = stream(count=20_000, latency=Exponential(mean=100, least=3), seed=4).run()
    sent = {e.id: e.time for e in sim.trace.where(kind="send")}
    delays = [e.time - sent[e.id] for e in sim.trace.where(kind="deliver")]
    assert min(delays) >= 3
    assert abs(sum(delays) / len(delays) - 103) < 4 * 100 / sqrt(20_000)


def test_a_link_with_a_bandwidth_sends_one_message_after_the_other():
    # 1,000 bytes at 100 bytes a ms: 10 ms each, sent all at once, and 5 ms on the way.
    sim = stream(count=4, gap=0.0, latency=5, bandwidth=100).run()
    assert [(number, time) for _, number, time in sim.nodes["b"].got] == [(0, 15), (1, 25), (2, 35), (3, 45)]


def test_a_full_queue_drops_what_does_not_fit():
    sim = stream(count=6, gap=0.0, latency=5, bandwidth=100, queue_bytes=3_000).run()
    assert numbers(sim) == [0, 1, 2]
    assert len(sim.trace.where(kind="drop", detail="queue")) == 3


def test_a_cut_stops_what_is_sent_and_what_is_in_flight():
    sim = stream(count=30, latency=10, faults=[(9.5, "partition", {"a"}, {"b"}), (19.5, "heal")]).run()
    dropped = [e.msg.number for e in sim.trace.where(kind="drop", detail="cut")]
    # Sent at 0…9 and arriving during the cut, or sent during it. None is sent again after the cut heals.
    assert sorted(dropped) == list(range(20))
    assert numbers(sim) == list(range(20, 30))


def test_whoever_is_up_at_arrival_receives_even_after_a_restart():
    sim = stream(count=1, latency=10, faults=[(2, "crash", "b"), (5, "restart", "b")]).run()
    assert numbers(sim) == [0]
    sim = stream(count=1, latency=10, faults=[(2, "crash", "b"), (15, "restart", "b")]).run()
    assert numbers(sim) == []
    assert [e.detail for e in sim.trace.where(kind="drop")] == ["down"]


def test_a_one_way_cut_stops_one_direction_only():
    sim = Simulation(Node("a"), Node("b"))
    sim.network.cut("a", "b", one_way=True)
    sim.run(until=0)
    assert not sim.network.connected("a", "b")
    assert sim.network.connected("b", "a")


def test_a_cut_of_one_link_of_three_is_not_transitive():
    sim = Simulation(*map(Node, "abc"))
    sim.network.cut("a", "c")
    sim.run(until=0)
    up = {pair: sim.network.connected(*pair) for pair in ("ab", "bc", "ac", "ca")}
    assert up == {"ab": True, "bc": True, "ac": False, "ca": False}


def test_partitions_add_up_and_heal_undoes_all_or_one_pair():
    sim = Simulation(*map(Node, "abcd"))
    sim.network.partition({"a"}, {"b", "c"})
    sim.network.partition({"b"}, {"c"})
    sim.run(until=0)
    assert not any(sim.network.connected(*pair) for pair in ("ab", "ac", "bc"))
    assert all(sim.network.connected(*pair) for pair in ("ad", "bd", "cd")), "a node in no group keeps its links"
    sim.network.heal("c", "a")
    assert sim.network.connected("a", "c")
    assert not sim.network.connected("a", "b")
    sim.network.heal()
    assert all(sim.network.connected(*pair) for pair in ("ab", "ac", "bc"))


def test_a_cut_holds_for_links_that_were_never_used_before():
    sim = stream(count=3, faults=[(0, "cut", "a", "b")]).run()
    assert numbers(sim) == []


def test_a_fault_edited_late_leaves_everything_before_it_as_it_was():
    def rows(*faults):
        sim = stream(count=200, loss=0.3, seed=9, faults=faults).run()
        return [e for e in sim.trace if e.kind != "fault"]

    calm, cut = rows(), rows((100, "partition", {"a"}, {"b"}))
    before = [e for e in calm if e.time < 100]
    assert [e for e in cut if e.time < 100] == before
    # The dice are not shifted by the cut either: after it heals the same messages are lost.
    healed = rows((100, "partition", {"a"}, {"b"}), (120, "heal"))
    lost = lambda events: [e.msg.number for e in events if e.detail == "loss" and e.time >= 120]  # noqa: E731
    assert lost(healed) == lost(calm)


def test_another_node_does_not_reshuffle_the_dice_of_the_others():
    alone = stream(count=50, loss=0.5, seed=1).run()
    crowd = Simulation(
        Source("z", peers=["b"], count=50), Source("a", peers=["b"], count=50), Sink("b"),
        network=Network(loss=0.5), seed=1,
    ).run()  # fmt: skip
    assert [n for src, n, _ in crowd.nodes["b"].got if src == "a"] == numbers(alone)


def test_a_topology_lets_only_neighbours_talk():
    ring = networkx.cycle_graph(["a", "b", "c", "d"])
    sim = Simulation(*map(Node, "abcd"), network=Network(topology=ring))
    assert sim.network.links() == [("a", "b"), ("a", "d"), ("b", "c"), ("c", "d")]
    assert not sim.network.connected("a", "c")
    with pytest.raises(ValueError, match="the topology has no edge between them"):
        sim.nodes["a"].send("c", Item(1))
    with pytest.raises(ValueError, match="node 'e' is not in the topology"):
        Simulation(Node("e"), network=Network(topology=ring))


def test_a_directed_topology_has_one_way_links():
    sim = Simulation(Node("a"), Node("b"), network=Network(topology=networkx.DiGraph([("a", "b")])))
    assert sim.network.connected("a", "b")
    assert not sim.network.connected("b", "a")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"loss": 1.5}, "a probability lies between 0 and 1, for example 0.015"),
        ({"loss": -0.1}, "loss is -0.1"),
        ({"loss": float("nan")}, "loss is nan"),
        ({"duplication": "often"}, "duplication is 'often'"),
        ({"latency": -5}, "latency is -5"),
        ({"latency": (15, 5)}, r"the lowest comes first, write \(5, 15\)"),
        ({"latency": float("inf")}, "latency is inf"),
        ({"latency": "fast"}, "write a number of ms"),
        ({"bandwidth": 0}, "bytes per ms"),
        ({"queue_bytes": 10}, "together with a bandwidth"),
        ({"streams": "own"}, '"per link" or "shared"'),
    ],
)
def test_impossible_settings_are_refused_in_words(settings, says):
    with pytest.raises(ValueError, match=says):
        Network(**settings)


def test_a_latency_law_that_goes_wrong_is_named():
    class Backwards:
        def __call__(self, random):
            return -1.0

        def __repr__(self):
            return "Backwards()"

    with pytest.raises(ValueError, match=r"Backwards\(\) of link a → b gave -1.0 ms"):
        stream(latency=Backwards()).run()
