"""Tiny models and data for the tests of this folder."""

from pathlib import Path

import numpy as np
import torch

from lava_spikyspace.datasets import Table
from netx_export.config import ModelConfig
from netx_export.spikyspace import SpikySpace

SIZES = {
    "d_model": 5,
    "window": 6,
    "horizon": 2,
    "layers": 2,
    "d_inner": 4,
    "d_state": 3,
    "dt_rank": 2,
}


def small_config(**changes):
    """Return settings of a tiny model."""
    return ModelConfig(**{**SIZES, **changes})


def small_model(seed=0, **changes):
    """Return a tiny model whose quantisers have started, and windows for it."""
    config = small_config(**changes)
    torch.manual_seed(seed)
    model = SpikySpace(config)
    windows = torch.randn(7, config.window, config.d_model)
    with torch.no_grad():
        model(windows)
    return model.eval(), windows


def small_table(rows=90, variates=5, seed=1):
    """Return noisy sines as a table."""
    generator = np.random.default_rng(seed)
    time = np.arange(rows)[:, None]
    waves = np.sin(time / (3.0 + np.arange(variates)) + np.arange(variates))
    values = 50.0 + 10.0 * waves + generator.normal(scale=1.0, size=(rows, variates))
    names = tuple(f"sensor{i}" for i in range(variates))
    return Table(values, names, None, Path("waves.csv"), sha256="0" * 64)
