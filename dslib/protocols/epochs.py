"""Write to a majority, under an epoch: a chat room with one transcript, whatever is cut.

To hear a majority is not enough: two replicas that cannot hear each other may both hear one. So a replica asks before
every post. It takes a new epoch, a number higher than any it has seen, and asks all replicas to promise it. A promise
binds: the replica will refuse every lower epoch. With it comes the transcript that the replica stored last, and under
which epoch. With promises of a majority, the asker knows the newest transcript, because any two majorities share a
replica. It adds its posts and stores the result, again with a majority; only then are the users told "done".

This is CASPaxos (Rystsov 2018, "CASPaxos: Replicated state machines without logs", section 2), where an epoch is called
a ballot, with the transcript as its one value. It is Paxos (Lamport 1998, "The part-time parliament", ACM TOCS 16(2))
for a value that may change.
"""

from __future__ import annotations

from random import Random

from ..clients import Refusal, Reply, Request, ScriptClient
from ..nemesis import nemesis
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial
from .majority import Rule, more_than_half

#: A number and, to break ties, the name of the replica that took it.
Epoch = tuple[int, str]
Lines = tuple[tuple[int, str], ...]  # (number of the request, text)


class Claim(Message):
    """Promise to refuse all epochs below this one."""

    epoch: Epoch


class Promise(Message):
    """Promised; and this is what I stored last, under epoch ``of``."""

    epoch: Epoch
    of: Epoch
    lines: Lines


class Store(Message):
    """This is the transcript now."""

    epoch: Epoch
    lines: Lines


class StoredIn(Message):
    """It is on my disk."""

    epoch: Epoch


class Newer(Message):
    """I cannot: I have promised a newer epoch."""

    epoch: Epoch


class EpochReplica(Node):
    """A replica of the room that reads from and writes to a majority, each time under a new epoch.

    ``rule`` says how many replicas are enough. ``patience`` is how long, in ms, to wait for them; after that, a post
    that nobody was asked to store is refused, and one that may have been stored by some is tried again.
    """

    rule: Rule = staticmethod(more_than_half)
    patience: float = 60.0

    def on_start(self) -> None:
        """Promises and the transcript are on the disk; requests under way are forgotten, and their users time out."""
        self._promised: Epoch = self.disk.get("promised", (0, ""))
        self._highest = self._promised  # the highest epoch heard of
        self._of, self._lines = self.disk.get("stored", ((0, ""), ()))
        self._waiting: dict[int, tuple[str, Request]] = {}
        self._epoch: Epoch | None = None  # the one this replica is trying to use
        self._asked: dict[int, None] = {}  # requests that were in a Store: some replica may have stored them
        self._show()

    def transcript(self) -> tuple[str, ...]:
        """The room as this replica knows it; another may know it better."""
        return tuple(text for _, text in self.disk.get("stored", ((0, ""), ()))[1])

    def stored_ids(self) -> tuple[int, ...]:
        """The numbers of the requests whose posts are on this disk."""
        return tuple(id for id, _ in self.disk.get("stored", ((0, ""), ()))[1])

    def on_request(self, src: str, msg: Request) -> None:
        """Reading is like posting nothing: an old transcript must not pass for a new one."""
        self._waiting[msg.id] = src, msg
        if self._epoch is None:
            self.claim()

    # -- the asker -------------------------------------------------------------------------------------------------

    def claim(self) -> None:
        """Phase 1: take a new epoch and ask for promises, one's own first."""
        self._epoch = (self._highest[0] + 1, self.name)
        self._promises: dict[str, tuple[Epoch, Lines]] = {}
        self._stores: tuple[str, ...] = ()
        self._batch: tuple[int, ...] = ()
        self.promise(self._epoch)
        self._promises[self.name] = self._of, self._lines
        self.broadcast(Claim(self._epoch))
        self.set_timer("patience", self.patience)
        self.store_if_promised()

    def on_promise(self, src: str, msg: Promise) -> None:
        """One more replica promised."""
        if msg.epoch == self._epoch and not self._batch:
            self._promises[src] = msg.of, msg.lines
            self.store_if_promised()

    def store_if_promised(self) -> None:
        """Phase 2, once a majority promised: the newest transcript among theirs, and what is waiting here."""
        if not self.rule(len(self._promises), self.n) or self._epoch is None:
            return
        _, lines = max(self._promises.values())
        known = [id for id, _ in lines]
        self._batch = tuple(self._waiting)
        for id, (_, request) in self._waiting.items():
            if request.f == "post":
                self._asked[id] = None
                if id not in known:  # an earlier try may have been carried on by another replica
                    lines += ((id, str(request.arg)),)
        if not self.store(self._epoch, lines):  # we promised somebody else meanwhile
            self.on_newer(self.name, Newer(self._promised))
            return
        self._stores, self._written = (self.name,), tuple(text for _, text in lines)
        self.broadcast(Store(self._epoch, lines))
        self.set_timer("patience", self.patience)
        self.answer_if_stored()

    def on_stored_in(self, src: str, msg: StoredIn) -> None:
        """One more replica stored it."""
        if msg.epoch == self._epoch and src not in self._stores:
            self._stores += (src,)
            self.answer_if_stored()

    def answer_if_stored(self) -> None:
        """A majority has it: whoever asks a majority from now on will find it. Now the users may know."""
        if not self.rule(len(self._stores), self.n):
            return
        for id in self._batch:
            user, request = self._waiting.pop(id)
            self._asked.pop(id, None)
            self.send(user, Reply(id, self._written if request.f == "read" else None))
        self.cancel_timer("patience")
        self._epoch = None
        if self._waiting:
            self.claim()

    def on_newer(self, src: str, msg: Newer) -> None:
        """Somebody else is at work. Wait a random while, or two askers would outbid each other for ever."""
        self._highest = max(self._highest, msg.epoch)
        if self._epoch is not None and msg.epoch > self._epoch:
            self._epoch = None
            self.cancel_timer("patience")
            self.set_timer("again", self.random.random() * self.patience)

    def on_again_timeout(self) -> None:
        """Try again with a higher epoch."""
        if self._epoch is None and self._waiting:
            self.claim()

    def on_patience_timeout(self) -> None:
        """Too few answered. What was never in a Store certainly did not happen; the rest may have: try again."""
        self._epoch = None
        for id, (user, _) in tuple(self._waiting.items()):
            if id not in self._asked:
                del self._waiting[id]
                self.send(user, Refusal(id, "fewer than a majority of replicas answered"))
        if self._waiting:
            self.set_timer("again", self.patience)

    # -- the one who is asked --------------------------------------------------------------------------------------

    def on_claim(self, src: str, msg: Claim) -> None:
        """Promise the highest epoch, and only that."""
        if self.promise(msg.epoch):
            self.send(src, Promise(msg.epoch, self._of, self._lines))
        else:
            self.send(src, Newer(self._promised))

    def on_store(self, src: str, msg: Store) -> None:
        """Store what comes under the promised epoch or a newer one."""
        if self.store(msg.epoch, msg.lines):
            self.send(src, StoredIn(msg.epoch))
        else:
            self.send(src, Newer(self._promised))

    def promise(self, epoch: Epoch) -> bool:
        """Bind oneself, and remember it through a crash."""
        if epoch <= self._promised:
            return False
        self._promised = self.disk["promised"] = epoch
        self._highest = max(self._highest, epoch)
        self._show()
        return True

    def store(self, epoch: Epoch, lines: Lines) -> bool:
        """Write the transcript, unless a newer epoch was promised."""
        if epoch < self._promised:
            return False
        self._promised = self.disk["promised"] = epoch
        self._highest = max(self._highest, epoch)
        self._of, self._lines = self.disk["stored"] = epoch, lines
        self._show()
        return True

    @property
    def n(self) -> int:
        """How many replicas there are, this one included."""
        return len(self.peers) + 1

    def _show(self) -> None:
        self.epoch = f"{self._promised[0]} {self._promised[1]}".strip()
        self.last = self._lines[-1][1] if self._lines else ""
        self.posts = len(self._lines)


# -- known to be wrong -------------------------------------------------------------------------------------------------


class ReadsAlone(EpochReplica):
    """Answers a read from its own disk, without asking a majority."""

    def on_request(self, src: str, msg: Request) -> None:
        """Posts are as they should be."""
        if msg.f == "read":
            self.send(src, Reply(msg.id, self.transcript()))
        else:
            super().on_request(src, msg)


class KeepsItsOwn(EpochReplica):
    """Counts promises and does not look at the transcripts that come with them: what others stored is overwritten."""

    def on_promise(self, src: str, msg: Promise) -> None:
        """As if the other had what this replica has."""
        super().on_promise(src, Promise(msg.epoch, self._of, self._lines))


class BreaksPromises(EpochReplica):
    """Stores whatever it is told, also under an epoch below the one that it has promised."""

    def store(self, epoch: Epoch, lines: Lines) -> bool:
        """Without looking."""
        self._promised = min(self._promised, epoch)
        return super().store(epoch, lines)


def _build(seed: int, kind: type[EpochReplica]) -> Simulation:
    """Three replicas, each with a user who posts and reads; crashes, pauses and cuts."""
    dice = Random(f"{seed}/epochs")
    names = ("r1", "r2", "r3")
    sim = Simulation(
        *(kind(name, peers=[peer for peer in names if peer != name]) for name in names),
        *(
            ScriptClient(
                user,
                service=name,
                script=[("post", None, f"{user[0]}{i}") if dice.random() < 0.5 else ("read",) for i in range(12)],
                timeout=150.0,
                think=15.0,
            )
            for user, name in zip(("alice", "bob", "carol"), names, strict=True)
        ),
        seed=seed,
        trace="off",
    )
    kinds = ("crash", "cut", "partition", "pause")
    sim.set_faults(nemesis(sim, seed, 1_200, kinds, every_ms=100, for_ms=150, quiet_ms=250, nodes=names))
    return sim


def _judge(sim: Simulation) -> str:
    """One order for all: that of the newest transcript. Each read saw a beginning of it, and time is respected.

    No two posts have the same text, so there is nothing to search for, as there is for ``check_linearizable``.
    """
    replicas = [node for node in sim.nodes.values() if isinstance(node, EpochReplica)]
    _, lines = max(replica.disk.get("stored", ((0, ""), ())) for replica in replicas)
    room = tuple(text for _, text in lines)
    place: dict[int, float] = {}
    for op in sim.history:
        if op.f == "read" and op.status == "ok":
            if op.result != room[: len(op.result)]:
                return f"{op.process} read {' '.join(op.result)!r}, and the room is {' '.join(room)!r}"
            place[op.id] = len(op.result) + 0.5  # after the last post that it saw
        elif op.f == "post" and op.arg in room:
            place[op.id] = room.index(op.arg) + 1.0
        if op.f == "post" and room.count(op.arg) not in {"ok": (1,), "fail": (0,)}.get(op.status, (0, 1)):
            return f"{op.process}'s post {op.arg} ({op.status}) is in the room {room.count(op.arg)} times"
    for one in sim.history:
        for two in sim.history:
            if one.status == "ok" and one.completed is not None and one.completed < two.invoked:
                if one.id in place and two.id in place and place[one.id] > place[two.id]:
                    return (
                        f"{one.process}'s {one.f} {one.arg or len(one.result)} was over before {two.process} began its "
                        f"{two.f} {two.arg or len(two.result)}, and comes after it in {' '.join(room)!r}"
                    )
    return ""


TRIAL = Trial("epochs", _build, 1_200.0, _judge, EpochReplica, (ReadsAlone, KeepsItsOwn, BreaksPromises))
