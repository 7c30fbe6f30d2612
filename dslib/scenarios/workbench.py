"""The workbench: what happens to one small call when the network loses it, repeats it, or sends it to the wrong door.

``what_retries_buy`` counts what retries buy; ``layers_asked`` what they cost when several layers make them. ``posting``
is one room to which alice posts over a network that loses messages, and ``try_room`` puts a learner's room to the test.
``moved_room`` lets the room move while alice still knows its old address.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any, NamedTuple

from ..clients import Refusal, Reply, Request, Retry, ScriptClient, ServiceClient
from ..links import probability
from ..metrics import good_share, what_users_saw
from ..network import Network
from ..node import Message, Node
from ..simulation import Simulation
from ..testing import isolate
from .verdicts import Trial, Verdict

# -- reliable from unreliable ------------------------------------------------------------------------------------------

#: How long one attempt waits for its answer, in ms: longer than any round trip takes.
PATIENCE_MS = 40.0


class Answers(Node):
    """Answers every request at once."""

    def on_request(self, src: str, msg: Request) -> None:
        """Here you are."""
        self.send(src, Reply(msg.id, "here you are"))


class Calls(NamedTuple):
    """What became of many calls: the share that was answered, and how many times a request was sent for each."""

    answered: float
    sends: float

    def __str__(self) -> str:
        return f"{self.answered:.2%} answered, {self.sends:.3f} sends a call"


def lossy_calls(
    seed: int = 0, loss: float = 0.1, retries: int = 0, calls: int = 20, per_leg: bool = False, trace: str = "events"
) -> Simulation:
    """alice calls a server, again and again. A whole round trip is lost with chance ``loss``; ``per_leg``: each half.

    Raises:
        ValueError: the loss is no probability, or the retries or calls are no whole numbers of a sensible size.
    """
    loss = probability("loss", loss)
    _whole("retries", retries, 0, 20)
    _whole("calls", calls, 1, 10_000)
    each = loss if per_leg else 1 - sqrt(1 - loss)  # both legs survive with chance 1 - loss
    alice = ScriptClient(
        "alice", service="server", timeout=PATIENCE_MS, retry=Retry(times=retries), script=[("get", "news")] * calls
    )
    return Simulation(alice, Answers("server"), network=Network(latency=(5, 15), loss=each), seed=seed, trace=trace)


def what_retries_buy(
    seed: int = 0, loss: float = 0.1, retries: int = 0, per_leg: bool = False, many: int = 400
) -> Calls:
    """The share of ``many`` calls that were answered, and what that cost."""
    sim = lossy_calls(seed, loss, retries, many, per_leg).run()
    sends = len(sim.trace.where(kind="send", src="alice"))
    return Calls(sum(op.status == "ok" for op in sim.history) / many, sends / many)


class Layer(ServiceClient):
    """A service that asks the one below it, with retries of its own, before it answers."""

    def on_start(self) -> None:
        """Nobody waits yet."""
        super().on_start()
        self._for: dict[int, tuple[str, int]] = {}

    def on_request(self, src: str, msg: Request) -> None:
        """Ask below."""
        self._for[self.ask(msg.f, msg.key).id] = src, msg.id

    def on_refusal(self, src: str, msg: Refusal) -> None:
        """A refusal from below counts as an attempt that came to nothing."""
        if msg.id in self._open:
            self.cancel_timer("answer", key=msg.id)
            self.on_answer_timeout(msg.id)

    def finished(self, op: Any) -> None:
        """Tell whoever asked."""
        src, id = self._for.pop(op.id)
        self.send(src, Reply(id, op.result) if op.status == "ok" else Refusal(id, "nothing from below"))


def tower(seed: int = 0, layers: int = 3, retries: int = 3, retrying: int | None = None) -> Simulation:
    """alice asks once. ``layers`` services stand above each other, and at the bottom is a database that is dead.

    Each layer tries again ``retries`` times. With ``retrying=1`` only the lowest does.

    Raises:
        ValueError: the numbers are not whole, or too large for a demonstration.
    """
    _whole("layers", layers, 1, 4)
    _whole("retries", retries, 0, 4)
    active = layers if retrying is None else _whole("retrying", retrying, 0, layers)
    names = [f"layer{i + 1}" for i in range(layers)] + ["database"]
    nodes: list[Node] = [ScriptClient("alice", service=names[0], start=10.0, timeout=1e6, script=[("get", "news")])]
    for i in range(layers):
        below = layers - 1 - i
        times = retries if below < active else 0
        wait = PATIENCE_MS * 5.0**below * 2  # longer than all that happens below
        nodes.append(Layer(names[i], service=names[i + 1], timeout=wait, retry=Retry(times=times)))
    sim = Simulation(*nodes, Answers("database"), network=Network(latency=(5, 15)), seed=seed)
    sim.at(0, sim.crash, "database")
    return sim


def layers_asked(seed: int = 0, layers: int = 3, retries: int = 3, retrying: int | None = None) -> int:
    """How many requests reached for the database, for one question of alice's."""
    return len(tower(seed, layers, retries, retrying).run().trace.where(kind="send", dest="database"))


# -- twice is not once -------------------------------------------------------------------------------------------------

#: How long alice waits for "done" before she posts again, and how often she does, in ms.
AGAIN_MS = 100.0


class Post(Message):
    """Please add ``text`` to the room. ``number`` counts the author's posts: a repetition has the same number."""

    number: int
    text: str


class Done(Message):
    """Your post with this number stands in the room."""

    number: int


class NaiveRoom(Node):
    """Adds a line for each post that arrives."""

    def on_start(self) -> None:
        """What the disk holds."""
        self.lines: tuple[str, ...] = self.disk.get("lines", ())

    def on_post(self, src: str, msg: Post) -> None:
        """One more line."""
        self.lines += (f"{src}: {msg.text}",)
        self.disk["lines"] = self.lines
        self.send(src, Done(msg.number))


class OnceRoom(NaiveRoom):
    """Remembers whose post with which number it has: an idempotency key."""

    def on_post(self, src: str, msg: Post) -> None:
        """One more line, unless it is there; the answer either way."""
        keys = self.disk.get("keys", ())
        if (src, msg.number) in keys:
            self.send(src, Done(msg.number))
        else:
            self.disk["keys"] = (*keys, (src, msg.number))
            super().on_post(src, msg)


class Author(Node):
    """Posts one thing after the other. Without an answer it posts the same again, until there is one."""

    posts: int = 1

    def on_start(self) -> None:
        """The first post comes at 100 ms."""
        self.number = self.told = 0
        self.set_timer("next", 100.0)

    def on_next_timeout(self) -> None:
        """The next post."""
        self.number += 1
        self._try()

    def on_again_timeout(self) -> None:
        """No answer: the same post once more."""
        self._try()

    def on_done(self, src: str, msg: Done) -> None:
        """Go on, unless this answers something older."""
        if self.told < msg.number == self.number:
            self.told = self.number
            self.cancel_timer("again")
            if self.number < self.posts:
                self.set_timer("next", 20.0)

    def _try(self) -> None:
        self.send("room", Post(self.number, f"{self.name[0]}{self.number}"))
        self.set_timer("again", AGAIN_MS)


#: What may happen to alice's first post.
LOST = ("nothing", "request", "reply")


def posting(
    room: type[Node] = NaiveRoom, seed: int = 0, lost: str = "nothing", posts: int = 1, loss: float = 0.0
) -> Simulation:
    """alice posts to a room, and waits for "done" each time. ``room`` is a class of nodes with ``on_post(src, msg)``.

    ``lost`` says what is lost once, for certain; ``loss`` is the chance of any message to be lost.

    Raises:
        TypeError: the room is no class of nodes.
        ValueError: ``lost`` is none of ``LOST``, or a number is out of its range.
    """
    if complaint := _no_room(room):
        raise TypeError(complaint)
    if lost not in LOST:
        raise ValueError(f"lost is {lost!r}: write one of {', '.join(map(repr, LOST))}")
    _whole("posts", posts, 1, 1_000)
    network = Network(latency=(5, 15), loss=probability("loss", loss))
    sim = Simulation(Author("alice", posts=posts), room("room"), network=network, seed=seed)
    if lost != "nothing":
        way = ("alice", "room") if lost == "request" else ("room", "alice")
        sim.at(50, sim.network.cut, *way, one_way=True)
        sim.at(180, sim.network.heal)
    return sim


def doubled(sim: Simulation) -> list[str]:
    """The lines that stand in the room more than once. alice never says the same twice."""
    lines = sim.nodes["room"].disk.get("lines", ())
    return [line for at, line in enumerate(lines) if line in lines[:at]]


def posted_once(seed: int, room: type[Node] = NaiveRoom, posts: int = 5, loss: float = 0.01) -> bool:
    """Whether one run with a few lost messages ends with each post in the room, once."""
    sim = posting(room, seed, posts=posts, loss=loss).run(until=60_000)
    return sorted(sim.nodes["room"].disk.get("lines", ())) == [f"alice: a{i + 1}" for i in range(posts)]


def try_room(room: type[Node]) -> Verdict:
    """Hand posts to a learner's room, some of them twice, and see what stands in it."""
    if complaint := _no_room(room):
        return Verdict([], f"Not run yet: {complaint}.", False)
    trials, hint = [], ""
    for name, try_it, advice in _ROOM_TRIALS:
        try:
            complaint = try_it(room)
        except Exception as error:  # whatever a learner's handler may raise
            complaint, advice = f"stops with {type(error).__name__}: {error}", "Mend that first."
        trials.append(Trial(name, ("as it should be",) if not complaint else (), complaint))
        hint = hint or (advice if complaint else "")
    rows = [t if not t.complaint else t._replace(outcome=("wrong",)) for t in trials]
    bad = sum(bool(t.complaint) for t in trials)
    if bad:
        return Verdict(rows, f"{bad} of {len(trials)} trials fail. {hint}", False, ("trial", "the room"))
    return Verdict(
        rows, "Each post stands in the room once, and its author is told every time.", True, ("trial", "the room")
    )


def _received(room: type[Node], *posts: tuple[str, int, str]) -> tuple[Any, list[list[tuple[str, Message]]]]:
    box = isolate(room("room"))
    return box, [box.receive(src, Post(number, text)) for src, number, text in posts]


def _answered(answers: list[tuple[str, Message]], src: str, number: int) -> str:
    told = [(dest, msg) for dest, msg in answers if type(msg).__name__ == "Done"]
    if not told:
        return f"{src} is not told that post {number} is done"
    if told != [(src, Done(number))]:
        return f"the answer to {src}'s post {number} is {told!r}"
    return ""


def _lines(box: Any, wanted: int) -> str:
    have = box.node.disk.get("lines", ())
    if len(have) == wanted:
        return ""
    return f"{len(have)} line{'s' if len(have) != 1 else ''} on its disk, and not {wanted}"


def _one(room: type[Node]) -> str:
    box, (first,) = _received(room, ("alice", 1, "hello"))
    return _lines(box, 1) or _answered(first, "alice", 1)


def _again(room: type[Node]) -> str:
    box, (_, second) = _received(room, ("alice", 1, "hello"), ("alice", 1, "hello"))
    return _lines(box, 1) or _answered(second, "alice", 1)


def _same_words(room: type[Node]) -> str:
    box, (_, second) = _received(room, ("alice", 1, "hello"), ("alice", 2, "hello"))
    return _lines(box, 2) or _answered(second, "alice", 2)


def _two_authors(room: type[Node]) -> str:
    box, (_, second) = _received(room, ("alice", 1, "hello"), ("bob", 1, "hello"))
    return _lines(box, 2) or _answered(second, "bob", 1)


def _older(room: type[Node]) -> str:
    box, answers = _received(room, ("alice", 1, "a"), ("alice", 2, "b"), ("alice", 1, "a"))
    return _lines(box, 2) or _answered(answers[-1], "alice", 1)


def _restarted(room: type[Node]) -> str:
    box, _ = _received(room, ("alice", 1, "hello"))
    box.crash()
    box.restart()
    return _answered(box.receive("alice", Post(1, "hello")), "alice", 1) or _lines(box, 1)


def _lossy(room: type[Node]) -> str:
    bad = [seed for seed in range(10) if not posted_once(seed, room, loss=0.3)]
    return f"posts are doubled or missing with seed {bad[0]}" if bad else ""


_ROOM_TRIALS: tuple[tuple[str, Callable[[type[Node]], str], str], ...] = (
    ("one post", _one, "First the simple case: add the line to self.lines, keep it on self.disk, send Done."),
    (
        "the same again",
        _again,
        "The author repeats because no answer came. Recognise the repetition, and answer it all the same.",
    ),
    ("same words again", _same_words, "Two posts may have the same words. What else is in the message?"),
    ("two authors", _two_authors, "Each author counts from 1. A number alone does not tell whose post it is."),
    ("an old one again", _older, "A repetition may come late, after newer posts. Remember more than the last one."),
    ("after a restart", _restarted, "A crash took what it remembered. What survives a crash? Look at on_start."),
    (
        "ten lossy runs",
        _lossy,
        "All single steps are right; look at a whole run with play(posting, room=Room, loss=0.3).",
    ),
)


def _no_room(room: Any) -> str:
    if isinstance(room, Node):
        return f"{room!r} is a node that was made already; hand over the class itself, without brackets"
    if not _is_class(room, Node):
        return f"{room!r} is no class of nodes; write class Room(Node), and hand over Room"
    if not hasattr(room, "on_post"):
        return f"{room.__name__} has no on_post(self, src, msg)"
    return ""


# -- the first node ----------------------------------------------------------------------------------------------------


def try_member(member: Any, line: Any) -> Verdict:
    """Say something to a learner's member of the chat, and see what it says back.

    It passes if "hello" is answered with "hi", to its sender alone, nothing else is answered, and all is remembered.
    """
    if not (_is_class(member, Node) and hasattr(member, "on_line")):
        return Verdict([], "Not run yet: hand over your class of nodes with on_line(self, src, msg).", False)
    if not _is_class(line, Message):
        return Verdict([], "Not run yet: hand over your class Line(Message), too: try_member(Member, Line).", False)
    trials: list[Trial] = []
    try:
        box = isolate(member("bob", peers=("alice", "carol")))
        for said, by, wanted in (("hello", "alice", "hi"), ("hi", "carol", ""), ("hello", "carol", "hi")):
            sent = box.receive(by, line(said))
            trials.append(_reply_of(said, by, wanted, sent, line))
        room = tuple(box.node.room)  # type: ignore[attr-defined]
    except Exception as error:  # whatever a learner's handler may raise
        return Verdict(trials, f"It stops with {type(error).__name__}: {error}", False, ("bob hears", "bob says"))
    kept = len(room) == 3
    trials.append(Trial("three lines heard", (f"remembers {len(room)}",), "" if kept else "he should remember each"))
    bad = [t for t in trials if t.complaint]
    hints = {
        trials[0]: (
            "Send something back: self.send(src, …). The sender's name is src, what was said is msg.text."
            if trials[0].outcome == ("nothing",)
            else "Look at what bob sends, and to whom. It should be one message: self.send(src, …)."
        ),
        trials[1]: "If an answer is answered, too, when will they stop? Look at msg.text before you answer.",
        trials[2]: "Answer whoever said it, not always the same one.",
        trials[3]: "Add each line you hear to self.room, as before; your own answers need not be there.",
    }
    said = (
        f"{len(bad)} of {len(trials)} trials fail. {hints[bad[0]]}" if bad else "Bob is polite, and knows when to stop."
    )
    return Verdict(trials, said, not bad, ("bob hears", "bob says"))


def _reply_of(
    said: str, by: str, wanted: str, sent: list[tuple[str, Message]], line: Callable[[str], Message]
) -> Trial:
    outcome = tuple(f"{getattr(msg, 'text', msg)!r} to {dest}" for dest, msg in sent) or ("nothing",)
    name = f"{said!r} from {by}"
    if not wanted:
        return Trial(name, outcome, "" if not sent else "nobody said hello")
    if not sent:
        return Trial(name, outcome, f"{by} waits for {wanted!r}")
    if sent != [(by, line(wanted))]:
        return Trial(name, outcome, f"it should be {wanted!r} to {by}, once")
    return Trial(name, outcome)


def _is_class(thing: Any, base: type) -> bool:
    return isinstance(thing, type) and issubclass(thing, base)


# -- a stale name ------------------------------------------------------------------------------------------------------

#: When the room moves from m1 to m2, in ms.
MOVES_MS = 1_000.0


class WhereIs(Message):
    """At which machine is the room?"""


class ItIsAt(Message):
    """There. You may believe it for ``ttl_ms``."""

    machine: str
    ttl_ms: float


class Names(Node):
    """Knows where the room is, and says for how long one may believe it."""

    ttl_ms: float = 500.0

    def on_start(self) -> None:
        """At first it is at m1."""
        self.machine = "m1"

    def act_moved(self, machine: str) -> None:
        """An operator changes the entry."""
        self.machine = machine

    def on_where_is(self, src: str, msg: WhereIs) -> None:
        """What it knows."""
        self.send(src, ItIsAt(self.machine, float(self.ttl_ms)))


class Host(Node):
    """A machine that has the room, or refuses."""

    has_room: bool = False

    def on_start(self) -> None:
        """As it was set up."""
        self.here = self.has_room

    def act_host(self, here: bool) -> None:
        """An operator moves the room in or out."""
        self.here = here

    def on_request(self, src: str, msg: Request) -> None:
        """The room, or that it is not here."""
        self.send(src, Reply(msg.id, "the room") if self.here else Refusal(msg.id, "no such room here"))


class Caching(ServiceClient):
    """Reads the room every 50 ms, at the address that it was told last, until the time to live of that has run out."""

    def on_start(self) -> None:
        """It knows nothing yet."""
        super().on_start()
        self.address, self.until, self.lookups = "", 0.0, 0
        self.set_timer("read", 50.0)

    def on_read_timeout(self) -> None:
        """Read, after asking for the address if the old one is too old."""
        self.set_timer("read", 50.0)
        if self.clock.monotonic() >= self.until:
            self.lookups += 1
            self.send("names", WhereIs())
        else:
            self._read()

    def on_it_is_at(self, src: str, msg: ItIsAt) -> None:
        """Remember it, for as long as it may be believed."""
        self.address, self.until = msg.machine, self.clock.monotonic() + msg.ttl_ms
        self._read()

    def _read(self) -> None:
        self._servers, self._favourite = (self.address,), 0
        self.ask("read")


def moved_room(seed: int = 0, ttl_ms: float = 500.0) -> Simulation:
    """alice reads a room that moves from m1 to m2 at 1,000 ms. She may keep an address for ``ttl_ms``.

    Raises:
        ValueError: the time to live is not a number from 0 to 5,000 ms.
    """
    if not 0 <= ttl_ms <= 5_000:
        raise ValueError(f"ttl_ms is {ttl_ms!r}: write for how long an address may be believed, from 0 to 5,000 ms")
    sim = Simulation(
        Caching("alice", service="m1"), Names("names", ttl_ms=ttl_ms), Host("m1", has_room=True), Host("m2"),
        network=Network(latency=(5, 15)), seed=seed,
    )  # fmt: skip
    sim.at(MOVES_MS, sim.act, "names", "moved", "m2")
    sim.at(MOVES_MS, sim.act, "m1", "host", False)
    sim.at(MOVES_MS, sim.act, "m2", "host", True)
    return sim


class Stale(NamedTuple):
    """What a stale address did.

    Fields:
        errors: how many reads were refused.
        wrong_for_ms: from the move to the last refused read; 0 without one.
        lookups: how often alice asked for the address.
        good: the share of good answers in the whole run.
    """

    errors: int
    wrong_for_ms: float
    lookups: int
    good: float

    def __str__(self) -> str:
        errors = f"{self.errors} error{'s' if self.errors != 1 else ''}, for {self.wrong_for_ms:.0f} ms"
        return f"{errors}; alice looked the name up {self.lookups} times; {self.good:.1%} of her reads were good."


def stale_name(ttl_ms: float = 500.0, seed: int = 0) -> Stale:
    """Run ``moved_room`` for long enough, and count."""
    sim = moved_room(seed, ttl_ms).run(until=7_000)
    refused = [op.completed for op in sim.history if op.status == "fail" and op.completed is not None]
    last = max(refused, default=MOVES_MS) - MOVES_MS
    lookups = len(sim.trace.where(kind="send", msg=WhereIs))
    return Stale(len(refused), last, lookups, good_share(what_users_saw(sim.history, sim.now, within=200)))


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}: write a whole number from {low} to {high}")
    return value
