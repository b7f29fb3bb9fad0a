"""What a run did, process by process: the profile of a run directory or of a result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import UsageError
from lava_spikyspace.inputs import FileReference
from lava_spikyspace.profiling.distributions import distribution_of
from lava_spikyspace.profiling.facts import RowFacts, sending_rows
from lava_spikyspace.profiling.findings import findings_of
from lava_spikyspace.profiling.rows import (
    SHARED,
    LayerRow,
    ProfileRow,
    add_shares,
    always_on_by_counts,
    layer_rows,
)
from lava_spikyspace.results import RunResult
from lava_spikyspace.stock.results import StockResult

RunSource: TypeAlias = RunResult | StockResult | str | Path
"""A run directory, or the result of a run."""

INNER_CODE = "code"
"""Suffix of the record of a code that stays inside its process."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Profile:
    """What every process of one run did.

    Parameters
    ----------
    origin : str
        The run directory; ``memory`` for a result that was not read from one.
    model, table : FileReference or None
        Where the run comes from.
    backend : str
        Engine that counted.
    runtime, coding : str or None
        Lava runtime of a simulation; None and None where there is no such thing.
    windows : int
        Windows that the counts are sums over; a plain NetX network runs one stream of steps.
    frames : int
        Elements of all windows; each lasts `frame_steps` time steps.
    frame_steps, time_steps : int
        Steps of a frame, and of the whole run.
    recorded_windows : int
        Windows that the distributions are about; 0 without records.
    rows : tuple of ProfileRow
        One per process, in the order of the data; the input comes first.
    layers : tuple of LayerRow
        Sums by layer.
    timings_s : dict of str to float
        Seconds of the run by stage.
    diagnostics : tuple of Diagnostic
        What stands out, and what is not known.
    """

    origin: str
    model: FileReference | None
    table: FileReference | None
    backend: str
    runtime: str | None
    coding: str | None
    windows: int
    frames: int
    frame_steps: int
    time_steps: int
    recorded_windows: int
    rows: tuple[ProfileRow, ...]
    layers: tuple[LayerRow, ...]
    timings_s: dict[str, float]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def engine(self) -> str:
        """The engine and its runtime, as a short text."""
        return self.backend if self.runtime is None else f"{self.backend}/{self.runtime}"

    @property
    def totals(self) -> dict[str, float | None]:
        """Sums over all rows, by quantity."""
        seconds = [row.seconds for row in self.rows if row.seconds is not None]
        return {
            "neurons": sum(row.counts.neurons for row in self.rows),
            "spikes": sum(row.counts.spikes for row in self.rows),
            "graded_spikes": sum(row.counts.graded_spikes for row in self.rows),
            "events_out": sum(row.events_out for row in self.rows),
            "events_in": sum(row.counts.events_in for row in self.rows),
            "synops": sum(row.counts.synops for row in self.rows),
            "neuron_updates": sum(row.counts.neuron_updates for row in self.rows),
            "seconds": sum(seconds) if seconds else None,
        }

    @property
    def sources(self) -> dict[str, str]:
        """Where each quantity comes from."""
        counted = f"counted by the engine {self.engine}"
        derived = f"derived from the events that {self.engine} counted and the weights of the model"
        timed = f"wall time measured in the process models, {self.engine} on this machine's CPU"
        return {
            "spikes": counted,
            "graded_spikes": counted,
            "firing_rate": counted,
            "min": counted,
            "max": counted,
            "events_in": derived,
            "synops": derived,
            "neuron_updates": "follows from the number of windows",
            "proven_min": "interval arithmetic over the model file",
            "proven_max": "interval arithmetic over the model file",
            "seconds": timed if self.totals["seconds"] is not None else "not measured",
            "distribution": f"codes of {self.recorded_windows} windows recorded by {self.engine}"
            if self.recorded_windows
            else "not recorded",
        }

    def row(self, name: str) -> ProfileRow:
        """Return the row of that name.

        Raises
        ------
        UsageError
            There is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise UsageError(f"process is {name!r}, expected one of {[r.name for r in self.rows]}")

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``profile --json``, as plain values."""
        return {
            **self.subject(),
            "processes": [row.to_dict() for row in self.rows],
            "layers": [row.to_dict() for row in self.layers],
            "totals": self.totals,
            "sources": self.sources,
        }

    def subject(self) -> dict[str, Any]:
        """Return what was run and how, as plain values."""
        return {
            "run": self.origin,
            "model": None if self.model is None else vars(self.model),
            "table": None if self.table is None else vars(self.table),
            "backend": self.backend,
            "runtime": self.runtime,
            "coding": self.coding,
            "windows": self.windows,
            "recorded_windows": self.recorded_windows,
            "frames": self.frames,
            "frame_steps": self.frame_steps,
            "time_steps": self.time_steps,
            "run_timings_s": self.timings_s,
        }


def profile(run: RunSource, *, origin: str | None = None) -> Profile:
    """Return what every process of a run did.

    Distributions over payloads, channels, elements and windows need recorded codes
    (``run --record-spikes``); wall times need a runtime that measures them.

    Parameters
    ----------
    run : RunResult, StockResult, str or Path
        A result, or the run directory of ``run``, ``evaluate`` or a plain NetX network.
    origin : str, optional
        Name of the run; its directory, or ``memory``, by default.

    Returns
    -------
    Profile
        One row per process, input included, and one per layer.

    Raises
    ------
    InputError
        The run directory is damaged, or is none.
    """
    default = "memory" if isinstance(run, RunResult | StockResult) else str(run)
    result = load_run(run)
    return _profile_of(result, origin or default, tuple(_rows(result)))


def load_run(run: RunSource) -> RunResult | StockResult:
    """Return the result that `run` stands for, read from its directory where it is a path.

    Raises
    ------
    InputError
        The run directory is damaged, or is none.
    """
    if isinstance(run, RunResult | StockResult):
        return run
    from lava_spikyspace.run_directory import OUTPUTS_NAME

    folder = Path(run)
    is_stock = (folder / OUTPUTS_NAME).exists()
    return StockResult.load(folder) if is_stock else RunResult.load(folder)


def _profile_of(
    result: RunResult | StockResult, origin: str, rows: tuple[ProfileRow, ...]
) -> Profile:
    if isinstance(result, StockResult):
        table, coding, windows, recorded = result.data, None, 1, int(bool(result.records))
        frames, frame_steps = result.time_steps, 1
    else:
        table, coding, windows = result.table, result.coding, len(result.windows)
        recorded = result.recorded_windows if result.records else 0
        frames, frame_steps = windows * result.window, result.frame_steps
    found = Profile(
        origin=origin,
        model=result.model,
        table=table,
        backend=result.backend,
        runtime=result.runtime,
        coding=coding,
        windows=windows,
        frames=frames,
        frame_steps=frame_steps,
        time_steps=result.time_steps,
        recorded_windows=recorded,
        rows=rows,
        layers=layer_rows(rows),
        timings_s=dict(result.timings_s),
    )
    return replace(found, diagnostics=tuple(findings_of(found)))


def _rows(result: RunResult | StockResult) -> Iterator[ProfileRow]:
    facts: Sequence[RowFacts] = result.facts if isinstance(result, RunResult) else ()
    facts = facts or [RowFacts(row.name, row.name, row.name) for row in result.counts]
    seconds = _seconds(facts, result)
    shares = add_shares(
        dict(
            zip(
                SHARED,
                (
                    [row.spikes + row.graded_spikes for row in result.counts],
                    [row.events_in for row in result.counts],
                    [row.synops for row in result.counts],
                    [row.neuron_updates for row in result.counts],
                    seconds,
                ),
                strict=True,
            )
        )
    )
    for counts, fact, time, share in zip(result.counts, facts, seconds, shares, strict=True):
        row = ProfileRow(counts=counts, facts=fact, seconds=time, shares=share)
        yield _with_channels(row, result) if isinstance(result, RunResult) else row


def _seconds(facts: Sequence[RowFacts], result: RunResult | StockResult) -> list[float | None]:
    """Return the wall time of the process of each row, in the row that sends its message."""
    seconds = result.process_seconds or {}
    sending = sending_rows(facts)
    return [seconds.get(fact.process) if fact.name in sending else None for fact in facts]


def _with_channels(row: ProfileRow, result: RunResult) -> ProfileRow:
    """Add what is known channel by channel: from the counts, and more from the records."""
    facts = row.facts
    events = result.channel_events.get(row.name)
    if events is not None:
        frames = len(result.windows) * (1 if facts is result.facts[-1] else result.window)
        row = replace(
            row,
            channels=len(events),
            silent=int((events == 0).sum()),
            always_on=always_on_by_counts(events, frames, facts),
        )
    codes = result.records.get(facts.record) if facts.record else None
    if codes is None:
        return row
    inner = result.records.get(f"{facts.layer}.{INNER_CODE}")
    bits = None if inner is None else max(1, int(inner.max()).bit_length())
    found = distribution_of(codes, facts)
    everything = result.recorded_windows == len(result.windows)
    return replace(
        row,
        always_on=found.always_on if row.always_on is None and everything else row.always_on,
        distribution=found,
        inner=None
        if inner is None
        else distribution_of(inner, RowFacts(row.name, row.name, facts.layer, bits=bits)),
    )
