"""One user and many: the same work on one computer, and on several machines across a network.

A request takes 10 ms of work on average. On one computer it is done where the user sits. On several machines it travels
10 ms to a balancer that stands beside them, and 10 ms back. Each user asks once a second on average.
"""

from __future__ import annotations

from typing import NamedTuple

from ..clients import LoadClient
from ..metrics import outcome
from ..network import Exponential, Network
from ..node import Node
from ..places import Place, Places
from ..services import Balancer, Server
from ..simulation import Simulation

#: The work of one request, in ms on average.
WORK_MS = 10.0
#: From the user to the machines, one way, in ms.
AWAY_MS = 10.0


def one_computer(seed: int = 0, users: int = 1) -> Simulation:
    """All users share one computer, and wait for nothing but each other."""
    _check(users=users)
    server = Server("computer", service=Exponential(WORK_MS))
    return Simulation(server, _users(users, "computer"), network=Network(latency=0), seed=seed, trace="off")


def several_machines(seed: int = 0, users: int = 1, machines: int = 8) -> Simulation:
    """The users' requests are spread over several machines, each as quick as the one computer."""
    _check(users=users, machines=machines)
    names = [f"m{i + 1}" for i in range(machines)]
    servers: list[Node] = [Server(name, service=Exponential(WORK_MS)) for name in names]
    balancer = Balancer("balancer", backends=names, policy="least busy")
    places = Places({name: Place(city="Frankfurt") for name in ("balancer", *names)}, overhead=(0.2, 0.2))
    network = Network(latency=AWAY_MS, places=places)
    return Simulation(*servers, balancer, _users(users, "balancer"), network=network, seed=seed, trace="off")


class Served(NamedTuple):
    """How long users waited, in ms: the middle one, and all but one in a hundred. ``inf``: for longer than the run."""

    p50_ms: float
    p99_ms: float


def served(sim: Simulation, seconds: float = 20.0) -> Served:
    """Run it for so many seconds, and see how long users waited. Who still waits at the end counts as served never."""
    seen = outcome(sim.run(until=1_000 * seconds).history, sim.now)
    return Served(seen.p50_ms, seen.p99_ms)


def _users(users: int, service: str) -> LoadClient:
    """Many users behind one name. They ask in the first 18 of 20 seconds, so that the last ones have time, too."""
    return LoadClient("users", service=service, rate=float(users), operation=("get",), timeout=1e6, stop=18_000.0)


def _check(**counts: int) -> None:
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 1_000:
            raise ValueError(f"{name} is {count!r}: write a whole number from 1 to 1,000")


#: The two, by name, for sweeps and sliders.
SYSTEMS = ("one computer", "several machines")


def waits(seed: int = 0, system: str = "one computer", users: int = 1) -> Served:
    """How long users wait at one of the two SYSTEMS.

    Raises:
        ValueError: it is none of them.
    """
    if system not in SYSTEMS:
        raise ValueError(f"the system is {system!r}: write one of {', '.join(map(repr, SYSTEMS))}")
    return served(one_computer(seed, users) if system == "one computer" else several_machines(seed, users))
