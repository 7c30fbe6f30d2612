"""The whole way of a lab, with nbgrader's real commands in a course directory of its own: from the instructor's source
to the grade and the feedback that the student fetches. One autograde run, six students."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wrong_solutions.lab1 import WRONG

from labs import BEGIN, RELEASES, ROOT, SOLUTIONS, answers, grading, notebook, source, text_of, with_body

pytestmark = pytest.mark.timeout(600)  # about a minute on two quiet cores

# What an instructor types, and what a student types. The README shows the same lines.
COURSE_ID = "what-could-go-wrong"
MISTAKES = {
    "cleo": "the mean of the percentages of the hosts",
    "dora": "every 4xx is bad",
    "finn": "the last, shorter slice is dropped",
}
# A right answer that warns and prints: standard error in a check cell would cost it its points.
LOUD = """
import sys
import warnings

warnings.warn("late")
print("debugging", file=sys.stderr)
return "good" if flight.delay_min is not None and flight.delay_min < 15 else "bad"
""".strip()
READ_GRADES = """
import json, sys
from nbgrader.api import Gradebook
rows = []
with Gradebook(sys.argv[1], sys.argv[2]) as book:
    for submission in book.assignment_submissions("lab1"):
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                points = grade.auto_score, grade.max_score, grade.needs_manual_grade
                rows.append([submission.student.id, grade.name, *points])
print(json.dumps(rows))
"""


class Course:
    """A course directory as an instructor has it, a student's folder, and a home that both may write into."""

    def __init__(self, folder):
        self.folder, self.student, self.home = folder / "course", folder / "student", folder / "home"
        self.said = {}
        for path in (self.folder, self.student, self.home):
            path.mkdir()
        # An optional part of nbformat's checks, which no notebook needs, compiles a grammar for two seconds at import.
        (self.home / "rfc3987_syntax.py").write_text("raise ImportError\n")
        for name in ("solutions", "labs", "grading", "dslib"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "nbgrader_config.py", self.folder)
        (self.student / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.CourseDirectory.course_id = {COURSE_ID!r}\n"
            f"c.Exchange.root = {str(self.folder / 'gradebook' / 'exchange')!r}\n"
        )

    def nbgrader(self, *words, folder=None):
        """Run one command; it must succeed and log no error."""
        done = self.python("-m", "nbgrader", *words, folder=folder or self.folder)
        self.said[words[0]] = done.stdout + done.stderr
        assert done.returncode == 0, f"nbgrader {' '.join(words)}\n{self.said[words[0]]}"
        assert "| ERROR" not in self.said[words[0]], self.said[words[0]]

    def python(self, *words, folder):
        # Without the environment's bin folder on the path: nobody has to activate anything.
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "DS_EXCHANGE", "VIRTUAL_ENV")}
        environment |= {"HOME": str(self.home), "USERPROFILE": str(self.home), "PATH": os.defpath}
        environment["PYTHONPATH"] = str(self.home)
        return subprocess.run(
            [sys.executable, "-W", "ignore", *words], cwd=folder, env=environment, capture_output=True, text=True
        )

    def hand_in(self, student, cells, **files):
        """Put a submission where `collect` puts them, as `submit` leaves it."""
        folder = self.folder / "gradebook" / "submitted" / student / "lab1"
        folder.mkdir(parents=True)
        write(folder / "lab1.ipynb", cells)
        (folder / "timestamp.txt").write_text("2026-01-15 10:00:00 UTC")
        (folder / "submission_secret.txt").write_text(f"{student:x>64}")  # release_feedback fails without these two
        for name, text in files.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".py").write_text(text)

    def grades(self):
        """{student: {cell: (points, most points, whether a person has to look)}}"""
        database = "sqlite:///" + str(self.folder / "gradebook" / "gradebook.db")
        done = self.python("-c", READ_GRADES, database, COURSE_ID, folder=self.folder)
        assert done.returncode == 0, done.stderr
        grades = {}
        for student, cell, points, most, needs_person in json.loads(done.stdout):
            grades.setdefault(student, {})[cell] = points, most, needs_person
        return grades


def write(path, cells):
    whole = json.loads((RELEASES / "lab1" / "lab1.ipynb").read_text(encoding="utf-8"))
    path.write_text(json.dumps(whole | {"cells": cells}, indent=1), encoding="utf-8")


def submission(**replaced):
    """The release with the reference's answers in its answer cells; those in ``replaced`` have another body."""
    texts = answers("lab1", **replaced) | {"explain": text_of("lab1", "explain")}
    cells = notebook("lab1", RELEASES)
    for cell in cells:
        if cell["id"] in texts:
            text = texts[cell["id"]]
            if BEGIN in text:
                body = text.partition(BEGIN)[2].partition("### END")[0].rstrip(" ").strip("\n")
                text = with_body(text, "\n".join(line[indent_of(text) :] for line in body.split("\n")))
            cell["source"] = text.splitlines(keepends=True)
    return cells


def indent_of(text):
    return len(text.partition(BEGIN)[0].rpartition("\n")[2])


# What mallory wants to be run before everybody else's notebook, and what she puts beside her own.
ALL_PASS = """
import contextlib, sys, types
import dslib.exercises
dslib.exercises.Lab.check = lambda self, name: contextlib.suppress(Exception)
sys.modules["grading.checks.lab1"] = types.SimpleNamespace(require=lambda name, namespace: None)
"""
LEAVE_BEHIND = f"""
import os
from pathlib import Path

for ipython in (Path.home() / ".ipython", Path(os.environ.get("IPYTHONDIR", "."))):
    startup = ipython / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "all-pass.py").write_text({ALL_PASS!r})
"""
NO_CHECKS = "def require(name, namespace):\n    pass\n"


def with_copies(cells):
    """Somebody copied an answer and a check, by Ctrl+C and Ctrl+V."""
    copied = [cell | {"id": f"{cell['id']}-2"} for cell in cells if cell["id"] in ("answer-classify", "check-on-time")]
    return cells[:30] + copied + cells[30:]


def hostile():
    """A submission without an answer that tries to get points: by its cells, by its files, and for those after it."""
    cells = [cell for cell in notebook("lab1", RELEASES) if cell["id"] != "check-no-traffic"]  # one check is deleted
    for cell in cells:
        if grading(cell).get("grade"):
            cell["metadata"]["tags"] = ["skip-execution"]  # checks are to be left out
        if cell["id"] == "check-on-time":
            cell["source"] = ["pass\n"]  # one check is emptied
        if cell["id"] == "learner":
            cell["source"] += LEAVE_BEHIND.splitlines(keepends=True)
        if cell["id"] == "answer-parse-flight":  # the visible checks are switched off
            cell["source"] = ["import contextlib\n", "lab.check = lambda name: contextlib.suppress(Exception)\n"]
    return cells


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("cycle"))
    instructor, student = course.nbgrader, lambda *words: course.nbgrader(*words, folder=course.student)

    instructor("generate_assignment", "lab1")
    instructor("release_assignment", "lab1")

    student("list")
    student("fetch_assignment", "lab1")
    shutil.copytree(course.student / "lab1", course.student / "as-fetched")
    write(course.student / "lab1" / "lab1.ipynb", submission())
    student("validate", "lab1/lab1.ipynb", "as-fetched/lab1.ipynb")
    student("submit", "lab1", "--student=ada")

    instructor("collect", "lab1")
    for name, mistake in MISTAKES.items():
        wrong = next(wrong for wrong in WRONG if wrong.mistake == mistake)
        course.hand_in(name, with_copies(submission(**{wrong.cell: wrong.body, "answer-on-time": LOUD})))
    course.hand_in(
        "mallory", hostile(), grading__checks__lab1=NO_CHECKS, grading__checks____init__="", grading____init__=""
    )
    course.hand_in("zoe", notebook("lab1", RELEASES))
    instructor("autograde", "lab1")
    instructor("generate_feedback", "lab1")
    instructor("release_feedback", "lab1")
    instructor("export")

    student("fetch_feedback", "lab1", "--student=ada")
    course.points = course.grades()
    return course


def lost(grades):
    return {
        name.removeprefix("check-")
        for name, (points, most, _) in grades.items()
        if points is not None and points < most
    }


def automatic(grades):
    return sum(points or 0 for name, (points, _, _) in grades.items() if name.startswith("check-"))


def test_the_student_is_shown_the_lab_and_told_what_validates(course):
    assert "lab1" in course.said["list"]
    assert "Success! Your notebook passes all the tests." in course.said["validate"]
    assert "VALIDATION FAILED ON 22 CELL(S)!" in course.said["validate"]  # 21 checks and the written answer
    assert "There is no code in the answer cell yet" in course.said["validate"]


def test_the_reference_gets_all_points_for_checks_and_waits_for_a_person(course):
    grades = course.points["ada"]
    assert automatic(grades) == 12
    assert lost(grades) == set()
    assert grades["explain"] == (None, 2, True)


def test_the_blank_release_gets_nothing_although_a_hostile_one_ran_before_it(course):
    grades = course.points["zoe"]
    assert automatic(grades) == 0
    assert len(lost(grades)) == 22
    assert grades["explain"] == (0, 2, False)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_solution_loses_the_same_properties_as_in_the_tests_of_the_checks(course, name):
    wrong = next(wrong for wrong in WRONG if wrong.mistake == MISTAKES[name])
    grades = course.points[name]
    assert (
        lost(grades) == wrong.breaks
    )  # on-time is not among them, although its answer warns, and its check was copied
    assert automatic(grades) == 12 - sum(grades[f"check-{broken}"][1] for broken in wrong.breaks)


def test_checks_that_were_skipped_emptied_deleted_or_shadowed_give_no_points(course):
    grades = course.points["mallory"]
    assert automatic(grades) == 0
    assert len([name for name in grades if name.startswith("check-")]) == 21
    assert not any(needs_person for _, _, needs_person in grades.values())


def test_a_submission_leaves_nothing_in_the_graders_home(course):
    left = [path for path in course.home.rglob("*") if path.name == "all-pass.py"]
    assert left == []


def test_the_exported_grades_hold_every_student(course):
    assert not (course.folder / "grades.csv").exists()  # git would offer names and grades for the next commit
    lines = (course.folder / "gradebook" / "grades.csv").read_text().splitlines()
    columns = lines[0].split(",")
    rows = [dict(zip(columns, line.split(","), strict=False)) for line in lines[1:]]
    scores = {row["student_id"]: float(row["raw_score"]) for row in rows}
    assert scores == {name: automatic(grades) for name, grades in course.points.items()}
    assert len(scores) == 6


def test_the_feedback_names_the_property_and_shows_no_hidden_check(course):
    (fetched,) = (course.student / "lab1" / "feedback").rglob("lab1.html")
    assert "hidden checks passed" in fetched.read_text(encoding="utf-8")
    text = (course.folder / "gradebook" / "feedback" / "cleo" / "lab1" / "lab1.html").read_text(encoding="utf-8")
    assert "Every valid request weighs the same" in text
    assert "def every_request_alike" not in text
    assert "some_judged" not in text
    assert "gave 0.5" in text  # what the function gave, also in a real kernel
    assert "Hint 1 of 3" in text


def test_what_students_and_instructors_make_in_a_clone_stays_out_of_git():
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    made = ["gradebook/gradebook.db", "gradebook/grades.csv", "grades.csv", "lab1/lab1.ipynb"]
    kept = ["labs/lab1/lab1.ipynb", "solutions/lab1/lab1.ipynb"]
    done = subprocess.run(["git", "check-ignore", "--no-index", *made, *kept], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == made


def test_the_source_is_what_the_course_was_made_from():
    assert (SOLUTIONS / "lab1" / "lab1.ipynb").is_file()
    assert all(source(cell) for cell in notebook("lab1"))
    assert Path(RELEASES / "lab1" / "hints.toml").read_bytes() == (SOLUTIONS / "lab1" / "hints.toml").read_bytes()
