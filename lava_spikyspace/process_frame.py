"""Process counts as a pandas frame and as the file of a run directory."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lava_spikyspace.profiling.counters import ProcessCounts

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
}
"""Dtype of every column. A rate that does not exist is NaN, an extreme that does not is NA."""

PARQUET_NAME = "processes.parquet"
CSV_NAME = "processes.csv"
"""Instead of parquet, where pyarrow is missing."""


def frame_of(counts: Sequence[ProcessCounts]) -> pd.DataFrame:
    """Return one row per process, in the order given, with the columns of `DTYPES`."""
    rows = [row.as_dict() for row in counts]
    return pd.DataFrame(rows, columns=list(DTYPES)).astype(DTYPES)


def write_frame(frame: pd.DataFrame, folder: Path) -> Path:
    """Write a frame into a folder, as parquet or else as CSV; return the file."""
    if _has_pyarrow():
        path = folder / PARQUET_NAME
        frame.to_parquet(path, engine="pyarrow", index=False)
    else:
        path = folder / CSV_NAME
        frame.to_csv(path, index=False)
    return path


def _has_pyarrow() -> bool:
    return importlib.util.find_spec("pyarrow") is not None
