"""`lss train`: from a table of time series to a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lava_spikyspace.cli.engine_progress import engine_progress
from lava_spikyspace.cli.options import ForceFlag
from lava_spikyspace.cli.session import Session
from lava_spikyspace.errors import UsageError

if TYPE_CHECKING:
    from lava_spikyspace.datasets.table import Table
    from netx_export.checkpoint import TrainedModel
    from netx_export.config import ModelConfig, TrainConfig
    from netx_export.training import EpochReport

_METRICS = {"r2": "R2", "rrse": "RRSE", "mae": "MAE", "r2_per_variate": "R2 per variate"}
_MODEL = "Model"
_TRAINING = "Training"

ZeroPointName = Literal["none", "learned", "published"]
NormalisationName = Literal["fixed", "instance"]
HeadStartName = Literal["best", "ridge", "persistence", "random"]


def _setting(text: str, panel: str, metavar: str | None = None) -> Any:  # noqa: ANN401 - an option, for which typer has no public type
    return typer.Option(help=text, metavar=metavar, show_default=False, rich_help_panel=panel)


def train(
    session: Session,
    *,
    data: Annotated[
        Path, typer.Option("--data", metavar="FILE", help="Table of time series (CSV, npz, h5).")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="CKPT", help="Checkpoint to write.")],
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="TOML",
            help="TOML file with the tables model and training; flags win.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(metavar="R,R,R", help="Shares of training, validation and test windows."),
    ] = "0.7,0.2,0.1",
    initial: Annotated[
        Path | None,
        typer.Option(
            "--init",
            metavar="CKPT",
            help="Start from the parameters of a checkpoint of the same sizes.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the training that CKPT holds.")
    ] = False,
    force: ForceFlag = False,
    window: Annotated[int | None, _setting("Rows that a forecast sees.", _MODEL)] = None,
    horizon: Annotated[int | None, _setting("Rows that it predicts.", _MODEL)] = None,
    layers: Annotated[int | None, _setting("Blocks; default 3.", _MODEL)] = None,
    expand: Annotated[
        float | None,
        _setting("Inner channels per variate; default 0.2, at least 32 in all.", _MODEL),
    ] = None,
    d_inner: Annotated[int | None, _setting("Inner channels, instead of --expand.", _MODEL)] = None,
    d_state: Annotated[int | None, _setting("States per channel; default 32.", _MODEL)] = None,
    dt_rank: Annotated[
        str | None, _setting("Width of the step-size branch; default auto.", _MODEL, "INTEGER|auto")
    ] = None,
    d_conv: Annotated[int | None, _setting("Taps of the convolution; default 3.", _MODEL)] = None,
    bits: Annotated[
        str | None,
        _setting(
            "Widths of quantisers, such as c=2,s=2,y1=5; default 2, gates 5.", _MODEL, "N=B,…"
        ),
    ] = None,
    zero_point: Annotated[
        ZeroPointName | None, _setting("Zero-point rule; default none.", _MODEL)
    ] = None,
    normalisation: Annotated[
        NormalisationName | None,
        _setting("One mean and scale per variate, or those of each window.", _MODEL),
    ] = None,
    epochs: Annotated[int | None, _setting("Passes over the data; default 30.", _TRAINING)] = None,
    batch_size: Annotated[
        int | None, _setting("Windows per update; default 32.", _TRAINING)
    ] = None,
    learning_rate: Annotated[float | None, _setting("Peak learning rate.", _TRAINING)] = None,
    weight_decay: Annotated[float | None, _setting("Of AdamW.", _TRAINING)] = None,
    input_dropout: Annotated[
        float | None, _setting("Share of each block's input that is dropped.", _TRAINING)
    ] = None,
    firing_penalty: Annotated[
        float | None, _setting("Price of firing rates above the target.", _TRAINING)
    ] = None,
    firing_target: Annotated[
        float | None, _setting("Firing rate that costs nothing.", _TRAINING)
    ] = None,
    head_start: Annotated[
        HeadStartName | None, _setting("What the forecast head starts as.", _TRAINING)
    ] = None,
    patience: Annotated[
        int | None, _setting("Stop after so many epochs without a better one.", _TRAINING)
    ] = None,
    seed: Annotated[int | None, _setting("Of all random numbers; default 0.", _TRAINING)] = None,
) -> None:
    """Train a quantised SpikySpace model on a table and score it on the test windows.

    CKPT holds the best epoch on the validation windows, from the first epoch on. All settings
    can also stand in a TOML file.

    Parameters
    ----------
    session : Session
        The call.
    data, out, config, initial : Path
        Files.
    split : str
        Shares of the three parts.
    resume, force : bool
        See `netx_export.training.fit`.
    window, horizon, layers, expand, d_inner, d_state, dt_rank, d_conv, bits, zero_point,
    normalisation : optional
        Settings of the model, see `netx_export.config.ModelConfig`.
    epochs, batch_size, learning_rate, weight_decay, input_dropout : optional
        Settings of the training, see `netx_export.config.TrainConfig`.
    firing_penalty, firing_target, head_start, patience, seed : optional
        Settings of the training.
    """
    from lava_spikyspace.availability import require_export

    require_export()

    from lava_spikyspace.datasets.readers import read_table
    from lava_spikyspace.datasets.windows import parse_ratios
    from netx_export.checkpoint import load_checkpoint
    from netx_export.training import fit

    with session.timer("read"):
        table = read_table(data)
    model_config, train_config = _settings(
        config,
        {
            "d_model": table.variates,
            "window": window,
            "horizon": horizon,
            "layers": layers,
            "expand": expand,
            "d_inner": d_inner,
            "d_state": d_state,
            "dt_rank": None if dt_rank is None else _rank(dt_rank),
            "d_conv": d_conv,
            "bits": None if bits is None else _bits(bits),
            "zero_point": zero_point,
            "normalisation": normalisation,
        },
        {
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "weight_decay": weight_decay,
            "input_dropout": input_dropout,
            "firing_penalty": firing_penalty,
            "firing_target": firing_target,
            "head_start": head_start,
            "patience": patience,
            "seed": seed,
        },
    )
    session.note(f"{_title(table)}; every epoch is kept: --resume continues an interrupted run")
    with session.timer("train"), engine_progress(session, "training") as progress:
        trained = fit(
            table,
            model_config,
            train_config,
            split=parse_ratios(split),
            initial=None if initial is None else load_checkpoint(initial),
            checkpoint=out,
            resume=resume,
            force=force,
            progress=progress,
            on_epoch=lambda report: session.note(_epoch_line(report, train_config.epochs)),
        )
    _show(session, trained)
    session.note(f"next: lava-spikyspace export {out} -o MODEL --calibration {data}")
    session.emit(data=_data(trained, out))


def _settings(
    path: Path | None, model_flags: Mapping[str, object], training_flags: Mapping[str, object]
) -> tuple[ModelConfig, TrainConfig]:
    """Join the settings file with the flags, which win."""
    from netx_export.config import ModelConfig, TrainConfig, parse_settings, read_toml, roomy

    tables = {"model": {}, "training": {}} if path is None else read_toml(path)
    source = "settings" if path is None else f"{path} and flags"
    model = roomy(_joined(tables["model"], model_flags))
    training = _joined(tables["training"], training_flags)
    return (
        parse_settings(ModelConfig, model, source, UsageError),
        parse_settings(TrainConfig, training, source, UsageError),
    )


def _joined(table: Mapping[str, Any], flags: Mapping[str, object]) -> dict[str, Any]:
    given = {name: value for name, value in flags.items() if value is not None}
    joined = {**table, **given}
    for one, other in (("expand", "d_inner"), ("d_inner", "expand")):
        if one in given and other not in given:
            joined.pop(other, None)
    if isinstance(table.get("bits"), dict) and isinstance(given.get("bits"), dict):
        joined["bits"] = {**table["bits"], **given["bits"]}  # type: ignore[dict-item]
    return joined


def _rank(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _bits(text: str) -> dict[str, int]:
    """Read ``c=2,pts=5``."""
    widths = {}
    for part in text.split(","):
        name, _, width = part.partition("=")
        if not width.strip().isdecimal():
            raise UsageError(f"bits is {text!r}, expected widths by name such as c=2,pts=5")
        widths[name.strip()] = int(width)
    return widths


def _title(table: Table) -> str:
    return f"{table.path}: {table.rows} rows of {table.variates} variates"


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


def _show(session: Session, trained: TrainedModel) -> None:
    metrics = trained.provenance.metrics or {}
    rows = [
        (step if step == "all" else f"+{step}", name, *(f"{scores[m]:.4f}" for m in _METRICS))
        for step in metrics.get("test", {})
        for name, scores in (
            ("model", metrics["test"][step]),
            ("scan ablated", metrics["scan_ablated"][step]),
            ("persistence", metrics["persistence"][step]),
            ("ridge", metrics["ridge"][step]),
        )
    ]
    if rows:
        session.table(("step", "forecast", *_METRICS.values()), rows, title="test windows")
    best = trained.provenance.history[trained.provenance.best_epoch or 0]
    session.line(
        f"best of {len(trained.provenance.history)} epochs: {best['epoch'] + 1}, "
        f"validation R2 {best['valid_r2']:.4f}, firing rate {best['firing_rate']:.1%}"
    )


def _data(trained: TrainedModel, out: Path) -> dict[str, object]:
    from netx_export.spikyspace import parameter_count

    origin = trained.provenance
    metrics = origin.metrics or {}
    return {
        "checkpoint": str(out),
        "parameters": parameter_count(trained.model),
        "config": trained.config.model_dump(mode="json"),
        "training": None if origin.training is None else origin.training.model_dump(mode="json"),
        "data": {"name": origin.data_name, "sha256": origin.data_sha256},
        "split": origin.split,
        "epochs": len(origin.history),
        "best_epoch": origin.best_epoch,
        "best": origin.history[origin.best_epoch or 0],
        "metrics": metrics.get("test"),
        "scan_ablated": metrics.get("scan_ablated"),
        "baselines": {name: metrics.get(name) for name in ("persistence", "ridge")},
    }
