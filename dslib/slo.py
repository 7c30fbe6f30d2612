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
from fractions import Fraction
from numbers import Rational, Real

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
