"""Consistent hashing: Karger et al. 1997; Stoica et al. 2001 (Chord); DeCandia et al. 2007 (Dynamo)."""

from __future__ import annotations

from fractions import Fraction
from math import fsum, sqrt

import pytest
from hash_seeds import printed

from dslib.protocols.consistent_hashing import (
    TRIAL,
    Modulo,
    NextPoints,
    OnePointEach,
    Ring,
    moved,
    position,
)

KEYS = tuple(f"key{i}" for i in range(2_000))


def names(n):
    return tuple(f"n{i}" for i in range(n))


# ---------------------------------------------------------------- the circle


def test_a_key_belongs_to_the_first_node_clockwise_from_its_point():
    ring = Ring(("a", "b", "c"), points=1)
    points = sorted((position(f"{node}#0"), node) for node in "abc")
    for key in KEYS[:100]:
        clockwise = [node for at, node in points if at > position(key)]
        assert ring.owner(key) == (clockwise or [points[0][1]])[0]


def test_positions_are_those_of_sha_1_and_the_same_in_every_process():
    assert position("abc") == 0xA9993E364706816A  # the first 8 bytes of the SHA-1 of "abc" (FIPS 180-1, appendix A)
    code = "from dslib.protocols.consistent_hashing import Ring; print(Ring(('a', 'b', 'c')).preference_list('x', 3))"
    assert printed(code, hash_seeds=("1", "2")) == {f"{Ring(('a', 'b', 'c')).preference_list('x', 3)}\n"}


def test_it_does_not_matter_in_which_order_nodes_joined():
    one, other = Ring(names(6)), Ring(reversed(names(6)))
    assert all(one.preference_list(key, 3) == other.preference_list(key, 3) for key in KEYS[:200])


# ---------------------------------------------------------------- monotonicity, and how many keys move


def test_a_node_that_joins_takes_keys_and_none_moves_between_the_others():
    for n in (1, 2, 5, 10):
        pairs = moved(Ring(names(n)), Ring(names(n + 1)), KEYS).values()
        assert pairs
        assert {new for _, new in pairs} == {f"n{n}"}


def test_a_node_that_leaves_loses_its_keys_and_no_other_key_moves():
    ring = Ring(names(6))
    before = {key: ring.owner(key) for key in KEYS}
    ring.remove("n2")
    assert all((ring.owner(key) != before[key]) == (before[key] == "n2") for key in KEYS)


def test_joining_and_leaving_again_changes_nothing():
    ring = Ring(names(4))
    before = [ring.owner(key) for key in KEYS]
    ring.add("late")
    ring.remove("late")
    assert [ring.owner(key) for key in KEYS] == before


def test_about_one_key_in_n_plus_1_moves_when_a_node_joins():
    """Exactly 1 / (n + 1) on average over where the points fall: here over 60 rings, to within four standard errors."""
    for n in (2, 5, 10):
        parts = []
        for number in range(60):
            nodes = [f"{number}/{i}" for i in range(n + 1)]
            parts.append(Ring(nodes, points=20).shares()[nodes[-1]])
        mean = fsum(parts) / len(parts)
        error = sqrt(fsum((part - mean) ** 2 for part in parts) / len(parts) / (len(parts) - 1))
        assert abs(mean - 1 / (n + 1)) < 4 * error
        assert error < 0.03 / (n + 1) + 0.01


def test_modulo_n_moves_exactly_n_of_n_plus_1_keys():
    """A position stays where p mod n = p mod (n + 1): n positions of each n (n + 1)."""
    for n in range(1, 12):
        period = n * (n + 1)
        assert Fraction(sum(p % n != p % (n + 1) for p in range(period)), period) == Fraction(n, n + 1)


def test_modulo_moves_what_that_expects_and_the_ring_n_times_less():
    n = 9
    by_modulo = len(moved(Modulo(names(n)), Modulo(names(n + 1)), KEYS)) / len(KEYS)
    by_ring = len(moved(Ring(names(n)), Ring(names(n + 1)), KEYS)) / len(KEYS)
    assert by_modulo == pytest.approx(0.9, abs=0.03)
    assert by_ring == pytest.approx(0.1, abs=0.05)


# ---------------------------------------------------------------- balance


def test_shares_are_the_arcs_and_add_up_to_the_circle():
    ring = Ring(names(7))
    shares = ring.shares()
    assert fsum(shares.values()) == pytest.approx(1)
    counted = {node: sum(ring.owner(key) == node for key in KEYS) / len(KEYS) for node in ring.nodes}
    assert all(abs(counted[node] - shares[node]) < 0.04 for node in ring.nodes)
    assert Ring(("alone",), points=1).shares() == {"alone": 1.0}


def spread(points, rings=25, n=10):
    """The standard deviation of a node's share, as a part of the mean share."""
    shares = [
        share
        for number in range(rings)
        for share in Ring([f"{number}/{i}" for i in range(n)], points).shares().values()
    ]
    return sqrt(fsum((share * n - 1) ** 2 for share in shares) / len(shares))


@pytest.mark.parametrize("points", [1, 4, 16, 64])
def test_with_v_virtual_nodes_shares_differ_by_about_one_over_root_v_of_their_size(points):
    assert spread(points) == pytest.approx(1 / sqrt(points), rel=0.25)


def test_with_one_point_each_some_node_owns_several_times_its_share():
    """The largest of n arcs is H(n) times the mean, on average: 2.93 for n = 10."""
    rings = [OnePointEach([f"{number}/{i}" for i in range(10)]) for number in range(200)]
    mean = fsum(max(ring.shares().values()) * 10 for ring in rings) / len(rings)
    assert mean == pytest.approx(fsum(1 / i for i in range(1, 11)), rel=0.1)


# ---------------------------------------------------------------- preference lists (Dynamo, section 4.3)


def test_a_preference_list_is_of_different_nodes_and_begins_with_the_owner():
    ring = Ring(names(5), points=30)
    for key in KEYS[:300]:
        nodes = ring.preference_list(key, 3)
        assert len(set(nodes)) == 3
        assert nodes[0] == ring.owner(key)
        assert ring.preference_list(key, 5)[:3] == nodes


def test_if_the_owner_leaves_the_next_of_the_preference_list_is_the_owner():
    for key in KEYS[:100]:
        ring = Ring(names(5), points=10)
        first, second = ring.preference_list(key, 2)
        ring.remove(first)
        assert ring.owner(key) == second


def test_the_next_points_are_not_the_next_nodes():
    ring = NextPoints(names(5))
    assert any(len(set(ring.preference_list(key, 3))) < 3 for key in KEYS[:100])


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("n", [0, 4])
def test_a_list_longer_than_the_ring_is_refused_with_the_range(n):
    with pytest.raises(ValueError, match=rf"a preference list of {n} from 3 nodes: write 1 to 3"):
        Ring(names(3)).preference_list("x", n)


def test_an_empty_ring_owns_nothing():
    with pytest.raises(ValueError, match="from 0 nodes"):
        Ring().owner("x")


def test_nodes_come_and_go_once():
    ring = Ring(("a", "b"))
    with pytest.raises(ValueError, match="'a' is on the ring already"):
        ring.add("a")
    with pytest.raises(ValueError, match="'c' is not on the ring: it has a, b"):
        ring.remove("c")
    with pytest.raises(ValueError, match="'a' is on the ring already"):
        Ring(("a", "a"))
    with pytest.raises(ValueError, match=r"write nodes=\('abc',\)"):
        Ring("abc")


@pytest.mark.parametrize("points", [0, -1, 1.5, True])
def test_fewer_than_one_point_is_refused(points):
    with pytest.raises(ValueError, match="how many virtual nodes each node has, 1 or more"):
        Ring(("a",), points)


# ---------------------------------------------------------------- in a simulation


def test_when_a_node_joins_every_key_stays_kept_twice_and_only_the_newcomer_gains_first_copies():
    for seed in range(20):
        sim = TRIAL.build(seed, Ring).run(until=TRIAL.until_ms)
        assert not TRIAL.judge(sim), f"seed {seed}"


@pytest.mark.parametrize("kind", TRIAL.wrong)
def test_each_wrong_variant_is_caught(kind):
    assert kind.__doc__
    assert any(TRIAL.judge(TRIAL.build(seed, kind).run(until=TRIAL.until_ms)) for seed in range(20))
