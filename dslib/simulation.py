"""The simulation: one queue of things to come, taken one at a time, in the order of their times.

Everything that will happen is an entry ``(time, order, …)`` in one heap. Ties in time are broken by ``order``, a
counter drawn when the thing was scheduled; faults have negative orders and so strike first. Nothing else decides what
comes next: same nodes, same network, same seed, same trace, event for event.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from itertools import repeat
from math import inf
from random import Random
from sys import maxsize
from typing import Any

from .faults import Fault, Kind, fault, node_name, time_ms
from .history import History
from .network import Network
from .node import NOWHERE, Node, Timer, show
from .trace import Event, NoTrace, Trace

#: Entries of timers that were moved or cancelled stay in the queue until they come up. When more than this many stand
#: there beyond two for each running timer, they are cleared away.
SLACK = 256

#: ``run()`` without a limit stops here: some timer keeps such a system busy for ever.
ENDLESS = 1_000_000

#: More events than any run has.
FOR_EVER = maxsize


class PropertyBroken(AssertionError):
    """A property declared with ``always`` or ``eventually`` does not hold. Names it, the moment and the seed."""


class Sometimes:
    """Watches whether a property ever holds: ``held_at`` is the first time in ms, or None."""

    def __init__(self, prop: Callable[[Simulation], Any]) -> None:
        self.prop = prop
        self.held_at: float | None = None

    def __bool__(self) -> bool:
        return self.held_at is not None


class Simulation:
    """Nodes on a network, run event by event.

    Args:
        *nodes: the nodes, each with a name of its own. A node and a network belong to one simulation.
        network: the links between them; by default every message takes 5 to 15 ms and none is lost.
        seed: where all randomness comes from.
        trace: ``"events"`` records what happens, ``"state"`` also each node's attributes as they change, ``"off"``
            nothing.

    Raises:
        ValueError: two nodes of one name, a node or network that is in use already, an unknown kind of trace.
    """

    def __init__(self, *nodes: Node, network: Network | None = None, seed: int = 0, trace: str = "events") -> None:
        if trace not in ("off", "events", "state"):
            raise ValueError(f'trace is {trace!r}: write "off", "events" or "state"')
        if isinstance(seed, bool) or not isinstance(seed, int | str):
            raise TypeError(f"the seed is {seed!r}: write a whole number, for example seed=7")
        self.seed = seed
        self.now = 0.0
        self.nodes: dict[str, Node] = {}
        # Which function handles which class of messages, for each class of nodes: filled as messages are sent. A new
        # simulation looks anew, so that a handler changed in a notebook cell counts from the next run.
        self._handlers: dict[type[Node], dict[type, Callable[..., None]]] = {}
        for node in nodes:
            self._add(node)
        self.network = Network() if network is None else network
        self.network._attach(self)
        self.trace: Trace = (NoTrace if trace == "off" else Trace)(nodes=self.nodes, seed=seed)
        self.history = History()
        # The queue holds (time, order, link, message, handler function) for a delivery, and
        # (time, order, thing, None, None) for anything else that happens: thing.fire(time, order) makes it happen.
        self._queue: list[Any] = []
        self._order = 0
        self._fault_order = -(10**15)
        self._scheduled: list[tuple[float, Fault | _Call]] = []
        self._booted = False
        # How many more entries of timers fit into the queue before it is tidied: see _tidy.
        self._room = SLACK
        self._record: Callable[[Any], None] | None = None if trace == "off" else self.trace._rows.append
        self._copies = self.trace._copies
        self._states: dict[str, dict[str, str]] | None = {} if trace == "state" else None
        self._always: list[Callable[[Simulation], Any]] = []
        self._eventually: list[tuple[Callable[[Simulation], Any], float]] = []
        self._sometimes: list[Sometimes] = []

    # -- what is recorded, and whether it has begun -------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether the run has begun: then nodes have booted, and ``set_faults`` comes too late."""
        return self._booted

    @property
    def recorded(self) -> str:
        """What the trace records: ``"off"``, ``"events"`` or ``"state"``."""
        return "off" if self._record is None else "events" if self._states is None else "state"

    def record_states(self) -> None:
        """From here on record nodes' attributes too, as with ``trace="state"``. It changes nothing that happens.

        Raises:
            RuntimeError: the simulation records no trace at all.
        """
        if self._record is None:
            raise NoTrace.refusal()
        if self._states is None:
            self._states = {}

    # -- running --------------------------------------------------------------------------------------------------

    def run(self, until: float | None = None) -> Simulation:
        """Run up to and including time ``until`` (ms), or until nothing is left to happen. Returns the simulation.

        Raises:
            ValueError: ``until`` is in the past, negative or not finite.
            RuntimeError: no ``until`` was given and the system is still busy after a million events.
            PropertyBroken: a property declared with ``always`` or ``eventually`` does not hold.
        """
        if until is None:
            self._advance(inf, ENDLESS)
            if self._queue:
                raise RuntimeError(
                    f"still busy after {ENDLESS:,} events, at {self.now:g} ms: a timer that sets itself again keeps a "
                    "system busy for ever. Say when to stop: run(until=10_000)"
                )
        else:
            until = time_ms(until, "run(until=…)")
            if until < self.now:
                raise ValueError(f"run(until={until:g}): that time has passed, it is {self.now:g} ms now")
            self._advance(until, FOR_EVER)
            self._check_overdue(until, inclusive=True)
            self.now = until
        self.trace.end = self.now
        return self

    def step(self) -> list[Event]:
        """Let the next thing happen and return the rows it added to the trace; an empty list when nothing is left."""
        before = 0 if self._record is None else len(self.trace)
        if not self._advance(inf, 1):
            return []
        self.trace.end = self.now
        return [] if self._record is None else list(self.trace[before:])

    def _advance(self, until: float, events: int) -> bool:
        """Take ``events`` entries with a time of at most ``until`` from the queue; whether there were that many."""
        if not self._booted:
            self._boot()
        queue, record = self._queue, self._record
        watched = bool(self._always or self._sometimes or self._eventually or self._states is not None)
        entry: Any = None
        try:
            for _ in repeat(None, events):  # unlike range, it makes no number that nobody reads
                try:
                    entry = heappop(queue)
                except IndexError:  # nothing is left
                    return False
                now, order, link, msg, act = entry
                if now > until:
                    heappush(queue, entry)
                    return False
                self.now = now
                if act is None:
                    link.fire(now, order)
                else:
                    node = link.receiver
                    # Checked on arrival too: a cut made while a message is in flight still stops it.
                    if link.cut or not node._up:
                        why = "cut" if link.cut else "down"
                        self._note("drop", link.src, link.dest, self._copies.get(order, order), msg, why)
                    else:
                        if record is not None:
                            record(entry)
                        act(node, link.src, msg)
                if watched:
                    self._watch()
        except PropertyBroken:
            raise
        except Exception as error:
            _, _, link, msg, act = entry
            what = link if act is None else f"{link.dest!r} handling {show(msg)} from {link.src!r}"
            error.add_note(f"at {self.now:g} ms, in {what}, seed={self.seed!r}")
            self.trace.end = self.now
            raise
        return True

    def _boot(self) -> None:
        """Before the first event: faults in order, then every node's ``on_start`` at time 0."""
        self._booted = True
        for at, what in self._scheduled:
            self._push_first(at, what)
        for node in self.nodes.values():
            node._up = True
            self._order += 1
            heappush(self._queue, (0.0, self._order, _Start(node), None, None))

    # -- faults and other events of the scenario --------------------------------------------------------------------

    def at(self, time: float, do: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call ``do(*args)`` at ``time`` ms, before anything else that happens at that time.

        When ``do`` is a fault, such as ``sim.crash`` or ``sim.network.partition``, its arguments are checked now and
        the fault is listed in ``sim.faults``.

        Raises:
            ValueError: the time is negative, not finite or in the past; a fault names a node that does not exist.
        """
        time = time_ms(time, f"sim.at({time!r}, …): the time")
        if time < self.now:
            raise ValueError(f"sim.at({time:g}, …): that time has passed, it is {self.now:g} ms now")
        if not callable(do):
            raise TypeError(
                f"sim.at({time:g}, {do!r}): write the function itself, for example sim.at(100, sim.crash, 'r1')"
            )
        kind: Kind | None = getattr(do, "kind", None)
        if not isinstance(kind, Kind):
            self._schedule(time, _Call(do, args, kwargs))
            return
        if getattr(getattr(do, "__self__", None), "_sim", None) is not self:
            raise ValueError(
                f"sim.at({time:g}, …{kind.call}): that fault belongs to another simulation; write sim.{kind.call}"
            )
        self._schedule(time, Fault(time, kind.call, kind.canonical(self, *args, **kwargs)))

    @property
    def _sim(self) -> Simulation:
        return self  # what a fault's declaration asks of its owner, simulation or network

    @property
    def faults(self) -> list[Fault]:
        """The faults scheduled so far, by time."""
        return sorted((what for _, what in self._scheduled if isinstance(what, Fault)), key=lambda f: f.at)

    def set_faults(self, faults: Iterable[Fault]) -> None:
        """Replace all scheduled faults, before the run begins; other things scheduled with ``at`` stay.

        Raises:
            RuntimeError: the simulation has run already.
            ValueError: a fault is unknown, or names a node that does not exist. Nothing was replaced then.
        """
        if self._booted:
            raise RuntimeError("the run has begun: build the scenario anew, then set_faults before run")
        checked = [self._canonical(f) for f in faults]
        self._scheduled = [(t, what) for t, what in self._scheduled if not isinstance(what, Fault)]
        self._scheduled += [(f.at, f) for f in checked]

    @fault("crash", lambda sim, node: (node_name(sim, node),))
    def crash(self, node: str) -> None:
        """Stop a node: its timers are cancelled, every attribute is lost, its disk stays. A down node stays down."""
        victim = self.nodes[node]
        if victim._up:
            victim._up = False
            victim._lose_state()
            self._note("crash", node)

    @fault("restart", lambda sim, node: (node_name(sim, node),))
    def restart(self, node: str) -> None:
        """Start a crashed node again: rebuilt from its original arguments, with its disk, then ``on_start``.

        A node that is up stays as it is.
        """
        patient = self.nodes[node]
        if not patient._up:
            patient._rebuild()
            patient._up = True
            self._note("restart", node)
            self._start(patient)

    @fault("jump_clock", lambda sim, node, by: _jump_args(sim, node, by))
    def jump_clock(self, node: str, by: float) -> None:
        """Move a node's clock by that many ms, forwards or backwards. Its running timers are not moved."""
        self.nodes[node].clock.jump(by)

    # -- properties -------------------------------------------------------------------------------------------------

    def always(self, prop: Callable[[Simulation], Any]) -> None:
        """Check ``prop(sim)`` after every event; the first time it is false, the run stops with PropertyBroken."""
        self._always.append(prop)

    def sometimes(self, prop: Callable[[Simulation], Any]) -> Sometimes:
        """Watch whether ``prop(sim)`` ever holds after an event. The answer is truthy once it did."""
        watch = Sometimes(prop)
        self._sometimes.append(watch)
        return watch

    def eventually(self, prop: Callable[[Simulation], Any], by: float) -> None:
        """Demand that ``prop(sim)`` holds after some event up to ``by`` ms; else the run stops with PropertyBroken."""
        self._eventually.append((prop, time_ms(by, "eventually(…, by=…)")))

    def _watch(self) -> None:
        if self._states is not None:
            self._note_states()
        for prop in self._always:
            if not prop(self):
                raise self._broken(f"always {_name(prop)}: it does not hold after")
        for watch in self._sometimes:
            if watch.held_at is None and watch.prop(self):
                watch.held_at = self.now
        self._check_overdue(self.now, inclusive=False)
        self._eventually = [(prop, by) for prop, by in self._eventually if not prop(self)]

    def _check_overdue(self, time: float, inclusive: bool) -> None:
        for prop, by in self._eventually:
            if by < time or (inclusive and by == time):
                raise self._broken(f"eventually {_name(prop)} by {by:g} ms: it never held; the last event was")

    def _broken(self, what: str) -> PropertyBroken:
        last = str(self.trace[-1]).strip() if self._record is not None and len(self.trace) else f"{self.now:g} ms"
        self.trace.end = self.now
        return PropertyBroken(f"{what} {' '.join(last.split())}, seed={self.seed!r}")

    # -- inside -----------------------------------------------------------------------------------------------------

    def _add(self, node: Node) -> None:
        if not isinstance(node, Node):
            if isinstance(node, type) and issubclass(node, Node):
                raise TypeError(f"{node.__name__} is a class: write {node.__name__}('r1')")
            raise TypeError(f"a simulation is made of nodes, not {node!r}: for settings write their names, seed=7")
        if not hasattr(node, "name"):
            raise TypeError(f"a {type(node).__name__} has no name: its __init__ must call super().__init__(name)")
        if node.name in self.nodes:
            raise ValueError(f"two nodes are called {node.name!r}: a name belongs to one node")
        if node._sim is not NOWHERE:
            raise ValueError(
                f"node {node.name!r} is in another Simulation already: make new nodes for each run; "
                "a function that returns the simulation does that"
            )
        if node.clock._sim is not None:
            raise ValueError(
                f"the clock of node {node.name!r} belongs to another node: give each node a Clock of its own"
            )
        self.nodes[node.name] = node
        node._sim = node.clock._sim = self
        node._handlers = self._handlers.setdefault(type(node), {})

    def _stream(self, purpose: str) -> Random:
        """A stream of random numbers of its own for one purpose, so that a draw here does not shift the dice there."""
        return Random(f"{self.seed}/{purpose}")

    def _canonical(self, f: Fault) -> Fault:
        owner: Any = self
        for part in f.call.split("."):
            owner = getattr(owner, part, None) if not part.startswith("_") else None
        kind = getattr(owner, "kind", None)
        if not isinstance(kind, Kind):
            raise ValueError(f"{f.call!r} is not a fault: the faults are {', '.join(self._fault_names())}")
        try:
            inspect.signature(kind.canonical).bind(self, *f.args)
        except TypeError:
            raise ValueError(f"{f}: wrong number of arguments for {f.call}") from None
        return Fault(time_ms(f.at, f"the time of {f}"), f.call, kind.canonical(self, *f.args))

    def _fault_names(self) -> list[str]:
        found = [(type(self), ""), (type(self.network), "network.")]
        return [prefix + name for kind, prefix in found for name in vars(kind) if hasattr(vars(kind)[name], "kind")]

    def _schedule(self, at: float, what: Fault | _Call) -> None:
        self._scheduled.append((at, what))
        if self._booted:
            self._push_first(at, what)

    def _push_first(self, at: float, what: Fault | _Call) -> None:
        self._fault_order += 1
        thing = _Strike(self, what) if isinstance(what, Fault) else what
        heappush(self._queue, (at, self._fault_order, thing, None, None))

    def _strike_now(self, f: Fault) -> None:
        if self._booted:
            self._scheduled.append((f.at, f))
            self._strike(f)
        else:
            self._schedule(f.at, f)

    def _strike(self, f: Fault) -> None:
        self._note("fault", detail=f.to_json())
        owner: Any = self.network if f.call.startswith("network.") else self
        getattr(owner, f.call.rpartition(".")[2]).kind.strike(owner, *f.args)

    def _start(self, node: Node) -> None:
        self._note("start", node.name)
        node.on_start()

    def _note(
        self, kind: str, src: str | None = None, dest: str | None = None,
        id: int | None = None, msg: Any = None, detail: Any = None,
    ) -> None:  # fmt: skip
        if self._record is not None:
            self._record(Event(self.now, kind, src, dest, id, msg, detail))

    def _note_states(self) -> None:
        assert self._states is not None
        for name, node in self.nodes.items():
            state = node._state() if node._up else {}
            if state != self._states.get(name, {}):
                self._states[name] = state
                self._note("state", name, detail=state)

    def _tidy(self) -> None:
        """Clear away entries of timers that were moved or cancelled, because there is no room for more.

        Timers may have two entries for each running timer, plus SLACK. Starting one makes room for two, stopping it
        takes them away; each entry pushed or taken is counted too.
        """
        kept, seen = [], set()
        for entry in self._queue:
            thing = entry[2]
            if type(thing) is Timer:
                # One entry for each running timer: the one it waits for. Its order only breaks ties until it is due.
                if thing.deadline is None or entry[0] != thing.queued or id(thing) in seen:
                    continue
                seen.add(id(thing))
            kept.append(entry)
        for entry in self._queue:
            if type(entry[2]) is Timer and entry[2].deadline is None:
                entry[2].queued = None
        self._queue[:] = kept
        heapify(self._queue)
        self._room = SLACK + len(seen)  # each holds one of its two

    def __repr__(self) -> str:
        return f"<Simulation of {len(self.nodes)} nodes at {self.now:g} ms, seed {self.seed!r}>"


class _Call:
    """A function the scenario asked to be called; not a fault, so it is in no list."""

    def __init__(self, do: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.do, self.args, self.kwargs = do, args, kwargs

    def fire(self, time: float, order: int) -> None:
        self.do(*self.args, **self.kwargs)

    def __str__(self) -> str:
        return f"the scenario's call of {_name(self.do)}"


class _Strike:
    """A scheduled fault, waiting in the queue."""

    def __init__(self, sim: Simulation, fault: Fault) -> None:
        self.sim, self.fault = sim, fault

    def fire(self, time: float, order: int) -> None:
        self.sim._strike(self.fault)

    def __str__(self) -> str:
        return f"the fault {self.fault}"


class _Start:
    """A node's first boot, unless a fault at time 0 was faster."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def fire(self, time: float, order: int) -> None:
        if self.node._up:
            self.node._sim._start(self.node)

    def __str__(self) -> str:
        return f"on_start of node {self.node.name!r}"


def _jump_args(sim: Simulation, node: str, by: float) -> tuple[str, float]:
    if isinstance(by, bool) or not isinstance(by, int | float) or not -inf < by < inf:
        raise ValueError(f"a clock jumps by a finite number of ms, not {by!r}")
    return node_name(sim, node), by


def _name(prop: Callable[..., Any]) -> str:
    return getattr(prop, "__name__", repr(prop))
