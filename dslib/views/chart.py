"""A chart as data: axes and what stands on them. Two renderers draw it: ``chart_matplotlib`` and ``chart_svg``.

A plot says *what* it shows: lines, bands, boxes, points, rules, spans and words, in the units of the data. Where all
that comes to stand is worked out here, once, so both renderers put every value and every word at the same spot.

Two kinds of values need care. ``nan`` is nothing: a gap. ``inf`` is something (a request that was never answered): an
axis that has a strip for it (``over``) shows it there, beyond a break, and not at some large number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor, inf, isfinite, isnan, log10, nan
from typing import Any

from .spacetime import svg_text
from .static import View, for_a_page, picture

WIDTH = 640.0
FONT = 12.5
#: How much room a letter takes, in ems: DejaVu Sans is wide, and so is Verdana.
EM, BOLD_EM = 0.6, 0.68
#: The strips beyond the ends of an axis: height of one above or below, width of one beside.
STRIP_Y, STRIP_X = 26.0, 64.0
LINE = 16.0


@dataclass(frozen=True)
class Look:
    """How a mark is drawn: a colour by its name in palette.SIGNS (or "ink"), a dash array, a marker.

    Markers: "o" ● "s" ■ "D" ◆ "^" ▲ "v" ▼ "x" × "*" ★ "_" a dash and, hollow, "O" ○ "S" □ "V" ◇.
    """

    colour: str = "ink"
    dash: str = ""
    marker: str = ""
    width: float = 2.0
    opacity: float = 1.0


#: Looks of several series in one picture: each has a colour, a dash and a marker of its own.
SERIES = (
    Look("delivered", "", "o"),
    Look("dropped", "7 3", "D"),
    Look("good", "2 3", "s"),
    Look("leader", "9 3 2 3", "^"),
    Look("ink", "4 2 1 2", "v"),
    Look("cut", "12 4", "x"),
)


@dataclass(frozen=True)
class Axis:
    """One axis, from ``low`` to ``high``; ``over`` and ``under`` name strips for what lies beyond (inf, -inf).

    On a logarithmic axis everything below ``low``, zero above all, belongs to the strip ``under``.
    """

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()
    log: bool = False
    over: str = ""
    under: str = ""

    def place(self, value: float, length: float, strip: float) -> float:
        """How far from the axis' beginning a value stands, in pixels; ``nan`` for what stands nowhere."""
        start, room = (strip if self.under else 0.0), length
        room -= start + (strip if self.over else 0.0)
        if isnan(value):
            return nan
        if value == -inf or (self.log and value < self.low):
            return strip / 2 if self.under else 0.0
        if value == inf:
            return length - strip / 2 if self.over else length
        low, high, at = (log10(v) for v in (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return start + (at - low) / ((high - low) or 1.0) * room


# -- what stands on the axes -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A line through points; with ``steps`` each y holds from its x to the next, and x has one entry more."""

    x: Sequence[float]
    y: Sequence[float]
    look: Look
    label: str = ""
    steps: bool = False


@dataclass(frozen=True)
class Band:
    """The area between two lines over the same x."""

    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    look: Look
    label: str = ""
    steps: bool = False


@dataclass(frozen=True)
class Boxes:
    """Rectangles ``(x1, x2, y1, y2)``: bars, or the cells of a matrix."""

    boxes: Sequence[tuple[float, float, float, float]]
    look: Look
    label: str = ""
    edge: bool = True


@dataclass(frozen=True)
class Points:
    """Points, each with a name beside it or not, and with a whisker from ``low`` to ``high`` along y or along x."""

    x: Sequence[float]
    y: Sequence[float]
    look: Look
    label: str = ""
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    along: str = "y"
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Rule:
    """A line across the whole panel at a value of ``axis`` ("x": upright, "y": level)."""

    at: float
    look: Look = Look("ink", "6 4", width=1.5)
    label: str = ""
    axis: str = "y"


@dataclass(frozen=True)
class Span:
    """A stretch of x over the whole height: tinted, with edges and a name above it."""

    start: float
    end: float
    look: Look
    label: str = ""


@dataclass(frozen=True)
class Words:
    """Words at a spot. "auto" finds room around it; "start", "middle" and "end" stand where they are told."""

    x: float
    y: float
    words: str
    anchor: str = "auto"
    weight: int = 400
    dx: float = 0.0
    dy: float = 0.0


Mark = Line | Band | Boxes | Points | Rule | Span | Words


@dataclass(frozen=True)
class Panel:
    """Marks on a pair of axes."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...] = ()
    height: float = 190.0
    grid: str = "y"


@dataclass(frozen=True)
class Chart:
    """Panels, one under the other."""

    panels: tuple[Panel, ...]
    width: float = WIDTH


# -- where everything stands -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """Words at a place in the picture, in pixels; y is the base line."""

    x: float
    y: float
    words: str
    anchor: str = "start"
    weight: int = 400
    opacity: float = 1.0


@dataclass(frozen=True)
class Sample:
    """A short piece of a series beside its name."""

    x1: float
    x2: float
    y: float
    look: Look
    filled: bool = False


@dataclass(frozen=True)
class Frame:
    """Where a panel stands in the picture, and the marks in pixels from its left and its lower edge."""

    panel: Panel
    left: float
    top: float
    width: float
    height: float
    ticks_x: tuple[float, ...]
    ticks_y: tuple[float, ...]
    breaks_x: tuple[float, ...]
    breaks_y: tuple[float, ...]

    def x(self, value: float) -> float:
        return self.panel.x.place(value, self.width, STRIP_X)

    def y(self, value: float) -> float:
        return self.panel.y.place(value, self.height, STRIP_Y)


@dataclass(frozen=True)
class Layout:
    """The whole picture: its size, frames, words, and the samples beside the words."""

    width: float
    height: float
    frames: tuple[Frame, ...]
    texts: tuple[Text, ...]
    samples: tuple[Sample, ...]


def width_of(words: str, weight: int = 400) -> float:
    """About how wide words are, in pixels."""
    return len(words) * FONT * (BOLD_EM if weight > 500 else EM)


def lay_out(chart: Chart) -> Layout:
    """Find a place for everything."""
    panels = chart.panels
    left = 10 + max(max([width_of(words) for words in _tick_words(panel.y)], default=0.0) for panel in panels) + 6
    right = max([14.0, *(_label_room(panel) for panel in panels)])
    # The last tick's words must not leave the picture.
    right = max(right, *(width_of(panel.x.ticks[-1][1]) / 2 + 2 if panel.x.ticks else 0.0 for panel in panels))
    room = chart.width - left - right
    frames: list[Frame] = []
    texts: list[Text] = []
    samples: list[Sample] = []
    top = 0.0
    for number, panel in enumerate(panels):
        last = number == len(panels) - 1 or panels[number + 1].x != panel.x
        frame = _frame(panel, left, 0.0, room)
        above = _above(frame)
        head = (LINE + 10 if panel.y.label else 8) + LINE * (1 + max((row for *_, row in above), default=-1))
        frame = replace(frame, top=top + head)
        if panel.y.label:
            texts.append(Text(10.0, top + LINE - 3, panel.y.label, weight=600))
        for x, words, anchor, row in above:
            texts.append(Text(left + x, frame.top - 5 - LINE * row, words, anchor))
        _axis_words(frame, texts, last)
        _series_labels(frame, texts, samples)
        texts += _inside(frame)
        frames.append(frame)
        top = frame.top + frame.height + 10
        if last:
            top += 14 + (LINE + 4 if panel.x.label else 2)
    return Layout(chart.width, top, tuple(frames), tuple(texts), tuple(samples))


def _frame(panel: Panel, left: float, top: float, room: float) -> Frame:
    blank = Frame(panel, left, top, room, panel.height, (), (), (), ())
    breaks_x = [room - STRIP_X] * bool(panel.x.over) + [STRIP_X] * bool(panel.x.under)
    breaks_y = [panel.height - STRIP_Y] * bool(panel.y.over) + [STRIP_Y] * bool(panel.y.under)
    return replace(
        blank,
        ticks_x=tuple(blank.x(at) for at, _ in panel.x.ticks),
        ticks_y=tuple(blank.y(at) for at, _ in panel.y.ticks),
        breaks_x=tuple(breaks_x),
        breaks_y=tuple(breaks_y),
    )


def _tick_words(axis: Axis) -> list[str]:
    return [words for _, words in axis.ticks] + [words for words in (axis.over, axis.under) if words]


def _axis_words(frame: Frame, texts: list[Text], last: bool) -> None:
    x, y, bottom = frame.panel.x, frame.panel.y, frame.top + frame.height
    for at, (_, words) in zip(frame.ticks_y, y.ticks, strict=True):
        texts.append(Text(frame.left - 7, bottom - at + 4, words, "end", opacity=0.85))
    for words, at in ((y.over, frame.height - STRIP_Y / 2), (y.under, STRIP_Y / 2)):
        if words:
            texts.append(Text(frame.left - 7, bottom - at + 4, words, "end", 600))
    if not last:
        return
    taken: list[tuple[float, float]] = []
    strips = [(x.over, frame.width - STRIP_X / 2), (x.under, STRIP_X / 2)]
    ticks = [(words, at) for at, (_, words) in sorted(zip(frame.ticks_x, x.ticks, strict=True))]
    for i, (words, at) in enumerate([*strips, *ticks]):
        half = width_of(words, 600 if i < 2 else 400) / 2
        if words and not any(at - half < end and at + half > start for start, end in taken):
            taken.append((at - half - 3, at + half + 3))
            weight, opacity = (600, 1.0) if i < 2 else (400, 0.85)
            texts.append(Text(frame.left + at, bottom + 18, words, "middle", weight, opacity))
    if x.label:
        texts.append(Text(frame.left + frame.width / 2, bottom + 18 + LINE + 2, x.label, "middle"))


def _above(frame: Frame) -> list[tuple[float, str, str, int]]:
    """The names of spans and of upright rules, over the panel, in rows in which none covers another."""
    wanted = []
    for mark in frame.panel.marks:
        if isinstance(mark, Span) and mark.label:
            wanted.append(((frame.x(mark.start) + frame.x(mark.end)) / 2, mark.label))
        elif isinstance(mark, Rule) and mark.label and mark.axis == "x":
            wanted.append((frame.x(mark.at), mark.label))
    rows: list[float] = []
    placed = []
    for x, words in sorted(one for one in wanted if not isnan(one[0])):
        wide = width_of(words)
        start = max(min(x - wide / 2, frame.width - wide + 10), 0.0)
        row = next((i for i, free in enumerate(rows) if free <= start), len(rows))
        rows[row : row + 1] = [start + wide + 10]
        placed.append((start, words, "start", row))
    return placed


def _labelled(panel: Panel) -> list[tuple[str, Line | Band | Boxes | Points | Rule]]:
    """What is named at the right end of the panel."""
    return [
        (mark.label, mark)
        for mark in panel.marks
        if isinstance(mark, Line | Band | Boxes | Points | Rule)
        and mark.label
        and not (isinstance(mark, Rule) and mark.axis == "x")
    ]


_SAMPLE = 26.0


def _label_room(panel: Panel) -> float:
    return max((width_of(words) + _SAMPLE + 18 for words, _ in _labelled(panel)), default=0.0)


def _series_labels(frame: Frame, texts: list[Text], samples: list[Sample]) -> None:
    wanted = []
    for order, (words, mark) in enumerate(_labelled(frame.panel)):
        if isinstance(mark, Rule):
            height = frame.y(mark.at)
        elif isinstance(mark, Boxes):
            height = frame.y(mark.boxes[-1][3]) if mark.boxes else nan
        else:
            ends = mark.high if isinstance(mark, Band) else mark.y
            height = next((at for at in map(frame.y, reversed(ends)) if not isnan(at)), nan)
        if not isnan(height):
            wanted.append((height, -order, words, mark))
    wanted.sort(key=lambda one: one[:2], reverse=True)
    heights = _apart([one[0] for one in wanted], frame.height)
    for at, (_, _, words, mark) in zip(heights, wanted, strict=True):
        y = frame.top + frame.height - at
        x = frame.left + frame.width + 8
        samples.append(Sample(x, x + _SAMPLE - 4, y, mark.look, isinstance(mark, Band | Boxes)))
        texts.append(Text(x + _SAMPLE, y + 4.5, words))


def _apart(heights: Sequence[float], most: float) -> list[float]:
    """Falling heights, moved so that neighbours are a line apart and none leaves the panel if there is room."""
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - LINE, most) if placed else min(height, most))
    floor_ = 0.0
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = max(placed[i], floor_)
        floor_ = placed[i] + LINE
    return placed


Box = tuple[float, float, float, float]


def _inside(frame: Frame) -> list[Text]:
    """The words inside a panel: each finds a place where it covers no point and no other words, if there is any."""
    bottom = frame.top + frame.height
    taken: list[Box] = []
    wanted: list[tuple[float, float, str]] = []
    out: list[Text] = []
    for mark in frame.panel.marks:
        if isinstance(mark, Points):
            for i, (x, y) in enumerate(zip(map(frame.x, mark.x), map(frame.y, mark.y), strict=True)):
                if isnan(x) or isnan(y):
                    continue
                x, y = frame.left + x, bottom - y
                taken.append((x - 5, y - 5, x + 5, y + 5))
                if mark.names and mark.names[i]:
                    wanted.append((x, y, mark.names[i]))
        elif isinstance(mark, Words):
            x, y = frame.left + frame.x(mark.x) + mark.dx, bottom - frame.y(mark.y) + mark.dy
            if isnan(x) or isnan(y):
                continue
            if mark.anchor == "auto":
                wanted.append((x, y, mark.words))
            else:
                out.append(Text(x, y, mark.words, mark.anchor, mark.weight))
                taken.append(_box(out[-1]))
    paths = []
    for mark in frame.panel.marks:
        if isinstance(mark, Line):
            corners = list(zip(mark.x, mark.y, strict=False))
            if mark.steps:
                ends = zip(pairwise(mark.x), mark.y, strict=False)
                corners = [corner for (x, after), y in ends for corner in ((x, y), (after, y))]
            paths.append([(frame.left + frame.x(x), bottom - frame.y(y)) for x, y in corners])
        elif isinstance(mark, Rule) and mark.axis == "x":
            paths.append([(frame.left + frame.x(mark.at), y) for y in (frame.top, bottom)])
        elif isinstance(mark, Rule):
            paths.append([(x, bottom - frame.y(mark.at)) for x in (frame.left, frame.left + frame.width)])
    dots = [spot for path in paths for spot in _along(path)]
    edge = (frame.left, frame.top, frame.left + frame.width, bottom)
    for x, y, words in wanted:
        tries = [
            Text(x + dx, y + dy, words, anchor)
            for dx, dy, anchor in (
                (9, 4, "start"), (-9, 4, "end"), (0, -10, "middle"), (0, 19, "middle"), (8, -8, "start"),
                (8, 17, "start"), (-8, -8, "end"), (-8, 17, "end"), (0, -25, "middle"), (0, 33, "middle"),
            )
        ]  # fmt: skip
        best = min(tries, key=lambda text: (_cost(_box(text), taken, dots, edge), tries.index(text)))
        taken.append(_box(best))
        out.append(best)
    return out


def _along(path: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spots on a line, a few pixels apart."""
    spots = []
    for (x1, y1), (x2, y2) in pairwise(path):
        if isnan(x1 + y1 + x2 + y2):
            continue
        pieces = max(1, min(60, int((abs(x2 - x1) + abs(y2 - y1)) / 6)))
        spots += [(x1 + (x2 - x1) * i / pieces, y1 + (y2 - y1) * i / pieces) for i in range(pieces)]
    return spots


def _box(text: Text) -> Box:
    wide = width_of(text.words, text.weight)
    start = text.x - {"start": 0.0, "middle": wide / 2, "end": wide}[text.anchor]
    return start - 1, text.y - 11, start + wide + 1, text.y + 4


def _cost(box: Box, taken: Iterable[Box], dots: Iterable[tuple[float, float]], edge: Box) -> float:
    out = max(0.0, edge[0] - box[0]) + max(0.0, edge[1] - box[1])
    out += max(0.0, box[2] - edge[2]) + max(0.0, box[3] - edge[3])
    over = 0.0
    for a in taken:
        wide, high = min(a[2], box[2]) - max(a[0], box[0]), min(a[3], box[3]) - max(a[1], box[1])
        over += wide * high if wide > 0 and high > 0 else 0.0
    on = sum(box[0] <= x <= box[2] and box[1] <= y <= box[3] for x, y in dots)
    return 20 * out + over + 4 * on


# -- axes --------------------------------------------------------------------------------------------------------------


def linear(
    label: str,
    values: Iterable[float],
    low: float | None = None,
    high: float | None = None,
    whole: bool = False,
    **more: Any,
) -> Axis:
    """An axis with round ends around all finite values; ``low`` and ``high`` fix an end, ``whole`` has no 2.5."""
    finite = [value for value in values if isfinite(value)]
    first = min(finite, default=0.0) if low is None else low
    last = max(finite, default=first + 1.0) if high is None else high
    flat = last <= first
    if flat:
        last = first + (abs(first) or 1.0)
    step = max(_step(last - first), 1.0 if whole else 0.0)
    if low is None:
        first = floor(first / step + 1e-9) * step
    if high is None:
        last = ceil(last / step - 1e-9) * step
    marks = [k * step for k in range(ceil(first / step - 1e-9), floor(last / step + 1e-9) + 1)]
    if flat and first == 0:  # there is nothing but 0 and what lies beyond: a scale would be made up
        marks = marks[:1]
    return Axis(label, first, last, tuple((at, number(at)) for at in marks), **more)


def logarithmic(label: str, values: Iterable[float], least: float = 0.0, **more: Any) -> Axis:
    """An axis of powers of ten around all values above 0, and not below ``least``."""
    known = [value for value in values if isfinite(value) and value > 0]
    first = floor(log10(max(min(known, default=1.0), least or 0.0)) + 1e-9)
    last = max(ceil(log10(max(known, default=1.0)) - 1e-9), first + 1)
    every = 1 if last - first <= 6 else 2
    marks = tuple((10.0**k, number(10.0**k)) for k in range(first, last + 1, every))
    return Axis(label, 10.0**first, 10.0**last, marks, log=True, **more)


def named(label: str, names: Sequence[object], **more: Any) -> Axis:
    """An axis with a place for each name, at 0, 1, 2 ..."""
    marks = tuple((float(i), str(name)) for i, name in enumerate(names))
    return Axis(label, -0.5, len(names) - 0.5, marks, **more)


#: Units of time: ms in one, its sign, and round steps in it.
_UNITS: tuple[tuple[float, str, tuple[float, ...]], ...] = (
    (1.0, "ms", ()),
    (1_000.0, "s", ()),
    (60_000.0, "min", (1, 2, 5, 10, 15, 20, 30, 60, 120)),
    (3_600_000.0, "h", (1, 2, 3, 4, 6, 12, 24, 48)),
    (86_400_000.0, "d", (1, 2, 5, 7, 14, 28)),
)


def time_axis(start_ms: float, end_ms: float, label: str = "time", **more: Any) -> Axis:
    """An axis of time in ms, with ticks in the unit that suits its length."""
    span = end_ms - start_ms
    one, sign, steps = _unit(span)
    step = next((s for s in steps if span / one / s <= 7), 0.0) or _step(span / one, 6)
    first, last = ceil(start_ms / one / step - 1e-9), floor(end_ms / one / step + 1e-9)
    marks = tuple((k * step * one, number(k * step)) for k in range(first, last + 1))
    return Axis(f"{label} ({sign})", start_ms, end_ms, marks, **more)


def _unit(span: float) -> tuple[float, str, tuple[float, ...]]:
    for unit, most in zip(_UNITS, (10_000, 600_000, 4 * 3_600_000, 4 * 86_400_000, inf), strict=True):
        if span <= most:
            return unit
    return _UNITS[-1]


def _step(span: float, about: float = 5) -> float:
    raw = span / about
    power = 10.0 ** floor(log10(raw)) if raw > 0 else 1.0
    return next((m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999), 10 * power)


# -- words for numbers -------------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """A number as people write it: 1,200 and 0.25, and the powers of ten beyond."""
    if value == 0:
        return "0"
    if not isfinite(value):
        return "nothing" if isnan(value) else "∞" if value > 0 else "−∞"
    if abs(value) >= 1e7 or abs(value) < 1e-4:
        return f"{value:.3g}".replace("-", "−")
    digits = max(0, 3 - floor(log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def say_ms(ms: float) -> str:
    """A time in the units that suit it: 240 ms, 4.2 s, 5 min 46 s, 2 h 6 min; "never" for one that does not end."""
    if isnan(ms):
        return "not known"
    if ms == inf:
        return "never"
    size = abs(ms)
    place = next((i for i in (4, 3, 2) if size >= 2 * _UNITS[i][0]), 0)
    if place:  # in whole smaller units, so that two moments that differ read differently
        return _in_parts(ms, place)
    value, sign = (ms / 1_000, "s") if size >= 1_000 else (ms, "ms")
    digits = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {sign}".replace("-", "−")


def _in_parts(ms: float, place: int) -> str:
    """12 d 21 h 36 min, 2 h 6 min, 5 min 46 s."""
    parts = _UNITS[max(1, place - 2) : place + 1][::-1] if place == 4 else _UNITS[place - 1 : place + 1][::-1]
    left = round(abs(ms) / parts[-1][0])
    out = []
    for one, sign, _ in parts:
        whole, left = divmod(left, round(one / parts[-1][0]))
        out += [f"{whole:,} {sign}"] if whole else []
    return ("−" if ms < 0 else "") + " ".join(out)


# -- many values -------------------------------------------------------------------------------------------------------


def thinned(x: Sequence[float], y: Sequence[float], most: int = 700) -> tuple[list[float], list[float]]:
    """Steps with few enough corners for a picture: of each stretch the extremes remain, and every gap.

    ``x`` has one entry more than ``y``. A picture has some 500 columns, so nothing that could be seen is lost.
    """
    if len(y) <= most:
        return list(map(float, x)), list(map(float, y))
    stretch = ceil(len(y) / (most / 4))
    keep: list[int] = []
    for begin in range(0, len(y), stretch):
        part = list(y[begin : begin + stretch])
        known = [value for value in part if value == value]
        chosen = {0} | ({part.index(min(known)), part.index(max(known))} if known else set())
        if len(known) < len(part):  # the first gap, and what comes after the last one
            gaps = [i for i, value in enumerate(part) if value != value]
            chosen |= {gaps[0], min(gaps[-1] + 1, len(part) - 1)}
        keep += [begin + i for i in sorted(chosen)]
    return [float(x[i]) for i in keep] + [float(x[-1])], [float(y[i]) for i in keep]


# -- the view ----------------------------------------------------------------------------------------------------------


class ChartView(View):
    """A view that keeps its ``chart``: the same picture as data, for another renderer.

    ``chart_matplotlib.figure(view.chart)`` is the matplotlib figure, to be saved as PDF, for example.
    """

    chart: Chart


def show(kind: str, title: str, finding: str, chart: Chart, draw: Callable[[Chart], str] | None = None) -> ChartView:
    """Draw a chart by matplotlib; for a page, and where it cannot be imported, our own SVG backend draws it.

    The finding is the same.
    """
    layout = lay_out(chart)
    plain = picture(kind, title, finding, layout.width, layout.height, [(draw or _renderer())(chart)])
    view = ChartView(plain.finding, plain.svg, plain.alt, plain.title)
    view.chart = chart
    return view


def _renderer() -> Callable[[Chart], str]:
    from . import chart_svg

    if for_a_page():  # its pictures take half the room
        return chart_svg.draw
    try:
        from . import chart_matplotlib
    except ImportError:
        return chart_svg.draw
    return chart_matplotlib.draw


def said(kind: str, title: str, finding: str) -> View:
    """A view of nothing: where the picture would be it says so."""
    return picture(kind, title, finding, WIDTH, 30, [svg_text(10, 20, "Nothing to draw.", "start")])
