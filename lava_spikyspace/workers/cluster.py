"""Dask: a cluster of processes on this machine, or the scheduler at an address."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster, TimeoutError, rpc

from lava_spikyspace import __version__
from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.workers.tasks import ClusterWorkers

CONNECT_TIMEOUT_S = 5
"""Seconds that a scheduler has to answer, and then its first worker to be there."""

LOCAL = "127.0.0.1"

_IGNORE_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What a worker of ours runs first."""

_CONFIG = {
    "distributed.admin.large-graph-warning-threshold": "1GB",
    "distributed.scheduler.worker-ttl": None,  # a worker that computes for long is no dead worker
    "distributed.comm.timeouts.connect": f"{CONNECT_TIMEOUT_S}s",
}


@contextmanager
def local_cluster(jobs: int) -> Iterator[ClusterWorkers]:
    """Start processes on this machine that nobody else can reach, and end them with the block.

    Parameters
    ----------
    jobs : int
        How many.

    Raises
    ------
    BackendUnavailableError
        The processes cannot be started.
    """
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    with (
        _quiet(),
        dask.config.set(_CONFIG),
        tempfile.TemporaryDirectory(prefix="lava-spikyspace-") as scratch,
    ):
        try:
            with _interrupts_held():
                cluster = LocalCluster(
                    n_workers=jobs,
                    threads_per_worker=1,
                    processes=True,
                    host=LOCAL,
                    dashboard_address=f"{LOCAL}:0",
                    memory_limit=0,
                    local_directory=scratch,
                    silence_logs=logging.CRITICAL,
                    env=dict.fromkeys(limits, threads),
                    preload=[_IGNORE_INTERRUPTS],
                )
        except (RuntimeError, OSError, TimeoutError) as error:
            raise BackendUnavailableError(
                f"{jobs} processes cannot be started: {error}",
                hint="a script that uses jobs needs `if __name__ == '__main__':` around its calls",
            ) from error
        with cluster, Client(cluster, set_as_default=False) as client:
            yield ClusterWorkers(client)


@contextmanager
def connect(address: str) -> Iterator[ClusterWorkers]:
    """Use the workers of a Dask scheduler within the block; they stay when it ends.

    Parameters
    ----------
    address : str
        Such as ``tcp://host:8786``.

    Raises
    ------
    UsageError
        Not an address.
    BackendUnavailableError
        The scheduler does not answer, has no workers, or its workers lack this package or have
        another version of it.
    """
    with _quiet(), dask.config.set(_CONFIG):
        _greet(address)
        with Client(address, set_as_default=False) as client:
            _check_workers(client, address)
            yield ClusterWorkers(client)


def _greet(address: str) -> None:
    """Make sure that a scheduler answers: a `Client` that gets no answer cannot be closed soon."""

    async def identity() -> str:
        async with rpc(address, timeout=CONNECT_TIMEOUT_S) as scheduler:
            answer = await asyncio.wait_for(scheduler.identity(), CONNECT_TIMEOUT_S)
            return str(answer.get("type"))

    try:
        with ThreadPoolExecutor(1) as thread:  # this one may be inside a loop, as in a notebook
            kind = thread.submit(asyncio.run, identity()).result()
    except ValueError as error:
        raise UsageError(
            f"the scheduler {address!r} is no address: {error}", hint="such as tcp://host:8786"
        ) from error
    except (OSError, TimeoutError) as error:
        raise BackendUnavailableError(
            f"the scheduler {address} does not answer: {str(error) or type(error).__name__}",
            hint="is it running, and can this machine reach it? `dask scheduler` starts one",
        ) from error
    if kind != "Scheduler":
        raise BackendUnavailableError(
            f"{address}: found a {kind}, expected a scheduler of Dask",
            hint="workers have addresses of their own; the scheduler's is needed",
        )


def _check_workers(client: Client, address: str) -> None:
    """Refuse workers that could not do our work, or would do it differently."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_TIMEOUT_S)
    except TimeoutError:
        raise BackendUnavailableError(
            f"the scheduler {address} has no workers",
            hint=f"start some with `dask worker {address}`",
        ) from None
    # The function has to be one that also a worker without this package can find.
    answers = client.run(eval, "__import__('lava_spikyspace').__version__", on_error="return")
    for worker, answer in sorted(answers.items()):
        if answer != __version__:
            found = f"lava-spikyspace {answer}" if isinstance(answer, str) else f"{answer}"
            raise BackendUnavailableError(
                f"worker {worker} of {address}: found {found}, expected lava-spikyspace "
                f"{__version__}",
                hint="install the same version of lava-spikyspace on all workers",
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own log off stderr within the block: what matters becomes an error of ours."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back from the processes that start within the block, for good.

    A terminal sends it to all processes at once. The workers shall live until this process, which
    gets it after the block, has ended them in order. Workers that Dask starts later, in the place
    of one that died, are told by the preload.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # What is ignored stays ignored in a new process. A mask would not do: multiprocessing unblocks
    # the signal as it starts its resource tracker. Blocked here, so that it waits and is not lost.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
