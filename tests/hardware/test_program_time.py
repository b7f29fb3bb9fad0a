"""The time of neuron programs is their instructions times the share of one in a LIF update."""

from fractions import Fraction

import pytest

from lava_spikyspace.hardware.describing import describe_plan
from lava_spikyspace.hardware.groups import GroupGraph
from lava_spikyspace.hardware.microcode.paths import path_lengths
from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.hardware.placement import place
from lava_spikyspace.hardware.profile_files import load_chip
from lava_spikyspace.hardware.program_time import (
    instructions_of,
    leaky_instructions,
    program_time,
)
from lava_spikyspace.hardware.spread import Spread
from lava_spikyspace.inputs import resolve_network
from lava_spikyspace.plan import make_plan
from tests.hardware.boards import board, chain, neurons, synapses
from tests.random_networks import random_network
from tests.random_spike_ssm import random_spike_ssm


def test_instructions_of_a_core_add_up():
    a = neurons("a", 3, instructions=(2, 6), on_host=True)
    b, c = neurons("b", 5, instructions=(4, 10)), neurons("c", 2, instructions=(1, 1))
    graph = GroupGraph((a, b, c), (synapses(a, b), synapses(b, c)))
    found = program_time(place(graph, load_chip("loihi2")))
    # What runs on the host is no work of a core.
    assert found.instructions.ends == (5 * 4 + 2, 5 * 7 + 2, 5 * 10 + 2)
    assert found.time.nominal == Fraction("4.2") * 37 / leaky_instructions()


def test_a_leaky_neuron_takes_as_long_as_the_profile_says():
    a = neurons("a", 1, on_host=True)
    b = neurons("b", 1, instructions=(leaky_instructions(),) * 2)
    found = program_time(place(GroupGraph((a, b), (synapses(a, b),)), load_chip("loihi2")))
    assert found.time.nominal == Fraction("4.2")
    assert found.to_dict()["evidence"] == "model"


def test_without_programs_there_is_no_time():
    a, b = neurons("a", 1, on_host=True), neurons("b", 1)
    assert program_time(place(GroupGraph((a, b), (synapses(a, b),)), load_chip("loihi2"))) is None


@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_every_group_of_the_demo_has_a_program(coding):
    graph = describe_plan(make_plan(resolve_network(None), coding))
    assert all(group.instructions and group.refusal is None for group in graph.neurons)


@pytest.mark.parametrize("coding", ["graded", "unary"])
@pytest.mark.parametrize("family", ["SpikySpace", "SPikE-SSM"])
def test_the_neurons_of_all_kinds_are_counted(family, coding):
    """The instructions of all cores are those of every neuron of every kind."""
    network = random_network(3, wide=True) if family == "SpikySpace" else random_spike_ssm(3)
    plan = make_plan(network, coding)
    small = board(neurons=7, usable_cores_per_chip=100)
    placement = place(describe_plan(plan), small)
    assert len(placement.cores) > 5
    total = Spread.exact(0)
    for core in placement.cores:
        total = total + instructions_of(placement, core.index)
    expected = [0, 0]
    for kind in split_plan(plan).kinds:
        if kind.layer != "input":
            for index, length in enumerate(path_lengths(kind.program)):
                expected[index] += kind.neurons * length
    assert (total.low, total.high) == tuple(expected)
    busiest = program_time(placement)
    assert busiest.instructions.nominal == max(
        instructions_of(placement, core.index).nominal for core in placement.cores
    )


def test_partial_sums_are_counted():
    graph = chain(1000, 3)
    placement = place(graph, board(axons_in=300))
    sums = [group for group in placement.graph.neurons if group.name.startswith("layer0-layer1")]
    assert len(sums) == 4
    # They take what has arrived and send it.
    assert {group.instructions for group in sums} == {(2, 2)}
