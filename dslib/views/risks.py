"""Risks by likelihood and impact, in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from .chart import LINE, Axis, Boxes, Chart, Look, Panel, Words, named, said, show
from .spacetime import shortened
from .static import View, count, names

#: How likely, and how bad: five steps each, counted from 1.
LIKELIHOODS = ("rare", "unlikely", "possible", "likely", "expected")
IMPACTS = ("tiny", "small", "medium", "large", "disaster")

#: Letters of a name on a line of a cell, and lines of one name.
_LETTERS, _NAME_LINES = 11, 3


def risk_matrix(
    risks: Mapping[str, tuple[Any, Any]] | Iterable[tuple[str, Any, Any]],
    likelihoods: Sequence[str] = LIKELIHOODS,
    impacts: Sequence[str] = IMPACTS,
    title: str = "",
) -> View:
    """Risks in a table of likelihood and impact. Each cell bears the product of its steps, and is darker for a higher.

    Args:
        risks: ``{"retry storm": (4, 5)}``, likelihood first; or rows ``("retry storm", "likely", "disaster")``. A step
            is its number, from 1, or its name.
        likelihoods, impacts: the names of the steps, the lowest first.

    Raises:
        ValueError: there is no such step, or a name appears twice.
        TypeError: a risk is no name with two steps.
    """
    steps = {"likelihood": list(map(str, likelihoods)), "impact": list(map(str, impacts))}
    for what, known in steps.items():
        if not known:
            raise ValueError(f"there is no step of {what}: write their names, the lowest first")
    placed = _risks(risks, steps)
    kind = "Risk matrix"
    if not placed:
        return said(kind, title, "No risk was named.")
    cells: dict[tuple[int, int], list[list[str]]] = {}
    for name, likely, bad in placed:
        lines = wrap(name, _LETTERS) or [name]
        if len(lines) > _NAME_LINES:
            lines = [*lines[: _NAME_LINES - 1], shortened(" ".join(lines[_NAME_LINES - 1 :]), _LETTERS)]
        cells.setdefault((likely, bad), []).append([shortened(line, _LETTERS) for line in lines])
    tall = [
        max([46.0] + [26 + LINE * sum(map(len, held)) + 5 * len(held) for (_, at), held in cells.items() if at == row])
        for row in range(1, len(impacts) + 1)
    ]
    below = [sum(tall[:row]) for row in range(len(tall) + 1)]
    worst = len(likelihoods) * len(impacts)
    marks: list[Any] = []
    for product in sorted({i * j for i in range(1, len(likelihoods) + 1) for j in range(1, len(impacts) + 1)}):
        boxes = [
            (i - 1.5, i - 0.5, below[j - 1], below[j])
            for i in range(1, len(likelihoods) + 1)
            for j in range(1, len(impacts) + 1)
            if i * j == product
        ]
        marks.append(Boxes(boxes, Look("dropped", opacity=round(0.45 * product / worst, 3))))
    for i in range(1, len(likelihoods) + 1):
        for j in range(1, len(impacts) + 1):
            marks.append(Words(i - 0.5, below[j], str(i * j), "end", dx=-5, dy=15))
    for (i, j), held in cells.items():
        at = 32.0
        for lines in held:
            for line in lines:
                marks.append(Words(i - 1.5, below[j], line, "start", 600, dx=6, dy=at))
                at += LINE
            at += 5
    middles = tuple((below[j] + tall[j] / 2, name) for j, name in enumerate(steps["impact"]))
    y = Axis("impact", 0.0, below[-1], middles)
    panel = Panel(named("likelihood", likelihoods), y, tuple(marks), below[-1], grid="")
    return show(kind, title, _risk_finding(placed, steps), Chart((panel,)))


def _risks(risks: Any, steps: dict[str, list[str]]) -> list[tuple[str, int, int]]:
    rows = [(name, *_pair(name, at)) for name, at in risks.items()] if isinstance(risks, Mapping) else list(risks)
    placed: dict[str, tuple[int, int]] = {}
    for row in rows:
        if isinstance(row, str) or not isinstance(row, Iterable) or len(row := tuple(row)) != 3:
            raise TypeError(
                f"the risk {row!r} is no name with two steps: write ('retry storm', 4, 5), likelihood first"
            )
        name = str(row[0])
        if name in placed:
            raise ValueError(f"the risk {name!r} appears twice: a risk has one place")
        likely, bad = (
            _step(name, what, known, step) for (what, known), step in zip(steps.items(), row[1:], strict=True)
        )
        placed[name] = likely, bad
    return [(name, *at) for name, at in placed.items()]


def _pair(name: Any, at: Any) -> tuple[Any, Any]:
    if isinstance(at, str) or not isinstance(at, Iterable) or len(at := tuple(at)) != 2:
        raise TypeError(f"the risk {name!r} has {at!r}: write its likelihood and its impact, (4, 5)")
    return at[0], at[1]


def _step(name: str, what: str, known: list[str], step: Any) -> int:
    if isinstance(step, str) and step in known:
        return known.index(step) + 1
    if isinstance(step, int) and not isinstance(step, bool) and 1 <= step <= len(known):
        return step
    raise ValueError(
        f"the risk {name!r} has the {what} {step!r}: write a step from 1 to {len(known)}, or one of "
        f"{names(map(repr, known), 'or')}"
    )


def _risk_finding(placed: list[tuple[str, int, int]], steps: dict[str, list[str]]) -> str:
    order = sorted(placed, key=lambda risk: -risk[1] * risk[2])
    name, likely, bad = order[0]
    top = [risk for risk in order if risk[1] * risk[2] == likely * bad]
    words = f"{count(len(placed), 'risk')} by likelihood × impact. "
    if len(top) > 1:
        words += f"Highest, {likely * bad} each: {names(risk[0] for risk in top)}"
    else:
        words += f"Highest: {name}, {likely} × {bad} = {likely * bad}"
        words += f" ({steps['likelihood'][likely - 1]}, {steps['impact'][bad - 1]})"
    rest = [f"{name} {likely * bad}" for name, likely, bad in order[len(top) :]]
    return f"{words}. Then: {names(rest)}." if rest else f"{words}."
