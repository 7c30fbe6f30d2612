"""Quorums, and a chat room that PBFT keeps among liars; what it costs, and when not to bother.

The protocol is in ``protocols/pbft.py``, its liars in ``protocols/pbft_trial.py``. ``try_quorum`` puts a learner's own
quorums to the test.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from ..checkers import check_linearizable
from ..lies import strategy
from ..metrics import Seen, what_users_saw
from ..network import Network
from ..node import Message
from ..protocols.byzantine_generals import quorum_overlap, smallest_quorum
from ..protocols.pbft import PbftClient, PbftReplica
from ..protocols.pbft_messages import Commit, Prepare, PrePrepare, Reply
from ..protocols.pbft_trial import CriesWolf, Equivocates, Forges, Lies, Silent, agreement
from ..simulation import Simulation
from ..specs import KeyValue
from .verdicts import Trial, Verdict, rule_name

# ---------------------------------------------------------------- quorums

#: How many of n replicas, of whom f may lie or be silent, must say the same.
Quorum = Callable[[int, int], int]

#: What a rule is asked: as many liars as n replicas bear, and then fewer, so that it must look at both numbers.
ASKED = (*((n, f) for f in (1, 2, 3) for n in range(3 * f + 1, 3 * f + 4)), (10, 1), (10, 2))


def try_quorum(rule: Quorum) -> Verdict:
    """Put ``rule(n, f)`` to the test: any two quorums share a correct replica, and a quorum answers while f are silent.

    It is asked for n from 3f + 1 on, since with fewer there is none, and must give the smallest that does.
    """
    if not callable(rule):
        return Verdict([], f"Not run yet: {rule!r} is not a function; hand over the function itself.", False)
    trials = []
    for n, f in ASKED:
        try:
            q = rule(n, f)
        except Exception as error:  # whatever a learner's rule may raise
            what = f"{rule_name(rule)}({n}, {f}) stops with {type(error).__name__}: {error}"
            return Verdict([], f"Not run yet: {what}.", False)
        if isinstance(q, bool) or not isinstance(q, int) or not 1 <= q <= n:
            what = f"{rule_name(rule)}({n}, {f}) gives {q!r}; return a whole number from 1 to {n}"
            return Verdict([], f"Not run yet: {what}. (// divides and rounds down.)", False)
        trouble, least = quorum_trouble(n, q, f), smallest_quorum(n, f)
        if not trouble and q > least:
            trouble = f"it works, but {least} would do"
        trials.append(Trial(f"n={n}, f={f}", (f"q={q}",), trouble))
    if all(not trial.complaint for trial in trials):
        said = f"{rule_name(rule)} is safe and live, and asks nobody in vain. Well done."
        return Verdict(trials, said, True, ("replicas", "quorum"))
    way = "Begin with the first ✗. Two quorums share at least 2q - n replicas, and f replicas may stay silent."
    return Verdict(trials, way, False, ("replicas", "quorum"))


def quorum_trouble(n: int, q: int, f: int) -> str:
    """What is wrong with quorums of q among n, of whom f may lie or be silent; "" if nothing is."""
    overlap = quorum_overlap(n, q, f)
    if not overlap.live:
        return f"waits for ever: {f} may be silent, and {n - f} are left"
    if not overlap.shared:
        return "two quorums may share nobody"
    if not overlap.correct:
        return f"two quorums may share {overlap.shared} only, and {f} may lie"
    return ""


# ---------------------------------------------------------------- a service by PBFT

#: What a replica answers that lies, or has a bug.
NONSENSE = "nonsense"

#: Replicas that break the rules in ways of their own.
LIARS: dict[str, type[PbftReplica]] = {
    "says nothing": Silent,
    "says the wrong thing": Lies,
    "gives two orders one number": Equivocates,
    "forges": Forges,
    "cries wolf": CriesWolf,
}


@strategy(PbftReplica)
def answers_nonsense(node: PbftReplica, dest: str, msg: Message, dice: Random) -> Message:
    """It keeps to the protocol, and tells clients nonsense: so would a bug in what it computes."""
    return Reply(node, msg.view, msg.timestamp, NONSENSE) if isinstance(msg, Reply) else msg


def trusted_room(
    seed: int = 0, f: int = 1, liar: str = "", who: str = "r0", buggy: tuple[str, ...] = (), posts: int = 3,
    kind: type[PbftReplica] = PbftReplica, users: tuple[str, ...] = ("alice", "bob"),
) -> Simulation:  # fmt: skip
    """A chat room kept by 3f + 1 replicas that run PBFT. Each user posts and reads, ``posts`` times.

    Args:
        f: how many replicas may lie.
        liar: how the replica ``who`` breaks the rules: one of LIARS, or "" for not at all. r0 is the first primary.
        buggy: replicas that answer nonsense. All with the same bug answer the same nonsense.
        kind: what the others are; ``QuorumTooSmall`` has one rule wrong.

    Raises:
        ValueError: there is no such liar or replica.
    """
    names = [f"r{i}" for i in range(3 * f + 1)]
    if liar and liar not in LIARS:
        raise ValueError(f"there is no liar {liar!r}: write one of {', '.join(map(repr, LIARS))}")
    for name in (who, *buggy):
        if name not in names:
            raise ValueError(f"there is no replica {name!r}: write one of {', '.join(names)}")
    replicas = [
        (LIARS[liar] if liar and name == who else kind)(name, [peer for peer in names if peer != name], f=f)
        for name in names
    ]
    clients = []
    for i, user in enumerate(users):
        script: list[tuple[str, ...]] = []
        for post in range(1, posts + 1):
            script += [("append", "room", f"{user[0]}{post} "), ("get", "room")]
        asks: dict[str, Any] = {"script": script, "start": 10.0 + 20.0 * i, "think": 40.0}
        clients.append(PbftClient(user, replicas=tuple(names), f=f, **asks))
    sim = Simulation(*replicas, *clients, network=Network(latency=(5, 15)), seed=seed)
    for name in buggy:
        sim.at(0, sim.lie, name, answers_nonsense)
    sim.always(agreement(*(name for name in names if not (liar and name == who))))
    return sim


def room_answers(sim: Simulation) -> list[Seen]:
    """What users of the room saw. They wait half a second, and nonsense is a wrong answer."""
    return what_users_saw(sim.history, sim.now, within=500.0, wrong=lambda op: op.result == NONSENSE)


class Service(NamedTuple):
    """How a service did: operations asked and answered, whether one store could have given the answers, and when."""

    asked: int
    answered: int
    one_store: bool
    last_ms: float

    def __str__(self) -> str:
        store = "as of one store" if self.one_store else "NOT as of one store"
        return f"{self.answered} of {self.asked} answered, {store}, the last at {self.last_ms:.0f} ms"


def served_by(sim: Simulation) -> Service:
    """Judge the run of a room: nobody is left waiting, and the answers are those of a single store."""
    done = [op for op in sim.history if op.status == "ok"]
    last = max((op.completed or 0.0 for op in done), default=0.0)
    return Service(len(sim.history), len(done), bool(check_linearizable(sim.history, KeyValue())), last)


class Cost(NamedTuple):
    """What one request costs: messages between replicas, and with the client's request and its replies."""

    replicas: int
    between: int
    in_all: int


def pbft_bill(f: int) -> Cost:
    """Send one request to 3f + 1 replicas, and count."""
    sim = trusted_room(f=f, posts=1, users=("alice",))
    sim.run(until=200)
    first = sim.history[0].completed or 0.0
    sent = [row.msg for row in sim.trace.where(kind="send") if row.time <= first]
    return Cost(3 * f + 1, sum(isinstance(msg, PrePrepare | Prepare | Commit) for msg in sent), len(sent))


# ---------------------------------------------------------------- when not to bother

#: What may go wrong with a node, and what helps. {crash} and {liar} are numbers of machines.
ADVICE = {
    "it stops": "A majority of {crash} machines bears it. It needs no protection against lies.",
    "bits flip": "Checksums turn a lie into silence, so {crash} machines bear it.",
    "a part fails in strange ways": "If a wrong answer can be undone: checksums, checks of the results, and {crash} "
    "machines. If it cannot, as in an aircraft: {liar} machines and a protocol that stands liars.",
    "somebody who runs a machine lies": "Nobody can trust another one's checks: {liar} machines, or signatures.",
    "all run the same bug": "No number of machines helps: they agree on the wrong answer. Different programs help, and "
    "changes that come to one machine at a time.",
    "a thief has a valid password": "No number of machines helps: they agree to obey the thief. Look after access.",
}


def advice(trouble: str = "it stops", f: int = 1) -> str:
    """What to do about this kind of trouble on ``f`` machines, and how many machines that takes.

    Raises:
        ValueError: there is no such kind of trouble, or f is no whole number from 1 to 10.
    """
    if trouble not in ADVICE:
        raise ValueError(f"there is no advice about {trouble!r}: write one of {', '.join(map(repr, ADVICE))}")
    if isinstance(f, bool) or not isinstance(f, int) or not 1 <= f <= 10:
        raise ValueError(f"f is {f!r}: write how many machines may fail, a whole number from 1 to 10")
    return ADVICE[trouble].format(crash=2 * f + 1, liar=3 * f + 1)
