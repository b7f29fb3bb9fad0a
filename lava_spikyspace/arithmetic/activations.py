"""Shift-based activations PTSoftplus and PTSiLU in fixed point.

Source of the equations: SpikySpace (arXiv 2601.02411). The float forms with their gradients are in
`netx_export.activations`.
"""

from __future__ import annotations

import math

import numpy as np

from lava_spikyspace.arithmetic.exp2 import exp2
from lava_spikyspace.network import IntArray

SOFTPLUS_BREAK = math.log2(1 / math.log(2))
"""Where PTSoftplus turns from ``2**x`` to ``x + C``: both have slope 1 there."""

SOFTPLUS_OFFSET = 1 / math.log(2) - SOFTPLUS_BREAK
"""C of PTSoftplus, which makes it continuous."""


def _silu_break() -> float:
    """Solve ``-2**x ln 2 = 1 - 2**(-x - 1) ln 2`` for x: equal slopes of both pieces of PTSiLU.

    With t = 2**x it is ``t**2 + t/ln 2 - 1/2 = 0``.
    """
    b = 1 / math.log(2)
    return math.log2((-b + math.sqrt(b * b + 2)) / 2)


SILU_BREAK = _silu_break()
"""Where PTSiLU turns from ``-2**x`` to ``2**(-x - 1) + x + C'``."""

SILU_OFFSET = -(2.0**SILU_BREAK) - 2.0 ** (-SILU_BREAK - 1) - SILU_BREAK
"""C' of PTSiLU, which makes it continuous."""


def pt_softplus(x: IntArray, frac_bits: int, terms: int) -> IntArray:
    """Return PTSoftplus(x): ``2**x`` below the break, ``x + C`` from it on.

    Parameters
    ----------
    x : ndarray, int64
        Fixed point with `frac_bits` fraction bits.
    frac_bits : int
        Fraction bits of argument and result.
    terms : int
        Terms of the shift-and-add power, see `exp2`.

    Returns
    -------
    ndarray, int64
        Fixed point with `frac_bits` fraction bits, >= 0.
    """
    x = np.asarray(x, dtype=np.int64)
    turn = math.ceil(SOFTPLUS_BREAK * 2**frac_bits)
    offset = round(SOFTPLUS_OFFSET * 2**frac_bits)
    # The limit binds for Mitchell's power only, which is too high: without it the function would
    # fall at the break.
    below = np.minimum(exp2(np.minimum(x, turn), frac_bits, terms), turn + offset)
    return np.where(x < turn, below, x + offset)


def pt_silu(x: IntArray, frac_bits: int, terms: int) -> IntArray:
    """Return PTSiLU(x): ``-2**x`` below the break, ``2**(-x - 1) + x + C'`` from it on.

    Parameters
    ----------
    x : ndarray, int64
        Fixed point with `frac_bits` fraction bits.
    frac_bits : int
        Fraction bits of argument and result.
    terms : int
        Terms of the shift-and-add power, see `exp2`.

    Returns
    -------
    ndarray, int64
        Fixed point with `frac_bits` fraction bits.
    """
    x = np.asarray(x, dtype=np.int64)
    turn = math.ceil(SILU_BREAK * 2**frac_bits)
    offset = round(SILU_OFFSET * 2**frac_bits)
    below = x < turn
    power = exp2(np.where(below, x, -x - (1 << frac_bits)), frac_bits, terms)
    return np.where(below, -power, power + x + offset)


def pt_sigmoid(x: IntArray, frac_bits: int, terms: int) -> IntArray:
    """Return PTSigmoid(x): ``2**(x - 1)`` below 0, ``1 - 2**(-x - 1)`` from 0 on.

    The power-of-two sigmoid of SPikE-SSM-style gates; both pieces meet at 0 with value 1/2.

    Parameters
    ----------
    x : ndarray, int64
        Fixed point with `frac_bits` fraction bits.
    frac_bits : int
        Fraction bits of argument and result.
    terms : int
        Terms of the shift-and-add power, see `exp2`.

    Returns
    -------
    ndarray, int64
        Fixed point with `frac_bits` fraction bits, 0..1.
    """
    x = np.asarray(x, dtype=np.int64)
    one = 1 << frac_bits
    tail = exp2(-np.abs(x) - one, frac_bits, terms)
    return np.where(x < 0, tail, one - tail)
