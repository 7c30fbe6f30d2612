"""Spend the budget: four weeks of releases and incidents, and a rule that says when to stop releasing.

Each day one release is ready. Most are fine; about one in four has a fault that costs answers until it is rolled back.
Incidents come of their own accord. What is left of the error budget is all that the rule may look at, and the date.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, isnan
from random import Random
from typing import Any, NamedTuple

from .. import slo
from .verdicts import Trial, Verdict, rule_name, unfit

#: The game: a target over four weeks, and so many requests a day.
TARGET, DAYS, REQUESTS = 0.999, 28, 100_000
#: Failures on any day, whatever one does; the chance that a release is faulty; the chance of an incident on a day.
USUAL, FAULTY, INCIDENT = 15, 0.25, 0.05
#: How many requests fail because of one faulty release, and because of one incident: from, to.
RELEASE_COSTS, INCIDENT_COSTS = (200, 500), (100, 500)

#: Whether to release today, given the share of the budget that is left (1 is all of it) and how many days are left.
MayRelease = Callable[[float, int], bool]


class Day(NamedTuple):
    """One day: was there a release, what failed in all, and what of that came from the release and from an incident."""

    released: bool
    failed: int
    from_release: int
    from_incident: int


class Month(NamedTuple):
    """Four weeks of the game. Prints as a sentence; ``bad`` and ``valid`` are for ``budget_burn_down``."""

    days: tuple[Day, ...]
    target: float = TARGET

    @property
    def bad(self) -> list[int]:
        """Failed requests of each day; none on days that have not come yet."""
        return [day.failed for day in self.days] + [0] * (DAYS - len(self.days))

    @property
    def valid(self) -> list[int]:
        """All requests of each day, up to the end of the four weeks: the budget is that of the whole period."""
        return [REQUESTS] * DAYS

    @property
    def releases(self) -> int:
        """How many releases went out."""
        return sum(day.released for day in self.days)

    @property
    def left(self) -> float:
        """The share of the budget that is left; negative when overspent (definition 3)."""
        return left_after(sum(self.bad), self.target)

    @property
    def met(self) -> bool:
        """Whether the target still holds."""
        return self.left >= 0

    def __str__(self) -> str:
        over = "" if len(self.days) == DAYS else f" after {len(self.days)} days"
        spent = {"releases": 0, "incidents": 0, "usual failures": 0}
        for day in self.days:
            spent["releases"] += day.from_release
            spent["incidents"] += day.from_incident
            spent["usual failures"] += day.failed - day.from_release - day.from_incident
        by = ", ".join(f"{n:,} by {what}" for what, n in spent.items())
        went = "1 release" if self.releases == 1 else f"{self.releases} releases"
        return (
            f"{went}{over}, {_percent(self.left)} of the budget left: target {'met' if self.met else 'missed'}. "
            f"Failed requests: {by}."
        )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %".replace("-0 %", "0 %").replace("-", "−")


def left_after(failed: int, target: float = TARGET) -> float:
    """The share of the four weeks' budget that is left when so many requests have failed."""
    return float(1 - failed / slo.error_budget(target, DAYS * REQUESTS))


def day_of(seed: int, day: int, release: bool) -> Day:
    """What happens on a day (0 to 27). The dice of a day are its own: what you did before does not change them."""
    dice = Random(f"releases {seed} day {day}")
    usual = sum(dice.random() < 0.5 for _ in range(2 * USUAL))
    struck, incident = dice.random() < INCIDENT, dice.randint(*INCIDENT_COSTS)
    faulty, cost = dice.random() < FAULTY, dice.randint(*RELEASE_COSTS)
    from_release = cost if release and faulty else 0
    from_incident = incident if struck else 0
    return Day(release, usual + from_release + from_incident, from_release, from_incident)


def always_release(left: float, days_left: int) -> bool:
    """Whatever is left of the budget."""
    return True


def never_release(left: float, days_left: int) -> bool:
    """A service that nobody touches. Incidents come all the same."""
    return False


def freeze_below(share: float) -> MayRelease:
    """Release while more than this share of the budget is left (1 is all of it).

    Raises:
        ValueError: this is no number.
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not isfinite(share):
        raise ValueError(f"share is {share!r}: write a number, such as 0.25 for a quarter of the budget")

    def rule(left: float, days_left: int) -> bool:
        return left > share

    rule.__name__ = f"freeze below {100 * share:g} %"
    return rule


def play_month(may_release: MayRelease = always_release, seed: int = 0, target: float = TARGET) -> Month:
    """Four weeks in which a rule decides each morning.

    Raises:
        ValueError: the rule does not answer True or False, or the target is no fraction of 1.
    """
    days: list[Day] = []
    failed = 0
    for number in range(DAYS):
        release: Any = may_release(left_after(failed, target), DAYS - number)
        if not isinstance(release, bool):
            raise ValueError(f"on day {number + 1} the rule says {release!r}: return True (release) or False (freeze)")
        days.append(day_of(seed, number, release))
        failed += days[-1].failed
    return Month(tuple(days), target)


def played(decisions: Sequence[bool], seed: int = 0, target: float = TARGET) -> Month:
    """The days so far, if these were the decisions of each morning.

    Raises:
        ValueError: there are more than 28.
    """
    if len(decisions) > DAYS:
        raise ValueError(f"there are {len(decisions)} decisions for {DAYS} days: write one a day")
    return Month(tuple(day_of(seed, day, bool(release)) for day, release in enumerate(decisions)), target)


#: A rule is tried on so many months. It must meet the target in so many of them, and release so often on average.
MONTHS, MUST_MEET, MUST_RELEASE = 100, 90, 15


def try_policy(may_release: MayRelease, seed: int = 0) -> Verdict:
    """Put a rule to the test: a hundred months that it has not seen.

    It passes if the target is met in at least 90 of them, and at least 15 releases a month go out on average. A budget
    that is not spent is no merit: then the rule is too strict, or the target too low.
    """
    if complaint := unfit(may_release, [(1, 28), (0, 14), (-2, 1)], "release", "freeze"):
        return Verdict([], f"Not run yet: {complaint}.", False)
    months = []
    for number in range(MONTHS):
        try:
            months.append(play_month(may_release, 1_000 * (seed + 1) + number))
        except Exception as error:  # whatever a learner's rule may raise
            return Verdict([], f"Not run yet: in month {number + 1}: {error}.", False)
    met = sum(month.met for month in months)
    releases = sum(month.releases for month in months) / MONTHS
    spent = sum(1 - month.left for month in months) / MONTHS
    trials = [
        Trial("target met", (f"{met} of {MONTHS} months",), "" if met >= MUST_MEET else f"at least {MUST_MEET}"),
        Trial(
            "releases", (f"{releases:.1f} a month",), "" if releases >= MUST_RELEASE else f"at least {MUST_RELEASE:g}"
        ),
        Trial("budget spent", (f"{100 * spent:.0f} %",)),
    ]
    if met < MUST_MEET:
        said = "Keep more in hand: a faulty release, and an incident on the day after, must both fit into what is left."
    elif releases < MUST_RELEASE:
        said = "Too careful: budget that is left at the end buys nothing. Release while there is enough of it."
    else:
        said = f"{rule_name(may_release)} meets the target and still moves. Well done."
    return Verdict(trials, said, not any(trial.complaint for trial in trials), ("what", "over the months"))


def months_of(share: float = 0.25, seed: int = 0) -> Month:
    """One month under ``freeze_below(share)``: what a slider calls."""
    if isnan(share):
        raise ValueError("share is nan: write a number, such as 0.25")
    return play_month(freeze_below(share), seed)
