"""Timers move lazily in the queue; no program can tell them from an eager queue, and no program can flood the queue."""

from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dslib import Message, Network, Node, Simulation, simulation
from dslib.node import Timer

NODES = ("a", "b")
TIMERS = ("tick", "tock")
KEYS = (None, 1)
LATENCY = 2


class Set(NamedTuple):
    """An instruction of a random program. Few different delays, so that many things happen at one time."""

    timer: str
    delay: int
    key: int | None


class Cancel(NamedTuple):
    timer: str
    key: int | None


class Send(NamedTuple):
    dest: str


class Crash(NamedTuple):
    pass


class Restart(NamedTuple):
    pass


delays = st.integers(0, 6)
own = st.one_of(
    st.builds(Set, st.sampled_from(TIMERS), delays, st.sampled_from(KEYS)),
    st.builds(Cancel, st.sampled_from(TIMERS), st.sampled_from(KEYS)),
    st.builds(Send, st.sampled_from(NODES)),
)
anything = st.one_of(own, st.builds(Crash), st.builds(Restart))


@dataclass
class Program:
    """What the scenario does to which node and when, and what a node does each time anything happens to it."""

    scenario: list[tuple[int, str, Set | Cancel | Send | Crash | Restart]]
    reactions: list[list[Set | Cancel | Send]] = field(default_factory=list)


programs = st.builds(
    Program,
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from(NODES), anything), max_size=25),
    st.lists(st.lists(own, max_size=3), max_size=12),
)


class Hello(Message):
    pass


class Performer(Node):
    """Takes the next reaction of the program, whatever happens, and writes down what happened."""

    def on_start(self):
        self.happened("start")

    def on_hello(self, src, msg):
        self.happened(f"hello from {src}")

    def on_tick_timeout(self, what):
        self.happened(what)

    def on_tock_timeout(self, what):
        self.happened(what)

    def happened(self, what):
        performance = self._sim.performance
        performance.log.append((self._sim.now, self.name, what))
        for instruction in performance.next_reaction():
            self.perform(instruction)

    def perform(self, instruction):
        match instruction:
            case Set(timer, delay, key):
                self.set_timer(timer, delay, f"{timer} {key} after {delay}", key=key)
            case Cancel(timer, key):
                self.cancel_timer(timer, key=key)
            case Send(dest):
                self.send(dest, Hello())
        check_bound(self._sim)


class Performance:
    def __init__(self, program):
        self.log, self.reactions = [], iter(program.reactions)

    def next_reaction(self):
        return next(self.reactions, [])


def perform(program):
    """The log of the program on dslib."""
    sim = Simulation(*map(Performer, NODES), network=Network(latency=LATENCY), trace="off")
    sim.performance = Performance(program)

    def instruct(name, instruction):
        node = sim.nodes[name]
        if isinstance(instruction, Crash):
            sim.crash(name)
        elif isinstance(instruction, Restart):
            sim.restart(name)
        elif node._up:
            node.perform(instruction)
        check_bound(sim)

    for time, name, instruction in program.scenario:
        sim.at(time, instruct, name, instruction)
    sim.run(until=100)
    return sim.performance.log


def check_bound(sim):
    queued = sum(type(entry[2]) is Timer for entry in sim._queue)
    live = sum(timer.deadline is not None for node in sim.nodes.values() for timer in node._timers.values())
    assert sim._room == 2 * live + simulation.SLACK - queued, "the simulation has lost count of its timers"
    assert queued <= 2 * live + simulation.SLACK, f"{queued} entries for {live} running timers"


def perform_eagerly(program):
    """The same program on the plainest queue: a timer that is set again, cancelled or crashed is removed from it."""
    performance = Performance(program)
    queue, order, up = [], 0, dict.fromkeys(NODES, True)

    def push(time, node, what, timer=None):
        nonlocal order
        order += 1
        queue.append((time, order, node, what, timer))

    def remove(node, timers):
        queue[:] = [entry for entry in queue if entry[2] != node or entry[4] not in timers]

    def do(now, node, instruction):
        match instruction:
            case Set(timer, delay, key):
                remove(node, [(timer, key)])
                push(now + delay, node, f"{timer} {key} after {delay}", (timer, key))
            case Cancel(timer, key):
                remove(node, [(timer, key)])
            case Send(dest):
                push(now + LATENCY, dest, f"hello from {node}")
            case Crash():
                up[node] = False
                remove(node, [(timer, key) for timer in TIMERS for key in KEYS])

    def happened(now, node, what):
        performance.log.append((now, node, what))
        for instruction in performance.next_reaction():
            do(now, node, instruction)

    for node in NODES:
        push(0, node, "start")
    scenario = sorted(program.scenario, key=lambda step: step[0])
    while queue or scenario:
        upcoming = min(queue, default=(float("inf"),))
        if scenario and scenario[0][0] <= upcoming[0]:
            now, node, instruction = scenario.pop(0)
            if isinstance(instruction, Restart) and not up[node]:
                up[node] = True
                queue[:] = [entry for entry in queue if entry[2:4] != (node, "start")]  # it boots once
                happened(now, node, "start")
            elif up[node] and not isinstance(instruction, Restart):
                do(now, node, instruction)
        else:
            now, _, node, what, _ = upcoming
            queue.remove(upcoming)
            if up[node]:
                happened(now, node, what)
    return performance.log


@pytest.mark.parametrize("slack", [0, 2, 256])
def test_timers_ring_when_and_in_the_order_in_which_an_eager_queue_would_ring_them(slack, monkeypatch):
    """With no slack the queue is tidied all the time, with much of it never: nobody may be able to tell."""
    monkeypatch.setattr(simulation, "SLACK", slack)

    @settings(max_examples=400, deadline=None, derandomize=True)
    @given(programs)
    @example(Program([(0, "a", Set("tick", 5, None)), (1, "a", Set("tick", 1, None)), (3, "a", Set("tick", 2, None))]))
    def compare(program):
        assert perform(program) == perform_eagerly(program)

    compare()


def test_random_programs_reach_what_is_hard_about_timers():
    """Otherwise the comparison above proves little: ties, moved timers, earlier deadlines, crashes of waiting nodes."""
    program = Program(
        [
            (0, "a", Set("tick", 6, None)),
            (1, "a", Set("tick", 2, None)),
            (1, "b", Set("tock", 2, 1)),
            (2, "b", Crash()),
        ],
        [[Set("tock", 3, 1)], [Send("a")]],
    )
    log = perform(program)
    assert log == perform_eagerly(program)
    assert (3, "a", "tick None after 2") in log, "the earlier deadline did not count"
    assert (6, "a", "tick None after 6") not in log, "the replaced deadline counted too"
    assert not any(node == "b" and time > 0 for time, node, _ in log), "a crashed node's timer rang"
    at_three = [what for time, _, what in log if time == 3]
    assert at_three == ["tock 1 after 3", "tick None after 2"], "a tie is broken by the order in which timers were set"


class Storm(Node):
    """Moves or cancels its timers without end."""

    def on_start(self):
        getattr(self, self.pattern)()

    def ever_earlier(self):
        for deadline in range(5_000, 0, -1):
            self.set_timer("tick", deadline)
            check_bound_cheaply(self._sim)

    def set_and_cancel(self):
        for request in range(5_000):
            self.set_timer("tick", 1_000, key=request)
            self.cancel_timer("tick", key=request)
            check_bound_cheaply(self._sim)

    def heartbeats(self):
        self.set_timer("tock", 0.1)
        self.set_timer("tick", 150 + 150 * self.random.random())
        check_bound_cheaply(self._sim)

    def on_tick_timeout(self): ...

    def on_tock_timeout(self):
        self.heartbeats()


def check_bound_cheaply(sim):
    assert sim._room >= 0


@pytest.mark.parametrize("pattern", ["ever_earlier", "set_and_cancel", "heartbeats"])
def test_no_pattern_of_resets_floods_the_queue(pattern):
    sim = Simulation(*(Storm(f"n{i}", pattern=pattern) for i in range(4)), trace="off").run(until=400)
    check_bound(sim)
    if pattern == "ever_earlier":
        assert sim._order > 20_000, "the storm was no storm"


def test_a_crash_takes_its_timers_out_of_the_count():
    sim = Simulation(*(Storm(f"n{i}", pattern="ever_earlier") for i in range(4)), trace="off")
    for i in range(4):
        sim.at(0.5, sim.crash, f"n{i}")
    sim.run(until=0.5)
    check_bound(sim)
    assert sum(type(entry[2]) is Timer for entry in sim._queue) <= simulation.SLACK
