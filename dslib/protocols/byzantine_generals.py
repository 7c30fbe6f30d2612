"""Byzantine generals: obey one order together, although some of you lie.

Lamport, Shostak and Pease 1982, "The Byzantine Generals Problem", ACM TOPLAS 4(3). A commander sends an order to n - 1
lieutenants, so that (section 1)

- IC1: all loyal lieutenants obey the same order;
- IC2: if the commander is loyal, every loyal lieutenant obeys the order that he sends.

With *oral messages*, OM(m) of section 3 copes with m traitors if there are at least 3m + 1 generals; section 2 shows
that with fewer nothing does. With *signed messages*, SM(m) of section 4 copes with m traitors among any number of
generals; with fewer than m + 2 there is nothing to agree on. Both take m + 1 rounds of messages.

Twice in this file: as functions, ``om`` and ``sm``, short enough to be read beside the paper and quick enough to try
all lies; and as nodes, ``OralGeneral`` and ``SignedGeneral``, who talk over a network and whom ``sim.lie`` makes
traitors. Generals are numbered in the functions, and 0 is the commander.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations, pairwise, permutations, product
from math import prod
from random import Random
from typing import Any, NamedTuple

from ..disk import Corrupted, seal, unseal
from ..lies import strategy
from ..network import Network
from ..node import Message, Node
from ..signatures import Genuine, Pen, Signature, pens
from ..simulation import Simulation
from ..trials import Trial

ATTACK, RETREAT = "attack", "retreat"

#: Who passed an order on, from the commander to the one who says it now.
Path = tuple[int, ...]

#: What the traitor ``path[-1]`` tells ``dest`` about what came to him along the rest of ``path``.
Lie = Callable[[Path, int], Any]


def check_shape(n: int, m: int) -> None:
    """Raise ValueError if OM(m) or SM(m) cannot be run by ``n`` generals, whoever is loyal.

    Fewer than 3m + 1 generals can run OM(m); it just does not help them, and that is worth seeing.
    """
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in (n, m)) or m < 0:
        raise ValueError(f"n={n!r}, m={m!r}: write two whole numbers, m (the rounds less one) 0 or more")
    if n < m + 2:
        raise ValueError(
            f"{n} generals cannot run m={m}: an order goes by m lieutenants, and there must be one more to hear it. "
            f"Write n={m + 2} or more; to agree by oral messages in spite of {m} traitors, n={3 * m + 1} or more"
        )


def majority(values: Sequence[Any]) -> Any:
    """What more than half of the values are, else RETREAT (section 3, the first of the two choices it offers)."""
    value, times = Counter(values).most_common(1)[0]
    return value if 2 * times > len(values) else RETREAT


# -- oral messages ----------------------------------------------------------------------------------------------------


def om(
    n: int, m: int, order: Any, traitors: Collection[int] = (), lie: Lie = lambda path, dest: RETREAT,
    vote: Callable[[Sequence[Any]], Any] = majority,
) -> dict[int, Any]:  # fmt: skip
    """OM(m) among ``n`` generals (section 3): what each loyal lieutenant does.

    ``lie(path, dest)`` is every message of every traitor. Silence is no further lie: who hears nothing takes it for
    RETREAT (steps 1 and 2 of OM).
    """
    check_shape(n, m)

    def told(path: Path, dest: int) -> Any:
        """What ``path[-1]`` says: a loyal commander his order, a loyal lieutenant what he was told himself."""
        if path[-1] in traitors:
            return lie(path, dest)
        return order if len(path) == 1 else told(path[:-1], path[-1])

    def use(path: Path, me: int, m: int) -> Any:
        """The value that ``me`` uses for what ``path[-1]`` sent as the commander of OM(m)."""
        value = told(path, me)
        if m == 0:  # OM(0), step 2
            return value
        # OM(m), step 2: each of the others was the commander of OM(m - 1). Step 3: the majority.
        others = [use((*path, i), me, m - 1) for i in range(n) if i != me and i not in path]
        return vote([value, *others])

    return {i: use((0,), i, m) for i in range(1, n) if i not in traitors}


def messages(n: int, m: int) -> Iterator[tuple[Path, int]]:
    """Every message of OM(m) among ``n`` generals: along which path it came, its sender last, and to whom it goes."""
    check_shape(n, m)
    for k in range(m + 1):
        for relays in permutations(range(1, n), k):
            path = (0, *relays)
            yield from ((path, dest) for dest in range(1, n) if dest not in relays)


def om_messages(n: int, m: int) -> int:
    """How many messages OM(m) takes: the sum of (n-1)(n-2)…(n-1-k) for k = 0 … m. It calls OM(m-1) n - 1 times, …"""
    check_shape(n, m)
    return sum(prod(range(n - 1 - k, n)) for k in range(m + 1))


class Tally(NamedTuple):
    """How many wars were fought, and in how many of them loyal generals broke IC1, IC2, or either."""

    runs: int
    violations: int
    ic1: int
    ic2: int


#: So many messages of traitors are tried in all combinations at most.
ALL_LIES = 22


def majority_of_each(wars: Sequence[int]) -> int:
    """The majority in very many wars at once: bit w of a value is its value in war w, 1 for ATTACK, 0 for RETREAT."""
    needed = len(wars) // 2 + 1
    at_least = [-1] + [0] * needed  # in which wars so many of the values seen so far are ATTACK, or more
    for value in wars:
        for k in range(needed, 0, -1):
            at_least[k] |= at_least[k - 1] & value
    return at_least[needed]


def oral_wars(n: int, m: int, t: int, samples: int | None = None, seed: int = 0) -> Tally:
    """OM(m) with every set of ``t`` traitors, both orders, and all that the traitors can say.

    Everything that any traitor sends is either ATTACK or RETREAT. All combinations are tried, or ``samples`` random
    ones for each set and order. (A traitor who commands gets both orders, too, and need not care.)

    Raises:
        ValueError: a shape that cannot be, or too many combinations: then write how many samples to take.
    """
    check_traitors(n, m, t)
    dice = Random(f"{seed}/traitors")
    tally = Tally(0, 0, 0, 0)
    for traitors in combinations(range(n), t):
        lying = [message for message in messages(n, m) if message[0][-1] in traitors]
        if samples is None and len(lying) > ALL_LIES:
            raise ValueError(
                f"{t} traitors among {n} send {len(lying)} messages, and 2**{len(lying)} combinations are too many: "
                "write samples=10_000"
            )
        runs = 2 ** len(lying) if samples is None else samples
        everywhere = (1 << runs) - 1
        for order in (0, everywhere):
            if samples is None:
                # The columns of a truth table: message i is ATTACK in 2**i wars, RETREAT in the next 2**i, and so on.
                said = {message: everywhere // (2**2**i + 1) for i, message in enumerate(lying)}
            else:
                said = {message: dice.getrandbits(runs) for message in lying}
            done = [*om(n, m, order, traitors, lambda path, dest: said[path, dest], majority_of_each).values()]  # noqa: B023
            apart = _any(a ^ b for a, b in pairwise(done))
            disobeyed = _any(a ^ order for a in done) if 0 not in traitors else 0
            found = runs, (apart | disobeyed).bit_count(), apart.bit_count(), disobeyed.bit_count()
            tally = Tally(*(a + b for a, b in zip(tally, found, strict=True)))
    return tally


def _any(wars: Iterable[int]) -> int:
    found = 0
    for war in wars:
        found |= war
    return found


def check_traitors(n: int, m: int, t: int) -> None:
    """Raise ValueError if ``t`` of ``n`` generals cannot be traitors."""
    check_shape(n, m)
    if isinstance(t, bool) or not isinstance(t, int) or not 0 <= t <= n:
        raise ValueError(f"t={t!r} of {n} generals cannot be traitors: write a whole number from 0 to {n}")


def broken(order: Any, traitors: Collection[int], done: dict[int, Any]) -> str:
    """Which condition the loyal lieutenants broke by what they did: ``"IC1"``, ``"IC2"`` or ``""``."""
    if 0 not in traitors and any(action != order for action in done.values()):
        return "IC2"
    return "IC1" if len(dict.fromkeys(done.values())) > 1 else ""


# -- signed messages --------------------------------------------------------------------------------------------------


def sm(
    n: int, m: int, order: Any, traitors: Collection[int] = (),
    lie: Callable[[Path, int], Iterable[Any]] = lambda path, dest: (),
) -> dict[int, Any]:  # fmt: skip
    """SM(m) among ``n`` generals (section 4): what each loyal lieutenant does.

    ``lie(path, dest)`` are the orders that the traitor ``path[-1]`` sends ``dest`` with the signatures of ``path``. A
    message counts only if every loyal general on its path signed just that; traitors lend each other their pens.
    """
    check_shape(n, m)
    orders: dict[int, list[Any]] = {i: [] for i in range(1, n) if i not in traitors}  # the paper's V_i
    signed: dict[tuple[Any, Path], None] = {}  # what a loyal general signed, and the signers up to him
    if 0 not in traitors:
        signed[order, (0,)] = None  # step 1
    for k in range(m + 1):
        mail = [(said, path, dest) for said, path in signed if len(path) == k + 1 for dest in orders]
        for path in ((0, *relays) for relays in permutations(range(1, n), k)):
            if path[-1] in traitors:
                mail += [(said, path, dest) for dest in orders if dest not in path for said in lie(path, dest)]
        for said, path, dest in mail:
            genuine = all((said, path[: j + 1]) in signed for j, by in enumerate(path) if by not in traitors)
            if not genuine or dest in path or said in orders[dest] or (k == 0 and orders[dest]):
                continue
            orders[dest].append(said)  # step 2 (A)(i) and (B)(i)
            if k < m:
                signed[said, (*path, dest)] = None  # step 2 (A)(ii) and (B)(ii)
    return {i: choice(found) for i, found in orders.items()}


def choice(orders: Collection[Any]) -> Any:
    """The order obeyed by who received these (step 3): the only one; RETREAT for none, and for several."""
    return next(iter(orders)) if len(orders) == 1 else RETREAT


#: What one traitor can send one lieutenant along one path: nothing, one order, the other, both.
SAYINGS = ((), (ATTACK,), (RETREAT,), (ATTACK, RETREAT))


def signed_wars(
    n: int, m: int, t: int, sayings: Sequence[Sequence[str]] = SAYINGS, samples: int | None = None, seed: int = 0
) -> Tally:
    """SM(m) with every set of ``t`` traitors, both orders, and all that the traitors can send to the loyal.

    Also what they have no signatures for; it is discarded. With ``samples``, so many random choices for each.
    """
    check_traitors(n, m, t)
    dice = Random(f"{seed}/traitors")
    runs = ic1 = ic2 = 0
    for traitors in combinations(range(n), t):
        lying = [(path, dest) for path, dest in messages(n, m) if path[-1] in traitors and dest not in traitors]
        for order in (ATTACK, RETREAT):
            said: Iterable[Sequence[Sequence[str]]] = product(sayings, repeat=len(lying))
            if samples is not None:
                said = (dice.choices(sayings, k=len(lying)) for _ in range(samples))
            for words in said:
                lies = dict(zip(lying, words, strict=True))
                verdict = broken(order, traitors, sm(n, m, order, traitors, lambda path, dest: lies[path, dest]))  # noqa: B023
                runs, ic1, ic2 = runs + 1, ic1 + (verdict == "IC1"), ic2 + (verdict == "IC2")
    return Tally(runs, ic1 + ic2, ic1, ic2)


# -- as nodes ---------------------------------------------------------------------------------------------------------


class General(Node):
    """Base of the generals: who commands, how many rounds, and what is done at the end.

    Args:
        peers: the other generals.
        commander: the name of the one who gives the order.
        order: the order, if this is the commander.
        m: rounds less one.
        round_ms: how long a round lasts. It must be longer than a message takes: the absence of a message is noticed
            when the round ends (assumption A3 of section 3).

    A general who crashes is no longer loyal, in the paper's sense; a restart does not let him back into the war.
    """

    commander: str
    order: Any
    m: int
    round_ms: float

    def __init__(
        self, name: str, peers: Iterable[str], commander: str, m: int, order: Any = None, round_ms: float = 20.0,
        **settings: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, peers, commander=commander, m=m, order=order, round_ms=round_ms, **settings)
        check_shape(len(self.peers) + 1, m)
        if commander != name and commander not in self.peers:
            raise ValueError(f"general {name!r} obeys {commander!r}, whom he does not know: name one of his peers")
        if (order is None) == (commander == name):
            raise ValueError(f"general {name!r}: write order={ATTACK!r} for the commander, and for nobody else")

    @property
    def rounds(self) -> int:
        """How many rounds of messages there are: m + 1."""
        return self.m + 1

    def on_start(self) -> None:
        """Nothing has been decided. The commander does not wait for anybody (step 1)."""
        self.action: Any = None
        self._round = 1
        if self.name == self.commander:
            self.action = self.order
            self.command()
        else:
            self.set_timer("round", self.round_ms)

    def on_round_timeout(self) -> None:
        """A round is over."""
        if self._round < self.rounds:
            self.relay()
            self._round += 1
            self.set_timer("round", self.round_ms)
        else:
            self.action = self.decide()

    def command(self) -> None:
        """Send the order."""
        raise NotImplementedError

    def relay(self) -> None:
        """At the end of a round: pass on what was received in it."""

    def decide(self) -> Any:
        """At the end of the last round: what to do."""
        raise NotImplementedError


class Order(Message):
    """``path[-1]`` says that this order came to him along the rest of the path."""

    path: tuple[str, ...]
    order: str


class OralGeneral(General):
    """OM(m), section 3."""

    def on_start(self) -> None:
        """Nobody has said anything yet."""
        self._heard: dict[tuple[str, ...], Any] = {}
        super().on_start()

    def command(self) -> None:
        """Step 1: the commander sends his value to every lieutenant."""
        for dest in self.peers:
            self.say(dest, (self.name,), self.order)

    def say(self, dest: str, path: tuple[str, ...], order: Any) -> None:
        """Send one order."""
        self.send(dest, Order(path, order))

    def on_order(self, src: str, msg: Order) -> None:
        """Note what was said, once. Who said it is certain (assumption A2); what he says of others is not.

        What comes in another round than its own comes too late, or too early. A path that cannot be harms nobody:
        nothing below asks for it.
        """
        if msg.path[-1:] == (src,) and len(msg.path) == self._round:
            self._heard.setdefault(msg.path, msg.order)

    def relay(self) -> None:
        """Step 2: be the commander of OM(m - 1) for each value received; one that never came is RETREAT."""
        others = [name for name in self.peers if name != self.commander]
        for relays in permutations(others, self._round - 1):
            path = (self.commander, *relays)
            for dest in others:
                if dest not in path:
                    self.say(dest, (*path, self.name), self._heard.get(path, RETREAT))

    def decide(self) -> Any:
        """Step 3, from the inside out."""
        return self.use((self.commander,), self.rounds - 1)

    def use(self, path: tuple[str, ...], m: int) -> Any:
        """The value used for what ``path[-1]`` sent as the commander of OM(m)."""
        value = self._heard.get(path, RETREAT)
        if m == 0:
            return value
        return majority([value, *(self.use((*path, i), m - 1) for i in self.peers if i not in path)])


class SealedOrder(Message):
    """An order with a checksum over path and order."""

    sealed: tuple[int, Any]


class SealedGeneral(OralGeneral):
    """OM(m) with checksums: what was damaged on the way is thrown away, as if it had never come.

    An accident does not compute a checksum. A liar does, so against him nothing is gained.
    """

    def say(self, dest: str, path: tuple[str, ...], order: Any) -> None:
        """Send one order, sealed."""
        self.send(dest, SealedOrder(seal((path, order))))

    def on_sealed_order(self, src: str, msg: SealedOrder) -> None:
        """Open the seal first."""
        try:
            path, order = unseal(msg.sealed)
        except Corrupted:
            self.log("a damaged message")
            return
        self.on_order(src, Order(path, order))


class SignedOrder(Message):
    """An order, signed by the commander and by all who passed it on: each signs the order and what stands before."""

    order: str
    signatures: tuple[Signature, ...]

    def signers(self) -> tuple[str, ...]:
        """Who signed, the commander first."""
        return tuple(signature.by for signature in self.signatures)

    def content(self, k: int) -> object:
        """What the k-th signer (0, 1, …) signed."""
        return self.order, self.signatures[:k]

    def countersigned(self, sign: Pen) -> SignedOrder:
        """The same with one more signature."""
        return SignedOrder(self.order, (*self.signatures, sign((self.order, self.signatures))))

    def is_genuine(self, genuine: Genuine) -> bool:
        """Whether everybody who is said to have signed did."""
        return all(genuine(self.content(k), signature) for k, signature in enumerate(self.signatures))


def proves_treason(a: SignedOrder, b: SignedOrder, genuine: Genuine) -> bool:
    """Whether two messages show to anybody, whatever he has seen, that the commander gave two different orders.

    Only he can make his signature, so a loyal commander, who signs one order, cannot be accused (section 4, A4).
    """
    return (
        a.order != b.order
        and bool(a.signatures and b.signatures)
        and a.signatures[0].by == b.signatures[0].by
        and genuine(a.content(0), a.signatures[0])
        and genuine(b.content(0), b.signatures[0])
    )


class SignedGeneral(General):
    """SM(m), section 4. A general is handed his own pen, ``sign``, and the eyes that everybody has, ``genuine``."""

    sign: Pen
    genuine: Genuine

    def on_start(self) -> None:
        """No order has come yet: the paper's V_i is empty."""
        self.orders: tuple[Any, ...] = ()
        self.evidence: tuple[SignedOrder, ...] = ()  # what the commander signed; two of them hang him
        super().on_start()

    def command(self) -> None:
        """Step 1: the commander signs his order and sends it to every lieutenant."""
        self.broadcast(SignedOrder(self.order, ()).countersigned(self.sign))

    def on_signed_order(self, src: str, msg: SignedOrder) -> None:
        """Step 2: a new order that is properly signed is taken up, signed too, and passed on while there is time."""
        if not self.accepts(msg):
            return
        k = len(msg.signatures) - 1  # lieutenants among the signers
        if len(self.evidence) < 2 and all(msg.order != seen.order for seen in self.evidence):
            self.evidence += (msg,)
        if msg.order in self.orders or (k == 0 and self.orders):  # (A) is for the first order from the commander
            return
        self.orders += (msg.order,)
        if k < self.rounds - 1:  # (A)(ii), (B)(ii)
            passed_on, signers = msg.countersigned(self.sign), msg.signers()
            for dest in self.peers:
                if dest not in signers:
                    self.send(dest, passed_on)

    def accepts(self, msg: SignedOrder) -> bool:
        """Whether a message is of the form v:0:j1:…:jk, with signatures by different generals, and in time.

        What has k + 1 signatures comes in round k + 1 at the latest; the loyal are never later. Without this a traitor
        keeps an order back until nobody has time left to pass it on, and step 3 would not know when to begin.
        """
        signers = msg.signers()
        return (
            signers[:1] == (self.commander,)
            and self.name not in signers
            and self.are_different(signers)
            and len(signers) >= self._round
            and self.action is None
            and self.is_genuine(msg)
        )

    def are_different(self, signers: Sequence[str]) -> bool:
        """Nobody signs twice: each of the signatures is one more general who has seen the order."""
        return len(dict.fromkeys(signers)) == len(signers)

    def is_genuine(self, msg: SignedOrder) -> bool:
        """A signature cannot be forged, and anyone can verify it (assumption A4)."""
        return msg.is_genuine(self.genuine)

    def decide(self) -> Any:
        """Step 3: choice(V_i)."""
        return choice(self.orders)


def war(
    n: int, m: int, order: str = ATTACK, kind: type[General] = OralGeneral, seed: int = 0, trace: str = "events",
    network: Network | None = None,
) -> Simulation:  # fmt: skip
    """``n`` generals, ``g0`` the commander. All are loyal: make traitors with ``sim.at(0, sim.lie, "g1", …)``."""
    names = [f"g{i}" for i in range(n)]
    pen, genuine = pens(names, seed)
    generals = []
    for name in names:
        peers = [other for other in names if other != name]
        ink: dict[str, Any] = {"sign": pen[name], "genuine": genuine} if issubclass(kind, SignedGeneral) else {}
        generals.append(kind(name, peers, "g0", m, order if name == "g0" else None, **ink))
    return Simulation(*generals, network=network, seed=seed, trace=trace)


def two_worlds() -> tuple[Simulation, Simulation]:
    """Section 2, figures 1 and 2: three generals, two wars, and lieutenant g1 cannot tell which one he is in.

    In the first, g2 is a traitor: g0 orders ATTACK, and g2 says he was told RETREAT. In the second, the commander is
    the traitor, and g2 tells the truth. IC2 wants g1 to attack in the first. In the second he then attacks as well, and
    g2, who is in the same place the other way round, retreats.
    """
    lieutenant_lies = war(3, 1, ATTACK)
    lieutenant_lies.at(0, lieutenant_lies.lie, "g2", says, RETREAT)
    commander_lies = war(3, 1, ATTACK)
    commander_lies.at(0, commander_lies.lie, "g0", says, RETREAT, "g2")
    return lieutenant_lies, commander_lies


# -- traitors ---------------------------------------------------------------------------------------------------------


@strategy(OralGeneral)
def says(node: OralGeneral, dest: str, msg: Message, dice: Random, order: str, *to: str) -> Message:
    """He says this order, to the generals named or to all, whatever he was told."""
    return _with_order(msg, order) if not to or dest in to else msg


@strategy(OralGeneral)
def says_by_the_book(
    node: OralGeneral, dest: str, msg: Message, dice: Random, book: tuple[tuple[tuple[str, ...], str, str], ...]
) -> Message:
    """He says what stands in a book of ``(path, dest, order)``, and the truth where nothing stands."""
    for path, to, order in book:
        if to == dest and path == _path(msg):
            return _with_order(msg, order)
    return msg


@strategy(OralGeneral)
def says_anything(node: OralGeneral, dest: str, msg: Message, dice: Random) -> Message:
    """For each message he throws a coin."""
    return _with_order(msg, dice.choice((ATTACK, RETREAT)))


def _path(msg: Message) -> tuple[str, ...]:
    path: tuple[str, ...] = msg.sealed[1][0] if isinstance(msg, SealedOrder) else getattr(msg, "path", ())
    return path


def _with_order(msg: Message, order: str) -> Message:
    return SealedOrder(seal((_path(msg), order))) if isinstance(msg, SealedOrder) else Order(_path(msg), order)


@strategy(SignedGeneral)
def signs_anything(node: SignedGeneral, dest: str, msg: Message, dice: Random) -> Message | None:
    """For each message he throws coins: he sends it, or not, or another order, signed as far as he can.

    A commander can sign any order. A lieutenant can sign what he has; the commander's name under another order is a
    forgery, so he rather keeps silent.
    """
    if not isinstance(msg, SignedOrder):
        return msg
    commands = len(msg.signatures) == 1
    if dice.random() < (0.1 if commands else 0.4):
        return None
    order = dice.choice((ATTACK, RETREAT)) if commands or dice.random() < 0.4 else msg.order
    return SignedOrder(order, msg.signatures[:-1]).countersigned(node.sign)


@strategy(SignedGeneral)
def orders_two_ways(node: SignedGeneral, dest: str, msg: Message, dice: Random, *others: str) -> Message:
    """A commander who signs RETREAT for the generals named, and for the rest what he should."""
    if not isinstance(msg, SignedOrder) or dest not in others or len(msg.signatures) > 1:
        return msg
    return SignedOrder(RETREAT, ()).countersigned(node.sign)


@strategy(SignedGeneral)
def forges(node: SignedGeneral, dest: str, msg: Message, dice: Random, order: str) -> Message:
    """A lieutenant who changes the order and leaves the commander's signature under it."""
    if not isinstance(msg, SignedOrder):
        return msg
    return SignedOrder(order, msg.signatures[:-1]).countersigned(node.sign)


# -- quorums ----------------------------------------------------------------------------------------------------------


class Overlap(NamedTuple):
    """What two quorums share, in a system that has to go on.

    Fields:
        shared: how many members any two quorums have in common at least: 2q - n.
        correct: how many of those are no liars at least: 2q - n - f. One is enough, to tell both the same.
        live: whether a quorum answers while f are silent: q is at most n - f.
    """

    shared: int
    correct: int
    live: bool

    @property
    def works(self) -> bool:
        """Safe and live."""
        return self.correct >= 1 and self.live


def quorum_overlap(n: int, q: int, f: int) -> Overlap:
    """Any two quorums of ``q`` among ``n``, of whom ``f`` may lie or be silent.

    Both wishes together, 2q - n >= f + 1 and q <= n - f, can be met if and only if n >= 3f + 1. With n = 3f + 1 only
    q = 2f + 1 meets them, and two quorums share f + 1 (Castro and Liskov 1999, "Practical Byzantine Fault Tolerance").

    Raises:
        ValueError: no such quorums.
    """
    if not (0 <= f <= n and 1 <= q <= n):
        raise ValueError(f"n={n}, q={q}, f={f}: write a quorum of 1 to {n} members, and 0 to {n} that may lie")
    shared = max(0, 2 * q - n)
    return Overlap(shared, max(0, shared - f), q <= n - f)


def smallest_quorum(n: int, f: int) -> int:
    """The smallest q that is safe and live: half of n + f + 1, rounded up.

    Raises:
        ValueError: fewer than 3f + 1, where there is none.
    """
    q = (n + f + 2) // 2
    if not quorum_overlap(n, min(q, n), f).works:
        raise ValueError(
            f"with f={f} among n={n}, two quorums share a correct member from q={q} on, and only {n - f} may answer: "
            f"write n={3 * f + 1} or more"
        )
    return q


# -- on trial ---------------------------------------------------------------------------------------------------------


class OneRoundLess(OralGeneral):
    """Runs OM(m - 1) against m traitors: enough generals, too few rounds."""

    @property
    def rounds(self) -> int:
        return self.m


class ObeysAtOnce(OralGeneral):
    """Runs OM(0): does what the commander told him, and asks nobody what they were told."""

    def decide(self) -> Any:
        return self._heard.get((self.commander,), RETREAT)


class BelievesTheOthers(OralGeneral):
    """Takes the majority of what all others say they were told, whatever he was told himself."""

    def decide(self) -> Any:
        first = (self.commander,)
        return majority([self._heard.get((*first, i), RETREAT) for i in self.peers if i not in first])


class TakesAnySignature(SignedGeneral):
    """Does not look whether a signature is genuine."""

    def is_genuine(self, msg: SignedOrder) -> bool:
        return True


class PassesNothingOn(SignedGeneral):
    """Runs SM(0): takes a signature for the whole truth, and does not show the others what was signed."""

    @property
    def rounds(self) -> int:
        return 1


class StopsARoundEarly(SignedGeneral):
    """Runs SM(m - 1) against m traitors: they keep an order back until it is too late to pass it on."""

    @property
    def rounds(self) -> int:
        return self.m


def judge(sim: Simulation) -> str:
    """IC1 and IC2 among those generals who were never made liars."""
    liars = [fault.args[0] for fault in sim.faults if fault.call == "lie" and fault.args[1] != "truth"]
    generals = [node for node in sim.nodes.values() if isinstance(node, General)]
    loyal = [general for general in generals if general.name not in liars]
    done = {general.name: general.action for general in loyal if general.name != general.commander}
    order = next((general.action for general in loyal if general.name == general.commander), None)
    for name, action in done.items():
        if order is not None and action != order:
            return f"IC2 is broken: the loyal commander orders {order}, and the loyal lieutenant {name} does {action}"
    if len(dict.fromkeys(done.values())) > 1:
        return "IC1 is broken: of the loyal lieutenants " + ", ".join(f"{name} does {a}" for name, a in done.items())
    return ""


def _build(n: int, m: int, *lies: Any) -> Callable[[int, Any], Simulation]:
    def build(seed: int, kind: type[General]) -> Simulation:
        """As many traitors as the generals should be able to stand, and none of them knows what he says."""
        dice = Random(f"{seed}/traitors")
        sim = war(n, m, dice.choice((ATTACK, RETREAT)), kind, seed, trace="off")
        traitors = dice.sample([*sim.nodes][1:], m)
        if dice.random() < 0.75:  # a traitor who commands does the most harm
            traitors[0] = "g0"
        for name in sorted(traitors):
            sim.at(0, sim.lie, name, dice.choice(lies))
        return sim

    return build


TRIALS = (
    Trial(
        "oral messages", _build(7, 2, says_anything, says_anything, "silence"), 100.0, judge,
        OralGeneral, (OneRoundLess, ObeysAtOnce, BelievesTheOthers),
    ),
    Trial(
        "signed messages", _build(4, 2, signs_anything), 100.0, judge,
        SignedGeneral, (TakesAnySignature, PassesNothingOn, StopsARoundEarly),
    ),
)  # fmt: skip
