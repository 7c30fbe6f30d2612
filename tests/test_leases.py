"""Leases run out; only a fence stops a holder that does not know it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dslib import Node, Simulation
from dslib.leases import Acquire, Denied, Fence, FencedStorage, Granted, Lease, LeaseTable, LockServer, Put

SEEDS = range(20)
LEASE_MS = 150.0


def test_a_lease_keeps_others_out_until_it_runs_out_and_each_grant_has_a_larger_token():
    table = LeaseTable(length_ms=100)
    assert table.acquire("file", "ann", now=0) == Lease("ann", until=100, token=1)
    assert table.acquire("file", "bob", now=99.9) is None
    assert table.acquire("other", "bob", now=99.9) == Lease("bob", 199.9, 2)
    assert table.acquire("file", "ann", now=50) == Lease("ann", 150, 1), "renewed: the same token, for longer"
    assert table.acquire("file", "bob", now=150) == Lease("bob", 250, 3)
    table.release("file", token=1)
    assert table.acquire("file", "ann", now=160) is None, "an old token gives back nothing"
    table.release("file", token=3)
    assert table.acquire("file", "ann", now=160) == Lease("ann", 260, 4)


@pytest.mark.parametrize("length", [0, -1, float("inf"), float("nan")])
def test_a_lease_lasts_a_positive_finite_time(length):
    with pytest.raises(ValueError, match=r"a lease of .* ms: write a number above 0"):
        LeaseTable(length)


def test_a_fence_lets_nobody_through_who_comes_with_an_old_token():
    fence = Fence()
    assert [fence.admits(token) for token in (33, 33, 34, 33, 35, 34)] == [True, True, True, False, True, False]


class Asker(Node):
    def on_start(self):
        self.told = []
        self.on_ask_timeout()

    def on_ask_timeout(self):
        self.send("locks", Acquire("file"))
        self.set_timer("ask", 30)

    def on_granted(self, src, msg):
        self.told.append((self._sim.now, msg.token))

    def on_denied(self, src, msg):
        pass


def test_after_a_crash_the_lock_server_waits_until_the_old_leases_are_over_and_goes_on_counting():
    for seed in SEEDS:
        sim = Simulation(LockServer("locks", lease_ms=200.0), Asker("ann"), Asker("bob"), seed=seed)
        sim.at(100, sim.crash, "locks")
        sim.at(110, sim.restart, "locks")
        sim.run(until=1_000)
        grants = sorted((at, token, name) for name in ("ann", "bob") for at, token in sim.nodes[name].told)
        before = [grant for grant in grants if grant[0] < 110]
        after = [grant for grant in grants if grant[0] >= 110]
        assert {token for _, token, _ in before} == {1}, f"seed {seed}"
        assert after[0][0] >= 310, f"seed {seed}: granted again at {after[0][0]} ms, before old leases were over"
        assert after[0][1] == 2, f"seed {seed}: the token is {after[0][1]}"


@dataclass
class Accepted:
    at: float
    src: str
    token: int


class Storage(FencedStorage):
    """Notes what it accepted, for the judge."""

    def on_start(self):
        self.accepted = []

    def on_put(self, src, msg):
        super().on_put(src, msg)
        if self.disk[msg.key][1] == msg.value:
            self.accepted.append(Accepted(self._sim.now, src, msg.token))


class Holder(Node):
    """Writes to the account every 40 ms while it believes that it holds the lease; then asks for it again."""

    clock_used = "monotonic"

    def on_start(self):
        self.lease, self.writes = None, 0
        self.on_ask_timeout()

    def now(self):
        return self.clock.monotonic() if self.clock_used == "monotonic" else self.clock.read()

    def on_ask_timeout(self):
        self.asked = self.now()
        self.send("locks", Acquire("account"))
        self.set_timer("ask", 60)  # in case nobody answers

    def on_granted(self, src, msg):
        self.cancel_timer("ask")
        self.lease = Lease(self.name, self.asked + msg.length_ms, msg.token)
        self.on_check_timeout()

    def on_denied(self, src, msg):
        pass

    def on_check_timeout(self):
        if self.lease.held_at(self.now()):
            self.set_timer("write", 10)  # between the look at the clock and the write there is always an instant
        else:
            self.set_timer("ask", 60)  # let the others have it, too

    def on_write_timeout(self):
        self.writes += 1
        self.send("storage", Put("account", f"{self.name} {self.writes}", self.lease.token))
        self.set_timer("check", 30)

    def on_stored(self, src, msg):
        pass

    def on_fenced(self, src, msg):
        self.on_ask_timeout()  # somebody else has it


def account(seed, fenced, clock_used="monotonic"):
    return Simulation(
        LockServer("locks", lease_ms=LEASE_MS),
        Storage("storage", fenced=fenced),
        Holder("ann", clock_used=clock_used),
        Holder("bob", clock_used=clock_used),
        seed=seed,
    )


def stop_in_the_instant(sim, node="ann"):
    """Pause ``node`` the next time it has looked at its lease and not written yet, for 500 ms."""

    def now_or_later():
        holder = sim.nodes[node]
        if holder.lease and "write" in holder._timers and holder._timers["write"].deadline is not None:
            sim.pause(node)
            sim.at(sim.now + 500, sim.resume, node)
        else:
            sim.at(sim.now + 1, now_or_later)

    sim.at(sim.now + 1, now_or_later)
    return sim


def stale_writes(sim):
    """Writes that were accepted after one with a larger token: the work of a later holder was overwritten."""
    accepted = sim.nodes["storage"].accepted
    return [w for i, w in enumerate(accepted) if any(earlier.token > w.token for earlier in accepted[:i])]


def test_a_holder_that_stood_still_overwrites_the_next_one_unless_the_storage_looks_at_the_token():
    """Always: it looked at the lease, by a clock that is right, and its write comes half a second later."""
    for seed in SEEDS:
        naive = stop_in_the_instant(account(seed, fenced=False)).run(until=2_000)
        assert [w.src for w in stale_writes(naive)] == ["ann"], f"seed {seed}"
        fenced = stop_in_the_instant(account(seed, fenced=True)).run(until=2_000)
        assert stale_writes(fenced) == [], f"seed {seed}"
        refused = [e for e in fenced.trace.where(kind="send", src="storage") if type(e.msg).__name__ == "Fenced"]
        assert [e.dest for e in refused] == ["ann"], f"seed {seed}: the write was refused, not merely late"


def turned_back(seed, fenced, clock_used):
    sim = account(seed, fenced, clock_used)

    # Whoever holds the lease first: its wall clock is set back by ten seconds while it does.
    def set_back():
        holders = [name for name in ("ann", "bob") if sim.nodes[name].lease]
        sim.jump_clock(holders[0], -10_000)

    sim.at(60, set_back)
    return sim.run(until=1_000)


def test_a_holder_whose_wall_clock_was_set_back_writes_on_unless_the_storage_looks_at_the_token():
    """Always, for each of the seeds; a holder that times its lease by the monotonic clock is not concerned."""
    for seed in SEEDS:
        assert stale_writes(turned_back(seed, fenced=False, clock_used="wall")), f"seed {seed}"
        assert not stale_writes(turned_back(seed, fenced=True, clock_used="wall")), f"seed {seed}"
        assert not stale_writes(turned_back(seed, fenced=False, clock_used="monotonic")), f"seed {seed}"


def test_when_nothing_goes_wrong_leases_alone_are_enough():
    for seed in SEEDS:
        for fenced in (False, True):
            sim = account(seed, fenced).run(until=2_000)
            assert not stale_writes(sim), f"seed {seed}"
            assert {w.src for w in sim.nodes["storage"].accepted} == {"ann", "bob"}, f"seed {seed}: one never came"
            assert not [e for e in sim.trace if type(e.msg).__name__ == "Fenced"], f"seed {seed}"


def test_messages_print_what_they_say():
    assert str(Granted("file", 100.0, 3)) == "Granted(thing='file', length_ms=100.0, token=3)"
    assert str(Denied("file")) == "Denied(thing='file')"
