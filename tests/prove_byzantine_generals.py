"""What ``test_byzantine_generals.py`` claims, with more generals, more traitors, and more of what they can say.

``make prove`` runs it; pytest does not collect it by itself.
"""

import pytest

from dslib.protocols.byzantine_generals import (
    SAYINGS,
    judge,
    om,
    om_messages,
    oral_wars,
    says_anything,
    signed_wars,
    war,
)

pytestmark = pytest.mark.timeout(1_800)


def test_ten_times_as_many_random_lies_as_in_the_reference():
    six, seven = oral_wars(6, 2, 2, samples=200_000, seed=1), oral_wars(7, 2, 2, samples=200_000, seed=1)
    assert (six.runs, seven.runs) == (6_000_000, 8_400_000)
    assert six.violations / six.runs == pytest.approx(0.168, abs=0.001)
    assert seven.violations == 0


@pytest.mark.parametrize(
    ("n", "m", "t", "violated"),
    [(6, 1, 1, False), (8, 1, 1, False), (8, 1, 2, True), (5, 2, 1, False), (5, 1, 3, True), (10, 1, 2, True)],
)
def test_all_lies_in_larger_wars(n, m, t, violated):
    assert bool(oral_wars(n, m, t).violations) is violated


@pytest.mark.parametrize(("n", "m", "t", "violated"), [(9, 3, 3, True), (10, 3, 3, False), (10, 2, 3, True)])
def test_three_traitors_are_too_many_for_nine_generals_and_not_for_ten(n, m, t, violated):
    tally = oral_wars(n, m, t, samples=2_000)
    assert tally.runs >= 300_000
    assert bool(tally.violations) is violated


@pytest.mark.parametrize(
    ("n", "m", "t", "violated"),
    [(4, 2, 2, False), (5, 1, 1, False), (5, 1, 2, True), (3, 1, 2, False)],
)
def test_all_that_traitors_can_send_with_signatures(n, m, t, violated):
    tally = signed_wars(n, m, t, SAYINGS)
    assert bool(tally.violations) is violated
    assert tally.ic2 == 0


@pytest.mark.parametrize(("n", "m", "t", "violated"), [(5, 3, 3, False), (6, 2, 2, False), (6, 3, 3, False)])
def test_random_lies_with_signatures_in_larger_wars(n, m, t, violated):
    assert bool(signed_wars(n, m, t, samples=1_000).violations) is violated


def test_the_nodes_send_the_hundred_thousand_messages_of_thirteen_generals():
    sim = war(13, 4).run(until=200)
    assert len(sim.trace.where(kind="send")) == om_messages(13, 4) == 108_384
    assert judge(sim) == ""


def test_ten_nodes_stand_three_traitors():
    for seed in range(200):
        sim = war(10, 3, seed=seed, trace="off")
        for traitor in (("g0", "g3", "g7"), ("g1", "g4", "g9"))[seed % 2]:
            sim.at(0, sim.lie, traitor, says_anything)
        assert judge(sim.run(until=200)) == "", f"seed {seed}"


def test_sixteen_generals_agree_by_the_function_too():
    assert set(om(13, 4, "attack", (3, 5, 8, 11), lambda path, dest: "retreat").values()) == {"attack"}
