"""A network as a chip sees it: groups of neurons, and groups of synapses between them.

This is all that rules, placement and estimates know of a network. `hardware.describing` makes it
from a plan; other kinds of networks can be described the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.patterns import Pattern
from lava_spikyspace.network import Interval
from lava_spikyspace.plan import MESSAGE

STANDARD_NEURON = "LIF"
"""Program of the leaky integrate-and-fire neuron, which every chip has built in."""


Exporter: TypeAlias = Literal["lava-spikyspace", "spike-ssm", "lava-dl"]
"""Who has written a network: ours for either family, or lava-dl."""


@dataclass(frozen=True)
class Refusal:
    """Why neurons have no program in the public operations of the chip.

    Parameters
    ----------
    message, hint : str
        What it would need, and what helps.
    """

    message: str
    hint: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronGroup:
    """Neurons of one kind: one program, parameters of the same form.

    Parameters
    ----------
    name : str
        Unique; where the counts have a row for these neurons, its name.
    layer : str
        Layer of the network that they belong to.
    neurons : int
        How many.
    program : str
        What they compute; `STANDARD_NEURON` needs no program.
    state_bytes : int
        State and parameters of each neuron.
    shared_bytes : int
        Tables that all neurons of the group on one core share.
    registers : mapping of str to Interval
        State variables by name, with the range that each is proven to stay in.
    products : mapping of str to Interval
        Products inside the program before their shift, with their proven range.
    on_host : bool
        Whether they run beside the neuromorphic cores and only send.
    reset_interval : int, optional
        Steps after which the chip resets their state; None if they see to it themselves.
    refusal : Refusal, optional
        Why no program in public operations computes them; None where one does, or none is needed.
    instructions : tuple of (int, int), optional
        Instructions of an update on the shortest and the longest path; None without a program.
    """

    name: str
    layer: str
    neurons: int
    program: str = STANDARD_NEURON
    state_bytes: int = 8
    shared_bytes: int = 0
    registers: Mapping[str, Interval] = field(default_factory=dict)
    products: Mapping[str, Interval] = field(default_factory=dict)
    on_host: bool = False
    reset_interval: int | None = None
    refusal: Refusal | None = None
    instructions: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class SynapseGroup:
    """Synapses of one kind between two groups of neurons.

    Parameters
    ----------
    name : str
        Unique.
    row : str
        Row of the counts that its synaptic operations belong to.
    source, target : str
        Names of the neuron groups.
    role : str
        What the target takes the events for, such as ``rms``.
    port : str
        Out port of the source.
    pattern : Pattern
        Who reaches whom.
    weight_bits : int
        Bits of a weight; 1 for synapses that pass the event on as it is.
    weight_exponent : int
        Common power of two of the weights.
    payload : Interval, optional
        Range of the payload that the events carry; None for binary spikes.
    is_code : bool
        Whether the payload is a code, which the other coding sends as binary spikes.
    is_signed : bool
        Whether events carry a sign.
    accumulator : Interval, optional
        Proven range of the sum at one neuron.
    delay_steps : int
        Longest delay.
    """

    name: str
    row: str
    source: str
    target: str
    role: str
    port: str
    pattern: Pattern
    weight_bits: int = 1
    weight_exponent: int = 0
    payload: Interval | None = None
    is_code: bool = False
    is_signed: bool = False
    accumulator: Interval | None = None
    delay_steps: int = 0

    @property
    def link(self) -> str:
        """Sender and receiver, as findings name them."""
        what = self.role if self.port == MESSAGE else f"{self.role}, {self.port}"
        return f"{self.source} -> {self.target} ({what})"


@dataclass(frozen=True, eq=False)
class GroupGraph:
    """All groups of a network.

    Parameters
    ----------
    neurons : tuple of NeuronGroup
        In the order of the data.
    synapses : tuple of SynapseGroup
        In the order of their targets.
    exporter : {"lava-spikyspace", "spike-ssm", "lava-dl"}
        What has written the network, for hints.
    """

    neurons: tuple[NeuronGroup, ...]
    synapses: tuple[SynapseGroup, ...]
    exporter: Exporter = "lava-spikyspace"

    def narrower(self, limit: int) -> str:
        """Return how to get a network whose values fit so many bits."""
        if self.exporter == "lava-dl":
            return f"train the layer with smaller weights, biases or thresholds ({limit} bits)"
        if self.exporter == "spike-ssm":
            return f"fewer channels or states ({limit} bits): formats of this family are fixed"
        return f"export the model with --width {limit}"

    def __post_init__(self) -> None:
        for group in self.synapses:
            for name in (group.source, group.target):
                if name not in self.by_name:
                    raise InternalError(f"{group.name}: there is no neuron group {name}")
            last = group.pattern.first + group.pattern.sources
            if last > self.by_name[group.source].neurons:
                raise InternalError(f"{group.name}: {group.source} has fewer than {last} neurons")
            targets = self.by_name[group.target].neurons
            if group.pattern.targets != targets:
                raise InternalError(f"{group.name}: {group.target} has {targets} neurons")

    @cached_property
    def by_name(self) -> dict[str, NeuronGroup]:
        """Neuron groups by name."""
        return {group.name: group for group in self.neurons}

    @property
    def on_cores(self) -> Iterator[NeuronGroup]:
        """Neuron groups that need cores."""
        return (group for group in self.neurons if not group.on_host)

    def onto(self, target: str) -> tuple[SynapseGroup, ...]:
        """Return the synapse groups that end at a neuron group."""
        return self._onto.get(target, ())

    def leaving(self, source: str) -> tuple[SynapseGroup, ...]:
        """Return the synapse groups that begin at a neuron group."""
        return self._leaving.get(source, ())

    @property
    def inside(self) -> tuple[SynapseGroup, ...]:
        """Synapse groups that carry what one kind of neurons of a layer sends to another."""
        return tuple(
            group
            for group in self.synapses
            if group.row != group.source != group.target
            and self.by_name[group.source].layer == self.by_name[group.target].layer
        )

    @cached_property
    def _onto(self) -> dict[str, tuple[SynapseGroup, ...]]:
        found: dict[str, tuple[SynapseGroup, ...]] = {}
        for group in self.synapses:
            found[group.target] = (*found.get(group.target, ()), group)
        return found

    @cached_property
    def _leaving(self) -> dict[str, tuple[SynapseGroup, ...]]:
        found: dict[str, tuple[SynapseGroup, ...]] = {}
        for group in self.synapses:
            found[group.source] = (*found.get(group.source, ()), group)
        return found
