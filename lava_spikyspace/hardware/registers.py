"""Which numbers a neuron of each kind holds, with the range that each is proven to stay in."""

from __future__ import annotations

from collections.abc import Mapping

from lava_spikyspace.network import (
    GateLayer,
    Interval,
    Layer,
    Ranges,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.spike_ssm.layers import SigmoidGateLayer

POWER = "power of two"
"""Register of the shift-and-add power inside PTSiLU, PTSoftplus and PTSigmoid."""

_PRODUCTS = ("product", "comparison", "drive")
"""Ranges of products before their shift or comparison; all other ranges are of registers."""


def registers_of(layer: Layer, part: str, ranges: Ranges) -> dict[str, Interval]:
    """Return the registers of one neuron of a layer by name.

    Parameters
    ----------
    layer : Layer
        The layer.
    part : str
        Which of its neuron groups: ``.state`` or ``.output`` of a scan, ``.neuron``, or nothing.
    ranges : mapping of str to Interval
        Proven ranges of the layer.
    """
    kept = {name: value for name, value in ranges.items() if name not in _PRODUCTS}
    if isinstance(layer, ScanLayer):
        if part == ".state":
            return {"state": kept["state"]}
        return {name: kept[name] for name in ("accumulator", "message")}
    if isinstance(layer, GateLayer | SoftplusLayer | SigmoidGateLayer):
        kept[POWER] = exp2_register(layer.frac_bits, layer.exp2_terms)
    return kept


def products_of(layer: Layer, part: str, ranges: Ranges) -> Mapping[str, Interval]:
    """Return the products inside one neuron before their shift, by name; see `registers_of`."""
    if isinstance(layer, ScanLayer) and part != ".state":
        return {}
    return {name: value for name, value in ranges.items() if name in _PRODUCTS}


def exp2_register(frac_bits: int, terms: int) -> Interval:
    """Return the range of the shift-and-add power inside `arithmetic.exp2`.

    It is below 2, and has `terms` guard bits beside the fraction.
    """
    return Interval(0, (2 << (frac_bits + terms)) - 1)
