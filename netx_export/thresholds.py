"""Thresholds of encoders: scales, biases and zero-points folded into integers, in float64."""

from __future__ import annotations

import numpy as np

from lava_spikyspace.network import IntArray, Interval
from netx_export.frozen import FloatArray, FrozenQuantiser


def affine_thresholds(
    quantiser: FrozenQuantiser, scale: FloatArray, offset: FloatArray, acc: Interval
) -> IntArray:
    """Return the least accumulators whose value reaches each code.

    The value is ``scale*acc + offset`` with a positive scale per channel. The quantiser itself
    decides (with its rounding of ties), so the integer network takes its decisions exactly.

    Parameters
    ----------
    quantiser : FrozenQuantiser
        What the frozen model applies to the value.
    scale, offset : ndarray, float64, shape (...,)
        Per channel.
    acc : Interval
        Proven range of the accumulator; thresholds outside it are moved to its border.

    Returns
    -------
    ndarray, int64, shape (..., j)
        Ascending thresholds.
    """
    columns = []
    for level in quantiser.levels[1:]:
        start = np.ceil((quantiser.boundary(int(level)) - offset) / scale)
        theta = np.clip(start, acc.lo, acc.hi + 1).astype(np.int64)

        def reaches(
            value: IntArray, level: int = int(level)
        ) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
            return quantiser.codes(scale * value + offset) >= level

        # The closed form is at most a rounding error away; the quantiser has the last word.
        while (early := (theta > acc.lo) & reaches(theta - 1)).any():
            theta = theta - early
        while (late := (theta <= acc.hi) & ~reaches(theta)).any():
            theta = theta + late
        columns.append(theta)
    return np.stack(columns, axis=-1)


def normalised_thresholds(
    quantiser: FrozenQuantiser,
    scale: FloatArray,
    norms: FloatArray,
    variates: int,
    root_bits: int,
    shift: int,
    typical_root: float | None = None,
    square_shift: int = 0,
) -> IntArray:
    """Return thresholds of ``acc / rms`` in fixed point.

    Parameters
    ----------
    quantiser : FrozenQuantiser
        What the frozen model applies to ``scale * acc * 2**(root_bits - square_shift) / rms``.
    scale : ndarray, float64, shape (channel,)
        Scale of the weights of each channel.
    norms : ndarray, float64, shape (channel,)
        Euclidean norm of the integer weights of each channel.
    variates : int
        Number of variates C that the root mean square goes over.
    root_bits, shift : int
        Extra bits of the root, fraction bits of the comparison.
    typical_root : float, optional
        Median of the roots, in units of the last bit that the comparison sees. The integer root
        is rounded down, half a unit on average; thresholds that are higher by that share make up
        for it.
    square_shift : int
        Fraction bits of the residual that the root lacks.

    Returns
    -------
    ndarray, int64, shape (channel, j)
        Ascending thresholds.

    Notes
    -----
    By Cauchy and Schwarz ``|acc| <= norm * sqrt(C) * 2 * rms * 2**(square_shift - root_bits)`` (the
    2 covers the rounding of the root), so thresholds beyond that are never crossed and are moved
    there.
    """
    boundaries = np.array([quantiser.boundary(int(level)) for level in quantiser.levels[1:]])
    unit = 2.0 ** (shift - root_bits + square_shift)
    if typical_root is not None:
        boundaries = boundaries * (1 + 0.5 / max(typical_root, 1.0))
    theta = np.rint(boundaries[None, :] / scale[:, None] * unit)
    limit = np.ceil(2 * norms * np.sqrt(variates) * unit)[:, None] + 1
    return np.asarray(np.clip(theta, -limit, limit), dtype=np.int64)
