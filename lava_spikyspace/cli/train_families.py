"""What `lss train` does for each model family: settings, the run, what is told of an epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lava_spikyspace.cli.engine_progress import engine_progress
from lava_spikyspace.cli.session import Session
from lava_spikyspace.errors import DataError, UsageError

if TYPE_CHECKING:
    from lava_spikyspace.datasets.table import Table
    from netx_export.checkpoint import TrainedModel
    from netx_export.settings import Settings, SettingsT
    from netx_export.spike_ssm.checkpoint import TrainedSsm
    from netx_export.spike_ssm.training import SsmEpochReport
    from netx_export.training import EpochReport

FamilyName = Literal["spikyspace", "spike-ssm"]

_FLAG_NAMES = {"outputs": "classes"}
"""Flags that are not named like their settings."""


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What the command line asks for.

    Parameters
    ----------
    table : Table
        The data.
    config : Path or None
        Settings file.
    model_flags, training_flags : mapping
        Settings by flags, None where not given.
    split : tuple of float
        Shares of the three parts.
    initial : Path or None
        Checkpoint to start from.
    checkpoint : Path
        File to write.
    resume, force : bool
        Continue `checkpoint`, or replace it.
    """

    table: Table
    config: Path | None
    model_flags: Mapping[str, object]
    training_flags: Mapping[str, object]
    split: tuple[float, float, float]
    initial: Path | None
    checkpoint: Path
    resume: bool
    force: bool

    def settings(
        self, model: type[Settings], training: type[Settings]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Join the settings file with the flags, which win.

        Raises
        ------
        UsageError
            A flag is one of another family.
        """
        from netx_export.settings import read_toml

        tables = {"model": {}, "training": {}} if self.config is None else read_toml(self.config)
        flags = {"model": self.model_flags, "training": self.training_flags}
        for name, kind in (("model", model), ("training", training)):
            known = {*kind.model_fields, "horizon"}
            for flag, value in flags[name].items():
                if value is not None and flag not in known:
                    shown = _FLAG_NAMES.get(flag, flag).replace("_", "-")
                    raise UsageError(f"--{shown} is no setting of this model family")
        return tuple(_joined(tables[name], flags[name]) for name in tables)  # type: ignore[return-value]

    def parsed(self, kind: type[SettingsT], values: Mapping[str, Any]) -> SettingsT:
        """Return checked settings."""
        from netx_export.settings import parse_settings

        source = "settings" if self.config is None else f"{self.config} and flags"
        return parse_settings(kind, values, source, UsageError)

    def note(self, session: Session) -> None:
        """Say what training begins on."""
        table = self.table
        title = f"{table.rows} rows of {table.variates} variates"
        if table.stride > 1:
            count = table.rows // table.stride
            title = f"{count} sequences of {table.stride} steps, {table.variates} channels"
        session.note(
            f"{table.path}: {title}; every epoch is kept: --resume continues an interrupted run"
        )


def train_spikyspace(session: Session, request: TrainRequest) -> TrainedModel:
    """Train a SpikySpace model on a table."""
    from lava_spikyspace.datasets.sequences import LabelledSequences
    from netx_export.checkpoint import load_checkpoint
    from netx_export.config import ModelConfig, TrainConfig, roomy
    from netx_export.training import fit

    table = request.table
    if isinstance(table, LabelledSequences):
        raise DataError(
            f"{table.path}: found labelled sequences, expected a table of time series",
            hint="--family spike-ssm learns from labelled sequences",
        )
    model, training = request.settings(ModelConfig, TrainConfig)
    if request.model_flags.get("d_model") is not None:
        raise UsageError("--d-model is no setting of this model family: one channel per variate")
    model_config = request.parsed(ModelConfig, roomy({**model, "d_model": table.variates}))
    train_config = request.parsed(TrainConfig, training)
    request.note(session)
    with session.timer("train"), engine_progress(session, "training") as progress:
        return fit(
            table,
            model_config,
            train_config,
            split=request.split,
            initial=None if request.initial is None else load_checkpoint(request.initial),
            checkpoint=request.checkpoint,
            resume=request.resume,
            force=request.force,
            progress=progress,
            on_epoch=lambda report: session.note(_epoch_line(report, train_config.epochs)),
        )


def train_spike_ssm(session: Session, request: TrainRequest) -> TrainedSsm:
    """Train a SPikE-SSM-style model on a table or on labelled sequences."""
    from netx_export.spike_ssm import checkpoint
    from netx_export.spike_ssm.config import SpikeSsmConfig, SpikeSsmTraining
    from netx_export.spike_ssm.examples import sizes_of
    from netx_export.spike_ssm.training import fit

    model, training = request.settings(SpikeSsmConfig, SpikeSsmTraining)
    model_config = request.parsed(SpikeSsmConfig, sizes_of(request.table, model))
    train_config = request.parsed(SpikeSsmTraining, training)
    request.note(session)
    with session.timer("train"), engine_progress(session, "training") as progress:
        return fit(
            request.table,
            model_config,
            train_config,
            split=request.split,
            initial=None if request.initial is None else checkpoint.load(request.initial),
            checkpoint=request.checkpoint,
            resume=request.resume,
            force=request.force,
            progress=progress,
            on_epoch=lambda report: session.note(_ssm_epoch_line(report, train_config.epochs)),
        )


TRAINERS: dict[FamilyName, Callable[[Session, TrainRequest], TrainedModel | TrainedSsm]] = {
    "spikyspace": train_spikyspace,
    "spike-ssm": train_spike_ssm,
}
"""What trains a model, by family."""


def _joined(table: Mapping[str, Any], flags: Mapping[str, object]) -> dict[str, Any]:
    given = {name: value for name, value in flags.items() if value is not None}
    joined = {**table, **given}
    for one, other in (("expand", "d_inner"), ("d_inner", "expand")):
        if one in given and other not in given:
            joined.pop(other, None)
    if isinstance(table.get("bits"), dict) and isinstance(given.get("bits"), dict):
        joined["bits"] = {**table["bits"], **given["bits"]}  # type: ignore[dict-item]
    return joined


def _epoch_line(report: EpochReport, epochs: int) -> str:
    told = f"epoch {report.epoch + 1}/{epochs}: loss {report.loss:.5f}, "
    told += f"validation R2 {report.valid_r2:.4f}, of it scan {report.scan_contribution:.4f}"
    if not report.entropies:  # a model without codes
        return told
    return (
        f"{told}, firing rate {report.firing_rate:.1%}, "
        f"least code entropy {min(report.entropies.values()):.2f} bit, "
        f"constant scan outputs {max(report.constant_scan_outputs.values()):.0%}"
    )


def _ssm_epoch_line(report: SsmEpochReport, epochs: int) -> str:
    quality = "" if report.quality is None else f"validation {report.quality:.4f}, "
    told = f"epoch {report.epoch + 1}/{epochs}: loss {report.loss:.5f}, {quality}"
    told += f"firing rate {report.firing_rate:.1%}"
    return f"{told}, left open by PMBC {report.unresolved:.2%}" if report.unresolved else told
