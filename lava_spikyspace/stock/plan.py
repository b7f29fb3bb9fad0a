"""From the layers that run to a list of processes: names, classes, who reads whom.

The plan needs no Lava. Assembly builds Lava processes from it, and the counts follow it, so that a
row of a profile means the same on both runtimes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal, TypeAlias

import numpy as np

from lava_spikyspace.network import IntArray
from lava_spikyspace.netx.stock.description import (
    CubaNeuron,
    StockConv,
    StockDense,
    StockInput,
    StockRecurrent,
    SynapticLayer,
)
from lava_spikyspace.netx.stock.selection import Feed, SelectedLayer, Selection
from lava_spikyspace.stock.fan_out import dense_fan_out, fan_out

Events: TypeAlias = Literal["spikes", "messages"]
"""Binary, or with a payload."""

INPUT = "input"
"""Name of the process that plays the input."""


@dataclass(frozen=True, eq=False)
class StockProcess:
    """One Lava process.

    Parameters
    ----------
    name : str
        Unique name.
    kind : str
        Class name of the Lava process.
    neurons : int
        Neurons; 0 for synapses.
    sends : {"spikes", "messages"}, optional
        Events that it sends; None for sums of synapses and for biases.
    reads : str, optional
        Process whose events arrive.
    fan_out : ndarray, int64, of the shape of those events, optional
        Weights other than 0 that an event of each element meets; None where there are no synapses.
    """

    name: str
    kind: str
    neurons: int = 0
    sends: Events | None = None
    reads: str | None = None
    fan_out: IntArray | None = None


@dataclass(frozen=True, eq=False)
class StockPlan:
    """The processes of a run, in the order of the data.

    Parameters
    ----------
    selection : Selection
        The layers that run.
    processes : tuple of StockProcess
        The input comes first.
    """

    selection: Selection
    processes: tuple[StockProcess, ...]

    def readers(self, name: str) -> tuple[StockProcess, ...]:
        """Return the processes with synapses that read the events of a process."""
        return tuple(p for p in self.processes if p.reads == name and p.fan_out is not None)


def synapses_name(selected: SelectedLayer) -> str:
    """Return the name of the process with the synapses of a layer."""
    return f"{selected.layer.name}.synapses"


def recurrent_name(selected: SelectedLayer) -> str:
    """Return the name of the process with the recurrent synapses of a layer."""
    return f"{selected.layer.name}.recurrent"


def neuron_name(selected: SelectedLayer) -> str:
    """Return the name of the process with the neurons of a layer."""
    return f"{selected.layer.name}.neuron"


def make_stock_plan(selection: Selection) -> StockPlan:
    """Lay out layers as processes.

    Parameters
    ----------
    selection : Selection
        The layers that run.
    """
    feed = selection.feed
    source = StockProcess(
        INPUT,
        "StateDataloader" if feed == "bias" else "RingBuffer",
        neurons=prod(selection.input_shape),
        sends=_sent_events(feed),
    )
    processes = [source]
    sender = INPUT if source.sends else None
    for selected in selection.layers:
        processes += _layer_processes(selected, sender, selection.settings.reset_interval)
        sender = neuron_name(selected)
    return StockPlan(selection, tuple(processes))


def _sent_events(feed: Feed) -> Events | None:
    if feed == "bias":
        return None
    return "spikes" if feed == "spikes" else "messages"


def _layer_processes(
    selected: SelectedLayer, sender: str | None, reset_interval: int | None
) -> list[StockProcess]:
    layer = selected.layer
    neuron = StockProcess(
        neuron_name(selected),
        neuron_class(selected, reset_interval),
        neurons=layer.neurons,
        sends="spikes" if isinstance(selected.neuron, CubaNeuron) else "messages",
        reads=sender if isinstance(layer, StockInput) else None,
    )
    if isinstance(layer, StockInput):
        return [neuron]
    kind = synapse_class(layer)
    met = _at_sender(fan_out(layer), selected)
    processes = [StockProcess(synapses_name(selected), kind, reads=sender, fan_out=met)]
    if isinstance(layer, StockRecurrent):
        met = dense_fan_out(layer.recurrent_weight)
        name = recurrent_name(selected)
        processes.append(StockProcess(name, kind, reads=neuron.name, fan_out=met))
    return [*processes, neuron]


def synapse_class(layer: SynapticLayer) -> str:
    """Return the class name of the Lava process with the synapses of a layer."""
    if isinstance(layer, StockConv):
        return "Conv"
    return "DelayDense" if isinstance(layer, StockDense) and layer.delay is not None else "Dense"


def neuron_class(selected: SelectedLayer, reset_interval: int | None) -> str:
    """Return the class name of the Lava process with the neurons of a layer."""
    if isinstance(selected.neuron, CubaNeuron):
        return "LIF" if reset_interval is None else "LIFReset"
    if isinstance(selected.layer, StockInput):
        return "Delta"
    return "Sigma" if selected.neuron.sends_sums else "SigmaDelta"


def _at_sender(met: IntArray, selected: SelectedLayer) -> IntArray:
    """Return a fan-out in the shape in which the layer before sends."""
    if selected.flattened is None:
        return met
    return np.asarray(met.reshape(selected.flattened[::-1]).transpose(2, 1, 0))
