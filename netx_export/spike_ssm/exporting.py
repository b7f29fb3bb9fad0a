"""Export of SPikE-SSM-style models: calibrate, freeze, lower, prove, record golden windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import DEFAULT_SPLIT, split_range
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import DataError, UsageError
from lava_spikyspace.network import Network, Normalisation
from lava_spikyspace.plan import make_plan
from netx_export.budget import TooWide, WidthError
from netx_export.exporting import ExportOptions
from netx_export.file_facts import (
    CALIBRATION_WINDOWS,
    REPORT_WINDOWS,
    encode_normalised,
    origin_of,
    record_golden,
    spread,
    versions,
)
from netx_export.spike_ssm.checkpoint import FAMILY, TrainedSsm
from netx_export.spike_ssm.frozen import FloatArray, FrozenSpikeSsm, SsmTrace, freeze
from netx_export.spike_ssm.lowering import lower
from netx_export.spike_ssm.model import SpikeSsm


@dataclass(frozen=True)
class SsmAgreement:
    """Integers against the frozen model on the same windows.

    Parameters
    ----------
    spikes : mapping of str to float
        Share of equal spikes by record name.
    relative_l2 : float
        Error of logits or normalised forecasts relative to their norm.
    same_class : float or None
        Share of windows with the same largest logit; None for forecasters.
    """

    spikes: dict[str, float]
    relative_l2: float
    same_class: float | None


DEMANDED_EQUAL = 0.999
"""Share of equal spikes of a layer below which an export warns."""


@dataclass(frozen=True, eq=False)
class SsmExport:
    """What an export gave.

    Parameters
    ----------
    network : Network
        Ready to be written.
    frozen : FrozenSpikeSsm
        The reference that it was judged by.
    agreement : SsmAgreement
        On calibration windows.
    """

    network: Network
    frozen: FrozenSpikeSsm
    agreement: SsmAgreement

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Layers in which the integers are further from the frozen model than demanded."""
        return tuple(
            Diagnostic(
                code="export-agreement",
                severity="warning",
                where=name,
                message=f"{share:.4%} of the spikes equal the frozen model's, "
                f"{DEMANDED_EQUAL:.1%} demanded",
                hint="train with a smaller leak, or calibrate on data with a smaller range",
            )
            for name, share in self.agreement.spikes.items()
            if share < DEMANDED_EQUAL
        )


def export(
    model: SpikeSsm,
    windows: FloatArray,
    normalisation: Normalisation | None = None,
    *,
    golden: int = 4,
    provenance: dict[str, Any] | None = None,
) -> SsmExport:
    """Turn a trained model into an integer network.

    Parameters
    ----------
    model : SpikeSsm
        Trained.
    windows : ndarray, float64, shape (window, element, input)
        Normalised windows of the training part.
    normalisation : Normalisation, optional
        What normalised them; by default nothing.
    golden : int
        Windows to record.
    provenance : dict, optional
        Further facts for the file.

    Raises
    ------
    WidthError
        A value does not fit its register.
    """
    inputs = model.config.inputs
    plain = Normalisation(kind="fixed", mean=np.zeros(inputs), scale=np.ones(inputs))
    frozen = freeze(model)
    seen = spread(windows, CALIBRATION_WINDOWS)
    peaks = frozen.run_chunks(seen).peaks
    network = lower(frozen, peaks, plain)
    reported = spread(seen, REPORT_WINDOWS)
    agreement = measure_agreement(network, frozen.run_chunks(reported), reported)
    network = replace(
        network,
        normalisation=normalisation or plain,
        golden=record_golden(network, seen, golden),
        provenance={
            "config": model.config.model_dump(mode="json"),
            "calibration": {"windows": len(seen)},
            "lowering": {"peaks": {name: values.tolist() for name, values in peaks.items()}},
            "versions": versions(),
            "agreement": {
                "windows": len(reported),
                "codes": agreement.spikes,
                "relative_l2": agreement.relative_l2,
                "same_class": agreement.same_class,
            },
            **(provenance or {}),
        },
    )
    return SsmExport(network, frozen, agreement)


def export_trained(
    trained: TrainedSsm, table: Table, options: ExportOptions | None = None
) -> SsmExport:
    """Turn a trained model into an integer network, calibrated on data.

    Parameters
    ----------
    trained : TrainedSsm
        Model, configuration, scaler, names and provenance.
    table : Table
        Labelled sequences for a classifier, else a table; only its training part is used.
    options : ExportOptions, optional
        Golden windows, split, widest value. Formats cannot be fixed by hand: they follow from the
        calibrated ranges and registers of 24 bits.

    Raises
    ------
    DataError
        The data do not fit the model.
    UsageError
        Formats are fixed by hand.
    WidthError
        A value does not fit.
    """
    options = options or ExportOptions()
    if options.formats:
        raise UsageError(
            f"found fraction bits of {', '.join(options.formats)}, but formats of a {FAMILY} model "
            "follow from its ranges"
        )
    config = trained.config
    table = table.match(trained.names, config.inputs)
    if isinstance(table, LabelledSequences) != (config.task == "classification"):
        wanted = "labelled sequences" if config.task == "classification" else "a table"
        raise DataError(f"{table.path}: expected {wanted}, as the model was trained on")
    horizon = 0 if config.task == "classification" else config.outputs
    split = options.split or trained.provenance.split or DEFAULT_SPLIT
    train = split_range(table.count_windows(config.window, horizon), split).train
    if not train:
        raise DataError(f"{table.path}: split {split} leaves no window to calibrate on")
    chosen = spread(np.asarray(train, dtype=np.int64), CALIBRATION_WINDOWS)
    raw = table.windows(config.window, chosen)
    result = export(
        trained.model,
        trained.scaler.normalise(raw),
        normalisation_of(trained),
        golden=options.golden,
        provenance={
            "checkpoint": origin_of(trained),
            "split": list(split),
            "calibration": {"sha256": table.sha256, "rows": table.rows, "windows": len(chosen)},
        },
    )
    wide = [
        TooWide(layer.name, name, interval.bits, options.width)
        for layer in result.network
        for name, interval in layer.ranges.items()
        if interval.bits > options.width
    ]
    if wide:
        raise WidthError(wide)
    return replace(result, network=replace(result.network, variates=trained.names))


def normalisation_of(trained: TrainedSsm) -> Normalisation:
    """Return the normalisation as a model file holds it."""
    return Normalisation(kind="fixed", mean=trained.scaler.mean, scale=trained.scaler.scale)


def measure_agreement(network: Network, trace: SsmTrace, windows: FloatArray) -> SsmAgreement:
    """Compare an integer network with a trace of its frozen model on the same windows.

    Parameters
    ----------
    network : Network
        Integers; its normalisation is not applied.
    trace : SsmTrace
        What the frozen model gave.
    windows : ndarray, float64, shape (window, element, input)
        Normalised windows.
    """
    plan = make_plan(network, "graded")
    result = BatchBackend().run(plan, encode_normalised(network, windows), record=True)
    outputs = result.forecasts * 2.0**-network.head.frac_bits
    norm = float(np.linalg.norm(trace.forecasts))
    classes = None
    if network.head.output_shape[0] == 1 and trace.forecasts.shape[1] == 1:
        classes = float((outputs.argmax(axis=-1) == trace.forecasts.argmax(axis=-1)).mean())
    return SsmAgreement(
        spikes={
            name: float((result.records[name] == spikes).mean())
            for name, spikes in trace.records.items()
        },
        relative_l2=float(np.linalg.norm(outputs - trace.forecasts)) / max(norm, 1e-30),
        same_class=classes,
    )
