"""What a target allows: minutes of complete outage, or requests that may fail."""

from __future__ import annotations

from math import floor, isfinite
from typing import NamedTuple

from .. import slo

DAY_S = 86_400.0
#: The targets and the windows (days) that people speak of.
TARGETS = (0.9, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999)
WINDOWS_D = (365, 30, 28, 7, 1)


class Allowance(NamedTuple):
    """What a target leaves over in a window of so many days. Prints as a sentence.

    Fields:
        outage_s: seconds of complete outage, with traffic that is the same at all times.
        failures: how many of ``requests`` may fail, in whole requests.
    """

    target: float
    days: float
    requests: int
    outage_s: float
    failures: int

    def __str__(self) -> str:
        days = "1 day" if self.days == 1 else f"{self.days:g} days"
        failed = "1 request" if self.failures == 1 else f"{self.failures:,} requests"
        return (
            f"{100 * self.target:.10g} % over {days}: {span(self.outage_s)} of complete outage, "
            f"or {failed} of {self.requests:,}"
        )


def allowance(target: float = 0.99, days: float = 30, requests: int = 1_000_000) -> Allowance:
    """What may go wrong: (1 - target) of the window, and (1 - target) of the requests, whole ones (definition 3).

    Raises:
        ValueError: the target is no fraction of 1, the window no length of time, or the requests are no number.
    """
    if isinstance(days, bool) or not isinstance(days, int | float) or not isfinite(days) or days <= 0:
        raise ValueError(f"days is {days!r}: write how long the window is, such as 30")
    if isinstance(requests, bool) or not isinstance(requests, int) or requests < 0:
        raise ValueError(f"requests is {requests!r}: write a whole number, 0 or more")
    outage = slo.allowed_downtime(target, days * DAY_S)
    return Allowance(target, days, requests, outage, floor(slo.error_budget(target, requests)))


def nines(targets: tuple[float, ...] = TARGETS, days: tuple[float, ...] = WINDOWS_D) -> str:
    """The table: for each target how much complete outage it allows, in windows of several lengths."""
    rows = [["target", *(f"{window:g} d" for window in days)]]
    for target in targets:
        rows.append([f"{100 * target:.10g} %", *(span(allowance(target, window).outage_s) for window in days)])
    return "\n".join("".join(f"{cell:>12}" for cell in row) for row in rows)


def span(seconds: float) -> str:
    """A length of time as people say it: ``43.2 min``, ``7.2 h``, ``60.5 s``."""
    for one, unit in ((DAY_S, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= one * (1.2 if unit == "min" else 1):
            return f"{seconds / one:.4g} {unit}"
    return f"{seconds:.4g} s"
