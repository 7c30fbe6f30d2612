"""Named situations: functions that return a simulation which has not run yet, shared by lessons, labs and tests.

One file for each kind: ``documents`` (where a document is kept), ``crowds`` (one user and many), ``parts`` (what is
made of machines that fail), ``waiting`` (slow or dead), ``rooms`` (the chat room, and what cuts do to it).
"""

from .crowds import SYSTEMS, Served, one_computer, served, several_machines, waits
from .documents import (
    SAVED_WHEN,
    Fate,
    Machine,
    after_the_failure,
    document,
    document_seen,
    laptop_burns,
    try_saved_when,
)
from .parts import need, share_of_time, watched_parts
from .rooms import (
    CUT_MS,
    SECOND_MS,
    SHAPES,
    USERS,
    Second,
    chat_room,
    dangerous_second,
    measure_second,
    replica_names,
    room_places,
    silence,
    split_room,
    triangle,
    try_rule,
    two_truths,
    who_writes,
)
from .verdicts import Trial, Verdict
from .waiting import TROUBLES, answer_times, asking, heard_until

__all__ = [
    "CUT_MS", "SAVED_WHEN", "SECOND_MS", "SHAPES", "SYSTEMS", "TROUBLES", "USERS", "Fate", "Machine", "Second", "Served",
    "Trial", "Verdict", "after_the_failure", "answer_times", "asking", "chat_room", "dangerous_second", "document",
    "document_seen", "heard_until", "laptop_burns", "measure_second", "need", "one_computer", "replica_names",
    "room_places", "served", "several_machines", "share_of_time", "silence", "split_room", "triangle", "try_rule",
    "try_saved_when", "two_truths", "waits", "watched_parts", "who_writes",
]  # fmt: skip
