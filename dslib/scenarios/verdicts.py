"""A learner's rule, put to the test: a table of trials, and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple


class Trial(NamedTuple):
    """One trial of a rule: its name, what came of it, and the complaint, empty if there is none."""

    name: str
    outcome: tuple[str, ...]
    complaint: str = ""


class Verdict:
    """What became of a rule. Truthy if it stood the test; prints as a table that ends in a sentence."""

    def __init__(
        self, trials: Sequence[Trial], conclusion: str, passed: bool, header: tuple[str, str] = ("trial", "outcome")
    ) -> None:
        self.trials, self.conclusion, self.passed, self.header = list(trials), conclusion, passed, header

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        said = [" ".join(t.outcome) or "nobody" for t in self.trials]
        wide = max([18, *(len(words) + 2 for words, t in zip(said, self.trials, strict=True) if t.complaint)])
        rows = [
            f"{'✗' if t.complaint else '✓'} {t.name:<20}{words:<{wide}}{t.complaint}".rstrip()
            for words, t in zip(said, self.trials, strict=True)
        ]
        return "\n".join([*([f"  {self.header[0]:<20}{self.header[1]}"] if rows else []), *rows, self.conclusion])


def unfit(rule: Any, calls: Iterable[tuple[int, ...]], yes: str, no: str) -> str:
    """Why a rule cannot be put to the test, in words; empty if it can.

    ``calls`` are the arguments it must bear, ``yes`` and ``no`` what True and False mean.
    """
    if not callable(rule):
        return f"{rule!r} is not a function; hand over the function itself, without brackets"
    for given in calls:
        call = f"{rule_name(rule)}({', '.join(map(str, given))})"
        try:
            says = rule(*given)
        except Exception as error:  # whatever a learner's rule may raise
            return f"{call} stops with {type(error).__name__}: {error}"
        if not isinstance(says, bool):
            return f"{call} gives {says!r}; return True ({yes}) or False ({no})"
    return ""


def rule_name(rule: Callable[..., Any]) -> str:
    """What its author called it."""
    return str(getattr(rule, "__name__", "rule"))
