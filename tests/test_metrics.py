"""What users saw."""

import pickle
from itertools import pairwise
from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslib import History, Operation, good_share, latencies, what_users_saw
from dslib.histogram import LatencyHistogram
from dslib.metrics import (
    Slice,
    bad_and_valid,
    below,
    by_tenant,
    outcome,
    percent,
    shares,
    slices,
    time_to_detect,
    time_to_recover,
    user_of,
    weighted_share,
    worst,
)
from dslib.slo import percentile

HISTORY = History(
    [
        Operation("a", "get", invoked=0, completed=40),
        Operation("b", "get", invoked=0, completed=140),
        Operation("c", "get", invoked=10, completed=20, status="fail"),
        Operation("d", "get", invoked=30),
        Operation("e", "get", result="old", invoked=50, completed=60),
        Operation("f", "get", invoked=950),
    ]
)


def outcomes(**how):
    return [(s.outcome, s.judged) for s in what_users_saw(HISTORY, until=1_000, **how)]


def test_every_operation_is_judged_by_what_its_user_could_see():
    assert outcomes(within=100, wrong=lambda op: op.result == "old") == [
        ("good", 40), ("slow", 100), ("refused", 20), ("never", 130), ("wrong", 60), ("open", None),
    ]  # fmt: skip


def test_without_a_limit_an_answer_is_never_slow_and_silence_is_judged_at_the_end():
    assert outcomes(wrong={4}) == [
        ("good", 40), ("good", 140), ("refused", 20), ("never", 1_000), ("wrong", 60), ("never", 1_000),
    ]  # fmt: skip


def test_exactly_at_the_limit_is_good():
    assert what_users_saw(HISTORY, until=1_000, within=40)[0].outcome == "good"
    assert what_users_saw(HISTORY, until=1_000, within=39.9)[0].outcome == "slow"


def test_the_share_counts_judged_operations_only_and_is_undefined_without_any():
    assert good_share(what_users_saw(HISTORY, until=1_000, within=100)) == 2 / 5
    assert isnan(good_share([]))
    assert isnan(good_share(what_users_saw(HISTORY[-1:], until=1_000, within=100)))


def test_an_unanswered_operation_took_for_ever():
    assert latencies(HISTORY) == [40, 140, 10, inf, 10, inf]


def test_each_outcome_has_its_words():
    says = [s.say for s in what_users_saw(HISTORY, until=1_000, within=100, wrong={4})]
    assert says == [
        "answered after 40.0 ms",
        "answered too late after 140.0 ms",
        "refused after 10.0 ms",
        "never answered",
        "answered wrongly after 10.0 ms",
        "not answered yet",
    ]


# ---------------------------------------------------------------- a run in one line


def asked(who, at, took=None, **more):
    return Operation(who, "get", invoked=at, completed=None if took is None else at + took, **more)


def run_of_two_tenants():
    """Ten operations of acme, all good, and two of cedar, none answered; one of acme comes too late to be judged."""
    told = [asked("acme", 100 * n, took=10 + n) for n in range(10)]
    silent = [asked("cedar", 200), asked("cedar#2", 500)]
    return History([*told, *silent, asked("acme", 990)])


def test_an_outcome_counts_what_its_users_saw():
    found = outcome(run_of_two_tenants(), until=1_000, within=300, lost=3)
    assert found.operations == 12, "the one still open is not judged"
    assert found.availability == 10 / 12
    assert (found.p50_ms, found.p99_ms, found.answered_p99_ms) == (15, inf, 19)
    assert (found.lost, found.wrong, found.duplicated) == (3, 0, 0)
    assert found.tenants == {"acme": 1.0, "cedar": 0.0}
    assert found.line == str(found)
    assert str(found) == (
        "availability 83.3 %, p99 never (19 ms of those answered), lost 3, wrong 0, duplicated 0; "
        "worst tenant cedar 0 %"
    )


def test_an_outcome_of_good_answers_blames_nobody():
    found = outcome([asked("a", 0, took=210), asked("b", 0, took=9.5)], until=1_000)
    assert found.line == "availability 100 %, p99 210 ms, lost 0, wrong 0, duplicated 0"
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_refusal_is_no_quick_answer():
    found = outcome([asked("a", 0, took=1, status="fail"), asked("a", 10, took=50)], until=100)
    assert (found.p50_ms, found.p99_ms) == (50, inf)


def test_wrong_answers_lost_and_doubled_operations_can_be_handed_in():
    history = run_of_two_tenants()
    found = outcome(history, until=1_000, wrong={0, 1}, lost=[history[2]], duplicated={"a", "b"})
    assert (found.lost, found.wrong, found.duplicated) == (1, 2, 2)
    with pytest.raises(ValueError, match="lost=-1 is negative"):
        outcome(history, until=1_000, lost=-1)


def test_a_run_without_operations_is_neither_good_nor_bad():
    found = outcome([], until=100)
    assert isnan(found.availability)
    assert isnan(found.p99_ms)
    assert found.line == "no operation was judged, lost 0, duplicated 0"


def test_a_tenant_is_a_user_unless_a_mapping_or_a_function_says_otherwise():
    seen = what_users_saw(run_of_two_tenants(), until=1_000, within=300)
    assert {user_of(one.operation) for one in seen} == {"acme", "cedar"}, "cedar#2 is cedar"
    assert list(by_tenant(seen)) == ["acme", "cedar"]
    assert shares(seen, {"acme": "gold", "cedar": "gold"}) == {"gold": 10 / 12}
    early = shares(seen, lambda op: "early" if op.invoked < 400 else "late")
    assert early == {"early": 4 / 5, "late": 6 / 7}
    with pytest.raises(ValueError, match="user 'cedar' has no tenant"):
        shares(seen, {"acme": "gold"})


def test_what_matters_weighs_more_than_who_asks_most():
    seen = what_users_saw(run_of_two_tenants(), until=1_000, within=300)
    assert weighted_share(shares(seen), {"acme": 1, "cedar": 9}) == 0.1
    assert weighted_share({"acme": 0.5, "idle": nan}, {"acme": 1, "idle": 9}) == 0.5
    assert isnan(weighted_share({"idle": nan}, {"idle": 9}))
    with pytest.raises(ValueError, match="'cedar' has no weight"):
        weighted_share(shares(seen), {"acme": 1})
    with pytest.raises(ValueError, match="weight of tenant 'acme' is -1"):
        weighted_share({"acme": 1.0}, {"acme": -1})


def test_the_worst_tenant_and_those_below_a_target_are_named():
    found = {"idle": nan, "acme": 0.9, "borealis": 0.5, "cedar": 0.5}
    assert worst(found) == "borealis"
    assert worst({"idle": nan}) is None
    assert below(found, 0.9) == {"borealis": 0.5, "cedar": 0.5}
    with pytest.raises(ValueError, match="target=90"):
        below(found, 90)


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "100 %"), (0.0, "0 %"), (0.971, "97.1 %"), (0.99996, "99.996 %"), (0.00001, "0.001 %"), (nan, "no traffic")],
)
def test_a_percentage_is_never_rounded_to_all_or_nothing(share, said):
    assert percent(share) == said


# ---------------------------------------------------------------- slices of time


def test_every_slice_counts_its_own_operations_and_an_empty_one_is_undefined():
    seen = what_users_saw(
        [asked("a", 0, took=10), asked("a", 999), asked("a", 3_000, took=30)], until=3_500, within=400
    )
    first, second, third, last = slices(seen, 1_000, until=3_500)
    assert first == Slice(0, 1_000, 2, 0.5, offered_per_s=2, goodput_per_s=1, p50_ms=10, p99_ms=inf)
    assert (second.operations, second.offered_per_s, second.goodput_per_s) == (0, 0, 0)
    assert all(isnan(value) for value in (second.availability, second.p50_ms, second.p99_ms))
    assert isnan(third.availability)
    assert (last.start_ms, last.end_ms, last.offered_per_s) == (3_000, 3_500, 2), "half a second: two per second"


def test_a_time_out_may_count_when_it_was_asked_or_when_it_was_over():
    seen = what_users_saw([asked("a", 900)], until=2_000, within=300)
    assert [one.operations for one in slices(seen, 1_000, 2_000)] == [1, 0]
    assert [one.operations for one in slices(seen, 1_000, 2_000, by="judged")] == [0, 1]
    silent = what_users_saw([asked("a", 900)], until=2_000)
    assert [one.operations for one in slices(silent, 1_000, 2_000, by="judged")] == [0, 1], "judged as the run ends"


@given(st.lists(st.floats(0, 9.999), max_size=30), st.sampled_from([0.1, 0.3, 1.0, 3.0]))
def test_no_operation_is_in_two_slices_or_in_none(times, every):
    seen = what_users_saw([asked("a", at, took=0) for at in times], until=10)
    found = slices(seen, every, until=10)
    assert sum(one.operations for one in found) == len(times)
    assert found[-1].end_ms == 10
    assert all(one.end_ms == other.start_ms for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({"every_ms": 0}, "every_ms=0"),
        ({"every_ms": nan}, "every_ms=nan"),
        ({"until": 0}, "slices from 0.0 to 0 ms"),
        ({"until": inf}, "to inf"),
        ({"by": "sent"}, "by='sent'"),
    ],
)
def test_slices_that_cannot_be_are_refused(how, named):
    with pytest.raises(ValueError, match=named):
        slices([], **{"every_ms": 1_000, "until": 5_000, **how})


def series(*availabilities):
    return [
        Slice(1_000 * n, 1_000 * (n + 1), 0 if isnan(a) else 10, a, 1, 1, 1, 1) for n, a in enumerate(availabilities)
    ]


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)), max_size=20))
def test_the_counts_of_slices_are_whole_again(rows):
    series = [
        Slice(0.0, 1.0, good + bad, good / (good + bad) if good + bad else nan, 0.0, 0.0, 0.0, 0.0)
        for good, bad in rows
    ]
    assert bad_and_valid(series) == ([bad for _, bad in rows], [good + bad for good, bad in rows])


def test_a_failure_is_detected_at_the_end_of_its_first_bad_slice_and_over_when_it_stays_good():
    broken = series(1, 1, 0.2, nan, 0.95, 0.3, nan, 1, 1)
    assert time_to_detect(broken, after=2_500, good=0.9) == 500
    assert time_to_recover(broken, after=2_500, good=0.9) == 4_500, "one good slice in between does not count"
    assert time_to_recover(broken, after=2_500, good=lambda one: one.availability > 0.2) == 1_500


def test_what_never_broke_took_no_time_and_what_never_came_back_took_for_ever():
    assert time_to_detect(series(1, 1, 1), after=1_500, good=0.9) == inf
    assert time_to_recover(series(1, 1, nan, 1), after=2_500, good=0.9) == 0
    assert time_to_recover(series(1, 1, 0.5), after=1_500, good=0.9) == inf
    assert time_to_recover(series(1, nan, nan), after=1_500, good=0.9) == inf, "nobody asked: nobody knows"
    assert time_to_recover(series(1, 0.9), after=500, good=0.9) == 0, "exactly the target is met"
    with pytest.raises(ValueError, match="target=95"):
        time_to_recover(series(1), after=0, good=95)


# ---------------------------------------------------------------- histograms

WAITS = st.floats(2.0**-20, 2.0**40, width=32) | st.sampled_from([0.0, inf])
SHARES = st.integers(0, 1_000).map(lambda n: n / 1_000)


@given(st.lists(WAITS, min_size=1), SHARES)
def test_a_histogram_vouches_for_an_interval_that_holds_the_true_quantile(values, q):
    true = percentile(values, q)
    histogram = LatencyHistogram(values)
    low, high = histogram.bounds(q)
    assert low <= true < high or low == true == high
    assert high - low <= low / 128 or low == inf
    assert histogram.quantile(q) == true or abs(histogram.quantile(q) - true) <= true / 256


@given(st.lists(WAITS), st.lists(WAITS))
def test_two_histograms_put_together_are_the_histogram_of_all(some, others):
    merged = LatencyHistogram(some)
    merged.merge(LatencyHistogram(others))
    assert merged == LatencyHistogram(some + others)
    assert len(merged) == len(some) + len(others)


@given(st.lists(WAITS, max_size=20), st.sampled_from(["float32", "float64"]))
def test_an_array_is_counted_as_its_numbers_are(values, dtype):
    numpy = pytest.importorskip("numpy")
    assert LatencyHistogram(numpy.array(values, dtype=dtype)) == LatencyHistogram(values)


def test_an_array_longer_than_a_chunk_is_counted_to_its_end():
    numpy = pytest.importorskip("numpy")
    values = numpy.arange(1, 600_001, dtype="float32").reshape(1_000, 600)
    histogram = LatencyHistogram(values)
    assert len(histogram) == 600_000
    assert abs(histogram.quantile(0.999) - 599_400) <= 599_400 / 256
    assert LatencyHistogram(numpy.array([3, 5])) == LatencyHistogram([3, 5]), "whole numbers are numbers"


def test_an_empty_histogram_knows_nothing():
    assert isnan(LatencyHistogram().quantile(0.5))
    with pytest.raises(ValueError, match=r"q=99 .*0.99 for p99"):
        LatencyHistogram([1.0]).quantile(99)


@pytest.mark.parametrize("bad", [-1.0, nan])
def test_a_latency_that_is_none_is_refused_one_by_one_and_in_an_array(bad):
    numpy = pytest.importorskip("numpy")
    with pytest.raises(ValueError, match=f"latency {bad}"):
        LatencyHistogram([1.0, bad])
    with pytest.raises(ValueError, match=f"latency {bad}"):
        LatencyHistogram(numpy.array([1.0, bad], dtype="float32"))
