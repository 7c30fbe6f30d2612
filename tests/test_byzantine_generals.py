"""Byzantine generals (Lamport, Shostak and Pease 1982, sections 1 to 4): oral messages, signed ones, and how many lies.

``prove_byzantine_generals.py`` tries more of everything.
"""

from itertools import combinations, product

import pytest

from dslib import Network
from dslib.disk import Corrupted, bits, flip, seal, unseal
from dslib.node import show
from dslib.protocols.byzantine_generals import (
    ATTACK,
    RETREAT,
    SAYINGS,
    OralGeneral,
    Order,
    SealedGeneral,
    SealedOrder,
    SignedGeneral,
    SignedOrder,
    broken,
    choice,
    judge,
    majority,
    majority_of_each,
    messages,
    om,
    om_messages,
    oral_wars,
    proves_treason,
    quorum_overlap,
    says_by_the_book,
    signed_wars,
    sm,
    smallest_quorum,
    two_worlds,
    war,
)
from dslib.signatures import Signature, pens
from dslib.testing import isolate

ORDERS = (ATTACK, RETREAT)


def name(i):
    return f"g{i}"


def actions(sim):
    return {general.name: general.action for general in sim.nodes.values()}


# -- oral messages, section 3 -----------------------------------------------------------------------------------------


def test_the_majority_is_more_than_half_and_retreat_if_there_is_none():
    assert majority([ATTACK, ATTACK, RETREAT]) == ATTACK
    assert majority([ATTACK, RETREAT]) == RETREAT
    assert majority([ATTACK, ATTACK, RETREAT, "dance"]) == RETREAT


def test_the_majority_in_many_wars_at_once_is_that_in_each():
    for k in range(1, 7):
        wars = list(product((0, 1), repeat=k))  # one bit of each value for each of these wars
        values = [sum(war_[i] << w for w, war_ in enumerate(wars)) for i in range(k)]
        each = majority_of_each(values)
        for w, war_ in enumerate(wars):
            assert (ATTACK if each >> w & 1 else RETREAT) == majority([ORDERS[1 - bit] for bit in war_])


@pytest.mark.parametrize(("n", "m"), [(3, 1), (4, 1), (5, 2), (7, 2)])
def test_without_traitors_everybody_obeys(n, m):
    for order in ORDERS:
        assert om(n, m, order) == dict.fromkeys(range(1, n), order)
        assert set(actions(war(n, m, order).run(until=200)).values()) == {order}


REFERENCE = [
    # n, m, traitors, runs, violations
    (3, 1, 1, 16, 2),
    (4, 0, 1, 22, 12),
    (4, 1, 1, 40, 0),
    (5, 1, 1, 96, 0),
    (4, 1, 2, 288, 72),
    (7, 1, 2, 55_296, 7_200),
]


@pytest.mark.parametrize(("n", "m", "t", "runs", "violations"), REFERENCE)
def test_all_lies_of_all_traitors_break_as_many_wars_as_they_should(n, m, t, runs, violations):
    tally = oral_wars(n, m, t)
    assert (tally.runs, tally.violations) == (runs, violations)


def test_with_six_generals_two_traitors_break_one_war_in_six_and_with_seven_none():
    six, seven = oral_wars(6, 2, 2, samples=20_000), oral_wars(7, 2, 2, samples=20_000)
    assert (six.runs, seven.runs) == (600_000, 840_000)
    assert six.violations / six.runs == pytest.approx(0.168, abs=0.002)
    assert seven.violations == 0


@pytest.mark.parametrize(("n", "m", "t"), [(n, m, t) for n, m, t, runs, _ in REFERENCE if runs < 300])
def test_the_count_is_that_of_fighting_the_wars_one_by_one(n, m, t):
    runs = ic1 = ic2 = violations = 0
    for traitors in combinations(range(n), t):
        lying = [message for message in messages(n, m) if message[0][-1] in traitors]
        for order, words in product(ORDERS, product(ORDERS, repeat=len(lying))):
            lies = dict(zip(lying, words, strict=True))
            done = om(n, m, order, traitors, lambda path, dest: lies[path, dest])  # noqa: B023
            apart, disobeyed = len(set(done.values())) > 1, 0 not in traitors and set(done.values()) - {order}
            runs, ic1, ic2 = runs + 1, ic1 + apart, ic2 + bool(disobeyed)
            violations += bool(broken(order, traitors, done))
            assert bool(broken(order, traitors, done)) == bool(apart or disobeyed)
    assert oral_wars(n, m, t) == (runs, violations, ic1, ic2)


@pytest.mark.parametrize(("n", "m", "t"), [(3, 1, 1), (4, 1, 1)])
def test_the_nodes_do_what_the_function_says_whatever_the_traitors_say(n, m, t):
    for traitors in combinations(range(n), t):
        lying = [message for message in messages(n, m) if message[0][-1] in traitors]
        for order, words in product(ORDERS, product(ORDERS, repeat=len(lying))):
            lies = dict(zip(lying, words, strict=True))
            sim = war(n, m, order, trace="off")
            for traitor in traitors:
                book = tuple((tuple(map(name, path)), name(dest), said) for (path, dest), said in lies.items())
                sim.at(0, sim.lie, name(traitor), says_by_the_book, book)
            done = om(n, m, order, traitors, lambda path, dest: lies[path, dest])  # noqa: B023
            assert {i: actions(sim.run(until=100))[name(i)] for i in done} == done
            assert judge(sim)[:3] == broken(order, traitors, done)


@pytest.mark.parametrize(("n", "m", "violated"), [(3, 1, True), (4, 1, False), (5, 1, False), (6, 1, False)])
def test_one_traitor_is_too_many_for_three_generals_and_not_for_more(n, m, violated):
    assert bool(oral_wars(n, m, 1).violations) is violated


@pytest.mark.parametrize(("n", "m", "t"), [(4, 1, 1), (5, 1, 1), (6, 1, 2), (5, 2, 1), (6, 2, 1), (7, 2, 2)])
def test_a_loyal_commander_is_obeyed_if_there_are_more_than_2t_plus_m_generals(n, m, t):
    assert n > 2 * t + m  # lemma 1
    assert oral_wars(n, m, t, samples=2_000).ic2 == 0


@pytest.mark.parametrize(("n", "m", "t"), [(3, 1, 1), (4, 2, 1), (5, 1, 2), (6, 2, 2), (4, 1, 2)])
def test_with_one_general_less_he_may_not_be_and_more_rounds_make_it_worse(n, m, t):
    assert n <= 2 * t + m
    assert oral_wars(n, m, t, samples=2_000).ic2 > 0


TOTALS = [
    (4, 1, 9), (5, 1, 16), (7, 1, 36), (7, 2, 156), (10, 2, 585), (10, 3, 3_609), (13, 4, 108_384), (16, 5, 3_999_675),
]  # fmt: skip


@pytest.mark.parametrize(("n", "m", "total"), TOTALS)
def test_the_number_of_messages_is_that_of_the_recursion(n, m, total):
    assert om_messages(n, m) == total
    if total < 10_000:
        assert sum(1 for _ in messages(n, m)) == total


@pytest.mark.parametrize(("n", "m", "total"), [row for row in TOTALS if row[2] < 10_000])
def test_the_nodes_send_exactly_so_many_messages_in_m_plus_one_rounds(n, m, total):
    sim = war(n, m).run(until=200)
    sent = sim.trace.where(kind="send")
    assert len(sent) == total
    assert sorted({row.time for row in sent}) == [20 * k for k in range(m + 1)]
    assert all(len(row.msg.path) == row.time / 20 + 1 for row in sent)


def lieutenant(m=1, n=4):
    return isolate(OralGeneral("g1", [name(i) for i in range(n) if i != 1], "g0", m))


def test_what_never_came_counts_as_retreat_and_is_passed_on_so():
    assert lieutenant().wait(20) == [("g2", Order(("g0", "g1"), RETREAT)), ("g3", Order(("g0", "g1"), RETREAT))]
    for silent in ("g0", "g2"):
        sim = war(4, 1, ATTACK)
        sim.at(0, sim.lie, silent, "silence")
        done = actions(sim.run(until=100))
        assert {done[general] for general in ("g1", "g3")} == {RETREAT if silent == "g0" else ATTACK}


def test_a_lieutenant_sends_what_he_received_to_each_of_the_others():
    g1 = lieutenant()
    assert g1.receive("g0", Order(("g0",), ATTACK)) == []
    assert g1.wait(20) == [("g2", Order(("g0", "g1"), ATTACK)), ("g3", Order(("g0", "g1"), ATTACK))]


def test_who_said_it_is_certain_so_a_path_that_ends_with_somebody_else_is_not_believed():
    g1 = lieutenant()
    g1.receive("g2", Order(("g0",), ATTACK))  # g2 speaks for the commander
    assert g1.wait(20)[0][1].order == RETREAT


@pytest.mark.parametrize(
    "path", [("g2",), ("g0", "g0"), ("g0", "g1"), ("g3", "g2"), ("g0", "x", "g2"), ("g0", "g2", "g2"), (), ("g1", "g2")]
)
@pytest.mark.parametrize("order", ORDERS)
def test_a_path_that_cannot_be_changes_nothing(path, order):
    done = []
    for letters in ((), (Order(path, order),)):
        g1 = lieutenant(m=2, n=7)
        g1.receive("g0", Order(("g0",), ATTACK))
        sent = []
        for _ in range(3):
            for letter in letters:
                g1.receive("g2", letter)
            sent += g1.wait(20)
        done.append((sent, g1.node.action))
    assert done[0] == done[1]


def test_a_lieutenant_who_says_nothing_said_retreat():
    sim = war(3, 1, ATTACK)
    sim.at(0, sim.lie, "g2", "silence")
    assert actions(sim.run(until=100))["g1"] == majority([ATTACK, RETREAT]) == RETREAT


def test_what_was_said_first_counts_and_what_comes_in_another_round_does_not():
    g1 = lieutenant()
    g1.receive("g2", Order(("g0", "g2"), ATTACK))  # a round too early
    g1.receive("g0", Order(("g0",), ATTACK))
    g1.receive("g0", Order(("g0",), RETREAT))
    g1.wait(20)
    g1.receive("g0", Order(("g0",), RETREAT))  # a round too late
    assert g1.node._heard == {("g0",): ATTACK}


def test_a_general_who_crashed_is_one_of_the_traitors():
    sim = war(4, 1, ATTACK)
    sim.at(5, sim.crash, "g2")
    sim.at(25, sim.restart, "g2")
    done = actions(sim.run(until=100))
    assert done["g1"] == done["g3"] == ATTACK


# -- three generals, section 2 ----------------------------------------------------------------------------------------


def inbox(sim, dest):
    return "\n".join(f"{row.time} {row.src} {show(row.msg)}" for row in sim.trace.where(kind="deliver", dest=dest))


def test_in_two_worlds_a_lieutenant_has_the_same_letters_byte_for_byte():
    lieutenant_lies, commander_lies = (sim.run(until=100) for sim in two_worlds())
    letters = inbox(lieutenant_lies, "g1").encode()
    assert letters == inbox(commander_lies, "g1").encode()
    assert letters.count(b"\n") == 1  # two of them
    assert actions(lieutenant_lies)["g1"] == actions(commander_lies)["g1"]
    assert inbox(lieutenant_lies, "g2") != inbox(commander_lies, "g2")


def test_whatever_three_generals_make_of_their_letters_some_lie_breaks_them():
    # A way to decide: what to do for each of the four pairs (what the commander said, what the other says he said).
    letters = list(product(ORDERS, repeat=2))
    ways = [dict(zip(letters, actions, strict=True)) for actions in product(ORDERS, repeat=4)]
    for first, second in product(ways, repeat=2):
        assert any(
            broken(order, traitors, {i: way for i, way in done.items() if i not in traitors})
            for traitors in ((2,), (1,), (0,))
            for order, (x, y) in product(ORDERS, product(ORDERS, repeat=2))
            for done in [decided(first, second, order, traitors, x, y)]
        ), (first, second)


def decided(first, second, order, traitors, x, y):
    """What the lieutenants do who decide in these ways; a traitor who commands says x and y, any other says x."""
    to = {1: x, 2: y} if 0 in traitors else {1: order, 2: order}
    says = {i: x if i in traitors else to[i] for i in (1, 2)}
    return {1: first[to[1], says[2]], 2: second[to[2], says[1]]}


def test_the_rule_of_the_algorithm_fails_the_loyal_commander():
    lieutenant_lies, commander_lies = (sim.run(until=100) for sim in two_worlds())
    assert judge(lieutenant_lies).startswith("IC2")
    assert judge(commander_lies) == ""  # retreat is the default, and both retreat


# -- signed messages, section 4 ---------------------------------------------------------------------------------------


def test_choice_takes_the_only_order_and_retreats_for_none_and_for_several():
    assert [choice((ATTACK,)), choice(()), choice((ATTACK, RETREAT))] == [ATTACK, RETREAT, RETREAT]


@pytest.mark.parametrize(
    ("n", "m", "t", "sayings", "runs", "violated"),
    [
        (3, 1, 1, SAYINGS, 48, False),
        (3, 0, 1, SAYINGS, 36, True),
        (4, 1, 1, SAYINGS, 224, False),
        (5, 1, 1, SAYINGS, 1_024, False),
        (4, 1, 2, SAYINGS, 1_632, True),
        (4, 2, 2, SAYINGS[:3], 4_860, False),
        (5, 2, 3, SAYINGS[:3], None, True),
    ],
)
def test_signed_messages_stand_m_traitors_among_any_number_of_generals(n, m, t, sayings, runs, violated):
    tally = signed_wars(n, m, t, sayings, samples=None if runs else 100)
    assert bool(tally.violations) is violated
    assert runs in (None, tally.runs)
    assert tally.ic2 == 0  # a loyal commander is always obeyed: nobody can sign another order for him


def test_three_generals_with_signatures_agree_where_without_they_cannot():
    assert oral_wars(3, 1, 1).violations
    assert not signed_wars(3, 1, 1).violations
    for order in ORDERS:
        sim = war(3, 1, order, SignedGeneral)
        sim.at(0, sim.lie, "g2", "forges", RETREAT if order == ATTACK else ATTACK)
        assert actions(sim.run(until=100))["g1"] == order
        assert judge(sim) == ""


def test_a_lie_of_two_tongues_by_the_commander_is_found_out_and_both_lieutenants_retreat():
    sim = war(3, 1, ATTACK, SignedGeneral)
    sim.at(0, sim.lie, "g0", "orders_two_ways", "g2")
    done = actions(sim.run(until=100))
    assert (done["g1"], done["g2"]) == (RETREAT, RETREAT)
    for general in ("g1", "g2"):
        assert {order.order for order in sim.nodes[general].evidence} == {ATTACK, RETREAT}


def test_two_orders_signed_by_the_commander_convince_anybody_and_forged_ones_nobody():
    sim = war(3, 1, ATTACK, SignedGeneral)
    sim.at(0, sim.lie, "g0", "orders_two_ways", "g2")
    genuine = sim.run(until=100).nodes["g2"].genuine
    a, b = sim.nodes["g1"].evidence
    assert proves_treason(a, b, genuine)
    assert not proves_treason(a, a, genuine)
    forged = SignedOrder("dance", a.signatures)
    assert not proves_treason(a, forged, genuine)
    assert not proves_treason(forged, a, genuine)
    assert not proves_treason(a, SignedOrder(RETREAT, ()), genuine)
    mine = SignedOrder(RETREAT, ()).countersigned(sim.nodes["g1"].sign)  # g1's own order is no order of g0's
    assert not proves_treason(a, mine, genuine)


def test_a_loyal_commander_is_never_accused():
    for seed in range(100):
        sim = war(4, 2, ATTACK, SignedGeneral, seed=seed, trace="off")
        sim.at(0, sim.lie, "g1", "signs_anything")
        sim.at(0, sim.lie, "g2", "signs_anything")
        assert len(sim.run(until=100).nodes["g3"].evidence) <= 1


def signed(order, *signers):
    pen, _ = pens([name(i) for i in range(4)])
    letter = SignedOrder(order, ())
    for signer in signers:
        letter = letter.countersigned(pen[signer])
    return letter


def signing(m=2):
    names = [name(i) for i in range(4)]
    pen, genuine = pens(names)
    return isolate(SignedGeneral("g1", ("g0", "g2", "g3"), "g0", m, sign=pen["g1"], genuine=genuine))


def test_the_first_order_from_the_commander_is_signed_and_passed_on_to_all_other_lieutenants():
    passed_on = signed(ATTACK, "g0", "g1")
    assert signing().receive("g0", signed(ATTACK, "g0")) == [("g2", passed_on), ("g3", passed_on)]


def test_a_second_order_straight_from_the_commander_is_not_taken_up_but_kept_as_evidence():
    g1 = signing()
    g1.receive("g0", signed(ATTACK, "g0"))
    assert g1.receive("g0", signed(RETREAT, "g0")) == []
    g1.receive("g0", signed("dance", "g0"))
    assert g1.node.orders == (ATTACK,)
    assert [letter.order for letter in g1.node.evidence] == [ATTACK, RETREAT]  # two are enough


def test_another_order_that_others_signed_is_taken_up_and_passed_on_to_those_who_did_not_sign():
    g1 = signing()
    g1.receive("g0", signed(ATTACK, "g0"))
    assert g1.receive("g2", signed(RETREAT, "g0", "g2")) == [("g3", signed(RETREAT, "g0", "g2", "g1"))]
    assert g1.receive("g3", signed(RETREAT, "g0", "g3")) == []  # known already
    assert g1.node.orders == (ATTACK, RETREAT)


def test_an_order_with_m_lieutenants_signatures_is_taken_up_and_not_passed_on():
    g1 = signing(m=1)
    assert g1.receive("g2", signed(ATTACK, "g0", "g2")) == []
    assert g1.node.orders == (ATTACK,)


def test_a_message_must_come_before_the_round_of_its_signatures_is_over():
    g1 = signing()
    g1.wait(20)
    assert g1.receive("g0", signed(ATTACK, "g0")) == []
    assert g1.receive("g2", signed(RETREAT, "g0", "g2")) != []
    assert g1.node.orders == (RETREAT,)
    g1.wait(40)
    assert g1.node.action == RETREAT
    g1.receive("g3", signed(ATTACK, "g0", "g2", "g3"))
    assert g1.node.orders == (RETREAT,)


@pytest.mark.parametrize(
    "letter",
    [
        signed(RETREAT, "g2"),
        signed(RETREAT, "g2", "g0"),
        signed(RETREAT, "g0", "g1"),
        signed(RETREAT, "g0", "g2", "g2"),
        SignedOrder(RETREAT, ()),
        SignedOrder(RETREAT, signed(ATTACK, "g0").signatures),
        SignedOrder(RETREAT, signed(ATTACK, "g0", "g2").signatures),
        SignedOrder(RETREAT, (Signature("g0", signed(RETREAT, "g2").signatures[0].mark),)),
        SignedOrder(ATTACK, signed(ATTACK, "g0", "g2", "g3").signatures[::2]),
    ],
    ids=show,
)
def test_an_order_that_is_not_properly_signed_is_discarded(letter):
    g1 = signing()
    assert g1.receive("g2", letter) == []
    assert g1.node.orders == g1.node.evidence == ()


def test_a_general_holds_no_pen_but_his_own():
    sim = war(4, 1, kind=SignedGeneral)
    for general in sim.nodes.values():
        held = [value for value in vars(general).values() if callable(value)]
        assert [pen("x").by for pen in held if pen is not general.genuine] == [general.name]


def test_without_traitors_every_lieutenant_passes_the_order_on_once():
    for n in (3, 4, 7):
        sim = war(n, 1, ATTACK, SignedGeneral).run(until=100)
        assert len(sim.trace.where(kind="send")) == (n - 1) + (n - 1) * (n - 2)
        assert set(actions(sim).values()) == {ATTACK}


def test_the_function_discards_what_no_loyal_general_signed():
    assert sm(3, 1, ATTACK, (2,), lambda path, dest: (RETREAT,)) == {1: ATTACK}
    assert sm(4, 2, ATTACK, (2, 3), lambda path, dest: (RETREAT,)) == {1: ATTACK}


def test_the_function_takes_up_only_the_first_order_straight_from_the_commander():
    both_to_one = {1: (ATTACK, RETREAT), 2: (ATTACK,)}
    assert sm(3, 1, ATTACK, (0,), lambda path, dest: both_to_one[dest]) == {1: ATTACK, 2: ATTACK}


def test_two_traitors_keep_an_order_back_until_the_last_round():
    def lie(path, dest):
        late = {(0,): (ATTACK,), (0, 1): (RETREAT,) if dest == 2 else ()}
        return late.get(path, ())

    assert sm(4, 1, ATTACK, (0, 1), lie) == {2: RETREAT, 3: ATTACK}  # too late for g2 to tell g3
    assert sm(4, 2, ATTACK, (0, 1), lie) == {2: RETREAT, 3: RETREAT}


# -- checksums first --------------------------------------------------------------------------------------------------


def flips(kind, seed):
    """Loyal generals on a network that flips bits: how many messages it hit, how often nonsense was believed."""
    sim = war(4, 1, ATTACK, kind, seed, network=Network(corruption=0.4)).run(until=100)
    sent = {row.id: row.msg for row in sim.trace.where(kind="send")}
    hit = sum(row.msg != sent[row.id] for row in sim.trace.where(kind="deliver"))
    heard = [said for general in sim.nodes.values() for said in general._heard.values()]
    return hit, sum(said not in ORDERS for said in heard)


def test_a_checksum_stops_every_flipped_bit():
    (hit, believed), (hit_sealed, believed_sealed) = (
        map(sum, zip(*(flips(kind, seed) for seed in range(60)), strict=True)) for kind in (OralGeneral, SealedGeneral)
    )
    assert hit > 100
    assert hit_sealed > 100
    assert believed > 50
    assert believed_sealed == 0


def test_a_checksum_does_not_stop_a_liar_who_computes_it_anew():
    for kind in (OralGeneral, SealedGeneral):
        sim = war(3, 1, ATTACK, kind)
        sim.at(0, sim.lie, "g2", "says", RETREAT)
        assert judge(sim.run(until=100)).startswith("IC2")


def test_every_flip_of_any_bit_of_a_sealed_order_is_noticed():
    letter = SealedOrder(seal((("g0", "g2"), ATTACK)))
    for bit in range(bits(letter)):
        with pytest.raises(Corrupted):
            unseal(flip(letter, bit).sealed)


# -- quorums ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", range(1, 6))
def test_with_3f_plus_1_only_2f_plus_1_works_and_two_quorums_share_f_plus_1(f):
    n = 3 * f + 1
    assert [q for q in range(1, n + 1) if quorum_overlap(n, q, f).works] == [2 * f + 1]
    assert smallest_quorum(n, f) == 2 * f + 1
    assert quorum_overlap(n, 2 * f + 1, f) == (f + 1, 1, True)


@pytest.mark.parametrize("f", range(1, 6))
def test_with_3f_no_quorum_works(f):
    assert not any(quorum_overlap(3 * f, q, f).works for q in range(1, 3 * f + 1))
    assert quorum_overlap(3 * f, 2 * f + 1, f) == (f + 2, 2, False)  # safe, and waits for ever when f are silent
    assert quorum_overlap(3 * f, 2 * f, f) == (f, 0, True)  # goes on, and all that two quorums share may be liars
    with pytest.raises(ValueError, match=f"only {2 * f} may answer: write n={3 * f + 1} or more"):
        smallest_quorum(3 * f, f)


@pytest.mark.parametrize(("n", "q", "f"), [(4, 3, 1), (4, 2, 1), (5, 3, 1), (6, 4, 2), (7, 5, 2), (3, 2, 0), (5, 4, 1)])
def test_the_overlap_is_the_smallest_of_all_pairs_of_quorums_and_of_all_sets_of_liars(n, q, f):
    quorums = [set(members) for members in combinations(range(n), q)]
    liars = [set(members) for members in combinations(range(n), f)]
    overlap = quorum_overlap(n, q, f)
    assert overlap.shared == min(len(a & b) for a in quorums for b in quorums)
    assert overlap.correct == min(len((a & b) - c) for a in quorums for b in quorums for c in liars)
    assert overlap.live == all(any(not a & c for a in quorums) for c in liars)


@pytest.mark.parametrize("n", range(1, 20))
def test_the_smallest_quorum_is_the_smallest(n):
    for f in range(n):
        works = [q for q in range(1, n + 1) if quorum_overlap(n, q, f).works]
        assert bool(works) == (n >= 3 * f + 1)
        if works:
            assert smallest_quorum(n, f) == works[0]


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: om(2, 1, ATTACK), "2 generals cannot run m=1: .*Write n=3 or more; .* n=4 or more"),
        (lambda: sm(3, 2, ATTACK), "3 generals cannot run m=2: .*Write n=4 or more"),
        (lambda: om(4, -1, ATTACK), "m=-1: write two whole numbers"),
        (lambda: om(4, 1.5, ATTACK), "m=1.5"),
        (lambda: war(2, 1), "2 generals cannot run m=1"),
        (lambda: om_messages(1, 0), "1 generals cannot run m=0"),
        (lambda: oral_wars(4, 1, 5), "t=5 of 4 generals cannot be traitors"),
        (lambda: oral_wars(7, 2, 2), r"send 31 messages, and 2\*\*31 combinations are too many: write samples="),
        (lambda: signed_wars(3, 1, -1), "t=-1 of 3 generals"),
        (lambda: OralGeneral("a", ("b", "c"), "x", 1), "'a' obeys 'x', whom he does not know"),
        (lambda: OralGeneral("a", ("b", "c"), "b", 1, order=ATTACK), "for the commander, and for nobody else"),
        (lambda: OralGeneral("b", ("a", "c"), "b", 1), "'b': write order='attack' for the commander"),
        (lambda: quorum_overlap(4, 5, 1), "q=5, f=1: write a quorum of 1 to 4 members"),
        (lambda: war(4, 1).lie("g1", "forges", ATTACK), "'forges' is for a SignedGeneral, and node 'g1' is a OralGe"),
    ],
)
def test_a_war_that_cannot_be_fought_is_refused_with_what_to_write(call, error):
    with pytest.raises(ValueError, match=error):
        call()
