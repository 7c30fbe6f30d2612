"""A large class: the same work on threads, on processes and on a Dask cluster, and a gradebook in PostgreSQL."""

import copy
import json
import multiprocessing.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import pytest
from conftest import browser_is_required
from test_nbgrader_cycle import Course as CourseFolder
from test_nbgrader_cycle import first_mistake, submission, with_mistake

import grading
from grading import worker
from grading.command import main as command
from grading.course import Course
from grading.folders import Folders
from grading.judge import Job
from grading.record import NoBook
from grading.state import base_of, properties_of
from grading.work import NOT_GRADED, outcomes
from grading.worker import OtherCourse, close_here, digest_of, judge_here, walls_here
from labs import RELEASES, ROOT, notebook

pytestmark = [
    pytest.mark.timeout(300),  # about 25 seconds on a quiet core
    pytest.mark.skipif(sys.platform != "linux", reason="the walls are built of Linux's means"),
]

LAB = "lab0"
WORK = {  # right, wrong, blank
    "ada": submission(LAB),
    "ben": with_mistake(LAB, first_mistake(LAB)),
    "zoe": notebook(LAB, RELEASES),
}


@pytest.fixture(scope="module")
def walls():
    kind, _ = walls_here(LAB, str(ROOT))
    yield kind
    close_here()


def jobs(lab=LAB, names="ada ben zoe", **settings):
    whole = json.loads((RELEASES / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))
    blank = notebook(lab, RELEASES)
    return [
        Job(lab, name, json.dumps({**whole, "cells": WORK[name] if lab == LAB else blank}).encode(), **settings)
        for name in names.split()
    ]


def judged(executor, walls, work=None, root=ROOT):
    """What comes of the work, without what differs from run to run."""
    found = outcomes(work or jobs(), executor, walls, root)
    return {each.student: each._replace(seconds=0.0, cpu_s=0.0) for each in found}


@pytest.fixture(scope="module")
def expected(walls):
    found = {job.student: judge_here(job, str(ROOT), walls)._replace(seconds=0.0, cpu_s=0.0) for job in jobs()}
    assert [sum(verdict.passed for verdict in found[name].verdicts.values()) for name in ("ada", "zoe")] == [3, 0]
    assert {outcome.walls for outcome in found.values()} == {walls}
    return found


@pytest.fixture
def leaving_nothing(tmp_path, monkeypatch):
    """When the test is over, no folder of a sandbox and no process that it began is left."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    multiprocessing.util.get_temp_dir()  # stays until the end, so it is made elsewhere
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    until = time.monotonic() + 20
    while time.monotonic() < until and (made_in(scratch) or begun_in(scratch)):
        time.sleep(0.05)
    assert not made_in(scratch)
    assert not begun_in(scratch)


def made_in(scratch):
    """What sandboxes leave; the folders of multiprocessing and of Dask are their own business."""
    return [path.name for path in scratch.iterdir() if path.name.startswith(("grading-", "lab-", "submission-"))]


def begun_in(scratch):
    """The processes whose folder for temporary files this is."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"TMPDIR={scratch}".encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append((path / "cmdline").read_bytes())
    # What multiprocessing keeps for its next pool is not ours.
    return [one for one in found if b"forkserver" not in one and b"resource_tracker" not in one]


# -- executors ---------------------------------------------------------------------------------------------------------


def test_threads_judge_at_the_same_time_as_one_process_does_one_after_the_other(walls, expected, leaving_nothing):
    with ThreadPoolExecutor(2) as executor:
        assert judged(executor, walls) == expected
        # Two labs at once: each has seeds of its own, and each thread a judge of its own.
        found = list(outcomes([*jobs("lab1", "ada"), *jobs()], executor, walls, ROOT))
        assert sorted((len(outcome.verdicts), outcome.status) for outcome in found) == [
            (3, "blank"), (3, "ok"), (3, "ok"), (21, "blank"),
        ]  # fmt: skip


def test_somebody_elses_processes_judge_as_well(walls, expected, leaving_nothing):
    with ProcessPoolExecutor(2, get_context("forkserver")) as executor:
        assert judged(executor, walls) == expected


def test_a_fork_of_the_grader_leaves_its_sandboxes_alone(walls, expected):
    assert worker._kept, "there are some"
    with ProcessPoolExecutor(1, get_context("fork")) as executor:
        assert judged(executor, walls) == expected
    assert judge_here(jobs()[0], str(ROOT), walls).status == "ok"


def test_where_the_course_lies_elsewhere_it_is_found_beside_the_code(walls, expected):
    assert judged(None, walls, root=Path("/no/such/folder")) == expected


def test_another_course_is_refused_and_the_sentence_says_where(walls):
    course = Course(LAB)
    here = digest_of(base_of(course), properties_of(course))
    assert judge_here(jobs(course=here)[0], str(ROOT), walls).status == "ok"
    with pytest.raises(OtherCourse, match=socket.gethostname()):
        judge_here(jobs(course="mended since")[0], str(ROOT), walls)
    with ThreadPoolExecutor(1) as executor:
        outcome = judged(executor, walls, jobs(names="ada", course="mended since"))["ada"]
    assert outcome.status == NOT_GRADED
    assert f"the course in {ROOT} on {socket.gethostname()} is not the one that you grade with" in outcome.sentence


def test_a_judge_that_was_there_before_a_check_was_mended_is_replaced(walls):
    with ThreadPoolExecutor(1) as executor:

        def pid():
            return executor.submit(lambda: worker._own.process._process.pid).result()

        course = Course(LAB)
        here = digest_of(base_of(course), properties_of(course))
        assert executor.submit(judge_here, jobs(course=here)[0], str(ROOT), walls).result().status == "ok"
        first = pid()
        with pytest.raises(OtherCourse):
            executor.submit(judge_here, jobs(course="mended since")[0], str(ROOT), walls).result()
        assert pid() != first
        assert executor.submit(judge_here, jobs(course=here)[0], str(ROOT), walls).result().status == "ok"


def test_walls_that_do_not_stand_at_a_worker_are_not_believed(monkeypatch):
    monkeypatch.setattr(worker.box, "leaks", lambda box: ["sees the hidden checks"])
    with pytest.raises(worker.BoxProblem, match="do not stand here: a process inside sees the hidden checks"):
        judge_here(jobs()[0], f"{ROOT}/", "namespaces")
    assert (LAB, f"{ROOT}/", "namespaces") not in worker._kept


def test_a_judges_process_that_dies_costs_one_retry(walls, expected):
    with ThreadPoolExecutor(1) as executor:
        judged(executor, walls)
        pid = executor.submit(lambda: worker._own.process._process.pid).result()
        os.kill(pid, signal.SIGKILL)
        assert judged(executor, walls) == expected


# -- a cluster ---------------------------------------------------------------------------------------------------------


@contextmanager
def cluster():
    import dask
    import distributed

    with (
        dask.config.set({"distributed.worker.memory.terminate": False}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


class Dying:
    """A progress bar that kills a worker of the cluster when the first submission is done."""

    def __init__(self, client):
        self.client, self.pids = client, list(client.run(os.getpid).values())

    def step(self):
        if self.pids:
            os.kill(self.pids.pop(), signal.SIGKILL)
            self.pids.clear()

    def end(self):
        pass


def test_a_dask_cluster_grades_a_class_and_outlives_a_worker(walls, course, leaving_nothing, not_run):
    if not find_spec("distributed"):
        what = "a class on a Dask cluster: there is no distributed (make dev brings it)"
        if browser_is_required():
            pytest.fail(f"nothing may be left out of this run: {what}")
        not_run(what)
    for number in range(6):
        course.hand_in(LAB, f"student-{number}", WORK["ada"])
    with cluster() as client:
        with pytest.raises(TypeError, match=r"write client.get_executor\(\)"):
            grading.grade(LAB, root=course.folder, executor=client)
        done = grading.grade(
            LAB, root=course.folder, executor=client.get_executor(), progress=lambda whole: Dying(client)
        )
        assert done.status == 0
        assert done.walls.kind == walls  # as a worker found them
        assert len(done.judged) == 9
        assert {entry.student: entry.outcome.status for entry in done.entries} == {
            **dict.fromkeys(["ada", "ben", *(f"student-{number}" for number in range(6))], "ok"), "zoe": "blank",
        }  # fmt: skip
        found = {entry.student: entry.outcome._replace(seconds=0.0, cpu_s=0.0) for entry in done.entries}
        here = judged(None, walls, root=course.folder)
        assert {name: found[name] for name in here} == here
        # The same call again is a call again, also where the cluster remembers the first.
        again = grading.grade(LAB, root=course.folder, executor=client.get_executor(), again=True, students=["ada"])
        assert again.judged == {"ada": None}


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


def postgres_programs(not_run):
    """Where initdb and postgres are: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    what = "a gradebook in PostgreSQL: there is no initdb (Debian: sudo apt-get install postgresql)"
    if folders and (folders[-1] / "initdb").exists():
        if find_spec("psycopg"):
            return folders[-1]
        what = "a gradebook in PostgreSQL: there is no psycopg (make dev brings it)"
    if browser_is_required():
        pytest.fail(f"nothing may be left out of this run: {what}")
    return not_run(what)


@pytest.fixture
def postgres(not_run):
    """The address of a database that is thrown away: a server of its own, run by nobody, without a port."""
    programs = postgres_programs(not_run)
    home = Path(tempfile.mkdtemp(prefix="pg-"))  # a short path: it is part of the socket's name
    as_nobody = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    settings = {"cwd": home, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **as_nobody}
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    make = [programs / "initdb", "--pgdata", home / "data", "--auth", "trust", "--username", "grader", "--no-sync"]
    run = [programs / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=", "-c", "fsync=off"]
    server = None
    try:
        done = subprocess.run([*make, "--encoding", "UTF8"], env=environment, text=True, **settings)
        assert done.returncode == 0, done.stderr
        with open(home / "log", "w") as log:
            server = subprocess.Popen(run, env=environment, **{**settings, "stderr": log})
        yield wait_for_database(f"postgresql+psycopg://grader@/postgres?host={home}", server, home / "log")
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # "fast": it does not wait for those who are still connected
            server.wait(30)
        shutil.rmtree(home)


def wait_for_database(address, server, log):
    import psycopg

    until = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(address.replace("+psycopg", "")).close()
            return address
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")
            time.sleep(0.05)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """A course's folder whose gradebook knows the lab, with three submissions."""
    course = CourseFolder(tmp_path_factory.mktemp("course"))
    for name, cells in WORK.items():
        course.hand_in(LAB, name, cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DS_INSTRUCTOR", str(course.instructor))
        generate(course)
    return course


@pytest.fixture
def course(generated, tmp_path, monkeypatch):
    """The same, in a folder of its own."""
    course = copy.copy(generated)
    course.folder = tmp_path / "course"
    shutil.copytree(generated.folder, course.folder)
    monkeypatch.setenv("DS_INSTRUCTOR", str(course.instructor))
    return course


def generate(course):
    """What `nbgrader generate_assignment` does, in this process, which has nbgrader loaded already."""
    from nbgrader.apps.api import NbGraderAPI

    config = Folders(course.folder).config
    done = NbGraderAPI(config=config).generate_assignment(LAB)
    assert done["success"], done


GRADES = """
    SELECT student_id, base_cell.name, auto_score, manual_score, extra_credit, needs_manual_grade FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    ORDER BY student_id, base_cell.name
"""
REST = """
    SELECT student_id, submitted_assignment.timestamp, late_submission_penalty FROM submitted_assignment
    JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id ORDER BY student_id
"""


def rows(address, *queries):
    from sqlalchemy import create_engine, text

    engine = create_engine(address)
    with engine.connect() as database:
        found = [[tuple(map(plainly, row)) for row in database.execute(text(query))] for query in queries]
    engine.dispose()
    return found


class Here(Executor):
    """Does the work at once, in this process, with a sandbox that is there already."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


def plainly(value):
    """A file knows neither times nor truth."""
    return int(value) if isinstance(value, bool) else str(value)[:19] if isinstance(value, datetime | str) else value


def test_a_gradebook_in_postgresql_holds_what_one_in_a_file_does(course, postgres, walls, monkeypatch):
    from nbgrader.api import Gradebook
    from nbgrader.apps.api import NbGraderAPI

    in_a_file = Folders(course.folder).db_url
    assert in_a_file.startswith("sqlite")
    assert grading.grade(LAB, root=course.folder, walls=walls, executor=Here()).status == 0

    monkeypatch.setenv("DS_GRADEBOOK", postgres)
    assert Folders(course.folder).db_url == postgres
    with pytest.raises(NoBook, match=f"nbgrader generate_assignment {LAB}"):
        grading.grade(LAB, root=course.folder, walls=walls, executor=Here())
    generate(course)
    # What was judged for the one is recorded in the other: nothing has to run again.
    first = grading.grade(LAB, root=course.folder, walls=walls, executor=Here())
    assert (first.status, first.judged) == (0, {})
    there = rows(postgres, GRADES, REST)
    assert there == rows(in_a_file, GRADES, REST)
    assert len(there[0]) == 3 * len(Course(LAB, course.folder).points)

    # A person marks by hand while the next submissions are graded; nbgrader's own tools read it all.
    with Gradebook(postgres, Folders(course.folder).course_id) as book:
        grade = next(iter(book.find_submission(LAB, "ada").notebooks[0].grades))
        grade.manual_score, name = 0.25, grade.name
        book.db.commit()
        book.db.refresh(grade)  # and stays in its transaction
        course.hand_in(LAB, "cleo", WORK["ada"])
        assert grading.grade(LAB, root=course.folder, walls=walls, executor=Here()).judged == {"cleo": None}
    marks = {(student, cell): (auto, manual) for student, cell, auto, manual, *_ in rows(postgres, GRADES)[0]}
    assert marks["ada", name][1] == 0.25
    assert [marks[key][0] for key in marks if key[0] == "cleo"] == [marks[key][0] for key in marks if key[0] == "ada"]

    buttons = NbGraderAPI(config=Folders(course.folder).config)
    listed = {one["student"]: one["score"] for one in buttons.get_submissions(LAB)}
    assert listed == {student: sum_of(marks, student) for student in ("ada", "ben", "cleo", "zoe")}
    assert buttons.generate_feedback(LAB, "ben")["success"]


def sum_of(marks, student):
    given = [auto if manual is None else manual for (name, _), (auto, manual) in marks.items() if name == student]
    return sum(points for points in given if points is not None)


def test_a_database_that_is_not_there_is_one_sentence(course, monkeypatch, capsys):
    from grading import command as module

    grade = grading.run.grade
    monkeypatch.setattr(module.run, "grade", lambda lab, **rest: grade(lab, **{**rest, "root": course.folder}))
    for address, says in (
        (
            "postgresql+psycopg://grader@/course?host=/no/such/folder",
            "The gradebook cannot be reached" if find_spec("psycopg") else 'pip install "psycopg[binary]"',
        ),
        ("postgresql+nodriver://grader@/course", "DS_GRADEBOOK"),
    ):
        monkeypatch.setenv("DS_GRADEBOOK", address)
        assert command([LAB]) == 2
        said = capsys.readouterr().err
        assert says in said
        assert "Traceback" not in said
