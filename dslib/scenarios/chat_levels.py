"""The chat service and its service level: 99 % of requests within 500 ms, measured, and then broken.

Three tenants ask the door, the door asks three servers, and a post is done when two of them have it. The door looks
every half second whether a server is well. In ten seconds come about 290 requests: 99 % allows two bad ones, or three.

What users saw is judged as they saw it: good is a right answer within 500 ms. Servers can tell another story.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, NamedTuple

from .. import slo
from ..clients import LoadClient, Reply, Request
from ..failures.service import DOOR, TENANTS, ChatServer, chat_servers, talk, wrong_reads
from ..metrics import Seen, Slice, good_share, slices, what_users_saw
from ..network import Exponential, Network
from ..services import Balancer
from ..simulation import Simulation
from .verdicts import Trial, Verdict, rule_name

#: The notes' own example: the share of requests that is to be answered well, and within how many ms.
TARGET, WITHIN_MS = 0.99, 500.0
#: ms: users ask up to here, and the run lasts until all they asked has been judged.
ASKED_UNTIL, ENDS = 9_500.0, 10_000.0
#: Requests a second, of all tenants together.
RATE = 30.0
#: ms: so long a user waits before giving up. An answer that comes after 500 ms is still an answer, and a bad one.
PATIENCE_MS = 2_000.0

#: What happens to the service in these ten seconds: faults of lessons 4 and 5, as ``(ms, call, *arguments)``.
BREAKAGES: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "nothing": (),
    "crash": ((3_000, "crash", "s1"), (7_000, "restart", "s1")),
    "slow": ((3_000, "slow", "s1", 6), (7_000, "slow", "s1", 1)),
    "crowd": ((3_000, "act", "acme", "surge", 8), (5_000, "act", "acme", "surge", 1)),
    "cut": ((3_000, "network.cut", DOOR, "s1"), (7_000, "network.heal")),
    "unclean cut": ((3_000, "network.cut", "s1", "s2"), (7_000, "network.heal")),
    "lie": ((3_000, "lie", "s1", "flipped_bits"), (7_000, "lie", "s1", "truth")),
}


def chat_service(seed: int = 0, breakage: str = "nothing", trace: str = "events") -> Simulation:
    """The service, healthy or with one of ``BREAKAGES``. Run it until 10,000 ms.

    Raises:
        ValueError: there is no such breakage.
    """
    if breakage not in BREAKAGES:
        raise ValueError(f"there is no breakage {breakage!r}: write one of {', '.join(map(repr, BREAKAGES))}")
    servers = chat_servers(ChatServer, 3, acks=2, service=Exponential(mean=60))
    users = [
        LoadClient(
            tenant,
            service=DOOR,
            rate=RATE * share,
            stop=ASKED_UNTIL,
            timeout=PATIENCE_MS,
            operation=talk(tenant),
        )
        for tenant, share in TENANTS.items()
    ]
    door = Balancer(DOOR, backends=[server.name for server in servers], health_every=500.0)
    sim = Simulation(door, *servers, *users, network=Network(latency=(1, 3)), seed=seed, trace=trace)
    for at, call, *args in BREAKAGES[breakage]:
        owner = sim.network if call.startswith("network.") else sim
        sim.at(at, getattr(owner, call.rpartition(".")[2]), *args)
    return sim


def answers_seen(sim: Simulation, within: float = WITHIN_MS) -> list[Seen]:
    """What users saw: good is a right answer ``within`` so many ms. The player's judge.

    A read is wrong if it shows what nobody posted in that room, or lacks what it had to show.
    """
    return what_users_saw(sim.history, sim.now, within=within, wrong=wrong_reads(sim))


def answers_by_second(sim: Simulation) -> list[Slice]:
    """The same, second by second, for the charts."""
    return slices(answers_seen(sim), 1_000.0, sim.now)


class Level(NamedTuple):
    """An SLI with what it was computed from, and a target beside it. Prints as one sentence.

    Fields:
        good, valid: how many events were good, and how many counted.
        target: the objective.
    """

    good: int
    valid: int
    target: float = TARGET

    @property
    def sli(self) -> float:
        """Good / valid; ``nan`` without valid events."""
        return slo.sli(self.good, self.valid)

    @property
    def met(self) -> bool:
        """Whether the SLI reaches the target (definition 10). Without traffic nobody can say, so no."""
        return bool(self.valid) and self.valid - self.good <= slo.error_budget(self.target, self.valid)

    def __str__(self) -> str:
        if not self.valid:
            return f"no valid request, so no SLI; target {100 * self.target:.6g} %"
        allowed = int(slo.error_budget(self.target, self.valid))
        return (
            f"SLI = {self.good} / {self.valid} = {_percent(self.sli, self.target)}, target {100 * self.target:.6g} %: "
            f"{'met' if self.met else 'missed'} ({self.valid - self.good} bad, {allowed} allowed)"
        )


def level(sim: Simulation, target: float = TARGET, within: float = WITHIN_MS) -> Level:
    """The SLI of a run, at its users: right answers within ``within`` ms / requests that were judged."""
    outcomes = [one.outcome for one in answers_seen(sim, within) if one.outcome != "open"]
    return Level(outcomes.count("good"), len(outcomes), target)


def sli_of(seed: int = 0, breakage: str = "nothing") -> float:
    """The SLI of one run: what a sweep calls."""
    sim = chat_service(seed, breakage, trace="off").run(until=ENDS)
    return good_share(answers_seen(sim))


def levels_where(sim: Simulation, target: float = TARGET) -> dict[str, Level]:
    """The SLI of one run by three logs: the users', the door's and the servers'.

    A log at the door or at a server has a line for each answer that was sent. Who is dead writes no line, and a wrong
    answer looks like any other. Needs a run with its trace.
    """
    logs = {"the users": level(sim, target)}
    for name, nodes in (("the door", (DOOR,)), ("the servers", tuple(n for n in sim.nodes if n.startswith("s")))):
        came: dict[tuple[str, int], float] = {}
        took: list[float] = []
        for event in sim.trace:
            if event.kind == "deliver" and event.dest in nodes and isinstance(event.msg, Request):
                came[event.dest, event.msg.id] = event.time
            elif event.kind == "send" and event.src in nodes and isinstance(event.msg, Reply):
                asked = came.pop((event.src, event.msg.id), None)
                if asked is not None:
                    took.append(event.time - asked)
        logs[name] = Level(sum(ms <= WITHIN_MS for ms in took), len(took), target)
    return logs


def _percent(share: float, target: float) -> str:
    """In per cent with two digits, or as many as it takes not to look like a target, or like 100 %, that it is not."""
    for digits in (2, 3, 4, 5, 6):
        text = f"{100 * share:.{digits}f}"
        if (float(text) >= 100 * target) == (share >= target) and (float(text) >= 100) == (share >= 1):
            break
    return f"{text} %"


# -- your turn: an SLI in writing --------------------------------------------------------------------------------------

#: What a learner's SLI says of one request: True (good), False (bad) or None (not valid: it counts nowhere).
#: It is given who asked ("user" or "probe"), the answer ("right", "wrong", "refused" or "none"), and the ms it took.
Judges = Callable[[str, str, float], "bool | None"]

#: Requests with a name, and what they are by the lesson's definition.
CASES: tuple[tuple[str, tuple[str, str, float], bool | None], ...] = (
    ("right, quick", ("user", "right", 120.0), True),
    ("right, at 500 ms", ("user", "right", 500.0), True),
    ("right, at 500.5 ms", ("user", "right", 500.5), False),
    ("wrong, quick", ("user", "wrong", 40.0), False),
    ("refused at once", ("user", "refused", 3.0), False),
    ("never answered", ("user", "none", inf), False),
    ("a health check", ("probe", "right", 2.0), None),
    ("a failed check", ("probe", "none", inf), None),
)
_SAID = {True: "good", False: "bad", None: "not valid"}


def try_sli(judge: Judges) -> Verdict:
    """Put an SLI in writing to the test: request by request, then the share that comes of all of them."""
    if not callable(judge):
        return Verdict([], f"Not run yet: {judge!r} is not a function; hand over the function itself.", False)
    trials, said = [], []
    for name, request, right in CASES:
        try:
            says: Any = judge(*request)
        except Exception as error:  # whatever a learner's function may raise
            return Verdict([], f"Not run yet: {name}: it stops with {type(error).__name__}: {error}.", False)
        if says is not None and not isinstance(says, bool):
            call = f"{rule_name(judge)}{request}"
            return Verdict([], f"Not run yet: {call} gives {says!r}; return True, False or None.", False)
        said.append(says)
        trials.append(Trial(name, (_SAID[says],), "" if says is right else f"{_SAID[right]}: {_WHY[right]}"))
    good, valid = said.count(True), len(said) - said.count(None)
    share = f"SLI = {good} / {valid}" + (f" = {100 * good / valid:.0f} %" if valid else ", which is not defined")
    bad = [trial for trial in trials if trial.complaint]
    if bad:
        return Verdict(trials, f"{share}. Begin with {bad[0].name}.", False, ("request", "counts as"))
    return Verdict(
        trials, f"{share}. Every request counts as the users would count it. Well done.", True, ("request", "counts as")
    )


_WHY = {
    True: "right, and in time",
    False: "its user did not get what was asked for, in time",
    None: "no user waits for it",
}
