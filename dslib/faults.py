"""Faults as values: what was done to the system, and when.

A fault is a method of the simulation or its network that breaks or mends something, such as ``sim.crash`` or
``sim.network.partition``. Schedule it with ``sim.at(100, sim.crash, "r1")`` and it becomes a ``Fault``: it stands in
``sim.faults``, prints as the call that made it, goes to JSON and back, and ``sim.set_faults(…)`` runs the same scenario
under another list. That is how the player edits history. ``nemesis.py`` draws such lists at random.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isfinite
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Fault:
    """One fault: ``call`` is its dotted name under ``sim``; ``args`` and ``options`` are its arguments, put in order.

    Groups of node names are sorted tuples, so two equal faults compare equal whatever order they were written in.
    ``options`` are the arguments given by keyword, sorted by their names.
    """

    at: float
    call: str
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", {name: self.options[name] for name in sorted(self.options)})

    def __repr__(self) -> str:
        options = f", options={self.options!r}" if self.options else ""
        return f"Fault(at={self.at!r}, call={self.call!r}, args={self.args!r}{options})"

    def __str__(self) -> str:
        named = [f"{name}={_literal(value)}" for name, value in self.options.items()]
        return f"sim.at({', '.join([_ms(self.at), f'sim.{self.call}', *map(_literal, self.args), *named])})"

    def to_json(self) -> dict[str, Any]:
        """A dict of JSON values: ``{"at": 100.0, "call": "crash", "args": ["r1"]}``, and ``"options"`` if it has some.

        Tuples become lists.
        """
        data = {"at": self.at, "call": self.call, "args": [_to_json(a) for a in self.args]}
        if self.options:
            data["options"] = {name: _to_json(value) for name, value in self.options.items()}
        return data

    @classmethod
    def from_json(cls, data: Any) -> Fault:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: a key is missing or has the wrong type; the message shows the whole fault.
        """
        try:
            at, call, args, options = data["at"], data["call"], data["args"], data.get("options", {})
            if (
                isinstance(at, bool)
                or not isinstance(at, int | float)
                or not isinstance(call, str)
                or not isinstance(args, list | tuple)
                or not isinstance(options, dict)
            ):
                raise TypeError
            return cls(float(at), call, _from_json(args), {name: _from_json(v) for name, v in options.items()})
        except (TypeError, KeyError, AttributeError):
            raise ValueError(
                f'{data!r} is not a fault: write {{"at": 100.0, "call": "crash", "args": ["r1"]}}'
            ) from None


def _to_json(value: Any) -> Any:
    return [_to_json(item) for item in value] if isinstance(value, tuple) else value


def _from_json(value: Any) -> Any:
    return tuple(_from_json(item) for item in value) if isinstance(value, list | tuple) else value


def _literal(value: Any) -> str:
    """How an argument is written in code: a group of names as a set, anything else as it prints."""
    names = isinstance(value, tuple) and value and all(isinstance(name, str) for name in value)
    if names and list(value) == sorted({*value}):
        return "{" + ", ".join(map(repr, value)) + "}"
    return repr(value)


def _ms(time: float) -> str:
    return f"{time:.0f}" if time % 1 == 0 else repr(time)


class Arguments(NamedTuple):
    """A fault's arguments in their canonical form, for faults that take some by keyword."""

    args: tuple[Any, ...]
    options: Mapping[str, Any]


class Kind(NamedTuple):
    """What makes a method a fault: where it is found, and how its arguments are checked and put in order."""

    call: str
    canonical: Callable[..., tuple[Any, ...] | Arguments]
    strike: Callable[..., None]

    def fault(self, sim: Any, at: float, args: Iterable[Any], options: Mapping[str, Any]) -> Fault:
        """The fault with these arguments, checked.

        Raises:
            ValueError: the arguments are too few, too many or wrong.
        """
        args = tuple(args)
        try:
            inspect.signature(self.canonical).bind(sim, *args, **options)
        except TypeError as error:
            parameters = list(inspect.signature(self.strike).parameters.values())[1:]
            takes = ", ".join(str(p.replace(annotation=p.empty)) for p in parameters)
            raise ValueError(f"wrong arguments for sim.{self.call}({takes}): {error}") from None
        given = self.canonical(sim, *args, **options)
        return Fault(at, self.call, *given) if isinstance(given, Arguments) else Fault(at, self.call, given)


def fault(
    call: str, canonical: Callable[..., tuple[Any, ...] | Arguments]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a method a fault. ``canonical(sim, *args, **options)`` checks the arguments when it is *scheduled*.

    It returns the arguments as a tuple, or as ``Arguments`` when some are printed as keywords.

    Called directly, outside ``sim.at``, the method strikes at once, and is recorded with the present time.
    """

    def declare(method: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(method)
        def now(self: Any, *args: Any, **options: Any) -> None:
            sim = self._sim
            sim._strike_now(kind.fault(sim, sim.now, args, options))

        kind = Kind(call, canonical, method)
        now.kind = kind  # type: ignore[attr-defined]
        return now

    return declare


# -- how arguments are checked ----------------------------------------------------------------------------------------


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


def node_group(sim: Any, names: object, checked: Callable[[Any, object], str] | None = None) -> tuple[str, ...]:
    """A group of node names, or of whatever ``checked`` lets pass, sorted.

    A single string is a mistake: it would be read letter by letter.

    Raises:
        ValueError: a name is unknown or stands twice, or the group is empty or no collection.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValueError(f"{names!r} is not a group of nodes: write {{{names!r}}}")
    group = [(checked or node_name)(sim, name) for name in names]
    if not group:
        raise ValueError("a group of nodes is empty: name at least one node in each group")
    group.sort()
    for name, following in pairwise(group):
        if name == following:
            raise ValueError(f"node {name!r} stands twice in the group {group!r}: name it once")
    return tuple(group)


def machine_name(sim: Any, name: object) -> str:
    """``name`` if a node of ``sim`` or a router of its network has it: routers crash and restart, too.

    Raises:
        ValueError: there is neither.
    """
    return name if isinstance(name, str) and name in sim.network.routers else node_name(sim, name)


def domain(sim: Any, level: object, name: object) -> tuple[str, str]:
    """``(level, name)`` if nodes of ``sim`` are placed in that failure domain.

    Raises:
        ValueError: the network has no places, or there is no such level, or nothing stands in that domain.
    """
    if sim.network.places is None:
        raise ValueError(
            f"there is no {level} {name!r}: this network has no places. Say where the nodes stand, "
            'Network(places=Places({"r1": Place(rack="A1", zone="A")}))'
        )
    sim.network.places.members(level, name)  # raises
    return str(level), str(name)


def factor_above_0(value: object, what: str) -> float:
    """``value`` if it is a number above 0.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise ValueError(f"{what} is {value!r}: write a number above 0, for example 10")
    return value


def finite_ms(value: object, what: str) -> float:
    """``value`` if it is a finite number of ms, of either sign.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{what} by a finite number of ms, not {value!r}")
    return value


def drift_rate(value: object) -> float:
    """``value`` if a clock can drift so.

    Raises:
        ValueError: it is not a finite number, or -1 or less: time would stand still, or run backwards.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1 < value < inf:
        raise ValueError(f"a clock drifts by a number above -1 (50e-6 gains 50 parts in a million), not {value!r}")
    return value


def share_of_all(value: object) -> float:
    """``value`` if it is a share above 0, and at most 1.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"a share is a number above 0, and at most 1 (all of them), not {value!r}")
    return value


def plain(value: Any, what: str) -> Any:
    """``value`` as it can be written into a list of faults: a number, a text, True, False, None, or a tuple of such.

    Raises:
        ValueError: it is anything else.
    """
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, list | tuple):
        return tuple(plain(item, what) for item in value)
    if isinstance(value, set | frozenset) and all(isinstance(item, str) for item in value):
        return tuple(sorted(value))
    raise ValueError(
        f"{what} is {value!r}: a fault goes to JSON and back, so write a number, a text, True, False, None or a tuple"
    )
