"""Pictures: a topology of twenty nodes, drawn again for every frame by `graph()`, and by networkx with matplotlib.

A frame is one more link cut, as when a learner drags a slider. Both draw the same links at the same places; `graph()`
also works out who can reach whom and which loss would split a group. An animation in matplotlib that moves its artists
instead of drawing anew stands beside them, for it is the best that can be done there. And a chart is drawn by both of
our renderers.
"""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from itertools import combinations
from random import Random
from typing import Any

from .paired import cost, ratios
from .table import Row

NODES, FRAMES, ROUNDS, REPETITIONS = 20, 4, 5, 3
FEWER = {"tiny": (1, 1, 1)}


def rows(size: str, progress: Any) -> list[Row]:
    what = f"graph() of {NODES} nodes, a frame"
    try:
        import matplotlib
        import networkx  # noqa: F401
    except ImportError as missing:
        return [Row(None, what, not_run=f"{missing}: pip install matplotlib networkx")]
    matplotlib.use("svg")
    frames, rounds, repetitions = FEWER.get(size, (FRAMES, ROUNDS, REPETITIONS))
    progress(f"pictures: {what}")
    costs = [cost(_topologies(), frames, rounds) for _ in range(repetitions)]
    base = "nx.draw and savefig"
    found = [
        Row(None, f"{what}, against {base}", measured=ratios(costs, "graph()", base)),
        Row(None, f"moved artists and savefig, {NODES} nodes, against {base}", measured=ratios(costs, "artists", base)),
        Row(None, what, measured=[1_000 * each["graph()"] for each in costs], unit=" ms"),
        Row(None, f"{base}, {NODES} nodes, a frame", measured=[1_000 * each[base] for each in costs], unit=" ms"),
    ]
    progress("pictures: charts")
    charts = [cost(_charts(), frames, rounds) for _ in range(repetitions)]
    chart = "a chart with two panels"
    found.append(Row(None, f"{chart}: SVG backend, against matplotlib", measured=ratios(charts, "svg", "matplotlib")))
    found.append(Row(None, f"{chart}, by matplotlib", measured=[1_000 * c["matplotlib"] for c in charts], unit=" ms"))
    return found


def _repeated(frame: Callable[[int], Any]) -> Callable[[int], int]:
    number = 0

    def turn(frames: int) -> int:
        nonlocal number
        for _ in range(frames):
            frame(number)
            number += 1
        return frames

    return turn


def _topologies() -> dict[str, Callable[[int], int]]:
    import networkx as nx
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    from dslib.views import graph
    from dslib.views.layout import springs

    dice = Random("bench/pictures")
    names = [f"r{i + 1}" for i in range(NODES)]
    links = [pair for pair in combinations(names, 2) if dice.random() < 0.15]
    g = nx.Graph(links)
    g.add_nodes_from(names)
    places = springs(names, links)

    def ours(frame: int) -> str:
        return graph(g, positions=places, cut=links[: frame % 8]).svg

    def theirs(frame: int) -> str:
        figure = Figure()
        axes = figure.add_subplot()
        looks = ["dashed" if i < frame % 8 else "solid" for i in range(len(links))]
        nx.draw(g, places, ax=axes, with_labels=True, edgelist=links, style=looks)
        page = StringIO()
        figure.savefig(page, format="svg")
        return page.getvalue()

    figure = Figure()
    axes = figure.add_subplot()
    lines = LineCollection([(places[a], places[b]) for a, b in links])
    axes.add_collection(lines)
    axes.scatter(*zip(*places.values(), strict=True))
    for name, (x, y) in places.items():
        axes.text(x, y, name)
    axes.set_axis_off()

    def moved(frame: int) -> str:
        lines.set_linestyles(["dashed" if i < frame % 8 else "solid" for i in range(len(links))])
        page = StringIO()
        figure.savefig(page, format="svg")
        return page.getvalue()

    return {
        "graph()": _repeated(ours),
        "nx.draw and savefig": _repeated(theirs),
        "artists": _repeated(moved),
    }


def _charts() -> dict[str, Callable[[int], int]]:
    from dslib.metrics import Slice
    from dslib.views import chart_matplotlib, chart_svg, service_levels

    dice = Random("bench/charts")
    series = [
        Slice(
            i * 1_000.0, i * 1_000.0 + 1_000, 50, dice.uniform(0.9, 1), 50, 48, dice.uniform(5, 9), dice.uniform(20, 90)
        )
        for i in range(120)
    ]
    chart: Any = service_levels(series, 0.95, 80).chart  # type: ignore[attr-defined]
    return {
        "svg": _repeated(lambda _: chart_svg.draw(chart)),
        "matplotlib": _repeated(lambda _: chart_matplotlib.draw(chart)),
    }
