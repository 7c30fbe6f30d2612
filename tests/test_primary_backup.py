"""Primary-backup: Alsberg and Day 1976; Budhiraja, Marzullo, Schneider and Toueg 1993."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dslib import KeyValue, Network, Reply, Request, Simulation, check_linearizable
from dslib.clients import Refusal, Retry, ScriptClient
from dslib.protocols.primary_backup import (
    TRIAL,
    Handover,
    Replica,
    TakeOver,
    Update,
    Updated,
    execute,
)
from dslib.testing import isolate

NAMES = ("r1", "r2", "r3")
PERIOD, DELTA = 20.0, 10.0


def put(id, value="v"):
    return Request(id, "put", "x", value)


def replica(name, acks=2, names=NAMES, kind=Replica, **settings):
    return kind(name, peers=[peer for peer in names if peer != name], acks=acks, **settings)


def service(seed=0, n=3, acks=2, script=(), kind=Replica, timeout=PERIOD + DELTA, **settings):
    names = tuple(f"r{i + 1}" for i in range(n))
    return Simulation(
        *(replica(name, acks, names, kind, period=PERIOD, timeout=timeout) for name in names),
        ScriptClient("alice", service=names, script=script, timeout=60.0, retry=Retry(times=20), **settings),
        network=Network(latency=(1, DELTA)),
        seed=seed,
    )


def primaries(sim):
    return [name for name in sim.nodes if sim.nodes[name]._up and getattr(sim.nodes[name], "primary", False)]


# ---------------------------------------------------------------- answering (Alsberg and Day: n-host resiliency)


@pytest.mark.parametrize("acks", [1, 2, 3])
def test_a_user_is_answered_at_the_moment_when_acks_servers_have_the_update(acks):
    node = isolate(replica("r1", acks))
    answers = [any(msg == Reply(7) for _, msg in node.receive("alice", put(7)))]
    for backup in ("r2", "r3"):
        answers.append(any(msg == Reply(7) for _, msg in node.receive(backup, Updated(0, 1))))
    assert answers == [have == acks for have in (1, 2, 3)]


def test_two_answers_of_one_backup_are_not_two_backups():
    node = isolate(replica("r1", acks=3))
    node.receive("alice", put(7))
    assert node.receive("r2", Updated(0, 1)) == node.receive("r2", Updated(0, 1)) == []


def test_an_answer_from_an_earlier_view_counts_for_nothing():
    node = isolate(replica("r2"))
    node.wait(3 * 50)
    node.receive("r3", Handover(node.node.view, 0, ()))
    assert node.node.primary
    node.receive("alice", put(7))
    assert node.receive("r3", Updated(0, 1)) == []
    assert node.receive("r3", Updated(node.node.view, 1)) == [("alice", Reply(7))]


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_one_operation_costs_2n_messages_request_and_answer_included(n):
    names = tuple(f"r{i + 1}" for i in range(n))
    sim = Simulation(
        *(replica(name, n, names, period=1_000.0, timeout=2_000.0) for name in names),
        ScriptClient("alice", service="r1", script=[("put", "x", 1)], start=100.0, timeout=500.0),
    ).run(until=900)
    sent = sim.trace.where(kind="send", after=100)
    assert [op.status for op in sim.history] == ["ok"]
    assert len(sent) == 2 * n
    assert sum(type(event.msg) is Update for event in sent) == sum(type(e.msg) is Updated for e in sent) == n - 1


def test_a_repeated_request_is_carried_out_once_and_answered_again():
    node = isolate(replica("r1"))
    add = Request(7, "append", "x", "a")
    node.receive("alice", add)
    node.receive("r2", Updated(0, 1))
    assert node.receive("alice", add) == [("alice", Reply(7))]
    node.receive("alice", Request(8, "get", "x"))
    assert node.receive("r2", Updated(0, 2)) == [("alice", Reply(8, "a"))]


def test_the_table_answers_as_the_sequential_model_does():
    table = {}
    asks = [("get", None), ("append", "a"), ("append", "b"), ("get", None), ("cas", ("ab", "c")), ("cas", ("x", "d"))]
    answers = [execute(table, Request(i, f, "x", arg)) for i, (f, arg) in enumerate(asks)]
    assert answers == [None, None, None, "ab", True, False]
    assert table == {"x": "c"}


# ---------------------------------------------------------------- Pb1 to Pb4


def test_pb1_without_lost_messages_there_is_never_more_than_one_primary():
    for seed in range(25):
        sim = service(seed, script=[("put", "x", i) for i in range(20)])
        sim.at(100 + seed, sim.crash, "r1")
        sim.at(400 + seed, sim.crash, "r2")
        sim.always(lambda sim: len(primaries(sim)) <= 1)
        sim.run(until=350)
        assert primaries(sim) == ["r2"], f"seed {seed}"


def test_pb1_a_primary_that_is_up_and_heard_is_never_suspected():
    for seed in range(10):
        sim = service(seed).run(until=2_000)
        assert not [event for event in sim.trace if type(event.msg) is TakeOver], f"seed {seed}"


def test_pb2_a_client_that_is_not_answered_asks_the_next_server():
    sim = service(script=[("put", "x", 1)], start=10.0)
    sim.at(5, sim.crash, "r1")
    sim.run(until=400)
    asked = [event.dest for event in sim.trace.where(kind="send", src="alice")]
    assert asked[:2] == ["r1", "r2"]
    assert sim.history[0].status == "ok"


def test_pb3_a_backup_carries_out_no_request_and_passes_none_on():
    node = isolate(replica("r2"))
    assert node.receive("alice", put(7)) == []
    assert node.node.disk.get("log", (0, ()))[1] == ()


@pytest.mark.parametrize(("n", "acks", "rounds"), [(2, 2, 0), (3, 3, 0), (3, 2, 1), (5, 3, 1)])
def test_pb4_after_a_crash_the_next_in_line_leads_within_tau_plus_2_delta_and_one_round_if_it_must_ask(n, acks, rounds):
    """With acks = N every backup has all that was answered, and asks nobody: the bound of the simple protocol."""
    latest = 0.0
    for seed in range(15):
        sim = service(seed, n, acks)
        at = 200 + 7.3 * seed
        sim.at(at, sim.crash, "r1")
        took_over = sim.sometimes(lambda sim: primaries(sim) == ["r2"])
        sim.run(until=at + 300)
        latest = max(latest, took_over.held_at - at)
        assert took_over.held_at - at <= PERIOD + 2 * DELTA + rounds * 2 * DELTA, f"seed {seed}"
    assert latest > PERIOD, "the bound is not reached by far: this says little"


def test_pb4_one_crash_of_three_is_survived_and_nothing_that_was_answered_is_lost():
    for seed in range(15):
        sim = service(seed, script=[line for i in range(20) for line in (("put", "x", i), ("get", "x"))])
        sim.at(50 + 5 * seed, sim.crash, "r1")
        sim.run(until=2_500)
        assert [op.status for op in sim.history] == ["ok"] * 40, f"seed {seed}"
        assert check_linearizable(sim.history, KeyValue()), f"seed {seed}"


def test_with_links_that_fail_two_servers_are_too_few_and_nobody_answers_rather_than_both():
    """Budhiraja et al. 1992: f failures of servers and links need more than f + 1 servers."""
    sim = service(n=2, acks=2, script=[("put", "x", 1)] * 5, start=100.0)
    sim.at(50, sim.network.cut, "r1", "r2")
    sim.run(until=1_000)
    assert primaries(sim) == ["r1", "r2"]
    assert not [op for op in sim.history if op.status == "ok"]


# ---------------------------------------------------------------- fail-over


def test_the_line_waits_one_timeout_longer_at_each_place():
    waits = {name: isolate(replica(name)).timers.get("silence") for name in NAMES}
    assert waits == {"r1": None, "r2": 50.0, "r3": 100.0}


def test_a_new_primary_takes_the_longest_log_of_the_latest_view():
    node = isolate(replica("r2", acks=3, names=("r1", "r2", "r3", "r4", "r5")))
    node.receive("r1", Update(0, (put(1), put(2), put(3))))
    assert {type(msg) for _, msg in node.wait(50)} == {TakeOver}
    node.receive("r4", Handover(1, 0, (put(1),)))
    assert not node.node.primary, "two of five: a group of three may have done without both"
    node.receive("r5", Handover(1, 0, (put(1), put(2), put(3), put(4))))
    assert node.node.primary
    assert [request.id for request in node.node._log] == [1, 2, 3, 4]


def test_a_short_log_of_a_later_view_beats_a_long_one_of_an_earlier():
    node = isolate(replica("r3"))
    node.receive("r1", Update(0, (put(1), put(2))))
    node.wait(100)
    node.receive("r2", Handover(node.node.view, 1, (put(3),)))
    assert [request.id for request in node.node._log] == [3]


def test_whoever_joined_a_view_refuses_the_primary_of_an_earlier_one_even_after_a_crash():
    node = isolate(replica("r3"))
    [(_, answer)] = node.receive("r2", TakeOver(1))
    assert answer == Handover(1, 0, ())
    node.crash()
    node.restart()
    assert node.receive("r1", Update(0, (put(1),))) == []
    assert node.receive("r2", Update(1, ())) == [("r2", Updated(1, 0))]


def test_a_primary_that_hears_of_a_later_view_steps_down():
    node = isolate(replica("r1"))
    assert node.node.primary
    node.receive("r2", Update(1, ()))
    assert not node.node.primary
    assert "beat" not in node.timers


def test_a_primary_that_crashed_comes_back_as_a_backup():
    node = isolate(replica("r1"))
    node.receive("alice", put(1))
    node.crash()
    assert node.restart() == []
    assert not node.node.primary
    assert [request.id for request in node.node._log] == [1]


def test_a_claim_made_before_a_crash_makes_nobody_primary_after_it():
    node = isolate(replica("r2"))
    node.wait(50)
    node.crash()
    node.restart()
    node.receive("r3", Handover(1, 0, ()))
    assert not node.node.primary


def test_an_update_that_was_overtaken_on_its_way_shortens_no_log():
    node = isolate(replica("r2"))
    node.receive("r1", Update(0, (put(1), put(2))))
    assert node.receive("r1", Update(0, (put(1),))) == [("r1", Updated(0, 2))]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("acks", [0, 4])
def test_more_acks_than_servers_or_none_are_refused_with_the_range(acks):
    with pytest.raises(ValueError, match=rf"acks={acks} of 3 servers: write 1 to 3"):
        replica("r1", acks)


def test_a_primary_without_backups_is_refused():
    with pytest.raises(ValueError, match="'r1' has no peers, so nobody can take over"):
        Replica("r1", acks=1)


@pytest.mark.parametrize(("period", "timeout"), [(20, 20), (0, 10), (20, float("inf")), (-1, 5)])
def test_a_timeout_not_above_the_period_is_refused(period, timeout):
    with pytest.raises(ValueError, match="a timeout above the period"):
        replica("r1", period=period, timeout=timeout)


def test_an_unknown_operation_is_refused_and_not_logged():
    node = isolate(replica("r1"))
    [(user, answer)] = node.receive("alice", Request(1, "swap", "x"))
    assert (user, type(answer)) == ("alice", Refusal)
    assert node.node._log == ()


# ---------------------------------------------------------------- in danger


def verdicts(kind, seeds):
    runs = (TRIAL.build(seed, kind).run(until=TRIAL.until_ms) for seed in seeds)
    return [TRIAL.judge(sim) for sim in runs]


def test_the_store_is_linearizable_under_crashes_pauses_and_cuts():
    assert not [text for text in verdicts(Replica, range(60)) if text]


@pytest.mark.parametrize("kind", TRIAL.wrong)
def test_each_wrong_variant_is_caught(kind):
    assert kind.__doc__
    assert any(verdicts(kind, range(60)))


def test_two_runs_from_one_seed_are_the_same_and_from_another_are_not():
    rows = [[(op.f, op.result, op.completed) for op in TRIAL.build(s, Replica).run(900).history] for s in (4, 4, 5)]
    assert [a == b for a, b in pairwise(rows)] == [True, False]
