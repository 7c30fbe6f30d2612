"""One run of the grader over a folder of submissions: judge what changed, compare, record, report."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from . import autograded, late
from .course import Course
from .folders import Folders, Stamp, stamp
from .instructor import ROOT
from .judge import Job, Outcome, unread
from .progress import Progress
from .rebuild import Finding, Unreadable, read_folder
from .record import Book, Entry, Recorded, marks
from .state import Kept, State, Written, base_of, properties_of, submission_of
from .work import NOT_GRADED, Pool, cores, outcomes
from .worker import digest_of, walls_here

#: Seconds between two writes to disk: what a power cut costs at most.
COMMIT_S = 2.0


class NothingToGrade(Exception):
    """There is no such submission; the text says where it was looked for."""


class Walls(NamedTuple):
    """The sandbox of a run, and why there is no better one. Without a kind where nothing had to run."""

    kind: str
    problems: tuple[str, ...] = ()


class Difference(NamedTuple):
    """Points that would change although the submission is the same as when they were given."""

    student: str
    cell: str
    before: float | None
    after: float | None
    sentence: str


class Run(NamedTuple):
    """What a run did. ``entries`` are all submissions of the lab that have an outcome, also from runs before."""

    lab: str
    walls: Walls
    judged: dict[str, tuple[str, ...] | None]  # the properties that were asked; None for all
    written: list[str]
    differences: list[Difference]
    held: bool  # the differences are not written
    entries: list[Entry]
    files: list[Path]
    outdated: list[str]  # whose feedback was made before their points or texts changed
    absent: list[str]  # whom the gradebook knows, and who has handed in nothing
    passed_over: list[str]  # folders whose name can be no student's

    @property
    def not_graded(self) -> list[str]:
        return [entry.student for entry in self.entries if entry.outcome.status == NOT_GRADED]

    @property
    def status(self) -> int:
        """For a script: 0, 1 where a submission could not be graded, 3 where differences wait for a yes."""
        return 3 if self.held else 1 if self.not_graded or self.passed_over else 0


def grade(
    lab: str,
    *,
    students: Sequence[str] = (),
    root: Path = ROOT,
    jobs: int = 0,
    walls: str = "",
    executor: Executor | None = None,
    accept: bool | Callable[[list[Difference]], bool] = False,
    again: bool = False,
    progress: Callable[[int], Progress] | None = None,
    begin: Callable[[Walls], object] | None = None,
) -> Run:
    """Grade the submissions of a lab, or those of some students, and record them in nbgrader's gradebook.

    Only what changed is judged; ``again`` judges everything. ``jobs`` are processes of this machine, ``executor`` is
    somebody else's. ``walls`` is one of ``box.KINDS``, else the best that stand. Where points would change although
    the submission is the same, because a check was mended, they are written when ``accept`` says so. ``begin`` is told
    the walls before anything runs.

    Raises NoLab, NoBook, NothingToGrade, Busy, BoxProblem or Unusable where nothing can be judged.
    """
    if executor is not None and not isinstance(executor, Executor):
        hint = ": write client.get_executor()" if hasattr(executor, "get_executor") else ""
        raise TypeError(f"executor is a {type(executor).__name__}, which is no concurrent.futures.Executor{hint}")
    folders, course = Folders(root), Course(lab, Path(root))
    names = folders.students(lab)
    wanted = _wanted(students, names, folders, lab)
    with (
        Book(folders.db_url, folders.course_id, lab, course.points) as book,
        State(folders.kept(lab)) as state,
    ):
        grader = _Grader(folders, course, book, state, again)
        try:
            todo = grader.plan(wanted)
            found = Walls("")
            if todo:
                workers = min(jobs or cores(), len(todo))
                with _walls(course, walls, executor, workers) as (found, pool):
                    if begin:
                        begin(found)
                    grader.judge(todo, executor, workers, found.kind, progress or (lambda whole: None), pool)
            grader.commit()
            differences = [diff for _, held in sorted(grader.held.items()) for diff in held.differences]
            held = bool(differences) and not (accept(differences) if callable(accept) else accept)
            if not held:
                grader.write_held()
        finally:
            grader.commit()
        entries = grader.entries(names)
        absent = sorted(set(book.names()) - set(names))
        files = _report(course, entries, folders.kept(lab), found, absent)
        return Run(
            lab, found, grader.judged, grader.written, differences, held, entries, files, grader.outdated(),
            absent, folders.passed_over(lab),
        )  # fmt: skip


def _wanted(students: Sequence[str], names: list[str], folders: Folders, lab: str) -> list[str]:
    for student in students:
        if student not in names:
            near = get_close_matches(student, names, 3)
            hint = f" Did you mean {' or '.join(map(autograded.plain_text, near))}?" if near else ""
            raise NothingToGrade(f"There is no submission at {folders.submitted(lab, student)}.{hint}")
    if not names:
        where = folders.submitted(lab, "<student>")
        raise NothingToGrade(f"There is no submission of {lab}: they are looked for in {where}.")
    return [name for name in names if name in students] if students else names


@contextmanager
def _walls(course: Course, kind: str, executor: Executor | None, workers: int) -> Iterator[tuple[Walls, Pool | None]]:
    """The walls, as those find them who judge behind them: somebody's ``executor``, or a pool of this machine."""
    asked = course.lab, str(course.root), kind
    if executor is not None:
        yield Walls(*executor.submit(walls_here, *asked).result()), None
        return
    pool = Pool(workers)
    try:
        yield Walls(*pool.set_up(*asked)), pool
    finally:
        pool.end()


def _report(course: Course, entries: list[Entry], folder: Path, walls: Walls, absent: list[str]) -> list[Path]:
    from . import report

    return report.write(course, entries, folder, walls, absent=absent)


class _Held(NamedTuple):
    differences: list[Difference]
    write: Callable[[], None]


class _Grader:
    """A run at work."""

    def __init__(self, folders: Folders, course: Course, book: Book, state: State, again: bool) -> None:
        self.folders, self.course, self.book, self.state, self.again = folders, course, book, state, again
        self.base, self.properties = base_of(course), properties_of(course)
        self.digest = digest_of(self.base, self.properties)
        self.recorded = book.recorded()
        self.policy = late.policy(folders.config)
        self.judged: dict[str, tuple[str, ...] | None] = {}
        self.written: list[str] = []
        self.held: dict[str, _Held] = {}
        self.lost: dict[str, Outcome] = {}  # what could not be graded
        self._unsettled: list[Kept] = []
        self._committed = time.monotonic()

    # -- judging -------------------------------------------------------------------------------------------------------

    def plan(self, students: list[str]) -> list[str]:
        """Who has to be judged. The others are settled: the gradebook may be another, or the time have come."""
        todo: list[str] = []
        for student in students:
            kept = self.state.kept(student)
            submission = self._read(student)[1]
            if kept is None or self.again or kept.missing(submission, self.base, self.properties) != ():
                todo.append(student)
            else:
                self._unsettled.append(kept)
        self.commit()
        return todo

    def judge(
        self,
        todo: list[str],
        executor: Executor | None,
        workers: int,
        walls: str,
        progress: Callable[[int], Progress | None],
        pool: Pool | None = None,
    ) -> None:
        """Judge these students' submissions, and settle them as they come."""
        shown = progress(len(todo))
        under_way: dict[str, tuple[str, tuple[str, ...] | None, Outcome | None]] = {}

        def jobs() -> Iterator[Job]:
            for student in todo:
                notebook, submission, findings = self._read(student)
                if isinstance(notebook, Unreadable):
                    wanted = list(self.properties)
                    self._judged(submission, None, unread(student, notebook, wanted, findings), shown)
                    continue
                kept = self.state.kept(student)
                only = None if kept is None or self.again else kept.missing(submission, self.base, self.properties)
                under_way[student] = submission, only, kept and kept.outcome
                yield Job(self.course.lab, student, notebook, tuple(findings), only, course=self.digest)

        try:
            with closing(outcomes(jobs(), executor, walls, self.course.root, workers, pool)) as ready:
                for outcome in ready:
                    submission, only, before = under_way.pop(outcome.student)
                    if only is not None and before is not None and outcome.status != NOT_GRADED:
                        known = {name: before.verdicts[name] for name in self.properties if name in before.verdicts}
                        outcome = outcome._replace(verdicts={**known, **outcome.verdicts})
                    self._judged(submission, only, outcome, shown)
        finally:
            if shown:
                shown.end()

    def _read(self, student: str) -> tuple[bytes | Unreadable, str, list[Finding]]:
        """A submission's notebook, or why there is none; a name for it; and what was odd about its files."""
        folder, when = self._folder(student)
        extra = [when.finding] if when.finding else []
        try:
            if os.path.islink(folder) or (folder.parent.name == student and os.path.islink(folder.parent)):
                raise Unreadable("link", "The submission's folder is a link: it was not opened.")
            notebook, findings = read_folder(folder, self.course.lab, self.course.files)
        except Unreadable as problem:
            said = Finding(problem.kind, str(problem))
            return problem, submission_of(b"", [said, *extra]), extra
        return notebook, submission_of(notebook, [*findings, *extra]), [*findings, *extra]

    def _folder(self, student: str) -> tuple[Path, Stamp]:
        folder = self.folders.submitted(self.course.lab, student)
        return folder, stamp(folder)

    def _judged(self, submission: str, only: tuple[str, ...] | None, outcome: Outcome, shown: Progress | None) -> None:
        if outcome.status == NOT_GRADED:
            self.lost[outcome.student] = outcome
        else:
            self.judged[outcome.student] = only
            kept = Kept(submission, self.base, self.properties, outcome)
            self.state.keep(kept)
            self._unsettled.append(kept)
        if shown:
            shown.step()
        if time.monotonic() > self._committed + COMMIT_S:
            self.commit()

    def commit(self) -> None:
        """Settle what was judged, in one short transaction: Formgrader waits while it lasts."""
        while self._unsettled:
            self._settle(self._unsettled.pop())
        # The gradebook first: what the state calls written is written.
        self.book.commit()
        self.state.commit()
        self._committed = time.monotonic()

    # -- recording -----------------------------------------------------------------------------------------------------

    def _settle(self, kept: Kept) -> None:
        """Bring gradebook and autograded folder up to an outcome; hold it back where points of old would change."""
        outcome, student = kept.outcome, kept.outcome.student
        _, when = self._folder(student)
        wanted = marks(outcome, self.course.slots, when.when)
        before, written = self.recorded.get(student), self.state.written(student)
        fresh = before is None or all(grade.auto is None for grade in before.grades.values())
        if before is not None and not fresh:
            other = before.timestamp != when.when if not written.submission else written.submission != kept.submission
            fresh = other
        differences = [] if fresh or before is None else self._differences(outcome, wanted.points, before)

        def write() -> None:
            after = self.book.write(student, wanted, before, fresh)
            seconds = self.book.seconds_late(after)
            self.book.write_penalty(after, late.penalty(self.policy, student, after.score, seconds))
            path = self.folders.autograded(self.course.lab, student) / f"{self.course.lab}.ipynb"
            copy = self._copy(outcome, when)
            if fresh or written.copy != f"{copy} {_looks(path)}":  # or nbgrader has written its own since
                mode = 0o664 if self.folders.groupshared else 0o444
                autograded.write(self.course, outcome, path.parent, when.written, mode, when.secret)
                self.written.append(student)
            now = Written(kept.submission, f"{copy} {_looks(path)}")
            if now != written:
                self.state.has_written(student, now)

        if differences:
            self.held[student] = _Held(differences, write)
        else:
            write()

    def _differences(self, outcome: Outcome, points: dict[str, float | None], before: Recorded) -> list[Difference]:
        found = []
        for slot in self.course.slots:
            if not slot.graded:
                continue
            old, new = before.grades[slot.grade_id].auto, points[slot.grade_id]
            if old is not None and old != new:
                verdict = outcome.verdicts.get(slot.prop)
                sentence = verdict.sentence if verdict else ""
                found.append(Difference(outcome.student, slot.grade_id, old, new, sentence))
        return found

    def write_held(self) -> None:
        for held in self.held.values():
            held.write()
        self.held.clear()

    def _copy(self, outcome: Outcome, when: Stamp) -> str:
        """A name for all that the copy in the autograded folder shows."""
        whole = hashlib.sha256(
            f"{self.base}{outcome.status}{outcome.sentence}{outcome.learner}".encode("utf-8", "replace")
        )
        parts = (outcome.verdicts, outcome.answers, outcome.ran, outcome.findings, when.written)
        whole.update(when.secret)
        whole.update(repr(parts).encode("utf-8", "replace"))
        whole.update(Path(autograded.__file__).read_bytes())
        return whole.hexdigest()

    # -- at the end ----------------------------------------------------------------------------------------------------

    def entries(self, students: list[str]) -> list[Entry]:
        names, recorded = self.book.names(), self.book.recorded()
        found = []
        for student in students:
            kept = self.state.kept(student)
            outcome = self.lost.get(student) or (kept and kept.outcome)
            if outcome is None:
                continue
            there = recorded.get(student)
            found.append(
                Entry(
                    student, *names.get(student, ("", "", "", "")), outcome, there.grades if there else {},
                    (there.penalty or 0.0) if there else 0.0, self.book.seconds_late(there) if there else 0.0,
                    there.timestamp if there else None,
                )
            )  # fmt: skip
        return found

    def outdated(self) -> list[str]:
        """Whose feedback is older than what was written in this run."""
        return [student for student in self.written if self.folders.feedback(self.course.lab, student).exists()]


def _looks(path: Path) -> str:
    """What tells a file from another of the same name, without reading it."""
    try:
        about = path.stat()
    except OSError:
        return "missing"
    return f"{about.st_size} {about.st_mtime_ns}"
