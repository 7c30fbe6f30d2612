"""Raft: a log that is the same on every server, and the key-value store that it feeds.

Ongaro and Ousterhout 2014, "In Search of an Understandable Consensus Algorithm (Extended Version)": sections 5 and 8,
with the names of figure 2. Three things differ from the figure. The paper's log[] is called ``entries`` here, because
``Node.log`` writes into the trace; at its index 0 stands an entry that all servers have, so the first real one has
index 1, as in the paper. Messages are not calls: an answer has to say which request it answers. And a server that is
not the leader passes a client's request on, where the paper's turns the client away (section 8).

Not in here: changes of the membership (section 6) and snapshots (section 7), so the log only grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from ..checkers import check_linearizable
from ..clients import Refusal, Reply, Request, Retry, ScriptClient
from ..clocks import Clock
from ..nemesis import nemesis
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..specs import KeyValue
from ..trials import Trial
from .raft_properties import Figure3

FOLLOWER, CANDIDATE, LEADER = "follower", "candidate", "leader"

READS = ("get", "read")
CHANGES = ("put", "write", "append", "cas")


class Entry(Message):
    """One place in the log: what to do, for which client, and the term whose leader took it. No request: a no-op."""

    term: int
    client: str = ""
    request: Request | None = None


class RequestVote(Message):
    """I want to lead ``term``. My log ends with an entry of that index and term (figure 2)."""

    term: int
    candidate_id: str
    last_log_index: int
    last_log_term: int


class RequestVoteReply(Message):
    """My term, and whether you have my vote (figure 2)."""

    term: int
    vote_granted: bool


class AppendEntries(Message):
    """Put ``entries`` after the entry at ``prev_log_index``, if it is of ``prev_log_term`` (figure 2).

    Without entries it is a heartbeat. ``round`` is not in the figure: it numbers the leader's broadcasts in its term.
    """

    term: int
    leader_id: str
    prev_log_index: int
    prev_log_term: int
    entries: tuple[Entry, ...]
    leader_commit: int
    round: int


class AppendEntriesReply(Message):
    """My term, and whether it was done (figure 2).

    What a caller would know is in the message: success up to which ``index``, or failure at which ``prev_log_index``;
    and the ``round`` that is answered.
    """

    term: int
    success: bool
    index: int
    round: int


class Forward(Message):
    """A client asked me, and you lead."""

    client: str
    request: Request


class Raft(Node):
    """One server of a Raft cluster: ``Raft("r1", peers=("r2", "r3"))``.

    It answers every ``Request`` with f get, put, append, cas, or read and write, the other words for get and put; what
    they mean is ``dslib.specs.KeyValue``. A ``Refusal`` says that a request makes no sense, and nothing else: whoever
    cannot know whether a request will be carried out says nothing, and the client asks again.

    Args:
        election_timeout: the shortest and the longest, in ms (section 5.2; 150 to 300 in section 9.3).
        heartbeat: ms from one AppendEntries of a leader to the next, if nothing happens in between.
        batch: how many entries one AppendEntries holds at most.

    Raises:
        ValueError: no peers, itself among them, or a setting that makes no sense.
    """

    election_timeout: tuple[float, float] = (150.0, 300.0)
    heartbeat: float = 50.0
    batch: int = 100

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.peers or name in self.peers or len(set(self.peers)) < len(self.peers):
            raise ValueError(f"peers of {name!r} are {self.peers!r}: name each of the other servers, once")
        try:
            shortest, longest = map(float, self.election_timeout)
        except (TypeError, ValueError):
            raise ValueError(
                f"{name!r} has election_timeout={self.election_timeout!r}: write the shortest and the longest in ms, "
                "election_timeout=(150, 300)"
            ) from None
        if not 0 < self.heartbeat < shortest <= longest:
            raise ValueError(
                f"{name!r} has heartbeat={self.heartbeat!r}, election_timeout={self.election_timeout!r}: a heartbeat "
                "has to come before anyone's patience ends; for example heartbeat=50, election_timeout=(150, 300)"
            )
        if self.batch < 1:
            raise ValueError(f"{name!r} has batch={self.batch!r}: write how many entries fit in a message, 1 or more")

    def on_start(self) -> None:
        """Begin as a follower, with what is on the disk; all else is learnt again (figure 2, section 5.2)."""
        self.current_term: int = self.disk.get("current_term", 0)
        self.voted_for: str | None = self.disk.get("voted_for")
        self.entries: tuple[Entry, ...] = self.disk.get("entries", (Entry(0),))
        self.state = FOLLOWER
        self.leader_id: str | None = None
        self.commit_index = self.last_applied = 0
        self.values: dict[Any, Any] = {}  # the state machine: a value under each key …
        self.answers: dict[tuple[str, int], Reply | Refusal] = {}  # … and what was answered to each request
        self.held: dict[tuple[str, int], Request] = {}  # requests that wait for a leader
        self.be_patient()

    def persist(self) -> None:
        """To stable storage, before anybody is answered (figure 2)."""
        self.disk.update(current_term=self.current_term, voted_for=self.voted_for, entries=self.entries)

    @property
    def last_log_index(self) -> int:
        """Where the log ends; 0 if it is empty."""
        return len(self.entries) - 1

    # -- leader election (section 5.2) --------------------------------------------------------------------------------

    def be_patient(self) -> None:
        """A new time-out, drawn at random so that split votes are rare (section 5.2)."""
        self.set_timer("election", self.random.uniform(*self.election_timeout))

    def on_election_timeout(self) -> None:
        """Neither a leader nor a candidate was heard, or no candidate won: stand for the next term (section 5.2)."""
        self.state, self.leader_id = CANDIDATE, None
        self.current_term += 1
        self.voted_for = self.name
        self.persist()
        self.votes = {self.name: True}
        self.be_patient()
        last = self.last_log_index
        self.broadcast(RequestVote(self.current_term, self.name, last, self.entries[last].term))

    def see_term(self, term: int) -> None:
        """Whoever hears of a later term follows in that term (section 5.1; figure 2, all servers)."""
        if term > self.current_term:
            if self.state == LEADER:  # its patience had no end
                self.cancel_timer("heartbeat")
                self.be_patient()
            self.state, self.leader_id = FOLLOWER, None
            self.current_term, self.voted_for = term, None
            self.persist()

    def on_request_vote(self, src: str, msg: RequestVote) -> None:
        """One vote a term, first come, first served (section 5.2), and only for a log as good as mine (5.4.1)."""
        self.see_term(msg.term)
        granted = (
            msg.term == self.current_term
            and self.voted_for in (None, msg.candidate_id)
            and self.is_up_to_date(msg.last_log_index, msg.last_log_term)
        )
        if granted:
            self.voted_for = msg.candidate_id
            self.persist()
            self.be_patient()
        self.send(src, RequestVoteReply(self.current_term, granted))

    def is_up_to_date(self, index: int, term: int) -> bool:
        """Of two logs the one with the later last term is better; of two with the same, the longer one (5.4.1)."""
        last = self.last_log_index
        return (term, index) >= (self.entries[last].term, last)

    def on_request_vote_reply(self, src: str, msg: RequestVoteReply) -> None:
        """With the votes of a majority of all servers, lead (section 5.2)."""
        self.see_term(msg.term)
        if self.state == CANDIDATE and msg.term == self.current_term and msg.vote_granted:
            self.votes[src] = True
            if len(self.votes) > (len(self.peers) + 1) // 2:
                self.become_leader()

    def become_leader(self) -> None:
        """Suppose that all logs are like mine (section 5.3), and begin the term with a no-op (section 8)."""
        self.state, self.leader_id = LEADER, self.name
        self.cancel_timer("election")
        self.next_index = dict.fromkeys(self.peers, self.last_log_index + 1)
        self.match_index = dict.fromkeys(self.peers, 0)
        self.round = 0
        self.answered_round = dict.fromkeys(self.peers, 0)
        self.reads: list[tuple[int, int, str, Request]] = []
        self.first_index = self.last_log_index + 1
        self.append(Entry(self.current_term))
        self.serve_held()

    def follow(self, leader_id: str) -> None:
        """There is a leader, so be its follower, and patient (section 5.2)."""
        self.state, self.leader_id = FOLLOWER, leader_id
        self.be_patient()
        self.serve_held()

    # -- log replication (section 5.3) --------------------------------------------------------------------------------

    def append(self, entry: Entry) -> None:
        """A leader adds to its own log, and then to all others (section 5.3)."""
        self.entries += (entry,)
        self.persist()
        self.replicate()

    def replicate(self) -> None:
        """A round of AppendEntries to all, and the next one after ``heartbeat`` ms at the latest (section 5.2)."""
        self.round += 1
        for peer in self.peers:
            self.send_entries(peer)
        self.set_timer("heartbeat", self.heartbeat)

    def on_heartbeat_timeout(self) -> None:
        """Nothing happened: tell all that I am here; to whoever lost something it is sent again (5.2, 5.3)."""
        self.replicate()

    def send_entries(self, peer: str) -> None:
        """What ``peer`` does not have, as far as I know (section 5.3)."""
        start = self.next_index[peer]
        entries = self.entries[start : start + self.batch]
        before = start - 1
        self.send(
            peer,
            AppendEntries(
                self.current_term, self.name, before, self.entries[before].term, entries, self.commit_index, self.round
            ),
        )

    def on_append_entries(self, src: str, msg: AppendEntries) -> None:
        """Take what the leader of this term sends, if it fits to what is here (section 5.3; figure 2)."""
        self.see_term(msg.term)
        if msg.term == self.current_term:
            self.follow(msg.leader_id)
        if msg.term < self.current_term or not self.has_entry(msg.prev_log_index, msg.prev_log_term):
            self.send(src, AppendEntriesReply(self.current_term, False, msg.prev_log_index, msg.round))
            return
        last_new = msg.prev_log_index + len(msg.entries)
        for index, entry in enumerate(msg.entries, msg.prev_log_index + 1):
            if not self.has_entry(index, entry.term):  # from here on it is not what the leader has, or nothing
                self.entries = self.entries[:index] + msg.entries[index - last_new - 1 :]
                self.persist()
                break
        # The figure knows no messages that overtake each other: what was committed stays committed.
        self.commit_index = max(self.commit_index, min(msg.leader_commit, last_new))
        self.apply_committed()
        self.send(src, AppendEntriesReply(self.current_term, True, last_new, msg.round))

    def has_entry(self, index: int, term: int) -> bool:
        """The consistency check: the same index and term, so the same entry, and the same before it (section 5.3)."""
        return index <= self.last_log_index and self.entries[index].term == term

    def on_append_entries_reply(self, src: str, msg: AppendEntriesReply) -> None:
        """Count what was taken; where it did not fit, try one entry earlier (section 5.3)."""
        self.see_term(msg.term)
        if self.state != LEADER or msg.term < self.current_term:
            return
        self.answered_round[src] = max(self.answered_round[src], msg.round)
        if msg.success and msg.index > self.match_index[src]:
            self.match_index[src] = msg.index
            self.next_index[src] = msg.index + 1
            self.advance_commit_index()
            if self.next_index[src] <= self.last_log_index:
                self.send_entries(src)
        elif not msg.success and self.match_index[src] < msg.index < self.next_index[src]:
            self.next_index[src] = msg.index
            self.send_entries(src)
        self.answer_reads()

    def reached_by_majority(self, mine: int, theirs: Mapping[str, int]) -> int:
        """The highest number that a majority of all servers has reached."""
        return sorted((mine, *theirs.values()))[len(theirs) // 2]

    def advance_commit_index(self) -> None:
        """Committed is what a majority has (section 5.3), but see ``may_count``."""
        index = self.reached_by_majority(self.last_log_index, self.match_index)
        if index > self.commit_index and self.may_count(index):
            self.commit_index = index
            self.apply_committed()

    def may_count(self, index: int) -> bool:
        """Only entries of the leader's own term are committed by counting, and with them all before (5.4.2)."""
        return self.entries[index].term == self.current_term

    # -- clients (section 8) ------------------------------------------------------------------------------------------

    def on_request(self, src: str, msg: Request) -> None:
        """A client asks."""
        if reason := objection(msg):
            self.send(src, Refusal(msg.id, reason))
        else:
            self.serve(src, msg)

    def on_forward(self, src: str, msg: Forward) -> None:
        """Another server was asked. (It may be wrong about me; whom I know then leads a later term.)"""
        self.serve(msg.client, msg.request)

    def serve(self, client: str, request: Request) -> None:
        """Whoever does not lead passes it on, as soon as there is somebody to pass it to."""
        if self.state == LEADER:
            self.lead(client, request)
        elif self.leader_id is not None:
            self.send(self.leader_id, Forward(client, request))
        else:
            self.held[client, request.id] = request

    def serve_held(self) -> None:
        """Now there is a leader."""
        held, self.held = self.held, {}
        for (client, _), request in held.items():
            self.serve(client, request)

    def lead(self, client: str, request: Request) -> None:
        """Changes go through the log, and a change that was made is not made again (section 8)."""
        if request.f in READS:
            self.read(client, request)
        elif (client, request.id) in self.answers:
            self.send(client, self.answers[client, request.id])
        else:
            self.append(Entry(self.current_term, client, request))

    def read(self, client: str, request: Request) -> None:
        """Two precautions against an old answer (section 8): know all that is committed, and still be the leader.

        The first is given when the no-op of this term has been applied, the second when a majority has answered a round
        of heartbeats that began after the request came.
        """
        self.reads.append((self.round + 1, max(self.commit_index, self.first_index), client, request))
        self.replicate()

    def answer_reads(self) -> None:
        """Those for which both precautions are met; they stand in the order in which they came."""
        confirmed = self.reached_by_majority(self.round, self.answered_round)
        while self.reads and self.reads[0][0] <= confirmed and self.reads[0][1] <= self.last_applied:
            _, _, client, request = self.reads.pop(0)
            self.send(client, Reply(request.id, self.values.get(request.key)))

    def apply_committed(self) -> None:
        """Apply what is committed, in the order of the log; the leader who took it answers (section 5.3)."""
        while self.last_applied < self.commit_index:
            self.last_applied += 1
            entry = self.entries[self.last_applied]
            if entry.request is not None:
                answer = self.execute(entry.client, entry.request)
                if self.state == LEADER and entry.term == self.current_term:
                    self.send(entry.client, answer)

    def execute(self, client: str, request: Request) -> Reply | Refusal:
        """Once, however often it stands in the log: all attempts carry the same id (section 8).

        The paper keeps each client's latest answer, which suffices for clients that ask one thing at a time.
        """
        if (client, request.id) not in self.answers:
            self.answers[client, request.id] = self.change(request)
        return self.answers[client, request.id]

    def change(self, request: Request) -> Reply | Refusal:
        """The state machine: the same on every server, because it depends on nothing but the log (section 2)."""
        key, arg, value = request.key, request.arg, self.values.get(request.key)
        if request.f == "cas":
            expected, new = arg
            if value == expected:
                self.values[key] = new
            return Reply(request.id, value == expected)
        if request.f == "append":
            piece: Any = arg if isinstance(arg, str | tuple) else (arg,)
            if value is not None and type(value) is not type(piece):
                return Refusal(request.id, f"{key!r} holds {value!r}, to which {piece!r} cannot be appended")
            arg = piece if value is None else value + piece
        self.values[key] = arg
        return Reply(request.id)


def objection(request: Request) -> str:
    """Why a request makes no sense; "" if it does."""
    if request.f not in READS + CHANGES:
        return f"not supported: {request.f!r}; ask for {', '.join(READS + CHANGES)}"
    if request.f == "cas" and not (isinstance(request.arg, tuple) and len(request.arg) == 2):
        return f"cas needs a pair (expected, new), not {request.arg!r}"
    if request.f == "append" and request.arg is None:
        return "append needs something to add, not None"
    return ""


# -- known to be wrong ------------------------------------------------------------------------------------------------


class ForgetsVotes(Raft):
    """Keeps its vote in memory only: after a restart it votes again in the same term (figure 2, votedFor)."""

    def persist(self) -> None:
        super().persist()
        self.disk["voted_for"] = None


class CountsOldTerms(Raft):
    """Commits an entry of an older term as soon as a majority has it (section 5.4.2, figure 8)."""

    def may_count(self, index: int) -> bool:
        return True


class VotesForAnyone(Raft):
    """Votes for a candidate whose log lacks what its own has (section 5.4.1)."""

    def is_up_to_date(self, index: int, term: int) -> bool:
        return True


class TrustsItself(Raft):
    """Answers reads from its own state, though others may have elected another leader long ago (section 8)."""

    def read(self, client: str, request: Request) -> None:
        self.send(client, Reply(request.id, self.values.get(request.key)))


class ForgetsClients(Raft):
    """Does not remember what it has executed: a request that is repeated is executed twice (section 8)."""

    def execute(self, client: str, request: Request) -> Reply | Refusal:
        return self.change(request)


# -- put to the test --------------------------------------------------------------------------------------------------


def cluster(kind: type[Raft], n: int = 3, **settings: Any) -> list[Raft]:
    """The servers r1, r2, …, each with the others as its peers.

    Raises:
        ValueError: fewer than two servers, which would have no peers.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 2:
        raise ValueError(f"n={n!r}: write how many servers, 2 or more; with 2f + 1 of them f may crash")
    names = [f"r{number}" for number in range(1, n + 1)]
    return [kind(name, tuple(peer for peer in names if peer != name), **settings) for name in names]


def in_danger(seed: int, kind: type[Raft]) -> Simulation:
    """Three servers, three clients that repeat what was not answered, and a nemesis. All ask for one key."""
    servers, dice = cluster(kind), Random(f"{seed}/script")
    names = [server.name for server in servers]
    clients = []
    for client in ("alice", "bob", "carol"):
        lines = []
        for number in range(6):
            f = dice.choice(("get", "get", "append", "append", "cas"))
            arg = {"append": f"{client[0]}{number} ", "cas": (None, f"{client} was first ")}.get(f)
            lines.append((f, "x", arg))
        service = tuple(dice.sample(names, len(names)))
        clients.append(
            ScriptClient(client, service=service, script=lines, start=250, think=50, timeout=80, retry=Retry(times=5))
        )
    sim = Simulation(*servers, *clients, network=Network(), seed=seed, trace="off")
    kinds = ("crash", "partition", "cut", "pause")
    sim.set_faults(nemesis(sim, seed, until=2_000, kinds=kinds, every_ms=250, for_ms=300, nodes=names))
    Figure3(servers).declare(sim)
    return sim


def is_linearizable(sim: Simulation) -> str:
    """What the clients were told must look as if there were one server (section 8)."""
    verdict = check_linearizable(sim.history, KeyValue())
    return "" if verdict else f"What the clients were told is not linearizable. {verdict}"


def in_elections(seed: int, kind: type[Raft]) -> Simulation:
    """Three servers that stand at almost the same time, and that are away for a moment when it matters: 1 or 2 ms."""
    servers = cluster(kind, election_timeout=(50, 60), heartbeat=40)
    sim = Simulation(*servers, network=Network(latency=(5, 25)), seed=seed, trace="off")
    sim.set_faults(nemesis(sim, seed, until=600, kinds="crash", every_ms=30, for_ms=(1, 2), quiet_ms=0))
    Figure3(servers).declare(sim)
    return sim


def in_figure_8(seed: int, kind: type[Raft]) -> Simulation:
    """The story of figure 8 with three servers; whether its moments are met is left to the dice.

    r1 leads and is cut off with an entry of its own. r2 is elected by r3 and cut off before r3 has its first entry. r1
    is elected again, gives its old entry to r3, and is cut off before its new one arrives. r3 has a vote for r2.
    """
    patience = {"r1": (50, 60), "r2": (70, 80), "r3": (300, 400)}
    servers = [
        kind(name, tuple(peer for peer in patience if peer != name), election_timeout=ms, heartbeat=20, batch=1)
        for name, ms in patience.items()
    ]
    client = ScriptClient("alice", service="r1", script=[("put", "x", 1)], start=150, timeout=1_000)
    sim = Simulation(*servers, client, network=Network(latency=(15, 25)), seed=seed, trace="off")
    dice, now = Random(f"{seed}/cuts"), 0
    for alone, after in (("r1", (130, 150)), ("r2", (95, 135)), ("r1", (210, 260))):
        now += dice.randint(*after)
        sim.at(now, sim.network.heal)
        sim.at(now, sim.network.partition, (alone,), tuple(name for name in patience if name != alone))
    Figure3(servers).declare(sim)
    return sim


def no_more(sim: Simulation) -> str:
    """All that must hold was declared with ``sim.always``."""
    return ""


TRIAL = Trial("raft", in_danger, 2_000, is_linearizable, Raft, (VotesForAnyone, TrustsItself, ForgetsClients))
TRIALS = (
    TRIAL,
    Trial("raft-elections", in_elections, 600, no_more, Raft, (ForgetsVotes,)),
    Trial("raft-figure-8", in_figure_8, 800, no_more, Raft, (CountsOldTerms,)),
)
