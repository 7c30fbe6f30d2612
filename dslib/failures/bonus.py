"""The other fourteen cards on the video's wall: one line each, and the full card that each resembles.

The video lists about 28 things that go wrong; the gallery runs fourteen of them. These are the rest. Some are kinds of
failure in their own right (an isolation failure), some are what starts one (an operator error), and some are how one
is found out (a customer tells you). Read each with the full card beside it, and say what differs.
"""

from __future__ import annotations

from typing import NamedTuple

from .incidents import BONUS_INCIDENTS, Incident


class BonusCard(NamedTuple):
    """A failure in one line.

    Fields:
        title: as on the video's list.
        means: what happens.
        helps: what helps against it.
        like: the numbers of the full cards that it resembles, the nearest first.
    """

    title: str
    means: str
    helps: str
    like: tuple[int, ...]

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """When it happened for real, with sources."""
        return BONUS_INCIDENTS.get(self.title, ())

    def __str__(self) -> str:
        numbers = " and ".join(map(str, self.like))
        return f"{self.title}: {self.means} {self.helps} (Like card{'s' if len(self.like) > 1 else ''} {numbers}.)"


# The word is in Gray, "Why Do Computers Stop and What Can Be Done About It?" (Tandem, 1985): most bugs that reach
# production are of this kind, which is why restarting helps.
BONUS = (
    BonusCard(
        "Heisenbug",
        "A bug that hides when you look for it, because looking changes the timing.",
        "Record every run so that it can be replayed from its seed, and let a restart hide the rest.",
        (1, 12),
    ),
    BonusCard(
        "Customer-reported failure",
        "Users see that something is broken before any of your alarms does.",
        "Measure what users see, as they see it, and treat a report as an alarm that was missing.",
        (14, 4),
    ),
    BonusCard(
        "0wned",
        "Somebody else has the keys to your machines, and may read or change whatever they like.",
        "Give every key little power and a short life, keep logs out of its reach, and practise changing all keys.",
        (13, 4),
    ),
    BonusCard(
        "Caused an infrastructure failure",
        "Your program breaks what it stands on, such as the network, and takes its neighbours along.",
        "Try heavy traffic on a small part first, limit its rate, and keep a way in that does not need the network.",
        (7, 10),
    ),
    BonusCard(
        "Operator error",
        "A person does what the tool allows and not what was meant.",
        "Let tools show what they would do, refuse to touch too much at once, and undo: ask why it was so easy.",
        (10, 8),
    ),
    BonusCard(
        "Fail to pay bills",
        "A domain, a licence or an account lapses because nobody paid, and a healthy service is switched off.",
        "Renew automatically, watch the days that remain, and have notices reach more than one person.",
        (9,),
    ),
    BonusCard(
        "Non-linear response",
        "A little more load makes the service much slower, since queues grow without bound as they near capacity.",
        "Keep headroom, bound the queues, and measure beyond today's load.",
        (7, 6),
    ),
    BonusCard(
        "Performance cliffs",
        "All is well up to a limit, such as the size of memory, and one step further everything is many times slower.",
        "Know where the edges are, alarm well before them, and shed load to step back.",
        (6, 7),
    ),
    BonusCard(
        "Non-hermetic builds",
        "The same source gives another program today, because the build or the machine fetched something new.",
        "Pin and store everything that goes in, and change running machines only through your own roll-out.",
        (5, 1),
    ),
    BonusCard(
        "Firewalls",
        "A rule silently drops what it should let through, so both ends are up and cannot talk.",
        "Test rules like code, roll them out in stages, and undo them unless somebody confirms in time.",
        (5, 2),
    ),
    BonusCard(
        "Kernel memory leak",
        "A machine loses a little memory all the time, and after weeks many machines run out at once.",
        "Watch the trend and not the level, limit each process, and restart machines one after another.",
        (1, 2),
    ),
    BonusCard(
        "Isolation failure",
        "What one customer does or owns becomes visible to another, or slows it down.",
        "Separate customers in storage, connections and capacity, and check the owner once more before an answer goes.",
        (14, 13),
    ),
    BonusCard(
        "Hash collision",
        "Two different things have the same fingerprint, and are taken for one or crowd into one place.",
        "Use a strong hash with a secret seed, and compare the things themselves where being wrong is costly.",
        (4, 3),
    ),
    BonusCard(
        "Incorrect algorithm",
        "The program does exactly what it was told, and that is wrong.",
        "State what must always hold, check it while the system runs, and compare with a second, simpler way.",
        (4,),
    ),
)
