"""The gradebook: what nbgrader's own steps would write of honest work, in one session for a whole class.

Points that a person has given, comments, flags and extensions stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from .judge import Outcome
from .rebuild import Slot

NO_RESPONSE = "No response."
#: Formgrader may be at work in the same file: so long is waited for it.
BUSY_MS = 60_000


class NoBook(Exception):
    """The gradebook does not know the lab, or another one than labs/ holds; the text says what to do."""


class Marks(NamedTuple):
    """What the gradebook is to hold of a submission: points by graded cell (None waits for a person) and comments."""

    points: dict[str, float | None]
    comments: dict[str, str | None]
    timestamp: datetime | None = None


class Grade(NamedTuple):
    """A row of the gradebook: one graded cell of one submission."""

    id: str
    auto: float | None
    manual: float | None
    extra: float | None
    waits: bool

    @property
    def score(self) -> float:
        given = self.manual if self.manual is not None else self.auto
        return 0.0 if given is None else given + (self.extra or 0.0)


class Recorded(NamedTuple):
    """What the gradebook holds of a submission."""

    id: str
    notebook_id: str
    timestamp: datetime | None
    extension: timedelta | None
    penalty: float | None
    grades: dict[str, Grade]
    comments: dict[str, tuple[str, str | None]]  # by cell: its row's id, and the automatic comment

    @property
    def score(self) -> float:
        return sum(grade.score for grade in self.grades.values())


class Entry(NamedTuple):
    """All that is known of one submission when a run has ended, for tables and pages."""

    student: str
    first_name: str
    last_name: str
    email: str
    lms_user_id: str
    outcome: Outcome
    grades: dict[str, Grade]  # by graded cell; empty where nothing is recorded
    penalty: float
    late_s: float
    timestamp: datetime | None


def marks(outcome: Outcome, slots: Iterable[Slot], timestamp: datetime | None) -> Marks:
    """The points and comments of an outcome. What was not executed has not passed."""
    points: dict[str, float | None] = {}
    comments: dict[str, str | None] = {}
    for slot in slots:
        empty = outcome.answers.get(slot.grade_id, slot.source) == slot.source
        if slot.answer:
            comments[slot.grade_id] = NO_RESPONSE if empty else None
        if slot.manual:
            points[slot.grade_id] = 0.0 if empty else None
        elif slot.graded:
            verdict = outcome.verdicts.get(slot.prop)
            points[slot.grade_id] = slot.points if verdict and verdict.passed else 0.0
    return Marks(points, comments, timestamp)


class Book:
    """nbgrader's gradebook, open for one lab. ``points`` are the most points of each cell that the lab has."""

    def __init__(self, db_url: str, course_id: str, lab: str, points: Mapping[str, float]) -> None:
        from nbgrader.api import Gradebook, MissingEntry
        from sqlalchemy import text
        from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

        self.lab = lab
        try:
            self._book: Any = Gradebook(db_url, course_id)
            self._db = self._book.db
            if db_url.startswith("sqlite"):
                self._db.execute(text(f"PRAGMA busy_timeout = {BUSY_MS}"))
            notebook = self._book.find_notebook(lab, lab)
        except MissingEntry:
            self.close()
            raise NoBook(f"The gradebook does not know {lab}. Write: nbgrader generate_assignment {lab}") from None
        except (ImportError, ArgumentError) as problem:
            raise NoBook(
                f"The gradebook's address, CourseDirectory.db_url or DS_GRADEBOOK, cannot be used: {problem}. "
                'For PostgreSQL write postgresql+psycopg://name@server/database, and: pip install "psycopg[binary]"'
            ) from None
        except SQLAlchemyError as problem:
            lines = str(getattr(problem, "orig", "") or problem).strip().splitlines()
            said = lines[0] if lines else type(problem).__name__
            if isinstance(problem, OperationalError) and not db_url.startswith("sqlite"):
                raise NoBook(f"The gradebook cannot be reached: {said}. Its address is in DS_GRADEBOOK.") from None
            if "locked" in said:
                raise NoBook(
                    "Another program has locked the gradebook. Close it, or wait, and write the same command again."
                ) from None
            raise NoBook(
                f"The gradebook cannot be read: {said}. After an update of nbgrader, copy the gradebook to a safe "
                "place and write: nbgrader db upgrade"
            ) from None
        self._assignment_id, self._notebook_id = notebook.assignment_id, notebook.id
        self.duedate: datetime | None = notebook.assignment.duedate
        self._grade_cells = {cell.name: cell.id for cell in notebook.grade_cells}
        self._answer_cells = {cell.name: cell.id for cell in notebook.solution_cells}
        self._task_cells = {cell.name: cell.id for cell in notebook.task_cells}
        known = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
        if known != dict(points):
            other = sorted(name for name in {*known, *points} if known.get(name) != points.get(name))
            self.close()
            raise NoBook(
                f"The gradebook knows another {lab} than labs/{lab}/ is; they differ in {', '.join(other)}. "
                f"Write: nbgrader generate_assignment {lab}"
            )
        self._db.commit()

    def close(self) -> None:
        self._book.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def commit(self) -> None:
        self._db.commit()

    # -- reading -------------------------------------------------------------------------------------------------------

    def recorded(self, student: str | None = None) -> dict[str, Recorded]:
        """What is there, by student: of all of them, or of one."""
        from nbgrader import api
        from sqlalchemy import select

        work, book, cell = api.SubmittedAssignment, api.SubmittedNotebook, api.BaseCell.__table__
        where = [work.assignment_id == self._assignment_id, book.notebook_id == self._notebook_id]
        if student is not None:
            where.append(work.student_id == student)
        found: dict[str, Recorded] = {}
        by_notebook: dict[str, Recorded] = {}
        about = select(
            work.student_id, work.id, book.id, work.timestamp, work.extension, book.late_submission_penalty
        ).join(book, book.assignment_id == work.id)  # fmt: skip
        for name, row, notebook, timestamp, extension, penalty in self._db.execute(about.where(*where)):
            found[name] = by_notebook[notebook] = Recorded(row, notebook, timestamp, extension, penalty, {}, {})

        def rows_of(table: Any, *columns: Any) -> Any:
            chosen = select(table.notebook_id, cell.c.name, table.id, *columns).join(cell, cell.c.id == table.cell_id)
            joined = chosen.join(book, book.id == table.notebook_id).join(work, work.id == book.assignment_id)
            return self._db.execute(joined.where(*where))

        grade = api.Grade
        for notebook, name, *columns in rows_of(
            grade, grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade
        ):
            by_notebook[notebook].grades[name] = Grade(*columns)
        for notebook, name, row, text in rows_of(api.Comment, api.Comment.auto_comment):
            by_notebook[notebook].comments[name] = row, text
        self._db.commit()
        return found

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, student: str, wanted: Marks, before: Recorded | None, fresh: bool = True) -> Recorded:
        """Put the marks of a submission in. ``fresh``: it is another submission than the one that is recorded.

        As nbgrader does it, a person is asked to look again where points were given by hand; where the submission is
        the same as before, only at cells whose points change. Returns what the gradebook holds then.
        """
        from nbgrader import api
        from sqlalchemy import update

        if before is None:
            before = self._add(student)
        if wanted.timestamp is not None and wanted.timestamp != before.timestamp:
            self._db.execute(
                update(api.SubmittedAssignment)
                .where(api.SubmittedAssignment.id == before.id)
                .values(timestamp=wanted.timestamp)
            )
            before = before._replace(timestamp=wanted.timestamp)
        points = {**wanted.points, **dict.fromkeys(self._task_cells)}
        by_row = {before.grades[name].id: name for name in points}
        changed: list[dict[str, Any]] = [
            {
                "id": before.grades[name].id,
                "auto_score": score,
                "needs_manual_grade": score is None or before.grades[name].manual is not None,
            }
            for name, score in points.items()
            if fresh or score != before.grades[name].auto
        ]
        if changed:
            self._db.execute(update(api.Grade), changed)
        told = {**wanted.comments, **dict.fromkeys(self._task_cells)}
        said = [
            {"id": before.comments[name][0], "auto_comment": text}
            for name, text in told.items()
            if before.comments[name][1] != text
        ]
        if said:
            self._db.execute(update(api.Comment), said)
        grades = dict(before.grades)
        for row in changed:
            name = by_row[row["id"]]
            grades[name] = grades[name]._replace(auto=row["auto_score"], waits=row["needs_manual_grade"])
        return before._replace(grades=grades)

    def seconds_late(self, recorded: Recorded) -> float:
        """As nbgrader counts: against the due time, moved by the extension."""
        if recorded.timestamp is None or self.duedate is None:
            return 0.0
        due = self.duedate + (recorded.extension or timedelta())
        return max(0.0, (recorded.timestamp - due).total_seconds())

    def write_penalty(self, recorded: Recorded, penalty: float | None) -> None:
        from nbgrader import api
        from sqlalchemy import update

        if penalty != recorded.penalty:
            row = api.SubmittedNotebook
            self._db.execute(update(row).where(row.id == recorded.notebook_id).values(late_submission_penalty=penalty))

    def names(self) -> dict[str, tuple[str, str, str, str]]:
        """First name, last name, address and number in the learning platform, of each student."""
        from nbgrader import api
        from sqlalchemy import select

        who = api.Student
        rows = self._db.execute(select(who.id, who.first_name, who.last_name, who.email, who.lms_user_id))
        return {name: (first or "", last or "", email or "", number or "") for name, first, last, email, number in rows}

    def _add(self, student: str) -> Recorded:
        """A submission with its rows, as nbgrader's add_submission makes it, and the student where there is none."""
        from nbgrader import api
        from sqlalchemy import insert, select

        if self._db.execute(select(api.Student.id).where(api.Student.id == student)).first() is None:
            self._db.execute(insert(api.Student), [{"id": student}])
        found = Recorded(api.new_uuid(), api.new_uuid(), None, None, None, {}, {})
        self._db.execute(
            insert(api.SubmittedAssignment),
            [{"id": found.id, "assignment_id": self._assignment_id, "student_id": student}],
        )
        self._db.execute(
            insert(api.SubmittedNotebook),
            [{"id": found.notebook_id, "notebook_id": self._notebook_id, "assignment_id": found.id, "flagged": False}],
        )
        rows = [(api.new_uuid(), name, cell) for name, cell in {**self._grade_cells, **self._task_cells}.items()]
        grades = [
            {"id": row, "cell_id": cell, "notebook_id": found.notebook_id, "needs_manual_grade": True}
            for row, _, cell in rows
        ]
        found.grades.update({name: Grade(row, None, None, None, True) for row, name, _ in rows})
        rows = [(api.new_uuid(), name, cell) for name, cell in {**self._answer_cells, **self._task_cells}.items()]
        comments = [{"id": row, "cell_id": cell, "notebook_id": found.notebook_id} for row, _, cell in rows]
        found.comments.update({name: (row, None) for row, name, _ in rows})
        if grades:
            self._db.execute(insert(api.Grade), grades)
        if comments:
            self._db.execute(insert(api.Comment), comments)
        return found
