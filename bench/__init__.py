"""How fast the simulator is, as ratios: ``python -m bench``. See README.md."""
