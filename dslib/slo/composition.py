"""What is made of parts: the availability of a whole from those of its parts (definition 21).

Independence is an assumption, and mostly a flattering one. A part that two paths share is counted once, and a cause
that takes all copies at once sets a limit that no further copy moves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from .exact import Number, length, share

#: More parts than this have too many states to be counted one by one.
MOST_PARTS = 18


def serial(*availabilities: Number) -> float:
    """The availability of what needs all of its parts, which fail independently: the product.

    Raises ValueError when there are no parts, or one is no share from 0 to 1.

    >>> serial(0.99, 0.99)
    0.9801
    """
    return float(math.prod(_parts(availabilities)))


def serial_sum(*availabilities: Number) -> float:
    """The same by the rule of the extra nine: 1 - the sum of what the parts lack, never below 0.

    Quick enough for the head, close for parts with several nines, and always a little too low.

    >>> serial_sum(*[0.999] * 10), round(serial(*[0.999] * 10), 5)
    (0.99, 0.99004)
    """
    return float(max(Fraction(0), 1 - sum(1 - part for part in _parts(availabilities))))


def parallel(*availabilities: Number) -> float:
    """The availability of what needs any one of its parts, which fail independently: 1 - the product of failures.

    Raises ValueError when there are no parts, or one is no share from 0 to 1.

    >>> parallel(0.99, 0.99)
    0.9999
    """
    return float(1 - math.prod(1 - part for part in _parts(availabilities)))


def k_of_n(k: int, *availabilities: Number) -> float:
    """The availability of what needs ``k`` or more of its parts, which fail independently.

    For equal parts this is the tail of the binomial law; for others, the states are added up part by part.

    Raises ValueError when there are no parts, one is no share from 0 to 1, or ``k`` is not a number of them.

    >>> round(k_of_n(2, 0.99, 0.99, 0.99), 6)
    0.999702
    """
    parts = _parts(availabilities)
    if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= len(parts):
        raise ValueError(f"k={k!r} of {len(parts)} parts: write how many are needed, a whole number from 0")
    up = [Fraction(1)]  # up[i]: the probability that i of the parts seen so far are up
    for part in parts:
        down = [chance * (1 - part) for chance in up] + [Fraction(0)]
        up = [
            stays + rises for stays, rises in zip(down, [Fraction(0), *(chance * part for chance in up)], strict=True)
        ]
    return float(sum(up[k:]))


def composed(availabilities: Mapping[str, Number], works: Callable[[dict[str, bool]], object]) -> float:
    """The availability of anything made of named parts that fail independently, by going through all states.

    ``works`` says whether the whole works, given which parts are up. A part that several paths use is one name, so it
    is counted once.

    Raises ValueError for no parts or more than 18, and one that is no share from 0 to 1.

    >>> parts = {"power": 0.99, "a": 0.9, "b": 0.9}
    >>> composed(parts, lambda up: up["power"] and (up["a"] or up["b"]))  # both copies hang on one power supply
    0.9801
    """
    names = list(availabilities)
    if len(names) > MOST_PARTS:
        raise ValueError(f"{len(names)} parts have 2^{len(names)} states: compose smaller groups, at most {MOST_PARTS}")
    parts = _parts([availabilities[name] for name in names])
    # Whole numbers over one denominator: adding fractions would take most of the time to shorten them.
    total = 0
    up: dict[str, bool] = {}

    def go(place: int, weight: int) -> None:
        nonlocal total
        if not weight:
            return
        if place == len(parts):
            total += weight if works(dict(up)) else 0
            return
        part = parts[place]
        for state, chance in ((True, part.numerator), (False, part.denominator - part.numerator)):
            up[names[place]] = state
            go(place + 1, weight * chance)

    go(0, 1)
    return float(Fraction(total, math.prod(part.denominator for part in parts)))


def common_cause(availability: Number, copies: int, beta: Number) -> float:
    """The availability of parallel copies of which a share ``beta`` of all failures takes all at once.

    1 - (beta u + ((1 - beta) u)^copies), where u = 1 - availability. With 10 % common causes two copies at 99 % reach
    99.892 %, and a third one hardly more: only the part in the power gets smaller.

    Raises ValueError when a share is none, and copies is no whole number from 1.

    >>> [round(100 * common_cause(0.99, 2, beta), 3) for beta in (0, 0.01, 0.05, 0.1)]
    [99.99, 99.98, 99.941, 99.892]
    """
    if isinstance(copies, bool) or not isinstance(copies, int) or copies < 1:
        raise ValueError(f"copies={copies!r}: write how many there are, a whole number from 1")
    down, common = 1 - share(availability, "an availability"), share(beta, "beta")
    return float(1 - (common * down + ((1 - common) * down) ** copies))


def steady_availability(mttf: Number, mttr: Number) -> float:
    """The share of time up: mean time to failure / (that + mean time to repair), both in the same unit.

    >>> steady_availability(mttf=999, mttr=1)
    0.999
    """
    runs, broken = length(mttf, "mttf"), length(mttr, "mttr")
    return float(runs / (runs + broken))


def _parts(availabilities: Sequence[Number]) -> list[Fraction]:
    parts = [share(a, "an availability") for a in availabilities]
    if not parts:
        raise ValueError("there are no parts: write the availability of each, serial(0.99, 0.999)")
    return parts
