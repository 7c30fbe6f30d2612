"""nbgrader's exchange, a folder that every student writes into: the steps for it that nbgrader_config.py names.

nbgrader's own `collect` opens what a link points to, with your rights: a student who hands in a link to the solutions
gets them back as feedback, with full points. It takes newer work that somebody hands in under another's name, with a
warning. And one name without a time, one pipe or one folder too large ends the whole. Here links and pipes stay behind,
so does work under another's name, and what is wrong with one submission is said and stops no other.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from datetime import UTC
from fnmatch import fnmatch
from glob import glob
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import parse_utc

from .autograded import plain_text

try:
    import pwd
except ImportError:  # Windows, where nbgrader has no exchange
    pwd = None  # type: ignore[assignment]

MOST_FILES, MOST_DEPTH = 2_000, 5
#: Seconds between the time of a submission and the last change of its files, from which on somebody should know.
LATER_S = 600.0
SECRET = "submission_secret.txt"  # by which a student finds the feedback
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Collect(ExchangeCollect):
    """Take in what was handed in, and nothing else."""

    src_records: list[dict[str, Any]]

    def init_src(self) -> None:
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """nbgrader asks it for each folder of the exchange, before it takes the newest of each student."""
        if why := self._refused(path):
            self.log.warning("Not collected: %s %s", plain_text(path), why)
            return {"username": "", "filename": "", "timestamp": parse_utc("1970-01-01 00:00:00 UTC")}
        record: dict[str, Any] = super()._path_to_record(path)
        return record

    def _refused(self, path: str) -> str:
        """Why a folder of the exchange is nobody's submission; empty where it is one."""
        student, _, when = [*os.path.basename(path).rsplit("+", 3), "", ""][:3]
        try:
            parse_utc(when)
            about = os.lstat(path)
        except OSError as problem:
            return f"cannot be read: {problem.strerror}."
        except Exception:  # whatever a date's parser makes of a text that is none
            return "has no time in its name."
        if not stat.S_ISDIR(about.st_mode):
            return "is no folder."
        if not student:
            return "has no student in its name."
        if pwd is None or not self.check_owner or about.st_uid == os.geteuid():
            return ""
        try:
            owner = pwd.getpwuid(about.st_uid).pw_name
        except KeyError:  # nbgrader warns of it
            return ""
        return "" if owner == student else f"claims to be of {student}, and {owner} put it there."

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """In place of nbgrader's, which follows links and ends with the first file that cannot be copied."""
        left, files, newest = 1000 * self.coursedir.max_dir_size, 0, 0.0
        shown_name = plain_text(os.path.basename(src))
        os.makedirs(dest)
        for path, name, place in self._files(src):
            shown = f"{shown_name}/{plain_text(path)}"
            files += 1
            if files > MOST_FILES:
                self.log.warning("Not collected: more than %s files of %s.", f"{MOST_FILES:,}", shown)
                break
            try:
                with open(os.open(name, _OPEN, dir_fd=place), "rb") as file:
                    about = os.fstat(file.fileno())
                    if not stat.S_ISREG(about.st_mode):
                        raise OSError(0, "it is no file")
                    if about.st_size > min(left, 1000 * self.coursedir.max_file_size):
                        raise OSError(0, "it is too large")
                    whole = file.read(about.st_size)
                target = Path(dest, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(whole)
            except OSError as problem:
                what = "it is a link" if _is_link(name, place) else problem.strerror
                self.log.warning("Not collected: %s: %s.", shown, what)
                continue
            left -= len(whole)
            newest = max(newest, about.st_ctime)
        # Whatever its files say: a text that is no time would end the next collect, and no secret the feedback of all.
        when = os.path.basename(src).rsplit("+", 3)[2]
        Path(dest, "timestamp.txt").write_text(when, encoding="utf-8")
        if not Path(dest, SECRET).is_file():
            self.log.warning("%s has no %s: its student cannot fetch feedback.", shown_name, SECRET)
            Path(dest, SECRET).write_text(secrets.token_hex(64), encoding="utf-8")
        self._shared(dest)
        told = parse_utc(when).replace(tzinfo=UTC).timestamp()
        if newest > told + LATER_S:
            hours = (newest - told) / 3600
            self.log.warning("%s was changed %.1f hours after the time that its student gave it.", shown_name, hours)

    def _files(self, top: str) -> Iterator[tuple[str, str, int]]:
        """All that is no folder: its path below the submission, its name, and its folder's descriptor; notebooks first.

        While this goes on, a student may put a link in the place of a folder: ``fwalk`` goes into none, and names are
        opened in the folder that they were found in.
        """
        ignored, wanted = self.coursedir.ignore, self.coursedir.include or ["*"]
        for number, (folder, inner, names, place) in enumerate(os.fwalk(top)):
            if number > MOST_FILES:
                return
            prefix = "" if number == 0 else f"{os.path.relpath(folder, top)}/"
            links = [name for name in inner if _is_link(name, place)]
            names = [name for name in (*names, *links) if any(fnmatch(name, pattern) for pattern in wanted)]
            for name in sorted(names, key=lambda name: (not name.endswith(".ipynb"), name)):
                if not any(fnmatch(name, pattern) for pattern in ignored):
                    yield prefix + name, name, place
            deeper = sorted(name for name in inner if not any(fnmatch(name, pattern) for pattern in ignored))
            inner[:] = deeper if prefix.count("/") < MOST_DEPTH else []

    def _shared(self, dest: str) -> None:
        """Where a group of instructors grades, all of it may write what is collected, as with nbgrader's own."""
        if self.coursedir.groupshared:
            for folder, _, files in os.walk(dest):
                os.chmod(folder, 0o2770 | stat.S_IMODE(os.stat(folder).st_mode))
                for name in files:
                    path = os.path.join(folder, name)
                    os.chmod(path, 0o660 | stat.S_IMODE(os.stat(path).st_mode))


def _is_link(name: str, place: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode)
    except OSError:  # it is gone
        return False


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Hand out feedback; nbgrader's own ends with the first submission that did not come through the exchange."""

    def copy_files(self) -> None:
        asked = self.coursedir.student_id or "*"
        pages = self.coursedir.format_path(self.coursedir.feedback_directory, asked, self.coursedir.assignment_id)
        left_out = []
        for folder in sorted(glob(pages)):
            if not all(os.path.isfile(os.path.join(folder, name)) for name in ("timestamp.txt", SECRET)):
                left_out.append(os.path.basename(os.path.dirname(folder)))
        if left_out:
            some = ", ".join(map(plain_text, left_out[:10])) + (" ..." if len(left_out) > 10 else "")
            self.log.warning(
                "Not released for %s whose submissions did not come through the exchange (%s): hand out their pages "
                "from %s by hand.", len(left_out), some, pages,
            )  # fmt: skip
            self.coursedir.student_id_exclude = ",".join([self.coursedir.student_id_exclude, *left_out])
        super().copy_files()
