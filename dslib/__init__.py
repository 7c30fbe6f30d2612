"""dslib: distributed systems small enough to read, made to be broken.

Read the files in this order: node, network, simulation, clocks, trace, history, clients, faults, specs, checkers, testing.
"""

from .clocks import Clock, LamportClock, VectorClock, happened_before
from .faults import Fault
from .network import Exponential, Network
from .node import Message, Node
from .simulation import PropertyBroken, Simulation
from .trace import Event, Trace

__all__ = [
    "Clock", "Event", "Exponential", "Fault", "LamportClock", "Message", "Network", "Node", "PropertyBroken",
    "Simulation", "Trace", "VectorClock", "happened_before",
]  # fmt: skip
