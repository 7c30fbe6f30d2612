"""Goal 9: what a sweep costs on top of its runs, on a pool of processes and on a Dask cluster.

The ideal is the same work in the same number of processes, each told once what to do, and nothing else to do: the mean
of how long they took. It takes turns with the sweeps, because two busy processors are not twice one (they share caches,
memory, and whoever else uses the machine). Pool and cluster are warm; both are this machine.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

from dslib.sweeps import sweep

from .table import Row

NO_DASK = "distributed is not installed. `make bench` brings it; without make: pip install distributed"

WORKERS = 2
RUN_S = {"tiny": 0.002, "default": 0.05, "large": 0.05}
RUNS = {"tiny": 8, "default": 160, "large": 400}
REPETITIONS = {"tiny": 2, "default": 3, "large": 5}


def run(seed: int, loops: int) -> int:
    """Some work that keeps a processor busy."""
    x = seed
    for _ in range(loops):
        x = (x * 1_103_515_245 + 12_345) % 2_147_483_648
    return x


def share(runs: int, loops: int) -> float:
    """One worker's part of the ideal; how long it took, in seconds."""
    begun = perf_counter()
    for seed in range(runs):
        run(seed, loops)
    return perf_counter() - begun


def rows(size: str, progress: Any) -> list[Row]:
    runs, ms = RUNS[size], 1_000 * RUN_S[size]
    dask = importlib.util.find_spec("distributed") is not None
    names = {"pool": f"{runs} runs of {ms:g} ms on {WORKERS} processes", "dask": "the same on a Dask cluster"}
    chunked: dict[str, list[float]] = {name: [] for name in names}
    single: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        executors: dict[str, Executor] = {"pool": stack.enter_context(ProcessPoolExecutor(WORKERS))}
        loops = _loops(executors["pool"], RUN_S[size])  # and now its processes have started, before there are threads
        if dask:
            executors["dask"] = stack.enter_context(_cluster())
            _loops(executors["dask"], RUN_S[size])
        for repetition in range(REPETITIONS[size]):
            progress(f"sweeps, repetition {repetition + 1} of {REPETITIONS[size]}")
            for name, executor in executors.items():
                ideal = sum(_shares(executors["pool"], runs // WORKERS, loops)) / WORKERS
                took = _seconds(lambda e=executor: sweep(run, runs, e, progress=False, loops=loops))
                chunked[name].append(100 * (took / ideal - 1))
                took = _seconds(lambda e=executor: wait([e.submit(run, seed, loops) for seed in range(runs)]))
                single[name].append(100 * (took / ideal - 1))
    not_run = {"pool": "", "dask": "" if dask else NO_DASK}
    return [
        row
        for name, what in names.items()
        for row in (
            Row(9, f"{what}, over ideal", ("<=", 8.0), chunked[name], unit=" %", not_run=not_run[name]),
            Row(9, "  one call for each run, without chunks", None, single[name], unit=" %", not_run=not_run[name]),
        )
    ]


def _loops(executor: Executor, seconds: float) -> int:
    """How many loops take so long while all workers are busy."""
    loops = 20_000
    while (took := sum(_shares(executor, 5, loops)) / WORKERS / 5) < seconds / 4:
        loops *= 2
    return max(1, round(loops * seconds / took))


def _shares(executor: Executor, runs: int, loops: int) -> list[float]:
    # Numbers that differ by one loop: Dask takes two calls that look the same for one.
    calls = [executor.submit(share, runs, loops + worker) for worker in range(WORKERS)]
    return [call.result() for call in calls]


@contextmanager
def _cluster() -> Iterator[Executor]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1",
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        yield client.get_executor(pure=False)


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun
