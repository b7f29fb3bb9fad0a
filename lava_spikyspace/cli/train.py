"""`lss train`: from a table of time series, or labelled sequences, to a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lava_spikyspace.cli.metric_names import METRIC_NAMES
from lava_spikyspace.cli.options import ForceFlag
from lava_spikyspace.cli.session import Session
from lava_spikyspace.cli.train_families import TRAINERS, FamilyName, TrainRequest
from lava_spikyspace.errors import UsageError

if TYPE_CHECKING:
    from netx_export.checkpoint import Provenance, TrainedModel
    from netx_export.spike_ssm.checkpoint import TrainedSsm

_FORECASTERS = {
    "test": "model",
    "scan_ablated": "scan ablated",
    "persistence": "persistence",
    "ridge": "ridge",
    "majority": "majority",
}
"""Names of metrics in a checkpoint, and what a table calls them."""

_MODEL = "Model"
_SPIKE_SSM = "Model of the family spike-ssm"
_TRAINING = "Training"

NeuronName = Literal["refractory", "soft_reset", "hard_reset", "bernoulli"]
MixerName = Literal["linear", "glu"]
NeuronEngineName = Literal["compiled", "pmbc", "loop"]
KeepName = Literal["last", "best"]
ZeroPointName = Literal["none", "learned", "published"]
NormalisationName = Literal["fixed", "instance"]
HeadStartName = Literal["best", "ridge", "persistence", "random"]
TargetsName = Literal["data", "initial"]


def _setting(text: str, panel: str, metavar: str | None = None) -> Any:  # noqa: ANN401 - an option, for which typer has no public type
    return typer.Option(help=text, metavar=metavar, show_default=False, rich_help_panel=panel)


def train(
    session: Session,
    *,
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="FILE",
            help="Table of time series (CSV, npz, h5), or npz with inputs and labels.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="CKPT", help="Checkpoint to write.")],
    family: Annotated[
        FamilyName,
        typer.Option(help="Model family; only spike-ssm learns from labelled sequences."),
    ] = "spikyspace",
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
    layers: Annotated[int | None, _setting("Blocks; default 3, of spike-ssm 2.", _MODEL)] = None,
    expand: Annotated[
        float | None,
        _setting("Inner channels per variate; default 0.2, at least 32 in all.", _MODEL),
    ] = None,
    d_inner: Annotated[int | None, _setting("Inner channels, instead of --expand.", _MODEL)] = None,
    d_state: Annotated[
        int | None, _setting("States per channel; default 32, of spike-ssm 16.", _MODEL)
    ] = None,
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
    d_model: Annotated[
        int | None, _setting("Channels of the stream; default 64.", _SPIKE_SSM)
    ] = None,
    neuron: Annotated[
        NeuronName | None, _setting("Spiking neuron; default refractory.", _SPIKE_SSM)
    ] = None,
    tau: Annotated[float | None, _setting("Leak of the membrane; default 0.2.", _SPIKE_SSM)] = None,
    refractory_decay: Annotated[
        float | None, _setting("Decay of the refractory current; default 0.5.", _SPIKE_SSM)
    ] = None,
    mixer: Annotated[
        MixerName | None, _setting("What follows the spikes; default glu.", _SPIKE_SSM)
    ] = None,
    engine: Annotated[
        NeuronEngineName | None,
        _setting("How training evaluates neurons; default compiled.", _SPIKE_SSM),
    ] = None,
    rounds: Annotated[int | None, _setting("Rounds of pmbc; default 3.", _SPIKE_SSM)] = None,
    classes: Annotated[
        int | None, _setting("Classes; else as many as the labels need.", _SPIKE_SSM)
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
    mixed_windows: Annotated[
        float | None, _setting("Share of the windows that are mixtures of two.", _TRAINING)
    ] = None,
    targets: Annotated[
        TargetsName | None,
        _setting("Learn the data, or what the model of --init forecasts.", _TRAINING),
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
    keep: Annotated[
        KeepName | None,
        _setting("Epoch to keep; best, of classifiers and copies last.", _TRAINING),
    ] = None,
    seed: Annotated[int | None, _setting("Of all random numbers; default 0.", _TRAINING)] = None,
) -> None:
    """Train a quantised model on a table or on labelled sequences and score it on the test part.

    CKPT holds the best epoch on the validation windows, from the first epoch on; of a classifier,
    and of a model that learns what another forecasts, the last one. All settings can also stand in
    a TOML file.

    Parameters
    ----------
    session : Session
        The call.
    data, out, config, initial : Path
        Files.
    family : str
        Model family.
    split : str
        Shares of the three parts.
    resume, force : bool
        See `netx_export.training.fit`.
    window, horizon, layers, expand, d_inner, d_state, dt_rank, d_conv, bits, zero_point,
    normalisation : optional
        Settings of the model, see `netx_export.config.ModelConfig`.
    d_model, neuron, tau, refractory_decay, mixer, engine, rounds, classes : optional
        Settings of the model, see `netx_export.spike_ssm.config.SpikeSsmConfig`.
    epochs, batch_size, learning_rate, weight_decay, input_dropout, mixed_windows : optional
        Settings of the training, see `netx_export.config.TrainConfig`.
    targets, firing_penalty, firing_target, head_start, patience, keep, seed : optional
        Settings of the training.
    """
    from lava_spikyspace.availability import require_export

    require_export()

    from lava_spikyspace.datasets.readers import read_table
    from lava_spikyspace.datasets.windows import parse_ratios

    with session.timer("read"):
        table = read_table(data)
    request = TrainRequest(
        table=table,
        config=config,
        model_flags={
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
            "d_model": d_model,
            "neuron": neuron,
            "tau": tau,
            "refractory_decay": refractory_decay,
            "mixer": mixer,
            "engine": engine,
            "rounds": rounds,
            "outputs": classes,
        },
        training_flags={
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "weight_decay": weight_decay,
            "input_dropout": input_dropout,
            "mixed_windows": mixed_windows,
            "targets": targets,
            "firing_penalty": firing_penalty,
            "firing_target": firing_target,
            "head_start": head_start,
            "patience": patience,
            "keep": keep,
            "seed": seed,
        },
        split=parse_ratios(split),
        initial=initial,
        checkpoint=out,
        resume=resume,
        force=force,
    )
    trained = TRAINERS[family](session, request)
    _show(session, trained.provenance)
    session.suggest("export", out, "-o", out.with_suffix(".net"), calibration=data)
    session.emit(data={"family": family, **_data(trained, out)})


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


def _show(session: Session, origin: Provenance) -> None:
    metrics = origin.metrics or {}
    named = {title: metrics[name] for name, title in _FORECASTERS.items() if name in metrics}
    steps: dict[str, dict[str, float]] = next(iter(named.values()), {})
    shown = [metric for metric in METRIC_NAMES if steps and metric in steps["all"]]
    rows = [
        (step if step == "all" else f"+{step}", name, *(f"{scores[step][m]:.4f}" for m in shown))
        for step in steps
        for name, scores in named.items()
    ]
    if rows:
        headings = [METRIC_NAMES[metric] for metric in shown]
        session.table(("step", "forecast", *headings), rows, title="test windows")
    best = origin.history[origin.best_epoch or 0]
    quality = best.get("valid_r2", best.get("quality"))
    told = "" if quality is None else f"validation {quality:.4f}, "
    session.line(
        f"best of {len(origin.history)} epochs: {best['epoch'] + 1}, {told}"
        f"firing rate {best['firing_rate']:.1%}"
    )


def _data(trained: TrainedModel | TrainedSsm, out: Path) -> dict[str, object]:
    from netx_export.spikyspace import parameter_count

    origin = trained.provenance
    metrics = origin.metrics or {}
    baselines = ("majority",) if "majority" in metrics else ("persistence", "ridge")
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
        "baselines": {name: metrics.get(name) for name in baselines},
    }
