"""The protocols of lesson 5, each alone: the majority rule, detectors, merging, leases, epochs."""

from itertools import pairwise, product
from random import Random

import pytest

from dslib import Message, Network, Reply, Request, Simulation
from dslib.checkers import check_linearizable
from dslib.metrics import good_share
from dslib.protocols import chat, epochs, majority
from dslib.protocols.chat import (
    BeatingReplica,
    Chat,
    ChatReplica,
    Copy,
    MyTranscript,
    Room,
    Stored,
    last_writer_wins,
    set_union,
    users_saw,
)
from dslib.protocols.epochs import Claim, EpochReplica, Newer, Promise, Store, StoredIn
from dslib.protocols.flooding import Gossip, Rumour
from dslib.protocols.heartbeats import Heartbeat, Heartbeats
from dslib.protocols.majority import (
    Ping,
    PingAll,
    Pong,
    always,
    at_least_half,
    at_least_half_rounded_down,
    everyone,
    more_than_half,
)
from dslib.scenarios import CUT_MS, chat_room, triangle, two_truths
from dslib.testing import isolate

NAMES = ("r1", "r2", "r3")


# ---------------------------------------------------------------- rules


def test_two_groups_that_share_nobody_never_both_hold_more_than_half():
    for n in range(1, 30):
        for one in range(n + 1):
            for other in range(n + 1 - one):
                assert not (more_than_half(one, n) and more_than_half(other, n)), (one, other, n)


def test_more_than_half_is_the_weakest_safe_rule_so_no_smaller_group_may_write():
    for n in range(1, 30):
        smallest = min(heard for heard in range(n + 1) if more_than_half(heard, n))
        assert 2 * (smallest - 1) <= n, "one replica fewer would leave room for a second group"


@pytest.mark.parametrize(
    ("rule", "fails_on_even", "fails_on_odd"),
    [(at_least_half, True, False), (at_least_half_rounded_down, True, True), (always, True, True)],
)
def test_each_wrong_rule_lets_two_groups_write_where_the_lesson_says(rule, fails_on_even, fails_on_odd):
    def two_groups_write(n):
        return any(rule(one, n) and rule(n - one, n) for one in range(1, n))

    assert all(two_groups_write(n) == fails_on_even for n in range(2, 20, 2))
    assert all(two_groups_write(n) == fails_on_odd for n in range(3, 20, 2))


def test_everyone_is_safe_and_stops_at_the_first_loss():
    for n in range(2, 20):
        assert everyone(n, n)
        assert not everyone(n - 1, n)


# ---------------------------------------------------------------- flooding


def test_a_rumour_is_passed_on_once_and_not_back():
    node = isolate(Gossip("b", peers=("a", "c", "d")))
    first = node.receive("a", Rumour("a", "hello"))
    assert [dest for dest, _ in first] == ["c", "d"]
    assert node.receive("c", Rumour("a", "hello")) == []


# ---------------------------------------------------------------- detectors


def test_a_node_counts_itself_and_whoever_answers_in_time():
    node = isolate(PingAll("r1", peers=("r2", "r3")))
    assert [dest for dest, msg in node.at_start if msg == Ping(1)] == ["r2", "r3"]
    node.receive("r2", Pong(1))
    node.receive("r2", Pong(1))  # a second copy of the same answer is not a second node
    node.wait(60)
    assert node.node.hears == 2
    node.wait(140)
    node.receive("r3", Pong(1))  # an answer to the round before
    node.receive("r2", Pong(2))
    node.wait(60)
    assert node.node.hears == 2


def test_a_node_that_does_not_count_itself_counts_one_fewer():
    node = isolate(PingAll("r1", peers=("r2", "r3"), count_self=False))
    assert node.node.hears == 0
    node.receive("r2", Pong(1))
    node.wait(60)
    assert node.node.hears == 1


def test_a_peer_is_suspected_exactly_one_timeout_after_its_last_heartbeat():
    node = isolate(Heartbeats("r1", peers=("r2", "r3"), period=1_000, timeout=1_500))
    node.receive("r2", Heartbeat())
    node.wait(700)
    node.receive("r2", Heartbeat())
    node.receive("r3", Heartbeat())
    assert node.node.hears == 3
    node.wait(1_499)
    assert node.node.hears == 3
    node.wait(2)
    assert node.node.hears == 1
    node.receive("r3", Heartbeat())
    assert node.node.hears == 2, "a suspect that is heard again is a suspect no more"


def test_heartbeats_of_different_nodes_are_out_of_step():
    sim = Simulation(*(Heartbeats(n, peers=[p for p in NAMES if p != n]) for n in NAMES), seed=1).run(until=5_000)
    first = {n: sim.trace.where(kind="send", src=n)[0].time for n in NAMES}
    assert len(set(first.values())) == 3
    assert all(0 <= time < 1_000 for time in first.values())
    beats = [e.time for e in sim.trace.where(kind="send", src="r1", dest="r2")]
    assert [b - a for a, b in pairwise(beats)] == pytest.approx([1_000] * (len(beats) - 1))


# ---------------------------------------------------------------- the room


A = ((1.0, 0, "r1", "a1"), (5.0, 2, "r1", "a2"))
B = ((1.0, 0, "r1", "a1"), (7.0, 3, "r3", "c1"))


def test_set_union_keeps_both_sides_and_last_writer_wins_drops_one():
    assert [text for *_, text in set_union(A, B)] == ["a1", "a2", "c1"]
    assert last_writer_wins(A, B) == B


@pytest.mark.parametrize("merge", [set_union, last_writer_wins])
def test_a_merge_gives_the_same_whoever_begins_and_however_often(merge):
    dice = Random(1)
    posts = [(float(at), at, f"r{at % 3 + 1}", f"p{at}") for at in range(8)]
    for _ in range(200):
        some = [tuple(sorted(dice.sample(posts, dice.randrange(6)))) for _ in range(3)]
        a, b, c = some
        assert merge(a, b) == merge(b, a)
        assert merge(a, a) == a
        assert merge(merge(a, b), c) == merge(a, merge(b, c))


def post(n, text="x"):
    return Request(n, "post", None, text)


def heard(node, *peers):
    for peer in peers:
        node.receive(peer, Heartbeat())


def test_a_read_only_replica_refuses_posts_and_still_answers_reads():
    node = isolate(BeatingReplica("r1", peers=("r2", "r3")))
    [(user, refusal)] = node.receive("alice", post(1))
    assert user == "alice"
    assert refusal.reason == "read-only: hears 1 of 3 replicas"
    assert node.receive("alice", Request(2, "read")) == [("alice", Reply(2, ()))]


def test_a_replica_that_hears_a_majority_answers_and_sends_copies():
    node = isolate(BeatingReplica("r1", peers=("r2", "r3")))
    heard(node, "r2")
    sent = node.receive("alice", post(1, "a1"))
    assert [(dest, type(msg)) for dest, msg in sent] == [("r2", Copy), ("r3", Copy), ("alice", Reply)]


def test_after_majority_means_answered_when_the_second_of_three_has_stored_it():
    node = isolate(BeatingReplica("r1", peers=("r2", "r3"), answer_after="majority"))
    heard(node, "r2", "r3")
    assert all(type(msg) is Copy for _, msg in node.receive("alice", post(1)))
    assert node.receive("r2", Stored(1)) == [("alice", Reply(1))]
    assert node.receive("r3", Stored(1)) == []


def test_after_leases_means_answered_when_all_have_stored_it_or_lost_their_lease():
    node = isolate(BeatingReplica("r1", peers=("r2", "r3"), answer_after="leases"))
    heard(node, "r2", "r3")
    node.receive("alice", post(1))
    assert node.receive("r2", Stored(1)) == []
    node.wait(1_000)
    heard(node, "r2")
    sent = node.wait(600)  # r3 was silent for 1,500 ms: its lease is over, r2's is not
    assert ("alice", Reply(1)) in sent


def test_after_leases_nobody_alone_is_ever_enough():
    node = isolate(BeatingReplica("r1", peers=("r2", "r3"), answer_after="leases"))
    heard(node, "r2", "r3")
    node.receive("alice", post(1))
    assert not any(type(msg) is Reply for _, msg in node.wait(5_000))


def test_an_unknown_answer_after_names_the_three_there_are():
    with pytest.raises(ValueError, match='write "accepting", "majority" or "leases"'):
        isolate(ChatReplica("r1", answer_after="never"))


def test_a_gap_is_reported_only_when_it_was_seen_twice():
    """A copy that is merely on its way would otherwise cost a whole transcript."""
    node = isolate(BeatingReplica("r1", peers=("r2", "r3")))
    assert node.receive("r2", Heartbeat(1)) == []
    assert node.receive("r2", Heartbeat(1)) == [("r2", MyTranscript(()))]
    node.receive("r2", Copy(1.0, 1, "r2", "b1"))
    assert node.receive("r2", Heartbeat(1)) == []


def test_posts_survive_a_crash_and_what_was_missed_is_caught_up():
    for seed in range(20):
        sim = chat_room(seed)
        sim.at(500, sim.crash, "r2")
        sim.at(900, sim.restart, "r2")
        sim.run(until=2_600)
        rooms = {name: sim.nodes[name].transcript() for name in NAMES}
        assert rooms["r1"] == rooms["r2"] == rooms["r3"], f"{rooms}, seed {seed}"
        done = [op.arg for op in sim.history if op.status == "ok"]
        assert set(done) <= set(rooms["r1"]), f"seed {seed}"


def test_a_cut_too_short_for_anyone_to_notice_leaves_no_gap():
    for seed in range(20):
        sim = chat_room(seed)
        sim.at(440, sim.network.partition, {"r1", "alice", "r2", "bob"}, {"r3", "carol"})
        sim.at(590, sim.network.heal)
        assert not sim.run(until=2_600).trace.where(kind="log", after=100), f"somebody noticed, seed {seed}"
        assert len({sim.nodes[name].transcript() for name in NAMES}) == 1, f"seed {seed}"


def test_the_mode_is_logged_when_it_changes():
    rows = two_truths(seed=1, rule=more_than_half).run(until=2_000).trace.where(kind="log", src="r3")
    assert [row.detail for row in rows] == [
        "read-write: hears 3 of 3",
        "read-only: hears 1 of 3",
        "read-write: hears 3 of 3",
    ]


# ---------------------------------------------------------------- epochs


def test_a_promise_binds_even_after_a_crash():
    node = isolate(EpochReplica("r2", peers=("r1", "r3")))
    assert node.receive("r1", Claim((5, "r1"))) == [("r1", Promise((5, "r1"), (0, ""), ()))]
    assert node.receive("r3", Claim((4, "r3"))) == [("r3", Newer((5, "r1")))]
    node.crash()
    node.restart()
    assert node.receive("r3", Claim((4, "r3"))) == [("r3", Newer((5, "r1")))]
    assert node.receive("r3", Store((4, "r3"), ((1, "c1"),))) == [("r3", Newer((5, "r1")))]
    assert node.receive("r1", Store((5, "r1"), ((1, "a1"),))) == [("r1", StoredIn((5, "r1")))]
    node.crash()
    node.restart()
    assert node.receive("r3", Claim((6, "r3"))) == [("r3", Promise((6, "r3"), (5, "r1"), ((1, "a1"),)))]


def test_the_newest_transcript_of_a_majority_is_carried_on():
    node = isolate(EpochReplica("r1", peers=("r2", "r3")))
    node.receive("alice", post(9, "a1"))
    sent = node.receive("r2", Promise((1, "r1"), (0, "r2"), ((1, "b1"),)))
    assert {msg.lines for _, msg in sent if type(msg) is Store} == {((1, "b1"), (9, "a1"))}
    assert node.receive("r2", StoredIn((1, "r1"))) == [("alice", Reply(9))]


def test_without_a_majority_a_post_is_refused_and_has_certainly_not_happened():
    node = isolate(EpochReplica("r1", peers=("r2", "r3")))
    node.receive("alice", post(9, "a1"))
    [(user, refusal)] = node.wait(60)
    assert (user, refusal.id) == ("alice", 9)
    assert node.node.transcript() == ()


def test_a_post_that_may_have_been_stored_is_tried_again_but_not_stored_twice():
    node = isolate(EpochReplica("r1", peers=("r2", "r3")))
    node.receive("alice", post(9, "a1"))
    node.receive("r2", Promise((1, "r1"), (0, ""), ()))
    later = node.wait(130)  # nobody confirms: neither an answer nor a refusal is true
    assert all(dest != "alice" for dest, _ in later)
    claims = [msg for _, msg in later if type(msg) is Claim]
    assert claims
    sent = node.receive("r3", Promise(node.node._epoch, (1, "r1"), ((9, "a1"),)))
    assert {msg.lines for _, msg in sent if type(msg) is Store} == {((9, "a1"),)}


def random_faults(sim, dice):
    """Cuts of every kind and crashes, for two seconds; then all is mended."""
    for _ in range(dice.randrange(2, 7)):
        at, kind = dice.randrange(100, 1_700), dice.randrange(4)
        a, b = dice.sample(NAMES, 2)
        if kind == 0:
            sim.at(at, sim.crash, a)
            sim.at(at + dice.randrange(10, 400), sim.restart, a)
        elif kind == 1:
            sim.at(at, sim.network.cut, a, b, dice.random() < 0.5)
        elif kind == 2:
            sim.at(at, sim.network.partition, {a}, {n for n in NAMES if n != a})
        else:
            sim.at(at, sim.network.heal)


def test_with_epochs_the_room_is_linearizable_under_any_cuts_and_crashes():
    answered = 0
    for seed in range(60):
        sim = triangle(seed, epochs=True, cut=False)
        random_faults(sim, Random(seed))
        sim.run(until=2_500)
        verdict = check_linearizable(sim.history, Room(), time_limit=20)
        assert verdict.linearizable, f"seed {seed}: {verdict.explain()}"
        answered += sum(op.status == "ok" for op in sim.history)
    assert answered > 60 * 10, "hardly anything was answered, so this says little"


def test_with_a_wrong_rule_epochs_do_not_help():
    """The same protocol with quorums that need not share a replica: the checker must be able to see it."""
    caught = 0
    for seed in range(20):
        sim = triangle(seed, rule=lambda heard, n: heard >= 1, epochs=True)
        caught += not check_linearizable(sim.run(until=2_000).history, Room(), time_limit=20)
    assert caught == 20


def test_with_epochs_two_askers_do_not_outbid_each_other_for_ever():
    for seed in range(20):
        sim = triangle(seed, epochs=True, cut=False).run(until=2_000)
        assert good_share(users_saw(sim)) >= 0.9, f"seed {seed}"


def test_each_room_gives_the_same_trace_for_the_same_seed():
    for make in (lambda s: chat_room(s), lambda s: triangle(s, epochs=True), lambda s: two_truths(s)):
        one, two, other = (make(seed).run(until=1_500).trace.digest() for seed in (4, 4, 5))
        assert one == two != other


def test_every_message_is_hashable_and_every_replica_stands_alone():
    messages = [
        Copy(1.0, 1, "r1", "a"),
        MyTranscript(A),
        Promise((1, "r1"), (0, ""), ((1, "a"),)),
        Store((1, "r1"), ()),
    ]
    assert all(isinstance(hash(msg), int) and isinstance(msg, Message) for msg in messages)
    for kind, rule in product((ChatReplica, BeatingReplica, EpochReplica), (more_than_half, always)):
        sim = Simulation(kind("r1", rule=rule), network=Network(), seed=1).run(until=CUT_MS)
        assert sim.nodes["r1"].n == 1
    assert issubclass(ChatReplica, Chat)


# ---------------------------------------------------------------- in danger: the rule, the merge, the epochs


def judged(trial, kind, seeds):
    return [trial.judge(trial.build(seed, kind).run(until=trial.until_ms)) for seed in seeds]


@pytest.mark.parametrize("trial", [majority.TRIAL, chat.TRIAL, epochs.TRIAL], ids=lambda trial: trial.name)
def test_the_right_one_is_never_caught_and_each_wrong_one_is(trial):
    assert not [text for text in judged(trial, trial.right, range(60)) if text]
    for kind in trial.wrong:
        assert kind.__doc__
        assert sum(map(bool, judged(trial, kind, range(30)))) >= 3, kind.__name__


def test_both_halves_write_under_at_least_half_only_when_there_are_two_halves():
    for seed in range(60):
        sim = majority.TRIAL.build(seed, at_least_half).run(until=majority.TRIAL.until_ms)
        [(one, other)] = [fault.args for fault in sim.faults]
        assert bool(majority.TRIAL.judge(sim)) == (len(one) == len(other)), f"seed {seed}: {one} and {other}"


def test_set_union_loses_no_answered_post_and_the_replicas_agree_and_last_writer_wins_agrees_too_but_loses():
    lost = 0
    for seed in range(20):
        for merge in (set_union, last_writer_wins):
            sim = chat.TRIAL.build(seed, merge).run(until=chat.TRIAL.until_ms)
            assert not chat.diverged(sim), f"seed {seed}"
            lost += len(chat.lost_posts(sim))
            assert merge is last_writer_wins or not chat.lost_posts(sim), f"seed {seed}"
    assert lost > 20


def test_a_majority_in_which_nobody_writes_is_broken_too():
    assert any("nobody writes" in text for text in judged(majority.TRIAL, everyone, range(20)))


@pytest.mark.parametrize("seed", range(6))
def test_the_judge_of_the_epochs_agrees_with_the_checker_of_linearizability(seed):
    for kind in (epochs.EpochReplica, epochs.ReadsAlone):
        sim = epochs.TRIAL.build(seed, kind).run(until=300)
        verdict = check_linearizable(sim.history, Room(), time_limit=5)
        assert verdict.linearizable is None or bool(verdict) == (not epochs.TRIAL.judge(sim))
