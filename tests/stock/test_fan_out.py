"""Weights that an event meets, against counting them one by one."""

import itertools

import numpy as np
import pytest

from lava_spikyspace.netx.stock.reader import read_stock
from lava_spikyspace.netx.stock.selection import Settings, select_layers
from lava_spikyspace.stock.fan_out import conv_fan_out, dense_fan_out
from lava_spikyspace.stock.plan import make_stock_plan
from tests.netx.stock.building import conv, convolutions_in_groups, cuba, layer, write_stock


def counted(conv_layer):
    """Return the weights that each input meets: every output asks every tap what it reads."""
    met = np.zeros(conv_layer.reads, dtype=int)
    outputs, x_taps, y_taps, channels = conv_layer.weight.shape
    per_group = outputs // conv_layer.groups
    for x, y, output in itertools.product(*map(range, conv_layer.shape)):
        for i, j, channel in itertools.product(range(x_taps), range(y_taps), range(channels)):
            place = [
                at * conv_layer.stride[axis]
                - conv_layer.padding[axis]
                + tap * conv_layer.dilation[axis]
                for axis, (at, tap) in enumerate(((x, i), (y, j)))
            ]
            source = channel + output // per_group * channels
            inside = all(0 <= p < size for p, size in zip(place, conv_layer.reads, strict=False))
            if inside and conv_layer.weight[output, i, j, channel]:
                met[place[0], place[1], source] += 1
    return met


@pytest.mark.parametrize("index", [1, 2])
def test_convolutions_with_all_there_is(index, tmp_path):
    network = read_stock(write_stock(tmp_path / "x.net", convolutions_in_groups()))
    found = conv_fan_out(network.layers[index])
    np.testing.assert_array_equal(found, counted(network.layers[index]))
    assert len(np.unique(found)) > 3


def test_strides_beyond_the_kernel_leave_places_unread(tmp_path):
    kernel = np.ones((2, 1, 1, 2))
    layers = [
        layer("input", [1, 7, 7]),
        conv([2, 3, 3], kernel, cuba(), stride=(3, 3), padding=(1, 0)),
    ]
    layers[1]["shape"] = np.array([2, 3, 2])
    network = read_stock(write_stock(tmp_path / "x.net", layers))
    found = conv_fan_out(network.layers[1])
    np.testing.assert_array_equal(found, counted(network.layers[1]))
    assert (found == 0).any()


def test_dense():
    assert dense_fan_out(np.array([[1, 0, -3], [2, 0, 0]])).tolist() == [2, 0, 1]


def test_a_flattened_layer_is_read_channel_first(tmp_path):
    layers = convolutions_in_groups()
    # Only what comes from channel 5 at y = 1, x = 2 is read.
    weight = np.zeros((8, 81), "f4")
    weight[:3, 5 * 9 + 1 * 3 + 2] = 7
    layers[4]["weight"] = weight
    network = read_stock(write_stock(tmp_path / "x.net", layers))
    plan = make_stock_plan(select_layers(network, Settings()))
    (reader,) = plan.readers("layer.2.neuron")
    assert reader.fan_out.shape == (3, 3, 9)
    assert reader.fan_out[2, 1, 5] == 3
    assert reader.fan_out.sum() == 3
