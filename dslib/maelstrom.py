"""A node as a program of its own: Maelstrom's line protocol on standard input and output.

    python -m dslib.maelstrom dslib/protocols/raft.py:Raft
    python -m dslib.maelstrom my_node.py:MyNode period=200 --seed 4

Maelstrom (github.com/jepsen-io/maelstrom) is a workbench that starts a program once for each node, carries their
messages over a network that it breaks, and judges what its clients were told. Here the simulator is left out: the same
``Node`` classes run, and their time is real time.

What we rely on, from its documentation (doc/protocol.md and doc/workloads.md):

- Messages are JSON objects, one a line: ``{"src", "dest", "body"}``; a body has a ``type``, and a request a ``msg_id``.
  Nothing but messages may go to standard output; standard error is for people.
- The first message is ``init`` with ``node_id`` and ``node_ids``; the answer is ``init_ok``.
- An answer to a request of type ``t`` is of type ``t_ok`` and has the request's ``msg_id`` as ``in_reply_to``.
- An error is ``{"type": "error", "in_reply_to", "code", "text"}``. Codes used here: 10 not-supported, 11
  temporarily-unavailable, 12 malformed-request, 20 key-does-not-exist, 22 precondition-failed, all of which mean that
  the request was *definitely* not done; and 13 crash, after which nobody knows.
- Who is not answered waits until its own time-out, and takes the request for one that may have been done. So a node
  that does not know is silent. dslib has the same rule: a ``Refusal`` says "certainly not done".
- Workloads: echo (``echo``), unique-ids (``generate``, answered with ``id``), broadcast (``topology``, ``broadcast``,
  ``read`` answered with ``messages``), g-set, g-counter and pn-counter (``add``, ``read`` answered with ``value``),
  lin-kv (``read``, ``write``, ``cas``).
- Between nodes, bodies may be anything: see ``wire``. A client takes an answer from any node, whichever it asked.

A node hears of clients as in a simulation: ``Request(id, f, key, arg, tenant)``, where ``f`` is the type of Maelstrom's
request, answered with ``Reply(id, result)`` or ``Refusal(id, reason)``. A ``cas`` that answers False is error 22,
whether the key has another value or none, and a ``read`` of a key that answers None is error 20.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from hashlib import blake2b
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn, TextIO

from .clients import Refusal, Reply, Request
from .node import Died, Message, Node, show
from .testing import Isolated, isolate
from .wire import Malformed, classes_beside, kept, message, shown_as_json, to_wire

NOT_SUPPORTED, UNAVAILABLE, MALFORMED, CRASH, NO_SUCH_KEY, PRECONDITION_FAILED = 10, 11, 12, 13, 20, 22

#: How a node begins its reason for refusing what it does not do at all.
UNSUPPORTED = "not supported"


class Crashed(Exception):
    """The node has died, or its handler raised an error. ``lines`` are the last ones to write."""

    def __init__(self, text: str, lines: list[str]) -> None:
        super().__init__(text)
        self.lines = lines


#: A msg_id is smaller than this, and the number of a client is above it in a request's id: see ``number_of``.
MSG_IDS = 1 << 32

#: How many requests are remembered that were seen and not answered here: another node may have answered them.
REMEMBERED = 10_000

#: Which field of an answer carries the result. A read of the broadcast workload is answered with ``messages``.
ANSWER_IN = {"echo": "echo", "generate": "id", "read": "value"}


class Bridge:
    """One node and what it hears and says, line by line. Times are ms since it came to be.

    Args:
        kind: the node's class.
        settings: what it is told besides its name and its peers.
        seed: where its randomness comes from; its name goes in too, so that nodes with one seed draw different numbers.
        log: is handed each line that is for people.
    """

    def __init__(
        self,
        kind: type[Node],
        settings: Mapping[str, Any] | None = None,
        seed: int = 0,
        log: Callable[[str], object] = lambda line: None,
    ) -> None:
        self.kind, self.settings, self.seed, self.log = kind, dict(settings or {}), seed, log
        self.name = ""
        self.members: tuple[str, ...] = ()
        self._alone: Isolated | None = None
        self._classes = classes_beside([kind, Request])
        self._open: dict[int, Request] = {}  # asked here or passed on to here, and not answered from here
        self._started = 0.0
        self._out: list[str] = []
        self._broadcasts = False
        self._reason = ""  # why the node has died

    def receive(self, line: str, now: float) -> list[str]:
        """Take one line; returns the lines to write.

        Raises:
            Crashed: the node is no more.
        """
        try:
            self._take(*_parsed(line), now)
        except Malformed as wrong:
            self.log(f"malformed: {wrong}: {line.strip()[:200]}")
            asked = _sender(line)
            if asked is not None and asked[0] not in self.members:
                self._error(*asked, MALFORMED, str(wrong))
        return self._taken()

    def wait(self, now: float) -> list[str]:
        """Let time pass until ``now``; returns the lines to write.

        Raises:
            Crashed: the node is no more.
        """
        if self._alone is not None:
            self._do(now, lambda alone: [])
        return self._taken()

    def due(self) -> float | None:
        """When a timer runs out next; None if none is set."""
        if self._alone is None or not self._alone.timers:
            return None
        return self._started + self._alone.now + min(self._alone.timers.values())

    # -- what comes in -------------------------------------------------------------------------------------------------

    def _take(self, src: str, dest: str, body: dict[str, Any], now: float) -> None:
        if body["type"] == "init":
            self._init(src, body, now)
        elif self._alone is None:
            self.name = dest
            self._refuse(src, body, UNAVAILABLE, "this node has not been initialised yet")
        elif dest != self.name:
            raise Malformed(f"this is {self.name}, and the message is for {dest}")
        elif src in self.members:
            kind = self._classes.get(body["type"])
            if kind is None or not issubclass(kind, Message):
                raise Malformed(f"{self.kind.__name__} knows no message {body['type']!r}")
            msg = message(kind, body.get("fields"), self._classes)
            for request in requests_in(msg):
                self._remember(request)
            self._do(now, lambda alone: alone.receive(src, msg))
        elif not is_whole(body.get("msg_id")) or not 0 <= body["msg_id"] < MSG_IDS:
            raise Malformed(f"a request has a whole number from 0 to {MSG_IDS - 1} as its msg_id")
        elif not hasattr(self.kind, "on_request"):
            self._refuse(src, body, NOT_SUPPORTED, f"{self.kind.__name__} takes no requests: it has no on_request")
        else:
            self._ask(src, body, now)

    def _init(self, src: str, body: dict[str, Any], now: float) -> None:
        name, members = body.get("node_id"), body.get("node_ids")
        if not isinstance(members, list) or name not in members or not all(isinstance(one, str) for one in members):
            raise Malformed("init has a node_id, and a list node_ids of names with that name in it")
        if self._alone is not None:
            raise Malformed(f"this node is {self.name} already")
        if not is_whole(body.get("msg_id")):
            raise Malformed("init has a whole number as its msg_id")
        self.name, self.members, self._started = str(name), tuple(members), now
        # First the answer, which Maelstrom waits for, then whatever the node does when it starts.
        self._say(src, {"type": "init_ok", "in_reply_to": body["msg_id"]})

        def boot() -> list[tuple[str, Message]]:
            node = self.kind(self.name, peers=[one for one in members if one != name], **self.settings)
            self._alone = isolate(node, self.seed)
            self._alone._sim._record = self._note
            return self._alone.at_start

        self._guarded(boot)

    def _ask(self, client: str, body: dict[str, Any], now: float) -> None:
        f, arg = body["type"], None
        if f == "topology":
            arg = _neighbours(body.get("topology"))
            self._broadcasts = True
        elif f == "cas":
            arg = kept(_field(body, "from")), kept(_field(body, "to"))
        elif f == "add":
            arg = kept(_field(body, "element" if "element" in body else "delta"))
        elif f in ("echo", "broadcast", "write"):
            arg = kept(_field(body, {"echo": "echo", "broadcast": "message", "write": "value"}[f]))
        elif f not in ("read", "generate"):
            self._refuse(client, body, NOT_SUPPORTED, f"no workload that is known here has requests of type {f!r}")
            return
        request = Request(number_of(client, body["msg_id"]), f, kept(body.get("key")), arg, client)
        self._remember(request)
        self._do(now, lambda alone: alone.receive(client, request), request)

    def _remember(self, request: Request) -> None:
        self._open[request.id] = request
        if len(self._open) > REMEMBERED:
            del self._open[next(iter(self._open))]

    def _do(
        self, now: float, act: Callable[[Isolated], list[tuple[str, Message]]], asked: Request | None = None
    ) -> None:
        """Let the timers that are due run out; then do one thing more."""
        alone = self._alone
        assert alone is not None
        self._guarded(lambda: alone.wait(max(0.0, now - self._started - alone.now)))
        self._guarded(lambda: act(alone), asked)

    def _guarded(self, act: Callable[[], list[tuple[str, Message]]], asked: Request | None = None) -> None:
        """Send what the node sends. If it dies, or raises an error, what it was asked last may have been done."""
        try:
            for dest, msg in act():
                self._sent(dest, msg)
            if self._alone is not None and not self._alone.node._up:
                raise Died(self._alone.node, self._reason)
        except (Exception, Died) as end:
            text = f"{self.name} has died: {end.reason}" if isinstance(end, Died) else traceback.format_exc()
            if asked is not None and asked.id in self._open:
                self._error(asked.tenant, asked.id % MSG_IDS, CRASH, text.strip().splitlines()[-1])
            raise Crashed(text, self._taken()) from None

    # -- what goes out -------------------------------------------------------------------------------------------------

    def _sent(self, dest: str, msg: Message) -> None:
        """The node has sent a message."""
        if dest in self.members:
            wired = to_wire(msg)
            self._say(dest, {"type": wired["!"], "fields": wired["fields"]})
        elif not isinstance(msg, Reply | Refusal):
            raise TypeError(f"{dest!r} is a client and understands Reply and Refusal, not {type(msg).__name__}")
        elif (request := self._open.pop(msg.id, None)) is not None:  # else it was answered before
            if isinstance(msg, Reply):
                self._answer(request, msg.result)
            else:
                code = NOT_SUPPORTED if msg.reason.startswith(UNSUPPORTED) else UNAVAILABLE
                self._error(request.tenant, request.id % MSG_IDS, code, msg.reason)

    def _answer(self, request: Request, result: Any) -> None:
        client, msg_id = request.tenant, request.id % MSG_IDS
        field = "messages" if request.f == "read" and self._broadcasts else ANSWER_IN.get(request.f)
        if request.f == "cas" and result is False:
            self._error(client, msg_id, PRECONDITION_FAILED, "the key has another value, or none")
        elif field == "value" and result is None:
            self._error(client, msg_id, NO_SUCH_KEY, f"there is no key {show(request.key)}")
        else:
            answer = {} if field is None else {field: shown_as_json(result)}
            self._say(client, {"type": f"{request.f}_ok", "in_reply_to": msg_id, **answer})

    def _refuse(self, src: str, body: dict[str, Any], code: int, text: str) -> None:
        if is_whole(body.get("msg_id")):
            self._error(src, body["msg_id"], code, text)
        else:
            self.log(f"{src} asked for {body['type']!r}: {text}")

    def _error(self, client: str, msg_id: int, code: int, text: str) -> None:
        self._say(client, {"type": "error", "in_reply_to": msg_id, "code": code, "text": text})

    def _say(self, dest: str, body: dict[str, Any]) -> None:
        self._out.append(json.dumps({"src": self.name, "dest": dest, "body": body}) + "\n")

    def _taken(self) -> list[str]:
        taken, self._out = self._out, []
        return taken

    def _note(self, row: Any) -> None:
        if row.kind == "crash":
            self._reason = row.detail or ""
        elif row.kind == "log":
            self.log(f"{row.src} at {row.time:.0f} ms: {row.detail}")


# -- reading -----------------------------------------------------------------------------------------------------------


def _parsed(line: str) -> tuple[str, str, dict[str, Any]]:
    """``(src, dest, body)`` of a line."""
    try:
        data = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise Malformed(f"this is no JSON ({wrong})") from None
    if not isinstance(data, dict) or not all(isinstance(data.get(part), str) for part in ("src", "dest")):
        raise Malformed('a message is an object with a "src", a "dest" and a "body"')
    if not isinstance(data.get("body"), dict) or not isinstance(data["body"].get("type"), str):
        raise Malformed('a body is an object with a "type"')
    return data["src"], data["dest"], data["body"]


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


def _sender(line: str) -> tuple[str, int] | None:
    """Who asked, and under which number, as far as that can be read in a line that is malformed otherwise."""
    try:
        data = json.loads(line)
        src, msg_id = data["src"], data["body"]["msg_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return (src, msg_id) if isinstance(src, str) and is_whole(msg_id) else None


def is_whole(value: object) -> bool:
    """Whether it is a whole number, and not True or False, which Python takes for such."""
    return isinstance(value, int) and not isinstance(value, bool)


def _field(body: Mapping[str, Any], name: str) -> Any:
    if name not in body:
        raise Malformed(f"a request of type {body['type']!r} needs a field {name!r}")
    return body[name]


def _neighbours(topology: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """``{"n1": ["n2"], …}`` as pairs, which a message can hold."""
    if not isinstance(topology, dict) or not all(isinstance(names, list) for names in topology.values()):
        raise Malformed("a topology is an object that has a list of neighbours for each node")
    return tuple((name, tuple(map(str, names))) for name, names in topology.items())


def number_of(client: str, msg_id: int) -> int:
    """The id of a client's request, the same in every process; its remainder by ``MSG_IDS`` is the ``msg_id``."""
    digest = blake2b(client.encode(), digest_size=4).digest()
    return (int.from_bytes(digest, "big") >> 2) * MSG_IDS + msg_id


def requests_in(value: Any) -> Iterator[Request]:
    """The clients' requests in a message that a node passes on: whoever receives it may answer them."""
    if isinstance(value, Request):
        yield value
    elif isinstance(value, Message):
        for name in value.fields():
            yield from requests_in(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from requests_in(one)


# -- the program -------------------------------------------------------------------------------------------------------


def load(place: str) -> type[Node]:
    """The class named by ``"path/to/file.py:Class"`` or ``"package.module:Class"``.

    Raises:
        ValueError: there is no such file, module or class, or it is not a Node.
    """
    where, _, name = place.rpartition(":")
    if not where or not name:
        raise ValueError(f"{place!r}: write FILE:CLASS, such as my_node.py:MyNode")
    path = Path(where)
    if where.endswith(".py") and not path.is_file():
        raise ValueError(f"there is no file {where}")
    try:
        module = importlib.import_module(_dotted(path) if where.endswith(".py") else where)
    except ModuleNotFoundError as missing:
        raise ValueError(f"{where} cannot be loaded: {missing}") from None
    kind = getattr(module, name, None)
    if not isinstance(kind, type) or not issubclass(kind, Node):
        raise ValueError(f"{where} has no class {name} that is a Node: write class {name}(Node) there")
    return kind


def _dotted(path: Path) -> str:
    """The name under which a file is imported, inside its package if it lies in one."""
    path = path.resolve()
    parts, folder = [path.stem], path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return ".".join(parts)


def settings_of(words: Sequence[str]) -> dict[str, Any]:
    """``["period=200", "mode='fast'"]`` as a dict of Python values.

    Raises:
        ValueError: one of them has no ``=``, or no Python value after it.
    """
    settings = {}
    for word in words:
        name, sign, value = word.partition("=")
        try:
            if not sign or not name.isidentifier():
                raise ValueError
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            raise ValueError(f"{word!r}: write name=value, with a Python value such as 200 or 'text'") from None
    return settings


def serve(bridge: Bridge, lines: Iterable[str], out: TextIO) -> int:
    """Speak for a node until the input ends (0) or the node does (1)."""
    inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in lines:
            inbox.put(line)
        inbox.put(None)

    threading.Thread(target=read, daemon=True).start()
    start = time.monotonic()

    def now() -> float:
        return (time.monotonic() - start) * 1_000

    try:
        while True:
            due = bridge.due()
            try:
                line = inbox.get(timeout=None if due is None else max(0.0, due - now()) / 1_000)
            except queue.Empty:
                answers = bridge.wait(now())
            else:
                if line is None:
                    return 0
                answers = bridge.receive(line, now()) if line.strip() else []
            out.writelines(answers)
            out.flush()
    except Crashed as crash:
        bridge.log(str(crash))
        out.writelines(crash.lines)
        out.flush()
        return 1


def main(argv: Sequence[str] | None = None) -> int:
    """Load the class and serve; 2 if it cannot be loaded."""
    parser = argparse.ArgumentParser(
        prog="python -m dslib.maelstrom",
        description="Run a Node class as a program that speaks Maelstrom's protocol on standard input and output.",
    )
    parser.add_argument("place", metavar="FILE:CLASS", help="such as dslib/protocols/raft.py:Raft")
    parser.add_argument(
        "settings", nargs="*", default=[], metavar="name=value", help="settings of the node, as Python values"
    )
    parser.add_argument("--seed", type=int, default=0, help="where the node's randomness comes from (0)")
    asked = parser.parse_args(argv)
    out = sys.stdout
    with redirect_stdout(sys.stderr):  # what a node prints is for people, and would be no protocol line
        try:
            kind, settings = load(asked.place), settings_of(asked.settings)
        except ValueError as wrong:
            parser.error(str(wrong))
        bridge = Bridge(kind, settings, asked.seed, log=lambda line: print(line, file=sys.stderr, flush=True))
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # bytes that are no text must not end the node
        return serve(bridge, sys.stdin, out)


if __name__ == "__main__":
    sys.exit(main())
