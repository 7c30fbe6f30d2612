"""The quorum register: Attiya, Bar-Noy and Dolev 1995, with many writers (Lynch and Shvartsman 1997)."""

from __future__ import annotations

from itertools import product

import pytest

from dslib import Network, Register, Simulation, check_linearizable
from dslib.clients import ScriptClient
from dslib.protocols.abd import (
    FIRST,
    TRIAL,
    AbdClient,
    AbdReplica,
    NoWriteBack,
    Query,
    SmallQuorums,
    Store,
    Stored,
    TagsWithoutNames,
    Value,
)
from dslib.testing import isolate

REPLICAS = ("r1", "r2", "r3")


def client(name="alice", *script, kind=AbdClient, service=REPLICAS, **settings):
    return kind(name, service=service, script=script, **settings)


def begun(*script, **settings):
    """A client alone that has begun its first operation: the client, the id, and what it asked."""
    node = isolate(client("alice", *script, **settings))
    asked = node.wait(0)
    return node, asked[0][1].id, asked


def results(sim):
    return [(op.process, op.f, op.result) for op in sim.history if op.status == "ok"]


# ---------------------------------------------------------------- replicas


def test_a_replica_keeps_the_larger_tag_and_confirms_in_any_case():
    node = isolate(AbdReplica("r1"))
    assert node.receive("a", Query(1, "x")) == [("a", Value(1, FIRST, None))]
    assert node.receive("a", Store(2, "x", (2, "a"), "new")) == [("a", Stored(2))]
    assert node.receive("b", Store(3, "x", (1, "b"), "old")) == [("b", Stored(3))]
    assert node.receive("b", Query(4, "x")) == [("b", Value(4, (2, "a"), "new"))]


def test_what_a_replica_has_confirmed_survives_its_crash():
    node = isolate(AbdReplica("r1"))
    node.receive("a", Store(1, "x", (1, "a"), "kept"))
    node.crash()
    node.restart()
    assert node.receive("a", Query(2, "x")) == [("a", Value(2, (1, "a"), "kept"))]


def test_each_key_is_a_register_of_its_own():
    node = isolate(AbdReplica("r1"))
    node.receive("a", Store(1, "x", (1, "a"), "kept"))
    assert node.receive("a", Query(2, "y")) == [("a", Value(2, FIRST, None))]


# ---------------------------------------------------------------- the two phases


def test_a_write_asks_a_quorum_and_stores_under_a_larger_tag_with_its_name():
    node, id, asked = begun(("write", "x", 7))
    assert asked == [(replica, Query(id, "x")) for replica in REPLICAS]
    assert node.receive("r1", Value(id, (3, "bob"), 1)) == []
    assert node.receive("r2", Value(id, (5, "bob"), 2)) == [(r, Store(id, "x", (6, "alice"), 7)) for r in REPLICAS]


def test_a_read_takes_the_largest_tag_of_a_quorum_and_stores_it_before_it_answers():
    node, id, _ = begun(("read", "x"))
    node.receive("r1", Value(id, (3, "bob"), "old"))
    assert node.receive("r3", Value(id, (4, "bob"), "new")) == [
        (r, Store(id, "x", (4, "bob"), "new")) for r in REPLICAS
    ]
    op = node._sim.history[0]
    node.receive("r1", Stored(id))
    assert op.status != "ok"
    node.receive("r2", Stored(id))
    assert (op.status, op.result) == ("ok", "new")


def test_the_name_decides_between_equal_counters():
    node, id, _ = begun(("read", "x"))
    node.receive("r1", Value(id, (3, "bob"), "bob's"))
    sent = node.receive("r3", Value(id, (3, "carol"), "carol's"))
    assert sent[0] == ("r1", Store(id, "x", (3, "carol"), "carol's"))


def test_two_answers_of_one_replica_are_not_a_quorum():
    node, id, _ = begun(("read", "x"))
    assert node.receive("r1", Value(id, (3, "bob"), 1)) == node.receive("r1", Value(id, (3, "bob"), 1)) == []


def test_answers_of_the_first_phase_that_come_late_do_not_begin_the_second_again():
    node, id, _ = begun(("write", "x", 7))
    node.receive("r1", Value(id, FIRST, None))
    assert len(node.receive("r2", Value(id, FIRST, None))) == 3
    assert node.receive("r3", Value(id, (9, "bob"), 1)) == []


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("operation", [("read", "x"), ("write", "x", 1)])
def test_each_operation_takes_two_phases_of_2n_messages_so_4n(n, operation):
    replicas = tuple(f"r{i}" for i in range(n))
    sim = Simulation(*map(AbdReplica, replicas), client("alice", operation, service=replicas)).run(until=100)
    kinds = [type(event.msg) for event in sim.trace.where(kind="send")]
    assert results(sim)
    assert [kinds.count(kind) for kind in (Query, Value, Store, Stored)] == [n] * 4


def test_whoever_has_not_answered_is_asked_again_and_nobody_else():
    node, id, asked = begun(("read", "x"), again=40.0)
    node.receive("r2", Value(id, FIRST, None))
    assert node.wait(40) == [asked[0], asked[2]]


def test_a_tag_never_comes_again_although_its_write_was_given_up_or_its_writer_crashed():
    node, _, _ = begun(("write", "x", 1), ("write", "x", 2), ("write", "x", 3), timeout=100.0)
    tags = []

    def store():
        id = node._sim.history[-1].id
        node.receive("r1", Value(id, FIRST, None))
        tags.append(node.receive("r2", Value(id, FIRST, None))[0][1].tag)

    store()
    node.wait(100)  # given up: nobody confirmed
    store()
    node.crash()
    node.restart()
    node.wait(0)
    store()
    assert tags == [(1, "alice"), (2, "alice"), (3, "alice")]


def test_an_operation_given_up_stays_open_because_it_may_have_happened():
    node, _, _ = begun(("write", "x", 1), timeout=100.0)
    node.wait(150)
    assert [op.status for op in node._sim.history] == ["info"]


# ---------------------------------------------------------------- robust: as long as a majority is up


def test_a_minority_of_crashed_replicas_stops_nobody():
    for seed in range(20):
        sim = Simulation(*map(AbdReplica, REPLICAS), client("alice", ("write", "x", 1), ("read", "x")), seed=seed)
        sim.at(seed, sim.crash, REPLICAS[seed % 3])
        sim.run(until=500)
        assert results(sim) == [("alice", "write", None), ("alice", "read", 1)], f"seed {seed}"


def test_without_a_majority_nothing_is_answered():
    sim = Simulation(*map(AbdReplica, REPLICAS), client("alice", ("write", "x", 1), ("read", "x")))
    sim.at(0, sim.crash, "r1")
    sim.at(0, sim.crash, "r2")
    assert not results(sim.run(until=1_000))


# ---------------------------------------------------------------- R + W > N, and its limits


def missed(n, r, w):
    """A write that stored at the first ``w`` replicas and is over; a read that asks the last ``r``. What it answers."""
    replicas = tuple(f"r{i}" for i in range(n))
    first, last = replicas[:w], replicas[n - r :]
    writer = client("alice", ("write", None, "new"), service=replicas, r=1, w=w, timeout=90.0)
    reader = client("bob", ("read",), service=replicas, r=r, w=1, start=100.0, kind=NoWriteBack)
    sim = Simulation(*map(AbdReplica, replicas), writer, reader)
    for replica in replicas:
        if replica not in first:
            sim.at(0, sim.network.cut, "alice", replica)
        if replica not in last:
            sim.at(0, sim.network.cut, "bob", replica)
    return results(sim.run(until=200))


def test_a_read_meets_every_write_exactly_when_r_plus_w_is_more_than_n():
    """Gifford 1979. With the worst choice of quorums; a luckier one may hide it."""
    for n in (3, 4, 5):
        for r, w in product(range(1, n + 1), repeat=2):
            assert missed(n, r, w) == [
                ("alice", "write", None),
                ("bob", "read", "new" if r + w > n else None),
            ], (n, r, w)


def new_old(kind):
    """Alice's write has reached r1 alone. Bob reads from r1 and r2; when he is done, carol reads from r2 and r3."""
    sim = Simulation(
        *map(AbdReplica, REPLICAS),
        client("alice", ("write", None, "new"), kind=kind, timeout=300.0),
        client("bob", ("read",), kind=kind, start=100.0),
        client("carol", ("read",), kind=kind, start=200.0),
        network=Network(latency=10),
    )
    for who, away in (("bob", "r3"), ("carol", "r1")):
        sim.at(0, sim.network.cut, who, away)
    sim.at(15, sim.network.cut, "alice", "r2", one_way=True)
    sim.at(15, sim.network.cut, "alice", "r3", one_way=True)  # after they were asked, before they can store
    return sim.run(until=280)


def test_without_write_back_r_plus_w_above_n_is_not_linearizable_new_then_old():
    assert results(new_old(NoWriteBack)) == [("bob", "read", "new"), ("carol", "read", None)]
    assert not check_linearizable(new_old(NoWriteBack).history, Register())


def test_with_write_back_the_second_reader_sees_what_the_first_saw():
    assert results(new_old(AbdClient)) == [("bob", "read", "new"), ("carol", "read", "new")]


def test_equal_tags_of_two_writers_leave_different_values_for_ever():
    def two_writers(kind, seed):
        sim = Simulation(
            *map(AbdReplica, REPLICAS),
            client("alice", ("write", None, "a"), kind=kind),
            client("bob", ("write", None, "b"), kind=kind),
            network=Network(latency=(5, 15)),
            seed=seed,
        ).run(until=300)
        return {sim.nodes[replica].disk[None][1] for replica in REPLICAS}

    assert any(len(two_writers(TagsWithoutNames, seed)) == 2 for seed in range(20))
    assert all(len(two_writers(AbdClient, seed)) == 1 for seed in range(20))


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(("quorum", "size"), [("r", 4), ("w", 4), ("r", -1), ("w", -1)])
def test_a_quorum_larger_than_n_is_refused_with_the_range(quorum, size):
    with pytest.raises(ValueError, match=rf"'alice' has {quorum}={size} of 3 replicas: write 1 to 3"):
        client(**{quorum: size})


@pytest.mark.parametrize("service", [(), ("r1", "r1")])
def test_no_replicas_or_one_named_twice_are_refused(service):
    with pytest.raises(ValueError, match="write the replicas, each once"):
        client(service=service)


def test_a_majority_is_the_default():
    for n in range(1, 10):
        alice = client(service=tuple(f"r{i}" for i in range(n)))
        assert alice.r == alice.w == n // 2 + 1
    assert isinstance(alice, ScriptClient)


# ---------------------------------------------------------------- in danger


def verdicts(kind, seeds):
    return [TRIAL.judge(TRIAL.build(seed, kind).run(until=TRIAL.until_ms)) for seed in seeds]


def test_the_register_is_linearizable_under_losses_crashes_pauses_and_cuts():
    assert not [text for text in verdicts(AbdClient, range(100)) if text]


@pytest.mark.parametrize("kind", TRIAL.wrong)
def test_each_wrong_variant_is_caught(kind):
    assert kind.__doc__
    assert any(verdicts(kind, range(80)))


def test_small_quorums_are_as_small_as_they_say():
    assert (client(kind=SmallQuorums).r, client(kind=SmallQuorums).w) == (1, 1)
