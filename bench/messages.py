"""Workload A: a thousand nodes, a thousand messages in flight; each that arrives makes its receiver send one on.

The receiver picks one of two peers by its own dice; the network draws a delay of 5 to 15 ms. Written for dslib as a
student would write it, for SimPy in its two usual ways, and as the bare loop that any simulator in Python contains.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import Any

from dslib import Message, Network, Node, Simulation

from .paired import Size, Turn, cost, ratios
from .table import Row

#: Drawn for every message, and never true in any run that ends: so the number of messages in flight stays what it is.
LOSS = 1e-12

#: ms from one delivery to the next, on average, for each message in flight.
DELAY = 10


def peers(nodes: int, each: int) -> list[list[int]]:
    """For each node, whom it may send to. Every node is the peer of as many nodes as it has peers itself."""
    return [[(37 * i + 11 * j + 1) % nodes for j in range(each)] for i in range(nodes)]


# -- dslib ----------------------------------------------------------------------------------------------------------


class Ping(Message):
    seq: int


class Relay(Node):
    """Sends on the very message that it received, to one of ``each`` peers."""

    each: int
    messages: int

    def on_start(self) -> None:
        self.draw = self.random.random
        for seq in range(self.messages):
            self.send(self.peers[0], Ping(seq))

    def on_ping(self, src: str, msg: Ping) -> None:
        self.send(self.peers[int(self.each * self.draw())], msg)


class Counter(Relay):
    """Sends on a new message."""

    def on_ping(self, src: str, msg: Ping) -> None:
        self.send(self.peers[int(self.each * self.draw())], Ping(msg.seq + 1))


def dslib(kind: type[Node], size: Size, each: int = 2, messages: int = 1, trace: str = "off", **network: Any) -> Turn:
    """Each node has ``each`` peers and puts ``messages`` on their way."""
    names = [f"n{i}" for i in range(size.nodes)]
    nodes = (
        kind(name, peers=[names[p] for p in row], each=each, messages=messages)
        for name, row in zip(names, peers(size.nodes, each), strict=True)
    )
    sim = Simulation(*nodes, network=Network(latency=(5, 15), **network), seed=1, trace=trace)
    sim.run(until=30 * DELAY)  # by now every link was used

    def turn(deliveries: int) -> int:
        before = sim._order  # counts what was sent, and as much arrives
        sim.run(until=sim.now + DELAY * deliveries / (size.nodes * messages))
        return sim._order - before

    return turn


# -- the bare loop -----------------------------------------------------------------------------------------------------


def bare(nodes: int, lossy: bool = False) -> Turn:
    """A heap of (time, number, function, argument), one call and two random numbers for each event; nothing else.

    With ``lossy`` there is a third number, as a network with losses draws it.
    """
    queue: list[Any] = []
    random = Random(1).random
    now, number = 0.0, 0

    def arrive(node: int) -> None:
        nonlocal number
        number += 1
        heappush(queue, (now + 5.0 + 10.0 * random(), number, arrive, int(nodes * random())))

    def arrive_or_not(node: int) -> None:
        nonlocal number
        number += 1
        if random() >= LOSS:
            heappush(queue, (now + 5.0 + 10.0 * random(), number, arrive_or_not, int(nodes * random())))

    def turn(events: int) -> int:
        nonlocal now
        for _ in range(events):
            now, _, do, node = heappop(queue)
            do(node)
        return events

    for node in range(nodes):
        (arrive_or_not if lossy else arrive)(node)
    return turn


# -- SimPy -----------------------------------------------------------------------------------------------------------


def simpy_stores(size: Size) -> Turn:
    """A process and a Store for each node: how SimPy's own documentation lets processes talk. No loss, no cuts."""
    import simpy

    env, random, known = simpy.Environment(), Random(1).random, peers(size.nodes, 2)
    inboxes: list[Any] = [simpy.Store(env) for _ in range(size.nodes)]

    def send(dest: int, msg: Ping) -> None:
        env.timeout(5.0 + 10.0 * random(), msg).callbacks.append(lambda arrival: inboxes[dest].put(arrival.value))

    def node(number: int) -> Any:
        send(known[number][0], Ping(1))
        while True:
            msg = yield inboxes[number].get()
            send(known[number][int(2 * random())], msg)

    for number in range(size.nodes):
        env.process(node(number))
    return simpy_turn(env, size)


def simpy_callbacks(size: Size) -> Turn:
    """The quickest that SimPy can do: a time-out and a function, no process, no message, nothing of a network."""
    import simpy

    env, random, known = simpy.Environment(), Random(1).random, peers(size.nodes, 2)

    def arrive(event: Any) -> None:
        dest = known[event._value][int(2 * random())]
        simpy.Timeout(env, 5.0 + 10.0 * random(), dest).callbacks.append(arrive)

    for number in range(size.nodes):
        simpy.Timeout(env, 5.0 + 10.0 * random(), number).callbacks.append(arrive)
    return simpy_turn(env, size)


def simpy_turn(env: Any, size: Size) -> Turn:
    env.run(until=30 * DELAY)

    def turn(deliveries: int) -> int:
        env.run(until=env.now + DELAY * deliveries / size.nodes)
        return deliveries

    return turn


# -- the comparison --------------------------------------------------------------------------------------------------


SHARED = 'streams="shared"'


def designs(size: Size, simpy: bool) -> dict[str, Turn]:
    made = {"bare": bare(size.nodes), "bare, lossy": bare(size.nodes, lossy=True)}
    for streams in ("per link", "shared"):
        made |= {
            f"re-used {streams}": dslib(Relay, size, streams=streams),
            f"lossy {streams}": dslib(Relay, size, streams=streams, loss=LOSS),
            f"fresh {streams}": dslib(Counter, size, streams=streams),
            f"wire {streams}": dslib(Relay, size, streams=streams, bandwidth=1_000),
        }
    made["8 peers"] = dslib(Relay, size, each=8)
    made["trace"] = dslib(Relay, size, trace="events")
    if simpy:
        made |= {"SimPy Store": simpy_stores(size), "SimPy callbacks": simpy_callbacks(size)}
    return made


def rows(size: Size, simpy: str, progress: Any) -> list[Row]:
    """Goals 1, 2 and 5. ``simpy`` says why SimPy is missing, if it is."""
    costs = []
    for repetition in range(size.repetitions):
        progress(f"A, messages: repetition {repetition + 1} of {size.repetitions}")
        costs.append(cost(designs(size, not simpy), size.units, size.rounds))

    def times(design: str, base: str) -> list[float]:
        return ratios(costs, design, base)

    found = []
    for what, design, bound in (
        ("re-used message, loss, cut and crash checked", "re-used", 1.5),
        ("re-used message, loss drawn", "lossy", 1.5),
        ("new Message for each hop", "fresh", 2.2),
        ("re-used message, links with bandwidth and queue", "wire", 1.9),
    ):
        found += [
            Row(1, f"A, {what} / bare loop", ("<=", bound), times(f"{design} per link", "bare")),
            Row(1, f"A, {what}, {SHARED} / bare loop", ("<=", bound), times(f"{design} shared", "bare")),
        ]
    for peer, bound in (("SimPy Store", 8.0), ("SimPy callbacks", 1.4)):
        for streams, name in (("per link", "dslib"), ("shared", f"dslib, {SHARED}")):
            measured = [] if simpy else times(peer, f"re-used {streams}")
            found.append(Row(2, f"A, {peer} / {name}", (">=", bound), measured, not_run=simpy))
    found += [
        Row(5, "A, trace of sends and deliveries on / off", ("<=", 1.3), times("trace", "re-used per link")),
        Row(None, "A, re-used message, 8 peers for each node instead of 2 / bare loop", None, times("8 peers", "bare")),
        Row(None, "A, bare loop with a draw for loss / bare loop", None, times("bare, lossy", "bare")),
    ]
    return found
