"""Compiled forward and backward pass of a quantiser: each one sweep over its tensor.

Elements are taken in chunks, whose share of a sum is kept apart: sums are the same for any number
of threads. Importing this module imports numba.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]

CHUNK = 1 << 13
"""Elements that are summed together."""

_exact: Any = njit(nogil=True, cache=True, error_model="numpy")
_summing: Any = njit(nogil=True, cache=True, fastmath={"reassoc", "nsz"})


@_exact
def _quantise(x: Array, levels: Array, sign: bool, values: Array, codes: Array) -> None:
    step, zero, low, high = levels
    one = x.dtype.type(1)
    for i in range(x.size):
        scaled = (x[i] - zero) / step
        q = np.rint(scaled)
        q = low if q < low else q
        q = high if q > high else q
        if sign:  # one signed bit has no code 0
            q = one if scaled >= 0 else -one
        codes[i] = q
        values[i] = q * step + zero


@_exact
def forward(
    x: Array, levels: Array, sign: bool, values: Array, codes: Array, first: int, last: int
) -> None:
    """Quantise the chunks ``first .. last - 1``.

    Parameters
    ----------
    x : ndarray, shape (elements,)
        Input.
    levels : ndarray, shape (4,)
        Step, zero-point, lowest and highest code.
    sign : bool
        Whether the codes are -1 and +1 only.
    values, codes : ndarray, shape (elements,)
        Written: ``step * q + z`` and q.
    first, last : int
        Chunks of `CHUNK` elements.
    """
    part = slice(first * CHUNK, last * CHUNK)
    _quantise(x[part], levels, sign, values[part], codes[part])


@_exact
def _slopes(
    x: Array, levels: Array, sign: bool, gradient: Array, to_x: Array, slope: Array
) -> None:
    step, zero, low, high = levels
    one = x.dtype.type(1)
    nil = x.dtype.type(0)  # an untyped 0 would make float64 of all that follows
    for i in range(x.size):
        scaled = (x[i] - zero) / step
        rounded = np.rint(scaled)
        q = low if rounded < low else rounded
        q = high if rounded > high else q
        if sign:
            q = one if scaled >= 0 else -one
        inside = (rounded >= low) & (rounded <= high)
        passed = gradient[i] if inside else nil
        to_x[i] = passed
        slope[i] = gradient[i] * q - passed * scaled


@_summing
def _sum(x: Array) -> float:
    total: Any = x.dtype.type(0)
    for i in range(x.size):
        total += x[i]
    return total


@_summing
def _difference(x: Array, y: Array) -> float:
    total: Any = x.dtype.type(0)
    for i in range(x.size):
        total += x[i] - y[i]
    return total


@_exact
def backward(
    gradient: Array,
    x: Array,
    levels: Array,
    sign: bool,
    to_x: Array,
    to_levels: Array,
    first: int,
    last: int,
) -> None:
    """Compute the gradients of the chunks ``first .. last - 1``.

    Parameters
    ----------
    gradient : ndarray, shape (elements,)
        Of the values.
    x, levels, sign
        As `forward` had them.
    to_x : ndarray, shape (elements,)
        Written: straight through the rounding, 0 where the code was clipped.
    to_levels : ndarray, shape (chunks, 2)
        Written: share of each chunk in the gradients of step and zero-point, not scaled.
    first, last : int
        Chunks of `CHUNK` elements.
    """
    slope = np.empty(CHUNK, x.dtype)
    for chunk in range(first, last):
        part = slice(chunk * CHUNK, min((chunk + 1) * CHUNK, x.size))
        used = slope[: part.stop - part.start]
        _slopes(x[part], levels, sign, gradient[part], to_x[part], used)
        to_levels[chunk, 0] = _sum(used)
        to_levels[chunk, 1] = _difference(gradient[part], to_x[part])
