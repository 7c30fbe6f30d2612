"""13. Police raid: machines are lawfully seized, yours or those of a neighbour in the same rack.

At 20 s a rack is carried away. Two things happen to whoever stood in it: the machines are gone, and whatever is on
their disks is now in somebody else's hands. The naive service has all its servers in that rack, and its disks can be
read by whoever holds them. The mitigated one has a server in each of three jurisdictions, and its disks hold only
ciphertext: the key stays in memory, and comes from a key server that stands elsewhere. The lesson is to protect
bystanders and to hold no more than one must. It is not how to evade a lawful order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..clients import Request
from ..network import Network
from ..node import Message, Node
from ..places import Place, Places
from ..services import Server
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import DOOR, MONITOR, TENANTS, ChatServer, Copy, Posts, chat, chat_servers, out_of_reach, server_names

RAID_MS = 20_000.0
UNTIL_MS = 60_000.0
RACK = "rack 7"
SITES = (("Ashburn", "US"), ("Amsterdam", "NL"), ("Stockholm", "SE"))
KEYS = "keys"


class MayI(Message):
    """A server has booted and needs the key to its own disk."""


class Key(Message):
    """The key; it is never written to a disk."""

    secret: bytes


class KeyServer(Node):
    """Hands the key to the servers of this service, as long as it is up."""

    def on_start(self) -> None:
        """The key is as random as everything in a run, and as repeatable."""
        self.disk.setdefault("secret", self.random.randbytes(32))

    def on_may_i(self, src: str, msg: MayI) -> None:
        """Only its peers get it."""
        if src in self.peers:
            self.send(src, Key(self.disk["secret"]))


def cipher(secret: bytes, number: int, data: bytes) -> bytes:
    """Encrypt or decrypt: exclusive or with a key stream, BLAKE2b keyed with the secret over number and block.

    One number for each text, never used twice: that is what a stream cipher needs. It hides a text and does not protect
    it from being changed; a real service uses a library with an authenticated mode, such as AES-GCM.
    """
    stream = b"".join(
        hashlib.blake2b(number.to_bytes(8, "big") + block.to_bytes(8, "big"), key=secret).digest()
        for block in range(len(data) // 64 + 1)
    )
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


class SealedServer(ChatServer):
    """A chat server whose disk holds ciphertext. Until it has the key it keeps nothing and shows nothing."""

    def on_start(self) -> None:
        """Ask for the key; without it the disk says nothing, even to its owner."""
        self.secret = b""
        self.send(KEYS, MayI())
        Server.on_start(self)

    def on_key(self, src: str, msg: Key) -> None:
        """Now the disk can be read."""
        self.secret = msg.secret
        self.file_all()

    def on_copy(self, src: str, msg: Copy) -> None:
        """Without the key it cannot be filed. What is missed now comes with the catching up, when the key is here."""
        if self.secret:
            super().on_copy(src, msg)

    def on_posts(self, src: str, msg: Posts) -> None:
        """The same."""
        if self.secret:
            super().on_posts(src, msg)

    def ready(self) -> bool:
        """Not before the key is here."""
        return bool(self.secret)

    def admit(self, src: str, msg: Request) -> str:
        """The same."""
        return super().admit(src, msg) if self.secret else "no key yet"

    def pack(self, id: int, room: str, text: str) -> Any:
        """Only ciphertext reaches the disk."""
        return cipher(self.secret, id, f"{room}\n{text}".encode())

    def unpack(self, id: int, record: Any) -> tuple[str, str]:
        """``(room, text)``, if the key is here."""
        room, _, text = cipher(self.secret, id, record).decode().partition("\n")
        return room, text

    def texts(self) -> list[str]:
        """What the owners can show, who have the key server."""
        secret = self._sim.nodes[KEYS].disk["secret"]
        return [cipher(secret, id, record).decode().partition("\n")[2] for id, record in self.records(self.disk)]


def readable(disk: Mapping[Any, Any]) -> int:
    """How many posts whoever holds this disk, and nothing else, can read."""
    return len([record for _, record in ChatServer.records(disk) if isinstance(record, tuple)])


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    sites: int = knob(3, 2, 3, "jurisdictions of the mitigated service, one server in each")
    encrypted: int = knob(1, 0, 1, "1 if the mitigated disks hold ciphertext")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service; the rack of its first server is seized at 20 s."""
    names = server_names(params.sites)
    sites = SITES[: params.sites] if mitigated else SITES[:1] * params.sites
    places = {
        name: Place(city=city, rack=RACK if (city, law) == SITES[0] else f"rack {i}", jurisdiction=law)
        for i, (name, (city, law)) in enumerate(zip(names, sites, strict=True))
    }
    places |= {name: Place(city="Amsterdam", jurisdiction="NL") for name in (DOOR, MONITOR, KEYS, *TENANTS)}
    kind = SealedServer if mitigated and params.encrypted else ChatServer
    servers = chat_servers(kind, params.sites, acks=2)
    keys = KeyServer(KEYS, peers=names)
    sim = chat(
        servers, seed, trace, door={"health_every": 500.0}, others=[keys], network=Network(places=Places(places))
    )
    sim.at(RAID_MS, sim.remove, "rack", RACK)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """What stands on the seized disks, and how much of it their new holders can read."""
    seized = [sim.nodes[name] for name in out_of_reach(sim)]
    posts = sum(len(ChatServer.records(node.disk)) for node in seized)
    return {"seized posts": float(posts), "of them readable": float(sum(readable(node.disk) for node in seized))}


CARD = Card(
    number=13,
    title="Police raid",
    means="Machines are seized, perhaps because of a neighbour. They are gone, and others hold what is on them.",
    naive="All servers stand in one rack, and whoever holds a disk can read it.",
    mitigation="A server in each of several jurisdictions; disks hold ciphertext, and the key is kept elsewhere.",
    metric="availability, and readable posts on the seized disks",
    where="outside",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "the naive service stops for good, and every post on the seized disks can be read",
            lambda r: (
                r.naive.outcome.availability < 0.5
                and 0 < r.naive.numbers["of them readable"] == r.naive.numbers["seized posts"]
            ),
        ),
        Claim(
            "the mitigated one goes on, at least 95 % good, and its seized disks say nothing",
            lambda r: (
                r.mitigated.outcome.availability > 0.95
                and r.mitigated.numbers["seized posts"] > 0
                and r.mitigated.numbers["of them readable"] == 0
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
