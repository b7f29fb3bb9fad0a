"""How Lava's Dense keeps weights: as lava-dl asks it to, and as Lava does it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lava_spikyspace.netx.stock.description import SILENT_INTEGRATOR, StockRecurrent
from lava_spikyspace.netx.stock.weights import (
    DenseFormat,
    dense_format,
    kept_weights,
    layer_format,
    output_shift,
)


def matrices(low=-256, high=255):
    return npst.arrays(
        np.int64,
        npst.array_shapes(min_dims=2, max_dims=2, max_side=4),
        elements=st.integers(low, high),
    )


def loaded_by_lava_dl(weight):
    """Whether lava-dl's loader takes the weights as they are."""
    return not (weight.min() < 0 and weight.max() > 254) and weight.any()


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        ([[3, -5]], DenseFormat(shift=5, weight_bits=4)),
        ([[100, -100]], DenseFormat(shift=1, weight_bits=6)),
        ([[101, -100]], DenseFormat(shift=1, weight_bits=8)),
        ([[254, -256]], DenseFormat(shift=0, weight_bits=8)),
        ([[201, -3]], DenseFormat(shift=0, weight_bits=9)),
        ([[7, 0]], DenseFormat(shift=5, weight_bits=3)),
        ([[255, 1]], DenseFormat(shift=0, weight_bits=8)),
        ([[-1, -2]], DenseFormat(shift=7, weight_bits=1)),
        ([[0, 0]], DenseFormat(shift=0, weight_bits=0)),
    ],
)
def test_formats(weight, expected):
    assert dense_format(np.array(weight)) == expected


@pytest.fixture(scope="module")
def lava_dl():
    """lava-dl's own function, from its file: the package would import torch."""
    try:
        found = importlib.util.find_spec("lava.lib.dl.netx")
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip("lava-dl is not installed")
    path = Path(next(iter(found.submodule_search_locations))) / "utils.py"
    spec = importlib.util.spec_from_file_location("lava_dl_netx_utils", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(weight=matrices() | matrices(0, 255) | matrices(-255, -1) | matrices(-8, 8))
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_formats_are_those_of_lava_dl(weight, lava_dl):
    if not loaded_by_lava_dl(weight):
        return
    shifted, bits, exponent, _ = lava_dl.optimize_weight_bits(weight)
    form = dense_format(weight)
    assert (form.shift, form.weight_bits) == (-exponent, bits)
    np.testing.assert_array_equal(shifted, weight << form.shift)


@given(
    weight=matrices() | matrices(0, 255) | matrices(-256, 0) | matrices(-8, 8),
    other=matrices() | matrices(-256, 0),
)
def test_weights_are_kept_as_lava_keeps_them(weight, other):
    """With the format of a layer whose other half may have other signs."""
    weightutils = pytest.importorskip("lava.utils.weightutils")
    both = np.concatenate([weight.ravel(), other.ravel()])[None]
    form = dense_format(both)
    shifted = weight << form.shift
    mode = weightutils.determine_sign_mode(shifted)
    clipped = weightutils.clip_weights(shifted, mode, num_bits=8)
    expected = weightutils.truncate_weights(clipped, mode, form.weight_bits)
    np.testing.assert_array_equal(kept_weights(weight, form), expected)


@given(weight=matrices(-127, 127))
def test_usual_weights_are_kept_exactly(weight):
    if weight.max() <= 0:
        weight = -weight
    form = dense_format(weight)
    np.testing.assert_array_equal(kept_weights(weight, form), weight << form.shift)


def recurrent_layer(delay):
    weight = np.array([[3, -5], [1, 2]])
    return StockRecurrent(
        index=0,
        shape=(2,),
        neuron=SILENT_INTEGRATOR,
        weight=weight,
        recurrent_weight=np.array([[40, 2], [1, 1]]),
        delay=delay,
    )


def test_a_recurrent_layer_has_one_format():
    layer = recurrent_layer(None)
    assert layer_format(layer) == DenseFormat(shift=2, weight_bits=7)
    assert output_shift(layer) == 2


def test_lava_dl_does_not_shift_delayed_recurrence_back():
    assert output_shift(recurrent_layer(np.ones((2, 2), dtype=np.int64))) == 0
