"""Those who run a service: supervisors, operators, automation, and monitors. They can be wrong, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from .clocks import Clock
from .node import Message, Node
from .resilience import is_number
from .services import Do

if TYPE_CHECKING:
    from .simulation import Simulation


class Supervisor(Node):
    """Starts processes again that have died, as systemd or a container runtime does.

    Args:
        watches: the nodes it looks after.
        delay_ms: ms from a death to the restart.
        factor: each further death within ``calm_ms`` makes the wait so many times longer, up to ``most_ms``.
        calm_ms: who lived so long since its last restart starts with ``delay_ms`` again.
        loop_after: so many deaths in a row are a crash loop; then ``on_loop(node)`` may put its disk right before the
            restart, by going back to a configuration that worked, say. None: nobody counts.
        check_ms: how often it looks.

    ``restarts`` has the number of restarts of each node.

    Raises:
        ValueError: nobody to watch, or a time or factor out of range.
    """

    watches: Sequence[str] = ()
    delay_ms: float = 100.0
    factor: float = 1.0
    most_ms: float = 60_000.0
    calm_ms: float = 10_000.0
    loop_after: int | None = None
    on_loop: Callable[[Any], None] | None = None
    check_ms: float = 20.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if isinstance(self.watches, str) or not self.watches:
            raise ValueError(f"supervisor {name!r} has watches={self.watches!r}: write names, watches=('s1', 's2')")
        for setting, least in (("delay_ms", 0), ("most_ms", 0), ("calm_ms", 0), ("factor", 1), ("check_ms", 0.001)):
            value = getattr(self, setting)
            if not is_number(value) or value < least:
                raise ValueError(f"supervisor {name!r} has {setting}={value!r}: write a number from {least} on")
        if self.loop_after is not None and (not is_number(self.loop_after, whole=True) or self.loop_after < 1):
            raise ValueError(
                f"supervisor {name!r} has loop_after={self.loop_after!r}: write a whole number from 1 on, or None"
            )
        if self.loop_after is not None and self.on_loop is None:
            raise ValueError(f"supervisor {name!r} counts to loop_after={self.loop_after} and has no on_loop to call")

    def on_start(self) -> None:
        """All are alive."""
        for name in self.watches:
            _must_exist(self, name, "watches")
        self.restarts = dict.fromkeys(self.watches, 0)
        self._in_a_row = dict.fromkeys(self.watches, 0)
        self._since = dict.fromkeys(self.watches, -inf)
        self._planned: set[str] = set()
        self.set_timer("check", self.check_ms)

    def on_check_timeout(self) -> None:
        """Who is dead, and has not been seen to yet?"""
        now = self.clock.monotonic()
        for name in self.watches:
            node = self._sim.nodes[name]
            if node._up or node._on_hold is not None or name in self._planned:
                continue
            if now - self._since[name] > self.calm_ms:
                self._in_a_row[name] = 0
            self._planned.add(name)
            # Not factor ** deaths: powers are the C library's business, and may differ in the last bit.
            wait = self.delay_ms
            for _ in range(self._in_a_row[name]):
                wait = min(self.most_ms, wait * self.factor)
            self.set_timer("restart", wait, name, key=name)
        self.set_timer("check", self.check_ms)

    def on_restart_timeout(self, name: str) -> None:
        """Start it again, unless somebody did."""
        self._planned.discard(name)
        node = self._sim.nodes[name]
        if node._up or node._on_hold is not None:
            return
        self.restarts[name] += 1
        self._in_a_row[name] += 1
        self._since[name] = self.clock.monotonic()
        if self.on_loop is not None and self.loop_after is not None and self._in_a_row[name] >= self.loop_after:
            self.log(f"{name} is in a crash loop")
            self.on_loop(node)
        self._sim._restart(node)


class Operator(Node):
    """A person who works through a runbook, one step after the other, and may slip.

    Args:
        runbook: steps ``(ms to wait, node, what, *arguments)``; each tells a node to ``act_<what>(*arguments)``.
        peers: the nodes that a slip of the finger may hit instead.
        slips: the probability that a step goes to one of ``peers`` by mistake. Gray 1985 ("Why do computers stop and
            what can be done about it?") counts 42 % of outages as operators' doing.

    ``act_follow`` begins the runbook, so that ``sim.at(t, sim.act, "operator", "follow")`` is the fault.

    Raises:
        ValueError: a step is not of that form, or the probability is none.
    """

    runbook: Sequence[tuple[Any, ...]] = ()
    slips: float = 0.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not is_number(self.slips) or not 0 <= self.slips <= 1 or (self.slips and not self.peers):
            raise ValueError(
                f"operator {name!r} has slips={self.slips!r}: write a probability, and peers whom a slip may hit"
            )
        for step in self.runbook:
            if not isinstance(step, tuple | list) or len(step) < 3 or not is_number(step[0]) or step[0] < 0:
                raise ValueError(f"operator {name!r} has the step {step!r}: write (ms to wait, 'node', 'what', …)")

    def on_start(self) -> None:
        """Nothing to do yet."""
        for _, node, *_ in self.runbook:
            _must_exist(self, node, "has a step for")
        for node in self.peers:
            _must_exist(self, node, "may slip to")
        self.slipped = 0

    def act_follow(self) -> None:
        """Begin with the first step."""
        if self.runbook:
            self.set_timer("step", self.runbook[0][0], 0)

    def on_step_timeout(self, number: int) -> None:
        """One step, at the right node or not."""
        _, node, what, *args = self.runbook[number]
        if self.slips and self.random.random() < self.slips:
            wrong = [peer for peer in self.peers if peer != node]
            if wrong:
                node = wrong[int(len(wrong) * self.random.random())]
                self.slipped += 1
                self.log(f"slip: {what} on {node}")
        self.send(node, Do(what, tuple(args)))
        if number + 1 < len(self.runbook):
            self.set_timer("step", self.runbook[number + 1][0], number + 1)


class Look(Message):
    """What do you know?"""


class View(Message):
    """What I know: ``facts`` as pairs, and since when (ms) I have been collecting them without a gap."""

    facts: tuple[tuple[str, Any], ...]
    since: float


class Automation(Node):
    """A program that looks, decides and acts, every ``every_ms``. Without brakes it believes whatever it is told.

    Args:
        source: the node that it asks; it answers ``Look`` with a ``View``.
        every_ms: ms between two rounds.
        most: brake: at most so many acts in a round. None: no limit.
        covers_ms: brake: does nothing on a view that was collected for less than this. 0: takes any.
        dry_run: brake: only writes into the trace what it would do.

    Override ``decide(facts)``: it returns acts ``(node, what, *arguments)``. ``acted`` counts them.

    Raises:
        ValueError: no source, or a number out of range.
    """

    source: str = ""
    every_ms: float = 10_000.0
    most: int | None = None
    covers_ms: float = 0.0
    dry_run: bool = False

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.source:
            raise ValueError(f"automation {name!r} has no source to look at: write source='meter'")
        if not is_number(self.every_ms) or self.every_ms <= 0:
            raise ValueError(f"automation {name!r} has every_ms={self.every_ms!r}: write ms above 0")
        if not is_number(self.covers_ms) or self.covers_ms < 0:
            raise ValueError(f"automation {name!r} has covers_ms={self.covers_ms!r}: write ms, 0 or more")
        if self.most is not None and (not is_number(self.most, whole=True) or self.most < 0):
            raise ValueError(
                f"automation {name!r} has most={self.most!r}: write how many acts are allowed in a round, or None"
            )

    def on_start(self) -> None:
        """The first round comes after one interval."""
        _must_exist(self, self.source, "looks at")
        self.acted = 0
        self.set_timer("round", self.every_ms)

    def decide(self, facts: dict[str, Any]) -> list[tuple[Any, ...]]:
        """What to do about what was seen."""
        return []

    def on_round_timeout(self) -> None:
        """Look."""
        self.send(self.source, Look())
        self.set_timer("round", self.every_ms)

    def on_view(self, src: str, msg: View) -> None:
        """Decide, brake, act."""
        if self._sim.now - msg.since < self.covers_ms:
            self.log(f"does nothing: the view does not cover {self.covers_ms:g} ms")
            return
        acts = self.decide(dict(msg.facts))
        if self.most is not None and len(acts) > self.most:
            self.log(f"wants {len(acts)} acts and is allowed {self.most}")
            acts = acts[: self.most]
        for node, what, *args in acts:
            self.log(f"{'would tell' if self.dry_run else 'tells'} {node} to {what}")
            if not self.dry_run:
                self.acted += 1
                self.done(node)
                self.send(node, Do(what, tuple(args)))

    def done(self, node: str) -> None:
        """An act is on its way; a subclass may note it."""


class Monitor(Node):
    """Reads gauges every ``every_ms``, from outside: it is the experimenter's instrument, not a part of the service.

    Args:
        gauges: a function of the simulation for each name.

    ``samples`` has ``(ms, {name: value})`` for each reading.
    """

    gauges: Mapping[str, Callable[[Simulation], float]] = {}
    every_ms: float = 1_000.0

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not is_number(self.every_ms) or self.every_ms <= 0:
            raise ValueError(f"monitor {name!r} has every_ms={self.every_ms!r}: write ms above 0")
        for gauge, read in self.gauges.items():
            if not callable(read):
                raise ValueError(
                    f"monitor {name!r} has the gauge {gauge!r}: {read!r}: write a function of the simulation"
                )

    def on_start(self) -> None:
        """The first reading comes after one interval."""
        self.samples: list[tuple[float, dict[str, float]]] = []
        self.set_timer("read", self.every_ms)

    def on_read_timeout(self) -> None:
        """Read them all."""
        self.samples.append((self._sim.now, {name: float(read(self._sim)) for name, read in self.gauges.items()}))
        self.set_timer("read", self.every_ms)


def _must_exist(node: Node, other: str, does: str) -> None:
    if other not in node._sim.nodes:
        known = ", ".join(node._sim.nodes)
        raise ValueError(f"{node!r} {does} {other!r}, and there is no such node: there are {known}")
