"""What failure detectors trade: the time until a crash is found against false alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import cycle
from math import inf, isnan
from typing import Any

from .. import slo
from ..detection import Detection
from .chart import SERIES, Chart, Line, Look, Panel, Points, linear, logarithmic, number, said, say_ms, show
from .static import View


def detector_tradeoff(rows: Iterable[Detection], title: str = "") -> View:
    """How soon each setting of a failure detector finds a crash, against how often it suspects who lives.

    A point stands at the median time until detection. Left and low is good, and along a line the one is had only at
    the cost of the other: that is the trade.

    Args:
        rows: from ``detection.measure_heartbeats`` and ``detection.measure_phi``; a line for each detector, in order.

    Raises:
        TypeError: these are no rows of ``detection``.
    """
    wanted = "write detector_tradeoff(measure_heartbeats([200, 400]) + measure_phi([1, 3]))"
    if not isinstance(rows, Iterable) or isinstance(rows, str | Mapping):
        raise TypeError(f"detector_tradeoff(…) compares Detection rows, not a {type(rows).__name__}: {wanted}")
    rows = list(rows)
    for row in rows:
        if not isinstance(row, Detection):
            raise TypeError(f"detector_tradeoff(…) compares Detection rows, and {row!r} is none: {wanted}")
    kind = "Trade-off of failure detectors"
    finding = _detector_finding(rows)
    seen = [row for row in rows if row.detected_ms and not isnan(row.alarms_per_min)]
    if not seen:
        return said(kind, title, finding)
    times = [slo.percentile(row.detected_ms, 0.5) for row in seen]
    rates = [row.alarms_per_min for row in seen]
    x = linear("time until a crash is suspected (ms)", [*times, 0.0], 0.0, over="never" if inf in times else "")
    y = logarithmic("false alarms per minute", rates, over="", under="none" if 0 in rates else "")
    marks: list[Any] = []
    for look, detector in zip(cycle(SERIES), dict.fromkeys(row.detector for row in seen), strict=False):
        mine = [row for row in seen if row.detector == detector]
        middles = [slo.percentile(row.detected_ms, 0.5) for row in mine]
        heights = [row.alarms_per_min for row in mine]
        marks.append(Line(middles, heights, Look(look.colour, look.dash, width=1.6)))
        dots = Look(look.colour, look.dash, look.marker, 1.6)
        marks.append(Points(middles, heights, dots, detector, names=[row.setting for row in mine]))
    return show(kind, title, finding, Chart((Panel(x, y, tuple(marks), 300),)))


def _detector_finding(rows: list[Detection]) -> str:
    if not rows:
        return "No failure detector was measured."
    words = []
    for detector in dict.fromkeys(row.detector for row in rows):
        mine = [row for row in rows if row.detector == detector]
        ends = [mine[0], mine[-1]] if len(mine) > 1 else mine
        words.append(f"{detector}: " + "; ".join(map(_detection_words, ends)) + ".")
    sure = [row for row in rows if row.detected_ms and inf not in row.detected_ms]
    safe = [row for row in sure if row.watched_ms and not row.false_alarms]
    if safe:
        best = min(safe, key=lambda row: slo.percentile(row.detected_ms, 0.5))
        words.append(
            f"The quickest without a false alarm in {say_ms(best.watched_ms)}: {best.detector}, {best.setting}, after "
            f"{say_ms(slo.percentile(best.detected_ms, 0.5))}."
        )
    else:
        words.append("No setting found every crash without a false alarm.")
    return " ".join(words)


def _detection_words(row: Detection) -> str:
    found = [time for time in row.detected_ms if time < inf]
    if not row.detected_ms:
        words = f"{row.setting} saw no crash"
    elif not found:
        words = f"{row.setting} never found a crash"
    elif len(found) < len(row.detected_ms):
        words = f"{row.setting} found {len(found)} of {len(row.detected_ms)} crashes, the others never"
    else:
        words = (
            f"{row.setting} found a crash after {say_ms(slo.percentile(found, 0.5))} (median; {say_ms(min(found))} to "
        )
        words += f"{say_ms(max(found))})"
    rate = row.alarms_per_min
    return words + (", watching nobody" if isnan(rate) else f", with {number(rate)} false alarms a minute")
