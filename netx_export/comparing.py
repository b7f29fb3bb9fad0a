"""Compare a model file with the checkpoint it came from: layer by layer, and where they part.

The reference is the frozen float model: weights from the checkpoint, zero-points from the file's
provenance, decay exponents from the file. Beside it stand the integers, on the batch engine, and on
demand the same integers on Lava, which have to equal those of the batch engine in every code.

The checkpoint is lowered anew, too: its integers have to be those of the file. Where they are not,
the file was changed, and the first code that this changes is the first divergence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.backends.base import Progress
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.selection import BackendName
from lava_spikyspace.backends.sim import Runtime
from lava_spikyspace.boundary import FloatArray, decode_forecasts, encode_windows
from lava_spikyspace.datasets.metrics import ForecastMoments
from lava_spikyspace.datasets.scaling import WindowScale
from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import target_windows
from lava_spikyspace.errors import InternalError
from lava_spikyspace.inputs import check_kind, windows_in
from lava_spikyspace.network import IntArray, Network
from lava_spikyspace.plan import Coding, make_plan
from lava_spikyspace.running import DEFAULT_SIM_WINDOWS, choose_windows, run
from netx_export.checkpoint import TrainedLike, TrainedModel
from netx_export.comparison import (
    ClassAgreement,
    Comparison,
    Divergence,
    LavaSide,
    LayerAgreement,
    ParameterCheck,
)
from netx_export.reference import freeze_as_exported, with_exponents_of
from netx_export.relowering import (
    count_parameters,
    lower_anew,
    parameter_differences,
)

CHUNK = 64
"""Windows compared at a time."""


class Trained(TrainedLike, Protocol):
    """A trained model of any family that knows how its windows are normalised."""

    def scale_of(self, windows: NDArray[Any]) -> WindowScale:
        """Return the normalisation of windows (windows, window, variates)."""
        ...


class Trace(Protocol):
    """What a frozen model computed on some windows."""

    @property
    def records(self) -> Mapping[str, IntArray]:
        """Codes by record name, in topological order."""
        ...

    @property
    def forecasts(self) -> FloatArray:
        """Normalised forecasts (window, step, variate), or logits (window, 1, class)."""
        ...


class Frozen(Protocol):
    """A frozen float model."""

    def run(self, windows: FloatArray, /) -> Trace:
        """Run normalised windows (window, element, variate)."""
        ...


@dataclass(frozen=True, eq=False)
class Reference:
    """What a file is compared with.

    Parameters
    ----------
    frozen : Frozen
        The frozen float model of the checkpoint.
    fresh : Network or None
        The checkpoint lowered anew as the file says that it was; None where it does not tell.
    """

    frozen: Frozen
    fresh: Network | None


@singledispatch
def reference_of(trained: Trained, network: Network) -> Reference:
    """Return what a checkpoint is that a model file was exported from.

    Every family registers its own.

    Parameters
    ----------
    trained : Trained
        The checkpoint.
    network : Network
        The file.

    Raises
    ------
    CheckpointError
        The checkpoint is of another model than the file.
    ModelFileError
        The provenance of the file cannot be of an export.
    """
    raise InternalError(f"no reference of {type(trained).__name__}")


@reference_of.register
def _(trained: TrainedModel, network: Network) -> Reference:
    as_exported = freeze_as_exported(trained, network)
    return Reference(
        frozen=with_exponents_of(as_exported, network),
        fresh=lower_anew(trained, as_exported, network),
    )


def compare(
    network: Network,
    trained: Trained,
    table: Table,
    *,
    windows: str | int | range | None = None,
    backend: BackendName = "batch",
    runtime: Runtime = "inprocess",
    coding: Coding = "graded",
    timeout_s: float | None = None,
    clip: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Run integers and frozen model on the same windows and compare every code.

    Parameters
    ----------
    network : Network
        The model file.
    trained : Trained
        The checkpoint that it was exported from, of any family.
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
    clip : bool
        Saturate values outside the input range for the integers, instead of refusing them.
    progress : callable, optional
        Called by the engine.

    Raises
    ------
    CheckpointError
        The checkpoint is of another model.
    ModelFileError
        The file does not tell its zero-points, or its provenance cannot be of an export.
    DataError
        The table has other variates or too few rows, or values outside the input range.
    """
    reference = reference_of(trained, network)
    fresh = reference.fresh
    check_kind(table, network)
    labels = table.labels if isinstance(table, LabelledSequences) else None
    different = () if fresh is None else tuple(parameter_differences(network, fresh))
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
            clip_input=clip,
            progress=progress,
        )
    plan = make_plan(network, coding)
    fresh_plan = make_plan(fresh, coding) if fresh is not None and different else None
    against_float, against_batch, against_fresh = _Agreement(), _Agreement(), _Agreement()
    clipped = 0
    scores = {side: _Score() for side in ("float", "integer", "lava")}
    for first in range(0, len(chosen), CHUNK):
        part = chosen[first : first + CHUNK]
        indices = np.asarray(part)
        raw = table.windows(network.window, indices)
        scale = trained.scale_of(raw)
        trace = reference.frozen.run(scale.normalise(raw))
        rows = indices * table.stride
        encoded = encode_windows(network, raw, clip=clip, first_rows=rows, source=str(table.path))
        clipped += encoded.clipped
        batch = BatchBackend().run(plan, encoded.messages, record=True)
        against_float.add(trace.records, batch.records, indices)
        if fresh_plan is not None:
            messages = encode_windows(fresh_plan.network, raw, clip=True).messages
            unchanged = BatchBackend().run(fresh_plan, messages, record=True)
            wanted = {name: unchanged.records[name] for name in trace.records}
            head = network.head.name
            against_fresh.add(
                {**wanted, head: unchanged.forecasts},
                {**batch.records, head: batch.forecasts},
                indices,
            )
        expected = trace.forecasts
        given = {"integer": decode_forecasts(network, batch.forecasts, encoded)}
        if lava is not None:
            within = slice(first, first + len(part))
            records = {name: lava.records[name][within] for name in trace.records}
            kept = {name: batch.records[name] for name in records}
            against_batch.add(kept, records, indices)
            given["lava"] = lava.forecasts[within]
        if labels is not None:
            for side, logits in {"float": expected, **given}.items():
                scores[side].add_classes(expected, logits, labels[indices])
        else:
            known = indices[indices <= table.rows - network.window - network.horizon]
            target = target_windows(table.values, network.window, network.horizon, known)
            normalised = {side: scale.normalise(found) for side, found in given.items()}
            for side, found in {"float": expected, **normalised}.items():
                in_units = scale[: len(known)].denormalise(found[: len(known)])
                scores[side].add(expected, found, target, in_units)
        if progress is not None and lava is None:
            progress(min(first + CHUNK, len(chosen)), len(chosen))
    return Comparison(
        layers=against_float.layers,
        relative_l2=scores["integer"].relative_l2,
        r2_float=scores["float"].r2,
        r2_integer=scores["integer"].r2,
        rounding=against_float.first_divergence,
        classes=None
        if labels is None
        else ClassAgreement(
            windows=len(chosen),
            same=scores["integer"].same,
            accuracy_float=scores["float"].right / len(chosen),
            accuracy_integer=scores["integer"].right / len(chosen),
            accuracy_lava=None if lava is None else scores["lava"].right / len(chosen),
        ),
        clipped=clipped,
        parameters=None
        if fresh is None
        else ParameterCheck(count_parameters(network), different, against_fresh.first_divergence),
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
    same: int = 0
    right: int = 0

    def add_classes(self, expected: FloatArray, found: FloatArray, labels: IntArray) -> None:
        """Add logits (window, 1, class) beside the true classes."""
        self.error += float(np.square(found - expected).sum())
        self.norm += float(np.square(expected).sum())
        classes = found[:, 0].argmax(axis=1)
        self.same += int((classes == expected[:, 0].argmax(axis=1)).sum())
        self.right += int((classes == labels).sum())

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
