"""Places: where machines stand, what fails together because of it, and how far light has to go.

A node stands in a rack, a rack in a zone (one building, one power supply), a zone in a region; and every machine stands
in a city, under somebody's law. ``Network(places=Places({"r1": Place(city="Zurich", zone="A")}))`` says so. Whatever
fails as a whole is a failure domain: ``sim.remove("zone", "A")``, ``sim.network.isolate("region", "Europe")``.

No message is faster than light. In glass it covers about 200,000 km/s, two thirds of its speed in a vacuum, and no
cable is shorter than the great circle: a bound that no engineer lowers.

>>> light_ms("New York", "Shanghai") * 2 > 118  # a question and its answer
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from math import asin, cos, inf, radians, sin, sqrt

from .faults import time_ms
from .links import GRID

#: Light in optical fibre, in km per ms: its refractive index is about 1.5.
FIBRE_KM_PER_MS = 200.0

#: The mean radius of the Earth.
EARTH_KM = 6371.0

#: Latitude and longitude in degrees, north and east positive, rounded to 0.01 (about 1 km). General geographic
#: knowledge, as any atlas has it; the centre of the city, not of a data centre.
CITIES = {
    "Amsterdam": (52.37, 4.90),
    "Ashburn": (39.04, -77.49),
    "Bangalore": (12.97, 77.59),
    "Beijing": (39.90, 116.41),
    "Berlin": (52.52, 13.40),
    "Brussels": (50.85, 4.35),
    "Cairo": (30.04, 31.24),
    "Cape Town": (-33.92, 18.42),
    "Chicago": (41.88, -87.63),
    "Delhi": (28.61, 77.21),
    "Dubai": (25.20, 55.27),
    "Dublin": (53.35, -6.26),
    "Frankfurt": (50.11, 8.68),
    "Geneva": (46.20, 6.14),
    "Helsinki": (60.17, 24.94),
    "Hong Kong": (22.32, 114.17),
    "Jakarta": (-6.21, 106.85),
    "Johannesburg": (-26.20, 28.05),
    "Lagos": (6.52, 3.38),
    "London": (51.51, -0.13),
    "Los Angeles": (34.05, -118.24),
    "Madrid": (40.42, -3.70),
    "Mexico City": (19.43, -99.13),
    "Milan": (45.46, 9.19),
    "Moscow": (55.76, 37.62),
    "Mumbai": (19.08, 72.88),
    "Nairobi": (-1.29, 36.82),
    "New York": (40.71, -74.01),
    "Paris": (48.86, 2.35),
    "San Francisco": (37.77, -122.42),
    "Santiago": (-33.45, -70.67),
    "São Paulo": (-23.55, -46.63),
    "Seattle": (47.61, -122.33),
    "Seoul": (37.57, 126.98),
    "Shanghai": (31.23, 121.47),
    "Singapore": (1.35, 103.82),
    "Stockholm": (59.33, 18.07),
    "Strasbourg": (48.57, 7.75),
    "Sydney": (-33.87, 151.21),
    "Tel Aviv": (32.08, 34.78),
    "Tokyo": (35.68, 139.69),
    "Toronto": (43.65, -79.38),
    "Vienna": (48.21, 16.37),
    "Warsaw": (52.23, 21.01),
    "Zurich": (47.37, 8.54),
}

#: The levels of failure domains, the smallest first.
LEVELS = ("rack", "zone", "region", "jurisdiction", "city")


@dataclass(frozen=True)
class Place:
    """Where a machine stands. What is left out is not known, and fails with nothing.

    ``rack``, ``zone``, ``region`` and ``jurisdiction`` are names of your own; give two racks two names, even in
    different zones. ``city`` is one of ``CITIES``.

    Raises:
        ValueError: there is no such city in the table.
    """

    city: str | None = None
    rack: str | None = None
    zone: str | None = None
    region: str | None = None
    jurisdiction: str | None = None

    def __post_init__(self) -> None:
        if self.city is not None:
            coordinates(self.city)
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not (isinstance(value, str) and value):
                raise ValueError(f"the {field.name} of a place is {value!r}: write its name, or leave it out")


class Places:
    """Where each node stands.

    Between two that stand in cities, a message takes the time of light in fibre, and what the ends add: a uniform draw
    from ``overhead``, in ms. A latency that an edge of the topology has of its own comes first.

    Raises:
        ValueError: something is no Place, or the overhead is no pair of times.
    """

    def __init__(self, places: Mapping[str, Place], overhead: tuple[float, float] = (0.2, 1.0)) -> None:
        for node, place in places.items():
            if not isinstance(place, Place):
                raise ValueError(f"the place of {node!r} is {place!r}: write Place(city={place!r})")
        if not (isinstance(overhead, tuple) and len(overhead) == 2):
            raise ValueError(f"overhead is {overhead!r}: write a pair (lowest, highest) of ms")
        self.least, self.most = (time_ms(ms, "the overhead of Places") for ms in overhead)
        if self.least > self.most:
            raise ValueError(f"overhead is {overhead!r}: the lowest comes first")
        self.of = dict(places)

    def members(self, level: str, name: str) -> list[str]:
        """All that stands in a failure domain, in the order in which the places were given.

        Raises:
            ValueError: there is no such level, or nothing stands in a domain of that name.
        """
        if level not in LEVELS:
            raise ValueError(f"there is no level {level!r}: write one of {', '.join(map(repr, LEVELS))}")
        members = [node for node, place in self.of.items() if getattr(place, level) == name]
        if not members:
            known = list(dict.fromkeys(getattr(place, level) for place in self.of.values()))
            known = [domain for domain in known if domain is not None]
            raise ValueError(
                f"nothing stands in a {level} {name!r}: "
                + (f"the names are {', '.join(map(repr, known))}" if known else f"no place has a {level}")
            )
        return members

    def latency(self, src: str, dest: str) -> tuple[float, float] | None:
        """The least and the most that a message takes in ms, without any queue; None if one of the two has no city."""
        here, there = self.of.get(src), self.of.get(dest)
        if here is None or there is None or here.city is None or there.city is None:
            return None
        light = light_ms(here.city, there.city)
        return light + self.least, light + self.most


def distance_km(a: str, b: str) -> float:
    """The great circle between two cities, to 0.1 km: the haversine formula (Sinnott 1984, "Virtues of the Haversine").

    Raises:
        ValueError: a city is not in the table.
    """
    (lat_a, lon_a), (lat_b, lon_b) = coordinates(a), coordinates(b)
    north, east = radians(lat_b - lat_a), radians(lon_b - lon_a)
    haversine = sin(north / 2) ** 2 + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(east / 2) ** 2
    # Rounded, because sines of two C libraries may differ in their last bit.
    return round(2 * EARTH_KM * asin(min(1.0, sqrt(haversine))), 1)


def light_ms(a: str, b: str, speed: float = FIBRE_KM_PER_MS) -> float:
    """How long light takes from one city to another, one way, in ms, at ``speed`` km per ms.

    Raises:
        ValueError: a city is not in the table, or the speed is not above 0.
    """
    if not 0 < speed < inf:
        raise ValueError(f"the speed of light is {speed!r}: write km per ms, above 0; 200 in fibre, 299.8 in a vacuum")
    return distance_km(a, b) / speed + GRID - GRID


def coordinates(city: str) -> tuple[float, float]:
    """Latitude and longitude in degrees.

    Raises:
        ValueError: the city is not in the table; the message names the nearest in spelling.
    """
    try:
        return CITIES[city]
    except (KeyError, TypeError):
        near = get_close_matches(str(city), CITIES, 1, 0.6)
        raise ValueError(
            f"there is no city {city!r} in the table: "
            + (f"did you mean {near[0]!r}?" if near else f"the cities are {', '.join(CITIES)}")
        ) from None
