"""Comma-separated text: CSV with a header, and the plain txt files of Solar-Energy and Electricity.

Numbers are read with Python's own `float`, which gives the float64 nearest to the decimal text.
Reading line by line keeps the memory at the size of the table and lets every error name its
line.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
import zlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from lava_spikyspace.datasets.checks import FILL_HINT, assemble_table, check_names
from lava_spikyspace.datasets.source import Source, reason, shown
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.times import EXPECTED_TIME, TIME_NAMES, parse_iso_time, parse_time
from lava_spikyspace.errors import DataError

MAX_LINE_CHARACTERS = 4 << 20
"""Longest line that is read; a line of 100,000 numbers has about half of it."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DECIMAL = re.compile(r"\s*[+-]?[0-9]*\.[0-9]+\s*", re.ASCII)


@dataclass(frozen=True)
class _Layout:
    """What the columns of a text table are, and where its rows begin."""

    names: tuple[str, ...] | None
    variates: int
    has_time: bool
    first_line: int

    @property
    def fields(self) -> int:
        """Fields of every line."""
        return self.variates + self.has_time

    def place(self, row: int, column: int | None) -> str:
        """Word a place by its line in the file and the name or number of its column."""
        line = f"line {self.first_line + row}"
        if column is None:
            return line
        if self.names is None:
            return f"{line}, column {column + 1 + self.has_time}"
        return f"{line}, column {shown(self.names[column])}"


def read_delimited(source: Source, *, header: bool, compressed: bool) -> Table:
    """Read comma-separated numbers.

    Parameters
    ----------
    source : Source
        The file, UTF-8.
    header : bool
        Whether the first line names the columns. The first column may then hold times: where it
        is named so (`TIME_NAMES`) or its first value is an ISO 8601 time.
    compressed : bool
        Whether the file is compressed with gzip.

    Returns
    -------
    Table
        The table; every number is the float64 nearest to its text.

    Raises
    ------
    DataError
        If the file is anything else; names the line and the column.
    """
    try:
        lines = _lines(source, compressed=compressed)
        names = _header_names(source, *_next_line(source, lines)) if header else None
        first_line = _next_line(source, lines)
        layout = _layout(source, names, *first_line)
        cells, seconds = _read_rows(source, layout, itertools.chain([first_line], lines))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise source.error(
            "", f"broken gzip data ({reason(error)})", "a complete gzip file"
        ) from None
    except OSError as error:
        raise source.error("", f"a read error ({reason(error)})", "a readable file") from None
    return assemble_table(
        source,
        np.frombuffer(cells, dtype=np.float64).reshape(-1, layout.variates),
        layout.names,
        np.array(seconds, dtype=np.int64) if layout.has_time else None,
        layout.place,
    )


def _lines(source: Source, *, compressed: bool) -> Iterator[tuple[int, str]]:
    """Give line numbers, counted from 1, and lines; blank lines only at the end are let pass."""
    opener = gzip.open if compressed else open
    with opener(source.path, "rb") as raw:
        if raw.read(2) in _UTF16_MARKS:
            raise source.error("line 1", "UTF-16 text", "UTF-8", hint="save the file as UTF-8")
        raw.seek(0)
        # Bytes that are not UTF-8 become lone surrogates, which no number and no name may hold:
        # so they are reported with their line and column.
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape")
        number, blank = 0, 0
        while line := text.readline(MAX_LINE_CHARACTERS):
            number += 1
            if "\0" in line:
                raise source.error(
                    f"line {number}", "a NUL character (binary or UTF-16)", "UTF-8 text"
                )
            if len(line) >= MAX_LINE_CHARACTERS:
                raise source.error(
                    f"line {number}",
                    f"{MAX_LINE_CHARACTERS} characters or more",
                    "shorter lines of comma-separated numbers",
                )
            if not line.strip():
                blank = blank or number
            elif blank and number > blank:
                raise source.error(f"line {blank}", "a blank line", "a row of numbers")
            else:
                yield number, line


def _next_line(source: Source, lines: Iterator[tuple[int, str]]) -> tuple[int, str]:
    for numbered in lines:
        return numbered
    raise source.error("", "too few lines", "at least one row of comma-separated numbers")


def _layout(source: Source, names: tuple[str, ...] | None, number: int, line: str) -> _Layout:
    """Tell names, time column and width from the header and the first row."""
    fields = _fields(source, number, line)
    has_time = parse_iso_time(fields[0]) is not None
    if names is not None:
        has_time = has_time or names[0].lower() in TIME_NAMES
        names = names[has_time:]
    variates = len(fields) - has_time if names is None else len(names)
    if variates == 0:
        raise source.error(f"line {number}", "no column of numbers", "at least one variate")
    if names is not None:
        check_names(source, names, variates)
    return _Layout(names=names, variates=variates, has_time=has_time, first_line=number)


def _header_names(source: Source, number: int, line: str) -> tuple[str, ...]:
    """Take the names from the header; refuse a line of data in its place."""
    fields = _fields(source, number, line)
    if any(_DECIMAL.fullmatch(field) or parse_iso_time(field) is not None for field in fields):
        raise source.error(
            f"line {number}",
            f"a row of data ({shown(line.strip())})",
            "a header that names the columns",
            hint="a table without a header is read from a file named .txt or .txt.gz",
        )
    return tuple(field.strip() for field in fields)


def _read_rows(
    source: Source, layout: _Layout, lines: Iterable[tuple[int, str]]
) -> tuple[array[float], list[int]]:
    """Read all rows: their numbers one after the other, and the seconds of their times."""
    cells = array("d")
    seconds: list[int] = []
    for number, line in lines:
        fields = _fields(source, number, line)
        if len(fields) != layout.fields:
            raise source.error(
                f"line {number}", f"{len(fields)} fields", f"{layout.fields} as in the lines above"
            )
        if layout.has_time:
            seconds.append(_time(source, number, fields.pop(0)))
        try:
            cells.extend(map(float, fields))
        except ValueError:
            raise _bad_cell(source, layout, number, fields) from None
        # `float` takes 1_000 and the digits of all scripts; no data file means them.
        if ("_" in line or not line.isascii()) and not all(map(_is_number, fields)):
            raise _bad_cell(source, layout, number, fields)
        source.check_cells(len(cells), f"line {number}")
    return cells, seconds


def _fields(source: Source, number: int, line: str) -> list[str]:
    """Cut a line at its commas; quoted fields may hold commas, but no line breaks."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise source.error(
            f"line {number}",
            f"broken quotes ({reason(error)})",
            "quoted fields that end on their line",
        ) from None


def _time(source: Source, number: int, text: str) -> int:
    seconds = parse_time(text)
    if seconds is None:
        raise source.error(f"line {number}, time column", shown(text.strip()), EXPECTED_TIME)
    return seconds


def _is_number(field: str) -> bool:
    """Tell whether a field is a decimal number; nan and inf are, and are refused later."""
    try:
        float(field)
    except ValueError:
        return False
    return field.isascii() and "_" not in field


def _bad_cell(source: Source, layout: _Layout, number: int, fields: list[str]) -> DataError:
    """Word an error about the first field of a line that is no number."""
    column = next(index for index, field in enumerate(fields) if not _is_number(field))
    place = layout.place(number - layout.first_line, column)
    text = fields[column].strip()
    if not text:
        return source.error(place, "an empty cell", "a number", hint=FILL_HINT)
    hint = None
    if parse_iso_time(text) is not None:
        hint = "times belong into the first column"
    elif layout.fields == 1:
        hint = "columns are separated by commas"
    return source.error(place, shown(text), "a number", hint=hint)
