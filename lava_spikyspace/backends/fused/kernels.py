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

from lava_spikyspace.backends.fused.extremes import greater, lesser

Array = npt.NDArray[Any]
"""Of the shape and type that the docstring of a kernel says."""

_compile = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
"""No value is ever NaN, which lets extremes be vectorised."""

_compile_sums = numba.njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nnan", "nsz"}
)
"""Float sums may be reordered, and fused with products: every partial sum is an exact integer."""


@_compile
def load_rows(
    rows: Array, starts: Array, first_window: int, linked: Array, shifts: Array, messages: Array,
    indices: Array, first_free: int, span: Array,
) -> int:  # fmt: skip
    """Make a node of every row of the windows that is not there yet; returns used nodes.

    Parameters
    ----------
    rows : ndarray, int64, shape (row, variate)
        Table.
    starts : ndarray, int64, shape (window,)
        First row of each window.
    first_window, linked, shifts, indices, first_free
        As in `convolve_rows`.
    messages : ndarray, float32 or float64, shape (node, variate)
        Receives the rows.
    span : ndarray, int64, shape (2,)
        Their extremes.
    """
    kind = messages.dtype.type
    windows, elements = indices.shape
    lo, hi = span[0], span[1]
    free = first_free
    for w in range(first_window, windows):
        shift = shifts[w] if linked[w] else elements
        for e in range(elements):
            if e + shift < elements:
                indices[w, e] = indices[w - 1, e + shift]
                continue
            row = rows[starts[w] + e]
            for c in range(np.uint64(row.shape[0])):
                value = row[c]
                messages[free, c] = kind(value)
                lo = value if value < lo else lo
                hi = value if value > hi else hi
            indices[w, e] = free
            free += 1
    span[0] = lo
    span[1] = hi
    return free


@_compile_sums
def squares_and_roots(
    x: Array,
    eps: int,
    root_bits: int,
    square_shift: int,
    squares: Array,
    roots: Array,
    spans: Array,
) -> None:
    """`arithmetic.root_mean_square`; spans: sum of squares, their mean, root.

    ``squares`` receives at least the sum of the whole squares: it bounds a length. A square is
    taken in the parts of `arithmetic.shifted_square`, each of them exact in float64.
    """
    channels = x.shape[1]
    unit = 2.0**square_shift
    inverse = 1.0 / unit
    for node in range(x.shape[0]):
        row = x[node]
        total = np.float64(0)
        for c in range(channels if square_shift == 0 else 0):
            total += np.float64(row[c]) * np.float64(row[c])
        for c in range(channels if square_shift > 0 else 0):
            value = np.float64(row[c])
            high = np.floor(value * inverse)
            low = value - high * unit
            mixed = 2.0 * high * low + np.floor(low * low * inverse)
            total += high * high + np.floor(mixed * inverse)
        whole = np.int64(total)
        mean = whole // channels + eps
        radicand = mean << (2 * root_bits)
        root = np.int64(math.sqrt(np.float64(radicand)))
        if root * root > radicand:
            root -= 1
        if (root + 1) * (root + 1) <= radicand:
            root += 1
        squares[node] = (total + channels) * unit * unit
        roots[node] = np.float64(root)
        spans[0, 0] = min(spans[0, 0], whole)
        spans[0, 1] = max(spans[0, 1], whole)
        spans[1, 0] = min(spans[1, 0], mean)
        spans[1, 1] = max(spans[1, 1], mean)
        spans[2, 0] = min(spans[2, 0], root)
        spans[2, 1] = max(spans[2, 1], root)


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
def _carry_limbs(
    row: Array, offset: int, mult: Array, add: Array, unit: Array, carry: Array, span: Array
) -> None:
    """Write what the low limbs of the multipliers carry into the top one; span: their sums.

    The low limbs are all rows of `mult`, `add` and `unit` but the last, see `descale_rows`.
    """
    channels = np.uint64(carry.shape[0])
    first = np.uint64(offset)
    lo, hi = span[0], span[1]
    for c in range(channels):
        carry[c] = 0.0
    for limb in range(mult.shape[0] - 1):
        for c in range(channels):
            product = np.float64(row[first + c]) * mult[limb, c] + add[limb, c] + carry[c]
            carry[c] = np.floor(product * unit[limb, c])
            lo = lesser(product, lo)
            hi = greater(product, hi)
    span[0] = lo
    span[1] = hi


@_compile
def descale_rows(
    sums: Array, offset: int, mult: Array, add: Array, unit: Array, values: Array, spans: Array
) -> None:
    """`arithmetic.descale` on exact float sums; spans: sum, products, value.

    Factors have a row for each limb of the multiplier, lowest first, and one row where it has no
    limbs. `add` holds the limbs of ``add + (1 << (shift - 1))``, `unit` is ``2**-width``, of the
    last row ``2**-shift`` without the widths below, all in float64: products are exact integers
    there (`arithmetic.descale_sums`), a multiple by a power of two is exact, and floor shifts.
    """
    channels = np.uint64(values.shape[1])
    first = np.uint64(offset)
    low_limbs = mult.shape[0] - 1
    top, constant, scale = mult[low_limbs], add[low_limbs], unit[low_limbs]
    carry = np.zeros(values.shape[1])
    lo_sum, hi_sum = spans[0, 0], spans[0, 1]
    lo_product, hi_product = spans[1, 0], spans[1, 1]
    lo, hi = spans[2, 0], spans[2, 1]
    low_span = np.array([np.inf, -np.inf])
    for node in range(sums.shape[0]):
        row = sums[node]
        out = values[node]
        if low_limbs:
            _carry_limbs(row, offset, mult, add, unit, carry, low_span)
        for c in range(channels):
            total = np.float64(row[first + c])
            product = total * top[c] + constant[c] + carry[c]
            value = np.floor(product * scale[c])
            out[c] = value
            lo_sum = lesser(total, lo_sum)
            hi_sum = greater(total, hi_sum)
            lo_product = lesser(product, lo_product)
            hi_product = greater(product, hi_product)
            lo = lesser(value, lo)
            hi = greater(value, hi)
    spans[0, 0], spans[0, 1] = lo_sum, hi_sum
    spans[1, 0], spans[1, 1] = min(lo_product, low_span[0]), max(hi_product, low_span[1])
    spans[2, 0], spans[2, 1] = lo, hi


@_compile
def gather_messages(messages: Array, nodes: Array, window: Array) -> None:
    """Write the messages of a window's nodes, in float64."""
    channels = np.uint64(window.shape[1])
    for e in range(nodes.shape[0]):
        row = messages[nodes[e]]
        out = window[e]
        for c in range(channels):
            out[c] = np.float64(row[c])


@_compile
def descale_forecast(
    sums: Array, mult: Array, add: Array, unit: Array, forecasts: Array, spans: Array, sent: Array
) -> None:
    """As `descale_rows` for the head, whose factors belong to rows; `sent` counts values not 0."""
    for step in range(sums.shape[0]):
        row = sums[step]
        out = forecasts[step]
        for v in range(np.uint64(row.shape[0])):
            total = row[v]
            value = 0.0
            for limb in range(mult.shape[0]):
                product = total * mult[limb, step] + add[limb, step] + value
                value = np.floor(product * unit[limb, step])
                spans[1, 0] = min(spans[1, 0], product)
                spans[1, 1] = max(spans[1, 1], product)
            out[v] = np.int64(value)
            sent[step, v] += value != 0
            spans[0, 0] = min(spans[0, 0], total)
            spans[0, 1] = max(spans[0, 1], total)
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
def _equal(one: Array, other: Array) -> bool:
    different = 0
    for i in range(one.shape[0]):
        different |= one[i] ^ other[i]
    return different == 0


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


@_compile_sums
def residual_rows(
    sums: Array,
    stream: Array,
    used_stream: Array,
    mult: Array,
    add: Array,
    unit: Array,
    limit: float,
    detailed: bool,
    out: Array,
    spans: Array,
    counters: Array,
) -> None:
    """`arithmetic.descale`, the sum with the stream, and `arithmetic.saturate`.

    `sums`, shape (part, node, variate), has one or two parts that belong together. Spans: sum, and
    where it is `detailed`, products. `counters` receives the saturations of each node; factors are
    as in `descale_rows`, `limit` is the largest message.
    """
    channels = np.uint64(out.shape[1])
    highest, lowest = limit, -limit - 1.0
    low_limbs = mult.shape[0] - 1
    top, constant, scale = mult[low_limbs], add[low_limbs], unit[low_limbs]
    carry = np.zeros(out.shape[1])
    low_span = np.array([np.inf, -np.inf])
    lo_sum, hi_sum = spans[0, 0], spans[0, 1]
    lo_product, hi_product = spans[1, 0], spans[1, 1]
    # Of one part, the last times 0.
    other = np.float64(len(sums) - 1)
    total_row = np.empty(out.shape[1])
    for node in range(out.shape[0]):
        row, rest = sums[0, node], sums[-1, node]
        for c in range(channels):
            total_row[c] = np.float64(row[c]) + np.float64(rest[c]) * other
        before = stream[used_stream[node]]
        result = out[node]
        clipped = 0.0
        if low_limbs:
            _carry_limbs(total_row, 0, mult, add, unit, carry, low_span)
        for c in range(channels):
            total = total_row[c]
            product = total * top[c] + constant[c] + carry[c]
            value = before[c] + np.floor(product * scale[c])
            kept = value if value < highest else highest
            kept = kept if kept > lowest else lowest
            clipped += 1.0 if kept != value else 0.0
            result[c] = kept
            lo_sum = lesser(total, lo_sum)
            hi_sum = greater(total, hi_sum)
        counters[node] = clipped
        for c in range(channels if detailed else np.uint64(0)):
            product = total_row[c] * top[c] + constant[c] + carry[c]
            lo_product = lesser(product, lo_product)
            hi_product = greater(product, hi_product)
    spans[0, 0], spans[0, 1] = lo_sum, hi_sum
    spans[1, 0], spans[1, 1] = min(lo_product, low_span[0]), max(hi_product, low_span[1])
