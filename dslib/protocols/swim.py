"""SWIM: who is in the group, at a cost for each member that does not grow with the group.

Das, Gupta, Motivala 2002 ("SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol", DSN,
pages 303-312). Nobody sends heartbeats to everybody. Once a protocol period each member asks one other "are you
there?"; if no answer comes, it asks some more to ask for it; if none of them has one, it suspects that member, and what
it suspects rides on the messages that are sent anyway, as an infection does. Who is suspected and alive says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from random import Random
from typing import Any, NamedTuple

from ..clocks import Clock
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial

ALIVE, SUSPECT, FAULTY = "alive", "suspect", "faulty"


class Update(NamedTuple):
    """One piece of news about ``member``, in its ``incarnation``."""

    kind: str
    member: str
    incarnation: int

    def overrides(self, known: Update) -> bool:
        """Whether this replaces what is known of the same member (the order of preference in section 4.2)."""
        if known.kind == FAULTY or self.kind == FAULTY:
            return known.kind != FAULTY
        if self.kind == SUSPECT and known.kind == ALIVE:
            return self.incarnation >= known.incarnation
        return self.incarnation > known.incarnation


class Ping(Message):
    """Are you there? Asked in round ``seq`` of ``origin``, who may be somebody else than the sender."""

    origin: str
    seq: int
    news: tuple[Update, ...] = ()


class PingReq(Message):
    """I hear nothing of ``target``: please ping it for me."""

    target: str
    seq: int
    news: tuple[Update, ...] = ()


class Ack(Message):
    """``member`` is there; the answer to round ``seq`` of ``origin``."""

    member: str
    origin: str
    seq: int
    news: tuple[Update, ...] = ()


class Swim(Node):
    """A member of a group. ``peers`` are the members it knows at first; one of them is enough to join.

    Args:
        period: the protocol period T', in ms.
        timeout: ms to wait for the direct answer; what is left of the period is for the indirect one.
        k: how many others are asked to ping for us.
        suspicion: ms from suspecting a member to declaring it faulty.
        spread: λ, each update rides on λ log2 n messages of each member (section 4.1).
        room: how many updates fit on a message.
        round_robin: ping in a shuffled order (section 4.3), or whoever chance picks (section 3.1).

    A member that was declared faulty has left for good; a process that comes back joins under a new name.

    Raises:
        ValueError: no peers, or a setting that is out of range.
    """

    period: float = 1_000.0
    timeout: float = 300.0
    k: int = 3
    suspicion: float = 5_000.0
    spread: int = 3
    room: int = 6
    round_robin: bool = True

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.peers:
            raise ValueError(f"member {name!r} knows nobody: write peers=('r1',), one member of the group at least")
        if not (isfinite(self.period) and 0 < 3 * self.timeout <= self.period):
            raise ValueError(
                f"member {name!r} has period={self.period!r} and timeout={self.timeout!r}: write ms above 0, and a "
                "period of three timeouts or more (section 3.1)"
            )
        if not (isfinite(self.suspicion) and self.suspicion >= self.period):
            raise ValueError(f"member {name!r} has suspicion={self.suspicion!r}: write ms, a protocol period or more")
        for what in ("k", "spread", "room"):
            number = getattr(self, what)
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError(f"member {name!r} has {what}={number!r}: write a whole number, 1 or more")

    def on_start(self) -> None:
        """Everybody it was told of is alive. Periods of different members are not in step (section 3.1)."""
        self.incarnation = 0
        self.members = {peer: Update(ALIVE, peer, 0) for peer in self.peers}
        self.faulty: dict[str, Update] = {}
        self._news: dict[str, tuple[int, Update]] = {}  # by member: how often it was told, and what
        self._order: list[str] = []
        self._seq, self._target, self._answered = 0, "", True
        self.tell(Update(ALIVE, self.name, 0))
        self.set_timer("period", self.random.random() * self.period)

    # -- failure detection (section 3.1) ----------------------------------------------------------------------------

    def on_period_timeout(self) -> None:
        """The period is over: whoever did not answer, by whatever way, is suspected. A new one begins with a ping."""
        if not self._answered and self._target in self.members:
            self.suspect(self._target)
        self.set_timer("period", self.period)
        self._seq, self._target, self._answered = self._seq + 1, self.next_target(), False
        if self._target:
            self.send(self._target, Ping(self.name, self._seq, self.news_for(self._target)))
            self.set_timer("direct", self.timeout)

    def next_target(self) -> str:
        """Each member once before anybody twice, in an order that is shuffled each time (section 4.3).

        So at most 2n - 1 periods lie between two pings to a member, with n others.
        """
        if not self.round_robin:
            return self.random.choice(tuple(self.members)) if self.members else ""
        if not self._order:
            self._order = list(self.members)
            self.random.shuffle(self._order)
        return self._order.pop() if self._order else ""

    def on_direct_timeout(self) -> None:
        """No answer yet: k others, chosen at random, ask for us."""
        if not self._answered:
            others = [member for member in self.members if member != self._target]
            for helper in self.random.sample(others, min(self.k, len(others))):
                self.send(helper, PingReq(self._target, self._seq, self.news_for(helper, self._target)))

    def on_ping(self, src: str, msg: Ping) -> None:
        """Answer at once."""
        self.learn(src, msg.news)
        self.send(src, Ack(self.name, msg.origin, msg.seq, self.news_for(src)))

    def on_ping_req(self, src: str, msg: PingReq) -> None:
        """Ping for somebody who hears nothing."""
        self.learn(src, msg.news)
        self.send(msg.target, Ping(src, msg.seq, self.news_for(msg.target)))

    def on_ack(self, src: str, msg: Ack) -> None:
        """Pass an answer on to whoever asked; late answers, to earlier rounds, do not count."""
        self.learn(src, msg.news)
        if msg.origin != self.name:
            self.send(msg.origin, Ack(msg.member, msg.origin, msg.seq, self.news_for(msg.origin)))
        elif (msg.seq, msg.member) == (self._seq, self._target):
            self._answered = True

    # -- suspicion (section 4.2) ------------------------------------------------------------------------------------

    def suspect(self, member: str) -> None:
        """Not faulty yet: it stays a member, and is pinged as before, until the suspicion has lasted too long."""
        self.take(Update(SUSPECT, member, self.members[member].incarnation))

    def on_suspicion_timeout(self, member: str) -> None:
        """Suspected for too long, and nobody said that it is alive."""
        self.take(Update(FAULTY, member, self.members[member].incarnation))

    def refute(self, news: Update) -> None:
        """Somebody thinks I failed: a higher incarnation, which nobody but me may make, says that I am alive."""
        self.incarnation = max(self.incarnation, news.incarnation + 1)
        self.tell(Update(ALIVE, self.name, self.incarnation))

    # -- dissemination (sections 3.2 and 4.1) -----------------------------------------------------------------------

    def learn(self, src: str, news: tuple[Update, ...]) -> None:
        """Take what rode on a message. Whoever sends is a member, even if nobody spoke of it yet (section 3.2)."""
        if src not in self.members and src not in self.faulty:
            self.take(Update(ALIVE, src, 0))
        for update in news:
            if update.member != self.name:
                self.take(update)
            elif update.kind != ALIVE:
                self.refute(update)

    def take(self, news: Update) -> None:
        """If it overrides what is known, act on it and pass it on."""
        member = news.member
        known = self.faulty.get(member) or self.members.get(member)
        if known is not None and not news.overrides(known):
            return
        self.tell(news)
        self.cancel_timer("suspicion", key=member)
        if news.kind == FAULTY:
            self.members.pop(member, None)
            self.faulty[member] = news
            self._order = [other for other in self._order if other != member]
            self.log(f"{member} is faulty")
            return
        self.members[member] = news
        if known is None:  # it joins the order in which members are pinged at a random place (section 4.3)
            self._order.insert(self.random.randrange(len(self._order) + 1), member)
        if news.kind == SUSPECT:
            self.set_timer("suspicion", self.suspicion, member, key=member)
            self.log(f"suspects {member}")

    def tell(self, news: Update) -> None:
        """Put it where ``news_for`` finds it, in place of older news of the same member."""
        self._news[news.member] = 0, news

    def news_for(self, dest: str, about: str = "") -> tuple[Update, ...]:
        """What to piggyback: what was told least often comes first, and nothing more than λ log2 n times (section 4.1).

        Before all else, whoever is suspected hears of it, so that it can answer. (In the paper it hears of it sooner or
        later, like everybody.)
        """
        known = [self.members.get(member) for member in (dest, about)]
        chosen = [update for update in known if update is not None and update.kind == SUSPECT]
        most = self.spread * (len(self.members) + 1).bit_length()
        for member, (times, update) in sorted(self._news.items(), key=lambda item: item[1][0]):
            if len(chosen) >= self.room:
                break
            if update not in chosen:
                chosen.append(update)
                self._news[member] = times + 1, update
                if times + 1 >= most:
                    del self._news[member]
        return tuple(chosen)


# -- the trial: a cut link and a pause kill nobody, a crash is noticed by everybody ------------------------------------


class NoIndirectProbes(Swim):
    """Asks nobody to ping for it: one cut link makes it suspect a member whom all the others reach."""

    def on_direct_timeout(self) -> None:
        """Wrong: no answer on the direct way is no answer."""


class NoSuspicion(Swim):
    """Declares faulty at once who misses one period: a pause of a few periods is death."""

    def suspect(self, member: str) -> None:
        """Wrong: no time to say "I am alive"."""
        self.take(Update(FAULTY, member, self.members[member].incarnation))


class NeverRefutes(Swim):
    """Bears suspicion in silence: the others wait in vain for it to say that it is alive, and bury it."""

    def refute(self, news: Update) -> None:
        """Wrong: keeps its incarnation."""


class VouchesBlindly(Swim):
    """Answers a ping-req for the target instead of pinging it: the dead have an answer as long as anybody lives."""

    def on_ping_req(self, src: str, msg: PingReq) -> None:
        """Wrong: it has not asked."""
        self.learn(src, msg.news)
        self.send(src, Ack(msg.target, src, msg.seq, self.news_for(src)))


# Each of the following times rests on a bound, so that the right protocol cannot fail by bad luck: with 3 others, every
# member pings each of them after 5 periods at the latest, tells it that it is suspected, and has its answer at once.

#: Troubles end; a member crashes for good between the two; suspicions of the living are gone; one link is cut again.
CALM_MS, CRASHED_MS, SETTLED_MS, CUT_MS = 700, 1_000, 2_000, 2_050
TIMES: dict[str, Any] = {"period": 100.0, "timeout": 25.0, "suspicion": 1_300.0, "k": 2}


def _living(sim: Simulation) -> list[Swim]:
    crashed = [fault.args[0] for fault in sim.faults if fault.call == "crash" and fault.at <= sim.now]
    return [node for node in sim.nodes.values() if isinstance(node, Swim) and node.name not in crashed]


def nobody_alive_is_suspected_in_vain(sim: Simulation) -> bool:
    """Accuracy: the living are never declared faulty, and when one link is all that is cut, not even suspected."""
    living = _living(sim)
    for node in living if sim.now > 0 else ():
        for other in living:
            if other.name in node.faulty:
                return False
            if sim.now > SETTLED_MS and node is not other and node.members[other.name].kind == SUSPECT:
                return False
    return True


def _build(seed: int, kind: type[Swim]) -> Simulation:
    """Four members: pauses, cuts and lossy links at first; then a crash for good; then one cut link."""
    dice = Random(f"{seed}/trial")
    names = ("m1", "m2", "m3", "m4")
    sim = Simulation(
        *(kind(name, peers=[peer for peer in names if peer != name], **TIMES) for name in names),
        network=Network(latency=(5, 10)),
        seed=seed,
        trace="off",
    )
    troubles = ("pause", "cut", "partition", "degrade")
    sim.set_faults(nemesis(sim, seed, until=CALM_MS, kinds=troubles, every_ms=200, for_ms=(100, 400), quiet_ms=0))
    dead, one, other, _ = dice.sample(names, 4)
    sim.at(dice.randint(CALM_MS, CRASHED_MS), sim.crash, dead)
    sim.at(CUT_MS, sim.network.cut, one, other)
    sim.at(CUT_MS + 600, sim.network.heal, one, other)
    sim.always(nobody_alive_is_suspected_in_vain)
    return sim


def _judge(sim: Simulation) -> str:
    """Strong completeness: every member that crashed has left the list of every other."""
    living = _living(sim)
    for node in living:
        for member in node.members:
            if member not in [other.name for other in living]:
                return f"completeness: {node.name} still counts {member}, which crashed"
    return ""


TRIAL = Trial(
    name="swim",
    build=_build,
    until_ms=3_200,
    judge=_judge,
    right=Swim,
    wrong=(NoIndirectProbes, NoSuspicion, NeverRefutes, VouchesBlindly),
)
