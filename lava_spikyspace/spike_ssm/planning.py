"""Processes of the layers of SPikE-SSM-style networks (see `lava_spikyspace.plan`)."""

from __future__ import annotations

from lava_spikyspace.plan import STATE, PlanBuilder, expand
from lava_spikyspace.spike_ssm.layers import (
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    ProjectionLayer,
    S4dLayer,
    SigmoidGateLayer,
    SpikingLayer,
)


@expand.register
def _(layer: ChannelNormLayer, builder: PlanBuilder) -> None:
    source = builder.sender[layer.source("residual")]
    norm = builder.add(layer, "ChannelNorm", source.output_offset, 0)
    builder.connect(source, norm, "a_in", 1)


@expand.register
def _(layer: ProjectionLayer, builder: PlanBuilder) -> None:
    builder.dense_neuron(layer, "Projection", layer.source("message"), 0)


@expand.register
def _(layer: S4dLayer, builder: PlanBuilder) -> None:
    source = builder.sender[layer.source("message")]
    state = layer.name + STATE
    rows = ((state, layer.neurons * layer.states), (layer.name, layer.neurons))
    s4d = builder.add(layer, "DiagonalS4d", source.output_offset, 0, rows=rows)
    # An event drives every state of its channel, and the sum by the skip.
    builder.deliver(source, s4d, "a_in", {state: layer.states, layer.name: 1})
    builder.arrive(state, layer.name, 1)


@expand.register
def _(layer: SpikingLayer, builder: PlanBuilder) -> None:
    source = builder.sender[layer.source("current")]
    neuron = builder.add(layer, "SpikingNeuron", source.output_offset, 0)
    builder.connect(source, neuron, "a_in", 1)


@expand.register
def _(layer: SigmoidGateLayer, builder: PlanBuilder) -> None:
    builder.dense_neuron(layer, "PTSigmoid", layer.source("codes"), builder.frame_steps)


@expand.register
def _(layer: GluLayer, builder: PlanBuilder) -> None:
    roles = {role: builder.sender[layer.source(role)] for role in layer.INPUT_ROLES}
    offset = max(source.output_offset for source in roles.values())
    glu = builder.add(layer, "GatedResidual", offset, 0)
    for role, source in roles.items():
        builder.connect(source, glu, f"{role}_in", 1)


@expand.register
def _(layer: ClassificationHeadLayer, builder: PlanBuilder) -> None:
    builder.dense_neuron(layer, "ClassificationHead", layer.source("residual"), 0)
