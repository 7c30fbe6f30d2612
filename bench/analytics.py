"""Goal 8: the percentiles of a hundred million latencies, and a month of burn rates, second by second.

Here the goals are seconds and bytes. So the rows depend on the machine, and say how far apart the repetitions were; the
ratios to numpy's own percentiles and to pandas' rolling sums, on the same data in turns, depend on it less.
"""

from __future__ import annotations

import importlib.util
import tracemalloc
from collections.abc import Callable
from time import perf_counter
from typing import Any

from dslib import slo
from dslib.histogram import LatencyHistogram

from .table import Row

NO_NUMPY = "numpy is not installed. `make bench` brings it; without make: pip install numpy"
NO_PANDAS = "pandas is not installed: pip install pandas"

LATENCIES = {"tiny": 200_000, "default": 100_000_000, "large": 100_000_000}
SECONDS = {"tiny": 86_400, "default": 30 * 86_400, "large": 30 * 86_400}
REPETITIONS = {"tiny": 2, "default": 3, "large": 7}

QUANTILES = (0.5, 0.99, 0.999)
WINDOWS = (5 * 60, 30 * 60, 3_600, 6 * 3_600, 3 * 86_400)


def rows(size: str, progress: Any) -> list[Row]:
    n, seconds = LATENCIES[size], SECONDS[size]
    percentiles = f"p50, p99, p99.9 of {n:,} latencies"
    burning = f"burn rates of {len(WINDOWS)} windows at each of {seconds:,} seconds"
    if importlib.util.find_spec("numpy") is None:
        return [Row(8, what, not_run=NO_NUMPY) for what in (percentiles, burning)]
    return _percentiles(n, REPETITIONS[size], percentiles, progress) + _burning(
        seconds, REPETITIONS[size], burning, progress
    )


def quantiles(values: Any) -> list[float]:
    histogram = LatencyHistogram(values)
    return [histogram.quantile(q) for q in QUANTILES]


def _percentiles(n: int, repetitions: int, what: str, progress: Any) -> list[Row]:
    import numpy as np

    progress(what)
    tracemalloc.start()
    block = np.random.default_rng(8).lognormal(3, 1, n // 100).astype(np.float32)
    values = np.tile(block, 100)  # its percentiles are exactly the block's
    found = quantiles(values)
    memory = tracemalloc.get_traced_memory()[1] / 1e9
    tracemalloc.stop()

    true = [slo.percentile(block.tolist(), q) for q in QUANTILES]
    error = max(abs(one / other - 1) for one, other in zip(found, true, strict=True))
    times, ratios = [], []
    tenth = values[: len(values) // 10]
    for _ in range(repetitions):
        times.append(_seconds(lambda: quantiles(values)))
        ours = _seconds(lambda: quantiles(tenth))
        theirs = _seconds(lambda: np.percentile(tenth, [100 * q for q in QUANTILES], method="inverted_cdf"))
        ratios.append(theirs / ours)
    return [
        Row(8, what, ("<=", 1.0), times, unit=" s"),
        Row(8, "  how far they are from the true ones", ("<=", 1.0), [100 * error], unit=" %"),
        Row(8, "  memory at its peak, the latencies included", ("<=", 1.0), [memory], unit=" GB"),
        Row(8, "  np.percentile (exact), of a tenth of them, against ours", None, ratios),
    ]


def _burning(n: int, repetitions: int, what: str, progress: Any) -> list[Row]:
    import numpy as np

    progress(what)
    random = np.random.default_rng(8)
    valid = random.poisson(50, n)
    bad = random.binomial(valid, 0.001)
    slo.burn_rates(bad, valid, 0.999, WINDOWS)  # the first time the system hands out the memory
    times = []
    pandas: dict[str, Any] = {"not_run": NO_PANDAS}
    if importlib.util.find_spec("pandas") is not None:
        import pandas as pd

        pandas = {"measured": []}
        series = pd.Series(bad), pd.Series(valid)
    for _ in range(repetitions):
        times.append(_seconds(lambda: slo.burn_rates(bad, valid, 0.999, WINDOWS)))
        if "measured" in pandas:
            sums = [
                _seconds(lambda window=window: [one.rolling(window, min_periods=1).sum() for one in series])
                for window in WINDOWS
            ]
            pandas["measured"].append(sum(sums) / times[-1])
    return [
        Row(8, what, ("<=", 0.15), times, unit=" s"),
        Row(8, "  pandas' rolling sums alone, against ours", None, **pandas),
    ]


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun
