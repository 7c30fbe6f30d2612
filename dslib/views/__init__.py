"""Pictures of runs. Each view shows a picture, and says the same finding in a sentence computed from the data."""

from .explore import explore
from .player import PlayerView, play, replay, save_page
from .plots import measured, space_time
from .predict import check, predict, recap, reveal
from .static import View
from .timeline import timeline
from .topology import graph

__all__ = [
    "PlayerView", "View", "check", "explore", "graph", "measured", "play", "predict", "recap", "replay", "reveal",
    "save_page", "space_time", "timeline",
]  # fmt: skip
