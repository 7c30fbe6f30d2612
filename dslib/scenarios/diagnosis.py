"""Name the failure: what a monitor sees of one hidden card of the gallery, and which cards it might be.

``hidden(seed)`` draws a card and runs the naive service; four charts of it are all that a player gets. Two pairs of
cards look alike from inside (a flood and a police raid: all machines of a place are gone at once; bad disks and bad
clocks: answers are wrong, and nothing is down), so of such a pair never both are among the suspects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import nan
from random import Random
from typing import Any

from ..failures import GALLERY, Card
from ..failures.service import MONITOR, WITHIN_MS, wrong_reads
from ..metrics import by_tenant, slices, what_users_saw, worst
from ..services import Server

#: How to tell each card by its charts.
TELLS: Mapping[int, str] = {
    1: "all servers die, are started again several times a second, and die each time; it does not end",
    2: "there is one server; it is gone, and comes back once, without what was on its disk",
    3: "all servers die within a second, come back some seconds later, and die again, a few times; then it is over",
    4: "all servers live, nobody waits, and answers are wrong, here and there, from some moment on",
    5: "all servers live, nothing is answered, and a queue grows, though no more is asked than before",
    6: "far more is asked than before, and the queue grows with it",
    7: "one server is gone and comes back, but the queue goes on growing and the answers do not return",
    8: "a server is lost or a room is emptied; some answers are wrong for a while, and what was lost stays lost",
    9: "at one moment all answers stop, although all servers live, nobody waits and no more is asked",
    10: "all servers are gone within a second, stay away for long, and are all started again at one moment",
    11: "all servers are gone at once, and nobody can start them again",
    12: "all servers live and are quick, and for a while many answers are wrong: two leaders, each sure of itself",
    13: "all servers are gone at once, and nobody can start them again",
    14: "the average stays near 100 %, and one tenant falls to the bottom",
}

#: Pairs that no chart here tells apart.
TWINS = (frozenset({11, 13}), frozenset({4, 12}))

#: So many cards are offered.
SUSPECTS = 5


@dataclass(frozen=True)
class Case:
    """One hidden failure.

    Fields:
        seed: of the draw.
        card: the answer.
        suspects: titles to choose from, the answer among them, in the order of the gallery.
        seconds: when each reading was taken.
        good, lowest: each second's share of good answers, of all and of the tenant who fared worst in the whole run.
        wrong: wrong answers in each second.
        servers: how many servers lived.
        started: how many were started again in each second.
        asked, waiting: requests that users sent in each second, and how many waited.
    """

    seed: int
    card: Card
    suspects: tuple[str, ...]
    seconds: tuple[float, ...]
    good: tuple[float, ...]
    lowest: tuple[float, ...]
    wrong: tuple[float, ...]
    servers: tuple[float, ...]
    started: tuple[float, ...]
    asked: tuple[float, ...]
    waiting: tuple[float, ...]

    @property
    def tell(self) -> str:
        """How one could know."""
        return TELLS[self.card.number]


def card_of(which: Any) -> Card:
    """A card of the gallery by its number, or by its name or a part of it: 7, or "cascad".

    Raises:
        ValueError: there is no such card, or several.
    """
    if isinstance(which, Card):
        return which
    if isinstance(which, int) and not isinstance(which, bool):
        found = [card for card in GALLERY if card.number == which]
    else:
        words = str(which).strip().lower()
        found = [card for card in GALLERY if words and words in card.title.lower()]
        found = [card for card in found if card.title.lower() == words] or found
    if len(found) == 1:
        return found[0]
    listed = "; ".join(f"{card.number} {card.title}" for card in found or GALLERY)
    what = "more than one card fits" if found else "there is no card"
    raise ValueError(f"{what} {which!r}: write a number or a name of {listed}")


def drawn(seed: int) -> tuple[Card, tuple[str, ...]]:
    """The hidden card of a seed, and the suspects. Fourteen seeds in a row, from a multiple of 14, show each card once.

    Raises:
        ValueError: the seed is no whole number, 0 or more.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"the seed is {seed!r}: write a whole number, 0 or more")
    order = list(GALLERY)
    Random(f"deck {seed // len(GALLERY)}").shuffle(order)
    card = order[seed % len(GALLERY)]
    others = [other for other in GALLERY if other is not card and {other.number, card.number} not in TWINS]
    Random(f"suspects {seed}").shuffle(others)
    chosen: list[Card] = [card]
    for other in others:
        if len(chosen) < SUSPECTS and all({other.number, one.number} not in TWINS for one in chosen):
            chosen.append(other)
    return card, tuple(one.title for one in sorted(chosen, key=lambda one: one.number))


@lru_cache(maxsize=32)
def hidden(seed: int) -> Case:
    """Draw a card and run the naive service once. The same seed makes the same case.

    Raises:
        ValueError: the seed is no whole number, 0 or more.
    """
    card, suspects = drawn(seed)
    sim = card.simulate(card.params, seed, False, "events").run(until=card.until)
    wrong = wrong_reads(sim)
    seen = what_users_saw(sim.history, sim.now, within=WITHIN_MS, wrong=wrong)
    series = slices(seen, 1_000, card.until)
    tenants = {name: list(of) for name, of in by_tenant(seen).items() if len(of) > 2}
    poorest = worst({name: sum(s.outcome == "good" for s in of) / len(of) for name, of in tenants.items()})
    # So few may be asked by one tenant that a second says nothing: five seconds do.
    lowest = [nan] * len(series)
    if poorest is not None:
        for row in slices(tenants[poorest], 5_000, card.until):
            for at in range(int(row.start_ms // 1_000), min(len(series), int(row.end_ms // 1_000))):
                lowest[at] = row.availability
    errors = [0.0] * len(series)
    for one in seen:
        if one.outcome == "wrong":
            errors[min(len(errors) - 1, int(one.operation.invoked // 1_000))] += 1
    started = [0.0] * len(series)
    for event in sim.trace.where(kind="restart"):
        if event.src and isinstance(sim.nodes[event.src], Server):
            started[min(len(started) - 1, int(event.time // 1_000))] += 1
    samples = [sample for _, sample in _samples(sim)][: len(series)]
    return Case(
        seed=seed,
        card=card,
        suspects=suspects,
        seconds=tuple(row.start_ms / 1_000 for row in series),
        good=tuple(row.availability for row in series),
        lowest=tuple(lowest),
        wrong=tuple(errors),
        servers=_of_each_second([sample["live servers"] for sample in samples], len(series)),
        started=tuple(started),
        asked=tuple(row.offered_per_s for row in series),
        waiting=_of_each_second([sample["waiting"] for sample in samples], len(series)),
    )


def _samples(sim: Any) -> list[tuple[float, dict[str, float]]]:
    return list(sim.nodes[MONITOR].samples)


def _of_each_second(values: list[float], length: int) -> tuple[float, ...]:
    return tuple([*values, *([values[-1] if values else nan] * length)][:length])


def confused(guesses: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How often each card, the first of a pair, was taken for each other one, or for itself."""
    found: dict[tuple[str, str], int] = {}
    for pair in guesses:
        found[pair] = found.get(pair, 0) + 1
    return found
