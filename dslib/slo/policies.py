"""An error budget policy: agreed before the budget is spent. A decision table, not a formula (definition 23)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Outage(NamedTuple):
    """One incident of the period: what class it belongs to, and the share of the period's budget that it took."""

    kind: str
    share: float


class BudgetState(NamedTuple):
    """What a policy looks at: the share of the budget that is consumed, and the incidents of the period.

    ``consumed`` is ``slo.budget_consumed(…)``: 1 is all of it, which still meets the objective; ``nan`` is no traffic.
    """

    consumed: float
    outages: tuple[Outage, ...] = ()


class PolicyRow(NamedTuple):
    """One row of the table: its name, when it applies, and what is then done."""

    name: str
    applies: Callable[[BudgetState], object]
    action: str


#: One incident above this share of the budget is looked into.
LARGE = 0.2

#: Rows that are usual (workbook, appendix B). A table is an input: write your own.
POLICY = (
    PolicyRow("budget spent", lambda state: state.consumed > 1, "freeze releases until the service is back in its SLO"),
    PolicyRow(
        "one large incident",
        lambda state: any(outage.share > LARGE for outage in state.outages),
        "write a post-mortem with at least one action of the highest priority",
    ),
    PolicyRow(
        "a repeated class of outage",
        lambda state: any(times > 1 for times in Counter(outage.kind for outage in state.outages).values()),
        "plan work against that class for the next quarter",
    ),
)


def policy(state: BudgetState, rows: Iterable[PolicyRow] = POLICY) -> list[str]:
    """What the policy says now: the action of every row that applies, in the table's order; none is an answer, too.

    Raises ValueError for a share that is negative.

    >>> policy(BudgetState(0.5, (Outage("release", 0.3),)))
    ['write a post-mortem with at least one action of the highest priority']
    >>> policy(BudgetState(1.0))  # all of it spent, and the objective still met
    []
    """
    for name, part in (("consumed", state.consumed), *((outage.kind, outage.share) for outage in state.outages)):
        if not (part >= 0 or math.isnan(part)):
            raise ValueError(f"{name}={part!r} is no share of the budget: write a fraction of 1, 0 or more")
    return [row.action for row in (PolicyRow(*row) for row in rows) if row.applies(state)]
