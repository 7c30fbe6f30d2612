"""The average lies: a mean that hides slow requests, hosts whose percentiles cannot be averaged, pages of many parts.

Every waiting time is drawn from an exponential law: many short ones, few long ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, isfinite, log
from random import Random
from typing import Any, NamedTuple

from .. import slo
from .verdicts import Trial, Verdict, rule_name


def waits_with_mean(
    seed: int = 0, slow_share: float = 0.05, mean_ms: float = 100.0, fast_ms: float = 50.0, requests: int = 10_000
) -> list[float]:
    """Waiting times (ms) of many requests: most are fast, a share is slow, and the mean of all is ``mean_ms``.

    How slow the slow ones are follows from the rest. With ``slow_share=0`` there are none, and fast ones take the mean.

    Raises:
        ValueError: a number is out of range.
    """
    _refuse("slow_share", slow_share, 0, 0.5)
    _refuse("mean_ms", mean_ms, 1, 10_000)
    _refuse("fast_ms", fast_ms, 1, mean_ms)
    if isinstance(requests, bool) or not isinstance(requests, int) or not 1 <= requests <= 200_000:
        raise ValueError(f"requests is {requests!r}: write a whole number from 1 to 200,000")
    dice = Random(f"waits {seed}")
    if not slow_share:
        return [dice.expovariate(1 / mean_ms) for _ in range(requests)]
    slow_ms = (mean_ms - (1 - slow_share) * fast_ms) / slow_share
    return [
        dice.expovariate(1 / (slow_ms if dice.random() < slow_share else fast_ms)) for _ in range(requests)
    ]  # the law of large numbers makes the mean, so it is not exact


class Waits(NamedTuple):
    """What one can say of waiting times, in ms; ``quick`` is the share within ``within_ms``. Prints as a line."""

    mean: float
    p50: float
    p95: float
    p99: float
    quick: float
    within_ms: float

    def __str__(self) -> str:
        return (
            f"mean {self.mean:4.0f} ms, p50 {self.p50:4.0f} ms, p95 {self.p95:4.0f} ms, p99 {self.p99:5.0f} ms, "
            f"{100 * self.quick:.1f} % within {self.within_ms:g} ms"
        )


def summed_up(waits: list[float], within_ms: float = 500.0) -> Waits:
    """Mean, percentiles (nearest rank, definition 13) and the share within ``within_ms``; all ``nan`` without any."""
    n = len(waits)
    p50, p95, p99 = (slo.percentile(waits, q) for q in (0.5, 0.95, 0.99))
    mean = sum(waits) / n if n else float("nan")
    return Waits(mean, p50, p95, p99, slo.sli(sum(ms <= within_ms for ms in waits), n), within_ms)


# -- hosts -------------------------------------------------------------------------------------------------------------

#: Three hosts: how many requests each serves, and in how many ms on average. The last one is new, small and cold.
HOSTS: Mapping[str, tuple[int, float]] = {"s1": (9_000, 22.0), "s2": (9_000, 22.0), "s3": (300, 195.0)}


def host_waits(seed: int = 0, hosts: Mapping[str, tuple[int, float]] = HOSTS) -> dict[str, list[float]]:
    """The waiting times (ms) of each host's requests."""
    return {
        name: [dice.expovariate(1 / mean) for _ in range(requests)]
        for name, (requests, mean) in hosts.items()
        for dice in [Random(f"{name} {seed}")]
    }


FleetP99 = Callable[[Mapping[str, list[float]]], float]


def try_fleet_p99(rule: FleetP99, seed: int = 0) -> Verdict:
    """Put a learner's p99 of a fleet to the test: on fleets with equal hosts, a busy one, a slow one, an idle one."""
    if not callable(rule):
        return Verdict([], f"Not run yet: {rule!r} is not a function; hand over the function itself.", False)
    fleets: dict[str, Mapping[str, tuple[int, float]]] = {
        "equal hosts": {"a": (2_000, 30.0), "b": (2_000, 30.0)},
        "one slow, small": HOSTS,
        "one slow, busy": {"a": (300, 22.0), "b": (9_000, 195.0)},
        "one is idle": {"a": (2_000, 30.0), "b": (0, 1.0)},
    }
    trials = []
    for name, hosts in fleets.items():
        waits = host_waits(seed, hosts)
        right = slo.percentile([ms for row in waits.values() for ms in row], 0.99)
        try:
            said: Any = rule({host: list(row) for host, row in waits.items()})
        except Exception as error:  # whatever a learner's rule may raise
            trials.append(Trial(name, ("-",), f"it stops with {type(error).__name__}: {error}"))
            continue
        number = isinstance(said, int | float) and not isinstance(said, bool)
        words = f"{said:,.0f} ms" if number and isfinite(said) else repr(said)
        complaint = "" if number and abs(said - right) <= 0.02 * right else _off(said, right) if number else "no number"
        trials.append(Trial(name, (words,), complaint))
    bad = [trial for trial in trials if trial.complaint]
    if not bad:
        return Verdict(trials, f"{rule_name(rule)} is the p99 of what users waited. Well done.", True, ("fleet", "p99"))
    advice = "A percentile belongs to a set of requests. Whose requests should be in it?"
    return Verdict(trials, f"Begin with {bad[0].name}. {advice}", False, ("fleet", "p99"))


def _off(said: float, right: float) -> str:
    if not isfinite(said):
        return "that is no number of ms"
    return "too low: the slow ones are hidden" if said < right else "too high: few requests are that slow"


# -- pages of many parts -----------------------------------------------------------------------------------------------


def chance_of_a_slow_page(parts: int, slow: float) -> float:
    """How likely it is that one or more of so many parts are slow, if each is with chance ``slow``: 1 - (1 - p)^n.

    Raises:
        ValueError: there are no such parts, or no such chance.
    """
    if isinstance(parts, bool) or not isinstance(parts, int) or not 1 <= parts <= 1_000_000:
        raise ValueError(f"parts is {parts!r}: write a whole number from 1 to 1,000,000")
    _refuse("slow", slow, 0, 1)
    return 1 - (1 - slow) ** parts


def parts_for_half(slow: float) -> int:
    """From so many parts on every second page is slow."""
    _refuse("slow", slow, 1e-9, 0.5)
    return ceil(log(0.5) / log(1 - slow))


def slow_pages(seed: int = 0, parts: int = 100, slow: float = 0.01, pages: int = 2_000) -> list[bool]:
    """Which of so many pages are slow: each asks ``parts`` servers and waits for the last of them."""
    chance_of_a_slow_page(parts, slow)  # refuses what cannot be
    if isinstance(pages, bool) or not isinstance(pages, int) or not 1 <= pages * parts <= 2_000_000:
        raise ValueError(f"pages is {pages!r}: write how many, at most {2_000_000 // parts:,} with so many parts")
    dice = Random(f"pages {seed} {parts}")
    return [any(dice.random() < slow for _ in range(parts)) for _ in range(pages)]


def _refuse(name: str, value: Any, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}: write a number from {least:g} to {most:g}")
