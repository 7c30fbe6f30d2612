"""Move a slider, see the run change: `explore` puts controls on any pure function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def explore(
    run: Callable[..., Any],
    /,
    view: Callable[[Any], Any] | None = None,
    *,
    precompute: bool | None = None,
    **sliders: Any,
) -> Any:
    """Controls for the arguments of ``run``, and a picture that follows them. The value of a cell::

        explore(lossy_ping_run, view=space_time_of, loss=(0.0, 0.9), seed=(0, 99))

    Args:
        run: a pure function: same arguments, same result. Results are kept, so going back costs nothing.
        view: turns a result into something to show (a :class:`View`, a figure, text). Without it, the result itself.
        precompute: also put all pictures of a small grid into the page, with a slider that needs no kernel, at most
            about 200 kB. ``None``: only where the page is made for readers without a kernel (the variable
            ``DSLIB_STATIC`` is set, or there is no ipywidgets).
        **sliders: for each argument of ``run``: ``(low, high)`` or ``(low, high, step)``, whole numbers or floats; a
            list of choices; or ``True``/``False`` for a box to tick, which says how it starts. The first picture takes
            the default of ``run`` where it is one of the values, else the first value.

    Raises:
        TypeError, ValueError: ``run`` has no such argument, or a slider cannot be read; the message says what to write.
    """
    raise NotImplementedError
