"""Calibration: fix every zero-point from training windows, and freeze the model in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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

BATCH = 32
"""Windows of a calibration batch: a zero-point of the published rule depends on its batch."""


@dataclass(frozen=True)
class QuantiserRange:
    """What calibration saw of one quantiser.

    Parameters
    ----------
    minimum, maximum : float
        Extremes of its input.
    zero_point, step : float
        As frozen.
    histogram : tuple of int
        How often each code occurred, lowest code first.
    """

    minimum: float
    maximum: float
    zero_point: float
    step: float
    histogram: tuple[int, ...]


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


class _Seen:
    """Collects minima, extremes and code counts of a quantiser over its calls."""

    def __init__(self, quantizer: LearnedStepQuantizer) -> None:
        self.low = quantizer.low
        self.minima: list[float] = []
        self.maximum = -np.inf
        self.counts = np.zeros(quantizer.high - quantizer.low + 1, dtype=np.int64)

    def __call__(self, call: QuantizerCall) -> None:
        self.minima.append(float(call.input.min()))
        self.maximum = max(self.maximum, float(call.input.max()))
        codes = (call.codes.to(torch.int64) - self.low).reshape(-1)
        self.counts += torch.bincount(codes, minlength=len(self.counts)).numpy()


def calibrate(model: SpikySpace, windows: FloatArray) -> dict[str, QuantiserRange]:
    """Freeze the zero-points of a model that takes them from the batch.

    Parameters
    ----------
    model : SpikySpace
        Trained model, in float32; its quantisers are frozen in place.
    windows : ndarray, float64, shape (window, element, variate)
        Normalised windows of the training split.

    Returns
    -------
    dict of str to QuantiserRange
        By record name, what the windows gave rise to.

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
    seen = {name: _Seen(quantizer) for name, quantizer in quantizers.items()}
    observers: dict[str, Observer] = dict(seen)
    model.eval()
    with torch.no_grad(), model.observe(observers):
        for batch in _batches(windows):
            model(batch)
    for name, quantizer in quantizers.items():
        if not quantizer.signed and quantizer.fixed_zero_point is None:
            quantizer.freeze(median_zero_point(np.array(seen[name].minima)))
    return {
        name: QuantiserRange(
            minimum=min(found.minima),
            maximum=found.maximum,
            zero_point=quantizers[name].fixed_zero_point or 0.0,
            step=quantizers[name].step.item(),
            histogram=tuple(int(count) for count in found.counts),
        )
        for name, found in seen.items()
    }


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


def _batches(windows: FloatArray) -> Iterator[torch.Tensor]:
    for first in range(0, len(windows), BATCH):
        yield torch.from_numpy(windows[first : first + BATCH].astype(np.float32))


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
        out_proj=_int8(mixer.out_proj.weight),
        quantisers={
            name: _freeze_quantiser(mixer.quantizer(f"clip_{name}"))
            for name in ("c", "s", "delta", "pts", "delta1", "x", "y", "y1")
        },
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
