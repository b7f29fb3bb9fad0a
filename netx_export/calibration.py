"""Calibration: fix every zero-point from training windows, and freeze the model in float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from lava_spikyspace.errors import CheckpointError
from netx_export.config import ModelConfig
from netx_export.frozen import (
    FloatArray,
    FrozenBlock,
    FrozenModel,
    FrozenQuantiser,
    QuantisedWeight,
)
from netx_export.quantizers import LearnedStepQuantizer, Observer, QuantizerCall
from netx_export.spikyspace import Block, SpikySpace
from netx_export.weights import int8_rows

LEAST_BATCH = 32
"""Fewest windows of a calibration batch, where the training split has as many."""

MOST_BATCH = 1024
"""Most windows of a calibration batch."""

MATCHED_WINDOWS = 192
"""Windows on which forecasts of frozen and batch-dependent zero-points are compared."""

CLOSER = 0.98
"""Share of the squared error of the forecasts that zero-points of their own have to leave."""

FREQUENT = 0.05
"""Share of the calls in which a zero-point has to occur to be tried."""

_BATCH_ELEMENTS = 1 << 27
"""Elements of a (window, element, channel, state) tensor that a batch may have."""


def batch_size(config: ModelConfig, evaluated: int) -> int:
    """Return how many windows a calibration batch has.

    A zero-point of the published rule is taken from the minimum over a batch, and the minimum over
    many windows is lower than that over a few: a power of two lower for many quantisers. The
    published model is evaluated on its whole test split at once, so the batches here are as large
    as that split, where memory allows.

    Parameters
    ----------
    config : ModelConfig
        Sizes.
    evaluated : int
        Windows of the test split.
    """
    room = _BATCH_ELEMENTS // (config.window * config.inner_channels * config.d_state)
    return max(LEAST_BATCH, min(evaluated, MOST_BATCH, room))


def median_zero_point(minima: FloatArray) -> float:
    """Return ``sign * 2**median(round(log2|m|))`` over the minima of many calls.

    The sign is that of most minima; those of the other sign, and zeros, do not count for the
    exponent. The median of an even number of exponents is the lower one, so that the zero-point
    stays a power of two.

    Parameters
    ----------
    minima : ndarray, float64
        Minimum of the quantiser's input in every call.
    """
    signs = np.sign(minima)
    sign = float(np.sign(signs.sum()))
    if sign == 0.0:
        return 0.0
    exponents = np.sort(np.rint(np.log2(np.abs(minima[signs == sign]))))
    median = float(exponents[(len(exponents) - 1) // 2])
    return float(sign * 2.0**median)


class _Minima:
    """Collects the minimum of a quantiser's input over its calls."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def __call__(self, call: QuantizerCall) -> None:
        self.values.append(float(call.input.min()))


def calibrate(model: SpikySpace, batches: Sequence[FloatArray]) -> None:
    """Freeze the zero-points of a model that takes them from the batch.

    A zero-point is frozen from its distribution over all calls: one per batch, for the state of
    the scan one per batch and step of the window. It starts as the median of the powers of two;
    see `_match_forecasts` for where another one is taken.

    Parameters
    ----------
    model : SpikySpace
        Trained model, in float32; its quantisers are frozen in place.
    batches : sequence of ndarray, float64, shape (window, element, variate)
        Normalised windows of the training split, in batches of `batch_size`.

    Raises
    ------
    CheckpointError
        A quantiser has no step (the model was never trained), or the model has no codes or other
        activations than a file can hold.
    """
    _check_exportable(model.config)
    quantizers = model.quantizers()
    unstarted = [name for name, quantizer in quantizers.items() if not quantizer.started]
    if unstarted:
        raise CheckpointError(f"quantisers without a step (never trained): {', '.join(unstarted)}")
    minima = {
        name: _Minima()
        for name, quantizer in quantizers.items()
        if not quantizer.signed and quantizer.fixed_zero_point is None
    }
    if not minima:
        return
    observers: dict[str, Observer] = dict(minima)
    model.eval()
    with torch.no_grad(), model.observe(observers):
        wanted = [model(batch) for batch in map(_tensor, batches)]
    seen = {name: np.array(found.values) for name, found in minima.items()}
    for name, values in seen.items():
        quantizers[name].freeze(median_zero_point(values))
    sample = _sample(batches, wanted)
    _free_first_states(model, seen, sample, _match_forecasts(model, seen, sample))


def _tensor(batch: FloatArray) -> torch.Tensor:
    return torch.from_numpy(batch.astype(np.float32))


def _sample(
    batches: Sequence[FloatArray], forecasts: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return at most `MATCHED_WINDOWS` windows of all batches, and their forecasts."""
    windows = torch.cat([_tensor(batch) for batch in batches])
    step = -(-len(windows) // MATCHED_WINDOWS)
    return windows[::step], torch.cat(list(forecasts))[::step]


def _match_forecasts(
    model: SpikySpace,
    seen: Mapping[str, FloatArray],
    sample: tuple[torch.Tensor, torch.Tensor],
) -> float:
    """Move zero-points to another power of two where the forecasts come closer to the model's own.

    A median may fall on either side where two powers of two are about as frequent, and one value
    cannot follow a state whose minimum depends on the step. Of the powers of two that a quantiser
    has seen often, one quantiser after the other, the one is taken with which the frozen model
    forecasts most nearly what it forecast with the zero-points of its batches.
    """
    windows, wanted = sample
    quantizers = model.quantizers()

    def error() -> float:
        with torch.no_grad():
            return float((model(windows) - wanted).square().mean())

    least = error()
    for name, values in seen.items():
        current = quantizers[name].fixed_zero_point or 0.0
        best = current
        for candidate in _frequent(values):
            if candidate == current or least == 0.0:
                continue
            quantizers[name].freeze(candidate)
            found = error()
            if found < least:
                least, best = found, candidate
        quantizers[name].freeze(best)
    return least


def _first_states(seen: Mapping[str, FloatArray], window: int) -> dict[str, list[float]]:
    """Return the zero-points of the state at every element up to where they stay the same.

    A window starts from a state of 0, so that the minimum over its first states is another one
    than later: the published zero-point is often some powers of two away.
    """
    found = {}
    for name, values in seen.items():
        if name.endswith("scan.state"):
            by_element = values.reshape(-1, window)
            points = [median_zero_point(by_element[:, element]) for element in range(window)]
            while len(points) > 1 and points[-2] == points[-1]:
                points.pop()
            if len(points) > 1:
                found[name] = points
    return found


def _free_first_states(
    model: SpikySpace,
    seen: Mapping[str, FloatArray],
    sample: tuple[torch.Tensor, torch.Tensor],
    error: float,
) -> None:
    """Give the first states of a window zero-points of their own if forecasts come closer so."""
    quantizers = model.quantizers()
    points = _first_states(seen, model.config.window)
    if not points:
        return
    before = {name: quantizers[name].fixed_zero_point or 0.0 for name in seen}
    for name, values in seen.items():
        *first, last = points.get(name, [median_zero_point(values)])
        quantizers[name].freeze(last, first)
    others = {name: values for name, values in seen.items() if name not in points}
    if _match_forecasts(model, others, sample) >= CLOSER * error:
        for name, zero_point in before.items():
            quantizers[name].freeze(zero_point)


def _frequent(minima: FloatArray) -> list[float]:
    """Return the zero-points of the published rule that many of the calls had."""
    rounded = np.array([median_zero_point(minima[i : i + 1]) for i in range(len(minima))])
    found, counts = np.unique(rounded, return_counts=True)
    return [float(z) for z, n in zip(found, counts, strict=True) if n >= FREQUENT * len(minima)]


def _check_exportable(config: ModelConfig) -> None:
    if not config.quantised:
        raise CheckpointError(
            "the model was trained without quantisers (quantised = false): no codes to export"
        )
    if config.activations != "shift":
        raise CheckpointError(
            f"the model was trained with {config.activations} activations, expected shift: "
            "a file holds PTSoftplus and PTSiLU only"
        )


def freeze(model: SpikySpace) -> FrozenModel:
    """Return the frozen float model of a calibrated model.

    Weights become int8 in float64; the decay exponents are those that the model computes in
    float32.

    Parameters
    ----------
    model : SpikySpace
        Trained and calibrated.
    """
    config = model.config
    blocks = [module for module in model.layers if isinstance(module, Block)]
    return FrozenModel(
        window=config.window,
        horizon=config.horizon,
        variates=config.d_model,
        blocks=tuple(_freeze_block(block) for block in blocks),
        head=_int8(model.forecast_head.weight),
        head_bias=_float64(model.forecast_head.bias),
    )


def _freeze_block(block: Block) -> FrozenBlock:
    mixer = block.mixer
    gained = mixer.in_proj.weight.detach().double() * block.norm.weight.detach().double()
    in_proj = _int8(gained)
    x_proj = _int8(mixer.x_proj.weight)
    inner, ranks, states = mixer.d_inner, mixer.dt_rank, mixer.d_state
    conv_bias = mixer.conv1d.bias
    steps = np.ones(1) if mixer.channel_steps is None else _float64(mixer.channel_steps)
    out_proj = mixer.out_proj.weight.detach().double() * torch.from_numpy(steps)
    return FrozenBlock(
        in_scan=in_proj.rows(slice(0, inner)),
        in_gate=in_proj.rows(slice(inner, None)),
        conv=_int8(mixer.conv1d.weight.reshape(inner, -1)),
        conv_bias=np.zeros(inner) if conv_bias is None else _float64(conv_bias),
        delta=x_proj.rows(slice(0, ranks)),
        b=x_proj.rows(slice(ranks, ranks + states)),
        c=x_proj.rows(slice(ranks + states, None)),
        dt_proj=_int8(mixer.dt_proj.weight),
        dt_bias=_float64(mixer.dt_proj.bias),
        exponents=mixer.decay_exponents().numpy().astype(np.int64),
        skip=_float64(mixer.D),
        first_zero_points=mixer.quantizer("clip_x").first_zero_points,
        out_proj=_int8(out_proj),
        quantisers={
            name: _freeze_quantiser(mixer.quantizer(f"clip_{name}"))
            for name in ("c", "s", "delta", "pts", "delta1", "x", "y", "y1")
        },
        channel_steps=steps,
    )


def _freeze_quantiser(quantizer: LearnedStepQuantizer) -> FrozenQuantiser:
    return FrozenQuantiser(
        alpha=float(quantizer.step.item()),
        zero_point=quantizer.fixed_zero_point or 0.0,
        bits=quantizer.bits,
        signed=quantizer.signed,
    )


def _float64(tensor: torch.Tensor) -> FloatArray:
    return np.asarray(tensor.detach().double().numpy())


def _int8(weight: torch.Tensor) -> QuantisedWeight:
    codes, scale = int8_rows(weight.detach().double())
    return QuantisedWeight(codes.numpy().astype(np.int8), np.asarray(scale.numpy()))
