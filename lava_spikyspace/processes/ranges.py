"""Values that exist only to be held against their proven ranges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lava_spikyspace.arithmetic import comparison_sums
from lava_spikyspace.network import IntArray


def comparison_sides(
    acc: IntArray, theta: IntArray, rms: IntArray, shift: int, limbs: Sequence[int] = ()
) -> IntArray:
    """Return both sides of the comparison ``(acc << shift) >= theta_j * rms``, flattened.

    With the thresholds in limbs, both without their low bits, and the sums on the way.

    Parameters
    ----------
    acc : ndarray, int64, shape (channel,)
        Accumulator.
    theta : ndarray, int64, shape (channel, j)
        Thresholds.
    rms : ndarray, int64, shape (1,)
        Root mean square.
    shift : int
        Fraction bits of the comparison.
    limbs : sequence of int
        Widths of the low limbs of the thresholds.
    """
    return joined_flat((acc << (shift - sum(limbs)), *comparison_sums(theta, rms, limbs)))


def joined_flat(values: Sequence[IntArray]) -> IntArray:
    """Return all elements of several arrays in one."""
    return np.concatenate([value.ravel() for value in values])
