"""Check yourself: a question, three hints on the way, and what each wrong answer tells about the reader's thinking.

``check("05/even")`` asks an item of ``dslib/selfchecks/05.toml``; ``check(question, options, answer=…)`` asks one whose
answer the cell has computed. Neither puts the answer, a hint or any feedback on the page in plain text (seals.py).

The page checks the answer by itself and needs no kernel for it. A kernel keeps the number of tries and hints in
``.predictions.json`` beside the notebook; without one the browser keeps them.

**Numbers.** A page that may not know the right number can still tell whether another one is near it: numbers are
rounded to a grid, and each cell of the grid that the tolerance touches is one of the keys. The grid's step is 1, 2 or
5 times a power of ten, and at most a tenth of the tolerance. So whatever lies within the tolerance is right, and so is
what lies beyond it by less than a tenth of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from math import floor, isfinite, log10
from numbers import Real
from typing import Any

from . import seals
from .forms import awake
from .items import HINTS, Item, Option, item
from .keep import Record, here, store
from .static import STYLE, Card, count, names, widget_class, with_widget

#: The files of the form's script.
PARTS = ("forms", "seals", "selfcheck")

SCHEMA = "dslib.check/1"


def check(
    question: str,
    options: Sequence[object] | Mapping[Any, str] | None = None,
    answer: object = None,
    why: str = "",
    *,
    hints: Sequence[str] = (),
    tolerance: float = 0.0,
    unit: str = "",
) -> Check:
    """A self-check with immediate feedback and hints. The value of a cell: it shows the question.

    ``check("05/even")`` asks the item ``[even]`` of ``dslib/selfchecks/05.toml``. With an answer that a cell computes::

        check("Who leads now?", ["r1", "r2"], answer=leader(sim), why="It has the longest log.")
        check("How many posts were lost?", answer=len(lost), unit="posts")

    Args:
        question: the name of an item; or the question, plain text.
        options: the answers to choose from; or a dict from each to what choosing it tells the reader: for a wrong one,
            the misconception behind it. Without options a number or a text is asked for.
        answer: the right one of the options, or a list of all that are right; or the right number or text.
        why: why it is right; told with the right answer.
        hints: three steps on the way to the answer, or none.
        tolerance: how far off a number may be.
        unit: of a number.

    Raises:
        TypeError, ValueError: something cannot be asked; the message says what to write.
    """
    if not isinstance(question, str):
        raise TypeError(f'a check begins with its question, not {question!r}: check("05/even"), or a sentence')
    if options is None and answer is None:
        if "/" not in question or " " in question:
            raise ValueError(f'check {question!r} has no answer: write options and answer=…, or an item, "05/even"')
        return Check(item(question))
    if not question.strip():
        raise ValueError("the question of a check is empty: write a sentence")
    try:
        return Check(_computed(question, options, answer, why, tuple(hints), tolerance, unit))
    except (TypeError, ValueError) as error:
        raise type(error)(f"check {question!r}: {error}") from None


def _computed(
    question: str, options: Any, answer: Any, why: str, hints: tuple[str, ...], tolerance: float, unit: str
) -> Item:
    """The item that a cell describes."""
    if hints and len(hints) != HINTS:
        raise ValueError(f"it has {count(len(hints), 'hint')}: give three, or none")
    id = f"q-{sha256(question.encode()).hexdigest()[:12]}"
    shared: dict[str, Any] = {"id": id, "question": question, "why": why, "hints": hints}
    if options is None:
        if isinstance(answer, str):
            return Item(**shared, answers=(answer,))
        if isinstance(answer, bool) or not isinstance(answer, Real) or not isfinite(answer):
            raise TypeError(f"the answer is {answer!r}: give it a number or a text, or options to choose from")
        return Item(**shared, answers=(float(answer),), tolerance=float(tolerance), unit=unit)
    if isinstance(options, str) or not isinstance(options, Sequence | Mapping):
        raise TypeError(f'its options are {options!r}: write a list, such as ["yes", "no"]')
    several = isinstance(answer, list | tuple | set | frozenset)
    right = sorted(map(str, answer)) if several else [str(answer)]
    texts = [str(option) for option in options]
    for text in right:
        if text not in texts:
            raise ValueError(f"the answer {text!r} is none of the options: {', '.join(texts)}")
    told = {str(o): text for o, text in options.items()} if isinstance(options, Mapping) else {}
    chosen = tuple(Option(text, text in right, told.get(text, "")) for text in texts)
    return Item(**shared, options=chosen, several=several)


# -- what goes to the page ----------------------------------------------------------------------------------------


def sealed(of: Item) -> dict[str, Any]:
    """An item as a page gets it: the question and its options as they are, all else under seal.

    Which option is right, the hints, the feedback and the answer stand in ``locks``, in an order and at a length that
    do not tell either.
    """
    salt = sha256("\n".join([SCHEMA, of.id, of.question, *(o.text for o in of.options)]).encode()).hexdigest()[:16]
    said: dict[str, dict[str, Any]] = {f"hint {number}": {"say": text} for number, text in enumerate(of.hints, 1)}
    said["the answer"] = {"answer": _answer(of), "say": of.why}
    doors: dict[str, list[str]] = {}  # which answers open the text of that name
    if of.options:
        said |= _said_of_options(of)
    else:
        right = {"right": True, "say": of.why}
        said |= {"right": right, "otherwise": {"right": False, "say": of.otherwise}}
        doors["right"] = _doors(of, of.answers)
        for number, wrong in enumerate(of.wrong):
            said[f"wrong {number}"] = {"right": False, "say": wrong.feedback}
            doors[f"wrong {number}"] = _doors(of, (wrong.answer,))
            if _door(of, wrong.answer) in doors["right"]:
                raise ValueError(
                    f"{of.id}: {wrong.answer!r} is listed as wrong, and counts as right: change one of them"
                )
    size = max(len(seals.written(text)) for text in said.values())
    locks: dict[str, str] = {}
    for what, text in said.items():
        key = seals.key(salt, what)
        if what in doors:  # not to be found by whoever knows how this is called
            key = seals.key(salt, f"{what} {doors[what][0]}")
            for answer in doors[what]:  # where two ranges meet, the first one has it: the right one
                door = seals.key(salt, answer)
                locks.setdefault(seals.name(door), seals.seal(door, {"open": key.hex()}))
        locks[seals.name(key)] = seals.seal(key, text, size)
    return {
        "schema": SCHEMA,
        "id": of.id,
        "question": of.question,
        "kind": of.kind,
        "options": [option.text for option in of.options],
        "unit": of.unit,
        "step": _step(of) if of.kind == "number" else None,
        "hints": len(of.hints),
        "salt": salt,
        "locks": dict(sorted(locks.items())),
    }


def _said_of_options(of: Item) -> dict[str, dict[str, Any]]:
    """By answer, what it is told. Of several that may be chosen: one for each that is chosen wrongly, or left out."""
    told: dict[str, dict[str, Any]] = {}
    for i, option in enumerate(of.options):
        if not of.several:
            say = " ".join(filter(None, [option.feedback, of.why if option.right else ""]))
            told[f"set {i}"] = {"right": option.right, "say": say}
        elif option.right:
            told[f"left {i}"] = {"missing": True}
        else:
            told[f"chosen {i}"] = {"say": option.feedback}
    if of.several:
        told[f"set {','.join(map(str, of.right))}"] = {"right": True, "say": of.why}
    return told


def _answer(of: Item) -> str:
    if of.options:
        return names(option.text for option in of.options if option.right)
    unit = f" {of.unit}" if of.unit else ""
    return names((f"{a}{unit}" if isinstance(a, str) else f"{a:.12g}{unit}" for a in of.answers[:1]), "or")


def _door(of: Item, answer: float | str) -> str:
    """An answer as the page will write it."""
    return f"text {plain(answer)}" if isinstance(answer, str) else f"cell {_cell(answer, _step(of))}"


def _doors(of: Item, answers: Sequence[float | str]) -> list[str]:
    """All answers that count as one of these."""
    doors = []
    for answer in answers:
        if isinstance(answer, str):
            doors.append(_door(of, answer))
        else:
            low, high = (_cell(answer + off, _step(of)) for off in (-of.tolerance, of.tolerance))
            doors += [f"cell {cell}" for cell in range(low, high + 1)]
    return doors


def _step(of: Item) -> float:
    """The grid to which numbers are rounded. Without a tolerance, nine digits count."""
    largest = max(abs(float(answer)) for answer in of.answers)
    most = of.tolerance / 10 if of.tolerance else max(largest, 1) / 1e9
    if largest and of.tolerance and largest / most > 1e12:
        raise ValueError(f"the tolerance {of.tolerance:g} is too small for {largest:g}: leave it out")
    power = floor(log10(most) + 1e-9)
    return next(float(f"{m}e{power}") for m in (5, 2, 1) if m * 10.0**power <= most * (1 + 1e-9))


def _cell(number: float, step: float) -> int:
    """The same arithmetic as selfcheck.js has."""
    return floor(number / step + 0.5)


def plain(text: str) -> str:
    """A written answer without what does not matter: case, spaces, and signs around it. selfcheck.js does the same."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return " ".join(folded.split()).strip(" .,;:!?\"'()")


# -- the question, live and still ---------------------------------------------------------------------------------


class Check:
    """What ``check`` returns: shown by a notebook as a form, elsewhere as the question and its options.

    Where there is no form, Python does the same: ``say(answer)`` checks an answer, ``hint()`` gives the next hint,
    ``show()`` the answer.
    """

    def __init__(self, of: Item) -> None:
        self._item = sealed(of)
        self.id, self.question = of.id, of.question
        self._call = f'check("{of.id}")' if "/" in of.id else "check(…)"
        self._store, self._notebook = store(), here()
        self._widget: Any = None
        self._refused, self._heard_so_far = "", 0
        self._keep(self.state)

    @property
    def state(self) -> Record:
        """What the reader has done so far: ``tries``, ``hints``, ``solved``, ``shown`` and what was ``said`` last."""
        return self._store.check(self._notebook, self.id)

    def say(self, *answer: object) -> Card:
        """Check an answer: an option or several, a number, or a text.

        Raises:
            ValueError: it is no option, or no number.
        """
        if not answer:
            raise ValueError('say what you think: say("…")')
        said = [f"{value:.12g}" if isinstance(value, float) else str(value) for value in answer]
        told = judge(self._item, said)
        before = self.state
        open_still = not (before["solved"] or before["shown"])  # what is tried after that, out of curiosity, is free
        self._keep(
            {
                **before,
                "said": before["said"] if before["solved"] else said,
                "tries": before["tries"] + open_still,
                "solved": before["solved"] or (told["right"] and not before["shown"]),
            }
        )
        words = " ".join(filter(None, ["✓ Right." if told["right"] else "✗ No.", told["say"]]))
        return Card(words, f"<p>{escape(words)}</p>", "dslib-met" if told["right"] else "dslib-missed")

    def hint(self) -> Card:
        """The next hint."""
        state, of = self.state, self._item["hints"]
        if not of:
            return _words("This question has no hints.")
        number = min(state["hints"] + 1, of)
        self._keep({**state, "hints": number})
        return _words(f"Hint {number} of {of}: {self._open(f'hint {number}')['say']}")

    def show(self) -> Card:
        """The answer, after a try or all hints.

        Raises:
            ValueError: neither was made use of.
        """
        state = self.state
        if not may_be_shown(self._item, state):
            raise ValueError("try an answer first, or ask for the hints: say(…), hint()")
        self._keep({**state, "shown": not state["solved"]})
        told = self._open("the answer")
        return _words(" ".join(filter(None, [f"The answer: {told['answer'].rstrip('.')}.", told["say"]])))

    def again(self) -> None:
        """Begin anew: no tries, no hints."""
        self._keep({"tries": 0, "hints": 0, "solved": False, "shown": False, "said": []})

    def _open(self, what: str) -> Any:
        return seals.unlock(self._item["locks"], seals.key(self._item["salt"], what))

    def _keep(self, state: Record) -> None:
        self._store.put_check(self._notebook, self.id, state)
        if self._widget is not None:
            self._widget.state = self._shown()

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """The reader did something in the form."""
        self._refused = ""
        self._heard_so_far += 1
        try:
            self._keep(message["kept"])
        except (KeyError, TypeError, ValueError):
            self._refused = "Not kept: Python did not understand the form. Run this cell again."
            self._widget.state = self._shown()

    def _shown(self) -> dict[str, Any]:
        alert = " ".join(filter(None, [self._refused, self._store.trouble]))
        return {**self.state, "alert": alert, "heard": self._heard_so_far}

    @property
    def finding(self) -> str:
        """The question and its options, and how to check an answer. Not the answer."""
        choices = [f"- {option}" for option in self._item["options"]] or [self._wanted()]
        return "\n".join([f"Check yourself: {self.question}", *choices, self._how()])

    def _wanted(self) -> str:
        if self._item["kind"] == "text":
            return "A word or two."
        return f"A number, in {self._item['unit']}." if self._item["unit"] else "A number."

    def _how(self) -> str:
        say = {"one": 'say("…")', "many": 'say("…", "…")', "number": "say(1.5)", "text": 'say("…")'}[self._item["kind"]]
        return f"To check an answer without the form, in Python: {self._call}.{say}; for a hint: {self._call}.hint()."

    def __str__(self) -> str:
        return self.finding

    __repr__ = __str__

    def to_html(self) -> str:
        """The question and its options: where scripts run without a kernel, a form."""
        choices = "".join(f"<li>{escape(option)}</li>" for option in self._item["options"])
        body = f"<ul>{choices}</ul>" if choices else f"<p>{escape(self._wanted())}</p>"
        html = (
            f'<p><span class="dslib-kind">Check yourself</span>{escape(self.question)}</p>{body}'
            f'<p class="dslib-muted">{escape(self._how())}</p>'
        )
        data = {"place": self._notebook, "item": self._item, "state": self.state}
        return awake("check", data, html, *PARTS, kind="dslib-check")

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.to_html()}"

    @property
    def widget(self) -> Any:
        """The notebook widget, made when first asked for; None where anywidget is not installed."""
        if self._widget is None and (kind := _widget_class()) is not None:
            self._widget = kind(item=self._item, state=self._shown())
            self._widget.on_msg(self._heard)
        return self._widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return with_widget(self, {"text/html": self._repr_html_(), "text/plain": self.finding})


@cache
def _widget_class() -> Any:
    return widget_class("selfcheck", "item", "state", after=("forms", "seals"))


def _words(text: str) -> Card:
    return Card(text, f"<p>{escape(text)}</p>")


# -- whether it is right: selfcheck.js does the same --------------------------------------------------------------


def judge(of: Mapping[str, Any], said: Sequence[str]) -> dict[str, Any]:
    """What an answer to a sealed item is told: ``right``, and what to ``say``.

    Raises:
        ValueError: it is none of the options, or no number.
    """

    def told(answer: str) -> Any:
        return seals.unlock(of["locks"], seals.key(of["salt"], answer))

    if of["kind"] in ("one", "many"):
        for text in said:
            if text not in of["options"]:
                raise ValueError(f"{text!r} is none of the options: {', '.join(of['options'])}")
        chosen = [i for i, option in enumerate(of["options"]) if option in said]
        if of["kind"] == "one" and len(chosen) > 1:
            raise ValueError(f"one of the options is right, and you said {len(chosen)}: choose one")
        found = told(f"set {','.join(map(str, chosen))}")
        if found is not None:
            return dict(found)
        wrong = [(of["options"][i], told(f"chosen {i}")) for i in chosen]
        missing = any(told(f"left {i}") for i in range(len(of["options"])) if i not in chosen)
        parts = [f"“{option}”: {found['say'] or 'no.'}" for option, found in wrong if found is not None]
        return {"right": False, "say": " ".join([*parts, *(["Something is missing."] if missing else [])])}
    if of["kind"] == "text":
        return dict(told(f"text {plain(said[0])}") or told("otherwise"))
    try:
        number = float(said[0])
    except ValueError:
        raise ValueError(f"{said[0]!r} is no number: write one, such as 1.5") from None
    at = number / of["step"]
    near = told(f"cell {_cell(number, of['step'])}") if abs(at) < 2**53 else None
    return dict(near or told("otherwise"))


def may_be_shown(of: Mapping[str, Any], state: Record) -> bool:
    """The answer is shown to whoever has tried, or has asked for all hints."""
    return bool(state["tries"] or state["solved"] or (of["hints"] and state["hints"] >= of["hints"]))
