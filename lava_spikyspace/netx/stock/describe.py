"""Say what is in a plain NetX network: layers, neurons, weights, sizes."""

from __future__ import annotations

from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from lava_spikyspace.errors import UsageError
from lava_spikyspace.netx.stock.description import (
    StockConv,
    StockInput,
    StockLayer,
    StockNetwork,
    SynapticLayer,
)

_ARRAYS = ("weight", "recurrent_weight", "delay", "bias")


def describe_stock(network: StockNetwork, layers: str = "*") -> dict[str, Any]:
    """Return what is in a network, as nested dicts and lists.

    Parameters
    ----------
    network : StockNetwork
        Any network that was read.
    layers : str
        Which layers to describe: a pattern of names as a shell has it, ``layer.1*``.

    Returns
    -------
    dict
        ``kind``: ``stock``; ``layers``: a list of ``index``, ``name``, ``type``, ``neuron_type``,
        ``shape`` (in the order of Lava: x, y, channel), ``neurons``, ``neuron`` (its parameters),
        ``geometry`` (of a convolution), ``transform`` (of an input layer) and ``parameters``
        (``name``, ``shape``, ``min``, ``max``, ``nonzero``); ``input_shape`` and ``output_shape``
        of the whole network.

    Raises
    ------
    UsageError
        No layer has such a name.
    """
    chosen = [_layer(layer) for layer in network if fnmatchcase(layer.name, layers)]
    if not chosen:
        known = ", ".join(layer.name for layer in network)
        raise UsageError(f"no layer is called {layers}", hint=f"layers: {known}")
    first = network.layers[0]
    reads = first.input_shape if isinstance(first, SynapticLayer) else first.shape
    return {
        "kind": "stock",
        "layers": chosen,
        "input_shape": list(reads),
        "output_shape": list(network.layers[-1].shape),
    }


def _layer(layer: StockLayer) -> dict[str, Any]:
    neuron = layer.neuron if isinstance(layer, StockInput | SynapticLayer) else None
    return {
        "index": layer.index,
        "name": layer.name,
        "type": layer.netx_type,
        "neuron_type": None if neuron is None else neuron.kind,
        "shape": list(layer.shape),
        "neurons": 0 if neuron is None else layer.neurons,
        "neuron": None if neuron is None else {"kind": neuron.kind, **asdict(neuron)},
        "geometry": _geometry(layer) if isinstance(layer, StockConv) else None,
        "transform": {"weight": layer.weight, "bias": layer.bias}
        if isinstance(layer, StockInput)
        else None,
        "parameters": _parameters(layer) if isinstance(layer, SynapticLayer) else [],
    }


def _geometry(layer: StockConv) -> dict[str, Any]:
    return {
        "reads": list(layer.reads),
        "kernel": list(layer.weight.shape[1:3]),
        "stride": list(layer.stride),
        "padding": list(layer.padding),
        "dilation": list(layer.dilation),
        "groups": layer.groups,
    }


def _parameters(layer: SynapticLayer) -> list[dict[str, Any]]:
    found = []
    for name in _ARRAYS:
        value = getattr(layer, name, None)
        if value is not None:
            found.append(
                {
                    "name": name,
                    "shape": list(value.shape),
                    "min": int(value.min()),
                    "max": int(value.max()),
                    "nonzero": int(np.count_nonzero(value)),
                }
            )
    return found
