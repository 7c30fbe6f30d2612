"""Protocols, one to a file, each rule with its paper and section. In lesson 5's order:

flooding, majority, heartbeats, chat, epochs.

Who is there: heartbeats, phi_accrual, swim. Spreading news: flooding, gossip, broadcast, causal. Taking turns:
lamport_mutex. Copies that agree: primary_backup, abd, raft, leader_lease. Copies that need not: crdts, chat. All or
nothing: two_phase_commit. Who keeps what, who leads: consistent_hashing, ring_election. What cannot be had, and liars:
two_generals, byzantine_generals, pbft. The smallest: echo.

Each module ends with variants that get one rule wrong, and with a trial that tells them from the right one:
``dslib.hunt`` runs trials, ``dslib.story`` tells how one went wrong.
"""

from importlib import import_module
from pkgutil import iter_modules

from ..trials import Trial


def trials() -> dict[str, Trial]:
    """The trials of all protocols by name, in alphabetical order of their files: each one's ``TRIAL`` or ``TRIALS``.

    Raises:
        ValueError: two trials have one name.
    """
    found: dict[str, Trial] = {}
    for name in sorted(module.name for module in iter_modules(__path__)):
        module = import_module(f"{__name__}.{name}")
        single = getattr(module, "TRIAL", None)
        for trial in (*((single,) if single is not None else ()), *getattr(module, "TRIALS", ())):
            if found.setdefault(trial.name, trial) is not trial:
                raise ValueError(f"two trials are called {trial.name!r}, one of them in {module.__name__}: rename it")
    return found
