"""Lesson 2: what its demonstrations claim, on twenty seeds and more."""

from math import inf, sqrt

import pytest

from dslib.metrics import good_share, what_users_saw
from dslib.places import distance_km, light_ms
from dslib.scenarios import (
    LAWS,
    SITES,
    UPGRADES,
    WRITE_WAITS,
    Box,
    Fit,
    aftermath,
    answered,
    bill,
    decide,
    fetch_ms,
    fit_usl,
    kept_at,
    pieces_a_second,
    placements,
    rented,
    sharing,
    trips,
    try_placing,
    two_cities,
    two_cities_seen,
    upgrading,
    usl,
    usl_peak,
    who_works,
    workshop,
)
from dslib.scenarios.reasons import REASONS, STORIES, try_matching
from dslib.sweeps import estimate

SEEDS = range(20)
BOTH, ONE = WRITE_WAITS

# ---------------------------------------------------------------- D2.1 the speed of light


def test_light_needs_119_ms_from_new_york_to_shanghai_and_back():
    assert distance_km("New York", "Shanghai") == pytest.approx(11_900, abs=50)
    assert 2 * light_ms("New York", "Shanghai") == pytest.approx(119, abs=0.5)


@pytest.mark.parametrize("far", ["Shanghai", "London", "Sydney"])
def test_an_edge_cuts_reads_and_not_writes_that_wait_for_both_copies(far):
    floor = 2 * light_ms("New York", far)
    for seed in SEEDS:
        central, edge = trips(False, far=far, seed=seed), trips(True, BOTH, far, seed=seed)
        assert central.bob_reads >= floor > 10 * edge.bob_reads, seed
        assert min(central.bob_writes, edge.bob_writes, edge.alice_writes) >= floor, seed
        assert central.alice_writes < 3, seed
        assert central.old_reads == edge.old_reads == 0, seed


def test_an_edge_that_does_not_wait_is_quick_and_shows_old_pages():
    for seed in SEEDS:
        quick = trips(True, ONE, seed=seed)
        assert max(quick[:4]) < 3, seed
        assert quick.old_reads > 0, seed


def test_both_copies_hold_everything_in_the_end():
    for seed in SEEDS:
        for waits in WRITE_WAITS:
            sim = two_cities(seed, True, waits).run(until=4_000)
            assert sim.nodes["home"].pages == sim.nodes["edge"].pages == {"alice": 4, "bob": 4}, (seed, waits)
            assert all(one.outcome in ("good", "wrong") for one in two_cities_seen(sim)), (seed, waits)


def test_a_wider_line_helps_a_large_file_and_never_below_the_floor():
    floor = 2 * light_ms("New York", "Shanghai")
    small, large = ([fetch_ms(kb, "New York", "Shanghai", pace) for pace in (1, 10, 1_000)] for kb in (1, 10_000))
    assert small[0] - small[2] < 1.1
    assert large[0] > 80 * floor
    assert floor < large[2] < 1.1 * floor


# ---------------------------------------------------------------- D2.2 scaling up to the wall


def test_the_law_has_the_peak_that_the_formula_says():
    assert usl_peak(0.05, 0.001) == pytest.approx(30.8, abs=0.05)
    assert usl(31, 0.05, 0.001) == pytest.approx(9.04, abs=0.01)
    for sigma, kappa in ((0.05, 0.001), (0.0, 0.01), (0.3, 0.0002)):
        best = max(range(1, 200), key=lambda n: usl(n, sigma, kappa))
        assert abs(best - usl_peak(sigma, kappa)) <= 1
        assert usl(4 * best, sigma, kappa) < usl(best, sigma, kappa)
    assert usl_peak(0.1, 0) == inf
    assert usl(1e9, 0.1, 0) == pytest.approx(10)


def test_a_fit_finds_the_law_from_which_the_data_came():
    ns = [1, 2, 4, 8, 16, 32, 64]
    for sigma, kappa in ((0.05, 0.001), (0.02, 0.0), (0.0, 0.01)):
        fit = fit_usl(ns, [70 * usl(n, sigma, kappa) for n in ns])
        assert fit.sigma == pytest.approx(sigma, abs=1e-9)
        assert fit.kappa == pytest.approx(kappa, abs=1e-9)
        assert fit.at(10) == pytest.approx(70 * usl(10, sigma, kappa))


def test_in_the_workshop_more_workers_do_less_beyond_a_peak_that_the_fit_finds_roughly():
    ns = [1, 2, 4, 8, 16, 32]
    for seed in SEEDS:
        done = [pieces_a_second(seed, n, seconds=1.5) for n in ns]
        assert done[0] < done[1] < done[2] < max(done[3:5]), seed
        assert max(done) > 1.3 * done[-1], seed
        fit = fit_usl(ns, done)
        assert isinstance(fit, Fit)
        assert 5 < fit.peak < 20, (seed, fit)
        assert "peak at" in str(fit)


def test_without_telling_there_is_a_ceiling_and_no_fall():
    for seed in SEEDS:
        done = [pieces_a_second(seed, n, tell=0.0, seconds=1.5) for n in (8, 16, 32)]
        assert 0.9 * done[1] < done[2] <= 501, seed  # 2 ms for each entry: never more than 500 a second


def test_one_worker_does_what_its_times_say():
    """Statistical: 10 ms of work and 2 ms for the entry make 1,000 / 12 a second, within four standard errors."""
    found = estimate(pieces_a_second(seed, 1, seconds=3) for seed in range(60))
    assert abs(found.mean - 1_000 / 12) < 4 * (found.high - found.low) / 2 / 1.96, found


# ---------------------------------------------------------------- D2.3 who pays?


def test_a_servers_cost_grows_with_the_users_and_a_swarms_stays_near_flat():
    for seed in SEEDS:
        alone = [bill(seed, peers, swarm=False).origin_mb for peers in (4, 16, 32)]
        swarm = [bill(seed, peers, swarm=True).origin_mb for peers in (4, 16, 32)]
        assert alone == pytest.approx([peers * alone[0] / 4 for peers in (4, 16, 32)]), seed
        assert swarm[2] < 1.02 * swarm[0], seed


def test_in_a_swarm_everybody_gets_everything_and_what_the_origin_saves_the_peers_pay():
    for seed in SEEDS:
        alone, swarm = bill(seed, 32, swarm=False), bill(seed, 32, swarm=True)
        assert swarm.seconds < alone.seconds < inf, seed
        assert alone.peer_mb == 0, seed
        assert swarm.origin_mb + 32 * swarm.peer_mb == pytest.approx(alone.origin_mb, rel=0.01), seed
        sim = sharing(seed, 12).run(until=60_000)
        assert all(len(node.has) == 20 for name, node in sim.nodes.items() if name != "origin"), seed


# ---------------------------------------------------------------- D2.4 where may data live?


def test_how_many_placements_the_laws_leave():
    found = {law: [len(placements(law, apart)) for apart in ("building", "country")] for law in LAWS}
    assert found == {"anywhere": [56, 40], "in the Union": [10, 3], "in Germany": [1, 0]}


def test_a_raid_takes_a_whole_country_and_spares_those_who_stand_in_three():
    for seed in SEEDS:
        together = aftermath("Frankfurt 1", "Frankfurt 2", "Berlin 1", raid="Germany", seed=seed)
        assert not together.went_on, seed
        assert (together.saves, together.reads) == (0, 0), seed
        assert together.lost > 0, seed
        two_of_three = aftermath("Frankfurt 1", "Berlin 1", "Paris 1", raid="Germany", seed=seed)
        assert (two_of_three.saves, two_of_three.reads, two_of_three.lost) == (0, 1, 0), seed
        for country in ("Germany", "France", "Ireland"):
            assert aftermath("Frankfurt 1", "Paris 1", "Dublin 1", raid=country, seed=seed).went_on, (seed, country)


def test_a_fire_takes_one_building_and_its_neighbours_go_on():
    for seed in SEEDS:
        for building in ("Frankfurt 1", "Frankfurt 2", "Berlin 1"):
            assert aftermath("Frankfurt 1", "Frankfurt 2", "Berlin 1", fire=building, seed=seed).went_on, seed
        assert aftermath("Frankfurt 1", fire="Frankfurt 1", seed=seed).lost > 0, seed


def test_enumeration_and_raids_agree_on_every_placement():
    good = set(placements("anywhere", "country"))
    for sites in placements("anywhere", "building"):
        survives = all(aftermath(*sites, raid=country).went_on for country in {site.country for site in sites})
        assert survives == (sites in good), sites


def test_the_farther_apart_the_longer_a_save_takes():
    for seed in SEEDS:
        near, far = (aftermath("Frankfurt 1", *others, seed=seed) for others in (
            ("Frankfurt 2", "Berlin 1"), ("Ashburn 1", "Singapore 1")
        ))  # fmt: skip
        assert far.save_ms > near.save_ms + 40, seed


# ---------------------------------------------------------------- D2.6 state moves to a server


def test_who_works_on_depends_on_where_the_document_is_kept():
    for seed in SEEDS:
        found = {(on, what): tuple(who_works(on, what, seed)) for on in ("laptop", "server") for what in (
            "the laptop", "the server", "the laptop's line"
        )}  # fmt: skip
        assert found == {
            ("laptop", "the laptop"): (False, False),
            ("laptop", "the server"): (True, True),
            ("laptop", "the laptop's line"): (True, False),
            ("server", "the laptop"): (False, True),
            ("server", "the server"): (False, False),
            ("server", "the laptop's line"): (False, True),
        }, seed


def test_only_an_upgrade_one_by_one_that_is_drained_loses_nothing():
    for seed in SEEDS:
        at_once, one_by_one, drained = (answered(upgrading(seed, 3, how, trace="off")) for how in UPGRADES)
        assert drained == 1, seed
        assert at_once < 0.97, seed
        assert one_by_one < 0.97, seed
        assert answered(upgrading(seed, 1, UPGRADES[2], trace="off")) < 0.95, seed


def test_a_service_is_down_while_what_it_needs_is_down_unless_it_remembers():
    for seed in SEEDS:
        for down_ms in (3_000, 9_000):
            bare, remembers = (
                good_share(what_users_saw(sim.history, sim.now, within=300))
                for sim in (
                    rented(seed, down_ms, remember, trace="off").run(until=30_000) for remember in (False, True)
                )
            )
            assert bare == pytest.approx(1 - down_ms / 30_000, abs=0.005), seed
            assert remembers == 1, seed


# ---------------------------------------------------------------- D2.5 do you need it?


def test_one_box_is_enough_for_a_small_wish_and_the_card_says_why():
    small = decide(requests_s=5, data_gb=10, down_minutes=120, cities=["Berlin"], budget=100)
    assert small.one_box
    assert small.affordable
    assert str(small).startswith("One box is enough.")
    assert len(small.reasons) == 4


@pytest.mark.parametrize(
    ("wish", "word", "boxes"),
    [
        ({"requests_s": 2_000}, "it takes 3", 3),
        ({"data_gb": 4_000}, "it takes 3", 3),
        ({"down_minutes": 5}, "With 2 copies", 2),
        ({"cities": ["Berlin", "Sydney"]}, "It takes 2 places", 2),
        ({"requests_s": 2_000, "down_minutes": 5, "cities": ["Berlin", "Sydney"]}, "With 2 copies", 6),
    ],
)
def test_each_wish_can_ask_for_more_boxes_alone(wish, word, boxes):
    found = decide(**wish, budget=10_000)
    assert found.boxes == boxes
    assert found.affordable
    assert any(word in reason for reason in found.reasons)


def test_the_card_computes_what_it_says():
    assert Box().down_minutes == 60
    two = decide(down_minutes=5)
    assert f"about {(60 / 43_200) ** 2 * 43_200:.2g}" in two.reasons[2]
    assert f"{2 * light_ms('London', 'New York'):.0f} ms" in decide(cities=["London", "New York"]).reasons[3]
    assert decide(requests_s=690).one_box
    assert not decide(requests_s=710).one_box
    assert decide(requests_s=2_000, budget=100).affordable is False
    assert "The dearest wish is about load and data" in decide(requests_s=5_000, budget=100).advice
    assert "No single wish is to blame" in decide(down_minutes=5, cities=["Berlin", "Sydney"], budget=60).advice
    assert sqrt(decide(down_minutes=1e-9).boxes) > 2, "five copies at most"
    assert "Not even 5" in str(decide(down_minutes=1e-12))


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: two_cities(far="Shangai"), "did you mean 'Shanghai'"),
        (lambda: two_cities(write_waits="for none"), "write_waits is 'for none'"),
        (lambda: two_cities(turns=0), "turns is 0"),
        (lambda: fetch_ms(0, "Paris", "London"), "kilobytes is 0"),
        (lambda: usl(0, 0.1, 0.1), "n is 0"),
        (lambda: usl(4, -0.1, 0.1), "sigma is -0.1"),
        (lambda: usl_peak(0.1, 2), "kappa is 2"),
        (lambda: fit_usl([1, 2], [10, 19]), "write 3 or more of each"),
        (lambda: fit_usl([2, 4, 8], [10, 19, 30]), "first measurement is that of one worker"),
        (lambda: fit_usl([1, 2, 4], [10, 0, 30]), "leave out what did nothing"),
        (lambda: workshop(workers=0), "workers is 0"),
        (lambda: workshop(tell=-1), "tell is -1"),
        (lambda: sharing(peers=0), "peers is 0"),
        (lambda: placements("on the Moon"), "the law is 'on the Moon'"),
        (lambda: placements(apart="planet"), "apart is 'planet'"),
        (lambda: placements(copies=9), "copies is 9"),
        (lambda: kept_at(), "no site is given"),
        (lambda: kept_at("Rome 1"), "there is no site 'Rome 1'"),
        (lambda: kept_at("Paris 1", "Paris 1"), "a site is given twice"),
        (lambda: kept_at("Paris 1", raid="Spain"), "nothing stands in a jurisdiction 'Spain'"),
        (lambda: who_works("paper"), "kept_on is 'paper'"),
        (lambda: who_works("laptop", "the heart"), "breaks is 'the heart'"),
        (lambda: upgrading(how="never"), "how is 'never'"),
        (lambda: upgrading(servers=9), "servers is 9"),
        (lambda: rented(down_ms=-1), "down_ms is -1"),
        (lambda: decide(requests_s=0), "requests_s is 0"),
        (lambda: decide(cities=[]), "there are 0 cities"),
        (lambda: decide(cities=["Atlantis"]), "there is no city 'Atlantis'"),
        (lambda: decide(budget=-1), "the budget is -1"),
        (lambda: Box(cost=0), "cost of a box is 0"),
        (lambda: Box(failures_a_year=1_000), "no number of them helps"),
    ],
)
def test_what_a_scenario_cannot_do_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- your turn


def countries(sites):
    return {site.country for site in sites}


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        (lambda sites, allowed: countries(sites) <= allowed and len(countries(sites)) == 3, True),
        (lambda sites, allowed: all(s.country in allowed for s in sites) and len(countries(sites)) == len(sites), True),
        (lambda sites, allowed: True, False),
        (lambda sites, allowed: False, False),
        (lambda sites, allowed: countries(sites) <= allowed, False),
        (lambda sites, allowed: len(countries(sites)) == 3, False),
        (lambda sites, allowed: countries(sites) <= allowed and len(countries(sites)) >= 2, False),
        (lambda sites, allowed: countries(sites) <= allowed and len({s.city for s in sites}) == 3, False),
        (lambda sites, allowed: countries(sites) <= allowed - {"USA"} and len(countries(sites)) == 3, False),
    ],
)
def test_only_a_rule_that_obeys_the_law_and_survives_every_raid_stands_the_test(rule, passes):
    assert [bool(try_placing(rule, seed)) for seed in range(3)] == [passes] * 3


def test_what_is_wrong_with_a_rule_is_said_and_where_to_look():
    assert "a raid in Germany stops it" in repr(try_placing(lambda sites, allowed: countries(sites) <= allowed))
    assert "Count how many different countries" in try_placing(lambda sites, allowed: True).conclusion
    assert "is it among the allowed ones" in try_placing(lambda sites, allowed: len(countries(sites)) == 3).conclusion
    assert "Ask for less" in try_placing(lambda sites, allowed: False).conclusion
    assert "gives None; return True" in try_placing(lambda sites, allowed: None).conclusion
    assert "stops with NameError" in try_placing(lambda sites, allowed: country).conclusion  # noqa: F821
    assert "stops with TypeError" in try_placing(lambda sites: True).conclusion
    assert "hand over the function itself" in try_placing(True).conclusion
    assert len(SITES) == 8


# ---------------------------------------------------------------- ten stories, ten reasons


def test_each_reason_stands_behind_one_story_and_only_the_right_match_fits():
    right = {letter: story.reason for letter, story in STORIES.items()}
    assert sorted(right.values()) == list(range(1, 11))
    assert try_matching(**right)
    for letter in right:
        for other in REASONS:
            verdict = try_matching(**{**right, letter: other})
            assert bool(verdict) == (other == right[letter])
            if other != right[letter]:
                assert STORIES[letter].nudge in repr(verdict)


def test_what_is_no_match_is_said_and_nothing_is_given_away():
    assert "0 of 10 fit" in repr(try_matching())
    assert "the reasons have the numbers 1 to 10" in repr(try_matching(a=11, b=True))
    assert "There is no story 'z'" in repr(try_matching(z=1))
    for story in STORIES.values():
        assert REASONS[story.reason] not in story.nudge
