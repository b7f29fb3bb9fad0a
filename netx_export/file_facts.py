"""What exports of every family put into a file: golden windows, origin, versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.boundary import encode_windows
from lava_spikyspace.network import Golden, IntArray, Network, Normalisation
from lava_spikyspace.netx.digests import record_digests
from lava_spikyspace.plan import make_plan
from lava_spikyspace.versions import installed_versions
from netx_export.checkpoint import TrainedLike
from netx_export.frozen import FloatArray

CALIBRATION_WINDOWS = 2048
"""Training windows that calibration passes at most; they are spread evenly over the split."""

REPORT_WINDOWS = 256
"""Windows of the agreement report."""

AnyArray = TypeVar("AnyArray", FloatArray, IntArray)


def spread(windows: AnyArray, count: int) -> AnyArray:
    """Return at most `count` windows, evenly spread."""
    if len(windows) <= count:
        return windows
    return windows[np.linspace(0, len(windows) - 1, count).astype(np.int64)]


def encode_normalised(network: Network, windows: FloatArray) -> IntArray:
    """Round windows that are normalised already.

    Parameters
    ----------
    network : Network
        Its own normalisation is not applied.
    windows : ndarray, float64, shape (window, element, input)
        What the trained model reads.

    Returns
    -------
    ndarray, int64, shape (window, element, input)
        The messages of the input layer, clipped to its range.
    """
    plain = replace(network, normalisation=Normalisation(kind="fixed"))
    return encode_windows(plain, windows, clip=True).messages


def record_golden(network: Network, windows: FloatArray, count: int) -> Golden | None:
    """Record what the integers give on a few windows.

    Parameters
    ----------
    network : Network
        Integers.
    windows : ndarray, float64, shape (window, element, input)
        Normalised windows to choose from.
    count : int
        How many, evenly spread; none for 0.
    """
    if count == 0:
        return None
    messages = encode_normalised(network, spread(windows, count))
    result = BatchBackend().run(make_plan(network, "graded"), messages, strict=True, record=True)
    digests = record_digests(result.records)
    return Golden(inputs=messages, forecasts=result.forecasts, digests=digests)


def origin_of(trained: TrainedLike) -> dict[str, Any]:
    """Return where a checkpoint of any family comes from, as the file keeps it."""
    origin = trained.provenance
    return {
        "layout": origin.layout,
        "sha256": origin.sha256,
        "training": None if origin.training is None else origin.training.model_dump(mode="json"),
        "data": {"name": origin.data_name, "sha256": origin.data_sha256},
        "best_epoch": origin.best_epoch,
        "metrics": dict(origin.metrics or {}),
    }


def versions() -> dict[str, str]:
    """Return the versions that a file's numbers may depend on, of what is installed."""
    # Nothing is exported through Lava.
    return {name: found for name, found in installed_versions().items() if name != "lava-nc"}
