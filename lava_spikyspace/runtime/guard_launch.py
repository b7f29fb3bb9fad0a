"""The guard's side of a worker process: start it, hear it, end it."""

from __future__ import annotations

import io
import os
import pickle
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from lava_spikyspace.errors import UsageError
from lava_spikyspace.runtime.guard_messages import Message, Request, receive, send
from lava_spikyspace.runtime.guard_processes import RUN_VARIABLE, end_processes_of
from lava_spikyspace.runtime.guard_signals import deferred_interrupts
from lava_spikyspace.runtime.shared_memory import remove_objects_with

_START_WORKER = """
import pickle, sys
request = open(sys.argv.pop(1), "rb")
sys.path[:] = pickle.load(request)
from lava_spikyspace.runtime.guard_worker import main
main(request)
"""

_LEAVE_WITHIN_S = 5.0
"""How long a worker may take to end its children before the guard does it."""

_LISTEN_S = 1.0
"""How long to wait for the end of the streams of processes that have ended."""


@dataclass(frozen=True)
class Output:
    """A line that the worker, or a child of it, printed."""

    text: str


@dataclass(frozen=True)
class Unreadable:
    """A message that cannot be read back in this process."""

    error: Exception


@dataclass(frozen=True)
class Closed:
    """The worker will send no more messages."""


Event = Message | Output | Unreadable | Closed


class Worker:
    """A fresh interpreter that does one job in a session of its own.

    Leaving the context ends the worker with every process it started, and removes their shared
    memory and temporary files, however the job stands.

    Parameters
    ----------
    job : callable
        Module-level function.
    arguments : tuple
        Its arguments; picklable.

    Attributes
    ----------
    events : queue.SimpleQueue
        What the worker says and prints, in order of arrival, ending with :class:`Closed`.

    Raises
    ------
    UsageError
        The job or its arguments cannot be pickled, or the job is defined in the main script,
        which the worker does not run.
    """

    def __init__(self, job: Callable[..., object], arguments: tuple[object, ...]) -> None:
        if getattr(job, "__module__", None) == "__main__":
            raise UsageError(
                f"{job!r} is defined in the main script; a job must be importable from a module"
            )
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._job = job
        self._arguments = arguments
        self._token = f"lss-{secrets.token_hex(8)}-"
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._listeners: list[threading.Thread] = []

    def __enter__(self) -> Worker:
        try:
            with deferred_interrupts():
                self._start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with deferred_interrupts():
            self.end()

    def end(self) -> int | None:
        """End the worker and all that it started, and remove what they left.

        Calling it again does no harm.

        Returns
        -------
        int or None
            Exit status of the worker, negative for a signal; None where none was started.
        """
        status = None if self._process is None else self._end_processes(self._process)
        remove_objects_with(self._token)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        return status

    def _start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lss-"))
        request = self._folder / "request"
        with request.open("wb") as stream:
            pickle.dump(sys.path, stream)
            try:
                send(stream, Request(self._job, self._arguments))
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                raise UsageError(
                    f"{self._job!r} or its arguments cannot be sent to a worker: {error}"
                ) from error
        # TMPDIR: multiprocessing keeps its sockets in a folder that only an orderly exit removes.
        environment = {**os.environ, RUN_VARIABLE: self._token, "TMPDIR": str(self._folder)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START_WORKER, str(request), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._listeners = [
            threading.Thread(target=listen, args=(self._process,), daemon=True)
            for listen in (self._hear_messages, self._hear_output)
        ]
        for listener in self._listeners:
            listener.start()

    def _end_processes(self, process: subprocess.Popen[bytes]) -> int:
        if process.stdin is not None:
            process.stdin.close()  # the lifeline: tells the worker to leave
        try:
            status = process.wait(_LEAVE_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        end_processes_of(self._token)
        for listener in self._listeners:
            listener.join(_LISTEN_S)
        return status

    def _hear_messages(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as stream:
            try:
                while True:
                    self.events.put(receive(stream))  # type: ignore[arg-type]
            except EOFError:
                pass
            except Exception as error:  # noqa: BLE001 - unpickling runs code of the job
                self.events.put(Unreadable(error))
        self.events.put(Closed())

    def _hear_output(self, process: subprocess.Popen[bytes]) -> None:
        if process.stderr is None:
            return
        with io.TextIOWrapper(process.stderr, errors="replace") as stream:
            for line in stream:
                self.events.put(Output(line))
