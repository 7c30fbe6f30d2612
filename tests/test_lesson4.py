"""Lesson 4: what its demonstrations claim, on twenty seeds and more. The cards' own claims are in test_failures*.py."""

from math import exp, inf, nan

import pytest

from dslib import good_share
from dslib.failures import BONUS, GALLERY
from dslib.scenarios.dashboards import TARGET, WIPED, dashboard, wiped_tenant
from dslib.scenarios.diagnosis import SUSPECTS, TELLS, TWINS, card_of, confused, drawn, hidden
from dslib.scenarios.fleets import (
    by_product,
    chance_today,
    disks_a_year,
    failures_a_day,
    failures_each_day,
    same_order,
)
from dslib.scenarios.overload import (
    after_the_stall,
    deadly_post,
    dominoes,
    load_after_a_loss,
    posts_seen,
    spare_room,
    try_let_in,
)
from dslib.sweeps import estimate
from dslib.views import diagnosis
from dslib.views.diagnosis import confusion, diagnose, four_charts, show_card
from dslib.views.selfcheck import check

SEEDS = range(20)


@pytest.fixture(autouse=True)
def a_session_of_its_own(tmp_path, monkeypatch):
    """What a reader has answered before is kept beside the notebook; here nobody has."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "lesson.ipynb"))
    monkeypatch.setattr(diagnosis, "_GUESSES", {})


# ---------------------------------------------------------------- the hook: one post


def test_a_post_that_is_sent_again_stops_every_server_and_one_that_is_not_stops_one():
    for seed in SEEDS:
        for repeats, dead in ((5, 3), (1, 2), (0, 1)):
            sim = deadly_post(seed, repeats=repeats).run(until=750)
            assert len({e.src for e in sim.trace.where(kind="crash")}) == dead, (seed, repeats)


def test_while_all_are_dead_alice_is_not_answered_and_then_she_is():
    for seed in SEEDS:
        seen = [one for one in posts_seen(deadly_post(seed).run(until=1_500)) if "alice" in one.operation.process]
        assert 0.6 < good_share(seen) < 1, seed
        assert seen[-1].outcome in ("good", "open"), seed


# ---------------------------------------------------------------- D4.1 how rare is rare?


def test_the_arithmetic_of_a_fleet():
    assert failures_a_day(1, 3) == pytest.approx(0.0009, abs=0.00005)
    assert failures_a_day(1_000, 3) == pytest.approx(0.91, abs=0.005)
    assert chance_today(1_000, 3) == pytest.approx(0.60, abs=0.005)
    assert failures_a_day(10_000, 3) == pytest.approx(9.1, abs=0.05)
    assert failures_a_day(10_000, 30) == pytest.approx(0.91, abs=0.005)
    assert disks_a_year(20_000, 0.0088) == pytest.approx(176)


@pytest.mark.parametrize(("machines", "mtbf_years"), [(1_000, 3.0), (10_000, 3.0), (10_000, 30.0)])
def test_a_simulated_fleet_fails_as_often_as_the_arithmetic_says(machines, mtbf_years):
    """Statistical: over 20 seeds of 100 days, the mean and the share of quiet days lie within four standard errors."""
    days = [n for seed in SEEDS for n in failures_each_day(seed, machines, mtbf_years, 100)]
    for found, theory in (
        (estimate(days), failures_a_day(machines, mtbf_years)),
        (estimate(float(n == 0) for n in days), exp(-failures_a_day(machines, mtbf_years))),
    ):
        error = max((found.high - found.low) / 2 / 1.96, 0.005)
        assert abs(found.mean - theory) <= 4 * error, (found, theory)


# ---------------------------------------------------------------- D4.2 the gallery


def test_all_fourteen_cards_are_found_by_number_and_by_name_and_can_be_read():
    for card in GALLERY:
        assert card_of(card.number) is card_of(card.title) is card_of(card) is card
        words = str(show_card(card.number))
        assert card.means in words
        for incident in card.incidents:
            assert incident.source.title in words
            assert incident.conflict in words, "accounts that disagree are shown side by side"
    assert len(GALLERY) == len(BONUS) == 14


@pytest.mark.parametrize("which", [0, 15, "volcano", "", True, None, 1.5, "data"])
def test_a_card_that_is_not_there_is_refused_with_what_is(which):
    with pytest.raises(ValueError, match=r"write a number or a name of"):
        card_of(which)


# ---------------------------------------------------------------- D4.3 name the failure


def test_fourteen_seeds_show_each_card_once_and_the_answer_is_always_among_the_suspects():
    for deck in range(20):
        dealt = [drawn(seed) for seed in range(14 * deck, 14 * deck + 14)]
        assert {card.number for card, _ in dealt} == set(range(1, 15)), deck
        for card, suspects in dealt:
            assert card.title in suspects
            assert len(set(suspects)) == SUSPECTS
            numbers = {card_of(title).number for title in suspects}
            assert not any(twins <= numbers for twins in TWINS), "nobody is asked what charts cannot tell"


@pytest.mark.timeout(120)
def test_what_a_tell_says_is_what_the_charts_show():
    """Each kind of sign, on the cards that are known by it."""
    cases = {hidden(seed).card.number: hidden(seed) for seed in range(14)}
    assert set(cases) == set(TELLS)
    for number, case in cases.items():
        assert len(case.good) == len(case.servers) == len(case.waiting) == len(case.wrong) == 60
        all_live = min(case.servers) == max(case.servers)
        assert all_live == (number in (4, 5, 6, 9, 12, 14)), number
        assert (max(case.waiting) > 100) == (number in (5, 6, 7)), number
        assert (max(case.asked) > 3 * case.asked[0]) == (number == 6), number
        assert (sum(case.started) > 0) == (number in (1, 2, 3, 7, 8, 10)), number
    for number in (11, 13, 1):
        assert cases[number].servers[-1] == 0
    assert sum(cases[1].started) > 5 * sum(cases[3].started) > 5 * sum(cases[10].started) > 0
    assert len([n for n in cases[10].started if n]) == len([n for n in cases[2].started if n]) == 1, "at one moment"
    assert len([n for n in cases[3].started if n]) > 3
    for number in (2, 3, 8, 10):
        assert cases[number].servers[-1] == cases[number].servers[0]
    for number in (4, 12):
        assert sum(cases[number].wrong) > 20
    assert min(cases[14].good) > 0.95
    assert cases[14].lowest[-1] < 0.5
    assert cases[7].servers[-1] == 3
    assert cases[7].good[-1] < 0.1


def test_the_same_seed_is_the_same_case():
    hidden.cache_clear()
    first = hidden(4)
    hidden.cache_clear()
    assert repr(hidden(4)) == repr(first)
    assert str(four_charts(first)) == str(four_charts(hidden(4)))


def test_a_guess_is_judged_at_once_and_the_first_one_counts():
    assert "not guessed yet" in str(confusion())
    case = hidden(4)
    form = diagnose(case)
    wrong = next(title for title in case.suspects if title != case.card.title)
    assert str(form.say(wrong)).startswith("✗ No.")
    assert TELLS[card_of(wrong).number] in str(form.say(wrong))
    told = str(form.say(case.card.title))
    assert told.startswith("✓ Right.")
    assert case.tell in told
    assert {4: (case.card.title, wrong)} == diagnosis._GUESSES
    assert str(confusion()) == f"0 of 1 first guess right. You took {case.card.title} for {wrong}."


def test_what_is_clicked_in_the_form_counts_as_well():
    case = hidden(0)
    form = diagnose(case)
    assert form.widget is not None
    said = [case.suspects[0]]
    form._heard(None, {"kept": {"tries": 1, "hints": 0, "solved": False, "shown": False, "said": said}}, None)
    right = [case.card.title]
    form._heard(None, {"kept": {"tries": 2, "hints": 0, "solved": True, "shown": False, "said": right}}, None)
    assert {0: (case.card.title, case.suspects[0])} == diagnosis._GUESSES


def test_nothing_on_the_page_gives_the_answer_away():
    case = hidden(9)
    page = diagnose(case).to_html()
    assert case.tell not in page
    assert page.count(case.card.title) == page.count(next(t for t in case.suspects if t != case.card.title))
    assert case.card.title not in str(four_charts(case))


def test_a_confusion_matrix_counts():
    matrix = confused([("a", "a"), ("a", "b"), ("a", "b")])
    assert matrix == {("a", "a"): 1, ("a", "b"): 2}
    one, other = GALLERY[0].title, GALLERY[1].title
    words = str(confusion({1: (one, one), 2: (one, other), 3: (one, other)}))
    assert words == f"1 of 3 first guesses right. You took {one} for {other} (2 times)."


@pytest.mark.parametrize("seed", [-1, 1.5, True, "4", None])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ValueError, match="write a whole number, 0 or more"):
        drawn(seed)


# ---------------------------------------------------------------- D4.4 dominoes


def test_three_servers_at_70_percent_fall_if_one_dies_and_below_two_thirds_they_stand():
    assert load_after_a_loss(3, 0.7) == pytest.approx(1.05)
    assert dominoes(3, 0.7) == [3, 2, 0]
    assert dominoes(3, 2 / 3) == [3, 2, 0], "strictly below"
    assert dominoes(3, 0.66) == [3, 2]
    assert spare_room(3) == pytest.approx(2 / 3)


@pytest.mark.parametrize("servers", range(2, 30))
def test_they_stand_if_and_only_if_each_stays_below_n_minus_1_of_n(servers):
    for percent in range(1, 101):
        stands = 100 * (servers - 1) > percent * servers
        assert (dominoes(servers, percent / 100)[-1] > 0) == stands, percent


# ---------------------------------------------------------------- D4.5 the stall that never ends


@pytest.mark.parametrize(
    ("policy", "recovers"),
    [({"retries": 0}, True), ({"queue_bound": 50}, True), ({"rate": 15}, True), ({"rate": 20}, True)],
)
def test_with_less_work_it_recovers(policy, recovers):
    for seed in SEEDS:
        rate = policy.get("rate", 80)
        assert after_the_stall(seed, **policy) == pytest.approx(rate, rel=0.3), seed


@pytest.mark.parametrize("policy", [{"rate": 40.0}, {}, {"wait_ms": 500, "jitter": True}])
def test_with_repetitions_it_never_does_whether_or_not_they_wait(policy):
    for seed in SEEDS:
        assert after_the_stall(seed, **policy) < 1, seed


def test_a_budget_for_repetitions_ends_it():
    for seed in SEEDS:
        assert after_the_stall(seed, budget=0.1) == pytest.approx(80, rel=0.1), seed


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        (lambda waiting, each_second: waiting < each_second / 2, True),
        (lambda waiting, each_second: waiting < 0.6 * each_second, True),
        (lambda waiting, each_second: True, False),
        (lambda waiting, each_second: False, False),
        (lambda waiting, each_second: waiting < 50, False),
        (lambda waiting, each_second: waiting < 2, False),
        (lambda waiting, each_second: waiting < 3 * each_second, False),
    ],
)
def test_a_rule_for_the_door_stands_the_test_if_the_queue_is_shorter_than_patience(rule, passes):
    assert [bool(try_let_in(rule, seed)) for seed in range(3)] == [passes] * 3


def test_a_rule_that_is_none_is_refused_and_a_wrong_one_gets_a_hint():
    assert "return True (may wait) or False (is refused)" in try_let_in(lambda waiting, each_second: 1).conclusion
    assert "Not run yet" in try_let_in(None).conclusion
    assert "Let fewer wait" in try_let_in(lambda waiting, each_second: True).conclusion
    assert "Let more wait" in try_let_in(lambda waiting, each_second: False).conclusion


# ---------------------------------------------------------------- D4.6 green dashboard, furious customer


@pytest.mark.timeout(120)
def test_the_dashboard_is_green_while_one_tenant_has_nothing():
    for seed in SEEDS:
        sim = wiped_tenant(seed)
        board = dashboard(sim)
        assert board.average == pytest.approx(0.9995, abs=0.0001), seed
        assert board.green, seed
        assert board.tenants[WIPED] == 0, seed
        assert board.furious == [WIPED], seed
        assert all(share == 1 for tenant, share in board.tenants.items() if tenant != WIPED), seed
    assert dashboard(sim, empty_is_wrong=False).average == 1, "an empty room is quick and polite"


def test_a_larger_tenant_turns_it_red():
    board = dashboard(wiped_tenant(1, 0.002))
    assert board.average < TARGET
    assert str(board).endswith("RED. Lowest: dorado 0 %.")


# ---------------------------------------------------------------- D4.7 what first?


def test_risks_are_ordered_by_the_product_and_orders_are_compared_pair_by_pair():
    assert by_product({"a": (1, 5), "b": (3, 3), "c": (5, 1)}) == ["b", "a", "c"]
    assert same_order("abc", "abc") == 1
    assert same_order("abc", "cba") == 0
    assert same_order("abc", "acb") == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: failures_a_day(0, 3), "machines is 0"),
        (lambda: failures_a_day(10, 0), "mtbf_years is 0"),
        (lambda: failures_a_day(10, nan), "mtbf_years is nan"),
        (lambda: failures_each_day(days=0), "days is 0"),
        (lambda: failures_each_day(machines=10_000_000, days=3_650), "write fewer machines or days"),
        (lambda: disks_a_year(10, 2), "the rate is 2"),
        (lambda: deadly_post(servers=0), "servers is 0"),
        (lambda: deadly_post(repeats=1.5), "repeats is 1.5"),
        (lambda: load_after_a_loss(1, 0.5), "servers is 1"),
        (lambda: dominoes(3, inf), "busy is inf"),
        (lambda: wiped_tenant(share=0), "share is 0"),
        (lambda: by_product({"a": (0, 5)}), "the risk 'a'"),
        (lambda: same_order(["a", "b"], ["a", "c"]), "both orders must name the same risks"),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- check yourself


@pytest.mark.parametrize(
    ("item", "right"),
    [
        ("rare", round(failures_a_day(50_000, 30), 2)),
        ("dominoes", round(100 * load_after_a_loss(4, 0.8), 1)),
        ("trigger", "Refuse most requests at once"),
        ("replica", "Nowhere, unless somebody keeps older copies elsewhere"),
        ("fans", "Yes: more is asked than the service can do"),
        ("average", "That customer's share of good answers"),
    ],
)
def test_the_answers_of_the_self_checks_are_what_the_lesson_computes(item, right):
    assert str(check(f"04/{item}").say(right)).startswith("✓ Right.")
