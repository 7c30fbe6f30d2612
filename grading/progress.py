"""How far a run is, and how long the rest may take."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 30
EVERY_S = 15.0  # between two lines where there is no terminal


class Progress:
    """A bar in a terminal, a line now and then elsewhere. Called with each outcome."""

    def __init__(self, whole: int, out: TextIO | None = None) -> None:
        self._whole, self._done = whole, 0
        self._out = out or sys.stderr
        self._bar = self._out.isatty()
        self._began = self._told = time.monotonic()
        if whole and self._bar:
            self._show(0.0)

    def step(self) -> None:
        self._done += 1
        now = time.monotonic()
        if self._bar or self._done == self._whole or now - self._told >= EVERY_S:
            self._told = now
            self._show(now - self._began)

    def end(self) -> None:
        if self._whole and self._bar:
            self._out.write("\n")
            self._out.flush()

    def _show(self, seconds: float) -> None:
        line = f"{self._done} of {self._whole} graded, {left(self._done, self._whole, seconds)}"
        if self._bar:
            full = WIDTH * self._done // self._whole
            self._out.write(f"\r[{'#' * full}{'.' * (WIDTH - full)}] {line:<50}")
        else:
            self._out.write(f"{line}\n")
        self._out.flush()


def left(done: int, whole: int, seconds: float) -> str:
    """The rest in words, as if it went on at the same pace."""
    if done == whole:
        return f"{spoken(seconds)} in all"
    return f"about {spoken(seconds / done * (whole - done))} left" if done else "no estimate yet"


def spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
