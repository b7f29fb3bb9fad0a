"""Compiled kernels on nodes: what one block computes between its matrix products.

Every kernel restates, for the types of `network_form`, a function of `lava_spikyspace.arithmetic`
that its docstring names; tests hold the two equal. Arrays are C-contiguous with a node per row.
Kernels write to arrays they are given, release the GIL, and widen the ranges in `span` arrays
(int64 or float64, [lo, hi]) by what they have seen; empty ranges start as (max, min).

Counters are int64. Sums in float arrays are exact (see `network_form`), so the compiler may reorder
them.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import int32, uint8

Array = npt.NDArray[Any]
"""Of the shape and type that the docstring of a kernel says."""

_compile = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
"""No value is ever NaN, which lets extremes be vectorised."""

_compile_sums = numba.njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "nnan", "nsz"}
)
"""Float sums may be reordered: every partial sum is an exact integer."""


@_compile_sums
def squares_and_roots(
    x: Array, eps: int, root_bits: int, squares: Array, roots: Array, spans: Array
) -> None:
    """`arithmetic.root_mean_square`; spans: sum of squares, their mean, root."""
    channels = x.shape[1]
    for node in range(x.shape[0]):
        row = x[node]
        total = np.float64(0)
        for c in range(channels):
            value = np.float64(row[c])
            total += value * value
        whole = np.int64(total)
        mean = whole // channels + eps
        radicand = mean << (2 * root_bits)
        root = np.int64(math.sqrt(np.float64(radicand)))
        if root * root > radicand:
            root -= 1
        if (root + 1) * (root + 1) <= radicand:
            root += 1
        squares[node] = total
        roots[node] = np.float64(root)
        spans[0, 0] = min(spans[0, 0], whole)
        spans[0, 1] = max(spans[0, 1], whole)
        spans[1, 0] = min(spans[1, 0], mean)
        spans[1, 1] = max(spans[1, 1], mean)
        spans[2, 0] = min(spans[2, 0], root)
        spans[2, 1] = max(spans[2, 1], root)


@_compile_sums
def _exact_sum(x: Array, weight: Array) -> float:
    total = 0.0
    for c in range(x.shape[0]):
        total += np.float64(x[c]) * weight[c]
    return total


@_compile
def encode_normalised_rows(  # noqa: C901 - one loop nest, as the machine runs it
    x: Array,
    sums: Array,
    offset: int,
    weight: Array,
    norms: Array,
    error: float,
    squares: Array,
    roots: Array,
    theta: Array,
    limits: Array,
    shift: int,
    codes: Array,
    span: Array,
    work: Array,
) -> None:
    """`arithmetic.encode_normalised` on sums that are known but for a bounded error.

    `sums` are float32 products, off by at most ``error * |x| * |weight row|``. Where that leaves
    a code open, or could make a new extreme, the one sum is computed exactly in float64.

    Parameters
    ----------
    x : ndarray, float32, shape (node, variate)
        Messages.
    sums : ndarray, float32, shape (node, all channels)
        Products; those of this layer start at column `offset`.
    weight : ndarray, float64, shape (channel, variate)
        Rows of this layer.
    norms : ndarray, float64, shape (channel,)
        Their Euclidean norms.
    error : float
        Bound of the relative error of a float32 product.
    squares, roots : ndarray, float64, shape (node,)
        Sums of squares and roots.
    theta : ndarray, float64, shape (j, channel)
        Thresholds with `shift` fraction bits.
    limits : ndarray, float32, shape (j, channel)
        Thresholds rounded, without fraction bits.
    shift : int
        Fraction bits of the comparison.
    codes : ndarray, uint8, shape (node, channel)
        Result.
    span : ndarray, float64, shape (2,)
        Exact extremes of the sums.
    work : ndarray, float32, shape (4, channel)
        Scratch.
    """
    channels = codes.shape[1]
    levels = theta.shape[0]
    scale = 2.0**shift
    low, high, below, above = work[0], work[1], work[2], work[3]
    for node in range(x.shape[0]):
        length = math.sqrt(squares[node])
        inverse = np.float32(1.0 / roots[node])
        row = sums[node]
        out = codes[node]
        slack = np.float32(error * length * 1.0001)
        most = np.float32(-np.inf)
        least = np.float32(np.inf)
        for c in range(channels):
            total = row[offset + c]
            # Rounding: of the ratio, of the limit and of the error itself, all below 2**-20.
            wide = np.float32(slack * norms[c] + abs(total) * np.float32(2.0**-20))
            most = max(most, np.float32(total + wide))
            least = min(least, np.float32(total - wide))
            low[c] = np.float32(np.float32(total - wide) * inverse)
            high[c] = np.float32(np.float32(total + wide) * inverse)
            below[c] = np.float32(0)
            above[c] = np.float32(0)
        for j in range(levels):
            limit = limits[j]
            for c in range(channels):
                below[c] += np.float32(low[c] >= limit[c])
                above[c] += np.float32(high[c] >= limit[c])
        for c in range(channels):
            out[c] = uint8(below[c])
        open_codes = False
        for c in range(channels):
            open_codes |= below[c] != above[c]
        if open_codes:
            for c in range(channels):
                if below[c] != above[c]:
                    total = _exact_sum(x[node], weight[c]) * scale
                    code = 0
                    for j in range(levels):
                        code += total >= theta[j, c] * roots[node]
                    out[c] = uint8(code)
        if most > span[1] or least < span[0]:
            for c in range(channels):
                total = row[offset + c]
                wide = np.float32(slack * norms[c] + abs(total) * np.float32(2.0**-20))
                if total + wide > span[1] or total - wide < span[0]:
                    exact = _exact_sum(x[node], weight[c])
                    span[0] = min(span[0], exact)
                    span[1] = max(span[1], exact)


@_compile
def convolve_rows(  # noqa: C901 - one loop nest, as the machine runs it
    codes: Array,
    inputs: Array,
    first_window: int,
    linked: Array,
    shifts: Array,
    weight: Array,
    theta: Array,
    out: Array,
    indices: Array,
    first_free: int,
    span: Array,
    work: Array,
) -> int:
    """Convolve and encode (`arithmetic.encode`) every element; returns used nodes.

    A window whose codes equal those of the window before, at the same row, takes its nodes.

    Parameters
    ----------
    codes : ndarray, uint8, shape (input node, channel)
        Codes of the layer before.
    inputs : ndarray, int32, shape (window, element)
        Nodes of the layer before.
    first_window : int
        First window to fill; those before are there already.
    linked : ndarray, bool, shape (window,)
        Whether a window overlaps the one before.
    shifts : ndarray, int64, shape (window,)
        Rows between the starts of the two.
    weight : ndarray, int32, shape (tap, channel)
        Weights; the last tap meets the newest element.
    theta : ndarray, int64, shape (row, j, channel)
        Thresholds.
    out : ndarray, uint8, shape (node, channel)
        Codes of the result.
    indices : ndarray, int32, shape (window, element)
        Nodes of the result.
    first_free : int
        First node of `out` that is free.
    span : ndarray, int64, shape (2,)
        Extremes of the sums.
    work : ndarray, int32, shape (2, channel)
        Scratch.
    """
    taps, channels = weight.shape
    windows, elements = inputs.shape
    levels = theta.shape[1]
    acc, code = work[0], work[1]
    free = first_free
    for w in range(first_window, windows):
        shift = shifts[w]
        for e in range(elements):
            overlaps = linked[w] and e + shift < elements
            reach = min(e, taps - 1)
            if overlaps and reach == taps - 1:
                same = True
                for back in range(taps):
                    same &= inputs[w, e - back] == inputs[w - 1, e + shift - back]
                if same:
                    indices[w, e] = indices[w - 1, e + shift]
                    continue
            for c in range(channels):
                acc[c] = 0
                code[c] = 0
            for back in range(reach + 1):
                source = codes[inputs[w, e - back]]
                tap = weight[taps - 1 - back]
                for c in range(channels):
                    acc[c] += int32(int32(source[c]) * tap[c])
            for j in range(levels):
                limit = theta[reach, j]
                for c in range(channels):
                    code[c] += acc[c] >= limit[c]
            lo, hi = acc[0], acc[0]
            for c in range(channels):
                lo = min(lo, acc[c])
                hi = max(hi, acc[c])
            span[0] = min(span[0], lo)
            span[1] = max(span[1], hi)
            if overlaps:
                before = indices[w - 1, e + shift]
                same = True
                for c in range(channels):
                    same &= code[c] == out[before, c]
                if same:
                    indices[w, e] = before
                    continue
            for c in range(channels):
                out[free, c] = uint8(code[c])
            indices[w, e] = free
            free += 1
    return free


@_compile
def encode_rows(sums: Array, offset: int, theta: Array, codes: Array, span: Array) -> None:
    """`arithmetic.encode` on exact float sums, whose columns start at `offset`."""
    channels = codes.shape[1]
    levels = theta.shape[0]
    lo, hi = span[0], span[1]
    for node in range(sums.shape[0]):
        row = sums[node]
        out = codes[node]
        for c in range(channels):
            total = row[offset + c]
            lo = min(lo, np.float64(total))
            hi = max(hi, np.float64(total))
            out[c] = 0
        for j in range(levels):
            limit = theta[j]
            for c in range(channels):
                out[c] = uint8(out[c] + (row[offset + c] >= limit[c]))
    span[0] = lo
    span[1] = hi


@_compile
def descale_rows(
    sums: Array, offset: int, mult: Array, add: Array, unit: Array, values: Array, spans: Array
) -> None:
    """`arithmetic.descale` on exact float sums; spans: sum, product, value.

    `add` holds ``add + (1 << (shift - 1))``, `unit` is ``2**-shift``, all in float64: the product
    is an exact integer there, its multiple by a power of two is exact, and floor shifts.
    """
    channels = values.shape[1]
    for node in range(sums.shape[0]):
        row = sums[node]
        out = values[node]
        for c in range(channels):
            total = np.float64(row[offset + c])
            product = total * mult[c] + add[c]
            value = np.floor(product * unit[c])
            out[c] = int32(value)
            spans[0, 0] = min(spans[0, 0], total)
            spans[0, 1] = max(spans[0, 1], total)
            spans[1, 0] = min(spans[1, 0], product)
            spans[1, 1] = max(spans[1, 1], product)
            spans[2, 0] = min(spans[2, 0], value)
            spans[2, 1] = max(spans[2, 1], value)


@_compile
def look_up(codes: Array, table: Array, out: Array, seen: Array) -> None:
    """Write ``table[codes]``; `seen` marks the codes that occur."""
    for node in range(codes.shape[0]):
        row = codes[node]
        for c in range(row.shape[0]):
            out[node, c] = table[row[c]]
            seen[row[c]] = True


@_compile
def _drive(b: Array, gain: Array, shift: int, moved: Array) -> None:
    """Write ``(gain*B) >> g`` of every pair of codes."""
    codes = gain.shape[1]
    for step in range(gain.shape[0]):
        for code in range(codes):
            factor = gain[step, code]
            row = moved[step * codes + code]
            for n in range(b.shape[0]):
                row[n] = int32((factor * b[n]) >> shift)


@_compile
def scan_element(  # noqa: C901 - one loop nest, as the machine runs it
    fresh: bool,
    u: Array,
    delta: Array,
    c_values: Array,
    moved: Array,
    codes_of_u: int,
    left: Array,
    right: Array,
    has_left: bool,
    theta_state: Array,
    base: int,
    step: int,
    level: Array,
    potential: Array,
    state: Array,
    sums: Array,
    span: Array,
) -> None:
    """Do the state's part of `arithmetic.scan_step`; sums are ``sum_n code * C``."""
    channels, states = level.shape
    for d in range(channels):
        drive = moved[delta[d] * codes_of_u + u[d]]
        p = potential[d]
        if fresh:
            for n in range(states):
                p[n] = drive[n]
        else:
            h = level[d]
            down = right[delta[d], d]
            if has_left:
                up = left[delta[d], d]
                for n in range(states):
                    raised = int32(h[n] << (up[n] & 31))
                    p[n] = int32(int32(raised >> (down[n] & 31)) + drive[n])
            else:
                for n in range(states):
                    p[n] = int32(int32(h[n] >> (down[n] & 31)) + drive[n])
    flat_p = potential.reshape(channels * states)
    flat_h = level.reshape(channels * states)
    flat_q = state.reshape(channels * states)
    lo, hi = int32(span[0]), int32(span[1])
    if theta_state.shape[0] == 3:
        first, second, third = theta_state[0], theta_state[1], theta_state[2]
        for i in range(channels * states):
            p_i = flat_p[i]
            q = int32(int32(p_i >= first) + int32(p_i >= second) + int32(p_i >= third))
            flat_h[i] = int32(base + q * step)
            flat_q[i] = uint8(q)
            lo = min(lo, p_i)
            hi = max(hi, p_i)
    else:
        for i in range(channels * states):
            flat_h[i] = 0
            lo = min(lo, flat_p[i])
            hi = max(hi, flat_p[i])
        for j in range(theta_state.shape[0]):
            limit = theta_state[j]
            for i in range(channels * states):
                flat_h[i] += int32(flat_p[i] >= limit)
        for i in range(channels * states):
            flat_q[i] = uint8(flat_h[i])
            flat_h[i] = int32(base + flat_h[i] * step)
    span[0] = lo
    span[1] = hi
    for d in range(channels):
        q_row = state[d]
        total = int32(0)
        for n in range(states):
            total = int32(total + q_row[n] * c_values[n])
        sums[d] = total


@_compile
def scan_windows(  # noqa: C901 - one loop nest, as the machine runs it
    inputs: Array,
    first_window: int,
    linked: Array,
    shifts: Array,
    u: Array,
    delta: Array,
    b: Array,
    c: Array,
    left: Array,
    right: Array,
    has_left: bool,
    gain: Array,
    gain_shift: int,
    theta_state: Array,
    base: int,
    step: int,
    skip: Array,
    theta: Array,
    lowest: int,
    code_step: int,
    states: Array,
    outputs: Array,
    indices: Array,
    first_free: int,
    state_span: Array,
    total_span: Array,
) -> int:
    """`arithmetic.scan_step` over whole windows; returns used nodes.

    Once a window's state and the rest of its inputs are those of the window before, it takes the
    nodes of that window.

    Parameters
    ----------
    inputs : ndarray, int32, shape (window, element)
        Nodes of the convolution.
    first_window, linked, shifts, indices, first_free
        As in `convolve_rows`.
    u, delta : ndarray, uint8, shape (input node, channel)
        Codes.
    b, c : ndarray, int32, shape (input node, state)
        Values.
    left, right, has_left, gain, gain_shift, theta_state, base, step, skip, theta, lowest, code_step
        See `network_form.ScanForm`.
    states : ndarray, uint8, shape (node, channel, state)
        State codes.
    outputs : ndarray, int8, shape (node, channel)
        Output codes.
    state_span, total_span : ndarray, int64, shape (2,)
        Extremes of p and y.
    """
    windows, elements = inputs.shape
    channels = outputs.shape[1]
    n_states = states.shape[2]
    levels = theta.shape[0]
    codes_of_u = gain.shape[1]
    moved = np.empty((gain.shape[0] * codes_of_u, n_states), dtype=np.int32)
    level = np.empty((channels, n_states), dtype=np.int32)
    potential = np.empty((channels, n_states), dtype=np.int32)
    sums = np.empty(channels, dtype=np.int32)
    totals = np.empty(channels, dtype=np.int64)
    reached = np.empty(channels, dtype=np.int64)
    free = first_free
    for w in range(first_window, windows):
        shift = shifts[w]
        # Whether `level` holds the state after the element before.
        held = False
        for e in range(elements):
            node = inputs[w, e]
            overlaps = linked[w] and e + shift < elements
            if overlaps and node == inputs[w - 1, e + shift]:
                if e == 0:
                    same = shift == 0
                elif shift + e == 0:
                    same = False
                else:
                    same = indices[w, e - 1] == indices[w - 1, e + shift - 1]
                if same:
                    indices[w, e] = indices[w - 1, e + shift]
                    held = False
                    continue
            if e > 0 and not held:
                before = states[indices[w, e - 1]]
                for d in range(channels):
                    for n in range(n_states):
                        level[d, n] = int32(base + int32(before[d, n]) * step)
            _drive(b[node], gain, gain_shift, moved)
            scan_element(
                e == 0, u[node], delta[node], c[node], moved, codes_of_u, left, right, has_left,
                theta_state, base, step, level, potential, states[free], sums, state_span
            )  # fmt: skip
            held = True
            whole = np.int64(0)
            for n in range(n_states):
                whole += c[node, n]
            lo, hi = total_span[0], total_span[1]
            for d in range(channels):
                total = base * whole + step * np.int64(sums[d]) + skip[u[node, d], d]
                totals[d] = total
                reached[d] = 0
                lo = min(lo, total)
                hi = max(hi, total)
            total_span[0] = lo
            total_span[1] = hi
            for j in range(levels):
                for d in range(channels):
                    reached[d] += totals[d] >= theta[j, d]
            out = outputs[free]
            for d in range(channels):
                out[d] = lowest + code_step * reached[d]
            if overlaps:
                before_node = indices[w - 1, e + shift]
                if _equal(out, outputs[before_node]) and _equal_states(
                    states[free], states[before_node]
                ):
                    indices[w, e] = before_node
                    continue
            indices[w, e] = free
            free += 1
    return free


@_compile
def _equal(one: Array, other: Array) -> bool:
    different = 0
    for i in range(one.shape[0]):
        different |= one[i] ^ other[i]
    return different == 0


@_compile
def _equal_states(one: Array, other: Array) -> bool:
    for d in range(one.shape[0]):  # noqa: SIM110 - no generators in compiled code
        if not _equal(one[d], other[d]):
            return False
    return True


@_compile
def pair_outputs(
    streams: Array,
    scans: Array,
    first_window: int,
    linked: Array,
    shifts: Array,
    outputs: Array,
    indices: Array,
    first_free: int,
    used_stream: Array,
    used_scan: Array,
) -> int:
    """Choose the nodes of a block's result; returns used nodes.

    A result follows from the stream's node and the output codes of the scan. Where both are those
    of the window before at the same row, the node is.

    Parameters
    ----------
    streams, scans : ndarray, int32, shape (window, element)
        Nodes of the block's input and of its scan.
    first_window, linked, shifts, indices, first_free
        As in `convolve_rows`.
    outputs : ndarray, int8, shape (scan node, channel)
        Output codes of the scan.
    used_stream, used_scan : ndarray, int32, shape (node,)
        What each new node is made of.
    """
    windows, elements = streams.shape
    free = first_free
    for w in range(first_window, windows):
        shift = shifts[w]
        for e in range(elements):
            stream, scan = streams[w, e], scans[w, e]
            if linked[w] and e + shift < elements:
                other = scans[w - 1, e + shift]
                if stream == streams[w - 1, e + shift] and (
                    scan == other or _equal(outputs[scan], outputs[other])
                ):
                    indices[w, e] = indices[w - 1, e + shift]
                    continue
            used_stream[free] = stream
            used_scan[free] = scan
            indices[w, e] = free
            free += 1
    return free


@_compile
def gate_products(
    outputs: Array,
    gates: Array,
    gate_values: Array,
    used_stream: Array,
    used_scan: Array,
    products: Array,
    span: Array,
) -> None:
    """Write the products of output codes and gate values of the given nodes."""
    channels = products.shape[1]
    lo, hi = span[0], span[1]
    for node in range(products.shape[0]):
        codes = outputs[used_scan[node]]
        gate = gates[used_stream[node]]
        row = products[node]
        for c in range(channels):
            value = codes[c] * gate_values[gate[c]]
            row[c] = value
            lo = min(lo, value)
            hi = max(hi, value)
    span[0] = lo
    span[1] = hi


@_compile
def residual_rows(
    sums: Array,
    stream: Array,
    used_stream: Array,
    mult: Array,
    add: Array,
    unit: Array,
    limit: float,
    out: Array,
    spans: Array,
    counters: Array,
) -> None:
    """`arithmetic.descale`, the sum with the stream, and `arithmetic.saturate`.

    Spans: sum, product, message. `counters` receives the saturations of each node; `add` and
    `unit` are as in `descale_rows`, `limit` is the largest message.
    """
    channels = out.shape[1]
    lo_sum, hi_sum = spans[0, 0], spans[0, 1]
    lo_product, hi_product = spans[1, 0], spans[1, 1]
    for node in range(sums.shape[0]):
        row = sums[node]
        before = stream[used_stream[node]]
        result = out[node]
        clipped = 0
        for c in range(channels):
            total = row[c]
            product = total * mult[c] + add[c]
            value = before[c] + np.floor(product * unit[c])
            kept = min(max(value, -limit - 1.0), limit)
            clipped += kept != value
            result[c] = np.float32(kept)
            lo_sum = min(lo_sum, total)
            hi_sum = max(hi_sum, total)
            lo_product = min(lo_product, product)
            hi_product = max(hi_product, product)
        counters[node] = clipped
    spans[0, 0], spans[0, 1] = lo_sum, hi_sum
    spans[1, 0], spans[1, 1] = lo_product, hi_product
