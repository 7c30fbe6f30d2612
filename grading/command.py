"""Grade a folder of submissions: `python -m grading lab1`, or `make grade LAB=lab1`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter

from . import run
from .autograded import plain_text
from .box import KINDS, BoxProblem
from .course import NoLab
from .instructor import ROOT, Unusable, read
from .progress import Progress
from .record import NoBook
from .state import Busy
from .work import NOT_GRADED

EXIT = """
exit status: 0 when every submission is graded; 1 when some could not be, and keep what the gradebook has; 2 when
nothing could be done; 3 when points of submissions that have not changed would change, and wait for --yes; 130 when
you stopped it. What is graded by then is kept: the same command goes on.
"""
NO_WALLS = """
##########################################################################################
##  NO WALLS. Submissions run with your rights: they can read what you can read, the    ##
##  gradebook and other submissions too, and reach the network. Only memory, time and   ##
##  the number of processes are limited. Grade like this only what you trust.           ##
##########################################################################################
"""


def main(arguments: list[str]) -> int:
    asked = _arguments(arguments)
    signal.signal(signal.SIGTERM, _stopped)  # no process is left behind
    try:
        if read().path is None:
            _say("No instructor's file: the hidden checks use seeds that everybody can read.")
            _say("`python -m grading.instructor` says more.")
        done = run.grade(
            asked.lab, students=asked.student, jobs=asked.jobs, walls=asked.walls, again=asked.again,
            accept=_listed if asked.yes else _agreed, progress=Progress, begin=_begin,
        )  # fmt: skip
    except (NoLab, NoBook, run.NothingToGrade, Busy, BoxProblem, Unusable) as problem:
        _say(plain_text(str(problem)))
        return 2
    except KeyboardInterrupt:
        _say("\nStopped. What was graded by now is kept: the same command goes on.")
        return 130
    except Exception as problem:
        if not isinstance(problem, OSError) and not type(problem).__module__.startswith(("sqlalchemy", "sqlite3")):
            raise
        said = str(getattr(problem, "orig", "") or problem).strip().partition("\n")[0]
        _say(f"It could not be written: {plain_text(said)}. What was graded by now is kept: the same command goes on.")
        return 2
    _summary(done, asked.student)
    return done.status


def _stopped(*_: object) -> None:
    raise KeyboardInterrupt


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m grading",
        description="Grade what was submitted, behind walls, into nbgrader's gradebook. Only what changed is graded.",
        epilog=EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("lab", nargs="?", default="", help="such as lab1")
    add = parser.add_argument
    add("--student", nargs="+", action="extend", default=[], metavar="NAME", help="only these; several may be named")
    add("--jobs", type=int, default=0, metavar="N", help="so many at a time; else one for each processor")
    add("--walls", choices=KINDS, default="", help="this kind of sandbox; else the best that stands here")
    add("--again", action="store_true", help="grade everything, also what has not changed")
    add("--yes", action="store_true", help="write points that a mended check changes, without asking")
    asked = parser.parse_args(given)
    if not asked.lab:
        parser.error("which lab? Write python -m grading lab1, or make grade LAB=lab1")
    if asked.jobs < 0:
        parser.error(f"--jobs is {asked.jobs}; write a number of processes, such as 2")
    return asked


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _begin(walls: run.Walls) -> None:
    if walls.kind == "limits":
        _say(NO_WALLS)
    for problem in walls.problems:
        _say(f"Not used: {problem}")


def _agreed(differences: list[run.Difference]) -> bool:
    """List what would change, and ask. Without a terminal nobody is there to answer."""
    _list(differences)
    if not sys.stdin.isatty():
        return False
    return input("Write these points? [y/N] ").strip().lower() in ("y", "yes")


def _listed(differences: list[run.Difference]) -> bool:
    _list(differences)
    return True


def _list(differences: list[run.Difference]) -> None:
    students = len({difference.student for difference in differences})
    print(f"Points that change although the submission is the same, of {students} students:")
    for student, cell, before, after, sentence in differences:
        first = plain_text(sentence).partition("\n")[0]
        print(f"  {plain_text(student):20} {cell:28} {_points(before)} -> {_points(after)}{first and '  ' + first}")


def _points(points: float | None) -> str:
    return "to be marked" if points is None else f"{points:g}"


def _summary(done: run.Run, named: list[str]) -> None:
    """What came of it, and what was odd about each submission; of those that are ``named``, where some are."""
    counts = Counter(entry.outcome.status for entry in done.entries)
    asked = {only for only in done.judged.values() if only is not None}
    if asked and None not in done.judged.values():
        print(f"Asked again, because the check was changed: {', '.join(sorted(set().union(*asked)))}.")
    walls = f" Walls: {done.walls.kind}." if done.walls.kind else ""
    print(f"{done.lab}: {len(done.judged)} graded now, {len(done.entries)} in all.{walls}")
    print("  " + ", ".join(f"{status} {number}" for status, number in counts.most_common()))
    for entry in done.entries:
        outcome = entry.outcome
        if outcome.status not in ("ok", "blank") and (not named or entry.student in named):
            print(f"  {plain_text(entry.student):20} {outcome.status:14} {plain_text(outcome.sentence)}")
    waiting = sum(any(grade.waits for grade in entry.grades.values()) for entry in done.entries)
    if done.absent:
        print(f"{len(done.absent)} of the gradebook handed in nothing: {_some(done.absent)}.")
    if waiting:
        print(f"{waiting} wait for a person: Formgrader, Manual Grading (make instructor).")
    if done.outdated:
        print(
            f"The feedback of {len(done.outdated)} is older than their points: "
            f"nbgrader generate_feedback {done.lab} --force"
        )
    for path in done.files:
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        print(f"{shown}")
    for name in done.passed_over:
        _say(f"Not graded: the folder {name!a}. No student is called that; rename the folder, and grade again.")
    if done.held:
        _say("Nothing of the points listed above was written. Grade again with --yes to write them.")
    if lost := done.not_graded:
        _say(f"{len(lost)} {NOT_GRADED}: {_some(lost)}. The same command tries them again.")
    if done.walls.kind == "limits":
        _say(NO_WALLS)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(plain_text, names[:10])) + more
