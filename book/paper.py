"""Small things that pages are made of: the texts in pages/, raw HTML, tables."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import nbformat as untyped

#: It says nothing about its types.
nbformat: Any = untyped

PAGES = Path(__file__).resolve().parent / "pages"


def filled(name: str, **parts: str) -> str:
    """A page of pages/, with its words in capitals replaced, each once."""
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    for word, part in parts.items():
        if word not in text:
            raise ValueError(f"pages/{name}.md has no place for {word}")
        text = text.replace(word, part, 1)
    return text


def raw(html: str) -> str:
    """HTML in a page of Markdown."""
    return f"``````{{raw}} html\n{html}\n``````\n"


def table(head: str, rows: str, label: str, kind: str = "") -> str:
    """A table that scrolls by itself where the page is too narrow for it."""
    return raw(
        f'<div class="table-wrapper {kind}" data-label="{escape(label)}">'
        f'<table class="docutils"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def head(*names: str) -> str:
    """The cells of a table's first row."""
    return "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
