"""Two-phase commit: Gray 1978; Bernstein, Hadzilacos and Goodman 1987, chapter 7."""

from __future__ import annotations

import pytest

from dslib import Network, Reply, Request, Simulation
from dslib.clients import ScriptClient
from dslib.protocols.two_phase_commit import (
    TRIAL,
    Acknowledged,
    Coordinator,
    Decision,
    DecisionRequest,
    DiesBeforeDeciding,
    Participant,
    Vote,
    VoteRequest,
    blocked,
    broken_rule,
    coordinator_dies,
    processes,
)
from dslib.testing import isolate

PEERS = ("p1", "p2", "p3")
TX = 7


def coordinator(**settings):
    return isolate(Coordinator("c", peers=PEERS, **settings))


def participant(**settings):
    return isolate(Participant("p1", peers=("c", "p2", "p3"), **settings))


def begun():
    node = coordinator()
    node.receive("alice", Request(TX, "transfer"))
    return node


def bank(seed=0, n=3, no=0.0, transactions=1, latency=(5, 15), **settings):
    names = tuple(f"p{i + 1}" for i in range(n))
    return Simulation(
        Coordinator("c", peers=names),
        *(Participant(p, peers=("c", *(other for other in names if other != p)), no=no, **settings) for p in names),
        ScriptClient("alice", service="c", script=[("transfer",)] * transactions, timeout=200.0),
        network=Network(latency=latency),
        seed=seed,
    )


def decisions(sim, tx=0):
    return {node.name: node.decision(tx) for node in processes(sim)}


# ---------------------------------------------------------------- the two phases


def test_phase_1_asks_every_participant_for_its_vote_after_a_start_record():
    node = coordinator()
    assert node.receive("alice", Request(TX, "transfer")) == [(peer, VoteRequest(TX)) for peer in PEERS]
    assert node.node.logged(TX) == ("start",)


def test_commit_needs_every_yes_and_is_logged_before_it_is_told():
    node = begun()
    assert node.receive("p1", Vote(TX, True)) == node.receive("p2", Vote(TX, True)) == []
    assert node.receive("p2", Vote(TX, True)) == [], "a vote that comes twice is one vote"
    sent = node.receive("p3", Vote(TX, True))
    assert sent == [("alice", Reply(TX, "commit")), *((peer, Decision(TX, True)) for peer in PEERS)]
    assert node.node.logged(TX) == ("start", "commit")


def test_one_no_decides_to_abort_at_once():
    node = begun()
    sent = node.receive("p2", Vote(TX, False))
    assert sent == [("alice", Reply(TX, "abort")), *((peer, Decision(TX, False)) for peer in PEERS)]


def test_a_vote_that_does_not_come_in_time_is_a_no_and_one_that_comes_late_changes_nothing():
    node = begun()
    node.receive("p1", Vote(TX, True))
    node.receive("p2", Vote(TX, True))
    assert ("p3", Decision(TX, False)) in node.wait(50)
    assert node.receive("p3", Vote(TX, True)) == []
    assert node.node.logged(TX) == ("start", "abort")


def test_a_participant_logs_its_yes_before_it_votes_and_votes_the_same_when_asked_again():
    node = participant()
    assert node.receive("c", VoteRequest(TX)) == [("c", Vote(TX, True))]
    assert node.node.logged(TX) == ("yes",)
    node.crash()
    node.restart()
    assert node.receive("c", VoteRequest(TX)) == [("c", Vote(TX, True))]
    assert node.node.logged(TX) == ("yes",)


def test_a_no_is_a_decision_that_needs_no_other():
    node = participant(no=1.0)
    assert node.receive("c", VoteRequest(TX)) == [("c", Vote(TX, False))]
    assert node.node.logged(TX) == ("no", "abort")
    assert node.timers == {}


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_a_commit_costs_3n_messages_and_n_acknowledgements(n):
    sim = bank(n=n).run(until=2_000)
    kinds = [type(event.msg) for event in sim.trace.where(kind="send")]
    counts = [kinds.count(kind) for kind in (VoteRequest, Vote, Decision, Acknowledged)]
    assert counts == [n, n, n, n]
    assert len(kinds) - sum(counts) == 2, "the user's request and its answer"


@pytest.mark.parametrize("n", [1, 3])
def test_a_commit_writes_three_records_at_the_coordinator_and_two_at_each_participant(n):
    sim = bank(n=n).run(until=2_000)
    assert [node.logged(0) for node in processes(sim)] == [("start", "commit", "end"), *[("yes", "commit")] * n]


def test_a_decision_is_told_until_all_have_acknowledged_it_and_then_no_more():
    node = begun()
    node.receive("p1", Vote(TX, False))
    node.receive("p1", Acknowledged(TX))
    assert node.wait(50) == [("p2", Decision(TX, False)), ("p3", Decision(TX, False))]
    node.receive("p2", Acknowledged(TX))
    node.receive("p3", Acknowledged(TX))
    assert node.node.logged(TX) == ("start", "abort", "end")
    assert node.wait(500) == []


# ---------------------------------------------------------------- recovery


def test_a_coordinator_that_finds_a_start_record_and_no_decision_aborts():
    node = begun()
    node.crash()
    assert node.restart() == [(peer, Decision(TX, False)) for peer in PEERS]


def test_a_coordinator_that_finds_a_decision_tells_it_again_and_one_with_an_end_record_is_silent():
    node = begun()
    for peer in PEERS:
        node.receive(peer, Vote(TX, True))
    node.crash()
    assert node.restart() == [(peer, Decision(TX, True)) for peer in PEERS]
    for peer in PEERS:
        node.receive(peer, Acknowledged(TX))
    node.crash()
    assert node.restart() == []


def test_a_participant_that_finds_a_yes_and_no_decision_asks():
    node = participant()
    node.receive("c", VoteRequest(TX))
    node.crash()
    assert node.restart() == [(peer, DecisionRequest(TX)) for peer in ("c", "p2", "p3")]
    node.receive("p2", Decision(TX, True))
    assert node.node.decision(TX) == "commit"
    node.crash()
    assert node.restart() == []


# ---------------------------------------------------------------- how it blocks, and cooperative termination


def test_an_uncertain_participant_asks_and_never_decides_by_itself():
    node = participant()
    node.receive("c", VoteRequest(TX))
    assert node.wait(60) == [(peer, DecisionRequest(TX)) for peer in ("c", "p2", "p3")]
    node.wait(10_000)
    assert node.node.logged(TX) == ("yes",)


@pytest.mark.parametrize("cooperative", [True, False])
def test_if_the_coordinator_dies_after_the_votes_all_are_blocked_for_as_long_as_it_is_down_on_every_seed(cooperative):
    for seed in range(30):
        sim = coordinator_dies(seed, cooperative=cooperative)
        for moment in (100, 1_000, 4_999):
            sim.run(until=moment)
            assert blocked(sim) == ["p1", "p2", "p3"], f"seed {seed} at {moment} ms"
        sim.restart("c")
        sim.run(until=5_100)
        assert not blocked(sim), f"seed {seed}"
        assert set(decisions(sim).values()) == {"abort"}, f"seed {seed}"


@pytest.mark.parametrize("cooperative", [True, False])
def test_whoever_has_decided_frees_the_uncertain_one_if_they_cooperate_and_not_otherwise(cooperative):
    sim = bank(latency=10, cooperative=cooperative)
    sim.at(25, sim.network.cut, "c", "p3", one_way=True)  # p3 has voted, and is not told
    sim.at(60, sim.crash, "c")
    sim.run(until=1_000)
    assert decisions(sim)["p1"] == decisions(sim)["p2"] == "commit"
    assert blocked(sim) == ([] if cooperative else ["p3"])
    assert decisions(sim)["p3"] == ("commit" if cooperative else "")


def test_whoever_has_not_voted_aborts_when_it_is_asked_and_then_votes_no():
    node = participant()
    assert node.receive("p2", DecisionRequest(TX)) == [("p2", Decision(TX, False))]
    assert node.receive("c", VoteRequest(TX)) == [("c", Vote(TX, False))]


def test_whoever_is_uncertain_itself_cannot_help():
    node = participant()
    node.receive("c", VoteRequest(TX))
    assert node.receive("p2", DecisionRequest(TX)) == []


# ---------------------------------------------------------------- AC1 to AC5


def test_ac4_without_failures_and_with_every_yes_the_decision_is_commit():
    for seed in range(20):
        sim = bank(seed, transactions=3).run(until=1_000)
        assert [op.result for op in sim.history] == ["commit"] * 3, f"seed {seed}"
        assert not broken_rule(sim)


def test_without_failures_a_transaction_is_committed_exactly_when_nobody_votes_no():
    results = set()
    for seed in range(20):
        sim = bank(seed, no=0.3).run(until=1_000)
        somebody = any("no" in node.logged(0) for node in processes(sim))
        assert [op.result for op in sim.history] == ["abort" if somebody else "commit"], f"seed {seed}"
        results.add(somebody)
    assert results == {True, False}


def test_ac1_ac2_ac3_and_ac5_hold_under_crashes_pauses_and_cuts():
    results = []
    for seed in range(80):
        sim = TRIAL.build(seed, TRIAL.right).run(until=TRIAL.until_ms)
        assert not TRIAL.judge(sim), f"seed {seed}"
        results += [op.result for op in sim.history if op.status == "ok"]
    assert min(results.count("commit"), results.count("abort")) > 80, "one of the two hardly happens"


@pytest.mark.parametrize("kind", TRIAL.wrong)
def test_each_wrong_variant_is_caught(kind):
    assert kind.__doc__
    runs = (TRIAL.build(seed, kind).run(until=TRIAL.until_ms) for seed in range(80))
    assert any(TRIAL.judge(sim).startswith("AC1") for sim in runs)


@pytest.mark.parametrize(
    ("records", "rule"),
    [
        ({"c": "start commit", "p1": "yes abort"}, "AC1"),
        ({"c": "start commit abort", "p1": "yes commit"}, "AC2"),
        ({"c": "start commit", "p1": "no"}, "AC3"),
        ({"c": "start commit", "p1": "yes"}, "AC5"),
        ({"c": "start commit end", "p1": "yes commit"}, ""),
        ({"c": "start abort", "p1": ""}, ""),
    ],
)
def test_the_judge_names_the_rule_that_is_broken(records, rule):
    sim = Simulation(Coordinator("c", peers=("p1",)), Participant("p1", peers=("c",)))
    for name, whats in records.items():
        sim.nodes[name].disk["log"] = tuple((TX, what) for what in whats.split())
    assert broken_rule(sim).partition(":")[0] == rule


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("peers", [(), ("p1", "c")])
def test_a_process_without_others_or_among_its_own_peers_is_refused(peers):
    with pytest.raises(ValueError, match="at least one, and not itself"):
        Coordinator("c", peers=peers)


def test_a_share_of_no_votes_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match=r"no=1\.5: write the share"):
        Participant("p1", peers=("c",), no=1.5)


def test_dying_before_deciding_is_a_fault_and_not_a_variant():
    assert DiesBeforeDeciding not in TRIAL.wrong
