"""Run a Lava process graph on a CPU, on either of two runtimes, and collect what it computed.

``inprocess`` steps all process models in this OS process; ``multiprocessing`` is Lava's own runtime
with one OS process per Lava process, in a worker process that is watched. The models are the same,
and so is every bit of the result.

Lava is imported when a simulation starts, not with this module.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from lava_spikyspace.backends.base import Progress
from lava_spikyspace.errors import SimulationTimeoutError, UsageError
from lava_spikyspace.lava_import import prepare_lava_import
from lava_spikyspace.network import IntArray
from lava_spikyspace.runtime.time_limit import TimeIsUp, time_limit

if TYPE_CHECKING:
    from lava.magma.core.process.process import AbstractProcess
    from lava.magma.core.process.variable import Var
    from lava.magma.core.run_configs import RunConfig

    from lava_spikyspace.runtime.guard_signals import Interrupts
    from lava_spikyspace.runtime.inprocess import InProcessRuntime

Runtime = Literal["inprocess", "multiprocessing"]

RUNTIMES: tuple[Runtime, ...] = ("inprocess", "multiprocessing")
"""Lava runtimes that a simulation can use."""

MODEL_TAG = "fixed_pt"
"""Tag of the process models that compute in integers."""

_LOOK_UP_S = 0.2
"""How long an in-process run goes on before it looks at the clock and reports its progress."""

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Graph(Protocol[R_co]):
    """Connected Lava processes, ready to be compiled."""

    @property
    def source(self) -> AbstractProcess:
        """A process of the graph; compiling it compiles all."""
        ...

    @property
    def time_steps(self) -> int:
        """Time steps of the whole run."""
        ...

    def variables(self) -> Mapping[str, Var]:
        """Return the Vars that `collect` needs, by a name."""
        ...

    def collect(self, values: Mapping[str, IntArray]) -> R_co:
        """Return the result of a run from the values of `variables` after the last time step."""
        ...


@dataclass(frozen=True, eq=False)
class Simulated(Generic[R]):
    """What a simulation gives.

    Parameters
    ----------
    result : object
        What the graph has collected.
    timings_s : mapping of str to float
        Seconds by stage.
    process_seconds : mapping of str to float, optional
        Wall time that the model of each process took, by its name; None where it was not
        measured: on Lava's own runtime.
    """

    result: R
    timings_s: Mapping[str, float]
    process_seconds: Mapping[str, float] | None = None


def simulate(
    build: Callable[..., Graph[R]],
    arguments: tuple[object, ...],
    *,
    runtime: Runtime,
    timeout_s: float | None,
    progress: Progress | None,
) -> Simulated[R]:
    """Build a graph, run all its time steps and collect the result.

    Parameters
    ----------
    build : callable
        Makes the graph of `arguments`. For ``multiprocessing`` a module-level function, and the
        arguments picklable: it is called in the worker process.
    arguments : tuple
        What `build` is called with.
    runtime : {"inprocess", "multiprocessing"}
        Lava runtime.
    timeout_s : float or None
        Limit in seconds for everything; None for no limit.
    progress : callable, optional
        Called now and then with (time steps done, all of them).

    Returns
    -------
    Simulated
        What the graph collects, and how long it took.

    Raises
    ------
    SimulationError
        A process model raised; names the process. `StrictRangeError` in strict mode.
    SimulationTimeoutError
        The limit passed.
    UsageError
        There is no runtime of that name.
    """
    prepare_lava_import()
    if runtime not in RUNTIMES:
        raise UsageError(f"runtime is {runtime!r}, expected one of {', '.join(RUNTIMES)}")
    if runtime == "inprocess":
        return _run_inprocess(build, arguments, timeout_s, progress)
    from lava_spikyspace.runtime.guard import run_guarded

    return run_guarded(
        _run_multiprocessing, build, arguments, timeout_s=timeout_s, on_progress=progress
    )


def run_config() -> RunConfig:
    """Return the run configuration that selects the integer models of every process."""
    from lava.magma.core.run_configs import Loihi2SimCfg

    return Loihi2SimCfg(select_tag=MODEL_TAG)


def _run_multiprocessing(
    build: Callable[..., Graph[R]], arguments: tuple[Any, ...]
) -> Simulated[R]:
    """Run a graph on Lava's own runtime; to be called in a guarded worker process."""
    from lava_spikyspace.runtime.multiprocessing import run_lava

    started = time.perf_counter()
    graph = build(*arguments)
    values = run_lava(graph.source, run_config(), graph.time_steps, graph.variables())
    return Simulated(graph.collect(values), {"run": time.perf_counter() - started})


def _run_inprocess(
    build: Callable[..., Graph[R]],
    arguments: tuple[Any, ...],
    timeout_s: float | None,
    progress: Progress | None,
) -> Simulated[R]:
    """Run a graph with all process models in this OS process."""
    from lava_spikyspace.runtime.guard_signals import (
        remembered_interrupts,
        termination_as_interrupt,
    )

    with termination_as_interrupt(), remembered_interrupts() as interrupts:
        run = _InProcessRun(timeout_s, progress, interrupts)
        graph = build(*arguments)
        try:
            return run.result(graph)
        except TimeIsUp:
            raise run.timeout() from None


class _InProcessRun:
    """One run on the in-process runtime, and how far it is."""

    def __init__(
        self, timeout_s: float | None, progress: Progress | None, interrupts: Interrupts
    ) -> None:
        self._started = time.perf_counter()
        self._timeout_s = timeout_s
        self._progress = progress
        self._interrupts = interrupts
        self._has_built = False
        self._computing: str | None = None
        self._done = self._steps = 0

    def result(self, graph: Graph[R]) -> Simulated[R]:
        """Run all time steps of a graph and collect what it computed."""
        from lava_spikyspace.runtime.inprocess import InProcessRuntime

        self._steps = graph.time_steps
        with InProcessRuntime(graph.source, run_config(), time_processes=True) as runtime:
            built = time.perf_counter()
            self._look_at_the_clock()
            self._has_built = True
            # Only process models are interrupted: in the middle of an import it would do harm.
            try:
                with time_limit(self._remaining()):
                    self._run_steps(runtime)
            except TimeIsUp:
                if runtime.time_step > self._done:
                    self._computing = runtime.running_process
                raise
            values = {name: runtime.get(var) for name, var in graph.variables().items()}
        timings = {"build": built - self._started, "run": time.perf_counter() - built}
        return Simulated(graph.collect(values), timings, runtime.process_seconds())

    def timeout(self) -> SimulationTimeoutError:
        """Return the error that tells how far the run came in its time."""
        message = "the simulation was stopped while it was built: its time was up"
        if self._has_built:
            message = (
                f"the simulation was stopped after {self._done} of {self._steps} time steps: its "
                "time was up"
            )
        if self._computing is not None:
            message += f"; process {self._computing!r} was computing"
        return SimulationTimeoutError(message, hint="a longer --timeout, or fewer windows")

    def _remaining(self) -> float | None:
        if self._timeout_s is None:
            return None
        return self._started + self._timeout_s - time.perf_counter()

    def _look_at_the_clock(self) -> None:
        remaining = self._remaining()
        if remaining is not None and remaining < 0:
            raise TimeIsUp

    def _run_steps(self, runtime: InProcessRuntime) -> None:
        """Run all time steps in parts, with a look at the world outside after each of them."""
        part = 1
        while self._done < self._steps:
            began = time.perf_counter()
            self._done += runtime.run(min(part, self._steps - self._done))
            self._interrupts.check()
            if self._progress is not None:
                self._progress(self._done, self._steps)
            if self._done < self._steps:
                self._look_at_the_clock()
            elapsed = time.perf_counter() - began
            part = max(1, part // 2) if elapsed > _LOOK_UP_S else part * 2
