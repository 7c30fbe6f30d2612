"""What an executor calls to have a submission judged, wherever it makes the call.

That may be a process of this machine, one of several threads, or a worker of a cluster on another machine. The sandbox
is kept for the next submission. Before the first one its walls are tried from inside, because another machine's word
for them is not enough; and the course here has to be the one that the grader has, to the last check and seed.

A sandbox has one line to its judge, the seeds of a lab are in the environment of the process, and time limits need a
main thread. So a thread that is none has a judge in a process of its own.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from multiprocessing import util
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakSet

from . import box
from .box import Box, BoxProblem
from .course import Course
from .inside import receive, remove, send
from .instructor import ROOT
from .judge import Job, Outcome, judge
from .state import base_of, properties_of

#: Seconds above what a submission may take, after which a judge's process counts as dead.
PATIENCE_S = 60.0


class OtherCourse(Exception):
    """The course at this worker is not the one that the grader has; the text says where, and what to do."""


def digest_of(base: str, properties: dict[str, str]) -> str:
    """A name for all that an outcome comes from but the submission: two machines that agree on it judge alike."""
    return hashlib.sha256(json.dumps([base, properties]).encode()).hexdigest()


def judge_here(job: Job, root: str, walls: str, ticket: str = "") -> Outcome:
    """Judge a submission with a sandbox that is kept here for the next one.

    ``ticket`` makes two calls differ: Dask takes calls with the same arguments for one, also when it failed.
    """
    if threading.current_thread() is threading.main_thread():
        try:
            return _judge(job, root, walls)
        except OtherCourse:
            pass  # this process may have imported checks that were mended since: a fresh one says whether that is all
    process: _Process = getattr(_own, "process", None) or _Process()
    _own.process = process
    try:
        return process.judge(job, root, walls)
    except OtherCourse:
        if process.fresh:
            raise
        process.end()
        _own.process = process = _Process()
        return process.judge(job, root, walls)


def walls_here(lab: str, root: str, kind: str = "") -> tuple[str, tuple[str, ...]]:
    """The best walls that stand here, and why better ones do not. Raises BoxProblem where those of ``kind`` do not."""
    with Course(lab, _place(lab, root)).staged() as folder:
        return box.best(folder, (kind,) if kind else box.KINDS)


def set_up_here(lab: str, root: str, kind: str = "") -> tuple[str, tuple[str, ...]]:
    """The same, with the sandbox kept for the first submission."""

    def leaks_of(one: str) -> list[str]:
        _kept_for(lab, root, one)
        return []

    return box.first_standing((kind,) if kind else box.KINDS, leaks_of)


def close_here() -> None:
    """Take down the sandboxes and the judges' processes that this process keeps."""
    while _kept:
        _, kept = _kept.popitem()
        kept.box.close()
        kept.staged.__exit__(None, None, None)
    for process in list(_processes):
        process.end()


# -- in this process ---------------------------------------------------------------------------------------------------


class _Kept(NamedTuple):
    course: Course
    digest: str
    box: Box
    staged: Any


_kept: dict[tuple[str, str, str], _Kept] = {}


def _judge(job: Job, root: str, walls: str) -> Outcome:
    kept = _kept_for(job.lab, root, walls)
    if job.course not in ("", kept.digest):
        raise OtherCourse(
            f"the course in {kept.course.root} on {socket.gethostname()} is not the one that you grade with. Give it "
            "the same commit, the same labs/, the same instructor's file and the same versions of Python and packages"
        )
    try:
        return judge(job, kept.course, kept.box)
    except BoxProblem:
        close_here()  # a fresh sandbox for the next try
        raise


def _kept_for(lab: str, root: str, walls: str) -> _Kept:
    key = lab, root, walls
    if key not in _kept:
        _kept[key] = _set_up(lab, root, walls)
    return _kept[key]


def _set_up(lab: str, root: str, walls: str) -> _Kept:
    course = Course(lab, _place(lab, root))
    digest = digest_of(base_of(course), properties_of(course))
    if not _kept:
        util.Finalize(None, close_here, exitpriority=10)  # also where a process of multiprocessing ends
    staged = course.staged()
    folder = staged.__enter__()
    try:
        made = Box(folder, walls)
        try:
            if walls != "limits" and (leaks := box.leaks(made)):
                raise BoxProblem(f"the walls {walls!r} do not stand here: a process inside {', '.join(leaks)}")
        except BaseException:
            made.close()
            raise
    except BaseException:
        staged.__exit__(None, None, None)
        raise
    return _Kept(course, digest, made, staged)


def _place(lab: str, root: str) -> Path:
    """The course's folder; on another machine it may lie elsewhere, which is where this file is."""
    return Path(root) if os.path.isdir(os.path.join(root, "labs", lab)) else ROOT


# -- in a process of its own -------------------------------------------------------------------------------------------


_BEGIN = "import sys; from grading.worker import main; main(int(sys.argv[1]))"


class _Process:
    """A process that judges for one thread."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BEGIN, str(theirs.fileno())], pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment,
            )  # fmt: skip
        self._jobs = 0
        _processes.add(self)

    @property
    def fresh(self) -> bool:
        """It has not been there longer than its one job."""
        return self._jobs <= 1

    def judge(self, job: Job, root: str, walls: str) -> Outcome:
        self._jobs += 1
        self._line.settimeout(job.whole_s + PATIENCE_S)
        try:
            send(self._line, pickle.dumps((job, root, walls)))
            good, answer = pickle.loads(receive(self._line))
        except (OSError, EOFError) as problem:
            self.end()
            raise BoxProblem(f"the process that judges died: {problem or type(problem).__name__}") from None
        if not good:
            raise answer
        outcome: Outcome = answer
        return outcome

    def end(self) -> None:
        _processes.discard(self)
        if getattr(_own, "process", None) is self:
            del _own.process
        self._line.close()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
            return
        self._process.kill()
        self._process.wait()

    def __del__(self) -> None:
        with suppress(Exception):
            self.end()  # its thread is gone


_own = threading.local()
_processes: WeakSet[_Process] = WeakSet()


def _forget(inherited: list[Any] = []) -> None:  # noqa: B006  (kept, so that nothing is taken down that is not ours)
    """In a fork: what the other process keeps is its own."""
    inherited += [dict(_kept), list(_processes), getattr(_own, "process", None)]
    _kept.clear()
    _processes.clear()
    vars(_own).clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


# -- a process that only judges ----------------------------------------------------------------------------------------


def begin(folder: str = "") -> None:
    """In a process that only judges: it ends with what made it, and leaves no process and no folder behind.

    ``folder`` is where it keeps its own; who made the process removes that, however the process ends.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # when the thread that made it ends, it does
    tempfile.tempdir = tempfile.mkdtemp(prefix="grading-", dir=folder or None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of whoever made it
    signal.signal(signal.SIGTERM, _end)
    util.Finalize(None, _leave, exitpriority=10)
    gc.freeze()
    gc.set_threshold(500_000, 20, 20)


def _leave() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    close_here()
    remove(str(tempfile.tempdir))
    folder = os.path.dirname(str(tempfile.tempdir))
    if os.path.basename(folder).startswith("grading-"):
        with suppress(OSError):  # others are still in it
            os.rmdir(folder)


def _end(*_: object) -> None:
    with suppress(Exception):
        _leave()
    os._exit(1)


def main(descriptor: int) -> None:
    """Judge what comes down the line, until its other end is closed."""
    begin()
    line = socket.socket(fileno=descriptor)
    line.set_inheritable(False)
    with suppress(OSError, EOFError):
        while True:
            job, root, walls = pickle.loads(receive(line))
            try:
                answer: tuple[bool, Any] = True, _judge(job, root, walls)
            except Exception as problem:
                answer = False, problem
            try:
                frame = pickle.dumps(answer)
            except Exception:
                frame = pickle.dumps((False, RuntimeError(repr(answer[1])[:1_000])))
            send(line, frame)
