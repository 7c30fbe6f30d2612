"""What is made of machines that fail: more of them may serve better, or worse.

Each machine works for a while, fails, is repaired, and so on. ``watcher`` asks all of them every 50 ms, and counts the
answers: good is a question to which enough machines answered.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ..clients import Client
from ..history import Operation
from ..metrics import good_share, what_users_saw
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation

#: How long a machine is down at a time, in ms on average.
REPAIR_MS = 1_000.0
#: How often the watcher asks, and how long it waits for answers, in ms.
EVERY_MS, WAITS_MS = 50.0, 5.0

#: How many of n machines are needed.
NEED: dict[str, Callable[[int], int]] = {"all": lambda n: n, "majority": lambda n: n // 2 + 1, "any": lambda n: 1}


def need(word: str, n: int) -> int:
    """How many of ``n`` machines "all", "majority" or "any" needs.

    Raises:
        ValueError: it is none of these words.
    """
    if word not in NEED:
        raise ValueError(f"the need is {word!r}: write one of {', '.join(map(repr, NEED))}")
    return NEED[word](n)


class Hello(Message):
    """Are you there?"""

    number: int


class Here(Message):
    """I am."""

    number: int


class Part(Node):
    """Answers while it is up."""

    def on_hello(self, src: str, msg: Hello) -> None:
        """Answer at once."""
        self.send(src, Here(msg.number))


class Watcher(Client):
    """Asks all parts, and is content with ``enough`` answers."""

    enough: int = 1

    def on_start(self) -> None:
        """The first question."""
        self.number, self.answers = 0, 0
        self.set_timer("ask", EVERY_MS)

    def on_ask_timeout(self) -> None:
        """To everybody at once."""
        self.number, self.answers = self.number + 1, 0
        self.asked: Operation = self.invoke("use")
        self.broadcast(Hello(self.number))
        self.set_timer("count", WAITS_MS)
        self.set_timer("ask", EVERY_MS)

    def on_here(self, src: str, msg: Here) -> None:
        """One more is there."""
        self.answers += msg.number == self.number

    def on_count_timeout(self) -> None:
        """Enough, or not."""
        if self.answers >= self.enough:
            self.asked.ok()
        else:
            self.asked.fail()


def watched_parts(
    seed: int = 0, n: int = 3, up: float = 0.9, enough: int | str = "majority", seconds: float = 100.0
) -> Simulation:
    """``n`` machines, each up for a share ``up`` of the time; the watcher needs ``enough``: a number, or a word.

    Raises:
        ValueError: the share is not between 0 and 1, or the number of machines not from 1 to 50.
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= 50:
        raise ValueError(f"n is {n!r}: write how many machines there are, a whole number from 1 to 50")
    if not 0 < up < 1:
        raise ValueError(f"up is {up!r}: write the share of the time that a machine works, between 0 and 1")
    names = [f"m{i + 1}" for i in range(n)]
    wanted = need(enough, n) if isinstance(enough, str) else enough
    sim = Simulation(
        *map(Part, names), Watcher("watcher", peers=names, enough=wanted), network=Network(latency=1), seed=seed,
        trace="off",
    )  # fmt: skip
    works_ms = REPAIR_MS * up / (1 - up)
    for name in names:
        dice = Random(f"{seed}/{name}")
        is_up, time = dice.random() < up, 0.0  # as if it had been running for ever
        while time < 1_000 * seconds:
            sim.at(round(time, 3), sim.restart if is_up else sim.crash, name)
            time += dice.expovariate(1 / (works_ms if is_up else REPAIR_MS))
            is_up = not is_up
    return sim


def share_of_time(sim: Simulation, seconds: float = 100.0) -> float:
    """The share of the watcher's questions to which enough machines answered."""
    sim.run(until=1_000 * seconds)
    return good_share(what_users_saw(sim.history, sim.now, within=2 * WAITS_MS))
