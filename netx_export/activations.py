"""The two shift-based activations of SpikySpace, in floating point with exact gradients.

Both replace the exponentials of softplus and SiLU by powers of two, so that integer hardware can
evaluate them with shifts and additions (SpikySpace, arXiv 2601.02411). Each is made of two pieces
that meet at a break with equal value and equal slope. All constants follow from that demand and
are derived here, never typed in.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

LN2 = math.log(2.0)

PT_SOFTPLUS_BREAK = -math.log2(LN2)
"""``xc``: where the slope of ``2**x`` reaches 1 (0.528766...)."""

PT_SOFTPLUS_OFFSET = 1.0 / LN2 - PT_SOFTPLUS_BREAK
"""``C``: makes the linear piece meet ``2**x`` at the break (0.913929...)."""

_POWER_AT_SILU_BREAK = (math.sqrt(1.0 + 2.0 * LN2 * LN2) - 1.0) / (2.0 * LN2)
"""``p = 2**xc'``: equal slopes, ``-ln2 * p = 1 - ln2 / (2 * p)``, is a quadratic equation in p."""

PT_SILU_BREAK = math.log2(_POWER_AT_SILU_BREAK)
"""``xc'``: where both pieces have the same slope (-1.791995...)."""

PT_SILU_OFFSET = -_POWER_AT_SILU_BREAK - 0.5 / _POWER_AT_SILU_BREAK - PT_SILU_BREAK
"""``C'``: makes both pieces meet at the break (-0.228245...)."""


def pt_softplus(x: Tensor) -> Tensor:
    """Power-of-two softplus.

    ``2**x`` below `PT_SOFTPLUS_BREAK`, ``x + PT_SOFTPLUS_OFFSET`` from there on. It lies within
    0.914 of ``log(1 + exp(x))``, which it approaches to that offset for large `x`.

    Parameters
    ----------
    x : Tensor
        Any shape, floating point.

    Returns
    -------
    Tensor
        Same shape and dtype, all values positive.
    """
    # The clamp keeps the piece that `where` discards finite, and its gradient out of the sum.
    power = torch.exp2(torch.clamp(x, max=PT_SOFTPLUS_BREAK))
    return torch.where(x < PT_SOFTPLUS_BREAK, power, x + PT_SOFTPLUS_OFFSET)


def pt_silu(x: Tensor) -> Tensor:
    """Power-of-two SiLU.

    ``-2**x`` below `PT_SILU_BREAK`, ``2**(-x - 1) + x + PT_SILU_OFFSET`` from there on. It lies
    within 0.316 of ``x / (1 + exp(-x))``.

    Parameters
    ----------
    x : Tensor
        Any shape, floating point.

    Returns
    -------
    Tensor
        Same shape and dtype.
    """
    below = -torch.exp2(torch.clamp(x, max=PT_SILU_BREAK))
    above = torch.exp2(-torch.clamp(x, min=PT_SILU_BREAK) - 1.0) + x + PT_SILU_OFFSET
    return torch.where(x < PT_SILU_BREAK, below, above)
