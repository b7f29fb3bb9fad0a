"""Interval propagation: proven ranges of every value of a network, from its input range on.

The proof walks the layers in order. What a source can send is an interval per layer; the range of
a dense sum is exact for inputs that are independent within their intervals, so it holds for all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import singledispatch
from itertools import product
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic import (
    descale_sums,
    lowest_signed,
    pt_silu,
    pt_softplus,
    split_limbs,
)
from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import (
    DENSE_BITS,
    MESSAGE_BITS,
    ConvLayer,
    EncoderLayer,
    GateLayer,
    HeadLayer,
    InputLayer,
    IntArray,
    Interval,
    Layer,
    LinearLayer,
    Network,
    NormEncoderLayer,
    ProductLayer,
    Ranges,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)


def prove_ranges(network: Network) -> dict[str, Ranges]:
    """Return the proven ranges of every layer, given the range of the input layer's message.

    Parameters
    ----------
    network : Network
        Its stored ranges are not used, but for the input's.

    Returns
    -------
    dict of str to Ranges
        By layer name; each has the names of the layer's `RANGE_NAMES`.
    """
    proven: dict[str, Ranges] = {}
    for layer in network:
        sources = [proven[name]["message"] for name in layer.inputs]
        proven[layer.name] = layer_ranges(layer, sources)
    return proven


@singledispatch
def layer_ranges(layer: Layer, sources: Sequence[Interval]) -> Ranges:
    """Return the ranges of one layer from those of the messages that it reads.

    Parameters
    ----------
    layer : Layer
        Its type selects the rule.
    sources : sequence of Interval
        Messages of `layer.inputs`, in their order.
    """
    raise InternalError(f"no interval rule for layers of type {type(layer).__name__}")


class RowSums(NamedTuple):
    """What the weights of each row add up to.

    Attributes
    ----------
    positive, negative : ndarray, int64, shape (row,)
        Sums of the weights above and below 0.
    """

    positive: IntArray
    negative: IntArray

    @classmethod
    def of(cls, weight: npt.NDArray[np.integer[Any]]) -> RowSums:
        """Return the sums of a matrix, shape (row, input)."""
        positive = np.maximum(weight, 0).sum(axis=1, dtype=np.int64)
        return cls(positive, weight.sum(axis=1, dtype=np.int64) - positive)

    def ends(self, x: Interval) -> tuple[IntArray, IntArray]:
        """Return the least and the largest weighted sum of each row for inputs in `x`."""
        positive, negative = self
        return positive * x.lo + negative * x.hi, positive * x.hi + negative * x.lo


def dense_rows(weight: npt.NDArray[np.integer[Any]], x: Interval) -> tuple[IntArray, IntArray]:
    """Return the least and the largest sum of each row for inputs in `x`."""
    return RowSums.of(weight).ends(x)


def dense_product_magnitude(weight: npt.NDArray[np.int8], limb: Interval) -> int:
    """Return a bound of every partial sum of a `Dense` whose inputs lie in `limb`."""
    largest_row = int(np.abs(weight.astype(np.int64)).sum(axis=1).max(initial=0))
    return largest_row * limb.magnitude


def limb_intervals(x: Interval, widths: Sequence[int]) -> list[Interval]:
    """Return the ranges of the limbs of a message in `x`, lowest first."""
    intervals = []
    for width in widths:
        intervals.append(Interval(0, (1 << width) - 1))
        x = Interval(x.lo >> width, x.hi >> width)
    return [*intervals, x]


def choose_limbs(weights: Sequence[npt.NDArray[np.int8]], x: Interval) -> tuple[int, ...]:
    """Return the widths of the low limbs with which a message fits one `Dense` per limb.

    Parameters
    ----------
    weights : sequence of ndarray, int8
        Matrices that the message passes; all get the same limbs.
    x : Interval
        Range of the message.

    Returns
    -------
    tuple of int
        As few limbs as possible, each as wide as fits; empty where no split is needed.
    """
    limit = 1 << DENSE_BITS
    largest_row = max(dense_product_magnitude(weight, Interval(0, 1)) for weight in weights)
    width = max(1, ((limit - 1) // max(1, largest_row) + 1).bit_length() - 1)
    width = min(width, MESSAGE_BITS - 1)
    widths: list[int] = []
    while largest_row * x.magnitude >= limit or x.bits > MESSAGE_BITS:
        widths.append(width)
        x = Interval(x.lo >> width, x.hi >> width)
    return tuple(widths)


class Descaled(Protocol):
    """A layer whose sums are multiplied, offset and shifted per row."""

    @property
    def weight(self) -> npt.NDArray[np.int8]:
        """Weights, (row, input)."""
        ...

    @property
    def mult(self) -> IntArray:
        """Multiplier of each row."""
        ...

    @property
    def add(self) -> IntArray:
        """Offset of each row."""
        ...

    @property
    def shift(self) -> IntArray:
        """Shift of each row."""
        ...


def corners(*intervals: Interval) -> Interval:
    """Return the range of a product of values from the given intervals."""
    values = [1]
    for interval in intervals:
        values = [a * b for a, b in product(values, interval.ends)]
    return Interval(min(values), max(values))


@layer_ranges.register
def _(layer: InputLayer, sources: Sequence[Interval]) -> Ranges:
    return {"message": layer.ranges["message"]}


@layer_ranges.register
def _(layer: RmsNormLayer, sources: Sequence[Interval]) -> Ranges:
    nearest = 0 if sources[0].lo <= 0 <= sources[0].hi else min(abs(e) for e in sources[0].ends)
    least, most = (x**2 >> (2 * layer.square_shift) for x in (nearest, sources[0].magnitude))
    mean = Interval(least + layer.eps, most + layer.eps)
    root = Interval(*(math.isqrt(end << (2 * layer.root_bits)) for end in mean.ends))
    squares = Interval(layer.channels * least, layer.channels * most)
    return {"accumulator": squares, "state": mean, "message": root}


def comparison_range(
    acc: Interval, theta: IntArray, rms: Interval, shift: int, limbs: Sequence[int]
) -> Interval:
    """Return the range of both sides of ``(acc << shift) >= theta * rms`` and of their sums.

    Parameters
    ----------
    acc : Interval
        Accumulators.
    theta : ndarray, int64
        Thresholds.
    rms : Interval
        Root mean squares.
    shift : int
        Fraction bits of the comparison.
    limbs : sequence of int
        Widths of the low limbs of the thresholds, see `arithmetic.comparison_sums`.
    """
    kept = shift - sum(limbs)
    found = Interval(acc.lo << kept, acc.hi << kept)
    carry = Interval(0, 0)
    *low, top = split_limbs(theta, limbs)
    for limb, width in zip(low, limbs, strict=True):
        product = corners(Interval.of(limb), rms)
        total = Interval(product.lo + carry.lo, product.hi + carry.hi + (1 << width) - 1)
        found = found.union(total)
        carry = Interval(total.lo >> width, total.hi >> width)
    right = corners(Interval.of(top), rms)
    return found.union(Interval(right.lo + carry.lo, right.hi + carry.hi))


def _normalised_ranges(layer: NormEncoderLayer, sources: Sequence[Interval]) -> Ranges:
    low, high = dense_rows(layer.weight, sources[0])
    acc = Interval(int(low.min()), int(high.max()))
    compared = comparison_range(acc, layer.theta, sources[1], layer.rms_shift, layer.theta_limbs)
    return {"accumulator": acc, "comparison": compared}


@layer_ranges.register
def _(layer: NormEncoderLayer, sources: Sequence[Interval]) -> Ranges:
    levels = Interval(0, layer.theta.shape[1])
    return {**_normalised_ranges(layer, sources), "message": levels}


@layer_ranges.register
def _(layer: GateLayer, sources: Sequence[Interval]) -> Ranges:
    values = pt_silu(layer.table, layer.frac_bits, layer.exp2_terms)
    return {**_normalised_ranges(layer, sources), "message": Interval.of(values)}


@layer_ranges.register
def _(layer: EncoderLayer, sources: Sequence[Interval]) -> Ranges:
    low, high = dense_rows(layer.weight, sources[0])
    acc = Interval(int(low.min()), int(high.max()))
    return {"accumulator": acc, "message": Interval(0, layer.theta.shape[1])}


@layer_ranges.register
def _(layer: SoftplusLayer, sources: Sequence[Interval]) -> Ranges:
    low, high = dense_rows(layer.weight, sources[0])
    values = pt_softplus(layer.table, layer.frac_bits, layer.exp2_terms)
    return {
        "accumulator": Interval(int(low.min()), int(high.max())),
        "state": Interval.of(values),
        "message": Interval(0, layer.theta_out.shape[0]),
    }


def mult_limbs(layer: Descaled) -> tuple[int, ...]:
    """Return the widths of the low limbs in which the multiplier of a layer is taken."""
    limbs: tuple[int, ...] = getattr(layer, "mult_limbs", ())
    return limbs


def descale_ranges(
    layer: Descaled, x: Interval, sums: tuple[IntArray, IntArray] | None = None
) -> Ranges:
    """Return the ranges of sum, product and descaled value of rows that read messages in `x`.

    Parameters
    ----------
    layer : Layer
        Has ``weight``, ``mult``, ``add`` and ``shift``.
    x : Interval
        Range of the messages.
    sums : tuple of ndarray, optional
        Least and largest sum of each row, where it is not that of one product with the weights.
    """
    low, high = dense_rows(layer.weight, x) if sums is None else sums
    # Python integers: a product that does not fit int64 has to show as such.
    mult, add, shift = (value.astype(object) for value in (layer.mult, layer.add, layer.shift))
    limbs = mult_limbs(layer)
    ends = [descale_sums(acc.astype(object), mult, add, shift, limbs) for acc in (low, high)]
    values = [parts[-1] >> (shift - sum(limbs)) for parts in ends]
    return {
        "accumulator": Interval(int(low.min()), int(high.max())),
        "product": Interval.of(np.stack([part for parts in ends for part in parts])),
        "message": Interval.of(np.stack(values)),
    }


@layer_ranges.register
def _(layer: LinearLayer, sources: Sequence[Interval]) -> Ranges:
    return descale_ranges(layer, sources[0])


@layer_ranges.register
def _(layer: ResidualLayer, sources: Sequence[Interval]) -> Ranges:
    update = descale_ranges(layer, sources[0])
    return {**update, "message": Interval.signed(layer.residual_bits)}


@layer_ranges.register
def _(layer: ConvLayer, sources: Sequence[Interval]) -> Ranges:
    # A tap before the start of the window contributes 0, which every range of codes holds.
    low, high = dense_rows(layer.weight, sources[0].union(Interval(0, 0)))
    acc = Interval(int(low.min()), int(high.max()))
    return {"accumulator": acc, "message": Interval(0, layer.theta.shape[2])}


def held_range(layer: ScanLayer) -> Interval:
    """Return the range of what a state code stands for, with the offset of its element."""
    level, offset = Interval.of(layer.level), Interval.of(layer.state_offset)
    return Interval(level.lo + offset.lo, level.hi + offset.hi)


def kept_range(layer: ScanLayer) -> Interval:
    """Return the range of what is left of a state after its decay, and of 0."""
    # Of exponents that occur, in Python integers: no shift may wrap around.
    most = int(layer.right.max(initial=0)) + 1
    pairs = np.unique(layer.left * most + layer.right).tolist()
    ends = held_range(layer).ends
    decayed = [(end << pair // most) >> pair % most for end in ends for pair in pairs]
    return Interval(min(decayed), max(decayed)).union(Interval(0, 0))


@layer_ranges.register
def _(layer: ScanLayer, sources: Sequence[Interval]) -> Ranges:
    b, c = sources[2], sources[3]
    drive = corners(Interval.of(layer.gain), b)
    held, kept = held_range(layer), kept_range(layer)
    offset = Interval.of(layer.state_offset)
    moved = Interval(drive.lo >> layer.gain_shift, drive.hi >> layer.gain_shift)
    read = corners(held, c)
    skip = Interval.of(layer.skip)
    signed = layer.theta.shape[1]
    low = lowest_signed(signed.bit_length())
    return {
        "drive": drive,
        "state": Interval(kept.lo + moved.lo - offset.hi, kept.hi + moved.hi - offset.lo),
        "accumulator": Interval(layer.states * read.lo + skip.lo, layer.states * read.hi + skip.hi),
        "message": Interval(low, low + signed * (2 if signed == 1 else 1)),
    }


@layer_ranges.register
def _(layer: ProductLayer, sources: Sequence[Interval]) -> Ranges:
    return {"message": corners(*sources)}


@layer_ranges.register
def _(layer: HeadLayer, sources: Sequence[Interval]) -> Ranges:
    return descale_ranges(layer, sources[0])


def with_ranges(network: Network, proven: Mapping[str, Ranges]) -> Network:
    """Return the network with the given ranges stored in its layers."""
    layers = tuple(replace(layer, ranges=dict(proven[layer.name])) for layer in network)
    return replace(network, layers=layers)


# The rules of the other family register themselves; they need the names above.
from lava_spikyspace.spike_ssm import ranges as _spike_ssm  # noqa: E402, F401
