"""What the chat service is made of: parts, what each of them needs, and what two of them share without saying so.

A map is a dictionary: the name of each part, with the share of time that the part itself works and what it needs to be
of use. A need is met by ``k`` of some named parts, which have needs of their own. There are no circles.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple


class Need(NamedTuple):
    """At least ``k`` of these parts have to work."""

    k: int
    names: tuple[str, ...]


class Part(NamedTuple):
    """A part: the share of time that it works by itself, and all that it needs from others. No need: ``()``."""

    availability: float
    needs: tuple[Need, ...] = ()


def chat_map(seed: int = 0) -> dict[str, Part]:
    """The map of one learner's chat service: a dozen parts, some of them behind everything else.

    The chat needs names (DNS) and one of its gateways. A gateway needs the sign-in service and a majority of the
    stores. Gateways and stores stand in two zones, and the first zone has one gateway and two stores: what looks like
    one of two is more than that. ``seed`` decides how good each part is, and what sign-in leans on.
    """
    dice = Random(f"{seed}/chat map")

    def part(shares: str, *needs: Need) -> Part:
        return Part(float(dice.choice(shares.split())), needs)

    stores = ("store-1", "store-2", "store-3")
    gateways = ("gw-1", "gw-2")
    leans_on = dice.choice((Need(1, ("zone-a",)), Need(1, ("zone-b",)), Need(2, stores)))
    return {
        "chat": part("0.9999 0.9998 0.9997", Need(1, ("dns",)), Need(1, gateways)),
        "dns": part("0.9999 0.99995 0.9998"),
        "gw-1": part("0.99 0.993 0.995", Need(1, ("zone-a",)), Need(1, ("sign-in",)), Need(2, stores)),
        "gw-2": part("0.99 0.993 0.995", Need(1, ("zone-b",)), Need(1, ("sign-in",)), Need(2, stores)),
        "sign-in": part("0.9995 0.999 0.9985", leans_on),
        "store-1": part("0.985 0.99 0.992", Need(1, ("zone-a",))),
        "store-2": part("0.985 0.99 0.992", Need(1, ("zone-a",))),
        "store-3": part("0.985 0.99 0.992", Need(1, ("zone-b",))),
        "zone-a": part("0.998 0.999 0.9992", Need(1, ("power",))),
        "zone-b": part("0.998 0.999 0.9992", Need(1, ("power",))),
        "power": part("0.9998 0.9999 0.99995"),
    }
