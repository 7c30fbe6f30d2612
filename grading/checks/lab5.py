"""The properties of Lab 5, on random parts and random maps, on published figures and on the learner's own map.

What is expected comes from fractions and from every state there is: 2^n of them for n parts, each with its probability.
Where a formula exists (parts in a row, side by side, k of n, trees of these) the two must agree.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from dslib.chatmap import Need, Part, chat_map
from dslib.exercises import Lab

from .asking import SOLUTIONS, NotTrue, Properties, Student, number, same, short, truth, words

ROUNDS = 40


def exact(value: Any) -> Fraction:
    """The number as it prints."""
    return Fraction(str(value))


def chances(availabilities: Sequence[float]) -> dict[tuple[bool, ...], Fraction]:
    """Each state of some independent parts, with its probability."""
    whole = math.lcm(*(exact(a).denominator for a in availabilities))
    states: dict[tuple[bool, ...], int] = {(): 1}  # in whole numbers, which is quicker than in fractions
    for a in availabilities:
        up = int(exact(a) * whole)
        states = {
            (*state, works): n * (up if works else whole - up) for state, n in states.items() for works in (True, False)
        }
    return {state: Fraction(n, whole ** len(availabilities)) for state, n in states.items()}


def _some(dice: Random, count: int) -> list[float]:
    """Availabilities from poor to good, so that a wrong rule shows."""
    return [round(dice.choice([dice.random(), 0.9 + dice.random() / 10, 0.99]), 4) for _ in range(count)]


def _named(dice: Random, availabilities: Sequence[float]) -> list[tuple[str, float]]:
    names = dice.sample(
        ["auth", "billing", "cache", "dns", "feed", "geo", "images", "jobs", "mail", "search"], len(availabilities)
    )
    return list(zip(names, availabilities, strict=True))


def _told(parts: Sequence[Any]) -> str:
    return short(list(parts)) if len(parts) <= 6 else f"{len(parts)} parts"


# -- task 1: all of them are needed ------------------------------------------------------------------------------------


def up_over_all(student: Student, dice: Random, learner: str) -> None:
    cases: list[list[tuple[int, int]]] = [[(999, 1)], [(60, 0)], [(0, 5)], [(10, 10), (90, 0)]]
    cases += [
        [(dice.randint(1, 5_000), dice.choice([1, 5, 240])) for _ in range(dice.randint(1, 8))] for _ in range(ROUNDS)
    ]
    for spells in cases:
        up, down = sum(spell[0] for spell in spells), sum(spell[1] for spell in spells)
        found = student.measured(list(spells))
        if not same(found, Fraction(up, up + down)):
            raise NotTrue(f"for the spells {_told(spells)} (up, down) it returned {found}.")
    found = number(student.measured([]))
    if not math.isnan(found):
        raise NotTrue(f"without a spell it returned {found}.")


def product(student: Student, dice: Random, learner: str) -> None:
    cases = [[("a", 0.9)], [("a", 0.5), ("b", 0.0)], [("a", 0.5), ("b", 1.0)], []]
    cases += [[(f"s{i}", 0.9999) for i in range(count)] for count in (5, 30)]
    cases += [_named(dice, _some(dice, dice.randint(1, 8))) for _ in range(ROUNDS)]
    for parts in cases:
        found = student.series(list(parts))
        if not same(found, math.prod((exact(a) for _, a in parts), start=Fraction(1))):
            raise NotTrue(f"for {_told(parts)} it returned {found}.")


def counted_once(student: Student, dice: Random, learner: str) -> None:
    for size in [1, 2, 2, 3, *(dice.randint(1, 6) for _ in range(ROUNDS))]:
        parts = _named(dice, [round(0.5 + dice.random() / 2, 3) for _ in range(size)])
        often = [*parts, *dice.choices(parts, k=dice.randint(1, 4))]
        dice.shuffle(often)
        found = student.series(list(often))
        if not same(found, math.prod(exact(a) for _, a in parts)):
            raise NotTrue(f"for {_told(often)}, some of them named more than once, it returned {found}.")


def what_is_left(student: Student, dice: Random, learner: str) -> None:
    five = [(f"s{i}", 0.99999) for i in range(5)]
    cases: list[tuple[float, int, list[tuple[str, float]], list[float]]] = [
        (0.9999, 365, [], []), (0.9999, 365, five, []), (0.9999, 365, five, [20, 20, 20]),
        (0.999, 30, [], [43.2]), (0.999, 28, [("dns", 1.0)], []), (1, 30, [], [5]),
    ]  # fmt: skip
    for _ in range(ROUNDS):
        parts = _named(dice, [dice.choice([0.999, 0.9999, 0.9995, 1.0]) for _ in range(dice.randint(0, 6))])
        outages = [float(dice.randint(1, 60)) for _ in range(dice.randint(0, 4))]
        cases.append((dice.choice([0.99, 0.999, 0.9995, 0.9999]), dice.choice([7, 28, 30, 90, 365]), parts, outages))
    for target, days, parts, outages in cases:
        minutes = days * 1_440
        expected = (
            (1 - exact(target)) * minutes - sum((1 - exact(a)) * minutes for _, a in parts) - sum(map(exact, outages))
        )
        found = number(student.minutes_left(target, days, list(parts), list(outages)))
        if not math.isclose(found, expected, rel_tol=1e-7, abs_tol=1e-6):
            raise NotTrue(
                f"for the target {target} over {days} days, {_told(parts)} and the outages {short(outages)} "
                f"it returned {found}."
            )


# -- task 2: one of them is enough -------------------------------------------------------------------------------------


def only_all_at_once(student: Student, dice: Random, learner: str) -> None:
    cases = [[0.9], [0.99] * 2, [0.99] * 3, [0.995] * 2, [0.5, 0.2]]
    for availabilities in [*cases, *(_some(dice, dice.randint(1, 7)) for _ in range(ROUNDS))]:
        found = student.any_of(list(availabilities))
        if not same(found, 1 - math.prod(1 - exact(a) for a in availabilities)):
            raise NotTrue(f"for {_told(availabilities)} it returned {found}.")


def nothing_and_perfect(student: Student, dice: Random, learner: str) -> None:
    for availabilities, expected in [
        ([], 0),
        ([0.0], 0),
        ([0.0, 0.0], 0),
        ([1.0, 0.3], 1),
        ([0.0, 0.7], 0.7),
        ([0.2, 1.0, 0.0], 1),
    ]:
        found = student.any_of(list(availabilities))
        if not same(found, expected):
            raise NotTrue(f"for {_told(availabilities)} it returned {found}.")


def enough_copies(student: Student, dice: Random, learner: str) -> None:
    cases = [
        (0.99, 0.9999),
        (0.7, 0.91),
        (0.95, 0.9975),
        (0.9, 0.999),
        (0.99, 0.99),
        (0.999, 0.99),
        (1.0, 1),
        (1.0, 0.5),
        (0.0, 0.9),
        (0.9, 1),
        (0.995, 0.99997),
    ]
    cases += [
        (dice.choice([0.5, 0.8, 0.9, 0.95, 0.99, 0.999]), dice.choice([0.9, 0.99, 0.999, 0.99999]))
        for _ in range(ROUNDS)
    ]
    for availability, target in cases:
        a, wanted = exact(availability), exact(target)
        never = a < 1 and (wanted == 1 or a == 0)
        expected = None if never else next(n for n in itertools.count(1) if 1 - (1 - a) ** n >= wanted)
        found = student.copies_for(availability, target)
        if (None if found is None else number(found)) != expected:
            raise NotTrue(
                f"for copies of availability {availability} and the target {target} it returned {short(found)}."
            )


#: What the claims of the lab should have said; None where they are right.
CLAIMS: dict[str, Fraction | None] = {
    "a": 100 * (1 - Fraction(5, 1_000) ** 2),  # two zones at 99.5 %
    "b": None,
    "c": Fraction(365 * 1_440, 10_000) - 5 * Fraction(365 * 1_440, 100_000),  # minutes left beside five dependencies
    "d": None,
    "e": 100 * (3 * Fraction(99, 100) ** 2 - 2 * Fraction(99, 100) ** 3),  # two of three at 99 %
    "f": 100 * Fraction(999, 1_000) ** 10,  # ten at 99.9 %
}


def published_claims(student: Student, dice: Random, learner: str) -> None:
    for claim, expected in CLAIMS.items():
        found = student.correct(claim)
        if found is not None:
            found = number(found)
        right = found is None if expected is None else found is not None and same(found, expected, rel=2e-5)
        if not right:
            raise NotTrue(
                f"of claim {claim} it says {found if found is not None else 'None, which means: it is right'}."
            )


# -- task 3: some of them are enough -----------------------------------------------------------------------------------


def at_least_of(k: int, availabilities: Sequence[float]) -> Fraction:
    return sum((chance for state, chance in chances(availabilities).items() if sum(state) >= k), Fraction(0))


def _expect_at_least(student: Student, k: int, availabilities: Sequence[float]) -> None:
    found = student.at_least(k, list(availabilities))
    if not same(found, at_least_of(k, availabilities)):
        raise NotTrue(f"for at least {k} of {_told(availabilities)} it returned {found}.")


def equal_parts(student: Student, dice: Random, learner: str) -> None:
    for n in (3, 5, 7):
        for availability in (0.99, 0.45):
            _expect_at_least(student, n // 2 + 1, [availability] * n)
    for _ in range(ROUNDS):
        n = dice.randint(2, 7)
        _expect_at_least(student, dice.randint(1, n), [round(dice.random(), 2)] * n)


def unequal_parts(student: Student, dice: Random, learner: str) -> None:
    _expect_at_least(student, 2, [0.9, 0.5, 0.5])
    for _ in range(ROUNDS):
        n = dice.randint(2, 7)
        availabilities = _some(dice, n)
        k = dice.randint(1, n)
        _expect_at_least(student, k, availabilities)
        _expect_at_least(student, k, availabilities[::-1])


def k_edges(student: Student, dice: Random, learner: str) -> None:
    for k, availabilities in [
        (0, []),
        (1, []),
        (0, [0.3]),
        (3, [0.9, 0.9]),
        (2, [1.0, 0.0, 0.4]),
        (1, [0.0, 0.0]),
        (2, [1.0, 1.0]),
    ]:
        _expect_at_least(student, k, availabilities)
    for _ in range(ROUNDS // 2):
        availabilities = [0.5] * dice.randint(1, 5)
        _expect_at_least(student, dice.choice([0, len(availabilities), len(availabilities) + 1]), availabilities)


def enough_capacity(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[list[tuple[float, int]], int]] = [
        ([(0.9, 100)], 100), ([(0.9, 100)], 101), ([(0.9, 60), (0.8, 60), (0.7, 120)], 120),
        ([], 0), ([], 5), ([(0.5, 10)], 0),
    ]  # fmt: skip
    for _ in range(ROUNDS):
        zones = [(a, dice.choice([20, 50, 100, 150])) for a in _some(dice, dice.randint(1, 6))]
        total = sum(capacity for _, capacity in zones)
        cases.append((zones, dice.choice([total, total // 2, total // 3, zones[0][1], total + 1])))
    for zones, load in cases:
        expected = sum(
            (
                chance
                for state, chance in chances([a for a, _ in zones]).items()
                if sum(capacity for (_, capacity), up in zip(zones, state, strict=True) if up) >= load
            ),
            Fraction(0),
        )
        found = student.carries(list(zones), load)
        if not same(found, expected):
            raise NotTrue(
                f"for the zones {_told(zones)} (availability, capacity) and a load of {load} it returned {found}."
            )


# -- task 4: a map with shared parts -----------------------------------------------------------------------------------

Map = Mapping[str, Part]


def stands(service_map: Map, state: Mapping[str, bool]) -> dict[str, bool]:
    """Which parts of a map are of use in a state: found by crossing out, until nothing more falls."""
    standing = dict(state)
    fell = True
    while fell:
        fell = False
        for name, part in service_map.items():
            met = all(sum(standing[one] for one in need.names) >= need.k for need in part.needs)
            if standing[name] and not met:
                standing[name], fell = False, True
    return standing


def by_states(service_map: Map) -> dict[str, Fraction]:
    """The availability of each part of a map, from all of its states."""
    found: dict[str, list[Fraction]] = {name: [] for name in service_map}
    for state, chance in chances([part.availability for part in service_map.values()]).items():
        for name, up in stands(service_map, dict(zip(service_map, state, strict=True))).items():
            if up and chance:
                found[name].append(chance)
    return {name: sum(some, Fraction(0)) for name, some in found.items()}


def a_map(dice: Random, size: int, shuffled: bool = True) -> dict[str, Part]:
    """A random map whose part "top" needs the others, many of them shared."""
    names = ["top", *"abcdefgh"[: size - 1]]
    parts: list[tuple[str, Part]] = []
    for i, name in enumerate(names):
        below = names[i + 1 :]
        needs = []
        for _ in range(dice.choice([1, 2, 2]) if below else 0):
            some = dice.sample(below, dice.randint(1, min(3, len(below))))
            needs.append(Need(dice.randint(1, len(some)), tuple(some)))
        parts.append((name, Part(round(0.5 + dice.random() / 2, 2), tuple(needs))))
    if shuffled:
        dice.shuffle(parts)
    return dict(parts)


def _chart(service_map: Map) -> str:
    """A map in words."""
    if len(service_map) > 6:
        return f"a map of {len(service_map)} parts"
    lines = []
    for name, part in service_map.items():
        needs = " and ".join(f"{need.k} of {'/'.join(need.names)}" for need in part.needs)
        lines.append(f"{name} ({part.availability}{f', needs {needs}' if needs else ''})")
    return "the map " + "; ".join(lines)


def _expect_works(student: Student, service_map: Map, name: str, state: Mapping[str, bool]) -> None:
    found = truth(student.works(name, dict(state), dict(service_map)))
    if found != stands(service_map, state)[name]:
        down = ", ".join(one for one, up in state.items() if not up) or "nothing"
        raise NotTrue(f"in {_chart(service_map)}, with {down} down, it says {found} of {name}.")


def a_part_and_its_needs(student: Student, dice: Random, learner: str) -> None:
    # One part and what it needs, and nothing below.
    for _ in range(ROUNDS):
        names = list("abcd"[: dice.randint(1, 4)])
        needs = []
        for _ in range(dice.randint(0, 2)):
            some = dice.sample(names, dice.randint(1, len(names)))
            needs.append(Need(dice.randint(1, len(some)), tuple(some)))
        service_map = {"top": Part(0.9, tuple(needs))} | {name: Part(0.9) for name in names}
        for state in itertools.product((True, False), repeat=len(service_map)):
            _expect_works(student, service_map, "top", dict(zip(service_map, state, strict=True)))


def all_the_way_down(student: Student, dice: Random, learner: str) -> None:
    chain = {f"s{i}": Part(0.9, (Need(1, (f"s{i + 1}",)),) if i < 4 else ()) for i in range(5)}
    for broken_part in (*chain, ""):
        for asked in chain:
            _expect_works(student, chain, asked, {name: name != broken_part for name in chain})
    for _ in range(ROUNDS):
        service_map = a_map(dice, dice.randint(4, 8))
        for _ in range(4):
            _expect_works(student, service_map, "top", {name: dice.random() < 0.8 for name in service_map})


def _expect_availability(student: Student, service_map: Map, name: str, expected: Fraction) -> None:
    found = student.availability(name, dict(service_map))
    if not same(found, expected):
        raise NotTrue(f"for {name} in {_chart(service_map)} it returned {found}.")


def shared_part_once(student: Student, dice: Random, learner: str) -> None:
    twice = {
        "top": Part(1.0, (Need(1, ("a",)), Need(1, ("b",)))),
        "a": Part(0.9, (Need(1, ("shared",)),)),
        "b": Part(0.9, (Need(1, ("shared",)),)),
        "shared": Part(0.9),
    }
    either = twice | {"top": Part(1.0, (Need(1, ("a", "b")),))}
    for service_map in [twice, either, *(a_map(dice, size) for size in [4, 5, 5, 6, 6, 7, 7, 8] * 2)]:
        expected = by_states(service_map)["top"]
        _expect_availability(student, service_map, "top", expected)
        turned = {
            name: Part(part.availability, tuple(Need(need.k, need.names[::-1]) for need in part.needs[::-1]))
            for name, part in reversed(service_map.items())
        }
        _expect_availability(student, turned, "top", expected)
    own = own_map(learner)
    for name in ("chat", "gw-1"):
        _expect_availability(student, own, name, own_availability(learner)[name])


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_map(learner: str) -> dict[str, Part]:
    return chat_map(Lab("lab5", learner, folder=SOLUTIONS / "lab5").seed)


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_availability(learner: str) -> dict[str, Fraction]:
    return by_states(own_map(learner))


def a_tree(dice: Random, deepest: int, names: Any) -> tuple[dict[str, Part], str, Fraction]:
    """A map in which nothing is shared, the name of its top, and the availability that the formulas give."""
    name, own = f"t{next(names)}", round(0.5 + dice.random() / 2, 2)
    service_map: dict[str, Part] = {}
    needs, total = [], exact(own)
    for _ in range(dice.randint(0, 2) if deepest else 0):
        branches = [a_tree(dice, deepest - 1, names) for _ in range(dice.randint(1, 3))]
        for branch, _, _ in branches:
            service_map |= branch
        k = dice.randint(1, len(branches))
        needs.append(Need(k, tuple(top for _, top, _ in branches)))
        of_branches = [branch for _, _, branch in branches]
        # k of n independent branches, counted from the sums over all choices of those that are up
        total *= sum(
            math.prod(of_branches[i] if i in up else 1 - of_branches[i] for i in range(len(branches)))
            for count in range(k, len(branches) + 1)
            for up in itertools.combinations(range(len(branches)), count)
        )
    return {name: Part(own, tuple(needs))} | service_map, name, total


def agrees_with_formulas(student: Student, dice: Random, learner: str) -> None:
    row = {"top": Part(0.9, (Need(1, ("a",)), Need(1, ("b",)))), "a": Part(0.8), "b": Part(0.5)}
    _expect_availability(student, row, "top", Fraction(36, 100))
    side = {"top": Part(1.0, (Need(1, ("a", "b")),)), "a": Part(0.8), "b": Part(0.5)}
    _expect_availability(student, side, "top", Fraction(9, 10))
    two_of_three = {"top": Part(1.0, (Need(2, ("a", "b", "c")),)), **{name: Part(0.99) for name in "abc"}}
    _expect_availability(student, two_of_three, "top", at_least_of(2, [0.99] * 3))
    made = 0
    while made < ROUNDS // 2:
        service_map, top, expected = a_tree(dice, 2, itertools.count())
        if 2 <= len(service_map) <= 9:
            _expect_availability(student, service_map, top, expected)
            made += 1


def dead_and_perfect(student: Student, dice: Random, learner: str) -> None:
    _expect_availability(student, {"top": Part(0.7)}, "top", Fraction(7, 10))
    made = 0
    while made < ROUNDS // 2:
        service_map, top, _ = a_tree(dice, 2, itertools.count())
        if not 3 <= len(service_map) <= 7:
            continue
        made += 1
        for name in dice.sample(sorted(service_map), 2):
            service_map[name] = service_map[name]._replace(availability=dice.choice([0.0, 1.0]))
        everything = {name: part._replace(availability=1.0) for name, part in service_map.items()}
        for one in (service_map, everything):
            _expect_availability(student, one, top, by_states(one)[top])


def best_part(student: Student, dice: Random, learner: str) -> None:
    maps = [a_map(dice, dice.randint(3, 6)) for _ in range(ROUNDS // 2)]
    shared = {
        "top": Part(1.0, (Need(1, ("a", "b")),)),
        "a": Part(0.9, (Need(1, ("shared",)),)),
        "b": Part(0.9, (Need(1, ("shared",)),)),
        "shared": Part(0.95),
    }
    # A spare part that is poor, and a top that is nearly perfect although everything hangs on it.
    spare = {
        "top": Part(0.99, (Need(2, ("a", "b", "c")),)),
        "a": Part(0.5),
        "b": Part(0.6),
        "c": Part(0.7),
    }
    for service_map in [shared, spare, *maps]:
        gains = {
            name: by_states(service_map | {name: part._replace(availability=1.0)})["top"]
            for name, part in service_map.items()
        }
        first, second = sorted(gains.values(), reverse=True)[:2]
        if first - second < Fraction(1, 10**6):
            continue  # two parts that would help as much: either is right
        found = words(student.best_to_improve("top", dict(service_map)))
        if gains.get(found) != first:
            raise NotTrue(f"in {_chart(service_map)} it says {short(found)}.")


# -- task 5: what takes all copies at once -----------------------------------------------------------------------------


def _unavailable(availability: float, copies: int, beta: float) -> Fraction:
    down = 1 - exact(availability)
    return exact(beta) * down + ((1 - exact(beta)) * down) ** copies


def common_cause(student: Student, dice: Random, learner: str) -> None:
    cases = [(0.99, 2, beta) for beta in (0, 0.01, 0.05, 0.1, 1)] + [
        (0.9, 1, 0.3),
        (0.9, 3, 0.5),
        (0.0, 2, 0.5),
        (1.0, 2, 0.1),
    ]
    for _ in range(ROUNDS):
        cases.append((round(dice.random(), 2), dice.randint(1, 5), dice.choice([0.0, 0.02, 0.1, 0.5, 1.0])))
    for availability, copies, beta in cases:
        found = student.with_common_cause(availability, copies, beta)
        if not same(found, 1 - _unavailable(availability, copies, beta)):
            raise NotTrue(f"for {copies} copies of availability {availability} and beta = {beta} it returned {found}.")


def ceiling(student: Student, dice: Random, learner: str) -> None:
    cases = [(0.99, 0.9999), (0.99, 0.999), (0.9, 0.95), (0.99, 0.9), (1.0, 0.999), (0.99, 1)]
    cases += [(dice.choice([0.9, 0.98, 0.995, 0.999]), dice.choice([0.9, 0.99, 0.999, 0.9999])) for _ in range(ROUNDS)]
    for availability, target in cases:
        down = 1 - exact(availability)
        expected = min(Fraction(1), (1 - exact(target)) / down) if down else Fraction(1)
        found = student.largest_beta(availability, target)
        if not same(found, expected):
            raise NotTrue(f"for copies of availability {availability} and the target {target} it returned {found}.")


def copies_or_none(student: Student, dice: Random, learner: str) -> None:
    cases = [
        (0.99, 0.1, 0.999),
        (0.99, 0.1, 0.9989),
        (0.99, 0.0, 0.9999),
        (0.99, 0.01, 0.9998),
        (0.99, 0.5, 0.999),
        (0.9, 0.2, 0.5),
    ]
    cases += [(0.9, 1.0, 0.9), (0.9, 1.0, 0.95), (0.9, 0.05, 0.995)]
    for _ in range(ROUNDS):
        beta = dice.choice([0.0, 0.01, 0.05, 0.1, 0.3])
        cases.append((dice.choice([0.7, 0.9, 0.99, 0.995]), beta, dice.choice([0.9, 0.99, 0.995, 0.999, 0.9995])))
    for availability, beta, target in cases:
        allowed, down = 1 - exact(target), 1 - exact(availability)
        enough = (n for n in range(1, 60) if _unavailable(availability, n, beta) <= allowed)
        never = exact(beta) < 1 and exact(beta) * down >= allowed
        expected = None if never else next(enough, None)
        found = student.copies_with_beta(availability, beta, target)
        if (None if found is None else number(found)) != expected:
            raise NotTrue(
                f"for copies of availability {availability}, beta = {beta} and the target {target} "
                f"it returned {short(found)}."
            )


# -- task 6: in the head -----------------------------------------------------------------------------------------------


def sum_with_a_floor(student: Student, dice: Random, learner: str) -> None:
    cases = [[0.999] * 10, [0.9], [0.5, 0.4], [0.5, 0.5], [0.9999] * 5, []]
    for availabilities in [*cases, *(_some(dice, dice.randint(1, 6)) for _ in range(ROUNDS))]:
        found = student.by_the_sum(list(availabilities))
        if not same(found, max(Fraction(0), 1 - sum((1 - exact(a) for a in availabilities), Fraction(0)))):
            raise NotTrue(f"for {_told(availabilities)} it returned {found}.")


def extra_nine(student: Student, dice: Random, learner: str) -> None:
    cases = [(0.999, 10), (0.9999, 10), (0.99, 1), (0.999, 5), (1, 3)]
    for target, count in [*cases, *((dice.choice([0.9, 0.99, 0.9995]), dice.randint(1, 40)) for _ in range(ROUNDS))]:
        found = student.each_needs(target, count)
        if not same(found, 1 - (1 - exact(target)) / count):
            raise NotTrue(f"for {count} dependencies and the target {target} it returned {found}.")


LAB = Properties("lab5", globals())
PROPERTIES, failures, broken, require = LAB.parts()
