"""Exhaustive exploration of small worlds: every order in which things can happen, not only the likely ones.

A simulation draws one order of events from its seed. ``explore_schedules`` walks all of them: whichever message is on
its way may arrive next, any running timer may run out next, a node may crash, a message may be lost. It is model
checking without a model, on the very nodes that students write. State is not copied: each story is told again from its
beginning, as a list of choices ("stateless" search, Godefroid 1997, "Model checking for programming languages using
VeriSoft", POPL); states that were seen before are recognised, and not walked twice. Stories are tried by length, so
that the first one that fails is a shortest one.

It is for three nodes and a handful of messages: states grow exponentially with what can happen side by side.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from time import perf_counter
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from .clients import Client
from .faults import Fault, node_name
from .history import Operation
from .node import Message, Node, Timer, show
from .simulation import Simulation, _name, _seldom_collecting, _Strike
from .trace import NoTrace, Trace

#: Each step of a story takes so many ms: only so that the player can show one after the other.
STEP_MS = 10.0

#: Faults that a scenario may schedule. The others change times or dice, and an exploration knows neither.
WALKED = (
    "crash", "restart", "burn", "act", "remove", "restore",
    "network.partition", "network.cut", "network.heal", "network.isolate",
)  # fmt: skip

Scenario = Callable[[], Simulation]
Property = Callable[[Simulation], Any]

#: Delays are drawn from here and count for nothing.
DICE = Random(0).random


def explore_schedules(
    scenario: Scenario,
    *props: Property,
    at_end: Property | Iterable[Property] = (),
    crashes: int = 0,
    drops: int = 0,
    timers: int | Mapping[str, int] | None = None,
    victims: Iterable[str] | None = None,
    max_depth: int | None = None,
    budget: int = 100_000,
    deduplicate: bool = True,
    progress: bool | None = None,
) -> Exploration:
    """Let everything happen in every order, and check each property after every step.

    From the state after all nodes' ``on_start``, the next step is any of these:

    - a message on its way arrives, whichever it is; on a link with ``fifo`` the oldest. If the receiver is down or the
      link is cut by then, it is lost, as ever;
    - a running timer runs out, whichever it is and whatever it was set to: a timeout is a guess, and may be wrong;
    - the next of what the scenario scheduled with ``sim.at`` happens: in the order of their times, each at any moment.
      What was scheduled for time 0 happens before the nodes start, as ever;
    - up to ``crashes`` times, a node crashes; each one that crashed so may restart at any time, or never;
    - up to ``drops`` times, a message on its way is lost. (Any message may also stay on its way for the whole story, so
      a drop tells something new only on a ``fifo`` link, where it makes room, or to a property ``at_end``.)

    Two states are the same if all nodes have the same attributes, disks, timers (name, key and data) and position in
    their random streams, the same nodes are up and links cut, the same messages are on their way, the history reads the
    same but for its times, and as many crashes, drops and so on are left. A dict remembers the order of its keys, so
    does its node's state: where order means nothing, a set or a sorted tuple makes a smaller world.

    Time means nothing but order. ``sim.now`` counts 10 ms for each step, and all nodes' clocks stand still: what a node
    reads there is what it read at the start. ``node.random`` gives each node the numbers that the simulation's seed
    gives it, in every story: other seeds are other explorations.

    Args:
        scenario: returns a new simulation that has not run. Its own ``sim.always`` properties are checked, too.
        *props: functions of the simulation that are true of every state. They see nodes, disks, the history and who is
            up, but no trace. An AssertionError counts as false, and its message is told.
        at_end: the same, but checked only where nothing is left to happen: no message is on its way, no timer runs,
            nothing is scheduled, and whoever crashed has restarted.
        crashes, drops: how many of them there may be in one story.
        timers: how many timers may run out in one story: a number for all, or ``{"retry": 2, "election": 0}`` for some
            names and no limit for others. Without a limit, timers that set themselves again make endless worlds, unless
            they come back to a state that was seen.
        victims: names of the nodes that may crash; by default all that are no clients.
        max_depth: the most steps of a story; None for no limit.
        budget: stop after so many states.
        deduplicate: False walks every story to its end, even if it comes by a state that was seen: to test the above.
        progress: whether to say on stderr how far it is, if it takes longer than 2 s; None: if stderr is a terminal.

    Ctrl-C stops it; what has been seen by then is returned.

    Raises:
        ValueError: a bound is negative, the budget or depth below 1, a name unknown; the simulation has run already, is
            lossy by chance, or schedules a fault that means nothing without times; it declares an ``eventually``.
        TypeError: the scenario is no function, or returns something else; a property is none; a node keeps what cannot
            be compared, such as a generator.
        RuntimeError: the scenario does not begin in the same way each time it is called. (What a handler draws later
            from other dice than ``node.random`` is not noticed, and makes the states seen too few.)
    """
    if not callable(scenario):
        raise TypeError(f"explore_schedules was given {show(scenario)}: write the function that makes the simulation")
    ends = (at_end,) if callable(at_end) or isinstance(at_end, str) or at_end is None else tuple(at_end)
    for prop in (*props, *ends):
        if not callable(prop):
            raise TypeError(f"{show(prop)} is no property: write a function of the simulation, lambda sim: …")
    if isinstance(victims, str):
        raise TypeError(f"victims is the text {victims!r}: write victims=({victims!r},)")
    bounds = Bounds(
        crashes=_whole("crashes", crashes, 0, "0 for none"),
        drops=_whole("drops", drops, 0, "0 for none"),
        timers=_timer_bounds(timers),
        victims=None if victims is None else tuple(victims),
    )
    if max_depth is not None:
        _whole("max_depth", max_depth, 1, "how many steps a story may have, or None for no limit")
    _whole("budget", budget, 1, "how many states may be seen, for example 100_000")
    found = Exploration(scenario, bounds, props, ends)
    with _seldom_collecting():
        found._walk(max_depth, budget, deduplicate, _Line(progress))
    return found


@dataclass(frozen=True)
class Bounds:
    """What may happen in one story, at most: see ``explore_schedules``. Timers by name, None for all together."""

    crashes: int
    drops: int
    timers: Mapping[str | None, int]
    victims: tuple[str, ...] | None


class Choice(NamedTuple):
    """One step.

    ``node`` is where a ``"message"`` arrives or is not to arrive (``"drop"``), a ``"timer"`` runs out, or who has a
    ``"crash"`` or ``"restart"``; "" for what is ``"scheduled"``. ``what`` is the timer's name (and key), or the number
    of the entry in the queue.
    """

    kind: str
    node: str
    what: Any = None


class Story(NamedTuple):
    """Choices, one after the other: the last one, and the story before it.

    ``asleep`` are steps that need not come next, because they lead to states of stories before this one.
    """

    before: Story | None
    choice: Choice
    asleep: tuple[Choice, ...]

    def choices(self) -> list[Choice]:
        """All of them, in order."""
        told, story = [], self
        while story.before is not None:
            told.append(story.choice)
            story = story.before
        return [story.choice, *reversed(told)]


@dataclass(frozen=True)
class Failure:
    """A story that breaks a property, or a handler.

    Fields:
        message: what is broken.
        story: each step as a sentence. No story that fails has fewer steps.
    """

    message: str
    story: tuple[str, ...]
    _choices: tuple[Choice, ...] = field(repr=False)

    @property
    def steps(self) -> int:
        """How many steps it takes."""
        return len(self.story)

    def __str__(self) -> str:
        lines = [f"{number:3}. {sentence}" for number, sentence in enumerate(self.story, 1)]
        return "\n".join([f"After {_count(self.steps, 'step')}, {self.message}", *lines])


@dataclass(repr=False)
class Exploration:
    """What was seen. True only if nothing failed *and* all there is was seen, an end among it if one was to be judged.

    Fields:
        states: how many different states.
        runs: how many times the scenario was run, from its beginning, for that.
        depth: how many steps the longest story had.
        ends: how many of the states were ends, where nothing was left to happen.
        failure: a shortest story that fails, or None.
        unseen: why there may be more states than were seen; "" if there are none.
    """

    scenario: Scenario
    bounds: Bounds
    props: tuple[Property, ...]
    at_end: tuple[Property, ...]
    states: int = 0
    runs: int = 0
    depth: int = 0
    ends: int = 0
    failure: Failure | None = None
    unseen: str = ""
    _drew: bool = False
    _clients: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all states within the bounds were seen."""
        return not self.unseen

    def __bool__(self) -> bool:
        return self.failure is None and self.complete and not self._never_judged

    @property
    def _never_judged(self) -> bool:
        return bool(self.at_end) and not self.ends

    def replay(self) -> Simulation:
        """The shortest failing story, run again with all that nodes knew recorded, for ``dslib.views.replay``.

        Raises:
            ValueError: nothing failed, so there is nothing to show.
        """
        if self.failure is None:
            raise ValueError("no story failed, so there is none to replay: look at .failure first")
        world = World(self.scenario, self.bounds, record=True)
        with suppress(Exception):  # the last step may be a handler's mistake: that is the failure
            for choice in self.failure._choices:
                world.take(choice)
        return world.sim

    def __str__(self) -> str:
        seen = f"{_count(self.states, 'state')} in {_count(self.runs, 'run')}, up to {_count(self.depth, 'step')} deep"
        if self.failure is not None:
            return f"{self.failure}\nNo shorter story fails. Seen until then: {seen}."
        whole = f"{self.unseen}: there may be more" if self.unseen else f"that is all of them{self._within()}"
        judged = (
            ""
            if not self._never_judged
            else (
                " No story came to an end, so what has to hold at_end was never judged: does a timer set itself again?"
            )
        )
        return f"Nothing failed. Seen: {seen}; {whole}.{judged}"

    __repr__ = __str__

    def _within(self) -> str:
        bounds = [f"{_count(n, 'crash', 'crashes')}" for n in (self.bounds.crashes,) if n]
        bounds += [_count(n, "drop") for n in (self.bounds.drops,) if n]
        bounds += [
            _count(n, "timer" if name is None else f"timer {name!r}", None if name is None else f"timers {name!r}")
            for name, n in self.bounds.timers.items()
        ]
        dice = ", with these dice" if self._drew else ""
        return f", within {', '.join(bounds)}{dice}" if bounds else dice

    # -- the search -----------------------------------------------------------------------------------------------

    def _walk(self, max_depth: int | None, budget: int, deduplicate: bool, line: _Line) -> None:
        """Breadth first: all stories of one step, then all of two."""
        seen: set[bytes] = set()
        ahead: deque[tuple[Story | None, int, list[Choice]]] = deque()

        def look(world: World, story: Story | None, depth: int) -> bool:
            """At the state a story led to; whether to go on."""
            key = world.key() if deduplicate else b"%d" % self.states
            if key in seen:
                return True
            if self.states == budget:
                self.unseen = f"the budget of {_count(budget, 'state')} is spent"
                return False
            seen.add(key)
            self.states, self.depth = self.states + 1, depth
            self._drew = self._drew or any(node._random is not None for node in world.sim.nodes.values())
            if broken := self._broken(world):
                self._fail(broken, story)
                return False
            if choices := world.choices():
                if depth == max_depth:
                    self.unseen = f"stories end after {_count(max_depth, 'step')}"
                else:
                    ahead.append((story, depth, choices))
            line.update(self.states, depth)
            return True

        try:
            world = self._run(None)
            if not world.is_like(World(self.scenario, self.bounds)):
                raise _not_the_same()
            self._clients = tuple(name for name, node in world.sim.nodes.items() if isinstance(node, Client))
            if not look(world, None, 0):
                return
            while ahead:
                before, depth, choices = ahead.popleft()
                asleep = list(before.asleep) if before else []
                for choice in choices:
                    if choice in asleep:
                        continue
                    world = self._run(before)
                    story = Story(before, choice, tuple(c for c in asleep if deduplicate and self._swap(c, choice)))
                    asleep.append(choice)
                    try:
                        world.take(choice)
                    except Refused:
                        raise
                    except Exception as error:  # whatever a student's handler may raise
                        self._fail(f"{type(error).__name__}: {error}", story)
                        return
                    if not look(world, story, depth + 1):
                        return
        except KeyboardInterrupt:
            self.unseen = "it was interrupted"
        finally:
            line.close()

    def _swap(self, a: Choice, b: Choice) -> bool:
        """Whether ``a`` then ``b`` leads to the same state as ``b`` then ``a``, so that one of the two is enough.

        Steps of two nodes do: they share nothing, so neither sees what the other one does. These are the sleep sets of
        Godefroid 1996, "Partial-Order Methods for the Verification of Concurrent Systems" (LNCS 1032). Not so two
        clients, whose operations stand in one history in the order in which they began, and what is counted.
        """
        swapped = ("message", "timer", "crash", "restart")
        if a.kind not in swapped or b.kind not in swapped or a.node == b.node:
            return False
        if a.kind == b.kind and (a.kind == "crash" or (a.kind == "timer" and self.bounds.timers)):
            return False
        return not (a.node in self._clients and b.node in self._clients)

    def _run(self, story: Story | None) -> World:
        """Tell a story from its beginning."""
        self.runs += 1
        world = World(self.scenario, self.bounds)
        for choice in story.choices() if story else ():
            world.take(choice)
        return world

    def _broken(self, world: World) -> str:
        """What does not hold here, in words; nothing if all does."""
        at_end = world.at_end()
        self.ends += at_end
        for prop in (*self.props, *world.declared, *(self.at_end if at_end else ())):
            try:
                held = prop(world.sim)
            except AssertionError as error:
                return f"{_name(prop)} does not hold: {error}"
            except AttributeError as error:
                world.sim._tell_if_down(error)
                raise
            if not held:
                explain = getattr(held, "explain", None)  # as a checker's verdict has
                return f"{_name(prop)} does not hold" + (f": {explain()}" if explain else "")
        return ""

    def _fail(self, message: str, story: Story | None) -> None:
        self.unseen = "it stopped at the first failure"
        choices = story.choices() if story else []
        world = World(self.scenario, self.bounds)
        told = []
        with suppress(Exception):
            for choice in choices:
                told.append(world.sentence(choice))
                world.take(choice)
        self.failure = Failure(message, tuple(told), tuple(choices))


class Refused(Exception):
    """Not a node's mistake: the world cannot be explored."""


class RefusedValue(Refused, ValueError):
    """The scenario asks for what has no meaning here."""


class RefusedType(Refused, TypeError):
    """A node keeps what cannot be compared."""


class NotTheSame(Refused, RuntimeError):
    """Two runs of one story differ."""


def _not_the_same() -> NotTheSame:
    return NotTheSame(
        "the scenario is not the same each time it is called: let it make everything anew, and let nodes draw from "
        "self.random only"
    )


class World:
    """One simulation whose next step is chosen from outside.

    The simulation's own loop makes each step. All else that waits in its queue is put aside for that moment, so that
    the loop finds nothing but what was chosen.
    """

    def __init__(self, scenario: Scenario, bounds: Bounds, record: bool = False) -> None:
        self.sim = sim = scenario()
        if not isinstance(sim, Simulation):
            raise RefusedType(f"the scenario returned {sim!r}: it ends with `return sim`, the simulation itself")
        if sim.started:
            raise RefusedValue("the scenario returned a simulation that has run: leave run(…) out of it")
        self.now, self.faults_checked = 0.0, 0
        self.crashes, self.drops, self.timers = bounds.crashes, bounds.drops, dict(bounds.timers)
        self.victims = self._victims(bounds)
        self.crashed: dict[str, None] = {}  # by this exploration, not by the scenario
        self.written: dict[int, str] = {}  # messages, by the number of their entry
        self._check(bounds)
        self.declared, sim._always = sim._always, []  # checked once, at the end of a story
        sim.network._shared = DICE
        sim._horizon = float("inf")  # no bucket is used: all that waits stands in one list
        for node in sim.nodes.values():
            node.clock._rate = 0.0
        sim.trace = Trace(nodes=sim.nodes, seed=sim.seed) if record else Unrecorded(nodes=sim.nodes, seed=sim.seed)
        sim._record, sim._copies = (sim.trace._rows.append if record else None), sim.trace._copies
        sim._states = {} if record else None
        self._boot()

    def _boot(self) -> None:
        """What is scheduled for time 0, then every ``on_start``, as in any run."""
        self.sim._boot()
        while at_once := [entry for entry in self._scheduled() if entry[0] == 0.0]:
            self._step(at_once[0])

    # -- what may come next ---------------------------------------------------------------------------------------

    def messages(self) -> list[Any]:
        """The queue's entries of the messages on their way, oldest first."""
        return sorted((entry for entry in self.sim._queue if entry[4] is not None), key=lambda entry: entry[1])

    def running(self) -> Iterator[tuple[str, Any, Timer]]:
        """Every timer that runs: its node's name, its own, itself."""
        for name, node in self.sim.nodes.items():
            for which, timer in node._timers.items():
                if timer.deadline is not None:
                    yield name, which, timer

    def choices(self) -> list[Choice]:
        """Everything that may be the next step."""
        arriving, losing, others = [], [], []
        twins, behind = set(), set()
        for _, order, link, msg, _, src in self.messages():
            way = src, link.dest
            if (twin := (way, self._words(order, msg))) in twins:
                continue  # of two equal messages it does not matter which one comes first
            twins.add(twin)
            if not (link.quality.fifo and way in behind):
                arriving.append(Choice("message", link.dest, order))
            behind.add(way)
            if self.drops and link.receiver._up and not self._cut(link, src):
                losing.append(Choice("drop", link.dest, order))
        for name, which, timer in self.running():
            if self._left(timer.name):
                others.append(Choice("timer", name, which))
        others += [Choice("scheduled", "", entry[1]) for entry in self._scheduled()[:1]]
        others += [Choice("restart", name) for name in self.crashed if not self.sim.nodes[name]._up]
        if self.crashes:
            others += [Choice("crash", name) for name in self.victims if self.sim.nodes[name]._up]
        return arriving + others + losing

    def at_end(self) -> bool:
        """Whether nothing is left to happen, and whoever crashed has restarted."""
        everybody = all(self.sim.nodes[name]._up for name in self.crashed)
        return everybody and not self.sim._queue and not any(self.running())

    def _scheduled(self) -> list[Any]:
        """What the scenario scheduled, in order; before the first step also every ``on_start``."""
        return sorted(entry for entry in self.sim._queue if entry[4] is None)

    def _left(self, timer: str) -> bool:
        return self.timers.get(timer, 1) > 0 and self.timers.get(None, 1) > 0

    def _cut(self, link: Any, src: str) -> bool:
        return bool(link.cut and link.stops(src))

    # -- taking a step --------------------------------------------------------------------------------------------

    def take(self, choice: Choice) -> None:
        """Let this happen next."""
        kind, node, what = choice
        sim = self.sim
        self.now += STEP_MS
        if kind == "timer":
            timer = self._timer(node, what)
            for bound in (timer.name, None):
                if bound in self.timers:
                    self.timers[bound] -= 1
            self._step((0.0, timer.order, timer, None, None, None))
        elif kind in ("crash", "restart"):
            if kind == "crash":
                self.crashes -= 1
                self.crashed[node] = None
            else:
                del self.crashed[node]
            sim._schedule(self.now, Fault(self.now, kind, (node,)))
            self._step(self._entry(sim._fault_order))
        elif kind == "drop":
            self.drops -= 1
            lost = self._entry(what)
            sim._queue.remove(lost)
            sim.now = sim.trace.end = self.now
            _, order, link, msg, _, src = lost
            sim._note("drop", src, link.dest, order, msg, "loss")
        else:
            self._step(self._entry(what))

    def _step(self, chosen: Any) -> None:
        sim = self.sim
        aside = [entry for entry in sim._queue if entry is not chosen]
        sim._queue[:] = [(self.now, *chosen[1:])]
        sim.step()
        # Timers are found at their nodes. Their entries in the queue would only say when they are due.
        sim._queue[:] = [entry for entry in (*aside, *sim._queue) if type(entry[2]) is not Timer]
        self._check_faults()

    def _entry(self, order: int) -> Any:
        for entry in self.sim._queue:
            if entry[1] == order:
                return entry
        raise _not_the_same()

    def _timer(self, node: str, which: Any) -> Timer:
        timer = self.sim.nodes[node]._timers.get(which)
        if timer is None or timer.deadline is None:
            raise _not_the_same()
        return timer

    def sentence(self, choice: Choice) -> str:
        """What is going to happen, in words."""
        kind, node, what = choice
        if kind == "timer":
            timer = self._timer(node, what)
            data = f" with {', '.join(map(show, timer.data))}" if timer.data else ""
            return f"timer {timer.name!r} of {node} runs out{data}"
        if kind in ("crash", "restart"):
            return f"{node} {kind}{'es' if kind == 'crash' else 's'}"
        _, _, link, msg, act, src = self._entry(what)
        if act is None:
            return f"{link} {'strikes' if isinstance(link, _Strike) else 'is made'}"
        if kind == "drop":
            return f"{show(msg)} from {src} to {link.dest} is lost"
        if self._cut(link, src):
            return f"{show(msg)} from {src} to {link.dest} is lost: the link is cut"
        if not link.receiver._up:
            return f"{show(msg)} from {src} is lost: {link.dest} is down"
        return f"{link.dest} receives {show(msg)} from {src}"

    # -- states ---------------------------------------------------------------------------------------------------

    def key(self) -> bytes:
        """The state as 16 bytes: those of two states are the same if the states are (and else with odds of 2^-128)."""
        sim, text = self.sim, Text()
        parts = [repr((self.crashes, self.drops, list(self.timers.values()), sorted(self.crashed)))]
        for name, node in sim.nodes.items():
            text.where = f"node {name!r}"
            parts.append(f"{name!r} {node._up} {text.of(node.peers)} {text.of(node._random)}")
            for attribute, value in sorted(vars(node).items()):
                text.where = f"attribute {attribute!r} of node {name!r}"
                parts.append(f"{attribute}={text.of(value)}")
            if node._disk:
                text.where = f"the disk of node {name!r}"
                parts.append(text.pairs(node._disk.items()))
        for name, which, timer in self.running():
            text.where = f"timer {timer.name!r} of node {name!r}"
            parts.append(f"{name!r} {text.of(which)} {text.of(timer.data)}")
        parts += sorted(self._on_the_way())
        parts += [str(entry[2]) for entry in self._scheduled()]
        if sim.network._rules:
            parts += [f"{a!r} {b!r}" for a in sim.nodes for b in sim.nodes if sim.network._is_cut(a, b)]
        text.where = "the history"
        parts += self._history(text)
        return blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def is_like(self, other: World) -> bool:
        """Whether the two are in the same state."""
        return self.key() == other.key()

    def _on_the_way(self) -> Iterator[str]:
        places: dict[tuple[str, str], int] = {}  # on links that keep the order
        for _, order, link, msg, _, src in self.messages():
            if link.quality.fifo:
                places[src, link.dest] = places.get((src, link.dest), 0) + 1
            yield f"{src!r} {link.dest!r} {places.get((src, link.dest), 0)} {self._words(order, msg)}"

    def _words(self, order: int, msg: Message) -> str:
        """A message as text: written once, because it cannot change."""
        if order not in self.written:
            self.written[order] = Text("a message").of(msg)
        return self.written[order]

    def _history(self, text: Text) -> Iterator[str]:
        """Operations, with the rank of each time instead of the time."""
        history = self.sim.history
        times = {time for op in history for time in (op.invoked, op.completed) if time is not None}
        rank: dict[float | None, int] = {time: number for number, time in enumerate(sorted(times))}
        for op in history:
            what = text.of((op.id, op.process, op.f, op.key, op.arg, op.result, op.result_known, op.status, op._open))
            yield f"{what} {rank[op.invoked]} {rank.get(op.completed)}"

    # -- what cannot be explored ----------------------------------------------------------------------------------

    def _victims(self, bounds: Bounds) -> tuple[str, ...]:
        nodes = self.sim.nodes
        if bounds.victims is None:
            return tuple(name for name, node in nodes.items() if not isinstance(node, Client))
        return tuple(node_name(self.sim, name) for name in bounds.victims)

    def _check(self, bounds: Bounds) -> None:
        sim = self.sim
        for timer in bounds.timers:
            if timer is not None and not any(hasattr(node, f"on_{timer}_timeout") for node in sim.nodes.values()):
                raise RefusedValue(f"timers bounds {timer!r}, and no node defines on_{timer}_timeout: is it misspelt?")
        if sim._eventually:
            raise RefusedValue(
                "the scenario declares sim.eventually(…, by=…), and an exploration knows no times: give what must hold "
                "when all has happened as at_end=…"
            )
        if sim.network._routes is not None:
            raise RefusedValue("a network with routes cannot be explored: leave routes=True out of the scenario")
        for quality in sim.network._qualities.values():
            for name in ("loss", "duplication", "reordering", "corruption", "queue_bytes"):
                if quality.settings[name]:
                    raise RefusedValue(
                        f"the network has {name}={quality.settings[name]!r}, and an exploration rolls no dice: leave "
                        "it out of the scenario. Every order is walked anyway; for lost messages write drops=1"
                    )
        self._check_faults()

    def _check_faults(self) -> None:
        for _, what in self.sim._scheduled[self.faults_checked :]:
            if isinstance(what, Fault) and what.call not in WALKED:
                raise RefusedValue(
                    f"the scenario has the fault {what}, and an exploration cannot walk it: everything may be late or "
                    f"lost anyway. Leave it out; the faults it can walk are {', '.join(WALKED)}"
                )
        self.faults_checked = len(self.sim._scheduled)


class Unrecorded(NoTrace):
    """The trace of a world that is explored: states are compared, and how they came about does not count."""

    @staticmethod
    def refusal() -> RuntimeError:
        return RuntimeError(
            "an exploration records no trace, because two stories may lead to one state: let the property look at "
            "nodes, disks and sim.history; the failing story's trace is result.replay().trace"
        )


class Text:
    """Writes down values such that two texts are equal only if the values are, for whoever cannot compare addresses.

    An object that can change and is met again is written as a reference to the first time: two names for one list are
    something else than two equal lists.
    """

    def __init__(self, where: str = "a node") -> None:
        self.where = where  # what is being written, for an error
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []  # so that no address is used twice

    def of(self, value: Any) -> str:
        """``value`` as text.

        Raises:
            TypeError: nobody can look into it, as with a generator or a lock.
        """
        kind = type(value)
        if kind in ATOMS:
            return repr(value)
        if kind is tuple:
            return f"({self._all(value)})"
        if isinstance(value, Message):
            return f"{kind.__qualname__}({self._all(vars(value).values())})"
        if kind is frozenset:
            return f"frozenset({self._sorted(value)})"
        if isinstance(value, type):
            return f"{value.__module__}.{value.__qualname__}"
        if isinstance(value, Node):
            return f"<node {value.name}>"
        if isinstance(value, Simulation):
            return "<simulation>"
        if isinstance(value, Operation):
            return f"<operation {value.id}>"  # the rest stands in the history
        if (number := self._met.get(id(value))) is not None:
            return f"<again {number}>"
        self._met[id(value)] = len(self._met)
        self._kept.append(value)
        return f"{kind.__qualname__}{self._content(value)}"

    def _content(self, value: Any) -> str:
        """What an object that can change is made of."""
        kind = type(value)
        if kind is list:
            return f"[{self._all(value)}]"
        if kind is dict:
            return f"{{{self.pairs(value.items())}}}"
        if kind is set:
            return f"{{{self._sorted(value)}}}"
        if isinstance(value, Random):
            return f" {hash(value.getstate())}"
        if isinstance(value, FunctionType):
            inside = [cell.cell_contents for cell in value.__closure__ or ()]
            return f" {value.__qualname__} {id(value.__code__)} {self._all((*inside, value.__defaults__))}"
        if isinstance(value, MethodType):
            return f" {self.of(value.__func__)} {self.of(value.__self__)}"
        try:
            # How to build it again, in the words of the pickle protocol: all that there is to know about it.
            made = value.__reduce_ex__(4)
        except (TypeError, ValueError):
            raise RefusedType(
                f"{self.where} holds a {kind.__name__}, and nobody can tell whether two of those are equal: keep "
                "numbers, texts, tuples, lists, dicts, sets, or objects made of them"
            ) from None
        if isinstance(made, str):
            return f" {made}"
        how, args, state, items, pairs = (*made, None, None, None)[:5]
        return f"{self._all((how, args, state))} [{self._all(items or ())}] {{{self.pairs(pairs or ())}}}"

    def _all(self, values: Iterable[Any]) -> str:
        return ",".join(map(self.of, values))

    def pairs(self, pairs: Iterable[tuple[Any, Any]]) -> str:
        """What a dict holds, in its order."""
        return ",".join(f"{self.of(key)}:{self.of(value)}" for key, value in pairs)

    def _sorted(self, values: Iterable[Any]) -> str:
        return ",".join(sorted(map(self.of, values)))


#: Types whose values are written as Python writes them.
ATOMS = {int, str, bool, type(None), float, complex, bytes}


class _Line:
    """One line on stderr that says how far an exploration is, once that has taken two seconds."""

    QUIET_S, NEWS_S = 2.0, 0.5

    def __init__(self, progress: bool | None) -> None:
        terminal = sys.stderr is not None and sys.stderr.isatty()
        self.shown = terminal if progress is None else progress and sys.stderr is not None
        self.begun = self.told = perf_counter()
        self.drawn = False

    def update(self, states: int, depth: int) -> None:
        """So many states, so deep."""
        now = perf_counter()
        if self.shown and now - self.begun >= self.QUIET_S and now - self.told >= self.NEWS_S:
            rate = states / (now - self.begun)
            sys.stderr.write(f"\r{states:,} states, {depth} steps deep, {rate:,.0f} states/s ")
            sys.stderr.flush()
            self.told, self.drawn = now, True

    def close(self) -> None:
        """Go to the next line."""
        if self.drawn:
            sys.stderr.write("\n")


def _whole(name: str, value: object, least: int, meaning: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} is {value!r}: write a whole number from {least}, {meaning}")
    return value


def _timer_bounds(timers: int | Mapping[str, int] | None) -> dict[str | None, int]:
    if timers is None:
        return {}
    if isinstance(timers, Mapping):
        return {name: _whole(f"timers[{name!r}]", n, 0, "how often it may run out") for name, n in timers.items()}
    how = "how many may run out in one story, None for no limit, or a number for each name: {'retry': 2}"
    return {None: _whole("timers", timers, 0, how)}


def _count(n: int, noun: str, several: str | None = None) -> str:
    return f"{n:,} {noun if n == 1 else several or noun + 's'}"
