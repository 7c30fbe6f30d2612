"""Hayashibara et al. 2004, "The φ accrual failure detector": one test per rule, with its section."""

from itertools import pairwise
from random import Random
from statistics import NormalDist, fmean, pstdev

import pytest
from caught import caught

from dslib import Network, Simulation
from dslib.protocols.phi_accrual import FAR, TRIAL, Beat, PhiAccrual, phi
from dslib.testing import isolate


def pair(seed=0, latency=(5, 15), **settings):
    return Simulation(
        PhiAccrual("p", peers=("q",), **settings),
        PhiAccrual("q", peers=("p",), **settings),
        network=Network(latency=latency),
        seed=seed,
    )


# ---------------------------------------------------------------- section IV: what φ is


@pytest.mark.parametrize("threshold", [1, 2, 3, 8])
def test_phi_is_minus_log10_of_the_probability_that_the_heartbeat_comes_later(threshold):
    z = -NormalDist().inv_cdf(10**-threshold)
    assert phi(100 + z * 7, mean=100, deviation=7) == pytest.approx(threshold, abs=1e-4)


def test_who_suspects_at_1_2_3_errs_in_10_1_and_0_1_percent_of_intervals():
    dice = Random(4)
    levels = [phi(dice.gauss(100, 20), mean=100, deviation=20) for _ in range(100_000)]
    for threshold, share in ((1, 0.1), (2, 0.01), (3, 0.001)):
        mistakes = sum(level >= threshold for level in levels)
        assert abs(mistakes - share * 100_000) < 4 * (share * 100_000) ** 0.5


def test_no_silence_at_all_is_no_suspicion_and_the_usual_interval_is_suspicion_0_3():
    assert phi(0, mean=100, deviation=10) == 0
    assert phi(100, mean=100, deviation=10) == pytest.approx(0.30103, abs=1e-6)


def test_phi_only_grows_with_silence_and_without_limit_even_where_probabilities_are_too_small_for_a_double():
    levels = [phi(100 + z / 50 * 10, mean=100, deviation=10) for z in range(5_000)]
    assert all(a < b for a, b in pairwise(levels))
    assert levels[-1] > 2_000
    before, after = (phi(z, 0, 1) for z in (FAR - 1e-9, FAR + 1e-9))
    assert after == pytest.approx(before, abs=1e-5)


# ---------------------------------------------------------------- section IV-B: the sampling window


def hear(node, gaps, first=1):
    """Heartbeats of r2, after ``gaps`` ms each."""
    for number, gap in enumerate(gaps, first):
        node.wait(gap)
        node.receive("r2", Beat(number))
    return node.node


def test_what_is_usual_is_the_mean_and_deviation_of_the_measured_intervals():
    gaps = [90, 130, 70, 110, 95, 105]
    node = hear(isolate(PhiAccrual("r1", peers=("r2",), window=6)), gaps)
    assert node.estimate("r2") == (pytest.approx(fmean(gaps)), pytest.approx(pstdev(gaps)))


def test_the_window_slides_so_an_old_pace_is_forgotten_after_as_many_heartbeats_as_it_holds():
    node = isolate(PhiAccrual("r1", peers=("r2",), window=10))
    hear(node, [100] * 20)
    hear(node, [300, 320] * 4, first=21)
    assert node.node.estimate("r2")[0] < 300
    assert hear(node, [300, 320], first=29).estimate("r2") == (310, pytest.approx(10))


def test_the_same_silence_is_more_suspicious_where_intervals_are_usually_alike():
    calm = hear(isolate(PhiAccrual("r1", peers=("r2",), window=20)), [95, 105] * 10)
    wild = hear(isolate(PhiAccrual("r1", peers=("r2",), window=20)), [40, 160] * 10)
    assert phi(200, *calm.estimate("r2")) > 8 > 2 > phi(200, *wild.estimate("r2"))


def test_a_copy_and_an_overtaken_heartbeat_are_no_news():
    node = isolate(PhiAccrual("r1", peers=("r2",), window=5))
    hear(node, [100, 100, 100])
    before = node.node.estimate("r2")
    for number in (3, 2):
        node.wait(50)
        node.receive("r2", Beat(number))
    assert node.node.estimate("r2") == before
    node.receive("stranger", Beat(1))
    assert node.node.suspected(0) == ("r2",)


# ---------------------------------------------------------------- section III: the four properties


def test_asymptotic_completeness_and_eventual_monotony_the_level_of_the_dead_grows_for_ever():
    sim = pair()
    sim.at(3_000, sim.crash, "q")
    levels = [sim.run(until=t).nodes["p"].levels["q"] for t in range(3_400, 10_000, 200)]
    assert all(a < b for a, b in pairwise(levels))
    assert levels[-1] > 1_000


def test_upper_bound_the_level_of_the_living_stays_below_a_cautious_threshold():
    for seed in range(10):
        sim = pair(seed, latency=(5, 95)).run(until=3_000)
        sim.always(lambda sim: sim.nodes["p"].levels["q"] < 8)
        sim.run(until=10_000)


def test_reset_a_heartbeat_takes_the_level_down_however_high_it_was():
    sim = pair()
    sim.at(3_000, sim.network.cut, "p", "q")
    sim.at(5_000, sim.network.heal)
    assert sim.run(until=5_000).nodes["p"].suspected(8) == ("q",)
    assert sim.run(until=5_200).nodes["p"].suspected(1) == ()


# ---------------------------------------------------------------- one monitor, many applications


def test_several_thresholds_share_one_monitor_and_a_higher_one_suspects_later():
    sim = pair(thresholds=(8.0, 1.0, 3.0), look=1.0)
    sim.at(3_000, sim.crash, "q")
    sim.run(until=4_000)
    reached = {e.detail: e.time for e in sim.trace.where(kind="log", src="p", after=3_000)}
    times = [reached[f"suspects q: φ reaches {threshold}"] for threshold in (1, 3, 8)]
    assert times == sorted(times)
    assert len(set(times)) == 3


def test_a_low_threshold_errs_more_often_and_notices_sooner():
    mistakes, noticed = {1: 0, 3: 0}, {1: [], 3: []}
    for seed in range(10):
        sim = pair(seed, latency=(5, 95), look=5.0, thresholds=(1, 3))
        sim.at(8_000, sim.crash, "q")
        sim.run(until=10_000)
        for threshold in (1, 3):
            rows = [e.time for e in sim.trace.where(kind="log", detail=f"suspects q: φ reaches {threshold}")]
            mistakes[threshold] += sum(2_000 < time < 8_000 for time in rows)
            noticed[threshold].append(rows[-1] - 8_000)
    assert mistakes[1] > 10 * max(1, mistakes[3])
    assert fmean(noticed[1]) < fmean(noticed[3])


def test_who_restarts_goes_on_counting_and_is_trusted_again():
    sim = pair()
    sim.at(3_000, sim.crash, "q")
    sim.at(4_000, sim.restart, "q")
    assert sim.run(until=3_990).nodes["p"].suspected(8) == ("q",)
    assert sim.run(until=4_500).nodes["p"].suspected(3) == ()


# ---------------------------------------------------------------- bad input, and the trial


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"peers": ()}, "nobody to watch"),
        ({"period": 0}, "period=0"),
        ({"look": float("nan")}, "look=nan"),
        ({"least_deviation": -1}, "least_deviation=-1"),
        ({"window": 0}, "window=0"),
        ({"window": 2.5}, "window=2.5"),
        ({"thresholds": ()}, "thresholds"),
        ({"thresholds": (1, 0)}, "thresholds"),
    ],
)
def test_a_monitor_that_cannot_work_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        PhiAccrual("p", **{"peers": ("q",), **settings})


def test_the_trial_passes_the_detector():
    assert caught(TRIAL, TRIAL.right, range(60)) == []


@pytest.mark.parametrize("wrong", TRIAL.wrong)
def test_the_trial_fails_each_known_bad_variant(wrong):
    assert len(caught(TRIAL, wrong, range(15))) >= 5
