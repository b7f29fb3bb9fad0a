"""Compiled selective scan: `arithmetic.scan_step` over the elements of overlapping windows.

The states of the window at hand stand in one *trajectory*, a ring with one row of state codes per
element. The next window takes it over: rows that it shares with the window before stay, and where
its states differ, they are overwritten. A channel whose inputs and state are those of the window
before is not computed, since all that follows from them is there already; as the decay forgets,
soon most channels are so.

The states of a channel are computed `LANES` at a time, and stand in rows, tables and drives that
are padded to whole lanes: what pads is a copy of the last state, so that no extreme is new, and it
is read out with a C of 0. States are integers of 32 or 64 bits, as the type of their thresholds
says, and so are drives; sums of C over states are of the type of C. Integers of other kernels are
cast to their type after every operation, since numba would add them in 64 bits.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import int32, uint8, uint64

from lava_spikyspace.backends.fused.lanes import (
    LANES,
    at_least,
    convert,
    least,
    load,
    maximum,
    minimum,
    most,
    splat,
    store,
    total,
)

Array = npt.NDArray[Any]
"""Of the shape and type that the docstring of a kernel says."""

_compile = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"nnan", "nsz"})

_COUNTED = 255
"""Units that a byte counts."""


@_compile
def drive_of(b: Array, gain: Array, unit: float, offset: int, drive: Array) -> None:
    """Write ``((gain*B) >> g) - offset`` for every pair of codes: exact in float64 below 2**53.

    Parameters
    ----------
    b : ndarray, int32, shape (state,)
        B of one element.
    gain : ndarray, float64, shape (pair,)
        Gains of the pairs (delta code, code).
    unit : float
        ``2**-g``.
    offset : int
        Offset of the thresholds of the state at this element.
    drive : ndarray, int32 or int64, shape (pair * padded state,)
        Result.
    """
    kind = drive.dtype.type
    states = uint64(b.shape[0])
    stride = uint64(drive.shape[0]) // uint64(gain.shape[0])
    away = np.float64(offset)
    for pair in range(uint64(gain.shape[0])):
        factor = gain[pair]
        at = pair * stride
        for n in range(states):
            drive[at + n] = kind(np.floor(factor * np.float64(b[n]) * unit) - away)
        for n in range(states, stride):
            drive[at + n] = drive[at + states - uint64(1)]


@_compile
def step_channels(
    active: Array, count: int, u: Array, delta: Array, codes_of_u: int, before: Array, base: int,
    step: int, left: Array, right: Array, has_left: bool, drive: Array, theta: Array, c: Array,
    codes: Array, reads: Array, span: Array,
) -> None:  # fmt: skip
    """Compute and encode the states of some channels at one element, and read them.

    Parameters
    ----------
    active, count : ndarray, int64, shape (channel,), and int
        The channels are the first so many of them.
    u, delta : ndarray, uint8, shape (channel,)
        Codes of the element.
    codes_of_u : int
        Number of codes that `u` may take.
    before : ndarray, uint8, shape (channel * padded state,)
        State codes after the element before.
    base, step : int
        The level of code q there is ``base + q * step``.
    left, right : ndarray, uint8, shape (delta code * channel * padded state,)
        Decay exponents.
    has_left : bool
        Whether any left exponent is not 0.
    drive : ndarray, int32 or int64, shape (pair * padded state,)
        See `drive_of`.
    theta : ndarray, of the dtype of `drive`, shape (j,)
        Thresholds of the state.
    c : ndarray, int32 or int64, shape (padded state,)
        C of the element.
    codes : ndarray, uint8, shape (channel * padded state,)
        Receives the state codes.
    reads : ndarray, int64, shape (channel,)
        Receives ``sum_n code*C``.
    span : ndarray, int64, shape (2,)
        Extremes of p.
    """
    kind, read = drive.dtype.type, c.dtype.type
    channels, states = uint64(u.shape[0]), uint64(c.shape[0])
    lo, hi = splat(kind, span[0]), splat(kind, span[1])
    ground, up = splat(kind, base), splat(kind, step)
    for k in range(count):
        d = uint64(active[k])
        at = d * states
        push = (uint64(delta[d]) * uint64(codes_of_u) + uint64(u[d])) * states
        decay = (uint64(delta[d]) * channels + d) * states
        sums = splat(read, 0)
        for n in range(uint64(0), states, uint64(LANES)):
            held = ground + load(kind, before, at + n) * up
            if has_left:
                held = held << load(kind, left, decay + n)
            p = (held >> load(kind, right, decay + n)) + load(kind, drive, push + n)
            lo = least(p, lo)
            hi = most(p, hi)
            if theta.shape[0] == 3:
                one_or_two = at_least(p, splat(kind, theta[0])) + at_least(p, splat(kind, theta[1]))
                code = one_or_two + at_least(p, splat(kind, theta[2]))
            else:
                code = splat(kind, 0)
                for j in range(theta.shape[0]):
                    code = code + at_least(p, splat(kind, theta[j]))
            store(codes, at + n, code)
            sums = sums + convert(read, code) * load(read, c, n)
        reads[d] = total(sums)
    span[0] = minimum(lo)
    span[1] = maximum(hi)


@_compile
def keep_changes(active: Array, count: int, codes: Array, row: Array) -> int:
    """Copy the state codes of some channels where they differ from what a row holds.

    The channels that differ are moved to the front of `active`; returns their number.
    """
    states = uint64(row.shape[0]) // uint64(active.shape[0])
    changed = 0
    for k in range(count):
        at = uint64(active[k]) * states
        differs = uint8(0)
        for n in range(states):
            differs |= codes[at + n] ^ row[at + n]
        if differs:
            for n in range(states):
                row[at + n] = codes[at + n]
            active[changed] = active[k]
            changed += 1
    return changed


@_compile
def count_states(
    trajectory: Array, levels: int, sums: Array, nonzero: Array, sent: Array, magnitude: Array
) -> None:
    """Add, for each state of a window, how often its code is not 0, and its codes.

    Bytes count as many elements as they can hold, which is many times as fast.

    Parameters
    ----------
    trajectory : ndarray, uint8, shape (element, state)
        State codes.
    levels : int
        Largest code.
    sums, nonzero : ndarray, uint8, shape (state,)
        Scratch.
    sent, magnitude : ndarray, int64, shape (state,)
        Receive the counts.
    """
    elements = trajectory.shape[0]
    size = uint64(sums.shape[0])
    together = _COUNTED // levels
    for start in range(0, elements, together):
        sums[:] = 0
        nonzero[:] = 0
        for e in range(start, min(start + together, elements)):
            row = trajectory[e]
            for i in range(size):
                sums[i] = uint8(sums[i] + row[i])
                nonzero[i] = uint8(nonzero[i] + uint8(row[i] != 0))
        for i in range(size):
            sent[i] += nonzero[i]
            magnitude[i] += sums[i]


@_compile
def encode_output(y: int, theta: Array, d: int, lowest: int, code_step: int) -> int:
    """`arithmetic.encode_signed` of one channel sum."""
    reached = 0
    for j in range(theta.shape[0]):
        reached += y >= theta[j, d]
    return lowest + code_step * reached


@_compile
def encode_outputs(
    reads: Array, u: Array, ground: int, step: int, skip: Array, theta: Array, lowest: int,
    code_step: int, totals: Array, out: Array, span: Array,
) -> None:  # fmt: skip
    """Write the output codes of all channels of one element; span: extremes of y.

    As `encode_output`, in loops that can be vectorised; `totals`, int64, shape (2, channel), is
    scratch.
    """
    channels = uint64(u.shape[0])
    y, reached = totals[0], totals[1]
    lo, hi = span[0], span[1]
    for d in range(channels):
        y[d] = ground + step * reads[d] + skip[u[d], d]
        reached[d] = 0
    for d in range(channels):
        lo = y[d] if y[d] < lo else lo
        hi = y[d] if y[d] > hi else hi
    span[0] = lo
    span[1] = hi
    for j in range(theta.shape[0]):
        limit = theta[j]
        for d in range(channels):
            reached[d] += y[d] >= limit[d]
    for d in range(channels):
        out[d] = lowest + code_step * reached[d]


@_compile
def scan_windows(  # noqa: C901 - one loop nest, as the machine runs it
    inputs: Array, first_window: int, linked: Array, shifts: Array, u: Array, delta: Array,
    b: Array, c: Array, left: Array, right: Array, has_left: bool, gain: Array, unit: float,
    theta_state: Array, base: int, offsets: Array, step: int, skip: Array, theta: Array,
    lowest: int, code_step: int, trajectory: Array, origin: int, sent: Array, magnitude: Array,
    record: Array, outputs: Array, indices: Array, first_free: int, state_span: Array,
    total_span: Array,
) -> tuple[int, int]:  # fmt: skip
    """Run the scan of a chunk; return the used nodes and the new origin of the trajectory.

    Parameters
    ----------
    inputs : ndarray, int32, shape (window, element)
        Nodes of the convolution.
    first_window, linked, shifts
        As in `kernels.convolve_rows`.
    u, delta : ndarray, uint8, shape (input node, channel)
        Codes.
    b, c : ndarray, int32, c also int64, shape (input node, state)
        Values.
    left, right, has_left, gain, unit, theta_state, base, step
        As in the functions above.
    offsets : ndarray, int64, shape (row,)
        Offset of levels and thresholds at every element; the last for all later ones. Elements of
        two windows with other offsets, or after others, share nothing.
    skip : ndarray, int64, shape (code, channel)
        Skip values.
    theta : ndarray, int64, shape (j, channel)
        Thresholds of the output code, which is ``lowest + code_step * (thresholds reached)``.
    trajectory : ndarray, uint8, shape (element, channel * padded state)
        State codes of the window before; afterwards those of the last window.
    origin : int
        Row of the trajectory that holds element 0.
    sent, magnitude : ndarray, int64, shape (channel * padded state,)
        Receive how often each state was not 0, and its codes, over the windows.
    record : ndarray, uint8, shape (window, element, channel * padded state)
        Receives the states of the windows; may be empty.
    outputs : ndarray, int8, shape (node, channel)
        Output codes.
    indices : ndarray, int32, shape (window, element)
        Nodes of the output codes.
    first_free : int
        First node of `outputs` that is free.
    state_span, total_span : ndarray, int64, shape (2,)
        Extremes of p and y.
    """
    windows, elements = inputs.shape
    channels, states = outputs.shape[1], c.shape[1]
    size = trajectory.shape[1]
    codes_of_u = skip.shape[0]
    drive = np.empty(gain.shape[0] * (size // channels), dtype=theta_state.dtype)
    values = np.zeros(size // channels, dtype=c.dtype)
    nothing, codes = np.zeros(size, dtype=np.uint8), np.empty(size, dtype=np.uint8)
    reads, totals = np.empty(channels, dtype=np.int64), np.empty((2, channels), dtype=np.int64)
    sums, nonzero = np.empty(size, dtype=np.uint8), np.empty(size, dtype=np.uint8)
    every = np.arange(channels)
    active = np.empty(channels, dtype=np.int64)
    last = offsets.shape[0] - 1
    free = first_free
    for w in range(first_window, windows):
        shift = shifts[w] if linked[w] else elements
        origin = (origin + shift) % elements if linked[w] else 0
        # Channels whose state after the element before is not that of the window before.
        differing = 0
        for e in range(elements):
            node = inputs[w, e]
            offset, offset_before = offsets[min(e, last)], offsets[min(max(e - 1, 0), last)]
            overlaps = e + shift < elements
            known = 0
            if overlaps:
                known = indices[w - 1, e + shift]
                same_input = (
                    node == inputs[w - 1, e + shift]
                    and offset == offsets[min(e + shift, last)]
                    and offset_before == offsets[min(max(e + shift - 1, 0), last)]
                )
                if not same_input or (e == 0 and shift > 0) or 2 * differing > channels:
                    differing = channels
                    active[:] = every
                elif e == 0:
                    differing = 0
                if differing == 0:
                    indices[w, e] = known
                    continue
            row = trajectory[(origin + e) % elements]
            # The state is exactly 0 before element 0.
            before = trajectory[(origin + e - 1) % elements] if e > 0 else nothing
            level, up = (base + offset_before, step) if e > 0 else (0, 0)
            drive_of(b[node], gain, unit, offset, drive)
            ground = np.int64(0)
            for n in range(states):
                values[n] = c[node, n]
                ground += c[node, n]
            ground *= base + offset
            step_channels(
                active if overlaps else every, differing if overlaps else channels, u[node],
                delta[node], codes_of_u, before, level, up, left, right, has_left, drive,
                theta_state, values, codes if overlaps else row, reads, state_span,
            )  # fmt: skip
            out = outputs[free]
            changed = not overlaps
            if not overlaps or differing == channels:
                encode_outputs(
                    reads, u[node], ground, step, skip, theta, lowest, code_step, totals, out,
                    total_span,
                )  # fmt: skip
                if overlaps:
                    found = int32(0)
                    for d in range(channels):
                        found |= int32(out[d] ^ outputs[known, d])
                    changed = found != 0
            else:
                out[:] = outputs[known]
                for k in range(differing):
                    d = active[k]
                    y = ground + step * reads[d] + skip[u[node, d], d]
                    total_span[0] = min(total_span[0], y)
                    total_span[1] = max(total_span[1], y)
                    code = encode_output(y, theta, d, lowest, code_step)
                    changed |= code != out[d]
                    out[d] = code
            if overlaps:
                differing = keep_changes(active, differing, codes, row)
            if changed:
                indices[w, e] = free
                free += 1
            else:
                indices[w, e] = known
        count_states(trajectory, theta_state.shape[0], sums, nonzero, sent, magnitude)
        if record.shape[0]:
            for e in range(elements):
                record[w - first_window, e, :] = trajectory[(origin + e) % elements]
    return free, origin
