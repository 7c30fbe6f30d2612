"""dslib.slo against the pinned definitions and the published figures that it is meant to reproduce."""

import doctest
import importlib
import itertools
import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslib import slo

COUNTS = st.integers(0, 10**9)
TARGETS = st.integers(1, 99_999).map(lambda n: n / 100_000)
DAY = 86_400


FILES = ["exact", "indicators", "budgets", "windows", "percentiles", "alerting", "composition", "credits", "policies"]


@pytest.mark.parametrize("file", FILES)
def test_the_examples_in_the_docstrings_are_true(file):
    result = doctest.testmod(importlib.import_module(f"dslib.slo.{file}"))
    assert result.attempted or file == "exact"
    assert result.failed == 0


# ---------------------------------------------------------------- the definitions, item by item
#
# Each test has the number of the rule that it holds. The figures are those of the rule.


def close(value, expected, rel=1e-9):
    return math.isclose(value, expected, rel_tol=rel)


def test_definition_01_an_sli_is_good_by_valid_and_what_is_valid_is_an_argument():
    statuses = [200] * 90 + [503] * 5 + [429] * 3 + [404, 499]
    good = {200, 404, 499}.__contains__
    assert slo.measure(statuses, good).sli == 0.92
    strict = slo.measure(statuses, good, valid=lambda status: status not in (404, 429, 499))
    assert strict == slo.Counts(good=90, valid=95, invalid=5)
    assert strict.sli == slo.sli(90, 95) == 90 / 95
    assert strict.bad == 5
    asked = []
    slo.measure([1, 2], good=asked.append, valid=lambda event: event == 2)
    assert asked == [2], "an event that is not valid is not judged"


def test_definition_02_no_traffic_is_undefined_and_an_empty_slice_is_what_the_caller_says():
    assert math.isnan(slo.sli(0, 0))
    good, valid = [10, 0, 4], [10, 0, 8]
    assert slo.availability_by_slice(good, valid, 0.9) == 0.5, "skipped is the default"
    assert slo.availability_by_slice(good, valid, 0.9, empty="skipped") == 0.5
    assert slo.availability_by_slice(good, valid, 0.9, empty="good") == 2 / 3
    assert slo.availability_by_slice(good, valid, 0.9, empty="bad") == 1 / 3
    assert slo.availability_by_mean(good, valid) == 0.75
    assert slo.availability_by_mean(good, valid, empty="good") == 2.5 / 3
    assert slo.availability_by_mean(good, valid, empty="bad") == 0.5
    for by in (slo.availability_by_request, slo.availability_by_mean, lambda g, v: slo.availability_by_slice(g, v, 1)):
        assert math.isnan(by([0, 0], [0, 0]))
        assert math.isnan(by([], []))
    with pytest.raises(ValueError, match=r'empty=.fine.: .* "skipped", "good" or "bad"'):
        slo.availability_by_slice(good, valid, 0.9, empty="fine")


def test_definition_03_the_budget_is_exact_whole_failures_are_its_floor_and_nothing_is_clipped():
    assert slo.error_budget(0.999, 7_200) == Fraction(36, 5)
    assert slo.allowed_failures(0.999, 7_200) == 7
    assert slo.met(7_193, 7_200, 0.999) is True
    assert slo.met(7_192, 7_200, 0.999) is False, "the eighth failure breaks it"
    assert slo.allowed_failures(0.9, 10) == 1
    assert slo.allowed_failures(0.9999, 10_000) == 1
    assert slo.budget_consumed(15, 10_000, 0.999) == 1.5
    assert slo.budget_remaining(15, 10_000, 0.999) == -0.5
    assert slo.budget_remaining(40, 10_000, 0.999) == -3
    assert math.isnan(slo.budget_consumed(0, 0, 0.999))
    assert math.isnan(slo.budget_remaining(0, 0, 0.999))
    assert (slo.budget_consumed(1, 10, 1), slo.budget_consumed(0, 10, 1)) == (math.inf, 0)
    assert (slo.budget_remaining(1, 10, 1), slo.budget_remaining(0, 10, 1)) == (-math.inf, 1)
    with pytest.raises(ValueError, match="bad=11 is more than valid=10"):
        slo.budget_consumed(11, 10, 0.9)


def test_definition_04_burn_rates_have_an_end_and_who_builds_rules_says_which_cannot_fire():
    assert slo.burn_rate(0.0144, 0.999) == 14.4
    assert (slo.burn_rate(0.001, 1), slo.burn_rate(0, 1)) == (math.inf, 0)
    assert slo.burn_rate(1, 0.9) == 10
    assert math.isnan(slo.burn_rate(math.nan, 0.9))
    said = slo.unreachable(slo.alert_rules(), 0.9)
    assert len(said) == 1
    assert "above 14.4 can never fire at a target of 0.9: a complete outage burns at 10" in said[0]
    with pytest.warns(slo.UnreachableRule, match=r"above 14\.4 can never fire"):
        slo.alert_rules(target=0.9)
    assert slo.alert_rules(target=0.999) == slo.alert_rules(), "nothing to say: no warning"
    # Strictly greater: a rule at exactly the largest rate cannot fire either.
    assert slo.unreachable([slo.AlertRule(3_600, 300, 10)], 0.9)
    assert not slo.unreachable([slo.AlertRule(3_600, 300, 9.99)], 0.9)


def test_definition_05_a_factor_belongs_to_its_period():
    days = [slo.alert_factor(share, 28 * DAY, hours * 3_600) for share, hours in ((0.02, 1), (0.05, 6), (0.1, 24))]
    assert days == [13.44, 5.6, 2.8]
    assert close(slo.alert_factor(0.1, 28 * DAY, 3 * DAY), 0.9333, 1e-4)
    assert slo.alert_factor(0.02, 30 * DAY, 3_600) == 14.4
    assert slo.alert_factor(0.02, 31 * DAY, 3_600) == 14.88
    for rule in slo.alert_rules(28 * DAY):
        assert close(
            slo.budget_share(rule.factor, 28 * DAY, rule.long_s), {3_600: 0.02, 21_600: 0.05}.get(rule.long_s, 0.1)
        )
    # Another tool: the same factors for every period, and windows that grow with it.
    assert [rule.factor for rule in slo.scaled_rules(28 * DAY)] == [14, 7, 2, 1]
    assert [(rule.long_s, rule.short_s) for rule in slo.scaled_rules(28 * DAY)] == [
        (3_600, 300), (21_600, 1_800), (DAY, 7_200), (4 * DAY, 21_600),
    ]  # fmt: skip
    assert [rule.long_s for rule in slo.scaled_rules(56 * DAY)] == [7_200, 43_200, 2 * DAY, 8 * DAY]
    assert [rule.factor for rule in slo.scaled_rules(56 * DAY)] == [14, 7, 2, 1]


def test_definition_06_the_rows_are_data_and_four_by_default():
    rule = slo.AlertRule
    assert slo.alert_rules() == (
        rule(3_600, 300, 14.4), rule(21_600, 1_800, 6), rule(DAY, 7_200, 3), rule(3 * DAY, 21_600, 1),
    )  # fmt: skip
    assert slo.alert_rules(rows=slo.THREE_ROWS) == (
        rule(3_600, 300, 14.4), rule(21_600, 1_800, 6), rule(3 * DAY, 21_600, 1),
    )  # fmt: skip
    assert slo.alert_rules(28 * DAY, rows=[(0.02, 3_600)]) == (rule(3_600, 300, 13.44),)


def test_definition_07_and_inside_a_row_or_across_rows_and_strictly_greater():
    valid, rows = [10] * 6, [slo.AlertRule(4, 1, 2), slo.AlertRule(2, 1, 4)]
    assert slo.alerts([0, 0, 0, 5, 0, 0], valid, 0.9, rows) == [], "only the short window of each row"
    fired = slo.alerts([5, 5, 0, 0, 0, 9], valid, 0.9, rows)
    assert [(f.rule, f.fires_s, f.resets_s) for f in fired] == [
        (rows[0], 1, 3), (rows[0], 6, None), (rows[1], 1, 3), (rows[1], 6, None),
    ]  # fmt: skip
    assert slo.merged(fired) == [(1, 3), (6, None)], "two rows at once are one call"
    assert slo.alerts([2] * 6, valid, 0.9, rows) == [], "exactly at the threshold"
    assert slo.alerts([0] * 6, [0] * 6, 0.9, rows) == [], "no traffic"
    one = [slo.Firing(rows[0], 1, 5), slo.Firing(rows[1], 2, None), slo.Firing(rows[0], 7, 9)]
    assert slo.merged(one) == [(1, None)]
    assert slo.merged([slo.Firing(rows[0], 1, 5), slo.Firing(rows[1], 5, 6)]) == [(1, 6)]


def test_definition_08_detection_is_the_long_windows_and_reset_the_short_ones():
    assert slo.detection_time(1, 0.999, 3_600, 14.4) == 51.84
    assert math.isnan(slo.detection_time(0.0144, 0.999, 3_600, 14.4)), "it does not exceed the threshold"
    rng = random.Random("definition 8")
    for _ in range(12):
        ratio, factor = Fraction(rng.randint(5, 1_000), 1_000), rng.choice((2, 5, 14.4))
        rule = slo.AlertRule(1_200, 100, factor)
        lasts = 1_300  # longer than the window: every alert has fired by then
        bad = [int(ratio * 1_000) if 1_200 <= second < 1_200 + lasts else 0 for second in range(4_000)]
        fired = slo.alerts(bad, [1_000] * 4_000, 0.999, [rule])
        detected = slo.detection_time(ratio, 0.999, 1_200, factor)
        if math.isnan(detected):
            assert not fired
            assert math.isnan(slo.reset_time(ratio, 0.999, 100, factor))
            continue
        assert len(fired) == 1
        assert 0 <= fired[0].fires_s - 1_200 - detected <= 1, (ratio, factor)
        resets = min(slo.reset_time(ratio, 0.999, window, factor) for window in (1_200, 100))
        assert resets == slo.reset_time(ratio, 0.999, 100, factor), "the short window resets first"
        assert 0 <= fired[0].resets_s - 1_200 - lasts - resets <= 1, (ratio, factor)
        alone = slo.alerts(bad, [1_000] * 4_000, 0.999, [slo.AlertRule(1_200, 1_200, factor)])
        assert alone[0].fires_s == fired[0].fires_s, "the short window delays nothing"
        assert 0 <= alone[0].resets_s - 1_200 - lasts - slo.reset_time(ratio, 0.999, 1_200, factor) <= 1


def test_definition_09_the_printed_slips_and_what_is_right():
    # 10 requests an hour, one failure, 99.9 %: printed as a burn of 1,000; the 13.9 % of budget beside it is right.
    assert slo.burn_rate(slo.sli(1, 10), 0.999) == 100 != 1_000
    assert close(slo.budget_consumed(1, 10 * 24 * 30, 0.999), 0.139, 1e-2)
    assert close(slo.budget_share(100, 30 * DAY, 3_600), 0.139, 1e-2), "100 agrees with it, 1,000 does not"
    # 99.999 % of a day: printed as 0.87 s.
    assert slo.allowed_downtime(0.99999, DAY) == 0.864
    # A burn of 35 lasts: printed as 20.5 h.
    assert round(slo.time_to_exhaustion(35, 30 * DAY) / 3_600, 2) == 20.57
    # 15 % errors for 10 min: printed as fires after 5 min, resets 60 min later with the long window alone.
    assert slo.detection_time(0.15, 0.999, 3_600, 14.4) == 345.6  # 5.76 min
    assert close(slo.reset_time(0.15, 0.999, 300, 14.4) / 60, 4.52)
    assert close(slo.reset_time(0.15, 0.999, 3_600, 14.4) / 60, 54.24)
    bad = [150 if 3_600 <= second < 4_200 else 0 for second in range(9_000)]
    with_short, without = (
        slo.alerts(bad, [1_000] * 9_000, 0.999, [slo.AlertRule(3_600, short, 14.4)])[0] for short in (300, 3_600)
    )
    assert (with_short.fires_s - 3_600) / 60 == pytest.approx(5.76, abs=1 / 60)
    assert (with_short.resets_s - 4_200) / 60 == pytest.approx(4.52, abs=1 / 60)
    assert (without.resets_s - 4_200) / 60 == pytest.approx(54.24, abs=1 / 60)
    # Two pages' slips that lab 4 uses: 14.4 empties a month in 50 h, not in 2; and 5 % belong to 6 h, 2 % to 1 h.
    assert slo.time_to_exhaustion(14.4, 30 * DAY) == 50 * 3_600
    assert (slo.alert_factor(0.05, 30 * DAY, 3_600), slo.alert_factor(0.02, 30 * DAY, 21_600)) == (36, 2.4)


def test_definition_10_met_at_the_target_fast_at_the_threshold_alerted_above_it():
    assert slo.met(999, 1_000, 0.999) is True
    assert slo.met(998, 1_000, 0.999) is False
    assert slo.met(0, 0, 0.999) is None
    assert slo.latency_sli([500], 500) == 1, "at the threshold is fast"
    assert slo.latency_sli([500], 500, strict=True) == 0, "less than 500 ms, as the notes have it"
    assert slo.latency_sli([0.1, 0.3], 0.3) == 1, "whatever the last bit of a float"
    assert slo.alerts([1], [10], 0.9, [slo.AlertRule(1, 1, 1)]) == []
    assert slo.alerts([2], [10], 0.9, [slo.AlertRule(1, 1, 1)]) != []


def test_definition_11_comparisons_are_exact_and_rounding_is_for_display():
    assert 1 - 0.999 != 0.001, "the reason"
    assert 0.0144 / (1 - 0.999) < 14.4
    assert slo.burn_rate(0.0144, 0.999) == 14.4
    assert slo.met(9_999, 10_000, 0.9999) is True
    # Rounded first, 14.44 would be 14.4 and would not fire.
    rate = slo.burn_rate(0.01444, 0.999)
    assert rate > 14.4
    assert round(rate, 1) == 14.4
    assert slo.alerts([1_444], [100_000], 0.999, [slo.AlertRule(1, 1, 14.4)]) != []
    assert slo.alerts([1_440], [100_000], 0.999, [slo.AlertRule(1, 1, 14.4)]) == []
    assert math.floor((1 - 0.9) * 10) == 0 != slo.allowed_failures(0.9, 10)


def test_definition_12_three_availabilities_of_one_log_are_three_numbers():
    numpy = pytest.importorskip("numpy")
    # 30 days in slices of 5 minutes; traffic like a day, least at midnight; everything fails for 3 hours.
    slices, minutes = 30 * 288, 5
    traffic = [round(1_000 * (1 - 0.9 * math.cos(2 * math.pi * minutes * i / 1_440))) for i in range(slices)]

    def outage(at_hour, ratio):
        begins = 10 * 288 + round(at_hour * 12)
        good = [n - round(ratio * n) if begins <= i < begins + 36 else n for i, n in enumerate(traffic)]
        args = (good, traffic)
        arrays = tuple(map(numpy.array, args))
        found = [
            slo.availability_by_request(*args), slo.availability_by_slice(*args, 1), slo.availability_by_mean(*args),
        ]  # fmt: skip
        again = [
            slo.availability_by_request(*arrays), slo.availability_by_slice(*arrays, 1),
            slo.availability_by_mean(*arrays),
        ]  # fmt: skip
        assert found == again, "lists and arrays agree"
        return [round(100 * share, 3) for share in found]

    assert outage(22.5, 1) == [99.949, 99.583, 99.583], "by night few requests are lost, and as many slices"
    assert outage(10.5, 1) == [99.218, 99.583, 99.583], "by day many"
    assert outage(10.5, 0.3)[1:] == [99.583, 99.875], "a slice that fails by a third is as bad as any, or a third"


def test_definition_13_percentiles_are_nearest_rank_and_merged_not_averaged():
    sample = [15, 20, 35, 40, 50]
    assert [slo.percentile(sample, q) for q in (0, 0.05, 0.3, 0.4, 0.5, 1)] == [15, 15, 20, 20, 35, 50]
    assert slo.percentile([7], 0.99) == 7
    fast, slow = [100] * 990 + [110] * 10, [100] * 10 + [900] * 90
    assert (slo.percentile(fast, 0.99), slo.percentile(slow, 0.99)) == (100, 900)
    assert slo.percentile(fast + slow, 0.99) == 900 != 500, "the fleet's p99 is no mean of the hosts'"
    hits = [sum(ms <= 500 for ms in host) for host in (fast, slow)]
    assert slo.sli(sum(hits), 1_100) == slo.latency_sli(fast + slow, 500), "hits of a threshold do add up"


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(0, 50), st.sampled_from([0.5, 0.9, 0.99, 1]))
def test_definition_14_a_percentile_below_a_threshold_is_a_share_under_it(sample, threshold, q):
    if threshold:
        share = slo.latency_sli(sample, threshold)
        assert (slo.percentile(sample, q) <= threshold) == bool(slo.met(round(share * len(sample)), len(sample), q))
        strict = slo.latency_sli(sample, threshold, strict=True)
        assert (slo.percentile(sample, q) < threshold) == bool(slo.met(round(strict * len(sample)), len(sample), q))


def test_definition_14_with_mixed_strictness_the_two_disagree():
    sample = [100] * 98 + [300] * 2
    assert slo.percentile(sample, 0.99) <= 300
    assert slo.met(round(100 * slo.latency_sli(sample, 300, strict=True)), 100, 0.99) is False


def test_definition_15_a_histogram_estimates_a_quantile_and_vouches_for_an_interval():
    bounds, cumulative = [100, 200, 400, math.inf], [2, 6, 9, 10]
    found = [slo.histogram_quantile(q, bounds, cumulative) for q in (0, 0.1, 0.2, 0.5, 0.9, 0.95, 1)]
    assert found == [0, 50, 100, 175, 400, 400, 400], "in the last bucket: the highest finite bound"
    assert [slo.histogram_quantile(q, bounds, cumulative) for q in (-0.1, 1.1)] == [-math.inf, math.inf]
    assert math.isnan(slo.histogram_quantile(math.nan, bounds, cumulative))
    assert math.isnan(slo.histogram_quantile(0.5, bounds, [0] * 4)), "empty"
    assert slo.histogram_quantile(0.1, [-5, 0, math.inf], [5, 8, 10]) == -5, "a first bound that is not positive"
    assert slo.histogram_quantile(0.3, [0, 10, math.inf], [5, 8, 10]) == 0
    assert slo.histogram_quantile(0.5, [0.1, 0.2, math.inf], [2, 6, 6]) == 0.1 + 0.1 / 4, "tenths as they print"
    within = slo.histogram_quantile_bounds
    assert [within(q, bounds, cumulative) for q in (0, 0.2, 0.21, 0.9, 0.91)] == [
        (0, 100), (0, 100), (100, 200), (200, 400), (400, math.inf),
    ]  # fmt: skip
    assert within(0.1, [-5, 0, math.inf], [5, 8, 10]) == (-math.inf, -5)
    assert all(map(math.isnan, within(0.5, bounds, [0] * 4)))
    sli = slo.histogram_sli_bounds
    assert sli(200, bounds, cumulative) == (0.6, 0.6), "a bound exactly at the threshold: no guess"
    assert sli(199, bounds, cumulative) == (0.2, 0.6)
    assert sli(50, bounds, cumulative) == (0, 0.2)
    assert sli(500, bounds, cumulative) == (0.9, 1)


@given(st.lists(st.integers(1, 900), min_size=1, max_size=60), st.sampled_from([0, 0.1, 0.5, 0.9, 0.99, 1]))
def test_definition_15_the_true_percentile_is_in_the_interval(sample, q):
    bounds = [50, 100, 250, 500, math.inf]
    cumulative = [sum(ms <= bound for ms in sample) for bound in bounds]
    low, high = slo.histogram_quantile_bounds(q, bounds, cumulative)
    assert low < slo.percentile(sample, q) <= high
    for threshold in (75, 100, 500, 600):
        least, most = slo.histogram_sli_bounds(threshold, bounds, cumulative)
        assert least <= slo.latency_sli(sample, threshold) <= most


@pytest.mark.parametrize(
    ("bounds", "cumulative", "words"),
    [
        ([1, 2], [1, 2], "the last bound is 2: write inf"),
        ([2, 1, math.inf], [1, 2, 3], "2 and 1 do not rise"),
        ([1, math.inf], [3, 2], "3 and 2 fall"),
        ([1, math.inf], [3], "2 bounds and 1 counts"),
        ([], [], "0 bounds and 0 counts"),
        ([1, math.inf], [-1, 2], "a cumulative count=-1"),
    ],
)
def test_definition_15_buckets_that_cannot_be_right_are_refused(bounds, cumulative, words):
    for use in (slo.histogram_quantile, slo.histogram_quantile_bounds, slo.histogram_sli_bounds):
        with pytest.raises(ValueError, match=words):
            use(0.5, bounds, cumulative)


def test_definition_16_a_failed_request_is_slow_unless_the_definition_says_otherwise():
    assert slo.latency_sli([100] * 98, 500, failed=2) == 0.98
    assert slo.latency_sli([100] * 98, 500, failed=2, failures="excluded") == 1
    assert slo.latency_sli([100, math.inf], 500) == 0.5, "never answered is slow, too"
    assert slo.latency_sli([], 500, failed=3) == 0
    assert math.isnan(slo.latency_sli([], 500, failed=3, failures="excluded"))
    with pytest.raises(ValueError, match='a failed request is "slow" or "excluded"'):
        slo.latency_sli([1], 500, failures="ignored")


def test_definition_17_windows_are_half_open_and_dropped_rows_are_counted():
    times = [119.9, 0, 60, 120, -1, 60, math.nan, 61]
    good = [True, True, False, True, True, False, True, False]
    ids = ["d", "a", "b", "x", "y", "b", "z", "c"]
    found = slo.sliced(times, good, 0, 120, 60, ids=ids, valid=[True] * 7 + [False])
    assert (found.bad, found.valid, found.good) == ([0, 1], [1, 2], [1, 1])
    assert found.dropped == {"without a time": 1, "outside the window": 2, "repeated": 1, "not valid": 1}
    assert str(found) == (
        "3 events in 2 slices of 60 s; 5 rows dropped: 1 without a time, 2 outside the window, 1 repeated, 1 not valid"
    )
    assert str(slo.sliced([1], [True], 0, 2, 1)) == "1 events in 2 slices of 1 s; no row was dropped"
    with pytest.raises(ValueError, match="no whole number of slices of 7 s"):
        slo.sliced([1], [True], 0, 20, 7)
    with pytest.raises(ValueError, match="good has 1 rows and times_s 2"):
        slo.sliced([1, 2], [True], 0, 20, 5)


@given(st.lists(st.tuples(st.integers(-5, 45), st.booleans(), st.booleans()), max_size=40), st.randoms())
def test_definition_17_the_order_of_rows_does_not_matter_and_arrays_count_alike(rows, dice):
    numpy = pytest.importorskip("numpy")
    shuffled = list(rows)
    dice.shuffle(shuffled)
    found = []
    for each in (rows, shuffled):
        times, good, valid = ([row[k] / (10 if k == 0 else 1) for row in each] for k in range(3))
        found.append(slo.sliced(times, good, 0, 4, 0.1, valid=valid))
        arrays = slo.sliced(
            numpy.array(times, dtype=float),
            numpy.array(good, dtype=bool),
            0,
            4,
            0.1,
            valid=numpy.array(valid, dtype=bool),
        )
        assert (list(arrays.bad), list(arrays.valid), arrays.dropped) == (
            found[-1].bad,
            found[-1].valid,
            found[-1].dropped,
        )
    assert found[0] == found[1]
    assert sum(found[0].valid) + sum(found[0].dropped.values()) == len(rows)


def test_definition_18_a_month_is_a_number_of_days_and_the_number_is_shown():
    months = {30: 43.2, 28: 40.32, 365 / 12: 43.8, 31: 44.64}
    for days, minutes in months.items():
        assert close(slo.allowed_downtime(0.999, days * DAY) / 60, minutes)
        assert f"{days:.4g} d" in str(slo.downtime_equivalent(1, 1_000, days * DAY))
    assert slo.duration(2_592) == "43.2 min"
    assert slo.duration(30 * DAY) == "30 d"
    assert slo.duration(0.864) == "0.864 s"


def test_definition_19_a_calendar_begins_anew_and_a_rolling_budget_waits():
    # An outage over a boundary: slices 2 to 5 are all bad, periods have 4 slices.
    bad = [0, 0, 10, 10, 10, 10, 0, 0, 0, 0, 0, 0]
    valid = [100] * 12
    calendar = slo.budget_left(bad, valid, 0.95, calendar=4)
    assert calendar == [1, 1, 0.5, 0, 0.5, 0, 0, 0, 1, 1, 1, 1], "split in two, and full again at the boundary"
    rolling = slo.budget_left(bad, valid, 0.95, window=4)
    assert rolling[3:] == [0, -0.5, -1, -0.5, 0, 0.5, 1, 1, 1], "back only as it leaves the window"
    assert slo.budget_left(bad, valid, 0.95, calendar=[4, 8])[4:8] == [0.75, 0.5, 0.5, 0.5], "months differ"
    assert slo.budget_left(bad, valid, 0.95, calendar=12) == slo.budget_left(bad, valid, 0.95)
    assert slo.budget_left(bad, valid, 0.95, calendar=5)[10:] == [1, 1], "the last period may not be over"
    for wrong in (0, [4, 4], [12.5], [True] * 12 + [0]):
        with pytest.raises(ValueError, match="does not divide 12 slices into periods"):
            slo.budget_left(bad, valid, 0.95, calendar=wrong)
    with pytest.raises(ValueError, match="write one of the two"):
        slo.budget_left(bad, valid, 0.95, window=4, calendar=4)


def test_definition_20_minutes_from_requests_say_that_they_are_an_equivalent():
    found = slo.downtime_equivalent(3_000, 3_000_000, 30 * DAY)
    assert found == slo.Equivalent(2_592, 30 * DAY)
    assert "an equivalent, not a measured downtime" in str(found)
    assert "43.2 min" in str(found)
    nothing = slo.downtime_equivalent(0, 0, DAY)
    assert math.isnan(nothing.seconds)
    assert "no traffic" in str(nothing)
    with pytest.raises(ValueError, match="bad=2 is more than valid=1"):
        slo.downtime_equivalent(2, 1, DAY)


def test_definition_21_wholes_of_parts_with_shared_dependencies_and_common_causes():
    assert slo.serial(0.99, 0.99) == 0.9801
    assert slo.parallel(0.99, 0.99) == 0.9999
    assert round(slo.k_of_n(2, *[0.99] * 3), 6) == 0.999702
    parts = {"power": 0.99, "a": 0.9, "b": 0.9}
    both = slo.composed(parts, lambda up: up["power"] and (up["a"] or up["b"]))
    assert both == slo.serial(0.99, slo.parallel(0.9, 0.9)), "the power supply of both is counted once"
    assert both < slo.parallel(slo.serial(0.99, 0.9), slo.serial(0.99, 0.9)), "not as if each had its own"
    assert slo.composed({"db": 0.99}, lambda up: up["db"] and up["db"]) == 0.99, "twice on one path, and not squared"
    assert [round(100 * slo.common_cause(0.99, 2, beta), 3) for beta in (0, 0.01, 0.05, 0.1)] == [
        99.99, 99.98, 99.941, 99.892,
    ]  # fmt: skip
    assert slo.common_cause(0.99, 2, 1) == slo.common_cause(0.99, 1, 0.3) == 0.99
    assert slo.common_cause(0.99, 3, 0.1) < slo.common_cause(0.99, 50, 0.1) <= 0.999, (
        "no number of copies helps against the common part"
    )
    assert slo.serial_sum(*[0.999] * 10) == 0.99
    assert round(slo.serial(*[0.999] * 10), 5) == 0.99004
    assert slo.serial_sum(0.3, 0.3) == 0, "not below nothing"


def test_definition_22_credits_are_half_open_capped_claimed_and_never_cash():
    found = [slo.credit_share(a, slo.S3_STANDARD) for a in (1, 0.999, 0.9989, 0.99, 0.98999, 0.95, 0.9499, 0)]
    assert found == [0, 0, 0.1, 0.1, 0.25, 0.25, 1, 1]
    assert [slo.credit_share(a, slo.S3_INFREQUENT_ACCESS) for a in (0.99, 0.985, 0.98, 0.9799)] == [0, 0.1, 0.1, 0.25]
    assert [slo.credit_share(a, slo.EC2_REGION) for a in (0.9999, 0.9998, 0.99, 0.98, 0.9)] == [0, 0.1, 0.1, 0.3, 1]
    assert slo.credit_share(Fraction(99, 100), slo.S3_STANDARD) == 0.1
    assert slo.credit(0.985, 2_000, slo.S3_STANDARD) == slo.Credit(500, 0.25, "98.5 % is below 99 %")
    assert slo.credit(0.5, 2_000, slo.S3_STANDARD, cap=0.3).amount == 600
    assert slo.credit(0.985, 2_000, slo.S3_STANDARD, claimed_after_days=61, claim_within_days=60).amount == 0
    assert slo.credit(0.985, 2_000, slo.S3_STANDARD, claimed_after_days=60, claim_within_days=60).amount == 500
    assert slo.credit(0.985, 2_000, slo.S3_STANDARD, claimed_after_days=None).why == "nobody claimed it"
    assert "is not below 99.9 %" in slo.credit(0.9995, 2_000, slo.S3_STANDARD).why
    assert math.isnan(slo.credit(math.nan, 2_000, slo.S3_STANDARD).amount)
    assert str(slo.credit(math.nan, 2_000, slo.S3_STANDARD)).startswith("undefined: no traffic")
    assert slo.credit(0.98, 100, [(0.99, 0.1)]).amount == 10, "pairs are tiers, too"
    assert slo.bills_after_credits([1_000, 200, 1_000], [500, 0, 0]) == [1_000, 0, 700], "the month itself is paid"
    assert slo.bills_after_credits([100], [100]) == [100], "and who leaves is owed nothing"
    # The same month by two formulas: the contract names its own.
    good, valid = [1_000] * 99 + [0], [1_000] * 99 + [100]
    request, slices = slo.availability_by_request(good, valid), slo.availability_by_slice(good, valid, 1)
    assert (slo.credit_share(request, slo.S3_STANDARD), slo.credit_share(slices, slo.S3_STANDARD)) == (0.1, 0.1)
    assert (slo.credit_share(request, slo.EC2_REGION), request > 0.998, slices) == (0.1, True, 0.99)
    tiers = [slo.Tier(0.995, 0.1)]
    assert (slo.credit_share(request, tiers), slo.credit_share(slices, tiers)) == (0, 0.1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: slo.credit_share(0.9, []), "there is no tier"),
        (lambda: slo.credit_share(0.9, [slo.Tier(0.9, 0.1), slo.Tier(0.95, 0.2)]), "out of order"),
        (lambda: slo.credit_share(0.9, [slo.Tier(0.9, 0.2), slo.Tier(0.8, 0.1)]), "out of order"),
        (lambda: slo.credit_share(99.9, slo.S3_STANDARD), "write 0.999 for 99.9 %"),
        (lambda: slo.credit(0.9, -1, slo.S3_STANDARD), "bill=-1 is negative"),
        (lambda: slo.credit(0.9, 1, slo.S3_STANDARD, cap=30), "write 0.3 for 30 %"),
    ],
)
def test_definition_22_agreements_that_cannot_be_right_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_definition_23_a_policy_is_a_table_of_rows_that_apply_or_do_not():
    state, outage = slo.BudgetState, slo.Outage
    freeze, post_mortem, planned = (row.action for row in slo.POLICY)
    assert slo.policy(state(0.4)) == []
    assert slo.policy(state(1.0)) == [], "all of it spent meets the objective still"
    assert slo.policy(state(1.0001)) == [freeze]
    assert slo.policy(state(0.3, (outage("release", 0.2),))) == [], "20 % is not above 20 %"
    assert slo.policy(state(0.3, (outage("release", 0.21),))) == [post_mortem]
    assert slo.policy(state(0.3, (outage("release", 0.1), outage("release", 0.1)))) == [planned]
    assert slo.policy(state(1.4, (outage("disk", 0.9), outage("disk", 0.5)))) == [freeze, post_mortem, planned]
    assert slo.policy(state(math.nan)) == [], "no traffic decides nothing"
    slow = slo.PolicyRow("half spent", lambda s: s.consumed > 0.5, "release once a week")
    assert slo.policy(state(0.6), [slow, *slo.POLICY]) == ["release once a week"], "the rows are an input"
    with pytest.raises(ValueError, match=r"consumed=-0\.1 is no share"):
        slo.policy(state(-0.1))


def test_definition_24_apdex_counts_the_tolerating_half():
    assert slo.apdex(60, 30, 100) == 0.75
    assert math.isnan(slo.apdex(0, 0, 0))
    assert slo.apdex_of([500, 501, 2_000, 2_001, math.inf], 500) == (1 + 2 / 2) / 5
    assert slo.apdex_of([0.1, 0.4], 0.1) == 0.75
    assert math.isnan(slo.apdex_of([], 500))
    with pytest.raises(ValueError, match="are more than total=3"):
        slo.apdex(2, 2, 3)


# ---------------------------------------------------------------- published figures

#: Blueprint 4.0, as printed: seconds of complete outage in 365, 30, 28, 7 days and one day.
ALLOWED = {
    0.9: ("36.5 d", "3 d", "2.8 d", "16.8 h", "2.4 h"),
    0.99: ("3.65 d", "7.2 h", "6.72 h", "1.68 h", "14.4 min"),
    0.995: ("1.825 d", "3.6 h", "3.36 h", "50.4 min", "7.2 min"),
    0.999: ("8.76 h", "43.2 min", "40.32 min", "10.08 min", "1.44 min"),
    0.9995: ("4.38 h", "21.6 min", "20.16 min", "5.04 min", "43.2 s"),
    0.9999: ("52.56 min", "4.32 min", "4.03 min", "60.5 s", "8.64 s"),
    0.99999: ("5.26 min", "25.92 s", "24.19 s", "6.05 s", "0.864 s"),
}
SECONDS_OF = {"d": DAY, "h": 3_600, "min": 60, "s": 1}


@pytest.mark.parametrize("target", ALLOWED)
def test_the_table_of_nines_to_the_last_printed_digit(target):
    for days, printed in zip((365, 30, 28, 7, 1), ALLOWED[target], strict=True):
        value, unit = printed.split()
        digits = len(value.partition(".")[2])
        seconds = slo.allowed_downtime(target, days * DAY)
        assert f"{seconds / SECONDS_OF[unit]:.{digits}f}" == f"{float(value):.{digits}f}", (target, days)


def test_the_workbooks_month_and_its_budgets():
    requests, bad = 3_663_253, 105_388
    assert slo.sli(requests - bad, requests) == pytest.approx(0.97123, abs=5e-6)
    assert [slo.allowed_failures(target, requests) for target in (0.97, 0.9, 0.99)] == [109_897, 366_325, 36_632]
    assert slo.budget_consumed(bad, requests, 0.97) == pytest.approx(0.959, abs=5e-4)
    assert slo.budget_consumed(14_066, requests, 0.97) == pytest.approx(0.128, abs=5e-4), "the bad push"
    assert slo.budget_consumed(1_500, 3_000_000, 0.999) == 0.5
    assert slo.allowed_failures(0.9999, 2_500_000) == 250, "SRE book, chapter 4"
    lasts = [slo.time_to_exhaustion(burn, 30 * DAY) for burn in (1, 2, 10, 1_000)]
    assert lasts == [30 * DAY, 15 * DAY, 3 * DAY, 43.2 * 60], "the workbook prints 43 min"
    assert (slo.time_to_exhaustion(0, DAY), slo.time_to_exhaustion(2, DAY, left=-0.1)) == (math.inf, 0)
    assert slo.time_to_exhaustion(1, 30 * DAY, left=0.5) == 15 * DAY
    assert math.isnan(slo.time_to_exhaustion(math.nan, DAY))


#: Lab 4: error ratio -> minutes until somebody is called, by which row of the four, at 99.9 % of 30 days.
CALLED = [
    (1, 0.864, 14.4), (0.15, 5.76, 14.4), (0.05, 17.28, 14.4), (0.02, 43.2, 14.4), (0.0144, 150, 6), (0.01, 216, 6),
    (0.006, 720, 3), (0.001, math.nan, None),
]  # fmt: skip


@pytest.mark.parametrize(("ratio", "minutes", "factor"), CALLED)
def test_the_table_of_lab_4_who_is_called_and_when(ratio, minutes, factor):
    def first(rules):
        # At 0.6 % the rows of 1 d and of 3 d would fire in the same moment: the first of them counts.
        times = [(slo.detection_time(ratio, 0.999, rule.long_s, rule.factor), -rule.factor) for rule in rules]
        return min((one for one in times if not math.isnan(one[0])), default=(math.nan, None))

    found = first(slo.alert_rules())
    assert found[1] == (None if factor is None else -factor)
    assert math.isnan(minutes) if factor is None else close(found[0] / 60, minutes)


def test_the_strategies_of_the_workbook():
    # 1: above the objective within 10 minutes. 2: within 36 h. 4: 36 times within 1 h.
    assert close(slo.detection_time(1, 0.999, 600, 1), 0.6)
    assert slo.budget_share(1, 30 * DAY, 600) == pytest.approx(0.0002, abs=4e-5), "0.02 %"
    assert close(144 * 30 * slo.budget_share(1, 30 * DAY, 600), 1), "144 alerts a day, and the objective is just met"
    assert slo.detection_time(1, 0.999, 36 * 3_600, 1) == pytest.approx(130, abs=0.5), "2 min 10 s"
    assert slo.reset_time(1, 0.999, 36 * 3_600, 1) == pytest.approx(36 * 3_600, rel=2e-3)
    assert close(slo.budget_share(36, 30 * DAY, 3_600), 0.05)
    assert slo.reset_time(1, 0.999, 3_600, 36) / 60 == pytest.approx(58, abs=0.2)
    assert math.isnan(slo.detection_time(0.035, 0.999, 3_600, 36)), "35 times never alerts"
    # 3: above the objective for a whole hour: a complete outage has spent 139 % by then, printed 140 %.
    assert slo.budget_share(slo.burn_rate(1, 0.999), 30 * DAY, 3_600) == pytest.approx(1.39, abs=5e-3)
    assert slo.budget_share(slo.burn_rate(1, 0.999), 30 * DAY, 300) == pytest.approx(0.12, abs=5e-3), "5 of 10 minutes"
    # 99.999 %: gone in 26 s; a canary of 1 % of the users stretches that to 43 min.
    assert slo.time_to_exhaustion(slo.burn_rate(1, 0.99999), 30 * DAY) == pytest.approx(26, abs=0.1)
    assert slo.time_to_exhaustion(slo.burn_rate(0.01, 0.99999), 30 * DAY) / 60 == pytest.approx(43, abs=0.3)
    # 90 %: a complete outage spends 1.4 % an hour, so 2 % within an hour cannot be.
    assert slo.budget_share(slo.burn_rate(1, 0.9), 30 * DAY, 3_600) == pytest.approx(0.014, abs=2e-4)


def test_the_figures_of_lab_5_and_of_the_calculus_of_service_availability():
    assert round(100 * slo.serial(*[0.9999] * 5), 5) == 99.95001
    assert round(100 * slo.serial(*[0.9999] * 30), 4) == 99.7004
    assert (slo.parallel(0.99, 0.99), slo.parallel(0.99, 0.99, 0.99)) == (0.9999, 0.999999)
    assert slo.parallel(0.995, 0.995) == 0.999975 != slo.serial(0.995, 0.995), "a public page multiplies 0.995 by 0.995"
    assert [round(100 * slo.k_of_n(n // 2 + 1, *[0.99] * n), 6) for n in (3, 5, 7)] == [99.9702, 99.999015, 99.999966]
    year = 365 * DAY
    minutes = slo.allowed_downtime(0.9999, year) / 60
    taken = (1 - slo.serial_sum(*[0.99999] * 5)) * year / 60
    assert (round(minutes, 2), round(taken, 2), round(minutes - taken, 2)) == (52.56, 26.28, 26.28), (
        "printed 53 = 26 + 27"
    )
    assert minutes < 3 * 20, "three outages of 20 minutes overspend"
    assert slo.steady_availability(999, 1) == 0.999
    assert round(slo.serial(*[0.999] * 12), 4) == 0.9881


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: slo.composed({}, lambda up: True), "there are no parts"),
        (lambda: slo.composed({str(i): 0.9 for i in range(19)}, lambda up: True), "2\\^19 states"),
        (lambda: slo.composed({"a": 99}, lambda up: True), "write 0.99 for 99 %"),
        (lambda: slo.common_cause(0.99, 0, 0.1), "copies=0"),
        (lambda: slo.common_cause(0.99, 2, 5), "write 0.05 for 5 %"),
        (lambda: slo.steady_availability(0, 1), "mttf=0 is not a length of time"),
        (lambda: slo.time_to_exhaustion(-1, DAY), "burn=-1 is negative"),
    ],
)
def test_wholes_that_cannot_be_right_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_composition_by_enumeration_is_the_formula_where_there_is_one():
    rng = random.Random("composition")
    for _ in range(20):
        parts = {name: round(rng.random(), 3) for name in "abcde"}
        a, b, c, d, e = parts.values()
        series = slo.composed(parts, lambda up: all(up.values()))
        assert close(series, slo.serial(*parts.values()))
        assert close(slo.composed(parts, lambda up: any(up.values())), slo.parallel(*parts.values()))
        assert close(slo.composed(parts, lambda up: sum(up.values()) >= 3), slo.k_of_n(3, *parts.values()))
        mixed = slo.composed(parts, lambda up: up["e"] and ((up["a"] and up["b"]) or (up["c"] and up["d"])))
        assert mixed == pytest.approx(e * (1 - (1 - a * b) * (1 - c * d)), rel=1e-12)


# ---------------------------------------------------------------- judging calls


def test_calls_are_scored_over_labelled_incidents():
    incidents = [
        slo.Incident(100, 200), slo.Incident(500, 600), slo.Incident(900, 1_000), slo.Incident(300, 310, "blip", False),
    ]  # fmt: skip
    calls = [(130, 260), (305, 320), (700, 950), (990, None)]
    found = slo.score(calls, incidents)
    assert (found.precision, found.calls, found.false) == (0.5, 4, [(305, 320), (700, 950)])
    assert (found.recall, found.missed) == (2 / 3, [incidents[1]])
    assert found.detection_s == [30, 0], "a call that was still going on has noticed the next incident, too"
    assert found.reset_s == [60, math.inf]
    rule = slo.AlertRule(10, 1, 1)
    rows = [slo.Firing(rule, 130, 200), slo.Firing(rule, 150, 260)]
    assert slo.score(rows, incidents[:1]).calls == 1, "two rows that overlap are one call"
    assert slo.score([(200, 250)], incidents[:1]).precision == 1, "what the last slice showed is known at its end"
    assert slo.score([(1, 2)], [(0, 4)]).recall == 1, "pairs are incidents, too"
    nothing = slo.score([], incidents)
    assert math.isnan(nothing.precision)
    assert nothing.recall == 0
    assert math.isnan(slo.score(calls, []).recall)
    assert "precision undefined, recall 0 %, detection never" in str(nothing)


# ---------------------------------------------------------------- properties


@given(COUNTS, COUNTS)
def test_an_sli_is_the_share_of_good_events_among_valid_ones(good, bad):
    value = slo.sli(good, good + bad)
    if good + bad == 0:
        assert math.isnan(value)
    else:
        assert value == float(Fraction(good, good + bad))
        assert 0 <= value <= 1


def test_a_month_of_the_workbooks_api_has_the_printed_sli():
    # The Site Reliability Workbook, chapter 2: 3,663,253 requests in four weeks, 3,557,865 of them good, 97.123 %.
    assert round(100 * slo.sli(3_557_865, 3_663_253), 3) == 97.123


def test_no_traffic_is_undefined_and_raises_no_alert():
    assert math.isnan(slo.sli(0, 0))
    rate = slo.burn_rate(math.nan, 0.999)
    assert math.isnan(rate)
    assert not rate > 14.4


@pytest.mark.parametrize(
    ("good", "valid", "named"),
    [
        (5, 4, "good=5"),
        (-1, 4, "good=-1"),
        (0, -3, "valid=-3"),
        (math.nan, 1, "good=nan"),
        (1, math.inf, "valid=inf"),
        (2.5, 2, "good=2.5"),
    ],
)
def test_counts_that_cannot_be_right_are_refused_by_their_number(good, valid, named):
    with pytest.raises(ValueError, match=named):
        slo.sli(good, valid)


def test_text_is_not_a_count():
    with pytest.raises(TypeError, match="good='3'"):
        slo.sli("3", 4)


@pytest.mark.parametrize(
    ("target", "valid", "allowed"),
    [
        (0.9, 10, 1),  # in floats (1 - 0.9) * 10 is 0.9999999999999998, which would allow none
        (0.9999, 10_000, 1),
        (0.999, 7_200, 7),
        (0.97, 3_663_253, 109_897),  # the workbook's example month, chapter 2
        (0.9, 3_663_253, 366_325),
        (0.99, 3_663_253, 36_632),
        (0.9999, 2_500_000, 250),  # SRE book, chapter 4: a day of 2.5 M requests
        (0.999, 3_000_000, 3_000),
        (1, 1_000_000, 0),
        (0.999, 0, 0),
    ],
)
def test_the_budget_of_whole_failures_is_exact(target, valid, allowed):
    assert math.floor(slo.error_budget(target, valid)) == allowed


@given(TARGETS, st.integers(1, 10**7))
def test_the_budget_keeps_every_fraction_of_a_failure(target, valid):
    assert slo.error_budget(target, valid) == (1 - Fraction(str(target))) * valid


@given(TARGETS, COUNTS, st.integers(1, 10**9))
def test_a_burn_rate_above_one_overspends_the_budget_of_the_same_events(target, bad, valid):
    bad = min(bad, valid)
    spent, budget = bad, slo.error_budget(target, valid)
    rate = slo.burn_rate(Fraction(bad, valid), target)
    assert math.isclose(rate, spent / budget, rel_tol=1e-12)


def test_a_burn_rate_at_the_threshold_is_exactly_the_threshold():
    # In floats 0.0144 / (1 - 0.999) is 14.399999999999986.
    assert slo.burn_rate(0.0144, 0.999) == 14.4


def test_a_complete_outage_burns_at_one_over_the_allowed_share_and_no_faster():
    assert slo.burn_rate(1, 0.9) == 10  # so a page at 14.4 can never fire
    assert slo.burn_rate(1, 0.999) == 1_000


def test_a_target_of_one_has_no_budget():
    assert slo.burn_rate(0, 1) == 0
    assert slo.burn_rate(1e-9, 1) == math.inf
    assert slo.allowed_downtime(1, 86_400) == 0


@pytest.mark.parametrize(
    ("target", "days", "seconds"),
    [
        (0.9, 30, 3 * DAY),
        (0.99, 7, 1.68 * 3600),
        (0.995, 1, 7.2 * 60),
        (0.999, 365, 8.76 * 3600),
        (0.999, 30, 43.2 * 60),
        (0.999, 28, 40.32 * 60),
        (0.9995, 30, 21.6 * 60),
        (0.9999, 365, 52.56 * 60),
        (0.99999, 30, 25.92),
        (0.99999, 1, 0.864),  # often printed as 0.87
    ],
)
def test_allowed_downtime_is_the_published_table(target, days, seconds):
    assert math.isclose(slo.allowed_downtime(target, days * DAY), seconds, rel_tol=1e-12)


@pytest.mark.parametrize("use", [slo.error_budget, slo.burn_rate, slo.allowed_downtime])
@pytest.mark.parametrize("target", [0, -0.1, 1.01, 99.9, math.nan, math.inf])
def test_a_target_outside_0_to_1_is_refused_by_its_number(use, target):
    arguments = (0.5, target) if use is slo.burn_rate else (target, 100)
    with pytest.raises(ValueError, match=f"target={target}"):
        use(*arguments)


def test_a_percentage_as_target_is_answered_with_the_fraction_that_was_meant():
    with pytest.raises(ValueError, match=r"write 0\.999 for 99\.9 %"):
        slo.error_budget(99.9, 1_000)


@pytest.mark.parametrize("ratio", [-0.1, 1.5, 5, math.inf])
def test_an_error_ratio_is_a_share(ratio):
    with pytest.raises(ValueError, match=f"error_ratio={ratio}"):
        slo.burn_rate(ratio, 0.99)


@pytest.mark.parametrize("window", [0, -60, math.inf])
def test_a_window_has_a_length(window):
    with pytest.raises(ValueError, match=f"window={window}"):
        slo.allowed_downtime(0.99, window)


def test_numbers_of_numpy_read_like_those_of_python():
    numpy = pytest.importorskip("numpy")
    assert slo.sli(numpy.int64(3), numpy.int64(4)) == 0.75
    assert slo.error_budget(numpy.float64(0.9), numpy.int64(10)) == 1


# ---------------------------------------------------------------- windows and percentiles

SECONDS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda two: (min(two), max(two))), max_size=30)


@given(SECONDS, st.sampled_from([0.9, 0.999, 0.99999, 1]), st.integers(1, 40))
def test_every_window_burns_at_the_rate_of_its_sums_as_lists_and_as_arrays(counts, target, window):
    numpy = pytest.importorskip("numpy")
    bad, valid = [one for one, _ in counts], [all_ for _, all_ in counts]
    rates = slo.burn_rates(bad, valid, target, [window])[window]
    assert len(rates) == len(counts)
    for end, rate in enumerate(rates, 1):
        start = max(0, end - window)
        ratio = slo.sli(sum(bad[start:end]), sum(valid[start:end]))
        expected = slo.burn_rate(ratio, target) if math.isnan(ratio) else None
        if expected is None:
            exact, allowed = Fraction(sum(bad[start:end]), sum(valid[start:end])), slo.error_budget(target, 1)
            expected = float(exact / allowed) if allowed else math.inf if exact else 0.0
        assert rate == expected or (math.isnan(rate) and math.isnan(expected))
    arrays = slo.burn_rates(numpy.array(bad, dtype=int), numpy.array(valid, dtype=int), target, [window])[window]
    assert numpy.array_equal(arrays, numpy.array(rates), equal_nan=True)


def test_arrays_are_summed_alike_wherever_a_piece_of_them_ends(monkeypatch):
    numpy = pytest.importorskip("numpy")
    monkeypatch.setattr("dslib.slo.budgets._CHUNK", 7)
    rng = random.Random("pieces")
    valid = [rng.randint(0, 3) for _ in range(40)]
    bad = [rng.randint(0, n) for n in valid]
    for target in (0.9, 1):
        lists = slo.burn_rates(bad, valid, target, [1, 6, 7, 8, 20, 60])
        arrays = slo.burn_rates(numpy.array(bad), numpy.array(valid), target, [1, 6, 7, 8, 20, 60])
        for window, rates in lists.items():
            assert numpy.array_equal(arrays[window], numpy.array(rates), equal_nan=True), (target, window)


def test_a_burn_exactly_at_the_threshold_does_not_fire():
    numpy = pytest.importorskip("numpy")
    bad, valid = [144] * 3, [10_000] * 3
    assert slo.burn_rates(bad, valid, 0.999, [2])[2] == [14.4] * 3
    assert not (slo.burn_rates(numpy.array(bad), numpy.array(valid), 0.999, [2])[2] > 14.4).any()


@pytest.mark.parametrize("kind", [list, "array"])
@pytest.mark.parametrize(
    ("bad", "valid", "windows", "error", "named"),
    [
        ([1], [1, 2], [1], ValueError, "bad counts 1 slices and valid 2"),
        ([1], [1], [0], ValueError, "window=0"),
        ([1], [1], [2.5], ValueError, "window=2.5"),
        ([0, 2], [1, 1], [1], ValueError, "bad=2 of valid=1"),
        ([-1], [1], [1], ValueError, "bad=-1"),
        ([0.5], [1.0], [1], TypeError, "count events"),
    ],
)
def test_series_that_cannot_be_right_are_refused(kind, bad, valid, windows, error, named):
    if kind == "array":
        numpy = pytest.importorskip("numpy")
        bad, valid = numpy.array(bad), numpy.array(valid)
    with pytest.raises(error, match=named):
        slo.burn_rates(bad, valid, 0.999, windows)


def test_a_percentile_is_a_value_of_the_sample_by_nearest_rank():
    hundred = range(1, 101)
    assert [slo.percentile(hundred, q) for q in (0, 0.5, 0.99, 0.999, 1)] == [1, 50, 99, 100, 100]
    assert slo.percentile([1, math.inf], 0.99) == math.inf
    assert math.isnan(slo.percentile([], 0.5))
    assert slo.percentile(range(1, 11), 0.7) == 7, "0.7 * 10 is 7, and 7.000000000000001 in floats"


@given(st.lists(st.floats(0, 1e6), max_size=50), st.sampled_from([0, 0.1, 0.5, 0.7, 0.99, 1]))
def test_a_percentile_of_an_array_is_that_of_the_list(values, q):
    numpy = pytest.importorskip("numpy")
    found = slo.percentile(numpy.array(values, dtype=float), q)
    assert math.isnan(found) if not values else found == slo.percentile(values, q)
    with pytest.raises(ValueError, match="the sample contains nan"):
        slo.percentile(numpy.array([*values, math.nan]), q)


@pytest.mark.parametrize(
    ("values", "q", "named"), [([1], 99, "0.99 for p99"), ([1], -0.1, "q=-0.1"), ([math.nan], 0.5, "nan")]
)
def test_a_percentile_of_nonsense_is_refused(values, q, named):
    with pytest.raises(ValueError, match=named):
        slo.percentile(values, q)


# ---------------------------------------------------------------- what is left, and alerts


@given(SECONDS, st.sampled_from([0.9, 0.999, 1]), st.integers(1, 40))
def test_what_is_left_of_a_budget_is_one_minus_its_spent_share(counts, target, window):
    bad, valid = [one for one, _ in counts], [all_ for _, all_ in counts]
    for length in (None, window):
        left = slo.budget_left(bad, valid, target, length)
        assert len(left) == len(counts)
        for end, share in enumerate(left, 1):
            start = 0 if length is None else max(0, end - length)
            budget = slo.error_budget(target, sum(valid if length is None else valid[start:end]))
            spent = sum(bad[start:end])
            if budget:
                assert share == pytest.approx(float(1 - spent / budget), abs=1e-12)
            elif not any(valid if length is None else valid[start:end]):
                assert math.isnan(share)
            else:
                assert share == (-math.inf if spent else 1.0)


def test_an_overspent_budget_is_negative_and_a_rolling_one_comes_back():
    bad, valid = [0, 20, 0, 0, 0], [100] * 5
    assert slo.budget_left(bad, valid, 0.99) == [1.0, -3.0, -3.0, -3.0, -3.0], "a calendar period keeps what was spent"
    assert slo.budget_left(bad, valid, 0.99, window=2) == [1.0, -9.0, -9.0, 1.0, 1.0]


def test_the_published_factors_are_those_of_30_and_of_28_days():
    assert [rule.factor for rule in slo.alert_rules()] == [14.4, 6, 3, 1]
    assert [round(rule.factor, 4) for rule in slo.alert_rules(28 * 86_400)] == [13.44, 5.6, 2.8, 0.9333]
    assert [(rule.long_s, rule.short_s) for rule in slo.alert_rules()][:2] == [(3_600, 300), (21_600, 1_800)]


def test_an_alert_fires_when_its_formula_says_and_resets_with_the_short_window():
    """Definition 9: 15 % errors for 10 min at 99.9 % fire after 5.76 min and reset 4.52 min after they stop."""
    begins, ends, every = 3_600, 4_200, 3
    bad = [450 if begins <= i * every < ends else 0 for i in range(9_000 // every)]
    fired = slo.alerts(bad, [3_000] * len(bad), 0.999, slo.alert_rules()[:1], every)
    assert len(fired) == 1
    assert slo.detection_time(0.15, 0.999, 3_600, 14.4) == 345.6
    assert fired[0].fires_s - begins == pytest.approx(345.6, abs=every)
    assert fired[0].resets_s - ends == pytest.approx(4.52 * 60, abs=every)


def test_one_window_over_its_factor_fires_nothing_and_the_end_of_the_run_resets_nothing():
    rule = slo.AlertRule(4, 1, 2)
    assert slo.alerts([0, 0, 0, 5, 0], [10] * 5, 0.9, [rule]) == [], "only the short one"
    assert slo.alerts([9, 0], [10] * 2, 0.9, [rule])[0] == slo.Firing(rule, 1.0, 2.0)
    assert slo.alerts([9, 9], [10] * 2, 0.9, [rule])[0].resets_s is None
    assert slo.alerts([2] * 9, [10] * 9, 0.9, [rule]) == [], "exactly at the threshold"
    assert slo.alerts([0] * 9, [0] * 9, 0.9, [rule]) == [], "no traffic"


def test_a_page_that_no_outage_can_fire_is_known():
    page = slo.alert_rules()[0]
    assert not page.reachable(0.9)
    assert page.reachable(0.999)
    assert math.isnan(slo.detection_time(0.0144, 0.999, 3_600, 14.4))
    assert math.isnan(slo.detection_time(1, 0.9, 3_600, 14.4))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: slo.alert_factor(2, 30, 1), "budget_share=2 is no share"),
        (lambda: slo.alert_factor(0.02, 30, 0), "long_window=0 is not a length of time"),
        (lambda: slo.alert_rules(28), "period=28 s is shorter than a window of 3 d: .* in seconds"),
        (lambda: slo.alerts([0], [1], 0.9, [slo.AlertRule(300, 3_600, 2)]), "longer than the long one"),
        (lambda: slo.alerts([0], [1], 0.9, slo.alert_rules(), 7), "no whole number of slices of 7 s"),
        (lambda: slo.alerts([0], [1], 0.9, slo.alert_rules(), 0), "every_s=0 is not a length of time"),
        (lambda: slo.detection_time(0.5, 0.9, 3_600, 0), "factor=0 must be above 0"),
        (lambda: slo.budget_left([2], [1], 0.9), "bad=2 of valid=1"),
    ],
)
def test_alerts_that_cannot_be_right_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- what is made of parts: definition 21


def test_parts_in_a_row_in_parallel_and_k_of_n_agree_with_every_state_counted():
    rng = random.Random(7)
    for _ in range(40):
        parts = [rng.choice((0, 1, round(rng.random(), 3))) for _ in range(rng.randint(1, 6))]
        chance = {up: Fraction(0) for up in range(len(parts) + 1)}
        for state in itertools.product((True, False), repeat=len(parts)):
            exact = [Fraction(repr(float(a))) for a in parts]
            chance[sum(state)] += math.prod(a if up else 1 - a for a, up in zip(exact, state, strict=True))
        assert slo.serial(*parts) == float(chance[len(parts)])
        assert slo.parallel(*parts) == float(1 - chance[0])
        for k in range(len(parts) + 1):
            assert slo.k_of_n(k, *parts) == float(sum(chance[up] for up in chance if up >= k)), (k, parts)


def test_the_figures_that_the_course_prints():
    assert round(slo.serial(*[0.99] * 10), 4) == 0.9044
    assert [round(100 * slo.k_of_n(n // 2 + 1, *[0.99] * n), 6) for n in (3, 5, 7)] == [99.9702, 99.999015, 99.999966]
    assert [round(slo.k_of_n(n // 2 + 1, *[0.45] * n), 4) for n in (3, 5)] == [0.4253, 0.4069]
    assert round(100 * slo.serial(*[0.9999] * 5), 5) == 99.95001
    assert slo.parallel(0.995, 0.995) == 0.999975


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: slo.serial(), "there are no parts"),
        (lambda: slo.parallel(99), "write 0.99 for 99 %"),
        (lambda: slo.k_of_n(4, 0.9, 0.9), "k=4 of 2 parts"),
        (lambda: slo.serial(-0.1), "no share from 0 to 1"),
    ],
)
def test_parts_that_cannot_be_right_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
