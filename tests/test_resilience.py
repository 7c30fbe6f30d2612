"""Remedies in a few lines: rate limits, breakers, bulkheads, caches and quarantine, each on its own."""

from math import inf, nan

import pytest

from dslib.resilience import Bulkhead, Cache, CircuitBreaker, Quarantine, RateLimit

# -- rate limit ----------------------------------------------------------------------------------------------------


def test_a_full_bucket_lets_a_burst_pass_and_then_one_for_each_token():
    limit = RateLimit(rate=10, burst=3)
    assert [limit.allows("acme", 0) for _ in range(4)] == [True, True, True, False]
    assert not limit.allows("acme", 99)
    assert limit.allows("acme", 100)
    assert not limit.allows("acme", 199)
    assert limit.allows("acme", 200)


def test_a_bucket_holds_no_more_than_the_burst_however_long_it_was_quiet():
    limit = RateLimit(rate=10, burst=2)
    limit.allows("acme", 0)
    assert [limit.allows("acme", 1e6) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("every_ms", [1, 7, 10, 100 / 3])
def test_asking_in_vain_does_not_put_off_the_next_token(every_ms):
    limit = RateLimit(rate=10)
    assert limit.allows("acme", 0)
    asked = 1
    while asked * every_ms < 100:
        assert not limit.allows("acme", asked * every_ms), f"{asked * every_ms} ms after the only token was taken"
        asked += 1
    assert limit.allows("acme", 100), f"the token of 100 ms got lost in {asked} small sums"


def test_each_key_has_a_bucket_of_its_own():
    limit = RateLimit(rate=1)
    assert limit.allows("acme", 0)
    assert not limit.allows("acme", 0)
    assert limit.allows("bob", 0)


@pytest.mark.parametrize("settings", [{"rate": 0}, {"rate": -1}, {"rate": inf}, {"rate": nan}, {"rate": "10"}])
def test_an_impossible_rate_is_refused(settings):
    with pytest.raises(ValueError, match=r"RateLimit\(rate=.*\): write a number above 0"):
        RateLimit(**settings)


@pytest.mark.parametrize("burst", [0, 0.5, nan, True])
def test_a_bucket_too_small_for_one_token_is_refused_because_nobody_would_ever_pass(burst):
    with pytest.raises(ValueError, match=r"RateLimit\(burst=.*\): write a number from 1 on"):
        RateLimit(rate=10, burst=burst)


# -- circuit breaker -----------------------------------------------------------------------------------------------


def opened(failures=3, open_ms=100):
    """A breaker that opened at 0."""
    breaker = CircuitBreaker(failures, open_ms)
    for _ in range(failures):
        assert breaker.allows(0)
        breaker.did_fail(0)
    assert breaker.state(0) == "open"
    return breaker


def test_a_breaker_opens_after_so_many_failures_in_a_row():
    breaker = CircuitBreaker(failures=3, open_ms=100)
    for _ in range(2):
        breaker.did_fail(0)
    assert breaker.state(0) == "closed"
    breaker.succeeded(0)
    for _ in range(2):
        breaker.did_fail(0)
    assert breaker.allows(0), "an answer in between did not count"
    breaker.did_fail(0)
    assert not breaker.allows(0)


def test_an_open_breaker_lets_nothing_pass_until_its_time_is_over_and_then_one_call():
    breaker = opened()
    assert not breaker.allows(99)
    assert breaker.state(100) == "half open"
    assert breaker.allows(100)
    assert not breaker.allows(100)
    assert not breaker.allows(10_000), "the others wait for the fate of the first"


def test_a_trial_that_succeeds_closes_the_breaker_and_its_count_begins_anew():
    breaker = opened()
    breaker.allows(100)
    breaker.succeeded(110)
    assert breaker.state(110) == "closed"
    breaker.did_fail(120)
    breaker.did_fail(120)
    assert breaker.allows(120)


def test_one_failed_trial_opens_the_breaker_again_for_the_whole_time():
    breaker = opened()
    breaker.allows(100)
    breaker.did_fail(130)
    assert breaker.state(229) == "open"
    assert breaker.allows(230), "a second trial"


def test_calls_made_before_the_breaker_opened_decide_nothing_any_more():
    breaker = opened()
    breaker.did_fail(90)
    assert breaker.state(100) == "half open", "a straggler kept it open longer"
    breaker.did_fail(100)
    assert breaker.state(100) == "half open"
    breaker = opened()
    breaker.succeeded(50)
    assert breaker.state(50) == "open"


def test_one_may_ask_a_breaker_without_making_the_call():
    breaker = opened()
    assert not breaker.would_allow(99)
    assert breaker.would_allow(100)
    assert breaker.would_allow(100)
    assert breaker.allows(100)
    assert not breaker.would_allow(100)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"failures": 0}, r"CircuitBreaker\(failures=0\): write a whole number above 0"),
        ({"failures": 1.5}, r"CircuitBreaker\(failures=1.5\): write a whole number above 0"),
        ({"failures": True}, r"CircuitBreaker\(failures=True\): write a whole number above 0"),
        ({"open_ms": -1}, r"CircuitBreaker\(open_ms=-1\): write a number above 0"),
        ({"open_ms": inf}, r"CircuitBreaker\(open_ms=inf\): write a number above 0"),
    ],
)
def test_an_impossible_breaker_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        CircuitBreaker(**settings)


# -- bulkhead, cache, quarantine -----------------------------------------------------------------------------------


def test_a_bulkhead_has_room_for_so_many_at_once():
    bulkhead = Bulkhead(2)
    assert [bulkhead.enter() for _ in range(3)] == [True, True, False]
    bulkhead.leave()
    assert [bulkhead.enter() for _ in range(2)] == [True, False]
    assert bulkhead.inside == 2


@pytest.mark.parametrize("limit", [0, -1, 2.5, None])
def test_a_bulkhead_without_room_is_refused(limit):
    with pytest.raises(ValueError, match=r"Bulkhead\(limit=.*\): write a whole number above 0"):
        Bulkhead(limit)


def test_a_cache_gives_fresh_answers_then_stale_ones_then_none():
    cache = Cache(ttl_ms=100, stale_ms=300)
    cache.put("x", "old", now=1_000)
    assert cache.fresh("x", 1_100) == ("old", 100)
    assert cache.fresh("x", 1_101) is None
    assert cache.stale("x", 1_300) == ("old", 300)
    assert cache.stale("x", 1_301) is None
    assert cache.fresh("y", 1_000) is None


def test_a_newer_answer_replaces_the_older_one_and_is_fresh_again():
    cache = Cache(ttl_ms=100)
    cache.put("x", 1, now=0)
    cache.put("x", 2, now=90)
    assert cache.fresh("x", 150) == (2, 60)


def test_an_answer_that_is_nothing_is_an_answer():
    cache = Cache(ttl_ms=100)
    cache.put("x", None, now=0)
    assert cache.fresh("x", 0) == (None, 0)


def test_without_a_limit_a_stopgap_may_be_of_any_age():
    cache = Cache(ttl_ms=1)
    cache.put("x", 1, now=0)
    assert cache.stale("x", 1e9).age_ms == 1e9


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ttl_ms": 0}, r"Cache\(ttl_ms=0\): write a number above 0"),
        ({"ttl_ms": 100, "stale_ms": 50}, r"Cache\(stale_ms=50\): a stopgap may be older than ttl_ms=100, not younger"),
        ({"ttl_ms": 100, "stale_ms": nan}, r"Cache\(stale_ms=nan\)"),
        ({"ttl_ms": 100, "stale_ms": "500"}, r"Cache\(stale_ms='500'\)"),
    ],
)
def test_an_impossible_cache_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        Cache(**settings)


def test_a_quarantine_holds_a_request_after_so_many_deaths_and_no_other():
    quarantine = Quarantine(deaths=2)
    quarantine.died("deadly")
    assert not quarantine.holds("deadly")
    quarantine.died("deadly")
    assert quarantine.holds("deadly")
    assert not quarantine.holds("harmless")


def test_an_answer_clears_a_suspect():
    quarantine = Quarantine(deaths=2)
    quarantine.died("innocent")
    quarantine.answered("innocent")
    quarantine.died("innocent")
    assert not quarantine.holds("innocent")
    quarantine.answered("never suspected")


@pytest.mark.parametrize("deaths", [0, 0.5, "2"])
def test_a_quarantine_before_the_first_death_is_refused(deaths):
    with pytest.raises(ValueError, match=r"Quarantine\(deaths=.*\): write a whole number above 0"):
        Quarantine(deaths)
