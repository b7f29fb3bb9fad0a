"""Kinds of neurons of the layers of SPikE-SSM-style networks (see `splitting`).

The diagonal state space is two kinds: one neuron for each complex state (``.state``) decays, is
driven and sends what its channel reads of it; the neuron of the channel adds up.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lava_spikyspace.hardware.microcode.activations import sigmoid_params
from lava_spikyspace.hardware.microcode.descaling import Descaling
from lava_spikyspace.hardware.microcode.limbs import cut_for
from lava_spikyspace.hardware.microcode.splitter import Splitter, bits_of
from lava_spikyspace.hardware.microcode.splitting import split_layer
from lava_spikyspace.hardware.microcode.words import wrap
from lava_spikyspace.intervals import corners, dense_rows
from lava_spikyspace.network import Interval
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    HardResetLayer,
    LeakyLayer,
    ProjectionLayer,
    RefractoryLayer,
    S4dLayer,
    SigmoidGateLayer,
    SpikingLayer,
)
from lava_spikyspace.spike_ssm.ranges import state_bounds

_ZERO = Interval(0, 0)

Constants: TypeAlias = dict[str, npt.ArrayLike]
"""Values of constants, by name."""


@split_layer.register
def _(layer: ChannelNormLayer, splitter: Splitter) -> None:
    source = layer.source("residual")
    x = splitter.message(source)
    ends = (np.full(layer.neurons, end, dtype=object) for end in x.union(_ZERO).ends)
    scaling = Descaling.between(layer, *ends)
    kind = splitter.add(
        layer,
        "channel_norm",
        {
            **scaling.params,
            **splitter.saturation(scaling.value, layer.message_bits),
            **splitter.sending(layer),
            "ACC": scaling.sum.bits,
        },
        scaling.constants,
    )
    splitter.connect(layer, kind, "x", "residual")


@split_layer.register
def _(layer: ProjectionLayer, splitter: Splitter) -> None:
    scaling = Descaling.of(layer, splitter.message(layer.inputs[0]))
    kind = splitter.add(
        layer,
        "projection",
        {
            **splitter.summed(layer),
            **scaling.params,
            **splitter.saturation(scaling.value, layer.message_bits),
            **splitter.sending(layer),
        },
        scaling.constants,
    )
    splitter.connect_dense(layer, kind)


@split_layer.register
def _(layer: S4dLayer, splitter: Splitter) -> None:
    source, ranges = layer.source("message"), splitter.proven[layer.name]
    x = splitter.message(source)
    read = _read_range(layer, x)
    cut = cut_for([np.ones((1, layer.states), dtype=np.int8)], read, layer.name)
    half = (np.int64(1) << layer.right) >> 1
    driven = [(x_end << layer.left.astype(object)) + half for x_end in x.union(_ZERO).ends]
    state = splitter.add(
        layer,
        "s4d_state",
        {
            "DECAY": bits_of(np.stack([layer.decay_real, layer.decay_imag, -layer.decay_imag])),
            "DECAY_BITS": layer.decay_bits,
            "PRODUCT": ranges["product"].bits,
            "STATE": ranges["state"].bits,
            "DRIVE": bits_of(np.stack(driven)),
            "LEFT": int(layer.left.max()),
            "RIGHT": int(layer.right.max()),
            "READ": bits_of(np.stack([layer.read_real, layer.read_imag, -layer.read_imag])),
            "READOUT": read.bits,
            **cut.params,
            "WORDS": 1,
        },
        {
            "decay": layer.decay_real.ravel(),
            "turn": layer.decay_imag.ravel(),
            "back": -layer.decay_imag.ravel(),
            "up": layer.left.ravel(),
            "down": -layer.right.ravel(),
            "half": half.ravel(),
            "read_real": layer.read_real.ravel(),
            "read_imag": -layer.read_imag.ravel(),
        },
        part=splitter.parts(layer)[0],
        payloads=cut.payloads(read),
        counts_at_end=False,
    )
    least = int(layer.shift.min())
    total = ranges["accumulator"]
    output = splitter.add(
        layer,
        "s4d_output",
        {
            "TOP": cut.limbs,
            "LOW": cut.bits,
            "ACC": total.bits,
            "SKIP": bits_of(layer.skip),
            "SHIFT": least,
            "SPREAD": int(layer.shift.max()) - least,
            "SCALED": Interval(total.lo >> least, total.hi >> least).bits,
            "VALUE": Interval(total.lo >> least, total.hi >> least).bits,
            **splitter.saturation(
                Interval(total.lo >> least, total.hi >> least), layer.message_bits
            ),
            **splitter.sending(layer),
        },
        {
            "skip": layer.skip,
            "half": (np.int64(1) << layer.shift) >> 1,
            "further": least - layer.shift,
        },
    )
    splitter.connect(layer, state, "x", "message")
    splitter.connect(layer, output, "x", "message")
    splitter.connect_inside(state, output, "state")


def _read_range(layer: S4dLayer, x: Interval) -> Interval:
    """Return the range of what a channel reads of one state, and of both parts of it."""
    bounds = np.array(state_bounds(layer, x), dtype=object)
    weight = np.abs(layer.read_real).astype(object) + np.abs(layer.read_imag).astype(object)
    most = int((weight * bounds).max())
    return Interval(-most, most)


@split_layer.register
def _(layer: SpikingLayer, splitter: Splitter) -> None:
    ranges = splitter.proven[layer.name]
    if isinstance(layer, BernoulliLayer):
        program = "bernoulli_neuron"
        params = {"SIDES": ranges["state"].bits}
        constants: Constants = {"theta": layer.threshold, "seed": wrap(layer.seed)}
    else:
        program = "spiking_neuron"
        params, constants = _membrane(layer, ranges["state"], ranges.get("refractory", _ZERO))
    kind = splitter.add(
        layer,
        program,
        {"THETA": bits_of(np.stack([layer.threshold, -layer.threshold])), **params},
        constants,
        counts_at_end=False,
    )
    splitter.connect(layer, kind, "x", "current")


def _membrane(
    layer: SpikingLayer, state: Interval, pressure: Interval
) -> tuple[dict[str, int], Constants]:
    """Return the parameters and constants of ``spiking_neuron``."""
    leaky = layer if isinstance(layer, LeakyLayer) else None
    tired = layer if isinstance(layer, RefractoryLayer) else None
    refractory = tired.refractory if tired else np.zeros_like(layer.threshold)
    leak, fade = (leaky.leak if leaky else 0), (tired.fade if tired else 0)
    params = {
        "HARD": int(isinstance(layer, HardResetLayer)),
        "REFRACTORY": int(tired is not None),
        "STATE": state.bits,
        # The current is taken off, so the register holds it with either sign.
        "PRESSURE": pressure.union(Interval(-pressure.hi, -pressure.lo)).bits,
        "CURRENT": bits_of(refractory),
        "LEAK": bits_of([leak, fade]),
        "LEAK_BITS": leaky.leak_bits if leaky else 0,
    }
    constants: Constants = {
        "theta": layer.threshold,
        "fall": -layer.threshold,
        "leak": leak,
        "fade": fade,
        "current": refractory,
    }
    return params, constants


@split_layer.register
def _(layer: SigmoidGateLayer, splitter: Splitter) -> None:
    scaling = Descaling.of(layer, splitter.message(layer.inputs[0]))
    params, less = sigmoid_params(layer, scaling.value)
    kind = splitter.add(
        layer,
        "pt_sigmoid",
        {**splitter.summed(layer), **scaling.params, **params},
        {**scaling.constants, "less": less},
    )
    splitter.connect_dense(layer, kind)


@split_layer.register
def _(layer: GluLayer, splitter: Splitter) -> None:
    stream, value, gate = (splitter.message(layer.source(role)) for role in layer.INPUT_ROLES)
    half = 1 << (layer.shift - 1)
    product = corners(value, gate)
    rounded = Interval(product.lo + half, product.hi + half)
    total = Interval(
        (rounded.lo >> layer.shift) + stream.lo, (rounded.hi >> layer.shift) + stream.hi
    )
    shifted = Interval(rounded.lo >> layer.shift, rounded.hi >> layer.shift)
    kind = splitter.add(
        layer,
        "gated_residual",
        {
            "PRODUCT": product.union(rounded).bits,
            "SHIFT": layer.shift,
            "SUM": total.union(shifted).bits,
            **splitter.saturation(total, layer.residual_bits),
            **splitter.sending(layer),
        },
        {},
    )
    for role in layer.INPUT_ROLES:
        splitter.connect(layer, kind, role, role)


@split_layer.register
def _(layer: ClassificationHeadLayer, splitter: Splitter) -> None:
    x = splitter.message(layer.inputs[0])
    low, high = (end.astype(object) for end in dense_rows(layer.weight, x.union(_ZERO)))
    scaling = Descaling.between(layer, low * layer.elements, high * layer.elements)
    kind = splitter.add(
        layer,
        "classification_head",
        {**splitter.summed(layer), **scaling.params, "ACC": scaling.sum.bits},
        scaling.constants,
        counts_at_end=False,
    )
    splitter.connect_dense(layer, kind)
