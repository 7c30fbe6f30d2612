"""Lamport 1978, "Ordering the events totally": the five rules of mutual exclusion, and the three conditions."""

import pytest
from caught import caught

from dslib import Network, Simulation
from dslib.protocols.lamport_mutex import TRIAL, Acquire, LamportMutex, Release, Seen, one_at_a_time
from dslib.simulation import PropertyBroken
from dslib.testing import isolate

NAMES = ("p", "q", "r", "s")


def alone(*wants, **settings):
    return isolate(LamportMutex("q", peers=("p", "r"), wants=wants, **settings))


def group(n=4, seed=0, fifo=True, latency=(1, 60), **wants):
    names = [f"p{i}" for i in range(n)]
    nodes = [LamportMutex(name, [p for p in names if p != name], wants=wants.get(name, ())) for name in names]
    return Simulation(*nodes, network=Network(latency=latency, fifo=fifo), seed=seed)


# ---------------------------------------------------------------- the rules


def test_rule_1_a_request_goes_to_all_others_and_into_the_own_queue():
    node = alone(5)
    assert node.wait(5) == [("p", Acquire(1)), ("r", Acquire(1))]
    assert node.node.queue == [(1, "q")]


def test_rule_2_a_request_goes_into_the_queue_and_is_acknowledged_with_a_later_time():
    node = alone()
    [(dest, seen)] = node.receive("p", Acquire(7))
    assert (dest, type(seen)) == ("p", Seen)
    assert seen.time > 7
    assert node.node.queue == [(7, "p")]


def test_rule_3_who_is_done_takes_its_request_off_and_tells_all_others():
    node = alone(5, use_ms=10)
    node.wait(5)
    for peer in ("p", "r"):
        node.receive(peer, Seen(3))
    assert node.node.inside
    assert [(dest, type(msg)) for dest, msg in node.wait(10)] == [("p", Release), ("r", Release)]
    assert not node.node.inside
    assert node.node.queue == []


def test_rule_4_a_release_takes_the_senders_request_off_and_no_other():
    node = alone()
    node.receive("p", Acquire(1))
    node.receive("r", Acquire(2))
    node.receive("p", Release(5))
    assert node.node.queue == [(2, "r")]


def test_rule_5_i_it_enters_only_when_its_request_comes_before_all_others_by_time_and_then_by_name():
    for time, name, first in ((1, "p", False), (1, "r", True), (2, "p", True), (0, "r", False)):
        node = alone(5)
        node.wait(5)
        node.receive(name, Acquire(time))
        for peer in ("p", "r"):
            node.receive(peer, Seen(9))
        assert node.node.inside == first, (time, name)


def test_rule_5_ii_it_enters_only_when_everybody_has_sent_something_later():
    node = alone(5)
    node.wait(5)
    node.receive("p", Seen(9))
    assert not node.node.inside
    node.receive("r", Seen(1))
    assert node.node.inside, "(1, r) is later than (1, q)"
    node = alone(5)
    node.wait(5)
    node.receive("r", Seen(9))
    node.receive("p", Seen(1))
    assert not node.node.inside, "(1, p) is earlier than (1, q)"


def test_a_request_of_somebody_else_is_as_good_as_an_acknowledgement():
    node = alone(5)
    node.wait(5)
    node.receive("p", Seen(9))
    node.receive("r", Acquire(4))
    assert node.node.inside


# ---------------------------------------------------------------- the conditions


def test_condition_1_never_two_at_a_time_and_condition_3_everybody_who_asks_is_granted():
    for seed in range(20):
        wants = {f"p{i}": (10.0, 20.0 + i, 30.0) for i in range(4)}
        sim = group(seed=seed, **wants)
        sim.always(one_at_a_time)
        sim.run(until=3_000)
        assert all(len(node.entered) == 3 for node in sim.nodes.values()), f"seed {seed}"


def test_condition_2_requests_are_granted_in_one_order_that_all_of_them_agree_on():
    for seed in range(20):
        sim = group(seed=seed, **{f"p{i}": (10.0, 20.0, 30.0) for i in range(4)}).run(until=3_000)
        entries = [(row.src, row.detail) for row in sim.trace.where(kind="log")]
        granted = [(int(detail.rpartition(" ")[2]), name) for name, detail in entries]
        assert granted == sorted(request for node in sim.nodes.values() for request in node.requested)


def test_condition_2_who_asks_after_having_heard_of_a_request_comes_after_it():
    sim = group(3, p0=(10.0,), p2=(200.0,), latency=50)
    sim.at(5, sim.network.degrade, "p1", "p0", delay=400)  # p0 waits long for its last acknowledgement
    sim.run(until=2_000)
    assert [row.src for row in sim.trace.where(kind="log")] == ["p0", "p2"]


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_an_entry_costs_3_times_n_minus_1_messages(n):
    sim = group(n, p0=(10.0, 20.0), p1=(15.0,)).run(until=2_000)
    assert sum(len(node.entered) for node in sim.nodes.values()) == 3
    for kind in (Acquire, Seen, Release):
        assert len(sim.trace.where(kind="send", msg=kind)) == 3 * (n - 1)


def test_one_process_that_has_stopped_stops_all_the_others():
    sim = group(p0=(50.0,))
    sim.at(10, sim.crash, "p3")
    assert sim.run(until=10_000).nodes["p0"].entered == []


def test_it_rests_on_channels_that_keep_the_order():
    broken = 0
    for seed in range(100):
        sim = group(seed=seed, fifo=False, latency=(1, 100), **{f"p{i}": (10.0, 60.0, 110.0, 160.0) for i in range(4)})
        sim.always(one_at_a_time)
        try:
            sim.run(until=3_000)
        except PropertyBroken:
            broken += 1
    assert broken > 0


# ---------------------------------------------------------------- bad input, and the trial


@pytest.mark.parametrize(
    ("peers", "settings", "said"),
    [((), {}, "one at least"), (("p", "q"), {}, "one at least"), (("p",), {"use_ms": 0}, "use_ms=0")],
)
def test_a_process_that_cannot_work_is_refused(peers, settings, said):
    with pytest.raises(ValueError, match=said):
        LamportMutex("q", peers, **settings)


def test_the_trial_passes_the_protocol_and_fails_each_known_bad_variant():
    assert caught(TRIAL, TRIAL.right, range(100)) == []
    for wrong in TRIAL.wrong:
        assert len(caught(TRIAL, wrong, range(60))) >= 3, wrong.__name__
