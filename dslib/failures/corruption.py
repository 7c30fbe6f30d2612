"""4. Data corruption: bits change silently, and replicas copy the change.

From 20 s to 40 s the disk of s2 flips one bit in a share of its records, every second. Servers compare what they have
with a peer now and then, so that all of them end up with the same. The naive service takes over the peer's version
where the two differ, so the damage travels. The mitigated one keeps a checksum with every record: it never shows or
takes over a record whose checksum is wrong, and a scrubber looks for such records and fetches good copies from the
peers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..clients import Request
from ..disk import Corrupted, seal, unseal
from ..node import Message
from ..services import LATER
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import ChatServer, Posts, chat, chat_servers

FROM_MS, TO_MS = 20_000, 40_000
UNTIL_MS = 60_000.0


class Need(Message):
    """My copies of these posts are broken: send me yours."""

    ids: tuple[int, ...]


class GossipingServer(ChatServer):
    """A chat server that sends a peer what it has, every ``gossip_ms`` or so. The receiver takes over what differs."""

    gossip_ms: float = 1_000.0
    RECENT = 100  # posts, the newest ones: a whole disk would be too much for one message

    def on_start(self) -> None:
        """Nothing has been compared yet."""
        self.taken_over: list[str] = []  # texts that replaced another text here
        super().on_start()
        self._gossip_later()

    def on_gossip_timeout(self) -> None:
        """A peer by chance gets the newest posts."""
        peer = self.peers[int(len(self.peers) * self.random.random())]
        self.send(peer, Posts(tuple(self.records(self.disk)[-self.RECENT :])))
        self._gossip_later()

    def _gossip_later(self) -> None:
        """After a time of one's own: in step, one server could always come after the same other one."""
        self.set_timer("gossip", self.gossip_ms * (0.5 + self.random.random()))

    def on_posts(self, src: str, msg: Posts) -> None:
        """What the peer has is as good as what is here, and newer, as far as one can tell."""
        for id, record in msg.posts:
            if self.disk.get(id) != record:
                if id in self.disk:
                    self.taken_over.append(record[1])
                self.keep(id, record)


class CheckedServer(GossipingServer):
    """Keeps a checksum with every record."""

    scrub_ms: float = 2_000.0

    def on_start(self) -> None:
        """Start the scrubber."""
        self.noticed = 0
        self._held: list[tuple[str, Request]] = []
        super().on_start()
        self.set_timer("scrub", self.scrub_ms)

    def pack(self, id: int, room: str, text: str) -> Any:
        """The record and its checksum."""
        return seal((room, text))

    def unpack(self, id: int, record: Any) -> tuple[str, str]:
        """The record, if its checksum is right.

        Raises:
            Corrupted: it is not.
        """
        room, text = unseal(record)
        return room, text

    def answer(self, src: str, msg: Request) -> Any:
        """Show nothing that is broken: the user waits for the few ms that a repair takes."""
        try:
            return super().answer(src, msg)
        except Corrupted:
            self._held.append((src, msg))
            self._scrub()
            return LATER

    def on_posts(self, src: str, msg: Posts) -> None:
        """Take over good records only, and only where one is missing or broken."""
        for id, record in msg.posts:
            mine = self.disk.get(id)
            if mine != record and sound(record) and (mine is None or not sound(mine)):
                self.keep(id, record)
        held, self._held = self._held, []
        for asker, request in held:
            self.reply_when_sound(asker, request)

    def reply_when_sound(self, src: str, msg: Request) -> None:
        """Answer what had to wait for a repair."""
        result = self.answer(src, msg)
        if result is not LATER:
            self.reply(src, msg, result)

    def on_scrub_timeout(self) -> None:
        """Read everything now and then: a broken record that nobody reads is a broken record all the same."""
        self._scrub()
        self.set_timer("scrub", self.scrub_ms)

    def on_need(self, src: str, msg: Need) -> None:
        """A peer wants good copies."""
        good = tuple((id, self.disk[id]) for id in msg.ids if id in self.disk and sound(self.disk[id]))
        if good:
            self.send(src, Posts(good))

    def texts(self) -> list[str]:
        """What can be shown: broken records cannot."""
        return [unseal(record)[1] for _, record in self.records(self.disk) if sound(record)]

    def _index(self, id: int, record: Any) -> None:
        if sound(record):
            super()._index(id, record)

    def _scrub(self) -> None:
        broken = tuple(id for id, record in self.records(self.disk) if not sound(record))
        if broken:
            self.noticed += len(broken)
            self.broadcast(Need(broken))


def sound(record: Any) -> bool:
    """Whether a record is what was written, by its checksum."""
    try:
        unseal(record)
    except Corrupted:
        return False
    return True


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    share: float = knob(0.05, 0.001, 0.5, "share of the records of s2 that change each second")
    gossip_ms: float = knob(1_000.0, 100, 10_000, "ms between two comparisons with a peer, on average")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service; the disk of s2 decays from 20 s to 40 s."""
    kind = CheckedServer if mitigated else GossipingServer
    sim = chat(chat_servers(kind, 3, acks=2, gossip_ms=params.gossip_ms), seed, trace)
    for at in range(FROM_MS, TO_MS, 1_000):
        sim.at(at, sim.corrupt_disk, "s2", params.share)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """The share of wrong answers; broken posts that sound disks took over; broken records that were noticed."""
    written = {op.arg for op in sim.history if op.f == "post"}
    sound_disks: list[Any] = [sim.nodes["s1"], sim.nodes["s3"]]
    spread = [text for server in sound_disks for text in server.taken_over if text not in written]
    reads = [op for op in sim.history if op.f == "read" and op.status == "ok"]
    shown_wrong = [op for op in reads if not written.issuperset(op.result)]
    return {
        "wrong answers": len(shown_wrong) / len(reads),
        "broken posts taken over": float(len(spread)),
        "broken records found": float(getattr(sim.nodes["s2"], "noticed", 0)),
    }


CARD = Card(
    number=4,
    title="Data corruption",
    means="Bits change without a sound, and replicas copy the change faithfully.",
    naive="Servers take over what a peer has where the two differ, and show what is on the disk.",
    mitigation="A checksum with every record; broken ones are not shown, not copied, and fetched again from a peer.",
    metric="share of wrong answers, broken records that were and were not noticed",
    where="node",
    loop=True,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "users of the naive service are shown texts that nobody wrote, and servers with sound disks take them over",
            lambda r: r.naive.numbers["wrong answers"] > 0 and r.naive.numbers["broken posts taken over"] > 0,
        ),
        Claim(
            "with checksums nobody is shown one, the damage stays where it arose, and no post is lost",
            lambda r: (
                r.mitigated.numbers["wrong answers"] == 0
                and r.mitigated.numbers["broken posts taken over"] == 0
                and r.mitigated.numbers["broken records found"] > 0
                and r.mitigated.outcome.lost == 0
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
