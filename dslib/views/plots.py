"""Pictures that do not move: a topology, what users saw, measured against theory, a space-time diagram.

Each is a plain function from records to a `View`: a transparent SVG that reads in light and dark, and a finding in
words, computed from the same records. Colours have meanings (palette.py), and each meaning also has a shape or a dash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .static import View


def graph(
    g: Any,
    positions: Mapping[Any, tuple[float, float]] | None = None,
    cut: Iterable[tuple[Any, Any]] = (),
    down: Iterable[Any] = (),
    title: str = "",
) -> View:
    """A topology: which nodes can still reach each other, and which single node would split a group.

    Args:
        g: any graph with ``.nodes`` and ``.edges`` (a ``networkx.Graph``); directions are ignored.
        positions: node -> (x, y) in 0..1, y downwards; a circle when missing.
        cut: links that are cut, as pairs.
        down: nodes that have crashed.

    Raises:
        ValueError: ``cut`` names a link, or ``down`` a node, that the graph does not have.
    """
    raise NotImplementedError


def timeline(seen: Iterable[Any], target: float | None = None, title: str = "") -> View:
    """What users saw: each operation as a bar in its user's lane, and under it the share of good answers so far.

    Args:
        seen: the result of ``what_users_saw(history, until)``.
        target: the share that was promised, a fraction of 1; drawn as a dashed line and judged in the finding.
    """
    raise NotImplementedError


def measured(
    x: Sequence[Any],
    y: Sequence[float],
    interval: Sequence[Any],
    theory: Callable[[Any], float] | Sequence[float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
) -> View:
    """Measured values with their intervals, beside what theory says.

    Args:
        x: where it was measured (numbers, or names).
        y: the measured values.
        interval: for each, ``(low, high)``, or a half-width.
        theory: a function of x, or a value for each x.
        xlabel, ylabel: what the axes show, with the unit: "timeout (s)".

    Raises:
        ValueError: lengths that differ, or an interval that does not hold its value.
    """
    raise NotImplementedError


def space_time(trace: Any, after: float = 0.0, before: float | None = None, title: str = "") -> View:
    """The space-time diagram of a run: a lane for each node, an arrow for each message, time to the right.

    Args:
        trace: ``sim.trace``, or a part of it from ``trace.where(...)``.
        after, before: show the ms from ``after`` up to ``before`` (the end of the run when missing).
    """
    raise NotImplementedError
