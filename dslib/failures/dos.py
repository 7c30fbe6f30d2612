"""6. DoS attack: more work arrives than can be done, with bad intent or without.

From 20 s to 40 s the tenant ``cedar`` asks ``surge`` times as much as usual. Perhaps it is an attack, perhaps its users
are fans. The naive service queues whatever comes: it works on requests that nobody waits for any more, and everybody
waits. The mitigated door lets each tenant have only so many requests a second, and servers refuse at once what they
could not answer in time.

The video's notes say "two attack"; we read it as DoS, denial of service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..resilience import RateLimit
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import ChatServer, chat, chat_servers, good_between, readings

FROM_MS, TO_MS = 20_000.0, 40_000.0
UNTIL_MS = 60_000.0
CROWD = "cedar"
OTHERS = ("acme", "borealis")


OTHERS = ("acme", "borealis")


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    surge: float = knob(60.0, 1, 200, "how many times its usual rate the tenant asks")
    limit: float = knob(35.0, 1, 100, "requests a second that the mitigated door grants a tenant")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service with two servers of 60 requests a second each; one tenant surges from 20 s to 40 s."""
    told: dict[str, Any] = {"workers": 1, "service": 16.0, "queue_bound": 10 if mitigated else None}
    door = {"limit": RateLimit(params.limit, burst=params.limit)} if mitigated else None
    sim = chat(chat_servers(ChatServer, 2, **told), seed, trace, door=door)
    sim.at(FROM_MS, sim.act, CROWD, "surge", params.surge)
    sim.at(TO_MS, sim.act, CROWD, "surge", 1)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """What the innocent tenants got while the crowd was there, and how long it lasted after it had gone."""
    return {
        "good for others during the surge": good_between(sim, FROM_MS + 2_000, TO_MS, OTHERS),
        "good for others in the 5 s after it": good_between(sim, TO_MS, TO_MS + 5_000, OTHERS),
        "longest queue": max(readings(sim, "waiting")),
    }


CARD = Card(
    number=6,
    title="DoS attack",
    means="More work arrives than can be done, with bad intent or without.",
    naive="Every request is queued, however many there are.",
    mitigation="A limit for each tenant at the door, and a short queue: what cannot be answered in time is refused.",
    metric="good answers against requests, refused share, what innocent tenants got",
    where="outside",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "in the naive service the innocent get under 10 % good answers, and suffer on when the crowd has left",
            lambda r: (
                r.naive.numbers["good for others during the surge"] < 0.1
                and r.naive.numbers["good for others in the 5 s after it"] < 0.5
            ),
        ),
        Claim(
            "with a limit and a short queue they get at least 90 % while it lasts, and all is well right after",
            lambda r: (
                r.mitigated.numbers["good for others during the surge"] >= 0.9
                and r.mitigated.numbers["good for others in the 5 s after it"] >= 0.95
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
