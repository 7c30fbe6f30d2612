"""Primary-backup: one server decides, the others copy it, and the next in line takes over when it falls silent.

Alsberg and Day 1976 ("A principle for resilient sharing of distributed resources", ICSE): users ask the primary, which
passes each update on to backups, and the user is told "done" only when so many hosts know of it that losing the others
loses nothing. Budhiraja, Marzullo, Schneider and Toueg 1993 ("The primary-backup approach", in Mullender, Distributed
Systems, 2nd edition, chapter 8) say what such a service must be:

- Pb1: at any time at most one server is the primary;
- Pb2: a client sends its request to one server, the one that it believes to be the primary;
- Pb3: a request that arrives at any other server is not carried out;
- Pb4: the service is never out for longer than a fixed time after a failure, and fails only so often (a "bofo" server).

Their simple protocol trusts silence: messages take at most δ, the primary says something every τ, so after τ + δ of
silence it is dead, and the backup may take over. Where messages can be lost, or a process can stand still, silence
proves nothing, and nobody can keep Pb1. What can be kept is that only one of two primaries gets anything done. So each
turn of office has a number, the *view*; a backup that has joined a view refuses all earlier ones; and a new primary
first asks so many servers for their logs that it must find whatever was called done: N - acks + 1 of N, since any such
group shares a server with any group of ``acks``. (Views, and asking before leading: Oki and Liskov 1988, "Viewstamped
replication", PODC.)
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from random import Random
from typing import Any

from ..checkers import check_linearizable
from ..clients import Refusal, Reply, Request, Retry, ScriptClient
from ..clocks import Clock
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..specs import KeyValue
from ..trials import Trial

Log = tuple[Request, ...]


class Update(Message):
    """From the primary: this is the log now. Also its sign of life. (Real ones send only what is new.)"""

    view: int
    log: Log


class Updated(Message):
    """From a backup: the first ``length`` entries are on my disk."""

    view: int
    length: int


class TakeOver(Message):
    """The primary is silent. I lead view ``view`` if enough of you hand over what you have."""

    view: int


class Handover(Message):
    """I refuse all views before ``view`` from now on. My log was stored in view ``of``."""

    view: int
    of: int
    log: Log


class Replica(Node):
    """A server of a key-value store (get, put, append, cas): primary or backup, as it comes.

    Args:
        acks: how many servers, the primary among them, must have an operation on disk before it is answered.
        period: τ, ms between two signs of life of the primary.
        timeout: ms of silence after which the next in line takes over, the one after it twice as many, and so on. Where
            no message takes longer than δ, ``period`` + δ never suspects a primary that is up.

    The line is the names in order, and the first is the first primary.

    Raises:
        ValueError: no peers, ``acks`` below 1 or above the number of servers, a ``timeout`` not above the ``period``.
    """

    acks: int = 2
    period: float = 20.0
    timeout: float = 50.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.peers:
            raise ValueError(f"replica {name!r} has no peers, so nobody can take over: write peers=('r2', 'r3')")
        if not 1 <= self.acks <= self.n:
            raise ValueError(f"replica {name!r} has acks={self.acks!r} of {self.n} servers: write 1 to {self.n}")
        if not 0 < self.period < self.timeout < inf:
            raise ValueError(
                f"replica {name!r} has period={self.period!r} and timeout={self.timeout!r}: write ms above 0, and a "
                "timeout above the period, or every primary is suspected between two signs of life"
            )

    @property
    def n(self) -> int:
        """How many servers there are, this one included."""
        return len(self.peers) + 1

    @property
    def role(self) -> str:
        """What it takes itself for."""
        return "primary" if self.primary else "backup"

    def on_start(self) -> None:
        """The disk holds the log and the view. Who was primary before a crash is so no longer."""
        new = "view" not in self.disk
        self.view: int = self.disk.setdefault("view", 0)
        self._of, self._log = self.disk.get("log", (0, ()))
        self.primary = False
        self._handovers: dict[str, tuple[int, Log]] = {}
        if new and self._turns() == 0:
            self.lead()
        else:
            self.wait_for_a_sign()

    # -- the primary -----------------------------------------------------------------------------------------------

    def on_request(self, src: str, msg: Request) -> None:
        """Only the primary carries out requests (Pb3). A client that hears nothing asks the next server (Pb2)."""
        if not self.primary:
            return
        if msg.f not in ("get", "put", "append", "cas"):
            self.send(src, Refusal(msg.id, f"unknown operation {msg.f!r}: ask get, put, append or cas"))
            return
        self._waiting[msg.id] = src
        if msg.id not in self._known:  # else it was asked before, perhaps of an earlier primary
            self._known[msg.id] = None
            self.store(self.view, (*self._log, msg))
            self._has[self.name] = len(self._log)
            self.broadcast(Update(self.view, self._log))
        self.answer()

    def on_beat_timeout(self) -> None:
        """A sign of life, and once more what a backup may have missed."""
        self.broadcast(Update(self.view, self._log))
        self.set_timer("beat", self.period)

    def on_updated(self, src: str, msg: Updated) -> None:
        """A backup has so much."""
        if self.primary and msg.view == self.view:
            self._has[src] = max(msg.length, self._has.get(src, 0))
            self.answer()

    def answer(self) -> None:
        """Carry out, in order, what is safe, and tell whoever waits for it (Alsberg and Day's n-host resiliency)."""
        for request in self._log[len(self._results) : self.safe()]:
            self._results[request.id] = execute(self._table, request)
        for id, user in tuple(self._waiting.items()):
            if id in self._results:
                del self._waiting[id]
                self.send(user, Reply(id, self._results[id]))

    def safe(self) -> int:
        """How many entries are on the disks of ``acks`` servers."""
        lengths = sorted(self._has.values(), reverse=True)
        return lengths[self.acks - 1] if len(lengths) >= self.acks else 0

    # -- a backup --------------------------------------------------------------------------------------------------

    def on_update(self, src: str, msg: Update) -> None:
        """Copy the primary, unless it is one of the past. A shorter log of the same view was overtaken on its way."""
        if msg.view < self.view:
            return
        self.join(msg.view)
        if msg.view > self._of or len(msg.log) > len(self._log):
            self.store(msg.view, msg.log)
        self.send(src, Updated(msg.view, len(self._log)))

    def wait_for_a_sign(self) -> None:
        """How long, depends on one's place in the line: the next after the primary comes first."""
        self.set_timer("silence", self.timeout * (self._turns() or self.n))

    # -- fail-over -------------------------------------------------------------------------------------------------

    def on_silence_timeout(self) -> None:
        """Nothing for too long. Claim the next view that is this server's turn."""
        self.join(self.view + (self._turns() or self.n))
        self._handovers[self.name] = self._of, self._log
        self.broadcast(TakeOver(self.view))
        self.lead_if_enough()

    def on_take_over(self, src: str, msg: TakeOver) -> None:
        """Hand over to whoever claims a later view, and refuse the earlier ones from now on."""
        if msg.view > self.view:
            self.join(msg.view)
            self.send(src, Handover(msg.view, self._of, self._log))

    def on_handover(self, src: str, msg: Handover) -> None:
        """One more log. A claim made before a crash is forgotten, and its answers count for nothing."""
        if self._handovers and msg.view == self.view:
            self._handovers[src] = msg.of, msg.log
            self.lead_if_enough()

    def lead_if_enough(self) -> None:
        """Lead, once some server of every group of ``acks`` has answered: with the longest log of the latest view."""
        if len(self._handovers) >= self.needed() and not self.primary:
            _, log = max(self._handovers.values(), key=lambda handed: (handed[0], len(handed[1])))
            self.store(self.view, log)
            self.lead()

    def needed(self) -> int:
        """How many logs a new primary must see, its own included."""
        return self.n - self.acks + 1

    def lead(self) -> None:
        """Be the primary of this view. Nobody is known to have its log yet."""
        self.primary = True
        self._handovers = {}
        self._has = {self.name: len(self._log)}
        self._known = dict.fromkeys(request.id for request in self._log)
        self._waiting: dict[int, str] = {}
        self._table: dict[Any, Any] = {}
        self._results: dict[int, Any] = {}
        self.cancel_timer("silence")
        self.on_beat_timeout()

    # -- steps -----------------------------------------------------------------------------------------------------

    def join(self, view: int) -> None:
        """Be a backup in ``view``, and never again in an earlier one: that goes to disk."""
        if view > self.view:
            self.view = self.disk["view"] = view
            self.primary = False
            self._handovers = {}
            self.cancel_timer("beat")
        self.wait_for_a_sign()

    def store(self, view: int, log: Log) -> None:
        """To disk first, then to memory."""
        self._of, self._log = self.disk["log"] = view, log

    def _turns(self) -> int:
        """How many views from this one until it is this server's turn; 0 if it is now."""
        return (sorted((self.name, *self.peers)).index(self.name) - self.view) % self.n


def execute(table: dict[Any, Any], request: Request) -> Any:
    """Do one operation to the table; returns its result."""
    key, old = request.key, table.get(request.key)
    if request.f == "put":
        table[key] = request.arg
    elif request.f == "append":
        table[key] = request.arg if old is None else old + request.arg
    elif request.f == "cas":
        expected, new = request.arg
        if old != expected:
            return False
        table[key] = new
        return True
    return old if request.f == "get" else None


# -- known to be wrong -------------------------------------------------------------------------------------------------


class AckOne(Replica):
    """Answers when it has the operation itself, before any backup has it."""

    def safe(self) -> int:
        """All that this server has."""
        return len(self._log)


class TakesOverAlone(Replica):
    """Takes silence for death: leads without asking anybody, and without anybody refusing the old primary."""

    def needed(self) -> int:
        """Its own log is enough."""
        return 1


class ReadsAlone(Replica):
    """Answers a get from its own log, without asking whether it is still the primary."""

    def on_request(self, src: str, msg: Request) -> None:
        """A put is passed on as it should be."""
        if self.primary and msg.f == "get":
            table: dict[Any, Any] = {}
            for request in self._log[: self.safe()]:
                execute(table, request)
            self.send(src, Reply(msg.id, table.get(msg.key)))
        else:
            super().on_request(src, msg)


def _build(seed: int, kind: type[Replica]) -> Simulation:
    """Three servers, three clients that write and read one key; crashes, pauses and cuts."""
    dice = Random(f"{seed}/primary_backup")
    names = ("r1", "r2", "r3")
    servers = [kind(name, peers=[peer for peer in names if peer != name]) for name in names]
    clients = [
        ScriptClient(
            who,
            service=names,
            script=[("put", "x", f"{who}{i}") if dice.random() < 0.5 else ("get", "x") for i in range(25)],
            timeout=40.0,
            retry=Retry(times=5),
            think=10.0,
            start=5.0 * number,
        )
        for number, who in enumerate(("alice", "bob", "carol"))
    ]
    sim = Simulation(*servers, *clients, network=Network(latency=(1, 8)), seed=seed, trace="off")
    kinds = ("crash", "partition", "cut", "pause")
    sim.set_faults(nemesis(sim, seed, 900, kinds, every_ms=120, for_ms=150, quiet_ms=150, nodes=names))
    return sim


def _judge(sim: Simulation) -> str:
    verdict = check_linearizable(sim.history, KeyValue())
    return "" if verdict else " ".join(verdict.explain().split())


TRIAL = Trial("primary_backup", _build, 900.0, _judge, Replica, (AckOne, TakesOverAlone, ReadsAlone))
