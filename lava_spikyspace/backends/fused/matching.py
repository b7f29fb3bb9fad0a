"""The layers of a network by their role in blocks of SpikySpace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from lava_spikyspace.network import (
    ConvLayer,
    EncoderLayer,
    GateLayer,
    Layer,
    LinearLayer,
    Network,
    NormEncoderLayer,
    ProductLayer,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)

LayerT = TypeVar("LayerT", bound=Layer)


@dataclass(frozen=True, eq=False)
class BlockLayers:
    """The layers of one block.

    Parameters
    ----------
    norm, scan_in, gate, conv, delta, b, c, dt_proj, scan, product, out_proj : Layer
        By role.
    """

    norm: RmsNormLayer
    scan_in: NormEncoderLayer
    gate: GateLayer
    conv: ConvLayer
    delta: EncoderLayer
    b: LinearLayer
    c: LinearLayer
    dt_proj: SoftplusLayer
    scan: ScanLayer
    product: ProductLayer
    out_proj: ResidualLayer


def match_blocks(network: Network) -> tuple[BlockLayers, ...] | None:
    """Return the blocks of a network, None where its layers are no chain of blocks."""
    inner = network.layers[1:-1]
    size = len(BlockLayers.__dataclass_fields__)
    if not inner or len(inner) % size:
        return None
    blocks = []
    stream = network.input.name
    for first in range(0, len(inner), size):
        layers = _match(inner[first : first + size], stream)
        if layers is None:
            return None
        blocks.append(layers)
        stream = layers.out_proj.name
    return tuple(blocks) if network.head.inputs == (stream,) else None


def _match(layers: Sequence[Layer], stream: str) -> BlockLayers | None:
    """Return the layers of one block by role, None where they are no block."""
    norm = _find(layers, RmsNormLayer, stream)
    if norm is None:
        return None
    scan_in = _find(layers, NormEncoderLayer, stream, norm.name)
    gate = _find(layers, GateLayer, stream, norm.name)
    conv = None if scan_in is None else _find(layers, ConvLayer, scan_in.name)
    scan = next((layer for layer in layers if type(layer) is ScanLayer), None)
    if gate is None or conv is None or scan is None or scan.source("codes") != conv.name:
        return None
    named = {layer.name: layer for layer in layers}
    b, c = (named.get(scan.source(role)) for role in ("B", "C"))
    dt_proj = named.get(scan.source("delta"))
    if not (isinstance(b, LinearLayer) and isinstance(c, LinearLayer)):
        return None
    if not (isinstance(dt_proj, SoftplusLayer) and b.inputs == c.inputs == (conv.name,)):
        return None
    delta = named.get(dt_proj.inputs[0])
    product = _find(layers, ProductLayer, scan.name, gate.name)
    out_proj = None if product is None else _find(layers, ResidualLayer, product.name, stream)
    if type(delta) is not EncoderLayer or delta.inputs != (conv.name,):
        return None
    if scan_in is None or product is None or out_proj is None:
        return None
    return BlockLayers(norm, scan_in, gate, conv, delta, b, c, dt_proj, scan, product, out_proj)


def _find(layers: Sequence[Layer], kind: type[LayerT], *inputs: str) -> LayerT | None:
    """Return the one layer of exactly that type that reads exactly those layers."""
    found = [layer for layer in layers if type(layer) is kind and layer.inputs == inputs]
    return found[0] if len(found) == 1 else None
