"""From ``--jobs`` and ``--scheduler`` to workers."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.workers.base import ThisProcess, Workers


@contextmanager
def open_workers(jobs: int = 1, scheduler: str | None = None) -> Iterator[Workers]:
    """Give workers within the block; what was started for them ends with it.

    Parameters
    ----------
    jobs : int
        Processes on this machine; 1 is this process.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://host:8786``, instead of `jobs`.

    Raises
    ------
    UsageError
        Not a number of processes, not an address, or both are given.
    BackendUnavailableError
        Dask is not installed, the scheduler does not answer, or its workers cannot work for us.
    """
    if jobs < 1:
        raise UsageError(f"jobs is {jobs}, expected 1 or more")
    if scheduler is not None and jobs != 1:
        raise UsageError(
            f"found {jobs} jobs and the scheduler {scheduler}, expected one of them",
            hint="the scheduler has workers of its own",
        )
    if scheduler is None and jobs == 1:
        yield ThisProcess()
        return
    if importlib.util.find_spec("distributed") is None:
        raise BackendUnavailableError(
            "more than one process needs Dask, which is not installed",
            hint="pip install 'lava-spikyspace[dask]'",
        )
    from lava_spikyspace.workers.cluster import connect, local_cluster

    with local_cluster(jobs) if scheduler is None else connect(scheduler) as workers:
        yield workers
