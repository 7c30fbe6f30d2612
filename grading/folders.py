"""Where nbgrader keeps what, as its own settings say: nbgrader_config.py in the folder of the course."""

from __future__ import annotations

import os
import stat
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from .instructor import ROOT
from .rebuild import Finding

_HERE = "\0"


class Folders:
    """The folders and the gradebook of the course in ``root``."""

    def __init__(self, root: Path = ROOT) -> None:
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config.loader import PyFileConfigLoader

        self.root = Path(root).resolve()
        before = list(sys.path)
        try:  # the file also puts the folder of nbgrader's helpers on the path of programs: there it stays
            self.config: Any = PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()
        finally:
            sys.path[:] = before
        self._course: Any = CourseDirectory(config=self.config)

    @property
    def db_url(self) -> str:
        return str(self._course.db_url)

    @property
    def course_id(self) -> str:
        return str(self._course.course_id)

    @property
    def groupshared(self) -> bool:
        return bool(self._course.groupshared)

    def submitted(self, lab: str, student: str) -> Path:
        return self._path(self._course.submitted_directory, lab, student)

    def autograded(self, lab: str, student: str) -> Path:
        return self._path(self._course.autograded_directory, lab, student)

    def feedback(self, lab: str, student: str) -> Path:
        return self._path(self._course.feedback_directory, lab, student)

    def kept(self, lab: str) -> Path:
        """Where the grader keeps what it knows and writes of a lab."""
        inside = self._path(self._course.autograded_directory, "x", "x")
        return inside.parents[1].parent / "grading" / lab

    def students(self, lab: str) -> list[str]:
        """Who has submitted a lab: nbgrader's folders that do not begin with a dot."""
        return [name for name in self._names(lab) if not _is_odd(name)]

    def passed_over(self, lab: str) -> list[str]:
        """Folders of submissions whose name can be no student's: whoever may hand in something may name a folder."""
        return [name for name in self._names(lab) if _is_odd(name)]

    def _names(self, lab: str) -> list[str]:
        before, _, after = str(self._path(self._course.submitted_directory, lab, _HERE)).partition(_HERE)
        folder = Path(before)
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        excluded = set(filter(None, self._course.student_id_exclude.split(",")))
        return [
            name
            for name in names
            if not name.startswith(".") and name not in excluded and _is_folder(f"{before}{name}{after}")
        ]

    def _path(self, step: str, lab: str, student: str) -> Path:
        return Path(self._course.format_path(step, student, lab))


def _is_folder(path: str) -> bool:
    """Also where nobody may look: that has to be said, not passed over."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except PermissionError:
        return True
    except OSError:
        return False


def _is_odd(name: str) -> bool:
    """Formgrader's pages show a student's name as it is, mark-up too; and no database has letters that are none."""
    return not name.isprintable() or bool(set(name) & set('<>"&\\'))


class Stamp(NamedTuple):
    """When a submission was handed in, as its timestamp.txt says."""

    when: datetime | None = None
    written: bytes | None = None  # the file, where it can be read
    finding: Finding | None = None
    secret: bytes = b""  # of `nbgrader submit`: by it the student finds the feedback


def stamp(folder: Path) -> Stamp:
    """Read the time stamp that `nbgrader submit` or `collect` put beside a submission."""
    from nbgrader.utils import parse_utc

    try:
        secret = _beginning(folder / "submission_secret.txt")
        secret.decode()
    except (OSError, ValueError):
        secret = b""
    try:
        written = _beginning(folder / "timestamp.txt")
    except FileNotFoundError:
        return Stamp(secret=secret)
    except OSError:
        return Stamp(finding=_NO_TIME, secret=secret)
    if not written.strip():
        return Stamp(written=written, secret=secret)
    try:
        return Stamp(parse_utc(written.decode().strip()), written, secret=secret)
    except Exception:  # whatever a date's parser makes of a text that is none
        return Stamp(finding=_NO_TIME, secret=secret)


def _beginning(path: Path) -> bytes:
    """The first bytes of a file that a student has put there."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # such as a pipe that somebody holds open
            raise OSError("it is no file")
        return file.read(200)


_NO_TIME = Finding(
    "no time",
    "Its timestamp.txt holds no time, and Formgrader shows no list of the class until it does. "
    "Write into it when it came, as in 2026-01-15 10:00:00 UTC.",
)
