"""Practical Byzantine Fault Tolerance (Castro and Liskov 1999), rule by rule, with its sections."""

import dataclasses
from collections import Counter

import pytest

from dslib import KeyValue, Network, Simulation, check_linearizable
from dslib.protocols.pbft import PbftClient, PbftReplica
from dslib.protocols.pbft_messages import (
    Checkpoint,
    Commit,
    Fetch,
    NewView,
    Prepare,
    Prepared,
    PrePrepare,
    Reply,
    Request,
    State,
    ViewChange,
    carried_over,
    digest,
)
from dslib.protocols.pbft_trial import (
    TRIAL,
    BelievesAnybody,
    CriesWolf,
    Equivocates,
    Forges,
    ForgetsPrepared,
    Lies,
    QuorumTooSmall,
    Silent,
    SkipsCommit,
    agreement,
)
from dslib.simulation import PropertyBroken
from dslib.testing import isolate

NAMES = ("r0", "r1", "r2", "r3")


def service(scripts, kind=PbftReplica, client=PbftClient, f=1, n=None, liars=(), seed=0, network=None, **settings):
    """n replicas, those in ``liars`` (name to class) faulty, and a client for each script; agreement is watched."""
    names = [f"r{i}" for i in range(3 * f + 1 if n is None else n)]
    liars = dict(liars)
    replicas = [
        liars.get(name, kind)(name, [peer for peer in names if peer != name], f=f, **settings) for name in names
    ]
    clients = [client(who, replicas=names, f=f, script=script) for who, script in scripts.items()]
    sim = Simulation(*replicas, *clients, network=network or Network(), seed=seed)
    sim.always(agreement(*(name for name in names if name not in liars)))
    return sim


def all_answered(sim):
    clients = [node for node in sim.nodes.values() if isinstance(node, PbftClient)]
    asked = sum(len(client.script) for client in clients)
    return sum(op.status == "ok" for op in sim.history) == asked


def sent(sim, kind):
    return [event for event in sim.trace if event.kind == "send" and type(event.msg) is kind]


def pick(sent, kind):
    """The messages of one kind among what an isolated node sent, each once."""
    return list(dict.fromkeys(msg for _, msg in sent if type(msg) is kind))


#: Nodes in no simulation: they lend their signatures to tests of a single replica.
SIGNERS = {name: PbftReplica(name, [peer for peer in NAMES if peer != name]) for name in NAMES}
ALICE, BOB = (PbftClient(who, replicas=NAMES) for who in ("alice", "bob"))
PUT, OTHER = Request(ALICE, 0, "put", "x", 1), Request(BOB, 1, "put", "x", 2)


def alone(name, kind=PbftReplica, **settings):
    return isolate(kind(name, [peer for peer in NAMES if peer != name], **settings))


def order(request, number=1, view=0, signer="r0"):
    return PrePrepare(SIGNERS[signer], view, number, digest(request), request)


def vote(kind, signer, request, number=1, view=0):
    return kind(SIGNERS[signer], view, number, digest(request))


def certificate(request, number=1, view=0, primary="r0", backups=("r2", "r3")):
    return Prepared(
        order(request, number, view, primary), tuple(vote(Prepare, b, request, number, view) for b in backups)
    )


def change(signer, view=1, prepared=(), stable=0, proof=()):
    return ViewChange(SIGNERS[signer], view, stable, proof, prepared)


def deliver(node, *messages):
    """Hand over messages, each from whoever signed it; what the node sent in answer."""
    return [out for msg in messages for out in node.receive(msg.signer, msg)]


# -- the figures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("f", "between_replicas", "in_all"), [(1, 24, 29), (2, 84, 92)])
def test_a_request_costs_n_minus_1_pre_prepares_n_minus_1_squared_prepares_and_n_times_n_minus_1_commits(
    f, between_replicas, in_all
):
    n = 3 * f + 1
    sim = service({"alice": [("put", "x", 1)]}, f=f).run(until=1_000)
    counts = Counter(type(event.msg) for event in sim.trace if event.kind == "send")
    assert counts == {Request: 1, PrePrepare: n - 1, Prepare: (n - 1) ** 2, Commit: n * (n - 1), Reply: n}
    assert counts[PrePrepare] + counts[Prepare] + counts[Commit] == between_replicas
    assert counts.total() == in_all


def test_an_answer_takes_five_message_delays():
    sim = service({"alice": [("put", "x", 1)]}, network=Network(latency=10)).run(until=1_000)
    assert sim.history[0].completed == 50


def test_one_replica_alone_serves_with_f_0():
    sim = service({"alice": [("put", "x", 1), ("get", "x")]}, f=0).run(until=1_000)
    assert [op.result for op in sim.history] == [None, 1]


def test_the_store_does_put_get_append_and_cas():
    script = [
        ("get", "x"),
        ("append", "x", "a"),
        ("append", "x", "b"),
        ("cas", "x", ("ab", "c")),
        ("cas", "x", ("a", "d")),
    ]
    sim = service({"alice": [*script, ("get", "x")]}).run(until=5_000)
    assert [op.result for op in sim.history] == [None, None, None, True, False, "c"]
    assert check_linearizable(sim.history, KeyValue())


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 7])
def test_any_other_number_of_replicas_than_3f_plus_1_is_refused_with_the_fix(n):
    with pytest.raises(ValueError, match=rf"r0.* {n} replicas.*f=1: name 3 peers, or write f="):
        PbftReplica("r0", [f"r{i}" for i in range(1, n)], f=1)


@pytest.mark.parametrize("f", [-1, 0.5, True, None])
def test_f_is_a_whole_number_from_0(f):
    with pytest.raises(ValueError, match="write how many may be faulty"):
        PbftReplica("r0", NAMES[1:], f=f)


@pytest.mark.parametrize("setting", ["patience_ms", "checkpoint_every"])
def test_settings_are_above_0(setting):
    with pytest.raises(ValueError, match=f"{setting}=0: write a number above 0"):
        PbftReplica("r0", NAMES[1:], **{setting: 0})


def test_a_client_without_replicas_or_with_a_strange_wish_is_refused():
    with pytest.raises(ValueError, match="write replicas="):
        PbftClient("alice")
    with pytest.raises(ValueError, match="write f=1, how many"):
        PbftClient("alice", replicas=NAMES, f=-1)
    with pytest.raises(ValueError, match="cannot ask for"):
        PbftClient("alice", replicas=NAMES, script=[("steal", "x")])


# -- signatures (section 2) --------------------------------------------------------------------------------------------


def test_a_signature_can_be_passed_on_but_not_made_for_another_nor_kept_on_other_words():
    real = vote(Prepare, "r2", PUT)
    assert real.signer == "r2"
    assert Prepare("r2", 0, 1, digest(PUT)).signer == "", "a name does not sign"
    assert dataclasses.replace(real, digest=digest(OTHER)).signer == ""
    with pytest.raises(TypeError, match="a Prepare is signed by a node, not by None: write self"):
        Prepare(None, 0, 1, digest(PUT))


def test_what_nobody_signed_counts_for_nothing():
    backup = alone("r1")
    forged = Request("alice", 0, "put", "x", 3)
    assert backup.receive("alice", forged) == []
    assert deliver(backup, order(forged), PrePrepare("r0", 0, 1, digest(PUT), PUT)) == []
    deliver(backup, order(PUT))
    for kind in (Prepare, Commit):
        for name in ("r2", "r3"):
            assert backup.receive("r3", kind(name, 0, 1, digest(PUT))) == []
    assert backup.receive("r3", ViewChange("r2", 1, 0, (), ())) == backup.receive("r3", change("r3")) == []


def test_what_the_network_garbles_is_signed_by_nobody():
    for seed in range(8):
        sim = service(WORK, network=Network(corruption=0.05), seed=seed)
        sim.eventually(all_answered, by=6_000)
        sim.run(until=6_000)
        assert check_linearizable(sim.history, KeyValue()), f"seed {seed}"


def test_a_digest_tells_requests_apart_and_is_the_same_in_every_process():
    assert digest(PUT) != digest(OTHER) != digest(None)
    assert digest(None) == "dc937b59892604f5"  # the first bytes of the SHA-256 of "None"


# -- the client (section 4.1) ------------------------------------------------------------------------------------------


def test_the_client_waits_for_f_plus_1_equal_replies_of_different_replicas():
    client = isolate(PbftClient("alice", replicas=NAMES, script=[("get", "x")]))
    assert [dest for dest, _ in client.wait(1)] == ["r0"], "the first time it asks the primary alone"
    op = client.node.op

    def reply(name, result):
        client.receive(name, Reply(SIGNERS[name], 0, op.id, result))
        return op.status

    assert reply("r3", "a lie") == "info"
    assert reply("r3", "a lie") == "info", "a liar counts once"
    assert reply("r1", "true") == "info"
    assert reply("r2", "true") == "ok"
    assert op.result == "true"


def test_a_reply_to_an_earlier_request_does_not_count():
    client = isolate(PbftClient("alice", replicas=NAMES, script=[("get", "x")]))
    client.wait(1)
    op = client.node.op
    for name in NAMES:
        client.receive(name, Reply(SIGNERS[name], 0, op.id - 1, "old"))
    assert op.status == "info"


def test_replies_of_strangers_do_not_count():
    client = isolate(PbftClient("alice", replicas=(*NAMES[:3], "r4"), script=[("get", "x")]))
    client.wait(1)
    op = client.node.op
    for stranger in (SIGNERS["r3"], BOB):
        client.receive(stranger.name, Reply(stranger, 0, op.id, "a lie"))
    assert op.status == "info"


def test_the_client_asks_all_replicas_after_a_time_out_and_again():
    client = isolate(PbftClient("alice", replicas=NAMES, script=[("get", "x")], timeout=50))
    client.wait(1)
    for _ in range(2):
        assert [dest for dest, _ in client.wait(50)] == list(NAMES)


def test_the_client_asks_the_primary_of_the_view_that_the_replies_named():
    client = isolate(PbftClient("alice", replicas=NAMES, script=[("get", "x"), ("get", "x")]))
    client.wait(1)
    for name in ("r1", "r2"):
        client.receive(name, Reply(SIGNERS[name], 5, client.node.op.id, None))
    assert [dest for dest, _ in client.wait(1)] == ["r1"], "5 mod 4"


def test_a_backup_passes_a_clients_request_on_to_the_primary_but_not_what_another_passed_on():
    backup = alone("r1")
    assert backup.receive("alice", PUT) == [("r0", PUT)]
    assert backup.receive("r2", PUT) == []


def test_a_request_is_executed_once_and_its_reply_is_sent_again():
    backup = alone("r1")
    deliver(backup, order(PUT), vote(Prepare, "r2", PUT))
    replies = pick(deliver(backup, vote(Commit, "r0", PUT), vote(Commit, "r2", PUT)), Reply)
    assert [(reply.timestamp, reply.signer) for reply in replies] == [(0, "r1")]
    assert backup.receive("alice", PUT) == [("alice", replies[0])]
    again = [order(PUT, 2), *(vote(kind, "r2", PUT, 2) for kind in (Prepare, Commit)), vote(Commit, "r0", PUT, 2)]
    assert not pick(deliver(backup, *again), Reply), "under a second number it does nothing"
    assert backup.node.executed == 2


# -- the normal case (section 4.2) -------------------------------------------------------------------------------------


def test_the_primary_numbers_requests_in_the_order_in_which_they_come_and_each_once():
    primary = alone("r0")
    orders = pick(deliver(primary, PUT, OTHER, PUT), PrePrepare)
    assert [(each.number, each.request) for each in orders] == [(1, PUT), (2, OTHER)]


def test_a_backup_accepts_only_one_digest_for_a_view_and_number():
    backup = alone("r1")
    assert pick(deliver(backup, order(PUT)), Prepare) == [vote(Prepare, "r1", PUT)]
    assert deliver(backup, order(OTHER)) == []
    assert pick(deliver(backup, order(OTHER, number=2)), Prepare), "another number is another matter"


@pytest.mark.parametrize(
    "bad",
    [
        order(PUT, signer="r2"),
        PrePrepare(SIGNERS["r0"], 0, 1, digest(OTHER), PUT),
        order(None),
        order(PUT, number=0),
        order(PUT, number=21),
    ],
    ids=["not the primary's", "wrong digest", "null request", "at the low water mark", "above the high water mark"],
)
def test_a_backup_refuses_a_pre_prepare_that_is(bad):
    assert deliver(alone("r1"), bad) == []


def test_prepared_takes_the_pre_prepare_and_2f_prepares_of_different_backups():
    backup = alone("r1")
    assert not pick(deliver(backup, vote(Prepare, "r2", PUT), vote(Prepare, "r3", PUT)), Commit), "no pre-prepare"
    assert pick(deliver(backup, order(PUT)), Commit) == [vote(Commit, "r1", PUT)]

    backup = alone("r1")
    few = [order(PUT), vote(Prepare, "r0", PUT), vote(Prepare, "r2", OTHER), vote(Prepare, "r3", PUT, view=1)]
    assert not pick(deliver(backup, *few), Commit), "the primary's, another digest's and another view's do not count"
    assert pick(deliver(backup, vote(Prepare, "r3", PUT)), Commit)


def test_committed_local_takes_prepared_and_2f_plus_1_commits():
    backup = alone("r1")
    deliver(backup, *(vote(Commit, name, PUT) for name in ("r0", "r2", "r3")), order(PUT))
    assert backup.node.executed == 0, "three commits, and not prepared"
    deliver(backup, vote(Prepare, "r2", PUT))
    assert backup.node.executed == 1

    backup = alone("r1")
    deliver(backup, order(PUT), vote(Prepare, "r2", PUT), vote(Commit, "r2", PUT), vote(Commit, "r2", PUT))
    assert backup.node.executed == 0, "its own commit and one other"
    deliver(backup, vote(Commit, "r3", PUT))
    assert backup.node.executed == 1


def test_requests_are_executed_in_the_order_of_their_numbers():
    backup = alone("r1")

    def commit(request, number):
        votes = [vote(kind, "r2", request, number) for kind in (Prepare, Commit)]
        return pick(deliver(backup, order(request, number), *votes, vote(Commit, "r3", request, number)), Reply)

    assert commit(OTHER, 2) == []
    assert [reply.timestamp for reply in commit(PUT, 1)] == [PUT.timestamp, OTHER.timestamp]
    assert backup.node.store == {"x": 2}


def test_the_primary_stops_at_the_high_water_mark():
    primary = alone("r0", checkpoint_every=2)
    clients = [PbftClient(f"c{i}", replicas=NAMES) for i in range(9)]
    orders = pick(deliver(primary, *(Request(client, 0, "get", "x") for client in clients)), PrePrepare)
    assert [each.number for each in orders] == [1, 2, 3, 4]


def test_a_stable_checkpoint_lets_a_primary_that_stood_at_the_high_water_mark_go_on():
    primary = alone("r0", checkpoint_every=2)
    clients = [PbftClient(f"c{i}", replicas=NAMES) for i in range(9)]
    deliver(primary, *(Request(client, 0, "get", "x") for client in clients))
    out = deliver(primary, *(Checkpoint(SIGNERS[name], 2, "state") for name in ("r1", "r2", "r3")))
    assert [each.number for each in pick(out, PrePrepare)] == [5, 6]


# -- checkpoints (section 4.3) -----------------------------------------------------------------------------------------


def test_a_stable_checkpoint_cuts_the_log_and_moves_the_water_marks():
    sim = service({"alice": [("append", "x", "a")] * 25}).run(until=5_000)
    assert all_answered(sim)
    for name in NAMES:
        replica = sim.nodes[name]
        assert (replica.executed, replica.low, replica.high) == (25, 20, 40)
        assert sorted(replica.slots) == sorted(replica.certificates) == [21, 22, 23, 24, 25]
        assert list(replica.snapshots) == [20]


def test_a_checkpoint_is_stable_when_2f_plus_1_signed_one_digest():
    backup = alone("r1")
    deliver(backup, *(Checkpoint(SIGNERS[name], 10, text) for name, text in (("r0", "a"), ("r2", "b"), ("r3", "a"))))
    assert backup.node.low == 0
    out = deliver(backup, Checkpoint(SIGNERS["r2"], 10, "a"))
    assert backup.node.low == 10
    assert pick(out, Fetch) == [Fetch(10)], "it was behind: it asks for the state"


def test_a_replica_that_missed_a_checkpoint_fetches_the_state_and_no_liar_can_slip_it_another():
    sim = service({"alice": [("append", "x", "a")] * 35}, liars={"r0": Lies})
    sim.at(0, sim.network.cut, "r3", "r1")
    sim.at(0, sim.network.cut, "r3", "r2")
    sim.at(2_000, sim.network.heal)
    sim.run(until=12_000)
    assert all_answered(sim)

    sim = service({"alice": [("append", "x", "a")] * 35})
    sim.at(0, sim.network.partition, {"r3"}, {"r0", "r1", "r2", "alice"})
    sim.at(300, sim.network.heal)
    sim.run(until=5_000)
    assert sent(sim, State)
    late, true = sim.nodes["r3"], sim.nodes["r1"]
    assert late.low == true.low == 30
    assert late.executed >= 30
    snapshot = true.snapshots[30]
    behind = alone("r3")
    lie = snapshot._replace(store=(("x", "a lie"),))
    behind.receive("r0", State(lie, true.proof))
    assert behind.node.store == {}
    behind.receive("r0", State(snapshot, true.proof[:2]))
    assert behind.node.store == {}
    behind.receive("r0", State(snapshot, true.proof))
    assert behind.node.store == {"x": "a" * 30}
    assert behind.node.executed == 30


# -- view changes (section 4.4) ----------------------------------------------------------------------------------------


def test_a_replica_whose_request_waits_too_long_asks_for_the_next_view_and_takes_part_in_the_old_one_no_more():
    backup = alone("r1")
    backup.receive("alice", PUT)
    assert backup.wait(99) == []
    assert pick(backup.wait(1), ViewChange) == [change("r1")]
    assert deliver(backup, order(PUT)) == []


def test_the_timer_runs_for_one_request_until_that_one_is_executed():
    backup = alone("r1")
    backup.receive("alice", PUT)
    backup.wait(60)
    backup.receive("bob", OTHER)
    assert backup.timers["progress"] == 40, "a second request does not set it back"
    deliver(backup, order(PUT), vote(Prepare, "r2", PUT), vote(Commit, "r0", PUT), vote(Commit, "r2", PUT))
    assert backup.timers["progress"] == 100, "now for bob's"


def test_a_view_change_carries_what_prepared_and_the_new_primary_proposes_it_under_the_same_number():
    primary = alone("r1")
    deliver(primary, order(PUT), vote(Prepare, "r2", PUT))
    primary.wait(100)
    assert primary.node.changes["r1"].prepared == (certificate(PUT, backups=("r1", "r2")),)
    new_view = pick(deliver(primary, change("r2"), change("r3")), NewView)[0]
    assert new_view.orders == (order(PUT, number=1, view=1, signer="r1"),)
    assert [each.signer for each in new_view.changes] == ["r1", "r2", "r3"]


def test_under_each_number_the_highest_view_wins_and_a_gap_gets_the_null_request():
    changes = [
        change("r1", 3, (certificate(PUT, 1), certificate(PUT, 3))),
        change("r2", 3, (certificate(OTHER, 3, view=2, primary="r2", backups=("r0", "r1")),)),
        change("r3", 3),
    ]
    proposed = [(1, digest(PUT), PUT), (2, digest(None), None), (3, digest(OTHER), OTHER)]
    assert carried_over(changes) == carried_over(changes[::-1]) == proposed


def test_the_new_view_begins_after_the_newest_stable_checkpoint():
    proof = tuple(Checkpoint(SIGNERS[name], 10, "state") for name in ("r0", "r1", "r2"))
    changes = [change("r1", 1, (certificate(PUT, 9), certificate(OTHER, 11))), change("r2", 1, (), 10, proof)]
    assert carried_over(changes) == [(11, digest(OTHER), OTHER)]


def test_a_backup_enters_a_new_view_and_prepares_what_it_proposes():
    backup = alone("r2")
    changes = (change("r1", 1, (certificate(PUT),)), change("r0"), change("r3"))
    new_view = NewView(SIGNERS["r1"], 1, changes, (order(PUT, view=1, signer="r1"),))
    assert pick(deliver(backup, new_view), Prepare) == [vote(Prepare, "r2", PUT, view=1)]
    assert (backup.node.view, backup.node.primary) == (1, "r1")


def test_a_new_view_brings_the_newest_stable_checkpoint_along():
    backup = alone("r2")
    proof = tuple(Checkpoint(SIGNERS[name], 10, "state") for name in ("r0", "r1", "r3"))
    out = deliver(backup, NewView(SIGNERS["r1"], 1, (change("r1", 1, (), 10, proof), change("r0"), change("r3")), ()))
    assert (backup.node.low, pick(out, Fetch)) == (10, [Fetch(10)])


def test_a_new_primary_learns_what_still_waits():
    backup = alone("r2")
    backup.receive("alice", PUT)
    out = deliver(backup, NewView(SIGNERS["r1"], 1, (change("r0"), change("r1"), change("r3")), ()))
    assert out == [("r1", PUT)]


def test_a_later_view_change_stands_when_an_earlier_one_of_that_replica_comes_late():
    backup = alone("r1")
    deliver(backup, change("r3", 5), change("r3", 1))
    assert pick(deliver(backup, change("r2", 4)), ViewChange)[0].view == 4


GOOD = (change("r1", 1, (certificate(PUT),)), change("r0"), change("r3"))
PROPOSED = (order(PUT, view=1, signer="r1"),)
MADE_UP = Prepared(order(OTHER), (vote(Prepare, "r3", OTHER),) * 2)


@pytest.mark.parametrize(
    ("signer", "changes", "orders"),
    [
        ("r1", GOOD, ()),
        ("r1", GOOD, (order(OTHER, view=1, signer="r1"),)),
        ("r1", GOOD, (order(PUT, number=2, view=1, signer="r1"),)),
        ("r1", GOOD, (order(PUT, view=1, signer="r3"),)),
        ("r1", GOOD[:2], PROPOSED),
        ("r1", (*GOOD[:2], GOOD[1]), PROPOSED),
        ("r1", (*GOOD[:2], change("r3", 2)), PROPOSED),
        ("r1", (change("r3", 1, (MADE_UP,)), *GOOD[1:2], change("r1")), (order(OTHER, view=1, signer="r1"),)),
        ("r3", GOOD, PROPOSED),
    ],
    ids=[
        "it forgets", "it swaps", "it renumbers", "its orders are another's", "too few view-changes",
        "one view-change twice", "of another view", "a certificate is made up", "not the primary's",
    ],
)  # fmt: skip
def test_a_backup_refuses_a_new_view_because(signer, changes, orders):
    backup = alone("r2")
    assert deliver(backup, NewView(SIGNERS[signer], 1, changes, orders)) == []
    assert backup.node.view == 0


@pytest.mark.parametrize(
    "bad",
    [
        change("r3", 1, (MADE_UP,)),
        change("r3", 1, (certificate(PUT, backups=("r0", "r2")),)),
        change("r3", 1, (certificate(PUT, view=1, primary="r1"),)),
        change("r3", 1, (certificate(PUT, primary="r1"),)),
        change("r3", 1, (certificate(PUT)._replace(order=PrePrepare(SIGNERS["r0"], 0, 1, digest(PUT), OTHER)),)),
        change("r3", 1, (), 10, tuple(Checkpoint(SIGNERS["r3"], 10, "a lie") for _ in range(3))),
        change("r3", 1, (), 10, ()),
        change("r3", 1, (), -1, ()),
        ViewChange(ALICE, 1, 0, (), ()),
    ],
    ids=[
        "one vote twice", "the primary's own vote", "of the view to come", "no primary's",
        "a digest of another request", "a checkpoint by one alone", "a checkpoint without proof",
        "a checkpoint before the start", "a client's",
    ],
)  # fmt: skip
def test_a_view_change_does_not_count_with(bad):
    primary = alone("r1")
    assert deliver(primary, change("r0"), bad) == []
    assert pick(deliver(primary, change("r2")), ViewChange), "two that count carry it along"


def test_a_replica_that_missed_the_new_view_is_sent_it():
    backup = alone("r2")
    new_view = NewView(SIGNERS["r1"], 1, GOOD, PROPOSED)
    deliver(backup, new_view)
    assert deliver(backup, change("r3")) == [("r3", new_view)]
    behind = alone("r3")
    behind.receive("r2", new_view)
    assert behind.node.view == 1, "whoever passes it on"


def test_what_comes_before_its_view_waits_for_it():
    backup = alone("r2")
    assert deliver(backup, vote(Prepare, "r3", PUT, view=1)) == []
    out = deliver(backup, NewView(SIGNERS["r1"], 1, GOOD, PROPOSED))
    assert pick(out, Commit) == [vote(Commit, "r2", PUT, view=1)], "with its own vote there are two"


# -- progress (section 4.5.2) ------------------------------------------------------------------------------------------


def test_one_view_change_moves_nobody_and_f_plus_1_carry_a_replica_to_the_smallest_of_their_views():
    backup = alone("r1")
    assert deliver(backup, change("r3", 7)) == []
    out = deliver(backup, change("r2", 3))
    assert [each.view for each in pick(out, ViewChange)] == [3]


def test_the_timer_of_a_view_change_starts_at_2f_plus_1_and_doubles_each_time():
    backup = alone("r3")
    backup.receive("alice", PUT)
    backup.wait(100)
    assert "progress" not in backup.timers, "alone it does not run ahead"
    for view, wait in ((1, 100), (2, 200), (3, 400)):
        assert backup.node.view == view
        deliver(backup, change("r0", view))
        assert "progress" not in backup.timers
        deliver(backup, change("r2", view))
        assert backup.timers["progress"] == wait
        backup.wait(wait)


def test_a_request_that_is_executed_makes_replicas_patient_again():
    backup = alone("r2")
    backup.receive("alice", PUT)
    backup.wait(100)
    deliver(backup, change("r0"), change("r3"))
    backup.wait(100)
    deliver(backup, change("r0", 2), change("r3", 2))
    assert backup.node.view == 2
    assert backup.timers["progress"] == 200, "it is the primary now, and waits for its own request"
    deliver(backup, *(vote(kind, name, PUT, view=2) for kind in (Prepare, Commit) for name in ("r0", "r3")))
    assert backup.node.executed == 1
    backup.receive("bob", OTHER)
    assert backup.timers["progress"] == 100


def test_a_silent_primary_is_replaced_and_the_request_answered_within_half_a_second():
    for seed in range(40):
        sim = service({"alice": [("put", "x", 1)], "bob": [("get", "x")]}, liars={"r0": Silent}, seed=seed)
        sim.eventually(all_answered, by=500)
        sim.run(until=600)
        assert sim.nodes["r1"].view == 1, f"seed {seed}"


def test_two_silent_primaries_in_a_row_are_replaced_with_f_2_within_a_second():
    for seed in range(10):
        sim = service({"alice": [("put", "x", 1)]}, f=2, liars={"r0": Silent, "r1": Silent}, seed=seed)
        sim.eventually(all_answered, by=1_000)
        sim.run(until=1_000)
        assert {sim.nodes[f"r{i}"].view for i in range(2, 7)} == {2}


def test_a_faulty_replica_alone_cannot_force_a_view_change():
    for seed in range(20):
        sim = service({"alice": [("append", "x", "a")] * 12}, liars={"r3": CriesWolf}, seed=seed).run(until=1_500)
        assert len(sent(sim, ViewChange)) > 50
        assert all_answered(sim)
        assert {sim.nodes[name].view for name in NAMES[:3]} == {0}


# -- safety (section 4.5.1) --------------------------------------------------------------------------------------------

WORK = {who: [("append", "x", f"{who}{i} ") for i in range(4)] for who in ("alice", "bob", "carol")}


@pytest.mark.parametrize("liar", [Silent, Equivocates, Lies, Forges, CriesWolf])
@pytest.mark.parametrize("name", ["r0", "r1"])
def test_one_liar_of_four_changes_no_answer_and_stops_nobody(liar, name):
    for seed in range(12):
        sim = service(WORK, liars={name: liar}, seed=seed)
        sim.eventually(all_answered, by=6_000)
        sim.run(until=6_000)
        assert check_linearizable(sim.history, KeyValue()), f"seed {seed}"


def test_two_liars_of_seven_change_no_answer_and_stop_nobody():
    for seed in range(4):
        sim = service(WORK, f=2, liars={"r0": Equivocates, "r1": CriesWolf}, seed=seed)
        sim.eventually(all_answered, by=8_000)
        sim.run(until=8_000)
        assert check_linearizable(sim.history, KeyValue()), f"seed {seed}"


def test_f_plus_1_silent_replicas_stop_the_service_and_break_nothing():
    for silent in (("r0", "r1"), ("r2", "r3")):
        sim = service(WORK, liars=dict.fromkeys(silent, Silent)).run(until=5_000)
        assert all(op.status == "info" for op in sim.history)
        assert all(sim.nodes[name].ledger == [] for name in NAMES if name not in silent)


def test_without_a_majority_of_2f_plus_1_nothing_commits_until_the_cut_heals():
    sim = service(WORK)
    sim.at(0, sim.network.partition, {"r0", "r1", "alice"}, {"r2", "r3", "bob", "carol"})
    sim.at(1_500, sim.network.heal)
    sim.run(until=1_499)
    assert all(op.status == "info" for op in sim.history)
    sim.eventually(all_answered, by=4_000)
    sim.run(until=4_000)
    assert check_linearizable(sim.history, KeyValue())


def breaks(sim, until=3_000):
    try:
        sim.run(until=until)
    except PropertyBroken as broken:
        return "agree" in str(broken)
    return False


class EquivocatesAmongFew(Equivocates, QuorumTooSmall):
    """Where its victims are content with too few, so is the liar."""


@pytest.mark.parametrize("n", [3, 4])
def test_quorums_of_2f_or_3f_replicas_let_an_equivocating_primary_commit_two_requests_under_one_number(n):
    seeds = range(30)
    broken = [
        seed
        for seed in seeds
        if breaks(service(WORK, QuorumTooSmall, n=n, liars={"r0": EquivocatesAmongFew}, seed=seed))
    ]
    assert len(broken) > 3
    assert not any(breaks(service(WORK, liars={"r0": Equivocates}, seed=seed)) for seed in broken[:10])


def prepared_at_one(kind):
    """alice's request prepares at r1 alone, r1 is cut off, and a view without it begins."""
    sim = service({"alice": [("put", "x", 1)], "bob": [("get", "x")]}, kind, network=Network(latency=5))
    sim.nodes["bob"].start = 20
    sim.at(0, sim.network.cut, "r0", "r2")
    for deaf in ("r0", "r2", "r3"):
        sim.at(11, sim.network.cut, "r1", deaf, one_way=True)
    sim.at(16, sim.network.heal)
    sim.at(16, sim.network.partition, {"r1"}, {"r0", "r2", "r3", "alice", "bob"})
    sim.at(1_000, sim.network.heal)
    return sim


def test_without_the_commit_phase_a_view_change_loses_what_one_replica_executed():
    assert breaks(prepared_at_one(SkipsCommit))
    sim = prepared_at_one(PbftReplica)
    assert not breaks(sim)
    assert all_answered(sim)


def committed_then_primary_lost(kind):
    sim = service({"alice": [("put", "x", 1)], "bob": [("get", "x")]}, kind)
    sim.nodes["bob"].start = 200
    sim.at(150, sim.crash, "r0")
    return sim


def test_a_view_change_that_forgets_what_prepared_gives_its_number_away():
    assert breaks(committed_then_primary_lost(ForgetsPrepared))
    sim = committed_then_primary_lost(PbftReplica)
    assert not breaks(sim)
    assert [op.result for op in sim.history] == [None, 1]
    assert dict(sim.nodes["r1"].ledger) == {1: digest(sent(sim, Request)[0].msg), 2: digest(sent(sim, Request)[-1].msg)}


def test_a_client_that_believes_one_reply_believes_a_liar():
    script = {"alice": [("put", "x", 1), *[("get", "x")] * 9]}
    told = [
        service(script, client=BelievesAnybody, liars={"r3": Lies}, seed=seed).run(until=3_000) for seed in range(5)
    ]
    assert any(op.result == "a lie" for sim in told for op in sim.history if op.f == "get")


# -- the trial ---------------------------------------------------------------------------------------------------------


def verdict(seed, kind):
    sim = TRIAL.build(seed, kind)
    try:
        return TRIAL.judge(sim.run(until=TRIAL.until_ms))
    except PropertyBroken as broken:
        return str(broken)


def test_the_trial_finds_nothing_wrong_with_the_protocol():
    for seed in range(40):
        assert verdict(seed, TRIAL.right) == "", f"seed {seed}"


@pytest.mark.parametrize("kind", TRIAL.wrong)
def test_the_trial_catches(kind):
    assert any(verdict(seed, kind) for seed in range(200))


def test_the_same_seed_gives_the_same_trace():
    def run():
        return service(WORK, liars={"r0": Equivocates}, seed=5).run(until=2_000).trace.digest()

    assert run() == run()
