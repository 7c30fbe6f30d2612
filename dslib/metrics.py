"""Metrics: plain functions from what clients were told to numbers.

Times are ms of true time; shares are fractions of 1, and ``nan`` where there is nothing to divide by.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from math import inf, nan
from typing import NamedTuple

from .history import Operation

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
