"""The φ accrual failure detector: not "dead" or "alive", but how unlikely this silence is.

Hayashibara, Défago, Yared, Katayama 2004 ("The φ accrual failure detector", SRDS, pages 66-78). A monitor keeps a
window of the intervals between the last heartbeats, so it knows what silence is usual on this very link. Its output, φ,
only grows while nothing comes: whoever asks compares it with a threshold of their own. φ = 1 is a mistake in about 10 %
of cases, φ = 2 in 1 %, φ = 3 in 0.1 %, if intervals are distributed as assumed (section IV-A).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import erfc, fsum, inf, isfinite, log, log10, pi, sqrt
from random import Random
from typing import Any

from ..clocks import Clock
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial

#: Beyond so many deviations P_later comes near the smallest double, and its expansion for large z takes over.
FAR = 30.0


def phi(elapsed: float, mean: float, deviation: float) -> float:
    """-log10 of P_later(elapsed), the probability that a heartbeat comes later than that (sections IV-A and IV-B).

    P_later(t) = 1 - F(t), with F the normal distribution of that ``mean`` and ``deviation`` (all in ms). Rounded to
    10^-6, because ``erfc`` differs in its last digits between C libraries.
    """
    z = (elapsed - mean) / deviation
    if z < FAR:
        return abs(round(log10(erfc(z / sqrt(2)) / 2), 6))
    return round(z * z / 2 / log(10) + log10(z * sqrt(2 * pi)) - log10(1 - 1 / (z * z)), 6)


class Beat(Message):
    """I am here, for the ``number``-th time. (Counted on the disk: who restarts goes on counting.)"""

    number: int


class PhiAccrual(Node):
    """Sends a heartbeat to all peers every ``period`` ms, and has a suspicion level for each of them.

    Args:
        period: ms between two heartbeats.
        window: how many of the last intervals are kept, for each peer.
        thresholds: the levels that interest somebody; passing one, either way, goes into the trace's log.
        look: ms between two looks at all levels.
        least_deviation: ms; a floor under the measured deviation. (Not in the paper: without it, intervals that are all
            alike make one that is 1 ms longer infinitely suspicious. Deployed detectors have such a floor.)

    Raises:
        ValueError: no peers, a time that is not above 0, a window of less than one interval, no threshold above 0.
    """

    period: float = 100.0
    window: int = 100
    thresholds: tuple[float, ...] = (1.0, 3.0, 8.0)
    look: float = 20.0
    least_deviation: float = 5.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.peers:
            raise ValueError(f"monitor {name!r} has nobody to watch: write peers=('r2', 'r3')")
        for what in ("period", "look", "least_deviation"):
            ms = getattr(self, what)
            if not (isfinite(ms) and ms > 0):
                raise ValueError(f"monitor {name!r} has {what}={ms!r}: write ms, above 0")
        if isinstance(self.window, bool) or not isinstance(self.window, int) or self.window < 1:
            raise ValueError(f"monitor {name!r} has window={self.window!r}: write how many intervals, 1 or more")
        if not self.thresholds or not all(0 < level < inf for level in self.thresholds):
            raise ValueError(f"monitor {name!r} has thresholds={self.thresholds!r}: write levels above 0, (1.0, 8.0)")

    def on_start(self) -> None:
        """Until something is measured, expect the first heartbeat after one period."""
        now = self.clock.monotonic()
        self._number = self.disk.get("number", 0)
        self._newest = dict.fromkeys(self.peers, -1)
        self._last = dict.fromkeys(self.peers, now)
        self._intervals = {peer: deque([self.period], self.window) for peer in self.peers}
        self._usual = {peer: self.estimate(peer) for peer in self.peers}
        self.levels = dict.fromkeys(self.peers, 0.0)
        self.set_timer("beat", self.random.random() * self.period)
        self.set_timer("look", self.look)

    def on_beat_timeout(self) -> None:
        """A sign of life to everybody."""
        self._number = self.disk["number"] = self._number + 1
        self.broadcast(Beat(self._number))
        self.set_timer("beat", self.period)

    def on_beat(self, src: str, msg: Beat) -> None:
        """Monitoring: the interval since the last heartbeat enters the window, the oldest leaves it (section IV-B)."""
        if msg.number <= self._newest.get(src, inf):  # a copy, overtaken by a newer one, or a stranger's
            return
        now = self.clock.monotonic()
        self._intervals[src].append(now - self._last[src])
        self._newest[src], self._last[src] = msg.number, now
        self._usual[src] = self.estimate(src)
        self.rate(src)

    def estimate(self, peer: str) -> tuple[float, float]:
        """Mean and standard deviation of the intervals in the window, in ms (section IV-B)."""
        intervals = self._intervals[peer]
        mean = fsum(intervals) / len(intervals)
        variance = fsum((interval - mean) * (interval - mean) for interval in intervals) / len(intervals)
        return mean, max(sqrt(variance), self.least_deviation)

    def on_look_timeout(self) -> None:
        """How suspicious is everybody by now?"""
        for peer in self.peers:
            self.rate(peer)
        self.set_timer("look", self.look)

    def rate(self, peer: str) -> None:
        """φ(now) = -log10 P_later(now - last) (section IV-A)."""
        before, now = self.levels[peer], phi(self.clock.monotonic() - self._last[peer], *self._usual[peer])
        self.levels[peer] = now
        for threshold in self.thresholds:
            if before < threshold <= now:
                self.log(f"suspects {peer}: φ reaches {threshold:g}")
            elif now < threshold <= before:
                self.log(f"trusts {peer}: φ is below {threshold:g}")

    def suspected(self, threshold: float) -> tuple[str, ...]:
        """Whom somebody with that threshold suspects. The monitor only measures; any number of them may ask."""
        return tuple(peer for peer in self.peers if self.levels[peer] >= threshold)


# -- the trial: asymptotic completeness and the upper bound of section III, at the most cautious threshold -------------


class ExpectsClockwork(PhiAccrual):
    """Assumes that intervals are as planned instead of measuring them: what is usual here is suspicious to it."""

    def estimate(self, peer: str) -> tuple[float, float]:
        """Wrong: a fixed mean and deviation."""
        return self.period, self.least_deviation


class OnlyTheLastInterval(PhiAccrual):
    """Keeps no window but the last interval: after a short one, the next of usual length is suspicious."""

    def estimate(self, peer: str) -> tuple[float, float]:
        """Wrong: one interval has no deviation."""
        return self._intervals[peer][-1], self.least_deviation


class RatesArrivals(PhiAccrual):
    """Rates a peer only when it is heard: from the dead nothing comes, so they are never suspected."""

    def on_look_timeout(self) -> None:
        """Wrong: silence is not looked at."""


class NeverResets(PhiAccrual):
    """Lets suspicion grow and never fall: a heartbeat does not clear whoever was suspected (property Reset)."""

    def rate(self, peer: str) -> None:
        """Wrong: the highest level stays."""
        before = self.levels[peer]
        super().rate(peer)
        self.levels[peer] = max(before, self.levels[peer])


#: From then on every window holds nothing but calm times, in ms.
SETTLED_MS = 4_500


def _down(sim: Simulation) -> list[str]:
    last = {f.args[0]: f.call for f in sim.faults if f.call in ("crash", "restart") and f.at <= sim.now}
    return [name for name, call in last.items() if call == "crash"]


def _mistake(sim: Simulation) -> str:
    """A living process that a living one suspects although all is calm, if there is any."""
    down = _down(sim)
    for node in sim.nodes.values():
        if isinstance(node, PhiAccrual) and node.name not in down:
            for peer in node.suspected(max(node.thresholds)):
                if peer not in down:
                    return f"accuracy: {node.name} gives {peer}, which lives, φ = {node.levels[peer]:g}"
    return ""


def levels_of_the_living_are_bounded(sim: Simulation) -> bool:
    """Upper bound (section III), once all is calm."""
    return sim.now < SETTLED_MS or not _mistake(sim)


def _build(seed: int, kind: type[PhiAccrual]) -> Simulation:
    """Three nodes whose links jitter, each run by another amount; troubles early, one crash for good late."""
    dice = Random(f"{seed}/trial")
    names = ("r1", "r2", "r3")
    sim = Simulation(
        *(kind(name, peers=[peer for peer in names if peer != name], window=25, look=50.0) for name in names),
        network=Network(latency=(5, 5 + dice.randint(40, 90))),
        seed=seed,
        trace="off",
    )
    sim.set_faults(nemesis(sim, seed, until=1_500, kinds=("crash", "pause", "cut"), every_ms=400, for_ms=(100, 600)))
    sim.at(dice.randint(SETTLED_MS, SETTLED_MS + 1_000), sim.crash, dice.choice(names))
    sim.always(levels_of_the_living_are_bounded)
    return sim


def _judge(sim: Simulation) -> str:
    """Asymptotic completeness (section III): by now the dead are beyond every threshold. And the living are not."""
    down = _down(sim)
    for node in sim.nodes.values():
        if isinstance(node, PhiAccrual) and node.name not in down:
            for peer in down:
                if node.levels[peer] < max(node.thresholds):
                    return f"completeness: {node.name} gives {peer}, which is dead, φ = {node.levels[peer]:g}"
    return _mistake(sim)


TRIAL = Trial(
    name="phi_accrual",
    build=_build,
    until_ms=7_500,
    judge=_judge,
    right=PhiAccrual,
    wrong=(ExpectsClockwork, OnlyTheLastInterval, RatesArrivals, NeverResets),
)
