"""Export: calibrate, freeze, choose formats, lower, prove, record golden windows."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import DEFAULT_SPLIT, Split, input_windows, split_windows
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import DataError
from lava_spikyspace.network import IntArray, Network
from netx_export.budget import Budget, Formats
from netx_export.calibration import batch_size, calibrate, freeze
from netx_export.calibration_report import CodeCounter, QuantiserReport, calibration_warnings
from netx_export.checkpoint import TrainedModel, load_checkpoint, load_published
from netx_export.config import read_published_config
from netx_export.file_facts import (
    CALIBRATION_WINDOWS,
    REPORT_WINDOWS,
    encode_normalised,
    origin_of,
    record_golden,
    spread,
    versions,
)
from netx_export.formats import (
    DEMANDED,
    Agreement,
    FormatSearch,
    Report,
    Trial,
    measure_agreement,
)
from netx_export.frozen import FloatArray, FrozenModel, FrozenTrace
from netx_export.relowering import Recipe


@dataclass(frozen=True)
class ExportOptions:
    """What the user may choose.

    Parameters
    ----------
    formats : mapping of str to int
        Fraction bits fixed by hand, by the names of `Formats`.
    width : int
        Widest accumulator and state in bits.
    golden : int
        Windows stored with their forecasts and digests.
    split : tuple of float, optional
        Shares of the calibration table; by default those of the checkpoint.
    """

    formats: Mapping[str, int] = field(default_factory=dict)
    width: int = Budget().value_bits
    golden: int = 4
    split: tuple[float, float, float] | None = None


@dataclass(frozen=True, eq=False)
class ExportResult:
    """What an export gave.

    Parameters
    ----------
    network : Network
        Ready to be written.
    frozen : FrozenModel
        The reference it was judged by.
    formats : Formats
        Fraction bits.
    agreement : Agreement
        On windows of the calibration split.
    trials : tuple of Trial
        What the format search tried, in order.
    quantisers : mapping of str to QuantiserReport
        What every quantiser did on the calibration windows, by record name.
    diagnostics : tuple of Diagnostic
        Warnings.
    """

    network: Network
    frozen: FrozenModel
    formats: Formats
    agreement: Agreement
    trials: tuple[Trial, ...]
    quantisers: Mapping[str, QuantiserReport]
    diagnostics: tuple[Diagnostic, ...]


def load_trained(checkpoint: Path, config: Path | None = None) -> TrainedModel:
    """Load a checkpoint of ours, or with `config` one in the published layout.

    Parameters
    ----------
    checkpoint : Path
        Checkpoint file.
    config : Path, optional
        ``model.json``: sizes, bits, scaler and variates of a published checkpoint.

    Raises
    ------
    CheckpointError
        The checkpoint or its configuration cannot be used.
    """
    if config is None:
        return load_checkpoint(checkpoint)
    return load_published(checkpoint, read_published_config(config))


def export(
    trained: TrainedModel,
    table: Table,
    options: ExportOptions | None = None,
    report: Report | None = None,
) -> ExportResult:
    """Turn a trained model into an integer network.

    Parameters
    ----------
    trained : TrainedModel
        Model, configuration, scaler, variate names and provenance.
    table : Table
        Series to calibrate on; only its training split is used.
    options : ExportOptions, optional
        Choices of the user.
    report : callable, optional
        Called with every trial of the format search.

    Raises
    ------
    DataError
        The table is too short or has other variates.
    WidthError
        The formats do not fit the width.
    """
    options = options or ExportOptions()
    config = trained.config
    if isinstance(table, LabelledSequences):
        raise DataError(f"{table.path}: found labelled sequences, expected a table")
    table = table.match(trained.names, config.d_model)
    split = options.split or _split_of(trained)
    training = _TrainingSplit.of(trained, table, split)
    windows = training.spread()
    model = copy.deepcopy(trained.model)  # calibration freezes in place
    calibrate(model, training.batches())
    frozen = freeze(model)
    seen = _survey(frozen, windows)
    budget = Budget(value_bits=options.width)
    trials: list[Trial] = []

    def note(trial: Trial) -> None:
        trials.append(trial)
        if report is not None:
            report(trial)

    search = FormatSearch(
        frozen, windows, seen.peak, seen.roots, options.formats, budget, report=note
    )
    formats = search.run()
    recipe = Recipe.of(formats, options.width, seen.peak, seen.roots)
    network = recipe.lower(frozen, trained.normalisation)
    agreement = _agreement(network, frozen, spread(windows, REPORT_WINDOWS))
    network = replace(
        network,
        variates=trained.names,
        golden=record_golden(network, windows, options.golden),
        provenance={
            "checkpoint": origin_of(trained),
            "config": config.model_dump(mode="json"),
            "split": list(split),
            "calibration": {
                "sha256": table.sha256,
                "rows": table.rows,
                "windows": len(windows),
                "quantisers": {name: one.to_dict() for name, one in seen.quantisers.items()},
            },
            "versions": versions(),
            "scales": _scales(frozen),
            "formats": asdict(formats),
            "lowering": recipe.model_dump(),
            "agreement": {
                "windows": min(len(windows), REPORT_WINDOWS),
                "codes": dict(agreement.codes),
                "relative_l2": agreement.relative_l2,
            },
        },
    )
    diagnostics = (*calibration_warnings(seen.quantisers), *_warnings(agreement))
    return ExportResult(
        network, frozen, formats, agreement, tuple(trials), seen.quantisers, diagnostics
    )


def _split_of(trained: TrainedModel) -> tuple[float, float, float]:
    return trained.provenance.split or DEFAULT_SPLIT


@dataclass(frozen=True, eq=False)
class _TrainingSplit:
    """Windows of the training split of a table, normalised for a model.

    Parameters
    ----------
    trained : TrainedModel
        The model.
    table : Table
        The data.
    split : Split
        Window indices of the three parts.
    """

    trained: TrainedModel
    table: Table
    split: Split

    @classmethod
    def of(
        cls, trained: TrainedModel, table: Table, ratios: tuple[float, float, float]
    ) -> _TrainingSplit:
        """Split a table; it must have a training window."""
        config = trained.config
        try:
            split = split_windows(table.rows, config.window, config.horizon, ratios)
        except DataError as error:
            raise DataError(f"{table.path}: {error.message}", hint=error.hint) from None
        if not split.train:
            raise DataError(
                f"{table.path}: no training window: {table.rows} rows, window {config.window}, "
                f"horizon {config.horizon}, training share {ratios[0]:g}"
            )
        return cls(trained, table, split)

    def spread(self) -> FloatArray:
        """Return at most `CALIBRATION_WINDOWS` windows, spread evenly."""
        train = self.split.train
        chosen = np.linspace(0, len(train) - 1, min(len(train), CALIBRATION_WINDOWS))
        return self._windows(np.asarray(train)[chosen.astype(np.int64)])

    def batches(self) -> list[FloatArray]:
        """Return batches of successive windows, spread evenly: about `CALIBRATION_WINDOWS`."""
        train = self.split.train
        size = min(batch_size(self.trained.config, len(self.split.test)), len(train))
        count = min(len(train) // size, max(1, CALIBRATION_WINDOWS // size))
        starts = np.linspace(0, len(train) - size, count).astype(np.int64)
        return [self._windows(np.asarray(train[start : start + size])) for start in starts]

    def _windows(self, indices: IntArray) -> FloatArray:
        raw = input_windows(self.table.values, self.trained.config.window, indices)
        return self.trained.scale_of(raw).normalise(raw)


@dataclass(frozen=True, eq=False)
class _Survey:
    """What the frozen model does on the calibration windows.

    Parameters
    ----------
    peak : float
        Largest magnitude of the residual stream.
    roots : list of float
        Typical root mean square at each block's norm.
    quantisers : mapping of str to QuantiserReport
        By record name.
    """

    peak: float
    roots: list[float]
    quantisers: Mapping[str, QuantiserReport]


def _survey(frozen: FrozenModel, windows: FloatArray) -> _Survey:
    peaks: list[float] = []
    roots: list[list[float]] = []
    counter = CodeCounter(frozen)

    def visit(trace: FrozenTrace) -> None:
        peaks.append(trace.residual_max)
        roots.append(trace.roots)
        counter.add(trace)

    frozen.run_chunks(windows, chunk=32, visit=visit, keep_inputs=True)
    typical = [float(np.median(block)) for block in zip(*roots, strict=True)]
    return _Survey(max(peaks), typical, counter.reports())


def _agreement(network: Network, frozen: FrozenModel, windows: FloatArray) -> Agreement:
    return measure_agreement(network, encode_normalised(network, windows), frozen.run(windows))


def _scales(frozen: FrozenModel) -> dict[str, Any]:
    """Return step and zero-point of every quantiser, for the reader's information."""
    return {
        f"blocks.{index}": {
            name: {
                "alpha": quantiser.alpha,
                "zero_point": quantiser.zero_point,
                **({"first": list(block.first_zero_points)} if name == "x" else {}),
            }
            for name, quantiser in block.quantisers.items()
        }
        for index, block in enumerate(frozen.blocks)
    }


def _warnings(agreement: Agreement) -> list[Diagnostic]:
    """Say where the integers are further from the frozen model than demanded."""
    hint = "give more bits (--residual-bits and the like), or a larger --width"
    found = [
        Diagnostic(
            code="export-agreement",
            severity="warning",
            where=name,
            message=f"{share:.4%} of the codes equal the frozen model's, "
            f"{DEMANDED.code_agreement:.1%} demanded",
            hint=hint,
        )
        for name, share in agreement.codes.items()
        if share < DEMANDED.code_agreement
    ]
    if agreement.relative_l2 > DEMANDED.relative_l2:
        found.append(
            Diagnostic(
                code="export-forecast",
                severity="warning",
                where="head",
                message=f"forecasts differ by {agreement.relative_l2:.2e} (relative L2), "
                f"{DEMANDED.relative_l2:.0e} demanded",
                hint=hint,
            )
        )
    return found
