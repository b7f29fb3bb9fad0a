"""Checkpoints of SPikE-SSM-style models: the file of `netx_export.checkpoint` with its family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from lava_spikyspace.datasets import Scaler, WindowScale
from lava_spikyspace.errors import CheckpointError, DataError
from lava_spikyspace.wording import one_line
from netx_export.checkpoint import (
    CheckpointContent,
    Provenance,
    TrainingState,
    parameters_of,
    provenance_of,
    read_content,
    write_content,
)
from netx_export.config import ScalerConfig
from netx_export.settings import parse_settings
from netx_export.spike_ssm.config import SpikeSsmConfig, SpikeSsmTraining
from netx_export.spike_ssm.model import SpikeSsm
from netx_export.state_dicts import listed, shape_text, unusable_tensor

FAMILY = "spike-ssm"
"""Name of the family on the command line and in checkpoints."""


@dataclass(frozen=True, eq=False)
class TrainedSsm:
    """A SPikE-SSM-style model with what it needs to meet data.

    Parameters
    ----------
    model : SpikeSsm
        In evaluation mode, float32.
    config : SpikeSsmConfig
        Its settings.
    scaler : Scaler
        Normalisation of its inputs, of a forecaster also the inverse for its forecasts.
    names : tuple of str or None
        Names of the variates.
    provenance : Provenance
        Where it comes from.
    """

    model: SpikeSsm
    config: SpikeSsmConfig
    scaler: Scaler
    names: tuple[str, ...] | None
    provenance: Provenance

    def scale_of(self, windows: NDArray[Any]) -> WindowScale:
        """Return the normalisation of windows (windows, window, channels)."""
        return self.scaler.of(windows)


def save(
    path: Path, trained: TrainedSsm, *, state: TrainingState | None = None, force: bool = False
) -> None:
    """Write a checkpoint; see `netx_export.checkpoint.save_checkpoint`."""
    own = {
        "family": FAMILY,
        "config": trained.config.model_dump(),
        "scaler": trained.scaler.to_dict(),
    }
    write_content(path, own, trained, state=state, force=force)


def load(path: Path) -> TrainedSsm:
    """Load a checkpoint of this family.

    Parameters
    ----------
    path : Path
        File written by `save`.

    Raises
    ------
    CheckpointError
        The file cannot be read, is of another family, or does not hold what its settings say.
    """
    return load_training_state(path)[0]


def load_training_state(path: Path) -> tuple[TrainedSsm, TrainingState | None]:
    """Load a checkpoint together with what continues its training, None if that has ended."""
    content, digest = read_content(path)
    if content.family != FAMILY:
        raise CheckpointError(
            f"{path}: found a model of the family {one_line(content.family)}, expected {FAMILY}"
        )
    config = parse_settings(SpikeSsmConfig, content.config, f"{path}: config", CheckpointError)
    training = None
    if content.training is not None:
        training = parse_settings(
            SpikeSsmTraining, content.training, f"{path}: training", CheckpointError
        )
    trained = TrainedSsm(
        model=_build(content.state_dict, config, str(path)),
        config=config,
        scaler=_scaler(content, config, path),
        names=None if content.names is None else tuple(content.names),
        provenance=provenance_of(content, training, digest),
    )
    if content.resume is None:
        return trained, None
    if set(content.resume) != set(TrainingState.__dataclass_fields__):
        raise CheckpointError(f"{path}: the state of the training is not complete")
    state = TrainingState(**content.resume)
    _check(state.model, config, f"{path}: last epoch")
    return trained, state


def _scaler(content: CheckpointContent, config: SpikeSsmConfig, path: Path) -> Scaler:
    scaler, names = content.scaler, content.names
    if not isinstance(scaler, ScalerConfig) or len(scaler.mean) != config.inputs:
        raise CheckpointError(
            f"{path}: scaler: expected mean and scale of each of the {config.inputs} inputs"
        )
    if names is not None and len(names) != config.inputs:
        raise CheckpointError(
            f"{path}: names has {len(names)} entries, expected {config.inputs} (inputs)"
        )
    try:
        return Scaler.from_dict({"mean": scaler.mean, "scale": scaler.scale})
    except DataError as error:
        raise CheckpointError(f"{path}: {error.message}") from error


def _build(entries: Mapping[str, Any], config: SpikeSsmConfig, source: str) -> SpikeSsm:
    _check(entries, config, source)
    model = SpikeSsm(config)
    model.load_state_dict(entries, strict=False)
    return model.eval()


def _check(entries: Mapping[str, Any], config: SpikeSsmConfig, source: str) -> None:
    """Hold parameters against a model's settings; nothing of the size they claim is allocated."""
    with torch.device("meta"):
        model = SpikeSsm(config)
    expected = {name: tuple(value.shape) for name, value in parameters_of(model).items()}
    findings = [
        f"missing {name} {shape_text(shape)}"
        for name, shape in expected.items()
        if name not in entries
    ]
    for name, value in entries.items():
        if name not in expected:
            findings.append(f"unknown {one_line(str(name))}")
            continue
        is_variance = name.endswith("running_var")
        found = unusable_tensor(value, expected[name])
        if found is None and is_variance and bool((value < 0).any()):
            found = "found a negative variance"
        if found is not None:
            findings.append(f"{name}: {found}")
    if findings:
        raise CheckpointError(
            f"{source}: {len(findings)} entries do not fit the configuration: {listed(findings)}"
        )
