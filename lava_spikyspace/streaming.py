"""Windows of a table through an engine, piece by piece, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lava_spikyspace.backends.base import Backend, Progress, is_strict
from lava_spikyspace.backends.deployment import Deployed
from lava_spikyspace.backends.measurement import Measurement
from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.network import IntArray
from lava_spikyspace.piecework import PieceOutcome, PieceWork
from lava_spikyspace.plan import MESSAGE, Plan
from lava_spikyspace.profiling.counters import Activity, ProcessCounts, count_processes
from lava_spikyspace.workers.base import ThisProcess, Workers

PIECE_VALUES = 1 << 22
"""Values that are run at one time (32 MiB in int64): the table's, and those of the forecasts."""

TASKS_PER_WORKER = 8
"""Tasks that the windows are cut into for each worker: a worker that dies loses one of them."""

LEAST_TASK = 16
"""Windows of a task; below, sending costs more than running."""


MAX_RECORDED_VALUES = 1 << 26
"""Codes that a run keeps in memory and in its directory: 256 MiB in int32 before compression."""

RECORDED_AT_ONCE = 1 << 24
"""Codes that the batch engine returns from one piece."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Some of the windows and their forecasts.

    Parameters
    ----------
    windows : range
        Window indices.
    inputs : ndarray, float64, shape (window, element, variate)
        The windows in units of the table.
    forecasts : ndarray, float64, shape (window, step, variate)
        Forecasts in units of the table.
    """

    windows: range
    inputs: FloatArray
    forecasts: FloatArray


@dataclass(eq=False)
class WindowStream:
    """Runs windows piece by piece and adds up what the pieces did.

    Parameters
    ----------
    engine : Backend
        Runs the plan. A simulator gets all windows at once: they follow each other without a gap
        in one graph, which starts once.
    plan : Plan
        What to run.
    table : Table
        Variates in the order of the network.
    strict : bool
        Check every value against its proven range.
    clip_input : bool
        Saturate and count values outside the input range, instead of refusing them.
    record : bool
        Keep the codes of every process, of as many windows as `MAX_RECORDED_VALUES` allows; a
        simulation keeps those of all.
    workers : Workers, optional
        Who runs the windows of the batch engine; by default this process. The pieces, and all
        numbers, are the same.

    Attributes
    ----------
    recorded_windows : int
        Windows whose codes were kept; the first ones.
    process_seconds : dict of str to float or None
        Wall time by process, where the engine measured it.
    clipped_inputs : int
        Input values that were saturated, counted in every window that they are part of.
    timings_s : dict of str to float
        Seconds by stage, of all workers together: ``encode`` and those of the engine.
    deployment : tuple of Deployed
        Where each process ran, on hardware; a chip gets all windows at once, as a simulator does.
    measurement : Measurement, optional
        What the chip measured of itself.
    notices : tuple of Diagnostic
        What the engine has to say.
    """

    engine: Backend
    plan: Plan
    table: Table
    strict: bool = False
    clip_input: bool = False
    record: bool = False
    recorded_windows: int = 0
    process_seconds: dict[str, float] | None = None
    workers: Workers | None = None
    clipped_inputs: int = 0
    timings_s: dict[str, float] = field(default_factory=dict)
    deployment: tuple[Deployed, ...] = ()
    measurement: Measurement | None = None
    notices: tuple[Diagnostic, ...] = ()
    _activities: dict[str, Activity] = field(default_factory=dict)
    _records: dict[str, list[IntArray]] = field(default_factory=dict)
    _windows: int = 0

    def run(self, windows: range, progress: Progress | None = None) -> Iterator[Piece]:
        """Yield the windows piece by piece, each with its forecasts.

        Parameters
        ----------
        windows : range
            Window indices, at least one.
        progress : callable, optional
            Called now and then with (done, all): windows, or steps of a simulation.

        Raises
        ------
        DataError
            A value lies outside the input range of the model.
        StrictRangeError
            A value left its proven range in strict mode.
        """
        size = self._piece_size(len(windows))
        pieces = [windows[first : first + size] for first in range(0, len(windows), size)]
        run = self._run_here if self.workers is None else self._run_on_workers
        for piece, forecasts in zip(pieces, run(pieces, progress), strict=True):
            inputs = self.table.windows(self.plan.network.window, piece)
            yield Piece(piece, inputs, forecasts)

    def counts(self) -> tuple[ProcessCounts, ...]:
        """Return the counts of every process over all windows so far."""
        return count_processes(self.plan, self._activities, self._windows)

    def channel_events(self) -> dict[str, IntArray]:
        """Return the events that each channel has sent so far, by row of the counts."""
        return {
            row: activity.events[MESSAGE]
            for row, activity in self._activities.items()
            if MESSAGE in activity.events
        }

    def records(self) -> dict[str, IntArray]:
        """Return the codes of the recorded windows by record name; empty without `record`."""
        return {
            name: np.concatenate(parts).astype(np.int64) for name, parts in self._records.items()
        }

    def _piece_size(self, windows: int) -> int:
        if self.engine.name != "batch":
            return max(1, windows)
        network = self.plan.network
        # With fixed normalisation, windows that overlap share the rows of the table.
        shares_rows = network.normalisation.kind != "instance" and self.table.stride == 1
        by_window = 1 if shares_rows else network.window
        size = PIECE_VALUES // (network.channels * (by_window + 2 * network.horizon))
        if self.record:
            size = min(size, RECORDED_AT_ONCE // self._record_values)
        return max(1, size)

    def record_values(self, windows: int) -> int:
        """Return how many codes are recorded of so many windows."""
        return windows * self._record_values

    @cached_property
    def _record_values(self) -> int:
        neurons = sum(n for process in self.plan.processes for _, n in process.rows)
        return max(1, neurons * self.plan.network.window)

    def _recorded(self, pieces: list[range]) -> list[bool]:
        """Return which pieces to keep the codes of: nothing is left out between two of them."""
        kept = self.recorded_windows
        chosen = []
        is_kept = self.record and kept == self._windows
        for piece in pieces:
            kept += len(piece)
            fits = kept * self._record_values <= MAX_RECORDED_VALUES
            is_kept = is_kept and (fits or self.engine.name != "batch")
            chosen.append(is_kept)
        return chosen

    @property
    def _work(self) -> PieceWork:
        return PieceWork(
            self.engine,
            self.plan,
            str(self.table.path),
            is_strict(self.strict),
            self.clip_input,
            self.table.stride,
        )

    def _run_here(self, pieces: list[range], progress: Progress | None) -> Iterator[FloatArray]:
        """Yield the forecasts of each piece."""
        total = sum(map(len, pieces))
        work = self._work
        done = 0
        for piece, record in zip(pieces, self._recorded(pieces), strict=True):
            shifted = progress
            if progress is not None and len(pieces) > 1:
                shifted = _shifted(progress, done, total)
            done += len(piece)
            rows = self.table.values[work.rows_of(piece)]
            outcome = work(rows, piece, record, shifted)
            self._absorb(outcome, len(piece))
            yield outcome.forecasts

    def _run_on_workers(
        self, pieces: list[range], progress: Progress | None
    ) -> Iterator[FloatArray]:
        """Yield the forecasts of each piece, put together from those of its tasks."""
        workers = self.workers or ThisProcess()
        total = sum(map(len, pieces))
        size = max(LEAST_TASK, -(-total // (TASKS_PER_WORKER * workers.count)))
        parts = [[piece[i : i + size] for i in range(0, len(piece), size)] for piece in pieces]
        work = self._work
        outcomes = workers.map(
            work,
            (
                (self.table.values[work.rows_of(part)], part, record)
                for piece, record in zip(parts, self._recorded(pieces), strict=True)
                for part in piece
            ),
        )
        done = 0
        with closing(outcomes):
            for piece in parts:
                forecasts = []
                for part in piece:
                    outcome = next(outcomes)
                    self._absorb(outcome, len(part))
                    forecasts.append(outcome.forecasts)
                    done += len(part)
                    if progress is not None:
                        progress(done, total)
                yield np.concatenate(forecasts)

    def _absorb(self, outcome: PieceOutcome, windows: int) -> None:
        """Add what came of some windows to what came before."""
        self.deployment, self.measurement = outcome.deployment, outcome.measurement
        self.notices += outcome.notices
        for stage, seconds in outcome.timings_s.items():
            self._spend(stage, seconds)
        for row, activity in outcome.activities.items():
            known = self._activities.get(row)
            self._activities[row] = activity if known is None else known.merge(activity)
        self.clipped_inputs += outcome.clipped
        self._windows += windows
        if outcome.records:
            self.recorded_windows += windows
        for name, codes in outcome.records.items():
            self._records.setdefault(name, []).append(codes.astype(np.int32))
        for process, seconds in (outcome.process_seconds or {}).items():
            times = self.process_seconds = self.process_seconds or {}
            times[process] = times.get(process, 0.0) + seconds

    def _spend(self, stage: str, seconds: float) -> None:
        self.timings_s[stage] = self.timings_s.get(stage, 0.0) + seconds


def _shifted(progress: Progress, first: int, total: int) -> Progress:
    """Report the windows of one piece as part of all windows."""
    return lambda done, _: progress(first + done, total)
