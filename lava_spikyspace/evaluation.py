"""Score a model on part of a table or of labelled sequences, beside simple baselines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from lava_spikyspace.backends.base import Progress
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.classification import MAJORITY, Classification
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import (
    DEFAULT_SPLIT,
    Split,
    parse_ratios,
    split_range,
)
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import DataError, ModelFileError, UsageError
from lava_spikyspace.inputs import (
    DataSource,
    ModelSource,
    resolve_network,
    resolve_table,
    windows_in,
)
from lava_spikyspace.network import Network
from lava_spikyspace.plan import Coding
from lava_spikyspace.results import RunSummary, as_entry
from lava_spikyspace.run_directory import new_run_directory
from lava_spikyspace.running import output_names, plan_of, series_of, summarise
from lava_spikyspace.scoring import (
    PERSISTENCE,
    RIDGE,
    MaskedScores,
    Scores,
    make_scoring,
    score_entries,
)
from lava_spikyspace.streaming import WindowStream
from lava_spikyspace.workers import open_workers

Ratios: TypeAlias = tuple[float, float, float]
PartName = Literal["train", "valid", "test"]
PARTS: tuple[PartName, ...] = ("train", "valid", "test")


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation(RunSummary):
    """How good the forecasts of a model are.

    Parameters
    ----------
    windows : range
        Window indices that were scored.
    horizon : int
        Steps of a forecast.
    part : str
        ``train``, ``valid`` or ``test``.
    split : tuple of float
        Shares of the three parts.
    split_source : str
        Where the split comes from: ``flag``, ``file`` or ``default``.
    scores : mapping of str to Scores
        By ``model``, ``persistence`` and, where it could be fitted, ``ridge``; all targets count.
        Of a classifier by ``model`` and ``majority``, see `classification`.
    masked : MaskedScores, optional
        The same without missing targets, where a value was named that means missing.
    classification : Classification, optional
        Classes beside the true ones, where labelled sequences were scored.
    """

    windows: range
    horizon: int
    part: PartName
    split: Ratios
    split_source: str
    scores: dict[str, Scores]
    masked: MaskedScores | None = None
    classification: Classification | None = None

    @property
    def _baselines(self) -> tuple[str, ...]:
        return (PERSISTENCE, RIDGE) if self.classification is None else (MAJORITY,)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``evaluate --json``, as plain values; NaN becomes None."""
        return {
            **score_entries(self.scores, self._baselines),
            "masked": None if self.masked is None else self.masked.to_dict(),
            "classification": as_entry(self.classification),
            "windows": len(self.windows),
            "first_window": self.windows.start,
            "part": self.part,
            "split": list(self.split),
            "split_source": self.split_source,
            "forecasts_shape": [len(self.windows), self.horizon, len(self.variates)],
            **self.summary_dict(),
        }


def evaluate(
    model: ModelSource = None,
    data: DataSource = None,
    *,
    split: str | Sequence[float] | None = None,
    part: PartName = "test",
    missing_value: float | None = None,
    coding: Coding = "graded",
    strict: bool = False,
    clip_input: bool = False,
    record: bool = False,
    out: str | Path | None = None,
    force: bool = False,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Forecast part of a table on the batch engine and score the forecasts.

    The windows stream through the engine, so memory does not grow with their number. With more than
    one worker pieces of them are run in parallel; no number depends on how many workers there are.

    Parameters
    ----------
    model : Network, str, Path or None
        Network or model file; the bundled demo model by default.
    data : Table, str, Path, ndarray, DataFrame or None
        Table; the bundled one by default, which fits the demo model only.
    split : str or sequence of float, optional
        Shares of train, validation and test in the order of time. By default what the model file
        says it was trained with, else `DEFAULT_SPLIT`.
    part : {"train", "valid", "test"}
        Windows to score.
    missing_value : float, optional
        Value of the table that means missing. Metrics without such targets then stand beside
        those of all targets; the input and the fit of the ridge regression stay as they are.
    coding : {"graded", "unary"}
        For the counts; forecasts do not depend on it.
    strict : bool
        Fail when a value leaves the range that the file proves for it.
    clip_input : bool
        Saturate and count values outside the input range, instead of refusing them.
    record : bool
        Keep the codes of every process in the run directory, of as many windows as
        `streaming.MAX_RECORDED_VALUES` allows.
    out : str or Path, optional
        Run directory to write, forecasts included.
    force : bool
        Replace a run directory that exists.
    jobs : int
        Processes on this machine that run windows; 1 is this process.
    scheduler : str, optional
        Address of a Dask scheduler whose workers run the windows, such as ``tcp://host:8786``.
    progress : callable, optional
        Called now and then with (windows done, all windows).

    Returns
    -------
    Evaluation
        Metrics per horizon step and over all, beside those of the baselines; of labelled
        sequences accuracy and mean recall.

    Raises
    ------
    UsageError
        A parameter has no such value, the data are missing, or codes shall be recorded and there
        is no `out`.
    ModelFileError
        The model file cannot be used.
    DataError
        The table cannot be used with this model, or the part has no windows.
    BackendUnavailableError
        There are no such workers.
    StrictRangeError
        A value left its proven range in strict mode.
    """
    started = time.perf_counter()
    network = resolve_network(model)
    table = resolve_table(data, network, bundled=model is None)
    ratios, split_source = ratios_of(network, split)
    parts = split_of(table, network, ratios)
    windows = part_windows(part, parts, table)
    scoring = make_scoring(table, network, parts, missing_value)
    if record and out is None:
        raise UsageError("found record without a run directory, where the codes would be kept")
    stream = WindowStream(
        BatchBackend(),
        plan_of(network, coding),
        table,
        strict=strict,
        clip_input=clip_input,
        record=record,
    )
    with ExitStack() as stack:
        writer = stack.enter_context(new_run_directory(out, force=force)) if out else None
        if jobs != 1 or scheduler is not None:
            stream.workers = stack.enter_context(open_workers(jobs, scheduler))
        read_s = time.perf_counter() - started
        for piece in stream.run(windows, progress):
            scoring.add(piece)
            if writer is not None:
                names = output_names(network, table)
                writer.write_forecasts(piece.windows, piece.forecasts, names)
        notices = (*_split_notices(ratios, split_source), *scoring.diagnostics)
        summary = summarise(stream, len(windows), read_s=read_s, notices=notices)
        evaluation = Evaluation(
            windows=windows,
            horizon=network.horizon,
            part=part,
            split=ratios,
            split_source=split_source,
            scores=scoring.scores(),
            masked=scoring.masked(),
            classification=scoring.classification(),
            **vars(summary),
        )
        if writer is not None:
            series = series_of(table, windows, network)
            writer.write_series(series, evaluation.variates)
            writer.write_summary("evaluate", evaluation, evaluation.to_dict())
            writer.write_channels(evaluation.channel_events)
            if record:
                writer.write_records(stream.records())
    return evaluation


def ratios_of(network: Network, split: str | Sequence[float] | None = None) -> tuple[Ratios, str]:
    """Return the shares of the parts, and where they come from: ``flag``, ``file``, ``default``.

    Parameters
    ----------
    network : Network
        Its provenance may say how its table was split.
    split : str or sequence of float, optional
        What was asked for.

    Raises
    ------
    ModelFileError
        The provenance has a split that is none.
    """
    if split is not None:
        return _as_ratios(split), "flag"
    stored = network.provenance.get("split")
    if stored is None:
        return DEFAULT_SPLIT, "default"
    try:
        return _as_ratios(stored), "file"
    except (UsageError, TypeError, ValueError):
        raise ModelFileError(
            f"the provenance of the model has the split {stored!r}, expected three shares of one "
            "whole",
            hint="--split says how to split the table",
        ) from None


def _as_ratios(split: str | Sequence[float]) -> Ratios:
    if isinstance(split, str):
        return parse_ratios(split)
    return parse_ratios(",".join(repr(float(share)) for share in split))


def split_of(table: Table, network: Network, ratios: Ratios) -> Split:
    """Return the windows of the three parts."""
    return split_range(windows_in(table, network.window, network.horizon), ratios)


def part_windows(part: str, parts: Split, table: Table) -> range:
    """Return the windows of one part, at least one."""
    if part not in PARTS:
        raise UsageError(f"part is {part!r}, expected one of {', '.join(PARTS)}")
    windows: range = getattr(parts, part)
    if not windows:
        sizes = ", ".join(f"{name} {len(getattr(parts, name))}" for name in PARTS)
        raise DataError(
            f"{table.path}: the {part} part has no windows ({sizes})",
            hint="choose another --split or --part",
        )
    return windows


def _split_notices(ratios: Ratios, source: str) -> Iterator[Diagnostic]:
    if source == "default":
        yield Diagnostic(
            "default-split",
            "info",
            "the model file does not say how its table was split; taken is "
            f"{','.join(f'{ratio:g}' for ratio in ratios)}",
            hint="--split says otherwise",
        )
