"""10. Runaway automation: a program does the wrong thing quickly, and everywhere.

A tidier shuts down servers that nobody uses. It asks the meter how many requests each server had. At 21 s the meter
crashes; when it is back it has forgotten all, just before it is asked. The naive tidier takes what is missing for zero, and shuts down every server at its next round. The mitigated one has brakes: it does not act on a count that
does not cover a full round, touches one server a round at most, and never goes below ``floor`` servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..clients import Request
from ..node import Message, Node
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import MONITOR, ChatServer, chat, chat_servers, good_between, server_names

CRASH_MS, BACK_MS, ROUND_MS = 21_000.0, 30_400.0, 30_500.0  # the meter's, and the tidier's next round
UNTIL_MS = 60_000.0
METER, TIDIER = "meter", "tidier"


class Served(Message):
    """So many requests since I reported last."""

    requests: int


class Usage(Message):
    """What the meter counted, as ``(server, requests)`` pairs, and how long it has been counting."""

    counts: tuple[tuple[str, int], ...]
    since_ms: float


class HowMuch(Message):
    """What did you count?"""


class ShutDown(Message):
    """You are not needed any more."""


class MeteredServer(ChatServer):
    """A chat server that reports every second how much it did, and that can be shut down."""

    def on_start(self) -> None:
        """Nothing done yet."""
        super().on_start()
        self._done = 0
        self.set_timer("report", 1_000)

    def answer(self, src: str, msg: Request) -> Any:
        """Count it."""
        self._done += 1
        return super().answer(src, msg)

    def on_report_timeout(self) -> None:
        """Tell the meter."""
        self.send(METER, Served(self._done))
        self._done = 0
        self.set_timer("report", 1_000)

    def on_shut_down(self, src: str, msg: ShutDown) -> None:
        """It obeys."""
        self.die(f"shut down by {src}")


class Meter(Node):
    """Adds up what servers report, in memory only."""

    def on_start(self) -> None:
        """It knows nothing yet, and when it began."""
        self._counts: dict[str, int] = {}
        self._since = self.clock.read()

    def on_served(self, src: str, msg: Served) -> None:
        """One more report. A server that did nothing is as unknown as one that never reported."""
        if msg.requests:
            self._counts[src] = self._counts.get(src, 0) + msg.requests

    def on_how_much(self, src: str, msg: HowMuch) -> None:
        """Answer, and begin anew."""
        self.send(src, Usage(tuple(sorted(self._counts.items())), self.clock.read() - self._since))
        self.on_start()


class Tidier(Node):
    """Shuts down what nobody uses, once every ``round_ms``.

    Args:
        peers: the servers it may shut down.
        brakes: whether it checks its input and limits what it does.
        floor: with brakes, never leave fewer servers than this.
    """

    round_ms: float = 10_000.0
    brakes: bool = False
    floor: int = 2

    def on_start(self) -> None:
        """All servers run; the first round comes after one interval."""
        self._running = list(self.peers)
        self.changed = 0
        self.set_timer("round", self.round_ms + 500)

    def on_round_timeout(self) -> None:
        """Ask the meter."""
        self.send(METER, HowMuch())
        self.set_timer("round", self.round_ms)

    def on_usage(self, src: str, msg: Usage) -> None:
        """Whoever did nothing is shut down."""
        used = dict(msg.counts)
        idle = [name for name in self._running if not used.get(name)]
        if self.brakes:
            if msg.since_ms < 0.9 * self.round_ms:  # the meter has not counted for a whole round
                self.log("does nothing: the count does not cover a round")
                return
            idle = idle[: min(1, max(0, len(self._running) - self.floor))]
        for name in idle:
            self.log(f"shuts down {name}")
            self.send(name, ShutDown())
            self._running.remove(name)
            self.changed += 1


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    servers: int = knob(4, 2, 8, "servers behind the door")
    floor: int = knob(2, 1, 8, "servers that the mitigated tidier leaves alone")
    notice_s: float = knob(20.0, 1, 30, "seconds until people start the servers again")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service with a tidier; its meter crashes at 21 s and is back, without memory, before the next round."""
    names = server_names(params.servers)
    sim = chat(
        chat_servers(MeteredServer, params.servers, acks=min(2, params.servers)),
        seed,
        trace,
        door={"health_every": 200.0},
        others=[Meter(METER), Tidier(TIDIER, peers=names, brakes=mitigated, floor=params.floor)],
    )
    sim.at(CRASH_MS, sim.crash, METER)
    sim.at(BACK_MS, sim.restart, METER)
    for name in names:
        sim.at(ROUND_MS + 1_000 * params.notice_s, sim.restart, name)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """How many servers were shut down, of all; and the answers from then until people helped."""
    return {
        "share shut down": sim.nodes[TIDIER].changed / params.servers,
        "good until people helped": good_between(sim, ROUND_MS + 500, ROUND_MS + 1_000 * params.notice_s),
        "fewest live servers": min(sample["live servers"] for _, sample in sim.nodes[MONITOR].samples),
    }


CARD = Card(
    number=10,
    title="Runaway automation",
    means="A program acts on wrong input, faster and more widely than people could.",
    naive="It takes what it was not told for zero, and acts on everything at once.",
    mitigation="It refuses input that is incomplete, changes little at a time, and never goes below a floor.",
    metric="objects changed in one round, share affected before it stopped",
    where="node",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "the naive program shuts down every server in one round, and nobody is served until people help",
            lambda r: (
                r.naive.numbers["share shut down"] == 1
                and r.naive.numbers["fewest live servers"] == 0
                and r.naive.numbers["good until people helped"] < 0.05
            ),
        ),
        Claim(
            "with brakes it shuts down none, and at least 95 % of all answers are good",
            lambda r: r.mitigated.numbers["share shut down"] == 0 and r.mitigated.outcome.availability >= 0.95,
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
