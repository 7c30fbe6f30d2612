"""The properties of Lab 2, on random samples, on published numbers and on the learner's own log.

Each property is fed by the checks. Where a learner's function may well call another one of theirs (the percentile of a
fleet calls that of a sample), the cases are such that the likely mistakes in the other one do not show.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from dslib.chatday import chat_day_log
from dslib.exercises import Lab
from dslib.requestlog import Row, read_log

from .asking import SOLUTIONS, Known, NotTrue, Properties, Student, items, number, numbers, same, short

ROUNDS = 60
#: p90 and p99 of the example API in the SRE Workbook, chapter 2, and the thresholds that it proposes, in ms.
WORKBOOK = ((432, 450), (891, 900))
NAMES = (1, 5, 10, 20, 25, 50, 75, 80, 90, 95, 99)


# -- samples to ask about ----------------------------------------------------------------------------------------------


def sizes() -> list[int]:
    """Small cases first, so that a learner is told of a small one."""
    return sorted(range(1, ROUNDS + 1), key=lambda size: (size > 6, size))


def some_waits(dice: Random, size: int, ties: bool = True) -> list[float]:
    """``size`` latencies in no order, in ms: most of them short, a few very long; with ``ties``, often equal ones."""
    if ties and dice.random() < 0.5:
        return [dice.choice([20, 30, 45, 45, 80, 400]) for _ in range(size)]
    found: set[float] = set()
    while len(found) < size:
        found.add(round(20 * dice.paretovariate(0.9), 1))
    return dice.sample(sorted(found), size)


def rank(p: float, size: int) -> int:
    """The nearest rank, counted from 1."""
    return max(1, math.ceil(Fraction(str(p)) * size / 100))


def easy(p: float, size: int) -> bool:
    """Whether a float finds the same rank: where it does not is a property of its own."""
    return max(1, math.ceil(p / 100 * size)) == rank(p, size) and float(p / 100 * size) != rank(p, size) - 1


def nearest(waits: Sequence[float | None], p: float) -> float:
    ordered = sorted(math.inf if one is None else one for one in waits)
    return ordered[rank(p, len(ordered)) - 1]


@lru_cache(maxsize=4)  # of a class of a thousand, a few at a time
def own_log(learner: str) -> Known:
    """The file of the learner's own day."""
    seed = Lab("lab2", learner, folder=SOLUTIONS / "lab2").seed
    return Known(chat_day_log, ((seed,),), chat_day_log(seed))


def known(learner: str) -> list[Known]:
    return [own_log(learner)]


@lru_cache(maxsize=4)
def own_rows(learner: str) -> tuple[Row, ...]:
    """The learner's own day."""
    return tuple(read_log(own_log(learner).value))


def _story(waits: Sequence[Any]) -> str:
    return short(list(waits)) if len(waits) <= 12 else f"{len(waits):,} latencies"


# -- task 1: a percentile ----------------------------------------------------------------------------------------------


def nearest_rank(student: Student, dice: Random, learner: str) -> None:
    cases = [(some_waits(dice, size), dice.choice(NAMES)) for size in sizes()]
    cases += [([row.latency_ms for row in own_rows(learner)], p) for p in (50, 90, 99)]
    for waits, p in cases:
        if easy(p, len(waits)):
            _expect_percentile(student, waits, p)


def ends_of_the_sample(student: Student, dice: Random, learner: str) -> None:
    for size in sizes()[:20]:
        waits = some_waits(dice, size)
        for p in (0, 100):
            _expect_percentile(student, waits, p)
    for name in (0, 1, 50, 99, 99.9, 100):
        _expect_percentile(student, [dice.randrange(1, 900)], name)
        value = student.percentile([], name)
        if not math.isnan(number(value)):
            raise NotTrue(f"for an empty list and p = {name} it returned {short(value)}.")


def exact_rank(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[float, int]] = [(99.9, 1_000), (7, 100), (55, 100)]
    while len(cases) < 16:
        tenths, size = dice.choice([dice.randrange(1, 1_000), 10 * dice.randrange(1, 100)]), 10 * dice.randrange(1, 120)
        p = tenths / 10
        exact = -(-tenths * size // 1_000)
        if math.ceil(p / 100 * size) != exact or math.ceil(p * size / 100) != exact:
            cases.append((p, size))
    for p, size in cases:
        waits = dice.sample(range(1, size + 1), size)
        value = student.percentile(waits, p)
        if not same(value, rank(p, size)):
            raise NotTrue(
                f"for the whole numbers from 1 to {size}, in no order, and p = {p} it returned {short(value)}."
            )


def never_answered(student: Student, dice: Random, learner: str) -> None:
    for size in sizes()[:30]:
        waits: list[float | None] = [*some_waits(dice, size)]
        for at in dice.sample(range(size), dice.randrange(1, size + 1)):
            waits[at] = None
        answered = sum(one is not None for one in waits)
        for p in dice.sample(NAMES, 4):
            # Well inside of those that were answered, or well inside of the others: no rank is one off by mistake.
            share = p / 100 * size
            if easy(p, size) and not -1 <= share - answered <= 1:
                value = student.percentile(waits, p)
                expected = math.inf if share > answered else None
                low, high = _around([one for one in waits if one is not None], p, size)
                if not (same(value, math.inf) if expected else low <= number(value) <= high):
                    raise NotTrue(f"for {_story(waits)} and p = {p} it returned {short(value)}.")
    value = student.percentile([None] * 3, 50)
    if not same(value, math.inf):
        raise NotTrue(f"for three requests that were never answered and p = 50 it returned {short(value)}.")


def _around(answered: Sequence[float], p: float, size: int) -> tuple[float, float]:
    """The answered waits next to the percentile of a sample of ``size``, on both sides."""
    ordered = sorted(answered) or [math.inf]
    at = min(rank(p, size), len(ordered)) - 1
    return ordered[max(0, at - 1)], ordered[min(len(ordered) - 1, at + 1)]


def _expect_percentile(student: Student, waits: Sequence[float], p: float) -> None:
    value = student.percentile(list(waits), p)
    if not same(value, nearest(waits, p)):
        raise NotTrue(f"for {_story(waits)} and p = {p} it returned {short(value)}.")


# -- task 2: a share instead of a wait ---------------------------------------------------------------------------------


def units(student: Student, dice: Random, learner: str) -> None:
    in_ms = {"us": Fraction(1, 1_000), "ms": Fraction(1), "s": Fraction(1_000), "min": Fraction(60_000)}
    for _ in range(ROUNDS):
        figure = dice.choice([str(dice.randrange(1, 900)), f"{dice.randrange(1, 9_000) / 1_000}"])
        unit = dice.choice(list(in_ms))
        text = figure + dice.choice(["", " "]) + unit
        value = student.to_ms(text)
        if not same(value, Fraction(figure) * in_ms[unit]):
            raise NotTrue(f"for {text!r} it returned {short(value)}.")


def at_the_threshold(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        threshold = dice.choice([100, 250, 500, 0.5 * dice.randrange(1, 900)])
        rows = [_row(dice, threshold + dice.choice([-20.5, -1, 0, 0, 0.5, 70])) for _ in range(size)]
        for strict in (False, True):
            fast = sum(row.latency_ms < threshold if strict else row.latency_ms <= threshold for row in rows)
            value = student.latency_sli(list(rows), threshold, strict=strict)
            if not same(value, Fraction(fast, size)):
                raise NotTrue(
                    f"for requests of {_story([row.latency_ms for row in rows])} ms, all answered, "
                    f"threshold_ms={threshold} and strict={strict} it returned {short(value)}."
                )


def failed_is_slow(student: Student, dice: Random, learner: str) -> None:
    cases = []
    for size in sizes():
        rows = [_row(dice, dice.choice([3, 90, 499, 501, 900]), dice.choice(_ANSWERED + _FAILED)) for _ in range(size)]
        cases.append((rows, 500))
    own = [row for row in own_rows(learner) if row.endpoint != "/healthz" and row.status != 499]
    cases.append(([row for row in own if row.latency_ms != 500], 500))
    for rows, threshold in cases:
        served = [row for row in rows if row.status not in _FAILED]
        fast = sum(row.latency_ms <= threshold for row in served)
        for failed, valid in (("slow", len(rows)), ("excluded", len(served))):
            value = student.latency_sli(list(rows), threshold, failed=failed) if valid else math.nan
            if valid and not same(value, Fraction(fast, valid)):
                raise NotTrue(f"for {_requests(rows)} and failed={failed!r} it returned {short(value)}.")
        value = student.latency_sli(list(rows), threshold)
        if not same(value, Fraction(fast, len(rows))):
            raise NotTrue(f"for {_requests(rows)}, and nothing said about failed, it returned {short(value)}.")


def valid_only(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        rows = [_row(dice, dice.choice([3, 90, 499, 501, 900])) for _ in range(size)]
        rows += [
            _row(dice, dice.choice([1, 450, 900]), dice.choice([200, 200, 503]), "/healthz")
            for _ in range(dice.randrange(1, 5))
        ]
        rows += [_row(dice, dice.choice([1, 450, 900]), 499) for _ in range(dice.randrange(1, 5))]
        dice.shuffle(rows)
        valid = [row for row in rows if row.endpoint != "/healthz" and row.status != 499]
        value = student.latency_sli(list(rows), 500)
        if not same(value, Fraction(sum(row.latency_ms <= 500 for row in valid), len(valid))):
            raise NotTrue(f"for {_requests(rows)} it returned {short(value)}.")
        for nobody in ([], [row for row in rows if row not in valid]):
            value = student.latency_sli(list(nobody), 500)
            if not math.isnan(number(value)):
                raise NotTrue(f"for {_requests(nobody)}, none of them valid, it returned {short(value)}.")


def next_step_up(student: Student, dice: Random, learner: str) -> None:
    cases = [(Fraction(measured), 50, proposed) for measured, proposed in WORKBOOK]
    for _ in range(ROUNDS):
        step, multiple = dice.choice([5, 10, 20, 50, 100]), dice.randrange(1, 40)
        cases.append((Fraction(step * multiple), step, step * multiple))
        cases.append((step * multiple - Fraction(dice.randrange(1, 8) * step, 8), step, step * multiple))
    for measured, step, proposed in cases:
        value = student.promise_ms(_plain(measured), step)
        if not same(value, proposed):
            raise NotTrue(
                f"for a percentile of {float(measured):g} ms and steps of {step} ms it returned {short(value)}."
            )
    for value in (student.promise_ms(math.inf), student.promise_ms(math.inf, 100)):
        if not same(value, math.inf):
            raise NotTrue(f"for a percentile of inf it returned {short(value)}.")


_ANSWERED, _FAILED = [200, 200, 200, 404], [429, 500, 503, 504]


def _row(dice: Random, latency_ms: float, status: int = 0, endpoint: str = "") -> Row:
    endpoint = endpoint or dice.choice(["/rooms", "/messages", "/search"])
    status = status or dice.choice(_ANSWERED)
    host = dice.choice(["gw-1", "gw-2"])
    return Row(dice.randrange(86_400), "r1", "a1", host, "acme", endpoint, status, latency_ms)


def _requests(rows: Sequence[Row]) -> str:
    if len(rows) > 8:
        return f"{len(rows):,} requests"
    return "; ".join(f"{row.endpoint} with {row.status} after {row.latency_ms:g} ms" for row in rows) or "no requests"


def _plain(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


# -- task 3: many machines ---------------------------------------------------------------------------------------------


def merged_sample(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[dict[str, list[float]], float]] = [({"a": [8, 9, 10, 11, 12], "b": [1_000]}, 80)]
    for size in sizes():
        waits = sorted(some_waits(dice, 30 + 4 * size, ties=False))
        # A large quick host, and small ones that are slow: the mean of their percentiles is far from the fleet's.
        hosts: dict[str, list[float]] = {name: [] for name in ("gw-1", "gw-2", "gw-3")[: dice.randrange(2, 4)]}
        for at, one in enumerate(waits):
            slow = at > 0.7 * len(waits) and dice.random() < 0.7
            hosts[dice.choice(list(hosts)[1:]) if slow or dice.random() < 0.05 else "gw-1"].append(one)
        for sample in hosts.values():
            dice.shuffle(sample)
        if all(len(sample) >= 2 for sample in hosts.values()):
            cases.append((hosts, dice.choice([50, 75, 80, 90])))
    own: dict[str, list[float]] = {}
    for wait, row in {row.latency_ms: row for row in own_rows(learner)}.items():  # each wait once
        own.setdefault(f"{row.host} {row.endpoint}", []).append(wait)
    cases += [(own, 50), (own, 90)]
    for hosts, p in cases:
        _expect_about(student, hosts, p)


def quiet_host(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        hosts: dict[str, list[float]] = {"gw-1": some_waits(dice, size, ties=False), "gw-2": []}
        if dice.random() < 0.5:
            hosts = {"gw-0": [], **hosts}
        _expect_about(student, hosts, dice.choice([50, 75, 90]))
    for count in range(3):
        hosts = {f"gw-{at + 1}": [] for at in range(count)}
        value = student.fleet_percentile(hosts, 90)
        if not math.isnan(number(value)):
            raise NotTrue(f"for {short(hosts)}, where nobody asked, it returned {short(value)}.")


def counts_add_up(student: Student, dice: Random, learner: str) -> None:
    for size in sizes()[:30]:
        counts = {}
        for at in range(1 + size % 5):
            valid = dice.choice([0, 1, 9, 40, 9_000])
            counts[f"gw-{at + 1}"] = (dice.randrange(valid + 1), valid)
        fast, valid = (sum(pair[i] for pair in counts.values()) for i in (0, 1))
        value = student.fleet_sli(counts)
        if not same(value, Fraction(fast, valid) if valid else math.nan):
            raise NotTrue(f"for {short(counts)} it returned {short(value)}.")


def only_between(student: Student, dice: Random, learner: str) -> None:
    for size in sizes()[:30]:
        known: dict[str, tuple[int, float]] = {
            f"gw-{at + 1}": (dice.choice([1, 30, 9_000]), dice.choice([dice.randrange(5, 900), 12.5, math.inf]))
            for at in range(size % 6)
        }
        waits = [wait for _, wait in known.values()]
        for at in range(dice.randrange(2) if known else 1):
            known[f"idle-{at + 1}"] = (0, math.nan)
        known = {name: known[name] for name in dice.sample(sorted(known), len(known))}
        expected = (min(waits), max(waits)) if waits else (math.nan, math.nan)
        _expect_pair(student.fleet_between(known), expected, f"for {short(known)}")


def _expect_about(student: Student, hosts: dict[str, list[float]], p: float) -> None:
    """The fleet's percentile, or a wait next to it: how exactly a rank is found is another property's business."""
    value = student.fleet_percentile(hosts, p)
    ordered = sorted(one for sample in hosts.values() for one in sample)
    at = rank(p, len(ordered)) - 1
    low, high = ordered[max(0, at - 1)], ordered[min(len(ordered) - 1, at + 1)]
    if not (low <= number(value) <= high or same(value, low) or same(value, high)):
        told = short(hosts) if len(ordered) <= 12 else f"{len(hosts)} hosts with {len(ordered):,} latencies"
        raise NotTrue(f"for {told} and p = {p} it returned {short(value)}.")


def _expect_pair(value: Any, expected: tuple[float, float], about: str) -> None:
    found = numbers(value)
    if len(found) != 2:
        raise NotTrue(f"{about} it returned {short(value)}, which is no pair.")
    if not all(same(one, other) for one, other in zip(found, expected, strict=True)):
        raise NotTrue(f"{about} it returned {short(value)}.")


# -- task 4: a histogram -----------------------------------------------------------------------------------------------

Buckets = list[tuple[float, int]]


def cumulative_counts(student: Student, dice: Random, learner: str) -> None:
    for size in [0, *sizes()]:
        bounds = sorted(dice.sample([10, 25, 50, 100, 250, 500, 1_000], dice.randrange(1, 5)))
        waits = [dice.choice([*bounds, None, *some_waits(dice, 3)]) for _ in range(size)]
        expected: Buckets = [(bound, sum(one is not None and one <= bound for one in waits)) for bound in bounds]
        expected.append((math.inf, size))
        value = student.histogram(waits, bounds)
        found = [numbers(pair) for pair in items(value)]
        if found != [list(map(float, pair)) for pair in expected]:
            raise NotTrue(f"for {_story(waits)} and the bounds {bounds} it returned {short(value)}.")


def inside_the_bucket(student: Student, dice: Random, learner: str) -> None:
    cases: list[tuple[Buckets, float]] = [([(100, 40), (250, 70), (500, 90), (math.inf, 100)], 80)]
    for size in sizes():
        buckets = some_buckets(dice, size)
        cases += [(buckets, p) for p in dice.sample(NAMES, 3)]
    for buckets, p in cases:
        expected = estimate(buckets, p)
        if expected is not None:
            _expect_estimate(student, buckets, p, expected)


def first_and_last_bucket(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        # Most requests in the last bucket: the tail is heavy.
        buckets = [(bound, count) for bound, count in some_buckets(dice, size) if bound < math.inf]
        total = 2 * buckets[-1][1] + size
        p = dice.choice([75, 90, 99])
        _expect_estimate(student, [*buckets, (math.inf, total)], p, buckets[-1][0])
        low = dice.choice([-30, -10, 0])
        before = dice.randrange(60, 90)
        for p in (10, 50):
            _expect_estimate(student, [(low, before), (15, 95), (60, 97), (math.inf, 100)], p, low)


def nothing_to_estimate(student: Student, dice: Random, learner: str) -> None:
    for size in sizes()[:20]:
        buckets = some_buckets(dice, size)
        for p, expected in ((-dice.random() - 0.1, -math.inf), (100.1 + 50 * dice.random(), math.inf)):
            _expect_estimate(student, buckets, p, expected)
        _expect_estimate(student, [(bound, 0) for bound, _ in buckets], dice.choice(NAMES), math.nan)


def vouched_for(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        buckets = some_buckets(dice, size)
        for p in (*dice.sample(NAMES, 3), 100):
            expected = holds(buckets, p)
            if expected is not None:
                _expect_pair(student.percentile_between(buckets, p), expected, f"for {short(buckets)} and p = {p}")
    buckets = [(100, 0), (500, 0), (math.inf, 0)]
    _expect_pair(student.percentile_between(buckets, 90), (math.nan, math.nan), f"for {short(buckets)} and p = 90")


def bound_at_threshold(student: Student, dice: Random, learner: str) -> None:
    for size in sizes():
        buckets = some_buckets(dice, size)
        finite = [bound for bound, _ in buckets[:-1]]
        total = buckets[-1][1]
        for threshold in (dice.choice(finite), finite[0] / 2, finite[-1] * 2, dice.choice(finite) + 1):
            least = max((count for bound, count in buckets if bound <= threshold), default=0)
            most = next(count for bound, count in buckets if bound >= threshold)
            expected = (least / total, most / total)
            about = f"for {short(buckets)} and threshold_ms={threshold:g}"
            _expect_pair(student.share_between(buckets, threshold), expected, about)
    buckets = [(100, 0), (500, 0), (math.inf, 0)]
    _expect_pair(student.share_between(buckets, 100), (math.nan, math.nan), f"for {short(buckets)}")


def some_buckets(dice: Random, size: int) -> Buckets:
    """A histogram of at least one request, now and then with an empty bucket."""
    bounds = sorted(dice.sample([10, 25, 50, 100, 250, 500, 1_000, 2_500], dice.randrange(1, 6)))
    counts, total = [], 0
    for _ in range(len(bounds) + 1):
        total += dice.choice([0, 1, dice.randrange(1, 4 + 10 * size)])
        counts.append(total)
    counts = counts if total else [count + 1 for count in counts]
    return list(zip([*map(float, bounds), math.inf], counts, strict=True))


def holds(buckets: Buckets, p: float) -> tuple[float, float] | None:
    """The bucket with the nearest rank; None where a float may well find the neighbour."""
    wanted, low = rank(p, buckets[-1][1]), 0.0
    if not easy(p, buckets[-1][1]):
        return None
    for bound, count in buckets:
        if count >= wanted:
            return low, bound
        low = bound
    raise AssertionError("the last bucket counts everything")


def estimate(buckets: Buckets, p: float) -> float | None:
    """What definition 15 gives inside of a finite bucket; None elsewhere, and where a float may find the neighbour."""
    wanted = Fraction(str(p)) * buckets[-1][1] / 100
    if any(count == wanted and float(p / 100 * buckets[-1][1]) != count for _, count in buckets):
        return None
    low, before = 0.0, 0
    for bound, count in buckets:
        if count >= wanted:
            return None if bound == math.inf else low + (bound - low) * float((wanted - before) / (count - before))
        low, before = bound, count
    raise AssertionError("the last bucket counts everything")


def _expect_estimate(student: Student, buckets: Buckets, p: float, expected: float) -> None:
    value = student.histogram_percentile(buckets, p)
    if not same(value, expected):
        raise NotTrue(f"for {short(buckets)} and p = {p:g} it returned {short(value)}.")


# -- task 5: fan-out ---------------------------------------------------------------------------------------------------


def at_least_one_slow(student: Student, dice: Random, learner: str) -> None:
    cases = [(0.01, servers) for servers in (2, 10, 50, 69, 100)] + [(0.0001, 2_000), (0.0, 7), (1.0, 3)]
    cases += [(dice.randrange(1, 600) / 1_000, dice.randrange(1, 120)) for _ in range(ROUNDS)]
    for slow, servers in cases:
        value = student.slow_pages(slow, servers)
        if not same(value, 1 - (1 - Fraction(slow)) ** servers):
            raise NotTrue(f"for slow_share={slow} and {servers} servers it returned {short(value)}.")


def what_each_must_keep(student: Student, dice: Random, learner: str) -> None:
    for _ in range(ROUNDS):
        share, servers = dice.randrange(500, 1_000) / 1_000, dice.choice([1, 2, 5, 10, 100, dice.randrange(1, 300)])
        value = student.share_needed(share, servers)
        # 1e-9 of what it may be slow: 0.9999 and 0.99989950 are two answers.
        if not same(value, share ** (1 / servers)):
            raise NotTrue(f"for page_share={share} and {servers} servers it returned {short(value)}.")


def how_many_until(student: Student, dice: Random, learner: str) -> None:
    cases = [(0.01, 0.5), (0.5, 0.875), (1.0, 0.9), (0.001, 0.9)]  # the last one takes more than 2,000 servers
    cases += [(dice.randrange(2, 500) / 1_000, dice.randrange(100, 990) / 1_000) for _ in range(ROUNDS)]
    for slow, share in cases:
        servers = 1
        while 1 - (1 - slow) ** servers < share:
            servers += 1
        # Exactly at the share, a float may well be a hair below it; with one half it is exact.
        if slow in (0.5, 1.0) or all(abs(1 - (1 - slow) ** n - share) > 1e-9 for n in (servers - 1, servers)):
            value = student.servers_until(slow, share)
            if not same(value, servers):
                raise NotTrue(f"for slow_share={slow} and page_share={share} it returned {short(value)}.")
    value = student.servers_until(0, dice.randrange(1, 99) / 100)
    if not same(value, math.inf):
        raise NotTrue(f"for servers that are never slow it returned {short(value)}.")


LAB = Properties("lab2", globals())
PROPERTIES, failures, broken, require = LAB.parts()
