"""Cities, the speed of light, and failure domains."""

import networkx
import pytest

from dslib import Message, Network, Node, Simulation
from dslib.places import CITIES, Place, Places, distance_km, light_ms


class Item(Message):
    number: int


class Talker(Node):
    """Says one item to each peer at the start."""

    def on_start(self):
        self.got = []
        self.broadcast(Item(1))

    def on_item(self, src, msg):
        self.got.append(src)


def test_new_york_and_shanghai_are_11_900_km_apart_and_no_answer_comes_within_118_ms():
    # 40.71 N 74.01 W and 31.23 N 121.47 E by any calculator of great circles: 11,859 km, so 118.6 ms there and back.
    assert distance_km("New York", "Shanghai") == pytest.approx(11_859, abs=5)
    assert round(distance_km("New York", "Shanghai"), -2) == 11_900
    assert round(2 * light_ms("New York", "Shanghai")) == 119


@pytest.mark.parametrize(
    ("a", "b", "km"),
    # Distances as commonly printed, to the nearest 20 km.
    [("London", "Paris", 344), ("London", "New York", 5_570), ("Sydney", "London", 16_990), ("Zurich", "Geneva", 224)],
)
def test_distances_are_those_of_the_atlas(a, b, km):
    assert distance_km(a, b) == pytest.approx(km, abs=20)


def test_a_distance_is_the_same_both_ways_nothing_to_oneself_and_no_shorter_by_a_detour():
    names = list(CITIES)
    for a in names:
        assert distance_km(a, a) == 0
        for b in names:
            assert distance_km(a, b) == distance_km(b, a) <= 6371 * 3.1416
            for via in ("Singapore", "Chicago", "Lagos"):
                assert distance_km(a, b) <= distance_km(a, via) + distance_km(via, b) + 0.2


def test_light_is_slower_in_fibre_than_in_a_vacuum_and_comes_out_on_the_grid():
    for b in CITIES:
        assert (light_ms("Tokyo", b) * 1024).is_integer()
        assert light_ms("Tokyo", b) >= light_ms("Tokyo", b, speed=299.8)


def placed(seed=0, **settings):
    places = {
        "a": Place(city="New York", zone="us-1", region="US"),
        "b": Place(city="Shanghai", zone="cn-1", region="CN"),
        "c": Place(city="New York", zone="us-2", region="US"),
    }
    nodes = [Talker(name, peers=[peer for peer in "abcd" if peer != name]) for name in "abcd"]
    return Simulation(*nodes, network=Network(places=Places(places), latency=7, **settings), seed=seed)


def test_a_message_between_cities_takes_the_time_of_light_and_a_little_more():
    for seed in range(20):
        trace = placed(seed).run().trace
        sent = {e.id: e.time for e in trace.where(kind="send")}
        for e in trace.where(kind="deliver"):
            delay = e.time - sent[e.id]
            if "d" in (e.src, e.dest):
                assert delay == 7, "d has no place, so the network's latency is its own"
            elif "b" in (e.src, e.dest):
                assert 59.49 <= delay <= 60.3, f"{e} with seed {seed}"
            else:
                assert 0.2 <= delay <= 1.0, f"{e} with seed {seed}: the same city"


def test_an_edge_with_a_latency_of_its_own_does_not_care_where_its_ends_stand():
    ring = networkx.complete_graph(["a", "b", "c", "d"])
    ring.edges["a", "b"]["latency"] = 500
    trace = placed(topology=ring).run().trace
    assert [e.time for e in trace.where(kind="deliver", src="a", dest="b")] == [500]
    assert trace.where(kind="deliver", src="b", dest="c")[0].time < 61


def test_isolating_a_region_cuts_all_links_to_the_outside_and_none_within():
    sim = placed()
    sim.at(0, sim.network.isolate, "region", "US")
    sim.run()
    assert {name: sorted(node.got) for name, node in sim.nodes.items()} == {
        "a": ["c"], "b": ["d"], "c": ["a"], "d": ["b"],
    }  # fmt: skip
    assert str(sim.faults[0]) == "sim.at(0, sim.network.isolate, 'region', 'US')"
    sim.network.heal()
    assert sim.network.connected("a", "b")


def test_a_removed_zone_takes_its_nodes_along_and_comes_back():
    sim = placed()
    sim.at(10, sim.remove, "region", "US")
    sim.at(200, sim.restore, "region", "US")
    sim.run()
    assert [(e.kind, e.src) for e in sim.trace.where(kind=("crash", "restart"))] == [
        ("crash", "a"), ("crash", "c"), ("restart", "a"), ("restart", "c"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Place(city="Shangai"), "did you mean 'Shanghai'"),
        (lambda: Place(city="Atlantis on Sea"), "the cities are Amsterdam"),
        (lambda: Place(zone=3), "the zone of a place is 3"),
        (lambda: Places({"a": "Zurich"}), r"write Place\(city='Zurich'\)"),
        (lambda: Places({}, overhead=(2, 1)), "the lowest comes first"),
        (lambda: Places({}, overhead=3), "a pair"),
        (lambda: light_ms("Zurich", "Geneva", speed=0), "km per ms, above 0"),
        (lambda: distance_km("Zurich", "Genoa"), "no city 'Genoa'"),
        (lambda: placed().network.places.members("city", "Paris"), "the names are 'New York', 'Shanghai'"),
        (lambda: placed().network.places.members("rack", "7"), "no place has a rack"),
        (lambda: placed().network.places.members("planet", "Earth"), "there is no level 'planet'"),
        (lambda: Simulation(Node("x"), network=Network(places=Places({"y": Place()}))), "'y' has a place"),
    ],
)
def test_an_impossible_place_is_refused_in_words(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


def test_a_fault_in_a_domain_where_nothing_stands_is_refused_when_it_is_scheduled():
    sim = placed()
    with pytest.raises(ValueError, match="nothing stands in a region 'EU': the names are 'US', 'CN'"):
        sim.at(5, sim.network.isolate, "region", "EU")
    with pytest.raises(ValueError, match="this network has no places"):
        Simulation(Node("x")).network.isolate("zone", "A")
