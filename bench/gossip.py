"""Workload C: a rumour among many. Whoever hears it for the first time tells it to all whom he knows.

The graph is random: everybody knows four others and is known by four on average, so the mean degree is 8, and it hangs
together. It is flooded: eight messages for each person, most of them on their way at once. A simulator that is quick
with a thousand nodes may be slow here, because neither its nodes nor its queue fit into the processor's caches.

Each design runs in a process of its own, so that it has the garbage collector and the memory that it would have if a
student ran it; but they take turns, a few ms of simulated time each, so that what slows the machine down slows them
all. Seconds are CPU time; the building of the graph and the nodes comes before and is not in them. Memory is the most
that the whole process ever held (resident set, interpreter and graph included).
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, NamedTuple

from dslib import Message, Network, Node, Simulation
from dslib.simulation import SELDOM

from .table import Row

KNOWN = 4
LEAST, MOST = 5.0, 15.0  # ms on the way
TURN = 2.0  # ms of simulated time
END = 300.0  # ms: the last have heard it long before
ROOT = Path(__file__).resolve().parent.parent

#: How many people, and how many times.
SIZES = {
    "tiny": {200: 2},
    "default": {10_000: 3, 100_000: 2},
    "large": {10_000: 5, 100_000: 3, 1_000_000: 1},
}

#: The goals: seconds, megabytes, and how much longer SimPy takes.
SECONDS = {100_000: 5.0, 1_000_000: 30.0}
MEGABYTES = {100_000: 150.0, 1_000_000: 1_200.0}
TIMES_SIMPY = {1_000_000: 4.0}


class Design(NamedTuple):
    """A rumour about to spread: ``run(until)`` a time in ms, and how many have ``heard()`` it by then."""

    run: Callable[[float], object]
    heard: Callable[[], int]


def graph(people: Sequence[Any]) -> list[tuple[Any, ...]]:
    """For each of these people, whom he knows."""
    random = Random(len(people))
    known: list[Any] = [[] for _ in people]
    for number, person in enumerate(people):
        for other in random.sample(range(len(people) - 1), KNOWN):
            other += other >= number
            known[number].append(people[other])
            known[other].append(person)
    for number, row in enumerate(known):  # one by one, so that they never stand in memory twice
        known[number] = tuple(row)
    return known


# -- dslib ----------------------------------------------------------------------------------------------------------


class Rumour(Message):
    text: str


class Person(Node):
    def on_start(self) -> None:
        self.heard = False
        if self.name == "p0":
            self.on_rumour("", Rumour("King Midas has the ears of an ass"))

    def on_rumour(self, src: str, msg: Rumour) -> None:
        if not self.heard:
            self.heard = True
            self.broadcast(msg)


def dslib(people: int, queue: str = "bucketed") -> Design:
    names = [f"p{i}" for i in range(people)]
    nodes = map(Person, names, graph(names))
    network = Network(latency=(LEAST, MOST), streams="shared")
    sim = Simulation(*nodes, network=network, seed=1, trace="off", queue=queue)
    return Design(lambda until: sim.run(until=until), lambda: sum(node.heard for node in sim.nodes.values()))


# -- the bare loop, and SimPy ------------------------------------------------------------------------------------------


def bare(people: int) -> Design:
    """A heap of (time, number, function, person), one call and one random number for each message; nothing else."""
    queue: list[Any] = []
    random = Random(1).random
    known, heard = graph(range(people)), bytearray(people)
    now, number = 0.0, 0

    def hear(person: int) -> None:
        nonlocal number
        if not heard[person]:
            heard[person] = True
            for friend in known[person]:
                number += 1
                heappush(queue, (now + LEAST + (MOST - LEAST) * random(), number, hear, friend))

    def run(until: float) -> None:
        nonlocal now
        while queue and queue[0][0] <= until:
            now, _, do, person = heappop(queue)
            do(person)

    hear(0)
    return Design(run, lambda: sum(heard))


def simpy_callbacks(people: int) -> Design:
    """The quickest that SimPy can do: a time-out and a function, no process, no message, nothing of a network."""
    import simpy

    env, random = simpy.Environment(), Random(1).random
    known, heard = graph(range(people)), bytearray(people)

    def hear(event: Any) -> None:
        person = event._value
        if not heard[person]:
            heard[person] = True
            for friend in known[person]:
                simpy.Timeout(env, LEAST + (MOST - LEAST) * random(), friend).callbacks.append(hear)

    simpy.Timeout(env, 0, 0).callbacks.append(hear)
    return Design(lambda until: env.run(until=until), lambda: sum(heard))


def simpy_seldom_collecting(people: int) -> Design:
    """The same; its process lets Python look for garbage as seldom as dslib does during a run."""
    return simpy_callbacks(people)


def one_heap(people: int) -> Design:
    """dslib without buckets, as it is if nobody asks for them."""
    return dslib(people, queue="heap")


DESIGNS: dict[str, Callable[[int], Design]] = {
    "dslib": dslib,
    "dslib, one heap": one_heap,
    "bare": bare,
    "SimPy": simpy_callbacks,
    "SimPy, seldom collecting": simpy_seldom_collecting,
}


# -- a process for each, and their turns -------------------------------------------------------------------------------


class Spread(NamedTuple):
    """What one run took: CPU seconds to build and to run, and megabytes (None where the system does not tell)."""

    build: float
    run: float
    megabytes: float | None


class Runner:
    """The other end of a process that runs one design."""

    def __init__(self, name: str, people: int) -> None:
        command = [sys.executable, "-m", "bench.gossip", name, str(people)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, until: float) -> None:
        assert self.process.stdin is not None
        print(until, file=self.process.stdin, flush=True)

    def answer(self) -> Any:
        """Wait for what it has to say."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(map(str, self.process.args))} ended early; its error stands above")
        return json.loads(line)


def serve(name: str, people: int) -> None:
    """What such a process does: build, then one turn for each line that it reads, then tell about the whole."""
    if DESIGNS[name] is simpy_seldom_collecting:
        gc.set_threshold(*SELDOM)
    begun = process_time()
    design = DESIGNS[name](people)
    build, run = process_time() - begun, 0.0
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        begun = process_time()
        design.run(float(line))
        run += process_time() - begun
        print(json.dumps(Spread(build, run, peak_megabytes())), flush=True)
        if float(line) == END and design.heard() != people:
            raise AssertionError(f"{name}: only {design.heard():,} of {people:,} heard the rumour by {END:g} ms")


def peak_megabytes() -> float | None:
    """The most memory that this process ever held, as Linux counts it since the program began."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return next(float(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("VmHWM"))


def race(names: Sequence[str], people: int) -> dict[str, Spread]:
    """Let each of these designs spread a rumour, in turns."""
    with ExitStack() as stack:
        runners = {}
        for name in names:  # built one after the other
            runners[name] = stack.enter_context(Runner(name, people))
            runners[name].answer()
        spread: dict[str, Spread] = {}
        order = deque(names)
        for turn in range(1, round(END / TURN) + 1):
            for name in order:
                runners[name].ask(turn * TURN)
                spread[name] = Spread(*runners[name].answer())
            order.rotate(1)
        for name, runner in runners.items():
            runner.process.communicate()
            if runner.process.returncode:
                raise RuntimeError(f"{name} failed; its error stands above")
    return spread


def rows(size: str, simpy: str, progress: Any) -> list[Row]:
    """Goal 4. ``simpy`` says why SimPy is missing, if it is."""
    found = []
    for people, repetitions in SIZES[size].items():
        races = []
        for repetition in range(repetitions):
            progress(f"C, a rumour among {people:,}: repetition {repetition + 1} of {repetitions}")
            races.append(race([name for name in DESIGNS if not (simpy and name.startswith("SimPy"))], people))
        found += _rows(people, races, simpy)
    return found


def _rows(people: int, races: list[dict[str, Spread]], simpy: str) -> list[Row]:
    what = f"C, a rumour among {people:,}"

    def bound(sign: str, goals: dict[int, float]) -> tuple[str, float] | None:
        return (sign, goals[people]) if people in goals else None

    def seconds(name: str) -> list[float]:
        return [one[name].run for one in races]

    def memory(name: str) -> list[float]:
        return [one[name].megabytes or 0.0 for one in races]

    def ratio(name: str, base: str) -> list[float]:
        return [one[name].run / one[base].run for one in races]

    against = [] if simpy else ratio("SimPy", "dslib")
    no_memory = "" if peak_megabytes() else "this system has no /proc/self/status, where Linux tells it"
    others = [name for name in DESIGNS if name in races[0] and name != "dslib"]
    found = [
        Row(4, f"{what}, seconds", bound("<=", SECONDS), seconds("dslib"), unit=" s"),
        Row(4, f"{what}, memory", bound("<=", MEGABYTES), memory("dslib"), unit=" MB", not_run=no_memory),
        Row(4, f"{what}, SimPy callbacks / dslib", bound(">=", TIMES_SIMPY), against, not_run=simpy),
        Row(4, f"{what}, dslib / bare loop", None, ratio("dslib", "bare")),
        Row(4, "  to build its nodes", None, [one["dslib"].build for one in races], unit=" s"),
    ]
    for name in others:
        found += [
            Row(4, f"  {name}: seconds", None, seconds(name), unit=" s"),
            Row(4, f"  {name}: memory", None, memory(name), unit=" MB", not_run=no_memory),
        ]
    return found


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
