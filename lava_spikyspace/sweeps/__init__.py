"""A grid of settings, one evaluation each."""

from __future__ import annotations

from lava_spikyspace.sweeps.grid import Grid, parse_grid
from lava_spikyspace.sweeps.sweeping import Sweep, sweep

__all__ = ["Grid", "Sweep", "parse_grid", "sweep"]
