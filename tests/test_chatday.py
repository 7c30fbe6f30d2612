"""The chat service's day: what the lab says about its faults is what the simulation did."""

import warnings
from functools import cache

from hash_seeds import printed

from dslib.chatday import DAY, HOUR, chat_day, chat_day_log, on_its_way, request_log
from dslib.requestlog import LogWarning, read_log

SEEDS = range(20)


@cache
def day(seed):
    sim = chat_day(seed).run(until=DAY)
    return sim, request_log(sim)


def users(log):
    return [row for row in log if row.endpoint != "/healthz"]


def good_share(rows):
    rows = list(rows)
    return sum(row.status in (200, 404) for row in rows) / len(rows)


def fault(sim, call):
    """Start and end of a fault, in seconds."""
    return [f.at / 1_000 for f in sim.faults if f.call in call]


def test_one_seed_is_one_log_whatever_the_hash_seed():
    code = "from dslib.chatday import chat_day_log; import hashlib; "
    code += "print(hashlib.sha256(chat_day_log(5).encode()).hexdigest())"
    assert len(printed(code)) == 1
    assert chat_day_log(5) != chat_day_log(6)


def test_the_log_spans_the_day_and_nobody_writes_at_night():
    for seed in SEEDS:
        _, log = day(seed)
        assert log[0].time_s >= 0
        assert all(row.time_s < DAY / 1_000 for row in users(log))
        # The next day's first health checks are in the file too: a window needs an end that is not part of it.
        assert log[-1].time_s == DAY / 1_000, f"seed {seed}"
        assert len({row.request_id for row in log}) == len(log)
        night = [row for row in log if HOUR <= row.time_s * 1_000 < 5 * HOUR]
        assert night, f"seed {seed}"
        assert users(night) == [], f"seed {seed}"


def test_a_crashed_gateway_costs_requests_but_hardly_an_action():
    for seed in SEEDS:
        sim, log = day(seed)
        start, end = fault(sim, ("crash", "restart"))[2:]  # the first two are those of the store
        rows = [row for row in users(log) if start <= row.time_s < end]
        assert good_share(row for row in rows if row.host == "gw-1") < 0.1, f"seed {seed}"
        assert good_share(row for row in rows if row.host == "gw-2") > 0.9, f"seed {seed}"
        answered = {row.action_id for row in log if row.status in (200, 404)}
        asked = {row.action_id for row in rows} - {row.action_id for row in rows if row.status == 499}
        assert len(asked & answered) / len(asked) > 0.97, f"seed {seed}"


def test_health_checks_do_not_notice_that_a_gateway_has_lost_the_store():
    for seed in SEEDS:
        sim, log = day(seed)
        start, end = fault(sim, ("network.cut", "network.heal"))
        rows = [row for row in log if start <= row.time_s < end - 3 and row.host == "gw-2"]
        checks = [row for row in rows if row.endpoint == "/healthz"]
        assert checks, f"seed {seed}"
        assert good_share(checks) > 0.7, f"seed {seed}"  # one of the few may be lost on the way
        assert good_share(users(rows)) < 0.1, f"seed {seed}"


def test_the_store_is_down_when_few_people_are_up():
    for seed in SEEDS:
        sim, log = day(seed)
        start, end = fault(sim, ("crash", "restart"))[:2]
        rows = [row for row in users(log) if start <= row.time_s < end - 10]
        assert good_share(rows) < 0.1, f"seed {seed}"
        assert len(rows) < 0.04 * len(log), f"seed {seed}"


def test_only_the_tenant_with_the_script_is_refused_for_asking_too_much():
    for seed in SEEDS:
        refused = {}
        for row in day(seed)[1]:
            refused[row.tenant] = refused.get(row.tenant, 0) + (row.status == 429)
        assert refused.pop("cedar") > 50, f"seed {seed}"
        assert sum(refused.values()) == 0, f"seed {seed}: {refused}"


def test_the_file_loses_what_the_story_says_and_nothing_else():
    for seed in SEEDS:
        _, log = day(seed)
        text = on_its_way(log, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LogWarning)
            read = read_log(text)
        kinds = {problem.kind for problem in read.problems}
        assert kinds <= {"malformed", "empty", "repeated"}, f"seed {seed}"
        assert {"malformed", "repeated"} <= kinds, f"seed {seed}"
        assert read.late > 0, f"seed {seed}"
        cut_off = sum(problem.kind == "malformed" for problem in read.problems)
        lost = sorted(set(log) - set(read), key=lambda row: row.time_s)
        assert set(read) <= set(log), f"seed {seed}"
        gaps = [later.time_s - row.time_s for row, later in zip(users(read), users(read)[1:], strict=False)]
        by_day = [gap for gap, row in zip(gaps, users(read), strict=False) if 9 <= row.time_s / 3_600 < 18]
        assert max(by_day) > 7 * 60, f"seed {seed}"  # the hole
        hole_holds = sum(36_000 <= row.time_s <= 63_000 for row in lost)
        assert len(lost) <= hole_holds + cut_off, f"seed {seed}"
