"""Weeks of the chat service, played from a seed, and the logs that they leave behind at three places.

The service is the gallery's (``dslib.failures``): the apps of four tenants ask the door, and the door asks four
servers. In a *calm* week nothing happens that does not happen always: the mobile network loses a message now and then.
In the week called *cut* the door loses a rack with two servers on a busy morning; the two that are left are not enough,
users ask again, and when the rack is back nothing gets better. (On another day it is the users of one tenant who are
cut off, and nobody in the house knows.) In the week called *certificate* a script deletes the
room of a small tenant, and two days later the certificate that all servers share ends. What somebody may do about it,
and at what price, stands in ``MENU``.

Time is compressed, and not all of it alike. An hour of the week is one second of simulated time; the requests of that
second stand for those of the hour. How long a request takes is not compressed. So an outage of five hours is played by
five seconds of traffic, and a user who waits for half a second waits for half a second.

Each week is seen from three places, and each keeps a log of its own: the apps, the door, the servers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite
from random import Random
from typing import Any, NamedTuple

from .clients import LoadClient, Refusal, Reply, Request, Retry
from .failures.backup import VAULT, DeletingServer, Vault
from .failures.certificate import CertifiedServer
from .failures.service import DOOR, chat_servers, server_names, talk, wrong_reads
from .history import Operation
from .metrics import user_of
from .network import GRID, Network
from .node import Message, Node
from .resilience import RateLimit
from .services import Balancer
from .simulation import Simulation

HOUR_MS = 1_000.0
DAY_H = 24
WEEK_H = 7 * DAY_H
KINDS = ("calm", "cut", "certificate")

SERVERS = 4
SERVICE_MS = (75.0, 165.0)  # by one worker, so that a server can do 8.3 requests a second
PEAK = 23.0  # requests a second at the busiest time: 69 % of what four servers can do, and 138 % of what two can
TIMEOUT_MS = 1_000.0  # an app waits so long for an answer and asks again, up to three times
WITHIN_MS = 2_000.0  # an answer is good until then, so that one repetition may still save it
CHECK_MS = 500.0  # the door asks each server so often how it is, and leaves out who is silent twice
LOSS = 0.025  # of the messages between apps and door, each way

#: The share that each tenant has in ``PEAK``; dorado asks little, by day and by night.
TENANTS = {"acme": 0.6, "borealis": 0.3, "cedar": 0.1}
CEDAR = "cedar"
DORADO, DORADO_RATE = "dorado", 0.12

#: How busy each hour of a working day is, as a share of the busiest; a day of the weekend has half of it.
BUSY = (.25, .2, .2, .2, .2, .25, .4, .6, .9, 1, 1, 1, 1, 1, 1, 1, 1, .9, .7, .6, .6, .5, .4, .3)  # fmt: skip

RACK = ("s1", "s2")  # what the door loses
STUCK = 60  # so many requests that wait make whoever is on call restart the servers
LIFE_H = 240.0  # how long a certificate is valid
RENEWAL_FAILS, RENEW_AGAIN_H = 0.25, 4.0  # a renewal may fail; it is tried again so many hours later
RETRIES_SAVED = 20  # an app with a budget for repetitions saves up no more than these
LONGEST_BACKOFF_MS = 60_000  # nobody waits longer; a request that waits for ever would never count as a bad one


# -- what may be done about it, and what it costs ----------------------------------------------------------------------


class Item(NamedTuple):
    """One line of the menu.

    Fields:
        usual: what the service has if nobody changes it.
        price: coins.
        values: what may be written instead, in words.
        does: what it changes.
    """

    usual: Any
    price: int
    values: str
    does: str


MENU = {
    "queue_bound": Item(None, 1, "a whole number, 0 or more", "so many may wait at a server; the next is refused"),
    "retry_budget": Item(None, 1, "a share from 0 to 1", "apps repeat no more than this share of what they ask"),
    "backoff_ms": Item(0, 1, "ms, 0 to 60_000", "an app waits up to this, by chance, before it repeats"),
    "extra_servers": Item(0, 2, "a whole number from 0 to 3", "more servers; the price is for each of them"),
    "door_limit": Item(None, 1, "a number above 0", "requests a second from one tenant; more are refused"),
    "closed_hours": Item(None, 0, "two hours of the day: (13, 14)", "between them the app is closed: nobody can ask"),
    "restart_at_h": Item(None, 1, "an hour of the week, 0 to 168", "somebody restarts all servers at that hour"),
    "renew_at": Item(None, 1, "a share of a life, between 0 and 1", "each server renews its certificate at that age"),
    "delete_delay_h": Item(0, 1, "hours, 0 to 168", "a deletion waits so long; whoever owns the room may object"),
    "mirror": Item(False, 1, "True or False", "one more copy of all posts, every two hours equal to the servers'"),
    "snapshots": Item(False, 2, "True or False", "a copy of all posts that forgets nothing; it can give a room back"),
}  # fmt: skip

_ALLOWS: Mapping[str, Callable[[float], bool]] = {
    "queue_bound": lambda number: number >= 0 and number % 1 == 0,
    "retry_budget": lambda share: 0 <= share <= 1,
    "backoff_ms": lambda ms: 0 <= ms <= LONGEST_BACKOFF_MS,
    "extra_servers": lambda number: number in (0, 1, 2, 3),
    "door_limit": lambda rate: rate > 0,
    "restart_at_h": lambda hour: 0 <= hour <= WEEK_H,
    "renew_at": lambda share: 0 < share < 1,
    "delete_delay_h": lambda hours: 0 <= hours <= WEEK_H,
}
_WHOLE = ("queue_bound", "extra_servers")

#: Coins that there are to spend.
PURSE = 2

#: Student's t: 97.5 % of the distribution with so many degrees of freedom, 1 to 29, lies below it. So the mean of n
#: values, give or take ``T_95[n - 1]`` standard errors, is an interval at 95 % confidence (Student 1908).
T_95 = dict(enumerate((
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045,
), start=1))  # fmt: skip


def settings_of(changes: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of the service: the usual ones, with these changes.

    Raises:
        ValueError: a name that is not on the menu, or a value that its setting cannot have.
    """
    if not isinstance(changes, Mapping):
        raise ValueError(f"{changes!r} are no settings: write a dictionary, such as {{'queue_bound': 100}}")
    settings = {name: item.usual for name, item in MENU.items()}
    for name, value in changes.items():
        if name not in MENU:
            raise ValueError(f"{name!r} is not on the menu, which has {', '.join(MENU)}")
        settings[name] = _plain(name, value)
    return settings


def price(changes: Mapping[str, Any]) -> int:
    """What these changes cost, in coins. What stays as it is costs nothing.

    Raises:
        ValueError: what ``settings_of`` refuses.
    """
    settings = settings_of(changes)
    changed = [name for name, item in MENU.items() if settings[name] != item.usual]
    return sum(MENU[name].price * (settings[name] if name == "extra_servers" else 1) for name in changed)


def _plain(name: str, value: Any) -> Any:
    """``value`` as a plain Python value, whatever kind of number it was, if the setting can have it."""
    item = MENU[name]
    if value is None and item.usual is None:
        return None
    try:
        if name == "closed_hours":
            start, end = map(float, value)
            if 0 <= start < end <= DAY_H:
                return start, end
        elif isinstance(item.usual, bool):
            if value in (True, False):
                return bool(value)
        elif not isinstance(value, bool | str):
            number = float(value)
            if isfinite(number) and _ALLOWS[name](number):
                return int(number) if name in _WHOLE else number
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"{name} is {value!r}: write {item.values}{', or None' if item.usual is None else ''}")


# -- what is written down, and where -----------------------------------------------------------------------------------


class AppRow(NamedTuple):
    """What an app knows of one thing that its user wanted, repetitions included.

    Fields:
        hour: when the user asked, in hours since Monday, 0:00.
        request: its number, the same in all three logs.
        asked: "post" or "read".
        status: 200 answered, 503 refused, 504 the app gave up, 0 not yet known when the week ended.
        took_ms: how long the user waited for that.
        complete: whether the answer held what it had to: a read shows the newest posts of the room, all those that were
            acknowledged an hour before it. False without an answer.
    """

    hour: float
    request: int
    tenant: str
    asked: str
    status: int
    took_ms: float
    complete: bool


class DoorRow(NamedTuple):
    """What the door knows of one request that reached it. A repetition is a row of its own.

    Fields:
        status: 200 an answer was passed back, 503 a refusal was, 0 nothing ever was.
        took_ms: from its arrival to that; ``inf`` with status 0.
    """

    hour: float
    request: int
    tenant: str
    status: int
    took_ms: float


class ServerRow(NamedTuple):
    """What a server knows of one request that it took, or refused because too many waited.

    Fields:
        hour: when the server began with it.
        status: 200 answered, 503 refused.
        took_ms: how long the server worked on it. How long it had waited in the queue is not in it.
    """

    hour: float
    request: int
    tenant: str
    server: str
    status: int
    took_ms: float


class Week(NamedTuple):
    """The logs of one week, in order of time, and what really happened, as ``(hour, sentence)``."""

    app: Sequence[AppRow]
    door: Sequence[DoorRow]
    servers: Sequence[ServerRow]
    story: Sequence[tuple[float, str]]


class Logbook:
    """Where a place writes its log: on another machine, so that no crash takes it."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def __deepcopy__(self, memo: Any) -> Logbook:
        return self


def _hour(ms: float) -> float:
    return round(ms / HOUR_MS, 4)


# -- the parts of the service, with instruments ------------------------------------------------------------------------


class App(LoadClient):
    """The app of one tenant: it writes down when each request was answered, refused or given up."""

    book: Logbook

    def on_start(self) -> None:
        """When users come is drawn apart from all else: the same users come, whatever the settings are."""
        self._arrivals = Random(self.random.getrandbits(64))
        super().on_start()

    def finished(self, op: Operation) -> None:
        """The user knows now."""
        self.book.rows.append((op.id, self._sim.now))

    def _gap_ms(self) -> float:
        return self._arrivals.expovariate(1.0) * 1_000 / self._peak + GRID - GRID

    def _accepts(self, now: float) -> bool:
        return self._arrivals.random() * self._peak < self.rate(now)  # type: ignore[operator]


class LoggingDoor(Balancer):
    """A balancer that writes down what reaches it, and what it passes back."""

    book: Logbook

    def on_start(self) -> None:
        """Nothing is open."""
        super().on_start()
        self._rows: dict[int, deque[int]] = {}  # of each request, the rows that wait for an answer

    def on_request(self, src: str, msg: Request) -> None:
        """One more row."""
        self._rows.setdefault(msg.id, deque()).append(len(self.book.rows))
        self.book.rows.append(DoorRow(self._sim.now, msg.id, msg.tenant, 0, inf))
        super().on_request(src, msg)

    def send(self, dest: str, msg: Message) -> None:
        """An answer or a refusal fills the oldest open row of its request."""
        if type(msg) is Reply or type(msg) is Refusal:
            number = self._rows[msg.id].popleft()
            row = self.book.rows[number]
            self.book.rows[number] = row._replace(
                status=200 if type(msg) is Reply else 503, took_ms=self._sim.now - row.hour
            )
        super().send(dest, msg)


class WeekServer(CertifiedServer, DeletingServer):
    """A chat server with a certificate, whose rooms can be deleted, and who writes a log.

    Args:
        renew_at: at which share of its life it renews its certificate. None: never.
        delete_delay_ms: how long a deletion waits.
    """

    book: Logbook
    renew_at: float | None = None
    delete_delay_ms: float = 0.0

    def work_ms(self, msg: Request) -> float:
        """There is one worker, so there is one request that it works on."""
        self._began = self._sim.now
        return super().work_ms(msg)

    def reply(self, src: str, msg: Request, result: Any) -> None:
        """Answered."""
        took = self._sim.now - self._began
        self.book.rows.append(ServerRow(self._began, msg.id, msg.tenant, self.name, 200, took))
        super().reply(src, msg, result)

    def refuse(self, src: str, msg: Request, why: str) -> None:
        """Without a handshake there is no request: a server does not log what it never got."""
        if why == "full":
            self.book.rows.append(ServerRow(self._sim.now, msg.id, msg.tenant, self.name, 503, 0.0))
        super().refuse(src, msg, why)

    def on_renew_timeout(self) -> None:
        """A renewal may fail, and is tried again: there has to be time for that."""
        if self.random.random() < RENEWAL_FAILS:
            self.set_timer("renew", RENEW_AGAIN_H * HOUR_MS)
        else:
            super().on_renew_timeout()

    def _plan(self) -> None:
        assert self.renew_at is not None
        left = self.disk["not after"] - self.clock.read()
        self.set_timer("renew", max(0.0, left - (1 - self.renew_at) * self.life_ms))

    def act_delete(self, room: str) -> None:
        """At once, or when nobody has objected for a while."""
        if self.delete_delay_ms:
            self.set_timer("deletion", self.delete_delay_ms, room, key=room)
        else:
            super().act_delete(room)

    def on_deletion_timeout(self, room: str) -> None:
        """Nobody has objected."""
        super().act_delete(room)

    def act_keep(self, room: str) -> None:
        """Somebody objects."""
        self.cancel_timer("deletion", key=room)


class OnCall(Node):
    """A person who looks after the servers: ``peers``."""

    def act_restart(self, if_waiting: int = 0) -> None:
        """Restart all servers, if so many requests wait there. Whoever waited there waits for nothing."""
        servers: list[Any] = [self._sim.nodes[name] for name in self.peers]
        if sum(server.waiting for server in servers if server._up) >= if_waiting:
            for server in servers:
                self._sim._restart(server)


def arrivals(peak: float, closed: tuple[float, float] | None) -> Callable[[float], float]:
    """Requests a second at each time (ms) of the week, for somebody with so many at the busiest time."""

    def rate(ms: float) -> float:
        hour = ms / HOUR_MS
        day, of_day = int(hour) // DAY_H, hour % DAY_H
        if closed is not None and closed[0] <= of_day < closed[1]:
            return 0.0
        return peak * BUSY[int(of_day)] * (0.5 if day >= 5 else 1.0)

    return rate


def day_and_night(peak: float, closed: tuple[float, float] | None) -> Callable[[float], float]:
    """As many at every hour of the week."""

    def rate(ms: float) -> float:
        of_day = ms / HOUR_MS % DAY_H
        return 0.0 if closed is not None and closed[0] <= of_day < closed[1] else peak

    return rate


# -- the weeks ---------------------------------------------------------------------------------------------------------


class Timetable(NamedTuple):
    """When things happen in a week, in hours since Monday, 0:00. ``inf``: they do not."""

    offline: float = inf
    online: float = inf
    cut: float = inf
    healed: float = inf
    restarted: float = inf
    deleted: float = inf
    missed: float = inf
    expired: float = inf
    replaced: float = inf


def timetable(kind: str, seed: int) -> Timetable:
    """When things happen in a week of this kind, drawn from its seed.

    Raises:
        ValueError: there is no such kind of week.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no week {kind!r}: write one of {', '.join(map(repr, KINDS))}")
    dice = Random(f"{seed}/{kind} week")
    if kind == "cut":
        day, later = dice.randrange(5), dice.randrange(1, 5)
        cut = DAY_H * day + dice.uniform(8, 10)
        healed = cut + dice.uniform(5, 7)
        offline = DAY_H * ((day + later) % 5) + dice.uniform(9, 11)
        return Timetable(
            offline=offline, online=offline + dice.uniform(5, 6), cut=cut, healed=healed,
            restarted=healed + dice.uniform(9, 14),
        )  # fmt: skip
    if kind == "certificate":
        deleted = dice.uniform(45, 70)
        expired = dice.uniform(85, 115)
        return Timetable(
            deleted=deleted, missed=deleted + dice.uniform(3, 9), expired=expired,
            replaced=expired + dice.uniform(5, 9),
        )  # fmt: skip
    return Timetable()


class Books(NamedTuple):
    """What the three places wrote down, as they wrote it."""

    app: Logbook
    door: Logbook
    servers: Logbook


def play(kind: str, seed: int, changes: Mapping[str, Any] | None = None) -> tuple[Simulation, Books]:
    """Play one week, with these changes of settings: the simulation when it is over, and what was written down.

    Raises:
        ValueError: an unknown kind of week, or settings that ``settings_of`` refuses.
    """
    settings, times = settings_of(changes or {}), timetable(kind, seed)
    books = Books(Logbook(), Logbook(), Logbook())
    names = server_names(SERVERS + settings["extra_servers"])
    servers = chat_servers(
        WeekServer,
        len(names),
        workers=1,
        service=SERVICE_MS,
        queue_bound=settings["queue_bound"],
        not_after=HOUR_MS * min(times.expired, 2 * WEEK_H),
        life_ms=HOUR_MS * LIFE_H,
        renews=settings["renew_at"] is not None,
        renew_at=settings["renew_at"],
        delete_delay_ms=HOUR_MS * settings["delete_delay_h"],
        book=books.servers,
    )
    retry = Retry(
        times=3,
        backoff_ms=settings["backoff_ms"],
        jitter=settings["backoff_ms"] > 0,
        budget=settings["retry_budget"],
        budget_cap=RETRIES_SAVED,
    )
    rates = {tenant: (arrivals, share * PEAK) for tenant, share in TENANTS.items()}
    rates[DORADO] = (day_and_night, DORADO_RATE)
    apps = [
        App(
            tenant, service=DOOR, rate=law(peak, settings["closed_hours"]), peak=peak, timeout=TIMEOUT_MS, retry=retry,
            operation=talk(tenant), book=books.app,
        )
        for tenant, (law, peak) in rates.items()
    ]  # fmt: skip
    limit = settings["door_limit"]
    vaults = []
    if settings["mirror"] or settings["snapshots"]:
        vaults = [Vault(VAULT, peers=names, every_ms=2 * HOUR_MS, snapshots=settings["snapshots"])]
    sim = Simulation(
        LoggingDoor(
            DOOR, backends=names, book=books.door, limit=None if limit is None else RateLimit(limit, max(1.0, limit)),
            health_every=CHECK_MS,
        ),
        *servers,
        *vaults,
        OnCall("on call", peers=names),
        *apps,
        network=Network(latency=(1, 3)),
        seed=seed,
        trace="off",
    )  # fmt: skip
    for app in apps:
        sim.at(0, sim.network.degrade, app.name, DOOR, loss=LOSS)
    _schedule(sim, times, settings, names)
    sim.run(until=WEEK_H * HOUR_MS)
    return sim, books


def run_week(kind: str, seed: int, changes: Mapping[str, Any] | None = None) -> Week:
    """Play one week, and return its logs; see ``play``."""
    sim, books = play(kind, seed, changes)
    return Week(asked(sim, books.app), finished(books.door), finished(books.servers), story(timetable(kind, seed)))


def _schedule(sim: Simulation, times: Timetable, settings: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """What happens, when."""
    if times.offline < inf:
        sim.at(times.offline * HOUR_MS, sim.network.cut, CEDAR, DOOR)
        sim.at(times.online * HOUR_MS, sim.network.heal, CEDAR, DOOR)
    if times.cut < inf:
        for server in RACK:
            sim.at(times.cut * HOUR_MS, sim.network.cut, DOOR, server)
            sim.at(times.healed * HOUR_MS, sim.network.heal, DOOR, server)
        sim.at(times.restarted * HOUR_MS, sim.act, "on call", "restart", STUCK)
    if times.deleted < inf:
        sim.at(times.deleted * HOUR_MS, sim.act, "s1", "delete", DORADO)
        sim.at(times.missed * HOUR_MS, sim.act, "s1", "keep", DORADO)
        if VAULT in sim.nodes:
            sim.at(times.missed * HOUR_MS, sim.act, VAULT, "restore", DORADO)
    if times.expired < inf:
        for name in names:
            sim.at(times.replaced * HOUR_MS, sim.act, name, "install_by_hand")
    if settings["restart_at_h"] is not None:
        sim.at(settings["restart_at_h"] * HOUR_MS, sim.act, "on call", "restart")


def asked(sim: Simulation, book: Logbook) -> tuple[AppRow, ...]:
    """What users wanted and what they were told, in the order in which they asked."""
    wrong, known, rows = wrong_reads(sim), dict(book.rows), []
    for op in sim.history:
        status = {"ok": 200, "fail": 503, "info": 504}[op.status] if op.id in known else 0
        took = known.get(op.id, sim.now) - op.invoked
        complete = status == 200 and op.id not in wrong
        rows.append(AppRow(_hour(op.invoked), op.id, user_of(op), op.f, status, round(took, 1), complete))
    return tuple(rows)


def finished(book: Logbook) -> tuple[Any, ...]:
    """The rows of a log in order of time, in hours."""
    rows = [row._replace(hour=_hour(row.hour), took_ms=round(row.took_ms, 1)) for row in book.rows]
    return tuple(sorted(rows, key=lambda row: row.hour))


def story(times: Timetable) -> tuple[tuple[float, str], ...]:
    """What really happened, in order of time."""
    told = {
        "offline": "the phone network of cedar's users is down",
        "online": "cedar's users can reach the door again",
        "cut": "the door loses the rack with servers s1 and s2",
        "healed": "the rack is back",
        "restarted": "whoever is on call looks, and restarts the servers if they are stuck",
        "deleted": "a script wants dorado's room deleted",
        "missed": "dorado notices and complains",
        "expired": "the servers' certificate ends, if nobody has renewed it",
        "replaced": "somebody has walked to the servers with a new certificate",
    }
    return tuple(sorted((getattr(times, name), says) for name, says in told.items() if getattr(times, name) < inf))
