"""Services: servers that can do only so much, and the balancer before them.

A ``Server`` has ``workers`` that serve one request each at a time; the others wait in a queue, first come, first
served. What it does with too many, with a dependency that does not answer, with a client who has long given up: these
are its settings, and most failures of the gallery are one of them left at its default.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from .clients import Refusal, Reply, Request
from .clocks import Clock
from .links import GRID, Law, parse_latency
from .node import Message, Node
from .resilience import Bulkhead, Cache, CircuitBreaker, Quarantine, RateLimit, is_number


class HealthCheck(Message):
    """Are you well?"""

    number: int


class Health(Message):
    """I am up; ``ready`` says whether I want requests."""

    number: int
    ready: bool


class Do(Message):
    """An operator or a program tells a node to call its ``act_<what>(*args)``."""

    what: str
    args: tuple[Any, ...] = ()


class _Later:
    """What ``answer`` returns when the answer comes later, by ``reply`` or ``refuse``."""

    def __repr__(self) -> str:
        return "LATER"

    def __copy__(self) -> _Later:
        return self


LATER: Any = _Later()


class Server(Node):
    """Serves ``workers`` requests at once; the others wait.

    Args:
        workers: how many requests are served at the same time.
        service: how long one takes, in ms: a number, a pair (lowest, highest), or a law such as ``Exponential(10)``.
        queue_bound: how many may wait; who comes when they do is refused at once. None: any number.
        memory_bound: how many may wait before the process runs out of memory, and dies. None: never.
        limit: a ``RateLimit`` for each tenant.
        depends_on: nodes that are asked, one after the other, before a request is answered. Its worker waits.
        patience: ms to wait for each of them. None: for ever, and then a worker may be lost for ever.
        breaker, bulkhead, cache: what protects from dependencies that fail, hang, or are asked too often. Each
            dependency has its own breaker and bulkhead.
        optional: those of them without which a request can be answered, if need be.

    Override ``admit``, ``work_ms``, ``needs`` and ``answer`` to make a service of your own. A request that has waited
    is served even if its client gave up long ago: the server cannot know.

    Raises:
        ValueError: a capacity, bound or time out of range; the message names the server.
    """

    workers: int = 1
    service: Any = 10.0
    queue_bound: int | None = None
    memory_bound: int | None = None
    limit: RateLimit | None = None
    depends_on: Sequence[str] = ()
    patience: float | None = None
    breaker: CircuitBreaker | None = None
    bulkhead: Bulkhead | None = None
    cache: Cache | None = None
    optional: Sequence[str] = ()

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not is_number(self.workers, whole=True) or self.workers < 1:
            raise ValueError(f"server {name!r} has workers={self.workers!r}: it needs at least 1 to serve anybody")
        for bound in ("queue_bound", "memory_bound"):
            value = getattr(self, bound)
            if value is not None and (not is_number(value, whole=True) or value < 0):
                raise ValueError(f"server {name!r} has {bound}={value!r}: write how many may wait, 0 or more, or None")
        if self.patience is not None and (not is_number(self.patience) or self.patience <= 0):
            raise ValueError(f"server {name!r} has patience={self.patience!r}: write ms above 0, or None for ever")
        if isinstance(self.depends_on, str) or isinstance(self.optional, str):
            raise ValueError(f"server {name!r}: depends_on and optional are tuples of names, write ('db',)")
        never = [dep for dep in self.optional if dep not in self.depends_on]
        if never and type(self).needs is Server.needs:
            raise ValueError(
                f"server {name!r} would never ask {never[0]!r}, which is optional: write it into depends_on, too"
            )
        try:
            self._low, self._span, self._law = parse_latency(self.service)
        except ValueError as error:
            raise ValueError(f"server {name!r}, service: {str(error).replace('latency is', 'it is')}") from None

    _low: float
    _span: float
    _law: Law | None

    def on_start(self) -> None:
        """Nobody waits, nobody is served."""
        for dep in (*self.depends_on, *self.optional):
            if dep not in self._sim.nodes:
                raise ValueError(f"server {self.name!r} depends on {dep!r}, and there is no such node")
        self._draw = self.random.random
        self._queue: deque[tuple[str, Request]] = deque()
        self.busy = self.served = self.refused = 0
        self._jobs = 0
        self._limit = copy.deepcopy(self.limit)
        self._cache = copy.deepcopy(self.cache)
        self._breakers = {dep: copy.deepcopy(self.breaker) for dep in self._dependencies()}
        self._bulkheads = {dep: copy.deepcopy(self.bulkhead) for dep in self._dependencies()}
        self._calls: dict[int, _Call] = {}
        #: What the dependencies said of the request that is being answered, by name.
        self.found: dict[str, Any] = {}

    # -- what a service of one's own overrides -------------------------------------------------------------------------

    def admit(self, src: str, msg: Request) -> str:
        """ "" to take the request, or why it is refused at once."""
        if self._limit is not None and not self._limit.allows(msg.tenant or src, self.clock.monotonic()):
            return "limit"
        return ""

    def work_ms(self, msg: Request) -> float:
        """How long one request takes, in ms, by this server's dice."""
        if self._law is None:
            return self._low + self._draw() * self._span + GRID - GRID
        return self._law(self._draw) + GRID - GRID

    def needs(self, msg: Request) -> Sequence[str]:
        """The dependencies that are asked before this request is answered."""
        return self.depends_on

    def answer(self, src: str, msg: Request) -> Any:
        """The result of a request that was served, or ``LATER``. ``self.found`` has what the dependencies said."""
        return None

    def ready(self) -> bool:
        """What a health check is told."""
        return True

    # -- serving -------------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many requests wait for a worker."""
        return len(self._queue)

    @property
    def inside(self) -> int:
        """How many requests are here, waiting or being served."""
        return len(self._queue) + self.busy

    def on_request(self, src: str, msg: Request) -> None:
        """Serve it, let it wait, or refuse it."""
        why = self.admit(src, msg)
        if why:
            self.refuse(src, msg, why)
        elif self.busy < self.workers:
            self._begin(src, msg)
        elif self.queue_bound is not None and len(self._queue) >= self.queue_bound:
            self.refuse(src, msg, "full")
        elif self.memory_bound is not None and len(self._queue) >= self.memory_bound:
            self.die("out of memory")
        else:
            self._queue.append((src, msg))

    def reply(self, src: str, msg: Request, result: Any) -> None:
        """Answer a request."""
        self.served += 1
        self.send(src, Reply(msg.id, result))

    def refuse(self, src: str, msg: Request, why: str) -> None:
        """Refuse a request, before anything was done about it."""
        self.refused += 1
        self.send(src, Refusal(msg.id, why))

    def on_health_check(self, src: str, msg: HealthCheck) -> None:
        """It takes no worker: a server may be well by this measure and serve nobody."""
        self.send(src, Health(msg.number, self.ready()))

    def on_do(self, src: str, msg: Do) -> None:
        """Somebody with the rights to do so acts on this server."""
        _do(self, src, msg)

    def _begin(self, src: str, msg: Request) -> None:
        self.busy += 1
        self._jobs += 1
        self.set_timer("work", self.work_ms(msg), self._jobs, src, msg, key=self._jobs)

    def on_work_timeout(self, job: int, src: str, msg: Request) -> None:
        """This server's own part is done."""
        needs = self.needs(msg)
        if needs:
            self._calls[job] = _Call(src, msg, deque(needs))
            self._ask_next(job)
        else:
            self._finish(src, msg, {})

    def _finish(self, src: str, msg: Request, found: dict[str, Any]) -> None:
        self.found = found
        result = self.answer(src, msg)
        if result is not LATER:
            self.reply(src, msg, result)
        self._free()

    def _free(self) -> None:
        self.busy -= 1
        if self._queue:
            self._begin(*self._queue.popleft())

    # -- dependencies --------------------------------------------------------------------------------------------------

    def _dependencies(self) -> list[str]:
        return list(dict.fromkeys((*self.depends_on, *self.optional)))

    def _ask_next(self, job: int) -> None:
        """Ask the next dependency of a job; answer when there is none left."""
        call = self._calls[job]
        while call.needs:
            dep, now = call.needs[0], self.clock.monotonic()
            kept = self._cache and self._cache.fresh((dep, call.msg.f, call.msg.key, call.msg.arg), now)
            if kept:
                call.found[call.needs.popleft()] = kept.value
                continue
            breaker, bulkhead = self._breakers.get(dep), self._bulkheads.get(dep)
            if bulkhead is not None and not bulkhead.enter():
                failed = "bulkhead"
            elif breaker is not None and not breaker.allows(now):
                if bulkhead is not None:
                    bulkhead.leave()
                failed = "breaker"
            else:
                # Under its own number, which no other operation has: an answer to somebody who died, or to another
                # server that asks through the same balancer, is not taken for the answer to this.
                self.send(dep, call.msg)
                if self.patience is not None:
                    self.set_timer("patience", self.patience, job, key=job)
                return
            if not self._do_without(job, dep, failed):
                return
        del self._calls[job]
        self._finish(call.src, call.msg, call.found)

    def _do_without(self, job: int, dep: str, why: str) -> bool:
        """A dependency did not answer: whether the job can go on with an old answer, or with none."""
        call = self._calls[job]
        kept = self._cache and self._cache.stale((dep, call.msg.f, call.msg.key, call.msg.arg), self.clock.monotonic())
        if not kept and dep not in self.optional:
            del self._calls[job]
            self.refuse(call.src, call.msg, f"{dep}: {why}")
            self._free()
            return False
        if kept:
            call.found[dep] = kept.value
        call.needs.popleft()
        return True

    def on_reply(self, src: str, msg: Reply) -> None:
        """A dependency has answered, if it is still waited for."""
        job = self._job(src, msg.id)
        if job is not None:
            call = self._settled(src, job, good=True)
            if self._cache is not None:
                self._cache.put((src, call.msg.f, call.msg.key, call.msg.arg), msg.result, self.clock.monotonic())
            call.found[call.needs.popleft()] = msg.result
            self._ask_next(job)

    def on_refusal(self, src: str, msg: Refusal) -> None:
        """A dependency refuses."""
        job = self._job(src, msg.id)
        if job is not None:
            self._settled(src, job, good=False)
            if self._do_without(job, src, msg.reason):
                self._ask_next(job)

    def on_patience_timeout(self, job: int) -> None:
        """A dependency takes too long."""
        dep = self._calls[job].needs[0]
        self._settled(dep, job, good=False)
        if self._do_without(job, dep, "no answer"):
            self._ask_next(job)

    def _job(self, dep: str, id: int) -> int | None:
        """Which job waits for that answer; None if nobody does any more. There are no more jobs than workers."""
        return next((job for job, call in self._calls.items() if call.msg.id == id and call.needs[0] == dep), None)

    def _settled(self, dep: str, job: int, good: bool) -> _Call:
        """Book the fate of a call."""
        self.cancel_timer("patience", key=job)
        breaker, bulkhead = self._breakers.get(dep), self._bulkheads.get(dep)
        if bulkhead is not None:
            bulkhead.leave()
        if breaker is not None:
            (breaker.succeeded if good else breaker.did_fail)(self.clock.monotonic())
        return self._calls[job]


class _Call:
    """A request whose worker waits for dependencies."""

    __slots__ = ("found", "msg", "needs", "src")

    def __init__(self, src: str, msg: Request, needs: deque[str]) -> None:
        self.src, self.msg, self.needs = src, msg, needs
        self.found: dict[str, Any] = {}


def _do(node: Node, src: str, msg: Do) -> None:
    act = getattr(node, f"act_{msg.what}", None)
    if act is None:
        raise AttributeError(f"{node!r} was told by {src!r} to {msg.what}, and defines no act_{msg.what}: add it")
    act(*msg.args)


#: How a balancer chooses.
POLICIES = ("round robin", "random", "least busy", "by key")


class Balancer(Node):
    """Passes each request on to one of several backends, and the answer back.

    Args:
        backends: the nodes to choose from.
        policy: ``"round robin"``; ``"random"``; ``"least busy"``: whoever has the fewest requests open; ``"by key"``:
            every key has a backend of its own, and another one only while that is out (highest random weight, Thaler
            and Ravishankar 1998).
        timeout: ms to wait for a backend. After that the next one gets the request, if ``retry_elsewhere`` allows.
        retry_elsewhere: how many more backends may get a request that was not answered, or refused.
        health_every: ms between two health checks of each backend. None: no checks, every backend is used.
        health_timeout: ms within which a backend must answer one.
        fall, rise: so many bad checks in a row take a backend out, so many good ones bring it back. What was open there
            is given up, as after ``timeout``.
        max_out: the largest share of backends that may be out. If more are, all are used, because then the checks are
            more likely wrong than the backends.
        limit: a ``RateLimit`` for each tenant.
        breaker: a ``CircuitBreaker`` for each backend; needs a timeout or health checks.
        quarantine: keeps back requests under which backends die; needs health checks.

    Raises:
        ValueError: no backends, an unknown policy, a time or share out of range.
    """

    backends: Sequence[str] = ()
    policy: str = "round robin"
    timeout: float | None = None
    retry_elsewhere: int = 0
    health_every: float | None = None
    health_timeout: float = 100.0
    fall: int = 2
    rise: int = 2
    max_out: float = 1.0
    limit: RateLimit | None = None
    breaker: CircuitBreaker | None = None
    quarantine: Quarantine | None = None

    def __init__(self, name: str, peers: Iterable[str] = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if isinstance(self.backends, str) or not self.backends:
            raise ValueError(f"balancer {name!r} has backends={self.backends!r}: write names, backends=('s1', 's2')")
        if self.policy not in POLICIES:
            raise ValueError(
                f"balancer {name!r} has policy {self.policy!r}: write one of {', '.join(map(repr, POLICIES))}"
            )
        for setting in ("timeout", "health_every", "health_timeout"):
            value = getattr(self, setting)
            if value is None and setting != "health_timeout":
                continue
            if not is_number(value) or value <= 0:
                raise ValueError(f"balancer {name!r} has {setting}={value!r}: write ms above 0")
        for setting, least in (("fall", 1), ("rise", 1), ("retry_elsewhere", 0)):
            value = getattr(self, setting)
            if not is_number(value, whole=True) or value < least:
                raise ValueError(f"balancer {name!r} has {setting}={value!r}: write a whole number from {least} on")
        if not is_number(self.max_out) or not 0 <= self.max_out <= 1:
            raise ValueError(f"balancer {name!r} has max_out={self.max_out!r}: write a share between 0 and 1")
        if self.quarantine is not None and self.health_every is None:
            raise ValueError(f"balancer {name!r} has a quarantine and no health checks: write health_every=200")
        if self.breaker is not None and self.health_every is None and self.timeout is None:
            raise ValueError(f"balancer {name!r} has a breaker that would never see a failure: write timeout=100")

    def on_start(self) -> None:
        """All backends are taken for well."""
        self._pool: list[str] = []
        self._turn = 0
        self._open: dict[tuple[str, int], deque[_Open]] = {}
        self._count: dict[str, int] = {}
        self._passed = self._checks = 0
        self._bad: dict[str, int] = {}  # health checks in a row that went the other way
        self.out: dict[str, None] = {}
        self._limit = copy.deepcopy(self.limit)
        self._quarantine = copy.deepcopy(self.quarantine)
        self._breakers: dict[str, CircuitBreaker | None] = {}
        for name in self.backends:
            self.act_add(name)
        if self.health_every is not None:
            self.set_timer("checks", self.health_every)

    @property
    def live(self) -> int:
        """How many backends are taken for well."""
        return len(self._pool) - len(self.out)

    def act_add(self, backend: str) -> None:
        """One more backend."""
        if backend not in self._sim.nodes:
            raise ValueError(
                f"balancer {self.name!r} has a backend {backend!r}, and there is no such node: "
                f"there are {', '.join(self._sim.nodes)}"
            )
        if backend not in self._pool:
            self._pool.append(backend)
            self._count.setdefault(backend, 0)
            self._breakers[backend] = copy.deepcopy(self.breaker)

    def act_remove(self, backend: str) -> None:
        """One backend less; what is open there may still be answered."""
        if backend in self._pool:
            self._pool.remove(backend)
            self.out.pop(backend, None)
            self._bad.pop(backend, None)

    def on_do(self, src: str, msg: Do) -> None:
        """Somebody with the rights to do so adds or removes a backend."""
        _do(self, src, msg)

    # -- requests ------------------------------------------------------------------------------------------------------

    def on_request(self, src: str, msg: Request) -> None:
        """Choose a backend and pass it on."""
        if self._limit is not None and not self._limit.allows(msg.tenant or src, self.clock.monotonic()):
            self.send(src, Refusal(msg.id, "limit"))
        elif self._quarantine is not None and self._quarantine.holds(fingerprint(msg)):
            self.send(src, Refusal(msg.id, "in quarantine"))
        else:
            self._pass(_Open(src, msg))

    def _pass(self, one: _Open, otherwise: str = "no server") -> None:
        backend = self._choose(one)
        if backend is None:
            self._refuse(one, otherwise)
            return
        one.tried.append(backend)
        self._open.setdefault((backend, one.msg.id), deque()).append(one)
        self._count[backend] += 1
        self.send(backend, one.msg)
        if self.timeout is not None:
            self._passed += 1
            one.timer = self._passed
            self.set_timer("waited", self.timeout, backend, one, key=one.timer)

    def _choose(self, one: _Open) -> str | None:
        """A backend that is well and was not tried yet."""
        pool, tried = self._pool, one.tried
        if self.out and len(self.out) <= self.max_out * len(pool):
            pool = [name for name in pool if name not in self.out]
        if tried:
            pool = [name for name in pool if name not in tried]
        if self.breaker is not None:
            now = self.clock.monotonic()
            pool = [name for name in pool if (b := self._breakers[name]) is None or b.would_allow(now)]
        if not pool:
            return None
        if self.policy == "random":
            chosen = pool[int(len(pool) * self.random.random())]
        elif self.policy == "least busy":
            chosen = min(pool, key=lambda name: self._count[name])
        elif self.policy == "by key":
            chosen = max(pool, key=lambda name: weight(name, one.msg.key))
        else:
            self._turn += 1
            chosen = pool[self._turn % len(pool)]
        breaker = self._breakers[chosen]
        if breaker is not None:
            breaker.allows(self.clock.monotonic())  # which says yes, and notes that this call is its trial
        return chosen

    def on_reply(self, src: str, msg: Reply) -> None:
        """Pass it back to whoever asked, if it is still wanted."""
        one = self._settle(src, msg.id)
        if one is not None:
            if self._quarantine is not None:
                self._quarantine.answered(fingerprint(one.msg))
            if not one.given_up:
                self.send(one.src, msg)

    def on_refusal(self, src: str, msg: Refusal) -> None:
        """Another backend may do it."""
        one = self._settle(src, msg.id)
        if one is not None and not one.given_up:
            self._elsewhere(one, msg.reason)

    def on_waited_timeout(self, backend: str, one: _Open) -> None:
        """The backend takes too long. Its answer is not wanted any more, but it may have been done."""
        one.given_up = True
        self._close(backend, good=False)
        self._elsewhere(_Open(one.src, one.msg, one.tried, doubtful=True), "no answer")

    def _elsewhere(self, one: _Open, why: str) -> None:
        if len(one.tried) <= self.retry_elsewhere:
            self._pass(one, otherwise=why)
        else:
            self._refuse(one, why)

    def _refuse(self, one: _Open, why: str) -> None:
        # A refusal says "certainly not done". After an attempt that was merely not answered nobody can say that.
        if not one.doubtful:
            self.send(one.src, Refusal(one.msg.id, why))

    def _settle(self, backend: str, id: int) -> _Open | None:
        """What a backend has answered. Of several attempts at one operation it is one that is still waited for."""
        waiting = self._open.get((backend, id))
        if not waiting:
            return None
        one = next((one for one in waiting if not one.given_up), waiting[0])
        waiting.remove(one)
        if not waiting:
            del self._open[backend, id]
        if not one.given_up:
            self._cancel(one)
            self._close(backend, good=True)
        return one

    def _cancel(self, one: _Open) -> None:
        if one.timer:
            self.cancel_timer("waited", key=one.timer)

    def _close(self, backend: str, good: bool) -> None:
        """One request less is open there."""
        self._count[backend] -= 1
        self._booked(backend, good)

    def _booked(self, backend: str, good: bool) -> None:
        breaker = self._breakers.get(backend)
        if breaker is not None:
            (breaker.succeeded if good else breaker.did_fail)(self.clock.monotonic())

    # -- health --------------------------------------------------------------------------------------------------------

    def on_checks_timeout(self) -> None:
        """Ask every backend how it is."""
        assert self.health_every is not None
        for backend in self._pool:
            self._checks += 1
            self.send(backend, HealthCheck(self._checks))
            self.set_timer("silence", self.health_timeout, backend, key=self._checks)
        self.set_timer("checks", self.health_every)

    def on_health(self, src: str, msg: Health) -> None:
        """An answer in time."""
        if ("silence", msg.number) in self._timers:
            self.cancel_timer("silence", key=msg.number)
            self._checked(src, msg.ready)

    def on_silence_timeout(self, backend: str) -> None:
        """No answer."""
        self._checked(backend, False)

    def _checked(self, backend: str, well: bool) -> None:
        if backend not in self._pool:
            return  # it was removed while it was asked
        if well == (backend not in self.out):
            self._bad.pop(backend, None)
            return
        self._bad[backend] = self._bad.get(backend, 0) + 1
        if self._bad[backend] < (self.rise if well else self.fall):
            return
        del self._bad[backend]
        self.log(f"{backend} is {'well again' if well else 'out'}")
        if well:
            del self.out[backend]
        else:
            self.out[backend] = None
            self._lose(backend)

    def _lose(self, backend: str) -> None:
        """A backend is out: what was open there may be the cause, and may be done elsewhere."""
        lost = [one for key in [key for key in self._open if key[0] == backend] for one in self._open.pop(key)]
        if self._quarantine is not None:
            for suspect in dict.fromkeys(fingerprint(one.msg) for one in lost):  # one death, one count
                self._quarantine.died(suspect)
        for one in lost:
            if one.given_up:
                continue
            self._cancel(one)
            self._close(backend, good=False)
            if self._quarantine is None or not self._quarantine.holds(fingerprint(one.msg)):
                one.doubtful = True
                self._elsewhere(one, "no answer")


class _Open:
    """A request that was passed on: who asked, and which backends had it.

    ``doubtful``: one of them may have done it before. ``given_up``: this answer is not wanted any more.
    """

    __slots__ = ("doubtful", "given_up", "msg", "src", "timer", "tried")

    def __init__(self, src: str, msg: Request, tried: Iterable[str] = (), doubtful: bool = False) -> None:
        self.src, self.msg, self.tried = src, msg, list(tried)
        self.doubtful, self.given_up = doubtful, False
        self.timer = 0


def weight(backend: str, key: Any) -> bytes:
    """How much a backend is wanted for a key: the same on every computer, and as good as drawn at random."""
    return blake2b(f"{backend} {key!r}".encode(), digest_size=8).digest()


def fingerprint(msg: Request) -> tuple[Any, ...]:
    """What makes two requests the same to a quarantine: everything but their number."""
    return msg.tenant, msg.f, msg.key, msg.arg
