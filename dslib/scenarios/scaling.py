"""Twice the workers, twice the work? The Universal Scalability Law, and a workshop that obeys it more or less.

N workers do as much in a second as ``usl(N, sigma, kappa)`` lone ones. ``sigma`` is *contention*: the share of the work
for which they queue. ``kappa`` is *coherency*: what it costs each pair to agree. With kappa above 0 there is a peak,
and beyond it more workers do less. Neil J. Gunther, "A Simple Capacity Model of Massively Parallel Transaction
Systems", CMG 1993; the same, "Guerrilla Capacity Planning", Springer 2007.

``workshop`` is a system of workers that share one ledger. Nothing of the law is built in: they queue, and they tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import fsum, inf, sqrt
from typing import NamedTuple

from ..clients import Request, ServiceClient
from ..history import Operation
from ..network import Exponential, Network
from ..node import Node
from ..services import Server
from ..simulation import Simulation


def usl(n: float, sigma: float, kappa: float) -> float:
    """How many lone workers are worth n together: n / (1 + sigma (n - 1) + kappa n (n - 1)).

    Raises:
        ValueError: n is below 1, or sigma or kappa is no share.
    """
    _check(sigma, kappa)
    if not n >= 1:
        raise ValueError(f"n is {n!r}: write how many workers there are, 1 or more")
    return n / (1 + sigma * (n - 1) + kappa * n * (n - 1))


def usl_peak(sigma: float, kappa: float) -> float:
    """The number of workers beyond which more do less: sqrt((1 - sigma) / kappa), at least 1; ``inf`` if kappa is 0.

    Raises:
        ValueError: sigma or kappa is no share.
    """
    _check(sigma, kappa)
    return max(1.0, sqrt((1 - sigma) / kappa)) if kappa > 0 else inf


def _check(sigma: float, kappa: float) -> None:
    for name, value in (("sigma", sigma), ("kappa", kappa)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value!r}: write a share from 0 to 1")


class Fit(NamedTuple):
    """A curve of the law through measurements: what one worker does alone, and the two costs.

    Fields:
        lone: operations a second of one worker, as measured.
        sigma, kappa: contention and coherency.
    """

    lone: float
    sigma: float
    kappa: float

    def at(self, n: float) -> float:
        """Operations a second of n workers, by the curve."""
        return self.lone * usl(n, self.sigma, self.kappa)

    @property
    def peak(self) -> float:
        """Where the curve is highest."""
        return usl_peak(self.sigma, self.kappa)

    def __str__(self) -> str:
        best = f"peak at {self.peak:.0f} workers" if self.peak < inf else "no peak"
        return f"sigma {self.sigma:.3f}, kappa {self.kappa:.5f}: {best}"


def fit_usl(workers: Sequence[float], done: Sequence[float]) -> Fit:
    """The curve through measurements of operations a second, the first of which is that of 1 worker.

    With C = done / done[0], (n / C - 1) / (n - 1) is sigma + kappa n: a straight line, fitted by least squares. Neither
    of the two may be below 0.

    Raises:
        ValueError: fewer than three measurements, the first is not of one worker, or one is not above 0.
    """
    if len(workers) != len(done) or len(workers) < 3:
        raise ValueError(
            f"there are {len(workers)} numbers of workers and {len(done)} measurements: write 3 or more of each"
        )
    if workers[0] != 1 or min(workers[1:]) <= 1:
        raise ValueError("the first measurement is that of one worker, and all others are of more")
    if not min(done) > 0:
        raise ValueError(f"{min(done)!r} operations a second: leave out what did nothing")
    points = [(n, (n / (x / done[0]) - 1) / (n - 1)) for n, x in zip(workers[1:], done[1:], strict=True)]
    mean_n, mean_y = (fsum(column) / len(points) for column in zip(*points, strict=True))
    spread = fsum((n - mean_n) ** 2 for n, _ in points)
    kappa = fsum((n - mean_n) * (y - mean_y) for n, y in points) / spread if spread else 0.0
    kappa = min(max(kappa, 0.0), 1.0)
    return Fit(done[0], min(max(mean_y - kappa * mean_n, 0.0), 1.0), kappa)


# -- a workshop --------------------------------------------------------------------------------------------------------


class Worker(ServiceClient):
    """Works alone for a while, then needs the ledger, and so on."""

    work: float = 10.0

    def on_start(self) -> None:
        """The first piece of work."""
        super().on_start()
        self._takes = Exponential(self.work)
        self.begin()

    def begin(self) -> None:
        """Work alone."""
        self.set_timer("worked", self._takes(self.random.random))

    def on_worked_timeout(self) -> None:
        """Into the ledger with it."""
        self.ask("enter")

    def finished(self, op: Operation) -> None:
        """The next piece."""
        self.begin()


class Ledger(Server):
    """One entry at a time. Before the next one, every other worker has to be told of it: ``tell`` ms for each."""

    entry: float = 0.5
    tell: float = 0.0
    readers: int = 0

    def work_ms(self, msg: Request) -> float:
        """To make the entry, and to tell the others."""
        return self.entry + self.tell * self.readers


def workshop(seed: int = 0, workers: int = 8, entry: float = 2.0, tell: float = 0.05) -> Simulation:
    """Workers who each take 10 ms for a piece on average, and then enter it into the ledger that they share.

    Raises:
        ValueError: the number of workers is not from 1 to 200, or a time is below 0.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= 200:
        raise ValueError(f"workers is {workers!r}: write a whole number from 1 to 200")
    for name, value in (("entry", entry), ("tell", tell)):
        if not 0 <= value <= 1_000:
            raise ValueError(f"{name} is {value!r}: write ms, from 0 to 1,000")
    ledger = Ledger("ledger", entry=entry, tell=tell, readers=workers - 1)
    hands: list[Node] = [Worker(f"w{i + 1}", service="ledger", timeout=1e7) for i in range(workers)]
    return Simulation(ledger, *hands, network=Network(latency=0), seed=seed, trace="off")


@cache
def pieces_a_second(
    seed: int = 0, workers: int = 8, entry: float = 2.0, tell: float = 0.05, seconds: float = 3.0
) -> float:
    """How much the workshop gets done. The first tenth of the time is not counted. Results are kept."""
    sim = workshop(seed, workers, entry, tell).run(until=1_000 * seconds)
    start = 100 * seconds
    return sum(op.completed is not None and op.completed > start for op in sim.history) / (0.9 * seconds)
