"""The integer network: what a model file means, as plain frozen dataclasses.

A `Network` is a list of layers in topological order; every layer names the layers it reads
(`inputs`). All parameters are integers. The meaning of each layer is the arithmetic of
`lava_spikyspace.arithmetic`; each array field carries its place in the file, its dtype and its
axes, so that reader, writer and lint share one schema (`lava_spikyspace.netx`).

Notation: `C` variates, `L` window elements, `H` horizon steps; a `code` is the unsigned integer
``0..2**bits - 1`` of a quantiser, `Q = 2**bits - 1`; a `message` is a signed integer payload.
"""

from __future__ import annotations

from lava_spikyspace.network.base import (
    Layer,
    Stored,
    stored_fields,
)
from lava_spikyspace.network.encoders import (
    DenseLayer,
    EncoderLayer,
    GateLayer,
    NormEncoderLayer,
    SoftplusLayer,
)
from lava_spikyspace.network.formats import (
    DENSE_BITS,
    EXACT_BITS,
    MESSAGE_BITS,
    REGISTER_BITS,
    WIDE_MESSAGE_BITS,
    IntArray,
    Interval,
    Ranges,
)
from lava_spikyspace.network.layers import (
    SPIKYSPACE_LAYERS,
    ConvLayer,
    HeadLayer,
    InputLayer,
    LinearLayer,
    OutputLayer,
    ProductLayer,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
)
from lava_spikyspace.network.model import (
    Golden,
    Network,
    Normalisation,
)

__all__ = [
    "DENSE_BITS",
    "EXACT_BITS",
    "MESSAGE_BITS",
    "REGISTER_BITS",
    "SPIKYSPACE_LAYERS",
    "WIDE_MESSAGE_BITS",
    "ConvLayer",
    "DenseLayer",
    "EncoderLayer",
    "GateLayer",
    "Golden",
    "HeadLayer",
    "InputLayer",
    "IntArray",
    "Interval",
    "Layer",
    "LinearLayer",
    "Network",
    "NormEncoderLayer",
    "Normalisation",
    "OutputLayer",
    "ProductLayer",
    "Ranges",
    "ResidualLayer",
    "RmsNormLayer",
    "ScanLayer",
    "SoftplusLayer",
    "Stored",
    "stored_fields",
]
