"""Put the course, or the course and the developers' tools, into .venv: `python tools/set_up.py [course|dev]`.

Needs only a Python 3.11 or newer. Uses uv where there is one, else pip. Installs exactly what the lock files pin, with
their hashes checked. Run again, it does nothing when nothing changed; after an interruption it starts over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
READY = VENV / "ready.json"  # written last, so that its absence means "not finished"
STARTED = VENV / "set-up-started"
LOCKS = {"course": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}


def wanted(kind: str) -> str:
    """A digest of all that decides what belongs in .venv; a new rule for ruff, say, does not."""
    import tomllib  # here, so that an older Python gets as far as the sentence that refuses it

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [project.get("build-system"), project.get("project"), project.get("tool", {}).get("setuptools")]
    digest = hashlib.sha256(json.dumps(parts).encode())
    for lock in ["course"] if kind == "course" else ["course", "dev"]:
        digest.update(LOCKS[lock].read_bytes())
    return digest.hexdigest()


def ready() -> dict[str, str]:
    """What .venv says of itself: where it was made, a digest for "course" and, where installed, one for "dev"."""
    try:
        found = json.loads(READY.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def why_start_over(uv: str | None) -> str:
    """What is wrong with the .venv that is there, or "" when it can be brought up to date where it is."""
    if STARTED.exists():
        return "An earlier set-up did not finish"
    if ready().get("place", str(VENV)) != str(VENV):
        return "This folder was moved or copied, and programs in .venv know their place"
    if not runs():
        return "The Python that .venv was made with is gone"
    if not uv and not has_pip():
        return "There is no pip in .venv, and uv, which made it, is gone"
    return ""


def runs() -> bool:
    """Whether .venv has a Python that works."""
    try:
        return subprocess.run([VENV_PYTHON, "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def set_up(kind: str) -> None:
    found = ready()
    if found.get(kind) == wanted(kind) and found.get("place") == str(VENV) and runs():
        return
    started = time.monotonic()
    what = "the course" if kind == "course" else "the course and the developers' tools"
    print(f"Setting up {what} in .venv. This takes a minute or two, and only this once.", flush=True)
    uv = shutil.which("uv")
    why = why_start_over(uv) if VENV.exists() else ""
    if why:
        print(f"{why}: starting over.", flush=True)
        remove(VENV)
    VENV.mkdir(exist_ok=True)
    STARTED.touch()
    READY.unlink(missing_ok=True)
    if uv:
        install_with_uv(uv, LOCKS[kind])
    else:
        install_with_pip(LOCKS[kind])
    holds = ["course"] if kind == "course" else ["course", "dev"]
    READY.write_text(json.dumps({"place": str(VENV)} | {one: wanted(one) for one in holds}) + "\n")
    STARTED.unlink()
    print(f"Ready after {time.monotonic() - started:.0f} s.", flush=True)


def has_pip() -> bool:
    return subprocess.run([VENV_PYTHON, "-c", "import pip"], capture_output=True).returncode == 0


def remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        sys.exit(
            f"Cannot remove {folder}: {error}\nClose JupyterLab and whatever else uses it, remove it, and try again."
        )


def install_with_uv(uv: str, lock: Path) -> None:
    if not VENV_PYTHON.exists():
        check([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(VENV)])
    pip = [uv, "pip", "install", "--python", str(VENV_PYTHON)]
    check([*pip, "--require-hashes", "-r", str(lock)])
    check([*pip, "--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT)])


def install_with_pip(lock: Path) -> None:
    if not VENV_PYTHON.exists():
        print("  making .venv", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
        if made.returncode != 0:
            hint = f"{made.stdout}{made.stderr}\n{sys.executable} cannot make a virtual environment."
            if "ensurepip" in made.stdout + made.stderr:
                hint += "\nOn Debian and Ubuntu: sudo apt-get install python3-venv. Then run the same command again."
            sys.exit(hint)
    # A pip.conf that says `user = true` would put everything outside .venv.
    os.environ["PIP_USER"] = "0"
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off"]
    # pip looks at each pin, also at those for other systems, which it then leaves out.
    texts = LOCKS["course"].read_text() + (lock.read_text() if lock != LOCKS["course"] else "")
    watch([*pip, "--require-hashes", "-r", str(lock)], len(re.findall(r"^[\w.-]+==", texts, re.MULTILINE)))
    watch([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], 1)


def check(command: list[str]) -> None:
    """Run a command that shows its own progress; leave with a hint when it fails."""
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        sys.exit(f"\nThe set-up did not finish; the reason is above. Then run the same command again.\n{ADVICE}")


ADVICE = "Usual reasons: no network, a full disk (the course needs 700 MB), a proxy that pip was not told about."


class Progress(Thread):
    """One line that counts packages and seconds, so that nobody wonders; on a terminal it stays in place."""

    def __init__(self, total: int) -> None:
        super().__init__(daemon=True)
        self.total, self.seen, self.doing, self.over = total, 0, "asking for packages", False
        self.started = time.monotonic()
        self.terminal = sys.stdout.isatty()

    def line(self) -> str:
        if self.doing == "unpacking":  # pip says nothing meanwhile, but each finished package leaves its metadata
            packages = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"
            self.seen = sum(1 for _ in VENV.glob(f"{packages}/*.dist-info"))
        count = f"{min(self.seen, self.total)} of {self.total} packages, " if self.seen else ""
        return f"  {self.doing}: {count}{time.monotonic() - self.started:.0f} s"

    def run(self) -> None:
        shown = 0.0
        while not self.over:
            if self.terminal:
                print(f"\r{self.line():<79.79}", end="", flush=True)
            elif time.monotonic() - shown > 5:
                print(self.line(), flush=True)
                shown = time.monotonic()
            time.sleep(0.25)
        if self.terminal:
            print("\r" + " " * 79 + "\r", end="", flush=True)


def watch(command: list[str], total: int) -> None:
    """Run pip; turn its hundreds of lines into one that counts; show the last of them when it fails."""
    progress = Progress(total)
    progress.start()
    said = []
    pip = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    assert pip.stdout is not None
    for line in pip.stdout:
        said.append(line)
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            progress.seen += 1
            progress.doing = "downloading"
        elif line.startswith("Installing collected packages"):
            progress.doing = "unpacking"
    progress.over = True
    progress.join()
    if pip.wait() != 0:
        sys.exit(f"{''.join(said[-30:])}\nThe set-up did not finish; pip's last lines are above.\n{ADVICE}")


@contextmanager
def alone() -> Iterator[None]:
    """Wait while another set-up of this checkout is at work, in a second terminal say."""
    with open(ROOT / ".set-up-lock", "w") as lock:  # the system lets go of it when the file is closed
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                print("Another set-up of this checkout is at work: waiting for it.", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> None:
    kind = arguments[0] if arguments else "course"
    if kind not in LOCKS or len(arguments) > 1:
        sys.exit(f"{kind!r} is not something to set up: say `course` or `dev`.")
    if sys.version_info < (3, 11):  # noqa: UP036 - someone may start this file with an older one
        sys.exit(f"The course needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")
    try:
        with alone():
            set_up(kind)
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The next set-up starts over; what was downloaded is kept.")


if __name__ == "__main__":
    main(sys.argv[1:])
