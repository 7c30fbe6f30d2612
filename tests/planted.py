"""Small protocols with planted bugs, for the tests of the hunt and of the stories. Other processes can load them."""

from __future__ import annotations

from math import inf

from dslib import Fault, Message, Node, Simulation
from dslib.nemesis import nemesis
from dslib.trials import Trial


class Put(Message):
    number: int


class Done(Message):
    number: int
    stored: int


class Noise(Message):
    number: int


class Store(Node):
    """Keeps the highest number it was given, on disk before it says so."""

    def on_start(self):
        self.stored = self.disk.get("stored", 0)

    def on_put(self, src, msg):
        self.stored = max(self.stored, msg.number)
        self.keep()
        self.send(src, Done(msg.number, self.stored))

    def keep(self):
        self.disk["stored"] = self.stored


class Lazy(Store):
    """Says "done" before it is on disk."""

    def on_start(self):
        super().on_start()
        self.set_timer("flush", 100)

    def keep(self):
        pass

    def on_flush_timeout(self):
        self.disk["stored"] = self.stored
        self.set_timer("flush", 100)


class Deaf(Store):
    """Never answers."""

    def on_put(self, src, msg):
        pass


class Crasher(Store):
    """Raises when it wakes a second time."""

    def on_start(self):
        self.disk["starts"] = self.disk.get("starts", 0) + 1
        super().on_start()
        if self.disk["starts"] > 1:
            raise KeyError("what was I doing?")


class Writer(Node):
    """Puts 1, 2, 3, … and notes when it is told less than before."""

    def on_start(self):
        self.said = self.acknowledged = 0
        self.complaint = ""
        self.on_put_timeout()

    def on_put_timeout(self):
        self.said += 1
        self.send("store", Put(self.said))
        self.set_timer("put", 20)

    def on_done(self, src, msg):
        if msg.stored < self.acknowledged and not self.complaint:
            self.complaint = f"{self.name} was told {self.acknowledged} by store, and then {msg.stored}"
        self.acknowledged = max(self.acknowledged, msg.stored)


class Stubborn(Writer):
    """Begins each time with 1 again, so that only what is stored can be right."""

    def on_put_timeout(self):
        self.send("store", Put(1 if self.said % 3 else self.said + 1))
        self.said += 1
        self.set_timer("put", 20)


class Noisy(Node):
    """Talks to its peer, which has nothing to do with anything."""

    def on_start(self):
        self.heard = 0
        self.set_timer("talk", 10)

    def on_talk_timeout(self):
        self.broadcast(Noise(self.heard))
        self.set_timer("talk", 10)

    def on_noise(self, src, msg):
        self.heard += 1


def nothing_acknowledged_is_forgotten(sim):
    return getattr(sim.nodes["store"], "stored", inf) >= getattr(sim.nodes["writer"], "acknowledged", 0)


def store(seed, kind):
    sim = Simulation(
        kind("store"), Stubborn("writer"), Noisy("x", peers=["y"]), Noisy("y", peers=["x"]), seed=seed, trace="off"
    )
    sim.set_faults(
        nemesis(sim, seed, until=1_500, kinds=("crash", "slow", "cut"), nodes=("store", "x", "y"), every_ms=150)
    )
    return sim


def watched_store(seed, kind):
    sim = store(seed, kind)
    sim.always(nothing_acknowledged_is_forgotten)
    return sim


def no_complaint(sim):
    return sim.nodes["writer"].complaint


def was_answered(sim):
    return "" if sim.nodes["writer"].acknowledged else "writer was never answered"


def nothing_more(sim):
    return ""


#: A property that is watched, a judge that looks at the end, and a judge who waits for something to happen.
WATCHED = Trial("watched store", watched_store, 1_500.0, nothing_more, Store, (Lazy, Crasher))
JUDGED = Trial("judged store", store, 1_500.0, no_complaint, Store, (Lazy,))
AWAITED = Trial("awaited store", store, 1_500.0, was_answered, Store, (Deaf,))


class Pretender(Node):
    """Leads from the moment it was told to, and tells the others; a leader who hears of another one steps down."""

    def on_start(self):
        self.leads = False
        self.set_timer("idle", 7)

    def act_lead(self):
        self.leads = True
        self.broadcast(Noise(1))

    def on_noise(self, src, msg):
        if msg.number:
            self.leads = False

    def on_idle_timeout(self):
        self.broadcast(Noise(0))
        self.set_timer("idle", 7)


def at_most_one_leads(sim):
    return [getattr(node, "leads", False) for node in sim.nodes.values()].count(True) < 2


def leaders(seed=0, kind=Pretender):
    names = ("p", "q", "r", "s")
    sim = Simulation(*(kind(name, peers=[other for other in names if other != name]) for name in names), seed=seed)
    sim.always(at_most_one_leads)
    sim.set_faults(
        [
            Fault(10.0, "network.cut", ("r", "s")),
            Fault(20.0, "act", ("p", "lead")),
            Fault(60.0, "crash", ("r",)),
            Fault(70.0, "restart", ("r",)),
            Fault(90.0, "network.cut", ("p", "q")),
            Fault(100.0, "act", ("q", "lead")),
            Fault(200.0, "crash", ("s",)),
        ]
    )
    return sim


LEADERS = Trial("leaders", leaders, 300.0, nothing_more, Pretender, ())
