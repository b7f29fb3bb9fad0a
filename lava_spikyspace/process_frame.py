"""What a run knows of its processes as pandas frames, and as files of a run directory.

``processes.parquet`` has one row per process with the columns of `DTYPES`; ``channels.parquet``
one row per channel with the columns of `CHANNEL_DTYPES`. Both are CSV where pyarrow is missing.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lava_spikyspace.datasets.parquet import PARQUET_ERRORS, open_parquet
from lava_spikyspace.datasets.source import Source, open_source
from lava_spikyspace.errors import InputError
from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.profiling.facts import RowFacts, sending_rows
from lava_spikyspace.wording import one_line

DTYPES = {
    "name": "str",
    "type": "str",
    "neurons": "int64",
    "spikes": "int64",
    "graded_spikes": "int64",
    "events_in": "int64",
    "synops": "int64",
    "neuron_updates": "int64",
    "firing_rate": "float64",
    "min": "Int64",
    "max": "Int64",
    "saturations": "int64",
    "process": "str",
    "layer": "str",
    "record": "object",
    "bits": "Int64",
    "binary": "bool",
    "range_of": "object",
    "proven_min": "Int64",
    "proven_max": "Int64",
    "seconds": "float64",
}
"""Dtype of every column: those of `ProcessCounts`, those of `RowFacts`, and the wall time of the
process in seconds. A number that does not exist is NaN or NA, a text that does not is None. The
time of a process with two rows stands in that which sends its message."""

CHANNEL_DTYPES = {"name": "str", "channel": "int64", "events": "int64"}
"""Events sent by row of ``processes`` and channel: binary spikes, or messages other than 0."""

PROCESSES_STEM = "processes"
CHANNELS_STEM = "channels"

_COUNT_COLUMNS = list(DTYPES)[: list(DTYPES).index("process")]


def frame_of(
    counts: Sequence[ProcessCounts],
    facts: Sequence[RowFacts] = (),
    seconds: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return one row per process, in the order given, with the columns of `DTYPES`.

    Parameters
    ----------
    counts : sequence of ProcessCounts
        Rows of the counts.
    facts : sequence of RowFacts
        What is known about the rows, in the same order; empty where nothing is.
    seconds : mapping of str to float, optional
        Wall time by process.
    """
    about = facts or [RowFacts(row.name, row.name, row.name) for row in counts]
    rows: list[dict[str, Any]] = []
    sending = sending_rows(about)
    for row, fact in zip(counts, about, strict=True):
        rows.append(
            {
                **row.as_dict(),
                "process": fact.process,
                "layer": fact.layer,
                "record": fact.record,
                "bits": fact.bits,
                "binary": fact.binary,
                "range_of": fact.range_of,
                "proven_min": None if fact.proven is None else fact.proven.lo,
                "proven_max": None if fact.proven is None else fact.proven.hi,
                "seconds": (seconds or {}).get(fact.process) if fact.name in sending else None,
            }
        )
    # Column by column: whole numbers beside gaps would become floats in a frame of rows.
    return pd.DataFrame(
        {
            column: pd.Series([row[column] for row in rows], dtype=dtype)
            for column, dtype in DTYPES.items()
        }
    )


def facts_of(frame: pd.DataFrame) -> tuple[RowFacts, ...]:
    """Return the facts that a frame of `frame_of` holds."""
    return tuple(
        RowFacts(
            name=row["name"],
            process=row["process"],
            layer=row["layer"],
            record=row["record"],
            bits=_whole(row["bits"]),
            binary=bool(row["binary"]),
            range_of=row["range_of"],
            proven=None
            if pd.isna(row["proven_min"])
            else Interval(int(row["proven_min"]), int(row["proven_max"])),
        )
        for row in frame.to_dict("records")
    )


def seconds_of(frame: pd.DataFrame) -> dict[str, float] | None:
    """Return the wall time by process that a frame holds; None where none was measured."""
    timed = frame[frame["seconds"].notna()]
    if timed.empty:
        return None
    return dict(zip(timed["process"], timed["seconds"].astype(float), strict=True))


def has_counts(frame: pd.DataFrame, counts: Sequence[ProcessCounts]) -> bool:
    """Whether a frame of `frame_of` holds the given counts."""
    return frame[_COUNT_COLUMNS].equals(frame_of(counts)[_COUNT_COLUMNS])


def channel_frame(events: Mapping[str, IntArray]) -> pd.DataFrame:
    """Return events by row and channel as a frame with the columns of `CHANNEL_DTYPES`."""
    parts = [
        pd.DataFrame({"name": name, "channel": np.arange(len(sent)), "events": sent})
        for name, sent in events.items()
    ]
    empty = pd.DataFrame(columns=list(CHANNEL_DTYPES))
    return pd.concat(parts or [empty], ignore_index=True).astype(CHANNEL_DTYPES)


def channels_of(frame: pd.DataFrame) -> dict[str, IntArray]:
    """Return events by channel of every row that a frame of `channel_frame` holds."""
    return {
        str(name): part["events"].to_numpy(np.int64)
        for name, part in frame.groupby("name", sort=False)
    }


def write_frame(frame: pd.DataFrame, folder: Path, stem: str = PROCESSES_STEM) -> Path:
    """Write a frame into a folder, as parquet or else as CSV; return the file."""
    if _has_pyarrow():
        path = folder / f"{stem}.parquet"
        frame.to_parquet(path, engine="pyarrow", index=False)
    else:
        path = folder / f"{stem}.csv"
        frame.to_csv(path, index=False)
    return path


def read_frame(folder: Path, stem: str, dtypes: Mapping[str, str]) -> pd.DataFrame:
    """Read a frame that `write_frame` has written.

    Parameters
    ----------
    folder : Path
        The run directory.
    stem : str
        Name of the file without suffix.
    dtypes : mapping of str to str
        Columns that it must have, in this order.

    Raises
    ------
    InputError
        There is no such file, or it holds something else.
    """
    path = folder / f"{stem}.parquet"
    if not path.exists():
        path = folder / f"{stem}.csv"
    if not path.exists():
        raise InputError(f"{folder}: found neither {stem}.parquet nor {stem}.csv")
    if path.suffix == ".parquet" and not _has_pyarrow():
        raise InputError(
            f"{path}: found a parquet file, which needs pyarrow", hint="pip install pyarrow"
        )
    try:
        frame = _read(path)
        if list(frame.columns) != list(dtypes):
            raise InputError(f"{path}: found columns {list(frame.columns)}, expected {[*dtypes]}")
        frame = frame.astype(dict(dtypes))
    except (*PARQUET_ERRORS, OverflowError) as error:
        raise InputError(f"{path}: cannot be read: {one_line(error)}") from error
    for column, dtype in dtypes.items():
        if dtype == "object":
            frame[column] = pd.Series(
                [None if pd.isna(cell) else str(cell) for cell in frame[column]], dtype="object"
            )
    return frame


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return _read_parquet(open_source(path))
    # Names as they are ("NA" is one), floats with all their digits.
    return pd.read_csv(path, keep_default_na=False, na_values=[""], float_precision="round_trip")


def _read_parquet(source: Source) -> pd.DataFrame:
    """Read the columns as they are: what pandas notes about a frame may be broken or missing."""
    import pyarrow as pa

    try:
        with open_parquet(source) as file:
            table = file.read(use_threads=False, use_pandas_metadata=False)
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    except pa.ArrowException as error:
        raise InputError(f"{source.path}: cannot be read: {one_line(error)}") from error
    return frame


def _whole(value: Any) -> int | None:  # noqa: ANN401 - a cell of a frame
    return None if pd.isna(value) else int(value)


def _has_pyarrow() -> bool:
    return importlib.util.find_spec("pyarrow") is not None
