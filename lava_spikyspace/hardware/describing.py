"""From a plan to the groups of neurons and synapses that a chip would hold.

Neuron groups are the kinds of neurons of `wiring`, one for each program and each row of the counts
that has neurons; synapse groups are one for each kind of event that reaches a kind. So a count
belongs to a group, and an estimate charges what was counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
from lava_spikyspace.hardware.microcode.kinds import NeuronKind
from lava_spikyspace.hardware.microcode.paths import path_lengths
from lava_spikyspace.hardware.microcode.splitting import try_to_split
from lava_spikyspace.hardware.microcode.words import WORD_BITS
from lava_spikyspace.hardware.registers import (
    products_of,
    registers_of,
    registers_unnamed,
    square_of,
)
from lava_spikyspace.hardware.wiring import Part, Wire, wiring_of
from lava_spikyspace.intervals import dense_rows, limb_intervals, prove_ranges
from lava_spikyspace.network import ConvLayer, Interval, Layer, Ranges, RmsNormLayer
from lava_spikyspace.plan import (
    MESSAGE,
    Arrival,
    Plan,
    ProcessPlan,
    Weighted,
    limb_of,
    limb_suffix,
)
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
        Neuron groups have the names of neuron kinds and of rows of the counts.
    """
    return _Describer(plan).graph()


class _Describer:
    """Walks the processes of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.proven: Mapping[str, Ranges] = prove_ranges(plan.network)
        self.process_of = {row: p for p in plan.processes for row, _ in p.rows}
        self.kinds, self.refused = try_to_split(plan, self.proven)
        self.wirings = {layer.name: wiring_of(layer, plan) for layer in plan.network}

    def graph(self) -> GroupGraph:
        """Return all groups."""
        synapses = tuple(
            group for process in self.plan.processes for group in self._synapses_of(process)
        )
        arriving: dict[str, list[SynapseGroup]] = {}
        for group in synapses:
            arriving.setdefault(group.target, []).append(group)
        neurons = tuple(
            self._neurons(process, part, arriving.get(part.name, []))
            for process in self.plan.processes
            if any(count for _, count in process.rows)
            for part in self.wirings[process.layer].parts
        )
        return GroupGraph(neurons, synapses, _exporter(self.plan))

    def _neurons(
        self, process: ProcessPlan, part: Part, arriving: list[SynapseGroup]
    ) -> NeuronGroup:
        layer = self.plan.network[process.layer]
        suffix = part.name.removeprefix(layer.name)
        registers = registers_of(layer, suffix, self.proven[layer.name])
        constants = constants_of(layer, suffix)
        error = self.refused.get(layer.name)
        kind = self.kinds.by_name.get(part.name)
        if kind is None:
            sums = [g.accumulator for g in arriving if g.accumulator is not None]
            # A layer of one's own, or one whose sums no word holds.
            others = registers_unnamed(layer, suffix, self.plan, self.proven[layer.name])
            state_bytes = sum(bytes_of(value) for value in (*registers.values(), *others, *sums))
        else:
            state_bytes = _state_bytes(kind)
        return NeuronGroup(
            name=part.name,
            layer=layer.name,
            neurons=part.neurons,
            program=process.kind,
            state_bytes=state_bytes + constants.each,
            shared_bytes=constants.shared,
            registers=registers,
            products=products_of(layer, suffix, self.proven[layer.name]),
            on_host=process.kind == _HOST,
            refusal=None if error is None else Refusal(error.message, error.hint or ""),
            instructions=None if kind is None else path_lengths(kind.program),
        )

    def _synapses_of(self, process: ProcessPlan) -> Iterator[SynapseGroup]:
        """Yield the synapses that end at the neurons of a process, or that are the process."""
        wiring = self.wirings[process.layer]
        layer = self.plan.network[process.layer]
        rows = {row for row, _ in process.rows}
        is_weighted = process.kind in ("Dense", "CausalConv")
        for row, _ in process.rows:
            for arrival in self.plan.arrivals[row]:
                if arrival.source in rows:
                    continue
                role = self._role(layer, arrival)
                for wire in wiring.wires:
                    is_here = is_weighted or row == wire.target
                    if wire.role == role and wire.source is None and is_here:
                        yield self._outer(process, row, arrival, wire)
            for wire in wiring.inside:
                if wire.source is not None and wire.target == row:
                    yield from self._inner(wire, wire.source)

    def _role(self, layer: Layer, arrival: Arrival) -> str:
        """Return what a layer takes the events of a source for."""
        source = self.process_of[arrival.source].layer
        for role in layer.INPUT_ROLES:
            if layer.source(role) == source:
                return role
        raise InternalError(f"{layer.name} does not read {source}")

    def _outer(self, process: ProcessPlan, row: str, arrival: Arrival, wire: Wire) -> SynapseGroup:
        """Return synapses from another layer."""
        layer = self.plan.network[process.layer]
        source = self.plan.network[self.process_of[arrival.source].layer]
        is_weighted = process.kind in ("Dense", "CausalConv")
        message = self._message(source, arrival)
        binary = sends_binary(self.plan, source)
        per_step = _per_step(message) if binary else message
        return SynapseGroup(
            name=row if is_weighted else self._limb_name(wire, arrival),
            row=row,
            source=arrival.source,
            target=wire.target,
            role=wire.role,
            port=arrival.port,
            pattern=wire.pattern,
            weight_bits=WEIGHT_BITS if is_weighted else 1,
            payload=None if binary else message,
            is_code=source.bits is not None,
            is_signed=message.lo < 0,
            accumulator=_sum_range(layer, per_step) if is_weighted else per_step,
            delay_steps=self._delay(process, arrival, layer),
        )

    def _inner(self, wire: Wire, source: str) -> Iterator[SynapseGroup]:
        """Yield the synapses from a kind of neurons to another of the same layer."""
        sender = self.kinds.by_name.get(source)
        layer = self.plan.network[self.process_of[wire.target].layer]
        proven = self.proven[layer.name]
        payloads = {MESSAGE: _passed(layer, proven)} if sender is None else sender.payloads
        each = wire.pattern.synapses // wire.pattern.targets
        for index, (port, payload) in enumerate(payloads.items()):
            total = Interval(each * payload.lo, each * payload.hi)
            yield SynapseGroup(
                name=_name(wire, index, len(payloads)),
                row=wire.target,
                source=source,
                target=wire.target,
                role=wire.role,
                port=port,
                pattern=wire.pattern,
                payload=payload,
                is_signed=payload.lo < 0,
                accumulator=proven["accumulator"] if sender is None else total,
            )

    def _limb_name(self, wire: Wire, arrival: Arrival) -> str:
        """Return the name of synapses one to one, of one limb where the message has some."""
        count = len(self.plan.limb_widths(self.process_of[arrival.source].name)) + 1
        limb = 0 if arrival.port == MESSAGE else limb_of(arrival.port)
        return _name(wire, limb, count)

    def _message(self, source: Layer, arrival: Arrival) -> Interval:
        """Return the range of what one event carries (of the code, where it is spikes)."""
        whole = self.proven[source.name]["message"]
        if arrival.port == MESSAGE:
            return whole
        widths = self.plan.limb_widths(self.process_of[arrival.source].name)
        return limb_intervals(whole, widths)[limb_of(arrival.port)]

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


def _state_bytes(kind: NeuronKind) -> int:
    """Return the bytes of the words that a neuron keeps from step to step, and of its sums."""
    return (kind.state_words + len(kind.program.inputs)) * (WORD_BITS // 8)


def bytes_of(value: Interval) -> int:
    """Return the bytes of a register that holds a range."""
    return -(-value.bits // 8)


def _exporter(plan: Plan) -> Exporter:
    """Return whose flags a hint may name."""
    has_s4d = any(isinstance(layer, S4dLayer) for layer in plan.network)
    return "spike-ssm" if has_s4d else "lava-spikyspace"


def _name(wire: Wire, limb: int, limbs: int) -> str:
    """Return the name of synapses that are no row of the counts."""
    return f"{wire.target}.{wire.role}.synapses{limb_suffix(limb, limbs)}"


def _passed(layer: Layer, proven: Ranges) -> Interval:
    """Return what one message inside a process is known to carry without its program."""
    if isinstance(layer, RmsNormLayer):
        return square_of(layer, proven)
    # What a channel reads of one state is not known better than the sum over all.
    return proven["accumulator"]


def _per_step(code: Interval) -> Interval:
    """Return the range of one binary spike of a code."""
    return Interval(-1 if code.lo < 0 else 0, 1 if code.hi > 0 else 0)


def _sum_range(layer: Layer, x: Interval) -> Interval:
    """Return the range of the weighted sum at one neuron in one step."""
    if not isinstance(layer, Weighted | ConvLayer):
        raise InternalError(f"{layer.name} has no weights")
    low, high = dense_rows(layer.weight, x.union(Interval(0, 0)))
    return Interval(int(np.min(low)), int(np.max(high)))
