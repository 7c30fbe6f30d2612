"""The chat service that every card breaks.

Three tenants of different weight talk, each in a room of its own. They ask the *door*, a balancer, which passes each
request on to one of several *servers*. Every server keeps all posts on its own disk and copies each new one to its
peers. A post is answered when ``acks`` servers have it; a read shows the newest posts of a room. Cards change this
service as little as they can: what they do not mention is as it stands here.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from math import inf, nan
from random import Random
from statistics import median
from typing import Any

from ..clients import LoadClient, Request
from ..history import Operation
from ..metrics import Outcome, good_share, outcome, user_of, what_users_saw
from ..network import Exponential, Network
from ..node import Message, Node
from ..operations import Monitor
from ..services import LATER, Balancer, Server
from ..simulation import Simulation

#: The tenants and their share of the traffic.
TENANTS = {"acme": 0.6, "borealis": 0.3, "cedar": 0.1}

#: Requests a second of all tenants together, unless a card says otherwise.
RATE = 40.0

#: ms: an answer that takes longer is a bad one; it is also how long clients wait.
WITHIN_MS = 500.0

#: How many posts a read shows: the newest of the room.
PAGE = 10

#: Every so many requests of a tenant, one is a post. The others read.
POST_EVERY = 4

#: ms: what was acknowledged so long before a read began must be in its answer.
STALE_MS = 1_000.0

DOOR, MONITOR, SUPERVISOR = "door", "monitor", "supervisor"


class Copy(Message):
    """A peer has a new post: keep it too."""

    id: int
    record: Any


class Kept(Message):
    """The post is on my disk."""

    id: int


class WhatDoYouHave(Message):
    """I have just started: send me all you have."""


class Posts(Message):
    """All I have, as ``(id, record)`` pairs."""

    posts: tuple[tuple[int, Any], ...]


class ChatServer(Server):
    """Serves requests like any server, and keeps the posts of all rooms on its disk, under the post's number.

    Args:
        peers: the other servers; each gets a copy of every post.
        acks: how many servers must have a post on disk before its user is told "done", this one included.

    A record on disk is ``(room, text)``. Cards that store it otherwise override ``pack`` and ``unpack``.
    """

    acks: int = 1

    def on_start(self) -> None:
        """Read the disk; ask the peers for what happened meanwhile."""
        super().on_start()
        self.file_all()

    def file_all(self) -> None:
        """Put all that is on the disk where reads find it, and ask the peers for the rest."""
        self._rooms: dict[str, list[int]] = {}
        self._unacknowledged: dict[int, tuple[str, Request, set[str]]] = {}
        for id, record in self.records(self.disk):
            self._index(id, record)
        self.broadcast(WhatDoYouHave())

    # -- requests ------------------------------------------------------------------------------------------------------

    def answer(self, src: str, msg: Request) -> Any:
        """What a user gets for a post or a read."""
        if msg.f == "read":
            return self.page(msg.key)
        self.keep(msg.id, self.pack(msg.id, msg.key, msg.arg))
        self.copy(Copy(msg.id, self.disk[msg.id]))
        if self.acks <= 1:
            return "done"
        self._unacknowledged[msg.id] = src, msg, {self.name}
        return LATER

    def copy(self, message: Copy) -> None:
        """A new post goes to the peers, at once."""
        self.broadcast(message)

    def on_copy(self, src: str, msg: Copy) -> None:
        """Keep it, and say so."""
        if msg.id not in self.disk:
            self.keep(msg.id, msg.record)
        self.send(src, Kept(msg.id))

    def on_kept(self, src: str, msg: Kept) -> None:
        """One more server has it: are these enough?"""
        if msg.id in self._unacknowledged:
            asker, request, holders = self._unacknowledged[msg.id]
            holders.add(src)
            if len(holders) >= self.acks:
                del self._unacknowledged[msg.id]
                self.reply(asker, request, "done")

    def page(self, room: str) -> tuple[str, ...]:
        """The newest posts of a room, oldest first."""
        texts = (self.unpack(id, self.disk[id]) for id in self._rooms.get(room, ())[-PAGE:])
        return tuple(text for _, text in texts)

    # -- catching up ---------------------------------------------------------------------------------------------------

    def on_what_do_you_have(self, src: str, msg: WhatDoYouHave) -> None:
        """A peer that was away asks."""
        self.send(src, Posts(tuple(self.records(self.disk))))

    def on_posts(self, src: str, msg: Posts) -> None:
        """Keep what was missing here."""
        for id, record in msg.posts:
            if id not in self.disk:
                self.keep(id, record)

    def texts(self) -> list[str]:
        """All posts that can be shown from this disk, for the judge. Works on a server that is down, too."""
        return [self.unpack(id, record)[1] for id, record in self.records(self.disk)]

    # -- the disk ------------------------------------------------------------------------------------------------------

    @staticmethod
    def records(disk: Mapping[Any, Any]) -> list[tuple[int, Any]]:
        """The posts on a disk, in the order in which they were asked for."""
        return sorted((key, record) for key, record in disk.items() if type(key) is int)

    def pack(self, id: int, room: str, text: str) -> Any:
        """How a post is written to the disk."""
        return room, text

    def unpack(self, id: int, record: Any) -> tuple[str, str]:
        """``(room, text)`` of a record."""
        room, text = record
        return room, text

    def keep(self, id: int, record: Any) -> None:
        """Write a record and put it where reads find it."""
        self.disk[id] = record
        self._index(id, record)

    def _index(self, id: int, record: Any) -> None:
        ids = self._rooms.setdefault(self.unpack(id, record)[0], [])
        if not ids or ids[-1] < id:
            ids.append(id)
        elif id not in ids:
            insort(ids, id)


def server_names(n: int) -> tuple[str, ...]:
    """s1, s2, … sn."""
    return tuple(f"s{i + 1}" for i in range(n))


def chat_servers(kind: type[ChatServer], n: int, **settings: Any) -> list[ChatServer]:
    """``n`` servers that know each other. By default each serves two requests at once, in 10 ms on average."""
    told: dict[str, Any] = {"workers": 2, "service": Exponential(mean=10), **settings}
    names = server_names(n)
    return [kind(name, peers=[peer for peer in names if peer != name], **told) for name in names]


def chat(
    servers: Sequence[Node],
    seed: int = 0,
    trace: str = "off",
    rate: float = RATE,
    tenants: Mapping[str, float] = TENANTS,
    door: Mapping[str, Any] | None = None,
    users: Mapping[str, Any] | None = None,
    others: Iterable[Node] = (),
    network: Network | None = None,
    gauges: Mapping[str, Callable[[Simulation], float]] | None = None,
) -> Simulation:
    """Users, the door and the servers on a network of 1 to 3 ms.

    Args:
        rate: requests a second of all tenants together; ``tenants`` has the share of each.
        door, users: more settings for the balancer and for the clients.
        others: nodes that a card needs besides.
        gauges: what the monitor reads once a second, besides the number of live servers and of waiting requests.
    """
    names = [server.name for server in servers]
    clients = [
        LoadClient(
            tenant,
            **{
                "service": DOOR, "rate": rate * share, "timeout": WITHIN_MS, "operation": talk(tenant),
                **(users or {}),
            },
        )
        for tenant, share in tenants.items()
    ]  # fmt: skip
    read = {"live servers": live(names), "waiting": waiting(names), **(gauges or {})}
    return Simulation(
        Balancer(DOOR, backends=names, **(door or {})),
        *servers,
        *others,
        Monitor(MONITOR, gauges=read, every_ms=1_000.0),
        *clients,
        network=Network(latency=(1, 3)) if network is None else network,
        seed=seed,
        trace=trace,
    )


def talk(tenant: str) -> Callable[[int, Random], tuple[Any, ...]]:
    """What a tenant asks: a post every ``POST_EVERY`` requests, each with a text of its own, and reads of its room."""

    def operation(number: int, random: Random) -> tuple[Any, ...]:
        return ("post", tenant, f"{tenant}-{number}") if number % POST_EVERY == 0 else ("read", tenant)

    return operation


def live(names: Sequence[str]) -> Callable[[Simulation], float]:
    """A gauge: how many of these nodes are up."""
    return lambda sim: float(len([name for name in names if sim.nodes[name]._up]))


def waiting(names: Sequence[str]) -> Callable[[Simulation], float]:
    """A gauge: how many requests wait at these servers."""
    return lambda sim: float(sum(getattr(sim.nodes[name], "waiting", 0) for name in names))


def readings(sim: Simulation, gauge: str) -> list[float]:
    """What the monitor read of one gauge, once a second."""
    monitor: Any = sim.nodes[MONITOR]
    return [sample[gauge] for _, sample in monitor.samples]


def restarts(sim: Simulation) -> float:
    """How many processes the supervisor has started again."""
    supervisor: Any = sim.nodes[SUPERVISOR]
    return float(sum(supervisor.restarts.values()))


# -- what users saw ----------------------------------------------------------------------------------------------------


def judge(sim: Simulation, within: float = WITHIN_MS) -> Outcome:
    """What users of the chat saw, judged by what they had asked and been told: no server is believed.

    A post is *lost* if it was acknowledged and no server can show it when the run ends, and *duplicated* if some server
    shows it twice. For what makes a read *wrong* see ``wrong_reads``.
    """
    shown, copies = kept(sim)
    lost = [op for op in sim.history if op.f == "post" and op.status == "ok" and op.arg not in shown]
    wrong = wrong_reads(sim)
    return outcome(sim.history, until=sim.now, within=within, wrong=wrong, lost=len(lost), duplicated=copies)


def wrong_reads(sim: Simulation) -> set[int]:
    """The ids of reads that showed what nobody had posted in that room, or lacked what they had to show.

    A read has to show a post that was acknowledged a second before it began, unless newer ones fill its page.
    """
    asked: dict[str, dict[str, int]] = {}
    acknowledged: dict[str, list[tuple[float, int]]] = {}
    for op in sim.history:
        if op.f == "post":
            asked.setdefault(op.key, {})[op.arg] = op.id
            if op.status == "ok" and op.completed is not None:
                acknowledged.setdefault(op.key, []).append((op.completed, op.id))
    rooms = {room: _Known(asked[room], acknowledged.get(room, ())) for room in asked}
    empty = _Known({}, ())
    return {op.id for op in sim.history if op.f == "read" and not rooms.get(op.key, empty).explains(op)}


class _Known:
    """What is known of one room: the number of each post that was asked for, and which were acknowledged when."""

    def __init__(self, asked: Mapping[str, int], acknowledged: Iterable[tuple[float, int]]) -> None:
        self.asked = asked
        posts = sorted(acknowledged)
        self.times = [time for time, _ in posts]
        # The newest post, by number, among those acknowledged up to each time.
        self.newest = list(accumulate((id for _, id in posts), max))

    def explains(self, op: Operation) -> bool:
        if op.status != "ok" or op.result is None:
            return True
        if not all(text in self.asked for text in op.result):
            return False
        due = bisect_right(self.times, op.invoked - STALE_MS)
        if due == 0:
            return True
        shown = [self.asked[text] for text in op.result]
        newest = self.newest[due - 1]  # on the page, unless newer ones fill it
        return len(shown) >= min(due, PAGE) and (newest in shown or min(shown) > newest)


def kept(sim: Simulation) -> tuple[set[str], int]:
    """The texts that the service has on its disks, up or down, and how many stand twice on the worst of them."""
    shown: set[str] = set()
    twice = 0
    for node in sim.nodes.values():
        texts = node.texts() if hasattr(node, "texts") and node.name not in out_of_reach(sim) else []
        shown.update(texts)
        twice = max(twice, len(texts) - len(set(texts)))
    return shown, twice


def out_of_reach(sim: Simulation) -> list[str]:
    """Nodes in a place that was removed and not restored: whatever is on their disks, it is nobody's here."""
    gone: list[str] = []
    for fault in sim.faults:
        if fault.at <= sim.now and fault.call in ("remove", "restore"):
            members = sim.network.places.members(*fault.args[:2]) if sim.network.places else ()
            gone = [*gone, *members] if fault.call == "remove" else [name for name in gone if name not in members]
    return gone


def median_ms(sim: Simulation, f: str, after: float = 0.0, before: float = inf) -> float:
    """The median time to an answer, in ms, of the operations ``f`` asked in [after, before) that got one."""
    took = [
        op.completed - op.invoked
        for op in sim.history
        if op.f == f and after <= op.invoked < before and op.status == "ok" and op.completed is not None
    ]
    return median(took) if took else nan


def good_between(sim: Simulation, after: float, before: float, tenants: Iterable[str] = TENANTS) -> float:
    """The share of good answers among what these tenants asked in [after, before) ms; nan if they asked nothing."""
    names = set(tenants)
    ops = [op for op in sim.history if after <= op.invoked < before and user_of(op) in names]
    return good_share(what_users_saw(ops, sim.now, within=WITHIN_MS, wrong=wrong_reads(sim)))
