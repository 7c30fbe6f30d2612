"""Wars among generals that somebody lies through by hand, all of them, and what was said in them, in words.

The protocols are in ``protocols/byzantine_generals.py``. In a *war by hand* one general is a traitor, and somebody
chooses each of his messages; ``hand_wars(n)`` are all of them, and each is fought by nodes.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from ..protocols.byzantine_generals import (
    ATTACK,
    RETREAT,
    General,
    OralGeneral,
    Path,
    SignedGeneral,
    check_traitors,
    judge,
    messages,
    says_by_the_book,
    war,
)
from ..simulation import Simulation
from ..trace import Event

#: What a general can say, and do.
ORDERS = (ATTACK, RETREAT)
#: Two rounds of messages, 20 ms each; then everybody has decided.
DECIDED_MS = 60.0


# ---------------------------------------------------------------- by hand


class HandWar(NamedTuple):
    """One war with one traitor.

    Fields:
        n: how many generals. g0 commands.
        traitor: the traitor's number.
        order: what the commander is to order. A loyal one does.
        says: what the traitor says, message by message, in the order of ``to_say``.
        sim: the run.
        broken: what the loyal generals broke: ``"IC1"``, ``"IC2"`` or ``""``.
    """

    n: int
    traitor: int
    order: str
    says: tuple[str, ...]
    sim: Simulation
    broken: str


def to_say(n: int, traitor: int) -> list[tuple[Path, int]]:
    """The messages of OM(1) that this general sends: by which path the order came, the sender last, and to whom.

    Raises:
        ValueError: there is no such general, or too few to run OM(1).
    """
    check_traitors(n, 1, 1)
    if isinstance(traitor, bool) or not isinstance(traitor, int) or not 0 <= traitor < n:
        raise ValueError(f"traitor={traitor!r}: write the number of a general, from 0 (the commander) to {n - 1}")
    return [(path, dest) for path, dest in messages(n, 1) if path[-1] == traitor]


def lied(n: int, traitor: int, order: str, says: tuple[str, ...]) -> HandWar:
    """Fight OM(1) among ``n`` generals, one of whom is a traitor and says just that.

    Raises:
        ValueError: there is no such general or order, or the traitor has another number of messages to send.
    """
    lines = to_say(n, traitor)
    for word in (order, *says):
        if word not in ORDERS:
            raise ValueError(f"{word!r} is no order: write {ATTACK!r} or {RETREAT!r}")
    if len(says) != len(lines):
        whom = ", ".join(f"g{dest}" for _, dest in lines)
        raise ValueError(
            f"g{traitor} says something to {whom}: write {len(lines)} orders in says=[…], and not {len(says)}"
        )
    sim = war(n, 1, order)
    book = tuple((_names(path), f"g{dest}", word) for (path, dest), word in zip(lines, says, strict=True))
    sim.at(0, sim.lie, f"g{traitor}", says_by_the_book, book)
    sim.run(until=DECIDED_MS)
    return HandWar(n, traitor, order, tuple(says), sim, judge(sim)[:3])


def _names(path: Path) -> tuple[str, ...]:
    return tuple(f"g{i}" for i in path)


@lru_cache(maxsize=4)
def hand_wars(n: int) -> tuple[HandWar, ...]:
    """Every war by hand: each traitor, both orders, all that can be said. The exhaustive adversary fights as many."""
    return tuple(
        lied(n, traitor, order, says)
        for traitor in range(n)
        for order in ORDERS
        for says in product(ORDERS, repeat=len(to_say(n, traitor)))
    )


def the_loyal_agree(sim: Simulation) -> bool:
    """As soon as they have decided, those who neither lie nor crash keep IC1 and IC2."""
    loyal = {
        name: node.action
        for name, node in sim.nodes.items()
        if isinstance(node, General) and name not in liars(sim) and hasattr(node, "action")
    }
    commander = next((node.commander for node in sim.nodes.values() if isinstance(node, General)), "")
    done = {name: action for name, action in loyal.items() if name != commander}
    if not done or None in loyal.values():
        return True
    wanted = loyal.get(
        commander, next(iter(done.values()))
    )  # a loyal commander's order, else whatever one of them does
    return all(action == wanted for action in done.values())


def camp(seed: int = 0, n: int = 4, m: int = 1, order: str = ATTACK) -> Simulation:
    """Generals who send oral messages, all of them loyal until somebody makes a liar; and that the loyal agree."""
    sim = war(n, m, order, seed=seed)
    sim.always(the_loyal_agree)
    return sim


# ---------------------------------------------------------------- what was said


class Said(NamedTuple):
    """One message of a war.

    Fields:
        path: who passed the order on, from the commander to the one who says it now.
        dest: who hears it.
        order: what it says.
        lie: a traitor says something else than a loyal general would.
        forged: not everybody signed it who is said to have.
    """

    path: tuple[str, ...]
    dest: str
    order: str
    lie: bool = False
    forged: bool = False


def liars(sim: Simulation) -> tuple[str, ...]:
    """Who was made a liar in this run."""
    return tuple(dict.fromkeys(fault.args[0] for fault in sim.faults if fault.call == "lie"))


def decided(sim: Simulation) -> dict[str, General]:
    """The generals of a run, by name.

    Raises:
        ValueError: there are none, or they have not decided yet.
    """
    found = {name: node for name, node in sim.nodes.items() if isinstance(node, General)}
    if not found:
        raise ValueError("there are no generals in this run: write sim = war(4, 1), make somebody lie, and run it")
    if not sim.started or any(node.action is None for node in found.values()):
        raise ValueError(f"the generals have not decided yet: run the war first, sim.run(until={DECIDED_MS:g})")
    return found


def said(sim: Simulation) -> list[Said]:
    """All messages of a war that arrived, in their order."""
    traitors, camp_ = liars(sim), decided(sim)
    heard: dict[tuple[str, tuple[str, ...]], str] = {}
    spoken = []
    for event in sim.trace.where(kind="deliver"):
        path, order = _read(event)
        receiver = camp_.get(str(event.dest))
        if not path or receiver is None:
            continue
        heard.setdefault((receiver.name, path), order)
        # A loyal commander says his order; a loyal lieutenant what he heard by the rest of the path, else RETREAT.
        should = camp_[path[0]].order if len(path) == 1 else heard.get((path[-1], path[:-1]), RETREAT)
        forged = isinstance(receiver, SignedGeneral) and not event.msg.is_genuine(receiver.genuine)  # type: ignore[union-attr]
        spoken.append(Said(path, receiver.name, order, path[-1] in traitors and order != should, forged))
    return spoken


def _read(event: Event) -> tuple[tuple[str, ...], str]:
    """The path and the order of a message, whichever kind of generals sent it."""
    msg: Any = event.msg
    if hasattr(msg, "signers"):
        return msg.signers(), msg.order
    if hasattr(msg, "sealed"):
        path, order = msg.sealed[1]
        return path, order
    return getattr(msg, "path", ()), getattr(msg, "order", "")


def inbox(sim: Simulation, name: str) -> str:
    """All that a node received, as text, a line for each message: when, from whom, and what."""
    return "\n".join(f"{e.time:7.3f} ms from {e.src}: {e.msg}" for e in sim.trace.where(kind="deliver", dest=name))


def account(sim: Simulation) -> list[str]:
    """A sentence or two for each loyal lieutenant: what came, and what it makes this general do."""
    spoken, traitors = said(sim), liars(sim)
    told = []
    for name, node in decided(sim).items():
        if name == node.commander or name in traitors:
            continue
        heard = sorted((one for one in spoken if one.dest == name), key=lambda one: (len(one.path), one.path))
        words = ", ".join(f"{one.order} from {one.path[-1]}{' (forged)' if one.forged else ''}" for one in heard)
        told.append(f"{name} hears {words or 'nothing'}. {_why(node, heard)}")
    return told


def _why(node: General, heard: list[Said]) -> str:
    does = f"{node.name} {node.action}s."
    if isinstance(node, SignedGeneral):
        return f"Properly signed: {' and '.join(node.orders) or 'nothing'}. So {does}"
    if not isinstance(node, OralGeneral) or node.m != 1:
        return does.capitalize()
    votes = Counter(one.order for one in heard)
    missing = len(node.peers) - len(heard)
    votes[RETREAT] += missing
    silence = f"What did not come counts as {RETREAT}. " if missing else ""
    if votes[ATTACK] == votes[RETREAT]:
        return f"{silence}A tie counts as {RETREAT}: {does}"
    return f"{silence}Most say {ATTACK if votes[ATTACK] > votes[RETREAT] else RETREAT}: {does}"


def outcome(sim: Simulation) -> str:
    """What became of IC1 and IC2, in a sentence."""
    broke, camp_ = judge(sim), decided(sim)
    commander = camp_[next(iter(camp_.values())).commander]
    if broke.startswith("IC2"):
        return f"The commander is loyal and ordered {commander.order}, and is not obeyed: IC2 is broken."
    if broke:
        return "The loyal lieutenants do different things: IC1 is broken."
    obeyed = "" if commander.name in liars(sim) else ", and what their loyal commander ordered"
    return f"All loyal lieutenants do the same{obeyed}."
