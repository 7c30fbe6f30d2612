"""What an instructor gets of a class: tables, a page, and safe feedback for its students."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..course import Course
from ..record import Entry
from . import tables
from .items import items
from .page import class_page
from .scores import outline, scored

if TYPE_CHECKING:
    from ..run import Walls


#: The tables, and what they are for.
TABLES = {
    "scores.csv": "all submissions: score, status, sentence, points by task and by part",
    "properties.csv": "all properties: how many hold each, and what it tells apart",
    "canvas.csv": "to import into Canvas",
    "moodle.csv": "to import into Moodle",
}


def write(
    course: Course, entries: Sequence[Entry], folder: Path, walls: Walls, now: datetime | None = None,
    absent: Sequence[str] = (),
) -> list[Path]:  # fmt: skip
    """Write the class's page and tables into ``folder``, each in place of what was there. Returns their paths.

    ``absent`` are those whom the gradebook knows, and who handed in nothing.
    """
    lab, class_ = outline(course), scored(course, entries)
    hints = course.hints
    found = items(lab.parts, class_)
    name = course.instructor.course if course.instructor.path else ""
    texts = {
        "class.html": class_page(
            lab,
            class_,
            found,
            hints,
            walls,
            name,
            list(TABLES.items()),
            now or datetime.now().astimezone(),
            absent,
        ),
        # Excel takes a file for UTF-8 where its first three bytes say so.
        "scores.csv": "\ufeff" + tables.scores(lab, class_),
        "properties.csv": "\ufeff" + tables.properties(found, hints),
        "canvas.csv": tables.canvas(lab, class_),
        "moodle.csv": tables.moodle(lab, class_),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file, text in texts.items():
        path, fresh = folder / file, folder / f".{file}.new"
        fresh.write_text(text, encoding="utf-8", newline="")
        os.replace(fresh, path)
        written.append(path)
    return written
