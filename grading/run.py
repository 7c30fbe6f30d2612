"""One run of the grader over a folder of submissions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from . import autograded
from .box import best
from .course import Course
from .folders import Folders
from .instructor import ROOT
from .judge import Job, Outcome, unread
from .rebuild import Unreadable, read_folder
from .record import Book, marks
from .work import outcomes


def grade(lab: str, *, students: Sequence[str] = (), root: Path = ROOT, walls: str = "") -> list[Outcome]:
    folders, course = Folders(root), Course(lab, Path(root))
    found: list[Outcome] = []
    with Book(folders.db_url, folders.course_id, lab, course.points) as book, course.staged() as staged:
        kind, _ = (walls, ()) if walls else best(staged)
        wanted = [slot.prop for slot in course.slots if slot.prop]
        recorded = book.recorded()

        def jobs() -> Iterator[Job]:
            for student in students or folders.students(lab):
                try:
                    notebook, findings = read_folder(folders.submitted(lab, student), lab, course.files)
                except Unreadable as problem:
                    found.append(unread(student, problem, wanted, []))
                else:
                    yield Job(lab, student, notebook, tuple(findings))

        found.extend(outcomes(jobs(), None, kind, root))
        for outcome in found:
            stamp = _timestamp(folders.submitted(lab, outcome.student))
            when = _parsed(stamp)
            book.write(outcome.student, marks(outcome, course.slots, when), recorded.get(outcome.student))
            autograded.write(course, outcome, folders.autograded(lab, outcome.student), stamp, 0o444)
        book.commit()
    return found


def _timestamp(folder: Path) -> bytes | None:
    try:
        descriptor = os.open(folder / "timestamp.txt", os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        return file.read(200)


def _parsed(stamp: bytes | None) -> datetime | None:
    from nbgrader.utils import parse_utc

    if not stamp:
        return None
    when: datetime | None = parse_utc(stamp.decode().strip())
    return when
