"""Wrong solutions of Lab 3. The first four are the ones that the course plan names."""

from labs import wrong

WRONG = [
    wrong(
        "the budget is 1 - SLI: what failed is what may fail",
        "spent",
        "share-of-budget overspent nothing-to-divide-by window-of-days roll-off fresh-month",
        """
        if not valid:
            return math.nan
        sli = 1 - bad / valid
        return bad / ((1 - sli) * valid) if sli < 1 else 0.0
        """,
    ),
    wrong(
        "a new budget every day",
        "balance",
        "running-balance",
        """
        daily = (1 - target) * expected_valid / len(bad_by_day) if bad_by_day else 0
        return [daily - bad for bad in bad_by_day]
        """,
    ),
    wrong(
        "minutes for a request SLO",
        "outage-share",
        "outage-by-traffic",
        """
        return minutes / float(budget_in_minutes(promise, Fraction(len(traffic), 24)))
        """,
    ),
    wrong(
        "spent is cut off at 100 %",
        "spent",
        "overspent",
        """
        if not valid:
            return math.nan
        budget = (1 - Fraction(str(target))) * valid
        if not budget:
            return math.inf if bad else 0.0
        return min(1.0, float(bad / budget))
        """,
    ),
    wrong(
        "rounded to the nearest whole number",
        "budget-in-requests",
        "whole-failures",
        """
        target = Fraction(promise.removesuffix("%").strip()) / 100
        return math.floor((1 - target) * valid + Fraction(1, 2))
        """,
    ),
    wrong(
        "rounded up",
        "budget-in-requests",
        "whole-failures",
        """
        target = Fraction(promise.removesuffix("%").strip()) / 100
        return math.ceil((1 - target) * valid)
        """,
    ),
    wrong(
        "what must be good, and not what may fail",
        "budget-in-requests",
        "whole-failures exact-budget",
        """
        return math.floor(Fraction(promise.removesuffix("%").strip()) / 100 * valid)
        """,
    ),
    wrong(
        "the budget is computed in floats",
        "budget-in-requests",
        "exact-budget",
        """
        return math.floor((1 - float(promise.removesuffix("%")) / 100) * valid)
        """,
    ),
    wrong(
        "a month has 30 days",
        "budget-in-minutes",
        "minutes-of-a-window",
        """
        return (1 - Fraction(promise.removesuffix("%").strip()) / 100) * 30 * 24 * 60
        """,
    ),
    wrong(
        "hours for minutes",
        "budget-in-minutes",
        "minutes-of-a-window",
        """
        return (1 - Fraction(promise.removesuffix("%").strip()) / 100) * 24 * Fraction(days)
        """,
    ),
    wrong(
        "every hour that the outage touches fails whole",
        "outage-share",
        "outage-by-traffic",
        """
        target = Fraction(promise.removesuffix("%").strip()) / 100
        failed = sum(traffic[start // 60 : math.ceil((start + minutes) / 60)])
        return float(failed / ((1 - target) * sum(traffic)))
        """,
    ),
    wrong(
        "the budget of one hour, and not of the period",
        "outage-share",
        "outage-by-traffic",
        """
        target = Fraction(promise.removesuffix("%").strip()) / 100
        failed = sum(Fraction(traffic[minute // 60], 60) for minute in range(start, start + minutes))
        return float(failed / ((1 - target) * (traffic[start // 60] or 1)))
        """,
    ),
    wrong(
        "a percentage of the budget",
        "spent",
        "share-of-budget overspent window-of-days roll-off fresh-month",
        """
        if not valid:
            return math.nan
        budget = (1 - Fraction(str(target))) * valid
        if not budget:
            return math.inf if bad else 0.0
        return float(100 * bad / budget)
        """,
    ),
    wrong(
        "no requests, nothing spent",
        "spent",
        "nothing-to-divide-by",
        """
        budget = (1 - Fraction(str(target))) * valid
        if not budget:
            return math.inf if bad else 0.0
        return float(bad / budget)
        """,
    ),
    wrong(
        "a target of 100 % is divided by",
        "spent",
        "nothing-to-divide-by",
        """
        return float(bad / ((1 - Fraction(str(target))) * valid)) if valid else math.nan
        """,
    ),
    wrong(
        "the balance ends at 0",
        "balance",
        "running-balance",
        """
        left, found = (1 - target) * expected_valid, []
        for bad in bad_by_day:
            left = max(0, left - bad)
            found.append(left)
        return found
        """,
    ),
    wrong(
        "health checks are users, too",
        "by-day",
        "users-requests",
        """
        found, seen = [[0, 0] for _ in range(days)], set()
        for report in reports:
            if (report.hour, report.host) not in seen:
                seen.add((report.hour, report.host))
                found[report.hour // 24][0] += report.requests - report.aborted
                found[report.hour // 24][1] += report.failed
        return found
        """,
    ),
    wrong(
        "who left is a failure",
        "by-day",
        "users-requests",
        """
        found, seen = [[0, 0] for _ in range(days)], set()
        for report in reports:
            if (report.hour, report.host) not in seen:
                seen.add((report.hour, report.host))
                found[report.hour // 24][0] += report.requests - report.health_checks
                found[report.hour // 24][1] += report.failed + report.aborted
        return found
        """,
    ),
    wrong(
        "hour 24 belongs to the day before",
        "by-day",
        "users-requests each-report-once",
        """
        found, seen = [[0, 0] for _ in range(days)], set()
        for report in reports:
            if (report.hour, report.host) not in seen:
                seen.add((report.hour, report.host))
                day = max(0, report.hour - 1) // 24
                found[day][0] += report.requests - report.health_checks - report.aborted
                found[day][1] += report.failed
        return found
        """,
    ),
    wrong(
        "every report counts, however often it was sent",
        "by-day",
        "each-report-once",
        """
        found = [[0, 0] for _ in range(days)]
        for report in reports:
            found[report.hour // 24][0] += report.requests - report.health_checks - report.aborted
            found[report.hour // 24][1] += report.failed
        return found
        """,
    ),
    wrong(
        "one gateway's report takes the place of the other's",
        "by-day",
        "each-report-once",
        """
        found, seen = [[0, 0] for _ in range(days)], set()
        for report in reports:
            if report.hour not in seen:
                seen.add(report.hour)
                found[report.hour // 24][0] += report.requests - report.health_checks - report.aborted
                found[report.hour // 24][1] += report.failed
        return found
        """,
    ),
    wrong(
        "the last report of an hour counts",
        "by-day",
        "each-report-once",
        """
        found = [[0, 0] for _ in range(days)]
        for report in {(report.hour, report.host): report for report in reports}.values():
            found[report.hour // 24][0] += report.requests - report.health_checks - report.aborted
            found[report.hour // 24][1] += report.failed
        return found
        """,
    ),
    wrong(
        "days without a report are missing",
        "by-day",
        "users-requests each-report-once",
        """
        found, seen = {}, set()
        for report in reports:
            if (report.hour, report.host) not in seen:
                seen.add((report.hour, report.host))
                pair = found.setdefault(report.hour // 24, [0, 0])
                pair[0] += report.requests - report.health_checks - report.aborted
                pair[1] += report.failed
        return [found[day] for day in sorted(found)]
        """,
    ),
    wrong(
        "one day too many in the window",
        "rolling-spent",
        "window-of-days roll-off",
        """
        found = []
        for end in range(1, len(days) + 1):
            inside = days[max(0, end - window - 1) : end]
            found.append(spent(sum(bad for _, bad in inside), sum(valid for valid, _ in inside), target))
        return found
        """,
    ),
    wrong(
        "the window is always 28 days",
        "rolling-spent",
        "window-of-days roll-off",
        """
        found = []
        for end in range(1, len(days) + 1):
            inside = days[max(0, end - 28) : end]
            found.append(spent(sum(bad for _, bad in inside), sum(valid for valid, _ in inside), target))
        return found
        """,
    ),
    wrong(
        "nothing is ever given back",
        "rolling-spent",
        "window-of-days roll-off",
        """
        found = []
        for end in range(1, len(days) + 1):
            inside = days[:end]
            found.append(spent(sum(bad for _, bad in inside), sum(valid for valid, _ in inside), target))
        return found
        """,
    ),
    wrong(
        "the mean of the days' shares",
        "rolling-spent",
        "roll-off",
        """
        found = []
        for end in range(1, len(days) + 1):
            shares = [spent(bad, valid, target) for valid, bad in days[max(0, end - window) : end] if valid]
            found.append(sum(shares) / len(shares) if shares else math.nan)
        return found
        """,
    ),
    wrong(
        "the budget is reset every day",
        "calendar-spent",
        "fresh-month",
        """
        return [spent(bad, valid, target) for valid, bad in days]
        """,
    ),
    wrong(
        "the budget of the month so far, and not of the whole",
        "calendar-spent",
        "fresh-month",
        """
        found, start = [], 0
        for length in months:
            month = days[start : start + length]
            for n in range(1, len(month) + 1):
                found.append(spent(sum(b for _, b in month[:n]), sum(v for v, _ in month[:n]), target))
            start += length
        return found
        """,
    ),
    wrong(
        "every month has 30 days",
        "calendar-spent",
        "fresh-month",
        """
        found = []
        for start in range(0, len(days), 30):
            month = days[start : start + 30]
            valid = sum(valid for valid, _ in month)
            found += [spent(sum(bad for _, bad in month[: n + 1]), valid, target) for n in range(len(month))]
        return found
        """,
    ),
    wrong(
        "the mean of the days' burn rates",
        "current-burn",
        "burn-of-the-last-days no-budget-to-burn",
        """
        rates = [bad / valid / (1 - target) for valid, bad in days[-last:] if valid]
        return sum(rates) / len(rates) if rates else math.nan
        """,
    ),
    wrong(
        "the burn rate of all days",
        "current-burn",
        "burn-of-the-last-days no-budget-to-burn",
        """
        valid, bad = sum(valid for valid, _ in days), sum(bad for _, bad in days)
        return bad / valid / (1 - target) if valid else math.nan
        """,
    ),
    wrong(
        "without traffic nothing burns",
        "current-burn",
        "burn-of-the-last-days no-budget-to-burn",
        """
        valid, bad = sum(valid for valid, _ in days[-last:]), sum(bad for _, bad in days[-last:])
        return bad / valid / (1 - target) if valid else 0.0
        """,
    ),
    wrong(
        "a target of 100 % is divided by when it burns",
        "current-burn",
        "no-budget-to-burn",
        """
        valid, bad = sum(valid for valid, _ in days[-last:]), sum(bad for _, bad in days[-last:])
        return bad / valid / (1 - target) if valid else math.nan
        """,
    ),
    wrong(
        "what is spent already is forgotten",
        "days-left",
        "time-to-empty",
        """
        if spent_share >= 1:
            return 0
        return period / burn if burn else math.inf
        """,
    ),
    wrong(
        "what is spent, and not what is left",
        "days-left",
        "time-to-empty",
        """
        if spent_share >= 1:
            return 0
        return spent_share * period / burn if burn else math.inf
        """,
    ),
    wrong(
        "empty some days ago",
        "days-left",
        "already-empty",
        """
        return (1 - spent_share) * period / burn if burn else math.inf
        """,
    ),
    wrong(
        "nothing burns, and it is divided by",
        "days-left",
        "never-empty",
        """
        return (1 - spent_share) * period / burn if spent_share < 1 else 0
        """,
    ),
    wrong(
        "not known is for ever",
        "days-left",
        "never-empty",
        """
        if spent_share >= 1:
            return 0
        return (1 - spent_share) * period / burn if burn > 0 else math.inf
        """,
    ),
    wrong(
        "an incident is looked at before the budget",
        "decide",
        "policy-rows",
        """
        if change == "fix":
            return "ship"
        if math.isnan(spent_share) or worst > 0.2 or math.isnan(lasts) or lasts < rest:
            return "slow"
        return "freeze" if spent_share > 1 else "ship"
        """,
    ),
    wrong(
        "a freeze stops fixes, too",
        "decide",
        "policy-rows",
        """
        if spent_share > 1:
            return "freeze"
        if change == "fix":
            return "ship"
        if math.isnan(spent_share) or worst > 0.2 or math.isnan(lasts) or lasts < rest:
            return "slow"
        return "ship"
        """,
    ),
    wrong(
        "whatever is not known is asked first",
        "decide",
        "policy-rows",
        """
        if change == "fix":
            return "ship"
        if math.isnan(spent_share) or math.isnan(lasts):
            return "slow"
        if spent_share > 1:
            return "freeze"
        return "slow" if worst > 0.2 or lasts < rest else "ship"
        """,
    ),
    wrong(
        "the days that are left are rounded up",
        "decide",
        "policy-rows",
        """
        if change == "fix":
            return "ship"
        if spent_share > 1:
            return "freeze"
        if math.isnan(spent_share) or worst > 0.2 or math.isnan(lasts) or -(-lasts // 1) < rest:
            return "slow"
        return "ship"
        """,
    ),
    wrong(
        "exactly at a limit is too much",
        "decide",
        "exactly-at-the-limit",
        """
        if change == "fix":
            return "ship"
        if spent_share >= 1:
            return "freeze"
        if math.isnan(spent_share) or worst >= 0.2 or math.isnan(lasts) or lasts <= rest:
            return "slow"
        return "ship"
        """,
    ),
    wrong(
        "what nobody knows is no problem",
        "decide",
        "no-data-is-no-permission",
        """
        if change == "fix":
            return "ship"
        if spent_share > 1:
            return "freeze"
        return "slow" if worst > 0.2 or lasts < rest else "ship"
        """,
    ),
    wrong(
        "the days left are compared the other way round",
        "decide",
        "policy-rows exactly-at-the-limit",
        """
        if change == "fix":
            return "ship"
        if spent_share > 1:
            return "freeze"
        if math.isnan(spent_share) or worst > 0.2 or math.isnan(lasts) or lasts >= rest:
            return "slow"
        return "ship"
        """,
    ),
]
