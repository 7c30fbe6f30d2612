"""Sweeps: the same run under many seeds, and what can be said from a sample of them."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, sqrt
from typing import NamedTuple


class Estimate(NamedTuple):
    """A mean and the 95 % confidence interval around it."""

    mean: float
    low: float
    high: float
    runs: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} (95 % interval {self.low:.2f} to {self.high:.2f}, {self.runs} values)"


def estimate(values: Iterable[float]) -> Estimate:
    """The mean of independent values, with a 95 % interval from the normal approximation (mean ± 1.96 standard errors).

    Raises:
        ValueError: fewer than 30 values, for which the approximation is too rough.
    """
    sample = list(values)
    if len(sample) < 30:
        raise ValueError(f"an interval from {len(sample)} values means little: run at least 30 seeds")
    mean = fsum(sample) / len(sample)
    error = sqrt(fsum((x - mean) ** 2 for x in sample) / (len(sample) - 1) / len(sample))
    return Estimate(mean, mean - 1.96 * error, mean + 1.96 * error, len(sample))
