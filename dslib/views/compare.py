"""Two runs on one time axis: the naive service above the mitigated one, under the same faults.

``compare(naive, mitigated)`` takes two views of ``play`` or ``replay``; ``compare(card, seed=3)`` runs a card of the
gallery both ways. If both can be run again, what a reader breaks is broken in both. What the player draws is::

    {"schema": "dslib.player/2", "title", "summary", "runs": [bundle, bundle], "names": ["naive", "mitigated"],
     "target": 0.9}
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite
from typing import Any, NamedTuple

from ..faults import Fault
from ..metrics import Seen, what_users_saw
from ..simulation import PropertyBroken, Simulation, _seldom_collecting
from ..trace import Trace
from .explored import Answers, answers, counted
from .player import MOST_OF_A_VALUE, MOST_SENT, SCHEMA, Playable, PlayerView, percent, still_picture, to_json
from .spacetime import MOST_MESSAGES
from .static import View

NAMES = ("naive", "mitigated")
#: Of two still pictures, one under the other, each shows so many messages.
MOST_EACH = MOST_MESSAGES // 2
#: The share of good answers that a card's users are promised.
TARGET = 0.9

#: Of a card's minute, so much before the first bad answer is shown …
BEFORE_MS = 1_000.0
#: … and after it, as much as fits: up to so many characters in both runs together, looked at in such steps. An
#: operation takes some 180 of them, what nodes know some 30 for each 100 of what happens; one operation makes some ten
#: rows.
MOST_OF_A_CARD, STEP_MS, OPERATION, WITH_STATES = 2_000_000, 500.0, 180, 1.3


def compare(
    naive: Any,
    mitigated: Any = None,
    *,
    names: Sequence[str] = NAMES,
    title: str | None = None,
    seed: int = 0,
    since: float | None = None,
    until: float | None = None,
    **knobs: Any,
) -> Comparison:
    """Show two runs one above the other, and say how many good answers users got in each.

    Args:
        naive, mitigated: two views, as ``play`` or ``replay`` returns them; or one card of ``dslib.failures.GALLERY``,
            which is run both ways.
        names: what to call the two.
        title: words above the picture; by default the first view's title, or the card's.
        seed: of a card.
        since, until: which part of a card's minute is shown, in ms; by default from a second before the first bad
            answer that the naive service gave, and as much after it as fits into one picture.
        **knobs: of a card: values for its parameters.

    Raises:
        TypeError: these are no two views and no card.
        ValueError: two names that are none or the same; both runs together are more than one picture can carry; a knob
            the card does not have, or a value out of its range.
    """
    both = tuple(names) if not isinstance(names, str) else ()
    if len(both) != 2 or not all(isinstance(name, str) and name for name in both) or both[0] == both[1]:
        raise ValueError(f'names is {names!r}: write two names that differ, for example names=("naive", "mitigated")')
    if _is_card(naive):
        if mitigated is not None and not (isinstance(mitigated, int) and seed == 0):
            raise TypeError(
                f"a card is run both ways by itself: write compare(card, seed={seed}), without a second run"
            )
        with _seldom_collecting():  # there are very many rows, and no garbage among them
            return _of_a_card(naive, both, title, seed if mitigated is None else mitigated, since, until, knobs)
    if knobs or since is not None or until is not None or seed != 0:
        given = next(iter(knobs), "since" if since is not None else "until" if until is not None else "seed")
        raise TypeError(f"{given}=… is for a card of the gallery: give it to play(…), which makes the two runs")
    for view in (naive, mitigated):
        if not isinstance(view, PlayerView):
            card = getattr(view, "CARD", None)
            if card is not None:
                how = f"write compare({view.__name__.rpartition('.')[2]}.CARD)"
            elif isinstance(view, Simulation):
                how = "write compare(replay(sim), replay(other))"
            else:
                how = "write compare(play(naive, until=1_000), play(mitigated, until=1_000)), or compare(card)"
            what = "one run only" if view is None else f"a {type(view).__name__}"
            raise TypeError(f"compare(…) takes two views that play or replay returned, or a card, not {what}: {how}")
    if naive is mitigated:
        raise ValueError("these are the same view twice: a comparison is of two runs")
    return Comparison(naive, mitigated, both, title or naive.bundle["title"])


class Whole(NamedTuple):
    """What a comparison shows the part ``begin`` to ``end`` of: ``ms`` long, and how many good operations of how many.

    Fields:
        faults: under these it came out like that.
        answers: what users saw, in slices of time, and what was done to each.
    """

    begin: float
    end: float
    ms: float
    counts: list[tuple[int, int]]
    faults: list[Fault]
    answers: list[Answers]


class Comparison(Playable):
    """What ``compare`` returns: two runs on one time axis.

    ``naive`` and ``mitigated`` are the two views, ``summary`` the finding in words, ``bundle`` what the picture is
    drawn from. It is live if both views are, and the same was done to both.
    """

    def __init__(
        self, naive: PlayerView, mitigated: PlayerView, names: tuple[str, str], title: str, whole: Whole | None = None
    ) -> None:
        self.naive, self.mitigated, self._names, self._title, self._whole = naive, mitigated, names, title, whole
        self._live = all(v.bundle["live"] for v in self.views) and naive.faults == mitigated.faults
        self._check_size()
        self.bundle = self._compared()

    @property
    def views(self) -> tuple[PlayerView, PlayerView]:
        """Both, the naive one first."""
        return self.naive, self.mitigated

    @property
    def whole_run(self) -> View | None:
        """Of a card: what users saw in all of its minute, of which the player shows a part. Of two views: None."""
        if (whole := self._whole) is None:
            return None
        finding = _difference(self._names, whole.counts, ("", ""), self.bundle["target"])
        return answers(whole.answers, whole.ms, self._title, finding, "What users saw, a second at a time")

    def rerun(self, faults: Iterable[Fault | dict[str, Any]], request: int = 0) -> None:
        """Run both again from their seeds, with exactly these faults, and show that.

        If one of them fails, its picture of the run before stays, and its bundle's ``"error"`` says what went wrong.
        """
        asked = list(faults)
        before = [view.bundle for view in self.views]
        for view in self.views:
            view.rerun(asked, request)
        try:
            self._check_size()
        except ValueError as error:
            for view, bundle in zip(self.views, before, strict=True):
                asked_for = view.bundle["faults"]
                why = f"{error}. The picture shows the runs before them. Undo takes the last act back."
                view._show({**bundle, "faults": asked_for, "error": why, "request": request})
        self._show(self._compared())

    def recorded(self) -> dict[str, Any]:
        """The bundle for where no Python is: what was run can be looked at, and not broken."""
        return {**self.bundle, "runs": [view.recorded() for view in self.views]}

    def still(self) -> str:
        """Both still pictures, one under the other, and the sentence that compares them."""
        heading = f"<p><strong>{escape(self._title)}</strong><br>{escape(self.summary)}</p>"
        return heading + "".join(
            still_picture({**view.bundle, "title": name, "summary": f"{name}: {view.summary}"}, view.sim, MOST_EACH)
            for name, view in zip(self._names, self.views, strict=True)
        )

    def _compared(self) -> dict[str, Any]:
        runs = [{**view.bundle, "live": self._live} for view in self.views]
        if not self._live:
            runs = [{**run, "tools": None} for run in runs]
        playhead = {"playhead": runs[0]["playhead"]} if "playhead" in runs[0] else {}
        return {
            "schema": SCHEMA,
            "title": self._title,
            "summary": self._finding(runs),
            "runs": runs,
            "names": list(self._names),
            "target": runs[0]["target"],
            **playhead,
        }

    def _finding(self, runs: Sequence[dict[str, Any]]) -> str:
        """Who was served better: in all that was run, and, if that is only a part of it, in what is shown."""
        names, counts, whole = self._names, [_good(run) for run in runs], self._whole
        target = runs[0]["target"] if runs[0]["target"] == runs[1]["target"] else None
        broken = [f"; {b['what']} is broken at {b['at']:,.4g} ms" if (b := run["broken"]) else "" for run in runs]
        if whole is None:
            return _difference(names, counts, broken, target)
        end = f"{whole.end:,.0f} ms"
        before = f" Messages before {whole.begin:,.0f} ms are not shown." if whole.begin else ""
        if self.naive.faults != whole.faults:  # the reader broke something else: what the rest came to is not known
            return f"Up to {end}, {_difference(names, counts, broken, target)}{before}"
        part = " and ".join(
            f"{name} {percent(*n)}" if n[1] else f"{name} none" for name, n in zip(names, counts, strict=True)
        )
        return (
            f"{_difference(names, whole.counts, broken, target)} That is the whole run, {whole.ms / 1000:g} s. "
            f"The picture ends at {end}, when it was {part}.{before}"
        )

    def _check_size(self) -> None:
        size = sum(view._size for view in self.views)
        if size > MOST_SENT:
            events = sum(len(view.bundle["trace"]["events"]) for view in self.views)
            most = min(view.sim.now for view in self.views) * MOST_SENT / size / 1.2
            raise ValueError(
                f"the two runs have {events:,} events, more than one picture can carry: show less of them, for example "
                f"until={max(1, int(most)):_}"
            )


def _difference(
    names: Sequence[str], counts: Sequence[tuple[int, int]], broken: Sequence[str], target: float | None
) -> str:
    """``naive: 12 of 20 operations good = 60 %. mitigated: 19 of 20 operations good = 95 %, 35 percentage points more.

    Only mitigated reaches the target of 90 %.``
    """
    said = [
        f"{name}: " + (f"{good:,} of {n:,} operations good = {percent(good, n)}" if n else "nobody asked") + breach
        for name, (good, n), breach in zip(names, counts, broken, strict=True)
    ]
    if not all(n for _, n in counts):
        return f"{said[0]}. {said[1]}."
    first, second = (good / n for good, n in counts)
    points = 100 * (second - first)
    said[1] += (
        f", {abs(points):.3g} percentage points {'more' if points > 0 else 'less'}" if points else ", the same share"
    )
    reached = ""
    if target is not None:
        who = [name for name, share in zip(names, (first, second), strict=True) if share >= target]
        reached = f" {'Both reach' if len(who) == 2 else f'Only {who[0]} reaches' if who else 'Neither reaches'}"
        reached += f" the target of {100 * target:.4g} %."
    return f"{said[0]}. {said[1]}.{reached}"


def _good(run: dict[str, Any]) -> tuple[int, int]:
    """How many operations were good, and how many were judged."""
    outcomes = [op["outcome"] for op in run["operations"] if op["judged"] is not None]
    return outcomes.count("good"), len(outcomes)


# -- a card of the gallery --------------------------------------------------------------------------------------------


def _is_card(thing: Any) -> bool:
    return all(hasattr(thing, name) for name in ("simulate", "params", "until", "number"))


def _of_a_card(
    card: Any,
    names: tuple[str, str],
    title: str | None,
    seed: int,
    since: float | None,
    until: float | None,
    knobs: dict[str, Any],
) -> Comparison:
    params = _turned(card, knobs)
    whole = [card.simulate(params, seed, mitigated, "events").run(until=card.until) for mitigated in (False, True)]
    seen = [_seen(sim) for sim in whole]
    begin = max(0.0, (_first_bad(whole[0], seen[0]) - BEFORE_MS) // 100 * 100) if since is None else since
    for name, value in (("since", begin), ("until", until)):
        ok = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0
        if value is not None and not ok:
            raise ValueError(f"{name} is {value!r}: write ms, from 0 to {card.until:_.0f}")
    if not begin < (card.until if until is None else until) <= card.until:
        raise ValueError(
            f"since={begin:_.0f} and until={until!r} show nothing of this card: its run goes from 0 to "
            f"{card.until:_.0f} ms, and since comes before until"
        )
    end = _what_fits(whole, begin, card.until) if until is None else float(until)

    def view(mitigated: bool) -> PlayerView:
        def run(acts: list[Fault] | None) -> tuple[Simulation, list[Fault], PropertyBroken | None]:
            sim = card.simulate(params, seed, mitigated, "events")
            if acts is not None:
                sim.set_faults(acts)
            planned = sim.faults
            try:
                _run(sim, begin, end)
            except PropertyBroken as broken:
                return sim, planned, broken
            return sim, planned, None

        return PlayerView(
            run,
            live=True,
            judge=_seen,
            title=f"{card.number}. {card.title}",
            target=TARGET,
            roles=None,
            layout=None,
            at=begin + BEFORE_MS if begin + BEFORE_MS < end else begin,
            since=begin,
        )

    naive, mitigated = view(False), view(True)
    minute = [
        Answers(name, counted(one, card.until), sim.faults) for name, one, sim in zip(names, seen, whole, strict=True)
    ]
    shown = Whole(begin, end, card.until, [_counts(one) for one in seen], naive.faults, minute)
    return Comparison(naive, mitigated, names, title or f"{card.number}. {card.title}", shown)


def _turned(card: Any, knobs: dict[str, Any]) -> Any:
    known = [one.name for one in dataclasses.fields(card.params)]
    for name in knobs:
        if name not in known:
            raise ValueError(f"card {card.number}, {card.title}, has no knob {name!r}: it has {', '.join(known)}")
    return dataclasses.replace(card.params, **knobs)


def _run(sim: Simulation, begin: float, end: float) -> Simulation:
    """Run up to ``end``, and note what nodes know from ``begin`` on."""
    sim.run(until=begin)
    sim.record_states()
    return sim.run(until=end)


def _what_fits(sims: Sequence[Simulation], begin: float, last: float) -> float:
    """Until when both runs together fit into one picture, in ms."""
    times = [[event.time for event in sim.trace] for sim in sims]
    at = [bisect_left(one, begin) for one in times]
    size, end = OPERATION * sum(op.invoked <= begin for sim in sims for op in sim.history), begin
    while end < last:
        step = min(last, end + STEP_MS)
        for i, sim in enumerate(sims):
            upto = bisect_right(times[i], step)
            rows = Trace(sim.trace[at[i] : upto], sim.nodes).to_data(MOST_OF_A_VALUE)
            size += int(WITH_STATES * len(to_json(rows))) + OPERATION * len(rows["events"]) // 10
            at[i] = upto
        if size > MOST_OF_A_CARD and end >= begin + 2 * BEFORE_MS:
            return end
        end = step
    return end


def _first_bad(sim: Simulation, seen: Iterable[Seen]) -> float:
    """When the service first failed a user, once the first fault had struck; if it never did, when that struck."""
    struck = min((f.at for f in sim.faults), default=0.0)
    bad = [s.operation.invoked for s in seen if s.outcome not in ("good", "open")]
    return min((at for at in bad if at >= struck), default=struck)


def _counts(seen: Iterable[Seen]) -> tuple[int, int]:
    judged = [s.outcome for s in seen if s.judged is not None]
    return judged.count("good"), len(judged)


def _seen(sim: Simulation) -> list[Seen]:
    from ..failures.service import WITHIN_MS, wrong_reads  # here, because most pictures are of no card

    return what_users_saw(sim.history, sim.now, within=WITHIN_MS, wrong=wrong_reads(sim))
