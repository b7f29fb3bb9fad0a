"""Shared-memory objects of one run: named so that they can be recognised, removed by name.

Lava's multiprocessing runtime allocates one POSIX shared-memory segment per channel through
:mod:`multiprocessing.shared_memory`, whose names (``psm_…``) say nothing about their owner, and
removes them only in an orderly stop. A run that is ended from outside would leave hundreds behind.
The worker of a run therefore gives all of its objects a prefix that no other run has; whatever
carries it belongs to that run, and may be removed once its processes have ended.
"""

from __future__ import annotations

import sys
from multiprocessing import process, shared_memory
from pathlib import Path

SHARED_MEMORY_FOLDER = Path("/dev/shm")
"""Where Linux shows POSIX shared-memory objects as files; absent on other systems."""

_RANDOM_DIGITS = 8
"""Hexadecimal digits that Python appends to the prefix to make each name unique."""


def name_objects_with(prefix: str) -> None:
    """Make this process, and those it forks, name its shared-memory objects with a prefix.

    Affects segments of :class:`multiprocessing.shared_memory.SharedMemory` and the named
    semaphores of :mod:`multiprocessing` (which Python unlinks right after opening them, so that
    they remain only where a process is killed in between). Other systems than Linux limit names
    to as few as 14 characters and cannot list them: there the names stay as they are, and
    removal is left to Python's resource tracker.

    Parameters
    ----------
    prefix : str
        Start of every name; must differ between all runs on the machine.
    """
    if sys.platform != "linux":
        return
    # Python has no public setting for these names; the tests hold the prefix against
    # the segments that a running simulation has mapped.
    shared_memory._SHM_NAME_PREFIX = f"/{prefix}"  # type: ignore[attr-defined]
    shared_memory._SHM_SAFE_NAME_LENGTH = (  # type: ignore[attr-defined]
        len(prefix) + 1 + _RANDOM_DIGITS
    )
    process.current_process()._config["semprefix"] = f"/{prefix}"  # type: ignore[attr-defined]


def objects_with(prefix: str, folder: Path = SHARED_MEMORY_FOLDER) -> list[Path]:
    """List the shared-memory objects whose names start with a prefix.

    Parameters
    ----------
    prefix : str
        As given to :func:`name_objects_with`.
    folder : pathlib.Path, optional
        Where the system shows its shared-memory objects.

    Returns
    -------
    list of pathlib.Path
        Segments and semaphores, sorted; empty where the system does not show them.
    """
    if not folder.is_dir():
        return []
    starts = (prefix, f"sem.{prefix}")
    return sorted(path for path in folder.iterdir() if path.name.startswith(starts))


def remove_objects_with(prefix: str, folder: Path = SHARED_MEMORY_FOLDER) -> None:
    """Remove the shared-memory objects whose names start with a prefix.

    Parameters
    ----------
    prefix : str
        As given to :func:`name_objects_with`.
    folder : pathlib.Path, optional
        Where the system shows its shared-memory objects.
    """
    for path in objects_with(prefix, folder):
        path.unlink(missing_ok=True)
