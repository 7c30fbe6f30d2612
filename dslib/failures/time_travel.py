"""12. Time travel: a clock jumps, and what was certain is not.

One server at a time leads: it alone numbers the posts. It holds a lease from the lock server and must renew it. At 20 s
the clock of the leader s1 is set back by ``jump_s``. The naive server measures everything with that clock. It believes
that its lease has long to run and that no renewal is due; the lock server, whose clock is right, gives the lease to the
next. Now two servers number posts, and one overwrites what the other has stored. The clock is also asked how long a
request took, and for one that was under way the answer is less than nothing.

The mitigated server measures intervals with a monotonic clock, which no jump moves. And each lease comes with a fencing
token, a number that only grows: the storage refuses whoever comes with an old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..clients import Request
from ..leases import Acquire, Denied, Fence, Granted, LockServer
from ..node import Message, Node
from ..services import LATER, Server
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import PAGE, chat, readings, server_names

JUMP_MS = 20_000.0
UNTIL_MS = 60_000.0
LOCKS, STORAGE, LEADERSHIP = "locks", "storage", "leadership"
LEASE_MS, RENEW_MS, TICK_MS = 3_000.0, 1_000.0, 100.0


class Append(Message):
    """Store a post as number ``number`` of a room."""

    id: int
    room: str
    number: int
    text: str
    token: int


class Appended(Message):
    """Stored."""

    id: int


class Stale(Message):
    """Refused: I have seen a newer token than yours."""

    id: int


class HowMany(Message):
    """How many posts has each room?"""


class SoMany(Message):
    """``(room, number)`` pairs."""

    counts: tuple[tuple[str, int], ...]


class Show(Message):
    """The newest posts of a room, please, for request ``id``."""

    id: int
    room: str


class Shown(Message):
    """Here they are."""

    id: int
    texts: tuple[str, ...]


class Storage(Node):
    """Keeps the posts of each room by number: whoever writes a number again overwrites it.

    Args:
        fenced: whether a write with an older token than one seen before is refused; see ``dslib.leases``.
    """

    fenced: bool = False

    def on_append(self, src: str, msg: Append) -> None:
        """Store, unless it comes from a leader of the past."""
        fence = Fence(self.disk.get("token", 0))
        if not fence.admits(msg.token) and self.fenced:
            self.send(src, Stale(msg.id))
            return
        self.disk["token"] = fence.highest
        self.disk[msg.room, msg.number] = msg.text
        self.disk[msg.room] = max(self.disk.get(msg.room, 0), msg.number)
        self.send(src, Appended(msg.id))

    def on_how_many(self, src: str, msg: HowMany) -> None:
        """For a server that has just become the leader."""
        rooms = sorted(key for key in self.disk if isinstance(key, str) and key != "token")
        self.send(src, SoMany(tuple((room, self.disk[room]) for room in rooms)))

    def on_show(self, src: str, msg: Show) -> None:
        """The newest page."""
        last = self.disk.get(msg.room, 0)
        numbers = range(max(1, last - PAGE + 1), last + 1)
        self.send(src, Shown(msg.id, tuple(self.disk[msg.room, n] for n in numbers if (msg.room, n) in self.disk)))

    def texts(self) -> list[str]:
        """All posts, for the judge."""
        return [text for key, text in self.disk.items() if isinstance(key, tuple)]


class LeasedServer(Server):
    """Serves while it holds the lease, or believes so.

    Args:
        monotonic: whether it measures intervals with the clock that never jumps.
        first_ms: when it asks for the lease for the first time.
    """

    monotonic: bool = False
    first_ms: float = 0.0

    def on_start(self) -> None:
        """Not the leader yet."""
        super().on_start()
        self.leads = False
        self.token = 0
        self._until, self._renew_at = 0.0, self.time() + self.first_ms
        self._numbers: dict[str, int] | None = None
        self._asked: dict[int, tuple[str, Request, float]] = {}
        self.negative = 0
        self.set_timer("tick", TICK_MS)

    def time(self) -> float:
        """The clock by which this server measures intervals."""
        return self.clock.monotonic() if self.monotonic else self.clock.read()

    def on_tick_timeout(self) -> None:
        """Ten times a second: is the lease over, is a renewal due?"""
        if self.leads and self.time() >= self._until:
            self._step_down("its lease has run out")
        if self.time() >= self._renew_at:
            self._renew_at = self.time() + RENEW_MS
            self.send(LOCKS, Acquire(LEADERSHIP))
        self.set_timer("tick", TICK_MS)

    def on_granted(self, src: str, msg: Granted) -> None:
        """Leader, until the lease runs out, counted from when it was asked for."""
        self._until = self._renew_at - RENEW_MS + msg.length_ms
        if not self.leads or self.token != msg.token:
            self.leads, self.token, self._numbers = True, msg.token, None
            self.log(f"leads with token {msg.token}")
            self.send(STORAGE, HowMany())

    def on_denied(self, src: str, msg: Denied) -> None:
        """Somebody else leads."""
        if self.leads:
            self._step_down("the lease is somebody else's")

    def on_so_many(self, src: str, msg: SoMany) -> None:
        """From here on the numbers are ours."""
        self._numbers = dict(msg.counts)

    def ready(self) -> bool:
        """The door sends requests to whoever says that it leads."""
        return self.leads and self._numbers is not None

    def admit(self, src: str, msg: Request) -> str:
        """Only the leader serves."""
        return super().admit(src, msg) if self.ready() else "not the leader"

    def answer(self, src: str, msg: Request) -> Any:
        """Pass it to the storage; the answer comes with the storage's."""
        self._asked[msg.id] = src, msg, self.time()
        if msg.f == "read" or self._numbers is None:
            self.send(STORAGE, Show(msg.id, msg.key))
        else:
            number = self._numbers[msg.key] = self._numbers.get(msg.key, 0) + 1
            self.send(STORAGE, Append(msg.id, msg.key, number, msg.arg, self.token))
        return LATER

    def on_appended(self, src: str, msg: Appended) -> None:
        """The post is stored."""
        self._stored(msg.id, "done")

    def on_shown(self, src: str, msg: Shown) -> None:
        """A page."""
        self._stored(msg.id, msg.texts)

    def on_stale(self, src: str, msg: Stale) -> None:
        """There is a newer leader."""
        if msg.id in self._asked:
            asker, request, _ = self._asked.pop(msg.id)
            self.refuse(asker, request, "not the leader any more")
        self._step_down("the storage has seen a newer token")

    def _stored(self, id: int, result: Any) -> None:
        if id in self._asked:
            asker, request, since = self._asked.pop(id)
            if self.time() < since:
                self.negative += 1
            self.reply(asker, request, result)

    def _step_down(self, why: str) -> None:
        self.leads = False
        self.log(f"steps down: {why}")


def leaders(sim: Simulation) -> float:
    """A gauge: how many servers believe that they lead."""
    return float(
        len([node for node in sim.nodes.values() if isinstance(node, LeasedServer) and node._up and node.leads])
    )


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    jump_s: float = knob(25.0, 0.5, 60, "seconds by which the leader's clock is set back")
    servers: int = knob(3, 2, 5, "servers that may lead")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service with one leader at a time; the leader's clock jumps back at 20 s."""
    names = server_names(params.servers)
    servers = [
        LeasedServer(name, workers=2, service=4.0, monotonic=mitigated, first_ms=300.0 * i)
        for i, name in enumerate(names)
    ]
    sim = chat(
        servers,
        seed,
        trace,
        door={"health_every": 100.0, "fall": 1, "rise": 1},
        others=[LockServer(LOCKS, lease_ms=LEASE_MS), Storage(STORAGE, fenced=mitigated)],
        gauges={"leaders": leaders},
    )
    sim.at(JUMP_MS, sim.jump_clock, "s1", -1_000 * params.jump_s)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """Seconds with two leaders, and requests that took less than no time."""
    servers: list[Any] = [sim.nodes[name] for name in server_names(params.servers)]
    return {
        "seconds with two leaders": float(len([n for n in readings(sim, "leaders") if n > 1])),
        "negative durations": float(sum(server.negative for server in servers)),
    }


CARD = Card(
    number=12,
    title="Time travel",
    means="A clock jumps or runs back, and everything that was measured with it is wrong.",
    naive="Leases and durations are measured with the wall clock; the storage believes whoever writes.",
    mitigation="Intervals by the monotonic clock, which never jumps; fencing tokens that only grow.",
    metric="seconds with two lease holders, negative durations, overwritten posts",
    where="node",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "with the wall clock two servers lead for at least 10 s, and acknowledged posts are overwritten",
            lambda r: r.naive.numbers["seconds with two leaders"] >= 10 and r.naive.outcome.lost > 0,
        ),
        Claim(
            "with the monotonic clock and tokens there is one leader, and nothing is lost",
            lambda r: r.mitigated.numbers["seconds with two leaders"] == 0 and r.mitigated.outcome.lost == 0,
        ),
        Claim(
            "measured with the monotonic clock, no request took less than no time",
            lambda r: r.mitigated.numbers["negative durations"] == 0,
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
