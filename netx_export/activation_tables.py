"""Tables of the shift-based activations: one fixed-point entry per code of their input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lava_spikyspace.arithmetic import pt_silu, pt_softplus
from lava_spikyspace.hardware.registers import exp2_register
from lava_spikyspace.network import MESSAGE_BITS, IntArray, Interval
from netx_export.frozen import FloatArray, FrozenQuantiser, float_pt_silu, float_pt_softplus
from netx_export.thresholds import affine_thresholds

MAX_EXP2_TERMS = 27
"""Terms tried for the power of two before the closest is taken."""


@dataclass(frozen=True, eq=False)
class SoftplusTable:
    """PTSoftplus of every code: fields of `SoftplusLayer`.

    Parameters
    ----------
    table : ndarray, int64, shape (code,)
        Input of each code in fixed point.
    frac_bits, exp2_terms : int
        Fraction bits of the table, terms of the power of two.
    theta_out : ndarray, int64, shape (j,)
        Thresholds of the output's codes.
    """

    table: IntArray
    frac_bits: int
    exp2_terms: int
    theta_out: IntArray


@dataclass(frozen=True, eq=False)
class GateTable:
    """PTSiLU of every code: fields of `GateLayer`.

    Parameters
    ----------
    table : ndarray, int64, shape (code,)
        Input of each code in fixed point.
    frac_bits, exp2_terms : int
        Fraction bits of the table, terms of the power of two.
    """

    table: IntArray
    frac_bits: int
    exp2_terms: int


def fixed_point(values: FloatArray, frac_bits: int) -> IntArray:
    """Return values in fixed point, rounded half to even."""
    return np.asarray(np.rint(values * 2.0**frac_bits), dtype=np.int64)


@lru_cache(maxsize=256)
def softplus_table(
    inner: FrozenQuantiser, outer: FrozenQuantiser, power_bits: int
) -> SoftplusTable | None:
    """Return the narrowest table that gives the frozen model's codes, or the closest to that.

    It depends on no other format, so that a format search computes it once.

    Parameters
    ----------
    inner, outer : FrozenQuantiser
        Before and after PTSoftplus.
    power_bits : int
        Widest register of the power of two.

    Returns
    -------
    SoftplusTable or None
        None where no table fits a message.
    """
    values = inner.values(inner.levels)
    wanted = outer.codes(float_pt_softplus(values))
    best: SoftplusTable | None = None
    least = len(values) + 1
    for frac in range(8, MESSAGE_BITS - 4, 2):
        table = fixed_point(values, frac)
        if Interval.of(table).bits > MESSAGE_BITS - 1:
            break
        for terms in range(MAX_EXP2_TERMS + 1):
            if exp2_register(frac, terms).bits > power_bits:
                break
            outputs = pt_softplus(table, frac, terms)
            theta_out = affine_thresholds(
                outer, np.array(2.0**-frac), np.array(0.0), Interval.of(outputs)
            )
            codes = (outputs[:, None] >= theta_out).sum(axis=1) + outer.levels[0]
            wrong = int(np.count_nonzero(codes != wanted))
            if wrong < least:
                best, least = SoftplusTable(table, frac, terms, theta_out), wrong
        if least == 0:
            break
    return best


@lru_cache(maxsize=256)
def gate_table(quantiser: FrozenQuantiser, frac_bits: int) -> GateTable:
    """Return the table with the fewest terms that is as exact as its fraction bits.

    Half a unit where that can be had, else what the best number of terms reaches.

    Parameters
    ----------
    quantiser : FrozenQuantiser
        Before PTSiLU.
    frac_bits : int
        Fraction bits.
    """
    values = quantiser.values(quantiser.levels)
    table = fixed_point(values, frac_bits)
    exact = float_pt_silu(values) * 2.0**frac_bits
    errors = [
        float(np.abs(pt_silu(table, frac_bits, terms) - exact).max())
        for terms in range(MAX_EXP2_TERMS + 1)
    ]
    good = max(0.5, min(errors))
    return GateTable(table, frac_bits, next(n for n, error in enumerate(errors) if error <= good))
