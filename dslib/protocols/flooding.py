"""Flooding: the simplest way to reach everybody. Tell your neighbours; whoever hears it first does the same.

A rumour reaches exactly the nodes that are connected to its origin by a path of running nodes and uncut links, so it
shows where a network has come apart. On a graph with E links it costs at most 2E messages.
"""

from __future__ import annotations

from ..node import Message, Node


class Rumour(Message):
    """``text``, first told by ``origin``."""

    origin: str
    text: str


class Gossip(Node):
    """Passes each rumour on once, to all its ``peers`` but the one it came from.

    ``starts`` says when this node starts a rumour of its own, in ms; None for never.
    """

    starts: float | None = None

    def on_start(self) -> None:
        """Nothing was heard yet."""
        self.heard: tuple[str, ...] = ()
        if self.starts is not None:
            self.set_timer("tell", self.starts)

    def on_tell_timeout(self) -> None:
        """Begin: the rumour is as new to us as to a neighbour."""
        self.on_rumour(self.name, Rumour(self.name, "are you there?"))

    def on_rumour(self, src: str, msg: Rumour) -> None:
        """New: remember it and pass it on. Known: ignore it, or it would go round for ever."""
        if msg.origin in self.heard:
            return
        self.heard += (msg.origin,)
        for peer in self.peers:
            if peer != src:
                self.send(peer, msg)
