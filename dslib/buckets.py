"""The far future, in buckets: a queue for very large systems.

A heap of millions of entries does not fit into the processor's caches, and each entry that is taken walks from its top
to its bottom. So what is not due soon is only thrown into a bucket, unsorted, one for each short span of time; a bucket
is put into the heap when its time has come. (A calendar queue, Brown 1988, with as many days as are needed.) The order
is the same, entry for entry: only the moment of sorting is another.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any

#: Buckets for each ms; a power of two, so that no rounding puts an entry into the wrong one.
PER_MS = 128


class Buckets:
    """All entries due at ``horizon`` or later that were put here; those due before are in the simulation's heap."""

    def __init__(self, heap: list[Any]) -> None:
        self.heap = heap
        self.horizon = 0.0
        self._buckets: dict[int, list[Any]] = {}
        self._numbers: list[int] = []  # of the buckets, a heap

    def put(self, entry: Any) -> None:
        """Keep an entry that is due at the horizon or later."""
        number = int(entry[0] * PER_MS)
        bucket = self._buckets.get(number)
        if bucket is None:
            self._buckets[number] = [entry]
            heappush(self._numbers, number)
        else:
            bucket.append(entry)

    def lists(self) -> Iterable[list[Any]]:
        """The buckets, each a list of entries in no order; whoever takes an entry out changes nothing else."""
        return self._buckets.values()

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values()))

    def open_next(self) -> bool:
        """Move the horizon, past the next bucket or what is first in the heap; whether anything is left at all."""
        first = self.heap[0][0] * PER_MS if self.heap else inf
        if self._numbers and self._numbers[0] <= first:
            number = heappop(self._numbers)
            self.heap += self._buckets.pop(number)
            heapify(self.heap)
        elif self.heap:
            number = int(first)
        else:
            return False
        self.horizon = (number + 1) / PER_MS
        return True
