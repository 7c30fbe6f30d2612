"""What lesson 5 says must appear, held against the simulation: on every seed, or statistically, with its interval.

D5.1 is section 3 of the lesson, and so on to D5.5, section 7.
"""

import re
from itertools import combinations
from pathlib import Path
from random import Random

import nbformat
import networkx as nx
import pytest

from dslib import check_linearizable, good_share
from dslib.protocols.chat import (
    Room,
    diverged,
    last_writer_wins,
    lost_posts,
    set_union,
    transcripts,
    users_saw,
    writers,
)
from dslib.protocols.flooding import fewest_cuts, parts, splitting_links, splitting_nodes
from dslib.protocols.majority import always, at_least_half, at_least_half_rounded_down, more_than_half
from dslib.scenarios import (
    CUT_MS,
    chat_room,
    dangerous_second,
    measure_second,
    silence,
    triangle,
    try_rule,
    two_truths,
    who_writes,
)
from dslib.sweeps import estimate
from dslib.views import graph

LESSON = Path(__file__).resolve().parent.parent / "lessons" / "05-different-types-of-failures.ipynb"
SEEDS = range(20)


def prose(cell_id):
    return next(cell.source for cell in nbformat.read(LESSON, as_version=4).cells if cell.id == cell_id)


def outcomes(sim, user, after=0.0):
    return {
        s.outcome for s in users_saw(sim) if s.operation.process.split("#")[0] == user and s.operation.invoked >= after
    }


# ---------------------------------------------------------------- 1 and 2: break it; network or node?


def test_a_cut_refuses_carol_a_crash_leaves_alice_unanswered_and_both_together_stop_bob():
    def broken(seed, cut=True, crash=True):
        sim = chat_room(seed)
        if cut:
            sim.at(500, sim.network.partition, {"r1", "r2", "alice", "bob"}, {"r3", "carol"})
        if crash:
            sim.at(1_200, sim.crash, "r1")
        return sim.run(until=2_000)

    for seed in SEEDS:
        both = broken(seed)
        assert outcomes(both, "carol", 700) == {"refused"}, f"seed {seed}"
        assert outcomes(both, "alice", 1_210) <= {"never", "open"}, f"seed {seed}"
        assert outcomes(both, "bob", 1_500) == {"refused"}, f"seed {seed}"
        assert outcomes(broken(seed, crash=False), "bob") == {"good"}, f"bob suffers from the cut alone, seed {seed}"
        assert outcomes(broken(seed, cut=False), "bob") == {"good"}, f"bob suffers from the crash alone, seed {seed}"
        first = next(s for s in users_saw(both) if s.operation.process == "carol" and s.operation.invoked > 500)
        assert first.outcome == "good", f"the lesson says that carol's first post slips through, seed {seed}"


def test_the_others_receive_exactly_the_same_messages_whether_r3_crashed_or_was_cut_off():
    def heard(seed, fault):
        sim = silence(seed, fault).run(until=2_000)
        return [(e.time, e.src, e.dest, e.msg) for e in sim.trace.where(kind="deliver", dest=("r1", "r2"))]

    for seed in SEEDS:
        crash, cut = heard(seed, "crash"), heard(seed, "cut")
        assert crash == cut, f"seed {seed}"
        assert any(time > CUT_MS and src != "r3" for time, src, *_ in crash), "nobody spoke after the fault"
        assert any(src == "r3" for _, src, *_ in crash), "r3 was never heard, so its silence says nothing"


@pytest.mark.parametrize(
    ("fault", "remedy", "share"),
    [("crash", "restart", 1), ("crash", "heal", 0), ("cut", "restart", 0), ("cut", "heal", 1)],
)
def test_each_fault_has_its_own_remedy_and_the_other_one_does_nothing(fault, remedy, share):
    for seed in SEEDS:
        seen = users_saw(silence(seed, fault, remedy).run(until=2_000))
        mine = [s for s in seen if s.operation.process.startswith("carol") and s.operation.invoked > 1_300]
        assert len(mine) >= 3
        assert good_share(mine) == share, f"seed {seed}"


# ---------------------------------------------------------------- D5.1


def random_graph(seed):
    """Connected, 4 to 8 nodes with names, few enough links that some matter."""
    dice = Random(seed)
    names = "abcdefgh"[: dice.randrange(4, 9)]
    g = nx.Graph()
    g.add_nodes_from(names)
    for i, name in enumerate(names[1:], 1):
        g.add_edge(name, dice.choice(names[:i]))
    spare = [pair for pair in combinations(names, 2) if not g.has_edge(*pair)]
    g.add_edges_from(dice.sample(spare, min(len(spare), dice.randrange(4))))
    return g


def test_d51_flooding_finds_the_articulation_points_and_bridges_of_graph_theory():
    weak = 0
    for seed in range(40):
        g = random_graph(seed)
        assert set(splitting_nodes(g)) == set(nx.articulation_points(g)), f"seed {seed}: {list(g.edges)}"
        bridges = {frozenset(link) for link in nx.bridges(g)}
        assert {frozenset(link) for link in splitting_links(g)} == bridges, f"seed {seed}: {list(g.edges)}"
        weak += bool(bridges)
    assert 5 < weak < 40, "all these graphs are alike"


def test_d51_flooding_finds_the_groups_that_are_left():
    for seed in range(40):
        g, dice = random_graph(seed), Random(seed)
        down = dice.sample(list(g.nodes), 1)
        cut = dice.sample(list(g.edges), 2)
        left = g.copy()
        left.remove_edges_from(cut)
        left.remove_nodes_from(down)
        theory = {frozenset(group) for group in nx.connected_components(left)}
        assert {frozenset(group) for group in parts(g, down, cut, seed)} == theory, f"seed {seed}"


def test_d51_a_ring_needs_two_cuts_a_star_one_and_all_to_all_as_many_as_a_node_has_links():
    def named(g):
        return nx.relabel_nodes(g, str)

    for n in (4, 5, 6):
        assert len(fewest_cuts(named(nx.cycle_graph(n)))) == 2
        assert len(fewest_cuts(named(nx.star_graph(n)))) == 1
    assert len(fewest_cuts(named(nx.complete_graph(4)))) == 3
    for seed in SEEDS:
        g = random_graph(seed)
        assert len(fewest_cuts(g)) == nx.edge_connectivity(g), f"seed {seed}: {list(g.edges)}"


CAMPUS = nx.Graph(["ab", "bc", "ca", "cd", "de", "ef", "fd", "fg"])


def test_d51_one_more_link_can_make_the_offices_safe_and_the_one_in_the_lesson_is_not_yet_it():
    def weak(link):
        better = CAMPUS.copy()
        better.add_edge(*link)
        return splitting_nodes(better) + splitting_links(better)

    assert weak("ae"), "the exercise is solved before it begins"
    solutions = [link for link in combinations("abcdefg", 2) if not CAMPUS.has_edge(*link) and not weak(link)]
    assert solutions == [("a", "g"), ("b", "g")], "there is a way, and not just any"


def test_d51_the_picture_to_predict_from_does_not_tell():
    assert "splits" in str(graph(CAMPUS))
    assert "splits" not in str(graph(CAMPUS, weak=False))
    assert "articulation" not in graph(CAMPUS, weak=False).svg


# ---------------------------------------------------------------- D5.2


def test_d52_both_sides_answer_diverge_and_a_set_union_keeps_both():
    for seed in SEEDS:
        sim = two_truths(seed, rule=always, merge=set_union).run(until=1_200)
        assert diverged(sim), f"seed {seed}"
        during = transcripts(sim)
        assert not diverged(sim.run(until=2_000)), f"seed {seed}"
        assert good_share(users_saw(sim)) == 1, f"seed {seed}"
        assert not lost_posts(sim), f"seed {seed}"
        merged = set(transcripts(sim)["r1"].split())
        assert merged == set(during["r1"].split()) | set(during["r3"].split()), f"seed {seed}"


def test_d52_last_writer_wins_silently_drops_exactly_one_side():
    for seed in SEEDS:
        sim = two_truths(seed, rule=always, merge=last_writer_wins).run(until=2_000)
        assert not diverged(sim), f"seed {seed}"
        during = {op.arg for op in sim.history if op.invoked > CUT_MS}
        lost = {op.arg for op in lost_posts(sim)}
        assert lost == {post for post in during if post.startswith("c")}, f"seed {seed}"
        assert all(op.status == "ok" for op in sim.history), f"somebody was told, seed {seed}"


def test_d52_with_the_majority_rule_the_minority_is_refused_and_nothing_is_lost():
    for seed in SEEDS:
        sim = two_truths(seed, rule=more_than_half).run(until=2_000)
        assert outcomes(sim, "carol", CUT_MS) == {"refused"}, f"seed {seed}"
        assert outcomes(sim, "alice") == outcomes(sim, "bob") == {"good"}, f"seed {seed}"
        assert not lost_posts(sim), f"seed {seed}"


def test_d52_two_policies_have_the_same_share_of_good_answers_and_only_one_of_them_tells_the_user():
    for seed in SEEDS:
        silent = two_truths(seed, rule=always, merge=last_writer_wins).run(until=2_000)
        open_ = two_truths(seed, rule=more_than_half).run(until=2_000)
        assert good_share(users_saw(silent)) == good_share(users_saw(open_)) < 1, f"seed {seed}"


def test_d52_a_merge_cannot_save_what_only_a_dead_replica_had():
    for seed in SEEDS:
        sim = two_truths(seed, rule=always, merge=set_union)
        sim.at(1_100, sim.crash, "r3")
        assert {op.arg for op in lost_posts(sim.run(until=2_000))} == {"c2", "c3", "c4"}, f"seed {seed}"


# ---------------------------------------------------------------- D5.3


@pytest.mark.parametrize(
    ("groups", "writing"),
    [
        ((3, 2), "r1 r2 r3"),
        ((2, 2), ""),
        ((2, 2, 1), ""),
        ((3,), "r1 r2 r3"),
        ((2, 1), "r1 r2"),
        ((4, 1), "r1 r2 r3 r4"),
    ],
)
def test_d53_who_may_write_under_the_majority_rule(groups, writing):
    for seed in SEEDS:
        assert " ".join(who_writes(groups, more_than_half, seed=seed)) == writing, f"seed {seed}"


@pytest.mark.parametrize(
    ("rule", "groups", "writing"),
    [
        (at_least_half, (2, 2), "r1 r2 r3 r4"),
        (at_least_half, (3, 2), "r1 r2 r3"),
        (at_least_half_rounded_down, (2, 2), "r1 r2 r3 r4"),
        (at_least_half_rounded_down, (3, 2), "r1 r2 r3 r4 r5"),
    ],
)
def test_d53_at_least_half_fails_on_even_halves_only_and_rounding_down_on_3_2_as_well(rule, groups, writing):
    for seed in SEEDS:
        assert " ".join(who_writes(groups, rule, seed=seed)) == writing, f"seed {seed}"


def test_d53_a_replica_that_does_not_count_itself_stops_a_healthy_two_of_three():
    for seed in SEEDS:
        assert who_writes((2, 1), count_self=True, seed=seed) == ["r1", "r2"], f"seed {seed}"
        assert who_writes((2, 1), count_self=False, seed=seed) == [], f"seed {seed}"


def test_d53_the_exercise_begins_unsolved_and_the_rule_of_the_lesson_solves_it():
    assert not try_rule(lambda heard, n: True)
    for seed in SEEDS:
        assert try_rule(lambda heard, n: heard > n // 2, seed), f"seed {seed}"


# ---------------------------------------------------------------- D5.4


def test_d54_where_hearing_is_not_transitive_all_three_write_and_r1_and_r3_diverge():
    for seed in SEEDS:
        sim = triangle(seed).run(until=2_000)
        assert writers(sim, after=700) == ["r1", "r2", "r3"], f"seed {seed}"
        assert good_share(users_saw(sim)) == 1, f"the lesson says that all users are content, seed {seed}"
        rooms = transcripts(sim)
        assert not any(post.startswith("c") for post in rooms["r1"].split()[3:]), f"seed {seed}"
        assert not any(post.startswith("a") for post in rooms["r3"].split()[3:]), f"seed {seed}"
        verdict = check_linearizable(sim.history, Room(), time_limit=20)
        assert verdict.linearizable is False, f"seed {seed}"


def test_d54_without_the_cut_the_same_room_is_linearizable_so_it_is_the_cut_that_breaks_it():
    for seed in SEEDS:
        verdict = check_linearizable(triangle(seed, cut=False).run(until=2_000).history, Room(), time_limit=20)
        assert verdict, f"seed {seed}: {verdict.explain()}"


def test_d54_a_relay_mends_the_contents_and_not_the_rule():
    for seed in SEEDS:
        sim = triangle(seed, relay=True).run(until=2_000)
        assert not diverged(sim), f"seed {seed}"
        assert writers(sim, after=700) == ["r1", "r2", "r3"], f"seed {seed}"


def test_d54_writing_to_a_majority_under_an_epoch_keeps_one_room_although_r1_and_r3_never_talk():
    for seed in SEEDS:
        sim = triangle(seed, epochs=True).run(until=2_000)
        verdict = check_linearizable(sim.history, Room(), time_limit=20)
        assert verdict, f"seed {seed}: {verdict.explain()}"
        between = sim.trace.where(kind="deliver", src=("r1", "r3"), dest=("r1", "r3"), after=CUT_MS)
        assert not between, f"seed {seed}"
        rooms = [room.split() for room in transcripts(sim).values()]
        longest = max(rooms, key=len)
        assert all(room == longest[: len(room)] for room in rooms), f"seed {seed}: {rooms}"


def test_d54_the_price_is_time():
    for seed in SEEDS:
        took = []
        for epochs in (False, True):
            ops = [op for op in triangle(seed, epochs=epochs).run(until=2_000).history if op.status == "ok"]
            took.append(sorted(op.completed - op.invoked for op in ops)[len(ops) // 2])
        assert took[1] > 2 * took[0], f"seed {seed}: {took}"


# ---------------------------------------------------------------- D5.5


@pytest.fixture(scope="module")
def seconds():
    """200 cuts of each shape, five posts a second at each replica of the minority."""
    return {
        shape: [measure_second(seed, shape, rate=5.0, majority_posts=False) for seed in range(200)]
        for shape in ((2, 1), (3, 2))
    }


def agrees(estimated, theory):
    """Within four standard errors: an honest change of the dice fails once in 16,000 times."""
    error = (estimated.high - estimated.low) / (2 * 1.96)
    return abs(estimated.mean - theory) < 4 * error


def mean(values):
    return sum(values) / len(values)


@pytest.mark.parametrize(("shape", "reference"), [((2, 1), 1.17), ((3, 2), 1.25)])
def test_d55_a_minority_notices_after_the_timeout_less_the_age_of_the_freshest_heartbeat(seconds, shape, reference):
    """Theory: timeout - period / (k + 1) with k lost peers; the reference was measured with another simulator.

    One value for each run: two replicas of one minority hear the same heartbeats, so they are not independent.
    """
    noticed = estimate(mean(run.noticed_s) for run in seconds[shape])
    theory = 1.5 - 1 / (shape[0] + 1)
    assert abs(theory - reference) < 0.005
    assert agrees(noticed, theory), f"{shape}: {noticed}, theory {theory:.3f}"
    assert noticed.high - noticed.low < 0.1, f"too few runs to say much: {noticed}"


@pytest.mark.parametrize("shape", [(2, 1), (3, 2)])
def test_d55_the_posts_at_risk_are_the_rate_times_the_time_to_notice(seconds, shape):
    """In each run: what it accepted, less five times the seconds it had, is zero on average."""
    surplus = estimate(run.orphans - 5 * sum(run.noticed_s) for run in seconds[shape])
    assert agrees(surplus, 0), f"{shape}: {surplus}"
    at_risk = estimate(run.orphans for run in seconds[shape])
    assert agrees(at_risk, 5 * shape[1] * (1.5 - 1 / (shape[0] + 1))), f"{shape}: {at_risk}"


@pytest.mark.parametrize("timeout", [1.2, 1.8, 2.4])
def test_d55_a_longer_timeout_is_noticed_later_by_just_as_much(timeout):
    noticed = estimate(
        measure_second(seed, timeout=1_000 * timeout, majority_posts=False).noticed_s[0] for seed in range(100)
    )
    assert agrees(noticed, timeout - 1 / 3), str(noticed)


@pytest.mark.parametrize("how", ["majority", "leases"])
def test_d55_with_majorities_or_leases_not_one_post_is_at_risk(how):
    for seed in range(40):
        for shape in ((2, 1), (3, 2)):
            run = measure_second(seed, shape, answer_after=how)
            assert run.orphans == 0, f"{how}, {shape}, seed {seed}"
            assert max(run.noticed_s) < 1.6, f"{how}: the minority goes on for ever, seed {seed}"


def test_d55_leases_make_the_majority_wait_and_both_cures_make_every_answer_slower():
    measured = {
        how: [measure_second(seed, answer_after=how) for seed in range(40)]
        for how in ("accepting", "majority", "leases")
    }
    resumed = {how: estimate(run.resumed_s for run in runs) for how, runs in measured.items()}
    usual = {how: estimate(run.usual_ms for run in runs) for how, runs in measured.items()}
    assert resumed["accepting"].high < 0.6, resumed
    assert resumed["majority"].high < 0.6, resumed
    assert resumed["leases"].low > 0.75, resumed
    assert usual["accepting"].high < usual["majority"].low, usual
    assert usual["majority"].high < usual["leases"].low, usual


def test_d55_when_the_cut_heals_and_the_last_writer_wins_the_posts_at_risk_are_gone():
    lost = 0
    for seed in SEEDS:
        sim = dangerous_second(seed, heal=7_000.0, rate=2.0, latency=(20, 60)).run(until=9_000)
        gone = lost_posts(sim)
        lost += len(gone)
        assert all(op.arg.startswith("c") and 2_900 < op.invoked < 4_600 for op in gone), f"seed {seed}: {gone}"
        assert not diverged(sim), f"seed {seed}"
    assert lost >= 20, "about 2 x 1.17 posts a run were expected"


# ---------------------------------------------------------------- the prose and the numbers


def test_the_arithmetic_that_the_prose_does_is_right():
    text = prose("extra-second")
    claims = re.findall(r"([\d.]+) − 1/(\d) = ([\d.]+) s", text)
    assert len(claims) == 2
    for timeout, k_plus_one, result in claims:
        assert round(float(timeout) - 1 / int(k_plus_one), 2) == float(result)


def test_the_prose_names_the_settings_that_the_scenarios_have():
    text = prose("dangerous-second")
    replica = dangerous_second().nodes["r1"]
    assert "once a second" in text
    assert replica.period == 1_000
    assert "within the last 1.5 s" in text
    assert replica.timeout == 1_500
    assert "0.1 s on average" in text
    assert dangerous_second().network.latency.mean == 100
    assert "at 3,000 ms is healed at 7,000 ms" in prose("play-second-explained")


def test_lesson_5_says_where_it_departs_from_the_notes_of_the_video():
    text = prose("errata")
    for statement in ("two kinds of engineers", "in the nodes", "minimises"):
        assert statement in re.sub(r"[*_]", "", text), statement


def test_d54_what_the_lesson_reads_out_of_the_counterexample_is_in_it():
    sim = triangle().run(until=2_000)
    post, read = check_linearizable(sim.history, Room()).conflict
    assert (post.f, read.f) == ("post", "read")
    assert post.completed < read.invoked
    assert post.arg not in read.result


def test_d54_epochs_cost_some_answers_their_time_in_the_run_that_the_lesson_shows():
    seen = users_saw(triangle(epochs=True).run(until=2_000))
    assert {s.outcome for s in seen} == {"good", "never"}
