from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.arithmetic import descale, join_limbs, saturate, split_limbs


@given(
    st.integers(-(1 << 24), 1 << 24),
    st.integers(-(1 << 16), 1 << 16),
    st.integers(-(1 << 30), 1 << 30),
    st.integers(1, 40),
)
def test_descale_rounds_half_up(acc: int, mult: int, add: int, shift: int) -> None:
    found = descale(np.array([acc]), np.array([mult]), np.array([add]), np.array([shift]))
    assert found[0] == floor(Fraction(acc * mult + add, 2**shift) + Fraction(1, 2))


@given(
    st.integers(-(1 << 36), 1 << 36),
    st.integers(-(1 << 23), 1 << 23),
    st.integers(-(1 << 60), 1 << 60),
    st.lists(st.integers(1, 7), min_size=1, max_size=4),
    st.integers(1, 20),
)
def test_limbs_of_the_multiplier_change_no_value(
    acc: int, mult: int, add: int, limbs: list[int], more: int
) -> None:
    shift = sum(limbs) + more
    arrays = (np.array([value]) for value in (acc, mult, add, shift))
    found = descale(*arrays, tuple(limbs))
    assert found[0] == (acc * mult + add + (1 << (shift - 1))) >> shift


@given(st.integers(-(1 << 23), (1 << 23) - 1), st.lists(st.integers(1, 9), max_size=3))
def test_limbs_join_to_the_message(value: int, widths: list[int]) -> None:
    limbs = split_limbs(np.array([value]), widths)
    assert len(limbs) == len(widths) + 1
    assert all(0 <= int(limb[0]) < 1 << w for limb, w in zip(limbs, widths, strict=False))
    assert join_limbs(limbs, widths)[0] == value


@given(
    st.lists(st.integers(-(1 << 20), 1 << 20), min_size=4, max_size=4),
    st.lists(st.integers(-127, 127), min_size=4, max_size=4),
)
def test_products_of_limbs_join_to_the_product(x: list[int], w: list[int]) -> None:
    widths = (7, 6)
    sums = [np.array([limb @ np.array(w)]) for limb in split_limbs(np.array(x), widths)]
    assert join_limbs(sums, widths)[0] == sum(a * b for a, b in zip(x, w, strict=True))


def test_saturation_is_that_of_a_register() -> None:
    assert saturate(np.array([-200, -128, 0, 127, 128]), 8).tolist() == [-128, -128, 0, 127, 127]
