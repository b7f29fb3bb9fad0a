"""Interval rules of the layers of SPikE-SSM-style networks (see `lava_spikyspace.intervals`)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lava_spikyspace.arithmetic.activations import pt_sigmoid
from lava_spikyspace.arithmetic.random24 import RANDOM_BITS
from lava_spikyspace.arithmetic.s4d import drive
from lava_spikyspace.intervals import corners, dense_rows, descale_ranges, layer_ranges
from lava_spikyspace.network import Interval, Ranges
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    HardResetLayer,
    ProjectionLayer,
    RefractoryLayer,
    S4dLayer,
    SigmoidGateLayer,
    SoftResetLayer,
)

SPIKE = Interval(0, 1)

_SAFETY = 1.0 + 1e-9
"""Covers the rounding of the float64 numbers that bound a state."""


@layer_ranges.register
def _(layer: ChannelNormLayer, sources: Sequence[Interval]) -> Ranges:
    mult, add, shift = (value.astype(object) for value in (layer.mult, layer.add, layer.shift))
    ends = [end * mult + add + (1 << (shift - 1)) for end in sources[0].ends]
    return {
        "product": Interval.of(np.stack(ends)),
        "message": Interval.signed(layer.message_bits),
    }


@layer_ranges.register
def _(layer: ProjectionLayer, sources: Sequence[Interval]) -> Ranges:
    update = descale_ranges(layer, sources[0])
    return {**update, "message": Interval.signed(layer.message_bits)}


def state_bounds(layer: S4dLayer, x: Interval) -> list[list[int]]:
    """Return a bound of both parts of each state, by channel and state.

    A step maps ``|h|`` to at most ``|a| |h| + |drive| + e``, with e the rounding of both parts,
    half a unit each: over a window that is a geometric sum, whatever the input.

    Parameters
    ----------
    layer : S4dLayer
        The layer.
    x : Interval
        Range of its input.
    """
    magnitude = np.hypot(layer.decay_real.astype(float), layer.decay_imag.astype(float))
    magnitude = magnitude * 2.0**-layer.decay_bits * _SAFETY
    driven = [np.abs(drive(layer, np.full(layer.neurons, end))) for end in x.ends]
    step = np.maximum(*driven).astype(float) + math.sqrt(0.5)
    powers = np.minimum(magnitude**layer.elements, 1.0)
    total = np.where(magnitude < 1.0, (1.0 - powers) / np.maximum(1.0 - magnitude, 1e-300), np.inf)
    bound = np.ceil(step * np.minimum(total, layer.elements * np.maximum(magnitude, 1.0)) * _SAFETY)
    return [[int(value) + 1 for value in row] for row in bound.tolist()]


@layer_ranges.register
def _(layer: S4dLayer, sources: Sequence[Interval]) -> Ranges:
    bounds = np.array(state_bounds(layer, sources[0]), dtype=object)
    half = (1 << layer.decay_bits) >> 1
    decay = [np.abs(part).astype(object) for part in (layer.decay_real, layer.decay_imag)]
    product = int(((decay[0] + decay[1]) * bounds).max()) + half
    largest = int(bounds.max())
    read = [np.abs(part).astype(object) for part in (layer.read_real, layer.read_imag)]
    summed = ((read[0] + read[1]) * bounds).sum(axis=1)
    skipped = np.abs(layer.skip).astype(object) * sources[0].magnitude
    rounding = (1 << layer.shift.astype(object)) >> 1
    total = int((summed + skipped + rounding).max())
    return {
        "product": Interval(-product, product),
        "state": Interval(-largest, largest),
        "accumulator": Interval(-total, total),
        "message": Interval.signed(layer.message_bits),
    }


def _leaky_top(current: Interval, leak: int, bits: int) -> int:
    """Return a potential that a leak and a current do not exceed once below it."""
    high = max(current.hi, 0)
    top = high
    if leak:
        top = -(-high * (1 << bits) // ((1 << bits) - leak)) + 1
    return top


def _leaky_bottom(fall: int, leak: int, bits: int) -> int:
    """Return a potential that a leak and a fall of at most `fall` a step do not go below."""
    if not leak:
        return -fall
    # The floor of the shift takes up to one more unit a step.
    reach = -(-((fall + 1) << bits) // ((1 << bits) - leak))
    return -reach - 1


@layer_ranges.register
def _(layer: SoftResetLayer, sources: Sequence[Interval]) -> Ranges:
    return _soft(layer, sources[0], 0)


@layer_ranges.register
def _(layer: RefractoryLayer, sources: Sequence[Interval]) -> Ranges:
    pressure = _leaky_top(Interval(0, int(layer.refractory.max())), layer.fade, layer.leak_bits)
    ranges = _soft(layer, sources[0], pressure)
    return {
        "state": ranges["state"],
        "refractory": Interval(0, pressure),
        "message": ranges["message"],
    }


def _soft(layer: SoftResetLayer, current: Interval, pressure: int) -> Ranges:
    fall = max(-current.lo, 0) + int(layer.threshold.max()) + pressure
    low = _leaky_bottom(fall, layer.leak, layer.leak_bits)
    return {
        "state": Interval(low, _leaky_top(current, layer.leak, layer.leak_bits)),
        "message": SPIKE,
    }


@layer_ranges.register
def _(layer: HardResetLayer, sources: Sequence[Interval]) -> Ranges:
    current = sources[0]
    low = _leaky_bottom(max(-current.lo, 0), layer.leak, layer.leak_bits)
    return {
        "state": Interval(low, _leaky_top(current, layer.leak, layer.leak_bits)),
        "message": SPIKE,
    }


@layer_ranges.register
def _(layer: BernoulliLayer, sources: Sequence[Interval]) -> Ranges:
    scaled = Interval(*(end << RANDOM_BITS for end in sources[0].ends))
    thresholds = Interval(0, int(layer.threshold.max()) << RANDOM_BITS)
    return {"state": scaled.union(thresholds), "message": SPIKE}


@layer_ranges.register
def _(layer: SigmoidGateLayer, sources: Sequence[Interval]) -> Ranges:
    update = descale_ranges(layer, sources[0])
    ends = np.array(update["message"].ends, dtype=np.int64)
    values = pt_sigmoid(ends, layer.frac_bits, layer.exp2_terms)
    return {
        "accumulator": update["accumulator"],
        "product": update["product"],
        "state": update["message"],
        "message": Interval.of(values),
    }


@layer_ranges.register
def _(layer: GluLayer, sources: Sequence[Interval]) -> Ranges:
    gated = corners(sources[1], sources[2])
    half = 1 << (layer.shift - 1)
    return {
        "product": Interval(gated.lo + half, gated.hi + half),
        "message": Interval.signed(layer.residual_bits),
    }


@layer_ranges.register
def _(layer: ClassificationHeadLayer, sources: Sequence[Interval]) -> Ranges:
    low, high = dense_rows(layer.weight, sources[0])
    ends = [side.astype(object) * layer.elements for side in (low, high)]
    return descale_ranges(layer, sources[0], (ends[0], ends[1]))
