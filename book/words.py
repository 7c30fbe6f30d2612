"""Pages collected from what the course says elsewhere: errata, glossary, labs, and the guide for those who teach."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from .execute import ROOT
from .lesson import live_address
from .paper import filled, raw

LESSONS = ROOT / "lessons"


def cells(path: Path) -> list[tuple[str, str]]:
    """The kind and the text of each cell of a notebook."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def title(path: Path) -> str:
    """The first heading of a notebook."""
    for kind, text in cells(path):
        if kind == "markdown" and text.startswith("# "):
            return text.partition("\n")[0][2:].strip()
    raise ValueError(f"{path.name} has no heading")


# -- errata ------------------------------------------------------------------------------------------------------------


def corrections(path: Path) -> list[tuple[str, str, str]]:
    """A lesson's own table: what the notes say, what the lesson says, and in which of its sections."""
    for _, text in cells(path):
        if text.startswith("## Errata"):
            rows = [
                re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in text.splitlines() if line.startswith("|")
            ]
            return [(row[0].strip(), row[1].strip(), row[2].strip()) for row in rows[2:]]
    raise ValueError(f"{path.name} has no section '## Errata'")


def sections(path: Path) -> dict[str, str]:
    """Where the numbered sections of a lesson stand on its page."""
    found = {}
    for _, text in cells(path):
        for heading, number in re.findall(r"^## ((\d+) · .+)$", text, re.MULTILINE):
            found[number] = re.sub(r"[^\w-]", "", heading.strip().lower().replace(" ", "-"))
    return found


def errata() -> str:
    """What we corrected, and why."""
    out = []
    for path in lessons():
        out.append(f"## {title(path)}\n")
        out.append("| The notes say | This course says | Section |\n|---|---|---|")
        link = {number: f"[{number}](lessons/{path.name}#{anchor})" for number, anchor in sections(path).items()}
        for says, ours, where in corrections(path):
            linked = ", ".join(link.get(one, one) for one in where.split(", "))
            out.append(f"| {says} | {ours} | {linked} |")
        out.append(f"\n[To the lesson](lessons/{path.name})\n")
    return filled("errata", TABLES="\n".join(out))


# -- glossary ----------------------------------------------------------------------------------------------------------


def glossary() -> str:
    """The course's terms, in English and Spanish, by the lesson that introduces them."""
    terms: dict[str, dict[str, Any]] = tomllib.loads((LESSONS / "glossary.toml").read_text(encoding="utf-8"))
    order = sorted(terms.items(), key=lambda item: item[1]["en"].lower())
    index = ", ".join(f'<a href="#term-{key}">{escape(term["en"])}</a>' for key, term in order)
    out = [raw(f"<p>{index}.</p>")]
    for number, path in enumerate(lessons(), 1):
        rows = "".join(
            f'<div id="term-{key}"><dt>{escape(term["en"])}</dt><dd>{escape(term["says"])}</dd>'
            f'<dt lang="es">{escape(term["es"])}</dt><dd lang="es">{escape(term["dice"])}</dd></div>'
            for key, term in terms.items()
            if term["lesson"] == number
        )
        out += [f"## {title(path)}\n", raw(f'<dl class="terms">{rows}</dl>')]
    return filled("glossary", COUNT=str(len(terms)), TERMS="\n".join(out))


# -- labs --------------------------------------------------------------------------------------------------------------


def labs() -> str:
    """What the labs are about, and where to get them."""
    out = []
    for path in sorted((ROOT / "labs").glob("lab*/lab*.ipynb")):
        text = next(text for kind, text in cells(path) if kind == "markdown" and text.startswith("# "))
        heading, _, rest = text.partition("\n")
        live = live_address("labs", f"{path.stem}/{path.stem}", up="")
        out.append(f"({path.stem})=\n\n## {heading[2:].strip()}\n\n{rest.strip()}\n")
        out.append(
            raw(
                f'<p class="bar"><a href="labs/{path.stem}.zip" download>Download {heading[2:].partition(":")[0]}</a>'
                f'<a class="run-live" hidden href="{escape(live)}">Open it in your browser</a></p>'
            )
        )
    return filled("labs", LABS="\n".join(out))


# -- for those who teach -----------------------------------------------------------------------------------------------


def teaching() -> dict[str, str]:
    """The guide: a page of its own for each lesson, for the labs and for grading."""
    pages = {}
    for path in sorted((ROOT / "instructors").glob("[0-9]*.md")):
        pages[f"teaching/{path.name}"] = relinked(path.read_text(encoding="utf-8"), lambda link: link)
    for name, path in (("labs", ROOT / "solutions" / "README.md"), ("grading", ROOT / "grading" / "README.md")):
        if path.exists():
            pages[f"teaching/{name}.md"] = relinked(path.read_text(encoding="utf-8"), _teaching_link)
    listed = "\n".join(name.removeprefix("teaching/").removesuffix(".md") for name in pages)
    pages["teaching/index.md"] = filled("teaching", PAGES=f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```")
    return pages


def _teaching_link(link: str) -> str:
    return {"../solutions/README.md": "labs.md", "../grading/README.md": "grading.md"}.get(link, link)


def relinked(text: str, link: Callable[[str], str]) -> str:
    """Markdown with other addresses in its links."""
    return re.sub(r"\]\(([^)]+)\)", lambda found: f"]({link(found[1])})", text)


def lessons() -> list[Path]:
    """The seven lessons."""
    return [path for path in sorted(LESSONS.glob("[0-9][0-9]-*.ipynb")) if not path.name.startswith("00-")]
