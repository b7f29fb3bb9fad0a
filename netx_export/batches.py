"""Windows of a table as tensors, cut out batch by batch, and forecasts scored in its units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lava_spikyspace.datasets import (
    ForecastMoments,
    Scaler,
    Split,
    Table,
    input_windows,
    persistence,
    split_windows,
    target_windows,
)
from lava_spikyspace.errors import DataError, UsageError
from netx_export.config import ModelConfig
from netx_export.spikyspace import SpikySpace

SCAN_ELEMENTS = 1 << 24
"""Elements of a (windows, length, channels, states) tensor that evaluation computes at a time."""

MAX_EVALUATION_WINDOWS = 512


@dataclass(frozen=True, eq=False)
class WindowData:
    """A table, split and normalised for a model.

    Parameters
    ----------
    table : Table
        The data.
    config : ModelConfig
        Gives window and horizon.
    split : Split
        Window indices of the three parts.
    scaler : Scaler
        Fitted on the training rows.
    rows : Tensor
        Normalised rows, float32, shape (rows, variates).
    """

    table: Table
    config: ModelConfig
    split: Split
    scaler: Scaler
    rows: Tensor

    @classmethod
    def prepare(
        cls, table: Table, config: ModelConfig, ratios: tuple[float, float, float]
    ) -> WindowData:
        """Split a table in time order and normalise it by its training rows.

        Parameters
        ----------
        table : Table
            The data.
        config : ModelConfig
            Gives variates, window and horizon.
        ratios : tuple of float
            Shares of train, validation and test windows.

        Raises
        ------
        DataError
            The variates do not match, or the table is too short.
        UsageError
            The ratios leave no training or no validation window.
        """
        if table.variates != config.d_model:
            raise DataError(
                f"{table.path}: found {table.variates} variates, "
                f"expected {config.d_model} (d_model)"
            )
        split = split_windows(table.rows, config.window, config.horizon, ratios)
        for name, part in (("training", split.train), ("validation", split.valid)):
            if not part:
                raise UsageError(
                    f"{table.path}: split {ratios} of its windows leaves no {name} window"
                )
        seen_rows = len(split.train) - 1 + config.window + config.horizon
        scaler = Scaler.fit(table.values[:seen_rows])
        rows = torch.from_numpy(scaler.normalise(table.values)).float()
        return cls(table, config, split, scaler, rows)

    def inputs(self, indices: Tensor) -> Tensor:
        """Return normalised windows (batch, window, variates) of window indices (int64)."""
        return self.rows[indices.unsqueeze(1) + torch.arange(self.config.window)]

    def targets(self, indices: Tensor) -> Tensor:
        """Return normalised targets (batch, horizon, variates) of window indices (int64)."""
        steps = self.config.window + torch.arange(self.config.horizon)
        return self.rows[indices.unsqueeze(1) + steps]

    def training_batches(self, size: int, seed: int) -> Iterator[Tensor]:
        """Yield the training windows' indices in random order, `size` at a time."""
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self.split.train), generator=generator)
        yield from torch.split(order + self.split.train.start, size)

    def evaluation_batches(self, part: range) -> Iterator[Tensor]:
        """Yield a part's indices in order, as many at a time as memory allows."""
        config = self.config
        per_window = config.window * config.inner_channels * config.d_state
        size = max(1, min(SCAN_ELEMENTS // per_window, MAX_EVALUATION_WINDOWS))
        yield from torch.split(torch.arange(part.start, part.stop), size)

    def score(self, model: SpikySpace, part: range) -> ForecastMoments:
        """Run a model over a part and score its forecasts in units of the data.

        Parameters
        ----------
        model : SpikySpace
            Put into evaluation mode. With `published` zero-points the result depends on the
            batches, as it does in the published code.
        part : range
            Window indices.
        """
        model.eval()
        with torch.no_grad():
            return _total(
                self._moments(indices, model(self.inputs(indices)))
                for indices in self.evaluation_batches(part)
            )

    def _moments(self, indices: Tensor, forecast: Tensor) -> ForecastMoments:
        target = target_windows(
            self.table.values, self.config.window, self.config.horizon, indices.numpy()
        )
        return ForecastMoments.of(target, self.scaler.denormalise(forecast.double().numpy()))

    def score_persistence(self, part: range) -> ForecastMoments:
        """Score "repeat the last value" on a part."""
        values, window, horizon = self.table.values, self.config.window, self.config.horizon
        forecast = persistence(input_windows(values, window, part), horizon)
        return ForecastMoments.of(target_windows(values, window, horizon, part), forecast)


def _total(parts: Iterator[ForecastMoments]) -> ForecastMoments:
    total = next(parts)
    for part in parts:
        total = total + part
    return total


def file_unit_weights(scaler: Scaler) -> Tensor:
    """Return factors that turn normalised errors into file units, with mean 1 over the variates."""
    weights = scaler.scale / np.mean(scaler.scale)
    return torch.from_numpy(weights).float()
