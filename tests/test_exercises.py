"""What a check of a lab says when it fails, and what it must never say."""

import linecache
import math
import signal
import sys
import time
import warnings

import pytest

from dslib import Operation
from dslib.exercises import PASSED, CheckFailed, Lab, TookTooLong, Withheld, quiet, time_limit

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


def fail_at(lab, cell, **names):
    """What a check says whose cell in the notebook has this source, where ``names`` are defined."""
    linecache.cache["<cell>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell>")
    with pytest.raises(CheckFailed) as caught:
        exec(compile(cell, "<cell>", "exec"), {"lab": lab, **names})
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


def test_a_course_has_a_salt_and_tells_its_learners_whose_data_they_have(tmp_path, monkeypatch):
    (tmp_path / "hints.toml").write_text("")
    alone = Lab("lab1", "ada", folder=tmp_path)
    assert str(alone) == (
        f"Learner 'ada', seed {alone.seed}. Self-paced: no course.toml beside this notebook, "
        "so your data come from this name alone."
    )
    assert alone.seed == Lab("lab1", "ada", course="what-could-go-wrong", folder=tmp_path).seed

    (tmp_path / "course.toml").write_text('course = "Spring"\nsalt = "salt of spring"\n')
    spring = Lab("lab1", "ada", folder=tmp_path)
    assert spring.seed == Lab("lab1", "ada", course="salt of spring", folder=tmp_path).seed != alone.seed
    assert str(spring) == f"Learner 'ada', seed {spring.seed}. Course: Spring."

    # Where it is graded, the grader's word counts, and not that of a file which a student handed in.
    monkeypatch.setenv("DS_COURSE", "Summer")
    monkeypatch.setenv("DS_COURSE_SALT", "salt of summer")
    graded = Lab("lab1", "ada", folder=tmp_path)
    assert graded.seed == Lab("lab1", "ada", course="salt of summer", folder=tmp_path).seed
    assert str(graded).endswith("Course: Summer.")


@pytest.mark.parametrize("text", ["salt =", 'course = "x"', "course = 3\nsalt = 4"])
def test_a_course_file_that_was_changed_is_named(tmp_path, text):
    (tmp_path / "hints.toml").write_text("")
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(ValueError, match=r"course\.toml is not as it came: fetch the lab again"):
        Lab("lab1", folder=tmp_path)


# -- what a lab asks for -----------------------------------------------------------------------------------------------

NOTEBOOK = """
from dslib import metrics, slo
from dslib.slo import percentile
early = percentile
lab = Lab("lab2", "ada", folder=folder)
from dslib.slo import percentile as late
"""


@pytest.fixture
def names(tmp_path):
    """A lab's notebook after its first cells; the lab asks for percentile."""
    about = '[lab]\nwithheld = ["percentile"]\n'
    (tmp_path / "hints.toml").write_text(about + HINTS)
    names = {"__name__": "__main__", "Lab": Lab, "folder": tmp_path}
    exec(NOTEBOOK, names)
    return names


@pytest.mark.parametrize(
    "call",
    [
        "percentile([1, 2], 0.5)",
        "early([1, 2], 0.5)",
        "late([1, 2], 0.5)",
        "slo.percentile([1, 2], 0.5)",
        "metrics.slo.percentile([1, 2], 0.5)",
        "list(map(percentile, [[1, 2]], [0.5]))",
        "(lambda: [percentile(v, 0.5) for v in [[1]]])()",
        "__import__('dslib.slo').slo.percentile([1], 1)",
    ],
)
def test_what_a_lab_asks_for_gives_no_answer_in_its_notebook(names, call):
    with pytest.raises(Withheld, match=r"this lab asks for what slo\.percentile does") as caught:
        eval(call, names)
    assert caught.value._render_traceback_() == [
        "Withheld: this lab asks for what slo.percentile does, so it gives no answer here: write it yourself."
    ]


def test_a_check_of_an_answer_that_calls_it_says_why(names):
    cell = check_of("assert answer([3]) == 3")
    exec("def answer(values):\n    return slo.percentile(values, 1)", names)
    message = fail_at(names["lab"], cell, answer=names["answer"])
    assert "It stopped with Withheld: this lab asks for what slo.percentile does" in message


def test_outside_of_the_labs_notebook_everything_goes_on(names):
    from dslib import slo

    assert slo.percentile([1, 2, 3], 0.5) == 2  # this file, and every other notebook
    assert slo.percentile.__doc__.startswith("The ")
    assert eval("slo.percentile([4], 1)", {"__name__": "__main__", "slo": slo}) == 4
    assert eval("slo.sli(1, 2)", names) == 0.5  # what the lab does not ask for
    assert eval("slo.nearest_rank(0.5, 3)", names) == 1
    history = [Operation("ada", "read", invoked=0, completed=n) for n in (1, 2, 3)]
    assert eval("metrics.outcome(history, 10)", names | {"history": history}).p50_ms == 2  # which calls percentile


def test_a_second_lab_in_one_process_withholds_its_own(names, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "hints.toml").write_text('[lab]\nwithheld = ["sli"]\n')
    other = {"__name__": "__main__", "Lab": Lab, "folder": tmp_path / "other"}
    exec(NOTEBOOK, other)
    assert eval("percentile([1, 2], 0.5)", other) == 1
    with pytest.raises(Withheld):
        eval("slo.sli(1, 2)", other)
    assert eval("slo.sli(1, 2)", names) == 0.5
    with pytest.raises(Withheld):
        eval("percentile([1, 2], 0.5)", names)


# -- checks that do not end --------------------------------------------------------------------------------------------


def for_ever():
    while True:
        pass


def asleep():
    time.sleep(60)


def stubborn():
    while True:
        try:
            time.sleep(60)
        except:  # noqa: E722  (as a learner may write it)
            continue


with_signals = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signal on this system")


@pytest.mark.parametrize(
    "wait", [for_ever, pytest.param(asleep, marks=with_signals), pytest.param(stubborn, marks=with_signals)]
)
def test_a_check_that_does_not_end_is_stopped_with_a_sentence(lab, wait):
    lab._seconds = 0.05
    began = time.monotonic()
    message = fail_at(lab, check_of("assert wait() is None"), wait=wait)
    assert time.monotonic() - began < 5
    assert "It did not return within 0.05 seconds. Does a loop never end? It was here:" in message
    assert f"      {wait.__name__}, line " in message
    assert "Hint 1 of 3" in message


def test_the_limit_also_holds_where_there_is_no_signal(monkeypatch):
    monkeypatch.delattr(signal, "setitimer", raising=False)
    with pytest.raises(TookTooLong, match=r"did not return within 0\.05 seconds"), time_limit(0.05):
        for_ever()
    with time_limit(0.05):
        pass
    time.sleep(0.2)  # nothing comes later


@with_signals
def test_a_limit_gives_an_alarm_back_to_whoever_had_set_it():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    left = signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with time_limit(5):
            time.sleep(0.01)
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] < 0.1
        time.sleep(0.2)
        assert rung == [True]
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *left)


def test_what_a_check_prints_is_cut_where_it_is_enough(lab, capsys):
    with lab.check("never-negative"):
        print("a little")
        for number in range(100_000):
            print(number)
    out = capsys.readouterr().out
    assert out.startswith("a little\n0\n1\n")
    assert out.endswith(f"… what your code printed goes on; the rest is left out here\n{PASSED}\n")
    assert len(out) < 11_000


def test_a_function_that_calls_itself_for_ever_is_told_in_a_few_lines(lab):
    def again(n):
        return again(n + 1)

    message = fail_at(lab, check_of("assert again(0) == 0"), again=again)
    assert "It stopped with RecursionError: maximum recursion depth exceeded" in message
    assert " more calls" in message
    assert len(message.splitlines()) < 20


def test_a_passed_check_says_that_others_will_follow(lab, capsys):
    with lab.check("never-negative"):
        pass
    assert capsys.readouterr().out == f"{PASSED}\n"


def check_of(*lines):
    return "\n    ".join(['with lab.check("never-negative"):', *lines]) + "\n"


def test_a_failure_names_the_property_the_line_and_one_more_hint_each_time(lab):
    cell = check_of("assert 1 >= 0", "assert count() >= 0")
    first, second, third, fourth = (fail_at(lab, cell, count=lambda n=n: n) for n in (-1, -2, -3, -4))
    assert first.startswith(
        "✗ A count is never negative.\n  Not true yet. This line of the check failed:\n      assert count() >= 0\n"
        "  `count()` gave -1\n"
    )
    assert "Hint 1 of 3: What is below nothing?" in first
    assert "Hint 2 of 3: Look for max(0, ...)." in second
    assert third.endswith("Hint 3 of 3: -3 sheep are 0 sheep.")
    assert fourth.endswith("Hint 3 of 3: -3 sheep are 0 sheep.")


def function(text):
    """A function of the learner as a run of an answer cell defines it."""
    names = {}
    exec(compile(text, "<answer>", "exec"), names)
    return names["count"]


def test_running_a_check_again_without_a_change_uses_up_no_hint(lab):
    cell, text = check_of("assert count(3) >= 0"), "def count(n):\n    return object()\n"
    first = fail_at(lab, cell, count=function(text))
    assert "Hint 1 of 3" in first
    assert fail_at(lab, cell, count=function(text)) == first  # the answer cell ran again, too; addresses do not count
    # Another attempt that fails in the same way is an attempt: nobody stays at the first hint.
    edited = "def count(n):\n    m = n\n    return object()\n"
    assert "Hint 2 of 3" in fail_at(lab, cell, count=function(edited))


@pytest.mark.parametrize(
    ("line", "answer", "shown"),
    [
        ("assert count(few) == 2", True, "`count(few)` gave True"),
        ("assert not count(few)", [7], "`count(few)` gave [7]"),
        ("assert math.isclose(count(few), 2 / 3)", 0.5, "`count(few)` gave 0.5"),
        ("assert math.isclose(count(few), 2 / 3)", None, "`count(few)` gave None"),  # a TypeError
        ('assert count(few)["b"] == 1', {"a": 1}, "`count(few)` gave {'a': 1}"),  # a KeyError
        ("assert len(count(few)) == 1", [], "`len(count(few))` gave 0"),
        ("assert [n + 1 for n in count(few)] == few", [4], "`[n + 1 for n in count(few)]` gave [5]"),
        ("assert count(few) == 2", list(range(1_000)), "`count(few)` gave [0, 1, 2, 3, 4, 5, 6, 7, ...]"),
    ],
)
def test_a_failing_line_shows_what_the_learners_function_gave(lab, line, answer, shown):
    message = fail_at(lab, check_of("few = [1, 2]", line), count=lambda few: answer, math=math)
    assert f"\n  {shown}\n" in message


def test_a_failing_line_in_a_loop_names_the_round(lab):
    cell = check_of("for n, want in table():", "    for word in 'ab':", "        assert count(n, word) == want")
    table = lambda: [(1, 1), (2, 31_337)]  # noqa: E731
    message = fail_at(
        lab, cell, count=lambda n, word: 1 / (2 - n) if word == "b" else 31_337 if n == 2 else 1, table=table
    )
    assert "ZeroDivisionError" in message
    assert "\n  with n = 2, word = 'b'\n" in message
    message = fail_at(lab, cell, count=lambda n, word: 1, table=table)
    assert "\n  with n = 2, word = 'a'\n  `count(n, word)` gave 1\n" in message
    assert "31337" not in message  # what the check expects is not on the screen


def test_what_the_right_side_gives_is_not_shown(lab):
    message = fail_at(lab, check_of("assert count() == reference()"), count=lambda: 1, reference=lambda: 31_337)
    assert "`count()` gave 1\n" in message
    assert "31337" not in message


def test_a_function_that_answers_differently_the_second_time_is_not_quoted(lab):
    answers = iter([1, 2, 3])
    message = fail_at(lab, check_of("assert count() == 2"), count=lambda: next(answers))
    assert "assert count() == 2\nHint 1 of 3" in message


def test_looking_again_prints_nothing_and_survives_whatever_happens(lab, capsys):
    calls = []

    def count():
        calls.append(1)
        print("debugging", len(calls))
        if len(calls) > 1:
            raise SystemExit
        return 1

    assert "assert count() == 2\nHint 1 of 3" in fail_at(lab, check_of("assert count() == 2"), count=count)
    assert capsys.readouterr().out == "debugging 1\n"


def test_an_answer_cell_that_never_ran_is_named_and_uses_up_no_hint(lab):
    cell = check_of("assert count(3) >= 0")
    for _ in range(3):
        message = fail_at(lab, cell)
        assert "`count` is not defined: run the answer cell first, and read its message." in message
        assert "Hint" not in message
    slip = function("def count(n):\n    return m\n")  # in the learner's own function it is a mistake like others
    message = fail_at(lab, cell, count=slip)
    assert "NameError: name 'm' is not defined" in message
    assert "Hint 1 of 3" in message


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
