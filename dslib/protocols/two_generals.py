"""Two generals: whoever spoke last does not know whether he was heard.

Two generals must attack together, and can only send messengers through a valley that the enemy holds. Akkoyunlu,
Ekanadham and Huber 1975, "Some Constraints and Trade-offs in the Design of Network Communications" (SOSP), tell it of
two gangs; Gray 1978, "Notes on Data Base Operating Systems", of two generals. No number of acknowledgements helps:
``exactly_one_attacks`` finds, for each protocol, the loss after which one general attacks alone. More messengers make
that loss as improbable as one likes, and never impossible.

Nobody lies here. That is another problem: ``byzantine_generals.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import NamedTuple

from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial

# -- what can be computed ---------------------------------------------------------------------------------------------


def risk(p: float, k: int) -> float:
    """The probability that none of ``k`` messengers arrives, each of whom is lost with probability ``p``: p^k.

    It holds if their fates are independent. One cut of the valley takes them all, and then the risk is that of a cut.
    A ``fractions.Fraction`` gives an exact answer.

    Raises:
        ValueError: ``p`` is no probability, or there is no messenger.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p={p!r}: the probability that a messenger is lost lies between 0 and 1")
    _count("k", k, "messengers")
    return p**k


def split_risk(p: float, k: int, depth: int) -> float:
    """The probability that exactly one attacks: each message but the last arrives, by one of ``k`` messengers at least.

    With more acknowledgements it becomes smaller only because the generals attack more seldom: see ``attack_chance``.
    """
    _count("depth", depth, "messages")
    return (1 - risk(p, k)) ** (depth - 1) * risk(p, k)


def attack_chance(p: float, k: int, depth: int) -> float:
    """The probability that both attack: every message arrives."""
    _count("depth", depth, "messages")
    return (1 - risk(p, k)) ** depth


def last_for(first: bool, depth: int) -> int:
    """The last of the messages 1 … ``depth`` that is for this general; 0 if none is. The odd ones are for the second.

    The one who was not sent message ``depth`` sent it, and waits for nothing more.
    """
    return depth - (depth % 2 if first else 1 - depth % 2)


class Rule(NamedTuple):
    """When to attack: ``first[i]`` is whether the first general does after i messages from the other."""

    first: tuple[bool, ...]
    second: tuple[bool, ...]


def heard(arrived: int) -> tuple[int, int]:
    """How many messages the first and the second general have heard when the first ``arrived`` ones came through.

    Message 1 is the plan, each further one the acknowledgement of the one before: one that is lost is the last.
    """
    return arrived // 2, (arrived + 1) // 2


def rules(depth: int) -> Iterator[Rule]:
    """Every rule by which two generals can decide about an attack after at most ``depth`` messages.

    All that a general knows is how many messages he heard. A rule must be some use, so both attack when everything
    arrives; and the second, who knows of no plan unless he is told, does not attack when nothing does.
    """
    _count("depth", depth, "messages")
    first, second = heard(depth)
    for rule in product(product((False, True), repeat=first + 1), product((False, True), repeat=second + 1)):
        if rule[0][-1] and rule[1][-1] and not rule[1][0]:
            yield Rule(*rule)


def exactly_one_attacks(rule: Rule, depth: int) -> int | None:
    """After how many messages that arrived one general attacks alone under this rule; None if he never does.

    None is what nobody has found: of two losses that follow each other, one of the generals cannot tell the difference,
    so he does the same in both. From all to none, one of them must be left alone somewhere.
    """
    for arrived in range(depth, -1, -1):
        first, second = heard(arrived)
        if rule.first[first] != rule.second[second]:
            return arrived
    return None


# -- as nodes ---------------------------------------------------------------------------------------------------------


class Messenger(Message):
    """Message ``number`` of the protocol: 1 is "we attack at dawn", each further one "your last message came"."""

    number: int


class General(Node):
    """One of two generals.

    Args:
        peers: the other one.
        first: whether this one has the plan.
        depth: how many messages the protocol has: the plan, and depth - 1 acknowledgements.
        messengers: how many carry each message.
        dawn: when to attack, ms from the start.

    Raises:
        ValueError: not exactly one peer, or a number below 1.
    """

    first: bool
    depth: int
    messengers: int
    dawn: float

    def __init__(
        self, name: str, peers: tuple[str, ...], first: bool, depth: int = 1, messengers: int = 1, dawn: float = 1_000.0
    ) -> None:
        super().__init__(name, peers, first=first, depth=depth, messengers=messengers, dawn=dawn)
        if len(self.peers) != 1:
            raise ValueError(f"general {name!r} has the peers {self.peers!r}: write the name of the other one, ('b',)")
        _count("depth", depth, "messages")
        _count("messengers", messengers, "messengers")

    def on_start(self) -> None:
        """The first general sends the plan."""
        self.attacks: bool | None = None  # nobody knows before dawn
        self.heard = 0  # the number of the newest message that came
        self.set_timer("dawn", self.dawn)
        if self.first:
            self.say(1)

    def say(self, number: int) -> None:
        """Send a message, by all its messengers at once."""
        for _ in range(self.messengers):
            self.broadcast(Messenger(number))

    def on_messenger(self, src: str, msg: Messenger) -> None:
        """Acknowledge what is new, up to the last message of the protocol. The other messengers bring nothing new."""
        if msg.number > self.heard:
            self.heard = msg.number
            if msg.number < self.depth:
                self.say(msg.number + 1)

    def on_dawn_timeout(self) -> None:
        """Attack, if all came that the protocol has for this general."""
        self.attacks = self.is_sure()

    def is_sure(self) -> bool:
        """Whether the last message for this general has come. The other's last one is what he cannot know of."""
        return self.heard == last_for(self.first, self.depth)


def two_generals(
    depth: int = 1, messengers: int = 1, loss: float = 0.5, kind: type[General] = General, seed: int = 0,
    trace: str = "events",
) -> Simulation:  # fmt: skip
    """Generals ``a``, who has the plan, and ``b``; each messenger is lost with probability ``loss``.

    ``sim.at(0, sim.network.cut, "a", "b")`` closes the valley, and takes all messengers at once.
    """
    generals = (
        kind("a", ("b",), True, depth, messengers, dawn=20.0 * depth),
        kind("b", ("a",), False, depth, messengers, dawn=20.0 * depth),
    )
    return Simulation(*generals, network=Network(loss=loss), seed=seed, trace=trace)


def _count(name: str, value: object, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name}={value!r}: write how many {what} there are, 1 or more")


# -- on trial ---------------------------------------------------------------------------------------------------------


class AttacksUnasked(General):
    """The second general attacks although he never heard of a plan."""

    def is_sure(self) -> bool:
        return super().is_sure() or not self.heard


class TrustsTheFirstWord(General):
    """Attacks before the acknowledgement has come that the protocol has for him."""

    def is_sure(self) -> bool:
        return self.first or self.heard > 0


class AcknowledgesNothing(General):
    """Keeps for himself that a message has come."""

    def on_messenger(self, src: str, msg: Messenger) -> None:
        self.heard = max(self.heard, msg.number)


def judge(sim: Simulation) -> str:
    """What such a protocol can promise, and no more: the doubt is the last sender's alone.

    That they attack together is not among it, unless no messenger is lost: no protocol can promise that.
    """
    a, b = (general for general in sim.nodes.values() if isinstance(general, General))
    last, other = (a, b) if a.depth % 2 else (b, a)
    if not sim.network.quality.loss and not (a.attacks and b.attacks):
        return "no messenger is lost, and they do not attack together"
    if b.attacks and not b.heard:
        return "the second general attacks without a plan"
    if other.attacks and not last.attacks:
        return "a general who was sent the last message attacks alone"
    if last.attacks and not other.attacks and other.heard != max(0, a.depth - 2):
        return "one general attacks alone, and it was not the last message that was lost"
    return ""


def _build(seed: int, kind: type[General]) -> Simulation:
    dice = Random(f"{seed}/valley")
    depth, messengers, loss = dice.randint(1, 6), dice.randint(1, 3), dice.choice((0.0, 0.2, 0.5))
    return two_generals(depth, messengers, loss, kind, seed, trace="off")


TRIAL = Trial("two generals", _build, 200.0, judge, General, (AttacksUnasked, TrustsTheFirstWord, AcknowledgesNothing))
