import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.arithmetic import exp2

FORMATS = [(4, 2), (8, 1), (8, 8), (12, 4), (12, 12), (16, 8), (16, 16)]


def whole_format(frac_bits: int, low: int = -10, high: int = 5) -> np.ndarray:
    return np.arange(low << frac_bits, high << frac_bits)


@pytest.mark.parametrize(("frac_bits", "terms"), FORMATS)
def test_error_is_below_the_proven_bound_over_the_whole_format(frac_bits: int, terms: int) -> None:
    x = whole_format(frac_bits)
    power = exp2(x, frac_bits, terms)
    exact = np.exp2(x / 2.0**frac_bits) * 2.0**frac_bits
    assert np.all(power <= exact + 0.5)
    assert np.all(power >= exact * (1 - 2.0**-terms) - 0.5)


@pytest.mark.parametrize(("frac_bits", "terms"), [*FORMATS, (8, 0), (12, 0)])
def test_monotone_over_the_whole_format(frac_bits: int, terms: int) -> None:
    assert np.all(np.diff(exp2(whole_format(frac_bits), frac_bits, terms)) >= 0)


def test_more_terms_get_closer() -> None:
    x = whole_format(16, -1, 1)
    exact = np.exp2(x / 2.0**16) * 2.0**16
    errors = [np.abs(exp2(x, 16, terms) - exact).max() for terms in (1, 2, 4, 8, 12)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 2 * 65536 * 2.0**-12 + 1


def test_without_terms_it_is_mitchells_approximation() -> None:
    frac = np.arange(1 << 10)
    np.testing.assert_array_equal(exp2(frac, 10, 0), (1 << 10) + frac)
    exact = np.exp2(frac / 2.0**10) * 2.0**10
    assert 1.06 < (exp2(frac, 10, 0) / exact).max() < 1.0625


@given(whole=st.integers(-8, 8), frac_bits=st.integers(8, 16), terms=st.integers(0, 16))
def test_whole_exponents_are_exact(whole: int, frac_bits: int, terms: int) -> None:
    x = np.array([whole << frac_bits])
    assert exp2(x, frac_bits, terms)[0] == round(2.0 ** (whole + frac_bits))


def test_far_below_it_is_zero() -> None:
    assert exp2(np.array([-200 << 12]), 12, 8)[0] == 0
