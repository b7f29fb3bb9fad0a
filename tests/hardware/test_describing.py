"""The groups of a network against its weights and against what its runs count."""

from dataclasses import fields, replace

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.hardware.describing import describe_plan
from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.intervals import prove_ranges
from lava_spikyspace.network import DenseLayer, Interval, ProductLayer, ScanLayer
from lava_spikyspace.plan import make_plan
from lava_spikyspace.profiling.counters import count_processes
from tests.random_networks import random_messages, random_network


def is_inner(group):
    """Whether synapses lie between two kinds of neurons of one layer."""
    return group.source.endswith((".state", ".squares"))


@pytest.fixture(scope="module", params=["plain", "wide"])
def network(request):
    return random_network(3, blocks=2, d_inner=5, wide=request.param == "wide")


@pytest.fixture(scope="module", params=["graded", "unary"])
def plan(request, network):
    return make_plan(network, request.param)


def test_neuron_groups_are_the_rows_with_neurons_and_the_kinds_with_programs(plan):
    groups = {group.name: group.neurons for group in describe_plan(plan).neurons}
    rows = {row: count for process in plan.processes for row, count in process.rows if count}
    assert groups == rows
    assert groups == {kind.name: kind.neurons for kind in split_plan(plan).kinds}
    assert [group.name for group in describe_plan(plan).neurons if group.on_host] == ["input"]


def test_there_are_synapses_for_each_arrival(plan):
    """One group, or one for each limb that a message between two kinds of a process has."""
    graph = describe_plan(plan)
    arrivals = [(row, a.source, a.port) for row, found in plan.arrivals.items() for a in found]
    found = [(g.row, g.source, "message" if is_inner(g) else g.port) for g in graph.synapses]
    assert list(dict.fromkeys(found)) == arrivals
    assert len({group.name for group in graph.synapses}) == len(graph.synapses)


def test_synapses_are_those_of_the_programs(plan):
    """Who reaches whom, and for what, however many limbs of a message there are."""
    expected = {
        (s.source, s.target, s.role, s.pattern.sources, s.pattern.targets, type(s.pattern))
        for s in split_plan(plan).synapses
    }
    found = {
        (g.source, g.target, g.role, g.pattern.sources, g.pattern.targets, type(g.pattern))
        for g in describe_plan(plan).synapses
    }
    assert found == expected


def test_messages_inside_a_process_are_those_of_the_programs(plan):
    kinds = split_plan(plan)
    inner = [group for group in describe_plan(plan).synapses if is_inner(group)]
    assert {group.role for group in inner} == {"squares", "state"}
    for name in {group.source for group in inner}:
        sent = {g.port: g.payload for g in inner if g.source == name}
        assert sent == dict(kinds.by_name[name].payloads)
    for group in inner:
        each = group.pattern.synapses // group.pattern.targets
        assert group.accumulator == Interval(each * group.payload.lo, each * group.payload.hi)
        assert group.accumulator.bits <= 24


def test_state_is_what_programs_keep_and_what_synapses_add_to(plan):
    kinds, graph = split_plan(plan), describe_plan(plan)
    for kind in kinds.kinds:
        words = len(kind.program.states) + len(kind.program.inputs)
        assert graph.by_name[kind.name].state_bytes >= 3 * words
    squares = graph.by_name["blocks.0.norm.squares"]
    assert squares.state_bytes == 3  # what arrives; it keeps nothing


def test_patterns_have_the_fan_out_that_counts_go_by(plan):
    named = {(g.row, g.source, g.port): g for g in describe_plan(plan).synapses}
    named |= {(g.row, g.source, "message"): g for g in named.values() if is_inner(g)}
    for row, arrivals in plan.arrivals.items():
        layer = plan.network[next(p.layer for p in plan.processes if row in dict(p.rows))]
        for arrival in arrivals:
            group = named[row, arrival.source, arrival.port]
            if arrival.fan_out is None:
                continue
            if isinstance(layer, DenseLayer) and group.weight_bits == 8:
                assert group.pattern.synapses == layer.weight.size
                assert np.all(arrival.fan_out <= layer.neurons)
            else:
                assert group.pattern.synapses == group.pattern.sources * arrival.fan_out


def test_payloads_are_what_the_coding_says(plan):
    coded = {layer.name for layer in plan.network if layer.bits is not None}
    inner = {f"{layer.name}.state" for layer in plan.network if isinstance(layer, ScanLayer)}
    senders = {plan.sender(name) for name in coded}
    for group in describe_plan(plan).synapses:
        is_code = group.source in senders - inner
        assert group.is_code == is_code
        assert (group.payload is None) == (is_code and plan.coding == "unary")


def test_every_range_holds_what_a_run_shows(network, plan):
    """Sums per step: the codes of a graded frame, one spike of a unary one."""
    messages = random_messages(1, network, 16)
    records = BatchBackend().run(plan, messages, record=True).records
    proven = prove_ranges(network)
    for group in describe_plan(plan).synapses:
        if group.weight_bits != 8 or group.payload is None or ".synapses" not in group.name:
            continue
        layer = network[group.name.split(".synapses")[0]]
        if not isinstance(layer, DenseLayer) or getattr(layer, "limbs", ()):
            continue
        sums = records[layer.inputs[0]] @ layer.weight.astype(np.int64).T
        assert group.accumulator.lo <= sums.min()
        assert sums.max() <= group.accumulator.hi
        assert group.accumulator.lo >= min(0, proven[layer.name]["accumulator"].lo)


def test_limbs_travel_on_links_of_their_own():
    network = random_network(3, blocks=1, wide=True)
    graph = describe_plan(make_plan(network, "graded"))
    limbs = [g for g in graph.synapses if g.name.startswith("blocks.0.in_proj.scan.synapses")]
    layer = network["blocks.0.in_proj.scan"]
    assert [g.port for g in limbs] == [f"limb{i}" for i in range(len(layer.limbs) + 1)]
    assert [g.payload.hi for g in limbs[:-1]] == [2**w - 1 for w in layer.limbs]
    assert "limb0" in limbs[0].link


def test_delays_are_those_of_the_plan(plan):
    taps = plan.network["blocks.0.conv"].weight.shape[1]
    delays = {group.name: group.delay_steps for group in describe_plan(plan).synapses}
    (residual,) = [
        link for link in plan.links_to("blocks.0.out_proj.neuron") if link.role == "residual_in"
    ]
    assert delays["blocks.0.out_proj.neuron.residual.synapses"] == residual.delay > 0
    assert delays["blocks.0.conv.synapses"] >= (taps - 1) * plan.frame_steps
    assert delays["blocks.0.norm.squares.residual.synapses"] == 0


def test_the_rows_of_a_run_are_the_rows_of_the_groups(network, plan):
    result = BatchBackend().run(plan, random_messages(1, network, 2))
    counted = {row.name for row in count_processes(plan, result.activities, 2)}
    graph = describe_plan(plan)
    assert {g.name for g in graph.neurons} | {g.row for g in graph.synapses} == counted


def test_memory_grows_with_what_a_neuron_holds():
    narrow = describe_plan(make_plan(random_network(4, blocks=1), "graded"))
    bits = {"c": 4, "s": 4, "delta": 4, "x": 4, "y": 4, "delta1": 4, "pts": 5, "y1": 5}
    wide = describe_plan(make_plan(random_network(4, blocks=1, bits=bits), "graded"))
    for name in ("blocks.0.in_proj.scan.neuron", "blocks.0.conv.neuron", "blocks.0.scan.output"):
        assert wide.by_name[name].state_bytes > narrow.by_name[name].state_bytes
    # 31 thresholds of at least 1 byte.
    assert narrow.by_name["blocks.0.in_proj.gate.neuron"].state_bytes > 31


class OwnLayer(ProductLayer):
    """A layer that none of the programs is for."""


def test_what_no_program_computes_is_refused_by_its_layer():
    network = random_network(2, blocks=1, golden=0)
    product = network["blocks.0.product"]
    own = OwnLayer(**{field.name: getattr(product, field.name) for field in fields(product)})
    layers = tuple(own if layer is product else layer for layer in network)
    graph = describe_plan(make_plan(replace(network, layers=layers), "graded"))
    refused = {group.name for group in graph.neurons if group.refusal is not None}
    assert refused == {"blocks.0.product"}
    group = graph.by_name["blocks.0.product"]
    assert "blocks.0.product: there is no neuron program for layers of type OwnLayer" in (
        group.refusal.message
    )
    assert group.instructions is None
    assert group.state_bytes > 0


def test_messages_wider_than_a_payload_have_programs_too():
    plan = make_plan(random_network(2, blocks=1, broad=True, golden=0), "graded")
    assert not any(group.refusal for group in describe_plan(plan).neurons)
    kinds = split_plan(plan).by_name
    assert set(kinds["input"].payloads) >= {"word[0]", "word[1]"}
    assert set(kinds["blocks.0.scan.state"].program.inputs) >= {"b.0", "b.1", "c.0", "c.1"}
    for kind in kinds.values():
        for payload in kind.payloads.values():
            assert payload.bits <= 24


def test_groups_have_the_path_lengths_of_their_programs(plan):
    for group in describe_plan(plan).neurons:
        best, worst = group.instructions
        assert 0 < best <= worst
