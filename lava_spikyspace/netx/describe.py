"""Say what is in a network: layers, formats, proven widths, deployment, provenance."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from lava_spikyspace.errors import UsageError
from lava_spikyspace.network import Interval, Layer, Network, Normalisation
from lava_spikyspace.netx.schema import LAYER_ENTRIES


def describe(network: Network, layers: str = "*") -> dict[str, Any]:
    """Return what is in a network, as nested dicts and lists.

    Parameters
    ----------
    network : Network
        Any valid network.
    layers : str
        Which layers to describe: a pattern of names as a shell has it, ``blocks.0.*``.

    Returns
    -------
    dict
        ``layers``: a list of ``index``, ``name``, ``type``, ``neuron_type``, ``inputs``,
        ``neurons``, ``code_bits`` (None for a layer that sends messages), ``limbs`` (widths of the
        low limbs of its input message), ``parameters`` (``name``, ``dtype``, ``shape``, ``min``,
        ``max``) and ``ranges`` (``min``, ``max``, ``bits`` by the name of the value);
        ``deployment``: ``channels``, ``window``, ``horizon``, ``variates``, ``bits``, ``formats``,
        ``input_range``, ``normalisation``; ``golden``: ``windows`` and ``digests``, or None;
        ``provenance``.

    Raises
    ------
    UsageError
        No layer has such a name.
    """
    chosen = [
        _layer(index, layer)
        for index, layer in enumerate(network)
        if fnmatchcase(layer.name, layers)
    ]
    if not chosen:
        known = ", ".join(layer.name for layer in network)
        raise UsageError(f"no layer is called {layers}", hint=f"layers: {known}")
    golden = network.golden
    return {
        "layers": chosen,
        "deployment": {
            "channels": network.channels,
            "window": network.window,
            "horizon": network.horizon,
            "variates": None if network.variates is None else list(network.variates),
            "bits": dict(network.bits),
            "formats": dict(network.formats),
            "input_range": _range(network.input.ranges["message"]),
            "normalisation": _normalisation(network.normalisation),
        },
        "golden": None
        if golden is None
        else {"windows": int(golden.inputs.shape[0]), "digests": len(golden.digests)},
        "provenance": dict(network.provenance),
    }


def _layer(index: int, layer: Layer) -> dict[str, Any]:
    return {
        "index": index,
        "name": layer.name,
        "type": layer.netx_type,
        "neuron_type": layer.neuron_type,
        "inputs": list(layer.inputs),
        "neurons": layer.neurons,
        "code_bits": layer.bits,
        "limbs": list(getattr(layer, "limbs", ())),
        "parameters": _parameters(layer),
        "ranges": {name: _range(interval) for name, interval in layer.ranges.items()},
    }


def _parameters(layer: Layer) -> list[dict[str, Any]]:
    """Return name, dtype, shape and extremes of all that a layer stores."""
    found = []
    for entry in LAYER_ENTRIES[type(layer)]:
        if entry.layer_field is None:
            continue
        value = np.asarray(getattr(layer, entry.layer_field), dtype=entry.dtype)
        found.append(
            {
                "name": entry.layer_field,
                "dtype": entry.dtype,
                "shape": list(value.shape),
                "min": int(value.min()) if value.size else None,
                "max": int(value.max()) if value.size else None,
            }
        )
    return found


def _range(interval: Interval) -> dict[str, int]:
    return {"min": interval.lo, "max": interval.hi, "bits": interval.bits}


def _normalisation(norm: Normalisation) -> dict[str, Any]:
    return {
        "kind": norm.kind,
        "mean": None if norm.mean is None else norm.mean.tolist(),
        "scale": None if norm.scale is None else norm.scale.tolist(),
        "eps": norm.eps,
    }
