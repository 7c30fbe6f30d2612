"""An executed notebook as a page: what its cells showed, lighter, and alive without a kernel.

In a notebook each output stands on its own and brings its style sheet, its scripts and its run along. On a page there
is one style sheet and one script for all; a run, a row of pictures, a sealed answer lie in files beside the page and
come when their reader does; a long list of events stands on a page of its own.
"""

from __future__ import annotations

import ast
import base64
import json
import re
import zlib
from collections.abc import Callable
from html import escape, unescape
from typing import Any

from dslib.views import static
from dslib.views.forms import script_of

from .paper import nbformat

#: Widgets by the files of their script: those that the book's one script holds.
FORMS = (
    ("forms", "predict"),
    ("forms", "seals", "selfcheck"),
    ("forms", "traitor"),
    ("forms", "spending"),
    ("explore",),
)

#: What an element of a page holds itself, in characters; what is longer comes from beside the page.
MOST_HELD, MOST_LISTED = 1_000, 4_000

#: The code of these only asks: a reader of the page wants the question. If the cell does more, it can be unfolded.
ASKING = ("predict", "reveal", "check", "recap", "diagnose")

PLAYER = re.compile(r"<div data-dslib-player(?: data-bundle='([^']*)')? style=\"max-width:100%\">")
#: Predictions stay: what they cover must be covered at once.
HELD = re.compile(r' data-(frames|dslib-(?!player|predict|reveal)[a-z]+)="([^"]*)"')
EVENTS = re.compile(r"<details><summary>([^<]*events?) as text</summary>(.*?)</details>", re.DOTALL)
HOW = re.compile(r'<p class="dslib-view dslib-how"[^>]*>(.*?)</p>', re.DOTALL)
#: What Python says of itself, and what a page says instead.
SAID = (
    (
        re.compile(r'<p class="dslib-muted">To check an answer without the form, in Python:.*?</p>', re.DOTALL),
        '<p class="dslib-muted needs-script">To check an answer and to get hints, this page needs JavaScript.</p>',
    ),
    (re.compile(r" To lie without the form, in Python: [^<]*"), ""),
)
#: How a reader of a page gets the values of a slider that were not recorded.
ALL_VALUES = "Run this cell in JupyterLab for all."
#: What pictures say though it goes without saying.
IDLE = re.compile(r' font-weight="400"| fill-opacity="1(?:\.0)?"|(?<=\d)\.0(?=[\s"A-Za-z])')


class Page:
    """A notebook on its way into the book.

    ``folder`` is where its page stands, ``take`` the notebook that a reader can take home; ``files`` are those that lie
    beside the page, by name; ``events`` the long lists of events, by anchor, each with a heading.
    """

    def __init__(self, folder: str, name: str, notebook: Any, link: Callable[[str], str] = str, take: str = "") -> None:
        self.folder, self.name, self.notebook, self._link = folder, name, notebook, link
        self.take = take or name
        self.files: dict[str, str] = {}
        self.events: dict[str, tuple[str, str]] = {}
        for cell in notebook.cells:
            cell.source = "".join(cell.source)
            if cell.cell_type == "markdown":
                cell.source = re.sub(r"\]\(([^)]+)\)", lambda found: f"]({self._link(found[1])})", cell.source)
            elif cell.cell_type == "code":
                self._code(cell)

    @property
    def title(self) -> str:
        """Its first heading."""
        for cell in self.notebook.cells:
            if cell.cell_type == "markdown" and (found := re.match(r"# (.+)", cell.source)):
                return found[1].strip()
        raise ValueError(f"{self.name} has no heading")

    def source(self) -> str:
        """The page for Sphinx: a notebook."""
        return str(nbformat.writes(self.notebook))

    def events_source(self) -> str:
        """The page of its long lists of events, for Sphinx: Markdown. Search leaves it out."""
        parts = [
            f"---\norphan: true\nnosearch: true\n---\n# Events of {self.title}\n",
            f"What happened in each run, message by message. Back to [the lesson]({self.name}.ipynb).\n",
        ]
        for anchor, (heading, html) in self.events.items():
            parts.append(f'## {heading}\n\n```{{raw}} html\n<div id="{anchor}">{html}</div>\n```\n')
        return "\n".join(parts)

    def _code(self, cell: Any) -> None:
        if cell.source.partition("(")[0] in ASKING:
            alone = len(ast.parse(cell.source).body) == 1
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "remove-input" if alone else "hide-input"]
        elif all(isinstance(line, ast.Import | ast.ImportFrom) for line in ast.parse(cell.source).body):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-input"]
        cell.outputs = _joined(cell.outputs)
        for number, output in enumerate(cell.outputs):
            html = output.get("data", {}).get("text/html")
            if html is not None:
                key = cell.id if number == 0 else f"{cell.id}-{number + 1}"
                output.data = {"text/html": self._lighter("".join(html), key)}

    def _lighter(self, html: str, key: str) -> str:
        html = html.replace(f"<style>{static.STYLE}</style>", "")
        for parts in FORMS:
            html = html.replace(f"<script>\n{script_of(*parts)}\n</script>", "")
        if "<script" in html:
            raise ValueError(f"{self.name}, cell {key!r} shows something with a script that the book does not know")
        recorded = "data-dslib-player" in html
        html = PLAYER.sub(lambda found: self._player(found, key), html)
        html = HELD.sub(lambda found: self._held(found, key), html)
        html = EVENTS.sub(lambda found: self._listed(found, key), html)
        html = IDLE.sub("", html)
        for long, short in SAID:
            html = long.sub(short, html)
        html = html.replace(ALL_VALUES, f"For all, {self._where()}")
        how = HOW.search(html)
        html = HOW.sub("", html)
        return html + self._live(how[1] if how and not recorded else "", recorded)

    def _player(self, found: re.Match[str], key: str) -> str:
        if found[1] is None:
            raise ValueError(f"{self.name}, cell {key!r} shows a run and does not bring it along")
        packed = base64.b64encode(zlib.compress(unescape(found[1]).encode(), 9)).decode()
        return f'<div data-dslib-player data-run="{self._beside(key, packed)}">'

    def _held(self, found: re.Match[str], key: str) -> str:
        """A long attribute becomes the address of a file: data-later="dslib-check 01-…/check-when.js"."""
        if len(found[2]) <= MOST_HELD:
            return found[0]
        return f' data-later="{found[1]} {self._beside(key, unescape(found[2]))}"'

    def _beside(self, key: str, text: str) -> str:
        """The address of a file beside the page that hands over this text."""
        name = f"{self.name}/{key}.js"
        if name in self.files:
            raise ValueError(f"{self.name}, cell {key!r} shows two things at once")
        self.files[name] = f"dslibArrived({json.dumps(name)}, {_script_text(text)});\n"
        return name

    def _listed(self, found: re.Match[str], key: str) -> str:
        if len(found[0]) <= MOST_LISTED:
            return found[0]
        anchor = f"{key}-{sum(1 for one in self.events if one.startswith(f'{key}-')) + 1}"
        self.events[anchor] = (f"{key}: {found[1]}", re.sub(r' style="[^"]*"', "", found[2]))
        return f'<p><a href="{self.name}-events.html#{anchor}">{found[1]} as text</a></p>'

    def _live(self, how: str, recorded: bool) -> str:
        """How a reader gets what can be touched, and not only moved through."""
        if recorded:
            return f'<p class="recorded">This run was recorded. To break it by hand, {self._where()}</p>'
        what = how.partition(": run this cell")[0].strip()
        if what.endswith("play this by hand"):  # the page's own script plays it
            return f'<noscript><p class="recorded">{what}, this page needs JavaScript.</p></noscript>'
        return f'<p class="recorded">{what}, {self._where()}</p>' if what else ""

    def _where(self) -> str:
        """In the browser, if the site has Python, or on one's own machine."""
        address = escape(live_address(self.folder, self.name))
        here = f'<a class="run-live" hidden href="{address}">run it in your browser</a>'
        return (
            f'{here}<span class="run-live" hidden> or </span>'
            f'open <a href="{self.take}.ipynb" download>the notebook</a> in JupyterLab.'
        )


def live_address(folder: str, name: str, up: str = "../") -> str:
    """Where the notebook runs in the browser, seen from a page of that folder. Only `make site` has it."""
    return f"{up}live/notebooks/index.html?path={folder}/{name}.ipynb"


def _joined(outputs: list[Any]) -> list[Any]:
    """What a loop printed is one text, however many pieces it came in."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _script_text(text: str) -> str:
    """A text as a script writes it: in single quotes, because JSON is full of the other ones."""
    text = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return "'" + text.replace("</", "<\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "'"
