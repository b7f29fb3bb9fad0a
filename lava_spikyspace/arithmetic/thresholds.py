"""Threshold encoders: a code is the number of thresholds that an accumulator has reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic.fixed_point import split_limbs
from lava_spikyspace.network import IntArray

_AT_ONCE = 1 << 14
"""Comparisons made in one call, which is faster for one element of a window; for many windows it
would only move memory, so there the thresholds are taken one by one."""

_FEW_LEVELS = 4
"""Up to so many thresholds are taken one by one for any size: NumPy sums short axes slowly."""


def encode(acc: IntArray, theta: IntArray) -> IntArray:
    """Return the unsigned code ``count(acc >= theta_j)``.

    Parameters
    ----------
    acc : ndarray, int64
        Accumulator; its last axes broadcast against the channels of `theta`.
    theta : ndarray, int64, shape (..., j)
        Ascending thresholds, the codes 1..Q on the last axis.

    Returns
    -------
    ndarray, int64
        Codes 0..Q.
    """
    levels = theta.shape[-1]
    if levels > _FEW_LEVELS and acc.size * levels <= _AT_ONCE:
        return np.asarray((acc[..., None] >= theta).sum(axis=-1), dtype=np.int64)
    return _count(acc >= theta[..., j] for j in range(levels))


def comparison_sums(
    theta: IntArray, rms: IntArray, limbs: Sequence[int] = ()
) -> tuple[IntArray, ...]:
    """Return the sums behind ``theta * rms``, the right side of a comparison last.

    Without limbs that is ``theta * rms``. Thresholds that would make it too wide are taken in
    limbs: the product of each low limb is shifted by the width of the limb, rounded up, and carried
    into the next. What an integer has to reach is the same, without the low bits.

    Parameters
    ----------
    theta : ndarray, int64
        Thresholds.
    rms : ndarray, int64
        Root mean square; broadcasts against `theta`.
    limbs : sequence of int
        Widths of the low limbs of the thresholds, lowest first.
    """
    if not limbs:
        return (np.asarray(theta * rms),)
    sums: list[IntArray] = []
    carry: IntArray | int = 0
    *low, top = split_limbs(theta, limbs)
    for limb, width in zip(low, limbs, strict=True):
        sums.append(np.asarray(limb * rms + carry + ((1 << width) - 1)))
        carry = sums[-1] >> width
    return (*sums, np.asarray(top * rms + carry))


def encode_normalised(
    acc: IntArray, theta: IntArray, rms: IntArray, shift: int, limbs: Sequence[int] = ()
) -> IntArray:
    """Return the code of ``acc / rms`` without dividing: ``count((acc << shift) >= theta_j*rms)``.

    Parameters
    ----------
    acc : ndarray, int64, shape (..., channel)
        Accumulator before the division by the root mean square.
    theta : ndarray, int64, shape (channel, j)
        Thresholds of ``acc / rms`` with `shift` fraction bits.
    rms : ndarray, int64, shape (..., 1)
        Root mean square, > 0.
    shift : int
        Fraction bits of the comparison; not below the sum of `limbs`.
    limbs : sequence of int
        Widths of the low limbs in which the thresholds are taken, see `comparison_sums`; the code
        does not depend on them.
    """
    scaled, levels = acc << (shift - sum(limbs)), theta.shape[-1]
    if levels > _FEW_LEVELS and scaled.size * levels <= _AT_ONCE:
        reached = scaled[..., None] >= comparison_sums(theta, rms[..., None], limbs)[-1]
        return np.asarray(reached.sum(axis=-1), dtype=np.int64)
    return _count(scaled >= comparison_sums(theta[:, j], rms, limbs)[-1] for j in range(levels))


def _count(reached: Iterable[npt.NDArray[np.bool_]]) -> IntArray:
    """Return how many of the arrays are true, element by element; of 1 to 255 arrays."""
    first, *others = reached
    total = first.view(np.uint8)
    for flags in others:
        total += flags.view(np.uint8)
    return total.astype(np.int64)


def lowest_signed(bits: int) -> int:
    """Return the lowest signed code: ``-2**(b-1)``; for 1 bit the codes are -1 and +1."""
    return -(1 << (bits - 1))


def encode_signed(acc: IntArray, theta: IntArray) -> IntArray:
    """Return the signed code: the lowest level plus the number of thresholds reached.

    One bit stands for -1 and +1, so there the single threshold is worth two.
    """
    bits = int(theta.shape[-1]).bit_length()
    step = 2 if bits == 1 else 1
    return lowest_signed(bits) + step * encode(acc, theta)
