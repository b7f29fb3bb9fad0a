"""Windows of a table as tensors, cut out batch by batch, and forecasts scored in its units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lava_spikyspace.datasets import (
    ForecastMoments,
    InstanceScaler,
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

SCAN_ELEMENTS = 1 << 24
"""Elements of a (windows, length, channels, states) tensor that evaluation computes at a time."""

MAX_EVALUATION_WINDOWS = 512


@dataclass(frozen=True, eq=False)
class Inputs:
    """Normalised windows of a batch, and what undoes it.

    Parameters
    ----------
    windows : Tensor
        What a model reads, shape (batch, window, variates).
    mean, scale : Tensor or None
        Normalisation of each window relative to z-scores, shape (batch, 1, variates); None where
        windows are z-scores already.
    """

    windows: Tensor
    mean: Tensor | None
    scale: Tensor | None

    def in_z_scores(self, forecast: Tensor) -> Tensor:
        """Return a model's forecast (batch, horizon, variates) in z-scores."""
        if self.mean is None or self.scale is None:
            return forecast
        return forecast * self.scale + self.mean


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
    scaler : Scaler or InstanceScaler
        The model's normalisation; fitted on the training rows.
    units : Scaler
        Z-scores of the training rows, in which losses are counted.
    rows : Tensor
        Rows in z-scores, float32, shape (rows, variates).
    """

    table: Table
    config: ModelConfig
    split: Split
    scaler: Scaler | InstanceScaler
    units: Scaler
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
        units = Scaler.fit(table.values[:seen_rows])
        rows = torch.from_numpy(units.normalise(table.values)).float()
        instance = config.normalisation == "instance"
        scaler = InstanceScaler.fit(table.values[:seen_rows]) if instance else units
        return cls(table, config, split, scaler, units, rows)

    def inputs(self, indices: Tensor) -> Inputs:
        """Return the normalised windows of window indices (int64)."""
        return self.normalised(self.windows(indices))

    def windows(self, indices: Tensor) -> Tensor:
        """Return windows in z-scores (batch, window, variates) of window indices (int64)."""
        return self.rows[indices.unsqueeze(1) + torch.arange(self.config.window)]

    def normalised(self, windows: Tensor) -> Inputs:
        """Return what a model reads of windows in z-scores (batch, window, variates)."""
        if not isinstance(self.scaler, InstanceScaler):
            return Inputs(windows, None, None)
        floor = torch.from_numpy(self.scaler.eps / np.square(self.units.scale)).float()
        mean = windows.mean(dim=1, keepdim=True)
        centred = windows - mean
        scale = torch.sqrt(centred.square().mean(dim=1, keepdim=True) + floor)
        return Inputs(centred / scale, mean, scale)

    def targets(self, indices: Tensor) -> Tensor:
        """Return targets in z-scores (batch, horizon, variates) of window indices (int64)."""
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
        yield from torch.split(torch.arange(part.start, part.stop, part.step), size)

    def score(self, model: nn.Module, part: range) -> ForecastMoments:
        """Run a model over a part and score its forecasts in units of the data.

        Parameters
        ----------
        model : nn.Module
            Maps (batch, window, variates) to (batch, horizon, variates), normalised. Put into
            evaluation mode. With `published` zero-points the result depends on the batches, as it
            does in the published code.
        part : range
            Window indices.
        """
        model.eval()
        with torch.no_grad():
            return _total(
                self._moments(indices, self.forecast(model, indices))
                for indices in self.evaluation_batches(part)
            )

    def forecast(self, model: nn.Module, indices: Tensor) -> Tensor:
        """Return a model's forecasts in z-scores (batch, horizon, variates)."""
        inputs = self.inputs(indices)
        return inputs.in_z_scores(model(inputs.windows))

    def _moments(self, indices: Tensor, forecast: Tensor) -> ForecastMoments:
        target = target_windows(
            self.table.values, self.config.window, self.config.horizon, indices.numpy()
        )
        return ForecastMoments.of(target, self.units.denormalise(forecast.double().numpy()))

    def score_persistence(self, part: range) -> ForecastMoments:
        """Score "repeat the last value" on a part."""
        return self.score_values(lambda inputs: persistence(inputs, self.config.horizon), part)

    def score_values(
        self, forecast: Callable[[NDArray[Any]], NDArray[Any]], part: range
    ) -> ForecastMoments:
        """Score a function of windows (batch, window, variates), both in units of the data."""
        values, window, horizon = self.table.values, self.config.window, self.config.horizon
        return _total(
            ForecastMoments.of(
                target_windows(values, window, horizon, indices.numpy()),
                forecast(input_windows(values, window, indices.numpy())),
            )
            for indices in self.evaluation_batches(part)
        )


def spread_windows(windows: range, count: int | None) -> range:
    """Return at most `count` of some windows, evenly spread; all of them for None."""
    return windows if count is None else windows[:: -(-len(windows) // count)]


def _total(parts: Iterator[ForecastMoments]) -> ForecastMoments:
    total = next(parts)
    for part in parts:
        total = total + part
    return total


def file_unit_weights(scaler: Scaler) -> Tensor:
    """Return factors that turn normalised errors into file units, with mean 1 over the variates."""
    weights = scaler.scale / np.mean(scaler.scale)
    return torch.from_numpy(weights).float()
