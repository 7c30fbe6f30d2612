"""Servers and the load on them keep the laws of queues.

The seeds are fixed, so each of these intervals holds the truth or it does not, for ever. They were written down before
the first run and not chosen; ``prove_queueing.py`` does it again with a million customers.
"""

from itertools import pairwise
from math import factorial, fsum, sqrt
from statistics import mean, variance

import pytest

from dslib import Exponential, Network, Simulation
from dslib.clients import LoadClient
from dslib.services import Server

SERVICE_MS = 10.0
PATIENCE_MS = 60_000.0  # so long that nobody ever gives up
WARM_UP = 2_000  # the first customers find an empty queue: they say little about a long run

BATCHES = 30
STUDENT_T = 2.756  # the 99.5 % quantile of Student's t with 29 degrees of freedom


def erlang_c(servers: int, load: float) -> float:
    """The probability to have to wait in M/M/c; the load in Erlang. (Kleinrock 1975, section 3.5.)"""
    full = load**servers / factorial(servers) * servers / (servers - load)
    return full / (fsum(load**k / factorial(k) for k in range(servers)) + full)


def mean_wait(workers: int, rho: float) -> float:
    """How long a customer of M/M/c waits for a worker, in ms, on average."""
    return erlang_c(workers, workers * rho) * SERVICE_MS / (workers * (1 - rho))


def sojourns(workers: int, rho: float, customers: int, seed: int, service_ms: float = SERVICE_MS) -> list[float]:
    """How long each customer was there, waiting and being served, as the customers themselves report it."""
    per_second = workers * rho / SERVICE_MS * 1_000
    stop = 1_000 * customers / per_second
    sim = Simulation(
        Server("server", workers=workers, service=Exponential(mean=service_ms)),
        LoadClient("users", service="server", rate=per_second, timeout=PATIENCE_MS, stop=stop),
        network=Network(latency=0),
        seed=seed,
        trace="off",
    )
    sim.run(until=stop + PATIENCE_MS)
    assert all(op.status == "ok" for op in sim.history)
    return [op.completed - op.invoked for op in sim.history][WARM_UP:]


def interval(values: list[float]) -> tuple[float, float]:
    """The mean, and half the width of its 99 % interval, by the means of batches.

    One customer waits about as long as the one before: only long batches are as good as independent.
    (Law 2015, "Simulation Modeling and Analysis", section 9.5.3.)
    """
    length = len(values) // BATCHES
    means = [fsum(values[i * length : (i + 1) * length]) / length for i in range(BATCHES)]
    return mean(means), STUDENT_T * sqrt(variance(means) / BATCHES)


def off(workers: int, rho: float, customers: int, seed: int, service_ms: float = SERVICE_MS) -> float:
    """How far the mean wait in the queue is off theory, in half widths of its interval; also says how wide that is."""
    found, half = interval(sojourns(workers, rho, customers, seed, service_ms))
    wait, theory = found - SERVICE_MS, mean_wait(workers, rho)
    print(f"M/M/{workers}, rho {rho}: waits {wait:.3f} ± {half:.3f} ms, theory {theory:.3f}")
    assert half < 0.25 * wait  # an interval that holds everything says nothing
    return abs(wait - theory) / half


def test_the_formulas_are_those_of_the_textbook():
    assert erlang_c(1, 0.8) == pytest.approx(0.8)  # one till: whoever finds it busy waits
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert mean_wait(1, 0.8) == pytest.approx(40.0)


@pytest.mark.parametrize("workers", [1, 4])
def test_customers_wait_as_long_as_theory_says(workers):
    assert off(workers, 0.8, customers=60_000, seed=1) <= 1


@pytest.mark.parametrize("workers", [1, 4])
def test_a_server_a_tenth_too_slow_would_be_found_out(workers):
    assert off(workers, 0.8, customers=60_000, seed=1, service_ms=1.1 * SERVICE_MS) > 1


# -- Little's law --------------------------------------------------------------------------------------------------


class Run:
    """One run that begins and ends with nobody inside, and how many were inside from which time on."""

    def __init__(self, seed: int, crash_ms: float | None = None, **settings: object) -> None:
        self.notes = notes = [(0.0, 0)]
        self.crash_ms = crash_ms

        class Watched(Server):
            def note(self) -> None:
                notes.append((sim.now, self.inside))

            def on_start(self) -> None:
                super().on_start()
                self.note()

            def on_request(self, src, msg) -> None:
                super().on_request(src, msg)
                self.note()

            def on_work_timeout(self, job, src, msg) -> None:
                super().on_work_timeout(job, src, msg)
                self.note()

        self.sim = sim = Simulation(
            Watched("server", service=Exponential(mean=SERVICE_MS), **settings),
            LoadClient("acme", service="server", rate=60, timeout=1e6, stop=10_000),
            LoadClient("bob", service="server", rate=35, timeout=1e6, stop=8_000, spacing="even"),
            network=Network(latency=0),
            seed=seed,
            trace="off",
        )
        if crash_ms is not None:
            sim.at(crash_ms, sim.crash, "server")
            sim.at(crash_ms, notes.append, (crash_ms, 0))  # whoever was inside is not any more
            sim.at(crash_ms + 300, sim.restart, "server")
        sim.run()
        self.ended_ms, left = notes[-1]  # the simulation itself goes on until the last, cancelled time-out
        assert left == 0

    def l_from_the_server(self) -> float:
        """The mean number inside: what the server counted, over time."""
        area = fsum(inside * (end - begin) for (begin, inside), (end, _) in pairwise(self.notes))
        return area / self.ended_ms

    def lambda_w_from_the_clients(self) -> float:
        """Arrivals a ms, times the mean time each was inside."""
        times = [self.was_inside(op) for op in self.sim.history]
        return len(times) / self.ended_ms * (fsum(times) / len(times))

    def was_inside(self, op) -> float:
        """Until the answer, or until the crash; not at all for whoever was refused, or came when it was down."""
        if op.completed is not None:
            return op.completed - op.invoked
        assert self.crash_ms is not None
        return max(0.0, self.crash_ms - op.invoked)

    def agrees(self) -> bool:
        l_server = self.l_from_the_server()
        assert l_server > 0.1
        return l_server == pytest.approx(self.lambda_w_from_the_clients(), rel=1e-9, abs=0)


SEEDS = range(20)


@pytest.mark.parametrize("workers", [1, 3])
def test_littles_law_holds_in_every_run(workers):
    assert all(Run(seed, workers=workers).agrees() for seed in SEEDS)


def test_littles_law_holds_when_some_are_refused():
    for seed in SEEDS:
        run = Run(seed, queue_bound=3)
        refused = sum(op.status == "fail" for op in run.sim.history)
        assert refused == run.sim.nodes["server"].refused > 0
        assert run.agrees(), seed


def test_littles_law_holds_when_the_server_dies_in_between():
    lost = 0
    for seed in SEEDS:
        run = Run(seed, crash_ms=5_000.0)
        assert run.agrees(), seed
        lost += sum(op.completed is None for op in run.sim.history)
    assert lost > 20 * 10  # about 28 come in the 300 ms of each run, to nobody


def test_littles_law_would_notice_one_customer_too_many():
    run = Run(seed=0)
    assert run.agrees()
    (begin, inside), (end, _) = run.notes[500:502]
    run.notes.insert(501, ((begin + end) / 2, inside + 1))  # one who was never there
    assert not run.agrees()
