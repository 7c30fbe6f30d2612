"""Which properties a class misses, and what each tells apart: the two figures of classical test theory.

*Difficulty* p is the share of submissions that hold a property: 1 is easiest. *Discrimination* r is the correlation
between a property and the points of all other properties: high when those hold it who do well in the rest. Submissions
without an answer are left out: they miss everything, and would make every check look as if it told much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from statistics import StatisticsError, correlation
from typing import NamedTuple

from .scores import Part, Scored

#: With fewer submissions than this a correlation says nothing; with fewer than this no remark is made.
FEW, ENOUGH = 10, 30
#: Below this a check tells little about the rest.
LOW = 0.2


class Item(NamedTuple):
    """One property, over a class."""

    part: Part
    asked: int
    held: int
    discrimination: float | None
    missed: list[str]  # the students
    case: str  # what was said most often about those who miss it, if to more than one
    cases: int
    remark: str

    @property
    def difficulty(self) -> float | None:
        return self.held / self.asked if self.asked else None


def items(parts: Sequence[Part], class_: Sequence[Scored]) -> list[Item]:
    """Each property in the order of the lab."""
    tried = [one for one in class_ if one.tried and one.entry.outcome.verdicts]
    checked = [part for part in parts if part.prop]
    return [_item(part, checked, tried) for part in checked]


def most_missed(found: Sequence[Item]) -> list[Item]:
    """The properties that somebody misses, the most missed first."""
    return sorted((item for item in found if item.held < item.asked), key=lambda item: item.held / item.asked)


def _item(part: Part, checked: Sequence[Part], tried: Sequence[Scored]) -> Item:
    asked = [one for one in tried if part.prop in one.entry.outcome.verdicts]
    held = [_holds(one, part) for one in asked]
    rest = [sum(other.most for other in checked if other != part and _holds(one, other)) for one in asked]
    found = None
    if len(asked) >= FEW:
        try:
            found = correlation([float(value) for value in held], rest)
        except StatisticsError:  # all hold it, or none, or the rest is the same for all
            found = None
    missed = [one for one, holds in zip(asked, held, strict=True) if not holds]
    said = Counter(one.entry.outcome.verdicts[part.prop].sentence.partition("\n")[0] for one in missed)
    ((case, cases),) = said.most_common(1) or [("", 0)]
    return Item(
        part, len(asked), sum(held), found, [one.student for one in missed],
        case if cases > 1 else "", cases, _remark(len(asked), sum(held), found),
    )  # fmt: skip


def _holds(one: Scored, part: Part) -> bool:
    verdict = one.entry.outcome.verdicts.get(part.prop)
    return bool(verdict and verdict.passed)


def _remark(asked: int, held: int, found: float | None) -> str:
    if asked >= FEW and not held:
        return "Nobody holds it. Is the task clear, and the check right?"
    if found is None or asked < ENOUGH:
        return ""
    if found < -2 / sqrt(asked):
        return "Those who hold it do worse in the rest. Look at the task and at the check."
    if found < LOW and 0.05 < held / asked < 0.95:
        return "It tells little about the rest."
    return ""
