"""Run a simulation where it can do no harm: in a worker process, watched from outside.

Lava's multiprocessing runtime can hang (a process model raises while others wait for it), hides
tracebacks, leaks shared memory when it is not stopped in order, and crashes when a stopped object
runs again. So each run gets a fresh interpreter, and its guard sees to it that the run ends,
that a failure has a name, and that no process and no shared memory remains.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import NoReturn, TypeVar

import psutil

from lava_spikyspace.errors import (
    InternalError,
    SimulationError,
    SimulationTimeoutError,
)
from lava_spikyspace.runtime.guard_exit import describe_exit, hint_for_exit
from lava_spikyspace.runtime.guard_launch import Closed, Event, Output, Unreadable, Worker
from lava_spikyspace.runtime.guard_messages import Built, Failure, Progress, Result
from lava_spikyspace.runtime.guard_signals import termination_as_interrupt

T = TypeVar("T")

ProgressCallback = Callable[[int, int], None]
"""Called with the time steps done and the time steps in all."""

OutputCallback = Callable[[str], None]
"""Called with each line that the worker printed."""

_LOOK_UP_S = 0.25
"""How often the limit is looked at while the worker says nothing."""

_LOOKS_AT_PROCESSES = 5
_BETWEEN_LOOKS_S = 0.05

_KEPT_LINES = 40
"""Lines of the worker's output that are kept for an error."""


class WorkerTraceback(Exception):  # noqa: N818 - a carrier of text, never raised by itself
    """Traceback text of an exception in the worker, shown as the cause of the one raised here."""

    def __str__(self) -> str:
        return "\n" + "".join(self.args)


def run_guarded(
    job: Callable[..., T],
    *args: object,
    timeout_s: float | None,
    on_progress: ProgressCallback | None = None,
    on_output: OutputCallback | None = None,
) -> T:
    """Call a function in a fresh worker process and return its result.

    Nothing that the worker prints reaches this process's standard output. Whatever happens, on
    return no process of the worker remains, and no shared memory or temporary file of it; if
    this process is killed, the worker ends itself within about a second.

    Parameters
    ----------
    job : callable
        Module-level function, importable in a fresh interpreter with this process's
        ``sys.path``. It may report through :mod:`lava_spikyspace.runtime.guard_progress`.
    *args : object
        Its arguments; picklable. Arrays travel without being copied into the pickle.
    timeout_s : float or None
        Limit in seconds for everything from here to the result; None for no limit.
    on_progress : callable, optional
        Called with (time steps done, time steps in all); in the calling thread.
    on_output : callable, optional
        Called with each line (its end included) that the worker or a child of it printed; in
        the calling thread.

    Returns
    -------
    object
        What the job returned.

    Raises
    ------
    SimulationError
        A process model raised, or the worker died.
    SimulationTimeoutError
        The limit passed.
    UsageError
        The job or its arguments cannot be sent to a worker.
    InternalError
        The job raised an exception that is none of ours; its traceback is the cause.
    SpikySpaceError
        Any other exception of ours that the job raised.
    KeyboardInterrupt
        SIGINT or SIGTERM arrived; the run was ended first.
    """
    with termination_as_interrupt(), Worker(job, args) as worker:
        watch = _Watch(worker, timeout_s, on_progress, on_output)
        return watch.result()  # type: ignore[return-value]


class _Watch:
    """Follows the events of one worker until its job has an outcome."""

    def __init__(
        self,
        worker: Worker,
        timeout_s: float | None,
        on_progress: ProgressCallback | None,
        on_output: OutputCallback | None,
    ) -> None:
        self._worker = worker
        self._timeout_s = timeout_s
        self._deadline = None if timeout_s is None else monotonic() + timeout_s
        self._on_progress = on_progress
        self._on_output = on_output
        self._processes: Mapping[int, str] = {}
        self._progress: Progress | None = None
        self._output: deque[str] = deque(maxlen=_KEPT_LINES)

    def result(self) -> object:
        """Wait for the result; raise what stands for any other outcome."""
        while True:
            event = self._next_event()
            match event:
                case Result(value):
                    self._end_worker()
                    return value
                case Built(processes):
                    self._processes = processes
                case Progress(step, steps):
                    self._progress = event
                    if self._on_progress is not None:
                        self._on_progress(step, steps)
                case Output(line):
                    self._keep(line)
                case Failure():
                    self._raise_failure(event)
                case Unreadable(error):
                    raise InternalError(f"the worker sent what cannot be read: {error}") from error
                case Closed():
                    self._raise_death()

    def _next_event(self) -> Event:
        while True:
            remaining = _LOOK_UP_S if self._deadline is None else self._deadline - monotonic()
            if remaining <= 0:
                self._raise_timeout()
            try:
                return self._worker.events.get(timeout=min(remaining, _LOOK_UP_S))
            except queue.Empty:
                continue

    def _raise_failure(self, failure: Failure) -> NoReturn:
        cause = WorkerTraceback(failure.traceback)
        error = failure.error
        if isinstance(error, SimulationError) and error.traceback is None:
            self._end_worker()
            error.traceback = self._last_output()
        if error is not None:
            raise error from cause
        raise InternalError(f"the job of a worker process raised {failure.summary}") from cause

    def _raise_timeout(self) -> NoReturn:
        message = (
            f"the simulation did not end within {self._timeout_s:g} s; until then it had "
            f"{self._how_far()}"
        )
        busy = self._busy_processes()
        if len(busy) == 1:
            message += f"; process {busy[0]!r} was still computing while the others waited"
        raise SimulationTimeoutError(
            message, hint="Allow more time (--timeout), or run fewer windows."
        )

    def _raise_death(self) -> NoReturn:
        status = self._end_worker()
        raise SimulationError(
            f"the worker of the simulation {describe_exit(status)} before it had a result; "
            f"it had {self._how_far()}",
            traceback=self._last_output(),
            hint=hint_for_exit(status),
        )

    def _end_worker(self) -> int | None:
        """End the worker, take the rest of its output, and return its exit status."""
        status = self._worker.end()
        while not self._worker.events.empty():
            if isinstance(event := self._worker.events.get(), Output):
                self._keep(event.text)
        return status

    def _last_output(self) -> str | None:
        return "".join(self._output) or None

    def _keep(self, line: str) -> None:
        self._output.append(line)
        if self._on_output is not None:
            self._on_output(line)

    def _how_far(self) -> str:
        if self._progress is None:
            return "not built all processes"
        return f"done {self._progress.step} of {self._progress.steps} time steps"

    def _busy_processes(self) -> list[str]:
        """Name the Lava processes that compute whenever one looks."""
        busy = set(self._processes)
        for _ in range(_LOOKS_AT_PROCESSES):
            busy = {pid for pid in busy if _is_computing(pid)}
            sleep(_BETWEEN_LOOKS_S)
        return [self._processes[pid] for pid in sorted(busy)]


def _is_computing(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_RUNNING)
    except psutil.Error:
        return False
