"""``python -m bench``: measure, and print one table. See README.md."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import sys
import time

from . import analytics, gossip, grading, happysim, messages, queueing, same, sweeping, timers, views
from .paired import SIZES
from .table import Row, show

GOALS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
NO_SIMPY = "SimPy is not installed. `make bench` brings it; without make: pip install simpy"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="The speed of dslib, as ratios.")
    parser.add_argument("--size", choices=SIZES, default="default", help="how much to measure (default: %(default)s)")
    parser.add_argument("--goal", type=int, nargs="+", choices=GOALS, help="these goals only")
    parser.add_argument(
        "--happysim-python",
        metavar="PATH",
        help=f"a Python that has happysim (default: ${happysim.VARIABLE}, or this one)",
    )
    options = parser.parse_args(arguments)
    size = SIZES[options.size]
    goals = set(options.goal or GOALS)
    simpy = "" if importlib.util.find_spec("simpy") else NO_SIMPY

    begun = time.monotonic()
    rows: list[Row] = []
    if goals & {1, 2, 5}:
        rows += messages.rows(size, simpy, progress)
    if 2 in goals:
        rows += happysim.rows(size, options.happysim_python, progress)
    if 3 in goals:
        rows += timers.rows(size, simpy, progress)
    if 4 in goals:
        rows += gossip.rows(options.size, simpy, progress)
    if 6 in goals:
        rows += queueing.rows(options.size, simpy, progress)
    if 7 in goals:
        rows += same.rows(progress)
    if 8 in goals:
        rows += analytics.rows(options.size, progress)
    if 9 in goals:
        rows += sweeping.rows(options.size, progress)
    if 10 in goals:
        rows += views.rows(options.size, progress)
    if 11 in goals:
        rows += grading.rows(options.size, progress)
    rows = sorted((row for row in rows if row.goal in goals or row.goal is None), key=lambda row: row.goal or 99)

    load = f", load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    print(f"{platform.python_implementation()} {platform.python_version()}{load}, size {options.size}\n")
    print(show(rows))
    print(f"\n{time.monotonic() - begun:.0f} s. A ratio is the middle one of its repetitions; see bench/README.md")
    return 0


def progress(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
