"""Decode all layers of a plain NetX file, each with what the one before sends."""

from __future__ import annotations

from math import prod

from lava_spikyspace.netx.stock.description import (
    StockConv,
    StockDense,
    StockFlatten,
    StockInput,
    StockLayer,
    StockNetwork,
)
from lava_spikyspace.netx.stock.fields import Fields, Findings
from lava_spikyspace.netx.stock.layers import Source, decode_layer
from lava_spikyspace.netx.tree import join, layer_ids


def decode_chain(findings: Findings) -> StockNetwork | None:
    """Return the network; None where a layer could not be decoded. What is wrong is a finding.

    Parameters
    ----------
    findings : Findings
        The file.
    """
    ids = layer_ids(findings.tree)
    if not ids or int(ids[-1]) != len(ids) - 1:
        found = ", ".join(ids[:20]) or "no layer"
        findings.add("layer-ids", "/layer", f"found {found}, expected the ids 0 to n - 1")
    findings.know("/layer")
    layers: list[StockLayer | None] = []
    for index, name in enumerate(ids):
        fields = Fields(findings, join("/layer", name))
        findings.know(fields.group)
        before = layers[-1] if layers else None
        shape = None if before is None else before.shape
        layer = decode_layer(fields, index, Source(shape, is_known=bool(layers)))
        if layer is not None and layers:
            _check_link(fields, layer, before, layers[-2] if len(layers) > 1 else None)
        layers.append(layer)
    if layers and isinstance(layers[-1], StockFlatten):
        findings.add("layer-order", f"/layer/{ids[-1]}/type", "found flatten as the last layer")
    known = tuple(layer for layer in layers if layer is not None)
    return StockNetwork(known) if len(known) == len(ids) > 0 else None


def _check_link(
    fields: Fields, layer: StockLayer, before: StockLayer | None, earlier: StockLayer | None
) -> None:
    """Check that a layer can read the one before, which may be a flatten of an earlier one."""
    if isinstance(layer, StockInput):
        fields.find("layer-order", "type", "found an input layer, expected it first")
        return
    if isinstance(layer, StockFlatten):
        _check_flatten(fields, layer, before)
        return
    if before is None:
        return
    if isinstance(before, StockFlatten):
        if isinstance(layer, StockConv):
            fields.find("layer-order", "type", "found a convolution behind a flatten")
        sent = None if earlier is None else earlier.neurons
    else:
        if isinstance(layer, StockDense) and len(before.shape) > 1:
            message = "found a dense layer behind one with channels, expected a flatten between"
            fields.find("layer-order", "type", message)
        sent = before.neurons
    if sent is not None and isinstance(layer, StockDense) and prod(layer.input_shape) != sent:
        message = f"reads {prod(layer.input_shape)} values, the layer before sends {sent}"
        fields.find("layer-input", "weight", message)


def _check_flatten(fields: Fields, layer: StockFlatten, before: StockLayer | None) -> None:
    if before is None:
        return
    if isinstance(before, StockFlatten) or len(before.shape) != 3:
        message = "found a flatten behind a layer without channels"
        fields.find("layer-order", "type", message)
    elif layer.neurons != before.neurons:
        message = f"found {layer.neurons} values, the layer before sends {before.neurons}"
        fields.find("layer-input", "shape", message)
