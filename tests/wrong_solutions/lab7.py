"""Wrong solutions of Lab 7: mistakes that students make, each with the properties it breaks and no others.

Those about ``mitigation`` are what the course plan names: a remedy that knows the week it was tried on, one that lowers
the goodput of calm weeks, one that improves a ratio by turning users away, one that costs too much.
"""

from labs import wrong

WRONG = [
    # -- task 1 --------------------------------------------------------------------------------------------------------
    wrong(
        "what users had is measured at the servers",
        "count-users",
        "users-sli",
        """
        return sum(row.status == 200 and row.took_ms <= within_ms for row in week.servers), len(week.servers)
        """,
    ),
    wrong(
        "what users had is measured at the door",
        "count-users",
        "users-sli",
        """
        return sum(row.status == 200 and row.took_ms <= within_ms for row in week.door), len(week.door)
        """,
    ),
    wrong(
        "a fast empty answer is good",
        "count-users",
        "users-sli",
        """
        known = [row for row in week.app if row.status != 0]
        return sum(row.status == 200 and row.took_ms <= within_ms for row in known), len(known)
        """,
    ),
    wrong(
        "refused users are not counted, so refusing improves the SLI",
        "count-users",
        "users-sli",
        """
        known = [row for row in week.app if row.status not in (0, 503)]
        return sum(row.status == 200 and row.took_ms <= within_ms and row.complete for row in known), len(known)
        """,
    ),
    wrong(
        "only answered requests are counted",
        "count-users",
        "users-sli",
        """
        known = [row for row in week.app if row.status == 200]
        return sum(row.took_ms <= within_ms and row.complete for row in known), len(known)
        """,
    ),
    wrong(
        "whoever was still waiting when the week ended is bad",
        "count-users",
        "users-sli",
        """
        good = [row for row in week.app if row.status == 200 and row.took_ms <= within_ms and row.complete]
        return len(good), len(week.app)
        """,
    ),
    wrong(
        "an answer at the limit is too slow",
        "count-users",
        "users-sli",
        """
        known = [row for row in week.app if row.status != 0]
        return sum(row.status == 200 and row.took_ms < within_ms and row.complete for row in known), len(known)
        """,
    ),
    wrong(
        "the door forgets what it never answered",
        "count-door",
        "door-sli",
        """
        known = [row for row in week.door if row.status != 0]
        return sum(row.status == 200 and row.took_ms <= within_ms for row in known), len(known)
        """,
    ),
    wrong(
        "the door counts each request once, repetitions together",
        "count-door",
        "door-sli",
        """
        good = {row.request for row in week.door if row.status == 200 and row.took_ms <= within_ms}
        return len(good), len({row.request for row in week.door})
        """,
    ),
    wrong(
        "the servers count only what they answered",
        "count-servers",
        "server-sli",
        """
        known = [row for row in week.servers if row.status == 200]
        return sum(row.took_ms <= within_ms for row in known), len(known)
        """,
    ),
    wrong(
        "of all requests of users, those that a server answered",
        "count-servers",
        "server-sli",
        """
        good = sum(row.status == 200 and row.took_ms <= within_ms for row in week.servers)
        return good, max(good, len(week.app))
        """,
    ),
    wrong(
        "a refused request is called served",
        "where-lost",
        "where-it-was-lost",
        """
        reached = {row.request for row in week.door}
        served = {row.request for row in week.servers}
        fates = {"wrong answer": 0, "before the door": 0, "not served": 0, "too late": 0}
        for row in week.app:
            in_time = row.status == 200 and row.took_ms <= within_ms
            if row.status == 0 or (in_time and row.complete):
                continue
            fate = "wrong answer" if in_time else "before the door" if row.request not in reached else None
            fates[fate or ("not served" if row.request not in served else "too late")] += 1
        return fates
        """,
    ),
    wrong(
        "an empty answer that came too late is a wrong answer",
        "where-lost",
        "where-it-was-lost",
        """
        reached = {row.request for row in week.door}
        served = {row.request for row in week.servers if row.status == 200}
        fates = {"wrong answer": 0, "before the door": 0, "not served": 0, "too late": 0}
        for row in week.app:
            if row.status == 0 or (row.status == 200 and row.took_ms <= within_ms and row.complete):
                continue
            if row.status == 200 and not row.complete:
                fates["wrong answer"] += 1
            elif row.request not in reached:
                fates["before the door"] += 1
            else:
                fates["too late" if row.request in served else "not served"] += 1
        return fates
        """,
    ),
    wrong(
        "served is what the door passed back",
        "where-lost",
        "where-it-was-lost",
        """
        reached = {row.request for row in week.door}
        served = {row.request for row in week.door if row.status == 200}
        fates = {"wrong answer": 0, "before the door": 0, "not served": 0, "too late": 0}
        for row in week.app:
            in_time = row.status == 200 and row.took_ms <= within_ms
            if row.status == 0 or (in_time and row.complete):
                continue
            fate = "wrong answer" if in_time else "before the door" if row.request not in reached else None
            fates[fate or ("not served" if row.request not in served else "too late")] += 1
        return fates
        """,
    ),
    wrong(
        "the fates of all rows that are bad at the door",
        "where-lost",
        "where-it-was-lost",
        """
        served = {row.request for row in week.servers if row.status == 200}
        fates = {"wrong answer": 0, "before the door": 0, "not served": 0, "too late": 0}
        for row in week.door:
            if row.status != 200 or row.took_ms > within_ms:
                fates["too late" if row.request in served else "not served"] += 1
        return fates
        """,
    ),
    wrong(
        "a fate that nobody had is missing",
        "where-lost",
        "where-it-was-lost",
        """
        reached = {row.request for row in week.door}
        served = {row.request for row in week.servers if row.status == 200}
        fates = Counter()
        for row in week.app:
            in_time = row.status == 200 and row.took_ms <= within_ms
            if row.status == 0 or (in_time and row.complete):
                continue
            fate = "wrong answer" if in_time else "before the door" if row.request not in reached else None
            fates[fate or ("not served" if row.request not in served else "too late")] += 1
        return dict(fates)
        """,
    ),
    wrong(
        "the total of all users, given to each tenant",
        "tenants-below",
        "catches-the-vip-week",
        """
        valid = [row for row in week.app if row.status != 0]
        good = sum(row.status == 200 and row.took_ms <= within_ms and row.complete for row in valid)
        return sorted({row.tenant for row in valid}) if sli(good, len(valid)) < target else []
        """,
    ),
    wrong(
        "tenants are judged by status and time alone",
        "tenants-below",
        "catches-the-vip-week",
        """
        valid = Counter(row.tenant for row in week.app if row.status != 0)
        good = Counter(row.tenant for row in week.app if row.status == 200 and row.took_ms <= within_ms)
        return [tenant for tenant in valid if sli(good[tenant], valid[tenant]) < target]
        """,
    ),
    wrong(
        "tenants are measured at the servers",
        "tenants-below",
        "catches-the-vip-week",
        """
        valid = Counter(row.tenant for row in week.servers)
        good = Counter(row.tenant for row in week.servers if row.status == 200 and row.took_ms <= within_ms)
        return [tenant for tenant in valid if sli(good[tenant], valid[tenant]) < target]
        """,
    ),
    wrong(
        "a target that is just reached is missed",
        "tenants-below",
        "catches-the-vip-week",
        """
        valid = Counter(row.tenant for row in week.app if row.status != 0)
        good = Counter(
            row.tenant for row in week.app if row.status == 200 and row.took_ms <= within_ms and row.complete
        )
        return [tenant for tenant in valid if sli(good[tenant], valid[tenant]) <= target]
        """,
    ),
    # -- task 2 --------------------------------------------------------------------------------------------------------
    wrong(
        "steps are counted with floats",
        "availability-target",
        "target-rounded-down",
        """
        return math.floor(good / valid / step) * step if valid else math.nan
        """,
    ),
    wrong(
        "rounded to the nearest step",
        "availability-target",
        "target-rounded-down",
        """
        return float(round(Fraction(good, valid) / exact(step)) * exact(step)) if valid else math.nan
        """,
    ),
    wrong(
        "the target must lie below what was measured",
        "availability-target",
        "target-rounded-down",
        """
        if valid == 0:
            return math.nan
        steps = math.ceil(Fraction(good, valid) / exact(step)) - 1
        return float(max(0, steps) * exact(step))
        """,
    ),
    wrong(
        "the threshold is rounded down, too",
        "latency-target",
        "latency-rounded-up",
        """
        waits = [row.took_ms if row.status == 200 else math.inf for row in rows if row.status != 0]
        wait = percentile(waits, share)
        return wait // step_ms * step_ms if math.isfinite(wait) else wait
        """,
    ),
    wrong(
        "a whole step is added to what is on one",
        "latency-target",
        "latency-rounded-up",
        """
        waits = [row.took_ms if row.status == 200 else math.inf for row in rows if row.status != 0]
        wait = percentile(waits, share)
        return (wait // step_ms + 1) * step_ms if math.isfinite(wait) else wait
        """,
    ),
    wrong(
        "the rank is rounded down",
        "latency-target",
        "latency-rounded-up slow-or-failed",
        """
        waits = sorted(row.took_ms if row.status == 200 else math.inf for row in rows if row.status != 0)
        if not waits:
            return math.nan
        wait = waits[max(0, int(share * len(waits)) - 1)]
        return math.ceil(wait / step_ms) * step_ms if math.isfinite(wait) else wait
        """,
    ),
    wrong(
        "only answered requests have a latency",
        "latency-target",
        "slow-or-failed",
        """
        wait = percentile([row.took_ms for row in rows if row.status == 200], share)
        return math.ceil(wait / step_ms) * step_ms if math.isfinite(wait) else wait
        """,
    ),
    wrong(
        "a refusal is a quick answer",
        "latency-target",
        "slow-or-failed",
        """
        wait = percentile([row.took_ms for row in rows if row.status != 0], share)
        return math.ceil(wait / step_ms) * step_ms if math.isfinite(wait) else wait
        """,
    ),
    # -- task 3 --------------------------------------------------------------------------------------------------------
    wrong(
        "the budget is computed with floats",
        "budget-report",
        "allowed-and-spent",
        """
        bad, budget = valid - good, (1 - target) * valid
        if budget:
            spent = bad / budget
        else:
            spent = math.nan if valid == 0 else math.inf if bad else 0.0
        met = Fraction(good, valid) >= exact(target) if valid else None
        report[week] = {"allowed": math.floor(budget), "bad": bad, "spent": spent, "met": met}
        """,
    ),
    wrong(
        "what was spent is clipped at the whole budget",
        "budget-report",
        "allowed-and-spent nothing-to-spend",
        """
        bad, budget = valid - good, error_budget(target, valid)
        if budget:
            spent = min(1.0, float(bad / budget))
        else:
            spent = math.nan if valid == 0 else 1.0 if bad else 0.0
        met = Fraction(good, valid) >= exact(target) if valid else None
        report[week] = {"allowed": math.floor(budget), "bad": bad, "spent": spent, "met": met}
        """,
    ),
    wrong(
        "the budget is 1 - SLI",
        "budget-report",
        "allowed-and-spent nothing-to-spend",
        """
        bad = valid - good
        budget = Fraction(bad, valid) * valid if valid else 0
        spent = float(bad / budget) if budget else math.nan
        met = Fraction(good, valid) >= exact(target) if valid else None
        report[week] = {"allowed": math.floor(budget), "bad": bad, "spent": spent, "met": met}
        """,
    ),
    wrong(
        "a week that just reached its target has missed it",
        "budget-report",
        "met-or-missed",
        """
        bad, budget = valid - good, error_budget(target, valid)
        if budget:
            spent = float(bad / budget)
        else:
            spent = math.nan if valid == 0 else math.inf if bad else 0.0
        met = Fraction(good, valid) > exact(target) if valid else None
        report[week] = {"allowed": math.floor(budget), "bad": bad, "spent": spent, "met": met}
        """,
    ),
    wrong(
        "met when no more failed than whole requests may, with budgets rounded",
        "budget-report",
        "met-or-missed",
        """
        bad, budget = valid - good, error_budget(target, valid)
        if budget:
            spent = float(bad / budget)
        else:
            spent = math.nan if valid == 0 else math.inf if bad else 0.0
        met = bad <= round(budget) if valid else None
        report[week] = {"allowed": math.floor(budget), "bad": bad, "spent": spent, "met": met}
        """,
    ),
    wrong(
        "a week without requests met its target",
        "budget-report",
        "nothing-to-spend",
        """
        bad, budget = valid - good, error_budget(target, valid)
        spent = float(bad / budget) if budget else math.inf if bad else 0.0
        met = good >= exact(target) * valid
        report[week] = {"allowed": math.floor(budget), "bad": bad, "spent": spent, "met": met}
        """,
    ),
    wrong(
        "a division that stops where nothing is allowed",
        "budget-report",
        "nothing-to-spend",
        """
        bad, budget = valid - good, error_budget(target, valid)
        met = Fraction(good, valid) >= exact(target) if valid else None
        report[week] = {"allowed": math.floor(budget), "bad": bad, "spent": float(bad / budget), "met": met}
        """,
    ),
    # -- task 4 --------------------------------------------------------------------------------------------------------
    wrong(
        "one window above the factor is enough",
        "pager",
        "pager-rings pager-stops",
        """
        def burns(end, window):
            inside = hours[max(0, end - window) : end]
            valid = sum(counted for _, counted in inside)
            return burn_rate(Fraction(valid - sum(good for good, _ in inside), valid), target) if valid else math.nan

        rings, since = [], None
        for end in range(1, len(hours) + 1):
            ringing = any(burns(end, long) > factor or burns(end, short) > factor for long, short, factor in rows)
            if ringing and since is None:
                since = end
            elif not ringing and since is not None:
                rings.append((since, end))
                since = None
        return rings + ([(since, None)] if since is not None else [])
        """,
    ),
    wrong(
        "at the factor it rings",
        "pager",
        "pager-rings pager-stops",
        """
        def burns(end, window):
            inside = hours[max(0, end - window) : end]
            valid = sum(counted for _, counted in inside)
            return burn_rate(Fraction(valid - sum(good for good, _ in inside), valid), target) if valid else math.nan

        rings, since = [], None
        for end in range(1, len(hours) + 1):
            ringing = any(burns(end, long) >= factor and burns(end, short) >= factor for long, short, factor in rows)
            if ringing and since is None:
                since = end
            elif not ringing and since is not None:
                rings.append((since, end))
                since = None
        return rings + ([(since, None)] if since is not None else [])
        """,
    ),
    wrong(
        "the short window rings at the factor already",
        "pager",
        "pager-rings pager-stops",
        """
        def burns(end, window):
            inside = hours[max(0, end - window) : end]
            valid = sum(counted for _, counted in inside)
            return burn_rate(Fraction(valid - sum(good for good, _ in inside), valid), target) if valid else math.nan

        rings, since = [], None
        for end in range(1, len(hours) + 1):
            ringing = any(burns(end, long) > factor and burns(end, short) >= factor for long, short, factor in rows)
            if ringing and since is None:
                since = end
            elif not ringing and since is not None:
                rings.append((since, end))
                since = None
        return rings + ([(since, None)] if since is not None else [])
        """,
    ),
    wrong(
        "the mean of the hours' burn rates",
        "pager",
        "pager-rings pager-stops",
        """
        def burns(end, window):
            inside = [(g, v) for g, v in hours[max(0, end - window) : end] if v]
            rates = [burn_rate(Fraction(v - g, v), target) for g, v in inside]
            return sum(rates) / len(rates) if rates else math.nan

        rings, since = [], None
        for end in range(1, len(hours) + 1):
            ringing = any(burns(end, long) > factor and burns(end, short) > factor for long, short, factor in rows)
            if ringing and since is None:
                since = end
            elif not ringing and since is not None:
                rings.append((since, end))
                since = None
        return rings + ([(since, None)] if since is not None else [])
        """,
    ),
    wrong(
        "hours are counted from their beginning",
        "pager",
        "pager-rings pager-stops",
        """
        def burns(end, window):
            inside = hours[max(0, end - window) : end]
            valid = sum(counted for _, counted in inside)
            return burn_rate(Fraction(valid - sum(good for good, _ in inside), valid), target) if valid else math.nan

        rings, since = [], None
        for end in range(1, len(hours) + 1):
            ringing = any(burns(end, long) > factor and burns(end, short) > factor for long, short, factor in rows)
            if ringing and since is None:
                since = end - 1
            elif not ringing and since is not None:
                rings.append((since, end - 1))
                since = None
        return rings + ([(since, None)] if since is not None else [])
        """,
    ),
    wrong(
        "it stops only when the long windows have forgotten",
        "pager",
        "pager-rings pager-stops",
        """
        def burns(end, window):
            inside = hours[max(0, end - window) : end]
            valid = sum(counted for _, counted in inside)
            return burn_rate(Fraction(valid - sum(good for good, _ in inside), valid), target) if valid else math.nan

        rings, since = [], None
        for end in range(1, len(hours) + 1):
            ringing = any(burns(end, long) > factor and burns(end, short) > factor for long, short, factor in rows)
            if ringing and since is None:
                since = end
            elif since is not None and not any(burns(end, long) > factor for long, short, factor in rows):
                rings.append((since, end))
                since = None
        return rings + ([(since, None)] if since is not None else [])
        """,
    ),
    wrong(
        "a pager that still rings at the end stops with the week",
        "pager",
        "pager-stops",
        """
        def burns(end, window):
            inside = hours[max(0, end - window) : end]
            valid = sum(counted for _, counted in inside)
            return burn_rate(Fraction(valid - sum(good for good, _ in inside), valid), target) if valid else math.nan

        rings, since = [], None
        for end in range(1, len(hours) + 1):
            ringing = any(burns(end, long) > factor and burns(end, short) > factor for long, short, factor in rows)
            if ringing and since is None:
                since = end
            elif not ringing and since is not None:
                rings.append((since, end))
                since = None
        return rings + ([(since, len(hours))] if since is not None else [])
        """,
    ),
    wrong(
        "off is the last hour that rang",
        "pager",
        "pager-stops",
        """
        def burns(end, window):
            inside = hours[max(0, end - window) : end]
            valid = sum(counted for _, counted in inside)
            return burn_rate(Fraction(valid - sum(good for good, _ in inside), valid), target) if valid else math.nan

        rings, since = [], None
        for end in range(1, len(hours) + 1):
            ringing = any(burns(end, long) > factor and burns(end, short) > factor for long, short, factor in rows)
            if ringing and since is None:
                since = end
            elif not ringing and since is not None:
                rings.append((since, end - 1))
                since = None
        return rings + ([(since, None)] if since is not None else [])
        """,
    ),
    wrong(
        "each row rings for itself",
        "pager",
        "pager-rings pager-stops",
        """
        def burns(end, window):
            inside = hours[max(0, end - window) : end]
            valid = sum(counted for _, counted in inside)
            return burn_rate(Fraction(valid - sum(good for good, _ in inside), valid), target) if valid else math.nan

        rings = []
        for long, short, factor in rows:
            since = None
            for end in range(1, len(hours) + 1):
                ringing = burns(end, long) > factor and burns(end, short) > factor
                if ringing and since is None:
                    since = end
                elif not ringing and since is not None:
                    rings.append((since, end))
                    since = None
            rings += [(since, None)] if since is not None else []
        return sorted(rings, key=lambda ring: ring[0])
        """,
    ),
    # -- task 5 --------------------------------------------------------------------------------------------------------
    wrong(
        "a restart at the hour that is right for one's own week",
        "mitigation",
        "helps-on-unseen-weeks",
        """
        return {"restart_at_h": 41}
        """,
    ),
    wrong(
        "a deletion that waits an hour, and a mirror for a backup",
        "mitigation",
        "helps-on-unseen-weeks",
        """
        return {"delete_delay_h": 1, "mirror": True}
        """,
    ),
    wrong(
        "a queue bound that is longer than anybody waits",
        "mitigation",
        "helps-on-unseen-weeks",
        """
        return {"queue_bound": 1_000}
        """,
    ),
    wrong(
        "more than the purse holds",
        "mitigation",
        "helps-on-unseen-weeks",
        """
        return {"queue_bound": 6, "renew_at": 2 / 3, "delete_delay_h": 24}
        """,
    ),
    wrong(
        "the app is closed when it is busiest",
        "mitigation",
        "calm-goodput-kept",
        """
        return {"closed_hours": (9, 17)}
        """,
    ),
    wrong(
        "a queue so short that calm weeks are refused, too",
        "mitigation",
        "calm-goodput-kept",
        """
        return {"queue_bound": 1}
        """,
    ),
    wrong(
        "users are turned away by a limit at the door",
        "mitigation",
        "calm-goodput-kept helps-on-unseen-weeks",
        """
        return {"door_limit": 6}
        """,
    ),
    wrong(
        "nothing is changed",
        "mitigation",
        "calm-goodput-kept helps-on-unseen-weeks",
        """
        return {}
        """,
    ),
    wrong(
        "the pairs are torn apart",
        "interval",
        "paired-interval",
        """
        mean = fmean(mitigated) - fmean(naive)
        if len(naive) == 1:
            return mean, -math.inf, math.inf
        n = len(naive)
        half = T_95[n - 1] * math.sqrt((stdev(naive) ** 2 + stdev(mitigated) ** 2) / n)
        return mean, mean - half, mean + half
        """,
    ),
    wrong(
        "1.96 for t, with any number of weeks",
        "interval",
        "paired-interval",
        """
        gains = [after - before for before, after in zip(naive, mitigated)]
        mean = fmean(gains)
        if len(gains) == 1:
            return mean, -math.inf, math.inf
        half = 1.96 * stdev(gains) / math.sqrt(len(gains))
        return mean, mean - half, mean + half
        """,
    ),
    wrong(
        "the spread of the weeks, not of their mean",
        "interval",
        "paired-interval",
        """
        gains = [after - before for before, after in zip(naive, mitigated)]
        mean = fmean(gains)
        if len(gains) == 1:
            return mean, -math.inf, math.inf
        half = T_95[len(gains) - 1] * stdev(gains)
        return mean, mean - half, mean + half
        """,
    ),
    wrong(
        "only the best week is shown",
        "interval",
        "paired-interval",
        """
        gains = sorted(after - before for before, after in zip(naive, mitigated))
        if len(gains) == 1:
            return gains[0], -math.inf, math.inf
        return gains[-1], gains[0], gains[-1]
        """,
    ),
    wrong(
        "the sign of the gain is turned round",
        "interval",
        "paired-interval one-week-is-no-proof",
        """
        gains = [before - after for before, after in zip(naive, mitigated)]
        mean = fmean(gains)
        if len(gains) == 1:
            return mean, -math.inf, math.inf
        half = T_95[len(gains) - 1] * stdev(gains) / math.sqrt(len(gains))
        return mean, mean - half, mean + half
        """,
    ),
    wrong(
        "one week proves its gain",
        "interval",
        "one-week-is-no-proof",
        """
        gains = [after - before for before, after in zip(naive, mitigated)]
        mean = fmean(gains)
        half = T_95[len(gains) - 1] * stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else 0.0
        return mean, mean - half, mean + half
        """,
    ),
    wrong(
        "one week stops the function",
        "interval",
        "one-week-is-no-proof",
        """
        gains = [after - before for before, after in zip(naive, mitigated)]
        mean = fmean(gains)
        half = T_95[len(gains) - 1] * stdev(gains) / math.sqrt(len(gains))
        return mean, mean - half, mean + half
        """,
    ),
]
