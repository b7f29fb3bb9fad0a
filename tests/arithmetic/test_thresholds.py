import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.arithmetic import encode, encode_normalised, encode_signed, lowest_signed

accumulators = st.lists(st.integers(-1000, 1000), min_size=1, max_size=8)


@given(accumulators, st.lists(st.integers(-1000, 1000), min_size=1, max_size=7).map(sorted))
def test_code_is_the_number_of_thresholds_reached(acc: list[int], theta: list[int]) -> None:
    found = encode(np.array(acc), np.tile(theta, (len(acc), 1)))
    assert found.tolist() == [sum(a >= t for t in theta) for a in acc]


def test_threshold_itself_counts() -> None:
    theta = np.array([[5, 9, 9]])
    assert [int(encode(np.array([a]), theta)[0]) for a in (4, 5, 8, 9)] == [0, 1, 1, 3]


def test_channels_have_their_own_thresholds() -> None:
    theta = np.array([[0, 1], [10, 11]])
    acc = np.array([[[1, 1], [11, 11]]])
    assert encode(acc, theta).tolist() == [[[2, 0], [2, 2]]]


def test_one_row_of_thresholds_serves_every_accumulator() -> None:
    assert encode(np.array([[3, -1], [0, 7]]), np.array([0, 5])).tolist() == [[1, 0], [1, 2]]


@given(
    st.integers(-(1 << 20), 1 << 20),
    st.lists(st.integers(-(1 << 12), 1 << 12), min_size=3, max_size=3).map(sorted),
    st.integers(1, 1 << 16),
    st.integers(0, 12),
)
def test_normalised_code_decides_like_a_division(
    acc: int, theta: list[int], rms: int, shift: int
) -> None:
    from fractions import Fraction

    ratio = Fraction(acc * 2**shift, rms)
    found = encode_normalised(np.array([[acc]]), np.array([theta]), np.array([[rms]]), shift)
    assert found[0, 0] == sum(ratio >= t for t in theta)


@given(
    st.integers(-(1 << 40), 1 << 40),
    st.lists(st.integers(-(1 << 24), 1 << 24), min_size=3, max_size=3).map(sorted),
    st.integers(1, 1 << 20),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.integers(0, 5),
)
def test_limbs_of_thresholds_change_no_code(
    acc: int, theta: list[int], rms: int, limbs: list[int], more: int
) -> None:
    shift = sum(limbs) + more
    found = encode_normalised(
        np.array([[acc]]), np.array([theta]), np.array([[rms]]), shift, tuple(limbs)
    )
    assert found[0, 0] == sum((acc << shift) >= t * rms for t in theta)


def test_signed_codes() -> None:
    acc = np.array([-9, -1, 0, 1, 9])
    two_bits = np.tile([-5, 0, 5], (5, 1))
    assert encode_signed(acc, two_bits).tolist() == [-2, -1, 0, 0, 1]
    one_bit = np.zeros((5, 1), dtype=int)
    assert encode_signed(acc, one_bit).tolist() == [-1, -1, 1, 1, 1]
    assert [lowest_signed(bits) for bits in (1, 2, 3, 4)] == [-1, -2, -4, -8]
