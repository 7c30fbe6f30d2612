"""What came of a sweep: a point for each set of parameters, and the interval around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any

from ..sweeps import Estimate, Rate, Sweep
from .chart import SERIES, Chart, Line, Look, Panel, Points, linear, number, said, show
from .levels import is_real
from .plots import across, is_named
from .static import View, count, names
from .timeline import percent

#: So many series a panel; more get a second panel.
_TOGETHER = len(SERIES)


def sweep_results(
    sweep: Sweep,
    of: str | Callable[[Any], float] | None = None,
    ylabel: str = "",
    x: str = "",
    level: float = 0.95,
    title: str = "",
) -> View:
    """What came of a sweep: for each set of parameters a point and the interval around it.

    Without ``of`` and ``ylabel`` it is the share of runs that passed, with Wilson intervals; with one of them the mean
    of the values, with 95 % intervals. A hollow point has none: fewer than 30 values say too little.

    Args:
        sweep: what ``sweep(…)`` returned.
        of: where the number is in a value, as in ``Sweep.means``.
        ylabel: what the values are, with their unit: "p99 (ms)".
        x: the parameter along the axis; by default the one with the most values. The others make series.
        level: the confidence of the Wilson intervals.

    Raises:
        TypeError: this is no sweep, or its values are no numbers.
        ValueError: the sweep has no such parameter.
    """
    if not isinstance(sweep, Sweep):
        raise TypeError(
            f"sweep_results(…) draws a Sweep, not a {type(sweep).__name__}: write sweep_results(sweep(scenario, 100))"
        )
    values = of is not None or bool(ylabel)
    what = ylabel or (of if isinstance(of, str) else "value" if values else "runs that pass (%)")
    rows = sweep.means(of) if values else sweep.rates(level)
    varied = [name for name in (sweep.grid[0] if sweep.grid else {}) if len(_distinct(sweep.grid, name)) > 1]
    if x and x not in (sweep.grid[0] if sweep.grid else {}):
        known = names(map(repr, sweep.grid[0])) if sweep.grid and sweep.grid[0] else "none"
        raise ValueError(f"the sweep has no parameter {x!r}: its parameters are {known}")
    along = x or max(varied, key=lambda name: len(_distinct(sweep.grid, name)), default="")
    finding = _sweep_finding(sweep, rows, values, what)
    kind = "Results of a sweep, with intervals"
    if not any(_middle(found) == _middle(found) for _, found in rows):
        return said(kind, title, finding)
    groups: dict[str, list[tuple[Any, Rate | Estimate]]] = {}
    for params, found in rows:
        label = ", ".join(f"{name}={params[name]!r}" for name in varied if name != along)
        groups.setdefault(label, []).append((params[along] if along else sweep.scenario, found))
    order = _distinct(sweep.grid, along) if along else [sweep.scenario]
    spots, axis = across(order, along)
    where = {repr(value): spot for value, spot in zip(order, spots, strict=True)}
    ends = [end for _, found in rows for end in _interval(found, values)]
    y = linear(what, ends) if values else linear(what, (), 0.0, 100.0)
    panels = []
    labels = list(groups)
    for begin in range(0, len(labels), _TOGETHER):
        chosen = labels[begin : begin + _TOGETHER]
        marks: list[Any] = []
        for k, (look, label) in enumerate(zip(SERIES, chosen, strict=False)):
            # Side by side where x is names; a number stands where it is.
            shift = 0.12 * (k - (len(chosen) - 1) / 2) if is_named(order) else 0.0
            marks += _series([(where[repr(at)] + shift, found) for at, found in groups[label]], look, label, values)
            if is_named(order):
                marks = [mark for mark in marks if not isinstance(mark, Line)]
        panels.append(Panel(axis, y, tuple(marks), 230))
    return show(kind, title, finding, Chart(tuple(panels)))


def _series(at: list[tuple[float, Rate | Estimate]], look: Look, label: str, values: bool) -> list[Any]:
    scale = 1.0 if values else 100.0
    at = sorted(at, key=lambda one: one[0])
    x, y = [spot for spot, _ in at], [scale * _middle(found) for _, found in at]
    marks: list[Any] = [Line(x, y, Look(look.colour, look.dash, width=1.5))] if len(at) > 1 else []
    for sure in (True, False):
        chosen = [(spot, found) for spot, found in at if (not isnan(found.low + found.high)) == sure]
        if not chosen:
            continue
        middles = [scale * _middle(found) for _, found in chosen]
        marker = look.marker if sure else "O"
        width = 1.5 if len(at) > 1 else 0
        dots = Look(look.colour, look.dash, marker, width)
        low, high = ([scale * found.low for _, found in chosen], [scale * found.high for _, found in chosen])
        name = label if sure or len(chosen) == len(at) else ""
        marks.append(
            Points([spot for spot, _ in chosen], middles, dots, name, low if sure else (), high if sure else ())
        )
    return marks


def _distinct(grid: Sequence[dict[str, Any]], name: str) -> list[Any]:
    found: list[Any] = []
    for params in grid:
        if params[name] not in found:
            found.append(params[name])
    return sorted(found) if all(is_real(value) for value in found) else found


def _middle(found: Rate | Estimate) -> float:
    return found.share if isinstance(found, Rate) else found.mean


def _interval(found: Rate | Estimate, values: bool) -> tuple[float, float, float]:
    scale = 1.0 if values else 100.0
    return scale * _middle(found), scale * found.low, scale * found.high


def _sweep_finding(
    sweep: Sweep, rows: Sequence[tuple[dict[str, Any], Rate | Estimate]], values: bool, what: str
) -> str:
    words = f"{sweep.scenario}: {count(len(sweep.grid), 'set')} of parameters, {count(len(sweep.seeds), 'seed')} each. "
    known = [(params, found) for params, found in rows if not isnan(_middle(found))]

    def tell(params: dict[str, Any], found: Rate | Estimate) -> str:
        where = ", ".join(f"{name}={value!r}" for name, value in params.items())
        at = f" at {where}" if where else ""
        if isinstance(found, Rate):
            interval = f"{found.level * 100:g} % interval {percent(found.low)} to {percent(found.high)}"
            return f"{percent(found.share)}{at} ({found.passed} of {found.runs}; {interval})"
        if isnan(found.low + found.high):
            return f"{number(found.mean)}{at} ({count(found.runs, 'value')}: too few for an interval)"
        return f"{number(found.mean)}{at} (95 % interval {number(found.low)} to {number(found.high)})"

    if not known:
        words += "No run has a value to show"
    else:
        low, high = min(known, key=lambda row: _middle(row[1])), max(known, key=lambda row: _middle(row[1]))
        words += f"{'Mean of ' + what if values else 'Runs that pass'}: "
        if _middle(low[1]) == _middle(high[1]):
            words += f"{tell(*low)}" + (", and the same for all others" if len(known) > 1 else "")
        else:
            words += f"lowest {tell(*low)}, highest {tell(*high)}"
            if low[1].high < high[1].low:
                words += "; these intervals do not overlap"
            elif not isnan(low[1].high + high[1].low):
                words += "; these intervals overlap, so the sample does not tell them apart"
    raised = sum(bool(row.error) for row in sweep.rows)
    words += f". {count(raised, 'run')} raised an error" if raised else ""
    words += (
        f". {count(sweep.missing, 'run')} {'was' if sweep.missing == 1 else 'were'} not made" if sweep.missing else ""
    )
    return f"{words}."
