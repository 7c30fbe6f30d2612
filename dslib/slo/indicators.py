"""Indicators (SLIs): the share of good events, in the ways that are in use. All are legitimate, all are different.

Definitions 1, 2, 10, 12 and 24. A ratio with nothing to divide by is ``nan``: no traffic is neither 0 % nor 100 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from .exact import Number, are_arrays, check_slices, count, exact, length, show, target_of

#: What a slice of time without traffic is.
EMPTY = ("skipped", "good", "bad")


def sli(good: Number, valid: Number) -> float:
    """Good events / valid events, a fraction of 1; ``nan`` without valid events (definitions 1 and 2).

    Both are counts, or sums of weights. What is *valid* is part of the SLI's definition: health checks, for example,
    are usually no users' events, and belong in neither number. See :func:`measure`.

    Raises ValueError when a count is negative, not finite, or ``good`` is more than ``valid``.

    >>> sli(3, 4)
    0.75
    """
    good, valid = count(good, "good"), count(valid, "valid")
    if good > valid:
        raise ValueError(
            f"good={show(good)} is more than valid={show(valid)}: every good event is a valid one, "
            "so write sli(good, valid), with invalid events in neither number"
        )
    return float(good / valid) if valid else math.nan


class Counts(NamedTuple):
    """How many events were good, how many valid, and how many the indicator's definition leaves out."""

    good: int
    valid: int
    invalid: int

    @property
    def bad(self) -> int:
        """Valid, and not good."""
        return self.valid - self.good

    @property
    def sli(self) -> float:
        """Good / valid; ``nan`` without valid events."""
        return sli(self.good, self.valid)


def measure(
    events: Iterable[Any], good: Callable[[Any], object], valid: Callable[[Any], object] = lambda event: True
) -> Counts:
    """Count events by an indicator's definition, in writing: which are valid, and which of those are good.

    Are 4xx valid? 429? A client that left? Health checks? That is an argument, not a habit (definition 1). An event
    that is not valid is never asked whether it was good.

    >>> measure([200, 503, 404], good=lambda status: status < 500, valid=lambda status: status != 404).sli
    0.5
    """
    counted = [0, 0, 0]
    for event in events:
        counted[2 if not valid(event) else 0 if good(event) else 1] += 1
    return Counts(counted[0], counted[0] + counted[1], counted[2])


def met(good: Number, valid: Number, target: Number) -> bool | None:
    """Whether an objective was met: SLI >= target, compared exactly (definitions 10 and 11). None without traffic.

    Raises ValueError for what :func:`sli` refuses, and a target outside (0, 1].

    >>> met(999, 1_000, 0.999), met(998, 1_000, 0.999), met(0, 0, 0.999)
    (True, False, None)
    """
    least = target_of(target)
    sli(good, valid)  # refuses what cannot be right
    return exact(good, "good") >= least * exact(valid, "valid") if valid else None


# -- three availabilities: definition 12 -------------------------------------------------------------------------------


def availability_by_request(good: Sequence[int], valid: Sequence[int]) -> float:
    """All good events / all valid ones, whenever they came. OpenSLO calls it Occurrences.

    ``good`` and ``valid`` count the events of each slice of time. Raises what :func:`availability_by_slice` raises.

    >>> availability_by_request([100, 0], [100, 10])
    0.9090909090909091
    """
    check_slices(good, valid, "good")
    return sli(sum(map(int, good)), sum(map(int, valid)))


def availability_by_slice(
    good: Sequence[int], valid: Sequence[int], slice_target: Number, empty: str = "skipped"
) -> float:
    """The share of good slices of time: those whose own SLI reaches ``slice_target``. OpenSLO calls it Timeslices.

    ``empty`` says what a slice without traffic is: "skipped", "good" or "bad" (definition 2). ``nan`` if no slice
    counts.

    Raises ValueError for counts that are negative or more good than valid, series of different lengths, a target
    outside (0, 1], and another ``empty``; TypeError for counts that are not whole numbers.

    >>> availability_by_slice([100, 0], [100, 10], 0.95)
    0.5
    """
    check_slices(good, valid, "good")
    least, empty = target_of(slice_target), _empty(empty)
    ones, alls = _with_traffic(good, valid)
    told = len(alls)
    # good / valid >= p / q, in whole numbers: exact.
    if are_arrays(ones, alls):
        reached = int((ones * least.denominator >= alls * least.numerator).sum())
    else:
        each = zip(ones, alls, strict=True)
        reached = sum(one * least.denominator >= all_ * least.numerator for one, all_ in each)
    silent = len(valid) - told
    if empty == "skipped":
        return sli(reached, told)
    return sli(reached + (silent if empty == "good" else 0), len(valid))


def availability_by_mean(good: Sequence[int], valid: Sequence[int], empty: str = "skipped") -> float:
    """The mean of the slices' own SLIs, each with the same weight. OpenSLO calls it RatioTimeslices.

    ``empty`` says what a slice without traffic is; a "good" one has the SLI 1, a "bad" one 0. ``nan`` if none counts.
    Raises what :func:`availability_by_slice` raises.

    >>> availability_by_mean([100, 5], [100, 10])
    0.75
    """
    check_slices(good, valid, "good")
    empty = _empty(empty)
    ones, alls = _with_traffic(good, valid)
    if are_arrays(ones, alls):
        ratios = (ones / alls).tolist()
    else:
        ratios = [one / all_ for one, all_ in zip(ones, alls, strict=True)]
    silent = 0 if empty == "skipped" else len(valid) - len(ratios)
    total = math.fsum(ratios) + (silent if empty == "good" else 0)
    return total / (len(ratios) + silent) if len(ratios) + silent else math.nan


def _with_traffic(good: Any, valid: Any) -> tuple[Any, Any]:
    """The slices in which something was asked: two lists, or two arrays of whole numbers that do not overflow."""
    if are_arrays(good, valid):
        some = valid > 0
        return good[some].astype("int64"), valid[some].astype("int64")
    some = [at for at, all_ in enumerate(valid) if all_]
    return [good[at] for at in some], [valid[at] for at in some]


def _empty(word: str) -> str:
    if word not in EMPTY:
        raise ValueError(f'empty={word!r}: a slice without traffic is "skipped", "good" or "bad"')
    return word


# -- waiting: definitions 10, 14, 16 and 24 ----------------------------------------------------------------------------


def latency_sli(
    latencies: Iterable[float], threshold: Number, failed: int = 0, failures: str = "slow", strict: bool = False
) -> float:
    """The share of requests that were fast: latency <= threshold, both in the same unit (definition 10).

    Args:
        latencies: of the requests that were answered; ``inf`` for one that never was.
        threshold: the longest latency that is still fast.
        failed: how many more requests failed. A quick refusal is no fast answer.
        failures: "slow" counts them as slow, "excluded" leaves them out: only where the definition says so in writing
            (definition 16).
        strict: fast is latency < threshold. Then a percentile and this share may disagree (definition 14).

    Raises:
        ValueError: a latency is negative or ``nan``, the threshold not above 0, or another word for ``failures``.

    >>> latency_sli([120, 500, 640], 500), latency_sli([120, 500, 640], 500, failed=1)
    (0.6666666666666666, 0.5)
    """
    limit, failed = float(length(threshold, "threshold")), int(count(failed, "failed"))
    if failures not in ("slow", "excluded"):
        raise ValueError(f'failures={failures!r}: a failed request is "slow" or "excluded"')
    fast = answered = 0
    for latency in latencies:
        if not latency >= 0:
            raise ValueError(f"latency {latency!r} is no length of time: write 0 or more (inf for never answered)")
        answered += 1
        fast += latency < limit if strict else latency <= limit
    return sli(fast, answered + (failed if failures == "slow" else 0))


def apdex(satisfied: Number, tolerating: Number, total: Number) -> float:
    """(satisfied + tolerating / 2) / all samples; ``nan`` without samples (definition 24).

    Satisfied is who waited at most T, tolerating at most 4 T, frustrated everybody else, and who was not answered.

    Raises ValueError when a count is negative, or the two are more than the total.

    >>> apdex(60, 30, 100)
    0.75
    """
    pleased, patient, everybody = (
        count(value, name) for value, name in ((satisfied, "satisfied"), (tolerating, "tolerating"), (total, "total"))
    )
    if pleased + patient > everybody:
        raise ValueError(
            f"satisfied={show(pleased)} and tolerating={show(patient)} are more than total={show(everybody)}: "
            "each sample is in one of the groups"
        )
    return float((pleased + patient / 2) / everybody) if everybody else math.nan


def apdex_of(latencies: Iterable[float], threshold: Number) -> float:
    """The Apdex of a sample with T = ``threshold``, in the latencies' own unit; ``inf`` was never answered.

    >>> apdex_of([100, 400, 900, 3_000], 500)
    0.625
    """
    limit = float(length(threshold, "threshold"))
    groups = [0, 0, 0]
    for latency in latencies:
        if not latency >= 0:
            raise ValueError(f"latency {latency!r} is no length of time: write 0 or more (inf for never answered)")
        groups[0 if latency <= limit else 1 if latency <= 4 * limit else 2] += 1
    return apdex(groups[0], groups[1], sum(groups))
