"""The exchange of a class: what is taken in of it, and what is given out."""

import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("nbgrader")
if os.name == "nt":
    pytest.skip("nbgrader has no exchange on Windows", allow_module_level=True)

from nbgrader.api import MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import collect
from traitlets.config import Config

from grading import exchange
from grading.exchange import SECRET, Collect, ReleaseFeedback
from grading.folders import stamp
from labs import ROOT

WHEN = "2026-03-01 10:00:00.000000 UTC"
LATER = "2026-03-02 10:00:00.000000 UTC"


class NoGradebook:
    """No due time is known."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def find_assignment(self, name):
        raise MissingEntry(name)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The settings of a course with an exchange, and the folder into which students put their work."""
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.course_id, config.CourseDirectory.assignment_id = "c", "lab1"
    config.CourseDirectory.max_dir_size = 20  # kilobytes
    config.Exchange.root = str(tmp_path / "exchange")
    inbound = tmp_path / "exchange" / "c" / "inbound"
    inbound.mkdir(parents=True)
    (tmp_path / "exchange").chmod(0o777)
    monkeypatch.setattr(collect, "Gradebook", NoGradebook)
    return config, inbound, tmp_path / "submitted"


def hand_in(inbound, student="ada", when=WHEN, ending="+x", notebook="{}", secret=True):
    folder = inbound / f"{student}+lab1+{when}{ending}"
    folder.mkdir()
    if notebook is not None:
        (folder / "lab1.ipynb").write_text(notebook)
    (folder / "timestamp.txt").write_text(when)
    if secret:
        (folder / SECRET).write_text("of the student")
    return folder


def step(kind, config):
    return kind(coursedir=CourseDirectory(config=config), config=config)


def collected(course, caplog):
    config, _, submitted = course
    with caplog.at_level(logging.WARNING):
        one = step(Collect, config)
        one.log = logging.getLogger("collect")
        one.start()
    return submitted


def test_work_is_taken_in_whole(course, caplog):
    folder = hand_in(course[1])
    (folder / "pictures").mkdir()
    (folder / "pictures" / "one.txt").write_text("1")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "lab1.ipynb").write_text("old")
    now = os.stat(folder / "lab1.ipynb").st_mtime
    came = collected(course, caplog) / "ada" / "lab1"
    assert sorted(str(path.relative_to(came)) for path in came.rglob("*.*")) == [
        "lab1.ipynb", "pictures/one.txt", SECRET, "timestamp.txt",
    ]  # fmt: skip
    assert (came / "timestamp.txt").read_text() == WHEN
    assert (came / SECRET).read_text() == "of the student"
    hours = (now - exchange.parse_utc(WHEN).replace(tzinfo=exchange.UTC).timestamp()) / 3600
    assert f"was changed {hours:.1f} hours after the time that its student gave it" in caplog.text


def test_what_a_link_points_to_is_not_opened(course, caplog, tmp_path):
    secret = tmp_path / "solutions.ipynb"
    secret.write_text("the solutions")
    folder = hand_in(course[1], notebook=None)
    (folder / "lab1.ipynb").symlink_to(secret)
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe")
    came = collected(course, caplog) / "ada" / "lab1"
    assert sorted(os.listdir(came)) == [SECRET, "timestamp.txt"]
    for name, why in (("lab1.ipynb", "it is a link"), ("loop", "it is a link"), ("pipe", "it is no file")):
        assert f"{name}: {why}." in caplog.text


def test_a_folder_that_is_a_link_is_nobodys_work(course, caplog, tmp_path):
    (tmp_path / "ben").mkdir()
    (course[1] / f"ada+lab1+{WHEN}+x").symlink_to(tmp_path / "ben")
    assert not (collected(course, caplog) / "ada").exists()
    assert "is no folder" in caplog.text


def test_a_folder_that_becomes_a_link_in_the_last_moment_is_not_opened(course, caplog, tmp_path, monkeypatch):
    secret = tmp_path / "solutions"
    (secret / "in").mkdir(parents=True)
    for name in ("lab1.ipynb", "in/lab1.ipynb"):
        (secret / name).write_text("the solutions")
    hand_in(course[1], "ada")
    (hand_in(course[1], "ben") / "in").mkdir()
    refused = Collect._refused

    def swap(self, path):
        """Behind the back of whoever has just looked: the folder itself, and one in it."""
        said = refused(self, path)
        place = Path(path) if "ada+" in path else Path(path, "in")
        place.rename(tmp_path / f"away{place.name}")
        place.symlink_to(secret if "ada+" in path else secret / "in")
        return said

    monkeypatch.setattr(Collect, "_refused", swap)
    submitted = collected(course, caplog)
    assert "the solutions" not in "".join(path.read_text() for path in submitted.rglob("*") if path.is_file())
    assert (submitted / "ben" / "lab1" / "lab1.ipynb").read_text() == "{}"


def test_nobody_hands_in_for_another(course, caplog, monkeypatch):
    hand_in(course[1], notebook="hers")
    forged = hand_in(course[1], when=LATER, notebook="his")
    ben = os.stat(forged).st_ino
    lstat = os.lstat
    monkeypatch.setattr(exchange.os, "geteuid", lambda: 1)
    monkeypatch.setattr(exchange, "pwd", SimpleNamespace(getpwuid=lambda uid: SimpleNamespace(pw_name=uid)))

    def owned(path):
        about = lstat(path)
        return SimpleNamespace(st_mode=about.st_mode, st_uid="ben" if about.st_ino == ben else "ada")

    monkeypatch.setattr(exchange.os, "lstat", owned)
    assert step(Collect, course[0])._refused(str(forged)) == "claims to be of ada, and ben put it there."
    one = step(Collect, course[0])
    one.init_src()
    assert [record["timestamp"] for record in one.src_records] == [exchange.parse_utc(WHEN)]
    monkeypatch.setattr(exchange.os, "geteuid", lambda: "ben")
    assert step(Collect, course[0])._refused(str(forged)) == ""  # an instructor who hands in for a student


@pytest.mark.parametrize("name", ["ada+lab1+never+x", f"+lab1+{WHEN}+x"])
def test_a_name_that_says_nothing_stops_nobody(course, caplog, name):
    (course[1] / name).mkdir()
    hand_in(course[1], "ben")
    submitted = collected(course, caplog)
    assert os.listdir(submitted) == ["ben"]
    assert "Not collected" in caplog.text


def test_one_submission_stops_no_other(course, caplog):
    big = hand_in(course[1], "ada", secret=False)
    (big / "film.bin").write_bytes(bytes(30_000))
    (big / "timestamp.txt").write_text("nonsense")
    hand_in(course[1], "ben")
    submitted = collected(course, caplog)
    assert sorted(os.listdir(submitted)) == ["ada", "ben"]
    assert "film.bin: it is too large" in caplog.text
    assert f"has no {SECRET}" in caplog.text
    assert (submitted / "ada" / "lab1" / "timestamp.txt").read_text() == WHEN
    assert len((submitted / "ada" / "lab1" / SECRET).read_text()) == 128


def test_files_without_end_end(course, caplog, monkeypatch):
    monkeypatch.setattr(exchange, "MOST_FILES", 5)
    folder = hand_in(course[1])
    for number in range(20):
        (folder / f"{number}.txt").write_text("")
    deep = folder
    for _ in range(10):
        deep /= "d"
        deep.mkdir()
    came = collected(course, caplog) / "ada" / "lab1"
    assert (came / "lab1.ipynb").read_text() == "{}"  # first, whatever else there is
    assert len(os.listdir(came)) == 5 + 2
    assert "more than 5 files" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nbgrader leaves a file open
def test_feedback_reaches_all_that_came_through_the_exchange(course, caplog, tmp_path):
    for student, secret in (("ada", True), ("zoe", False)):
        folder = tmp_path / "feedback" / student / "lab1"
        folder.mkdir(parents=True)
        (folder / "lab1.html").write_text(f"to {student}")
        (folder / "timestamp.txt").write_text(WHEN)
        if secret:
            (folder / SECRET).write_text("of the student")
    with caplog.at_level(logging.WARNING):
        one = step(ReleaseFeedback, course[0])
        one.log = logging.getLogger("release")
        one.start()
    pages = [path.read_text() for path in (tmp_path / "exchange" / "c" / "feedback").iterdir()]
    assert pages == ["to ada"]
    assert "come through the exchange (zoe)" in caplog.text


def test_what_submit_left_is_read_and_no_link_or_pipe(tmp_path):
    folder = hand_in(tmp_path)
    assert stamp(folder) == (exchange.parse_utc(WHEN), WHEN.encode(), None, b"of the student")
    (folder / SECRET).write_bytes(b"\xff")
    assert stamp(folder).secret == b""
    for name in (SECRET, "timestamp.txt"):
        (folder / name).unlink()
        (folder / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text(WHEN)
    assert stamp(folder)[:2] == (None, None)
    assert stamp(folder).secret == b""


def test_the_settings_of_the_course_name_them(monkeypatch):
    from traitlets.config.loader import PyFileConfigLoader

    monkeypatch.delenv("DS_NGSHARE", raising=False)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    from nbgrader.exchange import ExchangeFactory

    factory = ExchangeFactory(config=config)
    assert (factory.collect, factory.release_feedback) == (Collect, ReleaseFeedback)

    service = SimpleNamespace(configureExchange=lambda c, url: setattr(c.Ours, "url", url))
    monkeypatch.setitem(sys.modules, "ngshare_exchange", service)
    monkeypatch.setenv("DS_NGSHARE", "http://hub/services/ngshare")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    assert config.Ours.url == "http://hub/services/ngshare"
    assert "root" not in config.Exchange
    assert "collect" not in config.ExchangeFactory
