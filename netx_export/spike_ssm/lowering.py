"""Lowering of a frozen SPikE-SSM-style model to the integer network.

Formats are chosen so that messages, both parts of a state and potentials are 24-bit registers:
calibration says how large values get, each channel gets its own scale, and interval arithmetic
proves that no register overflows. What is beyond the calibrated range saturates and is counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lava_spikyspace.intervals import (
    choose_limbs,
    dense_rows,
    layer_ranges,
    prove_ranges,
    with_ranges,
)
from lava_spikyspace.network import (
    EXACT_BITS,
    MESSAGE_BITS,
    HeadLayer,
    InputLayer,
    Interval,
    Layer,
    LinearLayer,
    Network,
    Normalisation,
    ResidualLayer,
)
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    HardResetLayer,
    ProjectionLayer,
    RefractoryLayer,
    S4dLayer,
    SigmoidGateLayer,
    SoftResetLayer,
    SpikingLayer,
)
from lava_spikyspace.spike_ssm.s4d_formats import COEFFICIENT_BITS, STATE_LIMIT, fixed_point_s4d
from netx_export.budget import TooWide, WidthError
from netx_export.spike_ssm.frozen import (
    LEAK_BITS,
    FloatArray,
    FrozenNeurons,
    FrozenProjection,
    FrozenSpikeSsm,
    FrozenSsmBlock,
)

HEADROOM = 1.5
"""Ranges reach this far beyond what calibration saw."""

STREAM_FRACTION = 16
"""Most fraction bits of input and residual stream."""

GATE_FRACTION = 18
"""Fraction bits of the gate and its argument."""

EXP2_TERMS = 18
"""Terms of the gate's power of two: its error stays below the last bit."""

OUTPUT_FRACTION = 16
"""Most fraction bits of logits."""


def lower(
    model: FrozenSpikeSsm, peaks: Mapping[str, FloatArray], normalisation: Normalisation
) -> Network:
    """Lower a frozen model to an integer network with proven ranges.

    Parameters
    ----------
    model : FrozenSpikeSsm
        Reference.
    peaks : mapping of str to ndarray
        What calibration saw, see `SsmTrace`.
    normalisation : Normalisation
        Stored with the network.

    Raises
    ------
    WidthError
        A value does not fit.
    """
    lowering = _Lowering(model, peaks)
    layers: list[Layer] = [lowering.input_layer()]
    layers.append(lowering.projection(model.embed, "embed", layers[0].name))
    for index, block in enumerate(model.blocks):
        layers += lowering.block_layers(block, f"blocks.{index}", layers[-1].name)
    layers += lowering.output_layers(layers[-1].name)
    network = Network(
        window=model.config.window,
        horizon=1 if model.readout is None else model.config.outputs,
        layers=tuple(layers),
        normalisation=normalisation,
        formats={
            "residual_frac_bits": lowering.fraction,
            "residual_bits": lowering.residual_bits,
            "gate_frac_bits": GATE_FRACTION,
            "gate_exp2_terms": EXP2_TERMS,
        },
    )
    network = _with_limbs(network)
    network = with_ranges(network, prove_ranges(network))
    _check_widths(network)
    return network


def _check_widths(network: Network) -> None:
    findings = [
        TooWide(layer.name, name, interval.bits, limit)
        for layer in network
        for name, interval in layer.ranges.items()
        for limit in [MESSAGE_BITS if name == "message" else EXACT_BITS]
        if interval.bits > limit
    ]
    if findings:
        raise WidthError(findings)


def _with_limbs(network: Network) -> Network:
    """Split the messages that are too wide for one `Dense`; all consumers get the same limbs."""
    proven = prove_ranges(network)
    limbs: dict[str, tuple[int, ...]] = {}
    for layer in network:
        dense = [
            consumer.weight
            for consumer in network.consumers(layer.name)
            if isinstance(consumer, ProjectionLayer | ResidualLayer | ClassificationHeadLayer)
            and consumer.inputs[0] == layer.name
        ]
        if dense:
            limbs[layer.name] = choose_limbs(dense, proven[layer.name]["message"])
    layers = tuple(
        replace(layer, limbs=limbs[layer.inputs[0]])
        if isinstance(layer, ProjectionLayer | ResidualLayer | ClassificationHeadLayer)
        else layer
        for layer in network
    )
    return replace(network, layers=layers)


def descaling(scale: FloatArray, offset: FloatArray, acc: Interval) -> dict[str, Any]:
    """Return mult, add and shift with ``(acc*mult + add) / 2**shift ~ scale*acc + offset``.

    Each row gets the largest shift whose product fits `EXACT_BITS` and whose multiplier fits a
    message. A scale may be negative.

    Parameters
    ----------
    scale, offset : ndarray, float64, shape (row,)
        What to approximate.
    acc : Interval
        Range of the accumulator.
    """
    magnitude = np.maximum(np.abs(scale), 2.0**-60)
    widest = magnitude * acc.magnitude + np.abs(offset) + 1
    by_product = EXACT_BITS - 2 - np.ceil(np.log2(widest))
    by_mult = COEFFICIENT_BITS - np.ceil(np.log2(magnitude))
    shift = np.clip(np.minimum(by_product, by_mult), 1, 60).astype(np.int64)
    unit = np.exp2(shift.astype(np.float64))
    return {
        "mult": np.rint(scale * unit).astype(np.int64),
        "add": np.rint(offset * unit).astype(np.int64),
        "shift": shift,
    }


@dataclass(frozen=True, eq=False)
class _Lowering:
    """Formats while the layers are made one by one."""

    model: FrozenSpikeSsm
    peaks: Mapping[str, FloatArray]

    @property
    def fraction(self) -> int:
        """Fraction bits of input and residual stream."""
        peak = max(float(self.peaks["stream"].max()) * HEADROOM, 2.0**-8)
        return min(STREAM_FRACTION, MESSAGE_BITS - 1 - math.ceil(math.log2(peak)))

    @property
    def residual_bits(self) -> int:
        """Width of input and residual stream."""
        peak = max(float(self.peaks["stream"].max()) * HEADROOM, 2.0**-8)
        return max(2, math.ceil(math.log2(peak)) + self.fraction + 1)

    @property
    def stream(self) -> Interval:
        """Range of input and residual stream."""
        return Interval.signed(self.residual_bits)

    def input_layer(self) -> InputLayer:
        """Return the input layer."""
        return InputLayer(
            name="input",
            ranges={"message": self.stream},
            channels=self.model.config.inputs,
            frac_bits=self.fraction,
        )

    def projection(self, weight: FrozenProjection, name: str, source: str) -> ProjectionLayer:
        """Return the projection of the input into the residual stream."""
        acc = Interval.of(np.stack(dense_rows(weight.codes, self.stream)))
        return ProjectionLayer(
            name=name,
            inputs=(source,),
            weight=weight.codes,
            message_bits=self.residual_bits,
            **descaling(weight.scale, weight.bias * 2.0**self.fraction, acc),
        )

    def block_layers(self, block: FrozenSsmBlock, name: str, stream: str) -> list[Layer]:
        """Return the layers of one block in the order of the data."""
        norm, unit = self.norm(block, f"{name}.norm", stream)
        neurons: SpikingLayer | None = None
        for bits in range(MESSAGE_BITS, 2, -1):
            s4d, fraction = self.s4d(block, f"{name}.s4d", norm, unit, bits)
            neurons = _neurons(block.neurons, f"{name}.neurons", s4d.name, fraction)
            ranges = layer_ranges(neurons, [Interval.signed(bits)])
            widest = max(
                ranges[value].bits
                for value in ranges
                if not isinstance(neurons, BernoulliLayer) or value == "message"
            )
            if widest <= MESSAGE_BITS:
                break
        if neurons is None:
            raise WidthError([TooWide(f"{name}.neurons", "state", widest, MESSAGE_BITS)])
        return [norm, s4d, neurons, *self.mixer(block, name, neurons.name, stream)]

    def norm(
        self, block: FrozenSsmBlock, name: str, stream: str
    ) -> tuple[ChannelNormLayer, FloatArray]:
        """Return the normalisation, and the unit of its message by channel."""
        unit = STATE_LIMIT / (np.maximum(self.peaks[name], 2.0**-8) * HEADROOM)
        scale = block.gain * unit * 2.0**-self.fraction
        layer = ChannelNormLayer(
            name=name,
            inputs=(stream,),
            message_bits=MESSAGE_BITS,
            **descaling(scale, block.offset * unit, self.stream),
        )
        return layer, unit

    def s4d(
        self, block: FrozenSsmBlock, name: str, norm: ChannelNormLayer, unit: FloatArray, bits: int
    ) -> tuple[S4dLayer, int]:
        """Return the state space with a current of `bits` bits, and its fraction bits."""
        peak = max(float(self.peaks[name].max()) * HEADROOM, 2.0**-8)
        fraction = bits - 1 - math.ceil(math.log2(peak))
        layer = fixed_point_s4d(
            block.decay,
            block.readout,
            block.skip,
            input_unit=unit,
            output_unit=2.0**fraction,
            elements=self.model.config.window,
            name=name,
            inputs=(norm.name,),
            message_bits=bits,
        )
        return replace(layer, ranges={}), fraction

    def mixer(self, block: FrozenSsmBlock, name: str, spikes: str, stream: str) -> list[Layer]:
        """Return what follows the spikes."""
        acc = Interval.of(np.stack(dense_rows(block.value.codes, Interval(0, 1))))
        if block.gate is None:
            unit = 2.0**self.fraction
            return [
                ResidualLayer(
                    name=f"{name}.mixer",
                    inputs=(spikes, stream),
                    weight=block.value.codes,
                    residual_bits=self.residual_bits,
                    **descaling(block.value.scale * unit, block.value.bias * unit, acc),
                )
            ]
        value, fraction = self._value(block.value, f"{name}.value", spikes, acc)
        acc = Interval.of(np.stack(dense_rows(block.gate.codes, Interval(0, 1))))
        unit = 2.0**GATE_FRACTION
        gate = SigmoidGateLayer(
            name=f"{name}.gate",
            inputs=(spikes,),
            weight=block.gate.codes,
            frac_bits=GATE_FRACTION,
            exp2_terms=EXP2_TERMS,
            **descaling(block.gate.scale * unit, block.gate.bias * unit, acc),
        )
        glu = GluLayer(
            name=f"{name}.mixer",
            inputs=(stream, value.name, gate.name),
            channels=len(block.gain),
            shift=GATE_FRACTION + fraction - self.fraction,
            residual_bits=self.residual_bits,
        )
        return [value, gate, glu]

    def _value(
        self, weight: FrozenProjection, name: str, spikes: str, acc: Interval
    ) -> tuple[LinearLayer, int]:
        """Return the value of a gated mixer with as many fraction bits as fit, and their number."""
        low, high = dense_rows(weight.codes, Interval(0, 1))
        largest = float(
            (np.maximum(-low, high) * weight.scale + np.abs(weight.bias)).max(initial=2.0**-20)
        )
        fraction = min(self.fraction + 4, MESSAGE_BITS - 2 - math.ceil(math.log2(largest)))
        unit = 2.0**fraction
        layer = LinearLayer(
            name=name,
            inputs=(spikes,),
            weight=weight.codes,
            **descaling(weight.scale * unit, weight.bias * unit, acc),
        )
        return layer, fraction

    def output_layers(self, stream: str) -> list[Layer]:
        """Return the classification head; or the way back to the inputs and the forecast head."""
        model = self.model
        low, high = dense_rows(model.head.codes, self.stream)
        if model.readout is None:
            elements = model.config.window
            scale = model.head.scale * 2.0**-self.fraction / elements
            acc = Interval(int(low.min()) * elements, int(high.max()) * elements)
            fraction = self._output_fraction(scale, model.head.bias, acc)
            unit = 2.0**fraction
            return [
                ClassificationHeadLayer(
                    name="head",
                    inputs=(stream,),
                    weight=model.head.codes,
                    elements=elements,
                    frac_bits=fraction,
                    **descaling(scale * unit, model.head.bias * unit, acc),
                )
            ]
        back = Interval.of(np.stack(dense_rows(model.readout.codes, self.stream)))
        readout = ResidualLayer(
            name="readout",
            inputs=(stream, "input"),
            weight=model.readout.codes,
            residual_bits=self.residual_bits,
            **descaling(model.readout.scale, model.readout.bias * 2.0**self.fraction, back),
        )
        scale = model.head.scale * 2.0**-self.fraction
        acc = Interval(int(low.min()), int(high.max()))
        fraction = self._output_fraction(scale, model.head.bias, acc)
        unit = 2.0**fraction
        head = HeadLayer(
            name="head",
            inputs=(readout.name,),
            channels=model.config.inputs,
            weight=model.head.codes,
            frac_bits=fraction,
            **descaling(scale * unit, model.head.bias * unit, acc),
        )
        return [readout, head]

    def _output_fraction(self, scale: FloatArray, bias: FloatArray, acc: Interval) -> int:
        largest = float((scale * acc.magnitude + np.abs(bias)).max(initial=2.0**-20))
        fraction = min(OUTPUT_FRACTION, MESSAGE_BITS - 2 - math.ceil(math.log2(largest)))
        if fraction < 0:
            raise WidthError([TooWide("head", "message", MESSAGE_BITS - fraction, MESSAGE_BITS)])
        return fraction


def _neurons(neurons: FrozenNeurons, name: str, source: str, fraction: int) -> SpikingLayer:
    unit = 2.0**fraction
    threshold = np.maximum(np.ceil(neurons.theta * unit), 1).astype(np.int64)
    common: dict[str, Any] = {"name": name, "inputs": (source,), "threshold": threshold}
    membrane: dict[str, Any] = {"leak": neurons.leak, "leak_bits": LEAK_BITS}
    if neurons.name == "bernoulli":
        return BernoulliLayer(**common, seed=neurons.seed)
    if neurons.name == "hard_reset":
        return HardResetLayer(**common, **membrane)
    if neurons.name == "soft_reset":
        return SoftResetLayer(**common, **membrane)
    refractory = np.rint(neurons.refractory * unit).astype(np.int64)
    return RefractoryLayer(**common, **membrane, refractory=refractory, fade=neurons.fade)
