"""The properties of Lab 1, on random logs, on published numbers and on the learner's own log.

Each function is fed by the checks, not by another function of the learner: one mistake costs its own points only.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from random import Random
from typing import Any, NamedTuple

from dslib.chatday import chat_day_log
from dslib.exercises import Lab
from dslib.requestlog import Judged, Row, Spec, judge, read_log

from .asking import (
    SOLUTIONS,
    Known,
    Named,
    NotTrue,
    Often,
    Properties,
    Student,
    items,
    number,
    numbers,
    same,
    short,
    table,
)

ROUNDS = 60
DAY_S = 86_400
#: Good and valid requests of the example API in the SRE Workbook, chapter 2, over four weeks: 97.123 %. A hundredth of
#: them here (3,557,865 and 3,663,253 are printed): the same percentage, in no time.
WORKBOOK = 35_579, 36_633


class Flight(NamedTuple):
    """The columns of the lab's ``Flight``."""

    time_s: int
    flight_id: str
    carrier: str
    airport: str
    delay_min: int | None


def _story(judged: Sequence[Judged]) -> str:
    """A few judged requests in words, or only how many there are."""
    if len(judged) > 6:
        return f"{len(judged):,} judged requests"
    return "; ".join(f"{one.verdict} at {one.time_s:g} s on {one.host}" for one in judged) or "no requests"


# -- logs to ask about -------------------------------------------------------------------------------------------------


def some_judged(dice: Random, size: int, hosts: Sequence[str] = ("gw-1",), invalid: bool = True) -> list[Judged]:
    """``size`` judged requests in no order, at times from 0 to 100 s."""
    columns = (
        [half / 2 for half in dice.choices(range(200), k=size)],
        dice.choices(["good", "good", "good", "bad", "invalid"] if invalid else ["good", "good", "bad"], k=size),
        [f"a{number}" for number in range(size)],
        dice.choices(hosts, k=size),
        dice.choices(["acme", "acme", "borealis", "cedar"], k=size),
        dice.choices(["/rooms", "/messages", "/search"], k=size),
    )
    return list(map(Judged, *columns))


def sizes() -> list[int]:
    """Small cases first, so that a learner is told of a small one."""
    return sorted(range(1, ROUNDS + 1), key=lambda size: (size > 6, size))


def ratio(judged: Iterable[Judged]) -> float:
    """Good over valid, counted once more and in another way than a learner would."""
    verdicts = [one.verdict for one in judged]
    valid = len(verdicts) - verdicts.count("invalid")
    return float(Fraction(verdicts.count("good"), valid)) if valid else math.nan


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_log(learner: str) -> Known:
    """The file of the learner's own day."""
    seed = Lab("lab1", learner, folder=SOLUTIONS / "lab1").seed
    return Known(chat_day_log, ((seed,),), chat_day_log(seed))


def known(learner: str) -> list[Known]:
    return [own_log(learner)]


@lru_cache(maxsize=4)
def own_judged(learner: str) -> Often:
    """The learner's own day, judged as the spec of the lab says."""
    spec = Spec(excluded_statuses=frozenset({499}), bad_client_errors=frozenset({429}))
    return Often(judge(read_log(own_log(learner).value), _verdict, spec))


@lru_cache(maxsize=4)
def own_valid(learner: str) -> Often:
    return Often(one for one in own_judged(learner) if one.verdict != "invalid")


def _verdict(row: Row, spec: Spec) -> str:
    if row.endpoint in spec.excluded_endpoints or row.status in spec.excluded_statuses:
        return "invalid"
    return "bad" if row.status >= 500 or row.status in spec.bad_client_errors else "good"


@cache
def a_published_month(good: int, valid: int) -> Often:
    """So many requests, and 1,000 health checks in between."""
    served, failed_, probe = (
        Judged(5.0, verdict, "a", "gw-1", "acme", "/api") for verdict in ("good", "bad", "invalid")
    )
    return Often([served] * good + [probe] * 1_000 + [failed_] * (valid - good))


@cache
def a_month(outage_begins_at: int) -> Often:
    """30 days of requests, 19 times as many at noon as at midnight, and 3 hours of the 15th day where all fail."""
    judged = []
    for hour in range(720):
        verdict = "bad" if 0 <= hour - 24 * 14 - outage_begins_at < 3 else "good"
        count = round(20 * (1 - 0.9 * math.cos(2 * math.pi * (hour % 24) / 24)))
        judged += [Judged(3_600 * hour + 3_600 * n / count, verdict, "a", "gw-1", "acme", "/") for n in range(count)]
    return Often(judged)


# -- task 1: from lines to flights -------------------------------------------------------------------------------------


def clock_reading(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        day, hour, minute = dice.randrange(90), dice.randrange(24), dice.randrange(60)
        line = _line(day, hour, minute, dice)
        time_s = number(student.parse_flight(line).time_s)
        if time_s != 86_400 * day + 3_600 * hour + 60 * minute:
            raise NotTrue(f"for the line {line!r} time_s is {short(time_s)}.")


def cancelled_flight(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        delay = dice.choice(["NA", "0", "-7", str(dice.randrange(-30, 900))])
        line = _line(dice.randrange(90), dice.randrange(24), dice.randrange(60), dice, delay)
        flight = student.parse_flight(line)
        day, _, carrier, flown, airport, _ = line.split(",")
        columns = flight.flight_id, flight.carrier, flight.airport
        if columns != (f"{day} {carrier} {flown}", carrier, airport):
            raise NotTrue(f"for the line {line!r} flight_id, carrier and airport are {short(columns)}.")
        found = flight.delay_min
        if delay == "NA":
            if found is not None:
                raise NotTrue(f"for the cancelled flight {line!r} delay_min is {found!r}.")
        elif found is None or number(found) != int(delay):
            raise NotTrue(f"for the line {line!r} delay_min is {found!r}.")
    for line in ("2013-01-05,1200,UA,77,EWR", "2013-01-05,1200,UA,77,EWR,late", "2013-01-05,noon,UA,77,EWR,3"):
        try:
            flight = student.parse_flight(line)
        except ValueError:
            continue
        raise NotTrue(f"the line {line!r} cannot be read, and yet it returned {short(flight)}.")


def lines_set_aside(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS // 4):
        lines, bad = [], []
        for number_ in range(2, 2 + dice.randrange(1, 30)):
            kind = dice.choice(["flight", "flight", "flight", "empty", "garbage"])
            if kind != "flight":
                bad.append(number_)
            lines.append(
                {"flight": f"{number_},F{number_},0", "empty": "", "garbage": dice.choice(["???", "1,", ",,,,"])}[kind]
            )
        lines.append("9999,F9999,0")  # so that a blank last line is not taken for the end of the file
        flights, aside = _read(student, lines)
        if [_line_number(entry) for entry in aside] != bad:
            raise NotTrue(f"of a file with the lines {short(['header', *lines])} it set aside {short(aside)}.")
        if len(flights) != len(lines) - len(bad):
            raise NotTrue(f"of a file with the lines {short(['header', *lines])} it returned {short(flights)}.")


def once_in_order(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS // 4):
        times = dice.sample(range(1_000), 12)
        lines = [f"{time},F{time},0" for time in times]
        lines.append(f"{times[0]},G{times[0]},0")  # another flight, to leave at the same time
        repeated = dice.sample(lines, 3)
        lines += repeated
        # The same flight, written again with another delay: the first one counts.
        changed = dice.choice(lines[:13])
        lines.append(changed[:-1] + "5")
        flights, aside = _read(student, lines)
        if len({flight.flight_id for flight in flights}) != len(flights):
            raise NotTrue(f"some of {len(lines)} lines repeat a flight, and it returned {len(flights)} flights.")
        if [flight.time_s for flight in flights] != sorted([*times, times[0]]):
            raise NotTrue(
                f"flights stood in the file in no order, and the times it returned are {[f.time_s for f in flights]}."
            )
        if any(flight.delay_min for flight in flights):
            raise NotTrue("a flight stood in the file twice with different delays, and the later line was taken.")
        if len(aside) != 4:
            raise NotTrue(f"some of {len(lines)} lines repeat a flight, and it set aside {len(aside)} lines.")


def _line(day: int, hour: int, minute: int, dice: Random, delay: str = "5") -> str:
    month = next(m for m, first in ((3, 59), (2, 31), (1, 0)) if day >= first)
    in_month = day - {1: 0, 2: 31, 3: 59}[month] + 1
    carrier, airport = dice.choice(["UA", "B6", "9E"]), dice.choice(["EWR", "JFK", "LGA"])
    return f"2013-{month:02}-{in_month:02},{hour:02}{minute:02},{carrier},{dice.randrange(1, 6_000)},{airport},{delay}"


def _read(student: Student, lines: Sequence[str]) -> tuple[list[Any], list[Any]]:
    """What read_flights makes of a file in the short format, with a parser that holds no mistake of the learner's."""
    found = student.read_flights("\n".join(["time,flight,delay", *lines]) + "\n", Named("parse_short"))
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise NotTrue(f"it returned {short(found)}, not the pair (flights, set_aside).")
    return items(found[0]), items(found[1])


def _line_number(entry: Any) -> Any:
    if not isinstance(entry, tuple | list) or len(entry) != 2 or not str(entry[1]).strip():
        raise NotTrue(f"set_aside holds {short(entry)}, not a pair (line number, reason).")
    return entry[0]


# -- task 2: good, bad, invalid ----------------------------------------------------------------------------------------


def _row(dice: Random, endpoint: str = "", status: int = 200) -> Row:
    endpoint = endpoint or dice.choice(["/rooms", "/messages", "/search"])
    host = dice.choice(["gw-1", "gw-2"])
    return Row(dice.randrange(DAY_S), "r1", "a1", host, "acme", endpoint, status, dice.randrange(3_000))


def _expect(student: Student, row: Row, spec: Spec, verdict: str) -> None:
    found = student.classify(row, spec)
    if found != verdict:
        raise NotTrue(f"{row.endpoint} with status {row.status} was called {short(found)} under the spec {spec}.")


def health_check(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        excluded = frozenset(dice.sample(["/healthz", "/ready", "/metrics"], 2))
        spec = Spec(excluded_endpoints=excluded)
        status = dice.choice([200, 200, 404, 503, 504])
        _expect(student, _row(dice, dice.choice(sorted(excluded)), status), spec, "invalid")
    _expect(student, _row(dice, "/healthz", 200), Spec(excluded_endpoints=frozenset()), "good")


def client_error(student: Student, dice: Random, learner: str) -> None:
    for status in [200, 201, 204, 301, 304, *range(400, 500, 3), 404, 429, 499]:
        _expect(student, _row(dice, status=status), Spec(), "good")
    for status in [500, 501, 502, 503, 504, 599]:
        _expect(student, _row(dice, status=status), Spec(), "bad")


def written_spec(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        status = dice.choice([408, 425, 429, 451])
        _expect(student, _row(dice, status=status), Spec(bad_client_errors=frozenset({status, 418})), "bad")
        status = dice.choice([499, 429, 503, 304])
        _expect(student, _row(dice, status=status), Spec(excluded_statuses=frozenset({status, 418})), "invalid")
    # Excluded is excluded, even where another rule would call it bad.
    both = Spec(excluded_statuses=frozenset({429}), bad_client_errors=frozenset({429}))
    _expect(student, _row(dice, status=429), both, "invalid")


def on_time(student: Student, dice: Random, learner: str) -> None:
    for delay in [None, -20, 0, 14, 15, 16, *(dice.randrange(-30, 400) for _ in range(ROUNDS))]:
        verdict = "good" if delay is not None and delay < 15 else "bad"
        found = student.on_time(Flight(0, "F1", "UA", "EWR", delay))
        if found != verdict:
            what = "a cancelled flight" if delay is None else f"a flight {delay} minutes behind schedule"
            raise NotTrue(f"{what} was called {short(found)}.")


# -- task 3: one number ------------------------------------------------------------------------------------------------


def good_over_valid(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        judged = some_judged(dice, size)
        if not math.isnan(ratio(judged)):
            _expect_sli(student, judged, 0, 100, ratio(judged))
    _expect_sli(student, a_published_month(*WORKBOOK), 0, 10, Fraction(*WORKBOOK))


def every_request_alike(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        judged = some_judged(dice, size, hosts=["gw-1"] * 9 + ["gw-2"], invalid=False)
        _expect_sli(student, judged, 0, 100, ratio(judged))
    own = own_valid(learner)
    _expect_sli(student, own, 0, DAY_S, ratio(one for one in own if one.time_s < DAY_S))
    night, peak = (number(student.request_sli(a_month(hour), 0, 720 * 3_600)) for hour in (0, 11))
    if not night > peak:
        raise NotTrue("three hours in which everything fails cost as much at midnight as at noon.")


def half_open_window(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        judged = some_judged(dice, size, invalid=False)
        start, end = sorted(dice.sample(range(101), 2))
        judged += [judged[0]._replace(time_s=edge, verdict=v) for edge, v in ((start, "bad"), (end, "good"))]
        dice.shuffle(judged)
        _expect_sli(student, judged, start, end, ratio(one for one in judged if start <= one.time_s < end))


def no_traffic(student: Student, dice: Random, learner: str) -> None:
    invalid = [one._replace(verdict="invalid") for one in some_judged(dice, 9)]
    elsewhere = [one._replace(time_s=one.time_s + 500) for one in some_judged(dice, 9)]
    for judged in ([], invalid, elsewhere):
        value = number(student.request_sli(list(judged), 0, 100))
        if not math.isnan(value):
            raise NotTrue(f"for {_story(judged)}, none of them valid between 0 and 100 s, it returned {value}.")


def _expect_sli(
    student: Student, judged: Sequence[Judged], start: float, end: float, expected: float | Fraction
) -> None:
    value = student.request_sli(judged, start, end)
    if not same(value, expected):
        raise NotTrue(f"for {_story(judged)} and the window from {start} to {end} s it returned {value!r}.")


# -- task 4: for whom --------------------------------------------------------------------------------------------------

COLUMNS = ("host", "tenant", "endpoint")


def own_group(student: Student, dice: Random, learner: str) -> None:
    cases = [some_judged(dice, size, hosts=("gw-1", "gw-2", "gw-3")) for size in sizes()]
    for judged in [*cases, own_judged(learner)]:
        for column in COLUMNS:
            groups: dict[str, list[Judged]] = defaultdict(list)
            for one in judged:
                groups[getattr(one, column)].append(one)
            found = table(student.sli_by(judged, column))
            for group, members in sorted(groups.items()):
                if not math.isnan(ratio(members)) and not same(found.get(group), ratio(members)):
                    raise NotTrue(f"for {_story(judged)} the SLI of {column} {group!r} is {found.get(group)!r}.")


def no_group_lost(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        judged = some_judged(dice, 12) + [
            one._replace(host="gw-9", tenant="dahlia", endpoint="/quiet", verdict="invalid")
            for one in some_judged(dice, 3)
        ]
        dice.shuffle(judged)
        for column, group in zip(COLUMNS, ("gw-9", "dahlia", "/quiet"), strict=True):
            found = table(student.sli_by(list(judged), column))
            if group not in found:
                raise NotTrue(f"{column} {group!r} has requests, though no valid ones, and is not in the answer.")
            if not math.isnan(number(found[group])):
                raise NotTrue(f"{column} {group!r} has no valid requests, and its SLI is {found[group]!r}.")
            strangers = set(found) - {getattr(one, column) for one in judged}
            if strangers:
                raise NotTrue(f"the answer has {short(sorted(map(str, strangers)))}, of which the log knows nothing.")


def any_attempt(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        judged = [one._replace(action_id=f"a{dice.randrange(size)}") for one in some_judged(dice, size, invalid=False)]
        attempts = defaultdict(list)
        for one in judged:
            attempts[one.action_id].append(one.verdict)
        found = {action.action_id: action.verdict for action in items(student.actions(list(judged)))}
        for action, verdicts in sorted(attempts.items()):
            if found.get(action) != ("good" if "good" in verdicts else "bad"):
                raise NotTrue(f"an action with the attempts {short(verdicts)} was called {found.get(action)!r}.")


def first_attempt(student: Student, dice: Random, learner: str) -> None:
    cases = [some_judged(dice, size, hosts=("gw-1", "gw-2")) for size in sizes()]
    cases = [[one._replace(action_id=f"a{dice.randrange(len(case))}") for one in case] for case in cases]
    for judged in [*cases, own_judged(learner)]:
        first: dict[str, Judged] = {}
        begins: dict[str, set[tuple[str, str, str]]] = defaultdict(
            set
        )  # several, when attempts were made at the same time
        for one in sorted(judged, key=lambda one: one.time_s, reverse=True):
            if one.verdict != "invalid":
                first[one.action_id] = one
        for one in judged:
            if one.verdict != "invalid" and one.time_s == first[one.action_id].time_s:
                begins[one.action_id].add((one.host, one.tenant, one.endpoint))
        found = items(student.actions(judged))
        names = [action.action_id for action in found]
        if len(set(names)) != len(names):
            raise NotTrue(f"for {_story(judged)} it returned {len(names)} actions, some of them more than once.")
        if set(names) != set(first):
            raise NotTrue(f"for {_story(judged)} it returned {len(names)} actions with a valid attempt.")
        for action in found:
            if action.time_s != first[action.action_id].time_s:
                raise NotTrue(f"for {_story(judged)} an action begins at {action.time_s} s.")
            where = action.host, action.tenant, action.endpoint
            if where not in begins[action.action_id]:
                raise NotTrue(f"for {_story(judged)} an action has the host, tenant and endpoint {short(where)}.")


# -- task 5: slices ----------------------------------------------------------------------------------------------------


def slice_edges(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        width, count, start = dice.choice([5, 10, 12]), dice.randrange(3, 7), dice.choice([0, 10, 25])
        edges = [start + width * i for i in range(count + 1)]
        judged = some_judged(dice, size)
        judged += [judged[0]._replace(time_s=edge, verdict=v) for edge in edges for v in ("good", "bad", "good")]
        judged += [judged[0]._replace(time_s=edge + width / 2, verdict="good") for edge in edges]
        dice.shuffle(judged)
        found = _slices(student, judged, start, edges[-1], width)
        # The last slice is another property's business.
        for i in range(count - 1):
            expected = ratio(one for one in judged if edges[i] <= one.time_s < edges[i + 1])
            if i >= len(found) or not same(found[i], expected):
                value = found[i] if i < len(found) else "missing"
                raise NotTrue(
                    f"for {_story(judged)}, slices of {width} s from {start} s on, "
                    f"the slice that begins at {edges[i]} s is {value}."
                )


def every_slice(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[Sequence[Judged], float, float, float]] = [(own_judged(learner), 0, DAY_S, 7_000)]
    for size in sizes():
        width: float = dice.choice([7, 9, 30])  # none of them divides 100
        # Off the edges, which are another property's business; and with requests after the end.
        shifted = [one._replace(time_s=one.time_s + 0.25) for one in some_judged(dice, size)]
        cases.append((shifted, 0, 80, width))
        cases.append((shifted, 0, 3 * width, width))
    for judged, start, end, width in cases:
        found = _slices(student, judged, start, end, width)
        count = math.ceil((end - start) / width)
        if len(found) != count:
            raise NotTrue(
                f"for a window from {start} to {end} s and slices of {width} s it returned {len(found)} slices."
            )
        last = start + (count - 1) * width
        if not same(found[-1], ratio(one for one in judged if last <= one.time_s < end)):
            raise NotTrue(f"for {_story(judged)} the last slice, from {last} to {end} s, is {found[-1]}.")
        ordered = sorted(judged, key=lambda one: one.time_s)
        times = [one.time_s for one in ordered]
        for i, value in enumerate(found):
            ends = min(end, start + (i + 1) * width)
            inside = ordered[bisect_left(times, start + i * width) : bisect_left(times, ends)]
            if math.isnan(ratio(inside)) != math.isnan(value):
                raise NotTrue(f"a slice with {_story(inside)} is {value}.")


def share_of_slices(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        ratios = [dice.choice([0.0, 0.5, 0.8999, 0.9, 0.9499, 0.95, 0.9899, 0.99, 1.0]) for _ in range(size)]
        target = dice.choice([0.5, 0.9, 0.95, 0.99])
        _expect_of_slices(
            student.timeslices(list(ratios), target), Fraction(sum(r >= target for r in ratios), size), ratios
        )
    for outage in (0.0, 0.7):  # three bad hours of a month count the same, however bad they are
        ratios = [1.0] * 300 + [outage] * 3 + [1.0] * 417
        _expect_of_slices(student.timeslices(list(ratios), 0.99), Fraction(717, 720), ratios)


def mean_of_slices(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        ratios = [dice.randrange(101) / 100 for _ in range(size)]
        _expect_of_slices(student.ratio_timeslices(list(ratios)), math.fsum(ratios) / size, ratios)
    ratios = [1.0] * 300 + [0.7] * 3 + [1.0] * 417
    _expect_of_slices(student.ratio_timeslices(list(ratios)), Fraction(99_875, 100_000), ratios)


def empty_slices(student: Student, dice: Random, learner: str) -> None:
    # Slices that are all good or all bad: here the two formulas agree, so this is about the empty ones alone.
    for size in sizes():
        ratios = [dice.choice([0.0, 1.0, 1.0, math.nan]) for _ in range(size)]
        full = [r for r in ratios if not math.isnan(r)]
        empty = size - len(full)
        expected = {
            "skipped": math.fsum(full) / len(full) if full else math.nan,
            "good": (math.fsum(full) + empty) / size,
            "bad": math.fsum(full) / size,
        }
        for policy, value in expected.items():
            for name, answer in (
                ("timeslices", student.timeslices(list(ratios), 0.9, empty=policy)),
                ("ratio_timeslices", student.ratio_timeslices(list(ratios), empty=policy)),
            ):
                if not same(answer, value):
                    raise NotTrue(f"{name} of {short(ratios)} with empty={policy!r} is {answer!r}.")
        for name, answer in (
            ("timeslices", student.timeslices(list(ratios), 0.9)),
            ("ratio_timeslices", student.ratio_timeslices(list(ratios))),
        ):
            if not same(answer, expected["skipped"]):
                raise NotTrue(f"{name} of {short(ratios)} without a policy is {answer!r}.")


def _slices(student: Student, judged: Sequence[Judged], start: float, end: float, width: float) -> list[float]:
    return numbers(student.slice_ratios(judged, start, end, width))


def _expect_of_slices(answer: Any, expected: float | Fraction, ratios: Sequence[float]) -> None:
    if not same(answer, expected):
        raise NotTrue(f"for slices with the ratios {short(list(ratios))} it returned {answer!r}.")


LAB = Properties("lab1", globals())
PROPERTIES, failures, broken, require = LAB.parts()
