"""What a run gives back: forecasts, counts per process, and what it all came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lava_spikyspace.backends.base import Records
from lava_spikyspace.backends.deployment import Deployed
from lava_spikyspace.backends.measurement import Measurement
from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.classification import Classification
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.inputs import FileReference
from lava_spikyspace.network import IntArray
from lava_spikyspace.pictures import require_matplotlib
from lava_spikyspace.plan import Coding
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.profiling.facts import RowFacts
from lava_spikyspace.series import Series
from lava_spikyspace.versions import installed_versions

if TYPE_CHECKING:
    import pandas as pd

    from lava_spikyspace.profiling.figures import RunFigure
    from lava_spikyspace.profiling.profile import Profile
    from lava_spikyspace.profiling.report.reporting import Report

MAX_LISTED_FORECASTS = 10_000
"""Most forecast values that the JSON object holds; all of them are in ``forecasts.csv``."""

PROCESS_COLUMNS = (
    "name",
    "type",
    "neurons",
    "spikes",
    "graded_spikes",
    "events_in",
    "synops",
    "neuron_updates",
    "firing_rate",
    "min",
    "max",
)
"""Columns of a row of ``processes`` in the JSON object; saturations have an entry of their own."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RunSummary:
    """What was run, on what, and what every process did.

    Parameters
    ----------
    backend : str
        Name of the engine.
    runtime : str or None
        Lava runtime of a simulation.
    coding : str
        ``graded`` or ``unary``.
    strict : bool
        Whether every value was checked against its proven range.
    model : FileReference or None
        The model file; None for a network made in memory.
    table : FileReference
        The table.
    variates : tuple of str
        Names of the variates, their numbers from 0 where nothing names them; of a classifier, the
        numbers of its classes.
    counts : tuple of ProcessCounts
        One row per process of the plan, in the order of the data; one with two kinds of
        neurons has two.
    time_steps : int
        Lava steps for all windows, latency of the pipeline included.
    latency_steps : int
        Steps from the first input to the first frame of the forecast head.
    frame_steps : int
        Steps of a frame, that is of one element of a window.
    window : int
        Elements of a window.
    seed : int or None
        Seed that the model was trained with, where its file tells; a run itself draws no random
        numbers.
    facts : tuple of RowFacts
        Where each row of `counts` belongs and what is proven about it.
    channel_events : mapping of str to ndarray, int64, shape (channel,)
        Events sent by row and channel: binary spikes, or messages other than 0.
    process_seconds : mapping of str to float, optional
        Wall time that each process took, where the runtime measured it.
    recorded_windows : int
        Windows, from the first on, whose codes were recorded.
    clipped_inputs : int
        Input values that were saturated, counted in every window that they are part of.
    versions : mapping of str to str
        Versions of Python, of this package and of its libraries.
    timings_s : mapping of str to float
        Seconds by stage.
    deployment : tuple of Deployed
        Where each process ran, on hardware; empty elsewhere.
    measurement : Measurement, optional
        What the chip measured of itself.
    diagnostics : tuple of Diagnostic
        What the user should know.
    """

    backend: str
    runtime: str | None
    coding: Coding
    strict: bool
    model: FileReference | None
    table: FileReference
    variates: tuple[str, ...]
    counts: tuple[ProcessCounts, ...]
    time_steps: int
    latency_steps: int
    frame_steps: int
    window: int
    seed: int | None = None
    facts: tuple[RowFacts, ...] = ()
    channel_events: Mapping[str, IntArray] = field(default_factory=dict)
    process_seconds: Mapping[str, float] | None = None
    recorded_windows: int = 0
    clipped_inputs: int = 0
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    timings_s: Mapping[str, float] = field(default_factory=dict)
    deployment: tuple[Deployed, ...] = ()
    measurement: Measurement | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def processes(self) -> pd.DataFrame:
        """The counts as a frame, one row per process; `process_frame.DTYPES` has the columns."""
        from lava_spikyspace.process_frame import frame_of

        return frame_of(self.counts, self.facts, self.process_seconds)

    def summary_dict(self) -> dict[str, Any]:
        """Return what the JSON objects of all commands that run windows have in common."""
        return {
            "time_steps": self.time_steps,
            "latency_steps": self.latency_steps,
            "frame_steps": self.frame_steps,
            "window": self.window,
            "seed": self.seed,
            "recorded_windows": self.recorded_windows,
            "processes": process_rows(self.counts),
            "saturations": {
                counts.name: counts.saturations for counts in self.counts if counts.saturations
            },
            "clipped_inputs": self.clipped_inputs,
            "runtime": self.runtime,
            "coding": self.coding,
            "strict": self.strict,
            "variates": list(self.variates),
            "table": {"path": self.table.path, "sha256": self.table.sha256},
            "hardware": self._hardware(),
        }

    def _hardware(self) -> dict[str, Any] | None:
        """Return where the processes ran and what the chip measured; None without a chip."""
        if not self.deployment:
            return None
        return {
            "deployment": [row.to_dict() for row in self.deployment],
            "measured": None if self.measurement is None else self.measurement.to_dict(),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class RunResult(RunSummary):
    """Forecasts of some windows and the counts of the processes that made them.

    Parameters
    ----------
    forecasts : ndarray, float64, shape (window, step, variate)
        Forecasts in units of the table; logits (window, 1, class) of a classifier.
    windows : ndarray, int64, shape (window,)
        Window indices; window i starts at row i of the table. Of labelled sequences, which one.
    series : Series, optional
        The rows of the table that the windows and their forecasts cover.
    classification : Classification, optional
        Classes beside the true ones, where labelled sequences were run.
    scores : mapping, optional
        ``metrics`` and ``baselines`` of an evaluation that was read from its directory.
    records : mapping of str to ndarray
        Codes of every process, where recording was asked for (see `backends.base.Records`).
    """

    forecasts: FloatArray
    windows: IntArray
    series: Series | None = None
    classification: Classification | None = None
    scores: Mapping[str, Any] | None = None
    records: Records = field(default_factory=dict)

    @property
    def actual(self) -> FloatArray | None:
        """What the table holds where the forecasts are, shape (window, step, variate).

        float64 in units of the table, NaN beyond its end; None where the run kept no series.
        """
        if self.series is None:
            return None
        return self.series.following(self.window, self.forecasts.shape[1], self.windows)

    @property
    def start_rows(self) -> IntArray:
        """Row of the table at which each window starts, shape (window,)."""
        return self.windows

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``run --json``, as plain values.

        ``forecasts`` is None where there are more than `MAX_LISTED_FORECASTS` values.
        """
        is_listed = self.forecasts.size <= MAX_LISTED_FORECASTS
        return {
            "forecasts": self.forecasts.tolist() if is_listed else None,
            "forecasts_shape": list(self.forecasts.shape),
            "windows": self.windows.tolist(),
            "classification": as_entry(self.classification),
            **self.summary_dict(),
        }

    def save(self, directory: str | Path, *, force: bool = False) -> None:
        """Write a run directory: all of it or nothing.

        Parameters
        ----------
        directory : str or Path
            Folder to create. It receives ``run.json``, ``forecasts.csv``, ``actual.csv``,
            ``processes.parquet``, ``channels.parquet`` (both ``.csv`` without pyarrow) and, where
            codes were recorded, ``spikes.npz``; `lava_spikyspace.run_directory` describes them.
        force : bool
            Replace a run directory that exists.

        Raises
        ------
        UsageError
            The folder exists and `force` is not given, or it is not a run directory.
        """
        from lava_spikyspace.run_directory import new_run_directory

        with new_run_directory(directory, force=force) as writer:
            writer.write_forecasts(self.windows, self.forecasts, self.variates)
            writer.write_series(self.series, self.variates)
            writer.write_summary("run", self, self.to_dict())
            writer.write_channels(self.channel_events)
            if self.records:
                writer.write_records(self.records)

    def profile(self) -> Profile:
        """Return what every process did: shares, distributions, headroom, findings."""
        from lava_spikyspace.profiling.profile import profile

        return profile(self)

    def report(self, out: str | Path, **options: Any) -> Report:  # noqa: ANN401 - those of report
        """Write the report of this run; see `profiling.report.reporting.report`.

        Parameters
        ----------
        out : str or Path
            File to write: html, md or json.
        **options
            ``format``, ``profile``, ``model`` and ``force``.
        """
        from lava_spikyspace.profiling.report.reporting import report

        return report(self, out=out, **options)

    def plot_raster(self, process: str | None = None, window: int | None = None) -> RunFigure:
        """Draw the spikes of one process in one window; needs recorded codes.

        Parameters
        ----------
        process : str, optional
            Row of `processes` or layer; the state of the first scan by default.
        window : int, optional
            Index of a recorded window; the first by default.

        Returns
        -------
        matplotlib.figure.Figure
            Shown by notebooks; ``savefig`` writes it.
        """
        require_matplotlib()
        from lava_spikyspace.profiling.figures import raster_figure

        return raster_figure(self, process, window)

    def plot_rates(self, process: str | None = None) -> RunFigure:
        """Draw the firing rate of every process, or of every channel of one.

        Parameters
        ----------
        process : str, optional
            Row of `processes` or layer; its channels need recorded codes.

        Returns
        -------
        matplotlib.figure.Figure
            Shown by notebooks; ``savefig`` writes it.
        """
        require_matplotlib()
        from lava_spikyspace.profiling.figures import rates_figure

        return rates_figure(self, process)

    def plot_forecast(
        self, variates: str | Sequence[str] | None = None, step: int | None = None
    ) -> RunFigure:
        """Draw forecasts beside the actual series.

        Parameters
        ----------
        variates : str or sequence of str, optional
            Names of variates, one panel each; the first by default.
        step : int, optional
            One step of the horizon, from 1, for all windows; by default whole forecasts where
            there are few windows.

        Returns
        -------
        matplotlib.figure.Figure
            Shown by notebooks; ``savefig`` writes it.
        """
        require_matplotlib()
        from lava_spikyspace.profiling.figures import forecast_figure

        return forecast_figure(self, [variates] if isinstance(variates, str) else variates, step)

    @classmethod
    def load(cls, directory: str | Path) -> RunResult:
        """Read a run directory, also that of an evaluation.

        Parameters
        ----------
        directory : str or Path
            What `save` or ``evaluate --out`` has written.

        Raises
        ------
        InputError
            A file is missing, malformed, or does not fit the others.
        """
        from lava_spikyspace.run_reader import read_run_directory

        return read_run_directory(Path(directory))


def as_entry(classification: Classification | None) -> dict[str, Any] | None:
    """Return a classification as the JSON object has it."""
    return None if classification is None else classification.to_dict()


def process_rows(counts: Sequence[ProcessCounts]) -> list[dict[str, str | int | float | None]]:
    """Return the ``processes`` of a JSON object."""
    rows = (row.as_dict() for row in counts)
    return [{column: row[column] for column in PROCESS_COLUMNS} for row in rows]
