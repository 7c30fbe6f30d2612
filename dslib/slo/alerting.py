"""Alerts on burn rates: rules, when they fire and reset, and how well they judged (definitions 4 to 8).

A rule is data. It fires while the budget burns *strictly* faster than its factor, over a long window (so that it
matters) and over a short one (so that it is still true). The Site Reliability Workbook, chapter 5, derives them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from .budgets import burn_rate, burn_rates, duration
from .exact import Number, exact, length, show, target_of
from .percentiles import percentile


class AlertRule(NamedTuple):
    """Fire while the burn rate is above ``factor`` over the long *and* over the short window (both in seconds)."""

    long_s: float
    short_s: float
    factor: float

    def __str__(self) -> str:
        """The rule as people say it: 1 h and 5 min above 14.4."""
        windows = duration(self.long_s)
        if self.short_s != self.long_s:
            windows += f" and {duration(self.short_s)}"
        return f"{windows} above {self.factor:g}"

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


# -- the arithmetic of rules -------------------------------------------------------------------------------------------


def alert_factor(budget_share: Number, period: Number, long_window: Number) -> float:
    """The burn rate that spends a share of the period's budget within the window: share x period / window.

    Both times are seconds (definition 5; workbook, chapter 5). 14.4 holds for 30 days only.

    Raises ValueError for a share outside (0, 1] and a time that is not above 0.

    >>> alert_factor(0.02, 30 * 86_400, 3_600), alert_factor(0.02, 28 * 86_400, 3_600)
    (14.4, 13.44)
    """
    share = exact(budget_share, "budget_share")
    if not 0 < share <= 1:
        raise ValueError(f"budget_share={show(share)} is no share of the budget: write a fraction of 1, such as 0.02")
    return float(share * length(period, "period") / length(long_window, "long_window"))


def budget_share(factor: Number, period: Number, long_window: Number) -> float:
    """The share of the period's budget that is gone when a rule fires: factor x window / period.

    >>> budget_share(14.4, 30 * 86_400, 3_600), budget_share(1, 30 * 86_400, 259_200)
    (0.02, 0.1)
    """
    return float(exact(factor, "factor") * length(long_window, "long_window") / length(period, "period"))


def detection_time(error_ratio: Number, target: Number, long_window: Number, factor: Number) -> float:
    """Seconds until a rule fires under steady traffic, with no errors before (definition 8).

    (1 - target) / error ratio x long window x factor; ``nan`` if the error ratio does not exceed the threshold, so that
    it never fires. The short window never delays a clean outage.

    Raises ValueError for a ratio outside 0..1, a target outside (0, 1], and a window or factor that is not above 0.

    >>> detection_time(1, 0.999, 3_600, 14.4)
    51.84
    """
    part = _part_to_fire(error_ratio, target, long_window, factor, "long_window")
    return math.nan if part is None else float(part * exact(long_window, "long_window"))


def reset_time(error_ratio: Number, target: Number, window: Number, factor: Number) -> float:
    """Seconds from the end of the errors until this window is no longer above the factor (definition 8).

    window x (1 - (1 - target) x factor / error ratio): the time it takes until as few errors are left in the window as
    it took to fire. A rule resets with the sooner of its windows, the short one. ``nan`` if it never fires.

    >>> reset_time(0.15, 0.999, 300, 14.4), reset_time(0.15, 0.999, 3_600, 14.4)  # 4.52 and 54.24 minutes
    (271.2, 3254.4)
    """
    part = _part_to_fire(error_ratio, target, window, factor, "window")
    return math.nan if part is None else float((1 - part) * exact(window, "window"))


def _part_to_fire(error_ratio: Number, target: Number, window: Number, factor: Number, name: str) -> Fraction | None:
    """Which part of the window must be full of errors for its rate to reach the factor; None if it never exceeds it."""
    for value, what in ((exact(window, name), name), (exact(factor, "factor"), "factor")):
        if value <= 0:
            raise ValueError(f"{what}={show(value)} must be above 0")
    burn_rate(error_ratio, target)  # refuses what cannot be right
    if math.isnan(error_ratio):
        return None
    ratio, threshold = exact(error_ratio, "error_ratio"), (1 - target_of(target)) * exact(factor, "factor")
    return threshold / ratio if ratio > threshold else None


# -- sets of rules: definitions 5 and 6 --------------------------------------------------------------------------------

#: Which share of the budget, within which long window (s): the workbook's table, and the row its code sample adds.
THREE_ROWS = ((0.02, 3_600), (0.05, 21_600), (0.1, 259_200))
FOUR_ROWS = ((0.02, 3_600), (0.05, 21_600), (0.1, 86_400), (0.1, 259_200))


class UnreachableRule(UserWarning):
    """A rule was built that not even a complete outage can fire."""


def alert_rules(
    period: Number = 30 * 86_400, target: Number | None = None, rows: Iterable[tuple[Number, float]] = FOUR_ROWS
) -> tuple[AlertRule, ...]:
    """The four usual rows for a budget of ``period`` seconds: 2 % within 1 h, 5 % in 6 h, 10 % in 1 d, 10 % in 3 d.

    Each has a short window of a twelfth of the long one (definitions 5 and 6). They are data: write other ``rows``,
    such as ``THREE_ROWS``, or rules of your own. With a ``target``, a rule that no outage can fire is warned about.

    Raises ValueError for a period that is shorter than a window, and what :func:`alert_factor` refuses.

    >>> [rule.factor for rule in alert_rules()]
    [14.4, 6.0, 3.0, 1.0]
    """
    rows = list(rows)
    if any(window > length(period, "period") for _, window in rows):
        longest = max(window for _, window in rows)
        raise ValueError(
            f"period={show(exact(period, 'period'))} s is shorter than a window of {duration(longest)}: "
            "write the budget's period in seconds, such as 30 * 86_400"
        )
    rules = tuple(AlertRule(window, window / 12, alert_factor(share, period, window)) for share, window in rows)
    for sentence in unreachable(rules, target) if target is not None else ():
        warnings.warn(sentence, UnreachableRule, stacklevel=2)
    return rules


def scaled_rules(period: Number) -> tuple[AlertRule, ...]:
    """Four rows as some tools have them: factors 14, 7, 2 and 1 whatever the period, and windows that grow with it.

    For 28 days the long windows are 1 h, 6 h, 1 d and 4 d (definition 5). Short windows: a twelfth, or a sixteenth.

    >>> [rule.long_s / 3_600 for rule in scaled_rules(28 * 86_400)]
    [1.0, 6.0, 24.0, 96.0]
    """
    whole = length(period, "period")
    rows = ((672, 8_064, 14.0), (112, 1_344, 7.0), (28, 336, 2.0), (7, 112, 1.0))
    return tuple(AlertRule(float(whole / long), float(whole / short), factor) for long, short, factor in rows)


def unreachable(rules: Iterable[AlertRule], target: Number) -> list[str]:
    """A sentence for each rule that can never fire, however bad it gets: its factor is not below 1 / (1 - target).

    >>> unreachable(alert_rules(), 0.9)[0]
    'the rule 1 h and 5 min above 14.4 can never fire at a target of 0.9: a complete outage burns at 10'
    """
    most = burn_rate(1, target)
    return [
        f"the rule {rule} can never fire at a target of {float(target):g}: a complete outage burns at {most:g}"
        for rule in rules
        if not rule.reachable(target)
    ]


# -- firing ------------------------------------------------------------------------------------------------------------


def windows_in_slices(rule: AlertRule, every_s: Number) -> tuple[int, int]:
    """How many slices of ``every_s`` seconds the long and the short window of a rule have.

    Raises ValueError where a window is no whole number of slices, or the short one is the longer.
    """
    slice_ = exact(every_s, "every_s")
    if slice_ <= 0:
        raise ValueError(f"every_s={show(slice_)} is not a length of time: write the seconds of one slice, above 0")
    if not 0 < rule.short_s <= rule.long_s:
        raise ValueError(f"{rule!r} has a short window that is longer than the long one, or none: write both in s")
    counts = []
    for seconds in (rule.long_s, rule.short_s):
        slices = exact(seconds, "window") / slice_
        if slices.denominator != 1:
            raise ValueError(
                f"a window of {seconds:g} s is no whole number of slices of {show(slice_)} s: "
                "count events in shorter slices, or write another window"
            )
        counts.append(slices.numerator)
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
    rules = list(rules)
    windows = [windows_in_slices(rule, every_s) for rule in rules]
    rates = burn_rates(bad, valid, target, sorted({window for both in windows for window in both}))
    rates = {window: rate.tolist() if hasattr(rate, "tolist") else rate for window, rate in rates.items()}
    found = []
    for rule, (long, short) in zip(rules, windows, strict=True):
        since: float | None = None
        for i, (one, other) in enumerate(zip(rates[long], rates[short], strict=True), 1):
            fires = one > rule.factor and other > rule.factor
            if fires and since is None:
                since = float(i * exact(every_s, "every_s"))
            elif not fires and since is not None:
                found.append(Firing(rule, since, float(i * exact(every_s, "every_s"))))
                since = None
        if since is not None:
            found.append(Firing(rule, since, None))
    return found


def merged(firings: Iterable[Firing]) -> list[tuple[float, float | None]]:
    """When anybody is called at all: rows are joined by OR, and what overlaps is one call (definition 7).

    Pairs (fires, resets) in order of time; None for a call that goes on to the end.

    >>> rule = AlertRule(3, 1, 2.5)
    >>> merged([Firing(rule, 3, 5), Firing(rule, 4, 9), Firing(rule, 20, None)])
    [(3, 9), (20, None)]
    """
    calls: list[tuple[float, float | None]] = []
    for firing in sorted(firings, key=lambda one: one.fires_s):
        last = calls[-1] if calls else None
        if last is None or (last[1] is not None and firing.fires_s > last[1]):
            calls.append((firing.fires_s, firing.resets_s))
        elif last[1] is not None:
            ends = None if firing.resets_s is None else max(last[1], firing.resets_s)
            calls[-1] = (last[0], ends)
    return calls


# -- judging a set of rules --------------------------------------------------------------------------------------------


class Incident(NamedTuple):
    """A labelled stretch of time, from ``starts_s`` up to, not including, ``ends_s``: somebody should be called.

    With ``matters=False`` it is one that should wake nobody.
    """

    starts_s: float
    ends_s: float
    kind: str = ""
    matters: bool = True


class Score(NamedTuple):
    """How well calls fit labelled incidents. ``str()`` is one line.

    Fields:
        precision: the share of calls that came while an incident that matters lasted; ``nan`` without calls.
        recall: the share of incidents that matter for which somebody was called; ``nan`` without such incidents.
        detection_s: for each one that was noticed, seconds from its start to the call.
        reset_s: and from its end until the call was over; negative if it was over before, ``inf`` if it never was.
        calls, missed, false: the calls; the incidents nobody was called for; the calls for nothing.
    """

    precision: float
    recall: float
    detection_s: list[float]
    reset_s: list[float]
    calls: int
    missed: list[Incident]
    false: list[tuple[float, float | None]]

    def __str__(self) -> str:
        def share(value: float) -> str:
            return "undefined" if math.isnan(value) else f"{100 * value:.0f} %"

        def middle(values: list[float]) -> str:
            return duration(percentile(values, 0.5)) if values else "never"

        return (
            f"precision {share(self.precision)}, recall {share(self.recall)}, detection {middle(self.detection_s)} "
            f"(median), reset {middle(self.reset_s)} (median), {self.calls} call{'' if self.calls == 1 else 's'}"
        )


def score(
    calls: Iterable[Firing | tuple[float, float | None]], incidents: Iterable[Incident | tuple[float, float]]
) -> Score:
    """Precision, recall, detection and reset of calls over labelled incidents (workbook, chapter 5).

    ``calls`` are firings, of which those that overlap count as one call (:func:`merged`), or pairs (fires, resets);
    an incident may be a pair (starts, ends), too.
    A call is right if it begins while an incident that matters lasts, or with the slice in which it ended; an incident
    is noticed if a right call began in it, or one from before was still going on.

    >>> str(score([(110, 400), (900, 960)], [Incident(50, 350)]))
    'precision 50 %, recall 100 %, detection 1 min (median), reset 50 s (median), 2 calls'
    """
    given = list(calls)
    firings = [one for one in given if isinstance(one, Firing)]
    pairs = [one for one in given if not isinstance(one, Firing)]
    pairs = sorted([*merged(firings), *((one[0], one[1]) for one in pairs)], key=lambda one: one[0])
    real = [one for one in (Incident(*one) for one in incidents) if one.matters]
    right = [any(one.starts_s <= call[0] <= one.ends_s for one in real) for call in pairs]
    detection, reset, missed = [], [], []
    for one in real:
        mine = [
            call for call in pairs
            if call[0] <= one.ends_s and (call[1] is None or call[1] > one.starts_s)
        ]  # fmt: skip
        if not mine:
            missed.append(one)
            continue
        detection.append(float(max(0, mine[0][0] - one.starts_s)))
        last = math.inf if any(call[1] is None for call in mine) else max(call[1] or 0 for call in mine)
        reset.append(float(last - one.ends_s))
    return Score(
        precision=sum(right) / len(pairs) if pairs else math.nan,
        recall=(len(real) - len(missed)) / len(real) if real else math.nan,
        detection_s=detection,
        reset_s=reset,
        calls=len(pairs),
        missed=missed,
        false=[call for call, fine in zip(pairs, right, strict=True) if not fine],
    )
