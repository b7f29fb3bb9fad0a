"""Training of SPikE-SSM-style models, on labelled sequences and on tables.

Deterministic, and resumable after every epoch, as `netx_export.training` is.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from lava_spikyspace.datasets import LabelledSequences, Table
from lava_spikyspace.errors import UsageError
from netx_export.checkpoint import Provenance, TrainingState, parameters_of
from netx_export.resuming import (
    check_same_run,
    check_target,
    epoch_seed,
    reproducible,
    restore,
    run_facts,
    training_state,
)
from netx_export.spike_ssm import checkpoint as checkpoints
from netx_export.spike_ssm.checkpoint import TrainedSsm
from netx_export.spike_ssm.config import SpikeSsmConfig, SpikeSsmTraining
from netx_export.spike_ssm.examples import Ratios, prepare
from netx_export.spike_ssm.model import SpikeSsm

UNRESOLVED_WARNING = 0.02
"""Share of spikes left open by PMBC above which training warns."""

RATE_WINDOWS = 256
"""Windows on which an epoch's firing rate is measured."""


@dataclass(frozen=True)
class SsmEpochReport:
    """What one epoch brought.

    Parameters
    ----------
    epoch : int
        Counted from 0.
    loss : float
        Mean training loss, firing penalty included.
    quality : float or None
        Accuracy, or R2 in units of the table, of the validation part; None where that is empty.
    firing_rate : float
        Mean over the blocks, on validation windows, else on training windows.
    unresolved : float
        Largest share of spikes that PMBC left open in an update; 0 for other engines.
    """

    epoch: int
    loss: float
    quality: float | None
    firing_rate: float
    unresolved: float


def fit(
    table: Table,
    config: SpikeSsmConfig,
    settings: SpikeSsmTraining,
    *,
    split: Ratios,
    initial: TrainedSsm | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[SsmEpochReport], None] | None = None,
) -> TrainedSsm:
    """Train a model and score it on the test part.

    No test result selects anything: a classifier keeps its last epoch, a forecaster the best on the
    validation windows, unless `SpikeSsmTraining.keep` says otherwise.

    Parameters
    ----------
    table : Table
        Labelled sequences for a classifier, else a table.
    config : SpikeSsmConfig
        Settings of the model.
    settings : SpikeSsmTraining
        Settings of the training.
    split : tuple of float
        Shares of train, validation and test.
    initial : TrainedSsm, optional
        Model whose parameters to start from. Its sequences may have had another length, so that a
        model can learn from short sequences first.
    checkpoint, resume, force, progress
        As in `netx_export.training.fit`.
    on_epoch : callable, optional
        Called with the `SsmEpochReport` after every epoch, when its checkpoint is written.

    Raises
    ------
    DataError
        The data do not fit the model.
    UsageError
        The checkpoint exists, the split leaves a part empty, the model to start from is of other
        sizes, or training diverges.
    CheckpointError
        The checkpoint to resume is of another run.
    """
    check_target(checkpoint, resume=resume, force=force)
    with reproducible():
        run = _Run(table, config, settings, split, initial, checkpoint, progress)
        if resume and run.continue_from_checkpoint():
            return run.kept
        for report in run.epochs():
            if on_epoch is not None:
                on_epoch(report)
        return run.finish()


class _Run:
    """One training run: the model, what trains it, and the epoch that is kept."""

    def __init__(
        self,
        table: Table,
        config: SpikeSsmConfig,
        settings: SpikeSsmTraining,
        split: Ratios,
        initial: TrainedSsm | None,
        checkpoint: Path | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.examples = prepare(table, config, split)
        self.names, self.config, self.settings = table.names, config, settings
        self.checkpoint, self.progress = checkpoint, progress
        keep = "last" if isinstance(table, LabelledSequences) else "best"
        self.keeps_best = (settings.keep or keep) == "best"
        if self.keeps_best and not self.examples.split.valid:
            raise UsageError(f"{table.path}: split {split} leaves no window to validate on")
        self.provenance = Provenance(
            layout="own",
            training=settings,
            data_name=table.path.name,
            data_sha256=table.sha256,
            split=split,
            initial_sha256=None if initial is None else initial.provenance.sha256,
        )
        torch.manual_seed(settings.seed)
        self.model = SpikeSsm(config)
        if initial is None:
            self.examples.start(self.model)
        else:
            _start_from(self.model, initial)
        self.optimizer = make_optimizer(self.model, settings)
        self.updates_per_epoch = math.ceil(len(self.examples.split.train) / settings.batch_size)
        self.updates = settings.epochs * self.updates_per_epoch
        rates = [group["lr"] for group in self.optimizer.param_groups]
        self.schedule = OneCycleLR(self.optimizer, rates, total_steps=max(2, self.updates))
        self.done, self.best_quality = 0, -math.inf
        self.kept = self._trained(_copy_of(self.model))

    def continue_from_checkpoint(self) -> bool:
        """Take up the run that the checkpoint holds; return whether it has ended already."""
        if self.checkpoint is None or not self.checkpoint.exists():
            raise UsageError(f"{self.checkpoint}: no such checkpoint to resume")
        saved, state = checkpoints.load_training_state(self.checkpoint)
        here = run_facts(self.config, self.provenance)
        check_same_run(self.checkpoint, here, run_facts(saved.config, saved.provenance))
        self.kept, self.provenance = saved, saved.provenance
        if state is None:
            return True
        restore(self.checkpoint, state, self.model, self.optimizer, self.schedule, strict=False)
        self.done, self.best_quality = state.epoch, state.best_r2
        return False

    def epochs(self) -> Iterator[SsmEpochReport]:
        """Train until the last epoch; yield after every checkpoint."""
        while self.done < self.settings.epochs:
            report = self._epoch(self.done)
            self.done += 1
            self.provenance = replace(
                self.provenance, history=(*self.provenance.history, asdict(report))
            )
            quality = -math.inf if report.quality is None else report.quality
            if not self.keeps_best or quality > self.best_quality:
                self.best_quality = quality
                self.provenance = replace(self.provenance, best_epoch=report.epoch)
                self.kept = self._trained(_copy_of(self.model))
            else:
                self.kept = self._trained(self.kept.model)
            self._save(self._state())
            yield report

    def _epoch(self, epoch: int) -> SsmEpochReport:
        seed = epoch_seed(self.settings.seed, epoch)
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        train = self.examples.split.train
        order = torch.randperm(len(train), generator=generator) + train.start
        self.model.train()
        losses, unresolved = 0.0, 0.0
        batches = torch.split(order, self.settings.batch_size)
        for done, indices in enumerate(batches, start=epoch * self.updates_per_epoch + 1):
            losses += self._update(indices) * len(indices)
            left = max(block.neurons.unresolved for block in self.model.blocks)
            unresolved = max(unresolved, left)
            if self.progress is not None:
                self.progress(done, self.updates)
        if not math.isfinite(losses):
            raise UsageError(
                f"training diverged in epoch {epoch + 1}: mean loss {losses / len(train):g}",
                hint="lower the learning rate",
            )
        if unresolved > UNRESOLVED_WARNING:
            warnings.warn(
                f"PMBC left {unresolved:.1%} of the spikes open after {self.config.rounds} rounds; "
                "more rounds, or a smaller tau",
                stacklevel=4,
            )
        return self._report(epoch, losses / len(train), unresolved)

    def _update(self, indices: Tensor) -> float:
        loss = self.examples.loss(self.model, indices)
        penalty = excess_firing(self.model, self.settings.firing_target)
        loss = loss + self.settings.firing_penalty * penalty
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.item())

    def _report(self, epoch: int, loss: float, unresolved: float) -> SsmEpochReport:
        valid, train = self.examples.split.valid, self.examples.split.train
        self.model.eval()
        quality = None
        if valid:
            metrics = self.examples.metrics(self.model, valid)
            quality = float(metrics["all"][self.examples.quality])
        some = (valid or train)[-RATE_WINDOWS:]
        with torch.no_grad():
            self.model(self.examples.inputs(torch.arange(some.start, some.stop)))
        rate = float(self.model.firing_rates().mean())
        return SsmEpochReport(epoch, loss, quality, rate, unresolved)

    def finish(self) -> TrainedSsm:
        """Score the epoch that is kept on the test part and write the final checkpoint."""
        examples, model = self.examples, self.kept.model
        metrics: dict[str, object] = {}
        if examples.split.test:
            metrics["test"] = examples.metrics(model, examples.split.test)
            metrics.update(examples.baselines(examples.split.test))
        self.provenance = replace(self.provenance, metrics=metrics)
        self.kept = self._trained(model)
        self._save(None)
        return self.kept

    def _trained(self, model: SpikeSsm) -> TrainedSsm:
        return TrainedSsm(model, self.config, self.examples.scaler, self.names, self.provenance)

    def _state(self) -> TrainingState:
        parameters = parameters_of(self.model)
        return training_state(
            self.done, parameters, self.optimizer, self.schedule, self.best_quality
        )

    def _save(self, state: TrainingState | None) -> None:
        if self.checkpoint is not None:
            # Whether an older file may be replaced was settled before the first epoch.
            checkpoints.save(self.checkpoint, self.kept, state=state, force=True)


def excess_firing(model: SpikeSsm, target: float) -> Tensor:
    """Return how far the firing rates of the last call lie above a target, mean over the blocks."""
    return functional.relu(model.firing_rates() - target).mean()


def make_optimizer(model: SpikeSsm, settings: SpikeSsmTraining) -> AdamW:
    """Return AdamW: weight decay on weight matrices only, slower rates for the dynamics."""
    matrices, dynamics, others = [], [], []
    for name, parameter in model.named_parameters():
        if name.endswith("linear.weight"):
            matrices.append(parameter)
        elif name.endswith(("log_dt", "log_A_real", "A_imag")):
            dynamics.append(parameter)
        else:
            others.append(parameter)
    rate = settings.learning_rate
    return AdamW(
        [
            {"params": matrices, "lr": rate, "weight_decay": settings.weight_decay},
            {"params": dynamics, "lr": min(rate, 1e-3), "weight_decay": 0.0},
            {"params": others, "lr": rate, "weight_decay": 0.0},
        ]
    )


def _start_from(model: SpikeSsm, initial: TrainedSsm) -> None:
    wanted, found = parameters_of(model), parameters_of(initial.model)
    different = [
        f"{name}: found {tuple(found[name].shape) if name in found else 'nothing'}, "
        f"expected {tuple(value.shape)}"
        for name, value in wanted.items()
        if name not in found or found[name].shape != value.shape
    ]
    if different:
        raise UsageError(f"the model to start from is of other sizes: {'; '.join(different)}")
    model.load_state_dict(found, strict=False)


def _copy_of(model: SpikeSsm) -> SpikeSsm:
    copy = SpikeSsm(model.config)
    copy.load_state_dict(model.state_dict())
    return copy.eval()
