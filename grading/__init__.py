"""The instructor's tools. Nothing in here is copied to students."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .run import Run

# An optional part of nbformat's checks, which no notebook needs, compiles a grammar for two seconds at import.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def grade(lab: str, **settings: Any) -> "Run":
    """Grade the submissions of a lab, as `python -m grading` does: see ``grading.run.grade``."""
    from .run import grade

    return grade(lab, **settings)
