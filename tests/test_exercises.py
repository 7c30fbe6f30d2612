"""What a check of a lab says when it fails, and what it must never say."""

import linecache
import sys
import warnings

import pytest

from dslib.exercises import PASSED, CheckFailed, Lab, quiet

HINTS = """
[never-negative]
property = "A count is never negative."
hints = ["What is below nothing?", "Look for max(0, ...).", "-3 sheep are 0 sheep."]
"""


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "hints.toml").write_text(HINTS)
    return Lab("lab1", "ada", folder=tmp_path)


def fail(lab, story):
    with pytest.raises(CheckFailed) as caught, lab.check("never-negative"):
        story()
    return str(caught.value)


def fail_at(lab, cell):
    """What a check says whose cell in the notebook has this source."""
    linecache.cache["<cell>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell>")
    with pytest.raises(CheckFailed) as caught:
        exec(compile(cell, "<cell>", "exec"), {"lab": lab})
    return str(caught.value)


def test_the_seed_depends_on_course_lab_and_learner_and_on_nothing_else(tmp_path):
    (tmp_path / "hints.toml").write_text("")
    seeds = {
        (name, learner, course): Lab(name, learner, course=course, folder=tmp_path).seed
        for name in ("lab1", "lab2")
        for learner in ("ada", "self-paced")
        for course in ("here", "there")
    }
    assert len(set(seeds.values())) == len(seeds)
    assert Lab("lab1", " ada ", course="here", folder=tmp_path).seed == seeds["lab1", "ada", "here"]
    # SHA-256, so the same on every machine: python -c "...sha256(b'here/lab1/ada')..." gave this number.
    assert seeds["lab1", "ada", "here"] == 0x4E2FEADC54A937C5


@pytest.mark.parametrize("learner", ["", "  ", None, 7])
def test_a_learner_has_a_name(tmp_path, learner):
    with pytest.raises(ValueError, match="is not a name: write some text"):
        Lab("lab1", learner, folder=tmp_path)


def test_a_notebook_outside_its_folder_is_told_where_it_belongs(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"open lab1\.ipynb in its own folder"):
        Lab("lab1", folder=tmp_path)


def test_a_passed_check_says_that_others_will_follow(lab, capsys):
    with lab.check("never-negative"):
        pass
    assert capsys.readouterr().out == f"{PASSED}\n"


def test_a_failure_names_the_property_the_line_and_one_more_hint_each_time(lab):
    cell = 'with lab.check("never-negative"):\n    assert 1 >= 0\n    assert -1 >= 0\n'
    first, second, third, fourth = (fail_at(lab, cell) for _ in range(4))
    assert first.startswith(
        "✗ A count is never negative.\n  Not true yet. This line of the check failed:\n      assert -1 >= 0\n"
    )
    assert "Hint 1 of 3: What is below nothing?" in first
    assert "Hint 2 of 3: Look for max(0, ...)." in second
    assert third.endswith("Hint 3 of 3: -3 sheep are 0 sheep.")
    assert fourth == third


def test_a_success_in_between_starts_the_hints_anew(lab):
    fail(lab, lambda: 1 / 0)
    with lab.check("never-negative"):
        pass
    assert "Hint 1 of 3" in fail(lab, lambda: 1 / 0)


def test_an_exception_in_the_learners_function_shows_its_line(lab):
    def count(things):
        return things.number

    def story():
        assert count([1]) == 1

    message = fail(lab, story)
    assert "It stopped with AttributeError: 'list' object has no attribute 'number'" in message
    assert "count, line" in message
    assert "return things.number" in message


def test_an_assert_in_the_learners_function_is_not_taken_for_one_of_the_check(lab):
    def count(things):
        assert things, "nothing to count"

    message = fail(lab, lambda: count([]))
    assert "It stopped with AssertionError: nothing to count" in message


def test_an_unwritten_function_is_named(lab):
    def count(things):
        raise NotImplementedError()

    for _ in range(3):
        message = fail(lab, lambda: count([]))
        assert message == "✗ A count is never negative.\n  There is no code in the answer cell yet (count)."
    assert "Hint 1 of 3" in fail(lab, lambda: 1 / 0)  # an empty cell has used up no hint


def test_leaving_python_is_a_failure_too(lab):
    assert "SystemExit: 0" in fail(lab, lambda: sys.exit(0))


def test_warnings_and_errors_printed_by_a_right_answer_cost_nothing(lab, capsys):
    with lab.check("never-negative"):
        warnings.warn("deprecated", stacklevel=2)
        print("debugging", file=sys.stderr)
        print("debugging")
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out == f"debugging\n{PASSED}\n"


def test_hidden_checks_print_nothing(capsys):
    with quiet():
        print("debugging")
        print("debugging", file=sys.stderr)
    assert capsys.readouterr() == ("", "")


def test_jupyter_shows_the_message_without_the_code_of_the_check(lab):
    with pytest.raises(CheckFailed) as caught, lab.check("never-negative"):
        raise ValueError("bad")
    assert caught.value._render_traceback_() == str(caught.value).splitlines()


def test_an_unknown_property_is_answered_with_those_there_are(lab):
    with pytest.raises(KeyError, match="'never' is no property of lab1; those are never-negative"), lab.check("never"):
        pass
