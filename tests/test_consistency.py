"""Sequential and causal consistency, the guarantees of a session, a bank, and consensus.

Verdicts are compared with those of oracles that go through every order there is and share no line with the checkers.
"""

import itertools
import pickle
import random
from pathlib import Path

import pytest
from hash_seeds import printed

from dslib import (
    CasRegister,
    Client,
    History,
    KeyValue,
    Message,
    Mutex,
    Node,
    Operation,
    PropertyBroken,
    Register,
    Reply,
    Request,
    Simulation,
    check_linearizable,
)
from dslib.consensus_checks import Bank
from dslib.consistency import (
    Decision,
    check_agreement,
    check_bank,
    check_causal,
    check_consensus,
    check_integrity,
    check_monotonic_reads,
    check_monotonic_writes,
    check_read_your_writes,
    check_sequential,
    check_termination,
    check_validity,
    check_writes_follow_reads,
    record_decisions,
)
from dslib.specs import ILLEGAL, Spec, answered

ROOT = Path(__file__).resolve().parent.parent
SESSIONS = (check_read_your_writes, check_monotonic_reads, check_monotonic_writes, check_writes_follow_reads)


def op(process, f, arg=None, result=None, at=(0, None), key=None, **more):
    return Operation(process, f, key, arg, result, invoked=at[0], completed=at[1], **more)


def put(process, key, value, start, **more):
    return op(process, "put", value, at=(start, start + 1), key=key, **more)


def get(process, key, value, start, **more):
    return op(process, "get", None, value, at=(start, start + 1), key=key, **more)


# -- oracles -----------------------------------------------------------------------------------------------------------


def who(op):
    return str(op.process).partition("#")[0]


def mine_before(a, b):
    """Did the client of b do a before b? (No operations of these tests end and begin at one instant.)"""
    return who(a) == who(b) and a.status == "ok" and a.completed < b.invoked


def does(states, op, by_key=True):
    """The values of all keys after op, or None if it cannot get that answer."""
    value = states.get(op.key)
    if op.f in ("put", "write"):
        return {**states, op.key: op.arg}
    if op.f == "append":
        return {**states, op.key: (value or "") + op.arg}
    known = op.status == "ok" and op.result_known
    if op.f == "cas":
        expected, new = op.arg
        if known and op.result != (value == expected):
            return None
        return {**states, op.key: new} if value == expected else states
    return None if known and op.result != value else states


def an_order(ops, precedes, looks_at=lambda op: True):
    """Is there an order of these operations, with any choice of the unanswered ones, that keeps `precedes`? Only those
    that `looks_at` chooses must get their answers. Every order is tried; what is remembered is where it failed."""
    failed = set()

    def place(done, states):
        left = [i for i in range(len(ops)) if i not in done]
        if all(ops[i].status == "info" for i in left):
            return True
        here = done, tuple(sorted(states.items(), key=repr))
        if here in failed:
            return False
        for i in left:
            if any(precedes(ops[j], ops[i]) for j in left):
                continue
            after = does(states, ops[i]) if looks_at(ops[i]) else states
            if after is not None and place(done | {i}, after):
                return True
        failed.add(here)
        return False

    return place(frozenset(), {})


def is_sequential(ops):
    return an_order([op for op in ops if op.status != "fail"], mine_before)


def causes(ops):
    """The pairs (a, b) of ids with a causally before b."""
    pairs = {(a.id, b.id) for a, b in itertools.permutations(ops, 2) if mine_before(a, b)}
    pairs |= {(w.id, r.id) for r in ops for w in ops if r.f == "get" and w.f == "put" and saw(r, w)}
    while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= more
    return pairs


def saw(r, w):
    return r.key == w.key and r.result == w.arg


def is_causal(ops, weak=False):
    """Literally: for each client an order of all writes and its own reads; if weak, for each read one of its past."""
    ops = [op for op in ops if op.status == "ok" or (op.status == "info" and op.f == "put")]
    pairs = causes(ops)
    if any(a == b for a, b in pairs):
        return False
    reads = [op for op in ops if op.f == "get"]
    views = [[r] for r in reads] if weak else [[r for r in reads if who(r) == name] for name in {who(r) for r in reads}]
    for own in views:
        ids = {op.id for op in own}
        seen = [
            op for op in ops
            if op in own or (op.f == "put" and (not weak or any((op.id, i) in pairs for i in ids)))
        ]  # fmt: skip
        # An unanswered write that somebody read did happen; one that nobody read may be left out.
        happened = [
            put(op.process, op.key, op.arg, 0, id=op.id) if any(saw(r, op) for r in reads) and op.f == "put" else op
            for op in seen
        ]
        if not an_order(happened, lambda a, b: (a.id, b.id) in pairs):
            return False
    return True


def breach(ops, guarantee):
    """Is there a read that shows something causally older than what it had to show? Straight from the definitions."""
    ops = [op for op in ops if op.status == "ok" or (op.status == "info" and op.f == "put")]
    pairs = causes(ops)
    puts, gets = [op for op in ops if op.f == "put"], [op for op in ops if op.f == "get"]

    def before(a, b):
        return (a.id, b.id) in pairs

    def older(r, w):
        """Does r show something that is certainly older than w?"""
        if r.key != w.key or saw(r, w):
            return False
        shown = [v for v in puts if saw(r, v)]
        return r.result is None or any(before(v, w) and not before(w, v) for v in shown)

    for r in gets:
        earlier = [e for e in gets if mine_before(e, r)]
        if guarantee is check_read_your_writes:
            must = [w for w in puts if mine_before(w, r)]
        elif guarantee is check_monotonic_reads:
            must = [w for e in earlier for w in puts if saw(e, w)]
            for a, b in itertools.permutations(earlier, 2):
                if mine_before(a, b) and a.key == b.key == r.key and a.result == r.result != b.result:
                    return True
        else:
            seen = [w2 for e in earlier for w2 in puts if saw(e, w2)]
            if guarantee is check_monotonic_writes:
                must = [w for w2 in seen for w in puts if mine_before(w, w2)]
            else:
                must = [w for w2 in seen for e in gets if mine_before(e, w2) for w in puts if saw(e, w)]
        if any(older(r, w) for w in must):
            return True
    return False


# -- random histories --------------------------------------------------------------------------------------------------


def small(seed, clients=3, most=4, keys=2, silent=0.15, unique=True, fs=("get", "get", "put"), fair=0.75, wild=0.0):
    """A few clients at replicas that apply one log of writes more or less late, so that all kinds of mishaps occur.
    A share ``wild`` of the reads shows just any value that is ever written under the key."""
    rng = random.Random(seed)
    todo = [f"c{n}" for n in range(clients) for _ in range(rng.randint(1, most))]
    rng.shuffle(todo)
    clock = itertools.count(1)
    free, name, log, seen, ops = {}, {}, [], {}, []
    for number, c in enumerate(todo):
        key, f = f"k{rng.randrange(keys)}", rng.choice(fs)
        start = max(free.get(c, 0.0) + 0.25, next(clock) - rng.random() * 2)
        end = start + 0.25 + rng.random() * 2
        free[c] = end
        mute = rng.random() < silent
        visible = [v for k, v in log[: seen.get(c, 0)] if k == key]
        value = visible[-1] if visible else None
        arg, result = None, None
        if f == "put":
            arg = number if unique else rng.randrange(3)
            log.insert(len(log) if rng.random() < fair else rng.randint(0, len(log)), (key, arg))
            if rng.random() < fair:
                seen[c] = len(log)
        elif f == "append":
            arg = "ab"[rng.randrange(2)]
            log.append((key, (value or "") + arg))
            seen[c] = len(log)
        elif f == "cas":
            arg = rng.choice([(value, number), (rng.randrange(3), number)])
            result = value == arg[0]
            if result:
                log.append((key, number))
                seen[c] = len(log)
        else:
            low = seen.get(c, 0) if rng.random() < fair else 0
            seen[c] = rng.randint(low, len(log))
            visible = [v for k, v in log[: seen[c]] if k == key]
            result = visible[-1] if visible else None
        process = c if name.get(c, 1) == 1 else f"{c}#{name[c]}"
        if mute:
            name[c] = name.get(c, 1) + 1
            result = None
        ops.append(op(process, f, arg, result, (start, None if mute else end), key, id=number))
    for o in ops:
        if o.f == "get" and o.status == "ok" and rng.random() < wild:
            o.result = rng.choice([None] + [w.arg for w in ops if w.f == "put" and w.key == o.key])
    return ops


KINDS = {
    "unique": {},
    "few values": {"unique": False, "wild": 0.2},
    "three keys": {"keys": 3, "clients": 2, "most": 5, "wild": 0.1},
    "cas": {"unique": False, "fs": ("get", "put", "cas", "cas")},
    "appends": {"fs": ("get", "get", "append"), "keys": 1, "clients": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_history_is_called_sequential_exactly_if_some_order_explains_it(kind):
    verdicts = []
    for seed in range(400):
        ops = small(seed, **KINDS[kind])
        verdict = check_sequential(ops, KeyValue())
        assert verdict.holds is is_sequential(ops), f"{kind}, seed {seed}: {verdict}"
        verdicts.append(verdict.holds)
    assert min(verdicts.count(True), verdicts.count(False)) >= 30, "both must be seen, and often"


@pytest.mark.parametrize("kind", KINDS)
def test_the_witness_is_an_order_of_all_answers_that_keeps_each_clients_own(kind):
    for seed in range(200):
        ops = small(seed, **KINDS[kind])
        verdict = check_sequential(ops, KeyValue())
        if not verdict:
            assert verdict.witness is None
            continue
        order, states = list(verdict.witness), {}
        assert [o for o in ops if o.status == "ok" and not any(o is w for w in order)] == [], f"{kind}, seed {seed}"
        assert not any(mine_before(b, a) for a, b in itertools.combinations(order, 2)), f"{kind}, seed {seed}"
        for o in order:
            states = does(states, o)
            assert states is not None, f"{kind}, seed {seed}: {verdict}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequential_conflict_is_one_whatever_else_happened_and_nothing_can_go(kind):
    found = 0
    for seed in range(250):
        ops = small(seed, **{**KINDS[kind], "most": 3, "silent": 0.05})
        verdict = check_sequential(ops, KeyValue())
        if verdict:
            continue
        found += 1
        conflict = verdict.conflict

        def contradict(held, ops=ops):
            free = [o for o in ops if o.status == "ok" and not any(o is h for h in held)]
            subsets = itertools.chain.from_iterable(itertools.combinations(free, n) for n in range(len(free) + 1))
            return not any(is_sequential([o for o in ops if o not in out]) for out in subsets)

        assert contradict(conflict), f"{kind}, seed {seed}: {verdict}"
        assert verdict.smallest
        for o in conflict:
            assert not contradict([h for h in conflict if h is not o]), f"{kind}, seed {seed}: {verdict}"
    assert found >= 10


@pytest.mark.parametrize("weak", [False, True])
def test_a_history_is_called_causal_exactly_if_every_client_has_an_order(weak):
    verdicts = []
    for seed in range(800):
        ops = small(seed, clients=2 + seed % 3, most=4, wild=0.3 * (seed % 2))
        verdict = check_causal(ops, KeyValue(), weak=weak)
        assert verdict.holds is is_causal(ops, weak), f"seed {seed}: {verdict}"
        verdicts.append(verdict.holds)
    assert min(verdicts.count(True), verdicts.count(False)) >= 80


def test_a_causal_conflict_is_one_by_itself_and_nothing_can_go():
    patterns = set()
    for seed in range(1_000):
        ops = small(seed, clients=1 + seed % 3, most=6, keys=1 + seed % 2, wild=0.5 * (seed % 2))
        verdict = check_causal(ops, KeyValue())
        if verdict:
            continue
        patterns.add(verdict.explain().partition("(")[2].partition(")")[0])
        if "ThinAirRead" in verdict.explain():
            assert len(verdict.conflict) == 1
            continue
        assert not is_causal(verdict.conflict), f"seed {seed}: {verdict}"
        for o in verdict.conflict:
            fewer = [p for p in verdict.conflict if p is not o and not (o.f == "put" and p.f == "get" and saw(p, o))]
            assert is_causal(fewer), f"seed {seed}: {verdict}"
        for number in range(1, len(verdict.conflict) + 1):
            assert f"\n  {number}. " in verdict.explain()
    assert {"WriteCOInitRead", "WriteCORead", "CyclicHB", "CyclicCO"} <= patterns, patterns


@pytest.mark.parametrize("guarantee", SESSIONS)
def test_a_session_guarantee_is_refuted_exactly_by_its_definition(guarantee):
    verdicts = []
    for seed in range(800):
        ops = small(seed, clients=2 + seed % 2, most=7, fair=0.5, silent=0.05, wild=0.3 * (seed % 3))
        verdict = guarantee(ops, KeyValue())
        assert verdict.holds is not breach(ops, guarantee), f"seed {seed}: {verdict}"
        if not verdict:
            assert breach(verdict.conflict, guarantee), f"seed {seed}: the conflict does not stand alone: {verdict}"
        verdicts.append(verdict.holds)
    assert min(verdicts.count(True), verdicts.count(False)) >= 20, verdicts.count(False)


# -- the hierarchy -----------------------------------------------------------------------------------------------------


def test_each_promise_implies_the_next_weaker_one():
    seen = dict.fromkeys(itertools.product((True, False), repeat=3), 0)
    for seed in range(1_500):
        ops = small(seed, clients=2 + seed % 3, most=4, wild=0.1 * (seed % 2))
        linear, one, causal = (
            bool(check(ops, KeyValue())) for check in (check_linearizable, check_sequential, check_causal)
        )
        seen[linear, one, causal] += 1
        assert one or not linear, f"seed {seed}: linearizable but not sequentially consistent"
        assert causal or not one, f"seed {seed}: sequentially but not causally consistent"
        if causal:
            assert check_causal(ops, KeyValue(), weak=True), f"seed {seed}"
            for guarantee in SESSIONS:
                assert (verdict := guarantee(ops, KeyValue())), f"seed {seed}: {verdict}"
        if linear:
            for guarantee in SESSIONS:
                assert (verdict := guarantee(ops, KeyValue(), order="time")), f"seed {seed}: {verdict}"
    assert min(seen[t] for t in [(True,) * 3, (False, True, True), (False, False, True), (False,) * 3]) >= 5, seen


def test_sequential_but_not_linearizable_a_stale_read():
    ops = [put("alice", "x", 1, 0), get("bob", "x", None, 5)]
    assert not check_linearizable(ops, KeyValue())
    assert check_sequential(ops, KeyValue())


#: Each client writes its own flag and does not see the other's (Dekker's algorithm; a store buffer in hardware).
STORE_BUFFER = [put("p", "x", 1, 0), put("q", "y", 1, 0), get("p", "y", None, 2), get("q", "x", None, 2)]

#: Independent reads of independent writes: two readers see two writes in opposite orders.
IRIW = [
    put("a", "x", 1, 0), put("b", "y", 1, 0),
    get("c", "x", 1, 2), get("c", "y", None, 4),
    get("d", "y", 1, 2), get("d", "x", None, 4),
]  # fmt: skip

#: Carol sees the comment but not the post that it is about.
COMMENT_BEFORE_POST = [
    put("alice", "post", "lost my ring", 0), get("bob", "post", "lost my ring", 2), put("bob", "comment", "glad", 4),
    get("carol", "comment", "glad", 6), get("carol", "post", None, 8),
]  # fmt: skip


@pytest.mark.parametrize("ops", [STORE_BUFFER, IRIW], ids=["store buffer", "IRIW"])
def test_causal_but_not_sequential(ops):
    assert not check_sequential(ops, KeyValue())
    assert check_causal(ops, KeyValue())
    assert len(check_sequential(ops, KeyValue()).conflict) == 4


def test_read_your_writes_and_monotonic_reads_but_not_causal_a_comment_before_its_post():
    assert check_read_your_writes(COMMENT_BEFORE_POST, KeyValue())
    assert check_monotonic_reads(COMMENT_BEFORE_POST, KeyValue())
    assert check_monotonic_writes(COMMENT_BEFORE_POST, KeyValue())
    assert not check_writes_follow_reads(COMMENT_BEFORE_POST, KeyValue())
    assert not check_causal(COMMENT_BEFORE_POST, KeyValue())
    assert not check_causal(COMMENT_BEFORE_POST, KeyValue(), weak=True)


def test_each_read_explained_by_itself_but_not_all_of_one_client_together():
    ops = [put("a", "x", 1, 0), put("b", "x", 2, 0), get("b", "x", 1, 2), get("b", "x", 2, 4)]
    assert check_causal(ops, KeyValue(), weak=True)
    assert not check_causal(ops, KeyValue())


def test_each_session_guarantee_can_break_alone():
    own = [put("alice", "x", 1, 0), get("alice", "x", None, 2)]
    back = [put("alice", "x", 1, 0), get("bob", "x", 1, 2), get("bob", "x", None, 4)]
    skipped = [put("alice", "x", 1, 0), put("alice", "y", 2, 2), get("bob", "y", 2, 4), get("bob", "x", None, 6)]
    for ops, breaks in zip((own, back, skipped, COMMENT_BEFORE_POST), SESSIONS, strict=True):
        assert [bool(guarantee(ops, KeyValue())) for guarantee in SESSIONS] == [g is not breaks for g in SESSIONS]


class Queue(Spec):
    operations = ("enq", "deq")
    initial = ()

    def step(self, state, op):
        if op.f == "enq":
            return (*state, op.arg)
        return state[1:] if state and answered(op, state[0]) else ILLEGAL


def test_sequential_consistency_is_not_local():
    """Two queues, each sequentially consistent by itself, but not both together (Herlihy & Wing 1990)."""
    ops = [
        op("a", "enq", "x", at=(0, 1), key="p"), op("a", "enq", "x", at=(2, 3), key="q"),
        op("a", "deq", None, "y", (4, 5), "p"),
        op("b", "enq", "y", at=(0, 1), key="q"), op("b", "enq", "y", at=(2, 3), key="p"),
        op("b", "deq", None, "x", (4, 5), "q"),
    ]  # fmt: skip
    for key in ("p", "q"):
        assert check_sequential([o for o in ops if o.key == key], Queue())
    verdict = check_sequential(ops, Queue())
    assert verdict.holds is False
    assert len(verdict.conflict) == 4, "each queue's first enqueue is no part of it: the answers do not need it"
    for key in ("x", "y"):
        assert check_sequential([o for o in STORE_BUFFER if o.key == key], KeyValue())
    assert not check_sequential(STORE_BUFFER, KeyValue())


# -- sequential: rules, limits, words ----------------------------------------------------------------------------------


def test_an_unanswered_operation_may_have_happened_or_not_and_at_any_later_time():
    lost = op("alice", "write", 1, at=(0, None))
    assert check_sequential([lost, op("bob", "read", None, None, (1, 2))], Register())
    assert check_sequential([lost, op("bob", "read", None, 1, (1, 2))], Register())
    late = [lost, op("alice#2", "read", None, None, (5, 6)), op("alice#2", "read", None, 1, (7, 8))]
    assert check_sequential(late, Register()), "it may take effect after alice went on"
    assert not check_sequential([*late, op("alice#2", "read", None, None, (9, 10))], Register()), "but only once"


def test_an_unanswered_operation_does_not_come_before_what_its_client_had_done():
    ops = [
        op("alice", "write", 1, at=(0, 1)), op("alice", "write", 2, at=(2, None)),
        op("bob", "read", None, 2, (0, 1)), op("bob", "read", None, None, (2, 3)),
    ]  # fmt: skip
    assert not check_sequential(ops, Register())


def test_a_client_that_goes_on_under_a_new_name_is_still_the_same_client():
    ops = [
        op("alice", "write", 1, at=(0, 1)), op("alice", "read", at=(2, None)),
        op("alice#2", "read", None, None, (4, 5)),
    ]  # fmt: skip
    for check in (check_sequential, check_causal, check_read_your_writes):
        assert not check(ops, Register()), check.__name__


def test_a_failed_operation_did_not_happen_and_a_lost_answer_says_nothing():
    ops = [op("a", "write", 1, at=(0, 1), status="fail"), op("a", "read", None, None, (2, 3), result_known=False)]
    assert check_sequential(ops, Register())
    assert not check_sequential([*ops, op("a", "read", None, 1, (4, 5))], Register())


def test_at_one_instant_a_client_keeps_its_own_order():
    ops = [
        op("a", "write", 1, at=(5, 5)), op("a", "write", 2, at=(5, 5)),
        op("a", "read", None, 2, (5, 9)), op("a", "read", None, 2, (9, 9)),
    ]  # fmt: skip
    assert check_sequential(ops, Register())
    ops[-1].result = 1
    assert not check_sequential(ops, Register())


def test_a_way_that_used_an_unanswered_operation_up_does_not_bar_one_that_kept_it():
    """Both reach the same state after the same answers: 1, 2, read, unanswered 1, read; and 2, read, 1, read."""
    ops = [
        put("p", "x", 1, 0), put("q", "x", 2, 0.5), put("p", "y", 3, 2), op("s", "put", 1, at=(0, None), key="x"),
        get("z", "x", 2, 4), get("z", "x", 1, 6), get("z", "y", 3, 8), put("z", "x", 7, 10), get("z", "x", 1, 12),
    ]  # fmt: skip
    assert check_sequential(ops, KeyValue())
    assert not check_sequential([*ops, put("z", "x", 8, 14), get("z", "x", 1, 16)], KeyValue())


def test_any_model_can_be_judged_sequentially():
    ops = [op("a", "acquire", at=(0, 1)), op("b", "acquire", at=(2, 3))]
    assert not check_sequential(ops, Mutex())
    assert check_sequential([*ops, op("a", "release", at=(9, 10))], Mutex()), "b may have acquired after a released"
    assert check_sequential(
        [op("a", "cas", (0, 1), True, (0, 1)), op("b", "cas", (0, 2), True, (2, 3))], CasRegister(0)
    ).conflict


def test_a_long_history_is_judged_in_few_steps_and_its_conflict_found():
    for seed in range(4):
        ops = small(seed, clients=4, most=80, keys=3, silent=0.05, fair=1.0)
        verdict = check_sequential(ops, KeyValue())
        assert verdict, f"seed {seed}: {verdict}"
        assert verdict.steps < 20 * len(ops), f"seed {seed}: {verdict.steps}"
        puts = [o for o in ops if o.f == "put" and o.status == "ok"]
        old, new = next((a, b) for a, b in itertools.combinations(puts, 2) if mine_before(a, b) and a.key == b.key)
        broken = [*ops, get("z", new.key, new.arg, 5_000), get("z", new.key, old.arg, 5_002)]
        verdict = check_sequential(broken, KeyValue())
        assert verdict.holds is False
        assert verdict.smallest
        assert set(map(id, broken[-2:])) <= set(map(id, verdict.conflict)), f"seed {seed}: {verdict}"


def hard(n):
    """Which of n even numbers add up to an odd one? None, but a checker that knows nothing of numbers must try all."""
    adds = [op(f"p{i}", "add", 2 ** (i + 1), at=(0, None)) for i in range(n)]
    return [*adds, op("alice", "read", None, 1, (1, 2))]


class Counter(Spec):
    operations = ("add", "read")
    initial = 0

    def step(self, state, op):
        if op.f == "add":
            return state + op.arg
        return state if answered(op, state) else ILLEGAL


def test_a_time_limit_ends_the_search_without_a_verdict():
    verdict = check_sequential(hard(40), Counter(), time_limit=0.05)
    assert verdict.holds is None
    assert not verdict
    assert (verdict.witness, verdict.conflict) == (None, None)
    assert "gave up at its time limit of 0.05 s" in verdict.explain()
    assert "unknown: the time limit came first" in repr(verdict)
    assert check_sequential(hard(6), Counter(), time_limit=600).holds is False


def test_a_sequential_conflict_whose_proof_is_cut_short_says_so(monkeypatch):
    monkeypatch.setattr("dslib.sequential.SHRINK_STEPS", 0)
    verdict = check_sequential(STORE_BUFFER, KeyValue())
    assert len(verdict.conflict) == 4
    assert verdict.smallest is False
    assert "not proven smallest" in verdict.explain()


def test_the_words_for_the_store_buffer_say_how_far_an_order_gets():
    assert check_sequential(STORE_BUFFER, KeyValue()).explain().splitlines() == [
        "Not sequentially consistent: these 4 answers cannot all be right.",
        "  1. p: put 1 on key 'x', 0 to 1 ms",
        "  2. q: put 1 on key 'y', 0 to 1 ms",
        "  3. p: get None on key 'y', 2 to 3 ms",
        "  4. q: get None on key 'x', 2 to 3 ms",
        "1 came before 3 at p; 2 came before 4 at q.",
        "The clients' own orders allow 6 orders of these, and each breaks. One of them:",
        "  - After 1 and 2 the value is 1 on key 'y', so 3 (get None) is impossible.",
        "It takes all of these, whatever of the rest took effect.",
    ]


def test_the_words_for_one_order_are_those_of_linearizability():
    ops = [op("a", "write", 1, at=(0, 1)), op("b", "read", None, None, (5, 6)), op("c", "write", 2, at=(0, None))]
    assert check_sequential(ops, Register()).explain().splitlines() == [
        "Sequentially consistent: one order explains 2 answers; of 1 operation without an answer, 0 took effect in it.",
        "  1. b: read None, 5 to 6 ms",
        "  2. a: write 1, 0 to 1 ms",
    ]


def test_a_verdict_says_what_it_is_about():
    good, bad = check_causal(STORE_BUFFER, KeyValue()), check_causal(COMMENT_BEFORE_POST, KeyValue())
    assert repr(good) == "<Verdict: causally consistent; .explain() says more>"
    assert repr(bad) == "<Verdict: not causally consistent; .explain() says more>"
    assert [bool(v) for v in (good, bad)] == [v.holds for v in (good, bad)] == [True, False]
    with pytest.raises(AttributeError, match=r"is causally consistent, not linearizable: write \.holds"):
        assert good.linearizable
    copied = pickle.loads(pickle.dumps(bad))
    assert (copied.explain(), copied.conflict, copied.holds) == (bad.explain(), bad.conflict, False)


# -- causal: the patterns and their words ------------------------------------------------------------------------------


def test_a_comment_before_its_post_is_explained_by_the_chain_that_leads_to_it():
    verdict = check_causal([*COMMENT_BEFORE_POST, put("dan", "other", 1, 0), put("eve", "other", 2, 0)], KeyValue())
    assert verdict.conflict == tuple(COMMENT_BEFORE_POST)
    assert verdict.smallest
    assert verdict.explain().splitlines() == [
        "Not causally consistent (WriteCOInitRead): these 5 operations cannot all be right.",
        "  1. alice: put 'lost my ring' on key 'post', 0 to 1 ms",
        "  2. bob: get 'lost my ring' on key 'post', 2 to 3 ms",
        "  3. bob: put 'glad' on key 'comment', 4 to 5 ms",
        "  4. carol: get 'glad' on key 'comment', 6 to 7 ms",
        "  5. carol: get None on key 'post', 8 to 9 ms",
        "2 read what 1 wrote; bob did 2 before 3; 4 read what 3 wrote; carol did 4 before 5. "
        "So carol had to see 1, yet 5 (get None) shows the value of the start.",
        "It takes all of these, whatever the other 2 did.",
    ]


PATTERNS = {
    "ThinAirRead": [get("a", "x", "never written", 0)],
    "CyclicCO": [get("a", "x", 2, 0), put("a", "y", 1, 2), get("b", "y", 1, 0), put("b", "x", 2, 2)],
    "WriteCOInitRead": [put("a", "x", 1, 0), get("a", "x", None, 2)],
    "WriteCORead": [put("a", "x", 1, 0), put("a", "x", 2, 2), get("b", "x", 2, 4), get("b", "x", 1, 6)],
    "CyclicHB": [put("a", "x", 1, 0), put("b", "x", 2, 0), get("b", "x", 1, 2), get("b", "x", 2, 4)],
    # b saw y = 1 and then its own x = 2: so x = 1 came before x = 2 for b, and z = 1 before both, and before b read z.
    "WriteHBInitRead": [
        put("a", "z", 1, 0), put("a", "x", 1, 2), put("a", "y", 1, 4),
        put("b", "x", 2, 0), get("b", "z", None, 2), get("b", "y", 1, 6), get("b", "x", 2, 8),
    ],
}  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_bad_pattern_is_named_and_is_its_own_smallest_conflict(pattern):
    ops = PATTERNS[pattern]
    verdict = check_causal(ops, KeyValue())
    assert verdict.holds is False
    assert verdict.explain().startswith(f"Not causally consistent ({pattern}): ")
    assert set(map(id, verdict.conflict)) == set(map(id, ops)), verdict
    assert is_causal(History(ops), weak=True) is (pattern in ("CyclicHB", "WriteHBInitRead")), (
        "these two need one order for all"
    )


def test_a_value_that_nobody_wrote_may_be_one_whose_write_failed():
    ops = [put("alice", "x", 1, 0, status="fail"), get("bob", "x", 1, 2)]
    assert "alice's write of it failed" in check_causal(ops, KeyValue()).explain()


def test_an_unanswered_write_is_a_cause_once_somebody_saw_it():
    lost = op("alice", "put", 1, at=(0, None), key="x")
    seen = [lost, get("bob", "x", 1, 2)]
    assert check_causal([*seen, get("alice#2", "x", None, 9)], KeyValue()), "it may happen after alice went on"
    assert not check_causal([*seen, get("bob", "x", None, 4)], KeyValue())


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_what_is_newer_can_be_told_by_causes_by_time_or_by_the_value():
    ops = [
        put("a", "x", (2, "a"), 0),
        put("b", "x", (1, "b"), 5),
        get("c", "x", (2, "a"), 10),
        get("c", "x", (1, "b"), 12),
    ]
    assert check_monotonic_reads(ops, KeyValue()), "neither write is a cause of the other"
    assert check_monotonic_reads(ops, KeyValue(), order="time")
    verdict = check_monotonic_reads(ops, KeyValue(), order=lambda value: value[0])
    assert not verdict
    assert "It shows 2, which is older: version 1 < 2." in verdict.explain()
    back = [*ops[:2], get("c", "x", (1, "b"), 10), get("c", "x", (2, "a"), 12)]
    assert check_monotonic_reads(back, KeyValue())
    assert "1 was answered before 2 was asked for" in check_monotonic_reads(back, KeyValue(), order="time").explain()
    assert check_monotonic_reads(back, KeyValue(), order=lambda value: value[0])


def test_there_and_back_is_a_breach_of_monotonic_reads_whatever_is_newer():
    ops = [
        put("a", "x", 1, 0),
        put("b", "x", 2, 0),
        *(get("c", "x", v, 2 * n) for n, v in enumerate((1, 2, 1), start=1)),
    ]
    verdict = check_monotonic_reads(ops, KeyValue())
    assert verdict.conflict == tuple(ops[2:])
    assert "Whichever of the two is newer, one of these reads went back." in verdict.explain()


def test_a_write_that_was_not_answered_need_not_be_read():
    lost = op("alice", "put", 1, at=(0, None), key="x")
    assert check_read_your_writes([lost, get("alice#2", "x", None, 5)], KeyValue())


def test_the_words_of_a_session_guarantee_name_both_sides():
    ops = [put("alice", "x", 1, 0), get("alice", "x", None, 2)]
    assert check_read_your_writes(ops, KeyValue()).explain().splitlines() == [
        "Not read-your-writes: these 2 operations cannot all be right.",
        "  1. alice: put 1 on key 'x', 0 to 1 ms",
        "  2. alice: get None on key 'x', 2 to 3 ms",
        "alice did 1 before 2. So 1 or a newer write had to show in 2 (get None).",
        "It shows the value of the start.",
    ]
    assert (
        check_read_your_writes(ops[:1], KeyValue()).explain() == "Read-your-writes: nothing contradicts it in 0 reads."
    )


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [check_causal, *SESSIONS])
@pytest.mark.parametrize(
    ("ops", "spec", "error", "message"),
    [
        ([put("a", "x", 1, 0), put("b", "x", 1, 2)], KeyValue(), ValueError, "store a value of its own, such as"),
        ([put("a", "x", 0, 0)], KeyValue(0), ValueError, "writes 0, the initial value: .* another initial value"),
        ([op("a", "cas", (0, 1), True, (0, 1))], CasRegister(0), ValueError, "judges reads and writes only"),
        ([op("a", "append", 1, at=(0, 1))], KeyValue(), ValueError, "check_sequential judge the others"),
        ([op("a", "raed", at=(0, 1))], Register(), ValueError, "Register knows no 'raed', only read, write"),
        ([], Mutex(), TypeError, r"judges reads and writes, not Mutex\(\); use Register"),
        ([], Register, TypeError, r"use Register\(\.\.\.\) or KeyValue"),
        (["read"], Register(), TypeError, "A history holds operations, not 'read'"),
    ],
)
def test_an_ambiguous_or_foreign_history_is_refused_with_the_fix(check, ops, spec, error, message):
    with pytest.raises(error, match=message):
        check(ops, spec)


def test_one_value_under_two_keys_is_not_ambiguous():
    assert check_causal([put("a", "x", 1, 0), put("a", "y", 1, 2)], KeyValue())


@pytest.mark.parametrize("order", ["wall clock", None, 3])
def test_an_unknown_order_is_refused_with_those_there_are(order):
    with pytest.raises(ValueError, match='write "causal", "time", or a function'):
        check_monotonic_reads([], KeyValue(), order=order)


@pytest.mark.parametrize(
    ("history", "spec", "limit", "error", "message"),
    [
        ([], Register, None, TypeError, r"check_sequential needs a model, not its class: write Register\(\)"),
        ([], "register", None, TypeError, r"'register' is no model; use Register\(\)"),
        ([], Register(), -1, ValueError, "time_limit=-1 is no number of seconds"),
        ([op("a", "raed", at=(0, 1))], Register(), None, ValueError, "knows no 'raed'"),
    ],
)
def test_wrong_arguments_of_check_sequential_are_named(history, spec, limit, error, message):
    with pytest.raises(error, match=message):
        check_sequential(history, spec, time_limit=limit)


# -- the bank ----------------------------------------------------------------------------------------------------------

BANK = Bank({"a": 100, "b": 50})


def transfer(process, giver, taker, amount, at, **more):
    return op(process, "transfer", (giver, taker, amount), at=at, **more)


def accounts(process, a, b, at):
    return op(process, "read", None, (("a", a), ("b", b)), at)


def test_a_bank_keeps_its_money():
    ops = [accounts("t", 100, 50, (0, 1)), transfer("s", "a", "b", 30, (2, 5)), accounts("t", 70, 80, (6, 7))]
    assert check_bank(ops, BANK)
    assert check_bank(ops, BANK).explain() == "A bank that keeps its money: 2 reads, each with a total of 150."


def test_half_a_transfer_is_seen_in_the_total_and_named():
    ops = [transfer("s", "a", "b", 30, (2, 5)), transfer("u", "b", "a", 7, (2, 5)), accounts("t", 70, 50, (3, 4))]
    verdict = check_bank(ops, BANK)
    assert verdict.conflict == (ops[2], ops[0])
    assert verdict.explain().splitlines() == [
        "Not a bank that keeps its money: 1 shows a total of 120, but there were 150 at the start.",
        "  1. t: read (('a', 70), ('b', 50)), 3 to 4 ms",
        "  2. s: transfer 30 from a to b, 2 to 5 ms",
        "1 may have seen one half of 2: that is the difference.",
    ]


def test_an_account_below_zero_is_a_breach_only_if_the_bank_promised_that_there_is_none():
    ops = [accounts("t", -1, 151, (0, 1))]
    assert "1 shows -1 in a, and no account may go below 0" in check_bank(ops, BANK).explain()
    assert check_bank(ops, Bank({"a": 100, "b": 50}, overdraft=True))


def test_a_read_that_leaves_an_account_out_is_a_breach():
    ops = [op("t", "read", None, (("a", 150),), (0, 1))]
    assert "1 shows the accounts a, but there are a, b." in check_bank(ops, BANK).explain()


def test_a_read_without_a_known_answer_is_not_judged():
    assert check_bank([op("t", "read", at=(0, None)), op("t", "read", at=(0, 1), result_known=False)], BANK)


def test_a_bank_is_also_a_model_that_finds_stale_reads_and_overdrafts():
    stale = [transfer("s", "a", "b", 30, (0, 1)), accounts("s", 100, 50, (2, 3))]
    assert check_bank(stale, BANK), "the invariant does not see it"
    assert not check_sequential(stale, BANK)
    assert not check_linearizable([transfer("s", "a", "b", 101, (0, 1))], BANK)
    assert check_linearizable([*stale[:1], accounts("s", 70, 80, (2, 3))], BANK)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Bank({}), ValueError, "has no accounts; write"),
        (lambda: Bank({"a": 0.5}), ValueError, "count in whole units, such as cents"),
        (lambda: Bank({"a": -1}), ValueError, "starts at -1; write overdraft=True"),
        (lambda: check_bank([], {"a": 1}), TypeError, r"is no bank; write check_bank\(history, Bank"),
        (lambda: check_bank([transfer("s", "a", "c", 1, (0, 1))], BANK), ValueError, "no account 'c'; there are a, b"),
        (lambda: check_bank([transfer("s", "a", "b", 0, (0, 1))], BANK), ValueError, "a whole number above 0, not 0"),
        (lambda: check_bank([op("s", "transfer", 5, at=(0, 1))], BANK), ValueError, r"is \(from, to, amount\), not 5"),
        (lambda: check_bank([op("s", "read", None, 150, (0, 1))], BANK), ValueError, "answers all accounts in pairs"),
        (lambda: check_bank([op("s", "deposit", 5, at=(0, 1))], BANK), ValueError, "Bank knows no 'deposit'"),
        (lambda: check_bank(["read"], BANK), TypeError, "A history holds operations, not 'read'"),
    ],
)
def test_bad_accounts_transfers_and_reads_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


# -- consensus ---------------------------------------------------------------------------------------------------------


def test_agreement_no_two_decide_differently():
    assert check_agreement([("p", 1, 5.0), ("q", 1, 7.0)])
    verdict = check_agreement([("p", 1, 5.0), ("r", 1, 6.0), ("q", 2, 7.0)])
    assert verdict.conflict == (Decision("p", 1, 5.0), Decision("q", 2, 7.0))
    assert verdict.explain().splitlines() == [
        "Not agreed: two different values were decided.",
        "  1. p: decided 1 at 5 ms",
        "  2. q: decided 2 at 7 ms",
    ]
    assert repr(verdict) == "<Verdict: not agreed; .explain() says more>"
    assert check_agreement([])


def test_agreement_counts_the_one_that_decided_and_crashed_but_not_the_one_that_lies():
    decisions = [("p", 1, 5.0), ("q", 2, 7.0)]
    assert not check_agreement(decisions)
    assert check_agreement(decisions, faulty=("q",))


def test_validity_a_decided_value_was_proposed():
    proposals = {"p": 1, "q": 2}
    assert check_validity([("p", 2, 0.0)], proposals)
    assert "3 was decided, but nobody proposed it" in check_validity([("p", 3, 0.0)], proposals).explain()


@pytest.mark.parametrize(
    ("proposed", "faulty", "decided", "strong", "weak"),
    [
        ((1, 1, 1), (), 1, True, True),
        ((1, 1, 1), (), 2, False, False),  # all are correct and unanimous
        ((1, 1, 2), ("r",), 2, False, True),  # the correct ones are unanimous: binds the strong one only
        ((1, 1, 2), ("r",), 1, True, True),
        ((1, 2, 2), ("r",), 3, True, True),  # they are not: neither binds
        ((1, 1, 2), (), 3, True, True),
    ],
)
def test_validity_strong_and_weak_differ_when_somebody_lies(proposed, faulty, decided, strong, weak):
    proposals = dict(zip("pqr", proposed, strict=True))
    decisions = [("p", decided, 0.0), ("r", 99, 0.0)] if faulty else [("p", decided, 0.0)]
    assert bool(check_validity(decisions, proposals, "strong", faulty)) is strong
    assert bool(check_validity(decisions, proposals, "weak", faulty)) is weak


def test_integrity_nobody_decides_twice_not_even_the_same():
    assert check_integrity([("p", 1, 5.0), ("q", 1, 5.0)])
    verdict = check_integrity([("p", 1, 5.0), ("q", 1, 5.0), ("p", 1, 9.0)])
    assert "p decided twice" in verdict.explain()
    assert len(verdict.conflict) == 2


def test_termination_everybody_decides_by_the_bound():
    decisions = [("p", 1, 5.0), ("q", 1, 40.0)]
    assert check_termination(decisions, ("p", "q"), by_ms=40)
    assert "q decided late" in check_termination(decisions, ("p", "q"), by_ms=39).explain()
    assert "r never decided" in check_termination(decisions, ("p", "q", "r"), by_ms=40).explain()
    assert check_termination(decisions, ("p", "q", "r"), by_ms=40, faulty=("r",))


def test_consensus_is_all_four_and_tells_the_first_breach():
    proposals = {"p": 1, "q": 2}
    good = [("p", 1, 5.0), ("q", 1, 6.0)]
    assert check_consensus(good, proposals, by_ms=10)
    for bad, said in {
        (("p", 1, 5.0), ("q", 2, 6.0)): "Not agreed",
        (("p", 3, 5.0), ("q", 3, 6.0)): "Not valid",
        (("p", 1, 5.0), ("q", 1, 6.0), ("q", 1, 7.0)): "Not decided at most once",
        (("p", 1, 5.0),): "Not done in time",
    }.items():
        assert check_consensus(bad, proposals, by_ms=10).explain().startswith(said)
    assert check_consensus(good[:1], proposals), "without a bound, termination is not asked for"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: check_termination([], ("p",), by_ms=0), ValueError, "by_ms=0 is no bound: write the ms"),
        (lambda: check_termination([], ("p",), by_ms=float("inf")), ValueError, "by_ms=inf is no bound"),
        (lambda: check_termination([], (), by_ms=5), ValueError, "names nobody who must decide"),
        (lambda: check_validity([], {}), ValueError, "names no proposal; write"),
        (lambda: check_validity([], {"p": 1}, "stronger"), ValueError, "write one of 'proposed', 'strong', 'weak'"),
        (lambda: check_validity([("q", 1, 0)], {"p": 1}), ValueError, "'q' decided but is not in proposals"),
        (lambda: check_validity([], {"p": 1}, faulty=("q",)), ValueError, "'q' is faulty but not in proposals"),
        (lambda: check_agreement(["p"]), TypeError, r"'p' is no decision; write \(process, value, time in ms\)"),
        (lambda: check_agreement([], faulty="p"), TypeError, r"write faulty=\('p',\)"),
    ],
)
def test_bad_input_about_consensus_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


class Vote(Message):
    value: int


class Follower(Node):
    """Decides what it hears first, or the smallest value of all if it is `careful`."""

    proposal = 0

    def on_start(self):
        self.decided = self.disk.get("decided")
        self.broadcast(Vote(self.proposal))

    def on_vote(self, src, msg):
        if self.decided is None:
            self.decided = self.disk["decided"] = msg.value


def followers(seed=1, **proposals):
    names = list(proposals)
    return Simulation(
        *(Follower(n, [m for m in names if m != n], proposal=value) for n, value in proposals.items()), seed=seed
    )


def test_decisions_are_recorded_as_a_simulation_runs_with_who_what_and_when():
    sim = followers(p=7, q=7, r=7)
    decisions = record_decisions(sim)
    sim.run(until=500)
    assert sorted(d.process for d in decisions) == ["p", "q", "r"]
    assert all(d.value == 7 and 0 < d.time <= 500 for d in decisions)
    assert check_consensus(decisions, {"p": 7, "q": 7, "r": 7}, by_ms=500)


def test_a_decision_that_survives_a_crash_is_not_a_second_one():
    sim = followers(p=7, q=7)
    decisions = record_decisions(sim, lambda node: getattr(node, "decided", None))
    sim.at(100, sim.crash, "p")
    sim.at(200, sim.restart, "p")
    sim.run(until=500)
    assert len(decisions) == 2
    assert check_integrity(decisions)


def test_agreement_as_an_invariant_stops_the_run_with_the_seed_and_both_decisions():
    sim = followers(seed=3, p=1, q=2)
    decisions = record_decisions(sim)
    sim.always(lambda sim: check_agreement(decisions))
    with pytest.raises(PropertyBroken, match=r"seed=3.*(?s:.)*two different values were decided"):
        sim.run(until=500)
    assert [d.value for d in decisions] in ([1, 2], [2, 1])


def test_sometimes_tells_when_they_first_disagreed():
    sim = followers(seed=3, p=1, q=2)
    decisions = record_decisions(sim)
    split = sim.sometimes(lambda sim: not check_agreement(decisions))
    sim.run(until=500)
    assert split.held_at == max(d.time for d in decisions)
    assert not check_consensus(decisions, {"p": 1, "q": 2})


def test_termination_as_a_demand_stops_the_run_when_the_bound_has_passed():
    sim = followers(seed=5, p=7, q=7)
    decisions = record_decisions(sim)
    sim.at(0, sim.network.partition, {"p"}, {"q"})

    def all_decided(sim):
        return check_termination(decisions, sim.nodes, by_ms=200)

    sim.eventually(all_decided, by=200)
    with pytest.raises(PropertyBroken, match=r"eventually all_decided by 200 ms.*seed=5"):
        sim.run(until=1_000)
    assert "p and q never decided" in check_termination(decisions, sim.nodes, by_ms=200).explain()


class Amnesiac(Node):
    """A register that forgets what it was told when it crashes."""

    def on_start(self):
        self.value = None

    def on_request(self, src, msg):
        if msg.f == "write":
            self.value = msg.arg
        self.send(src, Reply(msg.id, self.value if msg.f == "read" else None))


class Alice(Client):
    """Writes, and looks every 100 ms whether it is still there."""

    def on_start(self):
        self.op = self.invoke("write", arg=1)
        self.send("server", Request(0, "write", arg=1))
        self.set_timer("look", 100)

    def on_reply(self, src, msg):
        self.op.ok(msg.result)

    def on_look_timeout(self):
        self.set_timer("look", 100)
        self.op = self.invoke("read")
        self.send("server", Request(0, "read"))


@pytest.mark.parametrize("check", [check_sequential, check_causal, check_read_your_writes])
def test_a_checker_as_an_invariant_stops_the_run_at_the_answer_that_broke_it(check):
    sim = Simulation(Amnesiac("server"), Alice("alice"), seed=4)
    sim.at(250, sim.crash, "server")
    sim.at(260, sim.restart, "server")
    sim.always(lambda sim: check(sim.history, Register()))
    with pytest.raises(PropertyBroken, match=r"seed=4(?s:.)*alice: read None"):
        sim.run(until=2_000)
    assert sim.history[-1].result is None
    assert sim.now == sim.history[-1].completed


def test_verdict_conflict_and_words_do_not_depend_on_the_hash_seed():
    assert len(printed(REPORT, str(ROOT / "tests"))) == 1


REPORT = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from test_consistency import SESSIONS, KeyValue, check_causal, check_sequential, small
digest = hashlib.sha256()
for seed in range(60):
    for check in (check_sequential, check_causal, *SESSIONS):
        verdict = check(small(seed, wild=0.3), KeyValue())
        digest.update(repr((verdict.holds, verdict.steps, verdict.explain())).encode())
print(digest.hexdigest())
"""
