"""Workload D: one till and a queue before it (M/M/1). Customers come at random, and how long each takes is random.

Both times are exponentially distributed; the till is busy 80 % of the time. Written for dslib as a student would write
it, with two timers; as the bare loop; and for SimPy with a process for each customer and a Resource, as its own
documentation does it. dslib's node and the bare loop throw the same dice, so every single customer must wait exactly
as long in both. How long they wait on average is known (Kleinrock 1975, "Queueing Systems" I, section 3.2):
rho / (1 - rho) times the mean service.

A line without a goal says what the same till costs as a ``Server`` to which a ``LoadClient`` sends its customers:
requests, replies, time-outs and a history, which the others do without.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from math import fsum, log, sqrt
from random import Random
from statistics import mean, variance
from typing import Any, NamedTuple

from dslib import Network, Node, Simulation
from dslib.clients import LoadClient
from dslib.links import Exponential
from dslib.services import Server

from .paired import SIZES, Turn, cost, ratios
from .table import Row

SERVICE = 1.0  # ms, on average
INTERARRIVAL = 1.25
RHO = SERVICE / INTERARRIVAL
THEORY = RHO / (1 - RHO) * SERVICE  # the mean wait in ms
SEED = 1

#: How many customers the statistics are about. The first are left out, because the queue is empty before them.
CUSTOMERS = {"tiny": 25_000, "default": 1_000_000, "large": 1_000_000}
WARM_UP = 10_000

#: Those after the warm-up are counted in batches, long enough to be as good as independent of one another.
BATCHES = 30
STUDENT_T = 2.756  # the 99.5 % quantile of Student's t with 29 degrees of freedom


class Queue(NamedTuple):
    """A program that goes on for about so many customers, and how long each customer had to wait until now."""

    turn: Turn
    waits: list[float]


# -- dslib ----------------------------------------------------------------------------------------------------------


class Till(Node):
    """Serves one customer after another, in the order in which they came."""

    waits: list[float]

    def on_start(self) -> None:
        self.draw = self.random.random
        self.line: deque[float] = deque()  # when each of those who stand in it came
        self.busy = False
        self.set_timer("arrival", -INTERARRIVAL * log(1.0 - self.draw()))

    def on_arrival_timeout(self) -> None:
        self.set_timer("arrival", -INTERARRIVAL * log(1.0 - self.draw()))
        if self.busy:
            self.line.append(self.clock.read())
        else:
            self.busy = True
            self.serve(self.clock.read())

    def serve(self, came: float) -> None:
        self.waits.append(self.clock.read() - came)
        self.set_timer("service", -SERVICE * log(1.0 - self.draw()))

    def on_service_timeout(self) -> None:
        if self.line:
            self.serve(self.line.popleft())
        else:
            self.busy = False


def dslib() -> Queue:
    waits: list[float] = []
    till = Till("till")
    till.waits = waits  # not a setting: those are copied
    sim = Simulation(till, seed=SEED, trace="off")

    def turn(customers: int) -> int:
        before = len(waits)
        sim.run(until=sim.now + INTERARRIVAL * customers)
        return len(waits) - before

    return Queue(turn, waits)


def services() -> Turn:
    """The ready-made parts. Its turns are counted in operations asked, nearly all of which are answered in it too."""
    till = Server("till", workers=1, service=Exponential(SERVICE))
    customers = LoadClient("customers", service="till", rate=1_000 / INTERARRIVAL)
    sim = Simulation(till, customers, network=Network(latency=0.5), seed=SEED, trace="off")

    def turn(operations: int) -> int:
        before = len(sim.history)
        sim.run(until=sim.now + INTERARRIVAL * operations)
        return len(sim.history) - before

    return turn


# -- the bare loop, and SimPy ------------------------------------------------------------------------------------------


def bare() -> Queue:
    """A heap of (time, number, function) and one call for each event; nothing else."""
    queue: list[Any] = []
    line: deque[float] = deque()
    waits: list[float] = []
    draw = Random(f"{SEED}/node/till").random
    now, number, busy = 0.0, 0, False

    def arrive() -> None:
        nonlocal number, busy
        number += 1
        heappush(queue, (now - INTERARRIVAL * log(1.0 - draw()), number, arrive))
        if busy:
            line.append(now)
        else:
            busy = True
            serve(now)

    def serve(came: float) -> None:
        nonlocal number
        waits.append(now - came)
        number += 1
        heappush(queue, (now - SERVICE * log(1.0 - draw()), number, leave))

    def leave() -> None:
        nonlocal busy
        if line:
            serve(line.popleft())
        else:
            busy = False

    def turn(customers: int) -> int:
        nonlocal now
        before, until = len(waits), now + INTERARRIVAL * customers
        while queue[0][0] <= until:
            now, _, do = heappop(queue)
            do()
        now = until
        return len(waits) - before

    heappush(queue, (-INTERARRIVAL * log(1.0 - draw()), number, arrive))
    return Queue(turn, waits)


def simpy_resource() -> Queue:
    import simpy

    env, draw = simpy.Environment(), Random(SEED).random
    till = simpy.Resource(env)
    waits: list[float] = []

    def customer() -> Any:
        came = env.now
        with till.request() as turn_to_be_served:
            yield turn_to_be_served
            waits.append(env.now - came)
            yield env.timeout(-SERVICE * log(1.0 - draw()))

    def source() -> Any:
        while True:
            yield env.timeout(-INTERARRIVAL * log(1.0 - draw()))
            env.process(customer())

    def turn(customers: int) -> int:
        before = len(waits)
        env.run(until=env.now + INTERARRIVAL * customers)
        return len(waits) - before

    env.process(source())
    return Queue(turn, waits)


# -- statistics --------------------------------------------------------------------------------------------------------


def interval(waits: list[float]) -> tuple[float, float]:
    """The mean of these waits, and half the width of its 99 % interval, by the means of batches.

    One customer waits about as long as the one before: whoever takes them for independent believes to know more than
    he does. (Law 2015, "Simulation Modeling and Analysis", section 9.5.3.)
    """
    length = len(waits) // BATCHES
    means = [fsum(waits[i * length : (i + 1) * length]) / length for i in range(BATCHES)]
    return mean(means), STUDENT_T * sqrt(variance(means) / BATCHES)


def served(queue: Queue, customers: int) -> list[float]:
    while len(queue.waits) < customers:
        queue.turn(1_000)
    return queue.waits[:customers]


def rows(size: str, simpy: str, progress: Any) -> list[Row]:
    """Goal 6. ``simpy`` says why SimPy is missing, if it is."""
    effort, customers = SIZES[size], CUSTOMERS[size]
    costs, ready_made = [], []
    for repetition in range(effort.repetitions):
        progress(f"D, a queue: repetition {repetition + 1} of {effort.repetitions}")
        designs = {"dslib": dslib().turn, "bare": bare().turn}
        if not simpy:
            designs["SimPy"] = simpy_resource().turn
        costs.append(cost(designs, effort.units, effort.rounds))
        # Fewer, because the history keeps each of them.
        ready_made.append(cost({"services": services(), "bare": bare().turn}, effort.units // 10, effort.rounds))
    progress(f"D, a queue: the wait of {customers:,} customers")
    ours, theirs = served(dslib(), customers), served(bare(), customers)
    found, half = interval(ours[WARM_UP:])
    other = sum(a != b for a, b in zip(ours, theirs, strict=True))
    measured = [] if simpy else ratios(costs, "SimPy", "dslib")
    wait = f"D, mean wait of {customers:,} customers, {found:.3f} ± {half:.3f} ms: off theory's {THEORY:.3f} / 99 % ±"
    same = "D, customers who wait another time than in the bare loop, on the same dice"
    return [
        Row(6, "D, M/M/1 with two timers / bare loop", ("<=", 1.9), ratios(costs, "dslib", "bare")),
        Row(6, "D, SimPy Resource / dslib", (">=", 4.5), measured, not_run=simpy),
        Row(6, "D, Server and LoadClient with a history / bare loop", None, ratios(ready_made, "services", "bare")),
        Row(6, wait, ("<=", 1.0), [abs(found - THEORY) / half], unit=""),
        Row(6, same, ("<=", 0), [other], unit=""),
    ]
