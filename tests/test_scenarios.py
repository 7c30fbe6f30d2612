"""The named situations: what they promise about seeds, users, times, and what is measured of them."""

import math
import re

import pytest

from dslib import LoadClient
from dslib.protocols.chat import diverged, lost_posts, replicas_of, transcripts, users_saw, writers
from dslib.protocols.flooding import fewest_cuts, flood, parts
from dslib.protocols.majority import always, everyone, more_than_half
from dslib.scenarios import (
    CUT_MS,
    SECOND_MS,
    SHAPES,
    USERS,
    chat_room,
    dangerous_second,
    measure_second,
    replica_names,
    room_places,
    silence,
    split_room,
    triangle,
    try_rule,
    two_truths,
    who_writes,
)
from dslib.sweeps import estimate

SCENARIOS = {
    "chat_room": chat_room,
    "silence by crash": lambda seed: silence(seed, "crash", "restart"),
    "silence by cut": lambda seed: silence(seed, "cut", "heal"),
    "two_truths": two_truths,
    "split_room": split_room,
    "triangle": triangle,
    "triangle with epochs": lambda seed: triangle(seed, epochs=True),
    "dangerous_second": lambda seed: dangerous_second(seed, heal=5_000.0),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_a_function_of_its_seed(name):
    """Twice the same seed, twice the same rows: nothing is left over from one run to the next."""
    make = SCENARIOS[name]
    until = 6_000 if name == "dangerous_second" else 2_000
    digests = [make(seed).run(until=until).trace.digest() for seed in (3, 3, 4)]
    assert digests[0] == digests[1], f"{name}, seed 3"
    assert digests[0] != digests[2], f"{name}: seeds 3 and 4 give the same run"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_has_not_run_yet_so_that_a_player_can_change_its_faults(name):
    sim = SCENARIOS[name](1)
    planned = sim.faults
    sim.set_faults([])
    assert sim.faults == []
    assert not sim.run(until=2_000).trace.where(kind="fault")
    assert bool(planned) == (name != "chat_room")


def test_a_healthy_room_answers_everybody_and_keeps_one_transcript():
    for seed in range(20):
        for n in (1, 2, 3, 4, 5, 7):
            sim = chat_room(seed, replicas=n).run(until=2_200)
            assert {s.outcome for s in users_saw(sim)} == {"good"}, f"{n} replicas, seed {seed}"
            assert not diverged(sim), f"{n} replicas, seed {seed}"
            assert not lost_posts(sim)


def test_each_user_posts_every_200_ms_and_no_two_at_the_same_moment():
    sim = chat_room(1, replicas=5).run(until=2_000)
    times = [op.invoked for op in sim.history]
    assert len(set(times)) == len(times)
    assert min(times) == 220
    assert max(times) < 1_950
    mine = [op.invoked for op in sim.history if op.process == "alice"]
    assert mine == [220.0 + 200 * i for i in range(len(mine))]


def test_a_room_has_one_to_seven_replicas():
    assert replica_names(2) == ("r1", "r2")
    for wrong in (0, 8, 2.0, True, "3"):
        with pytest.raises(ValueError, match="whole number from 1 to 7"):
            replica_names(wrong)


def test_a_wrong_fault_or_remedy_is_named():
    with pytest.raises(ValueError, match='fault is \'fire\': write "crash" or "cut"'):
        silence(fault="fire")
    with pytest.raises(ValueError, match='remedy is \'hope\': write "restart", "heal" or None'):
        silence(remedy="hope")


def test_nobody_stands_on_anybody_else_in_the_picture():
    for n in range(1, 8):
        places = room_places(n)
        assert set(places) == {*replica_names(n), *USERS[:n]}
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places.values())
        if n > 1:
            spots = list(places.values())
            assert min(math.dist(a, b) for i, a in enumerate(spots) for b in spots[i + 1 :]) > 0.15, n


def test_users_stay_with_their_replica_when_the_room_is_cut():
    sim = split_room(groups=(2, 2, 1))
    [fault] = sim.faults
    assert fault.args == (("alice", "bob", "r1", "r2"), ("carol", "dave", "r3", "r4"), ("erin", "r5"))
    assert fault.at == CUT_MS


def test_lost_is_a_post_that_was_done_and_that_nobody_who_is_up_has():
    sim = two_truths(1, rule=always)
    sim.at(1_100, sim.crash, "r3")
    sim.run(until=2_000)
    assert [op.arg for op in lost_posts(sim)] == ["c2", "c3", "c4"]
    assert {s.operation.arg for s in users_saw(sim) if s.outcome == "wrong"} == {"c2", "c3", "c4"}


def test_a_refused_post_is_not_lost_and_is_in_no_transcript():
    sim = two_truths(1, rule=more_than_half).run(until=2_000)
    refused = {op.arg for op in sim.history if op.status == "fail"}
    assert refused == {"c2", "c3", "c4"}
    assert not refused & set(" ".join(transcripts(sim).values()).split())
    assert not lost_posts(sim)


def test_writers_are_those_whose_users_were_answered():
    sim = split_room(1, (3, 2)).run(until=2_000)
    assert writers(sim, after=0, before=CUT_MS) == ["r1", "r2", "r3", "r4", "r5"]
    assert writers(sim, after=700) == ["r1", "r2", "r3"]
    homes = {node.service for node in sim.nodes.values() if isinstance(node, LoadClient)}
    assert homes == {replica.name for replica in replicas_of(sim)}


# ---------------------------------------------------------------- the dangerous second


def test_without_a_cut_nobody_notices_anything():
    """The detector must not owe its detections to false alarms: at T = 1.5 s they are rare."""
    alarms = 0
    for seed in range(40):
        sim = dangerous_second(seed)
        sim.set_faults([])
        sim.run(until=SECOND_MS + 3_000)
        alarms += len(sim.trace.where(kind="log", after=2_500).where(detail="read-only: hears 1 of 3"))
    assert alarms <= 1


def test_a_replica_that_never_notices_counts_as_for_ever():
    assert measure_second(1, timeout=10_000.0).noticed_s == (math.inf,)


def test_a_measurement_depends_on_its_seed_alone():
    assert measure_second(5) == measure_second(5)
    assert measure_second(5) != measure_second(6)


def test_leaving_out_the_majoritys_users_leaves_the_minoritys():
    sim = dangerous_second(1, groups=(3, 2), majority_posts=False).run(until=4_000)
    assert {op.process.split("#")[0] for op in sim.history} == {"dave", "erin"}
    assert sim.faults[0].args == (("r1", "r2", "r3"), ("dave", "erin", "r4", "r5"))


def test_an_estimate_is_right_about_nineteen_times_in_twenty_and_refuses_tiny_samples():
    with pytest.raises(ValueError, match="at least 30"):
        estimate([1.0] * 29)
    hits = 0
    for block in range(30):
        seeds = range(block * 40, block * 40 + 40)
        e = estimate(measure_second(seed, majority_posts=False).noticed_s[0] for seed in seeds)
        assert e.low <= e.mean <= e.high
        hits += e.low <= 1.5 - 1 / 3 <= e.high
    # A binomial of 30 at 95 % is below 24 once in 4,000 times.
    assert hits >= 24


# ---------------------------------------------------------------- graphs


class Square:
    nodes = ("a", "b", "c", "d")
    edges = (("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"))


def test_parts_need_no_networkx_only_nodes_and_edges():
    assert parts(Square) == [("a", "b", "c", "d")]
    assert parts(Square, down=["b", "d"]) == [("a",), ("c",)]
    assert parts(Square, cut=[("a", "b"), ("c", "d")]) == [("a", "d"), ("b", "c")]
    assert fewest_cuts(Square) == [("a", "b"), ("b", "c")]


def test_a_flood_names_what_is_not_in_the_graph():
    with pytest.raises(ValueError, match="no node 'x'"):
        parts(Square, down=["x"])
    with pytest.raises(ValueError, match="no node 'x'"):
        parts(Square, cut=[("a", "x")])


def test_a_flood_costs_at_most_two_messages_for_each_link_and_rumour():
    sim = flood(Square, starts=["a"]).run()
    assert len(sim.trace.where(kind="send")) <= 2 * len(Square.edges)
    assert all("a" in node.heard for node in sim.nodes.values())


# ---------------------------------------------------------------- judging a rule


def test_the_shapes_are_all_ways_to_write_three_four_and_five_as_sums():
    def sums(n, most):
        return [(k, *rest) for k in range(min(n, most), 0, -1) for rest in sums(n - k, k)] if n else [()]

    assert list(SHAPES) == sums(3, 3) + sums(4, 4) + sums(5, 5)


def test_the_majority_rule_passes_and_is_shown_the_cut_it_cannot_handle():
    verdict = try_rule(lambda heard, n: 2 * heard > n)
    assert verdict
    assert len(verdict.trials) == len(SHAPES) + 1
    assert verdict.trials[-1].outcome == ("r1", "r2", "r3")
    assert "r1 and r3 cannot hear each other and both accept posts" in repr(verdict)


WRONG_RULES = {
    "at least half": (lambda heard, n: heard >= n / 2, {"2 + 2"}),
    "rounded down": (lambda heard, n: heard >= n // 2, {"2 + 1", "1 + 1 + 1", "2 + 2", "3 + 2", "2 + 2 + 1"}),
    "everyone": (everyone, {"2 + 1", "3 + 1", "4 + 1", "3 + 2", "3 + 1 + 1"}),
    "two thirds": (lambda heard, n: 3 * heard > 2 * n, {"2 + 1", "3 + 2", "3 + 1 + 1"}),
    "nobody": (lambda heard, n: False, {"3", "4", "5", "2 + 1", "3 + 1", "4 + 1", "3 + 2", "3 + 1 + 1"}),
    "at least three": (lambda heard, n: heard >= 3, {"2 + 1"}),
    "two is enough": (lambda heard, n: heard >= 2, {"2 + 2", "3 + 2", "2 + 2 + 1"}),
}


@pytest.mark.parametrize("name", WRONG_RULES)
def test_a_wrong_rule_fails_at_exactly_the_cuts_that_break_it(name):
    rule, cuts = WRONG_RULES[name]
    verdict = try_rule(rule)
    assert {trial.name for trial in verdict.trials if trial.complaint} == cuts
    assert not verdict
    assert f"{len(cuts)} of 15 cuts go wrong. Begin with" in repr(verdict)


def test_a_complaint_names_the_two_sides_or_the_silent_majority():
    told = repr(try_rule(lambda heard, n: heard >= 2))
    assert "split brain: r1 r2 | r3 r4\n" in told
    assert "Begin with 2 + 2: r1 r2 and r3 r4 cannot hear each other, and each side thinks that it may write" in told
    told = repr(try_rule(everyone))
    assert "silent, though 3 of 5 can talk\n" in told
    assert "Begin with 2 + 1: they are more than half, so nobody else could be" in told


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (lambda heard, n: None, r"<lambda>\(1, 3\) gives None; return True \(accept posts\) or False"),
        (lambda heard: True, r"<lambda>\(1, 3\) stops with TypeError: .* takes 1 positional argument"),
        (lambda heard, n: 1 / (heard - 1) > 0, r"stops with ZeroDivisionError"),
        (True, "True is not a function"),
    ],
)
def test_a_rule_that_cannot_run_is_told_why(rule, says):
    verdict = try_rule(rule)
    assert not verdict
    assert re.search(f"Not run yet: .*{says}", repr(verdict)), repr(verdict)


def test_who_writes_is_asked_after_the_cut_is_known_and_before_the_run_ends():
    assert who_writes((3,)) == ["r1", "r2", "r3"]
    assert who_writes((2, 1), count_self=False) == []
    for seed in range(20):
        assert who_writes((3, 2), seed=seed) == ["r1", "r2", "r3"], f"seed {seed}"
