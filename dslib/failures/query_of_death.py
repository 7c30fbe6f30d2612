"""3. Query of death: one request, valid by its looks, kills every server that handles it.

At 20 s somebody sends a post that the parser of the servers cannot digest, and, as no answer comes, sends it again. The
naive door passes a request on to the next server when one does not answer: so one request walks through the fleet, and
does so again with each repetition. The mitigated door counts: a request under which two servers died is not passed on
any more, and no request is handed to a second server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..clients import Request, ScriptClient
from ..operations import Supervisor
from ..resilience import Quarantine
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import DOOR, ChatServer, chat, chat_servers, good_between, readings, restarts, server_names

SENT_MS = 20_000.0
UNTIL_MS = 60_000.0
DEADLY = "((((((((((((((((((((!"


class FragileServer(ChatServer):
    """A chat server whose parser has a bug."""

    def answer(self, src: str, msg: Request) -> Any:
        """Nested brackets, one too many for the stack."""
        if msg.arg == DEADLY:
            self.die("stack overflow while parsing a post")
        return super().answer(src, msg)


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    servers: int = knob(4, 2, 8, "servers behind the door")
    boot_s: float = knob(5.0, 0.5, 20, "seconds until a dead server is back")
    deaths: int = knob(2, 1, 8, "deaths under one request before the mitigated door passes it on no more")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service; from 20 s on somebody repeats one deadly post."""
    names = server_names(params.servers)
    door: dict[str, Any] = {"timeout": 300.0, "health_every": 200.0, "fall": 1, "rise": 1}
    if mitigated:
        door |= {"quarantine": Quarantine(params.deaths)}
    else:
        door |= {"retry_elsewhere": params.servers - 1}
    app = ScriptClient(
        "app",
        service=DOOR,
        script=[("post", "cedar", DEADLY)] * 20,
        start=SENT_MS,
        timeout=1_000.0,
        think=1_000.0,
        tenant="cedar",
    )
    supervisor = Supervisor("supervisor", watches=names, delay_ms=1_000 * params.boot_s, factor=1.0)
    servers = chat_servers(FragileServer, params.servers, acks=2)
    return chat(servers, seed, trace, door=door, others=[supervisor, app])


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """Deaths, the fewest servers that were up, and what all other users got meanwhile."""
    return {
        "deaths": restarts(sim),
        "fewest live servers": min(readings(sim, "live servers")),
        "good for others": good_between(sim, SENT_MS, UNTIL_MS - 1_000),
    }


CARD = Card(
    number=3,
    title="Query of death",
    means="One request that looks valid kills or pins every server that handles it.",
    naive="The door hands a request that was not answered to the next server, and its sender repeats it.",
    mitigation="A request under which two servers died is put into quarantine; nothing is handed to a second server.",
    metric="deaths per distinct request, live servers, what all other users got",
    where="node",
    loop=True,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "one request takes all servers of the naive service down at once, and again and again",
            lambda r: r.naive.numbers["fewest live servers"] == 0 and r.naive.numbers["deaths"] > r.params.servers,
        ),
        Claim(
            "the mitigated service loses as many servers as its door needs to be sure, and no more",
            lambda r: r.mitigated.numbers["deaths"] <= r.params.deaths,
        ),
        Claim(
            "everybody else is served at least 95 % well by the mitigated one, under 70 % by the naive one",
            lambda r: r.mitigated.numbers["good for others"] >= 0.95 and r.naive.numbers["good for others"] < 0.7,
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
