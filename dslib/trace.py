"""The trace: all that happened in a run, row by row.

The run loop keeps as little as it can (a send is the queue's own entry and the time, a delivery the entry itself);
rows are put into words only when somebody looks at them.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from math import inf
from typing import Any, NamedTuple

from .faults import Fault
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

    #: Whether rows were left out, as ``where`` does: then a message may arrive that is not sent in it.
    filtered = False

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
        found = Trace((e for e in self if _matches(e, wanted)), self.nodes, self.seed, self.end)
        found.filtered = True
        return found

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
        filtered = {"filtered": True} if self.filtered else {}
        about = {"schema": SCHEMA, "seed": self.seed, "nodes": list(self.nodes), "end": self.end, **filtered}
        return {**about, "events": events}

    def to_json(self) -> str:
        """The trace as JSON text: ``{"schema", "seed", "nodes", "end", "events"}``, each event a list of its fields.

        ``"filtered": true`` says that rows were left out.
        """
        return json.dumps(self.to_data(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read what ``to_json`` wrote; the digest is the same.

        A filtered trace in which messages arrive that are not sent in it gives a warning: a picture leaves them out.

        Raises:
            ValueError: it is no JSON, no trace, or a trace of another version; or a row is none, of an unknown kind,
                lacks something, is earlier than the one before it, or lets a message arrive that was never sent. The
                message names the row and says what belongs there.
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
        for name, fits, what in _ABOUT:
            if not fits(data.get(name)):
                raise ValueError(f"the trace's {name!r} is {_shown(data.get(name))}, and should be {what}. {_AGAIN}")
        filtered, nodes = data.get("filtered") is True, dict.fromkeys(data["nodes"])
        types: dict[tuple[str, tuple[str, ...]], type[Message]] = {}
        sent: set[int] = set()
        rows: list[Event] = []
        for number, row in enumerate(data["events"]):
            why = _unfit(row, rows[-1].time if rows else 0.0, nodes)
            if not why and row[1] in ("hop", "deliver", "drop") and row[4] not in sent and not filtered:
                why = (
                    f"is about message {row[4]}, which no row before it sends: if rows were left out on purpose, write "
                    '"filtered": true beside "schema"'
                )
            if not why:
                sent.update([row[4]] if row[1] == "send" else ())
                try:
                    time, kind, src, dest, id, msg, detail = row
                    rows.append(Event(time, kind, src, dest, id, None if msg is None else _decode(msg, types), detail))
                except (TypeError, ValueError, KeyError) as error:
                    why = f"carries no message that can be read ({type(error).__name__}: {error})"
            if why:
                raise ValueError(f"event {number} of the trace {why}. It is {_shown(row)}. {_AGAIN}")
        read = cls(rows, data["nodes"], data["seed"], data["end"])
        read.filtered = filtered
        lost = {e.id for e in rows if e.kind in ("hop", "deliver", "drop") and e.id not in sent}
        if lost:
            some = (
                "1 message arrives in it and is" if len(lost) == 1 else f"{len(lost):,} messages arrive in it and are"
            )
            warnings.warn(
                f"this trace was filtered: {some} not sent in it. A picture leaves these out",
                stacklevel=2,
            )
        return read

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


# -- what a trace is made of, for whoever reads one -------------------------------------------------------------------

_AGAIN = "Record it again by running the scenario with its seed"


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_ABOUT: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    (
        "nodes",
        lambda v: isinstance(v, list) and all(map(_is_name, v)) and len({*v}) == len(v),
        "a list of names, each once",
    ),
    ("seed", lambda v: _is_whole(v) or isinstance(v, str), "a whole number, or a text"),
    ("end", _is_time, "the time in ms at which the run ended"),
    ("events", lambda v: isinstance(v, list), "a list of rows"),
)


def _unfit(row: Any, before: float, nodes: Collection[str]) -> str:
    """What is wrong with a row, in words; "" if it can be read. Routers are no nodes, and have rows of hops."""
    if not isinstance(row, list) or len(row) != 7:
        return "should have seven fields: time, kind, src, dest, id, msg and detail, with null for what it has not"
    time, kind, src, dest, id, msg, detail = row
    if kind not in KINDS:
        near = get_close_matches(str(kind), KINDS, 1)
        return f"is of the kind {kind!r}, and " + (
            f"{near[0]!r} may be meant" if near else f"kinds are {', '.join(KINDS)}"
        )
    if not _is_time(time):
        return f"({kind}) has the time {time!r}, and should have ms, 0 or more"
    if time < before:
        return (
            f"({kind}) is at {time:g} ms, and the row before it at {before:g}: rows stand in the order of their times"
        )
    if kind in ("send", "deliver", "drop"):
        for name, what in (("src", src), ("dest", dest)):
            if what not in nodes:
                return f"({kind}) has the {name} {what!r}, and the nodes are {', '.join([*nodes][:12])}"
    elif kind == "hop":
        if not (_is_name(src) and _is_name(dest)):
            return "(hop) should name the places that its link joins, as src and dest"
    elif kind != "fault" and src not in nodes:
        return f"({kind}) has the src {src!r}, and the nodes are {', '.join([*nodes][:12])}"
    if kind in ("send", "hop", "deliver", "drop"):
        if not _is_whole(id):
            return f"({kind}) has the id {id!r}, and should have the number of its message"
        if not isinstance(msg, dict):
            return f"({kind}) carries {msg!r}, and should carry a message"
    if kind == "drop" and not _is_name(detail):
        return f'(drop) has the detail {detail!r}, and should say why, for example "loss"'
    if kind == "state" and not (isinstance(detail, dict) and all(isinstance(v, str) for v in detail.values())):
        return "(state) should hold the node's attributes as text, by their names"
    if kind == "fault":
        try:
            Fault.from_json(detail)
        except ValueError as error:
            return f"(fault) has the detail {error}"
    return ""


def _shown(value: Any) -> str:
    text = show(value)
    return text if len(text) <= 200 else text[:199] + "…"


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
