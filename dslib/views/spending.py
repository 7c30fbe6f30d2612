"""Spend the budget, day by day: the game of releases and incidents, to be played by hand.

``spend_budget()`` is the value of a cell. In JupyterLab and in a page without a kernel it has two buttons,
*Release* and *Freeze*; from Python ``game.release()`` and ``game.freeze()`` do the same. ``game.month`` is what came
of it, for ``budget_burn_down(game.month.bad, game.month.valid, …)``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..scenarios.releases import DAYS, REQUESTS, TARGET, Month, day_of, freeze_below, left_after, play_month, played
from .chart import Axis, Chart, Line, Look, Panel, Points, Rule, linear, show
from .forms import awake
from .static import STYLE, View, how_to_touch, live, widget_class, with_widget

#: The files of the game's script.
PARTS = ("forms", "spending")
#: What is shown where nobody has played: a month under this rule.
EXAMPLE = 0.4


def spend_budget(seed: int = 17) -> BudgetGame:
    """Four weeks, one decision a day. The value of a cell.

    Raises:
        ValueError: the seed is no whole number, 0 or more.
    """
    return BudgetGame(seed)


class BudgetGame:
    """What ``spend_budget`` returns. ``decisions`` are those made so far, ``month`` is what came of them."""

    def __init__(self, seed: int) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ValueError(f"seed is {seed!r}: write a whole number, 0 or more")
        self.seed, self.decisions = seed, list[bool]()
        self._widget: Any = None

    @property
    def month(self) -> Month:
        """The days so far."""
        return played(self.decisions, self.seed)

    def release(self, days: int = 1) -> BudgetGame:
        """Release today, or on each of so many days."""
        return self._decide(True, days)

    def freeze(self, days: int = 1) -> BudgetGame:
        """Release nothing today, or on so many days."""
        return self._decide(False, days)

    def again(self) -> BudgetGame:
        """Back to the first morning of the same month."""
        self.decisions = []
        return self._told()

    def _decide(self, release: bool, days: int) -> BudgetGame:
        left = DAYS - len(self.decisions)
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= left:
            raise ValueError(f"days is {days!r}, and {left} of {DAYS} are left: write a whole number, or call again()")
        self.decisions += [release] * days
        return self._told()

    def _told(self) -> BudgetGame:
        if self._widget is not None:
            self._widget.game = self._data()
        return self

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """The reader pressed a button: what the form has decided is what was decided."""
        decisions = message.get("decisions") if isinstance(message, dict) else None
        if isinstance(decisions, list) and len(decisions) <= DAYS and all(isinstance(one, bool) for one in decisions):
            self.decisions = decisions

    def _data(self) -> dict[str, Any]:
        days = [day_of(self.seed, number, True) for number in range(DAYS)]
        return {
            "seed": self.seed,
            "days": [
                [day.failed - day.from_release - day.from_incident, day.from_incident, day.from_release] for day in days
            ],
            "requests": REQUESTS,
            "target": f"{100 * TARGET:g} %",
            "budget": round((1 - TARGET) * DAYS * REQUESTS),
            "decisions": self.decisions,
        }

    @property
    def finding(self) -> str:
        """Where the game stands; if nobody has played, how a simple rule does."""
        if self.decisions:
            return f"Month {self.seed}: {self.month}"
        month = play_month(freeze_below(EXAMPLE), self.seed)
        return f"Month {self.seed}, not played yet. A rule that freezes below {100 * EXAMPLE:g} % gets: {month}"

    def __str__(self) -> str:
        return self.finding

    __repr__ = __str__

    def to_html(self) -> str:
        """The picture and the finding: where scripts run without a kernel, the game."""
        month = self.month if self.decisions else play_month(freeze_below(EXAMPLE), self.seed)
        how = "" if live() else how_to_touch("play this by hand")
        return awake("budget", self._data(), f"{budget_picture(month, self.finding).to_html()}{how}", *PARTS)

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.to_html()}"

    @property
    def widget(self) -> Any:
        """The notebook widget, made when first asked for; None where anywidget is not installed."""
        if self._widget is None and (kind := _widget_class()) is not None:
            self._widget = kind(game=self._data())
            self._widget.on_msg(self._heard)
        return self._widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return with_widget(self, {"text/html": self._repr_html_(), "text/plain": self.finding})


def budget_picture(month: Month, finding: str = "") -> View:
    """What is left of the budget each evening, and under it what happened on each day."""
    left, failed = [100.0], 0
    for day in month.days:
        failed += day.failed
        left.append(100 * left_after(failed, month.target))
    days = list(range(len(month.days) + 1))
    time = Axis("day", 0.0, float(DAYS), tuple((float(d), str(d)) for d in range(0, DAYS + 1, 7)))
    marks: list[Any] = [
        Rule(0.0, Look("ink", width=1.4), "empty"),
        Line(days, left, Look("delivered", width=2.4), "budget left"),
    ]
    signs: dict[str, tuple[Look, list[float]]] = {
        "release": (Look("delivered", marker="^", width=0), []),
        "faulty release": (Look("dropped", marker="x", width=0), []),
        "incident": (Look("leader", marker="D", width=0), []),
    }
    for number, day in enumerate(month.days):
        if day.released:
            signs["faulty release" if day.from_release else "release"][1].append(number + 0.5)
        if day.from_incident:
            signs["incident"][1].append(number + 0.5)
    lanes = [Points(spots, [2.0 - row] * len(spots), look) for row, (look, spots) in enumerate(signs.values()) if spots]
    rows = Axis("", -0.6, 2.6, tuple((2.0 - row, name) for row, name in enumerate(signs)))
    chart = Chart((Panel(time, linear("budget left (%)", [*left, 0.0]), tuple(marks), 170),
                   Panel(time, rows, tuple(lanes), 70)))  # fmt: skip
    return show("Error budget over four weeks, with releases and incidents", "", finding or str(month), chart)


@cache
def _widget_class() -> Any:
    return widget_class("spending", "game", after=("forms",))
