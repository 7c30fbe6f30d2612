"""Three months of the chat service: what their story says is in the reports, for every seed."""

from functools import cache
from itertools import pairwise

from hash_seeds import printed

from dslib.chatday import GATEWAYS
from dslib.chatweeks import CHECKS, DAYS, HOURS, MONTHS, chat_weeks

SEEDS = range(20)


@cache
def arrived(seed):
    return chat_weeks(seed)


@cache
def first_reports(seed):
    """Each report as it came first, by hour and host."""
    found = {}
    for report in arrived(seed):
        found.setdefault((report.hour, report.host), report)
    return found


def failed_share(seed, hours):
    inside = [report for report in first_reports(seed).values() if report.hour in hours]
    return sum(r.failed for r in inside) / sum(r.requests - r.health_checks - r.aborted for r in inside)


def test_one_seed_is_one_list_of_reports_whatever_the_hash_seed():
    code = "from dslib.chatweeks import chat_weeks; import hashlib; "
    code += "print(hashlib.sha256(repr(chat_weeks(5)).encode()).hexdigest())"
    assert len(printed(code)) == 1
    assert chat_weeks(5) != chat_weeks(6)


def test_a_report_adds_up():
    for seed in SEEDS:
        for (hour, host), report in first_reports(seed).items():
            assert 0 <= hour < HOURS
            assert host in GATEWAYS
            assert report.health_checks == CHECKS
            users = report.requests - report.health_checks
            assert 0 <= report.aborted <= users
            assert 0 <= report.failed <= users - report.aborted


def test_by_night_only_machines_ask():
    for seed in SEEDS:
        night = [report for report in first_reports(seed).values() if 1 <= report.hour % 24 < 5]
        assert len(night) > 4 * 2 * 80
        assert all(report.requests == CHECKS for report in night), f"seed {seed}"


def test_reports_come_late_and_twice_and_some_never():
    for seed in SEEDS:
        hours = [report.hour for report in arrived(seed)]
        assert sum(later < earlier for earlier, later in pairwise(hours)) > 50, f"seed {seed}"
        assert len(hours) - len(first_reports(seed)) > 50, f"seed {seed}"
        missing = {(hour, host) for hour in range(HOURS) for host in GATEWAYS} - set(first_reports(seed))
        whole_days = [day for day in range(DAYS) if sum(hour // 24 == day for hour, _ in missing) == 48]
        assert len(whole_days) == 1, f"seed {seed}"
        assert 48 + 5 <= len(missing) <= 48 + 8, f"seed {seed}"


def test_the_four_incidents_are_where_the_story_puts_them():
    january = MONTHS[0] * 24
    for seed in SEEDS:
        reports = first_reports(seed).values()
        bad = dict.fromkeys(range(HOURS), 0)
        for report in reports:
            bad[report.hour] += report.failed
        evening = max(range(8 * 24, 26 * 24), key=bad.__getitem__)
        assert evening % 24 in (18, 19, 20), f"seed {seed}"
        assert bad[evening] > 20, f"seed {seed}"
        assert 0.04 < failed_share(seed, range(january - 4, january + 10)) < 0.08, f"seed {seed}"
        assert failed_share(seed, range(january - 28, january - 4)) < 0.003, f"seed {seed}"
        night = next(day for day in range(40, 51) if bad[24 * day + 5] > 10)
        assert failed_share(seed, range(24 * night + 3, 24 * night + 6)) == 1, f"seed {seed}"
        assert 0.002 < failed_share(seed, range(HOURS - 72, HOURS)) < 0.006, f"seed {seed}"
