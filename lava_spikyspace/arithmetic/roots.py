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


def shifted_square(x: IntArray, shift: int) -> IntArray:
    """Return ``(x*x) >> (2*shift)`` exactly, without the wide square.

    With ``x = (high << shift) + low`` that is
    ``high*high + ((2*high*low + (low*low >> shift)) >> shift)``.

    Parameters
    ----------
    x : ndarray, int64
        Values.
    shift : int
        Low bits of x that only correct the square of the others.
    """
    if not shift:
        return np.asarray(x * x)
    high, low = x >> shift, x & ((1 << shift) - 1)
    return np.asarray(high * high + ((2 * high * low + (low * low >> shift)) >> shift))


def mean_square(x: IntArray, eps: int, square_shift: int = 0) -> IntArray:
    """Return ``sum((x*x) >> 2*square_shift) // C + eps`` over the last axis of C channels.

    Parameters
    ----------
    x : ndarray, int64, shape (..., channel)
        Residual messages with f fraction bits.
    eps : int
        Stabiliser with ``2*(f - square_shift)`` fraction bits.
    square_shift : int
        See `shifted_square`.

    Returns
    -------
    ndarray, int64, shape (...,)
        Mean square with ``2*(f - square_shift)`` fraction bits.
    """
    x = np.asarray(x, dtype=np.int64)
    return mean_of_squares(shifted_square(x, square_shift).sum(axis=-1), x.shape[-1], eps)


def mean_of_squares(total: IntArray, channels: int, eps: int) -> IntArray:
    """Return ``total // channels + eps``, the mean square of a sum of shifted squares.

    Parameters
    ----------
    total : ndarray, int64, shape (...,)
        Sum over the channels.
    channels : int
        Number C of channels.
    eps : int
        Stabiliser, in the unit of the squares.
    """
    return np.asarray(total // channels + eps)


def root_mean_square(x: IntArray, eps: int, root_bits: int, square_shift: int = 0) -> IntArray:
    """Return ``isqrt(mean_square(x) << 2*root_bits)`` over the last axis.

    The root by shift and subtract brings down two bits of the radicand a round, zeros in the last
    `root_bits` rounds: no register holds the shifted radicand.

    Parameters
    ----------
    x : ndarray, int64, shape (..., channel)
        Residual messages with f fraction bits.
    eps : int
        Stabiliser with ``2*(f - square_shift)`` fraction bits.
    root_bits : int
        Extra fraction bits of the root; the shifted mean square stays below 2**62.
    square_shift : int
        See `shifted_square`.

    Returns
    -------
    ndarray, int64, shape (...,)
        Root with ``f - square_shift + root_bits`` fraction bits.
    """
    return isqrt(mean_square(x, eps, square_shift) << (2 * root_bits))
