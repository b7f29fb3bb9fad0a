"""Numbers of a run in the form in which the page carries them: compact, and bounded in size."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic.emission import emit_spikes
from lava_spikyspace.hardware.utilisation import core_rows
from lava_spikyspace.network import IntArray
from lava_spikyspace.profiling.distributions import Bin
from lava_spikyspace.profiling.report.contents import Contents, Cost
from lava_spikyspace.profiling.rows import ProfileRow
from lava_spikyspace.results import RunResult

MAX_FORECAST_VALUES = 250_000
"""Forecasts and actual values on a page: 1 MB as float32, 1.3 MB in base64."""

MAX_RASTER_VALUES = 500_000
"""Codes on a page: 1 MB as int16, 1.3 MB in base64."""

MAX_RASTER_CHANNELS = 512
"""Channels of a raster; more are not told apart on a screen."""

MAX_COURSE = 2_000
"""Windows whose rates are drawn one by one."""


def base64_of(values: npt.NDArray[Any]) -> str:
    """Return the bytes of an array, little-endian, in base64."""
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(np.ascontiguousarray(little).tobytes()).decode("ascii")


def forecast_windows(result: RunResult) -> int:
    """Return how many windows of a run a page carries: the last ones that fit."""
    windows, horizon, variates = result.forecasts.shape
    return min(windows, max(1, MAX_FORECAST_VALUES // (variates * (horizon + 1))))


def forecast_data(result: RunResult) -> dict[str, Any]:
    """Return forecasts beside the actual series, of the last windows that fit.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    dict
        ``forecasts``: float32 (variate, window, step); ``actual``: float32 (variate, row), NaN
        where the table ends, from row ``first_row`` on.
    """
    windows, horizon, variates = result.forecasts.shape
    kept = forecast_windows(result)
    forecasts = result.forecasts[-kept:]
    starts = result.windows[-kept:]
    first = int(starts[0])
    rows = int(starts[-1]) + result.window + horizon - first
    actual = np.full((rows, variates), np.nan, dtype=np.float32)
    times: list[str] | None = None
    if result.series is not None:
        begin = first - result.series.first_row
        known = result.series.values[begin : begin + rows]
        actual[: len(known)] = known
        if result.series.times is not None:
            times = _times(result.series.times[begin : begin + rows], rows)
    return {
        "variates": list(result.variates),
        "windows": starts.tolist(),
        "all_windows": windows,
        "window": result.window,
        "horizon": horizon,
        "first_row": first,
        "rows": rows,
        "times": times,
        "forecasts": base64_of(forecasts.transpose(2, 0, 1).astype(np.float32)),
        "actual": base64_of(actual.T),
    }


def _times(known: npt.NDArray[np.datetime64], rows: int) -> list[str]:
    """Return one time per row; beyond the end of the table they go on at its usual pace."""
    missing = np.arange(1, rows - len(known) + 1)
    pace = np.median(np.diff(known).astype(np.int64)) if len(known) > 1 else 1
    later = known[-1] + (missing * max(1, int(pace))).astype("timedelta64[s]")
    return np.concatenate([known, later]).astype(str).tolist()  # type: ignore[no-any-return]


def raster_data(contents: Contents) -> dict[str, Any] | None:
    """Return the recorded codes of every process that holds codes, of the first windows that fit.

    Parameters
    ----------
    contents : Contents
        The run and its profile.

    Returns
    -------
    dict or None
        None without records. Codes are int16 (window, element, channel); ``emission`` has, for
        codes that travel as binary spikes, the spikes of each magnitude by step of a frame.
    """
    result = contents.result
    rows = [
        row
        for row in contents.profile.rows
        if row.facts.bits is not None and row.facts.record in result.records
    ]
    if not rows:
        return None
    widths = [min(row.counts.neurons, MAX_RASTER_CHANNELS) for row in rows]
    per_window = sum(widths) * result.window
    kept = min(result.recorded_windows, max(1, MAX_RASTER_VALUES // per_window))
    return {
        "windows": result.windows[:kept].tolist(),
        "all_windows": len(result.windows),
        "elements": result.window,
        "frame_steps": result.frame_steps,
        "rows": [
            {
                "name": row.name,
                "bits": row.facts.bits,
                "channels": row.counts.neurons,
                "shown": width,
                "emission": _emission(row, result.frame_steps),
                "codes": base64_of(
                    result.records[str(row.facts.record)][:kept, :, :width].astype(np.int16)
                ),
            }
            for row, width in zip(rows, widths, strict=True)
        ],
    }


def _emission(row: ProfileRow, steps: int) -> list[list[int]] | None:
    """Return the spikes of each code, shape (code, step); None where codes are sent as one."""
    if not row.facts.binary or row.facts.bits is None:
        return None
    codes = np.arange(1 << row.facts.bits, dtype=np.int64)
    spikes = [emit_spikes(codes, step, row.facts.bits) for step in range(steps)]
    return np.stack(spikes, axis=1).tolist()  # type: ignore[no-any-return]


def process_data(contents: Contents) -> list[dict[str, Any]]:
    """Return how what each process sends is spread, for those of which anything is known."""
    return [
        _process(row, contents.result)
        for row in contents.profile.rows
        if row.channels is not None or row.distribution is not None
    ]


def _process(row: ProfileRow, result: RunResult) -> dict[str, Any]:
    spread = row.distribution
    events: IntArray | None = result.channel_events.get(row.name)
    return {
        "name": row.name,
        "is_code": row.facts.bits is not None,
        "rate": row.counts.firing_rate,
        "silent": row.silent,
        "always_on": row.always_on,
        "channels": row.channels,
        "events_by_channel": None if events is None else events[:MAX_COURSE].tolist(),
        "rate_by_channel": None
        if spread is None
        else [_short(rate) for rate in spread.rate_by_channel[:MAX_COURSE].tolist()],
        "histogram": None if spread is None else _histogram(spread.histogram),
        "inner": None if row.inner is None else _histogram(row.inner.histogram),
        "rate_by_element": None
        if spread is None
        else [_short(rate) for rate in spread.rate_by_element.tolist()],
        "rate_by_window": None
        if spread is None
        else [_short(rate) for rate in spread.rate_by_window[:MAX_COURSE].tolist()],
    }


def _short(rate: float) -> float:
    return float(f"{rate:.5g}")


def _histogram(bins: tuple[Bin, ...]) -> dict[str, list[Any]]:
    return {
        "labels": [entry.label for entry in bins],
        "counts": [entry.count for entry in bins],
    }


def cost_data(contents: Contents) -> dict[str, Any]:
    """Return the share of every layer in each quantity."""
    layers = contents.profile.layers
    quantities = {
        "synops": "synaptic operations",
        "events_out": "events sent",
        "events_in": "events that arrive",
        "neuron_updates": "neuron updates",
        "seconds": "wall time of the simulation",
    }
    return {
        "layers": [row.name for row in layers],
        "quantities": [
            {
                "name": name,
                "title": title,
                "shares": [row.shares[name] for row in layers],
                "values": [getattr(row, name) for row in layers],
            }
            for name, title in quantities.items()
            if any(row.shares[name] is not None for row in layers)
        ],
    }


def energy_data(cost: Cost) -> dict[str, Any]:
    """Return energy by event and by layer for each forecast, in nJ: low, nominal, high."""
    estimate = cost.estimate
    windows = estimate.work.windows
    events = {
        name.replace("_", " "): spread / (windows * 1000)
        for name, spread in estimate.energy_by_event.items()
    }
    return {
        "events": list(events),
        **{
            end: [float(getattr(spread, end)) for spread in events.values()]
            for end in ("low", "nominal", "high")
        },
    }


def core_data(cost: Cost) -> dict[str, Any]:
    """Return every core in use: where it lies, how full it is, what it holds."""
    layout = cost.board.layout
    return {
        "tile_columns": layout.tile_columns.whole,
        "tile_rows": layout.tile_rows.whole,
        "cores_per_tile": layout.cores_per_tile.whole,
        "per_chip": layout.usable_cores_per_chip.whole,
        "chips": cost.estimate.placement.chips,
        "cores": [
            {
                "core": row["core"],
                "chip": row["chip"],
                "share": row["share"][row["fullest"]] or 0.0,
                "fullest": row["fullest"].replace("_", " "),
                "holds": [f"{run['group']}[{run['start']}:{run['stop']}]" for run in row["slices"]],
            }
            for row in core_rows(cost.estimate.placement)
        ],
    }


def run_data(contents: Contents) -> dict[str, Any]:
    """Return all that the scripts of the page need of one run."""
    return {
        "label": contents.label,
        "forecast": None
        if contents.result.classification is not None
        else forecast_data(contents.result),
        "raster": raster_data(contents),
        "processes": process_data(contents),
        "cost": cost_data(contents),
        "energy": None if contents.cost is None else energy_data(contents.cost),
        "cores": None if contents.cost is None else core_data(contents.cost),
    }
