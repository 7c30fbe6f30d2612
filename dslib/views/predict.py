"""Predict before you run: `predict` asks, `reveal` answers from the run, `recap` shows all of it again, `check` quizzes.

What the reader predicts is kept on the reader's machine, in `.predictions.json` beside the notebook. Nothing here stops
"Run All": an unanswered question is just an unanswered question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: The options of a prediction: answers to choose from, or a range of numbers ``(low, high, unit)``.
Options = Sequence[object] | tuple[float, float, str]


def predict(key: str, question: str, options: Options) -> Any:
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
    raise NotImplementedError


def reveal(key: str, actual: object, why: str = "") -> Any:
    """Show what the reader said beside what the run did, and remember both for ``recap``.

    ``actual`` comes from the run. It is compared as text with the options of ``predict`` (``reveal("n", 2)`` meets the
    option ``2`` or ``"2"``), and as a number when a number was asked for. ``why`` explains it, in plain text.
    Without a prediction it just says what happened.
    """
    raise NotImplementedError


def recap(lesson: str | None = None) -> Any:
    """The table of all predictions: question, you said, it did. Of this notebook, or of the one named ``lesson``
    (the file's name without ``.ipynb``).
    """
    raise NotImplementedError


def check(question: str, options: Sequence[object] | Mapping[Any, str], answer: object, why: str = "") -> Any:
    """A self-check with immediate feedback.

    Args:
        question: the question, plain text.
        options: the answers; or a dict from each answer to what choosing it tells the reader: for a wrong one, the
            misconception behind it.
        answer: the right one of the options.
        why: why it is right; shown with the right answer.

    Raises:
        ValueError: fewer than two options, the same twice, or an ``answer`` that is none of them.
    """
    raise NotImplementedError
