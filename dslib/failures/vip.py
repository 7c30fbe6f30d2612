"""14. Very important user (data loss): one customer has lost everything, and the dashboard is green.

The video's list names a very important user, and data loss. We read the two together: one tenant that matters has lost
all it had, while the average over all tenants looks fine. At 20 s a script deletes the room of ``dorado``, who is a
tiny share of the traffic and a large share of the income. The naive service has one SLI for all. The mitigated one
looks at each tenant, knows that a room never shrinks by itself, and gives it back from a vault that keeps what it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

from ..clients import LoadClient
from ..simulation import Simulation
from .backup import VAULT, DeletingServer, Vault
from .card import Card, Claim, Knobs, Result, knob
from .service import DOOR, TENANTS, WITHIN_MS, chat, chat_servers, good_between, judge, server_names, talk

DELETE_MS = 20_000.0
UNTIL_MS = 60_000.0
DORADO = "dorado"
TARGET = 0.999
RATE = 120.0

#: What each tenant pays, as a share of the income.
INCOME = {"acme": 0.35, "borealis": 0.25, "cedar": 0.1, DORADO: 0.3}


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    share: float = knob(0.001, 0.0005, 0.05, "dorado's share of the traffic")
    fetch_s: float = knob(2.0, 1, 20, "seconds between two fetches of the vault")
    decide_s: float = knob(3.0, 0.1, 20, "seconds from the alarm to the restore")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service, busier than usual; dorado's room is deleted at 20 s."""
    tenants = {tenant: (1 - params.share) * share for tenant, share in TENANTS.items()}
    # So few requests that at random times they could all come before the delete.
    dorado = LoadClient(
        DORADO,
        service=DOOR,
        rate=RATE * params.share,
        timeout=WITHIN_MS,
        operation=talk(DORADO),
        spacing="even",
    )
    vault = Vault(
        VAULT,
        peers=server_names(3),
        every_ms=1_000 * params.fetch_s,
        snapshots=mitigated,
        watch_ms=1_000 * params.decide_s if mitigated else 0.0,
    )
    sim = chat(chat_servers(DeletingServer, 3), seed, trace, rate=RATE, tenants=tenants, others=[vault, dorado])
    sim.at(DELETE_MS, sim.act, "s1", "delete", DORADO)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """The SLI of all, of dorado since the delete, and weighted by income; and how many tenants miss the target."""
    tenants = judge(sim).tenants
    return {
        "dorado since the delete": good_between(sim, DELETE_MS, UNTIL_MS, [DORADO]),
        "weighted by income": fsum(INCOME[tenant] * share for tenant, share in sorted(tenants.items())),
        "tenants under 99.9 %": float(len([share for share in tenants.values() if share < TARGET])),
    }


CARD = Card(
    number=14,
    title="Very important user (data loss)",
    means="One customer's catastrophe disappears in the average over all customers.",
    naive="One SLI for everybody, and a backup that mirrors the service.",
    mitigation="An SLI for each tenant, an alarm when a room shrinks, and a vault that gives one room back.",
    metric="the worst tenant's SLI, the SLI weighted by income, tenants under their target",
    where="node",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "the dashboard stays green, 99.9 % or more for all together, while dorado gets mostly wrong answers",
            lambda r: r.naive.outcome.availability >= TARGET and r.naive.numbers["dorado since the delete"] < 0.5,
        ),
        Claim(
            "weighted by income, the same run is far under its target",
            lambda r: r.naive.numbers["weighted by income"] < 0.9,
        ),
        Claim(
            "with an alarm for each tenant and a vault, dorado loses nothing and is served better",
            lambda r: (
                r.naive.outcome.lost > 0
                and r.mitigated.outcome.lost == 0
                and r.mitigated.numbers["dorado since the delete"] > r.naive.numbers["dorado since the delete"]
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
