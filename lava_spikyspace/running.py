"""Run a model on a table: forecasts, and what every process did for them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from lava_spikyspace.backends.base import Progress
from lava_spikyspace.backends.loihi2 import Readiness, loihi2_readiness
from lava_spikyspace.backends.loihi_host import ANY_HOST, LoihiHost
from lava_spikyspace.backends.selection import (
    DEFAULT_TIMEOUT_S,
    BackendName,
    make_backend,
)
from lava_spikyspace.backends.sim import Runtime
from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.classification import Classification
from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import select_windows
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import UsageError
from lava_spikyspace.families import classifies
from lava_spikyspace.inputs import (
    DataSource,
    FileReference,
    ModelSource,
    file_of,
    resolve_network,
    resolve_table,
    windows_in,
)
from lava_spikyspace.network import Network
from lava_spikyspace.plan import CODINGS, Coding, Plan, make_plan
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.profiling.facts import row_facts
from lava_spikyspace.results import RunResult, RunSummary
from lava_spikyspace.series import Series
from lava_spikyspace.streaming import MAX_RECORDED_VALUES, WindowStream

MAX_UNASKED_VALUES = 1 << 22
"""Codes that a run keeps without being asked to: enough to look at, 32 MiB at most."""

DEFAULT_SIM_WINDOWS = 4
"""Last windows that a simulation runs by default; the batch engine runs all."""


def run(
    model: ModelSource = None,
    data: DataSource = None,
    *,
    backend: BackendName = "sim",
    runtime: Runtime = "inprocess",
    coding: Coding = "graded",
    windows: str | int | range | None = None,
    strict: bool = False,
    clip_input: bool = False,
    record: bool | None = None,
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    host: LoihiHost = ANY_HOST,
    progress: Progress | None = None,
) -> RunResult:
    """Forecast windows of a table and count what every process does.

    Parameters
    ----------
    model : Network, str, Path or None
        Network or model file; the bundled demo model by default.
    data : Table, str, Path, ndarray, DataFrame or None
        Table; the bundled one by default, which fits the demo model only.
    backend : {"sim", "batch", "loihi2"}
        Engine. Forecasts and counts are the same on all.
    runtime : {"inprocess", "multiprocessing"}
        Lava runtime of ``sim``.
    coding : {"graded", "unary"}
        A code q as one graded spike or as q binary spikes; the forecasts are the same.
    windows : str, int, range or None
        ``"A:B"`` half-open with ends as in Python, an int for the last so many windows, or a
        range. By default the last `DEFAULT_SIM_WINDOWS`, on ``batch`` all.
    strict : bool
        Fail when a value leaves the range that the file proves for it.
    clip_input : bool
        Saturate and count values outside the input range, instead of refusing them.
    record : bool, optional
        Keep the codes of every process in the result, of as many windows as
        `streaming.MAX_RECORDED_VALUES` allows. By default they are kept where there are few,
        `MAX_UNASKED_VALUES` at most, and no chip has to be probed for them.
    timeout_s : float or None
        Seconds that a simulation gets.
    host : LoihiHost
        How the chip is reached, for ``loihi2``.
    progress : callable, optional
        Called now and then with (done, all): windows, or steps of a simulation.

    Returns
    -------
    RunResult
        Forecasts in units of the table, and the counts.

    Raises
    ------
    UsageError
        A parameter has no such value, or the data are missing.
    ModelFileError
        The model file cannot be used.
    DataError
        The table cannot be used with this model.
    BackendUnavailableError
        The backend cannot run here.
    SimulationError, SimulationTimeoutError
        The simulation failed, or took too long.
    """
    engine = make_backend(backend, runtime=runtime, timeout_s=timeout_s, host=host)
    started = time.perf_counter()
    network = resolve_network(model)
    table = resolve_table(data, network, bundled=model is None)
    default = None if backend == "batch" else DEFAULT_SIM_WINDOWS
    chosen = choose_windows(windows, windows_in(table, network.window), default)
    stream = WindowStream(
        engine, plan_of(network, coding), table, strict=strict, clip_input=clip_input
    )
    if record is None:
        record = backend != "loihi2" and stream.record_values(len(chosen)) <= MAX_UNASKED_VALUES
    stream.record = record
    read_s = time.perf_counter() - started
    forecasts = np.concatenate([piece.forecasts for piece in stream.run(chosen, progress)])
    summary = summarise(
        stream, len(chosen), runtime=runtime if backend == "sim" else None, read_s=read_s
    )
    return RunResult(
        forecasts=forecasts,
        windows=np.asarray(chosen, dtype=np.int64),
        series=series_of(table, chosen, network),
        classification=classes_of(table, chosen, forecasts),
        records=stream.records(),
        **vars(summary),
    )


def hardware_readiness(model: ModelSource = None, coding: Coding = "graded") -> Readiness:
    """Tell where the processes of a model would run on a Loihi 2 system, and what is missing.

    Parameters
    ----------
    model : Network, str, Path or None
        Network or model file; the bundled demo model by default.
    coding : {"graded", "unary"}
        A code q as one graded spike or as q binary spikes.

    Raises
    ------
    ModelFileError
        The model file cannot be used.
    """
    return loihi2_readiness(plan_of(resolve_network(model), coding))


def plan_of(network: Network, coding: Coding) -> Plan:
    """Return the plan of a network, after checking that there is such a coding."""
    if coding not in CODINGS:
        raise UsageError(f"coding is {coding!r}, expected one of {', '.join(CODINGS)}")
    return make_plan(network, coding)


def series_of(table: Table, windows: range, network: Network) -> Series | None:
    """Return the rows that windows and their forecasts cover; None where nothing is forecast."""
    if classifies(network):
        return None
    return Series.around(table, windows, network.window, network.horizon)


def classes_of(table: Table, windows: range, logits: FloatArray) -> Classification | None:
    """Return the classes of labelled sequences beside the true ones; None for a table."""
    if not isinstance(table, LabelledSequences):
        return None
    return Classification.of(table.labels[windows.start : windows.stop], logits)


def output_names(network: Network, table: Table) -> tuple[str, ...]:
    """Return the names of what a network gives: variates or, of a classifier, classes.

    Variates have the names of the model, else those of the table, else numbers from 0; classes
    have numbers from 0.
    """
    if classifies(network):
        return tuple(map(str, range(network.head.neurons)))
    return network.variates or table.names or tuple(map(str, range(network.channels)))


def summarise(
    stream: WindowStream,
    windows: int,
    *,
    runtime: str | None = None,
    read_s: float = 0.0,
    notices: Iterable[Diagnostic] = (),
) -> RunSummary:
    """Return what a stream of windows amounts to, once it has ended.

    Parameters
    ----------
    stream : WindowStream
        What has run.
    windows : int
        How many windows it ran.
    runtime : str, optional
        Lava runtime of a simulation.
    read_s : float
        Seconds that it took to read model and table.
    notices : iterable of Diagnostic
        What the user should know already.
    """
    plan, table, counts = stream.plan, stream.table, stream.counts()
    return RunSummary(
        backend=stream.engine.name,
        runtime=runtime,
        coding=plan.coding,
        strict=stream.strict,
        model=file_of(plan.network),
        table=FileReference(str(table.path), table.sha256),
        variates=output_names(plan.network, table),
        counts=counts,
        time_steps=plan.time_steps(windows),
        latency_steps=plan.latency_steps,
        frame_steps=plan.frame_steps,
        window=plan.network.window,
        seed=training_seed(plan.network),
        facts=row_facts(plan),
        channel_events=stream.channel_events(),
        process_seconds=stream.process_seconds,
        recorded_windows=stream.recorded_windows,
        clipped_inputs=stream.clipped_inputs,
        timings_s={"read": read_s, **stream.timings_s},
        deployment=stream.deployment,
        measurement=stream.measurement,
        diagnostics=(*notices, *stream.notices, *_observations(stream, windows, counts)),
    )


def training_seed(network: Network) -> int | None:
    """Return the seed that a network was trained with; None where its file does not tell."""
    entry: object = network.provenance
    for key in ("checkpoint", "training", "seed"):
        entry = entry.get(key) if isinstance(entry, Mapping) else None
    return entry if isinstance(entry, int) else None


def _observations(
    stream: WindowStream, windows: int, counts: Iterable[ProcessCounts]
) -> Iterator[Diagnostic]:
    """Yield what the user should know about a run that went well."""
    table, clipped_inputs = stream.table, stream.clipped_inputs
    if stream.record and stream.recorded_windows < windows:
        yield Diagnostic(
            "recorded-in-part",
            "warning",
            f"codes of the first {stream.recorded_windows} of {windows} windows were recorded; "
            f"more than {MAX_RECORDED_VALUES} values are not kept",
            hint="--windows A:B chooses others",
        )
    if table.note is not None:
        yield Diagnostic("variates-matched", "info", table.note, where=str(table.path))
    if clipped_inputs:
        yield Diagnostic(
            "input-clipped",
            "warning",
            f"{clipped_inputs} input values lay outside the input range of the model and were "
            "saturated",
            where=str(table.path),
        )
    for row in counts:
        if row.saturations:
            yield Diagnostic(
                "saturated",
                "warning",
                f"{row.saturations} values were saturated at the width of the message",
                where=row.name,
                hint="export with a wider residual, or calibrate on data with this range",
            )


def choose_windows(windows: str | int | range | None, total: int, default: int | None) -> range:
    """Return the windows that a caller asks for, see `run`.

    Parameters
    ----------
    windows : str, int, range or None
        What was asked for.
    total : int
        Windows of the table.
    default : int or None
        How many of the last are meant by None; all of them if None, too.
    """
    if not isinstance(windows, range):
        return select_windows(None if windows is None else str(windows), total, default)
    if windows.step != 1 or not windows or windows.start < 0 or windows.stop > total:
        raise UsageError(
            f"windows is {windows}, expected a range with step 1 within the {total} windows that "
            "the data has"
        )
    return windows
