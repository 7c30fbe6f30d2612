"""Clients: the users of a service, who ask, wait, ask again, and give up.

What they asked and were told becomes the history, and the history is all that users ever see of a system. A service
that wants to be used by these clients handles ``Request`` and answers with ``Reply`` or ``Refusal``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Any

from .history import Operation
from .network import GRID
from .node import Message, Node
from .resilience import is_number


class Request(Message):
    """Please do ``f`` to ``key`` with ``arg``, for ``tenant``. All attempts at one operation carry the same ``id``."""

    id: int
    f: str
    key: Any = None
    arg: Any = None
    tenant: str = ""


class Reply(Message):
    """Done; ``result`` is the answer to request ``id``."""

    id: int
    result: Any = None


class Refusal(Message):
    """Certainly not done, and not going to be. ``reason`` is for people."""

    id: int
    reason: str = ""


@dataclass(frozen=True)
class Retry:
    """When to ask again after a time-out.

    Args:
        times: attempts after the first.
        backoff_ms: wait before the first repetition; each further wait doubles. 0 repeats at once.
        jitter: wait a uniform random share of the backoff instead of all of it, so that clients do not repeat in step.
        budget: tokens earned by each operation, one spent by each repetition; no token, no repetition. 0.1 allows
            repetitions for a tenth of the operations. None: no limit.
        budget_cap: the most tokens that can be saved up.

    Raises:
        ValueError: a number is negative or not finite.
    """

    times: int = 0
    backoff_ms: float = 0.0
    jitter: bool = False
    budget: float | None = None
    budget_cap: float = 100.0

    def __post_init__(self) -> None:
        for name in ("times", "backoff_ms", "budget", "budget_cap"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < inf:
                raise ValueError(f"Retry({name}={value!r}): write a number, 0 or more")

    def wait_ms(self, attempt: int, random: Random) -> float:
        """ms to wait before repetition ``attempt`` (1, 2, …)."""
        wait = self.backoff_ms * 2.0 ** (attempt - 1)
        return wait * random.random() if self.jitter else wait


class Client(Node):
    """Base of all clients: records what it asks and what it is told.

    ``op = self.invoke("write", "x", 1)`` opens an operation in the history; settle it with ``op.ok(result)`` when the
    answer comes, or ``op.fail()`` when it was certainly not done. What is never settled stays ``info``: it may have
    happened or not. A client that goes on after that is a new process, because it no longer knows what it did.
    """

    def invoke(self, f: str, key: Any = None, arg: Any = None) -> Operation:
        """Open an operation at the present true time."""
        sim = self._sim
        return sim.history.invoke(self.name, f, key, arg, now=sim._time)


class ServiceClient(Client):
    """A client of a request-reply service, with time-out and retries.

    Args:
        service: the node to ask, or several: after a time-out the next one is asked.
        timeout: ms to wait for an answer to each attempt.
        retry: what to do when none came.
        tenant: on whose behalf it asks; its own name when left out.

    Subclasses call ``self.ask(f, key, arg)`` and may define ``finished(op)``, called when an operation was answered,
    refused or given up.
    """

    service: str | tuple[str, ...] = ()
    timeout: float = 100.0
    retry: Retry = Retry()
    tenant: str = ""

    def on_start(self) -> None:
        """Nobody has been asked yet."""
        self._servers = (self.service,) if isinstance(self.service, str) else tuple(self.service)
        if not self._servers:
            raise ValueError(f"client {self.name!r} has no service to ask: write service='r1' or service=('r1', 'r2')")
        if not is_number(self.timeout) or self.timeout < 0:
            raise ValueError(f"client {self.name!r} has timeout={self.timeout!r}: write ms, 0 or more")
        self._favourite = 0
        self._tokens = 0.0
        self._open: dict[int, tuple[Operation, Request, int]] = {}

    def ask(self, f: str, key: Any = None, arg: Any = None) -> Operation:
        """Begin one operation."""
        op = self.invoke(f, key, arg)
        if self.retry.budget is not None:
            self._tokens = min(self._tokens + self.retry.budget, self.retry.budget_cap)
        # The operation's id is the idempotency key: every attempt carries it.
        self._attempt(op, Request(op.id, f, key, arg, self.tenant or self.name), 0)
        return op

    def finished(self, op: Operation) -> None:
        """One operation was answered, refused or given up."""

    def on_reply(self, src: str, msg: Reply) -> None:
        """The answer, if it is still waited for."""
        if msg.id in self._open:
            op = self._close(msg.id)
            op.ok(msg.result)
            self.finished(op)

    def on_refusal(self, src: str, msg: Refusal) -> None:
        """A refusal settles the operation only if no earlier attempt may have been carried out."""
        if msg.id in self._open:
            attempts = self._open[msg.id][2]
            op = self._close(msg.id)
            if attempts == 0:
                op.fail()
            else:
                op.info()
            self.finished(op)

    def on_answer_timeout(self, id: int) -> None:
        """No answer: ask the next server, after the backoff, or give up."""
        op, _, attempt = self._open[id]
        self._favourite = (self._favourite + 1) % len(self._servers)
        if attempt < self.retry.times and (self.retry.budget is None or self._tokens >= 1):
            if self.retry.budget is not None:
                self._tokens -= 1
            self.set_timer("backoff", self.retry.wait_ms(attempt + 1, self.random), id, key=id)
            return
        self._close(id)
        op.info()
        self.finished(op)

    def on_backoff_timeout(self, id: int) -> None:
        """Repeat the request."""
        op, request, attempt = self._open[id]
        self._attempt(op, request, attempt + 1)

    def _attempt(self, op: Operation, request: Request, attempt: int) -> None:
        self._open[op.id] = op, request, attempt
        self.send(self._servers[self._favourite], request)
        self.set_timer("answer", self.timeout, op.id, key=op.id)

    def _close(self, id: int) -> Operation:
        self.cancel_timer("answer", key=id)
        self.cancel_timer("backoff", key=id)
        return self._open.pop(id)[0]


class ScriptClient(ServiceClient):
    """Asks one thing after the other, as a person does, and thinks in between.

    Args:
        script: operations ``(f, key, arg)``; key and arg may be left out.
        start: ms before the first one.
        think: ms between an answer and the next request.

    A crash of the client does not start the script again: how far it got is kept on its disk.

    Raises:
        ValueError: at its start, if a line of the script is no operation.
    """

    script: Iterable[tuple[Any, ...]] = ()
    start: float = 0.0
    think: float = 0.0

    def on_start(self) -> None:
        """Go on where the script stood."""
        super().on_start()
        self._script = tuple(self.script)
        for line in self._script:
            if not isinstance(line, tuple | list) or not 1 <= len(line) <= 3 or not isinstance(line[0], str):
                raise ValueError(
                    f"client {self.name!r} has the line {line!r} in its script: write (f, key, arg), such as "
                    "('put', 'x', 1) or ('get', 'x')"
                )
        if self.disk.get("asked", 0) < len(self._script):
            self.set_timer("next", self.think if "asked" in self.disk else self.start)

    def on_next_timeout(self) -> None:
        """The next line of the script."""
        line = self.disk.get("asked", 0)
        self.disk["asked"] = line + 1
        self.ask(*self._script[line])

    def finished(self, op: Operation) -> None:
        """Think, then go on."""
        if self.disk["asked"] < len(self._script):
            self.set_timer("next", self.think)


class LoadClient(ServiceClient):
    """Asks at a rate, whether or not it was answered: an open loop, many users behind one name.

    Args:
        rate: operations a second on average: a number, or a function of the time in ms, never above ``peak``.
        peak: the highest value of a ``rate`` that is a function.
        operation: what to ask: a tuple ``(f, key, arg)``, or a function of the operation's number (0, 1, …) and the
            client's ``random`` that returns one.
        spacing: ``"random"`` (exponential gaps, a Poisson process) or ``"even"``.
        start, stop: ms; the first operation comes after ``start``, none after ``stop``.

    ``sim.at(t, sim.act, "acme", "surge", 10)`` makes it ask ten times as often from then on; 1 ends the surge.
    """

    rate: float | Callable[[float], float] = 1.0
    peak: float | None = None
    operation: tuple[Any, ...] | Callable[[int, Random], tuple[Any, ...]] = ("get",)
    spacing: str = "random"
    start: float = 0.0
    stop: float = inf

    def on_start(self) -> None:
        """Wait for the first arrival."""
        super().on_start()
        if callable(self.rate):
            if self.peak is None or self.spacing == "even":
                raise ValueError(
                    f"client {self.name!r} has a rate that changes with time: write the highest it can be, "
                    'peak=100, and spacing="random"'
                )
            setting, self._peak = "peak", self.peak
        else:
            setting, self._peak = "rate", self.rate
        if not is_number(self._peak) or self._peak <= 0:
            raise ValueError(f"client {self.name!r} has {setting} {self._peak!r}: write operations a second, above 0")
        if not callable(self.operation) and not isinstance(self.operation, tuple):
            raise ValueError(
                f"client {self.name!r} has the operation {self.operation!r}: write a tuple, ('get',) or ('put', 'x', 1)"
            )
        if self.spacing not in ("random", "even"):
            raise ValueError(f'client {self.name!r} has spacing {self.spacing!r}: write "random" or "even"')
        self._asked = 0
        self._surge = 1.0
        self._wait()

    def act_surge(self, factor: float) -> None:
        """More users, or fewer: ``factor`` times as many as usual."""
        if not is_number(factor) or factor <= 0:
            raise ValueError(f"client {self.name!r} was told to surge by {factor!r}: write a factor above 0")
        self._surge = factor
        self._wait()

    def invoke(self, f: str, key: Any = None, arg: Any = None) -> Operation:
        """One more user, while others still wait for their answers."""
        sim = self._sim
        return sim.history.invoke(self.name, f, key, arg, now=sim._time, overlapping=True)

    def on_arrival_timeout(self) -> None:
        """One user asks; the next one is on the way."""
        now = self._sim.now
        if now > self.stop:
            return
        if not callable(self.rate) or self._accepts(now):
            number, self._asked = self._asked, self._asked + 1
            self.ask(*(self.operation(number, self.random) if callable(self.operation) else self.operation))
        self.set_timer("arrival", self._gap_ms())

    def _accepts(self, now: float) -> bool:
        """Thinning (Lewis and Shedler 1979): arrivals at the peak rate, each of which counts by chance."""
        rate = self.rate(now)  # type: ignore[operator]
        if not is_number(rate) or rate < 0:
            raise ValueError(f"client {self.name!r} has a rate of {rate!r} at {now:g} ms: return a number, 0 or more")
        if rate > self._peak:
            raise ValueError(
                f"client {self.name!r} has a rate of {rate!r} at {now:g} ms, and peak={self._peak!r}: "
                "write the highest value that the rate can have"
            )
        return bool(self.random.random() * self._peak < rate)

    def _wait(self) -> None:
        """For the next arrival, from now or from the start on."""
        self.set_timer("arrival", max(0.0, self.start - self._sim.now) + self._gap_ms())

    def _gap_ms(self) -> float:
        mean = 1_000 / (self._peak * self._surge)
        if self.spacing == "even":
            return mean
        return self.random.expovariate(1.0) * mean + GRID - GRID
