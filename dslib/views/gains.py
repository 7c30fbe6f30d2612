"""What is bought, and what it buys: a point for each thing on offer, by its cost and its gain."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any, NamedTuple

from .chart import Chart, Line, Look, Panel, Points, linear, number, show
from .static import View, count


class Offer(NamedTuple):
    """A thing on offer: what it costs, what it gains, and the interval around that."""

    name: str
    cost: float
    gain: float
    low: float
    high: float


def cost_and_gain(rows: Iterable[Any], gain: str = "gain", cost: str = "cost", title: str = "") -> View:
    """What each thing on offer gains, against what it costs. A line from the origin leads through the best buy.

    The steeper the line from the origin to a point, the more it gains for its cost; what lies far to the right and low
    is dear and does little.

    Args:
        rows: for each thing ``(name, cost, gain)``, where the gain is a number or a ``sweeps.Estimate`` with its
            interval: ``what_to_fix("weekly releases").points``.
        gain, cost: what the axes show, with the unit: "user-minutes saved a year".

    Raises:
        ValueError: nothing is on offer, a cost is negative, or a number is not finite.
    """
    offers = [_offer(row) for row in rows]
    if not offers:
        raise ValueError("nothing is on offer: write rows (name, cost, gain), such as what_to_fix(…).points")
    best = max((one for one in offers if one.cost > 0 and one.gain > 0), key=_slope, default=None)
    x = linear(cost, [1.05 * one.cost for one in offers], 0.0)  # with room for the dearest one's name
    ends = [end for one in offers for end in (one.low, one.high)]
    y = linear(gain, [*ends, 0.0])
    marks: list[Any] = []
    if best is not None:
        reach = min(x.high / best.cost, y.high / best.gain)
        marks.append(
            Line([0.0, best.cost * reach], [0.0, best.gain * reach], Look("ink", "6 3", width=1.4), "best buy")
        )
    for chosen, look in (
        ([one for one in offers if one is not best], Look("delivered", marker="o", width=0)),
        ([best] if best is not None else [], Look("leader", marker="*", width=0)),
    ):
        if chosen:
            marks.append(
                Points(
                    [one.cost for one in chosen], [one.gain for one in chosen], look,
                    low=[one.low for one in chosen], high=[one.high for one in chosen],
                    names=[one.name for one in chosen],
                )
            )  # fmt: skip
    finding = _gain_finding(offers, best, gain, cost)
    return show(
        "Chart of what is gained against what it costs", title, finding, Chart((Panel(x, y, tuple(marks), 280),))
    )


def _offer(row: Any) -> Offer:
    name, cost, gain = row
    middle, low, high = (gain.mean, gain.low, gain.high) if hasattr(gain, "mean") else (gain, gain, gain)
    for value in (cost, middle, low, high):
        if not isfinite(value):
            raise ValueError(f"{name!r} has {value!r}: leave out what could not be measured")
    if cost < 0:
        raise ValueError(f"{name!r} costs {cost!r}: write a cost, 0 or more")
    return Offer(str(name), float(cost), float(middle), float(low), float(high))


def _slope(offer: Offer) -> float:
    return offer.gain / offer.cost


def _gain_finding(offers: list[Offer], best: Offer | None, gain: str, cost: str) -> str:
    words = f"{count(len(offers), 'thing')} on offer, {gain} against {cost}. "
    if best is None:
        return f"{words}None gains anything for its cost."
    words += f"Best buy: {best.name}, {number(best.gain)} for {number(best.cost)}"
    rest = sorted((one for one in offers if one is not best and one.cost > 0), key=lambda one: -one.gain / one.cost)
    if rest:
        words += ". Then: " + "; ".join(f"{one.name}, {number(one.gain)} for {number(one.cost)}" for one in rest)
    most = max(offers, key=lambda one: one.gain)
    if most is not best:
        words += f". Most in all: {most.name}"
    return f"{words}."
