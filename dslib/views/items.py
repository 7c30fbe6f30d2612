"""The items of self-checks, and the files in which they stand: ``dslib/selfchecks/05.toml`` holds those of lesson 5.

They stand in the package, not in the notebook: a reader who looks at the code of a cell does not see the answer. An
item with options, of which one or several are right::

    [even]
    question = "Three replicas become four. Which losses does the room survive now?"
    hints = ["a nudge", "the rule it needs", "a worked case beside it"]
    why = "Why the right answer is right."

    [[even.option]]
    text = "The loss of two replicas"
    feedback = "The misconception behind it."

    [[even.option]]
    text = "None"
    right = true

With ``several = true``, or two right options, the reader may choose several. An item that asks for a number or for a
word has, instead of options::

    answer = 1.25                     # or "bridge", or ["bridge", "cut edge"] where each will do
    tolerance = 0.02                  # of numbers
    unit = "s"                        # of numbers
    otherwise = "What to tell about any other answer."

    [[detection.wrong]]               # answers with a misconception of their own
    answer = 1.5
    feedback = "The misconception behind it."
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from .static import count, names

#: Where the files stand.
FOLDER = Path(__file__).parent.parent / "selfchecks"

#: Every item leads to its answer in so many steps.
HINTS = 3


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from. ``feedback`` is told to whoever chooses it."""

    text: str
    right: bool
    feedback: str = ""


@dataclass(frozen=True)
class Wrong:
    """A wrong number or word, and the misconception that leads to it."""

    answer: float | str
    feedback: str


@dataclass(frozen=True)
class Item:
    """One question. ``options`` are chosen from; without them ``answers`` are numbers or texts, each of them right."""

    id: str
    question: str
    why: str = ""
    hints: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    several: bool = False
    answers: tuple[float | str, ...] = ()
    tolerance: float = 0.0
    unit: str = ""
    wrong: tuple[Wrong, ...] = ()
    otherwise: str = ""

    @property
    def kind(self) -> str:
        """How it is answered: ``one`` option, ``many`` options, a ``number`` or a ``text``."""
        if self.options:
            return "many" if self.several else "one"
        return "text" if isinstance(self.answers[0], str) else "number"

    @property
    def right(self) -> tuple[int, ...]:
        """The positions of the right options."""
        return tuple(i for i, option in enumerate(self.options) if option.right)

    def __post_init__(self) -> None:
        if self.options:
            texts = [option.text for option in self.options]
            if len(texts) < 2:
                raise ValueError(f"it has {count(len(texts), 'option')}: give two or more to choose from")
            for i, text in enumerate(texts):
                if text in texts[:i]:
                    raise ValueError(f"it offers {text!r} twice: each option stands once")
            if not self.right:
                raise ValueError("no option is right: write right = true under the one that is")
            if len(self.right) > 1 and not self.several:
                raise ValueError(f"{len(self.right)} options are right, and one can be chosen: write several = true")
        elif not self.answers:
            raise ValueError("it has no answer: give it options, or an answer")
        if self.tolerance < 0 or not isfinite(self.tolerance):
            raise ValueError(
                f"the tolerance is {self.tolerance!r}: write how far off a right number may be, such as 0.1"
            )


def item(id: str) -> Item:
    """The item of this name: ``05/even`` is ``[even]`` of ``selfchecks/05.toml``.

    Raises:
        ValueError: there is none, or its file is wrong; the message says where, and what to write.
    """
    lesson, _, name = id.partition("/")
    items = lesson_items(lesson)
    if name not in items:
        near = get_close_matches(name, items, 1)
        hint = f'Did you mean check("{lesson}/{near[0]}")?' if near else f"It has {names(items)}."
        raise ValueError(f"selfchecks/{lesson}.toml has no item {name!r}. {hint}")
    return items[name]


@cache
def lesson_items(lesson: str) -> Mapping[str, Item]:
    """All items of a lesson by their names, in their order.

    Raises:
        ValueError: there is no such file, or something in it is wrong.
    """
    path = FOLDER / f"{lesson}.toml"
    if not path.is_file():
        there = names(f"{found.stem}" for found in sorted(FOLDER.glob("*.toml"))) or "none"
        raise ValueError(f"there is no selfchecks/{lesson}.toml: write it, or name one of these lessons: {there}")
    return read(path)


def read(path: Path) -> dict[str, Item]:
    """The items of a file.

    Raises:
        ValueError: something is wrong; the message names the file, the item, what is wrong and what to write.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{where} is not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{where} is not TOML: {error}") from None
    found = {}
    for name, fields in data.items():
        try:
            if not isinstance(fields, dict):
                raise ValueError(f"it stands outside of any item: begin the item above it with a line such as [{name}]")
            found[name] = _item(f"{path.stem}/{name}", fields)
        except ValueError as error:
            raise ValueError(f'{where}, "{name}": {error}') from None
    return found


# -- one item of a file -------------------------------------------------------------------------------------------

CHOSEN = ("question", "hints", "why", "several", "option")
WRITTEN = ("question", "hints", "why", "answer", "tolerance", "unit", "otherwise", "wrong")


def _item(id: str, fields: dict[str, Any]) -> Item:
    chosen = "option" in fields
    _known(fields, CHOSEN if chosen else WRITTEN, "an item with options" if chosen else "an item")
    question, why = _text(fields, "question", "it"), _text(fields, "why", "it")
    hints = fields.get("hints")
    if not isinstance(hints, list) or len(hints) != HINTS:
        has = count(len(hints), "hint") if isinstance(hints, list) else "no list of hints"
        raise ValueError(f"it has {has}: write three, hints = [a nudge, the rule it needs, a worked case beside it]")
    for number, hint in enumerate(hints, 1):
        if not isinstance(hint, str) or not hint.strip():
            raise ValueError(f"hint {number} is {hint!r}: write a sentence")
    shared: dict[str, Any] = {"question": question, "why": why, "hints": tuple(hints)}
    if chosen:
        return Item(id, **shared, **_choices(fields))
    return Item(id, **shared, **_answers(fields))


def _choices(fields: dict[str, Any]) -> dict[str, Any]:
    options = []
    for number, fields_of in enumerate(_tables(fields, "option"), 1):
        where = f"option {number}"
        _known(fields_of, ("text", "right", "feedback"), where)
        text, right = _text(fields_of, "text", where), _flag(fields_of, "right", where)
        feedback = _text(fields_of, "feedback", f"{where}, {text!r},", "" if right else None)
        options.append(Option(text, right, feedback))
    several = _flag(fields, "several", "it") or sum(option.right for option in options) > 1
    return {"options": tuple(options), "several": several}


def _answers(fields: dict[str, Any]) -> dict[str, Any]:
    if "answer" not in fields:
        raise ValueError('it has no answer: write [[….option]] for each option, or answer = 3, or answer = "a word"')
    given = fields["answer"]
    answers = tuple(given) if isinstance(given, list) else (given,)
    if not answers:
        raise ValueError('its list of answers is empty: write one, such as answer = "bridge"')
    numbers = _is_number(answers[0])
    for answer in answers:
        _same_kind(answer, numbers, "its answer")
    wrong = []
    for number, fields_of in enumerate(_tables(fields, "wrong"), 1):
        where = f"wrong answer {number}"
        _known(fields_of, ("answer", "feedback"), where)
        if "answer" not in fields_of:
            raise ValueError(f"{where} has no answer: write which one it is")
        _same_kind(fields_of["answer"], numbers, where)
        wrong.append(Wrong(fields_of["answer"], _text(fields_of, "feedback", where)))
    if not numbers:
        for name in ("tolerance", "unit"):
            if name in fields:
                raise ValueError(f"it asks for a word and has a {name}: leave it out, or make its answer a number")
    tolerance = fields.get("tolerance", 0)
    if not _is_number(tolerance):
        raise ValueError(f"its tolerance is {tolerance!r}: write how far off a right number may be, such as 0.1")
    return {
        "answers": answers,
        "tolerance": float(tolerance),
        "unit": _text(fields, "unit", "it", ""),
        "wrong": tuple(wrong),
        "otherwise": _text(fields, "otherwise", "it"),
    }


def _known(fields: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    for name in fields:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it may have {names(known)}."
            raise ValueError(f"{what} has no field {name!r}: {hint}")


def _text(fields: dict[str, Any], name: str, where: str, default: str | None = None) -> str:
    """A text that must be there, unless there is a default."""
    value = fields.get(name, default)
    if value is None:
        what = ": tell the reader what thinking leads there" if name == "feedback" else ""
        raise ValueError(f'{where} has no {name}: write {name} = "…"{what}')
    if not isinstance(value, str) or (not value.strip() and default is None):
        raise ValueError(f"the {name} of {where.rstrip(',')} is {value!r}: write a sentence in quotes")
    return value


def _flag(fields: dict[str, Any], name: str, where: str) -> bool:
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{name} of {where} is {value!r}: write true or false, without quotes")
    return value


def _tables(fields: dict[str, Any], name: str) -> list[dict[str, Any]]:
    tables = fields.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"its {name} is {tables!r}: write [[….{name}]], in double brackets, above each")
    return tables


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _same_kind(answer: Any, numbers: bool, where: str) -> None:
    if numbers and not _is_number(answer):
        raise ValueError(f"{where} is {answer!r}, and another one is a number: write numbers only, or words only")
    if not numbers and (not isinstance(answer, str) or not answer.strip()):
        raise ValueError(f"{where} is {answer!r}: write a number, or a word in quotes")
