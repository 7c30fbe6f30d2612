"""Wrong solutions of Lab 6: mistakes that students make, each with the properties it breaks and no others.

A wrong solution replaces the body of one answer cell of the reference. The first four are the ones that the course plan
names; the others are here so that each property has a mistake that it catches.
"""

from labs import wrong

WRONG = [
    wrong(
        "the credit is a share of the year's bill",
        "monthly-credit",
        "that-months-bill",
        """
        if claimed is None or claimed > month + window:
            return 0
        return min(1, sum(shares)) * sum(bills.values())
        """,
    ),
    wrong(
        "inclusive and exclusive are swapped",
        "credit-share",
        "tier-edges",
        """
        reached = [tier for tier in tiers if uptime <= tier.below]
        return min(reached).credit if reached else 0
        """,
    ),
    wrong(
        "the tiers are added up",
        "credit-share",
        "one-tier",
        """
        return sum(tier.credit for tier in tiers if uptime < tier.below)
        """,
    ),
    wrong(
        "the internal SLI takes the place of the contract's formula",
        "uptime",
        "contract-formula",
        """
        counted = [one for one in slices if not any(start <= one.minute < end for start, end in maintenance)]
        valid = sum(one.valid for one in counted)
        return 1 - Fraction(sum(one.bad for one in counted), valid) if valid else math.nan
        """,
    ),
    wrong(
        "the first tier that fits, in the order of the table",
        "credit-share",
        "one-tier",
        """
        for tier in tiers:
            if uptime < tier.below:
                return tier.credit
        return 0
        """,
    ),
    wrong(
        "the last tier that fits, in the order of the table",
        "credit-share",
        "one-tier",
        """
        share = 0
        for tier in tiers:
            if uptime < tier.below:
                share = tier.credit
        return share
        """,
    ),
    wrong(
        "the edges are moved by floats",
        "credit-share",
        "tier-edges",
        """
        reached = [tier for tier in tiers if float(uptime) < float(tier.below) - 1e-6]
        return min(reached).credit if reached else 0
        """,
    ),
    wrong(
        "a percentage instead of a share",
        "credit-share",
        "one-tier",
        """
        reached = [tier for tier in tiers if uptime < tier.below]
        return 100 * min(reached).credit if reached else 0
        """,
    ),
    wrong(
        "the smallest credit is paid in any case",
        "credit-share",
        "tier-edges promise-kept",
        """
        reached = [tier for tier in tiers if uptime < tier.below]
        return min(reached).credit if reached else max(tiers).credit
        """,
    ),
    wrong(
        "a month without requests gets everything back",
        "credit-share",
        "promise-kept",
        """
        reached = [tier for tier in tiers if not uptime >= tier.below]
        return min(reached).credit if reached else 0
        """,
    ),
    wrong(
        "a month without requests is undefined, also in money",
        "credit-share",
        "promise-kept",
        """
        if math.isnan(uptime):
            return math.nan
        reached = [tier for tier in tiers if uptime < tier.below]
        return min(reached).credit if reached else 0
        """,
    ),
    wrong(
        "a slice is down when anything in it failed",
        "uptime",
        "contract-formula",
        """
        counted = [one for one in slices if not any(start <= one.minute < end for start, end in maintenance)]
        valid = sum(one.valid for one in counted)
        if not (valid if formula == "requests" else counted):
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in counted), valid)
        if formula == "slices":
            return 1 - Fraction(sum(one.bad > 0 for one in counted), len(counted))
        return 1 - math.fsum(one.bad / one.valid for one in counted if one.valid) / len(counted)
        """,
    ),
    wrong(
        "a slice without requests is down",
        "uptime",
        "contract-formula",
        """
        counted = [one for one in slices if not any(start <= one.minute < end for start, end in maintenance)]
        valid = sum(one.valid for one in counted)
        if not (valid if formula == "requests" else counted):
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in counted), valid)
        if formula == "slices":
            return 1 - Fraction(sum(one.bad == one.valid for one in counted), len(counted))
        return 1 - math.fsum(one.bad / one.valid for one in counted if one.valid) / len(counted)
        """,
    ),
    wrong(
        "slices without requests are left out of the mean",
        "uptime",
        "contract-formula",
        """
        counted = [one for one in slices if not any(start <= one.minute < end for start, end in maintenance)]
        valid = sum(one.valid for one in counted)
        if not (valid if formula == "requests" else counted):
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in counted), valid)
        if formula == "slices":
            return 1 - Fraction(sum(0 < one.valid == one.bad for one in counted), len(counted))
        asked = [one for one in counted if one.valid]
        return 1 - math.fsum(one.bad / one.valid for one in asked) / len(asked) if asked else 1
        """,
    ),
    wrong(
        "maintenance is counted",
        "uptime",
        "excluded-minutes",
        """
        valid = sum(one.valid for one in slices)
        if not (valid if formula == "requests" else slices):
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in slices), valid)
        if formula == "slices":
            return 1 - Fraction(sum(0 < one.valid == one.bad for one in slices), len(slices))
        return 1 - math.fsum(one.bad / one.valid for one in slices if one.valid) / len(slices)
        """,
    ),
    wrong(
        "the end of a maintenance is excluded as well",
        "uptime",
        "excluded-minutes",
        """
        slices = [one for one in slices if not any(start <= one.minute <= end for start, end in maintenance)]
        valid = sum(one.valid for one in slices)
        if not (valid if formula == "requests" else slices):
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in slices), valid)
        if formula == "slices":
            return 1 - Fraction(sum(0 < one.valid == one.bad for one in slices), len(slices))
        return 1 - math.fsum(one.bad / one.valid for one in slices if one.valid) / len(slices)
        """,
    ),
    wrong(
        "a slice that only touches a maintenance is excluded",
        "uptime",
        "excluded-minutes",
        """
        slices = [one for one in slices if not any(a < one.minute + 5 and one.minute < b for a, b in maintenance)]
        valid = sum(one.valid for one in slices)
        if not (valid if formula == "requests" else slices):
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in slices), valid)
        if formula == "slices":
            return 1 - Fraction(sum(0 < one.valid == one.bad for one in slices), len(slices))
        return 1 - math.fsum(one.bad / one.valid for one in slices if one.valid) / len(slices)
        """,
    ),
    wrong(
        "only the first maintenance counts",
        "uptime",
        "excluded-minutes",
        """
        slices = [one for one in slices if not any(start <= one.minute < end for start, end in maintenance[:1])]
        valid = sum(one.valid for one in slices)
        if not (valid if formula == "requests" else slices):
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in slices), valid)
        if formula == "slices":
            return 1 - Fraction(sum(0 < one.valid == one.bad for one in slices), len(slices))
        return 1 - math.fsum(one.bad / one.valid for one in slices if one.valid) / len(slices)
        """,
    ),
    wrong(
        "maintenance that was announced twice is taken off the whole twice",
        "uptime",
        "excluded-minutes",
        """
        left_out = sum(start <= one.minute < end for one in slices for start, end in maintenance)
        counted = [one for one in slices if not any(start <= one.minute < end for start, end in maintenance)]
        valid, whole = sum(one.valid for one in counted), len(slices) - left_out
        if not (valid if formula == "requests" else counted) or whole == 0:
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in counted), valid)
        if formula == "slices":
            return 1 - Fraction(sum(0 < one.valid == one.bad for one in counted), whole)
        return 1 - math.fsum(one.bad / one.valid for one in counted if one.valid) / whole
        """,
    ),
    wrong(
        "excluded minutes count as up",
        "uptime",
        "excluded-minutes",
        """
        slices = [
            one._replace(bad=0) if any(start <= one.minute < end for start, end in maintenance) else one
            for one in slices
        ]
        valid = sum(one.valid for one in slices)
        if not (valid if formula == "requests" else slices):
            return math.nan
        if formula == "requests":
            return 1 - Fraction(sum(one.bad for one in slices), valid)
        if formula == "slices":
            return 1 - Fraction(sum(0 < one.valid == one.bad for one in slices), len(slices))
        return 1 - math.fsum(one.bad / one.valid for one in slices if one.valid) / len(slices)
        """,
    ),
    wrong(
        "the credit is a share of the bill of the month in which it was claimed",
        "monthly-credit",
        "that-months-bill",
        """
        if claimed is None or claimed > month + window:
            return 0
        return min(1, sum(shares)) * bills[claimed]
        """,
    ),
    wrong(
        "there is no cap",
        "monthly-credit",
        "capped",
        """
        if claimed is None or claimed > month + window:
            return 0
        return sum(shares) * bills[month]
        """,
    ),
    wrong(
        "of several agreements only the best one counts",
        "monthly-credit",
        "capped",
        """
        if claimed is None or claimed > month + window:
            return 0
        return max(shares) * bills[month]
        """,
    ),
    wrong(
        "nobody has to claim",
        "monthly-credit",
        "claim-window",
        """
        return min(1, sum(shares)) * bills[month]
        """,
    ),
    wrong(
        "the last month of the window is too late",
        "monthly-credit",
        "claim-window",
        """
        if claimed is None or claimed >= month + max(2, window):
            return 0
        return min(1, sum(shares)) * bills[month]
        """,
    ),
    wrong(
        "a credit lowers the bill of its own month",
        "settle",
        "future-payments",
        """
        waiting, payments = 0, []
        for bill, credit in zip(bills, credits):
            waiting += credit
            used = min(bill, waiting)
            payments.append(bill - used)
            waiting -= used
        return payments, waiting
        """,
    ),
    wrong(
        "a credit is paid out: bills below zero",
        "settle",
        "future-payments",
        """
        payments = [bill - credit for bill, credit in zip(bills, [0, *credits])]
        return payments, credits[-1]
        """,
    ),
    wrong(
        "what is larger than the next bill is lost",
        "settle",
        "future-payments",
        """
        payments = [max(0, bill - credit) for bill, credit in zip(bills, [0, *credits])]
        return payments, credits[-1]
        """,
    ),
    wrong(
        "every month has 30 days",
        "safety-gap",
        "month-length",
        """
        return (slo - sla) * 30 * 24 * 60
        """,
    ),
    wrong(
        "leap years are forgotten",
        "safety-gap",
        "month-length",
        """
        days = 28 if month == 2 else calendar.monthrange(year, month)[1]
        return (slo - sla) * days * 24 * 60
        """,
    ),
    wrong(
        "the gap is in hours",
        "safety-gap",
        "gap-in-minutes",
        """
        return (slo - sla) * calendar.monthrange(year, month)[1] * 24
        """,
    ),
    wrong(
        "the gap is never negative",
        "safety-gap",
        "gap-in-minutes",
        """
        return max(0, slo - sla) * calendar.monthrange(year, month)[1] * 24 * 60
        """,
    ),
    wrong(
        "a target that is exactly reached is missed",
        "verdict",
        "slo-and-sla",
        """
        if math.isnan(uptime):
            return "no data"
        if uptime < sla:
            return "credit due"
        return "met" if uptime > slo else "missed"
        """,
    ),
    wrong(
        "an SLO that is met hides an SLA that is not",
        "verdict",
        "slo-and-sla",
        """
        if math.isnan(uptime):
            return "no data"
        if uptime >= slo:
            return "met"
        return "credit due" if uptime < sla else "missed"
        """,
    ),
    wrong(
        "every missed SLO brings a credit",
        "verdict",
        "slo-and-sla",
        """
        if math.isnan(uptime):
            return "no data"
        return "met" if uptime >= slo else "credit due"
        """,
    ),
    wrong(
        "no data is taken for the best",
        "verdict",
        "slo-and-sla",
        """
        if uptime < sla:
            return "credit due"
        return "missed" if uptime < slo else "met"
        """,
    ),
    wrong(
        "the gain is relative",
        "value-of-gain",
        "value-of-a-gain",
        """
        return revenue * (after / before - 1)
        """,
    ),
    wrong(
        "the gain is in percentage points",
        "value-of-gain",
        "value-of-a-gain",
        """
        return revenue * (after - before) * 100
        """,
    ),
    wrong(
        "stop at the first nine that does not pay",
        "nines",
        "where-to-stop",
        """
        for number, cost in enumerate(costs, start=2):
            if revenue * Fraction(9, 10**number) <= cost:
                return number - 1
        return 1 + len(costs)
        """,
    ),
    wrong(
        "each nine is compared with all the gains before it",
        "nines",
        "where-to-stop",
        """
        nines = 1
        for number, cost in enumerate(costs, start=2):
            if revenue * (1 - Fraction(1, 10**number) - Fraction(9, 10)) > cost:
                nines = number
        return nines
        """,
    ),
    wrong(
        "of two numbers of nines that are equally good, the larger",
        "nines",
        "where-to-stop",
        """
        best, nines, total = 0, 1, 0
        for number, cost in enumerate(costs, start=2):
            total += revenue * Fraction(9, 10**number) - cost
            if total >= best:
                best, nines = total, number
        return nines
        """,
    ),
    wrong(
        "steps are counted, not nines",
        "nines",
        "where-to-stop",
        """
        best, steps, total = 0, 0, 0
        for number, cost in enumerate(costs, start=1):
            total += revenue * 9 / 10 ** (number + 1) - cost
            if total > best:
                best, steps = total, number
        return steps
        """,
    ),
    wrong(
        "the most minutes first, as long as the money lasts",
        "best-buys",
        "best-buys",
        """
        names = []
        for offer in sorted(offers, key=lambda offer: -offer.minutes):
            if offer.cost <= budget:
                budget -= offer.cost
                names.append(offer.name)
        return names
        """,
    ),
    wrong(
        "the cheapest minutes first, as long as the money lasts",
        "best-buys",
        "best-buys",
        """
        names = []
        for offer in sorted(offers, key=lambda offer: offer.cost / offer.minutes):
            if offer.cost <= budget:
                budget -= offer.cost
                names.append(offer.name)
        return names
        """,
    ),
    wrong(
        "the best of three simple rules, as long as the money lasts",
        "best-buys",
        "best-buys",
        """
        def bought(key):
            left, names, minutes = budget, [], 0
            for offer in sorted(offers, key=key):
                if offer.cost <= left:
                    left, minutes = left - offer.cost, minutes + offer.minutes
                    names.append(offer.name)
            return minutes, names

        rules = (lambda o: o.cost / o.minutes, lambda o: -o.minutes, lambda o: o.cost)
        return max(bought(key) for key in rules)[1]
        """,
    ),
    wrong(
        "only one offer is bought",
        "best-buys",
        "best-buys",
        """
        affordable = [offer for offer in offers if offer.cost <= budget]
        return [max(affordable, key=lambda offer: offer.minutes).name] if affordable else []
        """,
    ),
    wrong(
        "everything is bought",
        "best-buys",
        "within-budget",
        """
        return [offer.name for offer in offers]
        """,
    ),
    wrong(
        "the best offer for its price is bought as often as the money lasts",
        "best-buys",
        "within-budget best-buys",
        """
        affordable = [offer for offer in offers if offer.cost <= budget]
        if not affordable:
            return []
        best = max(affordable, key=lambda offer: offer.minutes / offer.cost)
        return [best.name] * (budget // best.cost)
        """,
    ),
    wrong(
        "offers instead of their names",
        "best-buys",
        "within-budget best-buys",
        """
        choices = [chosen for count in range(len(offers) + 1) for chosen in combinations(offers, count)]
        affordable = [chosen for chosen in choices if sum(offer.cost for offer in chosen) <= budget]
        return list(max(affordable, key=lambda chosen: sum(offer.minutes for offer in chosen)))
        """,
    ),
]
