"""Every lab as its graders see it: the reference has all points, the blank release none, and each wrong solution loses
exactly the properties that it breaks. What a lab's text states as a fact is tested in the lab's own file.
"""

import ast
import contextlib
import itertools
import math
import re
import sys
import warnings
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dslib.exercises import Withheld, quiet
from labs import (
    BEGIN,
    END,
    LABS,
    NOTEBOOKS,
    PARTS,
    RELEASES,
    ROOT,
    SOLUTIONS,
    answered,
    answers,
    broken_by,
    can_break,
    checks,
    checks_of,
    defined,
    functions,
    grading,
    hints,
    is_code,
    lost,
    notebook,
    points,
    run,
    source,
    start,
    text_of,
    wrong_solutions,
)

#: Points of each lab: the course has 100, at most 10 of them by hand. Those of lab 0 are for practice and do not count.
POINTS = {"lab1": 14, "lab2": 14, "lab3": 14, "lab4": 18, "lab5": 14, "lab6": 12, "lab7": 14}
PRACTICE = {"lab0": 4}
MISTAKES = [(lab, mistake) for lab in LABS for mistake in wrong_solutions(lab)]

each_lab = pytest.mark.parametrize("lab", LABS)


def test_no_lab_lacks_a_part():
    lacking = {lab: [part.format(lab) for part in PARTS if not (ROOT / part.format(lab)).exists()] for lab in NOTEBOOKS}
    assert {lab: parts for lab, parts in lacking.items() if parts} == {}


# -- the grades --------------------------------------------------------------------------------------------------------


@each_lab
def test_the_reference_passes_every_check(lab):
    assert run(lab, checks(notebook(lab)), answered(lab)) == {}


@each_lab
def test_the_blank_release_passes_no_check_and_says_why(lab):
    namespace = answered(lab, answers(lab, RELEASES))
    errors = run(lab, checks(notebook(lab)), namespace)
    assert set(errors) == {cell["id"] for cell in checks(notebook(lab))}
    for name, problem in errors.items():
        assert "There is no code in the answer cell yet" in str(problem), name

    # Hidden checks fail it by themselves, too; and a notebook in which nothing ran.
    module = checks_of(lab)
    assert set(module.failures(namespace, "self-paced")) == set(module.PROPERTIES)
    assert set(module.failures({}, "self-paced")) == set(module.PROPERTIES)


@pytest.mark.parametrize(("lab", "mistake"), MISTAKES, ids=[f"{lab}: {mistake.mistake}" for lab, mistake in MISTAKES])
def test_a_wrong_solution_loses_exactly_what_it_breaks(lab, mistake):
    # The hidden checks find all of it by themselves, and what the student can see finds nothing else.
    broken = broken_by(lab, mistake)
    assert set(broken.sentences) == mistake.breaks, broken.sentences
    assert lost(lab, notebook(lab, RELEASES), broken.namespace) <= mistake.breaks
    failing = [cell for cell in notebook(lab) if cell["id"].removeprefix("check-") in mistake.breaks]
    assert lost(lab, failing, broken.namespace) == mistake.breaks
    for name, sentence in broken.sentences.items():
        assert_tells_no_answer(lab, sentence, broken.namespace, broken.last_calls[name])


@cache
def right(lab):
    return answered(lab)


def assert_tells_no_answer(lab, sentence, namespace, last_call):
    """The number that would have been right is not in the sentence, unless it is the learner's, or in the question."""
    if not last_call:
        return
    name, arguments, settings = last_call
    try:
        answer = right(lab)[name](*arguments, **settings)
    except Exception:
        return  # the right answer is an exception
    if isinstance(answer, bool) or not isinstance(answer, int | float | Fraction) or not math.isfinite(answer):
        return
    with contextlib.suppress(Exception), quiet():
        if namespace[name](*arguments, **settings) == answer:
            return  # it was another call that was answered wrongly
    question = f"{arguments} {settings}"
    for written in {f"{float(answer):.6g}", f"{float(answer):g}", f"{100 * float(answer):.6g}", str(answer)}:
        if len(written.strip("0.")) > 2 and written not in question:
            assert not re.search(rf"(?<![\d.]){re.escape(written)}(?![\d.]*\d)", sentence), sentence


@each_lab
def test_every_property_has_a_wrong_solution_that_breaks_it(lab):
    wrong = wrong_solutions(lab)
    names = {cell["id"].removeprefix("check-") for cell in checks(notebook(lab))}
    assert frozenset().union(*(mistake.breaks for mistake in wrong)) == names == set(checks_of(lab).PROPERTIES)
    assert len({mistake.mistake for mistake in wrong}) == len(wrong)
    assert len(wrong) >= 6


@each_lab
def test_the_hidden_checks_do_not_hang_on_one_choice_of_dice(lab):
    namespace = answered(lab)
    for seed in range(5):
        assert checks_of(lab).failures(namespace, f"learner-{seed}", dice=f"dice {seed}") == {}, f"seed {seed}"


# -- answers of every kind ---------------------------------------------------------------------------------------------


def asked(lab, answer_with):
    """The names of a notebook in which each of the learner's functions is ``answer_with(the reference's)``."""
    namespace = answered(lab)
    return namespace | {name: answer_with(namespace[name]) for name in functions(lab)}


@each_lab
@pytest.mark.parametrize(
    "answer", [None, True, "97.1 %", [1], {}, object()], ids=["None", "True", "text", "list", "dict", "object"]
)
def test_an_answer_of_the_wrong_kind_is_a_failure_and_not_a_crash(lab, answer):
    failures = checks_of(lab).failures(asked(lab, lambda _: lambda *arguments, **settings: answer), "self-paced")
    assert set(failures) == set(checks_of(lab).PROPERTIES)
    assert all(isinstance(sentence, str) and sentence.strip() for sentence in failures.values())


@each_lab
@pytest.mark.parametrize("answer", [math.nan, math.inf, 10**5_000, "x" * 10**6, [None] * 10**5, range(10**9)], ids=type)
def test_a_strange_answer_is_told_in_a_short_sentence(lab, answer):
    failures = checks_of(lab).failures(asked(lab, lambda _: lambda *arguments, **settings: answer), "self-paced")
    assert failures
    assert all(0 < len(sentence) < 2_000 for sentence in failures.values())


def stop(problem):
    def stopping(*arguments, **settings):
        raise problem

    return lambda _: stopping


def never_return(_):
    def again(*arguments, **settings):
        while True:
            pass

    return again


def for_ever(_):
    def call(*arguments, **settings):
        return call(*arguments, **settings)

    return call


@each_lab
@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (stop(ValueError("no")), "it stopped with ValueError: no"),
        (stop(SystemExit(0)), "it stopped with SystemExit: 0"),
        (stop(GeneratorExit()), "it stopped with GeneratorExit"),
        (never_return, "it did not return within"),
        (for_ever, "it stopped with RecursionError: maximum recursion depth exceeded"),
    ],
    ids=["raises", "ends Python", "stops a generator", "never returns", "calls itself for ever"],
)
def test_a_function_that_does_not_answer_is_told_so(lab, mistake, said, monkeypatch, capsys):
    if mistake is never_return:
        monkeypatch.setattr(checks_of(lab).LAB, "limit_s", 0.02)
    failures = checks_of(lab).failures(asked(lab, mistake), "self-paced")
    assert set(failures) == set(checks_of(lab).PROPERTIES)
    told = [sentence for sentence in failures.values() if said in sentence]
    assert len(told) > len(failures) / 2  # a property may ask for a ValueError, and be told another sentence
    assert all(len(sentence) < 2_000 for sentence in failures.values())
    assert capsys.readouterr() == ("", "")


def in_other_types(number, value):
    """The same answer: each float in it is given to ``number``, lists are tuples, and tuples lists."""
    if isinstance(value, float) and math.isfinite(value):
        return number(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return value._replace(**{name: in_other_types(number, part) for name, part in value._asdict().items()})
    if isinstance(value, list | tuple):
        return (tuple if isinstance(value, list) else list)(in_other_types(number, part) for part in value)
    if type(value) is dict:
        return {key: in_other_types(number, part) for key, part in value.items()}
    return value


@each_lab
@pytest.mark.parametrize(
    "number", [Fraction, np.float64, lambda x: int(x) if x == int(x) else x], ids=["Fraction", "float64", "int"]
)
def test_a_right_answer_in_another_type_is_right(lab, number):
    def convert(function):
        def answer(*arguments, **settings):
            # Questions are handed out ahead: one that held what follows from an answer would give it away.
            assert "np.float64(" not in repr((arguments, settings))
            return in_other_types(number, function(*arguments, **settings))

        return answer

    assert checks_of(lab).failures(asked(lab, convert), "self-paced") == {}
    assert lost(lab, notebook(lab, RELEASES), asked(lab, convert)) == set()  # the visible checks think so, too


@each_lab
def test_a_right_answer_that_warns_and_prints_is_right_and_stays_quiet(lab, capsys):
    def loud(function):
        def speak(*arguments, **settings):
            print("debugging")
            print("debugging", file=sys.stderr)
            warnings.warn("late", stacklevel=2)
            return function(*arguments, **settings)

        return speak

    assert checks_of(lab).failures(asked(lab, loud), "self-paced") == {}
    assert capsys.readouterr() == ("", "")


@each_lab
def test_a_hidden_check_shows_the_learners_line_and_none_of_its_own(lab):
    module = checks_of(lab)
    for cell in defined(lab):
        namespace = answered(lab, **{cell.replace("-", "_"): "return this_is_no_name"})
        for name in can_break(lab, cell):
            sentence = module.broken(name, namespace, "self-paced")
            if sentence:
                assert f"{lab}.py" not in sentence
                assert "asking.py" not in sentence
                assert "\n" not in sentence or "return this_is_no_name" in sentence, sentence


# -- the texts ---------------------------------------------------------------------------------------------------------


@each_lab
def test_the_points_are_those_of_the_course(lab):
    by_checks, by_hand = points(lab)
    assert by_checks + by_hand == (POINTS | PRACTICE)[lab]
    assert all(0.5 <= grading(cell)["points"] <= 3 for cell in checks(notebook(lab)))


def test_at_most_a_tenth_of_the_course_is_marked_by_hand():
    assert sum(POINTS.values()) == 100
    assert sum(points(lab)[1] for lab in LABS if lab in POINTS) <= 10


def test_the_instructors_page_has_the_points_of_every_lab():
    page = (SOLUTIONS / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(lab\d)` \| .* \| \(?([\d.]+)\)? \| \(?([\d.]+|-)\)? \| (\d+|-) \|$", page, re.MULTILINE)
    told = {lab: (float(by_checks), float(by_hand.replace("-", "0"))) for lab, by_checks, by_hand, _ in rows}
    assert {lab: told.get(lab) for lab in LABS} == {lab: points(lab) for lab in LABS}
    assert {lab: int(both) for lab, _, _, both in rows if both != "-"} == POINTS
    sums = re.search(r"^\| \| \| (\d+) \| (\d+) \| 100 \|$", page, re.MULTILINE)
    counted = [told[lab] for lab in POINTS]
    assert [float(one) for one in sums.groups()] == [
        sum(by_checks for by_checks, _ in counted),
        sum(h for _, h in counted),
    ]


@each_lab
def test_each_check_cell_is_about_one_property_that_has_hints(lab):
    texts, about = hints(lab)
    assert isinstance(about.get("withheld"), list)
    names = [cell["id"].removeprefix("check-") for cell in checks(notebook(lab))]
    assert names == list(texts)
    for cell in checks(notebook(lab)):
        name = cell["id"].removeprefix("check-")
        assert grading(cell)["grade_id"] == cell["id"]
        assert source(cell).startswith(f'with lab.check("{name}"):\n')
        hidden = source(cell).partition("### BEGIN HIDDEN TESTS\n")[2]
        assert hidden.split("\n") == [
            f"from grading.checks import {lab}",
            "",
            f'{lab}.require("{name}", globals())',
            "### END HIDDEN TESTS",
        ]
    for name, text in texts.items():
        assert text["property"].endswith("."), name
        assert len(text["hints"]) == 3, name


@each_lab
def test_the_learner_is_told_whose_data_these_are(lab):
    assert text_of(lab, "learner") == 'LEARNER = "self-paced"'
    assert text_of(lab, "your-lab") == f'lab = Lab("{lab}", LEARNER)\nprint(lab)'


@each_lab
def test_what_the_lab_asks_for_gives_no_answer_in_its_notebook(lab):
    for name in hints(lab)[1]["withheld"]:
        for call in (f"slo.{name}()", f"late.{name}()"):
            with pytest.raises(Withheld, match=f"this lab asks for what slo.{name} does"):
                exec(f"from dslib import slo\nimport dslib.slo as late\n{call}", start(lab))
        with contextlib.suppress(TypeError, ValueError):  # arguments are missing, but nobody withholds it
            exec(f"from dslib import slo\nslo.{name}()", {"__name__": "__main__"})  # another notebook


def assigned(text):
    """The names that a cell leaves behind: what it defines, and what it gives a value outside of functions."""
    own_scope = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    names, nodes = set(), list(ast.parse(text).body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, own_scope):
            nodes += ast.iter_child_nodes(node)
    return names


@each_lab
def test_a_check_overwrites_nothing_that_the_notebook_goes_on_with(lab):
    code = [cell for cell in notebook(lab) if is_code(cell)]
    by_checks = set().union(*(assigned(source(cell)) for cell in code if grading(cell).get("grade")))
    by_others = set().union(*(assigned(source(cell)) for cell in code if not grading(cell).get("grade")))
    assert by_checks & by_others == set()
    # And a cell that only shows something takes no name of an answer, which would be gone when it runs again.
    shown = [source(cell) for cell in code if not grading(cell).get("solution")]
    assert set().union(*map(assigned, shown)) & set(functions(lab)) == set()


@each_lab
def test_the_release_holds_neither_solutions_nor_hidden_checks(lab):
    text = "\n".join(source(cell) for cell in notebook(lab, RELEASES))
    for word in ("BEGIN", "grading.checks", "require(", "Marking", "A full answer", "A weak answer"):
        assert word not in text
    for cell in notebook(lab):
        if grading(cell).get("solution") and is_code(cell):
            body = source(cell).partition(BEGIN)[2].partition(END)[0]
            assert body.strip(), cell["id"]
            assert body.strip() not in text
    # Nothing but the notebook is made from the source: the other files are the same, and no check is among them.
    files = {path.relative_to(RELEASES) for path in (RELEASES / lab).rglob("*") if path.is_file()}
    files -= {Path(lab, "course.toml")}
    kept = {path.relative_to(SOLUTIONS) for path in (SOLUTIONS / lab).rglob("*") if path.is_file()}
    assert files == {path for path in kept if ".ipynb_checkpoints" not in path.parts}
    assert not [path for path in files if path.suffix == ".py"]


def test_generating_the_labs_changes_no_committed_file(tmp_path):
    import make_labs

    made = tmp_path / "labs"
    assert make_labs.generate(made) == NOTEBOOKS
    names = sorted(str(path.relative_to(RELEASES)) for path in RELEASES.rglob("*") if path.is_file())
    names = [name for name in names if ".ipynb_checkpoints" not in name and not name.endswith("course.toml")]
    assert sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()) == names
    for name in names:
        assert (made / name).read_bytes() == (RELEASES / name).read_bytes(), f"labs/{name} is stale: make labs"


def test_writing_a_lab_anew_keeps_the_file_of_a_course_that_is_given_here(tmp_path):
    import make_labs

    (tmp_path / "lab0").mkdir()
    (tmp_path / "lab0" / "course.toml").write_text("of this course")
    (tmp_path / "lab0" / "old.txt").write_text("of the lab before")
    (tmp_path / "notes").mkdir()
    assert make_labs.generate(tmp_path, ["lab0"]) == ["lab0"]
    assert (tmp_path / "lab0" / "course.toml").read_text() == "of this course"
    assert sorted(path.name for path in (tmp_path / "lab0").iterdir()) == ["course.toml", "hints.toml", "lab0.ipynb"]
    assert (tmp_path / "notes").is_dir()  # only what was asked for is written anew
    with pytest.raises(SystemExit, match="there is no lab lab9 in solutions/"):
        make_labs.generate(tmp_path, ["lab9"])


@each_lab
def test_every_task_cites_the_definition_it_follows(lab):
    listed = set(re.findall(r"^\| (\d+) \|", text_of(lab, "definitions"), re.MULTILINE))
    tasks = [source(cell) for cell in notebook(lab) if re.fullmatch(r"task-\d[a-z]?", cell["id"])]
    questions = [text for text in tasks if "**Task " in text or "In three lines" in text]
    assert questions
    for text in questions:
        cited = [re.findall(r"\d+", words) for words in re.findall(r"[Dd]efinitions? (\d+(?:(?:, | and )\d+)*)", text)]
        assert cited, text.split("\n")[0]
        assert set(itertools.chain(*cited)) <= listed, text.split("\n")[0]


@each_lab
def test_graded_cells_need_no_widget_no_plot_no_keyboard_and_no_network(lab):
    for cell in notebook(lab):
        if is_code(cell):
            for word in (
                "input(",
                "matplotlib",
                "ipywidgets",
                "interact(",
                "plt.",
                "urllib",
                "import requests",
                "socket",
            ):
                assert word not in source(cell), cell["id"]


@each_lab
def test_written_answers_come_with_a_rubric_and_two_examples(lab):
    for cell in notebook(lab):
        if grading(cell).get("grade") and grading(cell).get("solution"):
            for words in ("Marking", "A full answer", "A weak answer"):
                assert words in source(cell), cell["id"]
