"""What clients asked and what they were told: the only evidence a checker may use.

A client never sees inside the system. All it has is a list of operations: what was asked, when, what was
answered, when. That list is a *history* (Herlihy & Wing 1990, section 2). Each operation ends in one of three ways:

- ``ok``: it was answered. It took effect exactly once, between ``invoked`` and ``completed``, with ``result``.
- ``fail``: it certainly had no effect (the server refused it).
- ``info``: nobody knows. It may take effect once, at any time after ``invoked``, or never. A time-out, a crash of the
  client or the end of the run leaves this. An operation that is still open reads as ``info`` too.

The names of the three are those of Jepsen (https://jepsen.io). Times are simulated milliseconds.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, overload

STATUSES = ("ok", "fail", "info")
SETTLED = ("ok", "fail")
Time = float | Callable[[], float]

#: Nearly all values are of these types: they cannot change, and are equal to themselves.
PLAIN = {str, int, bool, type(None)}

# Field of Operation -> its name in JSON, in the order in which it is written.
_JSON_NAMES = {
    "id": "id",
    "process": "process",
    "f": "f",
    "key": "key",
    "arg": "arg",
    "result": "result",
    "result_known": "result_known",
    "invoked": "call",
    "completed": "return",
    "status": "status",
}
_JSON_DEFAULTS = {"key": None, "arg": None, "result": None, "result_known": True}


@dataclass(init=False)
class Operation:
    """One request of one process: ``f`` (what was asked: "write"), of ``key``, with ``arg``, answered by ``result``.

    By hand: ``Operation("alice", "write", arg="x", invoked=0, completed=10)``. The status is "ok" when ``completed`` is
    given and "info" otherwise. A client gets one from ``self.invoke(...)`` and settles it with :meth:`ok`,
    :meth:`fail` or :meth:`info`. ``result_known=False`` says that the answer itself was lost: the operation took
    effect, but a read may have returned anything.

    Raises ValueError or TypeError for a time that is negative, not finite or out of order, for an unknown status, and
    for a key, arg or result that could change later (a list, a dict).
    """

    id: int
    process: str | int
    f: str
    key: Any
    arg: Any
    result: Any
    result_known: bool
    invoked: float
    completed: float | None
    status: str

    # Not fields: they exist only while the operation is open, and stay out of ==, repr, JSON and pickles.
    _open: ClassVar[bool] = False
    _now: ClassVar[Any] = None  # a function that tells the time

    def __init__(
        self,
        process: str | int,
        f: str,
        key: Any = None,
        arg: Any = None,
        result: Any = None,
        *,
        id: int = 0,
        result_known: bool = True,
        invoked: float = 0.0,
        completed: float | None = None,
        status: str | None = None,
    ) -> None:
        self.process, self.f, self.key, self.arg, self.result = process, f, key, arg, result
        self.id, self.result_known, self.invoked, self.completed = id, result_known, invoked, completed
        self.status = status if status is not None else "info" if completed is None else "ok"
        self._check()

    def ok(self, result: Any = None, *, result_known: bool = True, now: float | None = None) -> bool:
        """It was answered, with ``result``. True if that was recorded; False if the answer came too late.

        Too late means: the client had given up (:meth:`info`) or had gone on to its next operation. What a client did
        not know when it gave up cannot be added afterwards, so the operation stays ``info`` for ever.
        Raises RuntimeError when the operation was settled by ``ok`` or ``fail`` before.
        """
        return self._settle("ok", result, result_known, now)

    def fail(self, *, now: float | None = None) -> bool:
        """It certainly had no effect. Returns and raises as :meth:`ok`; a mere time-out is :meth:`info`."""
        return self._settle("fail", None, True, now)

    def info(self) -> bool:
        """The client gives up without knowing what happened. Returns and raises as :meth:`ok`."""
        return self._settle("info", None, True, None)

    def _settle(self, status: str, result: Any, result_known: bool, now: float | None) -> bool:
        if self.status != "info":
            raise RuntimeError(
                f"{self._name()} was settled as {self.status!r} at {self.completed} and cannot become {status!r}. "
                "Settle each operation once: forget it when its answer arrives, and cancel its timer."
            )
        if not self._open:
            return False
        before = self.result, self.result_known, self.completed, self.status
        if status != "info":
            if now is None and self._now is None:
                raise ValueError(f"{self._name()} does not know the time: write op.{status}(..., now=sim.now)")
            self.completed = self._now() if now is None else now
            self.result, self.result_known, self.status = result, result_known, status
        try:
            self._check()
        except (TypeError, ValueError):
            self.result, self.result_known, self.completed, self.status = before
            raise
        self._close()
        return True

    def _close(self) -> None:
        """From here on an answer is late."""
        kept = self.__dict__
        kept.pop("_open", None)
        kept.pop("_now", None)

    def _check(self) -> None:
        invoked, completed = self.invoked, self.completed
        if (  # a quick look, because clients record millions of operations: all is as it nearly always is
            type(self.process) is str and self.process and type(self.f) is str and self.f and type(self.id) is int
            and type(self.key) in PLAIN and type(self.result) in PLAIN
            and (type(self.arg) in PLAIN or (type(self.arg) is tuple and PLAIN.issuperset(map(type, self.arg))))
            and type(self.result_known) is bool and type(invoked) is float
            and (
                0.0 <= invoked < math.inf and self.status == "info" if completed is None
                else type(completed) is float and 0.0 <= invoked <= completed < math.inf and self.status in SETTLED
            )
        ):  # fmt: skip
            return
        if isinstance(self.process, bool) or not isinstance(self.process, str | int) or self.process == "":
            raise TypeError(f"{self._name()}: process must be a name or a number, not {self.process!r}")
        if not isinstance(self.f, str) or not self.f:
            raise TypeError(f'{self._name()}: f must be the name of what was asked, such as "read", not {self.f!r}')
        if isinstance(self.id, bool) or not isinstance(self.id, int):
            raise TypeError(f"{self._name()}: id must be a whole number, not {self.id!r}")
        if not isinstance(self.result_known, bool):
            raise TypeError(f"{self._name()}: result_known must be True or False, not {self.result_known!r}")
        if self.status not in STATUSES:
            raise ValueError(f'{self._name()}: status {self.status!r} is unknown; write "ok", "fail" or "info"')
        self._check_time("invoked", self.invoked)
        if self.completed is not None:
            self._check_time("completed", self.completed)
            if self.completed < self.invoked:
                raise ValueError(
                    f"{self._name()}: completed at {self.completed}, before it was invoked at {self.invoked}; "
                    "swap the times or correct them"
                )
        if self.status == "ok" and self.completed is None:
            raise ValueError(f'{self._name()}: an "ok" operation needs the time it completed; without one it is "info"')
        if self.status == "info" and self.completed is not None:
            raise ValueError(f'{self._name()}: an "info" operation never completed; leave completed=None, or say "ok"')
        for field in ("key", "arg", "result"):
            value = getattr(self, field)
            try:
                hash(value)
            except TypeError:
                raise TypeError(
                    f"{self._name()}: {field}={value!r} can change after it was recorded; use a tuple instead of a list"
                    ", a tuple of pairs instead of a dict, or a frozenset instead of a set"
                ) from None
            if isinstance(value, float) and math.isnan(value):
                raise ValueError(f"{self._name()}: {field} is not equal to itself (nan), so no read could match it")

    def _check_time(self, field: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{self._name()}: {field} must be a number of milliseconds, not {value!r}")
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"{self._name()}: {field}={value!r} is not a time; times are finite and not negative")

    def _name(self) -> str:
        return f"Operation {self.id} ({self.f!r} by {self.process!r})"

    def __getstate__(self) -> dict[str, Any]:
        # A clock belongs to a running simulation; a pickle is a record. After loading, ok() needs now=.
        return {name: value for name, value in self.__dict__.items() if name != "_now"}


class History(Sequence[Operation]):
    """An ordered collection of operations: what each client asked, in the order in which it asked.

    ``sim.history`` is one. By hand: ``History([Operation(...), ...])``; if none of the operations was given an id, they
    are numbered in order. ``model`` and ``initial`` say what the operations were done to (see ``dslib.specs``);
    they are part of the JSON form, and ``model=None`` means "tell from the operations".

    A process has at most one open operation. When a client invokes again while one is open, or after it gave one up,
    the earlier operation stays ``info`` for ever and the client goes on as a new process: "alice", "alice#2",
    "alice#3". So within one process an operation starts only after the previous one has ended.
    """

    def __init__(self, operations: Iterable[Operation] = (), *, model: str | None = None, initial: Any = None) -> None:
        self.model = model
        self.initial = initial
        self._operations = list(operations)
        self._last: dict[str | int, Operation] = {}  # process -> its latest operation
        self._process: dict[str, str] = {}  # client -> the process it goes by now
        self._number: dict[str, int] = {}  # client -> the number of its newest process
        for op in self._operations:
            if not isinstance(op, Operation):
                raise TypeError(f'A History holds operations, not {op!r}; write Operation("alice", "read", ...)')
            self._last[op.process] = op
        if all(op.id == 0 for op in self._operations):
            for number, op in enumerate(self._operations):
                op.id = number
        _check_ids(self._operations)
        self._next_id = max((op.id for op in self._operations), default=-1) + 1

    def invoke(
        self, process: str, f: str, key: Any = None, arg: Any = None, now: Time = 0.0, *, overlapping: bool = False
    ) -> Operation:
        """Client ``process`` asks for ``f`` now. Returns the open operation; settle it with ``op.ok(result)``.

        ``now`` is the time in ms, or a function without arguments that tells it. With a function, ``op.ok(result)``
        needs no time; with a number, write ``op.ok(result, now=...)``. ``overlapping=True`` is for a client that stands
        for many users: an operation that is still open stays open, and can be settled, beside the new one.
        """
        if not isinstance(process, str) or not process or "#" in process:
            raise ValueError(f"Client {process!r}: give it a name, without '#' (that sign numbers its processes)")
        current = self._process.get(process, process)
        before = self._last.get(current)
        if before is not None and before.status == "info":
            n = self._number.get(process, 1) + 1
            while (current := f"{process}#{n}") in self._last:
                n += 1
            self._number[process] = n
        op = Operation(current, f, key, arg, id=self._next_id, invoked=now() if callable(now) else now)
        op.__dict__["_open"] = True
        if callable(now):
            op.__dict__["_now"] = now
        if before is not None and not overlapping:
            before._close()
        self._next_id += 1
        self._process[process] = current
        self._last[current] = op
        self._operations.append(op)
        return op

    def settle(self, op: Operation, status: str, result: Any = None, now: float | None = None) -> bool:
        """Settle ``op`` as "ok", "fail" or "info" at time ``now``: the same as ``op.ok(result, now=now)`` and so on."""
        if status not in STATUSES:
            raise ValueError(f'{op._name()}: status {status!r} is unknown; write "ok", "fail" or "info"')
        return op._settle(status, result if status == "ok" else None, True, now)

    def to_json(self) -> str:
        """``{"model": …, "initial": …, "ops": [{"id", "process", "f", "key", "arg", "result", "result_known", "call",
        "return", "status"}, …]}`` as text, one operation to a line; ``call`` and ``return`` are times in ms.

        Raises ValueError for a value that JSON cannot carry.
        """
        model = self.model if self.model is not None else self.guess_model()
        rows = []
        for op in self._operations:
            row = {name: getattr(op, field) for field, name in _JSON_NAMES.items()}
            for name in ("key", "arg", "result"):
                _check_json(row[name], f"{op._name()}: {name}")
            rows.append(json.dumps(row, allow_nan=False))
        _check_json(self.initial, "History: initial")
        head = f'{{"model": {json.dumps(model)}, "initial": {json.dumps(self.initial, allow_nan=False)}, "ops": ['
        return head + "\n" + ",\n".join(rows) + "\n]}\n" if rows else head + "]}\n"

    @classmethod
    def from_json(cls, text: str) -> History:
        """The history that :meth:`to_json` wrote. Arrays become tuples, so that values stay hashable.

        ``key``, ``arg`` and ``result`` may be left out (null), as may ``result_known`` (true), ``id`` (the position)
        and the ``return`` of an info operation. Raises ValueError that names the operation, the field and the fix.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as problem:
            raise ValueError(f"This is not JSON: {problem}. Write a history with History.to_json().") from None
        if not isinstance(data, dict) or not isinstance(data.get("ops"), list):
            raise ValueError(
                'A history is an object {"model": ..., "initial": ..., "ops": [...]}; "ops" must be a list'
            )
        model = data.get("model")
        if model is not None and not isinstance(model, str):
            raise ValueError(f'"model" must be a name such as "register", "cas-register" or "kv", not {model!r}')
        initial = data.get("initial")
        if isinstance(initial, dict):
            initial = {key: _freeze(value, 'History: "initial"') for key, value in initial.items()}
        else:
            initial = _freeze(initial, 'History: "initial"')
        operations = [_operation_from_row(row, position) for position, row in enumerate(data["ops"])]
        _check_ids(operations)
        return cls(operations, model=model, initial=initial)

    def guess_model(self) -> str:
        """The name of the smallest model that knows what was asked."""
        asked = {op.f for op in self._operations}
        if asked & {"get", "put", "append"}:
            return "kv"
        if asked & {"acquire", "release"}:
            return "mutex"
        return "cas-register" if "cas" in asked else "register"

    @overload
    def __getitem__(self, index: int) -> Operation: ...

    @overload
    def __getitem__(self, index: slice) -> list[Operation]: ...

    def __getitem__(self, index: int | slice) -> Operation | list[Operation]:
        return self._operations[index]

    def __len__(self) -> int:
        return len(self._operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        mine, theirs = (self._operations, self.model, self.initial), (other._operations, other.model, other.initial)
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        counts = ", ".join(f"{sum(op.status == status for op in self)} {status}" for status in STATUSES)
        return f"<History of {len(self)} operations: {counts}>"


def _check_ids(operations: Sequence[Operation]) -> None:
    seen: set[int] = set()
    for op in operations:
        if op.id in seen:
            raise ValueError(f"{op._name()}: id {op.id} is taken by an earlier operation; give each its own")
        seen.add(op.id)


def _operation_from_row(row: Any, position: int) -> Operation:
    where = f"ops[{position}]"
    if not isinstance(row, dict):
        raise ValueError(f'{where} must be an object {{"process": ..., "f": ..., "call": ..., ...}}, not {row!r}')
    defaults = {**_JSON_DEFAULTS, "id": position}
    if row.get("status") == "info":
        defaults["return"] = None
    missing = [name for name in _JSON_NAMES.values() if name not in row]
    unknown = [name for name in row if name not in _JSON_NAMES.values()]
    if missing and unknown:  # most likely a misspelt field: guessing a default would change the verdict
        raise ValueError(
            f"{where} has a field {unknown[0]!r} that means nothing here, and lacks {', '.join(missing)}: misspelt?"
        )
    for name in missing:
        if name not in defaults:
            raise ValueError(f"{where} has no {name!r}; its fields are {', '.join(_JSON_NAMES.values())}")
    values: dict[str, Any] = {field: row.get(name, defaults.get(name)) for field, name in _JSON_NAMES.items()}
    for name in ("key", "arg", "result"):
        values[name] = _freeze(values[name], f"{where}: {name!r}")
    try:
        return Operation(values.pop("process"), values.pop("f"), **values)
    except (TypeError, ValueError) as problem:
        message = re.sub("invoked(?==| must)", '"call"', re.sub("completed(?==| must)", '"return"', str(problem)))
        raise ValueError(f"{where}: {message}") from None


def _freeze(value: Any, where: str) -> Any:
    if isinstance(value, list):
        return tuple(_freeze(item, where) for item in value)
    if isinstance(value, dict):
        raise ValueError(f"{where} is an object; write a list of [name, value] pairs instead")
    return value


def _check_json(value: Any, where: str) -> None:
    if isinstance(value, tuple):
        for item in value:
            _check_json(item, where)
    elif isinstance(value, dict) and where.startswith("History"):
        for key, item in value.items():
            _check_json(item, where)
            if not isinstance(key, str):
                raise ValueError(f"{where} has the key {key!r}, but JSON only knows text as keys")
    elif not (value is None or isinstance(value, str | bool | int | float)) or value in (math.inf, -math.inf):
        raise ValueError(f"{where}={value!r} cannot be written as JSON; use text, numbers, True, False, None or tuples")
