"""Plain data on its way between the judge and a submission's process.

What comes back is read as JSON and made into Python's own values, NamedTuples of the same fields, and ``Opaque`` for
everything else. No code and no class of the submission comes along, so nothing can overload a comparison here.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from .checks.asking import Named
from .inside import row_type


class Forged(ValueError):
    """What came back is not what the encoding can produce."""


class Opaque:
    """A value of a kind that is no plain data: it equals nothing and has no parts. Its name and text came along."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, kind: str, text: str) -> None:
        self._kind, self._text = kind, text

    def __repr__(self) -> str:
        return self._text or f"something of the kind {self._kind}"


def to_carry(value: Any) -> Any:
    """An argument as it travels to the submission: itself, but a function of the notebook travels as its name."""
    if isinstance(value, Named):
        return {"a function of the notebook": value.name}
    if type(value) in (list, tuple):
        return type(value)(to_carry(item) for item in value) if any(map(_nested, value)) else value
    if type(value) is dict:
        return {key: to_carry(item) for key, item in value.items()}
    return value


def _nested(item: Any) -> bool:
    return type(item) in (list, tuple, dict, Named)


def from_plain(value: Any) -> Any:
    """What ``grading.inside.plain`` wrote. Raises Forged for anything else."""
    if value is None or type(value) in (bool, str, int, float):
        return value
    if type(value) is not list or not value or type(value[0]) is not str:
        raise Forged("a value without a kind")
    try:
        return _READ[value[0]](*value[1:])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, InvalidOperation, RecursionError) as problem:
        raise Forged(f"{type(problem).__name__}: {problem}") from None


def _float(text: str) -> float:
    found = float(text)
    if math.isfinite(found):
        raise Forged("a number in the wrong dress")
    return found


def _integer(text: str) -> int:
    if len(text) > 1_000_000:
        raise Forged("a number without end")
    return int(text, 16)


def _list(items: list[Any]) -> list[Any]:
    return [from_plain(item) for item in items]


def _dict(pairs: list[Any]) -> dict[Any, Any]:
    found = {}
    for key, item in pairs:
        name = from_plain(key)
        found[name if isinstance(name, Hashable) else repr(name)] = from_plain(item)
    return found


def _set(items: list[Any]) -> frozenset[Any]:
    return frozenset(item for item in _list(items) if isinstance(item, Hashable))


def _row(kind: str, fields: list[str], items: list[Any]) -> Any:
    if len(fields) != len(items) or len(fields) > 64 or len("".join(fields)) > 2_000:
        raise Forged("a row whose fields do not fit")
    if not all(type(name) is str and name.isidentifier() and not name.startswith("_") for name in (kind, *fields)):
        raise Forged("a row with a name that is none")
    return row_type(kind, tuple(fields))(*_list(items))


_READ: dict[str, Any] = {
    "f": _float,
    "i": _integer,
    "b": bool,
    "l": _list,
    "t": lambda items: tuple(_list(items)),
    "d": _dict,
    "s": _set,
    "n": _row,
    "q": lambda above, below: Fraction(_integer(above), _integer(below)),
    "D": lambda text: Decimal(text[:10_000]),
    "o": lambda kind, text: Opaque(str(kind)[:80], str(text)[:300]),
}
