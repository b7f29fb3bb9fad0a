"""From a plan of a plain NetX network to the groups of neurons and synapses that a chip would hold.

As for models of our own, the groups are the rows of the counts.
"""

from __future__ import annotations

from math import prod
from typing import TypedDict

import numpy as np

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.groups import (
    STANDARD_NEURON,
    GroupGraph,
    NeuronGroup,
    SynapseGroup,
)
from lava_spikyspace.hardware.patterns import Convolution, Dense, FanOut, Pattern
from lava_spikyspace.intervals import dense_rows
from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.netx.stock.description import (
    CubaNeuron,
    Shape,
    SigmaDeltaNeuron,
    StockConv,
    StockDense,
    StockInput,
    StockRecurrent,
    SynapticLayer,
)
from lava_spikyspace.netx.stock.selection import SelectedLayer, Selection
from lava_spikyspace.plan import MESSAGE
from lava_spikyspace.stock.plan import (
    INPUT,
    StockPlan,
    StockProcess,
    neuron_name,
    recurrent_name,
    synapses_name,
)

STATE_SHIFT = 6
"""Thresholds and biases count as shifted by so many bits."""

LARGEST_STATE = (1 << 23) - 1
"""Of the voltages of Lava's fixed-point neurons."""

STATE_BYTES = 8
"""Two state variables of 24 bits and a bias: one word of a core."""


class _Events(TypedDict):
    payload: Interval | None
    is_signed: bool


def describe_stock_plan(plan: StockPlan) -> GroupGraph:
    """Describe a planned plain network as groups of neurons and synapses.

    Parameters
    ----------
    plan : StockPlan
        Layers that run, as processes.

    Returns
    -------
    GroupGraph
        Neuron groups have the names of rows of the counts; the input plays beside the cores.
    """
    selection = plan.selection
    processes = {process.name: process for process in plan.processes}
    source = processes[INPUT]
    neurons = [NeuronGroup(name=INPUT, layer=INPUT, neurons=source.neurons, on_host=True)]
    synapses: list[SynapseGroup] = []
    sender = source if source.sends else None
    for selected in selection.layers:
        name = neuron_name(selected)
        neurons.append(_neurons(selected, processes[name], selection))
        synapses += _synapses(selected, sender, processes[name])
        sender = processes[name]
    return GroupGraph(tuple(neurons), tuple(synapses), exporter="lava-dl")


def _neurons(selected: SelectedLayer, process: StockProcess, selection: Selection) -> NeuronGroup:
    is_standard = isinstance(selected.neuron, CubaNeuron)
    # No voltage is beyond the largest: a threshold that is there is never passed, as meant.
    threshold = min(selected.neuron.threshold << STATE_SHIFT, LARGEST_STATE)
    registers = {"threshold": Interval(0, threshold)}
    bias = None if isinstance(selected.layer, StockInput) else selected.layer.bias
    if bias is not None:
        registers["bias"] = Interval.of(bias << STATE_SHIFT)
    return NeuronGroup(
        name=process.name,
        layer=selected.layer.name,
        neurons=process.neurons,
        program=STANDARD_NEURON if is_standard else process.kind,
        state_bytes=STATE_BYTES,
        registers=registers,
        reset_interval=selection.settings.reset_interval if is_standard else None,
    )


def _synapses(
    selected: SelectedLayer, sender: StockProcess | None, target: StockProcess
) -> list[SynapseGroup]:
    """Return the synapses between a layer and what it reads, and its recurrent ones."""
    layer = selected.layer
    if sender is None:
        return []
    if isinstance(layer, StockInput):
        # Its neurons take the input as it is.
        pattern = FanOut(target.neurons, target.neurons)
        name = f"{target.name}.input"
        events = _events(sender, selected.input_bits or SigmaDeltaNeuron.message_bits)
        return [
            SynapseGroup(
                name=name,
                row=target.name,
                source=sender.name,
                target=target.name,
                role="input",
                port=MESSAGE,
                pattern=pattern,
                **events,
            )
        ]
    weight = _weights(layer)
    found = [_weighted(synapses_name(selected), layer, weight, sender, target, selected.input_bits)]
    if isinstance(layer, StockRecurrent):
        name, bits = recurrent_name(selected), selected.neuron.message_bits
        found.append(_weighted(name, layer, layer.recurrent_weight, target, target, bits))
    return found


def _weighted(
    name: str,
    layer: SynapticLayer,
    weight: IntArray,
    sender: StockProcess,
    target: StockProcess,
    message_bits: int,
) -> SynapseGroup:
    """Return the synapses of one weight array."""
    return SynapseGroup(
        name=name,
        row=name,
        source=sender.name,
        target=target.name,
        role="weights",
        port=MESSAGE,
        pattern=_pattern(layer, weight),
        weight_bits=mantissa_bits(weight),
        accumulator=_sums_of_spikes(weight) if is_binary(sender, message_bits) else None,
        delay_steps=_delay(layer),
        **_events(sender, message_bits),
    )


def _sums_of_spikes(weight: IntArray) -> Interval:
    """Return the range of a neuron's sum; that of graded messages is bounded by no file."""
    low, high = dense_rows(weight.reshape(len(weight), -1), Interval(0, 1))
    return Interval(int(low.min()), int(high.max()))


def is_binary(sender: StockProcess, message_bits: int) -> bool:
    """Whether the events of a process carry nothing."""
    return sender.sends == "spikes" and not message_bits


def _events(sender: StockProcess, message_bits: int) -> _Events:
    """Return what events carry, as fields of a synapse group."""
    if is_binary(sender, message_bits):
        return {"payload": None, "is_signed": False}
    return {"payload": Interval.signed(max(1, message_bits)), "is_signed": True}


def _pattern(layer: SynapticLayer, weight: IntArray) -> Pattern:
    if isinstance(layer, StockConv):
        return Convolution(
            prod(layer.reads),
            layer.neurons,
            in_shape=_three(layer.reads),
            out_shape=_three(layer.shape),
            kernel=(int(weight.shape[1]), int(weight.shape[2])),
            stride=layer.stride,
            padding=layer.padding,
            dilation=layer.dilation,
            groups=layer.groups,
        )
    return Dense(int(weight.shape[1]), int(weight.shape[0]))


def _three(shape: Shape) -> tuple[int, int, int]:
    x, y, channels = shape
    return x, y, channels


def _weights(layer: SynapticLayer) -> IntArray:
    if isinstance(layer, StockDense | StockConv):
        return layer.weight
    raise InternalError(f"layer {layer.index} has no weights")


def _delay(layer: SynapticLayer) -> int:
    if isinstance(layer, StockDense) and layer.delay is not None:
        return int(layer.delay.max())
    return 0


def mantissa_bits(weight: IntArray) -> int:
    """Return the bits of a stored weight.

    Zero bits that all weights end in go into their common exponent; weights of one sign need none
    for it.

    Parameters
    ----------
    weight : ndarray, int64
        Weights that share exponent and sign mode.
    """
    used = int(np.bitwise_or.reduce(np.abs(weight), axis=None))
    if not used:
        return 1
    mantissa = Interval.of(weight >> ((used & -used).bit_length() - 1))
    if mantissa.lo < 0 < mantissa.hi:
        return mantissa.bits
    return max(1, mantissa.magnitude.bit_length())
