"""Heartbeats: say "I am here" at regular times, and suspect whoever has been silent for too long.

A failure detector in the sense of Chandra and Toueg 1996 ("Unreliable failure detectors for reliable distributed
systems", JACM 43(2)): it can be wrong, because silence is no proof of death. A short timeout notices sooner and
suspects the innocent more often.
"""

from __future__ import annotations

from random import Random

from ..nemesis import nemesis
from ..network import Network
from ..node import Message
from ..simulation import Simulation
from ..trials import Trial
from .majority import Member


class Heartbeat(Message):
    """I am here."""

    summary: int = 0


class Heartbeats(Member):
    """Sends a heartbeat to all every ``period`` ms and suspects a peer that was silent for ``timeout`` ms.

    Nodes do not beat in step: the first heartbeat comes at a random moment of the first period.
    """

    period: float = 1_000.0
    timeout: float = 1_500.0

    @property
    def suspected(self) -> tuple[str, ...]:
        """The peers that are not heard now: what the detector outputs."""
        return tuple(peer for peer in self.peers if peer not in self._heard)

    def on_start(self) -> None:
        """Nobody has been heard yet."""
        super().on_start()
        self._heard: dict[str, None] = {self.name: None} if self.count_self else {}
        self.set_timer("beat", self.random.random() * self.period)

    def on_beat_timeout(self) -> None:
        """A sign of life to everybody."""
        self.broadcast(Heartbeat(self.summary()))
        self.set_timer("beat", self.period)

    def on_heartbeat(self, src: str, msg: Heartbeat) -> None:
        """It lives. Its silence is counted from now."""
        self.set_timer("silence", self.timeout, src, key=src)
        if src not in self._heard:
            self._heard[src] = None
            self.heard_from(tuple(self._heard))
        self.compare(src, msg.summary)

    def on_silence_timeout(self, peer: str) -> None:
        """Silent for too long: suspected until it is heard again."""
        del self._heard[peer]
        self.heard_from(tuple(self._heard))


# -- the trial: strong completeness and eventual strong accuracy, a detector of class ◇P -------------------------------


class NeverSuspects(Heartbeats):
    """Takes silence for nothing: who crashed is trusted for ever, so completeness is gone."""

    def on_silence_timeout(self, peer: str) -> None:
        """Wrong: no suspicion."""


class NeverForgives(Heartbeats):
    """Suspects for good: whoever was cut off for a while is dead to it, so accuracy never comes back."""

    def on_heartbeat(self, src: str, msg: Heartbeat) -> None:
        """Wrong: a sign of life of a suspect counts for nothing."""
        if src not in self.__dict__.setdefault("_buried", {}):
            super().on_heartbeat(src, msg)

    def on_silence_timeout(self, peer: str) -> None:
        """Wrong: remembered as dead."""
        super().on_silence_timeout(peer)
        self.__dict__.setdefault("_buried", {})[peer] = None


class Impatient(Heartbeats):
    """Waits for less than a period: it suspects everybody between two heartbeats."""

    timeout = 700.0


class CountsFromTheFirst(Heartbeats):
    """Counts the silence from the first heartbeat, not from the last: everybody is suspected sooner or later."""

    def on_heartbeat(self, src: str, msg: Heartbeat) -> None:
        """Wrong: the timer that runs is not set again."""
        if src not in self._heard:
            super().on_heartbeat(src, msg)


def _build(seed: int, kind: type[Heartbeats]) -> Simulation:
    """Four nodes; the nemesis comes and goes, then one node crashes for good."""
    dice = Random(f"{seed}/trial")
    names = ("r1", "r2", "r3", "r4")
    sim = Simulation(
        *(kind(name, peers=[peer for peer in names if peer != name]) for name in names),
        network=Network(latency=(5, 105)),
        seed=seed,
        trace="off",
    )
    kinds = ("crash", "pause", "cut", "partition")
    sim.set_faults(nemesis(sim, seed, until=5_000, kinds=kinds, every_ms=1_000, for_ms=(500, 3_000)))
    sim.at(dice.randint(5_000, 6_000), sim.crash, dice.choice(names))
    return sim


def _judge(sim: Simulation) -> str:
    """All faults are long past: who is down is suspected by everybody, who is up by nobody (figure 1 of the paper)."""
    last = {fault.args[0]: fault.call for fault in sim.faults if fault.call in ("crash", "restart")}
    down = [name for name, call in last.items() if call == "crash"]
    living = [node for node in sim.nodes.values() if isinstance(node, Heartbeats) and node.name not in down]
    for node in living:
        for peer in node.peers:
            if (peer in node.suspected) != (peer in down):
                what = "completeness" if peer in down else "accuracy"
                return f"{what}: in the end {node.name} {'trusts' if peer in down else 'suspects'} {peer}"
    return ""


TRIAL = Trial(
    name="heartbeats",
    build=_build,
    until_ms=9_000,
    judge=_judge,
    right=Heartbeats,
    wrong=(NeverSuspects, NeverForgives, Impatient, CountsFromTheFirst),
)
