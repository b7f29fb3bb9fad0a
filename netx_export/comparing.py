"""Compare a model file with the checkpoint it came from: layer by layer, and where they part.

The reference is the frozen float model: weights from the checkpoint, zero-points from the file's
provenance, decay exponents from the file. Beside it stand the integers, on the batch engine, and on
demand the same integers on Lava, which have to equal those of the batch engine in every code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lava_spikyspace.backends.base import Progress
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.selection import BackendName
from lava_spikyspace.backends.sim import Runtime
from lava_spikyspace.boundary import FloatArray, decode_forecasts, encode_windows
from lava_spikyspace.datasets.metrics import ForecastMoments
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import input_windows, target_windows
from lava_spikyspace.errors import CheckpointError, ModelFileError
from lava_spikyspace.inputs import windows_in
from lava_spikyspace.network import IntArray, Network, ScanLayer
from lava_spikyspace.plan import Coding, make_plan
from lava_spikyspace.running import DEFAULT_SIM_WINDOWS, choose_windows, run
from netx_export.calibration import freeze
from netx_export.checkpoint import TrainedModel
from netx_export.frozen import FrozenModel

CHUNK = 64
"""Windows compared at a time."""

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

    def to_dict(self) -> dict[str, Any]:
        """Return the agreement as the JSON envelope holds it."""
        return {**vars(self), "agreement": self.agreement}


@dataclass(frozen=True)
class Divergence:
    """The first code in which two sides differ: first layer, then window, element, channel.

    Layers are in topological order and a window is run through in the order of time, so that what
    is named is where the difference begins and not what follows from it.

    Parameters
    ----------
    layer : str
        Record name.
    window : int
        Index of the window in the table.
    element, channel : int
        Place in the window; the channel of a state is flattened (channel, state).
    expected, found : int
        Codes of the frozen model and of the integers, or of the batch engine and of Lava.
    """

    layer: str
    window: int
    element: int
    channel: int
    expected: int
    found: int


@dataclass(frozen=True, eq=False)
class LavaSide:
    """The integers on Lava beside those of the batch engine.

    Parameters
    ----------
    runtime, coding : str
        How they ran.
    layers : tuple of LayerAgreement
        Codes that equal the batch engine's.
    relative_l2 : float
        Error of the forecasts relative to the norm of the float ones, normalised units.
    r2 : float or None
        As `Comparison.r2_integer`.
    first_divergence : Divergence or None
        From the batch engine; None where all codes are equal.
    """

    runtime: str
    coding: str
    layers: tuple[LayerAgreement, ...]
    relative_l2: float
    r2: float | None
    first_divergence: Divergence | None

    def to_dict(self) -> dict[str, Any]:
        """Return this side as the JSON envelope holds it."""
        return {
            "runtime": self.runtime,
            "coding": self.coding,
            "layers": [layer.to_dict() for layer in self.layers],
            "forecast": {"relative_l2": self.relative_l2, "r2": self.r2},
            "first_divergence": _as_dict(self.first_divergence),
        }


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
    lava : LavaSide or None
        None where Lava did not run.
    """

    layers: tuple[LayerAgreement, ...]
    relative_l2: float
    r2_float: float | None
    r2_integer: float | None
    first_divergence: Divergence | None
    lava: LavaSide | None = None

    @property
    def unequal_share(self) -> float:
        """Share of unequal codes over all layers; the larger one where Lava ran, too."""
        sides = [self.layers] if self.lava is None else [self.layers, self.lava.layers]
        return max(_unequal_share(layers) for layers in sides)

    @property
    def forecast_error(self) -> float:
        """Relative L2 error of the forecasts; the larger one where Lava ran, too."""
        return max(self.relative_l2, 0.0 if self.lava is None else self.lava.relative_l2)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as the JSON envelope holds it."""
        return {
            "layers": [layer.to_dict() for layer in self.layers],
            "forecast": {
                "relative_l2": self.relative_l2,
                "r2_float": self.r2_float,
                "r2_integer": self.r2_integer,
            },
            "unequal_share": self.unequal_share,
            "first_divergence": _as_dict(self.first_divergence),
            "lava": None if self.lava is None else self.lava.to_dict(),
        }


def _as_dict(divergence: Divergence | None) -> dict[str, Any] | None:
    return None if divergence is None else dict(vars(divergence))


def _unequal_share(layers: tuple[LayerAgreement, ...]) -> float:
    codes = sum(layer.codes for layer in layers)
    return 1 - sum(layer.equal for layer in layers) / codes if codes else 0.0


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
    backend : {"batch", "sim"}
        ``sim`` runs Lava beside the batch engine.
    runtime, coding
        How Lava runs.
    timeout_s : float or None
        Seconds that a simulation gets.
    progress : callable, optional
        Called by the engine.
    """
    frozen = frozen_reference(trained, network)
    table = table.match(network.variates, network.channels)
    default = DEFAULT_SIM_WINDOWS if backend == "sim" else None
    chosen = choose_windows(windows, windows_in(table, network.window), default)
    lava = None
    if backend == "sim":
        lava = run(
            network,
            table,
            backend=backend,
            runtime=runtime,
            coding=coding,
            windows=chosen,
            record=True,
            timeout_s=timeout_s,
            progress=progress,
        )
    plan = make_plan(network, coding)
    against_float, against_batch = _Agreement(), _Agreement()
    scores = {side: _Score() for side in ("float", "integer", "lava")}
    for first in range(0, len(chosen), CHUNK):
        part = chosen[first : first + CHUNK]
        indices = np.asarray(part)
        raw = input_windows(table.values, network.window, indices)
        scale = trained.scale_of(raw)
        trace = frozen.run(scale.normalise(raw))
        encoded = encode_windows(network, raw, first_rows=indices, source=str(table.path))
        batch = BatchBackend().run(plan, encoded.messages, record=True)
        against_float.add(trace.records, batch.records, indices)
        known = indices[indices <= table.rows - network.window - network.horizon]
        target = target_windows(table.values, network.window, network.horizon, known)
        expected = trace.forecasts
        sides = {
            "float": expected,
            "integer": scale.normalise(decode_forecasts(network, batch.forecasts, encoded)),
        }
        if lava is not None:
            within = slice(first, first + len(part))
            records = {name: lava.records[name][within] for name in trace.records}
            kept = {name: batch.records[name] for name in records}
            against_batch.add(kept, records, indices)
            sides["lava"] = scale.normalise(lava.forecasts[within])
        for side, found in sides.items():
            in_units = scale[: len(known)].denormalise(found[: len(known)])
            scores[side].add(expected, found, target, in_units)
        if progress is not None and lava is None:
            progress(min(first + CHUNK, len(chosen)), len(chosen))
    return Comparison(
        layers=against_float.layers,
        relative_l2=scores["integer"].relative_l2,
        r2_float=scores["float"].r2,
        r2_integer=scores["integer"].r2,
        first_divergence=against_float.first_divergence,
        lava=None
        if lava is None
        else LavaSide(
            runtime=runtime,
            coding=coding,
            layers=against_batch.layers,
            relative_l2=scores["lava"].relative_l2,
            r2=scores["lava"].r2,
            first_divergence=against_batch.first_divergence,
        ),
    )


@dataclass(eq=False)
class _Agreement:
    """Codes of two sides over successive windows."""

    codes: dict[str, int] = field(default_factory=dict)
    equal: dict[str, int] = field(default_factory=dict)
    first: dict[str, Divergence] = field(default_factory=dict)

    def add(
        self,
        expected: Mapping[str, IntArray],
        found: Mapping[str, IntArray],
        windows: IntArray,
    ) -> None:
        """Compare the codes of some windows; records are in topological order."""
        for name, codes in expected.items():
            unequal = found[name] != codes
            self.codes[name] = self.codes.get(name, 0) + codes.size
            self.equal[name] = self.equal.get(name, 0) + int(codes.size - unequal.sum())
            if name not in self.first and unequal.any():
                window, element, channel = (int(i) for i in np.argwhere(unequal)[0])
                self.first[name] = Divergence(
                    layer=name,
                    window=int(windows[window]),
                    element=element,
                    channel=channel,
                    expected=int(codes[window, element, channel]),
                    found=int(found[name][window, element, channel]),
                )

    @property
    def layers(self) -> tuple[LayerAgreement, ...]:
        return tuple(
            LayerAgreement(name, self.codes[name], self.equal[name]) for name in self.codes
        )

    @property
    def first_divergence(self) -> Divergence | None:
        return next((self.first[name] for name in self.codes if name in self.first), None)


@dataclass(eq=False)
class _Score:
    """Forecasts of one side over successive windows."""

    error: float = 0.0
    norm: float = 0.0
    moments: ForecastMoments | None = None

    def add(
        self, expected: FloatArray, found: FloatArray, target: FloatArray, in_units: FloatArray
    ) -> None:
        """Add normalised forecasts, and those whose target is known in units of the table."""
        self.error += float(np.square(found - expected).sum())
        self.norm += float(np.square(expected).sum())
        if len(target):
            moments = ForecastMoments.of(target, in_units)
            self.moments = moments if self.moments is None else self.moments + moments

    @property
    def relative_l2(self) -> float:
        return math.sqrt(self.error / self.norm) if self.norm > 0 else math.sqrt(self.error)

    @property
    def r2(self) -> float | None:
        return None if self.moments is None else float(self.moments.summary()["all"]["r2"])


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
