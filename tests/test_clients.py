"""Clients: scripts, load, time-outs, retries and what the history says of them."""

from itertools import pairwise
from math import sqrt

import pytest

from dslib import (
    LoadClient,
    Network,
    Node,
    Refusal,
    Register,
    Reply,
    Retry,
    ScriptClient,
    Simulation,
)


class Store(Node):
    """A register that can be told to refuse."""

    refuse = False

    def on_start(self):
        self.value = self.disk.get("value")

    def on_request(self, src, msg):
        if self.refuse:
            self.send(src, Refusal(msg.id, "closed"))
        elif msg.f == "write":
            self.disk["value"] = self.value = msg.arg
            self.send(src, Reply(msg.id))
        else:
            self.send(src, Reply(msg.id, self.value))


SCRIPT = (("write", None, 1), ("read",), ("write", None, 2), ("read",))


def test_a_script_is_asked_line_by_line_and_the_answers_are_recorded():
    sim = Simulation(Store("s"), ScriptClient("alice", service="s", script=SCRIPT, start=10, think=5)).run()
    assert [(op.f, op.arg, op.result, op.status) for op in sim.history] == [
        ("write", 1, None, "ok"), ("read", None, 1, "ok"), ("write", 2, None, "ok"), ("read", None, 2, "ok"),
    ]  # fmt: skip
    ops = list(sim.history)
    assert ops[0].invoked == 10
    assert all(b.invoked == a.completed + 5 for a, b in pairwise(ops))
    from dslib.checkers import check_linearizable

    assert check_linearizable(sim.history, Register())


def test_a_time_out_leaves_info_and_the_client_goes_on_as_a_new_process():
    sim = Simulation(Store("s"), ScriptClient("alice", service="s", script=SCRIPT, timeout=50))
    sim.at(0, sim.crash, "s")
    sim.at(75, sim.restart, "s")
    sim.run()
    assert [(op.process, op.status) for op in sim.history] == [
        ("alice", "info"), ("alice#2", "info"), ("alice#3", "ok"), ("alice#3", "ok"),
    ]  # fmt: skip


def test_a_refusal_is_a_fail_only_if_no_earlier_attempt_may_have_been_carried_out():
    sim = Simulation(Store("s", refuse=True), ScriptClient("alice", service="s", script=SCRIPT[:1])).run()
    assert sim.history[0].status == "fail"
    client = ScriptClient("alice", service=("s", "t"), script=SCRIPT[:1], timeout=50, retry=Retry(times=1))
    sim = Simulation(Store("s"), Store("t", refuse=True), client)
    sim.at(5, sim.network.cut, "s", "alice")  # s may hear the request; its answer is lost
    sim.run()
    assert sim.history[0].status == "info"


def test_retries_ask_the_next_server_under_the_same_id():
    client = ScriptClient("alice", service=("s", "t"), script=SCRIPT[:2], timeout=50, retry=Retry(times=3))
    sim = Simulation(Store("s"), Store("t"), client)
    sim.at(0, sim.crash, "s")
    sim.run()
    asked = [(e.dest, e.msg.id) for e in sim.trace.where(kind="send", src="alice")]
    assert asked == [("s", 0), ("t", 0), ("t", 1)]
    assert [op.status for op in sim.history] == ["ok", "ok"]


def test_backoff_doubles_and_jitter_shortens_it():
    def gaps(jitter):
        retry = Retry(times=4, backoff_ms=100, jitter=jitter)
        sim = Simulation(Store("s"), ScriptClient("a", service="s", script=SCRIPT[:1], timeout=10, retry=retry), seed=3)
        sim.at(0, sim.crash, "s")
        times = [e.time for e in sim.run().trace.where(kind="send", src="a")]
        return [b - a for a, b in pairwise(times)]

    assert gaps(jitter=False) == [110, 210, 410, 810]
    jittered = gaps(jitter=True)
    assert all(10 <= gap <= full for gap, full in zip(jittered, [110, 210, 410, 810], strict=True))
    assert jittered != gaps(jitter=False)


def test_a_retry_budget_bounds_the_repetitions_to_its_share():
    retry = Retry(times=3, budget=0.1)
    load = LoadClient("users", service="s", rate=100, operation=("read",), timeout=20, retry=retry, stop=20_000)
    sim = Simulation(Store("s"), load, seed=1)
    sim.at(0, sim.crash, "s")
    sim.run()
    tries, operations = len(sim.trace.where(kind="send", src="users")), len(sim.history)
    assert operations > 1_900
    assert 0.09 < tries / operations - 1 <= 0.1


def test_load_arrives_at_its_rate_whether_or_not_it_is_answered():
    for spacing in ("random", "even"):
        load = LoadClient(
            "users", service="s", rate=50, spacing=spacing, operation=("read",), start=1_000, stop=101_000
        )
        sim = Simulation(Store("s"), load, network=Network(loss=0.5), seed=5, trace="off").run()
        n = len(sim.history)
        assert abs(n - 5_000) <= (4 * sqrt(5_000) if spacing == "random" else 1), (spacing, n)
        assert min(op.invoked for op in sim.history) > 1_000
        assert max(op.invoked for op in sim.history) <= 101_000


def test_a_load_is_many_users_so_an_answer_counts_although_the_next_one_has_asked():
    load = LoadClient("users", service="s", rate=1_000, operation=("read",), timeout=500, stop=200)
    sim = Simulation(Store("s"), load, network=Network(latency=(20, 40)), seed=5).run()
    waiting = max(sum(op.invoked <= at.invoked < op.completed for op in sim.history) for at in sim.history)
    assert waiting > 20, "the load never overlapped, so this says nothing"
    assert all(op.status == "ok" for op in sim.history), sim.history
    by_process = {}
    for op in sim.history:
        assert by_process.get(op.process, 0.0) <= op.invoked, f"{op.process} asked twice at once, seed=5"
        by_process[op.process] = op.completed


def test_an_operation_may_be_a_function_of_its_number_and_the_clients_dice():
    load = LoadClient(
        "u", service="s", rate=100, operation=lambda n, dice: ("write", None, (n, dice.random())), stop=500
    )
    first, second = (Simulation(Store("s"), load_, seed=2).run() for load_ in (load, _copy_of(load)))
    assert [op.arg[0] for op in first.history] == list(range(len(first.history)))
    assert first.trace.digest() == second.trace.digest()


def _copy_of(client):
    args, settings = client._arguments
    return type(client)(*args, **settings)


def test_a_crashed_client_resumes_its_script_and_leaves_its_open_operation_unknown():
    sim = Simulation(Store("s"), ScriptClient("alice", service="s", script=SCRIPT, think=20), seed=1)
    sim.at(2, sim.crash, "alice")
    sim.at(100, sim.restart, "alice")
    sim.run()
    assert [(op.f, op.status) for op in sim.history] == [
        ("write", "info"), ("read", "ok"), ("write", "ok"), ("read", "ok"),
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [{"times": -1}, {"backoff_ms": float("inf")}, {"budget": -0.1}])
def test_an_impossible_retry_policy_is_refused(wrong):
    with pytest.raises(ValueError, match="write a number, 0 or more"):
        Retry(**wrong)


@pytest.mark.parametrize(
    ("wrong", "says"), [({"rate": 0}, "operations a second"), ({"spacing": "odd"}, "spacing 'odd'")]
)
def test_an_impossible_load_is_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        Simulation(Store("s"), LoadClient("u", service="s", **wrong)).run(until=1)
