"""The batch engine: the integer network vectorised over windows, without Lava.

Layers are evaluated in order on whole windows; time steps exist only in the counts. The codes are
those of the Lava processes, bit for bit, and so are the counts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lava_spikyspace.backends.base import EngineResult, Progress, check_ranges
from lava_spikyspace.backends.batch_activity import measure
from lava_spikyspace.backends.batch_layers import LayerOutput, evaluate
from lava_spikyspace.network import IntArray, Network
from lava_spikyspace.plan import Plan
from lava_spikyspace.profiling.counters import Activity

DEFAULT_CHUNK = 64
"""Windows evaluated together: bounds the memory, large enough for the matrix products."""


@dataclass(frozen=True)
class BatchBackend:
    """NumPy engine over chunks of windows.

    Parameters
    ----------
    chunk : int
        Windows evaluated together.
    """

    chunk: int = DEFAULT_CHUNK
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
        """Run windows through the network; see `backends.base.Backend`."""
        started = time.perf_counter()
        count = messages.shape[0]
        forecasts: list[IntArray] = []
        records: dict[str, list[IntArray]] = {}
        activities: dict[str, Activity] = {}
        for first in range(0, count, self.chunk):
            part = messages[first : first + self.chunk]
            outputs = run_layers(plan.network, part, strict=strict)
            forecasts.append(outputs[plan.network.head.name].message)
            for row, activity in measure(plan, outputs).items():
                known = activities.get(row)
                activities[row] = activity if known is None else known.merge(activity)
            if record:
                for name, codes in collect_records(plan.network, outputs).items():
                    records.setdefault(name, []).append(codes)
            if progress is not None:
                progress(min(first + self.chunk, count), count)
        return EngineResult(
            forecasts=np.concatenate(forecasts),
            activities=activities,
            records={name: np.concatenate(parts) for name, parts in records.items()},
            timings_s={"run": time.perf_counter() - started},
        )


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
