"""Export of SPikE-SSM-style models: calibrate, freeze, lower, prove, record golden windows."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

import lava_spikyspace
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.boundary import encode_windows
from lava_spikyspace.network import Golden, IntArray, Network, Normalisation
from lava_spikyspace.netx.digests import record_digests
from lava_spikyspace.plan import make_plan
from netx_export.spike_ssm.frozen import FloatArray, FrozenSpikeSsm, SsmTrace, freeze
from netx_export.spike_ssm.lowering import lower
from netx_export.spike_ssm.model import SpikeSsm

CALIBRATION_WINDOWS = 2048
"""Training windows that calibration passes at most, evenly spread."""

REPORT_WINDOWS = 256
"""Windows of the agreement report."""


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
    seen = _spread(windows, CALIBRATION_WINDOWS)
    network = lower(frozen, frozen.run_chunks(seen).peaks, plain)
    reported = _spread(seen, REPORT_WINDOWS)
    agreement = measure_agreement(network, frozen.run_chunks(reported), reported)
    network = replace(
        network,
        normalisation=normalisation or plain,
        golden=_golden(network, _spread(seen, golden)) if golden else None,
        provenance={
            "config": model.config.model_dump(mode="json"),
            "calibration": {"windows": len(seen)},
            "versions": _versions(),
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
    result = BatchBackend().run(plan, _messages(network, windows), record=True)
    outputs = result.forecasts * 2.0**-network.head.frac_bits
    norm = float(np.linalg.norm(trace.outputs))
    classes = None
    if network.head.output_shape[0] == 1 and trace.outputs.shape[1] == 1:
        classes = float((outputs.argmax(axis=-1) == trace.outputs.argmax(axis=-1)).mean())
    return SsmAgreement(
        spikes={
            name: float((result.records[name] == spikes).mean())
            for name, spikes in trace.records.items()
        },
        relative_l2=float(np.linalg.norm(outputs - trace.outputs)) / max(norm, 1e-30),
        same_class=classes,
    )


def _messages(network: Network, windows: FloatArray) -> IntArray:
    return encode_windows(
        replace(network, normalisation=Normalisation(kind="fixed")), windows, clip=True
    ).messages


def _golden(network: Network, windows: FloatArray) -> Golden:
    messages = _messages(network, windows)
    plan = make_plan(network, "graded")
    result = BatchBackend().run(plan, messages, strict=True, record=True)
    digests = record_digests(result.records)
    return Golden(inputs=messages, forecasts=result.forecasts, digests=digests)


def _spread(windows: FloatArray, count: int) -> FloatArray:
    """Return at most `count` windows, evenly spread."""
    if len(windows) <= count:
        return windows
    return windows[np.linspace(0, len(windows) - 1, count).astype(np.int64)]


def _versions() -> dict[str, str]:
    return {
        "lava-spikyspace": lava_spikyspace.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__),
    }
