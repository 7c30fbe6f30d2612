"""Workload A on happysim's network: a thousand messages in flight among forty nodes, all pairs linked.

happysim needs Python 3.13 or newer, so this file is also run on its own, by an interpreter that has happysim; dslib and
happysim are then compared inside that one process: ``python -m bench.happysim ROUNDS REPETITIONS`` prints the ratios as
JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

from .messages import DELAY, LOSS, Relay, dslib
from .paired import Size, Turn, cost, ratios
from .table import Row

NODES = 40
MESSAGES = 25  # put on their way by each node
ROOT = Path(__file__).resolve().parent.parent

#: Where to look for an interpreter that has happysim, besides the one that runs.
VARIABLE = "HAPPYSIM_PYTHON"


def happysim(size: Size) -> Turn:
    import happysimulator as hs
    from happysimulator.components.network import Network, NetworkLink
    from happysimulator.distributions.latency_distribution import LatencyDistribution

    random = Random(1).random

    class Uniform(LatencyDistribution):  # type: ignore[misc]
        """5 to 15 ms, like dslib's; there is none among happysim's own."""

        def get_latency(self, current_time: Any) -> Any:
            return hs.Duration.from_seconds(0.005 + 0.010 * random())

    class Server(hs.Entity):  # type: ignore[misc]
        peers: list[Any]

        def handle_event(self, event: Any) -> Any:
            payload = {"seq": event.context["metadata"]["seq"]}
            return network.send(self, self.peers[int(len(self.peers) * random())], "ping", payload)

    network = Network(name="network")
    servers = [Server(f"n{i}") for i in range(size.nodes)]
    for server in servers:
        server.peers = [peer for peer in servers if peer is not server]
        for peer in server.peers:
            link = NetworkLink(f"{server.name}-{peer.name}", Uniform(0.010), packet_loss_rate=LOSS)
            network.add_link(server, peer, link)
    sim = hs.Simulation(end_time=hs.Instant.from_seconds(1e6), entities=[network, *servers])
    for seq in range(MESSAGES):
        sim.schedule([network.send(server, server.peers[0], "ping", {"seq": seq}) for server in servers])
    now = 0.0

    def turn(deliveries: int) -> int:
        nonlocal now
        now += DELAY * deliveries / (size.nodes * MESSAGES)
        sim._run_window(hs.Instant.from_seconds(now / 1000))  # the loop of run(), up to a time
        return deliveries

    turn(30 * size.nodes * MESSAGES)
    return turn


def measure(rounds: int, repetitions: int) -> list[float]:
    """What happysim costs, over what dslib costs; one number for each repetition."""
    size = Size(NODES, 2_000, rounds, repetitions)
    costs = []
    for _ in range(repetitions):
        ours = dslib(Relay, size, each=NODES - 1, messages=MESSAGES, loss=LOSS)
        designs = {"dslib": ours, "happysim": happysim(size)}
        costs.append(cost(designs, size.units, size.rounds))
    return ratios(costs, "happysim", "dslib")


def rows(size: Size, python: str | None, progress: Any) -> list[Row]:
    """The last of goal 2, by the interpreter ``python``, by the one that runs, or not at all."""
    progress("A, messages: happysim")
    python = python or os.environ.get(VARIABLE) or sys.executable
    command = [python, "-m", "bench.happysim", str(max(size.rounds // 4, 1)), str(size.repetitions)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    why, measured = "", []
    if done.returncode == 0:
        measured = json.loads(done.stdout)
    elif "No module named 'happysimulator'" in done.stderr:
        why = (
            "this Python has no happysim. It needs 3.13 of its own: see bench/README.md, then --happysim-python or "
            f"{VARIABLE}"
        )
    else:
        why = f"{' '.join(command)} failed: {done.stderr.strip().splitlines()[-1:]}"
    return [
        Row(2, f"A, happysim's network / dslib, {NODES} nodes, all pairs linked", (">=", 30.0), measured, not_run=why)
    ]


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
