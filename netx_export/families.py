"""Model families that can be trained and exported: one way in for checkpoints of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from lava_spikyspace.datasets.table import Table
from netx_export import exporting
from netx_export.checkpoint import SPIKYSPACE, TrainedModel, read_content
from netx_export.exporting import ExportOptions, ExportResult
from netx_export.formats import Report
from netx_export.spike_ssm import checkpoint as spike_ssm_checkpoint
from netx_export.spike_ssm import comparing as _comparing  # noqa: F401 - registers the family
from netx_export.spike_ssm.checkpoint import TrainedSsm
from netx_export.spike_ssm.exporting import SsmExport, export_trained

FamilyName = Literal["spikyspace", "spike-ssm"]

AnyTrained: TypeAlias = TrainedModel | TrainedSsm
"""A trained model of any family."""


def load_trained(checkpoint: Path, config: Path | None = None) -> AnyTrained:
    """Load a checkpoint of ours of any family, or with `config` a published one of SpikySpace.

    Parameters
    ----------
    checkpoint : Path
        Checkpoint file.
    config : Path, optional
        ``model.json`` of a checkpoint in the published layout.

    Raises
    ------
    CheckpointError
        The checkpoint or its configuration cannot be used.
    """
    if config is None and read_content(checkpoint)[0].family != SPIKYSPACE:
        return spike_ssm_checkpoint.load(checkpoint)
    return exporting.load_trained(checkpoint, config)


def export(
    trained: AnyTrained,
    table: Table,
    options: ExportOptions | None = None,
    report: Report | None = None,
) -> ExportResult | SsmExport:
    """Turn a trained model of any family into an integer network.

    Parameters
    ----------
    trained : TrainedModel or TrainedSsm
        The model.
    table : Table
        Data to calibrate on.
    options : ExportOptions, optional
        Choices of the user.
    report : callable, optional
        Called with every trial of a format search.

    Raises
    ------
    DataError
        The data do not fit the model.
    WidthError
        The formats do not fit the width.
    """
    if isinstance(trained, TrainedSsm):
        return export_trained(trained, table, options)
    return exporting.export(trained, table, options, report)
