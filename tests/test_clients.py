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


@pytest.mark.parametrize("script", ["get", ["get"], [None], [()], [("put", "x", 1, 2)], [("get", "x"), (7,)]])
def test_a_script_with_a_line_that_is_no_operation_is_refused_before_it_is_asked(script):
    sim = Simulation(Store("s"), ScriptClient("alice", service="s", script=script))
    with pytest.raises(ValueError, match=r"write \(f, key, arg\), such as"):
        sim.run(until=0)
    assert not sim.history


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


# -- tenants, rates that change, surges ----------------------------------------------------------------------------


class Guestbook(Node):
    """Answers everybody and remembers on whose behalf they asked."""

    def on_start(self):
        self.tenants = []

    def on_request(self, src, msg):
        self.tenants.append((src, msg.tenant))
        self.send(src, Reply(msg.id))


def test_a_request_says_on_whose_behalf_it_is_and_that_is_the_client_itself_if_nobody_else():
    clients = [
        ScriptClient("app", service="s", script=[("get",)], tenant="acme"),
        ScriptClient("bob", service="s", script=[("get",)], start=100),
        LoadClient("web", service="s", rate=1, spacing="even", start=1_000, stop=2_000, tenant="acme"),
    ]
    sim = Simulation(Guestbook("s"), *clients).run()
    assert sim.nodes["s"].tenants == [("app", "acme"), ("bob", "bob"), ("web", "acme")]


def test_every_attempt_at_an_operation_is_for_the_same_tenant():
    client = ScriptClient("app", service=("s", "t"), script=[("get",)], tenant="acme", timeout=50, retry=Retry(times=1))
    sim = Simulation(Guestbook("s"), Guestbook("t"), client)
    sim.at(0, sim.crash, "s")
    sim.run()
    assert [event.msg.tenant for event in sim.trace.where(kind="send", src="app")] == ["acme", "acme"]


def asked(rate, until, seed, at=(), **settings):
    """The times at which a load asks, with surges ``(ms, factor)``."""
    load = LoadClient("web", service="s", rate=rate, operation=("read",), timeout=1, stop=until, **settings)
    sim = Simulation(Store("s"), load, network=Network(loss=1), seed=seed, trace="off")
    for time, factor in at:
        sim.at(time, sim.act, "web", "surge", factor)
    return [op.invoked for op in sim.run(until=until).history]


def by_the_hour(now):
    """Quiet, busy, nothing, busy: a quarter of the time each."""
    return (20.0, 100.0, 0.0, 60.0)[int(now // 2_500) % 4]


def test_a_rate_that_changes_with_time_gives_each_stretch_of_time_its_number():
    totals = [0, 0, 0, 0]
    for seed in range(20):
        for time in asked(by_the_hour, 9_999, seed, peak=120):
            totals[int(time // 2_500)] += 1
    for found, mean in zip(totals, (1_000, 5_000, 0, 3_000), strict=True):
        assert abs(found - mean) <= 4 * sqrt(mean), totals  # a Poisson number is off by four deviations once in 16 000


def test_the_peak_may_be_higher_than_need_be_without_changing_the_load():
    for peak in (40, 400):
        n = sum(len(asked(lambda now: 40.0, 5_000, seed, peak=peak)) for seed in range(20))
        assert abs(n - 4_000) <= 4 * sqrt(4_000), (peak, n)


def test_a_changing_rate_gives_a_poisson_process_and_not_an_even_one():
    counts = [len(asked(lambda now: 50.0, 2_000, seed, peak=80)) for seed in range(60)]
    mean = sum(counts) / 60
    variance = sum((n - mean) ** 2 for n in counts) / 59
    assert 0.5 < variance / mean < 1.7  # 99.9 % of the time for a Poisson number, which has its mean for its variance


def test_a_rate_above_its_peak_is_refused_with_both_numbers_and_the_time():
    with pytest.raises(
        ValueError, match=r"client 'web' has a rate of 100.0 at 2\d\d\d.* ms, and peak=50: write the high"
    ):
        asked(by_the_hour, 9_999, 1, peak=50)


@pytest.mark.parametrize("gives", [-1.0, float("nan"), None, "many"])
def test_a_rate_function_that_gives_no_rate_is_refused(gives):
    with pytest.raises(ValueError, match=r"client 'web' has a rate of .* at .* ms: return a number, 0 or more"):
        asked(lambda now: gives, 1_000, 1, peak=50)


def test_a_surge_multiplies_the_rate_from_then_on_until_it_ends():
    totals = [0, 0, 0]
    for seed in range(20):
        for time in asked(20, 6_000, seed, at=[(2_000, 5), (4_000, 1)]):
            totals[min(int(time // 2_000), 2)] += 1
    for found, mean in zip(totals, (800, 4_000, 800), strict=True):
        assert abs(found - mean) <= 4 * sqrt(mean), totals


def test_a_surge_multiplies_a_rate_that_changes_even_above_its_peak():
    totals = [0, 0, 0, 0]
    for seed in range(10):
        for time in asked(by_the_hour, 9_999, seed, peak=100, at=[(2_500, 3)]):
            totals[int(time // 2_500)] += 1
    for found, mean in zip(totals, (500, 7_500, 0, 4_500), strict=True):
        assert abs(found - mean) <= 4 * sqrt(mean), totals


def test_a_surge_of_an_even_load_is_even():
    times = asked(10, 2_000, 1, at=[(1_010, 4), (1_520, 1)], spacing="even")
    assert times == [*range(100, 1_001, 100), *range(1_035, 1_520, 25), *range(1_620, 2_001, 100)]


def test_before_the_surge_all_is_as_without_it():
    calm, surging = asked(20, 4_000, 3), asked(20, 4_000, 3, at=[(2_000, 10)])
    assert [time for time in calm if time < 2_000] == [time for time in surging if time < 2_000]
    assert len(surging) > 3 * len(calm)


def test_a_surge_opens_no_door_before_the_start_nor_after_the_stop():
    times = asked(20, 3_000, 1, start=2_000, at=[(500, 50)])
    assert min(times) > 2_000
    assert 900 < len(times) < 1_100
    load = LoadClient("web", service="s", rate=20, operation=("read",), timeout=1, stop=1_000)
    sim = Simulation(Store("s"), load, seed=1)
    sim.at(2_000, sim.act, "web", "surge", 50)
    assert max(op.invoked for op in sim.run(until=5_000).history) <= 1_000


@pytest.mark.parametrize("factor", [0, -1, "ten"])
def test_an_impossible_surge_is_refused(factor):
    with pytest.raises(ValueError, match=r"client 'web' was told to surge by .*: write a factor above 0"):
        asked(20, 100, 1, at=[(50, factor)])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rate": by_the_hour}, r"rate that changes with time: write the highest it can be, peak=100"),
        ({"rate": by_the_hour, "peak": 100, "spacing": "even"}, 'and spacing="random"'),
        ({"rate": by_the_hour, "peak": 0}, "has peak 0: write operations a second, above 0"),
        ({"rate": -5}, "has rate -5: write operations a second, above 0"),
        ({"rate": "50"}, "has rate '50': write operations a second"),
        ({"operation": "get"}, r"the operation 'get': write a tuple, \('get',\)"),
        ({"timeout": -1}, "timeout=-1: write ms, 0 or more"),
        ({"service": ()}, r"no service to ask: write service='r1'"),
    ],
)
def test_a_load_that_cannot_be_is_refused_by_name(wrong, says):
    with pytest.raises(ValueError, match=f"client 'u'.*{says}"):
        Simulation(Store("s"), LoadClient("u", **{"service": "s", **wrong})).run(until=1)


def test_a_client_that_was_told_no_service_says_so():
    with pytest.raises(ValueError, match="client 'u' has no service to ask: write service='r1'"):
        Simulation(ScriptClient("u", script=[("get",)])).run()
