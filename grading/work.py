"""Jobs go out to an executor, outcomes come back as they are ready, and no worker's death stops the run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

from .judge import Job, Outcome, judge_here

NOT_GRADED = "not graded"


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def outcomes(jobs: Iterable[Job], executor: Executor | None, walls: str, root: Path) -> Iterator[Outcome]:
    if executor is None:
        with ProcessPoolExecutor(cores(), get_context("spawn")) as pool:
            yield from outcomes(jobs, pool, walls, root)
        return
    waiting: set[Future[Outcome]] = set()
    for job in jobs:
        waiting.add(executor.submit(judge_here, job, str(root), walls))
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()
