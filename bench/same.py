"""Goal 7: the same seed, the same trace, on every supported Python and whatever the hash seed, twice in one process.

The runs are those of tests/same_everywhere.py, which also tells whether the second run in a process differs.
"""

from __future__ import annotations

import os
import subprocess
from math import inf
from pathlib import Path
from typing import Any

from tools.pythons import SUPPORTED, find

from .table import Row

CASES = Path(__file__).resolve().parent.parent / "tests" / "same_everywhere.py"
HASH_SEEDS = ("0", "1", "random")


def rows(progress: Any) -> list[Row]:
    found = [version for version in SUPPORTED if find(version)]
    digests: set[str] = set()
    remarks = [f"Python {version} was not found on this machine" for version in SUPPORTED if version not in found]
    failed = False
    for version in found:
        for hash_seed in HASH_SEEDS:
            progress(f"digests: Python {version}, PYTHONHASHSEED={hash_seed}")
            environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"}
            environment.pop("PYTHONPATH", None)
            command = [*(find(version) or []), str(CASES), "--recorded"]
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            digests.add(done.stdout)
            if done.returncode:
                failed = True
                remarks.append(f"Python {version}, PYTHONHASHSEED={hash_seed}: {done.stderr.strip()[-300:]}")
    what = f"digests of the same runs, Pythons {', '.join(found)} x {len(HASH_SEEDS)} hash seeds x 2 in a process"
    return [Row(7, what, ("<=", 1), [inf if failed else len(digests)], unit="", remark="; ".join(remarks))]
