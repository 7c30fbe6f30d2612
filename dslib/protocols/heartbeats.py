"""Heartbeats: say "I am here" at regular times, and suspect whoever has been silent for too long.

A failure detector in the sense of Chandra and Toueg 1996 ("Unreliable failure detectors for reliable distributed
systems", JACM 43(2)): it can be wrong, because silence is no proof of death. A short timeout notices sooner and
suspects the innocent more often.
"""

from __future__ import annotations

from ..node import Message
from .majority import Member


class Heartbeat(Message):
    """I am here."""

    summary: int = 0


class Heartbeats(Member):
    """Sends a heartbeat to all every ``period`` ms and suspects a peer that was silent for ``timeout`` ms.

    Nodes do not beat in step: the first heartbeat comes at a random moment of the first period.
    """

    period: float = 1_000.0
    timeout: float = 1_500.0

    def on_start(self) -> None:
        """Nobody has been heard yet."""
        super().on_start()
        self._heard: dict[str, None] = {self.name: None} if self.count_self else {}
        self.set_timer("beat", self.random.random() * self.period)

    def on_beat_timeout(self) -> None:
        """A sign of life to everybody."""
        self.broadcast(Heartbeat(self.summary()))
        self.set_timer("beat", self.period)

    def on_heartbeat(self, src: str, msg: Heartbeat) -> None:
        """It lives. Its silence is counted from now."""
        self.set_timer("silence", self.timeout, src, key=src)
        if src not in self._heard:
            self._heard[src] = None
            self.heard_from(tuple(self._heard))
        self.compare(src, msg.summary)

    def on_silence_timeout(self, peer: str) -> None:
        """Silent for too long: suspected until it is heard again."""
        del self._heard[peer]
        self.heard_from(tuple(self._heard))
