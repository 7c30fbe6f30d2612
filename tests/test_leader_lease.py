"""A leader with a lease and a fence: Gray and Cheriton 1989; the token of Burrows 2006, section 2.4."""

from __future__ import annotations

import pytest

from dslib import Clock, KeyValue, Network, Reply, Request, Simulation, check_linearizable
from dslib.clients import Refusal
from dslib.leases import Release
from dslib.protocols.leader_lease import (
    TRIAL,
    Elect,
    Elected,
    Electorate,
    Fetch,
    Fetched,
    Leader,
    LeaderClient,
    NoFence,
    Refused,
    Storage,
    TrustsItsClock,
    Write,
    Written,
)
from dslib.testing import isolate


def leader(**settings):
    """A leader of 100 ms from now on, under token 1, who has read the values."""
    node = isolate(Leader("l1", **settings))
    node.receive("locks", Elected(node.node.clock.monotonic(), 100.0, 1))
    node.receive("storage", Fetched(1, (("x", "old"),)))
    return node


def get(id=1):
    return Request(id, "get", "x")


def put(id, value="new"):
    return Request(id, "put", "x", value)


def is_refused(sent):
    return [type(msg) for _, msg in sent] == [Refusal]


# ---------------------------------------------------------------- the lease


def test_only_one_node_leads_at_a_time_and_each_new_one_has_a_larger_token():
    node = isolate(Electorate("locks", lease_ms=100.0))
    assert node.receive("l1", Elect(5.0)) == [("l1", Elected(5.0, 100.0, 1))]
    assert node.receive("l2", Elect(6.0)) == []
    node.wait(100)
    assert node.receive("l2", Elect(7.0)) == [("l2", Elected(7.0, 100.0, 2))]


def test_a_lease_is_counted_from_when_it_was_asked_for_however_late_the_answer_comes():
    node = isolate(Leader("l1"))
    node.wait(60)
    node.receive("locks", Elected(20.0, 100.0, 1))
    node.receive("storage", Fetched(1, ()))
    node.wait(59)
    assert node.receive("alice", get()) == [("alice", Reply(1, None))]
    node.wait(1)
    assert is_refused(node.receive("alice", get()))


def test_the_part_of_a_lease_that_is_used_is_over_before_the_lock_server_says_so_and_no_more_is_given_away():
    """Both clocks at the bound, in the worst direction: (1 - d) / (1 + d) of the time is exactly safe."""
    for drift in (0.0, 50e-6, 0.01, 0.4):
        usable = isolate(Leader("l1", drift=drift)).node.usable_ms(100.0)
        over_here = usable / (1 - drift)  # true ms, by the slowest clock
        over_there = 100.0 / (1 + drift)  # true ms, by the fastest
        assert over_here == pytest.approx(over_there, rel=1e-12)


def test_a_renewed_lease_keeps_its_token_and_its_values():
    node = leader()
    node.wait(60)
    assert not [msg for _, msg in node.receive("locks", Elected(60.0, 100.0, 1)) if type(msg) is Fetch]
    node.wait(80)
    assert node.receive("alice", get()) == [("alice", Reply(1, "old"))]


def test_an_answer_that_was_overtaken_by_a_later_one_shortens_nothing():
    node = leader()
    node.receive("locks", Elected(60.0, 100.0, 1))
    node.receive("locks", Elected(10.0, 100.0, 1))
    node.wait(150)
    assert node.receive("alice", get()) == [("alice", Reply(1, "old"))]


def test_whoever_does_not_lead_refuses():
    node = isolate(Leader("l1"))
    assert is_refused(node.receive("alice", get()))
    node.receive("locks", Elected(0.0, 100.0, 1))
    assert is_refused(node.receive("alice", get())), "elected, but it does not know the values yet"


def test_after_a_crash_the_old_token_is_given_back_and_not_used_again():
    node = leader()
    node.crash()
    assert node.restart() == [("locks", Release("leader", 1))]
    assert node.receive("locks", Elected(node.node.now(), 100.0, 1)) == []
    assert node.receive("locks", Elected(node.node.now(), 100.0, 2)) == [("storage", Fetch(2))]


# ---------------------------------------------------------------- reads and writes


def test_a_read_costs_no_message_beyond_its_answer():
    assert leader().receive("alice", get()) == [("alice", Reply(1, "old"))]


def test_a_write_is_answered_when_the_storage_has_it_and_is_read_from_then_on():
    node = leader()
    assert node.receive("alice", put(1)) == []
    assert ("storage", Write(1, "x", "new", 1)) in node.wait(5)
    assert node.receive("bob", get(2)) == [("bob", Reply(2, "old"))]
    assert node.receive("storage", Written(1)) == [("alice", Reply(1))]
    assert node.receive("bob", get(3)) == [("bob", Reply(3, "new"))]


def test_writes_go_one_by_one_and_an_append_builds_on_the_one_before():
    node = leader()
    node.receive("alice", Request(1, "append", "x", "+a"))
    node.receive("bob", Request(2, "append", "x", "+b"))
    assert [msg for dest, msg in node.wait(20) if dest == "storage"] == [Write(1, "x", "old+a", 1)]
    node.receive("storage", Written(1))
    assert ("storage", Write(2, "x", "old+a+b", 1)) in node.wait(5)


def test_a_write_without_an_answer_costs_the_lead_because_it_may_still_arrive():
    node = leader()
    node.receive("alice", put(1))
    assert ("locks", Release("leader", 1)) in node.wait(45)
    assert is_refused(node.receive("bob", get(2)))
    assert node.receive("locks", Elected(node.node.now(), 100.0, 1)) == []


def test_work_begun_under_one_token_is_dropped_under_the_next():
    node = leader()
    node.receive("alice", put(1))
    node.receive("locks", Elected(node.node.now(), 100.0, 3))
    node.receive("storage", Fetched(3, (("x", "newer"),)))
    assert not [msg for _, msg in node.wait(30) if type(msg) is Write]


# ---------------------------------------------------------------- the fence


def test_the_storage_refuses_a_token_below_the_highest_it_has_seen_even_after_a_crash():
    node = isolate(Storage("storage"))
    assert node.receive("l1", Write(1, "x", "a", 1)) == [("l1", Written(1))]
    assert node.receive("l2", Write(2, "x", "b", 2)) == [("l2", Written(2))]
    node.crash()
    node.restart()
    assert node.receive("l1", Write(3, "x", "c", 1)) == [("l1", Refused(2))]
    assert node.receive("l2", Fetch(2)) == [("l2", Fetched(2, (("x", "b"),)))]


def test_a_new_leader_that_has_read_is_safe_from_a_late_write_before_it_has_written():
    node = isolate(Storage("storage"))
    node.receive("l2", Fetch(2))
    assert node.receive("l1", Write(1, "x", "late", 1)) == [("l1", Refused(2))]


def test_a_leader_that_is_refused_steps_down_unless_it_has_a_newer_lease_already():
    node = leader()
    node.receive("storage", Refused(1))
    assert node.node.leads, "refused under an older token of its own"
    node.receive("storage", Refused(2))
    assert not node.node.leads


def paused_leader(kind):
    """l1 takes alice's append, stands still, and wakes when l2 has led for long and answered carol's append."""
    sim = Simulation(
        Electorate("locks", lease_ms=100.0),
        Storage("storage", fenced=kind.fenced),
        kind("l1", renew=10.0, work=20.0),
        kind("l2", renew=10.0),
        LeaderClient("alice", service="l1", script=[("append", "x", "a")], start=62.0, timeout=900.0),
        LeaderClient("carol", service="l2", script=[("append", "x", "c")], start=300.0, timeout=900.0),
        LeaderClient("dave", service=("l1", "l2"), script=[("get", "x")] * 40, start=700.0, think=10.0),
        network=Network(latency=2),
    )
    sim.at(0, sim.network.cut, "l2", "locks")
    sim.at(50, sim.network.heal)
    sim.at(70, sim.pause, "l1")  # it has looked at its lease, and not written yet
    sim.at(500, sim.resume, "l1")
    sim.at(600, sim.crash, "l2")
    sim.run(until=1_200)
    return sim


def test_the_leader_that_stood_still_wakes_and_writes_and_without_a_fence_an_answered_write_is_gone():
    sim = paused_leader(NoFence)
    assert sim.history[1].status == "ok", "carol was told that it is done"
    assert sim.nodes["storage"].disk["values"]["x"] == "a"
    assert not check_linearizable(sim.history, KeyValue())


def test_with_a_fence_it_is_refused_and_nothing_is_lost():
    sim = paused_leader(Leader)
    assert sim.history[1].status == "ok"
    assert sim.nodes["storage"].disk["values"]["x"] == "c"
    assert check_linearizable(sim.history, KeyValue())
    assert [op.result for op in sim.history if op.process.startswith("dave") and op.status == "ok"][-1] == "c"


# ---------------------------------------------------------------- drift


def two_clocks(kind, drift, bound):
    """l1 leads and loses the lock server; its clock is slow, the lock server's fast. When do both lead?"""
    sim = Simulation(
        Electorate("locks", lease_ms=100.0, clock=Clock(drift=drift)),
        Storage("storage"),
        kind("l1", clock=Clock(drift=-drift), drift=bound, renew=5.0),
        kind("l2", drift=bound, renew=2.0),
        network=Network(latency=0.5),
    )
    sim.at(0, sim.network.cut, "l2", "locks")
    sim.at(50, sim.network.heal)
    sim.at(51, sim.network.cut, "l1", "locks")
    both = sim.sometimes(lambda sim: sim.now > 60 and sim.nodes["l1"].leading() and sim.nodes["l2"].leading())
    sim.run(until=400)
    assert sim.nodes["l2"].leading()
    return bool(both)


@pytest.mark.parametrize("drift", [0.05, 0.1, 0.3])
def test_within_the_bound_on_drift_two_never_lead_and_without_one_they_do(drift):
    assert not two_clocks(Leader, drift, bound=drift)
    assert two_clocks(TrustsItsClock, drift, bound=drift)


def test_clocks_that_drift_more_than_the_bound_says_make_two_leaders():
    assert two_clocks(Leader, drift=0.3, bound=0.05)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("drift", [-0.1, 1.0, 2.0])
def test_a_bound_on_drift_outside_0_to_1_is_refused(drift):
    with pytest.raises(ValueError, match="write a share from 0 to below 1"):
        Leader("l1", drift=drift)


def test_an_unknown_operation_is_refused_by_name():
    [(_, answer)] = leader().receive("alice", Request(1, "cas", "x", (1, 2)))
    assert answer.reason.startswith("unknown operation 'cas'")


# ---------------------------------------------------------------- in danger


def verdicts(kind, seeds):
    return [TRIAL.judge(TRIAL.build(seed, kind).run(until=TRIAL.until_ms)) for seed in seeds]


def test_the_store_is_linearizable_under_pauses_jumps_drift_and_cuts():
    assert not [text for text in verdicts(Leader, range(60)) if text]


@pytest.mark.parametrize("kind", TRIAL.wrong)
def test_each_wrong_variant_is_caught(kind):
    assert kind.__doc__
    assert any(TRIAL.judge(TRIAL.build(seed, kind).run(until=TRIAL.until_ms)) for seed in range(100))
