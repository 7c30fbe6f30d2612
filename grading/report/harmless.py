"""What a submission printed or wrote, as HTML that does nothing: it runs no script, asks no server, and stays in place.

Formgrader and `nbgrader generate_feedback` show it; Formgrader does so with all the rights of the instructor who looks
at it. Nothing that a student wrote is mark-up here. Text is escaped; of markdown there remain paragraphs, lists,
tables, emphasis and code; links and pictures become words; and what steers a terminal or the direction of writing, or
piles marks upon a letter until they cover the next line, is taken out.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from html import escape
from typing import Any

import mistune
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.preprocessors import Preprocessor
from nbformat import from_dict

from ..autograded import plain_text

#: So much of one text is shown, and so many marks upon one letter: more than any language needs.
MOST_CHARS, MOST_MARKS = 20_000, 4
#: So much of what all cells of a notebook printed is shown.
MOST_PRINTED = 200_000
MOST_PICTURE = 2_000_000
_STARTS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_NAME = re.compile(r"[^\w.:-]")
#: Where marks may pile up: all of them lie beyond the Latin letters.
_PILE = re.compile(rf"[\u0300-\U0010ffff]{{{MOST_MARKS + 1},}}")
_node: Any = from_dict


def shown(text: str, most: int = MOST_CHARS) -> str:
    """The text as it may be shown, cut where it is long. It is text still: whoever puts it into HTML escapes it."""
    more = len(text) - most
    text = _PILE.sub(_few_marks, plain_text(text[:most]))
    return f"{text}\n… and {more:,} characters more" if more > 0 else text


def _few_marks(row: re.Match[str]) -> str:
    kept, marks = [], 0
    for letter in row[0]:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def markdown(text: str, first_heading: int = 1, theirs: bool = False) -> str:
    """Markdown as HTML without links, pictures or HTML of its own. A student's headings are no headings of the page."""
    text = shown(text)
    words = _Words(first_heading, theirs)
    render = mistune.create_markdown(renderer=words, plugins=["table"])
    words.register("table_cell", _table_cell)  # the plugin's own cells have a style
    try:
        return str(render(text)).replace("&#", "&amp;#")
    except (RecursionError, ValueError):
        return f"<pre>{_text(text)}</pre>"


class _Words(mistune.HTMLRenderer):
    """mistune's HTML, less all that leads anywhere."""

    def __init__(self, first_heading: int, theirs: bool) -> None:
        super().__init__(escape=True)
        self._first, self._theirs = first_heading, theirs

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return text if text == _text(url) else f"{text} ({_text(url)})"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"[picture: {text}]"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        if self._theirs:
            return f"<p><strong>{text}</strong></p>\n"
        name = f"h{min(level + self._first - 1, 6)}"
        return f"<{name}>{text}</{name}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{_text(code)}</code></pre>\n"


def _text(text: str) -> str:
    return escape(text, quote=False)


def _table_cell(renderer: Any, text: str, align: str | None = None, head: bool = False) -> str:
    name = "th" if head else "td"
    return f"<{name}>{text}</{name}>\n"


# -- for nbgrader's own pages ------------------------------------------------------------------------------------------


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """In place of nbconvert's filter of that name, which lets HTML through."""
    cell = context.get("cell") or {}
    return markdown(source, theirs=bool(cell.get("metadata", {}).get("nbgrader", {}).get("solution")))


class Harmless(Preprocessor):
    """Clean a graded notebook before HTML is made of it, whoever graded it: its sources, its outputs, its names.

    Outputs keep their plain text, and pictures that are pictures.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = escape(shown(resources[name], 500))
        nb.metadata = _node({"language_info": {"name": "python", "pygments_lexer": "python"}})
        left = MOST_PRINTED
        for cell in nb.cells:
            cell.source = shown(cell.source)
            cell.metadata = _about(cell.metadata)
            cell.pop("attachments", None)
            if _NAME.search(cell.get("id", "")):
                del cell["id"]
            if cell.cell_type == "code":
                if not isinstance(cell.execution_count, int):
                    cell.execution_count = None
                cell.outputs, left = outputs(cell.outputs, left)
            elif cell.cell_type != "markdown":
                cell.cell_type, cell.source = "markdown", f"````\n{cell.source.replace('````', '```')}\n````"
        return nb, resources


def _about(metadata: Any) -> Any:
    """Of a cell's metadata, what nbgrader's pages need."""
    ours = metadata.get("nbgrader")
    if not isinstance(ours, dict):
        return _node({})
    about: dict[str, Any] = {name: bool(ours.get(name)) for name in ("grade", "solution", "locked", "task")}
    about["grade_id"] = _NAME.sub("", str(ours.get("grade_id", "")))
    for name in ("points", "score"):
        about[name] = float(ours[name]) if isinstance(ours.get(name), int | float) else 0.0
    about["comment"] = shown(ours["comment"]) if isinstance(ours.get("comment"), str) else None
    return _node({"nbgrader": about})


def outputs(found: list[Any], left: int) -> tuple[list[Any], int]:
    """Outputs as plain text, and pictures; not more than ``left`` characters. Returns what is left then.

    What stopped the cell is always there: no submission prints so much that its page does not say why points are lost.
    """
    kept: list[Any] = []
    for output in found:
        data = output.get("data") if isinstance(output.get("data"), dict) else {}
        text = text_of(output)
        if output.get("output_type") == "error":
            lines = shown(text).split("\n")
            kept.append(_node({"output_type": "error", "ename": "Error", "evalue": "", "traceback": lines}))
            break
        if left > 0 and (
            pictures := {name: _joined(data[name]) for name in _STARTS if _is_picture(data.get(name), name)}
        ):
            left = max(0, left - sum(map(len, pictures.values())) // 50)
            kept.append(_shown_as(pictures))
        elif text and left > 0:
            text = shown(text, min(left, MOST_CHARS))
            left = max(0, left - len(text))
            if output.get("output_type") == "stream":
                kept.append(_node({"output_type": "stream", "name": "stdout", "text": text}))
            else:
                kept.append(_shown_as({"text/plain": text}))
            if not left:
                kept.append(_shown_as({"text/plain": "… and more, which is not shown"}))
    return kept, left


def _shown_as(data: dict[str, Any]) -> Any:
    return _node({"output_type": "display_data", "data": data, "metadata": {}})


def text_of(output: Any) -> str:
    """The plain text of an output; empty where it has none."""
    if output.get("output_type") == "stream":
        return _joined(output.get("text"))
    if output.get("output_type") == "error":
        lines = output.get("traceback")
        return "\n".join(map(str, lines)) if isinstance(lines, list) else ""
    data = output.get("data")
    return _joined(data.get("text/plain")) if isinstance(data, dict) else ""


def _joined(text: Any) -> str:
    if isinstance(text, list):
        return "".join(map(str, text))
    return text if isinstance(text, str) else ""


def _is_picture(text: Any, kind: str) -> bool:
    text = _joined(text)
    if not text or len(text) > MOST_PICTURE:
        return False
    try:
        return base64.b64decode("".join(text.split()), validate=True).startswith(_STARTS[kind])
    except (binascii.Error, ValueError):
        return False
