"""Layers of SPikE-SSM-style networks on whole windows (see `backends.batch_layers`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lava_spikyspace.arithmetic.activations import pt_sigmoid
from lava_spikyspace.arithmetic.fixed_point import descale, descale_sum, saturate
from lava_spikyspace.arithmetic.s4d import S4dStep, s4d_step
from lava_spikyspace.arithmetic.spiking import observed_values, rest, spiking_step
from lava_spikyspace.backends.batch_layers import (
    LayerOutput,
    descaled,
    evaluate,
    joined_spans,
    matmul,
    spans,
)
from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.spike_ssm.layers import (
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    ProjectionLayer,
    S4dLayer,
    SigmoidGateLayer,
    SpikingLayer,
)


def _clipped(value: IntArray, message: IntArray) -> int:
    return int(np.count_nonzero(value != message))


@evaluate.register
def _(layer: ChannelNormLayer, sources: Sequence[IntArray]) -> LayerOutput:
    product = descale_sum(sources[0], layer.mult, layer.add, layer.shift)
    value = product >> layer.shift
    message = saturate(value, layer.message_bits)
    return LayerOutput(
        message, spans(product=product, message=message), saturations=_clipped(value, message)
    )


@evaluate.register
def _(layer: ProjectionLayer, sources: Sequence[IntArray]) -> LayerOutput:
    acc = matmul(sources[0], layer.weight)
    value = descale(acc, layer.mult, layer.add, layer.shift)
    message = saturate(value, layer.message_bits)
    return LayerOutput(message, descaled(layer, acc, message), saturations=_clipped(value, message))


@evaluate.register
def _(layer: S4dLayer, sources: Sequence[IntArray]) -> LayerOutput:
    (x,) = sources
    real = np.zeros((x.shape[0], *layer.decay_real.shape), dtype=np.int64)
    imag = np.zeros_like(real)
    observed: dict[str, Interval] = {}
    passed = np.zeros(layer.decay_real.size, dtype=np.int64)
    currents, messages = [], []
    for element in range(x.shape[1]):
        step = s4d_step(layer, real, imag, x[:, element])
        real, imag = step.real, step.imag
        observed = joined_spans(observed, s4d_spans(step))
        passed += np.count_nonzero(step.read.reshape(len(x), -1), axis=0)
        currents.append(step.current)
        messages.append(step.message)
    message = np.stack(messages, axis=1)
    return LayerOutput(
        message,
        {**observed, **spans(message=message)},
        saturations=_clipped(np.stack(currents, axis=1), message),
        passed=passed,
    )


def s4d_spans(step: S4dStep) -> dict[str, Interval]:
    """Return the extremes of what a step computed, by range name."""
    return {
        "product": Interval.of(step.product_real).union(Interval.of(step.product_imag)),
        "state": Interval.of(step.real).union(Interval.of(step.imag)),
        "accumulator": Interval.of(step.total),
    }


@evaluate.register
def _(layer: SpikingLayer, sources: Sequence[IntArray]) -> LayerOutput:
    (current,) = sources
    state = rest(layer, (current.shape[0], current.shape[2]))
    observed: dict[str, Interval] = {}
    spikes = []
    for element in range(current.shape[1]):
        state = spiking_step(layer, state, current[:, element])
        observed = joined_spans(observed, spans(**observed_values(layer, state)))
        spikes.append(state.spikes)
    message = np.stack(spikes, axis=1)
    return LayerOutput(message, {**observed, **spans(message=message)})


@evaluate.register
def _(layer: SigmoidGateLayer, sources: Sequence[IntArray]) -> LayerOutput:
    acc = matmul(sources[0], layer.weight)
    x = descale(acc, layer.mult, layer.add, layer.shift)
    message = pt_sigmoid(x, layer.frac_bits, layer.exp2_terms)
    return LayerOutput(message, {**descaled(layer, acc, message), **spans(state=x)})


@evaluate.register
def _(layer: GluLayer, sources: Sequence[IntArray]) -> LayerOutput:
    residual, value, gate = sources
    product = value * gate + (1 << (layer.shift - 1))
    total = residual + (product >> layer.shift)
    message = saturate(total, layer.residual_bits)
    return LayerOutput(
        message, spans(product=product, message=message), saturations=_clipped(total, message)
    )


@evaluate.register
def _(layer: ClassificationHeadLayer, sources: Sequence[IntArray]) -> LayerOutput:
    acc = matmul(sources[0].sum(axis=1), layer.weight)
    value = descale(acc, layer.mult, layer.add, layer.shift)
    return LayerOutput(value[:, None], descaled(layer, acc, value))
