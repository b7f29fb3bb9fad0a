"""Unary emission: a code becomes spikes of an integrate-and-fire neuron with soft reset."""

from __future__ import annotations

import numpy as np

from lava_spikyspace.network import IntArray


def emit_spikes(code: IntArray, step: int, bits: int) -> IntArray:
    """Return the spikes of one time step of a frame: -1, 0 or +1 for each code.

    An integrate-and-fire neuron with threshold ``Q = 2**bits - 1`` is fed with ``|code|`` in the
    first Q steps of the frame; it fires when the membrane reaches Q and keeps the remainder. In Q
    steps it fires exactly ``|code|`` times; the spikes of a signed code carry its sign.

    Parameters
    ----------
    code : ndarray, int64
        Codes of the frame, ``|code| <= Q``.
    step : int
        Step in the frame, from 0.
    bits : int
        Width of the code.

    Notes
    -----
    The membrane after k steps has received ``k*|code|`` and fired ``k*|code| // Q`` times, so the
    spike of a step is a difference of two quotients. 2 bits: 1 -> 001, 2 -> 011, 3 -> 111.
    """
    levels = (1 << bits) - 1
    if step >= levels:
        return np.zeros_like(code)
    magnitude = np.abs(code)
    fires = (step + 1) * magnitude // levels - step * magnitude // levels
    return np.asarray(np.sign(code) * fires, dtype=np.int64)
