"""You needed a server: the document leaves the laptop. Who works on when something breaks, is upgraded, or rented?

``who_works`` breaks one part of a laptop, a phone and a server. ``upgrading`` gives servers a new version under load.
``rented`` is a service that cannot answer without a provider of somebody else's.
"""

from __future__ import annotations

from typing import NamedTuple

from ..clients import LoadClient
from ..metrics import good_share, what_users_saw
from ..network import Network
from ..node import Node
from ..resilience import Cache
from ..services import Balancer, Server
from ..simulation import Simulation
from .documents import document, document_seen

#: What may break, for ``who_works``.
BREAKS = ("the laptop", "the server", "the laptop's line")
#: When it breaks, in ms.
BREAKS_MS = 600.0


class Works(NamedTuple):
    """Who can still save or open the document."""

    laptop: bool
    phone: bool

    def __str__(self) -> str:
        return f"laptop {'works on' if self.laptop else 'is stuck'}, phone {'works on' if self.phone else 'is stuck'}"


def who_works(kept_on: str = "server", breaks: str = "the laptop", seed: int = 0) -> Works:
    """The document is ``kept_on`` the "laptop" or the "server"; one thing breaks. Who can go on?

    Raises:
        ValueError: it is kept nowhere, or that cannot break.
    """
    if kept_on not in ("laptop", "server"):
        raise ValueError(f"kept_on is {kept_on!r}: write 'laptop' or 'server'")
    if breaks not in BREAKS:
        raise ValueError(f"breaks is {breaks!r}: write one of {', '.join(map(repr, BREAKS))}")
    sim = document(seed, machines=1 if kept_on == "server" else 0, pages=12)
    laptop, server = (["editor"], ["m1"]) if kept_on == "server" else (["editor", "laptop"], [])
    if breaks == "the laptop's line":
        sim.at(BREAKS_MS, sim.network.partition, laptop, ["phone", *server])
    for name in laptop if breaks == "the laptop" else server if breaks == "the server" else []:
        sim.at(BREAKS_MS, sim.crash, name)
    seen = document_seen(sim.run(until=1_400))
    later = [one for one in seen if one.operation.invoked > BREAKS_MS and one.outcome != "open"]
    mine, theirs = ([one for one in later if one.operation.f == f] for f in ("write", "read"))
    return Works(bool(mine) and good_share(mine) > 0.5, bool(theirs) and good_share(theirs) > 0.5)


# -- upgrades ----------------------------------------------------------------------------------------------------------

#: How to give servers a new version.
UPGRADES = ("all at once", "one by one", "one by one, drained")
#: How long a server is away for it, and how long it is drained before, in ms.
AWAY_MS, DRAIN_MS = 400.0, 200.0


def upgrading(
    seed: int = 0, servers: int = 3, how: str = UPGRADES[0], rate: float = 60.0, trace: str = "events"
) -> Simulation:
    """Servers behind a balancer get a new version, from 1,000 ms on; users go on asking.

    *Drained*: the balancer is told to send a server nothing new, and it finishes what it has before it goes.

    Raises:
        ValueError: that is no way to upgrade, or the servers are not 1 to 4.
    """
    if how not in UPGRADES:
        raise ValueError(f"how is {how!r}: write one of {', '.join(map(repr, UPGRADES))}")
    if isinstance(servers, bool) or not isinstance(servers, int) or not 1 <= servers <= 4:
        raise ValueError(f"servers is {servers!r}: write a whole number from 1 to 4")
    names = [f"s{i + 1}" for i in range(servers)]
    nodes: list[Node] = [Server(name, service=(5, 15)) for name in names]
    balancer = Balancer("balancer", backends=names)
    users = LoadClient("users", service="balancer", rate=rate, timeout=300, stop=4_600.0)
    sim = Simulation(users, balancer, *nodes, network=Network(latency=(1, 3)), seed=seed, trace=trace)
    for i, name in enumerate(names):
        goes = 1_000 + (0 if how == "all at once" else i * 700)
        if how == "one by one, drained":
            sim.at(goes - DRAIN_MS, sim.act, "balancer", "remove", name)
            sim.at(goes + AWAY_MS, sim.act, "balancer", "add", name)
        sim.at(goes, sim.crash, name)
        sim.at(goes + AWAY_MS, sim.restart, name)
    return sim


def answered(sim: Simulation, until: float = 5_000.0) -> float:
    """The share of questions that were answered within 300 ms."""
    return good_share(what_users_saw(sim.run(until=until).history, sim.now, within=300.0))


# -- what one depends on -----------------------------------------------------------------------------------------------


def rented(seed: int = 0, down_ms: float = 3_000.0, remember: bool = False, trace: str = "events") -> Simulation:
    """An app that asks a provider before it answers anybody, for 30 s. The provider is down for ``down_ms`` of them.

    With ``remember`` the app keeps the provider's answers, and uses an old one if need be.

    Raises:
        ValueError: the provider is down for less than 0 or more than 20,000 ms.
    """
    if not 0 <= down_ms <= 20_000:
        raise ValueError(f"down_ms is {down_ms!r}: write ms, from 0 to 20,000")
    cache = Cache(ttl_ms=200) if remember else None
    app = Server("app", workers=30, service=(2, 6), depends_on=("provider",), patience=100, cache=cache)
    provider = Server("provider", workers=4, service=(2, 6))
    users = LoadClient("users", service="app", rate=30.0, spacing="even", operation=("get", "prices"), timeout=300)
    sim = Simulation(users, app, provider, network=Network(latency=(1, 3)), seed=seed, trace=trace)
    if down_ms:
        sim.at(5_000, sim.crash, "provider")
        sim.at(5_000 + down_ms, sim.restart, "provider")
    return sim
