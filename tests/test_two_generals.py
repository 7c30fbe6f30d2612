"""Two generals (Akkoyunlu, Ekanadham, Huber 1975; Gray 1978): no protocol is certain, and what each of them risks."""

from fractions import Fraction
from itertools import product

import pytest

from dslib import Network, Simulation
from dslib.protocols.two_generals import (
    General,
    Messenger,
    Rule,
    attack_chance,
    exactly_one_attacks,
    heard,
    last_for,
    risk,
    rules,
    split_risk,
    two_generals,
)
from dslib.sweeps import pass_rate
from dslib.testing import isolate

DEPTHS = range(1, 11)


def attacks(sim):
    return tuple(general.attacks for general in sim.nodes.values())


def lossless(depth, lost=None, latency=10):
    """Every message takes 10 ms; message ``lost`` and what would have followed it never arrive."""
    generals = (
        General("a", ("b",), True, depth, dawn=20.0 * depth),
        General("b", ("a",), False, depth, dawn=20.0 * depth),
    )
    sim = Simulation(*generals, network=Network(latency=latency))
    if lost is not None:
        sim.at((lost - 0.5) * latency, sim.network.cut, "a", "b")  # while it is on its way
    return sim.run(until=20 * depth)


def test_the_risk_of_k_independent_messengers_is_p_to_the_k():
    assert risk(0.5, 3) == 0.125
    assert risk(0.5, 100) == pytest.approx(7.9e-31, rel=0.01)
    assert risk(Fraction(1, 2), 100) == Fraction(1, 2**100) > 0  # improbable, and not impossible
    assert risk(0, 1) == 0


@pytest.mark.parametrize("k", range(1, 8))
def test_all_fates_of_k_messengers_together_give_exactly_p_to_the_k(k):
    p = Fraction(3, 10)
    nobody = [fate for fate in product((True, False), repeat=k) if not any(fate)]
    assert len(nobody) == 1
    chance = sum(
        p ** fate.count(False) * (1 - p) ** fate.count(True)
        for fate in product((True, False), repeat=k)
        if not any(fate)
    )
    assert chance == risk(p, k)


@pytest.mark.parametrize(("p", "k"), [(0.5, 1), (0.5, 3), (0.3, 2), (0.8, 4)])
def test_k_messengers_on_a_network_all_get_lost_as_often_as_the_formula_says(p, k):
    runs = 1_000
    lost = sum(
        not two_generals(1, k, p, seed=seed, trace="off").run(until=30).nodes["b"].attacks for seed in range(runs)
    )
    rate = pass_rate(lost, runs, level=0.999)
    assert rate.low < risk(p, k) < rate.high, rate


def test_one_cut_takes_all_messengers_however_many():
    sim = two_generals(1, 100, loss=0.0)
    sim.at(0, sim.network.cut, "a", "b")
    assert attacks(sim.run(until=30)) == (True, False)
    assert len(sim.trace.where(kind="drop")) == 100


@pytest.mark.parametrize("depth", DEPTHS)
def test_for_every_depth_and_every_rule_there_is_a_loss_after_which_exactly_one_attacks(depth):
    found = [exactly_one_attacks(rule, depth) for rule in rules(depth)]
    assert len(found) == 2 ** (depth - 1)  # every table of yes and no, but for the three entries that must be so
    assert None not in found


@pytest.mark.parametrize("depth", DEPTHS)
def test_of_two_losses_that_follow_each_other_one_general_cannot_tell_the_difference(depth):
    for arrived in range(depth):
        (a, b), (more_a, more_b) = heard(arrived), heard(arrived + 1)
        assert (a == more_a) != (b == more_b)


def test_the_search_would_find_a_rule_that_is_certain_if_there_were_one():
    # Never attacking is certain, and useless: rules() leaves it out.
    assert exactly_one_attacks(Rule((False, False), (False, False)), 2) is None
    # So is a second general who guesses; he has no plan to attack by.
    assert exactly_one_attacks(Rule((True, True), (True, True)), 2) is None


@pytest.mark.parametrize("depth", DEPTHS)
def test_more_acknowledgements_only_move_the_doubt_to_the_last_sender(depth):
    for lost in range(1, depth + 1):
        a, b = attacks(lossless(depth, lost))
        assert (a != b) == (lost == depth), f"message {lost} of {depth} lost"
        if lost == depth:
            assert a == (depth % 2 == 1)  # whoever sent it attacks alone
    assert attacks(lossless(depth)) == (True, True)


@pytest.mark.parametrize("depth", DEPTHS)
def test_each_general_waits_for_the_last_message_that_is_for_him(depth):
    assert sorted([last_for(True, depth), last_for(False, depth)]) == [depth - 1, depth]
    assert last_for(True, depth) % 2 == 0
    assert last_for(False, depth) % 2 == 1


def test_the_chances_of_all_depths_are_exact_and_add_up():
    p = Fraction(1, 3)
    for depth in DEPTHS:
        arrives = [1 - p] * depth
        outcomes = {arrived: prod(arrives[:arrived]) * (p if arrived < depth else 1) for arrived in range(depth + 1)}
        assert sum(outcomes.values()) == 1
        assert split_risk(p, 1, depth) == outcomes[depth - 1]
        assert attack_chance(p, 1, depth) == outcomes[depth]


def prod(factors):
    result = Fraction(1)
    for factor in factors:
        result *= factor
    return result


def test_more_acknowledgements_make_an_attack_of_both_rarer_too():
    assert [split_risk(0.5, 1, depth) for depth in (1, 2, 3)] == [0.5, 0.25, 0.125]
    assert [attack_chance(0.5, 1, depth) for depth in (1, 2, 3)] == [0.5, 0.25, 0.125]


@pytest.mark.parametrize(("depth", "k"), [(1, 1), (2, 1), (3, 2), (4, 3)])
def test_exactly_one_attacks_on_a_network_as_often_as_the_formula_says(depth, k):
    runs, alone, both = 1_000, 0, 0
    for seed in range(runs):
        a, b = attacks(two_generals(depth, k, 0.5, seed=seed, trace="off").run(until=20 * depth))
        alone, both = alone + (a != b), both + (a and b)
    for count, expected in ((alone, split_risk(0.5, k, depth)), (both, attack_chance(0.5, k, depth))):
        rate = pass_rate(count, runs, level=0.999)
        assert rate.low < expected < rate.high, rate


def test_a_general_acknowledges_each_message_once_whatever_number_of_messengers_brings_it():
    b = isolate(General("b", ("a",), False, depth=4, messengers=2))
    assert b.receive("a", Messenger(1)) == [("a", Messenger(2))] * 2
    assert b.receive("a", Messenger(1)) == []
    assert b.receive("a", Messenger(3)) == [("a", Messenger(4))] * 2


def test_the_last_message_is_not_acknowledged():
    b = isolate(General("b", ("a",), False, depth=1))
    assert b.receive("a", Messenger(1)) == []


def test_as_many_messages_are_sent_as_the_protocol_is_deep_for_each_messenger():
    for depth in DEPTHS:
        sim = two_generals(depth, 3, loss=0.0).run(until=20 * depth)
        assert len(sim.trace.where(kind="send")) == 3 * depth


def test_nobody_decides_before_dawn():
    assert attacks(two_generals(2, loss=0.0).run(until=39)) == (None, None)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: risk(1.5, 1), "p=1.5: the probability"),
        (lambda: risk(0.5, 0), "k=0: write how many messengers"),
        (lambda: split_risk(0.5, 1, 0), "depth=0: write how many messages"),
        (lambda: two_generals(depth=0), "depth=0: write how many messages there are, 1 or more"),
        (lambda: two_generals(messengers=2.5), "messengers=2.5"),
        (lambda: General("a", ("b", "c"), True), "peers .'b', 'c'.: write the name of the other one"),
        (lambda: list(rules(0)), "depth=0"),
    ],
)
def test_a_war_that_cannot_be_is_refused_with_what_to_write(call, error):
    with pytest.raises(ValueError, match=error):
        call()
