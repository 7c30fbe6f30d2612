"""Percentiles by nearest rank, and what a histogram's buckets can and cannot say of them (definitions 13 to 15).

Percentiles are never averaged: merge the samples, or count how many were below a threshold, which does add up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from .exact import Number, count, exact, show


def percentile(values: Iterable[float], q: Number) -> float:
    """The nearest-rank percentile: the smallest value with at least a share ``q`` of the sample at or below it.

    ``q`` is a fraction of 1: 0.99 for p99; 0 gives the minimum and 1 the maximum. ``inf`` is a value like any other
    (never answered); an empty sample gives ``nan``. Percentiles cannot be averaged: merge the samples instead. An
    array of numpy is not sorted whole, only as far as it takes.

    Raises ValueError for a ``q`` outside 0..1 and for a value that is ``nan``.

    >>> percentile([15, 20, 35, 40, 50], 0.3)
    20
    """
    if hasattr(values, "dtype"):
        return _percentile_of_array(values, q)
    ordered = sorted(values)
    rank = nearest_rank(q, len(ordered))
    if any(value != value for value in ordered):
        raise ValueError("the sample contains nan, which is neither small nor large: leave out what was not measured")
    return ordered[rank] if ordered else math.nan


def _percentile_of_array(values: Any, q: Number) -> float:
    import numpy as np

    flat = values.ravel()
    rank = nearest_rank(q, len(flat))
    if not len(flat):
        return math.nan
    if flat.dtype.kind == "f" and bool(np.isnan(flat).any()):
        raise ValueError("the sample contains nan, which is neither small nor large: leave out what was not measured")
    return np.partition(flat, rank)[rank].item()  # type: ignore[no-any-return]


def nearest_rank(q: Number, n: int) -> int:
    """Which of ``n`` sorted values is their percentile ``q``, counted from 0: ceil(q n) - 1, exactly; 0 for p0.

    Raises ValueError for a ``q`` outside 0..1.

    >>> nearest_rank(0.99, 200)
    197
    """
    share = exact(q, "q")
    if not 0 <= share <= 1:
        meant = f" ({float(share / 100):g} for p{show(share)})" if 1 < share <= 100 else ""
        raise ValueError(f"q={show(share)} is not a share of the sample: write a fraction of 1{meant}")
    return max(0, math.ceil(share * n) - 1)


# -- histograms: definition 15 -----------------------------------------------------------------------------------------


def histogram_quantile(q: float, bounds: Sequence[float], cumulative: Sequence[Number]) -> float:
    """Estimate a quantile from buckets, as Prometheus' ``histogram_quantile`` does (definition 15).

    ``bounds`` are the buckets' upper bounds, rising, the last one ``inf``; ``cumulative`` how many observations were at
    or below each. Rank q x count, the first bucket whose cumulative count reaches it, linear inside: as if all of a
    bucket's observations were evenly spread. In the last bucket the highest finite bound is all one can say. The
    first bucket starts at 0 if its bound is positive, and answers its bound otherwise. ``nan`` for an empty histogram
    (and for the quantile 0 if the first bucket is empty: 0 of 0 observations into it); ``-inf`` for q below 0, ``inf``
    for q above 1. What the buckets can vouch for is :func:`histogram_quantile_bounds`.

    Raises ValueError for bounds that do not rise or do not end with ``inf``, and counts that fall.

    >>> histogram_quantile(0.5, [100, 200, 400, float("inf")], [2, 6, 9, 10])
    175.0
    """
    counts = _counts(bounds, cumulative)
    if math.isnan(q) or not counts[-1] or len(counts) < 2:
        return math.nan
    if not 0 <= q <= 1:
        return -math.inf if q < 0 else math.inf
    rank = exact(q, "q") * counts[-1]
    at = next(i for i, reached in enumerate(counts) if reached >= rank)
    if at == len(counts) - 1:
        return float(bounds[at - 1])
    if at == 0 and bounds[0] <= 0:
        return float(bounds[0])
    begin, before = (exact(bounds[at - 1], "a bound"), counts[at - 1]) if at else (exact(0, "0"), exact(0, "0"))
    if counts[at] == before:
        return math.nan
    return float(begin + (exact(bounds[at], "a bound") - begin) * (rank - before) / (counts[at] - before))


def histogram_quantile_bounds(q: float, bounds: Sequence[float], cumulative: Sequence[Number]) -> tuple[float, float]:
    """The bucket that surely holds the nearest-rank quantile ``q``: it is above the first number, at most the second.

    Nothing but that do the buckets vouch for. Latencies are not negative, so the first bucket starts at 0 if its bound
    is positive, at ``-inf`` otherwise; the last one ends at ``inf``. ``(nan, nan)`` for an empty histogram; outside
    0..1 both are the infinity that :func:`histogram_quantile` gives. Raises ValueError for what that refuses.

    >>> histogram_quantile_bounds(0.5, [100, 200, 400, float("inf")], [2, 6, 9, 10])
    (100.0, 200.0)
    """
    counts = _counts(bounds, cumulative)
    if math.isnan(q) or not counts[-1]:
        return math.nan, math.nan
    if not 0 <= q <= 1:
        return (-math.inf, -math.inf) if q < 0 else (math.inf, math.inf)
    rank = max(1, math.ceil(exact(q, "q") * counts[-1]))
    at = next(i for i, reached in enumerate(counts) if reached >= min(rank, counts[-1]))
    low = float(bounds[at - 1]) if at else 0.0 if bounds[0] > 0 else -math.inf
    return low, float(bounds[at])


def histogram_sli_bounds(
    threshold: float, bounds: Sequence[float], cumulative: Sequence[Number]
) -> tuple[float, float]:
    """The least and the greatest share of observations that may have been at or below the threshold.

    They are the same number exactly if the threshold is a bucket's bound: otherwise a latency SLI from this histogram
    is a guess, and this says how wide. ``(nan, nan)`` for an empty histogram. Raises ValueError for a threshold that is
    ``nan``, and what :func:`histogram_quantile` refuses.

    >>> histogram_sli_bounds(200, [100, 200, 400, float("inf")], [2, 6, 9, 10])
    (0.6, 0.6)
    >>> histogram_sli_bounds(300, [100, 200, 400, float("inf")], [2, 6, 9, 10])
    (0.6, 0.9)
    """
    counts = _counts(bounds, cumulative)
    if math.isnan(threshold):
        raise ValueError("the threshold is nan: write a latency in the unit of the bounds")
    if not counts[-1]:
        return math.nan, math.nan
    at = next(i for i, bound in enumerate(bounds) if bound >= threshold)
    most = counts[at] / counts[-1]
    if bounds[at] == threshold:
        return float(most), float(most)
    return float(counts[at - 1] / counts[-1]) if at else 0.0, float(most)


def _counts(bounds: Sequence[float], cumulative: Sequence[Number]) -> list[Any]:
    if len(bounds) != len(cumulative) or not len(bounds):
        raise ValueError(f"{len(bounds)} bounds and {len(cumulative)} counts: write one of each for every bucket")
    if bounds[-1] != math.inf:
        raise ValueError(f"the last bound is {bounds[-1]!r}: write inf, the bucket of all that is larger")
    for one, other in pairwise(bounds):
        if not one < other:
            raise ValueError(f"bounds {one!r} and {other!r} do not rise: sort the buckets by their upper bounds")
    counts = [count(value, "a cumulative count") for value in cumulative]
    for fewer, more in pairwise(counts):
        if fewer > more:
            raise ValueError(
                f"cumulative counts {show(fewer)} and {show(more)} fall: in each count all at or below its bound"
            )
    return counts
