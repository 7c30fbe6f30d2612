"""Slow or dead? A client asks a server once, and something is wrong. What can the client tell, and when?"""

from __future__ import annotations

from typing import Any

from ..clients import ScriptClient
from ..metrics import latencies
from ..network import Exponential, Network
from ..services import Server
from ..simulation import Simulation

#: What may be wrong: nothing; the server is slow, or dead; the request or the reply is lost.
TROUBLES = ("nothing", "slow", "dead", "request lost", "reply lost")

#: A server that is slow takes so many times as long.
SLOWER = 20.0


def asking(seed: int = 0, trouble: str = "nothing", questions: int = 1, timeout: float = 10_000.0) -> Simulation:
    """alice asks the server, first at 100 ms. It answers after 10 ms of work on average; a message takes 5 to 15 ms.

    Raises:
        ValueError: the trouble is none of ``TROUBLES``.
    """
    if trouble not in TROUBLES:
        raise ValueError(f"the trouble is {trouble!r}: write one of {', '.join(map(repr, TROUBLES))}")
    alice = ScriptClient("alice", service="server", start=100.0, timeout=timeout, script=[("get", "news")] * questions)
    server = Server("server", service=Exponential(10.0))
    sim = Simulation(alice, server, network=Network(latency=(5, 15)), seed=seed)
    if trouble == "slow":
        sim.at(0, sim.slow, "server", SLOWER)
    elif trouble == "dead":
        sim.at(50, sim.crash, "server")
    elif trouble == "request lost":
        sim.at(50, sim.network.cut, "alice", "server", one_way=True)
    elif trouble == "reply lost":
        sim.at(50, sim.network.cut, "server", "alice", one_way=True)
    return sim


def heard_until(sim: Simulation, time: float) -> list[Any]:
    """All that alice has received up to ``time`` ms: when, from whom, and what."""
    rows = sim.run(until=time).trace.where(kind="deliver", dest="alice")
    return [(row.time, row.src, row.msg) for row in rows]


def answer_times(trouble: str, questions: int = 300, seed: int = 0) -> list[float]:
    """How long alice waited for each of many answers, in ms."""
    sim = asking(seed, trouble, questions, timeout=60_000.0)
    return latencies(sim.run().history)
