"""Boards with limits of the test's own, and networks described by hand."""

from collections.abc import Mapping
from itertools import pairwise

from lava_spikyspace.hardware.groups import GroupGraph, NeuronGroup, SynapseGroup
from lava_spikyspace.hardware.patterns import Dense
from lava_spikyspace.hardware.profile import ADAPTER, ChipProfile
from lava_spikyspace.hardware.profile_files import load_chip

SECTIONS = {
    "neurons": "core.chip",
    "neuron_groups": "core.chip",
    "synapse_words": "core.chip",
    "axons_in": "core.chip",
    "axons_out": "core.chip",
    "total_words": "core.chip",
    "chips": "layout",
    "usable_cores_per_chip": "layout",
}


def board(base: str = "loihi2", **values: int) -> ChipProfile:
    """Return a profile with some numbers replaced: limits of a core, of the layout, or widths."""
    content = load_chip(base).to_dict()
    for name, value in values.items():
        section = content
        for key in SECTIONS.get(name, "widths").split("."):
            section = section[key]
        entry = section[name]
        entry.update(
            value=value, evidence="proxy", source=next(iter(content["sources"])), missing=None
        )
        if section is content["core"]["chip"]:
            content["core"]["compiler"][name].update(
                value=None, evidence=None, source=None, missing="the test's own limit"
            )
    return ADAPTER.validate_python(content)


def with_statement(base: str, name: str, value: bool) -> ChipProfile:
    """Return a profile with one feature replaced."""
    content = load_chip(base).to_dict()
    content["features"][name]["value"] = value
    return ADAPTER.validate_python(content)


def neurons(name: str, count: int, **values: object) -> NeuronGroup:
    """Return a neuron group that is a layer of its own."""
    return NeuronGroup(name=name, layer=name, neurons=count, **values)


def synapses(source: NeuronGroup, target: NeuronGroup, **values: object) -> SynapseGroup:
    """Return 8-bit dense synapses between two groups."""
    settings: Mapping[str, object] = {
        "name": f"{source.name}-{target.name}",
        "row": f"{source.name}-{target.name}",
        "role": "codes",
        "port": "message",
        "pattern": Dense(source.neurons, target.neurons),
        "weight_bits": 8,
    }
    return SynapseGroup(source=source.name, target=target.name, **{**settings, **values})


def chain(*sizes: int, **values: object) -> GroupGraph:
    """Return dense layers one after the other; the first sends from beside the cores."""
    groups = [neurons(f"layer{i}", size, on_host=i == 0) for i, size in enumerate(sizes)]
    links = [synapses(before, after, **values) for before, after in pairwise(groups)]
    return GroupGraph(tuple(groups), tuple(links))
