"""Two generals and a valley that swallows messengers (``protocols/two_generals.py``): nobody lies here."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from ..protocols.two_generals import General, two_generals
from ..simulation import Simulation


def attack_together(sim: Simulation) -> bool:
    """Either both generals attack, or neither does."""
    decided = [getattr(node, "attacks", None) for node in sim.nodes.values() if isinstance(node, General)]
    return None in decided or len(dict.fromkeys(decided)) == 1


def valley(seed: int = 0, depth: int = 2, messengers: int = 3, loss: float = 0.0) -> Simulation:
    """The plan, and ``depth`` - 1 acknowledgements; and the wish that both generals attack, or neither.

    They decide at dawn, 20 ms for each message of the protocol after the beginning.
    """
    sim = two_generals(depth, messengers, loss, seed=seed)
    sim.always(attack_together)
    return sim


class Valley(NamedTuple):
    """How many of so many wars ended in which way: both attack, one attacks alone, nobody does."""

    wars: int
    both: int
    alone: int
    nobody: int


def valley_wars(loss: float, messengers: int, depth: int = 1, wars: int = 200, seed: int = 0) -> Valley:
    """Fight so many wars of two generals, each with a seed of its own.

    Raises:
        ValueError: ``wars`` is not a whole number from 1 to 10,000; a number that two_generals refuses.
    """
    if isinstance(wars, bool) or not isinstance(wars, int) or not 1 <= wars <= 10_000:
        raise ValueError(f"wars is {wars!r}: write a whole number from 1 to 10_000")
    ends: Counter[int] = Counter()
    for war in range(seed * wars, (seed + 1) * wars):
        sim = two_generals(depth, messengers, loss, seed=war, trace="off").run(until=20 * depth)
        ends[sum(bool(getattr(general, "attacks", False)) for general in sim.nodes.values())] += 1
    return Valley(wars, ends[2], ends[1], ends[0])
