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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

COURSE = "what-could-go-wrong"
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

    def check(self, name: str) -> Callable[[Callable[[], None]], None]:
        """Run the decorated function at once; the property ``name`` holds if its asserts do.

        Raises CheckFailed that names the property and gives a hint; each failure of the same check in one session
        gives the next hint. Raises KeyError when ``hints.toml`` does not know the property.
        """
        if name not in self._texts:
            raise KeyError(f"{name!r} is no property of {self.name}; those are {', '.join(self._texts)}")

        def run(story: Callable[[], None]) -> None:
            try:
                with quiet(sys.stdout):
                    story()
            except (Exception, SystemExit) as problem:
                self._failures[name] = self._failures.get(name, 0) + 1
                raise CheckFailed(self._explain(name, problem)) from None
            self._failures.pop(name, None)
            print(PASSED)

        return run

    def _explain(self, name: str, problem: BaseException) -> str:
        text = self._texts[name]
        level = min(self._failures[name], len(text["hints"]))
        lines = [failed(text["property"], what_happened(problem)), f"Hint {level} of {len(text['hints'])}: "]
        lines[-1] += text["hints"][level - 1].strip()
        if level < len(text["hints"]):
            lines.append("Change your function, run its cell, then this one. If it fails again, you get the next hint.")
        return "\n".join(lines)


def failed(prop: str, happened: str) -> str:
    """The beginning of every message about a property that does not hold."""
    return f"✗ {prop}\n  {happened}"


def what_happened(problem: BaseException) -> str:
    """An exception of a check, for the learner: which line of the check, or which line of their own function."""
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if Path(frame.filename) != Path(__file__)]
    if isinstance(problem, NotImplementedError):
        where = f" ({frames[-1].name})" if frames else ""
        return f"There is no code in the answer cell yet{where}."
    if type(problem) is AssertionError and len(frames) == 1:
        says = f": {problem}" if str(problem) else ""
        return f"Not true yet{says}. This line of the check failed:\n      {frames[0].line}"
    said = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
    lines = [f"It stopped with {said}"]
    lines += [f"      {frame.name}, line {frame.lineno}:  {frame.line}" for frame in frames]
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
