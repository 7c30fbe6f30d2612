"""Small runs that must come out the same on every Python, in every process: `python tests/same_everywhere.py`.

Prints one digest for each case, as JSON. tests/test_interpreters.py runs this file with every Python it finds. What is
recorded is also compared with tests/digests.json; after a change that is meant to alter that, write it anew:

    python tests/same_everywhere.py --recorded > tests/digests.json
"""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dslib import (
    Clock,
    Exponential,
    KeyValue,
    LoadClient,
    Message,
    Network,
    Node,
    Place,
    Places,
    Reply,
    Request,
    Retry,
    ScriptClient,
    Simulation,
)
from dslib.chatday import chat_day_log
from dslib.checkers import check_linearizable
from dslib.failures import corruption, time_travel
from dslib.node import show
from dslib.protocols import trials

NAMES = ("r1", "r2", "r3")


class Copy(Message):
    key: str
    value: int | None
    at: float


class Store(Node):
    """Keeps a value for each key, copies it to its peers, and does not care that this is wrong."""

    def on_start(self) -> None:
        self.values = dict(self.disk)
        self.seen: frozenset[str] = frozenset(self.peers)
        self.set_timer("hello", 30 + 10 * self.random.random())

    def on_hello_timeout(self) -> None:
        self.log(f"{len(self.values)} keys at {self.clock.read():.3f}")
        self.set_timer("hello", 30 + 10 * self.random.random())

    def on_request(self, src: str, msg: Request) -> None:
        if msg.f in ("put", "write"):
            self.values[msg.key] = self.disk[msg.key] = msg.arg
            self.broadcast(Copy(str(msg.key), msg.arg, self.clock.read()))
        self.send(src, Reply(msg.id, self.values.get(msg.key)))

    def on_copy(self, src: str, msg: Copy) -> None:
        self.values[msg.key] = self.disk[msg.key] = msg.value


def stores(*others: Node, seed: int = 0, trace: str = "events", queue: str = "heap", **network: object) -> Simulation:
    replicas = (
        Store(n, peers=[p for p in NAMES if p != n], clock=Clock(offset=i, drift=i / 999)) for i, n in enumerate(NAMES)
    )
    return Simulation(*replicas, *others, network=Network(**network), seed=seed, trace=trace, queue=queue)


def partition_and_crash() -> str:
    writer = ScriptClient("writer", service=NAMES, timeout=40, think=7, script=[("write", "x", n) for n in range(20)])
    sim = stores(writer, seed=3, trace="state", loss=0.1, duplication=0.05)
    sim.at(100, sim.network.partition, {"r1", "writer"}, {"r2", "r3"})
    sim.at(250, sim.network.heal)
    sim.at(300, sim.crash, "r1")
    sim.at(330, sim.network.cut, "r2", "r3")
    sim.at(400, sim.restart, "r1")
    return recorded(sim.run(until=1_000))


def exponential_latency_and_jitter() -> str:
    retry = Retry(times=3, backoff_ms=9, jitter=True, budget=0.5)
    load = LoadClient("users", service=NAMES, rate=60, timeout=60, retry=retry, operation=("get", "x"))
    return recorded(stores(load, seed=11, latency=Exponential(mean=12, least=1), loss=0.2).run(until=2_000))


def a_queue_before_a_slow_wire() -> str:
    load = LoadClient(
        "users", service="r1", rate=100, timeout=200, operation=lambda n, dice: ("put", dice.choice("xyz"), n)
    )
    return recorded(stores(load, seed=5, bandwidth=4, queue_bytes=2_000).run(until=1_000))


class Cables:
    """Four cities and the cables between them, one of which is bad."""

    nodes = (*NAMES, "users", "Frankfurt", "Singapore")
    edges = (
        ("r1", "Frankfurt"), ("r2", "Frankfurt", {"corruption": 0.1, "loss": 0.05}),
        ("r3", "Singapore", {"fifo": True}),
        ("Frankfurt", "Singapore", {"duplication": 0.1}), ("users", "Frankfurt"), ("users", "r3", {"reordering": 0.2}),
    )  # fmt: skip


def routes_between_cities() -> str:
    cities = {"r1": "Zurich", "r2": "New York", "r3": "Tokyo", "Frankfurt": "Frankfurt", "Singapore": "Singapore"}
    places = Places({name: Place(city=city, region=city[0]) for name, city in cities.items()})
    load = LoadClient("users", service=NAMES, rate=60, timeout=600, operation=lambda n, dice: ("put", "xyz"[n % 3], n))
    network = {"topology": Cables(), "routes": True, "reroute_ms": (50, 500), "places": places, "ttl": 9}
    sim = stores(load, seed=8, queue="bucketed", **network)
    sim.at(300, sim.network.cut, "Frankfurt", "Singapore")
    sim.at(500, sim.network.degrade, "users", "Frankfurt", delay=20, corruption=0.2)
    sim.at(900, sim.network.heal)
    sim.at(1_200, sim.crash, "Singapore")
    sim.at(1_300, sim.network.isolate, "region", "N")
    return recorded(sim.run(until=2_000))


def verdicts_in_words() -> str:
    retry = Retry(times=1)
    people = [
        ScriptClient(name, service=server, timeout=30, think=3, retry=retry, script=[("put", "x", n), ("get", "x")] * 4)
        for n, (name, server) in enumerate({"alice": "r1", "bob": "r2", "carol": "r3"}.items())
    ]
    sim = stores(*people, seed=2, loss=0.1).run(until=600)
    verdict = check_linearizable(sim.history, KeyValue())
    return f"{sim.history.to_json()}\n{verdict.explain()}"


def protocols_in_danger() -> str:
    runs = {name: trial.build(1, trial.right).run(until=trial.until_ms) for name, trial in trials().items()}
    return "\n".join(f"{name} {sim._order} {sim.faults}\n{told(sim)}" for name, sim in runs.items())


def told(sim: Simulation) -> str:
    return "\n".join(f"{op.process} {op.f} {show(op.key)} {show(op.result)} {op.completed!r}" for op in sim.history)


def cards_of_the_gallery() -> str:
    return f"{corruption.run(seed=1)}\n{time_travel.run(seed=1)}"


def a_day_of_chat() -> str:
    return chat_day_log(seed=1)


def recorded(sim: Simulation) -> str:
    return f"{sim.trace.digest()}\n{sim.trace.to_json()}\n{sim.history.to_json()}\n{sim.faults}"


Case = Callable[[], str]
RECORDED: list[Case] = [
    partition_and_crash,
    exponential_latency_and_jitter,
    a_queue_before_a_slow_wire,
    routes_between_cities,
    a_day_of_chat,
]
IN_WORDS: list[Case] = [verdicts_in_words, protocols_in_danger, cards_of_the_gallery]


def digests(cases: list[Case]) -> dict[str, str]:
    return {case.__name__: hashlib.sha256(case().encode()).hexdigest() for case in cases}


if __name__ == "__main__":
    asked = RECORDED if sys.argv[1:] == ["--recorded"] else RECORDED + IN_WORDS
    first, second = digests(asked), digests(asked)
    if first != second:
        sys.exit(f"The second run in one process differs from the first: {[n for n in first if first[n] != second[n]]}")
    print(json.dumps(first, indent=1))
