"""Where the supported Pythons are on this machine, for what must come out the same on all of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SUPPORTED = ["3.11", "3.12", "3.13", "3.14"]


def candidates(version: str) -> Iterator[list[str]]:
    """Commands that may start a Python of this version: this one, PATH, pyenv, uv's own, and Windows' launcher."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        yield [sys.executable]
    if found := shutil.which(f"python{version}"):
        yield [found]
    for root in dict.fromkeys([os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv")]):
        for folder in sorted(Path(root, "versions").glob(f"{version}.*")) if root else []:
            yield [str(folder / ("python.exe" if os.name == "nt" else "bin/python"))]
    if uv := shutil.which("uv"):
        said = subprocess.run([uv, "python", "find", "--offline", version], capture_output=True, text=True)
        if said.returncode == 0:
            yield [said.stdout.strip()]
    if launcher := shutil.which("py"):
        yield [launcher, f"-{version}"]


@cache
def find(version: str) -> list[str] | None:
    """A command that surely starts this version: pyenv's shims, for one, are on PATH and only complain."""
    ask = "import sys; print(*sys.version_info[:2], sep='.')"
    for command in candidates(version):
        try:
            said = subprocess.run([*command, "-c", ask], capture_output=True, text=True, timeout=60)
        except OSError:
            continue
        if said.stdout.strip() == version:
            return command
    return None
