"""The bench runs and prints its table. How fast anything is, is for the bench to say and not for a test."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
