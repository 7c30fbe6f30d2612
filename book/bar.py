"""What Sphinx itself cannot know of a page: the bar under its heading, and the colours of code."""

from __future__ import annotations

from html import escape
from typing import Any

from sphinx.highlighting import PygmentsBridge

from .lesson import live_address
from .looks import Lean


def setup(app: Any) -> dict[str, Any]:
    PygmentsBridge.html_formatter = Lean
    app.connect("html-page-context", bar)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def bar(app: Any, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Under the heading: the notebook to take home, the live lesson, paper."""
    body = context.get("body", "")
    if "</h1>" not in body:
        return
    up = "../" * name.count("/")
    folder, _, page = name.rpartition("/")
    if folder == "lessons":
        page = page.removesuffix("-events")
        live = escape(live_address(folder, page))
        parts = [
            f'<a href="{escape(page)}.ipynb" download>Download the notebook</a>',
            f'<a class="run-live" hidden href="{live}">Run this lesson in your browser</a>',
        ]
    elif folder == "gallery":
        parts = ['<a href="gallery.ipynb" download>Download the notebook</a>']
    else:
        parts = [f'<a href="{up}lessons/notebooks.zip" download>Download the notebooks</a>']
    parts.append('<button type="button" class="for-print" hidden>Print</button>')
    context["body"] = body.replace("</h1>", f'</h1><p class="bar">{"".join(parts)}</p>', 1)
