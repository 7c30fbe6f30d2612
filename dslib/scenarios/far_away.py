"""Two people, one room, and an ocean: how far the copy stands from whoever asks.

alice lives in one city and bob in another. Each writes pages of a notebook, and reads the other's. ``home`` stands in
alice's city. With an *edge*, a second copy stands in bob's city, and each asks the copy nearby. A write either waits
until the other copy has it, or is answered at once and told later.
"""

from __future__ import annotations

from math import inf
from statistics import median
from typing import Any, NamedTuple

from ..clients import Reply, Request, ScriptClient
from ..metrics import Seen, user_of, what_users_saw
from ..network import Network
from ..node import Message, Node
from ..places import Place, Places, light_ms
from ..simulation import Simulation

#: What a write may wait for.
WRITE_WAITS = ("for both copies", "for one copy")


class Tell(Message):
    """A page for the other copy."""

    id: int
    key: str
    page: int


class Told(Message):
    """It is here, too."""

    id: int


class Shelf(Node):
    """One copy of both notebooks. Reads are answered from here; ``waits`` says whether a write waits for the other."""

    waits: bool = True

    def on_start(self) -> None:
        """Whatever the disk holds."""
        self.pages: dict[str, int] = self.disk.get("pages", {})
        self._asked: dict[int, str] = {}

    def on_request(self, src: str, msg: Request) -> None:
        """Hand out a notebook, or put a page into one."""
        if msg.f == "read":
            self.send(src, Reply(msg.id, self.pages.get(msg.key, 0)))
            return
        self.keep(msg.key, msg.arg)
        self.broadcast(Tell(msg.id, msg.key, msg.arg))
        if self.waits and self.peers:
            self._asked[msg.id] = src
        else:
            self.send(src, Reply(msg.id))

    def on_tell(self, src: str, msg: Tell) -> None:
        """The other copy has a page."""
        self.keep(msg.key, msg.page)
        self.send(src, Told(msg.id))

    def on_told(self, src: str, msg: Told) -> None:
        """Both have it: tell whoever waits."""
        if msg.id in self._asked:
            self.send(self._asked.pop(msg.id), Reply(msg.id))

    def keep(self, key: str, page: int) -> None:
        """Onto the disk; a page that comes late does not undo newer ones."""
        self.pages = {**self.pages, key: max(page, self.pages.get(key, 0))}
        self.disk["pages"] = self.pages


def two_cities(
    seed: int = 0,
    edge: bool = False,
    write_waits: str = WRITE_WAITS[0],
    near: str = "New York",
    far: str = "Shanghai",
    turns: int = 4,
) -> Simulation:
    """alice lives in the city ``near``, where ``home`` stands, and bob in the city ``far``, where the edge may stand.

    Each writes and reads in turn, ``turns`` times, and thinks 30 ms in between. Messages take what light in glass
    takes, and 0.2 to 1 ms more.

    Raises:
        ValueError: a city is not in the table, ``write_waits`` is none of ``WRITE_WAITS``, or there are no ``turns``.
    """
    if write_waits not in WRITE_WAITS:
        raise ValueError(f"write_waits is {write_waits!r}: write one of {', '.join(map(repr, WRITE_WAITS))}")
    if isinstance(turns, bool) or not isinstance(turns, int) or not 1 <= turns <= 1_000:
        raise ValueError(f"turns is {turns!r}: write a whole number from 1 to 1,000")
    shelves = {"home": near, "edge": far} if edge else {"home": near}
    copies = [
        Shelf(name, peers=[other for other in shelves if other != name], waits=write_waits == WRITE_WAITS[0])
        for name in shelves
    ]
    people = [
        ScriptClient(
            who, service="edge" if edge and who == "bob" else "home", timeout=2_000, start=20.0, think=30.0,
            script=[step for page in range(1, turns + 1) for step in (("write", who, page), ("read", other))],
        )
        for who, other in (("alice", "bob"), ("bob", "alice"))
    ]  # fmt: skip
    places = Places({name: Place(city=city) for name, city in {**shelves, "alice": near, "bob": far}.items()})
    order: list[Node] = [people[0], *copies, people[1]]
    return Simulation(*order, network=Network(places=places), seed=seed)


def two_cities_seen(sim: Simulation) -> list[Seen]:
    """What alice and bob saw. A read is wrong if it lacks a page that had been called written when it was asked."""
    written = [(op.key, op.completed, op.arg) for op in sim.history if op.f == "write" and op.status == "ok"]

    def lacks_a_page(op: Any) -> bool:
        if op.f != "read" or op.status != "ok":
            return False
        return bool(op.result < max((arg for key, t, arg in written if key == op.key and t <= op.invoked), default=0))

    return what_users_saw(sim.history, sim.now, within=2_000, wrong=lacks_a_page)


class Trips(NamedTuple):
    """How long the middle read and write of alice and bob took, in ms, and how many reads lacked a page."""

    alice_reads: float
    alice_writes: float
    bob_reads: float
    bob_writes: float
    old_reads: int

    def __str__(self) -> str:
        return (
            f"alice reads in {self.alice_reads:.1f} ms and writes in {self.alice_writes:.1f} ms; "
            f"bob reads in {self.bob_reads:.1f} ms and writes in {self.bob_writes:.1f} ms; "
            f"{self.old_reads} old page{'' if self.old_reads == 1 else 's'} read"
        )


def trips(
    edge: bool = True,
    write_waits: str = WRITE_WAITS[0],
    far: str = "Shanghai",
    near: str = "New York",
    seed: int = 0,
) -> Trips:
    """Let alice and bob take twenty turns each, and measure. Settings as in ``two_cities``."""
    sim = two_cities(seed, edge, write_waits, near, far, turns=20).run(until=60_000)

    def middle(who: str, f: str) -> float:
        took = [(op.completed or inf) - op.invoked for op in sim.history if (user_of(op), op.f) == (who, f)]
        return median(took)

    old = sum(one.outcome == "wrong" for one in two_cities_seen(sim))
    return Trips(middle("alice", "read"), middle("alice", "write"), middle("bob", "read"), middle("bob", "write"), old)


def fetch_ms(kilobytes: float, near: str, far: str, kilobytes_per_ms: float = 1.0) -> float:
    """The least that it takes to ask for so many kB and to have all: a round trip of light, and the line's pace.

    Raises:
        ValueError: a city is not in the table, or a size or pace is not above 0.
    """
    for name, value in (("kilobytes", kilobytes), ("kilobytes_per_ms", kilobytes_per_ms)):
        if not value > 0:
            raise ValueError(f"{name} is {value!r}: write a number above 0")
    return 2 * light_ms(near, far) + kilobytes / kilobytes_per_ms
