"""Pictures of runs. Each view shows a picture, and says the same finding in a sentence computed from the data."""

from .compare import Comparison, compare
from .explore import explore
from .gains import cost_and_gain
from .levels import budget_burn_down, burn_alerts, goodput_and_queue, latency_distribution, service_levels
from .maps import region_map
from .player import PlayerView, play, replay, save_page
from .plots import measured, space_time
from .predict import predict, recap, reveal
from .risks import risk_matrix
from .selfcheck import check
from .spending import spend_budget
from .static import View
from .swept import sweep_results
from .timeline import timeline
from .topology import graph
from .tradeoff import detector_tradeoff
from .traitor import betray, who_said_what

__all__ = [
    "Comparison", "PlayerView", "View", "betray", "budget_burn_down", "burn_alerts", "check", "compare",
    "cost_and_gain", "detector_tradeoff", "explore", "goodput_and_queue", "graph", "latency_distribution", "measured",
    "play", "predict", "recap", "region_map", "replay", "reveal", "risk_matrix", "save_page", "service_levels",
    "space_time", "spend_budget", "sweep_results", "timeline", "who_said_what",
]  # fmt: skip
