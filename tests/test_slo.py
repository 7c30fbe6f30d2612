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


FILES = "exact indicators budgets windows percentiles alerting composition credits policies".split()


@pytest.mark.parametrize("file", FILES)
def test_the_examples_in_the_docstrings_are_true(file):
    result = doctest.testmod(importlib.import_module(f"dslib.slo.{file}"))
    assert result.attempted or file == "exact"
    assert result.failed == 0


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


DAY = 86_400


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
