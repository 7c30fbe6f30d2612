"""The stall that never ends: a server stands still for ten seconds, and its users keep it down for ever.

One server that can do 100 requests a second gets 80. After the stall 800 wait, who gave up long ago and are served all
the same; whoever comes now waits too long as well, and asks again. If users ask for more than the server can do, that
is, if rate x (1 + retries) is above its capacity, the queue grows though nothing is broken any more: a metastable
failure (Bronson et al. 2021, "Metastable failures in distributed systems", HotOS; Huang et al. 2022, "Metastable
failures in the wild", OSDI, section 2). To wait before asking again does not help: the same work comes later.

The users arrive whether or not the others were served (an open loop), and no message takes any time.
"""

from __future__ import annotations

from math import inf

from ..clients import LoadClient, Retry
from ..network import Exponential, Network
from ..services import Server
from ..simulation import Simulation

SERVICE_MS = 10.0  # on average, by one worker: so its capacity is ...
CAPACITY = 1_000 / SERVICE_MS  # ... 100 requests a second
TIMEOUT_MS = 1_000.0


def retry_storm(
    seed: int = 0,
    rate: float = 80.0,
    retries: int = 3,
    backoff_ms: float = 0.0,
    jitter: bool = False,
    budget: float | None = None,
    queue_bound: int | None = None,
    stall_s: float = 10.0,
    stall_at_s: float = 60.0,
    until_s: float = 300.0,
) -> Simulation:
    """Run it and return it: the server stands still from ``stall_at_s`` on, for ``stall_s``.

    Args:
        seed: where the randomness comes from.
        rate: users a second.
        retries: how often each asks again when a second has passed.
        backoff_ms, jitter, budget: how they wait and what holds them back; see ``Retry``.
        queue_bound: how many may wait for the server; the rest is refused at once, and does not ask again. Of what
            arrived in the stall no more than that is taken, either: it is looked at when the stall is over.
        stall_s, stall_at_s, until_s: seconds of simulated time. ``stall_s=0``: nothing happens.

    Raises:
        ValueError: a time is negative or not finite, or the stall is not over at the end.
    """
    for name, value in (("stall_s", stall_s), ("stall_at_s", stall_at_s), ("until_s", until_s)):
        if not 0 <= value < inf:
            raise ValueError(f"retry_storm({name}={value!r}): write seconds, 0 or more")
    if stall_at_s + stall_s > until_s:
        raise ValueError(
            f"retry_storm: the stall is over at {stall_at_s + stall_s:g} s and the run at {until_s:g} s: "
            "write a later until_s"
        )
    retry = Retry(times=retries, backoff_ms=backoff_ms, jitter=jitter, budget=budget)
    sim = Simulation(
        Server("server", service=Exponential(mean=SERVICE_MS), queue_bound=queue_bound),
        LoadClient("users", service="server", rate=rate, timeout=TIMEOUT_MS, retry=retry),
        network=Network(latency=0),
        seed=seed,
        trace="off",
    )
    if stall_s:
        sim.at(stall_at_s * 1_000, sim.pause, "server")
        sim.at((stall_at_s + stall_s) * 1_000, sim.resume, "server")
    sim.run(until=until_s * 1_000)
    return sim


def goodput(sim: Simulation, after_s: float, before_s: float) -> float:
    """Good answers a second from ``after_s`` up to, not including, ``before_s``: within a second of the first request.

    Raises ValueError for a time that is not simulated, or an empty one.
    """
    if not 0 <= after_s < before_s <= sim.now / 1_000:
        raise ValueError(
            f"goodput from {after_s!r} to {before_s!r} s of a run of {sim.now / 1_000:g} s: "
            "write two times in it, the first before the second"
        )
    good = 0
    for op in sim.history:
        if op.status == "ok" and op.completed is not None and after_s * 1_000 <= op.completed < before_s * 1_000:
            good += op.completed - op.invoked <= TIMEOUT_MS
    return good / (before_s - after_s)
