"""Every submission of tests/attacks.py gets what it has to get, and touches nothing but itself.

Each is judged between two honest ones, by one and the same sandbox, whose walls were tried before. Afterwards the other
submissions, the gradebook, the solutions and the instructor's file are what they were, byte for byte, and no process is
left. grading/README.md shows the cases as a table, which is held against them here.
"""

import hashlib
import json
import math
import os
import re
import shutil
import socket
import sqlite3
import sys
import warnings
from pathlib import Path

import pytest
from attacks import CASES, PROPERTIES, Case, notebook, with_table
from conftest import browser_is_required
from test_nbgrader_cycle import Course as CourseFolder

import grading
from grading import box, plain
from grading import judge as judge_module
from grading.box import Box, BoxProblem, Limits, best, probe
from grading.course import Course
from grading.judge import Job, judge, unread
from grading.rebuild import Unreadable, read_folder
from labs import LABS, ROOT, checks_of

LAB = ROOT / "labs" / "lab0"
LIMITS = Limits(memory=1 << 30, cpu_s=30)
#: Seconds for a cell and for a property of a submission that is known to run too long.
SHORT_S = 1.0

linux = pytest.mark.skipif(sys.platform != "linux", reason="the walls are built of Linux's means")


# -- the walls ---------------------------------------------------------------------------------------------------------


def standing(kind, not_run):
    """Go on only where these walls stand; in the whole check they must."""
    try:
        leaks = probe(kind, LAB)
    except (BoxProblem, OSError) as problem:
        leaks = [str(problem)]
    if leaks:
        what = f"grading behind walls of the kind {kind}: {'; '.join(leaks)} (Debian: apt-get install bubblewrap)"
        if browser_is_required():
            pytest.fail(f"nothing may be left out of this run, but there is no {what}")
        not_run(what)


@linux
@pytest.mark.parametrize("kind", ["bwrap", "namespaces"])
def test_the_walls_stand(kind, not_run):
    """Tried from inside: secrets, other folders, devices, network, processes. All below relies on it."""
    standing(kind, not_run)


def test_without_walls_it_is_said_why(monkeypatch):
    kind, problems = best(LAB, ("limits",))
    assert (kind, problems) == ("limits", ())
    with monkeypatch.context() as patch:
        patch.setattr(box.shutil, "which", lambda name: None)
        patch.setattr(box, "probe", lambda kind, folder, hidden=(): ["sees everything"])
        kind, problems = best(LAB, ("bwrap", "namespaces", "limits"), ("never asked before",))
    assert kind == "limits"
    assert "apt-get install bubblewrap" in problems[0]
    assert problems[1] == "namespaces: a process inside sees everything"


# -- the course that is attacked ---------------------------------------------------------------------------------------


class Trial:
    """A course in a folder of its own, with a gradebook, two other students and a listener; and a sandbox."""

    def __init__(self, root, kind):
        self.root, self.kind = root, kind
        for name in ("labs/lab0", "solutions/lab0"):
            shutil.copytree(ROOT / name, root / name)
        (root / "instructor.toml").write_text("nobody may know this")
        self.course = Course("lab0", root)
        for student in ("ada", "cleo"):
            whole = json.dumps(notebook()).replace("self-paced", student)  # so that what both are asked is nobody's own
            (self.folder(student) / "lab0.ipynb").write_text(whole)
        with sqlite3.connect(root / "gradebook" / "gradebook.db") as book:
            book.execute("CREATE TABLE grade (student TEXT, manual_score REAL)")
            book.execute("INSERT INTO grade VALUES ('ada', 3.0), ('cleo', 3.0)")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.staged = self.course.staged()
        self.box = Box(self.staged.__enter__(), kind, LIMITS)
        self.properties_s = self.course.properties.limit_s
        self.before = self.digest()
        self.processes = self.running()

    def close(self):
        self.course.properties.limit_s = self.properties_s
        self.box.close()
        self.staged.__exit__(None, None, None)
        self.listener.close()

    def folder(self, student):
        folder = self.root / "gradebook" / "submitted" / student / "lab0"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def digest(self):
        """Everything in the course's folder but the submission that is on trial."""
        whole = hashlib.sha256()
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_file() and "/ben/" not in name:
                whole.update(f"{name} {path.stat().st_mode} ".encode() + path.read_bytes())
        return whole.hexdigest()

    def judge(self, student, seconds=30.0):
        """As the grader does it: read the folder, then judge."""
        self.course.properties.limit_s = seconds
        folder = self.root / "gradebook" / "submitted" / student / "lab0"
        try:
            read, findings = read_folder(folder, "lab0", self.course.files)
        except Unreadable as problem:
            return unread(student, problem, list(PROPERTIES.values()), [])
        return judge(Job("lab0", student, read, tuple(findings), None, seconds), self.course, self.box)

    def honest(self, student):
        outcome = self.judge(student)
        assert held(outcome) == "SNL", f"{student} did nothing wrong: {outcome.verdicts}"
        assert (outcome.status, outcome.sentence, outcome.findings) == ("ok", "Every answer cell was run.", [])

    def nothing_is_left(self):
        assert self.digest() == self.before, "a file that is none of its own has changed"
        assert self.running() == self.processes, "a process goes on"
        with pytest.raises(BlockingIOError):
            self.listener.accept()

    def running(self):
        """The processes of this sandbox, and the programs that submissions start."""
        marks = self.box._scratch.encode(), b"sleep\0" + f"1000{self.port}".encode()
        return {number for number, line in programs() if any(mark in line for mark in marks)}

    def printed(self, outcome):
        number = next(n for n, slot in enumerate(self.course.slots) if slot.grade_id == "answer-share")
        return outcome.ran[number].printed.strip("\n")


def held(outcome):
    """The letters of the properties that hold."""
    return "".join(letter for letter, name in PROPERTIES.items() if outcome.verdicts[name].passed)


def programs():
    """The number and the command of every process of this machine."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            yield int(entry), Path("/proc", entry, "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    """An instructor's file is in use, as in a real course."""
    path = tmp_path_factory.mktemp("instructor") / "instructor.toml"
    path.write_text('course = "c"\nsalt = "pepper and more pepper"\ncheck_seeds = "nobody may know this"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DS_INSTRUCTOR", str(path))
        patch.setattr(plain, "READING_S", 0.5)
        yield path


def trial(kind, tmp_path_factory):
    one = Trial(tmp_path_factory.mktemp("course"), kind)
    assert one.processes
    try:
        one.honest("ada")
        yield one
    finally:
        one.close()
    assert not one.running(), "the sandbox is closed, and goes on"


@pytest.fixture(scope="module")
def walled(tmp_path_factory, secrets):
    """Behind the best walls that this machine has."""
    kind, problems = best(LAB)
    if kind == "limits":
        pytest.skip(f"no walls stand here: {problems}")  # test_the_walls_stand says so, loudly
    yield from trial(kind, tmp_path_factory)


@pytest.fixture(scope="module")
def namespaces(tmp_path_factory, secrets):
    if sys.platform != "linux" or best(LAB, ("namespaces", "limits"))[0] == "limits":
        pytest.skip("no namespaces here")
    yield from trial("namespaces", tmp_path_factory)


@pytest.fixture(scope="module")
def limits(tmp_path_factory, secrets):
    if sys.platform != "linux":
        pytest.skip("a fork bomb is stopped by Linux's means")
    for one in trial("limits", tmp_path_factory):
        child = one.box.child()
        said = child.run("import os\nos.fork()", 5)
        child.end()
        assert said["error"]["name"] == "PermissionError"
        yield one


# -- the cases ---------------------------------------------------------------------------------------------------------


def try_it(case, trial):
    folder = trial.folder("ben")
    try:
        made = case.make(folder)
        if made is not None:
            written = made if isinstance(made, bytes) else json.dumps(made).encode()
            written = written.replace(b"ROOT", str(trial.root).encode()).replace(b"PORT", str(trial.port).encode())
            (folder / "lab0.ipynb").write_bytes(written)
        outcome = trial.judge("ben", SHORT_S if case.status == "time-out" else 30.0)
    finally:
        shutil.rmtree(trial.root / "gradebook" / "submitted" / "ben")
    told = f"{outcome.status}: {outcome.sentence}\n{outcome.verdicts}\n{outcome.findings}\n{outcome.ran}"
    assert held(outcome) == case.holds, told
    assert outcome.status == case.status, told
    assert case.sentence in outcome.sentence, told
    if case.printed is not None:
        assert re.fullmatch(case.printed, trial.printed(outcome)), told
    if case.finding:
        assert any(case.finding in finding.sentence for finding in outcome.findings), told
    if case.verdict:
        assert re.search(case.verdict, outcome.verdicts["a-share"].sentence), told
    fit_to_print(outcome)
    trial.nothing_is_left()
    trial.honest("cleo")


def fit_to_print(outcome):
    """Sentences have a few lines of a bounded length, and nothing that steers a terminal or breaks a file."""
    sentences = [outcome.sentence, *(verdict.sentence for verdict in outcome.verdicts.values())]
    for text in [*sentences, *(finding.sentence for finding in outcome.findings)]:
        assert len(text) <= 2_000
        assert all(c.isprintable() or c == "\n" for c in text), text
    for ran in outcome.ran.values():
        for text in (ran.printed, *ran.shown, ran.error):
            assert len(text) < 50_000
            assert all(c.isprintable() or c in "\n\t" or ord(c) > 0xFF for c in text), text
    json.dumps(outcome._asdict(), ensure_ascii=False, default=repr).encode()


def of_kind(kind):
    return pytest.mark.parametrize("case", [c for c in CASES if not kind or kind in c.kinds], ids=lambda c: c.name)


@linux
@of_kind("")
def test_hostile(case, walled):
    try_it(case, walled)


@linux
@of_kind("namespaces")
def test_hostile_in_namespaces(case, namespaces):
    """Where there is no bubblewrap."""
    try_it(case, namespaces)


@linux
@of_kind("limits")
def test_hostile_without_walls(case, limits):
    """What is promised without walls: limits, no processes, no sockets, no signals to others, points all the same."""
    try_it(case, limits)


@linux
def test_after_many_time_outs_what_is_left_has_little_time(walled, monkeypatch):
    """So that a submission that hangs everywhere takes minutes of the run, and not all that there are for it."""
    slow = "import time\ndef longest(waits):\n    time.sleep(0.5 if not hasattr(time, 'asked') else 0)\n"
    slow += "    time.asked = True\n    return max(waits)\n"
    hangs = "import time\ndef share(good, valid):\n    time.sleep(1_000)\n"
    for many, holds in ((4, "L"), (1, "")):
        monkeypatch.setattr(judge_module, "MANY", many)
        try_it(Case("hangs", "-", holds, "time-out", "ran too long", lambda folder: notebook(hangs, slow)), walled)


def test_the_table():
    """grading/README.md shows the cases as they are tried here."""
    page = (ROOT / "grading" / "README.md").read_text(encoding="utf-8")
    assert page == with_table(page), "write: .venv/bin/python tests/attacks.py"


# -- checks that let too much pass -------------------------------------------------------------------------------------

ALWAYS = {
    "nan": lambda *_, **__: math.nan,
    "inf": lambda *_, **__: math.inf,
    "0": lambda *_, **__: 0,
    "True": lambda *_, **__: True,
    "an empty list": lambda *_, **__: [],
    "what is no plain data": lambda *_, **__: plain.Opaque("Any", "<Any>"),
    "its last argument": lambda *given, **__: given[-1] if given else None,
}


class Always:
    """A submission whose functions all answer the same."""

    def __init__(self, answer):
        self._answer = answer

    def __getattr__(self, name):
        return self._answer


@pytest.mark.parametrize("lab", LABS)
def test_who_always_answers_the_same_has_hardly_a_point(lab):
    """A function that only knows one case keeps the property of that case, such as nan without any traffic."""
    properties = checks_of(lab).LAB
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, answer in ALWAYS.items():
            kept = [one for one in properties.properties if not properties.verdict(one, Always(answer), "ada")]
            assert len(kept) <= 2, f"always {name} passes {kept}"


# -- a whole class -----------------------------------------------------------------------------------------------------

#: For a real gradebook; each of these has no need of a long wait.
IN_CLASS = (
    "a crash in a cell", "cells copied", "truncated JSON", "tag skip-execution on the check cells, no answers",
    "UPDATE grade in the gradebook", "deletes the gradebook and all it finds", "words for the feedback",
    "halves of characters", "a name that is code", "an answer ahead of the question",
    "the notebook is a link to another student's", "100 MB printed, in one line",
)  # fmt: skip


@linux
@pytest.mark.timeout(300)
def test_a_class_with_hostile_members(tmp_path, monkeypatch):
    """The instructor's own command, with nbgrader's gradebook: the rows of the others do not change by a bit."""
    if best(LAB)[0] == "limits":
        pytest.skip("no walls stand here")
    folder = CourseFolder(tmp_path)
    monkeypatch.setenv("DS_INSTRUCTOR", str(folder.instructor))
    folder.nbgrader("generate_assignment", "lab0")
    for student in ("ada", "cleo", "zoe"):
        folder.hand_in("lab0", student, notebook()["cells"])
    grading.grade("lab0", root=folder.folder)

    def rows():
        with sqlite3.connect(folder.folder / "gradebook" / "gradebook.db") as book:
            found = book.execute(
                "SELECT student_id, grade.* FROM grade"
                " JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id"
                " JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id ORDER BY 1, 2"
            ).fetchall()
        return [row for row in found if row[0] in ("ada", "cleo", "zoe")]

    before = rows()
    cases = {f"m{number:02}": case for number, case in enumerate(c for c in CASES if c.name in IN_CLASS)}
    assert len(cases) == len(IN_CLASS)
    for student, case in cases.items():
        place = folder.folder / "gradebook" / "submitted" / student / "lab0"
        place.mkdir(parents=True)
        made = case.make(place)
        if made is not None:
            written = made if isinstance(made, bytes) else json.dumps(made).encode()
            (place / "lab0.ipynb").write_bytes(written.replace(b"ROOT", str(folder.folder).encode()))
    run = grading.grade("lab0", root=folder.folder)
    assert (run.status, run.not_graded, len(run.entries)) == (0, [], 3 + len(cases))
    assert rows() == before
    for entry in run.entries:
        points = sum(grade.auto or 0 for name, grade in entry.grades.items() if name.startswith("check-"))
        case = cases.get(entry.student)
        assert (points, entry.outcome.status) == ((len(case.holds), case.status) if case else (3, "ok")), entry.student
    for path in run.files:
        text = path.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "\x1b" not in text
