"""Faults are values: listed, printed, replayed."""

import pytest

from dslib import Fault, Node, Simulation


def three():
    return Simulation(*map(Node, "abc"))


def broken():
    sim = three()
    sim.at(100, sim.network.partition, {"c", "a"}, {"b"})
    sim.at(50.5, sim.crash, "b")
    sim.at(200, sim.network.heal)
    sim.at(60, sim.restart, "b")
    sim.at(70, sim.network.cut, "c", "a", one_way=True)
    sim.at(80, sim.network.cut, "c", "a")
    sim.at(90, sim.network.heal, "c", "a")
    sim.at(95, sim.jump_clock, "a", -30.5)
    return sim


def test_faults_are_listed_by_time_and_print_as_the_calls_that_made_them():
    assert [str(f) for f in broken().faults] == [
        "sim.at(50.5, sim.crash, 'b')",
        "sim.at(60, sim.restart, 'b')",
        "sim.at(70, sim.network.cut, 'c', 'a', True)",
        "sim.at(80, sim.network.cut, 'a', 'c')",
        "sim.at(90, sim.network.heal, 'a', 'c')",
        "sim.at(95, sim.jump_clock, 'a', -30.5)",
        "sim.at(100, sim.network.partition, {'a', 'c'}, {'b'})",
        "sim.at(200, sim.network.heal)",
    ]


def test_what_a_fault_prints_makes_the_same_fault():
    original = broken()
    sim = three()
    for f in original.faults:
        eval(str(f), {"sim": sim})
    assert sim.faults == original.faults


def test_a_fault_survives_json_and_a_scenario_runs_under_another_list():
    original = broken().run(until=300)
    again = three()
    again.set_faults(Fault.from_json(f.to_json()) for f in original.faults)
    assert again.faults == original.faults
    assert again.run(until=300).trace.digest() == original.trace.digest()
    fewer = broken()
    fewer.set_faults(original.faults[:2])
    fewer.run(until=300)
    assert len(fewer.trace.where(kind="fault")) == 2


def test_a_fault_that_strikes_at_once_is_listed_too():
    sim = three().run(until=40)
    sim.crash("a")
    sim.network.partition({"a"}, {"b"})
    assert [(f.at, f.call) for f in sim.faults] == [(40, "crash"), (40, "network.partition")]
    assert not sim.network.connected("a", "b")


def test_set_faults_keeps_other_things_that_were_scheduled_and_comes_before_the_run():
    called = []
    sim = broken()
    sim.at(10, called.append, "kept")
    sim.set_faults([])
    sim.run(until=300)
    assert called == ["kept"]
    assert sim.faults == []
    with pytest.raises(RuntimeError, match="the run has begun"):
        sim.set_faults([])


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        (lambda sim: sim.at(1, sim.crash, "z"), "no node 'z'; the nodes are 'a', 'b', 'c'"),
        (lambda sim: sim.at(1, sim.crash, sim.nodes["a"]), "write 'a', not the node itself"),
        (lambda sim: sim.at(1, sim.network.partition, {"a"}), "needs two groups"),
        (lambda sim: sim.at(1, sim.network.partition, {"a"}, {"a", "b"}), "'a' stands in two groups"),
        (lambda sim: sim.at(1, sim.network.partition, ["a", "a"], ["b"]), "'a' stands twice"),
        (lambda sim: sim.at(1, sim.network.partition, {"a"}, set()), "group of nodes is empty"),
        (lambda sim: sim.at(1, sim.network.partition, "a", {"b"}), r"write \{'a'\}"),
        (lambda sim: sim.at(1, sim.network.partition, {"a"}, {"q"}), "no node 'q'"),
        (lambda sim: sim.at(1, sim.network.cut, "a", "a"), "names node 'a' twice"),
        (lambda sim: sim.at(1, sim.network.cut, "a", "b", "yes"), "one_way is 'yes'"),
        (lambda sim: sim.at(1, sim.network.heal, "a"), "no node .everything. or two"),
        (lambda sim: sim.at(1, sim.jump_clock, "a", float("nan")), "finite number of ms"),
        (lambda sim: sim.at(-1, sim.crash, "a"), "number of milliseconds"),
        (lambda sim: sim.set_faults([Fault(1, "explode", ("a",))]), "'explode' is not a fault: the faults are .*crash"),
        (lambda sim: sim.set_faults([Fault(1, "crash", ())]), r"wrong arguments for sim.crash.node.: missing"),
        (lambda sim: sim.set_faults([Fault(1, "_advance", ())]), "not a fault"),
        (lambda sim: sim.set_faults([Fault(float("nan"), "crash", ("a",))]), "number of milliseconds"),
        (lambda sim: sim.set_faults([Fault.from_json({"at": "x"})]), "is not a fault: write"),
    ],
)
def test_a_fault_that_cannot_happen_is_refused_when_it_is_scheduled_and_changes_nothing(schedule, says):
    sim = three()
    sim.at(10, sim.crash, "b")
    with pytest.raises(ValueError, match=says):
        schedule(sim)
    assert [str(f) for f in sim.faults] == ["sim.at(10, sim.crash, 'b')"]
