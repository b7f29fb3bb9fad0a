"""Steps below 0: the same codes from negated inputs and positive steps.

Nothing in the published code keeps a learned step positive. With a step of -a the code
``clip(round((x - z) / -a))`` falls with x, and the comparators of a file only count upwards. It is
the code that a step of a and a zero-point of -z make of -x, and its value is the negative of
theirs: negating what makes x and what reads the value changes no code and no output.
"""

from __future__ import annotations

from dataclasses import replace

from netx_export.frozen import FrozenBlock, FrozenQuantiser, QuantisedWeight

MIRRORED = ("c", "s", "delta", "x", "y")
"""Quantisers whose step may be negative: those that read and feed nothing but sums of products."""


def upright(block: FrozenBlock) -> FrozenBlock:
    """Return a block with the same codes and output whose mirrored steps are all positive.

    Parameters
    ----------
    block : FrozenBlock
        With a step below 0 in any of `MIRRORED`.
    """
    c, s, delta, x, y = (1 if block.quantisers[q].alpha > 0 else -1 for q in MIRRORED)
    return replace(
        block,
        in_scan=_times(block.in_scan, c),
        conv=_times(block.conv, c * s),
        conv_bias=block.conv_bias * s,
        delta=_times(block.delta, s * delta),
        # The drive is the product of B and u, which both change sign with u.
        b=_times(block.b, x),
        c=_times(block.c, s * x * y),
        dt_proj=_times(block.dt_proj, delta),
        skip=block.skip * (s * y),
        first_zero_points=tuple(z * x for z in block.first_zero_points),
        out_proj=_times(block.out_proj, y),
        quantisers={name: _upright(one) for name, one in block.quantisers.items()},
    )


def _times(weight: QuantisedWeight, sign: int) -> QuantisedWeight:
    return weight if sign > 0 else replace(weight, codes=-weight.codes)


def _upright(quantiser: FrozenQuantiser) -> FrozenQuantiser:
    if quantiser.alpha > 0:
        return quantiser
    return replace(quantiser, alpha=-quantiser.alpha, zero_point=-quantiser.zero_point)
