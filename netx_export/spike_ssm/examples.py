"""What SPikE-SSM-style models learn from: labelled sequences, or windows of a table.

Both are the same to the training loop: batches of indices with a loss, parts with metrics, one
number that says how good an epoch is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lava_spikyspace.classification import ACCURACY, MAJORITY, Classification, majority_class
from lava_spikyspace.datasets import (
    LabelledSequences,
    Scaler,
    Split,
    Table,
)
from lava_spikyspace.datasets.windows import split_range
from lava_spikyspace.errors import DataError, UsageError
from netx_export.batches import WindowData, file_unit_weights
from netx_export.config import ModelConfig
from netx_export.head_start import LinearBaselines
from netx_export.spike_ssm.config import SpikeSsmConfig
from netx_export.spike_ssm.model import SpikeSsm

Ratios = tuple[float, float, float]

EVALUATION_BATCH = 256
"""Sequences that are evaluated at a time."""


class Examples(Protocol):
    """Data of one kind, split and normalised."""

    @property
    def split(self) -> Split:
        """Windows of the three parts."""
        ...

    @property
    def scaler(self) -> Scaler:
        """Normalisation of the inputs."""
        ...

    def start(self, model: SpikeSsm) -> None:
        """Give a new model the start that suits the data."""
        ...

    def loss(self, model: SpikeSsm, indices: Tensor) -> Tensor:
        """Return the mean loss of some windows."""
        ...

    def metrics(self, model: SpikeSsm, part: range) -> dict[str, Any]:
        """Return the metrics of a part by step, with an entry ``all``."""
        ...

    def baselines(self, part: range) -> dict[str, Any]:
        """Return the metrics of what a model is compared with."""
        ...

    def inputs(self, indices: Tensor) -> Tensor:
        """Return normalised windows (batch, window, inputs)."""
        ...

    @property
    def quality(self) -> str:
        """Name of the metric that says how good an epoch is: the larger, the better."""
        ...


def input_scaler(values: np.ndarray[Any, np.dtype[np.float64]]) -> Scaler:
    """Return a scaling of inputs to about 1: the power of two next to each channel's magnitude.

    Nothing is subtracted and no bit is lost: zero stays zero, a pulse a pulse.

    Parameters
    ----------
    values : ndarray, float64, shape (row, channel)
        Training inputs.
    """
    largest = np.abs(values).max(axis=0)
    powers = np.rint(np.log2(np.where(largest > 0, largest, 1.0)))
    return Scaler(mean=np.zeros(len(largest)), scale=np.exp2(powers))


@dataclass(eq=False)
class SequenceExamples:
    """Labelled sequences.

    Parameters
    ----------
    data : LabelledSequences
        Inputs and labels.
    split : Split
        Sequences of the three parts.
    scaler : Scaler
        Of the inputs; see `input_scaler`.
    classes : int
        Of the model.
    """

    data: LabelledSequences
    split: Split
    scaler: Scaler
    classes: int

    quality = ACCURACY

    def __post_init__(self) -> None:
        scaled = self.scaler.normalise(self.data.values)
        shape = (-1, self.data.length, self.data.variates)
        self._inputs = torch.from_numpy(scaled.reshape(shape)).float()
        self._labels = torch.from_numpy(self.data.labels.copy())

    @classmethod
    def prepare(
        cls, data: LabelledSequences, config: SpikeSsmConfig, ratios: Ratios
    ) -> SequenceExamples:
        """Split sequences in their order and scale them by the training part.

        Raises
        ------
        DataError
            They do not fit the model.
        UsageError
            The shares leave nothing to train on.
        """
        data.check_labels(config.outputs)
        split = split_range(data.count_windows(config.window), ratios)
        _check_train(data, split, ratios)
        seen = data.values[: len(split.train) * data.length]
        return cls(data, split, input_scaler(seen), config.outputs)

    def start(self, model: SpikeSsm) -> None:
        """Leave a new model as it is."""

    def inputs(self, indices: Tensor) -> Tensor:
        """Return scaled sequences (batch, step, channel)."""
        return self._inputs[indices]

    def loss(self, model: SpikeSsm, indices: Tensor) -> Tensor:
        """Return the mean cross entropy."""
        return functional.cross_entropy(model(self.inputs(indices)), self._labels[indices])

    def metrics(self, model: SpikeSsm, part: range) -> dict[str, Any]:
        """Return accuracy and mean recall."""
        model.eval()
        with torch.no_grad():
            batches = torch.split(torch.arange(part.start, part.stop), EVALUATION_BATCH)
            logits = torch.cat([model(self.inputs(indices)) for indices in batches])
        labels = self.data.labels[part.start : part.stop]
        return Classification.of(labels, logits[:, None].double().numpy()).scores()

    def baselines(self, part: range) -> dict[str, Any]:
        """Return the metrics of the most frequent class of the training part."""
        labels = self.data.labels[part.start : part.stop]
        constant = np.full_like(labels, majority_class(self.data, self.split.train) or 0)
        return {MAJORITY: Classification(labels, constant, self.classes).scores()}


@dataclass(eq=False)
class ForecastExamples:
    """Windows of a table.

    Parameters
    ----------
    windows : WindowData
        The table, split in time order and normalised by its training rows.
    linear : LinearBaselines
        What the head may start as.
    """

    windows: WindowData
    linear: LinearBaselines

    quality = "r2"

    @classmethod
    def prepare(cls, table: Table, config: SpikeSsmConfig, ratios: Ratios) -> ForecastExamples:
        """Split and normalise a table; see `WindowData.prepare`."""
        sizes = ModelConfig(
            d_model=config.inputs,
            window=config.window,
            horizon=config.outputs,
            d_inner=config.d_model,
            d_state=config.d_state,
        )
        windows = WindowData.prepare(table, sizes, ratios)
        return cls(windows, LinearBaselines.of(windows))

    @property
    def split(self) -> Split:
        """Windows of the three parts."""
        return self.windows.split

    @property
    def scaler(self) -> Scaler:
        """Z-scores of the training rows."""
        return self.windows.units

    def start(self, model: SpikeSsm) -> None:
        """Let the head start as the better of persistence and ridge on the validation windows."""
        start = self.linear.start(self.windows, "best")
        if start is not None:
            with torch.no_grad():
                model.head.linear.weight.copy_(start.weight)
                model.head.linear.bias.copy_(start.bias)

    def inputs(self, indices: Tensor) -> Tensor:
        """Return windows in z-scores (batch, window, variate)."""
        return self.windows.inputs(indices).windows

    def loss(self, model: SpikeSsm, indices: Tensor) -> Tensor:
        """Return the mean Huber loss, errors counted in units of the table."""
        weights = file_unit_weights(self.windows.units)
        forecast = self.windows.forecast(model, indices)
        return functional.huber_loss(forecast * weights, self.windows.targets(indices) * weights)

    def metrics(self, model: SpikeSsm, part: range) -> dict[str, Any]:
        """Return R2, RRSE and MAE by step in units of the table."""
        return dict(self.windows.score(model, part).summary())

    def baselines(self, part: range) -> dict[str, Any]:
        """Return the metrics of persistence and of the ridge regression."""
        ridge = self.linear.ridge_model
        return {
            "persistence": self.windows.score_persistence(part).summary(),
            "ridge": self.windows.score_values(ridge.predict, part).summary(),
        }


def prepare(table: Table, config: SpikeSsmConfig, ratios: Ratios) -> Examples:
    """Split and normalise data for a model.

    Parameters
    ----------
    table : Table
        Labelled sequences for a classifier, else a table.
    config : SpikeSsmConfig
        Settings of the model.
    ratios : tuple of float
        Shares of training, validation and test.

    Raises
    ------
    DataError
        The data do not fit the model.
    UsageError
        The shares leave nothing to train on.
    """
    if table.variates != config.inputs:
        raise DataError(
            f"{table.path}: found {table.variates} channels, expected {config.inputs} (inputs)"
        )
    if isinstance(table, LabelledSequences):
        return SequenceExamples.prepare(table, config, ratios)
    return ForecastExamples.prepare(table, config, ratios)


def sizes_of(table: Table, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a model completed by what the data say.

    Parameters
    ----------
    table : Table
        Labelled sequences: window, inputs and classes are theirs, unless more classes are asked
        for. A table: inputs are its variates, window and horizon have to be given.
    settings : mapping
        Fields of `SpikeSsmConfig`, and ``horizon``.

    Raises
    ------
    DataError, UsageError
        The settings contradict the data.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    horizon = given.pop("horizon", None)
    if isinstance(table, LabelledSequences):
        if horizon is not None:
            raise UsageError(f"{table.path}: found a horizon, but labelled sequences have none")
        window = given.get("window", table.length)
        if window == table.length:
            sizes = {"task": "classification", "window": window, "outputs": table.classes}
            return {**sizes, **given, "inputs": table.variates}
        table.count_windows(window)
    if horizon is None or "window" not in given:
        raise UsageError(
            f"{table.path}: found a table, whose forecasts need --window and --horizon"
        )
    return {**given, "task": "forecast", "inputs": table.variates, "outputs": horizon}


def _check_train(data: LabelledSequences, split: Split, ratios: Ratios) -> None:
    if not split.train:
        raise UsageError(f"{data.path}: split {ratios} leaves no sequence to train on")
