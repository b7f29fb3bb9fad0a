import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.arithmetic import (
    isqrt,
    root_mean_square,
    shift_subtract_isqrt,
    shifted_square,
)


@given(st.lists(st.integers(0, (1 << 61) - 1), min_size=1, max_size=20))
def test_isqrt_is_the_floor_of_the_root(values: list[int]) -> None:
    assert isqrt(np.array(values)).tolist() == [math.isqrt(value) for value in values]


@given(st.lists(st.integers(0, (1 << 53) - 1), min_size=1, max_size=20))
def test_shift_and_subtract_gives_the_same(values: list[int]) -> None:
    assert shift_subtract_isqrt(np.array(values)).tolist() == [math.isqrt(v) for v in values]


def test_squares_and_their_neighbours() -> None:
    roots = np.concatenate([np.arange(3000), (1 << 26) - np.arange(1, 3000), [(1 << 30) - 1]])
    np.testing.assert_array_equal(isqrt(roots**2), roots)
    np.testing.assert_array_equal(isqrt(roots[1:] ** 2 - 1), roots[1:] - 1)


@given(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(0, 28))
def test_square_without_its_low_bits(value: int, shift: int) -> None:
    assert shifted_square(np.array(value), shift) == value * value >> (2 * shift)


@given(
    st.lists(st.integers(-(1 << 20), 1 << 20), min_size=1, max_size=9),
    st.integers(1, 1 << 10),
    st.integers(0, 4),
    st.integers(0, 6),
)
def test_root_mean_square_by_hand(
    values: list[int], eps: int, root_bits: int, square_shift: int
) -> None:
    mean = sum(value * value >> (2 * square_shift) for value in values) // len(values) + eps
    found = root_mean_square(np.array([values]), eps, root_bits, square_shift)
    assert found.tolist() == [math.isqrt(mean << (2 * root_bits))]
