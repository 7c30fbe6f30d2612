"""9. Certificate expires: a date passes, and trust stops everywhere at once.

A day lasts one second here. Each server shows the door a certificate that is valid for ``life_days``. The naive service
gave all servers the same one, on the same day, and somebody is to renew it by hand. Nobody does; on the day it expires
the door trusts no server any more. The tool that deploys a new one must show the old one first, so it fails too, until
somebody walks to the machines, ``walk_days`` later. In the mitigated service the servers' certificates begin on
different days, each server renews its own after two thirds of its life, and the days left are a number on the
dashboard.

The trigger is no fault: only time passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..clients import Request
from ..node import Message, Node
from ..simulation import Simulation
from .card import Card, Claim, Knobs, Result, knob
from .service import ChatServer, chat, chat_servers, good_between, readings, server_names

DAY_MS = 1_000.0
UNTIL_MS = 60_000.0


class Install(Message):
    """A new certificate, over a connection that the old one must secure."""

    not_after: float


class CertifiedServer(ChatServer):
    """A chat server with a certificate on its disk. After ``not_after``, by its own clock, nobody talks to it.

    Args:
        not_after: ms; when the first certificate ends.
        life_ms: how long a new one is valid.
        renews: whether the server renews its own, after two thirds of a life.
    """

    not_after: float
    life_ms: float
    renews: bool = False

    def on_start(self) -> None:
        """The certificate is a file."""
        super().on_start()
        self.disk.setdefault("not after", self.not_after)
        if self.renews:
            self._plan()

    def trusted(self) -> bool:
        """Whether a handshake succeeds now."""
        return bool(self.clock.read() <= self.disk["not after"])

    def admit(self, src: str, msg: Request) -> str:
        """No handshake, no request."""
        return super().admit(src, msg) if self.trusted() else "certificate expired"

    def on_install(self, src: str, msg: Install) -> None:
        """The deployment tool connects like everybody else."""
        if self.trusted():
            self.disk["not after"] = msg.not_after
        else:
            self.log("deployment of a new certificate failed: the old one has expired")

    def act_install_by_hand(self) -> None:
        """Somebody stands at the machine: the break-glass way, which needs no handshake."""
        self.disk["not after"] = self.clock.read() + self.life_ms

    def on_renew_timeout(self) -> None:
        """A third of its life is left if this should fail."""
        self.disk["not after"] = self.clock.read() + self.life_ms
        self._plan()

    def _plan(self) -> None:
        left = self.disk["not after"] - self.clock.read()
        self.set_timer("renew", max(0.0, left - self.life_ms / 3))


class Deployer(Node):
    """Somebody who sees the errors and uses the deployment tool."""

    def act_deploy(self, not_after: float) -> None:
        """Send a new certificate to all servers."""
        self.broadcast(Install(not_after))


def days_left(names: Sequence[str]) -> Callable[[Simulation], float]:
    """A gauge: days until the first certificate ends; below zero, days since."""
    return lambda sim: min((sim.nodes[name].disk.get("not after", 0.0) - sim.now) / DAY_MS for name in names)


@dataclass(frozen=True)
class Params(Knobs):
    """What a learner may turn."""

    life_days: float = knob(30.0, 6, 50, "days that a certificate is valid")
    walk_days: float = knob(15.0, 1, 60, "days from the first error until somebody has walked to the machines")


def simulate(params: Params, seed: int, mitigated: bool, trace: str = "off") -> Simulation:
    """The chat service, with certificates."""
    names = server_names(3)
    life = params.life_days * DAY_MS
    servers = chat_servers(CertifiedServer, 3, not_after=life, life_ms=life, renews=mitigated)
    if mitigated:  # begun on different days: the first ends after a third of a life, the second after two
        servers = [
            type(server)(server.name, **{**server._arguments[1], "not_after": life * (i + 1) / 3})
            for i, server in enumerate(servers)
        ]
    sim = chat(servers, seed, trace, others=[Deployer("deployer", peers=names)], gauges={"days left": days_left(names)})
    sim.at(life + 2 * DAY_MS, sim.act, "deployer", "deploy", 2 * life)
    for name in names:
        sim.at(life + params.walk_days * DAY_MS, sim.act, name, "install_by_hand")
    return sim


def measure(sim: Simulation, params: Params) -> dict[str, float]:
    """Answers before and after the day, and the days during which the first certificate had ended."""
    day = params.life_days * DAY_MS
    left = readings(sim, "days left")
    return {
        "good before that day": good_between(sim, 0, day - 1_000),
        "good in the two days after it": good_between(sim, day, day + 2 * DAY_MS),
        "days without trust": float(len([days for days in left if days < 0])),
    }


CARD = Card(
    number=9,
    title="Certificate expires",
    means="A date passes and trust stops, everywhere at the same instant.",
    naive="One certificate for all servers, renewed by hand; the tool that renews it needs it.",
    mitigation="Certificates renew themselves after two thirds of a life, on different days, and are watched.",
    metric="days left, failed handshakes as a step from none to all",
    where="outside",
    loop=False,
    params=Params(),
    simulate=simulate,
    until=UNTIL_MS,
    measure=measure,
    claims=(
        Claim(
            "the naive service goes from at least 99 % good answers to none within one request",
            lambda r: (
                r.naive.numbers["good before that day"] >= 0.99
                and r.naive.numbers["good in the two days after it"] == 0
            ),
        ),
        Claim(
            "its days without trust last until somebody has walked to the machines: the tool does not help",
            lambda r: abs(r.naive.numbers["days without trust"] - r.params.walk_days) <= 1,
        ),
        Claim(
            "certificates that renew themselves never end",
            lambda r: (
                r.mitigated.numbers["days without trust"] == 0
                and r.mitigated.numbers["good in the two days after it"] >= 0.95
            ),
        ),
    ),
)


def run(params: Params | None = None, seed: int = 0) -> Result:
    """Naive and mitigated on the same seed; see ``Params`` for the knobs."""
    return CARD.run(params, seed)
