"""Charts of runs: measured against theory, and the space-time diagram of one run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from io import StringIO
from math import isfinite
from numbers import Real
from typing import Any

from ..faults import Fault
from .palette import SIGNS
from .player import label as fault_label
from .spacetime import space_time_svg
from .static import COLOUR, View, count, picture


def space_time(trace: Any, title: str = "") -> View:
    """The space-time diagram of a run: a lane for each node, an arrow for each message, time to the right.

    A long run shows the part in which things first go wrong; ``play`` and ``replay`` show all of it.

    Args:
        trace: ``sim.trace``.

    Raises:
        TypeError: this is no trace.
    """
    if not hasattr(trace, "to_json"):
        raise TypeError(f"space_time(…) draws a trace, not a {type(trace).__name__}: write space_time(sim.trace)")
    data = json.loads(trace.to_json())
    struck = [Fault.from_json(row[6]) for row in data["events"] if row[1] == "fault"]
    finding = _run_finding(data["events"], struck)
    faults = [{**fault.to_json(), "label": fault_label(fault)} for fault in struck]
    bundle = {"trace": data, "faults": faults, "operations": [], "summary": finding, "title": title}
    svg = space_time_svg(bundle)
    return View(finding, svg, f"Space-time diagram. {finding}", title)


def _run_finding(events: list[Any], faults: list[Fault]) -> str:
    kinds = Counter(row[1] for row in events)
    words = f"{count(kinds['send'], 'message')} sent, {kinds['deliver']} delivered, {kinds['drop']} dropped"
    on_the_way = kinds["send"] - len({row[4] for row in events if row[1] in ("deliver", "drop")})
    reasons = Counter(row[6] for row in events if row[1] == "drop")
    told = {"loss": "lost at random", "cut": "at a cut", "down": "nobody there", "queue": "queue full"}
    if reasons:
        words += f" ({', '.join(f'{reasons[why]} {told.get(why, why)}' for why in sorted(reasons))})"
    words += f", {on_the_way} still on the way" if on_the_way > 0 else ""
    done = [fault_label(fault) for fault in faults]
    return f"{words}. Faults: {'; '.join(done)}." if done else f"{words}."


# -- measured against theory --------------------------------------------------------------------------------------

#: Colours that no theme has: replaced, in the SVG, by the page's own.
_INK, _STANDS_FOR = "#010203", {"#010203": "currentColor"} | {sign.light: COLOUR[name] for name, sign in SIGNS.items()}
_SIZE = (560, 320)


def measured(
    x: Sequence[Any],
    y: Sequence[float],
    interval: Sequence[Any] | float,
    theory: Callable[[Any], float] | Sequence[float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
) -> View:
    """Measured values with their intervals, beside what theory says. Drawn by matplotlib.

    Args:
        x: where it was measured: numbers, or names.
        y: the measured values.
        interval: for each, ``(low, high)`` or a half-width; or one half-width for all.
        theory: a function of x, or a value for each x.
        xlabel, ylabel: what the axes show, with the unit: "timeout (s)".

    Raises:
        ValueError: nothing was measured, lengths differ, a value is not finite, an interval is upside down.
    """
    points = _points(x, y, [interval] * len(x) if isinstance(interval, int | float) else interval)
    expected = None if theory is None else _expected(theory, x)
    outside = [p for p, e in zip(points, expected or (), strict=False) if not _holds(p, e)]
    finding = _measured_finding(points, expected, outside, xlabel, ylabel)
    try:
        svg = _chart(points, theory, expected, outside, xlabel, ylabel)
    except ImportError:
        missing = "matplotlib is not installed: pip install matplotlib"
        return picture("Chart", title, f"{finding} (No picture: {missing}.)", 560, 10, [])
    return picture("Chart of measured values with intervals", title, finding, *_SIZE, [svg])


Measured = tuple[Any, float, float, float]


def _points(x: Sequence[Any], y: Sequence[float], interval: Sequence[Any]) -> list[Measured]:
    if not len(x) == len(y) == len(interval):
        raise ValueError(f"x has {len(x)} entries, y {len(y)} and interval {len(interval)}: give one of each per point")
    if not len(x):
        raise ValueError("there is nothing to draw: x, y and interval are empty")
    points = []
    for at, value, around in zip(x, y, interval, strict=True):
        low, high = around if hasattr(around, "__len__") else (value - around, value + around)
        for number in (value, low, high):
            if not isfinite(number):
                raise ValueError(f"at x = {at!r} stands {number!r}: leave out what could not be measured")
        if low > high:
            raise ValueError(f"at x = {at!r} the interval is ({low!r}, {high!r}): the low end comes first")
        points.append((at, float(value), float(low), float(high)))
    return points


def _holds(point: Measured, value: float) -> bool:
    """Whether the interval holds a value; its ends belong to it, whatever the last bit of a float says."""
    slack = 1e-9 * max(abs(point[2]), abs(point[3]))
    return point[2] - slack <= value <= point[3] + slack


def _expected(theory: Callable[[Any], float] | Sequence[float], x: Sequence[Any]) -> list[float]:
    values = [float(theory(at)) for at in x] if callable(theory) else [float(value) for value in theory]
    if len(values) != len(x):
        raise ValueError(f"theory has {len(values)} values for {len(x)} points: one for each x, or a function")
    return values


def _measured_finding(points: list[Measured], expected: Any, outside: list[Measured], xlabel: str, ylabel: str) -> str:
    low, high = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
    what, unit = _named(ylabel or "measured value")
    where, unit_of_x = _named(xlabel or "x")

    def at(p: Measured) -> str:
        return f"at {where} = {p[0]}{unit_of_x}"

    words = f"{what}: from {low[1]:.4g}{unit} {at(low)} to {high[1]:.4g}{unit} {at(high)}."
    if low[1] == high[1]:
        words = f"{what}: {low[1]:.4g}{unit} at {count(len(points), 'point')}."
    if expected is None:
        return words[0].upper() + words[1:]
    words += f" Theory lies inside the interval at {len(points) - len(outside)} of {count(len(points), 'point')}"
    if outside:
        off = [(abs(p[1] - e), p, e) for p, e in zip(points, expected, strict=True) if p in outside]
        gap, worst, said = max(off, key=lambda row: row[0])
        words += f"; farthest off, by {gap:.3g}{unit}, {at(worst)}: measured {worst[1]:.4g}, theory {said:.4g}"
    return words[0].upper() + words[1:] + "."


def _named(label: str) -> tuple[str, str]:
    """``("timeout", " s")`` from the label ``"timeout (s)"``."""
    found = re.fullmatch(r"(.+?)\s*\(([^()]*)\)", label)
    return (found[1], f" {found[2]}") if found else (label, "")


def _chart(points: list[Measured], theory: Any, expected: Any, outside: Any, xlabel: str, ylabel: str) -> str:
    """The inside of an ``<svg>`` of _SIZE, drawn by matplotlib."""
    import warnings

    import matplotlib.style
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    looks = {
        "font.size": 12, "font.sans-serif": ["DejaVu Sans"],
        "svg.fonttype": "none", "svg.hashsalt": "dslib", "text.parse_math": False,
        "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), _INK),
    }  # fmt: skip
    named = not all(isinstance(p[0], Real) and not isinstance(p[0], bool) for p in points)
    at = list(range(len(points))) if named else [float(p[0]) for p in points]
    blue, red = SIGNS["delivered"].light, SIGNS["dropped"].light
    with matplotlib.style.context(["default", looks], after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the browser has the letters, whatever matplotlib has
        figure = Figure(figsize=(_SIZE[0] / 72, _SIZE[1] / 72), dpi=72, layout="constrained")
        axes = figure.add_subplot()
        if expected is not None:
            if callable(theory) and not named and min(at) < max(at):
                fine = [min(at) + (max(at) - min(at)) * i / 60 for i in range(61)]
                axes.plot(fine, [theory(t) for t in fine], "--", color=_INK, label="theory")
            else:
                axes.plot(at, expected, "_", color=_INK, markersize=16, markeredgewidth=2, label="theory")
        for off, marker, colour, name in ((False, "o", blue, "measured"), (True, "D", red, "measured, theory outside")):
            chosen = [(t, p) for t, p in zip(at, points, strict=True) if (p in outside) == off]
            if chosen:
                ends = [[max(0.0, p[1] - p[2]) for _, p in chosen], [max(0.0, p[3] - p[1]) for _, p in chosen]]
                axes.errorbar(
                    [t for t, _ in chosen], [p[1] for _, p in chosen], yerr=ends, fmt=marker, color=colour, capsize=5,
                    markerfacecolor="none" if off else colour, markeredgewidth=1.6, label=name,
                )  # fmt: skip
        if all(isinstance(p[0], int) for p in points):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if named:
            axes.set_xticks(at, [str(p[0]) for p in points])
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        axes.grid(axis="y", color=_INK, alpha=0.15)
        if expected is not None:
            axes.legend()
        page = StringIO()
        figure.savefig(page, format="svg", transparent=True)
    return _tidy(page.getvalue())


def _tidy(page: str) -> str:
    """What matplotlib wrote, without what would disturb the page around it, in the page's colours."""
    svg = page[page.index("<svg") :]
    svg = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    used = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", svg))
    kept = {name for pair in used for name in pair if name}
    svg = re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in kept else "", svg)
    svg = svg.replace("xlink:href", "href")
    for colour, ours in _STANDS_FOR.items():
        svg = svg.replace(colour, ours)
    svg = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), svg)
    return '<g style="stroke-linejoin: round">' + re.sub(r"\s*\n\s*", " ", svg).strip() + "</g>"
