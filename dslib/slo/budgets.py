"""Error budgets: what a target leaves over, how fast it is spent, and how much is left (definitions 3, 4 and 18 to 20).

Consumed may be more than 1, what is left may be negative: neither is ever clipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple

from .exact import Number, are_arrays, check_slices, count, exact, length, show, target_of

DAY = 86_400


def error_budget(target: Number, valid: Number) -> Fraction:
    """How many of ``valid`` events may be bad: (1 - target) x valid, exactly (SRE book, chapter 3; definition 3).

    Whole failures allowed are its floor, :func:`allowed_failures`. ``float()`` it for display.

    Raises ValueError for a target outside (0, 1] and for a count that is negative or not finite.

    >>> error_budget(0.999, 7_200)
    Fraction(36, 5)
    """
    return (1 - target_of(target)) * count(valid, "valid")


def allowed_failures(target: Number, valid: Number) -> int:
    """How many whole events may be bad: the floor of the error budget. Of 7,200 at 0.999 the eighth breaks it.

    >>> allowed_failures(0.999, 7_200), allowed_failures(0.9, 10)
    (7, 1)
    """
    return math.floor(error_budget(target, valid))


def budget_consumed(bad: Number, valid: Number, target: Number) -> float:
    """The share of the error budget that is spent: bad / budget, above 1 when it is overspent.

    ``nan`` without traffic. A target of 1 has no budget: ``inf`` with any bad event, 0 with none.

    Raises ValueError for a target outside (0, 1], counts that are negative, and more bad events than valid ones.

    >>> budget_consumed(1_500, 3_000_000, 0.999)
    0.5
    """
    spent, all_, budget = count(bad, "bad"), count(valid, "valid"), error_budget(target, valid)
    if spent > all_:
        raise ValueError(f"bad={show(spent)} is more than valid={show(all_)}: every bad event is a valid one")
    if not all_:
        return math.nan
    return float(spent / budget) if budget else math.inf if spent else 0.0


def budget_remaining(bad: Number, valid: Number, target: Number) -> float:
    """The share of the error budget that is left: 1 - :func:`budget_consumed`, negative when it is overspent.

    >>> budget_remaining(12_000, 3_000_000, 0.999)
    -3.0
    """
    spent = budget_consumed(bad, valid, target)
    budget = error_budget(target, valid)
    return float(1 - exact(bad, "bad") / budget) if budget else 1 - spent


def burn_rate(error_ratio: Number, target: Number) -> float:
    """How many times faster than allowed the budget is spent: error ratio / (1 - target) (workbook, chapter 5).

    At a burn rate of 1 the budget lasts exactly for the period. The largest possible rate is 1 / (1 - target): 10 for
    a target of 0.9. A target of 1 leaves no budget: ``inf`` with any error, 0 with none. A ratio of ``nan`` (no
    traffic) has the burn rate ``nan``, and ``nan > x`` is false: no traffic raises no alert (definition 4).

    Raises ValueError for a target outside (0, 1] or an error ratio outside 0..1.

    >>> burn_rate(0.0144, 0.999)
    14.4
    """
    allowed = 1 - target_of(target)
    if math.isnan(error_ratio):
        return math.nan
    ratio = exact(error_ratio, "error_ratio")
    if not 0 <= ratio <= 1:
        raise ValueError(
            f"error_ratio={show(ratio)} is not a share of the events: write bad / valid, a fraction of 1 (0.05 for 5 %)"
        )
    if not allowed:
        return math.inf if ratio else 0.0
    return float(ratio / allowed)


def time_to_exhaustion(burn: float, period: Number, left: float = 1.0) -> float:
    """Seconds until the budget of a ``period`` (s) is empty, if it goes on burning like this; ``left`` of it is there.

    ``inf`` when nothing burns, ``nan`` when the rate is ``nan``, 0 when nothing is left.

    Raises ValueError for a negative rate and a period that is not above 0.

    >>> time_to_exhaustion(14.4, 30 * 86_400) / 3_600  # hours
    50.0
    """
    whole = length(period, "period")
    if burn < 0:
        raise ValueError(f"burn={burn!r} is negative: write burn_rate(error_ratio, target)")
    if math.isnan(burn) or math.isnan(left):
        return math.nan
    if left <= 0 or burn == math.inf:
        return 0.0
    return float(exact(left, "left") * whole / exact(burn, "burn")) if burn else math.inf


# -- over time ---------------------------------------------------------------------------------------------------------


def burn_rates(
    bad: Sequence[int], valid: Sequence[int], target: Number, windows: Iterable[int]
) -> dict[int, Sequence[float]]:
    """The burn rate over sliding windows, at the end of each slice of time, for several lengths of window.

    ``bad`` and ``valid`` count the events of each slice (a second, say); a window is so many slices. One that reaches
    back beyond the first slice holds what there is; one without traffic burns ``nan``. Sums of whole numbers make it
    exact: every value is that of :func:`burn_rate` for the sums of its window (with arrays, as long as the counts of
    the whole period, times the target's denominator, stay below 2^53). Returns, for each window, as many rates as
    there are slices: lists, or arrays if ``bad`` and ``valid`` are numpy arrays.

    Raises ValueError for a target outside (0, 1], counts that are negative or more bad than valid, series of different
    lengths and a window shorter than one slice; TypeError for counts that are not whole numbers.

    >>> burn_rates([0, 1, 0, 0], [10, 10, 10, 0], 0.9, [1, 2])
    {1: [0.0, 1.0, 0.0, nan], 2: [0.0, 0.5, 0.5, 0.0]}
    """
    allowed = 1 - target_of(target)
    lengths = list(windows)
    for window in lengths:
        if isinstance(window, bool) or not isinstance(window, int) or window < 1:
            raise ValueError(f"window={window!r} is no number of slices: write a whole number, 1 or more")
    check_slices(bad, valid)
    if are_arrays(bad, valid):
        return _burn_rates_of_arrays(bad, valid, allowed, lengths)
    # burn rate = (bad / valid) / (p / q) = bad q / (valid p): one division of whole numbers, rounded once.
    p, q = allowed.numerator or 1, allowed.denominator
    spent = [one * q for one in accumulate(bad, initial=0)]
    budget = [one * p for one in accumulate(valid, initial=0)]
    rates: dict[int, Sequence[float]] = {}
    for window in lengths:
        ends = zip(spent[1:], budget[1:], _starts(spent, window), _starts(budget, window), strict=True)
        if allowed:
            rates[window] = [(s - s0) / (b - b0) if b != b0 else math.nan for s, b, s0, b0 in ends]
        else:
            rates[window] = [math.nan if b == b0 else math.inf if s > s0 else 0.0 for s, b, s0, b0 in ends]
    return rates


def _starts(sums: list[int], window: int) -> list[int]:
    """The sum at the beginning of the window that ends with each slice."""
    slices = len(sums) - 1
    return [0] * min(window, slices) + sums[1 : max(1, slices - window + 1)]


#: Array elements at a time: so many stay in a processor's cache between two steps.
_CHUNK = 1 << 15


def _burn_rates_of_arrays(bad: Any, valid: Any, allowed: Fraction, lengths: list[int]) -> dict[int, Any]:
    import numpy as np

    # Sums of whole numbers up to 2^53 are exact as floats, and so are their differences.
    spent, budget = np.zeros(len(bad) + 1), np.zeros(len(bad) + 1)
    np.cumsum(bad, dtype=np.float64, out=spent[1:])
    np.cumsum(valid, dtype=np.float64, out=budget[1:])
    spent *= allowed.denominator
    budget *= allowed.numerator or 1
    traffic = np.empty(min(_CHUNK, len(bad)))
    rates: dict[int, Any] = {}

    def over(sums: Any, window: int, start: int, out: Any) -> Any:
        """What was added in the window that ends with each slice from ``start`` on."""
        whole = min(max(window - start, 0), len(out))  # so many windows reach back to the first slice
        out[:whole] = sums[start + 1 : start + 1 + whole]
        if whole < len(out):
            first, last = start + 1 + whole, start + 1 + len(out)
            np.subtract(sums[first:last], sums[first - window : last - window], out=out[whole:])
        return out

    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is nan: no traffic
        for window in lengths:
            rate = rates[window] = np.empty(len(bad))
            for start in range(0, len(bad), _CHUNK):
                part = over(spent, window, start, rate[start : start + _CHUNK])
                of = over(budget, window, start, traffic[: len(part)])
                if allowed:
                    part /= of
                else:
                    part[:] = np.where(of == 0, math.nan, np.where(part > 0, math.inf, 0.0))
    return rates


def budget_left(
    bad: Sequence[int],
    valid: Sequence[int],
    target: Number,
    window: int | None = None,
    calendar: int | Sequence[int] | None = None,
) -> Sequence[float]:
    """The share of the error budget that is left at the end of each slice of time (definitions 3 and 19).

    ``bad`` and ``valid`` count the events of each slice. Three ways to keep the account:

    - without more, the slices are one calendar period: its budget is (1 - target) x all valid events of the period,
      full at its beginning;
    - ``calendar``: they are several periods of so many slices each, or of these lengths one after the other (months
      of 31, 28, 31 days). The budget is full again at each boundary, which also splits an outage across it;
    - ``window``: it rolls. Both the budget and what was spent are those of the last so many slices, so an incident
      gives its share back only as it leaves the window.

    Overspending is negative, and never clipped. A period without traffic has no budget to be a share of: ``nan``. A
    target of 1 leaves 1.0 until the first bad event, then ``-inf``.

    Raises ValueError and TypeError for what :func:`burn_rates` refuses, and for periods that are no slices.

    >>> budget_left([0, 1, 0, 2], [10, 10, 10, 10], 0.95)
    [1.0, 0.5, 0.5, -0.5]
    """
    if window is not None:
        if calendar is not None:
            raise ValueError("a budget rolls over a window or begins anew with the calendar: write one of the two")
        # What is left over a window is 1 - its burn rate: both divide its bad events by what its events allow.
        return [1.0 - rate for rate in burn_rates(bad, valid, target, [window])[window]]
    check_slices(bad, valid)
    left: list[float] = []
    for start, end in _periods(len(bad), calendar):
        left += _left_of_period(bad[start:end], valid[start:end], target)
    return left


def _left_of_period(bad: Sequence[int], valid: Sequence[int], target: Number) -> list[float]:
    allowed = error_budget(target, sum(map(int, valid)))
    left = []
    for spent in accumulate(map(int, bad)):
        if allowed:
            left.append((allowed.numerator - spent * allowed.denominator) / allowed.numerator)
        else:
            left.append(math.nan if not any(valid) else -math.inf if spent else 1.0)
    return left


def _periods(slices: int, calendar: int | Sequence[int] | None) -> list[tuple[int, int]]:
    if calendar is None:
        return [(0, slices)]
    lengths = [calendar] * -(-slices // max(1, calendar)) if isinstance(calendar, int) else list(calendar)
    if any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in lengths) or sum(lengths) < slices:
        raise ValueError(
            f"calendar={calendar!r} does not divide {slices} slices into periods: write how many slices a period has, "
            "or the length of each, together at least as long as the series"
        )
    ends = list(accumulate(lengths))
    return [(start, end) for start, end in zip([0, *ends], ends, strict=False) if start < slices]


# -- minutes: definitions 18 and 20 ------------------------------------------------------------------------------------


def allowed_downtime(target: Number, window: Number) -> float:
    """Seconds of complete outage that a window of ``window`` seconds may hold: (1 - target) x window.

    Measured in requests the same minutes weigh more by day than by night, so for a request SLI this is an equivalent,
    not a measured downtime. Always say how long the window is: a month is 28, 30, 31 or 365/12 days (definition 18).

    Raises ValueError for a target outside (0, 1] and a window that is not positive and finite.

    >>> allowed_downtime(0.999, 30 * 86_400)  # 43.2 minutes
    2592.0
    """
    seconds = exact(window, "window")
    if seconds <= 0:
        raise ValueError(f"window={show(seconds)} is not a length of time: write seconds, such as 30 * 86_400")
    return float((1 - target_of(target)) * seconds)


class Equivalent(NamedTuple):
    """Bad events, told as time: so many seconds of a complete outage of ``window_s`` seconds. Prints what it is."""

    seconds: float
    window_s: float

    def __str__(self) -> str:
        if math.isnan(self.seconds):
            return f"no traffic in {duration(self.window_s)}: no downtime can be told from it"
        return (
            f"as many bad events as {duration(self.seconds)} of complete outage in {duration(self.window_s)} would "
            "make, were traffic uniform: an equivalent, not a measured downtime"
        )


def downtime_equivalent(bad: Number, valid: Number, window: Number) -> Equivalent:
    """The seconds of complete outage that would have made as many bad events, if traffic were uniform (definition 20).

    Raises ValueError for counts that cannot be right, and a window that is not above 0.

    >>> print(downtime_equivalent(3_000, 3_000_000, 30 * 86_400))  # doctest: +ELLIPSIS
    as many bad events as 43.2 min of complete outage in 30 d would make, ...
    """
    seconds = length(window, "window")
    spent, all_ = count(bad, "bad"), count(valid, "valid")
    if spent > all_:
        raise ValueError(f"bad={show(spent)} is more than valid={show(all_)}: every bad event is a valid one")
    return Equivalent(float(spent / all_ * seconds) if all_ else math.nan, float(seconds))


def duration(seconds: float, digits: int = 4) -> str:
    """A length of time in the unit that suits it, to so many digits: 43.2 min, 2.5 h, 30 d."""
    if not math.isfinite(seconds):
        return "for ever" if seconds > 0 else "undefined"
    for size, unit in ((DAY, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.{digits}g} {unit}"
    return f"{seconds:.{digits}g} s"
