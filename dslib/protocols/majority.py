"""The majority rule: write only while you reach more than half of all replicas, yourself included.

Every replica asks all the others "are you there?" at regular times and counts the answers, R of N. If R is at most
floor(N/2) it becomes read-only. Two groups that cannot talk cannot both hold more than half, so at most one of them
writes: majorities intersect (Thomas 1979, "A majority consensus approach to concurrency control", ACM TODS 4(2)). The
rule rests on two assumptions that lesson 5 takes away: that a cut leaves clean groups, and that it is noticed at once.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial

#: May a replica that hears ``heard`` of ``n`` replicas, itself among them, accept a post?
Rule = Callable[[int, int], bool]


def more_than_half(heard: int, n: int) -> bool:
    """The majority rule: read-only if ``heard`` is at most floor(n / 2)."""
    return heard > n // 2


def at_least_half(heard: int, n: int) -> bool:
    """Wrong: an even number of replicas has two halves, and each is at least half."""
    return heard >= n / 2


def at_least_half_rounded_down(heard: int, n: int) -> bool:
    """Wrong: two of five are at least floor(5 / 2), and so are the other three."""
    return heard >= n // 2


def always(heard: int, n: int) -> bool:
    """No rule: every replica that runs accepts posts."""
    return True


def everyone(heard: int, n: int) -> bool:
    """All or nothing: no two groups can both write, and one lost replica silences the room."""
    return heard == n


class Member(Node):
    """Base of the failure detectors: a node that keeps track of which of its ``peers`` it hears.

    A detector calls ``heard_from`` with the names it hears now, this node's own among them. With its messages goes
    ``summary()``, a number that the receiver is handed in ``compare``; what it means is up to the subclass.
    """

    #: False for a node that forgets to count itself.
    count_self: bool = True

    @property
    def n(self) -> int:
        """How many replicas there are, this one included."""
        return len(self.peers) + 1

    def on_start(self) -> None:
        """Before the first count a node knows only of itself."""
        self.hears = 1 if self.count_self else 0

    def heard_from(self, names: tuple[str, ...]) -> None:
        """A new count: ``names`` in the order in which they were heard."""
        self.hears = len(names)

    def summary(self) -> int:
        """What to tell the others with each sign of life."""
        return 0

    def compare(self, src: str, summary: int) -> None:
        """What ``src`` told."""


class Ping(Message):
    """Are you there?"""

    round: int
    summary: int = 0


class Pong(Message):
    """Yes, and I am answering that round of yours."""

    round: int


class PingAll(Member):
    """Every ``period`` ms, ping all; ``patience`` ms later, count who answered."""

    period: float = 200.0
    patience: float = 60.0

    def on_start(self) -> None:
        """Begin with the first round at once."""
        super().on_start()
        self._round = 0
        self.on_ping_timeout()

    def on_ping_timeout(self) -> None:
        """A new round: ask everybody, and count later."""
        self._round += 1
        self._answered: tuple[str, ...] = (self.name,) if self.count_self else ()
        self.broadcast(Ping(self._round, self.summary()))
        self.set_timer("count", self.patience)
        self.set_timer("ping", self.period)

    def on_ping(self, src: str, msg: Ping) -> None:
        """Somebody asks: answer."""
        self.send(src, Pong(msg.round))
        self.compare(src, msg.summary)

    def on_pong(self, src: str, msg: Pong) -> None:
        """An answer to an earlier round came too late: that round has been counted."""
        if msg.round == self._round and src not in self._answered:
            self._answered += (src,)

    def on_count_timeout(self) -> None:
        """The round is over."""
        self.heard_from(self._answered)


# -- in danger ---------------------------------------------------------------------------------------------------------


class Writer(PingAll):
    """A replica that may write or not, by ``rule``, and has nothing to write."""

    rule: Rule = staticmethod(more_than_half)

    def may_write(self) -> bool:
        """What the rule says to the newest count."""
        return bool(self.rule(self.hears, self.n))


def _build(seed: int, rule: Rule) -> Simulation:
    """Two to seven replicas fall into two groups, at some moment from 200 to 400 ms. All have noticed 300 ms later."""
    dice = Random(f"{seed}/majority")
    names = [f"r{i + 1}" for i in range(dice.randint(2, 7))]
    sim = Simulation(
        *(Writer(name, peers=[peer for peer in names if peer != name], rule=rule) for name in names),
        seed=seed,
        trace="off",
    )
    side = sorted(dice.sample(names, dice.randint(1, len(names) - 1)))
    sim.at(dice.randint(200, 400), sim.network.partition, side, [name for name in names if name not in side])
    return sim


def _judge(sim: Simulation) -> str:
    """At most one group writes; and one of more than half does, for else nobody ever would."""
    cuts = [fault.args for fault in sim.faults if fault.call == "network.partition"]
    groups = cuts[0] if cuts else (tuple(sim.nodes),)
    writers = [name for name, node in sim.nodes.items() if isinstance(node, Writer) and node.may_write()]
    writing = [group for group in groups if any(name in group for name in writers)]
    if len(writing) > 1:
        return f"both {' '.join(writing[0])} and {' '.join(writing[1])} write, and cannot hear each other"
    for group in groups:
        if 2 * len(group) > len(sim.nodes) and group not in writing:
            return f"{' '.join(group)} are more than half, and nobody writes"
    return ""


#: The values are rules, not classes.
TRIAL = Trial("majority", _build, 700.0, _judge, more_than_half, (at_least_half, at_least_half_rounded_down))
