"""One step of the spiking selective scan."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lava_spikyspace.arithmetic.thresholds import encode, encode_signed
from lava_spikyspace.network import IntArray, ScanLayer


class ScanStep(NamedTuple):
    """What one step of the scan computes.

    Parameters
    ----------
    state : ndarray, int64, shape (..., channel, state)
        New state codes qh.
    potential : ndarray, int64, shape (..., channel, state)
        p, the state before its comparison.
    drive : ndarray, int64, shape (..., channel, state)
        ``gain*B`` before its shift.
    total : ndarray, int64, shape (..., channel)
        y, the channel sum before its comparison.
    code : ndarray, int64, shape (..., channel)
        Signed output code v.
    """

    state: IntArray
    potential: IntArray
    drive: IntArray
    total: IntArray
    code: IntArray


def scan_step(
    layer: ScanLayer,
    state: IntArray | None,
    codes: IntArray,
    delta: IntArray,
    b: IntArray,
    c: IntArray,
    element: int = 0,
) -> ScanStep:
    """Advance the scan by one element of the window.

    Parameters
    ----------
    layer : ScanLayer
        Its integer parameters.
    state : ndarray, int64, shape (..., channel, state), or None
        State codes of the element before; None at element 0, where the state is exactly 0.
    codes : ndarray, int64, shape (..., channel)
        Codes qu of the convolution.
    delta : ndarray, int64, shape (..., channel)
        Codes qd of the step size.
    b, c : ndarray, int64, shape (..., state)
        Values of B and C.
    element : int
        Place in the window, which only a layer with offsets needs.

    Returns
    -------
    ScanStep
        ``p = (((level[qh] + o') << left) >> right) + ((gain[qd, qu]*B) >> g) - o``,
        ``qh = count(p >= theta_state)``, ``y = sum_n (level[qh] + o)*C + skip[qu]`` and v, the
        signed code of y; o is the offset of this element, o' that of the one before.
    """
    channel = np.arange(layer.neurons)
    drive = layer.gain[delta, codes][..., None] * b[..., None, :]
    offset = layer.offset_at(element)
    potential = (drive >> layer.gain_shift) - offset
    if state is not None:
        left = layer.left[delta, channel]
        right = layer.right[delta, channel]
        held = layer.level[state] + layer.offset_at(element - 1)
        potential = potential + ((held << left) >> right)
    new = encode(potential, layer.theta_state)
    read = np.matmul(layer.level[new] + offset, c[..., None])[..., 0]
    total = read + layer.skip[codes, channel]
    return ScanStep(new, potential, drive, total, encode_signed(total, layer.theta))
