"""What the tables and the page of a class show of each submission: points by part and by task, and what was lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..course import Course
from ..record import Entry

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
#: A heading such as "## 2. Task 1: a percentile (3 points)".
TASK = re.compile(r"^## (?:\d+\. )?(Task \d+)(?:: (.+?))?(?: \([^()]*\))?$", re.MULTILINE)


class Part(NamedTuple):
    """A cell with points: a property that is checked, or an answer that a person reads."""

    cell: str
    name: str  # of the property, else of the cell
    task: str  # such as "Task 2"; empty where the lab has none
    most: float
    prop: str


class Outline(NamedTuple):
    """A lab as its tables show it."""

    lab: str
    title: str
    tasks: dict[str, str]  # what each is about
    parts: list[Part]

    @property
    def most(self) -> float:
        return sum(part.most for part in self.parts)


class Scored(NamedTuple):
    """One submission. ``points`` has None for what nobody has recorded or read yet; ``score`` is after the penalty."""

    entry: Entry
    name: str
    points: dict[str, float | None]  # by cell
    score: float | None
    waits: list[Part]
    lost: list[Part]
    tried: bool  # there was an answer to check

    @property
    def student(self) -> str:
        return self.entry.student

    @property
    def final(self) -> bool:
        """Recorded and read: nothing of the score is still to come."""
        return self.score is not None and not self.waits


def outline(course: Course) -> Outline:
    title, task = course.lab, ""
    tasks: dict[str, str] = {}
    parts = []
    for cell, slot in zip(course.notebook["cells"], course.slots, strict=True):
        if cell["cell_type"] == "markdown" and not slot.answer:
            if found := TASK.search(slot.source):
                task = found[1]
                tasks[task] = found[2] or ""
            elif found := TITLE.search(slot.source):
                title = found[1]
        if slot.graded:
            parts.append(Part(slot.grade_id, slot.prop or slot.grade_id, task, slot.points, slot.prop))
    return Outline(course.lab, title, tasks, parts)


def scored(course: Course, entries: Sequence[Entry]) -> list[Scored]:
    """All submissions, by name as a class list has them."""
    parts = outline(course).parts
    found = [_scored(course, parts, entry) for entry in entries]
    return sorted(found, key=lambda one: (one.name.casefold(), one.student))


def _scored(course: Course, parts: list[Part], entry: Entry) -> Scored:
    points: dict[str, float | None] = {}
    waits, lost = [], []
    for part in parts:
        grade = entry.grades.get(part.cell)
        if grade is None or (grade.auto is None and grade.manual is None):
            points[part.cell] = None
        else:
            points[part.cell] = grade.score
        if grade is not None and grade.waits:
            waits.append(part)
        elif (known := points[part.cell]) is not None and known < part.most:
            lost.append(part)
    whole = sum(grade.score for grade in entry.grades.values())
    score = max(0.0, whole - entry.penalty) if entry.grades else None
    answers = entry.outcome.answers
    tried = any(slot.answer and answers.get(slot.grade_id, slot.source) != slot.source for slot in course.slots)
    both = [part for part in (entry.last_name, entry.first_name) if part]
    return Scored(entry, ", ".join(both) or entry.student, points, score, waits, lost, tried)
