"""What to fix? Causes of lost minutes, five improvements with their cost, and what each would have saved.

A service is a list of causes: how often each strikes in a year, how long until somebody notices and until it is mended,
and which share of the users it hits. From that follow the minutes that users lose, by formula (``lost_minutes``) and by
lot (``service_year``); an improvement changes a cause. Measured on the same years, with and without, the difference is
what it buys. Sometimes the best buy is nothing: the service is robust enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import ceil, fsum, isnan, nan, sqrt
from random import Random
from typing import Any, NamedTuple

from .. import slo
from ..sweeps import Estimate, estimate
from .draws import moments
from .verdicts import Trial, Verdict, rule_name

YEAR_MIN = 365 * 24 * 60
DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN


class Cause(NamedTuple):
    """Something that goes wrong: how often a year, minutes until it is noticed and then until it is mended, who is hit.

    ``users`` is the share of the users that it hits, a fraction of 1. The minutes are means.
    """

    name: str
    a_year: float
    detect_min: float
    repair_min: float
    users: float

    @property
    def lost_min(self) -> float:
        """Minutes that a user loses to it in a year, on average."""
        return self.a_year * (self.detect_min + self.repair_min) * self.users


class Service(NamedTuple):
    """A service: how many users are there at any time, what they were promised, and what goes wrong."""

    name: str
    users: int
    target: float
    causes: tuple[Cause, ...]

    @property
    def budget_min(self) -> float:
        """The minutes a year that its users may lose."""
        return slo.allowed_downtime(self.target, YEAR_MIN * 60) / 60

    def __str__(self) -> str:
        rows = [
            f"{self.name}: {self.users:,} users, target {100 * self.target:g} %: {self.budget_min:,.0f} min a year "
            "may be lost.",
            f"  {'cause':<24}{'a year':>7}{'notice':>9}{'mend':>9}{'users':>8}{'lost':>11}",
        ]
        for one in self.causes:
            rows.append(
                f"  {one.name:<24}{one.a_year:>7g}{one.detect_min:>5g} min{one.repair_min:>5g} min"
                f"{100 * one.users:>6.0f} %{one.lost_min:>7,.0f} min"
            )
        return "\n".join(rows)

    def __repr__(self) -> str:
        return str(self)


class Fix(NamedTuple):
    """An improvement: what it costs, what it is, and what becomes of a cause."""

    name: str
    cost: float
    what: str
    changes: Callable[[Cause], Cause]

    def __repr__(self) -> str:
        return f"{self.name} ({self.cost:,.0f}): {self.what}"


RELEASE, DATABASE, NETWORK, OVERLOAD = "bad release", "database machine dies", "network cut", "overload"


def _second_machine(cause: Cause) -> Cause:
    return cause._replace(repair_min=min(cause.repair_min, 5)) if cause.name == DATABASE else cause


def _faster_machines(cause: Cause) -> Cause:
    return cause._replace(a_year=cause.a_year * 0.8) if cause.name == OVERLOAD else cause


def _paging(cause: Cause) -> Cause:
    return cause._replace(detect_min=min(cause.detect_min, 5))


def _roll_back(cause: Cause) -> Cause:
    return cause._replace(repair_min=min(cause.repair_min, 5)) if cause.name == RELEASE else cause


def _canary(cause: Cause) -> Cause:
    return cause._replace(users=min(cause.users, 0.05)) if cause.name == RELEASE else cause


#: The five improvements on offer, by name.
FIXES: Mapping[str, Fix] = {
    fix.name: fix
    for fix in (
        Fix("second database machine", 30_000, "takes over within 5 min when the first one dies", _second_machine),
        Fix("faster machines", 25_000, "overload strikes a fifth less often", _faster_machines),
        Fix("page on burn rate", 8_000, "whatever happens is noticed within 5 min", _paging),
        Fix("one-button roll-back", 7_000, "a bad release is undone within 5 min", _roll_back),
        Fix("canary releases", 16_000, "a bad release hits one user in 20", _canary),
    )
}

#: Services by name. The figures are assumptions; write those of your own service.
SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in (
        Service(
            "weekly releases", 2_000, 0.999,
            (
                Cause(RELEASE, 20, 35, 45, 0.5), Cause(DATABASE, 0.5, 10, 240, 1),
                Cause(NETWORK, 2, 5, 30, 0.3), Cause(OVERLOAD, 6, 20, 25, 0.4),
            ),
        ),
        Service(
            "old machines", 2_000, 0.999,
            (
                Cause(RELEASE, 3, 30, 40, 0.5), Cause(DATABASE, 6, 10, 360, 1),
                Cause(NETWORK, 2, 5, 30, 0.3), Cause(OVERLOAD, 2, 20, 25, 0.4),
            ),
        ),
        Service(
            "robust", 2_000, 0.995,
            (
                Cause(RELEASE, 10, 20, 30, 0.3), Cause(DATABASE, 0.5, 10, 240, 1),
                Cause(NETWORK, 2, 5, 30, 0.3), Cause(OVERLOAD, 2, 20, 25, 0.4),
            ),
        ),
    )
}  # fmt: skip


def service_of(service: str | Service) -> Service:
    """A service by its name. Raises ValueError for a name that is none."""
    if isinstance(service, str):
        if service not in SERVICES:
            raise ValueError(f"there is no service {service!r}: write one of {', '.join(SERVICES)}, or a Service")
        return SERVICES[service]
    return service


def fix_of(fix: str | Fix | None) -> Fix | None:
    """An improvement by its name; None stays None. Raises ValueError for a name that is none."""
    if isinstance(fix, str):
        if fix not in FIXES:
            raise ValueError(f"there is no improvement {fix!r}: write one of {', '.join(FIXES)}, or None")
        return FIXES[fix]
    return fix


def improved(service: str | Service, *fixes: str | Fix | None) -> Service:
    """The service as it is with these improvements."""
    one = service_of(service)
    for fix in map(fix_of, fixes):
        if fix is not None:
            one = one._replace(causes=tuple(fix.changes(cause) for cause in one.causes))
    return one


def lost_minutes(service: str | Service, *fixes: str | Fix | None) -> float:
    """The minutes that each user loses in a year, by formula: the sum over causes of

    times a year x (minutes to notice + minutes to mend) x share of the users. With these improvements, if any.

    >>> round(lost_minutes("weekly releases")), round(lost_minutes("weekly releases", "one-button roll-back"))
    (1054, 654)
    """
    return fsum(cause.lost_min for cause in improved(service, *fixes).causes)


# -- years by lot ------------------------------------------------------------------------------------------------------


class Lapse(NamedTuple):
    """One outage: when it began (minutes of the year), of which cause, how long it lasted, and what each user lost."""

    at_min: float
    cause: str
    minutes: float
    lost_min: float


class Year(NamedTuple):
    """A year of a service, drawn by lot. ``str()`` is a line.

    ``lost_min`` is what each user lost on average, in minutes; ``days`` are bad and valid user-minutes of each day, for
    ``budget_burn_down(*year.days, year.target, every_s=86_400)``.
    """

    service: str
    target: float
    users: int
    outages: tuple[Lapse, ...]

    @property
    def lost_min(self) -> float:
        """Minutes that each user lost."""
        return fsum(one.lost_min for one in self.outages)

    @property
    def availability(self) -> float:
        """The share of good user-minutes."""
        return 1 - self.lost_min / YEAR_MIN

    @property
    def met(self) -> bool:
        """Whether the year kept the target."""
        return self.lost_min <= slo.allowed_downtime(self.target, YEAR_MIN * 60) / 60

    @property
    def days(self) -> tuple[list[int], list[int]]:
        """The bad and the valid user-minutes of each day."""
        bad = [0.0] * 365
        for one in self.outages:
            bad[min(364, int(one.at_min // DAY_MIN))] += one.lost_min * self.users
        valid = self.users * DAY_MIN
        return [min(valid, round(lost)) for lost in bad], [valid] * 365

    def __str__(self) -> str:
        return (
            f"{self.service}: {len(self.outages)} outages, {self.lost_min:,.0f} min lost by each user, availability "
            f"{100 * self.availability:.3f} %: target {'met' if self.met else 'missed'}."
        )

    def __repr__(self) -> str:
        return str(self)


def service_year(service: str | Service, seed: int | str = 0, fix: str | Fix | None = None) -> Year:
    """Draw a year. The same seed with another improvement is the same year: as many strokes of fate at the same times.

    Each outage takes from half to one and a half times the mean to be noticed, and to be mended.
    """
    before, now = service_of(service), improved(service, fix)
    outages = []
    for was, cause in zip(before.causes, now.causes, strict=True):
        for at, notice, mend, spared in _strokes(seed, was.name, was.a_year):
            if spared < cause.a_year / was.a_year:  # an improvement may prevent it
                minutes = cause.detect_min * notice + cause.repair_min * mend
                outages.append(Lapse(at, was.name, minutes, minutes * cause.users))
    outages.sort()
    return Year(now.name, now.target, now.users, tuple(outages))


@lru_cache(maxsize=8_192)
def _strokes(seed: int | str, cause: str, a_year: float) -> tuple[tuple[float, float, float, float], ...]:
    """When a cause strikes in a year, and the luck of each stroke: to notice, to mend, to be spared."""
    dice = Random(f"{seed}/year/{cause}")
    times = moments(dice, YEAR_MIN / a_year, YEAR_MIN) if a_year else []
    return tuple((at, dice.uniform(0.5, 1.5), dice.uniform(0.5, 1.5), dice.random()) for at in times)


# -- which is the best buy ---------------------------------------------------------------------------------------------

#: A service is robust enough if it keeps its target in so large a share of the years.
ENOUGH = 0.95
#: So many years are drawn.
YEARS = 40


class Offer(NamedTuple):
    """An improvement measured: user-minutes saved in a year (with an interval), and per 1,000 of its cost."""

    fix: Fix
    saved: Estimate
    target_kept: float

    @property
    def per_1000(self) -> float:
        """User-minutes saved a year for 1,000 of the cost."""
        return self.saved.mean / self.fix.cost * 1_000


class Choice(NamedTuple):
    """What to fix. ``str()`` is a table that ends in advice; ``best`` is None if the service is robust enough.

    Fields:
        service: as it is.
        lost: user-minutes lost in a year as it is, with an interval.
        kept: the share of the years in which the target is kept as it is.
        offers: the improvements, best buy first.
        best: the one to buy, or None.
    """

    service: Service
    lost: Estimate
    kept: float
    offers: tuple[Offer, ...]
    best: Fix | None

    @property
    def points(self) -> list[tuple[str, float, Estimate]]:
        """Name, cost and user-minutes saved of each improvement, for ``cost_and_gain(choice.points, …)``."""
        return [(one.fix.name, one.fix.cost, one.saved) for one in self.offers]

    @property
    def line(self) -> str:
        """The advice."""
        if self.best is None:
            return (
                f"Buy nothing: {self.service.name!r} keeps its {100 * self.service.target:g} % in "
                f"{100 * self.kept:.0f} % of the years. It is robust enough."
            )
        offer = next(one for one in self.offers if one.fix == self.best)
        return (
            f"Buy {self.best.name!r}: {offer.saved.mean:,.0f} user-minutes a year for {self.best.cost:,.0f}. The "
            f"target is then kept in {100 * offer.target_kept:.0f} % of the years, before in {100 * self.kept:.0f} %."
        )

    def __str__(self) -> str:
        rows = [f"{'improvement':<25}{'cost':>8}{'user-minutes saved':>20}{'per 1,000':>11}{'target kept':>13}"]
        for one in self.offers:
            rows.append(
                f"{one.fix.name:<25}{one.fix.cost:>8,.0f}{one.saved.mean:>20,.0f}{one.per_1000:>11,.0f}"
                f"{100 * one.target_kept:>11.0f} %"
            )
        return "\n".join([*rows, self.line])

    def __repr__(self) -> str:
        return str(self)


def what_to_fix(
    service: str | Service,
    fixes: Iterable[str | Fix] | None = None,
    seeds: int | Iterable[int | str] = YEARS,
    bought: Sequence[str | Fix] = (),
) -> Choice:
    """Measure each improvement on the same drawn years, with and without, and choose.

    Args:
        service: by its name, or one of your own.
        fixes: what is on offer; by default all of ``FIXES`` that are not bought yet.
        seeds: the years, at least 30.
        bought: what the service has already.

    Raises:
        ValueError: there is no such service or improvement, nothing on offer, or too few years.
    """
    has = [fix_of(one) for one in bought]
    offered = [fix_of(one) for one in (FIXES.values() if fixes is None else fixes)]
    chosen = [one for one in offered if one is not None and one not in has]
    if not chosen:
        raise ValueError(f"nothing is on offer: write some of {', '.join(FIXES)}")
    now = improved(service, *has)
    years = list(range(seeds) if isinstance(seeds, int) else seeds)
    before = [service_year(now, seed) for seed in years]
    lost = [now.users * one.lost_min for one in before]
    offers = []
    for fix in chosen:
        with_it = [service_year(now, seed, fix) for seed in years]
        saved = [less - now.users * one.lost_min for less, one in zip(lost, with_it, strict=True)]
        offers.append(Offer(fix, estimate(saved), sum(one.met for one in with_it) / len(years)))
    offers.sort(key=lambda one: -one.per_1000)
    kept = sum(one.met for one in before) / len(years)
    return Choice(now, estimate(lost), kept, tuple(offers), None if kept >= ENOUGH else offers[0].fix)


# -- before and after a release ----------------------------------------------------------------------------------------


class BeforeAfter(NamedTuple):
    """Minutes lost by each user in a week, before an improvement was released and after it, with intervals.

    ``measured(["before", "after"], [b.before.mean, b.after.mean], [(b.before.low, b.before.high), …])`` draws it.
    ``less`` is the difference, and ``told`` says whether luck alone would not make one as large.
    """

    service: str
    fix: str
    before: Estimate
    after: Estimate
    less: Estimate
    weeks: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def told(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return self.less.low > 0 or self.less.high < 0

    def __str__(self) -> str:
        words = (
            f"{self.service}, {self.fix}: {self.before.mean:.1f} min a week lost before, {self.after.mean:.1f} after; "
            f"{self.less.mean:.1f} less (95 % interval {self.less.low:.1f} to {self.less.high:.1f}, "
            f"{self.before.runs} weeks each)."
        )
        return f"{words} {'That is more than luck.' if self.told else 'That may be luck: it holds 0.'}"

    def __repr__(self) -> str:
        return str(self)


def before_and_after(
    service: str | Service, fix: str | Fix | None, seed: int | str = 0, weeks: int = 52, cause: str | None = None
) -> BeforeAfter:
    """Measure so many weeks, release the improvement, and measure as many weeks again.

    These are different weeks, as in life: each has luck of its own. So a difference says something only if luck alone
    would not make it. With a ``cause``, only the minutes lost to it count: a sharper measure of what was changed.

    Raises:
        ValueError: there is no such service, improvement or cause, or there are fewer than 30 weeks.
    """
    if isinstance(weeks, bool) or not isinstance(weeks, int) or weeks < 30:
        raise ValueError(f"weeks={weeks!r}: a handful of weeks says little; write 30 or more")
    one, chosen = service_of(service), fix_of(fix)
    if cause is not None:
        causes = tuple(each for each in one.causes if each.name == cause)
        if not causes:
            known = ", ".join(each.name for each in one.causes)
            raise ValueError(f"{one.name!r} has no cause {cause!r}: write one of {known}")
        one = one._replace(causes=causes)
    found = [_weeks(one, f"{seed}/before", None, weeks), _weeks(one, f"{seed}/after", chosen, weeks)]
    before, later = map(estimate, found)
    error = sqrt(sum(((each.high - each.mean) / 1.96) ** 2 for each in (before, later)))
    less = before.mean - later.mean
    difference = Estimate(less, less - 1.96 * error, less + 1.96 * error, weeks)
    return BeforeAfter(
        one.name, "nothing" if chosen is None else chosen.name, before, later, difference,
        (tuple(found[0]), tuple(found[1])),
    )  # fmt: skip


def _weeks(service: Service, seed: str, fix: Fix | None, weeks: int) -> list[float]:
    lost = [0.0] * weeks
    for number in range(ceil(weeks / 52)):
        for one in service_year(service, f"{seed}/{number}", fix).outages:
            place = 52 * number + int(one.at_min // WEEK_MIN)
            if place < min(weeks, 52 * (number + 1)):
                lost[place] += one.lost_min
    return lost


# -- your turn ---------------------------------------------------------------------------------------------------------

#: An answer is good enough if it saves at least so large a share of the best one's user-minutes per cost.
CLOSE = 0.8

Choose = Callable[[Service, Sequence[Fix]], Any]


@lru_cache(maxsize=16)
def unseen_services(seed: int = 0) -> tuple[Service, ...]:
    """Six services that nobody has seen: in two of them releases hurt most, in two machines, two are robust enough."""
    dice = Random(f"{seed}/unseen services")
    found = []
    for number, kind in enumerate(("releases", "releases", "machines", "machines", "robust", "robust")):
        releases = dice.uniform(15, 40) if kind == "releases" else dice.uniform(1, 3)
        deaths = dice.uniform(5, 9) if kind == "machines" else dice.uniform(0.1, 0.3)
        one = Service(
            f"service {number + 1}", 500 * dice.randint(1, 20), 0.999,
            (
                Cause(RELEASE, round(releases, 1), dice.randint(20, 60), dice.randint(30, 90), dice.choice((0.4, 0.5))),
                Cause(DATABASE, round(deaths, 1), dice.randint(5, 15), dice.randint(240, 480), 1),
                Cause(NETWORK, dice.randint(1, 3), 5, 30, 0.3),
                Cause(OVERLOAD, dice.randint(1, 3), 20, 25, 0.3),
            ),
        )  # fmt: skip
        # Promised is clearly less than a robust service keeps, and clearly more than the others do.
        promised = lost_minutes(one) * (4 if kind == "robust" else 0.5)
        found.append(one._replace(target=round(1 - promised / YEAR_MIN, 5)))
    dice.shuffle(found)
    return tuple(one._replace(name=f"service {number + 1}") for number, one in enumerate(found))


def try_fix(choose: Choose, seed: int = 0) -> Verdict:
    """Put a choice to the test on six services that nobody has seen.

    ``choose(service, fixes)`` gives one of the fixes, its name, or None where the service is robust enough. It passes
    if each answer saves at least 80 % of the user-minutes per cost that the best one saves in 40 drawn years, and
    nothing is bought where the target is kept anyway.
    """
    fixes = list(FIXES.values())
    if not callable(choose):
        return Verdict([], f"Not run yet: {choose!r} is not a function; write choose(service, fixes).", False)
    trials = []
    for one in unseen_services(seed):
        try:
            answer = choose(one, list(fixes))
            answer = fix_of(answer)
            if answer is not None and answer not in fixes:
                raise ValueError("give one of the fixes, its name, or None")
        except Exception as error:  # whatever a learner's function may raise
            said = f"{rule_name(choose)}({one.name}, fixes) stops with {type(error).__name__}: {error}"
            return Verdict([], f"Not run yet: {said}.", False)
        choice = _measured(one)
        name = "none" if answer is None else answer.name
        trials.append(Trial(one.name, (name,), _complaint(choice, answer)))
    wrong = [trial for trial in trials if trial.complaint]
    header = ("service", "your answer")
    if not wrong:
        return Verdict(trials, "You buy what users feel, and nothing where nothing is needed. Well done.", True, header)
    way = "First ask whether the target is kept anyway; then compare minutes saved per cost, not minutes alone."
    return Verdict(trials, f"{len(wrong)} of {len(trials)} are not the best buy. {way}", False, header)


@lru_cache(maxsize=64)
def _measured(service: Service) -> Choice:
    return what_to_fix(service)


def _complaint(choice: Choice, answer: Fix | None) -> str:
    if choice.best is None:
        kept = f"the target is kept in {100 * choice.kept:.0f} % of the years"
        return "" if answer is None else f"{kept} without it"
    if answer is None:
        return f"the target is kept in {100 * choice.kept:.0f} % of the years only"
    offers = {one.fix.name: one.per_1000 for one in choice.offers}
    best, mine = offers[choice.best.name], offers[answer.name]
    share = mine / best if best else nan
    if isnan(share) or share >= CLOSE:
        return ""
    return f"{mine:,.0f} user-minutes per 1,000; another one saves {best:,.0f}"
