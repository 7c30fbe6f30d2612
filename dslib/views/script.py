"""The player's script: some files to read, one ES module to run.

``player_js/`` holds the module in parts, one thing to a file; ``PARTS`` is their order, and the order to read them in.
Joined as they stand they are the module that JupyterLab gets. No part imports anything, and only the last one exports:
``mount`` for whoever draws into an element, and anywidget's ``render``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

#: The parts, in their order. Each uses what stands before it; the classes build on one another.
PARTS = (
    "run", "words", "clocks", "filter", "moment", "bundle", "geometry", "drawing", "link", "looks", "graph",
    "choices", "lanes", "panel", "acts", "tools", "playback", "player", "compare", "mount",
)  # fmt: skip

#: What the module exports, each at the start of a line.
EXPORTS = ("export function mount(element, bundle, options = {}) {", "export default { render };")


@cache
def module_source() -> str:
    """The player's ES module, as text: a path would make anywidget watch the file."""
    folder = Path(__file__).parent / "player_js"
    return "\n".join((folder / f"{part}.js").read_text(encoding="utf-8") for part in PARTS)


#: For a page that brings its runs later: it draws each itself, when it has come.
FOR_LATER = "window.dslibPlayer = { mount, readFragment, fragmentFor };"


@cache
def classic_script(start: str = "mountAll();") -> str:
    """The same module as a classic script, which browsers also run in a page opened from disk.

    It draws into every element that carries ``data-dslib-player`` and ``data-bundle``; with another ``start``, such as
    FOR_LATER, it does that instead.

    Raises:
        RuntimeError: the module has other exports than EXPORTS, or imports something.
    """
    source = module_source()
    exports = re.findall(r"^export\b.*", source, re.MULTILINE)
    if exports != list(EXPORTS) or re.search(r"^import\b", source, re.MULTILINE) or "</script" in source.lower():
        raise RuntimeError(
            f"the player cannot be wrapped as a classic script: its exports are {exports}, expected {list(EXPORTS)}"
        )
    plain = source.replace(EXPORTS[0], EXPORTS[0].removeprefix("export ")).replace(EXPORTS[1], "")
    return f'(() => {{\n"use strict";\n{plain}\n{start}\n}})();\n'
