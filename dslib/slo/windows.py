"""From a log to slices of time. Windows are half-open: an event at the end belongs to the next one (definition 17).

Rows of a log may be unsorted, repeated and unevenly spaced. What is dropped is counted, with the reason.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from .exact import Number, exact, length, show

OUTSIDE, REPEATED, NO_TIME, INVALID = "outside the window", "repeated", "without a time", "not valid"


class Sliced(NamedTuple):
    """The events of each slice of time, and how many rows were dropped, by reason. ``str()`` says it."""

    bad: Sequence[int]
    valid: Sequence[int]
    dropped: dict[str, int]
    start_s: float
    every_s: float

    @property
    def good(self) -> list[int]:
        """The good events of each slice."""
        return [int(all_) - int(one) for one, all_ in zip(self.bad, self.valid, strict=True)]

    def __str__(self) -> str:
        kept = int(sum(self.valid))
        said = f"{kept:,} events in {len(self.valid):,} slices of {self.every_s:g} s"
        if not self.dropped:
            return f"{said}; no row was dropped"
        rows = sum(self.dropped.values())
        return f"{said}; {rows:,} rows dropped: " + ", ".join(f"{n:,} {why}" for why, n in self.dropped.items())


def sliced(
    times_s: Sequence[float],
    good: Sequence[Any],
    start_s: float,
    end_s: float,
    every_s: float,
    ids: Sequence[Hashable] | None = None,
    valid: Sequence[Any] | None = None,
) -> Sliced:
    """Count the events from ``start_s`` up to, not including, ``end_s`` in slices of ``every_s`` seconds.

    The columns of a log, one entry for each row: when, whether it was good, and if given its id and whether it is
    valid. Rows are taken in order of time; of rows with the same id the first counts. Arrays of numpy are counted as
    arrays (without ids).

    Raises ValueError for columns of different lengths, and a window that is no whole number of slices.

    >>> print(sliced([61, 3, 3, 120], [True, False, False, True], 0, 120, 60, ids=["b", "a", "a", "c"]))
    2 events in 2 slices of 60 s; 2 rows dropped: 1 outside the window, 1 repeated
    """
    slices = _whole_slices(start_s, end_s, every_s)
    for name, column in (("good", good), ("ids", ids), ("valid", valid)):
        if column is not None and len(column) != len(times_s):
            raise ValueError(f"{name} has {len(column)} rows and times_s {len(times_s)}: write one entry for each row")
    if hasattr(times_s, "dtype") and hasattr(good, "dtype") and ids is None:
        return _sliced_arrays(times_s, good, start_s, end_s, every_s, slices, valid)
    dropped: Counter[str] = Counter()
    bad, all_, seen = [0] * slices, [0] * slices, set[Hashable]()
    begins, width = exact(start_s, "start_s"), exact(every_s, "every_s")
    for row in _in_time(times_s, dropped):
        at = times_s[row]
        if not start_s <= at < end_s:
            dropped[OUTSIDE] += 1
        elif ids is not None and ids[row] in seen:
            dropped[REPEATED] += 1
        elif valid is not None and not valid[row]:
            dropped[INVALID] += 1
            seen.update([] if ids is None else [ids[row]])
        else:
            place = int((exact(at, "a time") - begins) // width)
            all_[place] += 1
            bad[place] += not good[row]
            seen.update([] if ids is None else [ids[row]])
    return Sliced(bad, all_, _in_order(dropped), float(start_s), float(every_s))


def _in_time(times_s: Sequence[float], dropped: Counter[str]) -> Iterable[int]:
    rows = [row for row, at in enumerate(times_s) if not math.isnan(at)]
    if len(rows) < len(times_s):
        dropped[NO_TIME] += len(times_s) - len(rows)
    return sorted(rows, key=lambda row: times_s[row])


def _in_order(dropped: Counter[str]) -> dict[str, int]:
    return {why: int(dropped[why]) for why in (NO_TIME, OUTSIDE, REPEATED, INVALID) if dropped[why]}


def _whole_slices(start_s: Number, end_s: Number, every_s: Number) -> int:
    width = length(every_s, "every_s")
    slices: Fraction = (exact(end_s, "end_s") - exact(start_s, "start_s")) / width
    if slices <= 0 or slices.denominator != 1:
        raise ValueError(
            f"from {start_s:g} to {end_s:g} s there is no whole number of slices of {show(width)} s: "
            "write an end that is one"
        )
    return slices.numerator


def _sliced_arrays(
    times_s: Any, good: Any, start_s: float, end_s: float, every_s: float, slices: int, valid: Any
) -> Sliced:
    import numpy as np

    dropped: Counter[str] = Counter()
    timeless = np.isnan(times_s)
    inside = (times_s >= start_s) & (times_s < end_s)
    dropped[NO_TIME] = int(timeless.sum())
    dropped[OUTSIDE] = len(times_s) - int(inside.sum()) - dropped[NO_TIME]
    counted = inside if valid is None else inside & np.asarray(valid, dtype=bool)
    dropped[INVALID] = int(inside.sum()) - int(counted.sum())
    # What is within a billionth of a slice before an edge stands on it: 0.3 / 0.1 is 2.9999999999999996 in floats.
    place = np.minimum(((times_s[counted] - start_s) / every_s + 1e-9).astype(np.int64), slices - 1)
    wrong = ~np.asarray(good, dtype=bool)[counted]
    bad: Any = np.bincount(place[wrong], minlength=slices)
    all_: Any = np.bincount(place, minlength=slices)
    return Sliced(bad, all_, _in_order(dropped), float(start_s), float(every_s))
