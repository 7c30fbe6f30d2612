"""8. Data loss: what was acknowledged is gone.

Twice. Each room has a server of its own, and the others have copies. At 22 s the disk of the busiest one burns, just
before a batch of copies would have left it: the naive service had said "done" as soon as one server had the post, so
the last ones were nowhere else. At 33 s a script deletes the wrong room, on all servers, because they copy
deletes as faithfully as posts. Somebody notices after ``notice_s`` and asks the vault for the room. The naive vault is
one more replica: it followed the delete. The mitigated service acknowledges what two servers have, and its vault keeps
what it has fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..simulation import Simulation
from .backup import VAULT, DeletingServer, Vault
from .card import Card, Claim, Knobs, Result, knob
from .service import Copy, chat, chat_servers, good_between, kept, server_names

BURN_MS = 21_900.0
DELETE_MS = 33_000.0
UNTIL_MS = 60_000.0
ROOM = "borealis"


class BatchingServer(DeletingServer):
    """Answers first and copies later: all new posts together, every ``lag_ms``. 0 copies each post at once."""

    lag_ms: float = 0.0

    def on_start(self) -> None:
        """Nothing waits to be copied."""
        super().on_start()
        self._batch: list[Copy] = []
        if self.lag_ms:
            self.set_timer("batch", self.lag_ms)

    def copy(self, message: Copy) -> None:
        """Put it into the batch."""
        if self.lag_ms:
            self._batch.append(message)
        else:
            super().copy(message)

    def on_batch_timeout(self) -> None:
        """Copy what has gathered."""
        for message in self._batch:
            super().copy(message)
        self._batch = []
        self.set_timer("batch", self.lag_ms)


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    lag_s: float = knob(2.0, 0.1, 10, "seconds between two batches of copies, naive only")
    backup_s: float = knob(5.0, 1, 20, "seconds between two fetches of the vault")
    notice_s: float = knob(10.0, 1, 20, "seconds until somebody notices that the room is gone")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service: a disk burns at 22 s, a room is deleted at 33 s."""
    told: dict[str, Any] = {"acks": 2} if mitigated else {"acks": 1, "lag_ms": 1_000 * params.lag_s}
    vault = Vault(VAULT, peers=server_names(3), every_ms=1_000 * params.backup_s, snapshots=mitigated)
    sim = chat(
        chat_servers(BatchingServer, 3, **told),
        seed,
        trace,
        door={"policy": "by key", "health_every": 200.0},
        others=[vault],
    )
    sim.at(BURN_MS, sim.burn, "s1")
    sim.at(BURN_MS + 5_000, sim.restart, "s1")
    sim.at(DELETE_MS, sim.act, "s2", "delete", ROOM)
    sim.at(DELETE_MS + 1_000 * params.notice_s, sim.act, VAULT, "restore", ROOM)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """Acknowledged posts that the fire took, and the share of the deleted room that came back."""
    shown, _ = kept(sim)
    done = [op for op in sim.history if op.f == "post" and op.status == "ok"]
    had = [op for op in done if op.key == ROOM and op.invoked < DELETE_MS]
    noticed = DELETE_MS + 1_000 * params.notice_s
    return {
        "lost in the fire": float(len([op for op in done if op.key != ROOM and op.arg not in shown])),
        "share of the room that came back": len([op for op in had if op.arg in shown]) / len(had),
        "good answers in that room afterwards": good_between(sim, noticed + 2_000, UNTIL_MS, [ROOM]),
    }


CARD = Card(
    number=8,
    title="Data loss",
    means="What the service had acknowledged is gone: a disk before it was copied, a room by a wrong command.",
    naive="Says done when one server has it, copies later; its backup is one more replica, which follows deletes.",
    mitigation="Says done when two servers have it; a vault keeps what it fetched, and giving it back is rehearsed.",
    metric="lost acknowledged posts (RPO), time to restore (RTO), share restored",
    where="node",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "the naive service loses acknowledged posts in the fire, the mitigated one none",
            lambda r: r.naive.numbers["lost in the fire"] > 0 and r.mitigated.numbers["lost in the fire"] == 0,
        ),
        Claim(
            "nothing of the deleted room comes back from a mirror; from snapshots at least 80 % does",
            lambda r: (
                r.naive.numbers["share of the room that came back"] < 0.1
                and r.mitigated.numbers["share of the room that came back"] >= 0.8
            ),
        ),
        Claim(
            "even so, what was posted since the last fetch is lost: a backup has an age",
            lambda r: 0 < r.mitigated.outcome.lost < r.naive.outcome.lost / 3,
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
