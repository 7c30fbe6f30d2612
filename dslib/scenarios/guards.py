"""Turning lies into silence: checksums, assertions and timeouts, what gets past them, and what they can do at worst.

A fault that only stops a node is *fail-stop*, or clean; one that makes it answer wrongly is *arbitrary*, or Byzantine.
The first is far easier to live with. So programs check themselves, and prefer to say nothing. Three guards do most of
it: a checksum finds what changed on the way or on a disk (``dslib.disk``), an assertion finds what cannot be, and a
watchdog's timeout ends what hangs. What each of them misses is counted here.

Saltzer, Reed and Clark 1984 ("End-to-end arguments in system design", ACM TOCS 2(4)) say where a checksum belongs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, NamedTuple

from ..clients import LoadClient, Refusal, Reply, Request, Retry, ScriptClient
from ..disk import Corrupted, bits, flip, seal, unseal
from ..metrics import good_share
from ..network import Network
from ..node import Node
from ..operations import Supervisor
from ..protocols.chat import user_of, users_saw
from ..simulation import Simulation
from .groups import OnceReplica
from .rooms import USERS, replica_names

#: The guards, in the order in which the lesson adds them.
GUARDS = ("checksum", "assertion", "timeout")

#: Prices are whole numbers from 1 to 100, and a sale has three of them.
CHEAPEST, DEAREST, PRICES = 1, 100, 3


class Till(Node):
    """Adds up three prices, writes the sum to its disk, answers it, and answers it again from the disk later.

    Any bit of what it handles may flip, with probability ``flips`` at each place: on the way here and back (that is the
    network's ``corruption``), in memory before and after the sum, on the disk. With ``hangs`` it stops in the middle.
    """

    guards: tuple[str, ...] = ()
    flips: float = 0.0
    hangs: float = 0.0

    def on_start(self) -> None:
        """Up, and at work."""
        self.hung = False

    def on_request(self, src: str, msg: Request) -> None:
        """A sale, or a receipt for an old one."""
        if self.hung:
            return
        if self.random.random() < self.hangs:
            self.hung = True
            if "timeout" in self.guards:
                self.set_timer("watchdog", 300)
            return
        if "checksum" in self.guards:
            try:
                number, prices = unseal(msg.arg)
            except Corrupted:
                return  # broken on its way: as good as lost
        else:
            number, prices = msg.arg
        if msg.f == "sale":
            self.answer(src, msg.id, self.sale(number, prices))
        elif msg.f == "receipt" and number in self.disk:
            self.receipt(src, msg.id, number)

    def sale(self, number: int, prices: tuple[int, ...]) -> int:
        """The sum, written down."""
        prices = self.may_flip(prices)
        total = self.may_flip(sum(prices))
        if "assertion" in self.guards:
            if total != sum(prices):
                self.die(f"{prices} do not add up to {total}")
            if not all(CHEAPEST <= price <= DEAREST for price in prices):
                self.die(f"no such prices: {prices}")
        self.disk[number] = self.may_flip(seal(total) if "checksum" in self.guards else total)
        return int(total)

    def receipt(self, src: str, id: int, number: int) -> None:
        """What the disk says, unless it is broken: then nothing."""
        if "checksum" in self.guards:
            try:
                total = unseal(self.disk[number])
            except Corrupted:
                return
        else:
            total = self.disk[number]
        self.answer(src, id, total)

    def answer(self, src: str, id: int, total: int) -> None:
        """Sealed, if that is the custom here."""
        self.send(src, Reply(id, seal(total) if "checksum" in self.guards else total))

    def on_watchdog_timeout(self) -> None:
        """It has not come back from its work."""
        self.die("no sign of life for 300 ms")

    def may_flip(self, value: Any) -> Any:
        """The value, or one with a flipped bit."""
        return flip(value, self.random.randrange(bits(value))) if self.random.random() < self.flips else value


class Customer(ScriptClient):
    """Takes no answer whose checksum is wrong: as if none had come."""

    guards: tuple[str, ...] = ()

    def on_reply(self, src: str, msg: Reply) -> None:
        """Look at the seal first."""
        if "checksum" in self.guards:
            try:
                msg = Reply(msg.id, unseal(msg.result))
            except Corrupted:
                return
        super().on_reply(src, msg)


def faulty_till(
    seed: int = 0, guards: Iterable[str] = (), flips: float = 0.01, hangs: float = 0.001, sales: int = 60
) -> Simulation:
    """A customer buys, asks for the receipt, and buys again. Whoever hears nothing for 100 ms asks again, five times.

    A supervisor starts the till again 100 ms after it died.

    Raises:
        ValueError: an unknown guard, no sales, or a probability outside 0..1.
    """
    chosen = tuple(guards)
    if unknown := [guard for guard in chosen if guard not in GUARDS]:
        raise ValueError(f"there is no guard {unknown[0]!r}: there are {', '.join(GUARDS)}")
    if not (0 <= flips <= 1 and 0 <= hangs <= 1):
        raise ValueError(f"flips={flips!r}, hangs={hangs!r}: write probabilities from 0 to 1, such as 0.01")
    if isinstance(sales, bool) or not isinstance(sales, int) or sales < 1:
        raise ValueError(f"sales={sales!r}: write a whole number from 1 on")
    goods = _goods(seed, sales)
    asks = [(number, prices) for number, prices in enumerate(goods)]
    script = [(what, None, seal(ask) if "checksum" in chosen else ask) for ask in asks for what in ("sale", "receipt")]
    return Simulation(
        Till("till", guards=chosen, flips=flips, hangs=hangs),
        Customer("alice", service="till", script=script, timeout=100.0, retry=Retry(times=5), guards=chosen),
        Supervisor("supervisor", watches=("till",), delay_ms=100.0, check_ms=50.0),
        network=Network(latency=(5, 15), corruption=flips),
        seed=seed,
        trace="off",
    )


def _goods(seed: int, sales: int) -> list[tuple[int, ...]]:
    dice = Random(f"{seed}/goods")
    return [tuple(dice.randint(CHEAPEST, DEAREST) for _ in range(PRICES)) for _ in range(sales)]


class Answers(NamedTuple):
    """What became of so many questions: shares of 1.

    Fields:
        right, wrong, silent: answered with the true sum, with another one, not at all.
        deaths: how often the till ended itself.
        asked: how many questions there were.
    """

    right: float
    wrong: float
    silent: float
    deaths: int
    asked: int

    def __str__(self) -> str:
        return f"{self.right:6.1%} right{self.wrong:8.1%} wrong{self.silent:8.1%} silent{self.deaths:5} deaths"


def told(
    seed: int = 0, guards: Iterable[str] = (), flips: float = 0.01, hangs: float = 0.001, sales: int = 60
) -> Answers:
    """Run ``faulty_till`` until all was asked, and compare each answer with the true sum."""
    sim = faulty_till(seed, guards, flips, hangs, sales)
    while len(sim.history) < 2 * sales:
        sim.run(until=sim.now + 1_000)
    sim.run(until=sim.now + 1_000)  # the last question, too, ends by itself after six tries
    goods = _goods(seed, sales)
    outcomes: Counter[str] = Counter()
    for place, op in enumerate(sim.history):
        if op.status != "ok":
            outcomes["silent"] += 1
        else:
            outcomes["right" if op.result == sum(goods[place // 2]) else "wrong"] += 1
    asked = len(sim.history)
    deaths: int = sim.nodes["supervisor"].restarts["till"]  # type: ignore[attr-defined]
    right, wrong, silent = (outcomes[what] / asked for what in ("right", "wrong", "silent"))
    return Answers(right, wrong, silent, deaths, asked)


# -- the same input for all -------------------------------------------------------------------------------------------

#: A post longer than this makes a replica's assertion fail; and one that is.
LONGEST = 40
TOO_LONG = "so long " * 6

#: When somebody posts it, in ms.
POSTED_MS = 500.0

#: Where the length of a post may be looked at.
CHECKED = ("inside", "at the door")


class StrictReplica(OnceReplica):
    """Looks through its transcript every 100 ms and ends itself if a post is too long, for that cannot be.

    ``checked="at the door"``: it also refuses such a post before it is in.
    """

    checked: str = "inside"

    def on_start(self) -> None:
        """Look through what the disk holds, soon."""
        super().on_start()
        self.set_timer("look", 100.0)

    def on_look_timeout(self) -> None:
        """An assertion, and what it does when it fails."""
        for text in self.transcript():
            if len(text) > LONGEST:
                self.die(f"assertion failed: a post of {len(text)} characters")
        self.set_timer("look", 100.0)

    def on_request(self, src: str, msg: Request) -> None:
        """At the door a long post is refused in words; inside it is a disaster."""
        if self.checked == "at the door" and msg.f == "post" and len(str(msg.arg)) > LONGEST:
            self.send(src, Refusal(msg.id, f"a post has at most {LONGEST} characters"))
        else:
            super().on_request(src, msg)


def one_bad_post(seed: int = 0, checked: str = "inside", replicas: int = 3) -> Simulation:
    """Everybody chats; at 500 ms somebody posts a line that is too long. A supervisor restarts whoever dies.

    Raises:
        ValueError: ``checked`` is neither "inside" nor "at the door".
    """
    if checked not in CHECKED:
        raise ValueError(f'checked={checked!r}: write "inside" or "at the door"')
    names = replica_names(replicas)
    return Simulation(
        *(StrictReplica(name, peers=_others(name, names), checked=checked) for name in names),
        *(
            LoadClient(
                user,
                service=(name, *_others(name, names)),
                rate=5.0,
                spacing="even",
                start=20.0 + 60 * number,
                stop=2_000.0,
                operation=lambda turn, _, user=user: ("post", None, f"{user[0]}{turn + 1}"),
                timeout=60.0,
                retry=Retry(times=replicas - 1),
            )
            for number, (user, name) in enumerate(zip(USERS, names, strict=False))
        ),
        ScriptClient("zoe", service=names, script=[("post", None, TOO_LONG)], start=POSTED_MS, timeout=300.0),
        Supervisor("supervisor", watches=names, delay_ms=200.0),
        network=Network(latency=(5, 15)),
        seed=seed,
    )


class Spread(NamedTuple):
    """What one bad post did.

    Fields:
        died: the replicas that ended themselves at least once.
        deaths: how often they did, all together.
        good: the share of good answers of everybody else, after it.
    """

    died: tuple[str, ...]
    deaths: int
    good: float

    def __str__(self) -> str:
        return (
            f"died: {' '.join(self.died) or 'nobody'} ({self.deaths} deaths); "
            f"everybody else has {self.good:.0%} good answers"
        )


def spread(seed: int = 0, checked: str = "inside", replicas: int = 3) -> Spread:
    """Run ``one_bad_post`` for two seconds."""
    sim = one_bad_post(seed, checked, replicas).run(until=2_300)
    restarts: dict[str, int] = sim.nodes["supervisor"].restarts  # type: ignore[attr-defined]
    seen = [
        one
        for one in users_saw(sim, waits=1_000)
        if one.operation.invoked > POSTED_MS + 100 and user_of(one.operation) != "zoe"
    ]
    died = tuple(name for name, times in restarts.items() if times)
    return Spread(died, sum(restarts.values()), good_share(seen))


def _others(name: str, names: Sequence[str]) -> list[str]:
    return [other for other in names if other != name]
