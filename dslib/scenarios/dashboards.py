"""A green dashboard and a furious customer: one tenant has lost everything, and the average does not notice."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any, NamedTuple

from ..clients import LoadClient, Request
from ..history import Operation
from ..metrics import below, good_share, shares, what_users_saw, worst
from ..network import Network
from ..services import Server
from ..simulation import Simulation

#: The tenants beside the one that is wiped, and their parts of the other traffic.
OTHERS = {"acme": 0.5, "borealis": 0.3, "cedar": 0.2}
WIPED = "dorado"
TARGET = 0.999
REQUESTS_A_SECOND, SECONDS = 100.0, 100


class Rooms(Server):
    """Keeps a room for each tenant, and shows it. An empty room is shown quickly, and without complaint."""

    def on_start(self) -> None:
        """Each tenant has three posts, except for whose room was deleted."""
        super().on_start()
        self.rooms: Mapping[str, tuple[str, ...]] = {
            tenant: () if tenant in self.disk.get("deleted", ()) else ("one", "two", "three")
            for tenant in (*OTHERS, WIPED)
        }

    def act_delete(self, tenant: str) -> None:
        """A script deletes a room."""
        self.disk["deleted"] = (*self.disk.get("deleted", ()), tenant)
        self.rooms = {**self.rooms, tenant: ()}

    def answer(self, src: str, msg: Request) -> Any:
        """All posts of a room."""
        return self.rooms[msg.key]


def wiped_tenant(seed: int = 0, share: float = 0.0005) -> Simulation:
    """Four tenants read their rooms, 100 times a second together. dorado has so small a share; its room is deleted.

    Raises:
        ValueError: the share is out of range.
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0001 <= share <= 0.9:
        raise ValueError(f"share is {share!r}: write dorado's share of the traffic, from 0.0001 to 0.9")
    parts = {WIPED: share, **{tenant: (1 - share) * part for tenant, part in OTHERS.items()}}
    users = [
        LoadClient(
            tenant, service="rooms", rate=REQUESTS_A_SECOND * part, timeout=400.0, operation=("read", tenant),
            spacing="even", stop=1_000.0 * SECONDS,
        )
        for tenant, part in parts.items()
    ]  # fmt: skip
    server = Rooms("rooms", workers=4, service=(2, 6))
    sim = Simulation(server, *users, network=Network(latency=(1, 3)), seed=seed, trace="off")
    sim.at(0.0, sim.act, "rooms", "delete", WIPED)
    return sim


class Dashboard(NamedTuple):
    """What a dashboard shows.

    Fields:
        average: the share of good answers to everybody.
        tenants: the share of good answers of each.
        target: what was promised.
    """

    average: float
    tenants: dict[str, float]
    target: float

    @property
    def green(self) -> bool:
        """Whether the average meets the target."""
        return self.average >= self.target

    @property
    def furious(self) -> list[str]:
        """Tenants under the target."""
        return list(below(self.tenants, self.target))

    def __str__(self) -> str:
        who = worst(self.tenants)
        light, lowest = "GREEN" if self.green else "RED", ""
        if who is not None and self.tenants[who] < max(share for share in self.tenants.values() if not isnan(share)):
            lowest = f" Lowest: {who} {_percent(self.tenants[who])}."
        return f"All together: {_percent(self.average)} good, target {_percent(self.target)}: {light}.{lowest}"


def dashboard(sim: Simulation, empty_is_wrong: bool = True, target: float = TARGET) -> Dashboard:
    """Run it to the end and judge it. If an empty room does not count as wrong, it counts as good: it came in time."""
    sim.run(until=1_000.0 * SECONDS + 1_000)

    def wrong(op: Operation) -> bool:
        return empty_is_wrong and op.status == "ok" and not op.result

    seen = what_users_saw(sim.history, sim.now, within=400.0, wrong=wrong)
    return Dashboard(good_share(seen), shares(seen), target)


def _percent(share: float) -> str:
    if isnan(share):
        return "not known"
    text = f"{100 * share:.2f}".rstrip("0").rstrip(".")
    return f"{'99.99' if text == '100' and share < 1 else text} %"
