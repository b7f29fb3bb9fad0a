"""Values that exist only to be held against their proven ranges."""

from __future__ import annotations

import numpy as np

from lava_spikyspace.network import IntArray


def comparison_sides(acc: IntArray, theta: IntArray, rms: IntArray, shift: int) -> IntArray:
    """Return both sides of the comparison ``(acc << shift) >= theta_j * rms``, flattened.

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
    """
    return np.concatenate([acc << shift, (theta * rms).ravel()])
