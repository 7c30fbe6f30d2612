"""Rows of the table: a goal, its target, what was measured, and whether it was met."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Row(NamedTuple):
    """One line. ``target`` is ("<=", 1.5) or (">=", 8.0); None for a line that only gives the scale.

    ``measured`` has one number for each repetition; ``not_run`` says why there is none.
    """

    goal: int | None
    what: str
    target: tuple[str, float] | None = None
    measured: Sequence[float] = ()
    unit: str = "x"
    not_run: str = ""
    remark: str = ""

    def met(self) -> str:
        if self.not_run:
            return "not run"
        if self.target is None:
            return ""
        sign, bound = self.target
        good = sum(value <= bound if sign == "<=" else value >= bound for value in self.measured)
        if good == len(self.measured):
            return "met"
        return "NOT MET" if good == 0 else f"met in {good} of {len(self.measured)}"

    def cells(self) -> tuple[str, str, str, str, str]:
        target = f"{self.target[0]} {self.target[1]:g}{self.unit}" if self.target else ""
        measured = "-"
        if self.measured:
            middle, low, high = (f"{value:.2f}" for value in (median(self.measured), *_ends(self.measured)))
            measured = f"{middle}{self.unit}" + (f" ({low}..{high})" if low != high else "")
        return str(self.goal or ""), self.what, target, measured, self.met()


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def show(rows: Sequence[Row]) -> str:
    """The table as text, with remarks and what was not run under it."""
    head = ("goal", "what", "target", "measured (min..max)", "")
    lines = [head, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    text += [f"\nnot run: {row.what}: {row.not_run}" for row in rows if row.not_run]
    text += [f"\n{row.what}: {row.remark}" for row in rows if row.remark]
    return "\n".join(text)
