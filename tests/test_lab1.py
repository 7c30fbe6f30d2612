"""Lab 1 as its graders see it: the reference has all points, the blank release none, and each wrong solution loses
exactly the properties that it breaks.

Here the cells run in this process, so that every wrong solution can be tried in seconds. tests/test_nbgrader_cycle.py
runs some of them through nbgrader itself and compares.
"""

import ast
import contextlib
import gzip
import itertools
import json
import linecache
import math
import re
import textwrap
import tomllib
import warnings
from collections import Counter
from pathlib import Path

import pytest
from wrong_solutions_lab1 import WRONG

from dslib.exercises import Lab
from dslib.requestlog import Judged, LogWarning, Spec, judge, read_log

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "solutions" / "lab1"
RELEASE = ROOT / "labs" / "lab1"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


# -- reading and running the notebook ----------------------------------------------------------------------------------


def notebook(folder):
    return json.loads((folder / "lab1.ipynb").read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def grading(cell):
    return cell["metadata"].get("nbgrader", {})


def checks(cells):
    return [cell for cell in cells if grading(cell).get("grade") and cell["cell_type"] == "code"]


def with_body(text, body):
    """The source of an answer cell, with ``body`` in place of the reference's."""
    before, rest = text.split(BEGIN)
    indent = before.rpartition("\n")[2]
    return before.removesuffix(indent) + textwrap.indent(body, indent) + rest.partition(END)[2]


def answers(**replaced):
    """The source of each answer cell; those in ``replaced`` have another body."""
    cells = {cell["id"]: source(cell) for cell in notebook(SOURCE) if grading(cell).get("solution")}
    for name, body in replaced.items():
        cells[name] = with_body(cells[name], body)
    return cells


def run(cells, namespace):
    """Run code cells one after the other, going on after an error as nbgrader does. Returns the errors by cell."""
    errors = {}
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        name = f"<{cell['id']}>"
        text = source(cell)
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        try:
            exec(compile(text, name, "exec"), namespace)
        except Exception as problem:
            errors[cell["id"]] = problem
    return errors


@pytest.fixture(scope="module")
def start():
    """The names a notebook has before its first answer."""
    names = {"__name__": "__main__"}
    cells = [cell for cell in notebook(SOURCE) if cell["id"] == "learner" or grading(cell).get("locked")]
    with warnings.catch_warnings(), contextlib.chdir(SOURCE):
        warnings.simplefilter("ignore", LogWarning)  # the log is a mess on purpose
        errors = run([cell for cell in cells if not grading(cell).get("grade")], names)
    assert errors == {}
    return names


@pytest.fixture
def namespace(start, monkeypatch):
    monkeypatch.chdir(SOURCE)
    monkeypatch.syspath_prepend(str(ROOT))
    return dict(start)


def write_answers(namespace, sources):
    errors = run([{"cell_type": "code", "id": name, "source": text} for name, text in sources.items()], namespace)
    assert errors == {}


def lost(cells, namespace):
    """The properties whose check cell fails."""
    return {name.removeprefix("check-") for name in run(checks(cells), namespace)}


# -- the grades --------------------------------------------------------------------------------------------------------


def code_answers(sources):
    return {name: text for name, text in sources.items() if name != "explain"}


def test_the_reference_passes_every_check(namespace):
    write_answers(namespace, code_answers(answers()))
    assert run(checks(notebook(SOURCE)), namespace) == {}


def test_the_blank_release_passes_no_check_and_says_why(namespace):
    blank = {cell["id"]: source(cell) for cell in notebook(RELEASE) if grading(cell).get("solution")}
    write_answers(namespace, code_answers(blank))
    errors = run(checks(notebook(SOURCE)), namespace)
    assert set(errors) == {cell["id"] for cell in checks(notebook(SOURCE))}
    for name, problem in errors.items():
        assert "There is no code in the answer cell yet" in str(problem), name


def test_hidden_checks_alone_fail_the_blank_release(namespace):
    from grading.checks import lab1

    blank = {cell["id"]: source(cell) for cell in notebook(RELEASE) if grading(cell).get("solution")}
    write_answers(namespace, code_answers(blank))
    assert set(lab1.failures(namespace, "self-paced")) == set(lab1.PROPERTIES)
    assert set(lab1.failures({}, "self-paced")) == set(lab1.PROPERTIES)


@pytest.mark.parametrize("wrong", WRONG, ids=[wrong.mistake for wrong in WRONG])
def test_a_wrong_solution_loses_exactly_what_it_breaks(wrong, namespace):
    from grading.checks import lab1

    write_answers(namespace, code_answers(answers(**{wrong.cell: wrong.body})))

    # The hidden checks find all of it by themselves, and what the student can see finds nothing else.
    hidden = lab1.failures(namespace, "self-paced")
    assert set(hidden) == wrong.breaks, hidden
    assert lost(notebook(RELEASE), namespace) <= wrong.breaks
    assert lost([cell for cell in notebook(SOURCE) if cell["id"][6:] in wrong.breaks], namespace) == wrong.breaks


def test_every_property_has_a_wrong_solution_that_breaks_it():
    names = {cell["id"].removeprefix("check-") for cell in checks(notebook(SOURCE))}
    assert frozenset().union(*(wrong.breaks for wrong in WRONG)) == names
    assert len({wrong.mistake for wrong in WRONG}) == len(WRONG)


def test_the_published_month_is_a_hundredth_of_the_printed_one():
    from grading.checks import lab1

    good, valid = lab1.WORKBOOK
    assert (good, valid) == (round(3_557_865 / 100), round(3_663_253 / 100))
    assert round(100 * good / valid, 3) == round(100 * 3_557_865 / 3_663_253, 3) == 97.123


def test_the_hidden_checks_do_not_hang_on_one_choice_of_dice(namespace):
    from grading.checks import lab1

    write_answers(namespace, code_answers(answers()))
    for seed in range(5):
        assert lab1.failures(namespace, f"learner-{seed}", dice=f"dice {seed}") == {}, f"seed {seed}"


@pytest.mark.parametrize("answer", [None, True, "97.1 %", [1], {}, object()])
def test_an_answer_of_the_wrong_kind_is_a_failure_and_not_a_crash(answer, namespace):
    from grading.checks import lab1

    write_answers(namespace, code_answers(answers()))
    for name in ("parse_flight", "read_flights", "classify", "on_time", "request_sli", "sli_by", "actions"):
        namespace[name] = lambda *arguments, **settings: answer
    for name in ("slice_ratios", "timeslices", "ratio_timeslices"):
        namespace[name] = lambda *arguments, **settings: answer
    failures = lab1.failures(namespace, "self-paced")
    assert set(failures) == set(lab1.PROPERTIES)
    assert all(isinstance(sentence, str) and sentence.strip() for sentence in failures.values())


def test_a_function_that_ends_python_or_warns_does_neither(namespace, capsys):
    from grading.checks import lab1

    def leave(*arguments, **settings):
        raise SystemExit(0)

    def warn(flight):
        warnings.warn("late", stacklevel=2)
        return "good" if flight.delay_min is not None and flight.delay_min < 15 else "bad"

    write_answers(namespace, code_answers(answers()))
    namespace |= {"classify": leave, "on_time": warn}
    assert set(lab1.failures(namespace, "self-paced")) == {"health-check", "client-error", "written-spec"}
    assert capsys.readouterr() == ("", "")


def test_a_hidden_check_shows_the_learners_line_and_none_of_its_own(namespace):
    from grading.checks import lab1

    write_answers(namespace, code_answers(answers(**{"answer-classify": "return row.statsu"})))
    with pytest.raises(AssertionError) as caught:
        lab1.require("client-error", namespace)
    message = "\n".join(caught.value._render_traceback_())
    assert "return row.statsu" in message
    assert "lab1.py" not in message
    assert "_expect" not in message


# -- the texts ---------------------------------------------------------------------------------------------------------


def test_there_are_twelve_points_for_checks_and_two_for_a_person():
    graded = [grading(cell) for cell in notebook(SOURCE) if grading(cell).get("grade")]
    assert sum(cell["points"] for cell in graded if not cell["solution"]) == 12
    assert sum(cell["points"] for cell in graded if cell["solution"]) == 2
    assert max(cell["points"] for cell in graded) <= 3


def test_each_check_cell_is_about_one_property_that_has_hints():
    hints = tomllib.loads((SOURCE / "hints.toml").read_text(encoding="utf-8"))
    names = [cell["id"].removeprefix("check-") for cell in checks(notebook(SOURCE))]
    assert names == list(hints)
    for cell in checks(notebook(SOURCE)):
        name = cell["id"].removeprefix("check-")
        assert grading(cell)["grade_id"] == cell["id"]
        assert source(cell).startswith(f'with lab.check("{name}"):\n')
        assert f'lab1.require("{name}", globals())' in source(cell)
    for name, text in hints.items():
        assert text["property"].endswith("."), name
        assert len(text["hints"]) == 3, name


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


def test_a_check_overwrites_nothing_that_the_notebook_goes_on_with():
    code = [cell for cell in notebook(SOURCE) if cell["cell_type"] == "code"]
    by_checks = set().union(*(assigned(source(cell)) for cell in code if grading(cell).get("grade")))
    by_others = set().union(*(assigned(source(cell)) for cell in code if not grading(cell).get("grade")))
    assert by_checks & by_others == set()


def test_the_release_holds_neither_solutions_nor_hidden_checks():
    files = {path.name: path.read_bytes() for path in RELEASE.rglob("*") if path.is_file()}
    assert set(files) == {"lab1.ipynb", "hints.toml", "flights-2013-q1.csv.gz", "flights-2013-q1.md"}
    text = "\n".join(source(cell) for cell in notebook(RELEASE))
    for word in ("BEGIN", "grading.checks", "require(", "Marking", "A full answer"):
        assert word not in text
    for name, answer in code_answers(answers()).items():
        body = answer.partition(BEGIN)[2].partition(END)[0]
        assert body.strip(), name
        assert body.strip() not in text
        assert next(cell for cell in notebook(RELEASE) if cell["id"] == name)["source"] != [], name


def test_every_task_cites_the_definition_it_follows():
    tasks = [source(cell) for cell in notebook(SOURCE) if re.fullmatch(r"task-\d[a-z]?", cell["id"])]
    questions = [text for text in tasks if "**Task " in text or "In three lines" in text]
    assert len(questions) == 11
    cited = {number for text in questions for number in re.findall(r"[Dd]efinitions? (\d+)", text)}
    cited |= {number for text in questions for number in re.findall(r"[Dd]efinitions? \d+ and (\d+)", text)}
    listed = re.findall(
        r"^\| (\d+) \|", next(source(c) for c in notebook(SOURCE) if c["id"] == "definitions"), re.MULTILINE
    )
    assert cited <= set(listed)
    assert [text.split("\n")[0] for text in questions if not re.search(r"[Dd]efinition", text)] == []


def test_graded_cells_need_no_widget_no_plot_and_no_keyboard():
    for cell in notebook(SOURCE):
        for word in ("input(", "matplotlib", "ipywidgets", "interact(", "plt."):
            assert word not in source(cell), cell["id"]


# -- the facts that the texts state ------------------------------------------------------------------------------------


@pytest.fixture
def reference(namespace):
    write_answers(namespace, code_answers(answers()))
    return namespace


def text_of(cell_id):
    return next(source(cell) for cell in notebook(SOURCE) if cell["id"] == cell_id)


def test_the_flights_are_what_the_lab_says_they_are(reference):
    with gzip.open(SOURCE / "flights-2013-q1.csv.gz", "rt", encoding="utf-8") as file:
        text = file.read()
    flights, set_aside = reference["read_flights"](text, reference["parse_flight"])
    assert len(flights) == 80_789
    assert "80,789" in text_of("title")
    assert set_aside == []
    assert [f.time_s for f in flights] != [reference["parse_flight"](line).time_s for line in text.splitlines()[1:]]

    day = [Judged(f.time_s, reference["on_time"](f), f.flight_id, f.airport, f.carrier, "/") for f in flights]
    january, february, march, blizzard = (
        reference["request_sli"](day, 86_400 * start, 86_400 * end)
        for start, end in ((0, 31), (31, 59), (59, 90), (38, 40))
    )
    assert january > february > march  # although the blizzard was in February
    assert 0.3 < blizzard < 0.36  # "one flight in three"
    two_days = [f for f in flights if 38 <= f.time_s / 86_400 < 40]
    assert sum(f.delay_min is None for f in two_days) > len(two_days) / 2  # "more than half were cancelled"
    assert Counter(f.carrier for f in flights)["OO"] == 1  # the airline with 0 %
    assert reference["sli_by"](day, "tenant")["OO"] == 0


def test_the_committed_flights_are_what_the_script_makes():
    import sys

    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from make_flights import COLUMNS, reduce
    finally:
        sys.path.pop(0)
    original = {
        "year": "2013", "month": "3", "day": "9", "dep_time": "NA", "sched_dep_time": "5", "dep_delay": "NA",
        "carrier": "UA", "flight": "7", "origin": "EWR", "tailnum": "N1",
    }  # fmt: skip
    left = {**original, "dep_time": "2", "dep_delay": "-3"}
    april = {**original, "month": "4"}
    assert reduce([original, left, april]).splitlines() == [
        "date,scheduled,carrier,flight,origin,delay_min",
        "2013-03-09,0005,UA,7,EWR,NA",
        "2013-03-09,0005,UA,7,EWR,-3",
    ]
    path = SOURCE / "flights-2013-q1.csv.gz"
    assert path.stat().st_size < 600_000
    with gzip.open(path, "rt", encoding="utf-8") as file:
        assert file.readline().strip().split(",") == COLUMNS


def test_what_the_lab_says_of_a_learners_log_is_true_of_every_learner(reference):
    from dslib.chatday import chat_day_log

    names = reference
    for learner in ["self-paced", *(f"learner {n}" for n in range(12))]:
        text = chat_day_log(Lab("lab1", learner, folder=SOURCE).seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LogWarning)
            log = read_log(text)
        assert len(text.splitlines()) > 6_000, learner
        kinds = Counter(problem.kind for problem in log.problems)
        assert {"repeated", "malformed"} <= set(kinds), learner
        assert log.late, learner
        by_day = [row.time_s for row in log if row.endpoint != "/healthz" and 9 <= row.time_s / 3_600 < 18]
        assert max(b - a for a, b in itertools.pairwise(by_day)) > 7 * 60, learner  # "several minutes"

        chat = judge(log, names["classify"], names["SPEC"])
        lenient = judge(log, names["classify"], Spec(excluded_statuses=frozenset({499})))
        by_request, by_action = (names["request_sli"](events, 0, 86_400) for events in (chat, names["actions"](chat)))
        assert names["request_sli"](lenient, 0, 86_400) > by_request, learner
        assert by_action > by_request, learner
        tenants = {name: share for name, share in names["sli_by"](chat, "tenant").items() if not math.isnan(share)}
        assert min(tenants, key=tenants.get) == "cedar", learner
        assert tenants["cedar"] < by_request - 0.03, learner
        ratios = names["slice_ratios"](chat, 0, 86_400, 600)
        assert names["timeslices"](ratios, 0.95) < min(by_request, names["ratio_timeslices"](ratios)), learner


def test_one_outage_costs_occurrences_less_at_night_and_more_at_the_peak(reference):
    run(
        [cell for cell in notebook(SOURCE) if cell["id"] == "three-numbers"], reference | {"chat": [], "departures": []}
    )
    cells = [cell for cell in notebook(SOURCE) if cell["id"] in ("three-numbers", "night-and-peak")]
    definitions = {}
    for cell in cells:
        for part in re.split(r"\n\n\n", source(cell)):
            if part.startswith("def "):
                exec(part, reference)
                definitions[part.split("(")[0]] = part
    assert set(definitions) == {"def three", "def row_of_three", "def month"}
    numbers = [
        [round(100 * share, 3) for share in reference["three"](month, 0, 720 * 3_600, 3_600, 0.99)]
        for month in (reference["month"](0), reference["month"](12), reference["month"](12, failing=0.3))
    ]
    assert numbers[0] == [99.949, 99.583, 99.583]
    assert numbers[1] == [99.218, 99.583, 99.583]
    assert numbers[2][1] == 99.583
    assert abs(numbers[2][2] - 99.875) < 0.002
