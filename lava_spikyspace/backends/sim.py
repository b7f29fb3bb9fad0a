"""The simulator: the Lava process graph of a plan on a CPU, on either of two runtimes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lava_spikyspace.backends.base import EngineResult, Progress, is_strict
from lava_spikyspace.backends.simulation import RUNTIMES, Runtime, simulate
from lava_spikyspace.errors import UsageError
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import Plan

if TYPE_CHECKING:
    from lava_spikyspace.assembly import LavaGraph

__all__ = ["RUNTIMES", "Runtime", "SimBackend"]


@dataclass(frozen=True)
class SimBackend:
    """Lava process graph on a CPU.

    Parameters
    ----------
    runtime : str
        ``inprocess`` or ``multiprocessing``; see `backends.simulation`.
    timeout_s : float, optional
        Limit in seconds for the whole simulation; None for no limit.
    """

    runtime: Runtime = "inprocess"
    timeout_s: float | None = None
    name = "sim"

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

        Raises
        ------
        SimulationError
            A process model raised; names the process. `StrictRangeError` in strict mode.
        SimulationTimeoutError
            The limit passed.
        UsageError
            There is no window to run, or no runtime of that name.
        """
        if len(messages) == 0:
            raise UsageError("a simulation needs at least one window, found none")
        simulated = simulate(
            _assemble,
            (plan, messages, is_strict(strict), record),
            runtime=self.runtime,
            timeout_s=self.timeout_s,
            progress=progress,
        )
        return replace(
            simulated.result,
            timings_s=simulated.timings_s,
            process_seconds=simulated.process_seconds,
        )


def _assemble(plan: Plan, messages: IntArray, strict: bool, record: bool) -> LavaGraph:
    from lava_spikyspace.assembly import assemble

    return assemble(plan, messages, strict=strict, record=record)
