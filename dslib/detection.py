"""How good a failure detector is: how soon it finds a crash, and how often it suspects who lives.

Both can be had only at each other's cost: a short timeout notices sooner and suspects the innocent more often. Chen,
Toueg and Aguilera 2002 ("On the quality of service of failure detectors", IEEE Transactions on Computers 51(5), section
2) measure the two by the detection time and the rate of mistakes; so do we, on one link that jitters and loses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, nan
from random import Random
from typing import Any, NamedTuple

from .network import Exponential, Network
from .node import Node
from .protocols.heartbeats import Heartbeats
from .protocols.phi_accrual import PhiAccrual
from .simulation import Simulation

#: Between two heartbeats, in ms; before the crash, at least; and after it.
PERIOD_MS, CALM_MS, AFTER_MS = 100.0, 30_000, 15_000


class Detection(NamedTuple):
    """What one setting of a detector did, in one run or several.

    Fields:
        detector, setting: which one, and how it was set, in words: "heartbeats", "300 ms".
        detected_ms: for each crash, how long until it was suspected for good; ``inf`` if it never was.
        false_alarms: how often somebody who lived was suspected.
        watched_ms: how long somebody who lived was watched.
    """

    detector: str
    setting: str
    detected_ms: tuple[float, ...]
    false_alarms: int
    watched_ms: float

    @property
    def alarms_per_min(self) -> float:
        """False alarms in a minute of watching; ``nan`` if nobody was watched."""
        return self.false_alarms / (self.watched_ms / 60_000) if self.watched_ms else nan


class _Heartbeats(Heartbeats):
    """Writes down whom it suspects."""

    def on_start(self) -> None:
        super().on_start()
        self._trusted: tuple[str, ...] = ()

    def heard_from(self, names: tuple[str, ...]) -> None:
        super().heard_from(names)
        for peer in self.peers:
            if (peer in names) != (peer in self._trusted):
                self.log(f"{'trusts' if peer in names else 'suspects'} {peer}")
        self._trusted = names


def measure_heartbeats(
    timeouts_ms: Sequence[float], seeds: int | Iterable[int] = 20, latency: Any = None, loss: float = 0.05
) -> list[Detection]:
    """Heartbeats with each of these timeouts, on the same seeds. See :func:`measure_phi`."""
    numbers = _seeds(seeds)
    found = []
    for timeout in timeouts_ms:
        runs = [_watch(_Heartbeats, seed, latency, loss, period=PERIOD_MS, timeout=timeout) for seed in numbers]
        found.append(_detection("heartbeats", f"{timeout:g} ms", runs, ""))
    return found


def measure_phi(
    thresholds: Sequence[float], seeds: int | Iterable[int] = 20, latency: Any = None, loss: float = 0.05
) -> list[Detection]:
    """The φ accrual detector at each of these thresholds: one run a seed serves them all.

    One node watches another over a link; heartbeats come every 100 ms, and after half a minute the other one crashes.

    Args:
        thresholds: suspect at φ of that much.
        seeds: how many runs, or their seeds.
        latency: of the link, as in ``Network``; by default ``Exponential(mean=20, least=5)`` ms.
        loss: of the link.
    """
    runs = [
        _watch(PhiAccrual, seed, latency, loss, period=PERIOD_MS, thresholds=tuple(thresholds), look=5.0)
        for seed in _seeds(seeds)
    ]
    return [_detection("φ accrual", f"φ = {level:g}", runs, f": φ {{}} {level:g}") for level in thresholds]


def _seeds(seeds: int | Iterable[int]) -> list[int]:
    numbers = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    if not numbers:
        raise ValueError(f"seeds={seeds!r} are none: write how many runs, 1 or more, or their seeds")
    return numbers


def _watch(kind: type[Node], seed: int, latency: Any, loss: float, **settings: Any) -> tuple[Simulation, float]:
    """A run, and when the watched node crashed."""
    sim = Simulation(
        kind("monitor", peers=("watched",), **settings),
        kind("watched", peers=("monitor",), **settings),
        network=Network(latency=Exponential(mean=20, least=5) if latency is None else latency, loss=loss),
        seed=seed,
    )
    crash = CALM_MS + Random(f"{seed}/crash").randrange(1_000)
    sim.at(crash, sim.crash, "watched")
    return sim.run(until=crash + AFTER_MS), crash


def _detection(detector: str, setting: str, runs: Sequence[tuple[Simulation, float]], end: str) -> Detection:
    suspects, trusts = f"suspects watched{end.format('reaches')}", f"trusts watched{end.format('is below')}"
    detected, alarms = [], 0
    for sim, crash in runs:
        said = [(e.time, e.detail) for e in sim.trace.where(kind="log", src="monitor")]
        turns = [(time, detail == suspects) for time, detail in said if detail in (suspects, trusts)]
        alarms += sum(suspected and time < crash for time, suspected in turns)
        last = turns[-1] if turns else (0.0, False)
        detected.append(max(0.0, last[0] - crash) if last[1] else inf)
    return Detection(detector, setting, tuple(detected), alarms, sum(crash for _, crash in runs))
