"""Charts of service levels: good answers and waiting over time, what is left of the budget, and when alerts fire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import fsum, inf, isinf, isnan, nan
from numbers import Real
from typing import Any

from .. import slo
from ..metrics import Slice, bad_and_valid
from .chart import (
    SERIES,
    Axis,
    Chart,
    Line,
    Look,
    Panel,
    Points,
    Rule,
    Span,
    linear,
    logarithmic,
    number,
    said,
    say_ms,
    show,
    thinned,
    time_axis,
)
from .static import View, count, names
from .timeline import percent

_TARGET = Look("ink", "6 4", width=1.5)


# -- good answers and waiting, over time -------------------------------------------------------------------------------


def service_levels(
    series: Iterable[Slice], target: float | None = None, within_ms: float | None = None, title: str = ""
) -> View:
    """Availability and latency over time: for each slice the share of good answers, and how long users waited.

    A slice without operations is a gap, not 0 %. Whoever was never answered waited for ever: a strip above the break.

    Args:
        series: slices of time, from ``metrics.slices(…)``.
        target: the share of good answers that was promised, a fraction of 1.
        within_ms: how long users wait; drawn as a line.

    Raises:
        TypeError: these are no slices.
        ValueError: the target is no share, or the limit no length of time.
    """
    rows = _slices(series, "service_levels")
    _refuse_target(target)
    if within_ms is not None and not within_ms > 0:
        raise ValueError(f"within_ms={within_ms!r} is no length of time: write ms, above 0, or None")
    kind = "Availability and latency over time"
    if not rows:
        return said(kind, title, "There is no slice of time: nothing was asked.")
    finding = _levels_finding(rows, target, within_ms)
    edges = _edges(rows)
    time = time_axis(edges[0], edges[-1])
    shares = [100 * row.availability for row in rows]
    marks: list[Any] = [Line(*thinned(edges, shares), Look("good", width=2.4), steps=True)]
    if target is not None:
        marks.append(Rule(100 * target, _TARGET, f"target {percent(target)}"))
        under: list[int] = []
        for i, row in enumerate(rows):
            if not row.availability < target:
                continue
            last = rows[under[-1]] if under else None
            crowded = last is not None and row.start_ms - last.start_ms < (edges[-1] - edges[0]) / 35
            if last is None or not crowded or abs(row.availability - last.availability) > 0.05:
                under.append(i)
        if under:
            spots = [(rows[i].start_ms + rows[i].end_ms) / 2 for i in under]
            look = Look("dropped", marker="V", width=0)
            marks.append(Points(spots, [shares[i] for i in under], look, "under target"))
    first = Panel(time, _percent_axis("good answers (%)", shares, target), tuple(marks), 150)
    waits = {"p50": [row.p50_ms for row in rows], "p99": [row.p99_ms for row in rows]}
    known = [wait for values in waits.values() for wait in values if not isnan(wait)]
    marks = [
        Line(*thinned(edges, values), look, name, steps=True)
        for (name, values), look in zip(waits.items(), (SERIES[0], SERIES[1]), strict=True)
    ]
    if within_ms is not None and within_ms < inf:
        marks.append(Rule(within_ms, _TARGET, f"limit {say_ms(within_ms)}"))
        known.append(within_ms)
    second = Panel(time, _wait_axis("waiting (ms)", known), tuple(marks), 170)
    return show(kind, title, finding, Chart((first, second)))


def _levels_finding(rows: list[Slice], target: float | None, within_ms: float | None) -> str:
    told = [row for row in rows if row.operations]
    empty = len(rows) - len(told)
    words = f"{count(len(rows), 'slice')} of {say_ms(rows[0].end_ms - rows[0].start_ms)}"
    words += f", {empty} of them without traffic" if empty else ""
    if not told:
        return f"{words}: how good the service was is not defined."
    bad, valid = map(sum, bad_and_valid(told))
    share = (valid - bad) / valid
    words += f". By request {percent(share, target)} of {many(valid, 'operation')} were good"
    if target is not None:
        words += f", which {'meets' if share >= target else 'misses'} the target of {percent(target)}"
    worst = min(told, key=lambda row: row.availability)
    if worst.availability < 1:
        words += f". Worst: {percent(worst.availability, target)} from {_stretch(worst.start_ms, worst.end_ms)}"
    if target is not None:
        under = [row for row in told if row.availability < target]
        if under:
            words += f". Under the target in {count(len(under), 'slice')} of {len(told)}: {_stretches(under)}"
        elif share >= target:
            words += ". No slice was under it"
    never = [row for row in told if row.p99_ms == inf]
    finite = [row for row in told if row.p99_ms < inf]
    words += ". p99: "
    if never:
        words += f"never answered in {count(len(never), 'slice')}, first at {say_ms(never[0].start_ms)}"
    if finite:
        slowest = max(finite, key=lambda row: row.p99_ms)
        words += f"; otherwise at most {say_ms(slowest.p99_ms)}" if never else f"at most {say_ms(slowest.p99_ms)}"
        words += f", at {say_ms(slowest.start_ms)}"
    if within_ms is not None:
        slow = [row for row in told if row.p99_ms > within_ms]
        words += f"; above the limit of {say_ms(within_ms)} in {count(len(slow), 'slice')}" if slow else "; never above"
        words += "" if slow else f" the limit of {say_ms(within_ms)}"
    return f"{words}."


# -- the distribution of latencies -------------------------------------------------------------------------------------


def latency_distribution(
    samples: Iterable[float] | Mapping[str, Iterable[float]],
    within_ms: float | None = None,
    target: float | None = None,
    marks: Sequence[float] = (0.5, 0.9, 0.99),
    title: str = "",
) -> View:
    """The share of operations that took at most so long, and percentiles (nearest rank) on the curve.

    The curve of a run in which some were never answered ends below 100 % and reaches it only in the strip "never".

    Args:
        samples: latencies in ms, ``inf`` for an operation without an answer, as from ``latencies(history)``; or several
            such samples by their names.
        within_ms: how long users wait. Who waited exactly that long was still in time.
        target: the share of operations that should be answered within ``within_ms``.
        marks: the percentiles to mark, as fractions of 1.

    Raises:
        TypeError: these are no latencies.
        ValueError: a latency is negative or ``nan``, a percentile or target no share, or a target has no limit.
    """
    groups = _samples(samples)
    _refuse_target(target)
    if target is not None and within_ms is None:
        raise ValueError(f"target={target!r} of what? Write within_ms=…, the ms within which they should be answered")
    if within_ms is not None and not within_ms > 0:
        raise ValueError(f"within_ms={within_ms!r} is no length of time: write ms, above 0, or None")
    for q in marks:
        slo.percentile([], q)  # refuses what is no share
    finding = " ".join(_latency_words(name, values, within_ms, target, marks) for name, values in groups.items())
    kind = "Distribution of latencies"
    if not any(groups.values()):
        return said(kind, title, finding or "There is no latency to show.")
    known = [value for values in groups.values() for value in values]
    axis = _wait_axis("answered within (ms)", [*known, *([within_ms] if within_ms is not None else [])])
    drawn: list[Any] = []
    for (name, values), look in zip(groups.items(), _looks(len(groups)), strict=True):
        if not values:
            continue
        finite = [value for value in values if value < inf]
        x = [
            0.0 if not axis.log else axis.low / 10 if axis.under else axis.low,
            *finite,
            inf if axis.over else axis.high,
        ]
        y = [100 * i / len(values) for i in range(len(finite) + 1)]
        if len(finite) < len(values):
            x, y = [*x, inf], [*y, 100.0]
        plain = Look(look.colour, look.dash)
        drawn.append(Line(*thinned(x, y), plain, name if len(groups) > 1 else "", steps=True))
        spots = [slo.percentile(values, q) for q in marks]
        words = [f"{_p(q)} {say_ms(spot)}" if spot < inf else "" for q, spot in zip(marks, spots, strict=True)]
        never = [q for q, spot in zip(marks, spots, strict=True) if spot == inf]
        if never and len(groups) == 1:  # of several samples the words would stand on each other: the strip says it
            words[list(marks).index(min(never))] = f"{', '.join(map(_p, sorted(never)))} never"
        drawn.append(Points(spots, [100 * q for q in marks], Look(look.colour, marker=look.marker), names=words))
    if within_ms is not None and within_ms < inf:
        drawn.append(Rule(within_ms, _TARGET, f"limit {say_ms(within_ms)}", axis="x"))
    if target is not None:
        drawn.append(Rule(100 * target, _TARGET, f"target {percent(target)}"))
    share = linear("share of operations (%)", (), 0.0, 100.0)
    return show(kind, title, finding, Chart((Panel(axis, share, tuple(drawn), 240),)))


def _samples(samples: Any) -> dict[str, list[float]]:
    if not isinstance(samples, Iterable) or isinstance(samples, str):
        raise TypeError(
            f"latency_distribution(…) shows latencies, not a {type(samples).__name__}: "
            "write latency_distribution(latencies(sim.history))"
        )
    groups = samples if isinstance(samples, Mapping) else {"": samples}
    found = {}
    for name, values in groups.items():
        values = list(values)
        for value in values:
            if not is_real(value):
                hint = "latencies(sim.history)" if hasattr(value, "invoked") else "ms, such as 12.5"
                raise TypeError(f"latency_distribution(…) was given {value!r}: write {hint}")
            if not value >= 0:
                raise ValueError(f"latency {value!r} is no length of time: write ms, 0 or more (inf: never answered)")
        found[str(name)] = sorted(map(float, values))
    return found


def _latency_words(name: str, values: list[float], within_ms: float | None, target: Any, marks: Sequence[float]) -> str:
    head = f"{name}: " if name else ""
    if not values:
        return f"{head}no operation, so no percentile."
    words = f"{head}{many(len(values), 'operation')}: "
    words += ", ".join(f"{_p(q)} {say_ms(slo.percentile(values, q))}" for q in marks) or f"{say_ms(values[-1])} at most"
    never = sum(value == inf for value in values)
    if never:
        words += f"; {many(never)} never answered ({percent(never / len(values))})"
    else:
        words += f"; the slowest {say_ms(values[-1])}"
    if within_ms is not None:
        share = sum(value <= within_ms for value in values) / len(values)
        words += f"; {percent(share, target)} within {say_ms(within_ms)}"
        if target is not None:
            words += f", which {'meets' if share >= target else 'misses'} the target of {percent(target)}"
    return f"{words}."


def _p(q: float) -> str:
    return f"p{100 * q:g}"


# -- the error budget --------------------------------------------------------------------------------------------------


def budget_burn_down(
    bad: Sequence[int], valid: Sequence[int], target: float, every_s: float, window: int | None = None, title: str = ""
) -> View:
    """What is left of the error budget after each slice of time; below 0 it is overspent.

    ``budget_burn_down(*bad_and_valid(slices(…)), 0.99, every_s=1)``. See ``slo.budget_left``.

    Args:
        bad, valid: the events of each slice.
        target: a fraction of 1.
        every_s: seconds of one slice.
        window: the budget rolls over so many slices. Without it the slices are one calendar period.

    Raises:
        ValueError, TypeError: what ``slo.budget_left`` refuses, and slices that have no length.
    """
    bad, valid = _counts(bad), _counts(valid)
    left = [float(share) for share in slo.budget_left(bad, valid, target, window)]
    every_ms = _slice_ms(every_s)
    kind = "Error budget that is left, over time"
    if not left:
        return said(kind, title, "There is no slice of time: no budget was given, and none spent.")
    finding = _budget_finding(bad, valid, target, left, every_ms, window)
    end = len(left) * every_ms
    at = [(i + 1) * every_ms for i in range(len(left))]
    x, y = [*at, end], [100 * share for share in left]
    if window is None:
        x, y = [0.0, *x], [nan if isnan(left[0]) else 100.0, *y]
    marks: list[Any] = [Line(*thinned(x, y), Look("delivered", width=2.4), "budget left", steps=True)]
    marks.append(Rule(0.0, Look("ink", width=1.4), "empty"))
    if window is None and slo.error_budget(target, sum(valid)):
        marks.append(Line([0.0, end], [100.0, 0.0], Look("ink", "2 4", width=1.3), "even pace"))
    gone = _empty_at(left)
    if gone is not None:
        marks.append(Points([at[gone]], [max(y[gone + (window is None)], -inf)], Look("dropped", marker="D")))
        marks.append(Rule(at[gone], Look("dropped", "3 3", width=1.5), f"empty at {say_ms(at[gone])}", axis="x"))
    strip = "no budget" if any(share == -inf for share in left) else ""
    finite = [value for value in (*y, 0.0, 100.0) if not isinf(value)]
    panel = Panel(time_axis(0.0, end), linear("budget left (%)", finite, under=strip), tuple(marks), 230)
    return show(kind, title, finding, Chart((panel,)))


def _empty_at(left: Sequence[float]) -> int | None:
    """The slice after which the budget is first overspent: exactly all of it spent is still kept."""
    return next((i for i, share in enumerate(left) if share < 0), None)


def _budget_finding(
    bad: Sequence[int], valid: Sequence[int], target: float, left: list[float], every_ms: float, window: int | None
) -> str:
    total, spent = sum(valid), sum(bad)
    head = f"Target {percent(target)} over {say_ms(len(left) * every_ms)}"
    head += f", rolling over {say_ms(window * every_ms)}" if window is not None else ""
    if not total:
        return f"{head}: without traffic there is no budget, and nothing is left or spent."
    budget = slo.error_budget(target, total)
    words = f"{head}: of {many(total, 'event')}, {number(float(budget))} may be bad; {many(spent)} "
    words += "was" if spent == 1 else "were"
    if budget:
        words += f", {_spent(float(spent / budget))} of the budget"
    met = spent <= budget
    words += f", so the target is {'met' if met else 'missed'}"
    if window is not None:
        known = [i for i, share in enumerate(left) if not isnan(share)]
        least = min(known, key=left.__getitem__)
        words += f". Least left: {_left(left[least])} at {say_ms((least + 1) * every_ms)}"
        words += f"; at the end {_left(left[-1])}"
    gone = _empty_at(left)
    if gone is not None:
        words += f". It was empty at {say_ms((gone + 1) * every_ms)}"
    if spent:
        worst = max(range(len(bad)), key=bad.__getitem__)
        words += f". Worst moment: {many(bad[worst])} bad in the slice from "
        words += _stretch(worst * every_ms, (worst + 1) * every_ms)
    if window is None:
        words += f". Left at the end: {_left(left[-1])}"
    return f"{words}."


def _spent(share: float) -> str:
    """Exact around 100 %, where it decides; in plain figures far beyond."""
    return percent(share) if share < 2 else f"{number(100 * share)} %"


def _left(share: float) -> str:
    if isnan(share):
        return "not defined (no traffic)"
    return "less than nothing: a target of 100 % allows no error" if share == -inf else f"{number(100 * share)} %"


# -- burn rates and alerts ---------------------------------------------------------------------------------------------


def burn_alerts(
    bad: Sequence[int],
    valid: Sequence[int],
    target: float,
    rules: Iterable[slo.AlertRule] | None = None,
    every_s: float = 1,
    title: str = "",
) -> View:
    """The burn rate over the long and the short window of each alert rule, and when the rule fires and resets.

    Args:
        bad, valid: the events of each slice.
        target: a fraction of 1.
        rules: one panel for each; the default is ``slo.alert_rules()``, the four rows for 30 days.
        every_s: seconds of one slice.

    Raises:
        ValueError, TypeError: what ``slo.alerts`` refuses.
    """
    rows = list(slo.alert_rules() if rules is None else rules)
    for rule in rows:
        if not isinstance(rule, slo.AlertRule):
            raise TypeError(f"{rule!r} is no alert rule: write slo.AlertRule(long_s=3_600, short_s=300, factor=14.4)")
    every_ms = _slice_ms(every_s)
    fired = slo.alerts(bad, valid, target, rows, every_s)
    kind = "Burn rates and alerts over time"
    if not len(bad) or not rows:
        return said(kind, title, "There is no slice of time." if rows else "There is no alert rule.")
    lengths = {length for rule in rows for length in slo.windows_in_slices(rule, every_s)}
    rates = {length: _floats(found) for length, found in slo.burn_rates(bad, valid, target, lengths).items()}
    bad, valid = _counts(bad), _counts(valid)
    end = len(bad) * every_ms
    time = time_axis(0.0, end)
    at = [(i + 1) * every_ms for i in range(len(bad))] + [end]
    panels, told = [], []
    for rule in rows:
        slow, fast = (rates[length] for length in slo.windows_in_slices(rule, every_s))
        mine = [firing for firing in fired if firing.rule == rule]
        told.append(_rule_finding(rule, slow, fast, mine, target, end))
        axis = logarithmic(
            f"burn rate: {_windows(rule)}", [*slow, *fast, rule.factor], 0.1, over="∞" if inf in (*slow, *fast) else ""
        )
        small = any(0 < rate < axis.low for rate in (*slow, *fast))
        axis = replace(axis, under=f"<{number(axis.low)}" if small else "0")
        marks: list[Any] = []
        for i, f in enumerate(mine[:60]):
            ends = end if f.resets_s is None else f.resets_s * 1_000
            label = _fires(f) if len(mine) <= 3 else f"fires {len(mine)} times" if i == 0 else ""
            marks.append(Span(f.fires_s * 1_000, ends, Look("dropped", "3 3"), label))
        marks.append(Rule(rule.factor, _TARGET, f"above {number(rule.factor)}"))
        if rule.short_s != rule.long_s:  # one window alone is one line
            marks.append(Line(*thinned(at, fast), Look("leader", "3 3", "^", 1.6), _span(rule.short_s), steps=True))
        marks.append(Line(*thinned(at, slow), Look("delivered", "", "o", 2.2), f"{_span(rule.long_s)}", steps=True))
        panels.append(Panel(time, axis, tuple(marks), 130))
    finding = f"{_share_finding(bad, valid, target)} in {say_ms(end)}. {' '.join(told)}"
    return show(kind, title, finding, Chart(tuple(panels)))


def _share_finding(bad: Sequence[int], valid: Sequence[int], target: float) -> str:
    if not sum(valid):
        return f"Target {percent(target)}: no traffic, so nothing burns,"
    share = 1 - sum(bad) / sum(valid)
    met = sum(bad) <= slo.error_budget(target, sum(valid))
    return f"{percent(share, target)} good, which {'meets' if met else 'misses'} the target of {percent(target)},"


def _rule_finding(
    rule: slo.AlertRule, slow: list[float], fast: list[float], fired: list[slo.Firing], target: float, end: float
) -> str:
    words = f"{_windows(rule)} above {number(rule.factor)}: "
    if 1_000 * rule.long_s > end:
        words = f"{_windows(rule)} (of which {say_ms(end)} are known) above {number(rule.factor)}: "
    if fired:
        shown = [
            f"fires at {say_ms(1_000 * f.fires_s)}, "
            + ("still firing at the end" if f.resets_s is None else f"resets at {say_ms(1_000 * f.resets_s)}")
            for f in fired[:3]
        ]
        words += "; ".join(shown)
        words += f"; and {count(len(fired) - 3, 'time')} more" if len(fired) > 3 else ""
    elif not rule.reachable(target):
        words += f"can never fire, as a complete outage burns at {number(slo.burn_rate(1, target))}"
    else:
        both = [min(a, b) for a, b in zip(slow, fast, strict=True) if not isnan(a + b)]
        which = "both windows" if rule.short_s != rule.long_s else "the window"
        words += f"never fires; {which} came up to {number(max(both))}" if both else "never fires: no traffic"
    return f"{words}."


def _fires(firing: slo.Firing) -> str:
    begun = f"fires {say_ms(1_000 * firing.fires_s)}"
    return f"{begun} to the end" if firing.resets_s is None else f"{begun}, resets {say_ms(1_000 * firing.resets_s)}"


def _windows(rule: slo.AlertRule) -> str:
    if rule.short_s == rule.long_s:
        return _span(rule.long_s)
    return f"{_span(rule.long_s)} and {_span(rule.short_s)}"


def _span(seconds: float) -> str:
    """A window by its usual name: 1 h, 5 min, 3 d."""
    for one, sign in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= one and (seconds / one).is_integer():
            return f"{seconds / one:,.0f} {sign}"
    return f"{number(seconds)} s"


# -- goodput and queues ------------------------------------------------------------------------------------------------


def goodput_and_queue(
    series: Iterable[Slice],
    queue: Mapping[str, Sequence[float]] | Sequence[tuple[float, float]] = (),
    capacity_per_s: float | None = None,
    queue_every_ms: float = 1_000.0,
    title: str = "",
) -> View:
    """What was asked for and what was well answered, per second; and under it, how many waited.

    Args:
        series: slices of time, from ``metrics.slices(…)``.
        queue: pairs (ms, how many waited then), ``[(sim.now, sim.nodes["server"].waiting), …]``; or readings by name,
            one each ``queue_every_ms``, such as a card's ``run.gauges``.
        capacity_per_s: how many requests a second can be served; drawn as a line.

    Raises:
        TypeError: these are no slices, or no readings.
        ValueError: a length, a reading or the capacity is negative.
    """
    rows = _slices(series, "goodput_and_queue")
    queues = _queues(queue, queue_every_ms)
    if capacity_per_s is not None and not 0 < capacity_per_s < inf:
        raise ValueError(f"capacity_per_s={capacity_per_s!r}: write how many requests a second, above 0, or None")
    kind = "Goodput and queue over time"
    if not rows:
        return said(kind, title, "There is no slice of time: nothing was asked.")
    finding = _goodput_finding(rows, queues, capacity_per_s)
    edges = _edges(rows)
    time = time_axis(edges[0], max([edges[-1], *(at for readings in queues.values() for at, _ in readings[-1:])]))
    offered, good = [row.offered_per_s for row in rows], [row.goodput_per_s for row in rows]
    marks: list[Any] = [
        Line(*thinned(edges, offered), Look("ink", "5 3", "", 1.7), "asked for", steps=True),
        Line(*thinned(edges, good), Look("good", "", "s", 2.4), "goodput", steps=True),
    ]
    if capacity_per_s is not None:
        marks.append(Rule(capacity_per_s, Look("cut", "10 4", width=2), "capacity"))
    axis = linear("requests per second", [*offered, *good, capacity_per_s or 0.0, 0.0], 0.0)
    panels = [Panel(time, axis, tuple(marks), 160)]
    if queues:
        lengths = [length for readings in queues.values() for _, length in readings]
        marks = []
        for (name, readings), look in zip(queues.items(), _looks(len(queues)), strict=True):
            x, y = [at for at, _ in readings], [length for _, length in readings]
            marks.append(Line(*thinned([*x, *x[-1:]], y), look, name, steps=True))
        over = "∞" if inf in lengths else ""
        panels.append(Panel(time, linear("waiting in the queue", [*lengths, 0.0], 0.0, over=over), tuple(marks), 140))
    return show(kind, title, finding, Chart(tuple(panels)))


def _queues(queue: Any, every_ms: float) -> dict[str, list[tuple[float, float]]]:
    if not 0 < every_ms < inf:
        raise ValueError(f"queue_every_ms={every_ms!r} is no length of time: write ms, above 0")
    if isinstance(queue, Mapping):
        found = {str(name): [(i * every_ms, value) for i, value in enumerate(row)] for name, row in queue.items()}
    else:
        try:
            found = {"queue": [(float(at), length) for at, length in queue]} if len(queue) else {}
        except (TypeError, ValueError):
            raise TypeError(
                f"queue={queue!r}: write pairs [(ms, how many waited), …], or readings by name {{'server': [0, 3, …]}}"
            ) from None
    for name, readings in found.items():
        for _, length in readings:
            if not is_real(length) or length < 0:
                raise ValueError(f"the queue {name!r} has the length {length!r}: write how many waited, 0 or more")
        if any(a[0] > b[0] for a, b in pairwise(readings)):
            readings.sort(key=lambda reading: reading[0])
    return {name: [(at, float(length)) for at, length in readings] for name, readings in found.items() if readings}


def _goodput_finding(rows: list[Slice], queues: dict[str, list[tuple[float, float]]], capacity: float | None) -> str:
    seconds = fsum(row.end_ms - row.start_ms for row in rows) / 1_000
    offered = fsum(row.offered_per_s * (row.end_ms - row.start_ms) for row in rows) / 1_000 / seconds
    good = fsum(row.goodput_per_s * (row.end_ms - row.start_ms) for row in rows) / 1_000 / seconds
    words = f"Users asked {number(offered)} times a second on average, and got {number(good)} good answers"
    words += f" ({percent(good / offered)})" if offered else ": no traffic"
    asked = [row for row in rows if row.offered_per_s > 0]
    if asked:
        least = min(asked, key=lambda row: row.goodput_per_s)
        words += (
            f". Lowest goodput under load: {number(least.goodput_per_s)}/s of {number(least.offered_per_s)}/s from "
        )
        words += (
            f"{_stretch(least.start_ms, least.end_ms)}; in the last slice with load {number(asked[-1].goodput_per_s)}/s"
        )
    if capacity is not None:
        above = sum(row.offered_per_s > capacity for row in rows)
        words += (
            f". They asked for more than the capacity of {number(capacity)}/s in {count(above, 'slice')} of {len(rows)}"
        )
    for name, readings in queues.items():
        known = [reading for reading in readings if not isnan(reading[1])]
        if not known:
            words += f". {name}: no reading"
            continue
        at, longest = max(known, key=lambda reading: reading[1])
        called = "Queue" if name == "queue" else f"{name}"
        words += f". {called}: longest {number(longest)} at {say_ms(at)}, {number(known[-1][1])} at the end"
    return f"{words}."


# -- what all of them need ---------------------------------------------------------------------------------------------


def _slices(series: Any, name: str) -> list[Slice]:
    wanted = f"write {name}(slices(what_users_saw(sim.history, sim.now), 1_000, sim.now))"
    if not isinstance(series, Iterable) or isinstance(series, str | Mapping):
        raise TypeError(f"{name}(…) draws slices of time, not a {type(series).__name__}: {wanted}")
    rows = list(series)
    for row in rows:
        if not isinstance(row, Slice):
            raise TypeError(f"{name}(…) draws slices of time, and {row!r} is none: {wanted}")
    return sorted(rows, key=lambda row: row.start_ms)


def is_real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def many(number: int, thing: str = "") -> str:
    """``1 event``, ``12,000 events``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}" if thing else f"{number:,}"


def _edges(rows: Sequence[Slice]) -> list[float]:
    return [row.start_ms for row in rows] + [rows[-1].end_ms]


def _refuse_target(target: Any) -> None:
    if target is not None and not (is_real(target) and 0 < target <= 1):
        raise ValueError(f"target is {target!r}: write a share above 0 and at most 1, for example 0.99, or None")


def _counts(values: Any) -> list[int]:
    """Plain whole numbers, whatever they came in."""
    found: list[int] = values.tolist() if hasattr(values, "tolist") else list(values)
    return found


def _floats(values: Any) -> list[float]:
    found: list[float] = values.tolist() if hasattr(values, "tolist") else list(map(float, values))
    return found


def _slice_ms(every_s: Any) -> float:
    if not (is_real(every_s) and 0 < every_s < inf):
        raise ValueError(f"every_s={every_s!r} is not a length of time: write the seconds of one slice, above 0")
    return 1_000.0 * float(every_s)


def _percent_axis(label: str, percents: Iterable[float], target: float | None) -> Axis:
    """From a round number below all values up to 100 %."""
    least = min([value for value in percents if not isnan(value)] + [100 * target if target else 100.0])
    low = next((low for low in (99.9, 99.5, 99.0, 98.0, 95.0, 90.0, 80.0, 50.0) if low < least and least < 100), 0.0)
    return linear(label, (), 90.0 if least == 100 else low, 100.0)


def _wait_axis(label: str, waits: Sequence[float]) -> Axis:
    """An axis of latencies: logarithmic where they differ by more than fifty times, with a strip for ``inf``."""
    over = "never" if inf in waits else ""
    finite = [wait for wait in waits if wait < inf]
    above = [wait for wait in finite if wait > 0]
    if above and max(above) > 50 * min(above):
        axis = logarithmic(label, above, max(above) / 10_000, over=over)
        least = min(finite)
        return replace(axis, under="") if least >= axis.low else replace(axis, under=f"<{number(axis.low)}")
    return linear(label, [*finite, 0.0], 0.0, over=over)


def _looks(number: int) -> list[Look]:
    return [SERIES[i % len(SERIES)] for i in range(number)]


def _stretch(start_ms: float, end_ms: float) -> str:
    begins, ends = say_ms(start_ms), say_ms(end_ms)
    return f"{begins} to {ends}" if begins != ends else f"{begins} on"


def _stretches(rows: Sequence[Slice]) -> str:
    """Neighbouring slices as one stretch of time: "4 s to 7 s and 9 s to 10 s"."""
    found: list[list[float]] = []
    for row in rows:
        if found and found[-1][1] == row.start_ms:
            found[-1][1] = row.end_ms
        else:
            found.append([row.start_ms, row.end_ms])
    shown = [_stretch(*ends) for ends in found[:3]]
    return names(shown) + (f", and {len(found) - 3} more" if len(found) > 3 else "")
