"""From a network to the list of processes that run it: names, links, time offsets, delays.

The plan needs no Lava. Assembly builds Lava processes from it; the batch engine, the counts and
placement use the same names and links, so that a row of a profile means the same everywhere.

Time (design of both codings). A frame is one element of the window: T steps in ``unary`` coding,
one in ``graded``; ``T = 2**b - 1`` with b the widest code that is sent as spikes. A synapse process
sends one step after it receives (as Lava's connection processes do). A neuron that integrates codes
over its frame decides at the end and sends in the next frame. Everything else answers in the same
step. So each process has a static offset: the step at which the first frame of its input begins.
Where paths of different length meet, the consumer holds the earlier message back in a delay line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, singledispatch
from typing import Literal

import numpy as np

from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import (
    ConvLayer,
    DenseLayer,
    GateLayer,
    HeadLayer,
    InputLayer,
    IntArray,
    Layer,
    LinearLayer,
    Network,
    NormEncoderLayer,
    ProductLayer,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.spike_ssm.layers import ClassificationHeadLayer

Coding = Literal["graded", "unary"]
"""``unary``: a code q is q binary spikes in a frame of T steps; ``graded``: one message q."""

CODINGS: tuple[Coding, ...] = ("graded", "unary")

MESSAGE = "message"
"""Name of the port that carries what a process sends."""

SQUARES = ".squares"
"""Suffix of the row of the neurons that square the channels of a root mean square."""

STATE = ".state"
"""Suffix of the row of the neurons that hold states."""

MAX_LIMBS = 4
"""Limbs that a receiving neuron has ports for."""


def limb_port(index: int) -> str:
    """Return the name of the out port that carries limb `index` of a message."""
    return f"limb{index}"


def limb_of(port: str) -> int:
    """Return which limb an out port carries; see `limb_port`."""
    return int(port.removeprefix("limb"))


def limb_role(role: str, index: int) -> str:
    """Return the name of the in port for limb `index` of a wide message; the lowest has `role`."""
    return f"{role}_{index}" if index else role


@dataclass(frozen=True, eq=False)
class Link:
    """A connection from an out port of one process to an in port of another.

    Parameters
    ----------
    source, port : str
        Process that sends, and its out port.
    target, role : str
        Process that receives, and its in port.
    delay : int
        Steps that the target holds the message back.
    """

    source: str
    port: str
    target: str
    role: str
    delay: int


@dataclass(frozen=True, eq=False)
class Arrival:
    """Events that reach a row of the counts. Sums of synapse processes are no events.

    Parameters
    ----------
    source, port : str
        Row that sends, and its out port.
    fan_out : int or ndarray, shape (source channel,), optional
        Non-zero weights that one event meets: an int where it is the same for all channels; None
        where it depends on the element of the window, so that the engines count it themselves.
    """

    source: str
    port: str
    fan_out: int | IntArray | None


@dataclass(frozen=True)
class ProcessPlan:
    """One Lava process.

    Parameters
    ----------
    name : str
        Unique: the layer's name and a suffix.
    layer : str
        Name of the layer that it belongs to.
    kind : str
        Class name of the Lava process.
    rows : tuple of (str, int)
        Name and number of neurons of each row that the counts report for it, one for each kind of
        neurons that it is on a chip; synapses have 0.
    offset : int
        Step (from 0) at which the first frame of its input begins.
    output_offset : int
        Step at which its first message leaves.
    limb : int
        Which limb of the message a synapse process sees.
    """

    name: str
    layer: str
    kind: str
    rows: tuple[tuple[str, int], ...]
    offset: int
    output_offset: int
    limb: int = 0

    @property
    def sending_row(self) -> str:
        """Name of the row whose events leave the process: the last one."""
        return self.rows[-1][0]

    @property
    def inner_row(self) -> str | None:
        """Name of the row whose events stay inside the process, if there is one: the first one."""
        return self.rows[0][0] if len(self.rows) > 1 else None


@dataclass(frozen=True)
class Plan:
    """The processes of a network in one coding, in the order of the data.

    Parameters
    ----------
    network : Network
        What is planned.
    coding : str
        ``graded`` or ``unary``.
    frame_steps : int
        Steps T of a frame.
    processes : tuple of ProcessPlan
        In topological order.
    links : tuple of Link
        All connections.
    arrivals : mapping of str to tuple of Arrival
        Events that reach each row, by row name.
    """

    network: Network
    coding: Coding
    frame_steps: int
    processes: tuple[ProcessPlan, ...]
    links: tuple[Link, ...]
    arrivals: Mapping[str, tuple[Arrival, ...]]

    @cached_property
    def latency_steps(self) -> int:
        """Steps from the first input to the first frame of the forecast head."""
        return self.processes[-1].offset

    def time_steps(self, windows: int) -> int:
        """Return the Lava steps that `windows` windows take, pipeline latency included."""
        return self.latency_steps + windows * self.network.window * self.frame_steps

    def sender(self, layer: str) -> str:
        """Return the name of the row that sends the message of a layer."""
        return self._neurons_of[layer].sending_row

    def rows_of(self, layer: str) -> tuple[tuple[str, int], ...]:
        """Return name and number of neurons of the rows of a layer that have neurons."""
        return self._neurons_of[layer].rows

    def inner_row(self, layer: str) -> str | None:
        """Return the name of the row inside the process of a layer, if there is one."""
        return self._neurons_of[layer].inner_row

    def links_to(self, process: str) -> tuple[Link, ...]:
        """Return the links that end at a process."""
        return self._incoming.get(process, ())

    def ports(self, process: str) -> tuple[str, ...]:
        """Return the names of the out ports that a process uses, `MESSAGE` first.

        What is sent only in limbs is not sent whole; what has no receiver leaves by `MESSAGE`.
        """
        used = {link.port for link in self.links if link.source == process} or {MESSAGE}
        return tuple(sorted(used, key=lambda port: (port != MESSAGE, port)))

    def limb_widths(self, process: str) -> tuple[int, ...]:
        """Return the widths of the low limbs that a process splits its message into."""
        return self._limbs.get(process, ())

    @cached_property
    def _neurons_of(self) -> dict[str, ProcessPlan]:
        # Later processes of a layer replace earlier ones: the last one has the neurons, and sends.
        return {process.layer: process for process in self.processes}

    @cached_property
    def _incoming(self) -> dict[str, tuple[Link, ...]]:
        incoming: dict[str, tuple[Link, ...]] = {}
        for link in self.links:
            incoming[link.target] = (*incoming.get(link.target, ()), link)
        return incoming

    @cached_property
    def _limbs(self) -> dict[str, tuple[int, ...]]:
        layer_of = {process.name: process.layer for process in self.processes}
        senders = {link.source for link in self.links if link.port != MESSAGE}
        return {sender: self.network.limbs_of(layer_of[sender]) for sender in senders}


def make_plan(network: Network, coding: Coding) -> Plan:
    """Lay out a network as processes.

    Parameters
    ----------
    network : Network
        Integer network.
    coding : str
        ``graded`` or ``unary``.
    """
    widest = max((layer.bits or 1 for layer in network), default=1)
    steps = (1 << widest) - 1 if coding == "unary" else 1
    builder = PlanBuilder(network, steps)
    for layer in network:
        expand(layer, builder)
    arrivals = {row: tuple(found) for row, found in builder.arrivals.items()}
    return Plan(network, coding, steps, tuple(builder.processes), tuple(builder.links), arrivals)


Weighted = DenseLayer | ClassificationHeadLayer
"""Layers whose sums come from `Dense` processes."""


@dataclass
class PlanBuilder:
    """Collects processes and links; knows when and where each layer's message leaves."""

    network: Network
    frame_steps: int
    processes: list[ProcessPlan] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    sender: dict[str, ProcessPlan] = field(default_factory=dict)

    def add(
        self,
        layer: Layer,
        kind: str,
        offset: int,
        latency: int,
        *,
        suffix: str = "",
        neurons: int | None = None,
        rows: tuple[tuple[str, int], ...] | None = None,
        limb: int = 0,
    ) -> ProcessPlan:
        """Add a process; the last one added for a layer is the one that sends its message."""
        name = layer.name + suffix
        counted = rows or ((name, layer.neurons if neurons is None else neurons),)
        process = ProcessPlan(name, layer.name, kind, counted, offset, offset + latency, limb)
        self.processes.append(process)
        self.sender[layer.name] = process
        self.arrivals.update({row: [] for row, _ in counted})
        return process

    def wire(
        self, source: ProcessPlan, target: ProcessPlan, role: str, port: str = MESSAGE
    ) -> None:
        """Add a link that carries sums; its delay aligns the source with the target's frames."""
        delay = target.offset - source.output_offset
        if delay < 0:
            raise InternalError(f"{target.name} starts before {source.name} has sent")
        self.links.append(Link(source.name, port, target.name, role, delay))

    def connect(
        self,
        source: ProcessPlan,
        target: ProcessPlan,
        role: str,
        fan_out: int | IntArray | None,
        port: str = MESSAGE,
    ) -> None:
        """Add a link that carries events to the (first) row of the target."""
        self.wire(source, target, role, port)
        self.arrive(source.sending_row, target.rows[0][0], fan_out, port)

    def deliver(
        self,
        source: ProcessPlan,
        target: ProcessPlan,
        role: str,
        fan_outs: Mapping[str, int | IntArray | None] | int | IntArray | None,
    ) -> None:
        """Connect the message of a layer, limb by limb where it is wide.

        `fan_outs` is that of the first row of the target, or one by row.
        """
        rows = fan_outs if isinstance(fan_outs, Mapping) else {target.rows[0][0]: fan_outs}
        limbs = self.network.limbs_of(source.layer) if self.network.is_wide(source.layer) else ()
        ports = [limb_port(limb) for limb in range(len(limbs) + 1)] if limbs else [MESSAGE]
        for limb, port in enumerate(ports):
            self.wire(source, target, limb_role(role, limb), port)
            for row, fan_out in rows.items():
                self.arrive(source.sending_row, row, fan_out, port)

    def arrive(
        self, source: str, target: str, fan_out: int | IntArray | None, port: str = MESSAGE
    ) -> None:
        """Note that the events of one row reach another."""
        self.arrivals[target].append(Arrival(source, port, fan_out))

    def synapses(self, layer: Weighted, source: ProcessPlan) -> list[ProcessPlan]:
        """Add the `Dense` processes of a layer, one per limb of its input message."""
        limbs: tuple[int, ...] = getattr(layer, "limbs", ())
        count = len(limbs) + 1
        if count > MAX_LIMBS:
            raise InternalError(f"{layer.name}: {count} limbs, at most {MAX_LIMBS} have ports")
        fan_out = np.count_nonzero(layer.weight, axis=0).astype(np.int64)
        processes = []
        for limb in range(count):
            process = self.add(
                layer,
                "Dense",
                source.output_offset,
                1,
                suffix=f".synapses{limb_suffix(limb, count)}",
                neurons=0,
                limb=limb,
            )
            port = limb_port(limb) if limbs else MESSAGE
            self.connect(source, process, "s_in", fan_out, port)
            processes.append(process)
        return processes

    def dense_neuron(
        self, layer: Weighted, kind: str, source: str, latency: int, *others: str
    ) -> ProcessPlan:
        """Add the synapses of a dense layer and the neuron process that reads their sums."""
        synapses = self.synapses(layer, self.sender[source])
        ready = [synapses[0].output_offset, *(self.sender[o].output_offset for o in others)]
        neuron = self.add(layer, kind, max(ready), latency, suffix=".neuron")
        for process in synapses:
            self.wire(process, neuron, f"a_in_{process.limb}")
        return neuron


def limb_suffix(limb: int, count: int) -> str:
    """Return the suffix of a limb's synapses: nothing for the lowest, ``.hi`` for the top one."""
    if limb == 0:
        return ""
    if limb == count - 1:
        return ".hi"
    return ".mid" if count == 3 else f".mid{limb}"


@singledispatch
def expand(layer: Layer, builder: PlanBuilder) -> None:
    """Add the processes and links of one layer."""
    raise InternalError(f"no plan for layers of type {type(layer).__name__}")


@expand.register
def _(layer: InputLayer, builder: PlanBuilder) -> None:
    builder.add(layer, "WindowSource", 0, 0)


@expand.register
def _(layer: RmsNormLayer, builder: PlanBuilder) -> None:
    source = builder.sender[layer.source("residual")]
    squares = layer.name + SQUARES
    rows = ((squares, layer.channels), (layer.name, layer.neurons))
    norm = builder.add(layer, "RmsNorm", source.output_offset, 0, rows=rows)
    builder.deliver(source, norm, "a_in", {squares: 1})
    builder.arrive(squares, layer.name, 1)


@expand.register
def _(layer: NormEncoderLayer, builder: PlanBuilder) -> None:
    # The gate sends a message at the end of its frame like the encoder, so both wait one frame.
    kind = "PTSiLU" if isinstance(layer, GateLayer) else "NormEncoder"
    residual, rms = layer.source("residual"), layer.source("rms")
    neuron = builder.dense_neuron(layer, kind, residual, builder.frame_steps, rms)
    builder.deliver(builder.sender[rms], neuron, "rms_in", layer.neurons)


@expand.register
def _(layer: DenseLayer, builder: PlanBuilder) -> None:
    builder.dense_neuron(layer, "ThresholdEncoder", layer.source("codes"), builder.frame_steps)


@expand.register
def _(layer: SoftplusLayer, builder: PlanBuilder) -> None:
    builder.dense_neuron(layer, "PTSoftplus", layer.source("codes"), builder.frame_steps)


@expand.register
def _(layer: LinearLayer, builder: PlanBuilder) -> None:
    builder.dense_neuron(layer, "LinearNeuron", layer.source("codes"), builder.frame_steps)


@expand.register
def _(layer: ConvLayer, builder: PlanBuilder) -> None:
    source = builder.sender[layer.source("codes")]
    synapses = builder.add(
        layer, "CausalConv", source.output_offset, 1, suffix=".synapses", neurons=0
    )
    builder.connect(source, synapses, "s_in", None)
    neuron = builder.add(
        layer, "ThresholdEncoder", synapses.output_offset, builder.frame_steps, suffix=".neuron"
    )
    builder.wire(synapses, neuron, "a_in_0")


@expand.register
def _(layer: ScanLayer, builder: PlanBuilder) -> None:
    sources = {role: builder.sender[layer.source(role)] for role in layer.INPUT_ROLES}
    offset = max(source.output_offset for source in sources.values())
    channels, states = layer.neurons, layer.states
    rows = ((layer.name + STATE, channels * states), (f"{layer.name}.output", channels))
    scan = builder.add(layer, "SelectiveScan", offset, builder.frame_steps, rows=rows)
    (state, _), (output, _) = rows
    fan_outs: dict[str, dict[str, int]] = {
        "codes": {state: states, output: 1},
        "delta": {state: states},
        "B": {state: channels},
        # The neuron of a state multiplies by C what its channel reads of it.
        "C": {state: channels},
    }
    for role, source in sources.items():
        builder.deliver(source, scan, f"{role.lower()}_in", fan_outs[role])
    builder.arrive(state, output, 1)


@expand.register
def _(layer: ProductLayer, builder: PlanBuilder) -> None:
    scan, gate = (builder.sender[layer.source(role)] for role in ("scan", "gate"))
    offset = max(scan.output_offset, gate.output_offset)
    product = builder.add(layer, "Product", offset, builder.frame_steps)
    builder.connect(scan, product, "scan_in", 1)
    builder.deliver(gate, product, "gate_in", 1)


@expand.register
def _(layer: ResidualLayer, builder: PlanBuilder) -> None:
    product, residual = layer.source("product"), layer.source("residual")
    neuron = builder.dense_neuron(layer, "Residual", product, 0, residual)
    builder.deliver(builder.sender[residual], neuron, "residual_in", 1)


@expand.register
def _(layer: HeadLayer, builder: PlanBuilder) -> None:
    source = builder.sender[layer.source("residual")]
    head = builder.add(layer, "ForecastHead", source.output_offset, 0)
    builder.deliver(source, head, "a_in", None)


# The layers of the other family register themselves; they need the names above.
from lava_spikyspace.spike_ssm import planning as _spike_ssm  # noqa: E402, F401
