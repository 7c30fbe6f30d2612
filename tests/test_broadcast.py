"""Reliable broadcast: what is taken reaches everybody, once, through cuts and crashes."""

import pytest
from caught import caught

from dslib import Network, Request, ScriptClient, Simulation
from dslib.protocols.broadcast import TRIAL, Broadcast, Have, Share, TellsOnce
from dslib.testing import isolate


def test_a_new_message_is_passed_on_to_all_neighbours_but_the_one_it_came_from():
    alone = isolate(Broadcast("n1", peers=("n2", "n3")))
    assert alone.receive("n2", Share(("a",))) == [("n3", Share(("a",))), ("n2", Have(("a",)))]


def test_a_known_message_is_confirmed_and_not_passed_on():
    alone = isolate(Broadcast("n1", peers=("n2", "n3")))
    alone.receive("n2", Share(("a",)))
    assert alone.receive("n3", Share(("a",))) == [("n3", Have(("a",)))]


def test_what_is_not_confirmed_is_sent_again_and_what_is_confirmed_is_not():
    alone = isolate(Broadcast("n1", peers=("n2", "n3"), every_ms=100))
    alone.receive("user", Request(1, "broadcast", None, "a"))
    alone.receive("n2", Have(("a",)))
    assert alone.wait(100) == [("n3", Share(("a",)))]
    alone.receive("n3", Have(("a",)))
    assert alone.wait(1_000) == []


def test_it_is_on_disk_before_anybody_is_told():
    alone = isolate(Broadcast("n1", peers=("n2",)))
    alone.receive("user", Request(1, "broadcast", None, "a"))
    alone.crash()
    alone.restart()
    ((_, reply),) = alone.receive("user", Request(2, "read"))
    assert reply.result == ("a",)
    assert alone.wait(200) == [("n2", Share(("a",)))], "after a restart nobody is known to have it"


def test_a_topology_says_who_the_neighbours_are():
    alone = isolate(Broadcast("n1", peers=("n2", "n3")))
    alone.receive("user", Request(1, "topology", None, (("n1", ("n3",)), ("n2", ()))))
    sent = alone.receive("user", Request(2, "broadcast", None, "a"))
    assert [dest for dest, _ in sent] == ["n3", "user"]


def test_without_faults_a_line_of_n_nodes_needs_a_share_and_a_confirmation_for_each_link():
    names = [f"n{i}" for i in range(6)]
    nodes = [Broadcast(name, peers=names[max(0, i - 1) : i] + names[i + 1 : i + 2]) for i, name in enumerate(names)]
    user = ScriptClient("user", service="n0", script=[("broadcast", None, "a")])
    sim = Simulation(*nodes, user, network=Network(latency=5)).run(until=1_000)
    assert len(sim.trace.where(kind="send", msg=Share)) == len(sim.trace.where(kind="send", msg=Have)) == 5
    assert all(list(node._have) == ["a"] for node in nodes)


def test_the_trial_passes_what_is_right_and_not_what_tells_once():
    assert caught(TRIAL, Broadcast, range(100)) == []
    assert len(caught(TRIAL, TellsOnce, range(20))) >= 18


def test_a_time_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="every_ms=-1"):
        isolate(Broadcast("n1", every_ms=-1))
