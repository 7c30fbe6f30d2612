"""Signatures that cannot be forged: a pen for each name, and one pair of eyes for everybody.

The assumption of Lamport, Shostak and Pease 1982, section 4 (A4): a signature cannot be forged, whatever is changed in
what was signed is noticed, and anyone can verify it. Here it holds by construction. A signature is a keyed hash; the
key of a name is known to two functions and to nobody else: the name's pen, which its owner alone is handed, and
``genuine``, which everybody is handed and which can compare but not sign. So a node can sign as itself only.

Real signatures do without somebody who knows all keys (Diffie and Hellman 1976; Lamport 1979). For a protocol that
makes no difference, and a hash is quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import NamedTuple

from .node import show


class Signature(NamedTuple):
    """Who signed, and the mark that proves it for what was signed."""

    by: str
    mark: str


#: Signs any content as its owner.
Pen = Callable[[object], Signature]

#: ``genuine(content, signature)``: did the one who is named there sign this?
Genuine = Callable[[object, Signature], bool]


def pens(names: Iterable[str], seed: int | str = 0) -> tuple[dict[str, Pen], Genuine]:
    """A pen for each of these names, and the function with which everybody verifies."""
    keys = {name: f"{seed}/pen/{name}".encode() for name in names}

    def mark(name: str, content: object) -> str:
        return blake2b(show(content).encode(), key=blake2b(keys[name]).digest(), digest_size=6).hexdigest()

    def pen_of(name: str) -> Pen:
        def sign(content: object) -> Signature:
            return Signature(name, mark(name, content))

        return sign

    def genuine(content: object, signature: Signature) -> bool:
        return signature.by in keys and mark(signature.by, content) == signature.mark

    return {name: pen_of(name) for name in keys}, genuine
