"""The nemesis breaks at random, mends what it broke, and is the same for the same seed."""

from __future__ import annotations

import itertools
import json
from collections import Counter

import pytest

from dslib import Clock, Fault, Message, Network, Node, Place, Places, Simulation
from dslib.disk import Corrupted, seal, unseal
from dslib.nemesis import KINDS, nemesis

SEEDS = range(100)
NAMES = ("a", "b", "c", "d", "e")
UNTIL, QUIET = 5_000, 500
EVERY_KIND = list(KINDS)


class Ping(Message):
    number: int


class Chatter(Node):
    """Writes to its disk and to a random peer, again and again; begins anew when the disk was torn."""

    def on_start(self):
        self.heard = self.said = 0
        try:
            self.said = unseal(self.disk.get("said", seal(0)))
        except Corrupted:
            self.log("torn")
        self.on_talk_timeout()

    def on_talk_timeout(self):
        self.said += 1
        self.disk["said"] = seal(self.said)
        self.send(self.random.choice(self.peers), Ping(self.said))
        self.set_timer("talk", 50)

    def on_ping(self, src, msg):
        self.heard += 1


def crowd(seed=0, loss=0.1):
    nodes = [
        Chatter(name, peers=[peer for peer in NAMES if peer != name], clock=Clock(drift=0.001 * number))
        for number, name in enumerate(NAMES)
    ]
    places = Places(
        {name: Place(rack=rack, zone="Z") for name, rack in zip("abcd", ("R1", "R1", "R2", "R2"), strict=True)}
    )
    return Simulation(*nodes, network=Network(loss=loss, places=places), seed=seed)


def drawn(seed, **settings):
    return nemesis(crowd(), seed=seed, **{"until": UNTIL, "quiet_ms": QUIET, "kinds": EVERY_KIND} | settings)


def test_the_same_seed_draws_the_same_list_and_another_seed_another():
    lists = [drawn(seed) for seed in SEEDS]
    assert lists == [drawn(seed) for seed in SEEDS]
    assert len({tuple(faults) for faults in lists}) == len(SEEDS)
    assert {fault.call.split(".")[-1] for faults in lists for fault in faults} >= {
        "crash", "burn", "tear_write", "pause", "slow", "jump_clock", "drift_clock", "partition", "cut", "degrade",
        "remove", "isolate",
    }  # fmt: skip


def test_names_alone_are_enough_in_any_order():
    assert nemesis(NAMES, seed=3, until=UNTIL) == nemesis(reversed(NAMES), seed=3, until=UNTIL)
    assert nemesis(set(NAMES), seed=3, until=UNTIL) == nemesis(crowd(), seed=3, until=UNTIL)


def test_times_are_ordered_and_the_last_repair_comes_before_the_quiet():
    for seed in SEEDS:
        times = [fault.at for fault in drawn(seed)]
        assert times == sorted(times), f"seed {seed}"
        assert times[0] > 0, f"seed {seed}"
        assert times[-1] <= UNTIL - QUIET, f"seed {seed}"


BREAKS = {
    "crash": "restart", "burn": "restart", "tear_write": "restart", "pause": "resume", "slow": "slow",
    "jump_clock": "jump_clock", "drift_clock": "drift_clock", "network.partition": "network.heal",
    "network.cut": "network.heal", "network.degrade": "network.mend", "network.isolate": "network.heal",
    "remove": "restore",
}  # fmt: skip


def part(fault):
    """What a fault breaks or mends: a node, its clock, a link, all links, or a failure domain."""
    if fault.call in ("remove", "restore"):
        return "domain", *fault.args
    if fault.call in ("network.cut", "network.heal", "network.degrade", "network.mend") and fault.args:
        return "link", *fault.args
    if fault.call in ("network.partition", "network.isolate", "network.heal"):
        return ("links",)
    return ("clock" if "clock" in fault.call else "node"), fault.args[0]


def nodes_of(what):
    """The nodes that are broken with it."""
    domains = {"R1": ["a", "b"], "R2": ["c", "d"], "Z": ["a", "b", "c", "d"]}
    return domains[what[2]] if what[0] == "domain" else [what[1]] if what[0] == "node" else []


def test_each_break_is_followed_by_its_own_repair_and_nothing_broken_is_broken_again():
    """Read off the list alone: a second opinion, which shares nothing with how it was drawn."""
    overlaps = 0
    for seed in SEEDS:
        open_breaks = {}
        for fault in drawn(seed):
            what, why = part(fault), f"seed {seed}, {fault}"
            if what in open_breaks:
                broke = open_breaks.pop(what)
                assert fault.call == BREAKS[broke.call], why
                assert fault.at > broke.at, why
                if fault.call == "jump_clock":
                    assert fault.args[1] == -broke.args[1], why
                if fault.call == "slow":
                    assert fault.args[1] == 1, why
            else:
                assert fault.call in BREAKS, f"{why}: nothing was broken"
                if what[0] == "links":
                    assert not any(other[0] == "link" for other in open_breaks), why
                elif what[0] == "link":
                    assert ("links",) not in open_breaks, why
                down = [n for other in open_breaks for n in nodes_of(other)]
                assert not {*nodes_of(what)} & {*down}, why
                overlaps += bool(open_breaks)
                open_breaks[what] = fault
        assert not open_breaks, f"seed {seed}: never mended: {open_breaks}"
    assert overlaps > 100, "faults hardly ever overlapped: the test proves too little"


def test_when_the_quiet_begins_everything_is_mended_whatever_was_drawn():
    for seed in SEEDS:
        sim = crowd(seed)
        sim.set_faults(drawn(seed))
        sim.run(until=UNTIL - QUIET)
        for name, node in sim.nodes.items():
            why = f"seed {seed}, node {name}"
            assert node._up, why
            assert node._slowness == 1, why
            assert node.clock.offset == 0, why
            assert node.clock.drift == pytest.approx(0.001 * NAMES.index(name)), why
            assert all(sim.network.connected(name, peer) for peer in NAMES), why
        assert not sim.network._degraded, f"seed {seed}"


def test_a_run_under_the_list_can_be_repeated_from_its_json_and_from_its_code():
    for seed in range(10):
        first = crowd(seed)
        first.set_faults(drawn(seed))
        first.run(until=UNTIL)
        assert first.faults == drawn(seed), f"seed {seed}"

        text = json.dumps([fault.to_json() for fault in first.faults])
        again = crowd(seed)
        again.set_faults(map(Fault.from_json, json.loads(text)))
        assert again.run(until=UNTIL).trace.digest() == first.trace.digest(), f"seed {seed}"

        typed = crowd(seed)
        exec("\n".join(map(str, first.faults)), {"sim": typed})
        assert typed.run(until=UNTIL).trace.digest() == first.trace.digest(), f"seed {seed}"


def test_the_nemesis_shares_no_dice_with_the_workload():
    """Until its first fault strikes, and on every node's own dice throughout, a run is what it is without it."""
    for seed in range(20):
        calm, hit = crowd(seed).run(until=UNTIL), crowd(seed)
        faults = nemesis(hit, seed=seed, until=UNTIL, quiet_ms=QUIET)
        hit.set_faults(faults)
        hit.run(until=UNTIL)
        before = [e for e in calm.trace if e.time < faults[0].at]
        assert [e for e in hit.trace if e.time < faults[0].at] == before, f"seed {seed}"
    other = crowd(seed=1)
    assert nemesis(other, seed=7, until=UNTIL) == nemesis(crowd(seed=2, loss=0.9), seed=7, until=UNTIL)


def test_it_breaks_only_what_it_may():
    for seed in range(30):
        faults = drawn(seed, nodes={"a", "c", "d"})
        named = {name for f in faults for arg in f.args for name in (arg if isinstance(arg, tuple) else (arg,))}
        assert named & set(NAMES) <= {"a", "c", "d"}, f"seed {seed}"
        assert {f.call for f in drawn(seed, kinds=["pause"])} == {"pause", "resume"}
        assert {f.call for f in drawn(seed, kinds="pause")} == {"pause", "resume"}


def test_at_most_so_many_nodes_are_broken_at_one_time():
    worst = Counter()
    for limit in (1, 2, None):
        for seed in range(30):
            down = 0
            for fault in drawn(seed, kinds=["crash", "pause"], every_ms=50, for_ms=400, at_once=limit):
                down += 1 if fault.call in BREAKS else -1
                worst[limit] = max(worst[limit], down)
    assert (worst[1], worst[2]) == (1, 2)
    assert worst[None] > 2, "without a limit more than two were never down: the test proves too little"


def test_a_failure_domain_counts_as_the_nodes_that_stand_in_it():
    for limit, domains in ((1, set()), (2, {"R1", "R2"}), (4, {"R1", "R2", "Z"}), (None, {"R1", "R2", "Z"})):
        faults = [f for seed in range(20) for f in drawn(seed, kinds=["remove", "crash"], at_once=limit)]
        assert {f.args[1] for f in faults if f.call == "remove"} == domains, f"at most {limit} at once"
    some = [f for seed in range(20) for f in drawn(seed, kinds=["remove", "crash"], nodes=["a", "b", "e"])]
    assert {f.args[1] for f in some if f.call == "remove"} == {"R1"}, "only where all that stand there may be broken"


def test_only_links_of_the_topology_are_cut():
    class Ring:
        nodes = NAMES
        edges = tuple(zip(NAMES, NAMES[1:] + NAMES[:1], strict=True))

    sim = Simulation(*map(Node, NAMES), network=Network(topology=Ring))
    cut = {f.args for seed in range(30) for f in nemesis(sim, seed, until=UNTIL, kinds=["cut"]) if f.args}
    assert cut == {("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("a", "e")}


def test_gaps_and_lengths_are_what_was_asked_for():
    for seed in range(30):
        faults = drawn(seed, kinds=["crash"], every_ms=(100, 300), for_ms=(40, 60), nodes=NAMES)
        crashed = [f.at for f in faults if f.call == "crash"]
        assert all(100 <= later - earlier <= 300 for earlier, later in itertools.pairwise(crashed))
        for fault in faults:
            if fault.call == "crash":
                back = next(f.at for f in faults if f.call == "restart" and f.args == fault.args and f.at > fault.at)
                assert 40 <= back - fault.at <= 60 or back == UNTIL - QUIET, f"seed {seed}: {fault}"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"kinds": ["explode"]}, "knows no fault 'explode': it knows crash, burn"),
        ({"kinds": []}, "no kind can break nothing"),
        ({"nodes": ["z"]}, "no node 'z'"),
        ({"nodes": "abc"}, r"write nodes=\['abc'\]"),
        ({"nodes": ["a"], "kinds": ["cut", "partition"]}, "cut, partition can break nothing among a"),
        ({"nodes": ["a", "c"], "kinds": ["remove"]}, "remove can break nothing among a, c"),
        ({"nodes": []}, "can break nothing among no nodes"),
        ({"until": -1}, "until is -1"),
        ({"until": float("inf")}, "until is inf"),
        ({"quiet_ms": 6_000}, "leaves no time"),
        ({"every_ms": 0}, "every_ms is 0"),
        ({"every_ms": (10, 5)}, r"every_ms is \(10, 5\)"),
        ({"for_ms": -4}, "for_ms is -4"),
        ({"at_once": 0}, "at_once is 0"),
    ],
)
def test_a_nemesis_that_cannot_be_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        drawn(1, **settings)


def test_victims_are_named_as_a_group():
    with pytest.raises(ValueError, match="the victims are the string 'abc'"):
        nemesis("abc", seed=1, until=1_000)
    with pytest.raises(ValueError, match="no node 'z' among 'a', 'b'"):
        nemesis(["a", "b"], seed=1, until=1_000, nodes=["z"])
