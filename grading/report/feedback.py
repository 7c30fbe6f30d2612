"""What a student receives: `nbgrader generate_feedback` makes it with this page, from the graded notebook.

It explains each lost point by its property: what must hold, the case that broke it, and the hints. It holds no hidden
part of a check, it is complete in itself, and nothing that the submission printed or wrote is mark-up in it.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from markupsafe import Markup
from nbconvert.exporters.exporter import Exporter
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from ..course import PROPERTY
from ..instructor import ROOT
from .harmless import markdown, shown, text_of
from .look import page
from .scores import TASK, TITLE

#: Longer outputs are folded.
MOST_LINES = 40
_HIDDEN = re.compile(r"\n?### BEGIN (HIDDEN TESTS|MARK SCHEME)(?:.*?### END \1[^\n]*|.*)", re.DOTALL)


class GetMarks(NbGraderPreprocessor):
    """Take the marks of a submission from the gradebook: points, comments, and what a person has not read yet."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as book:
            found = book.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
            grades = {grade.name: grade for grade in found.grades}
            comments = {comment.name: comment.comment for comment in found.comments}
            penalty = found.late_submission_penalty or 0.0
            about |= {"score": max(0.0, found.score - penalty), "max_score": found.max_score, "late_penalty": penalty}
            for cell in nb.cells:
                ours = cell.metadata.get("nbgrader")
                if not ours:
                    continue
                ours["comment"] = comments.get(ours["grade_id"])
                if grade := grades.get(ours["grade_id"]):
                    waits = grade.needs_manual_grade and grade.manual_score is None and grade.auto_score is None
                    ours |= {"score": grade.score, "points": grade.max_score, "waits": waits}
        return nb, resources


class FeedbackPage(Exporter):
    """A graded notebook with marks, as a page for its student."""

    output_mimetype = "text/html"

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: Any = None, **kw: Any
    ) -> tuple[str, Any]:
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        return feedback(nb, resources["nbgrader"]), resources


def feedback(nb: Any, about: dict[str, Any]) -> str:
    """The page of a notebook with marks in its cells' metadata."""
    hints = _hints(about["assignment"])
    title, task = about["assignment"], ""
    tasks: dict[str, dict[str, Any]] = {}
    lost, waits, cells = [], [], []
    remarks = ""
    for cell in nb.cells:
        ours = cell.metadata.get("nbgrader") or {}
        if cell.cell_type == "markdown" and not ours.get("solution"):
            if cell.get("id") == "graded":
                remarks = Markup(markdown(cell.source, 2))
                continue
            if found := TASK.search(cell.source):
                task = found[1]
                tasks[task] = {"name": task, "about": found[2], "points": 0.0, "most": 0.0, "waits": False}
            elif found := TITLE.search(cell.source):
                title = found[1]
        shown_cell = _cell(cell, ours)
        cells.append(shown_cell)
        if ours.get("grade") or ours.get("task"):
            if task:
                tasks[task]["points"] += shown_cell["points"]
                tasks[task]["most"] += shown_cell["most"]
                tasks[task]["waits"] |= shown_cell["waits"]
            if task and shown_cell["answer"]:
                shown_cell["name"] = f"the answer of {task}"
            if shown_cell["waits"]:
                waits.append(shown_cell)
            elif shown_cell["points"] < shown_cell["most"]:
                lost.append(_lost(cell, shown_cell, hints))
    return page(
        "feedback.html", title=title, student=shown(about["student"], 100), score=float(about["score"]),
        most=float(about["max_score"]), penalty=float(about["late_penalty"]), waits=waits, remarks=remarks,
        tasks=[one for one in tasks.values() if one["most"]], lost=lost, cells=cells,
    )  # fmt: skip


def _hints(lab: str) -> dict[str, Any]:
    path = ROOT / "labs" / lab / "hints.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _cell(cell: Any, ours: Any) -> dict[str, Any]:
    """One cell for the template."""
    code = cell.cell_type == "code"
    name = ours.get("grade_id", "")
    prop = PROPERTY.search(cell.source) if code and ours.get("grade") and not ours.get("solution") else None
    comment = ours.get("comment")
    source = _HIDDEN.sub("", cell.source) if not ours.get("solution") else cell.source
    return {
        "id": name,
        "name": prop[1] if prop else name,
        "prop": prop[1] if prop else "",
        "kind": "code" if code else "text",
        "answer": bool(ours.get("solution")),
        "check": bool(ours.get("grade")) and not ours.get("solution"),
        "html": code_as_html(source) if code else Markup(markdown(source, 3, bool(ours.get("solution")))),
        "points": float(ours.get("score") or 0.0),
        "most": float(ours.get("points") or 0.0) if ours.get("grade") or ours.get("task") else 0.0,
        "waits": bool(ours.get("waits")),
        "comment": Markup(markdown(comment, 4, theirs=True)) if comment else "",
        "outputs": [_output(output) for output in cell.outputs] if code else [],
    }


def _output(output: Any) -> dict[str, Any]:
    data = output.get("data") or {}
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return {"picture": f"data:{kind};base64,{''.join(data[kind].split())}", "long": False}
    text = shown(text_of(output)).rstrip("\n")
    lines = text.count("\n") + 1
    return {"text": text, "lines": lines, "long": lines > MOST_LINES, "picture": ""}


def _lost(cell: Any, about: dict[str, Any], hints: dict[str, Any]) -> dict[str, Any]:
    """Why points are lost: the property, the case, the hints."""
    told = hints.get(about["prop"])
    said = "\n".join(text_of(output) for output in cell.get("outputs", []) if output.output_type == "error")
    said = shown(said)
    if told is not None:
        # The message is the property, what happened, and one hint; the hints stand below it, all of them.
        said = said.rpartition("\nHint")[0] or said
        said = said.removeprefix(f"✗ {told['property']}\n").strip()
    # A property may begin with the name of a column, which is written as it is.
    sentence = told["property"] if told else about["name"][:1].upper() + about["name"][1:]
    return {
        **{name: about[name] for name in ("name", "points", "most", "comment")},
        "cell": about["id"],
        "sentence": sentence,
        "happened": said,
        "hints": told["hints"] if told else [],
    }


def code_as_html(source: str) -> Markup:
    return Markup('<pre dir="ltr"><code>{}</code></pre>').format(
        Markup(highlight(shown(source), PythonLexer(), HtmlFormatter(nowrap=True, classprefix="p-")))
    )
