"""Sizes and constants of the programs that scale a value: linear neuron, residual, heads, norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.intervals import dense_rows
from lava_spikyspace.network import HeadLayer, IntArray, Interval, LinearLayer
from lava_spikyspace.spike_ssm.layers import ChannelNormLayer, ClassificationHeadLayer

_ZERO = Interval(0, 0)

Descaled = LinearLayer | HeadLayer | ChannelNormLayer | ClassificationHeadLayer
"""Layers with a multiplier, an offset and a shift for each channel."""

ObjectArray = npt.NDArray[Any]
"""Integers of any size."""


@dataclass(frozen=True, eq=False)
class Descaling:
    """What `descale` of one layer needs.

    The shifts of the channels differ by a few places: all shift by the least of them first, where
    the product is wide, and then by what is left.

    Parameters
    ----------
    sum, value : Interval
        Range of the sum (and of its parts), and of the scaled value.
    params : dict of str to int
        Parameters of the part ``descale``.
    constants : dict of str to ndarray, int64, shape (channel,)
        Its constants.
    """

    sum: Interval
    value: Interval
    params: dict[str, int]
    constants: dict[str, IntArray]

    @classmethod
    def of(cls, layer: LinearLayer | HeadLayer, x: Interval) -> Descaling:
        """Return the descaling of a layer whose messages lie in `x`."""
        return cls.between(layer, *dense_rows(layer.weight, x.union(_ZERO)))

    @classmethod
    def between(cls, layer: Descaled, bottom: ObjectArray, top: ObjectArray) -> Descaling:
        """Return the descaling of sums from `bottom` to `top`, each of shape (channel,)."""
        # Python integers: no product wraps around on its way.
        low, high = bottom.astype(object), top.astype(object)
        mult, add, shift = (value.astype(object) for value in (layer.mult, layer.add, layer.shift))
        bias = add + (1 << (shift - 1))
        products = np.stack([low * mult, high * mult, low * mult + bias, high * mult + bias])
        least = int(layer.shift.min())
        spread = int(layer.shift.max()) - least
        sums = Interval(int(low.min()), int(high.max()))
        value = Interval.of(products[2:] >> shift)
        return cls(
            sum=sums,
            value=value,
            params={
                "MULT": Interval.of(layer.mult).union(_ZERO).bits,
                "PRODUCT": Interval.of(products).union(Interval.of(bias)).bits,
                "SHIFT": least,
                "SPREAD": spread,
                "SCALED": Interval.of(products[2:] >> least).bits,
                "VALUE": value.bits,
            },
            constants={
                "mult": layer.mult,
                "bias": bias.astype(np.int64),
                "further": least - layer.shift,
            },
        )
