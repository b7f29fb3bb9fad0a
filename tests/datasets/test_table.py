"""Matching of a table's variates with a model's."""

from pathlib import Path

import numpy as np
import pytest

from lava_spikyspace.datasets.table import Table
from lava_spikyspace.errors import DataError


def table(names=("a", "b", "c")) -> Table:
    return Table(np.arange(6.0).reshape(2, 3), names, None, Path("t.csv"), "0" * 64)


def test_size():
    assert (table().rows, table().variates) == (2, 3)


def test_same_names_change_nothing():
    before = table()
    after = before.match(["a", "b", "c"])
    assert after is before
    assert after.note is None


def test_reorders_by_name_and_says_so():
    matched = table().match(["c", "a", "b"])
    np.testing.assert_array_equal(matched.values, [[2, 0, 1], [5, 3, 4]])
    assert matched.values.flags.c_contiguous
    assert matched.names == ("c", "a", "b")
    assert matched.note == "t.csv: 3 of 3 variates taken by name, reordered"


def test_selects_by_name_and_says_so():
    matched = table().match(("a", "c"))
    np.testing.assert_array_equal(matched.values, [[0, 2], [3, 5]])
    assert matched.note == "t.csv: 2 of 3 variates taken by name, in order"


def test_missing_names_are_listed():
    with pytest.raises(DataError, match=r"2 of the model's 3 variates are missing: 'x', 'y'; fo"):
        table().match(["x", "a", "y"])


def test_long_lists_are_cut():
    with pytest.raises(DataError, match=r"'n9' and 40 more; found"):
        table().match([f"n{index}" for index in range(50)])


def test_names_given_twice_are_listed():
    with pytest.raises(DataError, match=r"more than once: 'b'$"):
        table().match(["b", "a", "b"])


@pytest.mark.parametrize(("own", "models"), [(None, ["x", "y", "z"]), (("a", "b", "c"), None)])
def test_by_position_where_one_side_has_no_names(own, models):
    matched = table(own).match(models, count=3)
    np.testing.assert_array_equal(matched.values, table().values)
    assert matched.names == own
    assert "taken by position" in matched.note


@pytest.mark.parametrize(
    ("own", "models", "count"), [(None, ["x"], None), (("a", "b", "c"), None, 4)]
)
def test_by_position_the_count_must_agree(own, models, count):
    with pytest.raises(DataError, match=r"t\.csv: found 3 variates, expected [14] as the model"):
        table(own).match(models, count)


def test_nothing_to_match():
    assert table(None).match(None).note is None
