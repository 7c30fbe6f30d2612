"""Docstrings as HTML: the few marks that dslib uses, and nothing that can go wrong.

Paragraphs, ``code``, *words*, lists, what is indented after ``::``, examples after ``>>>``, and the headed parts
(Args, Fields, Raises, Returns) with a name and what it is.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from html import escape

PARTS = ("Args", "Fields", "Raises", "Returns", "Yields", "What it raises when it is called", "Example", "Examples")

MARKS = re.compile(r"(``.+?``|:\w+:`[^`]+`|`[^`\n]+`|(?<![\w*])\*[^*\s][^*]*\*(?!\w))")

#: From the name in a mark to an address, or None.
Link = Callable[[str], str | None]


def html(docstring: str, link: Link = lambda name: None) -> str:
    """A docstring, cleaned of its indentation, as HTML."""
    return "\n".join(_blocks(inspect.cleandoc(docstring).splitlines(), link))


def words(text: str, link: Link = lambda name: None) -> str:
    """One line of text with its marks."""
    out = []
    for number, part in enumerate(MARKS.split(text)):
        if number % 2 and not part.startswith("*"):
            code = part.partition("`")[2].strip("`").removeprefix("~")
            address = link(code)
            shown = f"<code>{escape(code)}</code>"
            out.append(f'<a href="{escape(address)}">{shown}</a>' if address else shown)
        elif number % 2:
            out.append(f"<em>{escape(part[1:-1])}</em>")
        else:
            out.append(escape(part, quote=False))
    return "".join(out)


def _blocks(lines: list[str], link: Link) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif line.startswith(">>> "):
            at, block = _while(lines, at, lambda text: bool(text.strip()))
            yield _code(block)
        elif line.rstrip(":") in PARTS and line.endswith(":"):
            at, block = _while(lines, at + 1, lambda text: text.startswith(" ") or not text.strip())
            yield f'<p class="part">{line}</p>'
            yield from _named(_dedented(block), link)
        elif line.startswith("- "):
            at, block = _while(lines, at, lambda text: text.startswith(("- ", "  ")))
            items = re.split(r"^- ", "\n".join(block), flags=re.MULTILINE)[1:]
            yield f"<ul>{''.join(f'<li>{words(_one_line(item), link)}</li>' for item in items)}</ul>"
        elif line.startswith(" "):
            at, block = _while(lines, at, lambda text: text.startswith(" ") or not text.strip())
            yield _code(_dedented(block))
        else:
            at, block = _while(lines, at, lambda text: bool(text.strip()) and not text.startswith((" ", ">>> ")))
            text = _one_line("\n".join(block))
            yield f"<p>{words(text.removesuffix(':') if text.endswith('::') else text, link)}</p>"


def _while(lines: list[str], at: int, goes_on: Callable[[str], bool]) -> tuple[int, list[str]]:
    """The lines from ``at`` on as long as that holds, and where it ends; the first is always among them."""
    end = at + 1
    while end < len(lines) and goes_on(lines[end]):
        end += 1
    return end, lines[at:end]


def _named(lines: list[str], link: Link) -> Iterator[str]:
    """``name: what it is``, each with what is indented under it."""
    rows = []
    for line in lines:
        if line.strip() and not line.startswith(" "):
            rows.append(line)
        elif rows and line.strip():
            rows[-1] += f" {line.strip()}"
    if not all(re.match(r"[\w*, .]+:( |$)", row) for row in rows):
        yield f"<p>{words(' '.join(rows), link)}</p>"
        return
    pairs = (row.partition(":") for row in rows)
    yield "".join(
        ["<dl>", *(f"<dt><code>{escape(n)}</code></dt><dd>{words(t.strip(), link)}</dd>" for n, _, t in pairs), "</dl>"]
    )


def _dedented(lines: list[str]) -> list[str]:
    return inspect.cleandoc("\n" + "\n".join(lines)).splitlines()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _code(lines: list[str]) -> str:
    return f'<pre class="said">{escape(chr(10).join(lines).rstrip(), quote=False)}</pre>'
