"""Settings of a model and of its training, checked at the border.

Nothing here imports torch, so that the command line can read and explain settings without it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    Field,
    PositiveInt,
    model_validator,
)

from lava_spikyspace.errors import CheckpointError, InputError
from lava_spikyspace.files import MAX_SETTINGS_BYTES, read_regular
from lava_spikyspace.wording import brief, one_line
from netx_export.settings import Settings, Size, parse_settings


class Bits(Settings):
    """Width of each quantiser in bits, by the names of the published code.

    Parameters
    ----------
    c, s : int
        After in_proj's scan half; after the convolution.
    delta, pts, delta1 : int
        Input of dt_proj; its output, before PTSoftplus; after PTSoftplus.
    x, y : int
        State of the scan; its signed output.
    y1 : int
        Gate branch, before PTSiLU.
    """

    c: int = Field(default=2, ge=1, le=8)
    s: int = Field(default=2, ge=1, le=8)
    delta: int = Field(default=2, ge=1, le=8)
    pts: int = Field(default=5, ge=1, le=8)
    delta1: int = Field(default=2, ge=1, le=8)
    x: int = Field(default=2, ge=1, le=8)
    y: int = Field(default=2, ge=1, le=8)
    y1: int = Field(default=5, ge=1, le=8)


class ModelConfig(Settings):
    """Sizes and arithmetic of a SpikySpace model.

    Parameters
    ----------
    d_model : int
        Variates: each is one channel of the residual stream.
    window, horizon : int
        Input rows, and rows predicted at once.
    layers : int
        Blocks.
    expand : float, optional
        Inner channels per variate; ``d_inner = max(1, int(expand * d_model))``. Give this or
        `d_inner`, not both. Default 0.2, as published; see `roomy`.
    d_inner : int, optional
        Inner channels.
    d_state : int
        States per inner channel.
    dt_rank : int or "auto"
        Width of the step-size branch; "auto" is ``ceil(d_model / 16)``.
    d_conv : int
        Taps of the causal convolution.
    bits : Bits
        Width of each quantiser.
    zero_point : {"none", "learned", "published"}
        Zero-point rule of the unsigned quantisers.
    internal_zero_point : {"none", "learned", "published"}, optional
        Rule of the two quantisers before PTSoftplus and PTSiLU (`pts`, `y1`), whose codes never
        leave their process: a zero-point costs no spikes there, and without one the activations
        see no negative input. By default `published` goes with the zero-point rule of that name
        and `learned` with the others.
    step_start : {"percentile", "published"}, optional
        Start rule of the quantisers' steps; by default `published` goes with the zero-point rule
        of that name and `percentile` with the others.
    scan_start : {"spread", "published"}, optional
        Start of the scan's dynamics. `published`: decay rates -A of 1, 2, .. d_state, with which
        all states but the first few forget at once. `spread`: rates from 0.05 to 2, so that most
        outlive several steps, and step sizes spread over the channels, so that delta uses all its
        codes. By default `published` goes with the zero-point rule of that name and `spread` with
        the others.
    skip_start : float, optional
        Start of the skip weight D. By default 1, as published, with the published start of the
        scan, and 0 with a spread one: what passes by the scan at the start stays there.
    activations : {"shift", "exact"}
        PTSoftplus and PTSiLU, or softplus and SiLU, which no file can hold.
    quantised : bool
        Whether codes are made at all. Without, the model is a float network of the same layers:
        nothing to export, but what the codes cost can be seen by it.
    weights : {"int8", "float"}, optional
        Whether the forward pass rounds weights to int8 as the export does; by default `float`
        goes with the published zero-point rule and with models that are not quantised, and `int8`
        with the others.
    channel_steps : bool
        Whether the scan's output is quantised with a step of its own for each channel. The file
        has thresholds per channel there and the columns of out_proj take the steps in, so that it
        costs nothing. A model that is not quantised has none.
    normalisation : {"fixed", "instance"}
        How windows are normalised: by one mean and scale per variate, those of the training rows;
        or by the mean and scale of each window and variate.
    """

    d_model: Size
    window: Size
    horizon: Size
    layers: int = Field(default=3, ge=1, le=256)
    expand: float | None = Field(default=None, gt=0, le=64)
    d_inner: Size | None = None
    d_state: int = Field(default=32, ge=1, le=4096)
    dt_rank: Size | Literal["auto"] = "auto"
    d_conv: int = Field(default=3, ge=1, le=1024)
    bits: Bits = Bits()
    zero_point: Literal["none", "learned", "published"] = "none"
    internal_zero_point: Literal["none", "learned", "published"] | None = None
    step_start: Literal["percentile", "published"] | None = None
    scan_start: Literal["spread", "published"] | None = None
    skip_start: float | None = None
    activations: Literal["shift", "exact"] = "shift"
    quantised: bool = True
    weights: Literal["int8", "float"] | None = None
    channel_steps: bool = False
    normalisation: Literal["fixed", "instance"] = "fixed"

    @model_validator(mode="after")
    def _one_inner_size(self) -> ModelConfig:
        if self.expand is not None and self.d_inner is not None:
            raise ValueError("give expand or d_inner, not both")
        return self

    @property
    def inner_channels(self) -> int:
        """Channels of the convolution and of the scan."""
        if self.d_inner is not None:
            return self.d_inner
        if self.expand is not None:
            return max(1, int(self.expand * self.d_model))
        return max(1, int(DEFAULT_EXPAND * self.d_model))

    @property
    def step_rank(self) -> int:
        """Width of the step-size branch."""
        return math.ceil(self.d_model / 16) if self.dt_rank == "auto" else self.dt_rank

    def zero_point_rule(self, quantizer: str) -> Literal["none", "learned", "published"]:
        """Return the zero-point rule of a quantiser, by its name in `Bits`."""
        if quantizer not in INTERNAL_QUANTIZERS:
            return self.zero_point
        if self.internal_zero_point is not None:
            return self.internal_zero_point
        return "published" if self.zero_point == "published" else "learned"

    @property
    def start_rule(self) -> Literal["percentile", "published"]:
        """Start rule of the quantisers' steps."""
        if self.step_start is not None:
            return self.step_start
        return "published" if self.zero_point == "published" else "percentile"

    @property
    def spread_scan(self) -> bool:
        """Whether decay rates and step sizes start spread out."""
        if self.scan_start is not None:
            return self.scan_start == "spread"
        return self.zero_point != "published"

    @property
    def int8_weights(self) -> bool:
        """Whether the forward pass rounds weights to int8."""
        if self.weights is not None:
            return self.weights == "int8"
        return self.quantised and self.zero_point != "published"

    @property
    def skip(self) -> float:
        """Start of the skip weight."""
        if self.skip_start is not None:
            return self.skip_start
        return 0.0 if self.spread_scan else 1.0


DEFAULT_EXPAND = 0.2
"""Inner channels per variate where neither `expand` nor `d_inner` is given, as published."""


LEAST_INNER = 32
"""Least inner channels of a model to train, where neither is given."""


def roomy(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a model to train with enough inner channels.

    The published rule gives two inner channels to ten variates, which is no room for a scan. Where
    settings leave the size open, it becomes the published one but at least `LEAST_INNER`; models
    with the published zero-point rule keep it.

    Parameters
    ----------
    settings : mapping
        Fields of `ModelConfig`.
    """
    given = {name for name, value in settings.items() if value is not None}
    size = settings.get("d_model")
    settled = {"expand", "d_inner"} & given or settings.get("zero_point") == "published"
    if settled or not isinstance(size, int):
        return dict(settings)
    return {**settings, "d_inner": max(LEAST_INNER, int(DEFAULT_EXPAND * size))}


INTERNAL_QUANTIZERS = ("pts", "y1")
"""Quantisers, by their names in `Bits`, whose codes stay inside a process."""


class ScalerConfig(Settings):
    """Normalisation of a published checkpoint: ``(value - mean) / scale`` per variate."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]

    @model_validator(mode="after")
    def _positive_and_paired(self) -> ScalerConfig:
        if len(self.mean) != len(self.scale):
            raise ValueError(f"{len(self.mean)} means but {len(self.scale)} scales")
        if any(scale <= 0 for scale in self.scale):
            raise ValueError("every scale must be positive")
        return self


class InstanceScalerConfig(Settings):
    """Normalisation by each window's own mean and ``sqrt(variance + eps)``, per variate."""

    eps: float = Field(gt=0)


AnyScalerConfig = ScalerConfig | InstanceScalerConfig
"""What belongs to the normalisations `fixed` and `instance`."""


class PublishedModelConfig(ModelConfig):
    """The ``model.json`` that stands beside a checkpoint in the published layout.

    Parameters
    ----------
    scaler : ScalerConfig or InstanceScalerConfig or None
        Mean and scale per variate, or the eps of the normalisation `instance`; None for data that
        the model reads as they are.
    variates : tuple of str or None
        Names of the variates, each its own.

    Notes
    -----
    Files in this layout have no zero-points of their own: with the rule `none` the two internal
    quantisers have none either, unless `internal_zero_point` says otherwise.
    """

    zero_point: Literal["none", "learned", "published"] = "published"
    scaler: AnyScalerConfig | None = None
    variates: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_entry_per_variate(self) -> PublishedModelConfig:
        if isinstance(self.scaler, ScalerConfig) and len(self.scaler.mean) != self.d_model:
            raise ValueError(
                f"scaler has {len(self.scaler.mean)} entries, d_model is {self.d_model}"
            )
        if (self.normalisation == "instance") != isinstance(self.scaler, InstanceScalerConfig):
            raise ValueError(
                "a scaler with eps belongs to the normalisation instance, mean and scale to fixed"
            )
        if self.variates is not None and len(self.variates) != self.d_model:
            raise ValueError(f"variates has {len(self.variates)} names, d_model is {self.d_model}")
        _check_names(self.variates or ())
        return self

    def model(self) -> ModelConfig:
        """Return the settings of the model alone."""
        fields = {name: getattr(self, name) for name in ModelConfig.model_fields}
        if self.zero_point == "none":
            fields["internal_zero_point"] = self.internal_zero_point or "none"
        return ModelConfig(**fields)


def _check_names(names: tuple[str, ...]) -> None:
    """Refuse names that no model file can hold."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"variates: {brief(twice[0])} is there more than once")
    strange = [name for name in names if not name.isprintable() or not name]
    if strange:
        raise ValueError(f"variates: {brief(strange[0])} is no printable name")


HeadStart = Literal["best", "ridge", "persistence", "random"]
"""What a forecast head starts as."""


class TrainConfig(Settings):
    """Settings of a training run.

    Parameters
    ----------
    epochs : int
        Passes over the training windows.
    batch_size : int
        Windows per update.
    epoch_windows : int, optional
        Windows per epoch, drawn anew for each; by default all of them. Neighbouring windows of a
        long table tell much the same.
    valid_windows : int, optional
        Validation windows, evenly spread, on which epochs are compared; by default all of them.
    learning_rate : float
        Peak rate of AdamW.
    step_rate_factor : float
        Rate of the quantisers' steps and zero-points relative to `learning_rate`.
    schedule : {"one_cycle", "constant"}
        Course of the rate over all updates.
    warmup : float
        Share of the updates in which a one-cycle rate rises.
    weight_decay : float
        Decay of the weight matrices (never of norms, biases, steps, A and D).
    clip_norm : float
        Gradient norm that an update is scaled down to.
    loss : {"mse", "mae", "huber"}
        Loss between target and forecast.
    loss_units : {"normalised", "file"}
        Units the loss counts errors in: z-scores, or those of the data (which R2 counts in).
    patience : int, optional
        Epochs without a better validation R2 before training stops; None never stops early, nor
        does a training that keeps its last epoch.
    keep : {"last", "best"}, optional
        The epoch that the checkpoint holds in the end: the last, or the best by validation R2. By
        default `last` goes with the targets of the initial model, to which the end of the schedule
        comes nearest, and `best` with those of the data.
    firing_penalty : float
        Weight of the firing-rate penalty, ``sum over encoders of max(0, rate - target)``.
    firing_target : float
        Firing rate up to which an encoder is not penalised.
    input_dropout : float
        Share of the normalised inputs of each block that training sets to 0.
    mixed_windows : float
        Share of the windows of an update that are mixtures of two, which are learned with mixtures
        of their targets.
    targets : {"data", "initial"}
        What the forecasts should be: those of the data, or those of the model that training
        starts from. A float model knows what to forecast for mixtures and for what is rare, too;
        its codes lose less when they learn that from it than from a short table.
    head_start : {"best", "ridge", "persistence", "random"}, optional
        What the forecast head starts as: "repeat the last value", the ridge regression on the
        normalised window that the model has to beat, or whichever of the two is better on the
        validation windows. The blocks then start as small corrections. By default `random` goes
        with the published zero-point rule and `best` with the others.
    seed : int
        Start of every random number: weights, order of windows, dropout.
    """

    epochs: PositiveInt = 30
    batch_size: PositiveInt = 32
    epoch_windows: PositiveInt | None = None
    valid_windows: PositiveInt | None = None
    learning_rate: float = Field(default=3e-3, gt=0)
    step_rate_factor: float = Field(default=1.0, gt=0)
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    warmup: float = Field(default=0.3, gt=0, lt=1)
    weight_decay: float = Field(default=5e-2, ge=0)
    clip_norm: float = Field(default=1.0, gt=0)
    loss: Literal["mse", "mae", "huber"] = "huber"
    loss_units: Literal["normalised", "file"] = "file"
    patience: PositiveInt | None = 8
    keep: Literal["last", "best"] | None = None
    firing_penalty: float = Field(default=2e-3, ge=0)
    firing_target: float = Field(default=0.2, ge=0, le=1)
    input_dropout: float = Field(default=0.5, ge=0, lt=1)
    mixed_windows: float = Field(default=0.0, ge=0, le=1)
    targets: Literal["data", "initial"] = "data"
    head_start: HeadStart | None = None
    seed: int = Field(default=0, ge=0)

    @property
    def keeps_last(self) -> bool:
        """Whether the last epoch is kept."""
        return (self.keep or ("last" if self.targets == "initial" else "best")) == "last"

    @model_validator(mode="before")
    @classmethod
    def _former_name(cls, values: object) -> object:
        # Checkpoints of the first training code have a switch where there are four choices now.
        if isinstance(values, dict) and "persistence_head" in values:
            switch = values["persistence_head"]
            start = {True: "persistence", False: "random"}.get(switch)
            values = {k: v for k, v in values.items() if k != "persistence_head"}
            values.setdefault("head_start", start)
        return values


def read_published_config(path: Path) -> PublishedModelConfig:
    """Read the ``model.json`` of a checkpoint in the published layout.

    Parameters
    ----------
    path : Path
        A JSON object with the fields of `PublishedModelConfig`.

    Returns
    -------
    PublishedModelConfig
        Its settings.

    Raises
    ------
    CheckpointError
        The file cannot be read, is no JSON object, or a field is missing, unknown or unusable.
    """
    try:
        content = json.loads(read_regular(path, most=MAX_SETTINGS_BYTES).decode("utf-8"))
    except InputError as failure:
        raise CheckpointError(failure.message) from failure
    except (ValueError, RecursionError) as failure:
        raise CheckpointError(f"{path}: not a readable JSON file: {one_line(failure)}") from failure
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: found {type(content).__name__}, expected a JSON object")
    return parse_settings(PublishedModelConfig, content, str(path), CheckpointError)
