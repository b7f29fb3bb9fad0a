"""The interval proof against brute force and against extremes."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.backends.batch import run_layers
from lava_spikyspace.intervals import (
    choose_limbs,
    dense_product_magnitude,
    dense_rows,
    limb_intervals,
    prove_ranges,
)
from lava_spikyspace.network import DENSE_BITS, Interval, Normalisation
from netx_export.budget import Formats
from netx_export.lowering import lower
from tests.random_frozen import Sizes, random_frozen_model


def small_network(seed: int, window: int = 2):
    sizes = Sizes(
        variates=2, window=window, horizon=1, blocks=1, d_inner=2, d_state=2, dt_rank=1, d_conv=2
    )
    model = random_frozen_model(seed, sizes)
    return lower(
        model, Formats(residual=4, gate=8, b=6, c=6, state=6), 3.0, Normalisation(kind="fixed")
    )


@pytest.mark.parametrize("seed", range(4))
def test_nothing_leaves_its_range_for_any_input_of_a_small_network(seed: int) -> None:
    network = small_network(seed)
    low, high = network.input.ranges["message"].ends
    grid = np.unique(np.concatenate([[low, low + 1, -1, 0, 1, high], np.arange(low, high, 17)]))
    windows = np.array(list(product(grid, repeat=4))).reshape(-1, 2, 2)
    proven = prove_ranges(network)
    outputs = run_layers(network, windows, strict=True)
    for layer in network:
        for name, seen in outputs[layer.name].observed.items():
            assert proven[layer.name][name].contains(seen), (layer.name, name)


@pytest.mark.parametrize("seed", range(3))
def test_extreme_inputs_of_a_large_network_stay_inside(seed: int) -> None:
    sizes = Sizes(variates=60, window=8, d_inner=12, d_state=16, dt_rank=4, blocks=2)
    network = lower(random_frozen_model(seed, sizes), Formats(), 4.0, Normalisation(kind="fixed"))
    low, high = network.input.ranges["message"].ends
    rng = np.random.default_rng(seed)
    extremes = rng.choice([low, high, 0], size=(30, 8, 60))
    weight = network["blocks.0.in_proj.scan"].weight
    # The inputs that make the first accumulator as large and as small as it can be.
    extremes[0] = np.where(weight[0] > 0, high, low)
    extremes[1] = np.where(weight[0] > 0, low, high)
    outputs = run_layers(network, extremes, strict=True)
    reached = outputs["blocks.0.in_proj.scan"].observed["accumulator"]
    first = dense_rows(weight[:1], Interval(low, high))
    assert reached.hi >= first[1][0]
    assert reached.lo <= first[0][0]


def test_dense_rows_are_reached() -> None:
    weight = np.array([[3, -2], [0, 0], [-1, -1]], dtype=np.int8)
    lows, highs = dense_rows(weight, Interval(-4, 5))
    values = weight.astype(int) @ np.array(list(product(range(-4, 6), repeat=2))).T
    np.testing.assert_array_equal(lows, values.min(axis=1))
    np.testing.assert_array_equal(highs, values.max(axis=1))


@given(
    row=st.integers(1, 400),
    weight=st.integers(1, 127),
    bits=st.integers(2, 24),
)
def test_limbs_fit_a_dense_and_none_is_wasted(row: int, weight: int, bits: int) -> None:
    matrix = np.full((1, row), weight, dtype=np.int8)
    message = Interval.signed(bits)
    widths = choose_limbs([matrix], message)
    limbs = limb_intervals(message, widths)
    assert all(dense_product_magnitude(matrix, limb) < 1 << DENSE_BITS for limb in limbs)
    if widths:
        assert dense_product_magnitude(matrix, message) >= 1 << DENSE_BITS


@pytest.mark.parametrize(
    ("interval", "bits"), [((-1, 0), 1), ((0, 1), 2), ((-128, 127), 8), ((-129, 0), 9), ((0, 0), 1)]
)
def test_width_of_a_register(interval: tuple[int, int], bits: int) -> None:
    assert Interval(*interval).bits == bits
