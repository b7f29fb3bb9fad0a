"""Optimizer, schedule and loss of a training run."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from netx_export.config import TrainConfig
from netx_export.quantizers import LearnedStepQuantizer


def make_optimizer(model: nn.Module, settings: TrainConfig) -> AdamW:
    """Return AdamW with weight decay on weight matrices only.

    Norm gains, biases, A, D, steps and zero-points are not drawn towards zero: for them it is no
    neutral value. Steps and zero-points have a rate of their own.

    Parameters
    ----------
    model : nn.Module
        The model.
    settings : TrainConfig
        Rates and decay.
    """
    quantizers = [module for module in model.modules() if isinstance(module, LearnedStepQuantizer)]
    of_quantizers = [parameter for module in quantizers for parameter in module.parameters()]
    taken = {id(parameter) for parameter in of_quantizers}
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if id(parameter) not in taken:
            decays = name.endswith(".weight") and parameter.dim() > 1
            (matrices if decays else others).append(parameter)
    rate = settings.learning_rate
    return AdamW(
        [
            {"params": matrices, "lr": rate, "weight_decay": settings.weight_decay},
            {"params": others, "lr": rate, "weight_decay": 0.0},
            {"params": of_quantizers, "lr": rate * settings.step_rate_factor, "weight_decay": 0.0},
        ]
    )


def make_schedule(optimizer: AdamW, settings: TrainConfig, updates: int) -> LRScheduler:
    """Return the course of the learning rates.

    Parameters
    ----------
    optimizer : AdamW
        Its rates are the peaks.
    settings : TrainConfig
        Kind and warm-up.
    updates : int
        Updates of the whole run.
    """
    if settings.schedule == "constant":
        return ConstantLR(optimizer, factor=1.0)
    peaks = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, max_lr=peaks, total_steps=updates, pct_start=settings.warmup)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
}
"""By the names of `TrainConfig.loss`."""


class ForecastLoss:
    """Loss between forecast and target, both normalised.

    Parameters
    ----------
    settings : TrainConfig
        Kind and units.
    file_units : Tensor
        Factor per variate that turns normalised errors into those of the data; mean 1.
    """

    def __init__(self, settings: TrainConfig, file_units: Tensor) -> None:
        in_file_units = settings.loss_units == "file"
        self._weights = file_units if in_file_units else torch.ones_like(file_units)
        self._function = LOSSES[settings.loss]

    def __call__(self, forecast: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss over (batch, horizon, variates)."""
        return self._function(forecast * self._weights, target * self._weights)
