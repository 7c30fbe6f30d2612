"""The scripts of the forms that lessons show: a module for the notebook, a plain script for a page without a kernel."""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from . import static


@cache
def module_of(*parts: str) -> str:
    """The files of these names, one after the other: an ES module, of which only the last part exports."""
    return "\n".join(Path(__file__).with_name(f"{part}.js").read_text(encoding="utf-8") for part in parts)


@cache
def script_of(*parts: str, start: str = "wake();") -> str:
    """The same as a plain script, since modules do not load from a file on disk. Comments are left to the files.

    Each output of a notebook must stand on its own, so each brings the script along; what is on the page already is
    woken once. ``start`` is what is done when the page has been read.
    """
    text = module_of(*parts)
    text = text[: text.index("export default")]
    return f'(() => {{\n"use strict";\n{bare(text)}\n{start}\n}})();'


def bare(script: str) -> str:
    """A script without its comments, its empty lines and what stands before a line."""
    script = re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL)
    lines = (re.sub(r"(^|\s+)// [^\"'`]*$", "", line).strip() for line in script.splitlines())
    return "\n".join(filter(None, lines))


def awake(what: str, data: dict[str, Any], html: str, *parts: str, kind: str = "") -> str:
    """Words that can be read as they stand, and that the script turns into something to touch, where scripts run."""
    carried = escape(json.dumps({**data, "live": live()}, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    card = f'<div class="dslib-view dslib-card {kind}" data-dslib-{what}="{carried}">{html}</div>'
    return f"{card}<script>\n{script_of(*parts)}\n</script>"


def live() -> bool:
    """Whether a kernel will hear what the reader says: then what it wrote stands, and not what the browser kept."""
    return static.live() and find_spec("anywidget") is not None
