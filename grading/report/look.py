"""The look of our pages, and what makes them safe to open: a policy that allows this one style and nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dslib.views.palette import PAPER, SIGNS, TEXT

_HERE = Path(__file__).parent


@cache
def style() -> str:
    """The style sheet: colours by meaning for light and for dark paper, then the rules."""
    signs = {**PAPER, **TEXT, **{name: SIGNS[name] for name in ("good", "dropped", "delivered")}}
    light = "".join(f"--{name}:{sign.light};" for name, sign in signs.items())
    dark = "".join(f"--{name}:{sign.dark};" for name, sign in signs.items())
    colours = (
        f":root{{color-scheme:light dark;{light}--line:#c9cdd2}}"
        f"@media (prefers-color-scheme:dark){{:root{{{dark}--line:#4b5058}}}}"
    )
    return f"{colours}\n{(_HERE / 'page.css').read_text(encoding='utf-8')}"


@cache
def policy() -> str:
    """Content-Security-Policy: no script, no request, no style but ours, whatever a page may hold by mistake."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def points(value: float | None) -> str:
    """Points as one says them: 2, 0.5, 11.25."""
    return "-" if value is None else f"{round(value, 2):g}"


def worth(value: float) -> str:
    """Points with their noun."""
    return f"{points(value)} point{'' if value == 1 else 's'}"


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


@cache
def _environment() -> Environment:
    # Everything that a template is given is escaped, but what says of itself that it is HTML.
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"points": points, "worth": worth, "percent": percent}
    return made


def page(template: str, **given: Any) -> str:
    return _environment().get_template(template).render(style=style(), policy=policy(), **given)
