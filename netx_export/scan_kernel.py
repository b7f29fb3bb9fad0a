"""Compiled forward and backward pass of the quantised selective scan, window by window.

The kernels take contiguous NumPy arrays of one dtype (float32 or float64) and compute the windows
``first .. last - 1`` of a batch. Windows do not touch each other: threads share a batch by its
windows, and the result does not depend on how many threads there are. States are kept as codes
(uint8); the backward pass computes all else again. Importing this module imports numba.

Whatever decides a code is compiled without re-association, in the order of the plain loop of
`netx_export.scan`, so that codes are the same; sums may differ from the loop's in their last bits.

The rows over the states are short functions over few arrays each: LLVM vectorises a loop only if
few comparisons tell whether its arrays overlap, and numba cannot promise that they do not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

Array = npt.NDArray[Any]

LN2 = math.log(2.0)

_exact: Any = njit(nogil=True, cache=True, error_model="numpy")
_summing: Any = njit(nogil=True, cache=True, fastmath={"reassoc", "nsz"})


def _emit_power_of_two(typing: Any, exponent: Any) -> Any:  # noqa: ANN401 - numba's form
    wide = exponent == types.float64
    integer, real = (ir.IntType(64), ir.DoubleType()) if wide else (ir.IntType(32), ir.FloatType())
    mantissa, bias = (52, 1023) if wide else (23, 127)
    limit = 2 * bias - 2

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - numba's form
        value = arguments[0]
        for bound, side in ((-limit, "<"), (limit, ">")):
            edge = ir.Constant(real, float(bound))
            value = builder.select(builder.fcmp_ordered(side, value, edge), edge, value)
        whole = builder.fptosi(value, integer)
        # Two factors: a single one would not reach the subnormal numbers.
        half = builder.ashr(whole, ir.Constant(integer, 1))
        factors = []
        for part in (half, builder.sub(whole, half)):
            biased = builder.add(part, ir.Constant(integer, bias))
            bits = builder.shl(biased, ir.Constant(integer, mantissa))
            factors.append(builder.bitcast(bits, real))
        return builder.fmul(*factors)

    return exponent(exponent), generate


_power_of_two: Any = intrinsic(_emit_power_of_two)
"""2 to an integer-valued float, exact; 0 or infinity beyond what the dtype holds."""


TILE = 16
"""States that are computed together; what is kept per state is padded to a multiple of it."""

_CHANNEL_ROWS = 3
"""Rows of `TILE` that belong to a channel: decay rates; state or its gradient; gradient of A."""

_STEP_ROWS = 8
"""Rows of `TILE` that belong to a step: B, C, their gradients, and what rows pass on."""


@_exact
def _load(row: Array, block: Array, at: int, first: int) -> None:
    """Copy a tile of a row into a block, padded with 0."""
    width = min(TILE, row.size - first)
    for n in range(width):
        block[at * TILE + n] = row[first + n]
    for n in range(width, TILE):
        block[at * TILE + n] = 0


@_exact
def _unload(block: Array, at: int, first: int, row: Array) -> None:
    for n in range(min(TILE, row.size - first)):
        row[first + n] = block[at * TILE + n]


@_exact
def _forward_row(
    channel: Array,
    work: Array,
    delta: float,
    u: float,
    step: float,
    zero: float,
    low: float,
    high: float,
) -> None:
    for n in range(TILE):
        decay = _power_of_two(np.rint(delta * channel[n]))
        p = decay * channel[TILE + n] + delta * work[n] * u
        q = np.rint((p - zero) / step)
        q = low if q < low else q
        q = high if q > high else q
        work[4 * TILE + n] = p
        work[5 * TILE + n] = q
        channel[TILE + n] = q * step + zero


@_exact
def _store_codes(work: Array, codes: Array, first: int) -> None:
    for n in range(TILE):
        codes[first + n] = np.uint8(np.int32(work[5 * TILE + n]))


@_summing
def _dot(x: Array, at: int, y: Array, to: int) -> float:
    total: Any = x.dtype.type(0)
    for n in range(TILE):
        total += x[at * TILE + n] * y[to * TILE + n]
    return total


@_exact
def forward(
    u: Array,
    delta: Array,
    A: Array,
    B: Array,
    C: Array,
    levels: Array,
    codes: Array,
    inputs: Array,
    y: Array,
    first: int,
    last: int,
) -> None:
    """Run the scan over some windows; B batch, L length, D channels, N states.

    Parameters
    ----------
    u, delta : ndarray, shape (B, L, D)
        Input and step sizes.
    A : ndarray, shape (D, N)
        Negative decay rates.
    B, C : ndarray, shape (B, L, N)
        Input and output maps.
    levels : ndarray, shape (4,)
        Step, zero-point, lowest and highest code of the state's quantiser.
    codes : ndarray, uint8, shape (B, L, D, N padded to a multiple of `TILE`)
        Written: codes of the states.
    inputs : ndarray, shape (B, L, D, N) or empty
        Written unless it is empty: the states before they are quantised.
    y : ndarray, shape (B, L, D)
        Written: ``C . h``.
    first, last : int
        The windows to compute.
    """
    channels, states = A.shape
    step, zero, low, high = levels
    block = np.zeros((channels, _CHANNEL_ROWS * TILE), A.dtype)
    work = np.zeros(_STEP_ROWS * TILE, A.dtype)
    for b in range(first, last):
        y[b] = 0
        for tile in range(0, states, TILE):
            block[:] = 0
            for d in range(channels):
                _load(A[d], block[d], 0, tile)
            for t in range(u.shape[1]):
                _load(B[b, t], work, 0, tile)
                _load(C[b, t], work, 1, tile)
                for d in range(channels):
                    _forward_row(block[d], work, delta[b, t, d], u[b, t, d], step, zero, low, high)
                    _store_codes(work, codes[b, t, d], tile)
                    if inputs.size > 0:
                        _unload(work, 4, tile, inputs[b, t, d])
                    y[b, t, d] += _dot(block[d], 1, work, 1)


@_exact
def _load_codes(codes: Array, at: int, first: int, work: Array) -> None:
    for n in range(TILE):
        work[at * TILE + n] = codes[first + n]


@_exact
def _backward_row(
    channel: Array,
    work: Array,
    sums: Array,
    dy: float,
    delta: float,
    u: float,
    step: float,
    zero: float,
    low: float,
    high: float,
    alive: float,
    ln2: float,
) -> None:
    drive = delta * u
    nil = work.dtype.type(0)  # an untyped 0 would make float64 of all that follows
    for n in range(TILE):
        before = (work[5 * TILE + n] * step + zero) * alive
        decay = _power_of_two(np.rint(delta * channel[n]))
        p = decay * before + delta * work[n] * u
        scaled = (p - zero) / step
        rounded = np.rint(scaled)
        q = work[4 * TILE + n]
        dh = dy * work[TILE + n] + channel[TILE + n]
        inside = (rounded >= low) & (rounded <= high)
        passed = dh if inside else nil
        carry = passed * decay
        slope = carry * before * ln2
        work[2 * TILE + n] += passed * drive
        work[3 * TILE + n] += dy * (q * step + zero)
        work[6 * TILE + n] = passed
        work[7 * TILE + n] = slope
        channel[TILE + n] = carry
        channel[2 * TILE + n] += slope * delta
        sums[n] += dh * q - passed * scaled
        sums[TILE + n] += dh - passed


@_exact
def backward(
    dy: Array,
    u: Array,
    delta: Array,
    A: Array,
    B: Array,
    C: Array,
    levels: Array,
    codes: Array,
    du: Array,
    ddelta: Array,
    dA: Array,
    dB: Array,
    dC: Array,
    dlevels: Array,
    learn_decay: bool,
    first: int,
    last: int,
) -> None:
    """Compute the gradients of some windows.

    Parameters
    ----------
    dy : ndarray, shape (B, L, D)
        Gradient of `y`.
    u, delta, A, B, C, levels, codes : ndarray
        As `forward` had them and wrote them.
    du, ddelta, dB, dC : ndarray
        Written: gradients of the arguments, in their shapes. `dB` and `dC` start at 0.
    dA : ndarray, shape (B, D, N)
        Written, starting at 0: the share of each window.
    dlevels : ndarray, shape (B, 2)
        Written: the share of each window in the gradients of step and zero-point, not scaled.
    learn_decay : bool
        Pass gradients through the rounding of the exponents.
    first, last : int
        The windows to compute.
    """
    channels, states = A.shape
    step, zero, low, high = levels
    zero_dtype = A.dtype.type(0)
    one = A.dtype.type(1)
    ln2 = A.dtype.type(LN2) if learn_decay else zero_dtype
    block = np.zeros((channels, _CHANNEL_ROWS * TILE), A.dtype)
    work = np.zeros(_STEP_ROWS * TILE, A.dtype)
    sums = np.zeros(2 * TILE, A.dtype)
    for b in range(first, last):
        du[b] = 0
        ddelta[b] = 0
        dlevels[b] = 0
        for tile in range(0, states, TILE):
            block[:] = 0
            for d in range(channels):
                _load(A[d], block[d], 0, tile)
            for t in range(u.shape[1] - 1, -1, -1):
                _load(B[b, t], work, 0, tile)
                _load(C[b, t], work, 1, tile)
                work[2 * TILE : 4 * TILE] = 0
                sums[:] = 0
                alive = one if t > 0 else zero_dtype
                for d in range(channels):
                    _load_codes(codes[b, t, d], 4, tile, work)
                    _load_codes(codes[b, max(t - 1, 0), d], 5, tile, work)
                    _backward_row(
                        block[d],
                        work,
                        sums,
                        dy[b, t, d],
                        delta[b, t, d],
                        u[b, t, d],
                        step,
                        zero,
                        low,
                        high,
                        alive,
                        ln2,
                    )
                    drive = _dot(work, 6, work, 0)
                    du[b, t, d] += drive * delta[b, t, d]
                    ddelta[b, t, d] += drive * u[b, t, d] + _dot(work, 7, block[d], 0)
                _unload(work, 2, tile, dB[b, t])
                _unload(work, 3, tile, dC[b, t])
                dlevels[b, 0] += sums[:TILE].sum()
                dlevels[b, 1] += sums[TILE:].sum()
            for d in range(channels):
                _unload(block[d], 2, tile, dA[b, d])
