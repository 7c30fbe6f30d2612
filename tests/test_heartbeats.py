"""Heartbeats as a failure detector (Chandra and Toueg 1996): completeness, accuracy, and what each costs.

The detector's own rules are tested in test_majority.py, together with lesson 5, which uses it.
"""

import pytest
from caught import caught

from dslib import Network, Simulation
from dslib.protocols.heartbeats import TRIAL, Heartbeat, Heartbeats


def group(n=4, kind=Heartbeats, seed=0, latency=(5, 15)):
    names = [f"r{i}" for i in range(1, n + 1)]
    return Simulation(
        *(kind(name, peers=[p for p in names if p != name]) for name in names),
        network=Network(latency=latency),
        seed=seed,
    )


def test_completeness_who_crashed_is_suspected_by_everybody_within_the_timeout_and_one_delay():
    for seed in range(20):
        sim = group(seed=seed)
        sim.at(5_000, sim.crash, "r2")
        sim.run(until=5_000 + Heartbeats.timeout + 15)
        for name in ("r1", "r3", "r4"):
            assert sim.nodes[name].suspected == ("r2",), f"seed {seed}"


def test_accuracy_nobody_is_suspected_while_the_timeout_exceeds_the_period_by_more_than_delays_differ():
    for seed in range(20):
        sim = group(seed=seed, latency=(0, 400)).run(until=2_000)
        sim.always(lambda sim: not any(node.suspected for node in sim.nodes.values()))
        sim.run(until=20_000)


def test_silence_is_no_proof_of_death_a_slow_link_makes_it_suspect_the_living_and_it_takes_that_back():
    sim = group(n=2)
    mistaken = sim.sometimes(lambda sim: sim.now > 3_000 and sim.nodes["r1"].suspected == ("r2",))
    sim.at(5_000, sim.network.degrade, "r2", "r1", delay=2_000, one_way=True)
    sim.run(until=10_000)
    assert mistaken
    assert sim.nodes["r1"].suspected == ()


@pytest.mark.parametrize("n", [2, 5, 10])
def test_everybody_tells_everybody_so_a_period_costs_n_times_n_minus_1_messages(n):
    sim = group(n=n).run(until=10 * Heartbeats.period - 1)
    assert len(sim.trace.where(kind="send", msg=Heartbeat)) == 10 * n * (n - 1)


def test_the_trial_passes_the_detector_and_fails_each_known_bad_variant():
    assert caught(TRIAL, TRIAL.right, range(100)) == []
    for wrong in TRIAL.wrong:
        assert len(caught(TRIAL, wrong, range(20))) >= 5, wrong.__name__
