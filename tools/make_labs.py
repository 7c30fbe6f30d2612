"""Write labs/, what students get, anew from solutions/, what instructors write: `make labs`, or some of them by name.

nbgrader removes the solutions and the hidden checks. It works on a copy, so that no gradebook is made or changed here;
on the machine that grades, `nbgrader generate_assignment <lab>` writes the same files, and the gradebook as well.
"""

import io
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbfmt

# An optional part of nbformat's checks, which no notebook needs, compiles a grammar for two seconds at import.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

ROOT = Path(__file__).resolve().parent.parent
COURSE_FILE = "course.toml"
IGNORED = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", ".DS_Store")


def labs() -> list[str]:
    """The names of all labs: a lab is a folder in solutions/ with a notebook of the same name."""
    return sorted(
        folder.name for folder in (ROOT / "solutions").iterdir() if (folder / f"{folder.name}.ipynb").is_file()
    )


def generate(target: Path, names: Sequence[str] = ()) -> list[str]:
    """Write the student version of these labs, or of all, into ``target``, in place of what was there.

    Without names, whatever else lies in ``target`` goes. Returns the labs' names. Raises SystemExit with nbgrader's own
    words when a notebook cannot be converted; ``target`` is as before then.
    """
    known = labs()
    if unknown := sorted(set(names) - set(known)):
        raise SystemExit(f"there is no lab {', '.join(unknown)} in solutions/; there are {', '.join(known) or 'none'}")
    if not known:
        raise SystemExit("solutions/ holds no lab: a lab is a folder with a notebook of the same name")
    wanted = list(names) or known
    with tempfile.TemporaryDirectory() as scratch:
        course = Path(scratch).resolve()
        for lab in wanted:
            shutil.copytree(ROOT / "solutions" / lab, course / "solutions" / lab, ignore=IGNORED)
        convert(course, wanted)
        for lab in wanted:
            for path in (course / "labs" / lab).rglob("*.ipynb"):
                path.write_bytes(nbfmt.written(nbfmt.tidy(nbfmt.read(path)[1])[0]).encode())
        for lab in wanted:
            if (target / lab / COURSE_FILE).is_file():  # of a course that is given here; git does not see it
                shutil.copy(target / lab / COURSE_FILE, course / "labs" / lab)
        for old in wanted if names or not target.exists() else os.listdir(target):
            shutil.rmtree(target / old, ignore_errors=True)
        for lab in wanted:
            shutil.copytree(course / "labs" / lab, target / lab)
    return wanted


def convert(course: Path, names: Sequence[str]) -> None:
    """What `nbgrader generate_assignment` does for each lab, in this process and without a gradebook."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    config = settings(course)
    said = io.StringIO()
    log = logging.getLogger("make_labs")
    log.propagate = False
    log.handlers = [logging.StreamHandler(said)]
    for lab in names:
        config.CourseDirectory.assignment_id = lab
        directory = CourseDirectory(config=config, log=log)
        converter = GenerateAssignment(coursedir=directory, config=config, log=log, no_database=True)
        # The gradebook's step is left out, and so is the course's own: labs/ is the same for every course.
        left_out = "nbgrader.preprocessors.SaveCells", "grading.release.AddCourse"
        converter.preprocessors = [step for step in converter.preprocessors if step not in left_out]
        try:
            converter.start()
        except NbGraderException as problem:
            raise SystemExit(f"{lab} cannot be converted: {problem}\n{said.getvalue()}") from None


def settings(course: Path) -> Any:
    """The course's nbgrader_config.py, read as if it lay in the folder ``course``."""
    from traitlets.config.loader import PyFileConfigLoader

    shutil.copy(ROOT / "nbgrader_config.py", course)
    before, path = list(sys.path), os.environ.get("PATH", "")
    try:
        return PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    finally:
        sys.path[:], os.environ["PATH"] = before, path


if __name__ == "__main__":
    for lab in generate(ROOT / "labs", sys.argv[1:]):
        print(f"labs/{lab}/ written from solutions/{lab}/")
