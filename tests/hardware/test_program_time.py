"""The time of neuron programs is their instructions times the share of one in a LIF update."""

from fractions import Fraction

import pytest

from lava_spikyspace.hardware.describing import describe_plan
from lava_spikyspace.hardware.groups import GroupGraph
from lava_spikyspace.hardware.placement import place
from lava_spikyspace.hardware.profile_files import load_chip
from lava_spikyspace.hardware.program_time import leaky_instructions, program_time
from lava_spikyspace.inputs import resolve_network
from lava_spikyspace.plan import make_plan
from tests.hardware.boards import neurons, synapses


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
