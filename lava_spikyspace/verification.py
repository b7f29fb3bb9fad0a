"""Replay the golden windows of a model file and compare every code."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lava_spikyspace.backends.base import Progress, Records
from lava_spikyspace.backends.selection import (
    DEFAULT_TIMEOUT_S,
    BackendName,
    make_backend,
)
from lava_spikyspace.backends.sim import Runtime
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.inputs import FileReference, ModelSource, file_of, resolve_network
from lava_spikyspace.network import Golden, IntArray, Network
from lava_spikyspace.netx.digests import record_digests
from lava_spikyspace.plan import Coding
from lava_spikyspace.running import plan_of

_SHOWN_DIGITS = 12


@dataclass(frozen=True, eq=False, kw_only=True)
class Verification:
    """Whether a backend gives what the exporter recorded.

    Parameters
    ----------
    backend : str
        Name of the engine.
    runtime : str or None
        Lava runtime of a simulation.
    coding : str
        ``graded`` or ``unary``.
    model : FileReference or None
        The model file; None for a network made in memory.
    windows : int
        Golden windows that were replayed.
    records : tuple of str
        Names of the records whose digests were compared, in the order of the data.
    mismatches : tuple of Diagnostic
        What differs; empty if all is equal.
    timings_s : mapping of str to float
        Seconds by stage.
    """

    backend: str
    runtime: str | None
    coding: Coding
    model: FileReference | None
    windows: int
    records: tuple[str, ...]
    mismatches: tuple[Diagnostic, ...]
    timings_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every forecast and every record is equal."""
        return not self.mismatches

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``verify --json``, as plain values."""
        differing = {item.where for item in self.mismatches}
        return {
            "windows": self.windows,
            "records": list(self.records),
            "equal": sum(name not in differing for name in self.records),
            "mismatches": [item.to_dict() for item in self.mismatches],
            "runtime": self.runtime,
            "coding": self.coding,
        }


def verify(
    model: ModelSource = None,
    *,
    backend: BackendName = "batch",
    runtime: Runtime = "inprocess",
    coding: Coding = "graded",
    strict: bool = False,
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    progress: Progress | None = None,
) -> Verification:
    """Run the golden windows of a model and compare forecasts and the codes of every process.

    Parameters
    ----------
    model : Network, str, Path or None
        Network or model file; the bundled demo model by default.
    backend : {"batch", "sim", "loihi2"}
        Engine to be verified.
    runtime : {"inprocess", "multiprocessing"}
        Lava runtime of ``sim``.
    coding : {"graded", "unary"}
        Coding of the spikes; codes do not depend on it.
    strict : bool
        Fail when a value leaves the range that the file proves for it.
    timeout_s : float or None
        Seconds that a simulation gets.
    progress : callable, optional
        Called now and then with (done, all): windows, or steps of a simulation.

    Returns
    -------
    Verification
        With all mismatches, the first layer of the data first.

    Raises
    ------
    ModelFileError
        The file cannot be used, or has no golden windows.
    BackendUnavailableError
        The backend cannot run here.
    SimulationError, SimulationTimeoutError
        The simulation failed, or took too long.
    """
    engine = make_backend(backend, runtime=runtime, timeout_s=timeout_s)
    started = time.perf_counter()
    network = resolve_network(model)
    source = file_of(network)
    golden = network.golden
    if golden is None or not len(golden.inputs):
        place = "the network" if source is None else source.path
        raise ModelFileError(
            f"{place}: has no golden windows to replay", hint="export it with --golden 4"
        )
    plan = plan_of(network, coding)
    read_s = time.perf_counter() - started
    result = engine.run(plan, golden.inputs, strict=strict, record=True, progress=progress)
    records = _in_order(network, result.records)
    return Verification(
        backend=backend,
        runtime=None if backend == "batch" else runtime,
        coding=coding,
        model=source,
        windows=len(golden.inputs),
        records=tuple(records),
        mismatches=(
            *_compare_records(golden, records),
            *_compare_forecasts(golden, network.head.name, result.forecasts),
        ),
        timings_s={"read": read_s, **result.timings_s},
    )


def _in_order(network: Network, records: Records) -> dict[str, IntArray]:
    """Return records in the order of the data, the same on every backend."""
    names = [f"{layer.name}{suffix}" for layer in network for suffix in (".code", ".state", "")]
    return {name: records[name] for name in names if name in records}


def _compare_records(golden: Golden, records: Records) -> Iterable[Diagnostic]:
    """Yield a finding for every record whose digest differs, is missing or is unknown."""
    found = record_digests(records)
    for name, digest in found.items():
        expected = golden.digests.get(name)
        if expected is None:
            yield Diagnostic(
                "golden-digest-missing",
                "error",
                "the file has no digest of these codes",
                where=name,
                hint="the file is incomplete; export it anew",
            )
        elif digest != expected:
            yield Diagnostic(
                "golden-codes-differ",
                "error",
                f"found codes with digest {digest[:_SHOWN_DIGITS]}…, "
                f"expected {expected[:_SHOWN_DIGITS]}…",
                where=name,
            )
    for name in golden.digests:
        if name not in found:
            yield Diagnostic(
                "golden-digest-unknown",
                "error",
                f"the file has a digest of codes that the network does not have; it has "
                f"{', '.join(found)}",
                where=name,
            )


def _compare_forecasts(golden: Golden, head: str, forecasts: IntArray) -> Iterable[Diagnostic]:
    """Yield a finding for the first forecast that differs, and say how many do."""
    if forecasts.shape != golden.forecasts.shape:
        yield Diagnostic(
            "golden-forecast-shape",
            "error",
            f"found forecasts of shape {forecasts.shape}, expected {golden.forecasts.shape}",
            where=head,
        )
        return
    unequal = forecasts != golden.forecasts
    if unequal.any():
        window, step, variate = (int(index) for index in np.argwhere(unequal)[0])
        yield Diagnostic(
            "golden-forecast-differs",
            "error",
            f"{int(unequal.sum())} of {unequal.size} forecasts differ, first in window {window}, "
            f"step {step + 1}, variate {variate}: found {forecasts[window, step, variate]}, "
            f"expected {golden.forecasts[window, step, variate]}",
            where=head,
        )
