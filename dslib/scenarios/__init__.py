"""Named situations: functions that return a simulation which has not run yet, shared by lessons, labs and tests.

One file for each kind: ``documents`` (where a document is kept), ``crowds`` (one user and many), ``parts`` (what is
made of machines that fail), ``waiting`` (slow or dead), ``rooms`` (the chat room, and what cuts do to it),
``workbench`` (one small call: lost, repeated, at the wrong door), ``orders`` (who spoke first), ``agreement`` (a
majority goes on).
"""

from .agreement import (
    after_leader_fails,
    failing_store,
    parted_store,
    share_that_went_on,
    store_seen,
    two_sides,
)
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
from .orders import all_said, in_order, talk, who_spoke_first
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
from .workbench import (
    Done,
    NaiveRoom,
    OnceRoom,
    Post,
    doubled,
    layers_asked,
    lossy_calls,
    moved_room,
    posted_once,
    posting,
    stale_name,
    tower,
    try_member,
    try_room,
    what_retries_buy,
)

__all__ = [
    "CUT_MS", "SAVED_WHEN", "SECOND_MS", "SHAPES", "SYSTEMS", "TROUBLES", "USERS", "Done", "Fate", "Machine",
    "NaiveRoom", "OnceRoom", "Post", "Second", "Served", "Trial", "Verdict", "after_leader_fails", "after_the_failure",
    "all_said", "answer_times", "asking", "chat_room", "dangerous_second", "document", "document_seen", "doubled",
    "failing_store", "heard_until", "in_order", "laptop_burns", "layers_asked", "lossy_calls", "measure_second",
    "moved_room", "need", "one_computer", "parted_store", "posted_once", "posting", "replica_names", "room_places",
    "served", "several_machines", "share_of_time", "share_that_went_on", "silence", "split_room", "stale_name",
    "store_seen", "talk", "tower", "triangle", "try_member", "try_room", "try_rule", "try_saved_when", "two_sides",
    "two_truths", "waits", "watched_parts", "what_retries_buy", "who_spoke_first", "who_writes",
]  # fmt: skip
