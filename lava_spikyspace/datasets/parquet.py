"""Parquet: one column per variate, optionally a column of times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets.checks import (
    FILL_HINT,
    assemble_table,
    check_names,
    exact_float64,
)
from lava_spikyspace.datasets.source import CELL_BYTES, Source, array_place, reason, shown
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.times import EXPECTED_TIME, TIME_NAMES, parse_time
from lava_spikyspace.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

UNNAMED_INDEX = "__index_level_0__"
"""The column in which pandas stores an index without a name."""

MAX_METADATA_BYTES = 16 << 20
"""Longest text, and longest list, in the metadata of a file."""

PARQUET_ERRORS = (OSError, ValueError, KeyError, TypeError, MemoryError, RuntimeError)
"""What pyarrow raises on broken files; its own errors derive from these."""


def read_parquet(source: Source) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    source : Source
        The file. The column of times is the one whose type is a date or a time stamp, or whose
        name is one of `TIME_NAMES` (ISO 8601 text or integer seconds since 1970); it may stand
        anywhere. An index of another kind that pandas stored without a name is left out.

    Returns
    -------
    Table
        The table.

    Raises
    ------
    DataError
        If the file is anything else, or pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError:
        raise DataError(
            f"{source.path}: reading parquet needs pyarrow", hint="pip install pyarrow"
        ) from None
    try:
        with open_parquet(source) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            check_names(source, schema.names, len(schema))
            time_name = _time_name(source, schema)
            names = [name for name in schema.names if name not in (time_name, UNNAMED_INDEX)]
            _check_types(source, schema, names)
            content = file.read(use_threads=False, use_pandas_metadata=False)
    except (pa.ArrowException, *PARQUET_ERRORS) as error:
        raise source.error(
            "", f"broken parquet ({reason(error)})", "a readable parquet file"
        ) from None
    if content.num_rows != rows:
        raise source.error("", f"{content.num_rows} rows", f"{rows} as the metadata says")
    values = np.empty((rows, len(names)))
    for index, name in enumerate(names):
        values[:, index] = _numbers(source, content, name)
    timestamps = None if time_name is None else _timestamps(source, content, time_name)
    return assemble_table(source, values, names, timestamps)


@contextmanager
def open_parquet(source: Source) -> Iterator[pq.ParquetFile]:
    """Open a file that does not declare more than a file of its size may hold.

    Parameters
    ----------
    source : Source
        The file.

    Yields
    ------
    pyarrow.parquet.ParquetFile
        Opened; the metadata is read.

    Raises
    ------
    DataError
        If it declares more. On a broken file pyarrow raises `PARQUET_ERRORS` or its own.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(
        source.path,
        thrift_string_size_limit=MAX_METADATA_BYTES,
        thrift_container_size_limit=MAX_METADATA_BYTES,
    ) as file:
        source.check_cells(_declared_cells(file.metadata, len(file.schema_arrow)), "metadata")
        yield file


def _declared_cells(metadata: pq.FileMetaData, columns: int) -> int:
    """Give how many float64 a file would fill, by its rows or by its bytes, whichever is more."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    stored = sum(int(group.total_byte_size) for group in groups)
    return max(int(metadata.num_rows) * max(1, columns), stored // CELL_BYTES)


def _check_types(source: Source, schema: pa.Schema, names: list[str]) -> None:
    """Refuse columns that hold something else than numbers, before anything of them is read."""
    import pyarrow as pa

    for name in names:
        kind = schema.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            raise source.error(f"column {shown(name)}", f"type {kind}", "numbers")


def _time_name(source: Source, schema: pa.Schema) -> str | None:
    """Find the column of times."""
    import pyarrow as pa

    found = [
        field.name
        for field in schema
        if pa.types.is_timestamp(field.type)
        or pa.types.is_date(field.type)
        or field.name.lower() in TIME_NAMES
    ]
    if len(found) > 1:
        listed = ", ".join(shown(name) for name in found[:10])
        raise source.error("schema", f"columns of times {listed}", "one at most")
    return found[0] if found else None


def _numbers(source: Source, content: pa.Table, name: str) -> NDArray[np.float64]:
    """Take one column of numbers."""
    column = _without_gaps(source, content, name).to_numpy()
    place = array_place([name])
    return exact_float64(source, column[:, np.newaxis], place)[:, 0]


def _timestamps(source: Source, content: pa.Table, name: str) -> NDArray[Any]:
    """Take the column of times."""
    import pyarrow as pa

    column = _without_gaps(source, content, name)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.asarray(column.to_numpy())
    seconds = np.empty(len(column), dtype=np.int64)
    for row, text in enumerate(column.to_pylist()):
        parsed = parse_time(text)
        if parsed is None:
            raise source.error(array_place([name])(row, 0), shown(text), EXPECTED_TIME)
        seconds[row] = parsed
    return seconds


def _without_gaps(source: Source, content: pa.Table, name: str) -> pa.ChunkedArray:
    """Give a column in which no cell is missing."""
    column = content.column(name)
    if column.null_count:
        row = column.is_null().index(True).as_py()
        raise source.error(array_place([name])(row, 0), "an empty cell", "a value", hint=FILL_HINT)
    return column
