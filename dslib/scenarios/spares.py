"""Restart or hot spare: what is lost, how long nobody is served, and what it costs.

The room on one machine: it keeps its posts in memory and writes them all to its disk now and then, a *checkpoint*. When
the machine crashes, somebody starts it again, and what came after the last checkpoint is gone. Or the room on three
machines: a post counts when two of them have it, and when one crashes, users go on with another: a *hot spare*.

How much work may be lost is the *recovery point objective* (RPO), how long nobody may be served the *recovery time
objective* (RTO), both in seconds. A plan meets them or not; which plan is the cheapest depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from math import isfinite
from random import Random
from typing import Any, NamedTuple

from ..clients import LoadClient, Reply, Request, Retry
from ..network import Network
from ..node import Node
from ..simulation import Simulation
from .groups import OnceReplica
from .rooms import replica_names
from .verdicts import Trial, Verdict, rule_name

#: Posts a second, and how long it takes to write one checkpoint, in seconds. While it writes, posts wait.
RATE, WRITE_S = 10.0, 0.1

#: How long it takes until a crashed machine serves again: somebody notices, it boots, it reads its disk.
RESTART_S = 20.0

#: How long a user waits before asking the next machine, in ms.
PATIENCE_MS = 100.0


class CheckpointRoom(Node):
    """Keeps posts in memory and writes all of them to its disk every ``interval`` ms, which takes ``write`` ms."""

    interval: float = 10_000.0
    write: float = 1_000 * WRITE_S

    def on_start(self) -> None:
        """What the last checkpoint held is all there is."""
        self.posts: tuple[int, ...] = self.disk.get("posts", ())
        self._writing = False
        self._waiting: tuple[tuple[str, int], ...] = ()
        self.set_timer("checkpoint", self.interval)

    def on_request(self, src: str, msg: Request) -> None:
        """To memory, unless a checkpoint is being written."""
        if self._writing:
            self._waiting += ((src, msg.id),)
        else:
            self.posts += (msg.id,)
            self.send(src, Reply(msg.id))

    def on_checkpoint_timeout(self) -> None:
        """Begin to write. A crash in the middle leaves the old checkpoint."""
        self._writing = True
        self.set_timer("written", self.write)

    def on_written_timeout(self) -> None:
        """It is on the disk; now those who had to wait."""
        self.disk["posts"] = self.posts
        self._writing = False
        waiting, self._waiting = self._waiting, ()
        for user, id in waiting:
            self.posts += (id,)
            self.send(user, Reply(id))
        self.set_timer("checkpoint", self.interval)

    def stored_ids(self) -> tuple[int, ...]:
        """The posts that it has now."""
        return self.posts


class Plan(NamedTuple):
    """How to be prepared for a crash.

    Fields:
        machines: 1, or an odd number of replicas, 3 or more.
        checkpoint_s: seconds between two checkpoints, of one machine; replicas write each post down at once.
    """

    machines: int = 1
    checkpoint_s: float = 10.0


def prepared_room(
    seed: int = 0, machines: int = 1, checkpoint_s: float = 10.0, restart_s: float = RESTART_S
) -> Simulation:
    """The room with such a plan. Its first machine crashes at some moment between two checkpoints, and is restarted.

    Users post ten times a second, to the first machine that answers.

    Raises:
        ValueError: an even number of machines, or more than 7; a time that is not above 0.
    """
    if machines not in (1, 3, 5, 7):
        raise ValueError(f"machines={machines!r}: write 1, or 3, 5 or 7 replicas, of which more than half must agree")
    for name, value in (("checkpoint_s", checkpoint_s), ("restart_s", restart_s)):
        if not (isinstance(value, int | float) and isfinite(value) and value > 0):
            raise ValueError(f"{name}={value!r}: write seconds, above 0")
    names = replica_names(machines)
    crash = crash_ms(seed, checkpoint_s if machines == 1 else 1.0)
    settings: dict[str, Any] = {"interval": 1_000.0 * checkpoint_s} if machines == 1 else {"answer_after": "majority"}
    kind: Any = CheckpointRoom if machines == 1 else OnceReplica
    sim = Simulation(
        *(kind(name, peers=[peer for peer in names if peer != name], **settings) for name in names),
        LoadClient(
            "users",
            service=names,
            rate=RATE,
            operation=lambda number, _: ("post", None, f"p{number + 1}"),
            timeout=PATIENCE_MS + 1_000 * WRITE_S,
            retry=Retry(times=machines - 1),
        ),
        network=Network(latency=(5, 15)),
        seed=seed,
        trace="off",
    )
    sim.at(crash, sim.crash, "r1")
    sim.at(crash + 1_000 * restart_s, sim.restart, "r1")
    return sim


def crash_ms(seed: int, checkpoint_s: float) -> float:
    """When the machine crashes: after the first checkpoint, at a random moment of the time between two."""
    between = 1_000 * (checkpoint_s + WRITE_S)
    return round(between * (1 + Random(f"{seed}/crash").random()), 3)


class Recovered(NamedTuple):
    """What one crash did.

    Fields:
        lost: posts that were answered and are on no machine afterwards.
        lost_s: the same as seconds of work.
        down_s: the longest time in which nobody was answered.
        machines: how many are paid for.
        writing: the share of its time that a machine spends on checkpoints.
    """

    lost: int
    lost_s: float
    down_s: float
    machines: int
    writing: float

    def __str__(self) -> str:
        return (
            f"{self.lost} posts lost ({self.lost_s:.1f} s of work), nobody served for {self.down_s:.1f} s; "
            f"{self.machines} machine{'s' if self.machines > 1 else ''}, {self.writing:.1%} of the time writing"
        )


@lru_cache(maxsize=1_000)
def recover(seed: int = 0, machines: int = 1, checkpoint_s: float = 10.0, restart_s: float = RESTART_S) -> Recovered:
    """Run ``prepared_room`` through its crash, until users are served again and for some time after that."""
    sim = prepared_room(seed, machines, checkpoint_s, restart_s)
    crash = crash_ms(seed, checkpoint_s if machines == 1 else 1.0)
    sim.run(until=crash + (1_000 * restart_s + 2_000 if machines == 1 else 5_000))  # spares need not wait for it
    kept = {id for name in replica_names(machines) for id in sim.nodes[name].stored_ids()}  # type: ignore[attr-defined]
    answered = [op for op in sim.history if op.status == "ok" and op.completed is not None]
    lost = sum(op.id not in kept for op in answered)
    done = sorted(op.completed for op in answered if op.completed is not None)
    return Recovered(
        lost=lost,
        lost_s=lost / RATE,
        down_s=max(b - a for a, b in pairwise([0.0, *done, sim.now])) / 1_000,
        machines=machines,
        writing=WRITE_S / (checkpoint_s + WRITE_S) if machines == 1 else 0.0,
    )


# -- a learner's plan -------------------------------------------------------------------------------------------------

#: What five services ask for: RTO and RPO in seconds.
WISHES = (
    ("a club's notices", 3_600.0, 60.0),
    ("a course's chat", 60.0, 5.0),
    ("a shop's help line", 1.0, 60.0),
    ("an emergency room", 1.0, 0.0),
    ("a bank's ledger", 3_600.0, 0.0),
)

#: A single machine should not spend more than this share of its time on checkpoints.
MOST_WRITING = 0.05

#: So many crashes a plan must bear.
CRASHES = 20


def try_plan(plan: Callable[[float, float], Any]) -> Verdict:
    """Put a learner's rule to the test: ``plan(rto_s, rpo_s)`` returns (machines, checkpoint_s).

    For each of five services it must bear twenty crashes, each at another moment, with nobody unserved for longer than
    the RTO and no more work lost than the RPO; with no more machines than it takes, and without writing all the time.
    """
    header = ("service", "machines, checkpoint")
    if not callable(plan):
        return Verdict([], f"Not run yet: {plan!r} is not a function; hand over the function itself.", False, header)
    trials = []
    for name, rto_s, rpo_s in WISHES:
        try:
            given = plan(rto_s, rpo_s)
        except Exception as error:  # whatever a learner's rule may raise
            said = f"{rule_name(plan)}({rto_s:g}, {rpo_s:g}) stops with {type(error).__name__}: {error}"
            return Verdict([], f"Not run yet: {said}.", False, header)
        if not _is_plan(given):
            said = f"{rule_name(plan)}({rto_s:g}, {rpo_s:g}) gives {given!r}; return (machines, seconds)"
            return Verdict(
                [],
                f"Not run yet: {said}, such as (1, 10) or (3, 10); seconds are above 0 and at most 600.",
                False,
                header,
            )
        machines, checkpoint_s = given
        complaint = _plan_complaint(machines, float(checkpoint_s), rto_s, rpo_s)
        words = f"{machines}, {checkpoint_s:g} s" if machines == 1 else f"{machines}"
        trials.append(Trial(name, (words,), complaint))
    bad = [trial for trial in trials if trial.complaint]
    if bad:
        return Verdict(trials, f"{len(bad)} of {len(trials)} go wrong. Begin with {bad[0].name}.", False, header)
    return Verdict(trials, "Each gets what it asks for, and none pays for more.", True, header)


def _is_plan(given: Any) -> bool:
    if not isinstance(given, tuple) or len(given) != 2:
        return False
    machines, checkpoint_s = given
    if isinstance(checkpoint_s, bool) or not isinstance(checkpoint_s, int | float):
        return False
    return machines in (1, 3, 5, 7) and not isinstance(machines, bool) and 0 < checkpoint_s <= 600


def _plan_complaint(machines: int, checkpoint_s: float, rto_s: float, rpo_s: float) -> str:
    every_s = checkpoint_s if machines == 1 else 10.0  # replicas write each post at once
    runs = [recover(seed, machines, every_s) for seed in range(CRASHES)]
    down, lost = max(run.down_s for run in runs), max(run.lost_s for run in runs)
    if down > rto_s:
        return f"nobody served for {down:.1f} s, and {rto_s:g} s are allowed"
    if lost > rpo_s:
        return f"{lost:.1f} s of work lost, and {rpo_s:g} s are allowed"
    if machines > 3 or (machines > 1 and rto_s > RESTART_S + 1 and rpo_s > 2 * WRITE_S):
        return "it would do with fewer machines"
    if machines == 1 and runs[0].writing > MOST_WRITING:
        return f"it spends {runs[0].writing:.0%} of its time on checkpoints"
    return ""
