"""5. Broken dependency: something that you call is down, slow, or wrong.

A read shows the authors' pictures, which come from ``profiles``. From 20 s to 40 s this dependency answers a hundred
times as slowly as usual, or not at all. In the naive service a worker waits for it as long as it takes: soon all
workers wait, and posts, which need no pictures, get none either. The mitigated service waits for a short time only; a
breaker stops asking while it is hopeless, a bulkhead keeps workers free, and an old picture, or none, will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..clients import Request
from ..metrics import good_share, what_users_saw
from ..resilience import Bulkhead, Cache, CircuitBreaker
from ..services import Server
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import WITHIN_MS, ChatServer, chat, chat_servers, good_between, readings

FROM_MS, TO_MS = 20_000.0, 40_000.0
UNTIL_MS = 60_000.0
PROFILES = "profiles"


class Profiles(Server):
    """Has the picture of everybody."""

    def answer(self, src: str, msg: Request) -> Any:
        """It is always the same one."""
        return f"picture of {msg.key}"


class PicturedServer(ChatServer):
    """A chat server that shows pictures with what it reads."""

    def needs(self, msg: Request) -> Sequence[str]:
        """Posts need none."""
        return self.depends_on if msg.f == "read" else ()


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    slower: float = knob(100.0, 1, 1_000, "how many times as slow the dependency gets")
    down: int = knob(0, 0, 1, "1 if it crashes instead")
    patience_ms: float = knob(50.0, 5, 450, "ms that the mitigated service waits for it")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service, whose dependency is slow or down from 20 s to 40 s."""
    told: dict[str, Any] = {"depends_on": (PROFILES,), "workers": 4}
    if mitigated:
        told |= {
            "patience": params.patience_ms,
            "breaker": CircuitBreaker(failures=5, open_ms=2_000),
            "bulkhead": Bulkhead(3),
            "cache": Cache(ttl_ms=1_000),
            "optional": (PROFILES,),
        }
    profiles = Profiles(PROFILES, workers=20, service=10.0)
    sim = chat(chat_servers(PicturedServer, 3, **told), seed, trace, others=[profiles])
    if params.down:
        sim.at(FROM_MS, sim.crash, PROFILES)
        sim.at(TO_MS, sim.restart, PROFILES)
    else:
        sim.at(FROM_MS, sim.slow, PROFILES, params.slower)
        sim.at(TO_MS, sim.slow, PROFILES, 1)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """Posts and reads while the dependency was broken, what came after, and how many requests piled up."""

    def good(f: str) -> float:
        asked = [op for op in sim.history if op.f == f and FROM_MS + 2_000 <= op.invoked < TO_MS]
        return good_share(what_users_saw(asked, sim.now, within=WITHIN_MS))

    return {
        "good posts meanwhile": good("post"),
        "good reads meanwhile": good("read"),
        "good in the 5 s after it": good_between(sim, TO_MS, TO_MS + 5_000),
        "longest queue": max(readings(sim, "waiting")),
    }


CARD = Card(
    number=5,
    title="Broken dependency",
    means="Something that the service calls is down, slow or wrong, and drags it along.",
    naive="A worker waits for the dependency for as long as it takes.",
    mitigation="A time-out, a circuit breaker, a bulkhead, and an old answer or none where that will do.",
    metric="own good answers beside the dependency's, waiting requests",
    where="node",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "in the naive service even posts fail, at least 90 % of them, though they do not need the dependency",
            lambda r: r.naive.numbers["good posts meanwhile"] <= 0.1,
        ),
        Claim(
            "it suffers on when the dependency is well again, because it works off what nobody waits for",
            lambda r: (
                r.naive.numbers["longest queue"] > 100
                and r.naive.numbers["good in the 5 s after it"] < r.mitigated.numbers["good in the 5 s after it"]
            ),
        ),
        Claim(
            "the mitigated one answers at least 95 % of posts and reads as if nothing had happened",
            lambda r: (
                r.mitigated.numbers["good posts meanwhile"] >= 0.95
                and r.mitigated.numbers["good reads meanwhile"] >= 0.95
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
