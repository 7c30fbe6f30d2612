"""What is taken off for handing in late: a setting of the course, in nbgrader_config.py.

    c.AssignLatePenalties.plugin_class = "grading.late.LatePolicy"
    c.LatePolicy.percent_per_day = 10

When a lab is due stands in the gradebook (Formgrader, *Manage Assignments*), and so do extensions. Plain
`nbgrader autograde` takes the same setting. It counts points as they are when it runs; `python -m grading` counts again
in each run, so that points given by hand since then are in.
"""

from __future__ import annotations

import math
from typing import Any

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

DAY_S = 86_400.0


class LatePolicy(LateSubmissionPlugin):
    """A share of the points that were earned, for each day that has begun."""

    grace_minutes = Float(0.0, min=0.0, help="Minutes after the due time that cost nothing.").tag(config=True)
    percent_per_day = Float(
        0.0, min=0.0, max=100.0, help="Percent of the earned points, for each day that has begun."
    ).tag(config=True)
    most_percent = Float(100.0, min=0.0, max=100.0, help="No more than this is taken off.").tag(config=True)
    zero_after_days = Float(math.inf, min=0.0, help="After so many days nothing is left.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points to take off; None where nothing is."""
        if total_seconds_late <= self.grace_minutes * 60:
            return None
        if total_seconds_late > self.zero_after_days * DAY_S:
            return score
        days = math.ceil(total_seconds_late / DAY_S)
        percent = min(days * self.percent_per_day, self.most_percent)
        return score * percent / 100 if percent else None


def policy(config: Any) -> Any:
    """The plugin that nbgrader's settings name."""
    from nbgrader.preprocessors import AssignLatePenalties

    step: Any = AssignLatePenalties(config=config)
    step.init_plugin()
    return step.plugin_inst


def penalty(plugin: Any, student: str, score: float, seconds_late: float) -> float | None:
    """What nbgrader's own step would enter: between nothing and all the points."""
    if seconds_late <= 0:
        return None
    found = plugin.late_submission_penalty(student, score, seconds_late)
    return None if found is None else min(max(float(found), 0.0), max(score, 0.0))
