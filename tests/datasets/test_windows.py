"""Windows, their split and their selection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.datasets.windows import (
    count_windows,
    input_windows,
    parse_ratios,
    select_windows,
    split_windows,
    target_windows,
)
from lava_spikyspace.errors import DataError, UsageError

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 12), st.integers(1, 8)).filter(
    lambda sizes: sizes[0] >= sizes[1] + sizes[2]
)


@given(SIZES)
def test_windows_are_the_rows_they_should_be(sizes):
    rows, window, horizon = sizes
    values = np.arange(rows * 2.0).reshape(rows, 2)
    total = count_windows(rows, window, horizon)
    inputs = input_windows(values, window, range(total))
    targets = target_windows(values, window, horizon)
    assert inputs.shape == (total, window, 2)
    assert targets.shape == (total, horizon, 2)
    for index in range(total):
        np.testing.assert_array_equal(inputs[index], values[index : index + window])
        np.testing.assert_array_equal(
            targets[index], values[index + window : index + window + horizon]
        )
    assert total + window + horizon - 1 == rows


@given(SIZES, st.data())
def test_chosen_windows_are_those_of_all(sizes, data):
    rows, window, horizon = sizes
    values = np.arange(rows * 2.0).reshape(rows, 2)
    total = count_windows(rows, window, horizon)
    chosen = data.draw(st.lists(st.integers(0, total - 1), max_size=5))
    np.testing.assert_array_equal(
        input_windows(values, window, chosen), input_windows(values, window)[chosen]
    )
    np.testing.assert_array_equal(
        target_windows(values, window, horizon, np.array(chosen, dtype=np.int64)),
        target_windows(values, window, horizon)[chosen],
    )


def test_ranges_give_views():
    values = np.arange(20.0).reshape(10, 2)
    for windows in (
        input_windows(values, 3),
        input_windows(values, 3, range(2, 5)),
        target_windows(values, 3, 2, range(1, 4)),
    ):
        assert np.shares_memory(windows, values)
        assert not windows.flags.writeable
    assert input_windows(values, 3, range(4, 4)).shape == (0, 3, 2)


def test_count_without_horizon():
    assert count_windows(12, 12) == 1
    assert count_windows(34272, 12, 3) == 34258


def test_too_few_rows():
    with pytest.raises(DataError, match=r"found 11, expected at least 12 \(window 12\)"):
        count_windows(11, 12)
    with pytest.raises(DataError, match=r"found 14, expected at least 15 \(window 12 and horiz"):
        count_windows(14, 12, 3)


@pytest.mark.parametrize(("window", "horizon"), [(0, 1), (-1, 0), (3, -1)])
def test_impossible_lengths(window, horizon):
    with pytest.raises(UsageError, match="expected at least"):
        count_windows(10, window, horizon)


def test_targets_need_a_horizon():
    with pytest.raises(UsageError, match="horizon is 0"):
        target_windows(np.zeros((10, 1)), 3, 0)


@pytest.mark.parametrize("indices", [[8], [-1], range(5, 9), range(-1, 3), [0, 100]])
def test_windows_that_do_not_exist(indices):
    with pytest.raises(DataError, match="does not exist: expected 0 to 7"):
        input_windows(np.zeros((10, 1)), 3, indices)


def test_target_windows_end_with_the_table():
    with pytest.raises(DataError, match="window 6 does not exist: expected 0 to 5"):
        target_windows(np.zeros((10, 1)), 3, 2, [6])


@given(SIZES, st.sampled_from([(0.7, 0.2, 0.1), (0.6, 0.2, 0.2), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]))
def test_split_rule(sizes, ratios):
    rows, window, horizon = sizes
    total = rows - window - horizon + 1
    split = split_windows(rows, window, horizon, ratios)
    assert [*split.train, *split.valid, *split.test] == list(range(total))
    assert len(split.train) == int(total * ratios[0])
    assert len(split.test) == int(total * ratios[2])


def test_split_of_the_published_size():
    split = split_windows(34272, 12, 3, (0.7, 0.2, 0.1))
    assert split.train == range(23980)
    assert split.valid == range(23980, 30833)
    assert split.test == range(30833, 34258)


def test_ratios():
    assert parse_ratios("0.7,0.2,0.1") == (0.7, 0.2, 0.1)
    assert parse_ratios(" .6, .2 ,.2") == (0.6, 0.2, 0.2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.7",
        "0.7,0.3",
        "0.7,0.2,0.1,0",
        "a,b,c",
        "0.7;0.2;0.1",
        "0.7,0.2,0.2",
        "1.2,-0.1,-0.1",
        "nan,0,1",
        "inf,0,0",
    ],
)
def test_ratios_that_are_none(text):
    with pytest.raises(UsageError, match="split"):
        parse_ratios(text)


def test_split_checks_its_ratios():
    with pytest.raises(UsageError, match=r"sums to 1\.4"):
        split_windows(100, 3, 1, (0.7, 0.2, 0.5))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("0:10", range(10)),
        ("3:5", range(3, 5)),
        ("-4:-1", range(6, 9)),
        ("8:", range(8, 10)),
        (":2", range(2)),
        (":", range(10)),
        ("4", range(6, 10)),
        ("10", range(10)),
        (" 2 ", range(8, 10)),
    ],
)
def test_selection(spec, expected):
    assert select_windows(spec, 10, default=4) == expected


def test_selection_by_default():
    assert select_windows(None, 10, default=4) == range(6, 10)
    assert select_windows(None, 3, default=4) == range(3)
    assert select_windows(None, 10, default=None) == range(10)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "expected A:B or N"),
        ("all", "expected A:B or N"),
        ("1:2:3", "expected A:B or N"),
        ("-3", "expected A:B or N"),
        ("1.5", "expected A:B or N"),
        ("1,2", "expected A:B or N"),
        ("\u0663", "expected A:B or N"),
        ("0", "selects none of the 10"),
        ("5:5", "selects none"),
        ("7:3", "selects none"),
        ("-1:1", "selects none"),
        ("11", "beyond the 10 windows"),
        ("0:11", "beyond the 10 windows"),
        ("-11:3", "beyond the 10 windows"),
    ],
)
def test_selection_that_makes_no_sense(spec, message):
    with pytest.raises(UsageError, match=message):
        select_windows(spec, 10, default=4)


@given(st.integers(1, 30), st.integers(-30, 30), st.integers(-30, 30))
def test_selection_slices_as_python_does(total, start, stop):
    expected = range(total)[start:stop]
    inside = -total <= start and stop <= total and stop >= -total
    if inside and len(expected):
        assert select_windows(f"{start}:{stop}", total, None) == expected
    else:
        with pytest.raises(UsageError):
            select_windows(f"{start}:{stop}", total, None)
