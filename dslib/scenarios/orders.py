"""Who spoke first? Three people talk, and their words are put in order: by wall clocks, Lamport clocks, vector clocks.

alice asks, bob answers what he heard, and carol talks to herself. alice's wall clock is ahead.
"""

from __future__ import annotations

from itertools import combinations
from math import isfinite
from typing import NamedTuple

from ..clocks import Clock, LamportClock, VectorClock, happened_before
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation

Vector = tuple[tuple[str, int], ...]

#: By what words can be put in order.
CLOCKS = ("wall", "lamport", "vector")


class Said(Message):
    """Somebody said ``text``. ``to`` is what it answers, if anything; then what three clocks of the speaker showed."""

    text: str
    to: str
    wall: float
    lamport: int
    vector: Vector


class Speaker(Node):
    """Has three clocks, and hears everybody."""

    def on_start(self) -> None:
        """Nothing was said."""
        self._lamport, self._vector, self.count = LamportClock(), VectorClock(self.name), 0
        self.lamport = 0

    def say(self, to: str = "") -> None:
        """To everybody, with the time of all three clocks."""
        self.count += 1
        text = f"{self.name[0]}{self.count}"
        self.lamport = self._lamport.tick()
        self.broadcast(Said(text, to, round(self.clock.read(), 1), self.lamport, self._vector.tick()))

    def on_said(self, src: str, msg: Said) -> None:
        """What I do next comes after this."""
        self.lamport = self._lamport.receive(msg.lamport)
        self._vector.receive(msg.vector)


class Asks(Speaker):
    """Says something now and then, by itself."""

    every: tuple[float, float] = (150.0, 400.0)

    def on_start(self) -> None:
        """The first words."""
        super().on_start()
        self.set_timer("speak", self.random.uniform(*self.every))

    def on_speak_timeout(self) -> None:
        """The next words."""
        self.say()
        self.set_timer("speak", self.random.uniform(*self.every))


class Replies(Speaker):
    """Answers alice after some thought."""

    think: tuple[float, float] = (0.0, 300.0)

    def on_said(self, src: str, msg: Said) -> None:
        """An answer to alice, a little later."""
        super().on_said(src, msg)
        if src == "alice":
            self.set_timer("reply", self.random.uniform(*self.think), msg.text, key=msg.text)

    def on_reply_timeout(self, to: str) -> None:
        """The answer."""
        self.say(to)


def talk(seed: int = 0, skew: float = 0.0) -> Simulation:
    """alice asks a1, a2, …; bob answers b1, b2, …; carol says c1, c2, … alice's wall clock is ``skew`` ms ahead.

    Raises:
        ValueError: the skew is not a finite number.
    """
    if not isfinite(skew):
        raise ValueError(f"skew is {skew!r}: write by how many ms alice's clock is ahead, from 0 to 500")
    return Simulation(
        Asks("alice", peers=("bob", "carol"), clock=Clock(offset=skew)),
        Replies("bob", peers=("alice", "carol")),
        Asks("carol", peers=("alice", "bob")),
        network=Network(latency=(20, 80)),
        seed=seed,
    )


def all_said(sim: Simulation) -> list[Said]:
    """All that was said in a run, in true order."""
    found: dict[str, Said] = {}
    for row in sim.trace.where(kind="send", msg=Said):
        assert isinstance(row.msg, Said)
        found[row.msg.text] = row.msg
    return list(found.values())


def in_order(sim: Simulation, clock: str = "wall") -> list[str]:
    """What was said, as a reader would see it who sorts by that clock: "wall", or "lamport" with names for ties.

    Raises:
        ValueError: no such clock, or "vector", which gives no single order.
    """
    if clock not in ("wall", "lamport"):
        raise ValueError(
            f'clock is {clock!r}: write "wall" or "lamport"; vector clocks leave some pairs without an order'
        )
    return [said.text for said in sorted(all_said(sim), key=lambda said: (getattr(said, clock), said.text))]


class Orders(NamedTuple):
    """What three kinds of clocks make of one talk.

    Fields:
        answers: how many answers were given.
        wall, lamport, vector: how many of them stand before their question, by that clock.
        pairs: how many pairs of sayings there are.
        concurrent: of how many the vector clocks say that neither can have caused the other.
        lamport_only: how many of these Lamport clocks put in an order all the same.
    """

    answers: int
    wall: int
    lamport: int
    vector: int
    pairs: int
    concurrent: int
    lamport_only: int

    def __str__(self) -> str:
        return (
            f"{self.wall} of {self.answers} answers stand before their question by wall clocks, {self.lamport} by "
            f"Lamport clocks, {self.vector} by vector clocks. Of {self.pairs} pairs, vector clocks call "
            f"{self.concurrent} concurrent."
        )


def who_spoke_first(skew: float = 0.0, seed: int = 0) -> Orders:
    """Let them talk for ten seconds, and compare the clocks."""
    said = all_said(talk(seed, skew).run(until=10_000))
    known = {one.text: one for one in said}
    answers = [(known[one.to], one) for one in said if one.to]
    apart = [
        (a, b)
        for a, b in combinations(said, 2)
        if not happened_before(a.vector, b.vector) and not happened_before(b.vector, a.vector)
    ]
    return Orders(
        answers=len(answers),
        wall=sum(b.wall <= a.wall for a, b in answers),
        lamport=sum(b.lamport <= a.lamport for a, b in answers),
        vector=sum(not happened_before(a.vector, b.vector) for a, b in answers),
        pairs=len(said) * (len(said) - 1) // 2,
        concurrent=len(apart),
        lamport_only=sum(a.lamport != b.lamport for a, b in apart),
    )
