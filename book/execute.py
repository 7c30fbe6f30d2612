"""Run the notebooks, with limits of time, and keep what they showed.

A notebook that ran stays in ``build/executed`` under the digest of all that could change what it shows: the notebook,
dslib, the pinned packages. Nothing changed, nothing runs again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from .paper import nbformat

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "executed"

#: Seconds for the start of Python, for one cell, and for a whole notebook: ten times what a quiet machine needs.
START_S, CELL_S, NOTEBOOK_S = 60, 240, 600

Say = Callable[[str], None]


class LessonFailed(Exception):
    """A notebook did not run from top to bottom. Says which cell, and why."""


def executed(notebooks: Iterable[Path], say: Say = print, workers: int | None = None) -> dict[str, Path]:
    """Run those of these notebooks that changed, some at a time; the paths of the executed ones, by name.

    Raises:
        LessonFailed: one or several of them failed; each is named with its cell and the error.
    """
    paths = list(notebooks)
    found: dict[str, Path] = {}
    failures = []
    with ThreadPoolExecutor(workers or min(4, os.cpu_count() or 1)) as pool:
        for path, future in [(path, pool.submit(executed_one, path, say)) for path in paths]:
            try:
                found[path.stem] = future.result()
            except LessonFailed as failure:
                failures.append(str(failure))
    if failures:
        raise LessonFailed("\n\n".join(failures))
    return found


def executed_one(path: Path, say: Say = print) -> Path:
    """The executed notebook: kept, or run now. A second process that asks for it meanwhile waits for the first."""
    kept = KEPT / f"{path.stem}-{digest(path)}.ipynb"
    if kept.exists():
        return kept
    KEPT.mkdir(parents=True, exist_ok=True)
    with alone(KEPT / f".{path.stem}.lock"):
        if kept.exists():
            return kept
        say(f"{path.stem}: running")
        began = monotonic()
        notebook = run(path, say)
        say(f"{path.stem}: {monotonic() - began:.0f} s")
        for old in KEPT.glob(f"{path.stem}-*.ipynb"):
            old.unlink()
        written = kept.with_suffix(".new")
        nbformat.write(notebook, written)
        written.replace(kept)
    return kept


def digest(path: Path) -> str:
    """Of all that decides what this notebook shows."""
    of = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    of.update(path.read_bytes())
    of.update(course_digest())
    return of.hexdigest()[:16]


@cache
def course_digest() -> bytes:
    """Of dslib, of the packages and of this file."""
    of = hashlib.sha256()
    files = [path for path in (ROOT / "dslib").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for path in [*sorted(files), ROOT / "requirements.lock", Path(__file__)]:
        of.update(path.relative_to(ROOT).as_posix().encode())
        of.update(hashlib.sha256(path.read_bytes()).digest())
    return of.digest()


def run(path: Path, say: Say = print) -> Any:
    """The notebook with its outputs. If Python stalls or dies, it gets a second chance; an error in a cell gets none.

    Raises:
        LessonFailed: a cell failed, or took too long twice.
    """
    try:
        return asyncio.run(_run(path))
    except Stalled as stalled:
        say(f"{stalled} Once more.")
    try:
        return asyncio.run(_run(path))
    except Stalled as stalled:
        raise LessonFailed(f"{stalled} That was the second time.") from None


class Stalled(Exception):
    """Python did not answer, which may be the machine's fault."""


async def _run(path: Path) -> Any:
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as aside:
        client = NotebookClient(
            notebook,
            timeout=CELL_S,
            startup_timeout=START_S,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        )
        # No widgets, and whatever shows a run carries it along: see dslib.views.static.
        settings = {**os.environ, "DSLIB_STATIC": "1", "JPY_SESSION_NAME": str(Path(folder) / path.name)}
        at = ["before its first cell"]
        try:
            async with asyncio.timeout(NOTEBOOK_S):
                await _cells(client, notebook, path, {"env": settings, "stderr": aside}, at)
        except CellTimeoutError:
            raise Stalled(f"{path.name}, {at[0]} took more than {CELL_S} s.") from None
        except TimeoutError:
            raise Stalled(f"{path.name} took more than {NOTEBOOK_S} s; it had come to {at[0]}.") from None
        except (DeadKernelError, RuntimeError) as problem:
            aside.seek(0)
            said = aside.read()[-600:].decode(errors="replace").strip() or problem
            raise Stalled(f"{path.name}, {at[0]}: Python died. It said last: {said}") from None
    return notebook


async def _cells(client: Any, notebook: Any, path: Path, how: dict[str, Any], at: list[str]) -> None:
    async with client.async_setup_kernel(**how):
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            at[0] = f"cell {cell.id!r}"
            try:
                await client.async_execute_cell(cell, index)
            except CellExecutionError as error:
                raise LessonFailed(f"{path.name}, cell {cell.id!r} fails:\n{error.ename}: {error.evalue}") from None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until nobody else holds this file."""
    with open(path, "w") as lock:  # the system lets go of it when the file is closed
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
