"""The gallery in a terminal.

python -m dslib.failures                           every card: what users saw, naive and mitigated
python -m dslib.failures 7                         one card: what it means, its numbers, claims and incidents
python -m dslib.failures 7 utilisation=0.5 --seed 3
python -m dslib.failures --seeds 20                on how many of the seeds 0 to 19 every claim holds
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from . import GALLERY
from .card import Card, Result, Run


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 2 and one line about what is wrong if it cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m dslib.failures",
        description="Fourteen ways to fail, each run twice on the same seed: naive, and with its remedy.",
    )
    parser.add_argument("card", nargs="?", type=int, help="1 to 14; all when left out")
    parser.add_argument("knobs", nargs="*", metavar="knob=value", help="other values for that card's knobs")
    parser.add_argument("--seed", type=int, default=0, help="where the randomness comes from (0)")
    parser.add_argument("--seeds", type=int, metavar="N", help="count on how many of the seeds 0 to N - 1 claims hold")
    asked = parser.parse_args(argv)
    if asked.seeds is not None and asked.seeds < 1:
        parser.error(f"--seeds is {asked.seeds}: write 1 or more")
    if asked.card is None:
        for card in GALLERY:
            print_row(card, range(asked.seeds) if asked.seeds else (asked.seed,))
        return 0
    numbers = {card.number: card for card in GALLERY}
    if asked.card not in numbers:
        parser.error(f"there is no card {asked.card}: write a number from 1 to {len(GALLERY)}")
    card = numbers[asked.card]
    try:
        params = turned(card, asked.knobs)
    except ValueError as wrong:
        parser.error(str(wrong))
    if asked.seeds:
        print_row(card, range(asked.seeds), params)
    else:
        print_card(card, card.run(params, asked.seed))
    return 0


def turned(card: Card, settings: Sequence[str]) -> Any:
    """A card's parameters with some knobs turned, from texts such as ``"servers=4"``."""
    kinds: dict[str, type[Any]] = {one.name: type(one.default) for one in fields(card.params)}
    values: dict[str, Any] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in kinds:
            raise ValueError(f"card {card.number} has no knob {name!r}: write one of {', '.join(kinds)}")
        try:
            values[name] = kinds[name](value)
        except ValueError:
            what = "whole number" if kinds[name] is int else "number"
            raise ValueError(f"{setting!r}: write a {what} after {name}=") from None
    return type(card.params)(**values)


def print_row(card: Card, seeds: Sequence[int], params: Any = None) -> None:
    """Both runs of the first seed in a line each; if there are more seeds, on how many of them each claim holds."""
    first = card.run(params, seeds[0])
    print(f"{card.number:>2}. {card.title}")
    for name, run in (("naive", first.naive), ("mitigated", first.mitigated)):
        print(f"    {name:<10} {run.outcome}", flush=True)
    if len(seeds) > 1:
        results = [first, *(card.run(params, seed) for seed in seeds[1:])]
        for claim in card.claims:
            held = sum(claim.holds(result) for result in results)
            print(f"    {held:>4} of {len(seeds)} seeds  {claim}", flush=True)


def print_card(card: Card, result: Result) -> None:
    """Everything about one card."""
    print(f"{card.number}. {card.title}\n")
    for name, text in (("What", card.means), ("Naive", card.naive), ("Mitigated", card.mitigation)):
        print(textwrap.fill(text, 110, initial_indent=f"{name + ':':<11}", subsequent_indent=" " * 11))
    print("\nKnobs")
    for one in fields(card.params):
        low, high = one.metadata["low"], one.metadata["high"]
        print(f"  {one.name + '=' + str(getattr(result.params, one.name)):<18} {one.metadata['meaning']}", end="")
        print(f" ({low:g} to {high:g})")
    print(f"\nWhat users saw on seed {result.seed}")
    for name, run in (("naive", result.naive), ("mitigated", result.mitigated)):
        print_run(name, run)
    print(f"\nClaims{'' if result.params == card.params else ', made for other knobs'}, and whether they hold here")
    for claim in card.claims:
        print(f"  {'yes' if claim.holds(result) else 'no':<4} {claim}")
    print("\nIt has happened")
    for incident in card.incidents:
        print(textwrap.fill(str(incident), 116, initial_indent="  ", subsequent_indent="    "))


def print_run(name: str, run: Run) -> None:
    """What users saw, and the numbers that show this failure."""
    print(f"  {name + ':':<10} {run.outcome}")
    for what, value in run.numbers.items():
        print(f"             {what}: {value:,.4g}")


if __name__ == "__main__":
    sys.exit(main())
