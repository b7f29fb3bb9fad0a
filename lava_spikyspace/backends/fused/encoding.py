"""Compiled threshold encoders, `LANES` channels at a time.

Thresholds of a layer stand in a table with a row for each of them, channels padded to whole lanes;
a row that no value reaches ends it. What pads is never reached either.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import uint8, uint64

from lava_spikyspace.backends.fused.extremes import greater, lesser
from lava_spikyspace.backends.fused.lanes import LANES, at_least, load, splat, store

Array = npt.NDArray[Any]
"""Of the shape and type that the docstring of a kernel says."""

_compile = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
"""No value is ever NaN, which lets extremes be vectorised."""

_compile_sums = numba.njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nnan", "nsz"}
)
"""Float sums may be reordered, and fused with products: every partial sum is an exact integer."""


@_compile_sums
def _exact_sum(x: Array, weight: Array) -> np.float64:
    total = np.float64(0)
    for c in range(x.shape[0]):
        total += np.float64(x[c]) * np.float64(weight[c])
    return total


@_compile
def _count_reached(values: Array, limits: Array, reached: Array) -> None:
    """Write how many limits each value has reached.

    Parameters
    ----------
    values : ndarray, float32 or float64, shape (padded channel,)
        Values.
    limits : ndarray, of the dtype of `values`, shape (j + 1, padded channel)
        Limits.
    reached : ndarray, int32, shape (padded channel,)
        Result.
    """
    kind = limits.dtype.type
    width = uint64(limits.shape[1])
    end = uint64(limits.shape[0] - 1) * width
    for c in range(uint64(0), width, uint64(LANES)):
        value = load(kind, values, c)
        count = splat(np.int32, 0)
        for j in range(c, end + c, width):
            count = count + at_least(value, load(kind, limits, j))
        store(reached, c, count)


@_compile
def _compared(theta: np.int64, root: np.int64, limbs: Array) -> np.int64:
    """`arithmetic.comparison_sums`, the last of them."""
    carry = np.int64(0)
    for width in limbs:
        mask = np.int64((1 << width) - 1)
        carry = ((theta & mask) * root + carry + mask) >> width
        theta >>= width
    return theta * root + carry


@_compile
def encode_normalised_rows(  # noqa: C901 - one loop nest, as the machine runs it
    x: Array, sums: Array, offset: int, weight: Array, norms: Array, error: float, squares: Array,
    roots: Array, theta: Array, limits: Array, shift: int, limbs: Array, codes: Array, span: Array,
) -> None:  # fmt: skip
    """`arithmetic.encode_normalised` on sums that are known but for a bounded error.

    `sums` are float32 products, off by at most ``error * |x| * |weight row|``. Where that leaves
    a code open, or could make a new extreme, the one sum is computed exactly in float64; the
    thresholds that it may have reached are compared with it in integers.

    Parameters
    ----------
    x : ndarray, float32 or float64, shape (node, variate)
        Messages.
    sums : ndarray, float32, shape (node, all channels)
        Products; those of this layer start at column `offset`.
    weight : ndarray, float32, shape (channel, variate)
        Rows of this layer.
    norms : ndarray, float32, shape (channel,)
        Their Euclidean norms.
    error : float
        Bound of the relative error of a float32 product, rounded messages included.
    squares, roots : ndarray, float64, shape (node,)
        Sums of squares and roots.
    theta : ndarray, int64, shape (j, channel)
        Thresholds with `shift` fraction bits.
    limits : ndarray, float32, shape (j + 1, padded channel)
        Thresholds rounded, without fraction bits.
    shift : int
        Fraction bits of the comparison.
    limbs : ndarray, int64, shape (limb,)
        Widths of the low limbs in which thresholds are taken.
    codes : ndarray, uint8, shape (node, channel)
        Result.
    span : ndarray, float64, shape (2,)
        Exact extremes of the sums.
    """
    channels = np.uint64(codes.shape[1])
    first = np.uint64(offset)
    kept = shift - limbs.sum()
    width = limits.shape[1]
    low, high = np.zeros(width, dtype=np.float32), np.zeros(width, dtype=np.float32)
    reached = np.empty(width, dtype=np.int32)
    for node in range(x.shape[0]):
        length = math.sqrt(squares[node])
        inverse = np.float32(1.0 / roots[node])
        row = sums[node]
        out = codes[node]
        slack = np.float32(error * length * 1.0001)
        most = np.float32(-np.inf)
        least = np.float32(np.inf)
        for c in range(channels):
            total = row[first + c]
            # Rounding of the ratio and of the limit is less than 2**-20 together, that of the
            # error and of the norm less than the 1.0001.
            wide = np.float32(slack * norms[c] + abs(total) * np.float32(2.0**-20))
            most = greater(np.float32(total + wide), most)
            least = lesser(np.float32(total - wide), least)
            low[c] = np.float32(np.float32(total - wide) * inverse)
            high[c] = np.float32(np.float32(total + wide) * inverse)
        _count_reached(low, limits, reached)
        for c in range(channels):
            out[c] = uint8(reached[c])
        open_codes = False
        for c in range(channels):
            open_codes |= high[c] >= limits[reached[c], c]
        if open_codes:
            for c in range(channels):
                if high[c] >= limits[reached[c], c]:
                    exact = np.int64(_exact_sum(x[node], weight[c])) << kept
                    root = np.int64(roots[node])
                    code = int(reached[c])
                    for j in range(reached[c], theta.shape[0]):
                        if high[c] >= limits[j, c]:
                            code += exact >= _compared(theta[j, c], root, limbs)
                    out[c] = uint8(code)
        if most > span[1] or least < span[0]:
            for c in range(channels):
                total = row[first + c]
                wide = np.float32(slack * norms[c] + abs(total) * np.float32(2.0**-20))
                if total + wide > span[1] or total - wide < span[0]:
                    exact = _exact_sum(x[node], weight[c])
                    span[0] = min(span[0], exact)
                    span[1] = max(span[1], exact)


@_compile
def encode_rows(sums: Array, offset: int, limits: Array, codes: Array, span: Array) -> None:
    """`arithmetic.encode` on exact float sums, whose columns start at `offset`.

    Limits and sums are of one float type; the rest is as of `encode_normalised_rows`.
    """
    channels = np.uint64(codes.shape[1])
    first = np.uint64(offset)
    lo, hi = limits.dtype.type(np.inf), limits.dtype.type(-np.inf)
    work = np.zeros(limits.shape[1], dtype=limits.dtype)
    reached = np.empty(limits.shape[1], dtype=np.int32)
    for node in range(sums.shape[0]):
        row = sums[node]
        out = codes[node]
        for c in range(channels):
            total = row[first + c]
            work[c] = total
            lo = lesser(total, lo)
            hi = greater(total, hi)
        _count_reached(work, limits, reached)
        for c in range(channels):
            out[c] = uint8(reached[c])
    span[0] = min(span[0], np.float64(lo))
    span[1] = max(span[1], np.float64(hi))
