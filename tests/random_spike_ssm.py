"""Random integer networks of the SPikE-SSM-style family whose neurons are live.

Made like `tests.random_networks`: layer by layer, each placed on what the layers before it send.
"""

from __future__ import annotations

import numpy as np

from lava_spikyspace.arithmetic.random24 import seed_states
from lava_spikyspace.backends.batch_layers import LayerOutput, evaluate
from lava_spikyspace.intervals import choose_limbs, layer_ranges, prove_ranges, with_ranges
from lava_spikyspace.network import (
    HeadLayer,
    InputLayer,
    IntArray,
    Interval,
    Layer,
    LinearLayer,
    Network,
    Normalisation,
    Ranges,
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

NEURONS = ("refractory", "soft_reset", "hard_reset", "bernoulli")
RESIDUAL_BITS = 16
WIDE_BITS = 22
NORM_BITS = 14
CURRENT_BITS = 20
DECAY_BITS = 18
LEAK_BITS = 12
WINDOWS = 24


class SsmBuilder:
    """Adds layers one by one and runs each on the calibration windows."""

    def __init__(self, rng: np.random.Generator, messages: IntArray, residual_bits: int) -> None:
        self.rng, self.messages, self.residual_bits = rng, messages, residual_bits
        self.layers: list[Layer] = []
        self.outputs: dict[str, LayerOutput] = {}
        self.ranges: dict[str, Ranges] = {}

    def add(self, layer: Layer) -> str:
        self.layers.append(layer)
        sources = [self.ranges[name]["message"] for name in layer.inputs]
        self.ranges[layer.name] = layer_ranges(layer, sources)
        self.outputs[layer.name] = evaluate(
            layer, [self.sent(name) for name in layer.inputs] or [self.messages]
        )
        return layer.name

    def sent(self, name: str) -> IntArray:
        return self.outputs[name].message

    def weight(self, rows: int, columns: int) -> np.ndarray:
        weight = np.clip(np.rint(self.rng.normal(0, 50, (rows, columns))), -127, 127)
        weight[self.rng.random((rows, columns)) < 0.2] = 0
        return weight.astype(np.int8)

    def limbs(self, source: str, weights: list[np.ndarray]) -> tuple[int, ...]:
        return choose_limbs(weights, self.ranges[source]["message"])

    def descaling(self, acc: np.ndarray, spread: float) -> dict[str, IntArray]:
        """Return mult, add and shift per channel that bring sums to a spread."""
        rows = acc.shape[-1]
        flat = acc.reshape(-1, rows)
        deviation = np.maximum(flat.std(axis=0), 1.0)
        shift = self.rng.integers(8, 14, rows)
        while (spread * 2.0**shift / deviation).min() < 64:
            shift = shift + 1
        mult = np.maximum(np.rint(spread * 2.0**shift / deviation), 1).astype(np.int64)
        add = np.rint(
            -flat.mean(axis=0) * mult + self.rng.normal(0, 0.3, rows) * spread * 2.0**shift
        )
        return {"mult": mult, "add": add.astype(np.int64), "shift": shift.astype(np.int64)}

    def block(self, name: str, stream: str, states: int, neuron: str, gated: bool) -> str:
        channels = self.sent(stream).shape[-1]
        sign = self.rng.choice([-1, 1], channels)
        scale = self.descaling(self.sent(stream), 500.0)
        norm = self.add(
            ChannelNormLayer(
                name=f"{name}.norm",
                inputs=(stream,),
                message_bits=NORM_BITS,
                mult=scale["mult"] * sign,
                add=scale["add"] * sign,
                shift=scale["shift"],
            )
        )
        current = self.s4d(f"{name}.s4d", norm, states)
        spikes = self.add(self.neurons(f"{name}.neurons", current, neuron))
        weight = self.weight(channels, channels)
        acc = self.sent(spikes) @ weight.astype(np.int64).T
        step = float(1 << (self.residual_bits - 6))
        if not gated:
            return self.add(
                ResidualLayer(
                    name=f"{name}.mixer",
                    inputs=(spikes, stream),
                    weight=weight,
                    residual_bits=self.residual_bits,
                    **self.descaling(acc, step),
                )
            )
        value = self.add(
            LinearLayer(
                name=f"{name}.value", inputs=(spikes,), weight=weight, **self.descaling(acc, step)
            )
        )
        weight = self.weight(channels, channels)
        acc = self.sent(spikes) @ weight.astype(np.int64).T
        gate = self.add(
            SigmoidGateLayer(
                name=f"{name}.gate",
                inputs=(spikes,),
                weight=weight,
                frac_bits=10,
                exp2_terms=int(self.rng.integers(0, 9)),
                **self.descaling(acc, 1500.0),
            )
        )
        return self.add(
            GluLayer(
                name=f"{name}.mixer",
                inputs=(stream, value, gate),
                channels=channels,
                shift=10,
                residual_bits=self.residual_bits,
            )
        )

    def s4d(self, name: str, source: str, states: int) -> str:
        rng = self.rng
        shape = (self.sent(source).shape[-1], states)
        magnitude = rng.uniform(0.2, 0.999, shape)
        decay = magnitude * np.exp(1j * rng.uniform(-np.pi, np.pi, shape)) * 2**DECAY_BITS
        shifts = rng.integers(-2, 4, shape)
        layer = S4dLayer(
            name=name,
            inputs=(source,),
            decay_real=np.trunc(decay.real).astype(np.int64),
            decay_imag=np.trunc(decay.imag).astype(np.int64),
            decay_bits=DECAY_BITS,
            left=np.maximum(shifts, 0),
            right=np.maximum(-shifts, 0),
            read_real=np.rint(rng.normal(0, 2000, shape)).astype(np.int64),
            read_imag=np.rint(rng.normal(0, 2000, shape)).astype(np.int64),
            skip=np.rint(rng.normal(0, 2000, shape[0])).astype(np.int64),
            shift=rng.integers(8, 12, shape[0]),
            message_bits=CURRENT_BITS,
            elements=self.messages.shape[1],
        )
        return self.add(layer)

    def neurons(self, name: str, source: str, kind: str) -> SpikingLayer:
        rng = self.rng
        currents = self.sent(source).reshape(-1, self.sent(source).shape[-1])
        theta = np.maximum(np.quantile(np.abs(currents), 0.6, axis=0), 1).astype(np.int64)
        common = {"name": name, "inputs": (source,), "threshold": theta}
        membrane = {"leak": int(rng.integers(0, 1 << LEAK_BITS)), "leak_bits": LEAK_BITS}
        if kind == "soft_reset":
            return SoftResetLayer(**common, **membrane)
        if kind == "hard_reset":
            return HardResetLayer(**common, **membrane)
        if kind == "bernoulli":
            return BernoulliLayer(**common, seed=seed_states(int(rng.integers(99)), len(theta)))
        return RefractoryLayer(
            **common,
            **membrane,
            refractory=np.rint(theta * rng.uniform(0, 1, len(theta))).astype(np.int64),
            fade=int(rng.integers(0, 1 << LEAK_BITS)),
        )


def random_spike_ssm(
    seed: int,
    *,
    inputs: int = 3,
    channels: int = 5,
    window: int = 9,
    blocks: int = 2,
    states: int = 3,
    neuron: str = "refractory",
    gated: bool = True,
    outputs: int = 4,
    classification: bool = True,
    wide: bool = False,
) -> Network:
    """Return a valid network with live neurons and proven ranges."""
    rng = np.random.default_rng(seed)
    bits = WIDE_BITS if wide else RESIDUAL_BITS
    walks = np.cumsum(rng.normal(size=(WINDOWS, window, inputs)), axis=1)
    limits = Interval.signed(bits)
    messages = np.clip(np.rint(walks * 2.0 ** (bits - 5)), limits.lo, limits.hi).astype(np.int64)
    builder = SsmBuilder(rng, messages, bits)
    entry = builder.add(
        InputLayer(name="input", ranges={"message": limits}, channels=inputs, frac_bits=8)
    )
    weight = builder.weight(channels, inputs)
    acc = builder.sent(entry) @ weight.astype(np.int64).T
    spread = float(1 << (bits - 4))
    stream = builder.add(
        ProjectionLayer(
            name="embed",
            inputs=(entry,),
            weight=weight,
            message_bits=bits,
            limbs=builder.limbs(entry, [weight]),
            **builder.descaling(acc, spread),
        )
    )
    for index in range(blocks):
        stream = builder.block(f"blocks.{index}", stream, states, neuron, gated)
    if classification:
        weight = builder.weight(outputs, channels)
        acc = builder.sent(stream).sum(axis=1) @ weight.astype(np.int64).T
        builder.add(
            ClassificationHeadLayer(
                name="head",
                inputs=(stream,),
                weight=weight,
                frac_bits=8,
                elements=window,
                limbs=builder.limbs(stream, [weight]),
                **builder.descaling(acc, 1000.0),
            )
        )
    else:
        weight = builder.weight(inputs, channels)
        acc = builder.sent(stream) @ weight.astype(np.int64).T
        limbs = builder.limbs(stream, [weight])
        back = builder.add(
            ResidualLayer(
                name="readout",
                inputs=(stream, entry),
                weight=weight,
                residual_bits=bits,
                limbs=limbs,
                **builder.descaling(acc, spread / 4),
            )
        )
        weight = builder.weight(outputs, window)
        acc = np.swapaxes(builder.sent(back), 1, 2) @ weight.astype(np.int64).T
        builder.add(
            HeadLayer(
                name="head",
                inputs=(back,),
                channels=inputs,
                weight=weight,
                frac_bits=8,
                **builder.descaling(acc, 1000.0),
            )
        )
    network = Network(
        window=window,
        horizon=1 if classification else outputs,
        layers=tuple(builder.layers),
        normalisation=Normalisation(
            kind="fixed", mean=rng.normal(0, 1, inputs), scale=rng.uniform(1, 20, inputs)
        ),
        formats={"residual_bits": bits},
        provenance={"made_by": "random_spike_ssm"},
    )
    return with_ranges(network, prove_ranges(network))


def random_sequences(seed: int, network: Network, count: int) -> IntArray:
    """Return random walks as integers that enter the network."""
    rng = np.random.default_rng(seed)
    limits = network.input.ranges["message"]
    walks = np.cumsum(rng.normal(size=(count, network.window, network.channels)), axis=1)
    scaled = np.rint(walks * (limits.hi / 16))
    return np.clip(scaled, limits.lo, limits.hi).astype(np.int64)
