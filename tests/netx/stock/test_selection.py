"""Which layers run, and how the first of them is fed."""

import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.netx.stock.reader import read_stock
from lava_spikyspace.netx.stock.selection import Settings, select_layers
from tests.netx.stock.building import (
    chain_of_dense_layers,
    convolutions_in_groups,
    cuba,
    layer,
    sdnn,
    write_stock,
)


@pytest.fixture
def network(tmp_path):
    def make(layers):
        return read_stock(write_stock(tmp_path / "x.net", layers))

    return make


def names(selection):
    return [selected.layer.index for selected in selection.layers]


def test_all_layers_but_flatten(network):
    selection = select_layers(network(convolutions_in_groups()), Settings())
    assert names(selection) == [0, 1, 2, 4]
    assert (selection.feed, selection.input_shape, selection.output_shape) == (
        "bias",
        (7, 9, 4),
        (8,),
    )
    assert [selected.flattened for selected in selection.layers] == [None, None, None, (3, 3, 9)]
    assert selection.latency_steps == 3


@pytest.mark.parametrize(
    ("skipped", "kept", "feed", "shape"),
    [
        (1, [1, 2, 4], "spikes", (7, 9, 4)),
        (2, [2, 4], "spikes", (5, 7, 6)),
        (3, [4], "spikes", (81,)),
        (4, [4], "spikes", (81,)),
    ],
)
def test_layers_are_counted_as_the_file_has_them(skipped, kept, feed, shape, network):
    selection = select_layers(network(convolutions_in_groups()), Settings(skip_layers=skipped))
    assert (names(selection), selection.feed, selection.input_shape) == (kept, feed, shape)
    assert selection.first.flattened is None


def test_number_of_layers(network):
    selection = select_layers(network(chain_of_dense_layers()), Settings(1, num_layers=3))
    assert names(selection) == [1, 2]


def test_width_of_the_input(network):
    stock = network(chain_of_dense_layers())
    assert select_layers(stock, Settings()).feed == "spikes"
    selection = select_layers(stock, Settings(input_bits=4))
    assert selection.feed == "messages"
    assert [selected.input_bits for selected in selection.layers] == [4, 0, 0, 0, 0, 0]
    # The last layer that is left out decides.
    assert select_layers(stock, Settings(skip_layers=1, input_bits=4)).feed == "spikes"


def test_sigma_delta_neurons_send_messages(network):
    stock = network(convolutions_in_groups(sdnn()))
    assert select_layers(stock, Settings()).feed == "values"
    selection = select_layers(stock, Settings(skip_layers=1))
    assert selection.feed == "messages"
    assert {selected.input_bits for selected in selection.layers} == {16}


def test_an_input_layer_without_neurons_is_no_layer_that_runs(network):
    layers = [layer("input", [4, 9, 7]), *convolutions_in_groups()[1:]]
    selection = select_layers(network(layers), Settings(input_bits=3))
    assert (names(selection), selection.feed) == ([1, 2, 4], "messages")


def test_resets_come_one_step_later_in_each_layer(network):
    stock = network(convolutions_in_groups())
    selection = select_layers(stock, Settings(skip_layers=1, reset_interval=5, reset_offset=2))
    assert [selected.reset_phase for selected in selection.layers] == [3, 4, 5]


def test_nothing_left(network):
    with pytest.raises(UsageError, match="skipping 6 of 6 layers leaves none"):
        select_layers(network(chain_of_dense_layers()), Settings(skip_layers=6))
    with pytest.raises(UsageError, match="skipping 2 of 2 layers"):
        select_layers(network(chain_of_dense_layers()), Settings(skip_layers=2, num_layers=2))


@pytest.mark.parametrize(
    "wrong",
    [
        {"skip_layers": -1},
        {"num_layers": 0},
        {"reset_interval": 0},
        {"reset_offset": -1},
        {"input_bits": -1},
        {"input_bits": 25},
    ],
)
def test_settings_out_of_bounds(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(UsageError, match=f"{name} is {value}, expected"):
        Settings(**wrong)


def test_messages_of_neurons_with_a_width(network):
    layers = chain_of_dense_layers()
    layers[0] |= cuba(messageBits=3)
    selection = select_layers(network(layers), Settings(skip_layers=1))
    assert selection.feed == "messages"
