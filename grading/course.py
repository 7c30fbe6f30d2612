"""What there is to grade with: the released notebook, its cells and points, the properties, and where things lie."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from .checks.asking import Properties
from .instructor import ROOT, Instructor, course_file, read
from .rebuild import Slot

PROPERTY = re.compile(r'^with lab\.check\("([a-z0-9-]+)"\):', re.MULTILINE)
_SEED, _SALT = "DS_CHECKS_SEED", "DS_COURSE_SALT"


class NoLab(Exception):
    """There is no such lab, or it is not as the grader needs it; the text says what to do."""


class Hint(NamedTuple):
    """What a property says: a sentence, and three hints."""

    sentence: str
    hints: tuple[str, ...]


class Course:
    """One lab of the course in ``root``, as its instructor grades it."""

    def __init__(self, lab: str, root: Path = ROOT, instructor: Instructor | None = None) -> None:
        self.lab, self.root = lab, Path(root)
        self.instructor = instructor or read()
        self.release, self.source = self.root / "labs" / lab, self.root / "solutions" / lab
        path = self.release / f"{lab}.ipynb"
        if not path.is_file():
            labs = sorted(
                folder.name for folder in (self.root / "labs").glob("*") if (folder / f"{folder.name}.ipynb").is_file()
            )
            raise NoLab(f"{lab!r} is no lab: there is no {path}. Labs: {', '.join(labs) or 'none; run `make labs`'}")
        self.notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.slots = [_slot(cell) for cell in self.notebook["cells"]]
        missing = sorted({slot.prop for slot in self.slots if slot.prop} - set(self.properties.properties))
        if missing:
            raise NoLab(f"grading/checks/{lab}.py does not know {', '.join(missing)}, which cells of {path} are about")
        nameless = [slot.grade_id for slot in self.slots if slot.graded and not slot.answer and not slot.prop]
        if nameless:
            raise NoLab(f'the check cells {", ".join(nameless)} of {path} do not begin with lab.check("…")')

    @cached_property
    def properties(self) -> Properties:
        module = importlib.import_module(f"grading.checks.{self.lab}")
        found: Properties = module.LAB
        return found

    @cached_property
    def asked(self) -> dict[str, list[Any]]:
        """What the properties asked so far, in their order: see ``judge.Submission``."""
        return {}

    @cached_property
    def hints(self) -> dict[str, Hint]:
        told = tomllib.loads((self.source / "hints.toml").read_text(encoding="utf-8"))
        return {name: Hint(item["property"], tuple(item["hints"])) for name, item in told.items() if name != "lab"}

    @cached_property
    def files(self) -> frozenset[str]:
        """The names of the released files."""
        return frozenset(
            str(path.relative_to(self.release)).replace(os.sep, "/")
            for path in self.release.rglob("*")
            if path.is_file()
        ) | {"course.toml"}

    @cached_property
    def digest(self) -> str:
        """A name for all that a submission runs against but the checks: another one means that it has to run again."""
        whole = hashlib.sha256()
        for path in sorted(self.release.rglob("*")):
            if path.is_file():
                whole.update(f"{path.relative_to(self.release)}\0".encode() + path.read_bytes())
        for path in sorted((self.root / "dslib").rglob("*.py")):
            whole.update(path.read_bytes())
        whole.update(f"{self.instructor.salt}\0{self.instructor.check_seeds}".encode())
        return whole.hexdigest()

    @property
    def points(self) -> dict[str, float]:
        """The most points of each graded cell."""
        return {slot.grade_id: slot.points for slot in self.slots if slot.graded}

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """A copy of the released files with this course's salt, to be shown to submissions."""
        with tempfile.TemporaryDirectory(prefix="lab-") as scratch:
            folder = Path(scratch) / self.lab
            shutil.copytree(self.release, folder)
            if self.instructor.path is not None:
                (folder / "course.toml").write_text(course_file(self.instructor), encoding="utf-8")
            yield folder

    def set_environment(self) -> None:
        """Give this process, which asks the questions, the course's salt and the seeds of its checks."""
        os.environ[_SALT] = self.instructor.salt
        os.environ[_SEED] = self.instructor.dice(self.lab)


def _slot(cell: dict[str, Any]) -> Slot:
    about = cell["metadata"].get("nbgrader", {})
    source = "".join(cell["source"])
    code, answer, graded = cell["cell_type"] == "code", bool(about.get("solution")), bool(about.get("grade"))
    found = PROPERTY.search(source) if graded and code and not answer else None
    return Slot(
        about.get("grade_id", ""), cell.get("id", ""), code, source, answer, graded,
        float(about.get("points", 0)), found[1] if found else "",
    )  # fmt: skip
