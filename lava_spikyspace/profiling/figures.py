"""Figures of a run for papers and notebooks, drawn by matplotlib without a window system."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lava_spikyspace.arithmetic.emission import emit_spikes
from lava_spikyspace.errors import UsageError
from lava_spikyspace.network import IntArray
from lava_spikyspace.profiling.facts import RowFacts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from lava_spikyspace.results import RunResult

COLUMN_INCHES = 3.5
"""Width of a column of most journals; figures are one or two of them wide."""

MAX_PANELS = 4
"""Variates of one forecast figure."""

_STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "savefig.dpi": 300,
}
_INK, _BLUE, _ORANGE = "#1b2430", "#0f62a8", "#c2410c"


class RunFigure(Figure):
    """A figure that notebooks show without pyplot."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=150)
        return stream.getvalue()


def _new_figure(columns: float, height: float) -> RunFigure:
    figure = RunFigure(figsize=(columns * COLUMN_INCHES, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def raster_figure(
    result: RunResult, process: str | None = None, window: int | None = None
) -> RunFigure:
    """Draw the spikes of one process in one window.

    In unary coding every dot is a binary spike in its time step; in graded coding its shade is the
    code that it carries.

    Parameters
    ----------
    result : RunResult
        A run with recorded codes.
    process : str, optional
        Row of the counts that sends or keeps a code, or its layer; by default the state of the
        first scan.
    window : int, optional
        Index of a recorded window; the first by default.

    Raises
    ------
    UsageError
        Nothing was recorded, or there is no such process or window.
    """
    facts = _code_rows(result)
    chosen = _row_of(facts, process)
    index = _window_of(result, window)
    codes = result.records[str(chosen.record)][index]
    with rc_context(_STYLE):
        figure = _new_figure(2, min(6.0, max(2.0, 0.8 + 0.035 * codes.shape[1])))
        axes = figure.subplots()
        if chosen.binary and chosen.bits is not None:
            _draw_spikes(axes, codes, chosen.bits, result.frame_steps)
        else:
            image = _draw_codes(axes, codes, chosen)
            figure.colorbar(image, ax=axes, label="code", ticks=MaxNLocator(integer=True))
        axes.set_ylabel("channel")
        axes.set_ylim(-0.5, codes.shape[1] - 0.5)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_title(f"{chosen.name}, window {int(result.windows[index])}", loc="left")
    return figure


def _code_rows(result: RunResult) -> list[RowFacts]:
    found = [f for f in result.facts if f.bits is not None and f.record in result.records]
    if not found:
        raise UsageError(
            "the run has no recorded codes to draw",
            hint="run it again with --record-spikes (record=True)",
        )
    return found


def _row_of(facts: Sequence[RowFacts], process: str | None) -> RowFacts:
    if process is None:
        states = [fact for fact in facts if fact.range_of == "state"]
        return (states or facts)[0]
    # A layer stands for the row that sends its message, which is its last.
    for fact in reversed(facts):
        if process in (fact.name, fact.layer):
            return fact
    names = [fact.name for fact in facts]
    raise UsageError(f"process is {process!r}, expected one of {', '.join(names)}")


def _window_of(result: RunResult, window: int | None) -> int:
    recorded = result.windows[: result.recorded_windows].tolist()
    if window is None:
        return 0
    if window not in recorded:
        raise UsageError(
            f"window is {window}, expected one of the recorded ones, {recorded[0]} to "
            f"{recorded[-1]}"
        )
    return int(recorded.index(window))


def _draw_spikes(axes: Axes, codes: IntArray, bits: int, steps: int) -> None:
    spikes = np.stack([emit_spikes(codes, step, bits) for step in range(steps)], axis=1)
    train = spikes.reshape(-1, codes.shape[1])
    for sign, colour in ((1, _INK), (-1, _ORANGE)):
        times, channels = np.nonzero(train == sign)
        if len(times):
            axes.scatter(times, channels, s=9, marker="|", color=colour, linewidths=1.0)
    axes.set_xlim(-0.5, len(train) - 0.5)
    axes.set_xlabel(f"time step ({steps} for each element)")


def _draw_codes(axes: Axes, codes: IntArray, facts: RowFacts) -> AxesImage:
    levels = facts.levels or 1
    signed = bool((codes < 0).any())
    axes.set_xlabel("element of the window")
    return axes.imshow(
        codes.T,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        cmap="RdBu" if signed else "Blues",
        vmin=-levels if signed else 0,
        vmax=levels,
    )


def rates_figure(result: RunResult, process: str | None = None) -> RunFigure:
    """Draw the firing rate of every process, or of every channel of one.

    Parameters
    ----------
    result : RunResult
        A run; rates by channel need recorded codes.
    process : str, optional
        Row of the counts that sends or keeps a code, or its layer.

    Raises
    ------
    UsageError
        There is no such process, or nothing was recorded to tell its channels apart.
    """
    with rc_context(_STYLE):
        if process is not None:
            return _channel_rates(result, process)
        rows = [row for row in result.counts if row.firing_rate is not None]
        figure = _new_figure(1.5, 0.7 + 0.19 * len(rows))
        axes = figure.subplots()
        names = [row.name for row in rows]
        axes.barh(names, [row.firing_rate or 0.0 for row in rows], color=_BLUE, height=0.65)
        axes.invert_yaxis()
        axes.set_xlabel("firing rate")
    return figure


def _channel_rates(result: RunResult, process: str) -> RunFigure:
    facts = _row_of(_code_rows(result), process)
    codes = result.records[str(facts.record)]
    rates = np.abs(codes).mean(axis=(0, 1)) / (facts.levels or 1)
    figure = _new_figure(1.5, 2.2)
    axes = figure.subplots()
    axes.bar(np.arange(len(rates)), rates, color=_BLUE, width=0.9)
    axes.set_xlabel("channel")
    axes.set_ylabel("firing rate")
    axes.set_title(facts.name, loc="left")
    return figure


def forecast_figure(
    result: RunResult, variates: Sequence[str] | None = None, step: int | None = None
) -> RunFigure:
    """Draw forecasts beside the actual series.

    Parameters
    ----------
    result : RunResult
        A run.
    variates : sequence of str, optional
        Names of variates, at most `MAX_PANELS`; by default the first of them.
    step : int, optional
        One step of the horizon, from 1, for all windows. By default every forecast is a line of
        its own where there are at most 12 windows, else the first step.

    Raises
    ------
    UsageError
        There is no such variate or step, or there are too many variates.
    """
    if result.classification is not None:
        raise UsageError("found the run of a classifier, which forecasts nothing")
    horizon = result.forecasts.shape[1]
    if step is not None and not 1 <= step <= horizon:
        raise UsageError(f"step is {step}, expected 1 to {horizon}")
    if step is None and len(result.windows) > 12:
        step = 1
    names = list(result.variates[:1]) if variates is None else list(variates)
    unknown = [name for name in names if name not in result.variates]
    if unknown:
        shown = ", ".join(result.variates[:10])
        raise UsageError(f"variate is {unknown[0]!r}, expected one of {shown}, …")
    if not 1 <= len(names) <= MAX_PANELS:
        raise UsageError(f"found {len(names)} variates, expected 1 to {MAX_PANELS}")
    with rc_context(_STYLE):
        figure = _new_figure(2, 0.5 + 1.6 * len(names))
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for axes, name in zip(panels, names, strict=True):
            _draw_forecast(axes, result, result.variates.index(name), step)
            # Names come from a file: "$" would begin a formula.
            axes.set_ylabel(name.replace("$", r"\$"))
        panels[0].legend(loc="best", frameon=False)
        panels[-1].set_xlabel("row of the table")
    return figure


def _draw_forecast(axes: Axes, result: RunResult, variate: int, step: int | None) -> None:
    series, horizon = result.series, result.forecasts.shape[1]
    if series is not None:
        rows = series.first_row + np.arange(len(series.values))
        axes.plot(rows, series.values[:, variate], color=_INK, lw=0.9, label="actual")
    ends = result.windows + result.window
    if step is not None:
        values = result.forecasts[:, step - 1, variate]
        label = f"forecast, step +{step}"
        axes.plot(ends + step - 1, values, color=_ORANGE, lw=0.9, label=label)
        return
    for index, (end, values) in enumerate(zip(ends, result.forecasts, strict=True)):
        axes.plot(
            end + np.arange(horizon),
            values[:, variate],
            color=_ORANGE,
            lw=0.9,
            marker=".",
            ms=3,
            label=None if index else "forecasts",
        )
