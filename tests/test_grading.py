"""An instructor's run of the grader: what it records, what it leaves alone, and what it does again.

Three submissions of lab 1 go through plain `nbgrader autograde`, too, and the two gradebooks are held against each
other, cell by cell. For everything else lab 0 will do, which is graded in a moment.
"""

import json
import os
import shutil
import signal
import sqlite3
import tempfile
from concurrent.futures import BrokenExecutor, Executor, Future
from multiprocessing import active_children

import pytest
from test_nbgrader_cycle import Course as CourseFolder
from test_nbgrader_cycle import submission, with_mistake, write

import grading
from grading import command, late, progress, run, state, work
from grading.box import Box, Child
from grading.course import Course
from grading.folders import Folders
from grading.inside import unpacked
from grading.judge import Job, Outcome, Verdict, judge
from grading.plain import packed
from grading.record import Book, NoBook
from grading.worker import close_here
from labs import RELEASES, ROOT, notebook, wrong_solutions

pytestmark = pytest.mark.timeout(300)  # 25 seconds on a quiet core

LAB = "lab0"
MISTAKES = {"lab0": "the last one", "lab1": "the last, shorter slice is dropped"}
FINNS = {lab: next(wrong for wrong in wrong_solutions(lab) if wrong.mistake == text) for lab, text in MISTAKES.items()}
NAMES = "ada", "finn", "zoe"


def works(lab):
    """Honest, partial, blank."""
    return dict(zip(NAMES, (submission(lab), with_mistake(lab, FINNS[lab]), notebook(lab, RELEASES)), strict=True))


# What `nbgrader generate_assignment` and `nbgrader autograde` do, with a copy of the gradebook between them.
PLAIN = """
import json, shutil, sys
from nbgrader.apps.api import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader
buttons = NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py", path=".").load_config())
for lab in ("lab0", "lab1"):
    assert buttons.generate_assignment(lab)["success"]
shutil.copy("gradebook/gradebook.db", "gradebook/fresh.db")
for name in sys.argv[1:]:
    done = buttons.autograde("lab1", name)
    assert done["success"], done
"""


class Inline(Executor):
    """Does the work at once, in this process, with one sandbox for all tests. ``done`` are the jobs it was given."""

    def __init__(self):
        self.done = []

    def submit(self, function, job, *rest):
        if isinstance(job, Job):
            self.done.append(job)
        future = Future()
        try:
            future.set_result(function(job, *rest))
        except Exception as problem:
            future.set_exception(problem)
        return future


class Graded(CourseFolder):
    """A course whose instructor grades with us."""

    def __init__(self, folder, instructor):
        super().__init__(folder)
        self.instructor = instructor
        self.executor = Inline()
        self.book = self.folder / "gradebook" / "gradebook.db"

    def grade(self, lab=LAB, **settings):
        self.executor.done.clear()
        return grading.grade(lab, root=self.folder, executor=self.executor, walls="limits", **settings)

    def hand_in_as(self, student, raw, stamp="2026-01-15 10:00:00 UTC"):
        folder = self.folder / "gradebook" / "submitted" / student / LAB
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{LAB}.ipynb").write_bytes(raw)
        (folder / "timestamp.txt").write_text(stamp)
        return folder

    def rows(self, query="SELECT * FROM grade ORDER BY id"):
        with sqlite3.connect(self.book) as file:
            return file.execute(query).fetchall()

    def marks(self, student):
        """{cell: (auto, manual, waits)}"""
        rows = self.rows(f"""SELECT base_cell.name, auto_score, manual_score, needs_manual_grade {JOINED}
                             WHERE student_id = '{student}'""")
        return {name: rest for name, *rest in rows}

    def change(self, statement):
        with sqlite3.connect(self.book) as file:
            file.execute(statement)

    def copy(self, student, lab=LAB):
        path = self.folder / "gradebook" / "autograded" / student / lab / f"{lab}.ipynb"
        return path.read_text(encoding="utf-8")


JOINED = """FROM grade JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id"""
SUBMITTED = """FROM submitted_assignment
    JOIN submitted_notebook ON submitted_assignment.id = submitted_notebook.assignment_id"""
PENALTIES = f"SELECT student_id, late_submission_penalty {SUBMITTED}"
ALL = {
    "grades": f"""SELECT student_id, base_cell.name, auto_score, manual_score, extra_credit, needs_manual_grade {JOINED}
        ORDER BY 1, 2""",
    "comments": f"""SELECT student_id, base_cell.name, auto_comment, manual_comment {JOINED.replace("grade", "comment")}
        ORDER BY 1, 2""",
    "submissions": f"""SELECT student_id, timestamp, extension, flagged, late_submission_penalty {SUBMITTED}
        ORDER BY 1""",
    "students": "SELECT * FROM student ORDER BY 1",
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A course that plain nbgrader has graded, and beside its gradebook a copy of it as it was before."""
    course = CourseFolder(tmp_path_factory.mktemp("plain"))
    for name, cells in works("lab1").items():
        course.hand_in("lab1", name, cells)
    done = course.python("-c", PLAIN, *NAMES, folder=course.folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return course


@pytest.fixture(scope="module", autouse=True)
def sandboxes():
    yield
    close_here()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One place for all tests that grade lab 0, so that one sandbox does for them."""
    return tmp_path_factory.mktemp("lab0")


@pytest.fixture
def course(plain, folder, monkeypatch):
    """The same course before anything was graded, with three submissions of lab 0."""
    monkeypatch.setenv("DS_INSTRUCTOR", str(plain.instructor))
    shutil.rmtree(folder)
    folder.mkdir()
    course = Graded(folder, plain.instructor)
    for name, cells in works(LAB).items():
        course.hand_in(LAB, name, cells)
    shutil.copy(plain.folder / "gradebook" / "fresh.db", course.book)
    return course


# -- what is recorded --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab1(plain, tmp_path_factory):
    """A course whose lab 1 was graded with us."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DS_INSTRUCTOR", str(plain.instructor))
        course = Graded(tmp_path_factory.mktemp("ours"), plain.instructor)
        for name, cells in works("lab1").items():
            course.hand_in("lab1", name, cells)
        shutil.copy(plain.folder / "gradebook" / "fresh.db", course.book)
        course.result = course.grade("lab1")
    return course


@pytest.mark.parametrize("what", ALL)
def test_the_gradebook_holds_what_plain_nbgrader_records_cell_by_cell(lab1, plain, what):
    with sqlite3.connect(plain.folder / "gradebook" / "gradebook.db") as file:
        theirs = file.execute(ALL[what]).fetchall()
    assert len(theirs) >= len(NAMES)
    assert lab1.rows(ALL[what]) == theirs


def test_every_submission_has_a_score_a_status_and_a_sentence(lab1):
    told = {entry.student: (entry.outcome.status, entry.outcome.sentence) for entry in lab1.result.entries}
    assert told == {
        "ada": ("ok", "Every answer cell was run."),
        "finn": ("ok", "Every answer cell was run."),
        "zoe": ("blank", "No answer cell was filled in."),
    }
    scores = {entry.student: sum(g.score for g in entry.grades.values()) for entry in lab1.result.entries}
    assert scores["ada"] == 12
    assert scores["finn"] == 12 - lost("lab1")
    assert scores["zoe"] == 0
    assert lab1.result.status == 0


def test_the_copy_holds_what_came_of_each_check_and_no_hidden_one(lab1):
    ada, finn = json.loads(lab1.copy("ada", "lab1")), lab1.copy("finn", "lab1")
    said = {cell["id"]: cell["outputs"] for cell in ada["cells"] if cell["id"].startswith("check-")}
    assert len(said) == 21
    assert all(outputs[0]["text"] == "passed\n" for outputs in said.values())
    for broken in FINNS["lab1"].breaks:
        (output,) = next(c for c in json.loads(finn)["cells"] if c["id"] == f"check-{broken}")["outputs"]
        assert output["output_type"] == "error"
        assert output["traceback"][0].startswith("✗ ")
        assert any(line.startswith("Hint: ") for line in output["traceback"])
    for text in (lab1.copy("ada", "lab1"), finn):
        assert "HIDDEN" not in text
        assert "grading.checks" not in text
        assert "Graded with remarks" not in text


def test_formgrader_feedback_and_export_go_on_from_there(lab1, monkeypatch):
    from nbgrader.apps.api import NbGraderAPI

    monkeypatch.chdir(lab1.folder)
    folders = Folders(lab1.folder)
    folders.config.CsvExportPlugin.to = str(lab1.folder / "grades.csv")
    buttons = NbGraderAPI(config=folders.config)
    listed = {entry["student"]: entry for entry in buttons.get_submissions("lab1")}
    assert {name: (entry["autograded"], entry["needs_manual_grade"]) for name, entry in listed.items()} == {
        "ada": (True, True),
        "finn": (True, True),
        "zoe": (True, False),
    }
    to_mark = buttons.get_notebook_submission_indices("lab1", "lab1")
    assert len(to_mark) == 3
    assert buttons.generate_feedback("lab1", "finn")["success"]
    page = lab1.feedback("lab1", "finn")
    assert "✗ " in page
    assert "Hint: " in page
    with buttons.gradebook as book:
        from nbgrader.plugins import CsvExportPlugin

        CsvExportPlugin(config=folders.config).export(book)
    lines = (lab1.folder / "grades.csv").read_text().splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines if line.startswith("lab1")]
    scores = {row["student_id"]: float(row["raw_score"]) for row in rows}
    assert scores == {"ada": 12.0, "finn": 12.0 - lost("lab1"), "zoe": 0.0}


def lost(lab):
    points = Course(lab).points
    return sum(points[f"check-{name}"] for name in FINNS[lab].breaks)


# -- what is done again ------------------------------------------------------------------------------------------------


def test_a_second_run_does_nothing_and_changes_no_byte(course):
    first = course.grade()
    before = contents(course.folder / "gradebook")
    again = course.grade()
    assert course.executor.done == []
    assert (again.judged, again.written, again.status) == ({}, [], 0)
    assert contents(course.folder / "gradebook") == before
    assert again.entries == first.entries


def contents(folder):
    """All files by name, but the page, which says when it was made."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".html"}


def test_only_who_hands_in_anew_is_graded_again_and_marks_and_extensions_stay(course):
    course.grade()
    course.change("UPDATE grade SET manual_score = 1.5, needs_manual_grade = 0 WHERE auto_score IS NULL")
    course.change("UPDATE submitted_assignment SET extension = '1970-01-03 00:00:00'")
    ada, finn = course.marks("ada"), course.marks("finn")
    course.hand_in_as("finn", (course.folder / "gradebook/submitted/ada/lab0/lab0.ipynb").read_bytes())
    done = course.grade()
    assert [job.student for job in course.executor.done] == ["finn"]
    assert (list(done.judged), done.written, done.differences) == (["finn"], ["finn"], [])
    assert course.marks("ada") == ada
    assert finn["explain"] == [None, 1.5, 0]
    assert course.marks("finn") == {**ada, "explain": [None, 1.5, 1]}  # as nbgrader does: a person looks once more
    assert {extension for (extension,) in course.rows("SELECT extension FROM submitted_assignment")} == {
        "1970-01-03 00:00:00"
    }


def test_a_run_that_is_stopped_keeps_what_it_has_and_the_next_one_goes_on(course):
    class Stopped(progress.Progress):
        def step(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        course.grade(progress=Stopped)
    first = {student for (student,) in course.rows("SELECT student_id FROM submitted_assignment")}
    assert len(first) == 1
    assert course.copy(*first)
    course.grade()
    assert {job.student for job in course.executor.done} == {*NAMES} - first
    assert len(course.rows("SELECT * FROM submitted_assignment")) == 3


def test_only_named_students_are_graded_and_an_unknown_one_is_named(course):
    course.change("INSERT INTO student (id) VALUES ('yuri')")
    done = course.grade(students=["zoe"])
    assert done.absent == ["yuri"]
    assert [entry.student for entry in done.entries] == ["zoe"]
    assert course.rows("SELECT student_id FROM submitted_assignment") == [("zoe",)]
    with pytest.raises(run.NothingToGrade, match=r"no submission at .*fin/lab0. Did you mean finn\?"):
        course.grade(students=["fin"])


def test_a_gradebook_that_was_lost_is_filled_again_without_running_anything(course, plain):
    course.grade()
    before = course.rows(ALL["grades"])
    shutil.copy(plain.folder / "gradebook" / "fresh.db", course.book)
    shutil.rmtree(course.folder / "gradebook" / "autograded")
    done = course.grade()
    assert course.executor.done == []
    assert sorted(done.written) == sorted(NAMES)
    assert course.rows(ALL["grades"]) == before


def test_what_plain_nbgrader_put_in_place_of_a_copy_is_replaced(course):
    course.grade()
    path = course.folder / "gradebook" / "autograded" / "ada" / LAB / f"{LAB}.ipynb"
    ours = path.read_bytes()
    path.chmod(0o644)
    path.write_text("with its hidden tests")
    assert course.grade().written == ["ada"]
    assert path.read_bytes() == ours


def test_a_gradebook_that_cannot_be_written_is_said_in_a_sentence(course, capsys, monkeypatch):
    def full(*_):
        raise sqlite3.OperationalError("database or disk is full\nand more")

    monkeypatch.setattr(Book, "commit", full)
    grade, settings = run.grade, {"root": course.folder, "executor": course.executor, "walls": "limits"}
    monkeypatch.setattr(command.run, "grade", lambda lab, **_: grade(lab, **settings))
    assert command.main([LAB]) == 2
    assert "It could not be written: database or disk is full. What was graded" in capsys.readouterr().err


@pytest.mark.parametrize("lab", [f"lab{number}" for number in range(1, 8)])
def test_what_the_judge_tells_a_submission_is_what_that_would_have_computed(lab):
    for function, ways, value in Course(lab).properties.known("ada"):
        assert unpacked(packed(value)) == value
        assert all(function(*way) == value for way in ways[-1:])


def judged(course, box, learner, cells, limit_s=20.0):
    """A submission's outcome, and the questions that its process was asked."""
    asked, real = [], Child.call
    whole = json.loads((RELEASES / course.lab / f"{course.lab}.ipynb").read_text(encoding="utf-8"))
    raw = json.dumps({**whole, "cells": cells}).replace("self-paced", learner).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Child, "call", lambda child, calls, until: asked.append(calls) or real(child, calls, until))
        patch.setattr(course.properties, "limit_s", limit_s)
        outcome = judge(Job(course.lab, learner, raw), course, box)
    return outcome._replace(seconds=0, cpu_s=0), asked


BAD = {
    "another answer for large ones": "    return 0.5 if valid > 30 else good / valid",
    "it ends": "    if valid > 30:\n        __import__('os')._exit(1)\n    return good / valid",
    "it hangs": "    while valid > 30:\n        pass\n    return good / valid",
    "it is slow, and right": "    __import__('time').sleep(0.01)\n    return good / valid if valid else math.nan",
    "it raises": "    return good / valid",
    "it counts": "    counted.append(1)\n    return good / valid if valid and len(counted) < 20 else math.nan",
}


def test_what_is_asked_ahead_saves_round_trips_and_changes_no_word():
    honest, warm = submission(LAB), Course(LAB)
    with warm.staged() as folder, Box(folder, "limits") as box:
        first = [len(judged(warm, box, name, honest)[1]) for name in NAMES]
        assert first[2] < first[0] / 4
        for mistake, body in BAD.items():
            text = f"counted = []\ndef share(good, valid):\n{body}\n"
            cells = [{**cell, "source": text} if cell["id"] == "answer-share" else cell for cell in honest]
            cold, ahead = judged(Course(LAB), box, "ben", cells, 1.0)[0], judged(warm, box, "ben", cells, 1.0)[0]
            assert cold == ahead, mistake


def test_nobody_is_asked_about_data_of_somebody_else():
    lab = "lab3"
    course, honest = Course(lab), submission(lab)
    with course.staged() as folder, Box(folder, "limits") as box:
        alone = [call for calls in judged(Course(lab), box, "zoe", honest)[1] for call in calls]
        own = {call for name in ("ada", "finn") for calls in judged(course, box, name, honest)[1] for call in calls}
        together = [call for calls in judged(course, box, "zoe", honest)[1] for call in calls]
    assert together == alone
    assert own - set(alone)  # there is something of their own


def test_a_mended_check_regrades_what_it_touches_and_asks_before_it_writes(course):
    course.grade()
    before = course.book.read_bytes()
    checks = course.folder / "grading" / "checks" / f"{LAB}.py"
    text = checks.read_text(encoding="utf-8")
    checks.write_text(text.replace("same(found, max(waits))", "same(found, min(waits))"))
    assert checks.read_text(encoding="utf-8") != text

    def graded(*words):
        return course.python("-m", "grading", LAB, "--walls", "limits", "--jobs", "1", *words, folder=course.folder)

    held = graded()
    assert held.returncode == 3, held.stderr
    assert "Asked again, because the check was changed: longest-wait.\n" in held.stdout
    changed = [line.split() for line in held.stdout.splitlines() if "check-" in line]
    assert [line[:5] for line in changed] == [["ada", "check-longest-wait", "1", "->", "0"]]
    assert "Nothing of the points listed above was written" in held.stderr
    assert held.stderr.count("NO WALLS") == 2
    assert course.book.read_bytes() == before
    written = graded("--yes")
    assert written.returncode == 0, written.stderr
    assert "graded now" in written.stdout
    assert "lab0: 0 graded now" in written.stdout  # what was found out in the first run is kept
    assert course.marks("ada")["check-longest-wait"] == [0, None, 0]
    assert "✗ " in course.copy("ada")


def test_points_given_by_a_person_are_asked_about_again_only_where_a_check_was_mended(course, monkeypatch):
    course.grade()
    course.change("UPDATE grade SET manual_score = 0.25, needs_manual_grade = 0")
    with sqlite3.connect(course.folder / "gradebook" / "grading" / LAB / "state.db") as file:  # as if it had been other
        file.execute("UPDATE kept SET properties = json_set(properties, '$.longest-wait', 'another check')")
    monkeypatch.setitem(Course(LAB).properties.properties, "longest-wait", fail_always)
    done = course.grade(accept=True)
    assert [(one.student, one.cell) for one in done.differences] == [("ada", "check-longest-wait")]
    assert [job.only for job in course.executor.done] == [("longest-wait",)] * 3
    marks = course.marks("ada")
    assert marks.pop("check-longest-wait") == [0, 0.25, 1]
    assert {(manual, waits) for _, manual, waits in marks.values()} == {(0.25, 0)}


def fail_always(student, dice, learner):
    from grading.checks.asking import NotTrue

    raise NotTrue("it is never true.")


# -- bad submissions ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_has_a_score_of_nothing_and_a_sentence(course):
    submitted = course.folder / "gradebook" / "submitted"
    course.hand_in_as("empty", b"")
    course.hand_in_as("torn", (submitted / "ada/lab0/lab0.ipynb").read_bytes()[:5_000])
    (course.hand_in_as("none", b"") / f"{LAB}.ipynb").unlink()
    (submitted / "linked").mkdir()
    (submitted / "linked" / LAB).symlink_to(submitted / "ada" / LAB)
    (submitted / "shut" / LAB).mkdir(parents=True)
    (submitted / "shut").chmod(0)  # root looks into it all the same
    odd = ["<img src=x onerror=alert(1)>", "ben\n", "ben\x1b[2J", os.fsdecode(b"ben\xff"), "\u202eneb"]
    for name in odd:  # Formgrader would run the first, nbgrader stop at the second, no database hold the fourth
        shutil.copytree(submitted / "ada", submitted / name)
    done = course.grade()
    told = {entry.student: entry.outcome.status for entry in done.entries}
    assert told == {
        "ada": "ok", "finn": "ok", "zoe": "blank",
        "empty": "empty", "torn": "unreadable", "none": "no notebook", "linked": "link",
        "shut": "unreadable" if os.geteuid() else "no notebook",
    }  # fmt: skip
    (submitted / "shut").chmod(0o700)
    for name in ("empty", "torn", "none", "linked", "shut"):
        assert {tuple(mark) for mark in course.marks(name).values()} == {(0, None, 0)}
        assert "Graded with remarks" in course.copy(name)
    assert (done.passed_over, done.status) == (sorted(odd), 1)
    for name in odd:
        shutil.rmtree(submitted / name)
    assert course.grade().status == 0


def test_a_time_stamp_that_is_none_costs_nothing_and_is_named(course):
    course.hand_in_as("eve", json.dumps({"cells": []}).encode(), stamp="99999999999999999999")
    course.hand_in_as("ada", (course.folder / "gradebook/submitted/ada/lab0/lab0.ipynb").read_bytes(), stamp="soon")
    pipe = course.folder / "gradebook/submitted/finn/lab0/timestamp.txt"
    pipe.unlink()
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)  # and nobody writes anything into it
    entries = {entry.student: entry for entry in course.grade().entries}
    assert entries["ada"].outcome.status == "ok"
    os.close(held)
    for name in ("ada", "eve", "finn"):
        assert [f.kind for f in entries[name].outcome.findings].count("no time") == 1
        assert "2026-01-15 10:00:00 UTC" in entries[name].outcome.findings[-1].sentence
    assert dict(course.rows("SELECT student_id, timestamp FROM submitted_assignment"))["ada"] is None


def test_what_a_submission_printed_is_plain_and_valid_text_in_the_copy(course):
    cells = submission(LAB)
    for cell in cells:
        if cell["id"] == "answer-share":
            cell["source"] += ["\nprint('\\x1b[2J\\x1b]0;title\\x07\\u202ereversed\\x00', '\\ud800')\n"]
        if cell["id"] == "explain":
            cell["source"] = ["Traffic \ud800 <script>alert(1)</script>"]
    folder = course.hand_in_as("ada", b"")
    write(LAB, folder / f"{LAB}.ipynb", cells)
    course.grade(students=["ada"])
    copy = course.copy("ada")
    assert not {"\x1b", "\u202e", "\x00"} & set(copy)
    assert "\\u001b" not in copy
    assert "title" not in "".join(json.loads(copy)["cells"][0]["source"])
    assert "reversed" in copy
    copy.encode("utf-8")


# -- handing in late ---------------------------------------------------------------------------------------------------


def test_a_late_policy_counts_days_that_have_begun_after_a_grace(course):
    policy = late.LatePolicy(percent_per_day=10, grace_minutes=15, most_percent=35, zero_after_days=7)
    off = [policy.late_submission_penalty("ada", 10, hours * 3600) for hours in (0.25, 1, 24, 25, 80, 168, 169)]
    assert off == [None, 1, 1, 2, 3.5, 3.5, 10]
    assert late.LatePolicy().late_submission_penalty("ada", 10, 3600) is None


def test_late_work_pays_what_nbgraders_own_step_would_enter_also_for_marks_given_later(course):
    from nbgrader.preprocessors import AssignLatePenalties
    from traitlets.config import Config

    with open(course.folder / "nbgrader_config.py", "a") as file:
        file.write("c.AssignLatePenalties.plugin_class = 'grading.late.LatePolicy'\n")
        file.write("c.LatePolicy.percent_per_day = 10\n")
    course.change("UPDATE assignment SET duedate = '2026-01-13 09:00:00.000000'")  # two days and an hour before
    course.grade()
    assert dict(course.rows(PENALTIES)) == pytest.approx({"ada": 0.9, "finn": 0.6, "zoe": 0})
    course.change("UPDATE grade SET manual_score = 1, needs_manual_grade = 0 WHERE auto_score IS NULL")
    extended = "UPDATE submitted_assignment SET extension = '1970-01-02 00:00:00.000000' WHERE student_id = 'finn'"
    course.change(extended)
    assert course.grade().judged == {}
    ours = dict(course.rows(PENALTIES))
    assert ours == pytest.approx({"ada": 1.2, "finn": 0.6, "zoe": 0})
    step = AssignLatePenalties(config=Config(Folders(course.folder).config))
    for name in NAMES:
        about = {"notebook": LAB, "assignment": LAB, "student": name, "db_url": f"sqlite:///{course.book}"}
        step.preprocess(type("Notebook", (), {"cells": []})(), {"nbgrader": about})
    assert dict(course.rows(PENALTIES)) == pytest.approx(ours)


# -- who does the work -------------------------------------------------------------------------------------------------

BLANK = (RELEASES / LAB / f"{LAB}.ipynb").read_bytes()


def jobs(*names):
    return [Job(LAB, name, BLANK, whole_s=60) for name in names]


def test_a_worker_that_is_killed_costs_nobody_a_grade_and_leaves_no_process_and_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(active_children())
    names = ["ada", "ben", "cleo", "dora", "finn"]
    found, killed = {}, []
    for outcome in work.outcomes(iter(jobs(*names)), None, "limits", ROOT, workers=2):
        found[outcome.student] = outcome.status
        if not killed:
            killed = [child.pid for child in set(active_children()) - before][:1]
            os.kill(killed[0], signal.SIGKILL)
    assert found == dict.fromkeys(names, "blank")
    assert set(active_children()) == before
    assert list(tmp_path.iterdir()) == []


class Flaky(Inline):
    """Its worker dies with some jobs, so many times. ``broken`` after that many jobs it takes none any more."""

    def __init__(self, deaths, broken=99):
        super().__init__()
        self.deaths, self.broken = dict(deaths), broken

    def submit(self, function, job, *rest):
        if len(self.done) >= self.broken:
            raise BrokenExecutor("gone")
        if isinstance(job, Job) and self.deaths.get(job.student):
            self.deaths[job.student] -= 1
            self.done.append(job)
            future = Future()
            future.set_exception(OSError("no memory\nleft"))
            return future
        return super().submit(answer if isinstance(job, Job) else function, job, *rest)


def answer(job, *_):
    return Outcome(job.student, "ok", "", {}, {}, {}, [])


def test_a_job_whose_worker_dies_twice_is_named_and_the_others_go_on():
    executor = Flaky({"ben": 1, "cleo": 2})
    found = {one.student: one for one in work.outcomes(jobs("ada", "ben", "cleo", "dora"), executor, "limits", ROOT)}
    assert {name: one.status for name, one in found.items()} == {
        "ada": "ok", "ben": "ok", "cleo": "not graded", "dora": "ok",
    }  # fmt: skip
    assert found["cleo"].sentence.endswith("Twice its worker failed: OSError: no memory left.")
    assert [job.student for job in executor.done].count("cleo") == 2


def test_when_the_executor_itself_breaks_the_rest_is_done_on_this_machine(monkeypatch):
    class Pool:
        broken = False

        def __init__(self, workers):
            self.workers = workers

        def all(self, first, line, suspects, root, walls):
            for job in [first, *line]:
                yield Outcome(job.student, "here", "", {}, {}, {}, [])

        def judge(self, job, root, walls):
            return Outcome(job.student, "here, alone", "", {}, {}, {}, [])

        def end(self):
            pass

    monkeypatch.setattr(work, "Pool", Pool)
    found = work.outcomes(jobs("ada", "ben", "cleo", "dora"), Flaky({}, broken=2), "limits", ROOT)
    assert {one.student: one.status for one in found} == {
        "ada": "ok", "ben": "ok", "cleo": "here, alone", "dora": "here",
    }  # fmt: skip


def test_a_submission_that_could_not_be_judged_keeps_its_grade_and_is_tried_again(course):
    course.grade()
    before = course.rows(ALL["grades"])
    course.hand_in_as("zoe", (course.folder / "gradebook/submitted/ada/lab0/lab0.ipynb").read_bytes())
    course.executor = Flaky({"zoe": 2})
    done = course.grade()
    assert (done.status, done.not_graded) == (1, ["zoe"])
    assert course.rows(ALL["grades"]) == before
    course.executor = Inline()
    assert course.grade().status == 0
    assert [job.student for job in course.executor.done] == ["zoe"]


# -- what an outcome comes from ----------------------------------------------------------------------------------------

CHECKS = '''
from .asking import Properties, same
LIMIT = 3
def helper(value):
    """Says something."""
    return value + LIMIT
def other():
    return 1
def first(student, dice, learner):
    return helper(2)
def second(student, dice, learner):
    return same(other(), 1)
LAB = Properties("lab9", globals())
'''
ASKING = """
class Properties: ...
def same(a, b):
    return near(a, b)
def near(a, b):
    return a == b
def words(value): ...
"""


@pytest.mark.parametrize(
    ("file", "old", "new", "touched"),
    [
        ("lab9", "LIMIT = 3", "LIMIT = 4", {"first"}),
        ("lab9", "value + LIMIT", "value - LIMIT", {"first"}),
        ("lab9", "return 1", "return 2", {"second"}),
        ("lab9", '"lab9", globals()', '"lab9", globals(), 5', {"first", "second"}),
        ("lab9", "LIMIT = 3", "LIMIT = 3  # of three", set()),
        ("lab9", "Says something.", "Says something else.", set()),
        ("lab9", "LIMIT = 3", "import math\nmath.tau = 3\nLIMIT = 3", {"first", "second"}),
        ("asking", "a == b", "a is b", {"second"}),
        ("asking", "class Properties: ...", "class Properties: limit = 3", {"first", "second"}),
        ("asking", "def words(value): ...", "def words(value): return value", set()),
    ],
)
def test_a_changed_line_of_a_check_touches_the_properties_that_reach_it(tmp_path, file, old, new, touched):
    for name, text in (("lab9", CHECKS), ("asking", ASKING)):
        (tmp_path / f"{name}.py").write_text(text)

    def names():
        return {name: state.reach(tmp_path / "lab9.py", (name, "LAB")) for name in ("first", "second")}

    before = names()
    path = tmp_path / f"{file}.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert {name for name, digest in names().items() if digest != before[name]} == touched


def test_a_damaged_state_is_made_anew_and_two_runs_do_not_meet(tmp_path):
    outcome = Outcome("ada", "ok", "Well.", {"longest-wait": Verdict(True, "")}, {}, {}, [])
    with state.State(tmp_path) as one:
        one.keep(state.Kept("s", "b", {"longest-wait": "d"}, outcome))
        one.commit()
        with pytest.raises(state.Busy, match="Another run is at work"):
            state.State(tmp_path)
    with state.State(tmp_path) as one:
        assert one.kept("ada").outcome == outcome
    (tmp_path / "state.db").write_bytes(b"not a database, and long enough to be looked at" * 40)
    with state.State(tmp_path) as one:
        assert one.kept("ada") is None


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lab77"], "'lab77' is no lab"),
        (["lab0", "--student", "nobody"], "There is no submission at "),
        (["lab6"], "There is no submission of lab6"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_and_gives_status_2(course, capsys, monkeypatch, words, said):
    grade = run.grade
    monkeypatch.setattr(command.run, "grade", lambda lab, **rest: grade(lab, root=course.folder, **rest))
    assert command.main(words) == 2
    assert said in capsys.readouterr().err


def test_a_lab_that_was_not_generated_is_named_with_the_command(course):
    course.hand_in("lab6", "ada", notebook("lab6", RELEASES))
    with pytest.raises(NoBook, match=r"does not know lab6. Write: nbgrader generate_assignment lab6$"):
        course.grade("lab6")


def test_a_gradebook_with_other_points_than_the_release_is_refused(course):
    course.change("UPDATE grade_cells SET max_score = 7 WHERE cell_type = 'markdown'")
    with pytest.raises(NoBook, match="another lab0 than labs/lab0/ is; they differ in explain"):
        course.grade()


def test_a_gradebook_that_is_locked_is_said(course):
    held = sqlite3.connect(course.book, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    with pytest.raises(NoBook, match="Another program has locked the gradebook"):
        Book(f"sqlite:///{course.book}?timeout=0.1", "c", LAB, {})
    held.close()


def test_progress_says_how_much_is_left():
    assert progress.left(0, 10, 0) == "no estimate yet"
    assert progress.left(2, 10, 10) == "about 40 s left"
    assert progress.left(10, 200, 60) == "about 19 min left"
    assert progress.left(10, 10, 60) == "60 s in all"
