"""Draws that several situations share: how many of so many fail, and when things happen that happen now and then."""

from __future__ import annotations

from math import floor, log, log1p
from random import Random


def failures_of(dice: Random, events: int, ratio: float) -> int:
    """How many of ``events`` fail if each does with probability ``ratio``: a draw from the binomial law.

    Counts from one failure to the next (the gaps are geometric), so it takes as long as there are failures.
    """
    if ratio > 0.5:
        return events - failures_of(dice, events, 1 - ratio)
    if ratio <= 0 or events <= 0:
        return 0
    failed, at, scale = 0, -1, log1p(-ratio)
    while True:
        at += 1 + floor(log(1 - dice.random()) / scale)
        if at >= events:
            return failed
        failed += 1


def moments(dice: Random, mean_gap: float, until: float) -> list[float]:
    """When something happens that keeps no memory, ``mean_gap`` apart on average: from 0 up to ``until``, in order."""
    found: list[float] = []
    at = dice.expovariate(1 / mean_gap)
    while at < until:
        found.append(at)
        at += dice.expovariate(1 / mean_gap)
    return found
