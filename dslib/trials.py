"""A trial: a protocol put into danger, with a judge, and with variants of it that are known to be wrong.

Every module in ``dslib.protocols`` that builds a protocol ends with one. ``dslib.hunt`` runs it on many seeds,
``dslib.story`` tells how it went wrong. A judge that lets a known-bad variant pass is no judge: the variants test it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .faults import Fault, time_ms
from .simulation import PropertyBroken, Simulation
from .trace import Trace


class Trial(NamedTuple):
    """One protocol, what may happen to it, and what must hold nevertheless.

    Fields:
        name: its name in lists, texts and ``dslib.protocols.trials()``, such as ``"raft"``.
        build: ``(seed, kind)`` gives a simulation that has not run: nodes of class ``kind``, clients, faults drawn from
            the seed (``dslib.nemesis``), properties declared with ``sim.always``. Same arguments, same run.
        until_ms: how long it runs, in ms of simulated time.
        judge: looks at a finished run: ``""`` if all is well, else one sentence that says what is broken.
        right: the protocol as in its paper: a subclass of ``Node``, or any other value that ``build`` understands.
        wrong: known-bad variants of ``right``; the first line of each one's docstring says what it gets wrong.
    """

    name: str
    build: Callable[[int, Any], Simulation]
    until_ms: float
    judge: Callable[[Simulation], str]
    right: Any
    wrong: tuple[Any, ...]


class Attempt(NamedTuple):
    """One run of a trial.

    Fields:
        sim: the simulation, where it stopped.
        what: what is broken, in words; ``""`` if all is well.
        error: what a handler or the judge raised, if that is how it ended.
    """

    sim: Simulation
    what: str
    error: Exception | None = None


class Failure(NamedTuple):
    """A run of a trial that went wrong, and all that is needed to make it again.

    Fields:
        trial, kind, seed: what was run.
        what: what is broken, in words.
        faults: the faults it ran under; None for those that ``trial.build`` draws from the seed.
        until_ms: when it ended; None for ``trial.until_ms``.
    """

    trial: Trial
    kind: Any
    seed: int
    what: str
    faults: tuple[Fault, ...] | None = None
    until_ms: float | None = None

    def __str__(self) -> str:
        return f"{self.trial.name} {name_of_kind(self.kind)}, seed {self.seed}: {self.what}"


def attempt(
    trial: Trial,
    kind: Any,
    seed: int,
    faults: Iterable[Fault] | None = None,
    until_ms: float | None = None,
    traced: bool = False,
) -> Attempt:
    """Make one run: under these faults instead of its own, up to another end, with a trace of events and states.

    Raises:
        ValueError: ``build`` returned no simulation that has yet to run, a fault makes no sense, or the end is no time.
        TypeError: the judge said neither ``""`` nor a sentence.
    """
    end = time_ms(trial.until_ms if until_ms is None else until_ms, "until_ms")
    sim = trial.build(seed, kind)
    if not isinstance(sim, Simulation) or sim.started:
        raise ValueError(
            f"trial {trial.name!r}: build({seed}, {name_of_kind(kind)}) returned {sim!r}: "
            "it ends with `return sim`, a simulation that has not run yet"
        )
    if traced:
        _record_all(sim)
    if faults is not None:
        sim.set_faults(faults)
    try:
        said = trial.judge(sim.run(until=end))
    except PropertyBroken as broken:
        return Attempt(sim, str(broken))
    except Exception as error:
        return Attempt(sim, f"{type(error).__name__}: {error}", error)
    if not isinstance(said, str):
        raise TypeError(
            f"trial {trial.name!r}: its judge returned {said!r}: return '' if all is well, else one sentence that says "
            "what is broken; of a checker's verdict, '' if verdict else verdict.explain()"
        )
    return Attempt(sim, said)


def _record_all(sim: Simulation) -> None:
    """Record events and states, even if the trial's simulation is made without a trace, which is quicker."""
    if sim.recorded == "off":
        sim.trace = Trace(nodes=sim.nodes, seed=sim.trace.seed)
        sim._record, sim._copies = sim.trace._rows.append, sim.trace._copies
    sim.record_states()


def name_of_kind(kind: Any) -> str:
    """What to call a variant: the name of a class or function, else how it prints."""
    return getattr(kind, "__name__", None) or str(kind)


def property_of(what: str, nodes: Iterable[str] = ()) -> str:
    """Which property is broken: ``what`` up to its first colon, without the numbers, quotes and node names in it.

    Two runs break the same property if this is the same, whoever it was that broke it, and when.
    """
    head = what.partition(": ")[0]
    names = "|".join(sorted(map(re.escape, nodes), key=len, reverse=True))
    details = r"'[^']*'|\"[^\"]*\"" + (rf"|\b(?:{names})\b(?:#\d+)?" if names else "") + r"|(?<![A-Za-z])\d[\d.,]*"
    return re.sub(r"…(?:(?:,| and|, and) …)+", "…", re.sub(details, "…", head))
