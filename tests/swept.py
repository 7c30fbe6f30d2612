"""Scenarios for tests/test_sweeps.py: in a module of their own, which a worker process loads in no time."""

import os
import time
from pathlib import Path


def product(seed, x=1):
    """Quick, and worth looking at."""
    return seed * x


def refuses(seed, x=1):
    """Raises for one seed of one set of parameters."""
    if (seed, x) == (3, 2):
        raise ValueError(f"no luck with {seed}")
    return seed * x


def dies(seed, x=1):
    """Ends its process for one seed of one set of parameters."""
    if (seed, x) == (3, 2):
        os._exit(1)
    return seed * x


def dies_always(seed, x=1):
    """Ends its process for one set of parameters, whatever the seed."""
    if x == 2:
        os._exit(1)
    return seed * x


def ends(seed):
    """No seed survives."""
    os._exit(1)


def leaves(seed):
    """A script that says goodbye."""
    if seed == 1:
        raise SystemExit("enough")
    return seed


def stops(seed, at=5):
    """As if somebody pressed Ctrl-C during one run."""
    if seed == at:
        raise KeyboardInterrupt
    return seed


def waits(seed, ms):
    """Takes its time, and more for some than for others."""
    time.sleep((ms if seed % 3 else 3 * ms) / 1_000)
    return seed


def changes_its_arguments(seed, queue):
    """A run must not find what the run before it left behind."""
    queue.append(seed)
    return tuple(queue)


def returns_a_function(seed):
    """Nothing that could be sent from one process to another."""
    return lambda: seed


def leaves_a_mark(seed, folder):
    """One line in a file for each time it really ran."""
    with open(Path(folder) / "runs", "a") as file:
        file.write(f"{seed}\n")
    return seed


class Verdict:
    """What a checker says: an object with a truth of its own."""

    def __init__(self, holds):
        self.holds = holds

    def __bool__(self):
        return self.holds


def judged(seed):
    """A verdict that holds for even seeds."""
    return Verdict(seed % 2 == 0)
