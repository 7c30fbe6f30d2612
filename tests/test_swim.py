"""Das, Gupta, Motivala 2002, "SWIM": one test per rule, with its section; then load and detection time."""

from itertools import pairwise
from math import e, sqrt
from statistics import fmean, stdev

import pytest
from caught import caught

from dslib import Network, Simulation
from dslib.protocols.swim import ALIVE, FAULTY, SUSPECT, TRIAL, Ack, Ping, PingReq, Swim, Update
from dslib.testing import isolate

OTHERS = ("m2", "m3", "m4", "m5")


def alone(**settings):
    """m1 without a network, in its first period: the node under test, whom it pinged, and with what."""
    node = isolate(Swim("m1", peers=OTHERS, **settings))
    sent = []
    while not sent:
        sent = node.wait(1)
    [(target, ping)] = sent
    return node, target, ping


def group(n, seed=0, **settings):
    names = [f"m{i}" for i in range(1, n + 1)]
    return Simulation(
        *(Swim(name, peers=[p for p in names if p != name], **settings) for name in names),
        network=Network(latency=(5, 15)),
        seed=seed,
    )


def periods(n):
    """ms until just before the end of the n-th protocol period."""
    return n * Swim.period - 1


def ask(node, *news):
    """Hand it a ping with these news; returns the news on its answer."""
    [(_, ack)] = node.receive("m2", Ping("m2", 1, news))
    return ack.news


# ---------------------------------------------------------------- 3.1 failure detection


def test_once_a_period_one_member_is_pinged_and_nobody_else():
    node, target, ping = alone()
    assert target in OTHERS
    assert (type(ping), ping.origin) == (Ping, "m1")
    node.receive(target, Ack(target, "m1", ping.seq))
    assert node.wait(Swim.period - 1) == []
    assert [type(msg) for _, msg in node.wait(1)] == [Ping]


def test_a_ping_is_answered_at_once():
    node, _, _ = alone()
    [(dest, ack)] = node.receive("m3", Ping("m3", 17))
    assert (dest, ack.member, ack.origin, ack.seq) == ("m3", "m1", "m3", 17)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_without_an_answer_in_time_k_others_are_asked_to_ping(k):
    node, target, ping = alone(k=k)
    assert node.wait(Swim.timeout - 1) == []
    asked = node.wait(1)
    helpers = [dest for dest, _ in asked]
    assert len(dict.fromkeys(helpers)) == k
    assert target not in helpers
    assert [(type(msg), msg.target, msg.seq) for _, msg in asked] == [(PingReq, target, ping.seq)] * k


def test_a_small_group_asks_as_many_as_there_are():
    node = isolate(Swim("m1", peers=("m2", "m3"), k=5))
    sent = node.wait(Swim.period + Swim.timeout)
    assert len([msg for _, msg in sent if type(msg) is PingReq]) == 1


def test_after_an_answer_nobody_else_is_asked():
    node, target, ping = alone()
    node.receive(target, Ack(target, "m1", ping.seq))
    assert node.wait(Swim.timeout + 1) == []


def test_a_helper_pings_the_target_and_passes_the_answer_on():
    node, _, _ = alone()
    [(dest, ping)] = node.receive("m2", PingReq("m5", 9))
    assert (dest, type(ping), ping.origin, ping.seq) == ("m5", Ping, "m2", 9)
    [(dest, ack)] = node.receive("m5", Ack("m5", "m2", 9))
    assert (dest, ack.member, ack.origin, ack.seq) == ("m2", "m5", "m2", 9)


def test_an_answer_through_a_helper_counts_as_much_as_a_direct_one():
    node, target, ping = alone()
    [(helper, _), *_] = node.wait(Swim.timeout)
    node.receive(helper, Ack(target, "m1", ping.seq))
    node.wait(Swim.period)
    assert node.node.members[target].kind == ALIVE


def test_who_does_not_answer_within_the_period_is_suspected_and_not_yet_faulty():
    node, target, _ = alone()
    node.wait(Swim.period - 1)
    assert node.node.members[target].kind == ALIVE
    node.wait(1)
    assert node.node.members[target].kind == SUSPECT
    assert node.node.faulty == {}


def test_an_answer_to_an_earlier_period_or_of_another_member_does_not_count():
    node, target, ping = alone()
    other = next(name for name in OTHERS if name != target)
    node.receive(other, Ack(other, "m1", ping.seq))
    node.receive(target, Ack(target, "m1", ping.seq - 1))
    node.wait(Swim.period)
    assert node.node.members[target].kind == SUSPECT


# ---------------------------------------------------------------- 4.2 suspicion


@pytest.mark.parametrize(
    ("new", "old", "overrides"),
    [
        (ALIVE, ALIVE, lambda i, j: i > j),
        (ALIVE, SUSPECT, lambda i, j: i > j),
        (ALIVE, FAULTY, lambda i, j: False),
        (SUSPECT, ALIVE, lambda i, j: i >= j),
        (SUSPECT, SUSPECT, lambda i, j: i > j),
        (SUSPECT, FAULTY, lambda i, j: False),
        (FAULTY, ALIVE, lambda i, j: True),
        (FAULTY, SUSPECT, lambda i, j: True),
        (FAULTY, FAULTY, lambda i, j: False),
    ],
)
def test_which_news_override_which(new, old, overrides):
    for i in range(3):
        for j in range(3):
            assert Update(new, "m", i).overrides(Update(old, "m", j)) == overrides(i, j), (i, j)


def test_who_hears_that_it_is_suspected_says_that_it_is_alive_in_a_higher_incarnation():
    node, _, _ = alone()
    assert Update(ALIVE, "m1", 1) in ask(node, Update(SUSPECT, "m1", 0))
    assert Update(ALIVE, "m1", 5) in ask(node, Update(SUSPECT, "m1", 4))
    # Old news: it was refuted long ago, and needs no new incarnation.
    assert Update(ALIVE, "m1", 5) in ask(node, Update(SUSPECT, "m1", 2))
    assert node.node.incarnation == 5


def test_nobody_raises_another_members_incarnation():
    node, target, _ = alone()
    node.wait(Swim.period)
    node.receive(target, Ping(target, 1))
    assert node.node.members[target] == Update(SUSPECT, target, 0)


def test_a_suspicion_that_lasts_too_long_makes_faulty_and_a_faulty_member_is_pinged_no_more():
    node, _, _ = alone()
    ask(node, Update(SUSPECT, "m4", 0))
    node.wait(Swim.suspicion - 1)
    assert node.node.members["m4"].kind == SUSPECT
    node.wait(1)
    assert "m4" not in node.node.members
    assert node.node.faulty["m4"] == Update(FAULTY, "m4", 0)
    assert "m4" not in [dest for dest, _ in node.wait(20 * Swim.period)]


def test_alive_in_a_higher_incarnation_ends_the_suspicion_and_the_same_incarnation_does_not():
    for incarnation, kind in ((0, None), (1, ALIVE)):
        node, _, _ = alone()
        ask(node, Update(SUSPECT, "m4", 0))
        ask(node, Update(ALIVE, "m4", incarnation))
        # m4 answers its pings, but m1 has heard of the suspicion and waits for m4's own word.
        for _ in range(6):
            for dest, msg in node.wait(Swim.period):
                if type(msg) is Ping:
                    node.receive(dest, Ack(dest, "m1", msg.seq))
        known = node.node.members.get("m4")
        assert (known and known.kind) == kind


def test_faulty_is_for_good_whatever_the_incarnation():
    node, _, _ = alone()
    ask(node, Update(FAULTY, "m4", 0))
    ask(node, Update(ALIVE, "m4", 9), Update(SUSPECT, "m4", 9))
    node.receive("m4", Ping("m4", 1))
    assert "m4" not in node.node.members


def test_a_suspect_hears_of_the_suspicion_with_the_next_message_it_gets():
    node, _, _ = alone()
    ask(node, Update(SUSPECT, "m4", 0))
    [(_, ack)] = node.receive("m4", Ping("m4", 1))
    assert ack.news[0] == Update(SUSPECT, "m4", 0)
    [(_, ping)] = node.receive("m2", PingReq("m4", 1))
    assert ping.news[0] == Update(SUSPECT, "m4", 0)


# ---------------------------------------------------------------- 3.2 and 4.1 dissemination


def test_what_is_new_rides_on_pings_ping_reqs_and_answers():
    node, target, _ = alone()
    helper = next(name for name in OTHERS if name not in (target, "m2"))
    ask(node, Update(FAULTY, "gone", 0))
    [(_, ack)] = node.receive(helper, Ping(helper, 1))
    requests = node.wait(Swim.timeout)
    pings = [msg for _, msg in node.wait(Swim.period) if type(msg) is Ping]
    for msg in (ack, requests[0][1], pings[0]):
        assert Update(FAULTY, "gone", 0) in msg.news


def test_each_update_rides_on_lambda_log_n_messages_of_a_member_and_then_no_more():
    for spread in (1, 3):
        node, _, _ = alone(spread=spread)
        told = [ask(node, Update(FAULTY, "gone", 0)) for _ in range(40)]
        # Five members: log2 is rounded up to 3.
        assert [Update(FAULTY, "gone", 0) in news for news in told] == [True] * 3 * spread + [False] * (40 - 3 * spread)


def test_a_message_has_room_for_so_many_updates_and_the_least_told_come_first():
    node, _, _ = alone(room=2, spread=1)
    news = [Update(FAULTY, f"gone{i}", 0) for i in range(4)]
    told = [ask(node, *news[:2])]
    told += [ask(node, *news), ask(node)]
    assert all(len(some) <= 2 for some in told)
    assert set(told[1]) == set(news[2:])


def test_a_crash_is_known_to_all_within_a_few_periods_of_the_first_who_knows_and_no_message_is_sent_for_it():
    for n in (8, 32):
        sim = group(n, suspicion=1_000.0)
        sim.at(0, sim.crash, "m1")
        sim.run(until=40_000)
        known = [row.time for row in sim.trace.where(kind="log", detail="m1 is faulty")]
        assert len(known) == n - 1
        assert max(known) - min(known) <= 2 * n.bit_length() * Swim.period
        assert {type(row.msg) for row in sim.trace.where(kind="send")} == {Ping, PingReq, Ack}


def test_who_knows_one_member_joins_and_soon_everybody_knows_it():
    names = [f"m{i}" for i in range(1, 9)]
    group_ = [Swim(name, peers=[p for p in names if p != name]) for name in names]
    sim = Simulation(*group_, Swim("new", peers=("m3",)), seed=5).run(until=periods(25))
    for name in names:
        assert "new" in sim.nodes[name].members
    assert sorted(sim.nodes["new"].members) == names


# ---------------------------------------------------------------- 4.3 the order of pings


def targets(sim, member):
    return [row.dest for row in sim.trace.where(kind="send", msg=Ping, src=member) if row.msg.origin == member]


def gaps(order, member):
    return [b - a for a, b in pairwise(i for i, target in enumerate(order) if target == member)]


def test_everybody_is_pinged_once_before_anybody_is_pinged_twice_in_a_new_order_each_time():
    order = targets(group(7).run(until=periods(60)), "m1")
    rounds = [order[i : i + 6] for i in range(0, 60, 6)]
    assert all(sorted(some) == [f"m{i}" for i in range(2, 8)] for some in rounds)
    assert len({tuple(some) for some in rounds}) > 5


def test_at_most_2n_minus_1_periods_lie_between_two_pings_to_a_member_and_the_bound_is_reached():
    n = 4
    found = []
    for seed in range(20):
        order = targets(group(n + 1, seed=seed).run(until=periods(60)), "m1")
        found += [gap for member in OTHERS for gap in gaps(order, member)]
    assert max(found) == 2 * n - 1


def test_whoever_picks_at_random_has_no_such_bound():
    found = []
    for seed in range(20):
        order = targets(group(5, seed=seed, round_robin=False).run(until=periods(60)), "m1")
        found += [gap for member in OTHERS for gap in gaps(order, member)]
    assert max(found) > 2 * 4 - 1


def test_strong_completeness_in_bounded_time_everybody_finds_the_dead_by_itself_even_if_nobody_tells():
    class Silent(Swim):
        def news_for(self, dest, about=""):
            return ()

    n = 6
    names = [f"m{i}" for i in range(1, n + 1)]
    for seed in range(10):
        sim = Simulation(*(Silent(name, peers=[p for p in names if p != name]) for name in names), seed=seed)
        sim.at(20_000, sim.crash, "m1")
        bound = 2 * (n - 1) * Swim.period + Swim.period + Swim.suspicion
        sim.run(until=20_000 + bound)
        assert all("m1" in sim.nodes[name].faulty for name in names[1:]), f"seed {seed}"


# ---------------------------------------------------------------- 3.1 and 5: load and detection time


def rounds(sim, kind, upto):
    """The messages of that kind that belong to the first protocol periods of whoever they were sent for."""
    return [row for row in sim.trace.where(kind="send", msg=kind) if row.msg.seq <= upto]


@pytest.mark.parametrize("n", [5, 10, 20, 40])
def test_the_load_of_a_member_is_a_ping_and_an_answer_a_period_whatever_the_size_of_the_group(n):
    sim = group(n).run(until=periods(12))
    assert len(rounds(sim, Ping, 10)) == len(rounds(sim, Ack, 10)) == 10 * n
    assert rounds(sim, PingReq, 10) == []
    assert max(len(row.msg.news) for row in sim.trace.where(kind="send")) <= Swim.room


def test_a_target_that_is_dead_costs_1_plus_2k_messages():
    sim = group(10, suspicion=1e6)
    sim.at(0, sim.crash, "m1")
    sim.run(until=periods(20))
    # In 18 periods each of the 9 others takes its turn at the dead one twice.
    in_vain = [row for row in rounds(sim, Ping, 18) if row.dest == "m1"]
    assert len(rounds(sim, PingReq, 18)) == Swim.k * 9 * 2
    assert len(in_vain) == (1 + Swim.k) * 9 * 2


def first_ping(n, seed):
    """In which protocol period, counted from 1, the first member pings one that crashed at the beginning."""
    sim = group(n, seed=seed, round_robin=False)
    sim.at(0, sim.crash, "m1")
    for period in range(1, 100):
        sim.run(until=periods(period))
        if any(row.dest == "m1" for row in sim.trace.where(kind="send", msg=Ping)):
            return period
    raise AssertionError("nobody ever pinged it")


@pytest.mark.parametrize("n", [5, 12, 30])
def test_a_crash_is_first_detected_after_e_over_e_minus_1_periods_on_average_whatever_the_size_of_the_group(n):
    found = [first_ping(n, seed) for seed in range(200)]
    mean, error = fmean(found), stdev(found) / sqrt(len(found))
    exact = 1 / (1 - (1 - 1 / (n - 1)) ** (n - 1))
    assert abs(mean - exact) < 3 * error, f"{mean:.2f} ± {error:.2f}"
    assert abs(exact - e / (e - 1)) < 0.13


# ---------------------------------------------------------------- bad input, and the trial


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"peers": ()}, "knows nobody"),
        ({"period": 100, "timeout": 50}, "three timeouts"),
        ({"timeout": 0}, "three timeouts"),
        ({"period": float("inf")}, "three timeouts"),
        ({"suspicion": 10}, "suspicion=10"),
        ({"k": 0}, "k=0"),
        ({"spread": 1.5}, "spread=1.5"),
        ({"room": True}, "room=True"),
    ],
)
def test_a_member_that_cannot_work_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Swim("m1", **{"peers": ("m2",), **settings})


def test_the_trial_passes_the_protocol():
    assert caught(TRIAL, TRIAL.right, range(60)) == []


@pytest.mark.parametrize("wrong", TRIAL.wrong)
def test_the_trial_fails_each_known_bad_variant(wrong):
    assert len(caught(TRIAL, wrong, range(15))) >= 5
