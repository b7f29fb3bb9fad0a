"""Training of a comparison model: the same windows, losses and choice of the best epoch."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW

from lava_spikyspace.errors import UsageError
from netx_export.batches import WindowData, file_unit_weights, spread_windows
from netx_export.config import TrainConfig
from netx_export.lessons import Lessons
from netx_export.optimisation import ForecastLoss, make_schedule
from netx_export.resuming import epoch_seed, reproducible


@dataclass(frozen=True, eq=False)
class FittedBaseline:
    """A trained comparison model.

    Parameters
    ----------
    network : nn.Module
        With the parameters of the best epoch, in evaluation mode.
    valid_r2 : float
        Of that epoch.
    best_epoch : int
        Counted from 0.
    test : mapping
        Metrics on the test windows, as `forecast_metrics` gives them.
    """

    network: nn.Module
    valid_r2: float
    best_epoch: int
    test: dict[str, Any]


def fit_baseline(
    make: type[nn.Module], width: int, data: WindowData, settings: TrainConfig
) -> FittedBaseline:
    """Train a network as `netx_export.training.fit` trains SpikySpace.

    Parameters
    ----------
    make : type of nn.Module
        One of `netx_export.baselines.networks`.
    width : int
        Its size.
    data : WindowData
        Split and normalised.
    settings : TrainConfig
        Epochs, batches, rates, loss, mixed windows and seed; what speaks of codes, of heads or of a
        model to start from does not apply.

    Raises
    ------
    UsageError
        Training diverges.
    """
    config = data.config
    with reproducible():
        torch.manual_seed(settings.seed)
        network = make(config.d_model, config.window, config.horizon, width)
        optimizer = AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        windows = min(len(data.split.train), settings.epoch_windows or len(data.split.train))
        per_epoch = math.ceil(windows / settings.batch_size)
        schedule = make_schedule(optimizer, settings, per_epoch * settings.epochs)
        loss_of = ForecastLoss(settings, file_unit_weights(data.units))
        lessons = Lessons(data, settings.mixed_windows)
        valid = spread_windows(data.split.valid, settings.valid_windows)
        best, best_r2, best_epoch = copy.deepcopy(network), -math.inf, 0
        for epoch in range(settings.epochs):
            seed = epoch_seed(settings.seed, epoch)
            torch.manual_seed(seed)
            network.train()
            for indices in islice(data.training_batches(settings.batch_size, seed), per_epoch):
                inputs, targets = lessons.of(indices)
                loss = loss_of(inputs.in_z_scores(network(inputs.windows)), targets)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
                optimizer.step()
                schedule.step()
            valid_r2 = data.score(network, valid).r2()
            if not math.isfinite(valid_r2):
                raise UsageError(f"training diverged in epoch {epoch + 1}")
            if valid_r2 > best_r2:
                best, best_r2, best_epoch = copy.deepcopy(network), valid_r2, epoch
            if settings.patience is not None and epoch >= best_epoch + settings.patience:
                break
        best.eval()
        reset = getattr(best, "reset_counts", None)
        if reset is not None:
            reset()
        test = data.score(best, data.split.test).summary()
    return FittedBaseline(best, best_r2, best_epoch, test)
