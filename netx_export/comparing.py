"""Compare a model file with the checkpoint it came from: layer by layer, and where they part.

The reference is the frozen float model: weights from the checkpoint, zero-points from the file's
provenance, decay exponents from the file. The other side are the integers, on any engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lava_spikyspace.backends.base import Progress
from lava_spikyspace.backends.selection import BackendName
from lava_spikyspace.backends.sim import Runtime
from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.datasets.metrics import forecast_metrics
from lava_spikyspace.datasets.scaling import WindowScale
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import input_windows, target_windows
from lava_spikyspace.errors import CheckpointError, ModelFileError
from lava_spikyspace.network import IntArray, Network, ScanLayer
from lava_spikyspace.plan import Coding
from lava_spikyspace.running import run
from netx_export.calibration import freeze
from netx_export.checkpoint import TrainedModel
from netx_export.frozen import FrozenModel, FrozenTrace

QUANTISERS = ("c", "s", "delta", "pts", "delta1", "x", "y", "y1")


@dataclass(frozen=True)
class LayerAgreement:
    """Codes of one record on both sides.

    Parameters
    ----------
    name : str
        Record name.
    codes, equal : int
        How many codes there are, and how many are equal.
    """

    name: str
    codes: int
    equal: int

    @property
    def agreement(self) -> float:
        """Share of equal codes."""
        return self.equal / self.codes


@dataclass(frozen=True)
class Divergence:
    """The first code in which both sides differ: first layer, then window, element, channel.

    Parameters
    ----------
    layer : str
        Record name.
    window : int
        Index of the window in the table.
    element, channel : int
        Place in the window; the channel of a state is flattened (channel, state).
    expected, found : int
        Codes of the frozen model and of the integers.
    """

    layer: str
    window: int
    element: int
    channel: int
    expected: int
    found: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found.

    Parameters
    ----------
    layers : tuple of LayerAgreement
        In the order of the data.
    relative_l2 : float
        Error of the integers' forecasts relative to the norm of the float ones, normalised units.
    r2_float, r2_integer : float or None
        R2 of both on the windows whose targets the table holds; None without any.
    first_divergence : Divergence or None
        None where all codes are equal.
    """

    layers: tuple[LayerAgreement, ...]
    relative_l2: float
    r2_float: float | None
    r2_integer: float | None
    first_divergence: Divergence | None

    @property
    def unequal_share(self) -> float:
        """Share of unequal codes over all layers."""
        codes = sum(layer.codes for layer in self.layers)
        return 1 - sum(layer.equal for layer in self.layers) / codes if codes else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as the JSON envelope holds it."""
        return {
            "layers": [
                {
                    "name": layer.name,
                    "codes": layer.codes,
                    "equal": layer.equal,
                    "agreement": layer.agreement,
                }
                for layer in self.layers
            ],
            "forecast": {
                "relative_l2": self.relative_l2,
                "r2_float": self.r2_float,
                "r2_integer": self.r2_integer,
            },
            "unequal_share": self.unequal_share,
            "first_divergence": None
            if self.first_divergence is None
            else vars(self.first_divergence),
        }


def frozen_reference(trained: TrainedModel, network: Network) -> FrozenModel:
    """Return the frozen float model that a model file was exported from.

    Parameters
    ----------
    trained : TrainedModel
        The checkpoint; its quantisers are frozen in place.
    network : Network
        Gives zero-points (provenance) and decay exponents.

    Raises
    ------
    CheckpointError
        The checkpoint has other sizes or bits than the file.
    ModelFileError
        The file does not tell its zero-points.
    """
    _check_same_sizes(trained, network)
    scales = network.provenance.get("scales")
    if not isinstance(scales, Mapping):
        raise ModelFileError(
            "/provenance: found no scales, expected the zero-points of every block",
            hint="only files written by `lss export` can be compared",
        )
    for index, mixer in enumerate(trained.model.mixers):
        for name in QUANTISERS:
            quantizer = mixer.quantizer(f"clip_{name}")
            if not quantizer.signed and quantizer.fixed_zero_point is None:
                quantizer.freeze(_zero_point(scales, f"blocks.{index}", name))
    frozen = freeze(trained.model)
    blocks = tuple(
        replace(block, exponents=_exponents(network, f"blocks.{index}.scan"))
        for index, block in enumerate(frozen.blocks)
    )
    return replace(frozen, blocks=blocks)


def compare(
    network: Network,
    trained: TrainedModel,
    table: Table,
    *,
    windows: str | int | range | None = None,
    backend: BackendName = "batch",
    runtime: Runtime = "inprocess",
    coding: Coding = "graded",
    timeout_s: float | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run integers and frozen model on the same windows and compare every code.

    Parameters
    ----------
    network : Network
        The model file.
    trained : TrainedModel
        The checkpoint that it was exported from.
    table : Table
        Data in the units of the model.
    windows : str, int, range or None
        As for `lava_spikyspace.run`.
    backend, runtime, coding
        Engine of the integers.
    timeout_s : float or None
        Seconds that a simulation gets.
    progress : callable, optional
        Called by the engine.
    """
    frozen = frozen_reference(trained, network)
    result = run(
        network,
        table,
        backend=backend,
        runtime=runtime,
        coding=coding,
        windows=windows,
        record=True,
        timeout_s=timeout_s,
        progress=progress,
    )
    table = table.match(network.variates, network.channels)
    raw = input_windows(table.values, network.window, result.windows)
    scale = trained.scale_of(raw)
    trace = _trace(frozen, scale.normalise(raw))
    expected, found = trace.forecasts, scale.normalise(result.forecasts)
    r2_float, r2_integer = _scores(network, scale, table, result.windows, expected, found)
    norm = float(np.linalg.norm(expected))
    error = float(np.linalg.norm(found - expected))
    return Comparison(
        layers=tuple(
            LayerAgreement(name, codes.size, int((result.records[name] == codes).sum()))
            for name, codes in trace.records.items()
        ),
        relative_l2=error / norm if norm > 0 else error,
        r2_float=r2_float,
        r2_integer=r2_integer,
        first_divergence=_first_divergence(trace.records, result.records, result.windows),
    )


def _check_same_sizes(trained: TrainedModel, network: Network) -> None:
    config = trained.config
    scan = next((layer for layer in network if isinstance(layer, ScanLayer)), None)
    blocks = sum(isinstance(layer, ScanLayer) for layer in network)
    pairs = {
        "variates": (config.d_model, network.channels),
        "window": (config.window, network.window),
        "horizon": (config.horizon, network.horizon),
        "layers": (config.layers, blocks),
        "d_inner": (config.inner_channels, scan.neurons if scan else 0),
        "d_state": (config.d_state, scan.states if scan else 0),
        "bits": (config.bits.model_dump(), dict(network.bits)),
    }
    different = [f"{name} {a} and {b}" for name, (a, b) in pairs.items() if a != b]
    if different:
        raise CheckpointError(
            f"checkpoint and model file are of different models: {'; '.join(different)}"
        )


def _zero_point(scales: Mapping[str, Any], block: str, name: str) -> float:
    try:
        return float(scales[block][name]["zero_point"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"/provenance: scales: no zero-point of quantiser {name} in {block}"
        ) from error


def _exponents(network: Network, name: str) -> IntArray:
    layer = network[name]
    if not isinstance(layer, ScanLayer):
        raise ModelFileError(f"{name}: found a {layer.netx_type} layer, expected a selective_scan")
    return layer.left - layer.right


def _trace(frozen: FrozenModel, inputs: FloatArray, chunk: int = 64) -> FrozenTrace:
    """Run the frozen model in chunks and join codes and forecasts."""
    parts: list[FrozenTrace] = []
    forecasts = frozen.run_chunks(inputs, chunk, parts.append)
    records = {
        name: np.concatenate([part.records[name] for part in parts]) for name in parts[0].records
    }
    return FrozenTrace(forecasts=forecasts, records=records)


def _scores(
    network: Network,
    scale: WindowScale,
    table: Table,
    windows: IntArray,
    expected: FloatArray,
    found: FloatArray,
) -> tuple[float | None, float | None]:
    """Return R2 of both sides in units of the table, on the windows that have targets."""
    known = windows <= table.rows - network.window - network.horizon
    if not known.any():
        return None, None
    target = target_windows(table.values, network.window, network.horizon, windows[known])
    scores = []
    for normalised in (expected[known], found[known]):
        forecast = scale[known].denormalise(normalised)
        scores.append(forecast_metrics(target, forecast)["all"]["r2"])
    return scores[0], scores[1]


def _first_divergence(
    expected: Mapping[str, IntArray], found: Mapping[str, IntArray], windows: IntArray
) -> Divergence | None:
    for name, codes in expected.items():
        places = np.argwhere(found[name] != codes)
        if len(places):
            window, element, channel = (int(i) for i in places[0])
            return Divergence(
                layer=name,
                window=int(windows[window]),
                element=element,
                channel=channel,
                expected=int(codes[window, element, channel]),
                found=int(found[name][window, element, channel]),
            )
    return None
