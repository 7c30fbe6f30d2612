"""The instructor's tools. Nothing in here is copied to students."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .run import Run


def grade(lab: str, **settings: Any) -> "Run":
    """Grade the submissions of a lab, as `python -m grading` does: see ``grading.run.grade``."""
    from .run import grade

    return grade(lab, **settings)
