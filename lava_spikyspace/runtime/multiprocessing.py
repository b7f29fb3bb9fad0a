"""Lava's own multiprocessing runtime, with an eye on its OS processes.

To be called in the worker of :func:`lava_spikyspace.runtime.guard.run_guarded`, which cleans up
after a failure: there is no orderly way to stop a Lava runtime one of whose processes has failed.

Cost, measured on two cores for a chain of 71 processes of 16 neurons (LIF and Dense in turn):
about 3 s to compile and start, 16 ms per time step (0.2 ms per process and step), and 4 ms more
for each pause in which progress is reported. Reading a Var costs about 1 ms and 0.02 to 0.1 ms
for each of its elements, since Lava sends them one by one through three processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from multiprocessing import Pipe, connection
from time import monotonic
from typing import Any

import numpy as np
from lava.magma.compiler.builders.py_builder import PyProcessBuilder
from lava.magma.compiler.executable import Executable
from lava.magma.core.process.message_interface_enum import ActorType
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import RunConfig
from lava.magma.runtime.mgmt_token_enums import MGMT_RESPONSE, enum_equal
from lava.magma.runtime.runtime import Runtime
from numpy.typing import NDArray

from lava_spikyspace.errors import SimulationError, UsageError
from lava_spikyspace.runtime.guard_progress import report_built, report_progress
from lava_spikyspace.runtime.multiprocessing_failure import RuntimeProcess, raise_failure

EXACT_INTEGERS_BELOW = 2**53
"""Lava sends every element of a Var as float64, which holds integers exactly up to here."""

_PAUSE_EVERY_S = 0.5
"""How often a run aims to pause and report progress."""

_BUILDING = "while it was built"
_SERVICE = "Lava's runtime service"


def run_lava(
    process: AbstractProcess,
    run_cfg: RunConfig,
    steps: int,
    read: Mapping[str, Var] | Sequence[Var],
    *,
    pauses: bool = True,
) -> dict[str, NDArray[Any]]:
    """Build a process graph on Lava's multiprocessing runtime, run it once, and read Vars.

    Parameters
    ----------
    process : AbstractProcess
        Any process of the graph, fresh: a graph that has run cannot run again.
    run_cfg : RunConfig
        Chooses the process models.
    steps : int
        Time steps to run, at least 1.
    read : mapping of str to Var, or sequence of Var
        What to read after the last time step. Reading is slow, see the module's notes: a graph
        should gather what it counts in few elements.

    pauses : bool
        Run in parts and report progress between them. A profiler of the chip takes one run only.

    Returns
    -------
    dict of str to numpy.ndarray
        One array per Var, under the mapping's keys or, for a sequence, under
        ``<process name>.<Var name>``. Vars that the process model declares with an integer
        type are int64, with a boolean type bool, any other float64.

    Raises
    ------
    SimulationError
        A process model raised or its OS process died (names the Lava process); or an integer
        Var holds a value of 2^53 or more, which Lava does not transmit exactly.
    UsageError
        `steps` is less than 1.
    """
    if steps < 1:
        raise UsageError(f"a simulation needs at least 1 time step, found {steps}")
    runtime = start_lava(process, run_cfg)
    report_progress(0, steps)
    if pauses:
        _run_with_pauses(runtime, steps)
    else:
        runtime.start(RunSteps(num_steps=steps))
    values = {name: _read(var) for name, var in _named(read).items()}
    runtime.stop()
    return values


class WatchedRuntime(Runtime):
    """Lava's runtime, which notices when one of its OS processes fails.

    The stock runtime waits for answers that a failed process will never give. This one waits for
    the answers and for the end of any of its processes, while building and while running.

    Parameters
    ----------
    executable : Executable
        Compiled process graph.

    Attributes
    ----------
    steps_done : int
        Time steps that are done; part of the message of a failure.
    os_processes : list of RuntimeProcess
        Its OS processes, with the names of the Lava processes they run.
    """

    def __init__(self, executable: Executable) -> None:
        super().__init__(executable, ActorType.MultiProcessing)
        self.steps_done = 0
        self.os_processes: list[RuntimeProcess] = []
        self._answered, self._notify = Pipe(duplex=False)
        self._is_waiting = False

    def _start_ports(self) -> None:
        """Start the ports, then wait until every model is built.

        Lava's `initialize` calls this before its own check of the builders, which would block
        for ever where a process died without a word; it finds nothing left to check.
        """
        super()._start_ports()
        for port in self.service_to_runtime:
            port.observer = self._on_answer
        self.os_processes = self._name_os_processes()
        queues: list[Any] = self.exception_q
        waiting = {queue._reader: queue for queue in queues}
        while waiting:
            for reader in self._wait_for(list(waiting), _BUILDING):
                if not _is_built(waiting.pop(reader)):
                    raise_failure(self.os_processes, _BUILDING)
        queues.clear()

    def _get_resp_for_run(self) -> None:
        """Wait until every runtime service says that the time steps are done."""
        when = f"in time steps {self.steps_done + 1} to {self.steps_done + self.num_steps}"
        self._is_waiting = True
        while not all(port.probe() for port in self.service_to_runtime):
            self._wait_for([self._answered], when)
            self._answered.recv_bytes()
        self._is_waiting = False
        for answer in [port.recv() for port in self.service_to_runtime]:
            if enum_equal(answer, MGMT_RESPONSE.ERROR):
                raise_failure(self.os_processes, when)
            if not enum_equal(answer, MGMT_RESPONSE.DONE):
                raise SimulationError(f"a process asked Lava's runtime to pause or stop {when}")
        self._is_running = False
        self.steps_done += self.num_steps

    def _on_answer(self) -> None:
        if self._is_waiting:  # else nobody would empty the pipe
            self._notify.send_bytes(b"answer")

    def _wait_for(self, handles: list[Any], when: str) -> list[Any]:
        """Wait until one of the handles is ready; raise where a process ends meanwhile."""
        watched = [handle for process in self.os_processes for handle in process.handles]
        ready = connection.wait([*handles, *watched])
        if any(handle in watched for handle in ready):
            raise_failure(self.os_processes, when)
        return ready

    def _name_os_processes(self) -> list[RuntimeProcess]:
        builders = self._executable.proc_builders.items()
        names = [
            process.name for process, builder in builders if isinstance(builder, PyProcessBuilder)
        ]
        actors = self._messaging_infrastructure.actors  # in the same order, services at the end
        names += [_SERVICE] * (len(actors) - len(names))
        return [RuntimeProcess(actor, name) for actor, name in zip(actors, names, strict=True)]


def _is_built(builder_queue: Any) -> bool:  # noqa: ANN401 - a multiprocessing.Queue of any content
    try:
        return builder_queue.get() is None
    except Exception:  # noqa: BLE001 - unpickling runs code of the exception's class
        return False


def start_lava(process: AbstractProcess, run_cfg: RunConfig) -> WatchedRuntime:
    """Compile a graph and start Lava's runtime for it, in a guarded worker process.

    Parameters
    ----------
    process : AbstractProcess
        Any process of the graph.
    run_cfg : RunConfig
        Chooses the process models.

    Returns
    -------
    WatchedRuntime
        Built, at time step 0; `run_lava` shows how it is used.
    """
    executable = process.compile(run_cfg)
    runtime = WatchedRuntime(executable)
    executable.assign_runtime_to_all_processes(runtime)
    runtime.initialize()
    report_built({one.actor.pid: one.name for one in runtime.os_processes})
    return runtime


def _run_with_pauses(runtime: WatchedRuntime, steps: int) -> None:
    """Run in parts that take about half a second, and report after each of them."""
    part = 1
    while runtime.steps_done < steps:
        part = min(part, steps - runtime.steps_done)
        started = monotonic()
        runtime.start(RunSteps(num_steps=part))
        report_progress(runtime.steps_done, steps)
        elapsed = monotonic() - started
        if elapsed < _PAUSE_EVERY_S / 2:
            part *= 2
        elif elapsed > _PAUSE_EVERY_S * 2:
            part = max(1, part // 2)


def _named(read: Mapping[str, Var] | Sequence[Var]) -> Mapping[str, Var]:
    if isinstance(read, Mapping):
        return read
    return {f"{var.process.name}.{var.name}": var for var in read}


def _read(var: Var) -> NDArray[Any]:
    values = np.asarray(var.get(), dtype=np.float64)
    while var.aliased_var is not None:
        var = var.aliased_var
    kind = np.dtype(getattr(var.process.model_class, var.name).d_type).kind
    if kind == "b":
        return values.astype(np.bool_)
    if kind not in "iu":
        return values
    if np.any(np.abs(values) >= EXACT_INTEGERS_BELOW):
        raise SimulationError(
            f"Var {var.name!r} of process {var.process.name!r} holds a value of 2^53 or more, "
            "which Lava's multiprocessing runtime does not transmit exactly",
            process=var.process.name,
        )
    return values.astype(np.int64)
