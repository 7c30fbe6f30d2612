"""A majority goes on: one machine, several that all have to agree, and several that need most of them (Raft).

Users write to a small store. Machines fail one after the other, or are cut into two sides.
"""

from __future__ import annotations

from typing import Any

from ..clients import LoadClient, Reply, Request, Retry
from ..metrics import Seen, good_share, what_users_saw
from ..network import Network
from ..node import Message, Node
from ..protocols.raft import LEADER, Raft
from ..simulation import Simulation

#: How a store is built.
BUILT = ("needs all", "needs most")
#: Each machine is down once, for so long, in ms; and the users' patience.
DOWN_MS, WITHIN_MS = 1_000.0, 500.0
FIRST_MS = 1_000.0
#: When a cut comes, in ms.
PARTED_MS = 1_000.0


class Keep(Message):
    """A change for you to keep, too."""

    client: str
    request: Request


class Kept(Message):
    """I have it."""

    client: str
    id: int


class NeedsAll(Node):
    """Answers when every other machine has the change. Alone it answers at once."""

    def on_start(self) -> None:
        """Nobody waits."""
        self._missing: dict[tuple[str, int], tuple[str, ...]] = {}

    def on_request(self, src: str, msg: Request) -> None:
        """Hand it to all, or answer if there is nobody else."""
        self.disk[msg.key] = msg.arg
        self._missing[src, msg.id] = self.peers
        self.broadcast(Keep(src, msg))
        self._answer_if_all(src, msg.id)

    def on_keep(self, src: str, msg: Keep) -> None:
        """Keep it."""
        self.disk[msg.request.key] = msg.request.arg
        self.send(src, Kept(msg.client, msg.request.id))

    def on_kept(self, src: str, msg: Kept) -> None:
        """One less to wait for."""
        which = msg.client, msg.id
        if which in self._missing:
            self._missing[which] = tuple(peer for peer in self._missing[which] if peer != src)
            self._answer_if_all(*which)

    def _answer_if_all(self, client: str, id: int) -> None:
        if not self._missing[client, id]:
            del self._missing[client, id]
            self.send(client, Reply(id))


def store(n: int = 3, built: str = "needs most") -> list[Node]:
    """The machines m1, m2, …; a single one needs nobody.

    Raises:
        ValueError: an even number of machines, or too many; a way of building that there is not.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n not in (1, 3, 5):
        raise ValueError(f"n is {n!r}: write 1, 3 or 5 machines")
    if built not in BUILT:
        raise ValueError(f"built is {built!r}: write {' or '.join(map(repr, BUILT))}")
    names = [f"m{i + 1}" for i in range(n)]
    kind: Any = Raft if built == "needs most" and n > 1 else NeedsAll
    return [kind(name, peers=[other for other in names if other != name]) for name in names]


def failing_store(seed: int = 0, n: int = 3, built: str = "needs most", failures: int | None = None) -> Simulation:
    """Each machine in turn is down for a second. alice writes ten times a second, to whichever machine answers.

    The first fails at 1,000 ms, each next one 2,000 ms later. With ``failures=1`` only the leader fails, at 2,000 ms.
    """
    machines = store(n, built)
    names = tuple(node.name for node in machines)
    alice = LoadClient(
        "alice", service=names, rate=10.0, spacing="even", start=700.0, operation=("put", "page", "words"),
        timeout=150.0, retry=Retry(times=5),
    )  # fmt: skip
    sim = Simulation(*machines, alice, network=Network(latency=(5, 15)), seed=seed)
    if failures == 1:
        sim.at(2_000, _crash_leader, sim)
    else:
        for i, name in enumerate(names):
            begins = FIRST_MS + 2 * DOWN_MS * i
            sim.at(begins, sim.crash, name)
            sim.at(begins + DOWN_MS, sim.restart, name)
    return sim


def _crash_leader(sim: Simulation) -> None:
    machines = [node for node in sim.nodes.values() if isinstance(node, Raft | NeedsAll)]
    leaders = [node for node in machines if getattr(node, "state", "") == LEADER]
    sim.crash((leaders or machines)[0].name)


def store_seen(sim: Simulation) -> list[Seen]:
    """What users saw: good is an answer within 500 ms. The players' judge."""
    return what_users_saw(sim.history, sim.now, within=WITHIN_MS)


def share_that_went_on(n: int = 3, built: str = "needs most", seed: int = 0) -> float:
    """The share of good answers over twelve seconds, in which each machine is down once for one of them."""
    return good_share(store_seen(failing_store(seed, n, built).run(until=12_000)))


def after_leader_fails(n: int = 3, built: str = "needs most", seed: int = 0) -> float:
    """The share of good answers to what was asked after the leader failed, at 2,000 ms, for good."""
    seen = store_seen(failing_store(seed, n, built, failures=1).run(until=8_000))
    return good_share(s for s in seen if s.operation.invoked >= 2_000)


def parted_store(seed: int = 0, n: int = 5) -> Simulation:
    """n machines that need most of them. At 1,000 ms alice is cut off with a majority, bob with the minority.

    Raises:
        ValueError: not 3 or 5 machines.
    """
    if n not in (3, 5):
        raise ValueError(f"n is {n!r}: write 3 or 5 machines; one cannot be cut into two sides")
    machines = store(n)
    names = [node.name for node in machines]
    most = names[: n // 2 + 1]
    few = names[n // 2 + 1 :]
    users = [
        LoadClient(user, service=side[0], rate=10.0, spacing="even", start=start, operation=("put", user, "words"),
                   timeout=WITHIN_MS)
        for user, side, start in (("alice", most, 500.0), ("bob", few, 550.0))
    ]  # fmt: skip
    sim = Simulation(*machines, *users, network=Network(latency=(5, 15)), seed=seed)
    sim.at(PARTED_MS, sim.network.partition, {*most, "alice"}, {*few, "bob"})
    return sim


def two_sides(seed: int = 0, n: int = 5) -> dict[str, float]:
    """The share of good answers to what each side's user asked from a second after the cut on."""
    seen = store_seen(parted_store(seed, n).run(until=5_000))
    late = [s for s in seen if s.operation.invoked >= PARTED_MS + 1_000]
    return {
        side: good_share(s for s in late if str(s.operation.process).split("#")[0] == user)
        for side, user in (("majority", "alice"), ("minority", "bob"))
    }
