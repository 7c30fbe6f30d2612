"""Where may the copies stand? Sites in several cities and countries, a law, and what a raid or a fire takes with it.

A site is one building: a zone. A country is a jurisdiction. Both are failure domains: what stands in one may go as a
whole. The sites and the laws are made up; this is no advice on any real law.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from itertools import combinations
from math import inf, nan
from statistics import median
from typing import NamedTuple

from ..clients import Retry, ScriptClient
from ..metrics import good_share, what_users_saw
from ..network import Network
from ..places import Place, Places
from ..simulation import Simulation
from .documents import Machine
from .verdicts import Trial, Verdict


class Site(NamedTuple):
    """One building, in a city, under a country's law."""

    name: str
    city: str
    country: str


SITES = (
    Site("Frankfurt 1", "Frankfurt", "Germany"),
    Site("Frankfurt 2", "Frankfurt", "Germany"),
    Site("Berlin 1", "Berlin", "Germany"),
    Site("Paris 1", "Paris", "France"),
    Site("Dublin 1", "Dublin", "Ireland"),
    Site("Zurich 1", "Zurich", "Switzerland"),
    Site("Ashburn 1", "Ashburn", "USA"),
    Site("Singapore 1", "Singapore", "Singapore"),
)

#: In which countries copies may stand, by the name of the rule.
LAWS: dict[str, frozenset[str]] = {
    "anywhere": frozenset(site.country for site in SITES),
    "in the Union": frozenset({"Germany", "France", "Ireland"}),
    "in Germany": frozenset({"Germany"}),
}

#: What the loss of one must not take most copies with it.
APART = ("building", "country")

#: A placement, and the countries that the law allows: may the copies stand there?
Rule = Callable[[tuple[Site, ...], frozenset[str]], bool]

#: The raid, in ms, and how long afterwards it is watched.
RAID_MS, AFTER_MS = 1_000.0, 3_000.0


def placements(law: str = "anywhere", apart: str = "country", copies: int = 3) -> list[tuple[Site, ...]]:
    """All ways to place so many copies that the law allows, and of which most are left when any one domain is lost.

    Raises:
        ValueError: there is no such law or domain, or the copies are not 1 to 8.
    """
    if law not in LAWS:
        raise ValueError(f"the law is {law!r}: write one of {', '.join(map(repr, LAWS))}")
    if apart not in APART:
        raise ValueError(f"apart is {apart!r}: write one of {', '.join(map(repr, APART))}")
    if isinstance(copies, bool) or not isinstance(copies, int) or not 1 <= copies <= len(SITES):
        raise ValueError(f"copies is {copies!r}: write a whole number from 1 to {len(SITES)}")
    return [
        sites
        for sites in combinations(SITES, copies)
        if all(site.country in LAWS[law] for site in sites) and _most_are_left(sites, apart)
    ]


def _most_are_left(sites: tuple[Site, ...], apart: str) -> bool:
    domains = [site.name if apart == "building" else site.country for site in sites]
    return all(2 * (len(sites) - domains.count(domain)) > len(sites) for domain in domains)


def kept_at(
    *sites: str | Site, raid: str = "", fire: str = "", user: str = "Berlin", seed: int = 0, trace: str = "events"
) -> Simulation:
    """A document with a copy at each of these sites. Somebody in the city ``user`` saves pages, somebody reads them.

    At 1,000 ms a raid takes all that stands in one country, or a fire all that stands in one building.

    Raises:
        ValueError: there is no such site, none is given, or none stands in the domain that is lost.
    """
    chosen = [_site(site) for site in sites]
    if not chosen:
        raise ValueError(f"no site is given: write one or more of {', '.join(repr(site.name) for site in SITES)}")
    names = [site.name for site in chosen]
    if len(set(names)) < len(names):
        raise ValueError("a site is given twice: a second copy in the same building burns with the first")
    where = {site.name: Place(city=site.city, zone=site.name, jurisdiction=site.country) for site in chosen}
    places = Places(where | {"writer": Place(city=user), "reader": Place(city=user)})
    machines = [Machine(name, peers=[other for other in names if other != name]) for name in names]
    patience, again = 400.0, Retry(times=len(names) - 1)
    turns = int((RAID_MS + AFTER_MS) / 100)
    writer = ScriptClient(
        "writer", service=tuple(names), timeout=patience, retry=again, start=50.0, think=100.0,
        script=[("write", "essay", page) for page in range(1, turns)],
    )  # fmt: skip
    reader = ScriptClient(
        "reader", service=tuple(names), timeout=patience, retry=again, start=90.0, think=100.0,
        script=[("read", "essay")] * turns,
    )  # fmt: skip
    sim = Simulation(writer, *machines, reader, network=Network(places=places), seed=seed, trace=trace)
    if raid:
        sim.at(RAID_MS, sim.remove, "jurisdiction", raid, burn=True)
    if fire:
        sim.at(RAID_MS, sim.remove, "zone", fire, burn=True)
    return sim


def _site(site: str | Site) -> Site:
    if isinstance(site, Site):
        return site
    found = next((known for known in SITES if known.name == site), None)
    if found is None:
        raise ValueError(f"there is no site {site!r}: write one of {', '.join(repr(known.name) for known in SITES)}")
    return found


class Aftermath(NamedTuple):
    """What became of a document after a raid or a fire.

    Fields:
        saves: share of the pages after it that could be saved, within as many time-outs as there are copies.
        reads: share of the looks at it that were answered.
        lost: pages that had been called saved before it and are on no disk that is left.
        save_ms: how long the middle save took before it.
    """

    saves: float
    reads: float
    lost: int
    save_ms: float

    @property
    def went_on(self) -> bool:
        """Nothing was lost, and both saving and reading went on."""
        return self.lost == 0 and self.saves > 0.9 and self.reads > 0.9

    def __str__(self) -> str:
        return (
            f"{self.saves:.0%} of saves and {self.reads:.0%} of reads went on, {self.lost} pages lost; "
            f"a save took {self.save_ms:.0f} ms"
        )


def aftermath(*sites: str | Site, raid: str = "", fire: str = "", user: str = "Berlin", seed: int = 0) -> Aftermath:
    """Run it, and count. Settings as in ``kept_at``."""
    sim = kept_at(*sites, raid=raid, fire=fire, user=user, seed=seed, trace="off")
    sim.run(until=RAID_MS + AFTER_MS)
    within = 400.0 * len(sites)
    # What was asked before it and still waited counts, too.
    later = [one for one in what_users_saw(sim.history, sim.now, within) if (one.operation.completed or inf) > RAID_MS]
    writes, reads = (
        [one for one in later if one.operation.f == f and one.outcome != "open"] for f in ("write", "read")
    )
    saves = [op for op in sim.history if op.f == "write" and op.status == "ok" and (op.completed or inf) < RAID_MS]
    alive = [node.pages for node in sim.nodes.values() if isinstance(node, Machine) and sim.is_up(node.name)]
    lost = max(0, max((op.arg for op in saves), default=0) - max(alive, default=0))
    took = [(op.completed or inf) - op.invoked for op in saves]
    return Aftermath(good_share(writes), good_share(reads), lost, median(took) if took else nan)


# -- judging a rule ----------------------------------------------------------------------------------------------------


@cache
def _survives(sites: tuple[Site, ...], seed: int) -> str:
    """The country whose raid stops a document that is kept at these sites; empty if there is none."""
    for country in dict.fromkeys(site.country for site in sites):
        if not aftermath(*sites, raid=country, seed=seed).went_on:
            return country
    return ""


def try_placing(rule: Rule, seed: int = 0) -> Verdict:
    """Put a rule to the test: every three of the eight sites, under each law, and then a raid in every country.

    It passes if it allows exactly what the law allows and no single raid stops.
    """
    threes: list[tuple[Site, ...]] = list(combinations(SITES, 3))
    if complaint := _unfit(rule, threes):
        return Verdict([], f"Not run yet: {complaint}.", False)
    trials, wrong = [], ""
    for law, countries in LAWS.items():
        allowed = [sites for sites in threes if rule(sites, countries)]
        complaint, kind = _complaint(allowed, threes, countries, seed)
        wrong = wrong or kind
        trials.append(Trial(f"copies {law}", (f"{len(allowed)} allowed",), complaint))
    header = ("the law", "your rule")
    if wrong:
        return Verdict(trials, f"Begin with the first ✗. {_HINTS[wrong]}", False, header)
    done = (
        "All that you allow obeys the law and survives each raid. In Germany alone nothing does, and your rule says so."
    )
    return Verdict(trials, done, True, header)


_HINTS = {
    "law": "Look at the country of each copy: is it among the allowed ones?",
    "raid": "A raid takes a whole country. Count how many different countries the three copies stand in.",
    "strict": "That one is fine: three countries, all allowed. Ask for less.",
}


def _complaint(
    allowed: Collection[tuple[Site, ...]], threes: list[tuple[Site, ...]], countries: frozenset[str], seed: int
) -> tuple[str, str]:
    for sites in allowed:
        names = ", ".join(site.name for site in sites)
        abroad = [site.country for site in sites if site.country not in countries]
        if abroad:
            return f"{names}: {abroad[0]} is not allowed", "law"
    for sites in allowed:
        names = ", ".join(site.name for site in sites)
        if country := _survives(sites, seed):
            return f"{names}: a raid in {country} stops it", "raid"
    for sites in threes:
        lawful = all(site.country in countries for site in sites)
        if sites not in allowed and lawful and not _survives(sites, seed):
            return f"refuses {', '.join(site.name for site in sites)}", "strict"
    return "", ""


def _unfit(rule: Rule, threes: list[tuple[Site, ...]]) -> str:
    if not callable(rule):
        return f"{rule!r} is not a function; hand over the function itself, without brackets"
    for countries in LAWS.values():
        for sites in threes:
            call = f"your rule, asked about {', '.join(site.name for site in sites)},"
            try:
                says = rule(sites, countries)
            except Exception as error:  # whatever a learner's rule may raise
                return f"{call} stops with {type(error).__name__}: {error}"
            if not isinstance(says, bool):
                return f"{call} gives {says!r}; return True (the copies may stand there) or False"
    return ""
