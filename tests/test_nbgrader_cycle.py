"""The whole way of every lab, in a course directory of its own: from the instructor's source to the grades and to the
feedback that a student fetches. Lab 1 goes it with each of nbgrader's commands and six students; the others with the
functions that Formgrader calls, in one process, and three students: ada answers everything, ben errs once, zoe not at
all.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labs import (
    BEGIN,
    LABS,
    RELEASES,
    ROOT,
    answers,
    checks,
    checks_of,
    grading,
    hints,
    notebook,
    points,
    points_lost,
    text_of,
    with_body,
    wrong_solutions,
)

pytestmark = pytest.mark.timeout(600)  # about two minutes on two quiet cores

# What an instructor types, and what a student types. The README shows the same lines.
COURSE_ID = "what-could-go-wrong"
MISTAKES = {
    "cleo": "the mean of the percentages of the hosts",
    "dora": "every 4xx is bad",
    "finn": "the last, shorter slice is dropped",
}
OTHERS = [lab for lab in LABS if lab != "lab1"]
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
    for lab in sys.argv[3:]:
        for submission in book.assignment_submissions(lab):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    points = grade.auto_score, grade.max_score, grade.needs_manual_grade
                    rows.append([lab, submission.student.id, grade.name, *points])
print(json.dumps(rows))
"""
# What Formgrader's buttons call, for several labs in one process.
PRESS_BUTTONS = """
import json, sys
from nbgrader.apps.api import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader
buttons = NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py", path=".").load_config())
for name, *arguments in json.loads(sys.argv[1]):
    result = getattr(buttons, name)(*arguments)
    if not result["success"]:
        sys.exit(f"{name} {arguments}: {result}")
"""
INSTRUCTOR = {
    "course": "Reliability, autumn 2026",
    "salt": "the salt of autumn 2026",
    "check_seeds": "nobody reads these",
}


class Course:
    """A course directory as an instructor has it, a student's folder, and a home that both may write into."""

    def __init__(self, folder):
        self.folder, self.student, self.home = folder / "course", folder / "student", folder / "home"
        self.instructor = folder / "instructor.toml"
        self.instructor.write_text("".join(f"{name} = {json.dumps(text)}\n" for name, text in INSTRUCTOR.items()))
        self.said = {}
        for path in (self.folder, self.student, self.home):
            path.mkdir()
        # An optional part of nbformat's checks, which no notebook needs, compiles a grammar for two seconds at import.
        (self.home / "rfc3987_syntax.py").write_text("raise ImportError\n")
        left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "course.toml")
        for name in ("solutions", "labs", "grading", "dslib"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=left_out)
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
        if folder == self.folder:
            environment["DS_INSTRUCTOR"] = str(self.instructor)
        return subprocess.run(
            [sys.executable, "-W", "ignore", *words], cwd=folder, env=environment, capture_output=True, text=True
        )

    def press(self, *calls):
        """Call functions of nbgrader's own, (name, arguments …), one after the other."""
        done = self.python("-c", PRESS_BUTTONS, json.dumps(calls), folder=self.folder)
        assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]

    def hand_in(self, lab, student, cells, **files):
        """Put a submission where `collect` puts them, as `submit` leaves it."""
        folder = self.folder / "gradebook" / "submitted" / student / lab
        folder.mkdir(parents=True)
        write(lab, folder / f"{lab}.ipynb", cells)
        (folder / "timestamp.txt").write_text("2026-01-15 10:00:00 UTC")
        (folder / "submission_secret.txt").write_text(f"{student:x>64}")  # release_feedback fails without these two
        for name, text in files.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".py").write_text(text)

    def feedback(self, lab, student):
        return (self.folder / "gradebook" / "feedback" / student / lab / f"{lab}.html").read_text(encoding="utf-8")

    def grades(self):
        """{lab: {student: {cell: (points, most points, whether a person has to look)}}}"""
        database = "sqlite:///" + str(self.folder / "gradebook" / "gradebook.db")
        done = self.python("-c", READ_GRADES, database, COURSE_ID, *LABS, folder=self.folder)
        assert done.returncode == 0, done.stderr
        grades = {lab: {} for lab in LABS}
        for lab, student, cell, *grade in json.loads(done.stdout):
            grades[lab].setdefault(student, {})[cell] = tuple(grade)
        return grades


def write(lab, path, cells):
    whole = json.loads((RELEASES / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))
    path.write_text(json.dumps(whole | {"cells": cells}, indent=1), encoding="utf-8")


def submission(lab, **replaced):
    """The release with the reference's answers in its answer cells; those in ``replaced`` have another body."""
    texts = answers(lab, **replaced)
    cells = notebook(lab, RELEASES)
    for cell in cells:
        if cell["id"] in texts:
            text = texts[cell["id"]]
            if BEGIN in text:
                body = text.partition(BEGIN)[2].partition("### END")[0].rstrip(" ").strip("\n")
                text = with_body(text, "\n".join(line[indent_of(text) :] for line in body.split("\n")))
            cell["source"] = text.splitlines(keepends=True)
        elif grading(cell).get("solution"):
            cell["source"] = text_of(lab, cell["id"]).splitlines(keepends=True)
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


def first_mistake(lab):
    """What ben errs in."""
    return wrong_solutions(lab)[0]


def with_mistake(lab, mistake, **others):
    return submission(lab, **{mistake.cell.replace("-", "_"): mistake.body, **others})


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("cycle"))
    instructor, student = course.nbgrader, lambda *words: course.nbgrader(*words, folder=course.student)

    instructor("generate_assignment", "lab1")
    instructor("release_assignment", "lab1")

    student("list")
    student("fetch_assignment", "lab1")
    shutil.copytree(course.student / "lab1", course.student / "as-fetched")
    write("lab1", course.student / "lab1" / "lab1.ipynb", submission("lab1"))
    student("validate", "lab1/lab1.ipynb", "as-fetched/lab1.ipynb")
    student("submit", "lab1", "--student=ada")

    instructor("collect", "lab1")
    for name, mistake in MISTAKES.items():
        wrong = next(wrong for wrong in wrong_solutions("lab1") if wrong.mistake == mistake)
        course.hand_in("lab1", name, with_copies(with_mistake("lab1", wrong, answer_on_time=LOUD)))
    checks = {"grading__checks__lab1": NO_CHECKS, "grading__checks____init__": "", "grading____init__": ""}
    course.hand_in("lab1", "mallory", hostile(), **checks)
    course.hand_in("lab1", "zoe", notebook("lab1", RELEASES))
    instructor("autograde", "lab1")
    instructor("generate_feedback", "lab1")
    instructor("release_feedback", "lab1")

    course.press(*((step, lab) for lab in OTHERS for step in ("generate_assignment", "release_assignment")))
    outbound = course.folder / "gradebook" / "exchange" / COURSE_ID / "outbound"
    for lab in OTHERS:
        shutil.copytree(outbound / lab, course.student / lab)
    validated = course.said["validate"]
    student("validate", *(f"{lab}/{lab}.ipynb" for lab in OTHERS))
    course.said["validate others"] = course.said["validate"]
    course.said["validate"] = validated

    for lab in OTHERS:
        course.hand_in(lab, "ada", submission(lab))
        course.hand_in(lab, "ben", with_mistake(lab, first_mistake(lab)))
        course.hand_in(lab, "zoe", notebook(lab, RELEASES))
    graded = [("autograde", lab, name) for lab in OTHERS for name in ("ada", "ben", "zoe")]
    handed_back = [(step, lab) for lab in OTHERS for step in ("generate_feedback", "release_feedback")]
    course.press(*graded, *handed_back)
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
    grades = course.points["lab1"]["ada"]
    assert automatic(grades) == 12
    assert lost(grades) == set()
    assert grades["explain"] == (None, 2, True)


def test_the_blank_release_gets_nothing_although_a_hostile_one_ran_before_it(course):
    grades = course.points["lab1"]["zoe"]
    assert automatic(grades) == 0
    assert len(lost(grades)) == 22
    assert grades["explain"] == (0, 2, False)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_solution_loses_the_same_properties_as_in_the_tests_of_the_checks(course, name):
    wrong = next(wrong for wrong in wrong_solutions("lab1") if wrong.mistake == MISTAKES[name])
    grades = course.points["lab1"][name]
    assert (
        lost(grades) == wrong.breaks
    )  # on-time is not among them, although its answer warns, and its check was copied
    assert automatic(grades) == 12 - sum(grades[f"check-{broken}"][1] for broken in wrong.breaks)


def test_checks_that_were_skipped_emptied_deleted_or_shadowed_give_no_points(course):
    grades = course.points["lab1"]["mallory"]
    assert automatic(grades) == 0
    assert len([name for name in grades if name.startswith("check-")]) == 21
    assert not any(needs_person for _, _, needs_person in grades.values())


def test_a_submission_leaves_nothing_in_the_graders_home(course):
    left = [path for path in course.home.rglob("*") if path.name == "all-pass.py"]
    assert left == []


def test_the_exported_grades_hold_every_student_of_every_lab(course):
    assert not (course.folder / "grades.csv").exists()  # git would offer names and grades for the next commit
    lines = (course.folder / "gradebook" / "grades.csv").read_text().splitlines()
    columns = lines[0].split(",")
    rows = [dict(zip(columns, line.split(","), strict=False)) for line in lines[1:]]
    scores = {(row["assignment"], row["student_id"]): float(row["raw_score"]) for row in rows}
    graded = {(lab, name): automatic(grades) for lab, names in course.points.items() for name, grades in names.items()}
    assert scores == {(lab, name): graded.get((lab, name), 0) for lab, name in scores}
    assert set(graded) <= set(scores)
    assert len(graded) == 6 + 3 * len(OTHERS)


def test_the_feedback_names_the_property_and_shows_no_hidden_check(course):
    (fetched,) = (course.student / "lab1" / "feedback").rglob("lab1.html")
    assert "hidden checks passed" in fetched.read_text(encoding="utf-8")
    text = course.feedback("lab1", "cleo")
    assert "Every valid request weighs the same" in text
    assert "gave 0.5" in text  # what the function gave, also in a real kernel
    assert "Hint 1 of 3" in text


# -- every lab ---------------------------------------------------------------------------------------------------------


def test_validating_a_release_names_every_check_and_written_answer(course):
    found = re.findall(r"VALIDATION FAILED ON (\d+) CELL\(S\)!", course.said["validate others"])
    assert [int(count) for count in found] == [len(checks(notebook(lab))) + len(written(lab)) for lab in OTHERS]


@pytest.mark.parametrize("lab", OTHERS)
def test_three_students_of_a_lab_have_the_points_that_they_earned(course, lab):
    ada, ben, zoe = (course.points[lab][name] for name in ("ada", "ben", "zoe"))
    by_checks, by_hand = points(lab)
    mistake = first_mistake(lab)
    assert (automatic(ada), lost(ada)) == (by_checks, set())
    assert lost(ben) == mistake.breaks
    assert automatic(ben) == by_checks - points_lost(lab, mistake.breaks)
    assert automatic(zoe) == 0
    assert len(lost(zoe)) == len(checks(notebook(lab))) + sum(1 for _ in written(lab))
    for cell in written(lab):
        most = grading(cell)["points"]
        assert ada[cell["id"]] == (None, most, True)  # a person has to look
        assert zoe[cell["id"]] == (0, most, False)  # an answer that was left blank
    assert by_hand == sum(grading(cell)["points"] for cell in written(lab))


def written(lab):
    return [cell for cell in notebook(lab) if grading(cell).get("grade") and grading(cell).get("solution")]


@pytest.mark.parametrize("lab", LABS)
def test_the_feedback_of_a_lab_says_what_does_not_hold_and_keeps_its_secrets(course, lab):
    name = "cleo" if lab == "lab1" else "ben"
    mistake = next(w for w in wrong_solutions(lab) if w.mistake == MISTAKES.get(name, first_mistake(lab).mistake))
    text, blank = course.feedback(lab, name), course.feedback(lab, "zoe")
    for broken in mistake.breaks:
        assert said(hints(lab)[0][broken]["property"]) in text
    assert "There is no code in the answer cell yet" in blank
    assert "A hidden check found a case" in text or lab != "lab0"  # where ben errs in what only they can see
    assert f"Course: {INSTRUCTOR['course']}." in text
    inside = (Path(checks_of(lab).__file__)).read_text(encoding="utf-8")
    ours = [line.strip() for line in inside.split("\n") if line.startswith(("def ", "    raise NotTrue("))]
    for page in (text, blank, course.feedback(lab, "ada")):
        for secret in (*ours, "asking.py", INSTRUCTOR["salt"], INSTRUCTOR["check_seeds"], seed_of(lab)):
            assert secret not in page, secret


def said(sentence):
    """A sentence as it stands in HTML."""
    return sentence.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")


def seed_of(lab):
    from grading.instructor import Instructor

    return Instructor(**INSTRUCTOR).dice(lab)


@pytest.mark.parametrize("lab", LABS)
def test_students_are_given_the_courses_salt_and_nothing_else_of_the_instructors(course, lab):
    outbound = course.folder / "gradebook" / "exchange" / COURSE_ID / "outbound" / lab
    assert INSTRUCTOR["salt"] in (outbound / "course.toml").read_text(encoding="utf-8")
    names = sorted(str(path.relative_to(outbound)) for path in outbound.rglob("*") if path.is_file())
    kept = sorted(str(path.relative_to(RELEASES / lab)) for path in (RELEASES / lab).rglob("*") if path.is_file())
    assert sorted({*names} - {"timestamp.txt"}) == sorted({*kept, "course.toml"})
    for path in outbound.rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert INSTRUCTOR["check_seeds"].encode() not in text, path
        assert seed_of(lab).encode() not in text, path


def test_what_students_and_instructors_make_in_a_clone_stays_out_of_git():
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    made = ["gradebook/gradebook.db", "gradebook/grades.csv", "grades.csv", "lab1/lab1.ipynb"]
    kept = ["labs/lab1/lab1.ipynb", "solutions/lab1/lab1.ipynb"]
    done = subprocess.run(["git", "check-ignore", "--no-index", *made, *kept], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == made
