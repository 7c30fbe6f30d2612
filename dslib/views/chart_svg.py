"""Charts as SVG, in pure Python: used where matplotlib cannot be imported, such as in a browser's Python.

Everything has its place already (``chart.lay_out``); here it becomes paths. Colours are the page's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import cos, isnan, pi, sin

from .chart import Band, Boxes, Chart, Frame, Line, Look, Points, Rule, Sample, Span, lay_out
from .static import COLOUR, px

INK = COLOUR | {"ink": "currentColor"}
_MARKS = 56.0  # pixels between two markers on a line


def draw(chart: Chart) -> str:
    """The inside of an ``<svg>`` as large as the layout says."""
    layout = lay_out(chart)
    out = []
    for frame in layout.frames:
        body = "".join([*_ground(frame), *_marks(frame)])
        out.append(f'<g transform="translate({px(frame.left)} {px(frame.top + frame.height)})">{body}</g>')
    out += map(_sample, layout.samples)
    out += [
        f'<text x="{px(t.x)}" y="{px(t.y)}" text-anchor="{t.anchor}" fill="currentColor" font-weight="{t.weight}" '
        f'fill-opacity="{t.opacity:g}">{escape(t.words)}</text>'
        for t in layout.texts
    ]
    return '<g stroke-linejoin="round">' + "".join(out) + "</g>"


def _ground(frame: Frame) -> Iterable[str]:
    """Spans, the grid and the axes, with a break where a strip begins."""
    width, height = px(frame.width), px(frame.height)
    for mark in frame.panel.marks:
        if isinstance(mark, Span):
            x1, x2 = px(frame.x(mark.start)), px(frame.x(mark.end))
            if isnan(x1 + x2):
                continue
            ink = INK[mark.look.colour]
            yield f'<path d="M{x1} 0H{x2}V-{height}H{x1}z" fill="{ink}" fill-opacity=".16"/>'
            yield f'<path d="M{x1} 0V-{height}M{x2} 0V-{height}" stroke="{ink}" stroke-width="1.3"{_dash(mark.look)}/>'
    grid = "".join(f"M0 {px(-y)}H{width}" for y in frame.ticks_y) if "y" in frame.panel.grid else ""
    grid += "".join(f"M{px(x)} 0V-{height}" for x in frame.ticks_x) if "x" in frame.panel.grid else ""
    if grid:
        yield f'<path d="{grid}" stroke="currentColor" stroke-opacity=".15"/>'
    ticks = "".join(f"M{px(x)} 0v4" for x in frame.ticks_x) + "".join(f"M0 {px(-y)}h-4" for y in frame.ticks_y)
    yield f'<path d="M0 -{height}V0H{width}{ticks}" stroke="currentColor" stroke-width="1.2"/>'
    breaks = "".join(f"M0 {px(-y)}H{width}" for y in frame.breaks_y)
    breaks += "".join(f"M{px(x)} 0V-{height}" for x in frame.breaks_x)
    if breaks:
        yield f'<path d="{breaks}" stroke="currentColor" stroke-opacity=".6" stroke-dasharray="2 4"/>'


def _marks(frame: Frame) -> Iterable[str]:
    marks = frame.panel.marks
    for mark in marks:
        if isinstance(mark, Boxes):
            path = ""
            for x1, x2, y1, y2 in mark.boxes:
                a, b, c, d = frame.x(x1), frame.x(x2), frame.y(y1), frame.y(y2)
                if not isnan(a + b + c + d):
                    path += f"M{px(a)} {px(-c)}H{px(b)}V{px(-d)}H{px(a)}z"
            edge = ' stroke="currentColor" stroke-opacity=".55"' if mark.edge else ""
            yield f'<path d="{path}" fill="{INK[mark.look.colour]}" fill-opacity="{mark.look.opacity:g}"{edge}/>'
        elif isinstance(mark, Band):
            for piece in pieces(frame, mark.x, mark.low, mark.high, steps=mark.steps):
                there = [(x, low) for x, low, _ in piece]
                back = [(x, high) for x, _, high in reversed(piece)]
                ink = INK[mark.look.colour]
                yield f'<path d="{_path(there + back)}z" fill="{ink}" fill-opacity="{mark.look.opacity:g}"/>'
    for mark in marks:
        if isinstance(mark, Rule):
            at = frame.y(mark.at) if mark.axis == "y" else frame.x(mark.at)
            if isnan(at):
                continue
            path = f"M0 {px(-at)}H{px(frame.width)}" if mark.axis == "y" else f"M{px(at)} 0V-{px(frame.height)}"
            yield f'<path d="{path}"{_stroke(mark.look)}/>'
        elif isinstance(mark, Line):
            found = pieces(frame, mark.x, mark.y, steps=mark.steps)
            yield f'<path d="{"".join(_path([(x, y) for x, y, _ in piece]) for piece in found)}"{_stroke(mark.look)}/>'
            yield _markers(mark.look, spots(found))
    for mark in marks:
        if isinstance(mark, Points):
            yield _whiskers(frame, mark)
            places = zip(map(frame.x, mark.x), map(frame.y, mark.y), strict=True)
            yield _markers(mark.look, [(x, y) for x, y in places if not isnan(x + y)])


def pieces(
    frame: Frame, x: Sequence[float], low: Sequence[float], high: Sequence[float] | None = None, steps: bool = False
) -> list[list[tuple[float, float, float]]]:
    """The parts of a line between its gaps, as corners (x, y, upper y) in pixels."""
    found: list[list[tuple[float, float, float]]] = [[]]
    for i, at in enumerate(low):
        corner = frame.x(x[i]), frame.y(at), frame.y(high[i] if high is not None else at)
        if isnan(corner[0] + corner[1] + corner[2]):
            found.append([])
            continue
        found[-1].append(corner)
        if steps:
            found[-1].append((frame.x(x[i + 1]), *corner[1:]))
    return [piece for piece in found if piece]


def spots(found: Iterable[Sequence[tuple[float, float, float]]]) -> list[tuple[float, float]]:
    """Where a line's markers stand: some way apart, and on every piece, be it a single point."""
    places = []
    for piece in found:
        x, y, _ = piece[len(piece) // 2]
        last = -_MARKS
        several = [(x, y) for x, y, _ in piece] if piece[-1][0] - piece[0][0] > _MARKS else [(x, y)]
        for x, y in several:
            if x - last >= _MARKS:
                places.append((x, y))
                last = x
    return places


def _path(corners: Sequence[tuple[float, float]]) -> str:
    """The shortest way to write a path; a corner on the way straight ahead is left out."""
    out = ""
    before: tuple[float, float] | None = None
    for corner in corners:
        x, y = px(corner[0]), px(-corner[1])
        if before is None:
            out = f"M{x} {y}"
        elif (x, y) == before:
            continue
        elif y == before[1]:
            out += f"H{x}"
        elif x == before[0]:
            out += f"V{y}"
        else:
            out += f"L{x} {y}"
        before = x, y
    # A path of one point would not be seen.
    return out + "h.1" if len(corners) == 1 else out


def _whiskers(frame: Frame, mark: Points) -> str:
    path = ""
    for x, y, low, high in zip(mark.x, mark.y, mark.low, mark.high, strict=False):
        if mark.along == "y":
            at, a, b = frame.x(x), frame.y(low), frame.y(high)
            piece = f"M{px(at)} {px(-a)}V{px(-b)}M{px(at - 5)} {px(-a)}h10M{px(at - 5)} {px(-b)}h10"
        else:
            at, a, b = frame.y(y), frame.x(low), frame.x(high)
            piece = f"M{px(a)} {px(-at)}H{px(b)}M{px(a)} {px(-at - 5)}v10M{px(b)} {px(-at - 5)}v10"
        path += "" if isnan(at + a + b) else piece
    return f'<path d="{path}" stroke="{INK[mark.look.colour]}" stroke-width="1.6"/>' if path else ""


def _sample(one: Sample) -> str:
    middle = (one.x1 + one.x2) / 2
    ink = INK[one.look.colour]
    if one.filled:
        box = f"M{px(one.x1)} {px(one.y - 6)}H{px(one.x2)}v12H{px(one.x1)}z"
        return f'<path d="{box}" fill="{ink}" fill-opacity="{one.look.opacity:g}" stroke="{ink}"/>'
    line = f'<path d="M{px(one.x1)} {px(one.y)}H{px(one.x2)}"{_stroke(one.look)}/>' if one.look.width else ""
    return line + _markers(one.look, [(middle, -one.y)])


def _stroke(look: Look) -> str:
    faint = f' stroke-opacity="{look.opacity:g}"' if look.opacity != 1 else ""
    return f' stroke="{INK[look.colour]}" stroke-width="{look.width:g}"{_dash(look)}{faint}'


def _dash(look: Look) -> str:
    return f' stroke-dasharray="{look.dash}"' if look.dash else ""


#: Markers that are drawn as an outline, and of which shape.
HOLLOW = {"O": "o", "S": "s", "V": "D", "x": "x", "_": "_"}

_SQUARE = "M-4 -4h8v8h-8z"
_SHAPES = {
    "o": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    "s": _SQUARE,
    "D": "M0 -5.5L5.5 0L0 5.5L-5.5 0z",
    "^": "M0 -5L5 4H-5z",
    "v": "M0 5L5 -4H-5z",
    "x": "M-4 -4L4 4M-4 4L4 -4",
    "_": "M-8 0H8",
    "*": "M" + "L".join(
        f"{(5.5 if k % 2 == 0 else 2.4) * sin(pi * k / 5):.1f} {-(5.5 if k % 2 == 0 else 2.4) * cos(pi * k / 5):.1f}"
        for k in range(10)
    ) + "z",
}  # fmt: skip


def _markers(look: Look, places: Iterable[tuple[float, float]]) -> str:
    if not look.marker:
        return ""
    ink = INK[look.colour]
    hollow = look.marker in HOLLOW
    shape = _SHAPES[HOLLOW.get(look.marker, look.marker)]
    paint = f'stroke="{ink}" stroke-width="1.8"' if hollow else f'fill="{ink}"'
    return "".join(f'<path transform="translate({px(x)} {px(-y)})" d="{shape}" {paint}/>' for x, y in places)
