"""What a view is where no kernel runs: a picture that needs nothing, and the same finding in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from .palette import SIGNS, TEXT, Sign

#: Of which one is set where VS Code or Colab starts a kernel.
FRONT_ENDS = ("VSCODE_PID", "VSCODE_CWD", "VSCODE_IPC_HOOK", "COLAB_RELEASE_TAG", "COLAB_GPU")


def live() -> bool:
    """Whether somebody sits in front of a notebook who can touch a widget.

    ``nbconvert``, ``nbgrader`` and a console have no use for one: they show the picture and the words. So a widget is
    offered only where a front end is known to be there: JupyterLab and Notebook 7 name the session in the variable
    JPY_SESSION_NAME, VS Code and Colab set variables of their own, and a browser's Python is in its front end. Whatever
    a cell starts inherits those variables; but ``nbclient``, which runs all notebooks that nobody looks at, says with
    each request that it cannot answer ``input()``.

    The variable DSLIB_STATIC=1 means no, and DSLIB_LIVE=1 means yes, wherever this runs.
    """
    for name, answer in (("DSLIB_STATIC", False), ("DSLIB_LIVE", True)):
        if _is_set(name):
            return answer
    if sys.platform == "emscripten":
        return True
    if _asked_by_a_program():
        return False
    return bool(os.environ.get("JPY_SESSION_NAME")) or any(name in os.environ for name in FRONT_ENDS)


def for_a_page() -> bool:
    """Whether what is shown goes into a page without a kernel: then it brings along all that it can show there."""
    return _is_set("DSLIB_STATIC")


def _is_set(name: str) -> bool:
    return os.environ.get(name, "0") not in ("", "0")


def _asked_by_a_program() -> bool:
    """Whether the cell that runs now was sent by something that cannot be asked for input, such as nbclient."""
    ipython: Any = sys.modules.get("IPython")
    kernel: Any = getattr(ipython.get_ipython(), "kernel", None) if ipython else None
    request = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else {}
    return request.get("content", {}).get("allow_stdin") is False


def how_to_touch(what: str, before: str = "") -> str:
    """One line under a still picture: how a reader gets what can be touched. ``what`` follows "To"."""
    how = "<code>pip install anywidget</code>" if live() else "run this cell in JupyterLab"
    elsewhere = "" if live() else " (or set DSLIB_LIVE=1, where widgets are shown)"
    muted = "color:color-mix(in srgb,currentColor 78%,transparent)"
    return f'<p class="dslib-view dslib-how" style="{muted}">{escape(before)} To {escape(what)}: {how}{elsewhere}.</p>'


def _style() -> str:
    """Colours by meaning, then the looks.

    JupyterLab says on body whether it is dark; books say it with ``data-theme``, where "auto" leaves it to the reader's
    system. On a page that says nothing, colours are used that can be seen on both.
    """
    signs = {**SIGNS, **TEXT, "edge": Sign("#b9bec5", "#4b5058"), "on-fill": Sign("#ffffff", "#10241d")}

    def rule(selectors: str, colours: dict[str, str]) -> str:
        places = ", ".join(f"{place} .dslib-view".strip() for place in selectors.split(","))
        return f"{places} {{ {' '.join(f'--dslib-{name}: {colour};' for name, colour in colours.items())} }}"

    either = {name: sign.either for name, sign in SIGNS.items()} | {
        "down": "currentColor",
        "muted": "color-mix(in srgb, currentColor 78%, transparent)",
        "edge": "#80858c80",
    }
    light = {name: sign.light for name, sign in signs.items()}
    dark = {name: sign.dark for name, sign in signs.items()}
    rules = [
        rule("", either),
        # Paper is light, whatever the screen is.
        rule('[data-jp-theme-light],[data-theme="light"],[data-theme="auto"],[data-theme="dark"]', light),
        "@media screen { " + rule('[data-jp-theme-light="false"],[data-theme="dark"]', dark) + " }",
        "@media screen and (prefers-color-scheme: dark) { " + rule('[data-theme="auto"]', dark) + " }",
    ]
    return "\n".join([*rules, Path(__file__).with_name("views.css").read_text(encoding="utf-8")])


#: The style sheet of everything that lessons show, apart from the player.
STYLE = _style()


#: What can have the focus carries this, or JupyterLab takes its keys: "a" would insert a cell. JupyterLab looks at the
#: focused element first, so an attribute on what surrounds it comes too late.
KEYS = 'data-lm-suppress-shortcuts="true"'

#: Colours of pictures: they follow the page where it says whether it is dark; elsewhere they can be seen on both.
COLOUR = {name: f"var(--dslib-{name},{sign.either})" for name, sign in SIGNS.items()} | {"down": "currentColor"}


class View:
    """A picture and what it shows.

    ``finding`` says in plain words what the picture shows, computed from the data; printing the view prints it.
    ``svg`` is the picture, complete in itself: write it to a file to keep it. ``alt`` is its text alternative: what is
    drawn, then the finding.
    """

    def __init__(self, finding: str, svg: str, alt: str, title: str = "") -> None:
        self.finding, self.svg, self.alt, self.title = finding, svg, alt, title

    def __str__(self) -> str:
        return self.finding

    __repr__ = __str__

    def to_html(self) -> str:
        """The picture above its finding, without the style sheet."""
        title = f"<p><b>{escape(self.title)}</b></p>" if self.title else ""
        return (
            f'<figure class="dslib-view">{title}<div class="dslib-scroll" tabindex="0" role="group" '
            f'aria-label="Picture, with its finding below" {KEYS}>{self.svg}</div>'
            f"<figcaption>{escape(self.finding)}</figcaption></figure>"
        )

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.to_html()}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.finding}


def picture(kind: str, title: str, finding: str, width: float, height: float, parts: Iterable[str]) -> View:
    """A view from SVG elements that are laid out in pixels: on a narrow screen it scrolls before its words get tiny."""
    alt = f"{kind}. {finding}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(alt)}" class="dslib-picture" '
        f'viewBox="0 0 {width:g} {height:g}" fill="none" font-family="DejaVu Sans, Verdana, sans-serif" '
        'font-size="12.5" '
        f'style="display: block; width: 100%; min-width: {0.9 * width:g}px; max-width: {1.1 * width:g}px">'
        f"{''.join(parts)}</svg>"
    )
    return View(finding, svg, alt, title)


def px(value: float) -> float:
    """A coordinate to a tenth of a pixel."""
    return round(value, 1)


class Card(View):
    """Words in a frame: a view without a picture."""

    def __init__(self, finding: str, html: str, kind: str = "") -> None:
        super().__init__(finding, "", finding)
        self._html, self._kind = html, kind

    def to_html(self) -> str:
        return f'<div class="dslib-view dslib-card {self._kind}">{self._html}</div>'


def names(things: Iterable[object], last: str = "and") -> str:
    """``a, b and c``: at most eight of them in full."""
    words = [str(thing) for thing in things]
    if len(words) > 8:
        words = [*words[:7], f"{len(words) - 7} more"]
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def count(number: int, thing: str) -> str:
    """``1 message``, ``5 messages``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def widget_class(name: str, *traits: str, after: tuple[str, ...] = ()) -> Any:
    """A notebook widget that ``<name>.js`` draws from dicts of these names; None where anywidget is not installed.

    The files named in ``after`` stand before it in one module, and it may use what they define.
    """
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None
    synced = {trait: traitlets.Dict().tag(sync=True) for trait in traits}
    script = with_keys("\n".join(Path(__file__).with_name(f"{part}.js").read_text("utf-8") for part in (*after, name)))
    return type(f"{name.title()}Widget", (anywidget.AnyWidget,), {"_esm": script, "_css": STYLE, **synced})


def with_keys(module: str) -> str:
    """A widget's module that leaves the notebook its keys: Shift+Enter, Ctrl+Enter and Escape (keys.js)."""
    return Path(__file__).with_name("keys.js").read_text(encoding="utf-8") + module


def with_widget(view: Any, shown: dict[str, Any]) -> Any:
    """What a notebook gets: ``view.widget`` where it can be touched, and always the same without a kernel."""
    widget = view.widget if live() else None
    if widget is None:
        return shown
    made = widget._repr_mimebundle_()
    views, metadata = made if isinstance(made, tuple) else (made, {})
    return {**views, **shown}, metadata
