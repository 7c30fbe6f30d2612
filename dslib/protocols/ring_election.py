"""Election on a ring: the highest number wins, and every other one is thrown away on its way round.

Chang and Roberts 1979, "An improved algorithm for decentralized extrema-finding in circular configurations of
processes", CACM 22(5), 281-283. Each process has a number of its own and sends only to the next one on the ring. How
many there are, nobody knows. LeLann's algorithm of 1977, which this one improves, sends each number all the way round,
which takes n² messages. Here a number goes on only until it meets a higher one.

That costs n(n + 1)/2 messages if the numbers fall in the direction in which messages go, 2n - 1 if they rise, and
n(1 + 1/2 + ... + 1/n) on average. The winner's announcement costs n more. Nothing may fail, and nothing may be lost:
who is to take over from a dead process, the ring cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from random import Random
from typing import Any

from ..clocks import Clock
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial


class Probe(Message):
    """Is there a higher one than ``number``?"""

    number: int


class Elected(Message):
    """``number`` has come all the way round, so it is the highest."""

    number: int


class ChangRoberts(Node):
    """One process on the ring: ``ChangRoberts("p1", peers=("p2",), number=7)`` sends to p2.

    Args:
        number: unlike every other on the ring.
        begins: when it stands for election by itself, in ms; None: only when a lower number comes by.

    Raises:
        ValueError: it has not exactly one process to send to, or no number, or a ``begins`` that is no time.
    """

    number: int | None = None
    begins: float | None = 0.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if len(self.peers) != 1 or name in self.peers:
            raise ValueError(f"peers of {name!r} are {self.peers!r}: name the one that comes next on the ring")
        if isinstance(self.number, bool) or not isinstance(self.number, int):
            raise ValueError(f"{name!r} has number={self.number!r}: write a whole number that no other process has")
        if self.begins is not None and not 0 <= self.begins < inf:
            raise ValueError(f"{name!r} has begins={self.begins!r}: write ms, 0 or more, or None")

    def on_start(self) -> None:
        """Nobody is known."""
        self.leader: int | None = None
        self.has_begun = False
        self.probes = 0  # how many it has sent
        if self.begins is not None:
            self.set_timer("begin", self.begins)

    @property
    def role(self) -> str:
        """Leader or follower when it is known who won; candidate while it stands for election."""
        if self.leader is not None:
            return "leader" if self.leader == self.number else "follower"
        return "candidate" if self.has_begun else ""

    def on_begin_timeout(self) -> None:
        """Stand for election, unless a lower number was here before and made it do so."""
        self.begin()

    def begin(self) -> None:
        """Send the own number round, once."""
        if not self.has_begun:
            self.has_begun = True
            self.probe(self.number)

    def probe(self, number: int | None) -> None:
        """To the next one on the ring."""
        assert number is not None
        self.probes += 1
        self.send(self.peers[0], Probe(number))

    def on_probe(self, src: str, msg: Probe) -> None:
        """A higher number goes on, a lower one does not, and the own one has been everywhere."""
        assert self.number is not None
        if msg.number > self.number:
            self.has_begun = True  # it could not win any more
            self.probe(msg.number)
        elif msg.number < self.number:
            self.meet_lower(msg.number)
        else:
            self.win()

    def meet_lower(self, number: int) -> None:
        """That one does not win. Somebody has to: whoever slept until now stands for election."""
        self.begin()

    def win(self) -> None:
        """Tell all."""
        assert self.number is not None
        self.leader = self.number
        self.send(self.peers[0], Elected(self.number))

    def on_elected(self, src: str, msg: Elected) -> None:
        """Pass it on; with the winner it ends."""
        if msg.number != self.number:
            self.leader = msg.number
            self.send(self.peers[0], msg)


def ring(
    numbers: Sequence[int], kind: type[ChangRoberts] = ChangRoberts, begins: Sequence[float | None] | None = None
) -> list[ChangRoberts]:
    """Processes p1, p2, … with these numbers, each of which sends to the next, and the last to the first.

    Raises:
        ValueError: fewer than two, two of one number, or not a ``begins`` for each.
    """
    if len(numbers) < 2 or len(set(numbers)) < len(numbers):
        raise ValueError(f"numbers are {tuple(numbers)!r}: write two or more for a ring, and each only once")
    starts: Sequence[float | None] = [0.0] * len(numbers) if begins is None else begins
    if len(starts) != len(numbers):
        raise ValueError(f"begins has {len(starts)} entries for {len(numbers)} processes: write one for each, or None")
    names = [f"p{place}" for place in range(1, len(numbers) + 1)]
    return [
        kind(name, (after,), number=number, begins=start)
        for name, after, number, start in zip(names, [*names[1:], names[0]], numbers, starts, strict=True)
    ]


def probes_needed(numbers: Sequence[int]) -> int:
    """How many probes are sent on such a ring if all begin at once: each number goes as far as to the next higher one.

    >>> probes_needed([4, 3, 2, 1]), probes_needed([1, 2, 3, 4])
    (10, 7)
    """
    n = len(numbers)
    return sum(
        next((steps for steps in range(1, n) if numbers[(place + steps) % n] > number), n)
        for place, number in enumerate(numbers)
    )


# -- known to be wrong ------------------------------------------------------------------------------------------------


class CrownsItself(ChangRoberts):
    """Takes itself for the winner as soon as it has met a lower number."""

    def meet_lower(self, number: int) -> None:
        self.win()


class SleepsOn(ChangRoberts):
    """Throws a lower number away and does not stand itself: nobody is left who could win."""

    def meet_lower(self, number: int) -> None:
        """It has done its part."""


class PassesAll(ChangRoberts):
    """Sends lower numbers on, too: n² messages, and as every number comes all the way round, everybody wins."""

    def meet_lower(self, number: int) -> None:
        self.begin()
        self.probe(number)


# -- put to the test --------------------------------------------------------------------------------------------------


def in_any_order(seed: int, kind: type[ChangRoberts]) -> Simulation:
    """A ring of 3 to 8 with numbers in any order; at least one begins by itself. Messages overtake each other."""
    dice = Random(f"{seed}/ring")
    n = dice.randint(3, 8)
    begins = [dice.choice((None, dice.randint(0, 200))) for _ in range(n)]
    begins[dice.randrange(n)] = 0
    return Simulation(
        *ring(dice.sample(range(100), n), kind, begins), network=Network(latency=(1, 100)), seed=seed, trace="off"
    )


def highest_is_elected(sim: Simulation) -> str:
    """All know the highest number as their leader, and it has not cost more than the paper's worst case."""
    processes = [node for node in sim.nodes.values() if isinstance(node, ChangRoberts)]
    n, highest = len(processes), max(node.number or 0 for node in processes)
    for node in processes:
        if node.leader != highest:
            return f"{node.name!r} takes {node.leader} for its leader, and the highest number is {highest}."
    probes = sum(node.probes for node in processes)
    if probes > n * (n + 1) // 2:
        return f"{probes} probes were sent on a ring of {n}, where {n * (n + 1) // 2} are the most there can be."
    return ""


TRIAL = Trial(
    "ring-election", in_any_order, 3_000, highest_is_elected, ChangRoberts, (CrownsItself, SleepsOn, PassesAll)
)
