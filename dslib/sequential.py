"""Sequential consistency: one order for everybody, in which each client keeps its own, and no clock on the wall.

"The result of any execution is the same as if the operations of all the processors were executed in some sequential
order, and the operations of each individual processor appear in this sequence in the order specified by its program"
(Lamport, "How to make a multiprocessor computer that correctly executes multiprocess programs", IEEE Transactions on
Computers C-28(9), 1979).

Unlike linearizability it is not local (Herlihy & Wing 1990): two objects, each sequentially consistent by itself, need
not be so together, so the search is for one order of *all* operations on *all* keys. Deciding that is
NP-complete (Gibbons & Korach, "Testing shared memories", SIAM J. Comput. 26(4), 1997): hard histories need a limit.

What the search remembers and leaves out is as in ``dslib.checkers``, where it says why that changes no verdict: what is
done and the states it left are seen once; a read that fits is taken at once; an unanswered operation only if somebody
is still to notice it; and where an answer has become impossible for good, this way is a dead end.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterable, Sequence

from .checkers import (
    ORDERED_SHOWN,
    ORDERS_SHOWN,
    TURN_STEPS,
    WITNESS_SHOWN,
    Conflict,
    Verdict,
    _alarm,
    _count,
    _listed,
    _members,
    _Object,
    _objects,
    _told,
    _who,
)
from .history import Operation
from .specs import Spec

CLAIM = "sequentially consistent"
ATTEMPT_STEPS = 5_000  # for one attempt to make a conflict smaller
SHRINK_STEPS = 100_000  # for all of them


def client(op: Operation) -> str | int:
    """Who asked. Alice stays alice when she goes on as "alice#2", after an operation that was never answered."""
    return op.process.split("#")[0] if isinstance(op.process, str) else op.process


def program_order(operations: Sequence[Operation]) -> list[int]:
    """For each operation those of its client that precede it, as a set with one bit for each position.

    An operation precedes those that its client asked for after it was answered. One that was never answered precedes
    none: it may still happen long after the client went on. If one ends at the moment at which another begins, the
    times of the earlier one decide, then the order of the history.
    """
    before = [0] * len(operations)
    clients: dict[str | int, list[int]] = {}
    for i, op in enumerate(operations):
        clients.setdefault(client(op), []).append(i)
    for own in clients.values():
        begins = sorted(own, key=lambda i: (operations[i].invoked, _end(operations[i]), i))
        ends = [i for i in begins if operations[i].status == "ok"]
        ends.sort(key=lambda i: _end(operations[i]))  # stable: at one moment, as they began
        done, n = 0, 0
        for i in begins:
            while n < len(ends) and _end(operations[ends[n]]) <= operations[i].invoked and ends[n] != i:
                done |= 1 << ends[n]
                n += 1
            before[i] = done
    return before


def _end(op: Operation) -> float:
    return math.inf if op.completed is None else op.completed


def check_sequential(history: Iterable[Operation], spec: Spec, time_limit: float | None = None) -> Verdict:
    """Is there one order of all operations that keeps each client's own order and that ``spec`` allows? (Lamport 1979)

    ``history`` and ``spec`` are as for :func:`dslib.check_linearizable`; time orders only the operations of one client.
    Whatever is linearizable is sequentially consistent. (Two clients that end one operation and begin the next at the
    same instant, on different keys, are an exception: there linearizability does not look at program order.)

    Gives up after ``time_limit`` seconds of real time, with a verdict whose ``holds`` is None; looking for the smallest
    conflict may take as long again. Raises TypeError or ValueError for an operation that the model does not know.
    """
    problem = _Problem(history, spec, time_limit)
    late = _alarm(time_limit)
    search = _Search(problem, problem.answered)
    while search.found is None:
        if late():
            return _gave_up(time_limit, search.steps)
        search.run(TURN_STEPS)
    if not search.found:
        return Verdict(False, steps=search.steps, claim=CLAIM, conflict=lambda: _conflict(problem, time_limit))
    witness = [problem.operations[i] for i in search.order]
    words = f"Sequentially consistent: one order explains {_count(len(problem.answered), 'answer')}"
    if silent := len(problem.operations) - len(problem.answered):
        took = len(witness) - len(problem.answered)
        words += f"; of {_count(silent, 'operation')} without an answer, {took} took effect in it"
    words += "." if 0 < len(witness) <= WITNESS_SHOWN else ". The order is in .witness."
    if len(witness) <= WITNESS_SHOWN:
        words += "".join(f"\n  {n}. {problem.told(i)}" for n, i in enumerate(search.order, start=1))
    return Verdict(True, steps=search.steps, words=words, witness=witness, claim=CLAIM)


def _gave_up(time_limit: float | None, steps: int) -> Verdict:
    words = (
        f"Unknown: the search gave up at its time limit of {time_limit:g} s, after {_count(steps, 'step')}. It found "
        "neither an order nor a proof that there is none. Give it a longer time_limit, or record a shorter history."
    )
    return Verdict(None, steps=steps, words=words, claim=CLAIM)


class _Problem:
    """All operations that may have happened, their order within each client, and the objects they were done to.

    They are sorted by the time they ended: an order that is near to that of time is tried first.
    """

    def __init__(self, history: Iterable[Operation], spec: Spec, time_limit: float | None) -> None:
        if isinstance(spec, type) and issubclass(spec, Spec):
            raise TypeError(f"check_sequential needs a model, not its class: write {spec.__name__}()")
        if not isinstance(spec, Spec):
            raise TypeError(f"{spec!r} is no model; use Register(), KeyValue(), ... or a subclass of dslib.specs.Spec")
        if time_limit is not None and not (isinstance(time_limit, int | float) and time_limit >= 0):
            raise ValueError(f"time_limit={time_limit!r} is no number of seconds; leave it out to search without limit")
        recorded = list(history)
        self.spec = spec
        self.total = len(recorded)
        self.objects: list[_Object] = _objects(recorded, spec)
        rows = [(number, place) for number, obj in enumerate(self.objects) for place in range(len(obj.records))]
        position = {id(op): n for n, op in enumerate(recorded)}
        rows.sort(key=lambda row: (_end(self._record(row)), position[id(self.objects[row[0]].operations[row[1]])]))
        self.object = [number for number, _ in rows]
        self.kind = [self.objects[number].kinds[place] for number, place in rows]
        self.operations = [self.objects[number].operations[place] for number, place in rows]
        self.records = [self._record(row) for row in rows]
        self.answered = frozenset(i for i, op in enumerate(self.records) if op.status == "ok")
        self.before = program_order(self.records)

    def _record(self, row: tuple[int, int]) -> Operation:
        return self.objects[row[0]].records[row[1]]

    def told(self, i: int) -> str:
        return _told(self.records[i], self.spec, with_key=len(self.objects) > 1)


class _Search:
    """The search for an order that holds the operations ``held`` to their record, with any others for help.

    A set of operations is an int with one bit for each. ``chain`` prescribes an order among the held ones.
    """

    def __init__(self, problem: _Problem, held: Collection[int], chain: Sequence[int] = ()) -> None:
        self.problem = problem
        objects, kind = problem.objects, problem.kind
        self.held = sum(1 << i for i in held)
        looks = [objects[number].looks[kind[i]] for i, number in enumerate(problem.object)]
        self.optional = sum(1 << i for i in range(len(kind)) if i not in held and not looks[i])
        self.all = self.held | self.optional
        # An optional operation may be left out, so nobody waits for it; but once passed it is too late for it.
        self.before = [before & self.held for before in problem.before]
        self.passes = [before & self.optional for before in problem.before]
        for first, second in itertools.pairwise(chain):
            self.before[second] |= 1 << first
        self.of_kind: list[dict[int, int]] = [{} for _ in objects]
        for i in _members(self.all):
            same = self.of_kind[problem.object[i]]
            same[kind[i]] = same.get(kind[i], 0) | 1 << i
        self.noticing = [sum(who for k, who in same.items() if not obj.blind[k])
                         for obj, same in zip(objects, self.of_kind, strict=True)]  # fmt: skip
        self.forgetful = [all(obj.looks[k] or obj.overwrites[k] for k in same)
                          for obj, same in zip(objects, self.of_kind, strict=True)]  # fmt: skip
        self.silent: dict[int, int] = {}  # writes that are possible in every state, and the state that each leaves
        for i in held:
            obj = objects[problem.object[i]]
            if self.forgetful[problem.object[i]] and obj.blind[kind[i]]:
                self.silent[i] = obj.step(0, kind[i])
        self.endless = sum(1 << i for i in _members(self.optional) if problem.records[i].status == "info")
        self._fits: dict[tuple[int, int], tuple[int, int]] = {}
        self._enablers: dict[int, int] = {}
        self._seen: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        self._way: list[tuple[int, tuple[int, ...], list[int], int]] = []  # done, states, taken to get here, to try
        self.steps = 0
        self.found: bool | None = None
        self._enter(0, (0,) * len(objects), [])

    @property
    def order(self) -> list[int]:
        return [i for _, _, taken, _ in self._way for i in taken]

    @property
    def states(self) -> tuple[int, ...]:
        return self._way[-1][1]

    def _fit(self, number: int, state: int) -> tuple[int, int]:
        """Of the operations on this object, those that are possible in ``state`` though not in every state, and those
        of them that only look."""
        known = self._fits.get((number, state))
        if known is None:
            possible = looking = 0
            for kind, _ in self.problem.objects[number].possible(state):
                who = self.of_kind[number].get(kind, 0)
                possible |= who
                if self.problem.objects[number].looks[kind]:
                    looking |= who
            known = self._fits[number, state] = possible, looking
        return known

    def _enabled_by(self, i: int) -> int:
        """The operations that could be the last change before ``i``, without those that its client did after it."""
        known = self._enablers.get(i)
        if known is None:
            number = self.problem.object[i]
            kinds = self.problem.objects[number].enablers(self.problem.kind[i])
            who = sum(self.of_kind[number].get(kind, 0) for kind in kinds)
            known = self._enablers[i] = sum(1 << j for j in _members(who) if not self.before[j] >> i & 1)
        return known

    def _ready(self, done: int, among: int) -> Iterable[int]:
        return (i for i in _members(among & ~done) if not self.before[i] & ~done)

    def _is_free(self, i: int, done: int, states: tuple[int, ...]) -> bool:
        """Can operation ``i``, which is ready, be taken at once? A read that fits, and a write that nobody is to notice
        over a state that nobody is to notice."""
        if self.passes[i] & ~done:
            return False
        number = self.problem.object[i]
        possible, looking = self._fit(number, states[number])
        if i not in self.silent:
            return bool(looking >> i & 1)
        return not (possible | self._fit(number, self.silent[i])[0]) & ~done

    def _enter(self, done: int, states: tuple[int, ...], taken: list[int]) -> None:
        """Go on from here unless that is hopeless."""
        while free := [i for i in self._ready(done, self.held) if self._is_free(i, done, states)]:
            for i in free:
                done |= 1 << i
                taken.append(i)
                if i in self.silent:
                    number = self.problem.object[i]
                    states = (*states[:number], self.silent[i], *states[number + 1 :])
        noticed = []
        for number, state in enumerate(states):
            possible = self._fit(number, state)[0]
            for i in _members(self.noticing[number] & self.held & ~done & ~possible):
                if not self._enabled_by(i) & ~done:
                    return
            # What nobody notices makes no difference: all such states are one.
            noticed.append(state if possible & ~done or not self.forgetful[number] else -1)
        if not self.held & ~done:
            self._way.append((done, states, taken, 0))
            self.found = True
            return
        earlier = self._seen.setdefault((done & self.held, tuple(noticed)), [])
        used = done & self.optional
        if any(less & used == less for less in earlier):
            return
        earlier.append(used)
        self._way.append((done, states, taken, sum(1 << i for i in self._ready(done, self.all))))

    def run(self, steps: int) -> bool | None:
        """Search on, for so many steps. True: an order was found. False: there is none. None: not yet known."""
        stop = self.steps + steps
        while self.found is None and self._way:
            if self.steps >= stop:
                return None
            done, states, taken, candidates = self._way.pop()
            if not candidates:
                continue
            bit = candidates & -candidates
            self._way.append((done, states, taken, candidates ^ bit))
            i = bit.bit_length() - 1
            number, kind = self.problem.object[i], self.problem.kind[i]
            # Of unanswered operations that ask the same, the first one that is ready stands in for the others.
            if bit & self.endless and any(self._ready(done, self.of_kind[number][kind] & self.endless & (bit - 1))):
                continue
            self.steps += 1
            after = self.problem.objects[number].step(states[number], kind)
            if after < 0 or (bit & self.optional and not self._matters(number, states[number], after, done | bit)):
                continue
            self._enter(done | bit | self.passes[i], (*states[:number], after, *states[number + 1 :]), [i])
        if self.found is None:
            self.found = False
        return self.found

    def _matters(self, number: int, state: int, after: int, done: int) -> bool:
        """Would an optional operation that leads to ``after`` make a difference to anybody?"""
        return after != state and (not self.forgetful[number] or bool(self._fit(number, after)[0] & ~done))


def _conflict(problem: _Problem, time_limit: float | None) -> Conflict:
    held, smallest = _shrink(problem, _alarm(time_limit))
    number = {i: str(n) for n, i in enumerate(held, start=1)}
    these = "this answer cannot" if len(held) == 1 else f"these {len(held)} answers cannot all"
    lines = [f"Not sequentially consistent: {these} be right."]
    lines += [f"  {number[i]}. {problem.told(i)}" for i in held]
    if pairs := [(i, j) for j in held for i in held if problem.before[j] >> i & 1]:
        near = [(i, j) for i, j in pairs if not any((i, k) in pairs and (k, j) in pairs for k in held)]
        lines.append("; ".join(f"{number[i]} came before {number[j]} at {client(problem.records[i])}"
                               for i, j in near) + ".")  # fmt: skip
    orders = _orders(problem, held) if len(held) <= ORDERED_SHOWN else []
    shown = orders[:1] if len(orders) > ORDERS_SHOWN else orders
    if len(orders) > 1:
        which = ". One of them:" if len(shown) < len(orders) else ":"
        lines.append(f"The clients' own orders allow {len(orders)} orders of these, and each breaks{which}")
    for order in shown:
        lines.append(("  - " if len(orders) > 1 else "") + _breaks(problem, order, number))
    if not smallest:
        lines.append("The search for a smaller set was cut short: this one is not proven smallest.")
    elif len(held) > 1:
        lines.append(f"It takes {'both' if len(held) == 2 else 'all'} of these, whatever of the rest took effect.")
    return Conflict(tuple(problem.operations[i] for i in held), smallest, "\n".join(lines))


def _shrink(problem: _Problem, late: Callable[[], bool]) -> tuple[list[int], bool]:
    """The operations of a conflict, and whether none can be taken out. One pass over ever smaller blocks suffices, for
    what is taken out may still be in the order, and so can only make one easier to find."""
    budget, smallest = SHRINK_STEPS, True
    held = set(problem.answered)
    looks = [problem.objects[number].looks[kind] for number, kind in zip(problem.object, problem.kind, strict=True)]
    blocks = [[i for i in sorted(held) if looks[i] is look] for look in (False, True)]  # reads first, from the end
    while blocks:
        block = blocks.pop()
        if not block:
            continue
        attempt = _Search(problem, held.difference(block))
        while attempt.found is None and budget > 0 and attempt.steps < ATTEMPT_STEPS and not late():
            before = attempt.steps
            attempt.run(TURN_STEPS)
            budget -= attempt.steps - before
        if attempt.found is False:
            held.difference_update(block)
        elif len(block) > 1:
            blocks += [block[len(block) // 2 :], block[: len(block) // 2]]
        elif attempt.found is None:
            smallest = False
    return sorted(held, key=lambda i: (problem.records[i].invoked, i)), smallest


def _orders(problem: _Problem, held: Sequence[int]) -> list[list[int]]:
    """All orders that keep each client's own."""
    if not held:
        return [[]]
    result = []
    for i in held:
        rest = [j for j in held if j != i]
        if not any(problem.before[i] >> j & 1 for j in rest):
            result += [[i, *order] for order in _orders(problem, rest)]
    return result


def _breaks(problem: _Problem, order: Sequence[int], number: dict[int, str]) -> str:
    """How far this order gets, with any help from the other operations, and what stops it."""
    way, states = [], (0,) * len(problem.objects)
    for length in range(1, len(order) + 1):
        longer = _Search(problem, order[:length], chain=order[:length])
        if not longer.run(ATTEMPT_STEPS):
            break
        way, states = longer.order, longer.states
    if longer.found is not False:  # it takes longer to see than to say
        return f"{_listed([number[i] for i in order])}: no way through."
    stuck = order[length - 1]
    obj = problem.objects[problem.object[stuck]]
    on_key = [f" on key {op.key!r}" if len(problem.objects) > 1 else "" for op in problem.records]
    said = [problem.spec.say(op) for op in problem.records]
    names = [number.get(i) or f"{_who(problem.records[i])}'s {said[i]}{on_key[i]}" for i in way]
    state = obj.spec.describe(obj.states[states[problem.object[stuck]]]) + on_key[stuck]
    start = f"After {_listed(names)}" if names else "At the start"
    return f"{start} {state}, so {number[stuck]} ({said[stuck]}) is impossible."
