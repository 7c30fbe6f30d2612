"""One of each thing that a reader can look at, and a page that shows them all."""

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

import networkx as nx
from test_player import minority, quiet, struck

from dslib import Operation, Simulation, what_users_saw
from dslib.detection import measure_heartbeats, measure_phi
from dslib.metrics import bad_and_valid, slices
from dslib.scenarios import signed_camp
from dslib.slo import AlertRule
from dslib.sweeps import sweep
from dslib.views import (
    betray,
    budget_burn_down,
    burn_alerts,
    check,
    compare,
    cost_and_gain,
    detector_tradeoff,
    explore,
    goodput_and_queue,
    graph,
    latency_distribution,
    measured,
    play,
    predict,
    recap,
    region_map,
    reveal,
    risk_matrix,
    script,
    service_levels,
    space_time,
    spend_budget,
    sweep_results,
    timeline,
    who_said_what,
)


def troubled(seed: int = 0) -> Simulation:
    """A run with every kind of trouble that the player has a sign for."""
    return struck(
        (20, "slow", "r2", 4.0),
        (30, "jump_clock", "r3", 250),
        (60, "network.lose", "writer", "r1", 2),
        (150, "crash", "r1"),
        (200, "network.partition", ["writer", "r1", "r2"], ["r3"]),
        (260, "network.heal"),
        (280, "restart", "r1"),
        (300, "pause", "r2"),
        (340, "resume", "r2"),
        scenario=lambda: broken(seed),
    )()


def broken(seed: int = 0) -> Simulation:
    """The quiet scenario, and a property that a late write breaks."""
    sim = quiet(seed)

    def seven_writes_at_most(sim: Simulation) -> bool:
        return getattr(sim.nodes["r3"], "version", 0) <= 7

    sim.always(seven_writes_at_most)
    return sim


def operations(seed: int, number: int = 60) -> list[Operation]:
    """A made-up history with every way to end."""
    dice = random.Random(seed)
    made = []
    for i in range(number):
        start = float(dice.randrange(0, 9_000))
        end = None if dice.random() < 0.2 else start + dice.randrange(1, 150)
        status = None if end is None else dice.choice(["ok", "ok", "ok", "fail"])
        user = dice.choice(["alice", "bob"])
        made.append(Operation(user, "post", arg=i, id=i, invoked=start, completed=end, status=status))
    return made


def lost_calls(loss: float, seed: int = 0) -> float:
    """How many of five calls are lost."""
    dice = random.Random(seed)
    return float(sum(dice.random() < loss for _ in range(5)))


def players() -> Mapping[str, Any]:
    naive, mitigated = (play(run, until=400, seed=3, within=40) for run in (minority, quiet))
    return {
        "player": play(troubled, until=400, within=40, title="In trouble"),
        "comparison": compare(naive, mitigated),
    }


def cards() -> Mapping[str, Any]:
    """What a reader moves and answers."""

    def chat(loss: float = 0.2, cut: bool = True, seed: int = 0) -> Simulation:
        return (minority if cut else quiet)(seed, loss).run(until=150)

    return {
        "explore": explore(chat, lambda sim: space_time(sim.trace), loss=(0.0, 0.4, 0.2), cut=True, seed=[0, 1]),
        "predict": predict("access-choice", "Does the write finish?", ["yes", "no"]),
        "predict-number": predict("access-number", "How many writes are lost?", (0, 100, "writes")),
        "reveal": reveal("access-choice", "yes", "Two of three are a majority."),
        "check": check(
            "Who leads now?",
            {"r1": "It was cut off.", "r2": ""},
            "r2",
            "It has the longest log.",
            hints=["Look at the logs.", "The longest one counts.", "Five entries are more than four."],
        ),
        "check-number": check("How many posts were lost?", answer=4, unit="posts"),
        "traitor": betray(3),
        "budget-game": spend_budget(17).release(3).freeze(),
        "recap": recap(),
        "recap-course": recap(course=True),
    }


def plots() -> Mapping[str, Any]:
    ring = nx.cycle_graph(list("abcdef"))
    seen = what_users_saw(operations(1), 9_500, within=100, wrong={3})
    series = slices(seen, 500, 9_500)
    bad, valid = bad_and_valid(series)
    alice, bob = [3, 4, 5, 80, float("inf")], [1, 2, 3]
    lost = sweep(lost_calls, 40, check=lambda number: number < 2, loss=[0.0, 0.1, 0.3])
    return {
        "graph": graph(ring, cut=[("a", "b"), ("c", "d")], down=["e"], title="A ring"),
        "timeline": timeline(seen, target=0.9, title="Users"),
        "measured": measured([1, 2, 3], [1.0, 2.5, 3.0], 0.2, lambda x: x, "timeout (s)", "detection (s)"),
        "space-time": space_time(minority().run(until=400).trace, title="A run"),
        "who-said-what": who_said_what(signed_camp(liar="g2", lie=("forges", "retreat")).run(until=60), "A war"),
        "service-levels": service_levels(series, target=0.9, within_ms=100),
        "latency-distribution": latency_distribution({"alice": alice, "bob": bob}, 50, 0.9),
        "budget-burn-down": budget_burn_down(bad, valid, 0.6, 0.5),
        "burn-alerts": burn_alerts(bad, valid, 0.9, [AlertRule(long_s=4, short_s=1, factor=2)], 0.5),
        "goodput-and-queue": goodput_and_queue(series, [(0, 1), (4_000, 9), (9_000, 2)], capacity_per_s=8),
        "region-map": region_map({"r1": "Zurich", "r2": "Tokyo", "r3": "New York"}),
        "risk-matrix": risk_matrix({"retry storm": (4, 5), "split brain": (2, 5)}),
        "detector-tradeoff": detector_tradeoff(measure_heartbeats([200, 400], seeds=2) + measure_phi([1, 3], seeds=2)),
        "sweep-results": sweep_results(lost),
        "cost-and-gain": cost_and_gain([("alarm", 8, 70), ("canary", 16, 90), ("machine", 30, 26)], "saved", "cost"),
    }


def everything() -> Mapping[str, Any]:
    return {**players(), **cards(), **plots()}


PAGE = """<!doctype html>
<html lang="en" data-theme="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Views</title>
<style>
html { color-scheme: light dark; }
body { font: 16px/1.5 sans-serif; margin: 0 auto; padding: 8px; max-width: 1100px; color: #1a1a1a; background: #fff; }
@media (prefers-color-scheme: dark) { body { color: #eceded; background: #1e2023; } }
</style>
</head>
<body>
"""


def page() -> str:
    """A page as a book makes it: each view as it comes out of a notebook that ran without a front end."""
    with without_a_front_end():
        shown = {name: html_of(view) for name, view in everything().items()}
        still = players()["player"].still()
    sections = [f'<section id="{name}" aria-label="{escape(name)}">{html}</section>' for name, html in shown.items()]
    sections.append(f'<section id="still" aria-label="without a script">{still}</section>')
    return (
        f'{PAGE}<button id="before">before</button><main><h1>Views</h1>{"".join(sections)}</main>'
        f'<button id="after">after</button><script>{script.classic_script()}</script></body></html>'
    )


def html_of(view: Any) -> str:
    shown = view._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    return str(data["text/html"])


@contextmanager
def without_a_front_end() -> Iterator[None]:
    before = os.environ.get("DSLIB_STATIC")
    os.environ["DSLIB_STATIC"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["DSLIB_STATIC"]
        else:
            os.environ["DSLIB_STATIC"] = before
