"""What PBFT replicas tell each other, who signed it, and what a set of signed messages proves (see ``pbft.py``).

Signatures: whoever makes a ``Signed`` message hands itself over, ``Prepare(self, …)``, and the message keeps its name.
A node knows the others by name alone, so it can pass on what another signed, and cannot sign for it; what it writes in
another's name, or what the network garbled, is signed by nobody. That is all the paper asks of its cryptography
(section 2): a faulty node does as it likes, and forges no signature.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from ..node import Message, Node, show


def digest(value: object) -> str:
    """A fingerprint of ``value``: the first eight bytes of its SHA-256. Two values with the same one: assumed away."""
    return sha256(show(value).encode()).hexdigest()[:16]


class Signed(Message):
    """Base of the messages that carry a signature. ``signer``: the node itself when it is made, its name from then on.

    With a mere name instead the message is a forgery, and its signer is ``""``: nobody.

    Raises:
        TypeError: what signs is neither a node nor a name.
    """

    signer: Any

    def __post_init__(self) -> None:
        if not isinstance(self.signer, Node | str):
            raise TypeError(f"a {type(self).__name__} is signed by a node, not by {self.signer!r}: write self")
        object.__setattr__(self, "signer", self.signer.name if isinstance(self.signer, Node) else "")


class Request(Signed):
    """<REQUEST, o, t, c>: client c, its signer, asks for o = ``f`` of ``key`` and ``arg``; t grows (section 4.1)."""

    timestamp: int
    f: str
    key: Any = None
    arg: Any = None


class Reply(Signed):
    """<REPLY, v, t, c, i, r>: replica i, its signer, has executed request t with result r (section 4.1)."""

    view: int
    timestamp: int
    result: Any


class PrePrepare(Signed):
    """<<PRE-PREPARE, v, n, d>, m>: the primary of view v gives request m the sequence number n (section 4.2).

    In the paper m travels beside the signed part, and view changes leave it out to save bytes. Here it stays inside, so
    nobody ever has a digest without its request. None is the null request that fills a gap (section 4.4).
    """

    view: int
    number: int
    digest: str
    request: Request | None


class Prepare(Signed):
    """<PREPARE, v, n, d, i>: backup i, its signer, accepted that pre-prepare and no other for v, n (section 4.2)."""

    view: int
    number: int
    digest: str


class Commit(Signed):
    """<COMMIT, v, n, d, i>: replica i, its signer, knows that a quorum accepted that pre-prepare (section 4.2)."""

    view: int
    number: int
    digest: str


class Checkpoint(Signed):
    """<CHECKPOINT, n, d, i>: d is the digest of the state of replica i after request n (section 4.3)."""

    number: int
    digest: str


class Prepared(NamedTuple):
    """A prepared certificate, the P_m of section 4.4: a pre-prepare and 2f matching prepares of different backups."""

    order: PrePrepare
    prepares: tuple[Prepare, ...]


class ViewChange(Signed):
    """<VIEW-CHANGE, v+1, n, C, P, i>: the stable checkpoint n, its proof C, and what prepared after it, P (4.4)."""

    view: int
    stable: int
    proof: tuple[Checkpoint, ...]
    prepared: tuple[Prepared, ...]


class NewView(Signed):
    """<NEW-VIEW, v+1, V, O>: a quorum of view-changes V, and the pre-prepares O that follow from it (4.4)."""

    view: int
    changes: tuple[ViewChange, ...]
    orders: tuple[PrePrepare, ...]


class Snapshot(NamedTuple):
    """The state after request ``number``: the service's pairs, and the last (client, timestamp, result) of each."""

    number: int
    store: tuple[tuple[Any, Any], ...]
    replied: tuple[tuple[str, int, Any], ...]


class Fetch(Message):
    """Please send your stable checkpoint, if it is at ``number`` or later (state transfer, section 4.3)."""

    number: int


class State(Message):
    """A stable checkpoint. It needs no signature: the proof says which digest it must have."""

    snapshot: Snapshot
    proof: tuple[Checkpoint, ...]


# -- what signed messages prove ---------------------------------------------------------------------------------------


class Rules(NamedTuple):
    """Who takes part, in the order in which they become primary, and how many make a quorum."""

    replicas: tuple[str, ...]
    quorum: int

    def primary(self, view: int) -> str:
        """p = v mod |R| (section 4)."""
        return self.replicas[view % len(self.replicas)]

    def enough(self, signers: Iterable[str], needed: int) -> bool:
        """Are these at least so many different replicas?"""
        return len([name for name in dict.fromkeys(signers) if name in self.replicas]) >= needed

    def prove_stable(self, number: int, proof: tuple[Checkpoint, ...]) -> bool:
        """2f+1 replicas signed one digest of the state after ``number`` (section 4.3). The start needs no proof."""
        if number == 0:
            return not proof
        same = all((c.number, c.digest) == (number, proof[0].digest) for c in proof)
        return same and self.enough((c.signer for c in proof), self.quorum)

    def prove_prepared(self, certificate: Prepared) -> bool:
        """The primary's pre-prepare and 2f prepares of different backups that match it (section 4.4)."""
        order, prepares = certificate
        same = all((p.view, p.number, p.digest) == (order.view, order.number, order.digest) for p in prepares)
        backups = (p.signer for p in prepares if p.signer != order.signer)
        sound = order.signer == self.primary(order.view) and order.digest == digest(order.request)
        return same and sound and self.enough(backups, self.quorum - 1)

    def valid_change(self, change: ViewChange) -> bool:
        """Each of its claims is proved, and of an earlier view (section 4.4)."""
        return self.prove_stable(change.stable, change.proof) and all(
            prepared.order.view < change.view and self.prove_prepared(prepared) for prepared in change.prepared
        )

    def valid_new_view(self, msg: NewView) -> bool:
        """Its primary signed it, V is a quorum of valid view-changes, and O is what follows from V (section 4.4)."""
        primary = self.primary(msg.view)
        return (
            msg.signer == primary
            and all(c.view == msg.view and self.valid_change(c) for c in msg.changes)
            and self.enough((c.signer for c in msg.changes), self.quorum)
            and all((o.signer, o.view) == (primary, msg.view) for o in msg.orders)
            and [(o.number, o.digest, o.request) for o in msg.orders] == carried_over(msg.changes)
        )


def carried_over(changes: Iterable[ViewChange]) -> list[tuple[int, str, Request | None]]:
    """The numbers, digests and requests of O, as the new primary and every backup compute them (section 4.4).

    From min-s, the newest stable checkpoint in V, to max-s, the highest number that prepared: under each number the
    request that prepared in the highest view, or the null request where none did.
    """
    stable = max(change.stable for change in changes)
    newest: dict[int, PrePrepare] = {}
    for change in changes:
        for order, _ in change.prepared:
            if order.number not in newest or order.view > newest[order.number].view:
                newest[order.number] = order
    numbers = range(stable + 1, max(newest, default=stable) + 1)
    return [(n, newest[n].digest, newest[n].request) if n in newest else (n, digest(None), None) for n in numbers]
