"""Echo and unique numbers: the two smallest services there are."""

from __future__ import annotations

from ..clients import Refusal, Reply, Request
from ..node import Node


class Echo(Node):
    """Answers ``echo`` with what it was sent."""

    def on_request(self, src: str, msg: Request) -> None:
        """The argument, and nothing else."""
        if msg.f == "echo":
            self.send(src, Reply(msg.id, msg.arg))
        else:
            self.send(src, Refusal(msg.id, "not supported"))


class UniqueIds(Node):
    """Answers ``generate`` with a text that no node has given before, without asking any other node.

    Its own name makes it differ from all others' texts; a count, which is on disk before it is used, from its own.
    """

    def on_request(self, src: str, msg: Request) -> None:
        """Count, then answer: a number lost in a crash is no harm, one given twice is."""
        if msg.f != "generate":
            self.send(src, Refusal(msg.id, "not supported"))
            return
        self.disk["given"] = self.disk.get("given", 0) + 1
        self.send(src, Reply(msg.id, f"{self.name}-{self.disk['given']}"))


class ForgetsItsCount(UniqueIds):
    """Keeps the count in memory: after a crash it gives the same texts again."""

    def on_start(self) -> None:
        """Count from nothing."""
        self.disk["given"] = 0
