"""A picture of what users saw, and of the share of good answers that comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import inf
from numbers import Real
from typing import Any

from ..metrics import Seen, good_share
from .palette import OUTCOMES
from .spacetime import shortened, svg_text, ticks
from .static import COLOUR, View, count, names, picture, px

WIDTH, GUTTER, RIGHT = 720, 104, 16
#: Marks on a filled bar: the bars are lighter on dark paper, so the ink turns dark there.
ON_FILL = "var(--dslib-on-fill,#ffffff)"
#: So many operations of one user are drawn beside each other; more overlap.
MOST_ROWS = 6


def timeline(seen: Iterable[Seen], target: float | None = None, title: str = "") -> View:
    """What users saw: each operation as a bar in its user's lane, and under it the share of good answers so far.

    Args:
        seen: the result of ``what_users_saw(history, until)``.
        target: the share that was promised, a fraction of 1; drawn as a dashed line and judged in the finding.

    Raises:
        ValueError: ``target`` is no share.
        TypeError: ``seen`` is not what users saw.
    """
    if not isinstance(seen, Iterable):
        raise TypeError(
            f"timeline(…) shows what users saw, not a {type(seen).__name__}: "
            "write timeline(what_users_saw(sim.history, sim.now))"
        )
    if target is not None and (isinstance(target, bool) or not isinstance(target, Real) or not 0 < target <= 1):
        raise ValueError(f"target is {target!r}: write a share above 0 and at most 1, for example 0.9, or None")
    seen = sorted(seen, key=lambda s: (s.operation.invoked, s.operation.id))
    finding = _users_finding(seen, target)
    if not seen:
        return picture("What users saw", title, finding, WIDTH, 30, [svg_text(10, 20, "No operations.", "start")])
    end = max(max(s.operation.invoked, s.judged or 0.0, s.operation.completed or 0.0) for s in seen) or 1.0

    def x(time: float) -> float:
        return px(GUTTER + time / end * (WIDTH - GUTTER - RIGHT))

    body, bars, marks = [], dict[str, list[str]](), []
    top = 22.0
    for user in dict.fromkeys(map(_user, seen)):
        body.append(svg_text(GUTTER - 10, top + 11, shortened(user, 13), "end", weight=600))
        rows: list[float] = []
        for s in (s for s in seen if _user(s) == user):
            op, until = s.operation, _until(s, end)
            row = next((i for i, free in enumerate(rows) if free <= op.invoked), len(rows))
            row = min(row, MOST_ROWS - 1)
            rows[row : row + 1] = [until]
            x1, x2, y = x(op.invoked), max(x(until) - 1, x(op.invoked) + 3), top + 17 * row
            bars.setdefault(s.outcome, []).append(f"M{x1} {px(y)}H{px(x2)}v14H{x1}z")
            if x2 - x1 >= 11:
                marks.append(_mark(s.outcome, (x1 + x2) / 2, y + 11))
        top += 17 * len(rows) + 8
    body += [_bar(outcome, "".join(path)) for outcome, path in bars.items()]
    body += marks
    height, share = _share_so_far(seen, target, x, top + 24)
    body += share
    for tick, words in _time_ticks(end):
        body.insert(0, f'<path d="M{x(tick)} 16V{px(height)}" stroke="currentColor" stroke-opacity=".15"/>')
        anchor = "middle" if x(tick) < WIDTH - 40 else "end"
        body.append(svg_text(x(tick), height + 16, words, anchor, opacity=0.8))
    height, key = _key(seen, height + 38)
    return picture("What users saw over time", title, finding, WIDTH, height + 10, body + key)


def _key(seen: Sequence[Seen], y: float) -> tuple[float, list[str]]:
    """The outcomes that occur, with their bars and how often; and where the last line of them stands."""
    out, x = [], 10.0
    for outcome, number in _outcomes(seen).items():
        words = f"{OUTCOMES[outcome][1]} {number}"
        wide = 40 + 8 * len(words)
        if x + wide > WIDTH:
            x, y = 10.0, y + 20
        out += [_bar(outcome, f"M{px(x)} {px(y - 11)}h18v14h-18z"), _mark(outcome, x + 9, y)]
        out.append(svg_text(px(x + 25), y, words, "start"))
        x += wide
    return y, out


def _users_finding(seen: Sequence[Seen], target: float | None) -> str:
    judged = [s for s in seen if s.outcome != "open"]
    if not judged:
        return f"{count(len(seen), 'operation')}, none of them judged yet." if seen else "Users asked for nothing."
    found, share = _outcomes(judged), good_share(judged)
    words = f"{count(len(judged), 'operation')} of {count(len(set(map(_user, judged))), 'user')}: "
    words += f"{found['good']} good = {percent(share, target)}"
    if target is not None:
        words += f", {'under' if share < target else 'which meets'} the target of {percent(target)}"
    words += "."
    bad = [f"{number} {OUTCOMES[outcome][1]}" for outcome, number in found.items() if outcome != "good" and number]
    first = min((s for s in judged if s.outcome != "good"), key=_judged_at, default=None)
    if first is not None:
        op = first.operation
        words += f" The others: {names(bad)}." if bad else ""
        words += f" First, at {first.judged or 0.0:,.0f} ms: {op.f} of {_user(first)}, {first.say}."
    return words


def _share_so_far(seen: Sequence[Seen], target: float | None, x: Any, top: float) -> tuple[float, list[str]]:
    """The share of good operations among those judged so far, as a staircase; and where the picture ends."""
    height = 74.0

    def y(share: float) -> float:
        return px(top + (1 - share) * height)

    out = [svg_text(GUTTER - 10, top - 13, "good so far", "end", weight=600)]
    for share in (0.0, 0.5, 1.0):
        out.append(f'<path d="M{GUTTER} {y(share)}H{WIDTH - RIGHT}" stroke="currentColor" stroke-opacity=".15"/>')
        out.append(svg_text(GUTTER - 10, y(share) + 4, percent(share), "end", opacity=0.8))
    steps = sorted((s for s in seen if s.judged is not None), key=_judged_at)
    path, good = "", 0
    for number, s in enumerate(steps, 1):
        good += s.outcome == "good"
        path += f"{'H' if path else 'M'}{x(s.judged)}{'V' if path else ' '}{y(good / number)}"
    if target is not None:
        out.append(f'<path d="M{GUTTER} {y(target)}H{WIDTH - RIGHT}" stroke="currentColor" stroke-dasharray="6 4"/>')
        out.append(svg_text(GUTTER + 4, y(target) + 14, f"target {percent(target)}", "start", opacity=0.8))
    if steps:
        share = good / len(steps)
        out.append(f'<path d="{path}" stroke="currentColor" stroke-width="2.2"/>')
        last = x(steps[-1].judged)
        kept = target is None or share >= target
        colour = COLOUR["good"] if kept else COLOUR["dropped"]
        out.append(f'<circle cx="{last}" cy="{y(share)}" r="4.5" fill="{colour}"/>')
        right = last < WIDTH - RIGHT - 50
        beside = (last + 9, y(share) + 4) if right else (last - 4, y(share) + (20 if share > 0.5 else -9))
        out.append(svg_text(*beside, percent(share, target), "start" if right else "end", weight=700))
    return top + height, out


def _bar(outcome: str, path: str) -> str:
    looks = {
        "good": f'fill="{COLOUR["good"]}"',
        "wrong": f'fill="{COLOUR["dropped"]}" stroke="currentColor"',
        "slow": f'stroke="{COLOUR["dropped"]}" stroke-width="1.5" stroke-dasharray="6 3"',
        "refused": f'stroke="{COLOUR["dropped"]}" stroke-width="1.5"',
        "never": f'stroke="{COLOUR["dropped"]}" stroke-width="1.5" stroke-dasharray="1 3"',
        "open": 'stroke="currentColor" stroke-opacity=".6" stroke-dasharray="1 3"',
    }[outcome]
    return f'<path d="{path}" {looks}/>'


def _mark(outcome: str, x: float, y: float) -> str:
    sign = OUTCOMES[outcome][0]
    ink = ON_FILL if outcome in ("good", "wrong") else "currentColor"
    return f'<text x="{px(x)}" y="{px(y)}" text-anchor="middle" fill="{ink}" font-weight="600">{sign}</text>'


def _outcomes(seen: Iterable[Seen]) -> dict[str, int]:
    """How often each outcome occurred, in the order of the palette; "good" also when it did not."""
    found = Counter(s.outcome for s in seen)
    return {outcome: found[outcome] for outcome in OUTCOMES if found[outcome] or outcome == "good"}


def _user(s: Seen) -> str:
    """The client, under whatever process number it asked."""
    return str(s.operation.process).partition("#")[0]


def _judged_at(s: Seen) -> tuple[float, int]:
    return (inf if s.judged is None else s.judged), s.operation.id


def _until(s: Seen, end: float) -> float:
    """Where an operation's bar ends: with the answer or, without one, when its user gave up."""
    return s.operation.completed if s.operation.completed is not None else s.judged if s.judged is not None else end


def _time_ticks(end: float) -> list[tuple[float, str]]:
    if end < 20_000:
        return [(tick, f"{tick:,g} ms") for tick in ticks(0.0, end)]
    return [(tick, f"{tick / 1_000:,g} s") for tick in ticks(0.0, end)]


def percent(share: float, beside: float | None = None) -> str:
    """``75 %``: three digits, more where the target or 100 % would otherwise look reached, or missed."""
    for digits in range(3, 9):
        text = f"{100 * share:.{digits}g}"
        if all(share == mark or text != f"{100 * mark:.{digits}g}" for mark in (1.0, beside) if mark is not None):
            break
    return f"{text} %"
