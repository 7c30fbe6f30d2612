"""Epidemics: Demers et al. 1987, Pittel 1987, Karp et al. 2000. One test per rule, then the figures of the papers."""

from functools import cache
from itertools import pairwise
from math import ceil, e, exp, log, log2, sqrt
from statistics import fmean, stdev

import pytest
from caught import caught

from dslib import Network, Simulation
from dslib.protocols.gossip import TRIALS, Answer, Call, Feedback, Push, PushPull, Rumour, epidemic
from dslib.testing import isolate

PEERS = ("n1", "n2", "n3", "n4")
PUSH, PUSH_PULL = TRIALS


SIZES = (16, 64, 256)


@cache
def runs(kind, n):
    """Twenty epidemics that end when all know."""
    return [epidemic(n, kind, seed) for seed in range(20)]


def interval(numbers):
    """A 99 % interval for the mean."""
    half = 2.58 * stdev(numbers) / sqrt(len(numbers))
    return fmean(numbers) - half, fmean(numbers) + half


# ---------------------------------------------------------------- push


def test_who_knows_calls_one_peer_a_round_and_who_does_not_know_calls_nobody():
    knows, does_not = isolate(Push("n0", peers=PEERS, starts="news")), isolate(Push("n0", peers=PEERS))
    for age in range(1, 20):
        [(peer, msg)] = knows.wait(Push.round_ms)
        assert peer in PEERS
        assert msg == Rumour("news", age)
        assert does_not.wait(Push.round_ms) == []


def test_every_peer_is_as_likely_to_be_called_as_the_others():
    node = isolate(Push("n0", peers=PEERS, starts="news"))
    called = [peer for peer, _ in node.wait(2_000 * Push.round_ms)]
    assert len(called) == 2_000
    for peer in PEERS:
        assert abs(called.count(peer) - 500) < 4 * sqrt(2_000 * 0.25 * 0.75)


def test_who_hears_of_it_in_one_round_tells_it_from_the_next_on():
    node = isolate(Push("n0", peers=PEERS))
    node.wait(3.5 * Push.round_ms)
    assert node.receive("n1", Rumour("news", 2)) == []
    assert node.wait(0.4 * Push.round_ms) == []
    [(_, msg)] = node.wait(0.2 * Push.round_ms)
    assert msg == Rumour("news", 3)


def test_each_round_costs_one_message_for_each_who_knew_before_and_doubles_them_at_most():
    for found in runs(Push, 64):
        assert found.traffic * 64 == pytest.approx(sum(found.knew[:-1]))
        assert all(after <= 2 * before for before, after in pairwise(found.knew))


def expected_rounds(n):
    """Exactly: how many rounds push needs on average, from the chances to go from i who know to j."""
    left = [0.0] * (n + 1)
    for i in range(n - 1, 0, -1):
        hits = [1.0] + [0.0] * (n - i)  # by how many of the others were called for the first time
        for _ in range(i):
            chance = [(n - i - h) / (n - 1) for h in range(n - i + 1)]
            hits = [p * (1 - c) + q * d for p, c, q, d in zip(hits, chance, [0, *hits], [0, *chance], strict=False)]
        left[i] = (1 + sum(p * left[i + h] for h, p in enumerate(hits) if h)) / (1 - hits[0])
    return left[1]


def test_push_needs_as_many_rounds_as_theory_says():
    for n in (16, 64):
        least, most = interval([run.last for run in runs(Push, n)])
        assert least < expected_rounds(n) < most, (n, least, most)


def test_push_reaches_all_in_log2_n_plus_ln_n_rounds_and_a_constant_whatever_n():
    for n in (16, 64, 128):
        assert 0.6 < expected_rounds(n) - (log2(n) + log(n)) < 1.2
    for n in SIZES:
        least, most = interval([run.last - (log2(n) + log(n)) for run in runs(Push, n)])
        assert -0.5 < least < most < 2, (n, least, most)


def test_with_push_those_who_do_not_know_get_e_times_fewer_each_round_in_the_end():
    ratios = []
    for run in runs(Push, 256):
        missing = [256 - knew for knew in run.knew]
        ratios += [after / before for before, after in pairwise(missing) if 5 <= before <= 20]
    least, most = interval(ratios)
    assert least < 1 / e < most


# ---------------------------------------------------------------- 1.4 losing interest


def test_after_k_unnecessary_calls_in_a_row_it_is_removed_and_a_useful_one_begins_the_count_anew():
    node = isolate(Push("n0", peers=PEERS, starts="news", k=2))
    for knew in (True, False, True):
        node.receive("n1", Feedback(knew))
        assert len(node.wait(Push.round_ms)) == 1
    node.receive("n1", Feedback(True))
    assert node.wait(10 * Push.round_ms) == []


def test_the_caller_is_told_whether_the_callee_knew_before_this_round():
    node = isolate(Push("n0", peers=PEERS, k=1))
    answers = [node.receive(peer, Rumour("news", 1)) for peer in ("n1", "n2")]
    assert answers == [[("n1", Feedback(False))], [("n2", Feedback(False))]]
    node.wait(Push.round_ms)
    assert node.receive("n3", Rumour("news", 2)) == [("n3", Feedback(True))]


def test_without_k_nobody_stops_and_nobody_asks_for_feedback():
    node = isolate(Push("n0", peers=PEERS, starts="news"))
    assert node.receive("n1", Rumour("news", 1)) == []
    assert len(node.wait(50 * Push.round_ms)) == 50


#: Table 1 (push, feedback, counter; 1,000 sites): residue and traffic by k.
TABLE_1 = {1: (0.18, 1.7), 2: (0.037, 3.3)}


def test_residue_and_traffic_are_those_of_table_1_and_the_residue_is_e_to_the_minus_traffic():
    for k, (residue, traffic) in TABLE_1.items():
        found = [epidemic(250, Push, seed, k=k) for seed in range(12)]
        mean = fmean(one.residue for one in found)
        assert mean == pytest.approx(residue, rel=0.25), k
        assert fmean(one.traffic for one in found) == pytest.approx(traffic, abs=0.15), k
        assert mean == pytest.approx(fmean(exp(-one.traffic) for one in found), abs=0.015), k


def test_traffic_is_at_least_k_plus_1_for_each_who_heard_less_one():
    for k in (1, 2, 3):
        for seed in range(5):
            found = epidemic(60, Push, seed, k=k)
            heard = round(60 * (1 - found.residue))
            assert round(60 * found.traffic) >= (k + 1) * heard - 1


# ---------------------------------------------------------------- push and pull


def test_with_pull_who_does_not_know_asks_and_is_told_by_who_does():
    asks = isolate(PushPull("n0", peers=PEERS))
    [(_, msg)] = asks.wait(PushPull.round_ms)
    assert msg == Call()
    assert asks.receive("n2", Call()) == []
    asks.receive("n1", Answer("news", 1))
    assert asks.node.rumour == "news"
    [(_, msg)] = asks.wait(PushPull.round_ms)
    assert msg == Rumour("news", 2)


def test_what_was_heard_in_a_round_is_told_in_the_next_one_also_to_who_asks():
    node = isolate(PushPull("n0", peers=PEERS))
    node.wait(1.5 * PushPull.round_ms)
    node.receive("n1", Rumour("news", 1))
    assert node.receive("n2", Call()) == []
    node.wait(0.6 * PushPull.round_ms)
    assert node.receive("n2", Call()) == [("n2", Answer("news", 2))]


def test_a_rumour_that_is_too_old_is_told_no_more_and_who_wakes_up_late_is_not_told():
    node = isolate(PushPull("n0", peers=PEERS, starts="news", oldest=3))
    assert len(node.wait(10 * PushPull.round_ms)) == 3
    assert node.receive("n2", Call()) == []


def test_the_age_goes_with_the_rumour_so_all_stop_in_the_same_round():
    names = [f"n{i}" for i in range(20)]
    nodes = [
        PushPull(name, [p for p in names if p != name], starts=None if i else "news", oldest=8)
        for i, name in enumerate(names)
    ]
    sim = Simulation(*nodes, network=Network(latency=20), seed=2).run(until=2_000)
    told = [row.time for row in sim.trace.where(kind="send", msg=(Rumour, Answer))]
    assert 800 <= max(told) < 900
    assert sum(node.told for node in nodes) == len(told)


def test_push_and_pull_needs_log3_n_rounds_and_little_more_where_push_needs_twice_as_many():
    for n in SIZES:
        least, most = interval([run.last - log(n, 3) for run in runs(PushPull, n)])
        assert 1 < least <= most < 1.2 * log2(log2(n)), (n, least, most)
        assert fmean(run.last for run in runs(Push, n)) > 1.7 * fmean(run.last for run in runs(PushPull, n))


def test_those_who_do_not_know_get_fewer_by_the_square_once_they_pull():
    ratios = []
    for run in runs(PushPull, 256):
        missing = [1 - knew / 256 for knew in run.knew]
        # Pull leaves p of p, push e^-(1-p) of those.
        ratios += [q / (p * p * exp(p - 1)) for p, q in pairwise(missing) if 0.15 <= p <= 0.4]
    least, most = interval(ratios)
    assert least < 1 < most


def test_transmissions_for_each_node_grow_with_log_log_n_not_with_log_n():
    def growth(kind):
        small, large = (fmean(run.traffic for run in runs(kind, n)) for n in (16, 256))
        return large - small

    assert growth(Push) > 0.7 * log(256 / 16)
    assert growth(PushPull) < 1.2 * (log2(log2(256)) - log2(log2(16)))


def test_with_an_age_of_log3_n_and_a_few_rounds_all_hear_of_it_for_a_few_transmissions_each():
    for n in (32, 128):
        oldest = ceil(log(n, 3) + log2(log2(n))) + 1
        found = [epidemic(n, PushPull, seed, oldest=oldest) for seed in range(10)]
        assert {one.residue for one in found} == {0}
        assert fmean(one.traffic for one in found) < 2.5 * log2(log2(n))


# ---------------------------------------------------------------- faults, bad input, the trials


def test_who_crashes_knows_the_rumour_when_it_is_back_and_goes_on_telling_it():
    node = isolate(Push("n0", peers=PEERS))
    node.receive("n1", Rumour("news", 1))
    node.crash()
    node.restart()
    [(_, msg)] = node.wait(Push.round_ms)
    assert msg.text == "news"


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        (Push, {"peers": ()}, "nobody to tell"),
        (Push, {"round_ms": 0}, "round_ms=0"),
        (Push, {"round_ms": float("inf")}, "round_ms=inf"),
        (Push, {"k": 0}, "k=0"),
        (Push, {"k": True}, "k=True"),
        (PushPull, {"k": 1}, "ends by age"),
        (PushPull, {"oldest": 0}, "oldest=0"),
    ],
)
def test_a_node_that_cannot_work_is_refused(kind, settings, said):
    with pytest.raises(ValueError, match=said):
        kind("n0", **{"peers": PEERS, **settings})


@pytest.mark.parametrize("n", [1, 2.5, True])
def test_an_epidemic_needs_two_nodes(n):
    with pytest.raises(ValueError, match="2 or more"):
        epidemic(n)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_the_trial_passes_the_protocol_and_fails_each_known_bad_variant(trial):
    assert caught(trial, trial.right, range(60)) == []
    for wrong in trial.wrong:
        assert len(caught(trial, wrong, range(15))) >= 4, wrong.__name__
