"""Collects the neuron kinds and synapses of a plan; `splitting` says which there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InputError
from lava_spikyspace.hardware.microcode.catalogue import assemble
from lava_spikyspace.hardware.microcode.constants import bind_constants
from lava_spikyspace.hardware.microcode.kinds import NeuronKind, Synapses
from lava_spikyspace.hardware.microcode.limbs import Cut, cut_for
from lava_spikyspace.hardware.microcode.words import LIMB_BITS, words_for
from lava_spikyspace.hardware.patterns import Pattern
from lava_spikyspace.hardware.wiring import Part, wiring_of
from lava_spikyspace.intervals import limb_intervals
from lava_spikyspace.network import IntArray, Interval, Layer, Ranges
from lava_spikyspace.plan import MESSAGE, Plan, ProcessPlan, Weighted
from lava_spikyspace.profiling.counters import sends_binary


def bits_of(values: npt.ArrayLike) -> int:
    """Return the width that holds all the given values."""
    array = np.asarray(values)
    return Interval.of(array).union(Interval(0, 0)).bits if array.size else 1


def word_port(index: int) -> str:
    """Return the name of the out port of a word of a message that is wider than a payload."""
    return f"word[{index}]"


def word_payloads(message: Interval) -> dict[str, Interval]:
    """Return the range of what carries a whole message, by port."""
    words = words_for(message.union(Interval(0, 0)).bits)
    if words == 1:
        return {MESSAGE: message}
    parts = limb_intervals(message, (LIMB_BITS,) * (words - 1))
    return {word_port(index): part for index, part in enumerate(parts)}


@dataclass
class Splitter:
    """Collects kinds and synapses."""

    plan: Plan
    proven: Mapping[str, Ranges]
    kinds: list[NeuronKind] = field(default_factory=list)
    synapses: list[Synapses] = field(default_factory=list)
    cuts: dict[str, Cut] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._process = {process.layer: process for process in self.plan.processes}
        self._senders: dict[str, str] = {}
        self._wirings = {layer.name: wiring_of(layer, self.plan) for layer in self.plan.network}

    @property
    def steps(self) -> int:
        """Time steps of a frame."""
        return self.plan.frame_steps

    def process(self, layer: str) -> ProcessPlan:
        """Return the process of a layer that computes and sends."""
        return self._process[layer]

    def parts(self, layer: Layer) -> tuple[Part, ...]:
        """Return the kinds of neurons of a layer; the last one sends its message."""
        return self._wirings[layer.name].parts

    def message(self, layer: str) -> Interval:
        """Return the proven range of what a layer sends."""
        return self.proven[layer]["message"]

    def taken(self, layer: Layer, role: str) -> int:
        """Return the width of the message that a layer takes for a role."""
        return self.message(layer.source(role)).union(Interval(0, 0)).bits

    def sent(self, layer: Layer) -> dict[str, int]:
        """Return the parameters of `whole_send`: width of the message, and payloads that it takes.

        A code and its spikes fit a payload.
        """
        bits = self.message(layer.name).union(Interval(0, 0)).bits
        return {"V": bits, "WORDS": words_for(bits)}

    def sending(self, layer: Layer) -> dict[str, int]:
        """Return the parameters of `limbs_send`: how the message of a layer leaves."""
        readers = self.plan.network.consumers(layer.name)
        weighed = [r for r in readers if isinstance(r, Weighted) and r.inputs[0] == layer.name]
        cut = Cut()
        if weighed:
            cut = cut_for([r.weight for r in weighed], self.message(layer.name), layer.name)
        self.cuts[layer.name] = cut
        others = sum(r.inputs.count(layer.name) for r in readers) > len(weighed)
        return {**cut.params, "WHOLE": int(others or not cut.limbs)}

    def payloads(self, layer: Layer) -> dict[str, Interval]:
        """Return what the ports of a layer's last kind carry."""
        whole = self.message(layer.name)
        if sends_binary(self.plan, layer):
            return {MESSAGE: Interval(-1 if whole.lo < 0 else 0, 1)}
        return {**self.cuts.get(layer.name, Cut()).payloads(whole), **word_payloads(whole)}

    def leave_out(self, layer: Layer) -> None:
        """Go on without the programs of a layer, as if its message left whole."""
        self.kinds = [kind for kind in self.kinds if kind.layer != layer.name]
        self._senders[layer.name] = self.plan.sender(layer.name)
        self.cuts[layer.name] = Cut()

    def saturation(self, value: Interval, bits: int) -> dict[str, int]:
        """Return the parameters of the part ``saturate`` for a value and a width."""
        limits = Interval.signed(bits)
        return {
            "SATURATES": int(not limits.contains(value)),
            "LOWEST": limits.lo,
            "HIGHEST": limits.hi,
        }

    def add(
        self,
        layer: Layer,
        program: str,
        params: Mapping[str, int],
        constants: Mapping[str, npt.ArrayLike],
        *,
        part: Part | None = None,
        payloads: Mapping[str, Interval] | None = None,
        counts_at_end: bool = True,
    ) -> NeuronKind:
        """Add a kind.

        Parameters
        ----------
        part : Part, optional
            Which of the kinds of the layer; by default the last one.
        payloads : mapping of str to Interval, optional
            Range of what each port carries; by default those of the layer's message.
        counts_at_end : bool
            Whether it counts elements in the last step of a frame (else in the first).
        """
        part = self.parts(layer)[-1] if part is None else part
        payloads = self.payloads(layer) if payloads is None else payloads
        sizes = {"STEPS": self.steps, "WINDOW": self.plan.network.window, **self.sent(layer)}
        bound = {**sizes, **params}
        bound["UNARY"] = int(sends_binary(self.plan, layer))
        expanded, made = assemble(program, bound)
        offset = self.process(layer.name).offset
        whole, more = divmod(offset, self.steps)
        frames = whole + (more > 0 and counts_at_end)
        initial = {"step": -offset % self.steps, "element": -frames % self.plan.network.window}
        kind = NeuronKind(
            name=part.name,
            layer=layer.name,
            program=made,
            neurons=part.neurons,
            constants=bind_constants(expanded, made, constants),
            initial={key: value for key, value in initial.items() if key in made.states},
            offset=offset,
            payloads={port: payloads[port] for port in made.outputs},
        )
        self.kinds.append(kind)
        self._senders[layer.name] = part.name
        return kind

    def connect(
        self,
        layer: Layer,
        target: NeuronKind,
        cell: str,
        role: str,
        *,
        port: str | None = None,
        weight: IntArray | None = None,
        further_delay: int = 0,
        pattern: Pattern | None = None,
    ) -> None:
        """Add synapses from the kind that sends what a layer takes for a role.

        Their pattern is that of the wiring, unless `pattern` is a part of it. Without a port, they
        are those of the message, or one for each of its words.
        """
        source = layer.source(role)
        if port is None and (words := words_for(self.taken(layer, role))) > 1:
            for word in range(words):
                self.connect(
                    layer,
                    target,
                    f"{cell}.{word}",
                    role,
                    port=word_port(word),
                    weight=weight,
                    further_delay=further_delay,
                    pattern=pattern,
                )
            return
        delay = target.offset - self.process(source).output_offset + further_delay
        self.synapses.append(
            Synapses(
                source=self._senders[source],
                port=MESSAGE if port is None else port,
                target=target.name,
                cell=cell,
                role=role,
                pattern=self.pattern(layer, target, role) if pattern is None else pattern,
                weight=weight,
                delay=delay,
            )
        )

    def pattern(self, layer: Layer, target: NeuronKind, role: str) -> Pattern:
        """Return who reaches whom of what a kind of a layer takes for a role."""
        return self._wirings[layer.name].wire(role, target.name).pattern

    def connect_dense(self, layer: Weighted, target: NeuronKind) -> None:
        """Add the synapses of a weight matrix, one group for each limb of the message."""
        cut = self.cuts[layer.inputs[0]]
        weight = layer.weight.astype(np.int64)
        role = layer.INPUT_ROLES[0]
        for limb, port in enumerate(cut.ports):
            self.connect(layer, target, f"a[{limb}]", role, port=port, weight=weight)

    def connect_inside(self, source: NeuronKind, target: NeuronKind, role: str) -> None:
        """Add the synapses between two kinds of one process, for all ports of the first."""
        wire = self._wirings[target.layer].wire(role, target.name)
        self.synapses += [
            Synapses(
                source=source.name,
                port=port,
                target=target.name,
                cell=f"a[{limb}]",
                role=role,
                pattern=wire.pattern,
            )
            for limb, port in enumerate(source.payloads)
        ]

    def summed(self, layer: Weighted) -> dict[str, int]:
        """Return the parameters of a neuron that joins the sums of a dense layer."""
        source = self.plan.network[layer.inputs[0]]
        if source.name not in self.cuts:
            cut = cut_for([layer.weight], self.message(source.name), source.name)
            if cut.limbs:
                raise InputError(
                    f"{layer.name}: sums of the codes of {source.name} are wider than 24 bits",
                    hint="fewer bits for each code, or fewer inputs for each neuron",
                )
            self.cuts[source.name] = cut
        cut = self.cuts[source.name]
        acc = self.proven[layer.name]["accumulator"]
        return {"TOP": cut.limbs, "LOW": cut.bits, "ACC": acc.bits}
