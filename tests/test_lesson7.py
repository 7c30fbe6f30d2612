"""Lesson 7: what D7.1 to D7.5, the flights and the recap claim. The other four are in test_lesson7_decisions.py."""

import csv
import gzip
import io
import json
import re
from math import inf, isnan, nan
from pathlib import Path
from statistics import mean

import pytest

from dslib import slo
from dslib.faults import Fault
from dslib.metrics import bad_and_valid, latencies
from dslib.scenarios.chat_levels import (
    BREAKAGES,
    ENDS,
    TARGET,
    WITHIN_MS,
    Level,
    answers_by_second,
    answers_seen,
    chat_service,
    level,
    levels_where,
    sli_of,
    try_sli,
)
from dslib.scenarios.departures import DAYS, bad_each_day, by_carrier, departures, share_on_time
from dslib.scenarios.nines import allowance, nines, span
from dslib.scenarios.probing import BUDGET_MIN, MONTH_MIN, looked, outages_of, reports
from dslib.scenarios.releases import (
    MONTHS,
    always_release,
    freeze_below,
    left_after,
    never_release,
    play_month,
    played,
    try_policy,
)
from dslib.scenarios.tails import (
    chance_of_a_slow_page,
    host_waits,
    parts_for_half,
    slow_pages,
    summed_up,
    try_fleet_p99,
    waits_with_mean,
)
from dslib.sweeps import estimate, pass_rate
from dslib.views import budget_burn_down, check, latency_distribution, play, predict, recap, reveal, service_levels
from dslib.views.keep import FILE
from dslib.views.spending import spend_budget

ROOT = Path(__file__).resolve().parent.parent
SEEDS = range(20)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """What a reader has answered before is kept beside the notebook; here nobody has."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "07-slis-slos-and-slas.ipynb"))
    return tmp_path


# ---------------------------------------------------------------- the notes' own example, measured and broken


def test_a_healthy_chat_answers_99_percent_within_500_ms():
    for seed in SEEDS:
        assert sli_of(seed) >= TARGET, seed


@pytest.mark.parametrize("breakage", [name for name in BREAKAGES if name not in ("nothing", "lie", "crowd")])
def test_each_fault_of_lessons_4_and_5_takes_more_than_the_budget(breakage):
    for seed in SEEDS:
        assert sli_of(seed, breakage) < TARGET, seed


@pytest.mark.parametrize("breakage", ["lie", "crowd"])
def test_a_lie_and_a_crowd_nearly_always_do(breakage):
    """Statistical: the whole 95 % interval of the share of runs that miss the target lies above 80 %."""
    missed = sum(sli_of(seed, breakage) < TARGET for seed in range(60))
    assert pass_rate(missed, 60).low > 0.8


def test_the_servers_own_log_knows_nothing_of_a_dead_server_nor_of_wrong_answers():
    for seed in SEEDS:
        for breakage in ("crash", "unclean cut"):
            logs = levels_where(chat_service(seed, breakage).run(until=ENDS))
            assert not logs["the users"].met, (seed, breakage)
            assert logs["the servers"].sli > logs["the users"].sli, (seed, breakage)
            assert logs["the servers"].sli > 0.993, (seed, breakage)
    logs = levels_where(chat_service(2, "crash").run(until=ENDS))  # the lesson's own
    assert (logs["the users"].met, logs["the servers"].sli) == (False, 1.0)


def test_a_learners_fault_in_the_player_is_what_the_charts_show():
    mine = play(chat_service, until=ENDS, target=TARGET, judge=answers_seen, seed=2)
    assert "100 %" in mine.summary
    mine.rerun([Fault(3_000, "crash", ("s1",)), Fault(7_000, "restart", ("s1",))])
    share = level(mine.sim)
    assert not share.met
    assert share == level(chat_service(2, "crash").run(until=ENDS))
    told = f"{share.good} good"
    assert told in mine.summary, "the player and the SLI count the same"
    assert "misses the target of 99 %" in str(service_levels(answers_by_second(mine.sim), TARGET, WITHIN_MS))
    bad, valid = bad_and_valid(answers_by_second(mine.sim))
    assert (sum(valid) - sum(bad), sum(valid)) == (share.good, share.valid)
    assert "the target is missed" in str(budget_burn_down(bad, valid, TARGET, every_s=1))
    assert (
        f"of {len(mine.sim.history)} operations"
        in f"of {latency_distribution(latencies(mine.sim.history), WITHIN_MS, TARGET)}"
    )


def test_a_level_says_what_it_was_computed_from_and_never_rounds_up():
    assert str(Level(288, 296)) == "SLI = 288 / 296 = 97.30 %, target 99 %: missed (8 bad, 2 allowed)"
    assert "= 99.9999 %" in str(Level(999_999, 1_000_000))
    assert "= 98.996 %" in str(Level(98_996, 100_000))
    assert str(Level(0, 0)) == "no valid request, so no SLI; target 99 %"
    assert isnan(Level(0, 0).sli)
    assert not Level(0, 0).met
    assert Level(99, 100).met, "an SLI at its target meets it (definition 10)"


@pytest.mark.parametrize(
    ("rule", "passes", "says"),
    [
        (lambda who, answer, ms: None if who == "probe" else answer == "right" and ms <= 500, True, "Well done"),
        (lambda who, answer, ms: answer == "right" and ms <= 500, False, "not valid: no user waits for it"),
        (lambda who, answer, ms: None if who == "probe" else answer == "right" and ms < 500, False, "right, at 500 ms"),
        (lambda who, answer, ms: None if who == "probe" else ms <= 500, False, "wrong, quick"),
        (lambda who, answer, ms: None, False, "not defined"),
        (lambda who, answer, ms: 1, False, "return True, False or None"),
        (lambda who: True, False, "it stops with TypeError"),
        ("good", False, "is not a function"),
    ],
)
def test_an_sli_in_writing_is_tried_request_by_request(rule, passes, says):
    verdict = try_sli(rule)
    assert bool(verdict) == passes
    assert says in str(verdict)


# ---------------------------------------------------------------- D7.1 nines

#: Section 4.0: what each target allows, as it is printed everywhere.
ALLOWED = {
    0.9: ("36.5 d", "3 d", "2.8 d", "16.8 h", "2.4 h"),
    0.99: ("3.65 d", "7.2 h", "6.72 h", "1.68 h", "14.4 min"),
    0.995: ("1.825 d", "3.6 h", "3.36 h", "50.4 min", "7.2 min"),
    0.999: ("8.76 h", "43.2 min", "40.32 min", "10.08 min", "1.44 min"),
    0.9995: ("4.38 h", "21.6 min", "20.16 min", "5.04 min", "43.2 s"),
    0.9999: ("52.56 min", "4.32 min", "4.03 min", "60.5 s", "8.64 s"),
    0.99999: ("5.26 min", "25.92 s", "24.19 s", "6.05 s", "0.864 s"),
}
SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


@pytest.mark.parametrize("target", ALLOWED)
def test_the_table_of_nines_is_the_published_one(target):
    """Within a tenth of a per cent, which is what its rounding to two places leaves."""
    for days, text in zip((365, 30, 28, 7, 1), ALLOWED[target], strict=True):
        value, unit = text.split()
        assert allowance(target, days).outage_s == pytest.approx(float(value) * SECONDS[unit], rel=1e-3), days


def test_the_table_as_the_lesson_prints_it():
    rows = [re.split(r"\s{2,}", line.strip()) for line in nines().splitlines()]
    assert rows[0] == ["target", "365 d", "30 d", "28 d", "7 d", "1 d"]
    assert rows[4] == ["99.9 %", *ALLOWED[0.999]]
    assert [span(seconds) for seconds in (25.92, 60.48, 86.4, 3_599, 90_000)] == [
        "25.92 s", "60.48 s", "1.44 min", "59.98 min", "1.042 d",
    ]  # fmt: skip


def test_a_month_has_a_length_and_requests_are_whole():
    assert round(allowance(0.999, 365 / 12).outage_s / 60, 1) == 43.8
    assert round(allowance(0.999, 31).outage_s / 60, 2) == 44.64
    assert allowance(0.9999, 1, 2_500_000).failures == 250
    assert allowance(0.999, 30, 7_200).failures == 7
    assert allowance(1, 30).outage_s == 0


# ---------------------------------------------------------------- D7.2 how often do you look?


def test_a_probe_is_right_on_average_and_wrong_each_time():
    """Statistical: over 400 probes the mean lies within four standard errors of the truth, and single ones far off."""
    said = [one.measured_min for seed in range(4) for one in reports(5, 1, seed=seed, probes=100)]
    truth = estimate(said)
    assert abs(truth.mean - 22) <= 2 * (truth.high - truth.low)
    assert min(said) <= 15
    assert max(said) >= 30
    both = {one.measured_min <= BUDGET_MIN for one in reports(5, 1, seed=1)}
    assert both == {True, False}, "by some probes 99.95 % is kept, by others it is broken"


def test_an_outage_shorter_than_the_period_is_seen_as_often_as_its_share_of_it():
    month = [(1_000.0, 2.0)]
    seen = [looked(month, 5.0, 1, first).seen for first in [i / 100 for i in range(500)]]
    assert mean(seen) == pytest.approx(2 / 5, abs=0.01)
    assert {looked(month, 2.0, 1, first / 100).seen for first in range(200)} == {1}


def test_who_wants_two_failures_in_a_row_reports_a_perfect_month():
    for seed in SEEDS:
        assert all(one.seen == 0 for one in reports(5, 2, seed=seed, probes=20)) or seed
        assert outages_of(seed) != outages_of(seed + 1)
    perfect = reports(5, 2, seed=1)
    assert {one.availability for one in perfect} == {1.0}
    assert perfect[0].true_min == pytest.approx(22)


def test_outages_do_not_meet_and_have_the_length_that_was_asked_for():
    for seed in SEEDS:
        month = outages_of(seed, count=30, total_min=100)
        assert sum(lasts for _, lasts in month) == pytest.approx(100)
        ends = [begins + lasts for begins, lasts in month]
        assert all(end <= begins for end, (begins, _) in zip(ends, month[1:], strict=False))
        assert ends[-1] <= MONTH_MIN


# ---------------------------------------------------------------- D7.3 the average lies


def test_with_one_mean_p99_lies_anywhere():
    for seed in SEEDS:
        calm, two_kinds = summed_up(waits_with_mean(seed, 0)), summed_up(waits_with_mean(seed, 0.05))
        for one in (calm, two_kinds):
            assert one.mean == pytest.approx(100, rel=0.06), seed
        assert calm.quick >= 0.99 > two_kinds.quick, "the notes' own example is met by one and missed by the other"
        assert two_kinds.p50 < calm.p50, "most users are even better off"
        assert two_kinds.p99 > 3 * calm.p99


def test_the_mean_of_the_hosts_percentiles_is_not_that_of_the_fleet():
    for seed in SEEDS:
        waits = host_waits(seed)
        p99s = [summed_up(row).p99 for row in waits.values()]
        fleet = summed_up([ms for row in waits.values() for ms in row])
        assert mean(p99s) > 2 * fleet.p99, seed
        assert min(p99s) < fleet.p99 < max(p99s), seed
        share = sum(sum(ms <= 500 for ms in row) for row in waits.values()) / sum(map(len, waits.values()))
        assert share == fleet.quick, "counts over a threshold add up"


def test_a_page_of_a_hundred_parts_is_slow_in_63_of_100_cases():
    """Statistical: the simulated share lies within four standard errors of the formula."""
    printed = {1: 0.01, 2: 0.0199, 10: 0.0956, 50: 0.395, 69: 0.500, 100: 0.634}
    for parts, share in printed.items():
        exact = chance_of_a_slow_page(parts, 0.01)
        assert exact == pytest.approx(share, abs=0.0006)
        found = mean(slow_pages(seed=1, parts=parts))
        assert abs(found - exact) <= 4 * (exact * (1 - exact) / 2_000) ** 0.5, parts
    assert parts_for_half(0.01) == 69
    assert chance_of_a_slow_page(68, 0.01) < 0.5 < chance_of_a_slow_page(69, 0.01)
    assert chance_of_a_slow_page(2_000, 0.0001) == pytest.approx(0.181, abs=0.0005)


def _merged(waits):
    return slo.percentile([ms for row in waits.values() for ms in row], 0.99)


@pytest.mark.parametrize(
    ("rule", "passes", "says"),
    [
        (_merged, True, "Well done"),
        (lambda waits: mean(slo.percentile(row, 0.99) for row in waits.values() if row), False, "too high"),
        (lambda waits: max(slo.percentile(row, 0.99) for row in waits.values() if row), False, "too high"),
        (lambda waits: min(slo.percentile(row, 0.99) for row in waits.values() if row), False, "too low"),
        (lambda waits: mean(slo.percentile(row, 0.99) for row in waits.values()), False, "no number of ms"),
        (lambda waits: None, False, "no number"),
        (lambda waits: 1 / 0, False, "ZeroDivisionError"),
        (0.99, False, "is not a function"),
    ],
)
def test_a_p99_of_a_fleet_is_tried_on_fleets_of_several_kinds(rule, passes, says):
    for seed in range(3):
        verdict = try_fleet_p99(rule, seed)
        assert bool(verdict) == passes
        assert says in str(verdict)


# ---------------------------------------------------------------- D7.5 spend the budget


def test_who_always_releases_overspends_and_who_never_does_moves_nothing():
    """Statistical, over 200 months: the whole interval lies on one side."""
    months = range(200)
    reckless = pass_rate(sum(play_month(always_release, seed).met for seed in months), 200)
    careful = pass_rate(sum(play_month(never_release, seed).met for seed in months), 200)
    measured = [play_month(freeze_below(0.4), seed) for seed in months]
    assert reckless.high < 0.45
    assert careful.low > 0.97
    assert pass_rate(sum(month.met for month in measured), 200).low > 0.85
    assert mean(month.releases for month in measured) > 15
    assert {play_month(never_release, seed).releases for seed in months} == {0}


def test_the_dice_of_a_day_do_not_depend_on_what_was_decided_before():
    for seed in SEEDS:
        always, never = play_month(always_release, seed), play_month(never_release, seed)
        for one, other in zip(always.days, never.days, strict=True):
            assert (one.failed - one.from_release, one.from_incident) == (other.failed, other.from_incident)
            assert other.from_release == 0
        half = played([True] * 14 + [False] * 14, seed)
        assert half.days == (*always.days[:14], *never.days[14:])


def test_a_month_is_the_budget_that_the_chart_shows():
    month = play_month(freeze_below(0.4), 17)
    assert left_after(sum(month.bad)) == month.left
    left = slo.budget_left(month.bad, month.valid, 0.999)
    assert left[-1] == pytest.approx(month.left)
    chart = str(budget_burn_down(month.bad, month.valid, 0.999, every_s=86_400))
    assert "of 2,800,000 events, 2,800 may be bad" in chart
    assert ("the target is met" in chart) == month.met


@pytest.mark.parametrize(
    ("rule", "passes", "says"),
    [
        (freeze_below(0.4), True, "Well done"),
        (lambda left, days_left: left > 0.2 + 0.015 * days_left, True, "Well done"),
        (always_release, False, "Keep more in hand"),
        (never_release, False, "Too careful"),
        (freeze_below(0.1), False, "Keep more in hand"),
        (freeze_below(0.7), False, "Too careful"),
        (lambda left, days_left: 1, False, "return True (release) or False (freeze)"),
        (lambda left: True, False, "stops with TypeError"),
        (None, False, "is not a function"),
    ],
)
def test_a_policy_must_meet_the_target_and_still_move(rule, passes, says):
    verdict = try_policy(rule)
    assert bool(verdict) == passes
    assert says in str(verdict)
    assert MONTHS == 100


def test_the_game_is_played_from_python_as_by_hand():
    game = spend_budget(17)
    assert "not played yet" in str(game)
    game.release(10).freeze(2)
    assert str(game).startswith("Month 17: 10 releases after 12 days")
    assert game.month.days == play_month(always_release, 17).days[:10] + play_month(never_release, 17).days[10:12]
    game._heard(None, {"decisions": [True] * 28}, None)
    assert game.month == play_month(always_release, 17)
    for nonsense in ({"decisions": [1, 2]}, {"decisions": [True] * 29}, {}, None):
        game._heard(None, nonsense, None)
    assert game.month == play_month(always_release, 17), "what the form did not say changes nothing"
    with pytest.raises(ValueError, match="0 of 28 are left"):
        game.release()
    assert game.again().decisions == []
    data = json.loads(re.search(r'data-dslib-budget="([^"]*)"', game.to_html()).group(1).replace("&quot;", '"'))
    assert [sum(day) for day in data["days"]] == play_month(always_release, 17).bad


@pytest.mark.browser
def test_in_a_page_without_a_kernel_the_game_goes_as_python_counts(page, folder):
    at = folder / "game.html"
    at.write_text(
        f"<!doctype html><html lang='en'><title>game</title><main>{spend_budget(17)._repr_html_()}</main></html>"
    )
    page.goto(at.as_uri())
    release, freeze = (page.get_by_role("button", name=name, exact=True) for name in ("Release", "Freeze"))
    for _ in range(10):
        release.click()
    freeze.click()
    for _ in range(17):
        release.click()
    month = played([True] * 10 + [False] + [True] * 17, 17)
    status = page.get_by_role("status").text_content()
    assert f"27 releases, {100 * month.left:.0f} % of the budget left".replace("-", "−") in status
    assert f"target of 99.9 % is {'met' if month.met else 'missed'}" in status
    assert release.is_disabled()
    assert page.evaluate("document.activeElement.textContent") == "Start again", "the focus was lost"
    page.keyboard.press("Enter")
    assert "100 % of the budget left, 28 days to go" in page.get_by_role("status").text_content()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# ---------------------------------------------------------------- New York, February 2013


def test_the_flights_are_those_of_lab_1():
    with gzip.open(ROOT / "solutions" / "lab1" / "flights-2013-q1.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(io.StringIO(file.read())) if row["date"].startswith("2013-02-")]
    ours = sorted((one.day, one.hour, one.carrier, one.delay_min) for one in departures())
    theirs = sorted(
        (int(row["date"][-2:]), int(row["scheduled"][:2]), row["carrier"],
         inf if row["delay_min"] == "NA" else float(row["delay_min"]))
        for row in rows
    )  # fmt: skip
    assert ours == theirs
    assert len(ours) == 24_951


def test_february_is_worse_than_its_average_and_the_cancelled_are_missing_from_it():
    flights = departures()
    assert share_on_time(flights) == pytest.approx(0.7506, abs=0.0001)
    assert share_on_time(flights, "left out") == pytest.approx(0.7906, abs=0.0001)
    left = [one.delay_min for one in flights if one.delay_min < inf]
    assert mean(left) < 15, "on average a flight that left was on time"
    bad, valid = bad_each_day(flights)
    shares = [1 - one / all_ for one, all_ in zip(bad, valid, strict=True)]
    assert len(shares) == DAYS
    assert sorted(range(DAYS), key=shares.__getitem__)[:2] == [8, 7], "the blizzard of 8 and 9 February"
    carriers = by_carrier(flights)
    assert list(carriers)[:3] == ["UA", "B6", "EV"]
    assert min(carriers, key=lambda name: share_on_time(carriers[name])) == "EV"


# ---------------------------------------------------------------- the whole course


def test_a_folder_without_earlier_predictions_says_so_kindly():
    told = str(recap(course=True))
    assert told.startswith("No predictions are kept in this folder yet. That is no loss")
    assert FILE in told


def test_the_recap_of_the_course_counts_all_lessons_and_shows_each(folder, monkeypatch):
    for name in ("00-welcome", "01-one", "02-two", "05-different-types-of-failures", "07-slis-slos-and-slas"):
        (folder / f"{name}.ipynb").write_text("{}")
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "05-different-types-of-failures.ipynb"))
    predict("ring", "How many links?", ["1", "2"]).say("2")
    reveal("ring", 2)
    predict("wait", "How long?", (0, 10, "s")).say(3)
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "07-slis-slos-and-slas.ipynb"))
    predict("nines", "How many minutes?", (0, 60, "min")).say(5)
    reveal("nines", 4.32)
    check("07/burn").say(2)
    told = recap(course=True)
    lines = str(told).splitlines()
    assert lines[0] == (
        "All lessons together: 3 predictions. 1 of 1 choice came out as you said. "
        "1 number can be held against what happened. 1 prediction not answered by a run yet."
    )
    assert lines[1].startswith("Lesson 5, different types of failures: 2 predictions. 1 of 1 choice")
    assert "- How many links? You said: 2. What happened: 2." in lines
    assert any(
        line.startswith("Lesson 7, SLIs SLOs and SLAs:") and "Self-checks: 0 of 1 done" in line for line in lines
    )
    assert lines[-1] == "Nothing is kept of lessons 1 and 2."
    html = told.to_html()
    assert html.count("<details>") == 2
    assert "How many minutes?" in html
    with pytest.raises(TypeError, match="one lesson and for all"):
        recap("05-different-types-of-failures", course=True)


@pytest.mark.browser
def test_without_a_kernel_the_recap_of_the_course_counts_what_the_browser_kept(page, folder, monkeypatch):
    def html(name, *shown):
        at = folder / f"{name}.html"
        body = "".join(one._repr_html_() for one in shown)
        at.write_text(f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{name}</title><main>{body}</main>")
        return at.as_uri()

    last = html("07-slis-slos-and-slas", recap(course=True))
    page.goto(last)
    assert "No predictions are kept in this folder yet" in page.locator("main").inner_text()
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "05-different-types-of-failures.ipynb"))
    ring = predict("ring", "How many links?", ["1", "2"])
    page.goto(html("05-different-types-of-failures", ring, reveal("ring", 2)))
    page.get_by_label("2", exact=True).check()
    page.get_by_role("button", name="Show what happened").click()
    page.goto(last)
    page.get_by_text("In this browser you have made 1 prediction in 1 lesson.").wait_for()
    page.get_by_text("Lesson 5, different types of failures: 1 prediction, 1 looked at").wait_for()


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: chat_service(breakage="a volcano"), "there is no breakage 'a volcano'"),
        (lambda: allowance(99), "write 0.99 for 99 %"),
        (lambda: allowance(0.99, 0), "days is 0"),
        (lambda: allowance(0.99, 30, -1), "requests is -1"),
        (lambda: outages_of(count=0), "count is 0"),
        (lambda: outages_of(total_min=nan), "total_min is nan"),
        (lambda: looked([], every_min=0), "every_min is 0"),
        (lambda: looked([], in_a_row=0), "in_a_row is 0"),
        (lambda: looked([], first_min=9), "first_min is 9"),
        (lambda: waits_with_mean(slow_share=0.9), "slow_share is 0.9"),
        (lambda: waits_with_mean(fast_ms=200), "fast_ms is 200"),
        (lambda: waits_with_mean(requests=0), "requests is 0"),
        (lambda: chance_of_a_slow_page(0, 0.01), "parts is 0"),
        (lambda: chance_of_a_slow_page(1, 2), "slow is 2"),
        (lambda: slow_pages(parts=100, pages=10**9), "at most 20,000"),
        (lambda: freeze_below("half"), "share is 'half'"),
        (lambda: play_month(lambda left, days_left: None), "on day 1 the rule says None"),
        (lambda: played([True] * 29), "29 decisions for 28 days"),
        (lambda: spend_budget(-1), "seed is -1"),
        (lambda: spend_budget(1).freeze(29), "days is 29, and 28 of 28 are left"),
        (lambda: share_on_time([], "ignored"), "cancelled is 'ignored'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- check yourself


@pytest.mark.parametrize(
    ("item", "right"),
    [
        ("budget", 100 * 15 / float(slo.error_budget(0.999, 10_000))),
        ("twelve", round(100 * slo.serial(*[0.999] * 12), 2)),
        ("burn", 30 * 24 / 14.4),
        ("fleet", "These two numbers do not tell"),
        ("missed", "The SLO is missed, and no credit is due"),
        ("silence", "Undefined: send probes to find out"),
        ("zones", "Less, because they share causes"),
        ("unspent", "You move too slowly, or the target is too low"),
        ("hundred", "Users would not notice, and we could never change anything"),
    ],
)
def test_the_answers_of_the_self_checks_are_what_the_lesson_computes(item, right):
    assert str(check(f"07/{item}").say(right)).startswith("✓ Right.")


def test_two_indicators_of_five_are_what_users_feel():
    both = ("Share of posts that can be read a second later", "Share of requests answered correctly in 500 ms")
    assert str(check("07/indicator").say(*both)).startswith("✓ Right.")
    assert "not even counted" in str(check("07/indicator").say(*both, "Share of requests without an error 5xx"))
