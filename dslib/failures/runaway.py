"""10. Runaway automation: a program does the wrong thing quickly, and everywhere.

A tidier shuts down servers that nobody uses. It asks the meter how many requests each server had. At 21 s the meter
crashes; when it is back it has forgotten all, just before it is asked. The naive tidier takes what is missing for zero,
and shuts down every server at its next round. The mitigated one has brakes: it does not act on a count that does not
cover a full round, touches one server a round at most, and never goes below ``floor`` servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..clients import Request
from ..node import Message, Node
from ..operations import Automation, Look, View
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import ChatServer, chat, chat_servers, good_between, readings, server_names

CRASH_MS, BACK_MS, ROUND_MS = 21_000.0, 30_400.0, 30_500.0  # the meter's, and the tidier's next round
UNTIL_MS = 60_000.0
METER, TIDIER = "meter", "tidier"


class Served(Message):
    """So many requests since I reported last."""

    requests: int


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

    def act_shut_down(self) -> None:
        """It obeys."""
        self.die("shut down as idle")


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

    def on_look(self, src: str, msg: Look) -> None:
        """Answer, and begin anew."""
        self.send(src, View(tuple(sorted(self._counts.items())), self._since))
        Meter.on_start(self)


class Tidier(Automation):
    """Shuts down what nobody uses, once in every round. ``peers`` are the servers, ``floor`` how many must stay."""

    floor: int = 0

    def on_start(self) -> None:
        """All servers run. The rounds begin half a second out of step with the reports."""
        super().on_start()
        self._running = list(self.peers)
        self.set_timer("round", self.every_ms + 500)

    def decide(self, facts: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Who is not in the count did nothing: that is its mistake."""
        idle = [name for name in self._running if not facts.get(name)]
        return [(name, "shut_down") for name in idle[: max(0, len(self._running) - self.floor)]]

    def done(self, node: str) -> None:
        """It will not be asked about this one again."""
        self._running.remove(node)


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    servers: int = knob(4, 2, 8, "servers behind the door")
    floor: int = knob(2, 1, 8, "servers that the mitigated tidier leaves alone")
    notice_s: float = knob(20.0, 1, 30, "seconds until people start the servers again")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service with a tidier; its meter crashes at 21 s and is back, without memory, before the next round."""
    names = server_names(params.servers)
    brakes: dict[str, Any] = {"covers_ms": 9_000.0, "most": 1, "floor": params.floor} if mitigated else {}
    sim = chat(
        chat_servers(MeteredServer, params.servers, acks=min(2, params.servers)),
        seed,
        trace,
        door={"health_every": 200.0},
        others=[Meter(METER), Tidier(TIDIER, peers=names, source=METER, **brakes)],
    )
    sim.at(CRASH_MS, sim.crash, METER)
    sim.at(BACK_MS, sim.restart, METER)
    for name in names:
        sim.at(ROUND_MS + 1_000 * params.notice_s, sim.restart, name)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """How many servers were shut down, of all; and the answers from then until people helped."""
    tidier: Any = sim.nodes[TIDIER]
    return {
        "share shut down": tidier.acted / params.servers,
        "good until people helped": good_between(sim, ROUND_MS + 500, ROUND_MS + 1_000 * params.notice_s),
        "fewest live servers": min(readings(sim, "live servers")),
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
