"""The in-process runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lava_spikyspace.errors import UsageError
from lava_spikyspace.runtime.inprocess.building import build_graph
from lava_spikyspace.runtime.inprocess.compiling import compile_graph
from lava_spikyspace.runtime.inprocess.dense import restore_dense
from lava_spikyspace.runtime.inprocess.diagnostics import deadlock, model_error
from lava_spikyspace.runtime.inprocess.facade import LavaRuntimeFacade
from lava_spikyspace.runtime.inprocess.naming import display_name, plain_name
from lava_spikyspace.runtime.inprocess.phases import LoihiProtocolDriver, Participant
from lava_spikyspace.runtime.inprocess.scheduler import Scheduler, Stalled
from lava_spikyspace.runtime.inprocess.stopwatch import Stopwatch
from lava_spikyspace.runtime.inprocess.variables import live_vars, without_alias

if TYPE_CHECKING:
    from types import TracebackType

    from lava.magma.core.model.py.model import PyLoihiProcessModel
    from lava.magma.core.process.process import AbstractProcess
    from lava.magma.core.process.variable import Var
    from lava.magma.core.run_configs import RunConfig
    from typing_extensions import Self

    from lava_spikyspace.runtime.inprocess.variables import LiveVar, Value

_RUNNING = "it is running"


class InProcessRuntime:
    """Runs a Lava process graph inside the calling OS process.

    Parameters
    ----------
    process : AbstractProcess
        Any process of the graph; all processes connected to it are compiled and run.
    run_cfg : RunConfig
        Chooses the models, for example ``Loihi2SimCfg(select_tag="fixed_pt")``.
    compile_config : dict, optional
        Passed on to Lava's compiler.
    time_processes : bool
        Measure how long each process computes, see `process_seconds`; costs well under 1
        microsecond per process and time step.

    Raises
    ------
    UsageError
        If the graph has been compiled before.
    BackendUnavailableError
        If the graph holds something that this runtime cannot run; names it.
    SimulationError
        If a model cannot be built; names its process.

    Examples
    --------
    >>> with InProcessRuntime(neurons, Loihi2SimCfg(select_tag="fixed_pt")) as rt:
    ...     rt.run(100)
    ...     voltage = rt.get(neurons.v)
    """

    def __init__(
        self,
        process: AbstractProcess,
        run_cfg: RunConfig,
        *,
        compile_config: dict[str, Any] | None = None,
        time_processes: bool = False,
    ) -> None:
        executable = compile_graph(process, run_cfg, compile_config)
        self._stopwatch = Stopwatch() if time_processes else None
        self._scheduler = Scheduler(self._stopwatch)
        graph = build_graph(executable, self._scheduler)
        self._models = graph.models
        self._channels = graph.channels
        self._vars = live_vars(graph.models)
        self._settle = [m.settle_vars for m in graph.models.values() if hasattr(m, "settle_vars")]
        self._driver = LoihiProtocolDriver(
            [Participant(display_name(p), model) for p, model in graph.models.items()],
            self._scheduler,
            self._stopwatch,
        )
        self._unusable_because: str | None = None
        self._stopped = False
        facade = LavaRuntimeFacade(self)
        executable.assign_runtime_to_all_processes(facade)
        process.runtime = facade

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def time_step(self) -> int:
        """Number of time steps begun so far."""
        return self._driver.time_step

    @property
    def running_process(self) -> str | None:
        """Name of the process whose model has run last, None before the first step.

        While a model runs, or after it was interrupted, it is its own.
        """
        task = self._scheduler.running
        return None if task is None else plain_name(task.process)

    @property
    def processes(self) -> tuple[AbstractProcess, ...]:
        """The processes that have a model, in the order in which they run."""
        return tuple(self._models)

    def run(self, steps: int) -> int:
        """Run `steps` time steps, going on where the last run has ended.

        Parameters
        ----------
        steps : int
            How many, at least 0.

        Returns
        -------
        int
            How many were run: fewer if a model has asked to pause or to stop.

        Raises
        ------
        SimulationError
            If a model raises; its exception is the cause. Vars can still be read, but the graph
            cannot run on.
        DeadlockError
            If processes wait for messages that nobody will send.
        UsageError
            If the runtime has been stopped, has failed before, or a model has asked to stop.
        """
        if steps < 0:
            raise UsageError(f"The number of time steps must be at least 0, found {steps}")
        self._refuse_if_stopped()
        if self._unusable_because is not None:
            raise UsageError(f"This graph cannot run on: {self._unusable_because}")
        self._unusable_because = _RUNNING
        try:
            done = self._drive(steps)
        except BaseException:
            self._unusable_because = "its last run was broken off"
            raise
        finally:
            for settle in self._settle:
                settle()
        self._unusable_because = (
            "a model has asked to stop" if self._driver.stop_requested else None
        )
        return done

    def _drive(self, steps: int) -> int:
        driver = self._driver
        try:
            return driver.run(steps)
        except Stalled as stall:
            raise deadlock(stall.waits, driver.phase, driver.time_step) from None
        except Exception as error:
            failed = self._scheduler.running
            name = failed.process if failed is not None else "?"
            wrapped = model_error(error, name, driver.phase, driver.time_step)
            if wrapped is error:
                raise
            raise wrapped from error

    def get(self, var: Var) -> Value:
        """Return the present value of a Var.

        Parameters
        ----------
        var : Var
            Of a process of the graph; an alias in a hierarchical process will do.

        Returns
        -------
        ndarray, csr_matrix or str
            A copy, in the dtype in which the model keeps it (`Var.get` gives float64 instead); a
            scalar fills the shape of the Var.
        """
        return self.live_var(without_alias(var).id).get()

    def set(self, var: Var, value: Value) -> None:
        """Give a Var a new value, before, between or after runs.

        Parameters
        ----------
        var : Var
            Of a process of the graph; an alias in a hierarchical process will do.
        value : array_like, spmatrix or str
            As many elements as the Var has, in C order. What an integer Var cannot hold exactly is
            refused.

        Raises
        ------
        UsageError
            If the value does not fit.
        """
        self.live_var(without_alias(var).id).set(value)

    def process_seconds(self) -> dict[str, float]:
        """Return the wall time that the model of each process has taken, by name of the process.

        Waiting for messages does not count, nor does what the runtime does between models. The
        time of processes of the same name is added up. Empty without `time_processes`; stays
        readable after the end.
        """
        seconds: dict[str, float] = {}
        if self._stopwatch is not None:
            for process, spent in self._stopwatch.seconds.items():
                name = plain_name(process)
                seconds[name] = seconds.get(name, 0.0) + spent
        return seconds

    def model(self, process: AbstractProcess) -> PyLoihiProcessModel:
        """Return the live model of a process: nothing is copied, so handle it with care.

        From then on it runs its own code only, without the shortcuts of this runtime.

        Parameters
        ----------
        process : AbstractProcess
            A process of the graph that has a model of its own.

        Returns
        -------
        PyLoihiProcessModel
            Its attributes are the Vars and ports.
        """
        self._refuse_if_stopped()
        try:
            model = self._models[process]
        except KeyError:
            parts = [sub.name for sub in process.procs.members]
            detail = f"is made of {', '.join(parts)}" if parts else "is not part of this graph"
            raise UsageError(f"{display_name(process)} has no model: it {detail}") from None
        restore_dense(model)
        return model

    def live_var(self, var_id: int) -> LiveVar:
        """Return where the Var with the given id lives.

        Raises
        ------
        UsageError
            If no process of the graph has such a Var, or the runtime has been stopped.
        """
        self._refuse_if_stopped()
        try:
            return self._vars[var_id]
        except KeyError:
            raise UsageError(f"No process of this graph has a Var with id {var_id}") from None

    def stop(self) -> None:
        """Let go of all models and messages; calling it again does nothing.

        Raises
        ------
        UsageError
            If it is called during a run, by one of the models or by another thread.
        """
        if self._unusable_because is _RUNNING:
            raise UsageError(
                "The in-process runtime cannot be stopped while it is running",
                hint="A model that wants to end the run sets its `_req_stop`.",
            )
        self._stopped = True
        for channel in self._channels:
            channel.close()
        self._models = {}
        self._channels = ()
        self._vars = {}
        self._settle = []
        self._driver.release()
        self._scheduler.close()

    def _refuse_if_stopped(self) -> None:
        if self._stopped:
            raise UsageError(
                "The in-process runtime has been stopped",
                hint="Read Vars and models before the end of its `with` block.",
            )
