"""Generals among liars: rules for three, the arena for more, signatures as evidence, and what a checksum stops.

The protocols are in ``protocols/byzantine_generals.py``. ``try_lies`` lets a learner's own traitors at them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Any, NamedTuple

from ..metrics import percent
from ..network import Network
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
    war,
)
from ..simulation import Simulation
from .traitors import DECIDED_MS, ORDERS, decided
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

    def __str__(self) -> str:
        whom = [f"g{to}" for to in (1, 2) if to != self.traitor]
        words = ", ".join(f"{word} to {to}" for word, to in zip(self.says, whom, strict=True))
        return f"g{self.traitor} lies: the order is {self.order}, and it says {words}"


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
        for name, general in decided(sim).items()
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
