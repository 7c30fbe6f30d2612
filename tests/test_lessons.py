"""The lesson notebooks: each runs from top to bottom, in the form that every lesson has."""

import re
from functools import cache
from pathlib import Path

import nbformat
import pytest

from book import execute

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted(path for path in (ROOT / "lessons").glob("[0-9][0-9]-*.ipynb") if not path.name.startswith("00-"))

LONGEST_CODE = 25
MOST_WORDS = 120
#: Below this share of short cells, a lesson is a listing.
SHORT_CODE, SHORT_SHARE = 10, 0.7


@cache
def read(path):
    return nbformat.read(path, as_version=4)


def source(cell):
    return "".join(cell.source)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path):
    return [cell for cell in read(path).cells if cell.cell_type == "markdown"]


def words(text):
    """Words as a reader meets them: no table rules, no markup, no addresses of links."""
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return [word for word in text.split() if re.search(r"\w", word)]


def at(path, cell_id):
    ids = [cell.id for cell in read(path).cells]
    assert cell_id in ids, f"{path.name} has no cell {cell_id!r}; its cells are {', '.join(ids)}"
    return ids.index(cell_id)


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    return request.param


def test_there_is_a_lesson():
    assert LESSONS, "lessons/ is empty: every other test of this file would pass for nothing"


@pytest.mark.timeout(900)
def test_a_lesson_runs_from_top_to_bottom_and_complains_about_nothing(lesson):
    """As the book runs it, for a reader without predictions: no error, nothing on standard error, in its own folder."""
    try:
        notebook = nbformat.read(execute.executed_one(lesson), as_version=4)
    except execute.LessonFailed as failure:
        pytest.fail(str(failure))
    complaints = [
        f"cell {cell.id!r}: {output.text.strip()}"
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert not complaints, f"{lesson.name} writes to standard error: {complaints}"
    shown = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs if "data" in o]
    assert len(shown) >= 10, f"{lesson.name} shows next to nothing"
    for output in shown:
        assert output.data.get("text/plain", "").strip(), "an output without a plain form"


def test_a_lesson_opens_with_its_goals_and_the_time_it_takes(lesson):
    first, second = (source(cell) for cell in read(lesson).cells[:2])
    assert re.match(r"# Lesson \d · ", first), f"{lesson.name}: the first line is '# Lesson n · title'"
    total = int(re.search(r"\*\*About (\d+) minutes\.\*\*", first).group(1))
    assert 60 <= total <= 75, f"{lesson.name} takes {total} minutes; a lesson takes 60 to 75"
    goals = re.findall(r"^\d+\. \*\*(\w+)\*\*.*\((\d+) min\)\.$", second, re.MULTILINE)
    assert len(goals) >= 4, f"{lesson.name}: goals are numbered, begin with a verb in bold and end with '(n min).'"
    sections = [
        int(n) for cell in prose(lesson) for n in re.findall(r"^## .*\((\d+) min\)$", source(cell), re.MULTILINE)
    ]
    assert [int(minutes) for _, minutes in goals] == sections[: len(goals)], "goals and sections give other minutes"
    assert abs(sum(sections) - total) <= 5, f"the sections take {sum(sections)} minutes, the lesson says {total}"


def test_a_lesson_imports_in_one_cell_before_it_does_anything(lesson):
    first = code_cells(lesson)[0]
    assert first.id == "setup", f"{lesson.name}: the first code cell is called 'setup'"
    for cell in code_cells(lesson)[1:]:
        found = re.search(r"^\s*(from \S+ )?import .*", source(cell), re.MULTILINE)
        assert not found, f"{lesson.name}, cell {cell.id!r} imports: move {found.group()!r} to the setup cell"


def test_cells_are_short(lesson):
    for cell in code_cells(lesson):
        lines = source(cell).count("\n") + 1
        assert lines <= LONGEST_CODE, f"{lesson.name}, cell {cell.id!r}: {lines} lines; make a function of dslib of it"
    for cell in prose(lesson):
        n = len(words(source(cell)))
        assert n <= MOST_WORDS, f"{lesson.name}, cell {cell.id!r}: {n} words; one idea to a cell"
    lengths = [source(cell).count("\n") + 1 for cell in code_cells(lesson)]
    short = sum(n <= SHORT_CODE for n in lengths) / len(lengths)
    assert short >= SHORT_SHARE, f"{lesson.name}: only {short:.0%} of the code cells have at most {SHORT_CODE} lines"


def test_each_prediction_is_asked_before_it_is_revealed_and_shown_again_at_the_end(lesson):
    text = {cell.id: source(cell) for cell in code_cells(lesson)}
    order = list(text)
    asked = {key: id for id, code in text.items() for key in re.findall(r'^predict\(\s*"([\w-]+)"', code, re.MULTILINE)}
    told = {key: id for id, code in text.items() for key in re.findall(r'^reveal\(\s*"([\w-]+)"', code, re.MULTILINE)}
    assert asked, f"{lesson.name} asks for no prediction"
    assert set(asked) == set(told), f"{lesson.name}: asked {sorted(asked)}, revealed {sorted(told)}"
    for key in asked:
        assert order.index(asked[key]) < order.index(told[key]), f"{lesson.name} reveals {key!r} before it asks"
        assert asked[key] != told[key], f"{lesson.name}: {key!r} is asked and revealed by one cell"
    recap = next((id for id, code in text.items() if re.search(r"^recap\(", code, re.MULTILINE)), None)
    assert recap is not None, f"{lesson.name} has no recap()"
    assert order.index(recap) > max(order.index(id) for id in told.values())


def test_a_lesson_has_its_parts_in_order(lesson):
    text = "\n".join(source(cell) for cell in prose(lesson))
    for part in ("**What happened.**", "**Break it.**", "**Fix it", "**Your turn.**"):
        assert part in text, f"{lesson.name} has no {part}"
    parts = ["## Check yourself", "## Your predictions", "## Summary", "## Errata", "## Further reading"]
    places = [text.find(part) for part in parts]
    assert -1 not in places, f"{lesson.name} lacks {parts[places.index(-1)]!r}"
    assert places == sorted(places), f"{lesson.name}: these come in the order {', '.join(parts)}"
    assert sum(source(cell).startswith("check(") for cell in code_cells(lesson)) >= 4


def test_a_player_comes_early_so_that_something_breaks_within_minutes(lesson):
    played = [cell.id for cell in code_cells(lesson) if re.search(r"^(\w+ = )?play\(", source(cell), re.MULTILINE)]
    assert played, f"{lesson.name} has no player"
    before = sum(len(words(source(cell))) for cell in read(lesson).cells[: at(lesson, played[0])])
    assert before <= 500, f"{lesson.name}: {before} words stand before the first thing that a reader can break"


def test_links_within_the_course_lead_somewhere(lesson):
    for cell in prose(lesson):
        for link in re.findall(r"\]\(([^)]+)\)", source(cell)):
            assert not link.startswith("http"), f"{lesson.name}, cell {cell.id!r}: cite {link} by name; addresses rot"
            assert (lesson.parent / link.partition("#")[0]).exists(), f"{lesson.name}, cell {cell.id!r}: no {link}"


def test_before_lesson_7_a_lesson_says_share_of_good_answers(lesson):
    if lesson.name >= "07":
        return
    for cell in read(lesson).cells:
        assert not re.search(r"\b(SLI|SLO|SLA)s?\b", source(cell)), f"{lesson.name}, cell {cell.id!r}: not defined yet"
