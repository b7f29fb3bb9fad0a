"""Which numbers a neuron of each kind holds, with the range that each is proven to stay in."""

from __future__ import annotations

from collections.abc import Mapping

from lava_spikyspace.network import (
    GateLayer,
    Interval,
    Layer,
    Ranges,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.plan import SQUARES, STATE, Plan
from lava_spikyspace.profiling.counters import sends_binary
from lava_spikyspace.spike_ssm.layers import BernoulliLayer, S4dLayer, SigmoidGateLayer

POWER = "power of two"
"""Register of the shift-and-add power inside PTSiLU, PTSoftplus and PTSigmoid."""

SQUARE = "square"
"""Register of the neurons that square the channels of a root mean square."""

_PRODUCTS = ("product", "comparison", "drive")
"""Ranges of products before their shift or comparison; all other ranges are of registers."""


def registers_of(layer: Layer, part: str, ranges: Ranges) -> dict[str, Interval]:
    """Return the registers of one neuron of a layer by name.

    Parameters
    ----------
    layer : Layer
        The layer.
    part : str
        Suffix of one of its kinds of neurons, see `wiring`.
    ranges : mapping of str to Interval
        Proven ranges of the layer.
    """
    kept = {name: value for name, value in ranges.items() if name not in _PRODUCTS}
    if isinstance(layer, ScanLayer | S4dLayer):
        if part == STATE:
            return {"state": kept["state"]}
        return {name: kept[name] for name in ("accumulator", "message")}
    if isinstance(layer, RmsNormLayer) and part == SQUARES:
        return {SQUARE: square_of(layer, ranges)}
    if isinstance(layer, GateLayer | SoftplusLayer | SigmoidGateLayer):
        kept[POWER] = exp2_register(layer.frac_bits, layer.exp2_terms)
    return kept


def registers_unnamed(layer: Layer, part: str, plan: Plan, ranges: Ranges) -> tuple[Interval, ...]:
    """Return the registers of one neuron without a program that no proven range is of.

    They are the counters of steps and elements, what is left to send of a code in its frame, the
    imaginary part of a state, and where a random generator is. Where there is a program, its words
    are counted in their place.

    Parameters
    ----------
    layer : Layer
        The layer.
    part : str
        Suffix of one of its kinds of neurons, see `wiring`.
    plan : Plan
        Network and coding.
    ranges : mapping of str to Interval
        Proven ranges of the layer.
    """
    found = [Interval(0, plan.frame_steps - 1), Interval(0, plan.network.window - 1)]
    if part not in (SQUARES, STATE) and sends_binary(plan, layer):
        found.append(Interval(0, (1 << (layer.bits or 1)) - 1))
    if part == STATE and isinstance(layer, S4dLayer):
        found.append(ranges["state"])
    if isinstance(layer, BernoulliLayer):
        found.append(Interval.of(layer.seed))
    return tuple(value for value in found if value.magnitude)


def products_of(layer: Layer, part: str, ranges: Ranges) -> Mapping[str, Interval]:
    """Return the products inside one neuron before their shift, by name; see `registers_of`."""
    if isinstance(layer, ScanLayer | S4dLayer) and part != STATE:
        return {}
    if isinstance(layer, RmsNormLayer) and part == SQUARES and layer.square_shift:
        return {SQUARE: Interval(0, square_of(layer, ranges).hi << (2 * layer.square_shift))}
    return {name: value for name, value in ranges.items() if name in _PRODUCTS}


def square_of(layer: RmsNormLayer, ranges: Ranges) -> Interval:
    """Return the range of the square of one channel, of which the accumulator sums up C."""
    return Interval(0, ranges["accumulator"].hi // layer.channels)


def exp2_register(frac_bits: int, terms: int) -> Interval:
    """Return the range of the shift-and-add power inside `arithmetic.exp2`.

    It is below 2, and has `terms` guard bits beside the fraction.
    """
    return Interval(0, (2 << (frac_bits + terms)) - 1)
