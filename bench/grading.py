"""Goal 11: a class's work graded by plain `nbgrader autograde` and by `python -m grading` with its walls, in one run.

Both get the same submissions of lab 1, in folders of the same form, and both are the whole command, as an instructor
types it. Ours goes first and last, plain nbgrader in between, so that a machine that gets busier is fair to both; each
keeps a gradebook of its own, and every row of the gradebooks has to be the same. Of ten submissions six are right,
three have a mistake that students make, and one is blank; everybody has data of their own.

The cost of a further student comes from one run over many copies: seconds for each of the last quarter of the class,
over those of the first.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .table import Row

ROOT = Path(__file__).resolve().parent.parent
WHAT = "grading"


class Size(NamedTuple):
    """``students`` are graded by both, ``repetitions`` times; ``many`` by us alone, to see what one more costs."""

    lab: str
    students: int
    repetitions: int
    many: int


SIZES = {
    "tiny": Size("lab0", students=2, repetitions=1, many=0),
    "default": Size("lab1", students=50, repetitions=1, many=200),
    "large": Size("lab1", students=50, repetitions=3, many=1_000),
}
#: What an instructor's file holds.
INSTRUCTOR = 'course = "Bench"\nsalt = "the salt of the bench"\ncheck_seeds = "the seeds of the bench"\n'
#: One run of ours that writes down when each submission was done, and when all was.
TIMED = """
import json, sys, time
import grading

class Times:
    def __init__(self, whole):
        self.steps = []
        times.append(self)
    def step(self):
        self.steps.append(time.monotonic())
    def end(self):
        pass

times = []
began = time.monotonic()
run = grading.grade(sys.argv[1], progress=Times, walls=sys.argv[2])
ended = time.monotonic()
assert run.status == 0, run.status
print(json.dumps([began, times[0].steps, ended]))
"""
GRADES = """
    SELECT student_id, base_cell.name, auto_score, manual_score, extra_credit, needs_manual_grade FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
"""


class Took(NamedTuple):
    """What one command took: seconds of the clock, and of the processors, all its children's too."""

    wall_s: float
    cpu_s: float


class Course:
    """A course's folder as an instructor has it, without any submission yet. ``like`` is one to copy."""

    def __init__(self, folder: Path, lab: str, like: Course | None = None) -> None:
        self.folder, self.lab = folder / "course", lab
        folder.mkdir()
        if like is not None:
            shutil.copytree(like.folder, self.folder)
            self.environment = like.environment
            return
        self.folder.mkdir()
        left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "course.toml")
        for name in ("solutions", "labs", "grading", "dslib"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=left_out)
        shutil.copy(ROOT / "nbgrader_config.py", self.folder)
        (folder / "instructor.toml").write_text(INSTRUCTOR)
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DS_EXCHANGE")}
        self.environment = {**kept, "DS_INSTRUCTOR": str(folder / "instructor.toml"), "HOME": str(folder)}
        self.run("-m", "nbgrader", "generate_assignment", lab)

    def run(self, *words: str) -> tuple[Took, str]:
        """A command of Python's in the course's folder. It has to succeed."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *words], cwd=self.folder, env=self.environment, capture_output=True,
            text=True,
        )  # fmt: skip
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)[:200]} failed:\n{done.stdout[-2_000:]}{done.stderr[-4_000:]}")
        return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stdout

    def hand_in(self, work: dict[str, str]) -> None:
        for student, notebook in work.items():
            folder = self.folder / "gradebook" / "submitted" / student / self.lab
            folder.mkdir(parents=True)
            (folder / f"{self.lab}.ipynb").write_text(notebook, encoding="utf-8")
            (folder / "timestamp.txt").write_text("2026-01-15 10:00:00 UTC")

    def judged_s(self) -> float:
        """The processors' seconds that submissions took behind our walls: bubblewrap does not hand them on."""
        with sqlite3.connect(self.folder / "gradebook" / "grading" / self.lab / "state.db") as file:
            return sum(json.loads(outcome)["cpu_s"] for (outcome,) in file.execute("SELECT outcome FROM kept"))

    def grades(self) -> set[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / "gradebook" / "gradebook.db") as file:
            return set(file.execute(GRADES))


def honest(lab: str, students: int) -> dict[str, str]:
    """Submissions as honest students hand them in, by the student's name."""
    sys.path[:0] = [str(ROOT / "tests")]
    from test_nbgrader_cycle import submission, with_mistake

    from labs import RELEASES, notebook, wrong_solutions

    mistakes = wrong_solutions(lab)
    whole = json.loads((RELEASES / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))
    work = {}
    for number in range(students):
        student, kind = f"student-{number:04}", number % 10
        if kind == 9:
            cells = notebook(lab, RELEASES)
        elif kind % 3 == 1:
            cells = with_mistake(lab, mistakes[number // 3 % len(mistakes)])
        else:
            cells = submission(lab)
        named = f"LEARNER = {student!r}"
        cells = [{**cell, "source": named} if cell["id"] == "learner" else cell for cell in cells]
        work[student] = json.dumps({**whole, "cells": cells})
    return work


def rows(size: str, progress: Any) -> list[Row]:
    chosen = SIZES[size]
    walls = next(iter(_walls()), "")
    if not walls:
        why = "no walls stand on this machine. Debian: sudo apt-get install bubblewrap"
        return [Row(11, f"{chosen.students} submissions of {chosen.lab}", (">=", 5.0), not_run=why)]
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        return list(_rows(chosen, walls, Path(scratch), progress))


def _walls() -> Iterator[str]:
    from grading.worker import walls_here

    kind, _ = walls_here("lab0", str(ROOT))
    if kind != "limits":
        yield kind


def _rows(size: Size, walls: str, scratch: Path, progress: Any) -> Iterator[Row]:
    lab = size.lab
    progress(f"{WHAT}: a course")
    blank = Course(scratch / "blank", lab)
    work = honest(lab, size.students)
    wall, cpu, other, each = [], [], [], []
    for repetition in range(size.repetitions):
        made = []
        for number in range(3):
            made.append(Course(scratch / f"{repetition}-{number}", lab, blank))
            made[-1].hand_in(work)
        first, plain, last = made
        took: list[Took] = []
        for course in made:
            command = ("nbgrader", "autograde", lab) if course is plain else ("grading", lab, "--walls", walls)
            progress(f"{WHAT}, repetition {repetition + 1} of {size.repetitions}: {' '.join(command)}")
            took.append(course.run("-m", *command)[0])
            if course is not plain and walls == "bwrap":
                took[-1] = took[-1]._replace(cpu_s=took[-1].cpu_s + course.judged_s())
        ours = [(a + b) / 2 for a, b in zip(took[0], took[2], strict=True)]
        wall.append(took[1].wall_s / ours[0])
        cpu.append(took[1].cpu_s / ours[1])
        other.append(max(len(course.grades() ^ plain.grades()) for course in (first, last)))
        each.append(ours[0] / size.students)
        rows_of_grades = len(plain.grades())
        for course in made:
            shutil.rmtree(course.folder)
    what = f"{size.students} submissions of {lab}: nbgrader autograde over ours ({walls})"
    yield Row(11, f"{what}, seconds", (">=", 5.0), wall)
    yield Row(11, "  the same, of the processors", None, cpu)
    yield Row(11, f"  of {rows_of_grades} grades, how many differ", ("<=", 0), other, unit="")
    yield Row(11, "  ours, seconds a submission, start included", None, each, unit=" s")
    if size.many:
        yield from _many(size, walls, scratch, blank, progress)


def _many(size: Size, walls: str, scratch: Path, blank: Course, progress: Any) -> Iterator[Row]:
    progress(f"{WHAT}: {size.many} copies")
    course = Course(scratch / "many", size.lab, blank)
    course.hand_in(honest(size.lab, size.many))
    _, said = course.run("-c", TIMED, size.lab, walls)
    _, steps, ended = json.loads(said.splitlines()[-1])
    quarter = size.many // 4
    first, last = steps[quarter] - steps[0], steps[-1] - steps[-1 - quarter]
    yield Row(11, f"  of {size.many}, a student of the last quarter over one of the first", ("<=", 1.2), [last / first])
    rest = (ended - steps[-1]) / size.many
    yield Row(11, "  tables and pages at the end, seconds a student", None, [rest], unit=" s")
    again, _ = course.run("-m", "grading", size.lab, "--walls", walls)
    yield Row(11, "  the same folder again, nothing changed, seconds in all", None, [again.wall_s], unit=" s")
