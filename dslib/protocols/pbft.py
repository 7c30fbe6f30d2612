"""PBFT: a replicated service that stays correct while f of its 3f + 1 replicas lie.

Castro and Liskov 1999, "Practical Byzantine Fault Tolerance" (OSDI). The client asks the primary; the primary gives the
request a number (pre-prepare); the backups tell each other which request they accepted under it (prepare), so that no
other can get that number in this view; then all tell each other that they know so (commit), so that no later view
forgets it. 2f + 1 replicas that say the same are a quorum: two quorums share f + 1 replicas, and one of them is honest.

Here: the normal case (4.2), checkpoints and state transfer (4.3), view changes (4.4), and what 4.5.2 adds for progress.
Left out: the optimisations of section 5 (tentative execution, read-only requests, MACs in place of signatures).
Different from the paper, and why:

- The paper assumes that messages are repeated until they arrive. Here a view-change is repeated until the new view
  begins, and whoever is behind is sent the new-view; lost prepares and commits are made good by the next view change or
  checkpoint. For that reason the primary runs the timer of 4.4, too: it may be the one who missed a view change.
- A message for a view that has not begun here yet waits for it; the paper drops it, and counts on the repetition.
- Nothing is on disk: a replica that crashes has forgotten what it promised, and counts among the f for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..clients import Client
from ..clocks import Clock
from ..history import Operation
from ..node import Message, Node
from .pbft_messages import (
    Checkpoint,
    Commit,
    Fetch,
    NewView,
    Prepare,
    Prepared,
    PrePrepare,
    Reply,
    Request,
    Rules,
    Snapshot,
    State,
    ViewChange,
    carried_over,
    digest,
)


class Slot:
    """What a replica's log holds for one sequence number in the present view (section 4.2)."""

    def __init__(self) -> None:
        self.order: PrePrepare | None = None
        self.prepares: dict[str, Prepare] = {}
        self.commits: dict[str, Commit] = {}
        self.prepared = self.committed = False

    def matching(self, votes: dict[str, Any]) -> tuple[Any, ...]:
        """The votes for the request of the pre-prepare."""
        return tuple(vote for vote in votes.values() if self.order is not None and vote.digest == self.order.digest)


class PbftReplica(Node):
    """One of 3f + 1 replicas of a key-value store: get, put, append (text) and cas, as in ``dslib.specs.KeyValue``.

    Args:
        peers: the other replicas.
        f: how many replicas may be faulty.
        patience_ms: T, how long a request may wait before its replica asks for another primary.
        checkpoint_every: K, requests from one checkpoint to the next. The log holds numbers up to 2K after the last
            stable checkpoint.

    Raises:
        ValueError: f is negative, or there are not exactly 3f + 1 replicas; a setting is not above 0.
    """

    f: int = 1
    patience_ms: float = 100.0
    checkpoint_every: int = 10

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        n = len(self.peers) + 1
        if isinstance(self.f, bool) or not isinstance(self.f, int) or self.f < 0:
            raise ValueError(f"replica {name!r} has f={self.f!r}: write how many may be faulty, a whole number from 0")
        self.check_size(n)
        for setting in ("patience_ms", "checkpoint_every"):
            if not getattr(self, setting) > 0:
                raise ValueError(f"replica {name!r} has {setting}={getattr(self, setting)!r}: write a number above 0")

    def check_size(self, n: int) -> None:
        """3f + 1 are the fewest that bear f faulty ones (section 3); with more of them, quorums might not meet."""
        if n != 3 * self.f + 1:
            why = "too few: two quorums may share only liars" if n <= 3 * self.f else "too many for quorums of 2f+1"
            raise ValueError(
                f"replica {self.name!r} knows of {n} replicas, itself included, which is {why} with f={self.f}: "
                f"name {3 * self.f} peers, or write f={(n - 1) // 3} for {3 * ((n - 1) // 3) + 1} replicas"
            )

    @property
    def quorum(self) -> int:
        """2f + 1: any two of them share a correct replica (section 4)."""
        return 2 * self.f + 1

    def on_start(self) -> None:
        """View 0, an empty log, an empty store."""
        self.rules = Rules(tuple(sorted((self.name, *self.peers))), self.quorum)
        self.view = 0
        self.changing = False  # asked for this view, and it has not begun
        self.number = 0  # the last one given out, as primary
        self.slots: dict[int, Slot] = {}
        self.certificates: dict[int, Prepared] = {}  # of any view, by number; the newest
        self.early: list[tuple[str, Message]] = []
        # the service
        self.store: dict[Any, Any] = {}
        self.executed = 0
        self.decided: dict[int, Request | None] = {}  # committed, and not executed yet
        self.replied: dict[str, tuple[int, Any]] = {}  # the last timestamp and result of each client
        self.ledger: list[tuple[int, str]] = []  # what committed here, for whoever checks the replicas
        # checkpoints
        self.low = 0  # h, the last stable checkpoint
        self.proof: tuple[Checkpoint, ...] = ()
        self.votes: dict[int, dict[str, Checkpoint]] = {}
        self.snapshots: dict[int, Snapshot] = {}
        # view changes
        self.waiting: dict[str, Request] = {}  # the newest request of each client that is not executed
        self.watched: Request | None = None  # the one for which the timer runs
        self.failures = 0  # view changes since a request was executed
        self.patient = False  # the timer of a view change runs
        self.changes: dict[str, ViewChange] = {}
        self.new_view: NewView | None = None

    @property
    def primary(self) -> str:
        """The primary of the present view."""
        return self.rules.primary(self.view)

    @property
    def role(self) -> str:
        """Primary or backup of the present view."""
        return "primary" if self.primary == self.name else "backup"

    # -- the normal case (section 4.2) --------------------------------------------------------------------------------

    def on_request(self, src: str, msg: Request) -> None:
        """Answer again what was executed; else the primary gives it a number, and a backup passes it on (4.1)."""
        if not msg.signer:
            return  # a forgery
        timestamp, result = self.replied.get(msg.signer, (-1, None))
        if msg.timestamp == timestamp:
            self.send(msg.signer, Reply(self, self.view, timestamp, result))
        if msg.timestamp <= timestamp:
            return
        self.wait_for(msg)
        if self.primary == self.name:
            self.propose_waiting()
        elif src == msg.signer:  # what another replica passed on is not passed on again
            self.send(self.primary, msg)

    def propose_waiting(self) -> None:
        """Give a number to each request that waits and has none, as long as the high water mark allows (4.2)."""
        if self.primary != self.name or self.changing:
            return
        numbered = [slot.order.request for slot in self.slots.values() if slot.order is not None]
        for request in [*self.waiting.values()]:
            if request not in numbered and self.number < self.high:
                self.number += 1
                self.propose(request)

    def propose(self, request: Request) -> None:
        """Multicast the pre-prepare, with the request (4.2)."""
        order = PrePrepare(self, self.view, self.number, digest(request), request)
        self.broadcast(order)
        self.accept(order)

    def on_pre_prepare(self, src: str, msg: PrePrepare) -> None:
        """Accept it from the primary, with a client's request and its digest, the first for this view and number (4.2).

        A null request is acceptable in a new-view only.
        """
        if (
            self.in_view(src, msg)
            and msg.signer == self.primary
            and msg.request is not None
            and msg.request.signer
            and msg.digest == digest(msg.request)
            and self.is_first(msg)
        ):
            self.accept(msg)

    def is_first(self, order: PrePrepare) -> bool:
        """No pre-prepare was accepted for this view and number yet (4.2)."""
        return self.slot(order.number).order is None

    def accept(self, order: PrePrepare) -> None:
        """Enter the pre-prepare into the log; a backup tells all others (4.2)."""
        self.slot(order.number).order = order
        if order.request is not None:
            self.wait_for(order.request)
        if self.name != self.primary:
            vote = Prepare(self, order.view, order.number, order.digest)
            self.broadcast(vote)
            self.slot(order.number).prepares[self.name] = vote
        self.advance(order.number)

    def on_prepare(self, src: str, msg: Prepare) -> None:
        """A backup accepted a pre-prepare. The primary has said so already, and is not counted twice (4.2)."""
        if self.in_view(src, msg) and msg.signer in self.rules.replicas and msg.signer != self.primary:
            self.slot(msg.number).prepares[msg.signer] = msg
            self.advance(msg.number)

    def on_commit(self, src: str, msg: Commit) -> None:
        """A replica knows that a request is prepared. It may arrive before this replica knows it (4.2)."""
        if self.in_view(src, msg) and msg.signer in self.rules.replicas:
            self.slot(msg.number).commits[msg.signer] = msg
            self.advance(msg.number)

    def advance(self, number: int) -> None:
        """prepared: the pre-prepare and 2f matching prepares. committed-local: prepared, and 2f+1 commits (4.2)."""
        slot = self.slot(number)
        if slot.order is None:
            return
        prepares = slot.matching(slot.prepares)
        if not slot.prepared and len(prepares) >= self.quorum - 1:
            slot.prepared = True
            self.certificates[number] = Prepared(slot.order, prepares)
            self.prepared(slot.order)
        if slot.prepared and not slot.committed and len(slot.matching(slot.commits)) >= self.quorum:
            slot.committed = True
            self.commit(slot.order)

    def prepared(self, order: PrePrepare) -> None:
        """Tell all others (4.2)."""
        vote = Commit(self, order.view, order.number, order.digest)
        self.broadcast(vote)
        self.slot(order.number).commits[self.name] = vote

    def commit(self, order: PrePrepare) -> None:
        """The request has this number for ever. Execute whatever is next, in the order of the numbers (4.2)."""
        self.ledger.append((order.number, order.digest))
        if order.number > self.executed:
            self.decided[order.number] = order.request
        self.execute()

    def in_view(self, src: str, msg: PrePrepare | Prepare | Commit) -> bool:
        """Is it of the present view, and between the water marks (4.2)? What is of a later view waits for that view."""
        if msg.view > self.view or (msg.view == self.view and self.changing):
            self.early.append((src, msg))
            return False
        return msg.view == self.view and self.low < msg.number <= self.high

    @property
    def high(self) -> int:
        """H = h + 2K: a faulty primary cannot use up the numbers (4.2, 4.3)."""
        return self.low + 2 * self.checkpoint_every

    def slot(self, number: int) -> Slot:
        """The log's entry for that number."""
        return self.slots.setdefault(number, Slot())

    # -- the service --------------------------------------------------------------------------------------------------

    def execute(self) -> None:
        """Execute what is decided, number by number, without a gap; a null request does nothing (4.2, 4.4)."""
        while self.executed + 1 in self.decided:
            self.executed += 1
            request = self.decided.pop(self.executed)
            if request is not None and request.timestamp > self.replied.get(request.signer, (-1, None))[0]:
                result = self.apply(request)
                self.replied[request.signer] = request.timestamp, result
                self.failures = 0
                self.send(request.signer, Reply(self, self.view, request.timestamp, result))
            if self.executed % self.checkpoint_every == 0:
                self.take_checkpoint()
        self.watch()

    def apply(self, request: Request) -> Any:
        """One step of the store, the same at every replica."""
        key, arg, old = request.key, request.arg, self.store.get(request.key)
        if request.f == "put":
            self.store[key] = arg
        elif request.f == "append":
            self.store[key] = (old or "") + arg
        elif request.f == "cas" and old == arg[0]:
            self.store[key] = arg[1]
        return old if request.f == "get" else old == arg[0] if request.f == "cas" else None

    # -- checkpoints (section 4.3) ------------------------------------------------------------------------------------

    def take_checkpoint(self) -> None:
        """Every K requests: keep the state, and tell all others its digest (4.3)."""
        replied = tuple((client, *last) for client, last in self.replied.items())
        snapshot = Snapshot(self.executed, tuple(self.store.items()), replied)
        self.snapshots[self.executed] = snapshot
        vote = Checkpoint(self, self.executed, digest(snapshot))
        self.broadcast(vote)
        self.on_checkpoint(self.name, vote)

    def on_checkpoint(self, src: str, msg: Checkpoint) -> None:
        """2f+1 that signed the same digest make the checkpoint stable, and are its proof (4.3)."""
        if msg.number > self.low and msg.signer in self.rules.replicas:
            votes = self.votes.setdefault(msg.number, {})
            votes[msg.signer] = msg
            same = tuple(vote for vote in votes.values() if vote.digest == msg.digest)
            if len(same) >= self.quorum:
                self.stabilize(msg.number, same)

    def stabilize(self, number: int, proof: tuple[Checkpoint, ...]) -> None:
        """Discard the log up to a stable checkpoint, and move the water marks; fetch the state if it is news (4.3)."""
        if number <= self.low:
            return
        self.low, self.proof = number, proof
        self.slots = {n: slot for n, slot in self.slots.items() if n > number}
        self.certificates = {n: prepared for n, prepared in self.certificates.items() if n > number}
        self.decided = {n: request for n, request in self.decided.items() if n > number}
        self.votes = {n: votes for n, votes in self.votes.items() if n > number}
        self.snapshots = {n: snapshot for n, snapshot in self.snapshots.items() if n >= number}
        if self.executed < number:
            self.on_fetch_timeout()
        self.propose_waiting()

    def on_fetch_timeout(self) -> None:
        """Ask for the missing state until it is here (4.3, 4.4)."""
        if self.executed < self.low:
            self.broadcast(Fetch(self.low))
            self.set_timer("fetch", self.patience_ms)

    def on_fetch(self, src: str, msg: Fetch) -> None:
        """Send the state of the stable checkpoint, with its proof."""
        if self.low >= msg.number and self.low in self.snapshots:
            self.send(src, State(self.snapshots[self.low], self.proof))

    def on_state(self, src: str, msg: State) -> None:
        """Take a state over if 2f+1 replicas vouch for its digest. Who sends it does not matter."""
        number, store, replied = msg.snapshot
        if number > self.executed and self.rules.prove_stable(number, msg.proof):
            if digest(msg.snapshot) == msg.proof[0].digest:
                self.executed, self.store = number, dict(store)
                self.replied = {client: (timestamp, result) for client, timestamp, result in replied}
                self.snapshots[number] = msg.snapshot
                self.stabilize(number, msg.proof)
                self.execute()

    # -- view changes (sections 4.4 and 4.5.2) ------------------------------------------------------------------------

    @property
    def wait_ms(self) -> float:
        """T, and twice as long for each view change in a row that led to nothing (4.5.2)."""
        return self.patience_ms * 2.0 ** max(0, self.failures - 1)

    def wait_for(self, request: Request) -> None:
        """A valid request that is not executed: its timer runs (4.4)."""
        last = self.waiting.get(request.signer, request)
        if request.timestamp > self.replied.get(request.signer, (-1, None))[0] and request.timestamp >= last.timestamp:
            self.waiting[request.signer] = request
            self.watch()

    def watch(self) -> None:
        """Run the timer for one request until that one is executed; then for the next one that waits (4.4)."""
        for client, (timestamp, _) in self.replied.items():
            if client in self.waiting and self.waiting[client].timestamp <= timestamp:
                del self.waiting[client]
        if self.changing or self.watched in self.waiting.values():
            return
        self.watched = next(iter(self.waiting.values()), None)
        if self.watched is None:
            self.cancel_timer("progress")
        else:
            self.set_timer("progress", self.wait_ms)

    def on_progress_timeout(self) -> None:
        """No request was executed, or no new view began, in time: the next primary, please (4.4, 4.5.2)."""
        self.change_view(self.view + 1)

    def change_view(self, view: int) -> None:
        """Take part in the old view no more, and tell all others what prepared here (4.4)."""
        self.view, self.changing, self.patient, self.watched = view, True, False, None
        self.failures += 1
        self.cancel_timer("progress")
        self.on_repeat_timeout()
        self.on_view_change(self.name, self.changes[self.name])

    def on_repeat_timeout(self) -> None:
        """Send the view-change, again and again until the new view begins."""
        change = ViewChange(self, self.view, self.low, self.proof, self.carried())
        self.changes[self.name] = change
        self.broadcast(change)
        self.set_timer("repeat", self.patience_ms)

    def carried(self) -> tuple[Prepared, ...]:
        """P: a certificate for each request that prepared here after the stable checkpoint (4.4)."""
        return tuple(self.certificates[n] for n in sorted(self.certificates))

    def on_view_change(self, src: str, msg: ViewChange) -> None:
        """f+1 for later views carry a replica along; 2f+1 start its timer, and the new primary begins (4.4, 4.5.2)."""
        if msg.signer not in self.rules.replicas:
            return
        if self.new_view is not None and msg.view <= self.new_view.view:
            self.send(msg.signer, self.new_view)  # it missed the beginning of this view
            return
        known = self.changes.get(msg.signer, msg)
        if msg.view < known.view or not self.rules.valid_change(msg):
            return
        self.changes[msg.signer] = msg
        views = sorted(change.view for change in self.changes.values())
        ahead = [view for view in views if view > self.view]
        if len(ahead) > self.f:  # one of them is of a correct replica
            self.change_view(ahead[0])
        elif self.changing:
            if not self.patient and len([view for view in views if view >= self.view]) >= self.quorum:
                self.patient = True
                self.set_timer("progress", self.wait_ms)
            same = tuple(change for change in self.changes.values() if change.view == self.view)
            if self.primary == self.name and len(same) >= self.quorum:
                self.open_view(same[: self.quorum])

    def open_view(self, changes: tuple[ViewChange, ...]) -> None:
        """The new primary proposes anew, under the same numbers, whatever may have committed (4.4)."""
        orders = tuple(PrePrepare(self, self.view, *order) for order in carried_over(changes))
        new_view = NewView(self, self.view, changes, orders)
        self.broadcast(new_view)
        self.enter(new_view)

    def on_new_view(self, src: str, msg: NewView) -> None:
        """Enter the view if everything in it is proved. Who passed it on does not matter (4.4)."""
        if (msg.view > self.view or (msg.view == self.view and self.changing)) and self.rules.valid_new_view(msg):
            self.enter(msg)

    def enter(self, msg: NewView) -> None:
        """Begin the view with its pre-prepares; then what came too early, and what still waits (4.4)."""
        self.view, self.changing, self.new_view, self.watched = msg.view, False, msg, None
        self.slots = {}
        self.changes = {name: change for name, change in self.changes.items() if change.view > self.view}
        self.cancel_timer("repeat")
        newest = max(msg.changes, key=lambda change: change.stable)
        self.number = newest.stable + len(msg.orders)
        self.cancel_timer("progress")
        self.watch()
        for order in msg.orders:
            if order.number > self.low:
                self.accept(order)
        self.stabilize(newest.stable, newest.proof)
        early, self.early = self.early, []
        for src, late in early:
            getattr(self, late._handler)(src, late)
        self.propose_waiting()
        if self.primary != self.name:
            for request in self.waiting.values():
                self.send(self.primary, request)


class PbftClient(Client):
    """Asks one thing after the other, and believes what f + 1 replicas say (section 4.1). It never gives up.

    Args:
        replicas: all of them.
        f: how many may be faulty.
        script: operations ``(f, key, arg)``; key and arg may be left out.
        start: ms before the first one.
        think: ms between an answer and the next request.
        timeout: ms to wait before asking all replicas, and asking them again.

    Raises:
        ValueError: no replicas, an f that does not fit them, or an operation that the store does not know.
    """

    replicas: tuple[str, ...] = ()
    f: int = 1
    script: Sequence[tuple[Any, ...]] = ()
    start: float = 0.0
    think: float = 0.0
    timeout: float = 100.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        self.replicas, self.script = tuple(sorted(self.replicas)), tuple(self.script)
        if not self.replicas:
            raise ValueError(f"client {name!r} has nobody to ask: write replicas=('r0', 'r1', 'r2', 'r3')")
        if isinstance(self.f, bool) or not isinstance(self.f, int) or not 0 <= self.f < len(self.replicas):
            n = len(self.replicas)
            raise ValueError(
                f"client {name!r} has f={self.f!r} and {n} replicas: write f={(n - 1) // 3}, how many may be faulty"
            )
        for line in self.script:
            if not isinstance(line, tuple) or not line or line[0] not in ("get", "put", "append", "cas"):
                raise ValueError(
                    f"client {name!r} cannot ask for {line!r}: write ('get', 'x'), ('put', 'x', 1), "
                    "('append', 'x', 'text') or ('cas', 'x', (1, 2))"
                )

    def on_start(self) -> None:
        """Go on where the script stood."""
        self.view = 0
        self.op: Operation | None = None
        self.replies: dict[str, Reply] = {}
        self.set_timer("next", self.think if "asked" in self.disk else self.start)

    def on_next_timeout(self) -> None:
        """Ask the primary, as far as it is known; its timestamp is the operation's number (4.1)."""
        line = self.disk.get("asked", 0)
        if line < len(self.script):
            self.disk["asked"] = line + 1
            self.op = self.invoke(*self.script[line])
            self.replies = {}
            self.request = Request(self, self.op.id, self.op.f, self.op.key, self.op.arg)
            self.send(self.replicas[self.view % len(self.replicas)], self.request)
            self.set_timer("again", self.timeout)

    def on_again_timeout(self) -> None:
        """No answer in time: ask all (4.1)."""
        for name in self.replicas:
            self.send(name, self.request)
        self.set_timer("again", self.timeout)

    def on_reply(self, src: str, msg: Reply) -> None:
        """f + 1 different replicas with the same result: one of them is correct (4.1)."""
        if self.op is None or msg.timestamp != self.op.id or msg.signer not in self.replicas:
            return
        self.replies[msg.signer] = msg
        same = [reply for reply in self.replies.values() if reply.result == msg.result]
        if len(same) >= self.needed:
            self.view = min(reply.view for reply in same)
            op, self.op = self.op, None
            self.cancel_timer("again")
            op.ok(msg.result)
            self.set_timer("next", self.think)

    @property
    def needed(self) -> int:
        """How many replicas must say the same."""
        return self.f + 1
