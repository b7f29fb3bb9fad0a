import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lava_spikyspace.hardware.describing import describe_plan
from lava_spikyspace.hardware.fan_in import SUM_PROGRAM
from lava_spikyspace.hardware.groups import GroupGraph
from lava_spikyspace.hardware.placement import assign, place
from lava_spikyspace.hardware.profile_files import load_chip
from lava_spikyspace.hardware.usage import RESOURCES, Limits, Sizer, Slice
from lava_spikyspace.hardware.utilisation import core_rows, layer_rows
from lava_spikyspace.plan import CODINGS, make_plan
from tests.hardware.boards import board, chain, neurons, synapses
from tests.random_networks import random_network


def home_of(placement, group):
    """Core of every neuron of a group; fails where a neuron is placed twice."""
    home = np.full(placement.graph.by_name[group].neurons, -1)
    for core in placement.cores:
        for run in core.slices:
            if run.group == group:
                assert np.all(home[run.start : run.stop] == -1)
                home[run.start : run.stop] = core.index
    return home


def assert_all_placed_once(placement):
    placed = 0
    for group in placement.graph.on_cores:
        assert np.all(home_of(placement, group.name) >= 0)
        for links in placement.graph.onto(group.name):
            per_slice = [
                links.pattern.synapses_onto(run.start, run.stop)
                for core in placement.cores
                for run in core.slices
                if run.group == group.name
            ]
            assert sum(per_slice) == links.pattern.synapses
            placed += sum(per_slice)
    assert placed == sum(links.pattern.synapses for links in placement.graph.synapses)


def assert_within_limits(placement):
    for core in placement.cores:
        assert placement.limits.exceeded_by(core.usage) == ()


def recount(placement, core):
    """Usage of a core, from nothing but where every neuron lies."""
    profile, graph = placement.profile, placement.graph
    homes = {g.name: home_of(placement, g.name) for g in graph.on_cores}
    count = dict.fromkeys(RESOURCES, 0)
    for run in core.slices:
        group = graph.by_name[run.group]
        count["neurons"] += run.neurons
        count["neuron_groups"] += 1
        count["total_words"] += run.neurons * max(1, -(-group.state_bytes // 8))
        count["total_words"] += -(-group.shared_bytes // 8)
        sizer = Sizer(graph, profile)
        for links in graph.onto(run.group):
            reaching = links.pattern.reaching(run.start, run.stop)
            count["axons_in"] += int(reaching.sum())
            size = sizer.synapse_size(links)
            count["synapse_words"] += links.pattern.words_onto(run.start, run.stop, size)
        for links in graph.leaving(run.group):
            for target in set(homes[links.target].tolist()):
                there = np.flatnonzero(homes[links.target] == target)
                reached = np.zeros(links.pattern.sources, dtype=bool)
                for neuron in there:
                    reached |= links.pattern.reaching(int(neuron), int(neuron) + 1)
                senders = links.pattern.first + np.flatnonzero(reached)
                count["axons_out"] += int(np.sum((senders >= run.start) & (senders < run.stop)))
    count["total_words"] += count["synapse_words"] + count["axons_in"] + count["axons_out"]
    return count


networks = st.fixed_dictionaries(
    {
        "channels": st.integers(3, 12),
        "window": st.integers(3, 5),
        "horizon": st.integers(1, 4),
        "blocks": st.integers(1, 2),
        "d_inner": st.integers(1, 8),
        "d_state": st.integers(1, 6),
        "dt_rank": st.integers(1, 4),
        "d_conv": st.integers(1, 4),
        "wide": st.booleans(),
    }
)
limits = st.fixed_dictionaries(
    {
        "neurons": st.integers(1, 60),
        "neuron_groups": st.integers(1, 9),
        "synapse_words": st.integers(60, 400),
        "axons_in": st.integers(60, 400),
        "axons_out": st.integers(200, 500),
        "total_words": st.integers(500, 900),
    }
)


@settings(max_examples=200)
@given(st.integers(0, 2**16), networks, limits, st.sampled_from(CODINGS))
def test_random_networks_on_random_boards(seed, sizes, core, coding):
    graph = describe_plan(make_plan(random_network(seed, golden=0, **sizes), coding))
    placement = place(graph, board(**core))
    assert_within_limits(placement)
    assert_all_placed_once(placement)


@pytest.mark.parametrize("name", ["loihi1", "loihi2"])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_network_on_a_real_chip(name, coding):
    network = random_network(2, channels=60, d_inner=24, d_state=16, wide=True, golden=0)
    placement = place(describe_plan(make_plan(network, coding)), load_chip(name))
    assert len(placement.cores) > 1
    assert_within_limits(placement)
    assert_all_placed_once(placement)


def test_usage_is_recounted_neuron_by_neuron():
    network = random_network(5, channels=9, d_inner=6, d_state=4, wide=True, golden=0)
    graph = describe_plan(make_plan(network, "graded"))
    small = board(neurons=20, synapse_words=120, axons_in=150, total_words=600)
    placement = place(graph, small)
    assert len(placement.cores) > 5
    for core in placement.cores:
        assert core.usage.to_dict() == recount(placement, core)


def test_the_same_network_is_placed_the_same_way():
    def places():
        graph = describe_plan(make_plan(random_network(7, golden=0), "graded"))
        return [[str(run) for run in core.slices] for core in place(graph, board()).cores]

    assert places() == places()


# ------------------------------------------------------------ against Intel's mapper


def cores_of(placement):
    return [layer["cores"] for layer in layer_rows(placement)]


def test_a_perceptron_takes_as_many_cores_as_the_mapper_printed():
    graph = chain(784, 128, 64, 10)
    assert cores_of(place(graph, load_chip("loihi2"), share_cores=False)) == [3, 1, 1]
    assert len(place(graph, load_chip("loihi2")).cores) <= 5


def test_two_dense_layers_take_no_more_cores_than_the_mapper_printed():
    graph = chain(200, 256, 200)
    assert len(place(graph, load_chip("loihi2"), share_cores=False).cores) <= 5


# ------------------------------------------------------------ splitting


@pytest.mark.parametrize(
    ("core", "cores"),
    [
        ({"neurons": 100}, 1),
        ({"neurons": 99}, 2),
        ({"synapse_words": 20 * 32}, 1),  # ceil((100 * 20 + 8) / 64) words for each of 20 senders
        ({"synapse_words": 20 * 32 - 1}, 2),
    ],
)
def test_a_layer_is_cut_exactly_when_it_has_to_be(core, cores):
    assert len(place(chain(20, 100), board(**core)).cores) == cores


def test_runs_are_of_nearly_equal_length():
    placement = place(chain(4, 100), board(neurons=30))
    lengths = [run.neurons for core in placement.cores for run in core.slices]
    assert lengths == [25, 25, 25, 25]


def test_small_layers_share_a_core_unless_told_otherwise():
    graph = chain(4, 10, 10, 10)
    assert len(place(graph, board()).cores) == 1
    assert len(place(graph, board(), share_cores=False).cores) == 3


def test_leaving_axons_count_every_core_that_is_reached():
    source, first, last = neurons("source", 8, on_host=True), neurons("a", 8), neurons("b", 40)
    graph = GroupGraph((source, first, last), (synapses(source, first), synapses(first, last)))
    placement = place(graph, board(neurons=10, axons_out=16))
    # Each of the 8 neurons of `a` reaches the cores of `b`: at most 16 axons on a core.
    for core in placement.cores:
        assert core.usage.axons_out <= 16
    assert sum(core.usage.axons_out for core in placement.cores) == 8 * len(placement.sites["b"])


def test_a_neuron_with_too_many_inputs_is_summed_up_in_parts():
    placement = place(chain(1000, 3), board(axons_in=300))
    sums = [g for g in placement.graph.neurons if g.program == SUM_PROGRAM]
    assert len(sums) == 4
    assert_within_limits(placement)
    assert_all_placed_once(placement)
    dense = [g for g in placement.graph.synapses if g.weight_bits == 8]
    assert sum(g.pattern.synapses for g in dense) == 3000
    spans = sorted((g.pattern.first, g.pattern.first + g.pattern.sources) for g in dense)
    assert spans == [(0, 250), (250, 500), (500, 750), (750, 1000)]


def test_without_graded_spikes_there_are_no_partial_sums():
    placement = place(chain(5000, 2), load_chip("loihi1"))
    assert len(placement.graph.neurons) == 2
    assert {n for core in placement.cores for n in placement.limits.exceeded_by(core.usage)} == {
        "axons_in"
    }


# ------------------------------------------------------------ chips


def test_cores_fill_one_chip_after_the_other():
    placement = place(chain(2, 50), board(neurons=2, usable_cores_per_chip=10, chips=3))
    assert [core.chip for core in placement.cores] == [i // 10 for i in range(25)]
    assert placement.chips == 3
    assert [(c.tile, c.column, c.row) for c in placement.cores[8:12]] == [
        (2, 2, 0),
        (2, 2, 0),
        (0, 0, 0),
        (0, 0, 0),
    ]


def test_the_mesh_is_filled_row_by_row():
    placement = place(chain(2, 120), board(neurons=1))
    last = placement.cores[119]
    assert (last.tile, last.column, last.row) == (29, 5, 3)


# ------------------------------------------------------------ tables


def test_rows_of_cores_and_layers():
    placement = place(chain(20, 100), board(neurons=50, neuron_groups=2))
    first, second = core_rows(placement)
    assert first["used"]["neurons"] == 50
    assert first["share"]["neurons"] == 1.0
    assert first["fullest"] == "neurons"
    assert second["slices"] == [{"group": "layer1", "start": 50, "stop": 100}]
    (layer,) = layer_rows(placement)
    used, share = layer.pop("used"), layer.pop("share")
    assert layer == {
        "layer": "layer1",
        "cores": 2,
        "neurons": 100,
        "synapses": 2000,
        "state_bytes": 800,
    }
    assert (used["neurons"], used["neuron_groups"], used["axons_in"]) == (100, 2, 40)
    assert (share["neurons"], share["neuron_groups"]) == (1.0, 0.5)
    assert share["synapse_words"] == pytest.approx(used["synapse_words"] / (2 * 16000))


def test_a_layer_that_shares_cores_takes_its_own_part_only():
    placement = place(chain(4, 10, 30), board(neurons=40))
    (core,) = placement.cores
    rows = layer_rows(placement)
    for name in RESOURCES:
        assert sum(row["used"][name] for row in rows) == getattr(core.usage, name)
    assert [row["share"]["neurons"] for row in rows] == [0.25, 0.75]
    assert placement.unshared_cores == 2


def test_limits_are_the_smaller_of_chip_and_compiler():
    assert Limits.of(load_chip("loihi2")).known == {
        "neurons": 4095,
        "neuron_groups": 8,
        "synapse_words": 16000,
        "axons_in": 16000,
        "axons_out": 16000,
        "total_words": 20000,
    }
    assert set(Limits.of(load_chip("loihi1")).known) == {
        "neurons",
        "synapse_words",
        "axons_in",
        "axons_out",
    }


def test_runs_can_be_put_on_cores_by_hand():
    graph = chain(20, 100)
    placement = assign(graph, board(), [[Slice("layer1", 0, 60)], [Slice("layer1", 60, 100)]])
    assert [core.usage.neurons for core in placement.cores] == [60, 40]
    assert [core.usage.axons_in for core in placement.cores] == [20, 20]
