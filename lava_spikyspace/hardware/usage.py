"""What a core holds, and how much of its limits that is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

from lava_spikyspace.hardware.groups import GroupGraph, NeuronGroup, SynapseGroup
from lava_spikyspace.hardware.patterns import SynapseSize
from lava_spikyspace.hardware.profile import ChipProfile, Tables, known


@dataclass(frozen=True)
class Usage:
    """What is used of the tables of a core.

    Parameters
    ----------
    neurons, neuron_groups : int
        Neurons, and groups (or parts of groups) of them.
    synapse_words : int
        Words of synaptic memory.
    axons_in, axons_out : int
        Entries of the tables of arriving and of leaving axons.
    total_words : int
        Words of all tables together.
    """

    neurons: int = 0
    neuron_groups: int = 0
    synapse_words: int = 0
    axons_in: int = 0
    axons_out: int = 0
    total_words: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.neurons + other.neurons,
            self.neuron_groups + other.neuron_groups,
            self.synapse_words + other.synapse_words,
            self.axons_in + other.axons_in,
            self.axons_out + other.axons_out,
            self.total_words + other.total_words,
        )

    def to_dict(self) -> dict[str, int]:
        """Return the numbers by name."""
        return {name: getattr(self, name) for name in RESOURCES}


RESOURCES: tuple[str, ...] = tuple(field.name for field in fields(Usage))
"""Names of the limited resources of a core."""


@dataclass(frozen=True)
class Limits:
    """What a core holds at most, by resource; None where no limit is known.

    Parameters
    ----------
    neurons, neuron_groups, synapse_words, axons_in, axons_out, total_words : int, optional
        The smaller of what is built in and what the compiler allows.
    """

    neurons: int | None = None
    neuron_groups: int | None = None
    synapse_words: int | None = None
    axons_in: int | None = None
    axons_out: int | None = None
    total_words: int | None = None

    @classmethod
    def of(cls, profile: ChipProfile) -> Limits:
        """Return the limits of a profile."""
        found: dict[str, int | None] = {}
        for name in RESOURCES:
            sources = (profile.core.chip, profile.core.compiler)
            values = [getattr(source, name).whole for source in sources]
            found[name] = min((value for value in values if value is not None), default=None)
        return cls(**found)

    @cached_property
    def known(self) -> dict[str, int]:
        """Limits that are known, by resource."""
        values = {name: getattr(self, name) for name in RESOURCES}
        return {name: value for name, value in values.items() if value is not None}

    def exceeded_by(self, usage: Usage) -> tuple[str, ...]:
        """Return the names of the resources of which more is used than there is."""
        return tuple(name for name, limit in self.known.items() if getattr(usage, name) > limit)

    def shares(self, usage: Usage) -> dict[str, float | None]:
        """Return the used share of each resource; None where no limit is known."""
        return {
            name: getattr(usage, name) / self.known[name] if self.known.get(name) else None
            for name in RESOURCES
        }


@dataclass(frozen=True, eq=False)
class Slice:
    """A run of neurons of one group, which lies on one core.

    Parameters
    ----------
    group : str
        Name of the neuron group.
    start, stop : int
        Neurons ``start..stop - 1``.
    """

    group: str
    start: int
    stop: int

    @property
    def neurons(self) -> int:
        """How many."""
        return self.stop - self.start

    def __str__(self) -> str:
        return f"{self.group}[{self.start}:{self.stop}]"


class Sizer:
    """Says what a run of neurons uses on its core.

    Parameters
    ----------
    graph : GroupGraph
        The network.
    profile : ChipProfile
        Sizes of the tables' entries.
    """

    def __init__(self, graph: GroupGraph, profile: ChipProfile) -> None:
        self.graph = graph
        self.tables: Tables = profile.tables
        self._word_bytes = known(self.tables.word_bits) // 8

    def usage(self, group: NeuronGroup, start: int, stop: int, axons_out: int = 0) -> Usage:
        """Return what the neurons ``start..stop - 1`` of a group use.

        Parameters
        ----------
        group : NeuronGroup
            The group.
        start, stop : int
            The run.
        axons_out : int
            Leaving axons, which depend on where the others lie.
        """
        words = 0
        axons_in = 0
        for synapses in self.graph.onto(group.name):
            words += synapses.pattern.words_onto(start, stop, self.synapse_size(synapses))
            axons_in += synapses.pattern.axons_onto(start, stop)
        neurons = stop - start
        total = (
            words
            + neurons * self.neuron_words(group)
            + -(-group.shared_bytes // self._word_bytes)
            + axons_in * known(self.tables.words_per_axon_in)
            + axons_out * known(self.tables.words_per_axon_out)
        )
        return Usage(neurons, 1, words, axons_in, axons_out, total)

    def synapse_size(self, group: SynapseGroup) -> SynapseSize:
        """Return how many words the synapses of an axon of a group take."""
        return SynapseSize(
            weight_bits=group.weight_bits,
            index_bits=known(self.tables.synapse_index_bits),
            header_bits=known(self.tables.synapse_header_bits),
            word_bits=known(self.tables.word_bits),
        )

    def neuron_words(self, group: NeuronGroup) -> int:
        """Return the words of one neuron: at least the profile's, else what its state needs."""
        return max(known(self.tables.words_per_neuron), -(-group.state_bytes // self._word_bytes))
