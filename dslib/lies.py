"""Lies: a node whose program is right, and which sends something else.

``sim.at(100, sim.lie, "r1", "silence")`` makes a liar of ``r1``: from then on a *strategy* decides what becomes of each
message that it sends. A strategy is a function with a name, so a lie is a fault like any other: it is listed, printed
and replayed. Lamport, Shostak and Pease 1982 ("The Byzantine Generals Problem", section 1) call such a node a traitor;
it need not mean it, a flaky wire is enough.

What a liar cannot do: it cannot forge ``src``, because the network writes down who sent; it cannot sign as somebody
else, because a strategy is handed this node only, and with it this node's pen (``signatures.py``); and it cannot change
what others send each other. It may say something else to everybody, or nothing at all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from .faults import node_name, plain
from .links import corrupted
from .node import Message, Node, show

#: ``strategy(node, dest, msg, dice, *args)``: what ``node`` sends ``dest`` in place of ``msg``; None for nothing.
Strategy = Callable[..., Message | None]

#: What liars of the common strategies do, in words; of the others, the name says it.
WORDS = {"silence": "says nothing", "flipped_bits": "flips bits", "truth": "tells the truth"}

#: The strategies by their names, each with the class of nodes that it is for.
STRATEGIES: dict[str, tuple[Strategy, type[Node]]] = {}


def strategy(role: type[Node]) -> Callable[[Strategy], Strategy]:
    """Declare a function a strategy for nodes of class ``role``; it is known by its name from then on::

        @strategy(Replica)
        def always_yes(node, dest, msg, dice):
            return Vote(yes=True) if type(msg) is Vote else msg

    ``dice`` are the liar's own: whatever is drawn from them, everybody else's chances stay as they were.
    """

    def declare(told: Strategy) -> Strategy:
        STRATEGIES[told.__name__] = told, role
        return told

    return declare


@strategy(Node)
def truth(node: Node, dest: str, msg: Message, dice: Random) -> Message:
    """The liar repents."""
    return msg


@strategy(Node)
def silence(node: Node, dest: str, msg: Message, dice: Random, *towards: str) -> Message | None:
    """It sends nothing to the nodes named, or to nobody when none is. A crash looks like this from outside."""
    return None if not towards or dest in towards else msg


@strategy(Node)
def flipped_bits(node: Node, dest: str, msg: Message, dice: Random) -> Message:
    """One bit of every message is the other way round, another one for each receiver: broken, not wicked."""
    return corrupted(msg, dice.random)


def in_words(name: str, args: Iterable[Any] = ()) -> str:
    """What a liar does by this strategy: ``"flips bits"``, ``"says nothing to r1, r2"``, ``"says attack"``."""
    words, given = WORDS.get(name, name.replace("_", " ")), ", ".join(map(str, args))
    return f"{words} to {given}" if given and name == "silence" else f"{words} {given}".rstrip()


def on_offer(nodes: Iterable[Node]) -> dict[str, list[str]]:
    """The strategies that need nothing but a liar's name, and which of these nodes could follow each."""
    offered: dict[str, list[str]] = {}
    for name, (told, role) in STRATEGIES.items():
        try:
            inspect.signature(told).bind(None, "dest", None, None)
        except TypeError:  # it wants to be told more
            continue
        if able := [node.name for node in nodes if isinstance(node, role)]:
            offered[name] = able
    return offered


# -- what the simulation needs ----------------------------------------------------------------------------------------


def lie_args(sim: Any, node: object, told: object, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of the fault ``lie``, checked: the node's name, the strategy's name, and the strategy's own.

    Raises:
        ValueError: no such node, no such strategy, one for another kind of node, or other arguments than it takes.
    """
    liar = sim.nodes[node_name(sim, node)]
    name = told if isinstance(told, str) else getattr(told, "__name__", "")
    known = STRATEGIES.get(name)
    if known is None or not (isinstance(told, str) or told is known[0]):
        raise ValueError(
            f"there is no strategy {show(told)} for a liar: there are {', '.join(sorted(STRATEGIES))}. Write "
            "@strategy(Role) above a function of (node, dest, msg, dice), and name it here"
        )
    if not isinstance(liar, known[1]):
        raise ValueError(
            f"the strategy {name!r} is for a {known[1].__name__}, and node {node!r} is a {type(liar).__name__}"
        )
    given = plain(args, f"an argument of strategy {name!r}")
    try:
        inspect.signature(known[0]).bind(liar, "dest", None, None, *given)
    except TypeError as error:
        raise ValueError(f"the strategy {name!r} cannot be called like this: {error}") from None
    return (node, name, *given)


def make_liar(node: Node, name: str, args: tuple[Any, ...], dice: Random) -> None:
    """From here on ``node`` lies in this way; with ``truth`` it is as it was."""
    if "_lies" in vars(type(node)):
        node.__class__ = type(node).__bases__[0]
    if name == "truth":
        return
    honest, tell = type(node), STRATEGIES[name][0]

    def send(self: Node, dest: str, msg: Message) -> None:
        told = tell(self, dest, msg, dice, *args)
        if told is None:
            self.log(f"does not send {show(msg)} to {dest}")
            return
        if not isinstance(told, Message):
            raise TypeError(f"the strategy {name!r} returned {show(told)}: return a message, or None for silence")
        if told != msg:
            self.log(f"lies to {dest}, in place of {show(msg)}")
        honest.send(self, dest, told)

    # The same node with one class before its own, so that whoever does not lie pays nothing for the possibility.
    same = {"__module__": honest.__module__, "__qualname__": honest.__qualname__, "__doc__": honest.__doc__}
    node.__class__ = type(honest.__name__, (honest,), {**same, "__slots__": (), "_lies": name, "send": send})
