"""Order without a clock: Lamport 1978, Fidge 1988, Mattern 1989; Birman, Schiper, Stephenson 1991."""

from itertools import pairwise, permutations, product

import pytest
from caught import caught

from dslib import LamportClock, Message, Network, Node, Simulation, VectorClock, happened_before
from dslib.protocols.causal import TRIAL, CausalBroadcast, OnlyInTheSendersOrder, Post, total_order
from dslib.testing import isolate

# ---------------------------------------------------------------- events, and what caused what


class Note(Message):
    """Carries both clocks, and the number of the event that sent it: the truth about causes."""

    lamport: int
    vector: tuple[tuple[str, int], ...]
    event: int


class Walker(Node):
    """Steps, sends and receives at random; every event is stamped by both clocks. ``log`` is shared by all."""

    def on_start(self):
        self.lamport, self.vector = LamportClock(), VectorClock(self.name)
        self.set_timer("step", self.random.random() * 20)

    def on_step_timeout(self):
        event = self.happens(self.lamport.tick(), self.vector.tick())
        if self.random.random() < 0.7:
            self.send(self.random.choice(self.peers), Note(self.lamport.time, self.vector.read(), event))
        self.set_timer("step", self.random.random() * 20)

    def on_note(self, src, msg):
        self.happens(self.lamport.receive(msg.lamport), self.vector.receive(msg.vector), msg.event)

    def happens(self, time, vector, cause=None):
        self.events.append((self.name, time, vector, cause))
        return len(self.events) - 1


def walk(seed, until=100):
    """A random execution: its events, and for each the set of events that happened before it, by definition."""
    names, events = ("p", "q", "r"), []
    walkers = [Walker(name, [other for other in names if other != name]) for name in names]
    sim = Simulation(*walkers, network=Network(latency=(1, 30)), seed=seed, trace="off")
    for walker in walkers:
        walker.events = events
    sim.run(until=until)
    before, last = [], {}
    for number, (name, _, _, cause) in enumerate(events):
        direct = [event for event in (last.get(name), cause) if event is not None]
        before.append(frozenset(direct).union(*(before[event] for event in direct)))
        last[name] = number
    return events, before


RUNS = [walk(seed) for seed in range(5)]
assert all(len(events) > 30 for events, _ in RUNS)


def pairs():
    for events, before in RUNS:
        for a, b in permutations(range(len(events)), 2):
            yield events[a], events[b], a in before[b], b in before[a]


# ---------------------------------------------------------------- Lamport 1978


def test_ir1_a_clock_ticks_between_any_two_events_of_its_process():
    for events, _ in RUNS:
        for name in "pqr":
            times = [time for node, time, _, _ in events if node == name]
            assert all(a < b for a, b in pairwise(times))


def test_ir2_a_receipt_is_later_than_the_message_and_than_the_receivers_own_past():
    for own, sent in product(range(5), range(5)):
        clock = LamportClock(own)
        assert clock.receive(sent) > max(own, sent)
    for events, _ in RUNS:
        assert all(time > events[cause][1] for _, time, _, cause in events if cause is not None)


def test_clock_condition_what_happened_before_has_a_smaller_time():
    for a, b, a_first, _ in pairs():
        assert not a_first or a[1] < b[1]


def test_the_converse_does_not_hold_a_smaller_time_is_no_proof_of_cause():
    assert any(a[1] < b[1] and not a_first for a, b, a_first, _ in pairs())


def test_the_order_by_time_and_name_is_total_and_extends_happened_before():
    for events, before in RUNS:
        stamps = [(time, node) for node, time, _, _ in events]
        assert len(set(stamps)) == len(stamps), "two events of one time are of two processes"
        order = {stamp: place for place, stamp in enumerate(total_order(stamps))}
        assert total_order(reversed(stamps)) == total_order(stamps)
        for number, stamp in enumerate(stamps):
            assert all(order[stamps[cause]] < order[stamp] for cause in before[number])


def test_ties_are_broken_by_name():
    assert total_order([(2, "a"), (1, "c"), (1, "b")]) == [(1, "b"), (1, "c"), (2, "a")]


# ---------------------------------------------------------------- Fidge 1988, Mattern 1989


def test_vectors_tell_causality_exactly_a_happened_before_b_if_and_only_if_its_vector_is_smaller():
    for a, b, a_first, _ in pairs():
        assert happened_before(a[2], b[2]) == a_first


def test_vectors_tell_concurrency_and_lamport_times_cannot():
    concurrent = [(a, b) for a, b, a_first, b_first in pairs() if not a_first and not b_first]
    assert concurrent
    for a, b in concurrent:
        assert not happened_before(a[2], b[2])
        assert not happened_before(b[2], a[2])
    assert any(a[1] != b[1] for a, b in concurrent)


def test_each_entry_counts_the_events_of_that_process_that_are_known_here():
    for events, before in RUNS:
        for number, (_, _, vector, _) in enumerate(events):
            known = [events[event][0] for event in (*before[number], number)]
            assert vector == tuple((name, known.count(name)) for name in sorted(set(known)))


# ---------------------------------------------------------------- Birman, Schiper, Stephenson 1991

OTHERS = ("alice", "bob", "dave")


def member(kind=CausalBroadcast, **settings):
    return isolate(kind("carol", peers=OTHERS, **settings))


def post(text, **counts):
    return Post(text, tuple((name, counts.get(name, 0)) for name in ("alice", "bob", "carol", "dave")))


def shown(node):
    return [text for _, text in node.node.delivered]


def test_rule_1_the_sender_counts_its_message_before_it_stamps_it():
    node = member()
    node.receive("alice", post("a1", alice=1))
    for number in (1, 2):
        node.node.say(f"c{number}")
        assert node.wait(0) == [(name, post(f"c{number}", alice=1, carol=number)) for name in OTHERS]


def test_rule_2_a_message_need_not_wait_at_its_sender():
    node = member(says=((5, "hello"),))
    node.wait(5)
    assert shown(node) == ["hello"]


def test_rule_2_an_answer_waits_for_what_it_answers():
    node = member()
    node.receive("bob", post("answer", alice=1, bob=1))
    assert shown(node) == []
    node.receive("alice", post("question", alice=1))
    assert shown(node) == ["question", "answer"]


def test_rule_2_messages_of_one_sender_are_shown_in_the_order_in_which_it_sent_them():
    node = member()
    for number in (3, 2, 1):
        node.receive("alice", post(f"a{number}", alice=number))
    assert shown(node) == ["a1", "a2", "a3"]


def test_rule_2_what_is_concurrent_does_not_wait():
    for first, second in permutations([("alice", post("a1", alice=1)), ("bob", post("b1", bob=1))]):
        node = member()
        node.receive(*first)
        assert shown(node) == [first[1].text]
        node.receive(*second)
        assert shown(node) == [first[1].text, second[1].text]


def test_rule_2_causality_is_transitive_even_if_the_one_between_is_all_that_tells():
    node = member()
    node.receive("dave", post("third", alice=1, bob=1, dave=1))
    node.receive("bob", post("second", alice=1, bob=1))
    assert shown(node) == []
    node.receive("alice", post("first", alice=1))
    assert shown(node) == ["first", "second", "third"]


def test_rule_3_after_a_delivery_the_vector_counts_it():
    node = member()
    node.receive("alice", post("a1", alice=1))
    node.receive("bob", post("b1", alice=1, bob=1))
    assert node.node.vector == {"alice": 1, "bob": 1, "carol": 0, "dave": 0}


def test_in_whatever_order_messages_arrive_none_is_shown_before_its_causes_and_all_are_shown():
    history = [
        ("alice", post("a1", alice=1)),
        ("bob", post("b1", alice=1, bob=1)),
        ("alice", post("a2", alice=2)),
        ("dave", post("d1", alice=2, bob=1, dave=1)),
        ("bob", post("b2", alice=1, bob=2)),
    ]
    causes = {"a1": "", "b1": "a1", "a2": "a1", "d1": "a1 a2 b1", "b2": "a1 b1"}
    orders = set()
    for order in permutations(history):
        node = member()
        for src, msg in order:
            node.receive(src, msg)
        texts = shown(node)
        assert sorted(texts) == sorted(causes)
        for place, text in enumerate(texts):
            assert all(cause in texts[:place] for cause in causes[text].split())
        orders.add(tuple(texts))
    assert len(orders) > 1, "causal order is not total"


def test_a_copy_changes_nothing_whether_the_first_was_shown_or_still_waits():
    node = member()
    for src, msg in [("bob", post("b1", alice=1, bob=1))] * 2 + [("alice", post("a1", alice=1))] * 2:
        node.receive(src, msg)
    assert shown(node) == ["a1", "b1"]
    assert node.node.delayed == []


def test_a_broadcast_costs_a_message_to_each_other_member_and_no_more():
    names = [f"m{i}" for i in range(6)]
    sim = Simulation(
        *(CausalBroadcast(n, [p for p in names if p != n], says=((10.0 * i, n),)) for i, n in enumerate(names)),
        network=Network(latency=(1, 100)),
    ).run(until=1_000)
    sent = sim.trace.where(kind="send")
    assert len(sent) == 6 * 5
    assert all(len(row.msg.vector) == 6 for row in sent)


def test_fifo_is_less_than_causal_each_senders_order_alone_shows_the_answer_first():
    node = member(OnlyInTheSendersOrder)
    node.receive("bob", post("answer", alice=1, bob=1))
    assert shown(node) == ["answer"]


# ---------------------------------------------------------------- bad input, and the trial


@pytest.mark.parametrize(("peers", "said"), [((), "nobody to tell"), (("alice", "carol"), "its own peers")])
def test_a_member_that_cannot_work_is_refused(peers, said):
    with pytest.raises(ValueError, match=said):
        CausalBroadcast("carol", peers)


def test_the_trial_passes_the_protocol_and_fails_each_known_bad_variant():
    assert caught(TRIAL, TRIAL.right, range(100)) == []
    for wrong in TRIAL.wrong:
        assert len(caught(TRIAL, wrong, range(20))) >= 5, wrong.__name__
