"""Service levels as arithmetic: the share of good events, the budget of bad ones, and how fast it burns.

An *SLI* (service level indicator) measures: good events / valid events. An *SLO* (objective) is a target for it, such
as 0.999. What the target leaves over is the *error budget*. Ratios are fractions of 1, never percentages; times are
seconds.

Two rules hold everywhere. A ratio with nothing to divide by is ``nan``: no traffic is neither 0 % nor 100 %. And
budgets are computed exactly: a target is read as it prints, so that 0.9 of 10 events allows one failure, while the
float ``(1 - 0.9) * 10`` is 0.9999999999999998. Numbers that cannot be right raise ValueError and are named in it.

Beyer et al., "Site Reliability Engineering" (2016), chapters 3 and 4, and "The Site Reliability Workbook" (2018),
chapters 2 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from numbers import Rational, Real
from typing import Any, NamedTuple

Number = Real | float | Fraction


def sli(good: Number, valid: Number) -> float:
    """Good events / valid events, a fraction of 1; ``nan`` without valid events (workbook, chapter 2).

    Both are counts, or sums of weights. What is *valid* is part of the SLI's definition: health checks, for example,
    are usually no users' events, and belong in neither number.

    Raises ValueError when a count is negative, not finite, or ``good`` is more than ``valid``.

    >>> sli(3, 4)
    0.75
    """
    good, valid = _count(good, "good"), _count(valid, "valid")
    if good > valid:
        raise ValueError(
            f"good={_show(good)} is more than valid={_show(valid)}: every good event is a valid one, "
            "so write sli(good, valid), with invalid events in neither number"
        )
    return float(good / valid) if valid else math.nan


def error_budget(target: Number, valid: Number) -> Fraction:
    """How many of ``valid`` events may be bad: (1 - target) x valid, exactly (SRE book, chapter 3).

    Whole failures allowed are its floor: 7,200 requests at 0.999 have a budget of 36/5 = 7.2, so seven may fail and
    the eighth breaks the objective. ``float()`` it for display.

    Raises ValueError for a target outside (0, 1] and for a count that is negative or not finite.

    >>> math.floor(error_budget(0.999, 7_200))
    7
    """
    return (1 - _target(target)) * _count(valid, "valid")


def burn_rate(error_ratio: Number, target: Number) -> float:
    """How many times faster than allowed the budget is spent: error ratio / (1 - target) (workbook, chapter 5).

    At a burn rate of 1 the budget lasts exactly for the period. The largest possible rate is 1 / (1 - target): 10 for
    a target of 0.9. A target of 1 leaves no budget: ``inf`` with any error, 0 with none. A ratio of ``nan`` (no
    traffic) has the burn rate ``nan``, and ``nan > x`` is false: no traffic raises no alert.

    Raises ValueError for a target outside (0, 1] or an error ratio outside 0..1.

    >>> burn_rate(0.0144, 0.999)
    14.4
    """
    allowed = 1 - _target(target)
    if math.isnan(error_ratio):
        return math.nan
    ratio = _exact(error_ratio, "error_ratio")
    if not 0 <= ratio <= 1:
        raise ValueError(
            f"error_ratio={_show(ratio)} is not a share of the events: write bad / valid, a fraction of 1 "
            "(0.05 for 5 %)"
        )
    if not allowed:
        return math.inf if ratio else 0.0
    return float(ratio / allowed)


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
    allowed = 1 - _target(target)
    lengths = list(windows)
    for length in lengths:
        if isinstance(length, bool) or not isinstance(length, int) or length < 1:
            raise ValueError(f"window={length!r} is no number of slices: write a whole number, 1 or more")
    if len(bad) != len(valid):
        raise ValueError(f"bad counts {len(bad)} slices and valid {len(valid)}: count both over the same slices")
    if hasattr(bad, "dtype") and hasattr(valid, "dtype"):
        return _burn_rates_of_arrays(bad, valid, allowed, lengths)
    for one, all_ in zip(bad, valid, strict=True):
        if not isinstance(one, int) or not isinstance(all_, int):
            raise TypeError(f"a slice has bad={one!r}, valid={all_!r}: count events, in whole numbers")
        if not 0 <= one <= all_:
            raise ValueError(f"a slice has bad={one} of valid={all_}: a bad event is a valid one, and none is negative")
    # burn rate = (bad / valid) / (p / q) = bad q / (valid p): one division of whole numbers, rounded once.
    spent = [one * allowed.denominator for one in accumulate(bad, initial=0)]
    budget = [one * allowed.numerator for one in accumulate(valid, initial=0)]
    traffic = list(accumulate(valid, initial=0))
    rates: dict[int, Sequence[float]] = {}
    for length in lengths:
        rate = rates[length] = []
        for end in range(1, len(spent)):
            start = max(0, end - length)
            if traffic[end] == traffic[start]:
                rate.append(math.nan)
            elif not allowed:
                rate.append(math.inf if spent[end] > spent[start] else 0.0)
            else:
                rate.append((spent[end] - spent[start]) / (budget[end] - budget[start]))
    return rates


def _burn_rates_of_arrays(bad: Any, valid: Any, allowed: Fraction, lengths: list[int]) -> dict[int, Any]:
    import numpy as np

    if bad.dtype.kind not in "iu" or valid.dtype.kind not in "iu":
        raise TypeError(f"bad is {bad.dtype}, valid {valid.dtype}: count events, in arrays of whole numbers")
    if len(bad) and (int(bad.min()) < 0 or bool((bad > valid).any())):
        at = int(((bad < 0) | (bad > valid)).argmax())
        raise ValueError(
            f"slice {at} has bad={bad[at]} of valid={valid[at]}: a bad event is a valid one, and none is negative"
        )
    # From whole numbers to floats only when they are sums: up to 2^53 floats hold those exactly, and their differences.
    spent, budget = np.zeros(len(bad) + 1), np.zeros(len(bad) + 1)
    np.multiply(np.cumsum(bad, dtype=np.int64), float(allowed.denominator), out=spent[1:])
    np.multiply(np.cumsum(valid, dtype=np.int64), float(allowed.numerator or 1), out=budget[1:])
    traffic = np.empty(len(bad))
    rates: dict[int, Any] = {}
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is nan: no traffic
        for length in lengths:
            rate = np.empty(len(bad))
            for sums, differences in ((spent, rate), (budget, traffic)):
                differences[:length] = sums[1 : length + 1]
                np.subtract(sums[length + 1 :], sums[1:-length], out=differences[length:])
            if allowed:
                rate /= traffic
            else:
                rate = np.where(traffic == 0, math.nan, np.where(rate > 0, math.inf, 0.0))
            rates[length] = rate
    return rates


def budget_left(bad: Sequence[int], valid: Sequence[int], target: Number, window: int | None = None) -> Sequence[float]:
    """The share of the error budget that is left at the end of each slice of time (definitions 3 and 19).

    ``bad`` and ``valid`` count the events of each slice. Without a ``window`` the slices are one calendar period: its
    budget is (1 - target) x all valid events of the period, full at its beginning. With a window of so many slices it
    rolls: both the budget and what was spent are those of the last ``window`` slices, so an incident gives its share
    back only as it leaves the window. Overspending is negative, and never clipped. A window without traffic has no
    budget to be a share of: ``nan``. A target of 1 leaves 1.0 until the first bad event, then ``-inf``.

    Raises ValueError and TypeError for what :func:`burn_rates` refuses.

    >>> budget_left([0, 1, 0, 2], [10, 10, 10, 10], 0.95)
    [1.0, 0.5, 0.5, -0.5]
    """
    if window is not None:
        # What is left over a window is 1 - its burn rate: both divide its bad events by what its events allow.
        return [1.0 - rate for rate in burn_rates(bad, valid, target, [window])[window]]
    burn_rates(bad, valid, target, [])  # refuses what cannot be right
    allowed = error_budget(target, sum(map(int, valid)))
    left = []
    for spent in accumulate(map(int, bad)):
        if allowed:
            left.append((allowed.numerator - spent * allowed.denominator) / allowed.numerator)
        else:
            left.append(math.nan if not any(valid) else -math.inf if spent else 1.0)
    return left


# -- alerts ------------------------------------------------------------------------------------------------------------


class AlertRule(NamedTuple):
    """Fire while the burn rate is above ``factor`` over the long *and* over the short window (both in seconds)."""

    long_s: float
    short_s: float
    factor: float

    def reachable(self, target: Number) -> bool:
        """Whether a complete outage would fire it: no burn rate is above 1 / (1 - target) (definition 4).

        >>> AlertRule(3_600, 300, 14.4).reachable(0.9)
        False
        """
        return burn_rate(1, target) > self.factor


class Firing(NamedTuple):
    """When an alert fired and when it reset (s, at the ends of slices); ``resets_s`` is None if it fires to the end."""

    rule: AlertRule
    fires_s: float
    resets_s: float | None


def alert_factor(budget_share: Number, period: Number, long_window: Number) -> float:
    """The burn rate that spends a share of the period's budget within the window: share x period / window.

    Both times are seconds (definition 5; workbook, chapter 5). 14.4 holds for 30 days only.

    Raises ValueError for a share outside (0, 1] and a time that is not above 0.

    >>> alert_factor(0.02, 30 * 86_400, 3_600), alert_factor(0.02, 28 * 86_400, 3_600)
    (14.4, 13.44)
    """
    share, whole, part = (
        _exact(value, name)
        for value, name in ((budget_share, "budget_share"), (period, "period"), (long_window, "long_window"))
    )
    if not 0 < share <= 1:
        raise ValueError(f"budget_share={_show(share)} is no share of the budget: write a fraction of 1, such as 0.02")
    for value, name in ((whole, "period"), (part, "long_window")):
        if value <= 0:
            raise ValueError(f"{name}={_show(value)} is not a length of time: write seconds, above 0")
    return float(share * whole / part)


def alert_rules(period: Number = 30 * 86_400) -> tuple[AlertRule, ...]:
    """The four usual rows for a budget of ``period`` seconds: 2 % within 1 h, 5 % in 6 h, 10 % in 1 d, 10 % in 3 d.

    Each has a short window of a twelfth of the long one (definitions 5 and 6). They are data: write others.

    >>> [rule.factor for rule in alert_rules()]
    [14.4, 6.0, 3.0, 1.0]
    """
    rows = ((0.02, 3_600), (0.05, 21_600), (0.1, 86_400), (0.1, 259_200))
    return tuple(AlertRule(window, window / 12, alert_factor(share, period, window)) for share, window in rows)


def detection_time(error_ratio: Number, target: Number, long_window: Number, factor: Number) -> float:
    """Seconds until a rule fires under steady traffic, with no errors before (definition 8).

    (1 - target) / error ratio x long window x factor; ``nan`` if the error ratio does not exceed the threshold, so that
    it never fires. The short window never delays a clean outage.

    Raises ValueError for a ratio outside 0..1, a target outside (0, 1], and a window or factor that is not above 0.

    >>> detection_time(1, 0.999, 3_600, 14.4)
    51.84
    """
    window, times = _exact(long_window, "long_window"), _exact(factor, "factor")
    for value, name in ((window, "long_window"), (times, "factor")):
        if value <= 0:
            raise ValueError(f"{name}={_show(value)} must be above 0")
    burn_rate(error_ratio, target)  # refuses what cannot be right
    ratio = math.nan if math.isnan(error_ratio) else _exact(error_ratio, "error_ratio")
    threshold = (1 - _target(target)) * times
    if not ratio > threshold:
        return math.nan
    return float(threshold * window / Fraction(ratio))


def windows_in_slices(rule: AlertRule, every_s: Number) -> tuple[int, int]:
    """How many slices of ``every_s`` seconds the long and the short window of a rule have.

    Raises ValueError where a window is no whole number of slices, or the short one is the longer.
    """
    slice_ = _exact(every_s, "every_s")
    if slice_ <= 0:
        raise ValueError(f"every_s={_show(slice_)} is not a length of time: write the seconds of one slice, above 0")
    if not 0 < rule.short_s <= rule.long_s:
        raise ValueError(f"{rule!r} has a short window that is longer than the long one, or none: write both in s")
    counts = []
    for seconds in (rule.long_s, rule.short_s):
        length = _exact(seconds, "window") / slice_
        if length.denominator != 1:
            raise ValueError(
                f"a window of {seconds:g} s is no whole number of slices of {_show(slice_)} s: "
                "count events in shorter slices, or write another window"
            )
        counts.append(length.numerator)
    return counts[0], counts[1]


def alerts(
    bad: Sequence[int], valid: Sequence[int], target: Number, rules: Iterable[AlertRule], every_s: Number = 1
) -> list[Firing]:
    """When each rule fires, and when it resets: rules in their order, times in order (definition 7).

    A rule fires while both of its windows burn *strictly* faster than its factor, as seen at the end of each slice of
    ``every_s`` seconds; windows that reach back before the first slice hold what there is. No traffic raises no alert.

    Raises ValueError for what :func:`burn_rates` refuses, and for windows that are no whole number of slices.

    >>> alerts([0, 0, 9, 9, 0, 0, 0], [10] * 7, 0.9, [AlertRule(3, 1, 2.5)])
    [Firing(rule=AlertRule(long_s=3, short_s=1, factor=2.5), fires_s=3.0, resets_s=5.0)]
    """
    found = []
    for rule in rules:
        long, short = windows_in_slices(rule, every_s)
        rates = burn_rates(bad, valid, target, {long, short})
        slow, fast = (rate.tolist() if hasattr(rate, "tolist") else rate for rate in (rates[long], rates[short]))
        since: float | None = None
        for i, (one, other) in enumerate(zip(slow, fast, strict=True), 1):
            fires = one > rule.factor and other > rule.factor
            if fires and since is None:
                since = float(i * _exact(every_s, "every_s"))
            elif not fires and since is not None:
                found.append(Firing(rule, since, float(i * _exact(every_s, "every_s"))))
                since = None
        if since is not None:
            found.append(Firing(rule, since, None))
    return found


# -- what is made of parts ---------------------------------------------------------------------------------------------


def serial(*availabilities: Number) -> float:
    """The availability of what needs all of its parts, which fail independently: the product.

    Raises ValueError when there are no parts, or one is no share from 0 to 1.

    >>> serial(0.99, 0.99)
    0.9801
    """
    return float(math.prod(_parts(availabilities)))


def parallel(*availabilities: Number) -> float:
    """The availability of what needs any one of its parts, which fail independently: 1 - the product of failures.

    Raises ValueError when there are no parts, or one is no share from 0 to 1.

    >>> parallel(0.99, 0.99)
    0.9999
    """
    return float(1 - math.prod(1 - part for part in _parts(availabilities)))


def k_of_n(k: int, *availabilities: Number) -> float:
    """The availability of what needs ``k`` or more of its parts, which fail independently.

    For equal parts this is the tail of the binomial law; for others, the states are added up part by part.

    Raises ValueError when there are no parts, one is no share from 0 to 1, or ``k`` is not a number of them.

    >>> round(k_of_n(2, 0.99, 0.99, 0.99), 6)
    0.999702
    """
    parts = _parts(availabilities)
    if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= len(parts):
        raise ValueError(f"k={k!r} of {len(parts)} parts: write how many are needed, a whole number from 0")
    up = [Fraction(1)]  # up[i]: the probability that i of the parts seen so far are up
    for part in parts:
        down = [chance * (1 - part) for chance in up] + [Fraction(0)]
        up = [
            stays + rises for stays, rises in zip(down, [Fraction(0), *(chance * part for chance in up)], strict=True)
        ]
    return float(sum(up[k:]))


def _parts(availabilities: Sequence[Number]) -> list[Fraction]:
    parts = [_exact(a, "an availability") for a in availabilities]
    if not parts:
        raise ValueError("there are no parts: write the availability of each, serial(0.99, 0.999)")
    for part in parts:
        if not 0 <= part <= 1:
            meant = f": write {float(part / 100):g} for {_show(part)} %" if 1 < part <= 100 else ""
            raise ValueError(f"an availability of {_show(part)} is no share from 0 to 1{meant}")
    return parts


def percentile(values: Iterable[float], q: Number) -> float:
    """The nearest-rank percentile: the smallest value with at least a share ``q`` of the sample at or below it.

    ``q`` is a fraction of 1: 0.99 for p99; 0 gives the minimum and 1 the maximum. ``inf`` is a value like any other
    (never answered); an empty sample gives ``nan``. Percentiles cannot be averaged: merge the samples instead.

    Raises ValueError for a ``q`` outside 0..1 and for a value that is ``nan``.

    >>> percentile([15, 20, 35, 40, 50], 0.3)
    20
    """
    ordered = sorted(values)
    rank = nearest_rank(q, len(ordered))
    if any(value != value for value in ordered):
        raise ValueError("the sample contains nan, which is neither small nor large: leave out what was not measured")
    return ordered[rank] if ordered else math.nan


def nearest_rank(q: Number, n: int) -> int:
    """Which of ``n`` sorted values is their percentile ``q``, counted from 0: ceil(q n) - 1, exactly; 0 for p0.

    Raises ValueError for a ``q`` outside 0..1.

    >>> nearest_rank(0.99, 200)
    197
    """
    share = _exact(q, "q")
    if not 0 <= share <= 1:
        meant = f" ({float(share / 100):g} for p{_show(share)})" if 1 < share <= 100 else ""
        raise ValueError(f"q={_show(share)} is not a share of the sample: write a fraction of 1{meant}")
    return max(0, math.ceil(share * n) - 1)


def allowed_downtime(target: Number, window: Number) -> float:
    """Seconds of complete outage that a window of ``window`` seconds may hold: (1 - target) x window.

    Measured in requests the same minutes weigh more by day than by night, so for a request SLI this is an equivalent,
    not a measured downtime. Always say how long the window is: a month is 28, 30, 31 or 365/12 days.

    Raises ValueError for a target outside (0, 1] and a window that is not positive and finite.

    >>> allowed_downtime(0.999, 30 * 86_400)  # 43.2 minutes
    2592.0
    """
    seconds = _exact(window, "window")
    if seconds <= 0:
        raise ValueError(f"window={_show(seconds)} is not a length of time: write seconds, such as 30 * 86_400")
    return float((1 - _target(target)) * seconds)


def _target(target: Number) -> Fraction:
    value = _exact(target, "target")
    if not 0 < value <= 1:
        meant = f": write {float(value / 100):g} for {_show(value)} %" if 1 < value <= 100 else ", such as 0.999"
        raise ValueError(f"target={_show(value)} is not in (0, 1]; a target is a fraction of 1{meant}")
    return value


def _count(value: Number, name: str) -> Fraction:
    count = _exact(value, name)
    if count < 0:
        raise ValueError(f"{name}={_show(count)} is negative: count events, so write 0 or more")
    return count


def _exact(value: Number, name: str) -> Fraction:
    """The number as it prints: 0.1 is one tenth, not the binary fraction that the machine keeps for it."""
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if not isinstance(value, Real):
        raise TypeError(f"{name}={value!r} is not a number: write an int, a float or a Fraction")
    if not math.isfinite(value):
        raise ValueError(f"{name}={float(value)} is not finite: write an ordinary number")
    return Fraction(repr(float(value)))


def _show(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else repr(float(value))
