"""What `explore` shows where nobody says what to show: of a run, and of a card of the gallery with its knobs turned."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from html import escape
from typing import Any, NamedTuple

from ..faults import Fault
from ..metrics import Seen, what_users_saw
from ..simulation import PropertyBroken, Simulation
from . import chart_svg
from .chart import Boxes, Chart, Look, Panel, Rule, linear, show, time_axis
from .levels import many
from .plots import space_time
from .static import View, count
from .timeline import timeline

#: A timeline shows so many operations; of more, it is counted how many were good in each slice of time.
MOST_BARS = 300
#: Slices of time in such a picture: a minute of a card is cut into seconds.
SLICES = 60
#: So many faults are named in one panel.
MOST_NAMED = 5


class Stack(View):
    """Views, one under the other: as one."""

    def __init__(self, views: Sequence[View], before: str = "", under: str = "") -> None:
        finding = " ".join(filter(None, [before, *(view.finding for view in views)]))
        super().__init__(finding, views[0].svg, " ".join(view.alt for view in views))
        self._views, self._before, self._under = views, before, under

    def to_html(self) -> str:
        before = f'<p class="dslib-view dslib-alert">{escape(self._before)}</p>' if self._before else ""
        return before + "".join(view.to_html() for view in self._views) + self._under


# -- a run --------------------------------------------------------------------------------------------------------


def run_up_to(scenario: Callable[..., Any], until: float, view: Callable[[Any], Any] | None) -> Callable[..., Any]:
    """A function with the arguments of ``scenario``: its simulation, run to ``until`` and drawn.

    What it raises when it is called:
        TypeError: the scenario returns no simulation.
        ValueError: the simulation has run already.
    """
    name = getattr(scenario, "__name__", "scenario")

    @wraps(scenario)
    def run(**arguments: Any) -> Any:
        sim = scenario(**arguments)
        if not isinstance(sim, Simulation):
            raise TypeError(
                f"{name}() returned {sim!r}: with until=… explore runs a scenario, which ends with `return sim`, the "
                "simulation itself; leave until out to explore any other function"
            )
        if sim.started:
            raise ValueError(f"{name}() returned a simulation that has run: leave run(…) out of it, or leave out until")
        broken = ""
        try:
            sim.run(until=until)
        except PropertyBroken as property:
            broken = f"{str(property).rstrip('.')}."
        return run_picture(sim, broken) if view is None else view(sim)

    return run


def run_picture(sim: Simulation, broken: str = "") -> View:
    """A run: its space-time diagram, and what users saw. ``broken`` says which property did not hold."""
    views: list[View] = []
    if sim.recorded != "off" and len(sim.trace):
        views.append(space_time(sim.trace))
    seen = what_users_saw(sim.history, sim.now)
    if seen and len(seen) <= MOST_BARS:
        views.append(timeline(seen))
    elif seen:
        views.append(answers([Answers("users", counted(seen, sim.now), sim.faults)], sim.now, "", _counted_words(seen)))
    if not views:
        words = f"{count(len(sim.nodes), 'node')} up to {sim.now:,.0f} ms: no message was sent, and nobody asked."
        return Stack([View(words, "", words)], broken)
    return Stack(views, broken)


def _counted_words(seen: Sequence[Seen]) -> str:
    judged = [s for s in seen if s.outcome != "open"]
    good = sum(s.outcome == "good" for s in judged)
    share = f" = {100 * good / len(judged):.3g} %" if judged else ""
    return f"{many(len(judged), 'operation')}, {good:,} good{share}."


class Answers(NamedTuple):
    """One panel: ``name``, how many operations of each slice were good and how many were not, and what was done."""

    name: str
    slices: tuple[list[int], list[int]]
    faults: Sequence[Fault]


def counted(seen: Iterable[Seen], end: float) -> tuple[list[int], list[int]]:
    """How many operations that began in each slice of time came out good, and how many did not."""
    good, bad = [0] * SLICES, [0] * SLICES
    for s in seen:
        if s.outcome != "open":
            (good if s.outcome == "good" else bad)[min(SLICES - 1, int(s.operation.invoked / end * SLICES))] += 1
    return good, bad


def answers(panels: Sequence[Answers], end: float, title: str, finding: str, kind: str = "What users saw") -> View:
    """A panel for each run, on one time axis: the good operations of each slice, and on top of them the others."""
    edges = [end * i / SLICES for i in range(SLICES + 1)]
    most = max(g + b for panel in panels for g, b in zip(*panel.slices, strict=True)) or 1
    drawn = []
    for panel in panels:
        good, bad = panel.slices
        rows = list(zip(edges, edges[1:], good, bad, strict=False))
        marks: list[Any] = [
            Boxes([(a, b, 0, g) for a, b, g, _ in rows if g], Look("good", opacity=0.9), "good", edge=False),
            Boxes([(a, b, g, g + w) for a, b, g, w in rows if w], Look("dropped", opacity=0.35), "not good"),
        ]
        marks += _strokes(panel.faults)
        per = f"each {end / SLICES / 1_000:g} s" if end != SLICES * 1_000 else "a second"
        axis = linear(f"{panel.name}: operations {per} (outlined: not good)", (), 0.0, float(most), whole=True)
        drawn.append(Panel(time_axis(0.0, end), axis, tuple(mark for mark in marks if _is_there(mark)), 120))
    return show(kind, title, finding, Chart(tuple(drawn)), chart_svg.draw)


def _is_there(mark: Any) -> bool:
    return not isinstance(mark, Boxes) or bool(mark.boxes)


def _strokes(faults: Sequence[Fault]) -> Iterable[Rule]:
    """A line for each moment at which something was done. The first ones are named; what is done again is not."""
    times: dict[str, list[float]] = {}
    for fault in sorted(faults, key=lambda fault: fault.at):
        words = " ".join([fault.call.removeprefix("network.").replace("_", " "), *map(_named, fault.args[:1])])
        times.setdefault(words if len(words) <= 24 else f"{words[:23]}…", []).append(fault.at)
    moments: dict[float, list[str]] = {}
    for words, at in times.items():
        moments.setdefault(at[0], []).append(words + (f" ({len(at)} times)" if len(at) > 1 else ""))
    for number, (first, said) in enumerate(moments.items()):
        label = said[0] + (f" +{len(said) - 1}" if len(said) > 1 else "")
        yield Rule(first, Look("ink", "3 3", width=1.3), label if number < MOST_NAMED else "", axis="x")


def _named(argument: Any) -> str:
    return " ".join(map(str, argument)) if isinstance(argument, list | tuple | set | frozenset) else str(argument)


# -- a card of the gallery ----------------------------------------------------------------------------------------


def is_card(thing: Any) -> bool:
    """Whether this is a card of ``dslib.failures``."""
    return all(hasattr(thing, name) for name in ("simulate", "params", "until", "measure", "number"))


class Knob(NamedTuple):
    """A knob of a card: the values that a slider offers, and what it means. ``switch``: 0 or 1, for no or yes."""

    name: str
    values: tuple[Any, ...]
    default: Any
    low: float
    high: float
    meaning: str
    switch: bool


def knobs(card: Any) -> list[Knob]:
    """What can be turned, in the order of the card's ``Params``."""
    found = []
    for one in dataclasses.fields(card.params):
        low, high, meaning = one.metadata["low"], one.metadata["high"], one.metadata["meaning"]
        default = getattr(card.params, one.name)
        switch = type(one.default) is int and (low, high) == (0, 1)
        values = (0, 1) if switch else positions(low, high, default)
        said = meaning.removeprefix("1 ") if switch else meaning
        found.append(Knob(one.name, values, default, low, high, said, switch))
    return found


def positions(low: float, high: float, default: Any) -> tuple[Any, ...]:
    """Round values from ``low`` to ``high``, both and the default among them: some 20, or all of a few whole numbers.

    Where the ends are far apart they grow by a factor: 1, 1.5, 2, 3, 5, 7, 10, 15 ...
    """
    whole = type(default) is int
    if low > 0 and high / low >= 40:
        factors = (1, 1.5, 2, 3, 5, 7)
        grid = [float(f"{factor}e{power}") for power in range(-6, 7) for factor in factors]
    else:
        step = _round_step(high - low)
        if whole:
            step = max(1.0, step)
        grid = [round(k * step, 12) for k in range(int(low / step), int(high / step) + 2)]
    kept = {float(value) for value in grid if low < value < high} | {float(low), float(high), float(default)}
    kept = {value for value in kept if not whole or value.is_integer()}
    return tuple(int(value) if whole else value for value in sorted(kept))


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten: at most some 25 of them make the span."""
    return next(step for k in range(-6, 7) for m in (1, 2, 5) if (step := float(f"{m}e{k}")) * 25 >= span * 0.999)


def turned(card: Any) -> Callable[..., View]:
    """A function of a card's knobs, of ``seed`` and ``mitigated``: what users saw. It runs the same thing once only."""
    kept: dict[Any, _Half] = {}

    def half(params: Any, seed: int, mitigated: bool) -> _Half:
        key = (params, seed, mitigated)
        if key not in kept:
            kept[key] = _once(card, params, seed, mitigated)
        return kept[key]

    def run(seed: int = 0, mitigated: bool = True, **values: Any) -> View:
        params = dataclasses.replace(card.params, **values)
        halves = [half(params, seed, one) for one in ((False, True) if mitigated else (False,))]
        finding = "\n".join(f"{one.answers.name.capitalize()}: {one.line}." for one in halves)
        title = f"{card.number}. {card.title}"
        view = answers(
            [one.answers for one in halves], card.until, title, finding, "What users saw, a second at a time"
        )
        return Stack([view], under=_explained(card, mitigated))

    run.__name__ = f"{card.title} "  # it is read: "Server down (replicas=3, …)"
    return run


class _Half(NamedTuple):
    """What is kept of a run of a card: the picture's numbers, and the card's line."""

    answers: Answers
    line: str


def _once(card: Any, params: Any, seed: int, mitigated: bool) -> _Half:
    from ..failures.service import WITHIN_MS, judge, wrong_reads  # here, because most pictures are of no card

    sim = card.simulate(params, seed, mitigated, "off").run(until=card.until)
    seen = what_users_saw(sim.history, sim.now, within=WITHIN_MS, wrong=wrong_reads(sim))
    numbers: Mapping[str, float] = card.measure(sim, params)
    said = "; ".join(f"{what} {value:,.4g}" for what, value in numbers.items())
    name = "mitigated" if mitigated else "naive"
    return _Half(Answers(name, counted(seen, card.until), sim.faults), judge(sim).line + (f" [{said}]" if said else ""))


def _explained(card: Any, mitigated: bool) -> str:
    """What happens, and how the service is built in either run."""
    told = {"What happens": card.means, "Naive": card.naive}
    told |= {"Mitigated": card.mitigation} if mitigated else {}
    return "".join(
        f'<p class="dslib-view dslib-muted"><b>{what}:</b> {escape(text)}</p>' for what, text in told.items()
    )
