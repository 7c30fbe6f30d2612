"""The class on one page: scores, what to look at, what most miss, and each submission. It needs no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from math import ceil, floor
from statistics import mean, median, quantiles
from typing import TYPE_CHECKING, Any, NamedTuple

from ..course import Hint
from ..work import NOT_GRADED
from .harmless import shown
from .items import ENOUGH, FEW, Item, most_missed
from .look import page, points
from .scores import Outline, Part, Scored

if TYPE_CHECKING:
    from ..run import Walls

#: Statuses that nobody has to look at.
QUIET = frozenset({"ok", "blank"})
#: So many properties are shown with their hints; so many bars at most.
SHOWN, MOST_BARS = 6, 20


class Bar(NamedTuple):
    """How many scores lie from ``low`` on, below ``high``; the last bar has its upper end, too."""

    low: float
    high: float
    number: int


class Written(NamedTuple):
    """How a written answer was marked, over the class."""

    part: Part
    marked: int
    waits: int
    mean: float | None


def bars(scores: Sequence[float], most: float) -> list[Bar]:
    """The distribution of scores, the highest first, in steps of whole points."""
    step = max(1, ceil(most / MOST_BARS))
    number = max(1, ceil(most / step))
    counts = Counter(min(max(floor(score / step), 0), number - 1) for score in scores)
    return [Bar(k * step, min((k + 1) * step, most), counts[k]) for k in reversed(range(number))]


def spread(scores: Sequence[float], most: float) -> str:
    """The distribution in a sentence."""
    if len(scores) < 4:
        return ""
    low, middle, high = quantiles(scores, n=4, method="inclusive")
    return (
        f"Half of the {len(scores)} scores lie between {points(low)} and {points(high)} of {points(most)}; "
        f"the median is {points(middle)}."
    )


def class_page(
    lab: Outline, class_: Sequence[Scored], found: Sequence[Item], hints: dict[str, Hint], walls: Walls,
    course: str, files: Sequence[tuple[str, str]], now: datetime, absent: Sequence[str] = (),
) -> str:  # fmt: skip
    known = [one.score for one in class_ if one.score is not None]
    statuses = Counter(one.entry.outcome.status for one in class_)
    missed = most_missed(found)
    asked = max((item.asked for item in found), default=0)
    return page(
        "class.html",
        lab=lab,
        course=course,
        now=f"{now:%Y-%m-%d %H:%M}",
        class_=[_row(one, len(lab.parts)) for one in class_],
        number=len(class_),
        known=len(known),
        mean=mean(known) if known else None,
        median=median(known) if known else None,
        bars=bars(known, lab.most),
        spread=spread(known, lab.most),
        statuses=statuses.most_common(),
        waiting=sum(bool(one.waits) for one in class_),
        odd=[_row(one, len(lab.parts)) for one in class_ if one.entry.outcome.status not in QUIET],
        not_graded=statuses[NOT_GRADED],
        unwalled=walls.kind == "limits" or any(one.entry.outcome.walls == "limits" for one in class_),
        walls=walls,
        ran_in=sorted({one.entry.outcome.walls for one in class_} - {""}),
        items=[_item(item, hints) for item in sorted(found, key=lambda item: item.difficulty or 0.0)],
        missed=[_item(item, hints) for item in missed[:SHOWN]],
        asked=asked,
        few=FEW,
        enough=ENOUGH,
        written=[_written(part, class_) for part in lab.parts if not part.prop],
        left_out=sum(not one.final for one in class_),
        files=files,
        absent=[shown(name, 100) for name in absent],
    )


def _row(one: Scored, parts: int) -> dict[str, Any]:
    entry, outcome = one.entry, one.entry.outcome
    said = shown(outcome.sentence, 500)
    return {
        "name": shown(one.name, 100),
        "student": shown(one.student, 100) if one.student != one.name else "",
        "score": one.score,
        "status": outcome.status,
        "odd": outcome.status not in QUIET,
        "sentence": said,
        "remarks": [text for finding in outcome.findings[:20] if (text := shown(finding.sentence, 500)) not in said],
        "lost": ["everything"] if len(one.lost) == parts else [part.name for part in one.lost],
        "waits": [part.name for part in one.waits],
        "late_h": max(0.0, entry.late_s) / 3600,
        "penalty": entry.penalty,
    }


def _item(item: Item, hints: dict[str, Hint]) -> dict[str, Any]:
    hint = hints[item.part.prop]
    return {
        "name": item.part.name,
        "task": item.part.task,
        "most": item.part.most,
        "sentence": hint.sentence,
        "hints": hint.hints,
        "asked": item.asked,
        "held": item.held,
        "missed": item.asked - item.held,
        "difficulty": item.difficulty,
        "discrimination": item.discrimination,
        "case": shown(item.case, 500),
        "cases": item.cases,
        "remark": item.remark,
    }


def _written(part: Part, class_: Sequence[Scored]) -> Written:
    marked = [value for one in class_ if part not in one.waits and (value := one.points[part.cell]) is not None]
    return Written(part, len(marked), sum(part in one.waits for one in class_), mean(marked) if marked else None)
