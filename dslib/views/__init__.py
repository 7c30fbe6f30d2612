"""Pictures of runs. Each view shows a picture, and says the same finding in a sentence computed from the data."""

from .player import PlayerView, play, replay, save_page

__all__ = ["PlayerView", "play", "replay", "save_page"]
