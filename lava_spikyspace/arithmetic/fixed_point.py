"""Descaling, saturation and limbs of fixed-point integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lava_spikyspace.network import IntArray


def descale_sums(
    acc: IntArray, mult: IntArray, add: IntArray, shift: IntArray, limbs: Sequence[int] = ()
) -> tuple[IntArray, ...]:
    """Return the sums that `descale` goes through, the one that it shifts last.

    Without limbs that is ``acc*mult + add + (1 << (shift - 1))``. A multiplier that would make the
    product too wide is taken in limbs: the sum of each low limb is shifted by the width of the limb
    and carried into the next, so that the last sum is the whole one without its low bits, exactly.

    Parameters
    ----------
    acc : ndarray, int64, shape (..., channel)
        Accumulator.
    mult, add, shift : ndarray, int64, shape (channel,)
        Per channel; shift >= 1, and not below the sum of `limbs`.
    limbs : sequence of int
        Widths of the low limbs of the multiplier, lowest first.
    """
    offset = add + np.left_shift(np.int64(1), shift - 1)
    if not limbs:
        return (np.asarray(acc * mult + offset),)
    sums: list[IntArray] = []
    carry: IntArray | int = 0
    for factor, constant, width in zip(
        split_limbs(mult, limbs), split_limbs(offset, limbs), (*limbs, 0), strict=True
    ):
        sums.append(np.asarray(acc * factor + constant + carry))
        carry = sums[-1] >> width
    return tuple(sums)


def descale_sum(acc: IntArray, mult: IntArray, add: IntArray, shift: IntArray) -> IntArray:
    """Return ``acc*mult + add + (1 << (shift - 1))``, the one sum of `descale` without limbs."""
    return descale_sums(acc, mult, add, shift)[0]


def descale(
    acc: IntArray, mult: IntArray, add: IntArray, shift: IntArray, limbs: Sequence[int] = ()
) -> IntArray:
    """Return ``(acc*mult + add + (1 << (shift - 1))) >> shift``: scale, offset, round half up.

    Parameters
    ----------
    acc : ndarray, int64, shape (..., channel)
        Accumulator.
    mult, add, shift : ndarray, int64, shape (channel,)
        Per channel; shift >= 1.
    limbs : sequence of int
        Widths of the low limbs in which the multiplier is taken, see `descale_sums`; the result
        does not depend on them.
    """
    return np.asarray(descale_sums(acc, mult, add, shift, limbs)[-1] >> (shift - sum(limbs)))


def saturate(x: IntArray, bits: int) -> IntArray:
    """Return x clipped to the range of a signed register of `bits` bits."""
    high = (1 << (bits - 1)) - 1
    return np.clip(x, -high - 1, high)


def split_limbs(x: IntArray, widths: Sequence[int]) -> tuple[IntArray, ...]:
    """Split a signed message into unsigned low limbs of the given widths and a signed top limb.

    Parameters
    ----------
    x : ndarray, int64
        Messages.
    widths : sequence of int
        Bits of the low limbs, lowest first; empty: no split.

    Returns
    -------
    tuple of ndarray, int64
        ``len(widths) + 1`` limbs, lowest first; `join_limbs` is the inverse.
    """
    limbs = []
    for width in widths:
        limbs.append(x & ((1 << width) - 1))
        x = x >> width
    return (*limbs, x)


def join_limbs(limbs: Sequence[IntArray], widths: Sequence[int]) -> IntArray:
    """Recombine limbs, or sums of products of limbs: ``(hi << width) + lo``."""
    total = limbs[-1]
    for limb, width in zip(reversed(limbs[:-1]), reversed(widths), strict=True):
        total = (total << width) + limb
    return total
