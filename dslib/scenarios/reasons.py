"""Ten reasons to build a distributed system, and ten stories: which reason is behind which?"""

from __future__ import annotations

from typing import NamedTuple

from .verdicts import Trial, Verdict

#: The reasons, by the numbers of the video's countdown.
REASONS = {
    10: "your boss asked",
    9: "it is fun",
    8: "you needed a server",
    7: "law, privacy, politics",
    6: "who uses it pays for it",
    5: "uptime",
    4: "performance",
    3: "you depend on a cloud",
    2: "reliability",
    1: "scaling",
}


class Story(NamedTuple):
    """What somebody wanted, the number of the reason behind it, and a nudge for whoever sees another one."""

    text: str
    reason: int
    nudge: str


#: By letters, so that a reader can name them.
STORIES = {
    "a": Story(
        "Two friends play chess from two phones. Somebody must keep the board while one phone is off.", 8,
        "Nothing is too slow, too large or broken. Where does the board stand?",
    ),
    "b": Story(
        "A shop sells so much before a holiday that its largest machine is busy all the time.", 1,
        "It works, and it is near enough. There is too much of something.",
    ),
    "c": Story(
        "Players in Sydney complain that the server in Dublin answers late, also at night.", 4,
        "At night nobody queues. What is left of the wait?",
    ),
    "d": Story(
        "A clinic must keep its patients' records in its own country.", 7,
        "More machines at one place would serve it as well. Who says that they may not stand elsewhere?",
    ),
    "e": Story(
        "A radar must go on while one of its computers is repaired, because a power supply burns out now and then.", 2,
        "Which part fails, and who takes over?",
    ),
    "f": Story(
        "A ticket office wants a new version each week, and no minute without an open counter.", 5,
        "Nothing breaks here. What would stop the sales?",
    ),
    "g": Story(
        "Fans of a free film hand it on to each other, so that its makers need not rent a hundred servers.", 6,
        "Look at the bill.",
    ),
    "h": Story(
        "An app asks a weather service on the Internet before it draws its first page.", 3,
        "Its own part may stand on one machine. What else must be up?",
    ),
    "i": Story(
        "Two students build a storage system of nine old laptops, to see whether they can.", 9,
        "Who needs it?",
    ),
    "j": Story(
        "A manager has read about clusters, and wants the lunch menu on five machines by Friday.", 10,
        "Ask what it is for. Who knows the answer?",
    ),
}  # fmt: skip


def try_matching(**reasons: int) -> Verdict:
    """Compare a reader's ``a=8, b=1, …`` with the reasons behind the stories. What is wrong gets a nudge.

    A story that is left out counts as not yet answered. Two reasons may be right in life; here each stands once.
    """
    trials = []
    for letter, story in STORIES.items():
        said = reasons.get(letter)
        if said is None:
            trials.append(Trial(f"story {letter}", ("no answer yet",), "write a number from 1 to 10"))
        elif said not in REASONS or isinstance(said, bool):
            trials.append(Trial(f"story {letter}", (repr(said),), "the reasons have the numbers 1 to 10"))
        else:
            wrong = "" if said == story.reason else story.nudge
            trials.append(Trial(f"story {letter}", (REASONS[said],), wrong))
    strangers = [letter for letter in reasons if letter not in STORIES]
    good = sum(not trial.complaint for trial in trials)
    conclusion = f"{good} of {len(trials)} fit."
    if strangers:
        conclusion += f" There is no story {strangers[0]!r}: they are called a to j."
    return Verdict(trials, conclusion, good == len(trials) and not strangers, ("story", "reason"))
