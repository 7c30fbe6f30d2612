"""What the grader has done so far: so that a run that was stopped goes on, and only what changed is graded again.

An outcome is good as long as nothing has changed that it came from: the submission; the release, dslib, the course's
seeds and the judge (the *base*); and, for each property, its own code with all that this code reaches. So a mended
check costs the properties that it touches, and no others.
"""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from .course import Course
from .judge import Outcome, Ran, Verdict
from .rebuild import Finding

#: Of the format of the file; another one is not read, and everything is graded anew.
VERSION = 1
#: The modules that make an outcome out of a submission.
JUDGE = "inside", "judge", "plain", "rebuild"


class Busy(Exception):
    """Another run is at work on the same lab."""


# -- what an outcome comes from ----------------------------------------------------------------------------------------


def base_of(course: Course) -> str:
    """A name for all that an outcome comes from but the submission and the checks."""
    whole = hashlib.sha256(course.digest.encode())
    for module in JUDGE:
        whole.update((Path(__file__).parent / f"{module}.py").read_bytes())
    whole.update(f"{platform.python_version()} {version('numpy')} {version('ipython')}".encode())
    return whole.hexdigest()


def properties_of(course: Course) -> dict[str, str]:
    """For each property a name for its code and all of the checks' code that this reaches."""
    module = course.root / "grading" / "checks" / f"{course.lab}.py"
    wanted = dict.fromkeys(slot.prop for slot in course.slots if slot.prop)
    return {name: reach(module, (name.replace("-", "_"), "known", "LAB")) for name in wanted}


def submission_of(notebook: bytes, findings: Sequence[Finding]) -> str:
    return hashlib.sha256(notebook + b"\0" + repr([tuple(finding) for finding in findings]).encode()).hexdigest()


def reach(module: Path, names: Sequence[str]) -> str:
    """A name for the code of these names of a module with all that it reaches, there and in modules beside it.

    Comments, docstrings and the place in the file make no difference. Statements at the top of a module that are no
    definitions count for everything in it.
    """
    read: dict[Path, _Code] = {}

    def code_of(file: Path) -> _Code:
        if file not in read:
            read[file] = _parsed(file, file.read_text(encoding="utf-8"))
        return read[file]

    todo = [(module, name) for name in names]
    seen: set[tuple[Path, str]] = set()
    pieces: set[str] = set()
    while todo:
        file, name = place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        code = code_of(file)
        if name in code.imported:
            other, inner = code.imported[name]
            todo += [(other, inner)] if inner else [(other, every) for every in code_of(other).pieces]
            continue
        for piece in code.pieces.get(name, ()):
            pieces.add(f"{file.name} {piece.text}")
            todo += [(file, used) for used in (code.pieces if piece.sees_all else piece.uses)]
        todo.append((file, ""))  # what is no definition
    return hashlib.sha256("\n".join(sorted(pieces)).encode()).hexdigest()


class _Piece(NamedTuple):
    text: str
    uses: frozenset[str]
    sees_all: bool  # it looks names up by their text


class _Code(NamedTuple):
    pieces: dict[str, list[_Piece]]  # by the name that they define; "" for what defines none
    imported: dict[str, tuple[Path, str]]  # from modules beside it: the file, and the name there or "" for all of it


@lru_cache(maxsize=64)
def _parsed(file: Path, text: str) -> _Code:
    found = _Code({"": []}, {})
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ImportFrom) and _beside(file, statement, found):
            continue
        _without_docstrings(statement)
        uses = frozenset(node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
        inside = isinstance(statement, ast.FunctionDef | ast.ClassDef)
        piece = _Piece(ast.dump(statement), uses, inside and bool(uses & {"globals", "vars", "eval", "exec"}))
        for name in _defines(statement) or [""]:
            found.pieces.setdefault(name, []).append(piece)
    return found


def _beside(file: Path, statement: ast.ImportFrom, found: _Code) -> bool:
    """Note the names that an import takes from a module of the checks."""
    source = statement.module or ""
    if statement.level == 1:
        folder = file.parent
    elif source.split(".")[:2] == ["grading", "checks"]:
        folder, source = file.parent, source.removeprefix("grading.checks").lstrip(".")
    else:
        return False
    for alias in statement.names:
        name = alias.asname or alias.name
        found.imported[name] = (folder / f"{source}.py", alias.name) if source else (folder / f"{alias.name}.py", "")
    return True


def _defines(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in statement.names]
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        parts = [part for target in targets for part in ast.walk(target)]
        if not any(isinstance(part, ast.Attribute | ast.Subscript) for part in parts):  # else it changes a thing
            return [part.id for part in parts if isinstance(part, ast.Name)]
    return []


def _without_docstrings(tree: ast.stmt) -> None:
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        tree.value = ast.Constant(None)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(node, False):
            node.body[0] = ast.Pass()


# -- what is kept ------------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """An outcome and what it came from."""

    submission: str
    base: str
    properties: dict[str, str]
    outcome: Outcome

    def missing(self, submission: str, base: str, properties: dict[str, str]) -> tuple[str, ...] | None:
        """The properties that have to be asked again; None where everything has to."""
        if (self.submission, self.base) != (submission, base):
            return None
        return tuple(
            name
            for name, digest in properties.items()
            if self.properties.get(name) != digest or name not in self.outcome.verdicts
        )


class Written(NamedTuple):
    """What the gradebook and the autograded folder hold: the submission that was recorded, and what the copy shows."""

    submission: str = ""
    copy: str = ""


class State:
    """The grader's own file for one lab. Whoever else wants to work on the lab has to wait. Raises Busy."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder / "lock")
        path = folder / "state.db"
        try:
            self._file = _opened(path)
        except sqlite3.DatabaseError:  # damaged: what is in it can be found out again
            path.unlink()
            self._file = _opened(path)

    def close(self) -> None:
        self._file.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kept(self, student: str) -> Kept | None:
        row = self._file.execute(
            "SELECT submission, base, properties, outcome FROM kept WHERE student = ?", (student,)
        ).fetchone()
        return Kept(row[0], row[1], json.loads(row[2]), from_text(row[3])) if row else None

    def keep(self, kept: Kept) -> None:
        self._file.execute(
            "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)",
            (kept.outcome.student, kept.submission, kept.base, json.dumps(kept.properties), to_text(kept.outcome)),
        )

    def written(self, student: str) -> Written:
        row = self._file.execute("SELECT submission, copy FROM written WHERE student = ?", (student,)).fetchone()
        return Written(*row) if row else Written()

    def has_written(self, student: str, written: Written) -> None:
        self._file.execute("INSERT OR REPLACE INTO written VALUES (?, ?, ?)", (student, *written))

    def commit(self) -> None:
        self._file.commit()


def _opened(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path)
    (found,) = file.execute("PRAGMA user_version").fetchone()
    if found != VERSION:
        file.executescript(f"""
            DROP TABLE IF EXISTS kept;
            DROP TABLE IF EXISTS written;
            CREATE TABLE kept (student TEXT PRIMARY KEY, submission TEXT, base TEXT, properties TEXT, outcome TEXT);
            CREATE TABLE written (student TEXT PRIMARY KEY, submission TEXT, copy TEXT);
            PRAGMA user_version = {VERSION};
        """)
    return file


def _locked(path: Path) -> IO[str]:
    file = open(path, "a")  # noqa: SIM115  (closed by the state)
    try:
        import fcntl
    except ImportError:  # Windows
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Busy(f"Another run is at work on {path.parent.name}: wait until it has ended, or stop it.") from None
    return file


# -- outcomes as text --------------------------------------------------------------------------------------------------


def to_text(outcome: Outcome) -> str:
    return json.dumps(outcome._asdict())


def from_text(text: str) -> Outcome:
    found: dict[str, Any] = json.loads(text)
    found["verdicts"] = {name: Verdict(*verdict) for name, verdict in found["verdicts"].items()}
    found["ran"] = {int(number): Ran(ran[0], tuple(ran[1]), ran[2]) for number, ran in found["ran"].items()}
    found["findings"] = [Finding(*finding) for finding in found["findings"]]
    return Outcome(**found)


__all__ = ["Busy", "Kept", "State", "Written", "base_of", "properties_of", "reach", "submission_of"]
