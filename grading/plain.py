"""Plain data on its way between the judge and a submission's process.

What comes back is read as JSON and made into Python's own values, NamedTuples of the same fields, and ``Opaque`` for
everything else. No code and no class of the submission comes along, so nothing can overload a comparison here. Reading
ends in time, and so does what the checks do with what was read: numbers have a size, and an answer of things that would
all meet in one place of a set is given up.
"""

from __future__ import annotations

import io
import math
import pickle
import time
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar
from unicodedata import normalize

from .checks.asking import Named, NotTrue, Often, short
from .inside import MOST_BITS, MOST_EXPONENT, make_row, make_rows, of_the_notebook, row_type, unpacked

#: Seconds for reading one answer, and how many different things in it may have one and the same hash. Of two, there
#: are some: -1 and -2. A set of 60,000 takes minutes, in which nothing can stop Python.
READING_S, MOST_OF_ONE_HASH = 5.0, 200
#: What is no larger goes as JSON's own number.
SMALL = 2**53


_T = TypeVar("_T")


class Forged(ValueError):
    """What came back is not what the encoding can produce."""


class Opaque:
    """A value of a kind that is no plain data: it equals nothing and has no parts. Its name and text came along."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return False

    def __init__(self, kind: str, text: str) -> None:
        self._kind, self._text = kind, text

    def __repr__(self) -> str:
        return self._text or f"something of the kind {self._kind}"


# -- to the submission -------------------------------------------------------------------------------------------------


def write_request(request: dict[str, Any]) -> bytes:
    """What ``inside.unpacked`` reads. NotTrue for something that the submission returned and no plain data is."""
    return packed(request)


def packed(value: Any) -> bytes:
    file = io.BytesIO()
    _Writer(file).dump(value)
    return file.getvalue()


def to_carry(value: Any) -> Any:
    """An argument as it travels best: lists of rows, of which there are many, by their columns."""
    kind = type(value)
    if kind is list or kind is tuple:
        kinds = set(map(type, value))
        if len(kinds) == 1:
            (row,) = kinds
            if row is list or row is tuple or row is dict:
                return kind(map(to_carry, value))
            if issubclass(row, tuple) and row is not Named and getattr(row, "_fields", None):
                return _Rows(value)
    elif kind is dict:
        return {key: to_carry(item) for key, item in value.items()}
    return value


class _Rows:
    """Rows of one kind, in a list or a tuple."""

    def __init__(self, rows: list[Any] | tuple[Any, ...]) -> None:
        self._rows = rows

    def __reduce__(self) -> tuple[Any, ...]:
        kind: Any = type(self._rows[0])
        known = kind.__name__ if _of_the_checks(kind) else kind
        return make_rows, (type(self._rows), known, kind._fields, list(zip(*self._rows, strict=True)))


class _Writer(pickle.Pickler):
    """Python's own, but for rows of a kind that only the checks know, and for functions of the notebook."""

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind is Named:
            return of_the_notebook, (value.name,)
        if kind is Often:
            value.packed = value.packed or packed(to_carry(list(value)))
            return unpacked, (value.packed,)
        if kind is Opaque:
            raise NotTrue(f"it returned {short(value)}, which cannot be handed on to another function.")
        if isinstance(value, tuple) and _of_the_checks(kind):
            return make_row, (kind.__name__, kind._fields, tuple(value))
        return NotImplemented


def _of_the_checks(kind: type) -> bool:
    return kind.__module__.startswith("grading")


# -- from the submission -----------------------------------------------------------------------------------------------


def from_plain(value: Any) -> Any:
    """What ``grading.inside.plain`` wrote. Raises Forged for anything else."""
    try:
        return _Reading().value(value)
    except RecursionError:
        raise Forged("a value that is too deep") from None


#: What JSON has of its own.
_AS_THEY_ARE = {type(None), bool, str, int, float}


@lru_cache(maxsize=256)
def _row(kind: str, fields: tuple[str, ...]) -> Any:
    names = (kind, *fields)
    if not all(type(name) is str for name in names) or len("".join(names)) > 2_000:
        raise Forged("a row whose fields do not fit")
    if not all(name.isidentifier() and name[0] != "_" and normalize("NFKC", name) == name for name in names):
        raise Forged("a row with a name that is none")
    return row_type(kind, fields)


def _check_small(items: list[Any]) -> None:
    numbers = [item for item in items if type(item) is int]
    if numbers and not -SMALL < min(numbers) <= max(numbers) < SMALL:
        raise Forged("a large number in the dress of a small one")


def _hashes(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:  # something opaque, somewhere inside
        return False
    return True


class _Reading:
    """Reads one answer, in bounded time."""

    def __init__(self) -> None:
        self._until = time.monotonic() + READING_S
        self._met: dict[int, list[Any]] = {}

    def value(self, value: Any) -> Any:
        if type(value) in _AS_THEY_ARE:
            _check_small([value])
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

    def _apart(self, value: _T) -> _T:
        """The value, unless too many others of the answer have its hash."""
        try:
            here = self._met.setdefault(hash(value), [])
        except TypeError:  # it goes into no set
            return value
        if value not in here:
            here.append(value)
            if len(here) > MOST_OF_ONE_HASH:
                raise Forged("values that all have one hash")
        return value

    def read_f(self, text: str) -> float:
        found = float(text)
        if math.isfinite(found):
            raise Forged("a number in the wrong dress")
        return found

    def read_i(self, text: str) -> int:
        if type(text) is not str or len(text) > MOST_BITS // 4 + 4:
            raise Forged("a number without end")
        return self._apart(int(text, 16))

    def read_b(self, value: bool) -> bool:
        return value is True

    def read_l(self, items: list[Any]) -> list[Any]:
        if type(items) is not list:
            raise Forged("a list that is none")
        if set(map(type, items)) <= _AS_THEY_ARE:
            _check_small(items)
            return items
        return [self.value(item) for item in self._timely(items)]

    def read_t(self, items: list[Any]) -> tuple[Any, ...]:
        return self._apart(tuple(self.read_l(items)))

    def read_d(self, pairs: list[Any]) -> dict[Any, Any]:
        found = {}
        for key, item in self._timely(pairs):
            name = self.value(key)
            found[name if _hashes(name) else repr(name)] = self.value(item)
        return found

    def read_s(self, items: list[Any]) -> frozenset[Any]:
        return frozenset(self._timely(item for item in self.read_l(items) if _hashes(item)))

    def read_n(self, kind: str, fields: list[str], items: list[Any]) -> Any:
        return self._apart(_row(kind, tuple(fields))._make(self.read_l(items)))

    def read_r(self, kind: str, fields: list[str], columns: list[Any]) -> list[Any]:
        row = _row(kind, tuple(fields))
        if len(fields) != len(columns) or not fields:
            raise Forged("rows whose fields do not fit")
        rows = self._timely(zip(*map(self.read_l, columns), strict=True))
        return [self._apart(row._make(items)) for items in rows]

    def read_q(self, above: str, below: str) -> Fraction:
        return self._apart(Fraction(self.read_i(above), self.read_i(below)))

    def read_D(self, text: str) -> Decimal | float | Opaque:
        found = Decimal(text[:MOST_EXPONENT])
        if not found.is_finite():
            return float(text.replace("s", "").rstrip("0123456789"))
        # Python would write out all the zeros of 1e999999999 when it makes a whole number of it.
        return (
            self._apart(found) if abs(found.adjusted()) <= MOST_EXPONENT else Opaque("Decimal", "a number without end")
        )

    def read_o(self, kind: str, text: str) -> Opaque:
        return Opaque(str(kind)[:80], str(text)[:300])
