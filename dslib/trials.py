"""A trial: a protocol put into danger, with a judge, and with variants of it that are known to be wrong.

Every module in ``dslib.protocols`` that builds a protocol ends with one. ``dslib.hunt`` runs it on many seeds,
``dslib.story`` tells how it went wrong. A judge that lets a known-bad variant pass is no judge: the variants test it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .simulation import Simulation


class Trial(NamedTuple):
    """One protocol, what may happen to it, and what must hold nevertheless.

    Fields:
        name: its name in lists, texts and ``dslib.protocols.trials()``, such as ``"raft"``.
        build: ``(seed, kind)`` gives a simulation that has not run: nodes of class ``kind``, clients, faults drawn from
            the seed (``dslib.nemesis``), properties declared with ``sim.always``. Same arguments, same run.
        until_ms: how long it runs, in ms of simulated time.
        judge: looks at a finished run: ``""`` if all is well, else one sentence that says what is broken.
        right: the protocol as in its paper: a subclass of ``Node``, or any other value that ``build`` understands.
        wrong: known-bad variants of ``right``; the first line of each one's docstring says what it gets wrong.
    """

    name: str
    build: Callable[[int, Any], Simulation]
    until_ms: float
    judge: Callable[[Simulation], str]
    right: Any
    wrong: tuple[Any, ...]
