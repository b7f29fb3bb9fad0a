"""`inspect --microcode`: listings, constants, state, messages and instruction counts."""

import json

import pytest

from lava_spikyspace.hardware.microcode.engine import run_programs
from lava_spikyspace.hardware.microcode.paths import path_lengths
from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.plan import make_plan
from netx_export.writer import write_network
from tests.random_networks import random_network
from tests.random_spike_ssm import random_spike_ssm


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("microcode") / "model.net"
    write_network(random_network(5, wide=True, blocks=1, window=4, golden=1), path)
    return path


def test_a_layer_is_shown_in_full(run_cli, model):
    done = run_cli("inspect", "--microcode", model, "blocks.0.scan")
    assert done.code == 0, done.stderr
    for text in (
        "blocks.0.scan.state: one state of the scan",
        "MUL_SHR",
        "gain[0][0]",  # a constant
        "blocks.0.C.neuron",  # who sends to the state
        "message bits",
    ):
        assert text in done.stdout, text
    assert "pt_silu" not in done.stdout


def test_json_has_what_the_programs_have(run_cli, model):
    done = run_cli("inspect", "--microcode", model, "--json", "--coding", "unary")
    assert done.code == 0, done.stderr
    data = json.loads(done.stdout)["data"]["microcode"]
    network = read_network(model)
    plan = make_plan(network, "unary")
    paths = run_programs(plan, network.golden.inputs[:1]).paths
    kinds = split_plan(plan).kinds
    assert [entry["name"] for entry in data["kinds"]] == [kind.name for kind in kinds]
    for entry, kind in zip(data["kinds"], kinds, strict=True):
        program, counts = kind.program, entry["instructions"]
        assert entry["listing"] == program.lines()
        assert entry["state_words"] == list(program.states)
        assert [c["name"] for c in entry["constants"]] == list(kind.constants)
        assert [m["bits"] for m in entry["messages"]] == [s.bits for s in kind.payloads.values()]
        assert (counts["best"], counts["worst"]) == path_lengths(program)
        assert counts["measured"]["mean"] == pytest.approx(paths[kind.name].mean)


def test_the_second_family_has_programs_as_well(run_cli, tmp_path):
    path = tmp_path / "ssm.net"
    write_network(random_spike_ssm(1, blocks=1), path)
    done = run_cli("inspect", "--microcode", path, "blocks.0.s4d")
    assert done.code == 0, done.stderr
    assert "s4d_state" in done.stdout
    assert "s4d_output" in done.stdout
