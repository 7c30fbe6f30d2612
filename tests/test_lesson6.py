"""Lesson 6: what its demonstrations claim, on twenty seeds and more, or in all cases there are.

What the protocols themselves promise is in test_two_generals.py, test_byzantine_generals.py and test_pbft.py; the game
of the traitor is in test_traitor.py.
"""

from fractions import Fraction
from itertools import product
from random import Random

import pytest

from dslib import Network, PropertyBroken
from dslib.protocols.byzantine_generals import (
    ATTACK,
    RETREAT,
    SAYINGS,
    TakesAnySignature,
    judge,
    om,
    om_messages,
    oral_wars,
    signed_wars,
    smallest_quorum,
    two_worlds,
    war,
)
from dslib.protocols.pbft_trial import QuorumTooSmall
from dslib.protocols.two_generals import exactly_one_attacks, risk, rules, split_risk, two_generals
from dslib.scenarios.generals import (
    Fall,
    all_rules,
    arena,
    convinced,
    damaged_wars,
    falls,
    lied_to,
    signed_camp,
    try_lies,
)
from dslib.scenarios.quorums import (
    ADVICE,
    LIARS,
    advice,
    pbft_bill,
    quorum_trouble,
    room_answers,
    served_by,
    trusted_room,
    try_quorum,
)
from dslib.scenarios.traitors import ORDERS, camp, hand_wars, inbox
from dslib.scenarios.valley import valley, valley_wars
from dslib.sweeps import pass_rate
from dslib.views import check

SEEDS = range(20)


@pytest.fixture(autouse=True)
def a_session_of_its_own(tmp_path, monkeypatch):
    """What a reader has answered before is kept beside the notebook; here nobody has."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "lesson.ipynb"))


# ---------------------------------------------------------------- D6.1 two generals


def test_d61_a_cut_between_the_plan_and_its_answer_makes_one_general_attack_alone():
    for seed in SEEDS:
        arrived = next(row.time for row in valley(seed).run(until=60).trace.where(kind="deliver", dest="b"))
        sim = valley(seed)
        sim.at(arrived + 0.001, sim.network.cut, "a", "b")
        with pytest.raises(PropertyBroken, match="always attack_together"):
            sim.run(until=60)
        assert (sim.nodes["a"].attacks, sim.nodes["b"].attacks) == (False, True), seed
        sim = valley(seed)
        sim.at(0, sim.network.cut, "a", "b")
        assert not any(general.attacks for general in sim.run(until=60).nodes.values()), seed


def test_d61_a_hundred_messengers_are_not_certain_and_one_cut_takes_them_all():
    assert risk(0.5, 3) == 0.125
    assert risk(0.5, 100) == pytest.approx(7.9e-31, rel=0.01)
    assert risk(Fraction(1, 2), 100) > 0
    for seed in SEEDS:
        sim = two_generals(1, 100, loss=0.0, seed=seed)
        sim.at(0, sim.network.cut, "a", "b")
        sim.run(until=30)
        assert (sim.nodes["a"].attacks, sim.nodes["b"].attacks) == (True, False), seed


@pytest.mark.parametrize(("loss", "messengers", "depth"), [(0.5, 1, 1), (0.5, 3, 1), (0.9, 5, 2), (0.1, 1, 5)])
def test_d61_wars_end_as_often_as_the_formulas_say(loss, messengers, depth):
    """Statistical: 2,000 wars, and an interval that holds 999 of 1,000 times."""
    seen = valley_wars(loss, messengers, depth, wars=2_000, seed=1)
    assert seen.both + seen.alone + seen.nobody == 2_000
    rate = pass_rate(seen.alone, 2_000, level=0.999)
    assert rate.low <= split_risk(loss, messengers, depth) <= rate.high, rate


def test_d61_no_rule_is_certain_at_any_depth_that_the_lesson_shows():
    for depth in (1, 2, 3, 5, 8):
        assert all(exactly_one_attacks(rule, depth) is not None for rule in rules(depth)), depth


# ---------------------------------------------------------------- D6.2 three generals


def test_d62_the_inbox_is_the_same_byte_for_byte_whoever_of_the_two_lies():
    for seed in SEEDS:
        lieutenant, commander = war(3, 1, ATTACK, seed=seed), war(3, 1, ATTACK, seed=seed)
        lieutenant.at(0, lieutenant.lie, "g2", "says", RETREAT)
        commander.at(0, commander.lie, "g0", "says", RETREAT, "g2")
        one, other = (inbox(sim.run(until=60), "g1").encode() for sim in (lieutenant, commander))
        assert one == other != b"", seed
        assert judge(lieutenant).startswith("IC2"), seed
    first, second = (inbox(world.run(until=60), "g1") for world in two_worlds())
    assert first == second


def test_d62_no_pair_of_rules_keeps_both_promises_and_only_blind_trust_keeps_one():
    pairs = [(first, second) for first in all_rules() for second in all_rules()]
    assert len(pairs) == 256
    assert not [pair for pair in pairs if not list(falls(*pair))]
    obey = [pair for pair in pairs if all(fall.traitor == 0 for fall in falls(*pair))]
    trust = {sight: sight[0] for sight in product(ORDERS, repeat=2)}
    assert obey == [(trust, trust)]
    assert str(next(falls(trust, trust))) == ("g0 lies: the order is attack, and it says attack to g1, retreat to g2")


def test_d62_a_rule_falls_in_the_wars_in_which_om_with_that_rule_falls():
    for rule in all_rules():
        lost = set(falls(rule, rule))
        for traitor, order in product(range(3), ORDERS):
            for says in product(ORDERS, repeat=2 if traitor == 0 else 1):
                told = dict(zip([to for to in (1, 2) if to != traitor], says, strict=True))
                done = om(3, 1, order, (traitor,), lambda path, dest: told[dest], lambda votes: rule[tuple(votes)])  # noqa: B023
                apart = len(set(done.values())) > 1 or (traitor != 0 and set(done.values()) != {order})
                assert apart == (Fall(traitor, order, says) in lost)


# ---------------------------------------------------------------- D6.3 and D6.4 the arena and the bill


@pytest.mark.parametrize(
    ("n", "m", "traitors", "wars", "violations"),
    [
        (3, 1, 1, 16, 2),
        (4, 0, 1, 22, 12),
        (4, 1, 1, 40, 0),
        (5, 1, 1, 96, 0),
        (4, 1, 2, 288, 72),
        (7, 1, 2, 55_296, 7_200),
    ],
)
def test_d63_the_arena_shows_the_reference_table_and_says_that_all_was_tried(n, m, traitors, wars, violations):
    found = arena(n, m, traitors)
    assert found.exhaustive
    assert (found.tally.runs, found.tally.violations) == (wars, violations)
    assert f"{wars:,} wars (all)" in str(found)


def test_d63_six_are_too_few_for_two_traitors_and_seven_are_enough_whatever_the_dice():
    for seed in SEEDS:
        six, seven = arena(6, 2, 2, samples=5_000, seed=seed), arena(7, 2, 2, samples=5_000, seed=seed)
        assert not six.exhaustive
        assert six.tally.violations / six.tally.runs == pytest.approx(0.168, abs=0.005), seed
        assert seven.tally.violations == 0, seed
        assert str(seven).endswith("210,000 wars (random), none broken")


def test_d63_all_that_the_controls_can_be_set_to_can_be_shown():
    for n, m, traitors in product(range(4, 8), range(3), range(4)):
        found = arena(n, m, traitors, samples=100)
        if n >= 3 * traitors + 1 and m >= traitors:
            assert found.tally.violations == 0 or m > traitors, (n, m, traitors)
        assert "broken" in str(found)


@pytest.mark.parametrize(
    ("n", "m", "total"),
    [
        (4, 1, 9),
        (5, 1, 16),
        (7, 1, 36),
        (7, 2, 156),
        (10, 2, 585),
        (10, 3, 3_609),
        (13, 4, 108_384),
        (16, 5, 3_999_675),
    ],
)
def test_d64_the_bill_is_that_of_the_reference_and_nodes_pay_it(n, m, total):
    assert om_messages(n, m) == total
    if total < 1_000:
        for seed in SEEDS:
            assert len(war(n, m, seed=seed).run(until=200).trace.where(kind="send")) == total


def test_without_a_liar_lost_messages_break_what_lies_could_not():
    """The two problems are two: 200 wars of loyal generals."""

    def lost(loss):
        runs = [war(4, 1, seed=seed, network=Network(loss=loss), trace="off").run(until=60) for seed in range(200)]
        return sum(bool(judge(run)) for run in runs)

    assert lost(0.0) == 0
    assert 5 < lost(0.1) < lost(0.3)


def test_in_the_camp_one_liar_breaks_nothing_and_two_who_say_nothing_break_an_order_to_attack():
    for seed in SEEDS:
        sim = camp(seed)
        sim.at(0, sim.lie, f"g{seed % 4}", "says_anything")
        sim.run(until=60)
        sim = camp(seed)
        for name in ("g1", "g2"):
            sim.at(0, sim.lie, name, "silence")
        with pytest.raises(PropertyBroken, match="always the_loyal_agree"):
            sim.run(until=60)
        sim = camp(seed)
        sim.at(0, sim.crash, f"g{1 + seed % 3}")
        sim.run(until=60)


# ---------------------------------------------------------------- your turn: write a traitor


def divide(me, to):
    if me == 0:
        return ATTACK if to in (2, 3, 4) else RETREAT
    return ATTACK if to in (2, 3) else RETREAT


def test_lies_that_divide_win_in_two_rounds_and_never_in_three():
    verdict = try_lies(divide)
    assert verdict
    assert [trial.outcome for trial in verdict.trials] == [("2 attack", "3 retreat"), ("5 retreat",)]
    assert not try_lies(lambda me, to: ATTACK)
    assert "Divide them" in try_lies(lambda me, to: RETREAT).conclusion
    won = 0
    for seed in range(200):
        dice = Random(seed)
        book = {(me, to): dice.choice(ORDERS) for me, to in product((0, 1), range(1, 7))}
        verdict = try_lies(lambda me, to: book[me, to])  # noqa: B023
        won += bool(verdict)
        assert len(verdict.trials[1].outcome) == 1, f"seed {seed}: three rounds were not enough"
    assert 5 < won < 100


def test_a_lie_that_is_none_is_refused_in_words():
    assert "hand over the function itself" in try_lies("attack").conclusion
    assert 'gives None; return "attack" or "retreat"' in try_lies(lambda me, to: None).conclusion
    assert "stops with ZeroDivisionError" in try_lies(lambda me, to: 1 / 0).conclusion


# ---------------------------------------------------------------- D6.5 signatures


def test_d65_three_generals_with_signatures_stand_a_traitor_and_four_stand_two():
    assert signed_wars(3, 1, 1).violations == signed_wars(4, 1, 1).violations == 0
    assert signed_wars(4, 2, 2, SAYINGS[:3]).violations == 0
    assert oral_wars(3, 1, 1).violations > 0


def test_d65_a_forged_order_is_thrown_away_and_nobody_is_accused():
    for seed in SEEDS:
        sim = signed_camp(liar="g2", lie=("forges", RETREAT), seed=seed).run(until=60)
        assert sim.nodes["g1"].action == ATTACK, seed
        assert judge(sim) == "", seed
        assert convinced(sim) == [], seed


def test_d65_all_hangs_on_signatures_that_are_checked():
    """Not in every war: if g1's word reaches g2 before the commander's, g2 has nothing to pass on."""
    careless = [
        signed_camp(liar="g2", lie=("forges", RETREAT), kind=TakesAnySignature, seed=seed).run(until=60)
        for seed in range(40)
    ]
    assert sum(judge(sim).startswith("IC2") for sim in careless) >= 30
    assert not any(convinced(sim) for sim in careless), "a forgery still proves nothing"


def test_d65_two_conflicting_signed_orders_convict_the_commander():
    """Both lieutenants hold them, unless one's word overtakes the commander's; one of them always does."""
    both = 0
    for seed in range(40):
        sim = signed_camp(seed=seed).run(until=60)
        assert judge(sim) == "", seed
        assert convinced(sim), seed
        both += convinced(sim) == ["g1", "g2"]
    assert both >= 30
    assert {letter.order for letter in signed_camp().run(until=60).nodes["g1"].evidence} == set(ORDERS)


# ---------------------------------------------------------------- D6.6 quorums, and a service


def test_d66_the_rule_of_the_lesson_passes_and_those_that_sound_right_do_not():
    assert try_quorum(lambda n, f: (n + f) // 2 + 1)
    assert try_quorum(smallest_quorum)
    for rule in (
        lambda n, f: n // 2 + 1,
        lambda n, f: 2 * f + 1,
        lambda n, f: f + 1,
        lambda n, f: n,
        lambda n, f: n - f + 1,
        lambda n, f: 2 * n // 3,
        lambda n, f: n - f,
        lambda n, f: 2 * n // 3 + 1,
        lambda n, f: -(-2 * n // 3),
        lambda n, f: (n + (n - 1) // 3) // 2 + 1,
    ):
        assert not try_quorum(rule)
    assert "it works, but 4 would do" in str(try_quorum(lambda n, f: n - f))
    assert quorum_trouble(4, 3, 1) == ""
    assert quorum_trouble(4, 2, 1) == "two quorums may share nobody"
    assert quorum_trouble(4, 4, 1) == "waits for ever: 1 may be silent, and 3 are left"
    assert all(quorum_trouble(3, q, 1) for q in (1, 2, 3)), "3f replicas are too few"


def test_d66_a_quorum_that_is_no_number_is_refused_in_words():
    assert (
        "gives 2.5; return a whole number from 1 to 4. (// divides" in try_quorum(lambda n, f: (n + f) / 2).conclusion
    )
    assert "hand over the function itself" in try_quorum(3).conclusion
    assert "stops with" in try_quorum(lambda n: n).conclusion


@pytest.mark.parametrize("who", ["r0", "r2"])
@pytest.mark.parametrize("liar", ["", *LIARS])
def test_d66_users_are_all_served_by_one_store_however_one_of_four_replicas_lies(liar, who):
    for seed in SEEDS:
        service = served_by(trusted_room(seed, liar=liar, who=who).run(until=3_000))
        assert (service.asked, service.answered, service.one_store) == (12, 12, True), seed


def test_d66_a_lying_primary_costs_time_and_a_lying_backup_none():
    for seed in SEEDS:
        silent = {
            who: served_by(trusted_room(seed, liar="says nothing", who=who).run(until=3_000)) for who in ("r0", "r2")
        }
        assert silent["r0"].last_ms > silent["r2"].last_ms + 50, seed


def test_d66_quorums_of_2f_let_honest_replicas_do_different_things():
    broken = 0
    for seed in SEEDS:
        try:
            trusted_room(seed, liar="gives two orders one number", kind=QuorumTooSmall).run(until=1_000)
        except PropertyBroken:
            broken += 1
    assert broken >= 15


@pytest.mark.parametrize(("f", "replicas", "between", "in_all"), [(1, 4, 24, 29), (2, 7, 84, 92)])
def test_d66_what_a_request_costs(f, replicas, between, in_all):
    assert pbft_bill(f) == (replicas, between, in_all)


# ---------------------------------------------------------------- D6.7 checksums first


def test_d67_a_checksum_stops_flipped_bits_and_no_liar():
    for seed in SEEDS:
        plain, sealed = damaged_wars(False, 10, seed=seed), damaged_wars(True, 10, seed=seed)
        assert plain.damaged > 10, seed
        assert plain.nonsense > 0, seed
        assert sealed.damaged > 10, seed
        assert sealed.nonsense == 0, seed
        assert lied_to(False, seed).startswith("IC2"), seed
        assert lied_to(True, seed).startswith("IC2"), seed


def test_d67_a_bug_in_one_replica_is_masked_and_in_more_than_f_it_is_not():
    for seed in SEEDS:
        wrong = [
            sum(one.outcome == "wrong" for one in room_answers(trusted_room(seed, buggy=buggy).run(until=3_000)))
            for buggy in ((), ("r2",), ("r2", "r3"), ("r0", "r1", "r2", "r3"))
        ]
        assert wrong[:2] == [0, 0], seed
        assert 0 < wrong[2] <= 12, seed
        assert wrong[3] == 12, seed


def test_advice_names_the_machines_that_it_takes():
    assert "3 machines" in advice("bits flip", 1)
    assert "7 machines" in advice("bits flip", 3)
    assert "4 machines, or signatures" in advice("somebody who runs a machine lies", 1)
    assert "No number of machines" in advice("all run the same bug", 2)
    for trouble, f in product(ADVICE, (1, 10)):
        assert "{" not in advice(trouble, f)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: advice("bad luck"), "there is no advice about 'bad luck': write one of 'it stops', "),
        (lambda: advice("it stops", 0), "f is 0: write how many machines may fail"),
        (lambda: trusted_room(liar="sleeps"), "there is no liar 'sleeps': write one of 'says nothing', "),
        (lambda: trusted_room(buggy=("r4",)), "there is no replica 'r4': write one of r0, r1, r2, r3"),
        (lambda: valley_wars(0.5, 3, wars=0), "wars is 0: write a whole number"),
        (lambda: valley_wars(1.5, 3), "1.5"),
        (lambda: valley(depth=0), "depth=0"),
        (lambda: arena(3, 2, 1), "3 generals cannot run m=2"),
        (lambda: arena(4, 1, 5), "t=5 of 4 generals"),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- check yourself


@pytest.mark.parametrize(
    ("item", "right"),
    [
        ("messengers", (risk(0.1, 3),)),
        ("generals", (3 * 3 + 1,)),
        ("rounds", ("A traitor can be the last to speak, and the others have no time to compare",)),
        ("signed", ("Yes, in five rounds",)),
        ("proof", ("No, but the loyal ones still do the same",)),
        ("quorum", (smallest_quorum(7, 2),)),
        (
            "incidents",
            (
                "One bit in a server's state is wrong, and it passes the state on",
                "A worn-out sensor reads as on to one computer and as off to another",
                "A replica that missed an update answers with old data, sure that it is new",
                "A disk returns another file's data, and reports no error",
            ),
        ),
        ("worth", ("Checksums on every message",)),
    ],
)
def test_the_answers_of_the_self_checks_are_what_the_lesson_computes(item, right):
    assert str(check(f"06/{item}").say(*right)).startswith("✓ Right.")


def test_what_the_lesson_says_of_the_wars_by_hand():
    wins = [fought for fought in hand_wars(3) if fought.broken]
    assert {(fought.order, fought.broken) for fought in wins} == {(ATTACK, "IC2")}
    assert all(fought.traitor for fought in wins)
    assert not [fought for fought in hand_wars(4) if fought.broken]
    assert arena(9, 2, 3, samples=200).tally.violations > 0, "nine are too few for three traitors"
