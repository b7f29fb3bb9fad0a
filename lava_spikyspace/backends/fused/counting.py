"""Compiled counts of what nodes send, each node weighted by how often windows use it."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import int32

Array = npt.NDArray[Any]
"""Of the shape and type that the docstring of a kernel says."""

_compile = numba.njit(nogil=True, cache=True, error_model="numpy")


@_compile
def count_uses(indices: Array, first_window: int, uses: Array) -> None:
    """Count how often the windows from `first_window` on use each node."""
    uses[:] = 0
    for w in range(first_window, indices.shape[0]):
        row = indices[w]
        for e in range(row.shape[0]):
            uses[row[e]] += 1


@_compile
def count_codes(codes: Array, uses: Array, sent: Array, magnitude: Array) -> None:
    """Add codes other than 0, and magnitudes of codes, per channel."""
    for node in range(codes.shape[0]):
        times = uses[node]
        if times:
            row = codes[node]
            for c in range(row.shape[0]):
                code = int32(row[c])
                sent[c] += int32(times * int32(code != 0))
                magnitude[c] += int32(times * abs(code))


@_compile
def count_coded(codes: Array, flags: Array, uses: Array, sent: Array) -> None:
    """Add, per channel, the codes whose value is flagged as not 0."""
    for node in range(codes.shape[0]):
        times = uses[node]
        if times:
            row = codes[node]
            for c in range(row.shape[0]):
                sent[c] += int32(times * flags[row[c]])


@_compile
def count_limbs(values: Array, uses: Array, widths: Array, sent: Array) -> None:
    """Add messages other than 0 (first row of `sent`) and limbs other than 0 (the rest).

    `arithmetic.split_limbs`: low limbs are cut off from below, the top limb keeps the sign. A
    message has at most 32 bits.
    """
    channels = values.shape[1]
    limbs = widths.shape[0]
    for node in range(values.shape[0]):
        times = uses[node]
        if times:
            row = values[node]
            for c in range(channels):
                sent[0, c] += int32(times * int32(row[c] != 0))
            cut = 0
            for limb in range(limbs):
                mask = int32((1 << widths[limb]) - 1)
                for c in range(channels):
                    part = int32(int32(int32(row[c]) >> cut) & mask)
                    sent[1 + limb, c] += int32(times * int32(part != 0))
                cut += widths[limb]
            if limbs:
                for c in range(channels):
                    part = int32(int32(row[c]) >> cut)
                    sent[1 + limbs, c] += int32(times * int32(part != 0))


@_compile
def count_reaching(values: Array, least: int, uses: Array, sent: Array) -> None:
    """Add, per channel, the messages whose magnitude is `least` or more."""
    for node in range(values.shape[0]):
        times = uses[node]
        if times:
            row = values[node]
            for c in range(row.shape[0]):
                sent[c] += int32(times * int32(row[c] >= least or row[c] <= -least))


@_compile
def count_products(
    outputs: Array, lowest: int, gates: Array, flags: Array, used_stream: Array, used_scan: Array,
    uses: Array, sent: Array,
) -> None:  # fmt: skip
    """Add products of output and gate codes other than 0, and their limbs other than 0.

    Parameters
    ----------
    outputs, gates : ndarray, int8 and uint8, shape (scan or stream node, channel)
        Codes.
    lowest : int
        Least output code.
    flags : ndarray, uint8, shape (output code - lowest, gate code)
        Bit i says whether row i of `sent` counts the product of the codes.
    used_stream, used_scan, uses : ndarray, int32, shape (node,)
        What each product is made of, and how often it is used.
    sent : ndarray, int32, shape (1 + limbs, channel)
        Receives the counts: of whole products, and of their limbs.
    """
    channels = outputs.shape[1]
    found = np.empty(channels, dtype=np.int32)
    for node in range(uses.shape[0]):
        times = uses[node]
        if times:
            codes = outputs[used_scan[node]]
            gate = gates[used_stream[node]]
            for c in range(channels):
                found[c] = flags[codes[c] - lowest, gate[c]]
            for part in range(sent.shape[0]):
                for c in range(channels):
                    sent[part, c] += int32(times * int32(int32(found[c] >> part) & int32(1)))


@_compile
def count_tail(
    codes: Array, indices: Array, first_window: int, back: int, sent: Array, magnitude: Array
) -> None:
    """Add the codes of the elements that lie `back` before the last one of each window."""
    last = indices.shape[1] - 1
    for w in range(first_window, indices.shape[0]):
        row = codes[indices[w, last - back]]
        for c in range(row.shape[0]):
            code = int32(row[c])
            sent[c] += int32(code != 0)
            magnitude[c] += abs(code)


@_compile
def count_elements(
    values: Array, indices: Array, first_window: int, widths: Array, sent: Array
) -> None:
    """Add, per element of the window, the messages other than 0, or their limbs (`count_limbs`)."""
    nodes = values.shape[0]
    by_node = np.empty(nodes, dtype=np.int64)
    for node in range(nodes):
        found = int32(0)
        row = values[node]
        cut = 0
        for limb in range(widths.shape[0]):
            mask = int32((1 << widths[limb]) - 1)
            for c in range(row.shape[0]):
                found += int32(int32(int32(int32(row[c]) >> cut) & mask) != 0)
            cut += widths[limb]
        for c in range(row.shape[0]):
            found += int32(int32(int32(row[c]) >> cut) != 0)
        by_node[node] = found
    for w in range(first_window, indices.shape[0]):
        for e in range(indices.shape[1]):
            sent[e] += by_node[indices[w, e]]
