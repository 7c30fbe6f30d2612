"""What Lab 3 says in its text is true: of the flights, of every learner's reports, of the published numbers."""

import contextlib
import csv
import io
import math
import re
import sys

import pytest

from dslib.chatweeks import DAYS, MONTHS, chat_weeks
from dslib.exercises import Lab
from labs import ROOT, SOLUTIONS, answered, grading, is_code, notebook, points, run, says

SOURCE = SOLUTIONS / "lab3"
LEARNERS = ["self-paced", *(f"learner {n}" for n in range(8))]


@pytest.fixture
def reference():
    return answered("lab3")


def test_all_fourteen_points_are_for_checks():
    assert points("lab3") == (14, 0)


def test_the_committed_days_are_what_the_script_makes():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from make_flights import DAILY_COLUMNS, daily
    finally:
        sys.path.pop(0)
    never = {
        "year": "2013", "month": "2", "day": "9", "dep_time": "NA", "sched_dep_time": "5", "dep_delay": "NA",
        "carrier": "UA", "flight": "7", "origin": "LGA", "tailnum": "N1",
    }  # fmt: skip
    left = [{**never, "dep_time": "2", "dep_delay": delay} for delay in ("14", "15", "-3")]
    assert daily([never, *left, {**left[0], "origin": "EWR"}, {**never, "month": "4"}]).splitlines() == [
        "date,origin,scheduled,late,cancelled",
        "2013-02-09,EWR,1,0,0",
        "2013-02-09,LGA,4,1,1",
    ]
    path = SOURCE / "departures-by-day-2013-q1.csv"
    assert path.stat().st_size < 10_000
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == DAILY_COLUMNS
    assert len(rows) == 270
    assert sum(int(row["scheduled"]) for row in rows) == 80_789
    assert sum(int(row["cancelled"]) for row in rows) == 2_643


def test_the_flights_are_as_the_lab_tells_them(reference):
    flights, days = reference["flights"], range(DAYS)
    assert len(flights) == DAYS == sum(MONTHS)
    rolling = reference["rolling_spent"](flights, 0.97, 28)
    calendar = reference["calendar_spent"](flights, 0.97, MONTHS)
    assert [day for day in days if rolling[day] > 1] == list(range(38, 90))  # 8 February to 31 March
    says("lab3", "title", "every single day")
    says("lab3", "what-decisions-say", "seven weeks")
    march = flights[59:]
    assert round(100 * sum(bad for _, bad in march) / sum(valid for valid, _ in march), 2) == 2.99
    says("lab3", "title", "2.99 %")
    assert [round(100 * rolling[day]) for day in (37, 39)] == [75, 192]
    assert sum(bad for _, bad in flights[38:40]) == 865
    assert 0.03 * sum(valid for valid, _ in flights[12:40]) < 865  # "more than a four-week budget"
    assert rolling[65] > 2 > 1.2 > rolling[67]  # it comes back on 8 and 9 March
    assert calendar[30] < 1 < calendar[58]
    assert round(calendar[89], 3) == 0.995
    says("lab3", "what-windows-say", "865 flights", "75 to 192 %", "99.5 %")
    assert [reference["date"](day) for day in (0, 30, 31, 38, 58, 59, 89)] == [
        "1 January", "31 January", "1 February", "8 February", "28 February", "1 March", "31 March",
    ]  # fmt: skip


def test_what_the_lab_says_of_the_chat_is_true_of_every_learner(reference):
    names = reference
    for learner in LEARNERS:
        reports = chat_weeks(Lab("lab3", learner, folder=SOURCE).seed)
        assert len(reports) > len({(report.hour, report.host) for report in reports}) > 4_000, learner
        assert len({(report.hour, report.host) for report in reports}) < 2 * 24 * DAYS, learner
        assert [report.hour for report in reports] != sorted(report.hour for report in reports), learner
        days = names["by_day"](reports, DAYS)
        rolling = names["rolling_spent"](days, 0.999, 28)
        calendar = names["calendar_spent"](days, 0.999, MONTHS)
        assert max(calendar) < 1, learner  # every month kept its promise
        over = [day for day in range(DAYS) if rolling[day] > 1]
        assert {day for day, _ in enumerate(days) if day in over} >= set(range(31, 46)), learner
        assert over == list(range(over[0], over[-1] + 1)), learner
        burn = names["current_burn"](days, 0.999, 3)
        left = names["days_left"](rolling[-1], burn, 28)
        assert burn > 2, learner
        assert 1.5 < left < 14, learner

        def verdict(day, days=days, rolling=rolling):
            inside = days[max(0, day - 27) : day + 1]
            worst = max(names["spent"](bad, sum(valid for valid, _ in inside), 0.999) for _, bad in inside)
            burn = names["current_burn"](days[: day + 1], 0.999, 3)
            return names["decide"]("feature", rolling[day], worst, names["days_left"](rolling[day], burn, 28), 14)

        assert [verdict(day) for day in (31, 45)] == ["freeze", "freeze"], learner
        assert verdict(59) != "freeze", learner
        assert verdict(89) == "slow", learner


def test_the_same_three_hours_by_night_and_in_the_evening(reference):
    four_weeks = [round(800 * busy) for busy in reference["BUSY"]] * 28
    night, evening = (reference["outage_share"]("99.9 %", four_weeks, 60 * hour, 180) for hour in (3, 19))
    assert abs(night - 1 / 7) < 0.005
    assert 8 < evening < 9
    says("lab3", "what-outages-say", "a seventh", "more than eight budgets")
    assert round(100 * 180 / reference["budget_in_minutes"]("99.9 %", 28)) == 446
    says("lab3", "predict-outage", "446 %")


def test_the_allowed_downtime_is_that_of_the_courses_table(reference):
    minutes = reference["budget_in_minutes"]
    table = {
        "90 %": (36.5 * 1_440, 4_320, 4_032, 1_008, 144),
        "99 %": (3.65 * 1_440, 432, 403.2, 100.8, 14.4),
        "99.5 %": (1.825 * 1_440, 216, 201.6, 50.4, 7.2),
        "99.9 %": (525.6, 43.2, 40.32, 10.08, 1.44),
        "99.95 %": (262.8, 21.6, 20.16, 5.04, 0.72),
        "99.99 %": (52.56, 4.32, 4.032, 1.008, 0.144),
        "99.999 %": (5.256, 0.432, 0.4032, 0.1008, 0.0144),
    }
    for promise, row in table.items():
        for days, expected in zip((365, 30, 28, 7, 1), row, strict=True):
            assert math.isclose(minutes(promise, days), expected), (promise, days)
    assert round(minutes("99.9 %", 365 / 12), 1) == 43.8


def test_the_published_numbers_are_those_that_the_checks_use(reference):
    from grading.checks import lab3

    for promise, allowed in lab3.WORKBOOK:
        assert reference["budget_in_requests"](promise, lab3.WORKBOOK_VALID) == allowed
    for promise, valid, allowed in lab3.PUBLISHED:
        assert reference["budget_in_requests"](promise, valid) == allowed
    assert round(100 * reference["spent"](105_388, 3_663_253, 0.97), 1) == 95.9
    assert round(100 * reference["spent"](14_066, 3_663_253, 0.97), 1) == 12.8
    assert reference["spent"](1_500, 3_000_000, 0.999) == 0.5
    lasts = [reference["days_left"](0, burn, 30) for burn in (1, 2, 10, 1_000)]
    assert lasts == [30, 15, 3, 0.03]
    assert math.isclose(24 * 60 * lasts[3], 43.2)


def test_the_examples_of_the_text_are_what_the_reference_computes(reference):
    assert (1 - 0.9) * 10 == 0.9999999999999998
    assert [reference["outage_share"]("90 %", [100, 300], start, 30) for start in (0, 90)] == [1.25, 3.75]
    assert reference["spent"](15, 10_000, 0.999) == 1.5
    assert reference["balance"]([0, 4, 0, 8], 10_000, 0.999) == [10, 6, 6, -2]
    assert reference["rolling_spent"]([(100, 0), (100, 5), (100, 0), (100, 0)], 0.9, 2) == [0, 0.25, 0.25, 0]
    days = [(100, 1), (100, 4), (100, 0), (100, 2)]
    assert reference["calendar_spent"](days, 0.9, [2, 2]) == [0.05, 0.25, 0, 0.1]
    assert reference["current_burn"]([(1_000, 6)], 0.998, 1) == 3
    assert math.isclose(reference["days_left"](0.4, 2, 28), 8.4)


def test_the_two_budgets_agree_with_dslibs_own(reference):
    from dslib import slo

    flights = reference["flights"]
    valid, bad = [valid for valid, _ in flights], [bad for _, bad in flights]
    rolling = slo.budget_left(bad, valid, 0.97, window=28)
    calendar = slo.budget_left(bad, valid, 0.97, calendar=MONTHS)
    for mine, theirs in (
        (reference["rolling_spent"](flights, 0.97, 28), rolling),
        (reference["calendar_spent"](flights, 0.97, MONTHS), calendar),
    ):
        assert all(math.isclose(1 - one, other, abs_tol=1e-9) for one, other in zip(mine, theirs, strict=True))


def test_every_cell_runs_without_an_error_and_prints_a_few_lines():
    names, printed = answered("lab3"), io.StringIO()
    cells = [cell for cell in notebook("lab3") if is_code(cell) and not grading(cell) and cell["id"] != "learner"]
    assert len(cells) >= 6
    with contextlib.redirect_stdout(printed):
        assert run("lab3", cells, names) == {}
    lines = printed.getvalue().splitlines()
    assert max(map(len, lines)) <= 120
    assert not re.search(r"\d\.\d{7}", printed.getvalue()), "a number without rounding"
