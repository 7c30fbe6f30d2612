"""Epidemics: a rumour reaches everybody because whoever has it tells somebody picked at random, round after round.

Demers et al. 1987 ("Epidemic algorithms for replicated database maintenance", PODC). A node is susceptible (does not
know the rumour), infective (tells it) or removed (knows it, tells it no more). Three numbers judge an epidemic (section
1.4): residue, the share that never hears of it; traffic, the rumours sent for each node; delay, the rounds until it
arrives.

``Push``: who knows calls. After log2 n + ln n + O(1) rounds everybody knows (Pittel 1987, "On spreading a rumor", SIAM
Journal on Applied Mathematics 47(1)). ``PushPull``: everybody calls, and the rumour goes either way. Once most know,
the few who do not are sure to ask somebody who does: O(log n) rounds and O(n log log n) transmissions (Karp,
Schindelhauer, Shenker, Vöcking 2000, "Randomized rumor spreading", FOCS).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from random import Random
from typing import Any, NamedTuple

from ..clocks import Clock
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial


class Rumour(Message):
    """``text``, which is ``age`` rounds old."""

    text: str
    age: int


class Feedback(Message):
    """Whether the callee knew the rumour before this round: then the call was unnecessary."""

    knew: bool


class Call(Message):
    """A caller who knows nothing asks whether there is any news."""


class Answer(Message):
    """``text``, for whoever called."""

    text: str
    age: int


class Push(Node):
    """Once it knows the rumour, it tells it to one peer a round, picked at random.

    Args:
        starts: the rumour that this node starts, if any.
        round_ms: length of a round, in ms. All rounds begin together; a message has to arrive within its round.
        k: removed after k unnecessary calls in a row ("feedback" and "counter", section 1.4); None: never.

    Raises:
        ValueError: no peers, a round without length, or k below 1.
    """

    starts: str | None = None
    round_ms: float = 100.0
    k: int | None = None

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.peers:
            raise ValueError(f"node {name!r} has nobody to tell: write peers=('r2', 'r3')")
        if not (isfinite(self.round_ms) and self.round_ms > 0):
            raise ValueError(f"node {name!r} has round_ms={self.round_ms!r}: write ms, above 0")
        if self.k is not None and (isinstance(self.k, bool) or not isinstance(self.k, int) or self.k < 1):
            raise ValueError(f"node {name!r} has k={self.k!r}: write 1 or more unnecessary calls, or None (never stop)")

    def on_start(self) -> None:
        """What it heard is on its disk. Who wakes up with a rumour tells it: it may not have told it enough."""
        known: tuple[str | None, int, int] = self.disk.get("rumour", (None, 0, -1))
        self.rumour, self.born, self.heard = known  # its text; the rounds in which it was started, and heard
        self.infective = self.rumour is not None
        self.told = self._unnecessary = 0
        if self.starts is not None and self.rumour is None:
            self.hear(self.starts, 0)
        self.set_timer("round", self.until_next_round())

    def round(self) -> int:
        """The number of the present round."""
        return int(self.clock.monotonic() // self.round_ms)

    def until_next_round(self) -> float:
        """In ms."""
        return self.round_ms - self.clock.monotonic() % self.round_ms

    def on_round_timeout(self) -> None:
        """A new round: one call."""
        self.set_timer("round", self.until_next_round())
        self.call()

    def pick(self) -> str:
        """Whom to call: anybody, each as likely as the others."""
        return self.random.choice(self.peers)

    def call(self) -> None:
        """Push: only who knows has a reason to call (section 1.4)."""
        if self.infective and self.rumour is not None:
            self.told += 1
            self.send(self.pick(), Rumour(self.rumour, self.age()))

    def age(self) -> int:
        """How many rounds ago the rumour was started."""
        return self.round() - self.born

    def hear(self, text: str, age: int) -> None:
        """Susceptible no more: know it, and tell it from the next round on."""
        self.rumour, self.born, self.heard = text, self.round() - age, self.round()
        self.disk["rumour"] = self.rumour, self.born, self.heard
        self.infective = True

    def on_rumour(self, src: str, msg: Rumour) -> None:
        """A call: news, or unnecessary. The caller is told which, if it wants to know."""
        if self.rumour is None:
            self.hear(msg.text, msg.age)
        if self.k is not None:
            self.send(src, Feedback(self.heard < self.round()))

    def on_feedback(self, src: str, msg: Feedback) -> None:
        """After k unnecessary calls in a row it loses interest, and is removed (section 1.4)."""
        self._unnecessary = self._unnecessary + 1 if msg.knew else 0
        if self.k is not None and self._unnecessary >= self.k:
            self.infective = False


class PushPull(Push):
    """Everybody calls one peer a round; the rumour goes from caller to callee or back (section 1.3; Karp et al. 2000).

    Args:
        oldest: age in rounds beyond which a rumour is told no more, as in Karp et al.; None: everybody goes on for ever
            to tell everybody what all know.
    """

    oldest: int | None = None

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if self.k is not None:
            raise ValueError(f"node {name!r} has k={self.k!r}: push and pull ends by age, write oldest=20 instead")
        if self.oldest is not None and (
            isinstance(self.oldest, bool) or not isinstance(self.oldest, int) or self.oldest < 1
        ):
            raise ValueError(f"node {name!r} has oldest={self.oldest!r}: write 1 or more rounds, or None (never stop)")

    def call(self) -> None:
        """Tell, or ask."""
        if self.tells():
            super().call()
        elif self.rumour is None:
            self.send(self.pick(), Call())

    def tells(self) -> bool:
        """Whether it transmits in this round: what it heard in the round itself waits for the next one."""
        self.infective = self.rumour is not None and (self.oldest is None or self.age() <= self.oldest)
        return self.infective and self.heard != self.round()

    def on_call(self, src: str, msg: Call) -> None:
        """Pull: who calls without the rumour gets it."""
        if self.tells() and self.rumour is not None:
            self.told += 1
            self.send(src, Answer(self.rumour, self.age()))

    def on_answer(self, src: str, msg: Answer) -> None:
        """Pulled."""
        if self.rumour is None:
            self.hear(msg.text, msg.age)


# -- figures of an epidemic --------------------------------------------------------------------------------------------


class Figures(NamedTuple):
    """How well a rumour spread (section 1.4), and how many knew it after each round.

    ``residue`` is the share of nodes that never heard of it, ``traffic`` the rumours sent for each node, ``last`` and
    ``mean`` the delay: in which round the last node heard of it that ever did, and the average one.
    """

    residue: float
    traffic: float
    last: int
    mean: float
    knew: tuple[int, ...]


def epidemic(n: int, kind: type[Push] = Push, seed: int = 0, **settings: Any) -> Figures:
    """Let one of n nodes that can all call each other start a rumour, until all know it or nobody tells it any more.

    Raises:
        ValueError: fewer than two nodes, or a setting out of range.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 2:
        raise ValueError(f"an epidemic among {n!r} nodes: write a whole number, 2 or more")
    names = tuple(f"n{i}" for i in range(n))
    nodes = [
        kind(name, names[:i] + names[i + 1 :], starts=None if i else "news", **settings) for i, name in enumerate(names)
    ]
    length = nodes[0].round_ms
    sim = Simulation(*nodes, network=Network(latency=length / 4, streams="shared"), seed=seed, trace="off")
    endless = nodes[0].k is None and getattr(nodes[0], "oldest", None) is None
    knew: list[int] = []
    while True:
        sim.run(until=(len(knew) + 0.9) * length)
        knew.append(len([node for node in nodes if node.rumour is not None]))
        if (endless and knew[-1] == n) or not any(node.infective for node in nodes):
            break
    delays = [node.heard for node in nodes if node.rumour is not None]
    told = sum(node.told for node in nodes)
    return Figures(1 - knew[-1] / n, told / n, max(delays), sum(delays) / len(delays), tuple(knew))


# -- the trials: whatever was broken for a while, in the end everybody knows, and who agreed to stop has stopped -------


class TellsOnce(Push):
    """Tells it to one peer and is content: the rumour goes along a single chain, which soon comes back to itself."""

    def call(self) -> None:
        """Wrong: one call, whatever it achieves."""
        super().call()
        self.infective = False


class LosesInterest(Push):
    """Stops after one unnecessary call: about a fifth never hears of it, so something else has to make up for that."""

    k = 1


class AlwaysTheSame(Push):
    """Calls the first of its peers instead of anybody: the rumour does not get beyond a few."""

    def pick(self) -> str:
        """Wrong: no chance involved."""
        return self.peers[0]


class StopsTooEarly(PushPull):
    """Tells a rumour for 3 rounds only, too few for this many nodes: log3 n and a little more are needed."""

    oldest = 3


class NeverStops(PushPull):
    """Forgets how old the rumour is: all know it, and go on telling it to each other for ever."""

    def tells(self) -> bool:
        """Wrong: the age says nothing to it."""
        self.infective = self.rumour is not None
        return self.infective and self.heard != self.round()


def _build(seed: int, kind: type[Push]) -> Simulation:
    """Eight nodes, one of which starts a rumour at once; troubles for the first 16 of 48 rounds."""
    names = tuple(f"n{i}" for i in range(8))
    first = Random(f"{seed}/trial").choice(names)
    settings: dict[str, Any] = {"oldest": 30} if kind in (PushPull, NeverStops) else {}
    nodes = [
        kind(name, names[:i] + names[i + 1 :], starts="news" if name == first else None, round_ms=50.0, **settings)
        for i, name in enumerate(names)
    ]
    sim = Simulation(*nodes, network=Network(latency=(5, 15)), seed=seed, trace="off")
    troubles = ("crash", "pause", "cut", "degrade")
    sim.set_faults(nemesis(sim, seed, until=800, kinds=troubles, every_ms=(20, 150), for_ms=(100, 400)))
    return sim


def _judge(sim: Simulation) -> str:
    """Residue, and traffic without end."""
    for node in sim.nodes.values():
        if isinstance(node, Push) and node.rumour is None:
            return f"residue: in the end {node.name} has not heard of it"
        if isinstance(node, PushPull) and node.infective:
            return f"traffic: in the end {node.name} still tells it"
    return ""


TRIALS = (
    Trial("push", _build, 2_400, _judge, Push, (TellsOnce, LosesInterest, AlwaysTheSame)),
    Trial("push-pull", _build, 2_400, _judge, PushPull, (StopsTooEarly, NeverStops)),
)
