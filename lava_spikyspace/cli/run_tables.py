"""What `lss run` shows to people: some forecasts, and one row per process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lava_spikyspace.cli.fitting import fitting_columns
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.classification import Classification
    from lava_spikyspace.profiling.counters import ProcessCounts
    from lava_spikyspace.results import RunResult

MAX_VARIATES = 4
"""Variates that the table of forecasts shows at most."""

MAX_SEQUENCES = 8
"""Sequences that the table of classes shows."""

_VALUE_WIDTH = 9

_HEADINGS = {
    "name": "process",
    "type": "type",
    "neurons": "neurons",
    "spikes": "spikes",
    "graded_spikes": "graded",
    "events_in": "events in",
    "synops": "synops",
    "neuron_updates": "updates",
    "firing_rate": "firing rate",
    "min": "min",
    "max": "max",
}
_EXPENDABLE = ("type", "min", "max", "updates", "events in", "neurons", "synops")
"""Headings of the columns that give way on a narrow terminal, in this order."""


def show_forecasts(session: Session, result: RunResult) -> None:
    """Print the last window and, if the table ends before its forecasts, one with actual values.

    Parameters
    ----------
    session : Session
        The call.
    result : RunResult
        The run, with what the table holds where the forecasts are.
    """
    if result.classification is not None:
        show_classes(session, result, result.classification)
        return
    last = len(result.windows) - 1
    for index in sorted({_best_known(result, last), last}):
        _show_window(session, result, index)


def show_classes(session: Session, result: RunResult, found: Classification) -> None:
    """Print the last sequences with their classes, and how many are right."""
    last = range(max(0, len(result.windows) - MAX_SEQUENCES), len(result.windows))
    session.table(
        ("sequence", "class", "true class", "logit"),
        [
            (
                int(result.windows[i]),
                int(found.predicted[i]),
                int(found.labels[i]),
                _rounded(float(result.forecasts[i, 0, found.predicted[i]])),
            )
            for i in last
        ],
        title="Classes of the last sequences",
    )
    right = int((found.labels == found.predicted).sum())
    session.line(f"accuracy {found.accuracy:.2%}: {right} of {len(found.labels)} sequences")


def _best_known(result: RunResult, default: int) -> int:
    """Return the window with the most actual values, the last of those that have as many."""
    if result.actual is None:
        return default
    known = np.isfinite(result.actual).sum(axis=(1, 2))
    return int(np.flatnonzero(known == known.max())[-1])


def _show_window(session: Session, result: RunResult, index: int) -> None:
    actual = None if result.actual is None else result.actual[index]
    is_known = actual is not None and bool(np.isfinite(actual).any())
    variates = _shown_variates(session, result, 2 if is_known else 1)
    columns = ["step"]
    for variate in variates:
        columns += [result.variates[variate]] + (["actual"] if is_known else [])
    rows: list[list[object]] = []
    for step, values in enumerate(result.forecasts[index]):
        row: list[object] = [f"+{step + 1}"]
        for variate in variates:
            row.append(_rounded(values[variate]))
            if is_known and actual is not None:
                row.append(_rounded(actual[step, variate]))
        rows.append(row)
    session.table(columns, rows, title=f"Forecasts of window {result.windows[index]}")


def _shown_variates(session: Session, result: RunResult, columns_each: int) -> range:
    """Return as many of the first variates as fit the terminal, at least one."""
    widths = [len("step")]
    for name in result.variates[:MAX_VARIATES]:
        widths += [max(_VALUE_WIDTH, len(name))] + [_VALUE_WIDTH] * (columns_each - 1)
    shown = fitting_columns(widths, session.width, range(len(widths) - 1, columns_each, -1))
    return range((len(shown) - 1) // columns_each)


def _rounded(value: float) -> float | None:
    """Return a value with the digits that a table shows; None for one beyond the table."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def show_processes(
    session: Session, counts: Sequence[ProcessCounts], *, over: str = "windows"
) -> None:
    """Print one row per process and the totals, without the columns that do not fit.

    Parameters
    ----------
    session : Session
        The call.
    counts : sequence of ProcessCounts
        Rows of the profile, in the order of the data.
    over : str
        What the counts are sums over.
    """
    session.table(
        list(_HEADINGS.values()),
        [*(_cells(row) for row in counts), _totals(counts)],
        title=f"Processes, over all {over}",
        expendable=_EXPENDABLE,
    )


def _cells(row: ProcessCounts) -> list[object]:
    values = row.as_dict()
    rate = values["firing_rate"]
    values["firing_rate"] = None if rate is None else round(float(rate), 4)
    return [values[column] for column in _HEADINGS]


def _totals(counts: Iterable[ProcessCounts]) -> list[object]:
    rows = [row.as_dict() for row in counts]
    summed = ("neurons", "spikes", "graded_spikes", "events_in", "synops", "neuron_updates")
    return [
        "total"
        if column == "name"
        else sum(int(row[column] or 0) for row in rows)
        if column in summed
        else None
        for column in _HEADINGS
    ]
