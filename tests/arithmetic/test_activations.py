import numpy as np
import pytest

from lava_spikyspace.arithmetic import pt_silu, pt_softplus
from lava_spikyspace.arithmetic.activations import (
    SILU_BREAK,
    SILU_OFFSET,
    SOFTPLUS_BREAK,
    SOFTPLUS_OFFSET,
    pt_sigmoid,
)

FORMATS = [(8, 8), (12, 4), (12, 12), (16, 16)]


def test_constants_are_those_of_the_paper() -> None:
    assert pytest.approx(0.528766, abs=1e-6) == SOFTPLUS_BREAK
    assert pytest.approx(0.913929, abs=1e-6) == SOFTPLUS_OFFSET
    assert pytest.approx(-1.791995, abs=1e-6) == SILU_BREAK
    assert pytest.approx(-0.228245, abs=1e-6) == SILU_OFFSET


def softplus(x: np.ndarray) -> np.ndarray:
    return np.where(x < SOFTPLUS_BREAK, np.exp2(x), x + SOFTPLUS_OFFSET)


def silu(x: np.ndarray) -> np.ndarray:
    return np.where(x < SILU_BREAK, -np.exp2(x), np.exp2(-x - 1) + x + SILU_OFFSET)


@pytest.mark.parametrize(("frac_bits", "terms"), FORMATS)
@pytest.mark.parametrize(
    ("function", "exact", "largest_power"), [(pt_softplus, softplus, 1.45), (pt_silu, silu, 16.0)]
)
def test_error_over_the_whole_format(frac_bits, terms, function, exact, largest_power) -> None:
    x = np.arange(-5 << frac_bits, 5 << frac_bits)
    found = function(x, frac_bits, terms) / 2.0**frac_bits
    # The dropped remainder of the power, and one unit for rounding power, offset and break.
    bound = largest_power * 2.0**-terms + 1.5 * 2.0**-frac_bits
    assert np.abs(found - exact(x / 2.0**frac_bits)).max() <= bound


@pytest.mark.parametrize("frac_bits", [6, 8, 12, 16])
@pytest.mark.parametrize("terms", [0, 1, 2, 5, 8, 16])
def test_softplus_is_monotone_also_across_its_break(frac_bits: int, terms: int) -> None:
    x = np.arange(-12 << frac_bits, 4 << frac_bits)
    assert np.all(np.diff(pt_softplus(x, frac_bits, terms)) >= 0)


@pytest.mark.parametrize(
    ("function", "where", "value"),
    [(pt_softplus, SOFTPLUS_BREAK, 1 / np.log(2)), (pt_silu, SILU_BREAK, -(2.0**SILU_BREAK))],
)
def test_both_sides_of_the_break_meet(function, where: float, value: float) -> None:
    frac = 16
    turn = int(np.ceil(where * 2**frac))
    around = function(np.arange(turn - 3, turn + 3), frac, 16) / 2.0**frac
    np.testing.assert_allclose(around, value, atol=6 * 2.0**-frac)


def test_distance_to_the_functions_that_they_replace() -> None:
    x = np.arange(-12 << 12, 12 << 12)
    real = x / 2.0**12
    assert np.abs(pt_softplus(x, 12, 12) / 2.0**12 - np.log1p(np.exp(real))).max() < 0.916
    assert np.abs(pt_silu(x, 12, 12) / 2.0**12 - real / (1 + np.exp(-real))).max() < 0.318


@pytest.mark.parametrize("frac_bits", [4, 8, 14])
@pytest.mark.parametrize("terms", [0, 3, 12, 20])
def test_pt_sigmoid_is_monotone_between_0_and_1_and_close(frac_bits, terms):
    x = np.arange(-8 << frac_bits, (8 << frac_bits) + 1)
    y = pt_sigmoid(x, frac_bits, terms)
    assert (np.diff(y) >= 0).all()
    assert y.min() >= 0
    assert y.max() <= 1 << frac_bits
    real = x / 2**frac_bits
    exact = np.where(real < 0, 2.0 ** (real - 1), 1 - 2.0 ** (-real - 1))
    relative = 0.062 if terms == 0 else 2.0**-terms
    assert np.abs(y / 2**frac_bits - exact).max() <= relative / 2 + 2.0**-frac_bits
