"""The nemesis: an opponent that breaks and mends things at random, from a seed.

It knows nothing of the workload and shares no dice with it, so the same list of faults meets every program. What it
breaks it mends, and then it leaves the system alone for a while: a system that has not recovered by then has no excuse.
The list is made of ordinary faults. Print it, shorten it by hand, run it again with ``sim.set_faults``.

The name is Jepsen's (Kingsbury, from 2013 on). Netflix lets such a program loose on what its customers use (Basiri et
al. 2016, "Chaos Engineering", IEEE Software 33(3)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import floor
from random import Random
from typing import Any, NamedTuple

from .faults import Fault, node_name, time_ms
from .places import LEVELS
from .simulation import Simulation

#: A call and its arguments: ``("crash", "r1")``. A mapping at the end holds the options.
Deed = tuple[Any, ...]


class Breakage(NamedTuple):
    """What breaks, what breaks it, and what mends it. ``parts`` are broken until then, and nobody else breaks them."""

    parts: tuple[Any, ...]
    breaks: Deed
    mends: Deed


class Ground(NamedTuple):
    """What there is to break: the nodes, the pairs that have a link, how each clock drifts by itself, the routers.

    ``domains`` are the failure domains in which only such nodes stand: ``(level, name)``, and who stands there.
    """

    nodes: Sequence[str]
    links: Sequence[tuple[str, str]]
    drift: Mapping[str, float]
    routers: Sequence[str]
    domains: Mapping[tuple[str, str], Sequence[str]]

    def whole(self, what: str, of: Iterable[Any], broken: Mapping[Any, float]) -> list[Any]:
        """Those that are not broken now."""
        return [one for one in of if (what, one) not in broken]


#: How one kind of fault is drawn: None when there is nothing left that it could break.
Draw = Callable[[Random, Ground, Mapping[Any, float]], Breakage | None]


def _of_a_node(draw: Callable[[Random, str], tuple[Deed, Deed]]) -> Draw:
    def drawn(dice: Random, ground: Ground, broken: Mapping[Any, float]) -> Breakage | None:
        whole = ground.whole("node", ground.nodes, broken)
        if not whole:
            return None
        node = dice.choice(whole)
        return Breakage((("node", node),), *draw(dice, node))

    return drawn


def _of_a_clock(draw: Callable[[Random, str, float], tuple[Deed, Deed]]) -> Draw:
    def drawn(dice: Random, ground: Ground, broken: Mapping[Any, float]) -> Breakage | None:
        whole = ground.whole("clock", ground.nodes, broken)
        if not whole:
            return None
        node = dice.choice(whole)
        return Breakage((("clock", node),), *draw(dice, node, ground.drift.get(node, 0.0)))

    return drawn


def _of_a_link(draw: Callable[[Random, str, str], tuple[Deed, Deed]]) -> Draw:
    def drawn(dice: Random, ground: Ground, broken: Mapping[Any, float]) -> Breakage | None:
        whole = ground.whole("link", ground.links, broken)
        if not whole:
            return None
        a, b = dice.choice(whole)
        return Breakage((("link", (a, b)),), *draw(dice, a, b))

    return drawn


def _partition(dice: Random, ground: Ground, broken: Mapping[Any, float]) -> Breakage | None:
    # It is mended by healing everything, so it comes only when no link is broken, and then it has them all.
    if len(ground.nodes) < 2 or len(ground.whole("link", ground.links, broken)) < len(ground.links):
        return None
    everyone = [*ground.nodes, *ground.routers]
    side = sorted(dice.sample(everyone, dice.randint(1, len(everyone) - 1)))
    other = tuple(sorted(node for node in everyone if node not in side))
    if ground.routers and not any((a in side) != (b in side) for a, b in ground.links):
        return None
    parts = tuple(("link", link) for link in ground.links)
    return Breakage(parts, ("network.partition", tuple(side), other), ("network.heal",))


def _remove(dice: Random, ground: Ground, broken: Mapping[Any, float]) -> Breakage | None:
    whole = [
        (domain, members)
        for domain, members in ground.domains.items()
        if len(ground.whole("node", members, broken)) == len(members)
    ]
    if not whole:
        return None
    domain, members = dice.choice(whole)
    parts = tuple(("node", member) for member in members)
    return Breakage(parts, ("remove", *domain), ("restore", *domain))


def _isolate(dice: Random, ground: Ground, broken: Mapping[Any, float]) -> Breakage | None:
    # As with a partition: it is mended by healing everything.
    if not ground.domains or len(ground.whole("link", ground.links, broken)) < len(ground.links):
        return None
    parts = tuple(("link", link) for link in ground.links)
    return Breakage(parts, ("network.isolate", *dice.choice(list(ground.domains))), ("network.heal",))


def _jump(dice: Random, node: str, drift: float) -> tuple[Deed, Deed]:
    by = dice.choice((-1, 1)) * dice.randint(1, 9) * dice.choice((10, 100, 1_000))
    return ("jump_clock", node, by), ("jump_clock", node, -by)


def _drift(dice: Random, node: str, drift: float) -> tuple[Deed, Deed]:
    other = dice.choice((-1, 1)) * dice.randint(1, 50) / 1_000
    return ("drift_clock", node, other), ("drift_clock", node, drift)


#: What the nemesis can do.
KINDS: dict[str, Draw] = {
    "crash": _of_a_node(lambda dice, node: (("crash", node), ("restart", node))),
    "burn": _of_a_node(lambda dice, node: (("burn", node), ("restart", node))),
    "tear_write": _of_a_node(lambda dice, node: (("tear_write", node), ("restart", node))),
    "pause": _of_a_node(lambda dice, node: (("pause", node), ("resume", node))),
    "slow": _of_a_node(lambda dice, node: (("slow", node, dice.choice((2, 3, 5, 10, 20))), ("slow", node, 1))),
    "jump_clock": _of_a_clock(_jump),
    "drift_clock": _of_a_clock(_drift),
    "remove": _remove,
    "isolate": _isolate,
    "partition": _partition,
    "cut": _of_a_link(lambda dice, a, b: (("network.cut", a, b), ("network.heal", a, b))),
    "degrade": _of_a_link(
        lambda dice, a, b: (("network.degrade", a, b, {"loss": dice.randint(1, 9) / 10}), ("network.mend", a, b))
    ),
}


def nemesis(
    victims: Simulation | Iterable[str],
    seed: int,
    until: float,
    kinds: Iterable[str] = ("crash", "partition", "cut", "pause", "slow", "jump_clock"),
    every_ms: float | tuple[float, float] = 200,
    for_ms: float | tuple[float, float] = 300,
    quiet_ms: float = 200,
    nodes: Iterable[str] | None = None,
    at_once: int | None = None,
) -> list[Fault]:
    """Random faults up to ``until`` ms, each mended ``quiet_ms`` before that at the latest. Same seed, same list.

    ``sim.set_faults(nemesis(sim, seed=7, until=5_000))`` lets it loose on a scenario in place of its own faults.

    Args:
        victims: a simulation, or the names of its nodes (then every two have a link).
        seed: where the nemesis has its dice from; they are nobody else's.
        until: when the run ends.
        kinds: what it does: see ``KINDS``. Each is as likely as the others, as long as there is anything it can break.
            ``remove`` and ``isolate`` are for a simulation whose network has places.
        every_ms: from one break to the next: whole ms drawn from ``(least, most)``, or from half to three halves of a
            number.
        for_ms: from a break to its repair, in the same way.
        quiet_ms: how long before ``until`` all is well.
        nodes: break only these, their clocks, and links between them. A partition leaves every other node linked to
            both sides, as a client that can reach them all.
        at_once: so many nodes at most are down, paused or slow at one time: the f of "tolerates f faults".

    Raises:
        ValueError: an unknown kind or node, a time that is not positive, or nothing that could be broken.
    """
    chosen = [_known(kind) for kind in dict.fromkeys([kinds] if isinstance(kinds, str) else kinds)]
    ground = _ground(victims, nodes)
    end = floor(time_ms(until, "until") - time_ms(quiet_ms, "quiet_ms"))
    gap, length = _between(every_ms, "every_ms"), _between(for_ms, "for_ms")
    if at_once is not None and (isinstance(at_once, bool) or not isinstance(at_once, int) or at_once < 1):
        raise ValueError(f"at_once is {at_once!r}: write how many nodes may be broken at one time, 1 or more")
    if end < 1:
        raise ValueError(f"quiet_ms={quiet_ms:g} leaves no time for faults before until={until:g}: write less")
    dice = Random(f"{seed}/nemesis")
    if not any(KINDS[kind](Random(f"{seed}/trial"), ground, {}) for kind in chosen):
        raise ValueError(
            f"{', '.join(chosen) or 'no kind'} can break nothing among {', '.join(ground.nodes) or 'no nodes'}: "
            "name a kind that these nodes can suffer, such as crash; links need two nodes"
        )
    faults = [fault for drawn in _broken(dice, chosen, ground, gap, length, end, at_once) for fault in drawn]
    return sorted(faults, key=lambda fault: fault.at)


def _broken(
    dice: Random, kinds: list[str], ground: Ground, gap: tuple[int, int], length: tuple[int, int], end: int,
    at_once: int | None,
) -> Iterator[tuple[Fault, Fault]]:  # fmt: skip
    """Each break with its repair, in the order of the breaks."""
    mended_at: dict[Any, float] = {}
    now = dice.randint(*gap)
    while now < end:
        mended_at = {part: at for part, at in mended_at.items() if at >= now}
        # As many draws in any case, so that what is possible now does not shift the dice of what comes later.
        own, order, lasts = Random(dice.getrandbits(64)), dice.sample(kinds, len(kinds)), dice.randint(*length)
        for kind in order:
            drawn = KINDS[kind](own, ground, mended_at)
            if drawn is not None and (at_once is None or _nodes_among((*mended_at, *drawn.parts)) <= at_once):
                mend = min(now + lasts, end)
                mended_at.update(dict.fromkeys(drawn.parts, mend))
                yield _fault(now, drawn.breaks), _fault(mend, drawn.mends)
                break
        now += dice.randint(*gap)


def _nodes_among(parts: Iterable[Any]) -> int:
    return len([part for part in parts if part[0] == "node"])


def _fault(at: int, deed: Deed) -> Fault:
    call, *args = deed
    options = args.pop() if args and isinstance(args[-1], dict) else {}
    return Fault(float(at), call, tuple(args), options)


def _known(kind: object) -> str:
    if isinstance(kind, str) and kind in KINDS:
        return kind
    raise ValueError(f"the nemesis knows no fault {kind!r}: it knows {', '.join(KINDS)}")


def _ground(victims: Simulation | Iterable[str], only: Iterable[str] | None) -> Ground:
    if isinstance(victims, str):
        raise ValueError(f"the victims are the string {victims!r}: write [{victims!r}], or the simulation")
    sim = victims if isinstance(victims, Simulation) else None
    names = list(victims.nodes if isinstance(victims, Simulation) else victims)
    if only is not None:
        if isinstance(only, str):
            raise ValueError(f"nodes is the string {only!r}: write nodes=[{only!r}]")
        wanted = dict.fromkeys(only)
        for name in wanted:
            if sim is not None:
                node_name(sim, name)
            elif name not in names:
                raise ValueError(f"there is no node {name!r} among {', '.join(map(repr, names))}")
        names = [name for name in names if name in wanted]
    names.sort()  # in whatever order they were named, or a set was walked: the same faults
    pairs = combinations(names, 2) if sim is None else sorted((min(pair), max(pair)) for pair in sim.network.links())
    routers = [] if sim is None else sorted(sim.network.routers)
    ends = [*names, *routers]
    links = [pair for pair in pairs if pair[0] in ends and pair[1] in ends]
    drift = {} if sim is None else {name: sim.nodes[name].clock.drift for name in names}
    return Ground(names, links, drift, routers, {} if sim is None else _domains(sim, names))


def _domains(sim: Simulation, names: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """The failure domains of a simulation in which only these nodes stand, but not all there are."""
    placed = {} if sim.network.places is None else sim.network.places.of
    domains: dict[tuple[str, str], list[str]] = {}
    for level in LEVELS:
        for machine, place in placed.items():
            domains.setdefault((level, getattr(place, level)), []).append(machine)
    return {
        domain: members
        for domain, members in sorted(domains.items(), key=repr)
        if domain[1] is not None and len(members) < len(sim.nodes) and all(member in names for member in members)
    }


def _between(given: object, what: str) -> tuple[int, int]:
    """``(least, most)`` in whole ms."""
    if isinstance(given, tuple | list) and len(given) == 2:
        least, most = round(time_ms(given[0], what)), round(time_ms(given[1], what))
    else:
        least, most = round(time_ms(given, what) / 2), round(time_ms(given, what) * 1.5)
    if most < 1 or least > most:
        raise ValueError(f"{what} is {given!r}: write a number of ms, 1 or more, or a pair (least, most)")
    return max(1, least), most
