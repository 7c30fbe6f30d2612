"""A leader with a lease: it answers reads from memory, alone, because for a time nobody else may write.

Gray and Cheriton 1989, "Leases: an efficient fault-tolerant mechanism for distributed file cache consistency", SOSP.
A lock server makes one of several nodes the leader for a while (``dslib.leases``). The values are kept by a storage.
Two dangers, and they need two remedies:

- The leader believes in its lease when it has run out, because its clock is slow or the lock server's is fast (section
  5). Then it answers a read with an old value, and nobody else is asked who could object. The remedy is a bound on
  drift, and to count on less time than was granted (section 3: the effective term).
- It looked at its lease, then stood still, and then writes: no clock helps. The remedy is a *fence*: each lease carries
  a larger token (Burrows 2006, "The Chubby lock service", OSDI, section 2.4), and the storage refuses a smaller one
  than it has seen. A new leader shows its token when it first reads, so that from then on nothing older gets through.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from ..checkers import check_linearizable
from ..clients import Refusal, Reply, Request, ScriptClient
from ..clocks import Clock
from ..history import Operation
from ..leases import Fence, Lease, LockServer, Release
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..specs import KeyValue
from ..trials import Trial


class Elect(Message):
    """Make me the leader, or let me stay it. ``asked`` is the time by my clock, and comes back with the answer."""

    asked: float


class Elected(Message):
    """You are, for ``length_ms`` from when you asked *this*: when it was granted, you cannot know."""

    asked: float
    length_ms: float
    token: int


class Fetch(Message):
    """A new leader wants all values. From now on, refuse tokens below this one."""

    token: int


class Fetched(Message):
    token: int
    values: tuple[tuple[Any, Any], ...]


class Write(Message):
    """``id`` is the request's, so that the answer to an earlier write is not taken for one to this."""

    id: int
    key: Any
    value: Any
    token: int


class Written(Message):
    id: int


class Refused(Message):
    """There is a newer leader: its token is ``highest``."""

    highest: int


class Electorate(LockServer):
    """The lock server, for one thing: the lead. It says nothing while another has it."""

    def on_elect(self, src: str, msg: Elect) -> None:
        """A larger token each time; the same one for whoever has it already."""
        lease = self.table.acquire("leader", src, self.clock.monotonic())
        if lease is not None:
            self.disk["token"] = self.table.token
            self.send(src, Elected(msg.asked, self.lease_ms, lease.token))


class Storage(Node):
    """Keeps the values on disk, behind a fence. ``fenced=False`` looks at no token."""

    fenced: bool = True

    def on_fetch(self, src: str, msg: Fetch) -> None:
        """Answering is a promise: no older leader writes after this."""
        if self.admits(src, msg.token):
            self.send(src, Fetched(msg.token, tuple(self.disk.get("values", {}).items())))

    def on_write(self, src: str, msg: Write) -> None:
        """Only with the largest token so far."""
        if self.admits(src, msg.token):
            self.disk["values"] = {**self.disk.get("values", {}), msg.key: msg.value}
            self.send(src, Written(msg.id))

    def admits(self, src: str, token: int) -> bool:
        """Whether the fence lets it through; if not, its sender is told."""
        fence = Fence(self.disk.get("token", 0))
        admitted = fence.admits(token) or not self.fenced
        self.disk["token"] = fence.highest
        if not admitted:
            self.send(src, Refused(fence.highest))
        return admitted


class Leader(Node):
    """One of several nodes that would lead: answers get, put and append while it holds the lease.

    Whoever does not lead refuses. An append must not be repeated after a time-out: nobody here remembers which ones
    were done.

    Args:
        drift: how much any clock may gain or lose, as a share: 50e-6 for a quartz. It must be below 1.
        renew: ms from one request for the lease to the next.
        patience: ms to wait for the storage.
        work: ms between looking at the lease and writing.
        locks, storage: whom to ask.

    Raises:
        ValueError: ``drift`` is below 0, or 1 or more.
    """

    drift: float = 0.0
    renew: float = 25.0
    patience: float = 40.0
    work: float = 5.0
    locks: str = "locks"
    storage: str = "storage"
    fenced: bool = True

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not 0 <= self.drift < 1:
            raise ValueError(f"leader {name!r} has drift={self.drift!r}: write a share from 0 to below 1, 50e-6")

    def on_start(self) -> None:
        """A lease of an earlier life is given up: one of its writes may be on its way, under its token."""
        self.leads = False
        self._lease: Lease | None = None
        self._values: dict[Any, Any] = {}
        self._queue: tuple[tuple[str, Request], ...] = ()
        self._given_up: int = self.disk.get("token", 0)
        if self._given_up:
            self.send(self.locks, Release("leader", self._given_up))
        self.set_timer("ask", self.random.random() * self.renew)

    # -- the lease -------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """By the clock that nobody sets."""
        return self.clock.monotonic()

    def on_ask_timeout(self) -> None:
        """Ask to become leader, or to stay it."""
        self.send(self.locks, Elect(self.now()))
        self.set_timer("ask", self.renew)

    def on_elected(self, src: str, msg: Elected) -> None:
        """It began at the latest when it was granted, so counting from when it was asked for is safe."""
        now, until = self._lease, msg.asked + self.usable_ms(msg.length_ms)
        if msg.token <= self._given_up or (now is not None and (msg.token, until) < (now.token, now.until)):
            return  # overtaken by a later one
        self._lease = Lease(self.name, until, msg.token)
        self.disk["token"] = msg.token
        if now is None or msg.token > now.token:
            self.drop_work()
            self.on_fetch_timeout()

    def usable_ms(self, granted_ms: float) -> float:
        """How much of a lease to use, by this clock, so that it is over before the lock server's clock says so.

        The server's may gain ``drift``, and be through after granted / (1 + drift) true ms; this one may lose as much,
        and show (1 - drift) times that.
        """
        return granted_ms * (1 - self.drift) / (1 + self.drift)

    def leading(self) -> bool:
        """Leader, with all values in memory, and a lease that has not run out."""
        return self.leads and self._lease is not None and self._lease.held_at(self.now())

    @property
    def role(self) -> str:
        """Leader, or candidate for the lead: all ask for the lease again and again."""
        return "leader" if self.leading() else "candidate"

    def on_fetch_timeout(self) -> None:
        """A new leader asks for the values, under its token."""
        if self._lease is not None and not self.leads:
            self.send(self.storage, Fetch(self._lease.token))
            self.set_timer("fetch", self.patience)

    def on_fetched(self, src: str, msg: Fetched) -> None:
        """Nobody with an older token can change them any more."""
        if self._lease is not None and msg.token == self._lease.token and not self.leads:
            self._values = dict(msg.values)
            self.leads = True
            self.cancel_timer("fetch")

    def step_down(self) -> None:
        """Give the token back and never use it again. To lead once more takes a new one, which fences the old off."""
        if self._lease is not None:
            self.send(self.locks, Release("leader", self._lease.token))
            self._given_up = self._lease.token
        self._lease = None
        self.drop_work()

    def drop_work(self) -> None:
        """What was begun under one token is not gone on with under another: the values may have changed between."""
        self.leads, self._queue = False, ()
        for timer in ("work", "written", "fetch"):
            self.cancel_timer(timer)

    def on_refused(self, src: str, msg: Refused) -> None:
        """Somebody leads already who came later."""
        if self._lease is not None and self._lease.token < msg.highest:
            self.step_down()

    # -- requests --------------------------------------------------------------------------------------------------

    def on_request(self, src: str, msg: Request) -> None:
        """A read is answered from memory: the lease says that nobody has written elsewhere. Writes go one by one."""
        if not self.leading():
            self.send(src, Refusal(msg.id, "not the leader"))
        elif msg.f == "get":
            self.send(src, Reply(msg.id, self._values.get(msg.key)))
        elif msg.f in ("put", "append"):
            self._queue += ((src, msg),)
            if len(self._queue) == 1:
                self.set_timer("work", self.work)
        else:
            self.send(src, Refusal(msg.id, f"unknown operation {msg.f!r}: ask get, put or append"))

    def on_work_timeout(self) -> None:
        """The lease was looked at a moment ago. Who knows how long ago that is?"""
        if self._lease is not None:
            _, msg = self._queue[0]
            old = self._values.get(msg.key)
            self._new = msg.arg if msg.f == "put" or old is None else old + msg.arg
            self.send(self.storage, Write(msg.id, msg.key, self._new, self._lease.token))
            self.set_timer("written", self.patience)

    def on_written(self, src: str, msg: Written) -> None:
        """On the storage's disk."""
        if self._queue and msg.id == self._queue[0][1].id:
            (user, request), *rest = self._queue
            self._queue = tuple(rest)
            self.cancel_timer("written")
            self._values[request.key] = self._new
            self.send(user, Reply(request.id))
            if self._queue:
                self.set_timer("work", self.work)

    def on_written_timeout(self) -> None:
        """It may come to the storage yet, and before or after the next write. Only a new token makes that harmless."""
        self.step_down()


class LeaderClient(ScriptClient):
    """Asks the next node when it was refused, too, not only after a time-out."""

    def finished(self, op: Operation) -> None:
        """Refused: somebody else may lead."""
        if op.status == "fail":
            self._favourite = (self._favourite + 1) % len(self._servers)
        super().finished(op)


# -- known to be wrong -------------------------------------------------------------------------------------------------


class NoFence(Leader):
    """Writes to a storage without a fence: a leader that stood still wakes up and overwrites what came later."""

    fenced = False


class TrustsItsClock(Leader):
    """Uses the whole lease by its own clock, although clocks drift: it answers reads when another leads already."""

    def usable_ms(self, granted_ms: float) -> float:
        """All of it."""
        return granted_ms


class CountsFromTheGrant(Leader):
    """Counts the lease from when it was told, not from when it asked: the message may have waited for it."""

    def on_elected(self, src: str, msg: Elected) -> None:
        """As if it had been asked for now."""
        super().on_elected(src, Elected(self.now(), msg.length_ms, msg.token))


class ReadsTheWallClock(Leader):
    """Measures its lease by the wall clock, which can be set back."""

    def now(self) -> float:
        """What the clock on the wall shows."""
        return self.clock.read()


#: How far clocks drift in the trial. No quartz is that bad; it makes the run short.
TRIAL_DRIFT = 0.4


def _build(seed: int, kind: type[Leader]) -> Simulation:
    """A lock server with a fast clock, two that would lead with slow ones, three clients; pauses, jumps, cuts."""
    dice = Random(f"{seed}/leader_lease")
    leaders = ("l1", "l2")
    clients = [
        LeaderClient(
            who,
            service=service,
            script=[("append", "x", f"{who[0]}{i} ") if dice.random() < 0.4 else ("get", "x") for i in range(50)],
            timeout=50.0,
            think=4.0,
        )
        for who, service in (("alice", leaders), ("bob", "l1"), ("carol", "l2"))
    ]
    sim = Simulation(
        Electorate("locks", clock=Clock(drift=TRIAL_DRIFT), lease_ms=100.0),
        Storage("storage", fenced=kind.fenced),
        *(kind(name, clock=Clock(drift=-TRIAL_DRIFT), drift=TRIAL_DRIFT, renew=8.0, work=10.0) for name in leaders),
        *clients,
        network=Network(latency=(1, 5)),
        seed=seed,
        trace="off",
    )
    stops = nemesis(leaders, seed, 1_000, ("pause", "jump_clock"), every_ms=150, for_ms=(120, 250), quiet_ms=150)
    cut_off = ("locks", dice.choice(leaders))
    cuts = nemesis(cut_off, seed, 1_000, ("cut",), every_ms=(100, 200), for_ms=(120, 200), quiet_ms=150)
    sim.set_faults([*stops, *cuts])
    return sim


def _judge(sim: Simulation) -> str:
    verdict = check_linearizable(sim.history, KeyValue())
    return "" if verdict else " ".join(verdict.explain().split())


TRIAL = Trial(
    "leader_lease",
    _build,
    1_000.0,
    _judge,
    Leader,
    (NoFence, TrustsItsClock, CountsFromTheGrant, ReadsTheWallClock),
)
