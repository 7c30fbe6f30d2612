"""Every cut of three replicas, and every order of events under each of them: what the majority rule lets through.

A learner finds by hand the cut that defeats the rule. ``every_cut`` looks at all of them, and ``explore_schedules`` at
all orders in which messages may arrive and timers run out, so that nothing is left to luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

from ..checkers import check_linearizable
from ..clients import ScriptClient
from ..protocols.chat import Room
from ..protocols.epochs import EpochReplica
from ..protocols.majority import Rule, Writer, more_than_half
from ..schedules import Exploration, explore_schedules
from ..simulation import Simulation
from .verdicts import unfit

Cut = tuple[tuple[str, str], ...]

REPLICAS = ("r1", "r2", "r3")

#: The links between them, and all sets of these links that may be cut, the smallest first.
LINKS: Cut = tuple(combinations(REPLICAS, 2))
CUTS: tuple[Cut, ...] = tuple(cut for size in range(len(LINKS) + 1) for cut in combinations(LINKS, size))


def counting_room(cut: Sequence[tuple[str, str]] = (("r1", "r3"),), rule: Rule = more_than_half) -> Simulation:
    """Three replicas that count whom they hear, under a cut that was there before them. No users: ask ``may_write``."""
    sim = Simulation(*(Writer(name, peers=[peer for peer in REPLICAS if peer != name], rule=rule) for name in REPLICAS))
    for a, b in cut:
        sim.at(0, sim.network.cut, a, b)
    return sim


def writers_hear_each_other(sim: Simulation) -> bool:
    """No two replicas may write that cannot hear each other. Raises an AssertionError that names the two."""
    writing = [name for name, node in sim.nodes.items() if isinstance(node, Writer) and node.may_write()]
    for a, b in combinations(writing, 2):
        assert sim.network.connected(a, b), f"{a} and {b} may write, and cannot hear each other"
    return True


class Searched(NamedTuple):
    """One cut, and what was found under it; ``found`` is None where everybody hears everybody."""

    cut: Cut
    found: Exploration | None

    def __str__(self) -> str:
        links = ", ".join(f"{a}–{b}" for a, b in self.cut) or "none"
        if self.found is None:
            return f"{links:<24}nobody is apart"
        states = f"{self.found.states:5,} state{'s' if self.found.states > 1 else ''}"
        if self.found.failure is None:
            return f"{links:<24}{states}, and that is all of them: no two that are apart may write"
        what = self.found.failure.message.partition(": ")[2]
        return f"{links:<24}{states}, then: {what} ({self.found.failure.steps} steps)"


class Search(list[Searched]):
    """What was found under each cut, printed line by line."""

    @property
    def failing(self) -> list[Searched]:
        """The cuts under which it went wrong."""
        return [one for one in self if one.found is not None and one.found.failure is not None]

    def __str__(self) -> str:
        return "\n".join([f"{'links that are cut':<24}what may happen", *map(str, self)])

    __repr__ = __str__


def every_cut(rule: Rule = more_than_half) -> Search:
    """Under each set of cut links, let replicas count once, in every order, and look for two writers that are apart.

    Raises:
        ValueError: the rule cannot be asked.
    """
    if complaint := unfit(rule, [(heard, 3) for heard in (1, 2, 3)], "accept posts", "read-only"):
        raise ValueError(complaint)
    return Search(
        Searched(
            cut,
            explore_schedules(partial(counting_room, cut, rule), writers_hear_each_other, timers={"ping": 0})
            if cut
            else None,
        )
        for cut in CUTS
    )


def two_posts() -> Simulation:
    """Link r1–r3 is cut, and each post is written to a majority. alice posts to r1; carol posts to r3 and reads."""
    sim = Simulation(
        *(EpochReplica(name, peers=[peer for peer in REPLICAS if peer != name]) for name in REPLICAS),
        ScriptClient("alice", service="r1", script=[("post", None, "a1")]),
        ScriptClient("carol", service="r3", script=[("post", None, "c1"), ("read",)]),
    )
    sim.at(0, sim.network.cut, "r1", "r3")
    return sim


def one_room(sim: Simulation) -> Any:
    """What users were told could have come from one room."""
    return check_linearizable(sim.history, Room())


def every_order(again: int = 1) -> Exploration:
    """``two_posts`` in every order. Replicas that were outbid may try again, ``again`` times in all."""
    return explore_schedules(two_posts, one_room, timers={"answer": 0, "patience": 0, "again": again})
