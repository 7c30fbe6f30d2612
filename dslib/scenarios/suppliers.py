"""Several suppliers: each has an agreement, each fails now and then, and somebody has to watch them all.

The chat service works while all kinds of suppliers that it needs do: a cloud, names, payments, push messages. For each
kind a second supplier stands by, and whoever watches switches over. Watching does not make suppliers better; it makes
their outages shorter for us, and it proves them, so that credits can be claimed. What it costs is people, and tools;
what the second suppliers cost is the same for every way to watch, and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import exp, fsum, inf, isfinite
from random import Random
from typing import Any, NamedTuple

from .. import slo
from ..slo import Tier
from ..sweeps import Estimate, estimate
from .draws import moments
from .verdicts import Trial, Verdict, rule_name

YEAR_MIN = 365 * 24 * 60
DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN
MONTH_MIN = YEAR_MIN / 12


class Supplier(NamedTuple):
    """What is bought: how often it fails a year, minutes until it works again (mean), its agreement, a month's bill."""

    kind: str
    a_year: float
    repair_min: float
    bill: float
    tiers: tuple[Tier, ...] = slo.S3_STANDARD

    @property
    def availability(self) -> float:
        """The share of time it works, by formula."""
        return 1 - self.a_year * self.repair_min / YEAR_MIN


#: What the chat service needs; a second supplier of each kind, just as good, stands by.
SUPPLIERS = (
    Supplier("cloud", 2, 180, 3_000, slo.EC2_REGION),
    Supplier("names", 0.5, 240, 50),
    Supplier("payments", 6, 60, 400),
    Supplier("push messages", 12, 45, 150),
)


class Watch(NamedTuple):
    """Who watches the suppliers.

    Fields:
        name: of the way to watch.
        people: "none", "office hours" (9 to 17 on weekdays), or "always".
        automatic: whether a health check switches over by itself. It is quick, does not see everything, and now and
            then switches for nothing.
        cost: of a year: people, and tools that somebody builds, tests and keeps.

    Only people claim credits: they write down what failed, and when.
    """

    name: str
    people: str
    automatic: bool
    cost: float

    @property
    def claims(self) -> bool:
        """Whether credits are claimed."""
        return self.people != "none"


#: Minutes until people notice an outage while they watch, and until they have switched over; and a health check.
PEOPLE_NOTICE_MIN, PEOPLE_SWITCH_MIN = 10.0, 20.0
CHECK_NOTICE_MIN, CHECK_SWITCH_MIN = 1.0, 1.0
#: The share of outages that a health check sees, and how often a year it switches for nothing.
CHECK_SEES, CHECK_FALSE_A_YEAR = 0.9, 12.0

#: Ways to watch, by name, from the cheapest to the dearest. The figures are assumptions.
WATCHES: Mapping[str, Watch] = {
    watch.name: watch
    for watch in (
        Watch("nobody", "none", False, 0),
        Watch("office hours", "office hours", False, 10_000),
        Watch("on call", "always", False, 60_000),
        Watch("automatic", "none", True, 90_000),
        Watch("automatic and on call", "always", True, 140_000),
    )
}

Span = tuple[float, float]


class Watched(NamedTuple):
    """A year with a way to watch. ``str()`` is a line.

    Fields:
        watch: the way.
        lost: minutes lost for each kind of supplier.
        spans: when the service did not work, in minutes of the year, whatever the reason.
        claimed, unclaimed: credits that the agreements give back: those that were claimed, and the others.
        switched: how often the second supplier took over, and how often for nothing.
    """

    watch: Watch
    lost: dict[str, float]
    spans: tuple[Span, ...]
    claimed: float
    unclaimed: float
    switched: tuple[int, int]

    @property
    def lost_min(self) -> float:
        """Minutes of the year in which the service did not work."""
        return fsum(end - begin for begin, end in self.spans)

    @property
    def availability(self) -> float:
        """The share of the year in which it worked."""
        return 1 - self.lost_min / YEAR_MIN

    @property
    def days(self) -> tuple[list[int], list[int]]:
        """Bad and valid seconds of each day, for ``budget_burn_down(*watched.days, 0.999, every_s=86_400)``."""
        bad = [0.0] * 365
        for begin, end in self.spans:
            day = int(begin // DAY_MIN)
            while day < 365 and day * DAY_MIN < end:
                bad[day] += min(end, (day + 1) * DAY_MIN) - max(begin, day * DAY_MIN)
                day += 1
        return [min(86_400, round(60 * minutes)) for minutes in bad], [86_400] * 365

    def total(self, loss_per_min: float) -> float:
        """What the year cost: people and tools, and each lost minute, less the credits."""
        return self.watch.cost + loss_per_min * self.lost_min - self.claimed

    def __str__(self) -> str:
        done, nothing = self.switched
        for_nothing = f" ({nothing} for nothing)" if nothing else ""
        return (
            f"{self.watch.name}: {self.lost_min:,.0f} min lost, availability {100 * self.availability:.3f} %, switched "
            f"over {done} times{for_nothing}, credits {self.claimed:,.0f}"
            + (f" ({self.unclaimed:,.0f} never claimed)" if self.unclaimed else "")
            + f", watching costs {self.watch.cost:,.0f}."
        )

    def __repr__(self) -> str:
        return str(self)


def watch_of(watch: str | Watch) -> Watch:
    """A way to watch by its name. Raises ValueError for a name that is none."""
    if isinstance(watch, str):
        if watch not in WATCHES:
            raise ValueError(f"there is no way to watch {watch!r}: write one of {', '.join(WATCHES)}, or a Watch(…)")
        return WATCHES[watch]
    return watch


def at_work(begins: float) -> float:
    """When somebody who keeps office hours is there next (minutes of the year, which begins on a Monday at 0:00)."""
    day, minute = int(begins // DAY_MIN), begins % DAY_MIN
    if day % 7 < 5 and 9 * 60 <= minute < 17 * 60:
        return begins
    if not (day % 7 < 5 and minute < 9 * 60):
        day += 1
    while day % 7 >= 5:
        day += 1
    return float(day * DAY_MIN + 9 * 60)


def back_at(watch: Watch, begins: float, seen: bool, switch_min: float | None = None) -> float:
    """When the second supplier works for us; ``seen`` says whether a health check would see this outage."""
    if watch.automatic and seen:
        return begins + CHECK_NOTICE_MIN + (CHECK_SWITCH_MIN if switch_min is None else switch_min)
    if watch.people == "none":
        return inf
    noticed = begins if watch.people == "always" else at_work(begins)
    return noticed + PEOPLE_NOTICE_MIN + (PEOPLE_SWITCH_MIN if switch_min is None else switch_min)


@lru_cache(maxsize=8192)
def outages_of_a_year(supplier: Supplier, seed: int | str, which: str, shared: float = 0.0) -> tuple[Span, ...]:
    """When the "first" or the "second" supplier of a kind does not work, in minutes of the year; by lot, in order.

    A share ``shared`` of the first one's outages takes the second one, too: both may live in one building.
    """
    dice = Random(f"{seed}/{supplier.kind}/{which}")
    spans = [(at, at + dice.expovariate(1 / supplier.repair_min)) for at in _moments(dice, supplier.a_year)]
    if which == "second" and shared:
        together = Random(f"{seed}/{supplier.kind}/shared")
        spans += [span for span in outages_of_a_year(supplier, seed, "first") if together.random() < shared]
    return _joined(spans)


def _moments(dice: Random, a_year: float) -> list[float]:
    return moments(dice, YEAR_MIN / a_year, YEAR_MIN) if a_year else []


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order; what overlaps is one, and the year has an end."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        end = min(end, float(YEAR_MIN))
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif begin < end:
            found.append((begin, end))
    return tuple(found)


def watched(
    watch: str | Watch = "nobody",
    seed: int | str = 0,
    switch_min: float | None = None,
    suppliers: Sequence[Supplier] = SUPPLIERS,
    shared: float = 0.0,
) -> Watched:
    """One year: suppliers fail by lot, somebody notices, switches over, and switches back when the first one works.

    The same seed is the same year, whoever watches.

    Args:
        watch: who watches, by its name.
        seed: of the year.
        switch_min: how long switching takes; by default what the way of watching says.
        suppliers: what the service needs.
        shared: the share of outages that take first and second supplier at once.

    Raises:
        ValueError: there is no such way to watch, or a number is out of its range.
    """
    way = watch_of(watch)
    if switch_min is not None and not switch_min >= 0:
        raise ValueError(f"switch_min={switch_min!r} is no length of time: write minutes, 0 or more")
    if not 0 <= shared <= 1:
        raise ValueError(f"shared={shared!r} is no share: write a fraction of 1")
    lost, spans, due, switched = {}, list[Span](), 0.0, 0
    for supplier in suppliers:
        first = outages_of_a_year(supplier, seed, "first")
        second = outages_of_a_year(supplier, seed, "second", shared)
        mine = []
        for (begin, end), seen in zip(first, _seen(supplier.kind, seed, len(first)), strict=True):
            ready = back_at(way, begin, seen, switch_min)
            if ready >= end:
                mine.append((begin, end))
                continue
            switched += 1
            mine.append((begin, ready))
            # While we are on the second one, its outages are ours, until the first one works again.
            mine += [(max(ready, a), min(end, b)) for a, b in second if a < end and b > ready]
        spans += mine
        lost[supplier.kind] = fsum(b - a for a, b in _joined(mine))
        due += credits_due(supplier, seed)
    alarms = _false_alarms(seed) if way.automatic else ()
    pause = CHECK_SWITCH_MIN if switch_min is None else switch_min
    spans += [(at, at + pause) for at in alarms]
    claimed, unclaimed = (due, 0.0) if way.claims else (0.0, due)
    return Watched(way, lost, _joined(spans), claimed, unclaimed, (switched + len(alarms), len(alarms)))


@lru_cache(maxsize=8192)
def _seen(kind: str, seed: int | str, outages: int) -> tuple[bool, ...]:
    """Which outages a health check would see."""
    dice = Random(f"{seed}/{kind}/seen")
    return tuple(dice.random() < CHECK_SEES for _ in range(outages))


@lru_cache(maxsize=1024)
def _false_alarms(seed: int | str) -> tuple[float, ...]:
    """When a health check switches for nothing."""
    return tuple(_moments(Random(f"{seed}/false alarms"), CHECK_FALSE_A_YEAR))


@lru_cache(maxsize=4096)
def credits_due(supplier: Supplier, seed: int | str) -> float:
    """What the first supplier's agreement gives back for a year, month by month (twelfths of the year)."""
    down = [0.0] * 12
    for begin, end in outages_of_a_year(supplier, seed, "first"):
        for month in range(int(begin // MONTH_MIN), min(12, int(end // MONTH_MIN) + 1)):
            down[month] += max(0.0, min(end, (month + 1) * MONTH_MIN) - max(begin, month * MONTH_MIN))
    return fsum(
        slo.credit(max(0.0, 1 - minutes / MONTH_MIN), supplier.bill, supplier.tiers).amount
        for minutes in down
        if minutes
    )


def expected_minutes(watch: str | Watch, suppliers: Sequence[Supplier] = SUPPLIERS) -> float:
    """Minutes lost in a year by formula, for a watch at all hours and second suppliers that always work.

    Outages have no memory: one with mean m that we leave after t minutes costs m (1 - e^(-t/m)) on average. For
    "nobody" that is m. Outages that overlap are counted twice, which makes it a little too much.

    Raises:
        ValueError: the watch keeps office hours, for which there is no short formula.
    """
    way = watch_of(watch)
    if way.people == "office hours":
        raise ValueError(f"{way.name!r} depends on the hour of the outage: measure it, watched({way.name!r}, seed)")

    def kept(one: Supplier, wait: float) -> float:
        return one.repair_min * (1 - exp(-wait / one.repair_min) if isfinite(wait) else 1.0)

    seen, unseen = (back_at(way, 0.0, sees) for sees in (True, False))
    each = [
        one.a_year * (CHECK_SEES * kept(one, seen) + (1 - CHECK_SEES) * kept(one, unseen))
        for one in suppliers
    ]  # fmt: skip
    return fsum(each) + (CHECK_FALSE_A_YEAR * CHECK_SWITCH_MIN if way.automatic else 0.0)


def promised(suppliers: Sequence[Supplier] = SUPPLIERS) -> tuple[float, float]:
    """The availability of the whole by formula: with one supplier of each kind, and with two that stand in at once."""
    each = [one.availability for one in suppliers]
    return slo.serial(*each), slo.serial(*(slo.parallel(a, a) for a in each))


# -- what does watching buy --------------------------------------------------------------------------------------------


class Bought(NamedTuple):
    """A way to watch over many years: means with intervals of lost minutes, and what a year costs in all.

    ``saved`` are minutes a year less than with nobody; ``per_min`` is what each of them costs in people and tools, and
    ``per_further_min`` each minute more than what the next cheaper way saves: the price of the next step.
    """

    watch: Watch
    lost: Estimate
    saved: Estimate
    credits: float
    total: float
    per_further_min: float

    @property
    def per_min(self) -> float:
        """The cost of watching for each minute saved; ``inf`` if it saves none."""
        return _price(self.watch.cost, self.saved.mean)


def _price(cost: float, minutes: float) -> float:
    return cost / minutes if minutes > 0 else inf if cost else 0.0


def _refuse_loss(loss_per_min: float) -> None:
    if not 0 <= loss_per_min < inf:
        raise ValueError(f"loss_per_min={loss_per_min!r}: write what a lost minute costs, 0 or more")


class Comparison(NamedTuple):
    """All ways to watch over the same years. ``str()`` is a table that ends in advice."""

    loss_per_min: float
    rows: tuple[Bought, ...]

    @property
    def points(self) -> list[tuple[str, float, Estimate]]:
        """Name, cost and minutes saved of each way to watch, for ``cost_and_gain(comparison.points, …)``."""
        return [(row.watch.name, row.watch.cost, row.saved) for row in self.rows]

    def at(self, loss_per_min: float) -> Comparison:
        """The same years for somebody to whom a lost minute is worth so much. Nothing is run again."""
        _refuse_loss(loss_per_min)
        return Comparison(
            loss_per_min,
            tuple(row._replace(total=row.watch.cost + loss_per_min * row.lost.mean - row.credits) for row in self.rows),
        )

    @property
    def best(self) -> Watch:
        """What costs least in all: people, lost minutes, less credits."""
        return min(self.rows, key=lambda row: row.total).watch

    @property
    def line(self) -> str:
        """The advice."""
        row = min(self.rows, key=lambda one: one.total)
        words = (
            f"If a lost minute costs {self.loss_per_min:,g}, {row.watch.name!r} is cheapest: {row.total:,.0f} a year"
        )
        if row.watch.cost:
            return f"{words}, {row.saved.mean:,.0f} min saved at {row.per_min:,.0f} each."
        return f"{words}. Watching would cost more than it saves."

    def __str__(self) -> str:
        head = f"{'who watches':<22}{'min lost':>9}{'min saved':>10}{'staff, tools':>13}{'per min':>8}"
        rows = [f"{head}{'per further min':>16}{'credits':>8}{'in all':>12}"]
        for one in self.rows:
            each, further = (
                f"{price:,.0f}" if one.watch.cost and isfinite(price) else "-"
                for price in (one.per_min, one.per_further_min)
            )
            rows.append(
                f"{one.watch.name:<22}{one.lost.mean:>9,.0f}{one.saved.mean:>10,.0f}{one.watch.cost:>13,.0f}{each:>8}"
                f"{further:>16}{one.credits:>8,.0f}{one.total:>12,.0f}"
            )
        return "\n".join([*rows, self.line])

    def __repr__(self) -> str:
        return str(self)


def what_watching_buys(
    loss_per_min: float = 100.0,
    seeds: int | Iterable[int | str] = 40,
    switch_min: float | None = None,
    suppliers: Sequence[Supplier] = SUPPLIERS,
    shared: float = 0.0,
) -> Comparison:
    """Every way to watch on the same drawn years: minutes saved, what they cost, and which is cheapest in all.

    Args:
        loss_per_min: what a lost minute costs us.
        seeds: the years, at least 30.
        switch_min, suppliers, shared: as in :func:`watched`.

    Raises:
        ValueError: a number is out of its range, or there are too few years.
    """
    _refuse_loss(loss_per_min)
    years = list(range(seeds) if isinstance(seeds, int) else seeds)
    each = {name: [watched(name, seed, switch_min, suppliers, shared) for seed in years] for name in WATCHES}
    rows: list[Bought] = []
    for name, found in each.items():
        saved = estimate([none.lost_min - one.lost_min for none, one in zip(each["nobody"], found, strict=True)])
        before = max(rows, key=lambda row: row.saved.mean, default=None)
        further = 0.0
        if before is not None:
            further = _price(WATCHES[name].cost - before.watch.cost, saved.mean - before.saved.mean)
        rows.append(
            Bought(
                WATCHES[name],
                estimate([one.lost_min for one in found]),
                saved,
                fsum(one.claimed for one in found) / len(found),
                fsum(one.total(loss_per_min) for one in found) / len(found),
                further,
            )
        )
    return Comparison(loss_per_min, tuple(rows))


# -- your turn ---------------------------------------------------------------------------------------------------------

#: A choice is good enough if it costs in all at most so much more than the best one.
WITHIN = 1.1

Choose = Callable[[float, Sequence[Supplier]], Any]


def try_watch(choose: Choose, seed: int = 0) -> Verdict:
    """Put a choice to the test at six companies that nobody has seen.

    ``choose(loss_per_min, suppliers)`` gives a name of ``WATCHES``. It passes if each answer costs in all, over 40
    drawn years, at most a tenth more than the best one.
    """
    if not callable(choose):
        return Verdict([], f"Not run yet: {choose!r} is not a function; write choose(loss_per_min, suppliers).", False)
    header = ("a minute costs", "your answer")
    trials = []
    for loss, suppliers in unseen_companies(seed):
        try:
            answer = watch_of(choose(loss, suppliers))
            if answer.name not in WATCHES or WATCHES[answer.name] != answer:
                raise ValueError(f"give one of {', '.join(WATCHES)}")
        except Exception as error:  # whatever a learner's function may raise
            said = f"{rule_name(choose)}({loss:g}, suppliers) stops with {type(error).__name__}: {error}"
            return Verdict([], f"Not run yet: {said}.", False)
        found = _measured(suppliers, seed).at(loss)
        cost = {row.watch.name: row.total for row in found.rows}
        mine, least = cost[answer.name], min(cost.values())
        complaint = "" if mine <= max(least * WITHIN, least) else f"{mine:,.0f} a year; another way costs {least:,.0f}"
        trials.append(Trial(f"{loss:,.2f}", (answer.name,), complaint))
    wrong = sum(bool(trial.complaint) for trial in trials)
    if not wrong:
        return Verdict(
            trials, "You watch where a minute is worth it, and let be where it is not. Well done.", True, header
        )
    way = "Add up what each way costs: its people, and the minutes that it still loses."
    return Verdict(trials, f"{wrong} of {len(trials)} cost too much. {way}", False, header)


@lru_cache(maxsize=64)
def _measured(suppliers: tuple[Supplier, ...], seed: int) -> Comparison:
    return what_watching_buys(0, [f"unseen {seed} {number}" for number in range(40)], suppliers=suppliers)


@lru_cache(maxsize=16)
def unseen_companies(seed: int = 0) -> tuple[tuple[float, tuple[Supplier, ...]], ...]:
    """Six companies: what a minute costs each, from next to nothing to a fortune, and what it buys."""
    dice = Random(f"{seed}/companies")
    found = []
    for low, high in ((0.5, 2), (3, 8), (150, 250), (150, 250), (2_000, 4_000), (8_000, 15_000)):
        suppliers = tuple(
            one._replace(a_year=round(one.a_year * dice.uniform(0.7, 1.5), 1), repair_min=dice.randint(40, 240))
            for one in SUPPLIERS
        )
        found.append((round(dice.uniform(low, high), 2), suppliers))
    dice.shuffle(found)
    return tuple(found)
