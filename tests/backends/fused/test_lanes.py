"""Vectors of kernels: each operation equals NumPy's on arrays."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from lava_spikyspace.backends.fused.lanes import (
    LANES,
    at_least,
    convert,
    least,
    load,
    maximum,
    minimum,
    most,
    padded,
    splat,
    store,
    total,
)

INTEGERS = (np.int32, np.int64)
REALS = (np.float32, np.float64)
OFFSET = 3
"""Lanes begin at any value of an array."""


def values(dtype, seed=0, low=-1000, high=1000):
    return np.random.default_rng(seed).integers(low, high, OFFSET + LANES).astype(dtype)


def lanes_of(array):
    return array[OFFSET:]


@numba.njit
def _arithmetic(one, other, results):
    kind = one.dtype.type
    x, y = load(kind, one, OFFSET), load(kind, other, OFFSET)
    store(results[0], OFFSET, x + y)
    store(results[1], OFFSET, x - y)
    store(results[2], OFFSET, x * y)
    store(results[3], OFFSET, least(x, y))
    store(results[4], OFFSET, most(x, y))
    store(results[5], OFFSET, splat(kind, 7))


@pytest.mark.parametrize("dtype", INTEGERS + REALS)
def test_arithmetic(dtype):
    one, other = values(dtype), values(dtype, 1)
    results = np.full((6, OFFSET + LANES), 99, dtype)
    _arithmetic(one, other, results)
    sevens = np.full_like(one, 7)
    functions = (np.add, np.subtract, np.multiply, np.minimum, np.maximum, lambda x, y: sevens)
    for result, function in zip(results, functions, strict=True):
        assert np.array_equal(lanes_of(result), lanes_of(function(one, other)))
        assert (result[:OFFSET] == 99).all()


@numba.njit
def _integers(one, other, shifts, results):
    kind = one.dtype.type
    x, y, by = load(kind, one, OFFSET), load(kind, other, OFFSET), load(kind, shifts, OFFSET)
    store(results[0], OFFSET, x << by)
    store(results[1], OFFSET, x >> by)
    store(results[2], OFFSET, at_least(x, y))
    return total(x), minimum(x), maximum(x)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers(dtype):
    one, other = values(dtype, high=5), values(dtype, 1, high=5)
    one[OFFSET + 1] = other[OFFSET + 1]
    shifts = values(np.uint8, 2, 0, 8 * np.dtype(dtype).itemsize)
    results = np.empty((3, OFFSET + LANES), dtype)
    reduced = _integers(one, other, shifts, results)
    by = shifts.astype(dtype)
    for result, expected in zip(results, (one << by, one >> by, one >= other), strict=True):
        assert np.array_equal(lanes_of(result), lanes_of(expected))
    found = lanes_of(one)
    assert reduced == (found.sum(dtype=dtype), found.min(), found.max())


def test_integers_wrap():
    one = np.full(OFFSET + LANES, 2**31 - 1, np.int32)
    results = np.empty((6, OFFSET + LANES), np.int32)
    _arithmetic(one, one, results)
    assert (lanes_of(results[0]) == -2).all()


@numba.njit
def _reached(one, other, result):
    kind = one.dtype.type
    store(result, OFFSET, at_least(load(kind, one, OFFSET), load(kind, other, OFFSET)))


@pytest.mark.parametrize("dtype", REALS)
def test_floats_are_compared_with_infinity_too(dtype):
    one, other = values(dtype, high=5), values(dtype, 1, high=5)
    other[OFFSET], one[OFFSET + 1], one[OFFSET + 2] = np.inf, -np.inf, other[OFFSET + 2]
    result = np.empty(OFFSET + LANES, np.int32)
    _reached(one, other, result)
    assert np.array_equal(lanes_of(result), lanes_of(one >= other))


@numba.njit
def _converted(source, middle, result):
    lanes = convert(middle.dtype.type, load(source.dtype.type, source, OFFSET))
    store(result, OFFSET, lanes)


@pytest.mark.parametrize("source", [np.uint8, np.int8, *INTEGERS, *REALS])
@pytest.mark.parametrize("middle", INTEGERS + REALS)
@pytest.mark.parametrize("target", [np.int8, *INTEGERS, *REALS])
def test_conversions(source, middle, target):
    low = 0 if source is np.uint8 else -100
    one = values(source, low=low, high=100)
    result = np.empty(OFFSET + LANES, target)
    _converted(one, np.empty(0, middle), result)
    assert np.array_equal(lanes_of(result), lanes_of(one))


def test_padding():
    assert [padded(n) for n in (1, LANES, LANES + 1)] == [LANES, LANES, 2 * LANES]
