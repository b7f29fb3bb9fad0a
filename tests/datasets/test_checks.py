"""Checks that all readers share, on arrays in memory."""

from pathlib import Path

import numpy as np
import pytest

from lava_spikyspace.datasets.checks import assemble_table
from lava_spikyspace.datasets.source import Source
from lava_spikyspace.errors import DataError

SOURCE = Source(path=Path("t.csv"), size=100, sha256="0" * 64)


def test_the_callers_array_stays_writeable():
    values = np.ones((3, 2))
    table = assemble_table(SOURCE, values, None, None)
    values[0, 0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 0] = 3.0


def test_values_are_laid_out_by_rows():
    values = np.arange(6, dtype=np.float32).reshape(2, 3).T
    table = assemble_table(SOURCE, values, ["a", "b"], None)
    assert table.values.flags.c_contiguous
    np.testing.assert_array_equal(table.values, [[0, 3], [1, 4], [2, 5]])
    assert (table.path, table.sha256, table.names) == (SOURCE.path, SOURCE.sha256, ("a", "b"))


def test_the_words_of_the_reader_name_the_place():
    def place(row, column):
        return f"line {row + 2}, column {'xy'[column]}"

    with pytest.raises(DataError, match=r"^t\.csv: line 3, column y: found nan, expected a fini"):
        assemble_table(SOURCE, np.array([[1.0, 2.0], [3.0, np.nan]]), None, None, place)


@pytest.mark.parametrize("limit", [2**53, -(2**53)])
def test_integers_up_to_the_precision_of_float64(limit):
    table = assemble_table(SOURCE, np.array([[limit]]), None, None)
    assert table.values[0, 0] == limit
    beyond = limit + (1 if limit > 0 else -1)
    with pytest.raises(DataError, match=f"found {beyond}, expected an integer that float64"):
        assemble_table(SOURCE, np.array([[beyond]]), None, None)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a"], "names: found 1 names, expected 2, one per variate"),
        (["a", "a"], "names: found duplicate columns 'a'"),
        (["a", ""], "name 2 of 2: found ''"),
        (["a\u202e", "b"], r"name 1 of 2: found 'a\\u202e', expected a name of printable"),
    ],
)
def test_names(names, message):
    with pytest.raises(DataError, match=message):
        assemble_table(SOURCE, np.ones((1, 2)), names, None)
