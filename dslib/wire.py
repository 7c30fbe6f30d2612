"""Messages as JSON, and back: what two processes need that speak about the same classes.

A message becomes ``{"type": its class, "fields": {…}}``. Numbers, text, True, False and None stand for themselves, a
tuple is a list. What JSON has no word for is tagged: ``{"!set": …}``, ``{"!map": …}``, ``{"!bytes": …}``,
``{"!float": "inf"}``, ``{"!json": …}``, and ``{"!": class, …}`` for a message, a named tuple or an enumeration's member
inside of another value.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from math import isfinite
from typing import Any

from .node import Message, show


class Malformed(ValueError):
    """What was received cannot be read; the text says where and why."""


class Json(str):
    """An object or a list of somebody else's, kept as its text: a message holds it, compares it and passes it on."""

    __slots__ = ()


def kept(value: Any) -> Any:
    """A JSON value as a message may hold it: objects and lists, which could change, become ``Json``."""
    return Json(json.dumps(value, sort_keys=True)) if isinstance(value, dict | list) else value


def shown_as_json(value: Any) -> Any:
    """A message's value as somebody else's JSON: tuples and sets become lists, ``Json`` what it was.

    Raises:
        TypeError: JSON has nothing like it.
    """
    if isinstance(value, Json):
        return json.loads(value)
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, tuple | list):
        return [shown_as_json(one) for one in value]
    if isinstance(value, frozenset | set):
        return [shown_as_json(one) for one in sorted(value, key=show)]
    if isinstance(value, Mapping):
        return {str(key): shown_as_json(one) for key, one in value.items()}
    raise TypeError(
        f"{show(value)} is a {type(value).__name__}, and JSON has no such thing: answer numbers, text, tuples"
    )


def to_wire(value: Any) -> Any:
    """A message, or a value in it, as JSON's numbers, texts, lists and objects.

    Raises:
        TypeError: the value is of a class that cannot be sent to another process.
    """
    if isinstance(value, Json):
        return {"!json": str(value)}
    if isinstance(value, Enum):
        return {"!": type(value).__name__, "member": value.name}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else {"!float": repr(value)}
    if isinstance(value, Message):
        fields = {name: to_wire(getattr(value, name)) for name in value.fields()}
        return {"!": type(value).__name__, "fields": fields}
    if isinstance(value, tuple):
        items = [to_wire(one) for one in value]
        return items if type(value) is tuple else {"!": type(value).__name__, "items": items}
    if isinstance(value, frozenset):
        return {"!set": [to_wire(one) for one in sorted(value, key=show)]}
    if isinstance(value, bytes):
        return {"!bytes": value.hex()}
    raise TypeError(
        f"{show(value)} is a {type(value).__name__}, which cannot be sent to another process: use numbers, text, "
        "tuples, frozensets, named tuples or messages"
    )


def from_wire(value: Any, classes: Mapping[str, type]) -> Any:
    """What ``to_wire`` was given. ``classes`` has the classes of messages and named tuples by name.

    Raises:
        Malformed: the value is nothing that ``to_wire`` writes, or of a class that is not among ``classes``.
    """
    if isinstance(value, list):
        return tuple(from_wire(one, classes) for one in value)
    if not isinstance(value, dict):
        return value
    try:
        if "!" in value:
            kind = classes[value["!"]]
            if issubclass(kind, Message):
                return message(kind, value["fields"], classes)
            if issubclass(kind, Enum):
                return kind[value["member"]]
            return kind(*(from_wire(one, classes) for one in value["items"]))
        ((tag, held),) = value.items()
        if tag == "!set":
            return frozenset(from_wire(one, classes) for one in held)
        if tag == "!bytes":
            return bytes.fromhex(held)
        if tag == "!float":
            return float(held)
        if tag == "!json":
            return Json(held)
    except KeyError as missing:
        raise Malformed(f"there is no {missing} to make of {value!r}") from None
    except (TypeError, ValueError, AttributeError) as wrong:
        raise Malformed(f"{value!r} cannot be read: {wrong}") from None
    raise Malformed(f"{value!r} cannot be read: its tag is unknown")


def message(kind: type[Message], fields: Any, classes: Mapping[str, type]) -> Message:
    """A message of that class with these fields, as ``to_wire`` writes them.

    Raises:
        Malformed: the fields are not those of the class.
    """
    if not isinstance(fields, dict) or set(fields) - set(kind.fields()):
        raise Malformed(
            f"{fields!r} are not the fields of {kind.__name__}: they are {', '.join(kind.fields()) or 'none'}"
        )
    try:
        return kind(**{name: from_wire(one, classes) for name, one in fields.items()})
    except TypeError as wrong:
        raise Malformed(f"{kind.__name__} cannot be made of {fields!r}: {wrong}") from None


def classes_beside(kinds: Iterable[type]) -> dict[str, type]:
    """Messages, named tuples and enumerations that the modules of these classes, and of their bases, know by name."""
    found: dict[str, type] = {}
    for kind in kinds:
        for base in kind.__mro__:
            for thing in vars(sys.modules[base.__module__]).values():
                if isinstance(thing, type) and issubclass(thing, Message | Enum | tuple):
                    found.setdefault(thing.__name__, thing)
    return found
