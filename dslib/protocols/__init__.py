"""Protocols, one to a file. Read them in the order in which lesson 5 needs them:

flooding, majority, heartbeats, chat, epochs.
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
