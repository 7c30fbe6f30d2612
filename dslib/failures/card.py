"""What all cards of the gallery have in common: knobs, claims, and one service run twice on the same seed.

A card is a file. Its ``Params`` are knobs with a range, its ``simulate`` builds the chat service and breaks it, its
``measure`` reads off the numbers that show this failure, and its claims say what happens on every seed, or how often.
``run(params, seed)`` does it twice, naive and mitigated: the same users, the same dice, the same fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any, NamedTuple

from ..metrics import Outcome
from ..simulation import Simulation
from .incidents import INCIDENTS, Incident
from .service import MONITOR, judge


def knob(default: Any, low: float, high: float, meaning: str) -> Any:
    """A parameter that a learner may turn from ``low`` to ``high``. A default of type int allows whole numbers only."""
    return field(default=default, metadata={"low": low, "high": high, "meaning": meaning})


@dataclass(frozen=True)
class Knobs:
    """Base of every card's ``Params``: refuses a value outside its range.

    Raises:
        ValueError: names the knob, its meaning and its range.
    """

    def __post_init__(self) -> None:
        for one in fields(self):
            value, low, high = getattr(self, one.name), one.metadata["low"], one.metadata["high"]
            whole = type(one.default) is int
            sound = not isinstance(value, bool) and isinstance(value, int if whole else int | float)
            if not (sound and isfinite(value) and low <= value <= high):
                raise ValueError(
                    f"{one.name} is {value!r} ({one.metadata['meaning']}): write a {'whole ' if whole else ''}number "
                    f"from {low:g} to {high:g}"
                )


class Run(NamedTuple):
    """One of a card's two runs.

    Fields:
        outcome: what users saw.
        numbers: the metrics that show this failure; the names carry their units.
        gauges: what the monitor read once a second, by name, such as the number of live servers.
    """

    outcome: Outcome
    numbers: dict[str, float]
    gauges: dict[str, list[float]]


class Result(NamedTuple):
    """Both runs of a card on one seed. Prints what users saw, naive and mitigated."""

    number: int
    title: str
    params: Knobs
    seed: int
    naive: Run
    mitigated: Run

    def __str__(self) -> str:
        rows = [f"{self.number}. {self.title}, seed {self.seed}"]
        for name, run in (("naive", self.naive), ("mitigated", self.mitigated)):
            numbers = "; ".join(f"{what} {value:,.4g}" for what, value in run.numbers.items())
            rows.append(f"  {name + ':':<10} {run.outcome}" + (f" [{numbers}]" if numbers else ""))
        return "\n".join(rows)


class Claim(NamedTuple):
    """What a card promises of its result.

    Fields:
        says: one sentence.
        holds: whether one result bears it out.
        share: 1 for a claim that holds *always*, on every seed. Less for a *statistical* one: it holds on at least this
            share of all seeds, and the test demands that the whole 95 % interval of the measured share lies above it.
    """

    says: str
    holds: Callable[[Any], bool]
    share: float = 1.0

    @property
    def kind(self) -> str:
        """``"always"`` or ``"statistical"``."""
        return "always" if self.share == 1.0 else "statistical"

    def __str__(self) -> str:
        return f"{'Always' if self.share == 1.0 else f'On at least {self.share:.0%} of seeds'}: {self.says}"


@dataclass(frozen=True)
class Card:
    """One failure of the gallery.

    Fields:
        number, title: as on the video's list.
        means: what happens, in plain words.
        naive, mitigation: how the service is built without and with the remedy.
        metric: which number shows it.
        where: ``"node"``, ``"network"`` or ``"outside"``: what fails first.
        loop: whether something keeps the damage going after the trigger has gone.
        params: the default knobs.
        simulate: ``(params, seed, mitigated, trace)`` to a simulation that has not run yet.
        until: how long a run lasts, in ms.
        measure: ``(simulation, params)`` to the numbers that show this failure.
        claims: what is promised of every result.
    """

    number: int
    title: str
    means: str
    naive: str
    mitigation: str
    metric: str
    where: str
    loop: bool
    params: Knobs
    simulate: Callable[..., Simulation]
    until: float
    measure: Callable[[Simulation, Any], Mapping[str, float]]
    claims: tuple[Claim, ...]

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """When it happened for real, with sources."""
        return INCIDENTS[self.number]

    def run(self, params: Any = None, seed: int = 0) -> Result:
        """The naive and the mitigated service on the same seed.

        Raises:
            TypeError: the parameters are another card's.
        """
        if params is None:
            params = self.params
        if type(params) is not type(self.params):
            wanted = type(self.params)
            raise TypeError(
                f"{params!r} are not the parameters of card {self.number}, {self.title}: write {wanted.__module__}."
                f"Params({', '.join(f'{one.name}={one.default!r}' for one in fields(wanted))})"
            )
        return Result(self.number, self.title, params, seed, *(self._once(params, seed, m) for m in (False, True)))

    def _once(self, params: Any, seed: int, mitigated: bool) -> Run:
        sim = self.simulate(params, seed, mitigated).run(until=self.until)
        monitor = sim.nodes.get(MONITOR)
        gauges: dict[str, list[float]] = {}
        for _, sample in getattr(monitor, "samples", ()):
            for name, value in sample.items():
                gauges.setdefault(name, []).append(value)
        return Run(judge(sim), dict(self.measure(sim, params)), gauges)
