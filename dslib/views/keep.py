"""Where a reader's predictions are kept: in memory, and on disk as soon as the reader has said something.

The file, ``.predictions.json`` beside the notebook, is JSON::

    {"schema": "dslib.predictions/1", "notebooks": {"05-…": {"ring": {"question", "options", "range", "said", "did",
                                                                     "why", "late"}}}}
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

SCHEMA = "dslib.predictions/1"
FILE = ".predictions.json"

Record = dict[str, Any]
Kept = dict[str, dict[str, Record]]

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


class Predictions:
    """Records by notebook and key. ``trouble`` says in words what went wrong with the file; empty if nothing did."""

    def __init__(self, path: Path) -> None:
        self.path, self.trouble = path, ""
        self._asked: Kept = {}  # of this kernel, in the order of asking; it also holds what the disk refuses

    def get(self, notebook: str, key: str) -> Record | None:
        """One record, or None."""
        kept = self._asked.get(notebook, {}).get(key)
        if kept is None or kept["said"] is None:  # another kernel may have heard an answer
            kept = self._read().get(notebook, {}).get(key) or kept
        return None if kept is None else dict(kept)

    def all(self, notebook: str) -> list[Record]:
        """All records of a notebook: those asked in this kernel in that order, then the others."""
        found = {**self._asked.get(notebook, {})}
        for key, record in self._read().get(notebook, {}).items():
            if key not in found or found[key]["said"] is None:
                found[key] = record
        return list(found.values())

    def put(self, notebook: str, key: str, record: Record) -> None:
        """Keep a record: on disk if something was said. If that fails it stays in memory, and ``trouble`` says so."""
        self._asked.setdefault(notebook, {})[key] = dict(record)
        kept = self._read()
        before = kept.get(notebook, {}).get(key)
        if record["said"] is not None:
            kept.setdefault(notebook, {})[key] = dict(record)
        else:
            kept.get(notebook, {}).pop(key, None)
        if kept.get(notebook, {}).get(key) != before:
            self._write(kept)

    # -- the file

    def _read(self) -> Kept:
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            self.trouble = (
                f"{self.path.name} cannot be read ({error.strerror}): what you say is kept until the kernel stops."
            )
            return {}
        try:
            return _checked(json.loads(text))
        except (ValueError, RecursionError) as error:
            self._set_aside(str(error))
            return {}

    def _write(self, kept: Kept) -> None:
        text = json.dumps({"schema": SCHEMA, "notebooks": kept}, ensure_ascii=False, indent=1) + "\n"
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


def _checked(data: Any) -> Kept:
    """What the file holds, if it is one of ours.

    Raises:
        ValueError: it is not; the message says where.
    """
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        schema = data.get("schema") if isinstance(data, dict) else None
        raise ValueError(f"its schema is {schema!r}, and {SCHEMA!r} is expected")
    notebooks = data.get("notebooks")
    if not isinstance(notebooks, dict) or not all(isinstance(records, dict) for records in notebooks.values()):
        raise ValueError("it lists no notebooks")
    for notebook, records in notebooks.items():
        for key, record in records.items():
            good = isinstance(record, dict) and record.keys() == FIELDS.keys()
            good = good and all(isinstance(record[name], types) for name, types in FIELDS.items())
            if not good or not _asks_something(record):
                raise ValueError(f"the prediction {key!r} of {notebook!r} is damaged")
    return notebooks


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
