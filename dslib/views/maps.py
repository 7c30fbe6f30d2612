"""A map of where machines stand, with how long light needs between them. Drawn from our own table of cities alone."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, pairwise
from math import asin, atan2, cos, degrees, hypot, nan, radians, sin
from typing import Any

from ..places import Place, Places, coordinates, distance_km, light_ms
from .chart import SERIES, WIDTH, Axis, Chart, Line, Look, Panel, Points, Words, number, said, show
from .static import View, count, names

#: Up to so many cities, all links are drawn; beyond, only those that are asked for.
ALL_LINKS = 5

Spot = tuple[float, float]


def region_map(
    places: Places | Mapping[str, Place | str],
    links: Any = None,
    title: str = "",
) -> View:
    """Where nodes stand on Earth, and for each link how long light in fibre takes, one way.

    Meridians and parallels, no coasts. A link follows the great circle, so it looks bent. Each region has a marker of
    its own, that of its first node in a city.

    Args:
        places: ``Places`` or a mapping of nodes to places, or to the names of cities: ``{"r1": "Zurich"}``.
        links: pairs of nodes, or a graph with ``.edges``. Without it: every pair of cities, up to five cities.

    Raises:
        ValueError: a city is not in the table, or a link names a node that has no place.
        TypeError: these are no places.
    """
    where = _places(places)
    cities: dict[str, list[str]] = {}
    for node, place in where.items():
        if place.city is not None:
            cities.setdefault(place.city, []).append(node)
    pairs = _links(links, where, cities)
    finding = _map_finding(where, cities, pairs, links)
    if not cities:
        return said("Map of regions", title, finding)
    west = _west(list(cities))
    arcs = {pair: _arc(*pair, west) for pair in pairs}
    dots = {city: (coordinates(city)[0], _turned(coordinates(city)[1], west)) for city in cities}
    latitudes = [lat for lat, _ in dots.values()] + [lat for arc in arcs.values() for lat, _ in arc if lat == lat]
    longitudes = [lon for _, lon in dots.values()] + [lon for arc in arcs.values() for _, lon in arc if lon == lon]
    south, north = _around(latitudes, 10.0, -90.0, 90.0)
    left, right = _around(longitudes, 24.0, west, west + 360)
    x = Axis("longitude", left, right, _graticule(left, right, "E", "W"))
    y = Axis("latitude", south, north, _graticule(south, north, "N", "S"))
    squeeze = max(cos(radians((south + north) / 2)), 0.3)
    height = min(max((WIDTH - 120) * (north - south) / ((right - left) * squeeze), 230.0), 400.0)
    marks: list[Any] = []
    for arc in arcs.values():
        marks.append(Line([lon for _, lon in arc], [lat for lat, _ in arc], Look("ink", width=1.2, opacity=0.6)))
    for (a, b), arc in arcs.items():
        lat, lon = arc[len(arc) // 2]
        if lat == lat:
            marks.append(Words(lon, lat, f"{number(round(light_ms(a, b), 1))} ms"))
    regions = list(dict.fromkeys(where[cities[city][0]].region or "" for city in cities))
    for k, region in enumerate(regions):
        mine = [city for city in cities if (where[cities[city][0]].region or "") == region]
        look = SERIES[k % len(SERIES)]
        told = [_told(city, cities[city]) for city in mine]
        spots = [dots[city] for city in mine]
        named = region or ("no region" if len(regions) > 1 else "")
        dot = Look(look.colour, "", look.marker, 0)
        marks.append(Points([lon for _, lon in spots], [lat for lat, _ in spots], dot, named, names=told))
    panel = Panel(x, y, tuple(marks), round(height), grid="xy")
    return show("Map of regions", title, finding, Chart((panel,)))


def _places(places: Any) -> dict[str, Place]:
    found = places.of if isinstance(places, Places) else places
    if not isinstance(found, Mapping):
        raise TypeError(
            f"region_map(…) shows places, not a {type(places).__name__}: write sim.network.places, or "
            "{'r1': 'Zurich', 'r2': 'Tokyo'}"
        )
    where = {}
    for node, place in found.items():
        if isinstance(place, str):
            place = Place(city=place)
        if not isinstance(place, Place):
            raise TypeError(f"the place of {node!r} is {place!r}: write Place(city='Zurich'), or the city's name")
        where[str(node)] = place
    return where


def _links(links: Any, where: Mapping[str, Place], cities: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """The pairs of cities to draw, each once."""
    if links is None:
        return list(combinations(cities, 2)) if len(cities) <= ALL_LINKS else []
    found: dict[tuple[str, str], None] = {}
    order = list(cities)
    for pair in getattr(links, "edges", links):
        try:
            ends = [str(pair[0]), str(pair[1])]
        except (TypeError, IndexError, KeyError):
            raise ValueError(f"links holds {pair!r}: write the two ends of each link, [('r1', 'r2')]") from None
        for node in ends:
            if node not in where:
                raise ValueError(f"links names the node {node!r}, which has no place: the nodes are {names(where)}")
        a, b = (where[node].city for node in ends)
        if a is not None and b is not None and a != b:
            found[(a, b) if order.index(a) < order.index(b) else (b, a)] = None
    return list(found)


def _told(city: str, nodes: list[str]) -> str:
    return city if nodes == [city] else f"{city}: {names(nodes) if len(nodes) <= 3 else f'{len(nodes)} nodes'}"


def _map_finding(where: Mapping[str, Place], cities: Mapping[str, list[str]], pairs: Any, links: Any) -> str:
    nowhere = [node for node, place in where.items() if place.city is None]
    words = f"{count(len(where), 'node')} in {len(cities)} {'city' if len(cities) == 1 else 'cities'}"
    regions = list(dict.fromkeys(place.region for place in where.values() if place.region))
    words += f" and {count(len(regions), 'region')} ({names(regions)})" if regions else ""
    if not where:
        words = "No node has a place"
    words += f"; not on the map, as no city is known: {names(nowhere)}" if nowhere else ""
    known = pairs or ([] if links is not None else list(combinations(cities, 2)))
    if known:
        far = max(known, key=lambda pair: distance_km(*pair))
        near = min(known, key=lambda pair: distance_km(*pair))
        what = "linked " if links is not None else ""
        words += f". Farthest {what}apart: {_apart(*far)}; a question and its answer take at least "
        words += f"{number(round(2 * light_ms(*far), 1))} ms"
        words += f". Nearest: {_apart(*near)}" if near != far else ""
        return f"{words}."
    if len(cities) == 1:
        return f"{words}. All stand in {next(iter(cities))}: light between them takes next to no time."
    return f"{words}. No link crosses between cities." if cities else f"{words}."


def _apart(a: str, b: str) -> str:
    return f"{a} and {b}, {distance_km(a, b):,.0f} km, {number(round(light_ms(a, b), 1))} ms of light in fibre one way"


# -- the Earth ---------------------------------------------------------------------------------------------------------


def _west(cities: list[str]) -> float:
    """The meridian at which the map is cut open: in the middle of the widest stretch without a city.

    The Atlantic in the middle is what people know; so the usual cut at 180° stays unless it would tear cities apart.
    """
    around = sorted(coordinates(city)[1] for city in cities)
    if around[-1] - around[0] <= 180:
        return -180.0
    gaps = [(b - a, a) for a, b in pairwise([*around, around[0] + 360])]
    widest, start = max(gaps)
    usual = around[0] + 360 - around[-1]
    return -180.0 if usual >= widest - 60 else round(start + widest / 2) - (360.0 if start + widest / 2 > 180 else 0.0)


def _turned(longitude: float, west: float) -> float:
    return west + (longitude - west) % 360


def _arc(a: str, b: str, west: float, pieces: int = 48) -> list[Spot]:
    """Spots (latitude, longitude) on the great circle, with a gap where it crosses the edge of the map."""
    (x1, y1, z1), (x2, y2, z2) = _unit(a), _unit(b)
    angle = 2 * asin(min(1.0, hypot(x1 - x2, y1 - y2, z1 - z2) / 2))
    spots: list[Spot] = []
    for i in range(pieces + 1):
        t = i / pieces
        p, q = (sin((1 - t) * angle) / sin(angle), sin(t * angle) / sin(angle)) if angle > 1e-9 else (1 - t, t)
        x, y, z = p * x1 + q * x2, p * y1 + q * y2, p * z1 + q * z2
        spot = degrees(atan2(z, hypot(x, y))), _turned(degrees(atan2(y, x)), west)
        if spots and spots[-1] == spots[-1] and abs(spot[1] - spots[-1][1]) > 180:
            spots.append((nan, nan))
        spots.append((round(spot[0], 3), round(spot[1], 3)))
    return spots


def _unit(city: str) -> tuple[float, float, float]:
    lat, lon = map(radians, coordinates(city))
    return cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)


def _around(values: list[float], least: float, low: float, high: float) -> tuple[float, float]:
    """The ends of an axis: some air around all values, and not too narrow."""
    air = min(10.0, max(2.5, 0.15 * (max(values) - min(values))))
    first, last = min(values) - air, max(values) + air
    if last - first < least:
        first, last = (first + last - least) / 2, (first + last + least) / 2
    return max(first, low), min(last, high)


def _graticule(low: float, high: float, plus: str, minus: str) -> tuple[tuple[float, str], ...]:
    step = next(step for step in (5, 10, 15, 30, 60) if (high - low) / step <= 7 or step == 60)
    first = int(-(-low // step))
    marks = []
    for k in range(first, int(high // step) + 1):
        degree = (k * step + 180) % 360 - 180 if plus == "E" else k * step
        sign = "" if degree in (0, -180) else plus if degree > 0 else minus
        marks.append((float(k * step), f"{abs(degree)}°{sign}"))
    return tuple(marks)
