"""How a job tells its guard how far it got; outside a guarded run nobody listens.

The link is a property of the OS process: a worker has one guard and runs one job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lava_spikyspace.runtime.guard_messages import Built, Message, Progress


def _nobody_listens(message: Message) -> None:
    del message


_tell: Callable[[Message], None] = _nobody_listens


def connect(tell: Callable[[Message], None]) -> None:
    """Send the reports of this OS process to a guard.

    Parameters
    ----------
    tell : callable
        Delivers one message.
    """
    global _tell
    _tell = tell


def report_built(processes: Mapping[int, str]) -> None:
    """Tell the guard that every process model is built.

    Parameters
    ----------
    processes : mapping of int to str
        Name of the Lava process that each OS process (by its id) runs.
    """
    _tell(Built(dict(processes)))


def report_progress(step: int, steps: int) -> None:
    """Tell the guard how many time steps are done.

    Parameters
    ----------
    step : int
        Time steps done.
    steps : int
        Time steps that the run has in all.
    """
    _tell(Progress(step, steps))
