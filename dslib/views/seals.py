"""Texts under seal: what a page may say only after the reader has answered, or has asked for it.

This hides from a glance, and from a search of the page's source; not from a determined reader. Whoever can read the
page's script can also try all three options of a question, so many rounds of hashing would only cost time. The reader
of a lesson has nothing to gain by it: nobody counts points here.

A *key* is made from an answer and the question's salt. A text is sealed with a key, and is found by a name that is made
from the key too: a page that has the reader's answer knows both, one that has not knows neither. Where several answers
open the same text (all numbers within a tolerance), each opens the key of that text.

``seals.js`` is the same in a browser, with a SHA-256 of its own: on a page opened from disk, some browsers offer none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

Key = bytes


def key(salt: str, answer: str) -> Key:
    """The key that this answer to the question with this salt is."""
    return sha256(f"{salt}\n{answer}".encode()).digest()


def name(of: Key) -> str:
    """Under which name a text sealed with this key is found. It does not tell the key."""
    return sha256(b"name" + of).hexdigest()[:16]


def seal(under: Key, said: Mapping[str, Any], size: int = 0) -> str:
    """Plain data under seal, as text for a page. Filled up with spaces to ``size`` bytes: a length would tell, too."""
    return base64.b64encode(_mixed(under, written(said).ljust(size))).decode()


def written(said: Mapping[str, Any]) -> bytes:
    """What is sealed, byte for byte."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def unlock(locks: Mapping[str, str], under: Key) -> Any:
    """What this key opens among the sealed texts of a question, or None."""
    sealed = locks.get(name(under))
    if sealed is None:
        return None
    said = json.loads(_mixed(under, base64.b64decode(sealed)))
    return unlock(locks, bytes.fromhex(said["open"])) if "open" in said else said


def _mixed(under: Key, text: bytes) -> bytes:
    """``text`` with a stream mixed in; twice is not at all. Each key seals one text, so no stream is used twice."""
    blocks = range(-(-len(text) // 32))
    stream = b"".join(sha256(under + block.to_bytes(4, "big")).digest() for block in blocks)
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))
