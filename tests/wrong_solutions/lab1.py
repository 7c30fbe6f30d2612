"""Wrong solutions of Lab 1: mistakes that students make, each with the properties it breaks and no others.

A wrong solution replaces the body of one answer cell of the reference. The first five are the ones that the course
plan names; the others are here so that each property has a mistake that it catches.
"""

from labs import wrong

WRONG = [
    wrong(
        "the mean of the percentages of the hosts",
        "request-sli",
        "every-request-alike",
        """
        hosts = {}
        for one in judged:
            if start_s <= one.time_s < end_s and one.verdict != "invalid":
                hosts.setdefault(one.host, []).append(one.verdict == "good")
        return sum(sum(v) / len(v) for v in hosts.values()) / len(hosts) if hosts else math.nan
        """,
    ),
    wrong(
        "every 4xx is bad",
        "classify",
        "client-error",
        """
        if row.endpoint in spec.excluded_endpoints or row.status in spec.excluded_statuses:
            return "invalid"
        return "good" if row.status < 400 else "bad"
        """,
    ),
    wrong(
        "good / total: invalid requests are in the denominator",
        "request-sli",
        "good-over-valid no-traffic",
        """
        inside = [one for one in judged if start_s <= one.time_s < end_s]
        return sum(one.verdict == "good" for one in inside) / len(inside) if inside else math.nan
        """,
    ),
    wrong(
        "a percentage instead of a fraction",
        "request-sli",
        "good-over-valid every-request-alike half-open-window",
        """
        valid = [one for one in judged if start_s <= one.time_s < end_s and one.verdict != "invalid"]
        return 100 * sum(one.verdict == "good" for one in valid) / len(valid) if valid else math.nan
        """,
    ),
    wrong(
        "the last, shorter slice is dropped",
        "slice-ratios",
        "every-slice",
        """
        slices = [Counter() for _ in range(int((end_s - start_s) // slice_s))]
        for one in judged:
            number = int((one.time_s - start_s) // slice_s)
            if 0 <= number < len(slices):
                slices[number][one.verdict] += 1
        return [sli(count["good"], count["good"] + count["bad"]) for count in slices]
        """,
    ),
    wrong(
        "the last slice is dropped, shorter or not",
        "slice-ratios",
        "every-slice",
        """
        count = math.ceil((end_s - start_s) / slice_s) - 1
        return [request_sli(judged, start_s + slice_s * i, start_s + slice_s * (i + 1)) for i in range(count)]
        """,
    ),
    wrong(
        "the last slice runs beyond the end of the window",
        "slice-ratios",
        "every-slice",
        """
        count = math.ceil((end_s - start_s) / slice_s)
        return [request_sli(judged, start_s + slice_s * i, start_s + slice_s * (i + 1)) for i in range(count)]
        """,
    ),
    wrong(
        "slices without traffic are missing",
        "slice-ratios",
        "every-slice",
        """
        count = math.ceil((end_s - start_s) / slice_s)
        edges = [min(start_s + slice_s * i, end_s) for i in range(count + 1)]
        ratios = [request_sli(judged, a, b) for a, b in zip(edges, edges[1:])]
        return [ratio for ratio in ratios if not math.isnan(ratio)]
        """,
    ),
    wrong(
        "a request on an edge is in both slices",
        "slice-ratios",
        "slice-edges",
        """
        count = math.ceil((end_s - start_s) / slice_s)
        edges = [min(start_s + slice_s * i, end_s) for i in range(count + 1)]
        # Only the last edge is kept out, as the end of the window.
        return [
            request_sli([one for one in judged if one.time_s < end_s], a, b + (1e-9 if b < end_s else 0))
            for a, b in zip(edges, edges[1:])
        ]
        """,
    ),
    wrong(
        "hhmm is read as a number of minutes",
        "parse-flight",
        "clock-reading",
        """
        day, scheduled, carrier, number, origin, delay = line.split(",")
        days = (date.fromisoformat(day) - date(2013, 1, 1)).days
        time_s = 86_400 * days + 60 * int(scheduled)
        return Flight(time_s, f"{day} {carrier} {number}", carrier, origin, None if delay == "NA" else int(delay))
        """,
    ),
    wrong(
        "every month has 31 days",
        "parse-flight",
        "clock-reading",
        """
        day, scheduled, carrier, number, origin, delay = line.split(",")
        days = 31 * (int(day[5:7]) - 1) + int(day[8:]) - 1
        time_s = 86_400 * days + 3_600 * int(scheduled[:2]) + 60 * int(scheduled[2:])
        return Flight(time_s, f"{day} {carrier} {number}", carrier, origin, None if delay == "NA" else int(delay))
        """,
    ),
    wrong(
        "cancelled flights are refused",
        "parse-flight",
        "cancelled-flight",
        """
        day, scheduled, carrier, number, origin, delay = line.split(",")
        days = (date.fromisoformat(day) - date(2013, 1, 1)).days
        time_s = 86_400 * days + 3_600 * int(scheduled[:2]) + 60 * int(scheduled[2:])
        return Flight(time_s, f"{day} {carrier} {number}", carrier, origin, int(delay))
        """,
    ),
    wrong(
        "a cancelled flight has no delay, so 0",
        "parse-flight",
        "cancelled-flight",
        """
        day, scheduled, carrier, number, origin, delay = line.split(",")
        days = (date.fromisoformat(day) - date(2013, 1, 1)).days
        time_s = 86_400 * days + 3_600 * int(scheduled[:2]) + 60 * int(scheduled[2:])
        return Flight(time_s, f"{day} {carrier} {number}", carrier, origin, 0 if delay == "NA" else int(delay))
        """,
    ),
    wrong(
        "whatever is no number is taken for a cancellation",
        "parse-flight",
        "cancelled-flight",
        """
        day, scheduled, carrier, number, origin, delay = line.split(",")
        days = (date.fromisoformat(day) - date(2013, 1, 1)).days
        time_s = 86_400 * days + 3_600 * int(scheduled[:2]) + 60 * int(scheduled[2:])
        minutes = int(delay) if delay.lstrip("-").isdigit() else None
        return Flight(time_s, f"{day} {carrier} {number}", carrier, origin, minutes)
        """,
    ),
    wrong(
        "a flight is known by carrier and number, without its date",
        "parse-flight",
        "cancelled-flight",
        """
        day, scheduled, carrier, number, origin, delay = line.split(",")
        days = (date.fromisoformat(day) - date(2013, 1, 1)).days
        time_s = 86_400 * days + 3_600 * int(scheduled[:2]) + 60 * int(scheduled[2:])
        return Flight(time_s, f"{carrier} {number}", carrier, origin, None if delay == "NA" else int(delay))
        """,
    ),
    wrong(
        "airport and carrier change places",
        "parse-flight",
        "cancelled-flight",
        """
        day, scheduled, carrier, number, origin, delay = line.split(",")
        days = (date.fromisoformat(day) - date(2013, 1, 1)).days
        time_s = 86_400 * days + 3_600 * int(scheduled[:2]) + 60 * int(scheduled[2:])
        return Flight(time_s, f"{day} {carrier} {number}", origin, carrier, None if delay == "NA" else int(delay))
        """,
    ),
    wrong(
        "the first bad line ends the file",
        "read-flights",
        "lines-set-aside",
        """
        try:
            flight = parse(line)
        except ValueError as problem:
            set_aside.append((number, str(problem)))
            break
        if flight.flight_id in seen:
            set_aside.append((number, "repeated"))
            continue
        seen.add(flight.flight_id)
        flights.append(flight)
        """,
    ),
    wrong(
        "bad lines are dropped in silence",
        "read-flights",
        "lines-set-aside",
        """
        try:
            flight = parse(line)
        except ValueError:
            continue
        if flight.flight_id in seen:
            set_aside.append((number, "repeated"))
            continue
        seen.add(flight.flight_id)
        flights.append(flight)
        """,
    ),
    wrong(
        "lines are counted from 0",
        "read-flights",
        "lines-set-aside",
        """
        try:
            flight = parse(line)
        except ValueError:
            set_aside.append((number - 1, "bad"))
            continue
        if flight.flight_id in seen:
            set_aside.append((number - 1, "repeated"))
            continue
        seen.add(flight.flight_id)
        flights.append(flight)
        """,
    ),
    wrong(
        "repeated flights are kept",
        "read-flights",
        "once-in-order",
        """
        try:
            flights.append(parse(line))
        except ValueError:
            set_aside.append((number, "bad"))
        """,
    ),
    wrong(
        "two flights that leave at the same time are one",
        "read-flights",
        "once-in-order",
        """
        try:
            flight = parse(line)
        except ValueError:
            set_aside.append((number, "cannot be read"))
            continue
        if flight.time_s in seen:
            set_aside.append((number, "was there before"))
            continue
        seen.add(flight.time_s)
        flights.append(flight)
        """,
    ),
    wrong(
        "the last of the repeated lines counts",
        "read-flights",
        "once-in-order",
        """
        try:
            flight = parse(line)
        except ValueError:
            set_aside.append((number, "bad"))
            continue
        if flight.flight_id in seen:
            set_aside.append((number, "repeated"))
            flights = [other for other in flights if other.flight_id != flight.flight_id]
        seen.add(flight.flight_id)
        flights.append(flight)
        """,
    ),
    wrong(
        "health checks are counted",
        "classify",
        "health-check",
        """
        if row.status in spec.excluded_statuses:
            return "invalid"
        return "bad" if row.status >= 500 or row.status in spec.bad_client_errors else "good"
        """,
    ),
    wrong(
        "a health check is known by its name, not by the spec",
        "classify",
        "health-check",
        """
        if row.endpoint == "/healthz" or row.status in spec.excluded_statuses:
            return "invalid"
        return "bad" if row.status >= 500 or row.status in spec.bad_client_errors else "good"
        """,
    ),
    wrong(
        "429 is always bad",
        "classify",
        "client-error written-spec",
        """
        if row.endpoint in spec.excluded_endpoints or row.status in spec.excluded_statuses:
            return "invalid"
        return "bad" if row.status >= 500 or row.status == 429 else "good"
        """,
    ),
    wrong(
        "what the spec says about statuses is not read",
        "classify",
        "written-spec",
        """
        if row.endpoint in spec.excluded_endpoints:
            return "invalid"
        return "bad" if row.status >= 500 else "good"
        """,
    ),
    wrong(
        "bad is asked before excluded",
        "classify",
        "written-spec",
        """
        if row.endpoint in spec.excluded_endpoints:
            return "invalid"
        if row.status >= 500 or row.status in spec.bad_client_errors:
            return "bad"
        return "invalid" if row.status in spec.excluded_statuses else "good"
        """,
    ),
    wrong(
        "fifteen minutes late is on time",
        "on-time",
        "on-time",
        """
        return "good" if flight.delay_min is not None and flight.delay_min <= 15 else "bad"
        """,
    ),
    wrong(
        "a flight that never left is not counted",
        "on-time",
        "on-time",
        """
        if flight.delay_min is None:
            return "invalid"
        return "good" if flight.delay_min < 15 else "bad"
        """,
    ),
    wrong(
        "the SLI is rounded",
        "request-sli",
        "good-over-valid every-request-alike half-open-window",
        """
        valid = [one for one in judged if start_s <= one.time_s < end_s and one.verdict != "invalid"]
        return round(sum(one.verdict == "good" for one in valid) / len(valid), 3) if valid else math.nan
        """,
    ),
    wrong(
        "the end of the window is inside",
        "request-sli",
        "half-open-window",
        """
        valid = [one for one in judged if start_s <= one.time_s <= end_s and one.verdict != "invalid"]
        return sum(one.verdict == "good" for one in valid) / len(valid) if valid else math.nan
        """,
    ),
    wrong(
        "the window is ignored",
        "request-sli",
        "half-open-window no-traffic",
        """
        valid = [one for one in judged if one.verdict != "invalid"]
        return sum(one.verdict == "good" for one in valid) / len(valid) if valid else math.nan
        """,
    ),
    wrong(
        "no traffic is 100 %",
        "request-sli",
        "no-traffic",
        """
        valid = [one for one in judged if start_s <= one.time_s < end_s and one.verdict != "invalid"]
        return sum(one.verdict == "good" for one in valid) / len(valid) if valid else 1.0
        """,
    ),
    wrong(
        "no traffic is an exception",
        "request-sli",
        "no-traffic",
        """
        valid = [one for one in judged if start_s <= one.time_s < end_s and one.verdict != "invalid"]
        return sum(one.verdict == "good" for one in valid) / len(valid)
        """,
    ),
    wrong(
        "a group's good requests are divided by everybody's valid ones",
        "sli-by",
        "own-group",
        """
        valid = sum(one.verdict != "invalid" for one in judged)
        groups = {getattr(one, column) for one in judged}
        table = {}
        for group in groups:
            own = [one for one in judged if getattr(one, column) == group and one.verdict != "invalid"]
            table[group] = sum(one.verdict == "good" for one in own) / valid if own else math.nan
        return table
        """,
    ),
    wrong(
        "the column is not looked at: always by tenant",
        "sli-by",
        "own-group no-group-lost",
        """
        counts = {}
        for one in judged:
            counts.setdefault(one.tenant, Counter())[one.verdict] += 1
        return {group: sli(count["good"], count["good"] + count["bad"]) for group, count in counts.items()}
        """,
    ),
    wrong(
        "groups without a valid request are left out",
        "sli-by",
        "no-group-lost",
        """
        counts = {}
        for one in judged:
            if one.verdict != "invalid":
                counts.setdefault(getattr(one, column), Counter())[one.verdict] += 1
        return {group: sli(count["good"], count["good"] + count["bad"]) for group, count in counts.items()}
        """,
    ),
    wrong(
        "an action is good only if every attempt was",
        "actions",
        "any-attempt",
        """
        attempts = {}
        for one in judged:
            if one.verdict != "invalid":
                attempts.setdefault(one.action_id, []).append(one)
        found = []
        for tries in attempts.values():
            verdict = "good" if all(one.verdict == "good" for one in tries) else "bad"
            found.append(min(tries, key=lambda one: one.time_s)._replace(verdict=verdict))
        return found
        """,
    ),
    wrong(
        "an action is what its first attempt was",
        "actions",
        "any-attempt",
        """
        first = {}
        for one in sorted(judged, key=lambda one: one.time_s):
            if one.verdict != "invalid":
                first.setdefault(one.action_id, one)
        return list(first.values())
        """,
    ),
    wrong(
        "an action is where its last attempt was",
        "actions",
        "first-attempt",
        """
        attempts = {}
        for one in judged:
            if one.verdict != "invalid":
                attempts.setdefault(one.action_id, []).append(one)
        found = []
        for tries in attempts.values():
            verdict = "good" if any(one.verdict == "good" for one in tries) else "bad"
            found.append(max(tries, key=lambda one: one.time_s)._replace(verdict=verdict))
        return found
        """,
    ),
    wrong(
        "an action begins with its first attempt, on the host that answered it",
        "actions",
        "first-attempt",
        """
        attempts = {}
        for one in judged:
            if one.verdict != "invalid":
                attempts.setdefault(one.action_id, []).append(one)
        found = []
        for tries in attempts.values():
            served = next((one for one in tries if one.verdict == "good"), tries[0])
            found.append(served._replace(time_s=min(one.time_s for one in tries)))
        return found
        """,
    ),
    wrong(
        "invalid attempts begin an action",
        "actions",
        "first-attempt",
        """
        attempts = {}
        for one in judged:
            attempts.setdefault(one.action_id, []).append(one)
        found = []
        for tries in attempts.values():
            verdict = "good" if any(one.verdict == "good" for one in tries) else "bad"
            found.append(min(tries, key=lambda one: one.time_s)._replace(verdict=verdict))
        return found
        """,
    ),
    wrong(
        "a slice exactly at its target is bad",
        "timeslices",
        "share-of-slices",
        """
        full = [ratio for ratio in ratios if not math.isnan(ratio)]
        good = sum(ratio > target for ratio in full)
        if empty == "skipped":
            return sli(good, len(full))
        return sli(good + (len(ratios) - len(full) if empty == "good" else 0), len(ratios))
        """,
    ),
    wrong(
        "what rounds to the target meets it",
        "timeslices",
        "share-of-slices",
        """
        full = [ratio for ratio in ratios if not math.isnan(ratio)]
        good = sum(round(ratio, 2) >= target for ratio in full)
        if empty == "skipped":
            return sli(good, len(full))
        return sli(good + (len(ratios) - len(full) if empty == "good" else 0), len(ratios))
        """,
    ),
    wrong(
        "Timeslices is the mean of the ratios",
        "timeslices",
        "share-of-slices",
        """
        full = [ratio for ratio in ratios if not math.isnan(ratio)]
        if empty != "skipped":
            full += [1.0 if empty == "good" else 0.0] * (len(ratios) - len(full))
        return math.fsum(full) / len(full) if full else math.nan
        """,
    ),
    wrong(
        "RatioTimeslices is a share of good slices",
        "ratio-timeslices",
        "mean-of-slices",
        """
        full = [ratio for ratio in ratios if not math.isnan(ratio)]
        if empty != "skipped":
            full += [1.0 if empty == "good" else 0.0] * (len(ratios) - len(full))
        return sum(ratio >= 0.9 for ratio in full) / len(full) if full else math.nan
        """,
    ),
    wrong(
        "an empty slice is always skipped",
        "timeslices",
        "empty-slices",
        """
        full = [ratio for ratio in ratios if not math.isnan(ratio)]
        return sli(sum(ratio >= target for ratio in full), len(full))
        """,
    ),
    wrong(
        "an empty slice makes the mean undefined",
        "ratio-timeslices",
        "empty-slices",
        """
        return math.fsum(ratios) / len(ratios)
        """,
    ),
]
