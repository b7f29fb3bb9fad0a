"""Rounding at the input, and the way back."""

from dataclasses import replace

import numpy as np
import pytest

from lava_spikyspace.boundary import decode_forecasts, encode_windows
from lava_spikyspace.errors import DataError
from lava_spikyspace.network import Interval, Normalisation
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def network():
    plain = random_network(1, channels=2, window=3, horizon=2, blocks=1, d_inner=2)
    layers = list(plain.layers)
    layers[0] = replace(layers[0], frac_bits=4, ranges={"message": Interval(-128, 127)})
    norm = Normalisation(kind="fixed", mean=np.array([10.0, -2.0]), scale=np.array([2.0, 0.5]))
    return replace(plain, layers=tuple(layers), normalisation=norm, variates=("north", "south"))


def test_round_half_to_even_after_normalisation(network) -> None:
    # (v - 10) / 2 * 16: halves go to the even neighbour.
    windows = np.array([[[10.0625, -2.0], [10.1875, -1.5], [9.9375, -2.25]]])
    encoded = encode_windows(network, windows)
    assert encoded.messages.tolist() == [[[0, 0], [2, 16], [0, -8]]]
    assert encoded.clipped == 0


def test_value_outside_the_input_range_is_named(network) -> None:
    windows = np.full((2, 3, 2), [10.0, -2.0])
    windows[1, 2, 1] = 9.0
    with pytest.raises(
        DataError, match=r"speeds.csv: row 42, column 1 \(south\): value 9 .*1 such"
    ):
        encode_windows(network, windows, first_rows=np.array([7, 40]), source="speeds.csv")


def test_clipping_saturates_and_counts(network) -> None:
    windows = np.array([[[1e6, -2.0], [-1e6, -2.0], [10.0, 1e9]]])
    encoded = encode_windows(network, windows, clip=True)
    assert encoded.messages.tolist() == [[[127, 0], [-128, 0], [0, 127]]]
    assert encoded.clipped == 3


def test_forecasts_in_units_of_the_table(network) -> None:
    windows = np.tile([10.0, -2.0], (1, 3, 1))
    encoded = encode_windows(network, windows)
    unit = 2**network.head.frac_bits
    forecast = decode_forecasts(network, np.array([[[unit, 0], [0, -2 * unit]]]), encoded)
    assert forecast.tolist() == [[[12.0, -2.0], [10.0, -3.0]]]


def test_instance_normalisation_takes_mean_and_scale_of_each_window(network) -> None:
    instance = replace(network, normalisation=Normalisation(kind="instance", eps=0.0))
    windows = np.array([[[0.0, 5], [2, 5.5], [4, 6]], [[10, 1], [12, 2], [14, 3]]])
    encoded = encode_windows(instance, windows)
    np.testing.assert_array_equal(encoded.messages[0, :, 0], encoded.messages[1, :, 0])
    zero = np.zeros((2, 2, 2), dtype=np.int64)
    np.testing.assert_allclose(
        decode_forecasts(instance, zero, encoded)[:, 0], [[2.0, 5.5], [12.0, 2.0]]
    )
    part = encoded[1:]
    np.testing.assert_allclose(decode_forecasts(instance, zero[1:], part)[0, 0], [12.0, 2.0])
