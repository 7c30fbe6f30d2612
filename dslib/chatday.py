"""One day of the chat service, with its faults, and the request log that the day leaves behind.

Apps of three tenants ask two gateways; the gateways ask one store. Four things go wrong on the day, at times that the
seed chooses: a gateway crashes in the afternoon, the store crashes before most people are up, one gateway loses the
store in the evening, and a script of the smallest tenant asks more than it is allowed to. Health checks ask the
gateways all day and all night, and never notice when a gateway has lost the store.

The log is kept by the apps, because a gateway that is down logs nothing. On its way to the file it suffers what logs
suffer: lines out of order, sent twice, cut off, empty, and one stretch of time that was never sent at all.
"""

from __future__ import annotations

from random import Random

from .history import Operation
from .network import Network
from .node import Message, Node
from .requestlog import RequestLog, Row, from_history, write_log
from .simulation import Simulation

MINUTE = 60_000  # ms
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: How busy each hour is, as a share of the busiest: nobody writes between 1 and 5 at night.
BUSY = (0.1, 0, 0, 0, 0, 0.05, 0.2, 0.5, 0.7, 0.7, 0.6, 0.6, 0.8, 0.7, 0.6, 0.6, 0.7, 0.8, 0.9, 1, 1, 0.9, 0.6, 0.3)

#: How often an app of each tenant may start an action, in ms, when it is busiest.
TENANTS = {"acme": 14_000, "borealis": 28_000, "cedar": 70_000}
GATEWAYS = ("gw-1", "gw-2")

TIMEOUT = 3_000  # ms until an app gives a request up and tries the other gateway
IMPATIENT = 900  # ms until some users leave
ATTEMPTS = 3
ALLOWED_PER_MINUTE = 12  # requests of one tenant at one gateway
SCRIPTED, SCRIPT_EVERY = 240, 1_500  # requests of an import, and ms between two of them


class Ask(Message):
    id: int
    tenant: str
    endpoint: str


class Answer(Message):
    id: int
    status: int


class Fetch(Message):
    id: int
    endpoint: str


class Fetched(Message):
    id: int
    status: int


class Store(Node):
    """Keeps the rooms. A search takes longer, and now and then much longer."""

    def on_fetch(self, src: str, msg: Fetch) -> None:
        work = 5 + 20 * self.random.random()
        if msg.endpoint == "/search":
            work *= 200 if self.random.random() < 0.04 else 12
        status = 404 if msg.endpoint == "/rooms" and self.random.random() < 0.04 else 200
        self.set_timer("work", work, src, Fetched(msg.id, status), key=(src, msg.id))

    def on_work_timeout(self, src: str, answer: Fetched) -> None:
        self.send(src, answer)


class Gateway(Node):
    """Passes requests on to the store, and answers for it when it does not."""

    PATIENCE = 2_500  # ms

    def on_start(self) -> None:
        self.waiting: dict[int, tuple[str, int]] = {}
        self.asked: dict[str, int] = {}
        self.last = 0
        self.set_timer("minute", MINUTE)

    def on_minute_timeout(self) -> None:
        self.asked = {}
        self.set_timer("minute", MINUTE)

    def on_ask(self, src: str, msg: Ask) -> None:
        if msg.endpoint == "/healthz":
            self.send(src, Answer(msg.id, 200))  # it is up; whether the store can be reached is another question
            return
        self.asked[msg.tenant] = self.asked.get(msg.tenant, 0) + 1
        if self.asked[msg.tenant] > ALLOWED_PER_MINUTE:
            self.send(src, Answer(msg.id, 429))
            return
        self.last += 1
        self.waiting[self.last] = src, msg.id
        self.set_timer("patience", self.PATIENCE, self.last, key=self.last)
        self.send("store", Fetch(self.last, msg.endpoint))

    def on_fetched(self, src: str, msg: Fetched) -> None:
        if msg.id in self.waiting:
            self.cancel_timer("patience", key=msg.id)
            self.answer(msg.id, msg.status)

    def on_patience_timeout(self, id: int) -> None:
        self.answer(id, 503)

    def answer(self, id: int, status: int) -> None:
        src, asked = self.waiting.pop(id)
        self.send(src, Answer(asked, status))


class App(Node):
    """The app on the devices of one tenant's users: it asks, waits, asks the other gateway, or is closed.

    ``every`` is the mean pause between two actions in ms at the busiest time, ``script_at`` the time of an import.
    """

    every: float
    script_at: float | None

    def on_start(self) -> None:
        self.open: dict[int, tuple[Operation, int]] = {}  # request -> what history knows of it, and its attempt
        self.actions = self.requests = 0
        self.set_timer("pause", self.every * self.random.random())
        if self.script_at is not None:
            self.set_timer("script", self.script_at, SCRIPTED)

    def on_pause_timeout(self) -> None:
        hour = int(self.clock.read() / HOUR) % 24
        if self.random.random() < BUSY[hour]:
            dice = self.random.random()
            self.act("/rooms" if dice < 0.55 else "/messages" if dice < 0.9 else "/search")
        self.set_timer("pause", self.every * (0.5 + self.random.random()))

    def on_script_timeout(self, left: int) -> None:
        """Somebody imports old messages, one by one and too fast."""
        self.act("/messages")
        if left > 1:
            self.set_timer("script", SCRIPT_EVERY, left - 1)

    def act(self, endpoint: str) -> None:
        """A user wants something."""
        self.actions += 1
        self.attempt(f"{self.name}-{self.actions}", endpoint, 1, GATEWAYS[self.actions % 2])

    def attempt(self, action: str, endpoint: str, attempt: int, gateway: str) -> None:
        self.requests += 1
        patience = IMPATIENT if attempt == 1 and self.random.random() < 0.1 else TIMEOUT
        # Many users share this node, and each action is a process of its own.
        op = self._sim.history.invoke(action, endpoint, self.name, (gateway, patience), now=lambda: self._sim.now)
        self.open[self.requests] = op, attempt
        self.set_timer("patience", patience, self.requests, key=self.requests)
        self.send(gateway, Ask(self.requests, self.name, endpoint))

    def on_answer(self, src: str, msg: Answer) -> None:
        if msg.id in self.open:  # otherwise it comes too late
            self.cancel_timer("patience", key=msg.id)
            op, attempt = self.open.pop(msg.id)
            op.ok(msg.status)
            if msg.status == 503:
                self.retry(op, attempt)

    def on_patience_timeout(self, request: int) -> None:
        op, attempt = self.open.pop(request)
        op.info()
        if op.arg[1] == TIMEOUT:
            self.retry(op, attempt)

    def retry(self, op: Operation, attempt: int) -> None:
        if attempt < ATTEMPTS:
            other = GATEWAYS[1 - GATEWAYS.index(op.arg[0])]
            self.attempt(str(op.process).partition("#")[0], op.f, attempt + 1, other)


class Probe(Node):
    """Asks each gateway every five minutes whether it is up."""

    EVERY = 5 * MINUTE

    def on_start(self) -> None:
        self.open: dict[int, Operation] = {}
        self.requests = 0
        self.set_timer("probe", 0)

    def on_probe_timeout(self) -> None:
        for gateway in GATEWAYS:
            self.requests += 1
            name = f"probe-{self.requests}"
            op = self._sim.history.invoke(name, "/healthz", "monitoring", (gateway, TIMEOUT), now=lambda: self._sim.now)
            self.open[self.requests] = op
            self.set_timer("patience", TIMEOUT, self.requests, key=self.requests)
            self.send(gateway, Ask(self.requests, "monitoring", "/healthz"))
        self.set_timer("probe", self.EVERY)

    def on_answer(self, src: str, msg: Answer) -> None:
        if msg.id in self.open:
            self.cancel_timer("patience", key=msg.id)
            self.open.pop(msg.id).ok(msg.status)

    def on_patience_timeout(self, request: int) -> None:
        self.open.pop(request).info()


def chat_day(seed: int = 0) -> Simulation:
    """The service from midnight to midnight; run it until ``DAY``. ``seed`` decides when things break, and how long."""
    dice = Random(f"{seed}/chat day")

    def between(start: float, end: float) -> int:
        return MINUTE * round((start + (end - start) * dice.random()) * 60)

    script = between(9, 12)
    apps = [App(name, every=pause, script_at=script if name == "cedar" else None) for name, pause in TENANTS.items()]
    gateways = [Gateway(name) for name in GATEWAYS]
    sim = Simulation(
        *apps, Probe("probe"), *gateways, Store("store"), network=Network(loss=0.0005), seed=seed, trace="off"
    )

    asleep = between(5.1, 5.4)
    sim.at(asleep, sim.crash, "store")
    sim.at(asleep + between(0.6, 1), sim.restart, "store")

    afternoon = between(13, 15.5)
    sim.at(afternoon, sim.crash, "gw-1")
    sim.at(afternoon + between(0.3, 0.6), sim.restart, "gw-1")

    evening = between(18.5, 20.5)
    sim.at(evening, sim.network.cut, "gw-2", "store")
    sim.at(evening + between(0.2, 0.5), sim.network.heal)
    return sim


def request_log(sim: Simulation) -> RequestLog:
    """What the apps of a chat day were told: 504 where they gave up waiting, 499 where the user left."""
    numbers = iter(range(1, len(sim.history) + 1))

    def row(op: Operation) -> Row:
        gateway, patience = op.arg
        if op.completed is not None:
            status, latency = op.result, op.completed - op.invoked
        else:
            status, latency = (504 if patience == TIMEOUT else 499), patience
        return Row(
            time_s=round(op.invoked / 1_000, 3),
            request_id=f"r{next(numbers):05}",
            action_id=str(op.process).partition("#")[0],
            host=gateway,
            tenant=op.key,
            endpoint=op.f,
            status=status,
            latency_ms=round(latency, 1),
        )

    return from_history(sim.history, row)


def on_its_way(log: RequestLog, seed: int = 0) -> str:
    """The file that arrives when ``log`` is sent line by line: late, twice, cut off, empty, or not at all."""
    dice = Random(f"{seed}/on its way")
    hole = HOUR * dice.uniform(10, 17) / 1_000
    hole_ends = hole + MINUTE * dice.uniform(8, 14) / 1_000
    # A line is written when its request ends, so a slow one stands after quick ones that began later.
    ended = sorted(log, key=lambda request: request.time_s + request.latency_ms / 1_000)
    header, *lines = write_log(request for request in ended if not hole <= request.time_s < hole_ends).splitlines()
    sent: list[str] = []
    while lines:
        block, lines = lines[:100], lines[100:]
        sent += block
        if dice.random() < 0.15:
            sent += block[-dice.randint(3, 12) :]  # the sender heard no answer and sent the end of the block again
        if dice.random() < 0.12:
            sent[-1] = sent[-1][: dice.randint(4, 25)]  # the connection broke in the middle of a line
        if dice.random() < 0.1:
            sent.append("")
    return "\n".join([header, *sent, ""])


def chat_day_log(seed: int = 0) -> str:
    """The log file of a chat day, as it arrives: CSV to be read with ``dslib.requestlog.read_log``."""
    return on_its_way(request_log(chat_day(seed).run(until=DAY)), seed)
