"""Parquet files."""

import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lava_spikyspace.datasets import source
from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.errors import DataError
from tests.datasets.forms import NAMES, TIMES, VALUES, write_parquet


@pytest.fixture
def read(tmp_path):
    """Write columns, or an arrow table, and read them back."""

    def read_columns(columns):
        table = columns if isinstance(columns, pa.Table) else pa.table(columns)
        pq.write_table(table, tmp_path / "t.parquet")
        return read_table(tmp_path / "t.parquet")

    return read_columns


def frame(index=None):
    return pd.DataFrame(VALUES, columns=NAMES, index=index)


@pytest.mark.parametrize(
    "table",
    [
        frame(TIMES),
        frame(pd.DatetimeIndex(TIMES, name="when")),
        frame(pd.DatetimeIndex(TIMES, tz="UTC")),
        frame().assign(measured=TIMES),
        frame().assign(time=np.datetime_as_string(TIMES)),
        frame().assign(timestamp=TIMES.astype(np.int64)),
    ],
    ids=["index", "named index", "utc", "column", "text", "seconds"],
)
def test_times_as_pandas_writes_them(tmp_path, table):
    table.to_parquet(tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    np.testing.assert_array_equal(found.values, VALUES)
    np.testing.assert_array_equal(found.timestamps, TIMES)
    assert found.names == NAMES


@pytest.mark.parametrize("index", [None, np.arange(len(VALUES))[::-1]])
def test_without_times(tmp_path, index):
    frame(index).to_parquet(tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    assert found.timestamps is None
    assert found.names == NAMES


def test_every_column_keeps_its_numbers(read):
    table = read(
        {
            "a": np.array([0.1, 0.2], dtype=np.float32),
            "b": np.array([2**53, -(2**53)]),
            "c": np.array([1, 255], dtype=np.uint8),
            "d": np.array([0.5, 1.5], dtype=np.float16),
        }
    )
    expected = [[np.float32(0.1), 2.0**53, 1.0, 0.5], [np.float32(0.2), -(2.0**53), 255.0, 1.5]]
    np.testing.assert_array_equal(table.values, np.array(expected, dtype=np.float64))


def test_several_row_groups(tmp_path):
    pq.write_table(
        pa.table({name: VALUES[:, i] for i, name in enumerate(NAMES)}),
        tmp_path / "t.parquet",
        row_group_size=5,
    )
    np.testing.assert_array_equal(read_table(tmp_path / "t.parquet").values, VALUES)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": pa.array([1.0, None])}, r"row 1 \(counted from 0\), column 'a': found an empty ce"),
        ({"a": [1.0, float("nan")]}, "row 1 .*column 'a': found nan"),
        ({"a": [1.0], "b": [2**53 + 1]}, "row 0 .*column 'b': found 9007199254740993"),
        ({"a": ["x"]}, "column 'a': found type string, expected numbers"),
        ({"a": [True]}, "column 'a': found type bool"),
        ({"a": [[1.0]]}, "column 'a': found type list"),
        ({"time": pa.array([1, None]), "a": [1.0, 2.0]}, "row 1 .*column 'time': found an empty"),
        ({"time": ["2012-03-01", "x"], "a": [1.0, 2.0]}, "row 1 .*column 'time': found 'x'"),
        ({"time": [1.5], "a": [1.0]}, "timestamps: found dtype float64"),
        ({"time": [2, 1], "a": [1.0, 2.0]}, "row 1 .*: found time 1970-01-01T00:00:01 after"),
        ({"time": [1], "date": [1], "a": [1.0]}, "schema: found columns of times 'time', 'date'"),
        ({"time": [1, 2]}, r"values: found an array of shape \(2, 0\)"),
        ({"a": pa.array([], pa.float64())}, r"values: found an array of shape \(0, 1\)"),
        ({}, r"values: found an array of shape \(0, 0\)"),
        ({"": [1.0]}, "name 1 of 1: found ''"),
        (
            pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["a", "a"]),
            "found duplicate columns 'a'",
        ),
    ],
)
def test_columns_that_are_no_table(read, columns, message):
    with pytest.raises(DataError, match=message):
        read(columns)


def test_broken_files(tmp_path):
    path = tmp_path / "t.parquet"
    write_parquet(path)
    whole = path.read_bytes()
    for content in (
        b"timestamp,a\n",
        b"PAR1PAR1",
        whole[:-1],
        whole[100:],
        whole[: len(whole) // 2],
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"t\.parquet: found broken parquet"):
            read_table(path)


def test_a_file_that_swells(read):
    zeros = np.zeros(9 << 20)
    with pytest.raises(DataError, match="metadata: found 9437184 values in a file of"):
        read({"a": zeros})


def test_a_text_that_swells(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "UNQUESTIONED_BYTES", 1 << 20)
    table = pa.table({"time": ["x" * (8 << 20)], "a": [1.0]})
    pq.write_table(table, tmp_path / "t.parquet", compression="zstd", use_dictionary=False)
    assert (tmp_path / "t.parquet").stat().st_size < 1 << 14
    with pytest.raises(DataError, match=r"metadata: found \d+ values in a file of"):
        read_table(tmp_path / "t.parquet")


def test_pyarrow_is_named_where_it_is_missing(tmp_path, monkeypatch):
    write_parquet(tmp_path / "t.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match="reading parquet needs pyarrow") as caught:
        read_table(tmp_path / "t.parquet")
    assert caught.value.hint == "pip install pyarrow"
