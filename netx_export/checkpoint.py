"""Checkpoints: our own, and plain state dicts in the published layout.

Both load into a `TrainedModel`. Files are unpickled with ``weights_only=True`` and nothing else,
and everything that is missing, extra or mis-shaped in one is reported together.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from lava_spikyspace.datasets import InstanceScaler, Scaler, WindowScale
from lava_spikyspace.errors import CheckpointError, DataError, InputError
from lava_spikyspace.files import atomic_write, read_regular
from lava_spikyspace.network import Normalisation
from lava_spikyspace.wording import brief, one_line
from netx_export.config import (
    AnyScalerConfig,
    InstanceScalerConfig,
    ModelConfig,
    PublishedModelConfig,
    ScalerConfig,
    TrainConfig,
)
from netx_export.settings import Settings, parse_settings
from netx_export.spikyspace import SpikySpace
from netx_export.state_dicts import UNUSED_NAMES, build_model, check_state_dict

FORMAT = "lava-spikyspace-checkpoint"
SPIKYSPACE = "spikyspace"
"""Family of checkpoints that name none."""
VERSION = 1


@dataclass(frozen=True)
class Provenance:
    """Where a trained model of any family comes from.

    Parameters
    ----------
    layout : {"own", "published"}
        Kind of file.
    sha256 : str or None
        Digest of the checkpoint file; None for a model that has not been saved.
    training : Settings or None
        How it was trained; the settings of its family.
    data_name, data_sha256 : str or None
        File name and digest of the training table.
    split : tuple of float or None
        Shares of train, validation and test windows.
    initial_sha256 : str or None
        Digest of the checkpoint whose parameters training started from.
    metrics : mapping
        ``test``, ``persistence``, ``ridge``, ``scan_ablated``: each as `forecast_metrics` gives
        it, in units of the data; and ``valid_r2``. Empty while training runs.
    best_epoch : int or None
        Epoch (counted from 0) the parameters are from.
    history : tuple of mapping
        One entry per epoch, see `netx_export.training.EpochReport`.
    """

    layout: str
    sha256: str | None = None
    training: Settings | None = None
    data_name: str | None = None
    data_sha256: str | None = None
    split: tuple[float, float, float] | None = None
    initial_sha256: str | None = None
    metrics: Mapping[str, Any] | None = None
    best_epoch: int | None = None
    history: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model with what it needs to meet data.

    Parameters
    ----------
    model : SpikySpace
        In evaluation mode, float32.
    config : ModelConfig
        Its settings.
    scaler : Scaler or InstanceScaler or None
        Normalisation of windows and its inverse for forecasts; None if the model reads data as
        it is.
    names : tuple of str or None
        Names of the variates.
    provenance : Provenance
        Where it comes from.
    """

    model: SpikySpace
    config: ModelConfig
    scaler: Scaler | InstanceScaler | None
    names: tuple[str, ...] | None
    provenance: Provenance

    @property
    def normalisation(self) -> Normalisation:
        """Normalisation as a model file holds it."""
        if isinstance(self.scaler, InstanceScaler):
            return Normalisation(kind="instance", eps=self.scaler.eps)
        if self.scaler is None:
            variates = self.config.d_model
            return Normalisation(kind="fixed", mean=np.zeros(variates), scale=np.ones(variates))
        return Normalisation(kind="fixed", mean=self.scaler.mean, scale=self.scaler.scale)

    def scale_of(self, windows: NDArray[Any]) -> WindowScale:
        """Return the normalisation of windows.

        Parameters
        ----------
        windows : ndarray, shape (windows, window, variates)
            In units of the data.
        """
        if self.scaler is None:
            return WindowScale(np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
        return self.scaler.of(windows)


class TrainedLike(Protocol):
    """What trained models of all families have."""

    @property
    def model(self) -> nn.Module:
        """The model, in evaluation mode."""
        ...

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the variates."""
        ...

    @property
    def provenance(self) -> Provenance:
        """Where it comes from."""
        ...


def parameters_of(model: nn.Module) -> dict[str, Tensor]:
    """Return parameters and buffers that are numbers; counters of batches are not."""
    return {name: value for name, value in model.state_dict().items() if value.is_floating_point()}


@dataclass(frozen=True)
class TrainingState:
    """What continues an interrupted training.

    Parameters
    ----------
    epoch : int
        Epochs that are done.
    model, optimizer, scheduler : dict
        State dicts after the last of them.
    best_r2 : float
        Validation R2 of the best epoch.
    """

    epoch: int
    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    best_r2: float


class CheckpointContent(BaseModel):
    """The plain dict that a checkpoint file holds."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    format: str
    version: int
    family: str = SPIKYSPACE
    config: dict[str, Any]
    training: dict[str, Any] | None
    scaler: AnyScalerConfig | None
    names: list[str] | None
    data_name: str | None
    data_sha256: str | None
    split: tuple[float, float, float] | None
    initial_sha256: str | None = None
    metrics: dict[str, Any] | None
    best_epoch: int | None
    history: list[dict[str, Any]]
    state_dict: dict[str, Any]
    resume: dict[str, Any] | None
    """Fields of `TrainingState`; None when training has ended."""


def save_checkpoint(
    path: Path,
    trained: TrainedModel,
    *,
    state: TrainingState | None = None,
    force: bool = False,
) -> None:
    """Write a checkpoint; the same content gives the same bytes.

    Parameters
    ----------
    path : Path
        File to write, atomically.
    trained : TrainedModel
        What to save.
    state : TrainingState, optional
        Makes the checkpoint one that training can continue from.
    force : bool
        Replace a file that exists.

    Raises
    ------
    UsageError
        The file exists already, or cannot be written.
    """
    own = {"scaler": _scaler_fields(trained.scaler), "config": trained.config.model_dump()}
    write_content(path, own, trained, state=state, force=force)


def write_content(
    path: Path,
    own: Mapping[str, Any],
    trained: TrainedLike,
    *,
    state: TrainingState | None = None,
    force: bool = False,
) -> None:
    """Write a checkpoint of any family.

    Parameters
    ----------
    path, state, force
        See `save_checkpoint`.
    own : mapping
        Entries of the family: ``config``, ``scaler`` and, of all but SpikySpace, ``family``.
    trained : TrainedLike
        Names, provenance and parameters.
    """
    origin = trained.provenance
    facts = {
        "format": FORMAT,
        "version": VERSION,
        "training": None if origin.training is None else origin.training.model_dump(),
        "names": None if trained.names is None else list(trained.names),
        **own,
        "data_name": origin.data_name,
        "data_sha256": origin.data_sha256,
        "split": origin.split,
        "initial_sha256": origin.initial_sha256,
        "metrics": None if origin.metrics is None else dict(origin.metrics),
        "best_epoch": origin.best_epoch,
        "history": [dict(epoch) for epoch in origin.history],
    }
    content = {
        # Pickle notes which equal strings are one object; JSON makes that the same for all runs.
        **json.loads(json.dumps(facts)),
        "state_dict": parameters_of(trained.model),
        "resume": None if state is None else dict(vars(state)),
    }
    with atomic_write(path, force=force) as temporary, temporary.open("wb") as stream:
        # To a stream, not to a path: torch.save writes the name of a path into the file.
        torch.save(content, stream)


def load_checkpoint(path: Path) -> TrainedModel:
    """Load one of our own checkpoints.

    Parameters
    ----------
    path : Path
        File written by `save_checkpoint`.

    Returns
    -------
    TrainedModel
        With the parameters of the best epoch.

    Raises
    ------
    CheckpointError
        The file cannot be read, is no checkpoint of a known version, or does not hold what its
        settings say.
    """
    return _load_own(path)[0]


def load_training_state(path: Path) -> tuple[TrainedModel, TrainingState | None]:
    """Load a checkpoint together with what continues its training.

    Parameters
    ----------
    path : Path
        File written by `save_checkpoint`.

    Returns
    -------
    trained : TrainedModel
        As `load_checkpoint` gives it.
    state : TrainingState or None
        None if training has ended.

    Raises
    ------
    CheckpointError
        As `load_checkpoint`.
    """
    trained, resume = _load_own(path)
    if resume is None:
        return trained, None
    if set(resume) != set(TrainingState.__dataclass_fields__):
        raise CheckpointError(f"{path}: the state of the training is not complete")
    state = TrainingState(**resume)
    check_state_dict(state.model, trained.config, f"{path}: last epoch")
    return trained, state


def load_published(path: Path, config: PublishedModelConfig) -> TrainedModel:
    """Load a plain state dict in the published layout.

    Parameters
    ----------
    path : Path
        ``torch.save`` of the dict. Parameters that the published forward pass never uses
        (`UNUSED_NAMES`) are ignored.
    config : PublishedModelConfig
        What stands beside it: sizes, bits, scaler, names.

    Returns
    -------
    TrainedModel
        The model; a `published` zero-point is not frozen yet.

    Raises
    ------
    CheckpointError
        The file cannot be read, or an entry is missing, unknown, mis-shaped or unusable; all such
        entries are named together.
    """
    content, digest = _unpickle(path)
    if content.get("format") == FORMAT:
        raise CheckpointError(
            f"{path}: is a checkpoint of lava-spikyspace, expected a plain state dict",
            hint="leave out the configuration: such a checkpoint carries its own",
        )
    used = {name: value for name, value in content.items() if not UNUSED_NAMES.match(str(name))}
    return TrainedModel(
        model=build_model(used, config.model(), str(path)),
        config=config.model(),
        scaler=_scaler(config.scaler, path),
        names=config.variates,
        provenance=Provenance("published", sha256=digest),
    )


def read_content(path: Path) -> tuple[CheckpointContent, str]:
    """Return what a checkpoint of ours holds, of any family, and the digest of the file.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    CheckpointError
        The file cannot be read, or is no checkpoint of a known version.
    """
    raw, digest = _unpickle(path)
    if raw.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: found a plain dict, expected a checkpoint of lava-spikyspace",
            hint="a state dict in the published layout needs its model.json (--config)",
        )
    version = raw.get("version")
    if not isinstance(version, int) or version != VERSION:  # a tensor compares to a tensor
        raise CheckpointError(
            f"{path}: found checkpoint version {brief(version)}, expected {VERSION}"
        )
    content = parse_settings(CheckpointContent, raw, str(path), CheckpointError)
    return content, digest


def _load_own(path: Path) -> tuple[TrainedModel, dict[str, Any] | None]:
    content, digest = read_content(path)
    if content.family != SPIKYSPACE:
        raise CheckpointError(
            f"{path}: found a model of the family {one_line(content.family)}, expected {SPIKYSPACE}"
        )
    config = parse_settings(ModelConfig, content.config, f"{path}: config", CheckpointError)
    training = None
    if content.training is not None:
        training = parse_settings(
            TrainConfig, content.training, f"{path}: training", CheckpointError
        )
    names, scaler = content.names, content.scaler
    for what, count in (
        ("names", None if names is None else len(names)),
        ("scaler", len(scaler.mean) if isinstance(scaler, ScalerConfig) else None),
    ):
        if count is not None and count != config.d_model:
            raise CheckpointError(
                f"{path}: {what} has {count} entries, expected {config.d_model} (d_model)"
            )
    if (config.normalisation == "instance") != isinstance(scaler, InstanceScalerConfig):
        raise CheckpointError(
            f"{path}: found the scaler {content.scaler!r}, "
            f"expected one of the normalisation {config.normalisation}"
        )
    trained = TrainedModel(
        model=build_model(content.state_dict, config, str(path)),
        config=config,
        scaler=_scaler(scaler, path),
        names=None if names is None else tuple(names),
        provenance=provenance_of(content, training, digest),
    )
    return trained, content.resume


def provenance_of(content: CheckpointContent, training: Settings | None, digest: str) -> Provenance:
    """Return where the model of a checkpoint comes from."""
    return Provenance(
        layout="own",
        sha256=digest,
        training=training,
        data_name=content.data_name,
        data_sha256=content.data_sha256,
        split=content.split,
        initial_sha256=content.initial_sha256,
        metrics=content.metrics,
        best_epoch=content.best_epoch,
        history=tuple(content.history),
    )


def _scaler_fields(scaler: Scaler | InstanceScaler | None) -> Mapping[str, object] | None:
    if isinstance(scaler, InstanceScaler):
        return {"eps": scaler.eps}
    return None if scaler is None else scaler.to_dict()


def _scaler(config: AnyScalerConfig | None, path: Path) -> Scaler | InstanceScaler | None:
    if config is None:
        return None
    try:
        if isinstance(config, InstanceScalerConfig):
            return InstanceScaler(eps=config.eps)
        return Scaler.from_dict({"mean": config.mean, "scale": config.scale})
    except DataError as error:
        raise CheckpointError(f"{path}: {error.message}") from error


def _unpickle(path: Path) -> tuple[dict[str, Any], str]:
    """Return the dict in a file and the digest of the file."""
    try:
        content = read_regular(path)
    except InputError as error:
        raise CheckpointError(error.message) from error
    _check_archive(path, content)
    try:
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        # The unpickler raises whatever the bytes make it raise.
        raise CheckpointError(
            f"{path}: not a file of torch.save with plain tensors ({type(error).__name__})"
        ) from error
    if not isinstance(loaded, dict):
        raise CheckpointError(f"{path}: found {type(loaded).__name__}, expected a dict")
    return loaded, hashlib.sha256(content).hexdigest()


def _check_archive(path: Path, content: bytes) -> None:
    """Refuse an archive that unpacks to more than its own size: torch.save never compresses."""
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: not a file of torch.save: a broken archive ({type(error).__name__})"
        ) from error
    unpacked = sum(member.file_size for member in members)
    is_packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if is_packed or unpacked > len(content):
        raise CheckpointError(
            f"{path}: found {unpacked} bytes packed into {len(content)}, expected entries that "
            "are not compressed",
            hint="load it with torch and save it anew with torch.save",
        )
