"""Jobs go out to an executor, outcomes come back as they are ready, and no worker's death stops the run.

The executor may be any of ``concurrent.futures``, a Dask cluster's too. Without one, a pool of this machine's processes
is made, one for each processor. A job whose worker dies is tried once more; when that dies too, the outcome says so.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import uuid4

from .box import BoxProblem
from .inside import remove
from .judge import Job, Outcome
from .worker import begin, judge_here, set_up_here

#: The status of a submission that could not be judged, which is not its own fault as far as anybody knows.
NOT_GRADED = "not graded"
#: So many jobs are under way at an executor whose number of workers is not known: notebooks may be large.
MOST_UNDER_WAY = 500
#: Seconds without any outcome, above what a submission may take, after which workers count as dead.
PATIENCE_S = 120.0


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def outcomes(
    jobs: Iterable[Job],
    executor: Executor | None,
    walls: str,
    root: Path,
    workers: int = 0,
    pool: Pool | None = None,
) -> Generator[Outcome]:
    """Judge all jobs, and yield each outcome when it is ready, in any order.

    ``jobs`` may be a generator: it is read as workers come free. ``workers`` are processes of this machine, for when
    there is no ``executor``, or the one there was broke down: the rest is then judged here. A ``pool`` that is there
    already is used, and ended.
    """
    line = iter(jobs)
    suspects: deque[Job] = deque()
    if executor is not None:
        yield from _elsewhere(line, suspects, executor, walls, str(root))
    yield from _here(line, suspects, walls, str(root), workers or cores(), pool)


def not_graded(job: Job, problem: object) -> Outcome:
    """What is said of a submission whose worker died twice."""
    said = " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
    sentence = f"It could not be judged, and keeps what the gradebook has. Twice its worker failed: {said}."
    return Outcome(job.student, NOT_GRADED, sentence, {}, {}, {}, [*job.findings])


def _elsewhere(
    line: Iterator[Job], suspects: deque[Job], executor: Executor, walls: str, root: str
) -> Iterator[Outcome]:
    """On somebody's executor. What it leaves in ``line`` and ``suspects`` when it breaks is for others to do."""
    under_way: dict[Future[Outcome], Job] = {}
    tried: set[str] = set()
    most = 2 * getattr(executor, "_max_workers", MOST_UNDER_WAY // 2)

    def begin(job: Job) -> bool:
        try:
            under_way[executor.submit(judge_here, job, root, walls, uuid4().hex)] = job
        except Exception:  # it takes no more work, for whatever reason
            suspects.append(job)
            return False
        return True

    stands = True
    while True:
        while stands and len(under_way) < most and (job := next(line, None)) is not None:
            stands = begin(job)
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            job = under_way.pop(future)
            try:
                yield future.result()
            except BrokenExecutor:
                stands = False
                suspects.append(job)
            except Exception as problem:
                if job.student in tried:
                    yield not_graded(job, problem)
                else:
                    tried.add(job.student)
                    stands = begin(job) and stands


def _here(
    line: Iterator[Job], suspects: deque[Job], walls: str, root: str, workers: int, pool: Pool | None
) -> Iterator[Outcome]:
    """On processes of this machine. When one dies, those that were under way are tried again, one by one."""
    try:
        while True:
            while suspects:
                if pool is None or pool.workers > 1:
                    if pool:
                        pool.end()
                    pool = Pool(1)
                job = suspects.popleft()
                try:
                    yield pool.judge(job, root, walls)
                except Exception as problem:
                    yield not_graded(job, problem)
                    if pool.broken:
                        pool.end()
                        pool = None
            first = next(line, None)
            if first is None:
                return
            if pool is None or pool.workers != workers:
                if pool:
                    pool.end()
                pool = Pool(workers)
            yield from pool.all(first, line, suspects, root, walls)
            if pool.broken:
                pool.end()
                pool = None
    finally:
        if pool:
            pool.end()


class Pool:
    """Processes of this machine that can be ended at once, whatever they are doing."""

    def __init__(self, workers: int) -> None:
        self.workers, self.broken = workers, False
        before = set(multiprocessing.active_children())
        self._before = {child.pid for child in before}
        # A fresh process and no fork of this one: it may have threads, and the gradebook open.
        spawn, self._folder = multiprocessing.get_context("spawn"), tempfile.mkdtemp(prefix="grading-")
        self._executor = ProcessPoolExecutor(workers, spawn, initializer=begin, initargs=(self._folder,))

    def set_up(self, lab: str, root: str, kind: str) -> tuple[str, tuple[str, ...]]:
        """The best walls that stand; all workers begin to build them. Raises BoxProblem where none of ``kind`` do."""
        begun = [self._executor.submit(set_up_here, lab, root, kind) for _ in range(self.workers)]
        done = wait(begun, return_when=FIRST_COMPLETED).done
        try:
            return done.pop().result()
        except BrokenExecutor as problem:
            raise BoxProblem(f"the process that judges died when it began: {problem}") from None

    def judge(self, job: Job, root: str, walls: str) -> Outcome:
        """One job. Raises what its worker raised, or BrokenExecutor when that died."""
        future = self._executor.submit(judge_here, job, root, walls)
        done, _ = wait([future], timeout=job.whole_s + PATIENCE_S)
        if not done:
            self.broken = True
            raise TimeoutError("it did not come back")
        try:
            return future.result()
        except BrokenExecutor:
            self.broken = True
            raise

    def all(self, first: Job, line: Iterator[Job], suspects: deque[Job], root: str, walls: str) -> Iterator[Outcome]:
        """Jobs until the line ends or a worker dies; those without an outcome by then are suspects."""
        under_way: dict[Future[Outcome], Job] = {}
        job: Job | None = first
        while job is not None or under_way:
            while job is not None:
                try:
                    under_way[self._executor.submit(judge_here, job, root, walls)] = job
                except BrokenExecutor:
                    self.broken = True
                    suspects.extend([*under_way.values(), job])
                    return
                job = next(line, None) if len(under_way) < 2 * self.workers else None
            patience = max(waiting.whole_s for waiting in under_way.values()) + PATIENCE_S
            done, _ = wait(under_way, timeout=patience, return_when=FIRST_COMPLETED)
            if not done:
                self.broken = True
            for future in done:
                ready = under_way.pop(future)
                try:
                    yield future.result()
                except BrokenExecutor:
                    self.broken = True
                    suspects.append(ready)
                except Exception:
                    suspects.append(ready)
            if self.broken:
                suspects.extend(under_way.values())
                return
            job = None if suspects else next(line, None)  # what is under way ends; then suspects are tried alone

    def end(self) -> None:
        """End the workers, whatever they are at, and what they started."""
        ours = [child for child in multiprocessing.active_children() if child.pid not in self._before]
        # The executor's own thread waits for them as well; until it has written down that they ended, they have not.
        keeper = getattr(self._executor, "_executor_manager_thread", None)
        self._executor.shutdown(wait=False, cancel_futures=True)
        for child in ours:
            child.terminate()
        until = time.monotonic() + 10
        for child in ours:
            _wait_for(child, max(0.1, until - time.monotonic()))
        if keeper is not None:
            keeper.join(5)
        remove(self._folder)


def _wait_for(child: BaseProcess, seconds: float) -> None:
    child.join(seconds)
    if child.is_alive():
        child.kill()
        child.join(5)
