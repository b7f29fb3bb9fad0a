"""The OS processes of one run: how they are recognised and how they are ended.

A run's worker starts dozens of processes (one per Lava process, a memory manager, a resource
tracker), some of which outlive their parent when it is killed. All of them inherit one
environment variable that no other run has: that, not a name or a group, decides what is ours.
"""

from __future__ import annotations

import os
import time

import psutil

RUN_VARIABLE = "LAVA_SPIKYSPACE_RUN"
"""Environment variable that carries the token of the run a process belongs to."""

_POLL_S = 0.02


def processes_of(token: str) -> list[psutil.Process]:
    """List the living processes of a run, without the calling process.

    Parameters
    ----------
    token : str
        Value of :data:`RUN_VARIABLE` in the environment the run was started with.

    Returns
    -------
    list of psutil.Process
        Zombies (ended, not yet collected by their parent) are left out.
    """
    own = os.getpid()
    found = (_find(pid, token) for pid in psutil.pids() if pid != own)
    return [process for process in found if process is not None]


def end_processes_of(token: str, patience_s: float = 5.0) -> None:
    """Kill the processes of a run, without the calling process, until none is left.

    Processes that start while this works are found by looking again.

    Parameters
    ----------
    token : str
        As in :func:`processes_of`.
    patience_s : float, optional
        Give up after so many seconds (a process can be stuck in the kernel).
    """
    deadline = time.monotonic() + patience_s
    while (found := processes_of(token)) and time.monotonic() < deadline:
        for process in found:
            _kill(process)
        time.sleep(_POLL_S)


def collect_children() -> None:
    """Collect the exit states of ended children, so that none stays as a zombie."""
    if os.name != "posix":
        return
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        return


def _find(pid: int, token: str) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        ours = process.environ().get(RUN_VARIABLE) == token
        ended = process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except (psutil.Error, OSError):  # ended meanwhile, or another user's
        return None
    return process if ours and not ended else None


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()  # psutil refuses where the id has passed to another process
    except psutil.Error:
        return
