"""A small model that looks trained, and a table for it: for tests of export and compare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from lava_spikyspace.datasets import Scaler, Table
from netx_export.checkpoint import Provenance, TrainedModel
from netx_export.config import ModelConfig
from netx_export.spikyspace import SpikySpace

CONFIG = ModelConfig(
    d_model=5, window=6, horizon=2, layers=2, d_inner=6, d_state=3, dt_rank=2, weights="int8"
)


def make_table(rows: int = 160) -> Table:
    rng = np.random.default_rng(0)
    values = 40 + np.cumsum(rng.normal(size=(rows, 5)), axis=0)
    names = tuple("abcde")
    return Table(values=values, names=names, timestamps=None, path=Path("t.csv"), sha256="0" * 64)


def make_model(
    table: Table, zero_point: str = "none", seed: int = 0, **changes: object
) -> TrainedModel:
    torch.manual_seed(seed)
    config = CONFIG.model_copy(update={"zero_point": zero_point, **changes})
    model = SpikySpace(config)
    scaler = Scaler.fit(table.values[:100])
    inputs = scaler.normalise(table.values)[:60].reshape(10, 6, 5).astype(np.float32)
    with torch.no_grad():
        model(torch.from_numpy(inputs))
    return TrainedModel(model, config, scaler, table.names, Provenance(layout="own"))
