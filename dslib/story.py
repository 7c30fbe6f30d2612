"""The story of a failed check: what broke, who sent what to whom before it, under which faults, and how to see it.

    found = hunt(TRIAL, ForgetsVotes)            # dslib.hunt
    print(story(found.failures[0]))              # as it happened; found.story shortens it first
    replay(story(found.failures[0]).replay())    # dslib.views: the player

What could not have had a part in it is left out. By Lamport 1978 ("Time, clocks, and the ordering of events in a
distributed system", CACM 21(7)) an event can only be caused by what *happened before* it: earlier events of the same
node, and whatever happened before the sending of a message that this node received.
"""

from __future__ import annotations

import os
import reprlib
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from .clients import Client
from .faults import Fault, node_name
from .node import Node, show
from .simulation import MOVES, PropertyBroken, Simulation, _name
from .trace import Event
from .trials import Failure, Trial, attempt, name_of_kind

#: So many events are printed; ``story.events`` has them all.
MOST = 60

#: A message, or a value that a node knows, is cut off after so many characters.
MOST_OF_A_VALUE = 100


@dataclass(frozen=True)
class Story:
    """How a run went wrong. Prints as a text.

    Fields:
        title: which run it is.
        seed: its seed.
        what: what is broken, in words.
        at_ms: when the run stopped, in ms: at the breach, if that was noticed at once.
        about: the nodes that have a part in what is broken. The story is their past, and the past of what they heard.
        events: the rows of the trace that happened before it, in their order; faults are always among them.
        left_out: how many other messages were sent, which reached none of those in time.
        lost: how many of these were dropped on their way.
        faults: what the run was put through.
        call: Python that shows the run in the player; "" if nobody said how to make it again.
    """

    title: str
    seed: int
    what: str
    at_ms: float
    about: tuple[str, ...]
    events: tuple[Event, ...]
    left_out: int
    lost: int
    faults: tuple[Fault, ...]
    call: str
    _again: Callable[[], Simulation] | None = field(repr=False)

    def replay(self) -> Simulation:
        """Make the run again, with a trace of events and states, up to the moment where it went wrong.

        Raises:
            ValueError: it is the story of a simulation, and nobody said how to make another one.
        """
        if self._again is None:
            raise ValueError(
                "nobody said how to make this run again: write story(sim, what, scenario=f), with the function f() "
                "that returned the simulation"
            )
        return self._again()

    @property
    def lines(self) -> list[str]:
        """The events in words, one a line. A message is told when it arrives; what repeats itself is told once."""
        sent = {event.id: event.time for event in self.events if event.kind == "send"}
        told = [(event.time, words) for event in self.events if (words := _in_words(event, sent))]
        runs = [list(run) for _, run in groupby(told, key=itemgetter(1))]
        return [
            f"{run[0][0]:10.3f} ms  {run[0][1]}"
            + (f" ({len(run)} times, the last at {run[-1][0]:.3f} ms)" if len(run) > 1 else "")
            for run in runs
        ]

    @property
    def knows(self) -> dict[str, dict[str, str]]:
        """What the nodes it is about know at the end, as text (their public attributes)."""
        last = {event.src: event.detail for event in self.events if event.kind == "state" and event.src in self.about}
        known = {
            name: {key: value for key, value in last.get(name, {}).items() if key != "disk"} for name in self.about
        }
        return {name: values for name, values in known.items() if values}

    def __str__(self) -> str:
        lines = self.lines
        said = [f"{self.title}, seed {self.seed}: {self.what}", "Faults:" if self.faults else "Faults: none."]
        said += [f"    {fault}" for fault in self.faults]
        said.append(f"What led to it: {_count(len(lines), 'event')}{self._omitted()}.")
        if len(lines) > MOST:
            said.append(f"    … {len(lines) - MOST} earlier ones: print(*story.lines, sep='\\n') shows all")
        said += [f"  {line}" for line in lines[-MOST:]]
        said += [
            f"At the end {name} knows: {', '.join(f'{key}={_cut(value)}' for key, value in known.items())}"
            for name, known in self.knows.items()
        ]
        if self.call:
            said += ["To see it in the player:", *(f"    {line}" for line in self.call.splitlines())]
        return "\n".join(said)

    def _omitted(self) -> str:
        if not self.left_out:
            return ""
        were = "has no part in it and is" if self.left_out == 1 else "have no part in it and are"
        return f"; {_count(self.left_out, 'other message')} {were} left out ({self.lost} of them lost on the way)"


def story(
    failed: Failure | Simulation,
    what: object = None,
    *,
    about: Iterable[str] | None = None,
    scenario: Callable[[], Simulation] | None = None,
) -> Story:
    """How a run went wrong.

    Args:
        failed: what ``hunt`` or ``shrink`` found; or a simulation that has run and recorded a trace.
        what: of a simulation, what is broken: the ``PropertyBroken`` that it raised, a checker's verdict, a sentence.
            It may be left out if a property declared with ``always`` does not hold now.
        about: the nodes that have a part in what is broken, if you know it better (see :func:`concerned`).
        scenario: of a simulation, the function that made it, so that the story can be replayed.

    Raises:
        ValueError: nothing is broken; the simulation has not run or records no trace; there is no node of that name.
        TypeError: it is the story of neither.
    """
    if isinstance(failed, Failure):
        return _of_a_failure(failed, about)
    if not isinstance(failed, Simulation):
        has_one = ": it has its story already, in .story" if hasattr(failed, "story") else ""
        kind = type(failed).__name__
        raise TypeError(
            f"a story is about a Failure, which hunt(…) finds, or about a Simulation, not a {kind}{has_one}"
        )
    if not failed.started or failed.recorded == "off":
        raise ValueError('there is no trace to tell from: make the simulation with trace="state", and run it first')
    sim = failed
    said = _broken_now(sim) if what is None else _said(what)
    end = sim.now

    def again() -> Simulation:
        assert scenario is not None
        return _again(scenario, sim.faults, end)

    code = "from dslib.views import replay\nreplay(story.replay())" if scenario else ""
    return _told(f"{len(sim.nodes)} nodes", sim, said, about, code, again if scenario else None, scenario)


def rerun(
    trial: Trial | str, kind: Any, seed: int, until_ms: float | None = None, faults: Iterable[Fault] | None = None
) -> Simulation:
    """Make a run of a trial again, with a trace of events and states, and stop where it goes wrong.

    Args:
        trial: the trial, or the name of one in ``dslib.protocols.trials()``.
        kind: the variant, or the name of one that the trial knows.
        seed: as it was.
        until_ms: when the run ends; by default ``trial.until_ms``.
        faults: instead of those that the trial draws from the seed.

    Raises:
        ValueError: there is no trial or variant of that name, or ``until_ms`` is no time.
        TypeError: this is no trial, or no variant of it.
    """
    found, variant = resolve(trial, kind)
    return attempt(found, variant, seed, faults, until_ms, traced=True).sim


# -- how it is found out ----------------------------------------------------------------------------------------------


def concerned(sim: Simulation, what: str, again: Callable[[], Simulation] | None = None) -> tuple[str, ...]:
    """The nodes that have a part in what is broken.

    Of a property declared with ``always``: the node that moved last, and each one without which the property would
    hold. All of them, if it looks at more than the nodes' present: one that remembers who led before, say, holds when
    a new one, from ``again()``, sees the same present. Of a sentence: the nodes that it names; all of them, if it names
    none, or but one client, who cannot know what servers did.
    """
    everybody, mover = tuple(sim.nodes), _last_to_move(sim)
    if what.startswith("always "):
        which = [number for number, prop in enumerate(sim._always) if what.startswith(f"always {_name(prop)}: ")]
        if not which:
            return everybody
        make = again or (lambda: sim)
        if again is not None and _holds(sim, make()._always[which[0]]):
            return everybody
        parts = [name for name, node in sim.nodes.items() if _holds(sim, make()._always[which[0]], without=node)]
        if not parts or (again is None and parts == [mover]):  # perhaps it remembers the others
            return everybody
        return tuple(name for name in everybody if name == mover or name in parts)
    if what.startswith("eventually "):
        return everybody
    spaced = "".join(letter if letter.isalnum() or letter in "_-" else " " for letter in what).split()
    named = tuple(name for name in everybody if name in spaced or f"{name!r}" in what)
    if not named or (len(named) == 1 and isinstance(sim.nodes[named[0]], Client)):
        return everybody
    return named


def _last_to_move(sim: Simulation) -> str | None:
    """The node whose turn it was when the run stopped; None if that was a fault's."""
    last = next((event for event in reversed(sim.trace) if event.kind in MOVES), None)
    return (last.dest if last.kind == "deliver" else last.src) if last else None


def _holds(sim: Simulation, prop: Callable[[Simulation], Any], without: Node | None = None) -> bool:
    """Whether the property holds now; or would, had this node just lost its memory and its disk."""
    if without is None:
        return bool(prop(sim))
    memory, up, disk = dict(without.__dict__), without._up, without._disk
    without.__dict__.clear()
    without._up, without._disk = False, None
    try:
        return bool(prop(sim))
    except Exception:  # it cannot do without this node
        return True
    finally:
        without.__dict__.update(memory)
        without._up, without._disk = up, disk


def happened_before(trace: Sequence[Event], nodes: Iterable[str]) -> list[Event]:
    """The rows that happened before the present of these nodes (Lamport 1978, section "The partial ordering").

    That is every earlier row of theirs; the sending of each message that they received; and what happened before that.
    Messages that did not arrive among these rows are not there, and faults all are.
    """
    reached = dict.fromkeys(nodes)
    received: dict[int | None, None] = {}
    past = []
    for event in reversed(trace):
        if event.kind == "fault":
            past.append(event)
        elif event.kind == "deliver":
            if event.dest in reached:
                received[event.id] = None
                past.append(event)
        elif event.kind == "send":
            if event.id in received:
                reached[str(event.src)] = None
                past.append(event)
        elif event.kind not in ("hop", "drop") and event.src in reached:
            past.append(event)
    return past[::-1]


def _told(
    title: str,
    sim: Simulation,
    what: str,
    about: Iterable[str] | None,
    call: str,
    again: Callable[[], Simulation] | None,
    build: Callable[[], Simulation] | None,
) -> Story:
    if isinstance(about, str):
        raise TypeError(f"about is the string {about!r}: write about=({about!r},)")
    nodes = concerned(sim, what, build) if about is None else tuple(node_name(sim, name) for name in about)
    trace = list(sim.trace)
    events = happened_before(trace, nodes)
    told = {event.id for event in events if event.kind == "send"}
    others = {event.id for event in trace if event.kind == "send" and event.id not in told}
    lost = {event.id for event in trace if event.kind == "drop" and event.id in others}
    faults = tuple(fault for fault in sim.faults if fault.at <= sim.now)
    return Story(
        title, sim.trace.seed, what, sim.now, nodes, tuple(events), len(others), len(lost), faults, call, again
    )


def _of_a_failure(failure: Failure, about: Iterable[str] | None) -> Story:
    trial, kind, seed, _, faults, until_ms = failure
    sim, what, error = attempt(trial, kind, seed, faults, until_ms, traced=True)
    if not what:
        raise ValueError(
            f"{trial.name} {name_of_kind(kind)} passes with seed {seed} now, though it failed before ({failure.what}): "
            "the program has changed, or its randomness does not all come from the seed"
        )
    end, raised_in = sim.now, _last_to_move(sim) if error else None
    if about is None and raised_in is not None:
        about = (raised_in,)
    if error is not None:
        what += raised_at(error)
    return _told(
        f"{trial.name} {name_of_kind(kind)}",
        sim,
        what,
        about,
        _code(failure, end),
        lambda: rerun(trial, kind, seed, end, faults),
        lambda: trial.build(seed, kind),
    )


def _said(what: object) -> str:
    explain = getattr(what, "explain", None)
    said = str(explain() if callable(explain) else what)
    if not said or (what and not isinstance(what, str | PropertyBroken)):
        raise ValueError(f"{what!r} is no finding: nothing is broken, so there is no story")
    return said


def _broken_now(sim: Simulation) -> str:
    for prop in sim._always:
        if not prop(sim):
            return f"always {_name(prop)}: it does not hold at {sim.now:g} ms"
    raise ValueError(
        "no property declared with sim.always(…) is broken now. Say what is: story(sim, broken), with the "
        "PropertyBroken that run(…) raised, a checker's verdict, or a sentence of your own"
    )


def _again(scenario: Callable[[], Simulation], faults: Iterable[Fault], end: float) -> Simulation:
    sim = scenario()
    sim.record_states()
    sim.set_faults(faults)
    try:
        return sim.run(until=end)
    except PropertyBroken:
        return sim


# -- in words ---------------------------------------------------------------------------------------------------------


def _in_words(event: Event, sent: dict[int | None, float]) -> str:
    """One row as a sentence; "" for a row that another one tells."""
    match event.kind:
        case "deliver":
            since = f", which sent it at {sent[event.id]:.3f} ms" if event.id in sent else ""
            return f"{event.dest} receives {_cut(show(event.msg))} from {event.src}{since}"
        case "timer":
            return f"{event.src}'s timer {event.detail!r} runs out"
        case "crash":
            return f"{event.src} crashes{f': {event.detail}' if event.detail else ''}"
        case "restart":
            return f"{event.src} starts again, with what is on its disk"
        case "log":
            return f"{event.src} says: {event.detail}"
        case "fault":
            return f"fault: {Fault.from_json(event.detail)}"
    return ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_OF_A_VALUE else f"{text[:MOST_OF_A_VALUE]}…"


def _code(failure: Failure, end: float) -> str:
    """The call that shows a failed run in the player."""
    trial, kind, seed, _, faults, _ = failure
    imports: dict[str, list[str]] = {"dslib.story": ["rerun"], "dslib.views": ["replay"]}
    home = trial.build.__module__
    if home.startswith("dslib.protocols."):  # where rerun finds it by its name
        named = show(trial.name)
    else:
        named = next((name for name, value in vars(sys.modules[home]).items() if value is trial), "trial")
        if named != "trial" and home != "__main__":
            imports.setdefault(home, []).append(named)
    if home.startswith("dslib.protocols.") and kind in (trial.right, *trial.wrong):
        variant = show(name_of_kind(kind))
    elif hasattr(kind, "__qualname__"):
        variant = kind.__qualname__
        if kind.__module__ != "__main__":
            imports.setdefault(kind.__module__, []).append(variant.partition(".")[0])
    else:
        variant = show(kind)
    if faults:
        imports["dslib"] = ["Fault"]
    each = "".join(f"\n    {fault!r}," for fault in faults or ())
    listed = "" if faults is None else f", faults=[{each}\n]" if each else ", faults=[]"
    lines = [f"from {module} import {', '.join(names)}" for module, names in imports.items()]
    return "\n".join([*lines, f"replay(rerun({named}, {variant}, seed={seed}, until_ms={end!r}{listed}))"])


def resolve(trial: Trial | str, kind: Any = None) -> tuple[Trial, Any]:
    """A trial and a variant of it that are given as they are or by their names; without a variant, the right one.

    Raises:
        ValueError: there is no trial or variant of that name.
        TypeError: this is no trial, or no variant of it.
    """
    found = _trial_named(trial) if isinstance(trial, str) else trial
    if not isinstance(found, Trial):
        raise TypeError(
            f"{reprlib.repr(trial)} is no trial: write the name of one, such as 'raft', or a Trial, such as "
            "dslib.protocols.raft.TRIAL"
        )
    variant = found.right if kind is None else _kind_named(found, kind) if isinstance(kind, str) else kind
    if isinstance(variant, Node):
        raise TypeError(f"{kind!r} is a node: a variant is its class, so write {type(kind).__name__}")
    return found, variant


def raised_at(error: Exception) -> str:
    """Where in the reader's own code an error was raised: ``" (line 14 of raft.py, in become_leader)"``, or "".

    The innermost line that is neither in Python's own modules nor in the simulator's.
    """
    core, python = Path(__file__).parent, Path(os.__file__).parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.parent != core and (python not in path.parents or "site-packages" in path.parts):
            place = "its cell" if any(part.startswith("ipykernel_") for part in path.parts) else path.name
            return f" (line {frame.lineno} of {place}, in {frame.name})"
    return ""


def _trial_named(name: str) -> Trial:
    from .protocols import trials

    known = trials()
    if name not in known:
        raise ValueError(f"there is no trial {name!r}: the trials are {', '.join(known) or 'none'}")
    return known[name]


def _kind_named(trial: Trial, name: str) -> Any:
    known = {name_of_kind(kind): kind for kind in (trial.right, *trial.wrong)}
    if name not in known:
        raise ValueError(f"trial {trial.name!r} knows no variant {name!r}: it knows {', '.join(known)}")
    return known[name]
