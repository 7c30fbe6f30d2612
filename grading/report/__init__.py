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
from .scores import outline, scored

if TYPE_CHECKING:
    from ..run import Walls


def write(
    course: Course, entries: Sequence[Entry], folder: Path, walls: Walls, now: datetime | None = None
) -> list[Path]:
    """Write the class's tables into ``folder``, each in place of what was there. Returns their paths."""
    lab, class_ = outline(course), scored(course, entries)
    sentences = {name: hint.sentence for name, hint in course.hints.items()}
    found = items(lab.parts, class_)
    texts = {
        # Excel takes a file for UTF-8 where these three bytes say so.
        "scores.csv": "\ufeff" + tables.scores(lab, class_),
        "properties.csv": "\ufeff" + tables.properties(found, sentences),
        "canvas.csv": tables.canvas(lab, class_),
        "moodle.csv": tables.moodle(lab, class_),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        path, fresh = folder / name, folder / f".{name}.new"
        fresh.write_text(text, encoding="utf-8", newline="")
        os.replace(fresh, path)
        written.append(path)
    return written
