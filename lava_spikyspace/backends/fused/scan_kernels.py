"""Compiled selective scan: `arithmetic.scan_step` over the elements of overlapping windows.

The states of the window at hand stand in one *trajectory*, a ring with one row of state codes per
element. The next window takes it over: rows that it shares with the window before stay, and where
its states differ, they are overwritten. A channel whose inputs and state are those of the window
before is not computed, since all that follows from them is there already; as the decay forgets,
soon most channels are so. What the states amount to is counted on the way: `counts` holds, for the
window at hand, the sum of each state's codes and, above `ABOVE` bits, how often the code is not 0.

States are integers of 32 or 64 bits, as the type of their thresholds says, and so are levels and
drives; sums of C over states are of the type of C. Every operation is cast to its type: integers
that are added would otherwise become 64 bits wide. Loops over states run over flat arrays with
unsigned indices and without branches, so that the compiler can vectorise them.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import int32, uint8, uint64

Array = npt.NDArray[Any]
"""Of the shape and type that the docstring of a kernel says."""

_compile = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"nnan", "nsz"})

ABOVE = 16
"""Bits of the sum of codes in a counter; windows have fewer than 2**16 units of any state."""

_ONE = int32(1 << ABOVE)

_WIDE = 1 << 40
"""Not 0 in 64 bits, 0 in 32: which the compiler knows of a type."""


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
    drive : ndarray, int32 or int64, shape (pair * state,)
        Result.
    """
    kind = drive.dtype.type
    states = uint64(b.shape[0])
    away = np.float64(offset)
    for pair in range(uint64(gain.shape[0])):
        factor = gain[pair]
        for n in range(states):
            drive[pair * states + n] = kind(np.floor(factor * np.float64(b[n]) * unit) - away)


@_compile
def potentials(
    u: Array, delta: Array, codes_of_u: int, level: Array, left: Array, right: Array,
    has_left: bool, drive: Array, potential: Array,
) -> None:  # fmt: skip
    """Write p of all states of one element: the decayed level before, and the drive.

    Parameters
    ----------
    u, delta : ndarray, uint8, shape (channel,)
        Codes of the element.
    codes_of_u : int
        Number of codes that `u` may take.
    level : ndarray, int32 or int64, shape (channel * state,)
        Levels after the element before.
    left, right : ndarray, uint8, shape (delta code * channel * state,)
        Decay exponents.
    has_left : bool
        Whether any left exponent is not 0.
    drive : ndarray, of the dtype of `level`, shape (pair * state,)
        See `drive_of`.
    potential : ndarray, of the dtype of `level`, shape (channel * state,)
        Result.
    """
    kind = level.dtype.type
    mask = 63 if kind(_WIDE) else 31
    channels = uint64(u.shape[0])
    states = uint64(level.shape[0]) // channels
    for d in range(channels):
        at = d * states
        push = (uint64(delta[d]) * uint64(codes_of_u) + uint64(u[d])) * states
        decay = (uint64(delta[d]) * channels + d) * states
        if has_left:
            for n in range(states):
                raised = kind(level[at + n] << (left[decay + n] & mask))
                down = kind(raised >> (right[decay + n] & mask))
                potential[at + n] = kind(down + drive[push + n])
        else:
            for n in range(states):
                down = kind(level[at + n] >> (right[decay + n] & mask))
                potential[at + n] = kind(down + drive[push + n])


@_compile
def first_potentials(
    u: Array, delta: Array, codes_of_u: int, states: int, drive: Array, potential: Array
) -> None:
    """As `potentials` at element 0, where the state is exactly 0."""
    for d in range(u.shape[0]):
        at = d * states
        push = (np.int64(delta[d]) * codes_of_u + u[d]) * states
        for n in range(states):
            potential[at + n] = drive[push + n]


@_compile
def encode_states(
    potential: Array, theta: Array, base: int, step: int, level: Array, codes: Array, span: Array
) -> None:
    """Encode p (`arithmetic.encode`): codes, their levels, and extremes of p.

    Parameters
    ----------
    potential : ndarray, int32 or int64, shape (channel * state,)
        p.
    theta : ndarray, of the dtype of `potential`, shape (j,)
        Thresholds of the state.
    base, step : int
        The level of code q is ``base + q * step``.
    level, codes : ndarray, of the dtype of `potential` and uint8, shape (channel * state,)
        Results.
    span : ndarray, int64, shape (2,)
        Extremes of p.
    """
    kind = potential.dtype.type
    size = uint64(potential.shape[0])
    lo, hi = kind(span[0]), kind(span[1])
    ground, up = kind(base), kind(step)
    if theta.shape[0] == 3:
        first, second, third = theta[0], theta[1], theta[2]
        for i in range(size):
            p = potential[i]
            code = int32(int32(int32(p >= first) + int32(p >= second)) + int32(p >= third))
            level[i] = kind(ground + kind(kind(code) * up))
            codes[i] = uint8(code)
            lo = p if p < lo else lo
            hi = p if p > hi else hi
    else:
        for i in range(size):
            p = potential[i]
            level[i] = kind(0)
            lo = p if p < lo else lo
            hi = p if p > hi else hi
        for j in range(theta.shape[0]):
            limit = theta[j]
            for i in range(size):
                level[i] = kind(level[i] + kind(potential[i] >= limit))
        for i in range(size):
            codes[i] = uint8(level[i])
            level[i] = kind(ground + kind(level[i] * up))
    span[0] = lo
    span[1] = hi


@_compile
def add_rows(
    trajectory: Array, origin: int, first: int, levels: int, sums: Array, nonzero: Array,
    counts: Array,
) -> None:  # fmt: skip
    """Add the codes of the elements from `first` on to the counts.

    Bytes hold the counts of so many elements that none overflows, which is four times as fast.

    Parameters
    ----------
    trajectory : ndarray, uint8, shape (element, channel * state)
        State codes.
    origin : int
        Row that holds element 0.
    first : int
        First element.
    levels : int
        Largest code.
    sums, nonzero : ndarray, uint8, shape (channel * state,)
        Scratch.
    counts : ndarray, int32, shape (channel * state,)
        Receives the codes.
    """
    elements = trajectory.shape[0]
    size = uint64(counts.shape[0])
    together = 255 // levels
    for start in range(first, elements, together):
        sums[:] = 0
        nonzero[:] = 0
        for e in range(start, min(start + together, elements)):
            row = trajectory[(origin + e) % elements]
            for i in range(size):
                sums[i] = uint8(sums[i] + row[i])
                nonzero[i] = uint8(nonzero[i] + uint8(row[i] != 0))
        for i in range(size):
            counts[i] = int32(counts[i] + int32(int32(sums[i]) + int32(nonzero[i] * _ONE)))


@_compile
def take_codes(codes: Array, counts: Array) -> None:
    """Take codes away from the counts."""
    zero = int32(0)
    for i in range(uint64(codes.shape[0])):
        code = int32(codes[i])
        counts[i] = int32(counts[i] - int32(code + (_ONE if code > 0 else zero)))


@_compile
def levels_of(codes: Array, base: int, step: int, level: Array) -> None:
    """Write the levels of state codes."""
    kind = level.dtype.type
    ground, up = kind(base), kind(step)
    for i in range(uint64(codes.shape[0])):
        level[i] = kind(ground + kind(kind(codes[i]) * up))


@_compile
def read_channel(codes: Array, first: int, c: Array) -> np.signedinteger[Any]:
    """Return ``sum_n code*C`` of the states of a channel that begin at `first`."""
    kind = c.dtype.type
    total = kind(0)
    at = uint64(first)
    for n in range(uint64(c.shape[0])):
        total = kind(total + kind(kind(codes[at + n]) * c[n]))
    return np.int64(total)


@_compile
def encode_output(total: int, theta: Array, d: int, lowest: int, code_step: int) -> int:
    """`arithmetic.encode_signed` of one channel sum."""
    reached = 0
    for j in range(theta.shape[0]):
        reached += total >= theta[j, d]
    return lowest + code_step * reached


@_compile
def read_out(
    codes: Array, u: Array, c: Array, base: int, step: int, skip: Array, theta: Array, lowest: int,
    code_step: int, products: Array, totals: Array, out: Array, span: Array,
) -> None:  # fmt: skip
    """Write the output codes of all channels of one element; span: extremes of y.

    As `read_channel` and `encode_output`, in loops that can be vectorised. Scratch: `products`, of
    the dtype of `c`, shape (channel * state,), and `totals`, int64, shape (2, channel).
    """
    kind = c.dtype.type
    states, channels = uint64(c.shape[0]), uint64(u.shape[0])
    total, reached = totals[0], totals[1]
    ground = np.int64(0)
    for n in range(states):
        ground += c[n]
    ground *= base
    for d in range(channels):
        for n in range(states):
            products[d * states + n] = kind(kind(codes[d * states + n]) * c[n])
    for d in range(channels):
        read = kind(0)
        for n in range(states):
            read = kind(read + products[d * states + n])
        total[d] = ground + step * np.int64(read) + skip[u[d], d]
        reached[d] = 0
    lo, hi = span[0], span[1]
    for d in range(channels):
        y = total[d]
        lo = y if y < lo else lo
        hi = y if y > hi else hi
    span[0] = lo
    span[1] = hi
    for j in range(theta.shape[0]):
        limit = theta[j]
        for d in range(channels):
            reached[d] += total[d] >= limit[d]
    for d in range(channels):
        out[d] = lowest + code_step * reached[d]


@_compile
def step_channel(  # noqa: C901 - one loop nest, as the machine runs it
    d: int, u: int, delta: int, codes_of_u: int, before: Array, has_before: bool, left: Array,
    right: Array, drive: Array, theta: Array, base: int, step: int, codes: Array, counts: Array,
    level: Array, span: Array,
) -> bool:  # fmt: skip
    """Compute the states of one channel in place; return whether any differs from what was there.

    Parameters as of `potentials` and `encode_states`; `before` and `codes` are the rows of the
    trajectory of the element before and of this one, `level` is scratch.
    """
    kind = level.dtype.type
    mask = 63 if kind(_WIDE) else 31
    states = uint64(level.shape[0])
    channels = uint64(codes.shape[0]) // states
    at = uint64(d) * states
    push = (uint64(delta) * uint64(codes_of_u) + uint64(u)) * states
    decay = (uint64(delta) * channels + uint64(d)) * states
    if has_before:
        for n in range(states):
            held = kind(kind(base) + kind(kind(before[at + n]) * kind(step)))
            raised = kind(held << (left[decay + n] & mask))
            level[n] = kind(kind(raised >> (right[decay + n] & mask)) + drive[push + n])
    else:
        for n in range(states):
            level[n] = drive[push + n]
    lo, hi = kind(span[0]), kind(span[1])
    for n in range(states):
        p = level[n]
        lo = p if p < lo else lo
        hi = p if p > hi else hi
    span[0] = lo
    span[1] = hi
    if theta.shape[0] == 3:
        first, second, third = theta[0], theta[1], theta[2]
        for n in range(states):
            p = level[n]
            code = int32(int32(int32(p >= first) + int32(p >= second)) + int32(p >= third))
            level[n] = code
    else:
        for n in range(states):
            p = level[n]
            code = int32(0)
            for j in range(theta.shape[0]):
                code = int32(code + int32(p >= theta[j]))
            level[n] = code
    differs = int32(0)
    for n in range(states):
        differs |= int32(level[n]) ^ int32(codes[at + n])
    if differs == 0:
        return False
    zero = int32(0)
    for n in range(states):
        old = int32(codes[at + n])
        code = int32(level[n])
        change = int32(int32(code - old) + (_ONE if code > 0 else zero))
        counts[at + n] = int32(counts[at + n] + int32(change - (_ONE if old > 0 else zero)))
        codes[at + n] = uint8(code)
    return True


@_compile
def scan_windows(  # noqa: C901 - one loop nest, as the machine runs it
    inputs: Array, first_window: int, linked: Array, shifts: Array, u: Array, delta: Array,
    b: Array, c: Array, left: Array, right: Array, has_left: bool, gain: Array, unit: float,
    theta_state: Array, base: int, offsets: Array, step: int, skip: Array, theta: Array,
    lowest: int, code_step: int, trajectory: Array, origin: int, counts: Array, sent: Array,
    magnitude: Array, record: Array, outputs: Array, indices: Array, first_free: int,
    state_span: Array, total_span: Array,
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
    trajectory : ndarray, uint8, shape (element, channel * state)
        State codes of the window before; afterwards those of the last window.
    origin : int
        Row of the trajectory that holds element 0.
    counts : ndarray, int32, shape (channel * state,)
        Counts of the window before; afterwards those of the last window.
    sent, magnitude : ndarray, int64, shape (channel * state,)
        Receive how often each state was not 0, and its codes, over the windows.
    record : ndarray, uint8, shape (window, element, channel * state)
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
    channels = outputs.shape[1]
    size = trajectory.shape[1]
    states = size // channels
    codes_of_u = skip.shape[0]
    drive = np.empty(gain.shape[0] * states, dtype=theta_state.dtype)
    level = np.empty(size, dtype=theta_state.dtype)
    scratch = np.empty(states, dtype=theta_state.dtype)
    potential = np.empty(size, dtype=theta_state.dtype)
    products = np.empty(size, dtype=c.dtype)
    totals = np.empty((2, channels), dtype=np.int64)
    sums, nonzero = np.empty(size, dtype=np.uint8), np.empty(size, dtype=np.uint8)
    active = np.empty(channels, dtype=np.int64)
    last = offsets.shape[0] - 1
    free = first_free
    for w in range(first_window, windows):
        shift = shifts[w] if linked[w] else elements
        if linked[w]:
            for e in range(shift):
                take_codes(trajectory[(origin + e) % elements], counts)
            origin = (origin + shift) % elements
        else:
            origin = 0
            counts[:] = 0
        held = False
        # Channels whose state after the element before is not that of the window before.
        differing = 0
        for e in range(elements):
            node = inputs[w, e]
            row = trajectory[(origin + e) % elements]
            before = trajectory[(origin + e - 1) % elements]
            offset, offset_before = offsets[min(e, last)], offsets[min(max(e - 1, 0), last)]
            if e + shift >= elements:
                if e > 0 and not held:
                    levels_of(before, base + offset_before, step, level)
                drive_of(b[node], gain, unit, offset, drive)
                if e == 0:
                    first_potentials(u[node], delta[node], codes_of_u, states, drive, potential)
                else:
                    potentials(
                        u[node], delta[node], codes_of_u, level, left, right, has_left, drive,
                        potential,
                    )  # fmt: skip
                encode_states(
                    potential, theta_state, base + offset, step, level, row, state_span
                )  # fmt: skip
                held = True
                read_out(
                    row, u[node], c[node], base + offset, step, skip, theta, lowest, code_step,
                    products, totals, outputs[free], total_span,
                )  # fmt: skip
                indices[w, e] = free
                free += 1
                continue
            known = indices[w - 1, e + shift]
            same_input = (
                node == inputs[w - 1, e + shift]
                and offset == offsets[min(e + shift, last)]
                and offset_before == offsets[min(max(e + shift - 1, 0), last)]
            )
            if not same_input or (e == 0 and shift > 0):
                differing = channels
                for d in range(channels):
                    active[d] = d
            elif e == 0:
                differing = 0
            if differing == 0:
                indices[w, e] = known
                continue
            drive_of(b[node], gain, unit, offset, drive)
            ground = np.int64(0)
            for n in range(states):
                ground += c[node, n]
            ground *= base + offset
            out = outputs[free]
            out[:] = outputs[known]
            changed = False
            left_over = 0
            for k in range(differing):
                d = active[k]
                if step_channel(
                    d, u[node, d], delta[node, d], codes_of_u, before, e > 0, left, right, drive,
                    theta_state, base + offset_before, step, row, counts, scratch, state_span,
                ):  # fmt: skip
                    active[left_over] = d
                    left_over += 1
                total = ground + step * read_channel(row, d * states, c[node])
                total += skip[u[node, d], d]
                total_span[0] = min(total_span[0], total)
                total_span[1] = max(total_span[1], total)
                code = encode_output(total, theta, d, lowest, code_step)
                changed |= code != out[d]
                out[d] = code
            differing = left_over
            if changed:
                indices[w, e] = free
                free += 1
            else:
                indices[w, e] = known
        new = max(0, elements - shift)
        add_rows(trajectory, origin, new, theta_state.shape[0], sums, nonzero, counts)
        for i in range(size):
            sent[i] += counts[i] >> ABOVE
            magnitude[i] += counts[i] & ((1 << ABOVE) - 1)
        if record.shape[0]:
            for e in range(elements):
                record[w - first_window, e, :] = trajectory[(origin + e) % elements]
    return free, origin
