"""The disk: what a node keeps through a crash, how it can betray the node, and the checksum that notices.

A disk is a dict. A crash leaves it as it is; a fire leaves nothing (``sim.burn``); a cosmic ray or a worn cell flips a
bit and says nothing (``sim.corrupt_disk``); a crash in the middle of a write leaves half of it (``sim.tear_write``).
The last two are found only by whoever checks: seal a value before writing it, unseal it after reading.

How often it happens: Bairavasundaram et al. 2008, "An Analysis of Data Corruption in the Storage Stack" (FAST). What
should check, and where: Saltzer, Reed and Clark 1984, "End-to-End Arguments in System Design", section 2.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib
from random import Random
from typing import Any

#: Stands for "nothing was there".
NOTHING: Any = object()


class Corrupted(Exception):
    """A sealed value is not what was sealed."""


class Disk(dict[Any, Any]):
    """A node's disk: a dict, and hardly slower than any other.

    Write whole values: a list that is changed in place, ``self.disk["log"].append(…)``, is a write that nobody sees.
    """

    __slots__ = ("_newest",)

    _newest: tuple[Any, Any]  # of a watched disk: the key of its newest write, and what stood there before

    def watch(self) -> None:
        """From here on remember what each write replaced, so that it can be torn. It makes writes slower."""
        if type(self) is Disk:
            self._newest = NOTHING, NOTHING
            # The same object, so that whoever holds it sees the same disk.
            self.__class__ = WatchedDisk

    def burn(self) -> None:
        """Nothing is left."""
        self.clear()

    def corrupt(self, share: float, random: Random) -> list[Any]:
        """Flip one bit in each of a share of the values, at least one, that have bits. Returns their keys."""
        keys = [key for key, value in self.items() if bits(value)]
        hit = sorted(random.sample(range(len(keys)), min(len(keys), max(1, round(share * len(keys))))))
        for key in map(keys.__getitem__, hit):
            dict.__setitem__(self, key, flip(self[key], random.randrange(bits(self[key]))))
        return [keys[i] for i in hit]

    def tear(self) -> None:
        """Undo the second half of the newest write, once.

        Raises:
            RuntimeError: the disk does not know, because nobody watched.
        """
        raise RuntimeError(
            "this disk did not remember what its newest write replaced: schedule the fault before that write, "
            "sim.at(100, sim.tear_write, 'r1')"
        )


class WatchedDisk(Disk):
    """A disk that remembers its newest write."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        self._newest = key, self.get(key, NOTHING)
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._newest = NOTHING, NOTHING  # to take a key away is one step: it cannot be torn

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def __ior__(self, other: Any) -> WatchedDisk:  # type: ignore[misc]
        self.update(other)
        return self

    def tear(self) -> None:
        """Undo the second half of the newest write, once."""
        key, old = self._newest
        self._newest = NOTHING, NOTHING
        if key in self:  # it may have been taken away since
            left = torn(old, self[key])
            if left is NOTHING:
                super().__delitem__(key)
            else:
                super().__setitem__(key, left)


def torn(old: Any, new: Any) -> Any:
    """What a crash in the middle of writing ``new`` over ``old`` leaves: its first half, and the rest of the old one.

    A value without parts, such as a number, is written in one step, and that step was not reached.

    >>> torn("balance=100", "balance=250"), torn(("old", "old"), ("new", "new")), torn(1, 2)
    ('balance=100', ('new', 'old'), 1)
    """
    rest = old if type(old) is type(new) else None
    if isinstance(new, dict):
        half = len(new) // 2
        return dict([*list(new.items())[:half], *(list(rest.items())[half:] if rest else ())])
    if isinstance(new, str | bytes | tuple | list):
        half = len(new) // 2
        return new[:half] + rest[half:] if rest else new[:half]
    return old


# -- checksums --------------------------------------------------------------------------------------------------------


def checksum(value: object) -> int:
    """CRC-32 over the value's text as ``show`` writes it: 32 bits that change whenever any one bit of the text does.

    It notices accidents. A liar computes it anew, and needs a signature.
    """
    from .node import show  # here, because a node is built on its disk

    return zlib.crc32(show(value).encode())


def seal(value: object) -> tuple[int, Any]:
    """``value`` with its checksum, to be written to a disk in one piece."""
    return checksum(value), value


def unseal(sealed: Any) -> Any:
    """The value that was sealed.

    A seal vouches for the value, not for the moment: an old one, sealed in its time, still opens.

    Raises:
        Corrupted: it is not what was sealed.
    """
    if type(sealed) is not tuple or len(sealed) != 2:
        raise Corrupted(f"{sealed!r} is no sealed value: write seal(value) to the disk, and read unseal(…)")
    noted, value = sealed
    if checksum(value) != noted:
        raise Corrupted(f"the checksum of {value!r} is {checksum(value)}, and {noted!r} was noted when it was sealed")
    return value


# -- bits -------------------------------------------------------------------------------------------------------------


def bits(value: Any) -> int:
    """How many bits of ``value`` can flip: of a compound value, those of its parts.

    A whole number has the bits of the bytes that it needs, a character seven, ``None`` none.
    """
    if isinstance(value, bool):
        return 1
    if isinstance(value, int):
        return 8 * (value.bit_length() // 8 + 1)
    if isinstance(value, float):
        return 64
    if isinstance(value, str):
        return 7 * len(value)
    if isinstance(value, bytes):
        return 8 * len(value)
    return sum(map(bits, _parts(value)))


def flip(value: Any, bit: int) -> Any:
    """``value`` with its ``bit``-th bit the other way; ``value`` itself is not changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ (1 << bit)
    if isinstance(value, float):
        (word,) = struct.unpack(">Q", struct.pack(">d", value))
        return struct.unpack(">d", struct.pack(">Q", word ^ (1 << bit)))[0]
    if isinstance(value, str):
        # The seven low bits of a code point: what comes out is a character again, whichever it was.
        at, bit = divmod(bit, 7)
        return value[:at] + chr(ord(value[at]) ^ (1 << bit)) + value[at + 1 :]
    if isinstance(value, bytes):
        at, bit = divmod(bit, 8)
        return value[:at] + bytes([value[at] ^ (1 << bit)]) + value[at + 1 :]
    parts = _parts(value)
    for at, part in enumerate(parts):
        if bit < bits(part):
            return _rebuilt(value, [*parts[:at], flip(part, bit), *parts[at + 1 :]])
        bit -= bits(part)
    raise IndexError(f"{value!r} has {bits(value)} bits")


def _parts(value: Any) -> list[Any]:
    """The parts of a compound value, in an order that is the same in every process."""
    if isinstance(value, tuple | list):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    return []


def _rebuilt(value: Any, parts: list[Any]) -> Any:
    if isinstance(value, dict):
        return dict(zip(value, parts, strict=True))
    if hasattr(value, "_fields"):  # a namedtuple
        return type(value)(*parts)
    if isinstance(value, tuple | list | set | frozenset):
        return type(value)(parts)
    names = [field.name for field in dataclasses.fields(value)]
    return dataclasses.replace(value, **dict(zip(names, parts, strict=True)))
