"""The chat room, the course's running example, and what cuts do to it.

Replicas r1, r2, … keep it; alice, bob, carol, … are its users, each connected to one replica. alice's posts are called
a1, a2, …, so a transcript such as "a1 b1 c1 a2" says who was heard, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import cos, inf, nan, pi, sin
from random import Random
from statistics import median
from typing import Any, NamedTuple

from ..clients import LoadClient
from ..network import Exponential, Network
from ..node import Node
from ..protocols.chat import (
    WAITS_MS,
    BeatingReplica,
    ChatReplica,
    Merge,
    last_writer_wins,
    replicas_of,
    set_union,
    user_of,
    writers,
)
from ..protocols.epochs import EpochReplica
from ..protocols.majority import Rule, always, more_than_half
from ..simulation import Simulation
from .verdicts import Trial, Verdict, unfit

#: The users of replicas r1, r2, …
USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")

#: When a scenario cuts the room, in ms: on the beat of the pings, so that the next count shows it.
CUT_MS = 400.0

CAROL_CUT_OFF = ({"r1", "r2", "alice", "bob"}, {"r3", "carol"})


# -- the chat room -----------------------------------------------------------------------------------------------------


def chat_room(
    seed: int = 0,
    replicas: int = 3,
    rule: Rule = more_than_half,
    merge: Merge = set_union,
    relay: bool = False,
    count_self: bool = True,
    stop: float = 1_950.0,
) -> Simulation:
    """A healthy room. Each user posts every 200 ms, alice first at 220 ms, and for the last time before ``stop``.

    Replicas ping each other every 200 ms and count the answers 60 ms later; ``rule`` says by that count whether to
    accept posts. ``merge`` joins transcripts after a cut. Messages take 5 to 15 ms.
    """
    names = replica_names(replicas)
    return Simulation(
        *(
            ChatReplica(name, peers=_others(name, names), rule=rule, merge=merge, relay=relay, count_self=count_self)
            for name in names
        ),
        *_users(names, stop),
        network=Network(latency=(5, 15)),
        seed=seed,
    )


def silence(seed: int = 0, fault: str = "crash", remedy: str | None = None) -> Simulation:
    """r3 falls silent at 400 ms, because it crashed or because it was cut off. The remedy, if any, comes at 900 ms.

    Raises:
        ValueError: the fault is neither "crash" nor "cut", or the remedy neither "restart" nor "heal".
    """
    sim = chat_room(seed)
    if fault == "crash":
        sim.at(CUT_MS, sim.crash, "r3")
    elif fault == "cut":
        sim.at(CUT_MS, sim.network.partition, *CAROL_CUT_OFF)
    else:
        raise ValueError(f'fault is {fault!r}: write "crash" or "cut"')
    if remedy == "restart":
        sim.at(900, sim.restart, "r3")
    elif remedy == "heal":
        sim.at(900, sim.network.heal)
    elif remedy is not None:
        raise ValueError(f'remedy is {remedy!r}: write "restart", "heal" or None')
    return sim


def two_truths(seed: int = 0, rule: Rule = always, merge: Merge = set_union) -> Simulation:
    """r3 and carol are cut off at 400 ms; at 1,250 ms the cut is mended.

    The last posts come 100 ms before that, so that no post races the merge.
    """
    sim = chat_room(seed, rule=rule, merge=merge, stop=1_150.0)
    sim.at(CUT_MS, sim.network.partition, *CAROL_CUT_OFF)
    sim.at(1_250, sim.network.heal)
    return sim


def split_room(
    seed: int = 0, groups: Sequence[int] = (3, 2), rule: Rule = more_than_half, count_self: bool = True
) -> Simulation:
    """The replicas fall into groups of these sizes at 400 ms, each with its users: ``(3, 2)`` is r1 r2 r3 | r4 r5."""
    sim = chat_room(seed, replicas=sum(groups), rule=rule, count_self=count_self)
    if len(groups) > 1:
        sim.at(CUT_MS, sim.network.partition, *_with_users(_grouped(groups)))
    return sim


def triangle(
    seed: int = 0, rule: Rule = more_than_half, relay: bool = False, epochs: bool = False, cut: bool = True
) -> Simulation:
    """Three replicas; at 400 ms the link r1-r3 is cut, and only that one. Users read instead of every third post.

    Without ``epochs`` it is enough for a replica to hear a majority; with them it writes to a majority each time.
    """
    names = replica_names(3)

    def replica(name: str) -> Node:
        if epochs:
            return EpochReplica(name, peers=_others(name, names), rule=rule)
        return ChatReplica(name, peers=_others(name, names), rule=rule, relay=relay)

    sim = Simulation(
        *map(replica, names), *_users(names, stop=1_950.0, read_every=3), network=Network(latency=(5, 15)), seed=seed
    )
    if cut:
        sim.at(CUT_MS, sim.network.cut, names[0], names[2])
    return sim


def replica_names(n: int) -> tuple[str, ...]:
    """r1, r2, … rn.

    Raises:
        ValueError: ``n`` is not a whole number from 1 to 7; there are no users for more.
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= len(USERS):
        raise ValueError(f"a room with {n!r} replicas: write a whole number from 1 to {len(USERS)}")
    return tuple(f"r{i + 1}" for i in range(n))


def room_places(replicas: int = 3) -> dict[str, tuple[float, float]]:
    """Where to draw the room: replicas on a circle, each user behind their replica at the picture's edge.

    A user is never straight above or below, where the replica's state is written. x and y run from 0 to 1, y downwards.
    """
    places = {}
    for i, (replica, user) in enumerate(zip(replica_names(replicas), USERS, strict=False)):
        turn = 2 * pi * i / replicas - pi / 2
        x, y = cos(turn), sin(turn)
        edge = 0.5 / max(abs(x), abs(y))
        places[replica] = round(0.5 + 0.28 * x, 3), round(0.5 + 0.28 * y, 3)
        places[user] = round(0.5 + edge * x if abs(x) > 0.1 else 0.15, 3), round(0.5 + edge * y, 3)
    return places


def _others(name: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(other for other in names if other != name)


def _users(names: Sequence[str], stop: float, read_every: int | None = None) -> list[Node]:
    """One user at each replica. They take turns, so that no two posts are asked at the same moment."""
    return [
        LoadClient(
            user,
            service=replica,
            rate=5.0,
            spacing="even",
            start=20.0 + 200 * i // len(names),
            stop=stop,
            operation=_posts_of(user, read_every),
            timeout=WAITS_MS,
        )
        for i, (user, replica) in enumerate(zip(USERS, names, strict=False))
    ]


def _posts_of(user: str, read_every: int | None = None) -> Callable[[int, Random], tuple[Any, ...]]:
    def operation(number: int, random: Random) -> tuple[Any, ...]:
        if read_every is None:
            return "post", None, f"{user[0]}{number + 1}"
        reads, rest = divmod(number + 1, read_every)
        return ("read",) if rest == 0 else ("post", None, f"{user[0]}{number + 1 - reads}")

    return operation


def _grouped(groups: Sequence[int]) -> list[list[str]]:
    """``(3, 2)`` as [r1 r2 r3], [r4 r5]."""
    names = replica_names(sum(groups))
    starts = [sum(groups[:i]) for i in range(len(groups))]
    return [list(names[start : start + size]) for start, size in zip(starts, groups, strict=True)]


def _with_users(groups: Iterable[Sequence[str]]) -> list[set[str]]:
    """Users stay on the side of their replica."""
    return [{*group, *(USERS[int(name[1:]) - 1] for name in group)} for group in groups]


# -- the dangerous second ----------------------------------------------------------------------------------------------

#: When it begins, in ms.
SECOND_MS = 3_000.0


def dangerous_second(
    seed: int = 0,
    groups: tuple[int, int] = (2, 1),
    answer_after: str = "accepting",
    rate: float = 5.0,
    timeout: float = 1_500.0,
    latency: Any = None,
    heal: float | None = None,
    majority_posts: bool = True,
) -> Simulation:
    """Heartbeats once a second, out of step; at 3,000 ms a minority is cut off, and for a while does not know it.

    ``groups`` are the sizes of the two sides, the majority first. Each replica's user posts ``rate`` times a second, at
    random moments. ``latency`` is by default exponential with a mean of 100 ms. At ``heal`` ms the cut is mended and
    the transcript that was changed last replaces the other; posting stops 500 ms before. ``majority_posts=False``
    leaves out the users of the majority, where only the minority is looked at.
    """
    names = replica_names(sum(groups))
    posting = names if majority_posts else names[groups[0] :]
    told: dict[str, Any] = {"merge": last_writer_wins, "answer_after": answer_after, "timeout": timeout}
    sim = Simulation(
        *(BeatingReplica(name, peers=_others(name, names), **told) for name in names),
        *(
            LoadClient(
                user,
                service=replica,
                rate=rate,
                start=2_000.0,
                stop=inf if heal is None else heal - 500,
                operation=_posts_of(user),
                timeout=3_000.0,
            )
            for user, replica in zip(USERS, names, strict=False)
            if replica in posting
        ),
        network=Network(latency=Exponential(mean=100) if latency is None else latency),
        seed=seed,
    )
    sides = _with_users(_grouped(groups))
    sim.at(SECOND_MS, sim.network.partition, *({name for name in side if name in sim.nodes} for side in sides))
    if heal is not None:
        sim.at(heal, sim.network.heal)
    return sim


class Second(NamedTuple):
    """What one dangerous second did.

    Fields:
        noticed_s: for each replica of the minority, the seconds from the cut until it stopped accepting posts; inf if
            it never did.
        orphans: posts that the minority accepted after the cut and answered "done", and no replica of the majority has.
        resumed_s: seconds from the cut until the majority's users had an answer to a post asked after it; inf if none.
        usual_ms: the median time to an answer, among posts asked in the second before the cut; nan without any.
    """

    noticed_s: tuple[float, ...]
    orphans: int
    resumed_s: float
    usual_ms: float


def measure_second(seed: int = 0, groups: tuple[int, int] = (2, 1), **settings: Any) -> Second:
    """Run ``dangerous_second`` for three seconds after the cut, and look at both sides."""
    sim = dangerous_second(seed, groups, **settings).run(until=SECOND_MS + 3_000)
    majority, minority = _grouped(groups)
    stopped = {
        row.src: row.time for row in sim.trace.where(kind="log", after=SECOND_MS) if row.detail.startswith("read-only")
    }
    elsewhere = {id for replica in replicas_of(sim) if replica.name in majority for id in replica.stored_ids()}
    answered = {op.id: op for op in sim.history if op.completed is not None and op.status == "ok"}
    orphans = [
        id
        for name in minority
        for at, id, by, _ in sim.nodes[name].disk.get("posts", ())
        if by == name and at >= SECOND_MS and id in answered and id not in elsewhere
    ]
    inside = {USERS[int(name[1:]) - 1] for name in majority}
    times = [(op.invoked, op.completed or inf, user_of(op)) for op in answered.values()]
    after = [done - SECOND_MS for asked, done, user in times if asked >= SECOND_MS and user in inside]
    before = [done - asked for asked, done, _ in times if asked < SECOND_MS]  # posting begins a second before the cut
    return Second(
        noticed_s=tuple((stopped.get(name, inf) - SECOND_MS) / 1_000 for name in minority),
        orphans=len(orphans),
        resumed_s=min(after, default=inf) / 1_000,
        usual_ms=median(before) if before else nan,
    )


# -- judging a rule ----------------------------------------------------------------------------------------------------

#: All ways to cut three, four and five replicas into groups, up to their names.
SHAPES = (
    (3,), (2, 1), (1, 1, 1),
    (4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1),
    (5,), (4, 1), (3, 2), (3, 1, 1), (2, 2, 1), (2, 1, 1, 1), (1, 1, 1, 1, 1),
)  # fmt: skip


def who_writes(groups: Sequence[int], rule: Rule = more_than_half, count_self: bool = True, seed: int = 0) -> list[str]:
    """The replicas that still accept posts once they know of the cut."""
    return writers(split_room(seed, groups, rule, count_self).run(until=1_100), after=CUT_MS + 300)


#: What the two columns of a rule's trials are.
HEADER = ("cut", "accepts posts")


def try_rule(rule: Rule, seed: int = 0) -> Verdict:
    """Run a rule through all cuts of three, four and five replicas, and then through one that is not clean.

    It passes if never two groups accept posts at the same time, and a group of more than half always does.
    """
    if complaint := unfit(
        rule, [(heard, n) for n in (3, 4, 5) for heard in range(1, n + 1)], "accept posts", "read-only"
    ):
        return Verdict([], f"Not run yet: {complaint}.", False)
    trials = []
    for groups in SHAPES:
        accepting = who_writes(groups, rule, seed=seed)
        trials.append(Trial(" + ".join(map(str, groups)), tuple(accepting), _complaint(groups, accepting)))
    bad = [t for t in trials if t.complaint]
    if bad:
        first = f"Begin with {bad[0].name}: {_advice(bad[0].complaint)}"
        return Verdict(trials, f"{len(bad)} of {len(trials)} cuts go wrong. {first}", False, HEADER)
    accepting = writers(triangle(seed, rule).run(until=1_100), after=CUT_MS + 300)
    both = "r1" in accepting and "r3" in accepting
    return Verdict(
        [*trials, Trial("3, only r1–r3 cut", tuple(accepting))],
        f"All {len(trials)} clean cuts pass: never two groups, and never a silent majority."
        + (
            " In the last row r1 and r3 cannot hear each other and both accept posts: see the next demo."
            if both
            else ""
        ),
        True,
        HEADER,
    )


def _advice(complaint: str) -> str:
    if complaint.startswith("split"):
        sides = complaint.partition(": ")[2].replace(" | ", " and ")
        return f"{sides} cannot hear each other, and each side thinks that it may write. Ask for more."
    return "they are more than half, so nobody else could be. Ask for less."


def _complaint(groups: Sequence[int], accepting: Sequence[str]) -> str:
    sides = [[name for name in group if name in accepting] for group in _grouped(groups)]
    busy = [" ".join(side) for side in sides if side]
    if len(busy) > 1:
        return f"split brain: {' | '.join(busy)}"
    size, n = max(groups), sum(groups)
    if 2 * size > n and len(sides[groups.index(size)]) < size:
        return f"silent, though {size} of {n} can talk"
    return ""
