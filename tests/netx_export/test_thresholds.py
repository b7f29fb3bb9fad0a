import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.network import Interval
from netx_export.frozen import FrozenQuantiser
from netx_export.thresholds import affine_thresholds, normalised_thresholds

ACC = Interval(-300, 300)


@given(
    alpha=st.floats(0.01, 3),
    z=st.sampled_from([0.0, -0.5, 0.25, -4.0]),
    bits=st.integers(1, 4),
    signed=st.booleans(),
    scale=st.floats(1e-3, 0.2),
    offset=st.floats(-2, 2),
)
def test_thresholds_take_the_decisions_of_the_quantiser(
    alpha: float, z: float, bits: int, signed: bool, scale: float, offset: float
) -> None:
    quantiser = FrozenQuantiser(alpha, 0.0 if signed else z, bits, signed=signed)
    theta = affine_thresholds(quantiser, np.array([scale]), np.array([offset]), ACC)
    acc = np.arange(ACC.lo, ACC.hi + 1)
    reached = (acc[:, None] >= theta).sum(axis=1)
    np.testing.assert_array_equal(quantiser.levels[reached], quantiser.codes(scale * acc + offset))
    assert np.all(np.diff(theta, axis=-1) >= 0)


def test_ties_round_to_even() -> None:
    """0.5 rounds to 0, 1.5 and 2.5 to 2, whatever the accumulator's format."""
    quantiser = FrozenQuantiser(alpha=0.75, zero_point=0.0, bits=2)
    theta = affine_thresholds(quantiser, np.array([0.75 / 8]), np.array([0.0]), ACC)
    assert theta.tolist() == [[5, 12, 21]]


def test_thresholds_stay_near_the_range_of_the_accumulator() -> None:
    quantiser = FrozenQuantiser(alpha=1e6, zero_point=0.0, bits=2)
    theta = affine_thresholds(quantiser, np.array([1e-9]), np.array([0.0]), Interval(-5, 5))
    assert theta.tolist() == [[6, 6, 6]]


@pytest.mark.parametrize("shift", [12, 20])
def test_normalised_thresholds_divide(shift: int) -> None:
    rng = np.random.default_rng(0)
    weight = rng.integers(-127, 128, (3, 50))
    scale = np.array([0.01, 0.02, 0.004])
    quantiser = FrozenQuantiser(alpha=0.4, zero_point=-0.25, bits=2)
    norms = np.sqrt((weight.astype(float) ** 2).sum(axis=1))
    theta = normalised_thresholds(quantiser, scale, norms, 50, 4, shift)
    x = rng.integers(-(1 << 18), 1 << 18, (400, 50))
    acc = x @ weight.T
    rms = np.floor(np.sqrt((x.astype(float) ** 2).mean(axis=1)) * 2**4).astype(np.int64)
    codes = ((acc[..., None] << shift) >= theta * rms[:, None, None]).sum(axis=-1)
    real = scale * acc / (rms[:, None] / 2**4)
    assert np.mean(codes == quantiser.codes(real)) > 0.999
