"""The instructor's file: what makes a course its own, and what its students must not know.

    course = "Reliability, spring 2027"      shown to students
    salt = "..."                             goes to the students with each lab: their data come from it
    check_seeds = "..."                      stays on this machine: the cases of the hidden checks come from it

It lies outside of the course's folder: where the variable DS_INSTRUCTOR says, else in your folder for settings. Without
it the course is self-paced: data come from a learner's name alone, and the hidden checks use seeds that everybody can
read. To make one, or to see which is in use::

    python -m grading.instructor new "Reliability, spring 2027"
    python -m grading.instructor
"""

import argparse
import hashlib
import json
import os
import secrets
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

from dslib.exercises import COURSE

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "DS_INSTRUCTOR"
SHORTEST = 16  # characters of a secret
NEW = "python -m grading.instructor new"


class Unusable(Exception):
    """What is wrong with the instructor's file, as a sentence that names it."""


class Instructor(NamedTuple):
    """A course's own name, salt and seeds. ``path`` is None for the self-paced course, which has no file."""

    course: str
    salt: str
    check_seeds: str
    path: Path | None = None

    def dice(self, lab: str) -> str:
        """What the hidden checks of one lab take their random cases from. It tells nothing of another lab's."""
        return hashlib.sha256(f"{self.check_seeds}/{lab}".encode()).hexdigest()


SELF_PACED = Instructor("", COURSE, "the hidden checks")


def place() -> Path:
    """Where the instructor's file is, or would be."""
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return Path(named).expanduser()
    settings = os.environ.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(settings) / COURSE / "instructor.toml"


def read() -> Instructor:
    """The instructor's file, or ``SELF_PACED`` where there is none. Raises Unusable when something is wrong with it."""
    path = place()
    if not path.exists():
        if os.environ.get(VARIABLE, "").strip():
            raise Unusable(f'{VARIABLE} names {path}, and there is no such file: {NEW} "name of the course" makes it')
        return SELF_PACED
    _outside(path)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Unusable(f"{path} cannot be read: {problem}") from None
    wanted = Instructor._fields[:3]
    if wrong := sorted(set(found) ^ set(wanted)):
        raise Unusable(f"{path} must hold {', '.join(wanted)} and nothing else; look at {', '.join(wrong)}")
    for name in wanted:
        if not isinstance(found[name], str) or not found[name].strip():
            raise Unusable(f'{path}: {name} is {found[name]!r}; write some text, as in {name} = "..."')
    for name in wanted[1:]:
        if len(found[name]) < SHORTEST:
            raise Unusable(f"{path}: {name} can be guessed; it needs {SHORTEST} characters or more")
    if found["salt"] == found["check_seeds"]:
        raise Unusable(f"{path}: salt and check_seeds are the same, and the salt goes to students; change check_seeds")
    return Instructor(found["course"], found["salt"], found["check_seeds"], path)


def new(course: str) -> Path:
    """Write an instructor's file with fresh secrets. Raises Unusable where there is one already."""
    path = place()
    _outside(path)
    if not course.strip():
        raise Unusable("a course needs a name, which its students will see")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Unusable(f"{path} is there already; for another course, set {VARIABLE} to another path") from None
    with open(file, "w", encoding="utf-8") as out:
        out.write(
            f"# Of one course. Keep it as long as the course lasts: another salt gives its students other data.\n"
            f"course = {json.dumps(course.strip(), ensure_ascii=False)}\n"
            f'salt = "{secrets.token_hex(16)}"         # goes to the students with each lab\n'
            f'check_seeds = "{secrets.token_hex(32)}"  # never leaves this machine\n'
        )
    return path


def course_file(instructor: Instructor) -> str:
    """What students get beside a notebook, as course.toml."""
    return (
        "# Keep this file beside the notebook: your data come from it and from your name.\n"
        f"course = {json.dumps(instructor.course, ensure_ascii=False)}\n"
        f"salt = {json.dumps(instructor.salt, ensure_ascii=False)}\n"
    )


def _outside(path: Path) -> None:
    if path.resolve().is_relative_to(ROOT):
        raise Unusable(f"{path} lies in the course's folder, where git would take it in: move it out of {ROOT}")


def main(arguments: list[str]) -> str:
    parser = argparse.ArgumentParser(
        prog="python -m grading.instructor", description="Show the instructor's file that is in use, or make one."
    )
    parser.add_argument("do", nargs="?", choices=["new"], help="make one")
    parser.add_argument("course", nargs="?", default="", help="the name of the course, as its students will see it")
    asked = parser.parse_args(arguments)
    if asked.do:
        path = new(asked.course)
        return (
            f"{path} is made. Keep a copy in a safe place.\n"
            "Next: nbgrader generate_assignment for each lab. It puts the salt beside the notebook, not the seeds."
        )
    found = read()
    if found.path is None:
        return (
            f"There is no instructor's file at {place()}: the course is self-paced.\n"
            "Data come from a learner's name alone, and the hidden checks use seeds that everybody can read.\n"
            f'For a course: {NEW} "name of the course"'
        )
    return f"{found.path}: the course {found.course!r}"


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except Unusable as problem:
        sys.exit(str(problem))
