"""From a `Network` to the values of its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from lava_spikyspace.network import Layer, Network
from lava_spikyspace.netx.provenance import to_json
from lava_spikyspace.netx.schema import LAYER_ENTRIES, Entry
from lava_spikyspace.netx.tree import Value, content_digest, join


def encode(network: Network) -> dict[str, Value]:
    """Return the values of a network by their path in the file, without the header.

    Parameters
    ----------
    network : Network
        Any network; whether it is a valid one is for the rules to say. A value that does not fit
        the dtype of the schema keeps its own; an input of unknown name gets an id of no layer.

    Raises
    ------
    ValueError
        The provenance is not JSON-like.
    """
    values = {**dict(_deployment(network)), **dict(_golden(network))}
    # Of layers with one name the first is meant; the rules refuse the name.
    ids = {layer.name: index for index, layer in reversed([*enumerate(network)])}
    for index, layer in enumerate(network):
        for entry in LAYER_ENTRIES[type(layer)]:
            values[join(f"/layer/{index}", entry.path)] = _layer_value(layer, entry, ids)
    values["/provenance"] = _texts([to_json(network.provenance)])
    return values


def networks_equal(first: Network, second: Network) -> bool:
    """Return whether two networks are the same: every integer, name and text of them.

    Raises
    ------
    ValueError
        The provenance of one of them is not JSON-like.
    """
    return content_digest(encode(first)) == content_digest(encode(second))


def _deployment(network: Network) -> Iterator[tuple[str, Value]]:
    yield "/deployment@window", _integers(network.window)
    yield "/deployment@horizon", _integers(network.horizon)
    if network.variates is not None:
        yield "/deployment/variates", _texts(network.variates)
    for name, bits in network.bits.items():
        yield f"/deployment/bits@{name}", _integers(bits)
    for name, choice in network.formats.items():
        yield f"/deployment/formats@{name}", _integers(choice)
    norm = network.normalisation
    yield "/deployment/normalisation@kind", np.array(norm.kind.encode())
    if norm.eps is not None:
        yield "/deployment/normalisation@eps", np.asarray(norm.eps, np.float64)
    if norm.mean is not None:
        yield "/deployment/normalisation/mean", np.asarray(norm.mean, np.float64)
    if norm.scale is not None:
        yield "/deployment/normalisation/scale", np.asarray(norm.scale, np.float64)


def _golden(network: Network) -> Iterator[tuple[str, Value]]:
    if network.golden is None:
        return
    yield "/golden/inputs", _integers(network.golden.inputs)
    yield "/golden/forecasts", _integers(network.golden.forecasts)
    for name, digest in network.golden.digests.items():
        yield f"/golden/digests@{name}", np.array(digest.encode())


def _layer_value(layer: Layer, entry: Entry, ids: Mapping[str, int]) -> Value:
    """Return the value of one schema entry of a layer."""
    if entry.layer_field is not None:
        return _integers(getattr(layer, entry.layer_field), entry.dtype)
    group, _, name = entry.path.rpartition("/")
    if group == "width":
        interval = layer.ranges.get(name)
        return _integers([] if interval is None else [interval.lo, interval.hi])
    match entry.path:
        case "@name":
            return np.array(layer.name.encode())
        case "@inputs":
            return _integers([ids.get(source, len(ids)) for source in layer.inputs])
        case "type":
            return _texts([layer.netx_type])
        case "neuron/type":
            return _texts([layer.neuron_type or ""])
        case _:
            return _integers([layer.neurons])


def _integers(value: object, dtype: str = "int64") -> Value:
    """Return integers in the dtype of the schema where they fit it, anything else as it is."""
    array = np.asarray(value)
    if array.size == 0 and array.dtype.kind == "f":  # NumPy's dtype for an empty sequence
        return array.astype(dtype)
    if array.dtype.kind in "iu" and np.array_equal(array.astype(dtype), array):
        return array.astype(dtype)
    return array


def _texts(texts: Iterable[str]) -> Value:
    return np.array([text.encode() for text in texts], dtype=np.bytes_)
