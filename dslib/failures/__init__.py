"""The gallery: fourteen ways to fail, each run twice on the same seed, without and with its remedy.

``service`` is the chat service that every card breaks, ``card`` what all cards share; then one file a card. ``bonus``
has one line for each of the other fourteen cards on the video's wall, ``incidents`` what happened for real, and
``retry_storm`` the plainest form of the loop that keeps card 7 down. In a terminal: ``python -m dslib.failures``.

>>> from dslib.failures import server_down
>>> print(server_down.run(seed=7))                                                             # doctest: +SKIP
"""

from . import (
    cascade,
    certificate,
    corruption,
    crash_loop,
    data_loss,
    dependency,
    disaster,
    dos,
    police_raid,
    query_of_death,
    runaway,
    server_down,
    time_travel,
    vip,
)
from .bonus import BONUS
from .card import Card

#: The fourteen cards, in the order of the video's list.
GALLERY: tuple[Card, ...] = (
    crash_loop.CARD,
    server_down.CARD,
    query_of_death.CARD,
    corruption.CARD,
    dependency.CARD,
    dos.CARD,
    cascade.CARD,
    data_loss.CARD,
    certificate.CARD,
    runaway.CARD,
    disaster.CARD,
    time_travel.CARD,
    police_raid.CARD,
    vip.CARD,
)

__all__ = ["BONUS", "GALLERY", "Card"]
