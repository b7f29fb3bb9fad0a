"""Counts of a run, worked out from its records one event at a time."""

import numpy as np

from lava_spikyspace.netx.stock.description import StockConv, StockInput, StockRecurrent
from lava_spikyspace.netx.stock.selection import select_layers


def met_by(layer, message):
    """Return the non-zero weights that the events of one message meet."""
    if isinstance(layer, StockConv):
        return met_by_convolution(layer, message)
    flat = message.transpose().ravel() if message.ndim == 3 else message
    return int(((layer.weight != 0) & (flat != 0)).sum())


def met_by_convolution(layer, message):
    events = np.pad(message != 0, [(layer.padding[0],) * 2, (layer.padding[1],) * 2, (0, 0)])
    outputs, x_taps, y_taps, channels = layer.weight.shape
    total = 0
    for x in range(layer.shape[0]):
        for y in range(layer.shape[1]):
            for i in range(x_taps):
                for j in range(y_taps):
                    there = events[
                        x * layer.stride[0] + i * layer.dilation[0],
                        y * layer.stride[1] + j * layer.dilation[1],
                    ]
                    for group in range(layer.groups):
                        part = slice(group * channels, (group + 1) * channels)
                        size = outputs // layer.groups
                        kernels = layer.weight[group * size : (group + 1) * size, i, j]
                        total += int(((kernels != 0) & there[part]).sum())
    return total


def recount(network, result, values):
    """Return (spikes or messages sent, events in, synops) by process name."""
    selection = select_layers(network, result.settings)
    found = {}
    is_bias = selection.feed == "bias"
    before = values
    found["input"] = (0 if is_bias else int((values != 0).sum()), 0, 0)
    for selected in selection.layers:
        layer = selected.layer
        sent = result.records[layer.name]
        arrived = int((before != 0).sum())
        if isinstance(layer, StockInput):
            found[f"{layer.name}.neuron"] = (int((sent != 0).sum()), 0 if is_bias else arrived, 0)
        else:
            synops = sum(met_by(layer, message) for message in before)
            found[f"{layer.name}.synapses"] = (0, arrived, synops)
            if isinstance(layer, StockRecurrent):
                own = int(((layer.recurrent_weight != 0)[None] & (sent != 0)[:, None]).sum())
                found[f"{layer.name}.recurrent"] = (0, int((sent != 0).sum()), own)
            found[f"{layer.name}.neuron"] = (int((sent != 0).sum()), 0, 0)
        before = sent
    return found
