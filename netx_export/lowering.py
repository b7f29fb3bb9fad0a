"""Lowering: from the frozen float model and chosen formats to the integer network.

The layers are lowered one by one (`netx_export.layer_lowering`); then messages too wide for one
`Dense` are split, the ranges are proven over the whole network, and a network with a value wider
than its budget is refused (`WidthError`), so that the format search can go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from lava_spikyspace.intervals import choose_limbs, prove_ranges, with_ranges
from lava_spikyspace.network import (
    GateLayer,
    HeadLayer,
    Layer,
    Network,
    Normalisation,
    NormEncoderLayer,
    ResidualLayer,
    SoftplusLayer,
)
from netx_export.budget import Budget, Formats, check_widths
from netx_export.frozen import FrozenModel
from netx_export.layer_lowering import LayerLowering
from netx_export.upright import upright


def lower(
    model: FrozenModel,
    formats: Formats,
    residual_max: float,
    normalisation: Normalisation,
    budget: Budget | None = None,
    roots: Sequence[float] = (),
) -> Network:
    """Lower a frozen model to an integer network with proven ranges.

    Parameters
    ----------
    model : FrozenModel
        Reference.
    formats : Formats
        Fraction bits.
    residual_max : float
        Largest magnitude that calibration saw in the residual stream; the format holds about
        twice that.
    normalisation : Normalisation
        Stored with the network.
    budget : Budget, optional
        Widest values.
    roots : sequence of float, optional
        Typical root mean square at each block's norm, as calibration saw it.

    Raises
    ------
    WidthError
        A value is wider than the budget.
    """
    budget = budget or Budget()
    lowering = LayerLowering(model, formats, residual_max, budget)
    layers: list[Layer] = [lowering.input_layer()]
    stream = layers[0].name
    for index, block in enumerate(model.blocks):
        root = roots[index] if roots else None
        added = lowering.block_layers(upright(block), f"blocks.{index}", stream, root)
        layers += added
        stream = added[-1].name
    layers.append(lowering.head_layer(stream))
    network = Network(
        window=model.window,
        horizon=model.horizon,
        layers=tuple(layers),
        normalisation=normalisation,
        bits={name: q.bits for name, q in model.blocks[0].quantisers.items()},
        formats=_describe(formats, layers),
    )
    network = _with_limbs(network)
    network = with_ranges(network, prove_ranges(network))
    check_widths(network, budget)
    return network


def _describe(formats: Formats, layers: list[Layer]) -> dict[str, int]:
    """Return the formats as a flat mapping for the file."""
    described = {f"{name}_frac_bits": value for name, value in asdict(formats).items()}
    for layer in layers:
        if isinstance(layer, GateLayer):
            described.setdefault("gate_exp2_terms", layer.exp2_terms)
        elif isinstance(layer, SoftplusLayer):
            described.setdefault("softplus_exp2_terms", layer.exp2_terms)
        elif isinstance(layer, ResidualLayer):
            described.setdefault("residual_bits", layer.residual_bits)
        elif isinstance(layer, HeadLayer):
            described["forecast_frac_bits"] = layer.frac_bits
    return described


def _with_limbs(network: Network) -> Network:
    """Split the messages that are too wide for one `Dense`; all consumers get the same limbs."""
    proven = prove_ranges(network)
    limbs: dict[str, tuple[int, ...]] = {}
    for layer in network:
        dense = [
            consumer.weight
            for consumer in network.consumers(layer.name)
            if isinstance(consumer, NormEncoderLayer | ResidualLayer)
            and consumer.inputs[0] == layer.name
        ]
        if dense:
            limbs[layer.name] = choose_limbs(dense, proven[layer.name]["message"])
    layers = tuple(
        replace(layer, limbs=limbs[layer.inputs[0]])
        if isinstance(layer, NormEncoderLayer | ResidualLayer)
        else layer
        for layer in network
    )
    return replace(network, layers=layers)
