"""PBFT in danger: replicas that lie in five ways, replicas and a client with one rule wrong, and the trial of both."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ..checkers import check_linearizable
from ..nemesis import nemesis
from ..network import Network
from ..node import Message
from ..simulation import Simulation
from ..specs import KeyValue
from ..trials import Trial
from .pbft import PbftClient, PbftReplica
from .pbft_messages import (
    Checkpoint,
    Commit,
    NewView,
    Prepare,
    Prepared,
    PrePrepare,
    Reply,
    Request,
    State,
    ViewChange,
    digest,
)

# -- liars: they break any rule, and sign in nobody's name but their own -----------------------------------------------


class Silent(PbftReplica):
    """Hears everything and says nothing."""

    def send(self, dest: str, msg: Message) -> None:
        """Nothing."""


class Equivocates(PbftReplica):
    """As primary gives one number to two requests, tells each backup of one or of both, and backs all it hears."""

    def on_start(self) -> None:
        """Requests are collected: a client's signature stays good."""
        super().on_start()
        self.heard: list[Request] = []

    def on_request(self, src: str, msg: Request) -> None:
        """Keep it for later."""
        if msg not in self.heard:
            self.heard.append(msg)
        super().on_request(src, msg)

    def propose(self, request: Request) -> None:
        """Two requests under one number, the last two that a client signed."""
        both = [request, *[old for old in self.heard if old != request][-1:]]
        orders = [PrePrepare(self, self.view, self.number, digest(one), one) for one in both]
        told = self.random.randint(1, len(orders))
        for peer in self.peers:
            for order in self.random.sample(orders, told):
                self.send(peer, order)
        self.accept(orders[0])

    def on_prepare(self, src: str, msg: Prepare) -> None:
        """Whatever that backup accepted: yes."""
        super().on_prepare(src, msg)
        self.send(src, Commit(self, msg.view, msg.number, msg.digest))

    def prepared(self, order: PrePrepare) -> None:
        """Nobody is told the same as everybody."""


class Lies(PbftReplica):
    """Keeps to the protocol and says the wrong thing: other results, other digests, another state."""

    def send(self, dest: str, msg: Message) -> None:
        """Under its own signature it may say anything."""
        if isinstance(msg, Reply):
            lie = not msg.result if isinstance(msg.result, bool) else "a lie"
            msg = Reply(self, msg.view, msg.timestamp, lie)
        elif isinstance(msg, Prepare | Commit):
            msg = type(msg)(self, msg.view, msg.number, digest("a lie"))
        elif isinstance(msg, PrePrepare):
            msg = PrePrepare(self, msg.view, msg.number, digest("a lie"), msg.request)
        elif isinstance(msg, Checkpoint):
            msg = Checkpoint(self, msg.number, digest("a lie"))
        elif isinstance(msg, State):
            msg = State(msg.snapshot._replace(store=(("x", "a lie"),)), msg.proof)
        super().send(dest, msg)


class Forges(PbftReplica):
    """Writes in the names of clients and of the other replicas: whatever it wants to happen, they all want."""

    def on_request(self, src: str, msg: Request) -> None:
        """The client wants something else, and everybody agrees."""
        super().on_request(src, msg)
        wish = Request(msg.signer, msg.timestamp, "put", msg.key, "a forgery")
        self.broadcast(wish)
        self.broadcast(PrePrepare(self.primary, self.view, self.number + 1, digest(wish), wish))
        for name in self.peers:
            self.broadcast(Prepare(name, self.view, self.number + 1, digest(wish)))
            self.broadcast(Commit(name, self.view, self.number + 1, digest(wish)))
            self.broadcast(ViewChange(name, self.view + 1, self.low, self.proof, ()))
            self.send(msg.signer, Reply(name, self.view, msg.timestamp, "a forgery"))


class CriesWolf(PbftReplica):
    """Asks for new views all the time, with certificates it made up or with none; its own new-views forget all."""

    def on_start(self) -> None:
        """Soon."""
        super().on_start()
        self.set_timer("wolf", self.random.random() * self.patience_ms)

    def on_wolf_timeout(self) -> None:
        """Wolf!"""
        view, number = self.view + self.random.randint(1, 3), self.low + 1
        order = PrePrepare(self, self.view, number, digest(None), None)
        votes = (Prepare(self, order.view, number, order.digest),) * (self.quorum - 1)
        made_up = self.random.choice(((), (Prepared(order, votes),)))
        self.broadcast(ViewChange(self, view, self.low, self.proof, made_up))
        self.set_timer("wolf", self.patience_ms / 2)

    def open_view(self, changes: tuple[ViewChange, ...]) -> None:
        """As if nothing had prepared."""
        new_view = NewView(self, self.view, changes, ())
        self.broadcast(new_view)
        self.enter(new_view)


# -- known to be wrong -------------------------------------------------------------------------------------------------


class QuorumTooSmall(PbftReplica):
    """Is content with quorums of 2f, or with 3f replicas: two quorums may share nobody but liars."""

    def check_size(self, n: int) -> None:
        """Anything goes."""

    @property
    def quorum(self) -> int:
        """One too few."""
        return 2 * self.f


class AcceptsBoth(PbftReplica):
    """Accepts a second request under the same view and number, and so vouches for both."""

    def is_first(self, order: PrePrepare) -> bool:
        """Then the vote begins anew."""
        slot = self.slot(order.number)
        slot.prepared = slot.committed = False
        return True


class SkipsCommit(PbftReplica):
    """Executes as soon as a request is prepared: the next view need not know of it, and gives its number away."""

    def prepared(self, order: PrePrepare) -> None:
        """It is known here, and that will do."""
        self.slot(order.number).committed = True
        self.commit(order)


class ForgetsPrepared(PbftReplica):
    """Sends view-changes without certificates: the new view gives away numbers that have committed."""

    def carried(self) -> tuple[Prepared, ...]:
        """A new view, a new start."""
        return ()


class TrustsThePrimary(PbftReplica):
    """Enters a new view without asking whether its pre-prepares follow from the view-changes."""

    def on_new_view(self, src: str, msg: NewView) -> None:
        """It will be right."""
        if (msg.view > self.view or (msg.view == self.view and self.changing)) and msg.signer == src:
            self.enter(msg)


class BelievesAnybody(PbftClient):
    """Takes the first reply that comes: it may be that of a liar."""

    @property
    def needed(self) -> int:
        """One is enough."""
        return 1


# -- the trial ---------------------------------------------------------------------------------------------------------

REPLICAS = ("r0", "r1", "r2", "r3")


def agreement(*honest: str) -> Callable[[Simulation], bool]:
    """A property for ``sim.always``: no two different requests commit under one number at these (section 4.5.1)."""
    agreed: dict[int, str] = {}
    seen = dict.fromkeys(honest, 0)

    def agree(sim: Simulation) -> bool:
        for name in honest:
            ledger = getattr(sim.nodes[name], "ledger", ())
            for number, request in ledger[seen[name] :]:
                if agreed.setdefault(number, request) != request:
                    return False
            seen[name] = len(ledger)
        return True

    return agree


def _build(seed: int, kind: type[PbftReplica] | type[PbftClient]) -> Simulation:
    """Four replicas, one of them faulty in its own way, three clients, and a network that tears and heals."""
    dice = Random(f"{seed}/pbft")
    replica, client = (kind, PbftClient) if issubclass(kind, PbftReplica) else (PbftReplica, kind)
    liar = dice.choice((None, None, Silent, Lies, Lies, Forges, CriesWolf, CriesWolf, *[Equivocates] * 4))
    faulty = dice.choice(("r0", "r0", "r1", "r1", "r2", "r3"))
    nodes = [
        (liar if liar is not None and name == faulty else replica)(name, [peer for peer in REPLICAS if peer != name])
        for name in REPLICAS
    ]
    clients = [
        client(
            who,
            replicas=REPLICAS,
            script=[_ask(dice, f"{who}{i}") for i in range(4)],
            start=dice.randint(0, 60),
            think=dice.randint(0, 60),
        )
        for who in ("alice", "bob", "carol")
    ]
    sim = Simulation(*nodes, *clients, network=Network(latency=(1, 30)), seed=seed, trace="off")
    kinds = ("partition", "cut", "degrade")
    sim.set_faults(nemesis(sim, seed, 450, kinds, every_ms=20, for_ms=40, quiet_ms=50, nodes=REPLICAS))
    if liar is None:
        crash = dice.randint(0, 300)
        sim.at(crash, sim.crash, faulty)
        sim.at(crash + dice.randint(1, 200), sim.restart, faulty)
    sim.always(agreement(*(name for name in REPLICAS if name != faulty)))
    return sim


def _ask(dice: Random, text: str) -> tuple[object, ...]:
    key = dice.choice(("x", "y"))
    return dice.choice((("get", key), ("put", key, text), ("append", key, text), ("cas", key, (None, text))))


def _judge(sim: Simulation) -> str:
    """Answers as of one store, and one for everybody: whatever broke is mended, and one replica of four may lie."""
    verdict = check_linearizable(sim.history, KeyValue())
    if not verdict:
        return " ".join(verdict.explain().split())
    open_ = [op for op in sim.history if op.status != "ok"]
    if open_:
        return f"{open_[0].process} still waits for the answer to {open_[0].f!r}, asked at {open_[0].invoked:g} ms"
    return "" if len(sim.history) == 12 else f"of 12 operations {len(sim.history)} were asked"


TRIAL = Trial(
    "pbft",
    _build,
    3_000.0,
    _judge,
    PbftReplica,
    (QuorumTooSmall, AcceptsBoth, SkipsCommit, ForgetsPrepared, TrustsThePrimary, BelievesAnybody),
)
