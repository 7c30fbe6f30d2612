"""Faults as values: what was done to the system, and when.

A fault is a method of the simulation or its network that breaks or mends something, such as ``sim.crash`` or
``sim.network.partition``. Schedule it with ``sim.at(100, sim.crash, "r1")`` and it becomes a ``Fault``: it stands in
``sim.faults``, prints as the call that made it, goes to JSON and back, and ``sim.set_faults(…)`` runs the same scenario
under another list. That is how the player edits history.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Fault:
    """One fault: ``call`` is its dotted name under ``sim``, ``args`` its arguments in their canonical form.

    Groups of node names are sorted tuples, so two equal faults compare equal whatever order they were written in.
    """

    at: float
    call: str
    args: tuple[Any, ...] = ()

    def __str__(self) -> str:
        parts = [_ms(self.at), f"sim.{self.call}", *map(_literal, self.args)]
        return f"sim.at({', '.join(parts)})"

    def to_json(self) -> dict[str, Any]:
        """A dict of JSON values: ``{"at": 100.0, "call": "crash", "args": ["r1"]}``."""
        return {"at": self.at, "call": self.call, "args": [list(a) if isinstance(a, tuple) else a for a in self.args]}

    @classmethod
    def from_json(cls, data: Any) -> Fault:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: a key is missing or has the wrong type; the message shows the whole fault.
        """
        try:
            at, call, args = data["at"], data["call"], data["args"]
            if (
                isinstance(at, bool)
                or not isinstance(at, int | float)
                or not isinstance(call, str)
                or isinstance(args, str)
            ):
                raise TypeError
            return cls(float(at), call, tuple(tuple(a) if isinstance(a, list) else a for a in args))
        except (TypeError, KeyError):
            raise ValueError(
                f'{data!r} is not a fault: write {{"at": 100.0, "call": "crash", "args": ["r1"]}}'
            ) from None


def _literal(value: Any) -> str:
    """How an argument is written in code: a group of names as a set, anything else as it prints."""
    if isinstance(value, tuple):
        return "{" + ", ".join(map(repr, value)) + "}"
    return repr(value)


def _ms(time: float) -> str:
    return f"{time:.0f}" if time % 1 == 0 else repr(time)


class Kind(NamedTuple):
    """What makes a method a fault: where it is found, and how its arguments are checked and put in order."""

    call: str
    canonical: Callable[..., tuple[Any, ...]]
    strike: Callable[..., None]


def fault(call: str, canonical: Callable[..., tuple[Any, ...]]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a method a fault. ``canonical(sim, *args)`` checks the arguments when the fault is *scheduled*.

    Called directly, outside ``sim.at``, the method strikes at once, and is recorded with the present time.
    """

    def declare(method: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(method)
        def now(self: Any, *args: Any, **kwargs: Any) -> None:
            sim = self._sim
            sim._strike_now(Fault(sim.now, call, canonical(sim, *args, **kwargs)))

        now.kind = Kind(call, canonical, method)  # type: ignore[attr-defined]
        return now

    return declare


def time_ms(value: object, what: str) -> float:
    """``value`` as a time in ms.

    Raises:
        ValueError: it is not a number, negative, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < inf:
        raise ValueError(f"{what} is {value!r}: write a number of milliseconds, 0 or more, for example 100")
    return float(value)


def node_name(sim: Any, name: object) -> str:
    """``name`` if a node of ``sim`` has it.

    Raises:
        ValueError: there is no such node; the message lists those there are.
    """
    if isinstance(name, str) and name in sim.nodes:
        return name
    shown = name if isinstance(name, str) else getattr(name, "name", None)
    if not isinstance(name, str) and shown in sim.nodes:
        raise ValueError(f"faults name a node by its name: write {shown!r}, not the node itself")
    known = list(sim.nodes)
    raise ValueError(
        f"there is no node {name!r}; the nodes are {', '.join(map(repr, known[:12]))}{' …' if len(known) > 12 else ''}"
    )


def node_group(sim: Any, names: object) -> tuple[str, ...]:
    """A group of node names, sorted. A single string is a mistake: it would be read letter by letter.

    Raises:
        ValueError: a name is unknown or stands twice, or the group is empty or no collection.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValueError(f"{names!r} is not a group of nodes: write {{{names!r}}}")
    group = [node_name(sim, name) for name in names]
    if not group:
        raise ValueError("a group of nodes is empty: name at least one node in each group")
    group.sort()
    for name, following in pairwise(group):
        if name == following:
            raise ValueError(f"node {name!r} stands twice in the group {group!r}: name it once")
    return tuple(group)
