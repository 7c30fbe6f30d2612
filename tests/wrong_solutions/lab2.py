"""Wrong solutions of Lab 2. The first five are the ones that the course plan names."""

from labs import wrong

WRONG = [
    wrong(
        "the mean of the hosts' percentiles",
        "fleet-percentile",
        "merged-sample quiet-host",
        """
        return sum(percentile(sample, p) for sample in samples.values()) / len(samples)
        """,
    ),
    wrong(
        "the percentile of the hosts' means",
        "fleet-percentile",
        "merged-sample quiet-host",
        """
        return percentile([sum(sample) / len(sample) for sample in samples.values() if sample], p)
        """,
    ),
    wrong(
        "requests that were never answered are dropped",
        "percentile",
        "never-answered",
        """
        ordered = sorted(ms for ms in latencies if ms is not None)
        if not ordered:
            return math.nan
        rank = math.ceil(Fraction(str(p)) * len(ordered) / 100)
        return ordered[max(rank, 1) - 1]
        """,
    ),
    wrong(
        "linear interpolation between the two nearest values",
        "percentile",
        "nearest-rank exact-rank",
        """
        ordered = sorted(math.inf if ms is None else ms for ms in latencies)
        if not ordered:
            return math.nan
        at = p / 100 * (len(ordered) - 1)
        low, high = ordered[math.floor(at)], ordered[math.ceil(at)]
        return low if low == high else low + (high - low) * (at - math.floor(at)) if high < math.inf else high
        """,
    ),
    wrong(
        "the rank is one too high",
        "percentile",
        "nearest-rank exact-rank",
        """
        ordered = sorted(math.inf if ms is None else ms for ms in latencies)
        if not ordered:
            return math.nan
        return ordered[min(math.ceil(Fraction(str(p)) * len(ordered) / 100) if p else 0, len(ordered) - 1)]
        """,
    ),
    wrong(
        "the rank is cut off, not rounded up, and p100 is beyond the end",
        "percentile",
        "nearest-rank ends-of-the-sample exact-rank",
        """
        ordered = sorted(math.inf if ms is None else ms for ms in latencies)
        return ordered[int(p / 100 * len(ordered))] if ordered else math.nan
        """,
    ),
    wrong(
        "the rank is computed in floats",
        "percentile",
        "exact-rank",
        """
        ordered = sorted(math.inf if ms is None else ms for ms in latencies)
        if not ordered:
            return math.nan
        return ordered[max(math.ceil(p / 100 * len(ordered)), 1) - 1]
        """,
    ),
    wrong(
        "the values are not sorted",
        "percentile",
        "nearest-rank ends-of-the-sample exact-rank never-answered merged-sample quiet-host",
        """
        latencies = [math.inf if ms is None else ms for ms in latencies]
        if not latencies:
            return math.nan
        rank = math.ceil(Fraction(str(p)) * len(latencies) / 100)
        return latencies[max(rank, 1) - 1]
        """,
    ),
    wrong(
        "equal values count once",
        "percentile",
        "nearest-rank never-answered",
        """
        ordered = sorted({math.inf if ms is None else ms for ms in latencies})
        if not ordered:
            return math.nan
        rank = math.ceil(Fraction(str(p)) * len(ordered) / 100)
        return ordered[max(rank, 1) - 1]
        """,
    ),
    wrong(
        "every unit that ends in s is seconds",
        "to-ms",
        "units",
        """
        if text.endswith("s"):
            return 1_000 * float(text.rstrip("ums").strip())
        return 60_000 * float(text.removesuffix("min").strip())
        """,
    ),
    wrong(
        "a request exactly at the threshold is slow",
        "latency-sli",
        "at-the-threshold",
        """
        valid = [row for row in rows if row.endpoint != "/healthz" and row.status != 499]
        served = [row for row in valid if row.status != 429 and row.status < 500]
        fast = sum(row.latency_ms < threshold_ms for row in served)
        count = len(valid if failed == "slow" else served)
        return fast / count if count else math.nan
        """,
    ),
    wrong(
        "the threshold is taken for seconds",
        "latency-sli",
        "at-the-threshold failed-is-slow valid-only",
        """
        valid = [row for row in rows if row.endpoint != "/healthz" and row.status != 499]
        served = [row for row in valid if row.status != 429 and row.status < 500]
        fast = sum(row.latency_ms / 1_000 <= threshold_ms for row in served)
        count = len(valid if failed == "slow" else served)
        return fast / count if count else math.nan
        """,
    ),
    wrong(
        "a failure that comes quickly is fast",
        "latency-sli",
        "failed-is-slow",
        """
        valid = [row for row in rows if row.endpoint != "/healthz" and row.status != 499]
        if failed == "excluded":
            valid = [row for row in valid if row.status != 429 and row.status < 500]
        fast = sum(row.latency_ms < threshold_ms if strict else row.latency_ms <= threshold_ms for row in valid)
        return fast / len(valid) if valid else math.nan
        """,
    ),
    wrong(
        "only answered requests are asked how long they waited (survivor bias)",
        "latency-sli",
        "failed-is-slow",
        """
        served = [r for r in rows if r.endpoint != "/healthz" and r.status not in (429, 499) and r.status < 500]
        fast = sum(row.latency_ms < threshold_ms if strict else row.latency_ms <= threshold_ms for row in served)
        return fast / len(served) if served else math.nan
        """,
    ),
    wrong(
        "health checks count",
        "latency-sli",
        "valid-only",
        """
        valid = [row for row in rows if row.status != 499]
        served = [row for row in valid if row.status != 429 and row.status < 500]
        fast = sum(row.latency_ms < threshold_ms if strict else row.latency_ms <= threshold_ms for row in served)
        count = len(valid if failed == "slow" else served)
        return fast / count if count else math.nan
        """,
    ),
    wrong(
        "without valid requests everything was fast",
        "latency-sli",
        "valid-only",
        """
        valid = [row for row in rows if row.endpoint != "/healthz" and row.status != 499]
        served = [row for row in valid if row.status != 429 and row.status < 500]
        fast = sum(row.latency_ms < threshold_ms if strict else row.latency_ms <= threshold_ms for row in served)
        count = len(valid if failed == "slow" else served)
        return fast / count if count else 1.0
        """,
    ),
    wrong(
        "rounded to the nearest step",
        "promise-ms",
        "next-step-up",
        """
        return percentile_ms if percentile_ms == math.inf else round(percentile_ms / step_ms) * step_ms
        """,
    ),
    wrong(
        "always one step more",
        "promise-ms",
        "next-step-up",
        """
        return percentile_ms if percentile_ms == math.inf else (percentile_ms // step_ms + 1) * step_ms
        """,
    ),
    wrong(
        "the mean of the hosts' percentiles, weighted by their requests",
        "fleet-percentile",
        "merged-sample",
        """
        busy = [sample for sample in samples.values() if sample]
        total = sum(map(len, busy))
        return sum(len(s) * percentile(s, p) for s in busy) / total if busy else math.nan
        """,
    ),
    wrong(
        "the slowest host's percentile",
        "fleet-percentile",
        "merged-sample",
        """
        return max((percentile(sample, p) for sample in samples.values() if sample), default=math.nan)
        """,
    ),
    wrong(
        "a quiet host answers in no time",
        "fleet-percentile",
        "quiet-host",
        """
        return percentile([ms for sample in samples.values() for ms in sample or [0]], p)
        """,
    ),
    wrong(
        "the mean of the hosts' shares",
        "fleet-sli",
        "counts-add-up",
        """
        shares = [fast / valid for fast, valid in counts.values() if valid]
        return sum(shares) / len(shares) if shares else math.nan
        """,
    ),
    wrong(
        "a host without requests has a say",
        "fleet-between",
        "only-between",
        """
        known = [0 if math.isnan(ms) else ms for requests, ms in percentiles.values()]
        return (min(known), max(known)) if known else (math.nan, math.nan)
        """,
    ),
    wrong(
        "the mean of the hosts' percentiles is taken for certain",
        "fleet-between",
        "only-between",
        """
        known = [ms for requests, ms in percentiles.values() if requests]
        mean = sum(known) / len(known) if known else math.nan
        return mean, mean
        """,
    ),
    wrong(
        "the upper edge belongs to the next bucket",
        "histogram",
        "cumulative-counts",
        """
        buckets = [(bound, sum(ms is not None and ms < bound for ms in latencies)) for bound in bounds]
        return [*buckets, (math.inf, len(latencies))]
        """,
    ),
    wrong(
        "each bucket counts its own requests only",
        "histogram",
        "cumulative-counts",
        """
        edges = [-math.inf, *bounds, math.inf]
        waits = [math.inf if ms is None else ms for ms in latencies]
        return [(b, sum(a < ms <= b for ms in waits)) for a, b in zip(edges, edges[1:])]
        """,
    ),
    wrong(
        "requests that were never answered are in no bucket",
        "histogram",
        "cumulative-counts",
        """
        answered = [ms for ms in latencies if ms is not None]
        return [(bound, sum(ms <= bound for ms in answered)) for bound in [*bounds, math.inf]]
        """,
    ),
    wrong(
        "the upper bound of the bucket is the estimate",
        "histogram-percentile",
        "inside-the-bucket",
        """
        total = buckets[-1][1]
        if not 0 <= p <= 100:
            return -math.inf if p < 0 else math.inf
        if not total:
            return math.nan
        bound = next(bound for bound, count in buckets if count >= p / 100 * total)
        return bound if bound < math.inf else buckets[-2][0]
        """,
    ),
    wrong(
        "the rank is rounded up before the estimate",
        "histogram-percentile",
        "inside-the-bucket",
        """
        total = buckets[-1][1]
        if not 0 <= p <= 100:
            return -math.inf if p < 0 else math.inf
        if not total:
            return math.nan
        rank = math.ceil(Fraction(str(p)) * total / 100)
        start, before = 0, 0
        for bound, count in buckets:
            if count >= rank:
                break
            start, before = bound, count
        if bound == math.inf:
            return buckets[-2][0]
        if before == 0 and bound == buckets[0][0] and bound <= 0:
            return bound
        return start + (bound - start) * (rank - before) / (count - before)
        """,
    ),
    wrong(
        "the last bucket has no end, and so has the estimate",
        "histogram-percentile",
        "first-and-last-bucket",
        """
        total = buckets[-1][1]
        if not 0 <= p <= 100:
            return -math.inf if p < 0 else math.inf
        if not total:
            return math.nan
        rank = p / 100 * total
        start, before = 0, 0
        for bound, count in buckets:
            if count >= rank and bound <= 0:
                return bound
            if count >= rank:
                return start + (bound - start) * (rank - before) / (count - before)
            start, before = bound, count
        """,
    ),
    wrong(
        "every first bucket begins at 0",
        "histogram-percentile",
        "first-and-last-bucket",
        """
        total = buckets[-1][1]
        if not 0 <= p <= 100:
            return -math.inf if p < 0 else math.inf
        if not total:
            return math.nan
        rank = p / 100 * total
        start, before = 0, 0
        for bound, count in buckets:
            if count >= rank:
                share = (rank - before) / (count - before)
                return start if bound == math.inf else start + (bound - start) * share
            start, before = bound, count
        """,
    ),
    wrong(
        "the estimate of nothing is 0",
        "histogram-percentile",
        "nothing-to-estimate",
        """
        total = buckets[-1][1]
        rank = min(max(p / 100 * total, 0), total)
        start, before = 0, 0
        for bound, count in buckets:
            if count >= rank:
                if bound == math.inf:
                    return start
                if count == before or bound <= 0:
                    return min(bound, start)
                return start + (bound - start) * (rank - before) / (count - before)
            start, before = bound, count
        """,
    ),
    wrong(
        "the bounds of the next bucket",
        "percentile-between",
        "vouched-for",
        """
        total = buckets[-1][1]
        low = 0
        for bound, count in buckets:
            if count > p / 100 * total:
                return low, bound
            low = bound
        return math.nan, math.nan
        """,
    ),
    wrong(
        "the estimate is taken for certain",
        "percentile-between",
        "vouched-for",
        """
        value = histogram_percentile(buckets, p)
        return value, value
        """,
    ),
    wrong(
        "the share is estimated inside of the bucket",
        "share-between",
        "bound-at-threshold",
        """
        total = buckets[-1][1]
        if not total:
            return math.nan, math.nan
        start, before = 0, 0
        for bound, count in buckets:
            if bound >= threshold_ms:
                inside = 1 if bound == math.inf else (threshold_ms - start) / (bound - start)
                share = (before + (count - before) * inside) / total
                return share, share
            start, before = bound, count
        """,
    ),
    wrong(
        "empty buckets are passed over",
        "percentile-between",
        "vouched-for",
        """
        total = buckets[-1][1]
        if not total:
            return math.nan, math.nan
        low = 0
        for bound, count in buckets:
            if count and count >= Fraction(str(p)) * total / 100:
                return low, bound
            if count:
                low = bound
        """,
    ),
    wrong(
        "a bound exactly at the threshold is not seen",
        "share-between",
        "bound-at-threshold",
        """
        total = buckets[-1][1]
        if not total:
            return math.nan, math.nan
        least = max((count for bound, count in buckets if bound < threshold_ms), default=0)
        most = min(count for bound, count in buckets if bound >= threshold_ms)
        return least / total, most / total
        """,
    ),
    wrong(
        "shares are added up, at most to 1",
        "slow-pages",
        "at-least-one-slow",
        """
        return min(1, slow_share * servers)
        """,
    ),
    wrong(
        "a page is slow when all of its servers are",
        "slow-pages",
        "at-least-one-slow",
        """
        return slow_share ** servers
        """,
    ),
    wrong(
        "the slow share is split between the servers",
        "share-needed",
        "what-each-must-keep",
        """
        return 1 - (1 - page_share) / servers
        """,
    ),
    wrong(
        "the share is split between the servers",
        "servers-until",
        "how-many-until",
        """
        return math.ceil(page_share / slow_share) if slow_share else math.inf
        """,
    ),
    wrong(
        "there is no logarithm for servers that are always slow",
        "servers-until",
        "how-many-until",
        """
        if slow_share == 0:
            return math.inf
        return math.ceil(math.log(1 - page_share) / math.log(1 - slow_share) - 1e-9)
        """,
    ),
    wrong(
        "one server too few",
        "servers-until",
        "how-many-until",
        """
        if slow_share == 0:
            return math.inf
        return int(math.log(1 - page_share) / math.log(1 - slow_share)) if slow_share < 1 else 1
        """,
    ),
]
