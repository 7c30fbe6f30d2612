"""Fan-out: many runs on any executor, in chunks, in order, whatever becomes of a worker.

An executor (``concurrent.futures.Executor``: a pool of processes, a cluster) promises one thing: it calls a function
somewhere else and brings back the result. Each call costs, 0.2 ms on a pool and 2 on a cluster, so runs travel in
chunks worth about 0.3 s. How long a run takes is measured on a few of them first. Towards the end chunks get smaller,
so that all workers finish together (guided self-scheduling, Polychronopoulos & Kuck 1987).

A worker may die: its process ends without a word, and takes with it whatever it held. A pool of processes then breaks
altogether and can only say that one of its runs did it. So the runs that may have done it are repeated one at a time:
whose worker dies when nothing else runs, that run is named. The others' results are kept.
"""

from __future__ import annotations

import copy
import os
import pickle
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import chain, count
from math import fsum, inf
from queue import Empty, SimpleQueue
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple, TextIO

#: Seconds of work in a chunk, and in the smallest one.
CHUNK_S, SMALLEST_S = 0.3, 0.03

#: Seconds to wait for the first runs to be measured, and for the next news.
PATIENCE_S, NEWS_S = 1.0, 0.2

#: So many waits for news in a row without any, and a broken pool has said all it has to say.
SILENT = 3

#: So many deaths in a row, and the rest of that parameter set is not run.
DEATHS = 5

#: A run to make: its parameters and its seed.
Point = tuple[dict[str, Any], int]
Report = bool | Callable[["Progress"], object]


class Run(NamedTuple):
    """What became of one run: its ``value`` (pickled, so that it is the same wherever it ran), or an ``error``."""

    value: bytes
    error: str
    traceback: str
    seconds: float


class Returned(NamedTuple):
    """What came back: the runs by their number, None for one that was not made; and what there is to say about it."""

    runs: list[Run | None]
    notes: list[str]
    interrupted: bool


def fan_out(
    scenario: Callable[..., Any], points: Sequence[Point], per_set: int, executor: Any, progress: Bar
) -> Returned:
    """Call ``scenario(seed=seed, **params)`` for each point; ``per_set`` points in a row have the same parameters.

    ``executor`` is an Executor, a function without arguments that makes one, or None for this process.
    Raises ValueError if a worker cannot load the scenario.
    """
    if executor is None:
        return _here(scenario, points, progress)
    if sys.platform == "emscripten" and executor in (ProcessPoolExecutor, ThreadPoolExecutor):
        back = _here(scenario, points, progress)
        return back._replace(notes=["A browser's Python has one processor: one run was made after the other."])
    return _FanOut(scenario, points, per_set, executor, progress).run()


def run_chunk(work: bytes | tuple[Callable[..., Any], Sequence[Point]], submission: int = 0) -> list[Run] | str:
    """Make some runs, one after the other: this is what an executor calls. Returns a text if it cannot even begin.

    ``submission`` is a number of its own for each call, because Dask takes two calls that look the same for one.
    """
    try:
        scenario, points = pickle.loads(work) if isinstance(work, bytes) else work
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    runs: list[Run] = []
    for params, seed in points:
        begun = perf_counter()
        value, error, trace = b"", "", ""
        try:
            # A copy for each run: one that changes a list it was given must not change the next run's.
            answer = scenario(seed=seed, **copy.deepcopy(params))
        except KeyboardInterrupt:
            break
        except (Exception, SystemExit) as problem:
            error = f"{type(problem).__name__}: {problem}"
            cause = problem.__traceback__
            trace = "".join(traceback.format_exception(type(problem), problem, cause and cause.tb_next))
        else:
            try:
                value = pickle.dumps(answer)
            except Exception as problem:
                error = (
                    f"{type(answer).__name__} cannot be sent from one process to another ({problem}): "
                    "let the scenario return plain values, such as numbers, text and tuples of them"
                )
        runs.append(Run(value, error, trace, perf_counter() - begun))
    return runs


def _here(scenario: Callable[..., Any], points: Sequence[Point], progress: Bar) -> Returned:
    runs: list[Run | None] = [None] * len(points)
    failed, interrupted = 0, False
    try:
        for number, point in enumerate(points):
            made = run_chunk((scenario, [point]))
            if not made or isinstance(made, str):
                raise KeyboardInterrupt
            runs[number] = made[0]
            failed += bool(made[0].error)
            progress.update(number + 1, failed)
    except KeyboardInterrupt:
        interrupted = True
    return Returned(runs, [], interrupted)


# -- on an executor ----------------------------------------------------------------------------------------------------

_submissions = count()


class _FanOut:
    """One sweep on one executor, and on its successors when it breaks."""

    def __init__(
        self, scenario: Callable[..., Any], points: Sequence[Point], per_set: int, executor: Any, progress: Bar
    ) -> None:
        self.scenario, self.points, self.per_set, self.progress = scenario, points, per_set, progress
        self.make = _maker(executor)
        self.mine = not isinstance(executor, Executor)
        self.pool: Executor = executor if isinstance(executor, Executor) else executor()
        if not isinstance(self.pool, Executor):
            raise TypeError(f"executor() made {self.pool!r}, which is no concurrent.futures.Executor")
        self.workers: int = getattr(self.pool, "_max_workers", None) or os.cpu_count() or 1
        self.runs: list[Run | None] = [None] * len(points)
        self.done = self.failed = self.cancelled = 0
        self.seconds: dict[int, list[float]] = {}  # number of the parameter set -> how long its runs took
        self.pending: dict[Future[Any], list[int]] = {}
        self.finished: SimpleQueue[Future[Any]] = SimpleQueue()
        self.suspects: list[list[int]] = []  # chunks that did not come back
        self.broken: BaseException | None = None  # why the pool cannot be used any more
        self.reason: BaseException | None = None  # why the latest chunk did not come back
        self.deaths: Counter[int] = Counter()  # of workers, in a row, for each parameter set
        self.notes: list[str] = []

    def run(self) -> Returned:
        interrupted = False
        try:
            self.work()
        except KeyboardInterrupt:
            interrupted = True
            for future in [future for future in self.pending if future.done()]:
                self.settle(future, stopping=True)
        finally:
            for future in list(self.pending):
                future.cancel()
            if self.mine:
                self.pool.shutdown(wait=not interrupted, cancel_futures=True)
        if self.cancelled:
            self.notes.append(f"The executor cancelled {self.cancelled} runs: it was closed, or lost its workers.")
        return Returned(self.runs, self.notes, interrupted)

    def work(self) -> None:
        n = len(self.points)
        few = min(n, self.workers + max(1, min(n // 20, 64)))
        first = [k * n // few for k in range(few)]  # from all over the grid, because not all parameters take as long
        self.submit([number] for number in first)
        self.collect(PATIENCE_S, left=self.workers)  # so many are still running: they need not wait for the others
        measured = set(first)
        self.submit(self.chunks([number for number in range(n) if number not in measured]))
        self.collect()
        while self.suspects:
            self.recover()
            self.collect()

    def chunks(self, numbers: list[int]) -> Iterator[list[int]]:
        """Cut the runs, in order, into chunks of about ``CHUNK_S``, and smaller ones towards the end."""
        usual = median(chain.from_iterable(self.seconds.values())) if self.seconds else CHUNK_S
        cost = {which: median(seconds) for which, seconds in self.seconds.items()}
        costs = [cost.get(number // self.per_set, usual) for number in numbers]
        left = fsum(costs)
        chunk: list[int] = []
        worth = limit = 0.0
        for number, seconds in zip(numbers, costs, strict=True):
            if chunk and worth + seconds / 2 > limit:
                yield chunk
                left -= worth
                chunk, worth = [], 0.0
            if not chunk:
                limit = max(SMALLEST_S, min(CHUNK_S, left / (2 * self.workers)))
            chunk.append(number)
            worth += seconds
        if chunk:
            yield chunk

    def submit(self, chunks: Iterable[list[int]]) -> None:
        for chunk in chunks:
            work: Any = self.scenario, [self.points[number] for number in chunk]
            if isinstance(self.pool, ProcessPoolExecutor):
                # A worker of a pool that cannot load what it is sent dies of it. It can load bytes, and then say what
                # is wrong. Dask has a pickle of its own, which carries functions of a notebook, too.
                work = pickle.dumps(work)
            try:
                future = self.pool.submit(run_chunk, work, next(_submissions))
            except BrokenExecutor as problem:
                self.broken = self.reason = problem
                self.suspects.append(chunk)
            else:
                self.pending[future] = chunk
                future.add_done_callback(self.finished.put)

    def collect(self, patience: float = inf, left: int = 0) -> None:
        begun = perf_counter()
        silent = 0
        while len(self.pending) > left and perf_counter() - begun < patience:
            try:
                self.settle(self.finished.get(timeout=NEWS_S))
                silent = 0
            except Empty:
                # What a pool of processes is given in the very moment in which it breaks, it may forget without a word
                # (its submit() looks whether it is broken before the thread that marks it so is done).
                silent = silent + 1 if getattr(self.pool, "_broken", False) else 0
                if silent >= SILENT:
                    self.forget()
            self.progress.update(self.done, self.failed)

    def forget(self) -> None:
        """What is still out is not coming back: the pool is broken, and has said all that it had to say."""
        self.broken = self.reason = BrokenExecutor("A process of the pool ended abruptly.")
        self.suspects.extend(self.pending.values())
        self.pending.clear()

    def settle(self, future: Future[Any], stopping: bool = False) -> None:
        chunk = self.pending.pop(future, None)
        if chunk is None:
            return
        try:
            runs = future.result()
        except CancelledError:
            self.cancelled += len(chunk)
        except Exception as problem:
            self.reason = problem
            self.suspects.append(chunk)
            if isinstance(problem, BrokenExecutor):
                self.broken = problem
        else:
            if isinstance(runs, str):
                raise ValueError(
                    f"The workers cannot load {name_of(self.scenario)} or its parameters ({runs}). Define them in a "
                    "module, a .py file that the workers can import, and make the executor after that"
                )
            for number, run in zip(chunk, runs, strict=False):
                self.keep(number, run)
                self.seconds.setdefault(number // self.per_set, []).append(run.seconds)
            if len(runs) < len(chunk) and not stopping:
                raise KeyboardInterrupt  # Ctrl-C reached the worker first

    def keep(self, number: int, run: Run) -> None:
        self.runs[number] = run
        self.done += 1
        self.failed += bool(run.error)

    # -- when a worker died --------------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Find out which runs kill their worker, and set up the others to run again."""
        # Runs are handed out in order. So when a pool breaks, the guilty one is among the first that did not come back:
        # as many as there are workers, and one in hand. On other executors only what died does not come back.
        suspects = sorted(self.suspects)
        near = suspects[: self.workers + 1] if self.broken else suspects
        self.suspects = []
        if self.broken and not self.replace(list(chain.from_iterable(near)), sum(map(len, suspects))):
            return
        for number in chain.from_iterable(near):
            self.alone(number)
        rest = ([number for number in chunk if not self.given_up(number)] for chunk in suspects[len(near) :])
        self.submit(chunk for chunk in rest if chunk)

    def given_up(self, number: int) -> bool:
        """Whether trying would only cost another worker."""
        nothing_works = self.done == self.failed and sum(self.deaths.values()) >= DEATHS
        return nothing_works or self.deaths[number // self.per_set] >= DEATHS

    def alone(self, number: int) -> None:
        """Make one run while nothing else runs."""
        if self.given_up(number):
            return
        which = number // self.per_set
        self.submit([[number]])
        self.collect()
        if not self.suspects:
            self.deaths[which] = 0
            return
        self.suspects = []
        self.keep(number, Run(b"", _death(self.reason), "", 0.0))
        self.deaths[which] += 1
        if self.deaths[which] == DEATHS:
            params = ", ".join(f"{name}={value!r}" for name, value in self.points[number][0].items()) or "no parameters"
            self.notes.append(f"{DEATHS} workers in a row died with {params}: what was left of that was not run.")
        if self.broken:
            self.replace([number], 1)

    def replace(self, guilty: list[int], lost: int) -> bool:
        """A new pool instead of the broken one. False, and a note, if there is no telling how to make one."""
        if self.make is None:
            runs = ", ".join(describe(*self.points[number]) for number in guilty[:20])
            self.notes.append(
                f"The executor broke ({self.broken}), and {lost} runs are missing. One of these ended its worker: "
                f"{runs}{', ...' if len(guilty) > 20 else ''}. To have it found and the others run, "
                "give a function that makes the executor: sweep(..., executor=lambda: ...)"
            )
            return False
        if not self.mine:
            self.notes.append("A worker died, and with it the pool that was given; the rest ran in a new one like it.")
            self.mine = True
        else:
            self.pool.shutdown(wait=False)
        self.pool, self.broken = self.make(), None
        return True


def _maker(executor: Any) -> Callable[[], Executor] | None:
    """How to make another one."""
    if not isinstance(executor, Executor):
        made: Callable[[], Executor] = executor
        return made
    if isinstance(executor, ProcessPoolExecutor):
        kept = {
            "max_workers": "_max_workers", "mp_context": "_mp_context",
            "initializer": "_initializer", "initargs": "_initargs",
        }  # fmt: skip
        settings = {name: getattr(executor, inside) for name, inside in kept.items() if hasattr(executor, inside)}
        return partial(type(executor), **settings)
    return None


def _death(reason: BaseException | None) -> str:
    if isinstance(reason, BrokenExecutor) or type(reason).__name__ == "KilledWorker":
        return "the worker died: its process ended (os._exit, a crash in C, no memory left) without raising anything"
    return f"the executor could not run it: {type(reason).__name__}: {reason}"


# -- names and progress ------------------------------------------------------------------------------------------------


def name_of(scenario: Any) -> str:
    """What to call a scenario."""
    while isinstance(scenario, partial):
        scenario = scenario.func
    return getattr(scenario, "__name__", None) or type(scenario).__name__


def describe(params: dict[str, Any], seed: int) -> str:
    """The arguments of a run, as they are written in a call."""
    return ", ".join([*(f"{name}={value!r}" for name, value in params.items()), f"seed={seed}"])


class Progress(NamedTuple):
    """How far a sweep is. ``failed`` counts the runs that raised or died; ``left_s`` is an estimate."""

    done: int
    total: int
    failed: int
    elapsed_s: float
    left_s: float

    def __str__(self) -> str:
        full = 20 * self.done // self.total
        failed = f", {self.failed} failed" if self.failed else ""
        return (
            f"[{'#' * full}{'.' * (20 - full)}] {self.done}/{self.total}{failed}, about {_duration(self.left_s)} left"
        )


class Bar:
    """One line on stderr that keeps up with a sweep, once that has taken two seconds.

    On a terminal and in a notebook the line changes in place; elsewhere (a log file) only the last word is said.
    """

    QUIET_S = 2.0

    def __init__(self, name: str, total: int, report: Report = True, stream: TextIO | None = None) -> None:
        self.name, self.total, self.report = name, total, report
        self.stream = sys.stderr if stream is None else stream
        notebook = type(self.stream).__module__.startswith("ipykernel")
        self.live = report is True and self.stream is not None and (notebook or self.stream.isatty())
        self.begun = perf_counter()
        self.drawn, self.width, self.done = -inf, 0, 0

    def update(self, done: int, failed: int) -> None:
        """So many runs are done, and so many of those failed."""
        elapsed = perf_counter() - self.begun
        left = elapsed / done * (self.total - done) if done else inf
        progress = Progress(done, self.total, failed, elapsed, left)
        if callable(self.report) and done != self.done:
            self.report(progress)
        elif self.live and elapsed >= self.QUIET_S and elapsed - self.drawn >= NEWS_S:
            self.drawn = elapsed
            self.write(f"{self.name} {progress}", end="")
        self.done = done

    def close(self, verdict: str) -> None:
        """The last word, if anybody had to wait for it."""
        elapsed = perf_counter() - self.begun
        if self.report is True and self.stream is not None and elapsed >= self.QUIET_S:
            self.write(f"{self.name}: {verdict} in {_duration(elapsed)}", end="\n")

    def write(self, line: str, end: str) -> None:
        self.stream.write(f"\r{line:<{self.width}}{end}" if self.live else line + end)
        self.stream.flush()
        self.width = len(line)


def _duration(seconds: float) -> str:
    if seconds == inf:
        return "?"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
