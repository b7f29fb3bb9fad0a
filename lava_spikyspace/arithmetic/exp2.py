"""Powers of two by shifts and adds."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from lava_spikyspace.network import IntArray

MAX_FRAC_BITS = 28
"""Widest fraction of argument and result."""

MAX_TERMS = 28
"""Most factors; exporters keep fraction and factors together within a register of 53 bits."""


@cache
def log2_factors(frac_bits: int, terms: int) -> tuple[int, ...]:
    """Return ``log2(1 + 2**-i)``, i = 1..terms, in fixed point with `frac_bits` fraction bits.

    Rounded up, so that a factor is taken only where it truly fits the remainder and the power is
    never over-estimated.
    """
    return tuple(math.ceil(math.log2(1 + 2.0**-i) * 2**frac_bits) for i in range(1, terms + 1))


def exp2(x: IntArray, frac_bits: int, terms: int) -> IntArray:
    """Return ``2**x`` in fixed point by shifts and adds.

    The whole part of the exponent is a shift of the fractional power.
    With n >= 1 terms the fractional power is a product of greedy factors ``1 + 2**-i``; what
    remains of the exponent is dropped. With n = 0 it is Mitchell's ``1 + frac(x)``.

    Parameters
    ----------
    x : ndarray, int64
        Exponent with `frac_bits` fraction bits.
    frac_bits : int
        Fraction bits of exponent and result, 0..28.
    terms : int
        Number n of factors, 0..28.

    Returns
    -------
    ndarray, int64
        Power with `frac_bits` fraction bits. Before it is rounded to the nearest unit, it is
        low by less than ``2**-n`` of the true power (n >= 1), or high by at most 6.2 % (n = 0).

    Notes
    -----
    Inside, remainder and power have `terms` guard bits, so that rounding the factors costs less
    than the dropped remainder and the result stays monotone.
    Mitchell, J. N. (1962), "Computer multiplication and division using binary logarithms".
    """
    x = np.asarray(x, dtype=np.int64)
    whole = x >> frac_bits
    rest = x - (whole << frac_bits)
    if terms == 0:
        power = rest + (1 << frac_bits)
        guard = 0
    else:
        guard = terms
        rest = rest << guard
        power = np.full(x.shape, 1 << (frac_bits + guard), dtype=np.int64)
        for i, factor in enumerate(log2_factors(frac_bits + guard, terms), start=1):
            taken = rest >= factor
            rest = np.where(taken, rest - factor, rest)
            power = np.where(taken, power + (power >> i), power)
    shift = whole - guard
    # A register has 63 value bits: a power shifted right by 62 is 0 in any format.
    left = np.clip(shift, 0, 62 - frac_bits - guard - 1)
    right = np.clip(-shift, 0, 62)
    half = (np.int64(1) << right) >> 1
    return np.asarray(((power << left) + half) >> right, dtype=np.int64)
