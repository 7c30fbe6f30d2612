"""Wrong solutions of Lab 5: mistakes that students make, each with the properties it breaks and no others.

The first nine are those of the course plan: averaging, a sum without a floor, independence where a part is shared, a
shared dependency that is squared, the blog's product, and what was printed. The others are here so that each property
has a mistake that it catches.
"""

from labs import wrong

WRONG = [
    wrong(
        "the mean of the parts",
        "series",
        "product counted-once",
        """
        return sum(a for name, a in parts) / len(parts) if parts else 1
        """,
    ),
    wrong(
        "unavailabilities are added up without a floor",
        "by-the-sum",
        "sum-with-a-floor",
        """
        return 1 - math.fsum(1 - a for a in availabilities)
        """,
    ),
    wrong(
        "independence is assumed where parts are shared",
        "availability",
        "shared-part-once best-part",
        """
        def alone(one):
            total = service_map[one].availability
            for need in service_map[one].needs:
                shares = [alone(other) for other in need.names]
                enough = 0
                for state in itertools.product((True, False), repeat=len(shares)):
                    if sum(state) >= need.k:
                        enough += math.prod(a if up else 1 - a for a, up in zip(shares, state))
                total *= enough
            return total

        return alone(name)
        """,
    ),
    wrong(
        "a dependency that is named twice is squared",
        "series",
        "counted-once",
        """
        return math.prod(a for name, a in parts)
        """,
    ),
    wrong(
        "side by side is multiplied, as in the blog",
        "any-of",
        "only-all-at-once nothing-and-perfect",
        """
        return math.prod(availabilities) if availabilities else 0
        """,
    ),
    wrong(
        "believes the blog's multi-zone figure",
        "correct",
        "published-claims",
        """
        return {"c": 26.28, "e": 99.9702, "f": 99.00448}.get(claim)
        """,
    ),
    wrong(
        "believes that 53 minutes are 26 + 27",
        "correct",
        "published-claims",
        """
        return {"a": 99.9975, "e": 99.9702, "f": 99.00448}.get(claim)
        """,
    ),
    wrong(
        "takes the sum for the product",
        "correct",
        "published-claims",
        """
        return {"a": 99.9975, "c": 26.28, "e": 99.9702}.get(claim)
        """,
    ),
    wrong(
        "corrects what is right",
        "correct",
        "published-claims",
        """
        return {"a": 99.9975, "b": 99.95, "c": 26.28, "d": 99.99, "e": 99.9702, "f": 99.00448}.get(claim)
        """,
    ),
    wrong(
        "the mean of the spells' availabilities",
        "measured",
        "up-over-all",
        """
        shares = [up / (up + down) for up, down in spells]
        return sum(shares) / len(shares) if shares else math.nan
        """,
    ),
    wrong(
        "1 - MTTR / MTTF",
        "measured",
        "up-over-all",
        """
        up, down = sum(spell[0] for spell in spells), sum(spell[1] for spell in spells)
        return 1 - down / up if up else (0.0 if down else math.nan)
        """,
    ),
    wrong(
        "without a spell it never worked",
        "measured",
        "up-over-all",
        """
        up, down = sum(spell[0] for spell in spells), sum(spell[1] for spell in spells)
        return up / (up + down) if spells else 0
        """,
    ),
    wrong(
        "a part at 0 is taken for one that says nothing",
        "series",
        "product",
        """
        return math.prod(a for a in dict(parts).values() if a)
        """,
    ),
    wrong(
        "equal availabilities are taken for the same part",
        "series",
        "product",
        """
        return math.prod({a for name, a in parts})
        """,
    ),
    wrong(
        "no downtime below zero",
        "minutes-left",
        "what-is-left",
        """
        minutes = period_days * 1_440
        left = (1 - target) * minutes - sum((1 - a) * minutes for name, a in parts) - sum(outages)
        return max(0, left)
        """,
    ),
    wrong(
        "every period has 30 days",
        "minutes-left",
        "what-is-left",
        """
        minutes = 30 * 1_440
        return (1 - target) * minutes - sum((1 - a) * minutes for name, a in parts) - sum(outages)
        """,
    ),
    wrong(
        "a dependency takes its share of the allowed minutes, not of the period",
        "minutes-left",
        "what-is-left",
        """
        allowed = (1 - target) * period_days * 1_440
        return allowed - sum((1 - a) * allowed for name, a in parts) - sum(outages)
        """,
    ),
    wrong(
        "availabilities are added up",
        "any-of",
        "only-all-at-once",
        """
        return min(1, sum(availabilities))
        """,
    ),
    wrong(
        "the best of them",
        "any-of",
        "only-all-at-once",
        """
        return max(availabilities, default=0)
        """,
    ),
    wrong(
        "with nothing to choose from all is well",
        "any-of",
        "nothing-and-perfect",
        """
        return 1 - math.prod(1 - a for a in availabilities) if availabilities else 1
        """,
    ),
    wrong(
        "copies are counted in floats",
        "copies-for",
        "enough-copies",
        """
        if availability == 0 or (target == 1 and availability < 1):
            return None
        copies = 1
        while 1 - (1 - availability) ** copies < target:
            copies += 1
        return copies
        """,
    ),
    wrong(
        "the target has to be exceeded",
        "copies-for",
        "enough-copies",
        """
        down, allowed = 1 - exact(availability), 1 - exact(target)
        if down == 1 or (allowed == 0 and down > 0):
            return None
        copies = 1
        while down and down**copies >= allowed:
            copies += 1
        return copies
        """,
    ),
    wrong(
        "asks for ever where no number is enough",
        "copies-for",
        "enough-copies",
        """
        copies = 1
        while copies < 1_000 and 1 - (1 - exact(availability)) ** copies < exact(target):
            copies += 1
        return copies
        """,
    ),
    wrong(
        "exactly k of n",
        "at-least",
        "equal-parts unequal-parts k-edges",
        """
        total = 0
        for state in itertools.product((True, False), repeat=len(availabilities)):
            if sum(state) == k:
                total += math.prod(a if up else 1 - a for a, up in zip(availabilities, state))
        return total
        """,
    ),
    wrong(
        "more than k of n",
        "at-least",
        "equal-parts unequal-parts k-edges",
        """
        total = 0
        for state in itertools.product((True, False), repeat=len(availabilities)):
            if sum(state) > k:
                total += math.prod(a if up else 1 - a for a, up in zip(availabilities, state))
        return total
        """,
    ),
    wrong(
        "the binomial law with the mean of the parts",
        "at-least",
        "unequal-parts k-edges",
        """
        n = len(availabilities)
        a = sum(availabilities) / n if n else 0
        return sum(math.comb(n, up) * a**up * (1 - a) ** (n - up) for up in range(k, n + 1))
        """,
    ),
    wrong(
        "the states that are down are forgotten: only the product of those that are up",
        "at-least",
        "equal-parts unequal-parts",
        """
        counts = range(k, len(availabilities) + 1)
        chosen = (some for count in counts for some in itertools.combinations(availabilities, count))
        return min(1, sum(map(math.prod, chosen)))
        """,
    ),
    wrong(
        "nothing needed of nothing is an exception",
        "at-least",
        "k-edges",
        """
        if not 1 <= k <= len(availabilities):
            raise ValueError("k is no number of these parts")
        total = 0
        for state in itertools.product((True, False), repeat=len(availabilities)):
            if sum(state) >= k:
                total += math.prod(a if up else 1 - a for a, up in zip(availabilities, state))
        return total
        """,
    ),
    wrong(
        "just enough is not enough",
        "carries",
        "enough-capacity",
        """
        total = 0
        for state in itertools.product((True, False), repeat=len(zones)):
            if sum(capacity for (a, capacity), up in zip(zones, state) if up) > load:
                total += math.prod(a if up else 1 - a for (a, capacity), up in zip(zones, state))
        return total
        """,
    ),
    wrong(
        "zones are counted, not their capacity",
        "carries",
        "enough-capacity",
        """
        mean = sum(capacity for a, capacity in zones) / len(zones) if zones else 1
        k = math.ceil(load / mean)
        total = 0
        for state in itertools.product((True, False), repeat=len(zones)):
            if sum(state) >= k:
                total += math.prod(a if up else 1 - a for (a, capacity), up in zip(zones, state))
        return total
        """,
    ),
    wrong(
        "the mean capacity",
        "carries",
        "enough-capacity",
        """
        return min(1, sum(a * capacity for a, capacity in zones) / load) if load else 1
        """,
    ),
    wrong(
        "one part of each need is enough, whatever its k",
        "works",
        "a-part-and-its-needs all-the-way-down shared-part-once agrees-with-formulas dead-and-perfect best-part",
        """
        return state[name] and all(
            any(works(other, state, service_map) for other in need.names) for need in service_map[name].needs
        )
        """,
    ),
    wrong(
        "one of the needs is enough",
        "works",
        "a-part-and-its-needs all-the-way-down shared-part-once agrees-with-formulas dead-and-perfect best-part",
        """
        needs = service_map[name].needs
        met = [sum(works(other, state, service_map) for other in need.names) >= need.k for need in needs]
        return state[name] and (any(met) or not needs)
        """,
    ),
    wrong(
        "a part that is needed has to be up, and its own needs do not matter",
        "works",
        "all-the-way-down shared-part-once agrees-with-formulas dead-and-perfect best-part",
        """
        return state[name] and all(
            sum(state[other] for other in need.names) >= need.k for need in service_map[name].needs
        )
        """,
    ),
    wrong(
        "the part itself is not looked at",
        "works",
        "a-part-and-its-needs all-the-way-down shared-part-once agrees-with-formulas dead-and-perfect best-part",
        """
        needs = service_map[name].needs
        if not needs:
            return state[name]
        return all(sum(works(other, state, service_map) for other in need.names) >= need.k for need in needs)
        """,
    ),
    wrong(
        "all states count alike",
        "availability",
        "shared-part-once agrees-with-formulas dead-and-perfect best-part",
        """
        states = [dict(zip(service_map, ups)) for ups in itertools.product((True, False), repeat=len(service_map))]
        return sum(works(name, state, service_map) for state in states) / len(states)
        """,
    ),
    wrong(
        "only the parts that are up are multiplied",
        "availability",
        "shared-part-once agrees-with-formulas dead-and-perfect best-part",
        """
        total = 0
        for ups in itertools.product((True, False), repeat=len(service_map)):
            state = dict(zip(service_map, ups))
            if works(name, state, service_map):
                total += math.prod(part.availability for other, part in service_map.items() if state[other])
        return min(1, total)
        """,
    ),
    wrong(
        "everything on the map is needed",
        "availability",
        "shared-part-once agrees-with-formulas dead-and-perfect best-part",
        """
        return math.prod(part.availability for part in service_map.values())
        """,
    ),
    wrong(
        "the worst part is the one to improve",
        "best-to-improve",
        "best-part",
        """
        return min(service_map, key=lambda one: service_map[one].availability)
        """,
    ),
    wrong(
        "each part stays perfect while the next one is tried",
        "best-to-improve",
        "best-part",
        """
        best, highest = None, -1
        for one in service_map:
            service_map[one] = service_map[one]._replace(availability=1.0)
            found = availability(name, service_map)
            if found > highest:
                best, highest = one, found
        return best
        """,
    ),
    wrong(
        "the part whose loss would hurt most is the one to improve",
        "best-to-improve",
        "best-part",
        """
        def with_part(other, share):
            return availability(name, service_map | {other: service_map[other]._replace(availability=share)})

        return max(service_map, key=lambda other: with_part(other, 1.0) - with_part(other, 0.0))
        """,
    ),
    wrong(
        "the part that is needed most often is the one to improve",
        "best-to-improve",
        "best-part",
        """
        named = [one for part in service_map.values() for need in part.needs for one in need.names]
        return max(service_map, key=named.count)
        """,
    ),
    wrong(
        "beta of the copies fail together: no failure of one copy is left",
        "with-common-cause",
        "common-cause",
        """
        down = 1 - availability
        return 1 - max(beta * down, down**copies)
        """,
    ),
    wrong(
        "the other failures keep their full share",
        "with-common-cause",
        "common-cause",
        """
        down = 1 - availability
        return 1 - (beta * down + down**copies)
        """,
    ),
    wrong(
        "no common cause at all",
        "with-common-cause",
        "common-cause",
        """
        return 1 - (1 - availability) ** copies
        """,
    ),
    wrong(
        "a beta above 1",
        "largest-beta",
        "ceiling",
        """
        down, allowed = 1 - exact(availability), 1 - exact(target)
        return float(allowed / down) if down else 1.0
        """,
    ),
    wrong(
        "perfect copies are an exception",
        "largest-beta",
        "ceiling",
        """
        return min(1, (1 - target) / (1 - availability))
        """,
    ),
    wrong(
        "copies as if there were no common cause",
        "copies-with-beta",
        "copies-or-none",
        """
        down, allowed = 1 - exact(availability), 1 - exact(target)
        copies = 1
        while down**copies > allowed:
            copies += 1
        return copies
        """,
    ),
    wrong(
        "a hundred copies where none are enough",
        "copies-with-beta",
        "copies-or-none",
        """
        down, allowed, share = 1 - exact(availability), 1 - exact(target), exact(beta)
        copies = 1
        while copies < 100 and share * down + ((1 - share) * down) ** copies > allowed:
            copies += 1
        return copies
        """,
    ),
    wrong(
        "copies with a common cause are counted in floats",
        "copies-with-beta",
        "copies-or-none",
        """
        if beta == 1:
            return 1 if availability >= target else None
        if beta * (1 - availability) >= 1 - target:
            return None
        copies = 1
        while with_common_cause(availability, copies, beta) < target:
            copies += 1
        return copies
        """,
    ),
    wrong(
        "one copy is not looked at",
        "copies-with-beta",
        "copies-or-none",
        """
        down, allowed, share = 1 - exact(availability), 1 - exact(target), exact(beta)
        if share * down >= allowed:
            return None
        copies = 2
        while share * down + ((1 - share) * down) ** copies > allowed:
            copies += 1
        return copies
        """,
    ),
    wrong(
        "the product instead of the sum",
        "by-the-sum",
        "sum-with-a-floor",
        """
        return math.prod(availabilities)
        """,
    ),
    wrong(
        "each dependency needs the target",
        "each-needs",
        "extra-nine",
        """
        return target
        """,
    ),
    wrong(
        "the product instead of the sum: the n-th root",
        "each-needs",
        "extra-nine",
        """
        return target ** (1 / count)
        """,
    ),
    wrong(
        "always one nine more",
        "each-needs",
        "extra-nine",
        """
        return float(1 - (1 - exact(target)) / 10)
        """,
    ),
]
