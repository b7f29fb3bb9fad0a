"""Model families: which layer types there are, and which family a network belongs to."""

from __future__ import annotations

from lava_spikyspace.network import SPIKYSPACE_LAYERS, Layer, Network, ScanLayer
from lava_spikyspace.spike_ssm.layers import LAYERS as SPIKE_SSM_LAYERS
from lava_spikyspace.spike_ssm.layers import ClassificationHeadLayer, S4dLayer

LAYER_TYPES: tuple[type[Layer], ...] = (*SPIKYSPACE_LAYERS, *SPIKE_SSM_LAYERS)
"""Every layer type that a model file may hold."""

FAMILIES: dict[type[Layer], str] = {ScanLayer: "SpikySpace", S4dLayer: "SPikE-SSM-style"}
"""Families by the layer that makes them one."""


def family_of(network: Network) -> str:
    """Return the name of the family that a network belongs to."""
    for layer in network:
        if type(layer) in FAMILIES:
            return FAMILIES[type(layer)]
    return "unknown"


def classifies(network: Network) -> bool:
    """Whether the result of a network is logits of classes, not a forecast."""
    return isinstance(network.head, ClassificationHeadLayer)
