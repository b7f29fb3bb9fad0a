"""The simulator: the Lava process graph on a CPU, on either of two runtimes.

``inprocess`` steps all process models in this OS process; ``multiprocessing`` is Lava's own runtime
with one OS process per Lava process, in a worker process that is watched. The models are the same,
and so is every bit of the result.

Lava is imported when a simulation starts, not with this module.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lava_spikyspace.backends.base import EngineResult, Progress
from lava_spikyspace.errors import SimulationTimeoutError, UsageError
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import Plan

if TYPE_CHECKING:
    from lava.magma.core.run_configs import RunConfig

    from lava_spikyspace.runtime.inprocess import InProcessRuntime

Runtime = Literal["inprocess", "multiprocessing"]

RUNTIMES: tuple[Runtime, ...] = ("inprocess", "multiprocessing")
"""Lava runtimes that a simulation can use."""

MODEL_TAG = "fixed_pt"
"""Tag of the process models that compute in integers."""

_LOOK_UP_S = 0.2
"""How long an in-process run goes on before it looks at the clock and reports its progress."""


@dataclass(frozen=True)
class SimBackend:
    """Lava process graph on a CPU.

    Parameters
    ----------
    runtime : str
        ``inprocess`` or ``multiprocessing``.
    timeout_s : float, optional
        Limit in seconds for the whole simulation; None for no limit. In-process it is looked at
        between time steps.
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
        if self.runtime not in RUNTIMES:
            raise UsageError(f"runtime is {self.runtime!r}, expected one of {', '.join(RUNTIMES)}")
        if len(messages) == 0:
            raise UsageError("a simulation needs at least one window, found none")
        if self.runtime == "inprocess":
            return _run_inprocess(plan, messages, strict, record, self.timeout_s, progress)
        from lava_spikyspace.runtime.guard import run_guarded

        return run_guarded(
            run_multiprocessing,
            plan,
            messages,
            strict,
            record,
            timeout_s=self.timeout_s,
            on_progress=progress,
        )


def run_config() -> RunConfig:
    """Return the run configuration that selects the integer models of every process."""
    from lava.magma.core.run_configs import Loihi2SimCfg

    return Loihi2SimCfg(select_tag=MODEL_TAG)


def run_multiprocessing(plan: Plan, messages: IntArray, strict: bool, record: bool) -> EngineResult:
    """Run a plan on Lava's own runtime; to be called in a guarded worker process."""
    from lava_spikyspace.assembly import assemble
    from lava_spikyspace.runtime.multiprocessing import run_lava

    started = time.perf_counter()
    graph = assemble(plan, messages, strict=strict, record=record)
    values = run_lava(graph.source, run_config(), graph.time_steps, graph.variables())
    return replace(graph.collect(values), timings_s={"run": time.perf_counter() - started})


def _run_inprocess(
    plan: Plan,
    messages: IntArray,
    strict: bool,
    record: bool,
    timeout_s: float | None,
    progress: Progress | None,
) -> EngineResult:
    """Run a plan with all process models in this OS process."""
    from lava_spikyspace.assembly import assemble
    from lava_spikyspace.runtime.inprocess import InProcessRuntime

    started = time.perf_counter()
    graph = assemble(plan, messages, strict=strict, record=record)
    with InProcessRuntime(graph.source, run_config()) as runtime:
        built = time.perf_counter()
        deadline = None if timeout_s is None else started + timeout_s
        _run_steps(runtime, graph.time_steps, deadline, progress)
        values = {name: runtime.get(var) for name, var in graph.variables().items()}
    return replace(
        graph.collect(values),
        timings_s={"build": built - started, "run": time.perf_counter() - built},
    )


def _run_steps(
    runtime: InProcessRuntime, steps: int, deadline: float | None, progress: Progress | None
) -> None:
    """Run all time steps in parts, with a look at the clock after each of them."""
    done, part = 0, 1
    while done < steps:
        began = time.perf_counter()
        done += runtime.run(min(part, steps - done))
        now = time.perf_counter()
        if progress is not None:
            progress(done, steps)
        if deadline is not None and now > deadline and done < steps:
            raise SimulationTimeoutError(
                f"the simulation was stopped after {done} of {steps} time steps: its time was up",
                hint="a longer --timeout, or fewer windows",
            )
        part = max(1, part // 2) if now - began > _LOOK_UP_S else part * 2
