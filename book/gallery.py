"""The gallery: a page for each card, with both runs under one playhead, its knobs, its claims, and its incidents.

The runs are made by a notebook that is written here and executed like a lesson.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from html import escape
from typing import Any

from dslib.failures import BONUS, GALLERY
from dslib.failures.incidents import Incident, Source

from .paper import filled, nbformat, raw

#: The seed of the runs that are shown.
SEED = 1


def name_of(card: Any) -> str:
    """``07-cascading-failure``."""
    words = "".join(letter if letter.isalnum() else " " for letter in card.title.lower()).split()
    return f"{card.number:02}-{'-'.join(words)}"


def notebook() -> Any:
    """All cards, each run both ways: to turn their knobs, and for the book to take its pictures from."""
    new = nbformat.v4
    made = [
        new.new_markdown_cell(
            "# The gallery\n\nFourteen ways to fail, each run twice on the same seed: naive, and with its remedy.",
            id="title",
        ),
        new.new_code_cell(
            "from dslib.failures import GALLERY\nfrom dslib.views import compare, explore\n\n"
            "cards = {card.number: card for card in GALLERY}",
            id="setup",
        ),
    ]
    for card in GALLERY:
        made.append(
            new.new_markdown_cell(
                f"## {card.number}. {card.title}\n\n{card.means}\n\n"
                f"To turn its knobs: `explore(cards[{card.number}])`.",
                id=f"about-{card.number}",
            )
        )
        compared = f"both = compare(cards[{card.number}], seed={SEED})\nboth.whole_run"
        made.append(new.new_code_cell(compared, id=f"minute-{card.number}"))
        made.append(new.new_code_cell("both", id=f"card-{card.number}"))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new.new_notebook(cells=made, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def page(card: Any, shown: Mapping[str, Any]) -> Any:
    """A card's page, as a notebook; ``shown`` has the executed cells that ran it."""
    new = nbformat.v4
    where = {"node": "a node", "network": "the network", "outside": "something outside"}[card.where]
    loop = " Something keeps the damage going after its trigger has gone." if card.loop else ""
    about = [
        f"# {card.number}. {card.title}\n",
        f"{card.means}\n",
        f"**Naive.** {card.naive}\n",
        f"**Mitigated.** {card.mitigation}\n",
        f"**What shows it:** {card.metric}. What fails first is {where}.{loop}\n",
        "## What users saw\n\nThe same users, the same dice, the same fault, "
        f"for {card.until / 1_000:g} simulated seconds: without the remedy, and with it.\n",
    ]
    closer = (
        "## Message by message\n\nThe picture begins a second before the first bad answer and goes on as far as one "
        "picture can. That may be before the worst has come; the minute above has it all."
    )
    after = [
        "## What is promised of every run\n",
        *(f"- {claim}" for claim in card.claims),
        "\n## Knobs\n",
        f"In Python, `explore(GALLERY[{card.number - 1}])` turns them and shows both runs.\n",
        "| knob | what it is | from | to | default |\n|---|---|---|---|---|",
        *(
            f"| `{one.name}` | {one.metadata['meaning']} | {one.metadata['low']:g} | {one.metadata['high']:g} "
            f"| {getattr(card.params, one.name):g} |"
            for one in fields(card.params)
        ),
        "\n## It happened\n",
        raw(incidents(card.incidents)),
        f"[Its code](../dslib/failures/{type(card.params).__module__.rpartition('.')[2]}.md)\n",
    ]
    minute, messages = (shown[f"{cell}-{card.number}"].copy() for cell in ("minute", "card"))
    minute["metadata"] = messages["metadata"] = {"tags": ["remove-input"]}
    return new.new_notebook(
        cells=[
            new.new_markdown_cell("\n".join(about), id="about"),
            minute,
            new.new_markdown_cell(closer, id="closer"),
            messages,
            new.new_markdown_cell("\n".join(after), id="after"),
        ],
        metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    )


def incidents(those: Sequence[Incident]) -> str:
    """What happened for real, each with its sources."""
    out = []
    for one in those:
        date = f"{one.when} {one.year}".strip()
        but = f"<p><b>Accounts differ.</b> {escape(one.conflict)}</p>" if one.conflict else ""
        sources = "; ".join(_source(source) for source in (one.source, *one.also))
        out.append(
            f'<section class="incident"><p><b>{escape(one.organisation)}, {escape(date)}.</b> {escape(one.what)}</p>'
            f'{but}<p class="recorded">{sources}</p></section>'
        )
    return "\n".join(out)


def _source(source: Source) -> str:
    name = f"<cite>{escape(source.title)}</cite>"
    linked = f'<a href="{escape(source.url)}" rel="noreferrer">{name}</a>' if source.url else name
    return f"{linked}. {escape(source.publisher)}, {source.year or 'undated'}"


def overview() -> str:
    """All cards, and the fourteen that are one line each."""
    titles = {card.number: card for card in GALLERY}
    count = sum(len(card.incidents) for card in GALLERY) + sum(len(one.incidents) for one in BONUS)
    out = []
    for one in BONUS:
        like = " and ".join(f"[{titles[n].title.lower()}]({name_of(titles[n])}.ipynb)" for n in one.like)
        out.append(f"### {one.title}\n\n{one.means} {one.helps} Like {like}.\n")
        if one.incidents:
            out.append(raw(incidents(one.incidents)))
    cards = "\n".join(name_of(card) for card in GALLERY)
    listed = [f"- **[{card.number}. {card.title}]({name_of(card)}.ipynb)** {card.means}" for card in GALLERY]
    listed.append(f"\n```{{toctree}}\n:hidden:\n\n{cards}\n```")
    return filled("gallery", COUNT=str(count), CARDS="\n".join(listed), BONUS="\n".join(out))
