"""What a lab notebook needs: data of the learner's own, and checks that name the property that does not hold yet.

A check never prints the expected answer. It says which property failed, where, and one hint: a nudge first, the rule's
name on the second try, a worked sibling of the problem on the third. The texts stand in ``hints.toml`` beside the
notebook::

    [a-name]
    property = "What must hold, as a sentence."
    hints = ["a nudge", "the name of the rule", "a sibling, worked"]
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
import tomllib
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

COURSE = "what-could-go-wrong"
_MACHINERY = {__file__, contextlib.__file__}
PASSED = "visible checks passed; hidden checks run at grading"


class CheckFailed(AssertionError):
    """A property of an exercise does not hold. Jupyter shows the message alone, without the check's own code."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Lab:
    """One learner's copy of a lab.

    ``learner`` is any name you like; keep it, because ``seed`` and with it your data come from it. ``seed`` is the same
    on every machine: the first 8 bytes of SHA-256 of course, lab and learner.

    Raises ValueError when ``learner`` is not a name, FileNotFoundError when the notebook does not run in its folder.
    """

    def __init__(
        self, name: str, learner: str = "self-paced", *, course: str = COURSE, folder: str | Path = "."
    ) -> None:
        if not isinstance(learner, str) or not learner.strip():
            raise ValueError(f'learner {learner!r} is not a name: write some text, such as "ada"')
        self.name, self.learner = name, learner.strip()
        digest = hashlib.sha256(f"{course}/{name}/{self.learner}".encode()).digest()
        self.seed = int.from_bytes(digest[:8], "big")
        hints = Path(folder) / "hints.toml"
        if not hints.is_file():
            raise FileNotFoundError(
                f"{hints} is missing: open {name}.ipynb in its own folder, with the files it came with"
            )
        self._texts = tomllib.loads(hints.read_text(encoding="utf-8"))
        self._failures: dict[str, int] = {}

    @contextlib.contextmanager
    def check(self, name: str) -> Iterator[None]:
        """``with lab.check("a-name"):`` - the property holds if every assert of the block does.

        Raises CheckFailed that names the property and gives a hint; each failure of the same check in one session
        gives the next hint. Raises KeyError when ``hints.toml`` does not know the property.
        """
        if name not in self._texts:
            raise KeyError(f"{name!r} is no property of {self.name}; those are {', '.join(self._texts)}")
        try:
            with quiet(sys.stdout):
                yield
        except (Exception, SystemExit) as problem:
            raise CheckFailed(self._explain(name, problem)) from None
        self._failures.pop(name, None)
        print(PASSED)

    def _explain(self, name: str, problem: BaseException) -> str:
        prop, hints = self._texts[name]["property"], self._texts[name]["hints"]
        message = failed(prop, what_happened(problem))
        if isinstance(problem, NotImplementedError):
            return message  # nothing to hint at yet
        level = self._failures[name] = min(self._failures.get(name, 0) + 1, len(hints))
        message += f"\nHint {level} of {len(hints)}: {hints[level - 1].strip()}"
        if level < len(hints):
            message += "\nChange your function, run its cell, then this one. If it fails again, you get the next hint."
        return message


def failed(prop: str, happened: str) -> str:
    """The beginning of every message about a property that does not hold."""
    return f"✗ {prop}\n  {happened}"


def what_happened(problem: BaseException) -> str:
    """An exception of a check, for the learner: which line of the check, or which line of their own function."""
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if frame.filename not in _MACHINERY]
    if isinstance(problem, NotImplementedError):
        return f"There is no code in the answer cell yet{f' ({frames[-1].name})' if frames else ''}."
    if type(problem) is AssertionError and len(frames) == 1:
        return f"Not true yet. This line of the check failed:\n      {frames[0].line}"
    said = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
    lines = [f"It stopped with {said}"]
    for frame in frames:
        name = "this cell" if frame.name == "<module>" else frame.name
        lines.append(f"      {name}, line {frame.lineno}:  {frame.line}")
    return "\n".join(lines)


@contextlib.contextmanager
def quiet(stdout: TextIO | None = None) -> Iterator[None]:
    """Nothing on standard error, where a grader would take it for a failure; prints go to ``stdout`` or nowhere."""
    with (
        contextlib.redirect_stdout(io.StringIO() if stdout is None else stdout),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
