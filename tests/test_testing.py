"""One node alone."""

import pytest

from dslib import Message, Node
from dslib.testing import isolate


class Ping(Message):
    n: int


class Echo(Node):
    def on_start(self):
        self.broadcast(Ping(0))
        self.seen = self.disk.get("seen", 0)

    def on_ping(self, src, msg):
        self.seen += 1
        self.disk["seen"] = self.seen
        self.send(src, Ping(self.seen))
        self.set_timer("again", 30, src, key=src)

    def on_again_timeout(self, src):
        self.send(src, Ping(-1))


def test_an_isolated_node_shows_what_it_sends_and_when_its_timers_ring():
    alone = isolate(Echo("e", peers=["x", "y"]))
    assert alone.at_start == [("x", Ping(0)), ("y", Ping(0))]
    assert alone.receive("x", Ping(7)) == [("x", Ping(1))]
    assert alone.timers == {"again:x": 30}
    assert alone.wait(29) == []
    assert alone.timers == {"again:x": 1}
    assert alone.wait(1) == [("x", Ping(-1))]


def test_crash_and_restart_keep_only_the_disk():
    alone = isolate(Echo("e"))
    alone.receive("x", Ping(7))
    alone.crash()
    with pytest.raises(RuntimeError, match=r"'e' is down: restart\(\) it first"):
        alone.receive("x", Ping(7))
    assert alone.restart() == []
    assert alone.timers == {}
    assert alone.receive("x", Ping(7)) == [("x", Ping(2))]
