"""Comma-separated text: what is read exactly, and where each fault is reported."""

import gzip
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lava_spikyspace.datasets import source
from lava_spikyspace.datasets.delimited import MAX_LINE_CHARACTERS
from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.errors import DataError
from tests.datasets.forms import csv_text

HEAD = "timestamp,a,b\n2012-03-01 00:00,1,2\n"


@pytest.fixture
def read(tmp_path):
    """Read text, or bytes, as the content of a file."""

    def read_content(content, ending=".csv"):
        path = tmp_path / f"t{ending}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path)

    return read_content


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_numbers_are_read_to_the_last_bit(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("exact") / "t.csv"
    names = [f"v{index}" for index in range(values.shape[1])]
    path.write_text(csv_text(values, names, None), encoding="utf-8")
    table = read_table(path)
    assert table.values.tobytes() == values.tobytes()
    assert table.names == tuple(names)
    assert table.timestamps is None


def test_decimal_text_goes_to_the_nearest_float64(read):
    table = read("a,b\n0.1,8.5e-3\n1.7976931348623157e308,4.9406564584124654e-324\n")
    assert table.values.tolist() == [[0.1, 0.0085], [1.7976931348623157e308, 5e-324]]


def test_the_shared_csv(shared_data):
    table = read_table(shared_data / "metr_la_week_207.csv")
    exact = read_table(shared_data / "metr_la_week_207.npz")
    assert table.values.shape == (2016, 207)
    assert table.names == exact.names
    np.testing.assert_array_equal(table.timestamps, exact.timestamps)
    assert np.abs(table.values - exact.values).max() < 0.00501


@pytest.mark.parametrize("first", ["timestamp", "Time", "DATE", "datetime", "", "when", '"Date"'])
def test_time_column_by_name_or_by_value(read, first):
    table = read(f"{first},a\n2012-03-01 00:00:00,1\n2012-03-01 00:05:00,2\n")
    assert table.names == ("a",)
    assert table.timestamps.astype(str).tolist() == ["2012-03-01T00:00:00", "2012-03-01T00:05:00"]
    assert table.values.tolist() == [[1.0], [2.0]]


def test_seconds_since_1970_in_a_column_named_time(read):
    assert read("time,a\n300,1\n600,2\n").timestamps.astype(np.int64).tolist() == [300, 600]


def test_row_numbers_in_a_column_named_time_are_no_times(read):
    table = read("time,a\n0,1\n1,2\n")
    assert table.timestamps is None
    assert table.names == ("a",)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r1,2\r3,4\r",
        "\ufeffa,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4\n\n  \n",
        ' a , "b" \n 1 , 2\n+3,4.\n'.replace(' "b" ', '"b"'),
        'a,b\n"1",2\n3,"4"\n',
    ],
    ids=["no newline", "crlf", "cr", "bom", "blank lines at the end", "spaces", "quotes"],
)
def test_ways_to_write_the_same(read, text):
    table = read(text)
    assert table.names == ("a", "b")
    assert table.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_quoted_names_may_hold_commas(read):
    assert read('"a, east",b\n1,2\n').names == ("a, east", "b")


def test_plain_text_has_no_header(read):
    for ending, content in ((".txt", b"1,2\n3,4\n"), (".txt.gz", gzip.compress(b"1,2\n3,4\n"))):
        table = read(content, ending)
        assert table.names is None
        assert table.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_names_that_are_numbers(read):
    assert read("773869,767541\n1,2\n").names == ("773869", "767541")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\n", "found too few lines, expected at least one row"),
        ("a,b\n", "found too few lines, expected at least one row"),
        ("a,b\n\n", "found too few lines"),
        ("1.5,2.25\n3,4\n", r"line 1: found a row of data \('1.5,2.25'\), expected a header"),
        ("2012-03-01,2\n2012-03-02,4\n", "line 1: found a row of data"),
        (HEAD + "2012-03-01 00:05,3\n", "line 3: found 2 fields, expected 3"),
        (HEAD + "2012-03-01 00:05,3,4,5\n", "line 3: found 4 fields, expected 3"),
        ("a,b\n1,2,3\n4,5,6\n", "line 2: found 3 fields, expected 2"),
        (HEAD + "2012-03-01 00:05,3,\n", "line 3, column 'b': found an empty cell"),
        (HEAD + "2012-03-01 00:05, ,4\n", "line 3, column 'a': found an empty cell"),
        (HEAD + "2012-03-01 00:05,3,NA\n", "line 3, column 'b': found 'NA', expected a number"),
        (HEAD + "2012-03-01 00:05,3,1_000\n", "line 3, column 'b': found '1_000', expected"),
        (HEAD + "2012-03-01 00:05,3,\u0663\n", "line 3, column 'b': found '\u0663', expected"),
        (HEAD + "2012-03-01 00:05,3,0x10\n", "line 3, column 'b': found '0x10'"),
        (HEAD + "2012-03-01 00:05,nan,4\n", "line 3, column 'a': found nan, expected a finite"),
        (HEAD + "2012-03-01 00:05,3,-inf\n", "line 3, column 'b': found -inf"),
        (HEAD + "2012-03-01 00:05,3,1e999\n", "line 3, column 'b': found inf"),
        (HEAD + "yesterday,3,4\n", "line 3, time column: found 'yesterday', expected an ISO 8601"),
        (HEAD + ",3,4\n", "line 3, time column: found '', expected an ISO 8601"),
        (HEAD + "2012-02-29 23:55,3,4\n", "line 3: found time 2012-02-29T23:55:00 after 2012-03-"),
        (HEAD + "2012-03-01 00:00,3,4\n", "line 3: found time .*, expected time to go forward"),
        (HEAD + "\n2012-03-01 00:05,3,4\n", "line 3: found a blank line, expected a row"),
        ("\n" + HEAD, "line 1: found a blank line"),
        ("a,b,a,b\n1,2,3,4\n", "names: found duplicate columns 'a', 'b', expected"),
        ("a,\n1,2\n", "name 2 of 2: found '', expected a name"),
        (",a\n0,2\n", "name 1 of 2: found ''"),
        ("a,b\x1b[2J\n1,2\n", r"name 2 of 2: found 'b\\x1b\[2J', expected a name of printable"),
        ("timestamp\n2012-03-01\n", "line 2: found no column of numbers"),
        ("a;b\n1;2\n", "line 2, column 'a;b': found '1;2', expected a number"),
        ('a,"b\n1,2\n', "line 1: found broken quotes"),
        ('a,b\n1,"2\n3,4\n', "line 2: found broken quotes"),
        ("a,b\n1,2\n3,\0\n", "line 3: found a NUL character"),
        ("a,time\n1,2012-03-01\n", "line 2, column 'time': found '2012-03-01', expected a number"),
    ],
)
def test_faults_are_reported_with_their_place(read, text, message):
    with pytest.raises(DataError, match=message) as caught:
        read(text)
    assert "t.csv: " in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "line 1, column 1: found 'a', expected a number"),
        ("1,2\n3\n", "line 2: found 1 fields, expected 2"),
        ("1,2\n3,nan\n", "line 2, column 2: found nan"),
        ("2012-03-01,2\n2012-03-02,x\n", "line 2, column 2: found 'x'"),
    ],
)
def test_faults_without_header_go_by_number(read, text, message):
    with pytest.raises(DataError, match=message):
        read(text, ".txt")


def test_hints(read):
    for text, hint in (
        ("a;b\n1;2\n", "columns are separated by commas"),
        ("a,time\n1,2012-03-01\n", "times belong into the first column"),
        ("1.5,2\n", "a table without a header is read from a file named .txt or .txt.gz"),
        ("a,b\n1,\n", "fill the gaps of the series first"),
    ):
        with pytest.raises(DataError) as caught:
            read(text)
        assert caught.value.hint == hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf16(read, encoding):
    with pytest.raises(DataError, match=r"line 1: found (UTF-16 text|a NUL character)"):
        read(HEAD.encode(encoding))


def test_other_encodings(read):
    with pytest.raises(DataError, match=r"name 2 of 2: found 'caf\\udce9', expected"):
        read("a,café\n1,2\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"line 2, column 'b': found '\\udce9', expected a number"):
        read(b"a,b\n1,\xe9\n")


@pytest.mark.parametrize(
    "content",
    [b"\x89HDF\r\n\x1a\n" + b"\0" * 90, random.Random(0).randbytes(200), b"\0"],
    ids=["hdf5", "noise", "null"],
)
def test_wrong_content(read, content):
    for ending in (".csv", ".txt", ".csv.gz", ".txt.gz"):
        with pytest.raises(DataError):
            read(content, ending)


def test_broken_gzip(read):
    whole = gzip.compress(b"1,2\n" * 500)
    for content in (b"1,2\n3,4\n", whole[:-9], whole[:20], whole[:-8] + b"\0" * 8, whole + b"x"):
        with pytest.raises(DataError, match="broken gzip data"):
            read(content, ".txt.gz")


def test_a_line_without_end(read):
    bomb = gzip.compress(b"1" * (MAX_LINE_CHARACTERS * 2))
    with pytest.raises(DataError, match=r"line 1: found 4194304 characters or more"):
        read(bomb, ".txt.gz")


def test_more_numbers_than_the_file_can_hold(read, monkeypatch):
    monkeypatch.setattr(source, "UNQUESTIONED_BYTES", 1 << 20)
    bomb = gzip.compress(b"0,0,0,0,0,0,0,0\n" * 20_000, mtime=0)
    with pytest.raises(DataError, match=r"line 16385: found 131080 values in a file of"):
        read(bomb, ".txt.gz")
