"""What Lab 1 says in its text is true: of the flights, of every learner's log, of the three formulas."""

import gzip
import itertools
import math
import re
import warnings
from collections import Counter

import pytest

from dslib.chatday import chat_day_log
from dslib.exercises import Lab
from dslib.requestlog import Judged, LogWarning, Spec, judge, read_log
from labs import ROOT, SOLUTIONS, answered, notebook, points, source, text_of

SOURCE = SOLUTIONS / "lab1"


@pytest.fixture
def reference():
    return answered("lab1")


def test_there_are_twelve_points_for_checks_and_two_for_a_person():
    assert points("lab1") == (12, 2)


def test_the_published_month_is_a_hundredth_of_the_printed_one():
    from grading.checks import lab1

    good, valid = lab1.WORKBOOK
    assert (good, valid) == (round(3_557_865 / 100), round(3_663_253 / 100))
    assert round(100 * good / valid, 3) == round(100 * 3_557_865 / 3_663_253, 3) == 97.123


def test_the_flights_are_what_the_lab_says_they_are(reference):
    with gzip.open(SOURCE / "flights-2013-q1.csv.gz", "rt", encoding="utf-8") as file:
        text = file.read()
    flights, set_aside = reference["read_flights"](text, reference["parse_flight"])
    assert len(flights) == 80_789
    assert "80,789" in text_of("lab1", "title")
    assert set_aside == []
    assert [f.time_s for f in flights] != [reference["parse_flight"](line).time_s for line in text.splitlines()[1:]]

    day = [Judged(f.time_s, reference["on_time"](f), f.flight_id, f.airport, f.carrier, "/") for f in flights]
    january, february, march, blizzard = (
        reference["request_sli"](day, 86_400 * start, 86_400 * end)
        for start, end in ((0, 31), (31, 59), (59, 90), (38, 40))
    )
    assert january > february > march  # although the blizzard was in February
    assert 0.3 < blizzard < 0.36  # "one flight in three"
    two_days = [f for f in flights if 38 <= f.time_s / 86_400 < 40]
    assert sum(f.delay_min is None for f in two_days) > len(two_days) / 2  # "more than half were cancelled"
    assert Counter(f.carrier for f in flights)["OO"] == 1  # the airline with 0 %
    assert reference["sli_by"](day, "tenant")["OO"] == 0


def test_the_committed_flights_are_what_the_script_makes():
    import sys

    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from make_flights import COLUMNS, reduce
    finally:
        sys.path.pop(0)
    original = {
        "year": "2013", "month": "3", "day": "9", "dep_time": "NA", "sched_dep_time": "5", "dep_delay": "NA",
        "carrier": "UA", "flight": "7", "origin": "EWR", "tailnum": "N1",
    }  # fmt: skip
    left = {**original, "dep_time": "2", "dep_delay": "-3"}
    april = {**original, "month": "4"}
    assert reduce([original, left, april]).splitlines() == [
        "date,scheduled,carrier,flight,origin,delay_min",
        "2013-03-09,0005,UA,7,EWR,NA",
        "2013-03-09,0005,UA,7,EWR,-3",
    ]
    path = SOURCE / "flights-2013-q1.csv.gz"
    assert path.stat().st_size < 600_000
    with gzip.open(path, "rt", encoding="utf-8") as file:
        assert file.readline().strip().split(",") == COLUMNS


def test_what_the_lab_says_of_a_learners_log_is_true_of_every_learner(reference):

    names = reference
    for learner in ["self-paced", *(f"learner {n}" for n in range(12))]:
        text = chat_day_log(Lab("lab1", learner, folder=SOURCE).seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LogWarning)
            log = read_log(text)
        assert len(text.splitlines()) > 6_000, learner
        kinds = Counter(problem.kind for problem in log.problems)
        assert {"repeated", "malformed"} <= set(kinds), learner
        assert log.late, learner
        by_day = [row.time_s for row in log if row.endpoint != "/healthz" and 9 <= row.time_s / 3_600 < 18]
        assert max(b - a for a, b in itertools.pairwise(by_day)) > 7 * 60, learner  # "several minutes"

        chat = judge(log, names["classify"], names["SPEC"])
        lenient = judge(log, names["classify"], Spec(excluded_statuses=frozenset({499})))
        by_request, by_action = (names["request_sli"](events, 0, 86_400) for events in (chat, names["actions"](chat)))
        assert names["request_sli"](lenient, 0, 86_400) > by_request, learner
        assert by_action > by_request, learner
        tenants = {name: share for name, share in names["sli_by"](chat, "tenant").items() if not math.isnan(share)}
        assert min(tenants, key=tenants.get) == "cedar", learner
        assert tenants["cedar"] < by_request - 0.03, learner
        ratios = names["slice_ratios"](chat, 0, 86_400, 600)
        assert names["timeslices"](ratios, 0.95) < min(by_request, names["ratio_timeslices"](ratios)), learner


def test_one_outage_costs_occurrences_less_at_night_and_more_at_the_peak(reference):
    cells = [cell for cell in notebook("lab1") if cell["id"] in ("three-numbers", "night-and-peak")]
    definitions = {}
    for cell in cells:
        for part in re.split(r"\n\n\n", source(cell)):
            if part.startswith("def "):
                exec(part, reference)
                definitions[part.split("(")[0]] = part
    assert set(definitions) == {"def three", "def row_of_three", "def month"}
    numbers = [
        [round(100 * share, 3) for share in reference["three"](month, 0, 720 * 3_600, 3_600, 0.99)]
        for month in (reference["month"](0), reference["month"](12), reference["month"](12, failing=0.3))
    ]
    assert numbers[0] == [99.949, 99.583, 99.583]
    assert numbers[1] == [99.218, 99.583, 99.583]
    assert numbers[2][1] == 99.583
    assert abs(numbers[2][2] - 99.875) < 0.002
