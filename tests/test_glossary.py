"""The glossary, in two languages, and the instructors' pages: one for each lesson, in one form."""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = tomllib.loads((ROOT / "lessons" / "glossary.toml").read_text(encoding="utf-8"))
PAGES = sorted((ROOT / "instructors").glob("[0-9][0-9]-*.md"))
PARTS = ("## Timing", "## Common wrong answers", "## Answers", "## Two questions for discussion")


def lesson(number):
    return next((ROOT / "lessons").glob(f"{number:02}-*.ipynb"))


def text_of(path):
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)


@pytest.mark.parametrize("key", GLOSSARY)
def test_an_entry_has_a_term_and_a_definition_in_both_languages_and_stands_in_its_lesson(key):
    entry = GLOSSARY[key]
    assert set(entry) == {"lesson", "en", "says", "es", "dice"}
    for words in (entry["says"], entry["dice"]):
        assert words.endswith("."), "a definition is a sentence"
        assert len(words.split()) <= 45, "a definition is short"
    assert key == entry["en"].lower().replace(" ", "-").replace("'", ""), "the key is the English term"
    found = text_of(lesson(entry["lesson"]))
    assert re.search(rf"\b{re.escape(entry['en'])}", found, re.IGNORECASE), f"lesson {entry['lesson']} does not say it"


def test_no_term_is_explained_twice():
    for language in ("en", "es"):
        terms = [entry[language].lower() for entry in GLOSSARY.values()]
        assert len(terms) == len(set(terms))


def test_entries_stand_in_the_order_of_the_lessons():
    order = [entry["lesson"] for entry in GLOSSARY.values()]
    assert order == sorted(order)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_instructors_page_has_its_parts_and_belongs_to_a_lesson(page):
    assert (ROOT / "lessons" / f"{page.stem}.ipynb").exists(), "an instructors' page is called like its lesson"
    text = page.read_text(encoding="utf-8")
    places = [text.find(part) for part in PARTS]
    assert -1 not in places, f"{page.name} lacks {PARTS[places.index(-1)]!r}"
    assert places == sorted(places)
    assert len(re.findall(r"^\d\. ", text[places[-1] :], re.MULTILINE)) == 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_instructors_page_times_the_sections_that_the_lesson_has(page):
    """Each section of the notebook, with its minutes."""
    heads = re.findall(
        r"^## (\d) · (.+) \((\d+) min\)$", text_of(ROOT / "lessons" / f"{page.stem}.ipynb"), re.MULTILINE
    )
    text = page.read_text(encoding="utf-8")
    for number, _, minutes in heads:
        assert re.search(rf"^\| {number} [^|]*\| {minutes} \|", text, re.MULTILINE), f"section {number}"
