"""The batch engine: the integer network vectorised over windows, without Lava.

Layers are evaluated in order on whole windows; time steps exist only in the counts. The codes are
those of the Lava processes, bit for bit, and so are the counts. There are two ways to the same
numbers: the readable one in NumPy (`backends.batch_layers`), and compiled kernels between products
on BLAS (`backends.fused`), which are many times faster and take a moment to load.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from lava_spikyspace.backends.base import EngineResult, Progress, check_ranges, is_strict
from lava_spikyspace.backends.batch_activity import measure
from lava_spikyspace.backends.batch_layers import LayerOutput, evaluate
from lava_spikyspace.network import DenseLayer, IntArray, Network, ScanLayer
from lava_spikyspace.plan import Plan
from lava_spikyspace.profiling.counters import Activity
from lava_spikyspace.spike_ssm.layers import S4dLayer

if TYPE_CHECKING:
    from lava_spikyspace.backends.fused.network_form import NetworkForm

_logger = logging.getLogger(__name__)

MAX_CHUNK = 64
"""Most windows that NumPy evaluates together: large enough for the matrix products."""

CHUNK_VALUES = 1 << 23
"""State codes that NumPy keeps at one time (64 MiB), which bounds its memory."""

WORTH_COMPILING = 1 << 29
"""Operations from which on compiled kernels pay for the time that it takes to load them: a few
seconds of NumPy."""

Kernels = Literal["auto", "numpy", "fused"]
"""Which way to compute: `auto` takes the compiled kernels where they are to be had and pay."""


@dataclass(frozen=True)
class BatchBackend:
    """Vectorised engine over chunks of windows.

    Parameters
    ----------
    chunk : int, optional
        Windows evaluated together in a thread; by default as many as the model's size leaves
        memory for.
    jobs : int, optional
        Threads; by default one per core that the process may use. Results do not depend on it.
    kernels : {"auto", "numpy", "fused"}
        Which way to compute. `fused` falls back to NumPy where the kernels cannot run the network:
        where numba is missing, or no type holds the values exactly, which is a warning of the log.
        Which way was taken stands in the log, too.
    """

    chunk: int | None = None
    jobs: int | None = None
    kernels: Kernels = "auto"
    name = "batch"

    def run(
        self,
        plan: Plan,
        messages: IntArray,
        *,
        strict: bool = False,
        record: bool = False,
        progress: Progress | None = None,
    ) -> EngineResult:
        """Run windows through the network; see `backends.base.Backend`.

        Consecutive windows that are a view of one table of rows (as of
        `numpy.lib.stride_tricks.sliding_window_view`) are computed fastest: the compiled kernels
        share what is equal.
        """
        strict = is_strict(strict)
        started = time.perf_counter()
        jobs = self.jobs or usable_cores()
        form = self._form(plan.network, messages)
        way = "NumPy" if form is None else "compiled kernels"
        _logger.debug("batch engine: %d windows by %s, up to %d threads", len(messages), way, jobs)
        result = None
        if form is not None:
            result = self._run_fused(plan, form, messages, jobs, strict, record, progress)
        if result is None:
            with threadpool_limits(jobs, user_api="blas"):
                result = self._run_numpy(plan, messages, strict, record, progress)
        return replace(result, timings_s={"run": time.perf_counter() - started})

    def _form(self, network: Network, messages: IntArray) -> NetworkForm | None:
        """Return the network as the compiled kernels take it; None where NumPy is to run."""
        if self.kernels == "numpy" or not messages.size or find_spec("numba") is None:
            return None
        if self.kernels == "auto" and len(messages) * _operations(network) < WORTH_COMPILING:
            return None
        from lava_spikyspace.backends.fused.network_form import network_form

        return network_form(network)

    def _run_fused(
        self,
        plan: Plan,
        form: NetworkForm,
        messages: IntArray,
        jobs: int,
        strict: bool,
        record: bool,
        progress: Progress | None,
    ) -> EngineResult | None:
        """Run the compiled kernels; None where inputs are wider than those are proven for."""
        from lava_spikyspace.backends.fused.engine import run_fused
        from lava_spikyspace.backends.fused.segment import UnprovenInputError

        try:
            # Every thread computes windows of its own, and calls BLAS for them alone.
            with threadpool_limits(1, user_api="blas"):
                return run_fused(
                    plan,
                    form,
                    messages,
                    jobs=jobs,
                    chunk=self.chunk,
                    strict=strict,
                    record=record,
                    progress=progress,
                )
        except UnprovenInputError as error:
            _logger.debug("batch engine: NumPy, since inputs are unproven: %s", error)
            return None

    def _run_numpy(
        self,
        plan: Plan,
        messages: IntArray,
        strict: bool,
        record: bool,
        progress: Progress | None,
    ) -> EngineResult:
        count = messages.shape[0]
        chunk = self.chunk or _chunk_windows(plan.network)
        forecasts: list[IntArray] = []
        records: dict[str, list[IntArray]] = {}
        activities: dict[str, Activity] = {}
        for first in range(0, count, chunk):
            part = messages[first : first + chunk]
            outputs = run_layers(plan.network, part, strict=strict)
            forecasts.append(outputs[plan.network.head.name].message)
            for row, activity in measure(plan, outputs).items():
                known = activities.get(row)
                activities[row] = activity if known is None else known.merge(activity)
            if record:
                for name, codes in collect_records(plan.network, outputs).items():
                    records.setdefault(name, []).append(codes)
            if progress is not None:
                progress(min(first + chunk, count), count)
        return EngineResult(
            forecasts=np.concatenate(forecasts),
            activities=activities,
            records={name: np.concatenate(parts) for name, parts in records.items()},
        )


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _operations(network: Network) -> int:
    """Return about how many values of a window are computed one by one."""
    operations = 0
    for layer in network:
        if isinstance(layer, ScanLayer):
            operations += 8 * layer.neurons * layer.states
        elif isinstance(layer, DenseLayer):
            operations += 8 * layer.neurons + layer.weight.size // 16
    return operations * network.window


def _chunk_windows(network: Network) -> int:
    """Return how many windows NumPy evaluates together."""
    states = max(
        (
            layer.neurons * layer.states
            for layer in network
            if isinstance(layer, ScanLayer | S4dLayer)
        ),
        default=1,
    )
    widest = max(states, network.channels) * network.window
    return int(np.clip(CHUNK_VALUES // widest, 1, MAX_CHUNK))


def run_layers(
    network: Network, messages: IntArray, *, strict: bool = False
) -> dict[str, LayerOutput]:
    """Evaluate every layer on the given windows.

    Parameters
    ----------
    network : Network
        Integer network.
    messages : ndarray, int64, shape (window, element, variate)
        Windows as integers.
    strict : bool
        Check every value against its proven range.

    Returns
    -------
    dict of str to LayerOutput
        By layer name.
    """
    outputs: dict[str, LayerOutput] = {}
    for layer in network:
        sources = [outputs[name].message for name in layer.inputs] or [messages]
        outputs[layer.name] = evaluate(layer, sources)
        if strict:
            check_ranges(layer, outputs[layer.name].observed)
    return outputs


def collect_records(network: Network, outputs: Mapping[str, LayerOutput]) -> dict[str, IntArray]:
    """Return the codes of every process by record name (see `backends.base.Records`)."""
    records: dict[str, IntArray] = {}
    for layer in network:
        output = outputs[layer.name]
        for suffix, codes in output.inner.items():
            records[f"{layer.name}.{suffix}"] = codes
        records[layer.name] = output.message
    return records
