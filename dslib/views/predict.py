"""Predict before you run: `predict` asks, `reveal` answers from the run, `recap` shows it all again.

What the reader predicts is kept on the reader's machine: in `.predictions.json` beside the notebook, and on a page
without a kernel in the browser's own storage, where `reveal` waits until the reader wants to see what happened.
Nothing here stops "Run All": a question without an answer is just that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any

from .forms import awake
from .keep import FILE, Predictions, Record, here, progress, store
from .static import KEYS, STYLE, Card, count, names, widget_class, with_widget

#: The files of the forms' script.
PARTS = ("forms", "predict")

#: The answers to choose from, or a range of numbers ``(low, high, unit)``.
Options = Sequence[object]


def predict(key: str, question: str, options: Options) -> Prediction:
    """Ask the reader to commit to an answer before the run. The value of a cell: it shows the question.

    The choice is kept under ``key`` for this notebook, survives a restart of the kernel, and can be changed until
    ``reveal(key, ...)`` has shown what happened.

    Args:
        key: a short name, different for every prediction of the notebook.
        question: the question, plain text.
        options: the answers to choose from, at least two; or ``(low, high, unit)`` for a number, such as
            ``(0, 100, "%")``: three entries, of which the first two are numbers and the last is text.

    Raises:
        TypeError, ValueError: the key, the question or the options cannot be used; the message says what to write.
    """
    _check_text(key, "the key of a prediction", 'a short name, such as "ring-two-cuts"')
    _check_text(question, f"the question of prediction {key!r}", "a sentence")
    scale = _range(options, key)
    answers = None if scale else _answers(options, f"prediction {key!r}")
    return Prediction(key, question, answers, scale)


def reveal(key: str, actual: object, why: str = "") -> Card:
    """Show what the reader said beside what the run did, and remember both for ``recap``.

    ``actual`` comes from the run. It is compared as text with the options of ``predict`` (``reveal("n", 2)`` meets the
    option ``2`` or ``"2"``), and as a number where a number was asked for. ``why`` explains it, in plain text.
    Without a prediction it just says what happened.

    Raises:
        TypeError, ValueError: the key is no text, or a number was asked for and ``actual`` is none.
    """
    _check_text(key, "the key of a prediction", "the one that predict(…) was given")
    kept, notebook = store(), here()
    record = kept.get(notebook, key)
    if record is None:
        did = _short(actual)
        hint = f"You were not asked before: run the cell with predict({key!r}, …), and this one again."
        return Card(
            _joined(f"The run says: {did}. {hint}", why),
            f"<p>The run says: <b>{escape(did)}</b>. {escape(hint)}</p>{_because(why)}",
        )
    record = {**record, "did": _outcome(actual, record, key), "why": why}
    kept.put(notebook, key, record)
    _tell_form(kept, notebook, key)
    return Kept(*_revealed(record), "reveal", {"key": key, "place": notebook, "record": record})


def _revealed(record: Record) -> tuple[str, str, str]:
    """In words, as HTML, and how it is framed."""
    said, did, why = _said(record), _did(record), record["why"]
    if record["said"] is None:
        words, kind = "You made no prediction.", ""
        html = f"{words} The run says: <b>{escape(did)}</b>."
        return _joined(f"{words} The run says: {did}.", why), f"<p>{html}</p>{_because(why)}", kind
    verdict = _verdict(record)
    return (
        _joined(f"You said: {said}. The run says: {did}. {verdict}", why),
        f"<p>You said: <b>{escape(said)}</b>. The run says: <b>{escape(did)}</b>. {escape(verdict)}</p>{_because(why)}",
        "dslib-met" if record["said"] == record["did"] else "dslib-missed",
    )


def recap(lesson: str | None = None, *, course: bool = False) -> Card:
    """The table of all predictions: question, what you said, what happened. And how far you are with the self-checks.

    Of this notebook, or of the one named ``lesson`` (the file's name without ``.ipynb``). With ``course=True`` of all
    lessons of this folder: a line for each, and its table to unfold.

    Raises:
        TypeError: both a lesson and the course were asked for.
    """
    if course:
        if lesson is not None:
            raise TypeError(f"recap({lesson!r}, course=True) asks for one lesson and for all: write one of them")
        return _course()
    kept, notebook = store(), here() if lesson is None else lesson
    records = kept.all(notebook)
    checks = kept.checks(notebook)
    if records:
        finding = _counted(records)
    else:
        of = "this notebook" if lesson is None else f"{lesson}.ipynb"
        finding = f"No predictions of {of} are kept yet. Answer its questions, then run this cell again."
    done = progress(checks.values())
    table = _table(records, "Your predictions")
    html = f"<p>{escape(finding)}</p>{_because(done)}{table if records else ''}"
    lines = [_line(r) for r in records]
    asked = [{"key": key, **record} for key, record in zip(kept.keys(notebook), records, strict=True)]
    data = {"place": notebook, "records": asked, "checks": checks}
    return Kept("\n".join(filter(None, [finding, done, *lines])), html, "", "recap", data)


def _table(records: list[Record], label: str) -> str:
    rows = "".join(f"<tr>{_row(r)}</tr>" for r in records)
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Question", "You said", "What happened"))
    return (
        f'<div class="dslib-scroll" tabindex="0" role="group" aria-label="{escape(label)}" {KEYS}>'
        f'<table class="dslib-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _line(r: Record) -> str:
    return f"- {r['question']} You said: {_said(r)}. What happened: {_did(r)}."


def _course() -> Card:
    """All lessons of this folder."""
    kept = store()
    beside = {path.stem for path in kept.path.parent.glob("[0-9][0-9]-*.ipynb")}
    told, html, without, everything = [], [], [], []
    for notebook in sorted({*beside, *kept.notebooks()}):
        records = [r for r in kept.all(notebook) if r["said"] is not None]
        done = progress(check for check in kept.checks(notebook).values() if check["tries"] or check["hints"])
        title = lesson_title(notebook)
        if not records and not done:
            if notebook in beside and not notebook.startswith("00-"):  # the welcome page asks for nothing
                without.append(title.partition(",")[0].removeprefix("Lesson "))
            continue
        everything += records
        finding = _joined(_kept_of(records) if records else "no prediction.", done)
        told += [f"{title}: {finding}", *map(_line, records)]
        table = _table(records, f"Your predictions of {title}") if records else ""
        html.append(f"<details><summary><b>{escape(title)}</b>: {escape(finding)}</summary>{table}</details>")
    if everything:
        finding = f"All lessons together: {_kept_of(everything)}"
    elif told:
        finding = "No prediction is kept in this folder yet, but you have tried self-checks."
    else:
        finding = (
            "No predictions are kept in this folder yet. That is no loss: the lesson does not need them. They stay "
            f"beside the notebooks in which they were made, in the file {FILE}. If you worked on copies elsewhere, put "
            "that file into this folder, or open this lesson there, and run this cell again."
        )
    # Of a folder in which nothing is kept, all lessons are without: that has been said.
    rest = ""
    if without and told:
        rest = f"Nothing is kept of {'lesson' if len(without) == 1 else 'lessons'} {names(without)}."
    parts = f"<p>{escape(finding)}</p>{''.join(html)}{_because(rest)}"
    return Kept("\n".join(filter(None, [finding, *told, rest])), parts, "", "course", {"kept": bool(told)})


def _kept_of(records: list[Record]) -> str:
    """The same in short, of predictions that were made: the file does not know how many were asked."""
    settled = [r for r in records if r["did"] is not None and not r["range"]]
    numbers = [r for r in records if r["did"] is not None and r["range"]]
    words = f"{count(len(records), 'prediction')}."
    if settled:
        right = sum(r["said"] == r["did"] for r in settled)
        words += f" {right} of {count(len(settled), 'choice')} came out as you said."
    if numbers:
        words += f" {count(len(numbers), 'number')} can be held against what happened."
    if waiting := len(records) - len(settled) - len(numbers):
        words += f" {count(waiting, 'prediction')} not answered by a run yet."
    return words


def lesson_title(notebook: str) -> str:
    """``Lesson 5, different types of failures`` for the notebook ``05-different-types-of-failures``."""
    number, _, words = notebook.partition("-")
    if len(number) == 2 and number.isdigit() and words:
        words = re.sub(r"\bsl([ioa])s\b", lambda found: f"SL{found[1].upper()}s", words.replace("-", " "))
        return f"Lesson {int(number)}, {words}"
    return f"Notebook {notebook}" if notebook else "A notebook without a name"


def _counted(records: list[Record]) -> str:
    """How many predictions were made, and what became of them."""
    said = [r for r in records if r["said"] is not None]
    settled = [r for r in said if r["did"] is not None and not r["range"]]
    numbers = [r for r in said if r["did"] is not None and r["range"]]
    right = sum(r["said"] == r["did"] for r in settled)
    finding = _made(len(said), len(records))
    if settled:
        finding += f" {right} of {count(len(settled), 'choice')} came out as you said."
    if numbers:
        finding += f" {_numbers(numbers)}"
    if waiting := len(said) - len(settled) - len(numbers):
        finding += f" {count(waiting, 'prediction')} not answered by a run yet."
    return finding


class Kept(Card):
    """A card about what the reader said, which a page without a kernel fills from its browser's storage."""

    def __init__(self, finding: str, html: str, kind: str, what: str, data: dict[str, Any]) -> None:
        super().__init__(finding, html, kind)
        self._what, self._data = what, data

    def to_html(self) -> str:
        return awake(self._what, self._data, self._html, *PARTS, kind=self._kind)


# -- the question, live and still ---------------------------------------------------------------------------------


class Prediction:
    """What ``predict`` returns: shown by a notebook as a form, elsewhere as the question and its options.

    ``said`` is what the reader has chosen, None if nothing; ``say(answer)`` chooses it from Python.
    """

    def __init__(
        self, key: str, question: str, options: list[str] | None, scale: tuple[float, float, str] | None
    ) -> None:
        self.key, self.question, self.options, self.range = key, question, options, scale
        self._store, self._notebook = store(), here()
        self._widget: Any = None
        self._refused, self._heard_so_far = "", 0
        asked = {"question": question, "options": options, "range": list(scale) if scale else None}
        record = self._store.get(self._notebook, key)
        if record is None or record["said"] is None or not self._fits(record["said"]):
            # Nothing said, so nothing to hold against it: what a run did before this was asked is forgotten.
            record = {"said": None, "did": None, "why": "", "late": False}
        _FORMS[self._store.path, self._notebook, key] = self
        self._keep({**asked, **{name: record[name] for name in ("said", "did", "why", "late")}})

    @property
    def record(self) -> Record:
        """What is kept of this prediction."""
        found = self._store.get(self._notebook, self.key)
        assert found is not None  # it was kept when it was asked
        return found

    @property
    def said(self) -> str | float | None:
        """What the reader has chosen: an option's text, a number, or None."""
        said: str | float | None = self.record["said"]
        return said

    @property
    def locked(self) -> bool:
        """Whether a run has answered what the reader had said."""
        record = self.record
        return record["said"] is not None and record["did"] is not None and not record["late"]

    def say(self, answer: object) -> None:
        """Choose ``answer``, as a click on it does.

        Raises:
            ValueError: it is no option, no number in the range, or the run has already shown what happened.
        """
        if self.locked:
            raise ValueError(f"prediction {self.key!r} was revealed: call again() to make a new one")
        value: Any = answer if self.range else str(answer)
        if not self._fits(value):
            if self.range:
                raise ValueError(f"{_short(answer)} does not answer it: write a number {_span(self.range)}")
            raise ValueError(f"{_short(answer)!r} is none of the options: {', '.join(self.options or ())}")
        record = self.record
        self._keep({**record, "said": value, "late": record["did"] is not None})

    def again(self) -> None:
        """Forget what was said and what happened, to predict anew."""
        self._keep({**self.record, "said": None, "did": None, "why": "", "late": False})

    def refresh(self) -> None:
        """Bring the form in the notebook up to date."""
        if self._widget is not None:
            self._widget.question = self._state()

    def _keep(self, record: Record) -> None:
        self._store.put(self._notebook, self.key, record)
        self.refresh()

    def _fits(self, said: Any) -> bool:
        if self.range is None:
            return said in (self.options or ())
        return isinstance(said, int | float) and not isinstance(said, bool) and self.range[0] <= said <= self.range[1]

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """The reader did something in the form."""
        self._refused = ""
        self._heard_so_far += 1
        try:
            if message.get("again"):
                self.again()
            elif "say" in message:
                self.say(message["say"])
        except ValueError as error:
            self._refused = f"{error}."
        self.refresh()

    def _state(self) -> dict[str, Any]:
        record = self.record
        said, did = _said(record), _did(record)
        if record["said"] is None:
            status = "Choose before you run what follows."
            if record["did"] is not None:  # all cells were run at once: do not give it away
                status = "What follows has been run. Run this cell again to predict before you look."
        elif record["late"]:
            status = f"You said: {said}, after the run had shown it."
        elif record["did"] is not None:
            status = f"You said: {said}. The run says: {did}."
        else:
            status = f"You said: {said}. You can change it until the run shows what happens."
        return {
            "question": self.question,
            "options": self.options,
            "range": list(self.range) if self.range else None,
            "said": record["said"],
            "locked": self.locked,
            "status": status,
            "alert": " ".join(filter(None, [self._refused, self._store.trouble])),
            "heard": self._heard_so_far,
        }

    @property
    def finding(self) -> str:
        """The question, its options and what the reader has said so far."""
        state = self._state()
        choices = [f"- {option}" for option in self.options or ()] or [f"A number {_span(self.range)}."]
        return "\n".join(filter(None, [f"Predict: {self.question}", *choices, state["status"], state["alert"]]))

    def __str__(self) -> str:
        return self.finding

    __repr__ = __str__

    def to_html(self) -> str:
        """The question, its options and what the reader has said: where scripts run without a kernel, a form."""
        state = self._state()
        choices = "".join(f"<li>{escape(option)}</li>" for option in self.options or ())
        body = f"<ul>{choices}</ul>" if choices else f"<p>A number {escape(_span(self.range))}.</p>"
        alert = f"<p>{escape(state['alert'])}</p>" if state["alert"] else ""
        html = (
            f'<p><span class="dslib-kind">Predict</span>{escape(self.question)}</p>{body}'
            f"<p>{escape(state['status'])}</p>{alert}"
        )
        data = {"key": self.key, "place": self._notebook, "record": self.record}
        return awake("predict", data, html, *PARTS, kind="dslib-predict")

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.to_html()}"

    @property
    def widget(self) -> Any:
        """The notebook widget, made when first asked for; None where anywidget is not installed."""
        if self._widget is None and (kind := _widget_class()) is not None:
            self._widget = kind(question=self._state())
            self._widget.on_msg(self._heard)
        return self._widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return with_widget(self, {"text/html": self._repr_html_(), "text/plain": self.finding})


#: The form that shows a prediction now, by the file, the notebook and the key.
_FORMS: dict[tuple[Path, str, str], Prediction] = {}


def _tell_form(kept: Predictions, notebook: str, key: str) -> None:
    form = _FORMS.get((kept.path, notebook, key))
    if form is not None:
        form.refresh()


@cache
def _widget_class() -> Any:
    return widget_class("predict", "question", after=("forms",))


# -- words --------------------------------------------------------------------------------------------------------


def _verdict(record: Record) -> str:
    said, did = record["said"], record["did"]
    after = " You said so after the run had shown it." if record["late"] else ""
    if record["range"]:
        if isinstance(did, str):
            return "There is no number to compare." + after
        if said == did:
            return "Exactly as you predicted." + after
        return f"You were off by {_short(abs(did - said))}{_apart(record)}." + after
    if said == did:
        return "As you predicted." + after
    return ("Not as you predicted." if did in record["options"] else "None of the options said that.") + after


def _made(said: int, asked: int) -> str:
    """How many questions have an answer: not how many were answered right."""
    if said == asked:
        return "You made the one prediction." if asked == 1 else f"You made all {asked} predictions."
    return f"You made {said} of {count(asked, 'prediction')}."


def _numbers(records: list[Record]) -> str:
    """How far off the numbers were."""
    off = []
    for record in records:
        if isinstance(record["did"], str):
            off.append("without a number to compare")
        else:
            off.append(f"{_short(abs(record['did'] - record['said']))}{_apart(record)} off")
    return f"{'Your number was' if len(off) == 1 else 'Your numbers were'} {names(off)}."


def _row(record: Record) -> str:
    if record["said"] is not None and record["did"] is not None:
        sign = "" if record["range"] else "✓ " if record["said"] == record["did"] else "✗ "
        extra = f" {_verdict(record)}"
    else:
        sign = extra = ""
    return (
        f'<th scope="row">{escape(record["question"])}</th><td>{escape(_said(record))}</td>'
        f"<td>{sign}{escape(_did(record))}.{escape(extra)}</td>"
    )


def _said(record: Record) -> str:
    return "nothing" if record["said"] is None else f"{_short(record['said'])}{_unit(record)}"


def _did(record: Record) -> str:
    return "not shown yet" if record["did"] is None else f"{_short(record['did'])}{_unit(record)}"


def _unit(record: Record) -> str:
    return f" {record['range'][2]}" if record["range"] and record["range"][2] else ""


def _apart(record: Record) -> str:
    """The unit of a difference."""
    return " percentage points" if record["range"][2] == "%" else _unit(record)


def _short(value: object) -> str:
    """A value as a reader wants it: four digits of a fraction, no full stop at the end."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"
    return str(value).rstrip(".")


def _span(scale: tuple[float, float, str] | None) -> str:
    low, high, unit = scale or (0, 0, "")
    return f"from {_short(low)} to {_short(high)} {unit}".rstrip()


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _because(why: str) -> str:
    return f"<p>{escape(why)}</p>" if why else ""


# -- what was given -----------------------------------------------------------------------------------------------


def _check_text(value: object, what: str, example: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{what} is {value!r}: write {example}, in quotes")
    if not value.strip():
        raise ValueError(f"{what} is empty: write {example}")


def _answers(options: Any, of: str) -> list[str]:
    if isinstance(options, str) or not isinstance(options, Sequence):
        raise TypeError(f'the options of {of} are {options!r}: write a list, such as ["yes", "no"]')
    answers = [str(option) for option in options]
    if len(answers) < 2:
        raise ValueError(f"{of} has {count(len(answers), 'option')}: give two or more to choose from")
    for number, answer in enumerate(answers):
        if not answer.strip():
            raise ValueError(f"{of}: option {number + 1} is empty: write what the reader may choose")
        if answer in answers[:number]:
            raise ValueError(f"{of} offers {answer!r} twice: each option stands once")
    return answers


def _range(options: Any, key: str) -> tuple[float, float, str] | None:
    """``(low, high, unit)``, or None when the options are answers."""
    if not (isinstance(options, tuple) and len(options) == 3 and isinstance(options[2], str)):
        return None
    low, high, unit = options
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high)):
        return None
    if not (isfinite(low) and isfinite(high) and low < high):
        raise ValueError(
            f"prediction {key!r}: a range goes from a lower to a higher number, not from {low!r} to {high!r}"
        )
    return low, high, unit


def _outcome(actual: object, record: Record, key: str) -> str | float:
    """What the run did, in the form in which it is compared."""
    if not record["range"]:
        return str(actual)
    if isinstance(actual, bool) or not isinstance(actual, Real):
        raise TypeError(f"reveal({key!r}, {actual!r}): a number was asked for, so give it the number from the run")
    number = float(actual)
    if not isfinite(number):
        return str(number)
    return int(number) if number.is_integer() else number
