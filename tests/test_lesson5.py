"""What lesson 5 says must appear, held against the simulation: on every seed, or statistically, with its interval.

D5.1 is section 3 of the lesson, and so on to D5.4, section 6; D5.5 and D5.6 are section 7, D5.10 is section 8, the
others are extras.
"""

import re
from itertools import combinations, pairwise
from math import prod, sqrt
from pathlib import Path
from random import Random

import nbformat
import networkx as nx
import pytest

from dslib import check_linearizable, good_share
from dslib.places import distance_km
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
from dslib.protocols.majority import always, at_least_half, at_least_half_rounded_down, everyone, more_than_half
from dslib.scenarios import (
    CUT_MS,
    chat_room,
    cuts,
    dangerous_second,
    groups,
    guards,
    measure_second,
    roads,
    silence,
    spares,
    suspicions,
    triangle,
    try_rule,
    two_truths,
    who_writes,
)
from dslib.sweeps import estimate
from dslib.views import graph
from dslib.views.items import lesson_items

LESSON = Path(__file__).resolve().parent.parent / "lessons" / "05-different-types-of-failures.ipynb"
SEEDS = range(20)
ITEMS = {item.id: item for item in lesson_items("05").values()}


def prose(cell_id):
    return next(cell.source for cell in nbformat.read(LESSON, as_version=4).cells if cell.id == cell_id)


def worked(cell_id):
    """The program in a worked answer."""
    return re.search(r"```python\n(.*?)```", prose(cell_id), re.DOTALL).group(1)


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


# ---------------------------------------------------------------- D5.4, by search


def test_d54_of_all_ways_to_cut_three_links_exactly_those_that_are_not_transitive_defeat_the_rule():
    search = cuts.every_cut()
    assert [one.cut for one in search] == list(cuts.CUTS)
    assert len(search) == 8
    for one in search:
        if len(one.cut) == 1:  # the two that are apart both hear the third
            assert one.found.failure.steps == 6, one
            assert all(name in one.found.failure.message for name in one.cut[0]), one
        else:
            assert one.found is None or one.found, f"{one}: not all orders were seen, or one of them fails"
    story = search[2].found
    assert search[2].cut == (("r1", "r3"),)
    replayed = story.replay()
    assert [node.may_write() for node in replayed.nodes.values()] == [True, False, True]
    assert "1 and r3" in str(search)


def test_d54_a_rule_that_lets_a_lone_replica_write_fails_under_every_cut_and_all_or_nothing_leaves_one_writer():
    assert len(cuts.every_cut(at_least_half_rounded_down).failing) == 7
    apart = cuts.counting_room((("r1", "r3"),), everyone).run(until=500)
    assert [node.may_write() for node in apart.nodes.values()] == [False, True, False]


def test_d54_writing_to_a_majority_stands_every_order_of_two_posts_and_a_read():
    found = cuts.every_order(again=0)
    assert found, str(found)
    assert found.states > 400, "next to nothing was looked at"


# ---------------------------------------------------------------- D5.6

HOURS = 8.0

#: The blueprint's reference table: false alarms an hour, and seconds until a crash is found, measured elsewhere.
REFERENCE = {
    0.0: ((243, 0.8), (12.5, 1.1), (0, 1.8), (0, 2.8), (0, 4.8)),
    0.01: ((276, 0.8), (48, 1.1), (2.7, 1.8), (0.01, 2.8), (0, 4.8)),
    0.05: ((390, 0.8), (181, 1.1), (20, 1.7), (1.0, 2.7), (0.01, 4.7)),
    0.2: ((732, 0.7), (581, 0.9), (145, 1.6), (29, 2.6), (1.2, 4.6)),
}
CELLS = [(loss, timeout) for loss in suspicions.LOSSES for timeout in suspicions.TIMEOUTS_S]


@pytest.fixture(scope="module")
def waits():
    """Every cell of the reference table: eight hours of watching, and 100 crashes."""
    table = suspicions.wait_table(hours=HOURS, crashes=100, seed=6)
    return {(cell.loss, cell.timeout_s): (cell, row) for cell, row in zip(table, table.rows, strict=True)}


@pytest.mark.parametrize(("loss", "timeout"), CELLS)
def test_d56_every_cell_of_the_table_agrees_with_the_exact_rate_and_the_exact_mean(waits, loss, timeout):
    cell, row = waits[loss, timeout]
    expected = HOURS * suspicions.alarms_per_hour(timeout, loss)
    assert abs(row.false_alarms - expected) <= 4 * sqrt(expected) + 1, f"{row.false_alarms} alarms, {expected:.1f}"
    assert agrees(estimate(ms / 1_000 for ms in row.detected_ms), suspicions.mean_detection_s(timeout, loss)), cell
    if expected < 1_000:
        assert cell.low * 0.7 <= cell.exact_alarms <= cell.high * 1.3 + 0.05, "the interval in the table is of no use"


@pytest.mark.parametrize(("loss", "timeout"), CELLS)
def test_d56_the_exact_values_are_those_of_the_reference_where_that_is_not_noise(loss, timeout):
    alarms, found = REFERENCE[loss][suspicions.TIMEOUTS_S.index(timeout)]
    exact = suspicions.alarms_per_hour(timeout, loss)
    assert abs(exact - alarms) <= 0.05 * alarms + 0.03, f"{exact:.3f} against {alarms}"
    assert abs(suspicions.mean_detection_s(timeout, loss) - found) <= 0.06


def test_d56_the_rare_cells_exactly():
    for loss, timeout, alarms in ((0.0, 1.5, 12.1), (0.01, 3.2, 0.028), (0.05, 5.2, 0.0024)):
        assert abs(suspicions.alarms_per_hour(timeout, loss) / alarms - 1) < 0.02


def test_d56_along_a_line_of_the_table_sooner_means_more_false_alarms(waits):
    for loss in suspicions.LOSSES:
        line = [waits[loss, timeout][0] for timeout in suspicions.TIMEOUTS_S]
        assert [cell.found_s for cell in line] == sorted(cell.found_s for cell in line)
        assert [cell.alarms for cell in line] == sorted((cell.alarms for cell in line), reverse=True)


def test_d56_the_exercise_begins_unsolved_and_its_worked_answer_solves_it():
    assert not suspicions.try_timeout(lambda loss: 1.5)
    scope = {"suspicions": suspicions}
    exec(worked("worked-timeout"), scope)
    assert suspicions.try_timeout(scope["timeout_for"])
    chosen = [round(scope["timeout_for"](loss), 1) for loss in suspicions.LOSSES]
    assert chosen == [float(number) for number in re.findall(r"([\d.]+) s", prose("worked-timeout"))]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (1.5, "1.5 is not a function"),
        (lambda loss: None, "gives None; return seconds"),
        (lambda loss: -1, "return seconds, above 0"),
        (lambda loss: 1 / loss, "stops with ZeroDivisionError"),
    ],
)
def test_d56_a_rule_that_cannot_be_asked_is_told_why(rule, words):
    verdict = suspicions.try_timeout(rule)
    assert not verdict
    assert words in str(verdict)


def test_d56_swim_costs_each_member_the_same_however_many_there_are():
    small, large = suspicions.watch_each_other(5, seeds=20), suspicions.watch_each_other(12, seeds=20)
    assert (small.all_to_all, large.all_to_all) == (4, 11)
    assert small.swim == pytest.approx(2, abs=0.1)
    assert large.swim == pytest.approx(2, abs=0.1)
    assert 1.2 < small.found_s < 2.6
    assert 1.2 < large.found_s < 2.6


# ---------------------------------------------------------------- D5.7


def test_d57_a_restart_loses_what_came_after_the_last_checkpoint_and_takes_its_time():
    for seed in SEEDS:
        run = spares.recover(seed, 1, checkpoint_s=5)
        assert run.lost_s < 10, f"seed {seed}"
        assert 20 < run.down_s < 22, f"seed {seed}"


@pytest.mark.parametrize("checkpoint_s", [2, 10])
def test_d57_the_work_lost_is_about_half_of_what_comes_between_two_checkpoints(checkpoint_s):
    """Before the write of w seconds, c / 2 on average and what waited for the last one; during it, all of c + w."""
    lost = estimate(spares.recover(seed, 1, checkpoint_s).lost for seed in range(60))
    c, w = checkpoint_s, spares.WRITE_S
    theory = spares.RATE * (c * (c / 2 + w) + w * (c + w)) / (c + w)
    assert agrees(lost, theory), f"{lost}, theory {theory:.1f}"


def test_d57_a_hot_spare_loses_nothing_and_is_there_at_once_for_three_machines():
    for seed in SEEDS:
        run = spares.recover(seed, 3, 10)
        assert run.lost == 0, f"seed {seed}"
        assert run.down_s < 2, f"seed {seed}"
        assert run.machines == 3


def test_d57_the_exercise_begins_unsolved_and_its_worked_answer_solves_it():
    assert not spares.try_plan(lambda rto_s, rpo_s: (1, 10))
    assert "fewer machines" in str(spares.try_plan(lambda rto_s, rpo_s: (3, 10)))
    assert "of its time on checkpoints" in str(spares.try_plan(lambda rto_s, rpo_s: (1, 0.2)))
    by_rto_only = str(spares.try_plan(lambda rto_s, rpo_s: (3, 10) if rto_s < 25 else (1, max(rpo_s / 2, 2.5))))
    assert "1 of 5 go wrong. Begin with a bank's ledger" in by_rto_only
    scope = {}
    exec(worked("worked-plan"), scope)
    verdict = spares.try_plan(scope["plan"])
    assert verdict, verdict


def test_d57_plans_that_cannot_be_are_refused_in_words():
    with pytest.raises(ValueError, match="write 1, or 3, 5 or 7 replicas"):
        spares.prepared_room(machines=2)
    with pytest.raises(ValueError, match="checkpoint_s=0: write seconds"):
        spares.prepared_room(checkpoint_s=0)
    assert "return (machines, seconds)" in str(spares.try_plan(lambda rto_s, rpo_s: 3))


# ---------------------------------------------------------------- D5.8

GUARD_SETS = [guards.GUARDS[:many] for many in range(4)]


@pytest.fixture(scope="module")
def tills():
    """Thirty tills with each set of guards."""
    return {chosen: [guards.told(seed, chosen, sales=100) for seed in range(30)] for chosen in GUARD_SETS}


def test_d58_each_guard_takes_lies_away_and_none_adds_any(tills):
    wrong = [estimate(run.wrong for run in tills[chosen]) for chosen in GUARD_SETS]
    assert wrong[0].low > wrong[1].high, "a checksum"
    assert wrong[1].low > wrong[2].high, "an assertion"
    silent = [estimate(run.silent for run in tills[chosen]).mean for chosen in GUARD_SETS]
    assert silent[3] < 0.02 < silent[2], "a time-out"
    assert all(run.deaths == 0 for chosen in GUARD_SETS[:2] for run in tills[chosen])
    assert sum(run.deaths for run in tills[GUARD_SETS[3]]) > 20, "lies were to become crashes"


def test_d58_what_remains_undetected_is_a_price_that_flips_to_another_possible_price(tills):
    possible = sum(
        guards.CHEAPEST <= price ^ (1 << bit) <= guards.DEAREST
        for price in range(guards.CHEAPEST, guards.DEAREST + 1)
        for bit in range(8)
    )
    theory = 0.01 * possible / 800
    measured = estimate(run.wrong for run in tills[guards.GUARDS])
    assert agrees(measured, theory), f"{measured}, theory {theory:.4f}"


def test_d58_without_flips_and_hangs_all_answers_are_right_with_and_without_guards():
    for chosen in ((), guards.GUARDS):
        assert guards.told(1, chosen, flips=0, hangs=0, sales=20).right == 1


def test_d58_the_same_bad_input_kills_every_replica_and_is_refused_at_the_door_without_harm():
    for seed in SEEDS:
        inside, door = guards.spread(seed, "inside"), guards.spread(seed, "at the door")
        assert inside.died == ("r1", "r2", "r3"), f"seed {seed}"
        assert inside.deaths > 6, f"they come back and die again, seed {seed}"
        assert inside.good < 0.5, f"seed {seed}"
        assert (door.died, door.good) == ((), 1), f"seed {seed}"


def test_d58_guards_and_probabilities_that_cannot_be_are_refused_in_words():
    with pytest.raises(ValueError, match="there is no guard 'prayer': there are checksum, assertion, timeout"):
        guards.faulty_till(guards=("prayer",))
    with pytest.raises(ValueError, match="write probabilities from 0 to 1"):
        guards.faulty_till(flips=2)
    with pytest.raises(ValueError, match='write "inside" or "at the door"'):
        guards.one_bad_post(checked="outside")


# ---------------------------------------------------------------- D5.9


def test_d59_above_capacity_repetitions_fill_the_queue_and_goodput_collapses_unless_senders_are_careful():
    for seed in SEEDS:
        below = roads.traffic(seed, load=0.7)
        assert below.goodput == pytest.approx(below.written, abs=2), f"seed {seed}"
        naive, careful = roads.traffic(seed, load=1.3), roads.traffic(seed, load=1.3, careful=True)
        assert naive.goodput < 0.5 * roads.CAPACITY, f"seed {seed}: {naive}"
        assert naive.goodput + naive.copies == pytest.approx(roads.CAPACITY, abs=1), "the link is never idle"
        assert careful.goodput > 0.85 * roads.CAPACITY, f"seed {seed}: {careful}"
        assert careful.sent < 1.1 * roads.CAPACITY, f"seed {seed}: {careful}"


def test_d59_more_room_in_the_queue_makes_it_worse():
    goodput = [roads.traffic(seed=3, load=1.2, buffer=buffer).goodput for buffer in (20, 50, 100)]
    assert goodput == sorted(goodput, reverse=True)
    assert goodput[0] > 95, "what waits for less than the time-out is not repeated in vain"


def test_d59_a_wrong_turn_sends_packets_to_and_fro_until_their_ttl_ends_and_the_innocent_suffer_when_it_is_busy():
    for seed in SEEDS:
        quiet, right = roads.astray(seed, rate=20), roads.astray(seed, wrong=False, rate=20)
        assert (right.bob, right.carol, right.hops) == (1, 1, 4), f"seed {seed}"
        assert (quiet.bob, quiet.carol, quiet.hops) == (0, 1, 16), f"seed {seed}"
        assert [reason for reason, _ in quiet.lost] == ["ttl"], f"seed {seed}"
    assert all(roads.astray(seed, rate=100).carol < 1 for seed in range(5))
    sim = roads.wrong_turn()
    sim.run(until=1_500)
    assert sim.network.route("alice", "bob") == ["alice", "Madrid", "Paris", "Madrid"]


@pytest.mark.parametrize("way", roads.WAYS)
def test_d59_a_longer_line_is_cut_more_often_and_a_ring_needs_two_cuts_at_one_time(way):
    runs = [roads.years_abroad(seed, way) for seed in range(40)]
    repair = 12.0
    lengths = [distance_km(a, b) for a, b in pairwise((*way, way[0]))]
    down = [repair / (repair + 1_000 * roads.HOURS_A_YEAR / km) for km in lengths]
    up = [1 - part for part in down]
    line = roads.HOURS_A_YEAR * (1 - prod(up[:-1]))
    one = sum(part * prod(up[:i] + up[i + 1 :]) for i, part in enumerate(down))
    ring = roads.HOURS_A_YEAR * (1 - prod(up) - one)
    assert agrees(estimate(run.line_h for run in runs), line)
    assert agrees(estimate(run.ring_h for run in runs), ring)
    assert ring < line / 50


def test_d59_roads_that_cannot_be_are_refused_in_words():
    for call, words in (
        (lambda: roads.busy_link(load=0), "write a share of what the link can send"),
        (lambda: roads.busy_link(buffer=0), "write how many letters may wait"),
        (lambda: roads.wrong_turn(ttl=2), "bob is four links away"),
        (lambda: roads.years_abroad(way=("Paris", "Madrid")), "write three cities or more"),
        (lambda: roads.years_abroad(repair_h=-1), "write a number, 0 or more"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


# ---------------------------------------------------------------- D5.10


@pytest.mark.parametrize(
    ("sizes", "trouble", "asks", "rule", "by"),
    [
        ((3,), "one crashes", "nobody else", more_than_half, ()),
        ((3,), "one crashes", "its group", more_than_half, ("r2",)),
        ((3,), "all crash", "any group", more_than_half, ()),
        ((3,), "all crash", "any group", always, ()),
        ((3,), "cut off", "any group", more_than_half, ("r1", "r2", "r3")),
        ((3, 3), "all crash", "any group", more_than_half, ()),
        ((3, 3), "all crash", "any group", always, ("r4",)),
        ((2, 2, 2), "all crash", "any group", more_than_half, ("r3",)),
        ((3, 3, 1), "all crash", "any group", more_than_half, ("r4",)),
    ],
)
def test_d510_who_answers_while_one_recovers(sizes, trouble, asks, rule, by):
    for seed in SEEDS:
        run = groups.take_over(seed, sizes, trouble, asks, rule)
        assert (run.by, run.good) == (by, 1 if by else 0), f"seed {seed}: {run}"
        assert not run.split


@pytest.mark.parametrize(("sizes", "goes_on"), [((4, 3), 0), ((3, 4), 1), ((3, 2, 2), 1), ((5, 1, 1), 0)])
def test_d510_the_options_of_the_self_check_are_as_it_says(sizes, goes_on):
    option = " + ".join(map(str, sizes))
    assert next(o.right for o in ITEMS["05/takeover"].options if o.text == option) == bool(goes_on)
    for seed in range(3):
        assert groups.take_over(seed, sizes, "all crash", "any group").good == goes_on, f"seed {seed}"


def test_d510_the_defective_node_rejoins_and_catches_up():
    for seed in SEEDS:
        run = groups.take_over(seed, (3,), "one crashes", "its group")
        assert run.behind > 10, f"seed {seed}: there was nothing to catch up with"
        assert 0 < run.caught_up_ms < 600, f"two rounds of pings and a merge, seed {seed}"
        sim = groups.grouped_room(seed, (3,), "one crashes", "its group").run(until=groups.UNTIL_MS)
        assert not diverged(sim), f"seed {seed}"
        posts = transcripts(sim)["r1"].split()
        assert len(posts) == len(set(posts)), f"a post stands in the room twice, seed {seed}"


def test_d510_a_group_that_takes_over_without_a_majority_makes_two_truths_if_the_other_was_only_cut_off():
    for seed in SEEDS:
        assert groups.take_over(seed, (2, 2), "cut off", "any group", always).split, f"seed {seed}"
        assert not groups.take_over(seed, (2, 2), "cut off", "any group", more_than_half).split, f"seed {seed}"


def test_d510_groups_that_cannot_be_are_refused_in_words():
    with pytest.raises(ValueError, match="trouble='flood', asks='any group': write one of 'one crashes'"):
        groups.grouped_room(trouble="flood", asks="any group")
    with pytest.raises(ValueError, match="write the size of each group"):
        groups.grouped_room(groups=())
    with pytest.raises(ValueError, match="a room with 8 replicas"):
        groups.grouped_room(groups=(4, 4))


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
