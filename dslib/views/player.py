"""The player: a run to move through, and, where Python runs, to break by hand.

``play(scenario, until=1_000)`` shows a scenario live: each cut or crash becomes a fault of the scenario, which is run
again from its seed. ``replay(sim)`` shows a run that has been made. ``save_page(path, view)`` writes a page that plays
without Python, also when it is opened from disk.

Where nobody can touch it (``nbconvert --execute``, nbgrader, a console: see ``static.live``) a cell shows the still
picture, the finding, and the events as text.

The picture is drawn by the module in ``player_js/``. What it is given is a *bundle* ("dslib.player/2")::

    {"schema", "title", "summary", "live", "run", "request", "error",
     "broken": {"at", "index", "what": "always one leader", "say"},
     "trace": Trace.to_json, "links": [[a, b]], "roles": {name: word}, "positions": {name: [x, y]},
     "routers": [name], "domains": {"zone A": [name]}, "faults": [{"at", "call", "args", "options", "code", "label"}],
     "clocks": {name: [[at, reads, rate]]}, "liars": [{"node", "from", "to", "words": "flips bits"}],
     "waits": {"12": ms},
     "tools": {"lies": [{"strategy", "args", "label", "nodes": [name]}]},
     "target": 0.9,
     "operations": [{"id", "client", "label", "start", "end", "judged", "outcome", "say"}]}

Times are ms. ``request`` is the number of the reader's question that this bundle answers. ``error`` says why a run
failed (the trace is then that of the run before), ``broken`` which declared property does not hold, and after which
event (``index`` in the trace, None if no event did it). Both are None if all is well.

``clocks`` has the nodes whose wall clock is not always right: from true time ``at`` on it reads ``reads + (t - at) *
rate``. ``liars`` says who lies, from when to when (``to`` is None: to the end), ``waits``
when the message of that id came to the door of a paused node. ``tools`` is what a reader can do
beyond what every run allows: which lies can be told, and by whom ("nodes" is left out if anybody can); None if nothing
is live.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from html import escape
from math import inf, isfinite
from pathlib import Path
from typing import Any

from ..clients import Client
from ..faults import Fault
from ..history import Operation
from ..lies import in_words, on_offer
from ..metrics import Seen, what_users_saw
from ..places import LEVELS
from ..simulation import PropertyBroken, Simulation
from ..trace import Event, Trace
from .layout import arrange
from .script import classic_script, module_source
from .spacetime import MOST_MESSAGES, space_time_svg, window
from .static import for_a_page, how_to_touch, live, with_keys, with_widget

SCHEMA = "dslib.player/2"

#: A page that is read without a script lists so many events; print(trace) shows all.
MOST_LISTED = 400
#: A notebook's output carries the run itself up to this size in characters; above it, only the picture and the words.
#: One that is made into a page (DSLIB_STATIC) carries every run.
MOST_CARRIED = 400_000
#: A live run is sent to the notebook whole, after each act. Jupyter drops messages that come too fast for its limit
#: (ServerApp.iopub_data_rate_limit, 1 MB a second over 3 s), so a longer run is refused before it can get lost.
MOST_SENT = 2_500_000
#: No run with so many events is sent, however short they are: to put them into words would take too long.
MOST_EVENTS = 30_000
#: A value of a node's state, and a field of a message, is cut off after so many characters.
MOST_OF_A_VALUE = 80

Scenario = Callable[..., Simulation]
Judge = Callable[[Simulation], Iterable[Seen]]


def play(
    scenario: Scenario,
    until: float,
    *,
    target: float | None = 0.9,
    judge: Judge | None = None,
    within: float = inf,
    title: str | None = None,
    roles: Mapping[str, str] | None = None,
    layout: Any = None,
    at: float | None = None,
    **params: Any,
) -> PlayerView:
    """Run ``scenario(**params)`` up to ``until`` ms and show it, live where the notebook has a kernel.

    Args:
        scenario: a function that returns a simulation which has not run yet.
        until: when the run ends, in ms.
        target: the share of good answers to compare with, a fraction of 1; None for no target.
        judge: what users saw: a function of the simulation that returns what ``metrics.what_users_saw`` returns.
            By default every answered operation is good.
        within: without a judge: an answer counts as good within so many ms.
        title: words above the picture; by default the scenario's name.
        roles: what each node is, such as ``{"r1": "replica"}``; by default clients are clients, others named by class.
        layout: where nodes stand: see ``layout.arrange``.
        at: the moment shown first, in ms; by default the first one where something goes wrong.
        **params: given to the scenario, for example ``seed=3``.

    Raises:
        TypeError: the scenario is no function, or does not return a simulation; an argument is of another type.
        ValueError: the simulation has run already, records no trace, or has too many events for one picture (about
            20,000); or an argument is out of its range.
    """
    name = getattr(scenario, "__name__", "scenario")
    if isinstance(scenario, Simulation):
        raise TypeError(
            "play(…) takes the function that makes the simulation, so that it can run it again: write play(scenario, "
            "until=…), or replay(sim) for a run that has been made"
        )
    if not callable(scenario):
        card = all(hasattr(scenario, part) for part in ("simulate", "params", "until"))
        how = "compare(card) shows a card of the gallery both ways" if card else "write play(scenario, until=1_000)"
        raise TypeError(f"play(…) takes the function that makes the simulation, not a {type(scenario).__name__}: {how}")
    _check(until=until, target=target, judge=judge, within=within, title=title, roles=roles, at=at)

    def run(faults: list[Fault] | None) -> tuple[Simulation, list[Fault], PropertyBroken | None]:
        sim = scenario(**params)
        if not isinstance(sim, Simulation):
            raise TypeError(f"{name}() returned {sim!r}: a scenario ends with `return sim`, the simulation itself")
        if sim.started:
            raise ValueError(
                f"{name}() returned a simulation that has run: leave run(…) out of the scenario, play does it"
            )
        if sim.recorded == "off":
            raise ValueError(f'{name}() records no trace: leave trace="off" out of its Simulation(…)')
        sim.record_states()  # the picture shows what nodes know
        if faults is not None:
            sim.set_faults(faults)
        planned = sim.faults
        try:
            sim.run(until=until)
        except PropertyBroken as broken:
            return sim, planned, broken
        return sim, planned, None

    return PlayerView(
        run,
        live=True,
        judge=judge or (lambda sim: what_users_saw(sim.history, sim.now, within=within)),
        title=title or _words(name),
        target=target,
        roles=roles,
        layout=layout,
        at=at,
    )


def replay(
    sim: Simulation,
    *,
    target: float | None = 0.9,
    judge: Judge | None = None,
    within: float = inf,
    title: str = "A recorded run",
    roles: Mapping[str, str] | None = None,
    layout: Any = None,
    at: float | None = None,
) -> PlayerView:
    """Show a simulation that has run. Arguments as in ``play``.

    What nodes know is shown only if the simulation was made with ``trace="state"``.

    Raises:
        TypeError: this is no simulation, or an argument is of another type.
        ValueError: it has not run yet, or records no trace, or has too many events; an argument is out of its range.
    """
    if not isinstance(sim, Simulation):
        if hasattr(sim, "replay"):  # a story, or an exploration that found one
            how = "write replay(it.replay())"
        else:
            how = "play(scenario, until=…) runs one, and story(failure).replay() runs a failure again"
        raise TypeError(f"replay(…) shows a simulation that has run, not a {type(sim).__name__}: {how}")
    _check(target=target, judge=judge, within=within, title=title, roles=roles, at=at)
    if sim.recorded == "off":
        raise ValueError('this simulation records no trace: make it with Simulation(…, trace="state")')
    if not sim.started:
        raise ValueError(
            "this simulation has not run yet: call sim.run(until=…) first, or show its scenario with play(…)"
        )
    return PlayerView(
        lambda _: (sim, sim.faults, sim._broke),
        live=False,
        judge=judge or (lambda sim: what_users_saw(sim.history, sim.now, within=within)),
        title=title,
        target=target,
        roles=roles,
        layout=layout,
        at=at,
    )


class Playable:
    """What the player draws: one run, or two compared. Shown by a notebook as the player, printed as its finding."""

    bundle: dict[str, Any]
    _widget: Any = None

    @property
    def summary(self) -> str:
        """The finding in words, computed from what was run."""
        return str(self.bundle["summary"])

    def rerun(self, faults: Iterable[Fault | dict[str, Any]], request: int = 0) -> None:
        """Run again from the seed, with exactly these faults, and show that."""
        raise NotImplementedError

    def recorded(self) -> dict[str, Any]:
        """The bundle for where no Python is: what was run can be looked at, and not broken."""
        raise NotImplementedError

    def still(self) -> str:
        """What is shown where no script runs, as HTML: title, finding, picture, faults and events as text."""
        raise NotImplementedError

    @property
    def widget(self) -> Any:
        """The notebook widget, made when first asked for; None where anywidget is not installed."""
        if self._widget is None and (kind := _widget_class()) is not None:
            self._widget = kind(bundle=self.bundle)
            answered: list[Any] = [None]

            def asked(_: Any) -> None:
                question = (self._widget.request, json.dumps(self._widget.acts))
                if question != answered[0]:  # acts and request change together, and each is reported
                    answered[0] = question
                    self.rerun(self._widget.acts, self._widget.request)

            self._widget.observe(asked, names=["acts", "request"])
        return self._widget

    def _show(self, bundle: dict[str, Any]) -> None:
        self.bundle = bundle
        if self._widget is not None:
            self._widget.bundle = bundle

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return with_widget(self, {"text/plain": repr(self), "text/html": self._fallback()})

    def _fallback(self) -> str:
        """The run for a page without a kernel: a picture and words, which the player's script brings to life."""
        data = to_json(self.recorded())
        carried = f" data-bundle={_quoted(data)}" if len(data) <= MOST_CARRIED or for_a_page() else ""
        touched = live() and self.widget is not None
        how = "" if touched else how_to_touch("move through this run and break it by hand")
        return f'<div data-dslib-player{carried} style="max-width:100%">{self.still()}{how}</div>'

    def to_html(self, path: str | Path | None = None) -> str:
        """A page of its own that plays this without Python. Written to ``path``, if one is given."""
        page = _page(self.bundle["title"], [self])
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def __repr__(self) -> str:
        return f"{self.bundle['title']}: {self.summary}"


class PlayerView(Playable):
    """What ``play`` and ``replay`` return: a run.

    ``sim`` is the run that is shown, ``faults`` its faults, ``summary`` the finding in words, ``bundle`` what the
    picture is drawn from. After breaking things by hand, ``view.sim`` is the run that came of it.
    """

    sim: Simulation
    faults: list[Fault]

    def __init__(
        self,
        run: Callable[[list[Fault] | None], tuple[Simulation, list[Fault], PropertyBroken | None]],
        *,
        live: bool,
        judge: Judge,
        title: str,
        target: float | None,
        roles: Mapping[str, str] | None,
        layout: Any,
        at: float | None,
        since: float = 0.0,
    ) -> None:
        self._run, self._judge, self._layout, self._at, self._since = run, judge, layout, at, since
        self._live, self._title, self._target = live, title, target
        self._given_roles = dict(roles or {})
        self._links: list[tuple[str, str]] = []
        self._places: dict[str, tuple[float, float]] = {}
        self._runs = 0
        self.bundle = self._bundle(*run(None))

    @property
    def code(self) -> str:
        """The faults as Python: one ``sim.at(…)`` a line."""
        return "\n".join(map(str, self.faults))

    def rerun(self, faults: Iterable[Fault | dict[str, Any]], request: int = 0) -> None:
        """Run the scenario again from its seed, with exactly these faults, and show that.

        When that fails, the picture of the run before stays and ``bundle["error"]`` says what went wrong.
        """
        asked = list(faults)
        try:
            wanted = [f if isinstance(f, Fault) else Fault.from_json(f) for f in asked]
            bundle = self._bundle(*self._run(wanted))
        except (Exception, KeyboardInterrupt) as error:  # whatever a student's node may raise
            bundle = {**self.bundle, "error": _explain(error), "faults": [_fault_or_words(f) for f in asked]}
        self._show({**bundle, "request": request})

    def recorded(self) -> dict[str, Any]:
        """The bundle for where no Python is: what was run can be looked at, and not broken."""
        return {**self.bundle, "live": False, "error": None, "tools": None}

    def still(self) -> str:
        """What is shown where no script runs, as HTML: title, finding, picture, faults and events as text."""
        return still_picture(self.bundle, self.sim)

    # -- the bundle ------------------------------------------------------------------------------------------------

    def _bundle(self, sim: Simulation, faults: list[Fault], broken: PropertyBroken | None) -> dict[str, Any]:
        if len(sim.trace) > MOST_EVENTS and not self._since:
            raise self._too_much(sim, MOST_EVENTS / len(sim.trace))
        kept = _since(sim.trace, self._since)
        shown = sim.trace
        if self._since:
            shown = Trace((sim.trace[i] for i in kept), sim.trace.nodes, sim.trace.seed, sim.trace.end)
        trace = shown.to_data(MOST_OF_A_VALUE)
        for event in trace["events"]:
            if event[1] == "state" and event[6]:
                event[6] = {name: value if name == "disk" else _cut(value) for name, value in event[6].items()}
        size = len(to_json(trace))
        if size > MOST_SENT:
            raise self._too_much(sim, MOST_SENT / size)
        seen = list(self._judge(sim))
        if not all(isinstance(s, Seen) for s in seen):
            raise TypeError("judge(sim) must return what metrics.what_users_saw(sim.history, …) returns")
        self.sim, self.faults, self._runs, self._size = sim, faults, self._runs + 1, size
        routers = sim.network.routers
        names = [*sim.nodes, *routers]
        kinds = {name: _role(node) for name, node in sim.nodes.items()} | dict.fromkeys(routers, "router")
        for name in self._given_roles:
            if name not in kinds:
                raise ValueError(
                    f"roles says what {name!r} is, and there is no such node: there are {', '.join(map(repr, kinds))}"
                )
        roles = {name: self._given_roles.get(name) or kind for name, kind in kinds.items()}
        self._links = _links(sim, trace, self._links)
        if list(self._places) != names:
            layout = "springs" if self._layout is None and routers else self._layout
            self._places = arrange(names, roles, self._links, layout)
        return {
            "schema": SCHEMA,
            "title": self._title,
            "summary": _summary(trace, seen, broken),
            "live": self._live,
            "run": self._runs,
            "request": 0,
            "error": None,
            "broken": None if broken is None else _broken(broken, kept),
            "trace": trace,
            "links": [list(pair) for pair in self._links],
            "roles": roles,
            "positions": {name: list(self._places[name]) for name in names},
            "routers": routers,
            "domains": _domains(sim),
            "clocks": _clocks(sim),
            "liars": _liars(trace),
            "waits": {str(id): time for id, time in sim._waits.items()},
            "tools": _tools(sim) if self._live else None,
            "faults": [{**f.to_json(), "code": str(f), "label": label(f)} for f in faults],
            "operations": [_operation(s) for s in seen],
            "target": self._target,
            **({} if self._at is None else {"playhead": self._at}),
            **({"since": self._since} if self._since else {}),
        }

    def _too_much(self, sim: Simulation, share: float) -> ValueError:
        return ValueError(
            f"this run has {len(sim.trace):,} events up to {sim.now:,.0f} ms, more than one picture can carry: "
            f"show less of it, for example until={int(sim.now * share / 2):_}"
        )


def save_page(path: str | Path, *views: Playable, title: str | None = None) -> None:
    """Write one page that shows these runs one under the other, and plays them without Python or a network.

    Raises:
        ValueError: there is nothing to show.
        TypeError: the first is no path, or one of the others was not made by ``play``, ``replay`` or ``compare``.
    """
    if not isinstance(path, str | Path):
        raise TypeError(f'save_page begins with the file, not a {type(path).__name__}: save_page("page.html", view)')
    for view in views:
        if not isinstance(view, Playable):
            raise TypeError(
                f"a page shows what play(…) or replay(…) returns, not a {type(view).__name__}, or what compare(…) does"
            )
    if not views:
        raise ValueError('save_page("page.html", view) needs a view to show: view = play(scenario, until=1_000)')
    Path(path).write_text(_page(title or views[0].bundle["title"], views), encoding="utf-8")


# -- what the bundle says ---------------------------------------------------------------------------------------------


def label(fault: Fault) -> str:
    """A fault in few words, ``cut r1 r2 | r3 at 100``; of those that the player does not make, the call itself."""
    if fault.call == "network.partition":
        what = "cut " + " | ".join(" ".join(group) for group in fault.args)
    elif fault.call == "network.cut":
        what = f"cut {fault.args[0]} {'→' if len(fault.args) > 2 else '–'} {fault.args[1]}"
    elif fault.call == "network.heal":
        what = "heal" + (f" {fault.args[0]} – {fault.args[1]}" if fault.args else "")
    elif fault.call in ("crash", "restart"):
        what = f"{fault.call} {fault.args[0]}"
    else:
        return str(fault)
    return f"{what} at {fault.at:g}"


def _since(events: Trace, since: float) -> Sequence[int]:
    """Which rows are shown, by their numbers: those from ``since`` ms on, and from before what a picture starts from.

    That is what was done to the system, who is down, and what each node knew last. A message that was sent before is
    not shown, and so it does not arrive.
    """
    if not since:
        return range(len(events))
    sent: set[int] = set()
    known: dict[str, int] = {}
    kept: list[int] = []
    for number, (time, kind, src, _, id, _, _) in enumerate(events):
        if time < since:
            if kind == "state":
                known[str(src)] = number
            elif kind in ("crash", "restart", "fault"):
                kept.append(number)
        else:
            if kind == "send" and id is not None:
                sent.add(id)
            if id is None or id in sent:
                kept.append(number)
    return sorted([*kept, *known.values()])


def _broken(broken: PropertyBroken, kept: Sequence[int]) -> dict[str, Any]:
    index = kept.index(broken.index) if broken.index in kept else None
    return {"at": broken.at, "index": index, "what": broken.what, "say": str(broken)}


def _clocks(sim: Simulation) -> dict[str, list[list[float]]]:
    """What the wall clocks show of those nodes where it is ever not the true time."""
    shown = {name: node.clock.readings(sim.now) for name, node in sim.nodes.items()}
    return {
        name: [list(piece) for piece in pieces]
        for name, pieces in shown.items()
        if any(at != reads or rate != 1 for at, reads, rate in pieces)
    }


def _liars(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """Who lied, from when to when, and how."""
    found: list[dict[str, Any]] = []
    lying: dict[str, dict[str, Any]] = {}
    for time, kind, *_, detail in trace["events"]:
        if kind != "fault" or detail["call"] != "lie":
            continue
        node, strategy, *args = detail["args"]
        if node in lying:
            lying.pop(node)["to"] = time
        if strategy != "truth":
            lying[node] = {"node": node, "from": time, "to": None, "words": _cut(in_words(strategy, args))}
            found.append(lying[node])
    return [liar for liar in found if liar["to"] is None or liar["to"] > liar["from"]]


def _tools(sim: Simulation) -> dict[str, Any]:
    """What a reader can do to this system beyond what can be done to any: the lies that its nodes could tell."""
    lies = []
    for name, able in on_offer(sim.nodes.values()).items():
        lie = {"strategy": name, "args": [], "label": in_words(name)}
        lies.append(lie if len(able) == len(sim.nodes) else {**lie, "nodes": able})
    return {"lies": sorted(lies, key=lambda lie: lie["strategy"] == "truth")}


def _summary(trace: dict[str, Any], seen: list[Seen], broken: PropertyBroken | None) -> str:
    kinds = [event[1] for event in trace["events"]]
    sent, delivered, dropped = (kinds.count(kind) for kind in ("send", "deliver", "drop"))
    copies = delivered - len({event[4] for event in trace["events"] if event[1] == "deliver"})
    doubled = f" ({_count(copies, 'copy', 'copies')} among them)" if copies else ""
    words = f"{_count(sent, 'message')} sent, {delivered:,} delivered{doubled}, {dropped:,} dropped"
    judged = [s for s in seen if s.judged is not None]
    if judged:
        good = sum(s.outcome == "good" for s in judged)
        words += f"; users: {_count(len(judged), 'operation')}, {good:,} good = {percent(good, len(judged))}"
    return words + (f". {broken}" if broken else ".")


def percent(part: int, whole: int) -> str:
    """``97.4 %``, and 100 % only if it is all."""
    shown = next((text for n in (3, 4, 5) if (text := f"{100 * part / whole:.{n}g}") != "100"), "100")
    return f"{'100' if part == whole else shown} %"


def _operation(seen: Seen) -> dict[str, Any]:
    op = seen.operation
    return {
        "id": op.id,
        "client": str(op.process).split("#")[0],
        "label": _asked(op),
        "start": op.invoked,
        "end": op.completed,
        "judged": seen.judged,
        "outcome": seen.outcome,
        "say": seen.say,
    }


def _asked(op: Operation) -> str:
    """``write x=4``, ``read x → 4``, ``post 'hello'``."""
    words = op.f if op.key is None else f"{op.f} {op.key}"
    if op.arg is not None:
        words += f" {op.arg!r}" if op.key is None else f"={op.arg}"
    if op.status == "ok" and op.result_known and op.result is not None:
        words += f" → {op.result}"
    return _cut(words)


def _links(sim: Simulation, trace: dict[str, Any], known: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines of the graph: the topology's, or the pairs that talked in any run so far."""
    if sim.network.topology is not None:
        return sim.network.links()
    order = {name: i for i, name in enumerate(sim.nodes)}
    talked = {
        (e[2], e[3]) if order[e[2]] < order[e[3]] else (e[3], e[2])
        for e in trace["events"]
        if e[1] == "send" and e[2] != e[3]
    }
    return sorted({*known, *talked}, key=lambda pair: (order[pair[0]], order[pair[1]]))


def _domains(sim: Simulation) -> dict[str, list[str]]:
    """Each failure domain and what stands in it: ``{"zone A": ["r1", "r2"]}``."""
    places = sim.network.places
    domains: dict[str, list[str]] = {}
    for name, place in ({} if places is None else places.of).items():
        for level in LEVELS:
            if (domain := getattr(place, level)) is not None:
                domains.setdefault(f"{level} {domain}", []).append(name)
    return domains


def _role(node: Any) -> str:
    return (
        "client"
        if isinstance(node, Client)
        else _words(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(node).__name__)).lower()
    )


def _explain(error: BaseException) -> str:
    """An exception for the reader of a picture: what it says, and the line of theirs that it comes from."""
    if isinstance(error, KeyboardInterrupt):
        return "The run was interrupted. The picture shows the run before it."
    own = str(Path(__file__).resolve().parent.parent)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not str(Path(f.filename)).startswith(own)]
    where = (
        f" (in {frames[-1].name}, line {frames[-1].lineno}: {frames[-1].line})" if frames and frames[-1].line else ""
    )
    return f"{type(error).__name__}: {error}{where}\nThe picture shows the run before it. Undo takes the last act back."


def _fault_or_words(asked: Any) -> dict[str, Any]:
    """A fault that could not be run stays in the list, so that it can be taken back."""
    fault = asked if isinstance(asked, Fault) else None
    if fault is None:
        try:
            fault = Fault.from_json(asked)
        except ValueError:
            return dict(asked) if isinstance(asked, dict) else {"at": 0, "call": str(asked), "args": []}
    return {**fault.to_json(), "code": str(fault), "label": label(fault)}


def _check(*, until: Any = 1, target: Any, judge: Any, within: Any, title: Any, roles: Any, at: Any) -> None:
    """Refuse what would only be noticed when the picture is made, or not at all."""

    def number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    if not (number(until) and 0 < until < inf):
        raise ValueError(f"until is {until!r}: write when the run ends, in ms, for example until=1_000")
    if target is not None and not (number(target) and 0 < target <= 1):
        raise ValueError(
            f"target is {target!r}: write a share of good answers above 0 and at most 1, for example 0.9, or None"
        )
    if not (number(within) and within > 0):
        raise ValueError(f"within is {within!r}: write how many ms a good answer may take, for example within=200")
    if at is not None and not (number(at) and 0 <= at < inf):
        raise ValueError(f"at is {at!r}: write the moment that is shown first, in ms, for example at=120")
    if judge is not None and not callable(judge):
        raise TypeError(
            f"judge is {judge!r}: write a function of the simulation, for example "
            "judge=lambda sim: what_users_saw(sim.history, sim.now, within=200)"
        )
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title is {title!r}: write a text")
    if roles is not None and not (
        isinstance(roles, Mapping) and all(isinstance(word, str) for pair in roles.items() for word in pair)
    ):
        raise TypeError(f'roles is {roles!r}: write what each node is, for example roles={{"r1": "leader"}}')


def _cut(text: str) -> str:
    return text if len(text) <= MOST_OF_A_VALUE else text[: MOST_OF_A_VALUE - 1] + "…"


def _words(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def _count(n: int, what: str, many: str = "") -> str:
    return f"{n:,} {what if n == 1 else many or what + 's'}"


def to_json(value: Any) -> str:
    """The JSON text of a bundle. What JSON cannot say, an infinite number, goes as its text."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:  # JSON has no infinity, and a page that holds one cannot be read at all
        return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return repr(value) if isinstance(value, float) and not isfinite(value) else value


# -- the widget and the page ------------------------------------------------------------------------------------------


@cache
def _widget_class() -> Any:
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None

    class PlayerWidget(anywidget.AnyWidget):
        _esm = with_keys(module_source())
        bundle = traitlets.Dict().tag(sync=True)
        acts: Any = traitlets.List().tag(sync=True)
        request = traitlets.Int(0).tag(sync=True)

    return PlayerWidget


def still_picture(bundle: dict[str, Any], sim: Simulation, most: int = MOST_MESSAGES) -> str:
    """A run without a script: title, finding, picture (of so many messages), faults and events as text."""
    start, end = window(bundle, most)
    shown = "" if end - start >= bundle["trace"]["end"] else f" The picture shows {start:,.0f} to {end:,.0f} ms."
    events = [e for e in sim.trace if e.kind != "state" and e.time >= bundle.get("since", 0)]
    more = f"<p>The first {MOST_LISTED:,} of {len(events):,}.</p>" if len(events) > MOST_LISTED else ""
    rows = "".join(f"<li>{escape(_line(e))}</li>" for e in events[:MOST_LISTED])
    faults = "".join(f"<li><code>{escape(f['code'])}</code></li>" for f in bundle["faults"])
    parts = [
        f"<p><strong>{escape(bundle['title'])}</strong><br>{escape(bundle['summary'] + shown)}</p>",
        '<div style="overflow-x:auto" tabindex="0" role="region" aria-label="Space-time diagram">',
        f"{space_time_svg(bundle, most)}</div>",
        f"<p>What was done to the system:</p><ul>{faults}</ul>" if faults else "",
        f"<details><summary>{_count(len(events), 'event')} as text</summary>{more}",
        f'<ol style="max-height:20em;overflow:auto">{rows}</ol></details>',
    ]
    return "".join(parts)


def _line(event: Event) -> str:
    return " ".join(str(event).split())


def _quoted(data: str) -> str:
    """JSON as an attribute's value, in single quotes: its own double ones would take six characters each."""
    return "'" + escape(data, quote=False).replace("'", "&#x27;") + "'"


def _page(title: str, views: Sequence[Playable]) -> str:
    bodies = "\n".join(
        f"<div data-dslib-player data-bundle={_quoted(to_json(v.recorded()))}>{v.still()}</div>" for v in views
    )
    # The first view shows its title itself: the page's heading then is for whoever listens.
    said = ' class="said"' if any(v.bundle["title"] == title for v in views) else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
h1 {{ font-size: 1.3rem; margin: 0 0 .5rem; }}
h1.said {{ position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }}
body {{ margin: 1rem auto; padding: 0 1rem; max-width: 72rem; font: 15px/1.5 system-ui, sans-serif; }}
body {{ color: #1a1a1a; background: #fafafa; }}
@media (prefers-color-scheme: dark) {{ body {{ color: #eceded; background: #101113; }} }}
</style>
</head>
<body>
<main>
<h1{said}>{escape(title)}</h1>
{bodies}
</main>
<script>
{classic_script()}</script>
</body>
</html>
"""
