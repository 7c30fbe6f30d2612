"""A card of the gallery in words, and the game of naming a failure by its charts.

The game is three views over ``scenarios.diagnosis``: ``four_charts(case)``, ``diagnose(case)`` and ``confusion()``. The
form is that of a self-check: keys work, it judges at once, and where there is no kernel the page does it by itself.
First guesses count; they are kept as long as the kernel lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from html import escape
from math import isnan
from typing import Any

from ..failures import GALLERY
from ..failures.incidents import Incident
from ..scenarios.diagnosis import TELLS, Case, card_of, confused
from .chart import SERIES, Axis, Chart, Line, Panel, linear, number, show
from .forms import awake
from .items import Item, Option
from .keep import Record, here
from .selfcheck import PARTS, Check
from .static import KEYS, Card, View, count, for_a_page

NOT_YET = "You have not guessed yet. Answer a case above"

#: The first guess of each case of this session, by the case's seed: (what it was, what was said).
_GUESSES: dict[int, tuple[str, str]] = {}


# -- a card in words ---------------------------------------------------------------------------------------------------


def show_card(which: Any) -> Card:
    """What a card of the gallery is about, its knobs, and when it happened for real.

    Args:
        which: its number, its name or a part of it, or the card itself.

    Raises:
        ValueError: there is no such card, or several.
    """
    card = card_of(which)
    loop = "Something keeps it going when the trigger is gone." if card.loop else "It ends with its cause."
    rows = [
        ("What", card.means),
        ("Naive", card.naive),
        ("Remedy", card.mitigation),
        ("Look at", card.metric),
        ("Begins in", f"{'outside' if card.where == 'outside' else f'a {card.where}'}. {loop}"),
        (
            "Knobs",
            "; ".join(
                f"{one.name} ({one.metadata['meaning']}, {one.metadata['low']:g} to {one.metadata['high']:g})"
                for one in fields(card.params)
            ),
        ),
    ]
    if any("SLI" in text for _, text in rows):
        rows.append(("SLI", "Lesson 7 defines it. Until then: the share of good answers."))
    words = [f"{card.number}. {card.title}"]
    words += [f"{name}: {text}" for name, text in rows]
    words += ["It has happened:", *(f"- {incident}" for incident in card.incidents)]
    table = "".join(f'<tr><th scope="row">{name}</th><td>{escape(text)}</td></tr>' for name, text in rows)
    told = "".join(f"<li>{_incident(incident)}</li>" for incident in card.incidents)
    html = (
        f"<p><b>{escape(words[0])}</b></p>"
        f'<div class="dslib-scroll" tabindex="0" role="group" aria-label="{escape(card.title)}" {KEYS}>'
        f'<table class="dslib-table"><tbody>{table}</tbody></table></div>'
        f"<details><summary>It has happened: {count(len(card.incidents), 'incident')}, with sources</summary>"
        f"<ul>{told}</ul></details>"
    )
    return Card("\n".join(words), html)


def _incident(of: Incident) -> str:
    when = f"{of.when} {of.year}".strip()
    but = f" <em>But:</em> {escape(of.conflict)}" if of.conflict else ""
    sources = "; ".join(map(str, (of.source, *of.also)))
    return (
        f"<b>{escape(of.organisation)}, {escape(when)}.</b> {escape(of.what)}{but} "
        f'<span class="dslib-muted">({escape(sources)})</span>'
    )


# -- the game ----------------------------------------------------------------------------------------------------------


def four_charts(case: Case) -> View:
    """What a monitor sees of a hidden failure, second by second: answers, errors, servers, and requests."""
    edges = [*case.seconds, case.seconds[-1] + 1]
    time = linear("time (s)", [edges[0], edges[-1]])
    share = Axis("1 · good answers (%)", 0.0, 104.0, tuple((float(v), str(v)) for v in (0, 50, 100)))

    def line(values: tuple[float, ...], place: int, label: str = "", factor: float = 1.0) -> Line:
        return Line(edges, [factor * value for value in values], SERIES[place], label, steps=True)

    panels = (
        Panel(time, share, (line(case.good, 2, "all", 100), line(case.lowest, 1, "worst tenant", 100)), 90),
        Panel(time, linear("2 · wrong answers a second", [0, 4, *case.wrong]), (line(case.wrong, 1),), 60),
        Panel(
            time,
            linear("3 · servers", [0, 4, *case.servers, *case.started]),
            (line(case.servers, 0, "live"), line(case.started, 1, "started again")),
            75,
        ),
        Panel(
            time,
            linear("4 · requests", [0, *case.asked, *case.waiting]),
            (line(case.asked, 4, "asked a second"), line(case.waiting, 3, "waiting")),
            90,
        ),
    )
    return show("Four charts of a hidden failure", f"Case {case.seed}", _case_finding(case), Chart(panels))


def _case_finding(case: Case) -> str:
    known = [share for share in case.good if not isnan(share)]
    low = [share for share in case.lowest if not isnan(share)]
    bad = next((at for at, share in zip(case.seconds, case.good, strict=True) if share < 0.8), None)
    words = f"Good answers to all: {100 * min(known):.0f} % in the worst second, {100 * known[-1]:.0f} % in the last. "
    words += f"First second under 80 %: {'none' if bad is None else f'{bad:g} s'}. "
    if low:
        words += f"Worst tenant, five seconds at a time: {100 * min(low):.0f} % at worst, {100 * low[-1]:.0f} % last. "
    words += f"Wrong answers: {number(sum(case.wrong))}. "
    words += f"Live servers: from {number(max(case.servers))} down to {number(min(case.servers))}, "
    words += f"{number(case.servers[-1])} at the end; started again: {count(int(sum(case.started)), 'time')}. "
    words += f"Asked a second: {number(case.asked[0])} first, {number(max(case.asked))} at most. "
    return f"{words}Waiting: {number(max(case.waiting))} at most, {number(case.waiting[-1])} at the end."


class Diagnosis(Check):
    """The form: which of the suspects is it? ``say("DoS attack")`` answers from Python."""

    def __init__(self, case: Case) -> None:
        self._case = case
        truth = case.card.title

        def _tell(title: str) -> str:
            return f"this: {TELLS[card_of(title).number]}"

        told = [
            Option(title, title == truth, "" if title == truth else f"You would see {_tell(title)}.")
            for title in case.suspects
        ]
        hints = (
            "Chart 3 first: did servers die? One, or all? Do they stay away, come back once, or again and again?",
            "If they live: chart 4. Does a queue grow? Is more asked than before?",
            "If neither: chart 2, and the worst tenant in chart 1. Are answers wrong, or missing? For everybody?",
        )
        question = f"Case {case.seed}: what has happened to this service?"
        super().__init__(Item(f"case-{case.seed}", question, f"Its signs: {case.tell}.", hints, options=tuple(told)))
        self._call = f"diagnose(hidden({case.seed}))"

    def _keep(self, state: Record) -> None:
        super()._keep(state)
        said = self.state["said"]
        if self.state["tries"] == 1 and len(said) == 1 and self._case.seed not in _GUESSES:
            _GUESSES[self._case.seed] = self._case.card.title, said[0]


def diagnose(case: Case) -> Diagnosis:
    """Ask what the hidden failure is. The value of a cell: a form that answers at once."""
    return Diagnosis(case)


def confusion(guesses: Mapping[int, tuple[str, str]] | None = None) -> Card:
    """Your first guesses so far: which failure you took for which. Of this session, or of those given."""
    kept = dict(_GUESSES if guesses is None else guesses)
    if not kept and guesses is None and for_a_page():
        return Remembered()
    if not kept:
        hint = f"{NOT_YET}, then run this cell again."
        return Card(hint, f"<p>{hint}</p>")
    table = confused(kept.values())
    right = sum(n for (truth, said), n in table.items() if truth == said)
    rows = sorted({truth for truth, _ in table}, key=lambda title: card_of(title).number)
    columns = sorted({title for pair in table for title in pair}, key=lambda title: card_of(title).number)
    mixed = [
        f"{truth} for {said}{f' ({n} times)' if n > 1 else ''}"
        for (truth, said), n in sorted(table.items())
        if truth != said
    ]
    words = f"{right} of {count(len(kept), 'first guess').replace('guesss', 'guesses')} right."
    words += f" You took {'; '.join(mixed)}." if mixed else ""
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(truth)}</th>'
        + "".join(f"<td>{_cell(table.get((truth, said), 0), truth == said)}</td>" for said in columns)
        + "</tr>"
        for truth in rows
    )
    html = (
        f"<p>{escape(words)}</p>"
        f'<div class="dslib-scroll" tabindex="0" role="group" aria-label="Your first guesses" {KEYS}>'
        f'<table class="dslib-table"><caption>Rows: what it was. Columns: what you said.</caption>'
        f'<thead><tr><th scope="col">It was</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )
    return Card(words, html)


class Remembered(Card):
    """The matrix of a page without a kernel: it shows what the browser keeps of the cases, and is never old."""

    def __init__(self) -> None:
        super().__init__(f"{NOT_YET}.", "")
        self._place = here()

    def to_html(self) -> str:
        """Words that the page's script replaces."""
        data = {"place": self._place, "order": [card.title for card in GALLERY]}
        return awake("confusion", data, f"<p>{NOT_YET}.</p>", *PARTS)


def _cell(times: int, right: bool) -> str:
    return f"{'✓' if right else '✗'} {times}" if times else ""
