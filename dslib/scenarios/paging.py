"""Who is woken, when, and until when: error shapes, sets of alert rules, and weeks of incidents to judge them by.

``error_shape`` makes one stretch of errors of a given size; ``who_pages`` says which rules it fires, beside what the
formulas say. ``incident_week`` draws a week with incidents that matter and others that should wake nobody; ``judge``
scores a set of rules over many such weeks, and ``try_rules`` a learner's own, on weeks that nobody has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from math import cos, inf, isnan, nan, pi
from random import Random
from typing import Any, NamedTuple

from .. import slo
from ..slo import AlertRule, Incident, Score
from ..sweeps import Rate, pass_rate
from .draws import failures_of
from .verdicts import Trial, Verdict, rule_name

#: The objective of the chat service in this lesson, and the period of its budget.
TARGET, PERIOD_S = 0.999, 30 * 86_400.0
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

# -- one error shape ---------------------------------------------------------------------------------------------------


class ErrorShape(NamedTuple):
    """A stretch of errors: ``ratio`` of all requests fail for ``lasts_min``, so many ``times``, ``pause_min`` apart."""

    ratio: float
    lasts_min: float
    times: int = 1
    pause_min: float = 0.0
    each_min: float = 20_000.0  # requests a minute

    @property
    def whole_min(self) -> float:
        """From the first error to the last, in minutes."""
        return self.times * self.lasts_min + (self.times - 1) * self.pause_min


#: Shapes by name. Those named by a percentage last until the rule that notices them has fired.
ERROR_SHAPES: Mapping[str, ErrorShape] = {
    "outage": ErrorShape(1.0, 10),
    "15 %": ErrorShape(0.15, 10),
    "5 %": ErrorShape(0.05, 60),
    "2 %": ErrorShape(0.02, 120),
    "1.44 %": ErrorShape(0.0144, 240),
    "1 %": ErrorShape(0.01, 360),
    "0.6 %": ErrorShape(0.006, 1_440),
    "0.1 %": ErrorShape(0.001, 4_320),
    "spikes": ErrorShape(1.0, 5, times=12, pause_min=5),
    "one failure": ErrorShape(1.0, 6, each_min=1 / 6),  # 10 requests an hour, and one of them fails
}


#: With fewer requests than this in a window, each of them is a jump, and formulas for a steady stream do not hold.
MANY = 100


class Errors(NamedTuple):
    """The bad and the valid events of each slice of time."""

    bad: list[int]
    valid: list[int]


def shape_of(shape: str | ErrorShape) -> ErrorShape:
    """A shape by its name. Raises ValueError for a name that is none, and for numbers that are no shape."""
    if isinstance(shape, str):
        if shape not in ERROR_SHAPES:
            raise ValueError(
                f"there is no shape {shape!r}: write one of {', '.join(ERROR_SHAPES)}, or ErrorShape(ratio, minutes)"
            )
        return ERROR_SHAPES[shape]
    if not (0 < shape.ratio <= 1 and shape.lasts_min > 0 and shape.times >= 1 and shape.pause_min >= 0):
        raise ValueError(f"{shape!r} is no error shape: write ErrorShape(ratio from 0 to 1, minutes above 0)")
    return shape


def error_shape(shape: str | ErrorShape, every_s: float = 60.0, before_h: float = 1.0, after_h: float = 1.5) -> Errors:
    """The events of each slice: ``before_h`` hours without errors, the shape, and ``after_h`` hours without errors.

    ``burn_alerts(*error_shape("15 %"), 0.999, rules, every_s=60)`` draws it. Traffic is even and nothing is drawn by
    lot, so that formulas can be held against it. An alert over a window longer than ``before_h`` sees less than its
    window at first: :func:`who_pages` gives each rule its full window.

    Raises:
        ValueError: there is no such shape, or a length is none.

    >>> errors = error_shape("outage")
    >>> sum(bad > 0 for bad in errors.bad), sum(errors.bad) == 10 * 20_000
    (10, True)
    """
    if not (every_s > 0 and before_h >= 0 and after_h >= 0):
        raise ValueError(f"every_s={every_s!r}, before_h={before_h!r}, after_h={after_h!r}: write lengths of time")
    one = shape_of(shape)
    begins = before_h * HOUR
    ends = begins + one.whole_min * MINUTE
    slices = round((ends + after_h * HOUR) / every_s)
    # What was asked, and what failed, up to each edge: whole numbers whose differences never drift.
    edges = [i * every_s for i in range(slices + 1)]
    asked = [int(edge / MINUTE * one.each_min + 1e-9) for edge in edges]
    failed = [int(_failing_min(one, edge - begins) * one.each_min * one.ratio + 1e-9) for edge in edges]
    return Errors(_steps(failed), _steps(asked))


def _failing_min(shape: ErrorShape, since_s: float) -> float:
    """How many minutes of errors have passed, so long after the first."""
    if since_s <= 0:
        return 0.0
    cycle = shape.lasts_min + shape.pause_min
    whole = min(shape.times, int(since_s / MINUTE / cycle))
    if whole == shape.times:
        return whole * shape.lasts_min
    return whole * shape.lasts_min + min(shape.lasts_min, since_s / MINUTE - whole * cycle)


def _steps(sums: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise(sums)]


def who(rule: AlertRule) -> str:
    """A rule over a day or more makes a ticket for the morning; a quicker one wakes somebody."""
    return "ticket" if rule.long_s >= DAY else "page"


class Call(NamedTuple):
    """What one rule made of an error shape. Times in seconds; ``nan`` for what did not happen.

    Fields:
        rule: the rule.
        who: "page" or "ticket".
        after_s: from the first error until it fired.
        formula_s: what ``slo.detection_time`` says, for even errors that last.
        over_s: from the last error until it was over; negative if it was over before, ``inf`` if it still fires.
        times: how often it fired.
        spent: the share of the period's budget that was gone when it fired.
    """

    rule: AlertRule
    who: str
    after_s: float
    formula_s: float
    over_s: float
    times: int
    spent: float


class Paged(NamedTuple):
    """Who is called by an error shape. ``str()`` has a line for each rule.

    ``errors`` and ``every_s`` are for ``burn_alerts(*paged.errors, paged.target, …, every_s=paged.every_s)``.
    """

    name: str
    target: float
    errors: Errors
    every_s: float
    spent: float
    calls: tuple[Call, ...]

    @property
    def first(self) -> Call | None:
        """The call that came first; None if nobody was called."""
        fired = [call for call in self.calls if call.times]
        return min(fired, key=lambda call: call.after_s, default=None)

    @property
    def line(self) -> str:
        """Who, when, until when, in one sentence."""
        if self.first is None:
            return f"{self.name}: nobody is called, and {_percent(self.spent)} of the budget is spent."
        first = self.first
        until = f"until {_time(first.over_s)} after the last error" if first.over_s >= 0 else "over before its end"
        return (
            f"{self.name}: a {first.who} after {_time(first.after_s)}, {until}; {_percent(first.spent)} of the "
            f"budget was gone by then, {_percent(self.spent)} at the end."
        )

    def __str__(self) -> str:
        rows = [self.line]
        for call in self.calls:
            said = f"  {call.rule!s:<27}{call.who:<8}"
            if not call.times:
                never = "can never fire" if not call.rule.reachable(self.target) else "does not fire"
                rows.append(f"{said}{never}")
                continue
            often = f", {call.times} times" if call.times > 1 else ""
            formula = "" if isnan(call.formula_s) else f" (formula: {_time(call.formula_s)})"
            rows.append(f"{said}after {_time(call.after_s)}{formula}{often}")
        return "\n".join(rows)

    def __repr__(self) -> str:
        return str(self)


def who_pages(
    shape: str | ErrorShape,
    rules: Sequence[AlertRule] | None = None,
    target: float = TARGET,
    every_s: float | None = None,
) -> Paged:
    """Which rules an error shape fires, how soon, and when they reset; by default the four rows for 30 days.

    Each rule sees its whole window without errors first. Slices are as short as the shape asks for: 2 s for an outage
    of minutes, 60 s for what lasts hours.

    Raises:
        ValueError: there is no such shape, a target that is none, or a window that is no whole number of slices.
    """
    rows, one = list(slo.alert_rules() if rules is None else rules), shape_of(shape)
    every = every_s if every_s is not None else 2.0 if one.whole_min <= 10 else 15.0 if one.whole_min <= 120 else 60.0
    lead_h = max((rule.long_s for rule in rows), default=HOUR) / HOUR
    errors = error_shape(one, every, lead_h, max((rule.short_s for rule in rows), default=0.0) / HOUR + 0.1)
    begins, ends = lead_h * HOUR, lead_h * HOUR + one.whole_min * MINUTE
    budget = float(slo.error_budget(target, PERIOD_S / MINUTE * one.each_min))
    calls = []
    for rule in rows:
        # Only as much as this rule can see: a window of 3 days need not be looked through for one of an hour.
        skip = int((begins - rule.long_s) / every)
        seen = slo.alerts(errors.bad[skip:], errors.valid[skip:], target, [rule], every)
        fired = [(f.fires_s + skip * every, None if f.resets_s is None else f.resets_s + skip * every) for f in seen]
        formula = slo.detection_time(one.ratio, target, rule.long_s, rule.factor) if one.times == 1 else nan
        if formula > one.lasts_min * MINUTE or one.each_min * rule.short_s < MINUTE * MANY:
            formula = nan  # the errors stop before, or so few requests are no steady stream
        if not fired:
            calls.append(Call(rule, who(rule), nan, formula, nan, 0, nan))
            continue
        last = fired[-1][1]
        gone = sum(errors.bad[: round(fired[0][0] / every)])
        calls.append(
            Call(
                rule, who(rule), fired[0][0] - begins, formula, inf if last is None else last - ends, len(fired),
                gone / budget if budget else inf,
            )
        )  # fmt: skip
    name = shape if isinstance(shape, str) else f"{100 * one.ratio:g} % for {one.lasts_min:g} min"
    spent = sum(errors.bad) / budget if budget else inf
    return Paged(name, target, errors, every, spent, tuple(calls))


# -- weeks of incidents ------------------------------------------------------------------------------------------------

#: Sets of rules that wake somebody, by name: the workbook's way from one window to two.
RULE_SETS: Mapping[str, tuple[AlertRule, ...]] = {
    "10 min above 1": (AlertRule(600, 600, 1),),
    "36 h above 1": (AlertRule(36 * HOUR, 36 * HOUR, 1),),
    "1 h above 36": (AlertRule(HOUR, HOUR, 36),),
    "1 h above 14.4": (AlertRule(HOUR, HOUR, 14.4),),
    "two long windows": (AlertRule(HOUR, HOUR, 14.4), AlertRule(6 * HOUR, 6 * HOUR, 6)),
    "two rows, long and short": slo.alert_rules()[:2],
}


class Kind(NamedTuple):
    """A kind of incident: from which to which error ratio, from how many to how many minutes, how often a week."""

    ratio: tuple[float, float]
    minutes: tuple[float, float]
    a_week: int
    matters: bool


#: What happens in a week. The last two are over, or small enough, before anybody could mend them by night.
KINDS: Mapping[str, Kind] = {
    "outage": Kind((0.5, 1.0), (8, 30), 1, True),
    "bad release": Kind((0.05, 0.2), (25, 90), 2, True),
    "slow leak": Kind((0.009, 0.013), (420, 600), 1, True),
    "blip": Kind((0.1, 0.4), (0.4, 1.0), 3, False),
    "crawl": Kind((0.0015, 0.0025), (480, 720), 1, False),
}

#: A day and a half of calm before each week fills the windows; nothing is judged in it.
LEAD_S = 1.5 * DAY
#: Some requests fail on the best of days.
BACKGROUND = 0.0002


class Week(NamedTuple):
    """A week of the chat service: its events by the minute, and what happened, labelled. Time 0 is ``LEAD_S`` earlier.

    ``burn_alerts(week.bad, week.valid, 0.999, rules, every_s=60)`` draws it.
    """

    seed: int | str
    bad: tuple[int, ...]
    valid: tuple[int, ...]
    incidents: tuple[Incident, ...]
    every_s: float = MINUTE

    def __str__(self) -> str:
        good = 1 - sum(self.bad) / sum(self.valid)
        rows = [f"Week {self.seed}: {sum(self.valid):,} requests, {100 * good:.3f} % of them good."]
        for one in self.incidents:
            lasts = _time(one.ends_s - one.starts_s)
            rows.append(f"  {clock(one.starts_s)}  {one.kind:<12}{lasts:>8}{'' if one.matters else '   wake nobody'}")
        return "\n".join(rows)

    def __repr__(self) -> str:
        return str(self)


def clock(at_s: float) -> str:
    """A moment of the week: "day 3, 14:05"."""
    minutes = int((at_s - LEAD_S) // MINUTE)
    return f"day {minutes // 1_440 + 1}, {minutes // 60 % 24:02}:{minutes % 60:02}"


@lru_cache(maxsize=128)
def incident_week(seed: int | str = 0) -> Week:
    """Draw a week: traffic by the hour of the day, a few errors always, and incidents where the seed puts them."""
    dice = Random(f"{seed}/incident week")
    kinds = [name for name, kind in KINDS.items() for _ in range(kind.a_week)]
    dice.shuffle(kinds)
    slot = 7 * DAY / len(kinds)
    incidents, ratios = [], []
    for place, name in enumerate(kinds):
        kind = KINDS[name]
        lasts = dice.uniform(*kind.minutes) * MINUTE
        starts = LEAD_S + place * slot + dice.random() * max(0.0, slot - 6 * HOUR - lasts)
        incidents.append(Incident(starts, starts + lasts, name, kind.matters))
        ratios.append(dice.uniform(*kind.ratio))
    slices = round((LEAD_S + 7 * DAY) / MINUTE)
    # 120 requests a minute at the deepest of night, 1,080 at noon.
    valid = [round(600 * (1 - 0.8 * cos(2 * pi * (minute - 720) / 1_440))) for minute in range(slices)]
    share = [BACKGROUND] * slices
    for one, ratio in zip(incidents, ratios, strict=True):
        for minute in range(int(one.starts_s / MINUTE), min(slices, int(one.ends_s / MINUTE) + 1)):
            hit = min(one.ends_s, (minute + 1) * MINUTE) - max(one.starts_s, minute * MINUTE)
            share[minute] = min(1.0, share[minute] + ratio * max(0.0, hit) / MINUTE)
    bad = tuple(failures_of(dice, n, p) for n, p in zip(valid, share, strict=True))
    return Week(seed, bad, tuple(valid), tuple(incidents))


#: A learner's own rule: called at the end of each minute with a function that gives the burn rate of the last minutes.
Page = Callable[[Callable[[float], float]], bool]


def calls_of(rules: Sequence[AlertRule] | Page, week: Week) -> list[tuple[float, float | None]]:
    """When somebody is called in a week: (from, until) in seconds; until is None for a call that goes on to the end.

    ``rules`` are alert rules, or a function ``page(burn)`` that says at the end of each minute whether to call;
    ``burn(60)`` is the burn rate of the last 60 minutes.
    """
    if callable(rules):
        found = _calls_of_function(rules, week)
    else:
        found = slo.merged(slo.alerts(week.bad, week.valid, TARGET, rules, week.every_s))
    return [call for call in found if call[1] is None or call[1] > LEAD_S]


def _calls_of_function(page: Page, week: Week) -> list[tuple[float, float | None]]:
    allowed = 1 - TARGET
    bad, valid = [0, *accumulate(week.bad)], [0, *accumulate(week.valid)]
    found: list[tuple[float, float | None]] = []
    since: float | None = None
    for end in range(1, len(bad)):

        def burn(minutes: float, end: int = end) -> float:
            start = max(0, end - max(1, round(minutes)))
            asked = valid[end] - valid[start]
            return (bad[end] - bad[start]) / asked / allowed if asked else nan

        calls = page(burn)
        if calls and since is None:
            since = end * week.every_s
        elif not calls and since is not None:
            found.append((since, end * week.every_s))
            since = None
    return [*found, (since, None)] if since is not None else found


class Judged(NamedTuple):
    """A set of rules over many weeks. ``str()`` is one line.

    Fields:
        name: of the set.
        precision, recall: shares with their intervals: of calls that were right, of incidents that were noticed.
        detection_s, reset_s: medians over the incidents that were noticed.
        calls_a_week: how often somebody was called.
        missed: how many incidents of each kind nobody was called for.
        scores: of each week.
    """

    name: str
    precision: Rate
    recall: Rate
    detection_s: float
    reset_s: float
    calls_a_week: float
    missed: dict[str, int]
    scores: tuple[Score, ...]

    @property
    def line(self) -> str:
        """One line of the table that :func:`judge_all` prints."""
        return (
            f"{self.name:<26}{_percent(self.precision.share):>9}{_percent(self.recall.share):>9}"
            f"{_time(self.detection_s):>12}{_time(self.reset_s):>12}{self.calls_a_week:>8.1f}"
        )

    def __str__(self) -> str:
        return f"{HEADER}\n{self.line}"

    def __repr__(self) -> str:
        return str(self)


HEADER = f"{'rules':<26}{'precision':>9}{'recall':>9}{'detection':>12}{'reset':>12}{'a week':>8}"


class Judgement(tuple[Judged, ...]):
    """Several sets of rules, judged over the same weeks; prints as a table."""

    def __str__(self) -> str:
        return "\n".join([HEADER, *(one.line for one in self)])

    def __repr__(self) -> str:
        return str(self)


def judge(rules: str | Sequence[AlertRule] | Page, seeds: int | Iterable[int | str] = 10, name: str = "") -> Judged:
    """Score a set of rules over the incidents of many weeks: precision, recall, detection and reset.

    ``rules`` is a name of ``RULE_SETS``, alert rules, or a function ``page(burn)``.

    Raises:
        ValueError: there is no such set, or no week.
    """
    chosen: Any = rules
    if isinstance(rules, str):
        if rules not in RULE_SETS:
            raise ValueError(f"there is no set {rules!r}: write one of {', '.join(RULE_SETS)}, or rules of your own")
        chosen, name = RULE_SETS[rules], name or rules
    weeks = [incident_week(seed) for seed in (range(seeds) if isinstance(seeds, int) else seeds)]
    if not weeks:
        raise ValueError("there is no week to judge by: write how many, such as seeds=10")
    scores = [slo.score(calls_of(chosen, week), week.incidents) for week in weeks]
    missed: dict[str, int] = {}
    for one in scores:
        for incident in one.missed:
            missed[incident.kind] = missed.get(incident.kind, 0) + 1
    calls, real = sum(one.calls for one in scores), sum(_real(week) for week in weeks)
    return Judged(
        name=name or (rule_name(chosen) if callable(chosen) else "; ".join(map(str, chosen))),
        precision=pass_rate(calls - sum(len(one.false) for one in scores), calls),
        recall=pass_rate(real - sum(len(one.missed) for one in scores), real),
        detection_s=slo.percentile([s for one in scores for s in one.detection_s], 0.5),
        reset_s=slo.percentile([s for one in scores for s in one.reset_s], 0.5),
        calls_a_week=calls / len(weeks),
        missed=missed,
        scores=tuple(scores),
    )


def judge_all(seeds: int | Iterable[int | str] = 10) -> Judgement:
    """All ``RULE_SETS`` over the same weeks."""
    weeks = list(range(seeds) if isinstance(seeds, int) else seeds)
    return Judgement(judge(name, weeks) for name in RULE_SETS)


def _real(week: Week) -> int:
    return sum(one.matters for one in week.incidents)


def _time(seconds: float) -> str:
    return slo.duration(seconds, 3)


def _percent(share: float) -> str:
    if isnan(share):
        return "-"
    return f"{100 * share:.0f} %" if share >= 0.1 or not share else f"{100 * share:.2g} %"


# -- your turn ---------------------------------------------------------------------------------------------------------

#: How soon somebody must be called for each kind that matters, in seconds: the median may not be above it.
SOON_S: Mapping[str, float] = {"outage": 5 * MINUTE, "bad release": 25 * MINUTE, "slow leak": 6 * HOUR}
#: How soon after the end a call must be over, in the median; and how many calls for nothing a week are borne.
OVER_S, FALSE_A_WEEK = 45 * MINUTE, 1.0
#: A rule is tried on so many weeks.
WEEKS = 4


def try_rules(rules: Any, seed: int = 0) -> Verdict:
    """Put rules to the test on four weeks that nobody has seen: whom do they miss, whom do they wake for nothing?

    ``rules`` is one ``AlertRule``, several, or a function ``page(burn)`` that answers True or False at the end of each
    minute; ``burn(60)`` is the burn rate of the last 60 minutes, ``nan`` without traffic.

    It passes if every incident that matters is noticed, outages within 5 min, bad releases within 25 min and slow leaks
    within 6 h (medians), calls are over 45 min after the incident, and at most one call a week is for nothing.
    """
    rules = [rules] if isinstance(rules, AlertRule) else rules
    weeks = [incident_week(f"unseen {seed} {number}") for number in range(WEEKS)]
    if complaint := _unfit(rules, weeks[0]):
        return Verdict([], f"Not run yet: {complaint}.", False)
    scores = [(week, slo.score(calls_of(rules, week), week.incidents)) for week in weeks]
    trials = [_noticed(kind, scores) for kind in SOON_S]
    resets = slo.percentile([s for _, one in scores for s in one.reset_s], 0.5)
    late = "" if isnan(resets) or resets <= OVER_S else f"{_time(OVER_S)} is borne: people stop believing it"
    over = "never called" if isnan(resets) else f"{_time(resets)} after its end"
    trials.append(Trial("call over", (over,), late))
    nothing = [(week, call) for week, one in scores for call in one.false]
    often = (
        f"such as {clock(nothing[0][1][0])} of week {nothing[0][0].seed!r}"
        if len(nothing) > FALSE_A_WEEK * WEEKS
        else ""
    )
    trials.append(Trial("called for nothing", (f"{len(nothing)} times in {WEEKS} weeks",), often))
    wrong = [trial for trial in trials if trial.complaint]
    if not wrong:
        well = "Somebody is called for all that matters, and soon; and for hardly anything else. Well done."
        return Verdict(trials, well, True, ("incident", "outcome"))
    return Verdict(trials, f"Begin with the first ✗. {_way(wrong[0].name)}", False, ("incident", "outcome"))


def _noticed(kind: str, scores: list[tuple[Week, Score]]) -> Trial:
    all_, found, missed = 0, [], []
    for week, one in scores:
        noticed = [i for i in week.incidents if i.matters and i not in one.missed]
        all_ += sum(i.kind == kind for i in week.incidents)
        found += [s for i, s in zip(noticed, one.detection_s, strict=True) if i.kind == kind]
        missed += [(week, i) for i in one.missed if i.kind == kind]
    middle = slo.percentile(found, 0.5)
    said = f"{len(found)} of {all_}" + (f" after {_time(middle)}" if found else "")
    if missed:
        week, incident = missed[0]
        return Trial(kind, (said,), f"missed, such as {clock(incident.starts_s)} of week {week.seed!r}")
    return Trial(kind, (said,), "" if middle <= SOON_S[kind] else f"within {_time(SOON_S[kind])} is needed")


def _way(name: str) -> str:
    return {
        "outage": "A complete outage burns at 1,000: a window of an hour above 14.4 sees it within a minute.",
        "bad release": "A release that breaks 5 % burns at 50: how much of that does an hour hold after 20 minutes?",
        "slow leak": "A leak of 1 % burns at 10: no rule above 10 sees it, however long its window.",
        "call over": "A long window remembers for long. Ask for a short window, too, that is above the factor still.",
    }.get(name, "A blip is over in a minute, and a crawl burns at 2: ask for a longer window, or a higher factor.")


def _unfit(rules: Any, week: Week) -> str:
    """Why it cannot be put to the test, in words; empty if it can."""
    if callable(rules):
        for rate in (0.0, 20.0, nan):
            try:
                says = rules(lambda minutes, rate=rate: rate)
            except Exception as error:  # whatever a learner's rule may raise
                return f"{rule_name(rules)}(burn) stops with {type(error).__name__}: {error}"
            if not isinstance(says, bool):
                return f"{rule_name(rules)}(burn) gives {says!r}; return True (call somebody) or False"
        return ""
    try:
        listed = list(rules)
    except TypeError:
        return (
            f"{rules!r} is no rule: write AlertRule(long_s=3_600, short_s=300, factor=14.4), or a function page(burn)"
        )
    if not listed:
        return "there is no rule, so nobody is ever called: write one AlertRule at least"
    for rule in listed:
        if not isinstance(rule, AlertRule):
            return f"{rule!r} is no rule: write AlertRule(long_s=3_600, short_s=300, factor=14.4)"
        try:
            slo.windows_in_slices(rule, week.every_s)
        except (ValueError, TypeError) as error:
            return str(error)
    return ""
