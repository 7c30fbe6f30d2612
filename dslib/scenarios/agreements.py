"""Miss the target: who pays, whom, and how much, beside what the users lost.

A month of the chat service and its three paying customers, drawn by lot with the outages that you write. ``settle``
holds it against an agreement: each customer's availability by the contract's own formula, the credit, and what the
customer lost. An objective can be missed without any credit; a credit is seldom a comfort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import cos, isnan, nan, pi
from random import Random
from typing import NamedTuple

from .. import slo
from ..slo import Credit, Tier
from .draws import failures_of, moments
from .verdicts import Trial, Verdict, rule_name

DAYS = 30
MINUTE, HOUR, DAY = 60, 3_600, 86_400
#: Events are counted in slices of five minutes.
EVERY_S = 300
#: Some requests fail on the best of days.
BACKGROUND = 0.0001


class Customer(NamedTuple):
    """Who pays for the service: requests a minute on average, the bill of a month, and what an outage costs them.

    ``claims_after_days`` is when they claim a credit, in days after the month; None for one who never does.
    """

    name: str
    per_min: float
    bill: float
    loss_per_min: float
    claims_after_days: float | None = 10


CUSTOMERS = (
    Customer("acme", 120, 4_000, 60.0),
    Customer("borealis", 60, 2_000, 15.0, claims_after_days=90),
    Customer("cedar", 1, 200, 1.0),
)


class Outage(NamedTuple):
    """``ratio`` of the requests fail for ``minutes`` from a day (1 to 30) and an hour on; ``whom`` it hits, or all."""

    day: int
    hour: float
    minutes: float
    ratio: float = 1.0
    whom: str | None = None


#: Months by name: what goes wrong in them.
MONTHS: Mapping[str, tuple[Outage, ...]] = {
    "calm": (),
    "SLO missed, no credit": (Outage(12, 11, 80),),
    "credit without comfort": (Outage(12, 9, 420),),
    "one customer only": (Outage(12, 9, 2_880, whom="cedar"),),
    "by night": (Outage(12, 1, 240),),
    "half of it fails": (Outage(12, 6, 600, ratio=0.3),),
}


class Month(NamedTuple):
    """A month of events: for each customer the bad and the valid requests of each slice of five minutes.

    ``burn_alerts(*month.events, …)`` and ``budget_burn_down(*month.events, 0.999, every_s=300)`` draw all of them
    together, ``month.of["acme"]`` are those of one.
    """

    outages: tuple[Outage, ...]
    customers: tuple[Customer, ...]
    of: dict[str, tuple[list[int], list[int]]]

    @property
    def events(self) -> tuple[list[int], list[int]]:
        """The bad and the valid requests of each slice, of all customers together."""
        each = list(self.of.values())
        bad = [sum(row) for row in zip(*(bad for bad, _ in each), strict=True)]
        return bad, [sum(row) for row in zip(*(valid for _, valid in each), strict=True)]


def outages_of(outages: str | Iterable[Outage]) -> tuple[Outage, ...]:
    """Outages by the name of a month, or as they are. Raises ValueError for what cannot be."""
    if isinstance(outages, str):
        if outages not in MONTHS:
            raise ValueError(f"there is no month {outages!r}: write one of {', '.join(MONTHS)}, or a list of Outage(…)")
        return MONTHS[outages]
    chosen = tuple(outages)
    for one in chosen:
        if not (1 <= one.day <= DAYS and 0 <= one.hour < 24 and one.minutes > 0 and 0 < one.ratio <= 1):
            raise ValueError(
                f"{one!r} cannot be: write Outage(day 1 to 30, hour 0 to 24, minutes above 0, ratio 0 to 1)"
            )
    return chosen


def a_month(
    outages: str | Iterable[Outage] = "calm", seed: int | str = 0, customers: Sequence[Customer] = CUSTOMERS
) -> Month:
    """Draw a month of 30 days: traffic by the hour of the day, a few errors always, and these outages.

    Raises:
        ValueError: there is no such month, an outage cannot be, or it hits a customer that is not there.
    """
    chosen = outages_of(outages)
    names = [one.name for one in customers]
    for one in chosen:
        if one.whom is not None and one.whom not in names:
            raise ValueError(f"there is no customer {one.whom!r}: write one of {', '.join(names)}, or None for all")
    dice = Random(f"{seed}/month")
    slices = DAYS * DAY // EVERY_S
    of = {}
    for customer in customers:
        share = [BACKGROUND] * slices
        for one in chosen:
            if one.whom in (None, customer.name):
                begins = (one.day - 1) * DAY + one.hour * HOUR
                ends = begins + one.minutes * MINUTE
                for at in range(int(begins // EVERY_S), min(slices, int(-(-ends // EVERY_S)))):
                    hit = min(ends, (at + 1) * EVERY_S) - max(begins, at * EVERY_S)
                    share[at] = min(1.0, share[at] + one.ratio * hit / EVERY_S)
        # Least at two in the night, most at two in the afternoon; whole requests, by lot, so that small customers
        # have slices without any.
        means = [
            customer.per_min * EVERY_S / MINUTE * (1 - 0.9 * cos(2 * pi * (at * EVERY_S / HOUR - 2) / 24))
            for at in range(DAY // EVERY_S)
        ]
        valid = [int(mean) + (dice.random() < mean - int(mean)) for _ in range(DAYS) for mean in means]
        of[customer.name] = ([failures_of(dice, n, p) for n, p in zip(valid, share, strict=True)], valid)
    return Month(chosen, tuple(customers), of)


# -- the agreement -----------------------------------------------------------------------------------------------------

FORMULAS: Mapping[str, Callable[[Sequence[int], Sequence[int]], float]] = {
    "by request": slo.availability_by_request,
    "by slice": lambda good, valid: slo.availability_by_slice(good, valid, 0.95),
    "by mean": slo.availability_by_mean,
}


class Agreement(NamedTuple):
    """What is promised inside (the objective) and outside (the tiers of credit), and how it is measured.

    Fields:
        target: the objective (SLO), which is nobody's contract.
        tiers: the agreement (SLA): below which availability which share of the month's bill is credited.
        formula: "by request", "by slice" (a slice of five minutes is good from 95 % on) or "by mean" of the slices.
        per: "customer": each one's own availability; "service": that of all together, for everybody.
        cap: the most that is credited, as a share of the bill.
        claim_within_days: how long a claim may take.
    """

    target: float = 0.999
    tiers: tuple[Tier, ...] = (Tier(0.995, 0.10), Tier(0.99, 0.25), Tier(0.95, 1.0))
    formula: str = "by request"
    per: str = "customer"
    cap: float = 1.0
    claim_within_days: float = 60


class Settled(NamedTuple):
    """What became of one customer.

    Fields:
        customer: who.
        availability: by the contract's formula; ``nan`` without traffic.
        own: the share of good requests that the customer saw.
        met: whether the objective was met for this customer; None without traffic.
        credit: what the agreement gives back.
        hurt: how many requests failed.
        loss: what that cost the customer.
    """

    customer: Customer
    availability: float
    own: float
    met: bool | None
    credit: Credit
    hurt: int
    loss: float


class Settlement(NamedTuple):
    """A month, settled. ``str()`` is a table that ends in a sentence."""

    agreement: Agreement
    rows: tuple[Settled, ...]
    good: int
    valid: int

    @property
    def credits(self) -> float:
        """All credits together."""
        return sum(row.credit.amount for row in self.rows if not isnan(row.credit.amount))

    @property
    def losses(self) -> float:
        """What all customers lost."""
        return sum(row.loss for row in self.rows)

    @property
    def met(self) -> bool | None:
        """Whether the service as a whole met its objective."""
        return slo.met(self.good, self.valid, self.agreement.target)

    @property
    def line(self) -> str:
        """Who pays, whom, and how much."""
        availability = slo.sli(self.good, self.valid)
        objective = {True: "met", False: "missed", None: "undefined"}[self.met]
        words = f"SLO of {_percent(self.agreement.target)} {objective} at {_percent(availability)}. "
        if not self.credits:
            words += "No credit is paid. "
        else:
            words += f"Credits: {self.credits:,.0f}. "
        return f"{words}Customers lost {self.losses:,.0f}."

    def __str__(self) -> str:
        rows = [f"{'customer':<10}{'availability':>13}{'SLO':>8}{'failed':>10}{'loss':>10}{'credit':>9}  of a bill of"]
        for row in self.rows:
            objective = {True: "met", False: "missed", None: "-"}[row.met]
            rows.append(
                f"{row.customer.name:<10}{_percent(row.availability):>13}{objective:>8}{row.hurt:>10,}{row.loss:>10,.0f}"
                f"{row.credit.amount:>9,.0f}  {row.customer.bill:,.0f}{_unclaimed(row.credit)}"
            )
        return "\n".join([*rows, self.line])

    def __repr__(self) -> str:
        return str(self)


def settle(month: Month, agreement: Agreement | None = None) -> Settlement:
    """Hold a month against an agreement.

    What a customer lost is the loss per minute times the minutes, each weighed by the share of requests that failed in
    it.

    Raises:
        ValueError: there is no such formula, or the agreement is for neither a customer nor the service.
    """
    terms = agreement or Agreement()
    if terms.formula not in FORMULAS:
        raise ValueError(f"formula={terms.formula!r}: write one of {', '.join(FORMULAS)}")
    if terms.per not in ("customer", "service"):
        raise ValueError(f'per={terms.per!r}: write "customer" or "service"')
    all_bad, all_valid = month.events
    together = _availability(terms.formula, all_bad, all_valid)
    rows = []
    for customer in month.customers:
        bad, valid = month.of[customer.name]
        own = slo.sli(sum(valid) - sum(bad), sum(valid))
        measured = together if terms.per == "service" else _availability(terms.formula, bad, valid)
        given = slo.credit(
            measured, customer.bill, terms.tiers, terms.cap, customer.claims_after_days, terms.claim_within_days
        )
        minutes = sum(one / n for one, n in zip(bad, valid, strict=True) if n) * EVERY_S / MINUTE
        rows.append(
            Settled(
                customer, measured, own, slo.met(sum(valid) - sum(bad), sum(valid), terms.target), given, sum(bad),
                minutes * customer.loss_per_min,
            )
        )  # fmt: skip
    return Settlement(terms, tuple(rows), sum(all_valid) - sum(all_bad), sum(all_valid))


def _availability(formula: str, bad: Sequence[int], valid: Sequence[int]) -> float:
    return FORMULAS[formula]([n - one for one, n in zip(bad, valid, strict=True)], valid)


def missed(
    minutes: float = 80,
    ratio: float = 1.0,
    hour: float = 11,
    target: float = 0.999,
    tiers: Sequence[Tier] = Agreement().tiers,
    formula: str = "by request",
    whom: str | None = None,
    seed: int = 0,
) -> Settlement:
    """One outage in a month: so many minutes from an hour on, ``ratio`` of the requests. Who pays, whom, how much?

    Raises:
        ValueError: a number is out of its range, or there is no such formula or customer.
    """
    outages = [Outage(12, hour, minutes, ratio, whom)] if minutes else []
    return settle(a_month(outages, seed), Agreement(target, tuple(tiers), formula))


def _unclaimed(credit: Credit) -> str:
    return f" ({credit.why})" if credit.why.startswith(("nobody", "claimed")) else ""


def _percent(share: float) -> str:
    if isnan(share):
        return "undefined"
    return f"{100 * share:.3f}".rstrip("0").rstrip(".") + " %"


# -- your turn ---------------------------------------------------------------------------------------------------------

#: The table that a learner's function is held against; it is handed over with each call.
CONTRACT = (Tier(0.999, 0.10), Tier(0.99, 0.25), Tier(0.95, 1.0))


def try_credit(credit: Callable[[float, float, Sequence[Tier]], float], seed: int = 0) -> Verdict:
    """Put a learner's ``credit(availability, bill, tiers)`` to the test: at every bound of a table, on drawn months.

    Tiers are half-open, "less than X, at least Y"; the deepest one that applies counts, of that month's bill, and no
    traffic is no credit but undefined (``nan``).
    """
    if not callable(credit):
        return Verdict(
            [], f"Not run yet: {credit!r} is not a function; write credit(availability, bill, tiers).", False
        )
    other = (Tier(0.99, 0.10), Tier(0.98, 0.25), Tier(0.95, 1.0))
    asked: list[tuple[str, float, float, tuple[Tier, ...]]] = [
        ("kept exactly", 0.999, 1_000, CONTRACT),
        ("just below", 0.9989, 1_000, CONTRACT),
        ("exactly 99 %", 0.99, 1_000, CONTRACT),
        ("a bad month", 0.985, 1_000, CONTRACT),
        ("exactly 95 %", 0.95, 1_000, CONTRACT),
        ("a lost month", 0.5, 1_000, CONTRACT),
        ("another table", 0.985, 1_000, other),
        ("another bill", 0.985, 340, CONTRACT),
        ("no traffic", nan, 1_000, CONTRACT),
    ]
    asked += [(f"drawn month {n + 1}", *month, CONTRACT) for n, month in enumerate(_drawn_months(seed))]
    trials = []
    for name, availability, bill, tiers in asked:
        try:
            given = credit(availability, bill, tiers)
            amount = float(given)
        except Exception as error:  # whatever a learner's function may raise
            call = f"{rule_name(credit)}({availability!r}, {bill!r}, tiers)"
            return Verdict([], f"Not run yet: {call} stops with {type(error).__name__}: {error}.", False)
        right = slo.credit(availability, bill, tiers).amount
        same = isnan(amount) if isnan(right) else abs(amount - right) < 0.005
        said = "undefined" if isnan(amount) else f"{amount:,.2f}"
        hint = (
            "" if same else f"at {_percent(availability)} of a bill of {bill:,.0f}: {_why(availability, amount, right)}"
        )
        trials.append(Trial(name, (said,), hint))
    wrong = sum(bool(trial.complaint) for trial in trials)
    if not wrong:
        return Verdict(trials, "Half-open tiers, one bill, one month. Well done.", True, ("month", "credit"))
    return Verdict(
        trials,
        f"{wrong} of {len(trials)} are not what the table says. Begin with the first ✗.",
        False,
        ("month", "credit"),
    )


@lru_cache(maxsize=16)
def _drawn_months(seed: int) -> tuple[tuple[float, float], ...]:
    """The availability and the bill of one customer in four months with an outage each."""
    dice = Random(f"{seed}/credits")
    found = []
    for number in range(4):
        outage = Outage(dice.randint(1, 28), dice.uniform(0, 23), dice.uniform(20, 900))
        row = settle(a_month([outage], f"credit {seed} {number}", CUSTOMERS[:1])).rows[0]
        found.append((row.own, row.customer.bill))
    return tuple(found)


def _why(availability: float, amount: float, right: float) -> str:
    if isnan(right):
        return "without traffic there is no availability to judge"
    if isnan(amount):
        return "there was traffic, so a credit is a number"
    return "too much; is the bound itself below the bound?" if amount > right else "too little; which tiers apply?"


@lru_cache(maxsize=64)
def months_of_a_service(seed: int | str = 0, months: int = 24) -> tuple[float, ...]:
    """The availability of so many months of one service: outages strike twice a month, and most are short.

    The seed also draws how good the service is, so measure before you promise.
    """
    nature = Random(f"{str(seed).partition(' ')[0]}/service")
    mean_min = nature.uniform(4, 40)
    dice = Random(f"{seed}/months")
    found = []
    for _ in range(months):
        lost = sum(min(480.0, dice.expovariate(1 / mean_min)) for _ in moments(dice, DAYS / 2, DAYS))
        found.append(round(1 - lost / (DAYS * 24 * 60) - BACKGROUND, 6))
    return tuple(found)


#: So many months that nobody has seen judge a promise.
UNSEEN = 36


def try_promise(target: float, sla: float, seed: int = 0) -> Verdict:
    """Put a promise to the test: an objective and an agreement for the service of ``months_of_a_service(seed)``.

    On 36 unseen months of that service the objective should be met in half or more and missed in some (it should
    say something), the agreement kept in 34 or more, and in every month in which the agreement was broken the objective
    must have been missed, too: it is there to warn first. And an agreement that allows more than ten times what the
    objective allows promises nothing.
    """
    for name, value in (("target", target), ("sla", sla)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            return Verdict([], f"Not run yet: {name} is {value!r}; write a fraction of 1, such as 0.999.", False)
    unseen = months_of_a_service(f"{seed} unseen", UNSEEN)
    met = sum(month >= target for month in unseen)
    broken = [month for month in unseen if month < sla]
    unwarned = [month for month in broken if month >= target]
    trials = [
        Trial("objective met", (f"in {met} of {UNSEEN} months",), _attainable(met)),
        Trial(
            "agreement broken", (f"in {len(broken)} of {UNSEEN}",),
            "" if len(broken) <= 2 else "that is paid for: promise less outside than you aim for inside",
        ),
        Trial(
            "broken unwarned", (f"in {len(unwarned)}",),
            "" if not unwarned else f"at {_percent(unwarned[0])} the objective was met and the agreement broken",
        ),
    ]  # fmt: skip
    header = ("promise", "36 unseen months")
    if any(trial.complaint for trial in trials):
        return Verdict(
            trials, "Look at months_of_a_service(…) again: what does it reach in most months?", False, header
        )
    if 1 - sla > 10 * (1 - target):
        trials[1] = trials[1]._replace(complaint="it allows ten times what the objective does: a promise of nothing")
        return Verdict(
            trials, "Promise outside what a bad month still keeps, not what a catastrophe does.", False, header
        )
    if target <= sla:
        trials[2] = trials[2]._replace(complaint="an objective below the agreement can warn of nothing")
        return Verdict(trials, "Leave room between the two: the objective is the tighter one.", False, header)
    return Verdict(trials, "Missed now and then, paid for hardly ever, and warned in time. Well done.", True, header)


def _attainable(met: int) -> str:
    if met < UNSEEN / 2:
        return "missed so often, it is a wish and no objective"
    return "" if met < UNSEEN else "never missed: it is too easy to tell you anything"
