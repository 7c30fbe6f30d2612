"""What Sphinx itself cannot know of a page: the bar under its heading, how code looks, and what can be left out."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

from sphinx.highlighting import PygmentsBridge

from .lesson import live_address
from .looks import Lean


def setup(app: Any) -> dict[str, Any]:
    PygmentsBridge.html_formatter = Lean
    app.add_config_value("book_digest", "", "html", [str])  # another one, and every page is written anew
    app.connect("html-page-context", bar)
    app.connect("html-page-context", reading_order)
    app.connect("html-page-context", lighter, priority=900)
    app.connect("builder-inited", mended)
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
        if page != "index":
            live = escape(live_address(folder, page.removesuffix("-events")))
            parts.append(f'<a class="run-live" hidden href="{live}">Run and change it in your browser</a>')
    else:
        parts = [f'<a href="{up}lessons/notebooks.zip" download>Download the notebooks</a>']
    parts.append('<button type="button" class="for-print" hidden>Print</button>')
    about = ""
    if folder == "lessons" and name.endswith(page):
        about = (
            '<p class="about has-run">On this page all cells have run, and the pictures are recordings. Where you '
            f'are asked to change a cell, <a class="run-live" hidden href="{live}">do it in your browser</a>'
            '<span class="run-live" hidden>, or </span>'
            f'<a href="{escape(page)}.ipynb" download>do it in the notebook</a>.</p>'
        )
    context["body"] = body.replace("</h1>", f'</h1><p class="bar">{"".join(parts)}</p>{about}', 1)


def reading_order(app: Any, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Previous and next for the files of dslib, which are too many for the list on the left."""
    if not name.startswith("dslib/"):
        return
    order = [("dslib/index", "How dslib works"), *json.loads(Path(app.srcdir, "reading-order.json").read_text())]
    at = [page for page, _ in order].index(name)
    for which, place in (("prev", at - 1), ("next", at + 1)):
        if 0 <= place < len(order) and context.get(which) is None:
            page, title = order[place]
            context[which] = {"title": title, "link": context["pathto"](page)}


#: What myst-nb and Sphinx write around cells and code, and what is enough: of a short cell it is more than half.
SHORTER = [
    (re.compile(long, re.DOTALL), short)
    for long, short in (
        (r'class="(cell|cell_input|cell_output)(?: (?:tag_|above)[\w-]+)* docutils container"', r'class="\1"'),
        (r' highlight-myst-ansi notranslate"', '"'),
        (r'<div class="highlight-\w+ notranslate">(<div class="highlight">.*?</div>\n)</div>', r"\1"),
        (
            r'<code class="docutils literal notranslate"><span class="pre">([^<]*)</span></code>',
            r'<code class="literal">\1</code>',
        ),
        (
            r'<details class="admonition hide above-input">\n<summary.*?</summary>',
            '<details class="hide"><summary>Its code</summary>',
        ),
        (r"<pre><span></span>", "<pre>"),
    )
]


def lighter(app: Any, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Leave out style sheets that book.css stands in for, scripts that only search needs, and wrappers."""
    left_out = ["pygments.css", "mystnb.", "furo-extensions.css"]
    if name != "search":  # which needs them
        left_out += ["sphinx_highlight.js", "doctools.js", "documentation_options.js"]
    for kind in ("css_files", "script_files"):
        context[kind] = [one for one in context.get(kind, []) if not any(out in str(one.filename) for out in left_out)]
    body = context.get("body", "")
    for long, short in SHORTER:
        body = long.sub(short, body)
    context["body"] = body


#: What furo's pages lack for whoever listens: names of landmarks, levels of headings, pictures that only adorn.
MENDS = [
    (re.compile(lacking, re.DOTALL), whole)
    for lacking, whole in (
        (r'<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
        (r'<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
        (r' role="heading"><span class="caption-text">', ' role="heading" aria-level="2"><span class="caption-text">'),
        (
            r'(<a href="#" class="back-to-top[^>]*>)\s*<svg (.*?</a>)',
            r'<nav aria-label="Top">\1<svg aria-hidden="true" \2</nav>',
        ),
    )
]


def mended(app: Any) -> None:
    """Mend each page that furo's templates have made."""
    made = app.builder.templates.render

    def render(template: str, context: dict[str, Any]) -> str:
        html = str(made(template, context))
        for lacking, whole in MENDS:
            html = lacking.sub(whole, html)
        return html

    app.builder.templates.render = render
