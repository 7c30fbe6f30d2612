"""7. Cascading failure: one loss overloads the rest, and what they do about it keeps them down.

Three servers at 75 %. At 20 s one dies, and is started again ten seconds later. The two that are left have 112 % each:
queues grow, users time out and ask again, three times, which is more work still. When the first one is back the trigger
is gone, and nothing gets better: with their repetitions the users ask for more than three servers can do (Bronson et
al. 2021, "Metastable failures in distributed systems", HotOS). ``retry_storm`` has the same loop in its plainest form,
one server that stands still for a while, and the law for when it never ends: rate x (1 + retries) above the capacity.

The mitigated service keeps its queues so short that whoever waits is still there when the turn comes, and refuses the
rest at once; its clients repeat no more than a tenth of what they ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..clients import Retry
from ..network import Exponential
from ..operations import Supervisor
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import ChatServer, chat, chat_servers, good_between, readings, restarts, server_names

CRASH_MS, BACK_MS = 20_000.0, 30_000.0
UNTIL_MS = 60_000.0
SERVICE_MS = 25.0  # so a server can do 40 requests a second


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    servers: int = knob(3, 2, 6, "servers behind the door")
    utilisation: float = knob(0.75, 0.1, 0.95, "how busy each server is before one dies; safe below (n - 1) / n")
    retries: int = knob(3, 0, 5, "how often a user asks again")
    memory: int = knob(0, 0, 2_000, "waiting requests at which a naive server dies, too; 0 for none")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service; one of its servers dies at 20 s and is back at 30 s."""
    names = server_names(params.servers)
    told: dict[str, Any] = {"workers": 1, "service": Exponential(mean=SERVICE_MS)}
    told |= {"queue_bound": 8} if mitigated else {"memory_bound": params.memory or None}
    users = {"retry": Retry(times=params.retries, budget=0.1 if mitigated else None)}
    supervisor = Supervisor("supervisor", watches=names, delay_ms=BACK_MS - CRASH_MS, factor=1.0)
    rate = params.utilisation * params.servers * 1_000 / SERVICE_MS
    sim = chat(
        chat_servers(ChatServer, params.servers, **told),
        seed,
        trace,
        rate=rate,
        door={"health_every": 200.0},
        users=users,
        others=[supervisor],
    )
    sim.at(CRASH_MS, sim.crash, "s1")
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """What users got while one server was missing, and long after it was back."""
    return {
        "good while one is missing": good_between(sim, CRASH_MS + 2_000, BACK_MS),
        "good long after it is back": good_between(sim, UNTIL_MS - 15_000, UNTIL_MS - 1_000),
        "deaths": restarts(sim),
        "longest queue": max(readings(sim, "waiting")),
    }


CARD = Card(
    number=7,
    title="Cascading failure",
    means="One loss overloads the rest; repetitions and deaths keep the overload alive when the cause has gone.",
    naive="Servers 75 % busy, endless queues, users who ask again three times.",
    mitigation="Short queues that refuse at once, a budget for repetitions, or spare room: under (n - 1) / n busy.",
    metric="good answers long after the trigger, amplification by repetitions",
    where="node",
    loop=True,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "the naive service is still down half a minute after the server is back: under 10 % good",
            lambda r: r.naive.numbers["good long after it is back"] < 0.1,
        ),
        Claim(
            "the mitigated one bends, at least 65 % good with a server missing, and is well when it is back",
            lambda r: (
                r.mitigated.numbers["good while one is missing"] >= 0.65
                and r.mitigated.numbers["good long after it is back"] >= 0.95
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
