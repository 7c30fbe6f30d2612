"""Numbers as they print: one tenth is 1/10, not the binary fraction that a machine keeps for it (definition 11).

``1 - 0.999`` is 0.0010000000000000009 in floats, and 0.0144 divided by that is 14.399999999999986: an alert above 14.4
would come out wrong. So everything that decides is computed with fractions, and rounded only to be shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from numbers import Rational, Real
from typing import Any

Number = Real | float | Fraction


def exact(value: Number, name: str) -> Fraction:
    """The number as it prints. Raises ValueError if it is not finite, TypeError if it is none; ``name`` says which."""
    if type(value) is float and math.isfinite(value):
        return _as_printed(value)  # the usual case, and quick
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if not isinstance(value, Real):
        raise TypeError(f"{name}={value!r} is not a number: write an int, a float or a Fraction")
    if not math.isfinite(value):
        raise ValueError(f"{name}={float(value)} is not finite: write an ordinary number")
    return _as_printed(float(value))


@lru_cache(maxsize=4_096)
def _as_printed(value: float) -> Fraction:
    return Fraction(repr(value))


def count(value: Number, name: str) -> Fraction:
    """A count or a sum of weights, 0 or more."""
    counted = exact(value, name)
    if counted < 0:
        raise ValueError(f"{name}={show(counted)} is negative: count events, so write 0 or more")
    return counted


def share(value: Number, name: str) -> Fraction:
    """A share from 0 to 1; a percentage is answered with the fraction that was meant."""
    part = exact(value, name)
    if not 0 <= part <= 1:
        meant = f": write {float(part / 100):g} for {show(part)} %" if 1 < part <= 100 else ""
        raise ValueError(f"{name}={show(part)} is no share from 0 to 1{meant}")
    return part


def target_of(target: Number) -> Fraction:
    """The target of an objective, in (0, 1]."""
    value = exact(target, "target")
    if not 0 < value <= 1:
        meant = f": write {float(value / 100):g} for {show(value)} %" if 1 < value <= 100 else ", such as 0.999"
        raise ValueError(f"target={show(value)} is not in (0, 1]; a target is a fraction of 1{meant}")
    return value


def length(seconds: Number, name: str) -> Fraction:
    """A length of time, above 0."""
    value = exact(seconds, name)
    if value <= 0:
        raise ValueError(f"{name}={show(value)} is not a length of time: write seconds, above 0")
    return value


def check_slices(part: Sequence[int], valid: Sequence[int], name: str = "bad") -> None:
    """Refuse counts of slices that cannot be right; ``part`` counts the good or the bad events of each.

    Raises ValueError for series of different lengths, negative counts and more good or bad events than valid ones;
    TypeError for counts that are not whole numbers.
    """
    if len(part) != len(valid):
        raise ValueError(f"{name} counts {len(part)} slices and valid {len(valid)}: count both over the same slices")
    if are_arrays(part, valid):
        _check_arrays(part, valid, name)
        return
    for one, all_ in zip(part, valid, strict=True):
        if not isinstance(one, int) or not isinstance(all_, int):
            raise TypeError(f"a slice has {name}={one!r}, valid={all_!r}: count events, in whole numbers")
        if not 0 <= one <= all_:
            raise ValueError(_no_such_slice("a slice", name, one, all_))


def are_arrays(*series: Any) -> bool:
    """Whether all of them are arrays of numpy."""
    return all(hasattr(one, "dtype") for one in series)


def _check_arrays(part: Any, valid: Any, name: str) -> None:
    if part.dtype.kind not in "iu" or valid.dtype.kind not in "iu":
        raise TypeError(f"{name} is {part.dtype}, valid {valid.dtype}: count events, in arrays of whole numbers")
    if len(part) and (int(part.min()) < 0 or bool((part > valid).any())):
        at = int(((part < 0) | (part > valid)).argmax())
        raise ValueError(_no_such_slice(f"slice {at}", name, part[at], valid[at]))


def _no_such_slice(which: str, name: str, part: int, valid: int) -> str:
    return f"{which} has {name}={part} of valid={valid}: a {name} event is a valid one, and none is negative"


def show(value: Fraction) -> str:
    """A fraction as people write it."""
    return str(value.numerator) if value.denominator == 1 else repr(float(value))
