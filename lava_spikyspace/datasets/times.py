"""Times of the rows: ISO 8601 text, seconds since 1970 or datetime64, always whole seconds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets.source import Place, Source

EARLIEST_SECOND, LATEST_SECOND = -62_135_596_800, 253_402_300_799
"""Seconds since 1970 of the first and the last second of the years 1 to 9999."""

TIME_NAMES = frozenset({"timestamp", "timestamps", "time", "date", "datetime", "date_time"})
"""Names, in lower case, that mark a column as the time column."""

EXPECTED_TIME = "an ISO 8601 time such as 2012-03-01T00:05:00, or whole seconds since 1970"
"""How a time may be written."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND = timedelta(seconds=1)
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?)?"
    r"(?:Z|([+-])([0-9]{2}):?([0-9]{2}))?"
)


def parse_time(text: str) -> int | None:
    """Read a time.

    Parameters
    ----------
    text : str
        ISO 8601, a space instead of the T allowed, or an integer. A time without an offset is
        taken as it stands (the clock of the source), one with an offset is turned into UTC.

    Returns
    -------
    int or None
        Seconds since 1970, or None where the text is no such time.
    """
    cleaned = text.strip()
    if _INTEGER.fullmatch(cleaned):
        seconds = int(cleaned)
        return seconds if EARLIEST_SECOND <= seconds <= LATEST_SECOND else None
    return parse_iso_time(cleaned)


def parse_iso_time(text: str) -> int | None:
    """Read a time written in ISO 8601.

    Parameters
    ----------
    text : str
        Date, or date and time, with whole seconds.

    Returns
    -------
    int or None
        Seconds since 1970, or None where the text is no such time.
    """
    matched = _ISO.fullmatch(text.strip())
    if matched is None:
        return None
    year, month, day, *clock, sign, offset_hours, offset_minutes = matched.groups()
    hour, minute, second = (int(part or 0) for part in clock)
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    try:
        local = datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=timezone.utc)
    except ValueError:
        return None
    return (local - _EPOCH + (offset if sign == "-" else -offset)) // _SECOND


def is_row_count(timestamps: NDArray[Any]) -> bool:
    """Tell whether what stands for times only counts the rows.

    Parameters
    ----------
    timestamps : ndarray
        Times of any dtype.

    Returns
    -------
    bool
        True for the integers 0, 1, 2 and so on.
    """
    return timestamps.dtype.kind in "iu" and np.array_equal(timestamps, np.arange(timestamps.size))


def ascending_seconds(
    source: Source, timestamps: NDArray[Any], rows: int, place: Place
) -> NDArray[np.datetime64]:
    """Convert the times of the rows to whole seconds and check that they ascend.

    Parameters
    ----------
    source : Source
        The file.
    timestamps : ndarray
        datetime64 of any unit, or integer seconds since 1970.
    rows : int
        How many times there should be.
    place : callable
        Words for a place in the file.

    Returns
    -------
    ndarray of datetime64[s], shape (rows,)
        The times, read-only.

    Raises
    ------
    DataError
        If there is another number of times, one is missing, no whole second or out of range, or
        time stands still or goes backwards.
    """
    if timestamps.shape != (rows,):
        raise source.error("timestamps", f"shape {timestamps.shape}", f"({rows},), one per row")
    seconds = _whole_seconds(source, timestamps, place)
    for row in np.flatnonzero(seconds[1:] <= seconds[:-1])[:1] + 1:
        raise source.error(
            place(int(row), None),
            f"time {seconds[row]} after {seconds[row - 1]}",
            "time to go forward from row to row",
        )
    seconds.flags.writeable = False
    return seconds


def _whole_seconds(
    source: Source, timestamps: NDArray[Any], place: Place
) -> NDArray[np.datetime64]:
    """Convert times to datetime64[s] without changing one."""
    dtype, expected = timestamps.dtype, "whole seconds between the years 1 and 9999"
    if dtype.kind == "M" and np.datetime_data(dtype)[0] != "generic":
        try:
            seconds = timestamps.astype("datetime64[s]")
            # NaT equals nothing; what is cut, or overflows in NumPy 1, does not come back the same.
            bad = seconds.astype(dtype) != timestamps
        except OverflowError:
            raise source.error("timestamps", "times out of range", expected) from None
    elif dtype.kind in "iu":
        seconds = timestamps.astype(np.int64).astype("datetime64[s]")
        bad = np.zeros(timestamps.shape, dtype=np.bool_)
    else:
        raise source.error(
            "timestamps", f"dtype {dtype}", "datetime64, or integer seconds since 1970"
        )
    number = seconds.astype(np.int64)
    bad |= (number < EARLIEST_SECOND) | (number > LATEST_SECOND)
    for row in np.flatnonzero(bad)[:1]:
        raise source.error(place(int(row), None), f"time {timestamps[row]}", expected)
    return seconds
