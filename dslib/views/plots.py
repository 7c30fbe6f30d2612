"""Charts of runs: measured against theory, and the space-time diagram of one run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from numbers import Real
from typing import Any

from ..faults import Fault
from .chart import Axis, Chart, Line, Look, Panel, Points, linear, named, number, show
from .player import label as fault_label
from .spacetime import space_time_svg, window
from .static import View, count


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
    start, end = window(bundle)
    if end - start < data["end"]:
        finding = bundle["summary"] = f"{finding} The picture shows {start:,.0f} to {end:,.0f} ms."
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


def measured(
    x: Sequence[Any],
    y: Sequence[float],
    interval: Sequence[Any] | float,
    theory: Callable[[Any], float] | Sequence[float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
) -> View:
    """Measured values with their intervals, beside what theory says.

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
    chart = _measured_chart(points, theory, expected, outside, xlabel, ylabel)
    return show("Chart of measured values with intervals", title, finding, chart)


Measured = tuple[Any, float, float, float]


def _points(x: Sequence[Any], y: Sequence[float], interval: Sequence[Any]) -> list[Measured]:
    if not len(x) == len(y) == len(interval):
        raise ValueError(f"x has {len(x)} entries, y {len(y)} and interval {len(interval)}: give one of each per point")
    if not len(x):
        raise ValueError("there is nothing to draw: x, y and interval are empty")
    points = []
    for at, value, around in zip(x, y, interval, strict=True):
        low, high = around if hasattr(around, "__len__") else (value - around, value + around)
        for end in (value, low, high):
            if not isfinite(end):
                raise ValueError(f"at x = {at!r} stands {end!r}: leave out what could not be measured")
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


def _measured_chart(
    points: list[Measured], theory: Any, expected: Any, outside: Any, xlabel: str, ylabel: str
) -> Chart:
    at, x = across([p[0] for p in points], xlabel)
    heights = [end for p in points for end in p[1:]] + list(expected or ())
    marks: list[Any] = []
    if expected is not None:
        if callable(theory) and not is_named(p[0] for p in points) and min(at) < max(at):
            fine = [min(at) + (max(at) - min(at)) * i / 60 for i in range(61)]
            heights += (curve := [float(theory(t)) for t in fine])
            marks.append(Line(fine, curve, Look("ink", "6 3"), "theory"))
        else:
            marks.append(Points(at, expected, Look("ink", marker="_", width=0), "theory"))
    for off, look, name in (
        (False, Look("delivered", marker="o", width=0), "measured"),
        (True, Look("dropped", marker="V", width=0), "theory outside"),
    ):
        chosen = [(t, p) for t, p in zip(at, points, strict=True) if (p in outside) == off]
        if chosen:
            spots, rows = zip(*chosen, strict=True)
            value, low, high = ([p[k] for p in rows] for k in (1, 2, 3))
            marks.append(Points(spots, value, look, name if expected is not None else "", low, high))
    return Chart((Panel(x, linear(ylabel or "measured", heights), tuple(marks), 230),))


def is_named(x: Any) -> bool:
    """Whether these are names, not numbers to measure along an axis."""
    return not all(isinstance(at, Real) and not isinstance(at, bool) for at in x)


def across(x: Sequence[Any], label: str) -> tuple[list[float], Axis]:
    """Where measurements stand along x, and the axis: names side by side, numbers to scale with a little air."""
    if is_named(x):
        return [float(i) for i in range(len(x))], named(label, x)
    at = [float(value) for value in x]
    low, high = min(at), max(at)
    air = 0.05 * (high - low) or 0.5
    axis = linear(label, at, low - air, high + air)
    few = sorted(set(at))
    if len(few) <= 8:
        axis = replace(axis, ticks=tuple((value, number(value)) for value in few))
    return at, axis
