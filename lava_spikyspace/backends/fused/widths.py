"""What has to hold so that the kernels are exact, and the narrowest types in which they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic import split_limbs
from lava_spikyspace.backends.fused.matching import BlockLayers
from lava_spikyspace.intervals import Descaled, dense_product_magnitude, dense_rows, mult_limbs
from lava_spikyspace.network import (
    EXACT_BITS,
    REGISTER_BITS,
    WIDE_MESSAGE_BITS,
    IntArray,
    Interval,
    Layer,
    Network,
    Ranges,
    RmsNormLayer,
    ScanLayer,
)

SINGLE_LIMIT = 1 << 24
"""float32 holds, and adds, all integers of smaller magnitude exactly."""

INT32_LIMIT = 1 << 31

CODE_LIMIT = 1 << 8
"""Codes are kept in bytes."""

MOST_PARTS = 2
"""Products in float32 that stand in for one in float64."""

Proven = Mapping[str, Ranges]
"""Proven ranges by layer name."""

FloatType = type[np.float32] | type[np.float64]
IntType = type[np.int32] | type[np.int64]


def obstacles(network: Network, blocks: tuple[BlockLayers, ...], proven: Proven) -> Iterator[str]:
    """Yield what keeps the kernels from being exact on a network, one line each.

    Parameters
    ----------
    network : Network
        A chain of blocks.
    blocks : tuple of BlockLayers
        Its layers by role.
    proven : mapping of str to Ranges
        Proven from the range of the input on.
    """
    for layer in network:
        yield from _wide_values(layer, proven[layer.name])
    for block in blocks:
        yield from _root(block.norm, proven)
        yield from _scan(block.scan)
        for name, theta in _thresholds(block):
            if theta.shape[-1] >= CODE_LIMIT:
                yield f"{name}: {theta.shape[-1]} thresholds, codes have at most {CODE_LIMIT - 1}"
        for layer in (block.b, block.c, block.out_proj):
            yield from _factors(layer.name, layer, proven[layer.inputs[0]]["message"])
    head = network.forecast_head
    yield from _factors(head.name, head, proven[head.inputs[0]]["message"])


def _wide_values(layer: Layer, ranges: Ranges) -> Iterator[str]:
    for name, interval in ranges.items():
        limit = WIDE_MESSAGE_BITS if name == "message" else EXACT_BITS
        if interval.bits > limit:
            yield f"{layer.name}: {name} has {interval.bits} bits, at most {limit} are exact"


def _root(norm: RmsNormLayer, proven: Proven) -> Iterator[str]:
    """Check the radicand, and the squares of low bits."""
    radicand = proven[norm.name]["state"].hi.bit_length() + 2 * norm.root_bits
    widest = max(radicand, 2 * norm.square_shift)
    if widest > REGISTER_BITS or 2 * norm.square_shift > EXACT_BITS:
        yield f"{norm.name}: squares of {widest} bits"


def _scan(scan: ScanLayer) -> Iterator[str]:
    if _shifted(scan) >= 1 << REGISTER_BITS or _largest_shift(scan) > REGISTER_BITS:
        yield f"{scan.name}: a decay that shifts out of {REGISTER_BITS} bits"
    if (np.diff(scan.level, n=2) != 0).any():
        yield f"{scan.name}: levels that are not evenly spaced"


def _largest_shift(scan: ScanLayer) -> int:
    return max(int(scan.left.max()), int(scan.right.max()))


def _shifted(scan: ScanLayer) -> int:
    """Return the largest level, shifted left: before it is shifted right again, it is wide."""
    level, offset = Interval.of(scan.level), Interval.of(scan.state_offset)
    return (level.magnitude + offset.magnitude) << int(scan.left.max())


def _thresholds(block: BlockLayers) -> list[tuple[str, IntArray]]:
    layers = (block.scan_in, block.gate, block.conv, block.delta, block.dt_proj, block.scan)
    inside = [
        (block.dt_proj.name, block.dt_proj.theta_out),
        (block.scan.name, block.scan.theta_state),
    ]
    return [*((layer.name, layer.theta) for layer in layers), *inside]


def _factors(name: str, layer: Descaled, x: Interval) -> Iterator[str]:
    """Check the products of sums and limbs of multipliers: what is added to them is proven."""
    largest = np.max(np.abs(dense_rows(layer.weight, x)), axis=0).astype(object)
    for limb in split_limbs(layer.mult, mult_limbs(layer)):
        widest = int((largest * np.abs(limb.astype(object))).max())
        if widest > 1 << EXACT_BITS:
            yield f"{name}: products up to {widest}, exact to 2**{EXACT_BITS}"


def stream_type(message: Interval) -> FloatType:
    """Return the narrowest float type that holds the messages of a stream."""
    return np.float32 if message.magnitude < SINGLE_LIMIT else np.float64


def product_type(weight: npt.NDArray[np.int8], x: Interval) -> FloatType:
    """Return the narrowest float type in which every partial sum of a product is exact."""
    fits = dense_product_magnitude(weight, x) < SINGLE_LIMIT
    return np.float32 if fits else np.float64


def product_parts(weight: npt.NDArray[np.int8], x: Interval) -> tuple[FloatType, tuple[slice, ...]]:
    """Return how to multiply fastest: a float type, and inputs whose partial sums are exact in it.

    Two products of half the inputs in float32 take half the time of one in float64; where more are
    needed, their sums take longer.

    Parameters
    ----------
    weight : ndarray, int8, shape (output, input)
        Matrix.
    x : Interval
        Range of every input.
    """
    inputs = weight.shape[1]
    for parts in range(1, MOST_PARTS + 1):
        ends = np.linspace(0, inputs, parts + 1).astype(int).tolist()
        slices = tuple(slice(first, stop) for first, stop in pairwise(ends))
        if all(product_type(weight[:, part], x) is np.float32 for part in slices):
            return np.float32, slices
    return np.float64, (slice(0, inputs),)


def state_type(scan: ScanLayer, proven: Proven) -> IntType:
    """Return the narrowest integer type that holds the states of a scan, and decays them."""
    widest = max(proven[scan.name]["state"].magnitude + 1, _shifted(scan))
    return np.int32 if widest < INT32_LIMIT and _largest_shift(scan) < 32 else np.int64


def read_type(scan: ScanLayer, proven: Proven) -> IntType:
    """Return the narrowest integer type that holds sums of codes times C."""
    widest = scan.states * (1 << scan.state_bits) * proven[scan.source("C")]["message"].magnitude
    return np.int32 if widest < INT32_LIMIT else np.int64
