"""A liar sends something else than its program says. What it cannot do, and that a lie is a fault like any other."""

import json

import pytest

from dslib import Fault, Message, Network, Node, Simulation
from dslib.lies import STRATEGIES, strategy
from dslib.node import show
from dslib.signatures import Signature, pens


class Vote(Message):
    yes: bool


class Voter(Node):
    """Votes yes every 10 ms, and counts what it hears."""

    def on_start(self):
        self.yes = self.no = 0
        self.on_vote_timeout()

    def on_vote_timeout(self):
        self.broadcast(Vote(True))
        self.set_timer("vote", 10)

    def on_vote(self, src, msg):
        if msg.yes:
            self.yes += 1
        else:
            self.no += 1


@strategy(Voter)
def against(node, dest, msg, dice, *to):
    return Vote(False) if not to or dest in to else msg


@strategy(Voter)
def now_and_then(node, dest, msg, dice, chance):
    return Vote(dice.random() >= chance)


@strategy(Voter)
def nonsense(node, dest, msg, dice):
    return "no"


def three(*faults, network=None):
    sim = Simulation(
        *(Voter(name, [other for other in "abc" if other != name]) for name in "abc"), network=network, seed=3
    )
    sim.set_faults(faults)
    return sim


def lie(at, *args):
    return Fault(at, "lie", args)


def sent(sim, src):
    return [(row.time, row.dest, row.msg) for row in sim.trace.where(kind="send", src=src)]


def test_a_liar_tells_everybody_what_its_strategy_says_and_the_others_stay_honest():
    sim = three(lie(0, "a", "against", "b")).run(until=100)
    assert {(dest, msg.yes) for _, dest, msg in sent(sim, "a")} == {("b", False), ("c", True)}
    assert all(msg.yes for name in "bc" for _, _, msg in sent(sim, name))
    assert sim.nodes["b"].no > 0
    assert sim.nodes["c"].no == 0


def test_a_lie_begins_and_ends_when_it_is_scheduled():
    sim = three(lie(35, "a", "against"), lie(65, "a", "truth")).run(until=100)
    assert {time for time, _, msg in sent(sim, "a") if not msg.yes} == {40, 50, 60}
    assert type(sim.nodes["a"]) is Voter


def test_the_newest_lie_counts_and_repentance_ends_them_all():
    sim = three(lie(0, "a", "against"), lie(15, "a", "silence"), lie(35, "a", "against"), lie(55, "a", "truth"))
    said = sent(sim.run(until=75), "a")
    assert [time for time, dest, msg in said if dest == "b" and not msg.yes] == [0, 10, 40, 50]
    assert [time for time, dest, msg in said if dest == "b" and msg.yes] == [60, 70]
    assert type(sim.nodes["a"]) is Voter


def test_a_restart_does_not_make_a_liar_honest():
    sim = three(lie(0, "a", "against"), Fault(20, "crash", ("a",)), Fault(40, "restart", ("a",))).run(until=100)
    assert {msg.yes for time, _, msg in sent(sim, "a") if time >= 40} == {False}


def test_nobody_can_forge_who_sent():
    sim = three(lie(0, "a", "against")).run(until=100)
    assert {row.src for row in sim.trace.where(kind="deliver") if not row.msg.yes} == {"a"}


def test_a_liar_is_still_of_its_class_and_prints_as_before():
    sim = three(lie(0, "a", "against"))
    before = repr(sim.nodes["a"]), set(sim.nodes["a"]._state())
    sim.run(until=50)
    liar = sim.nodes["a"]
    assert isinstance(liar, Voter)
    assert repr(liar) == before[0]
    assert type(liar).__doc__ == Voter.__doc__
    assert set(liar._state()) == {"yes", "no"}


def test_the_trace_shows_the_lie_and_says_what_was_to_be_sent():
    sim = three(lie(0, "a", "against")).run(until=5)
    assert "lies to b, in place of Vote(yes=True)" in [row.detail for row in sim.trace.where(kind="log", src="a")]
    sim = three(lie(0, "a", "silence")).run(until=5)
    assert "does not send Vote(yes=True) to b" in [row.detail for row in sim.trace.where(kind="log", src="a")]


def test_silence_may_be_for_some_only():
    sim = three(lie(0, "a", "silence", "c")).run(until=50)
    assert {dest for _, dest, _ in sent(sim, "a")} == {"b"}


def test_flipped_bits_are_sent_by_whoever_is_broken_on_a_good_network():
    sim = three(lie(0, "a", "flipped_bits")).run(until=50)
    assert {msg.yes for _, _, msg in sent(sim, "a")} == {False}  # a bool has one bit


def test_a_lie_prints_as_the_call_that_made_it_survives_json_and_is_replayed():
    sim = three()
    sim.at(0, sim.lie, "a", now_and_then, 0.5)
    sim.at(10, sim.lie, "b", "against", "c")
    assert [str(f) for f in sim.faults] == [
        "sim.at(0, sim.lie, 'a', 'now_and_then', 0.5)",
        "sim.at(10, sim.lie, 'b', 'against', 'c')",
    ]
    again = three()
    for f in sim.faults:
        eval(str(f), {"sim": again})
    assert again.faults == sim.faults
    sent_over = three(*(Fault.from_json(json.loads(json.dumps(f.to_json()))) for f in sim.faults))
    digest = sim.run(until=200).trace.digest()
    assert again.run(until=200).trace.digest() == digest
    assert sent_over.run(until=200).trace.digest() == digest


def test_the_dice_of_a_liar_are_nobody_elses():
    def others(*faults):
        sim = three(*faults, network=Network(loss=0.3)).run(until=200)
        return [(row.time, row.kind, row.src, row.dest) for row in sim.trace if row.src in ("b", "c")]

    assert others(lie(0, "a", "now_and_then", 0.5)) == others()


def test_a_lie_told_in_the_middle_of_a_run_by_hand_is_recorded():
    sim = three().run(until=30)
    sim.lie("a", against)
    assert sim.run(until=60).faults == [lie(30, "a", "against")]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("x", "against"), "there is no node 'x'"),
        (("a", "agianst"), "no strategy 'agianst' for a liar: there are against, .*@strategy"),
        (("a", lambda node, dest, msg, dice: msg), "no strategy .*lambda.* for a liar"),
        (("other", "against"), "'against' is for a Voter, and node 'other' is a Node"),
        (("a", "now_and_then"), "'now_and_then' cannot be called like this: missing a required argument: 'chance'"),
        (("a", "truth", 1), "'truth' cannot be called like this: too many"),
        (("a", "now_and_then", object()), "an argument of strategy 'now_and_then' is <object"),
    ],
)
def test_a_lie_that_cannot_be_told_is_refused_when_it_is_scheduled(args, error):
    sim = Simulation(Voter("a", ()), Node("other"))
    with pytest.raises(ValueError, match=error):
        sim.at(0, sim.lie, *args)
    assert sim.faults == []


def test_a_strategy_that_returns_no_message_is_told_so():
    with pytest.raises(TypeError, match="strategy 'nonsense' returned 'no': return a message, or None"):
        three(lie(0, "a", "nonsense")).run(until=5)


def test_a_strategy_defined_anew_in_a_notebook_takes_the_place_of_the_old_one():
    before = STRATEGIES["against"]
    try:

        @strategy(Voter)
        def against(node, dest, msg, dice):
            return None

        assert sent(three(lie(0, "a", "against")).run(until=5), "a") == []
    finally:
        STRATEGIES["against"] = before


# -- signatures -------------------------------------------------------------------------------------------------------


def test_a_signature_is_genuine_for_what_was_signed_and_by_whom_only():
    pen, genuine = pens(["a", "b"])
    signature = pen["a"](("attack", 1))
    assert genuine(("attack", 1), signature)
    assert not genuine(("retreat", 1), signature)
    assert not genuine(("attack", 1), Signature("b", signature.mark))
    assert not genuine(("attack", 1), pen["b"](("attack", 1))._replace(by="a"))
    assert not genuine(("attack", 1), Signature("nobody", signature.mark))


def test_a_pen_signs_as_its_owner_and_takes_no_other_name():
    pen, _ = pens(["a", "b"])
    assert pen["a"]("x").by == "a"
    with pytest.raises(TypeError):
        pen["a"]("x", "b")


def test_signatures_are_the_same_in_every_process_and_others_for_another_seed():
    assert show(pens(["a"], seed=7)[0]["a"]("x")) == "Signature(by='a', mark='6554285f69b9')"
    assert not pens(["a"], seed=8)[1]("x", pens(["a"], seed=7)[0]["a"]("x"))
    assert pens(["a"], seed=7)[0]["a"]({"q", "p"}) == pens(["a"], seed=7)[0]["a"]({"p", "q"})
