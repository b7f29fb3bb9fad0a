"""Times of the rows."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.datasets.source import Source, array_place
from lava_spikyspace.datasets.times import (
    ascending_seconds,
    is_row_count,
    parse_iso_time,
    parse_time,
)
from lava_spikyspace.errors import DataError

SOURCE = Source(path="t.npz", size=100, sha256="")
FIVE_PAST = 1330560300
"""2012-03-01 00:05:00 in seconds since 1970."""


@pytest.mark.parametrize(
    "text",
    [
        "2012-03-01T00:05:00",
        "2012-03-01 00:05:00",
        " 2012-03-01 00:05 ",
        "2012-03-01T00:05:00.000",
        "2012-03-01T00:05:00Z",
        "2012-03-01T01:05:00+01:00",
        "2012-02-29T16:05:00-0800",
    ],
)
def test_iso_forms(text):
    assert parse_iso_time(text) == FIVE_PAST
    assert parse_time(text) == FIVE_PAST


def test_date_alone_is_midnight():
    assert parse_iso_time("2012-03-01") == FIVE_PAST - 300


def test_seconds_since_1970():
    assert parse_time(str(FIVE_PAST)) == FIVE_PAST
    assert parse_iso_time(str(FIVE_PAST)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2012-13-01",
        "2012-02-30 00:00",
        "2012-03-01 24:00",
        "2012-03-01T00:05:00.5",
        "01/03/2012 00:05",
        "1330560300.0",
        "9" * 15,
        "9" * 5000,
        "\u0662\u0660\u0661\u0662-03-01",
    ],
)
def test_anything_else_is_no_time(text):
    assert parse_time(text) is None


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_agrees_with_datetime(moment, offset):
    moment = moment.replace(microsecond=0)
    epoch = datetime(1970, 1, 1)
    assert parse_time(moment.isoformat()) == (moment - epoch).total_seconds()
    zone = timezone(timedelta(minutes=offset))
    local = moment.replace(tzinfo=zone)
    expected = (moment - epoch).total_seconds() - offset * 60
    assert parse_time(local.isoformat(sep=" ")) == expected


def check(times):
    return ascending_seconds(SOURCE, times, times.size, array_place(None))


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s", "m"])
def test_units_are_converted_exactly(unit):
    times = np.array(["2012-03-01T00:00", "2012-03-01T00:05"], dtype=f"datetime64[{unit}]")
    seconds = check(times)
    assert seconds.dtype == np.dtype("datetime64[s]")
    assert seconds.astype(np.int64).tolist() == [FIVE_PAST - 300, FIVE_PAST]
    assert not seconds.flags.writeable


@pytest.mark.parametrize("dtype", [np.int64, np.uint32, ">i8"])
def test_integers_are_seconds(dtype):
    assert check(np.array([5, 10], dtype=dtype)).astype(np.int64).tolist() == [5, 10]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            ["2012-03-01", "2012-03-02", "2012-03-01"],
            r"row 2 .*: found time 2012-03-01T00:00:00 af",
        ),
        (["2012-03-01", "2012-03-01"], r"row 1 .*: found time .*, expected time to go forward"),
        (["2012-03-01", "NaT"], r"row 1 .*: found time NaT, expected whole seconds"),
        (["NaT", "2012-03-01"], r"row 0 .*: found time NaT"),
        (["2012-03-01T00:00:00.1", "2012-03-02"], r"row 0 .*: found time 2012-03-01T00:00:00.100"),
    ],
)
def test_times_that_are_refused(times, message):
    with pytest.raises(DataError, match=message):
        check(np.array(times, dtype="datetime64[ms]"))


@pytest.mark.parametrize(
    "times",
    [
        np.array([0, 2**62]),
        np.array([0, 2**64 - 1], dtype=np.uint64),
        np.array([-(2**63), 0]),
        np.array([0, 2**60], dtype="datetime64[D]"),
        np.array([1.0, 2.0]),
        np.array(["2012-03-01", "2012-03-02"]),
        np.array([1, 2]).view("datetime64"),
        np.array([True, False]),
    ],
)
def test_numbers_that_are_no_times(times):
    with pytest.raises(DataError, match=r"t\.npz: "):
        check(times)


def test_one_time_per_row():
    with pytest.raises(DataError, match=r"found shape \(2,\), expected \(3,\), one per row"):
        ascending_seconds(SOURCE, np.array([1, 2]), 3, array_place(None))


def test_row_numbers_are_no_times():
    assert is_row_count(np.arange(5))
    assert not is_row_count(np.arange(1, 6))
    assert not is_row_count(np.arange(5).astype("datetime64[s]"))
    assert not is_row_count(np.arange(5.0))
