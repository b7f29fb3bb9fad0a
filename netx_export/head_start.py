"""What a forecast head starts as: a linear forecast that needs no blocks.

The head is one linear map over the window, shared by all variates. "Repeat the last value" and the
ridge regression on the normalised window are such maps, so a model can start as either, and its
blocks learn what they cannot do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lava_spikyspace.datasets import RidgeModel, fit_ridge
from netx_export.batches import WindowData
from netx_export.config import HeadStart


class LinearForecast(nn.Module):
    """One linear map from window to horizon for all variates.

    Parameters
    ----------
    weight : Tensor
        Shape (horizon, window).
    bias : Tensor
        Shape (horizon,), in normalised units.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, x: Tensor) -> Tensor:
        """Forecast windows of shape (batch, window, variates)."""
        return functional.linear(x.transpose(1, 2), self.weight, self.bias).transpose(1, 2)


def persistence_forecast(window: int, horizon: int) -> LinearForecast:
    """Return the map that repeats the last value."""
    weight = torch.zeros(horizon, window)
    weight[:, -1] = 1.0
    return LinearForecast(weight, torch.zeros(horizon))


def ridge_forecast(ridge: RidgeModel, *, instance: bool) -> LinearForecast:
    """Return the map of a ridge regression on the normalised window.

    Parameters
    ----------
    ridge : RidgeModel
        As fitted on the table.
    instance : bool
        Whether the map is to act on windows normalised each by itself, as the regression does.
        Windows normalised in a fixed way need their mean carried through: the constant's weight,
        which counts in deviations of the window, is left out then.
    """
    weight = torch.from_numpy(ridge.weights.T.copy()).float()
    if instance:
        return LinearForecast(weight, torch.from_numpy(np.asarray(ridge.bias)).float())
    carried = (1.0 - weight.sum(dim=1, keepdim=True)) / weight.shape[1]
    return LinearForecast(weight + carried, torch.zeros(len(weight)))


@dataclass(frozen=True, eq=False)
class LinearBaselines:
    """The two linear forecasts of a table.

    Parameters
    ----------
    ridge_model : RidgeModel
        The regression, in units of the data.
    persistence, ridge : LinearForecast
        As maps for the model's normalisation.
    """

    ridge_model: RidgeModel
    persistence: LinearForecast
    ridge: LinearForecast

    @classmethod
    def of(cls, data: WindowData) -> LinearBaselines:
        """Fit the regression on the training windows of a table."""
        config = data.config
        ridge = fit_ridge(data.table.values, config.window, config.horizon, data.split)
        return cls(
            ridge_model=ridge,
            persistence=persistence_forecast(config.window, config.horizon),
            ridge=ridge_forecast(ridge, instance=config.normalisation == "instance"),
        )

    def start(self, data: WindowData, kind: HeadStart) -> LinearForecast | None:
        """Return what the head starts as; None for `random`.

        Parameters
        ----------
        data : WindowData
            Its validation windows decide where `kind` is ``best``.
        kind : {"best", "ridge", "persistence", "random"}
            See `TrainConfig.head_start`.
        """
        if kind == "random":
            return None
        if kind == "best":
            scores = {
                name: data.score(getattr(self, name), data.split.valid).r2()
                for name in ("ridge", "persistence")
            }
            kind = "ridge" if scores["ridge"] > scores["persistence"] else "persistence"
        return self.ridge if kind == "ridge" else self.persistence
