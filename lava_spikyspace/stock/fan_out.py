"""How many weights an event meets: the synaptic operations that it causes."""

from __future__ import annotations

import numpy as np

from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import IntArray
from lava_spikyspace.netx.stock.description import StockConv, StockDense, SynapticLayer


def fan_out(layer: SynapticLayer) -> IntArray:
    """Return the weights other than 0 that an event of each input meets.

    Parameters
    ----------
    layer : StockDense or StockConv
        The layer that reads the events.

    Returns
    -------
    ndarray, int64
        Of the shape of the input.
    """
    if isinstance(layer, StockConv):
        return conv_fan_out(layer)
    if isinstance(layer, StockDense):
        return dense_fan_out(layer.weight)
    raise InternalError(f"layer {layer.index} has no synapses that are known here")


def dense_fan_out(weight: IntArray) -> IntArray:
    """Return the outputs that each input of a weight matrix (output, input) reaches."""
    return np.asarray(np.count_nonzero(weight, axis=0), dtype=np.int64)


def conv_fan_out(layer: StockConv) -> IntArray:
    """Return the weights that each (x, y, channel) meets, fewer at borders and between strides."""
    outputs, *kernel, channels = layer.weight.shape
    # (group, x, y, channel of the group): output channels of the group with a weight there.
    reached = np.count_nonzero(
        layer.weight.reshape(layer.groups, outputs // layer.groups, *kernel, channels), axis=1
    )
    per_tap = np.moveaxis(reached, 0, 2).reshape(*kernel, layer.groups * channels)
    met = np.zeros(layer.reads, dtype=np.int64)
    places = [_read_places(layer, axis) for axis in (0, 1)]
    for x_tap, columns in enumerate(places[0]):
        for y_tap, rows in enumerate(places[1]):
            # No place comes twice: the stride is at least 1.
            met[np.ix_(columns, rows)] += per_tap[x_tap, y_tap]
    return met


def _read_places(layer: StockConv, axis: int) -> list[IntArray]:
    """Return, for each tap of the kernel along an axis, the places of the input that it reads."""
    first = np.arange(layer.shape[axis]) * layer.stride[axis] - layer.padding[axis]
    taps = range(layer.weight.shape[1 + axis])
    places = [first + tap * layer.dilation[axis] for tap in taps]
    return [p[(p >= 0) & (p < layer.reads[axis])] for p in places]
