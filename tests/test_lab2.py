"""What Lab 2 says in its text is true: of the flights, of every learner's log, of the published numbers."""

import contextlib
import csv
import gzip
import io
import math
import re
import sys
import warnings

import pytest

from dslib.chatday import chat_day_log
from dslib.exercises import Lab
from dslib.requestlog import LogWarning, read_log
from labs import ROOT, SOLUTIONS, answered, grading, is_code, notebook, points, run, says, source, text_of

SOURCE = SOLUTIONS / "lab2"
LEARNERS = ["self-paced", *(f"learner {n}" for n in range(6))]


@pytest.fixture
def reference():
    return answered("lab2")


def test_all_fourteen_points_are_for_checks():
    assert points("lab2") == (14, 0)


def test_the_committed_flights_are_what_the_script_makes():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from make_flights import FEBRUARY_COLUMNS, february
    finally:
        sys.path.pop(0)
    never = {
        "year": "2013", "month": "2", "day": "9", "dep_time": "NA", "sched_dep_time": "5", "dep_delay": "NA",
        "carrier": "UA", "flight": "7", "origin": "EWR", "tailnum": "N1",
    }  # fmt: skip
    early, late = ({**never, "dep_time": "2", "dep_delay": delay} for delay in ("-3", "20"))
    assert february([{**never, "month": "3"}, never, late, {**early, "carrier": "AA"}, early]).splitlines() == [
        "date,carrier,origin,delay_min",
        "2013-02-09,AA,EWR,-3",
        "2013-02-09,UA,EWR,-3",
        "2013-02-09,UA,EWR,20",
        "2013-02-09,UA,EWR,NA",
    ]
    path = SOURCE / "flights-2013-02.csv.gz"
    assert path.stat().st_size < 40_000
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == FEBRUARY_COLUMNS
    # The same flights as in Lab 1's file.
    with gzip.open(SOLUTIONS / "lab1" / "flights-2013-q1.csv.gz", "rt", encoding="utf-8") as file:
        quarter = [row for row in csv.DictReader(file) if row["date"].startswith("2013-02")]
    assert sorted(map(tuple, (row.values() for row in rows))) == sorted(
        tuple(row[name] for name in FEBRUARY_COLUMNS) for row in quarter
    )


def test_the_blizzard_is_as_the_lab_tells_it(reference):
    percentile, delays = reference["percentile"], reference["delays"]
    blizzard = delays["2013-02-08"] + delays["2013-02-09"]
    left = [minutes for minutes in blizzard if minutes is not None]
    assert (len(blizzard), len(left)) == (1_614, 749)
    assert percentile(left, 50) == 2
    assert percentile(blizzard, 50) == math.inf
    says("lab2", "title", "two minutes late", "More than half never did", "24,951")
    says("lab2", "what-flights-say", "749", "1,614", "2 minutes late")
    february = [minutes for day in delays.values() for minutes in day]
    assert len(february) == 24_951
    assert percentile([m for m in february if m is not None], 95) == 78
    assert percentile(february, 95) == math.inf
    says("lab2", "what-flights-say", "78 minutes")


def test_the_airlines_are_as_the_lab_tells_them(reference):
    airlines = {}
    for flight in reference["flights"]:
        minutes = None if flight["delay_min"] == "NA" else int(flight["delay_min"])
        airlines.setdefault(flight["carrier"], []).append(minutes)
    p90s = {name: (len(sample), reference["percentile"](sample, 90)) for name, sample in airlines.items()}
    assert round(sum(minutes for _, minutes in p90s.values()) / len(p90s)) == 68
    weighted = sum(count * minutes for count, minutes in p90s.values()) / 24_951
    assert abs(weighted - 76) < 1  # "would come close here"
    assert reference["fleet_percentile"](airlines, 90) == 76
    assert reference["fleet_between"](p90s) == (25, 143)
    assert (p90s["HA"][0], p90s["UA"][0]) == (28, 4_346)
    says(
        "lab2", "what-airlines-say", "68 minutes", "28 flights of HA", "4,346 of UA", "76 minutes", "between 25 and 143"
    )


def test_what_the_lab_says_of_a_learners_log_is_true_of_every_learner(reference):
    names = reference
    for learner in LEARNERS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LogWarning)
            log = read_log(chat_day_log(Lab("lab2", learner, folder=SOURCE).seed))
        assert log.problems, learner  # the warning has something to say
        assert log.late, learner
        waits = [names["wait"](row) for row in log if row.endpoint != "/healthz"]
        answered_ = [ms for ms in waits if ms is not None]
        mean = math.fsum(answered_) / len(answered_)
        assert sum(ms < mean for ms in answered_) / len(answered_) > 0.8, learner  # "far more than half"
        percentile = names["percentile"]
        assert percentile(waits, 50) < 60, learner
        assert percentile(waits, 90) > 2 * percentile(waits, 50), learner
        assert percentile(waits, 99) > 2_000, learner
        assert percentile(waits, 99.9) == math.inf, learner
        assert percentile(answered_, 99.9) < 3_000, learner

        everything = sum(row.latency_ms < 500 for row in log) / len(log)
        excluded = names["latency_sli"](log, 500, strict=True, failed="excluded")
        slow = names["latency_sli"](log, 500, strict=True)
        assert slow < 0.96 < everything < 0.99 < 0.997 < excluded, learner
        assert {row.status for row in log} >= {200, 404, 429, 499, 503, 504}, learner

        bounds = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]
        counted = names["histogram"](waits, bounds)
        p99, estimate = percentile(waits, 99), names["histogram_percentile"](counted, 99)
        assert estimate == 10_000 if p99 == math.inf else 2_500 < p99 < 2_600 and estimate > p99, learner
        least, most = names["share_between"](counted, 500)
        assert least == most == sum(ms <= 500 for ms in answered_) / len(waits), learner
        assert names["share_between"](counted, 400)[0] < names["share_between"](counted, 400)[1], learner


def test_the_mean_of_percentiles_is_between_them_and_the_fleet_need_not_be_near(reference):
    # The example of Task 3.
    hosts = {"A": [10] * 9, "B": [1_000]}
    assert [reference["percentile"](sample, 90) for sample in hosts.values()] == [10, 1_000]
    assert reference["fleet_percentile"](hosts, 90) == 10
    says("lab2", "task-3", "505 ms", "p90 is 10 ms")


def test_a_fleets_percentile_is_never_outside_of_its_hosts(reference):
    from random import Random

    dice = Random("fleets")
    for _ in range(300):
        hosts = {
            name: [round(dice.paretovariate(1), 2) for _ in range(dice.randrange(1, 30))]
            for name in "ABCD"[: dice.randrange(1, 5)]
        }
        p = dice.choice([1, 10, 50, 90, 99])
        known = {name: (len(sample), reference["percentile"](sample, p)) for name, sample in hosts.items()}
        low, high = reference["fleet_between"](known)
        assert low <= reference["fleet_percentile"](hosts, p) <= high


def test_the_published_numbers_are_those_that_the_checks_use(reference):
    from grading.checks import lab2

    assert [reference["promise_ms"](measured) for measured, _ in lab2.WORKBOOK] == [450, 900]
    says("lab2", "task-2c", "432 ms", "891 ms", "450 ms", "900 ms")
    shares = [round(100 * reference["slow_pages"](0.01, n), 2) for n in (2, 10, 50, 69, 100)]
    assert shares == [1.99, 9.56, 39.5, 50.02, 63.4]
    assert round(100 * reference["slow_pages"](0.0001, 2_000), 1) == 18.1
    assert reference["servers_until"](0.01, 0.5) == 69
    says("lab2", "what-fan-out-says", "63 %", "300 ms for 99.9 %")


def test_the_examples_of_the_text_are_what_the_reference_computes(reference):
    assert [reference["percentile"]([20, 30, 30, 70, 400], p) for p in (50, 80, 81)] == [30, 70, 400]
    buckets = [(100, 40), (250, 70), (500, 90), (math.inf, 100)]
    assert "[(100, 40), (250, 70), (500, 90), (math.inf, 100)]" in text_of("lab2", "task-4")
    assert reference["histogram_percentile"](buckets, 80) == 375
    assert reference["percentile_between"](buckets, 80) == (250, 500)
    assert 99.9 / 100 * 1000 == 999.0000000000001
    assert math.isclose(reference["slow_pages"](0.1, 2), 0.19)


def test_the_histogram_functions_agree_with_dslibs_own(reference):
    from random import Random

    from dslib import slo
    from grading.checks.lab2 import NAMES, some_buckets

    dice = Random("histograms")
    for size in range(1, 60):
        buckets = some_buckets(dice, size)
        bounds, counts = [bound for bound, _ in buckets], [count for _, count in buckets]
        for p in NAMES:
            wanted = slo.histogram_quantile(p / 100, bounds, counts)
            assert math.isclose(reference["histogram_percentile"](buckets, p), wanted, rel_tol=1e-9)


def test_every_cell_runs_without_an_error_and_prints_a_few_lines():
    names, printed = answered("lab2"), io.StringIO()
    cells = [cell for cell in notebook("lab2") if is_code(cell) and not grading(cell) and cell["id"] != "learner"]
    assert len(cells) >= 8
    with contextlib.redirect_stdout(printed):
        assert run("lab2", cells, names) == {}
    lines = printed.getvalue().splitlines()
    assert max(map(len, lines)) <= 110
    assert not re.search(r"\d\.\d{7}", printed.getvalue()), "a number without rounding"
    assert not any("slo." in source(cell) for cell in notebook("lab2"))
