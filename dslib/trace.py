"""The trace: all that happened in a run, row by row.

The run loop keeps as little as it can (a send is the queue's own entry and the time, a delivery the entry itself);
rows are put into words only when somebody looks at them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Any, NamedTuple

from .node import Message, show, show_begin

#: The version of the JSON form. A reader refuses what it does not know.
SCHEMA = "dslib.trace/1"

KINDS = (
    "start", "send", "hop", "deliver", "drop", "timer", "crash", "restart", "fault", "log", "state",
)  # fmt: skip


class Event(NamedTuple):
    """One row.

    ============ ============= ===================================================================================
    kind         src, dest     what happened; ``detail``
    ============ ============= ===================================================================================
    ``start``    node          it booted: ``on_start`` runs, at the beginning and after every restart
    ``send``     sender, dest  a message was handed to the network
    ``hop``      from, to      a routed message goes onto the link to the next place; same ``id`` as its send
    ``deliver``  sender, dest  it arrived and its handler runs; same ``id`` as its send
    ``drop``     sender, dest  it never arrives; ``"loss"``, ``"cut"``, ``"down"`` (nobody there) or ``"queue"`` (full);
                               a routed one with the place, ``"cut at r1 → r2"``, also ``"ttl"`` and ``"no route"``
    ``timer``    node          a timer ran out; its name
    ``crash``    node          it stopped and lost all but its disk
    ``restart``  node          it was started again
    ``fault``    -             a fault struck; the fault as a dict, see ``Fault.to_json``
    ``log``      node          the node's own words
    ``state``    node          its public attributes after they changed, as text (``trace="state"`` only)
    ============ ============= ===================================================================================

    A row of ``state`` also has, where there is something to say: ``role``, what the node's attribute or property
    ``role`` says ("leader", "backup"), or its ``state`` if that is a word; ``queue``, how many wait there:
    the number or the length of its ``waiting``, unless it has a ``queue`` to show; and ``disk``, the first 160
    characters of what its disk holds.

    ``time`` is true time in ms. ``id`` is the message's number, None for rows without a message.
    """

    time: float
    kind: str
    src: str | None = None
    dest: str | None = None
    id: int | None = None
    msg: Message | None = None
    detail: Any = None

    def __str__(self) -> str:
        words = {"send": "sends", "deliver": "delivers", "drop": "drops"}.get(self.kind, self.kind)
        where = f"{self.src} → {self.dest}" if self.dest is not None else self.src or ""
        what = " ".join(show(x) if isinstance(x, Message) else str(x) for x in (self.msg, self.detail) if x is not None)
        return f"{self.time:10.3f} ms  {words:<8} {where:<20} {what}".rstrip()


class Trace(Sequence[Event]):
    """The rows of a run in the order they happened. Printing it shows them as a table."""

    def __init__(self, rows: Iterable[Any] = (), nodes: Iterable[str] = (), seed: int = 0, end: float = 0.0) -> None:
        self._rows: list[Any] = list(rows)
        self._copies: dict[int, int] = {}
        self.nodes, self.seed, self.end = tuple(nodes), seed, end

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Event]:
        return map(self._event, self._rows)

    def __getitem__(self, index: Any) -> Any:
        rows = self._rows[index]
        return [self._event(row) for row in rows] if isinstance(index, slice) else self._event(rows)

    def _event(self, row: Any) -> Event:
        if type(row) is Event:
            return row
        if len(row) == 2:  # (time of sending, entry): see Link.carry
            now, (_, order, link, msg, _, src) = row
            return Event(now, "send", src, link.dest, order, msg)
        time, order, link, msg, _, src = row  # the queue's entry: a delivery
        return Event(time, "deliver", src, link.dest, self._copies.get(order, order), msg)

    def where(self, **wanted: Any) -> Trace:
        """The rows whose fields have these values, as a trace::

            sim.trace.where(kind="drop", dest="r3")
            sim.trace.where(kind=("send", "drop"), msg=Write, after=100)

        A tuple, list or set means any of its values; ``msg`` may be a message class; ``node`` matches ``src`` or
        ``dest``; ``after`` and ``before`` bound the time, [after, before).

        Raises:
            TypeError: no row has such a field.
            ValueError: no row can have that kind.
        """
        unknown = [name for name in wanted if name not in (*Event._fields, "node", "after", "before")]
        if unknown:
            raise TypeError(
                f"a trace has no field {unknown[0]!r}: use {', '.join(Event._fields)}, or node, after, before"
            )
        for kind in _several(wanted.get("kind", ())):
            if kind not in KINDS:
                raise ValueError(f"there are no rows of kind {kind!r}: the kinds are {', '.join(KINDS)}")
        return Trace((e for e in self if _matches(e, wanted)), self.nodes, self.seed, self.end)

    def digest(self) -> str:
        """SHA-256 over all rows, as hexadecimal digits: equal digests, equal runs, on every Python and machine.

        Raises:
            RuntimeError: the simulation records no trace.
        """
        sha = hashlib.sha256()
        for e in self:
            detail = e.detail if isinstance(e.detail, str) else show(e.detail)
            row = (repr(e.time), e.kind, e.src or "", e.dest or "", repr(e.id), show(e.msg), detail)
            sha.update("\x1f".join(row).encode() + b"\n")
        return sha.hexdigest()

    def to_data(self, most: float = inf) -> dict[str, Any]:
        """What ``to_json`` writes: a dict of JSON values.

        For a picture, a field of a message that is longer than ``most`` characters is its text, cut off.
        """
        encoded: dict[int, Any] = {id(None): None}  # what is sent is what arrives: the same object, as a rule
        events = []
        for e in self:
            key = id(e.msg)
            if key not in encoded:
                encoded[key] = _encode(e.msg, most)
            events.append([e.time, e.kind, e.src, e.dest, e.id, encoded[key], e.detail])
        return {"schema": SCHEMA, "seed": self.seed, "nodes": list(self.nodes), "end": self.end, "events": events}

    def to_json(self) -> str:
        """The trace as JSON text: ``{"schema", "seed", "nodes", "end", "events"}``, each event a list of its fields."""
        return json.dumps(self.to_data(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read what ``to_json`` wrote; the digest is the same.

        Raises:
            ValueError: it is no JSON, no trace, or a trace of another version; the message says which.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise ValueError(f"this is not a trace: the text is not JSON ({error})") from None
        schema = data.get("schema") if isinstance(data, dict) else None
        if schema != SCHEMA:
            raise ValueError(
                f"this is not a trace that this dslib can read: its schema is {schema!r}, and {SCHEMA!r} is expected. "
                "Record it again by running the scenario with its seed"
            )
        types: dict[tuple[str, tuple[str, ...]], type[Message]] = {}
        rows = []
        for number, row in enumerate(data.get("events", ())):
            try:
                time, kind, src, dest, id, msg, detail = row
                if kind not in KINDS:
                    raise ValueError(f"unknown kind {kind!r}")
                rows.append(Event(time, kind, src, dest, id, None if msg is None else _decode(msg, types), detail))
            except (TypeError, ValueError, KeyError) as error:
                raise ValueError(f"event {number} of the trace cannot be read ({error}): {row!r}") from None
        return cls(rows, data["nodes"], data["seed"], data["end"])

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} events to {self.end:g} ms, seed {self.seed}; print(trace) shows them>"


class NoTrace(Trace):
    """What stands in ``sim.trace`` when nothing is recorded: every use says so."""

    @staticmethod
    def refusal() -> RuntimeError:
        """The error that says how to get a trace."""
        return RuntimeError('this simulation records no trace: write Simulation(…, trace="events")')

    def __len__(self) -> int:
        raise self.refusal()

    def __iter__(self) -> Iterator[Event]:
        raise self.refusal()

    def __getitem__(self, index: Any) -> Any:
        raise self.refusal()

    def __repr__(self) -> str:
        return "<Trace: off>"


class Shown(str):
    """A value that came back from JSON as its text, and prints like the value it stands for."""

    def __repr__(self) -> str:
        return str(self)


def _several(value: Any) -> Any:
    return value if isinstance(value, tuple | list | set | frozenset) else (value,)


def _matches(event: Event, wanted: dict[str, Any]) -> bool:
    for name, value in wanted.items():
        if name == "after":
            held = event.time >= value
        elif name == "before":
            held = event.time < value
        elif name == "node":
            held = event.src in _several(value) or event.dest in _several(value)
        elif name == "msg":
            held = any(
                type(event.msg).__name__ == v.__name__ if isinstance(v, type) else event.msg == v
                for v in _several(value)
            )
        else:
            held = getattr(event, name) in _several(value)
        if not held:
            return False
    return True


def _encode(value: Any, most: float = inf) -> Any:
    """A message or a field of one as a JSON value; what JSON cannot say goes as its text."""
    if isinstance(value, Message):
        fields = {name: getattr(value, name) for name in value.fields()}
        return {
            "type": type(value).__name__,
            "fields": {name: _encode(item) if most == inf else _cut(item, int(most)) for name, item in fields.items()},
        }
    if value is None or type(value) in (bool, int, str) or (type(value) is float and abs(value) < float("inf")):
        return value
    if type(value) is tuple:
        return [_encode(item) for item in value]
    return {"text": show(value)}


def _cut(value: Any, most: int) -> Any:
    if type(value) in (bool, int, float, type(None)) or (type(value) is str and len(value) + 2 <= most):
        return _encode(value)
    text = show_begin(value, most + 1)
    return _encode(value) if len(text) <= most else {"text": text[: most - 1] + "…"}


def _decode(value: Any, types: dict[tuple[str, tuple[str, ...]], type[Message]]) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item, types) for item in value)
    if isinstance(value, dict) and "type" in value:
        fields = value["fields"]
        shape = (value["type"], tuple(fields))
        if shape not in types:
            types[shape] = type(value["type"], (Message,), {"__annotations__": dict.fromkeys(fields, Any)})
        return types[shape](**{name: _decode(item, types) for name, item in fields.items()})
    return Shown(value["text"]) if isinstance(value, dict) else value
