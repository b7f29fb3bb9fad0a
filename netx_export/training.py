"""Quantisation-aware training: the loop around the model.

`fit` is deterministic: the same table and settings give the same checkpoint, on any number of
threads, and whether the run was interrupted and resumed or not. Every epoch draws its random
numbers from a seed of its own, so that no generator has to be saved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LRScheduler

from lava_spikyspace.datasets import Table
from lava_spikyspace.errors import DataError, UsageError
from netx_export.activity import FiringPenalty, count_codes
from netx_export.batches import WindowData, file_unit_weights, spread_windows
from netx_export.checkpoint import (
    Provenance,
    TrainedModel,
    TrainingState,
    load_training_state,
    save_checkpoint,
)
from netx_export.config import HeadStart, ModelConfig, TrainConfig
from netx_export.head_start import LinearBaselines
from netx_export.lessons import Lessons
from netx_export.optimisation import ForecastLoss, make_optimizer, make_schedule
from netx_export.resuming import (
    check_same_run,
    check_target,
    epoch_seed,
    reproducible,
    restore,
    run_facts,
    training_state,
)
from netx_export.spikyspace import SpikySpace

QUANTIZER_ENTRY = re.compile(r"\.(clip_|channel_steps$)")
"""In the names of a state dict's entries that belong to quantisers."""

DIAGNOSTIC_WINDOWS = 512
"""Validation windows on which an epoch's codes are looked at."""

Ratios = tuple[float, float, float]


@dataclass(frozen=True)
class EpochReport:
    """What one epoch brought.

    Parameters
    ----------
    epoch : int
        Counted from 0.
    loss : float
        Mean training loss, firing penalty included.
    valid_r2 : float
        R2 of the validation windows, in units of the data.
    firing_rate : float
        Unweighted mean over all spiking quantisers.
    firing_rates, entropies : dict
        The same per quantiser, by record name; entropy of the codes in bits.
    constant_scan_outputs : dict
        Share of channels whose scan output never changes, by record name of the scan.
    scan_contribution : float
        What the validation R2 loses without the recurrence of the scans.

    Notes
    -----
    Everything but loss and `valid_r2` is measured on `DIAGNOSTIC_WINDOWS` of the validation
    windows, evenly spread.
    """

    epoch: int
    loss: float
    valid_r2: float
    firing_rate: float
    firing_rates: dict[str, float]
    entropies: dict[str, float]
    constant_scan_outputs: dict[str, float]
    scan_contribution: float


def fit(
    table: Table,
    model_config: ModelConfig,
    train_config: TrainConfig,
    *,
    split: Ratios,
    initial: TrainedModel | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[EpochReport], None] | None = None,
) -> TrainedModel:
    """Train a model and score it on the test windows.

    Parameters
    ----------
    table : Table
        The data; split in time order, normalised by its training rows.
    model_config : ModelConfig
        Settings of the model.
    train_config : TrainConfig
        Settings of the training.
    split : tuple of float
        Shares of train, validation and test windows.
    initial : TrainedModel, optional
        Model of the same sizes whose parameters to start from, such as a float one that is to get
        codes. Quantisers start from data unless it has the same ones; `head_start` does not apply.
    checkpoint : Path, optional
        File that always holds the best epoch so far; written after every epoch.
    resume : bool
        Continue the training that `checkpoint` holds; a finished one is returned as it is.
    force : bool
        Replace `checkpoint` if it exists.
    progress : callable, optional
        Called after every update with (updates done, updates in all).
    on_epoch : callable, optional
        Called with the `EpochReport` after every epoch, when its checkpoint is written.

    Returns
    -------
    TrainedModel
        The epoch with the best validation R2, or the last one if the settings keep that; its
        provenance has the metrics and the history.

    Raises
    ------
    DataError
        The table does not fit the model, or its validation part is constant.
    UsageError
        The checkpoint exists, the split leaves a part empty, the model to start from is of other
        sizes or missing where its forecasts are the targets, or training diverges.
    CheckpointError
        The checkpoint to resume is of another run.
    """
    check_target(checkpoint, resume=resume, force=force)
    data = WindowData.prepare(table, model_config, split)
    if math.isnan(data.score_persistence(data.split.valid).r2()):
        raise DataError(
            f"{table.path}: the targets of the validation windows never change, so that no epoch "
            "is better than another",
            hint="give the validation part a larger share",
        )
    with reproducible():
        run = _Run(data, train_config, split, initial, checkpoint, progress)
        if resume and run.continue_from_checkpoint():
            return run.best
        for report in run.epochs():
            if on_epoch is not None:
                on_epoch(report)
        return run.finish()


class _Run:
    """One training run: the model, what trains it, and the best epoch so far."""

    def __init__(
        self,
        data: WindowData,
        settings: TrainConfig,
        split: Ratios,
        initial: TrainedModel | None,
        checkpoint: Path | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.data, self.settings, self.checkpoint = data, settings, checkpoint
        self.progress = progress
        self.provenance = Provenance(
            layout="own",
            training=settings,
            data_name=data.table.path.name,
            data_sha256=data.table.sha256,
            split=split,
            initial_sha256=None if initial is None else initial.provenance.sha256,
        )
        self.baselines = LinearBaselines.of(data)
        self.model = _new_model(data, settings, self.baselines, initial)
        self.optimizer: AdamW = make_optimizer(self.model, settings)
        epoch = min(len(data.split.train), settings.epoch_windows or len(data.split.train))
        self.updates_per_epoch = math.ceil(epoch / settings.batch_size)
        self.updates = settings.epochs * self.updates_per_epoch
        self.schedule: LRScheduler = make_schedule(self.optimizer, settings, self.updates)
        self.lessons = Lessons(data, settings.mixed_windows, _teacher(settings, initial))
        self.loss = ForecastLoss(settings, file_unit_weights(data.units))
        self.penalty = FiringPenalty(self.model, settings.firing_target)
        self.done = 0
        self.best_r2 = -math.inf
        self.best = self._trained(_copy_of(self.model))

    def continue_from_checkpoint(self) -> bool:
        """Take up the run that the checkpoint holds; return whether it has ended already."""
        if self.checkpoint is None or not self.checkpoint.exists():
            raise UsageError(f"{self.checkpoint}: no such checkpoint to resume")
        saved, state = load_training_state(self.checkpoint)
        here = run_facts(self.data.config, self.provenance)
        check_same_run(self.checkpoint, here, run_facts(saved.config, saved.provenance))
        self.best = saved
        self.provenance = saved.provenance
        if state is None:
            return True
        restore(self.checkpoint, state, self.model, self.optimizer, self.schedule)
        self.done, self.best_r2 = state.epoch, state.best_r2
        return False

    def epochs(self) -> Iterator[EpochReport]:
        """Train until the last epoch, or until patience ends; yield after every checkpoint."""
        while self.done < self.settings.epochs and not self._out_of_patience():
            report = self._epoch(self.done)
            self.done += 1
            self.provenance = replace(
                self.provenance, history=(*self.provenance.history, asdict(report))
            )
            if self.settings.keeps_last or report.valid_r2 > self.best_r2:
                self.best_r2 = report.valid_r2
                self.provenance = replace(self.provenance, best_epoch=report.epoch)
                self.best = self._trained(_copy_of(self.model))
            else:
                self.best = self._trained(self.best.model)
            self._save(self._state())
            yield report

    def _out_of_patience(self) -> bool:
        best, patience = self.provenance.best_epoch, self.settings.patience
        return best is not None and patience is not None and self.done > best + patience

    def _epoch(self, epoch: int) -> EpochReport:
        seed = epoch_seed(self.settings.seed, epoch)
        torch.manual_seed(seed)
        self.model.train()
        losses, windows = 0.0, 0
        batches = islice(
            self.data.training_batches(self.settings.batch_size, seed), self.updates_per_epoch
        )
        for done, indices in enumerate(batches, start=epoch * self.updates_per_epoch + 1):
            losses += self._update(indices) * len(indices)
            windows += len(indices)
            if self.progress is not None:
                self.progress(done, self.updates)
        if not math.isfinite(losses) or not self._forecasts_finitely():
            raise UsageError(
                f"training diverged in epoch {epoch + 1}: mean loss {losses / windows:g}",
                hint="lower the learning rate",
            )
        return self._report(epoch, losses / windows)

    def _forecasts_finitely(self) -> bool:
        # The loss of an update is that before it: the last one may have done the harm.
        self.model.eval()
        first = torch.tensor([self.data.split.train.start])
        with torch.no_grad():
            return bool(torch.isfinite(self.data.forecast(self.model, first)).all())

    def _update(self, indices: Tensor) -> float:
        inputs, targets = self.lessons.of(indices)
        if self.settings.firing_penalty > 0:
            with self.penalty.watch():
                forecast = inputs.in_z_scores(self.model(inputs.windows))
            loss = self.loss(forecast, targets)
            loss = loss + self.settings.firing_penalty * self.penalty.cost()
        else:
            loss = self.loss(inputs.in_z_scores(self.model(inputs.windows)), targets)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        self.model.clamp_steps()
        return float(loss.item())

    def _report(self, epoch: int, loss: float) -> EpochReport:
        data, model = self.data, self.model
        valid = spread_windows(data.split.valid, self.settings.valid_windows)
        valid_r2 = data.score(model, valid).r2()
        some = spread_windows(valid, DIAGNOSTIC_WINDOWS)
        with count_codes(model) as counters:
            with_scan = data.score(model, some).r2()
        with model.ablated_scan():
            without_scan = data.score(model, some).r2()
        activity = {name: counter.activity() for name, counter in counters.items()}
        rates = {name: codes.firing_rate for name, codes in activity.items()}
        return EpochReport(
            epoch=epoch,
            loss=loss,
            valid_r2=valid_r2,
            firing_rate=float(np.mean(list(rates.values()) or [0.0])),
            firing_rates=rates,
            entropies={name: codes.entropy for name, codes in activity.items()},
            constant_scan_outputs={
                name: codes.constant_channels
                for name, codes in activity.items()
                if name.endswith(".scan") and not name.endswith("in_proj.scan")
            },
            scan_contribution=with_scan - without_scan,
        )

    def finish(self) -> TrainedModel:
        """Score the best epoch on the test windows and write the final checkpoint."""
        data, best = self.data, self.best.model
        metrics: dict[str, Any] = {"valid_r2": self.best_r2}
        if data.split.test:
            metrics["test"] = data.score(best, data.split.test).summary()
            with best.ablated_scan():
                metrics["scan_ablated"] = data.score(best, data.split.test).summary()
            metrics["persistence"] = data.score_persistence(data.split.test).summary()
            ridge = self.baselines.ridge_model
            scores = data.score_values(ridge.predict, data.split.test).summary()
            metrics["ridge"] = {step: _ten_digits(values) for step, values in scores.items()}
        self.provenance = replace(self.provenance, metrics=metrics)
        self.best = self._trained(best)
        self._save(None)
        return self.best

    def _trained(self, model: SpikySpace) -> TrainedModel:
        names = self.data.table.names
        return TrainedModel(model, self.data.config, self.data.scaler, names, self.provenance)

    def _state(self) -> TrainingState:
        parameters = self.model.state_dict()
        return training_state(self.done, parameters, self.optimizer, self.schedule, self.best_r2)

    def _save(self, state: TrainingState | None) -> None:
        if self.checkpoint is not None:
            # Whether an older file may be replaced was settled before the first epoch.
            save_checkpoint(self.checkpoint, self.best, state=state, force=True)


def _new_model(
    data: WindowData,
    settings: TrainConfig,
    baselines: LinearBaselines,
    initial: TrainedModel | None,
) -> SpikySpace:
    """Return a model whose quantisers have seen the first training windows."""
    torch.manual_seed(settings.seed)
    model = SpikySpace(data.config)
    if initial is not None:
        _start_from(model, initial)
    else:
        usual: HeadStart = "random" if data.config.zero_point == "published" else "best"
        start = baselines.start(data, settings.head_start or usual)
        if start is not None:
            model.start_head(start.weight, start.bias)
    first = next(data.training_batches(settings.batch_size, epoch_seed(settings.seed, 0)))
    model.eval()
    with torch.no_grad():
        model(data.inputs(first).windows)
    model.set_input_dropout(settings.input_dropout)
    return model


def _teacher(settings: TrainConfig, initial: TrainedModel | None) -> SpikySpace | None:
    """Return the model that gives the targets, if one does."""
    if settings.targets == "data":
        return None
    if initial is None:
        raise UsageError(
            "targets are those of the initial model, and there is none",
            hint="name one with --init, or leave out targets = 'initial'",
        )
    return _copy_of(initial.model)


def _start_from(model: SpikySpace, initial: TrainedModel) -> None:
    """Take over parameters; those of the quantisers only where both models have the same ones."""
    here, there = model.config, initial.config
    same_codes = all(
        getattr(here, name) == getattr(there, name)
        for name in ("quantised", "bits", "zero_point", "channel_steps")
    )
    wanted = model.state_dict()
    found = initial.model.state_dict()
    if not same_codes:
        for name in [name for name in found if name.endswith(".channel_steps")]:
            # Without its steps, out_proj is what it has been with them.
            out_proj = name.replace("channel_steps", "out_proj.weight")
            found[out_proj] = found[out_proj] * found[name]
        found = {name: value for name, value in found.items() if not QUANTIZER_ENTRY.search(name)}
    different = [
        f"{name}: found {tuple(value.shape)}, expected {tuple(wanted[name].shape)}"
        for name, value in found.items()
        if name in wanted and wanted[name].shape != value.shape
    ]
    missing = [name for name in wanted if name not in found and not QUANTIZER_ENTRY.search(name)]
    if different or missing or here.normalisation != there.normalisation:
        findings = [*different, *(f"{name}: missing" for name in missing)]
        raise UsageError(
            "the model to start from is of other sizes or another normalisation: "
            + "; ".join(findings or [f"normalisation {there.normalisation}"])
        )
    model.load_state_dict(found, strict=False)


def _copy_of(model: SpikySpace) -> SpikySpace:
    copy = SpikySpace(model.config)
    copy.load_state_dict(model.state_dict())
    return copy.eval()


def _ten_digits(values: Mapping[str, float]) -> dict[str, float]:
    """Leave out the digits that depend on the number of threads of NumPy's matrix products."""
    return {name: float(f"{value:.10g}") for name, value in values.items()}
