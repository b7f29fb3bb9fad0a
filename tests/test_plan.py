"""Names, offsets, delays and links of the plan."""

import pytest

from lava_spikyspace.network import MESSAGE_BITS
from lava_spikyspace.plan import MESSAGE, make_plan
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def network():
    return random_network(3, channels=5, window=4, horizon=2, blocks=2, d_inner=4, d_state=3)


@pytest.fixture(params=["graded", "unary"])
def plan(network, request):
    return make_plan(network, request.param)


def by_name(plan) -> dict:
    return {process.name: process for process in plan.processes}


def test_frame_is_as_long_as_the_widest_code_that_is_sent(network) -> None:
    assert make_plan(network, "graded").frame_steps == 1
    widest = max(layer.bits for layer in network if layer.bits is not None)
    assert make_plan(network, "unary").frame_steps == 2**widest - 1


def test_processes_of_a_block_in_the_order_of_the_data(network) -> None:
    names = [process.name for process in make_plan(network, "graded").processes]
    block = [name.removeprefix("blocks.0.") for name in names if name.startswith("blocks.0.")]
    whole = [name for name in block if not name.endswith(".hi") and ".mid" not in name]
    assert whole == [
        "norm",
        "in_proj.scan.synapses",
        "in_proj.scan.neuron",
        "in_proj.gate.synapses",
        "in_proj.gate.neuron",
        "conv.synapses",
        "conv.neuron",
        "delta.synapses",
        "delta.neuron",
        "B.synapses",
        "B.neuron",
        "C.synapses",
        "C.neuron",
        "dt_proj.synapses",
        "dt_proj.neuron",
        "scan",
        "product",
        "out_proj.synapses",
        "out_proj.neuron",
    ]
    assert (names[0], names[-1]) == ("input", "head")


def test_offsets_by_hand(plan) -> None:
    """One step per synapse process, one frame per neuron that integrates."""
    t = plan.frame_steps
    offsets = {name: process.offset for name, process in by_name(plan).items()}
    expected = {
        "input": 0,
        "blocks.0.norm": 0,
        "blocks.0.in_proj.scan.synapses": 0,
        "blocks.0.in_proj.scan.neuron": 1,
        "blocks.0.conv.synapses": 1 + t,
        "blocks.0.conv.neuron": 2 + t,
        "blocks.0.delta.neuron": 3 + 2 * t,
        "blocks.0.dt_proj.neuron": 4 + 3 * t,
        "blocks.0.scan": 4 + 4 * t,
        "blocks.0.product": 4 + 5 * t,
        "blocks.0.out_proj.neuron": 5 + 6 * t,
        "blocks.1.norm": 5 + 6 * t,
        "head": 10 + 12 * t,
    }
    assert {name: offsets[name] for name in expected} == expected
    assert plan.latency_steps == 10 + 12 * t
    assert plan.time_steps(3) == 10 + 12 * t + 3 * 4 * t


def test_every_link_arrives_when_its_target_begins(plan) -> None:
    processes = by_name(plan)
    for link in plan.links:
        source, target = processes[link.source], processes[link.target]
        assert source.output_offset + link.delay == target.offset, link
        assert link.delay >= 0


def test_branches_of_different_depth_are_delayed(plan) -> None:
    t = plan.frame_steps
    delays = {(link.target, link.role): link.delay for link in plan.links}
    assert delays["blocks.0.in_proj.scan.neuron", "rms_in"] == 1
    assert delays["blocks.0.scan", "codes_in"] == 2 + 2 * t
    assert delays["blocks.0.scan", "delta_in"] == 0
    assert delays["blocks.0.scan", "b_in"] == delays["blocks.0.scan", "c_in"] == 1 + t
    assert delays["blocks.0.product", "gate_in"] == 3 + 4 * t
    assert delays["blocks.0.out_proj.neuron", "residual_in"] == 5 + 6 * t


def test_ports_in_use() -> None:
    wide = random_network(5, channels=40, window=2, blocks=1, d_inner=3, wide=True)
    plan = make_plan(wide, "graded")
    widths = plan.limb_widths("input")
    assert widths
    limbs = tuple(f"limb{i}" for i in range(len(widths) + 1))
    assert plan.ports("input") == (MESSAGE, *limbs)
    assert plan.ports("head") == (MESSAGE,)
    assert "blocks.0.in_proj.scan.synapses.hi" in by_name(plan)


def test_a_wide_message_goes_to_all_its_readers_in_limbs() -> None:
    broad = random_network(5, window=2, blocks=1, broad=True)
    plan = make_plan(broad, "graded")
    for source, target, role in (
        ("input", "blocks.0.norm", "a_in"),
        ("input", "blocks.0.out_proj.neuron", "residual_in"),
        ("blocks.0.norm", "blocks.0.in_proj.gate.neuron", "rms_in"),
        ("blocks.0.B.neuron", "blocks.0.scan", "b_in"),
        ("blocks.0.in_proj.gate.neuron", "blocks.0.product", "gate_in"),
        ("blocks.0.out_proj.neuron", "head", "a_in"),
    ):
        links = [x for x in plan.links_to(target) if x.source == source]
        assert [link.port for link in links] == ["limb0", "limb1"]
        assert [link.role for link in links] == [role, f"{role}_1"]
        (low,) = plan.limb_widths(source)
        whole = broad[source.removesuffix(".neuron")].ranges["message"].bits
        assert low < MESSAGE_BITS
        assert whole - low <= MESSAGE_BITS < whole
    for row in ("blocks.0.norm.squares", "blocks.0.scan.state", "head"):
        ports = [x.port for x in plan.arrivals[row] if x.port != MESSAGE]
        assert ports[:2] == ["limb0", "limb1"]


def test_a_root_mean_square_reports_the_squares_as_well(plan) -> None:
    norm = by_name(plan)["blocks.1.norm"]
    channels = plan.network.channels
    assert norm.rows == (("blocks.1.norm.squares", channels), ("blocks.1.norm", 1))
    assert plan.sender("blocks.1.norm") == "blocks.1.norm"
    (arrival,) = plan.arrivals["blocks.1.norm"]
    assert (arrival.source, arrival.fan_out) == ("blocks.1.norm.squares", 1)


def test_scan_reports_two_rows(plan) -> None:
    scan = by_name(plan)["blocks.1.scan"]
    assert scan.rows == (("blocks.1.scan.state", 12), ("blocks.1.scan.output", 4))
    assert plan.sender("blocks.1.scan") == "blocks.1.scan.output"
    sources = [arrival.source for arrival in plan.arrivals["blocks.1.scan.output"]]
    # C goes to the neurons of the states, which multiply by it what the channel reads of them.
    assert sources == ["blocks.1.conv.neuron", "blocks.1.scan.state"]
    sources = [arrival.source for arrival in plan.arrivals["blocks.1.scan.state"]]
    assert [source.split(".")[2] for source in sources] == ["conv", "dt_proj", "B", "C"]
