"""Every pattern against its connections, written out one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.patterns import (
    Convolution,
    Dense,
    FanIn,
    FanOut,
    Strided,
    SynapseSize,
)

SIZE = SynapseSize(weight_bits=8, index_bits=12, header_bits=8, word_bits=64)


def connections(pattern):
    """Synapses between each pair, shape (target, source), from the definition of the pattern."""
    targets, sources = np.ogrid[: pattern.targets, : pattern.sources]
    if isinstance(pattern, Dense):
        matrix = np.ones((pattern.targets, pattern.sources), dtype=np.int64)
    elif isinstance(pattern, FanOut):
        matrix = (targets // (pattern.targets // pattern.sources) == sources) * pattern.taps
    elif isinstance(pattern, Strided):
        matrix = targets % pattern.sources == sources
    elif isinstance(pattern, FanIn):
        matrix = sources // (pattern.sources // pattern.targets) == targets
    else:
        matrix = convolved(pattern)
    return matrix.astype(np.int64)


def convolved(pattern):
    matrix = np.zeros((pattern.targets, pattern.sources), dtype=np.int64)
    _, columns, channels = pattern.out_shape
    steps = list(np.ndindex(pattern.kernel))
    for target in range(pattern.targets):
        row, column = divmod(target // channels, columns)
        for i, j in steps:
            y = row * pattern.stride[0] - pattern.padding[0] + i * pattern.dilation[0]
            x = column * pattern.stride[1] - pattern.padding[1] + j * pattern.dilation[1]
            if 0 <= y < pattern.in_shape[0] and 0 <= x < pattern.in_shape[1]:
                seen = pattern.in_shape[2] // pattern.groups
                group = target % channels // (channels // pattern.groups)
                first = (y * pattern.in_shape[1] + x) * pattern.in_shape[2] + group * seen
                matrix[target, first : first + seen] = 1
    return matrix


def convolution(in_shape, channels, kernel, stride, padding, dilation=(1, 1), groups=1):
    rows, columns = (
        (in_shape[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1)
        // stride[axis]
        + 1
        for axis in (0, 1)
    )
    return Convolution(
        int(np.prod(in_shape)),
        rows * columns * channels,
        in_shape=in_shape,
        out_shape=(rows, columns, channels),
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


PATTERNS = {
    "dense": Dense(7, 5),
    "one to one": FanOut(6, 6),
    "fan out": FanOut(4, 12),
    "taps": FanOut(5, 5, taps=3),
    "strided": Strided(3, 13),
    "more senders than receivers": Strided(9, 4),
    "fan in": FanIn(12, 4),
    "convolution": convolution((5, 6, 2), 3, (3, 3), (1, 2), (0, 0)),
    "dilated": convolution((7, 6, 1), 2, (3, 2), (1, 2), (1, 0), (2, 3)),
    "grouped": convolution((3, 4, 4), 6, (2, 3), (1, 1), (1, 1), (1, 1), 2),
    "padded": convolution((4, 4, 1), 2, (3, 3), (2, 1), (1, 1)),
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
def test_synapses_and_senders_of_every_run(pattern):
    matrix = connections(pattern)
    assert pattern.synapses == matrix.sum()
    for start in range(pattern.targets):
        for stop in range(start + 1, pattern.targets + 1):
            part = matrix[start:stop]
            assert pattern.synapses_onto(start, stop) == part.sum()
            np.testing.assert_array_equal(pattern.reaching(start, stop), part.any(axis=0))
            assert pattern.axons_onto(start, stop) == np.count_nonzero(part.any(axis=0))


@pytest.mark.parametrize(
    "pattern",
    [p for p in PATTERNS.values() if not isinstance(p, Convolution)],
    ids=[name for name, p in PATTERNS.items() if not isinstance(p, Convolution)],
)
def test_words_are_those_of_each_sender_s_list(pattern):
    matrix = connections(pattern)
    for start in range(pattern.targets):
        for stop in range(start + 1, pattern.targets + 1):
            lists = matrix[start:stop].sum(axis=0)
            expected = sum(-(-(int(n) * 20 + 8) // 64) for n in lists if n)
            assert pattern.words_onto(start, stop, SIZE) == expected


@given(
    st.integers(1, 12), st.integers(1, 8), st.integers(1, 4), st.integers(0, 95), st.integers(1, 96)
)
def test_words_of_any_fan_out(sources, each, taps, start, length):
    pattern = FanOut(sources, sources * each, taps=taps)
    start = min(start, pattern.targets - 1)
    stop = min(start + length, pattern.targets)
    lists = connections(pattern)[start:stop].sum(axis=0)
    expected = sum(-(-(int(n) * 20 + 8) // 64) for n in lists if n)
    assert pattern.words_onto(start, stop, SIZE) == expected


def test_a_kernel_is_stored_once_per_core():
    pattern = PATTERNS["convolution"]
    assert pattern.words_onto(0, pattern.targets, SIZE) == 3 * 3 * 2 * 1
    wide = convolution((8, 8, 4), 64, (3, 3), (1, 1), (0, 0))
    assert wide.words_onto(0, wide.targets, SIZE) == 3 * 3 * 4 * 8


def test_destinations_count_the_runs_that_a_sender_reaches():
    pattern = Strided(3, 6)
    assert pattern.destinations([(0, 2), (2, 6)]).tolist() == [2, 2, 1]


def test_parts_of_a_dense_pattern_keep_their_place():
    part = Dense(10, 4).part(3, 7)
    assert (part.first, part.sources, part.targets) == (3, 4, 4)
    assert FanOut(4, 4).part(0, 2) is None


@pytest.mark.parametrize(
    ("kind", "sources", "targets"), [(FanOut, 4, 6), (FanIn, 6, 4), (Dense, 0, 3), (Dense, 3, 0)]
)
def test_sizes_that_do_not_fit_are_our_fault(kind, sources, targets):
    with pytest.raises(InternalError):
        kind(sources, targets)
