"""A picture of a topology: who can still reach whom, and what one more loss would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import atan2, cos, hypot, pi, sin
from typing import Any

from .layout import arrange, stretched
from .spacetime import shortened, svg_text
from .static import COLOUR, View, count, names, picture, px

#: Fills that tell groups of nodes apart, with a dark letter on them: three of Okabe and Ito's that mean nothing else.
GROUP_FILLS = ("#56b4e9", "#e69f00", "#f0e442")

RADIUS = 16.0


def graph(
    g: Any,
    positions: Any = None,
    cut: Iterable[tuple[Any, Any]] = (),
    down: Iterable[Any] = (),
    title: str = "",
    weak: bool = True,
) -> View:
    """A topology: which nodes can still reach each other, and which single node or link would split a group.

    An articulation point is a node, a bridge a link, whose loss alone leaves its group in more pieces (Tarjan 1972,
    "Depth-first search and linear graph algorithms"); networkx finds them.

    Args:
        g: any graph with ``.nodes`` and ``.edges`` (a ``networkx.Graph``); directions are ignored.
        positions: node -> (x, y) in 0..1, y downwards; coordinates in any other range, such as ``nx.spring_layout(g)``,
            are scaled, y upwards; or what else ``layout.arrange`` takes. Without it: a circle when all nodes have
            equally many links, else linked nodes near each other.
        cut: links that are cut, as pairs.
        down: nodes that have crashed.
        weak: mark articulation points and bridges; False where the reader is to find them.

    Raises:
        ValueError: the graph has no nodes, or ``cut`` names a link, or ``down`` a node, that it does not have.
        TypeError: this is no graph.
    """
    if not (hasattr(g, "nodes") and hasattr(g, "edges")):
        raise TypeError(
            f"graph(…) shows what has .nodes and .edges, such as a networkx.Graph, not a {type(g).__name__}"
        )
    import networkx as nx

    whole = nx.Graph()
    whole.add_nodes_from(g.nodes)
    whole.add_edges_from((edge[0], edge[1]) for edge in g.edges if edge[0] != edge[1])
    if not whole.nodes:
        raise ValueError("the graph has no nodes: add some, for example g.add_edge('a', 'b')")
    order = {node: i for i, node in enumerate(whole.nodes)}
    cuts = list(dict.fromkeys(_link(pair, whole, order) for pair in cut))
    known = _known(down, order)
    crashed = [node for node in whole.nodes if node in known]

    left = whole.copy()
    left.remove_edges_from(cuts)
    left.remove_nodes_from(crashed)
    # Components come as sets: put into the order of the nodes, or the picture would differ from run to run.
    groups = [sorted(group, key=order.__getitem__) for group in nx.connected_components(left)]
    groups.sort(key=lambda group: order[group[0]])
    splitting = sorted(set(nx.articulation_points(left)) if weak else (), key=order.__getitem__)
    bridges = [_ordered(pair, order) for pair in nx.bridges(left)] if weak else []
    bridges.sort(key=lambda pair: (order[pair[0]], order[pair[1]]))

    finding = _graph_finding(whole, cuts, crashed, groups, splitting, bridges, weak)
    links = [_ordered(pair, order) for pair in whole.edges]
    if positions is None:
        positions = "circle" if len({degree for _, degree in whole.degree}) == 1 else "springs"
    places = arrange(list(order), {}, links, _scaled(positions, order))
    drawn = _Topology(places, links, set(cuts), set(crashed), groups, set(splitting), set(bridges))
    return picture("Topology", title, finding, *drawn.draw())


def _scaled(positions: Any, order: Mapping[Any, int]) -> Any:
    """Coordinates from elsewhere, such as ``nx.spring_layout(g)``: y grows upwards there, in any range."""
    if not isinstance(positions, Mapping) or any(node not in positions for node in order):
        return positions
    try:
        given = {node: (float(x), float(y)) for node, (x, y) in positions.items() if node in order}
    except (TypeError, ValueError):
        return positions  # arrange says which one is no place
    if all(0 <= part <= 1 for place in given.values() for part in place):
        return positions
    return stretched({node: (x, -y) for node, (x, y) in given.items()})


def _graph_finding(whole: Any, cuts: Any, crashed: Any, groups: Any, splitting: Any, bridges: Any, weak: bool) -> str:
    size = f"{count(len(whole.nodes), 'node')}, {count(len(whole.edges), 'link')}"
    size += f", {len(cuts)} of them cut ({names(map(_dash, cuts))})" if cuts else ""
    size += f", {count(len(crashed), 'node')} down ({names(crashed)})" if crashed else ""
    up = "All nodes that are up" if crashed else "All nodes"
    if not groups:
        return f"{size}. No node is up."
    if len(groups) > 1:
        reach = f"What is left falls into {len(groups)} groups: {' | '.join(names(group) for group in groups)}."
    else:
        reach = f"{up} can reach each other." if len(groups[0]) > 1 else f"Only {groups[0][0]} is up."
    losses = [f"node {names(splitting, 'or')}"] if splitting else []
    losses += [f"link {names(map(_dash, bridges), 'or')}"] if bridges else []
    if losses:
        return f"{size}. {reach} One more loss splits a group: {'; '.join(losses)}."
    if weak and (len(groups[0]) > 1 or len(groups) > 1):
        return f"{size}. {reach} No single loss more splits a group."
    return f"{size}. {reach}"


class _Topology:
    """Draws one topology: links first, nodes over their ends, names where no link is, a key below."""

    def __init__(
        self, places: Any, links: Any, cuts: Any, down: Any, groups: Any, splitting: Any, bridges: Any
    ) -> None:
        big = len(places) > 8
        self.width, self.height = (560, 400) if big else (400, 270)
        self.at = {n: (60 + x * (self.width - 120), 34 + y * (self.height - 76)) for n, (x, y) in places.items()}
        self.links, self.cuts, self.down, self.bridges = links, cuts, down, bridges
        self.splitting = splitting
        self.group = {node: number for number, group in enumerate(groups) for node in group} if len(groups) > 1 else {}

    def draw(self) -> tuple[int, int, list[str]]:
        rows = self._key()
        body = [self._link(pair) for pair in self.links] + [self._node(node) for node in self.at]
        for row, (sign, words) in enumerate(rows):
            y = self.height + 10 + 20 * row
            body.append(f'<g transform="translate(24 {y})">{sign}</g>{svg_text(48, y + 4, words, "start")}')
        return self.width, self.height + 20 * len(rows) + 8, body

    def _link(self, pair: tuple[Any, Any]) -> str:
        (x1, y1), (x2, y2) = self.at[pair[0]], self.at[pair[1]]
        length = hypot(x2 - x1, y2 - y1) or 1.0
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        start, stop = (RADIUS + 4.8 * (node in self.splitting) for node in pair)
        x1, y1, x2, y2 = x1 + ux * start, y1 + uy * start, x2 - ux * stop, y2 - uy * stop
        if pair in self.cuts:
            middle = f"translate({px((x1 + x2) / 2)} {px((y1 + y2) / 2)})"
            sign = f'<g transform="{middle} rotate({px(atan2(uy, ux) * 180 / pi)})">{_CUT_SIGN}</g>'
            return _line(x1, y1, x2, y2, f'stroke="{COLOUR["cut"]}" stroke-width="1.6" stroke-dasharray="2 4"') + sign
        if pair[0] in self.down or pair[1] in self.down:
            return _line(x1, y1, x2, y2, 'stroke="currentColor" stroke-opacity=".5" stroke-dasharray="1 5"')
        if pair in self.bridges:
            return "".join(
                _line(x1 - k * uy, y1 + k * ux, x2 - k * uy, y2 + k * ux, 'stroke="currentColor" stroke-width="1.4"')
                for k in (-2.5, 2.5)
            )
        return _line(x1, y1, x2, y2, 'stroke="currentColor" stroke-opacity=".6" stroke-width="1.5"')

    def _node(self, node: Any) -> str:
        x, y = self.at[node]
        dx, dy = self._free_side(node)
        far = RADIUS + (10 if node in self.splitting else 5)
        anchor = "start" if dx > 0.3 else "end" if dx < -0.3 else "middle"
        name = svg_text(
            px(x + dx * far),
            px(y + dy * far + 4.5 + 4.5 * dy),
            shortened(str(node), 14),
            anchor,
            weight=600,
        )
        return f'<g transform="translate({px(x)} {px(y)})">{self._sign(node)}</g>{name}'

    def _sign(self, node: Any) -> str:
        if node in self.down:
            return _DOWN_SIGN
        number = self.group.get(node)
        fill = GROUP_FILLS[number] if number is not None and number < len(GROUP_FILLS) else "none"
        stroke = "currentColor" if fill != "none" else COLOUR["delivered"]
        sign = f'<circle r="{RADIUS - 1:g}" fill="{fill}" stroke="{stroke}" stroke-width="2"/>'
        if number is not None:
            ink = "currentColor" if fill == "none" else "#1a1a1a"
            sign += f'<text y="4.5" text-anchor="middle" font-weight="600" fill="{ink}">{_letters(number)}</text>'
        return sign + (_RING_SIGN if node in self.splitting else "")

    def _free_side(self, node: Any) -> tuple[float, float]:
        """The direction in which the name meets no link: below, or the farthest from all of eight."""
        x, y = self.at[node]
        others = [self.at[b if a == node else a] for a, b in self.links if node in (a, b)]
        ways = [atan2(oy - y, ox - x) for ox, oy in others]

        def room(turn: float) -> float:
            return min((abs((turn - way + pi) % (2 * pi) - pi) for way in ways), default=pi)

        turns = [pi / 2, -pi / 2, 0.0, pi, pi / 4, 3 * pi / 4, -pi / 4, -3 * pi / 4]
        best = max(turns, key=lambda turn: (round(min(room(turn), pi / 2), 3), -turns.index(turn)))
        return cos(best), sin(best)

    def _key(self) -> list[tuple[str, str]]:
        """The signs that occur, with their meanings."""
        rows = []
        if self.splitting:
            rows.append((f'<g transform="scale(.5)">{_RING_SIGN}</g>', "articulation point: its loss splits the group"))
        if self.bridges:
            lines = '<path d="M-10 -2.5H10M-10 2.5H10" stroke="currentColor" stroke-width="1.4"/>'
            rows.append((lines, "bridge: its loss splits the group"))
        if self.cuts:
            rows.append(
                (f'<path d="M-10 0H10" stroke="{COLOUR["cut"]}" stroke-dasharray="2 4"/>{_CUT_SIGN}', "cut link")
            )
        if self.down:
            rows.append((f'<g transform="scale(.55)">{_DOWN_SIGN}</g>', "node that is down"))
        return rows


_CUT_SIGN = f'<path d="M-9 6l6 -12M-3 6l6 -12M3 6l6 -12" stroke="{COLOUR["cut"]}" stroke-width="2.2"/>'
_RING_SIGN = f'<circle r="{RADIUS + 4:g}" stroke="currentColor" stroke-width="1.6" stroke-dasharray="4 3"/>'
_DOWN_SIGN = (
    f'<circle r="{RADIUS - 1:g}" stroke="currentColor" stroke-width="1.6" stroke-dasharray="3 3"/>'
    '<path d="M-11 0H11" stroke="currentColor" stroke-width="8"/>'
)


def _line(x1: float, y1: float, x2: float, y2: float, looks: str) -> str:
    return f'<path d="M{px(x1)} {px(y1)}L{px(x2)} {px(y2)}" {looks}/>'


def _link(pair: Any, whole: Any, order: Mapping[Any, int]) -> tuple[Any, Any]:
    try:
        a, b = pair
    except (TypeError, ValueError):
        raise ValueError(f"cut holds {pair!r}: write the two ends of each link, cut=[('a', 'b')]") from None
    if not whole.has_edge(a, b):
        raise ValueError(f"cut names the link {a!r} - {b!r}, which the graph does not have")
    return _ordered((a, b), order)


def _known(down: Iterable[Any], order: Mapping[Any, int]) -> set[Any]:
    crashed = [down] if isinstance(down, str) else list(down)
    for node in crashed:
        if node not in order:
            raise ValueError(f"down names the node {node!r}; the nodes are {names(map(repr, order))}")
    return set(crashed)


def _ordered(pair: Any, order: Mapping[Any, int]) -> tuple[Any, Any]:
    a, b = pair
    return (a, b) if order[a] <= order[b] else (b, a)


def _dash(pair: tuple[Any, Any]) -> str:
    return f"{pair[0]}–{pair[1]}"


def _letters(number: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number] if number < 26 else str(number + 1)
