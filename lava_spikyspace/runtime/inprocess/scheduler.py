"""Cooperative scheduling of the models' work within one phase of a time step.

All models run in one thread. Within a phase each model has one task (a call of its `run_spk`, say).
A worker greenlet takes the tasks in order and calls them directly, so a graph in which every
message is sent before it is wanted costs one function call per model and no switch. Where a model
wants a message that is not there yet (or room in a full channel), the worker is set aside with the
model inside it, and a fresh worker goes on with the next task. Once every task has been started,
workers whose channel end is ready again are resumed, until all tasks are finished. If tasks are
left and none can go on, nothing ever will: that is a deadlock, reported as `Stalled`.

Messages between deterministic models are a Kahn network, so the order of tasks has no influence on
any result (only a model that probes its ports can tell).

Requests of RefPorts are served as Lava serves them, by the process that owns the Var, after it has
done its own part of the phase: see `Service`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlet import getcurrent, greenlet

from lava_spikyspace.errors import UsageError

if TYPE_CHECKING:
    from lava_spikyspace.runtime.inprocess.channels import ChannelEnd
    from lava_spikyspace.runtime.inprocess.stopwatch import Stopwatch

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Task:
    """What one process has to do in a phase.

    Attributes
    ----------
    process : str
        Display name of the process.
    call : callable
        Does it; returns when the process is done with the phase.
    """

    process: str
    call: Callable[[], None]


@dataclass(frozen=True, eq=False)
class Service:
    """Answers requests on one VarPort, whenever there are some and its owner has time.

    Attributes
    ----------
    owner : Task
        The part of the phase that the owner of the Var does before it serves others.
    requests : ChannelEnd
        Receiving end on which requests arrive.
    task : Task
        Answers one request.
    """

    owner: Task
    requests: ChannelEnd
    task: Task


@dataclass(frozen=True, eq=False)
class Wait:
    """A process that cannot go on.

    Attributes
    ----------
    task : Task
        What it is in the middle of.
    end : ChannelEnd
        The channel end that it waits for.
    worker : greenlet
        Holds its stack.
    """

    task: Task
    end: ChannelEnd
    worker: greenlet


class Stalled(Exception):  # noqa: N818  (not an error by itself: the runtime explains it)
    """No task can go on.

    Parameters
    ----------
    waits : sequence of Wait
        All unfinished tasks that were started; every other task is finished.
    """

    def __init__(self, waits: Sequence[Wait]) -> None:
        super().__init__(f"{len(waits)} processes wait for each other")
        self.waits = tuple(waits)


class Scheduler:
    """Runs the tasks of one phase to their end, switching between them where they wait.

    Parameters
    ----------
    stopwatch : Stopwatch, optional
        Measures the calls of tasks; halted while a task waits.

    Attributes
    ----------
    running : Task or None
        The task that ran last; after an exception, the task that raised it.
    """

    def __init__(self, stopwatch: Stopwatch | None = None) -> None:
        self.running: Task | None = None
        self._stopwatch = stopwatch
        self._hub: greenlet | None = None
        self._remaining: Iterator[Task] = iter(())
        self._waits: list[Wait] = []
        self._finished: set[Task] = set()
        self._closed = False

    def run(self, tasks: Sequence[Task], services: Sequence[Service] = ()) -> None:
        """Run all tasks, and answer the requests that come up meanwhile.

        Parameters
        ----------
        tasks : sequence of Task
            In the order in which to start them.
        services : sequence of Service
            VarPorts whose requests are answered in this phase, most urgent first.

        Raises
        ------
        Stalled
            If tasks are left over and none can go on.
        Exception
            Whatever a task raises; `running` tells which. All other tasks are abandoned.
        """
        if self._hub is not None:
            raise UsageError("A process model asked the runtime that it runs in to run")
        self._hub = getcurrent()
        self._finished.clear()
        try:
            self._start(tasks)
            while self._resume_ready() or self._serve(services):
                pass
            if self._waits:
                raise Stalled(self._waits)
        finally:
            self._hub = None
            self._abandon_waiting()

    def wait(self, end: ChannelEnd) -> None:
        """Let other tasks run until `end` can go on; called by channel ends.

        Raises
        ------
        UsageError
            If called from outside of the graph, where nothing else can run meanwhile.
        """
        if self._closed:
            raise UsageError("The in-process runtime has been stopped")
        hub, worker = self._hub, getcurrent()
        if hub is None or worker.parent is not hub or self.running is None:
            raise UsageError(
                f"The channel from {end.channel.source} to {end.channel.target} "
                f"holds {len(end.channel.messages)} of {end.channel.capacity} messages: "
                "this call would wait for ever",
                hint="Run the runtime first, or choose a non-blocking channel configuration.",
            )
        wait = Wait(self.running, end, worker)
        self._waits.append(wait)
        if self._stopwatch is not None:
            self._stopwatch.stop(wait.task.process)
        hub.switch()
        self.running = wait.task
        if self._stopwatch is not None:
            self._stopwatch.start()

    def close(self) -> None:
        """Forget all tasks, and let no channel wait any more."""
        self._closed = True
        self.running = None
        self._finished.clear()

    def _start(self, tasks: Sequence[Task]) -> None:
        self._remaining = iter(tasks)
        while True:
            worker = greenlet(self._work)
            worker.switch()
            if worker.dead:
                return

    def _work(self) -> None:
        # The iterator is shared: the next worker goes on where this one is set aside.
        for task in self._remaining:
            self.running = task
            task.call()
            self._finished.add(task)

    def _resume_ready(self) -> bool:
        resumed = False
        # One that is resumed may make the next one ready, so each is asked when its turn comes.
        for wait in tuple(self._waits):
            if wait.end.probe():
                self._waits.remove(wait)
                wait.worker.switch()
                resumed = True
        return resumed

    def _serve(self, services: Sequence[Service]) -> bool:
        for service in services:
            if service.requests.probe() and service.owner in self._finished:
                self._start((service.task,))
                return True
        return False

    def _abandon_waiting(self) -> None:
        """End the workers that a failure has left over, running their `finally` blocks."""
        for _ in self._remaining:
            pass  # A worker whose model ignores its end must find nothing to go on with.
        while self._waits:
            wait = self._waits.pop()
            try:
                wait.worker.throw()
            except Exception:
                _logger.warning(
                    "%s raised while it was abandoned", wait.task.process, exc_info=True
                )
