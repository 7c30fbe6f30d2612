"""2. Server down: a machine loses its power, and perhaps its disk with it.

At 20 s the server s1 goes. Somebody notices and mends it after ``repair_s``; if its disk burned, it comes back empty.
The naive service has this one server. The mitigated one has ``replicas``: a post is acknowledged when two servers have
it on disk, and the door asks each server for its health and passes requests only to those that answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import ChatServer, chat, chat_servers

DOWN_MS = 20_000.0
UNTIL_MS = 60_000.0


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    replicas: int = knob(3, 2, 5, "servers of the mitigated service")
    repair_s: float = knob(20.0, 1, 35, "seconds until the machine is back")
    burned: int = knob(1, 0, 1, "1 if the disk is lost with the machine")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service, whose server s1 goes down at 20 s."""
    servers = chat_servers(ChatServer, params.replicas if mitigated else 1, acks=2 if mitigated else 1)
    door = {"health_every": 500.0, "health_timeout": 200.0, "fall": 2} if mitigated else None
    sim = chat(servers, seed, trace, door=door)
    sim.at(DOWN_MS, sim.burn if params.burned else sim.crash, "s1")
    sim.at(DOWN_MS + 1_000 * params.repair_s, sim.restart, "s1")
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """The longest time in which nobody got an answer, in seconds: the downtime, or the time to fail over."""
    done = sorted(op.completed for op in sim.history if op.status == "ok" and op.completed is not None)
    return {"longest silence (s)": max(b - a for a, b in pairwise([0.0, *done, UNTIL_MS])) / 1_000}


def _survives(result: Result) -> bool:
    lost_all = result.naive.outcome.lost > 0 or not result.params.burned  # type: ignore[attr-defined]
    return lost_all and result.mitigated.outcome.lost == 0


CARD = Card(
    number=2,
    title="Server down",
    means="A machine or its power is gone, sometimes with its disk.",
    naive="One server. While it is down nobody is served, and what only it had is lost when its disk burns.",
    mitigation="Several servers, two copies before a post is acknowledged, and a door that asks for their health.",
    metric="downtime, time to fail over, lost acknowledged posts",
    where="node",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim("a burned disk loses acknowledged posts of the naive service, and none of the mitigated one", _survives),
        Claim(
            "the mitigated service answers again within 5 s; the naive one when its server is back",
            lambda r: (
                r.mitigated.numbers["longest silence (s)"] < 5
                and r.naive.numbers["longest silence (s)"] >= 0.95 * r.params.repair_s
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
