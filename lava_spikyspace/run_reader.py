"""Read the directory that keeps a run."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from pydantic import ValidationError

from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.datasets.numpy_files import read_array, read_arrays
from lava_spikyspace.datasets.source import open_source
from lava_spikyspace.errors import InputError, InternalError
from lava_spikyspace.files import read_regular
from lava_spikyspace.network import IntArray
from lava_spikyspace.netx.stock.selection import Settings
from lava_spikyspace.process_frame import (
    CHANNEL_DTYPES,
    CHANNELS_STEM,
    DTYPES,
    PROCESSES_STEM,
    channels_of,
    facts_of,
    has_counts,
    read_frame,
    seconds_of,
)
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.profiling.facts import RowFacts
from lava_spikyspace.results import RunResult
from lava_spikyspace.run_directory import (
    ACTUAL_NAME,
    FORECAST_COLUMNS,
    FORECASTS_NAME,
    OUTPUTS_NAME,
    RECORDS_NAME,
    RUN_NAME,
)
from lava_spikyspace.run_document import (
    Document,
    EvaluationDocument,
    SummaryData,
    parse_document,
    parse_stock_document,
)
from lava_spikyspace.series import Series
from lava_spikyspace.stock.results import StockResult
from lava_spikyspace.wording import one_line

D = TypeVar("D")

_SHOWN_FAULTS = 3
"""Faults of a document that a message spells out."""


def is_stock_run(folder: str | Path) -> bool:
    """Whether a run directory keeps the run of a plain NetX network.

    Parameters
    ----------
    folder : str or Path
        The run directory.
    """
    return (Path(folder) / OUTPUTS_NAME).exists()


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
    if is_stock_run(folder):
        raise InputError(
            f"{folder}: found the run of a plain NetX network, expected one of a model of "
            "lava-spikyspace",
            hint="StockResult.load reads it",
        )
    document = _read_document(folder / RUN_NAME, parse_document)
    data: SummaryData = document.data
    _check_sizes(folder, document)
    if isinstance(document, EvaluationDocument):
        first, count = document.data.first_window, document.data.windows
        windows = np.arange(first, first + count, dtype=np.int64)
    else:
        windows = np.asarray(document.data.windows, dtype=np.int64)
    counts = tuple(row.counts(data.saturations.get(row.name, 0)) for row in data.processes)
    frame = _read_processes(folder, counts)
    facts = _facts_of(folder, frame)
    channels = _read_channels(folder, counts)
    return RunResult(
        forecasts=_read_forecasts(folder / FORECASTS_NAME, windows, data),
        windows=windows,
        series=_read_series(folder / ACTUAL_NAME, windows, data),
        classification=None
        if data.classification is None
        else data.classification.classification(),
        scores=_scores_of(document),
        records=_read_records(folder / RECORDS_NAME, facts, channels, data, counts),
        backend=document.backend,
        runtime=data.runtime,
        coding=data.coding,
        strict=data.strict,
        model=None if document.model is None else document.model.reference(),
        table=data.table.reference(),
        variates=data.variates,
        counts=counts,
        time_steps=data.time_steps,
        latency_steps=data.latency_steps,
        frame_steps=data.frame_steps,
        window=data.window,
        seed=data.seed,
        facts=facts,
        channel_events=channels,
        process_seconds=seconds_of(frame),
        recorded_windows=data.recorded_windows,
        clipped_inputs=data.clipped_inputs,
        deployment=() if data.hardware is None else data.hardware.deployment,
        measurement=None if data.hardware is None else data.hardware.measurement(),
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
    counts = tuple(row.counts(saturations=0) for row in data.processes)
    frame = _read_processes(folder, counts)
    return StockResult(
        outputs=outputs,
        counts=counts,
        latency_steps=data.latency_steps,
        backend=document.backend,
        runtime=data.runtime,
        settings=Settings(
            **{field.name: getattr(data, field.name) for field in fields(Settings)},
        ),
        feed=data.feed,
        model=None if document.model is None else document.model.reference(),
        data=None if data.input is None else data.input.reference(),
        records=_read_arrays(folder / RECORDS_NAME, data.time_steps * _most_neurons(counts)),
        versions=document.versions,
        timings_s=document.timings_s,
        process_seconds=seconds_of(frame),
        diagnostics=tuple(entry.diagnostic() for entry in document.diagnostics),
    )


def _check_sizes(folder: Path, document: Document) -> None:
    """Hold sizes against each other and against the table of forecasts, before they are used."""
    data = document.data
    windows = data.windows if isinstance(data.windows, int) else len(data.windows)
    if data.forecasts_shape[0] != windows or data.forecasts_shape[2] != len(data.variates):
        raise InputError(f"{folder / RUN_NAME}: the entries of its data contradict each other")
    classes = data.classification
    if classes is not None and (
        len(classes.labels) != windows or data.forecasts_shape[1:] != (1, classes.classes)
    ):
        raise InputError(f"{folder / RUN_NAME}: classification: found other windows or classes")
    path, rows = folder / FORECASTS_NAME, math.prod(data.forecasts_shape)
    size = open_source(path).size
    if rows > size:
        raise InputError(f"{path}: found {size} bytes, expected {rows} rows")


def _read_outputs(path: Path) -> IntArray:
    outputs = read_array(open_source(path), "outputs")
    if outputs.dtype.kind != "i":
        raise InputError(f"{path}: found {outputs.dtype}, expected integers")
    return outputs.astype(np.int64)


def _read_document(path: Path, parse: Callable[[bytes], D]) -> D:
    try:
        content = read_regular(path)
    except InputError as error:
        raise InputError(
            error.message, hint="a run directory is what `run --out` or `evaluate --out` makes"
        ) from error
    try:
        return parse(content)
    except ValidationError as error:
        faults = [
            one_line(f"{'.'.join(map(str, fault['loc'])) or 'document'}: {fault['msg']}")
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
        raise InputError(f"{path}: not a table of forecasts: {one_line(error)}") from error
    return np.array(values).reshape(data.forecasts_shape)


def _forecast_rows(windows: IntArray, data: SummaryData) -> Iterator[list[str]]:
    """Yield the header and what each row begins with."""
    yield list(FORECAST_COLUMNS)
    for window in map(str, windows.tolist()):
        for step in range(1, data.forecasts_shape[1] + 1):
            for name in data.variates:
                yield [window, window, str(step), name]


def _shown(row: list[str] | None) -> str:
    return "the end of the file" if row is None else one_line(",".join(row))


def _read_processes(folder: Path, counts: tuple[ProcessCounts, ...]) -> pd.DataFrame:
    """Read the table of processes, after checking that it has the counts of the document."""
    frame = read_frame(folder, PROCESSES_STEM, DTYPES)
    if not has_counts(frame, counts):
        raise InputError(f"{folder / PROCESSES_STEM}: its counts are not those of {RUN_NAME}")
    return frame


def _facts_of(folder: Path, frame: pd.DataFrame) -> tuple[RowFacts, ...]:
    try:
        return facts_of(frame)
    except (InternalError, TypeError) as error:  # an empty interval, or one end of it
        raise InputError(f"{folder / PROCESSES_STEM}: no proven range: {error}") from error


def _read_channels(folder: Path, counts: tuple[ProcessCounts, ...]) -> dict[str, IntArray]:
    frame = read_frame(folder, CHANNELS_STEM, CHANNEL_DTYPES)
    channels = channels_of(frame)
    neurons = {row.name: row.neurons for row in counts}
    for name, events in channels.items():
        if neurons.get(name) != len(events):
            raise InputError(
                f"{folder / CHANNELS_STEM}: found {len(events)} channels of {name}, expected "
                f"{neurons.get(name, 'no such row')}"
            )
    return channels


def _read_series(path: Path, windows: IntArray, data: SummaryData) -> Series | None:
    if not path.exists():
        return None
    series = Series.read(path, data.variates)
    last = int(windows.max()) + data.window
    if series.first_row > windows.min() or series.first_row + len(series.values) < last:
        raise InputError(f"{path}: found rows that do not cover the windows of the run")
    return series


def _scores_of(document: Document) -> dict[str, object] | None:
    """Return the metrics of an evaluation."""
    if not isinstance(document, EvaluationDocument):
        return None
    return {"metrics": document.data.metrics, "baselines": document.data.baselines}


def _read_records(
    path: Path,
    facts: tuple[RowFacts, ...],
    channels: Mapping[str, IntArray],
    data: SummaryData,
    counts: tuple[ProcessCounts, ...],
) -> dict[str, IntArray]:
    """Read the codes, after checking the shapes of those that rows of the counts are made of."""
    elements = max(data.window, data.forecasts_shape[1])
    records = _read_arrays(path, data.recorded_windows * elements * _most_neurons(counts))
    neurons = {fact.record: len(channels[fact.name]) for fact in facts if fact.name in channels}
    windows, (_, horizon, variates) = data.recorded_windows, data.forecasts_shape
    for name in records.keys() & neurons.keys():
        # The head comes last and sends one value per step and variate.
        is_head = name == facts[-1].record
        inner = (horizon, variates) if is_head else (data.window, neurons[name])
        if records[name].shape != (windows, *inner):
            raise InputError(
                f"{path}: {name}: found shape {records[name].shape}, expected {(windows, *inner)}"
            )
    return records


def _most_neurons(counts: tuple[ProcessCounts, ...]) -> int:
    return max((row.neurons for row in counts), default=0)


def _read_arrays(path: Path, cells: int) -> dict[str, IntArray]:
    """Read records; silent layers may compress so well that only the counts vouch for `cells`."""
    if not path.exists():
        return {}
    arrays = read_arrays(replace(open_source(path), vouched_cells=cells))
    for name, array in arrays.items():
        if array.dtype.kind != "i":
            raise InputError(f"{path}: {name}: found {array.dtype}, expected integers")
    return {name: array.astype(np.int64) for name, array in arrays.items()}
