"""Plain data on its way between the judge and a submission's process.

What comes back is read as JSON and made into Python's own values, NamedTuples of the same fields, and ``Opaque`` for
everything else. No code and no class of the submission comes along, so nothing can overload a comparison here. Reading
ends in time: numbers have a size, and a dictionary whose keys all meet in one place is given up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from unicodedata import normalize

from .checks.asking import Named, NotTrue, short
from .inside import MOST_BITS, MOST_EXPONENT, row_type

#: Seconds for reading one answer.
READING_S = 5.0


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
    """An argument as it travels to the submission: itself, but a function of the notebook travels as its name.

    NotTrue for something that the submission had returned and that is no plain data.
    """
    if isinstance(value, Named):
        return {"a function of the notebook": value.name}
    if isinstance(value, Opaque):
        raise NotTrue(f"it returned {short(value)}, which cannot be handed on to another function.")
    if type(value) in (list, tuple):
        return type(value)(to_carry(item) for item in value) if any(map(_nested, value)) else value
    if type(value) is dict:
        return {key: to_carry(item) for key, item in value.items()}
    return value


def _nested(item: Any) -> bool:
    return type(item) in (list, tuple, dict, Named, Opaque)


def from_plain(value: Any) -> Any:
    """What ``grading.inside.plain`` wrote. Raises Forged for anything else."""
    try:
        return _Reading().value(value)
    except RecursionError:
        raise Forged("a value that is too deep") from None


class _Reading:
    """Reads one answer, in bounded time."""

    def __init__(self) -> None:
        self._until = time.monotonic() + READING_S

    def value(self, value: Any) -> Any:
        if value is None or type(value) in (bool, str, int, float):
            return value
        if type(value) is not list or not value or type(value[0]) is not str:
            raise Forged("a value without a kind")
        read = getattr(self, f"read_{value[0]}", None) if len(value[0]) == 1 else None
        if read is None:
            raise Forged("a value of no known kind")
        try:
            return read(*value[1:])
        except (TypeError, ValueError, SyntaxError, ZeroDivisionError, InvalidOperation) as problem:
            raise Forged(f"{type(problem).__name__}: {problem}") from None

    def _timely(self, items: Iterable[Any]) -> Iterator[Any]:
        for number, item in enumerate(items):
            if number % 64 == 0 and time.monotonic() > self._until:
                raise Forged("a value that takes too long to read")
            yield item

    def read_f(self, text: str) -> float:
        found = float(text)
        if math.isfinite(found):
            raise Forged("a number in the wrong dress")
        return found

    def read_i(self, text: str) -> int:
        if type(text) is not str or len(text) > MOST_BITS // 4 + 4:
            raise Forged("a number without end")
        return int(text, 16)

    def read_b(self, value: bool) -> bool:
        return value is True

    def read_l(self, items: list[Any]) -> list[Any]:
        return [self.value(item) for item in self._timely(items)]

    def read_t(self, items: list[Any]) -> tuple[Any, ...]:
        return tuple(self.read_l(items))

    def read_d(self, pairs: list[Any]) -> dict[Any, Any]:
        found = {}
        for key, item in self._timely(pairs):
            name = self.value(key)
            found[name if isinstance(name, Hashable) else repr(name)] = self.value(item)
        return found

    def read_s(self, items: list[Any]) -> frozenset[Any]:
        return frozenset(self._timely(item for item in self.read_l(items) if isinstance(item, Hashable)))

    def read_n(self, kind: str, fields: list[str], items: list[Any]) -> Any:
        names = (kind, *fields)
        if len(fields) != len(items) or not all(type(name) is str for name in names) or len("".join(names)) > 2_000:
            raise Forged("a row whose fields do not fit")
        if not all(name.isidentifier() and name[0] != "_" and normalize("NFKC", name) == name for name in names):
            raise Forged("a row with a name that is none")
        return row_type(kind, tuple(fields))(*self.read_l(items))

    def read_q(self, above: str, below: str) -> Fraction:
        return Fraction(self.read_i(above), self.read_i(below))

    def read_D(self, text: str) -> Decimal | float | Opaque:
        found = Decimal(text[:MOST_EXPONENT])
        if not found.is_finite():
            return float(text.replace("s", "").rstrip("0123456789"))
        # Python would write out all the zeros of 1e999999999 when it makes a whole number of it.
        return found if abs(found.adjusted()) <= MOST_EXPONENT else Opaque("Decimal", "a number without end")

    def read_o(self, kind: str, text: str) -> Opaque:
        return Opaque(str(kind)[:80], str(text)[:300])
