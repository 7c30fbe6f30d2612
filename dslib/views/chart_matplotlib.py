"""Charts by matplotlib: transparent, in the colours of the page.

Axes, ticks, lines, bands, error bars and markers are matplotlib's. Where they stand is the layout's, so that the other
renderer puts them at the same place: each panel's axes are in pixels, and its ticks bear the data's numbers.
"""

from __future__ import annotations

import re
import warnings
from hashlib import sha256
from io import StringIO
from math import isnan
from typing import Any

import matplotlib.style
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from .chart import FONT, Band, Boxes, Chart, Frame, Layout, Line, Look, Points, Rule, Sample, Span, lay_out
from .chart_svg import HOLLOW, pieces, spots
from .palette import SIGNS
from .static import COLOUR

#: Colours that no theme has: replaced, in the SVG, by the page's own.
INK = "#010203"
_STANDS_FOR = {INK: "currentColor"} | {sign.light: COLOUR[name] for name, sign in SIGNS.items()}
_PAINT = {"ink": INK} | {name: sign.light for name, sign in SIGNS.items()}
_LOOKS = {
    "font.size": FONT, "font.sans-serif": ["DejaVu Sans"], "font.family": "sans-serif",
    "svg.fonttype": "none", "svg.hashsalt": "dslib", "text.parse_math": False, "path.simplify": False,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}  # fmt: skip


def figure(chart: Chart) -> Any:
    """The chart as a matplotlib figure; one of its inches has 72 of our pixels."""
    with matplotlib.style.context(["default", _LOOKS], after_reset=True):
        return _figure(lay_out(chart))


def draw(chart: Chart) -> str:
    """The inside of an ``<svg>`` as large as the layout says."""
    with matplotlib.style.context(["default", _LOOKS], after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the browser has the letters, whatever matplotlib has
        page = StringIO()
        _figure(lay_out(chart)).savefig(page, format="svg", transparent=True)
    return _tidy(page.getvalue())


def _figure(layout: Layout) -> Any:
    made = Figure(figsize=(layout.width / 72, layout.height / 72), dpi=72)
    for frame in layout.frames:
        below = layout.height - frame.top - frame.height
        across, down = layout.width, layout.height
        axes = made.add_axes((frame.left / across, below / down, frame.width / across, frame.height / down))
        axes.set(xlim=(0, frame.width), ylim=(0, frame.height))
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xticks(frame.ticks_x, [""] * len(frame.ticks_x))
        axes.set_yticks(frame.ticks_y, [""] * len(frame.ticks_y))
        axes.set_axisbelow(True)
        if "x" in frame.panel.grid:
            axes.grid(axis="x", color=INK, alpha=0.15)
        if "y" in frame.panel.grid:
            axes.grid(axis="y", color=INK, alpha=0.15)
        for at in frame.breaks_y:
            axes.axhline(at, color=INK, alpha=0.6, linewidth=1, linestyle=(0, (2, 4)))
        for at in frame.breaks_x:
            axes.axvline(at, color=INK, alpha=0.6, linewidth=1, linestyle=(0, (2, 4)))
        for mark in frame.panel.marks:
            _mark(axes, frame, mark)
    for one in layout.samples:
        _sample(made, layout, one)
    for text in layout.texts:
        ha = {"start": "left", "middle": "center", "end": "right"}[text.anchor]
        weight = "bold" if text.weight > 500 else "normal"
        spot = text.x / layout.width, 1 - text.y / layout.height
        made.text(*spot, text.words, ha=ha, va="baseline", fontweight=weight, alpha=text.opacity)
    return made


def _mark(axes: Any, frame: Frame, mark: Any) -> None:
    paint = _PAINT[mark.look.colour] if hasattr(mark, "look") else INK
    if isinstance(mark, Span):
        x1, x2 = frame.x(mark.start), frame.x(mark.end)
        if isnan(x1 + x2):
            return
        axes.axvspan(x1, x2, color=paint, alpha=0.16, linewidth=0, zorder=0.5)
        for at in (x1, x2):
            axes.axvline(at, color=paint, linewidth=1.3, linestyle=_dash(mark.look, 1.3), zorder=0.6)
    elif isinstance(mark, Boxes):
        for x1, x2, y1, y2 in mark.boxes:
            a, b, c, d = frame.x(x1), frame.x(x2), frame.y(y1), frame.y(y2)
            if not isnan(a + b + c + d):
                axes.add_patch(Rectangle((a, c), b - a, d - c, facecolor=paint, alpha=mark.look.opacity, linewidth=0))
                if mark.edge:
                    edge = Rectangle((a, c), b - a, d - c, fill=False, edgecolor=INK, alpha=0.55, linewidth=1)
                    axes.add_patch(edge)
    elif isinstance(mark, Band):
        for piece in pieces(frame, mark.x, mark.low, mark.high, steps=mark.steps):
            x, low, high = zip(*piece, strict=True)
            axes.fill_between(x, low, high, color=paint, alpha=mark.look.opacity, linewidth=0)
    elif isinstance(mark, Rule):
        line = {"color": paint, "linewidth": mark.look.width, "linestyle": _dash(mark.look), "alpha": mark.look.opacity}
        if not isnan(mark.at) and mark.axis == "y":
            axes.axhline(frame.y(mark.at), **line)
        elif not isnan(mark.at):
            axes.axvline(frame.x(mark.at), **line)
    elif isinstance(mark, Line):
        found = pieces(frame, mark.x, mark.y, steps=mark.steps)
        for piece in found:
            x, y, _ = zip(*piece, strict=True)
            axes.plot(
                x, y, color=paint, linewidth=mark.look.width, linestyle=_dash(mark.look), alpha=mark.look.opacity,
                clip_on=False,
            )  # fmt: skip
        if mark.look.marker and found:
            x, y = zip(*spots(found), strict=True)
            axes.plot(x, y, **_markers(mark.look))
    elif isinstance(mark, Points):
        _points(axes, frame, mark, paint)


def _points(axes: Any, frame: Frame, mark: Points, paint: str) -> None:
    for x, y, low, high in zip(mark.x, mark.y, mark.low, mark.high, strict=False):
        place = frame.y if mark.along == "y" else frame.x
        at, a, b = (frame.x(x) if mark.along == "y" else frame.y(y)), place(low), place(high)
        if isnan(at + a + b):
            continue
        whisker = {"fmt": "none", "color": paint, "capsize": 5, "elinewidth": 1.6, "capthick": 1.6}
        if mark.along == "y":
            axes.errorbar([at], [a], yerr=[[0], [b - a]], **whisker)
        else:
            axes.errorbar([a], [at], xerr=[[0], [b - a]], **whisker)
    places = [(x, y) for x, y in zip(map(frame.x, mark.x), map(frame.y, mark.y), strict=True) if not isnan(x + y)]
    if places and mark.look.marker:
        axes.plot([x for x, _ in places], [y for _, y in places], **_markers(mark.look))


def _markers(look: Look) -> dict[str, Any]:
    hollow = look.marker in HOLLOW
    paint = _PAINT[look.colour]
    return {
        "linestyle": "none", "marker": HOLLOW.get(look.marker, look.marker), "color": paint,
        "markersize": {"*": 11, "^": 9, "v": 9, "o": 8.5, "O": 8.5, "_": 16}.get(look.marker, 8),
        "markerfacecolor": "none" if hollow else paint, "markeredgewidth": 1.8 if hollow else 0, "clip_on": False,
        "zorder": 3,
    }  # fmt: skip


def _sample(made: Any, layout: Layout, one: Sample) -> None:
    paint = _PAINT[one.look.colour]
    y = 1 - one.y / layout.height
    x1, x2 = one.x1 / layout.width, one.x2 / layout.width
    if one.filled:
        corner, high = (x1, y - 6 / layout.height), 12 / layout.height
        made.add_artist(Rectangle(corner, x2 - x1, high, facecolor=paint, alpha=one.look.opacity, linewidth=0))
        made.add_artist(Rectangle(corner, x2 - x1, high, fill=False, edgecolor=paint, linewidth=1))
        return
    if one.look.width:
        look = {"color": paint, "linewidth": one.look.width, "linestyle": _dash(one.look)}
        made.add_artist(Line2D([x1, x2], [y, y], alpha=one.look.opacity, **look))
    if one.look.marker:
        made.add_artist(Line2D([(x1 + x2) / 2], [y], **_markers(one.look)))


def _dash(look: Look, width: float = 0.0) -> Any:
    """Dashes in matplotlib are as many line widths long; ours are pixels."""
    pixels = [float(length) for length in look.dash.split()]
    return (0, [length / (width or look.width) for length in pixels]) if pixels else "-"


def _tidy(page: str) -> str:
    """What matplotlib wrote, without what would disturb the page around it, in the page's colours."""
    svg = page[page.index("<svg") :]
    svg = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    used = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", svg))
    kept = {name for pair in used for name in pair if name}
    # The names that are needed get the picture's own, or two pictures on a page would share them.
    mine = sha256(svg.encode()).hexdigest()[:6]
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{m[1]}-{mine}"' if m[1] in kept else "", svg)
    svg = re.sub(r'(url\(#|href="#)([^)"]+)', lambda m: f"{m[1]}{m[2]}-{mine}", svg)
    svg = svg.replace("xlink:href", "href")
    for colour, ours in _STANDS_FOR.items():
        svg = svg.replace(colour, ours)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{3,}", _short, tag[0]), svg)
    return '<g style="stroke-linejoin: round">' + re.sub(r"\s*\n\s*", " ", svg).strip() + "</g>"


def _short(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
