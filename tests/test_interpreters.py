"""The same seed gives the same trace on every supported Python, in every process, whatever the hash seed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
import same_everywhere
from pythons import SUPPORTED, find

HERE = Path(__file__).resolve().parent
COMMITTED = HERE / "digests.json"


def digests_from(command: list[str], hash_seed: str) -> dict[str, str]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    run = subprocess.run(
        [*command, str(HERE / "same_everywhere.py")], capture_output=True, text=True, env=environment, timeout=100
    )
    assert run.returncode == 0, f"{' '.join(command)} with PYTHONHASHSEED={hash_seed}:\n{run.stdout}{run.stderr}"
    found: dict[str, str] = json.loads(run.stdout)
    return found


@cache
def digests_here() -> dict[str, str]:
    return same_everywhere.digests(same_everywhere.RECORDED + same_everywhere.IN_WORDS)


@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
@pytest.mark.parametrize("version", SUPPORTED)
def test_the_same_seed_gives_the_same_trace(version: str, hash_seed: str, not_run: Callable[[str], NoReturn]) -> None:
    """Each process runs every case twice, so a second run in one process is compared too."""
    command = find(version)
    if command is None:
        not_run(
            f"Python {version}, which is supported, was not found on this machine (PATH, pyenv, uv, py). "
            f"To have it tried: uv python install {version}, or pyenv install {version}"
        )
    here = f"Python {sys.version.split()[0]}, which runs this test"
    assert digests_from(command, hash_seed) == digests_here(), (
        f"Python {version} with PYTHONHASHSEED={hash_seed} differs from {here}. To see how: call the case in both"
    )


def test_what_is_recorded_is_what_was_recorded_when_it_was_last_looked_at() -> None:
    """On another computer, another system, next year."""
    recorded = {case.__name__: digests_here()[case.__name__] for case in same_everywhere.RECORDED}
    assert recorded == json.loads(COMMITTED.read_text()), (
        "These runs differ from tests/digests.json. If a change was meant to alter what is recorded, say so in its "
        "message and write the file anew: python tests/same_everywhere.py --recorded > tests/digests.json"
    )


def test_the_cases_are_worth_comparing() -> None:
    """Runs in which nothing is lost, cut or drawn would be the same everywhere, and prove nothing."""
    text = {case.__name__: case() for case in same_everywhere.RECORDED + same_everywhere.IN_WORDS}
    for word in ("loss", "cut", "crash", "restart", "fault", "state", "log", "timer", "info"):
        assert f'"{word}"' in text["partition_and_crash"], f"no {word} in partition_and_crash"
    assert '"queue"' in text["a_queue_before_a_slow_wire"]
    assert '"put"' in text["a_queue_before_a_slow_wire"]
    assert len(text["a_day_of_chat"]) > 100_000
    assert "linearizable" in text["verdicts_in_words"]


def test_an_interpreter_that_is_not_there_is_not_found() -> None:
    assert find("3.99") is None
