"""Workload B: a thousand nodes, each with an election timer of 150 to 300 ms that a heartbeat every 10 ms sets anew.

This is what Raft's followers do all day (Ongaro and Ousterhout 2014, section 5.2): nearly every timer is moved, nearly
none runs out. A simulator that leaves the old entry in its queue for each move drowns in entries that mean nothing.
"""

from __future__ import annotations

import contextlib
from random import Random
from typing import Any

from dslib import Node, Simulation
from dslib.simulation import SLACK

from .paired import Size, Turn, cost, ratios
from .table import Row

BEAT = 10.0


class Follower(Node):
    """Its heartbeat is a timer of its own, so that timers are all there is to measure."""

    beat: float

    def on_start(self) -> None:
        self.draw = self.random.random
        self.set_timer("heartbeat", self.beat * self.draw())
        self.set_timer("election", 150 + 150 * self.draw())

    def on_heartbeat_timeout(self) -> None:
        self.set_timer("heartbeat", self.beat)
        self.set_timer("election", 150 + 150 * self.draw())

    def on_election_timeout(self) -> None:
        raise AssertionError("a heartbeat came in time, and yet the timer ran out")


def dslib(size: Size) -> Turn:
    sim = Simulation(*(Follower(f"n{i}", beat=BEAT) for i in range(size.nodes)), seed=1, trace="off")
    sim.run(until=400)

    def turn(heartbeats: int) -> int:
        sim.run(until=sim.now + BEAT * heartbeats / size.nodes)
        return heartbeats

    return turn


def simpy_environment(size: Size) -> Any:
    """A process that waits for each node, and another that interrupts it."""
    import simpy

    env, random = simpy.Environment(), Random(1).random

    def follower() -> Any:
        while True:
            with contextlib.suppress(simpy.Interrupt):
                yield env.timeout(150 + 150 * random())

    def heart(patient: Any) -> Any:
        yield env.timeout(BEAT * random())
        while True:
            patient.interrupt()
            yield env.timeout(BEAT)

    for _ in range(size.nodes):
        env.process(heart(env.process(follower())))
    env.run(until=400)
    return env


def simpy_interrupt(size: Size) -> Turn:
    env = simpy_environment(size)

    def turn(heartbeats: int) -> int:
        env.run(until=env.now + BEAT * heartbeats / size.nodes)
        return heartbeats

    return turn


# -- how many entries stand in the queue ------------------------------------------------------------------------------


class Watch:
    """The most entries that ever stood in the queue, and the most allowed: two for each running timer, and SLACK."""

    def __init__(self) -> None:
        self.running = self.peak = 0
        self.worst = 0.0

    def look(self, sim: Simulation) -> None:
        pending = len(sim._queue)  # no messages in these runs: all are timers
        self.peak = max(self.peak, pending)
        self.worst = max(self.worst, pending / (2 * self.running + SLACK))


class Stormy(Node):
    """Sets, moves and cancels its timers in one handler after another, and looks at the queue after each step."""

    watch: Watch
    steps: int

    def on_start(self) -> None:
        self.set_timer("begin", 1)
        self.watch.running += 1

    def on_begin_timeout(self) -> None:
        self.watch.running -= 1
        self.storm()

    def storm(self) -> None:
        raise NotImplementedError

    def on_storm_timeout(self) -> None:
        self.watch.running -= 1
        self.look()

    def look(self) -> None:
        self.watch.look(self._sim)


class EverEarlier(Stormy):
    """Moves one timer to an earlier deadline, again and again."""

    def storm(self) -> None:
        self.watch.running += 1
        for step in range(self.steps):
            self.set_timer("storm", 2 * self.steps - step)
            self.look()


class SetAndCancel(Stormy):
    """A timer for each request, cancelled when the answer comes, which is at once."""

    def storm(self) -> None:
        for step in range(self.steps):
            self.set_timer("storm", 1_000, key=step)
            self.watch.running += 1
            self.look()
            self.cancel_timer("storm", key=step)
            self.watch.running -= 1
            self.look()


class AllAtOnce(Stormy):
    """Many timers, each moved to an earlier deadline, then all of them cancelled."""

    def storm(self) -> None:
        for deadline in (2_000, 1_000):
            for step in range(self.steps):
                self.set_timer("storm", deadline, key=step)
                self.watch.running += deadline == 2_000
                self.look()
        for step in range(self.steps):
            self.cancel_timer("storm", key=step)
            self.watch.running -= 1
            self.look()


class RingingOut(Stormy):
    """Many timers, each moved to an earlier deadline, then left to run out one by one."""

    def storm(self) -> None:
        for deadline in (2_000, 10):
            for step in range(self.steps):
                self.set_timer("storm", deadline + step, key=step)
                self.watch.running += deadline == 2_000
                self.look()


def storm(kind: type[Stormy], size: Size) -> Watch:
    watch = Watch()
    nodes = [kind(f"n{i}", steps=size.units // 5) for i in range(4)]
    sim = Simulation(*nodes, trace="off")
    for node in nodes:
        node.watch = watch  # not a setting: those are copied
    sim.run()
    return watch


class WatchedFollower(Follower):
    watch: Watch

    def on_heartbeat_timeout(self) -> None:
        super().on_heartbeat_timeout()
        self.watch.look(self._sim)


def heartbeats(beat: float, size: Size) -> Watch:
    """Long enough for the entries to pile up: an election timer's first entry comes up after 300 ms at most."""
    watch = Watch()
    nodes = [WatchedFollower(f"n{i}", beat=beat) for i in range(max(size.nodes // 5, 2))]
    watch.running = 2 * len(nodes)
    sim = Simulation(*nodes, seed=1, trace="off")
    for node in nodes:
        node.watch = watch
    sim.run(until=400)
    return watch


def rows(size: Size, simpy: str, progress: Any) -> list[Row]:
    """Goal 3. ``simpy`` says why SimPy is missing, if it is."""
    costs = []
    for repetition in range(size.repetitions if not simpy else 0):
        progress(f"B, timers: repetition {repetition + 1} of {size.repetitions}")
        designs = {"dslib": dslib(size), "SimPy": simpy_interrupt(size)}
        costs.append(cost(designs, size.units, size.rounds))
    found = [Row(3, "B, SimPy interrupt / dslib", (">=", 6.0), ratios(costs, "SimPy", "dslib"), not_run=simpy)]
    if not simpy:
        pending = len(simpy_environment(size)._queue)
        found.append(
            Row(
                None,
                "B, SimPy: entries in its queue for each running timer",
                None,
                [pending / (2 * size.nodes)],
                unit="",
            )
        )
    progress("B, timers: entries in the queue")
    watches = [(f"heartbeats every {beat:g} ms", heartbeats(beat, size)) for beat in (10, 1, 0.1)]
    watches += [(_words(kind), storm(kind, size)) for kind in (EverEarlier, SetAndCancel, AllAtOnce, RingingOut)]
    for what, watch in watches:
        what = f"B, {what}: entries, {watch.peak:,} at most / 2 for each running timer + {SLACK}"
        found.append(Row(3, what, ("<=", 1), [watch.worst], unit=""))
    return found


def _words(kind: type[Stormy]) -> str:
    return "".join(" " + c.lower() if c.isupper() else c for c in kind.__name__).strip()
