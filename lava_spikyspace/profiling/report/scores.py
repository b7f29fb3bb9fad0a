"""Metrics of a run beside persistence and ridge regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lava_spikyspace import classification
from lava_spikyspace.classification import MAJORITY
from lava_spikyspace.datasets.metrics import ForecastMoments
from lava_spikyspace.datasets.windows import split_windows
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import InputError, SpikySpaceError
from lava_spikyspace.evaluation import ratios_of
from lava_spikyspace.files import sha256_of
from lava_spikyspace.inputs import resolve_table
from lava_spikyspace.network import Network
from lava_spikyspace.results import RunResult
from lava_spikyspace.scoring import MODEL, PERSISTENCE, RIDGE, Baselines, score_entries

METRICS = {"r2": "R2", "rrse": "RRSE", "mae": "MAE"}
"""Metrics of forecasts that a report shows, with their headings."""

Entry = Mapping[str, Mapping[str, float | None]]
"""Metrics by step, ``"1"`` to ``"H"`` and ``"all"``."""


@dataclass(frozen=True)
class RunScores:
    """How good the forecasts of a run are.

    Parameters
    ----------
    forecasters : mapping of str to mapping
        ``model``, ``persistence`` and, where it could be fitted, ``ridge``; metrics by step.
    windows : int
        Windows with at least one actual value.
    origin : str
        Where the metrics come from.
    """

    forecasters: Mapping[str, Entry]
    windows: int
    origin: str

    @property
    def headings(self) -> Mapping[str, str]:
        """Metrics that these are, with their headings."""
        has_classes = classification.ACCURACY in self.forecasters[MODEL]["all"]
        return classification.METRICS if has_classes else METRICS

    def to_dict(self) -> dict[str, Any]:
        """Return the metrics as plain values."""
        return {
            "forecasters": {name: dict(entry) for name, entry in self.forecasters.items()},
            "windows": self.windows,
            "origin": self.origin,
        }


def scores_of(
    result: RunResult, network: Network | None, notices: list[Diagnostic]
) -> RunScores | None:
    """Return the metrics of a run: those of its evaluation, or else of its own windows.

    The ridge regression of a run that was no evaluation is fitted on the train part of its table,
    if that is where it was.

    Parameters
    ----------
    result : RunResult
        The run.
    network : Network or None
        Its model, for the split.
    notices : list of Diagnostic
        Receives what is missing.
    """
    if result.scores is not None:
        found = {MODEL: result.scores["metrics"], **result.scores["baselines"]}
        kept = {name: entry for name, entry in found.items() if entry is not None}
        return RunScores(kept, len(result.windows), "lss evaluate")
    if result.classification is not None:
        return RunScores(
            {MODEL: result.classification.scores()},
            len(result.windows),
            "computed from the classes and the labels of this run",
        )
    actual, series = result.actual, result.series
    known = None if actual is None else np.isfinite(actual)
    if actual is None or series is None or known is None or not known.any():
        notices.append(
            Diagnostic(
                "no-metrics",
                "info",
                "the table ends before the forecasts begin, so there are no metrics",
                hint="--windows chooses earlier ones; lss evaluate scores a part of a table",
            )
        )
        return None
    # Where the table ends within a forecast, the steps that it has still count.
    target = np.where(known, actual, 0.0)
    inputs = series.inputs(result.window, result.windows)
    baselines = _baselines(result, network, notices)
    forecasts = {MODEL: result.forecasts, **dict(baselines.predict(inputs))}
    entries = score_entries(
        {
            name: ForecastMoments.of(target, values, known).summary()
            for name, values in forecasts.items()
        }
    )
    named = {MODEL: entries["metrics"], **entries["baselines"]}
    covered = int(known.all(axis=(1, 2)).sum())
    partly = int(known.any(axis=(1, 2)).sum()) - covered
    return RunScores(
        {name: entry for name, entry in named.items() if entry is not None},
        covered + partly,
        "computed from the forecasts and the actual values of this run"
        + (f"; the table ends within the forecasts of {partly} of them" if partly else ""),
    )


def _baselines(result: RunResult, network: Network | None, notices: list[Diagnostic]) -> Baselines:
    """Fit the ridge regression, or say why there is none beside persistence."""
    horizon = result.forecasts.shape[1]
    try:
        if network is None:
            raise InputError("the model file is not at hand, which says how its table is split")
        if sha256_of(Path(result.table.path)) != result.table.sha256:
            raise InputError(f"{result.table.path} has changed since the run")
        table = resolve_table(result.table.path, network, bundled=False)
        ratios, _ = ratios_of(network)
        parts = split_windows(table.rows, network.window, horizon, ratios)
        baselines = Baselines.fit(table, network, parts)
    except SpikySpaceError as error:
        notices.append(
            Diagnostic("no-ridge", "info", f"no ridge regression beside it: {error.message}")
        )
        return Baselines(horizon, None)
    notices.extend(baselines.diagnostics)
    return baselines


FORECASTERS = {
    MODEL: "this model",
    PERSISTENCE: "persistence",
    RIDGE: "ridge regression",
    MAJORITY: "most frequent class",
}
"""Forecasters with the names that a report gives them."""
