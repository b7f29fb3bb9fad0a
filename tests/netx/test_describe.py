import json

import pytest

from lava_spikyspace.cli.jsonable import to_jsonable
from lava_spikyspace.errors import UsageError
from lava_spikyspace.netx.describe import describe
from tests.random_networks import random_network


def test_everything_of_a_network(network):
    found = describe(network)
    assert [entry["name"] for entry in found["layers"]] == [layer.name for layer in network]
    conv = next(entry for entry in found["layers"] if entry["name"] == "blocks.0.conv")
    assert conv["type"] == "conv1d"
    assert conv["neuron_type"] == "ENCODER"
    assert conv["inputs"] == ["blocks.0.in_proj.scan"]
    assert conv["neurons"] == 4
    assert conv["code_bits"] == 2
    layer = network["blocks.0.conv"]
    accumulator = layer.ranges["accumulator"]
    assert conv["ranges"]["accumulator"] == {
        "min": accumulator.lo,
        "max": accumulator.hi,
        "bits": accumulator.bits,
    }
    weight, theta = conv["parameters"]
    assert weight == {
        "name": "weight",
        "dtype": "int8",
        "shape": [4, 3],
        "min": layer.weight.min(),
        "max": layer.weight.max(),
    }
    assert theta["shape"] == [3, 4, 3]
    assert found["deployment"]["window"] == 8
    assert found["deployment"]["bits"] == network.bits
    assert found["deployment"]["normalisation"]["kind"] == "fixed"
    assert found["golden"] == {"windows": 2, "digests": len(network.golden.digests)}
    assert found["provenance"] == network.provenance


def test_it_is_json(network):
    assert json.loads(json.dumps(to_jsonable(describe(network)))) == describe(network)


def test_a_network_without_golden_windows_and_with_limbs():
    found = describe(random_network(0, wide=True, instance=True, golden=0))
    assert found["golden"] is None
    assert found["deployment"]["normalisation"]["mean"] is None
    gate = next(entry for entry in found["layers"] if entry["name"] == "blocks.0.in_proj.gate")
    assert gate["limbs"]


def test_layers_are_chosen_by_a_pattern(network):
    chosen = describe(network, "blocks.1.in_proj.*")["layers"]
    assert [entry["name"] for entry in chosen] == ["blocks.1.in_proj.scan", "blocks.1.in_proj.gate"]
    assert [entry["index"] for entry in chosen] == [13, 14]


def test_no_such_layer_lists_those_that_are_there(network):
    with pytest.raises(UsageError) as caught:
        describe(network, "blocks.9.*")
    assert "blocks.9.*" in caught.value.message
    assert "blocks.1.conv" in caught.value.hint
