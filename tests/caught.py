"""On which seeds the judge of a trial finds a variant out."""

from collections.abc import Iterable
from typing import Any

from dslib.trials import Trial, attempt


def caught(trial: Trial, kind: Any, seeds: Iterable[int]) -> list[int]:
    """The seeds on which the judge, or a property on the way, says what is broken. A bug that raises is no verdict."""
    found = []
    for seed in seeds:
        ended = attempt(trial, kind, seed)
        if ended.error is not None:
            raise ended.error
        if ended.what:
            found.append(seed)
    return found
