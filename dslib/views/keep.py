"""Where predictions and self-checks are kept: in memory, and on disk as soon as the reader has said something.

The file, ``.predictions.json`` beside the notebook, is JSON::

    {"schema": "dslib.predictions/2",
     "notebooks": {"05-…": {"ring": {"question", "options", "range", "said", "did", "why", "late"}}},
     "checks":    {"05-…": {"05/even": {"tries", "hints", "solved", "shown", "said"}}}}

A file of version 1, which had no checks, is read as well.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from .static import count

SCHEMA = "dslib.predictions/2"
EARLIER = "dslib.predictions/1"
FILE = ".predictions.json"

Record = dict[str, Any]
Kept = dict[str, dict[str, Record]]

#: The parts of the file, and what is in them.
PREDICTIONS, CHECKS = "notebooks", "checks"

#: What a record holds, and of which types.
FIELDS: dict[str, tuple[type, ...]] = {
    "question": (str,),
    "options": (list, type(None)),
    "range": (list, type(None)),
    "said": (str, int, float, type(None)),
    "did": (str, int, float, type(None)),
    "why": (str,),
    "late": (bool,),
}

#: What is kept of a self-check: how often an answer was tried, how many hints were asked for, whether it was answered
#: rightly, whether the answer was shown before that, and the last answer: the options chosen, or what was written.
CHECK_FIELDS: dict[str, type] = {"tries": int, "hints": int, "solved": bool, "shown": bool, "said": list}

#: A check that nobody has touched.
UNTOUCHED: Record = {"tries": 0, "hints": 0, "solved": False, "shown": False, "said": []}


class Predictions:
    """Records by notebook and key. ``trouble`` says in words what went wrong with the file; empty if nothing did."""

    def __init__(self, path: Path) -> None:
        self.path, self.trouble = path, ""
        # Of this kernel, in the order of asking; it also holds what the disk refuses.
        self._asked: dict[str, Kept] = {PREDICTIONS: {}, CHECKS: {}}

    def get(self, notebook: str, key: str) -> Record | None:
        """One prediction, or None."""
        return self._get(PREDICTIONS, notebook, key)

    def all(self, notebook: str) -> list[Record]:
        """All predictions of a notebook: those asked in this kernel in that order, then the others."""
        return list(self._all(PREDICTIONS, notebook).values())

    def keys(self, notebook: str) -> list[str]:
        """The keys of ``all``, in its order."""
        return list(self._all(PREDICTIONS, notebook))

    def notebooks(self) -> list[str]:
        """The names of all notebooks of which something is kept, sorted."""
        file = self._read()
        return sorted({name for part in (self._asked, file) for kept in part.values() for name in kept})

    def put(self, notebook: str, key: str, record: Record) -> None:
        """Keep a prediction: on disk if something was said. If that fails, in memory, and ``trouble`` says so."""
        self._put(PREDICTIONS, notebook, key, record)

    def check(self, notebook: str, item: str) -> Record:
        """What the reader has done so far about a self-check."""
        return self._get(CHECKS, notebook, item) or dict(UNTOUCHED)

    def checks(self, notebook: str) -> dict[str, Record]:
        """All self-checks of a notebook: those asked in this kernel in that order, then the others."""
        return self._all(CHECKS, notebook)

    def put_check(self, notebook: str, item: str, record: Record) -> None:
        """Keep what the reader did about a self-check, as ``put`` keeps a prediction.

        Raises:
            ValueError: it is no such record.
        """
        if not _is_check(record):
            raise ValueError(f"of {item!r} this cannot be kept: {record!r}")
        self._put(CHECKS, notebook, item, record)

    def _get(self, part: str, notebook: str, key: str) -> Record | None:
        kept = self._asked[part].get(notebook, {}).get(key)
        if kept is None or not _something(kept):  # another kernel may have heard an answer
            kept = self._read()[part].get(notebook, {}).get(key) or kept
        return None if kept is None else dict(kept)

    def _all(self, part: str, notebook: str) -> dict[str, Record]:
        found = {**self._asked[part].get(notebook, {})}
        for key, record in self._read()[part].get(notebook, {}).items():
            if key not in found or not _something(found[key]):
                found[key] = record
        return found

    def _put(self, part: str, notebook: str, key: str, record: Record) -> None:
        self._asked[part].setdefault(notebook, {})[key] = dict(record)
        file = self._read()
        kept = file[part]
        before = kept.get(notebook, {}).get(key)
        if _something(record):
            kept.setdefault(notebook, {})[key] = dict(record)
        else:
            kept.get(notebook, {}).pop(key, None)
        if kept.get(notebook, {}).get(key) != before:
            self._write(file)

    # -- the file

    def _read(self) -> dict[str, Kept]:
        """Both parts of the file."""
        empty: dict[str, Kept] = {PREDICTIONS: {}, CHECKS: {}}
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return empty
        except OSError as error:
            self.trouble = (
                f"{self.path.name} cannot be read ({error.strerror}): what you say is kept until the kernel stops."
            )
            return empty
        try:
            return _checked(json.loads(text))
        except (ValueError, RecursionError) as error:
            self._set_aside(str(error))
            return empty

    def _write(self, kept: dict[str, Kept]) -> None:
        text = json.dumps({"schema": SCHEMA, **kept}, ensure_ascii=False, indent=1) + "\n"
        made = None
        try:
            # Whoever reads meanwhile finds the old file or the new one, never half of one.
            handle, made = tempfile.mkstemp(prefix=FILE, suffix=".new", dir=self.path.parent)
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(made, self.path)
        except OSError as error:
            if made is not None:
                Path(made).unlink(missing_ok=True)
            self.trouble = (
                f"{self.path.name} cannot be written ({error.strerror}): what you say is kept until the kernel stops. "
                "Make the notebook's folder writable to keep it for longer."
            )

    def _set_aside(self, why: str) -> None:
        number = 1
        while (place := self.path.with_name(f".predictions-set-aside-{number}.json")).exists():
            number += 1
        try:
            os.rename(self.path, place)
        except OSError as error:
            self.trouble = f"{self.path.name} cannot be used ({why}), nor set aside ({error.strerror})."
        else:
            self.trouble = (
                f"{self.path.name} could not be read ({why}). It was kept as {place.name}, with all that "
                "was in it, and a new one begins here."
            )


def progress(checks: Iterable[Record]) -> str:
    """How far the reader is with these self-checks, in a sentence; empty if there are none."""
    records = list(checks)
    if not records:
        return ""
    done, hints = sum(r["solved"] for r in records), sum(r["hints"] for r in records)
    shown = sum(r["shown"] for r in records)
    parts = [f"Self-checks: {done} of {len(records)} done", f"{count(hints, 'hint')} used"]
    return ", ".join([*parts, *([f"{count(shown, 'answer')} shown"] if shown else [])]) + "."


def here() -> str:
    """The name of the notebook that runs, without ``.ipynb``; empty outside of Jupyter's servers."""
    name = os.environ.get("JPY_SESSION_NAME", "")
    return Path(name).stem if name.endswith(".ipynb") else ""


def store() -> Predictions:
    """What is kept beside the notebook that runs."""
    session = Path(os.environ.get("JPY_SESSION_NAME", ""))
    beside = session.parent if session.is_absolute() and session.parent.is_dir() else Path.cwd()
    return store_at(beside / FILE)


@cache
def store_at(path: Path) -> Predictions:
    """What is kept in this file: one object for all who ask."""
    return Predictions(path)


def _something(record: Record) -> bool:
    """Whether the reader has said or done anything that is worth keeping."""
    if "tries" in record:
        return record != UNTOUCHED
    return record["said"] is not None


def _checked(data: Any) -> dict[str, Kept]:
    """What the file holds, if it is one of ours.

    Raises:
        ValueError: it is not; the message says where.
    """
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema not in (SCHEMA, EARLIER):
        raise ValueError(f"its schema is {schema!r}, and {SCHEMA!r} is expected")
    parts = {PREDICTIONS: data.get(PREDICTIONS), CHECKS: data.get(CHECKS, {})}
    for part, things in ((PREDICTIONS, "notebooks"), (CHECKS, "checks")):
        kept = parts[part]
        if not isinstance(kept, dict) or not all(isinstance(records, dict) for records in kept.values()):
            raise ValueError(f"it lists no {things}")
    for notebook, records in parts[PREDICTIONS].items():
        for key, record in records.items():
            if not _is_prediction(record):
                raise ValueError(f"the prediction {key!r} of {notebook!r} is damaged")
    for notebook, records in parts[CHECKS].items():
        for key, record in records.items():
            if not _is_check(record):
                raise ValueError(f"the self-check {key!r} of {notebook!r} is damaged")
    return parts


def _is_prediction(record: Any) -> bool:
    good = isinstance(record, dict) and record.keys() == FIELDS.keys()
    return good and all(isinstance(record[name], types) for name, types in FIELDS.items()) and _asks_something(record)


def _is_check(record: Any) -> bool:
    good = isinstance(record, dict) and record.keys() == CHECK_FIELDS.keys()
    good = good and all(type(record[name]) is kind for name, kind in CHECK_FIELDS.items())
    return good and min(record["tries"], record["hints"]) >= 0 and all(isinstance(text, str) for text in record["said"])


def _asks_something(record: Record) -> bool:
    """Whether a record has answers to choose from or a range ``[low, high, unit]``, and not both."""
    options, scale = record["options"], record["range"]
    if options is not None:
        return scale is None and all(isinstance(option, str) for option in options)
    return (
        scale is not None
        and [type(part) in (int, float) for part in scale] == [True, True, False]
        and isinstance(scale[2], str)
    )
