"""Which OS process of a Lava runtime failed, and why."""

from __future__ import annotations

import pickle
import pickletools
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from lava.magma.runtime.message_infrastructure.multiprocessing import SystemProcess

from lava_spikyspace.errors import SimulationError
from lava_spikyspace.runtime.guard_exit import describe_exit, hint_for_exit

_FIND_CULPRIT_S = 2.0
"""How long the cause of a failure may come after its consequences: when a model raises, Lava's
service tells the others to stop, and they may end before the traceback has arrived."""

_POLL_S = 0.02


@dataclass
class RuntimeProcess:
    """One OS process of a Lava runtime.

    Attributes
    ----------
    actor : SystemProcess
        Lava's handle of the OS process.
    name : str
        Name of the Lava process whose model it runs.
    error : BaseException or None
        What the model raised, as far as known and as far as it can be unpickled.
    traceback : str or None
        Traceback of it.
    has_returned : bool
        Whether the model ended of its own accord.
    """

    actor: SystemProcess
    name: str
    error: BaseException | None = field(default=None, init=False)
    traceback: str | None = field(default=None, init=False)
    has_returned: bool = field(default=False, init=False)

    @property
    def handles(self) -> list[Any]:
        """What becomes ready (for ``multiprocessing.connection.wait``) when the process ends."""
        return [self.actor._pconn, self.actor.sentinel]

    @property
    def exit_status(self) -> int | None:
        """Exit status of the OS process, None while it runs."""
        status: int | None = self.actor.exitcode
        return status

    @property
    def has_failed(self) -> bool:
        """Whether the process raised, or died without a word."""
        self._listen()
        if self.traceback is not None:
            return True
        return not self.has_returned and self.exit_status is not None

    def _listen(self) -> None:
        """Take what the process sent at its end: None, or its exception with the traceback."""
        if self.has_returned or self.traceback is not None or not self.actor._pconn.poll():
            return
        content = self.actor._pconn.recv_bytes()
        try:
            farewell = pickle.loads(content)
        except Exception:  # noqa: BLE001 - unpickling runs code of the exception's class
            self.traceback = _traceback_in(content)
            return
        if farewell is None:
            self.has_returned = True
        else:
            self.error, self.traceback = farewell


def raise_failure(processes: Sequence[RuntimeProcess], when: str) -> NoReturn:
    """Raise the error of the process that failed first.

    Parameters
    ----------
    processes : sequence of RuntimeProcess
        All processes of a runtime, one of which has ended.
    when : str
        Part of the message, such as ``in time steps 8 to 15``.

    Raises
    ------
    SimulationError
        Always. Where the model raised an error of this class, of the model's own class (such as
        StrictRangeError).
    """
    culprit = _find_culprit(processes)
    if culprit is None:
        raise SimulationError(f"a process of Lava's runtime ended {when} without an error")
    if culprit.traceback is None:
        status = culprit.exit_status
        raise SimulationError(
            f"process {culprit.name!r} {describe_exit(status)} {when} and sent no traceback",
            process=culprit.name,
            hint=hint_for_exit(status),
        )
    error = culprit.error
    kind = type(error) if isinstance(error, SimulationError) else SimulationError
    raise kind(
        f"process {culprit.name!r} failed {when}: {_summary(culprit)}",
        process=culprit.name,
        traceback=culprit.traceback,
        hint=error.hint if isinstance(error, SimulationError) else None,
    )


def _find_culprit(processes: Sequence[RuntimeProcess]) -> RuntimeProcess | None:
    deadline = time.monotonic() + _FIND_CULPRIT_S
    while True:
        failed = [process for process in processes if process.has_failed]
        if failed:
            return min(failed, key=lambda process: process.traceback is None)
        if time.monotonic() > deadline:
            return None
        time.sleep(_POLL_S)


def _traceback_in(content: bytes) -> str:
    """Find the traceback in a pickle whose exception cannot be built again."""
    texts = [text for _, text, _ in pickletools.genops(content) if isinstance(text, str)]
    tracebacks = [text for text in texts if text.startswith("Traceback")]
    return tracebacks[-1] if tracebacks else "(an exception that cannot be unpickled)\n"


def _summary(culprit: RuntimeProcess) -> str:
    error = culprit.error
    if error is None:
        return str(culprit.traceback).strip().splitlines()[-1]
    if isinstance(error, SimulationError):
        return error.message
    return "".join(traceback.format_exception_only(type(error), error)).strip()
