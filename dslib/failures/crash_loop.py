"""1. Crash, or crash loop: a process dies, starts again into the same state, and dies again.

At 20 s a deployment writes a configuration with a blank field. A server reads its configuration a moment after it has
started, when it already serves, and the blank kills it. The naive service gets the configuration everywhere at once,
and a supervisor starts dead processes again at once and for ever: for the moment between boot and death they look
healthy. The mitigated service rolls out to one server first and goes on only if it lives, waits longer before each
restart, and goes back to the last configuration that worked.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..node import Message, Node
from ..operations import Supervisor
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import ChatServer, chat, chat_servers, good_between, restarts, server_names

PUSH_MS = 20_000.0
UNTIL_MS = 60_000.0
GOOD, BLANK = "limit=100", "limit="
ROLL_OUT = "roll-out"


class Configure(Message):
    """Here is a new configuration."""

    config: str


class Applied(Message):
    """I run with it."""


class RollOut(Node):
    """Sends a configuration to its peers: to all at once, or, ``staged``, to the next when the one before runs with it.

    Who does not answer within ``soak_ms`` has not survived it, and the roll-out stops.
    """

    staged: bool = False
    soak_ms: float = 2_000.0

    def act_roll_out(self, config: str) -> None:
        """Begin."""
        if self.staged:
            self._to(0, config)
        else:
            self.broadcast(Configure(config))

    def on_applied(self, src: str, msg: Applied) -> None:
        """One more runs with it: the next one."""
        if self.staged and src == self.peers[self._stage]:
            self.cancel_timer("soak")
            if self._stage + 1 < len(self.peers):
                self._to(self._stage + 1, self._config)

    def on_soak_timeout(self) -> None:
        """No answer."""
        self.log(f"roll-out stopped: {self.peers[self._stage]} does not run with {self._config!r}")

    def _to(self, stage: int, config: str) -> None:
        self._stage, self._config = stage, config
        self.send(self.peers[stage], Configure(config))
        self.set_timer("soak", self.soak_ms)


class ConfiguredServer(ChatServer):
    """A chat server that parses its configuration ``parse_ms`` after it started, and whenever a new one comes."""

    parse_ms: float = 100.0

    def on_start(self) -> None:
        """Serve at once, and read the configuration in the background: that is why it looks healthy at first."""
        super().on_start()
        self._configured_by = ""
        self.disk.setdefault("config", GOOD)
        self.set_timer("parse", self.parse_ms)

    def on_parse_timeout(self) -> None:
        """``int("")`` is what an unguarded blank comes to."""
        limit = self.disk["config"].partition("=")[2]
        if not limit:
            self.die("blank limit in the configuration")
        self.disk["config that worked"] = self.disk["config"]
        if self._configured_by:
            self.send(self._configured_by, Applied())
            self._configured_by = ""

    def on_configure(self, src: str, msg: Configure) -> None:
        """A deployment writes a new configuration and tells the process to read it."""
        self.disk["config"] = msg.config
        self._configured_by = src
        self.set_timer("parse", self.parse_ms)


def last_known_good(server: ConfiguredServer) -> None:
    """What the mitigated supervisor does to the disk of a process that keeps dying."""
    server.disk["config"] = server.disk.get("config that worked", GOOD)


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    servers: int = knob(3, 2, 6, "servers behind the door")
    restart_ms: float = knob(300.0, 50, 5_000, "ms from a death to the restart, for the naive supervisor always")
    parse_ms: float = knob(100.0, 10, 1_000, "ms from the boot to the death")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service; a bad configuration is pushed at 20 s, to one server first or to all."""
    names = server_names(params.servers)
    supervisor = Supervisor(
        "supervisor",
        watches=names,
        delay_ms=params.restart_ms,
        factor=2.0 if mitigated else 1.0,
        loop_after=3 if mitigated else None,
        on_loop=last_known_good if mitigated else None,
    )
    others = [supervisor, RollOut(ROLL_OUT, peers=names, staged=mitigated)]
    servers = chat_servers(ConfiguredServer, params.servers, parse_ms=params.parse_ms)
    sim = chat(servers, seed, trace, door={"health_every": 200.0, "fall": 1, "rise": 1}, others=others)
    sim.at(PUSH_MS, sim.act, ROLL_OUT, "roll_out", BLANK)
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """How often processes died, and how many answers after the push were good."""
    deaths = restarts(sim)
    return {
        "restarts a minute": deaths / ((UNTIL_MS - PUSH_MS) / 60_000),
        "good after the push": good_between(sim, PUSH_MS + 1_000, UNTIL_MS - 1_000),
    }


CARD = Card(
    number=1,
    title="Crash, or crash loop",
    means="A process dies, is started again into the state that killed it, and dies again.",
    naive="A new configuration goes everywhere at once; the supervisor restarts the dead for ever.",
    mitigation="Roll out to one server first, wait longer before each restart, go back to what last worked.",
    metric="restarts a minute, a sawtooth of live servers, good answers after the push",
    where="node",
    loop=True,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "the naive service keeps dying, at least 30 restarts a minute, and most answers are bad for good",
            lambda r: r.naive.numbers["restarts a minute"] >= 30 and r.naive.numbers["good after the push"] < 0.5,
        ),
        Claim(
            "the mitigated one restarts at most 10 times a minute and answers at least 95 % well",
            lambda r: (
                r.mitigated.numbers["restarts a minute"] <= 10 and r.mitigated.numbers["good after the push"] >= 0.95
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
