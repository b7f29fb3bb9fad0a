"""Integer square root and root mean square."""

from __future__ import annotations

import numpy as np

from lava_spikyspace.network import EXACT_BITS, IntArray


def isqrt(x: IntArray) -> IntArray:
    """Return ``floor(sqrt(x))`` exactly, for 0 <= x < 2**62.

    The float64 root is at most one off; one comparison in each direction settles it. Equal to
    `shift_subtract_isqrt`, which is how a neuron computes it.
    """
    x = np.asarray(x, dtype=np.int64)
    root = np.sqrt(x.astype(np.float64)).astype(np.int64)
    root = root - (root * root > x)
    return root + ((root + 1) * (root + 1) <= x)


def shift_subtract_isqrt(x: IntArray, bits: int = EXACT_BITS + 1) -> IntArray:
    """Return ``floor(sqrt(x))`` by shift and subtract, two bits of the radicand a round.

    Parameters
    ----------
    x : ndarray, int64
        Radicand, 0 <= x < 2**bits.
    bits : int
        Even width of the radicand; ``bits / 2`` rounds.
    """
    rest = np.array(x, dtype=np.int64)
    root = np.zeros_like(rest)
    bit = 1 << (bits - 2)
    while bit:
        taken = rest >= root + bit
        rest = np.where(taken, rest - root - bit, rest)
        root = (root >> 1) + np.where(taken, bit, 0)
        bit >>= 2
    return root


def root_mean_square(x: IntArray, eps: int, root_bits: int) -> IntArray:
    """Return ``isqrt((sum(x*x) // C + eps) << 2*root_bits)`` over the last axis of C channels.

    Parameters
    ----------
    x : ndarray, int64, shape (..., channel)
        Residual messages with f fraction bits.
    eps : int
        Stabiliser with 2f fraction bits.
    root_bits : int
        Extra fraction bits of the root.

    Returns
    -------
    ndarray, int64, shape (...,)
        Root with ``f + root_bits`` fraction bits.
    """
    x = np.asarray(x, dtype=np.int64)
    mean = (x * x).sum(axis=-1) // x.shape[-1] + eps
    return isqrt(mean << (2 * root_bits))
