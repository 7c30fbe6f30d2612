"""dslib: distributed systems small enough to read, made to be broken.

Read the files in this order: node, links, network, simulation, clocks, disk, trace, history, clients, faults, specs,
checkers, metrics, testing. Then, as you need them: slo, nine short files about service levels; services, resilience and
operations, which the cards in failures break; routes and places; nemesis, leases, lies, signatures, buckets; protocols
and trials, which hunt, story and schedules put to the test; sequential, consistency and consensus_checks; scenarios,
sweeps, maelstrom, views.
"""

from .checkers import check_linearizable
from .clients import Client, LoadClient, Refusal, Reply, Request, Retry, ScriptClient, ServiceClient
from .clocks import Clock, LamportClock, VectorClock, happened_before
from .consensus_checks import check_agreement, check_bank, check_consensus, record_decisions
from .consistency import (
    check_causal,
    check_monotonic_reads,
    check_monotonic_writes,
    check_read_your_writes,
    check_sequential,
    check_writes_follow_reads,
)
from .faults import Fault
from .history import History, Operation
from .metrics import good_share, latencies, what_users_saw
from .network import Exponential, Network
from .node import Message, Node
from .places import Place, Places
from .services import Balancer, Server
from .simulation import PropertyBroken, Simulation
from .specs import CasRegister, KeyValue, Mutex, Register
from .trace import Event, Trace

__all__ = [
    "Balancer", "CasRegister", "Client", "Clock", "Event", "Exponential", "Fault", "History", "KeyValue",
    "LamportClock", "LoadClient", "Message", "Mutex", "Network", "Node", "Operation", "Place", "Places",
    "PropertyBroken", "Refusal", "Register", "Reply", "Request", "Retry", "ScriptClient", "Server", "ServiceClient",
    "Simulation", "Trace", "VectorClock", "check_agreement", "check_bank", "check_causal", "check_consensus",
    "check_linearizable", "check_monotonic_reads", "check_monotonic_writes", "check_read_your_writes",
    "check_sequential", "check_writes_follow_reads", "good_share", "happened_before", "latencies", "record_decisions",
    "what_users_saw",
]  # fmt: skip
