"""What an object does when it is used by one client at a time: the yardstick that checkers measure a history against.

A *sequential specification* (Herlihy & Wing 1990, section 2) says for every state and every operation which state
comes next, and which answers are possible. It knows nothing of time, clients or failures. Four are ready to use:

- :class:`Register`: one value; read, write.
- :class:`CasRegister`: the same, and compare-and-set.
- :class:`KeyValue`: a value under each key; get, put, append, cas.
- :class:`Mutex`: a lock; acquire, release.

Your own takes eight lines. Say which operations there are, where the object starts, and what each step does:

    class Counter(Spec):
        operations = ("add", "read")
        initial = 0

        def step(self, state, op):
            if op.f == "add":
                return state + op.arg
            return state if answered(op, state) else ILLEGAL

``check_linearizable(history, Counter())`` then judges counters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, final

from .history import History, Operation


@final
class _Illegal:
    def __repr__(self) -> str:
        return "ILLEGAL"

    def __reduce__(self) -> str:
        return "ILLEGAL"


ILLEGAL: Final = _Illegal()
"""What ``step`` returns when the operation cannot happen in that state, or cannot get that answer."""


class Call:
    """What a model sees of an operation: ``f, key, arg, result, result_known``, and ``client`` if it asks for it.

    No times and no id: two operations that agree on these must do the same, and the checker relies on it. ``client``
    is the process without its "#2": alice stays alice after a time-out.
    """

    __slots__ = ("arg", "client", "f", "identity", "key", "result", "result_known")

    def __init__(self, op: Operation, *, result_known: bool, client: str | int | None) -> None:
        self.f, self.key, self.arg, self.result_known = op.f, op.key, op.arg, result_known
        self.result = op.result if result_known else None
        if client is not None:
            self.client = client
        self.identity = (self.f, self.key, self.arg, self.result, result_known, client)

    def __getattr__(self, name: str) -> Any:
        if name == "client":
            raise AttributeError("A model that looks at op.client must say so: write by_client = True in its class")
        raise AttributeError(
            f"A model cannot look at op.{name}: only at op.f, op.key, op.arg, op.result and op.result_known "
            "(and at op.client, with by_client = True in its class)"
        )


def answered(op: Operation | Call, value: Any) -> bool:
    """Could ``op`` have been answered with ``value``? Always, if its answer is not known."""
    if not op.result_known or op.result == value:
        return True
    return isinstance(op, Operation) and op.status == "info"


def shown(value: Any) -> str:
    """A value as Python writes it, without the middle of a long one."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:28]} … {text[-28:]}"


class Spec:
    """A sequential model. A subclass gives ``operations``, ``initial`` and :meth:`step`; the rest is optional."""

    operations: Collection[str] = ()
    """The f's that the object knows. Any other is an error that names the operation."""

    initial: Any = None
    """The state before the first operation. States are hashable: tuples, not lists."""

    by_key: bool = True
    """Each key is an object of its own. False if one operation can touch several keys."""

    by_client: bool = False
    """True if it matters who asks; then ``op.client`` says who."""

    # Hints. They make checking faster and never change a verdict, if they are true.
    looks: Collection[str] = ()
    """The f's that never change the state."""

    blind: Collection[str] = ()
    """The f's that are possible in every state and whose answer says nothing about it."""

    def __init_subclass__(cls) -> None:
        for name in ("operations", "looks", "blind"):
            if isinstance(value := getattr(cls, name), str):
                raise TypeError(f"{cls.__name__}.{name} is text, not a tuple of names: write {name} = ({value!r},)")

    def step(self, state: Any, op: Call) -> Any:
        """The state after ``op`` happened in ``state``, or ``ILLEGAL`` if it cannot happen there with that answer."""
        raise NotImplementedError(
            f"{type(self).__name__} has no step(self, state, op); write one that returns the next state or ILLEGAL"
        )

    def start(self, key: Any) -> Any:
        """The state in which the object under ``key`` begins."""
        return self.initial

    def check(self, op: Operation) -> None:
        """Raises ValueError if ``op`` means nothing here: an unknown f, an argument of the wrong form."""
        if self.operations and op.f not in self.operations:
            allowed = ", ".join(self.operations)
            raise ValueError(
                f"{_name(op)}: {type(self).__name__} knows no {op.f!r}, only {allowed}{self._advice(op.f)}"
            )

    def check_together(self, operations: Iterable[Operation]) -> None:
        """Raises ValueError if the operations of one key cannot belong to one object."""

    def only_looks(self, op: Call) -> bool:
        """True if ``op`` can never change a state."""
        return op.f in self.looks

    def overwrites(self, op: Call) -> tuple[()] | tuple[Any]:
        """``(state,)`` if ``op``, wherever it changes anything, leaves that state; ``()`` if that cannot be said."""
        return ()

    # The next two are asked only about objects that have operations that change but do not overwrite.

    def cares(self, state: Any, op: Call) -> bool:
        """Could it matter to ``op`` that the object was in ``state``? False only if ``op`` is possible everywhere, or
        impossible there and until something overwrites the state. Never asked about blind operations."""
        return True

    def enables(self, change: Call, op: Call) -> bool:
        """Could ``op`` be possible right after ``change`` changed the state? Never asked about a blind ``op``."""
        return True

    def say(self, op: Operation) -> str:
        """What was asked and answered, in words for the explanation of a verdict."""
        asked = f"{op.f}({'' if op.arg is None else shown(op.arg)})"
        if op.status == "info":
            return f"{asked} (never answered)"
        return f"{asked} -> {shown(op.result)}" if op.result_known else f"{asked} -> some answer"

    def describe(self, state: Any) -> str:
        """A state in words."""
        return f"the state is {shown(state)}"

    def _advice(self, f: str) -> str:
        better = next((model for model in MODELS.values() if f in model.operations and model is not type(self)), None)
        return f"; {better.__name__} does" if better else "; a model of your own can: see dslib.specs"

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Register(Spec):
    """One value. ``read`` answers the value; ``write`` replaces it by ``arg`` (its answer is ignored).

    With several keys in the history there is one register under each, and each starts at ``initial``.
    """

    operations: Collection[str] = ("read", "write")
    looks: Collection[str] = ("read",)
    blind: Collection[str] = ("write",)

    def __init__(self, initial: Any = None) -> None:
        _check_value(initial, f"{type(self).__name__}(initial=...)")
        self.initial = initial

    def step(self, state: Any, op: Call) -> Any:
        if op.f == "write":
            return op.arg
        return state if answered(op, state) else ILLEGAL

    def overwrites(self, op: Call) -> tuple[()] | tuple[Any]:
        return (op.arg,) if op.f == "write" else ()

    def say(self, op: Operation) -> str:
        if op.f in ("read", "get"):
            if op.status == "info":
                return f"{op.f} (never answered)"
            return f"{op.f} {shown(op.result)}" if op.result_known else f"{op.f} something (the answer was lost)"
        return f"{op.f} {shown(op.arg)}" + (" (never answered)" if op.status == "info" else "")

    def describe(self, state: Any) -> str:
        return f"the register holds {shown(state)}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(initial={self.initial!r})"


class CasRegister(Register):
    """A register with compare-and-set: ``cas`` with ``arg=(expected, new)`` writes ``new`` over ``expected``.

    It answers True if it wrote and False if the value was another, so a False is an observation. An ``ok`` without an
    answer (None) counts as True, as in Jepsen. A ``cas`` that certainly was not tried is a ``fail``.
    """

    operations: Collection[str] = ("read", "write", "cas")

    def step(self, state: Any, op: Call) -> Any:
        if op.f != "cas":
            return super().step(state, op)
        expected, new = op.arg
        swapped = bool(state == expected)
        if op.result_known and swapped != (op.result is None or op.result):
            return ILLEGAL
        return new if swapped else state

    def check(self, op: Operation) -> None:
        super().check(op)
        _check_cas(op)

    def only_looks(self, op: Call) -> bool:
        return op.f in self.looks or _missed(op)

    def overwrites(self, op: Call) -> tuple[()] | tuple[Any]:
        return (op.arg[1],) if op.f == "cas" else super().overwrites(op)

    def say(self, op: Operation) -> str:
        return _say_cas(op) if op.f == "cas" else super().say(op)


class KeyValue(CasRegister):
    """A value under each key: ``get`` answers it, ``put`` replaces it, ``append`` adds ``arg`` to its end.

    A key starts at ``initial``, or, if ``initial`` is a dict, at its own entry there (None without one). ``append``
    adds text to text, the items of a tuple to a tuple, anything else to a tuple as one item; None counts as empty.
    ``cas`` is that of :class:`CasRegister`; ``read`` and ``write`` are other words for get and put. The answers to put
    and append are ignored. Each key is judged by itself: that suffices, because linearizability is local (Herlihy &
    Wing 1990, theorem 1).
    """

    operations = ("get", "put", "append", "cas", "read", "write")
    looks = ("get", "read")
    blind = ("put", "write", "append")

    def __init__(self, initial: Any = None) -> None:
        if isinstance(initial, Mapping):
            for key, value in initial.items():
                _check_value(value, f"KeyValue(initial=...) under key {key!r}")
            self.initial = dict(initial)
        else:
            super().__init__(initial)

    def start(self, key: Any) -> Any:
        return self.initial.get(key) if isinstance(self.initial, dict) else self.initial

    def step(self, state: Any, op: Call) -> Any:
        if op.f == "append":
            return _piece(op) if state is None else state + _piece(op)
        if op.f == "put":
            return op.arg
        return super().step(state, op)

    def check_together(self, operations: Iterable[Operation]) -> None:
        operations = list(operations)
        appends = [op for op in operations if op.f == "append"]
        for op in appends:
            if op.arg is None:
                raise ValueError(f"{_name(op)}: append needs something to add, not None")
        if not appends:
            return
        kind, allowed = ("text", str) if isinstance(_piece(appends[0]), str) else ("tuples", tuple)
        for op in operations:
            stored = _piece(op) if op.f == "append" else op.arg[1] if op.f == "cas" else op.arg
            if op.f not in self.looks and not isinstance(stored, allowed | None):
                raise ValueError(f"{_name(op)} stores {stored!r}, but this key is appended to and holds {kind}")
        first = self.start(operations[0].key)
        if not isinstance(first, allowed | None):
            raise ValueError(f"{self!r}: key {operations[0].key!r} starts at {first!r}, but is appended to as {kind}")

    def overwrites(self, op: Call) -> tuple[()] | tuple[Any]:
        return (op.arg,) if op.f == "put" else super().overwrites(op)

    def cares(self, state: Any, op: Call) -> bool:
        if op.f == "cas":
            return _missed(op) or _begins(op.arg[0], state)
        return op.result_known and _begins(op.result, state)

    def enables(self, change: Call, op: Call) -> bool:
        return change.f != "append" or op.f == "cas" or not op.result_known or _ends(op.result, _piece(change))

    def describe(self, state: Any) -> str:
        return f"the value is {shown(state)}"


class Mutex(Spec):
    """A lock: ``acquire`` is possible while nobody holds it, ``release`` only for the client that holds it.

    It starts free. The holder is the client: alice may release as "alice#2", after a time-out. Answers are ignored;
    an acquire that was refused is a ``fail``. With several keys there is one lock under each.
    """

    operations = ("acquire", "release")
    by_client = True

    def __init__(self, initial: str | int | None = None) -> None:
        _check_value(initial, "Mutex(initial=...)")
        self.initial = initial

    def step(self, state: Any, op: Call) -> Any:
        if op.f == "acquire":
            return op.client if state is None else ILLEGAL
        return None if state == op.client else ILLEGAL

    def check(self, op: Operation) -> None:
        super().check(op)
        if op.status == "ok" and op.result is False:
            raise ValueError(f'{_name(op)}: "ok" says that it happened, result False that it did not; write op.fail()')

    def say(self, op: Operation) -> str:
        return op.f + (" (never answered)" if op.status == "info" else "")

    def describe(self, state: Any) -> str:
        return "the lock is free" if state is None else f"{state} holds the lock"


MODELS: Final[dict[str, type[Spec]]] = {
    "register": Register,
    "cas-register": CasRegister,
    "kv": KeyValue,
    "mutex": Mutex,
}
"""The names that the JSON form of a history uses."""


def model_of(history: History) -> Spec:
    """The model that a history names, such as one read by ``History.from_json``, at its initial value.

    Raises ValueError for a name that is not in ``MODELS``.
    """
    name = history.model if history.model is not None else history.guess_model()
    if name not in MODELS:
        raise ValueError(f"The history names the model {name!r}; known are {', '.join(MODELS)}")
    return MODELS[name](history.initial)  # type: ignore[call-arg]


def _missed(op: Call) -> bool:
    """A compare-and-set that is known not to have written."""
    return op.f == "cas" and op.result_known and op.result is not None and not op.result


def _piece(op: Operation | Call) -> Any:
    """What an append adds."""
    return op.arg if isinstance(op.arg, str | tuple) else (op.arg,)


def _begins(value: Any, start: Any) -> bool:
    """Could appending to ``start`` (or nothing) give ``value``?"""
    if value == start or start is None:
        return True
    if isinstance(value, str) and isinstance(start, str):
        return value.startswith(start)
    return isinstance(value, tuple) and isinstance(start, tuple) and value[: len(start)] == start


def _ends(value: Any, end: Any) -> bool:
    """Could appending ``end`` to something give ``value``?"""
    if isinstance(value, str) and isinstance(end, str):
        return value.endswith(end)
    return isinstance(value, tuple) and isinstance(end, tuple) and value[len(value) - len(end) :] == end


def _check_cas(op: Operation) -> None:
    if op.f != "cas":
        return
    if not isinstance(op.arg, tuple) or len(op.arg) != 2:
        raise ValueError(f"{_name(op)}: the arg of a cas is a pair (expected, new), not {op.arg!r}")
    if op.status == "ok" and op.result_known and op.result not in (True, False, None):
        raise ValueError(
            f"{_name(op)}: a cas answers True (it wrote) or False (the value was another), not {op.result!r}"
        )


def _say_cas(op: Operation) -> str:
    expected, new = op.arg
    asked = f"cas {shown(expected)} to {shown(new)}"
    if op.status == "info":
        return asked + " (never answered)"
    if not op.result_known:
        return asked + " (the answer was lost)"
    return asked + (" (it did)" if op.result is None or op.result else " (it did not match)")


def _check_value(value: Any, where: str) -> None:
    try:
        hash(value)
    except TypeError:
        raise TypeError(
            f"{where} is {value!r}, which can change; use a tuple instead of a list"
            + ("; KeyValue takes a dict of initial values, one for each key" if isinstance(value, dict) else "")
        ) from None


def _name(op: Operation) -> str:
    return f"Operation {op.id} ({op.f!r} by {op.process!r})"
