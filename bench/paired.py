"""The paired method: designs take turns in one process, so that what slows the machine down slows them all.

A time in microseconds says more about the machine, and about who else uses it, than about the code. So two designs are
compared on the same work, in turns of a few milliseconds, many times over; of each the quickest turn counts, in CPU
time, because noise only ever adds. The ratio of two such times is what we print. All of it is repeated with everything
built anew, because where objects happen to lie in memory matters too; the table shows how far they were apart.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Iterable
from math import inf
from typing import NamedTuple

#: Do about so many units of work (deliveries, heartbeats); how many it really was.
Turn = Callable[[int], int]


class Size(NamedTuple):
    """How much is measured: of each design, ``rounds`` turns of ``units``, and all that ``repetitions`` times."""

    nodes: int
    units: int
    rounds: int
    repetitions: int


SIZES = {
    "tiny": Size(nodes=20, units=200, rounds=2, repetitions=2),
    "default": Size(nodes=1_000, units=15_000, rounds=15, repetitions=3),
    "large": Size(nodes=1_000, units=15_000, rounds=60, repetitions=5),
}


def cost(designs: dict[str, Turn], units: int, rounds: int) -> dict[str, float]:
    """The CPU time of one unit of work in seconds, for each design: the least of all its turns.

    Python's garbage collector runs between the rounds, for nobody during a turn. Half a turn comes first and is not
    counted: it brings the design's objects back into the processor's cache, from which the others drove them.
    """
    best = dict.fromkeys(designs, inf)
    order = deque(designs)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for _ in range(rounds):
            gc.collect()
            for name in order:
                turn = designs[name]
                turn(units // 2)
                before = time.process_time()
                done = turn(units)
                best[name] = min(best[name], (time.process_time() - before) / done)
            order.rotate(1)
    finally:
        gc.enable()
        gc.unfreeze()
    return best


def ratios(costs: Iterable[dict[str, float]], design: str, base: str) -> list[float]:
    """How much more ``design`` costs than ``base``, one number for each repetition."""
    return [each[design] / each[base] for each in costs]
