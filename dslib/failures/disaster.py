"""11. Natural disaster: a place is gone, and everything in it, at once.

At 20 s the river takes the zone ``riverside``: its machines stop and their disks are lost. The naive service has three
copies of everything, all of them in that building. The mitigated one has its three servers in three cities, and a post
is acknowledged when two of them have it. What that costs is distance: each post waits for another city.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..network import Network
from ..places import Place, Places
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import DOOR, MONITOR, TENANTS, ChatServer, chat, chat_servers, median_ms, server_names

FLOOD_MS = 20_000.0
UNTIL_MS = 60_000.0
ZONE = "riverside"

#: Where the servers of the mitigated service stand. The first is the zone that drowns.
SITES = ("Frankfurt", "Amsterdam", "Paris")


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    servers: int = knob(3, 2, 3, "copies of everything, in one building or in so many cities")
    acks: int = knob(2, 1, 2, "servers that must have a post before it is acknowledged")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service; the zone of its first server is flooded at 20 s."""
    names = server_names(params.servers)
    sites = dict(zip(names, SITES, strict=False)) if mitigated else dict.fromkeys(names, SITES[0])
    places = {
        name: Place(city=city, zone=ZONE if city == SITES[0] else city.lower(), region="Europe")
        for name, city in sites.items()
    }
    # Users, door and monitor stand elsewhere: this card is about the copies.
    places |= {name: Place(city="Brussels", zone="elsewhere", region="Europe") for name in (DOOR, MONITOR, *TENANTS)}
    servers = chat_servers(ChatServer, params.servers, acks=params.acks)
    sim = chat(servers, seed, trace, door={"health_every": 500.0}, network=Network(places=Places(places)))
    sim.at(FLOOD_MS, sim.remove, "zone", ZONE, burn=True)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """How many servers are left, and what a post cost before the flood."""
    left = [node for node in sim.nodes.values() if isinstance(node, ChatServer) and node._up]
    return {
        "servers left": float(len(left)),
        "a post before the flood (median ms)": median_ms(sim, "post", before=FLOOD_MS),
    }


CARD = Card(
    number=11,
    title="Natural disaster",
    means="A place is lost with all that stands in it: fire, flood, storm, heat.",
    naive="Three copies of everything, in one building.",
    mitigation="The copies stand in places that do not fail together, and a post is in two of them before it counts.",
    metric="survivors per place, availability during the loss, lost posts",
    where="outside",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "copies in one building are one copy: all acknowledged posts are lost and nobody is served any more",
            lambda r: r.naive.outcome.lost > 0 and r.naive.numbers["servers left"] == 0,
        ),
        Claim(
            "spread over cities, no acknowledged post is lost and at least 95 % of all requests are answered well",
            lambda r: r.mitigated.outcome.lost == 0 and r.mitigated.outcome.availability > 0.95,
        ),
        Claim(
            "distance has its price: a post takes longer",
            lambda r: (
                r.mitigated.numbers["a post before the flood (median ms)"]
                > r.naive.numbers["a post before the flood (median ms)"]
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
