"""Windows of a table through an engine, piece by piece, so that memory stays bounded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lava_spikyspace.backends.base import Backend, Progress
from lava_spikyspace.boundary import FloatArray, decode_forecasts, encode_table
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import input_windows
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import MESSAGE, Plan
from lava_spikyspace.profiling.counters import Activity, ProcessCounts, count_processes

PIECE_VALUES = 1 << 22
"""Values that are run at one time (32 MiB in int64): the table's, and those of the forecasts."""


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

    Attributes
    ----------
    recorded_windows : int
        Windows whose codes were kept; the first ones.
    process_seconds : dict of str to float or None
        Wall time by process, where the engine measured it.
    clipped_inputs : int
        Input values that were saturated, counted in every window that they are part of.
    timings_s : dict of str to float
        Seconds by stage: ``encode`` and those of the engine.
    """

    engine: Backend
    plan: Plan
    table: Table
    strict: bool = False
    clip_input: bool = False
    record: bool = False
    recorded_windows: int = 0
    process_seconds: dict[str, float] | None = None
    clipped_inputs: int = 0
    timings_s: dict[str, float] = field(default_factory=dict)
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
        for first in range(0, len(windows), size):
            piece = windows[first : first + size]
            shifted = progress
            if progress is not None and size < len(windows):
                shifted = _shifted(progress, first, len(windows))
            yield self._run_piece(piece, shifted)

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
        # With fixed normalisation, windows share the rows of the table.
        by_window = network.window if network.normalisation.kind == "instance" else 1
        size = PIECE_VALUES // (network.channels * (by_window + 2 * network.horizon))
        if self.record:
            size = min(size, RECORDED_AT_ONCE // self._record_values)
        return max(1, size)

    @cached_property
    def _record_values(self) -> int:
        """Codes that are recorded of one window."""
        neurons = sum(n for process in self.plan.processes for _, n in process.rows)
        return max(1, neurons * self.plan.network.window)

    def _records_piece(self, windows: int) -> bool:
        """Whether to keep the codes of the next piece: nothing is left out between two pieces."""
        if not self.record or self.recorded_windows < self._windows:
            return False
        kept = (self.recorded_windows + windows) * self._record_values
        return self.engine.name != "batch" or kept <= MAX_RECORDED_VALUES

    def _run_piece(self, windows: range, progress: Progress | None) -> Piece:
        network = self.plan.network
        started = time.perf_counter()
        inputs = input_windows(self.table.values, network.window, windows)
        encoded = encode_table(
            network,
            self.table.values,
            windows,
            clip=self.clip_input,
            source=str(self.table.path),
        )
        self._spend("encode", time.perf_counter() - started)
        record = self._records_piece(len(windows))
        result = self.engine.run(
            self.plan, encoded.messages, strict=self.strict, record=record, progress=progress
        )
        for stage, seconds in result.timings_s.items():
            self._spend(stage, seconds)
        for row, activity in result.activities.items():
            known = self._activities.get(row)
            self._activities[row] = activity if known is None else known.merge(activity)
        if record:
            self.recorded_windows += len(windows)
        for name, codes in result.records.items():
            self._records.setdefault(name, []).append(codes.astype(np.int32))
        for process, seconds in (result.process_seconds or {}).items():
            times = self.process_seconds = self.process_seconds or {}
            times[process] = times.get(process, 0.0) + seconds
        self.clipped_inputs += encoded.clipped
        self._windows += len(windows)
        return Piece(windows, inputs, decode_forecasts(network, result.forecasts, encoded))

    def _spend(self, stage: str, seconds: float) -> None:
        self.timings_s[stage] = self.timings_s.get(stage, 0.0) + seconds


def _shifted(progress: Progress, first: int, total: int) -> Progress:
    """Report the windows of one piece as part of all windows."""
    return lambda done, _: progress(first + done, total)
