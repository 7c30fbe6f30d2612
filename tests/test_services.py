"""Servers and balancers: who is served when, who is refused, and what becomes of the rest."""

from itertools import pairwise

import pytest

from dslib import LoadClient, Network, Node, Request, Retry, ScriptClient, Simulation
from dslib.network import Exponential
from dslib.resilience import Bulkhead, Cache, CircuitBreaker, Quarantine, RateLimit
from dslib.services import LATER, Balancer, Do, Server, fingerprint


class Asker(Node):
    """Sends requests when it is told, and keeps every answer with its time."""

    to = "s"

    def on_start(self):
        self.answers = []

    def act_ask(self, id, f="get", key=None, arg=None, tenant=""):
        self.send(self.to, Request(id, f, key, arg, tenant))

    def act_tell(self, node, what, *args):
        self.send(node, Do(what, args))

    def on_reply(self, src, msg):
        self.answers.append((self._sim.now, msg.id, msg.result))

    def on_refusal(self, src, msg):
        self.answers.append((self._sim.now, msg.id, msg.reason))


class Named(Server):
    """Answers with its name."""

    def answer(self, src, msg):
        return self.name


class Found(Server):
    """Answers with what its dependencies said."""

    def answer(self, src, msg):
        return tuple(self.found.items())


def run(*nodes, asks, to="s", until=None, faults=(), seed=1):
    """Requests on a network without delay: each ask is (ms, id, f, key, arg, tenant), the last four may be missing."""
    sim = Simulation(*nodes, Asker("asker", to=to), network=Network(latency=0), seed=seed)
    for time, *ask in asks:
        sim.at(time, sim.act, "asker", "ask", *ask)
    for time, what, *args in faults:
        sim.at(time, getattr(sim, what), *args)
    return sim.run(until=until)


def answers(sim):
    return sim.nodes["asker"].answers


def taken(sim, node):
    """The numbers of the requests that reached a node."""
    return [
        event.msg.id for event in sim.trace.where(kind="deliver") if event.dest == node and type(event.msg) is Request
    ]


# -- a server's capacity -------------------------------------------------------------------------------------------


def test_requests_are_served_one_after_the_other_in_the_order_of_their_coming():
    sim = run(Server("s", service=10), asks=[(0, 3), (1, 1), (2, 2)])
    assert [answer[:2] for answer in answers(sim)] == [(10, 3), (20, 1), (30, 2)]


def test_as_many_are_served_at_once_as_there_are_workers():
    sim = run(Server("s", workers=3, service=10), asks=[(0, id) for id in range(7)])
    assert [time for time, *_ in answers(sim)] == [10, 10, 10, 20, 20, 20, 30]


def test_a_server_counts_who_is_waiting_inside_and_served():
    sim = run(Server("s", workers=2, service=10), asks=[(0, id) for id in range(5)], until=5)
    server = sim.nodes["s"]
    assert (server.busy, server.waiting, server.inside, server.served) == (2, 3, 5, 0)
    sim.run()
    assert (server.busy, server.waiting, server.inside, server.served) == (0, 0, 0, 5)


def test_a_service_time_may_be_a_range_or_a_law():
    def times(service):
        sim = run(Server("s", service=service), asks=[(0, id) for id in range(400)])
        return [b[0] - a[0] for a, b in pairwise(answers(sim))]

    uniform = times((5, 15))
    assert 5 <= min(uniform) < 6
    assert 14 < max(uniform) <= 15
    exponential = times(Exponential(10))
    assert min(exponential) < 1
    assert max(exponential) > 30
    assert abs(sum(exponential) / len(exponential) - 10) < 2  # four standard errors of 400 draws


def test_work_may_depend_on_what_is_asked():
    class Sized(Server):
        def work_ms(self, msg):
            return msg.arg

    sim = run(Sized("s"), asks=[(0, 1, "get", None, 30), (0, 2, "get", None, 5)])
    assert [answer[:2] for answer in answers(sim)] == [(30, 1), (35, 2)]


def test_a_slow_server_takes_longer():
    sim = run(Server("s", service=10), asks=[(1, 1)], faults=[(0, "slow", "s", 4)])
    assert answers(sim)[0][0] == 41


# -- bounds --------------------------------------------------------------------------------------------------------


def test_who_comes_when_the_queue_is_full_is_refused_at_once():
    sim = run(Server("s", service=10, queue_bound=2), asks=[(0, id) for id in range(5)])
    assert answers(sim) == [(0, 3, "full"), (0, 4, "full"), (10, 0, None), (20, 1, None), (30, 2, None)]
    assert sim.nodes["s"].refused == 2


def test_a_queue_bound_of_zero_lets_nobody_wait():
    sim = run(Server("s", service=10, queue_bound=0), asks=[(0, 1), (0, 2), (10, 3)])
    assert [answer[1:] for answer in answers(sim)] == [(2, "full"), (1, None), (3, None)]


def test_a_server_whose_memory_is_full_dies_with_all_that_wait():
    sim = run(Server("s", service=10, memory_bound=2), asks=[(0, id) for id in range(4)])
    assert answers(sim) == []
    (crash,) = sim.trace.where(kind="crash", src="s")
    assert crash.detail == "out of memory"


def test_a_restarted_server_has_forgotten_its_queue_and_serves_the_next():
    faults = [(5, "crash", "s"), (6, "restart", "s")]
    sim = run(Server("s", service=10), asks=[(0, 1), (1, 2), (7, 3)], faults=faults)
    assert answers(sim) == [(17, 3, None)]
    assert sim.nodes["s"].served == 1


def test_a_server_serves_whoever_has_waited_although_its_client_gave_up_long_ago():
    client = ScriptClient("c", service="s", timeout=15, script=[("a",), ("b",), ("c",)])
    sim = Simulation(Server("s", service=20), client, network=Network(latency=0)).run()
    assert [op.status for op in sim.history] == ["info"] * 3
    assert sim.nodes["s"].served == 3


def test_a_limit_is_for_each_tenant_not_for_each_client():
    limit = RateLimit(rate=10)
    asks = [(0, 1, "get", None, None, "acme"), (1, 2, "get", None, None, "acme"), (2, 3, "get", None, None, "bob")]
    sim = run(Server("s", service=1, limit=limit), asks=[*asks, (100, 4, "get", None, None, "acme")])
    assert answers(sim) == [(1, 1, None), (1, 2, "limit"), (3, 3, None), (101, 4, None)]


def test_a_request_for_no_tenant_counts_for_its_sender():
    sim = run(Server("s", service=1, limit=RateLimit(rate=1)), asks=[(0, 1), (0, 2)])
    assert [answer[1:] for answer in answers(sim)] == [(2, "limit"), (1, None)]


def test_two_servers_with_one_limit_as_their_setting_count_apart_and_a_restart_forgets():
    limit = RateLimit(rate=0.001)
    nodes = [
        Server("s", service=1, limit=limit),
        Server("t", service=1, limit=limit),
        Balancer("b", backends=("s", "t")),
    ]
    asks = [(0, 1), (0, 2), (10, 3), (10, 4), (30, 5), (30, 6)]
    sim = run(*nodes, asks=asks, to="b", faults=[(20, "crash", "s"), (21, "restart", "s")])
    served = [id for _, id, why in answers(sim) if why is None]
    assert served[:2] == [1, 2]
    assert len(served) == 3, "after its restart s has a full bucket, and t has not"


def test_a_service_may_refuse_by_rules_of_its_own():
    class Picky(Server):
        def admit(self, src, msg):
            return "no writes" if msg.f == "write" else ""

    sim = run(Picky("s", service=1), asks=[(0, 1, "write"), (0, 2, "read")])
    assert answers(sim) == [(0, 1, "no writes"), (1, 2, None)]


def test_an_answer_that_comes_later_does_not_keep_a_worker():
    class Patient(Server):
        def answer(self, src, msg):
            self.set_timer("ripe", 100, src, msg, key=msg.id)
            return LATER

        def on_ripe_timeout(self, src, msg):
            if msg.f == "write":
                self.refuse(src, msg, "changed my mind")
            else:
                self.reply(src, msg, "ripe")

    sim = run(Patient("s", service=10), asks=[(0, 1), (0, 2, "write"), (0, 3)])
    assert answers(sim) == [(110, 1, "ripe"), (120, 2, "changed my mind"), (130, 3, "ripe")]
    assert (sim.nodes["s"].served, sim.nodes["s"].refused) == (2, 1)


def test_a_health_check_is_answered_although_all_workers_are_busy():
    sim = run(
        Server("s", service=1_000), Balancer("b", backends=("s",), health_every=10, health_timeout=5, fall=1),
        asks=[(0, 1)], until=500,
    )  # fmt: skip
    assert sim.nodes["s"].busy == 1
    assert sim.nodes["b"].live == 1


def test_whoever_may_acts_on_a_server():
    class Dial(Server):
        def act_turn(self, to):
            self.turned = to

    sim = run(Dial("s"), asks=[], faults=[(0, "act", "asker", "tell", "s", "turn", 7)])
    assert sim.nodes["s"].turned == 7


@pytest.mark.parametrize("node", [Server("s"), Balancer("s", backends=("asker",))])
def test_an_order_that_a_node_does_not_know_says_what_to_add(node):
    with pytest.raises(AttributeError, match=r"was told by 'asker' to turn, and defines no act_turn: add it"):
        run(node, asks=[], faults=[(0, "act", "asker", "tell", "s", "turn")])


# -- dependencies --------------------------------------------------------------------------------------------------


def test_a_request_is_answered_after_its_dependencies_were_asked_one_after_the_other():
    nodes = [Found("s", service=1, depends_on=("d", "e")), Named("d", service=10), Named("e", service=20)]
    sim = run(*nodes, asks=[(0, 7, "get", "k", "v", "acme")])
    assert answers(sim) == [(31, 7, (("d", "d"), ("e", "e")))]
    (asked,) = [event.msg for event in sim.trace.where(kind="send", src="s") if event.dest == "d"]
    assert (asked.f, asked.key, asked.arg, asked.tenant) == ("get", "k", "v", "acme")


def test_a_service_may_need_its_dependency_for_some_requests_only():
    class Reader(Found):
        def needs(self, msg):
            return self.depends_on if msg.f == "read" else ()

    sim = run(Reader("s", service=1, depends_on=("d",)), Named("d"), asks=[(0, 1, "write"), (5, 2, "read")])
    assert [answer[1:] for answer in answers(sim)] == [(1, ()), (2, (("d", "d"),))]


def test_without_patience_a_dependency_that_is_gone_takes_a_worker_for_ever():
    sim = run(Server("s", service=1, depends_on=("d",)), Server("d"), asks=[(1, 1), (2, 2)], faults=[(0, "crash", "d")])
    assert answers(sim) == []
    assert (sim.nodes["s"].busy, sim.nodes["s"].waiting) == (1, 1)


def test_with_patience_it_is_refused_and_the_worker_is_free_for_the_next():
    nodes = [Server("s", service=1, depends_on=("d",), patience=50), Server("d")]
    sim = run(*nodes, asks=[(1, 1), (2, 2)], faults=[(0, "crash", "d")])
    assert answers(sim) == [(52, 1, "d: no answer"), (103, 2, "d: no answer")]
    assert sim.nodes["s"].busy == 0


def test_an_answer_that_comes_too_late_is_ignored():
    nodes = [Server("s", service=1, depends_on=("d",), patience=50), Server("d", service=80)]
    sim = run(*nodes, asks=[(0, 1)])
    assert answers(sim) == [(51, 1, "d: no answer")]
    assert sim.nodes["s"].served == 0


class Echo(Server):
    """Answers with what it was asked."""

    def answer(self, src, msg):
        return msg.arg


def test_an_answer_to_a_request_of_before_the_crash_is_not_taken_for_another():
    nodes = [Found("s", service=1, depends_on=("d",)), Echo("d", workers=2, service=50)]
    asks = [(0, 1, "get", None, "old"), (20, 2, "get", None, "new")]
    sim = run(*nodes, asks=asks, faults=[(10, "crash", "s"), (11, "restart", "s")])
    assert answers(sim) == [(71, 2, (("d", "new"),))]


def test_two_servers_that_ask_through_one_balancer_get_each_its_own_answer():
    class Sized(Echo):
        def work_ms(self, msg):
            return msg.arg

    nodes = [Found(name, service=1, depends_on=("b",)) for name in ("s", "t")]
    behind = [Balancer("b", backends=("d",)), Sized("d", workers=2)]
    sim = run(*nodes, *behind, Balancer("door", backends=("t", "s")), to="door",
        asks=[(0, 1, "get", None, 50), (0, 2, "get", None, 20)])  # fmt: skip
    assert answers(sim) == [(21, 2, (("b", 20),)), (51, 1, (("b", 50),))]


def test_a_refusal_by_a_dependency_is_passed_on_with_its_reason():
    nodes = [Server("s", workers=2, service=1, depends_on=("d",)), Server("d", service=10, queue_bound=0)]
    assert answers(run(*nodes, asks=[(0, 1), (0, 2)])) == [(1, 2, "d: full"), (11, 1, None)]


def test_an_optional_dependency_is_done_without():
    nodes = [Found("s", service=1, depends_on=("d", "e"), optional=("d",), patience=50), Named("d"), Named("e")]
    sim = run(*nodes, asks=[(1, 1)], faults=[(0, "crash", "d")])
    assert answers(sim) == [(62, 1, (("e", "e"),))]


def test_a_breaker_stops_asking_a_dependency_that_does_not_answer_and_tries_again():
    breaker = CircuitBreaker(failures=2, open_ms=1_000)
    nodes = [Found("s", service=1, depends_on=("d",), patience=50, breaker=breaker), Named("d", service=1)]
    asks = [(10, 1), (100, 2), (200, 3), (1_300, 4), (1_400, 5)]
    sim = run(*nodes, asks=asks, faults=[(0, "crash", "d"), (1_000, "restart", "d")])
    good = (("d", "d"),)
    assert answers(sim) == [
        (61, 1, "d: no answer"), (151, 2, "d: no answer"), (201, 3, "d: breaker"), (1_302, 4, good), (1_402, 5, good),
    ]  # fmt: skip


def test_a_bulkhead_keeps_workers_free_from_a_dependency_that_hangs():
    class Reader(Server):
        def needs(self, msg):
            return self.depends_on if msg.f == "read" else ()

    nodes = [Reader("s", workers=3, service=1, depends_on=("d",), bulkhead=Bulkhead(2)), Server("d")]
    asks = [(1, 1, "read"), (1, 2, "read"), (1, 3, "read"), (5, 4, "write")]
    sim = run(*nodes, asks=asks, faults=[(0, "crash", "d")])
    assert answers(sim) == [(2, 3, "d: bulkhead"), (6, 4, None)]


@pytest.mark.parametrize("breaker", [None, CircuitBreaker(failures=100)])
def test_a_place_in_a_bulkhead_is_given_back_whether_the_dependency_answers_or_not(breaker):
    settings = {"patience": 20, "bulkhead": Bulkhead(1), "breaker": breaker}
    nodes = [Server("s", service=1, depends_on=("d",), **settings), Server("d", service=5)]
    asks = [(time, time) for time in range(0, 500, 50)]
    sim = run(*nodes, asks=asks, faults=[(90, "crash", "d"), (290, "restart", "d")])
    assert [why for _, _, why in answers(sim)] == [None] * 2 + ["d: no answer"] * 4 + [None] * 4


def test_dependencies_have_a_breaker_each():
    settings = {"patience": 20, "breaker": CircuitBreaker(failures=1), "optional": ("d", "e")}
    nodes = [Found("s", service=1, depends_on=("d", "e"), **settings), Named("d"), Named("e", service=1)]
    sim = run(*nodes, asks=[(1, 1), (100, 2)], faults=[(0, "crash", "d")])
    assert [result for *_, result in answers(sim)] == [(("e", "e"),)] * 2


def test_a_fresh_answer_from_the_cache_spares_the_dependency():
    nodes = [Found("s", service=1, depends_on=("d",), cache=Cache(ttl_ms=100)), Named("d", service=10)]
    sim = run(*nodes, asks=[(0, 1, "get", "x"), (50, 2, "get", "x"), (60, 3, "get", "y"), (200, 4, "get", "x")])
    assert [time for time, *_ in answers(sim)] == [11, 51, 71, 211]
    assert {result for *_, result in answers(sim)} == {(("d", "d"),)}
    assert len(taken(sim, "d")) == 3


def test_the_cache_answers_only_what_was_asked_before():
    nodes = [Found("s", service=1, depends_on=("d",), cache=Cache(ttl_ms=100)), Echo("d", service=1)]
    sim = run(*nodes, asks=[(0, 1, "write", "x", "a"), (10, 2, "write", "x", "b")])
    assert [result for *_, result in answers(sim)] == [(("d", "a"),), (("d", "b"),)]


def test_an_old_answer_will_do_if_there_is_none():
    cache = Cache(ttl_ms=10, stale_ms=200)
    nodes = [Found("s", service=1, depends_on=("d",), patience=20, cache=cache), Named("d", service=1)]
    sim = run(*nodes, asks=[(0, 1), (100, 2), (300, 3)], faults=[(50, "crash", "d")])
    assert answers(sim) == [(2, 1, (("d", "d"),)), (121, 2, (("d", "d"),)), (321, 3, "d: no answer")]


# -- a balancer's choice -------------------------------------------------------------------------------------------


def served(sim, *names):
    return [sim.nodes[name].served for name in names]


def behind(*names, **settings):
    return [Named(name, **settings) for name in names]


@pytest.mark.parametrize("policy", ["round robin", "random", "least busy", "by key"])
def test_every_policy_answers_every_request_once_and_names_who_served(policy):
    nodes = [*behind("r", "s", "t", service=1), Balancer("b", backends=("r", "s", "t"), policy=policy)]
    sim = run(*nodes, asks=[(id, id, "get", f"key {id % 10}") for id in range(90)], to="b")
    assert [id for _, id, _ in answers(sim)] == list(range(90))
    assert sum(served(sim, "r", "s", "t")) == 90
    assert {name for *_, name in answers(sim)} <= {"r", "s", "t"}


def test_round_robin_gives_all_the_same_number():
    nodes = [*behind("r", "s", "t"), Balancer("b", backends=("r", "s", "t"))]
    sim = run(*nodes, asks=[(0, id) for id in range(9)], to="b")
    assert served(sim, "r", "s", "t") == [3, 3, 3]


def test_random_gives_each_its_share_but_not_in_turns():
    nodes = [*behind("s", "t", service=0), Balancer("b", backends=("s", "t"), policy="random")]
    sim = run(*nodes, asks=[(id, id) for id in range(400)], to="b")
    assert 160 < sim.nodes["s"].served < 240  # four standard deviations
    names = [name for *_, name in answers(sim)]
    assert any(a == b for a, b in pairwise(names))


def test_least_busy_avoids_whoever_has_requests_open():
    nodes = [Named("s", service=100), Named("t", service=1), Balancer("b", backends=("s", "t"), policy="least busy")]
    sim = run(*nodes, asks=[(time, time) for time in range(0, 50, 5)], to="b")
    assert served(sim, "s", "t") == [1, 9]


def test_what_was_given_up_no_longer_makes_a_backend_busy():
    settings = {"policy": "least busy", "timeout": 20}
    nodes = [*behind("s", "t", service=5), Balancer("b", backends=("s", "t"), **settings)]
    asks = [(time, time) for time in range(1, 400, 40)]
    sim = run(*nodes, asks=asks, to="b", faults=[(0, "crash", "s"), (50, "restart", "s")])
    assert served(sim, "s", "t") == [8, 0], "s was avoided for the sake of a request that it never answered"


def test_by_key_a_key_keeps_its_backend_and_only_the_keys_of_one_that_is_out_move():
    keys = [f"room {n}" for n in range(30)]
    settings = {"policy": "by key", "health_every": 10, "health_timeout": 5, "fall": 1}
    nodes = [*behind("r", "s", "t", service=0), Balancer("b", backends=("r", "s", "t"), **settings)]
    asks = [(time, time + n, "get", key) for time in (1, 101) for n, key in enumerate(keys)]
    sim = run(*nodes, asks=asks, to="b", faults=[(50, "crash", "s")], until=200)
    chosen = {id: name for _, id, name in answers(sim)}
    before, after = ({key: chosen[time + n] for n, key in enumerate(keys)} for time in (1, 101))
    assert set(before.values()) == {"r", "s", "t"}
    assert {key for key in keys if before[key] != after[key]} == {key for key in keys if before[key] == "s"}


def test_a_balancer_limits_each_tenant():
    nodes = [Named("s", service=1), Balancer("b", backends=("s",), limit=RateLimit(rate=1))]
    asks = [(0, 1, "get", None, None, "acme"), (1, 2, "get", None, None, "acme"), (2, 3, "get", None, None, "bob")]
    assert sorted(answers(run(*nodes, asks=asks, to="b"))) == [(1, 1, "s"), (1, 2, "limit"), (3, 3, "s")]


# -- retrying elsewhere --------------------------------------------------------------------------------------------


def test_a_request_that_is_not_answered_in_time_goes_to_another_backend():
    nodes = [*behind("s", "t", service=5), Balancer("b", backends=("s", "t"), timeout=50, retry_elsewhere=1)]
    sim = run(*nodes, asks=[(1, 1)], to="b", faults=[(0, "crash", "t")])
    assert answers(sim) == [(56, 1, "s")]


def test_without_a_retry_it_is_not_answered_at_all_because_it_may_have_been_done():
    nodes = [*behind("s", "t", service=80), Balancer("b", backends=("s", "t"), timeout=50)]
    sim = run(*nodes, asks=[(1, 1)], to="b")
    assert answers(sim) == []
    assert served(sim, "s", "t") == [0, 1]


def test_a_refused_request_goes_to_another_backend():
    nodes = [*behind("s", "t", service=10, queue_bound=0), Balancer("b", backends=("s", "t"), retry_elsewhere=1)]
    sim = run(*nodes, asks=[(0, 1), (1, 2), (2, 3)], to="b")
    assert answers(sim) == [(2, 3, "full"), (10, 1, "t"), (11, 2, "s")]
    assert sim.nodes["s"].refused == sim.nodes["t"].refused == 1


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_a_request_that_every_backend_refused_is_refused(retries):
    class Closed(Server):
        def admit(self, src, msg):
            return "closed"

    nodes = [Closed("s"), Closed("t"), Balancer("b", backends=("s", "t"), retry_elsewhere=retries)]
    sim = run(*nodes, asks=[(0, 1)], to="b")
    assert answers(sim) == [(0, 1, "closed")]
    assert sim.nodes["s"].refused + sim.nodes["t"].refused == min(retries + 1, 2)


def test_a_refusal_is_not_passed_on_if_another_backend_may_have_done_it():
    class Closed(Server):
        def admit(self, src, msg):
            return "closed"

    nodes = [Closed("s"), Named("t", service=80), Balancer("b", backends=("s", "t"), timeout=50, retry_elsewhere=1)]
    sim = run(*nodes, asks=[(0, 1)], to="b")
    assert (sim.nodes["t"].served, sim.nodes["s"].refused) == (1, 1), "t was to do it late, and s to refuse it"
    assert answers(sim) == [], "t has done it: a refusal would be a lie"


def test_a_clients_second_attempt_is_answered_although_the_first_one_got_lost():
    client = ScriptClient("c", service="b", timeout=100, script=[("get",)], retry=Retry(times=1))
    sim = Simulation(
        Named("s", service=5), Balancer("b", backends=("s",), timeout=50), client, network=Network(latency=0)
    )
    sim.at(0, sim.crash, "s")
    sim.at(50, sim.restart, "s")
    sim.run()
    assert [(op.status, op.completed) for op in sim.history] == [("ok", 105)]


def test_the_door_and_its_backends_see_one_and_the_same_operation():
    nodes = [
        Named("s", service=80),
        Named("t", service=1),
        Balancer("b", backends=("t", "s"), timeout=50, retry_elsewhere=1),
    ]
    sim = run(*nodes, asks=[(0, 42, "get", "k", "v", "acme")], to="b")
    assert taken(sim, "s") == taken(sim, "t") == [42]
    assert answers(sim) == [(51, 42, "t")], "one answer, not two"


# -- health --------------------------------------------------------------------------------------------------------


def checked(*backends, **settings):
    return Balancer("b", backends=backends, health_every=100, health_timeout=50, **settings)


def test_a_backend_is_out_after_so_many_bad_checks_and_back_after_so_many_good_ones():
    def live(until):
        nodes = [*behind("s", "t"), checked("s", "t", fall=2, rise=3)]
        return run(*nodes, asks=[], faults=[(150, "crash", "s"), (400, "restart", "s")], until=until).nodes["b"].live

    # Bad are the checks of 200 and 300 ms, known 50 ms later; the third good one is that of 600 ms.
    assert [live(at) for at in (349, 351, 599, 601)] == [2, 1, 1, 2]


def test_one_good_check_in_between_begins_the_count_anew():
    faults = [(150, "crash", "s"), (260, "restart", "s"), (350, "crash", "s"), (460, "restart", "s")]
    nodes = [*behind("s", "t"), checked("s", "t", fall=2)]
    sim = run(*nodes, asks=[], faults=faults, until=1_000)
    assert not sim.trace.where(kind="log", src="b"), "s was never out"


def test_a_backend_that_is_out_gets_no_requests_and_who_is_back_gets_some():
    nodes = [*behind("s", "t", service=1), checked("s", "t", fall=1, rise=1)]
    asks = [(time, time) for time in range(300, 400, 10)] + [(time, time) for time in range(800, 900, 10)]
    sim = run(*nodes, asks=asks, to="b", faults=[(150, "crash", "s"), (500, "restart", "s")], until=1_000)
    assert [name for time, _, name in answers(sim) if time < 500] == ["t"] * 10
    assert [name for time, _, name in answers(sim) if time > 500].count("s") == 5


def test_a_server_that_says_it_is_not_ready_is_taken_out():
    class Draining(Named):
        def ready(self):
            return False

    sim = run(Draining("s"), Named("t"), checked("s", "t"), asks=[(500, 1), (500, 2)], to="b", until=600)
    assert [name for *_, name in answers(sim)] == ["t", "t"]


def test_if_more_than_the_allowed_share_are_out_all_are_used():
    def chosen(max_out):
        nodes = [*behind("s", "t", "u", service=1), checked("s", "t", "u", fall=1, max_out=max_out)]
        faults = [(0, "crash", "s"), (0, "crash", "t")]
        sim = run(*nodes, asks=[(500 + id, id) for id in range(6)], to="b", faults=faults, until=600)
        return {event.dest for event in sim.trace.where(kind="send", src="b") if type(event.msg) is Request}

    assert chosen(max_out=1.0) == {"u"}
    assert chosen(max_out=0.5) == {"s", "t", "u"}


def test_if_all_are_out_requests_are_refused_at_once():
    nodes = [*behind("s", "t"), checked("s", "t", fall=1)]
    sim = run(*nodes, asks=[(500, 1)], to="b", faults=[(0, "crash", "s"), (0, "crash", "t")], until=600)
    assert sim.nodes["b"].live == 0
    assert answers(sim) == [(500, 1, "no server")]


def test_what_was_open_at_a_backend_that_is_out_is_done_elsewhere():
    nodes = [*behind("s", "t", service=20), checked("s", "t", fall=1, retry_elsewhere=1)]
    sim = run(*nodes, asks=[(90, 1)], to="b", faults=[(95, "crash", "t")], until=1_000)
    assert answers(sim) == [(170, 1, "s")]


def test_what_was_lost_with_a_backend_is_never_refused_because_it_may_have_been_done():
    nodes = [Named("s", service=20), checked("s", fall=1, retry_elsewhere=1)]
    sim = run(*nodes, asks=[(90, 1)], to="b", faults=[(95, "crash", "s")], until=1_000)
    assert answers(sim) == []


# -- breakers and quarantine before the backends -------------------------------------------------------------------


def test_a_breaker_keeps_requests_from_a_backend_that_does_not_answer():
    breaker = CircuitBreaker(failures=2, open_ms=10_000)
    nodes = [*behind("s", "t", service=1), Balancer("b", backends=("s", "t"), timeout=20, breaker=breaker)]
    sim = run(*nodes, asks=[(time, time) for time in range(1, 1_001, 50)], to="b", faults=[(0, "crash", "s")])
    assert len(answers(sim)) == 18, "two were lost, and then t got all"


def test_answers_that_come_too_late_do_not_close_a_breaker():
    breaker = CircuitBreaker(failures=2, open_ms=10_000)
    nodes = [Named("s", service=30), Named("t", service=1)]
    door = Balancer("b", backends=("s", "t"), timeout=20, breaker=breaker)
    sim = run(*nodes, door, asks=[(time, time) for time in range(1, 1_001, 50)], to="b")
    assert served(sim, "s", "t") == [2, 18]


def test_while_a_half_open_backend_is_tried_the_others_serve():
    breaker = CircuitBreaker(failures=1, open_ms=100)
    nodes = [*behind("s", "t", service=1), Balancer("b", backends=("s", "t"), timeout=50, breaker=breaker)]
    asks = [(1, 1), (2, 2), *((200 + n, 200 + n) for n in range(8))]
    sim = run(*nodes, asks=asks, to="b", faults=[(0, "crash", "s")])
    given = dict(answer[1:] for answer in answers(sim))
    assert set(given.values()) == {"t"}, "nobody was refused"
    assert len(given) == 10 - 2, "s got the one that opened its breaker, and the one that tried it"


def test_a_breaker_recovers_although_its_trial_was_lost_with_the_backend():
    settings = {"breaker": CircuitBreaker(failures=1, open_ms=50), "fall": 1, "rise": 1}
    nodes = [Named("s", service=30), checked("s", **settings)]
    faults = [(95, "crash", "s"), (160, "restart", "s"), (320, "crash", "s"), (410, "restart", "s")]
    sim = run(*nodes, asks=[(90, 1), (310, 2), (700, 3)], to="b", faults=faults, until=1_000)
    assert answers(sim) == [(730, 3, "s")]


class Fragile(Named):
    """Dies of one request, and is restarted by the test."""

    def answer(self, src, msg):
        if msg.arg == "deadly":
            self.die("deadly")
        return self.name


def test_a_request_under_which_backends_die_is_kept_back_after_so_many_deaths():
    door = checked("s", "t", fall=1, rise=1, retry_elsewhere=5, quarantine=Quarantine(2))
    nodes = [Fragile("s", service=5), Fragile("t", service=5), Fragile("u", service=5), door]
    asks = [(90, 1, "get", None, "deadly"), (700, 2, "get", None, "deadly"), (700, 3, "get", None, "harmless")]
    sim = run(*nodes, asks=asks, to="b", faults=[(550, "restart", "s"), (550, "restart", "t")], until=1_000)
    assert len(sim.trace.where(kind="crash")) == 2
    assert [answer[1] for answer in answers(sim)] == [2, 3]
    assert answers(sim)[0] == (700, 2, "in quarantine")


def test_an_innocent_request_that_was_there_when_a_backend_died_is_cleared_by_an_answer():
    door = checked("s", "t", fall=1, rise=1, retry_elsewhere=1, quarantine=Quarantine(2))
    nodes = [*behind("s", "t", service=20), door]
    asks = [(90, 1), (690, 2), (1_300, 3)]
    faults = [
        (95, "crash", "t"),
        (300, "restart", "t"),
        (695, "crash", "s"),
        (695, "crash", "t"),
        (900, "restart", "s"),
    ]
    sim = run(*nodes, asks=asks, to="b", faults=faults, until=1_400)
    assert [id for _, id, why in answers(sim) if why != "in quarantine"] == [1, 3]


def test_a_fingerprint_is_all_but_the_number():
    request = Request(1, "put", "x", 7, "acme")
    assert fingerprint(request) == fingerprint(Request(2, "put", "x", 7, "acme"))
    for other in (
        Request(1, "get", "x", 7, "acme"), Request(1, "put", "y", 7, "acme"), Request(1, "put", "x", 8, "acme"),
        Request(1, "put", "x", 7, "bob"),
    ):  # fmt: skip
        assert fingerprint(other) != fingerprint(request)


# -- adding and removing backends ----------------------------------------------------------------------------------


def test_a_backend_that_is_added_gets_requests_and_one_that_is_removed_gets_none():
    nodes = [*behind("s", "t", service=1), Balancer("b", backends=("s",))]
    asks = [(time, time) for time in range(0, 60, 5)]
    faults = [(18, "act", "asker", "tell", "b", "add", "t"), (38, "act", "asker", "tell", "b", "remove", "s")]
    names = [name for *_, name in answers(run(*nodes, asks=asks, to="b", faults=faults))]
    assert names[:4] == ["s"] * 4
    assert sorted(names[4:8]) == ["s", "s", "t", "t"]
    assert names[8:] == ["t"] * 4


def test_what_is_open_at_a_backend_that_is_removed_is_still_answered():
    nodes = [Named("s", service=50), Balancer("b", backends=("s",))]
    sim = run(*nodes, asks=[(0, 1), (20, 2)], to="b", faults=[(10, "act", "b", "remove", "s")])
    assert answers(sim) == [(20, 2, "no server"), (50, 1, "s")]


def test_a_backend_that_comes_back_into_the_pool_is_taken_for_well():
    nodes = [*behind("s", "t"), checked("s", "t", fall=2)]
    faults = [(150, "crash", "s"), (260, "act", "b", "remove", "s"), (270, "act", "b", "add", "s")]
    assert run(*nodes, asks=[], faults=faults, until=360).nodes["b"].live == 2, "one bad check since then, not two"


def test_adding_one_that_is_there_changes_nothing():
    nodes = [*behind("s", "t"), Balancer("b", backends=("s", "t"))]
    sim = run(*nodes, asks=[(1, id) for id in range(4)], to="b", faults=[(0, "act", "b", "add", "s")])
    assert served(sim, "s", "t") == [2, 2]


# -- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"workers": 0}, "workers=0: it needs at least 1 to serve anybody"),
        ({"workers": 1.5}, "workers=1.5: it needs at least 1"),
        ({"queue_bound": -1}, "queue_bound=-1: write how many may wait, 0 or more, or None"),
        ({"memory_bound": True}, "memory_bound=True: write how many may wait"),
        ({"patience": 0}, "patience=0: write ms above 0, or None for ever"),
        ({"patience": "50"}, "patience='50': write ms above 0"),
        ({"service": -1}, "service: it is -1: write a number of ms"),
        ({"service": (20, 10)}, r"the lowest comes first, write \(10, 20\)"),
        ({"depends_on": "db"}, r"tuples of names, write \('db',\)"),
        ({"optional": ("db",)}, "never ask 'db', which is optional: write it into depends_on, too"),
    ],
)
def test_a_server_with_an_impossible_setting_is_refused_by_name(settings, says):
    with pytest.raises(ValueError, match=f"server 'till'.*{says}"):
        Server("till", **settings)


def test_a_dependency_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="server 's' depends on 'db', and there is no such node"):
        run(Server("s", depends_on=("db",)), asks=[])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"backends": ()}, r"backends=\(\): write names, backends=\('s1', 's2'\)"),
        ({"backends": "s"}, r"backends='s': write names"),
        ({"policy": "fastest"}, "policy 'fastest': write one of 'round robin', 'random', 'least busy'"),
        ({"timeout": 0}, "timeout=0: write ms above 0"),
        ({"timeout": "50"}, "timeout='50': write ms above 0"),
        ({"health_every": -1}, "health_every=-1: write ms above 0"),
        ({"health_timeout": None}, "health_timeout=None: write ms above 0"),
        ({"fall": 0}, "fall=0: write a whole number from 1 on"),
        ({"rise": 1.5}, "rise=1.5: write a whole number from 1 on"),
        ({"retry_elsewhere": -1}, "retry_elsewhere=-1: write a whole number from 0 on"),
        ({"max_out": 1.1}, "max_out=1.1: write a share between 0 and 1"),
        ({"max_out": "half"}, "max_out='half': write a share"),
        ({"quarantine": Quarantine()}, "quarantine and no health checks: write health_every=200"),
        ({"breaker": CircuitBreaker()}, "breaker that would never see a failure: write timeout=100"),
    ],
)
def test_a_balancer_with_an_impossible_setting_is_refused_by_name(settings, says):
    with pytest.raises(ValueError, match=f"balancer 'door'.*{says}"):
        Balancer("door", **{"backends": ("s",), **settings})


def test_a_backend_that_does_not_exist_is_named_at_the_start_and_when_it_is_added():
    says = "balancer 'b' has a backend 'x', and there is no such node: there are s, b, asker"
    with pytest.raises(ValueError, match=says):
        run(Server("s"), Balancer("b", backends=("s", "x")), asks=[])
    with pytest.raises(ValueError, match=says):
        run(Server("s"), Balancer("b", backends=("s",)), asks=[], faults=[(0, "act", "b", "add", "x")])


# -- with users ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_through_losses_and_deaths_no_user_hears_twice_or_is_refused_what_was_done(seed):
    """Whatever a balancer does, a refusal means that nobody did it."""
    did = set()

    class Doing(Server):
        def answer(self, src, msg):
            did.add(msg.id)
            return "done"

    servers = [Doing(name, service=(5, 60), queue_bound=3) for name in ("s", "t", "u")]
    door = Balancer(
        "b", backends=("s", "t", "u"), timeout=60, retry_elsewhere=2, health_every=100, health_timeout=40, fall=1
    )
    load = LoadClient("users", service="b", rate=120, timeout=400, stop=5_000)
    sim = Simulation(*servers, door, load, network=Network(loss=0.02), seed=seed, trace="off")
    for n, name in enumerate(("s", "t", "u")):
        sim.at(1_000 + 700 * n, sim.crash, name)
        sim.at(2_000 + 700 * n, sim.restart, name)
    sim.run(until=6_000)
    status = {op.id: op.status for op in sim.history}
    refused = {id for id, said in status.items() if said == "fail"}
    assert len(refused) > 5, "nobody was refused, so this says nothing"
    assert not refused & did, f"seed {seed}"
    assert {id for id, said in status.items() if said == "ok"} <= did
