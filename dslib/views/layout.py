"""Where nodes stand in a picture: the same names and links always give the same places.

A place is ``(x, y)``, both from 0 to 1, y downwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import cos, fsum, hypot, pi, sin
from typing import Any

Place = tuple[float, float]
Places = dict[str, Place]


def circle(names: Sequence[str], centre: Place = (0.5, 0.5), radius: Place = (0.5, 0.5)) -> Places:
    """On a circle, clockwise, the first one at the top; two stand side by side."""
    start = pi if len(names) == 2 else -pi / 2
    turns = [start + 2 * pi * i / max(1, len(names)) for i in range(len(names))]
    if len(names) == 1:
        return {names[0]: centre}
    return {
        name: (_round(centre[0] + radius[0] * cos(t)), _round(centre[1] + radius[1] * sin(t)))
        for name, t in zip(names, turns, strict=True)
    }


def lines(*groups: Sequence[str]) -> Places:
    """Each group in a line, one under the other.

    A line is slightly bent, so that a link between its ends does not run through the nodes between them.
    """
    groups = tuple(group for group in groups if group)
    places: Places = {}
    for row, group in enumerate(groups):
        y = 0.5 if len(groups) == 1 else row / (len(groups) - 1)
        bend = 0.0 if len(group) < 3 else 0.18 if y <= 0.5 else -0.18
        for i, name in enumerate(group):
            x = (i + 0.5) / len(group) if len(group) < 3 else i / (len(group) - 1)
            places[name] = (_round(x), _round(y + bend * (1 - (2 * x - 1) ** 2)))
    return places


def springs(names: Sequence[str], links: Iterable[tuple[str, str]], rounds: int = 150) -> Places:
    """Linked nodes near each other, others apart: the forces of Fruchterman & Reingold 1991, begun on a circle.

    Slow beyond a few hundred nodes: each round looks at every pair.
    """
    n = len(names)
    if n < 3:
        return circle(names)
    # The circle is squeezed a little, or forces would balance on it for ever.
    at = {name: [x, y * 0.9 + 0.01 * i / n] for i, (name, (x, y)) in enumerate(circle(names).items())}
    pairs = [(a, b) for a, b in links if a in at and b in at and a != b]
    ideal = (1 / n) ** 0.5
    for turn in range(rounds):
        force = {name: [0.0, 0.0] for name in names}
        for i, a in enumerate(names):
            for b in names[i + 1 :]:
                _push(at, force, a, b, lambda d: ideal * ideal / d)
        for a, b in pairs:
            _push(at, force, a, b, lambda d: -d * d / ideal)
        heat = 0.1 * (1 - turn / rounds)
        for name in names:
            fx, fy = force[name]
            strength = hypot(fx, fy) or 1.0
            at[name][0] += fx / strength * min(strength, heat)
            at[name][1] += fy / strength * min(strength, heat)
    return stretched({name: (x, y) for name, (x, y) in at.items()})


def arrange(
    names: Sequence[str], roles: Mapping[str, str], links: Sequence[tuple[str, str]], how: Any = None
) -> Places:
    """The places of all nodes.

    Args:
        names: the nodes, in the order of their lanes.
        roles: what each node is; clients stand in a line above the others.
        links: which pairs are linked.
        how: None chooses; ``"circle"``, ``"lines"`` or ``"springs"``; a dict of places; or a graph with ``.nodes`` and
            ``.edges``, such as a ``networkx.Graph``, whose nodes may carry a place as the attribute ``pos``.

    Raises:
        ValueError: ``how`` is none of these, or leaves a node without a place.
    """
    clients = [name for name in names if roles.get(name) == "client"]
    others = [name for name in names if name not in set(clients)]
    if how is None:
        if not clients or not others:
            return circle(names)
        if not any(a in others and b in others for a, b in links):
            return lines(clients, others)
        below = circle(others, (0.5, 0.68), (0.5, 0.32))
        # Each client stands above the servers that it talks to, as far as there is room.
        wanted = {
            c: [below[b if a == c else a][0] for a, b in links if c in (a, b) and (a in below or b in below)]
            for c in clients
        }
        clients.sort(key=lambda c: fsum(wanted[c]) / len(wanted[c]) if wanted[c] else 0.5)
        return {**{name: ((i + 0.5) / len(clients), 0.0) for i, name in enumerate(clients)}, **below}
    if how == "circle":
        return circle(names)
    if how == "lines":
        return lines(clients, others)
    if how == "springs":
        return springs(names, links)
    if isinstance(how, Mapping):
        missing = [name for name in names if name not in how]
        if missing:
            raise ValueError(
                f"the layout has no place for node {missing[0]!r}: add {missing[0]!r}: (x, y), both 0 to 1"
            )
        return {name: _place(name, how[name]) for name in names}
    if hasattr(how, "nodes") and hasattr(how, "edges"):
        given = {name: data["pos"] for name, data in _node_data(how) if name in set(names) and "pos" in data}
        if all(name in given for name in names):
            return stretched({name: (float(given[name][0]), -float(given[name][1])) for name in names})
        return springs(names, [(edge[0], edge[1]) for edge in how.edges])
    raise ValueError(f'the layout is {how!r}: write "circle", "lines", "springs", a dict of places, or a graph')


def _node_data(graph: Any) -> list[tuple[Any, Any]]:
    nodes = graph.nodes
    return [(name, nodes[name]) for name in nodes] if hasattr(nodes, "data") else []


def _place(name: str, value: Any) -> Place:
    try:
        x, y = value
        place = (float(x), float(y))
    except (TypeError, ValueError):
        raise ValueError(f"the place of node {name!r} is {value!r}: write (x, y), both from 0 to 1") from None
    if not all(0 <= part <= 1 for part in place):
        raise ValueError(f"the place of node {name!r} is {value!r}: x and y lie between 0 and 1")
    return place


def _push(at: dict[str, list[float]], force: dict[str, list[float]], a: str, b: str, law: Any) -> None:
    """Push two nodes apart (or together, where the law is negative) along the line between them."""
    dx, dy = at[a][0] - at[b][0], at[a][1] - at[b][1]
    distance = hypot(dx, dy) or 1e-6
    strength = law(distance) / distance
    force[a][0] += dx * strength
    force[a][1] += dy * strength
    force[b][0] -= dx * strength
    force[b][1] -= dy * strength


def stretched(places: Places) -> Places:
    """The same picture, filling the square from 0 to 1."""
    lows = [min(p[k] for p in places.values()) for k in (0, 1)]
    spans = [max(p[k] for p in places.values()) - lows[k] for k in (0, 1)]
    scale = [(lambda v, k=k: (v - lows[k]) / spans[k] if spans[k] > 1e-9 else 0.5) for k in (0, 1)]
    return {name: (_round(scale[0](x)), _round(scale[1](y))) for name, (x, y) in places.items()}


def _round(value: float) -> float:
    return round(value, 4)
