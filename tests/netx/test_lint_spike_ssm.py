"""Model files of the SPikE-SSM-style family: written, read back, linted."""

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.plan import make_plan
from netx_export.writer import write_network
from tests.backends.parity import differences
from tests.netx.editing import change, edited, layer_path, put
from tests.random_spike_ssm import NEURONS, random_sequences, random_spike_ssm

B0 = "blocks.0."


@pytest.mark.parametrize("classification", [True, False])
@pytest.mark.parametrize("neuron", NEURONS)
def test_a_file_gives_the_network_back(tmp_path, neuron, classification):
    network = random_spike_ssm(1, neuron=neuron, classification=classification, wide=True)
    write_network(network, tmp_path / "model.net")
    assert lint_file(tmp_path / "model.net") == []
    read = read_network(tmp_path / "model.net")
    assert [type(layer) for layer in read] == [type(layer) for layer in network]
    plan, messages = make_plan(network, "graded"), random_sequences(1, network, 4)
    expected = BatchBackend().run(plan, messages, record=True)
    found = BatchBackend().run(make_plan(read, "graded"), messages, record=True, strict=True)
    assert differences(plan, expected, found) == []


BREAKS = {
    "growing state": (
        "fading-states",
        lambda f: change(
            f, layer_path(f, B0 + "s4d", "params/decay_real"), lambda v: np.full_like(v, 1 << 20)
        ),
    ),
    "growing membrane": (
        "fading-states",
        lambda f: put(f, layer_path(f, B0 + "neurons", "params/leak"), 1 << 12),
    ),
    "both shifts": (
        "decay-exponents",
        lambda f: [
            put(f, layer_path(f, B0 + "s4d", f"params/{side}"), np.ones((5, 3), dtype=np.int64))
            for side in ("left", "right")
        ],
    ),
    "other window": ("head-size", lambda f: put(f, "/deployment@window", 12)),
    "no threshold": (
        "value-bounds",
        lambda f: change(f, layer_path(f, B0 + "neurons", "params/threshold"), lambda v: v * 0),
    ),
    "wrong proof": (
        "range-proof",
        lambda f: put(f, layer_path(f, B0 + "s4d", "width/state"), np.array([0, 0])),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_lint_finds_what_is_wrong(tmp_path, name):
    code, breaks = BREAKS[name]
    write_network(random_spike_ssm(2), tmp_path / "model.net")
    path = edited(tmp_path / "model.net", tmp_path / "edited.net", breaks)
    assert code in [finding.code for finding in lint_file(path)]
