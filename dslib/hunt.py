"""The hunt: a trial on many seeds, and a failing seed made small.

    found = hunt(TRIAL, ForgetsVotes)        # 200 seeds
    print(found)                             # how many fail, and which
    print(found.story)                       # one of them, with as few faults as it takes

A seed that fails under twenty faults teaches little: most of them have nothing to do with it. ``shrink`` finds out
which ones do by leaving some out and running again: delta debugging, the algorithm ddmin of Zeller and Hildebrandt 2002
("Simplifying and isolating failure-inducing input", IEEE Transactions on Software Engineering 28(2), section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from .fanout import Bar, Report
from .faults import Fault
from .story import Story, resolve, story
from .sweeps import Rate, Sweep, pass_rate, sweep
from .trials import Attempt, Failure, Trial, attempt, name_of_kind, property_of

#: A sweep is so many fixed seeds.
SWEEP = 200

T = TypeVar("T")
Where = Executor | Callable[[], Executor] | None


@dataclass(frozen=True)
class Hunt:
    """What a hunt found. Prints as a finding.

    Fields:
        trial, kind: what was run.
        sweep: the runs, as ``dslib.sweeps`` keeps them: a row for each seed, its value the sentence or ``""``.
    """

    trial: Trial
    kind: Any
    sweep: Sweep

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The runs that went wrong, each with its seed and the sentence that says what is broken."""
        return tuple(
            Failure(self.trial, self.kind, row.seed, row.error or str(row.value)) for row in self.sweep.failures
        )

    @property
    def rate(self) -> Rate:
        """The share of runs that went wrong, with its 95 % interval (Wilson)."""
        return pass_rate(len(self.sweep.failures), len(self.sweep.rows))

    def shrink(self, tries: int = 5, budget: int = 500) -> Shrunk:
        """The smallest of the first few failures, each shrunk within ``budget`` runs: fewest faults, then shortest.

        Raises:
            ValueError: nothing went wrong.
        """
        if not self.failures:
            raise ValueError(f"{self.sweep.scenario} went wrong in none of {len(self.sweep)} runs: no story to tell")
        found = [shrink(self.trial, self.kind, failure.seed, budget) for failure in self.failures[: max(1, tries)]]
        return min(found, key=lambda small: (len(small.faults), small.until_ms))

    @property
    def story(self) -> Story:
        """How it goes wrong, told of the smallest of the first few failures."""
        return self.shrink().story

    def __str__(self) -> str:
        said = [f"{self.sweep.scenario} went wrong in {self.rate}"]
        said += [f"  seed {failure.seed}: {failure.what}" for failure in self.failures[:5]]
        if more := len(self.failures) - 5:
            said += [f"  and {more} more"] if more > 0 else []
        return "\n".join([*said, *self.sweep.notes])


def hunt(
    trial: Trial | str,
    kind: Any = None,
    seeds: int | Iterable[int] = SWEEP,
    executor: Where = None,
    *,
    progress: Report = True,
) -> Hunt:
    """Run a trial on many seeds.

    Args:
        trial: what to run: a trial, or the name of one in ``dslib.protocols.trials()``.
        kind: the variant, or the name of one that the trial knows; by default the protocol as in its paper.
        seeds: the seeds, or how many: 200 means 0 to 199.
        executor, progress: as for :func:`dslib.sweeps.sweep`. On other processes the trial must be in a module.

    A run in which a handler raises has gone wrong, too; the others are not touched by it.

    Raises:
        ValueError: there is no trial or variant of that name; there are no seeds.
        TypeError: this is no trial, or no variant of it; a seed is no whole number.
    """
    found, variant = resolve(trial, kind)
    return Hunt(found, variant, sweep(_Once(found, variant), seeds, executor, progress=progress, check=_is_well))


def catch_rate(
    trial: Trial | str,
    kind: Any,
    sweeps: int = 100,
    size: int = SWEEP,
    executor: Where = None,
    *,
    progress: Report = True,
) -> Rate:
    """In how many disjoint sweeps a known-bad variant is caught, with the 95 % interval (Wilson).

    Sweep 0 has the seeds 0 to 199, sweep 1 those from 200 to 399, and so on. Each ends with its first failure: one is
    enough to be caught. Trial and variant may be given by their names, as for ``hunt``.

    Raises:
        ValueError: a sweep has fewer than one seed; there is no trial or variant of that name.
        TypeError: this is no trial, or no variant of it.
        RuntimeError: a run did not come to an end; a variant that crashes in its handlers is not caught by the judge.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"size={size!r}: write how many seeds a sweep has, 1 or more")
    once = _OneSweep(*resolve(trial, kind), size)
    done = sweep(once, sweeps, executor, progress=progress, check=lambda seed: seed is not None)
    raised = next((row for row in done if row.error), None)
    if raised or done.missing:
        why = f"sweep {raised.seed} of {done.scenario}: {raised.error}" if raised else "not all sweeps were made"
        raise RuntimeError(why + (f"\n{raised.traceback}" if raised else ""))
    return pass_rate(sum(row.passed for row in done), len(done))


@dataclass(frozen=True)
class _Once:
    """A scenario for ``sweep``: one run, which gives the sentence that says what is broken."""

    trial: Trial
    kind: Any

    @property
    def __name__(self) -> str:
        return f"{self.trial.name} {name_of_kind(self.kind)}"

    def __call__(self, seed: int) -> str:
        made = attempt(self.trial, self.kind, seed)
        if made.error is not None:
            raise made.error
        return made.what


@dataclass(frozen=True)
class _OneSweep:
    """A scenario for ``sweep``: so many runs, up to the first that goes wrong, which gives its seed."""

    trial: Trial
    kind: Any
    size: int

    @property
    def __name__(self) -> str:
        return f"{self.trial.name} {name_of_kind(self.kind)}"

    def __call__(self, seed: int) -> int | None:
        once = _Once(self.trial, self.kind)
        return next((one for one in range(seed * self.size, (seed + 1) * self.size) if once(one)), None)


def _is_well(what: object) -> bool:
    return what == ""


# -- making it small --------------------------------------------------------------------------------------------------


class Shrunk(NamedTuple):
    """A failure with as few faults as it takes.

    Fields:
        failure: the run, with its faults and its end.
        drawn: how many faults there were.
        runs: how many runs it took to find out.
        minimal: whether it was proved that none of the faults can be left out. False if the budget came first.
    """

    failure: Failure
    drawn: int
    runs: int
    minimal: bool

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is left of the faults."""
        return self.failure.faults or ()

    @property
    def until_ms(self) -> float:
        """When the run ends now."""
        return self.failure.trial.until_ms if self.failure.until_ms is None else self.failure.until_ms

    @property
    def story(self) -> Story:
        """How it goes wrong."""
        return story(self.failure)

    def __str__(self) -> str:
        proved = "none of them can be left out" if self.faults else "it needs none"
        rest = proved if self.minimal else "the budget ended the search"
        return "\n".join(
            [
                str(self.failure),
                f"{len(self.faults)} of {self.drawn} faults, up to {self.until_ms:g} ms; {self.runs} runs, {rest}",
                *(f"    {fault}" for fault in self.faults),
            ]
        )


def shrink(trial: Trial | str, kind: Any, seed: int, budget: int = 500, *, progress: Report = True) -> Shrunk:
    """Make a failing run small: fewer faults first, then an earlier end. The same property is broken all the time.

    Args:
        trial, kind, seed: the run, as ``hunt`` found it; the first two may be given by their names. ``kind`` None is
            the protocol as in its paper.
        budget: how many runs it may take.
        progress: as for :func:`dslib.sweeps.sweep`: a line on stderr if it takes more than two seconds.

    What is left is minimal in this sense: leave out any single fault, and the property holds. A quite different and
    shorter list may exist. Latencies and losses come from the seed, and stay.

    Raises:
        ValueError: the run does not go wrong; the budget is below 1; there is no trial or variant of that name.
        TypeError: this is no trial, or no variant of it; the seed is no whole number.
    """
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise ValueError(f"budget={budget!r}: write how many runs it may take, 1 or more")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed={seed!r}: write the whole number of a seed that fails, such as hunt(…).failures[0].seed")
    found, variant = resolve(trial, kind)
    bar = Bar(f"shrink {found.name} {name_of_kind(variant)}, seed {seed}", budget, progress)
    search = _Search(found, variant, seed, budget, bar)
    drawn = len(search.best)
    try:
        search.best = tuple(fault for fault in search.best if fault.at <= search.end)  # the others never struck
        ddmin(search.best, search.breaks)
        search.end_earlier()
        minimal = True
    except _OutOfBudget:
        minimal = False
    bar.close(f"{len(search.best)} of {drawn} faults are left")
    failure = Failure(found, variant, seed, search.last.what, search.best, search.end)
    return Shrunk(failure, drawn, search.runs, minimal)


def ddmin(items: Sequence[T], breaks: Callable[[tuple[T, ...]], bool]) -> tuple[T, ...]:
    """A part of ``items`` that still breaks it, and from which no single item can be taken: 1-minimal.

    The algorithm ddmin (Zeller and Hildebrandt 2002, section 3, figure 5): try each of n parts, then all but each of
    them; when neither breaks it, cut into twice as many parts. ``items`` as a whole must break it. That nothing at all
    does not is their assumption; here it is tried first.
    """
    left, n = tuple(items), 2
    if not left or breaks(()):
        return ()
    while len(left) > 1:
        parts = _parts(left, n)
        rests = [tuple(item for part in parts[:k] + parts[k + 1 :] for item in part) for k in range(len(parts))]
        if (part := next(filter(breaks, parts), None)) is not None:
            left, n = part, 2  # reduce to subset
        elif n > 2 and (rest := next(filter(breaks, rests), None)) is not None:  # of two parts, one is the other's rest
            left, n = rest, n - 1  # reduce to complement
        elif n < len(left):
            n = min(2 * n, len(left))  # increase granularity
        else:
            break
    return left


def _parts(items: tuple[T, ...], n: int) -> list[tuple[T, ...]]:
    return [items[k * len(items) // n : (k + 1) * len(items) // n] for k in range(n)]


class _OutOfBudget(Exception):
    """So many runs were made."""


class _Search:
    """The runs that ``shrink`` makes, and the smallest failing one so far: its faults ``best`` and its ``end``."""

    def __init__(self, trial: Trial, kind: Any, seed: int, budget: int, bar: Bar) -> None:
        self.trial, self.kind, self.seed, self.budget, self.bar = trial, kind, seed, budget, bar
        self.runs = self.broke = 0
        self.known: dict[tuple[Fault, ...], bool] = {}
        planned = trial.build(seed, kind).faults
        self.last = self.run(kind, planned, trial.until_ms)
        if not self.last.what:
            raise ValueError(
                f"{trial.name} {name_of_kind(kind)} passes with seed {seed}, so there is nothing to shrink: "
                "hunt(trial, kind).failures names the seeds that fail"
            )
        self.best = tuple(planned)
        self.property = property_of(self.last.what, self.last.sim.nodes)
        # A property that is watched stops the run, or a handler's error does; a judge speaks when it is over.
        self.end = self.last.sim.now

    def run(self, kind: Any, faults: Iterable[Fault], end: float, traced: bool = False) -> Attempt:
        if self.runs == self.budget:
            raise _OutOfBudget
        made = attempt(self.trial, kind, self.seed, faults, end, traced)
        self.runs += 1
        self.broke += bool(made.what)
        self.bar.update(self.runs, self.broke)
        return made

    def same(self, made: Attempt) -> bool:
        """Whether it is the same property that is broken."""
        return bool(made.what) and property_of(made.what, made.sim.nodes) == self.property

    def breaks(self, faults: tuple[Fault, ...]) -> bool:
        """Whether the run still goes wrong in the same way with these faults alone."""
        if faults not in self.known:
            made = self.run(self.kind, faults, self.trial.until_ms)
            self.known[faults] = self.same(made)
            if self.known[faults]:
                self.best, self.end, self.last = faults, made.sim.now, made
        return self.known[faults]

    def end_earlier(self) -> None:
        """Find the moment at which the judge first speaks, by halving the time, and stop there."""
        made = self.run(self.kind, self.best, self.end, traced=True)
        times = list(dict.fromkeys(event.time for event in made.sim.trace))
        if not self.same(made) or made.sim.now < self.trial.until_ms:
            return  # it stops by itself
        innocent, guilty = -1, len(times)
        while guilty - innocent > 1:
            middle = (innocent + guilty) // 2
            made = self.run(self.kind, self.best, times[middle])
            if self.same(made) and not self.too_early(times[middle]):
                guilty, self.end, self.last = middle, times[middle], made
            else:
                innocent = middle
        self.best = tuple(fault for fault in self.best if fault.at <= self.end)

    def too_early(self, end: float) -> bool:
        """Whether the judge would accuse anybody at that time, as one who waits for an answer that is still to come.

        So it is shown a run that is known to end well: the right protocol under the same faults, or, if it is that one
        which fails, the same run without faults.
        """
        kind, faults = (self.trial.right, self.best) if self.kind is not self.trial.right else (self.kind, ())
        return self.same(self.run(kind, faults, end))
