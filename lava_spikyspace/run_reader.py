"""Read the directory that keeps a run."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.datasets.numpy_files import read_array
from lava_spikyspace.datasets.source import open_source
from lava_spikyspace.errors import InputError
from lava_spikyspace.network import IntArray
from lava_spikyspace.netx.stock.selection import Settings
from lava_spikyspace.results import RunResult
from lava_spikyspace.run_directory import (
    FORECAST_COLUMNS,
    FORECASTS_NAME,
    OUTPUTS_NAME,
    RECORDS_NAME,
    RUN_NAME,
)
from lava_spikyspace.run_document import (
    EvaluationDocument,
    SummaryData,
    parse_document,
    parse_stock_document,
)
from lava_spikyspace.stock.results import StockResult

D = TypeVar("D")

_SHOWN_FAULTS = 3
"""Faults of a document that a message spells out."""


def read_run_directory(folder: Path) -> RunResult:
    """Read what `lava_spikyspace.run_directory` has written.

    Parameters
    ----------
    folder : Path
        The run directory.

    Raises
    ------
    InputError
        A file is missing, malformed, or does not fit the others.
    """
    if (folder / OUTPUTS_NAME).exists():
        raise InputError(
            f"{folder}: found the run of a plain NetX network, expected one of a model of "
            "lava-spikyspace",
            hint="StockResult.load reads it",
        )
    document = _read_document(folder / RUN_NAME, parse_document)
    data: SummaryData = document.data
    if isinstance(document, EvaluationDocument):
        first, count = document.data.first_window, document.data.windows
        windows = np.arange(first, first + count, dtype=np.int64)
    else:
        windows = np.asarray(document.data.windows, dtype=np.int64)
    path = folder / FORECASTS_NAME
    if data.forecasts_shape[0] != windows.size or data.forecasts_shape[2] != len(data.variates):
        raise InputError(f"{folder / RUN_NAME}: the entries of its data contradict each other")
    return RunResult(
        forecasts=_read_forecasts(path, windows, data),
        windows=windows,
        records=_read_records(folder / RECORDS_NAME),
        backend=document.backend,
        runtime=data.runtime,
        coding=data.coding,
        strict=data.strict,
        model=None if document.model is None else document.model.reference(),
        table=data.table.reference(),
        variates=data.variates,
        counts=tuple(row.counts(data.saturations.get(row.name, 0)) for row in data.processes),
        time_steps=data.time_steps,
        latency_steps=data.latency_steps,
        frame_steps=data.frame_steps,
        clipped_inputs=data.clipped_inputs,
        versions=document.versions,
        timings_s=document.timings_s,
        diagnostics=tuple(entry.diagnostic() for entry in document.diagnostics),
    )


def read_stock_run_directory(folder: Path) -> StockResult:
    """Read the run of a plain NetX network; see `read_run_directory`."""
    document = _read_document(folder / RUN_NAME, parse_stock_document)
    data = document.data
    outputs = _read_outputs(folder / OUTPUTS_NAME)
    if outputs.shape != data.outputs_shape or len(outputs) != data.time_steps:
        raise InputError(
            f"{folder / OUTPUTS_NAME}: found shape {outputs.shape}, expected {data.outputs_shape}"
        )
    return StockResult(
        outputs=outputs,
        counts=tuple(row.counts(saturations=0) for row in data.processes),
        latency_steps=data.latency_steps,
        backend=document.backend,
        runtime=data.runtime,
        settings=Settings(
            **{field.name: getattr(data, field.name) for field in fields(Settings)},
        ),
        feed=data.feed,
        model=None if document.model is None else document.model.reference(),
        data=None if data.input is None else data.input.reference(),
        records=_read_records(folder / RECORDS_NAME),
        versions=document.versions,
        timings_s=document.timings_s,
        diagnostics=tuple(entry.diagnostic() for entry in document.diagnostics),
    )


def _read_outputs(path: Path) -> IntArray:
    outputs = read_array(open_source(path), "outputs")
    if outputs.dtype.kind != "i":
        raise InputError(f"{path}: found {outputs.dtype}, expected integers")
    return outputs.astype(np.int64)


def _read_document(path: Path, parse: Callable[[bytes], D]) -> D:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read: {error.strerror}",
            hint="a run directory is what `run --out` or `evaluate --out` makes",
        ) from error
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'document'}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        more = f" and {len(faults) - _SHOWN_FAULTS} more" if len(faults) > _SHOWN_FAULTS else ""
        raise InputError(
            f"{path}: not a run record of this version: {'; '.join(faults[:_SHOWN_FAULTS])}{more}"
        ) from error


def _read_forecasts(path: Path, windows: IntArray, data: SummaryData) -> FloatArray:
    """Read the values, after checking that every row is where it has to be."""
    values = []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = zip_longest(csv.reader(stream), _forecast_rows(windows, data))
            for line, (row, expected) in enumerate(rows, start=1):
                if row is None or expected is None or row[: len(expected)] != expected:
                    raise InputError(
                        f"{path}: line {line}: found {_shown(row)}, expected {_shown(expected)}"
                    )
                if line > 1:
                    (value,) = row[len(expected) :]
                    values.append(float(value))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path}: not a table of forecasts: {error}") from error
    return np.array(values).reshape(data.forecasts_shape)


def _forecast_rows(windows: IntArray, data: SummaryData) -> Iterator[list[str]]:
    """Yield the header and what each row begins with."""
    yield list(FORECAST_COLUMNS)
    for window in map(str, windows.tolist()):
        for step in range(1, data.forecasts_shape[1] + 1):
            for name in data.variates:
                yield [window, window, str(step), name]


def _shown(row: list[str] | None) -> str:
    return "the end of the file" if row is None else ",".join(row)


def _read_records(path: Path) -> dict[str, IntArray]:
    if not path.exists():
        return {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name].astype(np.int64) for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
