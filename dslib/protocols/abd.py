"""ABD: one register in many copies, which works as long as a majority of them does.

Attiya, Bar-Noy and Dolev 1995, "Sharing memory robustly in message-passing systems", JACM 42(1). A value is stored
under a *tag*; the larger tag is the newer value. To write: ask a quorum for their tags, take a larger one, store the
value at a quorum. To read: ask a quorum, take the value with the largest tag, and *store it at a quorum*, too, before
answering. Any two majorities share a replica, so whoever asks later finds that tag or a larger one.

The paper has one writer, which knows the last tag because it made it, and so writes in one phase. With many writers a
tag is a pair (counter, name of the writer) and the writer asks first (Lynch and Shvartsman 1997, "Robust emulation of
shared memory using dynamic quorum-acknowledged broadcasts", FTCS).

Messages: a phase sends to all N replicas and all N answer, 2N; two phases, 4N for each read and each write. (In the
paper the clients are replicas themselves; there, what one tells oneself is counted, too.)

The quorums need not be majorities. R copies are read and W written; with R + W > N any read meets any write (Gifford
1979, "Weighted voting for replicated data", SOSP). With less, a read may miss a write that is over: what Dynamo calls
R, W and N (DeCandia et al. 2007, SOSP, section 4.5). And R + W > N is not enough: a write under way may be seen by one
reader and missed by the next. That is what the second phase of a read is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from ..checkers import check_linearizable
from ..clients import ScriptClient
from ..clocks import Clock
from ..history import Operation
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..specs import Register
from ..trials import Trial

#: A counter and, so that no two writers ever use the same one, the writer's name.
Tag = tuple[int, str]
FIRST: Tag = (0, "")


class Query(Message):
    """What have you stored under ``key``, and under which tag?"""

    id: int
    key: Any


class Value(Message):
    id: int
    tag: Tag
    value: Any


class Store(Message):
    """Keep this, unless you have a newer value."""

    id: int
    key: Any
    tag: Tag
    value: Any


class Stored(Message):
    """I have that, or something newer."""

    id: int


class AbdReplica(Node):
    """One copy of the registers. It knows no quorums, and no other replica."""

    def on_query(self, src: str, msg: Query) -> None:
        """Answer with what is on disk."""
        tag, value = self.disk.get(msg.key, (FIRST, None))
        self.send(src, Value(msg.id, tag, value))

    def on_store(self, src: str, msg: Store) -> None:
        """Keep the larger tag; confirm in any case."""
        if msg.tag > self.disk.get(msg.key, (FIRST, None))[0]:
            self.disk[msg.key] = msg.tag, msg.value
        self.send(src, Stored(msg.id))


class AbdClient(ScriptClient):
    """Reads and writes registers by itself: ``script`` holds ``("read", key)`` and ``("write", key, value)``.

    Args:
        service: the N replicas.
        r: how many to ask; a majority when left out.
        w: how many must store; a majority when left out.
        again: ms after which a phase is repeated to those that have not answered.
        timeout: ms after which an operation is given up; it may have happened or not.

    Raises:
        ValueError: no replicas, one of them named twice, ``r`` or ``w`` below 1 or above N.
    """

    r: int = 0
    w: int = 0
    again: float = 40.0
    timeout: float = 400.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        replicas = (self.service,) if isinstance(self.service, str) else tuple(self.service)
        if not replicas or len(dict.fromkeys(replicas)) < len(replicas):
            raise ValueError(
                f"client {name!r} has service={replicas!r}: write the replicas, each once, service=('r1', 'r2', 'r3')"
            )
        n = len(replicas)
        self.r, self.w = self.r or n // 2 + 1, self.w or n // 2 + 1
        for quorum, size in (("r", self.r), ("w", self.w)):
            if not 1 <= size <= n:
                raise ValueError(f"client {name!r} has {quorum}={size!r} of {n} replicas: write 1 to {n}")

    def on_start(self) -> None:
        """Nothing is under way; an operation that a crash interrupted is not gone on with."""
        super().on_start()
        self._phase: dict[int, _Phase] = {}

    def ask(self, f: str, key: Any = None, arg: Any = None) -> Operation:
        """Phase 1 of a read and of a write: ask all, wait for ``r``."""
        op = self.invoke(f, key, arg)
        self.set_timer("give_up", self.timeout, op.id, key=op.id)
        self.begin(op, Query(op.id, key), self.r)
        return op

    def on_value(self, src: str, msg: Value) -> None:
        """Among ``r`` answers, the largest tag is that of the newest write that is over, or a newer one."""
        phase = self._phase.get(msg.id)
        if phase is not None and isinstance(phase.ask, Query):
            phase.answers[src] = msg.tag, msg.value
            if len(phase.answers) == self.r:
                tag, value = max(phase.answers.values(), key=lambda stored: stored[0])
                if phase.op.f == "write":
                    self.begin(phase.op, Store(msg.id, phase.op.key, self.next_tag(tag), phase.op.arg), self.w)
                else:
                    self.write_back(phase.op, tag, value)

    def write_back(self, op: Operation, tag: Tag, value: Any) -> None:
        """Phase 2 of a read: whoever reads after this must not read anything older."""
        self.begin(op, Store(op.id, op.key, tag, value), self.w)

    def on_stored(self, src: str, msg: Stored) -> None:
        """Phase 2: done when ``w`` replicas have it."""
        phase = self._phase.get(msg.id)
        if phase is not None and isinstance(phase.ask, Store):
            phase.answers[src] = phase.ask.tag, phase.ask.value
            if len(phase.answers) == self.w:
                self.end(phase.op, phase.ask.value)

    def next_tag(self, largest: Tag) -> Tag:
        """A tag larger than all that were seen, and never one that this writer has used before.

        A write that was given up may be stored where nobody looked: its tag must not come again with another value.
        """
        counter = max(largest[0], self.disk.get("counter", 0)) + 1
        self.disk["counter"] = counter
        return counter, self.name

    # -- steps -----------------------------------------------------------------------------------------------------

    def begin(self, op: Operation, ask: Query | Store, quorum: int) -> None:
        """Ask all replicas, and go on when a quorum has answered."""
        self._phase[op.id] = _Phase(op, ask)
        for replica in self._servers:
            self.send(replica, ask)
        self.set_timer("again", self.again, op.id, key=op.id)

    def on_again_timeout(self, id: int) -> None:
        """Messages may be lost: ask once more whoever has not answered."""
        phase = self._phase[id]
        for replica in self._servers:
            if replica not in phase.answers:
                self.send(replica, phase.ask)
        self.set_timer("again", self.again, id, key=id)

    def end(self, op: Operation, value: Any) -> None:
        """Answered."""
        self.forget(op)
        op.ok(value if op.f == "read" else None)
        self.finished(op)

    def on_give_up_timeout(self, id: int) -> None:
        """Too few replicas answered. What they stored, they have."""
        op = self._phase[id].op
        self.forget(op)
        op.info()
        self.finished(op)

    def forget(self, op: Operation) -> None:
        """No answer to it is waited for any more."""
        del self._phase[op.id]
        self.cancel_timer("again", key=op.id)
        self.cancel_timer("give_up", key=op.id)


class _Phase:
    """An operation, what its present phase asks, and who answered what."""

    def __init__(self, op: Operation, ask: Query | Store) -> None:
        self.op, self.ask = op, ask
        self.answers: dict[str, tuple[Tag, Any]] = {}


# -- known to be wrong -------------------------------------------------------------------------------------------------


class NoWriteBack(AbdClient):
    """Answers a read after one phase: of two readers, the first may see a write and the second not yet."""

    def write_back(self, op: Operation, tag: Tag, value: Any) -> None:
        """Nothing is stored."""
        self.end(op, value)


class SmallQuorums(AbdClient):
    """Reads one copy and writes one copy: R + W is at most N, so a read may miss a write that is over."""

    r = w = 1


class TagsWithoutNames(AbdClient):
    """Counts, and leaves its name out: two writers may use one tag, and each replica keeps what came first."""

    def next_tag(self, largest: Tag) -> Tag:
        """The next number."""
        return largest[0] + 1, ""


def _build(seed: int, kind: type[AbdClient]) -> Simulation:
    """Three replicas, three clients that read and write one register; lost messages, crashes, pauses and cuts."""
    dice = Random(f"{seed}/abd")
    replicas = ("r1", "r2", "r3")
    clients = [
        kind(
            who,
            service=replicas,
            script=[("write", None, f"{who}{i}") if dice.random() < 0.4 else ("read",) for i in range(20)],
            timeout=100.0,
        )
        for who in ("alice", "bob", "carol")
    ]
    network = Network(latency=(1, 25), loss=0.2)
    sim = Simulation(*map(AbdReplica, replicas), *clients, network=network, seed=seed, trace="off")
    sim.set_faults(nemesis(sim, seed, 900, ("crash", "cut", "pause"), every_ms=100, for_ms=60, quiet_ms=150))
    return sim


def _judge(sim: Simulation) -> str:
    verdict = check_linearizable(sim.history, Register())
    return "" if verdict else " ".join(verdict.explain().split())


TRIAL = Trial("abd", _build, 900.0, _judge, AbdClient, (NoWriteBack, SmallQuorums, TagsWithoutNames))
