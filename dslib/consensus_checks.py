"""Did they agree? The four promises of consensus, judged on who decided what and when; and a bank that keeps its money.

Consensus: every process proposes a value and decides one. *Agreement*: no two decide differently. *Validity*: not just
any value may be decided. *Integrity*: nobody decides twice. *Termination*: everybody decides, here by a time that you
name, for "eventually" cannot be refuted by a run that ends. The names are those of Cachin, Guerraoui & Rodrigues,
"Introduction to reliable and secure distributed programming" (2011), chapter 5.

Decisions are triples ``(process, value, time)``, the time in ms. :func:`record_decisions` collects them as a simulation
runs. Processes in ``faulty`` may lie: what they decide counts for nothing.

    decisions = record_decisions(sim, "decided")          # before the run: watch the attribute `decided` of every node
    sim.always(lambda sim: check_agreement(decisions))    # stops at the first breach, or check when it is over
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .checkers import Conflict, Verdict, _count, _listed, _ms, _told
from .history import Operation
from .simulation import Simulation
from .specs import ILLEGAL, Spec, _name, shown

VALIDITIES = ("proposed", "strong", "weak")


class Decision(NamedTuple):
    """``process`` decided ``value`` at ``time`` ms."""

    process: str | int
    value: Hashable
    time: float = 0.0


Decisions = Iterable[Decision | tuple[str | int, Hashable, float]]


def check_agreement(decisions: Decisions, faulty: Collection[str | int] = ()) -> Verdict:
    """Do no two processes outside ``faulty`` decide differently?

    With ``faulty`` empty this is *uniform* agreement: one that decides and crashes binds the others, too.
    """
    made = _made(decisions, faulty)
    for later in made:
        if later.value != made[0].value:
            return _broken("agreed", "two different values were decided.", [made[0], later])
    return _kept("agreed", f"{_count(len(made), 'decision')}{f', all for {shown(made[0].value)}' if made else ''}")


def check_validity(
    decisions: Decisions,
    proposals: Mapping[str | int, Hashable],
    validity: str = "proposed",
    faulty: Collection[str | int] = (),
) -> Verdict:
    """Is every decided value one that may be decided, given who proposed what?

    ``proposals`` maps each process to its value; ``validity`` is one of three:

    - ``"proposed"``: a decided value was proposed by some process. For processes that only crash (Cachin et al. 2011).
    - ``"strong"``: if all processes outside ``faulty`` proposed one value, only that is decided.
    - ``"weak"``: the same, but it binds only if no process is faulty at all.

    The last two are the usual ones among liars, defined so by Civit, Gilbert, Guerraoui, Komatovic & Vidigueira, "On
    the validity of consensus" (PODC 2023). None of the three implies that a liar's value is not decided.
    """
    if validity not in VALIDITIES:
        raise ValueError(f"validity={validity!r} is unknown; write one of {', '.join(map(repr, VALIDITIES))}")
    if not isinstance(proposals, Mapping) or not proposals:
        raise ValueError(f'proposals={proposals!r} names no proposal; write {{"p1": 0, "p2": 1, ...}}, one a process')
    made = _made(decisions, faulty)
    if strangers := [d for d in made if d.process not in proposals]:
        raise ValueError(f"{strangers[0].process!r} decided but is not in proposals; give the value that it proposed")
    if unknown := [name for name in faulty if name not in proposals]:
        raise ValueError(f"{unknown[0]!r} is faulty but not in proposals; give the value that it proposed, or None")
    allowed = [value for name, value in proposals.items() if validity == "proposed" or name not in faulty]
    bound = validity == "proposed" or (len(set(allowed)) == 1 and not (validity == "weak" and faulty))
    for d in made:
        if bound and d.value not in allowed:
            why = (
                f"{shown(d.value)} was decided, but nobody proposed it"
                if validity == "proposed"
                else f"{shown(d.value)} was decided, but all correct processes proposed {shown(allowed[0])}"
            )
            return _broken(f"valid ({validity})", f"{why}.", [d])
    free = "" if bound else "; the proposals leave every value open"
    return _kept(f"valid ({validity})", f"{_count(len(made), 'decision')}{free}")


def check_integrity(decisions: Decisions, faulty: Collection[str | int] = ()) -> Verdict:
    """Does no process outside ``faulty`` decide twice? Not even for the same value (Cachin et al. 2011)."""
    first: dict[str | int, Decision] = {}
    for d in _made(decisions, faulty):
        if d.process in first:
            return _broken("decided at most once", f"{d.process} decided twice.", [first[d.process], d])
        first[d.process] = d
    return _kept("decided at most once", f"{len(first)} decided")


def check_termination(
    decisions: Decisions, processes: Iterable[str | int], by_ms: float, faulty: Collection[str | int] = ()
) -> Verdict:
    """Does each of ``processes`` outside ``faulty`` decide by ``by_ms``?

    Leave out of ``processes`` (or name in ``faulty``) those that crashed for good: they owe nobody a decision.
    """
    if isinstance(by_ms, bool) or not isinstance(by_ms, int | float) or not 0 < by_ms < math.inf:
        raise ValueError(f"by_ms={by_ms!r} is no bound: write the ms by which all must have decided, such as 500")
    expected = [name for name in dict.fromkeys(processes) if name not in faulty]
    if not expected:
        raise ValueError("processes names nobody who must decide; name the correct processes, such as sim.nodes")
    made = _made(decisions, faulty)
    first: dict[str | int, Decision] = {}
    for d in made:
        first.setdefault(d.process, d)
    late = [d for d in first.values() if d.process in expected and d.time > by_ms]
    never = [str(name) for name in expected if name not in first]
    if never or late:
        who = _listed(never) + " never decided" if never else f"{_listed([str(d.process) for d in late])} decided late"
        return _broken("done in time", f"by {_ms(by_ms)} ms all had to decide; {who}.", late)
    last = max(first[name].time for name in expected)
    return _kept("done in time", f"all {len(expected)} decided, the last at {_ms(last)} of {_ms(by_ms)} ms")


def check_consensus(
    decisions: Decisions,
    proposals: Mapping[str | int, Hashable],
    by_ms: float | None = None,
    validity: str = "proposed",
    faulty: Collection[str | int] = (),
) -> Verdict:
    """All of them: agreement, validity, integrity, and termination if ``by_ms`` is given. The first breach is told."""
    made = list(decisions)
    verdicts = [
        check_agreement(made, faulty),
        check_validity(made, proposals, validity, faulty),
        check_integrity(made, faulty),
    ]
    if by_ms is not None:
        verdicts.append(check_termination(made, proposals, by_ms, faulty))
    for verdict in verdicts:
        if not verdict:
            return verdict
    return Verdict(True, claim="consensus", words="Consensus: " + " ".join(verdict.explain() for verdict in verdicts))


def record_decisions(sim: Simulation, decided: str | Callable[[Any], Hashable] = "decided") -> list[Decision]:
    """A list that fills as ``sim`` runs: each time a node has decided, or decided anew. Call it before the run.

    ``decided`` is the name of an attribute, or a function of the node; None (or no such attribute) means not yet. A
    node that wakes from a crash with the decision it had made remembers it: that is not a second one.
    """
    decisions: list[Decision] = []
    known: dict[str, Hashable] = {}

    def watch(sim: Simulation) -> bool:
        for name, node in sim.nodes.items():
            value = decided(node) if callable(decided) else getattr(node, decided, None)
            if value is not None and (name not in known or known[name] != value):
                known[name] = value
                decisions.append(Decision(name, value, sim.now))
        return True

    sim.always(watch)
    return decisions


def _made(decisions: Decisions, faulty: Collection[str | int]) -> list[Decision]:
    """The decisions that count, by time."""
    if isinstance(faulty, str):
        raise TypeError(f"faulty={faulty!r} is text, not names: write faulty=({faulty!r},)")
    made = []
    for d in decisions:
        if not isinstance(d, tuple) or len(d) not in (2, 3):
            raise TypeError(f"{d!r} is no decision; write (process, value, time in ms), such as ('p1', 'commit', 12.5)")
        made.append(Decision(*d))
    return sorted((d for d in made if d.process not in faulty), key=lambda d: d.time)


def _broken(claim: str, why: str, decisions: Sequence[Decision]) -> Verdict:
    lines = [f"Not {claim}: {why}"]
    lines += [
        f"  {n}. {d.process}: decided {shown(d.value)} at {_ms(d.time)} ms" for n, d in enumerate(decisions, start=1)
    ]
    return Verdict(False, claim=claim, conflict=lambda: Conflict(tuple(decisions), True, "\n".join(lines)))


def _kept(claim: str, words: str) -> Verdict:
    return Verdict(True, claim=claim, words=f"{claim[0].upper()}{claim[1:]}: {words}.")


class Bank(Spec):
    """Accounts: ``transfer`` with ``arg=(from, to, amount)``, and ``read``, which answers all of them at one moment.

    ``initial`` maps each account to its balance in whole units (cents). A read answers pairs: ``(("a", 5), ("b", 7))``.
    ``overdraft=False`` promises that no account goes below zero; a transfer that would do that is a ``fail``. Usable
    with :func:`dslib.check_linearizable` and :func:`dslib.check_sequential`, too.
    """

    operations = ("transfer", "read")
    looks = ("read",)

    def __init__(self, initial: Mapping[str, int], overdraft: bool = False) -> None:
        if not isinstance(initial, Mapping) or not initial:
            raise ValueError(f'Bank({initial!r}) has no accounts; write Bank({{"a": 100, "b": 100}})')
        for account, amount in initial.items():
            if isinstance(amount, bool) or not isinstance(amount, int):
                raise ValueError(f"Bank: account {account!r} holds {amount!r}; count in whole units, such as cents")
            if amount < 0 and not overdraft:
                raise ValueError(
                    f"Bank: account {account!r} starts at {amount}; write overdraft=True if that is allowed"
                )
        self.overdraft = overdraft
        self.initial = tuple(sorted(initial.items()))
        self.accounts = tuple(account for account, _ in self.initial)
        self.total = sum(initial.values())

    def step(self, state: Any, op: Any) -> Any:
        """Move the money, or look at it."""
        if op.f == "read":
            return state if not op.result_known or tuple(sorted(op.result)) == state else ILLEGAL
        giver, taker, amount = op.arg
        balances = dict(state)
        balances[giver] -= amount
        balances[taker] += amount
        return ILLEGAL if balances[giver] < 0 and not self.overdraft else tuple(balances.items())

    def check(self, op: Operation) -> None:
        """Raises ValueError for a transfer that is none, and for an answer that is not made of pairs."""
        super().check(op)
        if op.f == "transfer":
            if not isinstance(op.arg, tuple) or len(op.arg) != 3:
                raise ValueError(f"{_name(op)}: the arg of a transfer is (from, to, amount), not {op.arg!r}")
            for account in op.arg[:2]:
                if account not in self.accounts:
                    raise ValueError(f"{_name(op)}: no account {account!r}; there are {', '.join(self.accounts)}")
            if isinstance(op.arg[2], bool) or not isinstance(op.arg[2], int) or op.arg[2] <= 0:
                raise ValueError(f"{_name(op)}: an amount is a whole number above 0, not {op.arg[2]!r}")
        elif op.status == "ok" and op.result_known and not _pairs(op.result):
            raise ValueError(
                f'{_name(op)}: a read answers all accounts in pairs, (("a", 5), ("b", 7)), not {shown(op.result)}'
            )

    def say(self, op: Operation) -> str:
        """A transfer or a read, in words."""
        if op.f == "read":
            return f"read {shown(op.result)}" if op.status == "ok" and op.result_known else "read (no answer)"
        giver, taker, amount = op.arg
        return f"transfer {amount} from {giver} to {taker}" + (" (never answered)" if op.status == "info" else "")

    def describe(self, state: Any) -> str:
        """The accounts, in words."""
        return "the accounts hold " + ", ".join(f"{account} {amount}" for account, amount in state)


def check_bank(history: Iterable[Operation], bank: Bank) -> Verdict:
    """Does every read of all accounts show the same total, and no account below zero unless ``bank`` allows that?

    Transfers move money and make none, so every snapshot shows what was there at the start. A read that shows another
    total saw half a transfer, or money was lost or made. The converse is not true: a read with the right total may be
    stale. (An invariant of the workload "bank" of Jepsen.)
    """
    if not isinstance(bank, Bank):
        raise TypeError(f'{bank!r} is no bank; write check_bank(history, Bank({{"a": 100, "b": 100}}))')
    operations = list(history)
    for op in operations:
        if not isinstance(op, Operation):
            raise TypeError(f"A history holds operations, not {op!r}")
        bank.check(op)
    reads = [op for op in operations if op.f == "read" and op.status == "ok" and op.result_known]
    for read in reads:
        if why := _wrong(read, operations, bank):
            lines = [f"Not a bank that keeps its money: {why[0]}", f"  1. {_told(read, bank)}"]
            lines += [f"  {n}. {_told(op, bank)}" for n, op in enumerate(why[1], start=2)]
            if why[1]:
                halves = " or ".join(str(n) for n in range(2, len(why[1]) + 2))
                lines.append(f"1 may have seen one half of {halves}: that is the difference.")
            conflict = Conflict((read, *why[1]), True, "\n".join(lines))
            return Verdict(False, claim="a bank that keeps its money", conflict=lambda: conflict)  # noqa: B023
    words = f"A bank that keeps its money: {_count(len(reads), 'read')}, each with a total of {bank.total}."
    return Verdict(True, claim="a bank that keeps its money", words=words)


def _pairs(result: Any) -> bool:
    return isinstance(result, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], int) for pair in result
    )


def _wrong(read: Operation, operations: Sequence[Operation], bank: Bank) -> tuple[str, list[Operation]] | None:
    accounts = [account for account, _ in read.result]
    if sorted(accounts) != list(bank.accounts):
        return f"1 shows the accounts {', '.join(map(str, accounts))}, but there are {', '.join(bank.accounts)}.", []
    total = sum(amount for _, amount in read.result)
    if total != bank.total:
        ended = read.completed or 0.0
        halves = [
            op for op in operations
            if op.f == "transfer" and op.status != "fail" and op.invoked <= ended
            and op.arg[2] == abs(total - bank.total) and (op.completed is None or op.completed >= read.invoked)
        ]  # fmt: skip
        return f"1 shows a total of {total}, but there were {bank.total} at the start.", halves
    if not bank.overdraft:
        for account, amount in read.result:
            if amount < 0:
                return f"1 shows {amount} in {account}, and no account may go below 0.", []
    return None
