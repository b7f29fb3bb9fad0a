"""Random numbers of 24 bits by shifts and exclusive or: the same in every engine.

Xorshift generators (Marsaglia 2003, "Xorshift RNGs") over 24 bits, so that a neuron of 24-bit
registers can draw one number a step. The shifts (5, 9, 11) have the full period of 2**24 - 1: the
matrix of one step over GF(2) has this order (the test computes it).
"""

from __future__ import annotations

import numpy as np

from lava_spikyspace.network import IntArray

RANDOM_BITS = 24
_MASK = (1 << RANDOM_BITS) - 1
_SHIFTS = (5, 9, 11)
_WEYL = 0x9E3779
"""2**24 over the golden ratio, odd: spreads neighbouring channels and seeds over the period."""


def next_random(state: IntArray) -> IntArray:
    """Return the number that follows each state, which is also the next state.

    Parameters
    ----------
    state : ndarray, int64
        1..2**24 - 1; any shape.
    """
    left, right, last = _SHIFTS
    state = state ^ ((state << left) & _MASK)
    state = state ^ (state >> right)
    return np.asarray(state ^ ((state << last) & _MASK), dtype=np.int64)


def seed_states(seed: int, channels: int) -> IntArray:
    """Return the state of each channel before the first step of a window.

    Parameters
    ----------
    seed : int
        0 or more.
    channels : int
        Neurons.

    Returns
    -------
    ndarray, int64, shape (channel,)
        1..2**24 - 1; the first few steps are skipped, so that small seeds do not look alike.
    """
    start = (np.arange(1, channels + 1, dtype=np.int64) + seed * 65599) * _WEYL & _MASK
    state = np.where(start == 0, 1, start)
    for _ in range(8):
        state = next_random(state)
    return state


def random_sequence(states: IntArray, length: int) -> IntArray:
    """Return the numbers of `length` steps from the given states, shape (length, channel)."""
    numbers = np.empty((length, *states.shape), dtype=np.int64)
    for step in range(length):
        states = next_random(states)
        numbers[step] = states
    return numbers
