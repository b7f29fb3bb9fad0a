"""One step of a diagonal state space (S4D) in fixed point.

The complex state of a channel decays by multiply-and-shift; its real and imaginary parts are two
registers. Usable on its own: the layer that is passed only has to have the named arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lava_spikyspace.arithmetic.fixed_point import saturate
from lava_spikyspace.network import IntArray
from lava_spikyspace.spike_ssm.layers import S4dLayer


class S4dStep(NamedTuple):
    """What one step computes.

    Parameters
    ----------
    real, imag : ndarray, int64, shape (..., channel, state)
        New state h.
    product_real, product_imag : ndarray, int64, shape (..., channel, state)
        ``a*h`` and its rounding, before the shift.
    read : ndarray, int64, shape (..., channel, state)
        What its channel reads of each state.
    total : ndarray, int64, shape (..., channel)
        Channel sum, its rounding included.
    current : ndarray, int64, shape (..., channel)
        Sum in the scale of the current, before it saturates.
    message : ndarray, int64, shape (..., channel)
        The current that is sent.
    """

    real: IntArray
    imag: IntArray
    product_real: IntArray
    product_imag: IntArray
    read: IntArray
    total: IntArray
    current: IntArray
    message: IntArray


def drive(layer: S4dLayer, x: IntArray) -> IntArray:
    """Return the input in the scale of each state: ``(x << left)`` or x shifted right, rounded.

    Parameters
    ----------
    layer : S4dLayer
        Gives the shifts.
    x : ndarray, int64, shape (..., channel)
        Input.

    Returns
    -------
    ndarray, int64, shape (..., channel, state)
        Rounded half up where bits are dropped.
    """
    half = (np.int64(1) << layer.right) >> 1
    return np.asarray(((x[..., None] << layer.left) + half) >> layer.right)


def s4d_step(layer: S4dLayer, real: IntArray, imag: IntArray, x: IntArray) -> S4dStep:
    """Advance by one element of the window.

    Parameters
    ----------
    layer : S4dLayer
        Its integer parameters.
    real, imag : ndarray, int64, shape (..., channel, state)
        State after the element before; 0 at element 0.
    x : ndarray, int64, shape (..., channel)
        Input.

    Returns
    -------
    S4dStep
        ``h = ((a*h + half) >> decay_bits) + drive(x)``, part by part, and the current
        ``(sum_n (read_real*h_real - read_imag*h_imag) + skip*x + half) >> shift``, saturated.
    """
    half = (1 << layer.decay_bits) >> 1
    a, b = layer.decay_real, layer.decay_imag
    product_real = a * real - b * imag + half
    product_imag = a * imag + b * real + half
    new_real = (product_real >> layer.decay_bits) + drive(layer, x)
    new_imag = product_imag >> layer.decay_bits
    read = layer.read_real * new_real - layer.read_imag * new_imag
    total = read.sum(axis=-1) + layer.skip * x + ((np.int64(1) << layer.shift) >> 1)
    current = total >> layer.shift
    message = saturate(current, layer.message_bits)
    return S4dStep(new_real, new_imag, product_real, product_imag, read, total, current, message)
