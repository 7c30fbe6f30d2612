"""A war among generals in one picture, and the game of lying to them: who said what to whom, and who did what.

``who_said_what(sim)`` draws a war that has been run, of three or four generals who send oral or signed messages in two
rounds. ``betray(3)`` makes the reader the traitor: who the traitor is, what was ordered, and each of the traitor's
messages are chosen in a form. There are 16 ways to lie among three generals and 40 among four, so the page knows the
end of each war, as fought by nodes (``scenarios.traitors.hand_wars``), and needs no kernel.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from math import hypot
from typing import Any, NamedTuple

from ..protocols.byzantine_generals import ATTACK, RETREAT, judge
from ..scenarios.traitors import HandWar, Said, account, decided, hand_wars, liars, outcome, said, to_say
from .forms import awake
from .spacetime import svg_text
from .static import COLOUR, KEYS, STYLE, View, count, names, picture, px, widget_class, with_widget

SCHEMA = "dslib.traitor/1"

#: The files of the form's script.
PARTS = ("forms", "traitor")

# -- the picture -------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT, KEY = 360, 330, 26
#: Where the generals stand, the commander on top.
PLACES: dict[int, tuple[tuple[float, float], ...]] = {
    3: ((180, 46), (62, 240), (298, 240)),
    4: ((180, 46), (54, 164), (180, 284), (306, 164)),
}
#: Where on an arrow its order stands: from the commander straight down, from him to the sides, among lieutenants.
DOWN, ASIDE, AMONG = 0.27, 0.5, 0.32
#: Lieutenants talk both ways: their arrows stand so far from the straight line.
APART = 7.5

#: An order is told by a shape and a letter, a general's loyalty by a shape and a word.
SHAPES = {ATTACK: "M0 -9.5A9.5 9.5 0 1 1 0 9.5A9.5 9.5 0 1 1 0 -9.5Z", RETREAT: "M-8.5 -8.5H8.5V8.5H-8.5Z"}
LETTERS = {ATTACK: "A", RETREAT: "R"}
LOYAL, TRAITOR = "M0 -20A20 20 0 1 1 0 20A20 20 0 1 1 0 -20Z", "M0 -25L25 0L0 25L-25 0Z"


class Line(NamedTuple):
    """One arrow of the picture: from whom to whom, and in which round."""

    by: int
    to: int
    round: int


def lines(n: int) -> list[Line]:
    """The arrows among n generals: the commander's, then those among lieutenants."""
    first = [Line(0, to, 1) for to in range(1, n)]
    return first + [Line(by, to, 2) for by in range(1, n) for to in range(1, n) if by != to]


def who_said_what(sim: Any, title: str = "") -> View:
    """A war in one picture: an arrow for each message, with what it says; lies dashed; and who does what in the end.

    Args:
        sim: a war of three or four generals, run to its end: ``war(4, 1)`` with ``sim.lie``, or ``signed_camp()``.
        title: words above the picture.

    Raises:
        ValueError: there are no generals, they have not decided, or there are too many for one picture.
    """
    camp, spoken = list(decided(sim)), said(sim)
    if len(camp) not in PLACES or any(len(one.path) > 2 for one in spoken):
        raise ValueError(
            f"{len(camp)} generals in {max((len(one.path) for one in spoken), default=0)} rounds talk too much for one "
            "picture: draw three or four in two rounds, or space_time(sim.trace)"
        )
    found = " ".join([_intro(sim), *account(sim), outcome(sim)])
    return picture("War of generals", title, found, WIDTH, HEIGHT + KEY, _drawn(sim, spoken))


def _intro(sim: Any) -> str:
    traitors = liars(sim)
    if not traitors:
        return "Nobody lies."
    lies = [one for one in said(sim) if one.lie]
    told = [f"{one.order} to {one.dest}{' (forged)' if one.forged else ''}" for one in lies]
    who = f"{names(traitors)} {'is the traitor' if len(traitors) == 1 else 'are traitors'}"
    return f"{who} and lies: {names(told)}." if lies else f"{who}, and tells the truth."


def _drawn(sim: Any, spoken: Iterable[Said]) -> list[str]:
    camp = list(decided(sim))
    by_line = {(one.path[-1], one.dest): one for one in spoken}
    parts = []
    for number, line in enumerate(lines(len(camp))):
        one = by_line.get((camp[line.by], camp[line.to]))
        if one is not None:  # silence draws no arrow
            parts.append(_arrow(number, line, len(camp), one.order, one.lie, one.forged))
    traitors = liars(sim)
    for i, (name, general) in enumerate(decided(sim).items()):
        does = ("orders " + str(general.order)) if name == general.commander else f"{general.action}s"
        parts.append(_general(i, len(camp), name, name in traitors, "" if name in traitors else does))
    forged = any(one.forged for one in by_line.values())
    return [*parts, _key(bool(traitors), forged)]


def _arrow(number: int, line: Line, n: int, order: str, lie: bool, forged: bool = False) -> str:
    """One message: a line with a gap, and in the gap what it says."""
    (x1, y1), (x2, y2) = PLACES[n][line.by], PLACES[n][line.to]
    far = hypot(x2 - x1, y2 - y1)
    ux, uy = (x2 - x1) / far, (y2 - y1) / far
    aside = APART if line.round == 2 else 0.0
    share = AMONG if line.round == 2 else DOWN if abs(ux) < 0.01 else ASIDE

    def at(along: float) -> str:
        return f"{px(x1 + ux * along - uy * aside)} {px(y1 + uy * along + ux * aside)}"

    middle, stop = 26 + share * (far - 52), far - 27
    ends = f"M{at(26)}L{at(middle - 13)}M{at(middle + 13)}L{at(stop - 4)}"
    tip = f"M{at(stop)}l{px(-9 * ux - 4 * uy)} {px(-9 * uy + 4 * ux)}l{px(8 * uy)} {px(-8 * ux)}Z"
    colour = COLOUR["dropped"] if lie else "currentColor"
    dash = "5 4" if lie else "none"
    cross = '<path class="cross" d="M-13 9L13 -9" stroke-width="2"/>' if forged else ""
    return (
        f'<g data-message="{number}" stroke="{colour}" stroke-width="1.6">'
        f'<path class="way" d="{ends}" stroke-dasharray="{dash}"/>'
        f'<path class="tip" d="{tip}" fill="{colour}" stroke="none"/>'
        f'<g transform="translate({at(middle)})"><path class="says" d="{SHAPES.get(order, "")}"/>'
        f'<text y="4" text-anchor="middle" font-weight="700" fill="currentColor" stroke="none">'
        f"{LETTERS.get(order, escape(order[:1] or '?'))}</text>{cross}</g></g>"
    )


def _general(i: int, n: int, name: str, traitor: bool, does: str) -> str:
    """One general: a circle, or as a traitor a diamond, with the rank and what it does beside it."""
    x, y = PLACES[n][i]
    # Beside who stands on top or at the bottom; else below, or above where arrows lead down. A lieutenant is a traitor,
    # or does something: one line is enough.
    if i == 0 or (n == 4 and i == 2):
        lx, ly, anchor = 32.0, 0.0, "start"
    else:
        lx, ly, anchor = (-8.0 if x < WIDTH / 2 else 8.0), (-31.0 if n == 4 else 42.0), "middle"
    rank = ("commander" if i == 0 else "") + (", " if i == 0 and traitor else "") + ("traitor" if traitor else "")
    at = f'x="{lx:g}" text-anchor="{anchor}" fill="currentColor"'
    return (
        f'<g data-general="{i}" transform="translate({px(x)} {px(y)})">'
        f'<path class="rank" d="{TRAITOR if traitor else LOYAL}" stroke="currentColor" stroke-width="2"/>'
        f'<text y="4.5" text-anchor="middle" font-weight="700" fill="currentColor">{escape(name)}</text>'
        f'<text class="loyalty" {at} y="{ly:g}">{rank}</text>'
        f'<text class="does" {at} y="{ly + (16 if i == 0 else 0):g}" font-weight="700">{escape(does)}</text></g>'
    )


def _key(traitor: bool, forged: bool = False) -> str:
    """What the signs mean."""
    y = HEIGHT + 8
    parts = []
    for x, order in ((14, ATTACK), (86, RETREAT)):
        parts.append(
            f'<g transform="translate({x} {y})">'
            f'<path d="{SHAPES[order]}" stroke="currentColor" stroke-width="1.8"/>'
            f'<text y="4" text-anchor="middle" font-weight="700" fill="currentColor">{LETTERS[order]}'
            f"</text></g>{svg_text(x + 14, y + 4, order, 'start')}"
        )
    if traitor:
        dash = f'<path d="M164 {y}h26" stroke="{COLOUR["dropped"]}" stroke-width="1.8" stroke-dasharray="5 4"/>'
        parts.append(dash + svg_text(196, y + 4, "a lie", "start"))
    if forged:
        cross = f'<path d="M240 {y + 7}L260 {y - 7}" stroke="{COLOUR["dropped"]}" stroke-width="2"/>'
        parts.append(cross + svg_text(266, y + 4, "thrown away", "start"))
    return "".join(parts)


# -- the game ----------------------------------------------------------------------------------------------------------


def betray(generals: int = 3) -> Betrayal:
    """You are the traitor. The value of a cell: a form in which you lie to the others.

    Args:
        generals: 3 or 4, with you.

    Raises:
        ValueError: another number.
    """
    if isinstance(generals, bool) or generals not in PLACES:
        raise ValueError(f"generals={generals!r}: write 3 or 4. (All wars of more: arena(7, 1, traitors=2))")
    return Betrayal(generals)


class Betrayal:
    """What ``betray`` returns: a form; elsewhere the picture of a war, and a table of all wars.

    Where there is no form, ``send(2, "attack", "retreat")`` lies from Python: g2 is the traitor, the order is attack,
    and g2 says retreat.
    """

    def __init__(self, n: int) -> None:
        self.n, self.wars = n, {_call(war): war for war in hand_wars(n)}
        self.tried: dict[str, None] = {}
        self._at = ""
        self._widget: Any = None

    def send(self, traitor: int, order: str, *says: str) -> View:
        """Lie like this, and see what the loyal generals do.

        Raises:
            ValueError: there is no such general or order, or the traitor has another number of messages to send.
        """
        lines_ = to_say(self.n, traitor)  # refuses a general that there is not
        call = " ".join([str(traitor), str(order), *map(str, says)])
        if call not in self.wars:
            whom = names(f"g{dest}" for _, dest in lines_)
            example = ", ".join([str(traitor), f'"{ATTACK}"', *[f'"{RETREAT}"'] * len(lines_)])
            raise ValueError(
                f"write who you are, what was ordered, and what you say to {whom}, each {ATTACK!r} or {RETREAT!r}: "
                f"send({example})"
            )
        self._keep(call)
        if self._widget is not None:
            self._widget.state = self._state()
        return who_said_what(self.wars[call].sim, _told(self.wars[call]).partition(".")[0] + ".")

    @property
    def won(self) -> int:
        """How many of the wars that were tried broke IC1 or IC2."""
        return sum(bool(self.wars[call].broken) for call in self.tried)

    def _keep(self, call: str) -> None:
        self._at = call
        self.tried[call] = None

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """The reader sent messages in the form."""
        if isinstance(message, dict) and message.get("tried") in self.wars:
            self._keep(message["tried"])

    def _state(self) -> dict[str, Any]:
        return {"at": self._at, "tried": list(self.tried)}

    # -- showing

    def _game(self) -> dict[str, Any]:
        """What the form needs: the picture, which arrows are whose, and every war."""
        wars: dict[str, dict[str, Any]] = {}
        for call, war in self.wars.items():
            spoken = {(one.path[-1], one.dest): one for one in said(war.sim)}
            orders = [spoken[f"g{line.by}", f"g{line.to}"].order for line in lines(self.n)]
            does = [str(general.action) for general in war.sim.nodes.values()]  # type: ignore[attr-defined]
            wars[call] = {
                "said": "".join(map(_letter, orders)),
                "done": "".join(map(_letter, does)),
                "tell": _told(war),
            }
            wars[call]["won"] = bool(war.broken)
        return {
            "schema": SCHEMA,
            "n": self.n,
            "lines": [[line.by, line.to] for line in lines(self.n)],
            "wars": wars,
            "svg": self._picture().svg,
            "shapes": {
                **{LETTERS[order]: shape for order, shape in SHAPES.items()},
                "loyal": LOYAL,
                "traitor": TRAITOR,
            },
            "colours": {"lie": COLOUR["dropped"], "true": "currentColor"},
        }

    def _picture(self) -> View:
        """The first war in which the last general could lie, and tells the truth."""
        call = " ".join([str(self.n - 1), ATTACK, *[ATTACK] * (self.n - 2)])
        return who_said_what(self.wars[call].sim)

    @property
    def finding(self) -> str:
        """What the game is, and how to play it without the form."""
        example = ", ".join(["2", f'"{ATTACK}"', *[f'"{RETREAT}"'] * (self.n - 2)])
        whom = names(f"g{to}" for to in range(1, self.n) if to != 2)
        words = f"You are the traitor among {self.n} generals. There are {len(self.wars)} ways to lie"
        words += f"; you have tried {len(self.tried)}, and won {count(self.won, 'time')}." if self.tried else "."
        return (
            f"{words} To lie without the form, in Python: betray({self.n}).send({example}): you are g2, the order is "
            f"{ATTACK}, and you say {RETREAT} to {whom}."
        )

    def __str__(self) -> str:
        return self.finding

    __repr__ = __str__

    def to_html(self) -> str:
        """The picture and the table: where scripts run without a kernel, the form."""
        rows = "".join(
            f'<tr><th scope="row">g{war.traitor}</th><td>{war.order}</td><td>{_says(war)}</td>'
            f"<td>{'✓ ' if war.broken else ''}{escape(_told(war))}</td></tr>"
            for war in self.wars.values()
        )
        head = "".join(f'<th scope="col">{name}</th>' for name in ("you are", "the order", "you say", "what happens"))
        html = (
            f'<p><span class="dslib-kind">You are the traitor</span>{escape(self.finding)}</p>'
            f"{self._picture().to_html()}"
            f"<details><summary>All {len(self.wars)} ways to lie</summary>"
            f'<div class="dslib-scroll" tabindex="0" role="group" aria-label="All ways to lie" {KEYS}>'
            f'<table class="dslib-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>'
        )
        return awake("traitor", {"game": self._game(), "state": self._state()}, html, *PARTS, kind="dslib-check")

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.to_html()}"

    @property
    def widget(self) -> Any:
        """The notebook widget, made when first asked for; None where anywidget is not installed."""
        if self._widget is None and (kind := _widget_class()) is not None:
            self._widget = kind(game=self._game(), state=self._state())
            self._widget.on_msg(self._heard)
        return self._widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return with_widget(self, {"text/html": self._repr_html_(), "text/plain": self.finding})


@cache
def _widget_class() -> Any:
    return widget_class("traitor", "game", "state", after=("forms",))


def _call(war: HandWar) -> str:
    """How a war is named: who lies, what is ordered, what the traitor says. traitor.js writes the same."""
    return " ".join([str(war.traitor), war.order, *war.says])


def _letter(order: str) -> str:
    return LETTERS.get(order, "?")


def _says(war: HandWar) -> str:
    return ", ".join(f"{word} to g{dest}" for word, (_, dest) in zip(war.says, to_say(war.n, war.traitor), strict=True))


def _told(war: HandWar) -> str:
    """What became of a war, to the traitor."""
    won = "You win." if judge(war.sim) else "You do not win."
    return " ".join([won, *account(war.sim), outcome(war.sim)])
