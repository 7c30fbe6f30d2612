"""The five properties that Raft guarantees at all times, as things to watch after every event.

Ongaro and Ousterhout 2014, "In Search of an Understandable Consensus Algorithm (Extended Version)", figure 3. A log is
a tuple, so one that is still the same object has not changed: most looks cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..simulation import Simulation

if TYPE_CHECKING:
    from .raft import Entry, Raft


class Figure3:
    """Watches the servers of one cluster: ``Figure3(servers).declare(sim)`` before the run.

    A property speaks about all that ever happened, so each remembers what it has seen. A server that is down is seen
    again when it is back.
    """

    def __init__(self, servers: Iterable[Raft]) -> None:
        self.servers = tuple(servers)
        if not self.servers:
            raise ValueError("no servers to watch: write Figure3(servers), with the Raft nodes of one simulation")
        self.leader_of: dict[int, str] = {}
        self.led: dict[str, tuple[int, tuple[Entry, ...]]] = {}
        self.logs: dict[str, tuple[Entry, ...]] = {}
        self.committed: list[tuple[Entry, int]] = []  # by index: what, and in which term it was committed
        self.commits: dict[str, int] = {}
        self.complete: dict[str, tuple[int, int]] = {}
        self.applied: list[Entry] = []
        self.applications: dict[str, int] = {}

    def declare(self, sim: Simulation) -> None:
        """Check all five after every event of ``sim``; each is reported under its own name."""
        for prop in (
            self.election_safety,
            self.leader_append_only,
            self.log_matching,
            self.leader_completeness,
            self.state_machine_safety,
        ):
            sim.always(prop)

    def running(self) -> list[Raft]:
        """The servers that have a state; a crash takes it away."""
        return [server for server in self.servers if "entries" in server.__dict__]

    def leaders(self) -> list[Raft]:
        """The servers that believe that they lead."""
        return [server for server in self.running() if server.state == "leader"]

    def election_safety(self, sim: Simulation) -> bool:
        """At most one leader can be elected in a given term (section 5.2)."""
        return all(
            self.leader_of.setdefault(leader.current_term, leader.name) == leader.name for leader in self.leaders()
        )

    def leader_append_only(self, sim: Simulation) -> bool:
        """A leader never overwrites or deletes entries in its log; it only appends new ones (section 5.3)."""
        for leader in self.leaders():
            term, before = self.led.get(leader.name, (0, ()))
            if before is not leader.entries:
                self.led[leader.name] = leader.current_term, leader.entries
                if term == leader.current_term and leader.entries[: len(before)] != before:
                    return False
        return True

    def log_matching(self, sim: Simulation) -> bool:
        """If two logs hold an entry with the same index and term, they are identical up to that one (section 5.3)."""
        running = self.running()
        for server in running:
            mine = server.entries
            if self.logs.get(server.name) is not mine:
                self.logs[server.name] = mine
                if not all(_match(mine, other.entries) for other in running):
                    return False
        return True

    def leader_completeness(self, sim: Simulation) -> bool:
        """What was committed in a term is in the logs of the leaders of all later terms (section 5.4)."""
        for server in self.running():
            if server.commit_index >= len(self.committed):
                new = server.entries[len(self.committed) : server.commit_index + 1]
                self.committed += [(entry, server.current_term) for entry in new]
        for leader in self.leaders():
            looked = leader.current_term, len(self.committed)
            if self.complete.get(leader.name) != looked:
                self.complete[leader.name] = looked
                for index, (entry, term) in enumerate(self.committed):
                    if term < leader.current_term and leader.entries[index : index + 1] != (entry,):
                        return False
        return True

    def state_machine_safety(self, sim: Simulation) -> bool:
        """No two servers ever apply different entries at the same index (section 5.4.3)."""
        for server in self.running():
            seen, last = self.applications.get(server.name, 0), server.last_applied
            if seen != last:
                self.applications[server.name] = last
                start = min(seen, last) if seen < last else 0  # after a restart it applies all of them again
                for index in range(start, last + 1):
                    if index == len(self.applied):
                        self.applied.append(server.entries[index])
                    elif self.applied[index] != server.entries[index]:
                        return False
        return True


def _match(one: tuple[Entry, ...], other: tuple[Entry, ...]) -> bool:
    """Whether two logs are identical up to the last index at which their terms are equal."""
    for index in range(min(len(one), len(other)) - 1, 0, -1):
        if one[index].term == other[index].term:
            return one[: index + 1] == other[: index + 1]
    return True
