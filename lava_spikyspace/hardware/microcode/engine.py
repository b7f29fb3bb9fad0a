"""Run a whole network of neuron programs, step by step, as a chip would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lava_spikyspace.arithmetic import join_limbs
from lava_spikyspace.backends.base import Records
from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.microcode.kinds import KindGraph, NeuronKind
from lava_spikyspace.hardware.microcode.machine import Cell, Machine, PathCount
from lava_spikyspace.hardware.microcode.splitting import HOST_CELL, split_plan
from lava_spikyspace.hardware.microcode.words import join_words, split_words
from lava_spikyspace.network import GateLayer, IntArray, Layer, ScanLayer, SoftplusLayer
from lava_spikyspace.plan import MESSAGE, Plan

IN_A_ROW = 2
"""Windows that follow each other in one lane: the second one sees what the first one leaves."""


@dataclass(frozen=True, eq=False)
class ProgramRun:
    """What a network of neuron programs has computed.

    Parameters
    ----------
    graph : KindGraph
        What ran.
    forecasts : ndarray, int64, shape (window, step, variate)
        What the head sent.
    records : mapping of str to ndarray
        Codes, as every backend names them (see `backends.base.Records`).
    paths : mapping of str to PathCount
        Instructions executed in the active time, by kind.
    """

    graph: KindGraph
    forecasts: IntArray
    records: Records
    paths: Mapping[str, PathCount] = field(default_factory=dict)


def run_programs(
    plan: Plan, messages: IntArray, *, in_a_row: int = IN_A_ROW, graph: KindGraph | None = None
) -> ProgramRun:
    """Run windows through the neuron programs of a network.

    Parameters
    ----------
    plan : Plan
        Network and coding.
    messages : ndarray, int64, shape (window, element, variate)
        Windows as integers.
    in_a_row : int
        Windows that follow each other without a gap; the others run side by side.
    graph : KindGraph, optional
        The kinds of the plan, where they have been made before.

    Raises
    ------
    UsageError
        There are no windows.
    StrictRangeError
        Synapses sum up more than an accumulator holds.
    ProgramError
        A program loops longer than it says.
    """
    if not len(messages):
        raise UsageError("found no windows to run")
    graph = split_plan(plan) if graph is None else graph
    lanes = -(-len(messages) // in_a_row)
    padding = [(0, lanes * in_a_row - len(messages)), (0, 0), (0, 0)]
    padded = np.pad(messages, padding, mode="edge").reshape(lanes, -1, messages.shape[-1])
    run = _Run(plan, graph, padded)
    run.to_the_end()
    whole = {name: run.windows(name)[: len(messages)] for name in run.codes}
    records = {name: codes for name, codes in whole.items() if name != plan.network.head.name}
    forecasts = whole[plan.network.head.name][:, -1].reshape(-1, *plan.network.head.output_shape)
    return ProgramRun(graph, forecasts, {**records, plan.network.head.name: forecasts}, run.paths)


def words_of(kind: NeuronKind, cell: str, values: IntArray) -> dict[Cell, IntArray]:
    """Return values as they arrive at an input of a kind: whole, or in the words that it has.

    Parameters
    ----------
    kind : NeuronKind
        What takes them.
    cell : str
        Its input.
    values : ndarray, int64
        What arrives.
    """
    if cell in kind.program.inputs:
        return {(kind.name, cell): values}
    words = [name for name in kind.program.inputs if name.startswith(f"{cell}.")]
    parts = split_words(values, len(words))
    return {(kind.name, word): part for word, part in zip(words, parts, strict=True)}


class _Run:
    """One run: feeds the input, collects what is sent and what stays inside."""

    def __init__(self, plan: Plan, graph: KindGraph, messages: IntArray) -> None:
        self.plan = plan
        self.messages = messages
        self.frames = messages.shape[1]
        self.machine = Machine(graph, len(messages))
        self.paths = {kind.name: PathCount() for kind in graph.kinds}
        senders = {kind.layer: kind for kind in graph.kinds}
        self.observed = [_Observed(layer, senders[layer.name], plan) for layer in plan.network]
        self.codes: dict[str, IntArray] = {}
        self.states = {
            kind.layer: kind.name for kind in graph.kinds if kind.name.endswith(".state")
        }

    def to_the_end(self) -> None:
        """Run all steps."""
        steps = self.plan.frame_steps
        for time in range(self.plan.latency_steps + self.frames * steps):
            frame, step = divmod(time, steps)
            given: dict[Cell, IntArray] = {}
            if step == 0 and frame < self.frames:
                given = words_of(self.machine.graph.kinds[0], HOST_CELL, self.messages[:, frame])
            self.machine.step(given)
            self._collect(time)

    def _collect(self, time: int) -> None:
        steps = self.plan.frame_steps
        for kind in self.machine.graph.kinds:
            if kind.offset <= time < kind.offset + self.frames * steps:
                self.paths[kind.name].add(self.machine.neurons[kind.name].executed)
        for observed in self.observed:
            frame, step = divmod(time - observed.begins, steps)
            if 0 <= frame < self.frames:
                self._note(observed.layer.name, frame, observed.sent(self.machine))
            frame, step = divmod(time - observed.kind.offset, steps)
            if observed.inner and step == steps - 1 and 0 <= frame < self.frames:
                suffix, state = observed.inner
                name = self.states.get(observed.layer.name, observed.kind.name)
                held = self.machine.neurons[name].states[state]
                self._note(f"{observed.layer.name}.{suffix}", frame, held)

    def _note(self, name: str, frame: int, codes: IntArray) -> None:
        if name not in self.codes:
            shape = (len(codes), self.frames, codes.shape[-1])
            self.codes[name] = np.zeros(shape, dtype=np.int64)
        self.codes[name][:, frame] += codes

    def windows(self, name: str) -> IntArray:
        """Return what was collected by window, shape (window, element, neuron)."""
        codes = self.codes[name]
        return codes.reshape(-1, self.plan.network.window, codes.shape[-1])


class _Observed:
    """What is collected of one layer.

    Parameters
    ----------
    layer : Layer
        The layer.
    kind : NeuronKind
        The kind that sends its message.
    plan : Plan
        Says when it does.
    """

    def __init__(self, layer: Layer, kind: NeuronKind, plan: Plan) -> None:
        self.layer = layer
        self.kind = kind
        process = next(p for p in reversed(plan.processes) if p.layer == layer.name)
        self.begins = process.output_offset
        self.inner: tuple[str, str] | None = None
        if isinstance(layer, ScanLayer):
            self.inner = ("state", "code")
        elif isinstance(layer, GateLayer):
            self.inner = ("code", "code")
        elif isinstance(layer, SoftplusLayer):
            self.inner = ("code", "inner")

    def sent(self, machine: Machine) -> IntArray:
        """Return what the kind has sent in this step; its limbs, where it sends no whole."""
        sent = machine.neurons[self.kind.name].sent
        if MESSAGE in sent:
            return sent[MESSAGE]
        words = [sent[port] for port in sent if port.startswith("word[")]
        if words:
            return join_words(words)
        limbs = [sent[f"limb[{i}]"] for i in range(len(sent))]
        width = self.kind.payloads["limb[0]"].hi.bit_length()
        return join_limbs(limbs, (width,) * (len(limbs) - 1))
