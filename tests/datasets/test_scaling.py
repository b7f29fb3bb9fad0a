"""Z-scores and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lava_spikyspace.datasets.scaling import Scaler
from lava_spikyspace.errors import DataError

TABLES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-1e6, 1e6),
)


@given(TABLES)
def test_normalised_rows_have_mean_0_and_deviation_1(values):
    scaler = Scaler.fit(values)
    scores = scaler.normalise(values)
    varying = np.ptp(values, axis=0) > 1e-3
    np.testing.assert_allclose(scores[:, varying].mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(scores[:, varying].std(axis=0), 1.0, rtol=1e-6)
    np.testing.assert_allclose(scaler.denormalise(scores), values, rtol=1e-9, atol=1e-6)


def test_deviation_is_biased():
    scaler = Scaler.fit(np.array([[0.0], [2.0]]))
    assert scaler.mean.tolist() == [1.0]
    assert scaler.scale.tolist() == [1.0]


def test_constant_variates_have_scale_1():
    scaler = Scaler.fit(np.full((7, 2), [0.1, 1e-200]))
    assert scaler.scale.tolist() == [1.0, 1.0]


def test_any_leading_axes():
    scaler = Scaler(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    windows = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(scaler.normalise(windows), (windows - [1, 2]) / [2, 4])
    np.testing.assert_array_equal(scaler.denormalise(windows), windows * [2, 4] + [1, 2])


@given(TABLES)
def test_json_restores_the_same_bits(values):
    scaler = Scaler.fit(values)
    restored = Scaler.from_dict(json.loads(json.dumps(scaler.to_dict())))
    np.testing.assert_array_equal(restored.mean, scaler.mean)
    np.testing.assert_array_equal(restored.scale, scaler.scale)


def test_does_not_change_with_its_source():
    mean = np.zeros(2)
    scaler = Scaler(mean, np.ones(2))
    mean[0] = 5.0
    assert scaler.mean[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        scaler.scale[0] = 2.0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mean": [1.0]}, r"fields \['mean'\], expected mean and scale"),
        ({"mean": [1.0], "scale": [1.0], "std": [1.0]}, "expected mean and scale"),
        ({"mean": [1.0, 2.0], "scale": [1.0]}, "2 means and 1 scales"),
        ({"mean": [1.0], "scale": [0.0]}, "scale of variate 0 is 0, expected more than 0"),
        ({"mean": [1.0, 1.0], "scale": [1.0, -2.0]}, "scale of variate 1 is -2"),
        ({"mean": [float("nan")], "scale": [1.0]}, "mean of variate 0 is nan"),
        ({"mean": [1.0], "scale": [float("inf")]}, "scale of variate 0 is inf"),
        ({"mean": ["x"], "scale": [1.0]}, "mean holds something other than numbers"),
        ({"mean": None, "scale": [1.0]}, "mean has shape"),
        ({"mean": [], "scale": []}, "mean has shape"),
        ({"mean": [[1.0]], "scale": [1.0]}, "mean has shape"),
        ({"mean": [[1.0], [1.0, 2.0]], "scale": [1.0]}, "mean holds something other"),
    ],
)
def test_fields_that_are_no_scaler(fields, message):
    with pytest.raises(DataError, match=message):
        Scaler.from_dict(fields)


def test_fit_needs_rows():
    with pytest.raises(DataError, match=r"array of \(0, 3\)"):
        Scaler.fit(np.zeros((0, 3)))


def test_fit_of_numbers_too_large_to_square():
    with pytest.raises(DataError, match="scale of variate 0 is inf"):
        Scaler.fit(np.array([[1e300], [-1e300]]))


def test_other_number_of_variates():
    scaler = Scaler(np.zeros(3), np.ones(3))
    for apply in (scaler.normalise, scaler.denormalise):
        with pytest.raises(DataError, match=r"shape \(4, 2\), expected 3 variates"):
            apply(np.zeros((4, 2)))
