"""What the text of lab 7 states: of the weeks of many learners, of published figures, and of the remedies it judges.

That its checks are right is tested with all labs, in test_labs.py. That the reference is right on seeds other than the
course's is proved by tests/prove_faultweeks.py, which takes minutes and is run by hand.
"""

import contextlib
import io
import math
import re
from fractions import Fraction

import pytest

from dslib.exercises import Lab
from dslib.faultweeks import KINDS, MENU, PURSE, WITHIN_MS, run_week, timetable
from labs import SOLUTIONS, answered, checks, checks_of, grading, notebook, run, source, text_of

LEARNERS = ["self-paced", "ada", "ben"]


@pytest.fixture(scope="module")
def names():
    """The reference's functions, and the helpers of the notebook that call them."""
    found = answered("lab7")
    for cell in ("exact", "rows", "the-slo"):
        with contextlib.redirect_stdout(None):
            exec(text_of("lab7", cell), found)
    return found


@pytest.fixture(scope="module")
def weeks():
    """The three weeks of each learner, and the third without the expired certificate."""
    found = {}
    for learner in LEARNERS:
        seed = Lab("lab7", learner, folder=SOLUTIONS / "lab7").seed
        found[learner] = {kind: run_week(kind, seed) for kind in KINDS}
        found[learner]["renewed"] = run_week("certificate", seed, {"renew_at": 2 / 3})
        found[learner]["seed"] = seed
    return found


def share(counts):
    return counts[0] / counts[1]


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_three_places_disagree_as_the_text_says(names, weeks, learner):
    own = weeks[learner]
    for kind in KINDS:  # "The servers are proud of every week"
        assert share(names["count_servers"](own[kind], WITHIN_MS)) == 1
    users, door = (share(names[name](own["cut"], WITHIN_MS)) for name in ("count_users", "count_door"))
    assert door < users - 0.1  # "In the week cut it looks even worse than things were for the users"
    assert 0.86 < users < 0.92  # "about one user in ten got nothing useful"


@pytest.mark.parametrize("learner", LEARNERS)
def test_each_week_has_the_signature_that_the_text_gives_it(names, weeks, learner):
    own = weeks[learner]
    fates = {kind: names["where_lost"](own[kind], WITHIN_MS) for kind in KINDS}
    for kind in KINDS:
        good, valid = names["count_users"](own[kind], WITHIN_MS)
        assert sum(fates[kind].values()) == valid - good
    assert sum(fates["calm"].values()) == fates["calm"]["too late"]
    assert fates["cut"]["too late"] > 0.6 * sum(fates["cut"].values())  # "most of the bad ones were served"
    assert fates["cut"]["before the door"] > 0
    assert fates["certificate"]["not served"] > 20
    wrong = [row for row in own["certificate"].app if row.status == 200 and not row.complete]
    assert {row.tenant for row in wrong} == {"dorado"}
    assert 0 < fates["certificate"]["wrong answer"] < 20  # "a handful"


@pytest.mark.parametrize("learner", LEARNERS)
def test_only_dorados_own_sli_sees_the_deletion(names, weeks, learner):
    own = weeks[learner]
    assert share(names["count_users"](own["renewed"], WITHIN_MS)) > 0.988
    assert names["tenants_below"](own["renewed"], WITHIN_MS, 0.9) == ["dorado"]
    assert names["tenants_below"](own["calm"], WITHIN_MS, 0.9) == []
    times = timetable("certificate", own["seed"])
    rings = names["pager"](names["hourly"](own["renewed"]), 0.99, names["ROWS"])
    assert not [on for on, _ in rings if times.deleted < on <= times.deleted + 6]  # "The deletion rings nobody"
    alone = own["renewed"]._replace(app=[row for row in own["renewed"].app if row.tenant == "dorado"])
    assert len(alone.app) < 40
    first = next(on for on, _ in names["pager"](names["hourly"](alone), 0.9, [(48, 24, 5)]) if on > times.deleted)
    assert times.missed < first < times.deleted + 60  # "only after a day or two", "dorado complained much sooner"


@pytest.mark.parametrize("learner", LEARNERS)
def test_budgets_and_pages_are_as_the_text_says(names, weeks, learner):
    own = weeks[learner]
    counts = {kind: names["count_users"](own[kind], WITHIN_MS) for kind in (*KINDS, "renewed")}
    report = names["budget_report"](counts, names["TARGET"])
    assert report["calm"]["spent"] < 0.5  # "more than half of its budget unspent"
    assert report["cut"]["spent"] > 3  # "the budget of several weeks"
    assert report["certificate"]["spent"] > 2
    assert 0.4 < report["renewed"]["spent"] < 1.3  # "about as much as the target allows"
    cut, certificate = (timetable(kind, own["seed"]) for kind in ("cut", "certificate"))
    rings = names["pager"](names["hourly"](own["cut"]), 0.99, names["ROWS"])
    on, off = next(ring for ring in rings if cut.cut < ring[0] and (ring[1] or 168) > cut.healed)
    assert on < cut.cut + 6  # "within hours of the rack's loss"
    assert off > cut.healed + 8  # "for half a day after the rack is back"
    rings = names["pager"](names["hourly"](own["certificate"]), 0.99, names["ROWS"])
    assert any(certificate.expired < on <= certificate.expired + 2.5 for on, _ in rings)


def test_the_workbooks_example_is_what_the_functions_give(names):
    rows = [names["app_row"](n, took_ms=432.0 if n < 98 else 891.0) for n in range(100)]
    assert names["availability_target"](3_557_865, 3_663_253, 0.01) == 0.97
    assert names["latency_target"](rows, 0.9, 50) == 450
    assert names["latency_target"](rows, 0.99, 50) == 900
    report = names["budget_report"]({"a": (3_557_865, 3_663_253)}, 0.97)["a"]
    assert report["allowed"] == 109_897
    assert report["bad"] == 105_388
    assert round(100 * report["spent"], 1) == 95.9


def test_the_factors_are_those_of_a_week(names):
    from dslib.slo import alert_factor

    week = 7 * 86_400
    assert names["ROWS"] == [(6, 2, alert_factor(0.2, week, 6 * 3_600)), (24, 6, alert_factor(0.4, week, 86_400))]


def test_the_example_answers_hold_the_numbers_of_the_self_paced_learner(names, weeks):
    own = weeks["self-paced"]
    users, door = names["count_users"](own["cut"], WITHIN_MS), names["count_door"](own["cut"], WITHIN_MS)
    fates = names["where_lost"](own["cut"], WITHIN_MS)
    explained, told = text_of("lab7", "explain-gap"), text_of("lab7", "post-mortem")
    for number in (f"{100 * share(users):.1f} %", f"{100 * share(door):.1f} %", str(fates["too late"]), f"{door[1]:,}"):
        assert number in explained, number
    budget = Fraction(users[1], 100)
    for number in (str(users[1] - users[0]), f"{users[1]:,}", f"{float((users[1] - users[0]) / budget):.1f} times"):
        assert number in told, number
    times = timetable("cut", own["seed"])
    assert [math.floor(hour % 24) for hour in (times.cut, times.healed, times.restarted)] == [8, 13, 1]
    assert [int(hour // 24) for hour in (times.cut, times.offline)] == [1, 3]  # Tuesday, Thursday


def test_a_remedy_that_knows_its_own_week_helps_there_and_nowhere_else(weeks):
    """The restart of the wrong solution, in the week that it was chosen for."""
    from wrong_solutions.lab7 import WRONG

    body = next(wrong.body for wrong in WRONG if wrong.mistake.startswith("a restart at the hour"))
    hour = int(re.search(r"\d+", body)[0])
    lab7 = checks_of("lab7")
    seed = weeks["self-paced"]["seed"]
    own = lab7.score("cut", seed, (("restart_at_h", float(hour)),)).all_users - lab7.score("cut", seed).all_users
    assert own > 3


def test_whoever_grades_does_not_wait_for_the_weeks_that_are_played_for_the_learner(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    names, printed = {"__name__": "__main__"}, io.StringIO()
    wanted = {"setup", "learner", "your-lab", "the-weeks", "small-weeks", "exact", "your-targets"}
    cells = [cell for cell in notebook("lab7") if cell["id"] in wanted or grading(cell).get("solution")]
    with contextlib.redirect_stdout(printed):
        assert run("lab7", cells, names) == {}
    assert names["HOW_MANY"] == 2
    assert "of 2 other calm weeks" in printed.getvalue()


def test_the_menu_of_the_text_is_that_of_the_service():
    assert PURSE == 2
    assert "**two coins**" in text_of("lab7", "task-5")
    lab7 = checks_of("lab7")
    task = text_of("lab7", "task-5a")
    assert f"{lab7.WEEKS} of each fault week and {lab7.CALM_WEEKS} calm ones" in task
    assert (lab7.POINTS, lab7.WORST_POINTS, lab7.MOST, lab7.MAY_COST) == (1, 10, 0.8, 0.5)
    for words in ("one percentage point or more", "by ten", "four of five weeks", "half a per cent"):
        assert words in task
    assert all(item.price in (0, 1, 2) for item in MENU.values())


def test_the_lab_is_as_large_as_the_text_says():
    assert "**14 points:** 12 by checks, 2 by a person" in text_of("lab7", "title")
    assert len(checks(notebook("lab7"))) == 17
    assert all(len(source(cell).splitlines()) <= 40 for cell in notebook("lab7") if cell["cell_type"] == "code")
