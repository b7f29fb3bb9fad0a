"""The chip: the Lava process graph of a plan on a Loihi 2 system.

The graph is that of the simulator. Lava's `Loihi2HwCfg` runs it with the process models that
`backends.model_choice` finds; where a link crosses between host and cores, an adapter of Intel's
extension stands in it. Processes on neurocores count nothing themselves: their counts come from the
integer engine on the same windows, whose forecasts have to be those of the chip, and the chip's own
counts are kept per core beside them.

No chip was at hand when this was written. The choice of models, adapters, hosts and profilers are
tested with a stand-in for the extension.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lava_spikyspace.availability import backend_availability
from lava_spikyspace.backends.base import EngineResult, Progress, is_strict
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.deployment import Deployed, expected_deployment
from lava_spikyspace.backends.loihi_host import ANY_HOST, LoihiHost
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import Plan


@dataclass(frozen=True)
class Readiness:
    """Where the processes of a model would run, and whether they can run at all.

    Parameters
    ----------
    reason : str or None
        What the backend lacks here; None where it can run.
    hint : str or None
        How to get it.
    deployment : tuple of Deployed
        One row per process, adapters at the end.
    """

    reason: str | None
    hint: str | None
    deployment: tuple[Deployed, ...]


def loihi2_readiness(plan: Plan) -> Readiness:
    """Return where the processes of a plan would run, and what is missing.

    Parameters
    ----------
    plan : Plan
        Processes and links.
    """
    (entry,) = (entry for entry in backend_availability() if entry.name == "loihi2")
    if not entry.available:
        return Readiness(entry.reason, entry.hint, expected_deployment(plan))
    from lava_spikyspace.backends import vendor

    if not vendor.HAS_LAVA_LOIHI:
        reason = f"Intel's extension of Lava cannot be imported: {vendor.PROBLEM}"
        return Readiness(reason, "`lss doctor` tries all imports", expected_deployment(plan))
    from lava_spikyspace.assembly import build_processes
    from lava_spikyspace.backends.model_choice import choose_models, deployment

    window = np.zeros((1, plan.network.window, plan.network.channels), dtype=np.int64)
    chosen = choose_models(plan, build_processes(plan, window))
    return Readiness(None, None, deployment(plan, chosen))


@dataclass(frozen=True)
class Loihi2Backend:
    """Lava process graph on a Loihi 2 system.

    Parameters
    ----------
    host : LoihiHost
        How the chip is reached.
    timeout_s : float, optional
        Limit in seconds for the whole run; None for no limit.
    """

    host: LoihiHost = ANY_HOST
    timeout_s: float | None = None
    name = "loihi2"

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

        In strict mode and for records, only processes on the host are looked at.

        Raises
        ------
        BackendUnavailableError
            The extension or the chip is not there.
        SimulationError
            A process model raised; names the process.
        SimulationTimeoutError
            The limit passed.
        UsageError
            There is no window to run.
        """
        if len(messages) == 0:
            raise UsageError("a run on the chip needs at least one window, found none")
        readiness = loihi2_readiness(plan)
        if readiness.reason is not None:
            raise BackendUnavailableError(
                f"backend loihi2 is not available: {readiness.reason}", hint=readiness.hint
            )
        from lava_spikyspace.runtime.guard import run_guarded

        result = run_guarded(
            _run_on_chip,
            plan,
            messages,
            is_strict(strict),
            record,
            self.host,
            timeout_s=self.timeout_s,
            on_progress=progress,
        )
        return _completed(plan, messages, result)


def _run_on_chip(
    plan: Plan, messages: IntArray, strict: bool, record: bool, host: LoihiHost
) -> EngineResult:
    """Run a plan; to be called in a guarded worker process."""
    from lava.magma.core.run_configs import Loihi2HwCfg

    from lava_spikyspace.assembly import build_processes, connect_processes
    from lava_spikyspace.backends.adapters import Adapters
    from lava_spikyspace.backends.loihi_probes import Probes
    from lava_spikyspace.backends.model_choice import choose_models, deployment
    from lava_spikyspace.runtime.multiprocessing import run_lava

    started = time.perf_counter()
    host.connect()
    processes = build_processes(plan, messages, strict=strict, record=record)
    chosen = choose_models(plan, processes)
    adapters = Adapters(plan, chosen.on_cores)
    graph = connect_processes(plan, processes, len(messages), adapters.connect)
    # Without a process on the chip there is nothing that a profiler could be attached to.
    probes = Probes(graph.time_steps) if chosen.on_cores else None
    config = Loihi2HwCfg(
        exception_proc_model_map={
            processes[name]: choice.model for name, choice in chosen.choices.items()
        },
        callback_fxs=[] if probes is None else probes.callbacks,
    )
    readable = {
        name: var
        for name, var in graph.variables().items()
        if hasattr(chosen.choices[var.process.name].model, var.name)
    }
    built = time.perf_counter()
    # The profilers are made for one run, so it is not interrupted to report progress.
    values = run_lava(graph.source, config, graph.time_steps, readable, pauses=False)
    return replace(
        graph.collect(values),
        timings_s={"build": built - started, "run": time.perf_counter() - built},
        deployment=deployment(plan, chosen),
        measurement=None if probes is None else probes.measurement(),
    )


def _completed(plan: Plan, messages: IntArray, result: EngineResult) -> EngineResult:
    """Return a result with the counts of processes on cores, and what the user should know."""
    on_cores = [row.process for row in result.deployment if row.runs == "neurocore"]
    if not on_cores:
        return replace(result, diagnostics=tuple(_nothing_on_cores(result.deployment)))
    reference = BatchBackend().run(plan, messages)
    activities = {**reference.activities, **result.activities}
    return replace(
        result,
        activities={row: activities[row] for row in reference.activities},
        diagnostics=tuple(_compared(on_cores, result, reference)),
    )


def _nothing_on_cores(rows: tuple[Deployed, ...]) -> Iterator[Diagnostic]:
    missing = sorted({row.missing for row in rows if row.missing})
    yield Diagnostic(
        "nothing-on-cores",
        "warning",
        "every process ran on the host: Intel's extension is there, models for the cores are not",
        hint=f"missing: {', '.join(missing)}" if missing else None,
    )


def _compared(
    on_cores: list[str], result: EngineResult, reference: EngineResult
) -> Iterator[Diagnostic]:
    uncounted = [row for row in reference.activities if row not in result.activities]
    yield Diagnostic(
        "counted-by-batch",
        "info",
        f"{len(on_cores)} processes ran on neurocores, which count per core only; the counts of "
        f"{len(uncounted)} rows are those of the integer engine on the same windows",
    )
    differing = int(np.count_nonzero(result.forecasts != reference.forecasts))
    if differing:
        yield Diagnostic(
            "chip-differs",
            "warning",
            f"{differing} of {reference.forecasts.size} forecast values are not those of the "
            "integer engine",
            hint="`lss verify --backend loihi2` replays the golden windows",
        )
