"""Whole networks of neuron programs give the codes of the batch engine."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.errors import InputError, StrictRangeError, UsageError
from lava_spikyspace.hardware.microcode.engine import run_programs
from lava_spikyspace.hardware.microcode.machine import Machine
from lava_spikyspace.hardware.microcode.paths import path_lengths
from lava_spikyspace.hardware.microcode.splitting import HOST_CELL, split_plan
from lava_spikyspace.inputs import resolve_network
from lava_spikyspace.intervals import prove_ranges, with_ranges
from lava_spikyspace.network import RmsNormLayer
from lava_spikyspace.plan import make_plan
from tests.random_networks import code_entropies, random_messages, random_network
from tests.random_spike_ssm import random_sequences, random_spike_ssm

ONE_BIT = dict.fromkeys(("c", "s", "delta", "delta1", "x", "y"), 1)
SMALL = {"blocks": 1, "golden": 0, "window": 4, "bits": {"y1": 3, "pts": 3}}
MANY_BITS = {"c": 3, "s": 4, "x": 3, "y": 4, "delta1": 3, "y1": 2, "pts": 2}


def differences(plan, messages, **options) -> list[str]:
    """Return the names of all records in which programs and batch engine differ."""
    expected = BatchBackend().run(plan, messages, record=True)
    found = run_programs(plan, messages, **options)
    assert set(found.records) == set(expected.records)
    assert np.array_equal(found.forecasts, found.records[plan.network.head.name])
    return [
        name
        for name, codes in expected.records.items()
        if not np.array_equal(codes, found.records[name])
    ]


@pytest.mark.parametrize("coding", ["graded", "unary"])
@pytest.mark.parametrize(
    "sizes",
    [
        {"seed": 1},
        {"seed": 3, "wide": True},
        {"seed": 4, "tight": True, "channels": 3},
        {"seed": 5, "bits": {**ONE_BIT, "y1": 2, "pts": 2}},
        {"seed": 6, "bits": MANY_BITS, "d_inner": 2},
        {"seed": 7, "window": 1, "d_conv": 1, "horizon": 1, "channels": 1},
        {"seed": 8, "first": (-1.4, 0.6)},
        {"seed": 9, "wide": True, "first": (2.3, 0, 0, 0, 0, 0)},
        {"seed": 1, "broad": True},
        {"seed": 5, "broad": True, "blocks": 2},
    ],
    ids=[
        *("narrow", "wide", "tight", "one bit", "many bits", "smallest", "first", "first, wide"),
        *("broad", "two broad blocks"),
    ],
)
def test_all_codes_of_random_networks(sizes, coding):
    network = random_network(**{**SMALL, **sizes})
    messages = random_messages(2, network, 4)
    assert differences(make_plan(network, coding), messages) == []


@pytest.mark.parametrize("coding", ["graded", "unary"])
@pytest.mark.parametrize(
    "sizes",
    [
        {"seed": 1},
        {"seed": 2, "neuron": "soft_reset", "gated": False},
        {"seed": 3, "neuron": "hard_reset", "classification": False},
        {"seed": 4, "neuron": "bernoulli", "wide": True},
    ],
    ids=["refractory", "soft reset", "hard reset", "bernoulli"],
)
def test_all_messages_of_random_networks_of_the_second_family(sizes, coding):
    network = random_spike_ssm(**sizes)
    messages = random_sequences(1, network, 5)
    assert differences(make_plan(network, coding), messages) == []


def test_the_extremes_of_the_input_range():
    network = random_network(8, **{**SMALL, "tight": True, "channels": 4})
    messages = random_messages(3, network, 6, extremes=True)
    assert differences(make_plan(network, "graded"), messages) == []


def test_networks_of_these_tests_are_alive():
    network = random_network(1, **SMALL)
    assert min(code_entropies(network, random_messages(2, network, 32)).values()) > 0.5


def test_windows_in_a_row_do_not_see_each_other():
    network = random_network(9, **SMALL)
    plan = make_plan(network, "unary")
    messages = random_messages(4, network, 5)
    for in_a_row in (1, 3, 5):
        assert differences(plan, messages, in_a_row=in_a_row) == []


def test_paths_of_a_run_lie_between_the_shortest_and_the_longest():
    network = random_network(3, **{**SMALL, "wide": True})
    run = run_programs(make_plan(network, "unary"), random_messages(2, network, 3))
    for kind in run.graph.kinds:
        count = run.paths[kind.name]
        best, worst = path_lengths(kind.program)
        assert best <= count.best <= count.mean <= count.worst <= worst, kind.name
        # Both windows of two lanes, every step of every element.
        assert count.executions == 4 * network.window * 3 * kind.neurons


def test_a_sum_beyond_an_accumulator_is_an_error():
    network = random_network(1, **SMALL)
    graph = split_plan(make_plan(network, "graded"))
    machine = Machine(graph)
    # Beyond the input range, so the limbs are not enough; a synapse delivers one step later.
    too_much = np.full((1, network.channels), (1 << 23) - 1)
    machine.step({("input", HOST_CELL): too_much})
    with pytest.raises(StrictRangeError, match="more than an accumulator of 24 bits"):
        machine.step({("input", HOST_CELL): too_much})


def test_nothing_to_run_is_an_error():
    network = random_network(1, **SMALL)
    with pytest.raises(UsageError, match="no windows"):
        run_programs(make_plan(network, "graded"), np.zeros((0, 4, 5), dtype=np.int64))


def test_codes_that_no_accumulator_sums_up_are_refused():
    # Codes of 4 bits into as many inputs of the largest weight: no neuron cuts codes into limbs.
    network = random_network(2, **{**SMALL, "bits": {"s": 4, "y1": 2, "pts": 2}})
    inputs = 1 + (1 << 23) // (15 * 127)
    heavy = np.full((1, inputs), 127, dtype=np.int8)
    layers = tuple(
        replace(layer, weight=heavy) if layer.name.endswith(".delta") else layer
        for layer in network
    )
    with pytest.raises(InputError, match=r"blocks.0.delta: sums of the codes of .* wider than 24"):
        split_plan(make_plan(replace(network, layers=layers), "graded"))


@pytest.mark.slow
@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_all_codes_of_the_demo_network(coding):
    network = resolve_network(None)
    assert differences(make_plan(network, coding), network.golden.inputs) == []


@pytest.fixture(scope="module")
def metr_la_checkpoint(tmp_path_factory, shared_data):
    """A model of METR-LA's 207 sensors, trained for a moment, and the table that it comes from."""
    pytest.importorskip("torch")
    table = shared_data / "metr_la_week_207.csv"
    checkpoint = tmp_path_factory.mktemp("metr") / "metr.pt"
    sizes = ("--window", "12", "--horizon", "3", "--d-inner", "41", "--epochs", "1")
    _command("train", "--data", table, "--out", checkpoint, *sizes)
    return checkpoint, table


def _command(*arguments) -> None:
    command = [sys.executable, "-m", "lava_spikyspace", *map(str, arguments), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("coding", ["graded", "unary"])
@pytest.mark.parametrize("width", [(), ("--width", "24")], ids=["usual", "width 24"])
def test_all_codes_of_a_model_of_metr_la(metr_la_checkpoint, tmp_path, width, coding):
    checkpoint, table = metr_la_checkpoint
    file = tmp_path / "metr.net"
    _command("export", checkpoint, "--calibration", table, "--out", file, "--golden", "2", *width)
    network = resolve_network(file)
    assert network.channels == 207
    assert differences(make_plan(network, coding), network.golden.inputs) == []


@pytest.mark.parametrize("shift", [1, 2])
def test_squares_without_their_low_bits(shift):
    network = random_network(9, **{**SMALL, "wide": True})
    layers = tuple(
        replace(layer, square_shift=shift, root_bits=layer.root_bits + shift)
        if isinstance(layer, RmsNormLayer)
        else layer
        for layer in network
    )
    network = replace(network, layers=layers)
    network = with_ranges(network, prove_ranges(network))
    plan, messages = make_plan(network, "graded"), random_messages(9, network, 3)
    assert differences(plan, messages) == []


def test_thresholds_and_multipliers_in_limbs_give_the_same_codes():
    network = random_network(9, **SMALL)
    limbed = {"theta_limbs": (4,), "mult_limbs": (3,)}
    layers = tuple(
        replace(layer, **{name: widths for name, widths in limbed.items() if hasattr(layer, name)})
        for layer in network
    )
    network = replace(network, layers=layers)
    network = with_ranges(network, prove_ranges(network))
    messages = random_messages(9, network, 3)
    assert differences(make_plan(network, "graded"), messages) == []
