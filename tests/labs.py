"""The labs as their tests see them: reading a notebook, answering it, running its checks in this process.

A lab is named as its folder, ``lab1``; every lab that has all its parts is in ``LABS``. The cells run in this
process and not in a kernel, so that every wrong solution can be tried in a moment. tests/test_nbgrader_cycle.py runs
some of them through nbgrader itself and compares.
"""

import ast
import contextlib
import importlib
import json
import linecache
import sys
import textwrap
import tomllib
import warnings
import zlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS, RELEASES = ROOT / "solutions", ROOT / "labs"
NOTEBOOKS = sorted(folder.name for folder in SOLUTIONS.iterdir() if (folder / f"{folder.name}.ipynb").is_file())
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

#: Where the checks and the wrong solutions of a lab are, under the course's folder.
PARTS = "grading/checks/{}.py", "tests/wrong_solutions/{}.py", "labs/{}"
LABS = [lab for lab in NOTEBOOKS if all((ROOT / part.format(lab)).exists() for part in PARTS)]

if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # where `grading` is


class Wrong(NamedTuple):
    """A mistake that students make: another body for one answer cell, and the properties that it breaks."""

    mistake: str
    cell: str
    breaks: frozenset[str]
    body: str


def wrong(mistake, cell, breaks, body):
    """``cell`` without "answer-"; ``breaks`` is one text, with spaces between the properties."""
    return Wrong(mistake, f"answer-{cell}", frozenset(breaks.split()), textwrap.dedent(body).strip())


def wrong_solutions(lab):
    return importlib.import_module(f"wrong_solutions.{lab}").WRONG


def checks_of(lab):
    """The module with the hidden checks."""
    return importlib.import_module(f"grading.checks.{lab}")


# -- reading a notebook ------------------------------------------------------------------------------------------------


@cache
def _text(path):
    return path.read_text(encoding="utf-8")


def notebook(lab, folder=SOLUTIONS):
    """The cells of the source; with ``RELEASES``, of what students get."""
    return json.loads(_text(folder / lab / f"{lab}.ipynb"))["cells"]


def source(cell):
    return "".join(cell["source"])


def text_of(lab, cell_id):
    return next(source(cell) for cell in notebook(lab) if cell["id"] == cell_id)


def says(lab, cell_id, *words):
    """The text of this cell has all these words."""
    text = text_of(lab, cell_id)
    for word in words:
        assert word in text, f"{cell_id} does not say {word!r}"


def grading(cell):
    return cell["metadata"].get("nbgrader", {})


def is_code(cell):
    return cell["cell_type"] == "code"


def checks(cells):
    return [cell for cell in cells if grading(cell).get("grade") and is_code(cell)]


def hints(lab):
    """The texts of each property, and the table [lab] on its own."""
    texts = tomllib.loads(_text(SOLUTIONS / lab / "hints.toml"))
    about = texts.pop("lab", {})
    return texts, about


# -- answering it ------------------------------------------------------------------------------------------------------


def with_body(text, body):
    """The source of an answer cell, with ``body`` in place of the reference's."""
    before, rest = text.split(BEGIN)
    indent = before.rpartition("\n")[2]
    return before.removesuffix(indent) + textwrap.indent(body, indent) + rest.partition(END)[2]


def answers(lab, folder=SOLUTIONS, **replaced):
    """The source of each answer cell with code; those in ``replaced``, by id with _ for -, have another body."""
    cells = {
        cell["id"]: source(cell) for cell in notebook(lab, folder) if grading(cell).get("solution") and is_code(cell)
    }
    for name, body in replaced.items():
        cell = name.replace("_", "-")
        cells[cell] = with_body(cells[cell], body)
    return cells


@cache
def defined(lab):
    """The functions of each answer cell, by the cell's id."""
    return {
        cell: {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
        for cell, text in answers(lab).items()
    }


def functions(lab):
    """The names of all functions that the lab asks for."""
    return sorted(set().union(*defined(lab).values()))


@cache
def _compiled(lab, cell_id, text):
    name = f"<{lab} {cell_id} {zlib.crc32(text.encode()):08x}>"  # another one for each answer: each keeps its own lines
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return compile(text, name, "exec")


def run(lab, cells, namespace):
    """Run code cells one after the other in the lab's folder, going on after an error. Returns the errors by cell."""
    errors = {}
    with contextlib.chdir(SOLUTIONS / lab):
        for cell in filter(is_code, cells):
            code = _compiled(lab, cell["id"], source(cell))
            try:
                exec(code, namespace)
            except Exception as problem:
                errors[cell["id"]] = problem
    return errors


@cache
def _started(lab):
    names = {"__name__": "__main__"}
    cells = [cell for cell in notebook(lab) if cell["id"] == "learner" or grading(cell).get("locked")]
    with warnings.catch_warnings(), contextlib.redirect_stdout(None):
        warnings.simplefilter("ignore")  # a lab's log may be a mess on purpose
        errors = run(lab, [cell for cell in cells if not grading(cell).get("grade")], names)
    assert errors == {}
    return names


def start(lab):
    """The names that a notebook has before its first answer."""
    return dict(_started(lab))


def answered(lab, sources=None, **replaced):
    """The names of a notebook with these answers; without any, with the reference's."""
    namespace = start(lab)
    sources = answers(lab, **replaced) if sources is None else sources
    errors = run(lab, [{"cell_type": "code", "id": cell, "source": text} for cell, text in sources.items()], namespace)
    assert errors == {}
    return namespace


def lost(lab, cells, namespace):
    """The properties whose check cell fails."""
    with contextlib.redirect_stdout(None):
        return {name.removeprefix("check-") for name in run(lab, checks(cells), namespace)}


# -- who calls whom ----------------------------------------------------------------------------------------------------


@cache
def reach(lab):
    """For each property, the learner's functions that it reaches when the reference answers it."""
    namespace, met = answered(lab), set()

    def noticing(name, function):
        def noticed(*arguments, **settings):
            met.add(name)
            return function(*arguments, **settings)

        return noticed

    for name in functions(lab):
        namespace[name] = noticing(name, namespace[name])
    reached, module = {}, checks_of(lab)
    for name in module.PROPERTIES:
        met.clear()
        assert module.broken(name, namespace, "self-paced") == ""
        reached[name] = frozenset(met)
    return reached


def can_break(lab, cell):
    """The properties that another answer in this cell can break: those that reach its functions, or all of them."""
    tree = ast.parse(answers(lab)[cell])
    if not all(isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom | ast.Expr) for node in tree.body):
        return list(checks_of(lab).PROPERTIES)
    return [name for name, reached in reach(lab).items() if reached & defined(lab)[cell]]


class Broken(NamedTuple):
    """What a wrong solution breaks: by property, the sentence for the learner and the call that came before it."""

    sentences: dict[str, str]
    last_calls: dict[str, tuple]
    namespace: dict


def broken_by(lab, mistake):
    namespace = answered(lab, **{mistake.cell.replace("-", "_"): mistake.body})
    calls = []

    def noted(name):
        def note(*arguments, **settings):
            calls.append((name, arguments, settings))
            return namespace[name](*arguments, **settings)

        return note

    module, asked = checks_of(lab), namespace | {name: noted(name) for name in functions(lab)}
    found = Broken({}, {}, namespace)
    for name in can_break(lab, mistake.cell):
        calls.clear()
        if sentence := module.broken(name, asked, "self-paced"):
            found.sentences[name] = sentence
            found.last_calls[name] = calls[-1] if calls else ()
    return found


def points(lab):
    """Points of checks, and points that a person gives."""
    graded = [grading(cell) for cell in notebook(lab) if grading(cell).get("grade")]
    return tuple(sum(cell["points"] for cell in graded if cell["solution"] is by_hand) for by_hand in (False, True))


def points_lost(lab, breaks):
    by_cell = {cell["id"].removeprefix("check-"): grading(cell)["points"] for cell in checks(notebook(lab))}
    return sum(by_cell[name] for name in breaks)
