"""A group takes over: who answers while a replica, or all of its group, is down, and how it catches up afterwards.

Replicas of one chat room stand in groups, say one in each city. The first group is home: its users ask there first, and
elsewhere if they may. Who answers them in the end depends on two rules, theirs (whom to ask next) and the replicas'
(when to accept a post). Behind the second one is the majority rule once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..clients import LoadClient, Reply, Request, Retry
from ..metrics import good_share
from ..network import Network
from ..protocols.chat import ChatReplica, user_of, users_saw
from ..protocols.majority import Rule, more_than_half
from ..simulation import Simulation
from .rooms import USERS, replica_names

#: When the trouble begins, when the users have had time to look for another replica, and when it is over, in ms.
TROUBLE_MS, SETTLED_MS, BACK_MS, UNTIL_MS = 400.0, 1_000.0, 2_000.0, 3_000.0

#: A user who asks several replicas waits for several time-outs, and is content all the same.
PATIENT_MS = 1_000.0

#: Whoever asks seven replicas, one after the other, has done so after this time, in ms.
LAST_TRY_MS = 500.0

#: Whom a user may ask, and what may become of the first group: one of it crashes, all of it, or it is cut off.
ASKS = ("nobody else", "its group", "any group")
STRIKES = ("one crashes", "all crash", "cut off")


class OnceReplica(ChatReplica):
    """A replica that adds no second line when a user asks again for what is in the room already."""

    def on_request(self, src: str, msg: Request) -> None:
        """A post's number is its idempotency key (lesson 3)."""
        if msg.f == "post" and msg.id in self.stored_ids():
            self.send(src, Reply(msg.id))
        else:
            super().on_request(src, msg)


def grouped_room(
    seed: int = 0,
    groups: Sequence[int] = (3,),
    trouble: str = "one crashes",
    asks: str = "its group",
    rule: Rule = more_than_half,
) -> Simulation:
    """Groups of replicas, ``(3, 3)`` is r1 r2 r3 and r4 r5 r6. Trouble strikes the first group from 400 to 2,000 ms.

    Each replica of the first group has a user who posts every 200 ms and goes on to the next replica after 60 ms.
    ``asks`` is whom else a user may ask. Where the first group is cut off, its users are on its side of the cut. Each
    other group has one user of its own.

    Raises:
        ValueError: no groups, or more than 7 replicas; an unknown trouble, or somebody unknown to ask.
    """
    if trouble not in STRIKES or asks not in ASKS:
        raise ValueError(
            f"trouble={trouble!r}, asks={asks!r}: write one of {', '.join(map(repr, STRIKES))}, and one of "
            f"{', '.join(map(repr, ASKS))}"
        )
    members = _members(groups)
    names = [name for group in members for name in group]
    home = members[0]
    users = []
    for name, user in zip(names, USERS, strict=False):
        group = next(group for group in members if name in group)
        if group is not home and name != group[0]:
            continue
        users.append(_user(user, _in_turn(name, group, names, asks), home.index(name) if group is home else 0))
    sim = Simulation(
        *(OnceReplica(name, peers=[peer for peer in names if peer != name], rule=rule) for name in names),
        *users,
        network=Network(latency=(5, 15)),
        seed=seed,
    )
    if trouble == "cut off":
        inside = {*home, *USERS[: len(home)]}
        outside = set(sim.nodes) - inside
        if outside:  # a group that is alone cannot be cut off from others
            sim.at(TROUBLE_MS, sim.network.partition, inside, outside)
            sim.at(BACK_MS, sim.network.heal)
    else:
        for name in home if trouble == "all crash" else home[:1]:
            sim.at(TROUBLE_MS, sim.crash, name)
            sim.at(BACK_MS, sim.restart, name)
    return sim


def _members(groups: Sequence[int]) -> list[tuple[str, ...]]:
    if not groups or not all(isinstance(size, int) and size >= 1 for size in groups):
        raise ValueError(f"groups={groups!r}: write the size of each group, such as (3, 3)")
    names = replica_names(sum(groups))
    starts = [sum(groups[:number]) for number in range(len(groups))]
    return [names[start : start + size] for start, size in zip(starts, groups, strict=True)]


def _in_turn(name: str, group: Sequence[str], names: Sequence[str], asks: str) -> tuple[str, ...]:
    """Whom a user asks, one after the other: their own replica, its group, the others."""
    others = {"nobody else": (), "its group": group, "any group": (*group, *names)}[asks]
    return tuple(dict.fromkeys((name, *others)))


def _user(user: str, replicas: tuple[str, ...], turn: int) -> LoadClient:
    return LoadClient(
        user,
        service=replicas,
        rate=5.0,
        spacing="even",
        start=20.0 + 60 * turn,
        stop=UNTIL_MS - 300,
        operation=lambda number, _: ("post", None, f"{user[0]}{number + 1}"),
        timeout=60.0,
        retry=Retry(times=len(replicas) - 1),
    )


class TakenOver(NamedTuple):
    """What the users of the first group got, while it was in trouble and after that.

    Fields:
        by: the replicas that accepted their posts in the middle of the trouble.
        good: the share of good answers among the posts asked then.
        behind: how many posts the replicas of the first group lacked, at most, when they were back.
        caught_up_ms: how long after that until they had all of these; 0 if they lacked none.
        split: whether the first group and the others both went on: two truths.
    """

    by: tuple[str, ...]
    good: float
    behind: int
    caught_up_ms: float
    split: bool

    def __str__(self) -> str:
        who = " ".join(self.by) or "nobody"
        said = f"{self.good:.0%} good answers, from {who}"
        if self.behind:
            posts = f"{self.behind} post{'s' if self.behind > 1 else ''}"
            said += f"; {posts} behind, caught up after {self.caught_up_ms:.0f} ms"
        return said + ("; two truths" if self.split else "")


def take_over(
    seed: int = 0,
    groups: Sequence[int] = (3,),
    trouble: str = "one crashes",
    asks: str = "its group",
    rule: Rule = more_than_half,
) -> TakenOver:
    """Run ``grouped_room`` and look at the users of the first group, and at its replicas when they are back."""
    sim = grouped_room(seed, groups, trouble, asks, rule)
    home = _members(groups)[0]
    struck = home[:1] if trouble == "one crashes" else home
    sim.run(until=BACK_MS - 1)
    split = _both_sides_accept(sim, struck)
    elsewhere = [_ids(sim, name) for name in sim.nodes if name in _replicas(sim) and name not in struck]
    known = set().union(*elsewhere)
    answered = {op.id for op in sim.history if op.status == "ok"} & known
    behind = max(len(answered - _ids(sim, name)) for name in struck)
    caught_up = 0.0
    while any(answered - _ids(sim, name) for name in struck) and sim.now < UNTIL_MS:
        sim.run(until=sim.now + 5)
        caught_up = sim.now - BACK_MS
    sim.run(until=UNTIL_MS)
    users = USERS[: len(struck)]
    seen = [
        one
        for one in users_saw(sim, waits=PATIENT_MS)
        if user_of(one.operation) in users and SETTLED_MS <= one.operation.invoked < BACK_MS - LAST_TRY_MS
    ]
    accepted = {one.operation.id for one in seen if one.operation.status == "ok"}
    by = [name for name in _replicas(sim) if any(id in accepted for id in _accepted_by(sim, name))]
    return TakenOver(tuple(by), good_share(seen), behind, caught_up, split)


def _both_sides_accept(sim: Simulation, struck: Sequence[str]) -> bool:
    """Whether both the replicas in trouble and the others accepted posts lately."""
    others = [name for name in _replicas(sim) if name not in struck]
    late = sim.now - 800
    return all(
        any(at >= late and by in side for name in side for at, _, by, _ in sim.nodes[name].disk.get("posts", ()))
        for side in (struck, others)
    )


def _replicas(sim: Simulation) -> list[str]:
    return [name for name, node in sim.nodes.items() if isinstance(node, ChatReplica)]


def _ids(sim: Simulation, name: str) -> set[int]:
    return {id for _, id, _, _ in sim.nodes[name].disk.get("posts", ())}


def _accepted_by(sim: Simulation, name: str) -> list[int]:
    return [id for _, id, by, _ in sim.nodes[name].disk.get("posts", ()) if by == name]
