"""Constants with which small differences inside a neuron show in what it sends."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import singledispatch

import numpy as np

from lava_spikyspace.arithmetic import pt_softplus
from lava_spikyspace.arithmetic.activations import SILU_BREAK, SOFTPLUS_BREAK
from lava_spikyspace.hardware.microcode.descaling import Descaled
from lava_spikyspace.hardware.microcode.interpreter import BoolArray
from lava_spikyspace.hardware.microcode.words import LIMB_BITS
from lava_spikyspace.network import (
    ConvLayer,
    EncoderLayer,
    GateLayer,
    HeadLayer,
    IntArray,
    Layer,
    LinearLayer,
    NormEncoderLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.spike_ssm.layers import (
    ChannelNormLayer,
    ClassificationHeadLayer,
    SpikingLayer,
)
from tests.hardware.microcode.trials import Trial


@singledispatch
def sharpened(layer: Layer, trial: Trial) -> Layer:
    """Return a layer in which small differences inside show in its codes."""
    return layer


@sharpened.register
def _(layer: ConvLayer, trial: Trial) -> Layer:
    elements = np.arange(trial.frames) % trial.plan.network.window
    theta = layer.theta.copy()
    for row in range(len(theta)):
        seen = trial.arriving["acc"][elements == min(row, elements.max())]
        theta[row] = _reached(seen, theta.shape[2], trial.rng)
    return replace(layer, theta=theta)


@sharpened.register
def _(layer: ScanLayer, trial: Trial) -> Layer:
    theta = _reached(trial.arriving["acc"], layer.theta.shape[1], trial.rng)
    return replace(layer, theta=theta)


def _reached(
    acc: IntArray, levels: int, rng: np.random.Generator, often: BoolArray | None = None
) -> IntArray:
    """Return ascending thresholds for each channel: values that occur, or are just missed.

    Values where `often` is set are taken five times as often as others.
    """
    flat = acc.reshape(-1, acc.shape[-1])
    weight = np.ones(flat.shape) if often is None else np.where(often.reshape(flat.shape), 5.0, 1.0)
    chosen = [
        rng.choice(channel, levels, p=share / share.sum()) + rng.integers(0, 2, levels)
        for channel, share in zip(flat.T, weight.T, strict=True)
    ]
    return np.sort(np.stack(chosen), axis=1)


@sharpened.register
def _(layer: EncoderLayer, trial: Trial) -> Layer:
    seen = _within(trial.arriving["acc"], layer, trial.rng)
    return replace(
        layer, theta=_keeping_ends(_reached(seen, layer.theta.shape[1], trial.rng), layer)
    )


@sharpened.register
def _(layer: NormEncoderLayer, trial: Trial) -> Layer:
    """Let thresholds be the largest that some sum reaches, some where a word ends."""
    acc = trial.arriving["acc"]
    scaled = acc.astype(object) << layer.rms_shift
    reached = np.asarray(scaled // trial.arriving["rms"], dtype=np.int64)
    turns = _within(reached, layer, trial.rng)
    ends = acc % (1 << max(LIMB_BITS - layer.rms_shift, 0)) == 0
    theta = _reached(turns, layer.theta.shape[1], trial.rng, ends)
    return replace(layer, theta=_keeping_ends(theta, layer))


def _within(values: IntArray, layer: EncoderLayer, rng: np.random.Generator) -> IntArray:
    """Return values; those beyond the thresholds of a layer are drawn anew between them."""
    least, most = layer.theta.min(), layer.theta.max()
    inside = (values >= least) & (values <= most)
    return np.where(inside, values, rng.integers(least, most, values.shape, endpoint=True))


def _keeping_ends(theta: IntArray, layer: EncoderLayer) -> IntArray:
    """Return thresholds whose least and largest are those of the layer: they fix widths."""
    theta = np.clip(theta, layer.theta.min(), layer.theta.max())
    theta[0, 0], theta[-1, -1] = layer.theta.min(), layer.theta.max()
    return theta


@sharpened.register
def _(layer: GateLayer, trial: Trial) -> Layer:
    normalised = sharpened.dispatch(NormEncoderLayer)(layer, trial)
    return replace(normalised, table=_telling(layer, SILU_BREAK, trial.rng))


@sharpened.register
def _(layer: SoftplusLayer, trial: Trial) -> Layer:
    encoder = sharpened.dispatch(EncoderLayer)(layer, trial)
    table = _telling(layer, SOFTPLUS_BREAK, trial.rng)
    values = np.unique(pt_softplus(table, layer.frac_bits, layer.exp2_terms))
    # Between two values, a code turns either just above the lower one or at the upper one.
    is_upper = trial.rng.random(len(values) - 1) < 0.5
    turns = np.where(is_upper, values[1:], values[:-1] + 1)
    levels = (1 << len(turns).bit_length()) - 1
    rest = turns[-1] + np.arange(1, levels - len(turns) + 1)
    return replace(encoder, table=table, theta_out=np.concatenate([turns, rest]))


@sharpened.register
def _(layer: SpikingLayer, trial: Trial) -> Layer:
    """Let thresholds be currents that arrive where a window begins, or just above them."""
    first = trial.arriving["current"][:: trial.plan.network.window]
    most = int(layer.threshold.max())
    theta = _reached(np.clip(first, 1, most), 1, trial.rng)[:, 0]
    theta[0] = most  # it fixes widths
    return replace(layer, threshold=np.clip(theta, 1, most))


@sharpened.register(LinearLayer)
@sharpened.register(HeadLayer)
@sharpened.register(ChannelNormLayer)
@sharpened.register(ClassificationHeadLayer)
def _(layer: Descaled, trial: Trial) -> Layer:
    """Let a sum of each channel be one below where its value turns."""
    seen = trial.arriving["acc"].reshape(-1, len(layer.mult))
    acc = np.array([trial.rng.choice(channel) for channel in seen.T]).astype(object)
    half = np.left_shift(np.int64(1), layer.shift - 1)
    over = (acc * layer.mult + layer.add + half + 1) % (2 * half.astype(object))
    return replace(layer, add=layer.add - over.astype(np.int64))


def _telling(layer: GateLayer | SoftplusLayer, turn: float, rng: np.random.Generator) -> IntArray:
    """Return arguments on both sides of the turn, at whole exponents and anywhere else."""
    unit = 1 << layer.frac_bits
    at = math.ceil(turn * unit)
    # The ends are always the same: they fix widths and shifts.
    special = [-4 * unit, 2 * unit, at - 1, at, at + 1, -1, unit - 1, -unit, -2 * unit - 1]
    special = special[:2] + list(rng.permutation(special[2:]))
    anywhere = rng.integers(-4 * unit, 2 * unit, layer.table.size)
    return np.sort(np.concatenate([special, anywhere])[: layer.table.size])
