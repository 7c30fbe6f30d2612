"""Checkers judge a history against a model, and explain their verdict.

:func:`check_linearizable` asks: is there one order of all operations in which each takes effect at some moment between
its invocation and its completion, and in which every answer is the one that a single, sequential object would have
given? (Herlihy & Wing 1990.) An operation that completed must be in the order. One without an answer (``info``) may be
in it at any place after its invocation, or not at all. One that failed must not.

The search takes an operation that no other had to precede, does what it says, goes on from the new state, and goes back
where no operation fits (Wing & Gong, "Testing and verifying concurrent objects", 1993). It remembers the configurations
it has been in, a configuration being what is done and the state (Lowe, "Testing for linearizability", 2017), and judges
each key by itself (Horn & Kroening, "Faster linearizability checking via P-compositionality", 2015). What follows keeps
the many operations that were never answered from exploding it:

- A read that fits now is taken now. Later it could only be harder to place.
- Of unanswered operations that ask the same, the one invoked first is taken first.
- An unanswered operation is taken only if somebody is still to notice it. An unanswered read never is.
- A configuration with more unanswered operations used up than one seen before, all else equal, is no better.
- States that nobody is still to notice are one state.
- If an operation is impossible now, and all that could make it possible again is used up, this way is a dead end.

Each rule drops an order only where another one that is kept is as good, so none changes a verdict. Deciding stays
NP-complete (Gibbons & Korach, "Testing shared memories", 1997): some histories are hard, and need a ``time_limit``.
"""

from __future__ import annotations

import copy
import heapq
import itertools
import math
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .history import Operation
from .specs import ILLEGAL, Call, Spec

TURN_STEPS = 500  # steps a key may take before it is another key's turn, and between two looks at the clock
ATTEMPT_STEPS = 20_000  # for one attempt to make a conflict smaller
SHRINK_STEPS = 400_000  # for all of them
ORDERS_SHOWN = 4  # an explanation goes through so many orders, of at most
ORDERED_SHOWN = 6  # so many operations
WITNESS_SHOWN = 12  # an order of more operations is not written out


class Verdict:
    """What a checker found. Truthy only if what it looked for holds; :meth:`explain` and ``str`` say why.

    ``holds`` is True, False, or None if the time limit came first; what holds then is the ``claim``: the history (or
    whatever was judged) is "linearizable", "causally consistent", ... ``steps`` counts how many operations the search
    tried to place: a measure of its work that is the same on every machine.
    """

    def __init__(
        self,
        holds: bool | None,
        *,
        steps: int = 0,
        words: str = "",
        witness: Sequence[Operation] | None = None,
        conflict: Callable[[], Conflict] | None = None,
        claim: str = "linearizable",
    ) -> None:
        self.holds = holds
        self.steps = steps
        self.claim = claim
        self.witness = None if witness is None else tuple(witness)
        """If linearizable (or sequentially consistent), an order that explains every answer: all operations that
        completed, and those without an answer that must have taken effect. None otherwise."""
        self._words = words
        self._find_conflict = conflict

    @property
    def linearizable(self) -> bool | None:
        """``holds`` of a verdict of :func:`check_linearizable`. Raises AttributeError on any other."""
        if self.claim != "linearizable":
            raise AttributeError(f"This verdict says whether something is {self.claim}, not linearizable: write .holds")
        return self.holds

    @cached_property
    def _conflict(self) -> Conflict | None:
        return self._find_conflict() if self._find_conflict is not None else None

    @property
    def conflict(self) -> tuple[Any, ...] | None:
        """If it does not hold, what contradicts it: answered operations that no order can hold, whichever of the others
        are left out of it (or the decisions, for consensus). None otherwise. Looked for when first asked for."""
        return self._conflict.operations if self._conflict else None

    @property
    def smallest(self) -> bool | None:
        """True if no operation can be taken out of the conflict; False if the proof of that was cut short."""
        return self._conflict.smallest if self._conflict else None

    def explain(self) -> str:
        """The verdict in words: who was told what and when, and why no order can explain it."""
        return self._conflict.words if self._conflict else self._words

    def __bool__(self) -> bool:
        return self.holds is True

    def __str__(self) -> str:
        return self.explain()

    def __repr__(self) -> str:
        said = {True: self.claim, False: f"not {self.claim}", None: "unknown: the time limit came first"}
        steps = f" {_count(self.steps, 'step')};" if self.steps or self.claim == "linearizable" else ""
        return f"<Verdict: {said[self.holds]};{steps} .explain() says more>"

    def __getstate__(self) -> dict[str, Any]:
        return {"_conflict": self._conflict, **self.__dict__, "_find_conflict": None}


@dataclass(frozen=True)
class Conflict:
    """Why no order exists: the operations, whether none of them can be left out, and the words for it."""

    operations: tuple[Any, ...]
    smallest: bool
    words: str


def check_linearizable(history: Iterable[Operation], spec: Spec, time_limit: float | None = None) -> Verdict:
    """Is there an order of the operations that respects time and that ``spec`` allows?

    ``history`` is a History or any iterable of operations; ``spec`` is a model from ``dslib.specs`` or your own. An
    operation precedes another if it completed before the other was invoked. If that is at the same instant, the two
    count as concurrent, unless one process made both, on one key: then the one that ended there came first.

    Gives up after ``time_limit`` seconds of real time, with a verdict whose ``linearizable`` is None; looking for the
    smallest conflict may take as long again. Without a limit, verdict, order and words depend on the history only.

    Raises TypeError or ValueError for an operation that the model does not know, naming it.
    """
    if isinstance(spec, type) and issubclass(spec, Spec):
        raise TypeError(f"check_linearizable needs a model, not its class: write {spec.__name__}()")
    if not isinstance(spec, Spec):
        raise TypeError(f"{spec!r} is no model; use Register(), KeyValue(), ... or a subclass of dslib.specs.Spec")
    if time_limit is not None and not (isinstance(time_limit, int | float) and time_limit >= 0):
        raise ValueError(f"time_limit={time_limit!r} is no number of seconds; leave it out to search without limit")
    late = _alarm(time_limit)
    operations = list(history)
    objects = _objects(operations, spec)
    if late():
        return _gave_up(time_limit, 0)
    searches = [_Search(obj, obj.answered) for obj in objects]
    unsettled = searches
    while unsettled:
        # In turns, so that one hard key cannot hide another that is easily refuted.
        for search in unsettled:
            if search.run(TURN_STEPS) is False:
                steps = sum(s.steps for s in searches)
                return _refuted(search.obj, search.suspects(), steps, len(operations), time_limit)
            if search.found is None and late():
                return _gave_up(time_limit, sum(s.steps for s in searches))
        unsettled = [search for search in unsettled if search.found is None]
    return _ordered(operations, searches)


def _alarm(time_limit: float | None) -> Callable[[], bool]:
    started = time.perf_counter()
    return lambda: time_limit is not None and time.perf_counter() - started >= time_limit


def _objects(operations: Sequence[Operation], spec: Spec) -> list[_Object]:
    by_key: dict[Any, list[Operation]] = {}
    for op in operations:
        if not isinstance(op, Operation):
            raise TypeError(f"A history holds operations, not {op!r}")
        spec.check(op)
        if op.status != "fail":
            by_key.setdefault(op.key if spec.by_key else None, []).append(op)
    for group in by_key.values():
        spec.check_together(group)
    return [_Object(spec, key, group) for key, group in by_key.items()]


def _ordered(operations: Sequence[Operation], searches: Sequence[_Search]) -> Verdict:
    place = {id(op): i for i, op in enumerate(operations)}
    orders = [[place[id(search.obj.operations[i])] for i in search.order()] for search in searches]
    witness = [operations[i] for i in _merge(operations, orders)]
    answered = sum(op.status == "ok" for op in operations)
    silent = sum(op.status == "info" for op in operations)
    failed = len(operations) - answered - silent
    words = f"Linearizable: one order explains {_count(answered, 'answer')}"
    if silent:
        words += f"; of {_count(silent, 'operation')} without an answer, {len(witness) - answered} took effect in it"
    if failed:
        words += f"; {_count(failed, 'operation')} failed and had no effect"
    words += "." if 0 < len(witness) <= WITNESS_SHOWN else ". The order is in .witness."
    if len(witness) <= WITNESS_SHOWN:
        for number, op in enumerate(witness, start=1):
            words += f"\n  {number}. {_told(op, searches[0].obj.spec, with_key=len(searches) > 1)}"
    return Verdict(True, steps=sum(search.steps for search in searches), words=words, witness=witness)


def _merge(operations: Sequence[Operation], orders: Sequence[Sequence[int]], by_process: bool = True) -> list[int]:
    """One order of all keys: each key's own, and of the operations that are next on each the one invoked first."""
    starts: dict[int, tuple[float, int, int]] = {}
    followers: dict[int, list[int]] = {}
    waiting: dict[int, int] = {}
    ended: dict[tuple[str | int, float], list[int]] = {}
    for key, order in enumerate(orders):
        for place, i in enumerate(order):
            op = operations[i]
            starts[i] = op.invoked, key, place
            followers[i] = list(order[place + 1 : place + 2])
            waiting[i] = min(place, 1)
            if op.completed is not None:
                ended.setdefault((op.process, op.completed), []).append(i)
    if by_process:  # at one moment, a process keeps its own order on different keys, too
        for i in starts:
            for j in ended.get((operations[i].process, operations[i].invoked), ()):
                if i != j and starts[i][1] != starts[j][1] and _precedes(operations, j, i):
                    followers[j].append(i)
                    waiting[i] += 1
    ready = [(*starts[i], i) for i in starts if waiting[i] == 0]
    heapq.heapify(ready)
    result = []
    while ready:
        *_, i = heapq.heappop(ready)
        result.append(i)
        for j in followers[i]:
            waiting[j] -= 1
            if waiting[j] == 0:
                heapq.heappush(ready, (*starts[j], j))
    # Several processes that each end and begin at one instant, on several keys, can have made that impossible.
    return result if len(result) == len(starts) else _merge(operations, orders, by_process=False)


def _gave_up(time_limit: float | None, steps: int) -> Verdict:
    words = (
        f"Unknown: the search gave up at its time limit of {time_limit:g} s, after {_count(steps, 'step')}. It found "
        "neither an order nor a proof that there is none. Give it a longer time_limit, or record a shorter history."
    )
    return Verdict(None, steps=steps, words=words)


def _refuted(obj: _Object, suspects: frozenset[int], steps: int, total: int, time_limit: float | None) -> Verdict:
    def find() -> Conflict:
        conflict, smallest = _shrink(obj, suspects, _alarm(time_limit))
        words = _explain(obj, conflict, smallest, total)
        return Conflict(tuple(obj.operations[i] for i in conflict), smallest, words)

    return Verdict(False, steps=steps, conflict=find)


def _shrink(obj: _Object, suspects: frozenset[int], late: Callable[[], bool]) -> tuple[list[int], bool]:
    """The answered operations of a conflict, and whether none can be taken out.

    One that is taken out may be in the order, as recorded, or not. That can only make an order easier to find. So one
    pass suffices: each operation is taken out if there is still no order, and a whole block at once where that works
    (the idea of delta debugging: Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
    """
    budget = SHRINK_STEPS

    def fails(held: frozenset[int]) -> bool | None:
        """Is there no order of these? None if that could not be decided."""
        nonlocal budget
        attempt = _Search(obj, held)
        while attempt.found is None and attempt.steps < ATTEMPT_STEPS and budget > 0 and not late():
            before = attempt.steps
            attempt.run(TURN_STEPS)
            budget -= attempt.steps - before
        return None if attempt.found is None else not attempt.found

    held, smallest = suspects, True
    # Reads first: a conflict between two writes and a read is easier to follow than one among many reads.
    by_time = sorted(held, key=lambda i: (obj.records[i].invoked, i))
    blocks = [[i for i in by_time if obj.looks[obj.kinds[i]] is look] for look in (False, True)]
    while blocks:
        block = blocks.pop()
        if budget <= 0 or late():
            smallest = False
            break
        if not block:
            continue
        without = held.difference(block)
        failed = fails(without)
        if failed:
            held = without
        elif len(block) > 1:
            half = len(block) // 2
            blocks += [block[half:], block[:half]]
        elif failed is None:
            smallest = False
    return sorted(held, key=lambda i: (obj.records[i].invoked, i)), smallest


def _explain(obj: _Object, conflict: Sequence[int], smallest: bool, total: int) -> str:
    spec, operations = obj.spec, obj.records
    number = {i: str(n) for n, i in enumerate(conflict, start=1)}
    on_key = "" if obj.key is None else f" on key {obj.key!r}"
    these = "this answer" if len(conflict) == 1 else f"these {len(conflict)} answers"
    lines = [f"Not linearizable: {these}{on_key} cannot {'' if len(conflict) == 1 else 'all '}be right."]
    lines += [f"  {number[i]}. {_told(operations[i], spec)}" for i in conflict]
    gaps = [f"{number[i]} completed before {number[j]} was invoked" for i, j in _gaps(operations, conflict)]
    if gaps:
        lines.append("; ".join(gaps) + ".")

    orders = _orders(operations, conflict) if len(conflict) <= ORDERED_SHOWN else []
    shown = orders[:1] if len(orders) > ORDERS_SHOWN else orders
    if len(orders) > len(shown):
        lines.append("Time allows many orders of these, and each breaks. One of them:")
    elif len(orders) > 1:
        lines.append(f"Time allows {len(orders)} orders of these, and each breaks:")
    for order in shown:
        lines.append(("" if len(orders) == 1 else "  - ") + _breaks(obj, order, number))

    others = total - len(conflict)
    if not smallest:
        lines.append("The search for a smaller set was cut short: this one is not proven smallest.")
    elif len(conflict) > 1:
        choice = f"whichever of the other {others:,} operations" if others > 1 else "whether or not the other operation"
        lines.append(f"That holds {choice} took effect. It takes {'both' if len(conflict) == 2 else 'all'} of these.")
    return "\n".join(lines)


def _gaps(operations: Sequence[Operation], conflict: Sequence[int]) -> list[tuple[int, int]]:
    """The pairs of which one must precede the other, without those that follow from the rest."""
    pairs = [(i, j) for i, j in itertools.permutations(conflict, 2) if _precedes(operations, i, j)]
    known = set(pairs)
    return [(i, j) for i, j in pairs if not any((i, k) in known and (k, j) in known for k in conflict)]


def _orders(operations: Sequence[Operation], conflict: Sequence[int]) -> list[list[int]]:
    """All orders that time allows."""
    if not conflict:
        return [[]]
    result = []
    for i in conflict:
        rest = [j for j in conflict if j != i]
        if not any(_precedes(operations, j, i) for j in rest):
            result += [[i, *order] for order in _orders(operations, rest)]
    return result


def _breaks(obj: _Object, order: Sequence[int], number: dict[int, str]) -> str:
    """How far this order of the conflict gets, with any help from the other operations, and what stops it."""
    spec, operations = obj.spec, obj.records
    search = _Search(obj, frozenset())
    for length in range(1, len(order) + 1):
        longer = _Search(obj, frozenset(order[:length]), chain=order[: length + 1])
        if not longer.run(ATTEMPT_STEPS):
            break
        search = longer
    if longer.found is not False:  # it takes longer to see than to say
        return f"{_listed([number[i] for i in order])}: no way through."
    way = search.order()
    names = [number[i] if i in number else f"{_who(operations[i])}'s {spec.say(operations[i])}" for i in way]
    state = spec.describe(obj.states[search.state()])
    stuck = order[length - 1]
    start = f"After {_listed(names)} " if names else "At the start "
    sentence = f"{start}{state}, so {number[stuck]} ({spec.say(operations[stuck])}) is impossible."
    enablers, deadline = longer.enablers(stuck)
    helpers = [i for i in enablers if i not in number]
    if not helpers:
        return f"{sentence} Nothing else that was invoked by {_ms(deadline)} ms could change that."
    return sentence + _too_late(operations, helpers, way, number, spec)


def _too_late(
    operations: Sequence[Operation], helpers: list[int], way: list[int], number: dict[int, str], spec: Spec
) -> str:
    """What else could have made the stuck operation possible, and why it did not."""
    op = operations[max(helpers, key=lambda i: (operations[i].completed or 0.0, i))]
    last = f"{_who(op)}'s {spec.say(op)}, {_times(op)}"
    wall = next((n for n in way if n in number and all(_precedes(operations, i, n) for i in helpers)), None)
    if wall is not None:
        why = f"over before {number[wall]} was invoked"
    elif all(i in way for i in helpers):
        why = "in this order already"
    else:
        return ""
    if len(helpers) == 1:
        return f" Only {last}, could change that, but it was {why}."
    return f" {len(helpers)} others could change that, but they were {why}; the last was {last}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _told(op: Operation, spec: Spec, with_key: bool = False) -> str:
    return f"{_who(op)}: {spec.say(op)}{f' on key {op.key!r}' if with_key else ''}, {_times(op)}"


def _times(op: Operation) -> str:
    if op.completed is None:
        return f"invoked at {_ms(op.invoked)} ms"
    return f"{_ms(op.invoked)} to {_ms(op.completed)} ms"


def _who(op: Operation) -> str:
    return f"process {op.process}" if str(op.process).isdigit() else str(op.process)


def _ms(time_ms: float) -> str:
    return f"{time_ms:.3f}".rstrip("0").rstrip(".")


def _precedes(operations: Sequence[Operation], i: int, j: int) -> bool:
    """Was operation i over before j began?"""
    first, second = operations[i], operations[j]
    if first.completed is None or first.completed > second.invoked:
        return False
    if first.completed < second.invoked:
        return True
    # At one instant: the order of the process; of two that took no time, the order of the history.
    instant = first.invoked == second.invoked == second.completed
    return first.process == second.process and (i < j or not instant)


def _least_of_rest(deadlines: Sequence[float | None]) -> list[float]:
    return list(itertools.accumulate((d or 0.0 for d in reversed(deadlines)), min))[::-1]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n:,} {noun}s"


class _Object:
    """The operations on one object, and its model: states and kinds of operations as numbers, each step computed once.

    Two operations are of one kind if they ask the same and got the same answer, as far as the model looks at it.
    """

    def __init__(self, spec: Spec, key: Any, operations: list[Operation]) -> None:
        self.spec = spec
        self.key = key
        self.operations = operations
        # The conflict is looked for when somebody asks. What was open now may be settled by then.
        self.records = [copy.copy(op) if op.status == "info" else op for op in operations]
        self.answered = frozenset(i for i, op in enumerate(operations) if op.status == "ok")

        self.calls: list[Call] = []
        numbers: dict[Hashable, int] = {}
        self.kinds: list[int] = []
        for op in operations:
            call = self._call(op)
            self.kinds.append(numbers.setdefault(call.identity, len(self.calls)))
            if self.kinds[-1] == len(self.calls):
                self.calls.append(call)
        self.looks = [bool(spec.only_looks(call)) for call in self.calls]
        self.blind = [call.f in spec.blind for call in self.calls]
        self.overwrites = [spec.overwrites(call) for call in self.calls]

        self.states: list[Any] = []
        self._state_numbers: dict[Any, int] = {}
        self._steps: dict[tuple[int, int], int] = {}
        self._possible: dict[int, list[tuple[int, int]]] = {}
        self._caring: dict[int, list[int]] = {}
        self._enablers: dict[int, list[int]] = {}
        self._state(spec.start(key))  # number 0
        for kind in range(len(self.calls)):
            self._step(0, kind)  # so that hints are checked even where the search, misled by them, never gets

    def _call(self, op: Operation) -> Call:
        client = None
        if self.spec.by_client:
            client = op.process.split("#")[0] if isinstance(op.process, str) else op.process
        known = op.status == "ok" and op.result_known and op.f not in self.spec.blind
        return Call(op, result_known=known, client=client)

    def step(self, state: int, kind: int) -> int:
        """The number of the state after one of this kind in ``state``, or -1 if that is impossible."""
        after = self._steps.get((state, kind))
        if after is None:
            after = self._steps[state, kind] = self._step(state, kind)
        return after

    def possible(self, state: int) -> list[tuple[int, int]]:
        """The kinds that are possible in ``state`` but perhaps not in every state, with the state after each."""
        if state not in self._possible:
            steps = ((kind, self._step(state, kind)) for kind, blind in enumerate(self.blind) if not blind)
            self._possible[state] = [(kind, after) for kind, after in steps if after >= 0]
        return self._possible[state]

    def caring(self, state: int) -> list[int]:
        """The kinds to which it could matter that the object was in ``state``."""
        if state not in self._caring:
            value = self.states[state]
            kinds = [kind for kind, blind in enumerate(self.blind) if not blind]
            self._caring[state] = [kind for kind in kinds if self.spec.cares(value, self.calls[kind])]
        return self._caring[state]

    def enablers(self, kind: int) -> list[int]:
        """The kinds that could be the last change before one of this kind."""
        if kind not in self._enablers:
            enablers = []
            for change, left in enumerate(self.overwrites):
                if self.looks[change]:
                    continue
                if left:
                    enables = self._step(self._state(left[0]), kind) >= 0
                else:
                    enables = self.spec.enables(self.calls[change], self.calls[kind])
                if enables:
                    enablers.append(change)
            self._enablers[kind] = enablers
        return self._enablers[kind]

    def _step(self, state: int, kind: int) -> int:
        value = self.spec.step(self.states[state], self.calls[kind])
        after = -1 if value is ILLEGAL else self._state(value)
        self._check_hints(state, kind, after)
        return after

    def _state(self, value: Any) -> int:
        try:
            number = self._state_numbers.setdefault(value, len(self.states))
        except TypeError:
            raise TypeError(f"{self.spec!r} has the state {value!r}, which can change; use tuples, not lists") from None
        if number == len(self.states):
            self.states.append(value)
        return number

    def _check_hints(self, state: int, kind: int, after: int) -> None:
        if after < 0 and self.blind[kind]:
            said = f"{self.calls[kind].f!r} is blind, but step found it ILLEGAL in {self.states[state]!r}"
        elif self.looks[kind] and after != state and after >= 0:
            said = (
                f"{self.calls[kind].f!r} only looks, but step turned {self.states[state]!r} into {self.states[after]!r}"
            )
        else:
            return
        raise ValueError(f"{self.spec!r} says that {said}; correct one of the two")


class _Configuration:
    """What is done and the state it left: one place on the way that the search follows."""

    __slots__ = ("candidates", "done", "later", "now", "state", "taken")

    def __init__(self, done: int, state: int, candidates: int, first: int, taken: list[int]) -> None:
        self.done, self.state, self.candidates = done, state, candidates
        self.now, self.later = (first, candidates & ~first) if first else (candidates, 0)  # still to be tried
        self.taken = taken  # the operations that led here from the configuration before


class _Search:
    """The search for an order of one object's operations.

    A set of operations is an int with one bit for each. The low bits are those that must be in the order (they are
    *held* to their record), by deadline. The rest may be in it or not: those that were never answered, and answered
    ones that ``held`` leaves out. ``chain`` prescribes an order among the held ones.
    """

    def __init__(self, obj: _Object, held: Collection[int], chain: Sequence[int] = ()) -> None:
        self.obj = obj
        # In a prescribed order nobody may wait for longer than those behind.
        patience = dict(zip(chain, _least_of_rest([obj.records[i].completed for i in chain]), strict=True))
        end = max((obj.records[i].completed or 0.0 for i in held), default=-1.0)
        rows: list[tuple[bool, float, float, int]] = []  # optional, deadline, invoked, position
        for position, op in enumerate(obj.records):
            deadline = math.inf if op.completed is None else op.completed
            if position in held:
                rows.append((False, patience.get(position, deadline), op.invoked, position))
            elif op.invoked <= end and not obj.looks[obj.kinds[position]]:
                rows.append((True, deadline, op.invoked, position))
        rows.sort()
        self.deadlines = [row[1] for row in rows]
        self.invoked = [row[2] for row in rows]
        self.positions = [row[3] for row in rows]
        self.kinds = [obj.kinds[position] for position in self.positions]
        self.n_held = len(held)
        self.held = (1 << self.n_held) - 1

        self.of_kind: dict[int, int] = {}
        for i, kind in enumerate(self.kinds):
            self.of_kind[kind] = self.of_kind.get(kind, 0) | 1 << i
        self.noticing = self.held & sum(who for kind, who in self.of_kind.items() if not obj.blind[kind])
        self.overwriting = sum(who for kind, who in self.of_kind.items() if obj.overwrites[kind])
        # Does every change leave a state that does not depend on the state before? True of registers, not of appends.
        self.forgetful = all(obj.looks[kind] or obj.overwrites[kind] for kind in self.of_kind)

        self.invoked_by = self._invoked_by()  # for each held operation: what was invoked by its deadline
        self.before, self.expires = self._precedences(chain)
        self.bound = sum(1 << i for i in self.before)
        # Of operations without a deadline that ask the same, the one invoked first stands in for the others.
        endless = sum(1 << i for i, deadline in enumerate(self.deadlines) if deadline == math.inf)
        self.stand_ins = [self.of_kind[kind] & endless & ((1 << i) - 1) for i, kind in enumerate(self.kinds)]

        self.steps = 0
        self.reach = 0  # no configuration got beyond this held operation, and none ended for a later one
        self._noticed: dict[int, tuple[int, int, int, int]] = {}
        self._enablers: dict[int, int] = {}
        self._seen: dict[tuple[int, int], list[int]] = {}
        self._way: list[_Configuration] = []
        self.found: bool | None = None
        if self._enter(0, 0, 0):
            self.found = True

    def _invoked_by(self) -> list[int]:
        result = []
        by_invocation = sorted(range(len(self.invoked)), key=self.invoked.__getitem__)
        invoked, n = 0, 0
        for deadline in self.deadlines[: self.n_held]:
            while n < len(by_invocation) and self.invoked[by_invocation[n]] <= deadline:
                invoked |= 1 << by_invocation[n]
                n += 1
            result.append(invoked)
        return result

    def _precedences(self, chain: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
        """Two sets for an operation: the held ones that it must wait for although its invocation is not after their
        deadline; and the optional ones for which it is too late once this one is done.

        The first is program order: where one operation ended at the instant at which another of the same process
        began, it is first. Between two processes such operations are concurrent: time does not tell.
        """
        before: dict[int, int] = {}
        expires: dict[int, int] = {}
        ended: dict[tuple[str | int, float], list[int]] = {}
        for i, position in enumerate(self.positions):
            ended.setdefault((self.obj.records[position].process, self.deadlines[i]), []).append(i)
        for i, position in enumerate(self.positions):
            for j in ended.get((self.obj.records[position].process, self.invoked[i]), ()):
                if i != j and _precedes(self.obj.records, self.positions[j], position):
                    which = before if j < self.n_held else expires
                    which[i] = which.get(i, 0) | 1 << j
        late, n = 0, self.n_held  # the optional ones follow by deadline
        for i in sorted(range(len(self.positions)), key=self.invoked.__getitem__):
            while n < len(self.deadlines) and self.deadlines[n] < self.invoked[i]:
                late |= 1 << n
                n += 1
            if late:
                expires[i] = expires.get(i, 0) | late
        index = {position: i for i, position in enumerate(self.positions[: self.n_held])}
        for first, second in itertools.pairwise(i for i in chain if i in index):
            before[index[second]] = before.get(index[second], 0) | 1 << index[first]
        return before, expires

    def _notice(self, state: int) -> tuple[int, int, int, int]:
        """What the operations notice of a state: (those that can be taken at once, the held ones that are impossible,
        and two sets that say who would be glad of this state)."""
        known = self._noticed.get(state)
        if known is not None:
            return known
        at_once = possible = stays = changes = 0
        for kind, after in self.obj.possible(state):
            who = self.of_kind.get(kind, 0)
            possible |= who
            if self.obj.looks[kind]:
                at_once |= who
            if after == state:
                stays |= who & self.held
            else:
                changes |= who
        if not self.forgetful:
            stays = changes = 0
            for kind in self.obj.caring(state):
                stays |= self.of_kind.get(kind, 0)
        known = self._noticed[state] = at_once, self.noticing & ~possible, stays, changes
        return known

    def _enabled_by(self, i: int) -> int:
        """The operations that can be the last change before held operation ``i``."""
        known = self._enablers.get(i)
        if known is not None:
            return known
        enablers = sum(self.of_kind.get(kind, 0) for kind in self.obj.enablers(self.kinds[i]))
        known = self._enablers[i] = enablers & self.invoked_by[i]
        return known

    def _enter(self, done: int, state: int, bit: int) -> bool:
        """Go on from here unless that is hopeless. True if nothing is left to do."""
        at_once, impossible, stays, changes = self._notice(state)
        taken = [bit]
        while True:
            missing = self.held & ~done
            if not missing:
                self._way.append(_Configuration(done, state, 0, 0, taken))
                return True
            due = (missing & -missing).bit_length() - 1  # the earliest deadline: nothing invoked later may come before
            candidates = self.invoked_by[due] & ~done
            for i in _members(candidates & self.bound):
                if self.before[i] & ~done:
                    candidates ^= 1 << i
            fits = candidates & at_once
            if self.expires:  # not those after which it would be too late for something
                fits = sum(1 << i for i in _members(fits) if not self.expires.get(i, 0) & ~done)
            if not fits:
                break
            done |= fits
            taken.append(fits)
        self.reach = max(self.reach, due)

        for i in _members(impossible & ~done):
            # It takes a last change after which it is possible, and, where this state cannot lead there, a new start.
            lead = self.forgetful or stays >> i & 1
            if not self._enabled_by(i) & ~done or not (lead or self.overwriting & self.invoked_by[i] & ~done):
                self.reach = max(self.reach, i)
                return False

        # What nobody notices makes no difference: all such states are one.
        same = done & self.held, state if (stays | changes) & ~done else -1
        used = done >> self.n_held
        earlier = self._seen.setdefault(same, [])
        for less in earlier:
            if less & used == less:
                return False
        earlier.append(used)
        first = candidates & self._enabled_by(due) if impossible >> due & 1 else 0
        self._way.append(_Configuration(done, state, candidates, first, taken))
        return False

    def run(self, steps: int) -> bool | None:
        """Search on, for so many steps. True: an order was found. False: there is none. None: not yet known."""
        if self.found is not None:
            return self.found
        stop = self.steps + steps
        while self._way:
            if self.steps >= stop:
                return None
            here = self._way[-1]
            if not here.now:
                here.now, here.later = here.later, 0
                if not here.now:
                    self._way.pop()
                continue
            bit = here.now & -here.now
            here.now ^= bit
            i = bit.bit_length() - 1
            if self.stand_ins[i] & here.candidates:
                continue
            self.steps += 1
            after = self.obj.step(here.state, self.kinds[i])
            if after < 0:
                continue
            if i >= self.n_held and not self._is_noticed(here, after, bit):
                continue
            if self._enter(here.done | bit | self.expires.get(i, 0), after, bit):
                self.found = True
                return True
        self.found = False
        return False

    def _is_noticed(self, here: _Configuration, after: int, bit: int) -> bool:
        """Would an optional operation that leads to state ``after`` make a difference to anybody?"""
        if after == here.state:
            return False
        _, _, stays, changes = self._notice(after)
        if not self.forgetful:
            return bool(stays & ~here.done & ~bit)
        _, _, stayed, changed = self._notice(here.state)
        return bool((stays & ~stayed | changes & ~changed) & ~here.done & ~bit)

    def suspects(self) -> frozenset[int]:
        """The positions of held operations for which alone the search would have failed: had there been an order of
        these, it would have led beyond the last of them."""
        last = self.deadlines[self.reach]
        return frozenset(i for i, deadline in zip(self.positions, self.deadlines, strict=True) if deadline <= last)

    def enablers(self, position: int) -> tuple[list[int], float]:
        """The positions of the operations that can be the last change before a held one, and its deadline."""
        i = self.positions.index(position)
        return [self.positions[j] for j in _members(self._enabled_by(i))], self.deadlines[i]

    def state(self) -> int:
        return self._way[-1].state

    def order(self) -> list[int]:
        """The positions of the operations on the way here, in order."""
        together = itertools.chain.from_iterable(configuration.taken for configuration in self._way)
        return [self.positions[i] for operations in together for i in _members(operations)]


def _members(operations: int) -> Iterator[int]:
    while operations:
        low = operations & -operations
        operations ^= low
        yield low.bit_length() - 1
