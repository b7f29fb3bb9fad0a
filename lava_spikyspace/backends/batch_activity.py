"""Counts of the batch engine: what each process of the plan would have sent, from the codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch

import numpy as np

from lava_spikyspace.arithmetic import split_limbs
from lava_spikyspace.backends.batch_layers import LayerOutput
from lava_spikyspace.network import ConvLayer, HeadLayer, IntArray, Layer, OutputLayer, ScanLayer
from lava_spikyspace.plan import MESSAGE, Plan, limb_port
from lava_spikyspace.profiling.counters import Activity, port_events, sends_binary

Outputs = Mapping[str, LayerOutput]


def measure(plan: Plan, outputs: Outputs) -> dict[str, Activity]:
    """Return the activity of every row of the plan but the `Dense` processes, which send sums.

    Parameters
    ----------
    plan : Plan
        Gives coding and rows.
    outputs : mapping of str to LayerOutput
        By layer name.
    """
    activities: dict[str, Activity] = {}
    for layer in plan.network:
        activities.update(_measure(layer, plan, outputs))
    return activities


@singledispatch
def _measure(layer: Layer, plan: Plan, outputs: Outputs) -> dict[str, Activity]:
    """Return the activity of the rows of one layer."""
    activities = {plan.sender(layer.name): _sent(layer, plan, outputs)}
    inner, passed = plan.inner_row(layer.name), outputs[layer.name].passed
    if inner is not None and passed is not None:
        activities[inner] = Activity(events={MESSAGE: passed})
    return activities


@_measure.register
def _(layer: ConvLayer, plan: Plan, outputs: Outputs) -> dict[str, Activity]:
    source = plan.network[layer.inputs[0]]
    codes = outputs[source.name].message
    events = np.abs(codes) if sends_binary(plan, source) else codes != 0
    elements = events.shape[1]
    taps = layer.weight.shape[1]
    synops = 0
    for tap in range(taps):
        reach = max(0, elements - (taps - 1 - tap))
        synops += int(events[:, :reach].sum(axis=(0, 1)) @ (layer.weight[:, tap] != 0))
    return {
        f"{layer.name}.synapses": Activity(synops=synops),
        plan.sender(layer.name): _sent(layer, plan, outputs),
    }


@_measure.register
def _(layer: HeadLayer, plan: Plan, outputs: Outputs) -> dict[str, Activity]:
    (source,) = layer.inputs
    message = outputs[source].message
    wide = plan.network.is_wide(source)
    parts = split_limbs(message, plan.network.limbs_of(source) if wide else ())
    arrived = sum(np.count_nonzero(part, axis=(0, 2)) for part in parts)
    synops = int(arrived @ np.count_nonzero(layer.weight, axis=0))
    return {plan.sender(layer.name): _sent(layer, plan, outputs, synops=synops)}


@_measure.register
def _(layer: ScanLayer, plan: Plan, outputs: Outputs) -> dict[str, Activity]:
    output = outputs[layer.name]
    state = output.inner["state"]
    return {
        f"{layer.name}.state": Activity(
            events={MESSAGE: port_events(state, binary=False)},
            code_sum=int(state.sum()),
            extremes=output.observed["state"],
        ),
        plan.sender(layer.name): _sent(layer, plan, outputs),
    }


def _sent(layer: Layer, plan: Plan, outputs: Outputs, synops: int | None = None) -> Activity:
    """Return the activity of the row that sends a layer's message."""
    output = outputs[layer.name]
    row = plan.sender(layer.name)
    message = output.message
    binary = sends_binary(plan, layer)
    events: dict[str, IntArray] = {MESSAGE: _flat_events(message, layer, binary=binary)}
    widths = plan.limb_widths(row)
    if widths:
        for index, limb in enumerate(split_limbs(message, widths)):
            events[limb_port(index)] = port_events(limb, binary=False)
    return Activity(
        events=events,
        code_sum=int(np.abs(message).sum()) if layer.bits else 0,
        extremes=output.observed.get(layer.COMPARED, output.observed["message"]),
        synops=synops,
        saturations=output.saturations,
    )


def _flat_events(message: IntArray, layer: Layer, *, binary: bool) -> IntArray:
    """Return events by neuron: a head has one neuron per step and value."""
    if isinstance(layer, OutputLayer):
        message = message.reshape(message.shape[0], -1)
    return port_events(message, binary=binary)
