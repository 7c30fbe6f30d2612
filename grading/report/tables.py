"""The class as CSV: one table for people and scripts, and one each for Canvas and Moodle to import.

A cell that a spreadsheet would take for a formula is made text by an apostrophe before it.

Canvas reads the columns of its own export: Student, ID, SIS User ID, SIS Login ID, Section, then a column for each
assignment, and below the head a row that begins with "Points Possible". It finds a student by the first of ID, SIS User
ID and SIS Login ID that it knows, else by name. Moodle asks which column is which; it finds a student by user name, ID
number or e-mail address, and imports nothing when it does not know one of them.

Both overwrite what they have. So a submission that still waits for a person, or has no score, is not in their tables.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

from ..autograded import plain_text
from ..course import Hint
from .items import Item
from .scores import Outline, Scored

#: What a spreadsheet takes for a formula when it comes first, in some languages also as wide letters. A spreadsheet
#: that parts cells at semicolons would see a first letter after each of them.
_FORMULA = re.compile(r"((?:^|;)[\s\"']*)(?=[=+\-@＝＋－＠])")
MOST_SENTENCE = 500


def harmless(text: str) -> str:
    """Text for one cell: on one line, of sane length, and no formula."""
    text = " ".join(plain_text(text[: 4 * MOST_SENTENCE]).split())
    text = text if len(text) <= MOST_SENTENCE else f"{text[:MOST_SENTENCE]} …"
    return _FORMULA.sub(r"\1'", text)


def number(value: float | None) -> str:
    """At most two decimals, as Canvas keeps them; empty where there is none."""
    return "" if value is None else f"{round(value, 2):g}"


def scores(lab: Outline, class_: Sequence[Scored]) -> str:
    """One row for each submission: score, status, sentence, points by task and by part."""
    tasks = list(lab.tasks)
    head = [
        *("student", "last_name", "first_name", "email", "score", "most", "status", "sentence", "waits_for_a_person"),
        *("submitted", "hours_late", "penalty", "walls"),
        *(task.lower() for task in tasks),
        *(part.name for part in lab.parts),
    ]
    rows = []
    for one in class_:
        entry = one.entry
        by_task = [_sum([one.points[part.cell] for part in lab.parts if part.task == task]) for task in tasks]
        rows.append(
            [
                *map(harmless, (entry.student, entry.last_name, entry.first_name, entry.email)),
                *(
                    number(one.score),
                    number(lab.most),
                    harmless(entry.outcome.status),
                    harmless(entry.outcome.sentence),
                ),
                " ".join(part.name for part in one.waits),
                f"{entry.timestamp:%Y-%m-%d %H:%M:%S}" if entry.timestamp else "",
                *(number(max(0.0, entry.late_s) / 3600), number(entry.penalty), entry.outcome.walls),
                *map(number, by_task),
                *(number(one.points[part.cell]) for part in lab.parts),
            ]
        )
    return _csv([head, *rows])


def canvas(lab: Outline, class_: Sequence[Scored]) -> str:
    """For Canvas: Grades, Import."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", lab.lab]
    most = ["    Points Possible", "", "", "", "", number(lab.most)]
    rows = []
    for one in class_:
        if one.final:
            entry = one.entry
            known = entry.last_name or entry.first_name
            # Canvas goes by the name where it knows no number: a user name must not be taken for somebody's name.
            name = one.name if known else f"({one.student})"
            # It reads the digits at the front of an ID that is no number.
            ours = entry.lms_user_id if entry.lms_user_id.isascii() and entry.lms_user_id.isdigit() else ""
            theirs = "" if ours else entry.lms_user_id
            name = re.sub("(?i)points possible", "points-possible", name)  # such a row is taken for the second one
            rows.append([*map(harmless, (name, ours, theirs, one.student)), "", number(one.score)])
    return _csv([head, most, *rows])


def moodle(lab: Outline, class_: Sequence[Scored]) -> str:
    """For Moodle: Grades, Import, CSV file."""
    head = ["Username", "ID number", "Email address", "First name", "Last name", lab.lab, f"{lab.lab} feedback"]
    rows = []
    for one in class_:
        if one.final:
            entry = one.entry
            who = (one.student, entry.lms_user_id, entry.email, entry.first_name, entry.last_name)
            # Moodle shows it as HTML: it holds nothing that a submission chose.
            lost = ", ".join(f"{part.name} {number(one.points[part.cell])} of {number(part.most)}" for part in one.lost)
            late = f" Late: {number(entry.penalty)} taken off." if entry.penalty else ""
            said = f"Points lost: {lost}." if lost else "All points."
            feedback = ("No points." if len(one.lost) == len(lab.parts) else said) + late
            rows.append([*map(harmless, who), number(one.score), harmless(feedback)])
    return _csv([head, *rows])


def properties(found: Sequence[Item], hints: Mapping[str, Hint]) -> str:
    """One row for each property: how many hold it, and what it tells apart."""
    head = ["property", "task", "points", "asked", "held", "difficulty", "discrimination", "remark", "sentence"]
    rows = [
        [
            item.part.name, item.part.task, number(item.part.most), str(item.asked), str(item.held),
            number(item.difficulty), number(item.discrimination), item.remark,
            harmless(hints[item.part.prop].sentence),
        ]
        for item in found
    ]  # fmt: skip
    return _csv([head, *rows])


def _sum(points: Sequence[float | None]) -> float | None:
    known = [one for one in points if one is not None]
    return sum(known) if known else None


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
