"""What makes a training reproducible and resumable, whatever the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lava_spikyspace.errors import CheckpointError, UsageError
from netx_export.checkpoint import Provenance, TrainingState
from netx_export.threads import one_torch_thread

SCHEDULE_POSITION = ("last_epoch", "_step_count", "_last_lr")
"""What of a schedule's state changes; the rest follows from the settings, and is partly code."""


def epoch_seed(seed: int, epoch: int) -> int:
    """Return the seed of an epoch's random numbers."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


@contextmanager
def reproducible() -> Iterator[None]:
    """Demand deterministic algorithms, and leave the caller's settings as they were."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]), one_torch_thread():
            yield
    finally:
        torch.use_deterministic_algorithms(before)


def check_target(checkpoint: Path | None, *, resume: bool, force: bool) -> None:
    """Refuse to start a training whose checkpoint cannot be written, or is not there.

    Parameters
    ----------
    checkpoint : Path, optional
        File that the training writes.
    resume, force : bool
        Whether it continues what the file holds, or may replace it.

    Raises
    ------
    UsageError
        Nothing to resume is named, or the file exists.
    """
    if resume and checkpoint is None:
        raise UsageError("resume needs the checkpoint to continue")
    if checkpoint is not None and not resume and not force and checkpoint.exists():
        raise UsageError(
            f"{checkpoint}: exists already", hint="--force replaces it, --resume continues it"
        )


def run_facts(config: BaseModel, origin: Provenance) -> dict[str, object]:
    """Return by name all that two runs must have in common to be one."""
    training = {} if origin.training is None else origin.training.model_dump()
    return {
        **{f"model.{name}": value for name, value in config.model_dump().items()},
        **{f"training.{name}": value for name, value in training.items()},
        "data_sha256": origin.data_sha256,
        "initial_sha256": origin.initial_sha256,
        "split": origin.split,
    }


def check_same_run(
    checkpoint: Path, here: Mapping[str, object], there: Mapping[str, object]
) -> None:
    """Refuse to continue a run with other settings or data.

    Parameters
    ----------
    checkpoint : Path
        For the message.
    here, there : mapping of str to object
        `run_facts` of this run, and of the one that the checkpoint holds.

    Raises
    ------
    CheckpointError
        They differ; all differences are listed.
    """
    different = [
        f"{name}: found {there.get(name)}, expected {value}"
        for name, value in here.items()
        if there.get(name) != value
    ]
    if different:
        raise CheckpointError(
            f"{checkpoint}: holds another run: {'; '.join(different)}",
            hint="resume with the settings and data it was started with",
        )


def training_state(
    epoch: int,
    parameters: Mapping[str, Tensor],
    optimizer: Optimizer,
    schedule: LRScheduler,
    best: float,
) -> TrainingState:
    """Return what continues a training after `epoch` epochs; `best` is the best epoch's score."""
    position = schedule.state_dict()
    return TrainingState(
        epoch=epoch,
        model=dict(parameters),
        optimizer=optimizer.state_dict(),
        scheduler={name: position[name] for name in SCHEDULE_POSITION},
        best_r2=best,
    )


def restore(
    checkpoint: Path,
    state: TrainingState,
    model: nn.Module,
    optimizer: Optimizer,
    schedule: LRScheduler,
    *,
    strict: bool = True,
) -> None:
    """Put a training where it was interrupted.

    Parameters
    ----------
    checkpoint : Path
        For the message.
    state : TrainingState
        From `training_state`.
    model, optimizer, schedule
        What receives it.
    strict : bool
        Whether it has to hold every buffer of the model.

    Raises
    ------
    CheckpointError
        It does not fit them.
    """
    try:
        model.load_state_dict(state.model, strict=strict)
        optimizer.load_state_dict(state.optimizer)
        schedule.load_state_dict(state.scheduler)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"{checkpoint}: the training state is unusable") from error
