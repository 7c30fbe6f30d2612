"""What stands up to liars, and what it costs: numbers and rounds, signatures, checksums, quorums, a service by PBFT.

Lesson 6 measures all of it. ``try_lies`` and ``try_quorum`` put a learner's own rule to the test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations, product
from random import Random
from typing import Any, NamedTuple

from ..checkers import check_linearizable
from ..lies import strategy
from ..metrics import Seen, percent, what_users_saw
from ..network import Network
from ..node import Message
from ..protocols.byzantine_generals import (
    ALL_LIES,
    ATTACK,
    RETREAT,
    OralGeneral,
    SealedGeneral,
    SealedOrder,
    SignedGeneral,
    Tally,
    broken,
    check_traitors,
    judge,
    messages,
    om,
    oral_wars,
    proves_treason,
    quorum_overlap,
    war,
)
from ..protocols.pbft import PbftClient, PbftReplica
from ..protocols.pbft_messages import Commit, Prepare, PrePrepare, Reply
from ..protocols.pbft_trial import CriesWolf, Equivocates, Forges, Lies, Silent, agreement
from ..simulation import Simulation
from ..specs import KeyValue
from .traitors import DECIDED_MS, ORDERS, generals
from .verdicts import Trial, Verdict, rule_name

# ---------------------------------------------------------------- three are too few

#: What a lieutenant among three has heard: from the commander, and from the other lieutenant.
Sight = tuple[str, str]
#: What a lieutenant does, for each sight.
Rule = dict[Sight, str]


def all_rules() -> list[Rule]:
    """Every rule that a lieutenant among three could follow: sixteen, for there are four sights."""
    sights = [(one, other) for one in ORDERS for other in ORDERS]
    return [dict(zip(sights, does, strict=True)) for does in product(ORDERS, repeat=len(sights))]


class Fall(NamedTuple):
    """A war that two lieutenants lose by their rules: who lies, what was ordered, and what the traitor says."""

    traitor: int
    order: str
    says: tuple[str, ...]


def falls(first: Rule, second: Rule) -> Iterator[Fall]:
    """The wars of three generals, out of all sixteen, that the rules of g1 and g2 lose."""
    for order in ORDERS:
        for one, two in product(ORDERS, repeat=2):
            if first[one, two] != second[two, one]:
                yield Fall(0, order, (one, two))
        for word in ORDERS:
            if second[order, word] != order:
                yield Fall(1, order, (word,))
            if first[order, word] != order:
                yield Fall(2, order, (word,))


# ---------------------------------------------------------------- how many, how often


class Arena(NamedTuple):
    """What became of all wars, or of many random ones: so many generals, rounds less one, and traitors."""

    n: int
    m: int
    traitors: int
    exhaustive: bool
    tally: Tally

    def __str__(self) -> str:
        how = "all" if self.exhaustive else "random"
        lost = self.tally.violations / self.tally.runs
        who = f"{self.traitors} traitor{'s' * (self.traitors != 1)}"
        found = f"{self.tally.violations:,} broken ({percent(lost)})" if lost else "none broken"
        return f"{self.n} generals, OM({self.m}), {who}: {self.tally.runs:,} wars ({how}), {found}"


def arena(n: int = 4, m: int = 1, traitors: int = 1, samples: int = 2_000, seed: int = 0) -> Arena:
    """OM(m) against every set of traitors: everything that they can say, if that can be tried, else random lies."""
    check_traitors(n, m, traitors)
    senders = [path[-1] for path, _ in messages(n, m)]
    most = max(sum(sender in chosen for sender in senders) for chosen in combinations(range(n), traitors))
    exhaustive = most <= ALL_LIES
    return Arena(n, m, traitors, exhaustive, oral_wars(n, m, traitors, None if exhaustive else samples, seed))


#: What a traitor says: ``lie(me, to)``, the numbers of the speaker and of the hearer.
LieTo = Callable[[int, int], str]


def try_lies(lie: LieTo) -> Verdict:
    """Let g0, who commands, and g1 lie to seven generals as ``lie(me, to)`` says: in two rounds, and in three.

    It passes if the loyal generals fall apart in two rounds, where there are enough of them and a round is missing.
    """
    if not callable(lie):
        return Verdict([], f"Not run yet: {lie!r} is not a function; hand over the function itself.", False)
    for me, to in product((0, 1), range(1, 7)):
        if me == to:
            continue
        call = f"{rule_name(lie)}({me}, {to})"
        try:
            word = lie(me, to)
        except Exception as error:  # whatever a learner's rule may raise
            return Verdict([], f"Not run yet: {call} stops with {type(error).__name__}: {error}.", False)
        if word not in ORDERS:
            return Verdict([], f'Not run yet: {call} gives {word!r}; return "{ATTACK}" or "{RETREAT}".', False)
    trials = []
    for m in (1, 2):
        done = om(7, m, ATTACK, (0, 1), lambda path, dest: lie(path[-1], dest))
        apart = bool(broken(ATTACK, (0, 1), done))
        counted = Counter(done.values())
        shown = tuple(f"{counted[order]} {order}" for order in ORDERS if counted[order])
        trials.append(Trial(f"OM({m}), {m + 1} rounds", shown, "they agree" if m == 1 and not apart else ""))
    if trials[0].complaint:
        way = "Divide them: what do you tell whom, so that your accomplice's word tips the scale?"
        return Verdict(trials, f"The loyal five still agree. {way}", False)
    return Verdict(trials, "You win in two rounds. In the third, the loyal tell each other what you told them.", True)


# ---------------------------------------------------------------- signatures


def signed_camp(
    n: int = 3, m: int = 1, liar: str = "g0", lie: tuple[Any, ...] = ("orders_two_ways", "g2"),
    kind: type[SignedGeneral] = SignedGeneral, seed: int = 0,
) -> Simulation:  # fmt: skip
    """Generals who sign, and a traitor among them: the commander who signs two orders, or ``("forges", "retreat")``."""
    sim = war(n, m, ATTACK, kind, seed=seed)
    sim.at(0, sim.lie, liar, *lie)
    return sim


def convinced(sim: Simulation) -> list[str]:
    """Which lieutenants hold a proof, good for anybody, that their commander signed two orders."""
    return [
        name
        for name, general in generals(sim).items()
        if isinstance(general, SignedGeneral)
        and len(general.evidence) == 2
        and proves_treason(*general.evidence, general.genuine)
    ]


# ---------------------------------------------------------------- checksums


class Damage(NamedTuple):
    """What many wars among loyal generals had to bear from a network that flips bits."""

    wars: int
    damaged: int
    nonsense: int


def damaged_wars(sealed: bool, wars: int = 60, corruption: float = 0.4, seed: int = 0) -> Damage:
    """How many messages arrived damaged, and how many times a lieutenant took nonsense for an order and passed it on.

    Args:
        sealed: whether each message carries a checksum.
        wars: how many of four generals, all loyal, each war with a seed of its own.
        corruption: the share of messages in which a bit flips.
    """
    damaged = nonsense = 0
    for one in range(seed * wars, (seed + 1) * wars):
        sim = war(4, 1, ATTACK, SealedGeneral if sealed else OralGeneral, one, network=Network(corruption=corruption))
        sim.run(until=DECIDED_MS)
        sent = {row.id: row.msg for row in sim.trace.where(kind="send")}
        damaged += sum(row.msg != sent[row.id] for row in sim.trace.where(kind="deliver"))
        nonsense += sum(_order(msg) not in ORDERS for msg in sent.values())
    return Damage(wars, damaged, nonsense)


def _order(msg: Any) -> object:
    return msg.sealed[1][1] if isinstance(msg, SealedOrder) else msg.order


def lied_to(sealed: bool, seed: int = 0) -> str:
    """What becomes of three generals if a lieutenant lies, and computes the checksum of the lie anew."""
    sim = war(3, 1, ATTACK, SealedGeneral if sealed else OralGeneral, seed)
    sim.at(0, sim.lie, "g2", "says", RETREAT)
    return judge(sim.run(until=DECIDED_MS))


# ---------------------------------------------------------------- quorums

#: How many of n replicas, of whom f may lie or be silent, must say the same.
Quorum = Callable[[int, int], int]


def try_quorum(rule: Quorum) -> Verdict:
    """Put ``rule(n, f)`` to the test: any two quorums share a correct replica, and a quorum answers while f are silent.

    It is asked for n from 3f + 1 on, since with fewer there is none.
    """
    if not callable(rule):
        return Verdict([], f"Not run yet: {rule!r} is not a function; hand over the function itself.", False)
    trials = []
    for f in (1, 2, 3):
        for n in range(3 * f + 1, 3 * f + 4):
            try:
                q = rule(n, f)
            except Exception as error:  # whatever a learner's rule may raise
                what = f"{rule_name(rule)}({n}, {f}) stops with {type(error).__name__}: {error}"
                return Verdict([], f"Not run yet: {what}.", False)
            if isinstance(q, bool) or not isinstance(q, int) or not 1 <= q <= n:
                what = f"{rule_name(rule)}({n}, {f}) gives {q!r}; return a whole number from 1 to {n}"
                return Verdict([], f"Not run yet: {what}. (// divides and rounds down.)", False)
            trials.append(Trial(f"n={n}, f={f}", (f"q={q}",), quorum_trouble(n, q, f)))
    if all(not trial.complaint for trial in trials):
        return Verdict(trials, f"{rule_name(rule)} is safe, and live. Well done.", True, ("replicas", "quorum"))
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
