"""What a program prints in processes of their own, each with another seed of Python's hashes."""

import os
import subprocess
import sys
from collections.abc import Iterable


def printed(code: str, *arguments: str, hash_seeds: Iterable[str] = ("0", "1")) -> set[str]:
    """All that it printed, each text once: a program that does not depend on the hash seed prints one."""
    texts = set()
    for seed in hash_seeds:
        run = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        texts.add(run.stdout)
    return texts
