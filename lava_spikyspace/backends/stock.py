"""From the plan of a plain NetX network to processes of `lava.proc`, and from their Vars back.

The parameters of the processes are those that lava-dl's loader would give them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.proc.conv.process import Conv
from lava.proc.dense.process import DelayDense, Dense
from lava.proc.io.dataloader import StateDataloader
from lava.proc.io.source import RingBuffer
from lava.proc.lif.process import LIF, LIFReset
from lava.proc.sdn.process import Delta, Sigma, SigmaDelta

from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import IntArray
from lava_spikyspace.netx.stock.description import (
    CubaNeuron,
    StockConv,
    StockDense,
    StockInput,
    StockRecurrent,
    SynapticLayer,
)
from lava_spikyspace.netx.stock.selection import SelectedLayer
from lava_spikyspace.netx.stock.weights import layer_format, output_shift
from lava_spikyspace.processes.event_probe.process import EventProbe
from lava_spikyspace.stock.counts import Sent
from lava_spikyspace.stock.plan import (
    INPUT,
    StockPlan,
    neuron_name,
    recurrent_name,
    synapses_name,
)

BIAS_EXPONENT = 6
"""Biases of CUBA neurons count in units of the threshold."""

SPIKE_EXPONENT = 6
STATE_EXPONENT = 6
"""Fraction bits of the messages of sigma-delta neurons, and further ones of what they keep."""


@dataclass(frozen=True)
class StockOutcome:
    """What a run has computed.

    Parameters
    ----------
    sent : mapping of str to Sent
        By process, without the input.
    messages : mapping of str to ndarray, int64, shape (step, *shape)
        What layers sent, by layer name: the last one, and all where they were recorded.
    """

    sent: Mapping[str, Sent]
    messages: Mapping[str, IntArray]


@dataclass(frozen=True, eq=False)
class StockGraph:
    """Connected Lava processes, ready to be compiled; see `backends.simulation.Graph`.

    Parameters
    ----------
    plan : StockPlan
        What they run.
    source : AbstractProcess
        The process that plays the input.
    probes : mapping of str to EventProbe
        By the layer that they listen to.
    time_steps : int
        Steps of the run.
    """

    plan: StockPlan
    source: AbstractProcess
    probes: Mapping[str, EventProbe]
    time_steps: int

    def variables(self) -> dict[str, Var]:
        """Return counters and records of all probes."""
        found: dict[str, Var] = {}
        for layer, probe in self.probes.items():
            found[f"{layer}.counters"] = probe.counters
            if probe.record.shape[0]:
                found[f"{layer}.record"] = probe.record
        return found

    def collect(self, values: Mapping[str, IntArray]) -> StockOutcome:
        """Return the result of a run from the values of `variables`."""
        sent, messages = {}, {}
        for selected in self.plan.selection.layers:
            layer, process = selected.layer.name, neuron_name(selected)
            events, *synops = values[f"{layer}.counters"].tolist()
            readers = [reader.name for reader in self.plan.readers(process)]
            sent[process] = Sent(events, dict(zip(readers, synops, strict=True)))
            if f"{layer}.record" in values:
                messages[layer] = values[f"{layer}.record"].astype(np.int64)
        return StockOutcome(sent, messages)


def assemble_stock(plan: StockPlan, values: IntArray, record: bool) -> StockGraph:
    """Build and connect the Lava processes of a plan.

    Parameters
    ----------
    plan : StockPlan
        What to run.
    values : ndarray, int64, shape (step, *input shape)
        What to play.
    record : bool
        Keep what every layer sends, not only the last one.

    Returns
    -------
    StockGraph
        The graph; a Lava process can be compiled once, so each run needs a graph of its own.
    """
    layers = plan.selection.layers
    neurons = [_neuron(selected, plan) for selected in layers]
    source = _source(plan, values, neurons[0])
    sender = source
    probes = {}
    for selected, neuron in zip(layers, neurons, strict=True):
        if not isinstance(selected.layer, StockInput):
            _connect_synapses(selected, selected.layer, sender, neuron)
        keep = len(values) if record or selected is layers[-1] else 0
        probes[selected.layer.name] = _probe(plan, selected, neuron, keep)
        sender = neuron
    return StockGraph(plan, source, probes, len(values))


def _source(plan: StockPlan, values: IntArray, first: AbstractProcess) -> AbstractProcess:
    """Return the process that plays the input; where there are no synapses, feed the neurons."""
    feed = plan.selection.feed
    if feed == "bias":
        first.bias_mant.init = values[0]
        # Written at the end of a step for the next one; nobody reads what the last step writes.
        following = [(step, 0) for step in np.roll(values, -1, axis=0).astype(np.int32)]
        loader = _named(StateDataloader(dataset=following), INPUT)
        loader.connect_var(first.bias_mant)
        return loader
    source = _named(RingBuffer(data=np.moveaxis(values, 0, -1).astype(np.int32)), INPUT)
    if feed == "values":
        source.s_out.connect(first.a_in)
    return source


def _connect_synapses(
    selected: SelectedLayer, layer: SynapticLayer, sender: AbstractProcess, neuron: AbstractProcess
) -> None:
    """Make the synapses of a layer, between what it reads and its neurons."""
    synapses = _named(_synapses(selected, layer), synapses_name(selected))
    output = sender.s_out
    if selected.flattened is not None:
        output = output.transpose([2, 1, 0]).flatten()
    output.connect(synapses.s_in)
    synapses.a_out.connect(neuron.a_in)
    if isinstance(layer, StockRecurrent):
        process = _dense(selected, layer, layer.recurrent_weight)
        recurrent = _named(process, recurrent_name(selected))
        neuron.s_out.connect(recurrent.s_in)
        recurrent.a_out.connect(neuron.a_in)


def _synapses(selected: SelectedLayer, layer: SynapticLayer) -> AbstractProcess:
    if isinstance(layer, StockDense):
        return _dense(selected, layer, layer.weight)
    if isinstance(layer, StockConv):
        return Conv(
            # Lava convolves, the file means a correlation.
            weight=layer.weight[:, ::-1, ::-1],
            input_shape=layer.reads,
            stride=layer.stride,
            padding=layer.padding,
            dilation=layer.dilation,
            groups=layer.groups,
            num_message_bits=selected.input_bits,
        )
    raise InternalError(f"no process for layers of type {type(layer).__name__}")


def _dense(selected: SelectedLayer, layer: StockDense, weight: IntArray) -> AbstractProcess:
    form = layer_format(layer)
    common: dict[str, Any] = {
        "weights": weight << form.shift,
        "weight_exp": -output_shift(layer),
        "num_weight_bits": form.weight_bits,
        "num_message_bits": selected.input_bits,
    }
    if layer.delay is None:
        return Dense(**common)
    return DelayDense(delays=np.array(layer.delay), **common)


def _neuron(selected: SelectedLayer, plan: StockPlan) -> AbstractProcess:
    layer, neuron = selected.layer, selected.neuron
    bias = None if isinstance(layer, StockInput) else layer.bias
    if isinstance(neuron, CubaNeuron):
        process = _cuba(selected, neuron, bias, plan.selection.settings.reset_interval)
    else:
        exponents = {"spike_exp": SPIKE_EXPONENT, "state_exp": STATE_EXPONENT}
        if isinstance(layer, StockInput):
            process = Delta(shape=layer.shape, vth=neuron.threshold, **exponents)
        elif neuron.sends_sums:
            process = Sigma(shape=layer.shape)
        else:
            # A bias per channel is one along the last axis.
            biases = 0 if bias is None else np.broadcast_to(bias, layer.shape).astype(np.int32)
            process = SigmaDelta(shape=layer.shape, vth=neuron.threshold, bias=biases, **exponents)
    return _named(process, neuron_name(selected))


def _cuba(
    selected: SelectedLayer, neuron: CubaNeuron, bias: IntArray | None, reset_interval: int | None
) -> AbstractProcess:
    shape = selected.layer.shape
    parameters: dict[str, Any] = {
        "shape": shape,
        "vth": neuron.threshold,
        "du": neuron.current_decay - 1,  # the model adds 1, so that 4096 fits the register
        "dv": neuron.voltage_decay,
        "bias_mant": 0 if bias is None else np.broadcast_to(bias, shape).astype(np.int32),
        "bias_exp": BIAS_EXPONENT,
    }
    if reset_interval is None:
        return LIF(**parameters)
    return LIFReset(reset_interval=reset_interval, reset_offset=selected.reset_phase, **parameters)


def _probe(
    plan: StockPlan, selected: SelectedLayer, neuron: AbstractProcess, recorded_steps: int
) -> EventProbe:
    process = neuron_name(selected)
    fan_outs = [reader.fan_out for reader in plan.readers(process) if reader.fan_out is not None]
    probe = EventProbe(
        shape=selected.layer.shape,
        fan_outs=fan_outs,
        recorded_steps=recorded_steps,
        name=f"{selected.layer.name}.probe",
    )
    neuron.s_out.connect(probe.a_in)
    return probe


def _named(process: AbstractProcess, name: str) -> AbstractProcess:
    """Give a name to a process; not all of `lava.proc` take one."""
    process.name = name
    return process
