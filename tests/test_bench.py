"""The bench runs and prints its table. How fast anything is, is for the bench to say and not for a test."""

import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from bench import gossip, queueing, views
from bench.paired import cost
from bench.table import Row, show

ROOT = Path(__file__).resolve().parent.parent


def test_the_bench_prints_a_measured_row_for_each_goal_at_its_smallest_size():
    command = [sys.executable, "-m", "bench", "--size", "tiny", "--goal", "1", "2", "3", "5", "8", "9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    for goal in "123589":
        rows = re.findall(rf"^{goal} .*$", done.stdout, flags=re.MULTILINE)
        assert any(re.search(r"\d\.\d\d", row) for row in rows), f"goal {goal} was not measured:\n{done.stdout}"
    happysim = next(row for row in done.stdout.splitlines() if "happysim" in row)
    assert "not run" in happysim or re.search(r"\d\.\d\dx", happysim), "a peer that is missing must be named"


@pytest.mark.parametrize(
    ("target", "measured", "says"),
    [
        (("<=", 1.5), [1.4, 1.5], "met"),
        (("<=", 1.5), [1.4, 1.6], "met in 1 of 2"),
        (("<=", 1.5), [1.6, 1.7], "NOT MET"),
        ((">=", 8.0), [7.9, 7.0], "NOT MET"),
    ],
)
def test_a_goal_is_met_only_if_every_repetition_meets_it(target, measured, says):
    assert Row(1, "work", target, measured).met() == says


def test_without_a_browser_the_pictures_are_named_as_not_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CHROMIUM", "no-such-program")
    shown = show(views.rows("tiny", lambda _: None))
    assert re.search(r"a picture follows the hand .* not run", shown)
    assert "not run: a picture follows the hand: no Chromium found" in shown
    assert re.search(r"the player's module +\d+\.\d\d kB", shown), "what needs no browser is measured"


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_how_soon_a_picture_follows_is_measured_in_a_page_and_in_jupyterlab(browser):
    """`browser` skips this where there is none; the bench starts its own, in a process of its own."""
    command = [sys.executable, "-m", "bench", "--size", "tiny", "--goal", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    assert "not run" not in done.stdout
    for what in (
        "scrub chat_room",
        "act to picture, two_truths, without",
        "act to picture, two_truths, in Jup",
        "explore",
    ):
        assert re.search(rf"^10 +{what}.* \d+\.\d\d ms", done.stdout, flags=re.MULTILINE), done.stdout


def test_what_was_not_run_is_named_with_its_reason():
    assert "not run: SimPy: not installed" in show([Row(2, "SimPy", (">=", 8), not_run="not installed")])


def test_designs_take_turns_and_the_quickest_turn_counts():
    turns = []

    def design(name):
        def turn(units):
            turns.append(name)
            return units

        return turn

    found = cost({"a": design("a"), "b": design("b")}, units=8, rounds=3)
    assert set(found) == {"a", "b"}
    assert turns == ["a", "a", "b", "b", "b", "b", "a", "a", "a", "a", "b", "b"]


def test_in_the_graph_of_the_rumour_each_knows_those_who_know_him_eight_on_average_and_never_himself():
    known = gossip.graph(range(500))
    assert sum(map(len, known)) == 8 * 500
    for person, friends in enumerate(known):
        assert person not in friends
        assert all(person in known[friend] for friend in friends)
        assert all(friends.count(friend) <= 2 for friend in friends), "A may have chosen B, and B chosen A, once each"


def test_all_designs_of_the_rumour_tell_it_to_everybody():
    for name, design in gossip.DESIGNS.items():
        if name.startswith("SimPy"):
            pytest.importorskip("simpy")
        rumour = design(300)
        rumour.run(gossip.LEAST)
        assert rumour.heard() == 1, f"{name}: no message takes less than {gossip.LEAST} ms"
        rumour.run(gossip.END)
        assert rumour.heard() == 300, name


def test_a_rumour_that_does_not_reach_everybody_fails_the_bench(monkeypatch):
    monkeypatch.setattr(gossip.sys, "stdin", [f"{gossip.END}\n"])
    deaf = gossip.Design(run=lambda until: None, heard=lambda: 299)
    monkeypatch.setitem(gossip.DESIGNS, "deaf", lambda people: deaf)
    with pytest.raises(AssertionError, match="only 299 of 300"):
        gossip.serve("deaf", 300)


def test_every_customer_waits_exactly_as_long_at_the_till_as_in_the_bare_loop():
    ours, theirs = (queueing.served(queue(), 5_000) for queue in (queueing.dslib, queueing.bare))
    assert ours == theirs
    assert any(ours), "some customer has to wait"


def test_a_turn_of_the_ready_made_till_is_about_as_many_operations_as_were_asked_for():
    turn = queueing.services()
    assert turn(10_000) == pytest.approx(10_000, rel=0.05)  # five standard deviations


def test_batches_of_waits_that_depend_on_one_another_give_an_honest_interval():
    # Waits that stay the same for a hundred customers: a tenth of the information, and an interval ten times as wide.
    random = Random(3)
    alone = [random.gauss(4, 1) for _ in range(30_000)]
    alike = [wait for wait in alone[:300] for _ in range(100)]
    narrow, wide = queueing.interval(alone)[1], queueing.interval(alike)[1]
    assert 6 < wide / narrow < 15
    middle, half = queueing.interval(alone)
    assert abs(middle - 4) <= half
    assert half == pytest.approx(2.756 / 30_000**0.5, rel=0.3)
