"""From a plan to the groups of neurons and synapses that a chip would hold.

The groups are those of the plan: one neuron group for each row of the counts that has neurons, one
synapse group for each kind of event that reaches a row. So a count belongs to a group, and an
estimate charges what was counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.groups import (
    Exporter,
    GroupGraph,
    NeuronGroup,
    Refusal,
    SynapseGroup,
)
from lava_spikyspace.hardware.memory import constants_of
from lava_spikyspace.hardware.microcode.paths import path_lengths
from lava_spikyspace.hardware.microcode.splitting import try_to_split
from lava_spikyspace.hardware.patterns import Dense, FanIn, FanOut, Pattern, Strided
from lava_spikyspace.hardware.registers import products_of, registers_of
from lava_spikyspace.intervals import dense_rows, limb_intervals, prove_ranges
from lava_spikyspace.network import (
    ConvLayer,
    HeadLayer,
    Interval,
    Layer,
    Ranges,
    RmsNormLayer,
    ScanLayer,
)
from lava_spikyspace.plan import MESSAGE, Arrival, Plan, ProcessPlan, Weighted
from lava_spikyspace.profiling.counters import sends_binary
from lava_spikyspace.spike_ssm.layers import S4dLayer

WEIGHT_BITS = 8
"""Weights of the network are int8."""

_HOST = "WindowSource"
"""The process that plays windows runs beside the cores."""


def describe_plan(plan: Plan) -> GroupGraph:
    """Describe a planned network as groups of neurons and synapses.

    Parameters
    ----------
    plan : Plan
        Network and coding.

    Returns
    -------
    GroupGraph
        Neuron groups have the names of rows of the counts.
    """
    return _Describer(plan).graph()


class _Describer:
    """Walks the processes of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.proven: Mapping[str, Ranges] = prove_ranges(plan.network)
        self.process_of = {row: p for p in plan.processes for row, _ in p.rows}
        self.kinds, self.refused = try_to_split(plan)

    def graph(self) -> GroupGraph:
        """Return all groups."""
        synapses = tuple(
            self._synapses(process, row, arrival)
            for process in self.plan.processes
            for row, _ in process.rows
            for arrival in self.plan.arrivals[row]
        )
        neurons = tuple(
            self._neurons(process, row, count, synapses)
            for process in self.plan.processes
            for row, count in process.rows
            if count
        )
        return GroupGraph(neurons, synapses, _exporter(self.plan))

    def _neurons(
        self, process: ProcessPlan, row: str, count: int, synapses: tuple[SynapseGroup, ...]
    ) -> NeuronGroup:
        layer = self.plan.network[process.layer]
        part = row.removeprefix(layer.name)
        registers = registers_of(layer, part, self.proven[layer.name])
        sums = {
            f"sum of {group.name}": group.accumulator
            for group in synapses
            if group.target == row and group.accumulator is not None
        }
        constants = constants_of(layer, part)
        error = self.refused.get(layer.name)
        paths = [path_lengths(k.program) for k in self.kinds.kinds if row in (k.name, k.row)]
        held = [*registers.values(), *sums.values()]
        return NeuronGroup(
            name=row,
            layer=layer.name,
            neurons=count,
            program=process.kind,
            state_bytes=sum(bytes_of(value) for value in held) + constants.each,
            shared_bytes=constants.shared,
            registers=registers,
            products=products_of(layer, part, self.proven[layer.name]),
            on_host=process.kind == _HOST,
            refusal=None if error is None else Refusal(error.message, error.hint or ""),
            instructions=max(paths, key=max, default=None),
        )

    def _synapses(self, process: ProcessPlan, row: str, arrival: Arrival) -> SynapseGroup:
        layer = self.plan.network[process.layer]
        source = self.plan.network[self.process_of[arrival.source].layer]
        role = _role(layer, source, arrival.source)
        is_weighted = process.kind in ("Dense", "CausalConv")
        message = self._message(source, arrival)
        binary = sends_binary(self.plan, source) and not self._is_inner(arrival)
        per_step = _per_step(message) if binary else message
        return SynapseGroup(
            name=row if is_weighted else f"{row}.{role}{_limb_suffix(arrival)}",
            row=row,
            source=arrival.source,
            target=f"{layer.name}.neuron" if is_weighted else row,
            role=role,
            port=arrival.port,
            pattern=_pattern(layer, row, role),
            weight_bits=WEIGHT_BITS if is_weighted else 1,
            payload=None if binary else message,
            is_code=source.bits is not None and not self._is_inner(arrival),
            is_signed=message.lo < 0,
            accumulator=_sum_range(layer, per_step) if is_weighted else per_step,
            delay_steps=self._delay(process, arrival, layer),
        )

    def _is_inner(self, arrival: Arrival) -> bool:
        """Whether the events are state codes of a scan, which never leave their process."""
        return arrival.source != self.process_of[arrival.source].sending_row

    def _message(self, source: Layer, arrival: Arrival) -> Interval:
        """Return the range of what one event carries (of the code, where it is spikes)."""
        if self._is_inner(arrival) and isinstance(source, ScanLayer):
            return Interval(0, (1 << source.state_bits) - 1)
        whole = self.proven[source.name]["message"]
        if arrival.port == MESSAGE:
            return whole
        widths = self.plan.limb_widths(self.process_of[arrival.source].name)
        return limb_intervals(whole, widths)[int(arrival.port.removeprefix("limb"))]

    def _delay(self, process: ProcessPlan, arrival: Arrival, layer: Layer) -> int:
        """Return the steps that an event is held back on its way to the neuron."""
        source = self.process_of[arrival.source].name
        into = [
            link.delay
            for link in self.plan.links_to(process.name)
            if link.source == source and link.port == arrival.port
        ]
        onward = [
            link.delay
            for link in self.plan.links_to(f"{layer.name}.neuron")
            if link.source == process.name
        ]
        taps = layer.weight.shape[1] - 1 if isinstance(layer, ConvLayer) else 0
        return max(into, default=0) + max(onward, default=0) + taps * self.plan.frame_steps


def bytes_of(value: Interval) -> int:
    """Return the bytes of a register that holds a range."""
    return -(-value.bits // 8)


def _exporter(plan: Plan) -> Exporter:
    """Return whose flags a hint may name."""
    has_s4d = any(isinstance(layer, S4dLayer) for layer in plan.network)
    return "spike-ssm" if has_s4d else "lava-spikyspace"


def _limb_suffix(arrival: Arrival) -> str:
    """Return what tells the limbs of a wide message apart."""
    return "" if arrival.port == MESSAGE else f".{arrival.port}"


def _per_step(code: Interval) -> Interval:
    """Return the range of one binary spike of a code."""
    return Interval(-1 if code.lo < 0 else 0, 1 if code.hi > 0 else 0)


def _role(layer: Layer, source: Layer, row: str) -> str:
    """Return what a layer takes the events of a source for."""
    if source.name == layer.name:
        return row.removeprefix(f"{layer.name}.")
    for role in layer.INPUT_ROLES:
        if layer.source(role) == source.name:
            return role
    raise InternalError(f"{layer.name} does not read {source.name}")


def _pattern(layer: Layer, row: str, role: str) -> Pattern:
    """Return who reaches whom."""
    if isinstance(layer, ScanLayer):
        channels, states = layer.neurons, layer.states
        if row.endswith(".state"):
            return (
                Strided(states, channels * states)
                if role in ("B", "C")
                else FanOut(channels, channels * states)
            )
        return {
            "codes": FanOut(channels, channels),
            "state": FanIn(channels * states, channels),
        }[role]
    if isinstance(layer, ConvLayer):
        return FanOut(layer.neurons, layer.neurons, taps=layer.weight.shape[1])
    if isinstance(layer, Weighted) and ".synapses" in row.removeprefix(layer.name):
        return Dense(layer.weight.shape[1], layer.neurons)
    if role == "rms":
        return Dense(1, layer.neurons)
    if isinstance(layer, RmsNormLayer):
        return Dense(layer.channels, 1)
    if isinstance(layer, HeadLayer):
        return Strided(layer.channels, layer.neurons)
    return FanOut(layer.neurons, layer.neurons)


def _sum_range(layer: Layer, x: Interval) -> Interval:
    """Return the range of the weighted sum at one neuron in one step."""
    if not isinstance(layer, Weighted | ConvLayer):
        raise InternalError(f"{layer.name} has no weights")
    low, high = dense_rows(layer.weight, x.union(Interval(0, 0)))
    return Interval(int(np.min(low)), int(np.max(high)))
