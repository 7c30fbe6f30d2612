"""Sweeps: the same run under many seeds and parameters, and what can be said from a sample of them.

    def lossy(seed, loss, retries=0):         # in a module, so that other processes can load it
        ...
        return good_share(...)

    sweep(lossy, 200, loss=[0.1, 0.3, 0.5], retries=[0, 3], check=lambda share: share > 0.9)

makes 1,200 runs, and prints how many passed for each of the six sets of parameters. ``executor=ProcessPoolExecutor``
makes them on all processors of this machine, ``executor=client.get_executor()`` on a Dask cluster; the rows that come
back are the same.
"""

from __future__ import annotations

import inspect
import multiprocessing
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from math import fsum, isnan, nan, sqrt
from numbers import Number, Real
from statistics import NormalDist
from typing import Any, NamedTuple

from .fanout import Bar, Point, Report, Run, describe, fan_out, name_of
from .metrics import percent


class Estimate(NamedTuple):
    """A mean and the 95 % confidence interval around it."""

    mean: float
    low: float
    high: float
    runs: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} (95 % interval {self.low:.2f} to {self.high:.2f}, {self.runs} values)"


def estimate(values: Iterable[float]) -> Estimate:
    """The mean of independent values, with a 95 % interval from the normal approximation (mean ± 1.96 standard errors).

    Raises:
        ValueError: fewer than 30 values, for which the approximation is too rough.
    """
    sample = list(values)
    if len(sample) < 30:
        raise ValueError(f"an interval from {len(sample)} values means little: run at least 30 seeds")
    mean = fsum(sample) / len(sample)
    error = sqrt(fsum((x - mean) ** 2 for x in sample) / (len(sample) - 1) / len(sample))
    return Estimate(mean, mean - 1.96 * error, mean + 1.96 * error, len(sample))


class Rate(NamedTuple):
    """How many of so many runs passed, and the confidence interval around their share (fractions of 1)."""

    passed: int
    runs: int
    low: float
    high: float
    level: float

    @property
    def share(self) -> float:
        """passed / runs; ``nan`` without runs."""
        return self.passed / self.runs if self.runs else nan

    def __str__(self) -> str:
        if not self.runs:
            return "no runs"
        return (
            f"{self.passed} of {self.runs} ({percent(self.share)}; {self.level * 100:g} % interval "
            f"{percent(self.low)} to {percent(self.high)})"
        )


def pass_rate(passed: int, runs: int, level: float = 0.95) -> Rate:
    """The share of runs that pass, with its Wilson score interval at confidence ``level``.

    Unlike mean ± 1.96 standard errors, it is sound for few runs, and when all of them or none passed: 20 of 20 says
    that at least 84 % of all seeds pass, not that all do. Wilson (1927); Brown, Cai & DasGupta (2001) recommend it.

    Raises ValueError for counts that cannot be, and a level outside (0, 1).
    """
    if not 0 <= passed <= runs:
        raise ValueError(f"{passed} of {runs} runs cannot have passed: write two counts, the smaller one first")
    if not 0 < level < 1:
        raise ValueError(f"level={level!r} is no level of confidence: write a fraction of 1, such as 0.95")
    if not runs:
        return Rate(0, 0, 0.0, 1.0, level)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, spread = passed / runs, z * z / runs
    middle = (share + spread / 2) / (1 + spread)
    half = sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    low = 0.0 if passed == 0 else middle - half
    high = 1.0 if passed == runs else middle + half
    return Rate(passed, runs, low, high, level)


# -- sweeps ------------------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One run of a sweep.

    Fields:
        params, seed: what it was called with.
        passed: whether it passed (see :func:`sweep`).
        value: what it returned; None if it did not.
        error: why it returned nothing, or could not be checked: "ValueError: ...", or that its worker died.
        traceback: where it raised.
    """

    params: dict[str, Any]
    seed: int
    passed: bool
    value: Any = None
    error: str = ""
    traceback: str = ""

    def __str__(self) -> str:
        said = self.error or f"{self.value!r}{'' if self.passed else ', which does not pass'}"
        return f"({describe(self.params, self.seed)}): {said}"


@dataclass(frozen=True)
class Sweep:
    """What came of a sweep. Prints as a table: for each set of parameters how many runs passed, then which did not.

    Fields:
        scenario: its name.
        grid: the sets of parameters, in order.
        seeds: the seeds under which each of them ran.
        rows: the runs that were made, in the order of the grid, seeds innermost, wherever and whenever they ran.
        notes: what else happened, such as a pool that broke.
        interrupted: whether somebody pressed Ctrl-C; ``rows`` has what was done by then.
    """

    scenario: str
    grid: tuple[dict[str, Any], ...]
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def failures(self) -> tuple[Row, ...]:
        """The runs that did not pass. ``print(*sweep.failures, sep="\\n")`` names their seeds."""
        return tuple(row for row in self.rows if not row.passed)

    @property
    def missing(self) -> int:
        """How many of the runs were not made. ``notes`` and ``interrupted`` say why."""
        return len(self.grid) * len(self.seeds) - len(self.rows)

    def by_params(self) -> list[tuple[dict[str, Any], list[Row]]]:
        """Each set of parameters with its rows."""
        groups, start = [], 0
        for params in self.grid:
            end = start
            while end < len(self.rows) and self.rows[end].params == params:
                end += 1
            groups.append((params, list(self.rows[start:end])))
            start = end
        return groups

    def rates(self, level: float = 0.95) -> list[tuple[dict[str, Any], Rate]]:
        """How many runs passed for each set of parameters, with a Wilson interval at this level of confidence."""
        groups = self.by_params()
        return [(params, pass_rate(sum(row.passed for row in rows), len(rows), level)) for params, rows in groups]

    def means(self, of: str | Callable[[Any], float] | None = None) -> list[tuple[dict[str, Any], Estimate]]:
        """The mean of the runs' values for each set of parameters, with a 95 % interval (:func:`estimate`).

        ``of`` picks the number out of a value: the name of a field or key, or a function. Runs without a value, or
        with ``nan``, are left out. Below 30 values the ends of the interval are ``nan``: too few to say.

        Raises TypeError if the values are no numbers and ``of`` does not lead to any.
        """
        return [
            (params, _mean([_number(row.value, of) for row in rows if _has_value(row)]))
            for params, rows in self.by_params()
        ]

    def table(self, of: str | Callable[[Any], float] | None = None, level: float = 0.95) -> str:
        """For each set of parameters how many runs passed, and the mean of the values if they are numbers.

        ``of`` is that of :meth:`means`, ``level`` that of :meth:`rates`.
        """
        values = [row.value for row in self.rows if _has_value(row)]
        numeric = of is not None or (bool(values) and all(_is_number(value) for value in values))
        names = list(self.grid[0])
        head = [
            *names,
            "passed",
            "share",
            f"{level * 100:g} % interval",
            *(["mean", "95 % interval"] if numeric else []),
        ]
        lines = [head]
        means = self.means(of) if numeric else []
        for number, (params, rate) in enumerate(self.rates(level)):
            line = [*(str(params[name]) for name in names), f"{rate.passed}/{rate.runs}", percent(rate.share)]
            line.append(f"{percent(rate.low)} to {percent(rate.high)}" if rate.runs else "")
            if numeric:
                mean = means[number][1]
                line.append(f"{mean.mean:.4g}")
                line.append("fewer than 30 values" if mean.runs < 30 else f"{mean.low:.4g} to {mean.high:.4g}")
            lines.append(line)
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        rows = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join([rows[0], "-" * len(rows[0]), *rows[1:]])

    def __str__(self) -> str:
        said = [f"{self.scenario}: {len(self.rows)} runs, {len(self.seeds)} seeds each", self.table()]
        failures = self.failures
        if failures:
            said.append(f"{len(failures)} did not pass:")
            for params, rows in self.by_params():
                if seeds := [row.seed for row in rows if not row.passed]:
                    at = ", ".join(f"{name}={value!r}" for name, value in params.items())
                    said.append(f"  {at}{': ' if at else ''}{'seed' if len(seeds) == 1 else 'seeds'} {_some(seeds)}")
            if raised := next((row for row in failures if row.error), None):
                said.append(f"The first that failed with an error: {self.scenario}{raised}")
        if self.interrupted:
            said.append("Interrupted.")
        if self.missing:
            said.append(f"{self.missing} runs were not made.")
        return "\n".join([*said, *self.notes])


def sweep(
    scenario: Callable[..., Any],
    seeds: int | Iterable[int],
    executor: Executor | Callable[[], Executor] | None = None,
    *,
    progress: Report = True,
    check: Callable[[Any], object] | None = None,
    **grid: Any,
) -> Sweep:
    """Call ``scenario(seed=seed, **params)`` for every seed and every set of parameters.

    Args:
        scenario: a function that makes one run and returns plain values: numbers, text, tuples of them, an Outcome.
        seeds: the seeds, or how many: 100 means 0 to 99.
        executor: where to run. None: here, one after the other. ``ProcessPoolExecutor`` (the class, or another
            function that makes an executor) is opened, closed, and opened again if a worker dies. An executor that is
            open, such as Dask's ``client.get_executor()``, stays open.
        progress: False for silence; a function to be called with each :class:`dslib.fanout.Progress` instead of the
            bar that appears on stderr after two seconds.
        check: whether a value passes; it is called here, so it may be a lambda. Without it a run passes unless it
            raises, or returns False or a verdict that is false.
        grid: the parameters. A list or range is tried value by value, all combinations, the last name fastest; anything
            else is the same for all runs. So a tuple is one value: ``latency=(5, 15)``.

    A run that raises, or whose worker dies, is a row with an ``error``; the others are not touched by it.

    Raises:
        ValueError, TypeError: before the first run, for no seeds, seeds that are no whole numbers or appear twice, a
            parameter without values, arguments that the scenario does not take, and a scenario that cannot be sent to
            the executor's workers.
    """
    numbers, sets = _seeds(seeds), _sets(grid)
    _refuse_unfit(scenario, numbers[0], sets, executor)
    if check is not None and not callable(check):
        raise TypeError(
            f"check={check!r} cannot be called: write a function of a run's value, such as lambda v: v > 0.9"
        )
    if not isinstance(progress, bool) and not callable(progress):
        raise TypeError(f"progress={progress!r}: write True, False, or a function of a Progress")
    points: list[Point] = [(params, seed) for params in sets for seed in numbers]
    bar = Bar(name_of(scenario), len(points), progress)
    back = fan_out(scenario, points, len(numbers), executor, bar)
    rows = tuple(_row(*point, run, check) for point, run in zip(points, back.runs, strict=True) if run is not None)
    done = Sweep(name_of(scenario), tuple(sets), numbers, rows, tuple(back.notes), back.interrupted)
    failed = f", {len(done.failures)} did not pass" if done.failures else ""
    bar.close(f"{len(rows)} of {len(points)} runs{failed}{', interrupted' if back.interrupted else ''}")
    return done


def _seeds(seeds: int | Iterable[int]) -> tuple[int, ...]:
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        if seeds < 1:
            raise ValueError(f"seeds={seeds}: write how many seeds, 1 or more, or the seeds themselves")
        return tuple(range(seeds))
    if isinstance(seeds, bool | str) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds={seeds!r}: write how many seeds (100 means 0 to 99), or a list of them")
    numbers = tuple(seeds)
    if not numbers:
        raise ValueError("There are no seeds: write how many (100 means 0 to 99), or a list of them")
    known: dict[int, None] = {}
    for seed in numbers:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise TypeError(f"seed {seed!r} is no whole number")
        if seed in known:
            raise ValueError(
                f"seed {seed} appears twice: the same seed makes the same run, which is no further evidence"
            )
        known[seed] = None
    return numbers


def _sets(grid: dict[str, Any]) -> list[dict[str, Any]]:
    """All combinations of the parameters, the last one changing fastest."""
    axes = []
    for name, values in grid.items():
        if name == "seed":
            raise TypeError("seed=... is given by sweep itself: write the seeds as its second argument, `seeds`")
        if isinstance(values, Iterator | set | frozenset) or (hasattr(values, "shape") and values.shape):
            raise TypeError(f"{name}={values!r}: write the values to try as a list, such as list(...) or sorted(...)")
        axis = list(values) if isinstance(values, list | range) else [values]
        if not axis:
            raise ValueError(f"{name}=[] has no value to try: write at least one, or leave {name} out")
        for place, value in enumerate(axis):
            if any(value == other for other in axis[:place]):
                raise ValueError(f"{name} lists {value!r} twice: the same parameters make the same runs")
        axes.append(axis)
    return [dict(zip(grid, values, strict=True)) for values in product(*axes)]


def _refuse_unfit(scenario: Any, seed: int, sets: Sequence[dict[str, Any]], executor: Any) -> None:
    name = name_of(scenario)
    if not callable(scenario):
        raise TypeError(f"{scenario!r} is no scenario: write a function of a seed (and parameters)")
    if not (executor is None or isinstance(executor, Executor) or callable(executor)):
        hint = ": write client.get_executor()" if hasattr(executor, "get_executor") else ""
        raise TypeError(f"executor={executor!r} is no concurrent.futures.Executor, nor a function that makes one{hint}")
    try:
        inspect.signature(scenario).bind(seed=seed, **sets[0])
    except TypeError as problem:
        raise TypeError(
            f"{name} cannot be called as {name}({describe(sets[0], seed)}): {problem}. "
            "sweep gives the seed as `seed` and the parameters under the names you write"
        ) from None
    except ValueError:
        pass  # written in C: it does not say what it takes
    threads = isinstance(executor, ThreadPoolExecutor) or executor is ThreadPoolExecutor
    if executor is None or threads or sys.platform == "emscripten":
        return
    fix = (
        "Other processes load it by its name. So write it with `def` at the top of a module (a .py file beside the "
        "notebook), import it from there, and give its parameters as plain values; or leave executor out, to run here"
    )
    for what in (scenario, *sets):
        try:
            pickle.dumps(what)
        except Exception as problem:
            shown = f"Scenario {name}" if what is scenario else f"The set of parameters {what!r}"
            raise ValueError(f"{shown} cannot be sent to other processes: {problem}. {fix}") from None
    home = sys.modules["__main__"]
    nameless = getattr(home, "__file__", None) is None and getattr(home, "__spec__", None) is None
    if getattr(scenario, "__module__", "") == "__main__" and nameless and _starts_afresh(executor):
        raise ValueError(
            f"Scenario {name} is defined in this notebook or console, where the workers, which start with an empty "
            f"memory, do not find it. {fix}"
        )


def _starts_afresh(executor: Any) -> bool:
    """Whether the executor is a process pool whose workers are not copies of this process."""
    if executor is ProcessPoolExecutor:
        return multiprocessing.get_start_method() != "fork"
    context = getattr(executor, "_mp_context", None)
    return isinstance(executor, ProcessPoolExecutor) and context is not None and context.get_start_method() != "fork"


def _row(params: dict[str, Any], seed: int, run: Run, check: Callable[[Any], object] | None) -> Row:
    if run.error:
        return Row(params, seed, False, None, run.error, run.traceback)
    value = pickle.loads(run.value)
    try:
        return Row(params, seed, bool(_verdict(value) if check is None else check(value)), value)
    except Exception as problem:
        return Row(params, seed, False, value, f"check: {type(problem).__name__}: {problem}")


def _verdict(value: Any) -> object:
    """A bool, or an object with a truth of its own, such as a checker's verdict. A number measures: 0 may be good."""
    measures = value is None or hasattr(value, "__len__") or (isinstance(value, Number) and not isinstance(value, bool))
    return True if measures or not hasattr(type(value), "__bool__") else value


def _has_value(row: Row) -> bool:
    return not row.error or row.error.startswith("check: ")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _number(value: Any, of: str | Callable[[Any], float] | None) -> float:
    if callable(of):
        found: Any = of(value)
    elif of is None:
        found = value
    else:
        found = value.get(of) if isinstance(value, dict) else getattr(value, of, None)
    if not isinstance(found, Real):
        what = "value" if of is None else f"{of!r} of the value"
        raise TypeError(f"the {what} {value!r} is no number: say where one is, such as means(of='p99_ms')")
    return float(found)


def _mean(values: list[float]) -> Estimate:
    known = [value for value in values if not isnan(value)]
    if len(known) >= 30:
        return estimate(known)
    return Estimate(fsum(known) / len(known) if known else nan, nan, nan, len(known))


def _some(seeds: Sequence[int], most: int = 10) -> str:
    shown = ", ".join(map(str, seeds[:most]))
    return shown if len(seeds) <= most else f"{shown} and {len(seeds) - most} more"
