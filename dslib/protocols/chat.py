"""The course's running example: a small chat room, kept by several replicas.

People post to the replica they are connected to. It adds the post to its transcript, answers, and sends copies to the
other replicas. A post is a tuple ``(at, id, by, text)``: when it was accepted by the replica's clock, the number of the
request, the replica that accepted it, and the words. A transcript is a sorted tuple of posts.

What a replica does when it has lost the others is a policy: a rule for accepting posts (``majority``), a way to merge
transcripts that grew apart, and a decision on what to wait for before telling the user "done".
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from ..clients import LoadClient, Refusal, Reply, Request
from ..history import Operation
from ..metrics import Seen, what_users_saw
from ..nemesis import nemesis
from ..node import Message
from ..simulation import Simulation
from ..specs import ILLEGAL, Call, Spec, answered
from ..trials import Trial
from .heartbeats import Heartbeats
from .majority import Member, PingAll, Rule, always, more_than_half

#: How long a user of the chat room waits for an answer, in ms. Later is as bad as never.
WAITS_MS = 150.0

Post = tuple[float, int, str, str]
Transcript = tuple[Post, ...]


class Room(Spec):
    """A chat room used by one person at a time: ``post`` adds a line at the end, ``read`` answers all lines."""

    operations = ("post", "read")
    looks = ("read",)
    blind = ("post",)
    initial: tuple[str, ...] = ()

    def step(self, state: Any, op: Call) -> Any:
        """One line more, or the lines there are."""
        if op.f == "post":
            return (*state, op.arg)
        return state if answered(op, state) else ILLEGAL

    def describe(self, state: Any) -> str:
        """The room in words."""
        return f"the room reads {' '.join(state)!r}" if state else "the room is empty"


# -- merging -----------------------------------------------------------------------------------------------------------

Merge = Callable[[Transcript, Transcript], Transcript]


def set_union(mine: Transcript, theirs: Transcript) -> Transcript:
    """Keep every post of both sides, in the order of their times."""
    return tuple(sorted({*mine, *theirs}))


def last_writer_wins(mine: Transcript, theirs: Transcript) -> Transcript:
    """Treat the room as one document and keep the copy that was changed last. The other side's posts are gone."""
    return max(mine, theirs, key=lambda posts: (posts[-1:], posts))


# -- replicas ----------------------------------------------------------------------------------------------------------


class Copy(Message):
    """A post for you to keep, too."""

    at: float
    id: int
    by: str
    text: str


class Stored(Message):
    """I have written your post to my disk."""

    id: int


class MyTranscript(Message):
    """All posts I have: merge them with yours, and tell me if you end up with others."""

    posts: Transcript


class Chat(Member):
    """A replica of the room; which detector tells it whom it hears is decided below.

    ``rule`` says whether to accept posts, by the number of replicas heard. ``merge`` joins two transcripts.
    ``relay`` passes copies on, for pairs that cannot talk directly. ``answer_after`` says when the user is told "done":

    - ``"accepting"``: at once. The copies are on their way.
    - ``"majority"``: when more than half of all replicas have stored the post.
    - ``"leases"``: when every replica has stored it, except those that have been silent for so long that their lease
      has run out. A *lease* is a right that ends by itself unless it is renewed (Gray & Cheriton 1989, "Leases", SOSP);
      here every sign of life renews the sender's right that no post is called done without it.
    """

    rule: Rule = staticmethod(more_than_half)
    merge: Merge = staticmethod(set_union)
    relay: bool = False
    answer_after: str = "accepting"

    def on_start(self) -> None:
        """What the disk holds is known again; nobody is waiting for an answer any more."""
        if self.answer_after not in ("accepting", "majority", "leases"):
            raise ValueError(f'answer_after is {self.answer_after!r}: write "accepting", "majority" or "leases"')
        self._waiting: dict[int, tuple[str, tuple[str, ...]]] = {}
        self._behind: dict[str, None] = {}
        self._holders: tuple[str, ...] = (self.name,)
        self.writes = False
        self._show(self.disk.get("posts", ()))
        super().on_start()
        self._apply_rule()

    def transcript(self) -> tuple[str, ...]:
        """The room as this replica would show it."""
        return tuple(text for _, _, _, text in self.disk.get("posts", ()))

    def stored_ids(self) -> tuple[int, ...]:
        """The numbers of the requests whose posts are on this disk."""
        return tuple(id for _, id, _, _ in self.disk.get("posts", ()))

    def on_request(self, src: str, msg: Request) -> None:
        """A user reads, which is always possible, or posts, which the rule may forbid."""
        if msg.f == "read":
            self.send(src, Reply(msg.id, self.transcript()))
        elif not self.rule(self.hears, self.n):
            self.send(src, Refusal(msg.id, f"read-only: hears {self.hears} of {self.n} replicas"))
        else:
            post = (self.clock.read(), msg.id, self.name, str(msg.arg))
            self._waiting[msg.id] = src, (self.name,)
            self._keep(set_union(self._posts, (post,)))
            self.broadcast(Copy(*post))
            self._answer_if_done(msg.id)

    def on_copy(self, src: str, msg: Copy) -> None:
        """Somebody else accepted a post."""
        post = (msg.at, msg.id, msg.by, msg.text)
        if post not in self._posts:
            self._keep(set_union(self._posts, (post,)))
            if self.relay:
                for peer in self.peers:
                    if peer not in (src, msg.by):
                        self.send(peer, msg)
        if self.answer_after != "accepting" and src == msg.by:
            self.send(src, Stored(msg.id))

    def on_stored(self, src: str, msg: Stored) -> None:
        """One more replica has it."""
        if msg.id in self._waiting:
            user, stored = self._waiting[msg.id]
            self._waiting[msg.id] = user, (*stored, src)
            self._answer_if_done(msg.id)

    def heard_from(self, names: tuple[str, ...]) -> None:
        """The rule is applied to every new count, and posts may no longer have to wait for whoever is gone."""
        super().heard_from(names)
        self._holders = names
        self._apply_rule()
        for id in tuple(self._waiting):
            self._answer_if_done(id)

    # -- catching up after a cut: each sign of life says how many posts its sender has accepted itself -----------------

    def summary(self) -> int:
        """How many posts of this transcript were accepted here."""
        return sum(by == self.name for _, _, by, _ in self._posts)

    def compare(self, src: str, summary: int) -> None:
        """Twice in a row we do not have what ``src`` accepted: that is no copy on its way, that is a gap."""
        if summary == sum(by == src for _, _, by, _ in self._posts):
            self._behind.pop(src, None)
        elif src in self._behind:
            self.send(src, MyTranscript(self._posts))
        else:
            self._behind[src] = None

    def on_my_transcript(self, src: str, msg: MyTranscript) -> None:
        """Merge; if the result is not what they have, they need it too."""
        merged = self.merge(self._posts, msg.posts)
        if merged != self._posts:
            self._keep(merged)
        if merged != msg.posts:
            self.send(src, MyTranscript(merged))

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _keep(self, posts: Transcript) -> None:
        self.disk["posts"] = posts
        self._show(posts)

    def _show(self, posts: Transcript) -> None:
        self._posts = posts
        self.posts = len(posts)
        self.last = posts[-1][3] if posts else ""

    def _apply_rule(self) -> None:
        writes = bool(self.rule(self.hears, self.n))
        if writes != self.writes:
            self.writes = writes
            self.log(f"{'read-write' if writes else 'read-only'}: hears {self.hears} of {self.n}")

    def _answer_if_done(self, id: int) -> None:
        user, stored = self._waiting[id]
        if self.answer_after != "accepting" and not self.rule(len(stored), self.n):
            return
        if self.answer_after == "leases" and not all(holder in stored for holder in self._holders):
            return
        del self._waiting[id]
        self.send(user, Reply(id))


class ChatReplica(PingAll, Chat):
    """A replica that pings all others and counts the answers."""


class BeatingReplica(Heartbeats, Chat):
    """A replica that counts the others' heartbeats."""


# -- what came of it ---------------------------------------------------------------------------------------------------


def replicas_of(sim: Simulation) -> list[Any]:
    """The replicas of the room, in order."""
    return [node for node in sim.nodes.values() if hasattr(node, "transcript")]


def transcripts(sim: Simulation) -> dict[str, str]:
    """What each replica has on its disk at this moment, as one line: ``{"r1": "a1 b1 c1", …}``."""
    return {replica.name: " ".join(replica.transcript()) for replica in replicas_of(sim)}


def diverged(sim: Simulation) -> bool:
    """Whether any two replicas hold different transcripts."""
    return len(set(transcripts(sim).values())) > 1


def lost_posts(sim: Simulation) -> list[Operation]:
    """Posts that were answered "done" and that no replica which is up has on its disk any more."""
    kept = {id for replica in replicas_of(sim) if replica._up for id in replica.stored_ids()}
    return [op for op in sim.history if _was_accepted(op) and op.id not in kept]


def users_saw(sim: Simulation, waits: float = WAITS_MS) -> list[Seen]:
    """Good is what was answered in time and, if it was a post, is still in the room at the end. The players' judge.

    ``waits`` is how long users wait, in ms.
    """
    return what_users_saw(sim.history, sim.now, within=waits, wrong={op.id for op in lost_posts(sim)})


def writers(sim: Simulation, after: float, before: float = inf) -> list[str]:
    """The replicas that accepted a post which was asked in ``[after, before)`` ms, in order."""
    users = {user_of(op) for op in sim.history if _was_accepted(op) and after <= op.invoked < before}
    homes = {user: node.service for user, node in sim.nodes.items() if isinstance(node, LoadClient)}
    return [replica.name for replica in replicas_of(sim) if any(homes[user] == replica.name for user in sorted(users))]


def user_of(op: Operation) -> str:
    """Who asked: the operation's process without the number that it got after a time-out."""
    return str(op.process).split("#")[0]


def _was_accepted(op: Operation) -> bool:
    return op.f == "post" and op.status == "ok"


# -- in danger: two ways to merge --------------------------------------------------------------------------------------


def _build(seed: int, merge: Merge) -> Simulation:
    """Three replicas that accept posts whomever they hear; crashes and cuts for a second, then time to catch up."""
    names = ("r1", "r2", "r3")
    sim = Simulation(
        *(ChatReplica(name, [peer for peer in names if peer != name], rule=always, merge=merge) for name in names),
        *(
            LoadClient(
                user,
                service=name,
                rate=8,
                operation=lambda number, _, user=user: ("post", None, f"{user[0]}{number}"),
                stop=1_000.0,
            )
            for user, name in zip(("alice", "bob", "carol"), names, strict=True)
        ),
        seed=seed,
        trace="off",
    )
    kinds = ("crash", "cut", "partition")
    sim.set_faults(nemesis(sim, seed, 2_500, kinds, every_ms=300, for_ms=400, quiet_ms=1_400, nodes=names))
    return sim


def _judge(sim: Simulation) -> str:
    lost = lost_posts(sim)
    if lost:
        return f"{', '.join(op.arg for op in lost)} was answered, and no replica has it any more"
    if diverged(sim):
        rooms = transcripts(sim)
        return "the replicas never agree: " + "; ".join(f"{name} has {room!r}" for name, room in rooms.items())
    return ""


#: The values are ways to merge, not classes.
TRIAL = Trial("chat", _build, 2_500.0, _judge, set_union, (last_writer_wins,))
