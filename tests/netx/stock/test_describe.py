import json

import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.netx.stock.describe import describe_stock
from lava_spikyspace.netx.stock.reader import read_stock
from tests.netx.stock.building import chain_of_dense_layers, convolutions_in_groups, write_stock


@pytest.fixture
def convolutions(tmp_path):
    return read_stock(write_stock(tmp_path / "x.net", convolutions_in_groups()))


def test_all_that_a_network_has(convolutions):
    found = describe_stock(convolutions)
    assert json.loads(json.dumps(found)) == found
    assert (found["kind"], found["input_shape"], found["output_shape"]) == ("stock", [7, 9, 4], [8])
    source, first, _, flat, last = found["layers"]
    assert source["transform"] == {"weight": 36, "bias": 4}
    assert first["geometry"] == {
        "reads": [7, 9, 4],
        "kernel": [2, 3],
        "stride": [2, 1],
        "padding": [2, 1],
        "dilation": [1, 2],
        "groups": 2,
    }
    assert first["neuron"] == {
        "kind": "CUBA",
        "threshold": 30,
        "current_decay": 1024,
        "voltage_decay": 512,
        "message_bits": 0,
    }
    assert [parameter["name"] for parameter in first["parameters"]] == ["weight", "bias"]
    assert (flat["neurons"], flat["neuron"]) == (0, None)
    assert last["parameters"][0]["shape"] == [8, 81]


def test_extremes_of_parameters(tmp_path):
    made = chain_of_dense_layers()
    network = read_stock(write_stock(tmp_path / "x.net", made))
    _, entry, *_ = describe_stock(network)["layers"]
    weight, recurrent = entry["parameters"]
    assert weight["min"] == made[1]["weight"].min()
    assert weight["nonzero"] == (made[1]["weight"] != 0).sum()
    assert (recurrent["name"], recurrent["max"]) == (
        "recurrent_weight",
        made[1]["weight_rec"].max(),
    )


def test_some_layers(convolutions):
    assert [entry["index"] for entry in describe_stock(convolutions, "layer.[12]")["layers"]] == [
        1,
        2,
    ]
    with pytest.raises(UsageError, match=r"no layer is called head"):
        describe_stock(convolutions, "head")
