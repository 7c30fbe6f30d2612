"""Every failed check leads to its story: the seed, what broke, who sent what to whom before it, and how to see it."""

import inspect

import pytest
from planted import JUDGED, LEADERS, WATCHED, Crasher, Lazy, Pretender, Store, leaders, store

from dslib import Fault, Message, Node, PropertyBroken, Register, ScriptClient, Simulation, check_linearizable
from dslib.hunt import hunt, shrink
from dslib.story import happened_before, rerun, story
from dslib.trials import Failure, attempt
from dslib.views import replay as show_in_player


def first(trial, kind):
    return hunt(trial, kind, seeds=20).failures[0]


def broken(sim, until=300):
    with pytest.raises(PropertyBroken) as problem:
        sim.run(until=until)
    return problem.value


# ---------------------------------------------------------------- what is told


def test_a_story_says_the_seed_what_broke_the_faults_and_what_each_knows():
    small = shrink(WATCHED, Lazy, first(WATCHED, Lazy).seed)
    told = small.story
    text = str(told)
    assert told.seed == small.failure.seed
    assert text.startswith(f"watched store Lazy, seed {told.seed}: always nothing_acknowledged_is_forgotten")
    assert told.at_ms == small.until_ms
    assert all(f"    {fault}\n" in text for fault in small.faults)
    assert "store crashes" in text
    assert "store starts again, with what is on its disk" in text
    assert "At the end store knows: stored=" in text
    assert "At the end writer knows: " in text


def test_messages_are_told_in_order_with_who_sent_them_and_when():
    lines = story(first(JUDGED, Lazy)).lines
    assert any("store receives Put(number=1) from writer, which sent it at 0.000 ms" in line for line in lines)
    times = [float(line.split(" ms")[0]) for line in lines]
    assert times == sorted(times)


def test_messages_of_nodes_that_have_no_part_in_it_are_left_out_and_counted():
    told = shrink(WATCHED, Lazy, first(WATCHED, Lazy).seed).story
    assert told.about == ("store", "writer")
    assert not any(isinstance(e.msg, Message) and type(e.msg).__name__ == "Noise" for e in told.events)
    sim = told.replay()
    sent = {event.id for event in sim.trace if event.kind == "send"}
    kept = {event.id for event in told.events if event.kind == "send"}
    assert told.left_out == len(sent) - len(kept) > 100
    assert f"{told.left_out} other messages have no part in it" in str(told)


def test_the_two_leaders_are_those_whom_a_story_of_two_leaders_is_about():
    sim = leaders()
    assert story(sim, broken(sim)).about == ("p", "q")
    assert story(sim).about == ("p", "q"), "what is broken now need not be said"


def test_a_property_with_a_memory_is_about_everybody():
    """q leads after p did: without q it would hold, but p, who leads no more, has its part in it."""

    def scenario():
        sim, led = leaders(seed=3), {}
        sim.set_faults([Fault(20.0, "act", ("p", "lead")), Fault(25.0, "crash", ("p",)), *sim.faults[-2:-1]])

        def the_first_to_lead_is_the_last(sim):
            led.update(dict.fromkeys(name for name, node in sim.nodes.items() if getattr(node, "leads", False)))
            return len(led) < 2

        sim.always(the_first_to_lead_is_the_last)
        return sim

    sim = scenario()
    problem = broken(sim)
    assert "the_first_to_lead_is_the_last" in str(problem)
    assert story(sim, problem, scenario=scenario).about == ("p", "q", "r", "s")
    assert story(sim, problem).about == ("p", "q", "r", "s")


def test_a_sentence_is_about_the_nodes_that_it_names_or_about_all():
    sim = Simulation(Pretender("p"), Pretender("q"), Pretender("r"), seed=1).run(until=20)
    assert story(sim, "p and r disagree").about == ("p", "r")
    assert story(sim, "somebody is wrong").about == ("p", "q", "r")
    assert story(sim, "somebody is wrong", about=["q"]).about == ("q",)


def test_a_client_alone_cannot_know_what_servers_did():
    sim = Simulation(Store("s"), ScriptClient("alice", service="s"), seed=1).run(until=20)
    assert story(sim, "a write of alice is lost").about == ("s", "alice")


def test_an_error_is_about_the_node_in_which_it_was_raised():
    told = story(first(WATCHED, Crasher))
    lines, start = inspect.getsourcelines(Crasher.on_start)
    line = start + next(number for number, text in enumerate(lines) if "raise" in text)
    assert told.what == f"KeyError: 'what was I doing?' (line {line} of planted.py, in on_start)"
    assert told.about == ("store",)


def test_a_checkers_verdict_has_a_story():
    sim = Simulation(Store("s"), ScriptClient("alice", service="s"), seed=1).run(until=20)
    write = sim.history.invoke("alice", "write", "x", 1, now=lambda: 1.0)
    write.ok(None)
    read = sim.history.invoke("alice", "read", "x", None, now=lambda: 2.0)
    read.ok(7)
    verdict = check_linearizable(sim.history, Register())
    assert not verdict
    assert verdict.explain() in str(story(sim, verdict))
    with pytest.raises(ValueError, match="nothing is broken"):
        story(sim, check_linearizable([], Register()))


def test_what_repeats_itself_is_told_once():
    sim = Simulation(Pretender("p"), seed=1).run(until=70)
    assert story(sim, "p idles").lines == ["     7.000 ms  p's timer 'idle' runs out (10 times, the last at 70.000 ms)"]


def test_long_stories_are_printed_from_their_end():
    text = str(story(first(WATCHED, Lazy)))
    assert "earlier ones: print(*story.lines" in text
    assert "starts again" in text


# ---------------------------------------------------------------- happened before (Lamport 1978)


class Go(Message):
    hop: int


class Relay(Node):
    """Passes a message on to the next one."""

    def on_start(self):
        self.got = 0

    def act_begin(self, to):
        self.send(to, Go(1))

    def on_go(self, src, msg):
        self.got += 1
        for peer in self.peers:
            self.send(peer, Go(msg.hop + 1))


def test_what_happened_before_is_found_through_messages_and_nodes_and_nothing_else_is():
    sim = Simulation(Relay("a", peers=["b"]), Relay("b", peers=["c"]), Relay("c"), Relay("d"), Relay("e"), seed=1)
    sim.at(10, sim.act, "e", "begin", "d")  # concurrent with all else
    sim.at(20, sim.act, "d", "begin", "a")  # and d heard e before, if that came in time
    sim.at(200, sim.act, "d", "begin", "e")  # after it
    sim.run(until=300)
    past = happened_before(sim.trace, ["c"])
    sends = [(event.src, event.dest) for event in past if event.kind == "send"]
    heard_in_time = sim.trace.where(kind="deliver", dest="d")[0].time < 20
    assert sends == [("e", "d")] * heard_in_time + [("d", "a"), ("a", "b"), ("b", "c")]
    assert [event for event in past if event.kind == "deliver" and event.dest == "e"] == []


def test_what_a_node_did_after_its_last_message_is_not_in_the_past_of_another():
    sim = Simulation(Relay("a"), Relay("b"), seed=1)
    sim.at(10, sim.act, "a", "begin", "b")
    sim.at(100, sim.act, "b", "begin", "a")
    sim.run(until=200)
    past = happened_before(sim.trace, ["b"])
    assert [(event.kind, event.src) for event in past if event.msg is not None] == [
        ("send", "a"), ("deliver", "a"),
    ]  # fmt: skip


# ---------------------------------------------------------------- seeing it again


def test_a_replay_stops_where_it_went_wrong_with_every_state_recorded():
    told = story(first(WATCHED, Lazy))
    sim = told.replay()
    assert sim.now == told.at_ms
    assert sim.recorded == "state"
    assert sim.nodes["store"].stored < sim.nodes["writer"].acknowledged


def test_the_call_in_the_text_opens_the_same_run_in_the_player():
    for failure in (first(WATCHED, Lazy), shrink(JUDGED, Lazy, first(JUDGED, Lazy).seed).failure):
        told = story(failure)
        assert f"seed={failure.seed}, until_ms=" in told.call
        names = {}
        exec(told.call.replace("replay(rerun", "view = replay(rerun"), names)
        assert names["view"].sim.trace.digest() == told.replay().trace.digest()
        assert names["view"].bundle["faults"] == show_in_player(told.replay()).bundle["faults"]
        assert all(f"    {line}" in str(told) for line in told.call.splitlines())


def test_a_trace_is_recorded_although_the_trial_runs_without_one_and_changes_nothing():
    quick, slow = attempt(JUDGED, Lazy, 5), attempt(JUDGED, Lazy, 5, traced=True)
    assert quick.sim.recorded == "off"
    assert slow.sim.recorded == "state"
    assert quick.what == slow.what != ""


def test_the_story_of_a_simulation_is_replayed_by_its_scenario():
    sim = leaders(seed=9)
    told = story(sim, broken(sim), scenario=lambda: leaders(seed=9))
    again = told.replay()
    assert again.now == sim.now == 100
    assert again.recorded == "state"
    assert "leads=True" in str(story(again)), "what they know is in a trace of states"
    with pytest.raises(ValueError, match="nobody said how to make this run again"):
        story(sim).replay()


def test_a_run_is_found_by_the_names_of_its_trial_and_variant():
    sim = rerun(LEADERS, "Pretender", seed=3, faults=[Fault(20.0, "act", ("p", "lead"))])
    assert sim.now == LEADERS.until_ms
    with pytest.raises(ValueError, match="knows no variant 'Dreamer': it knows Pretender"):
        rerun(LEADERS, "Dreamer", seed=3)
    with pytest.raises(ValueError, match="there is no trial 'paxos'"):
        rerun("paxos", "Paxos", seed=3)
    for end in (-1, "soon"):
        with pytest.raises(ValueError, match="until_ms is"):
            rerun(LEADERS, "Pretender", seed=3, until_ms=end)


# ---------------------------------------------------------------- nothing to tell


def test_there_is_no_story_without_a_breach():
    sim = leaders()
    sim.set_faults([])
    with pytest.raises(ValueError, match=r"no property declared with sim\.always"):
        story(sim.run(until=50))
    with pytest.raises(ValueError, match="passes with seed 0 now, though it failed before"):
        story(Failure(WATCHED, Store, 0, "it was wrong"))


def test_there_is_no_story_without_a_trace():
    with pytest.raises(ValueError, match="there is no trace to tell from"):
        story(store(1, Lazy).run(until=100), "it forgot")
    with pytest.raises(ValueError, match="run it first"):
        story(leaders(), "two lead")
    with pytest.raises(TypeError, match="about a Failure, which hunt"):
        story("what happened?")
    found = hunt(WATCHED, Lazy, seeds=20)
    for told_already in (found, found.shrink(tries=1)):
        with pytest.raises(TypeError, match=r"has its story already, in \.story"):
            story(told_already)


def test_a_story_names_only_nodes_that_there_are():
    sim = leaders()
    with pytest.raises(ValueError, match="there is no node 'z'"):
        story(sim, broken(sim), about=["z"])
    with pytest.raises(TypeError, match=r"write about=\('p',\)"):
        story(sim, broken(sim), about="p")
