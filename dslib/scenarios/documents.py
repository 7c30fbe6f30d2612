"""A document and where it is kept: on the laptop it is written on, on one machine elsewhere, on several.

The first situation of the course. ``editor`` runs on your laptop and saves page after page of one document, "essay";
``phone`` opens it every 100 ms, and sees the pages that are kept somewhere it can reach. Then the laptop, or another
machine, burns. Three questions have three answers: can I get at my document now (availability), does it still exist
(durability), and on how many machines does it stand (distribution)?
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Any, NamedTuple

from ..clients import Reply, Request, ScriptClient
from ..metrics import Seen, what_users_saw
from ..network import Network
from ..node import Message, Node
from ..places import Place, Places
from ..simulation import Simulation
from .verdicts import Trial, Verdict, unfit

#: Whether a save may be called done, given how many machines have it, and how many there are.
SavedWhen = Callable[[int, int], bool]

#: Nobody waits longer than this for a document, in ms.
PATIENCE_MS = 250.0

#: A machine does not send each page at once: it collects what there is to copy for so many ms.
HAND_ON_MS = 40.0

#: Where the machines m1, m2, … stand: far apart, so that no fire takes two.
CITIES = ("Frankfurt", "New York", "Singapore", "São Paulo", "Sydney")


def one(copies: int, machines: int) -> bool:
    """The first copy is enough."""
    return copies >= 1


def majority(copies: int, machines: int) -> bool:
    """More than half of the machines have it."""
    return copies > machines / 2


def everyone(copies: int, machines: int) -> bool:
    """All machines have it."""
    return copies == machines


#: The same by name, for sliders and menus.
SAVED_WHEN: dict[str, SavedWhen] = {"one": one, "majority": majority, "all": everyone}


class Copy(Message):
    """Keep this many pages for me, too."""

    id: int
    pages: int


class Copied(Message):
    """They are on my disk."""

    id: int


class Machine(Node):
    """Keeps the document on its disk, and hands copies to its peers, ``HAND_ON_MS`` after a page came.

    ``saved_when`` decides when the editor is told "saved": by the number of machines that have the page by then.
    """

    saved_when: SavedWhen = staticmethod(majority)

    def on_start(self) -> None:
        """What the disk holds is all that there is."""
        self.pages: int = self.disk.get("essay", 0)
        self._waiting: dict[int, tuple[str, int]] = {}

    def on_request(self, src: str, msg: Request) -> None:
        """Save a page, or hand out the document."""
        if msg.f == "read":
            self.send(src, Reply(msg.id, self.pages))
            return
        self.keep(msg.arg)
        self._waiting[msg.id] = src, 0
        self.set_timer("hand_on", HAND_ON_MS, msg.id, msg.arg, key=msg.id)
        self.one_more_has(msg.id)

    def on_hand_on_timeout(self, id: int, pages: int) -> None:
        """Copies for the others."""
        self.broadcast(Copy(id, pages))

    def on_copy(self, src: str, msg: Copy) -> None:
        """Another machine's page."""
        self.keep(msg.pages)
        self.send(src, Copied(msg.id))

    def on_copied(self, src: str, msg: Copied) -> None:
        """One machine more."""
        if msg.id in self._waiting:
            self.one_more_has(msg.id)

    def keep(self, pages: int) -> None:
        """Onto the disk. A page that comes late does not undo newer ones."""
        self.pages = max(self.pages, pages)
        self.disk["essay"] = self.pages

    def one_more_has(self, id: int) -> None:
        """Say "saved" as soon as enough machines have it."""
        who, copies = self._waiting[id]
        self._waiting[id] = who, copies + 1
        if self.saved_when(copies + 1, 1 + len(self.peers)):
            del self._waiting[id]
            self.send(who, Reply(id))


def document(
    seed: int = 0,
    machines: int = 3,
    saved_when: SavedWhen = majority,
    pages: int = 8,
) -> Simulation:
    """An editor saves a page every 100 ms, first at 100 ms; a phone opens the document, first at 150 ms.

    With no machines the document stands on the laptop alone, and the phone asks the laptop for it. Else it stands on
    m1, m2, … in ``CITIES``, and the editor asks m1. To and from the devices a message takes 5 to 15 ms; between the
    machines it takes what light in glass takes, and a little more.

    Raises:
        ValueError: ``machines`` is not a whole number from 0 to 5.
    """
    if isinstance(machines, bool) or not isinstance(machines, int) or not 0 <= machines <= len(CITIES):
        raise ValueError(f"machines is {machines!r}: write a whole number from 0 (only the laptop) to {len(CITIES)}")
    names = ("laptop",) if machines == 0 else tuple(f"m{i + 1}" for i in range(machines))
    places = Places({name: Place(city=city) for name, city in zip(names, CITIES, strict=False)})
    keepers = [Machine(name, peers=[n for n in names if n != name], saved_when=saved_when) for name in names]
    editor = ScriptClient(
        "editor", service=names[0], timeout=PATIENCE_MS, start=100.0, think=100.0,
        script=[("write", "essay", page) for page in range(1, pages + 1)],
    )  # fmt: skip
    phone = ScriptClient(
        "phone", service=names, timeout=PATIENCE_MS, start=150.0, think=100.0, script=[("read", "essay")] * 2 * pages
    )
    return Simulation(editor, phone, *keepers, network=Network(latency=(5, 15), places=places), seed=seed)


def laptop_burns(seed: int = 0, machines: int = 0, at: float = 600.0, **settings: Any) -> Simulation:
    """The laptop burns at ``at`` ms, and the editor that runs on it stops. Settings as in ``document``."""
    sim = document(seed, machines, **settings)
    if machines == 0:
        sim.at(at, sim.burn, "laptop")
    sim.at(at, sim.crash, "editor")
    return sim


def document_seen(sim: Simulation) -> list[Seen]:
    """What the two devices saw: a read is wrong if it has fewer pages than had been called saved when it was asked."""
    saved = [(op.completed, op.arg) for op in sim.history if op.f == "write" and op.status == "ok"]

    def lacks_a_page(op: Any) -> bool:
        if op.f != "read" or op.status != "ok":
            return False
        return bool(op.result < max((arg for time, arg in saved if time <= op.invoked), default=0))

    return what_users_saw(sim.history, sim.now, within=PATIENCE_MS, wrong=lacks_a_page)


class Fate(NamedTuple):
    """What became of a page that had been called saved. Prints as a sentence.

    Fields:
        told_ms: how long the editor waited for "saved".
        copies: on how many machines the page stood when m1 failed.
        survived: whether it can be read in the end.
        away_ms: for how long it could be read nowhere; nan if it never came back.
    """

    told_ms: float
    copies: int
    survived: bool
    away_ms: float

    def __str__(self) -> str:
        words = f'"Saved" came after {self.told_ms:.0f} ms. '
        words += f"When m1 failed, {self.copies} machine{' had' if self.copies == 1 else 's had'} the page. "
        if not self.survived:
            return f"{words}It is lost."
        return words + (f"It was away for {self.away_ms:.0f} ms." if self.away_ms else "It was there all the time.")


#: A machine that failed and kept its disk comes back after so many ms.
REPAIR_MS = 400.0


def after_the_failure(
    machines: int = 3,
    saved_when: str | SavedWhen = "majority",
    disk_survives: bool = False,
    ms_after: float = 0.0,
    seed: int = 0,
) -> Fate:
    """Save one page, let m1 fail ``ms_after`` ms after the editor was told "saved", and see what became of the page.

    ``saved_when`` is a name of ``SAVED_WHEN``, or a rule of your own. If ``disk_survives``, m1 comes back after 400 ms;
    else it burns.

    The run is made twice from one seed: the first tells when "saved" is said. Up to the failure the second is the same.

    Raises:
        ValueError: a setting is out of its range.
    """

    rule = SAVED_WHEN.get(saved_when) if isinstance(saved_when, str) else saved_when
    if rule is None:
        raise ValueError(f"saved_when is {saved_when!r}: write one of {', '.join(map(repr, SAVED_WHEN))}, or a rule")
    if not 0 <= ms_after <= 1_000:
        raise ValueError(f"ms_after is {ms_after!r}: write ms, from 0 to 1,000")

    def saving() -> Simulation:
        return document(seed, machines, rule, pages=1)

    save = saving().run(until=1_000).history[0]
    assert save.completed is not None  # nothing fails in that run
    sim, failed_at = saving(), save.completed + ms_after
    sim.run(until=failed_at)
    copies = len(_with_the_page(sim))
    if disk_survives:
        sim.crash("m1")
        sim.at(failed_at + REPAIR_MS, sim.restart, "m1")
    else:
        sim.burn("m1")
    gone = [not _with_the_page(sim.run(until=failed_at + later)) for later in range(0, int(2 * REPAIR_MS), STEP_MS)]
    away = nan if gone[-1] else float(STEP_MS * sum(gone))
    return Fate(save.completed - save.invoked, copies, not gone[-1], away)


#: How often it is looked whether the page can be read, in ms.
STEP_MS = 10


def _with_the_page(sim: Simulation) -> list[str]:
    """The machines that are up and have the page."""
    machines = (node for node in sim.nodes.values() if isinstance(node, Machine))
    return [node.name for node in machines if getattr(node, "pages", 0) >= 1]


# -- judging a rule ----------------------------------------------------------------------------------------------------


def try_saved_when(rule: SavedWhen, seed: int = 0) -> Verdict:
    """Put a rule to the test, with three machines of which one may fail, and with five of which two may.

    It passes if no page that was called saved is lost when that many of its machines burn, and if "saved" is still
    said when that many are down.
    """
    if complaint := unfit(rule, [(copies, n) for n in (3, 5) for copies in range(1, n + 1)], "saved", "not yet"):
        return Verdict([], f"Not run yet: {complaint}.", False)
    trials = []
    for machines, failing in ((3, 1), (5, 2)):
        lost = _lost(rule, machines, failing, seed)
        trials.append(Trial(f"{failing} of {machines} burn", ("lost",) if lost else ("kept",), lost))
        silent = _silent(rule, machines, failing, seed)
        trials.append(Trial(f"{failing} of {machines} are down", ("no answer",) if silent else ("saved",), silent))
    bad = [trial for trial in trials if trial.complaint]
    if bad:
        return Verdict(trials, f"Begin with the first ✗. {_hint(bad)}", False)
    return Verdict(trials, "No page is lost, and nobody waits for a machine that is down. That is the rule.", True)


def _hint(bad: list[Trial]) -> str:
    """What to do about the first of the trials that failed, with its own numbers."""
    failing, machines = (int(word) for word in bad[0].name.split() if word.isdigit())
    if bad[0].outcome == ("lost",):
        hint = f"Ask for more: if {failing} may burn, how many must have the page, so that one is left?"
    else:
        hint = f"Ask for less: if {failing} of {machines} are down, only {machines - failing} are left to count."
    if all(trial.name.split()[2] == str(machines) for trial in bad):
        hint += f" With {8 - machines} machines your rule does well. How should it grow with their number?"
    return hint


def _one_page(rule: SavedWhen, machines: int, seed: int) -> Simulation:
    return document(seed, machines, rule, pages=1)


def _lost(rule: SavedWhen, machines: int, failing: int, seed: int) -> str:
    """Let copies reach so and so many machines; where that is called saved, burn some that have the page, m1 first."""
    for reached in range(1, machines + 1):
        sim = _one_page(rule, machines, seed)
        out_of_reach = [f"m{i + 1}" for i in range(reached, machines)]
        if out_of_reach:
            sim.at(0, sim.network.partition, {f"m{i + 1}" for i in range(reached)}, out_of_reach)
        if sim.run(until=1_000).history[0].status != "ok":
            continue
        for name in _with_the_page(sim)[:failing]:
            sim.burn(name)
        sim.run(until=1_000 + REPAIR_MS)
        if not _with_the_page(sim):
            return f"called saved with {reached} of {machines}, and lost"
    return ""


def _silent(rule: SavedWhen, machines: int, failing: int, seed: int) -> str:
    sim = _one_page(rule, machines, seed)
    for i in range(failing):
        sim.at(0, sim.crash, f"m{machines - i}")
    save = sim.run(until=1_000).history[0]
    return "" if save.status == "ok" else f"{machines - failing} of {machines} have it, and nobody is told"
