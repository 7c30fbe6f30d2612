"""Wrong solutions of Lab 4: mistakes that students make, each with the properties it breaks and no others.

The first eight are the ones that the course plan names, two of them claims that were printed. The others are here so
that each property has a mistake that it catches.
"""

from labs import wrong

WRONG = [
    wrong(
        "one window is enough (OR inside a row)",
        "multi-fires",
        "both-windows quick-reset",
        """
        minutes = len(next(iter(burns.values())))
        return [any(burns[a][i] > factor or burns[b][i] > factor for a, b, factor in rules) for i in range(minutes)]
        """,
    ),
    wrong(
        "one window: exactly at the factor fires (>= for >)",
        "fires",
        "strictly-greater",
        """
        return [rate >= factor for rate in burns]
        """,
    ),
    wrong(
        "two windows: exactly at the factor fires (>= for >)",
        "multi-fires",
        "both-windows",
        """
        minutes = len(next(iter(burns.values())))
        return [any(min(burns[a][i], burns[b][i]) >= factor for a, b, factor in rules) for i in range(minutes)]
        """,
    ),
    wrong(
        "the long window of one rule and the short window of another are a pair",
        "multi-fires",
        "both-windows",
        """
        minutes = len(next(iter(burns.values())))
        return [
            any(burns[a][i] > factor for a, _, factor in rules) and any(burns[b][i] > factor for _, b, factor in rules)
            for i in range(minutes)
        ]
        """,
    ),
    wrong(
        "14.4, 6, 3 and 1 for every period",
        "rule-rows",
        "rows-for-the-period",
        """
        return [(long, long / 12, factor_for(share, long, 30)) for share, long in shares]
        """,
    ),
    wrong(
        "the mean of the minutes' burn rates",
        "window-burns",
        "sum-over-sum",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, burn(row.valid, row.bad, target))
        found = []
        for minute in range(minutes):
            inside = [first.get(i, math.nan) for i in range(minute - window + 1, minute + 1)]
            inside = [rate for rate in inside if not math.isnan(rate)]
            found.append(math.fsum(inside) / len(inside) if inside else math.nan)
        return found
        """,
    ),
    wrong(
        "a period of 31 days",
        "factor-for",
        "factor-of-the-period",
        """
        return budget_share * 31 * 1_440 / window_min
        """,
    ),
    wrong(
        "believes that 14.4 empties the month in two hours",
        "correct",
        "published-claims",
        """
        return {
            "b": 100 * 14.4 * 60 / (30 * 1_440),
            "c": burn(10, 1, 0.999),
            "e": 30 * 24 / 35,
            "f": minutes_to_fire(0.15, 0.999, 60, 14.4),
            "g": 100 * 14.4 * 60 / (28 * 1_440),
        }.get(claim)
        """,
    ),
    wrong(
        "believes in 5 % in one hour and 2 % in six",
        "correct",
        "published-claims",
        """
        return {
            "a": 50,
            "c": 100,
            "e": 20.57,
            "f": 5.76,
            "g": 2.14,
        }.get(claim)
        """,
    ),
    wrong(
        "14.4, 6, 3 and 1 by the length of the window, whatever the shares",
        "rule-rows",
        "rows-for-the-period",
        """
        usual = {60: 14.4, 360: 6, 1_440: 3, 4_320: 1}
        return [(long, long / 12, usual.get(long, 1)) for share, long in shares]
        """,
    ),
    wrong(
        "the short window is always five minutes",
        "rule-rows",
        "rows-for-the-period",
        """
        return [(long, 5, factor_for(share, long, period_days)) for share, long in shares]
        """,
    ),
    wrong(
        "the SLI instead of the error ratio",
        "burn",
        "times-too-fast exact-burn no-budget",
        """
        if not valid:
            return math.nan
        return float(Fraction(valid - bad, valid) / (1 - exact(target))) if target < 1 else math.inf
        """,
    ),
    wrong(
        "floats all the way",
        "burn",
        "exact-burn",
        """
        if not valid:
            return math.nan
        if target == 1:
            return math.inf if bad else 0.0
        return bad / valid / (1 - target)
        """,
    ),
    wrong(
        "the target is taken for a percentage",
        "burn",
        "times-too-fast exact-burn",
        """
        if not valid:
            return math.nan
        if target == 1:
            return math.inf if bad else 0.0
        return float(100 * Fraction(bad, valid) / (100 - exact(target)))
        """,
    ),
    wrong(
        "rounded to four digits, so that the hair is gone",
        "burn",
        "times-too-fast exact-burn",
        """
        if not valid:
            return math.nan
        if target == 1:
            return math.inf if bad else 0.0
        return round(bad / valid / (1 - target), 4)
        """,
    ),
    wrong(
        "no traffic burns nothing",
        "burn",
        "no-traffic",
        """
        if not valid:
            return 0.0
        if target == 1:
            return math.inf if bad else 0.0
        return float(Fraction(bad, valid) / (1 - exact(target)))
        """,
    ),
    wrong(
        "a target of 1 is an exception",
        "burn",
        "no-budget",
        """
        if not valid:
            return math.nan
        return float(Fraction(bad, valid) / (1 - exact(target)))
        """,
    ),
    wrong(
        "a target of 1 burns infinitely even without an error",
        "burn",
        "no-budget",
        """
        if not valid:
            return math.nan
        return float(Fraction(bad, valid) / (1 - exact(target))) if target < 1 else math.inf
        """,
    ),
    wrong(
        "the window has one minute too many",
        "window-burns",
        "window-edges missing-start holes any-order-once",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, row)
        found = []
        for minute in range(minutes):
            inside = [first[i] for i in range(minute - window, minute + 1) if i in first]
            found.append(burn(sum(row.valid for row in inside), sum(row.bad for row in inside), target))
        return found
        """,
    ),
    wrong(
        "the window never lets go: everything since the beginning",
        "window-burns",
        "window-edges missing-start holes any-order-once",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, row)
        valid, bad, found = 0, 0, []
        for minute in range(minutes):
            if minute in first:
                valid, bad = valid + first[minute].valid, bad + first[minute].bad
            found.append(burn(valid, bad, target))
        return found
        """,
    ),
    wrong(
        "nan until the window is full",
        "window-burns",
        "missing-start",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, row)
        begins, found = min(first), []
        for minute in range(minutes):
            inside = [first[i] for i in range(minute - window + 1, minute + 1) if i in first]
            rate = burn(sum(row.valid for row in inside), sum(row.bad for row in inside), target)
            found.append(rate if minute - window + 1 >= begins else math.nan)
        return found
        """,
    ),
    wrong(
        "before the first row all was well: 0 and not nan",
        "window-burns",
        "missing-start",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, row)
        begins, found = min(first), []
        for minute in range(minutes):
            inside = [first[i] for i in range(minute - window + 1, minute + 1) if i in first]
            rate = burn(sum(row.valid for row in inside), sum(row.bad for row in inside), target)
            found.append(0.0 if minute < begins else rate)
        return found
        """,
    ),
    wrong(
        "the list begins with the first row",
        "window-burns",
        "missing-start",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, row)
        found = []
        for minute in range(min(first), minutes):
            inside = [first[i] for i in range(minute - window + 1, minute + 1) if i in first]
            found.append(burn(sum(row.valid for row in inside), sum(row.bad for row in inside), target))
        return found
        """,
    ),
    wrong(
        "a hole is full of failures",
        "window-burns",
        "holes",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, row)
        begins, found = min(first), []
        for minute in range(minutes):
            inside = [first.get(i, Minute(i, 1, 1)) for i in range(max(begins, minute - window + 1), minute + 1)]
            found.append(burn(sum(row.valid for row in inside), sum(row.bad for row in inside), target))
        return found
        """,
    ),
    wrong(
        "the last rows, not the last minutes",
        "window-burns",
        "missing-start holes",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, row)
        kept = [first[minute] for minute in sorted(first)]
        found = []
        for i in range(len(kept)):
            inside = kept[max(0, i - window + 1) : i + 1]
            found.append(burn(sum(row.valid for row in inside), sum(row.bad for row in inside), target))
        return found
        """,
    ),
    wrong(
        "a window without traffic is 0",
        "window-burns",
        "missing-start holes",
        """
        first = {}
        for row in rows:
            first.setdefault(row.minute, row)
        found = []
        for minute in range(minutes):
            inside = [first[i] for i in range(minute - window + 1, minute + 1) if i in first]
            valid = sum(row.valid for row in inside)
            found.append(burn(valid, sum(row.bad for row in inside), target) if valid else 0.0)
        return found
        """,
    ),
    wrong(
        "repeated rows are counted again",
        "window-burns",
        "any-order-once",
        """
        found = []
        for minute in range(minutes):
            inside = [row for row in rows if minute - window < row.minute <= minute]
            found.append(burn(sum(row.valid for row in inside), sum(row.bad for row in inside), target))
        return found
        """,
    ),
    wrong(
        "the last of the repeated rows counts",
        "window-burns",
        "any-order-once",
        """
        last = {row.minute: row for row in rows}
        found = []
        for minute in range(minutes):
            inside = [last[i] for i in range(minute - window + 1, minute + 1) if i in last]
            found.append(burn(sum(row.valid for row in inside), sum(row.bad for row in inside), target))
        return found
        """,
    ),
    wrong(
        "a day has 24 minutes: the period is counted in hours",
        "factor-for",
        "factor-of-the-period",
        """
        return budget_share * period_days * 24 / window_min
        """,
    ),
    wrong(
        "window / period, upside down",
        "factor-for",
        "factor-of-the-period",
        """
        return window_min / (budget_share * period_days * 1_440)
        """,
    ),
    wrong(
        "no traffic fires",
        "fires",
        "strictly-greater",
        """
        return [not rate <= factor for rate in burns]
        """,
    ),
    wrong(
        "one page for every minute",
        "episodes",
        "one-stretch",
        """
        return [(i, i + 1) for i, flag in enumerate(flags) if flag]
        """,
    ),
    wrong(
        "a page that does not end is left out",
        "episodes",
        "one-stretch",
        """
        found, first = [], None
        for minute, flag in enumerate(flags):
            if flag and first is None:
                first = minute
            elif not flag and first is not None:
                found.append((first, minute))
                first = None
        return found
        """,
    ),
    wrong(
        "the end is the last minute that fires",
        "episodes",
        "one-stretch",
        """
        found, first = [], None
        for minute, flag in enumerate(flags):
            if flag and first is None:
                first = minute
            elif not flag and first is not None:
                found.append((first, minute - 1))
                first = None
        return [*found, (first, None)] if first is not None else found
        """,
    ),
    wrong(
        "the time is that of a full outage, whatever the error ratio",
        "minutes-to-fire",
        "time-to-fire",
        """
        threshold = (1 - exact(target)) * exact(factor)
        return float(threshold * window_min) if exact(error_ratio) > threshold else math.nan
        """,
    ),
    wrong(
        "the formula, whether it fires or not",
        "minutes-to-fire",
        "never-fires",
        """
        return float((1 - exact(target)) / exact(error_ratio) * exact(window_min) * exact(factor))
        """,
    ),
    wrong(
        "whether it fires is compared in floats",
        "minutes-to-fire",
        "never-fires",
        """
        threshold = (1 - target) * factor
        return threshold / error_ratio * window_min if error_ratio > threshold else math.nan
        """,
    ),
    wrong(
        "it never fires when the formula says more than a window",
        "minutes-to-fire",
        "never-fires",
        """
        if error_ratio == 0:
            return math.nan
        time = (1 - target) / error_ratio * window_min * factor
        return time if time < window_min else math.nan
        """,
    ),
    wrong(
        "exactly at the threshold it fires after one whole window",
        "minutes-to-fire",
        "never-fires",
        """
        threshold = (1 - exact(target)) * exact(factor)
        if exact(error_ratio) < threshold:
            return math.nan
        return float(threshold / exact(error_ratio) * window_min)
        """,
    ),
    wrong(
        "it resets after a whole window",
        "minutes-to-reset",
        "time-to-reset",
        """
        fires = minutes_to_fire(error_ratio, target, window_min, factor)
        return window_min if lasted_min > fires else math.nan
        """,
    ),
    wrong(
        "it resets as soon as the errors stop",
        "minutes-to-reset",
        "time-to-reset",
        """
        return 0 if lasted_min > minutes_to_fire(error_ratio, target, window_min, factor) else math.nan
        """,
    ),
    wrong(
        "an outage that never fired resets, too",
        "minutes-to-reset",
        "time-to-reset",
        """
        return window_min - minutes_to_fire(error_ratio, target, window_min, factor)
        """,
    ),
    wrong(
        "the longer the outage, the longer the reset",
        "minutes-to-reset",
        "time-to-reset",
        """
        return lasted_min - minutes_to_fire(error_ratio, target, window_min, factor)
        """,
    ),
    wrong(
        "every claim is wrong, rounded ones and exact ones",
        "correct",
        "published-claims",
        """
        return {"a": 50, "b": 2, "c": 100, "d": 43, "e": 20.57, "f": 5.76, "g": 2.14, "h": 7.2}.get(claim)
        """,
    ),
    wrong(
        "one failure in ten requests burns at 1,000, as it was printed",
        "correct",
        "published-claims",
        """
        return {"a": 50, "b": 2, "e": 20.57, "f": 5.76, "g": 2.14}.get(claim)
        """,
    ),
    wrong(
        "a rule at the largest burn rate is within reach (floats)",
        "out-of-reach",
        "out-of-reach",
        """
        return [rule for rule in rules if target < 1 and rule[2] >= 1 / (1 - target)]
        """,
    ),
    wrong(
        "a rule at exactly the largest burn rate is within reach",
        "out-of-reach",
        "out-of-reach",
        """
        return [rule for rule in rules if target < 1 and rule[2] > 1 / (1 - exact(target))]
        """,
    ),
    wrong(
        "the rules that can fire",
        "out-of-reach",
        "out-of-reach",
        """
        return [rule for rule in rules if burn(1, 1, target) > rule[2]]
        """,
    ),
    wrong(
        "all rules have to fire (AND across rows)",
        "multi-fires",
        "any-row",
        """
        minutes = len(next(iter(burns.values())))
        return [all(burns[a][i] > factor and burns[b][i] > factor for a, b, factor in rules) for i in range(minutes)]
        """,
    ),
    wrong(
        "only the first rule is looked at",
        "multi-fires",
        "any-row",
        """
        long, short, factor = rules[0]
        return [a > factor and b > factor for a, b in zip(burns[long], burns[short])]
        """,
    ),
    wrong(
        "the long window alone",
        "multi-fires",
        "both-windows quick-reset",
        """
        minutes = len(next(iter(burns.values())))
        return [any(burns[long][i] > factor for long, short, factor in rules) for i in range(minutes)]
        """,
    ),
    wrong(
        "once it fires, it goes on until the long window is clean",
        "multi-fires",
        "quick-reset",
        """
        found, on = [], False
        for i in range(len(next(iter(burns.values())))):
            slow = any(burns[long][i] > factor for long, short, factor in rules)
            both = any(burns[long][i] > factor and burns[short][i] > factor for long, short, factor in rules)
            on = slow and (on or both)
            found.append(on)
        return found
        """,
    ),
    wrong(
        "incidents that were noticed / pages",
        "precision",
        "precision",
        """
        noticed = sum(any(overlap(page, incident) for page in pages) for incident in incidents)
        return noticed / len(pages) if pages else math.nan
        """,
    ),
    wrong(
        "every pair of page and incident counts",
        "precision",
        "precision",
        """
        pairs = sum(overlap(page, incident) for page in pages for incident in incidents)
        return pairs / len(pages) if pages else math.nan
        """,
    ),
    wrong(
        "no page has the precision 0",
        "precision",
        "precision",
        """
        right = sum(any(overlap(page, incident) for incident in incidents) for page in pages)
        return right / len(pages) if pages else 0
        """,
    ),
    wrong(
        "a page counts only if it begins within the incident",
        "precision",
        "precision",
        """
        right = sum(any(start <= page[0] < end for start, end in incidents) for page in pages)
        return right / len(pages) if pages else math.nan
        """,
    ),
    wrong(
        "right pages / incidents",
        "recall",
        "recall",
        """
        right = sum(any(overlap(page, incident) for incident in incidents) for page in pages)
        return right / len(incidents) if incidents else math.nan
        """,
    ),
    wrong(
        "no incident is a recall of 1",
        "recall",
        "recall",
        """
        noticed = sum(any(overlap(page, incident) for page in pages) for incident in incidents)
        return noticed / len(incidents) if incidents else 1
        """,
    ),
    wrong(
        "detection from the last page",
        "detected-after",
        "first-page",
        """
        found = []
        for incident in incidents:
            begins = [page[0] for page in pages if overlap(page, incident)]
            found.append(max(0, max(begins) - incident[0]) if begins else math.nan)
        return found
        """,
    ),
    wrong(
        "an incident can be detected before it begins",
        "detected-after",
        "first-page",
        """
        found = []
        for incident in incidents:
            begins = [page[0] for page in pages if overlap(page, incident)]
            found.append(min(begins) - incident[0] if begins else math.nan)
        return found
        """,
    ),
    wrong(
        "incidents that nobody noticed are left out",
        "detected-after",
        "first-page",
        """
        found = []
        for incident in incidents:
            begins = [page[0] for page in pages if overlap(page, incident)]
            if begins:
                found.append(max(0, min(begins) - incident[0]))
        return found
        """,
    ),
    wrong(
        "reset of the first page",
        "reset-after",
        "last-reset",
        """
        found = []
        for incident in incidents:
            ends = [math.inf if page[1] is None else page[1] for page in pages if overlap(page, incident)]
            found.append(max(0, min(ends) - incident[1]) if ends else math.nan)
        return found
        """,
    ),
    wrong(
        "a page without an end is left out",
        "reset-after",
        "last-reset",
        """
        found = []
        for incident in incidents:
            ends = [page[1] for page in pages if overlap(page, incident) and page[1] is not None]
            found.append(max(0, max(ends) - incident[1]) if ends else math.nan)
        return found
        """,
    ),
    wrong(
        "as many failures as the factor allows",
        "failures-to-fire",
        "failures-that-fire",
        """
        least = math.ceil(requests * (1 - exact(target)) * exact(factor))
        return least if requests and least <= requests else None
        """,
    ),
    wrong(
        "failures in floats",
        "failures-to-fire",
        "failures-that-fire",
        """
        least = math.floor(requests * (1 - target) * factor) + 1
        return least if least <= requests else None
        """,
    ),
    wrong(
        "more failures than requests",
        "failures-to-fire",
        "failures-that-fire",
        """
        return math.floor(requests * (1 - exact(target)) * exact(factor)) + 1
        """,
    ),
    wrong(
        "more than at_least failures",
        "careful-fires",
        "enough-failures",
        """
        minutes = len(next(iter(burns.values())))
        return [
            any(min(burns[a][i], burns[b][i]) > factor and failures[a][i] > at_least for a, b, factor in rules)
            for i in range(minutes)
        ]
        """,
    ),
    wrong(
        "failures are counted in the short window",
        "careful-fires",
        "enough-failures",
        """
        minutes = len(next(iter(burns.values())))
        return [
            any(min(burns[a][i], burns[b][i]) > factor and failures[b][i] >= at_least for a, b, factor in rules)
            for i in range(minutes)
        ]
        """,
    ),
    wrong(
        "failures are always counted over an hour",
        "careful-fires",
        "enough-failures",
        """
        flags = multi_fires(burns, rules)
        return [flag and failures[60][i] >= at_least for i, flag in enumerate(flags)]
        """,
    ),
    wrong(
        "enough failures alone are an alert",
        "careful-fires",
        "enough-failures",
        """
        minutes = len(next(iter(burns.values())))
        return [any(failures[long][i] >= at_least for long, short, factor in rules) for i in range(minutes)]
        """,
    ),
]
