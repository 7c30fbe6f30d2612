"""What users saw."""

from math import inf, isnan

from dslib import History, Operation, good_share, latencies, what_users_saw

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
