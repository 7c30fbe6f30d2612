"""What keeps a failure going: a post that kills its readers, servers that fall like dominoes, a crowd that repeats.

``deadly_post`` is small enough to watch message by message. ``dominoes`` is arithmetic. ``after_the_stall`` is the
gallery's ``retry_storm`` with a shorter stall; ``try_let_in`` puts a learner's rule for the door to the test.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

from ..clients import LoadClient, Request, Retry, ScriptClient
from ..failures.retry_storm import goodput, retry_storm
from ..metrics import Seen, what_users_saw
from ..network import Exponential, Network
from ..operations import Supervisor
from ..services import Server
from ..simulation import Simulation
from .verdicts import Trial, Verdict, rule_name, unfit

# ---------------------------------------------------------------- one post that kills

#: alice and bob wait so long, in ms.
PATIENCE_MS = 150.0
DEADLY = "[[[[[["


class Reader(Server):
    """A chat server that cannot read one kind of post."""

    def answer(self, src: str, msg: Request) -> Any:
        """Too many brackets, and the process dies."""
        if msg.arg == DEADLY:
            self.die("stack overflow while reading a post")
        return "done"


def deadly_post(seed: int = 0, servers: int = 3, repeats: int = 5, at: float = 300.0) -> Simulation:
    """alice talks to the servers in turn. bob sends one post that kills whoever reads it, and sends it again elsewhere.

    A supervisor starts a dead server again after 400 ms.

    Raises:
        ValueError: a number is out of range.
    """
    for name, value, least, most in (("servers", servers, 1, 6), ("repeats", repeats, 0, 20)):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{name} is {value!r}: write a whole number from {least} to {most}")
    names = tuple(f"s{i + 1}" for i in range(servers))
    alice = ScriptClient(
        "alice", service=names, script=[("post", "room", f"hello {i + 1}") for i in range(20)],
        start=50.0, think=60.0, timeout=PATIENCE_MS,
    )  # fmt: skip
    bob = ScriptClient(
        "bob", service=names, script=[("post", "room", DEADLY)], start=at, timeout=100.0, retry=Retry(times=repeats)
    )
    supervisor = Supervisor("supervisor", watches=names, delay_ms=400.0)
    readers = [Reader(name, service=(4, 8)) for name in names]
    return Simulation(*readers, alice, bob, supervisor, network=Network(latency=(5, 15)), seed=seed)


def posts_seen(sim: Simulation) -> list[Seen]:
    """What alice and bob saw."""
    return what_users_saw(sim.history, sim.now, within=PATIENCE_MS)


# ---------------------------------------------------------------- dominoes


def load_after_a_loss(servers: int, busy: float) -> float:
    """How busy each of the others is when one of so many servers is gone: 1.05 is 105 %, more than it can do.

    Raises:
        ValueError: fewer than two servers, or a share that is none.
    """
    if isinstance(servers, bool) or not isinstance(servers, int) or not 2 <= servers <= 1_000:
        raise ValueError(f"servers is {servers!r}: write a whole number from 2 to 1,000")
    if isinstance(busy, bool) or not isinstance(busy, int | float) or not isfinite(busy) or not 0 < busy <= 1:
        raise ValueError(f"busy is {busy!r}: write a share above 0, up to 1, such as 0.7 for 70 %")
    return servers * busy / (servers - 1)


def dominoes(servers: int, busy: float) -> list[int]:
    """How many servers are left, step by step, if one dies and each one with 100 % to do or more dies next."""
    load_after_a_loss(servers, busy)  # refuses what cannot be
    left = [servers, servers - 1]
    # A hair below 1: two thirds of three servers is exactly 100 % for two, whatever the last bit of a float says.
    while left[-1] and servers * busy / left[-1] >= 1 - 1e-9:
        left.append(0)
    return left


def spare_room(servers: int) -> float:
    """Below this share each server must stay, so that one may die: (n - 1) / n."""
    load_after_a_loss(servers, 0.5)
    return (servers - 1) / servers


# ---------------------------------------------------------------- the stall that never ends

#: The stall begins after so many seconds, and lasts so long.
STALL_AT_S, STALL_S = 10.0, 4.0
#: What comes in these seconds counts: long after the stall.
FROM_S, TO_S = 70.0, 100.0


def after_the_stall(
    seed: int = 0,
    rate: float = 80.0,
    retries: int = 3,
    wait_ms: float = 0.0,
    jitter: bool = False,
    budget: float | None = None,
    queue_bound: int | None = None,
    stall_s: float = STALL_S,
) -> float:
    """Good answers a second, a minute after the stall is over. The server can do 100 a second; nothing is broken then.

    ``wait_ms`` before the first repetition, twice as long before each further one; the other settings are those of
    ``dslib.failures.retry_storm``.
    """
    sim = retry_storm(
        seed, rate, retries, wait_ms, jitter, budget, queue_bound,
        stall_s=stall_s, stall_at_s=STALL_AT_S, until_s=TO_S,
    )  # fmt: skip
    return goodput(sim, FROM_S, TO_S)


# ---------------------------------------------------------------- your turn: whom to let in

#: Whether one more may wait, given how many wait already, and how many the server can serve in a second.
LetIn = Callable[[int, int], bool]


class Door(Server):
    """A server that asks a rule before it lets somebody wait."""

    rule: LetIn = staticmethod(lambda waiting, each_second: True)
    each_second: int = 100

    def admit(self, src: str, msg: Request) -> str:
        """A free worker takes anybody; else the rule decides."""
        if self.busy < self.workers or self.rule(self.waiting, self.each_second):
            return super().admit(src, msg)
        return "full"


class Fate(NamedTuple):
    """Good answers as a share of what the server could give, or was asked for, if that is less."""

    normally: float
    overloaded: float
    later: float


def behind_the_door(rule: LetIn, each_second: int, seed: int = 0) -> Fate:
    """60 % busy for 20 s; then a surge of three times as many for 10 s; then 60 % again. Users wait one second."""
    door = Door("server", service=Exponential(1_000 / each_second), rule=rule, each_second=each_second)
    users = LoadClient("users", service="server", rate=0.6 * each_second, timeout=1_000.0, retry=Retry(times=3))
    sim = Simulation(door, users, network=Network(latency=0), seed=seed, trace="off")
    sim.at(20_000, sim.act, "users", "surge", 3)
    sim.at(30_000, sim.act, "users", "surge", 1)
    sim.run(until=50_000)

    def share(after: float, before: float) -> float:
        asked = [op for op in sim.history if after <= op.invoked < before]
        good = sum(one.outcome == "good" for one in what_users_saw(asked, sim.now, within=1_000.0))
        return min(1.0, good / max(1.0, min(len(asked), each_second * (before - after) / 1_000)))

    return Fate(share(0, 20_000), share(22_000, 30_000), share(35_000, 48_000))


def try_let_in(rule: LetIn, seed: int = 0) -> Verdict:
    """Put a rule for the door to the test, before a quick server and a slow one; users wait one second at both.

    It passes if on a normal day at least 97 % get good answers, in a surge the server still does at least 70 % of what
    it can, and 5 s after the surge all is as before.
    """
    if complaint := unfit(
        rule, [(n, speed) for speed in (100, 20) for n in (0, 1, 10, 1_000)], "may wait", "is refused"
    ):
        return Verdict([], f"Not run yet: {complaint}.", False)
    trials, strict = [], None
    for each_second in (100, 20):
        fate = behind_the_door(rule, each_second, seed)
        for name, share, least in (
            ("a normal day", fate.normally, 0.97),
            ("a surge", fate.overloaded, 0.7),
            ("afterwards", fate.later, 0.97),
        ):
            complaint = "" if share >= least else f"at least {least:.0%} is needed"
            if complaint and strict is None:
                strict = name == "a normal day"
            trials.append(Trial(f"{each_second}/s, {name}", (f"{share:4.0%} good",), complaint))
    if strict is None:
        return Verdict(trials, f"{rule_name(rule)} keeps the queue shorter than the users' patience. Well done.", True)
    way = (
        "Let more wait: at 60 % busy a short queue is normal, and refusing it helps nobody. (Whoever finds the server "
        "idle is served without your rule.)"
        if strict
        else "Let fewer wait: whoever is served after a second has gone, and was served for nothing. How many can the "
        "server serve within that second?"
    )
    return Verdict(trials, f"Begin with the first ✗. {way}", False)
