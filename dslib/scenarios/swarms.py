"""Who pays? One server gives a file to everybody, or everybody gives pieces to everybody.

The file has pieces. A peer asks ``origin`` for those it lacks. Alone, the origin sends each of them to each peer. In a
swarm it sends each piece twice, and after that it only names somebody who has it: who downloads pays with an uplink.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import NamedTuple

from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation

#: How long it takes to send one piece, in ms: by the origin, and by a peer, whose line is slower.
ORIGIN_MS, PEER_MS = 10.0, 40.0
#: Bytes of one piece, and of a note such as "I have it".
PIECE_BYTES, NOTE_BYTES = 256_000, 100
#: So many pieces a peer asks for at a time.
AT_A_TIME = 3
#: So often the origin of a swarm sends each piece itself.
GIVES = 2


class Want(Message):
    """I lack this piece."""

    number: int


class AskThem(Message):
    """Somebody else has it."""

    number: int
    who: str


class Piece(Message):
    """Here it is."""

    number: int


class Have(Message):
    """I have it now, and can pass it on."""

    number: int


class Sender(Node):
    """Sends pieces down one line, one after the other."""

    line_ms: float = PEER_MS

    def on_start(self) -> None:
        """Nothing waits for the line."""
        self._line: deque[tuple[str, int]] = deque()
        self.sent = 0

    def give(self, dest: str, number: int) -> None:
        """As soon as the line is free."""
        self._line.append((dest, number))
        if len(self._line) == 1:
            self.set_timer("sent", self.line_ms)

    def on_sent_timeout(self) -> None:
        """One is through; the next."""
        dest, number = self._line.popleft()
        self.sent += 1
        self.send(dest, Piece(number))
        if self._line:
            self.set_timer("sent", self.line_ms)


class Origin(Sender):
    """Has the whole file. ``gives``: how often it sends a piece itself before it only says who has it."""

    line_ms: float = ORIGIN_MS
    gives: float = inf

    def on_start(self) -> None:
        """Nobody else has anything."""
        super().on_start()
        self._given: dict[int, int] = {}
        self._holders: dict[int, list[str]] = {}
        self._early: dict[int, list[str]] = {}
        self.notes = 0

    def on_want(self, src: str, msg: Want) -> None:
        """Send it, or name somebody."""
        holders = self._holders.get(msg.number, [])
        if self._given.get(msg.number, 0) < self.gives:
            self._given[msg.number] = self._given.get(msg.number, 0) + 1
            self.give(src, msg.number)
        elif holders:
            self.notes += 1
            self.send(src, AskThem(msg.number, self.random.choice(holders)))
        else:  # it is still on the line to the first
            self._early.setdefault(msg.number, []).append(src)

    def on_have(self, src: str, msg: Have) -> None:
        """One more who can give it."""
        self._holders.setdefault(msg.number, []).append(src)
        for early in self._early.pop(msg.number, []):
            self.notes += 1
            self.send(early, AskThem(msg.number, src))


class Peer(Sender):
    """Wants the whole file, and passes on what it has."""

    pieces: int = 20

    def on_start(self) -> None:
        """In an order of one's own, so that not everybody wants the same piece first."""
        super().on_start()
        self._lacks = list(range(self.pieces))
        self.random.shuffle(self._lacks)
        self.has: set[int] = set()
        self.done_at = inf
        for _ in range(min(AT_A_TIME, self.pieces)):
            self.send("origin", Want(self._lacks.pop()))

    def on_ask_them(self, src: str, msg: AskThem) -> None:
        """Ask them."""
        self.send(msg.who, Want(msg.number))

    def on_want(self, src: str, msg: Want) -> None:
        """Somebody was sent here."""
        self.give(src, msg.number)

    def on_piece(self, src: str, msg: Piece) -> None:
        """One more; and the next."""
        self.has.add(msg.number)
        self.send("origin", Have(msg.number))
        if self._lacks:
            self.send("origin", Want(self._lacks.pop()))
        elif len(self.has) == self.pieces:
            self.done_at = self._sim.now


def sharing(seed: int = 0, peers: int = 8, swarm: bool = True, pieces: int = 20, trace: str = "off") -> Simulation:
    """So many peers want one file, from a server alone or as a swarm.

    Raises:
        ValueError: the peers are not 1 to 100, or the pieces not 1 to 100.
    """
    for name, count in (("peers", peers), ("pieces", pieces)):
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 100:
            raise ValueError(f"{name} is {count!r}: write a whole number from 1 to 100")
    crowd: list[Node] = [Peer(f"p{i + 1}", pieces=pieces) for i in range(peers)]
    origin = Origin("origin", gives=GIVES if swarm else inf)
    return Simulation(origin, *crowd, network=Network(latency=(5, 15)), seed=seed, trace=trace)


class Bill(NamedTuple):
    """Who sent how much, in MB, and when the last peer had the file, in s.

    Fields:
        origin_mb: what the origin sent, notes included.
        peer_mb: what a peer sent, on average.
        seconds: until everybody had everything; ``inf`` if somebody had not, after ten minutes.
    """

    origin_mb: float
    peer_mb: float
    seconds: float


def bill(seed: int = 0, peers: int = 8, swarm: bool = True, pieces: int = 20) -> Bill:
    """Hand out the file, and count. Settings as in ``sharing``."""
    sim = sharing(seed, peers, swarm, pieces).run(until=600_000)
    origin, crowd = sim.nodes["origin"], [node for node in sim.nodes.values() if isinstance(node, Peer)]
    assert isinstance(origin, Origin)
    megabytes = (origin.sent * PIECE_BYTES + origin.notes * NOTE_BYTES) / 1e6
    by_peers = sum(peer.sent for peer in crowd) * PIECE_BYTES / 1e6 / len(crowd)
    return Bill(megabytes, by_peers, max(peer.done_at for peer in crowd) / 1_000)
