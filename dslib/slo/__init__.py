"""Service levels as arithmetic: the share of good events, the budget of bad ones, and how fast it burns.

An *SLI* (service level indicator) measures: good events / valid events. An *SLO* (objective) is a target for it, such
as 0.999. What the target leaves over is the *error budget*. Ratios are fractions of 1, never percentages; times are
seconds.

Two rules hold everywhere. A ratio with nothing to divide by is ``nan``: no traffic is neither 0 % nor 100 %. And
budgets are computed exactly: a target is read as it prints, so that 0.9 of 10 events allows one failure, while the
float ``(1 - 0.9) * 10`` is 0.9999999999999998. Numbers that cannot be right raise ValueError and are named in it.

Read the files in this order: ``exact`` (numbers as they print), ``indicators`` (three availabilities, latency, Apdex),
``budgets`` (budgets, burn rates, minutes), ``windows`` (from a log to slices of time), ``percentiles`` (and what
buckets vouch for), ``alerting``, ``composition`` (what is made of parts), ``credits`` (agreements), ``policies``.

Beyer et al., "Site Reliability Engineering" (2016), chapters 3 and 4, and "The Site Reliability Workbook" (2018),
chapters 2 and 5.
"""

from .alerting import (
    FOUR_ROWS,
    THREE_ROWS,
    AlertRule,
    Firing,
    Incident,
    Score,
    UnreachableRule,
    alert_factor,
    alert_rules,
    alerts,
    budget_share,
    detection_time,
    merged,
    reset_time,
    scaled_rules,
    score,
    unreachable,
    windows_in_slices,
)
from .budgets import (
    Equivalent,
    allowed_downtime,
    allowed_failures,
    budget_consumed,
    budget_left,
    budget_remaining,
    burn_rate,
    burn_rates,
    downtime_equivalent,
    duration,
    error_budget,
    time_to_exhaustion,
)
from .composition import common_cause, composed, k_of_n, parallel, serial, serial_sum, steady_availability
from .credits import (
    EC2_REGION,
    S3_INFREQUENT_ACCESS,
    S3_STANDARD,
    Credit,
    Tier,
    bills_after_credits,
    credit,
    credit_share,
)
from .exact import Number
from .indicators import (
    Counts,
    apdex,
    apdex_of,
    availability_by_mean,
    availability_by_request,
    availability_by_slice,
    latency_sli,
    measure,
    met,
    sli,
)
from .percentiles import (
    histogram_quantile,
    histogram_quantile_bounds,
    histogram_sli_bounds,
    nearest_rank,
    percentile,
)
from .policies import POLICY, BudgetState, Outage, PolicyRow, policy
from .windows import Sliced, sliced

__all__ = [
    "EC2_REGION", "FOUR_ROWS", "POLICY", "S3_INFREQUENT_ACCESS", "S3_STANDARD", "THREE_ROWS", "AlertRule",
    "BudgetState", "Counts", "Credit", "Equivalent", "Firing", "Incident", "Number", "Outage", "PolicyRow", "Score",
    "Sliced", "Tier", "UnreachableRule", "alert_factor", "alert_rules", "alerts", "allowed_downtime",
    "allowed_failures", "apdex", "apdex_of", "availability_by_mean", "availability_by_request",
    "availability_by_slice", "bills_after_credits", "budget_consumed", "budget_left", "budget_remaining",
    "budget_share", "burn_rate", "burn_rates", "common_cause", "composed", "credit", "credit_share",
    "detection_time", "downtime_equivalent", "duration", "error_budget", "histogram_quantile",
    "histogram_quantile_bounds", "histogram_sli_bounds", "k_of_n", "latency_sli", "measure", "merged", "met",
    "nearest_rank", "parallel", "percentile", "policy", "reset_time", "scaled_rules", "score", "serial",
    "serial_sum", "sli", "sliced", "steady_availability", "time_to_exhaustion", "unreachable", "windows_in_slices",
]  # fmt: skip
