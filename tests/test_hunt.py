"""Random exploration: trials on many seeds, known-bad variants caught, failing runs made small (Zeller and Hildebrandt
2002, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2))."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import planted
import pytest
from planted import AWAITED, JUDGED, LEADERS, WATCHED, Crasher, Deaf, Lazy, Store

from dslib import Fault, Node, PropertyBroken, Register, Simulation, check_linearizable
from dslib.fanout import Progress
from dslib.hunt import catch_rate, ddmin, hunt, shrink
from dslib.protocols import majority
from dslib.sweeps import pass_rate
from dslib.trials import Trial, attempt, property_of

CONTEXT = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")


def processes():
    return ProcessPoolExecutor(2, mp_context=CONTEXT)


# ---------------------------------------------------------------- a hunt


def test_the_right_protocol_fails_on_no_seed_and_the_wrong_one_on_some():
    right, wrong = hunt(WATCHED, seeds=60), hunt(WATCHED, Lazy, seeds=60)
    assert right.failures == ()
    assert right.rate == pass_rate(0, 60)
    assert 5 < len(wrong.failures) < 55
    assert wrong.rate == pass_rate(len(wrong.failures), 60)
    assert all("nothing_acknowledged_is_forgotten" in failure.what for failure in wrong.failures)
    assert f"seed {wrong.failures[0].seed}: " in str(wrong)


def test_a_hunt_takes_200_seeds_unless_told_otherwise():
    assert hunt(LEADERS).sweep.seeds == tuple(range(200))


def test_each_failing_seed_fails_again_with_the_same_sentence():
    for failure in hunt(JUDGED, Lazy, seeds=range(300, 330)).failures:
        assert attempt(JUDGED, Lazy, failure.seed).what == failure.what


def test_other_processes_find_what_this_one_finds():
    assert hunt(WATCHED, Lazy, seeds=20, executor=processes).failures == hunt(WATCHED, Lazy, seeds=20).failures


def test_a_handler_that_raises_is_a_failure_of_that_seed_alone():
    found = hunt(WATCHED, Crasher, seeds=20)
    assert 0 < len(found.failures) < 20
    assert {failure.what for failure in found.failures} == {"KeyError: 'what was I doing?'"}


def test_a_trial_whose_build_returns_a_simulation_that_has_run_is_refused():
    ran = Trial("ran", lambda seed, kind: Simulation(kind("store"), seed=seed).run(10), 20.0, lambda sim: "", Store, ())
    assert "a simulation that has not run yet" in hunt(ran, seeds=1).failures[0].what


def test_a_trial_and_a_variant_may_be_given_by_their_names():
    by_name = hunt("majority", "at_least_half", seeds=20)
    assert by_name.failures == hunt(majority.TRIAL, majority.at_least_half, seeds=20).failures != ()
    seed = by_name.failures[0].seed
    assert shrink("majority", "at_least_half", seed) == shrink(majority.TRIAL, majority.at_least_half, seed)
    assert catch_rate("majority", "at_least_half", sweeps=2, size=20) == pass_rate(2, 2)


@pytest.mark.parametrize(
    ("trial", "kind", "words"),
    [
        ("majorty", None, "the trials are .*majority"),
        ("majority", "at_most_half", "it knows more_than_half, at_least_half"),
        (Lazy, WATCHED, "is no trial"),
        (WATCHED, Lazy("store"), "write Lazy$"),
    ],
)
def test_what_is_no_trial_or_no_variant_is_refused_before_the_first_run(trial, kind, words):
    for call in (hunt, catch_rate, lambda trial, kind: shrink(trial, kind, 1)):
        with pytest.raises((TypeError, ValueError), match=words):
            call(trial, kind)


def test_a_seed_to_shrink_is_a_whole_number():
    with pytest.raises(TypeError, match="seed='7': write the whole number"):
        shrink(WATCHED, Lazy, "7")


@pytest.mark.parametrize("said", [None, True, check_linearizable([], Register())])
def test_a_judge_that_says_no_sentence_is_told_so_and_breaks_nothing(said):
    trial = WATCHED._replace(judge=lambda sim: said)
    with pytest.raises(TypeError, match=r"its judge returned .*: return '' if all is well"):
        attempt(trial, Store, 1)
    assert "its judge returned" in hunt(trial, seeds=1).failures[0].what


# ---------------------------------------------------------------- catch rates


def test_a_known_bad_variant_is_caught_in_each_sweep_and_the_right_one_in_none():
    assert catch_rate(WATCHED, Lazy, sweeps=10) == pass_rate(10, 10)
    assert catch_rate(WATCHED, Store, sweeps=3, size=20) == pass_rate(0, 3)


def seeded(*bad):
    """A trial that goes wrong with these seeds, and notes which ones were run."""
    ran = []

    def build(seed, kind):
        ran.append(seed)
        return Simulation(Node("n"), seed=seed)

    return Trial("seeded", build, 1.0, lambda sim: "bad luck" if sim.seed in bad else "", Node, ()), ran


def test_sweeps_are_disjoint_and_each_ends_with_its_first_failure():
    trial, ran = seeded(1, 3, 8)
    assert catch_rate(trial, Node, sweeps=3, size=4) == pass_rate(2, 3)
    assert ran == [0, 1, 4, 5, 6, 7, 8]


def test_a_variant_that_raises_is_not_caught_by_its_judge():
    with pytest.raises(RuntimeError, match=r"watched store Crasher: KeyError(.|\n)*what was I doing"):
        catch_rate(WATCHED, Crasher, sweeps=2)


def test_catch_rates_on_other_processes_are_the_same():
    assert catch_rate(WATCHED, Lazy, sweeps=4, size=2, executor=processes) == catch_rate(WATCHED, Lazy, 4, 2)


@pytest.mark.parametrize("size", [0, -1, 2.5, True])
def test_a_sweep_without_seeds_is_refused(size):
    with pytest.raises(ValueError, match="write how many seeds a sweep has"):
        catch_rate(WATCHED, Lazy, sweeps=2, size=size)


# ---------------------------------------------------------------- ddmin


@pytest.mark.parametrize("needed", [(3,), (0, 7), (2, 3), (1, 4, 6), tuple(range(8))])
def test_ddmin_keeps_just_what_is_needed(needed):
    assert ddmin(range(8), lambda items: set(needed) <= set(items)) == needed


def test_ddmin_leaves_nothing_when_nothing_is_needed():
    assert ddmin(range(8), lambda items: True) == ()


def test_no_single_item_can_be_taken_from_what_ddmin_leaves():
    def breaks(items):  # an odd sum of at least 9: far from monotone
        return sum(items) >= 9 and sum(items) % 2 == 1

    left = ddmin((1, 2, 3, 4, 5, 6), breaks)
    assert breaks(left)
    assert not any(breaks(left[:k] + left[k + 1 :]) for k in range(len(left)))


def test_ddmin_takes_as_many_runs_as_the_paper_allows():
    """Section 3: at most n² + 3n tests, and at most 2 log₂ n when a single item is to blame; here two more to begin."""
    worst = []
    ddmin(range(16), lambda items: worst.append(items) or len(items) == 16)
    assert len(worst) <= 16**2 + 3 * 16
    best = []
    ddmin(range(16), lambda items: best.append(items) or 11 in items)
    assert len(best) <= 2 * 4 + 2


# ---------------------------------------------------------------- shrinking


def test_a_failure_that_takes_a_crash_and_a_restart_keeps_both_and_nothing_else():
    for failure in hunt(WATCHED, Lazy, seeds=30).failures[:5]:
        small = shrink(WATCHED, Lazy, failure.seed)
        assert [(fault.call, fault.args) for fault in small.faults] == [
            ("crash", ("store",)), ("restart", ("store",)),
        ]  # fmt: skip
        assert small.minimal
        assert small.drawn > 2
        assert set(small.faults) <= set(planted.store(failure.seed, Lazy).faults)


def test_of_seven_faults_the_two_that_make_two_leaders_are_kept():
    small = shrink(LEADERS, None, seed=4)
    assert small.faults == (Fault(20.0, "act", ("p", "lead")), Fault(100.0, "act", ("q", "lead")))
    assert (small.drawn, small.until_ms) == (7, 100.0)


def test_a_failure_that_takes_no_fault_keeps_none():
    small = shrink(AWAITED, Deaf, seed=0)
    assert small.faults == ()
    assert "it needs none" in str(small)


def test_leaving_out_any_fault_that_is_left_makes_the_run_pass():
    small = shrink(JUDGED, Lazy, seed=hunt(JUDGED, Lazy, seeds=20).failures[0].seed)
    for k in range(len(small.faults)):
        assert not attempt(JUDGED, Lazy, small.failure.seed, small.faults[:k] + small.faults[k + 1 :]).what


def test_shrinking_twice_gives_the_same():
    seed = hunt(JUDGED, Lazy, seeds=20).failures[0].seed
    assert shrink(JUDGED, Lazy, seed) == shrink(JUDGED, Lazy, seed)


def test_the_same_property_is_broken_as_before_and_not_another_one():
    """Lazy forgets and Deaf is silent; a run without faults breaks the second property only."""

    class Both(Lazy):
        def on_put(self, src, msg):
            if msg.number < 60:
                super().on_put(src, msg)

    def judge(sim):
        silent = sim.nodes["writer"].acknowledged < 60
        return planted.no_complaint(sim) or ("writer heard nothing of its last numbers" if silent else "")

    both = JUDGED._replace(judge=judge, until_ms=1_500.0)
    seed = next(f.seed for f in hunt(both, Both, seeds=30).failures if "was told" in f.what)
    assert "heard nothing" in attempt(both, Both, seed, faults=()).what
    small = shrink(both, Both, seed)
    assert "was told" in small.failure.what
    assert [fault.call for fault in small.faults] == ["crash", "restart"]


def test_the_run_ends_when_the_judge_first_speaks():
    seed = hunt(JUDGED, Lazy, seeds=20).failures[0].seed
    small = shrink(JUDGED, Lazy, seed)
    sim = attempt(JUDGED, Lazy, seed, small.faults, small.until_ms, traced=True).sim
    assert planted.no_complaint(sim)
    assert (sim.trace.where(kind="deliver")[-1].time, sim.trace.where(kind="deliver")[-1].dest) == (sim.now, "writer")
    assert not attempt(JUDGED, Lazy, seed, small.faults, small.until_ms - 0.001).what


def test_a_judge_who_waits_is_not_asked_before_the_right_protocol_has_answered():
    small = shrink(AWAITED, Deaf, seed=0)
    assert attempt(AWAITED, Store, 0, (), small.until_ms).what == "", "the right one has answered by then"
    assert small.until_ms < 100


def test_a_budget_ends_the_search_with_what_is_smallest_so_far():
    seed = hunt(WATCHED, Lazy, seeds=20).failures[0].seed
    whole, short = shrink(WATCHED, Lazy, seed), shrink(WATCHED, Lazy, seed, budget=6)
    assert (short.runs, short.minimal) == (6, False)
    assert len(whole.faults) <= len(short.faults) < short.drawn
    assert attempt(WATCHED, Lazy, seed, short.faults, short.until_ms).what
    assert "the budget ended the search" in str(short)


def test_progress_is_reported():
    said = []
    small = shrink(LEADERS, None, 0, progress=said.append)
    assert len(said) == small.runs
    assert isinstance(said[-1], Progress)


@pytest.mark.parametrize("budget", [0, -3, 1.5, True])
def test_a_budget_of_zero_is_refused(budget):
    with pytest.raises(ValueError, match="write how many runs it may take"):
        shrink(WATCHED, Lazy, 1, budget=budget)


def test_a_seed_that_passes_cannot_be_shrunk():
    with pytest.raises(ValueError, match="passes with seed 0, so there is nothing to shrink"):
        shrink(WATCHED, Store, 0)


def test_names_and_numbers_do_not_tell_two_properties_apart():
    names = ("r1", "r2", "r3", "alice")
    assert property_of("r1 and r3 both lead in 3", names) == property_of("r2 and r1 both lead in 11", names)
    assert property_of("r1, r2 and r3 lead", names) == property_of("r1 and r2 lead", names)
    assert property_of("alice read 'x': at 3.5 ms", names) == property_of("r1 read 'why': later", names)
    assert property_of("alice#2 is told 7", names) == property_of("alice is told 12.5", names)
    assert property_of("r1 is stale", names) != property_of("r1 is silent", names)
    assert property_of("AC1: r1 decided otherwise", names) != property_of("AC3: r1 decided otherwise", names)


def test_a_hunt_tells_the_smallest_of_its_first_failures():
    found = hunt(WATCHED, Lazy, seeds=30)
    small = found.shrink(tries=4)
    each = [shrink(WATCHED, Lazy, failure.seed) for failure in found.failures[:4]]
    assert small.until_ms == min(one.until_ms for one in each)
    assert found.story.seed in [failure.seed for failure in found.failures[:5]]
    with pytest.raises(ValueError, match="went wrong in none of 3 runs: no story to tell"):
        hunt(WATCHED, seeds=3).shrink()


# ---------------------------------------------------------------- what the properties themselves say


def test_a_broken_property_names_itself_the_seed_the_time_and_how_to_see_it():
    with pytest.raises(PropertyBroken) as broken:
        planted.leaders(seed=42).run(until=300)
    assert str(broken.value) == (
        "always at_most_one_leads: it does not hold after 100.000 ms fault sim.at(100, sim.act, 'q', 'lead'), seed=42"
    )
    assert broken.value.__notes__ == [
        'to see it: the same simulation with seed=42 and trace="state", then run(until=100.0)'
    ]


def test_a_verdict_that_does_not_hold_says_why():
    class Verdict:
        def __bool__(self):
            return False

        def explain(self):
            return "alice read what nobody wrote"

    sim = Simulation(planted.Pretender("p"), seed=3)
    sim.always(lambda sim: Verdict())
    with pytest.raises(PropertyBroken, match=r"always lambda of line \d+: .*seed=3: alice read what nobody wrote"):
        sim.run(until=10)


def test_eventually_and_sometimes_say_the_seed_and_how_to_see_it():
    sim = Simulation(planted.Pretender("p"), seed=5)
    never, soon = sim.sometimes(lambda sim: False), sim.sometimes(lambda sim: sim.now >= 7)
    sim.eventually(lambda sim: False, by=20)
    with pytest.raises(PropertyBroken, match=r"eventually lambda of line \d+ by 20 ms: .* seed=5") as broken:
        sim.run(until=50)
    assert "run(until=" in broken.value.__notes__[0]
    assert "it never held up to 21 ms, seed=5; to see it:" in repr(never)
    assert "it held at 7 ms, seed=5" in repr(soon)
