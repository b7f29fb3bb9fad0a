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


@_exact
def _decays(delta: float, A: Array, d: int, decay: Array) -> None:
    for n in range(decay.size):
        decay[n] = _power_of_two(np.rint(delta * A[d, n]))


@_exact
def _driven(
    delta: float, u: float, B: Array, b: int, t: int, decay: Array, before: Array, p: Array
) -> None:
    for n in range(p.size):
        p[n] = decay[n] * before[n] + delta * B[b, t, n] * u


@_exact
def _scaled(p: Array, step: float, zero: float, scaled: Array) -> None:
    for n in range(p.size):
        scaled[n] = (p[n] - zero) / step


@_exact
def _rounded(scaled: Array, low: float, high: float, q: Array) -> None:
    for n in range(q.size):
        code = np.rint(scaled[n])
        code = low if code < low else code
        q[n] = high if code > high else code


@_exact
def _store(x: Array, b: int, t: int, d: int, stored: Array) -> None:
    for n in range(x.size):
        stored[b, t, d, n] = x[n]


@_exact
def _store_codes(q: Array, b: int, t: int, d: int, codes: Array) -> None:
    for n in range(q.size):
        codes[b, t, d, n] = np.uint8(np.int32(q[n]))


@_exact
def _load_codes(codes: Array, b: int, t: int, d: int, q: Array) -> None:
    for n in range(q.size):
        q[n] = codes[b, t, d, n]


@_exact
def _values(q: Array, step: float, zero: float, h: Array) -> None:
    for n in range(q.size):
        h[n] = q[n] * step + zero


@_exact
def _keep(h: Array, d: int, carried: Array) -> None:
    for n in range(h.size):
        carried[d, n] = h[n]


@_exact
def _take(carried: Array, d: int, h: Array) -> None:
    for n in range(h.size):
        h[n] = carried[d, n]


@_summing
def _dot_step(x: Array, y: Array, b: int, t: int) -> float:
    total: Any = x.dtype.type(0)
    for n in range(x.size):
        total += x[n] * y[b, t, n]
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
    codes : ndarray, uint8, shape (B, L, D, N)
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
    keep = inputs.size > 0
    carried = np.empty((channels, states), A.dtype)
    decay = np.empty(states, A.dtype)
    p = np.empty(states, A.dtype)
    h = np.empty(states, A.dtype)
    for b in range(first, last):
        carried[:] = 0
        for t in range(u.shape[1]):
            for d in range(channels):
                _take(carried, d, h)
                _decays(delta[b, t, d], A, d, decay)
                _driven(delta[b, t, d], u[b, t, d], B, b, t, decay, h, p)
                if keep:
                    _store(p, b, t, d, inputs)
                _scaled(p, step, zero, p)
                _rounded(p, low, high, h)
                _store_codes(h, b, t, d, codes)
                _values(h, step, zero, h)
                _keep(h, d, carried)
                y[b, t, d] = _dot_step(h, C, b, t)


@_exact
def _add_to_step(x: Array, factor: float, b: int, t: int, total: Array) -> None:
    for n in range(x.size):
        total[b, t, n] += x[n] * factor


@_exact
def _add_to_channel(x: Array, factor: float, b: int, d: int, total: Array) -> None:
    for n in range(x.size):
        total[b, d, n] += x[n] * factor


@_exact
def _gradient_of_state(
    dy: float, C: Array, b: int, t: int, carry: Array, d: int, dh: Array
) -> None:
    for n in range(dh.size):
        dh[n] = dy * C[b, t, n] + carry[d, n]


@_exact
def _through_clip(dh: Array, scaled: Array, low: float, high: float, through: Array) -> None:
    for n in range(dh.size):
        r = np.rint(scaled[n])
        inside = (r >= low) & (r <= high)
        through[n] = dh[n] if inside else dh.dtype.type(0)


@_exact
def _carried(through: Array, decay: Array, carry: Array, d: int) -> None:
    for n in range(through.size):
        carry[d, n] = through[n] * decay[n]


@_exact
def _slopes(through: Array, decay: Array, before: Array, slope: Array) -> None:
    for n in range(through.size):
        slope[n] = through[n] * decay[n] * before[n]


@_summing
def _step_gradient(dh: Array, through: Array, scaled: Array, q: Array) -> float:
    total: Any = dh.dtype.type(0)
    for n in range(dh.size):
        total += dh[n] * q[n] - through[n] * scaled[n]
    return total


@_summing
def _difference(x: Array, y: Array) -> float:
    total: Any = x.dtype.type(0)
    for n in range(x.size):
        total += x[n] - y[n]
    return total


@_summing
def _dot_channel(x: Array, y: Array, d: int) -> float:
    total: Any = x.dtype.type(0)
    for n in range(x.size):
        total += x[n] * y[d, n]
    return total


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
    ln2 = A.dtype.type(LN2)
    decay = np.empty(states, A.dtype)
    before = np.empty(states, A.dtype)
    scaled = np.empty(states, A.dtype)
    dh = np.empty(states, A.dtype)
    through = np.empty(states, A.dtype)
    q = np.empty(states, A.dtype)
    h = np.empty(states, A.dtype)
    carry = np.empty((channels, states), A.dtype)
    for b in range(first, last):
        carry[:] = 0
        of_step = 0.0
        of_zero = 0.0
        for t in range(u.shape[1] - 1, -1, -1):
            for d in range(channels):
                g = dy[b, t, d]
                dt = delta[b, t, d]
                ut = u[b, t, d]
                if t == 0:
                    before[:] = 0
                else:
                    _load_codes(codes, b, t - 1, d, before)
                    _values(before, step, zero, before)
                _decays(dt, A, d, decay)
                _driven(dt, ut, B, b, t, decay, before, scaled)
                _scaled(scaled, step, zero, scaled)
                _load_codes(codes, b, t, d, q)
                _values(q, step, zero, h)
                _gradient_of_state(g, C, b, t, carry, d, dh)
                _add_to_step(h, g, b, t, dC)
                _through_clip(dh, scaled, low, high, through)
                of_step += _step_gradient(dh, through, scaled, q)
                of_zero += _difference(dh, through)
                _add_to_step(through, dt * ut, b, t, dB)
                _carried(through, decay, carry, d)
                drive = _dot_step(through, B, b, t)
                du[b, t, d] = drive * dt
                ddelta[b, t, d] = drive * ut
                if learn_decay:
                    _slopes(through, decay, before, h)
                    _add_to_channel(h, ln2 * dt, b, d, dA)
                    ddelta[b, t, d] += ln2 * _dot_channel(h, A, d)
        dlevels[b, 0] = of_step
        dlevels[b, 1] = of_zero
