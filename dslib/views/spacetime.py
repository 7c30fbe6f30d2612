"""A space-time diagram as still SVG, for pages where no script runs.

It takes the player's bundle (see ``player.py``) and stands on any paper: no background, text in the page's own colour.
Of a long run it shows one window.
"""

from __future__ import annotations

from html import escape
from typing import Any

from .palette import OUTCOMES, SIGNS
from .static import COLOUR

WIDTH, GUTTER, TOP = 760, 104, 34
#: More messages than this cannot be told apart in one picture.
MOST_MESSAGES = 110

_FAULT_MARKS = {"network.partition": "cut"}


def space_time_svg(bundle: dict[str, Any], most: int = MOST_MESSAGES) -> str:
    """The run as one ``<svg>`` element, with its finding as its label and at most so many messages."""
    trace = bundle["trace"]
    hops = [e for e in trace["events"] if e[1] == "hop"]
    nodes: list[str] = [*dict.fromkeys([*trace["nodes"], *(name for e in hops for name in e[2:4])])]
    start, end = window(bundle, most)
    gap = 44 if len(nodes) <= 5 else 30 if len(nodes) <= 10 else 18
    lane = {name: TOP + 16.0 + gap * i for i, name in enumerate(nodes)}
    bottom = TOP + 16 + gap * (len(nodes) - 1) + 16
    scale = (WIDTH - GUTTER - 16) / ((end - start) or 1.0)

    def x(time: float) -> float:
        return round(GUTTER + (min(max(time, start), end) - start) * scale, 1)

    out: list[str] = []
    for tick in ticks(start, end):
        at = x(tick)
        out.append(f'<path d="M{at} {TOP}V{bottom}" stroke="currentColor" stroke-opacity=".15"/>')
        anchor = "start" if at < GUTTER + 20 else "end" if at > WIDTH - 50 else "middle"
        out.append(svg_text(at, bottom + 15, f"{tick:,g} ms", anchor, opacity=0.75))
    for name, y in lane.items():
        out.append(svg_text(GUTTER - 10, y + 4, shortened(name, 13), "end", weight=600))
        out.append(f'<path d="M{GUTTER} {y}H{WIDTH - 16}" stroke="currentColor" stroke-opacity=".5"/>')
    out += _cuts(bundle, lane, x, start, end)
    out += _spells(bundle, lane, x, start, end)
    out += _messages(trace, lane, x, start, end)
    for fault in bundle["faults"]:
        if start <= fault["at"] <= end:
            at = x(fault["at"])
            mark = _FAULT_MARKS.get(fault["call"], fault["call"].removeprefix("network.").replace("_", " "))
            out.append(f'<path d="M{at} {TOP - 4}V{bottom}" stroke="currentColor" stroke-dasharray="2 3"/>')
            out.append(svg_text(at, TOP - 10, mark, "end" if at > WIDTH - 60 else "middle"))
    height, rows = _users(bundle, x, start, end, bottom + 34)
    out += rows
    label = escape(f"Space-time diagram. {bundle['summary']}", quote=True)
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {height}" '
        f'style="display:block;width:100%;min-width:700px;max-width:{WIDTH}px" fill="none" '
        f'font-family="system-ui,sans-serif" font-size="12">{"".join(out)}</svg>'
    )


def window(bundle: dict[str, Any], most: int = MOST_MESSAGES) -> tuple[float, float]:
    """From when to when (ms) the still picture shows the run: all of it, or the part in which things first go wrong."""
    trace, begin = bundle["trace"], bundle.get("since", 0.0)
    end = trace["end"] or max((e[0] for e in trace["events"]), default=1.0) or 1.0
    sends = [e[0] for e in trace["events"] if e[1] == "send"]
    if len(sends) <= most:
        return begin, end
    trouble = next((e[0] for e in trace["events"] if e[1] in ("drop", "crash") and e[0] >= begin), begin)
    first = max(0, next((i for i, at in enumerate(sends) if at >= trouble), 0) - most // 4)
    last = min(len(sends) - 1, first + most)
    return (begin if first == 0 else sends[first]), sends[last]


def _messages(trace: dict[str, Any], lane: dict[str, float], x: Any, start: float, end: float) -> list[str]:
    sent: dict[Any, tuple[float, str, str]] = {}
    routes: dict[Any, list[_Way]] = {}
    ways, heads, lost, crosses = [], [], [], []
    for time, kind, src, dest, id, _, detail in trace["events"]:
        if kind == "send":
            sent[id] = (time, src, dest)
        elif kind == "hop":
            way = _way_to(src, routes.setdefault(id, []))
            way[-1:] = [(time, src), (None, dest)]
        if kind not in ("deliver", "drop") or id not in sent:
            continue
        began, src, dest = sent[id]
        points: list[tuple[float, str]] = [(began, src)]
        if id in routes:
            last = dest if kind == "deliver" else detail.partition(" at ")[2].rpartition(" → ")[2] or dest
            way = _way_to(last, routes[id])
            points, dest = [(at, place) for at, place in way if at is not None], last
            way[-1] = (time, dest)
        if began > end or time < start:
            continue
        line = [f"{x(at)} {lane[place]}" for at, place in points]
        x1, y1, x2, y2 = x(points[-1][0]), lane[points[-1][1]], x(time), lane[dest]
        if kind == "deliver":
            ways.append(f"M{'L'.join([*line, f'{x2} {y2}'])}")
            heads.append(_head(x1, y1, x2, y2))
        else:
            if time <= points[-1][0]:  # dropped on sending: a stub shows where it was to go
                x2, y2 = x1 + 7, y1 + (y2 - y1) * 0.4
            else:
                y2 -= 7 if y2 > y1 else -7
            lost.append(f"M{'L'.join([*line, f'{round(x2, 1)} {round(y2, 1)}'])}")
            crosses.append(f"M{round(x2 - 4, 1)} {round(y2 - 4, 1)}l8 8m0 -8l-8 8")
    blue, red = COLOUR["delivered"], COLOUR["dropped"]
    return [
        f'<path d="{"".join(ways)}" stroke="{blue}" stroke-width="1.4"/><path d="{"".join(heads)}" fill="{blue}"/>',
        f'<path d="{"".join(lost)}" stroke="{red}" stroke-width="1.6" stroke-dasharray="{SIGNS["dropped"].dash}" '
        f'stroke-linecap="round"/><path d="{"".join(crosses)}" stroke="{red}" stroke-width="2"/>',
    ]


#: When a routed message was at which place; where it is going next has no time yet.
_Way = list[tuple[float | None, str]]


def _way_to(place: str, ways: list[_Way]) -> _Way:
    """The way of the copy that comes to this place next. One that a link doubled shares the way up to there."""
    for way in ways:
        if way[-1] == (None, place):
            return way
    shared: _Way = []
    for way in ways:
        names = [name for _, name in way]
        if place in names:
            shared = way[: names.index(place)]
            break
    ways.append([*shared, (None, place)])
    return ways[-1]


def _head(x1: float, y1: float, x2: float, y2: float) -> str:
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 or 1.0
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    bx, by = x2 - 7 * ux, y2 - 7 * uy
    left, right = (round(bx - 3 * uy, 1), round(by + 3 * ux, 1)), (round(bx + 3 * uy, 1), round(by - 3 * ux, 1))
    return f"M{x2} {y2}L{left[0]} {left[1]}L{right[0]} {right[1]}Z"


def _cuts(bundle: dict[str, Any], lane: dict[str, float], x: Any, start: float, end: float) -> list[str]:
    """Hatched: the lanes of all sides of a partition but the largest, of what is isolated, and of a cut link's ends."""
    since: dict[tuple[str, str], float] = {}  # (lane, why) -> when it was cut
    spans: list[tuple[str, float, float]] = []
    for fault in sorted(bundle["faults"], key=lambda f: f["at"]):
        at, call, args = fault["at"], fault["call"], fault["args"]
        if call == "network.partition":
            largest = max(args, key=len)
            since.update({(name, "partition"): at for group in args if group is not largest for name in group})
        elif call == "network.cut":
            since.update({(name, "/".join(sorted(args[:2]))): at for name in args[:2]})
        elif call == "network.isolate":
            since.update({(name, "isolate"): at for name in bundle.get("domains", {}).get(" ".join(args), [])})
        elif call == "network.heal":
            ended = [key for key in since if not args or key[1] == "/".join(sorted(args))]
            spans += [(key[0], since.pop(key), at) for key in ended]
    spans += [(name, began, end) for (name, _), began in since.items()]
    hatch = [
        f"M{step} {lane[name] + 12}l8 -24"
        for name, began, until in spans
        if name in lane and until >= start and began <= end
        for step in range(int(x(began)), int(x(until)) - 8, 7)
    ]
    return [f'<path d="{"".join(hatch)}" stroke="{COLOUR["cut"]}"/>'] if hatch else []


def _spells(bundle: dict[str, Any], lane: dict[str, float], x: Any, start: float, end: float) -> list[str]:
    """When a node was down (a full bar), stood still (a hollow one) or was slow (a zigzag)."""
    out = []
    for name, what, since, until in spells(bundle, end):
        if name in lane and until >= start and since <= end:
            x1, x2, y = x(since), x(until), lane[name]
            x2 = max(x2, x1 + 2)
            if what == "down":
                out.append(f'<path d="M{x1} {y}H{x2}" stroke="currentColor" stroke-width="9"/>')
            elif what == "paused":
                out.append(
                    f'<rect x="{x1}" y="{y - 4.5}" width="{round(x2 - x1, 1)}" height="9" stroke="currentColor"/>'
                )
            else:
                teeth = "l3 -4l3 4" * int((x2 - x1) / 6)
                out.append(f'<path d="M{x1} {y}{teeth}" stroke="currentColor"/>')
            out.append(svg_text(x1 + 2, y - 9, what, "start"))
    return out


def spells(bundle: dict[str, Any], end: float) -> list[tuple[str, str, float, float]]:
    """Who was ``"down"``, ``"paused"`` or ``"slow ×10"``, from when to when; what lasts ends at ``end``."""
    nodes, domains = bundle["trace"]["nodes"], bundle.get("domains", {})
    begun: dict[tuple[str, str], tuple[float, str]] = {}  # (who, what) -> since when, and in words
    found = []

    def over(name: str, what: str, time: float) -> None:
        if (name, what) in begun:
            since, words = begun.pop((name, what))
            found.append((name, words, since, time))

    for time, kind, src, _, _, _, detail in bundle["trace"]["events"]:
        struck, call = [src], kind
        if kind == "fault":
            call, args = detail["call"], detail["args"]
            struck = args[:1]
            if call in ("crash", "restart", "remove", "restore"):  # the trace itself says so of nodes, not of routers
                members = struck if call in ("crash", "restart") else domains.get(" ".join(args), [])
                struck = [name for name in members if name not in nodes]
        for name in struck:
            if call in ("crash", "remove"):
                over(name, "paused", time)
                begun.setdefault((name, "down"), (time, "down"))
            elif call in ("restart", "restore"):
                over(name, "paused", time)
                over(name, "down", time)
            elif call == "pause" and (name, "down") not in begun:
                begun.setdefault((name, "paused"), (time, "paused"))
            elif call == "resume":
                over(name, "paused", time)
            elif call == "slow":
                over(name, "slow", time)
                if detail["args"][1] != 1:
                    begun[name, "slow"] = time, f"slow ×{detail['args'][1]:g}"
    for name, what in list(begun):
        over(name, what, end)
    return found


def _users(bundle: dict[str, Any], x: Any, start: float, end: float, top: float) -> tuple[float, list[str]]:
    """The operations in rows, each with its mark; the height they need."""
    operations = sorted(bundle["operations"], key=lambda op: (op["start"], op["id"]))
    if not operations:
        return top - 12, []
    out = [svg_text(GUTTER - 10, top + 11, "users saw", "end", weight=600)]
    rows: list[float] = []
    for op in operations:
        until = next((t for t in (op["end"], op["judged"]) if t is not None), bundle["trace"]["end"])
        if op["start"] > end or until < start:
            continue
        row = next((i for i, free in enumerate(rows) if free <= op["start"]), len(rows))
        if row == 12:  # twelve rows are full: the bars of the rest overlap
            row = min(range(12), key=lambda i: rows[i])
        rows[row : row + 1] = [until]
        x1, x2, y = x(op["start"]), max(x(until) - 1, x(op["start"]) + 4), top + 18 * row
        good = op["outcome"] == "good"
        paint = (
            f'fill="{COLOUR["good"]}"'
            if good
            else f'stroke="{COLOUR["dropped"]}" stroke-width="1.5"'
            + (' stroke-dasharray="2 3"' if op["outcome"] in ("never", "open") else "")
        )
        out.append(f'<rect x="{x1}" y="{y}" width="{round(x2 - x1, 1)}" height="14" rx="3" {paint}/>')
        if x2 - x1 >= 10:
            mark = OUTCOMES[op["outcome"]][0]
            fill = "#ffffff" if good else "currentColor"
            out.append(
                f'<text x="{round((x1 + x2) / 2, 1)}" y="{y + 11}" text-anchor="middle" fill="{fill}">{mark}</text>'
            )
    return top + 18 * len(rows) + 8, out


def ticks(start: float, end: float) -> list[float]:
    """Round numbers from ``start`` to ``end``, about seven of them."""
    raw = (end - start) / 7
    power = 1.0
    while power * 10 <= raw:
        power *= 10
    while power > raw:
        power /= 10
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    first = int(-(-start // step))
    return [round(i * step, 6) for i in range(first, int(end // step) + 1)]


def svg_text(x: float, y: float, words: str, anchor: str, *, weight: int = 400, opacity: float = 1.0) -> str:
    """Words in a picture, in the colour of the page's text."""
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="currentColor" font-weight="{weight}" '
        f'fill-opacity="{opacity}">{escape(words)}</text>'
    )


def shortened(name: str, most: int) -> str:
    """A name that takes no more than ``most`` letters."""
    return name if len(name) <= most else name[: most - 1] + "…"
