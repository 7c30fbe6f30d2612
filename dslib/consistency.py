"""What weaker promises than linearizability still forbid: causal consistency and the guarantees of a session.

All are judged on reads and writes (``read``, ``write``, ``get``, ``put``) where every write stores a value of its own:
then a read tells which write it saw. Without that, deciding causal consistency is NP-complete; with it, it is a matter
of a few patterns that must not occur (Bouajjani, Enea, Guerraoui & Hamza, "On verifying causal consistency",
POPL 2017). Sequential consistency is in ``dslib.sequential``, agreement and accounts in ``dslib.consensus_checks``.

The stronger promise keeps the weaker: linearizable, then sequentially consistent, then causally consistent, then each
guarantee of a session. A client that goes on as "alice#2" is still alice, and her session goes on; an operation of hers
that was never answered may take effect at any later time, so it precedes nothing that she did afterwards. (A LoadClient
stands for many users: what it asks is nobody's session, and these checkers are not for it.)
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from .checkers import Conflict, Verdict, _count, _members, _told, _who
from .consensus_checks import (
    Decision,
    check_agreement,
    check_bank,
    check_consensus,
    check_integrity,
    check_termination,
    check_validity,
    record_decisions,
)
from .history import Operation
from .sequential import check_sequential, client, program_order
from .specs import Register, Spec, _name, shown

__all__ = [
    "Decision", "check_agreement", "check_bank", "check_causal", "check_consensus", "check_integrity",
    "check_monotonic_reads", "check_monotonic_writes", "check_read_your_writes", "check_sequential",
    "check_termination", "check_validity", "check_writes_follow_reads", "record_decisions",
]  # fmt: skip

READS, WRITES = ("read", "get"), ("write", "put")
INITIAL = -1  # "written" by nobody: the value at the start
NOBODY = -2  # a value that no operation can have written
Order = str | Callable[[Any], Any]


def check_causal(history: Iterable[Operation], spec: Spec, weak: bool = False) -> Verdict:
    """Does every client see the writes in an order in which cause comes before effect?

    *Causal memory* (Ahamad, Neiger, Burns, Kohli & Hutto, "Causal memory", Distributed Computing 9, 1995): one
    operation causally precedes another if the same client did it first, or if the other read what it wrote, or through
    a chain of these. For each client there must be an order of all writes and of its own reads, in causal order, in
    which each read shows the last write before it. Two clients may see concurrent writes in different orders, for ever.

    ``weak=True`` asks less: each read for itself must be explained by the operations that causally precede it, even if
    that takes another order for the next read ("CC" in Bouajjani et al. 2017; the other is their "CM").

    ``spec`` is ``Register(initial)`` or ``KeyValue(initial)``. Takes polynomial time: there is no limit to set. Raises
    ValueError for an operation that is no read or write, and for two writes of one value under a key.
    """
    views = _Views(history, spec, "check_causal")
    if views.violation(weak) is None:
        why = f"what causally precedes it explains each of {_count(len(views.reads), 'read')}"
        if not weak:
            who = f"each of {_count(len(views.clients), 'client')} that read something"
            why = f"for {who}, one order of all writes and its own reads explains these"
        return Verdict(True, words=f"Causally consistent: {why}.", claim="causally consistent")
    return Verdict(False, claim="causally consistent", conflict=lambda: _causal_conflict(views, weak))


def check_read_your_writes(history: Iterable[Operation], spec: Spec, order: Order = "causal") -> Verdict:
    """Does every read show the client's own latest write, or a newer one? (Terry et al. 1994)

    The guarantees of a session (Terry, Demers, Petersen, Spreitzer, Theimer & Welch, "Session guarantees for weakly
    consistent replicated data", PDIS 1994) are about which writes a server held when it answered. A history of clients
    does not tell that, nor which of two writes the servers count as newer. It can refute a guarantee, never prove it:
    a read is a breach if it shows the initial value, or a write that is *certainly* older than one it had to show.
    ``order`` says what is certain:

    - ``"causal"``: a write is newer than those that its client had made or seen before, through any chain of these.
    - ``"time"``: also newer than those that were answered before it was asked for. True of a store that promises that
      (one primary, say); false where the last writer wins by clocks that may differ.
    - a function from the stored value to its version, such as ``lambda value: value[0]``: bigger is newer.

    Only answered writes must be seen. Raises ValueError as :func:`check_causal` does, and for another ``order``.
    """
    return _check_session(history, spec, order, "read-your-writes", _own_writes)


def check_monotonic_reads(history: Iterable[Operation], spec: Spec, order: Order = "causal") -> Verdict:
    """Does no client see an older write after a newer one? (Terry et al. 1994)

    Whatever ``order`` says, a client that sees one write, then another, then the first again was taken back at least
    once. For the rest, see :func:`check_read_your_writes`.
    """
    return _check_session(history, spec, order, "monotonic-reads", _seen_writes)


def check_monotonic_writes(history: Iterable[Operation], spec: Spec, order: Order = "causal") -> Verdict:
    """Does who sees a client's write see its earlier ones, too, from then on? (Terry et al. 1994)

    Seen from outside: a reader who saw the later write and then misses the earlier. That is a breach of this guarantee
    or of the reader's monotonic reads: a history cannot tell which. For ``order`` see :func:`check_read_your_writes`.
    """
    return _check_session(history, spec, order, "monotonic-writes", _writers_writes)


def check_writes_follow_reads(history: Iterable[Operation], spec: Spec, order: Order = "causal") -> Verdict:
    """Does who sees a write see what its writer had seen before writing it? (Terry et al. 1994)

    Whoever sees the comment sees the post. As with :func:`check_monotonic_writes`, a breach may as well be one of the
    reader's monotonic reads. For ``order`` see :func:`check_read_your_writes`.
    """
    return _check_session(history, spec, order, "writes-follow-reads", _writers_reads)


class _Views:
    """Who saw what: the reads and writes of a history, and which of them causally precede which.

    A set of operations is an int with one bit for each. ``owns[i]`` are those of the same client before ``i``,
    ``direct[i]`` also the write that ``i`` read, ``past[i]`` all that causally precede it.
    """

    def __init__(self, history: Iterable[Operation], spec: Spec, asker: str, by_time: bool = False) -> None:
        if not isinstance(spec, Register):
            raise TypeError(f"{asker} judges reads and writes, not {spec!r}; use Register(...) or KeyValue(...)")
        self.spec, self.by_time = spec, by_time
        self.originals: list[Operation] = []
        self.failed: dict[Any, Operation] = {}
        self.total = 0
        for op in history:
            self.total += 1
            _check(op, spec, asker)
            if op.f in WRITES and op.status == "fail":
                self.failed[op.key, op.arg] = op
            elif op.f in WRITES or (op.status == "ok" and op.result_known):
                self.originals.append(op)
        self._relate()

    def _relate(self) -> None:
        self.ops = [
            copy.copy(op) if op.status == "info" else op for op in self.originals
        ]  # what is open may be settled
        wrote: dict[Any, int] = {}
        for i, op in enumerate(self.ops):
            if op.f in WRITES:
                if (other := wrote.setdefault((op.key, op.arg), i)) != i:
                    raise ValueError(
                        f"{_name(op)} writes {shown(op.arg)} as {_name(self.ops[other])} does: a read could not tell "
                        "which of the two it saw. Let each write store a value of its own, such as ('alice', 7)"
                    )
                if op.arg == self.spec.start(op.key):
                    raise ValueError(
                        f"{_name(op)} writes {shown(op.arg)}, the initial value: a read could not tell whether it saw "
                        f"this write or none. Choose another initial value, or another to write"
                    )
        self.reads = [i for i, op in enumerate(self.ops) if op.f in READS]
        self.reading = sum(1 << i for i in self.reads)
        self.writer = {i: self._writer(self.ops[i], wrote) for i in self.reads}
        self.writes: dict[Any, int] = {}
        for i in wrote.values():
            self.writes[self.ops[i].key] = self.writes.get(self.ops[i].key, 0) | 1 << i
        self.clients: dict[str | int, list[int]] = {}
        for i in self.reads:
            self.clients.setdefault(client(self.ops[i]), []).append(i)
        self.owns = program_order(self.ops)
        self.direct = list(self.owns)
        for i, w in self.writer.items():
            if w >= 0:
                self.direct[i] |= 1 << w
        if self.by_time:
            for i in wrote.values():
                for j in wrote.values():
                    ended = self.ops[j].completed
                    if ended is not None and ended < self.ops[i].invoked:
                        self.direct[i] |= 1 << j
        self.past = list(self.direct)
        for k in range(len(self.past)):
            for i, past in enumerate(self.past):
                if past >> k & 1:
                    self.past[i] = past | self.past[k]

    def _writer(self, read: Operation, wrote: dict[Any, int]) -> int:
        w = wrote.get((read.key, read.result))
        return w if w is not None else INITIAL if read.result == self.spec.start(read.key) else NOBODY

    def only(self, kept: Iterable[int]) -> _Views:
        """The same with fewer operations; what a read saw of those left out is not known any more."""
        chosen = sorted(kept)
        views = copy.copy(self)
        views.originals = [
            self.originals[i] for i in chosen if i not in self.writer or self.writer[i] < 0 or self.writer[i] in chosen
        ]
        views._relate()
        return views

    def rivals(self, read: int) -> int:
        """The writes under the key of a read, without the one it saw."""
        return self.writes.get(self.ops[read].key, 0) & ~(1 << self.writer[read] if self.writer[read] >= 0 else 0)

    def violation(self, weak: bool) -> tuple[str, int, int, list[tuple[int, int, int]]] | None:
        """The first bad pattern (Bouajjani et al. 2017), with the read, a write, and what was derived."""
        for r in self.reads:
            if self.writer[r] == NOBODY:
                return "ThinAirRead", r, r, []
        for i, past in enumerate(self.past):
            if past >> i & 1:
                return "CyclicCO", i, i, []
        for r in self.reads:
            for w in _members(self.rivals(r) & self.past[r]):
                if self.writer[r] == INITIAL:
                    return "WriteCOInitRead", r, w, []
                if self.past[w] >> self.writer[r] & 1:
                    return "WriteCORead", r, w, []
        if weak:
            return None
        found = (self._in_view_of(own) for own in self.clients.values())
        return next((one for one in found if one), None)

    def _in_view_of(self, own: Sequence[int]) -> tuple[str, int, int, list[tuple[int, int, int]]] | None:
        """What one client's reads say of the order of all writes: one that precedes a read of another precedes that."""
        before = list(self.past)
        derived: list[tuple[int, int, int]] = []
        progress = True
        while progress:
            progress = False
            for r in own:
                seen = self.writer[r]
                for w in _members(self.rivals(r) & before[r]):
                    if seen == INITIAL:
                        return "WriteHBInitRead", r, w, derived
                    if before[seen] >> w & 1:
                        continue
                    if before[w] >> seen & 1:
                        return "CyclicHB", r, w, derived
                    derived.append((w, seen, r))
                    earlier = before[w] | 1 << w
                    for i, known in enumerate(before):
                        if i == seen or known >> seen & 1:
                            before[i] = known | earlier
                    progress = True
        return None

    def chain(self, start: int, end: int, derived: Sequence[tuple[int, int, int]] = ()) -> list[int]:
        """The fewest operations from ``start`` to ``end`` of which each directly precedes the next."""
        steps = list(self.direct)
        for w, seen, _ in derived:
            steps[seen] |= 1 << w
        leads_to: dict[int, int] = {}
        row = [end]
        while start not in leads_to and row:
            found = [(j, i) for i in row for j in _members(steps[i]) if j not in leads_to]
            for j, i in found:
                leads_to.setdefault(j, i)
            row = list(dict.fromkeys(j for j, _ in found))
        way = [start, leads_to[start]]
        while way[-1] != end:
            way.append(leads_to[way[-1]])
        return way

    def say(self, way: Sequence[int], number: dict[int, str], viewer: str = "") -> str:
        """Why each operation on the way precedes the next."""
        said = []
        for i, j in itertools.pairwise(way):
            if self.writer.get(j) == i:
                said.append(f"{number[j]} read what {number[i]} wrote")
            elif self.owns[j] >> i & 1:
                said.append(f"{_by(self.ops[j])} did {number[i]} before {number[j]}")
            elif self.by_time and self.direct[j] >> i & 1:
                said.append(f"{number[i]} was answered before {number[j]} was asked for")
            else:
                said.append(f"{viewer} must have seen {number[i]} before {number[j]}")
        return "; ".join(said)

    def told(self, title: str, kept: Sequence[int]) -> tuple[list[str], dict[int, str]]:
        """The heading of an explanation, and the numbers of the operations in it."""
        listed = sorted(kept, key=lambda i: (self.ops[i].invoked, i))
        number = {i: str(n) for n, i in enumerate(listed, start=1)}
        several = any(self.ops[i].key is not None for i in kept)
        these = "this answer cannot" if len(listed) == 1 else f"these {len(listed)} operations cannot all"
        return [
            f"{title}: {these} be right.",
            *(f"  {number[i]}. {_told(self.ops[i], self.spec, several)}" for i in listed),
        ], number


def _check(op: Operation, spec: Spec, asker: str) -> None:
    if not isinstance(op, Operation):
        raise TypeError(f"A history holds operations, not {op!r}")
    spec.check(op)
    if op.f not in READS + WRITES:
        raise ValueError(
            f"{_name(op)}: {asker} judges reads and writes only ({', '.join(READS + WRITES)}); "
            "check_linearizable and check_sequential judge the others"
        )


def _by(op: Operation) -> str:
    return _who(op).split("#")[0]


def _causal_conflict(views: _Views, weak: bool) -> Conflict:
    total = views.total
    kept = list(range(len(views.ops)))
    size = len(kept)
    while size:  # first large blocks, then single ones, from the end, until nothing more can go
        for stop in range(len(kept), 0, -size):
            fewer = kept[: max(0, stop - size)] + kept[stop:]
            if views.only(fewer).violation(weak):
                kept = fewer
        size //= 2
    views = views.only(kept)
    found = views.violation(weak)
    assert found is not None
    pattern, r, w, derived = found
    lines, number = views.told(f"Not causally consistent ({pattern})", range(len(views.ops)))
    read = f"{number[r]} ({views.spec.say(views.ops[r])})"
    viewer, saw = _by(views.ops[r]), views.writer.get(r, NOBODY)
    for step, (before, after, by) in enumerate(derived):
        way = views.say(views.chain(before, by, derived[:step]), number, viewer)
        lines.append(
            f"{way}. As {number[by]} shows {number[after]}, {viewer} saw {number[before]} before {number[after]}."
        )
    if pattern == "ThinAirRead":
        lost = views.failed.get((views.ops[r].key, views.ops[r].result))
        lines.append(f"Nobody wrote what {read} shows" + (f": {_by(lost)}'s write of it failed." if lost else "."))
    elif pattern == "CyclicCO":
        cycle = min((views.chain(i, i) for i in range(len(views.ops))), key=len)
        lines.append(f"{views.say(cycle, number)}. So each of them precedes itself.")
    else:
        way = views.say(views.chain(w, r, derived), number, viewer)
        if saw == INITIAL:
            lines.append(f"{way}. So {viewer} had to see {number[w]}, yet {read} shows the value of the start.")
        else:
            if (saw, w) not in [(before, after) for before, after, _ in derived]:
                older = views.say(views.chain(saw, w, derived), number, viewer)
                lines.append(f"{older}. So {number[w]} is newer than {number[saw]}.")
            lines.append(f"{way}. So {viewer} had to see {number[w]}, yet {read} shows the older {number[saw]}.")
    if len(views.ops) > 1:
        rest = total - len(views.ops)
        lines.append(f"It takes all of these{f', whatever the other {rest:,} did' if rest > 1 else ''}.")
    return Conflict(tuple(views.originals), True, "\n".join(lines))


# A demand gives, for a read and the writes that are newer than what it saw, the ways that lead from one that it had to
# show (or a newer one) to the read: each operation on a way directly precedes the next.
Demand = Callable[["_Views", int, int], Iterator[list[int]]]


def _own_writes(views: _Views, r: int, newer: int) -> Iterator[list[int]]:
    for w in _members(views.owns[r] & newer):
        yield [w, r]


def _seen_writes(views: _Views, r: int, newer: int) -> Iterator[list[int]]:
    for earlier in _members(views.owns[r] & views.reading):
        if (w := views.writer[earlier]) >= 0 and newer >> w & 1:
            yield [w, earlier, r]


def _writers_writes(views: _Views, r: int, newer: int) -> Iterator[list[int]]:
    for earlier in _members(views.owns[r] & views.reading):
        if (seen := views.writer[earlier]) >= 0:
            for w in _members(views.owns[seen] & newer):
                yield [w, seen, earlier, r]


def _writers_reads(views: _Views, r: int, newer: int) -> Iterator[list[int]]:
    for earlier in _members(views.owns[r] & views.reading):
        if (seen := views.writer[earlier]) >= 0:
            for way in _seen_writes(views, seen, newer):
                yield [*way, earlier, r]


def _check_session(history: Iterable[Operation], spec: Spec, order: Order, claim: str, demand: Demand) -> Verdict:
    if not callable(order) and order not in ("causal", "time"):
        raise ValueError(
            f'order={order!r} says not what makes a write newer: write "causal", "time", or a function from a stored '
            "value to its version"
        )
    views = _Views(history, spec, "a session guarantee", by_time=order == "time")
    for r in sorted(views.reads, key=lambda i: (views.ops[i].completed or 0.0, i)):
        saw = views.writer[r]
        if saw == NOBODY:
            continue  # no breach of this: check_causal calls it a ThinAirRead
        newer = sum(1 << w for w in _members(views.rivals(r)) if _is_newer(views, w, saw, order))
        find: Callable[[], Conflict] | None = None
        if newer and (way := next(demand(views, r, newer), [])):
            find = partial(_session_conflict, views, claim, way, saw, order)
        elif demand is _seen_writes and (way := _back_again(views, r)):
            find = partial(_back_again_conflict, views, claim, way)
        if find:
            return Verdict(False, claim=claim, conflict=find)
    words = f"{claim.capitalize()}: nothing contradicts it in {_count(len(views.reads), 'read')}."
    return Verdict(True, claim=claim, words=words)


def _is_newer(views: _Views, w: int, than: int, order: Order) -> bool:
    if than == INITIAL:
        return True
    if callable(order):
        return bool(order(views.ops[w].arg) > order(views.ops[than].arg))
    return bool(views.past[w] >> than & 1 and not views.past[than] >> w & 1)


def _back_again(views: _Views, r: int) -> list[int]:
    """Two earlier reads of the same client, the first of which saw the same write as ``r`` and the second another."""
    earlier = [i for i in _members(views.owns[r] & views.reading) if views.ops[i].key == views.ops[r].key]
    for second in earlier:
        if views.writer[second] not in (views.writer[r], NOBODY):
            for first in earlier:
                if views.writer[first] == views.writer[r] and views.owns[second] >> first & 1:
                    return [first, second, r]
    return []


def _session_conflict(views: _Views, claim: str, way: list[int], saw: int, order: Order) -> Conflict:
    w, r = way[0], way[-1]
    proof = [] if saw == INITIAL else [saw, w] if callable(order) else views.chain(saw, w)
    lines, number = views.told(f"Not {claim}", [*dict.fromkeys([*way, *proof])])
    read = f"{number[r]} ({views.spec.say(views.ops[r])})"
    lines.append(f"{views.say(way, number)}. So {number[w]} or a newer write had to show in {read}.")
    if saw == INITIAL:
        lines.append("It shows the value of the start.")
    elif callable(order):
        versions = " < ".join(shown(order(views.ops[i].arg)) for i in (saw, w))
        lines.append(f"It shows {number[saw]}, which is older: version {versions}.")
    else:
        lines.append(f"It shows {number[saw]}, which is older: {views.say(proof, number)}.")
    return Conflict(tuple(views.originals[i] for i in number), True, "\n".join(lines))


def _back_again_conflict(views: _Views, claim: str, way: list[int]) -> Conflict:
    lines, number = views.told(f"Not {claim}", way)
    first, second, third = (number[i] for i in way)
    lines.append(f"{third} shows what {first} had shown, but {second} in between had shown another write.")
    lines.append("Whichever of the two is newer, one of these reads went back.")
    return Conflict(tuple(views.originals[i] for i in number), True, "\n".join(lines))
