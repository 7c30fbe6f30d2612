"""How long to wait before taking silence for death: false alarms against the time until a crash is found.

One node sends heartbeats once a second over a link that delays each by 0.1 s on average (exponentially) and loses some.
Another one listens with several timeouts at once. Each timeout is a watch of its own over the same heartbeats, so one
run serves them all. Chandra and Toueg 1996 ("Unreliable failure detectors for reliable distributed systems", JACM
43(2)) for the two kinds of mistakes, Chen, Toueg and Aguilera 2002 for measuring them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import exp, fsum, inf, sqrt
from random import Random
from typing import Any, NamedTuple

from ..detection import Detection
from ..network import Exponential, Network
from ..node import Node
from ..protocols.heartbeats import Heartbeat, Heartbeats
from ..protocols.swim import Swim
from ..simulation import Simulation
from .verdicts import Trial, Verdict, rule_name

#: The mean delay of a heartbeat, in seconds; the period is one second.
DELAY_S = 0.1

#: What lesson 5 measures: shares of heartbeats that are lost, and timeouts in seconds.
LOSSES = (0.0, 0.01, 0.05, 0.2)
TIMEOUTS_S = (1.2, 1.5, 2.2, 3.2, 5.2)


class Watcher(Node):
    """Listens to one peer, with a watch for each of ``timeouts`` (ms), and counts how often each runs out."""

    timeouts: tuple[float, ...] = (1_500.0,)

    def on_start(self) -> None:
        """Nobody was heard yet, so nobody is missed."""
        self.alarms = dict.fromkeys(self.timeouts, 0)
        self.suspected_since: dict[float, float] = {}

    def on_heartbeat(self, src: str, msg: Heartbeat) -> None:
        """It lives: each watch begins anew."""
        self.suspected_since = {}
        for timeout in self.timeouts:
            self.set_timer("silence", timeout, timeout, key=timeout)

    def on_silence_timeout(self, timeout: float) -> None:
        """Silent for that long."""
        self.alarms[timeout] += 1
        self.suspected_since[timeout] = self.clock.monotonic()


def watched_peer(seed: int = 0, loss: float = 0.0, timeouts_s: Sequence[float] = TIMEOUTS_S) -> Simulation:
    """``peer`` sends a heartbeat once a second; ``watcher`` waits for it, with each of these timeouts."""
    return Simulation(
        Heartbeats("peer", peers=("watcher",)),
        Watcher("watcher", timeouts=tuple(1_000.0 * timeout for timeout in _timeouts(timeouts_s))),
        network=Network(latency=Exponential(mean=1_000 * DELAY_S), loss=loss),
        seed=seed,
        trace="off",
    )


def measure_timeouts(
    loss: float,
    timeouts_s: Sequence[float] = TIMEOUTS_S,
    hours: float = 10.0,
    crashes: int = 200,
    seed: int = 0,
) -> list[Detection]:
    """A row for each timeout: how often a living peer was suspected, and how soon one that crashed.

    So many ``hours`` nobody crashes, and every suspicion is false. In another run with the same seed the peer crashes
    so many times, at random moments, and stays down long enough for the longest timeout. Who is suspected already when
    it crashes is found after 0 s.

    Raises:
        ValueError: no timeouts, or one that is not above 0; a negative number of hours or crashes; no such loss.
    """
    if hours < 0 or crashes < 0:
        raise ValueError(f"hours={hours!r}, crashes={crashes!r}: write 0 or more of each")
    calm = watched_peer(seed, loss, timeouts_s).run(until=3_600_000.0 * hours)
    found = _crashes(watched_peer(seed, loss, timeouts_s), crashes, 1_000 * max(timeouts_s))
    alarms: dict[float, int] = calm.nodes["watcher"].alarms  # type: ignore[attr-defined]
    return [
        Detection(
            detector=f"{100 * loss:g} % lost",
            setting=f"{ms / 1_000:g} s",
            detected_ms=tuple(times[ms] for times in found),
            false_alarms=alarms[ms],
            watched_ms=3_600_000.0 * hours,
        )
        for ms in alarms
    ]


def _crashes(sim: Simulation, crashes: int, longest_ms: float) -> list[dict[float, float]]:
    """For each crash, how long after it each watch found it. Before each, the peer lives for a while."""
    dice, watcher = Random(f"{sim.seed}/crashes"), sim.nodes["watcher"]
    found = []
    for _ in range(crashes):
        crash = sim.now + 10_000 + 1_000 * dice.random()
        sim.at(crash, sim.crash, "peer")
        sim.run(until=crash + longest_ms + 20_000 * DELAY_S)  # nothing takes twenty times the mean
        since: dict[float, float] = watcher.suspected_since  # type: ignore[attr-defined]
        found.append({ms: max(0.0, at - crash) for ms, at in since.items()})
        sim.at(sim.now, sim.restart, "peer")
    return found


# -- what theory says -------------------------------------------------------------------------------------------------


def alarms_per_hour(timeout_s: float, loss: float) -> float:
    """False alarms in an hour, exactly.

    A heartbeat that arrives (1 - p) is followed by k - 1 lost ones (p^(k-1)) and one that arrives (1 - p). It comes k
    seconds later, give or take the difference of two exponential delays, which has a Laplace distribution.
    """
    return 3_600 * (1 - loss) ** 2 * fsum(loss ** (k - 1) * _laplace(timeout_s - k) for k in range(1, 200))


def _laplace(x: float) -> float:
    """The probability that the difference of two delays is more than ``x`` seconds."""
    return exp(-x / DELAY_S) / 2 if x > 0 else 1 - exp(x / DELAY_S) / 2


def mean_detection_s(timeout_s: float, loss: float) -> float:
    """Seconds from a crash until it is suspected, on average; 0 where it was suspected before.

    The last heartbeat that arrived (after k lost ones, p^k (1 - p)) was sent k + u seconds before the crash, with u
    uniform on one period, and took d: so it is timeout - k - u + d, or nothing if that is below 0.
    """
    return fsum(loss**k * (1 - loss) * _left(timeout_s - k) for k in range(200))


def _left(c: float) -> float:
    """The mean of max(0, c - u + d): u uniform on 0 to 1, d exponential."""
    s = DELAY_S
    if c >= 1:
        return c - 0.5 + s
    if c >= 0:
        return c * c / 2 + s * c + s * s * (1 - exp((c - 1) / s))
    return s * s * (exp(c / s) - exp((c - 1) / s))


# -- a table, and a learner's rule ------------------------------------------------------------------------------------


class Cell(NamedTuple):
    """One loss with one timeout: what was measured, and what theory says.

    Fields:
        alarms, low, high: false alarms an hour, with a 95 % interval.
        found_s: the mean time until a crash was suspected, in seconds.
        exact_alarms, exact_found_s: the same by the formulas.
    """

    loss: float
    timeout_s: float
    alarms: float
    low: float
    high: float
    found_s: float
    exact_alarms: float
    exact_found_s: float

    def __str__(self) -> str:
        return (
            f"{_alarms(self.alarms)} false alarms an hour (95 % interval {_alarms(self.low)} to {_alarms(self.high)}, "
            f"exact {_alarms(self.exact_alarms)}); a crash is found after {self.found_s:.2f} s "
            f"(exact {self.exact_found_s:.2f} s)"
        )


class WaitTable(list[Cell]):
    """Cells, printed as a table: two lines for each loss, false alarms an hour / seconds until a crash is found.

    ``rows`` are the same for ``dslib.views.detector_tradeoff``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Detection] = []

    def __str__(self) -> str:
        timeouts = list(dict.fromkeys(cell.timeout_s for cell in self))
        head = f"{'lost':>5}  {'':8}" + "".join(f"{f'{timeout:g} s':>14}" for timeout in timeouts)
        lines = [head]
        for loss in dict.fromkeys(cell.loss for cell in self):
            row = [cell for cell in self if cell.loss == loss]
            told = "".join(f"{_alarms(cell.alarms) + ' / ' + f'{cell.found_s:.1f}':>14}" for cell in row)
            exact = "".join(f"{_alarms(cell.exact_alarms) + ' / ' + f'{cell.exact_found_s:.1f}':>14}" for cell in row)
            lines += [f"{loss:>5.0%}  measured{told}", f"{'':5}  exact   {exact}"]
        return "\n".join(lines)

    __repr__ = __str__


def _alarms(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}" if rate >= 0.1 else f"{rate:.2g}" if rate >= 5e-4 else "0"


def wait_table(
    losses: Iterable[float] = LOSSES,
    timeouts_s: Sequence[float] = TIMEOUTS_S,
    hours: float = 10.0,
    crashes: int = 200,
    seed: int = 0,
) -> WaitTable:
    """Each loss with each timeout, measured, beside the exact values. See ``measure_timeouts``."""
    table = WaitTable()
    for loss in losses:
        for timeout_s, row in zip(timeouts_s, measure_timeouts(loss, timeouts_s, hours, crashes, seed), strict=True):
            low, high = _poisson(row.false_alarms)
            found = row.detected_ms
            table.rows.append(row)
            table.append(
                Cell(
                    loss=loss,
                    timeout_s=timeout_s,
                    alarms=row.false_alarms / hours,
                    low=low / hours,
                    high=high / hours,
                    found_s=fsum(found) / len(found) / 1_000,
                    exact_alarms=alarms_per_hour(timeout_s, loss),
                    exact_found_s=mean_detection_s(timeout_s, loss),
                )
            )
    return table


def _poisson(count: int) -> tuple[float, float]:
    """A 95 % interval for the mean of what was counted: approximate, and sound for small counts (Byar)."""
    low = count * (1 - 1 / (9 * count) - 1.96 / (3 * sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    return low, more * (1 - 1 / (9 * more) + 1.96 / (3 * sqrt(more))) ** 3


#: A rule is good if there are no more false alarms an hour than this, and if it is no slower than this beyond need.
MOST_ALARMS, MOST_TOO_SLOW_S = 1.0, 0.5

#: So many hours a rule is watched with each loss.
WATCHED_H = 6.0


def try_timeout(rule: Callable[[float], float], seed: int = 0) -> Verdict:
    """Run a learner's rule, from the share of lost heartbeats to a timeout in seconds.

    It passes if with each loss of the reference table there is no more than one false alarm an hour, within chance, and
    no crash is found more than half a second later than a timeout needs that has one an hour.
    """
    header = ("lost", "what came of the timeout")
    if not callable(rule):
        return Verdict([], f"Not run yet: {rule!r} is not a function; hand over the function itself.", False, header)
    trials = []
    for loss in LOSSES:
        try:
            timeout = rule(loss)
        except Exception as error:  # whatever a learner's rule may raise
            return Verdict(
                [], f"Not run yet: {rule_name(rule)}({loss}) stops with {type(error).__name__}: {error}.", False, header
            )
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 60:
            wrong = f"{rule_name(rule)}({loss}) gives {timeout!r}; return seconds, above 0 and at most 60"
            return Verdict([], f"Not run yet: {wrong}.", False, header)
        trials.append(_tried(float(timeout), loss, seed))
    bad = [trial for trial in trials if trial.complaint]
    if bad:
        hint = "Wait longer." if "alarms" in bad[0].complaint else "Wait less."
        said = f"{len(bad)} of {len(trials)} go wrong. Begin with {bad[0].name} lost: {bad[0].complaint}. {hint}"
        return Verdict(trials, said, False, header)
    return Verdict(trials, "Well chosen: the more is lost, the longer one has to wait.", True, header)


def _tried(timeout: float, loss: float, seed: int) -> Trial:
    (row,) = measure_timeouts(loss, (timeout,), WATCHED_H, 50, seed)
    found = fsum(row.detected_ms) / len(row.detected_ms) / 1_000
    alarms = row.false_alarms / WATCHED_H
    complaint = ""
    if _poisson(row.false_alarms)[0] / WATCHED_H > MOST_ALARMS:
        complaint = f"{alarms:.0f} false alarms an hour"
    elif timeout > _needed(loss) + MOST_TOO_SLOW_S:
        complaint = "slower than it need be"
    return Trial(f"{loss:.0%}", (f"{timeout:g} s:", f"{alarms:.1f} alarms/h,", f"found after {found:.1f} s"), complaint)


def _needed(loss: float) -> float:
    """The shortest timeout with one false alarm an hour, to a hundredth of a second, by the formula."""
    low, high = 1.0, 60.0
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if alarms_per_hour(middle, loss) > MOST_ALARMS else (low, middle)
    return high


def _timeouts(timeouts_s: Sequence[float]) -> tuple[float, ...]:
    given: tuple[Any, ...] = tuple(timeouts_s)
    if not given or not all(isinstance(t, int | float) and not isinstance(t, bool) and 0 < t < 3_600 for t in given):
        raise ValueError(f"timeouts_s={timeouts_s!r}: write seconds above 0, such as (1.2, 1.5, 2.2)")
    return given


# -- many members -----------------------------------------------------------------------------------------------------

#: Members watch each other for so many ms before one of them crashes; then the others have so long to notice.
CALM_MS, NOTICE_MS = 5_000.0, 8_000.0


class Watched(NamedTuple):
    """What it takes that members of a group watch each other.

    Fields:
        members: how many there are.
        all_to_all: messages that each sends in a second if everybody sends heartbeats to everybody.
        swim: the same with SWIM, answers included.
        found_s: with SWIM, seconds from a crash until the first member suspects it, on average.
    """

    members: int
    all_to_all: float
    swim: float
    found_s: float

    def __str__(self) -> str:
        return (
            f"{self.members:3} members: each sends {self.all_to_all:4.1f} messages a second to all, "
            f"{self.swim:.1f} with SWIM, which finds a crash after {self.found_s:.2f} s"
        )


def watch_each_other(members: int, seeds: int = 10) -> Watched:
    """Run a group with heartbeats from all to all, and with SWIM; both have a period of one second.

    Raises:
        ValueError: fewer than three members, or no seeds.
    """
    for name, value, least in (("members", members, 3), ("seeds", seeds, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name}={value!r}: write a whole number from {least} on")
    everybody = _group(Heartbeats, members, 0).run(until=CALM_MS)
    sent, found = 0, []
    for seed in range(seeds):
        sim = _group(Swim, members, seed)
        crash = CALM_MS + 1_000 * Random(f"{seed}/crash").random()
        sim.at(crash, sim.crash, "m1")
        sim.run(until=crash + NOTICE_MS)
        sent += len(sim.trace.where(kind="send", before=CALM_MS))
        said = [row.time for row in sim.trace.where(kind="log", after=crash) if row.detail == "suspects m1"]
        found.append((min(said, default=inf) - crash) / 1_000)
    seconds = CALM_MS / 1_000
    return Watched(
        members=members,
        all_to_all=len(everybody.trace.where(kind="send")) / members / seconds,
        swim=sent / seeds / members / seconds,
        found_s=fsum(found) / seeds,
    )


def _group(kind: type[Node], members: int, seed: int) -> Simulation:
    names = [f"m{number + 1}" for number in range(members)]
    nodes = [kind(name, peers=[peer for peer in names if peer != name]) for name in names]
    return Simulation(*nodes, network=Network(latency=(5, 15)), seed=seed)
