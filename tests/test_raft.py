"""Raft, rule by rule: Ongaro and Ousterhout 2014 (extended version), sections 5 and 8, figures 2, 3, 7 and 8."""

from collections import Counter
from itertools import pairwise

import pytest

from dslib import Network, PropertyBroken, Refusal, Reply, Request, Simulation
from dslib.checkers import check_linearizable
from dslib.clients import LoadClient, Retry, ScriptClient
from dslib.nemesis import nemesis
from dslib.protocols.raft import (
    TRIALS,
    AppendEntries,
    AppendEntriesReply,
    CountsOldTerms,
    Entry,
    ForgetsClients,
    ForgetsVotes,
    Forward,
    Raft,
    RequestVote,
    RequestVoteReply,
    TrustsItself,
    VotesForAnyone,
    cluster,
)
from dslib.protocols.raft_properties import Figure3
from dslib.specs import KeyValue
from dslib.testing import isolate


def log(*terms):
    """A log whose entries are of these terms; those of one index and term are the same."""
    return tuple(
        Entry(term, "alice", Request(index, "put", "x", f"{term}.{index}")) if index else Entry(term)
        for index, term in enumerate((0, *terms))
    )


def terms(server):
    """The terms of its entries, as the figures of the paper show a log."""
    return [entry.term for entry in server.entries[1:]]


def alone(*log_terms, kind=Raft, term=None, peers=("r2", "r3"), **settings):
    """r1, with such a log on its disk, and nobody else."""
    node = kind("r1", peers, **settings)
    if log_terms or term is not None:
        node.disk.update(current_term=max((0, *log_terms)) if term is None else term, entries=log(*log_terms))
    return isolate(node)


def leading(*log_terms, **settings):
    """r1 as the leader of the term after its log's last, or of the one after ``term``."""
    r1 = alone(*log_terms, **settings)
    r1.wait(300)
    for peer in r1.node.peers[: (len(r1.node.peers) + 1) // 2]:
        r1.receive(peer, RequestVoteReply(r1.node.current_term, True))
    assert r1.node.state == "leader"
    return r1


def append(term, before=0, of_term=0, entries=(), commit=0, round=1):
    return AppendEntries(term, "r2", before, of_term, tuple(entries), commit, round)


def quiet(n=3, first="r1", latency=10, **settings):
    """A cluster on a network without surprises; ``first`` stands first, and the others have time."""
    servers = cluster(Raft, n, **settings)
    for server in servers:
        server.election_timeout = (150, 150) if server.name == first else (300, 600)
        args, given = server._arguments
        server._arguments = args, {**given, "election_timeout": server.election_timeout}
    return servers, Network(latency=latency)


def deliveries(sim, after=0.0):
    return Counter(type(e.msg).__name__ for e in sim.trace if e.kind == "deliver" and e.time > after)


# ---------------------------------------------------------------- 5.1 terms, and figure 2's state


def test_a_server_begins_as_a_follower_of_nobody_in_term_0():
    r1 = alone()
    assert (r1.node.state, r1.node.current_term, r1.node.voted_for, r1.node.leader_id) == ("follower", 0, None, None)
    assert r1.at_start == []
    assert r1.node.last_log_index == r1.node.commit_index == r1.node.last_applied == 0


@pytest.mark.parametrize(
    "message",
    [
        RequestVote(7, "r2", 0, 0),
        append(7),
        RequestVoteReply(7, False),
        AppendEntriesReply(7, False, 0, 1),
    ],
)
@pytest.mark.parametrize("before", ["candidate", "leader"])
def test_whoever_hears_of_a_later_term_follows_in_it_5_1(before, message):
    r1 = leading() if before == "leader" else alone()
    r1.wait(300 if before == "candidate" else 0)
    assert r1.node.state == before
    r1.receive("r2", message)
    assert (r1.node.state, r1.node.current_term) == ("follower", 7)
    assert r1.node.disk["current_term"] == 7, "it has to be on the disk before anybody is answered"
    assert list(r1.timers) == ["election"], "its patience counts again"


def test_a_request_of_an_old_term_is_refused_and_told_the_new_one_5_1():
    r1 = alone(term=5)
    assert r1.receive("r2", RequestVote(4, "r2", 9, 4)) == [("r2", RequestVoteReply(5, False))]
    before = r1.timers["election"]
    assert r1.receive("r2", append(4, entries=log(4)[1:])) == [("r2", AppendEntriesReply(5, False, 0, 1))]
    assert r1.node.last_log_index == 0
    assert r1.node.leader_id is None
    assert r1.timers["election"] == before, "nobody leads term 4 any more, so it does not make patient"


def test_votes_of_an_old_term_do_not_count_5_1():
    r1 = alone(term=4)
    r1.wait(300)
    r1.receive("r2", RequestVoteReply(4, True))
    assert r1.node.state == "candidate"
    assert r1.node.current_term == 5
    r1.receive("r2", RequestVoteReply(5, True))
    assert r1.node.state == "leader"


def test_term_vote_and_log_are_on_the_disk_whenever_anything_is_answered_figure_2():
    def all_on_disk(sim):
        return all(
            (r.current_term, r.voted_for, r.entries)
            == (r.disk.get("current_term", 0), r.disk.get("voted_for"), r.disk.get("entries", (Entry(0),)))
            for r in sim.nodes.values()
            if isinstance(r, Raft) and "entries" in r.__dict__
        )

    for seed in range(5):
        sim = TRIALS[0].build(seed, Raft)
        sim.always(all_on_disk)
        sim.run(until=1_000)


def test_a_server_that_restarts_has_the_same_term_vote_and_log_figure_2():
    r1 = alone(1, 1)
    r1.receive("r2", append(2, before=2, of_term=1, entries=log(1, 1, 2)[3:], commit=3))
    r1.receive("r3", RequestVote(3, "r3", 3, 2))
    assert r1.node.values == {"x": "2.3"}
    r1.crash()
    r1.restart()
    assert (r1.node.current_term, r1.node.voted_for, terms(r1.node)) == (3, "r3", [1, 1, 2])
    assert (r1.node.state, r1.node.commit_index, r1.node.last_applied, r1.node.values) == ("follower", 0, 0, {})


# ---------------------------------------------------------------- 5.2 leader election


def test_patience_ends_at_random_between_150_and_300_ms_5_2():
    ends = [isolate(Raft("r1", ("r2", "r3")), seed).timers["election"] for seed in range(200)]
    assert all(150 <= end <= 300 for end in ends)
    assert min(ends) < 160
    assert max(ends) > 290
    assert len(set(ends)) == len(ends)


def test_a_candidate_votes_for_itself_and_asks_all_others_in_a_new_term_5_2():
    r1 = alone(1, 3, term=4)
    assert r1.wait(149) == []
    asked = r1.wait(151)
    assert asked == [(peer, RequestVote(5, "r1", 2, 3)) for peer in ("r2", "r3")]
    assert (r1.node.state, r1.node.voted_for) == ("candidate", "r1")
    assert (r1.node.disk["current_term"], r1.node.disk["voted_for"]) == (5, "r1")


def test_a_candidate_that_nobody_answers_stands_again_in_the_next_term_5_2():
    r1 = alone()
    r1.wait(3_000)
    assert r1.node.state == "candidate"
    assert 3_000 / 300 <= r1.node.current_term <= 3_000 / 150


def test_a_server_votes_once_a_term_first_come_first_served_5_2():
    r1 = alone()
    assert r1.receive("r2", RequestVote(1, "r2", 0, 0)) == [("r2", RequestVoteReply(1, True))]
    assert r1.receive("r3", RequestVote(1, "r3", 0, 0)) == [("r3", RequestVoteReply(1, False))]
    assert r1.receive("r2", RequestVote(1, "r2", 0, 0)) == [("r2", RequestVoteReply(1, True))], "the answer was lost"
    assert r1.receive("r3", RequestVote(2, "r3", 0, 0)) == [("r3", RequestVoteReply(2, True))], "a new term"


@pytest.mark.parametrize(("kind", "votes_twice"), [(Raft, False), (ForgetsVotes, True)])
def test_a_vote_survives_a_crash_5_2(kind, votes_twice):
    r1 = alone(kind=kind)
    r1.receive("r2", RequestVote(1, "r2", 0, 0))
    r1.crash()
    r1.restart()
    assert r1.receive("r3", RequestVote(1, "r3", 0, 0)) == [("r3", RequestVoteReply(1, votes_twice))]


def test_granting_a_vote_makes_patient_and_refusing_one_does_not_5_2():
    r1 = alone(1)
    r1.wait(140)
    before = r1.timers["election"]
    r1.receive("r2", RequestVote(1, "r2", 0, 0))
    assert r1.timers["election"] == before
    r1.receive("r2", RequestVote(1, "r2", 1, 1))
    assert r1.timers["election"] >= 150


def test_a_majority_of_all_servers_elects_and_nobody_counts_twice_5_2():
    r1 = alone(peers=("r2", "r3", "r4", "r5"))
    r1.wait(300)
    for peer in ("r2", "r2", "r2"):
        r1.receive(peer, RequestVoteReply(1, True))
    r1.receive("r3", RequestVoteReply(1, False))
    assert r1.node.state == "candidate", "two of five are no majority"
    sent = r1.receive("r4", RequestVoteReply(1, True))
    assert r1.node.state == "leader"
    assert [dest for dest, _ in sent] == ["r2", "r3", "r4", "r5"], "it tells all at once"


def test_two_of_four_are_no_majority_5_2():
    r1 = alone(peers=("r2", "r3", "r4"))
    r1.wait(300)
    r1.receive("r2", RequestVoteReply(1, True))
    assert r1.node.state == "candidate"


def test_a_candidate_follows_the_leader_of_its_term_but_none_of_an_older_one_5_2():
    r1 = alone(term=4)
    r1.wait(300)
    r1.receive("r2", append(4))
    assert r1.node.state == "candidate"
    r1.receive("r2", append(5))
    assert (r1.node.state, r1.node.leader_id, r1.node.voted_for) == ("follower", "r2", "r1")


def test_a_leader_is_heard_every_50_ms_and_nobody_stands_against_it_5_2():
    servers, network = quiet()
    sim = Simulation(*servers, network=network).run(until=5_000)
    beats = [e.time for e in sim.trace if e.kind == "deliver" and e.dest == "r2" and type(e.msg) is AppendEntries]
    assert max(b - a for a, b in pairwise(beats)) == 50
    assert [s.state for s in servers] == ["leader", "follower", "follower"]
    assert servers[0].current_term == 1


def test_an_election_costs_one_round_trip_to_each_of_the_others_5_2():
    servers, network = quiet(5)
    sim = Simulation(*servers, network=network).run(until=169)
    assert servers[0].state == "candidate"
    sim.run(until=170)
    assert servers[0].state == "leader"
    assert deliveries(sim) == {"RequestVote": 4, "RequestVoteReply": 4}


def test_servers_that_stand_at_the_same_time_find_a_leader_in_the_end_5_2():
    for seed in range(20):
        sim = Simulation(*cluster(Raft, 5, election_timeout=(60, 75)), network=Network(), seed=seed, trace="off")
        sim.run(until=3_000)
        assert [s.state for s in sim.nodes.values()].count("leader") == 1, seed


def test_a_majority_goes_on_without_its_leader_and_the_minority_changes_nothing_5_2():
    servers, network = quiet(5)
    client = ScriptClient("alice", service="r1", script=[("put", "x", 1), ("put", "x", 2)], start=200, think=300)
    sim = Simulation(*servers, client, network=network, seed=1)
    Figure3(servers).declare(sim)
    sim.at(300, network.partition, ("r1", "r2"), ("r3", "r4", "r5"))
    sim.run(until=1_500)
    r1, *others = servers
    assert (r1.state, r1.current_term) == ("leader", 1), "nobody has told it"
    assert r1.values == {"x": 1}
    assert [op.status for op in sim.history] == ["ok", "info"]
    (new,) = [s for s in others if s.state == "leader"]
    assert new.name in ("r3", "r4", "r5")
    assert new.current_term > 1
    network.heal()
    sim.run(until=2_500)
    assert r1.state == "follower"
    assert r1.leader_id == new.name
    assert all(s.entries == new.entries and s.values == {"x": 1} for s in servers), "what r1 alone had is gone"


# ---------------------------------------------------------------- 5.3 log replication


def test_entries_are_refused_where_the_one_before_is_missing_or_of_another_term_5_3():
    r1 = alone(1, 1, 2)
    new = log(1, 1, 2, 3, 3)[5:]
    assert r1.receive("r2", append(3, 4, 3, new)) == [("r2", AppendEntriesReply(3, False, 4, 1))], "missing"
    assert r1.receive("r2", append(3, 3, 3, new)) == [("r2", AppendEntriesReply(3, False, 3, 1))], "another term"
    assert terms(r1.node) == [1, 1, 2]
    assert r1.node.leader_id == "r2", "it is the leader all the same"


def test_an_entry_that_conflicts_goes_and_so_do_all_after_it_5_3():
    r1 = alone(1, 1, 2, 2, 2)
    answer = r1.receive("r2", append(3, 1, 1, log(1, 1, 3)[2:]))
    assert answer == [("r2", AppendEntriesReply(3, True, 3, 1))]
    assert terms(r1.node) == [1, 1, 3]
    assert r1.node.disk["entries"] == r1.node.entries == log(1, 1, 3)


def test_an_older_message_that_holds_less_takes_nothing_away_5_3():
    r1 = alone(1, 1, 1)
    answer = r1.receive("r2", append(1, 0, 0, log(1, 1)[1:]))
    assert answer == [("r2", AppendEntriesReply(1, True, 2, 1))], "it vouches for what it was sent and not for more"
    assert terms(r1.node) == [1, 1, 1]


def test_a_follower_applies_what_the_leader_has_committed_and_it_has_itself_5_3():
    r1 = alone(1, 1, 9)
    r1.receive("r2", append(9, 1, 1, log(1, 1)[2:], commit=3))
    assert r1.node.commit_index == r1.node.last_applied == 2, "of the third it does not know whether it is the leader's"
    assert r1.node.values == {"x": "1.2"}


def test_a_message_that_was_overtaken_does_not_take_a_commit_back_5_3():
    r1 = alone(1, 1, 1)
    r1.receive("r2", append(1, 3, 1, commit=3))
    r1.receive("r2", append(1, 1, 1, commit=9))
    assert r1.node.commit_index == 3


def test_a_leader_answers_when_a_majority_has_the_entry_and_not_before_5_3():
    r1 = leading(peers=("r2", "r3", "r4", "r5"))
    sent = r1.receive("alice", Request(7, "put", "x", 1))
    assert [(dest, msg.entries[-1].request.id) for dest, msg in sent] == [(p, 7) for p in ("r2", "r3", "r4", "r5")]
    assert r1.receive("r2", AppendEntriesReply(1, True, 2, 2)) == []
    assert r1.receive("r2", AppendEntriesReply(1, True, 2, 2)) == [], "one server counts once"
    assert r1.receive("r3", AppendEntriesReply(1, True, 2, 2)) == [("alice", Reply(7))]
    assert r1.node.commit_index == 2
    assert r1.node.values == {"x": 1}


def test_a_command_costs_one_round_trip_to_each_of_the_others_5_3():
    servers, network = quiet(5, heartbeat=140)
    client = ScriptClient("alice", service="r1", script=[("put", "x", 1)], start=250)
    sim = Simulation(*servers, client, network=network).run(until=299)
    assert deliveries(sim, after=200) == {"Request": 1, "AppendEntries": 4, "AppendEntriesReply": 4, "Reply": 1}
    (op,) = sim.history
    assert op.completed - op.invoked == 40, "to the leader, to a majority, back, and back to the client"


def test_after_a_refusal_the_leader_tries_one_entry_earlier_5_3():
    r1 = leading(1, 2, 3)
    for before, term in ((2, 2), (1, 1), (0, 0)):
        ((dest, msg),) = r1.receive("r2", AppendEntriesReply(4, False, before + 1, 1))
        assert (dest, msg.prev_log_index, msg.prev_log_term) == ("r2", before, term)
        assert msg.entries == r1.node.entries[before + 1 :]
        assert r1.receive("r2", AppendEntriesReply(4, False, before + 1, 1)) == [], "the same refusal, a second time"


def test_entries_that_were_lost_are_sent_again_with_the_next_heartbeat_5_3():
    r1 = leading(1)
    (_, first), _ = r1.wait(50)
    (_, second), _ = r1.wait(50)
    assert first.entries == second.entries == r1.node.entries[2:]
    assert second.round == first.round + 1
    r1.receive("r2", AppendEntriesReply(2, True, 2, 3))
    to_r2, to_r3 = r1.wait(50)
    assert to_r2[1].entries == ()
    assert to_r3[1].entries == first.entries


def test_a_long_log_goes_in_batches_one_after_the_other():
    r1 = leading(*[1] * 9, batch=4)
    ((_, msg),) = r1.receive("r3", AppendEntriesReply(2, False, 9, 1))
    assert len(msg.entries) == 2
    r1.node.next_index["r2"] = 1
    r1.node.send_entries("r2")
    ((_, first),) = r1._taken()
    ((_, second),) = r1.receive("r2", AppendEntriesReply(2, True, 4, 1))
    ((_, third),) = r1.receive("r2", AppendEntriesReply(2, True, 8, 1))
    assert [len(m.entries) for m in (first, second, third)] == [4, 4, 2]


FIGURE_7 = {
    "leader": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6),
    "a": (1, 1, 1, 4, 4, 5, 5, 6, 6),
    "b": (1, 1, 1, 4),
    "c": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6),
    "d": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7),
    "e": (1, 1, 1, 4, 4, 4, 4),
    "f": (1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3),
}


def test_a_leader_makes_all_logs_of_figure_7_like_its_own():
    servers = []
    for name, log_terms in FIGURE_7.items():
        patience = (200, 200) if name == "leader" else (10_000, 10_000)
        peers = tuple(peer for peer in FIGURE_7 if peer != name)
        server = Raft(name, peers, election_timeout=patience, heartbeat=150)
        server.disk.update(current_term=7, entries=log(*log_terms))
        servers.append(server)
    sim = Simulation(*servers, network=Network(latency=1))
    Figure3(servers).declare(sim)
    sim.run(until=340)
    rows = [e for e in sim.trace if e.kind == "deliver" and e.dest == "leader"]
    votes = {e.src: e.msg.vote_granted for e in rows if type(e.msg) is RequestVoteReply}
    assert votes == {"a": True, "b": True, "c": False, "d": False, "e": True, "f": True}, "c and d have more (5.4.1)"
    refusals = Counter(e.src for e in rows if type(e.msg) is AppendEntriesReply and not e.msg.success)
    assert refusals == {"a": 1, "b": 6, "e": 5, "f": 7}, "c and d have all that the leader has, and some more"
    assert {tuple(terms(s)) for s in servers} == {(*FIGURE_7["leader"], 8)}
    assert len({s.entries for s in servers}) == 1


# ---------------------------------------------------------------- 5.4 safety


@pytest.mark.parametrize(
    ("mine", "index", "term", "granted"),
    [
        ((1, 2), 1, 3, True),  # a later last term, though shorter
        ((1, 2), 9, 1, False),  # an earlier last term, though longer
        ((1, 2), 2, 2, True),  # the same
        ((1, 2), 3, 2, True),  # longer
        ((1, 2, 2), 2, 2, False),  # shorter
        ((), 0, 0, True),
    ],
)
def test_a_vote_is_for_a_log_that_is_at_least_as_up_to_date_5_4_1(mine, index, term, granted):
    request = RequestVote(7, "r2", index, term)
    assert alone(*mine).receive("r2", request) == [("r2", RequestVoteReply(7, granted))]
    assert alone(*mine, kind=VotesForAnyone).receive("r2", request) == [("r2", RequestVoteReply(7, True))]


@pytest.mark.parametrize(("kind", "committed"), [(Raft, 0), (CountsOldTerms, 2)])
def test_an_entry_of_an_older_term_is_not_committed_by_counting_5_4_2(kind, committed):
    r1 = leading(1, 2, term=3, kind=kind, batch=1)
    assert (r1.node.current_term, terms(r1.node)) == (4, [1, 2, 4])
    r1.receive("r2", AppendEntriesReply(4, True, 2, 1))
    assert r1.node.commit_index == committed, "two of three have it"
    r1.receive("r2", AppendEntriesReply(4, True, 3, 1))
    assert r1.node.commit_index == 3, "with one of its own term all before it are committed"


def figure_8(kind, cut_at):
    """From (b) on: S1 is elected a second time, gives S3 its entry of term 2, and loses all the others at ``cut_at``.

    S5 is away until then. Nothing but 10 ms of latency: elected at 120, the old entry has been counted at 160, the new
    one at 180.
    """
    logs = {"S1": (1, 2), "S2": (1, 2), "S3": (1,), "S4": (1,), "S5": (1, 3)}
    patience = {"S1": (100, 100), "S5": (320, 320)}
    servers = []
    for name, log_terms in logs.items():
        peers = tuple(peer for peer in logs if peer != name)
        ms = patience.get(name, (5_000, 5_000))
        server = kind(name, peers, election_timeout=ms, heartbeat=90, batch=1)
        server.disk.update(current_term=3, entries=log(*log_terms))
        servers.append(server)
    sim = Simulation(*servers, network=Network(latency=10))
    sim.at(0, sim.network.partition, ("S1", "S2", "S3", "S4"), ("S5",))
    sim.at(cut_at, sim.network.heal)
    sim.at(cut_at, sim.network.partition, ("S1",), ("S2", "S3", "S4", "S5"))
    Figure3(servers).declare(sim)
    return sim


def test_what_an_old_leader_gave_a_majority_can_still_be_overwritten_figure_8_d():
    sim = figure_8(Raft, cut_at=161).run(until=165)
    s1, _, s3, _, s5 = sim.nodes.values()
    assert (terms(s1), terms(s3), s1.commit_index) == ([1, 2, 4], [1, 2], 0), "that is (c), and nothing is committed"
    sim.run(until=1_000)
    assert s5.state == "leader"
    assert s5.current_term == 5
    assert terms(s3) == terms(s5) == [1, 3, 5]


def test_who_counts_old_entries_loses_a_committed_one_in_figure_8_d():
    with pytest.raises(PropertyBroken, match="leader_completeness"):
        figure_8(CountsOldTerms, cut_at=161).run(until=1_000)


def test_with_an_entry_of_the_new_term_on_a_majority_the_old_one_is_safe_figure_8_e():
    sim = figure_8(Raft, cut_at=185).run(until=184)
    s1, _, s3, _, s5 = sim.nodes.values()
    assert (terms(s3), s1.commit_index) == ([1, 2, 4], 3)
    sim.run(until=3_000)
    assert s5.state == "candidate", "neither S2 nor S3 votes for it, however often it stands"
    assert s5.current_term > 5


# ---------------------------------------------------------------- 5.5, 5.6


def test_a_request_that_comes_twice_does_no_harm_5_5():
    r1 = alone(1)
    message = append(2, 1, 1, log(1, 2, 2)[2:], commit=2)
    assert r1.receive("r2", message) == r1.receive("r2", message)
    assert terms(r1.node) == [1, 2, 2]
    assert r1.node.values == {"x": "2.2"}


def test_a_follower_that_was_away_is_brought_up_to_date_5_5():
    servers, network = quiet()
    client = LoadClient("many", service="r1", rate=50, operation=("append", "x", "."), start=200, stop=900)
    sim = Simulation(*servers, client, network=network)
    sim.at(300, sim.crash, "r3")
    sim.at(1_000, sim.restart, "r3")
    sim.run(until=1_200)
    assert servers[2].entries == servers[0].entries
    assert servers[2].values == servers[0].values
    assert len(servers[0].values["x"]) == len(sim.history) > 20


def test_where_messages_take_longer_than_patience_lasts_nobody_leads_for_long_5_6():
    def terms_used(latency):
        sim = Simulation(*cluster(Raft), network=Network(latency=latency), seed=3, trace="off").run(until=10_000)
        return max(s.current_term for s in sim.nodes.values())

    assert terms_used((5, 15)) <= 3
    assert terms_used((200, 300)) > 20


# ---------------------------------------------------------------- 8 clients


def test_a_leader_begins_its_term_with_a_no_op_8():
    r1 = leading(1, 1)
    assert r1.node.entries[3:] == (Entry(2),)


def test_a_follower_passes_a_request_on_to_the_leader_who_answers_the_client_8():
    r1 = alone()
    r1.receive("r2", append(1))
    request = Request(7, "put", "x", 1)
    assert r1.receive("alice", request) == [("r2", Forward("alice", request))]
    r2 = leading()
    r2.receive("r3", Forward("alice", request))
    assert r2.receive("r3", AppendEntriesReply(1, True, 2, 2)) == [("alice", Reply(7))]


def test_a_server_without_a_leader_keeps_requests_until_there_is_one_8():
    r1 = alone()
    first, second = Request(7, "put", "x", 1), Request(8, "get", "x")
    assert r1.receive("alice", first) == r1.receive("bob", second) == r1.receive("alice", first) == []
    sent = r1.receive("r2", append(1))
    assert [m for _, m in sent if type(m) is Forward] == [Forward("alice", first), Forward("bob", second)]
    assert r1.node.held == {}


def test_only_what_makes_no_sense_is_refused_and_by_every_server():
    r1 = alone()
    for nonsense in (Request(1, "frob", "x"), Request(2, "cas", "x", 1), Request(3, "append", "x")):
        ((dest, answer),) = r1.receive("alice", nonsense)
        assert dest == "alice"
        assert type(answer) is Refusal
        assert answer.id == nonsense.id


@pytest.mark.parametrize(("kind", "value"), [(Raft, ("a",)), (ForgetsClients, ("a", "a"))])
def test_a_request_that_is_twice_in_the_log_is_executed_once_8(kind, value):
    r1 = leading(kind=kind)
    request = Request(7, "append", "x", ("a",))
    r1.receive("alice", request)
    r1.receive("alice", request)
    assert terms(r1.node) == [1, 1, 1]
    answers = r1.receive("r2", AppendEntriesReply(1, True, 3, 3))
    assert answers == [("alice", Reply(7)), ("alice", Reply(7))]
    assert r1.node.values == {"x": value}


def test_a_leader_answers_again_what_an_earlier_leader_did_without_a_new_entry_8():
    r1 = leading(1)
    r1.receive("r2", AppendEntriesReply(2, True, 2, 1))
    assert r1.node.values == {"x": "1.1"}
    assert r1.receive("alice", Request(1, "put", "x", "1.1")) == [("alice", Reply(1))]
    assert r1.node.last_log_index == 2
    assert len(r1.receive("bob", Request(1, "put", "x", "1.1"))) == 2, "bob's request 1 is another one"


def test_a_client_whose_leader_dies_with_the_answer_gets_one_execution_8():
    servers, network = quiet()
    client = ScriptClient("alice", service=("r1", "r2", "r3"), script=[("append", "x", ("a",)), ("get", "x")],
                          start=200, timeout=100, retry=Retry(times=20))  # fmt: skip
    sim = Simulation(*servers, client, network=network)
    sim.at(229.9, sim.crash, "r1")  # the others have the entry; r1 would have counted at 230
    sim.run(until=2_000)
    assert [(op.status, op.result) for op in sim.history] == [("ok", None), ("ok", ("a",))]
    requests = [e for e in sim.trace if e.kind == "deliver" and type(e.msg) is Request and e.msg.f == "append"]
    assert len(requests) > 1, "it asked again"


def test_a_read_waits_for_the_no_op_of_the_term_8():
    r1 = leading(1)  # a put, of which r1 cannot yet know whether it was committed
    r1.receive("alice", Request(7, "get", "x"))
    assert r1.receive("r2", AppendEntriesReply(2, True, 1, 2)) != [("alice", Reply(7, None))]
    assert r1.receive("r2", AppendEntriesReply(2, True, 2, 2)) == [("alice", Reply(7, "1.1"))]


def test_a_read_waits_for_a_majority_that_still_follows_8():
    r1 = leading(peers=("r2", "r3", "r4", "r5"))
    for peer in ("r2", "r3"):
        r1.receive(peer, AppendEntriesReply(1, True, 1, 1))
    sent = r1.receive("alice", Request(7, "get", "x"))
    assert [msg.round for _, msg in sent] == [2] * 4
    assert r1.node.last_log_index == 1, "no entry, but a round"
    assert r1.receive("r4", AppendEntriesReply(1, True, 1, 1)) == [], "an answer to an earlier round proves nothing"
    assert r1.receive("r2", AppendEntriesReply(1, True, 1, 2)) == []
    assert r1.receive("r3", AppendEntriesReply(1, False, 1, 2)) == [("alice", Reply(7))], "even its no tells that"


@pytest.mark.parametrize(("kind", "stale"), [(Raft, False), (TrustsItself, True)])
def test_a_deposed_leader_answers_no_reads_8(kind, stale):
    r1 = leading(kind=kind)
    r1.receive("r2", AppendEntriesReply(1, True, 1, 1))
    sent = r1.receive("alice", Request(7, "get", "x"))
    assert (("alice", Reply(7)) in sent) == stale
    assert r1.receive("r2", AppendEntriesReply(2, False, 1, 2)) == []
    assert r1.node.state == "follower"


def test_the_state_machine_does_what_the_model_says():
    script = [
        ("get", "x"), ("put", "x", "a"), ("append", "x", "b"), ("cas", "x", ("ab", "c")), ("cas", "x", ("ab", "d")),
        ("get", "x"), ("read", "y"), ("cas", "y", (None, 1)), ("write", "y", 2), ("read", "y"), ("append", "z", 1),
        ("append", "z", (2, 3)), ("get", "z"), ("append", "y", 1),
    ]  # fmt: skip
    servers, network = quiet()
    sim = Simulation(*servers, ScriptClient("alice", service="r2", script=script, start=200), network=network)
    sim.run(until=2_000)
    answers = [None, None, None, True, False, "c", None, True, None, 2, None, None, (1, 2, 3), None]
    assert [op.result for op in sim.history] == answers
    assert [op.status for op in sim.history] == ["ok"] * 13 + ["fail"], "nothing can be appended to a number"
    assert check_linearizable([op for op in sim.history if op.status == "ok"], KeyValue())


# ---------------------------------------------------------------- in danger


def test_histories_are_linearizable_and_figure_3_holds_whatever_the_nemesis_does():
    trial = TRIALS[0]
    answered = 0
    for seed in range(25):
        sim = trial.build(seed, Raft).run(until=trial.until_ms)
        assert trial.judge(sim) == "", seed
        answered += sum(op.status == "ok" for op in sim.history)
    assert answered > 0.9 * 25 * 18, "a service that says nothing is linearizable, too"


def test_messages_that_are_lost_doubled_and_reordered_break_nothing():
    for seed in range(10):
        servers = cluster(Raft, 5, batch=2)
        clients = [
            ScriptClient(name, service=("r1", "r2", "r3", "r4", "r5"), script=[("append", "x", f"{name}{i} ")
                         for i in range(4)] + [("get", "x")], start=300, timeout=60, retry=Retry(times=30))
            for name in ("alice", "bob")
        ]  # fmt: skip
        network = Network(loss=0.1, duplication=0.3, reordering=0.3)
        sim = Simulation(*servers, *clients, network=network, seed=seed, trace="off")
        names = [s.name for s in servers]
        sim.set_faults(nemesis(sim, seed, until=2_500, kinds=("crash", "pause", "slow"), nodes=names, at_once=2))
        Figure3(servers).declare(sim)
        sim.run(until=2_500)
        assert check_linearizable(sim.history, KeyValue()), seed


@pytest.mark.parametrize(
    ("trial", "wrong"), [(t, w) for t in TRIALS for w in t.wrong], ids=lambda x: getattr(x, "__name__", "")
)
def test_each_known_bad_variant_is_caught(trial, wrong):
    def caught(seed):
        try:
            return trial.judge(trial.build(seed, wrong).run(until=trial.until_ms)) != ""
        except PropertyBroken:
            return True

    assert any(caught(seed) for seed in range(200))


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_the_right_one_is_not_caught(trial):
    for seed in range(100, 130):
        assert trial.judge(trial.build(seed, Raft).run(until=trial.until_ms)) == "", seed


# ---------------------------------------------------------------- figure 3: a property that cannot fail says nothing


def tampered(tamper):
    servers, network = quiet()
    client = ScriptClient("alice", service="r1", script=[("put", "x", n) for n in range(9)], start=200)
    sim = Simulation(*servers, client, network=network)
    Figure3(servers).declare(sim)
    sim.at(400, tamper, *servers)
    return sim.run(until=800)


def second_leader(r1, r2, r3):
    r2.become_leader()


def shorter_log_of_the_leader(r1, r2, r3):
    r1.entries = r1.entries[:-1]


def another_entry_in_the_middle(r1, r2, r3):
    r2.entries = (*r2.entries[:2], Entry(r2.entries[2].term, "mallory"), *r2.entries[3:])


def leader_of_a_later_term_without_anything(r1, r2, r3):
    r2.entries, r2.current_term = r2.entries[:1], 5
    r2.commit_index = r2.last_applied = 0
    r2.become_leader()


def another_entry_is_applied(r1, r2, r3):
    r2.entries = (*r2.entries[: r2.last_applied + 1], Entry(2, "mallory", Request(99, "put", "x", "nonsense")))
    r2.commit_index += 1
    r2.apply_committed()


@pytest.mark.parametrize(
    ("tamper", "prop"),
    [
        (second_leader, "election_safety"),
        (shorter_log_of_the_leader, "leader_append_only"),
        (another_entry_in_the_middle, "log_matching"),
        (leader_of_a_later_term_without_anything, "leader_completeness"),
        (another_entry_is_applied, "state_machine_safety"),
    ],
)
def test_each_property_of_figure_3_is_noticed_when_it_breaks(tamper, prop):
    with pytest.raises(PropertyBroken, match=prop):
        tampered(tamper)


def test_the_properties_hold_when_nobody_tampers():
    sim = tampered(lambda *servers: None)
    assert sim.nodes["r3"].values == {"x": 8}


# ---------------------------------------------------------------- what makes no sense


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        ((), {}, "peers of 'r1' are"),
        ((("r1", "r2"),), {}, "each of the other servers"),
        ((("r2", "r2"),), {}, "once"),
        ((("r2", "r3"),), {"heartbeat": 150}, "has to come before"),
        ((("r2", "r3"),), {"heartbeat": 0}, "heartbeat=0"),
        ((("r2", "r3"),), {"election_timeout": (300, 150)}, "election_timeout"),
        ((("r2", "r3"),), {"election_timeout": 200}, "the shortest and the longest"),
        ((("r2", "r3"),), {"election_timeout": ("short", "long")}, "the shortest and the longest"),
        ((("r2", "r3"),), {"batch": 0}, "1 or more"),
    ],
)
def test_a_cluster_that_makes_no_sense_is_refused_when_it_is_built(arguments, settings, words):
    with pytest.raises(ValueError, match=words):
        Raft("r1", *arguments, **settings)


@pytest.mark.parametrize("n", [-1, 0, 1, 2.5, True])
def test_a_cluster_has_at_least_two_servers(n):
    with pytest.raises(ValueError, match=f"n={n}: write how many servers"):
        cluster(Raft, n)


def test_nobody_to_watch_is_refused():
    with pytest.raises(ValueError, match="no servers"):
        Figure3([])
