"""The simulation: one queue of things to come, taken one at a time, in the order of their times.

Everything that will happen is an entry ``(time, order, …)`` in one heap. Ties in time are broken by ``order``, a
counter drawn when the thing was scheduled; faults have negative orders and so strike first. Nothing else decides what
comes next: same nodes, same network, same seed, same trace, event for event.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import repeat
from math import inf, nextafter
from operator import itemgetter, length_hint
from random import Random
from sys import maxsize
from typing import Any, TypeGuard

from .buckets import Buckets
from .clocks import LEAP_MS
from .faults import (
    Arguments,
    Fault,
    Kind,
    domain,
    drift_rate,
    factor_above_0,
    fault,
    finite_ms,
    machine_name,
    node_group,
    node_name,
    plain,
    share_of_all,
    time_ms,
)
from .history import History
from .lies import lie_args, make_liar
from .network import Network
from .node import NOWHERE, Died, Node, Timer, show
from .routes import Packet
from .trace import Event, NoTrace, Trace

#: Entries of timers that were moved or cancelled stay in the queue until they come up. When more than this many stand
#: there beyond two for each running timer, they are cleared away.
SLACK = 256

#: ``run()`` without a limit stops here: some timer keeps such a system busy for ever.
ENDLESS = 1_000_000

#: While a run goes on: after so many new objects Python looks for garbage among them; in one of 20 times among older
#: ones, too; in one of 2,000 among all.
SELDOM = (100_000, 20, 100)

#: Rows of these kinds say that somebody's turn came; the others say what followed from it.
MOVES = ("start", "deliver", "timer", "crash", "restart", "fault")

#: More events than any run has.
FOR_EVER = maxsize


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let Python look for cyclic garbage more seldom.

    By default it looks after every 700 new objects, and again and again at all those that the queue and the trace keep,
    where there is none. Runs with a trace, or with very many messages on their way, spent a third of their time on it.
    """
    before = gc.get_threshold()
    if 0 < before[0] < SELDOM[0]:
        gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class PropertyBroken(AssertionError):
    """A property declared with ``always`` or ``eventually`` does not hold. Names it, the moment and the seed.

    ``what`` is the property in few words, ``at`` the moment in ms. ``index`` is the number of the event after which it
    does not hold, in the trace; None if there is no such event: because nothing is recorded, or because it should have
    held at last and never did.
    """

    what: str = "a property"
    at: float = 0.0
    index: int | None = None


class Sometimes:
    """Watches whether a property ever holds: ``held_at`` is the first time in ms, or None."""

    def __init__(self, prop: Callable[[Simulation], Any], sim: Simulation) -> None:
        self.prop, self.sim = prop, sim
        self.held_at: float | None = None

    def __bool__(self) -> bool:
        return self.held_at is not None

    def __repr__(self) -> str:
        held = f"never held up to {self.sim.now:g} ms" if self.held_at is None else f"held at {self.held_at:g} ms"
        return f"<sometimes {_name(self.prop)}: it {held}, seed={self.sim.seed!r}; {_see(self.sim)}>"


class Simulation:
    """Nodes on a network, run event by event.

    Args:
        *nodes: the nodes, each with a name of its own. A node and a network belong to one simulation.
        network: the links between them; by default every message takes 5 to 15 ms and none is lost.
        seed: where all randomness comes from.
        trace: ``"events"`` records what happens, ``"state"`` also each node's attributes as they change, ``"off"``
            nothing.
        queue: ``"heap"``, or ``"bucketed"``: the same order, quicker from some 100,000 messages on their way at once.

    Raises:
        ValueError: two nodes of one name, a node or network that is in use already, an unknown kind of trace or queue.
    """

    def __init__(
        self, *nodes: Node, network: Network | None = None, seed: int = 0, trace: str = "events", queue: str = "heap"
    ) -> None:
        if queue not in ("heap", "bucketed"):
            raise ValueError(f'queue is {queue!r}: write "heap" or "bucketed"')
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
        # The queue holds (time, order, link, message, handler function, sender) for a delivery, and
        # (time, order, thing, None, None, None) for anything else: thing.fire(time, order) makes it happen.
        self._queue: list[Any] = []
        # What a link adds at the horizon or later goes into the buckets.
        self._buckets = Buckets(self._queue)
        self._horizon = 0.0 if queue == "bucketed" else inf
        self._order = 0
        self._fault_order = -(10**15)
        self._scheduled: list[tuple[float, Fault | _Call]] = []
        self._booted = False
        self._unstarted = set(self.nodes)
        self._corruptions: dict[str, int] = {}
        self._waits: dict[int, float] = {}  # when a message came to the door of a paused node, by its id
        # How many more entries of timers fit into the queue before it is tidied: see _tidy.
        self._room = SLACK
        self._record: Callable[[Any], None] | None = None if trace == "off" else self.trace._rows.append
        self._copies = self.trace._copies
        self._states: dict[str, dict[str, str]] | None = {} if trace == "state" else None
        self._always: list[Callable[[Simulation], Any]] = []
        self._eventually: list[tuple[Callable[[Simulation], Any], float]] = []
        self._sometimes: list[Sometimes] = []
        self._broke: PropertyBroken | None = None  # the last time one did, for a picture of the run

    # -- what is recorded, and whether it has begun -------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether the run has begun: then nodes have booted, and ``set_faults`` comes too late."""
        return self._booted

    @property
    def recorded(self) -> str:
        """What the trace records: ``"off"``, ``"events"`` or ``"state"``."""
        return "off" if not self._traced else "events" if self._states is None else "state"

    @property
    def _traced(self) -> bool:
        return self._record is not None and type(self._record) is not _Counter

    def record_states(self) -> None:
        """From here on record nodes' attributes too, as with ``trace="state"``. It changes nothing that happens.

        Raises:
            RuntimeError: the simulation records no trace at all.
        """
        if not self._traced:
            raise NoTrace.refusal()
        if self._states is None:
            self._states = {}

    def is_up(self, node: str) -> bool:
        """Whether a node, or a router, runs now. One that is paused does; before the run nobody does.

        Raises:
            ValueError: an unknown node.
        """
        if machine_name(self, node) not in self.nodes:
            return self.network._is_up(node)
        return self.nodes[node]._up or self.nodes[node]._on_hold is not None

    # -- running --------------------------------------------------------------------------------------------------

    def run(self, until: float | None = None) -> Simulation:
        """Run up to and including time ``until`` (ms), or until nothing is left to happen. Returns the simulation.

        Raises:
            ValueError: ``until`` is in the past, negative or not finite.
            RuntimeError: no ``until`` was given and the system is still busy after a million events.
            PropertyBroken: a property declared with ``always`` or ``eventually`` does not hold.
        """
        if until is None:
            with _seldom_collecting():
                self._advance(inf, ENDLESS)
            if self._queue or self._buckets:
                raise RuntimeError(
                    f"still busy after {ENDLESS:,} events, at {self.now:g} ms: a timer that sets itself again keeps a "
                    "system busy for ever. Say when to stop: run(until=10_000)"
                )
        else:
            until = time_ms(until, "run(until=…)")
            if until < self.now:
                raise ValueError(f"run(until={until:g}): that time has passed, it is {self.now:g} ms now")
            with _seldom_collecting():
                self._advance(until, FOR_EVER)
            self._check_overdue(until, inclusive=True)
            self.now = until
        self.trace.end = self.now
        return self

    def step(self) -> list[Event]:
        """Let the next thing happen and return the rows it added to the trace; an empty list when nothing is left."""
        before = len(self.trace) if self._traced else 0
        if not self._advance(inf, 1):
            return []
        self.trace.end = self.now
        return list(self.trace[before:]) if self._traced else []

    def _advance(self, until: float, events: int) -> bool:
        """Take ``events`` entries with a time of at most ``until`` from the queue; whether there were that many."""
        if not self._booted:
            self._boot()
        watched = bool(self._always or self._sometimes or self._eventually or self._states is not None)
        turns = repeat(None, events)  # unlike range, it makes no number that nobody reads
        while True:
            try:
                taken = self._take(turns, min(until, nextafter(self._horizon, 0)), watched)
                if taken or not self._open_bucket(until):
                    return taken
                turns = repeat(None, length_hint(turns) + 1)  # one turn found nothing
                continue
            except Died as death:  # caught out here, so that the loop pays nothing for it
                self._end(death.node, death.reason)
            if watched:
                self._watch()

    def _open_bucket(self, until: float) -> bool:
        """Put what comes next into the heap; whether there is anything up to that time."""
        if self._horizon > until or not self._buckets.open_next():
            return False
        self._horizon = self._buckets.horizon
        return True

    def _take(self, turns: Iterable[None], until: float, watched: bool) -> bool:
        queue, record = self._queue, self._record
        entry: Any = None
        try:
            for _ in turns:
                try:
                    entry = heappop(queue)
                except IndexError:  # nothing is left
                    return False
                now, order, link, msg, act, src = entry
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
                        self._arrive(entry)
                    else:
                        if record is not None:
                            record(entry)
                        act(node, src, msg)
                if watched:
                    self._watch(link.receiver if act is not None else link.node if type(link) is Timer else None)
        except PropertyBroken:
            raise
        except Exception as error:
            _, _, link, msg, act, src = entry
            what = link if act is None else f"{link.dest!r} handling {show(msg)} from {src!r}"
            error.add_note(f"at {self.now:g} ms, in {what}, seed={self.seed!r}")
            self.trace.end = self.now
            raise
        return True

    def _boot(self) -> None:
        """Before the first event: faults in order, then every node's ``on_start`` at time 0."""
        self._booted = True
        for at, what in self._scheduled:
            if _loses(what) and not self._traced:
                self._count(*what.args[:2])
            self._push_first(at, what)
        for node in self.nodes.values():
            node._up = True
            self._order += 1
            heappush(self._queue, (0.0, self._order, _Start(node), None, None, None))

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
        self._schedule(time, kind.fault(self, time, args, kwargs))

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
            TypeError: one of them is no Fault.
        """
        if self._booted:
            raise RuntimeError("the run has begun: build the scenario anew, then set_faults before run")
        checked = [self._canonical(f) for f in faults]
        self._scheduled = [(t, what) for t, what in self._scheduled if not isinstance(what, Fault)]
        self._scheduled += [(f.at, f) for f in checked]

    @fault("crash", lambda sim, node: (machine_name(sim, node),))
    def crash(self, node: str) -> None:
        """Stop a node: its timers are cancelled, every attribute is lost, its disk stays. A down node stays down."""
        if node in self.nodes:
            self._end(self.nodes[node])
        else:
            self.network._set_router(node, up=False)

    @fault("restart", lambda sim, node: (machine_name(sim, node),))
    def restart(self, node: str) -> None:
        """Start a crashed node again: rebuilt from its original arguments, with its disk, then ``on_start``.

        A node that is up stays as it is; one that is paused is ended, and started again.
        """
        if node not in self.nodes:
            self.network._set_router(node, up=True)
            return
        if not self.nodes[node]._up:
            self._restart(self.nodes[node])

    @fault("burn", lambda sim, node: (node_name(sim, node),))
    def burn(self, node: str) -> None:
        """Crash a node and lose its disk, too; that of a node that is down already burns as well."""
        self._end(self.nodes[node])
        self.nodes[node].disk.burn()

    @fault("pause", lambda sim, node: (node_name(sim, node),))
    def pause(self, node: str) -> None:
        """Let a node's process stand still: garbage collection, a virtual machine that is moved, a stopped debugger.

        Its clock goes on. What arrives, and the timers that run out, wait for ``resume``; a crash or a restart ends
        the pause and loses what arrived. The node itself notices nothing, and that is the danger.
        """
        if self.nodes[node]._up:
            self.nodes[node]._stand_still()

    @fault("resume", lambda sim, node: (node_name(sim, node),))
    def resume(self, node: str) -> None:
        """End a pause: all that waited happens now, in the order in which it would have. Else nothing changes."""
        if self.nodes[node]._on_hold is not None:
            self.nodes[node]._go_on()

    @fault("slow", lambda sim, node, factor: (node_name(sim, node), factor_above_0(factor, "the factor of slow")))
    def slow(self, node: str, factor: float) -> None:
        """Whatever a node does takes ``factor`` times as long from here on, its running timers included; 1 mends it.

        The machine is slow, so a restart does not help. Its clock still reads right.
        """
        self.nodes[node]._slowness = factor
        self.nodes[node]._set_pace()

    @fault("act", lambda sim, node, what, *args: _act_args(sim, node, what, args))
    def act(self, node: str, what: str, *args: Any) -> None:
        """An operator, a bot or an attacker acts: calls the node's ``act_<what>(*args)``.

        Nothing happens if the node is down; one that is paused acts when it goes on.
        """
        deed = _Act(self.nodes[node], what, args)
        if node in self._unstarted:  # at time 0 faults come first, and it has no state yet
            self._order += 1
            heappush(self._queue, (self.now, self._order, deed, None, None, None))
        else:
            deed.fire(self.now, -1)

    @fault("lie", lambda sim, node, strategy, *args: lie_args(sim, node, strategy, args))
    def lie(self, node: str, strategy: Callable[..., Any] | str, *args: Any) -> None:
        """From here on a strategy rewrites what a node sends, whatever its program says: see ``lies.py``.

        A restart does not make it honest; ``sim.lie(node, "truth")`` does.
        """
        make_liar(self.nodes[node], str(strategy), args, self._stream(f"lie/{node}/{self.now!r}"))

    @fault("jump_clock", lambda sim, node, by: (node_name(sim, node), finite_ms(by, "a clock jumps")))
    def jump_clock(self, node: str, by: float) -> None:
        """Move a node's wall clock by that many ms, forwards or backwards. Its running timers are not moved."""
        self.nodes[node].clock.jump(by)

    @fault("drift_clock", lambda sim, node, drift: (node_name(sim, node), drift_rate(drift)))
    def drift_clock(self, node: str, drift: float) -> None:
        """From here on a node's clock gains ``drift`` ms every ms. It reads on from where it is; its timers follow."""
        self.nodes[node].clock.set_drift(drift)
        self.nodes[node]._set_pace()

    @fault("leap_second", lambda sim, *nodes, smear_ms=0: _leap_args(sim, nodes, smear_ms))
    def leap_second(self, *nodes: str, smear_ms: float = 0) -> None:
        """The wall clocks of these nodes, or of all, show one second twice; or lose it bit by bit over ``smear_ms``."""
        for name in nodes or self.nodes:
            self.nodes[name].clock.leap(smear_ms)

    @fault("corrupt_disk", lambda sim, node, share: (node_name(sim, node), share_of_all(share)))
    def corrupt_disk(self, node: str, share: float) -> None:
        """Flip one bit in this share (above 0, up to 1) of the values on a node's disk. Nobody is told."""
        dice = f"corrupt_disk/{node}/{self.now!r}"
        self._corruptions[dice] = self._corruptions.get(dice, 0) + 1  # twice at one time: not the same bit, back again
        self.nodes[node].disk.corrupt(share, self._stream(f"{dice}/{self._corruptions[dice]}"))

    @fault("tear_write", lambda sim, node: (node_name(sim, node),))
    def tear_write(self, node: str) -> None:
        """Crash a node in the middle of its newest write: of that value only the first part is new.

        A node that is down was not writing, and its disk stays as it is.

        Raises:
            RuntimeError: it was called directly, in the middle of a run, so that the disk was not watched.
        """
        victim = self.nodes[node]
        if victim._up or victim._on_hold is not None:
            victim.disk.tear()
            self._end(victim)

    @fault("remove", lambda sim, level, name, burn=False: _remove_args(sim, level, name, burn))
    def remove(self, level: str, name: str, burn: bool = False) -> None:
        """A failure domain goes: each node placed in that rack, zone, region or jurisdiction crashes, or burns."""
        for machine in self.network._members(level, name):
            if machine not in self.nodes:
                self.network._set_router(machine, up=False)
                continue
            self._end(self.nodes[machine])
            if burn:
                self.nodes[machine].disk.burn()

    @fault("restore", lambda sim, level, name: domain(sim, level, name))
    def restore(self, level: str, name: str) -> None:
        """Restart each node placed in a failure domain that is down."""
        for machine in self.network._members(level, name):
            if machine not in self.nodes:
                self.network._set_router(machine, up=True)
            elif not self.nodes[machine]._up and self.nodes[machine]._on_hold is None:
                self._restart(self.nodes[machine])

    # -- properties -------------------------------------------------------------------------------------------------

    def always(self, prop: Callable[[Simulation], Any]) -> None:
        """Check ``prop(sim)`` after every event; the first time it is false, the run stops with PropertyBroken.

        A property sees nodes that are down, too: they have no attributes of their own then, but a disk.

        Raises:
            TypeError: ``prop`` cannot be called.
        """
        _callable(prop, "always")
        self._always.append(prop)

    def sometimes(self, prop: Callable[[Simulation], Any]) -> Sometimes:
        """Watch whether ``prop(sim)`` ever holds after an event. The answer is truthy once it did."""
        _callable(prop, "sometimes")
        watch = Sometimes(prop, self)
        self._sometimes.append(watch)
        return watch

    def eventually(self, prop: Callable[[Simulation], Any], by: float) -> None:
        """Demand that ``prop(sim)`` holds after some event up to ``by`` ms; else the run stops with PropertyBroken."""
        _callable(prop, "eventually")
        self._eventually.append((prop, time_ms(by, "eventually(…, by=…)")))

    def _watch(self, moved: Node | None = None) -> None:
        if self._states is not None:
            self._note_states(moved)
        prop: Any = None
        try:
            for prop in self._always:
                if not (held := prop(self)):
                    what = f"always {_name(prop)}"
                    raise self._broken(what, f"{what}: it does not hold after", held)
            for watch in self._sometimes:
                prop = watch.prop
                if watch.held_at is None and prop(self):
                    watch.held_at = self.now
            self._check_overdue(self.now, inclusive=False)
            waiting = []
            for prop, by in self._eventually:
                if not prop(self):
                    waiting.append((prop, by))
            self._eventually = waiting
        except PropertyBroken:
            raise
        except Exception as error:
            if isinstance(error, AttributeError):
                self._tell_if_down(error)
            error.add_note(f"raised by the property {_name(prop)}, which was checked after this:")
            raise

    def _tell_if_down(self, error: AttributeError) -> None:
        """Let an error about an attribute that a node lacks say so if that is because the node does not run."""
        node = error.obj
        if not isinstance(node, Node) or node._on_hold is not None:
            return
        still_to_start = any(isinstance(what, _Start) and what.node is node for _, _, what, *_ in self._queue)
        if not node._up or still_to_start:
            why = "has not started yet" if still_to_start else "is down, and remembers nothing"
            error.args = (
                f"{error}: node {node.name!r} {why}. A property sees such nodes, too: "
                f"ask for those that have it with hasattr(node, {error.name!r})",
            )

    def _check_overdue(self, time: float, inclusive: bool) -> None:
        for prop, by in self._eventually:
            if by < time or (inclusive and by == time):
                self.now = max(self.now, by)
                what = f"eventually {_name(prop)} by {by:g} ms"
                raise self._broken(what, f"{what}: it never held; the last event was", overdue=by)

    def _broken(self, what: str, said: str, held: object = None, overdue: float | None = None) -> PropertyBroken:
        rows = self.trace if self._traced else []
        index = next((i for i in reversed(range(len(rows))) if rows[i].kind in MOVES), None)
        last = None if index is None else rows[index]
        if last is not None and last.kind == "fault":
            last = last._replace(detail=Fault.from_json(last.detail))
        self.trace.end = self.now
        when = f"{self.now:g} ms" if last is None else " ".join(str(last).split())
        why = f": {held.explain()}" if hasattr(held, "explain") else ""  # a checker's verdict
        broken = PropertyBroken(f"{said} {when}, seed={self.seed!r}{why}")
        broken.what = what.replace("_", " ")
        broken.at, broken.index = (self.now, index) if overdue is None else (overdue, None)
        broken.add_note(_see(self))
        self._broke = broken
        return broken

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
        node._pace = node.clock.pace
        node._handlers = self._handlers.setdefault(type(node), {})

    def _time(self) -> float:
        return self.now

    def _stream(self, purpose: str) -> Random:
        """A stream of random numbers of its own for one purpose, so that a draw here does not shift the dice there."""
        return Random(f"{self.seed}/{purpose}")

    def _canonical(self, f: Fault) -> Fault:
        if not isinstance(f, Fault):
            raise TypeError(f"{f!r} is no fault: write Fault(100, 'crash', ('r1',)), or schedule it with sim.at(…)")
        owner: Any = self
        for part in f.call.split("."):
            owner = getattr(owner, part, None) if not part.startswith("_") else None
        kind = getattr(owner, "kind", None)
        if not isinstance(kind, Kind):
            raise ValueError(f"{f.call!r} is not a fault: the faults are {', '.join(self._fault_names())}")
        return kind.fault(self, time_ms(f.at, f"the time of {f}"), f.args, f.options)

    def _fault_names(self) -> list[str]:
        found = [(type(self), ""), (type(self.network), "network.")]
        return [prefix + name for kind, prefix in found for name in vars(kind) if hasattr(vars(kind)[name], "kind")]

    def _schedule(self, at: float, what: Fault | _Call) -> None:
        if self._booted:
            self._check_counted(what)
        self._scheduled.append((at, what))
        if self._booted:
            self._push_first(at, what)

    def _push_first(self, at: float, what: Fault | _Call) -> None:
        self._fault_order += 1
        thing = _Strike(self, what) if isinstance(what, Fault) else what
        if isinstance(what, Fault) and what.call == "tear_write":
            self.nodes[what.args[0]].disk.watch()
        heappush(self._queue, (at, self._fault_order, thing, None, None, None))

    def _strike_now(self, f: Fault) -> None:
        if self._booted:
            self._check_counted(f)
            self._scheduled.append((f.at, f))
            self._strike(f)
        else:
            self._schedule(f.at, f)

    def _strike(self, f: Fault) -> None:
        self._note("fault", detail=f.to_json())
        owner: Any = self.network if f.call.startswith("network.") else self
        try:
            getattr(owner, f.call.rpartition(".")[2]).kind.strike(owner, *f.args, **f.options)
        except Died as death:
            self._end(death.node, death.reason)

    def _start(self, node: Node) -> None:
        self._unstarted.discard(node.name)
        self._note("start", node.name)
        try:
            node.on_start()
        except Died as death:
            self._end(death.node, death.reason)

    def _restart(self, node: Node) -> None:
        self._end(node)  # if it is only paused
        node._rebuild()
        node._up = True
        self._note("restart", node.name)
        self.network._look()
        self._start(node)

    def _end(self, node: Node, reason: str = "") -> None:
        """A process ends, if there is one: its memory is gone, and what waited for it while it was paused."""
        waiting, node._on_hold = node._on_hold, None
        if node._up or waiting is not None:
            node._up = False
            node._lose_state()
            self._note("crash", node.name, detail=reason or None)
            self.network._look()
            for _, _, thing in waiting or ():
                if isinstance(thing, _Arrived):
                    thing.drop()

    def _arrive(self, entry: Any) -> None:
        """A message arrived: it is taken, or waits for a paused node, or is dropped."""
        time, order, link, msg, act, src = entry
        node = link.receiver
        if link.cut and link.stops(src):
            self._note("drop", src, link.dest, self._copies.get(order, order), msg, "cut")
        elif node._up:
            if self._record is not None:
                self._record(entry)
            act(node, src, msg)
        elif node._on_hold is not None:
            node._on_hold.append((time, order, _Arrived(self, entry)))
            if self._traced:
                self._waits.setdefault(self._copies.get(order, order), time)
        else:
            self._note("drop", src, link.dest, self._copies.get(order, order), msg, "down")

    def _count(self, src: str, dest: str) -> None:
        """Without a trace nobody knows which message was the third from here to there: from now on somebody does."""
        if self._record is None:
            self._record = _Counter()
        if type(self._record) is _Counter:
            self._record.sent.setdefault((src, dest), [])

    def _check_counted(self, what: Fault | _Call) -> None:
        if _loses(what):
            self._number_sent(*what.args)  # raises if nobody counted

    def _number_sent(self, src: str, dest: str, number: int) -> int | None:
        """The id of the message that was sent as ``number``-th from here to there; None if it was not sent yet."""
        sent: list[Any] | None
        if type(self._record) is _Counter:
            sent = self._record.sent.get((src, dest))
        elif self._traced:
            sent = [e.id for e in self.trace if e.kind == "send" and e.src == src and e.dest == dest]
        else:
            sent = None
        if sent is None:
            raise RuntimeError(
                f"nobody counted what {src!r} sent to {dest!r}, because this simulation records no trace: schedule the "
                f"fault before the run, sim.at(100, sim.network.lose, {src!r}, {dest!r}, {number})"
            )
        return int(sent[number - 1]) if number <= len(sent) else None

    def _lose(self, id: int) -> None:
        """Every copy of a message that is on its way is lost, and so is what waits at the door of a paused node."""
        doors = [node._on_hold for node in self.nodes.values() if node._on_hold]
        lost = []
        for entries in (self._queue, *self._buckets.lists(), *doors):
            gone = [entry for entry in entries if self._carries(entry) == id]
            if gone:
                entries[:] = [entry for entry in entries if self._carries(entry) != id]
                lost += gone
        if lost:
            heapify(self._queue)
        lost.sort(key=itemgetter(0, 1))
        for _, order, thing, *more in lost:
            if isinstance(thing, Packet):
                thing.way.routes.drop(thing, f"loss at {thing.link.src} → {thing.link.dest}")
            elif isinstance(thing, _Arrived):
                thing.drop("loss")
            else:
                msg, _, src = more
                self._note("drop", src, thing.dest, self._copies.get(order, order), msg, "loss")

    def _carries(self, entry: Any) -> int | None:
        """The id of the message that an entry of the queue, or at a paused node's door, brings; None if it is none."""
        _, order, thing, *more = entry
        if isinstance(thing, Packet):
            return thing.id
        if isinstance(thing, _Arrived):
            order = thing.order
        elif not more or more[1] is None:
            return None
        id: int = self._copies.get(order, order)
        return id

    def _note(
        self, kind: str, src: str | None = None, dest: str | None = None,
        id: int | None = None, msg: Any = None, detail: Any = None,
    ) -> None:  # fmt: skip
        if self._record is not None:
            self._record(Event(self.now, kind, src, dest, id, msg, detail))

    def _note_states(self, moved: Node | None) -> None:
        """Note which states changed: that of the node that moved, or of any if it is not known who could have."""
        assert self._states is not None
        for node in (moved,) if moved is not None and self._states else self.nodes.values():
            name = node.name
            state = node._state() if node._up or node._on_hold is not None else {}
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


class _Counter:
    """Stands for the trace where none is recorded, but messages between some nodes are counted."""

    def __init__(self) -> None:
        self.sent: dict[tuple[str, str], list[int]] = {}

    def __call__(self, row: Any) -> None:
        if len(row) == 2:  # a message is sent: see Link.carry
            _, order, link, _, _, src = row[1]
            ids = self.sent.get((src, link.dest))
            if ids is not None:
                ids.append(order)


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
        node = self.node
        if node._on_hold is not None:
            node._on_hold.append((time, order, self))
        elif node._up and node.name in node._sim._unstarted:
            node._sim._start(node)

    def __str__(self) -> str:
        return f"on_start of node {self.node.name!r}"


class _Arrived:
    """A message that came while its receiver stood still. It waits at the door, where no cut stops it any more."""

    def __init__(self, sim: Simulation, entry: Any) -> None:
        self.sim = sim
        _, self.order, self.link, self.msg, self.act, self.src = entry

    def fire(self, time: float, order: int) -> None:
        node = self.link.receiver
        if node._up:
            self._note("deliver")
            self.act(node, self.src, self.msg)
        elif node._on_hold is not None:
            node._on_hold.append((time, order, self))
        else:
            self.drop()

    def drop(self, why: str = "down") -> None:
        """It is not taken any more: the process that it waited for has ended, or it was lost."""
        self._note("drop", why)

    def _note(self, kind: str, detail: str | None = None) -> None:
        id = self.sim._copies.get(self.order, self.order)
        self.sim._note(kind, self.src, self.link.dest, id, self.msg, detail)

    def __str__(self) -> str:
        return f"{self.link.dest!r} handling {show(self.msg)} from {self.src!r}"


class _Act:
    """What an operator, a bot or an attacker does to a node."""

    def __init__(self, node: Node, what: str, args: tuple[Any, ...]) -> None:
        self.node, self.what, self.args = node, what, args

    def fire(self, time: float, order: int) -> None:
        if self.node._on_hold is not None:
            self.node._on_hold.append((time, order, self))
        elif self.node._up:
            getattr(self.node, f"act_{self.what}")(*self.args)

    def __str__(self) -> str:
        return f"act_{self.what} of node {self.node.name!r}"


def _act_args(sim: Simulation, node: object, what: object, args: tuple[Any, ...]) -> tuple[Any, ...]:
    actor = sim.nodes[node_name(sim, node)]
    deed = getattr(type(actor), f"act_{what}", None)
    if deed is None:
        known = sorted(name[4:] for name in dir(type(actor)) if name.startswith("act_"))
        raise ValueError(
            f"node {node!r} knows no act {what!r}: define act_{what}(self) in {type(actor).__name__}. "
            + (f"It has {', '.join(known)}" if known else "It defines no act_… method")
        )
    given = plain(args, f"an argument of act {what!r}")
    try:
        inspect.signature(deed).bind(actor, *given)
    except TypeError as error:
        raise ValueError(f"act {what!r} of node {node!r} cannot be called like this: {error}") from None
    return (node, what, *given)


def _leap_args(sim: Simulation, nodes: tuple[str, ...], smear_ms: object) -> Arguments:
    smear = time_ms(smear_ms, "the smear_ms of a leap second")
    if 0 < smear <= LEAP_MS:
        raise ValueError(
            f"smear_ms is {smear_ms!r}: a second cannot be smeared over a second or less, the clock would stand still "
            "or run backwards. Write more, for example 86_400_000 (a day), or 0 (the second is shown twice)"
        )
    return Arguments(node_group(sim, nodes) if nodes else (), {"smear_ms": smear_ms} if smear else {})


def _remove_args(sim: Simulation, level: object, name: object, burn: object) -> Arguments:
    if not isinstance(burn, bool):
        raise ValueError(f"burn is {burn!r}: write True (their disks are gone, too) or False (they crash)")
    return Arguments(domain(sim, level, name), {"burn": True} if burn else {})


def _loses(what: Fault | _Call) -> TypeGuard[Fault]:
    return isinstance(what, Fault) and what.call == "network.lose"


def _callable(prop: object, where: str) -> None:
    if not callable(prop):
        raise TypeError(f"{where}({prop!r}): write a function of the simulation, such as {where}(lambda sim: …)")


def _name(prop: Callable[..., Any]) -> str:
    """What to call a property in a message; it is the same in every process."""
    while isinstance(prop, partial):
        prop = prop.func
    name = getattr(prop, "__name__", "") or show(prop)
    return name if name != "<lambda>" else f"lambda of line {prop.__code__.co_firstlineno}"


def _see(sim: Simulation) -> str:
    """How to see what became of a property."""
    return f'to see it: the same simulation with seed={sim.seed!r} and trace="state", then run(until={sim.now!r})'
