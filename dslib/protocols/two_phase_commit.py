"""Two-phase commit: all do it or nobody does, and if the coordinator dies at the wrong moment, all wait.

Gray 1978, "Notes on data base operating systems" (LNCS 60). The rules, the logs and the time-out actions are those of
Bernstein, Hadzilacos and Goodman 1987, *Concurrency Control and Recovery in Database Systems*, chapter 7. An atomic
commitment protocol lets each process vote, and decide, so that:

- AC1: all processes that reach a decision reach the same one.
- AC2: a process cannot reverse its decision after it has reached one.
- AC3: the commit decision can only be reached if all processes voted Yes.
- AC4: if there are no failures and all processes voted Yes, then the decision will be to commit.
- AC5: if all failures are repaired, and no new ones occur for long enough, then all processes will reach a decision.

Phase 1: the coordinator asks for votes, each participant votes. Phase 2: the coordinator decides, and tells them.
Between its Yes and the decision a participant is *uncertain*: it may neither commit nor abort. If it cannot reach
anybody who knows, it is *blocked*. No protocol avoids that when messages can be lost (ibid.; also Gray's generals).

Messages, for n participants beside the coordinator: 3n as Bernstein et al. count (request, vote, decision). With an
acknowledgement of the decision, without which the coordinator may never forget, 4n. Before each message that promises
something, a record goes to the log on disk. Nothing is presumed of a transaction without a record ("presumed nothing");
Mohan, Lindsay and Obermarck 1986 (R*, ACM TODS 11(4)) save messages and records by presuming.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..clients import Reply, Request, ScriptClient
from ..clocks import Clock
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..trials import Trial

COMMIT, ABORT = "commit", "abort"
YES, NO = "yes", "no"
START, END = "start", "end"


class VoteRequest(Message):
    """Can you commit transaction ``tx``?"""

    tx: int


class Vote(Message):
    """Yes binds: from now on only the decision counts. No is a decision: abort."""

    tx: int
    yes: bool


class Decision(Message):
    tx: int
    commit: bool


class Acknowledged(Message):
    """The decision is in my log; you may forget it."""

    tx: int


class DecisionRequest(Message):
    """I voted Yes and know no more. Do you?"""

    tx: int


class Logger(Node):
    """A process with a distributed transaction log ("DT log"): records ``(tx, what)`` on disk, never changed."""

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.peers or name in self.peers:
            raise ValueError(
                f"{type(self).__name__} {name!r} has peers={self.peers!r}: write the other processes of the "
                "transaction, at least one, and not itself"
            )

    def write(self, tx: int, what: str) -> None:
        """One record more, before anybody hears of it."""
        self.disk["log"] = (*self.disk.get("log", ()), (tx, what))

    def logged(self, tx: int) -> tuple[str, ...]:
        """The records of one transaction."""
        return tuple(what for number, what in self.disk.get("log", ()) if number == tx)

    def decision(self, tx: int) -> str:
        """``"commit"``, ``"abort"``, or ``""`` while there is none."""
        return next((what for what in self.logged(tx) if what in (COMMIT, ABORT)), "")

    def transactions(self) -> tuple[int, ...]:
        """Those with a record, in order."""
        return tuple(dict.fromkeys(tx for tx, _ in self.disk.get("log", ())))

    def on_decision_request(self, src: str, msg: DecisionRequest) -> None:
        """Tell, if it is known here."""
        if self.decision(msg.tx):
            self.send(src, Decision(msg.tx, self.decision(msg.tx) == COMMIT))


class Coordinator(Logger):
    """Runs a transaction for each request, among its ``peers``, and answers "commit" or "abort".

    Args:
        patience: ms to wait for the votes; then the decision is to abort. Also the time after which a decision is sent
            again to those that have not acknowledged it.
    """

    patience: float = 50.0

    def on_start(self) -> None:
        """Recovery: whatever was started and not decided is aborted; whatever was decided is told again."""
        self._users: dict[int, str] = {}
        self._votes: dict[int, dict[str, bool]] = {}
        self._told: dict[int, dict[str, None]] = {}
        for tx in self.transactions():
            if not self.decision(tx):
                self.decide(tx, ABORT)
            elif END not in self.logged(tx):
                self.tell(tx)

    def on_request(self, src: str, msg: Request) -> None:
        """Phase 1. The start record goes first: after a crash the coordinator must know whom it left waiting."""
        self._users[msg.id] = src
        if self.decision(msg.id):
            self.send(src, Reply(msg.id, self.decision(msg.id)))
        elif not self.logged(msg.id):
            self.write(msg.id, START)
            self._votes[msg.id] = {}
            self.broadcast(VoteRequest(msg.id))
            self.set_timer("votes", self.patience, msg.id, key=msg.id)

    def on_vote(self, src: str, msg: Vote) -> None:
        """Commit needs every Yes (AC3); one No decides."""
        votes = self._votes.get(msg.tx)
        if votes is not None and not self.decision(msg.tx):
            votes[src] = msg.yes
            if not msg.yes:
                self.decide(msg.tx, ABORT)
            elif len(votes) == len(self.peers):
                self.decide(msg.tx, COMMIT)

    def on_votes_timeout(self, tx: int) -> None:
        """A vote is missing. Nobody has been told "commit", so the coordinator is free to abort."""
        self.decide(tx, ABORT)

    def decide(self, tx: int, what: str) -> None:
        """The decision is made when it is in the log. A crash before that aborts, one after it changes nothing."""
        self.cancel_timer("votes", key=tx)
        self.write(tx, what)
        self.tell(tx)

    def tell(self, tx: int) -> None:
        """Phase 2: to everybody, until everybody has acknowledged."""
        self._told.setdefault(tx, {})
        if tx in self._users:
            self.send(self._users[tx], Reply(tx, self.decision(tx)))
        for peer in self.peers:
            if peer not in self._told[tx]:
                self.send(peer, Decision(tx, self.decision(tx) == COMMIT))
        self.set_timer("acknowledgements", self.patience, tx, key=tx)

    def on_acknowledgements_timeout(self, tx: int) -> None:
        """Somebody may not know yet."""
        self._users.pop(tx, None)
        self.tell(tx)

    def on_acknowledged(self, src: str, msg: Acknowledged) -> None:
        """When all have it in their logs, nobody will ever ask: the end record says that it may be forgotten."""
        told = self._told.get(msg.tx)
        if told is not None and END not in self.logged(msg.tx):
            told[src] = None
            if len(told) == len(self.peers):
                self.cancel_timer("acknowledgements", key=msg.tx)
                self.write(msg.tx, END)


class Participant(Logger):
    """Votes, and does what is decided.

    Args:
        peers: the coordinator and the other participants.
        no: the share of transactions that it cannot commit, for reasons of its own.
        patience: ms of uncertainty after which it asks (Bernstein et al., section 7.4: the time-out actions).
        cooperative: ask all processes, not the coordinator alone (ibid.: the cooperative termination protocol).
        coordinator: whom to ask otherwise; the first of ``peers`` when left out.
    """

    no: float = 0.0
    patience: float = 60.0
    cooperative: bool = True
    coordinator: str = ""

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not 0 <= self.no <= 1:
            raise ValueError(f"participant {name!r} has no={self.no!r}: write the share of its No votes, 0 to 1")
        self.coordinator = self.coordinator or self.peers[0]

    def on_start(self) -> None:
        """Recovery: a Yes without a decision leaves it as uncertain as it was."""
        for tx in self.transactions():
            if self.uncertain(tx):
                self.ask(tx)

    def uncertain(self, tx: int) -> bool:
        """Voted Yes, and has no decision."""
        return YES in self.logged(tx) and not self.decision(tx)

    def on_vote_request(self, src: str, msg: VoteRequest) -> None:
        """Vote once. The Yes is in the log before it is sent; a No is an abort."""
        if not self.logged(msg.tx):
            if self.random.random() < self.no:
                self.abort(msg.tx)
            else:
                self.promise(msg.tx)
                self.set_timer("uncertain", self.patience, msg.tx, key=msg.tx)
        self.send(src, Vote(msg.tx, NO not in self.logged(msg.tx)))

    def promise(self, tx: int) -> None:
        """The vote is Yes. From here on it is not this process's to decide."""
        self.write(tx, YES)

    def abort(self, tx: int) -> None:
        """Nobody has this process's Yes, so it may decide alone (AC3)."""
        self.write(tx, NO)
        self.write(tx, ABORT)

    def on_decision(self, src: str, msg: Decision) -> None:
        """Whoever says it: do it, once. The coordinator is told that it is done."""
        if not self.decision(msg.tx):
            self.write(msg.tx, COMMIT if msg.commit else ABORT)
            self.cancel_timer("uncertain", key=msg.tx)
        if src == self.coordinator:
            self.send(src, Acknowledged(msg.tx))

    def on_uncertain_timeout(self, tx: int) -> None:
        """Voted Yes, heard nothing: neither commit nor abort is allowed. Ask."""
        self.ask(tx)

    def ask(self, tx: int) -> None:
        """The coordinator knows; another participant may. Until one answers, this one is blocked."""
        if self.cooperative:
            self.broadcast(DecisionRequest(tx))
        else:
            self.send(self.coordinator, DecisionRequest(tx))
        self.set_timer("uncertain", self.patience, tx, key=tx)

    def on_decision_request(self, src: str, msg: DecisionRequest) -> None:
        """Whoever has not voted yet can still abort, and so free the other. Whoever is uncertain itself cannot help."""
        if not self.logged(msg.tx):
            self.abort(msg.tx)
        super().on_decision_request(src, msg)


# -- how it blocks -----------------------------------------------------------------------------------------------------


class DiesBeforeDeciding(Coordinator):
    """Has all votes, and dies before it decides, once. That is a fault, not a mistake."""

    def decide(self, tx: int, what: str) -> None:
        """The first time is the last."""
        if "died" not in self.disk:
            self.disk["died"] = tx
            self.die("after the votes, before the decision")
        super().decide(tx, what)


def coordinator_dies(seed: int = 0, n: int = 3, cooperative: bool = True, no: float = 0.0) -> Simulation:
    """One transaction of ``n`` participants whose coordinator dies between the votes and the decision.

    Whether it comes back is up to the caller: ``sim.at(2_000, sim.restart, "c")``.
    """
    names = tuple(f"p{i + 1}" for i in range(n))
    return Simulation(
        DiesBeforeDeciding("c", peers=names),
        *(
            Participant(p, peers=("c", *(other for other in names if other != p)), cooperative=cooperative, no=no)
            for p in names
        ),
        ScriptClient("alice", service="c", script=[("transfer",)], timeout=200.0),
        network=Network(latency=(5, 15)),
        seed=seed,
    )


# -- what came of it ---------------------------------------------------------------------------------------------------


def processes(sim: Simulation) -> list[Logger]:
    """Coordinator and participants, in order."""
    return [node for node in sim.nodes.values() if isinstance(node, Logger)]


def blocked(sim: Simulation) -> list[str]:
    """The participants that have voted Yes and know no decision, by what is on their disks."""
    return [
        node.name
        for node in processes(sim)
        if isinstance(node, Participant) and any(node.uncertain(tx) for tx in node.transactions())
    ]


def broken_rule(sim: Simulation) -> str:
    """Which of AC1, AC2, AC3 and AC5 is broken, in a sentence; "" if none. AC5 is for the end of a quiet time."""
    nodes = processes(sim)
    for tx in dict.fromkeys(tx for node in nodes for tx in node.transactions()):
        for node in nodes:
            if COMMIT in node.logged(tx) and ABORT in node.logged(tx):
                return f"AC2: {node.name} reversed its decision in transaction {tx}"
        decided = {node.name: node.decision(tx) for node in nodes if node.decision(tx)}
        if len(set(decided.values())) > 1:
            return f"AC1: in transaction {tx} " + ", ".join(f"{name} decided {what}" for name, what in decided.items())
        no = [node.name for node in nodes if NO in node.logged(tx)]
        if no and COMMIT in decided.values():
            return f"AC3: transaction {tx} was committed, although {', '.join(no)} voted No"
        late = [node.name for node in nodes if node.logged(tx) and node.name not in decided]
        if late:
            return f"AC5: in transaction {tx} {', '.join(late)} never decided, although all was mended"
    return ""


# -- known to be wrong -------------------------------------------------------------------------------------------------


class AbortsWhenUncertain(Participant):
    """Aborts by time-out after it has voted Yes: the others may have been told to commit."""

    def on_uncertain_timeout(self, tx: int) -> None:
        """It was tired of waiting."""
        self.write(tx, ABORT)


class ForgetsItsVote(Participant):
    """Sends its Yes without a record: after a crash it knows of no promise and aborts when it is asked."""

    def promise(self, tx: int) -> None:
        """In memory at most."""


class ForgetsTheDecision(Coordinator):
    """Decides to commit without a record of it: after a crash it finds none, and aborts."""

    def on_start(self) -> None:
        """Memory knows nothing after a crash."""
        self._committed: dict[int, None] = {}
        super().on_start()

    def write(self, tx: int, what: str) -> None:
        """All but that record."""
        if what == COMMIT:
            self._committed[tx] = None
        else:
            super().write(tx, what)

    def decision(self, tx: int) -> str:
        """What it remembers."""
        return COMMIT if tx in self._committed else super().decision(tx)


def _build(seed: int, kind: type[Logger]) -> Simulation:
    """A coordinator, three participants that sometimes vote No, one user; crashes, pauses, cuts, then quiet."""
    names = ("p1", "p2", "p3")
    coordinator = kind if issubclass(kind, Coordinator) else Coordinator
    participant = kind if issubclass(kind, Participant) else Participant
    sim = Simulation(
        coordinator("c", peers=names),
        *(participant(p, peers=("c", *(other for other in names if other != p)), no=0.1) for p in names),
        ScriptClient("alice", service="c", script=[("transfer",)] * 10, timeout=80.0, think=5.0),
        network=Network(latency=(1, 10)),
        seed=seed,
        trace="off",
    )
    kinds = ("crash", "cut", "partition", "pause")
    sim.set_faults(nemesis(sim, seed, 1_000, kinds, every_ms=60, for_ms=90, quiet_ms=300, nodes=("c", *names)))
    return sim


TRIAL = Trial(
    "two_phase_commit",
    _build,
    1_000.0,
    broken_rule,
    Coordinator,
    (AbortsWhenUncertain, ForgetsItsVote, ForgetsTheDecision),
)
