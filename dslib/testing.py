"""Testing one node alone: hand it a message, see what it sends."""

from __future__ import annotations

from typing import Any

from .network import Network
from .node import Died, Message, Node, handler_of
from .simulation import Simulation


class Isolated:
    """A node without a network. What it sends is caught instead of carried.

    >>> from dslib import Message, Node
    >>> class Ping(Message):
    ...     seq: int
    >>> class Echo(Node):
    ...     def on_ping(self, src, msg):
    ...         self.send(src, msg)
    >>> isolate(Echo("e")).receive("client", Ping(1))
    [('client', Ping(seq=1))]
    """

    def __init__(self, node: Node, seed: int) -> None:
        self.node = node
        self._sim = Simulation(node, network=Network(), seed=seed)
        self._caught: list[tuple[str, Message]] = []
        node._links = _Catcher(self._caught)
        self._sim._advance(0.0, 1)
        #: What ``on_start`` sent.
        self.at_start = self._taken()

    def receive(self, src: str, msg: Message) -> list[tuple[str, Message]]:
        """Deliver ``msg`` from ``src``; returns what the node sent in answer, ``(dest, message)`` in order.

        Raises:
            RuntimeError: the node is down.
            AttributeError: it has no handler for the message.
        """
        if not self.node._up:
            raise RuntimeError(f"node {self.node.name!r} is down: restart() it first")
        try:
            handler_of(type(self.node), type(msg))(self.node, src, msg)
        except Died as death:
            self._sim._end(death.node, death.reason)
        return self._taken()

    @property
    def now(self) -> float:
        """ms since it was booted."""
        return self._sim.now

    @property
    def timers(self) -> dict[str, float]:
        """The running timers, and in how many ms each runs out."""
        return {
            (timer.name if timer.key is None else f"{timer.name}:{timer.key}"): timer.deadline - self._sim.now
            for timer in self.node._timers.values()
            if timer.deadline is not None
        }

    def wait(self, ms: float) -> list[tuple[str, Message]]:
        """Let ``ms`` pass; timers that run out call their handlers. Returns what was sent."""
        self._sim.run(until=self._sim.now + ms)
        return self._taken()

    def crash(self) -> None:
        """Lose all but the disk."""
        self._sim.crash(self.node.name)

    def restart(self) -> list[tuple[str, Message]]:
        """Start again; returns what ``on_start`` sent."""
        self._sim.restart(self.node.name)
        return self._taken()

    def _taken(self) -> list[tuple[str, Message]]:
        taken, self._caught[:] = list(self._caught), []
        return taken


def isolate(node: Node, seed: int = 0) -> Isolated:
    """Boot ``node`` alone. It may send to any name; nothing arrives unless the test delivers it."""
    return Isolated(node, seed)


class _Catcher(dict[str, Any]):
    """Stands for the links that leave the node."""

    def __init__(self, caught: list[tuple[str, Message]]) -> None:
        self.caught = caught

    def __missing__(self, dest: str) -> _Catch:
        return _Catch(self.caught, dest)


class _Catch:
    def __init__(self, caught: list[tuple[str, Message]], dest: str) -> None:
        self.caught, self.dest = caught, dest

    def carry(self, src: str, msg: Message) -> None:
        self.caught.append((self.dest, msg))
