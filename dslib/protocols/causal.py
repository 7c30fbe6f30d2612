"""Causal broadcast: no answer is shown before what it answers.

Birman, Schiper, Stephenson 1991 ("Lightweight causal and atomic group multicast", ACM TOCS 9(3), the protocol CBCAST,
rules 1 to 3 on page 281). Every message carries a vector that says how many messages of each member its sender had
delivered. Whoever lacks one of those lets the message wait. A broadcast costs one message to each of the others, and
nothing waits but for what came before it.

The clocks behind it are in ``dslib.clocks``: Lamport's (1978, "Time, clocks, and the ordering of events in a
distributed system", CACM 21(7)) give all events one order that respects causality, ``total_order``; vectors (Fidge
1988, Mattern 1989) also tell which events have nothing to do with each other.

Assumed, as in the paper, where the membership service of Isis takes care of it: no message is lost, and whoever crashes
does not come back under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from ..clocks import Clock
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial


def total_order(stamps: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Lamport's order ⇒ of events stamped ``(time, node)``: by time, and by name where times are equal.

    All who know the same stamps find the same order, and no effect comes before its cause (section "Ordering the events
    totally").
    """
    return sorted(stamps)


class Post(Message):
    """``text``; its sender had delivered, and with this one sent, so many messages of each member."""

    text: str
    vector: tuple[tuple[str, int], ...]


class CausalBroadcast(Node):
    """A member of a group that tells all the others.

    Args:
        peers: the other members.
        says: what it says, and when: pairs ``(ms, text)``.

    ``delivered`` are the posts in the order in which this member shows them, its own among them: ``(sender, text)``.

    Raises:
        ValueError: no peers, or the member itself among them.
    """

    says: tuple[tuple[float, str], ...] = ()

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.peers:
            raise ValueError(f"member {name!r} has nobody to tell: write peers=('bob', 'carol')")
        if name in self.peers:
            raise ValueError(f"member {name!r} is among its own peers: name the others only, it delivers to itself")

    def on_start(self) -> None:
        """Nothing was said yet."""
        self.vector = dict.fromkeys(sorted((self.name, *self.peers)), 0)
        self.delivered: list[tuple[str, str]] = []
        self.delayed: list[tuple[str, Post]] = []
        for number, (ms, text) in enumerate(self.says):
            self.set_timer("say", ms, text, key=number)

    def on_say_timeout(self, text: str) -> None:
        """The time has come."""
        self.say(text)

    def say(self, text: str) -> None:
        """Count the message, stamp it, send it (rule 1). It need not wait here (rule 2)."""
        self.vector[self.name] += 1
        self.broadcast(Post(text, tuple(self.vector.items())))
        self.show(self.name, text)

    def on_post(self, src: str, msg: Post) -> None:
        """It waits, maybe for no time at all, and others may have waited for it."""
        if dict(msg.vector)[src] <= self.vector[src] or (src, msg) in self.delayed:
            return  # a copy; the paper's channels make none
        self.delayed.append((src, msg))
        while ready := next((one for one in self.delayed if self.may_deliver(*one)), None):
            self.delayed.remove(ready)
            self.deliver(*ready)

    def may_deliver(self, src: str, msg: Post) -> bool:
        """It is the sender's next, and all that the sender had delivered is delivered here, too (rule 2)."""
        return all(count == self.vector[p] + 1 if p == src else count <= self.vector[p] for p, count in msg.vector)

    def deliver(self, src: str, msg: Post) -> None:
        """Now this, too, is known here (rule 3: the maximum of both vectors; only the sender's count is larger)."""
        for member, count in msg.vector:
            self.vector[member] = max(self.vector[member], count)
        self.show(src, msg.text)

    def show(self, src: str, text: str) -> None:
        """Hand it to whoever uses this group."""
        self.delivered.append((src, text))
        self.log(f"delivers {text!r} of {src}")


# -- the trial: every member shows every post, and none before what its author had seen --------------------------------


class DeliversAtOnce(CausalBroadcast):
    """Shows what arrives when it arrives: an answer that was quicker than the question is shown first."""

    def may_deliver(self, src: str, msg: Post) -> bool:
        """Wrong: nothing waits."""
        return True


class OnlyInTheSendersOrder(CausalBroadcast):
    """Keeps each sender's posts in order and does not ask what the sender had seen: FIFO is less than causal."""

    def may_deliver(self, src: str, msg: Post) -> bool:
        """Wrong: half of rule 2."""
        return dict(msg.vector)[src] == self.vector[src] + 1


class LooksOnlyOnce(CausalBroadcast):
    """Looks at a post when it arrives and never again: what had to wait, waits for ever."""

    def on_post(self, src: str, msg: Post) -> None:
        """Wrong: nobody looks at those that wait."""
        if self.may_deliver(src, msg):
            self.deliver(src, msg)
        else:
            self.delayed.append((src, msg))


class CountsDeliveries(CausalBroadcast):
    """Counts a delivery as an event, as a vector clock would: before its next post there seems to be one missing."""

    def deliver(self, src: str, msg: Post) -> None:
        """Wrong: here only messages sent are counted."""
        super().deliver(src, msg)
        self.vector[self.name] += 1


def _build(seed: int, kind: type[CausalBroadcast]) -> Simulation:
    """Four members talk for a second, over links that reorder and duplicate; some pause, or are slow."""
    dice = Random(f"{seed}/trial")
    names = ("alice", "bob", "carol", "dave")
    sim = Simulation(
        *(
            kind(
                name,
                [peer for peer in names if peer != name],
                says=tuple((float(dice.randint(0, 1_000)), f"{name}{i}") for i in range(4)),
            )
            for name in names
        ),
        network=Network(latency=(5, 150), duplication=0.1, reordering=0.1),
        seed=seed,
        trace="off",
    )
    sim.set_faults(nemesis(sim, seed, until=1_200, kinds=("pause", "slow")))
    return sim


def _judge(sim: Simulation) -> str:
    """Causality by what the authors were shown, not by what the vectors say."""
    logs = {name: node.delivered for name, node in sim.nodes.items() if isinstance(node, CausalBroadcast)}
    cause: dict[tuple[str, str], list[tuple[str, str]]] = {
        post: log[:place] for author, log in logs.items() for place, post in enumerate(log) if post[0] == author
    }
    for reader, log in logs.items():
        shown: dict[tuple[str, str], None] = {}
        for post in log:
            if post in shown:
                return f"{reader} is shown {post[1]} twice"
            for earlier in cause[post]:
                if earlier not in shown:
                    return f"{reader} is shown {post[1]} before {earlier[1]}, which {post[0]} had seen"
            shown[post] = None
        for post in cause:
            if post not in shown:
                return f"{reader} is never shown {post[1]}"
    return ""


TRIAL = Trial(
    name="causal",
    build=_build,
    until_ms=3_000,
    judge=_judge,
    right=CausalBroadcast,
    wrong=(DeliversAtOnce, OnlyInTheSendersOrder, LooksOnlyOnce, CountsDeliveries),
)
