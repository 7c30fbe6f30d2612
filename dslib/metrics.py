"""Metrics: plain functions from what clients were told to numbers.

First every operation is judged as its user saw it; from there on it is counting: for the whole run (``outcome``), for
each user or tenant (``shares``), for each slice of time (``slices``), and how long until the failure was noticed and
mended (``time_to_detect``, ``time_to_recover``).

Times are ms of true time; shares are fractions of 1, and ``nan`` where there is nothing to divide by.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import fsum, inf, isfinite, isnan, nan
from typing import NamedTuple

from . import slo
from .history import Operation
from .slo.exact import target_of

#: What users can see of one operation. "open": too early to say.
OUTCOMES = ("good", "slow", "refused", "wrong", "never", "open")


class Seen(NamedTuple):
    """One operation as its user saw it: the ``outcome``, and when (ms) it was settled in the user's eyes."""

    operation: Operation
    outcome: str
    judged: float | None

    @property
    def say(self) -> str:
        """The outcome in words."""
        op = self.operation
        took = "" if op.completed is None else f" after {op.completed - op.invoked:.1f} ms"
        return {
            "good": f"answered{took}",
            "slow": f"answered too late{took}" if op.completed is not None else "not answered in time",
            "refused": f"refused{took}",
            "wrong": f"answered wrongly{took}",
            "never": "never answered",
            "open": "not answered yet",
        }[self.outcome]


def what_users_saw(
    history: Iterable[Operation],
    until: float,
    within: float = inf,
    wrong: Callable[[Operation], object] | Collection[int] = (),
) -> list[Seen]:
    """Judge each operation of a run that ended at ``until`` ms.

    Good is an operation that was answered ``within`` so many ms, and not wrongly. ``wrong`` is a function of the
    operation, or a collection of ids. An unanswered operation is ``never``, judged when ``within`` has passed, or at
    the end of the run if there is no limit; one whose limit lies beyond the end is ``open``.
    """
    is_wrong = wrong if callable(wrong) else lambda op: op.id in wrong
    seen = []
    for op in history:
        limit = op.invoked + within
        if op.completed is None:
            if within == inf:
                seen.append(Seen(op, "never", until))
            else:
                seen.append(Seen(op, "never", limit) if limit <= until else Seen(op, "open", None))
        elif op.status == "fail":
            seen.append(Seen(op, "refused", op.completed))
        elif is_wrong(op):
            seen.append(Seen(op, "wrong", op.completed))
        elif op.completed > limit:
            seen.append(Seen(op, "slow", limit))
        else:
            seen.append(Seen(op, "good", op.completed))
    return seen


def good_share(seen: Iterable[Seen]) -> float:
    """The share of good operations among those judged; ``nan`` when none was."""
    judged = [s for s in seen if s.outcome != "open"]
    return sum(s.outcome == "good" for s in judged) / len(judged) if judged else nan


def latencies(history: Iterable[Operation]) -> list[float]:
    """How long each operation took, in ms. An unanswered one took for ever: leaving it out would flatter us."""
    return [inf if op.completed is None else op.completed - op.invoked for op in history]


# -- a run in one line -------------------------------------------------------------------------------------------------

#: Whose an operation is: a function of the operation, or the tenant of each user by the user's name.
Tenancy = Callable[[Operation], str] | Mapping[str, str]


class Outcome(NamedTuple):
    """A run as its users saw it. Prints as one sentence.

    Fields:
        operations: how many were judged; what was still open at the end is not among them.
        availability: the share of good ones.
        p50_ms, p99_ms: nearest-rank percentiles of the time until a user was served. Who was refused, or never got an
            answer, waited for ever (``inf``): leaving the failed requests out would make a broken service look quick.
        answered_p99_ms: of those alone who got an answer, in time or too late, right or wrong.
        lost: how many operations were acknowledged and then forgotten.
        wrong: how many judged operations were answered wrongly.
        duplicated: how many took effect more than once.
        tenants: the share of good operations of each tenant, in the order in which they first asked.
    """

    operations: int
    availability: float
    p50_ms: float
    p99_ms: float
    answered_p99_ms: float
    lost: int
    wrong: int
    duplicated: int
    tenants: dict[str, float]

    @property
    def line(self) -> str:
        """What users saw, in one sentence."""
        if not self.operations:
            return f"no operation was judged, lost {self.lost}, duplicated {self.duplicated}"
        p99 = f"p99 {_ms(self.p99_ms)}"
        if self.p99_ms == inf and self.answered_p99_ms < inf:
            p99 += f" ({_ms(self.answered_p99_ms)} of those answered)"
        said = f"availability {percent(self.availability)}, {p99}"
        said += f", lost {self.lost}, wrong {self.wrong}, duplicated {self.duplicated}"
        who = worst(self.tenants)
        if who is not None and self.tenants[who] < max(share for share in self.tenants.values() if not isnan(share)):
            said += f"; worst tenant {who} {percent(self.tenants[who])}"
        return said

    def __str__(self) -> str:
        return self.line


def outcome(
    history: Iterable[Operation],
    until: float,
    within: float = inf,
    wrong: Callable[[Operation], object] | Collection[int] = (),
    lost: int | Collection[object] = 0,
    duplicated: int | Collection[object] = 0,
    tenant: Tenancy | None = None,
) -> Outcome:
    """Sum up a run that ended at ``until`` ms. ``within`` and ``wrong`` are those of :func:`what_users_saw`.

    What was lost or duplicated no single answer can tell: whoever knows the service counts it, or hands in the
    operations themselves. ``tenant`` says whose an operation is; by default each user is a tenant (:func:`user_of`).

    Raises ValueError for a negative count, and for a user that ``tenant`` does not know.
    """
    judged = [one for one in what_users_saw(history, until, within, wrong) if one.outcome != "open"]
    waits = [served_after(one) for one in judged]
    return Outcome(
        operations=len(judged),
        availability=good_share(judged),
        p50_ms=slo.percentile(waits, 0.5),
        p99_ms=slo.percentile(waits, 0.99),
        answered_p99_ms=slo.percentile([wait for wait in waits if wait < inf], 0.99),
        lost=_count(lost, "lost"),
        wrong=sum(one.outcome == "wrong" for one in judged),
        duplicated=_count(duplicated, "duplicated"),
        tenants=shares(judged, tenant),
    )


def served_after(one: Seen) -> float:
    """How long (ms) the user waited for an answer; ``inf`` if none came, or only a refusal."""
    op = one.operation
    return inf if op.completed is None or op.status != "ok" else op.completed - op.invoked


# -- whose it was ------------------------------------------------------------------------------------------------------


def user_of(op: Operation) -> str:
    """The client that asked, whatever process it went by: "alice" of "alice#2"."""
    return str(op.process).partition("#")[0]


def by_tenant(seen: Iterable[Seen], tenant: Tenancy | None = None) -> dict[str, list[Seen]]:
    """What each tenant saw, in the order in which they first asked. By default each user is a tenant.

    Raises ValueError for a user that the mapping ``tenant`` does not know.
    """
    groups: dict[str, list[Seen]] = {}
    for one in seen:
        user = user_of(one.operation)
        if tenant is None:
            name = user
        elif callable(tenant):
            name = tenant(one.operation)
        elif user in tenant:
            name = tenant[user]
        else:
            raise ValueError(f"user {user!r} has no tenant: add {{{user!r}: ...}} to the mapping `tenant`")
        groups.setdefault(name, []).append(one)
    return groups


def shares(seen: Iterable[Seen], tenant: Tenancy | None = None) -> dict[str, float]:
    """The share of good operations for each tenant (or user); ``nan`` for one of whom nothing was judged."""
    return {name: good_share(group) for name, group in by_tenant(seen, tenant).items()}


def weighted_share(shares: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The mean of the tenants' shares, each with its weight: what matters counts, not who asks most.

    A tenant without traffic (``nan``, or not in ``shares``) is skipped; ``nan`` if that leaves no weight.
    Raises ValueError for a weight that is negative, not finite or missing.
    """
    for name, weight in weights.items():
        if not (isfinite(weight) and weight >= 0):
            raise ValueError(f"the weight of tenant {name!r} is {weight!r}: write a number, 0 or more")
    if missing := [name for name in shares if name not in weights]:
        raise ValueError(f"tenant {missing[0]!r} has no weight: write one for each of {', '.join(shares)}")
    counted = [name for name, share in shares.items() if not isnan(share)]
    total = fsum(weights[name] for name in counted)
    return fsum(weights[name] * shares[name] for name in counted) / total if total else nan


def worst(shares: Mapping[str, float]) -> str | None:
    """The tenant with the smallest share of good operations, the first one of several; None if nobody had traffic."""
    return min(
        (name for name, share in shares.items() if not isnan(share)), key=lambda name: shares[name], default=None
    )


def below(shares: Mapping[str, float], target: float) -> dict[str, float]:
    """The tenants whose share misses the target (a fraction of 1). One that just reaches it does not.

    Raises ValueError for a target outside (0, 1].
    """
    target_of(target)  # refuses what is none
    return {name: share for name, share in shares.items() if share < target}


# -- slices of time ----------------------------------------------------------------------------------------------------


class Slice(NamedTuple):
    """What users saw in one slice of time, from ``start_ms`` up to, not including, ``end_ms``.

    Fields:
        operations: how many operations of this slice were judged.
        availability: the share of good ones; ``nan`` without any, for no traffic is neither good nor bad.
        offered_per_s: operations asked for in this slice, per second.
        goodput_per_s: good operations of this slice, per second.
        p50_ms, p99_ms: of the time until served, as in :class:`Outcome`; ``nan`` without operations.
    """

    start_ms: float
    end_ms: float
    operations: int
    availability: float
    offered_per_s: float
    goodput_per_s: float
    p50_ms: float
    p99_ms: float


def slices(seen: Iterable[Seen], every_ms: float, until: float, start: float = 0.0, by: str = "asked") -> list[Slice]:
    """Cut a run from ``start`` to ``until`` (ms) into slices of ``every_ms``; the last one may be shorter.

    An operation belongs to the slice in which it was asked: what becomes of a request made now? With ``by="judged"``
    it belongs to the one in which its user knew: a time-out then counts when it is over. What was asked outside of
    ``start`` to ``until`` is left out. For one tenant alone: ``slices(by_tenant(seen)["acme"], ...)``.

    Raises ValueError for a length, or a pair of ends, that is not one, and for another ``by``.
    """
    if not (isfinite(start) and isfinite(until) and start < until):
        raise ValueError(f"slices from {start!r} to {until!r} ms: write two times, the first before the second")
    if not 0 < every_ms < inf:
        raise ValueError(f"every_ms={every_ms!r} is no length of time: write ms, above 0")
    if by not in ("asked", "judged"):
        raise ValueError(f'by={by!r}: write "asked" or "judged"')
    starts = [start]
    while (edge := start + len(starts) * every_ms) < until:
        starts.append(edge)
    offered = [0] * len(starts)
    judged: list[list[Seen]] = [[] for _ in starts]
    for one in seen:
        asked = one.operation.invoked
        if start <= asked < until:
            offered[bisect_right(starts, asked) - 1] += 1
        if one.judged is not None:
            at = asked if by == "asked" else one.judged
            # What was still unanswered when the run ended was judged then: that belongs to the last slice.
            if start <= at < until or (at == until and asked < until):
                judged[bisect_right(starts, at) - 1].append(one)
    found = []
    for begin, end, asked_for, group in zip(starts, [*starts[1:], until], offered, judged, strict=True):
        waits = [served_after(one) for one in group]
        good = sum(one.outcome == "good" for one in group)
        seconds = (end - begin) / 1_000
        found.append(
            Slice(
                begin, end, len(group), good_share(group), asked_for / seconds, good / seconds,
                slo.percentile(waits, 0.5), slo.percentile(waits, 0.99),
            )
        )  # fmt: skip
    return found


def bad_and_valid(series: Iterable[Slice]) -> tuple[list[int], list[int]]:
    """How many operations of each slice were bad, and how many were judged: what ``slo.burn_rates`` takes.

    Definition 1: an operation is valid when it was judged, and bad when it was not good.
    """
    rows = list(series)
    bad = [round((1 - one.availability) * one.operations) if one.operations else 0 for one in rows]
    return bad, [one.operations for one in rows]


#: When a slice is a good one: a target for its availability, or a function of the slice.
Good = float | Callable[[Slice], object]


def time_to_detect(series: Sequence[Slice], after: float, good: Good) -> float:
    """ms from ``after`` (when it broke) to the end of the first bad slice: no sooner can a monitor know.

    ``good`` is a target for the availability, a fraction of 1, or a function of the slice. Slices without operations
    say nothing and are skipped. ``inf`` if no bad slice follows.
    """
    return next((one.end_ms - after for one, fine in _verdicts(series, after, good) if not fine), inf)


def time_to_recover(series: Sequence[Slice], after: float, good: Good) -> float:
    """ms from ``after`` (when it broke) to the start of the first good slice from which on all are good.

    ``good`` and empty slices are as in :func:`time_to_detect`. 0 if no slice was bad; ``inf`` if the last one was, or
    nothing was asked any more: that it would have gone well nobody knows.
    """
    verdicts = _verdicts(series, after, good)
    last_bad = max((place for place, (_, fine) in enumerate(verdicts) if not fine), default=-1)
    if last_bad == len(verdicts) - 1:
        return inf
    return max(0.0, verdicts[last_bad + 1][0].start_ms - after) if last_bad >= 0 else 0.0


def _verdicts(series: Sequence[Slice], after: float, good: Good) -> list[tuple[Slice, bool]]:
    """The slices that end after ``after`` and saw operations, and whether each was a good one."""
    if not callable(good):
        target_of(good)  # refuses what is none
    told = [one for one in series if one.end_ms > after and one.operations]
    return [(one, bool(good(one) if callable(good) else one.availability >= good)) for one in told]


def _count(what: int | Collection[object], name: str) -> int:
    count = what if isinstance(what, int) else len(what)
    if count < 0:
        raise ValueError(f"{name}={count} is negative: count operations, so write 0 or more")
    return count


def percent(share: float) -> str:
    """A share as people write it, "97.1 %"; with as many digits as it takes not to round it to 0 or 100 %."""
    if isnan(share) or share in (0.0, 1.0):
        return "no traffic" if isnan(share) else f"{share:.0%}".replace("%", " %")
    digits = 1
    while float(text := f"{100 * share:.{digits}f}") in (0.0, 100.0) and digits < 15:
        digits += 1
    return f"{text} %"


def _ms(wait: float) -> str:
    return "never" if wait == inf else f"{wait:,.0f} ms" if wait >= 10 else f"{wait:.1f} ms"
