"""Messages and nodes: what a student subclasses.

A message is a small immutable record. A node is a set of handlers: ``on_start`` when it boots, ``on_ping`` when a
``Ping`` arrives, ``on_retry_timeout`` when its timer ``"retry"`` runs out. A handler runs to its end before anything
else happens to the node, so there are no threads and no locks; between two handlers the node may crash.
"""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sized
from difflib import get_close_matches
from functools import lru_cache
from heapq import heappush
from math import inf
from operator import itemgetter
from random import Random
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, dataclass_transform

from .clocks import Clock
from .disk import Disk

if TYPE_CHECKING:
    from .links import Link
    from .simulation import Simulation

#: A field annotated with nothing but these cannot hold anything mutable, so its values are not checked.
SCALARS = {"int", "float", "str", "bool", "bytes", "None", "complex"}


def show(value: object) -> str:
    """``repr``, but the same in every process: sets are sorted, and an address is never printed."""
    if isinstance(value, Message):
        fields = ", ".join(f"{name}={show(getattr(value, name))}" for name in value.fields())
        return f"{type(value).__name__}({fields})"
    if type(value) in (set, frozenset):
        return "{" + ", ".join(sorted(map(show, value))) + "}" if value else "set()"  # type: ignore[call-overload]
    if type(value) is tuple:
        return "(" + ", ".join(map(show, value)) + ("," if len(value) == 1 else "") + ")"
    if type(value) is list:
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show(k)}: {show(v)}" for k, v in value.items()) + "}"
    if callable(value) and hasattr(value, "__qualname__"):
        return str(value.__qualname__)
    text = repr(value)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text) if " at 0x" in text else text


def show_begin(value: object, most: int) -> str:
    """The first characters of ``show(value)``, ``most`` of them or more, without looking at a long value's rest."""
    if type(value) is not tuple and type(value) is not list:
        return show(value)
    text = "(" if type(value) is tuple else "["
    for at, item in enumerate(value):
        if len(text) > most:
            return text
        text += (", " if at else "") + show_begin(item, most - len(text))
    return text + ((",)" if len(value) == 1 else ")") if type(value) is tuple else "]")


def handler_name(type_name: str) -> str:
    """``AppendEntries`` is handled by ``on_append_entries``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type_name)
    return "on_" + words.lower()


@dataclass_transform(frozen_default=True)
class Message:
    """Base of all messages. Annotate the fields; the rest is made for you::

        class Write(Message):
            version: int
            value: str

    Messages are immutable, compare by type and value, and are hashable, because one message may be held by several
    nodes and by the trace at once. A field that holds a list, dict or set raises TypeError when the message is made.

    ``size_bytes`` matters only on links with a bandwidth; a class may set its own.
    """

    size_bytes = 1_000
    _handler = "on_message"

    def __init_subclass__(cls) -> None:
        if cls.__name__ == "Start" or cls.__name__.endswith("Timeout"):
            taken = handler_name(cls.__name__)
            raise TypeError(
                f"a message cannot be named {cls.__name__}: {taken} is the handler of "
                f"{'the boot' if taken == 'on_start' else 'a timer'}. Choose another, such as {cls.__name__}Message"
            )
        dataclasses.dataclass(frozen=True, repr=False)(cls)
        cls._handler = handler_name(cls.__name__)
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        if not all(_is_scalar(field.type) for field in fields):
            cls.__init__ = _checked(cls.__init__, cls.fields())  # type: ignore[method-assign]

    @classmethod
    def fields(cls) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(cls.__dataclass_fields__)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return show(self)


def _is_scalar(annotation: object) -> bool:
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    return all(part.strip() in SCALARS for part in str(text).split("|"))


def _checked(init: Callable[..., None], names: tuple[str, ...]) -> Callable[..., None]:
    """An ``__init__`` that refuses a field which could be changed after the message was sent."""

    def __init__(self: Message, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        for name in names:
            try:
                hash(getattr(self, name))
            except TypeError:
                kind = type(getattr(self, name)).__name__
                instead = {"list": "a tuple", "set": "a frozenset", "dict": "a tuple of pairs"}.get(kind, "a tuple")
                raise TypeError(
                    f"{type(self).__name__}.{name} holds a {kind}, which could change after the message was sent: "
                    f"use {instead}"
                ) from None

    return __init__


def handler_of(node: type[Node], message: type) -> Callable[..., None]:
    """The function that handles such messages on such nodes.

    It is found by the *name* of the message's class, so that running a notebook cell again, which defines the class
    anew, changes nothing.
    """
    if not issubclass(message, Message):
        raise TypeError(
            f"only a Message can be sent, not a {message.__name__}: write class Ping(Message), "
            "then self.send(dest, Ping(…))"
        ) from None
    handler: Callable[..., None] = getattr(node, message._handler, _refuse)
    return handler


def _refuse(node: Node, src: str, msg: Message) -> None:
    raise AttributeError(
        f"{type(node).__name__} {node.name!r} received {type(msg).__name__} from {src!r} but defines no "
        f"{msg._handler}(self, src, msg): add it"
    )


class Timer:
    """One named timer of one node. Setting it again only moves the deadline, which costs almost nothing.

    A timer keeps one entry in the simulation's queue. When the entry comes up before the deadline it is pushed again
    with the order number drawn when it was set, so the timer fires exactly where an eager queue would have fired it.
    """

    __slots__ = ("action", "data", "deadline", "key", "name", "node", "order", "queued")

    def __init__(self, node: Node, name: str, key: Any, action: Callable[..., None]) -> None:
        self.node, self.name, self.key, self.action = node, name, key, action
        self.data: tuple[Any, ...] = ()
        self.deadline: float | None = None
        self.order = 0
        self.queued: float | None = None

    def cancel(self) -> None:
        """Forget the deadline; the entry left in the queue is dropped when it comes up, or earlier."""
        if self.deadline is not None:
            self.deadline = None
            sim = self.node._sim
            sim._room -= 2
            if sim._room < 0:
                sim._tidy()
            if self.key is not None:
                self._forget()

    def fire(self, time: float, order: int) -> None:
        """The queue's entry came up: act if it is due, push again if it was moved, do nothing if it was cancelled."""
        node = self.node
        sim = node._sim
        if time == self.queued:
            self.queued = None
        if self.deadline is None:
            sim._room += 1
        elif order == self.order:
            self.deadline = None
            sim._room -= 1  # one entry less, and one running timer less
            if sim._room < 0:
                sim._tidy()
            if self.key is not None:
                self._forget()
            if sim._record is not None:
                sim._note("timer", node.name, detail=self.name)
            action, data = self.action, self.data
            if data:
                action(node, *data)
            else:  # the same, and quicker
                action(node)
        else:
            sim._room += 1
            if self.queued is None:
                self._push(sim, self.deadline)

    def stop(self) -> tuple[float, int, Timer]:
        """Take a running timer off, to be set going again: its deadline, its order, itself."""
        assert self.deadline is not None
        stopped = self.deadline, self.order, self
        self.deadline = None
        self.node._sim._room -= 2
        return stopped

    def go_on(self, due: float, order: int) -> None:
        """Run again, to that deadline. One that was set meanwhile keeps its own."""
        if self.deadline is None:
            sim = self.node._sim
            sim._room += 2
            self.deadline, self.order = due, order
            if self.queued is None or due < self.queued:
                self._push(sim, due)

    def _push(self, sim: Simulation, due: float) -> None:
        self.queued = due
        heappush(sim._queue, (due, self.order, self, None, None, None))
        sim._room -= 1
        if sim._room < 0:
            sim._tidy()

    def _forget(self) -> None:
        # A timer with a key serves one request, say: a node that lives long would collect them without end.
        del self.node._timers[self.name, self.key]

    def __str__(self) -> str:
        return f"timer {self.name!r} of node {self.node.name!r}"


def _annotated(kind: type) -> Iterable[str]:
    try:
        return getattr(kind, "__annotations__", ())
    except NameError:  # from Python 3.14 on the types are looked up only now, and one of them is not defined
        return ()


@lru_cache(1_000)
def _misspelt(kind: type[Node], setting: str) -> str:
    """The setting that ``kind`` declares, as ``heartbeat: float = 50.0``, and of which this one is a misspelling."""
    declared = [name for base in kind.__mro__ if base is not Node for name in _annotated(base)]
    return "" if setting in declared else next(iter(get_close_matches(setting, declared, 1, 0.85)), "")


class Died(BaseException):
    """A node's process ended itself. Not an Exception, so that no handler catches it by accident."""

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(f"node {node.name!r} died{': ' if reason else ''}{reason}")
        self.node, self.reason = node, reason


class _Nowhere:
    """Stands for the simulation of a node that is in none: every use says what to write.

    (A ``__getattr__`` on Node would do the same, and slow down every attribute of every node.)
    """

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(
            "this node is in no simulation yet: write Simulation(node, …), and move what __init__ sends, sets or draws "
            "into on_start"
        )

    __getitem__ = __getattr__


NOWHERE: Any = _Nowhere()

#: A value of these types cannot change. (A function is shared by its copies too.)
FIXED = {str, int, float, bool, bytes, type(None), FunctionType}

#: A trace of states shows of each disk so many characters.
MOST_OF_A_DISK = 160

# What every node has and few use is made when it is first used: until then these are for all, and stay empty.
NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})
NO_TIMERS: dict[Any, Timer] = {}


def _ask(node: Node, name: str) -> Any:
    """An attribute or a property of a node; None if it has none, or cannot say because it has not started yet."""
    try:
        return getattr(node, name, None)
    except Exception:  # in a property
        return None


def _contents(disk: Disk) -> str:
    """What a disk holds, as text: ``term=3, voted='r1'``."""
    text = ""
    for key, value in disk.items():
        text += f"{', ' if text else ''}{key if isinstance(key, str) else show(key)}="
        text += show_begin(value, MOST_OF_A_DISK + 1 - len(text))
        if len(text) > MOST_OF_A_DISK:
            return text[: MOST_OF_A_DISK - 1] + "…"
    return text


def _is_fixed(value: object) -> bool:
    return type(value) in FIXED or (type(value) is tuple and all(type(item) in FIXED for item in value))


class Node:
    """A process with a name, a disk, a clock and handlers.

    Args:
        name: unique within a simulation.
        peers: names of the nodes that ``broadcast`` sends to, in this order.
        clock: what the node believes about time; a correct one when left out.
        **settings: anything else the node was told; each becomes an attribute. A name that its class does not declare,
            but almost, is taken for a slip.

    Create state in ``on_start``: it runs at boot and again after every restart. A restart rebuilds the node from the
    arguments above and keeps only ``disk``, ``clock`` and ``random``; every other attribute is gone with the crash.

    Inside handlers use ``send``, ``broadcast``, ``set_timer``, ``cancel_timer``, ``clock``, ``random``, ``disk`` and
    ``log``, and nothing else: a node knows only what it was told.
    """

    name: str
    peers: tuple[str, ...]
    clock: Clock
    _disk: Disk | None
    _arguments: tuple[tuple[Any, ...], Mapping[str, Any]]
    _random: Random | None
    _timers: dict[Any, Timer]  # by name, or by (name, key)
    _handlers: dict[type, Callable[..., None]]
    _sim: Simulation
    _links: dict[str, Link]
    _up: bool  # takes what arrives: neither down nor paused
    _on_hold: list[tuple[float, int, Any]] | None  # what a paused node has to do when it goes on: (time, order, thing)
    _slowness: float
    _pace: float  # true ms for each ms that a timer is set to

    # A slot survives a crash; whatever a student's class sets goes to __dict__, and is lost. (Slots are also nearer to
    # the processor: with them the nodes of a large system fit into its cache.)
    __slots__ = (
        "__dict__", "_arguments", "_disk", "_handlers", "_links", "_on_hold", "_pace", "_random", "_sim", "_slowness",
        "_timers", "_up", "clock", "name", "peers",
    )  # fmt: skip

    def __new__(cls, *args: Any, **settings: Any) -> Node:
        node = super().__new__(cls)
        # A copy, so that a list handed in as a setting cannot carry volatile state across a crash. All of them or none:
        # what two settings share, they share after a restart. Most nodes need none, and a large system notices.
        settings.pop("clock", None)
        node._arguments = (
            args if all(map(_is_fixed, args)) else copy.deepcopy(args),
            (settings if all(map(_is_fixed, settings.values())) else copy.deepcopy(settings)) or NO_SETTINGS,
        )
        node._disk = node._random = None
        node._timers = NO_TIMERS
        node._up = False
        node._on_hold = None
        node._slowness = node._pace = 1.0
        node._sim = node._links = NOWHERE
        return node

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"a node's name is a non-empty string, not {name!r}: write {type(self).__name__}('r1')")
        if isinstance(peers, str):
            raise TypeError(f"peers of node {name!r} is the string {peers!r}: write peers=({peers!r},)")
        self.name, self.peers = name, tuple(peers)
        if not hasattr(self, "clock"):
            self.clock = Clock() if clock is None else clock
        for setting, value in settings.items():
            if hasattr(Node, setting):
                raise TypeError(f"node {name!r} cannot have a setting {setting!r}: that name is taken by Node")
            if not hasattr(self, setting) and (meant := _misspelt(type(self), setting)):  # type: ignore[arg-type]
                raise TypeError(f"{type(self).__name__} {name!r} has no setting {setting!r}: did you mean {meant!r}?")
            setattr(self, setting, value)

    def on_start(self) -> None:
        """Runs at boot and after every restart. Create the node's state here."""

    def send(self, dest: str, msg: Message) -> None:
        """Hand ``msg`` to the network for ``dest``. It may arrive late, twice, out of order or never.

        Raises:
            ValueError: no node has that name.
            TypeError: ``msg`` is not a Message.
        """
        try:
            link = self._links[dest]
        except KeyError:  # the first message this way
            link = self._sim.network._make_link(self, dest)
        link.carry(self.name, msg)

    def broadcast(self, msg: Message) -> None:
        """Send ``msg`` to each of ``self.peers``, in order. The node itself is not among them unless it is a peer."""
        for dest in self.peers:
            self.send(dest, msg)

    def set_timer(self, name: str, delay: float, *data: Any, key: Any = None) -> None:
        """Call ``on_<name>_timeout(*data)`` after ``delay`` ms. Setting the same timer again replaces it.

        Timers of one name and different ``key`` run side by side. A crash cancels them all.

        Raises:
            AttributeError: the node has no such handler.
            ValueError: the delay is negative or not finite.
        """
        which = name if key is None else (name, key)
        try:
            timer = self._timers[which]
        except KeyError:
            if self._timers is NO_TIMERS:
                self._timers = {}
            timer = self._timers[which] = Timer(self, name, key, self._timeout_handler(name))
        if not 0.0 <= delay < inf:
            raise ValueError(
                f"timer {name!r} of node {self.name!r} was set to {delay!r} ms: a delay is a number of ms, 0 or more"
            )
        # What follows belongs to Timer; it is here because a call more for every timer can be measured.
        sim = self._sim
        due = sim.now + delay * self._pace
        sim._order = timer.order = order = sim._order + 1
        if timer.deadline is None:
            sim._room += 2
        timer.deadline, timer.data = due, data
        if timer.queued is None or due < timer.queued:
            timer.queued = due
            heappush(sim._queue, (due, order, timer, None, None, None))
            sim._room -= 1
            if sim._room < 0:
                sim._tidy()

    def cancel_timer(self, name: str, *, key: Any = None) -> None:
        """Stop a timer; nothing happens if it is not running.

        Raises:
            AttributeError: the node has no handler of that name, so the timer never existed.
        """
        timer = self._timers.get(name if key is None else (name, key))
        if timer is not None:
            timer.cancel()
        else:
            self._timeout_handler(name)

    def log(self, text: object) -> None:
        """Write a line into the trace."""
        if self._sim._record is not None:
            self._sim._note("log", self.name, detail=str(text))

    def die(self, reason: str = "") -> NoReturn:
        """End this node's own process, as the system does when memory is full, or an unhandled exception does.

        The handler stops here; the rest is as in a crash. The trace's row says why.
        """
        raise Died(self, reason)

    @property
    def disk(self) -> Disk:
        """What survives a crash: a dict."""
        if self._disk is None:
            self._disk = Disk()
        return self._disk

    @property
    def random(self) -> Random:
        """This node's own stream of random numbers, derived from the simulation's seed; it survives a crash."""
        if self._random is None:
            self._random = self._sim._stream(f"node/{self.name}")
        return self._random

    def _timeout_handler(self, name: str) -> Callable[..., None]:
        wanted = f"on_{name}_timeout"
        action = getattr(type(self), wanted, None)
        if action is not None:
            return action  # type: ignore[no-any-return]
        known = sorted(h[3:-8] for h in dir(type(self)) if h.startswith("on_") and h.endswith("_timeout"))
        raise AttributeError(
            f"{type(self).__name__} {self.name!r} has no timer {name!r}: define {wanted}(self). "
            + (f"It has timers {', '.join(known)}" if known else "It defines no on_…_timeout handler")
        ) from None

    def _stand_still(self) -> None:
        """A pause begins: nothing is taken, and the running timers wait with all else that has to be done."""
        self._up = False
        self._on_hold = [timer.stop() for timer in self._timers.values() if timer.deadline is not None]

    def _go_on(self) -> None:
        """A pause ends: what waited happens now, in the order in which it would have happened."""
        sim, waiting, self._on_hold, self._up = self._sim, self._on_hold, None, True
        for time, order, thing in sorted(waiting or (), key=itemgetter(0, 1)):
            if type(thing) is Timer and time > sim.now:
                thing.go_on(time, order)
                continue
            sim._order += 1
            if type(thing) is Timer:
                thing.go_on(sim.now, sim._order)
            else:
                heappush(sim._queue, (sim.now, sim._order, thing, None, None, None))

    def _set_pace(self) -> None:
        """The clock or the node became faster or slower: what is left of its timers goes on at the new pace."""
        sim, before = self._sim, self._pace
        self._pace = self.clock.pace * self._slowness
        running = [timer.stop() for timer in self._timers.values() if timer.deadline is not None]
        waiting, self._on_hold = self._on_hold, [] if self._on_hold is not None else None
        for time, order, thing in sorted([*running, *(waiting or ())], key=itemgetter(0, 1)):
            if type(thing) is Timer and time > sim.now:
                time = sim.now + (time - sim.now) * (self._pace / before)
                sim._order = order = sim._order + 1  # the entry in the queue, with the old one, no longer counts
            if self._on_hold is not None:
                self._on_hold.append((time, order, thing))
            else:
                thing.go_on(time, order)

    def _lose_state(self) -> None:
        """What a crash does to memory: timers stop, and every attribute without a slot is gone."""
        for timer in list(self._timers.values()):
            timer.cancel()
        self._timers = NO_TIMERS
        self.__dict__.clear()

    def _rebuild(self) -> None:
        """What a restart does before ``on_start``: construct the node again from its original arguments."""
        args, settings = self._arguments
        args, settings = copy.deepcopy((args, dict(settings)))
        self.__init__(*args, **settings)  # type: ignore[misc]

    def _state(self) -> dict[str, str]:
        """The public attributes that are the node's own, as text: what ``trace="state"`` records.

        Beside them, where there is something to say: ``role``, ``queue`` and ``disk``, see ``trace.py``.
        """
        settings = self._arguments[1]
        state = {k: show(v) for k, v in self.__dict__.items() if not k.startswith("_") and k not in settings}
        role, was = _ask(self, "role"), self.__dict__.get("state")
        if role is None and isinstance(was, str) and was.isalpha():  # a word, such as "follower", and no data
            role = was
            state.pop("state", None)
        if role and isinstance(role, str):
            state["role"] = role
        waiting = _ask(self, "waiting")
        if isinstance(waiting, Sized) and not isinstance(waiting, str):
            waiting = len(waiting)
        if type(waiting) is int:
            state.setdefault("queue", str(waiting))
        if self._disk:
            state["disk"] = _contents(self._disk)
        return state

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'name', '?')!r})"
