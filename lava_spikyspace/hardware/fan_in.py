"""Split the inputs of neurons that have too many for one core.

Where the synapses of a single neuron exceed a core, its inputs are summed up in parts on several
cores: each part is a group of neurons that add up their share and send the sum as a graded spike,
and the neuron itself adds the sums. A chip without graded payloads cannot do that.
"""

from __future__ import annotations

from dataclasses import replace

from lava_spikyspace.hardware.cutting import bounds_of
from lava_spikyspace.hardware.groups import GroupGraph, NeuronGroup, SynapseGroup
from lava_spikyspace.hardware.microcode.catalogue import assemble
from lava_spikyspace.hardware.microcode.limbs import Cut
from lava_spikyspace.hardware.microcode.paths import PathLengths, path_lengths
from lava_spikyspace.hardware.microcode.words import WORD_BITS
from lava_spikyspace.hardware.patterns import FanOut
from lava_spikyspace.hardware.profile import ChipProfile, known
from lava_spikyspace.hardware.usage import Limits, Sizer
from lava_spikyspace.plan import MESSAGE

SUM_PROGRAM = "PartialSum"
"""Program of the neurons that add up a share of the inputs."""

_BY_FAN_IN = ("synapse_words", "axons_in", "total_words")
"""Resources that a single neuron can exceed through its inputs."""


RUN_OF_SUMS = 32
"""Neurons of a part that shall fit one core: lists of few synapses waste most of a word."""


def split_fan_in(graph: GroupGraph, profile: ChipProfile, limits: Limits) -> GroupGraph:
    """Return the network with partial sums where a single neuron has too many inputs.

    Parameters
    ----------
    graph : GroupGraph
        The network.
    profile : ChipProfile
        The board.
    limits : Limits
        Of one core.

    Returns
    -------
    GroupGraph
        The same where every neuron fits, or where the chip has no graded payloads.
    """
    if not known(profile.widths.payload_bits):
        return graph
    for group in graph.on_cores:
        while (wide := _widest(graph, group, profile, limits)) is not None:
            graph = _split(graph, wide, _parts(graph, wide, profile, limits))
    return graph


def _sum_instructions() -> PathLengths:
    """Return the instructions of a neuron that sends on what has arrived."""
    sizes = {"V": WORD_BITS, "WORDS": 1, **Cut().params}
    return path_lengths(assemble("window_source", sizes)[1])


def _widest(
    graph: GroupGraph, group: NeuronGroup, profile: ChipProfile, limits: Limits
) -> SynapseGroup | None:
    """Return the largest divisible synapse group of a group whose single neuron does not fit."""
    if not _is_over(graph, group, 1, profile, limits):
        return None
    divisible = [
        synapses
        for synapses in graph.onto(group.name)
        if synapses.pattern.sources > 1 and synapses.pattern.part(0, 1) is not None
    ]
    return max(divisible, key=lambda synapses: synapses.pattern.sources, default=None)


def _is_over(
    graph: GroupGraph, group: NeuronGroup, run: int, profile: ChipProfile, limits: Limits
) -> bool:
    """Whether the first `run` neurons of a group have too many inputs for one core."""
    usage = Sizer(graph, profile).usage(group, 0, min(run, group.neurons))
    return any(name in _BY_FAN_IN for name in limits.exceeded_by(usage))


def _parts(graph: GroupGraph, wide: SynapseGroup, profile: ChipProfile, limits: Limits) -> int:
    """Return into how many parts the inputs of a synapse group go, so that each part fits."""
    low, high = 2, wide.pattern.sources
    while low < high:
        middle = (low + high) // 2
        split = _split(graph, wide, middle)
        sums = [group for group in split.neurons if group.name.startswith(f"{wide.name}.part")]
        if any(_is_over(split, group, RUN_OF_SUMS, profile, limits) for group in sums):
            low = middle + 1
        else:
            high = middle
    return low


def _split(graph: GroupGraph, wide: SynapseGroup, parts: int) -> GroupGraph:
    """Return the network with one synapse group summed up in parts."""
    target = graph.by_name[wide.target]
    neurons: list[NeuronGroup] = []
    synapses: list[SynapseGroup] = []
    for index, (start, stop) in enumerate(bounds_of(wide.pattern.sources, parts)):
        name = f"{wide.name}.part{index}"
        pattern = wide.pattern.part(start, stop)
        if pattern is None:
            continue
        neurons.append(
            NeuronGroup(
                name=name,
                layer=target.layer,
                neurons=target.neurons,
                program=SUM_PROGRAM,
                registers={} if wide.accumulator is None else {"sum": wide.accumulator},
                instructions=_sum_instructions(),
            )
        )
        synapses.append(replace(wide, name=f"{name}.synapses", target=name, pattern=pattern))
        synapses.append(
            replace(
                wide,
                name=f"{name}.sum",
                row=name,
                source=name,
                port=MESSAGE,
                role="partial sum",
                pattern=FanOut(target.neurons, target.neurons),
                weight_bits=1,
                payload=wide.accumulator,
                is_code=False,
                is_signed=True,
                delay_steps=0,
            )
        )
    place = graph.neurons.index(target)
    position = graph.synapses.index(wide)
    return GroupGraph(
        (*graph.neurons[:place], *neurons, *graph.neurons[place:]),
        (*graph.synapses[:position], *synapses, *graph.synapses[position + 1 :]),
        graph.exporter,
    )
