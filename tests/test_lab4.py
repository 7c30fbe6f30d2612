"""What Lab 4 states as facts: the SRE Workbook's figures that it prints, and what it says of every learner's month.

How the lab is graded is in tests/test_labs.py.
"""

import contextlib
import io
import itertools
import math
import random
import re
from collections import Counter
from fractions import Fraction
from functools import cache

import pytest

from dslib import slo
from dslib.chatmonth import DAY, Minute, chat_month, failures_within, read_minutes
from dslib.exercises import Lab
from labs import SOLUTIONS, answered, hints, notebook, points, run, text_of

LAB = "lab4"
LEARNERS = ["self-paced", *(f"learner {n}" for n in range(11))]
PAGES = ((60, 5, 0.02), (360, 30, 0.05))


@pytest.fixture(scope="module")
def reference():
    return answered(LAB)


# -- published figures -------------------------------------------------------------------------------------------------


def test_one_point_is_given_by_hand():
    assert points(LAB) == (17, 1)


def test_detection_times_are_those_of_the_printed_table(reference):
    """Blueprint, Lab 4: "our table", exact; what the workbook rounds is in the lab's claims."""
    fire = reference["minutes_to_fire"]
    page, slow_page, ticket = (60, 14.4), (360, 6), (4_320, 1)
    for ratio, rule, minutes in [
        (1, page, 0.864), (0.15, page, 5.76), (0.05, page, 17.28), (0.02, page, 43.2),
        (0.0144, slow_page, 150), (0.01, slow_page, 216), (0.006, ticket, 720),
    ]:  # fmt: skip
        assert math.isclose(fire(ratio, 0.999, *rule), minutes, rel_tol=1e-12), ratio
    for ratio, rule in [(0.0144, page), (0.006, slow_page), (0.001, ticket)]:
        assert math.isnan(fire(ratio, 0.999, *rule)), "exactly at the threshold, and not above it"


def test_the_four_strategies_of_the_workbook_have_its_figures(reference):
    fire, reset = reference["minutes_to_fire"], reference["minutes_to_reset"]
    budget = 0.001 * 30 * DAY  # minutes of a full outage: 43.2
    assert fire(1, 0.999, 10, 1) * 60 == pytest.approx(0.6)  # seconds
    assert fire(1, 0.999, 10, 1) / budget == pytest.approx(0.0002, rel=0.2)  # printed 0.02 %
    assert 24 * 60 / 10 == 144  # alerts a day, one for each window
    assert fire(1, 0.999, 2_160, 1) * 60 == pytest.approx(2 * 60 + 9.6)  # printed 2 min 10 s
    assert reset(1, 0.999, 2_160, 1, 60) / 60 == pytest.approx(36, abs=0.05)  # hours
    assert 60 / budget == pytest.approx(1.4, abs=0.02)  # 140 % of the budget in the hour before the third one fires
    assert 5 / budget == pytest.approx(0.12, abs=0.005)  # each spike of five minutes
    assert reset(1, 0.999, 60, 36, 30) == pytest.approx(58, abs=0.2)
    assert math.isnan(fire(0.035, 0.999, 60, 36))  # burning at 35
    assert reference["factor_for"](0.05, 60, 30) == 36


def test_the_budget_at_firing_is_factor_times_window_over_period(reference):
    for share, long, factor in [(0.02, 60, 14.4), (0.05, 360, 6), (0.1, 4_320, 1), (0.1, 1_440, 3)]:
        assert reference["factor_for"](share, long, 30) == factor
        assert factor * long / (30 * DAY) == pytest.approx(share)
        # Steady errors, whatever their share: by then that much of the month's budget is spent.
        for ratio in (1, 0.15, 0.05):
            minutes = reference["minutes_to_fire"](ratio, 0.999, long, factor)
            assert minutes * ratio / (0.001 * 30 * DAY) == pytest.approx(share)
    assert [round(reference["factor_for"](share, long, 28), 4) for share, long in
            [(0.02, 60), (0.05, 360), (0.1, 1_440), (0.1, 4_320)]] == [13.44, 5.6, 2.8, 0.9333]  # fmt: skip


def test_the_claims_are_corrected_as_the_definitions_say(reference):
    right = {letter: reference["correct"](letter) for letter in "abcdefgh"}
    assert right["d"] is None
    assert right["h"] is None
    assert right["a"] == pytest.approx(50)  # hours, not 2
    assert right["b"] == pytest.approx(2)  # % in one hour, not 5
    assert right["c"] == pytest.approx(100)  # not 1,000: the workbook's own 13.9 % of the budget agrees
    assert Fraction(1, 7) == pytest.approx(0.139, rel=0.03)
    assert round(right["e"], 2) == 20.57
    assert right["f"] == pytest.approx(5.76)
    assert right["g"] == pytest.approx(2.143, rel=1e-3)
    assert slo.allowed_failures(0.999, 7_200) == 7
    assert slo.allowed_downtime(0.999, 30 * 86_400) / 60 == 43.2
    assert reference["minutes_to_reset"](0.15, 0.999, 5, 14.4, 10) == pytest.approx(4.52)
    assert reference["minutes_to_reset"](0.15, 0.999, 60, 14.4, 10) == pytest.approx(54.24)


def test_high_and_low_targets_are_as_the_text_says(reference):
    assert [rule[2] for rule in reference["out_of_reach"]([(60, 5, 14.4), (360, 30, 6)], 0.9)] == [14.4]
    assert pytest.approx(0.014, rel=0.01) == 10 * 60 / (30 * DAY)  # a full outage at 90 %: 1.4 % of the budget an hour
    assert slo.allowed_downtime(0.99999, 30 * 86_400) == pytest.approx(25.92)  # gone in 26 s
    assert pytest.approx(43.2) == 100 * 25.92 / 60  # on 1 % of the users
    assert reference["failures_to_fire"](10, 0.999, 14.4) == 1


def test_the_formulas_are_what_counts_show(reference):
    """Not only on paper: outages played minute by minute, and measured with the lab's own windows."""
    dice = random.Random("lab4/formulas")
    for _ in range(12):
        ratio, lasted = dice.choice([0.03, 0.05, 0.15, 0.5, 1.0]), dice.randint(50, 90)
        rows = [Minute(i, 1_000, round(1_000 * ratio) if 400 <= i < 400 + lasted else 0) for i in range(600)]
        burns = {window: reference["window_burns"](rows, window, 600, 0.999) for window in (60, 5)}
        for rule, window in (((60, 60, 14.4), 60), ((60, 5, 14.4), 5)):
            fires = reference["minutes_to_fire"](ratio, 0.999, 60, 14.4)
            reset = reference["minutes_to_reset"](ratio, 0.999, window, 14.4, lasted)
            ((first, end),) = reference["episodes"](reference["multi_fires"](burns, [rule]))
            assert first - 400 == math.floor(fires), (ratio, lasted)  # seen at the end of the minute
            assert end - (400 + lasted) == math.ceil(reset) - 1, (ratio, lasted, window)


def test_the_lab_and_dslib_agree_on_random_months(reference):
    dice = random.Random("lab4/slo")
    for _ in range(6):
        valid = [dice.choice([0, 5, 40]) for _ in range(400)]
        bad = [min(count, dice.choice([0, 0, 0, 1, 3])) for count in valid]
        rows = [Minute(i, all_, one) for i, (all_, one) in enumerate(zip(valid, bad, strict=True))]
        dice.shuffle(rows)
        burns = {window: reference["window_burns"](rows, window, 400, 0.95) for window in (60, 5, 30)}
        for window, rates in burns.items():
            assert str(rates) == str(slo.burn_rates(bad, valid, 0.95, [window])[window])
        pages = reference["episodes"](reference["multi_fires"](burns, [(60, 5, 1.2), (30, 5, 1.5)]))
        rules = [slo.AlertRule(3_600, 300, 1.2), slo.AlertRule(1_800, 300, 1.5)]
        calls = slo.merged(slo.alerts(bad, valid, 0.95, rules, 60))
        # dslib speaks of the end of a minute, the lab of the minute.
        assert [(first + 1, end and end + 1) for first, end in pages] == [
            (fires / 60, None if resets is None else resets / 60) for fires, resets in calls
        ]


# -- the months --------------------------------------------------------------------------------------------------------


@cache
def month_of(learner):
    month = chat_month(Lab(LAB, learner, folder=SOLUTIONS / LAB).seed)
    rows, set_aside = read_minutes(month.text)
    return month, rows, set_aside


def test_months_differ_between_learners_and_stay_as_they_are():
    texts = [month_of(learner)[0].text for learner in LEARNERS]
    assert len(set(texts)) == len(LEARNERS)
    assert chat_month(7).text == chat_month(7).text
    assert {month_of(learner)[0].days for learner in LEARNERS} == {28, 30}


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_month_is_as_messy_as_the_lab_says(learner):
    month, rows, set_aside = month_of(learner)
    written = Counter(row.minute for row in rows)
    assert set_aside
    assert all(len(text.split(",")) != 3 for _, text in set_aside)
    assert max(written) < month.days * DAY
    assert 5 * 60 <= min(written) <= 9 * 60  # "some hours into the month"
    missing = sorted(set(range(min(written), month.days * DAY)) - set(written))
    assert sum(minute - 1 not in missing for minute in missing) == 2  # "it died twice: two holes"
    assert any(count > 1 for count in written.values())
    assert any(one.minute > other.minute for one, other in itertools.pairwise(rows))
    quiet = [row.minute % DAY // 60 for row in rows if row.valid == 0]
    assert any(9 <= hour < 20 for hour in quiet)
    assert sum(hour < 5 for hour in quiet) > len(quiet) * 0.9
    assert all(row == rows[[one.minute for one in rows].index(row.minute)] for row in rows[:500:50])
    at_night = [row.valid for row in rows if 2 <= row.minute % DAY // 60 < 5]
    assert 8 < 60 * sum(at_night) / len(at_night) < 13  # "some ten requests an hour"
    assert 2_500_000 < sum(row.valid for row in rows) < 3_300_000


@pytest.mark.parametrize("learner", LEARNERS)
def test_what_the_lab_says_of_a_learners_alerts_is_true_of_every_learner(learner, reference):
    month, rows, _ = month_of(learner)
    minutes = month.days * DAY
    first = {}
    for row in rows:
        first.setdefault(row.minute, row)
    np = pytest.importorskip("numpy")
    valid, bad = (
        np.array([getattr(first[i], column) if i in first else 0 for i in range(minutes)])
        for column in ("valid", "bad")
    )
    assert failures_within(rows, 60, minutes)[1_000:1_003] == [
        int(bad[i - 59 : i + 1].sum()) for i in range(1_000, 1_003)
    ]
    rates = slo.burn_rates(bad, valid, month.target, [5, 10, 30, 60, 360])
    failures = {window: np.array(failures_within(rows, window, minutes)) for window in (60, 360)}
    rules = reference["rule_rows"]([(share, long) for long, _, share in PAGES], month.days)
    wake = [(one.start, one.end) for one in month.incidents if one.wake]
    assert len(wake) == 5  # "five of your incidents"

    def pages(rules, at_least=0):
        flags = np.zeros(minutes, bool)
        for long, short, factor in rules:
            enough = failures[long] >= at_least if at_least else True
            flags |= (rates[long] > factor) & (rates[short] > factor) & enough
        return reference["episodes"](flags.tolist())

    def scores(found):
        return reference["precision"](found, wake), reference["recall"](found, wake)

    yours = pages(rules)
    shut = next((one.start, one.end) for one in month.incidents if "front door" in one.what)
    assert scores(yours)[1] == 0.8
    assert scores(yours)[0] < 0.9
    assert not any(reference["overlap"](page, shut) for page in yours), "no page under your two rows"
    wrong = [page for page in yours if not any(reference["overlap"](page, one) for one in wake)]
    assert sum(2 <= page[0] % DAY // 60 < 6 for page in wrong) >= 3, "most of them at night"
    assert max(reference["reset_after"](yours, wake)[i] for i in range(5) if wake[i] != shut) < 30  # "half an hour"

    sensitive, one_long = pages([(10, 10, 1)]), pages([(60, 60, 36)])
    assert 150 < len(sensitive) < 260
    assert scores(sensitive)[0] < 0.05
    slow = next((one.start, one.end) for one in month.incidents if "slow" in one.what)
    assert not any(reference["overlap"](page, slow) for page in one_long)
    assert max(t for t in reference["reset_after"](one_long, wake) if not math.isnan(t)) > 50

    careful = pages(rules, 10)
    assert scores(careful)[1] == 0.8
    assert scores(careful)[0] > scores(yours)[0]
    leak = next(one for one in month.incidents if "leaks" in one.what)
    for page in careful:
        right = any(reference["overlap"](page, (start, end + 360)) for start, end in wake)  # "or rings once more"
        assert right or reference["overlap"](page, (leak.start, leak.end + 360)), (learner, page)
    assert not pages(rules, 1_000) or scores(pages(rules, 1_000))[1] < 0.8

    assert all(rate <= 1_000 for rate in rates[5][~np.isnan(rates[5])])


def test_the_cells_that_print_run_with_the_reference_and_show_no_problem():
    namespace = answered(LAB)
    cells = [
        cell for cell in notebook(LAB) if cell["id"] not in namespace and not cell["id"].startswith(("check", "answer"))
    ]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        assert run(LAB, cells, namespace) == {}
    text = said.getvalue()
    assert "Warning" not in text
    assert "Traceback" not in text
    # The example of a full answer is the self-paced learner's.
    full = text_of(LAB, "explain")
    day, hour, minute = map(int, re.search(r"page on day (\d+), (\d+):(\d+)", full).groups())
    assert f"page     day {day:2}, {hour:02}:{minute:02}" in text
    day, hour, minute, lasted = map(int, re.search(r"shut\" \(day (\d+), (\d+):(\d+), (\d+) minutes", full).groups())
    assert f"incident     day {day:2}, {hour:02}:{minute:02}, {lasted:4} min, wake: True   the front door" in text


def test_a_file_of_other_counts_is_refused_with_words():
    with pytest.raises(ValueError, match="this is no file of counts"):
        read_minutes("time_s,status\n1,200\n")
    assert read_minutes("minute,valid,bad\n1,2,3\n-1,2,0\n") == ([], [(2, "1,2,3"), (3, "-1,2,0")])


def test_what_is_asked_for_is_withheld():
    assert {"burn_rate", "burn_rates", "alert_factor", "alert_rules", "detection_time", "alerts"} <= set(
        hints(LAB)[1]["withheld"]
    )
