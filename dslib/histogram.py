"""A histogram of latencies that keeps its promise for any number of them, in the memory of a few hundred buckets.

A percentile needs the whole sample sorted, and two percentiles cannot be put together into one. Counts in buckets can:
they are small, and those of many machines simply add up. The price is that we know a latency only by its bucket. Here
a bucket's width is at most 1/128 (0.8 %) of its values: each doubling, from 2^k to 2^(k+1) ms, is cut into 128 equal
buckets. Gil Tene's HdrHistogram (2012) does it this way; DDSketch (Masson, Rim & Lee 2019, section 2) cuts evenly on
the logarithmic scale and proves what its quantiles promise.

A float already holds its bucket: the exponent says which doubling, the first seven bits of the mantissa which of its
128 parts. So to find the bucket is to drop the other bits, with no logarithm, and it is the same on every machine.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from math import inf, nan
from typing import Any

from .slo import Number, nearest_rank

#: Buckets to each doubling.
PARTS = 128

#: Array elements at a time: so many fit into a processor's cache, and the memory needed stays small.
_CHUNK = 1 << 18


class LatencyHistogram:
    """Counts of latencies in buckets at most 0.8 % wide.

    ``LatencyHistogram(latencies(history)).quantile(0.99)``. 0 and ``inf`` (never answered) are counted as themselves.
    An array of numpy is taken in whole chunks, about 1e8 values in a second; anything else one by one.
    """

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.count = 0
        self._buckets: Counter[float] = Counter()  # where a bucket begins, in ms -> how many are in it
        self.add_all(values)

    def add(self, latency: float, times: int = 1) -> None:
        """Count one latency (ms), or several that are alike.

        Raises ValueError for a latency that is negative or ``nan``, and for a negative number of times.
        """
        if not latency >= 0:
            raise ValueError(f"latency {latency!r} is no length of time: write ms, 0 or more (inf for never answered)")
        if times < 0:
            raise ValueError(f"{times} times: a count is 0 or more")
        if 0 < latency < inf:
            mantissa, exponent = math.frexp(latency)  # mantissa in [0.5, 1)
            latency = math.ldexp(math.floor(mantissa * 2 * PARTS) / (2 * PARTS), exponent)
        self._buckets[float(latency)] += times
        self.count += times

    def add_all(self, values: Iterable[float]) -> None:
        """Count each of them: numbers, or a numpy array of floats."""
        if hasattr(values, "dtype"):
            self._add_array(values)
        else:
            for value in values:
                self.add(value)

    def _add_array(self, values: Any) -> None:
        import numpy as np

        if values.dtype != np.float32:
            values = values.astype(np.float64, copy=False)
        # A sign, the exponent and the first 7 bits of the mantissa: 16 bits of a float32, 19 of a float64.
        whole, kept = (np.uint32, 16) if values.dtype == np.float32 else (np.uint64, 19)
        dropped = 8 * values.dtype.itemsize - kept
        counts = np.zeros(1 << kept, dtype=np.int64)
        flat = values.ravel()
        for start in range(0, len(flat), _CHUNK):
            chunk = flat[start : start + _CHUNK]
            if not chunk.min(initial=0) >= 0:  # also when it is nan
                bad = chunk[~(chunk >= 0)][0]
                raise ValueError(f"latency {bad} is no length of time: write ms, 0 or more (inf for never answered)")
            counts += np.bincount((chunk.view(whole) >> dropped).astype(np.intp), minlength=1 << kept)
        found = counts.nonzero()[0]
        begins = (found.astype(whole) << dropped).view(values.dtype)
        for begin, times in zip(begins.tolist(), counts[found].tolist(), strict=True):
            self.add(abs(begin), times)  # abs: there is a zero with a minus sign

    def merge(self, other: LatencyHistogram) -> None:
        """Count what the other one counted, too."""
        self._buckets.update(other._buckets)
        self.count += other.count

    def bounds(self, q: Number) -> tuple[float, float]:
        """The bucket that holds the nearest-rank quantile ``q`` (0..1): the true one is at least the first, and below
        the second (or both are 0, or ``inf``). ``nan`` if nothing was counted. Raises ValueError for a ``q`` outside.
        """
        rank = nearest_rank(q, self.count)
        for begin in sorted(self._buckets):
            rank -= self._buckets[begin]
            if rank < 0:
                return begin, begin + _width(begin)
        return nan, nan

    def quantile(self, q: Number) -> float:
        """The middle of that bucket: at most 0.4 % from the true quantile."""
        low, high = self.bounds(q)
        return low if low == high else low + (high - low) / 2

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LatencyHistogram) and self._buckets == other._buckets

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        return f"<LatencyHistogram of {self.count:,} latencies in {len(self._buckets)} buckets>"


def _width(begin: float) -> float:
    if begin == 0 or begin == inf:
        return 0.0
    return math.ldexp(1.0, math.frexp(begin)[1] - 1) / PARTS
