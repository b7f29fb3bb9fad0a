"""From a plan to connected Lava processes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("lava.magma.core.decorator")

from lava.proc.dense.process import Dense
from lava.proc.io.sink import RingBuffer
from lava.utils.weightutils import SignMode

from lava_spikyspace.assembly import assemble
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.simulation import run_config
from lava_spikyspace.errors import InternalError
from lava_spikyspace.plan import CODINGS, make_plan
from lava_spikyspace.runtime.inprocess import InProcessRuntime
from tests.random_networks import random_messages, random_network

NETWORK = random_network(1, blocks=2, window=4, wide=True, golden=0)
MESSAGES = random_messages(2, NETWORK, 3)


@pytest.mark.parametrize("coding", CODINGS)
def test_every_process_of_the_plan_is_there_under_its_name(coding):
    plan = make_plan(NETWORK, coding)
    graph = assemble(plan, MESSAGES)
    kinds = {name: type(process).__name__ for name, process in graph.processes.items()}
    assert list(kinds.items()) == [(place.name, place.kind) for place in plan.processes]
    assert all(process.name == name for name, process in graph.processes.items())
    assert graph.source is graph.processes["input"]
    assert graph.head is graph.processes["head"]
    assert graph.time_steps == plan.time_steps(3)


def test_every_link_of_the_plan_is_a_connection():
    plan = make_plan(NETWORK, "graded")
    graph = assemble(plan, MESSAGES)
    found = {
        (source.process.name, port.process.name, port.name)
        for process in graph.processes.values()
        for port in process.in_ports
        for source in port.get_src_ports()
    }
    assert found == {(link.source, link.target, link.role) for link in plan.links}


def dense_parameters(coding: str) -> dict[str, tuple[np.ndarray, int]]:
    graph = assemble(make_plan(NETWORK, coding), MESSAGES)
    return {
        name: (process.weights.init, process.num_message_bits.init, process.proc_params)
        for name, process in graph.processes.items()
        if isinstance(process, Dense)
    }


def test_weights_of_dense_are_doubled_with_mixed_signs():
    for name, (weights, _, parameters) in dense_parameters("graded").items():
        layer = NETWORK[name.split(".synapses")[0]]
        assert np.array_equal(weights, 2 * layer.weight.astype(int))
        assert parameters["sign_mode"] is SignMode.MIXED
        assert parameters["weight_exp"] == -1


def test_only_spikes_of_codes_are_binary_to_dense():
    binary = {name for name, (_, bits, _) in dense_parameters("unary").items() if bits == 0}
    codes = ("delta", "B", "C", "dt_proj")
    assert binary == {f"blocks.{b}.{name}.synapses" for b in range(2) for name in codes}
    assert all(bits > 0 for _, bits, _ in dense_parameters("graded").values())


def test_dense_is_told_the_width_of_its_messages():
    widths = {name: bits for name, (_, bits, _) in dense_parameters("graded").items()}
    assert widths["blocks.0.delta.synapses"] == NETWORK["blocks.0.conv"].bits
    low, middle = NETWORK["blocks.0.in_proj.scan"].limbs
    assert widths["blocks.0.in_proj.scan.synapses"] == low
    assert widths["blocks.0.in_proj.scan.synapses.mid"] == middle
    message = NETWORK["input"].ranges["message"].bits
    assert widths["blocks.0.in_proj.scan.synapses.hi"] == message - low - middle


def test_reads_counters_forecasts_and_records_only_where_asked():
    plan = make_plan(NETWORK, "graded")
    plain = set(assemble(plan, MESSAGES).variables())
    assert {"head.forecast", "blocks.0.scan.passing_counters", "input.counters"} <= plain
    assert not any("record" in name for name in plain)
    recorded = set(assemble(plan, MESSAGES, record=True).variables()) - plain
    assert "blocks.1.scan.inner_record" in recorded
    assert all(name.endswith("record") for name in recorded)


def test_ranges_are_checked_only_where_asked():
    plan = make_plan(NETWORK, "graded")
    for strict in (False, True):
        head = assemble(plan, MESSAGES, strict=strict).head
        assert (head.proc_params["proof"] is NETWORK["head"]) is strict
    assert assemble(plan, MESSAGES).head.proc_params["proof"] is None


def test_unknown_process_class():
    plan = make_plan(NETWORK, "graded")
    places = (*plan.processes[:-1], replace(plan.processes[-1], kind="Oracle"))
    with pytest.raises(InternalError, match=r"Oracle; there are .*ForecastHead"):
        assemble(replace(plan, processes=places), MESSAGES)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_sink_of_lava_hears_the_forecasts(coding):
    plan = make_plan(NETWORK, coding)
    graph = assemble(plan, MESSAGES)
    sink = RingBuffer(shape=graph.head.message.shape, buffer=graph.time_steps)
    graph.head.message.connect(sink.a_in)
    with InProcessRuntime(graph.source, run_config()) as runtime:
        runtime.run(graph.time_steps)
        heard = runtime.get(sink.data)
    # One forecast per window, in the first step of the frame of its last element.
    frames = plan.network.window * plan.frame_steps
    steps = plan.latency_steps + np.arange(1, 4) * frames - plan.frame_steps
    expected = BatchBackend().run(plan, MESSAGES).forecasts
    assert np.array_equal(np.moveaxis(heard[..., steps], -1, 0), expected)
    silent = np.delete(heard, steps, axis=-1)
    assert not silent.any()
